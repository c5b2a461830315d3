"""Student's t against scipy; intervals whatever the correlation: at each strength those of the textbook, together at least as wide as any."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from zjanalysis.analysis import chance
from zjanalysis.analysis.chance import STRENGTHS, interval, two_sided_t

X = np.array([0.0, 1, 2, 3, 4, 6])
Y = np.array([0.80, 0.83, 0.84, 0.88, 0.87, 0.93])
LINE = np.column_stack([np.ones(6), X])


def at(strength: float, monkeypatch: pytest.MonkeyPatch, **how: float) -> tuple[float, float, float]:
    monkeypatch.setattr(chance, "STRENGTHS", (strength,))
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


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999])
def test_the_points_are_those_of_scipy(level: float) -> None:
    for freedom in (3, 3.7, 4, 4.5, 5, 6, 8.3, 10, 20, 29.9, 60, 500, 1e6):
        near = 1e-9 if freedom > 29 else 2e-8 if freedom > 8.3 else 1e-5
        assert two_sided_t(level, freedom) == pytest.approx(stats.t.ppf((1 + level) / 2, freedom), rel=near)


def test_one_and_two_degrees_are_exact_and_between_them_it_errs_on_the_wide_side() -> None:
    for level in (0.9, 0.95, 0.99):
        exact = [float(stats.t.ppf((1 + level) / 2, freedom)) for freedom in (1, 2)]
        assert [two_sided_t(level, 1), two_sided_t(level, 2)] == pytest.approx(exact, rel=1e-12)
        for freedom in np.linspace(1.01, 2.99, 67):
            ratio = two_sided_t(level, freedom) / stats.t.ppf((1 + level) / 2, freedom)
            assert 1 - 1e-6 <= ratio < (1.17 if freedom < 1.5 else 1.011)


def test_more_degrees_mean_a_narrower_interval_and_many_the_normal_one() -> None:
    points = [two_sided_t(0.95, freedom) for freedom in np.linspace(1, 200, 400)]
    assert (np.diff(points) < 0).all()
    assert two_sided_t(0.95, 1e9) == pytest.approx(1.959964, abs=1e-6)


def test_less_than_one_degree_is_refused() -> None:
    with pytest.raises(ValueError, match="degree"):
        two_sided_t(0.95, 0.9)
