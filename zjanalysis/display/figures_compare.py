"""Figures that settle a comparison: the gap split, intervals against each peer, the funnel, ranks by definition."""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.axes import Axes

from zjanalysis.display import theme, wording
from zjanalysis.display.canvas import THICK, TextColumn, Yardstick, bars, guides, key, row_chart, scale, yardsticks
from zjanalysis.display.known import about
from zjanalysis.display.picture import describe
from zjanalysis.inputs.regions import region_name

POINTS = {"share": "百分点", "days": "工作日", "visits": "次"}
TONES = {"有利": theme.AHEAD, "不利": theme.BEHIND, "优于": theme.AHEAD, "落后": theme.BEHIND}


def waterfall(parts: pd.DataFrame, *, start: tuple[str, float], end: tuple[str, float], indicator: str) -> Axes:
    """Draw the way from one value to another, part by part; ``start`` and ``end`` are a name and its value.

    ``parts``: ``part`` and ``contribution`` (they add up to end − start), in order; for a gap (analysis.gap_split) or
    for a change since the last period. What helps and what hurts is said in words.
    """
    one = about(indicator)
    steps = parts["contribution"].astype("float64").tolist()
    levels = [start[1]]
    for step in steps:
        levels.append(levels[-1] + step)
    names = [start[0], *parts["part"].tolist(), end[0]]
    words = [helps(step * one.sign, one.unit) for step in steps]
    texts = [wording.amount(start[1], one.unit), *(wording.signed(step, one.unit) for step in steps),
             wording.amount(end[1], one.unit)]  # fmt: skip
    last = len(names) - 1
    with theme.style():
        right = [TextColumn(one.short, tuple(texts)), TextColumn("作用", ("", *words, ""))]
        axes = row_chart(names, head="组成", right=right, strong=[last])
        scale(
            axes,
            [*levels, end[1]],
            unit=one.unit,
            zero=False,
            label=f"越向{'右' if one.sign > 0 else '左'}越优；横轴不从零起",
        )
        _steps(axes, steps, levels, words)
        axes.scatter([start[1], end[1]], [0, last], s=64, c=[theme.PEER, theme.FOCUS], linewidth=0, zorder=5)
    said = "，".join(f"{name}{text}" for name, text in zip(names[1:-1], texts[1:-1], strict=True))
    return describe(axes, f"瀑布图：{one.label}从{start[0]}{texts[0]}到{end[0]}{texts[-1]}，其中{said}。")


def _steps(axes: Axes, steps: list[float], levels: list[float], words: list[str]) -> None:
    """Draw each part as a bar from where the last one ended; what hurts is hatched."""
    tones = [TONES.get(word, theme.PEER) for word in words]
    hurt = [False, *(word == "不利" for word in words)]
    bars(axes, [math.nan, *levels[1:]], starts=[math.nan, *levels[:-1]], colours=[theme.PEER, *tones], hatched=hurt)
    for row, level in enumerate(levels):
        axes.plot([level, level], [row - THICK / 2, row + 1 + THICK / 2], color=theme.SOFT, linewidth=0.9, zorder=2)


def helps(gain: float, unit: str) -> str:
    """Say whether a part helps; ``gain`` is positive when better.

    >>> helps(0.01, "share"), helps(-0.5, "days"), helps(0.00001, "share")
    ('有利', '不利', '无影响')
    """
    return "无影响" if wording.is_zero(gain, unit) else "有利" if gain > 0 else "不利"


def interval_plot(pairs: pd.DataFrame, *, indicator: str, margin: float = 0.0) -> Axes:
    """Draw the difference to each peer on shared items with its robust interval, the largest lead first.

    ``pairs`` comes from analysis.like_for_like: peer_code, difference (positive = better), low, high, verdict,
    n_shared, coverage. Differences inside ``margin`` count as level and are shaded.
    """
    one = about(indicator)
    rows = pairs.sort_values(["difference", "peer_code"], ascending=[False, True], ignore_index=True)
    words = [wording.verdict_word(verdict) for verdict in rows["verdict"]]
    with theme.style():
        right = [
            TextColumn("同事项差", tuple(wording.signed(d, one.unit) for d in rows["difference"])),
            TextColumn("同事项数", tuple(f"{int(n)}项" for n in rows["n_shared"])),
            TextColumn("判断", tuple(words)),
        ]
        axes = row_chart([region_name(code) for code in rows["peer_code"]], head="与谁比", right=right)
        label = f"{POINTS[one.unit]}；线段为稳健区间（95%），越向右越优于对方"
        scale(
            axes,
            [0.0, *rows["low"], *rows["high"]],
            unit="points" if one.unit == "share" else one.unit,
            zero=False,
            label=label,
        )
        axes.axvspan(-margin, margin, color=theme.BAND, linewidth=0, zorder=0)
        tones = [TONES.get(word, theme.PEER) for word in words]
        axes.hlines(rows.index, rows["low"], rows["high"], color=tones, linewidth=2.2, zorder=3)
        hollow = [
            "white" if word in {"不作判断", wording.NO_DATA} else tone for word, tone in zip(words, tones, strict=True)
        ]
        axes.scatter(rows["difference"], rows.index, s=40, c=hollow, edgecolor=tones, linewidth=1.4, zorder=6)
        yardsticks(axes, [Yardstick(0.0, "相同")])
    counts = "，".join(f"{word}{words.count(word)}个" for word in dict.fromkeys(words))
    return describe(axes, f"区间图：在同事项上与{len(rows)}个地区逐一比较{one.label}，{counts}。")


def funnel(rows: pd.DataFrame, *, indicator: str, region: str = "") -> Axes:
    """Draw each region's share against the range to be expected for its number of items, the largest first.

    ``rows``: region_code, value, n, overall, low and high: the range around ``overall`` for n items. A funnel on its
    side: the range widens downwards. Outside the range reads 高于范围 or 低于范围, inside 范围内.
    """
    one = about(indicator)
    ordered = widest(rows).sort_values(["n", "region_code"], ascending=[False, True], ignore_index=True)
    words = list(map(place_in, ordered["value"], ordered["low"], ordered["high"]))
    marks = [position for position, code in enumerate(ordered["region_code"]) if code == region]
    with theme.style():
        right = [
            TextColumn("事项数", tuple(f"{int(n)}项" for n in ordered["n"])),
            TextColumn(one.short, tuple(wording.amount(v, one.unit) for v in ordered["value"])),
            TextColumn("与范围比", tuple(words)),
        ]
        axes = row_chart([region_name(code) for code in ordered["region_code"]], head="地区", right=right, strong=marks)
        edges = [*ordered["value"], *ordered["low"], *ordered["high"]]
        scale(
            axes,
            edges,
            unit=one.unit,
            zero=False,
            label=f"浅色条：按事项数多少可以预期的范围（{'99.8%' if 'low_998' in rows else '95%'}）",
        )
        pale = [theme.RANGE] * len(ordered)
        bars(axes, ordered["high"].tolist(), starts=ordered["low"].tolist(), colours=pale, thick=0.86)
        _placed(axes, ordered["value"], words, sign=one.sign)
        total = float(ordered["overall"].iloc[0]) if len(ordered) else math.nan
        yardsticks(axes, [Yardstick(total, f"总体 {wording.amount(total, one.unit)}")])
    outside = (
        "、".join(region_name(c) for c, w in zip(ordered["region_code"], words, strict=True) if w.endswith("于范围"))
        or "没有地区"
    )
    return describe(axes, f"漏斗图：{len(ordered)}个地区的{one.label}与按事项数可以预期的范围，超出范围的：{outside}。")


def widest(rows: pd.DataFrame) -> pd.DataFrame:
    """Give the rows with the 99.8 % range where there is one: among ten regions one in two issues leaves the 95 % range
    by chance."""
    return rows.assign(low=rows["low_998"], high=rows["high_998"]) if "low_998" in rows else rows


def _placed(axes: Axes, values: pd.Series, words: list[str], *, sign: int) -> None:
    """Mark each value by where it lies: better outside ◆, worse outside ▼, inside or unknown ●."""
    looks = {"高于范围": sign, "低于范围": -sign}
    for side, shape, colour in ((0, "o", theme.FOCUS), (1, "D", theme.AHEAD), (-1, "v", theme.BEHIND)):
        at = [row for row, word in enumerate(words) if looks.get(word, 0) == side]
        axes.scatter(values.iloc[at], at, s=40, color=colour, marker=shape, linewidth=0, zorder=6)


def place_in(value: float, low: float, high: float) -> str:
    """Say where a value lies.

    >>> place_in(0.9, 0.7, 0.8), place_in(0.75, 0.7, 0.8), place_in(float("nan"), 0.7, 0.8)
    ('高于范围', '范围内', '无数据')
    """
    if wording.missing(value):
        return wording.NO_DATA
    return "高于范围" if value > high else "低于范围" if value < low else "范围内"


def rank_by_definition(rows: pd.DataFrame, *, indicator: str, region: str) -> Axes:
    """Draw the rank of a region under each definition; the first row is the published one.

    ``rows``: definition, value, rank, n_ranked and, where given, verdict.
    """
    one, name = about(indicator), region_name(region)
    ranks = rows["rank"].astype("float64").reset_index(drop=True)
    with theme.style():
        right = [
            TextColumn("数值", tuple(wording.amount(v, one.unit) for v in rows["value"])),
            TextColumn("位次", tuple(wording.NO_DATA if wording.missing(r) else f"第{int(r)}" for r in ranks)),
        ]
        if "verdict" in rows:
            right.append(TextColumn("判断", tuple(wording.verdict_word(v) for v in rows["verdict"])))
        axes = row_chart(rows["definition"].tolist(), head="口径", right=right, strong=[0] if len(rows) else [])
        worst = int(rows["n_ranked"].max()) if len(rows) else 1
        axes.set_xlim(0.5, worst + 0.5)
        shown = sorted({1, *range(3, worst, 3), worst})
        guides(axes, shown, [f"第{place}" for place in shown], label="越向左越优；竖线为现行口径的位次")
        first = float(ranks.iloc[0]) if len(ranks) else math.nan
        known = ranks.dropna().astype(int)
        tones = [theme.FOCUS if rank == first else theme.AHEAD if rank < first else theme.BEHIND for rank in known]
        if not wording.missing(first):
            axes.hlines(known.index, int(first), known, color=tones, linewidth=2.6, zorder=3)
            axes.axvline(int(first), color=theme.FOCUS, linewidth=1.2, zorder=2)
        axes.scatter(known, known.index, s=52, c=tones, linewidth=0, zorder=4)
        key(axes, [("●", "位次不变", theme.FOCUS), ("●", "前移", theme.AHEAD), ("●", "后移", theme.BEHIND)])
    spread = f"最前第{known.min()}，最后第{known.max()}" if len(known) else wording.NO_DATA
    return describe(axes, f"点图：{name}{one.label}在{len(rows)}种口径下的位次，{spread}（共{worst}个地区）。")
