"""Sections on cases (办件) of a report: how many, how many on time, where not, and what could be promised."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from zjanalysis.analysis.compare import among, compare
from zjanalysis.cases.analysis import ALL_CASE_INDICATORS, CaseSummary, find_cases
from zjanalysis.cases.views import (
    case_departments,
    case_items,
    case_overall,
    case_table,
    case_trend,
    days_distribution,
    loose_promises,
    overdue_cases,
)
from zjanalysis.display import dates, wording
from zjanalysis.display.blocks import Block, cards, definitions, say
from zjanalysis.display.exhibits_compare import bands_exhibit, trend_exhibit
from zjanalysis.display.known import about
from zjanalysis.display.tables import Table, table
from zjanalysis.inputs.columns import Column
from zjanalysis.inputs.period import Period
from zjanalysis.inputs.regions import is_county, peers_of, region_name, report_units
from zjanalysis.inputs.workplan import has_plan
from zjanalysis.settings import Settings

HEADS = {column.key: column for column in (
    Column("indicator", "指标"),
    Column("value", "现值", "number"),
    Column("ratio", "分子/分母（N/M）"),
    Column("n", "纳入", "count", unit="件"),
    Column("n_left_out", "剔除", "count", unit="件"),
    Column("definition", "口径"),
    Column("region", "地区"),
    Column("month", "应办结月份"),
    Column("case_no", "办件编号", "code"),
    Column("channel", "申请渠道", "choice"),
    Column("case_count", "办件量", "count", unit="件"),
    Column("n_finished", "办结件数", "count", unit="件"),
    Column("n_judged", "办结（可判定）", "count", unit="件"),
    Column("n_late", "超时办结", "count", unit="件"),
    Column("on_time_share", "按时办结率", "share"),
    Column("on_time_finished_share", "办结件按时率", "share"),
    Column("mean_days", "平均实际办理", "days", unit="工作日"),
    Column("median_days", "实际办理中位数", "days", unit="工作日"),
    Column("p90_days", "实际办理九成分位", "days", unit="工作日"),
    Column("speedup_share", "实际提速", "share"),
    Column("online_share", "网上办件率", "share"),
    Column("n_open", "未办结", "count", unit="件"),
    Column("n_overdue", "逾期未结", "count", unit="件"),
    Column("shorter_promise", "可改承诺", "days", unit="工作日"),
    Column("days_saved", "可压缩", "days", unit="工作日"),
    Column("gain", "压缩率可提升", "points"),
    Column("accepted_date", "受理日期", "date"),
    Column("due_date", "应办结日", "date"),
    Column("days_overdue", "已逾期", "days", unit="工作日"),
)}  # fmt: skip


def heads(keys: Iterable[str | Column]) -> list[str | Column]:
    """Return how tables of cases head these columns; a key that is not theirs is left to `table`."""
    return [HEADS.get(key, key) if isinstance(key, str) else key for key in keys]


NONE_OF_ITS_OWN = "本期办件数据（{}件）中没有{}的办件。"
CARDS = ("on_time", "actual_days", "actual_speedup", "online_cases")


def cases_cards(cases: CaseSummary, *, region: str, county: bool = False) -> Block:
    """Return the case indicators of a region against its peers."""
    return cards(_gaps(case_overall(cases), region, county=county), indicators=CARDS)


def cases_definitions(cases: CaseSummary, *, region: str, county: bool = False) -> Block:
    """Return how the case indicators are defined, with N/M of the region."""
    return definitions(_gaps(case_overall(cases), region, county=county))


def _gaps(scores: pd.DataFrame, region: str, *, county: bool) -> pd.DataFrame:
    measured = [one for one in ALL_CASE_INDICATORS if one.key in set(scores["indicator"])]
    return compare(scores, region=region, peers=peers_of(region), county=county, indicators=measured)


def cases_sentence(cases: CaseSummary, *, region: str) -> Block:
    """Say how many cases there are, how many were finished on time and how many are open past their due day."""
    own = case_departments(cases, region=region)
    if own.empty:
        return say(NONE_OF_ITS_OWN.format(cases.n_cases, region_name(region)))
    total, done, late, overdue = (int(own[key].sum()) for key in ("case_count", "n_finished", "n_late", "n_overdue"))
    values = among(case_overall(cases), region).set_index("indicator")["value"]
    rate, finished = (wording.amount(values.get(key), "share") for key in ("on_time", "on_time_finished"))
    return say(
        f"{region_name(region)}办件{total}件，办结{done}件，超时办结{late}件；",
        f"截至{cases.cutoff:%Y-%m-%d}仍未办结且已逾期{overdue}件。",
        f"超时办结与逾期未结都不算按时，按时办结率{rate}（只看办结件为{finished}）。",
        "要求：每一事项的实际办理时限在承诺时限内完成。" if has_plan(region) else "",
    )


UNITS = ("region", "n_judged", "n_overdue", "on_time_share", "on_time_finished_share", "mean_days", "speedup_share",
         "online_share")  # fmt: skip


def cases_units(cases: CaseSummary, *, region: str) -> Table:
    """Return the city and its report units side by side."""
    rows = among(case_table(case_overall(cases), by=("region_code",)), region, report_units(region))
    return table(rows, caption="各地区办件时效", columns=heads(UNITS), sheet="各地区办件", focus=region)


def cases_trend(cases: CaseSummary, *, region: str) -> Block:
    """Return the on-time share by month in which cases were due."""
    trend = case_trend(cases, region=region)
    if trend.empty:
        return say(f"没有{region_name(region)}的办件，不画逐月变化。")
    months = trend.assign(period=[f"{dates.month_text(month)}到期" for month in trend["month"]])
    return trend_exhibit(months.drop(columns="month"), region=region, indicator="on_time")


def cases_bands(cases: CaseSummary, *, region: str) -> Block:
    """Return how long cases took, beside what was promised and what the law allows."""
    days = days_distribution(cases, region=region)
    if not days["n"].any():
        return say(f"没有{region_name(region)}的办件，不画时限分布。")
    return bands_exhibit(days, region=region)


DEPARTMENTS = ("department", "case_count", "n_finished", "n_late", "n_open", "n_overdue", "on_time_share",
               "on_time_finished_share", "mean_days")  # fmt: skip
ITEMS = ("base_code", "item_name", "department", "n_finished", "n_late", "n_overdue", "on_time_share", "median_days",
         "p90_days", "promised_days")  # fmt: skip
LOOSE = ("base_code", "item_name", "department", "case_count", "promised_days", "shorter_promise", "days_saved", "gain")
OVERDUE = ("case_no", "item_name", "department", "accepted_date", "due_date", "days_overdue")
FINDINGS = ("level", "message", "value", "action", "used")


def case_departments_table(cases: CaseSummary, *, region: str, top: int = 0) -> Table:
    """Return the departments of a region, most late cases first; at most ``top`` of those with late ones (0: all)."""
    rows, columns = case_departments(cases, region=region), heads(DEPARTMENTS)
    if not top:
        return table(rows, caption="各部门办件", columns=columns, sheet="各部门办件")
    late = rows[(rows["n_late"] > 0) | (rows["n_overdue"] > 0)]
    note = f"{len(rows)}个部门有办件，{len(late)}个有超时或逾期，列出前{min(top, len(late))}个。"
    return table(late.head(top), caption="超时与逾期集中的部门", columns=columns, sheet="超时部门", note=note)


def case_items_table(cases: CaseSummary, *, region: str, top: int = 20, columns: tuple[str, ...] = ITEMS) -> Table:
    """Return the items with the most late cases."""
    rows = case_items(cases, region=region, top=top)
    return table(rows, caption="超时与逾期集中的事项", columns=heads(columns), sheet="超时事项")


def loose_table(cases: CaseSummary, period: Period, *, region: str, top: int = 20) -> Table:
    """Return the items whose promise is far looser than practice, with the gain of a shorter one."""
    rows = loose_promises(cases, period.items, region=region)
    note = (f"共{len(rows)}项；可改承诺＝九成五办件实际办结所需的工作日（至少20件）；"
            f"全部改完，时限压缩率可提升{wording.difference(rows['gain'].sum(), 'share')}。")  # fmt: skip
    return table(rows.head(top), caption="承诺远宽于实际的事项", columns=heads(LOOSE), sheet="可压承诺", note=note)


def overdue_table(cases: CaseSummary, *, region: str, top: int = 50) -> Table:
    """Return the open cases past their due day, longest overdue first, for 督办."""
    rows = overdue_cases(cases, region=region, top=top)
    total = int(case_departments(cases, region=region)["n_overdue"].sum())
    note = f"共{total}件逾期未结，列出逾期最久的{len(rows)}件。" if len(rows) < total else ""
    return table(rows, caption=f"逾期未结办件（最多列{top}件）", columns=heads(OVERDUE), sheet="逾期未结", note=note)


def case_findings_table(cases: CaseSummary, *, region: str = "") -> Table:
    """Return what does not fit in the cases, rule by rule."""
    rows = among(cases.findings, region) if region else cases.findings
    return table(rows, caption="办件数据问题", columns=FINDINGS, sheet="办件问题")


# --- the district report's section: its own cases only ----------------------------------------------------------------

NO_CASES = "本期没有办件数据，不作办件时效分析；把办件表放入 {}/cases/ 后重新生成即可。"
SECTION_CARDS = CARDS[:3]  # one row on paper; the table at the end has them all
SECTION_ROWS = 5
SECTION_ITEMS = ("item_name", "department", "n_finished", "n_late", "n_overdue", "on_time_share", "promised_days")
COUNTED = ("indicator", "value", "ratio", "n", "n_left_out", "definition")


def cases_section(period: Period, *, region: str, settings: Settings | None = None) -> tuple[Block | Table, ...]:
    """Return the section of one region; a single sentence where the period, or the region, has no cases.

    Raises InputError for cases that are there but cannot be read: no page is better than one that hides them.
    """
    cases = find_cases(period, settings=settings)
    if cases is None:
        return (say(NO_CASES.format(period.name)),)
    if region not in set(cases.by_item["region_code"]):
        return (cases_sentence(cases, region=region),)
    gaps = _gaps(case_overall(cases, items=period.items), region, county=is_county(region))
    return (
        cases_sentence(cases, region=region),
        cards(gaps, indicators=SECTION_CARDS),
        cases_trend(cases, region=region),
        case_departments_table(cases, region=region, top=SECTION_ROWS),
        case_items_table(cases, region=region, top=SECTION_ROWS, columns=SECTION_ITEMS),
        overdue_table(cases, region=region, top=SECTION_ROWS),
        _counted(gaps, cases),
    )


def _counted(gaps: pd.DataFrame, cases: CaseSummary) -> Table:
    """Return how each indicator counts, with N/M of the region, and how far the cases cover its items."""
    ratios = map(wording.ratio_text, gaps["numerator"], gaps["denominator"])
    rows = gaps.assign(ratio=list(ratios), definition=[about(key).definition for key in gaps["indicator"]])
    coverage = rows["indicator"] == "case_coverage"
    cover = rows[coverage].iloc[0]
    note = (f"办件覆盖率{wording.amount(cover['value'], 'share')}（有办件的基本编码{cover['ratio']}个）；"
            f"截止{cases.cutoff:%Y-%m-%d}；缺日期或承诺时限的办件剔除，不作推断。")  # fmt: skip
    return table(rows[~coverage], caption="办件指标口径", columns=heads(COUNTED), sheet="办件口径", note=note)
