"""One rounding for print, rank and threshold, and 达标 decided on what is printed."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zjanalysis.units import UNITS, Met, Target, digits_for, passes, published, rounded

SHARE, VISITS, DAYS = UNITS["share"], UNITS["visits"], UNITS["days"]
MOST = 1000


def fractions() -> tuple[np.ndarray, np.ndarray]:
    """Every n/m from 0 to 1 with a denominator up to 1,000: 501,500 of them."""
    below = np.repeat(np.arange(1, MOST + 1), np.arange(2, MOST + 2))
    above = np.concatenate([np.arange(m + 1) for m in range(1, MOST + 1)])
    return above, below


def by_hand(above: np.ndarray, below: np.ndarray, decimals: int) -> np.ndarray:
    """Return n/m in units of the last decimal, half up, in whole numbers: no binary fraction takes part."""
    return (2 * above * 10**decimals + below) // (2 * below)


@pytest.mark.parametrize(("unit", "decimals"), [(SHARE, 4), (VISITS, 4), (DAYS, 2)])
def test_every_fraction_is_rounded_as_by_hand(unit, decimals: int) -> None:
    above, below = fractions()
    assert len(above) == 501_500
    exact = by_hand(above, below, decimals)
    shown = published(above / below, unit)
    assert np.array_equal(np.rint(shown * 10**decimals).astype("int64"), exact)
    # the print of the rounded number is that number: what ranks is what is read
    printed = [f"{value * unit.scale:.{unit.digits}f}" for value in shown[::97]]
    places = Decimal(1).scaleb(-unit.digits)
    assert printed == [
        str((Decimal(int(n)) * unit.scale / Decimal(10**decimals)).quantize(places)) for n in exact[::97]
    ]


def test_every_fraction_ranks_as_it_prints() -> None:
    above, below = fractions()
    shown, exact = published(above / below, VISITS), by_hand(above, below, 4)
    order = np.argsort(exact, kind="stable")
    apart, apart_exact = np.diff(shown[order]), np.diff(exact[order])
    assert np.array_equal(apart > 0, apart_exact > 0)  # equal prints tie, and no others


def test_one_fortieth_is_printed_and_ranked_alike() -> None:
    assert rounded(np.array([1 / 40]), 2).tolist() == [0.03]
    assert f"{published(np.array([1 / 40]), VISITS)[0]:.4f}" == "0.0250"


def test_halves_go_away_from_zero_and_zero_has_no_sign() -> None:
    assert rounded(np.array([-1 / 40, 1 / 40, 2.675, -0.001]), 2).tolist() == [-0.03, 0.03, 2.68, 0.0]
    assert not np.signbit(rounded(np.array([-0.001]), 2))[0]
    assert np.isnan(rounded(np.array([np.nan]), 2))[0]


@given(st.integers(-(10**6), 10**6), st.integers(1, 10**5), st.integers(0, 6))
def test_rounding_equals_the_decimal_module(above: int, below: int, decimals: int) -> None:
    value = Fraction(above, below)
    twice = 2 * abs(value) * 10**decimals
    if abs(twice - (twice.numerator // twice.denominator)) < Fraction(1, 10**6) and twice.denominator > 1:
        return  # closer to a half than floats are exact
    sign = -1 if value < 0 else 1
    exact = sign * Fraction((2 * abs(above) * 10**decimals + below) // (2 * below), 10**decimals)
    assert rounded(np.array([above / below]), decimals)[0] == pytest.approx(float(exact), abs=1e-12)


def test_a_print_that_equals_a_threshold_it_is_not_gets_one_digit_more() -> None:
    assert digits_for([0.85496], [0.855], SHARE) == 3
    assert published(np.array([0.85496]), SHARE, 3).tolist() == [0.85496]
    assert digits_for([0.855], [0.855], SHARE) == 2  # it is the threshold
    assert digits_for([0.8549996], [0.855], SHARE) == 5  # 85.49996 %
    assert digits_for([float("nan")], [float("nan")], SHARE) == 2
    assert digits_for([], [0.855], SHARE) == 2
    assert digits_for([0.9999999999], [1.0], SHARE) == 2  # noise of a sum, not a difference


@given(st.lists(st.floats(0, 1), max_size=5), st.lists(st.floats(0, 1), max_size=3))
def test_digits_tell_every_value_from_every_threshold(values: list[float], limits: list[float]) -> None:
    digits = digits_for(values, limits, SHARE)
    for value in values:
        for limit in limits:
            same = published(np.array([value]), SHARE, digits)[0] == published(np.array([limit]), SHARE, digits)[0]
            assert not same or abs(value - limit) <= 1e-9


@pytest.mark.parametrize(
    ("value", "strict", "loose"),
    [
        (0.85496, "未达标", "未达标"),  # prints 85.496 %, not 85.50 %
        (0.8549999, "未达标", "未达标"),
        (0.855, "未达标", "达标"),
        (0.1 + 0.755, "未达标", "达标"),  # a sum of floats that is 85.5 %
        (0.85501, "达标", "达标"),
    ],
)
def test_a_number_is_met_on_the_digits_that_are_printed(value: float, strict: str, loose: str) -> None:
    assert Target("number", 0.855, strict=True).met(value) == strict
    assert Target("number", 0.855).met(value) == loose
    assert bool(passes(np.array(value), np.array(0.855), strict=True)) == (strict == "达标")
    # the print agrees with the word
    digits = digits_for([value], [0.855], SHARE)
    shown = Decimal(str(published(np.array([value]), SHARE, digits)[0])).quantize(Decimal("1e-9"), ROUND_HALF_UP)
    assert (shown > Decimal("0.855")) == (strict == "达标")


def test_fewer_is_better_where_the_sign_says_so() -> None:
    fewer = Target("median", 0.07, sign=-1, strict=True)
    assert [fewer.met(v) for v in (0.06, 0.07, 0.08)] == ["达标", "未达标", "未达标"]


def test_what_cannot_be_said_is_not_said() -> None:
    assert Target().met(0.5) == Met.NO_TARGET
    assert Target("number", 0.5).met(float("nan")) == Met.NO_DATA
    assert Target("median").met(0.5) == Met.OPEN  # too few peers for a median
    assert Target("rising", relevant=0.001, ceiling=1.0).met(0.5) == Met.OPEN  # a first period


@pytest.mark.parametrize(
    ("before", "now", "met"),
    [
        (0.900, 0.901, "达标"),  # 0.1 point: the smallest change that counts
        (0.900, 0.9009, "未达标"),
        (0.900, 0.899, "未达标"),
        (1.0, 1.0, "达标"),  # at the ceiling it is enough to hold it
        (1.0, 0.9999, "未达标"),
        (0.9995, 1.0, "达标"),
    ],
)
def test_a_rising_target_has_a_smallest_change_and_a_ceiling(before: float, now: float, met: str) -> None:
    assert Target("rising", relevant=SHARE.relevant, ceiling=1.0).met(now, before=before) == met


def test_a_falling_target_ends_at_zero() -> None:
    falling = Target("rising", sign=-1, relevant=DAYS.relevant, ceiling=0.0)
    assert [falling.met(now, before=5.0) for now in (4.99, 4.995, 5.01)] == ["达标", "未达标", "未达标"]
    assert falling.met(0.0, before=0.0) == "达标"
