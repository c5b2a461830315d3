"""Indicators of cases (办件): the same registry form and the same `measure` as for items, on every engine.

方案任务三（三）: 确保每一事项的实际办理时限在承诺时限内完成. A case counts from the working day after its acceptance.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from zjanalysis.analysis.cases_open import Opened, opened
from zjanalysis.analysis.indicators import measure
from zjanalysis.analysis.registry import ALL, ONE, Indicator
from zjanalysis.inputs.cases import CaseSource, case_source
from zjanalysis.inputs.period import Period
from zjanalysis.inputs.regions import find_code
from zjanalysis.settings import Settings, load_settings

_DONE, _OPEN, _ACTUAL, _STATUTORY = nw.col("done"), nw.col("is_open"), nw.col("actual_days"), nw.col("statutory")
_NO_DATES, _NO_LIMIT = nw.lit("缺日期或承诺时限"), nw.lit("缺法定时限")

CASE_INDICATORS: tuple[Indicator, ...] = (
    Indicator("on_time", "按时办结率", nw.col("on_time"), ONE, _DONE,
              "share", "higher", "办结日不晚于应办结日的件数 ÷ 有两个日期和承诺时限的办结件数", "方案任务三（三）",
              target=1.0, aim="number", target_text="每一事项在承诺时限内办结", short="按时办结率", item_types=(),
              missing=_NO_DATES),
    Indicator("actual_days", "平均实际办理时限", _ACTUAL, ONE, _DONE,
              "days", "lower", "Σ实际办理工作日 ÷ 办结件数；受理次日起算，含调休，特别程序时间不计", "方案任务三（三）",
              aim="rising", target_text="逐期缩短", short="平均实际办理", item_types=()),
    Indicator("actual_speedup", "实际提速", nw.when(_STATUTORY > 0).then(_STATUTORY - _ACTUAL),
              nw.when(_STATUTORY > 0).then(_STATUTORY), _DONE,
              "share", "higher", "Σ（法定时限−实际办理）÷ Σ法定时限", "方案任务（八），办件口径", short="实际提速",
              item_types=(), missing=_NO_LIMIT),
    Indicator("online_cases", "网上办件率", nw.col("online"), ONE, ALL,
              "share", "higher", "网上申请的办件数 ÷ 办件数", "方案任务（七）", aim="rising", target_text="逐期提高",
              short="网上办件率", item_types=(), missing=nw.lit("缺申请渠道")),
    Indicator("overdue_open", "逾期未结率", nw.col("overdue"), ONE, _OPEN,
              "share", "lower", "截止日已过应办结日仍未办结的办件数 ÷ 未办结件数", "方案任务三（三）", target=0.0,
              aim="number", target_text="没有逾期未结", short="逾期未结率", item_types=(), missing=_NO_DATES),
)  # fmt: skip

CASE_COVERAGE = Indicator(
    "case_coverage", "办件覆盖率", nw.col("has_cases"), ONE, ALL,
    "share", "higher", "有办件的基本编码数 ÷ 已认领（在用）的基本编码数", "方案任务（四）", aim="rising",
    target_text="每个国家基础编码事项都产生办件", short="办件覆盖率", item_types=(),
)  # fmt: skip

ALL_CASE_INDICATORS = (*CASE_INDICATORS, CASE_COVERAGE)


def case_scores(
    source: CaseSource | Period,
    *,
    by: tuple[str, ...] = ("region_code",),
    engine: Any = "duckdb",
    indicators: Iterable[Indicator] = CASE_INDICATORS,
    cases: Any = None,
    settings: Settings | None = None,
) -> pd.DataFrame:
    """Give `scores` of cases by region, department, base_code, channel, month or any of them together.

    ``engine``: "duckdb" (default, larger than memory), "pandas", or a Spark session; all give equal scores.
    ``cases`` is a table already at hand (pandas, or Spark with a Spark session) instead of the source's own. Regions
    in any spelling become codes; cases of a region nobody knows are left out here and are a finding.
    """
    known = settings or load_settings()
    with opened(source_of(source, known), engine=engine, cases=cases, settings=known) as table:
        return scores_of(table, by=by, indicators=indicators)


def scores_of(table: Opened, *, by: tuple[str, ...], indicators: Iterable[Indicator] = CASE_INDICATORS) -> pd.DataFrame:
    """Give the scores of an opened table, its groups under their settled names."""
    return settled(measure(table.rows, indicators, by=by, scope=None), by=by)


def settled(scores: pd.DataFrame, *, by: tuple[str, ...]) -> pd.DataFrame:
    """Turn spellings into codes after the sums, where there are few rows, and add up what thereby falls together."""
    return roll_up(named(scores, by=by), by=by)


def named(groups: pd.DataFrame, *, by: tuple[str, ...]) -> pd.DataFrame:
    """Give groups under their settled names: regions as codes, unknown ones left out; trimmed texts."""
    names = groups
    if "region_code" in by:
        spellings = groups["region_code"].dropna().unique()
        codes = {spelling: find_code(str(spelling)) for spelling in spellings}
        names = names.assign(region_code=names["region_code"].map(codes).astype("str"))
        names = names[names["region_code"].notna()]
    for key in ("base_code", "department", "channel", "month"):
        if key in by:
            names = names.assign(**{key: names[key].astype("str").str.strip().fillna("")})
    return names


def roll_up(scores: pd.DataFrame, *, by: tuple[str, ...]) -> pd.DataFrame:
    """Add the sums of scores up to fewer groups: exact, since every indicator is a ratio of two sums.

    >>> parts = pd.DataFrame({"month": ["1", "2"], "indicator": "on_time", "value": [0.5, 1.0],
    ...     "numerator": [1.0, 6.0], "denominator": [2.0, 6.0], "n": [2, 6], "n_left_out": [0, 1]})
    >>> roll_up(parts, by=())[["value", "n"]].to_dict("records")
    [{'value': 0.875, 'n': 8}]
    """
    keys, sums = [*by, "indicator"], ["numerator", "denominator", "n", "n_left_out"]
    order = list(dict.fromkeys(scores["indicator"]))
    added = scores.groupby(keys, as_index=False, sort=True)[sums].sum()
    added = added.assign(position=added["indicator"].map({key: n for n, key in enumerate(order)}))
    added = added.sort_values([*by, "position"], kind="stable", ignore_index=True)
    share = added["numerator"] / added["denominator"].where(added["denominator"] != 0)
    return added.assign(value=share.astype("float64"))[[*keys, "value", *sums]]


def case_coverage(counts: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """Give the `scores` of 办件覆盖率 by region: claimed base codes that have cases.

    ``counts`` has region_code, base_code and n (cases); claimed are the codes of items in force.
    """
    claimed = items.loc[items["in_force"] & items["match_code"].notna(), ["region_code", "match_code"]]
    codes = claimed.drop_duplicates().rename(columns={"match_code": "base_code"})
    with_cases = codes.merge(counts[["region_code", "base_code", "n"]], on=["region_code", "base_code"], how="left")
    table = with_cases.assign(has_cases=np.where(with_cases["n"] > 0, 1.0, 0.0))
    return measure(table, [CASE_COVERAGE], scope=None)


def with_caseload(items: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    """Give the items with ``case_count`` from real cases, for the weighted lens (`by_caseload`).

    The cases of a base code are shared equally by its 办理项 in force. A region without any case keeps missing counts.
    """
    load = counts.groupby(["region_code", "base_code"], as_index=False)["n"].sum()
    sharing = items["in_force"].astype("int64").groupby([items["region_code"], items["match_code"]]).transform("sum")
    cases = items[["region_code", "match_code"]].merge(
        load, left_on=["region_code", "match_code"], right_on=["region_code", "base_code"], how="left"
    )["n"]
    known = items["region_code"].isin(load["region_code"])
    count = cases.set_axis(items.index).fillna(0.0).where(known) / sharing.where(sharing > 0)
    return items.assign(case_count=count.where(items["in_force"]).astype("float64"))


def source_of(source: CaseSource | Period, settings: Settings) -> CaseSource:
    """Give the source of a period's cases, or the source itself."""
    return case_source(source, settings=settings) if isinstance(source, Period) else source
