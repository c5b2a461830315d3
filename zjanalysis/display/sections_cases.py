"""The tables of a report on cases (办件): how many, how many on time, where not, and what could be promised."""

from __future__ import annotations

import pandas as pd

from zjanalysis.analysis.cases import ALL_CASE_INDICATORS
from zjanalysis.analysis.cases_summary import CaseSummary
from zjanalysis.analysis.cases_views import (
    case_departments,
    case_items,
    case_overall,
    case_trend,
    days_distribution,
    loose_promises,
    overdue_cases,
)
from zjanalysis.analysis.compare import among, compare
from zjanalysis.columns import Column
from zjanalysis.display import wording
from zjanalysis.display.blocks import Block, cards, definitions, say
from zjanalysis.display.exhibits_compare import bands_exhibit, trend_exhibit
from zjanalysis.display.tables import Table, table
from zjanalysis.inputs.period import Period
from zjanalysis.inputs.regions import peers_of, region_name, report_units
from zjanalysis.inputs.workplan import has_plan

CARDS = ("on_time", "actual_days", "actual_speedup", "online_cases")


def cases_cards(cases: CaseSummary, *, region: str, county: bool = False) -> Block:
    """Give the case indicators of a region against its peers."""
    return cards(_gaps(cases, region, county=county), indicators=CARDS)


def cases_definitions(cases: CaseSummary, *, region: str, county: bool = False) -> Block:
    """Give how the case indicators are defined, with N/M of the region."""
    return definitions(_gaps(cases, region, county=county))


def _gaps(cases: CaseSummary, region: str, *, county: bool) -> pd.DataFrame:
    scores = case_overall(cases)
    known = [one for one in ALL_CASE_INDICATORS if one.key in set(scores["indicator"])]
    return compare(scores, region=region, peers=peers_of(region), county=county, indicators=known)


def cases_sentence(cases: CaseSummary, *, region: str) -> Block:
    """Say how many cases there are, how many were finished on time and how many are open past their due day."""
    own = case_departments(cases, region=region)
    total, done, late = (int(own[key].sum()) for key in ("case_count", "n_finished", "n_late"))
    still = int(own["n_overdue"].sum())
    scores = among(case_overall(cases), region).set_index("indicator")
    rate = wording.amount(scores["value"].get("on_time"), "share")
    name = region_name(region)
    return say(
        f"{name}办件{total}件，办结{done}件，超时办结{late}件，按时办结率{rate}；",
        f"截至{cases.cutoff:%Y-%m-%d}仍未办结且已逾期{still}件。",
        "要求：每一事项的实际办理时限在承诺时限内完成。" if has_plan(region) else "",
    )


UNIT_HEADS = (
    Column("region", "地区"),
    Column("n_finished", "办结（可判定）", "count", unit="件"),
    Column("on_time", "按时办结率", "share"),
    Column("actual_days", "平均实际办理", "days", unit="工作日"),
    Column("actual_speedup", "实际提速", "share"),
    Column("online_cases", "网上办件率", "share"),
)


def cases_units(cases: CaseSummary, *, region: str) -> Table:
    """Give the city and its report units side by side."""
    scores = among(case_overall(cases), region, report_units(region))
    wide = scores.pivot_table(index="region_code", columns="indicator", values="value", sort=False, dropna=False)
    counts = scores[scores["indicator"] == "on_time"].set_index("region_code")["n"]
    rows = wide.assign(n_finished=counts).reset_index()
    return table(rows, caption="各地区办件时效", columns=UNIT_HEADS, sheet="各地区办件", focus=region)


def cases_trend(cases: CaseSummary, *, region: str) -> Block:
    """Give the on-time share month by month."""
    return trend_exhibit(case_trend(cases, region=region), region=region, indicator="on_time")


def cases_bands(cases: CaseSummary, *, region: str) -> Block:
    """Give how long cases took, beside what was promised and what the law allows."""
    return bands_exhibit(days_distribution(cases, region=region), region=region)


DEPARTMENTS = ("department", "case_count", "n_finished", "n_late", "on_time_share", "mean_days", "n_open", "n_overdue")
ITEMS = ("base_code", "item_name", "department", "n_finished", "n_late", "on_time_share", "median_days", "p90_days",
         "promised_days")  # fmt: skip
LOOSE = ("base_code", "item_name", "department", "case_count", "promised_days", "shorter_promise", "days_saved", "gain")
OVERDUE = ("case_no", "item_name", "department", "accepted_date", "due_date", "days_overdue")
_OWN = {
    "n_open": Column("n_open", "未办结", "count", unit="件"),
    "n_overdue": Column("n_overdue", "逾期未结", "count", unit="件"),
    "gain": Column("gain", "压缩率可提升", "points"),
}


def case_departments_table(cases: CaseSummary, *, region: str, top: int = 0) -> Table:
    """Give the departments of a region, most late cases first; at most ``top`` of those with late ones (0: all)."""
    rows = case_departments(cases, region=region)
    columns = [_OWN.get(key, key) for key in DEPARTMENTS]
    if not top:
        return table(rows, caption="各部门办件", columns=columns, sheet="各部门办件")
    late = rows[(rows["n_late"] > 0) | (rows["n_overdue"] > 0)]
    note = f"{len(rows)}个部门有办件，{len(late)}个有超时或逾期，列出前{min(top, len(late))}个。"
    return table(late.head(top), caption="超时办结集中的部门", columns=columns, sheet="超时部门", note=note)


def case_items_table(cases: CaseSummary, *, region: str, top: int = 20, columns: tuple[str, ...] = ITEMS) -> Table:
    """Give the items with the most late cases."""
    rows = case_items(cases, region=region, top=top)
    return table(rows, caption="超时办结集中的事项", columns=columns, sheet="超时事项")


def loose_table(cases: CaseSummary, period: Period, *, region: str, top: int = 20) -> Table:
    """Give the items whose promise is far looser than practice, with the gain of a shorter one."""
    rows = loose_promises(cases, period.items, region=region)
    note = (f"共{len(rows)}项；可改承诺＝九成五办件实际办结所需的工作日（至少20件）；"
            f"全部改完，时限压缩率可提升{wording.difference(rows['gain'].sum(), 'share')}。")  # fmt: skip
    columns = [_OWN.get(key, key) for key in LOOSE]
    return table(rows.head(top), caption="承诺远宽于实际的事项", columns=columns, sheet="可压承诺", note=note)


def overdue_table(cases: CaseSummary, *, region: str, top: int = 50) -> Table:
    """Give the open cases past their due day, longest overdue first, for 督办."""
    rows = overdue_cases(cases, region=region, top=top)
    total = int(case_departments(cases, region=region)["n_overdue"].sum())
    note = f"共{total}件逾期未结，列出逾期最久的{len(rows)}件。" if len(rows) < total else ""
    return table(rows, caption=f"逾期未结办件（最多列{top}件）", columns=OVERDUE, sheet="逾期未结", note=note)


def case_findings_table(cases: CaseSummary, *, region: str = "") -> Table:
    """Give what does not fit in the cases, rule by rule."""
    found = among(cases.findings, region) if region else cases.findings
    columns = ("level", "message", "value", "action", "used")
    return table(found, caption="办件数据问题", columns=columns, sheet="办件问题")
