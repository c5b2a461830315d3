"""What chance alone allows: intervals of lines of few points, and limits of shares of regions of different size.

Eight points do not tell how strongly neighbours are correlated: estimates from so few are far too low. So the interval
of a line is the hull over every strength from none to nearly a random walk, each exact for its own (generalised least
squares, Student's t): whatever the true one is, its interval lies inside. benchmarks/trend.py holds the coverage.
Shares of regions with few and many items stand in a funnel (DOMAIN §6.7): Spiegelhalter 2005, Funnel plots for
comparing institutional performance, Statistics in Medicine 24(8).
"""

from __future__ import annotations

from math import cos, expm1, pi, sin, sqrt
from statistics import NormalDist

import numpy as np
import pandas as pd

from zjanalysis.analysis.registry import Indicator
from zjanalysis.analysis.registry import indicator as find
from zjanalysis.errors import ConfigError

STRENGTHS = (0.0, 0.3, 0.6, 0.8, 0.9, 0.99)
"""Correlations of two points one unit of time apart; at two units it is the square of it."""


def two_sided_t(level: float, freedom: float) -> float:
    """Return the point that |t| stays under with probability ``level`` at ``freedom`` degrees of freedom (1 or more).

    Without scipy, which would be a hundred megabytes for one number: Hill, G. W. (1970): Algorithm 396, Student's
    t-quantiles. Communications of the ACM 13(10). The tests hold it against scipy: under 1 in 10,000 off from three
    degrees of freedom on, exact at 1 and 2, between them on the wide side by a few percent (just above 1 by up to 17).

    >>> round(two_sided_t(0.95, 10), 3), round(two_sided_t(0.95, 1e9), 3)
    (2.228, 1.96)
    """
    p, n = 1 - level, freedom
    if n < 1:
        raise ValueError("fewer than one degree of freedom")
    if n == 1:
        return cos(p * pi / 2) / sin(p * pi / 2)
    if n == 2:
        return sqrt(2 / (p * (2 - p)) - 2)
    a = 1 / (n - 0.5)
    b = (48 / a) / a
    c = ((20700 * a / b - 98) * a - 16) * a + 96.36
    d = ((94.5 / (b + c) - 3) / b + 1) * sqrt(a * pi / 2) * n
    y = (d * p) ** (2 / n)
    if y > 0.05 + a:
        x = NormalDist().inv_cdf(p / 2)
        y = x * x
        if n < 5:
            c += 0.3 * (n - 4.5) * (x + 0.6)
        c = (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b + c
        y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x
        y = a * y * y
        y = expm1(y)
    else:
        y = ((1 / (((n + 6) / (n * y) - 0.089 * d - 0.822) * (n + 2) * 3) + 0.5 / (n + 4)) * y - 1) * (n + 1) / (
            n + 2
        ) + 1 / y
    return sqrt(n * y)


def interval(
    points: tuple[np.ndarray, np.ndarray], design: np.ndarray, wanted: np.ndarray, *, level: float,
    ahead: float | None = None, least: float = 0.0,
) -> tuple[float, float, float]:  # fmt: skip
    """Return a combination of the coefficients of a line with its interval: (value, low, high).

    ``points`` are times and values, ``design`` has a row for each, ``wanted`` a weight per column. ``ahead``: the time
    of a new point that is foretold; None for the combination itself. ``least``: what a point varies by at least. The
    value is that of points that do not hang together.
    """
    reach = two_sided_t(level, len(design) - design.shape[1])
    fits = [_fitted(points, design, wanted, ahead, strength) for strength in STRENGTHS]
    halves = [reach * error * max(spread, least / sqrt(1 - strength))
              for (_, error, spread), strength in zip(fits, STRENGTHS, strict=True)]  # fmt: skip
    lows, highs = zip(*((value - half, value + half) for (value, *_), half in zip(fits, halves, strict=True)),
                      strict=True)  # fmt: skip
    return fits[0][0], min(lows), max(highs)


def _fitted(
    points: tuple[np.ndarray, np.ndarray], design: np.ndarray, wanted: np.ndarray, ahead: float | None, strength: float
) -> tuple[float, float, float]:
    """Return the value, its error in standard deviations of a point, and that deviation, at one strength.

    A new point is the line at its time and what it shares with the points before it (best linear unbiased).
    """
    times, values = points
    inverse = np.linalg.inv(_alike(np.abs(times[:, None] - times), strength))
    normal = np.linalg.inv(design.T @ inverse @ design)
    line = normal @ design.T @ inverse @ values
    rest = values - design @ line
    spread = sqrt(max(0.0, float(rest @ inverse @ rest)) / (len(values) - len(line)))
    shared = np.zeros(len(times)) if ahead is None else _alike(np.abs(times - ahead), strength)
    apart = wanted - design.T @ inverse @ shared
    own = 0.0 if ahead is None else 1 - float(shared @ inverse @ shared)
    return float(wanted @ line + shared @ inverse @ rest), sqrt(max(0.0, own + float(apart @ normal @ apart))), spread


def _alike(apart: np.ndarray, strength: float) -> np.ndarray:
    """Return the correlation of points so far apart; without strength a point is alike to itself only."""
    return (apart == 0).astype("float64") if strength == 0 else strength**apart


Z95, Z998 = 1.959963984540054, 3.090232306167813
"""Standard normal quantiles of two-sided 95 % and 99.8 %, the two limits of a funnel plot."""


def funnel(scores: pd.DataFrame, *, indicator: str | Indicator) -> pd.DataFrame:
    """Return every region's share with the limits that chance alone would keep it in, around the joint share.

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
    """Return φ, by how much the shares of the regions vary more than chance: 1 or more.

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
