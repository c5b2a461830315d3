"""Exhibits that settle and plan: gap split, like for like, funnel, sensitivity, the plan, trends, the board."""

from __future__ import annotations

import math

import pandas as pd

from zjanalysis.columns import Column
from zjanalysis.display import dates, figures, figures_compare, figures_plan, wording
from zjanalysis.display.arrange import case_bands
from zjanalysis.display.blocks import Block, exhibit
from zjanalysis.display.figures_compare import helps, place_in
from zjanalysis.display.known import about
from zjanalysis.display.tables import Table, table
from zjanalysis.inputs.regions import region_name

PART, N_CODES = Column("part", "组成"), Column("n_codes", "基本编码", "count", unit="个")


def split_exhibit(parts: pd.DataFrame, *, indicator: str) -> Block:
    """Give the gap split (analysis.gap_split, without ``by``): 结构, 水平 and 覆盖 from the peers to the region."""
    one, row = about(indicator), parts.iloc[0]
    code = str(row["peer_code"])
    names = (region_name(code) if code.isalnum() and code.isascii() else code, region_name(str(row["region_code"])))
    ends = ((names[0], float(row["peer_value"])), (names[1], float(row["value"])))
    shown = table(_with_sign(parts, one.sign, one.unit), caption=f"{one.label}差距拆分", sheet=f"{one.short}差距拆分",
                  columns=[PART, _delta(one.unit), N_CODES, Column("effect", "作用")])  # fmt: skip
    axes = figures_compare.waterfall(parts, start=ends[0], end=ends[1], indicator=one.key)
    gap = wording.against((ends[1][1] - ends[0][1]) * one.sign, one.unit, names[0])
    return exhibit(axes, table=shown, sentence=f"{names[1]}{one.label}{gap}，其中{_told(parts, one.unit)}。")


def change_split_exhibit(parts: pd.DataFrame, *, region: str, indicator: str) -> Block:
    """Give the change since the last period split into items added, removed and changed: part, contribution, n_items.

    ``parts`` also carries ``previous`` and ``value``, the two values the parts lead from and to.
    """
    one, row = about(indicator), parts.iloc[0]
    ends = (("上期", float(row["previous"])), ("本期", float(row["value"])))
    count = [column for column in (N_CODES, Column("n_items", "事项", "count", unit="项")) if column.key in parts]
    shown = table(_with_sign(parts, one.sign, one.unit), caption=f"{one.label}变化拆分", sheet=f"{one.short}变化拆分",
                  columns=[PART, _delta(one.unit), *count, Column("effect", "作用")])  # fmt: skip
    axes = figures_compare.waterfall(parts, start=ends[0], end=ends[1], indicator=one.key)
    moved = wording.change_text(ends[1][1] - ends[0][1], one.unit)
    return exhibit(
        axes, table=shown, sentence=f"{region_name(region)}{one.label}{moved}，其中{_told(parts, one.unit)}。"
    )


def _delta(unit: str) -> Column:
    kind = {"share": "points", "days": "days", "visits": "days"}[unit]
    return Column("contribution", "贡献", kind, unit={"share": "个百分点", "days": "工作日", "visits": "次"}[unit])


def _with_sign(parts: pd.DataFrame, sign: int, unit: str) -> pd.DataFrame:
    return parts.assign(effect=[helps(step * sign, unit) for step in parts["contribution"]]).drop(columns="indicator")


def _told(parts: pd.DataFrame, unit: str) -> str:
    pairs = zip(parts["part"], parts["contribution"], strict=True)
    return "、".join(f"{part}{wording.signed(step, unit)}" for part, step in pairs)


def interval_exhibit(pairs: pd.DataFrame, *, indicator: str, margin: float = 0.0) -> Block:
    """Give the like-for-like comparison with each peer (analysis.like_for_like)."""
    one = about(indicator)
    rows = pairs.sort_values("difference", ascending=False).assign(peer=pairs["peer_code"].map(region_name))
    value = {"share": "share", "days": "days", "visits": "days"}[one.unit]
    step = _delta(one.unit)
    columns = [
        Column("peer", "与谁比"), Column("value", "本地区", value), Column("peer_value", "对方", value),
        Column("difference", "差（正为优）", step.kind, unit=step.unit),
        Column("low", "区间下限", step.kind, unit=step.unit), Column("high", "区间上限", step.kind, unit=step.unit),
        Column("n_shared", "同事项", "count", unit="项"),
        Column("coverage", "覆盖率", "share"), Column("verdict", "判断"), Column("reason", "不作判断的原因"),
    ]  # fmt: skip
    shown = table(
        rows.drop(columns="indicator"),
        caption=f"{one.label}同事项逐一比较",
        columns=columns,
        sheet=f"{one.short}同事项",
    )
    words = [wording.verdict_word(verdict) for verdict in pairs["verdict"]]
    counts = "、".join(f"{word}{words.count(word)}个" for word in dict.fromkeys(["优于", "持平", "落后", *words]))
    name = region_name(str(pairs["region_code"].iloc[0]))
    said = f"只比双方都有的事项并统一法定时限，{name}{one.label}与{len(pairs)}个地区相比：{counts}。"
    return exhibit(figures_compare.interval_plot(pairs, indicator=one.key, margin=margin), table=shown, sentence=said)


def funnel_exhibit(rows: pd.DataFrame, *, indicator: str, region: str = "") -> Block:
    """Give shares across regions of different size against the range to be expected (see figures_compare.funnel)."""
    one = about(indicator)
    rows = figures_compare.widest(rows)
    words = list(map(place_in, rows["value"], rows["low"], rows["high"]))
    columns = [Column("region", "地区"), Column("n", "事项数", "count", unit="项"), Column("value", one.short, "share"),
               Column("low", "范围下限", "share"), Column("high", "范围上限", "share"),
               Column("place", "与范围比")]  # fmt: skip
    frame = rows.assign(place=words)
    shown = table(
        frame, caption=f"{one.label}与可预期的范围", columns=columns, sheet=f"{one.short}漏斗图", focus=region
    )
    inside, above, below = (words.count(word) for word in ("范围内", "高于范围", "低于范围"))
    said = f"按事项数多少考虑，{len(rows)}个地区中{inside}个在可预期的范围内，{above}个高于、{below}个低于这一范围；"
    said += "范围内的先后不宜作为评价依据。"
    return exhibit(figures_compare.funnel(rows, indicator=one.key, region=region), table=shown, sentence=said)


def sensitivity_exhibit(rows: pd.DataFrame, *, indicator: str, region: str) -> Block:
    """Give value, rank and verdict of a region under each definition; the first row is the published one."""
    one, kinds = about(indicator), {"share": "share", "days": "days", "visits": "days"}
    columns = [Column("definition", "口径"), Column("value", "数值", kinds[one.unit]), Column("rank", "位次", "count"),
               Column("n_ranked", "参排地区", "count", unit="个")]  # fmt: skip
    columns += [Column("verdict", "判断")] if "verdict" in rows else []
    shown = table(rows.drop(columns="indicator", errors="ignore"), caption=f"{one.label}口径敏感性", columns=columns,
                  sheet=f"{one.short}口径敏感性")  # fmt: skip
    known = rows["rank"].dropna().astype(int)
    spread = f"位次在第{known.min()}至第{known.max()}之间" if len(known) and known.min() < known.max() else "位次不变"
    said = f"换用{len(rows)}种口径计算，{region_name(region)}{one.label}{spread if len(known) else wording.NO_DATA}。"
    return exhibit(
        figures_compare.rank_by_definition(rows, indicator=one.key, region=region), table=shown, sentence=said
    )


def plan_exhibit(steps: pd.DataFrame, summary: pd.DataFrame, *, table_limit: int = 30) -> Block:
    """Give the plan curve of analysis.plan (its steps and summary) and the first ``table_limit`` items."""
    row = {str(key): value for key, value in summary.iloc[0].items()}
    one, name = about(str(row["indicator"])), region_name(str(row["region_code"]))
    target, value = float(row["target"]), float(row["value"])
    goal = f"{'须优于' if row['past'] else '目标'}{wording.amount(target, one.unit)}"
    start = f"{name}{one.label}现为{wording.amount(value, one.unit)}，{goal}"
    reach = f"调整{int(row['n_steps'])}项后为{wording.amount(row['reached_value'], one.unit)}"
    places = f"位次由第{int(row['rank_before'])}到第{int(row['rank_after'])}（共{int(row['n_ranked'])}个地区）"
    if row["reached"]:
        said = f"{start}，已经达到，无需调整。" if row["n_steps"] == 0 else f"{start}；{reach}，{places}。"
    else:
        best = wording.amount(row["best_reachable"], one.unit)
        said = f"{start}；按兄弟地区已有做法全部调整{int(row['n_steps'])}项，最好为{best}，仍达不到。"
    axes = figures_plan.plan_curve(steps, value=value, target=target, indicator=one.key, reached=bool(row["reached"]))
    return exhibit(axes, table=steps_table(steps.head(table_limit), one.short, one.unit), sentence=said)


def steps_table(steps: pd.DataFrame, name: str, unit: str) -> Table:
    """Give the items of a plan in the order to change them."""
    value, step = {"share": "share", "days": "days", "visits": "days"}[unit], _delta(unit)
    columns = [
        Column("order", "序号", "count"), Column("match_code", "基本编码", "code"), Column("item_name", "事项名称"),
        Column("department", "实施主体"), Column("from_value", "现值", "number"),
        Column("to_value", "建议值", "number"), Column("follows_names", "依据（已做到的地区）"),
        Column("gain", "预计提升", step.kind, unit=step.unit),
        Column("cumulative", "累计达到", value), Column("rank", "位次", "count"),
    ]  # fmt: skip
    names = ["、".join(region_name(code) for code in _codes(codes)) for codes in steps["follows"]]
    rows = steps.assign(follows_names=names).drop(columns="indicator", errors="ignore")
    return table(rows, caption=f"{name}压减方案", columns=columns, sheet=f"{name}压减方案")


def _codes(written: object) -> list[str]:
    if isinstance(written, str):
        return [code for code in written.replace("、", ",").split(",") if code]
    return list(written) if isinstance(written, (list, tuple)) else []


def monthly(rows: pd.DataFrame, key: str) -> pd.DataFrame:
    """Give the rows of one indicator in order, ``period`` being the month."""
    own = rows[rows["indicator"] == key] if "indicator" in rows else rows
    if "month" not in own:
        return own
    ordered = own.sort_values("month", ignore_index=True)
    return ordered.assign(period=[dates.month_text(month) for month in ordered["month"]])


def trend_exhibit(rows: pd.DataFrame, *, region: str, indicator: str, target: float = math.nan) -> Block:
    """Give one indicator month by month: ``rows`` is analysis.case_trend, or holds period and value in order."""
    one, value = about(indicator), {"share": "share", "days": "days", "visits": "days"}
    rows = monthly(rows, one.key)
    sums = [Column("numerator", "分子（N）", "number"), Column("denominator", "分母（M）", "number")]
    columns = [
        Column("period", "月份"),
        Column("value", one.short, value[one.unit]),
        *(c for c in sums if c.key in rows),
    ]
    shown = table(
        rows.drop(columns="indicator", errors="ignore"),
        caption=f"{one.label}逐月变化",
        columns=columns,
        sheet=f"{one.short}逐月",
    )
    known = rows.dropna(subset=["value"])
    said = f"{region_name(region)}{one.label}{wording.NO_DATA}。"
    if len(known):
        first, last = known.iloc[0], known.iloc[-1]
        said = f"{region_name(region)}{one.label}由{first['period']}的{wording.amount(first['value'], one.unit)}"
        said += f"到{last['period']}的{wording.amount(last['value'], one.unit)}。"
    return exhibit(figures_plan.trend(rows, indicator=one.key, target=target), table=shown, sentence=said)


def bands_exhibit(days: pd.DataFrame, *, region: str) -> Block:
    """Give cases by band of working days, actual beside promised and statutory (analysis.days_distribution)."""
    bands = case_bands(days) if "quantity" in days else days
    names = {column: name for column, name, _ in figures.SERIES if column in bands}
    columns = [Column("band", "时限"), *(Column(key, name, "count", unit="件") for key, name in names.items())]
    shown = table(bands, caption="办件时限分布（按工作日分段）", columns=columns, sheet="办件时限分布")
    axes = figures.case_distribution(bands, region=region)
    soon = "，".join(f"{name}{int(bands[key].iloc[:4].sum())}件" for key, name in names.items())
    return exhibit(axes, table=shown, sentence=f"{region_name(region)}办件在5个工作日以内的：{soon}。")


def board_exhibit(board: pd.DataFrame) -> Block:
    """Give the board of the plan's tasks (analysis.board)."""
    heads = {"n_rows": "台账", "n_met": "达标", "n_in_progress": "推进中", "n_long_term": "长期推进",
             "n_not_started": "未启动", "n_overdue": "逾期", "n_no_value": "无数据"}  # fmt: skip
    counts = [Column(key, name, "count", unit="项") for key, name in heads.items() if key in board]
    shown = table(board, caption="任务进展", columns=[Column("title", "任务"), *counts], sheet="任务进展")
    total, met, late = (int(board[key].sum()) for key in ("n_rows", "n_met", "n_overdue"))
    said = f"{len(board)}项任务共列台账{total}项，达标{met}项，逾期{late}项。"
    return exhibit(figures_plan.board_bars(board), table=shown, sentence=said)
