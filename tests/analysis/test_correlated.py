"""Intervals whatever the correlation: at each strength those of the textbook, together at least as wide as any."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from zjanalysis.analysis import correlated
from zjanalysis.analysis.correlated import STRENGTHS, interval

X = np.array([0.0, 1, 2, 3, 4, 6])
Y = np.array([0.80, 0.83, 0.84, 0.88, 0.87, 0.93])
LINE = np.column_stack([np.ones(6), X])


def at(strength: float, monkeypatch: pytest.MonkeyPatch, **how: float) -> tuple[float, float, float]:
    monkeypatch.setattr(correlated, "STRENGTHS", (strength,))
    return interval((X, Y), LINE, np.array([1.0, 8.0]), level=0.90, **how)


def test_points_that_do_not_hang_together_have_the_interval_of_the_textbook(monkeypatch: pytest.MonkeyPatch) -> None:
    fit = stats.linregress(X, Y)
    error = np.sqrt(((Y - fit.intercept - fit.slope * X) ** 2).sum() / 4)
    spread = ((X - X.mean()) ** 2).sum()
    half = stats.t.ppf(0.95, 4) * error * np.sqrt(1 + 1 / 6 + (8 - X.mean()) ** 2 / spread)
    middle = fit.intercept + fit.slope * 8
    assert at(0.0, monkeypatch, ahead=8.0) == pytest.approx((middle, middle - half, middle + half), abs=1e-4)


def test_a_strength_gives_generalised_least_squares(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whitening the points by hand gives the same line as the formula."""
    whole = np.linalg.cholesky(np.linalg.inv(0.6 ** np.abs(X[:, None] - X))).T
    line, rest, *_ = np.linalg.lstsq(whole @ LINE, whole @ Y, rcond=None)
    error = np.sqrt(rest[0] / 4 * np.array([1.0, 8]) @ np.linalg.inv((whole @ LINE).T @ (whole @ LINE)) @ [1.0, 8])
    value, low, high = at(0.6, monkeypatch)
    assert value == pytest.approx(line @ [1.0, 8])
    assert high - value == pytest.approx(stats.t.ppf(0.95, 4) * error, rel=1e-3)
    assert value - low == pytest.approx(high - value)


def test_the_hull_holds_every_strength(monkeypatch: pytest.MonkeyPatch) -> None:
    _, low, high = interval((X, Y), LINE, np.array([1.0, 8.0]), level=0.90, ahead=8.0)
    each = [at(strength, monkeypatch, ahead=8.0)[1:] for strength in STRENGTHS]
    assert low == pytest.approx(min(lows for lows, _ in each))
    assert high == pytest.approx(max(highs for _, highs in each))


def test_a_point_varies_by_the_least_at_least() -> None:
    straight = (X, 0.5 + 0.01 * X)
    _, low, high = interval(straight, LINE, np.array([1.0, 8.0]), level=0.90, ahead=8.0)
    assert high - low == pytest.approx(0, abs=1e-9)
    _, low, high = interval(straight, LINE, np.array([1.0, 8.0]), level=0.90, ahead=8.0, least=0.01)
    assert high - low > 0.04
