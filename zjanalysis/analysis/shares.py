"""Shares of regions with few and many items side by side: what chance alone would allow (DOMAIN §6.7).

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


def funnel(scores: pd.DataFrame, *, indicator: str | Indicator) -> pd.DataFrame:
    """Give every region's share with the limits that chance alone would keep it in, around the joint share.

    One row per region that has items: value, n, ``overall`` (the joint share), ``low high`` (95 %) ``low_998 high_998``
    at its n, all widened by √``dispersion``: regions differ by more than chance, and limits that do not know it condemn
    at random.
    Raises ConfigError for an indicator that is no share of items.
    """
    one = find(indicator)
    if not is_count(one):
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


def is_count(one: Indicator) -> bool:
    """Tell whether an indicator is a number of items by a number of items."""
    return one.key not in {"time_compression", "time_compression_mean"} and one.unit == "share"


_LIMITS = ("overall", "low", "high", "low_998", "high_998")


def _limits(n: pd.Series, overall: float, dispersion: float) -> pd.DataFrame:
    spread = np.sqrt(dispersion * overall * (1 - overall) / n.where(n > 0))
    bounds = {
        side + name: (overall + sign * z * spread).clip(0.0, 1.0)
        for name, z in (("", Z95), ("_998", Z998))
        for side, sign in (("low", -1), ("high", 1))
    }
    return pd.DataFrame({"overall": overall, **bounds}, index=n.index)
