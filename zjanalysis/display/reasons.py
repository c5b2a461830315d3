"""Why a region stands where it stands: the gap split into parts, departments, the items that hold it back."""

from __future__ import annotations

import math
from itertools import accumulate

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from zjanalysis.analysis.frontier import LEVERS
from zjanalysis.analysis.registry import Indicator
from zjanalysis.columns import TABLES
from zjanalysis.display import canvas, theme, wording
from zjanalysis.display.blocks import Block, carry, exhibit, leading, listing, peers_text, say, with_data
from zjanalysis.display.picture import describe
from zjanalysis.display.tables import about, page_columns, page_table, table
from zjanalysis.inputs.regions import UNNAMED, office
from zjanalysis.studies import Study
from zjanalysis.units import Verdict

TONES = {"有利": theme.AHEAD, "不利": theme.BEHIND, Verdict.AHEAD: theme.AHEAD, Verdict.BEHIND: theme.BEHIND}


def helps(gain: float, unit: str) -> str:
    """Say whether a part helps; ``gain`` is positive when better.

    >>> helps(0.01, "share"), helps(-0.5, "days"), helps(0.00001, "share")
    ('有利', '不利', '无影响')
    """
    return "无影响" if wording.is_zero(gain, unit) else "有利" if gain > 0 else "不利"


def split(me: Study, indicator: str) -> Block:
    """Return the gap to the pooled peers split into 结构, 水平 and 覆盖; one sentence where one side has no value."""
    one, parts = about(indicator), me.gap_split(indicator)
    row, peers = parts.iloc[0], peers_text(me, one.key) + "合计" * (len(with_data(me, one.key)) > 1)
    if wording.missing(row["gap"]):
        return say(f"{one.label}：{me.name}或{me.whom}{wording.NO_DATA}，不拆分差距。")
    signed = parts.assign(effect=[helps(step * one.sign, one.unit) for step in parts["contribution"]])
    printed = page_table("split", signed, one)
    ends = ((peers, float(row["peer_value"])), (me.name, float(row["value"])))
    gap = wording.apart(row["value"], row["peer_value"], one.unit, peers)
    said = f"{me.name}{one.label}{gap}，其中{parts_text(parts, one.unit)}。{main_part(parts, one)}"
    title = f"{one.short}{gap}{mainly(parts, one.unit)}"
    return carry(exhibit(waterfall(parts, one, *ends), title=title, table=printed, sentence=said, source=me))


def parts_text(parts: pd.DataFrame, unit: str) -> str:
    """Return the parts of a difference in words, with their signs."""
    pairs = zip(parts["part"], parts["contribution"], strict=True)
    return "、".join(f"{part}{wording.signed(step, unit)}" for part, step in pairs)


MEANING = {
    "结构": "所列事项的构成", "覆盖": "只有一方列出或有数据的事项",
    "新增": "新增事项", "取消": "取消事项", "变动": "同一事项的变动",
}  # fmt: skip
LEVEL = {"days": "承诺得是否更短", "visits": "是否少跑", "flag": "是否做到", "type": "是否即办"}


def meaning(part: str, one: Indicator) -> str:
    """Say in a few words what a part of a difference is; only days are promised, only they have a limit.

    >>> meaning("水平", about("visits")), meaning("结构", about("time_compression"))
    ('同一事项是否少跑', '所列事项的法定时限结构')
    """
    if part == "水平":
        return f"同一事项{LEVEL[LEVERS[one.key].kind]}"
    return "所列事项的法定时限结构" if part == "结构" and one.key == "time_compression" else MEANING[part]


def _heaviest(parts: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Return the part that weighs most, with those that print the same; none where all print as nothing."""
    sizes = [wording.difference(step, unit) for step in parts["contribution"]]
    most = sizes[int(parts["contribution"].abs().argmax())]
    return parts[[size == most and not wording.is_zero(step, unit)
                  for size, step in zip(sizes, parts["contribution"], strict=True)]]  # fmt: skip


def mainly(parts: pd.DataFrame, unit: str) -> str:
    """Return the end of a title that names the part that weighs most; empty where all print as nothing."""
    names = "、".join(f"“{part}”" for part in _heaviest(parts, unit)["part"])
    return f"，主要在{names}" if names else ""


def main_part(parts: pd.DataFrame, one: Indicator) -> str:
    """Say which part weighs most; nothing where all print as nothing."""
    each = [f"“{part}”（{meaning(part, one)}），{helps(step * one.sign, one.unit)}"
            for part, step in _heaviest(parts, one.unit)[["part", "contribution"]].itertuples(index=False)]  # fmt: skip
    return f"影响最大的是{'；'.join(each)}。" if each else ""


def waterfall(parts: pd.DataFrame, one: Indicator, start: tuple[str, float], end: tuple[str, float]) -> Axes:
    """Draw the way from one value to another, part by part (part, contribution: they add up to end − start)."""
    steps = parts["contribution"].astype("float64").tolist()
    levels = list(accumulate(steps, initial=start[1]))
    names, words = [start[0], *parts["part"].tolist(), end[0]], [helps(step * one.sign, one.unit) for step in steps]
    texts = [wording.amount(start[1], one.unit), *(wording.signed(step, one.unit) for step in steps),
             wording.amount(end[1], one.unit)]  # fmt: skip
    last = len(names) - 1
    axes = canvas.row_chart(
        names, head="组成", right={one.short: texts, "作用": ["", *words, ""]}, strong=[*[False] * last, True]
    )
    canvas.scale(axes, [*levels, end[1]], unit=one.unit, zero=False, label=wording.better_side(one.sign))
    tones = [TONES.get(word, theme.PEER) for word in words]
    canvas.bars(axes, [math.nan, *levels[1:]], starts=[math.nan, *levels[:-1]], colours=[theme.PEER, *tones])
    for row, level in enumerate(levels):
        ends = [row - canvas.THICK / 2, row + 1 + canvas.THICK / 2]
        canvas.line(axes, [level] * 2, ends, color=theme.SOFT, linewidth=0.9, zorder=2)
    canvas.dots(axes, [start[1], end[1]], [0, last], size=64, colours=[theme.PEER, theme.FOCUS], zorder=5)
    said = "，".join(f"{name}{text}" for name, text in zip(names[1:-1], texts[1:-1], strict=True))
    return describe(axes, f"瀑布图：{one.label}从{start[0]}{texts[0]}到{end[0]}{texts[-1]}，其中{said}。")


WEIGHT = "对总体的影响＝（部门－总体）×占分母的比重"


def departments(me: Study, indicator: str, *, limit: int = 12) -> Block:
    """Return one indicator by department of the region, those that hold it back most first, at most ``limit`` drawn.

    ``weight`` is what a department does to the region's value: (its value − the whole) × its share of the sum; of fewer
    visits a positive one is for the worse.
    """
    one, scores = about(indicator), me.by_department(indicator)
    counted = scores[scores["n"] > 0]
    n, blank = int(counted["department"].notna().sum()), int(counted.loc[counted["department"].isna(), "n"].sum())
    if not n:
        none = f"的事项都没有写明部门，{one.short}不分部门" if blank else f"各部门{one.short}{wording.NO_DATA}"
        return say(f"{me.name}{none}。")
    base = counted["denominator"].sum()
    whole = float(counted["numerator"].sum() / base) if base else math.nan
    weight = (counted["value"] - whole) * counted["denominator"] / base
    rows = counted.assign(weight=weight, gain=weight * one.sign)
    rows = rows.sort_values(["gain", "department"], kind="stable", ignore_index=True)
    rows = rows.assign(department=[office(name, me.name) for name in rows["department"]])
    printed = page_table("departments", rows, one, note=f"{WEIGHT}，各部门合计为0。")
    behind = rows[_pulls_down(rows, one.unit)]
    each = [f"{r['department']}（{wording.amount(r['value'], one.unit)}，{r['n']:.0f}项）"
            for r in behind.to_dict("records")]  # fmt: skip
    sizes = [wording.difference(weight, one.unit) for weight in behind["weight"]]
    worst = wording.listed(each[: wording.tied_with(sizes, 3)], limit=3)
    pulled, apart = ("拉低", "低于") if one.sign > 0 else ("拉高", "高于")
    whom = f"{n}个部门" + f"和{UNNAMED}的{blank}项" * (blank > 0)
    said = f"{whom}都不{apart}总体。"
    if len(behind):
        said = f"{whom}中，{pulled}总体（{wording.amount(whole, one.unit)}）最多的是{worst}。"
    names = wording.listed(behind["department"].head(wording.tied_with(sizes, 2)), limit=2)
    title = f"{one.short}：{pulled}总体最多的是{names}" if names else f"{one.short}：{said}".rstrip("。")
    axes = _department_dots(leading(rows, limit), one, whole, len(rows))
    return carry(exhibit(axes, title=title, table=printed, sentence=said, source=me))


def _pulls_down(rows: pd.DataFrame, unit: str) -> list[bool]:
    return [helps(gain, unit) == "不利" for gain in rows["gain"]]


def _department_dots(rows: pd.DataFrame, one: Indicator, whole: float, n: int) -> Axes:
    values = rows["value"].astype("float64")
    pulls = [wording.in_points(wording.signed(weight, one.unit)) for weight in rows["weight"]]
    right = {one.short: wording.amounts(values, one.unit), "事项数": [f"{n:.0f}项" for n in rows["n"]],
             "对总体的影响": pulls}  # fmt: skip
    axes = canvas.row_chart(rows["department"], head="部门", right=right)
    label = f"{wording.better_side(one.sign)}；{WEIGHT}"
    canvas.scale(axes, [*values, whole], unit=one.unit, zero=False, label=label)
    canvas.spans(axes, [whole] * len(rows), values, colours=theme.RANGE, linewidths=2.2, zorder=2)
    tones = np.where(_pulls_down(rows, one.unit), theme.BEHIND, theme.PEER)
    canvas.dots(axes, values, rows.index, size=44, colours=tones, zorder=5)
    canvas.yardsticks(axes, (whole, f"总体 {wording.amount(whole, one.unit)}", theme.INK))
    first, last = rows.iloc[0], rows.iloc[-1]
    alt = (f"点图：影响最大的{len(rows)}个部门（共{n}个）的{one.label}"
           f"与总体{wording.amount(whole, one.unit)}比，最不利的在上："
           f"{first['department']}{wording.amount(first['value'], one.unit)}，"
           f"{last['department']}{wording.amount(last['value'], one.unit)}。")  # fmt: skip
    return describe(axes, alt)


def laggards(me: Study, *, limit: int = 20, columns: int = len(TABLES["page.laggards"])) -> Block:
    """Return the items that hold the region back, a peer promises the same item sooner; at most ``limit`` are shown."""
    rows = me.laggards()
    rows = rows.assign(department=[office(name, me.name) for name in rows["department"]])
    if rows.empty:
        measured = me.gaps.set_index("indicator").loc[["time_compression"], "value"].notna().any()
        if measured and with_data(me, "time_compression"):
            return say(f"{me.name}没有承诺长于{me.whom}的同一事项。")
        return say(f"{me.whom if measured else me.name}的时限压缩率{wording.NO_DATA}，不列拖累事项。")
    total = wording.plain(float(rows["room_days"].sum()))
    said = f"{len(rows)}个事项的承诺长于{me.whom}同一事项中最短的，合计可压{total}个工作日。"
    printed = table(rows, caption="拖累事项", columns=page_columns("laggards")[:columns], sheet="拖累事项")
    return listing(printed, said, limit=limit)
