"""Where a region stands among the others: the ranking, pair by pair, what chance allows, other definitions, cases."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from zjanalysis.analysis.registry import Indicator
from zjanalysis.display import canvas, theme, wording
from zjanalysis.display.blocks import Block, exhibit, n_places, names_of, printed_steps, say
from zjanalysis.display.picture import describe
from zjanalysis.display.reasons import TONES
from zjanalysis.display.spine import judged
from zjanalysis.display.tables import about, page_table
from zjanalysis.studies import Study
from zjanalysis.units import UNITS, Met, Verdict


def best_first(me: Study, key: str) -> pd.DataFrame:
    """Return the standings of one indicator, best first, as they read: region, text, place."""
    one, rows = about(key), me.standing(key).sort_values(["rank", "region_code"], na_position="last", ignore_index=True)
    return rows.assign(
        region=names_of(rows["region_code"]),
        text=wording.amounts(rows["value"], one.unit, rows["digits"]),
        place=wording.place_texts(rows),
    )


def ranking(me: Study, indicator: str) -> Block:
    """Return every region of the group on one indicator, best first: a dot each, the median, the target."""
    one = about(indicator)
    rows = best_first(me, one.key)
    printed = page_table("ranking", rows, one, focus=me.region)
    own = rows[rows["region_code"] == me.region].iloc[0]
    place, among = wording.rank_text(own["rank"], own["n_ranked"], tied=own["tied"]), n_places(rows["n_ranked"])
    beside = (
        f"有数据的只有{among}，没有可比的中位数"
        if wording.missing(own["median"])
        else wording.apart(own["value"], own["median"], one.unit, f"{among}中位数", own["digits"])
    )
    met = "" if own["meets_target"] == Met.NO_TARGET else f"，{own['meets_target']}"
    said = (
        f"{me.name}{one.label}{wording.NO_DATA}。"
        if wording.missing(own["value"])
        else f"{me.name}{wording.counted(own['n'], own['n_left_out'])}，{one.label}{own['text']}，{place}，"
        f"{beside}{met}；按同事项比，{own['verdict']}。"
    )
    return exhibit(_ranked(me, rows, one), title=f"{one.short}：{me.name}{place}", table=printed, sentence=said,
                   source=me)  # fmt: skip


def _ranked(me: Study, rows: pd.DataFrame, one: Indicator) -> Axes:
    mine = rows["region_code"] == me.region
    right: canvas.Columns = {one.short: rows["text"], "位次（区间）": rows["place"], "判断": judged(rows["verdict"])}
    axes = canvas.row_chart(rows["region"], head="地区", right=right, strong=mine)
    values, median, target = rows["value"].astype("float64"), rows["median"].iloc[0], rows["target"].iloc[0]
    canvas.scale(axes, [*values, median, target], unit=one.unit, zero=False, label=wording.better_side(one.sign))
    if not wording.missing(median):
        canvas.spans(axes, [median] * len(rows), values, colours=theme.RANGE, linewidths=2.2, zorder=2)
    tones = np.where(mine, theme.FOCUS, theme.PEER)
    canvas.dots(axes, values, rows.index, size=44, colours=tones, zorder=5)
    middle = f"{n_places(rows['n_ranked'])}中位数 {wording.amount(median, one.unit, rows['digits'].iloc[0])}"
    goal = f"目标 {wording.amount(target, one.unit)}"
    canvas.yardsticks(axes, (median, middle, theme.INK), (target, goal, theme.TARGET))
    own = rows[mine].iloc[0]
    alt = (f"点图：{len(rows)}个地区的{one.label}，从好到差排列。"
           f"{wording.ends(rows['region'], rows['text'], '最好', '最末')}。"
           f"{own['region']}{own['text']}{wording.nth(own['place'], '，')}，判断：{own['verdict']}。")  # fmt: skip
    return describe(axes, alt)


def pairs(me: Study, indicator: str) -> Block:
    """Return the region against each peer on the items both list: difference, interval and word of each pair."""
    one, compared = about(indicator), me.pairs(indicator)
    rows = compared.sort_values("difference", ascending=False, kind="stable", ignore_index=True)
    apart = [step * one.sign for step in printed_steps(rows, "peer_value")]
    rows = rows.assign(peer=names_of(rows["peer_code"]), difference=apart)
    words = rows["verdict"].tolist()
    counts = "、".join(f"{words.count(word)}个{word}" for word in Verdict if word in words)
    alike = "并统一法定时限" if one.key in ("time_compression", "time_compression_mean") else ""
    said = f"只比双方都有的事项{alike}，{me.name}{one.label}与{me.others}逐一相比：{counts}。"
    ends = wording.ends(rows["peer"], [wording.signed(gap, one.unit) for gap in rows["difference"]], "最大", "最小")
    alt = f"区间图：在同事项上与{len(rows)}个地区逐一比较{one.label}，{counts}；同事项差：{ends}。"
    title = f"{one.short}：{me.name}按同事项与{me.others}逐一相比，{counts}"
    return exhibit(describe(_intervals(rows, one), alt), title=title, table=page_table("pairs", rows, one),
                   sentence=said, source=me)  # fmt: skip


def _intervals(rows: pd.DataFrame, one: Indicator) -> Axes:
    axes = canvas.row_chart(rows["peer"], head="与谁比", right={
        "同事项差": [wording.in_points(wording.signed(gap, one.unit)) for gap in rows["difference"]],
        "同事项": [f"{n:.0f}项" for n in rows["n_shared"]], "逐一比较": judged(rows["verdict"])})  # fmt: skip
    label = f"{UNITS[one.unit].step}；线段为波动区间（95%），越向右越好"
    unit = "points" if one.unit == "share" else one.unit
    canvas.scale(axes, [0.0, *rows["low"], *rows["high"], *rows["difference"]], unit=unit, zero=False, label=label)
    tones = [TONES.get(word, theme.PEER) for word in rows["verdict"]]
    canvas.spans(axes, rows["low"], rows["high"], colours=tones, linewidths=2.2, zorder=3)
    inside = np.where(rows["verdict"].isin([Verdict.NONE, Verdict.NO_DATA]), "white", tones)
    ring = {"edgecolors": tones, "linewidths": 1.4}
    canvas.dots(axes, rows["difference"], rows.index, size=40, colours=inside, zorder=6, **ring)
    canvas.yardsticks(axes, (0.0, "相同", theme.INK))
    return axes


def funnel(me: Study, indicator: str) -> Block:
    """Return shares across regions of different size against the range that their number of items allows."""
    one, limits = about(indicator), me.funnel(indicator)
    if limits.empty:
        return say(f"{one.label}{wording.NO_DATA}。")
    rows = limits.assign(low=limits["low_998"], high=limits["high_998"])
    rows = rows.sort_values(["n", "region_code"], ascending=[False, True], ignore_index=True)
    rows = rows.assign(region=names_of(rows["region_code"]),
                       place=list(map(place_in, rows["value"], rows["low"], rows["high"])))  # fmt: skip
    printed = page_table("funnel", rows, one, focus=me.region)
    words = rows["place"].tolist()
    inside, above, below = (words.count(word) for word in ("范围内", "高于范围", "低于范围"))
    spread = float(rows["dispersion"].iloc[0])
    wider = f"（各地差异大于偶然，范围已按{math.sqrt(spread):.1f}倍放宽）" if spread > 1 else ""
    said = (f"按事项数多少看{one.short}的公布值（各地全部事项），{len(rows)}个地区中{inside}个在可预期的范围内，"
            f"{above}个高于、{below}个低于这一范围{wider}；"
            "范围内的先后不宜作为评价依据，优于、落后另按同事项判断。")  # fmt: skip
    title = f"{one.short}：{len(rows)}个地区中{inside}个在{'放宽后的' if wider else '可预期的'}范围内"
    return exhibit(_funnel(rows, one, me.region), title=title, table=printed, sentence=said, source=me)


def _funnel(rows: pd.DataFrame, one: Indicator, region: str) -> Axes:
    words = rows["place"].tolist()
    right = {"事项数": [f"{n}项" for n in rows["n"].astype(int)],
             one.short: wording.amounts(rows["value"], one.unit), "与范围比": words}  # fmt: skip
    axes = canvas.row_chart(rows["region"], head="地区", right=right, strong=rows["region_code"] == region)
    label = "浅色条：按事项数多少可以预期的范围（99.8%）"
    canvas.scale(axes, [*rows["value"], *rows["low"], *rows["high"]], unit=one.unit, zero=False, label=label)
    canvas.bars(axes, rows["high"], starts=rows["low"], colours=[theme.RANGE] * len(rows), height=0.86)
    sides = {"高于范围": one.sign, "低于范围": -one.sign}
    for side, shape, colour in ((0, "o", theme.FOCUS), (1, "D", theme.AHEAD), (-1, "v", theme.BEHIND)):
        at = [row for row, word in enumerate(words) if sides.get(word, 0) == side]
        canvas.dots(axes, rows["value"].iloc[at], at, size=40, colours=colour, marker=shape, zorder=6)
    total = float(rows["overall"].iloc[0])
    canvas.yardsticks(axes, (total, f"总体 {wording.amount(total, one.unit)}", theme.INK))
    outside = "、".join(rows.loc[rows["place"].str.endswith("于范围"), "region"]) or "没有地区"
    return describe(axes, f"漏斗图：{len(rows)}个地区的{one.label}与按事项数可以预期的范围，超出范围的：{outside}。")


def place_in(value: float, low: float, high: float) -> str:
    """Say where a value lies.

    >>> place_in(0.9, 0.7, 0.8), place_in(0.75, 0.7, 0.8), place_in(float("nan"), 0.7, 0.8)
    ('高于范围', '范围内', '无数据')
    """
    if wording.missing(value):
        return wording.NO_DATA
    return "高于范围" if value > high else "低于范围" if value < low else "范围内"


def sensitivity(me: Study, indicator: str = "time_compression") -> Block:
    """Return where the region stands under every other definition; the first row is the published one."""
    one, scores = about(indicator), me.sensitivity(indicator)
    rows = scores.assign(
        text=wording.amounts(scores["value"], [about(key).unit for key in scores["indicator"]]),
        place=wording.place_texts(scores),
    )
    ranks = rows["rank"].dropna().astype(int)
    spread = f"位次在第{ranks.min()}至第{ranks.max()}之间" if len(ranks) and ranks.min() < ranks.max() else "位次不变"
    n_ranked = int(rows["n_ranked"].max())
    spread = wording.NO_DATA if ranks.empty else spread if n_ranked > 1 else "没有可比的地区"
    other = rows.loc[rows["verdict_changed"], "definition"].tolist()
    asked = rows["meets_target"] != Met.NO_TARGET
    met = rows.loc[rows["met_changed"] & asked, "definition"].tolist()
    same = f"判断在“{'”“'.join(other)}”下不同" if other else "判断不变"
    same += (f"；达标与否在“{'”“'.join(met)}”下不同" if met else "；达标与否不变") if asked.any() else ""
    n = len(rows) - 1  # without 现行口径
    said = f"换用{n}种口径计算，{me.name}{one.label}{spread}；{same}。"
    return exhibit(_by_definition(rows, me), title=f"{one.short}：换用{n}种口径，{spread}",
                   table=page_table("sensitivity", rows, one), sentence=said, source=me)  # fmt: skip


def places_named(last: int) -> list[int]:
    """Return the places an axis of so many names: first, last, and some between that leave the last its room.

    >>> places_named(13), places_named(122)
    ([1, 3, 6, 9, 13], [1, 17, 34, 51, 68, 85, 102, 122])
    """
    step = max(3, round(last / 7))
    return sorted({1, *(place for place in range(step, last, step) if last - place >= 0.6 * step), last})


def _by_definition(rows: pd.DataFrame, me: Study) -> Axes:
    ranks = rows["rank"].astype("float64")
    right: canvas.Columns = {
        "数值": rows["text"], "达标": judged(rows["meets_target"]), "判断": judged(rows["verdict"])}  # fmt: skip
    axes = canvas.row_chart(rows["definition"], head="口径", right=right, strong=[True])
    worst = max(int(rows["n_ranked"].max()), 2)
    axes.set_xlim(worst + 0.5, 0.5)
    places = places_named(worst)
    canvas.guides(axes, places, [f"第{place}" for place in places], label="越向右越好；竖线为现行口径的位次")
    first = float(ranks.iloc[0])
    ranked = ranks.dropna()
    tones = [theme.FOCUS if rank == first else theme.AHEAD if rank < first else theme.BEHIND for rank in ranks]
    if not wording.missing(first):
        canvas.spans(axes, [first] * len(ranks), ranks, colours=tones, linewidths=2.6, zorder=3)
        canvas.line(axes, [first] * 2, axes.get_ylim(), color=theme.FOCUS, linewidth=1.2, zorder=2)
    canvas.dots(axes, ranks, ranks.index, size=52, colours=tones, zorder=4)
    canvas.key(axes, [("●", "位次不变", theme.FOCUS), ("●", "前移", theme.AHEAD), ("●", "后移", theme.BEHIND)])
    spread = f"最前第{int(ranked.min())}，最后第{int(ranked.max())}" if len(ranked) else wording.NO_DATA
    every = f"（共{int(rows['n_ranked'].max())}个地区）"
    return describe(axes, f"点图：{me.name}按现行口径与另外{len(rows) - 1}种口径的位次，{spread}{every}。")
