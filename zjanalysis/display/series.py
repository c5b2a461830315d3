"""Figures along time and in bands, for whatever has them: months of cases, bands of days, the plan's tasks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.transforms import offset_copy

from zjanalysis.analysis.registry import Indicator
from zjanalysis.analysis.signals import FEWEST_POINTS
from zjanalysis.columns import Column, label
from zjanalysis.display import canvas, dates, theme, wording
from zjanalysis.display.blocks import Block, exhibit, say
from zjanalysis.display.picture import describe, figure_of
from zjanalysis.display.tables import about, page_columns, page_table, table

PLATE = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
BANDS = {"n_statutory": theme.PEER, "n_promised": theme.FOCUS, "n_actual": theme.AHEAD}
STATES = {"n_met": theme.AHEAD, "n_in_progress": theme.PEER, "n_long_term": theme.RANGE, "n_not_started": "white",
          "n_overdue": theme.BEHIND}  # fmt: skip


def trend(scores: pd.DataFrame, *, name: str, indicator: str, source: str, target: float | None) -> Block:
    """Return an indicator along the months that the scores have; a line from four points."""
    one = about(indicator)
    rows = scores[scores["indicator"] == one.key].sort_values("month", ignore_index=True)
    rows = rows.assign(period=rows["month"].map(dates.date_text))
    dated = rows.dropna(subset=["value"])
    if dated.empty:
        return say(f"{name}{one.label}{wording.NO_DATA}。")
    first, last = dated.iloc[0], dated.iloc[-1]
    said = (f"{name}{one.label}由{first['period']}的{wording.amount(first['value'], one.unit)}"
            f"到{last['period']}的{wording.amount(last['value'], one.unit)}。")  # fmt: skip
    if len(dated) < FEWEST_POINTS:
        each = wording.over_time(dated["period"], dated["value"], one.unit)
        return say(f"{name}{one.label}：{each}；只有{len(dated)}期，不画趋势。")
    return exhibit(_line(rows, one, target), title=said.rstrip("。"), table=page_table("monthly", rows, one),
                   sentence=said, source=source)  # fmt: skip


def _line(rows: pd.DataFrame, one: Indicator, target: float | None) -> Axes:
    """Draw one indicator along time; first, last and worst carry their value, a gap stays a gap."""
    values = rows["value"].astype("float64").reset_index(drop=True)
    present = values.dropna()
    axes = canvas.plane(height=58, left=16, right=10)
    canvas.upright(axes, [*present, target], unit=one.unit, air=0.18)
    axes.set_xlim(-0.3, max(len(values) - 0.7, 0.7))
    step = max(1, -(-len(values) // 12))
    canvas.along(axes, range(0, len(values), step), short_months(rows["period"].tolist())[::step])
    canvas.line(axes, values.index, values, color=theme.FOCUS, linewidth=2, marker="o", markersize=4.5, zorder=4)
    key = [("●", one.short, theme.FOCUS)]
    if target is not None:
        look = {"color": theme.TARGET, "linewidth": 1.3, "linestyle": canvas.DASHED}
        canvas.line(axes, axes.get_xlim(), [target] * 2, zorder=3, **look)
        key.append(("┅", f"目标 {wording.amount(target, one.unit)}", theme.TARGET))
    worst = int(present.index[int((present * one.sign).argmin())])
    for place in dict.fromkeys([present.index[0], worst, present.index[-1]]):
        side, shift = ("top", -6) if place == worst and one.sign > 0 else ("bottom", 6)
        canvas.write(axes, place, present[place], wording.amount(present[place], one.unit), ha="center", va=side,
                     fontsize=theme.SMALL, bbox=PLATE, zorder=6,
                     transform=offset_copy(axes.transData, figure_of(axes), y=shift, units="points"))  # fmt: skip
    canvas.key(axes, key)
    ends = [f"{rows['period'].iloc[i]}{wording.amount(values.iloc[i], one.unit)}" for i in (0, -1)]
    order = (present * one.sign).sort_values(kind="stable").index
    low = wording.ends(rows["period"][order], [wording.amount(values[place], one.unit) for place in order], "最差")
    return describe(axes, f"折线图：{one.label}按应办结月份，共{len(rows)}个月，{'，'.join(ends)}，{low}。")


def short_months(periods: Sequence[str]) -> list[str]:
    """Return months with the year only where it begins.

    >>> short_months(["2020年12月", "2021年1月", "2021年2月"])
    ['2020年12月', '2021年1月', '2月']
    """
    years = ["", *(name.partition("年")[0] for name in periods)]
    return [name.partition("年")[2] or name if year == name.partition("年")[0] else name
            for name, year in zip(periods, years, strict=False)]  # fmt: skip


def case_bands(days: pd.DataFrame) -> pd.DataFrame:
    """Return counts of cases by quantity and limit side by side: band, n_statutory, n_promised, n_actual.

    >>> days = pd.DataFrame({"quantity": "实际", "limit_days": [0, 1, 5, None], "n": [4, 3, 2, 1]})
    >>> case_bands(days).values.tolist()
    [['即办', 4], ['1日内', 3], ['2–5日', 2], ['5日以上', 1]]
    """
    keys = days["quantity"].map(lambda words: next((key for key in BANDS if label(key, "page.bands")[:2] in words), ""))
    wide = days.assign(key=keys, limit_days=days["limit_days"].astype("float64").fillna(float("inf")))
    counts = wide.pivot_table(index="limit_days", columns="key", values="n", aggfunc="sum").sort_index()
    edges = [-1, *counts.index[:-1]]
    names = [_band(int(before), last) for before, last in zip(edges, counts.index, strict=True)]
    present = [key for key in BANDS if key in counts]
    return counts[present].astype("int64").reset_index(drop=True).assign(band=names)[["band", *present]]


def _band(before: int, last: float) -> str:
    if last == float("inf"):
        return f"{before}日以上"
    return "即办" if last == 0 else f"{last:g}日内" if before == 0 else f"{before + 1}–{last:g}日"


def bands(days: pd.DataFrame, *, name: str, source: str) -> Block:
    """Return cases by band of working days, actual beside promised and statutory."""
    rows = case_bands(days)
    columns = [column for column in page_columns("bands") if column.key in rows]
    printed = table(rows, caption="办件时限分布（按工作日分段）", columns=columns, sheet="办件时限分布")
    quick = [(one.label, rows[one.key].head(4).sum(), rows[one.key].sum()) for one in columns[1:]]
    soon = "，".join(f"{what}{wording.amount(n / every if every else None, 'share')}（{wording.ratio_text(n, every)}）"
                    for what, n, every in quick)  # fmt: skip
    title = f"{name}办件在5个工作日以内的：{soon}"
    said = f"{title}。没有该项时限或用时的办件不在其分母内。"
    return exhibit(_bands(rows, columns[1:], name), title=title, table=printed, sentence=said, source=source)


def _bands(rows: pd.DataFrame, columns: Sequence[Column], name: str) -> Axes:
    thick = 0.8 / len(columns)
    right = {one.label: map(wording.rough, rows[one.key]) for one in columns}
    axes = canvas.row_chart(rows["band"], head="工作日", right=right)
    counts = rows[[one.key for one in columns]].to_numpy().ravel()
    canvas.scale(axes, [0.0, *counts], unit="count", zero=True, label="办件数（件）")
    for number, one in enumerate(columns):
        look = {"height": thick * 0.92, "shift": (number - (len(columns) - 1) / 2) * thick}
        canvas.bars(axes, rows[one.key], starts=[0.0] * len(rows), colours=[BANDS[one.key]] * len(rows), **look)
    canvas.key(axes, [("■", one.label, BANDS[one.key]) for one in columns])
    each = "；".join(f"{row['band']}：" + "、".join(f"{one.label}{row[one.key]}" for one in columns)
                    for row in rows.to_dict("records"))  # fmt: skip
    return describe(axes, f"条形图：{name}的办件用时，按工作日分段计数。{each}。")


def board(counts: pd.DataFrame, *, source: str) -> Block:
    """Return the plan's tasks: how many rows of the ledger stand in which state."""
    total, met, late = (int(counts[k].sum()) for k in ("n_rows", "n_met", "n_overdue"))
    said = f"{len(counts)}项任务共列台账{total}项，达标{met}项，逾期{late}项。"
    return exhibit(_board(counts), title=said.rstrip("。"), table=page_table("board", counts), sentence=said,
                   source=source)  # fmt: skip


def _board(counts: pd.DataFrame) -> Axes:
    right = {head: [f"{n}项" for n in counts[key]]
             for head, key in (("共", "n_rows"), ("达标", "n_met"), ("逾期", "n_overdue"))}  # fmt: skip
    axes = canvas.row_chart(counts["title"], head="任务", right=right)
    canvas.scale(axes, [0.0, *counts["n_rows"]], unit="count", zero=True, label="台账事项数（项）")
    starts = counts[list(STATES)].cumsum(axis=1).shift(axis=1, fill_value=0)
    for key, colour in STATES.items():
        some = counts[key] > 0
        axes.barh(np.flatnonzero(some), counts.loc[some, key], left=starts.loc[some, key], height=canvas.THICK,
                  color=colour, edgecolor=theme.SOFT, linewidth=0.6, zorder=2)  # fmt: skip
    names = [label(key, "page.board") for key in STATES]
    canvas.key(axes, [("□", name, theme.SOFT) if colour == "white" else ("■", name, colour)
                      for name, colour in zip(names, STATES.values(), strict=True)])  # fmt: skip
    totals = "，".join(f"{name}{counts[key].sum()}项" for key, name in zip(STATES, names, strict=True))
    return describe(axes, f"条形图：{len(counts)}项任务的台账进展，共{int(counts['n_rows'].sum())}项，{totals}。")
