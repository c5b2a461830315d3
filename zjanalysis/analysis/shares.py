"""Shares of regions with few and many items side by side: Wilson interval and funnel limits (DOMAIN §6.7).

Spiegelhalter 2005, Funnel plots for comparing institutional performance, Statistics in Medicine 24(8).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from zjanalysis.analysis.registry import Indicator
from zjanalysis.analysis.registry import indicator as find
from zjanalysis.errors import ConfigError

Z95, Z998 = 1.959963984540054, 3.090232306167813
"""Standard normal quantiles of two-sided 95 % and 99.8 %, the two limits of a funnel plot."""


def wilson(scores: pd.DataFrame) -> pd.DataFrame:
    """Give the scores of shares with ``low`` and ``high``, the Wilson 95 % interval; 达标 stays with the value.

    The interval says how much a share of n items can tell; it is right for shares of yes and no, so indicators that
    are sums of days get none (missing).

    >>> one = pd.DataFrame({"indicator": ["online"], "numerator": [10.0], "denominator": [10.0]})
    >>> wilson(one)[["low", "high"]].round(4).iloc[0].tolist() == [0.7225, 1.0]
    True
    """
    n, hits = scores["denominator"], scores["numerator"]
    counted = scores["indicator"].map(_is_count) & (n > 0)
    n = n.where(counted)
    share, z2 = hits / n, Z95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * np.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return scores.assign(low=(centre - half).clip(lower=0.0), high=(centre + half).clip(upper=1.0))


def funnel(scores: pd.DataFrame, *, indicator: str | Indicator) -> pd.DataFrame:
    """Give every region's share with the limits that chance alone would keep it in, around the joint share.

    One row per region that has items: value, n, ``overall`` (the joint share), ``low high`` (95 %) ``low_998 high_998`` at its n, all
    widened by √``dispersion``: regions differ by more than chance, and limits that do not know it condemn at random.
    Raises ConfigError for an indicator that is no share of items.
    """
    one = find(indicator)
    if not _is_count(one.key):
        raise ConfigError(f"指标“{one.label}”不是事项数之比，不能画漏斗图。", "请改用即办率、零跑动率、网上可办率等。")
    own = scores[(scores["indicator"] == one.key) & (scores["denominator"] > 0)]
    if own.empty:
        return own.assign(**dict.fromkeys((*_LIMITS, "dispersion"), 0.0))
    overall, spread = own["numerator"].sum() / own["denominator"].sum(), dispersion(own)
    table = own.join(_limits(own["denominator"], overall, spread)).assign(dispersion=spread)
    return table.sort_values("n", kind="stable", ignore_index=True)


def dispersion(scores: pd.DataFrame) -> float:
    """Give φ, by how much the shares of the regions vary more than chance: 1 or more.

    The mean of the squared z-scores around the joint share, the outer tenth on either side drawn in (winsorised), as
    Spiegelhalter proposes; 1 where it is less, or with fewer than three regions.
    """
    known = scores[scores["denominator"] > 0]
    overall = known["numerator"].sum() / max(float(known["denominator"].sum()), 1.0)
    if len(known) < 3 or not 0 < overall < 1:
        return 1.0
    z = (known["value"] - overall) / np.sqrt(overall * (1 - overall) / known["denominator"])
    drawn_in = z.clip(z.quantile(0.1), z.quantile(0.9))
    return max(1.0, float((drawn_in**2).mean()))


def funnel_limits(scores: pd.DataFrame, *, indicator: str | Indicator, points: int = 80) -> pd.DataFrame:
    """Give the curves of the funnel: n, overall and the four limits on a grid from the fewest to the most items."""
    own = scores[(scores["indicator"] == find(indicator).key) & (scores["denominator"] > 0)]
    if own.empty:
        return pd.DataFrame(columns=["n", *_LIMITS], dtype="float64")
    n = pd.Series(np.linspace(own["denominator"].min() * 0.8, own["denominator"].max() * 1.1, points))
    limits = _limits(n, own["numerator"].sum() / own["denominator"].sum(), dispersion(own))
    return limits.assign(n=n)[["n", *_LIMITS]]


def _is_count(key: str) -> bool:
    """Tell whether an indicator is a number of items by a number of items."""
    return key not in {"time_compression", "time_compression_mean"} and find(key).unit == "share"


_LIMITS = ("overall", "low", "high", "low_998", "high_998")


def _limits(n: pd.Series, overall: float, dispersion: float) -> pd.DataFrame:
    spread = np.sqrt(dispersion * overall * (1 - overall) / n.where(n > 0))
    bounds = {
        side + name: (overall + sign * z * spread).clip(0.0, 1.0)
        for name, z in (("", Z95), ("_998", Z998))
        for side, sign in (("low", -1), ("high", 1))
    }
    return pd.DataFrame({"overall": overall, **bounds}, index=n.index)
