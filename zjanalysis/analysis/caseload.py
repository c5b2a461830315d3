"""The second lens of a comparison: every item as often as it had cases (办件口径), beside the plain one (事项口径)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import narwhals as nw
import numpy as np
import pandas as pd

from zjanalysis.analysis.compare import facts
from zjanalysis.analysis.frontier import numerators, slim
from zjanalysis.analysis.indicators import in_scope, measure
from zjanalysis.analysis.registry import ONE, PLAN_SCOPE, SCORE_KEY, Indicator, Scope, by_caseload, indicator

DECIDING = ("time_compression", "visits", "visit_share")
"""The indicators of the plan's sentences 时限压缩率高于兄弟地市 and 跑动率低于兄弟地市."""
_CASES = nw.col("case_count")
_READ = ["value", "rank", "tied", "n_ranked", "median", "gap_to_median"]


def caseload(
    items: pd.DataFrame, counts: pd.DataFrame, *, regions: Iterable[str], scope: Scope | None = PLAN_SCOPE
) -> pd.DataFrame:
    """Return value, rank, tied, n_ranked, median, gap_to_median of both lenses and the coverage, of every region.

    One row is a region of the group and one of the `DECIDING` indicators. ``counts``: region_code, base_code, n
    (`case_counts`). The plain columns begin with ``plain_``. ``n_cases`` are the region's cases on items that count,
    ``coverage`` their share of all its cases: cases on a base code the region does not list, or whose items are outside
    the scope or lack the number, do not weigh. ``n_effective`` says of how many items of equal weight the value is made
    (Kish: (Σw)²/Σw², w the item's share of the denominator: cases, for time cases × limit), ``top_item`` and
    ``top_share`` which weighs most. Regions without cases have no weighted value and are not ranked.
    """
    group, wanted = tuple(dict.fromkeys(regions)), [indicator(one) for one in DECIDING]
    rows = with_caseload(slim(items)[items["region_code"].isin(group)], counts)
    lens, counted = [by_caseload(one) for one in wanted], [_counted(one) for one in wanted]
    scores = measure(rows, [*wanted, *lens, *counted], scope=scope)
    places, sums = (table.set_index(SCORE_KEY)
                    for table in (facts(scores, indicators=[*wanted, *lens]), scores))  # fmt: skip
    lines = pd.MultiIndex.from_product([group, [one.key for one in wanted]], names=sums.index.names)

    def of(some: Iterable[Indicator], table: pd.DataFrame) -> pd.DataFrame:
        return table.reindex(pd.MultiIndex.from_product([group, [one.key for one in some]])).set_axis(lines)

    heaviest = [_heaviest(rows, one, scope) for one in wanted]
    heads = pd.DataFrame([some.get(code, _NOTHING) for code in group for some in heaviest], index=lines)
    table = of(lens, places[_READ]).join(of(wanted, places[_READ]).add_prefix("plain_")).join(heads).reset_index()
    totals = table["region_code"].map(counts.groupby("region_code")["n"].sum())
    n_cases = of(counted, sums)["numerator"].to_numpy()
    return table.assign(n_cases=n_cases, coverage=n_cases / totals.where(totals > 0))


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


_NOTHING = {"n_effective": np.nan, "top_item": "", "top_share": np.nan}


def _heaviest(rows: pd.DataFrame, one: Indicator, scope: Scope | None) -> dict[str, dict[str, object]]:
    """Return by region of how many items a weighted value is made, and the one that weighs most."""
    inside = in_scope(rows, scope, one=one)
    parts = numerators(inside, by_caseload(one))
    weights = parts["denominator"].where(parts["counted"], 0.0)
    return {
        str(code): {
            "n_effective": float(own.sum() ** 2 / (own**2).sum()),
            "top_item": str(inside.at[own.idxmax(), "item_name"]),
            "top_share": float(own.max() / own.sum()),
        }
        for code, own in weights.groupby(inside["region_code"])
        if own.sum() > 0
    }
