"""The region in its group: one basket of base codes, every region standardised to it, ranks with their interval."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zjanalysis.analysis.compare import (
    AHEAD,
    BEHIND,
    DECIMALS,
    LEVEL,
    MET,
    NO_SCORE,
    NO_VERDICT,
    NOT_MET,
    rank,
    rules_of,
)
from zjanalysis.analysis.matching import Grid, grids
from zjanalysis.analysis.registry import ITEM_INDICATORS, PLAN_SCOPE, Indicator, Scope, bound
from zjanalysis.analysis.registry import indicator as find
from zjanalysis.analysis.robust import HIGH, LOW, all_items, judged, ratios, resampled, summary
from zjanalysis.settings import Comparison, Settings

HELD_BY = 0.5
"""A code belongs to the basket when the region and at least this share of its peers hold it (DOMAIN §6.2)."""
DECIDING = ("time_compression", "visits", "visit_share")
"""The indicators of the plan's sentences 时限压缩率高于兄弟地市 and 跑动率低于兄弟地市."""


@dataclass(frozen=True)
class Standardised:
    """Each region's value on the basket (``values``), over resamples (``redrawn``), and the share it covers."""

    values: np.ndarray
    redrawn: np.ndarray
    covered: np.ndarray
    n_shared: np.ndarray
    n_basket: int

    def ranked(self, rules: Comparison) -> np.ndarray:
        """Give which regions cover enough of the basket to be ranked."""
        return np.asarray(self.covered >= rules.min_coverage)


def standardise(cells: Grid, rules: Comparison) -> Standardised:
    """Standardise every region directly to the basket: weights are the common limits for time, equal for the rest."""
    held = cells.held
    kept = held[:, 1:].sum(axis=1) >= max(1, np.ceil(HELD_BY * (len(cells.regions) - 1)))
    present = held[kept]
    weight = np.where(present, cells.weight[kept][:, None], 0.0)
    numerator = np.where(present, cells.numerator[kept], 0.0)
    total = cells.weight[kept].sum()
    return Standardised(
        values=ratios(np.ones((1, int(kept.sum()))), numerator, weight)[0],
        redrawn=resampled(numerator, weight, rules),
        covered=weight.sum(axis=0) / total if total > 0 else np.zeros(len(cells.regions)),
        n_shared=present.sum(axis=0),
        n_basket=int(kept.sum()),
    )


def _ranks(found: Standardised, one: Indicator, rules: Comparison) -> np.ndarray:
    """Give the rank of every region in every resample, on published digits, among those that cover enough."""
    shown = np.round(np.where(found.ranked(rules), found.redrawn, np.nan), DECIMALS[one.unit]) * one.sign
    place = (shown[:, :, None] > shown[:, None, :]).sum(axis=1) + 1.0
    return np.where(np.isnan(shown), np.nan, place)


def _places(found: Standardised, one: Indicator, cells: Grid, rules: Comparison) -> pd.DataFrame:
    """Give one row per region: value with its interval, share covered, rank with its interval."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a region without any value stays missing
        low, high = np.nanquantile(found.redrawn, [LOW, HIGH], axis=0)
        best, worst = np.nanquantile(_ranks(found, one, rules), [LOW, HIGH], axis=0, method="inverted_cdf")
    enough = found.ranked(rules)
    table = pd.DataFrame({
        "region_code": cells.regions, "indicator": one.key, "value": np.where(enough, found.values, np.nan),
        "low": low, "high": high, "covered": found.covered, "n_shared": found.n_shared, "n_basket": found.n_basket,
    })  # fmt: skip
    thin = table["covered"].map(lambda share: f"只占同事项篮子{share:.2%}，不足{rules.min_coverage:.0%}，不参排")
    placed = rank(table, indicators=[one]).assign(
        value=found.values, rank_low=best, rank_high=worst, reason=thin.where(~enough, "").astype("str")
    )
    return placed.astype({"rank_low": "Int64", "rank_high": "Int64"})


def basket(
    items: pd.DataFrame,
    *,
    region: str,
    peers: Iterable[str],
    indicator: str | Indicator,
    settings: Settings | None = None,
    scope: Scope | None = PLAN_SCOPE,
) -> pd.DataFrame:
    """Give every region's value on the group basket: the codes the region and at least half of its peers hold.

    One row per region, the region first: ``value`` directly standardised, ``low`` and ``high`` over paired resamples;
    ``covered`` is the share of the basket's weight the region holds (below the threshold of the settings it is shown
    with a ``reason`` and not ranked); ``rank`` with ``rank_low`` and ``rank_high``, between which it lies in 95 of 100
    resamples; ``shown`` the value as published.
    """
    one, rules = find(indicator), rules_of(settings)
    (cells,) = grids(items, [one], region=region, peers=peers, scope=scope)
    return _places(standardise(cells, rules), one, cells, rules)


def robust(
    items: pd.DataFrame,
    *,
    region: str,
    peers: Iterable[str],
    indicators: Iterable[str | Indicator] = DECIDING,
    settings: Settings | None = None,
    scope: Scope | None = PLAN_SCOPE,
) -> pd.DataFrame:
    """Decide, like for like, whether the region is ahead of the median of its peers: one row per indicator.

    Everything is on the group basket (`basket`): ``value`` of the region, ``median`` of the peers that cover enough,
    ``difference`` (positive = better) with ``low``, ``high`` and ``p_ahead`` over paired resamples, ``rank`` and its
    interval. ``coverage`` is n_shared / n_codes: the share of the region's codes in the basket. ``verdict`` is 不作判断
    with a ``reason`` below 30 codes or 50 %; ``simpson`` warns when the all-item difference has the other sign.
    """
    regions, wanted, rules = tuple(dict.fromkeys([region, *peers])), [find(i) for i in indicators], rules_of(settings)
    plain = all_items(items, wanted, regions, scope)
    ahead = plain.iloc[0] - plain.iloc[1:].median()
    sides = grids(items, wanted, region=region, peers=regions[1:], scope=scope)
    return pd.concat(
        [
            judged(_standing(cells, one, rules, float(ahead[one.key]) * one.sign), one, settings)
            for one, cells in zip(wanted, sides, strict=True)
        ],
        ignore_index=True,
    )


def _standing(cells: Grid, one: Indicator, rules: Comparison, all_items_difference: float) -> pd.DataFrame:
    """Give the region's row against the median of the peers that cover enough of the basket."""
    found = standardise(cells, rules)
    peers = found.ranked(rules) & (np.arange(len(cells.regions)) > 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # no peer at all: the median stays missing
        median = float(np.nanmedian(found.values[peers])) if peers.any() else np.nan
        medians = np.nanmedian(found.redrawn[:, peers], axis=1)
    place = _places(found, one, cells, rules).iloc[:1]
    return place[["region_code", "indicator", "value"]].assign(
        median=median,
        difference=(found.values[0] - median) * one.sign,
        **{k: v[0] for k, v in summary(((found.redrawn[:, 0] - medians) * one.sign)[:, None]).items()},
        **{name: place[name] for name in ("rank", "tied", "n_ranked", "rank_low", "rank_high")},
        n_codes=len(cells.codes),
        n_shared=found.n_basket,
        coverage=found.n_basket / max(len(cells.codes), 1),
        n_peers=int(peers.sum()),
        all_items_difference=all_items_difference,
    )


def decide(gaps: pd.DataFrame, settled: pd.DataFrame) -> pd.DataFrame:
    """Give `gaps` with verdict and meets_target of the deciding indicators from the like-for-like comparison.

    Above (or below) the peers is decided on shared items only (DOMAIN §6.1): 达标 when ``settled`` (`robust`) says
    高于, 不作判断 where too little is shared. Values and ranks stay those of all items.
    """
    verdicts = gaps["indicator"].map(settled.set_index("indicator")["verdict"])
    words = {AHEAD: MET, LEVEL: NOT_MET, BEHIND: NOT_MET, NO_VERDICT: NO_VERDICT, NO_SCORE: NO_SCORE}
    aims = {one.key: one for one in ITEM_INDICATORS}
    pairs = zip(gaps["indicator"], gaps["region_code"], strict=True)
    above = pd.Series([k in aims and bound(aims[k], r).aim == "above_peers" for k, r in pairs], index=gaps.index)
    judged = verdicts.notna()
    return gaps.assign(
        verdict=gaps["verdict"].where(~judged, verdicts),
        meets_target=gaps["meets_target"].where(~(judged & above), verdicts.map(words)),
    )
