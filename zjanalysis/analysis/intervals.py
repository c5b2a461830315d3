"""How wide an interval is: the quantile of Student's t, and intervals of a line whose points hang together.

Eight points do not tell how strongly neighbours are correlated: estimates from so few are far too low. So the interval
of a line is the hull over every strength from none to nearly a random walk, each exact for its own (generalised least
squares, Student's t): whatever the true one is, its interval lies inside. benchmarks/trend.py holds the coverage.
"""

from __future__ import annotations

from math import cos, expm1, pi, sin, sqrt
from statistics import NormalDist

import numpy as np

STRENGTHS = (0.0, 0.3, 0.6, 0.8, 0.9, 0.99)
"""Correlations of two points one unit of time apart; at two units it is the square of it."""


def two_sided_t(level: float, freedom: float) -> float:
    """Give the point that |t| stays under with probability ``level`` at ``freedom`` degrees of freedom (1 or more).

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
    """Give a combination of the coefficients of a line with its interval: (value, low, high).

    ``points`` are times and values, ``design`` has a row for each, ``wanted`` a weight per column. ``ahead``: the time
    of a new point that is foretold; None for the combination itself. ``least``: what a point varies by at least. The
    value is that of points that do not hang together.
    """
    reach = two_sided_t(level, len(design) - design.shape[1])
    found = [_fitted(points, design, wanted, ahead, strength) for strength in STRENGTHS]
    halves = [reach * error * max(spread, least / sqrt(1 - strength))
              for (_, error, spread), strength in zip(found, STRENGTHS, strict=True)]  # fmt: skip
    lows, highs = zip(*((value - half, value + half) for (value, *_), half in zip(found, halves, strict=True)),
                      strict=True)  # fmt: skip
    return found[0][0], min(lows), max(highs)


def _fitted(
    points: tuple[np.ndarray, np.ndarray], design: np.ndarray, wanted: np.ndarray, ahead: float | None, strength: float
) -> tuple[float, float, float]:
    """Give the value, its error in standard deviations of a point, and that deviation, at one strength.

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
    """Give the correlation of points so far apart; without strength a point is alike to itself only."""
    return (apart == 0).astype("float64") if strength == 0 else strength**apart
