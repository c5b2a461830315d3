"""The working-day clock: which days are working days (incl. 调休), and how a limit is counted.

Counting starts the day after acceptance. A limit that ends on a day of rest ends on the next working day (民法典 203).
The days off are those the State Council's office announced, as chinesecalendar holds them.
"""

from __future__ import annotations

import math
from datetime import date, timedelta
from functools import cache

import chinese_calendar
import numpy as np
import pandas as pd
from chinese_calendar import constants

from zjanalysis.errors import InputError

EPOCH = date(1970, 1, 1)
WORKING_UNITS, NATURAL_UNIT = ("工作日", "小时", "分钟", "周", "月", "季", "年"), "自然日"


def covered_years() -> tuple[int, int]:
    """Give the first and the last year whose days off are known."""
    return min(constants.holidays).year, max(constants.holidays).year


def day_number(day: date) -> int:
    """Give the day as a number: days since 1970-01-01.

    >>> day_number(date(1970, 2, 1))
    31
    """
    return (day - EPOCH).days


@cache
def _calendar() -> pd.DataFrame:
    first, last = covered_years()
    start = day_number(date(first, 1, 1))
    days = [date(first, 1, 1) + timedelta(n) for n in range(day_number(date(last, 12, 31)) - start + 1)]
    working = np.array([chinese_calendar.is_workday(day) for day in days])
    ordinal = working.cumsum().astype("int32")
    return pd.DataFrame(
        {
            "day": np.arange(start, start + len(days), dtype="int32"),
            "date": pd.to_datetime(days),
            "working": working,
            "ordinal": ordinal,
            "before": ordinal - working.astype("int32"),
            "month": [f"{day:%Y-%m}" for day in days],
        }
    )


def calendar_table() -> pd.DataFrame:
    """Give every covered day: day (number), date, working, ordinal, before, month ("2021-02").

    ``ordinal`` counts the working days up to and including the day, ``before`` those before it. So the working days
    a case took are ``ordinal`` of the finish minus ``ordinal`` of the acceptance.
    """
    return _calendar().copy()


def calendar_day(day: date) -> pd.Series:
    """Give one day of the calendar; raises InputError for a year whose days off are not announced."""
    table = _calendar()
    position = day_number(day) - int(table["day"].iloc[0])
    if not 0 <= position < len(table):
        first, last = covered_years()
        raise InputError(
            f"工作日历只有 {first}–{last} 年，算不出 {day.isoformat()} 的工作日。",
            f"{last + 1} 年的放假安排公布后，请更新 chinesecalendar；日期写错的，请更正。",
        )
    return table.iloc[position]


def working_days(accepted: date, finished: date) -> int:
    """Give the working days from acceptance to finish; the day of acceptance does not count.

    >>> working_days(date(2021, 2, 9), date(2021, 2, 20))  # 春节 2-11 … 2-17; 周日 2-7 and 周六 2-20 are worked
    4
    """
    return int(calendar_day(finished)["ordinal"] - calendar_day(accepted)["ordinal"])


def due_date(accepted: date, limit: float, *, unit: str = "工作日", special: float = 0) -> date:
    """Give the last day on which a case is on time; ``special`` days (特别程序) lie outside the limit.

    ``unit`` 工作日 or 自然日. A part of a day counts as a day. Raises InputError for a year without a calendar.

    >>> due_date(date(2014, 8, 19), 11)  # 2014-08-19 is a Tuesday
    datetime.date(2014, 9, 3)
    >>> due_date(date(2021, 2, 10), 0), due_date(date(2021, 2, 13), 0)  # 即办; accepted in 春节
    (datetime.date(2021, 2, 10), datetime.date(2021, 2, 18))
    """
    if unit not in ("工作日", NATURAL_UNIT):
        raise InputError(f"时限单位“{unit}”不能直接计日。", "请先折算为工作日或自然日。")
    if unit == NATURAL_UNIT:
        return date_of_ordinal(
            int(calendar_day(accepted + timedelta(math.ceil(limit) + math.ceil(special)))["before"]) + 1
        )
    start = calendar_day(accepted)
    counted = int(start["ordinal"]) + math.ceil(limit) + math.ceil(special)
    return date_of_ordinal(max(counted, int(start["before"]) + 1))


def date_of_ordinal(ordinal: int) -> date:
    """Give the working day with this ordinal."""
    table = _calendar()
    position = int(np.searchsorted(table["ordinal"].to_numpy(), ordinal))
    if position >= len(table):
        calendar_day(date(covered_years()[1] + 1, 1, 1))
    return date.fromisoformat(str(table["date"].iloc[position].date()))
