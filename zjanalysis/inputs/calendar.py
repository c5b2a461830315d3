"""The working-day clock: which days are working days (incl. 调休), and how a limit is counted.

Counting starts the day after acceptance. A limit that ends on a day of rest ends on the next working day (民法典 203).
The days off are those the State Council's office announced, as chinesecalendar holds them.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import numpy as np
import pandas as pd
from chinese_calendar import constants

from zjanalysis.errors import InputError

EPOCH = date(1970, 1, 1)
NATURAL_UNIT = "自然日"


def covered_years() -> tuple[int, int]:
    """Return the first and the last year whose days off are known."""
    return min(constants.holidays).year, max(constants.holidays).year


def day_number(day: date) -> int:
    """Return the day as a number: days since 1970-01-01.

    >>> day_number(date(1970, 2, 1))
    31
    """
    return (day - EPOCH).days


@cache
def _calendar() -> pd.DataFrame:
    first, last = covered_years()
    start = day_number(date(first, 1, 1))
    days = [date(first, 1, 1) + timedelta(n) for n in range(day_number(date(last, 12, 31)) - start + 1)]
    on, off = constants.workdays, constants.holidays  # chinesecalendar asks them as this does, 170 times slower
    working = np.array([day in on or (day.weekday() < 5 and day not in off) for day in days])
    ordinal = working.cumsum().astype("int32")
    return pd.DataFrame(
        {
            "day": np.arange(start, start + len(days), dtype="int32"),
            "date": pd.to_datetime(days),
            "working": working,
            "ordinal": ordinal,
            "before": ordinal - working.astype("int32"),
            "month": [day.isoformat()[:7] for day in days],
        }
    )


def calendar_table() -> pd.DataFrame:
    """Return every covered day: day (number), date, working, ordinal, before, month ("2021-02").

    ``ordinal`` counts the working days up to and including the day, ``before`` those before it. So the working days
    a case took are ``ordinal`` of the finish minus ``ordinal`` of the acceptance.
    """
    return _calendar().copy()


def calendar_day(day: date) -> pd.Series:
    """Return one day of the calendar; raises InputError for a year whose days off are not announced."""
    table = _calendar()
    position = day_number(day) - int(table["day"].iloc[0])
    if not 0 <= position < len(table):
        first, last = covered_years()
        hint = f"{last + 1} 年的放假安排公布后，请更新 chinesecalendar；日期写错的，请更正。"
        raise InputError(f"工作日历只有 {first}–{last} 年，算不出 {day.isoformat()} 的工作日。", hint)
    return table.iloc[position]
