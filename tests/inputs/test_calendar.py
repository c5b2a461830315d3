"""The working-day clock: truths checked by hand against the announced days off."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zjanalysis.errors import InputError
from zjanalysis.inputs.calendar import calendar_table, covered_years, due_date, working_days

COVERED = st.dates(date(2004, 2, 1), date(2025, 12, 31))


@pytest.mark.parametrize(
    ("accepted", "limit", "due"),
    [
        # Tuesday; 20 21 22 | 25 … 29 | 9-01 02 03 make eleven
        (date(2014, 8, 19), 11, date(2014, 9, 3)),
        # 国庆 2020: 10-01 … 10-08 off, Sunday 9-27 and Saturday 10-10 worked
        (date(2020, 9, 25), 1, date(2020, 9, 27)),
        (date(2020, 9, 30), 1, date(2020, 10, 9)),
        (date(2020, 9, 30), 2, date(2020, 10, 10)),
        (date(2020, 9, 30), 3, date(2020, 10, 12)),
        # 春节 2021: 2-11 … 2-17 off, Saturday 2-20 worked
        (date(2021, 2, 10), 3, date(2021, 2, 20)),
        # 春节 2020 was lengthened to 2-02
        (date(2020, 1, 23), 1, date(2020, 2, 3)),
        # accepted on a day of rest: counting starts on the first working day
        (date(2021, 2, 13), 1, date(2021, 2, 18)),
        (date(2021, 2, 13), 0, date(2021, 2, 18)),
        (date(2021, 3, 3), 0, date(2021, 3, 3)),
        (date(2021, 3, 3), 0.5, date(2021, 3, 4)),
    ],
)
def test_due_day_of_a_promise_in_working_days(accepted: date, limit: float, due: date) -> None:
    assert due_date(accepted, limit) == due


def test_special_days_lie_outside_the_limit() -> None:
    assert due_date(date(2014, 8, 19), 11, special=5) == due_date(date(2014, 8, 19), 16) == date(2014, 9, 11)


def test_natural_days_end_on_a_working_day() -> None:
    # 2021-02-01 + 10 is 2-11, the first day of 春节; the limit ends on 2-18
    assert due_date(date(2021, 2, 1), 10, unit="自然日") == date(2021, 2, 18)
    assert due_date(date(2021, 3, 1), 10, unit="自然日") == date(2021, 3, 11)


def test_working_days_between_two_days() -> None:
    assert working_days(date(2014, 8, 19), date(2014, 9, 3)) == 11
    assert working_days(date(2021, 2, 10), date(2021, 2, 10)) == 0
    assert working_days(date(2021, 2, 10), date(2021, 2, 17)) == 0
    assert working_days(date(2021, 2, 13), date(2021, 2, 18)) == 1


@pytest.mark.parametrize("day", [date(2003, 12, 31), date(covered_years()[1] + 1, 1, 4)])
def test_a_year_without_announced_days_off_is_refused(day: date) -> None:
    with pytest.raises(InputError, match="工作日历只有 2004–"):
        working_days(date(2021, 1, 4), day)


def test_a_limit_that_runs_into_an_unannounced_year_is_refused() -> None:
    last = covered_years()[1]
    with pytest.raises(InputError, match=f"{last + 1}"):
        due_date(date(last, 12, 20), 30)


def test_an_unknown_unit_is_not_guessed() -> None:
    with pytest.raises(InputError, match="周期"):
        due_date(date(2021, 1, 4), 3, unit="周期")


def test_every_day_stands_once_and_the_table_is_a_copy() -> None:
    days = calendar_table()
    assert days["day"].diff().dropna().eq(1).all()
    assert (days["ordinal"] - days["before"]).eq(days["working"].astype(int)).all()
    days["ordinal"] = 0
    assert calendar_table()["ordinal"].iloc[-1] > 5000


@given(COVERED, st.integers(1, 40))
def test_the_due_day_is_exactly_the_limit_away(accepted: date, limit: int) -> None:
    due = due_date(accepted, limit)
    assert working_days(accepted, due) == limit
    assert bool(calendar_table().set_index("date")["working"][str(due)])


@given(COVERED, COVERED, COVERED)
def test_working_days_add_up(one: date, two: date, three: date) -> None:
    assert working_days(one, two) + working_days(two, three) == working_days(one, three)
