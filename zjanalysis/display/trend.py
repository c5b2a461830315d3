"""How a region's indicators move over the periods: small multiples, one chart each, what is bad and gets worse."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Polygon

from zjanalysis.analysis.compare import KEY, target_of
from zjanalysis.analysis.explain import Cause
from zjanalysis.analysis.registry import indicator as find
from zjanalysis.analysis.series import ENOUGH_FOR_SHARES
from zjanalysis.analysis.signals import FEWEST_POINTS, Signal
from zjanalysis.display import theme, wording
from zjanalysis.display.blocks import Block, carry, exhibit, listing, n_places, names_of, say, since
from zjanalysis.display.canvas import DASHED, along, key, key_line, line, plane, put, upright, write
from zjanalysis.display.picture import MM, bare_axes, describe, new_figure
from zjanalysis.display.tables import about, page_table
from zjanalysis.inputs.regions import is_county, report_units
from zjanalysis.studies import Study, study_of

ACROSS = 3
NAMED = 3  # findings about the past that a sentence names
PANEL, HEAD, FOOT, SIDE, LOW = 12.0, 6.0, 5.0, 11.0, 5.0  # millimetres: plot, its head, its axis, ticks, the key
LEFT = -(SIDE - 1) / (theme.WIDTH / MM / ACROSS - SIDE - 4)  # of a plot: where its head begins
INK = {Signal.BETTER: theme.AHEAD, Signal.WORSE: theme.BEHIND_TEXT, Signal.OUTLIER: theme.TARGET}
LISTED = "的变化主要来自事项增减，不计作改善或退步。"


def trend(me: Study, *keys: str) -> Block:
    """Return small multiples, an indicator each (the six key ones unless named): own line, band of the group, target.

    A line needs four points; with fewer periods there is one sentence.
    """
    chosen = tuple(find(one).key for one in keys) or KEY
    periods = sorted(_rows(me, chosen)["period"].unique())
    if len(periods) < FEWEST_POINTS:
        return say(f"只有{len(periods)}期数据，不画走势（至少{FEWEST_POINTS}期）。")
    rows = _listed(me, chosen)
    axes = _panels(me, chosen, periods)
    each = "；".join(f"{about(row['indicator']).short}由{row['first']}到{row['now']}，{row['signal']}"
                    for row in rows.to_dict("records"))  # fmt: skip
    span = f"{periods[0]}至{periods[-1]}的走势与{_band_name(me, *chosen)}"
    describe(axes, f"折线图：{me.name}{len(chosen)}项指标{span}。{each}。")
    behind = int((rows["relative"] == Signal.WORSE).sum())
    n = _own(me, *chosen)["period"].nunique()
    title = f"{me.name}{n}期走势：{_signals(rows)}" + (f"；相对全组持续变差{behind}项" if behind else "")
    printed = page_table("trends", rows, name=me.name)
    return carry(exhibit(axes, title=title, table=printed, source=me, sentence=trend_sentence(me, *chosen)))


def trend_sentence(me: Study, *keys: str) -> str:
    """Say how the lines read, by themselves and against the group, and which change is one of the list."""
    read = _read(me, keys or KEY)
    apart = [f"{word}{_named(read, 'relative', word)}" for word in (Signal.BETTER, Signal.WORSE)
             if (read["relative"] == word).any()]  # fmt: skip
    relative = f"；扣除全组共同的变化，{'，'.join(apart) or '没有持续变化'}" * bool(read["relative"].notna().any())
    listed = [about(key).short for key in read["indicator"] if _is_listed(me, key)]
    from_list = f"{'、'.join(listed)}{since(me)}{LISTED}" if listed else ""
    return f"{me.name}{len(read)}项指标的走势：{_signals(read)}{relative}。{from_list}{_past_sentence(me)}"


def _signals(read: pd.DataFrame) -> str:
    order = (Signal.BETTER, Signal.WORSE, Signal.OUTLIER, Signal.STEADY, Signal.FEW)
    words = [word for word in order if (read["signal"] == word).any()]
    return "，".join(f"{word}{_named(read, 'signal', word)}" for word in words)


def _past_sentence(me: Study) -> str:
    """Name what history.csv and successions.csv say wrongly, or otherwise than the workbooks."""
    rows = me.history[1].head(NAMED).to_dict("records")
    more, each = len(me.history[1]) - len(rows), "".join(
        f"{row['file']}第{row['row_number']}行：{row['message']}" for row in rows)  # fmt: skip
    return each + (f"另有{more}处。" if more else "")


def _named(read: pd.DataFrame, side: str, word: Signal) -> str:
    """Return how many lines read so, by name where they are few."""
    names = [about(key).short for key in read.loc[read[side] == word, "indicator"]]
    return f"{len(names)}项" + (f"（{'、'.join(names)}）" if len(names) < len(read) and len(names) <= ACROSS else "")


def trend_line(me: Study, indicator: str) -> Block:
    """Return an indicator over the periods: own line, band and median of the group, target; a sentence if too few."""
    one = find(indicator)
    own = _own(me, one.key)
    each = wording.over_time(own["period"], own["value"], one.unit)
    if len(own) < FEWEST_POINTS:
        return say(f"{me.name}{one.label}：{each or wording.NO_DATA}；只有{len(own)}期，不画走势。")
    both = own.merge(me.bands(one.key), on=["indicator", "period"], suffixes=("", "_group"))
    read, band, target = _read(me, (one.key,)).iloc[0], _band_name(me, one.key), _target(me, one.key)
    first, last = own.iloc[0], own.iloc[-1]
    said = (f"{me.name}{one.label}由{first['period']}的{wording.amount(first['value'], one.unit)}到{last['period']}的"
            f"{wording.amount(last['value'], one.unit)}，{read['signal']}"
            f"{'' if wording.missing(read['relative']) else '；相对全组' + read['relative']}。"
            f"{since(me) + LISTED if _is_listed(me, one.key) else ''}")  # fmt: skip
    axes = plane(height=60, left=16, right=6)
    _draw(axes, me, one.key, sorted(_rows(me, (one.key,))["period"].unique()), ticks=6)
    marks = [("●", me.name, theme.FOCUS), ("■", band, theme.RANGE), ("—", "中位数", theme.PEER)]
    goal = [] if math.isnan(target) else [("┅", f"目标 {wording.amount(target, one.unit)}", theme.TARGET)]
    key(axes, marks + goal)
    describe(axes, f"折线图：{me.name}{one.label}与{band}。{each}。{read['signal']}。")
    return exhibit(axes, title=f"{one.short}：{len(own)}期{read['signal']}", table=page_table("trend", both, one),
                   source=me, sentence=said)  # fmt: skip


def worsening(me: Study) -> Block:
    """Return what stands badly and gets worse (差且变差): of a county its own, of a city its own and its counties'."""
    if (me.signals["signal"] == Signal.FEW).all():
        return say(f"各期数据不足{FEWEST_POINTS}期，不判断是否变差。")
    rows = me.worsening[me.worsening["region_code"] == me.region]
    inside = [] if is_county(me.region) else report_units(me.region)
    county = next((code for code in inside if code in me.period.regions), "")
    if county:
        below = study_of(me.period, region=county, before=me.before, settings=me.settings).worsening
        rows = pd.concat([rows, below[below["region_code"].isin(inside)]], ignore_index=True)
    if rows.empty:
        return say(f"{me.name}{'及所辖县（市、区）' if county else ''}没有差且变差的指标。")
    units = [about(one).unit for one in rows["indicator"]]
    named = rows.assign(region=names_of(rows["region_code"]), before=wording.amounts(rows["previous"], units),
                        now=wording.amounts(rows["value"], units))  # fmt: skip
    counts = named["region"].value_counts()
    said = "、".join(f"{region}（{n}项）" for region, n in counts.items())
    return listing(page_table("worsening", named), f"差且变差的有{said}。")


def runs_of(me: Study, indicator: str) -> list[list[float]]:
    """Return the region's own line as the runs it is cut into, for a small drawing; empty where points are too few."""
    own = _own(me, indicator)
    runs = [[float(value) for value in line] for _, line in own.groupby("line", sort=False)["value"]]
    return runs if len(own) >= FEWEST_POINTS else []


def _rows(me: Study, keys: Sequence[str]) -> pd.DataFrame:
    return me.series[me.series["indicator"].isin(keys) & me.series["value"].notna()]


def _own(me: Study, *keys: str) -> pd.DataFrame:
    rows = _rows(me, keys)
    return rows[rows["region_code"] == me.region]


def _read(me: Study, keys: Sequence[str]) -> pd.DataFrame:
    own = me.signals[me.signals["region_code"] == me.region].set_index("indicator")
    return own.reindex([key for key in keys if key in own.index]).reset_index()


def _listed(me: Study, keys: Sequence[str]) -> pd.DataFrame:
    """Return a row per indicator: first, last and present value in words, and how the line reads."""
    read, firsts = _read(me, keys), _own(me, *keys).groupby("indicator")["value"].first()
    columns = {"first": read["indicator"].map(firsts), "before": read["previous"], "now": read["value"]}
    units = [about(one).unit for one in read["indicator"]]
    texts = {name: wording.amounts(values, units) for name, values in columns.items()}
    causes = read["indicator"].map(me.causes.set_index("indicator")["cause"])
    return read.assign(**texts, cause=[str(cause) for cause in causes.fillna(Cause.NO_DATA)])


def _is_listed(me: Study, indicator: str) -> bool:
    """Tell whether the change since the last period is more one of the list than of its items."""
    return bool(me.causes.set_index("indicator")["listed"].get(indicator, False))


def _band_name(me: Study, *keys: str) -> str:
    """Say what the band of the newest period spans, and of how many regions that have data."""
    counts = [int(me.bands(key)["n"].iloc[-1]) for key in keys if len(me.bands(key))]
    return f"全组{n_places(counts)}{'中间八成' if min(counts) >= ENOUGH_FOR_SHARES else '范围'}"


def _panels(me: Study, keys: Sequence[str], periods: list[str]) -> Axes:
    """Draw the indicators, three in a row, each with its name, present value and word over it."""
    down, wide = math.ceil(len(keys) / ACROSS), theme.WIDTH / MM / ACROSS
    step = HEAD + PANEL + FOOT
    figure = new_figure(total := step * down + LOW)
    read = _read(me, keys).set_index("indicator")
    for number, one in enumerate(map(about, keys)):
        left, top = wide * (number % ACROSS), step * (number // ACROSS) + HEAD
        box = ((left + SIDE) / (wide * ACROSS), 1 - (top + PANEL) / total, (wide - SIDE - 4) / (wide * ACROSS))
        axes = bare_axes(figure, (*box, PANEL / total))
        _draw(axes, me, one.key, periods, ticks=3)
        is_read = one.key in read.index
        word = _word(*read.loc[one.key, ["signal", "relative"]]) if is_read else (str(Signal.FEW), theme.SOFT)
        now = wording.amount(read.at[one.key, "value"], one.unit) if is_read else wording.NO_DATA
        _head(axes, one.short, word, now.replace("个工作日", "日"))
    goals = any(not math.isnan(_target(me, one)) for one in keys)
    marks = [("●", me.name, theme.FOCUS), ("■", _band_name(me, *keys), theme.RANGE), ("—", "全组中位数", theme.PEER)]
    marks += [("┅", "方案目标", theme.TARGET)] if goals else []
    axes, low = figure.axes[0], -(total - HEAD - PANEL - LOW + 3.5) / PANEL
    key_line(axes, marks, LEFT, low, transform=axes.transAxes, va="bottom")
    return axes


def _word(signal: str, relative: str) -> tuple[str, str]:
    """Return how a line reads, with its ink: by itself, or against the group where only that has a way."""
    own = Signal(signal)
    if own == Signal.STEADY and relative in (Signal.BETTER, Signal.WORSE):
        return f"相对{str(relative).removeprefix('持续')}", INK[Signal(relative)]
    return str(own), INK.get(own, theme.SOFT)


def _head(axes: Axes, name: str, word: tuple[str, str], now: str) -> None:
    over: dict[str, Any] = {"transform": axes.transAxes, "va": "bottom", "fontsize": theme.SMALL}
    after = LEFT + (theme.ems(name) + 0.6) * theme.SMALL * theme.POINT / (theme.WIDTH / MM / ACROSS - SIDE - 4)
    write(axes, LEFT, 1 + 1.4 / PANEL, name, ha="left", fontfamily=list(theme.STRONG), **over)
    write(axes, after, 1 + 1.4 / PANEL, word[0], ha="left", color=word[1], **over)
    write(axes, 1, 1 + 1.4 / PANEL, now, ha="right", **over)


def _draw(axes: Axes, me: Study, indicator: str, periods: list[str], *, ticks: int) -> None:
    """Draw band, median, target and own line between both scales: values with some air and a few round ticks, periods.

    The line is cut where its definition is, a missing period is a gap.
    """
    at = {period: place for place, period in enumerate(periods)}
    spread, own, goal = me.bands(indicator), _own(me, indicator), _target(me, indicator)
    reach = [*spread["low"], *spread["high"], *own["value"], goal]
    upright(axes, reach, unit=about(indicator).unit, air=0.1, ticks=ticks)
    axes.set_xlim(-0.4, len(periods) - 0.6)
    every = range(len(periods)) if ticks > ACROSS and len(periods) <= 12 else [0, len(periods) - 1]
    along(axes, every, [theme.printable(periods[place]) for place in every])
    places = [at[period] for period in spread["period"]]
    edge = [*zip(places, spread["low"], strict=True), *reversed([*zip(places, spread["high"], strict=True)])]
    put(axes, Polygon(edge, facecolor=theme.RANGE, alpha=0.6, linewidth=0, zorder=1, transform=axes.transData))
    line(axes, places, spread["middle"], color=theme.PEER, linewidth=1.1, zorder=2)
    if not math.isnan(goal):
        line(axes, axes.get_xlim(), [goal] * 2, color=theme.TARGET, linewidth=1.1, linestyle=DASHED, zorder=3)
    for _, run in own.groupby("line"):
        whole = run.set_index("period")["value"].reindex(periods).to_numpy("float64")
        line(axes, range(len(periods)), whole, color=theme.FOCUS, linewidth=1.8, marker="o", markersize=2.6, zorder=4,
             linestyle="-" if len(own) >= FEWEST_POINTS else "none")  # fmt: skip
    for period in own.loc[own["cut"].ne(""), "period"]:
        line(axes, [at[period] - 0.5] * 2, axes.get_ylim(), color=theme.SOFT, linewidth=0.8, zorder=3)
    if len(own):
        last = own.iloc[-1]
        line(axes, [at[last["period"]]], [last["value"]], color=theme.FOCUS, marker="o", markersize=5, zorder=5)


def _target(me: Study, indicator: str) -> float:
    """Return the number the plan asks of the region; NaN where it asks for something else."""
    asked = target_of(find(indicator), me.region)
    return asked.number if asked.kind == "number" else math.nan
