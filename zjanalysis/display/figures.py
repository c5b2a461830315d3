"""Figures: one tidy table in, Axes out. They draw what `arrange` put in order and compute nothing.

Every figure has one unit, says in words what its colours say, and carries alt text made from its numbers.
"""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.axes import Axes

from zjanalysis.display import alt, theme, wording
from zjanalysis.display.arrange import change_rows, department_rows, ranked_rows
from zjanalysis.display.canvas import TextColumn, Yardstick, bars, key, plane, row_chart, scale, yardsticks
from zjanalysis.display.known import about
from zjanalysis.display.picture import describe
from zjanalysis.inputs.regions import region_name


def ranked_bars(ranked: pd.DataFrame, *, gaps: pd.DataFrame, indicator: str) -> Axes:
    """Draw the regions from best to worst; each bar starts at the peer median, so its side and length are the gap.

    ``ranked`` comes from analysis.compare.rank (the region and its peers), ``gaps`` from compare for one region: it
    names the region in focus, the median of its peers and the target.
    """
    one, rows = about(indicator), ranked_rows(ranked, indicator=indicator)
    gap = gaps[gaps["indicator"] == one.key].iloc[0]
    focus, peers = str(gap["region_code"]), wording.peers_word(str(gap["region_code"]))
    marks = [position for position, code in enumerate(rows["region_code"]) if code == focus]
    values, start = rows["value"].astype("float64"), gap["median"]
    with theme.style():
        axes = row_chart(
            rows["region"].tolist(),
            head="地区",
            left=TextColumn("位次", tuple("—" if wording.missing(r) else str(r) for r in rows["rank"])),
            right=[TextColumn(one.short, tuple(wording.amount(v, one.unit) for v in values))],
            strong=marks,
        )
        where = "左" if one.better == "lower" else "右"
        note = f"没有可比的{peers}" if wording.missing(start) else f"条形从{peers}中位数起画，越向{where}越优"
        scale(axes, [*values, gap["median"], gap["target"]], unit=one.unit, zero=wording.missing(start), label=note)
        _bars(axes, values, start=0.0 if wording.missing(start) else float(start), strong=marks)
        middle = Yardstick(start, f"{peers}中位数 {wording.amount(start, one.unit)}")
        target = Yardstick(gap["target"], f"目标 {wording.amount(gap['target'], one.unit)}", theme.TARGET, dashed=True)
        yardsticks(axes, [middle, target])
    return describe(axes, alt.ranking(rows, label=one.label, unit=one.unit, focus=focus))


def _bars(axes: Axes, values: pd.Series, *, start: float, strong: list[int]) -> None:
    """Draw a bar per known value from ``start``; a value on the line is a dot, so that it is seen too."""
    known = values.dropna()
    colours = [theme.FOCUS if position in strong else theme.PEER for position in known.index]
    tones = [theme.FOCUS if position in strong else theme.PEER for position in range(len(values))]
    bars(axes, values.tolist(), starts=[start] * len(values), colours=tones)
    short = (known - start).abs() < (axes.get_xlim()[1] - axes.get_xlim()[0]) * 0.006
    axes.scatter(known[short], known.index[short], s=16, c=[c for c, s in zip(colours, short, strict=True) if s],
                 linewidth=0, zorder=5, clip_on=False)  # fmt: skip


def department_bars(scores: pd.DataFrame, *, indicator: str, overall: float = math.nan, limit: int = 15) -> Axes:
    """Draw the departments of one region from best to worst, those behind ``overall`` (the region's value) marked.

    At most ``limit`` departments are drawn, those with the most items; the table beside the figure holds all.
    """
    one, every = about(indicator), department_rows(scores, indicator=indicator)
    rows = every.loc[every["n"].nlargest(limit, keep="first").sort_index().index].reset_index(drop=True)
    values = rows["value"].astype("float64")
    words = [wording.standing((value - overall) * one.sign, one.unit) for value in values]
    behind = [word == "落后" for word in words]
    with theme.style():
        right = [
            TextColumn(one.short, tuple(wording.amount(v, one.unit) for v in values)),
            TextColumn("事项数", tuple(f"{int(n)}项" for n in rows["n"])),
        ]
        if not wording.missing(overall):
            right.append(TextColumn("与总体比", tuple(words)))
        axes = row_chart(rows["department"].fillna("（未填部门）").tolist(), head="部门", right=right)
        label = "斜纹条形：落后于总体" if any(behind) else one.short
        scale(axes, [*values, overall], unit=one.unit, zero=True, label=label)
        colours = [theme.BEHIND if is_behind else theme.PEER for is_behind in behind]
        bars(axes, values.tolist(), starts=[0.0] * len(values), colours=colours, hatched=behind)
        axes.axvline(0, color=theme.SOFT, linewidth=0.8, zorder=3)
        yardsticks(axes, [Yardstick(overall, f"总体 {wording.amount(overall, one.unit)}")])
    return describe(axes, alt.departments(every, label=one.label, unit=one.unit, shown=len(rows)))


SERIES = (("n_statutory", "法定时限", theme.PEER), ("n_promised", "承诺时限", theme.FOCUS),
          ("n_actual", "实际用时", theme.AHEAD))  # fmt: skip


def distribution(bands: pd.DataFrame, *, region: str) -> Axes:
    """Draw how many items have their limit in each band of working days: statutory beside promised.

    ``bands`` comes from arrange.day_bands; ``region`` is a code.
    """
    top = max(1, int(bands[["n_statutory", "n_promised"]].to_numpy().max(initial=0)))
    with theme.style():
        axes = plane(height=74, left=8)
        for shift, (column, _, colour) in zip((-0.2, 0.2), SERIES, strict=False):
            places = [position + shift for position in range(len(bands))]
            axes.bar(places, bands[column], width=0.38, color=colour, linewidth=0, zorder=2)
            for place, count in zip(places, bands[column], strict=True):
                axes.text(place, count + top * 0.015, wording.rough(count), ha="center", va="bottom",
                          fontsize=theme.SMALL)  # fmt: skip
        axes.set_xticks(range(len(bands)), bands["band"].tolist())
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_ylim(0, top * 1.1)
        axes.set_xlim(-0.6, len(bands) - 0.4)
        key(axes, [("■", name, colour) for _, name, colour in SERIES[:2]], unit="事项数（项），按工作日分段")
    return describe(axes, alt.bands(bands, region=region_name(region)))


def case_distribution(bands: pd.DataFrame, *, region: str) -> Axes:
    """Draw how many cases lie in each band of working days: statutory, promised and actual under each other.

    ``bands`` comes from arrange.case_bands; the counts stand at the right, so that thousands never collide.
    """
    series = [one for one in SERIES if one[0] in bands]
    thick = 0.8 / len(series)
    with theme.style():
        right = [TextColumn(name, tuple(wording.rough(n) for n in bands[column])) for column, name, _ in series]
        axes = row_chart(bands["band"].tolist(), head="工作日", right=right)
        scale(axes, [0.0, *bands[[column for column, _, _ in series]].to_numpy().ravel()], unit="count", zero=True,
              label="办件数（件）")  # fmt: skip
        for number, (column, _, colour) in enumerate(series):
            shift = (number - (len(series) - 1) / 2) * thick
            bars(axes, bands[column].tolist(), starts=[0.0] * len(bands), colours=[colour] * len(bands),
                 thick=thick * 0.92, shift=shift)  # fmt: skip
        key(axes, [("■", name, colour) for _, name, colour in series])
    return describe(axes, alt.bands(bands, region=region_name(region)))


def visit_bars(rows: pd.DataFrame, *, region: str) -> Axes:
    """Draw per region the share of items that need one visit and more than one, fewest visits first.

    ``rows`` comes from arrange.visit_rows; ``region`` is the code in focus.
    """
    marks = [position for position, code in enumerate(rows["region_code"]) if code == region]
    with theme.style():
        right = [
            TextColumn("零跑动率", tuple(wording.amount(v, "share") for v in rows["zero_visit"])),
            TextColumn("平均跑动", tuple(wording.amount(v, "visits") for v in rows["visits"])),
        ]
        axes = row_chart(rows["region"].tolist(), head="地区", right=right, strong=marks)
        one, more = rows["one_visit"].astype("float64").fillna(0.0), rows["more_visits"].astype("float64").fillna(0.0)
        scale(axes, [0.0, *(one + more)], unit="share", zero=True, label="需到现场办理的事项占比，越短越优")
        nought, size = [0.0] * len(rows), len(rows)
        bars(axes, one.tolist(), starts=nought, colours=[theme.PEER] * size)
        bars(axes, (one + more).tolist(), starts=one.tolist(), colours=[theme.BEHIND] * size, hatched=[True] * size)
        key(axes, [("■", "跑1次", theme.PEER), ("■", "跑2次及以上（斜纹）", theme.BEHIND)])
    return describe(axes, alt.visits(rows, focus=region))


def change_dumbbell(changes: pd.DataFrame, *, indicator: str, region: str) -> Axes:
    """Draw per region the last value (ring) and the present one (dot), best first; the change stands in words."""
    one, rows = about(indicator), change_rows(changes, indicator=indicator)
    marks = [position for position, code in enumerate(rows["region_code"]) if code == region]
    moves = [wording.change_mark(change, one.unit, one.better) for change in rows["change"]]
    with theme.style():
        right = [
            TextColumn("本期", tuple(wording.amount(v, one.unit) for v in rows["value"])),
            TextColumn("较上期", tuple(text for text, _ in moves)),
        ]
        axes = row_chart(rows["region"].tolist(), head="地区", right=right, strong=marks)
        scale(
            axes,
            [*rows["value"], *rows["previous"]],
            unit=one.unit,
            zero=False,
            label=f"越向{'右' if one.sign > 0 else '左'}越优",
        )
        both = rows.dropna(subset=["value", "previous"])
        tones = {"改善": theme.AHEAD, "退步": theme.BEHIND, "持平": theme.PEER, wording.NO_DATA: theme.PEER}
        colours = [tones[moves[position][1]] for position in both.index]
        axes.hlines(both.index, both["previous"], both["value"], color=colours, linewidth=2.6, zorder=2)
        axes.scatter(
            rows["previous"], rows.index, s=30, facecolor="white", edgecolor=theme.SOFT, linewidth=1.2, zorder=3
        )
        dots = [tones[word] for _, word in moves]
        axes.scatter(rows["value"], rows.index, s=36, c=dots, linewidth=0, zorder=4)
        key(axes, [("○", "上期", theme.SOFT), ("●", "本期：改善", theme.AHEAD), ("●", "本期：退步", theme.BEHIND)])
    return describe(axes, alt.changes(rows, label=one.label, unit=one.unit, focus=region))
