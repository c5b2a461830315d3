"""What settles a comparison, and what changed item by item, as sentence and table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from zjanalysis.analysis.basket import DECIDING
from zjanalysis.analysis.caseload import caseload
from zjanalysis.analysis.cases_kept import known_cases
from zjanalysis.analysis.cases_summary import case_counts
from zjanalysis.analysis.registry import PLAN_SCOPE, Indicator, Scope
from zjanalysis.columns import Column, label
from zjanalysis.display import wording
from zjanalysis.display.blocks import Block, say
from zjanalysis.display.tables import Table, about, table
from zjanalysis.inputs.period import Period
from zjanalysis.inputs.regions import region_name

VERDICT_COLUMNS = (
    Column("name", "指标"),
    Column("value", "本地区", "number"),
    Column("median", "中位数", "number"),
    Column("gap_to_median", "差距（正为优）", "number"),
    Column("interval", "稳健区间"),
    Column("p_ahead", "领先把握", "share"),
    Column("rank_text", "位次（区间）"),
    Column("shared", "同事项（覆盖）"),
    Column("verdict", "判断"),
)


def verdict_table(settled: pd.DataFrame) -> Table:
    """Give the like-for-like decision (`analysis.robust`) with interval, certainty, coverage and reason."""
    rows = settled.assign(
        name=[about(key).short for key in settled["indicator"]],
        gap_to_median=settled["difference"],
        shared=[f"{n}项（{share:.0%}）" for n, share in zip(settled["n_shared"], settled["coverage"], strict=True)],
        interval=[_interval(row) for row in settled.to_dict("records")],
        rank_text=[_rank(row) for row in settled.to_dict("records")],
    )
    doubts = [
        f"{about(str(row['indicator'])).short}：{_reason(row)}。" for row in settled.to_dict("records") if _reason(row)
    ]
    note = "同一基本编码、同一法定时限下比较；稳健区间由事项重复抽取得到，说明结论对个别事项的依赖，不是抽样误差。"
    return table(
        rows, caption="同事项可比的判断", columns=VERDICT_COLUMNS, sheet="同事项判断", note=note + "".join(doubts)
    )


def verdict_sentence(settled: pd.DataFrame) -> str:
    """Say for each indicator whether the region is ahead of its peers like for like, or why nothing is said."""
    said = []
    for row in settled.to_dict("records"):
        one, name = about(str(row["indicator"])), region_name(str(row["region_code"]))
        peers = wording.peers_word(str(row["region_code"]))
        if row["reason"]:
            said.append(f"{one.short}不作判断（{row['reason']}）。")
            continue
        gap = wording.against(row["difference"], one.unit, f"{peers}中位数")
        said.append(
            f"同事项相比，{name}{one.short}{wording.amount(row['value'], one.unit)}，{gap}，"
            f"稳健区间{_interval(row)}，判断为{wording.verdict_word(row['verdict'])}。"
        )
    return "".join(said)


def _interval(row: dict[object, object]) -> str:
    unit = about(str(row["indicator"])).unit
    if wording.missing(row["low"]):
        return "—"
    low, high = wording.signed(row["low"], unit), wording.signed(row["high"], unit)
    return f"{low.removesuffix(wording.UNITS['points' if unit == 'share' else unit])}～{high}"


def _rank(row: dict[object, object]) -> str:
    if wording.missing(row["rank"]):
        return "—"
    return f"{int(float(str(row['rank'])))}（{int(float(str(row['rank_low'])))}–{int(float(str(row['rank_high'])))}）"


def _reason(row: dict[object, object]) -> str:
    return str(row["reason"] or ("注意：全部事项相比的方向与此相反" if row["simpson"] else ""))


CASELOAD_COLUMNS = (
    Column("name", "指标"),
    Column("previous", "事项口径", "number"),
    Column("plain_place", "位次"),
    Column("value", "办件口径", "number"),
    Column("place", "位次"),
    Column("median", "中位数", "number"),
    Column("gap_to_median", "差距", "number"),
    Column("covered", "计入办件"),
)
NO_CASELOAD = "没有本地区的办件数据，不列按办件量加权的数值。"


def caseload_table(
    period: Period,
    *,
    region: str,
    peers: Iterable[str],
    scope: Scope | None = None,
    indicators: Iterable[str | Indicator] = DECIDING,
) -> Table | Block:
    """Give indicators with every item weighted by its cases, beside the plain values (`caseload`).

    A sentence where the region has no cases. Raises InputError for cases that cannot be read.
    """
    cases = known_cases(period)
    counts = None if cases is None else case_counts(cases.by_item)
    if counts is None or region not in set(counts["region_code"]):
        return say(NO_CASELOAD)
    rows = caseload(period.items, counts, region=region, peers=peers, indicators=indicators, scope=scope or PLAN_SCOPE)
    shown = rows.assign(
        name=[about(key).short for key in rows["indicator"]],
        previous=rows["plain_value"],
        plain_place=[_place(*pair) for pair in zip(rows["plain_rank"], rows["plain_n_ranked"], strict=True)],
        place=[_place(*pair) for pair in zip(rows["rank"], rows["n_ranked"], strict=True)],
        covered=[f"{n:.0f}件（{share:.0%}）" for n, share in zip(rows["n_cases"], rows["coverage"], strict=True)],
    )
    note = ("办件口径：每个事项按本期办件量加权，不与事项口径混排；没有办件的地区不排位。"
            "中位数与差距（正为优）按办件口径。统计范围外或缺数的事项，其办件不计入。")  # fmt: skip
    return table(shown, caption="按办件量加权", columns=CASELOAD_COLUMNS, sheet="按办件量加权", note=note)


def _place(rank: Any, n_ranked: Any) -> str:
    return "—" if wording.missing(rank) else f"{int(rank)}/{int(n_ranked)}"


CHANGE_COLUMNS = (
    Column("kind", "变动"),
    Column("match_code", "基本编码", "code"),
    Column("item_name", "事项名称"),
    Column("department", "实施主体"),
    Column("field", "栏目"),
    Column("previous", "上期", "days"),
    Column("current", "本期", "days"),
)


def item_changes_table(changes: pd.DataFrame, *, region: str, limit: int = 0) -> Table:
    """Give what changed in a region's items (`analysis.item_changes`), at most ``limit`` rows (0: all)."""
    shown = changes.head(limit) if limit else changes
    shown = shown.assign(field=[about(key).short if key == "instant" else label(key) for key in shown["field"]])
    note = f"共{len(changes)}处变动，列出{len(shown)}处。" if len(shown) < len(changes) else ""
    return table(shown, caption=f"{region_name(region)}事项变动", columns=CHANGE_COLUMNS, sheet="事项变动", note=note)


OBSTACLE_COLUMNS = (
    Column("reason", "原因"),
    Column("n_items", "事项", "count", unit="项"),
    Column("could_gain", "若解除可再提升", "number"),
)


def obstacles_table(obstacles: pd.DataFrame, *, indicator: str) -> Table:
    """Give what stands in the way of more than the plan reaches (`analysis.plan(...).obstacles`)."""
    one = about(indicator)
    kind, unit = ("points", "个百分点") if one.unit == "share" else ("days", wording.UNITS[one.unit])
    columns = (*OBSTACLE_COLUMNS[:2], Column("could_gain", "若解除可再提升", kind, unit=unit))
    return table(obstacles, caption=f"{one.short}：方案之外的限制", columns=columns, sheet=f"{one.short}限制")


TASK_COLUMNS = (
    Column("indicator", "指标"),
    Column("match_code", "编码", "code"),
    Column("item_name", "名称"),
    Column("department", "部门"),
    Column("current_text", "现状"),
    Column("proposed_text", "建议"),
    Column("basis", "依据"),
)


def tasks_table(tasks: pd.DataFrame, *, limit: int = 0) -> Table:
    """Give the task list of a plan (`analysis.task_list`), at most ``limit`` rows (0: all)."""
    shown = tasks.head(limit) if limit else tasks
    cut = f"共{len(tasks)}项，列出前{len(shown)}项；" if len(shown) < len(tasks) else ""
    note = f"{cut}下发给各单位填报的任务清单（含完成时限与反馈栏）用 zj plan --out 导出。"
    return table(shown, caption="任务清单", columns=TASK_COLUMNS, sheet="任务清单", note=note)
