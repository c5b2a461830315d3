"""The second lens of a comparison: every item as often as it had cases (办件口径), beside the plain one (事项口径)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import narwhals as nw
import numpy as np
import pandas as pd

from zjanalysis.analysis.compare import facts
from zjanalysis.analysis.frontier import numerators, slim
from zjanalysis.analysis.indicators import in_scope, measure
from zjanalysis.analysis.registry import ONE, PLAN_SCOPE, Indicator, Scope, by_caseload, indicator
from zjanalysis.inputs.period import lending

DECIDING = ("time_compression", "visits", "visit_share")
"""The indicators of the plan's sentences 时限压缩率高于兄弟地市 and 跑动率低于兄弟地市."""
_CASES = nw.col("case_count")
_READ = ["value", "rank", "tied", "n_ranked", "median", "gap_to_median"]


def caseload(
    items: pd.DataFrame,
    counts: pd.DataFrame,
    *,
    region: str,
    peers: Iterable[str],
    indicators: Iterable[str | Indicator] = DECIDING,
    scope: Scope | None = PLAN_SCOPE,
) -> pd.DataFrame:
    """Return one row per indicator: value, rank, tied, n_ranked, median, gap_to_median of both lenses, the coverage.

    ``counts``: region_code, base_code, n (`case_counts`). The plain columns begin with ``plain_``. ``n_cases`` are the
    region's cases on items that count, ``coverage`` their share of all its cases: cases on a base code the region does
    not list, or whose items are outside the scope or lack the number, do not weigh. ``n_effective`` says of how many
    items of equal weight the value is made (Kish: (Σw)²/Σw², w the item's share of the denominator: cases, for time
    cases × limit), ``top_item`` and ``top_share`` which weighs most.
    Regions without cases have no weighted value and are not ranked.
    """
    group = list(dict.fromkeys([region, *peers]))
    weighed = weigh(items[items["region_code"].isin(group)], counts, indicators=indicators, scope=scope)
    return caseload_of(weighed, region=region, indicators=indicators, scope=scope)


@lending
@dataclass(frozen=True)
class Weighed:
    """What the rows of `caseload` of a whole group are made from: items with their cases, scores, places, all cases."""

    rows: pd.DataFrame
    scores: pd.DataFrame
    facts: pd.DataFrame
    totals: pd.Series


def weigh(
    items: pd.DataFrame,
    counts: pd.DataFrame,
    *,
    indicators: Iterable[str | Indicator] = DECIDING,
    scope: Scope | None = PLAN_SCOPE,
) -> Weighed:
    """Score the items of a group with and without the weights of their cases."""
    wanted, rows = [indicator(one) for one in indicators], with_caseload(slim(items), counts)
    lens, counted = [by_caseload(one) for one in wanted], [_counted(one) for one in wanted]
    scores = measure(rows, [*wanted, *lens, *counted], scope=scope)
    places = facts(scores, indicators=[*wanted, *lens])
    return Weighed(rows, scores, places, counts.groupby("region_code")["n"].sum())


def caseload_of(
    weighed: Weighed, *, region: str, indicators: Iterable[str | Indicator] = DECIDING, scope: Scope | None = PLAN_SCOPE
) -> pd.DataFrame:
    """Return the rows of `caseload` of one region of a group that is weighed already."""
    wanted, rows, scores = [indicator(one) for one in indicators], weighed.rows, weighed.scores
    lens, counted = [by_caseload(one) for one in wanted], [_counted(one) for one in wanted]
    every, total = weighed.facts, weighed.totals.get(region, 0)
    gaps = every[every["region_code"] == region].set_index("indicator")[_READ]
    own = scores[scores["region_code"] == region].set_index("indicator")["numerator"]
    plain = gaps.loc[[one.key for one in wanted]].add_prefix("plain_")
    weighted = gaps.loc[[one.key for one in lens]].set_axis(plain.index)
    cases = own.reindex([one.key for one in counted]).set_axis(plain.index)
    heads = pd.DataFrame(
        [_heaviest(rows[rows["region_code"] == region], one, scope) for one in wanted], index=plain.index
    )
    joined = weighted.join(plain).join(heads).assign(region_code=region, n_cases=cases)
    return joined.assign(coverage=joined["n_cases"] / total if total else np.nan).reset_index()


def with_caseload(items: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    """Return the items with ``case_count`` from real cases, for the weighted lens (`by_caseload`).

    The cases of a base code are shared equally by its 办理项 in force. A region without any case keeps missing counts.
    """
    load = counts.groupby(["region_code", "base_code"], as_index=False)["n"].sum()
    sharing = items["in_force"].astype("int64").groupby([items["region_code"], items["match_code"]]).transform("sum")
    cases = items[["region_code", "match_code"]].merge(
        load, left_on=["region_code", "match_code"], right_on=["region_code", "base_code"], how="left"
    )["n"]
    has_cases = items["region_code"].isin(load["region_code"])
    count = cases.set_axis(items.index).fillna(0.0).where(has_cases) / sharing.where(sharing > 0)
    return items.assign(case_count=count.where(items["in_force"]).astype("float64"))


def _counted(one: Indicator) -> Indicator:
    """Return the indicator whose numerator is the number of cases on the items that count."""
    usable = ~(one.numerator.is_null() | one.denominator.is_null())
    return replace(one, key=f"{one.key}_cases", numerator=nw.when(usable).then(_CASES), denominator=ONE)


def _heaviest(rows: pd.DataFrame, one: Indicator, scope: Scope | None) -> dict[str, object]:
    """Return of how many items a weighted value is made, and the one that weighs most, of those that count."""
    inside = in_scope(rows, scope, one=one)
    weighed = numerators(inside, by_caseload(one))
    weights = weighed["denominator"].where(weighed["counted"], 0.0).to_numpy("float64")
    if not weights.sum() > 0:
        return {"n_effective": np.nan, "top_item": "", "top_share": np.nan}
    top = int(weights.argmax())
    return {
        "n_effective": float(weights.sum() ** 2 / (weights**2).sum()),
        "top_item": str(inside["item_name"].iloc[top]),
        "top_share": float(weights[top] / weights.sum()),
    }
