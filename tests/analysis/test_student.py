"""The quantile of Student's t against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from zjanalysis.analysis.student import two_sided_t


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999])
def test_the_points_are_those_of_scipy(level: float) -> None:
    for freedom in (3, 3.7, 4, 4.5, 5, 6, 8.3, 10, 20, 29.9, 60, 500, 1e6):
        assert two_sided_t(level, freedom) == pytest.approx(stats.t.ppf((1 + level) / 2, freedom), rel=1e-4)


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
