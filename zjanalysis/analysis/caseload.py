"""The second lens of a comparison: every item as often as it had cases (办件口径), beside the plain one (事项口径)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import narwhals as nw
import pandas as pd

from zjanalysis.analysis.basket import DECIDING
from zjanalysis.analysis.compare import compare
from zjanalysis.analysis.indicators import measure
from zjanalysis.analysis.registry import ONE, PLAN_SCOPE, Indicator, Scope, by_caseload, indicator
from zjanalysis.cases.analysis import with_caseload

_CASES = nw.col("case_count")
_READ = ["value", "rank", "n_ranked", "median", "gap_to_median"]


def caseload(
    items: pd.DataFrame,
    counts: pd.DataFrame,
    *,
    region: str,
    peers: Iterable[str],
    indicators: Iterable[str | Indicator] = DECIDING,
    scope: Scope | None = PLAN_SCOPE,
) -> pd.DataFrame:
    """Give one row per indicator: value, rank, n_ranked, median, gap_to_median of both lenses, and the coverage.

    ``counts``: region_code, base_code, n (`case_counts`). The plain columns begin with ``plain_``. ``n_cases`` are the
    region's cases on items that count, ``coverage`` their share of all its cases: cases on a base code the region does
    not list, or whose items are outside the scope or lack the number, do not weigh. Regions without cases have no
    weighted value and are not ranked.
    """
    others, wanted = [code for code in dict.fromkeys(peers) if code != region], [indicator(i) for i in indicators]
    rows = with_caseload(items[items["region_code"].isin([region, *others])], counts)
    lens, counted = [by_caseload(one) for one in wanted], [_counted(one) for one in wanted]
    scores = measure(rows, [*wanted, *lens, *counted], scope=scope)
    gaps = compare(scores, region=region, peers=others, indicators=[*wanted, *lens]).set_index("indicator")[_READ]
    own = scores[scores["region_code"] == region].set_index("indicator")["numerator"]
    plain = gaps.loc[[one.key for one in wanted]].add_prefix("plain_")
    weighted = gaps.loc[[one.key for one in lens]].set_axis(plain.index)
    cases = own.reindex([one.key for one in counted]).set_axis(plain.index)
    total = counts.loc[counts["region_code"] == region, "n"].sum()
    joined = weighted.join(plain).assign(region_code=region, n_cases=cases)
    return joined.assign(coverage=joined["n_cases"] / total if total else float("nan")).reset_index()


def _counted(one: Indicator) -> Indicator:
    """Give the indicator whose numerator is the number of cases on the items that count."""
    usable = ~(one.numerator.is_null() | one.denominator.is_null())
    return replace(one, key=f"{one.key}_cases", numerator=nw.when(usable).then(_CASES), denominator=ONE)
