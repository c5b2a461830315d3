"""Why a region stands where it stands: the gap split, departments, lagging items, the evidence pair by pair."""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.axes import Axes

from zjanalysis.display import theme, wording
from zjanalysis.display.answer import INK, MET_INK
from zjanalysis.display.blocks import Block, carry, exhibit, listing, names_of, say
from zjanalysis.display.canvas import THICK, TextColumn, Yardstick, bars, guides, key, row_chart, scale, yardsticks
from zjanalysis.display.picture import describe
from zjanalysis.display.tables import about, table
from zjanalysis.inputs.columns import Column
from zjanalysis.inputs.regions import region_name
from zjanalysis.study import Study
from zjanalysis.units import UNITS, Met, Verdict

SUMS = (Column("numerator", "分子（N）", "number"), Column("denominator", "分母（M）", "number"))
COUNTS = (Column("n", "纳入", "count", unit="项"), Column("n_left_out", "剔除", "count", unit="项"))
TONES = {"有利": theme.AHEAD, "不利": theme.BEHIND, Verdict.AHEAD: theme.AHEAD, Verdict.BEHIND: theme.BEHIND}


def delta(unit: str, key: str = "contribution", label: str = "贡献") -> Column:
    """Give the column of a difference in the unit of an indicator."""
    kind = {"share": "points"}.get(unit, unit)
    return Column(key, label, kind, unit=UNITS[unit].step.removeprefix("个") if unit == "days" else UNITS[unit].step)


def value_of(unit: str, key: str = "value", label: str = "数值") -> Column:
    """Give the column of a value in the unit of an indicator."""
    return Column(key, label, unit, unit="" if unit == "share" else UNITS[unit].suffix.removeprefix("个"))


def helps(gain: float, unit: str) -> str:
    """Say whether a part helps; ``gain`` is positive when better.

    >>> helps(0.01, "share"), helps(-0.5, "days"), helps(0.00001, "share")
    ('有利', '不利', '无影响')
    """
    return "无影响" if wording.is_zero(gain, unit) else "有利" if gain > 0 else "不利"


def ranking(me: Study, indicator: str) -> Block:
    """Give every region of the group on one indicator, best first: a dot each, the median, the target."""
    one = about(indicator)
    rows = me.standing(one.key).sort_values(["rank", "region_code"], na_position="last", ignore_index=True)
    rows = rows.assign(
        region=names_of(rows["region_code"]),
        text=[wording.amount(v, one.unit, d) for v, d in zip(rows["value"], rows["digits"], strict=True)],
        place=list(map(wording.place_text, rows["rank"], rows["n_ranked"], rows["rank_low"], rows["rank_high"])),
    )
    columns = [Column("place", "位次（区间）"), Column("region", "地区"), Column("text", one.short), *SUMS, *COUNTS,
               Column("meets_target", "达标"), Column("verdict", "判断"), Column("reason", "说明")]  # fmt: skip
    shown = table(
        rows.drop(columns="indicator"),
        caption=f"{one.label}排名",
        columns=columns,
        sheet=f"{one.short}排名",
        focus=me.region,
    )
    own = rows[rows["region_code"] == me.region].iloc[0]
    whom = f"{len(me.group)}地中位数"
    said = (
        f"{me.name}{wording.counted(own['n'], own['n_left_out'])}，{one.label}{own['text']}，"
        f"{wording.rank_text(own['rank'], own['n_ranked'], tied=bool(own['tied']))}，"
        f"{wording.apart(own['value'], own['median'], one.unit, whom)}，{own['meets_target']}；按同事项比，{own['verdict']}。"
        if not wording.missing(own["value"])
        else f"{me.name}{one.label}{wording.NO_DATA}。"
    )
    return exhibit(_ranked(me, rows, indicator), title=f"{one.short}：{len(rows)}个地区的位置", table=shown,
                   sentence=said, source=me)  # fmt: skip


def _ranked(me: Study, rows: pd.DataFrame, indicator: str) -> Axes:
    one = about(indicator)
    marks = [place for place, code in enumerate(rows["region_code"]) if code == me.region]
    verdicts = [Verdict(word) for word in rows["verdict"]]
    with theme.style():
        right = [
            TextColumn(one.short, tuple(rows["text"])),
            TextColumn("位次（区间）", tuple(rows["place"])),
            TextColumn(
                "判断", tuple(map(wording.verdict_text, verdicts)), tuple(INK.get(v, theme.SOFT) for v in verdicts)
            ),
        ]
        axes = row_chart(rows["region"].tolist(), head="地区", right=right, strong=marks)
        values, median, target = rows["value"].astype("float64"), rows["median"].iloc[0], rows["target"].iloc[0]
        scale(
            axes,
            [*values, median, target],
            unit=one.unit,
            zero=False,
            label=f"越向{'右' if one.sign > 0 else '左'}越好；横轴不从零起",
        )
        if not wording.missing(median):
            axes.hlines(rows.index, median, values, color=theme.RANGE, linewidth=2.2, zorder=2)
        tones = [theme.FOCUS if place in marks else theme.PEER for place in range(len(rows))]
        axes.scatter(values, rows.index, s=44, c=tones, linewidth=0, zorder=5)
        middle = Yardstick(median, f"{len(me.group)}地中位数 {wording.amount(median, one.unit)}")
        goal = Yardstick(target, f"目标 {wording.amount(target, one.unit)}", theme.TARGET, dashed=True)
        yardsticks(axes, [middle, goal])
    best, last = rows.iloc[0], rows.dropna(subset=["value"]).iloc[-1] if rows["value"].notna().any() else rows.iloc[-1]
    own = rows[rows["region_code"] == me.region].iloc[0]
    alt = (f"点图：{len(rows)}个地区的{one.label}，从好到差排列。最好{best['region']}{best['text']}，最末{last['region']}{last['text']}。"
           f"{own['region']}{own['text']}，第{own['place']}，判断{own['verdict']}。")  # fmt: skip
    return describe(axes, alt)


def split(me: Study, indicator: str) -> Block:
    """Give the gap to the pooled peers split into 结构, 水平 and 覆盖; one sentence where one side has no value."""
    one, parts = about(indicator), me.gap_split(indicator)
    row, peers = parts.iloc[0], f"{len(me.peers)}个{me.whom}合计"
    if wording.missing(row["gap"]):
        return say(f"{one.label}：{me.name}或{me.whom}{wording.NO_DATA}，不拆分差距。")
    signed = parts.assign(effect=[helps(step * one.sign, one.unit) for step in parts["contribution"]])
    shown = table(signed.drop(columns="indicator"), caption=f"{one.label}差距拆分", sheet=f"{one.short}差距拆分",
                  columns=[Column("part", "组成"), delta(one.unit), Column("n_codes", "基本编码", "count", unit="个"),
                           Column("effect", "作用")])  # fmt: skip
    ends = ((peers, float(row["peer_value"])), (me.name, float(row["value"])))
    said = (f"{me.name}{one.label}{wording.apart(row['value'], row['peer_value'], one.unit, peers)}，其中"
            f"{_parts_text(parts, one.unit)}。{_main_part(parts, one.sign)}")  # fmt: skip
    axes = waterfall(parts, start=ends[0], end=ends[1], indicator=one.key)
    return carry(exhibit(axes, title=f"{one.short}的差距从哪里来", table=shown, sentence=said, source=me))


def _parts_text(parts: pd.DataFrame, unit: str) -> str:
    pairs = zip(parts["part"], parts["contribution"], strict=True)
    return "、".join(f"{part}{wording.signed(step, unit)}" for part, step in pairs)


MEANING = {
    "结构": "所列事项的法定时限结构", "水平": "同一事项承诺得是否更好", "覆盖": "只有一方列出的事项",
    "新增": "新增事项", "取消": "取消事项", "变动": "同一事项的变动",
}  # fmt: skip


def _main_part(parts: pd.DataFrame, sign: int) -> str:
    """Say which part weighs most."""
    worst = parts.assign(size=parts["contribution"].abs()).sort_values("size", ascending=False, kind="stable").iloc[0]
    if not worst["size"] > 0:
        return ""
    return f"影响最大的是“{worst['part']}”（{MEANING[worst['part']]}），{'有利' if worst['contribution'] * sign > 0 else '不利'}。"


def waterfall(parts: pd.DataFrame, *, start: tuple[str, float], end: tuple[str, float], indicator: str) -> Axes:
    """Draw the way from one value to another, part by part (part, contribution: they add up to end − start)."""
    one = about(indicator)
    steps = parts["contribution"].astype("float64").tolist()
    levels = [start[1]]
    for step in steps:
        levels.append(levels[-1] + step)
    names, words = [start[0], *parts["part"].tolist(), end[0]], [helps(step * one.sign, one.unit) for step in steps]
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
            label=f"越向{'右' if one.sign > 0 else '左'}越好；横轴不从零起",
        )
        tones = [TONES.get(word, theme.PEER) for word in words]
        bars(axes, [math.nan, *levels[1:]], starts=[math.nan, *levels[:-1]], colours=[theme.PEER, *tones])
        for row, level in enumerate(levels):
            axes.plot([level] * 2, [row - THICK / 2, row + 1 + THICK / 2], color=theme.SOFT, linewidth=0.9, zorder=2)
        axes.scatter([start[1], end[1]], [0, last], s=64, c=[theme.PEER, theme.FOCUS], linewidth=0, zorder=5)
    said = "，".join(f"{name}{text}" for name, text in zip(names[1:-1], texts[1:-1], strict=True))
    return describe(axes, f"瀑布图：{one.label}从{start[0]}{texts[0]}到{end[0]}{texts[-1]}，其中{said}。")


def departments(me: Study, indicator: str, *, limit: int = 12) -> Block:
    """Give one indicator by department of the region, those that hold it back most first, at most ``limit`` drawn.

    ``weight`` is what a department takes from the region's value: (its value − the whole) × its share of the sum.
    """
    one, scores = about(indicator), me.by_department(indicator)
    known = scores[scores["n"] > 0]
    whole = float(known["numerator"].sum() / known["denominator"].sum()) if known["denominator"].sum() else math.nan
    weight = (known["value"] - whole) * known["denominator"] / known["denominator"].sum()
    rows = known.assign(weight=weight * one.sign).sort_values(
        ["weight", "department"], kind="stable", ignore_index=True
    )
    columns = [
        Column("department", "部门"),
        value_of(one.unit, label=one.short),
        delta(one.unit, "weight", "对总体的影响"),
        *SUMS,
        *COUNTS,
    ]
    shown = table(
        rows.drop(columns="indicator"), caption=f"{one.label}（分部门）", columns=columns, sheet=f"{one.short}分部门"
    )
    if rows.empty:
        return say(f"{me.name}各部门{one.short}{wording.NO_DATA}。")
    behind = rows[rows["weight"] < 0]
    told = "、".join(
        f"{r.department}（{wording.amount(r.value, one.unit)}，{int(r.n)}项）" for r in behind.head(3).itertuples()
    )
    said = (
        f"{len(rows)}个部门中，拉低总体（{wording.amount(whole, one.unit)}）最多的是{told}。"
        if len(behind)
        else f"{len(rows)}个部门都不低于总体。"
    )
    return exhibit(_department_dots(rows.head(limit), indicator, whole, len(rows)), table=shown, sentence=said,
                   title=f"{one.short}：哪些部门拉低总体", source=me)  # fmt: skip


def _department_dots(rows: pd.DataFrame, indicator: str, whole: float, n: int) -> Axes:
    one = about(indicator)
    values, behind = rows["value"].astype("float64"), rows["weight"] < 0
    with theme.style():
        right = [
            TextColumn(one.short, tuple(wording.amount(v, one.unit) for v in values)),
            TextColumn("事项数", tuple(f"{int(count)}项" for count in rows["n"])),
            TextColumn(
                "对总体的影响", tuple(wording.signed(w, one.unit).replace("个百分点", "点") for w in rows["weight"])
            ),
        ]
        axes = row_chart(rows["department"].fillna("（未填部门）").tolist(), head="部门", right=right)
        scale(
            axes,
            [*values, whole],
            unit=one.unit,
            zero=False,
            label=f"越向{'右' if one.sign > 0 else '左'}越好；横轴不从零起",
        )
        tones = [theme.BEHIND if low else theme.PEER for low in behind]
        axes.hlines(rows.index, whole, values, color=theme.RANGE, linewidth=2.2, zorder=2)
        axes.scatter(values, rows.index, s=44, c=tones, linewidth=0, zorder=5)
        yardsticks(axes, [Yardstick(whole, f"总体 {wording.amount(whole, one.unit)}")])
    first, last = rows.iloc[0], rows.iloc[-1]
    alt = (f"点图：影响最大的{len(rows)}个部门（共{n}个）的{one.label}与总体{wording.amount(whole, one.unit)}比，拉低最多的在上："
           f"{first['department']}{wording.amount(first['value'], one.unit)}，{last['department']}{wording.amount(last['value'], one.unit)}。")  # fmt: skip
    return describe(axes, alt)


LAGGARD_COLUMNS = (
    Column("item_name", "事项名称"),
    Column("department", "实施主体"),
    Column("statutory_days", "法定", "number", unit="工作日"),
    Column("promised_days", "现承诺", "number", unit="工作日"),
    Column("best_days", "同类最短", "number", unit="工作日"),
    Column("best_region", "最短的地区"),
    Column("room_days", "可压", "number", unit="工作日"),
    Column("gain", "可提升", "points"),
    Column("match_code", "基本编码", "code"),
)


def laggards(me: Study, *, limit: int = 20, columns: int = len(LAGGARD_COLUMNS)) -> Block:
    """Give the items that hold the region back, a peer promises the same code sooner; at most ``limit`` are shown."""
    rows = me.laggards()
    if rows.empty:
        return say(f"{me.name}没有承诺长于{me.whom}的同一事项。")
    total = wording.plain(float(rows["room_days"].sum()))
    said = f"{len(rows)}项的承诺长于{me.whom}中最短的，合计可压{total}个工作日。"
    shown = table(rows, caption="拖累事项", columns=LAGGARD_COLUMNS[:columns], sheet="拖累事项")
    return listing(shown, said, limit=limit)


def pairs(me: Study, indicator: str) -> Block:
    """Give the region against each peer on the items both list: difference, interval and word of each pair."""
    one, found = about(indicator), me.pairs(indicator)
    rows = found.sort_values("difference", ascending=False, kind="stable", ignore_index=True)
    rows = rows.assign(peer=names_of(rows["peer_code"]))
    columns = [
        Column("peer", "与谁比"), value_of(one.unit, label="本地区"), value_of(one.unit, "peer_value", "对方"),
        delta(one.unit, "difference", "差（正为好）"), delta(one.unit, "low", "区间下限"), delta(one.unit, "high", "区间上限"),
        Column("n_shared", "同事项", "count", unit="项"), Column("n_differ", "有差别", "count", unit="项"),
        Column("coverage", "覆盖率", "share"), Column("verdict", "逐一比较"), Column("reason", "说明"),
    ]  # fmt: skip
    shown = table(
        rows.drop(columns="indicator"),
        caption=f"{one.label}同事项逐一比较",
        columns=columns,
        sheet=f"{one.short}同事项",
    )
    counts = "、".join(
        f"{int((rows['verdict'] == word).sum())}个{word}" for word in Verdict if (rows["verdict"] == word).any()
    )
    said = f"只比双方都有的事项并统一法定时限，{me.name}{one.label}与{len(rows)}个{me.whom}逐一相比：{counts}。"
    return exhibit(_intervals(rows, indicator), title=f"{one.short}：与每个地区按同事项比", table=shown, sentence=said,
                   source=me)  # fmt: skip


def _intervals(rows: pd.DataFrame, indicator: str) -> Axes:
    one, words = about(indicator), [Verdict(word) for word in rows["verdict"]]
    with theme.style():
        right = [
            TextColumn(
                "同事项差", tuple(wording.signed(d, one.unit).replace("个百分点", "点") for d in rows["difference"])
            ),
            TextColumn("同事项", tuple(f"{int(n)}项" for n in rows["n_shared"])),
            TextColumn(
                "逐一比较", tuple(map(wording.verdict_text, words)), tuple(INK.get(v, theme.SOFT) for v in words)
            ),
        ]
        axes = row_chart(rows["peer"].tolist(), head="与谁比", right=right)
        label = f"{UNITS[one.unit].step}；线段为波动区间（95%），越向右越好"
        scale(axes, [0.0, *rows["low"], *rows["high"], *rows["difference"]], unit="points" if one.unit == "share" else one.unit,
              zero=False, label=label)  # fmt: skip
        tones = [TONES.get(word, theme.PEER) for word in words]
        axes.hlines(rows.index, rows["low"], rows["high"], color=tones, linewidth=2.2, zorder=3)
        hollow = [
            "white" if word in (Verdict.NONE, Verdict.NO_DATA) else tone
            for word, tone in zip(words, tones, strict=True)
        ]
        axes.scatter(rows["difference"], rows.index, s=40, c=hollow, edgecolor=tones, linewidth=1.4, zorder=6)
        yardsticks(axes, [Yardstick(0.0, "相同")])
    known = rows.dropna(subset=["difference"])
    ends = (
        f"，最多高出{known['peer'].iloc[0]}{wording.signed(known['difference'].iloc[0], one.unit)}，最少{wording.signed(known['difference'].iloc[-1], one.unit)}（{known['peer'].iloc[-1]}）"
        if len(known)
        else ""
    )
    counts = "、".join(f"{words.count(word)}个{word}" for word in Verdict if word in words)
    return describe(axes, f"区间图：在同事项上与{len(rows)}个地区逐一比较{one.label}，{counts}{ends}。")


def funnel(me: Study, indicator: str) -> Block:
    """Give shares across regions of different size against the range that their number of items allows."""
    one, found = about(indicator), me.funnel(indicator)
    rows = found.assign(low=found["low_998"], high=found["high_998"]).sort_values(
        ["n", "region_code"], ascending=[False, True], ignore_index=True
    )
    rows = rows.assign(
        region=names_of(rows["region_code"]), place=list(map(place_in, rows["value"], rows["low"], rows["high"]))
    )
    columns = [Column("region", "地区"), Column("n", "事项数", "count", unit="项"), Column("value", one.short, "share"),
               Column("low", "范围下限", "share"), Column("high", "范围上限", "share"), Column("place", "与范围比")]  # fmt: skip
    shown = table(
        rows.drop(columns="indicator"),
        caption=f"{one.label}与可预期的范围",
        columns=columns,
        sheet=f"{one.short}漏斗图",
        focus=me.region,
    )
    words = rows["place"].tolist()
    inside, above, below = (words.count(word) for word in ("范围内", "高于范围", "低于范围"))
    spread = float(rows["dispersion"].iloc[0]) if len(rows) else 1.0
    wider = f"（各地差异大于偶然，范围已按{math.sqrt(spread):.1f}倍放宽）" if spread > 1 else ""
    said = (f"按事项数多少考虑，{len(rows)}个地区中{inside}个在可预期的范围内，{above}个高于、{below}个低于这一范围{wider}；"
            "范围内的先后不宜作为评价依据。")  # fmt: skip
    return exhibit(_funnel(rows, indicator, me.region), title=f"{one.short}：先后是否超出偶然", table=shown, sentence=said,
                   source=me)  # fmt: skip


def _funnel(rows: pd.DataFrame, indicator: str, region: str) -> Axes:
    one, words = about(indicator), rows["place"].tolist()
    marks = [place for place, code in enumerate(rows["region_code"]) if code == region]
    with theme.style():
        right = [
            TextColumn("事项数", tuple(f"{int(n)}项" for n in rows["n"])),
            TextColumn(one.short, tuple(wording.amount(v, one.unit) for v in rows["value"])),
            TextColumn("与范围比", tuple(words)),
        ]
        axes = row_chart(rows["region"].tolist(), head="地区", right=right, strong=marks)
        scale(
            axes,
            [*rows["value"], *rows["low"], *rows["high"]],
            unit=one.unit,
            zero=False,
            label="浅色条：按事项数多少可以预期的范围（99.8%）",
        )
        bars(axes, rows["high"].tolist(), starts=rows["low"].tolist(), colours=[theme.RANGE] * len(rows), thick=0.86)
        sides = {"高于范围": one.sign, "低于范围": -one.sign}
        for side, shape, colour in ((0, "o", theme.FOCUS), (1, "D", theme.AHEAD), (-1, "v", theme.BEHIND)):
            at = [row for row, word in enumerate(words) if sides.get(word, 0) == side]
            axes.scatter(rows["value"].iloc[at], at, s=40, color=colour, marker=shape, linewidth=0, zorder=6)
        total = float(rows["overall"].iloc[0]) if len(rows) else math.nan
        yardsticks(axes, [Yardstick(total, f"总体 {wording.amount(total, one.unit)}")])
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


SENSITIVITY_COLUMNS = (
    Column("definition", "口径"),
    Column("text", "数值"),
    Column("place", "位次"),
    Column("meets_target", "达标"),
    Column("verdict", "判断"),
    Column("n", "纳入", "count", unit="项"),
    Column("reason", "说明"),
)


def sensitivity(me: Study, indicator: str = "time_compression") -> Block:
    """Give where the region stands under every other definition; the first row is the published one."""
    one, found = about(indicator), me.sensitivity(indicator)
    known = [about(key) for key in found["indicator"]]
    rows = found.assign(
        text=[wording.amount(v, what.unit) for v, what in zip(found["value"], known, strict=True)],
        place=list(map(wording.place_text, found["rank"], found["n_ranked"])),
    )
    shown = table(
        rows.drop(columns="indicator"),
        caption=f"{one.label}口径敏感性",
        columns=SENSITIVITY_COLUMNS,
        sheet=f"{one.short}口径敏感性",
    )
    ranks = rows["rank"].dropna().astype(int)
    spread = f"位次在第{ranks.min()}至第{ranks.max()}之间" if len(ranks) and ranks.min() < ranks.max() else "位次不变"
    other = rows.loc[rows["verdict_changed"], "definition"].tolist()
    met = rows.loc[rows["met_changed"] & (rows["meets_target"] != Met.NO_TARGET), "definition"].tolist()
    said = (f"换用{len(rows)}种口径计算，{me.name}{one.label}{spread if len(ranks) else wording.NO_DATA}；"
            + (f"判断在“{'”“'.join(other)}”下不同；" if other else "判断不变；")
            + (f"达标与否在“{'”“'.join(met)}”下不同。" if met else "达标与否不变。"))  # fmt: skip
    return exhibit(_by_definition(rows, me), title=f"{one.short}：位次是否取决于口径", table=shown, sentence=said,
                   source=me)  # fmt: skip


def _by_definition(rows: pd.DataFrame, me: Study) -> Axes:
    ranks, words = rows["rank"].astype("float64"), [Verdict(word) for word in rows["verdict"]]
    met = [Met(word) for word in rows["meets_target"]]
    with theme.style():
        right = [
            TextColumn("数值", tuple(rows["text"])),
            TextColumn("达标", tuple(map(str, met)), tuple(MET_INK.get(word, theme.SOFT) for word in met)),
            TextColumn(
                "判断", tuple(map(wording.verdict_text, words)), tuple(INK.get(word, theme.SOFT) for word in words)
            ),
        ]
        axes = row_chart(rows["definition"].tolist(), head="口径", right=right, strong=[0])
        worst = max(int(rows["n_ranked"].max()), 2)
        axes.set_xlim(worst + 0.5, 0.5)
        places = sorted({1, *range(3, worst, 3), worst})
        guides(axes, places, [f"第{place}" for place in places], label="越向右越好；竖线为现行口径的位次")
        first = float(ranks.iloc[0])
        known = ranks.dropna()
        tones = [theme.FOCUS if rank == first else theme.AHEAD if rank < first else theme.BEHIND for rank in known]
        if not wording.missing(first):
            axes.hlines(known.index, first, known, color=tones, linewidth=2.6, zorder=3)
            axes.axvline(first, color=theme.FOCUS, linewidth=1.2, zorder=2)
        axes.scatter(known, known.index, s=52, c=tones, linewidth=0, zorder=4)
        key(axes, [("●", "位次不变", theme.FOCUS), ("●", "前移", theme.AHEAD), ("●", "后移", theme.BEHIND)])
    spread = f"最前第{int(known.min())}，最后第{int(known.max())}" if len(known) else wording.NO_DATA
    return describe(axes, f"点图：{me.name}在{len(rows)}种口径下的位次，{spread}（共{worst}个地区）。")


CASELOAD_COLUMNS = (
    Column("name", "指标"),
    Column("plain_text", "事项口径"),
    Column("plain_place", "位次"),
    Column("text", "办件口径"),
    Column("place", "位次"),
    Column("effective", "相当于几个事项"),
    Column("top", "办件最多的事项（占比）"),
    Column("covered", "计入办件"),
)


def weighted(me: Study, counts: pd.DataFrame) -> Block:
    """Give the deciding indicators with every item weighted by its cases, beside the plain values."""
    if me.region not in set(counts["region_code"]):
        return say("没有本地区的办件数据，不列按办件量加权的数值。")
    found = me.caseload(counts)
    known = [about(key) for key in found["indicator"]]
    records = found.to_dict("records")
    rows = found.assign(
        name=[one.short for one in known],
        plain_text=[wording.amount(r["plain_value"], one.unit) for one, r in zip(known, records, strict=True)],
        text=[wording.amount(r["value"], one.unit) for one, r in zip(known, records, strict=True)],
        plain_place=[wording.place_text(r["plain_rank"], r["plain_n_ranked"]) for r in records],
        place=[wording.place_text(r["rank"], r["n_ranked"]) for r in records],
        effective=[wording.number(r["n_effective"], 1) for r in records],
        top=[f"{r['top_item']}（{r['top_share']:.0%}）" if r["top_item"] else wording.NO_DATA for r in records],
        covered=[f"{r['n_cases']:.0f}件（{r['coverage']:.0%}）" for r in records],
    )
    few = rows[rows["n_effective"] < 20]
    warn = (
        f"注意：办件集中，数值只相当于{few['effective'].iloc[0]}个事项，位次可能取决于一两个事项。" if len(few) else ""
    )
    shown = table(
        rows.drop(columns="indicator"), caption="按办件量加权", columns=CASELOAD_COLUMNS, sheet="按办件量加权"
    )
    return listing(shown, f"办件口径：每个事项按本期办件量加权，不与事项口径混排；没有办件的地区不排位。{warn}")


def tiles_rows(me: Study, indicator: str) -> pd.DataFrame:
    """Give one row per region of the group with its value, place and 判断, for the map of the index."""
    rows = me.standings[me.standings["indicator"] == indicator]
    return rows.assign(region=[region_name(code) for code in rows["region_code"]])
