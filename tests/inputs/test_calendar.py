"""The working-day calendar: every announced day, and no other (how a limit is counted is tested with the cases)."""

from __future__ import annotations

from datetime import date

import pytest

from zjanalysis.errors import InputError
from zjanalysis.inputs.calendar import calendar_day, calendar_table, covered_years


def test_days_of_rest_and_days_worked_instead_are_those_announced() -> None:
    # 春节 2021: 2-11 … 2-17 off, Sunday 2-07 and Saturday 2-20 worked; 春节 2020 was lengthened to 2-02
    rest = [date(2021, 2, 11), date(2021, 2, 17), date(2021, 2, 21), date(2020, 1, 31), date(2020, 10, 8)]
    worked = [date(2021, 2, 7), date(2021, 2, 20), date(2020, 2, 3), date(2020, 9, 27), date(2020, 10, 10)]
    assert [bool(calendar_day(day)["working"]) for day in (*rest, *worked)] == [False] * 5 + [True] * 5


def test_a_case_takes_the_days_between_two_ordinals() -> None:
    def taken(accepted: date, finished: date) -> int:
        return int(calendar_day(finished)["ordinal"] - calendar_day(accepted)["ordinal"])

    assert taken(date(2014, 8, 19), date(2014, 9, 3)) == 11
    assert taken(date(2021, 2, 10), date(2021, 2, 10)) == 0
    assert taken(date(2021, 2, 10), date(2021, 2, 17)) == 0
    assert taken(date(2021, 2, 13), date(2021, 2, 18)) == 1


@pytest.mark.parametrize("day", [date(2003, 12, 31), date(covered_years()[1] + 1, 1, 4)])
def test_a_year_without_announced_days_off_is_refused(day: date) -> None:
    with pytest.raises(InputError, match="工作日历只有 2004–"):
        calendar_day(day)


def test_every_day_stands_once_and_the_table_is_a_copy() -> None:
    days = calendar_table()
    assert days["day"].diff().dropna().eq(1).all()
    assert (days["ordinal"] - days["before"]).eq(days["working"].astype(int)).all()
    days["ordinal"] = 0
    assert calendar_table()["ordinal"].iloc[-1] > 5000
