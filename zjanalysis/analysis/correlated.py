"""Intervals of a straight line whose points hang together, without a guess how much they do.

Eight points do not tell how strongly neighbours are correlated: estimates from so few are far too low. So the interval
is the hull over every strength from none to nearly a random walk, each exact for its own (generalised least squares,
Student's t): whatever the true one is, its interval lies inside. benchmarks/trend.py holds the coverage.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from zjanalysis.analysis.student import two_sided_t

STRENGTHS = (0.0, 0.3, 0.6, 0.8, 0.9, 0.99)
"""Correlations of two points one unit of time apart; at two units it is the square of it."""


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
