"""Does the comparison hold? Paired bootstrap over base codes, refusal where too little is shared, Simpson warning.

The list of items is a census: the interval says how far the result hangs on which items are listed (稳健区间), it is
never a sampling error (DOMAIN §6.4).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from zjanalysis.analysis.compare import AHEAD, BEHIND, LEVEL, NO_SCORE, NO_VERDICT, margin_of, rules_of
from zjanalysis.analysis.indicators import measure
from zjanalysis.analysis.matching import grids
from zjanalysis.analysis.registry import PLAN_SCOPE, Indicator, Scope
from zjanalysis.analysis.registry import indicator as find
from zjanalysis.settings import Comparison, Settings

LOW, HIGH = 0.025, 0.975
_BLOCK = 250


def draws(n_codes: int, *, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Give blocks of resamples as counts: one row is one resample, one column how often a code was drawn.

    One draw serves all regions (paired), and the same seed gives the same draws.
    """
    random = np.random.default_rng(seed)
    for start in range(0, resamples, _BLOCK):
        rows = min(_BLOCK, resamples - start)
        drawn = random.integers(0, n_codes, size=(rows, n_codes))
        drawn += np.arange(rows)[:, None] * n_codes
        yield np.bincount(drawn.ravel(), minlength=rows * n_codes).reshape(rows, n_codes).astype("float64")


def ratios(counts: np.ndarray, numerator: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Give the ratio of the two sums per resample and column; missing where nothing was drawn."""
    above, below = counts @ numerator, counts @ weight
    quotient: np.ndarray = np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)
    return quotient


def resampled(numerator: np.ndarray, weight: np.ndarray, rules: Comparison) -> np.ndarray:
    """Give the ratios of every resample: resamples × columns."""
    if not len(numerator):
        return np.full((1, numerator.shape[1]), np.nan)
    blocks = draws(len(numerator), resamples=rules.resamples, seed=rules.seed)
    return np.vstack([ratios(counts, numerator, weight) for counts in blocks])


def summary(differences: np.ndarray) -> dict[str, np.ndarray]:
    """Give interval and P(ahead) of resampled differences, column by column; a tie counts half."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a column without any value stays missing
        low, high = np.nanquantile(differences, [LOW, HIGH], axis=0).reshape(2, -1)
        ahead = np.nanmean(np.where(np.isnan(differences), np.nan, (np.sign(differences) + 1) / 2), axis=0)
    return {"low": low, "high": high, "p_ahead": ahead}


def refusals(table: pd.DataFrame, rules: Comparison) -> pd.Series:
    """Give why no verdict is given (too few shared codes, too little covered), empty where one is."""
    few = table["n_shared"].map(lambda n: f"同事项只有{n}个，不足{rules.min_shared}个").astype("str")
    thin = table["coverage"].map(lambda share: f"同事项覆盖率{share:.2%}，不足{rules.min_coverage:.0%}").astype("str")
    too_few, too_thin = table["n_shared"] < rules.min_shared, ~(table["coverage"] >= rules.min_coverage)
    texts = few.where(too_few, "") + np.where(too_few & too_thin, "；", "") + thin.where(too_thin, "")
    return texts.astype("str")


def judged(table: pd.DataFrame, one: Indicator, settings: Settings | None) -> pd.DataFrame:
    """Add reason, verdict and the Simpson warning to differences with their interval.

    高于 / 低于 need an interval that excludes 0 and a difference of at least the margin; else 持平. ``simpson``: the
    all-item difference has the other sign, and at least one of the two differences reaches the margin.
    """
    reason, margin = refusals(table, rules_of(settings)), margin_of(one, settings)
    difference = table["difference"].round(9)
    choices = [
        (table["n_codes"] == 0, NO_SCORE),
        ((reason != "") | difference.isna(), NO_VERDICT),
        ((difference >= margin) & (table["low"] > 0), AHEAD),
        ((difference <= -margin) & (table["high"] < 0), BEHIND),
    ]
    verdict = np.select([c for c, _ in choices], [v for _, v in choices], LEVEL)
    plain = table["all_items_difference"].round(9)
    apart = (difference * plain < 0) & (np.maximum(difference.abs(), plain.abs()) >= margin)
    return table.assign(simpson=apart, verdict=verdict, reason=reason)


def all_items(
    items: pd.DataFrame, indicators: Iterable[Indicator], regions: Iterable[str], scope: Scope | None
) -> pd.DataFrame:
    """Give the plain value of each region over all its items, matched or not: regions × indicators, as asked."""
    wanted, rows = tuple(indicators), items[items["region_code"].isin(list(regions))]
    values = measure(rows, wanted, scope=scope).pivot(index="region_code", columns="indicator", values="value")
    return values.reindex(index=list(regions), columns=[one.key for one in wanted])


def like_for_like(
    items: pd.DataFrame,
    *,
    region: str,
    peers: Iterable[str],
    indicator: str | Indicator,
    settings: Settings | None = None,
    scope: Scope | None = PLAN_SCOPE,
) -> pd.DataFrame:
    """Compare the region with each peer on the base codes both have, with one statutory limit per code.

    One row per peer: ``value`` and ``peer_value`` on the shared codes; ``difference`` is positive when the region is
    better, whatever the direction; ``low`` and ``high`` bound it over paired resamples of the codes, ``p_ahead`` is
    the share of resamples in which the region is ahead. ``coverage`` is n_shared / n_codes of the region,
    ``peer_coverage`` of the peer. ``simpson``: the all-item difference has the other sign. ``verdict`` is 不作判断 with
    a ``reason`` below the thresholds of the settings (30 codes, 50 %).
    """
    one, rules = find(indicator), rules_of(settings)
    (cells,) = grids(items, [one], region=region, peers=peers, scope=scope)
    own, others, held = cells.numerator[:, :1], cells.numerator[:, 1:], cells.held[:, 1:]
    weight = np.where(held, cells.weight[:, None], 0.0)
    apart = np.where(held, (own - others) * one.sign, 0.0)
    everything, shared = np.ones((1, len(cells.codes))), held.any(axis=1)
    whole = all_items(items, [one], cells.regions, scope)[one.key]
    n_shared = held.sum(axis=0)
    table = pd.DataFrame({
        "region_code": region,
        "peer_code": cells.regions[1:],
        "indicator": one.key,
        "value": ratios(everything, np.where(held, own, 0.0), weight)[0],
        "peer_value": ratios(everything, np.where(held, others, 0.0), weight)[0],
        "difference": ratios(everything, apart, weight)[0],
        **summary(resampled(apart[shared], weight[shared], rules)),
        "n_codes": len(cells.codes),
        "n_shared": n_shared,
        "coverage": n_shared / max(len(cells.codes), 1),
        "peer_coverage": n_shared / np.maximum(cells.n_codes[1:], 1),
        "all_items_difference": (whole.iloc[0] - whole.to_numpy()[1:]) * one.sign,
    })  # fmt: skip
    return judged(table, one, settings)
