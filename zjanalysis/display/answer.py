"""The first screen: where a region stands, why, and what to do first; one figure, one table, three sentences."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from zjanalysis.analysis.indicators import in_scope
from zjanalysis.analysis.plan import Plan
from zjanalysis.display import picture, theme, wording
from zjanalysis.display.blocks import Block, carry, exhibit, names_of
from zjanalysis.display.canvas import TextColumn, row_chart, rows_per_mm, write
from zjanalysis.display.picture import describe, new_figure
from zjanalysis.display.tables import Table, about, markup, table
from zjanalysis.inputs.columns import Column
from zjanalysis.inputs.regions import city_of, region_code, region_name
from zjanalysis.inputs.workplan import has_plan
from zjanalysis.study import Study
from zjanalysis.units import Met, Verdict

INK = {Verdict.AHEAD: theme.AHEAD, Verdict.BEHIND: theme.BEHIND_TEXT}
MET_INK = {Met.MET: theme.AHEAD, Met.NOT_MET: theme.BEHIND_TEXT}
PHONE = 92 / 25.4  # inches


def summary(me: Study) -> Block:
    """Give the three sentences 处在什么位置 / 为什么 / 先做什么, made from the numbers."""
    told = (("处在什么位置", position_sentence(me)), ("为什么", reason_sentence(me)), ("先做什么", action_sentence(me)))
    body = "".join(f"<div><dt>{term}：</dt><dd>{markup(text)}</dd></div>" for term, text in told)
    payload = {"kind": "answer", "terms": [list(pair) for pair in told], "cards": _cards(me)}
    return Block(f'<dl class="zj-answer">{body}</dl>', payload, "".join(text for _, text in told), me.gaps)


def _cards(me: Study) -> list[dict[str, Any]]:
    """Give what the index needs of each indicator, in the order of the registry: numbers as they are and as they read."""
    rows = spine_rows(me).set_index("indicator").loc[me.gaps["indicator"]].reset_index()
    texts = ("text", "place", "meets_target", "verdict", "moved", "effect_text", "median_text", "target_text")
    numbers = ("value", "rank", "n_ranked", "median", "gap_to_median", "effect", "change")
    return [
        {
            "indicator": row["indicator"], "label": about(row["indicator"]).short, "unit": about(row["indicator"]).unit,
            "trend": wording.change_word(row["change"], about(row["indicator"]).unit, about(row["indicator"]).sign),
            **{name: str(row[name]) for name in texts},
            **{name: None if wording.missing(row[name]) else float(row[name]) for name in numbers},
        }
        for row in rows.to_dict("records")
    ]  # fmt: skip


def position_sentence(me: Study) -> str:
    """Say how many of the six indicators are behind, level or ahead, what meets its target, and what has moved."""
    gaps = me.gaps
    names = {word: [about(key).short for key in gaps.loc[gaps["verdict"] == word, "indicator"]] for word in Verdict}
    shown = (Verdict.BEHIND, Verdict.AHEAD, Verdict.LEVEL, Verdict.NONE, Verdict.NO_DATA)
    parts = [f"{len(names[word])}项{word}" + _named(names[word], word, len(gaps)) for word in shown if names[word]]
    said = f"按同事项与{me.whom}比，{len(gaps)}项指标中{'、'.join(parts)}。"
    return said + target_sentence(gaps, me.region) + moved_sentence(gaps)


def _named(names: list[str], word: Verdict, whole: int) -> str:
    return "" if word is Verdict.LEVEL or len(names) == whole else f"（{'、'.join(names)}）"


def target_sentence(gaps: pd.DataFrame, region: str) -> str:
    """Say what meets the plan's targets; what cannot be judged is counted too."""
    if not has_plan(region):
        return "未收录工作方案，不列目标。"
    asked = gaps[gaps["meets_target"] != Met.NO_TARGET]
    short = {word: [about(key).short for key in asked.loc[asked["meets_target"] == word, "indicator"]] for word in Met}
    parts = [f"{len(short[Met.MET])}项达标"] if short[Met.MET] else []
    parts += [
        f"{len(short[word])}项{word}（{'、'.join(short[word])}）"
        for word in (Met.NOT_MET, Met.OPEN, Met.NO_DATA)
        if short[word]
    ]
    return f"有目标的{len(asked)}项中{'、'.join(parts)}。" if parts else ""


def moved_sentence(gaps: pd.DataFrame) -> str:
    """Say how many indicators are better or worse than in the last period; nothing in a first period."""
    words = [
        wording.change_word(row.change, about(row.indicator).unit, about(row.indicator).sign)
        for row in gaps.itertuples()
    ]
    if set(words) <= {wording.NO_DATA}:
        return ""
    parts = [f"{words.count(word)}项{word}" for word in (wording.GOOD, wording.BAD, wording.SAME) if words.count(word)]
    return f"较上期{'、'.join(parts)}。"


def reason_sentence(me: Study) -> str:
    """Say what the items show: how many permits still ask for a visit or cannot be done online, who holds limits long."""
    permits = in_scope(me.own, me.scope, one=about("time_compression"))
    if permits.empty:
        return f"没有在统计范围内的事项，{wording.NO_DATA}。"
    visits, offline = int((permits["visits"] > 0).sum()), int((permits["online"] == False).sum())  # noqa: E712
    counts = [f"{visits}项仍要到现场" if visits else "", f"{offline}项不能网上办" if offline else ""]
    said = f"{len(permits)}项许可中，{'、'.join(part for part in counts if part)}；" if any(counts) else ""
    limits = me.by_department("time_compression")
    promised = (limits["denominator"] - limits["numerator"]).groupby(limits["department"]).sum()
    longest = promised[promised > 0].sort_values(ascending=False, kind="stable").head(3)
    if longest.empty:
        return said.rstrip("；") + "。" if said else "各部门承诺均为即办。"
    share = float(longest.sum() / promised.sum())
    return f"{said}承诺时限合计{wording.plain(promised.sum())}个工作日，{'、'.join(map(str, longest.index))}占{share:.0%}。"


def action_sentence(me: Study) -> str:
    """Say with how few changes each target that is not met would be."""
    plans = unmet_plans(me)
    if not plans:
        return (
            "各项目标均已达到，按表1巩固同事项上的短板。"
            if has_plan(me.region)
            else "未收录方案，按表1缩小与居中地区的差距。"
        )
    return "；".join(_action(one) for one in plans) + "。"


def _action(one: Plan) -> str:
    row = one.summary.iloc[0]
    name, unit = about(str(row["indicator"])).short, about(str(row["indicator"])).unit
    if row["reached"]:
        return f"{name}改{row['n_steps']}项即达标（{wording.amount(row['reached_value'], unit)}）"
    if not row["n_possible"]:
        return f"{name}没有可参照的做法，暂无可改事项"
    return f"{name}按{row['n_possible']}项已有做法全部改完为{wording.amount(row['best_reachable'], unit)}，仍不达标"


def unmet_plans(me: Study) -> list[Plan]:
    """Give the plans of the indicators that do not meet their target, the fewest changes first."""
    keys = me.gaps.loc[me.gaps["meets_target"] == Met.NOT_MET, "indicator"]
    plans = [me.plan(str(key)) for key in keys]
    return sorted(plans, key=lambda one: (not one.summary["reached"].iloc[0], int(one.summary["n_steps"].iloc[0])))


SPINE_COLUMNS = (
    Column("indicator", "指标"),
    Column("text", "本期"),
    Column("meets_target", "达标"),
    Column("place", "位次（区间）"),
    Column("median_text", "中位数"),
    Column("target_text", "目标"),
    Column("moved", "较上期"),
    Column("effect_text", "同事项差距"),
    Column("verdict", "判断"),
    Column("reason", "说明"),
)


def spine_rows(me: Study) -> pd.DataFrame:
    """Give the region's `gaps` as they read, those behind first."""
    gaps = me.gaps.set_index("indicator").loc[list(me.keys)].reset_index()
    known = [about(key) for key in gaps["indicator"]]
    rows = gaps.to_dict("records")
    texts = {
        "text": [wording.amount(r["value"], one.unit, r["digits"]) for one, r in zip(known, rows, strict=True)],
        "place": [wording.place_text(r["rank"], r["n_ranked"], r["rank_low"], r["rank_high"]) for r in rows],
        "median_text": [wording.amount(r["median"], one.unit, r["digits"]) for one, r in zip(known, rows, strict=True)],
        "target_text": [target_text(one.key, me) for one in known],
        "moved": [wording.change_text(r["change"], one.unit, since="") for one, r in zip(known, rows, strict=True)],
        "effect_text": [wording.signed(r["effect"], one.unit) for one, r in zip(known, rows, strict=True)],
        "reason": [_reason(r) for r in rows],
    }
    return gaps.assign(**texts)


def _reason(row: dict[Any, Any]) -> str:
    parts = [str(row["reason"])] if row["reason"] else []
    if row["hinge"]:
        parts.append(f"判断取决于{row['hinge']}")
    if row["simpson"] is True:
        parts.append("全部事项相比的方向与此相反")
    return "；".join(parts)


def target_text(key: str, me: Study) -> str:
    """Give what the plan asks of a region: a number, or what it says in words; 未收录方案 without a plan on record."""
    from zjanalysis.analysis.compare import target_of  # noqa: PLC0415
    from zjanalysis.analysis.registry import bound  # noqa: PLC0415

    one, asked = bound(about(key), me.region), target_of(about(key), me.region)
    if not has_plan(me.region):
        return "未收录方案"
    if asked.kind == "number":
        side = ("高于" if asked.strict else "达到") if asked.sign > 0 else ("低于" if asked.strict else "不超过")
        return side + wording.amount(asked.number, one.unit).replace(".00%", "%")
    return one.target_text.replace("兄弟地市", me.whom) or "—"


def spine_table(me: Study) -> Table:
    """Give the table behind the figure: value, 达标, place, median, target, change, difference, 判断."""
    return table(spine_rows(me), caption=f"{me.name}各项指标的位置", columns=SPINE_COLUMNS, sheet="指标位置")


def spine(me: Study) -> Block:
    """Give the one figure: six indicators, every region of the group a dot, better to the right, the own one strong."""
    rows, shown = spine_rows(me), spine_table(me)
    title = f"{len(rows)}项指标在{len(me.group)}个{'县（市、区）' if '县' in me.whom else '地区'}中的位置"
    axes = _wide(me, rows)
    block = carry(exhibit(axes, title=title, table=shown, source=me))
    narrow = picture.draw_svg(_narrow(me, rows), alt=picture.alt_of(axes) + "（窄屏）")
    html = block.html.replace("<svg ", '<svg class="zj-desk" ', 1)
    cut = html.index('<details class="zj-data"')
    narrow = narrow.replace("<svg ", '<svg class="zj-phone" aria-hidden="true" ', 1)
    return replace(block, html=html[:cut] + narrow + html[cut:])


def _spine_alt(me: Study, rows: pd.DataFrame) -> str:
    each = "；".join(
        f"{about(row['indicator']).short}{row['text']}，第{row['place']}，{row['meets_target']}，判断{row['verdict']}"
        for row in rows.to_dict("records")
    )
    return f"点图：{len(rows)}项指标，每点一个地区，越靠右越好，大点为{me.name}，短竖线为全组中位数。{each}。"


def _spots(me: Study, row: dict[Any, Any]) -> tuple[list[float], float, float, float]:
    """Give the places (0 worst, 1 best) of the others, of the own region, of the median and of the target."""
    one = about(row["indicator"])
    values = me.standings.loc[me.standings["indicator"] == one.key, ["region_code", "value"]].set_index("region_code")[
        "value"
    ]
    ends = values.dropna() * one.sign
    low, high = (float(ends.min()), float(ends.max())) if len(ends) else (0.0, 1.0)
    if not wording.missing(row["target"]):
        low, high = min(low, row["target"] * one.sign), max(high, row["target"] * one.sign)
    spread = (high - low) or 1.0

    def at(value: Any) -> float:
        return float("nan") if wording.missing(value) else (float(value) * one.sign - low) / spread

    others = [at(value) for code, value in values.items() if code != me.region and not wording.missing(value)]
    return others, at(row["value"]), at(row["median"]), at(row["target"])


def _wide(me: Study, rows: pd.DataFrame) -> Axes:
    records = rows.to_dict("records")
    verdicts = [Verdict(word) for word in rows["verdict"]]
    met = [Met(word) for word in rows["meets_target"]]
    with theme.style():
        right = [
            TextColumn("本期", tuple(rows["text"])),
            TextColumn("达标", tuple(map(str, met)), tuple(MET_INK.get(word, theme.SOFT) for word in met)),
            TextColumn("位次（区间）", tuple(rows["place"])),
            TextColumn("较上期", tuple(rows["moved"].str.replace("个百分点", "点"))),
            TextColumn(
                "判断",
                tuple(map(wording.verdict_text, verdicts)),
                tuple(INK.get(word, theme.SOFT) for word in verdicts),
            ),
        ]
        axes = row_chart([about(key).short for key in rows["indicator"]], head="指标", right=right, step=6.4)
        axes.set_xlim(-0.04, 1.04)
        for number, record in enumerate(records):
            _strip(axes, number, *_spots(me, record))
        over = {"fontsize": theme.SMALL, "color": theme.SOFT, "va": "bottom"}
        write(axes, 0, -0.5 - rows_per_mm(axes), "← 较差", ha="left", **over)
        write(axes, 1, -0.5 - rows_per_mm(axes), "较好 →", ha="right", **over)
        _key(axes, me, len(rows) - 0.5 + rows_per_mm(axes) * 2.2)
    return describe(axes, _spine_alt(me, rows))


def _strip(axes: Axes, y: float, others: list[float], own: float, median: float, target: float) -> None:
    """Draw one indicator: a line, a dot per region, the median as a tick, the target as a wedge, the own dot last."""
    axes.plot([0, 1], [y, y], color=theme.RANGE, linewidth=1.0, zorder=1, clip_on=False)
    axes.scatter(others, [y] * len(others), s=17, color=theme.PEER, linewidth=0, zorder=3, clip_on=False)
    if not wording.missing(median):
        axes.plot([median] * 2, [y - 0.3, y + 0.3], color=theme.INK, linewidth=1.5, zorder=4, clip_on=False)
    if not wording.missing(target):
        axes.scatter([target], [y - 0.36], s=20, marker="v", color=theme.TARGET, linewidth=0, zorder=4, clip_on=False)
    if not wording.missing(own):
        axes.scatter([own], [y], s=62, color=theme.FOCUS, linewidth=0, zorder=5, clip_on=False)


def _key(axes: Axes, me: Study, y: float) -> None:
    """Write what the marks mean under the rows."""
    marks = (("●", me.name, theme.FOCUS), ("●", f"其他{len(me.peers)}个{me.whom}", theme.PEER),
             ("｜", f"{len(me.group)}地中位数", theme.INK), ("▼", "方案目标", theme.TARGET))  # fmt: skip
    width = axes.get_position().width * axes.figure.get_figwidth() * 72  # type: ignore[union-attr]
    low, high = axes.get_xlim()
    x = -axes.get_position().x0 / axes.get_position().width * (high - low) + low
    for mark, name, colour in marks:
        for text, ink in ((mark, colour), (name, theme.SOFT)):
            write(axes, x, y, text, fontsize=theme.SMALL, color=ink, va="top", ha="left")
            x += (theme.ems(text) + (0.3 if text == mark else 1.4)) * theme.SMALL / width * (high - low)


def _narrow(me: Study, rows: pd.DataFrame) -> Axes:
    """Draw the same for a phone: words over the strip of each indicator."""
    step, total = 13.0, 13.0 * len(rows) + 6
    with theme.style():
        figure = new_figure(total, width=PHONE)
        axes = figure.add_axes((0.02, 0, 0.96, 1))
        axes.set_xlim(-0.03, 1.03)
        axes.set_ylim(total, 0)
        axes.set_axis_off()
        for number, row in enumerate(rows.to_dict("records")):
            top, verdict, met = number * step + 2, Verdict(row["verdict"]), Met(row["meets_target"])
            write(axes, 0, top, about(row["indicator"]).short, va="top", ha="left", fontfamily=list(theme.STRONG))
            write(axes, 0.36, top, row["text"], va="top", ha="left")
            write(axes, 0.62, top, str(met), va="top", ha="left", color=MET_INK.get(met, theme.SOFT))
            write(axes, 1, top, wording.verdict_text(verdict), va="top", ha="right", color=INK.get(verdict, theme.SOFT))
            write(
                axes,
                0,
                top + 4.2,
                f"第{row['place']}　{row['moved']}",
                va="top",
                ha="left",
                fontsize=theme.SMALL,
                color=theme.SOFT,
            )
            _phone_strip(axes, top + 9.2, *_spots(me, row))
        note = f"●{me.name}　●其他　｜中位数　▼目标；越靠右越好"
        write(axes, 0, total - 1, note, va="bottom", ha="left", fontsize=theme.SMALL, color=theme.SOFT)
    return describe(axes, "窄屏")


def _phone_strip(axes: Axes, y: float, others: list[float], own: float, median: float, target: float) -> None:
    """Draw one strip in millimetres."""
    axes.plot([0, 1], [y, y], color=theme.RANGE, linewidth=1.0, zorder=1)
    axes.scatter(others, [y] * len(others), s=15, color=theme.PEER, linewidth=0, zorder=3)
    if not wording.missing(median):
        axes.plot([median] * 2, [y - 1.8, y + 1.8], color=theme.INK, linewidth=1.5, zorder=4)
    if not wording.missing(target):
        axes.scatter([target], [y - 2.2], s=17, marker="v", color=theme.TARGET, linewidth=0, zorder=4)
    if not wording.missing(own):
        axes.scatter([own], [y], s=52, color=theme.FOCUS, linewidth=0, zorder=5)


FIRST_COLUMNS = (
    Column("name", "指标"),
    Column("item_name", "事项"),
    Column("department", "部门"),
    Column("step", "现状→建议"),
    Column("done_by", "已做到的地区"),
    Column("effect", "效果"),
)


def first_steps(me: Study, *, limit: int = 4) -> Block:
    """Give 表1 先办事项: the changes that gain most for the targets that are not met (else for 判断), at most ``limit``."""
    plans = unmet_plans(me) or [me.plan(str(key), target="lead") for key in me.gaps["indicator"].head(1)]
    each = max(1, -(-limit // max(len(plans), 1)))
    steps = [named_steps(one.steps.head(each)) for one in plans if len(one.steps)]
    rows = (
        pd.concat(steps, ignore_index=True).head(limit)
        if steps
        else pd.DataFrame(columns=[c.key for c in FIRST_COLUMNS])
    )
    total = sum(len(one.steps) for one in plans)
    marked = bool(len(rows)) and bool(rows["review"].ne("").any())
    note = "*须经部门论证后再定。" if marked else ""
    shown = table(rows, caption=f"先办事项（共{total}项，全部见附件）" if total > len(rows) else "先办事项",
                  columns=FIRST_COLUMNS, sheet="先办事项", note=note)  # fmt: skip
    return Block(shown.html(), {"kind": "table", "table": shown.payload()}, shown.caption, rows)


def named_steps(steps: pd.DataFrame) -> pd.DataFrame:
    """Give the steps of a plan with the words a reader meets: name, step, done_by, effect; * where a review is needed."""
    known = [about(key) for key in steps["indicator"]]
    rows = steps.to_dict("records")
    return steps.assign(
        name=[one.short for one in known],
        item_name=[f"{row['item_name']}{'*' if row['review'] else ''}" for row in rows],
        department=[office(str(row["department"]), region_name(str(row["region_code"]))) for row in rows],
        step=[
            f"{wording.state_text(r['from_value'], r['kind'])}→{wording.state_text(r['to_value'], r['kind'])}"
            for r in rows
        ],
        done_by=[_done_by(row) for row in rows],
        effect=[effect_text(row, one.unit) for one, row in zip(known, rows, strict=True)],
    )


def _done_by(row: dict[Any, Any]) -> str:
    codes = [code for code in str(row["follows"]).split("、") if code]
    names = [short_name(name) for name in names_of(codes)]
    return "、".join(names) if row["n_follows"] <= len(names) else f"{'、'.join(names[:2])}等{row['n_follows']}地"


def short_name(name: str) -> str:
    """Give a region's name without 县, 区 or 市 where two characters are left.

    >>> short_name("遂溪县"), short_name("湛江经济技术开发区")
    ('遂溪', '湛江经开区')
    """
    bare = name.replace("经济技术开发区", "经开区")
    return bare[:-1] if bare[-1] in "县区市" and len(bare) == 3 else bare


def office(department: str, region: str) -> str:
    """Give a department's name without the region it belongs to, as its own people say it.

    >>> office("遂溪县公安局", "遂溪县"), office("湛江市生态环境局遂溪分局", "遂溪县"), office("湛江市公安局", "湛江市")
    ('县公安局', '市生态环境局遂溪分局', '市公安局')
    """
    for name in (region, region_name(city_of(region_code(region)))):
        if department.startswith(name) and len(department) > len(name):
            return name[-1] + department[len(name) :]
    return department


def effect_text(row: dict[Any, Any], unit: str) -> str:
    """Give what a step brings: visits as visits, everything else in the unit of the indicator.

    >>> effect_text({"kind": "visits", "change_by": 2.0}, "visits"), effect_text({"kind": "days", "gain": 0.0072}, "share")
    ('少跑2次', '提升0.72点')
    """
    if row["kind"] == "visits" and unit == "visits":
        return f"少跑{wording.plain(row['change_by'])}次"
    return f"提升{wording.difference(row['gain'], unit).replace('个百分点', '点')}"
