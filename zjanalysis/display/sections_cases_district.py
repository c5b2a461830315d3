"""The district report's section on cases (办件时效): on time or not, where not, what is overdue; its own cases only."""

from __future__ import annotations

import pandas as pd

from zjanalysis.analysis.cases import ALL_CASE_INDICATORS
from zjanalysis.analysis.cases_kept import known_cases
from zjanalysis.analysis.cases_summary import CaseSummary
from zjanalysis.analysis.cases_views import case_overall
from zjanalysis.analysis.compare import compare
from zjanalysis.columns import Column
from zjanalysis.display import wording
from zjanalysis.display.blocks import Block, cards, say
from zjanalysis.display.known import about
from zjanalysis.display.sections_cases import (
    case_departments_table,
    case_items_table,
    cases_sentence,
    cases_trend,
    overdue_table,
)
from zjanalysis.display.tables import Table, table
from zjanalysis.inputs.period import Period
from zjanalysis.inputs.regions import is_county, peers_of, region_name
from zjanalysis.settings import Settings

NO_CASES = "本期没有办件数据，不作办件时效分析；把办件表放入 {}/cases/ 后重新生成即可。"
CARDS = ("on_time", "actual_days", "actual_speedup")  # one row on paper; the table at the end has them all
WORST, OVERDUE = 5, 5
ITEMS = ("item_name", "department", "n_finished", "n_late", "on_time_share", "promised_days")
COVERAGE = "case_coverage"
COUNTED = (
    Column("indicator", "指标"),
    Column("value", "现值", "number"),
    Column("ratio", "分子/分母（N/M）"),
    Column("n", "纳入", "count", unit="件"),
    Column("n_left_out", "剔除", "count", unit="件"),
    Column("definition", "口径"),
)


def cases_section(period: Period, *, region: str, settings: Settings | None = None) -> tuple[Block | Table, ...]:
    """Give the section of one region; a single sentence where the period, or the region, has no cases.

    Raises InputError for cases that are there but cannot be read: no page is better than one that hides them.
    """
    cases = known_cases(period, settings=settings)
    if cases is None:
        return (say(NO_CASES.format(period.name)),)
    if region not in set(cases.by_item["region_code"]):
        return (say(f"本期办件数据（{cases.n_cases}件）中没有{region_name(region)}的办件。"),)
    scores = case_overall(cases, items=period.items)
    known = [one for one in ALL_CASE_INDICATORS if one.key in set(scores["indicator"])]
    gaps = compare(scores, region=region, peers=peers_of(region), county=is_county(region), indicators=known)
    return (
        cases_sentence(cases, region=region),
        cards(gaps, indicators=CARDS),
        cases_trend(cases, region=region),
        case_departments_table(cases, region=region, top=WORST),
        case_items_table(cases, region=region, top=WORST, columns=ITEMS),
        overdue_table(cases, region=region, top=OVERDUE),
        _counted(gaps, cases),
    )


def _counted(gaps: pd.DataFrame, cases: CaseSummary) -> Table:
    """Give how each indicator counts, with N/M of the region, and how far the cases cover its items."""
    cover = gaps.set_index("indicator").loc[COVERAGE]
    ratios = zip(gaps["numerator"], gaps["denominator"], strict=True)
    rows = gaps.assign(
        ratio=[wording.ratio_text(numerator, denominator) for numerator, denominator in ratios],
        definition=[about(key).definition for key in gaps["indicator"]],
    )
    covered = wording.ratio_text(cover["numerator"], cover["denominator"])
    note = (f"办件覆盖率{wording.amount(cover['value'], 'share')}（有办件的基本编码{covered}个）；"
            f"截止{cases.cutoff:%Y-%m-%d}；缺日期或承诺时限的办件剔除，不作推断。")  # fmt: skip
    return table(rows[rows["indicator"] != COVERAGE], caption="办件指标口径", columns=COUNTED, sheet="办件口径",
                 note=note)  # fmt: skip
