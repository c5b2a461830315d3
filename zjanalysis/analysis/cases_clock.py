"""When a case was due and how long it took: one definition in narwhals, for pandas, DuckDB and Spark alike.

Dates become day numbers (integers) where a table is read; here day numbers become working-day ordinals by joining the
calendar. No date is computed with, so every engine gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw

from zjanalysis.inputs.calendar import NATURAL_UNIT
from zjanalysis.inputs.limits import factors, unit_of
from zjanalysis.settings import Units

ONLINE_WORDS = ("网", "线上", "移动", "app", "小程序", "粤省事", "粤商通")


@dataclass(frozen=True)
class Words:
    """The few distinct words of a case table, read once: spellings of units and channels, and which columns exist.

    ``working`` gives the working days of one unit for each spelling, ``natural`` the spellings of 自然日, ``online``
    the channels that are online. ``has_due``, ``has_special``: the table has that column.
    """

    working: Mapping[str, float] = field(default_factory=lambda: {"工作日": 1.0})
    natural: tuple[str, ...] = ()
    online: tuple[str, ...] = ()
    has_due: bool = False
    has_special: bool = False
    natural_rate: float = 250 / 365


def words_of(units: Iterable[str], channels: Iterable[str], *, has_due: bool, has_special: bool, rates: Units) -> Words:
    """Sort the distinct spellings of a table; a unit nobody knows is in neither group, so its cases are left out."""
    known = {spelling: unit for spelling in units if (unit := unit_of(spelling))}
    per_day = factors(rates)
    return Words(
        working={spelling: per_day[unit] for spelling, unit in sorted(known.items()) if unit != NATURAL_UNIT},
        natural=tuple(sorted(spelling for spelling, unit in known.items() if unit == NATURAL_UNIT)),
        online=tuple(sorted(c for c in channels if any(word in c.lower() for word in ONLINE_WORDS))),
        has_due=has_due,
        has_special=has_special,
        natural_rate=per_day[NATURAL_UNIT],
    )


_PROMISED, _UNIT = nw.col("promised"), nw.col("promised_unit")
_ACCEPTED, _FINISHED, _DUE = nw.col("accept_ordinal"), nw.col("finish_ordinal"), nw.col("due_ordinal")


def clocked(cases: Any, calendar: Any, *, cutoff: int, cutoff_before: int, words: Words) -> nw.LazyFrame[Any]:
    """Give the cases with month, done, is_open, on_time, actual_days, overdue, due_ordinal, promised_days and online.

    ``cases`` in the columns of `cases_table`, ``calendar`` the calendar table of the same engine. ``cutoff`` is the
    day number of the cut-off and ``cutoff_before`` the number of working days before it. A case is *done* when both
    days are in the calendar and in order, *open* when no finish is given. What cannot be known is missing.

    The due day is the one given; else acceptance + promise + special days (特别程序), counted from the day after
    acceptance. A limit that ends on a day of rest ends on the next working day. A finish is on time when fewer
    working days lie before it than the due day's ordinal.
    """
    days = nw.from_native(calendar).lazy()
    rows = nw.from_native(cases).lazy()
    rows = _looked_up(rows, days, day="accept_day", month="month", accept_ordinal="ordinal", accept_before="before")
    rows = _looked_up(rows, days, day="finish_day", finish_ordinal="ordinal", finish_before="before")
    if words.has_due or words.natural:
        rows = _looked_up(rows.with_columns(due_at=_due_at(words)), days, day="due_at", due_before="before")
    rows = rows.with_columns(
        due_ordinal=_due_ordinal(words), done=_done(), is_open=_open(cutoff), promised_days=_in_days(words)
    )
    return rows.with_columns(
        on_time=nw.when(nw.col("done") & ~_DUE.is_null()).then((nw.col("finish_before") < _DUE).cast(nw.Float64)),
        actual_days=nw.when(nw.col("done")).then(_actual(words)),
        overdue=nw.when(nw.col("is_open") & ~_DUE.is_null()).then(_past(cutoff_before).cast(nw.Float64)),
        online=nw.when(~nw.col("channel").is_null()).then(nw.col("channel").is_in(words.online).cast(nw.Float64)),
    )


def _looked_up(rows: nw.LazyFrame[Any], days: nw.LazyFrame[Any], *, day: str, **wanted: str) -> nw.LazyFrame[Any]:
    """Join what the calendar says about one of the days; a day outside the calendar finds nothing."""
    columns = [nw.col("day").alias(day), *(nw.col(source).alias(name) for name, source in wanted.items())]
    return rows.join(days.select(*columns), on=day, how="left")


def _special(words: Words) -> nw.Expr:
    return nw.col("special_days") if words.has_special else nw.lit(0.0)


def _due_at(words: Words) -> nw.Expr:
    """Give the day number of the due date where it is a day of the calendar: the one given, or acceptance + 自然日."""
    given = nw.col("due_day")
    if not words.natural:
        return given
    counted = nw.col("accept_day") - (-_PROMISED // 1) - (-_special(words) // 1)
    at = nw.when(_UNIT.is_in(words.natural)).then(counted.cast(nw.Float64))
    return nw.when(~given.is_null()).then(given.cast(nw.Float64)).otherwise(at) if words.has_due else at


def _due_ordinal(words: Words) -> nw.Expr:
    """Give the ordinal of the due day, with a part of a day where the promise has one."""
    at_least = nw.col("accept_before") + 1.0
    counted = _ACCEPTED + _promised_days(words)
    counted = counted + _special(words) if words.has_special else counted
    due = nw.when(counted < at_least).then(at_least).otherwise(counted)
    if not (words.has_due or words.natural):
        return due
    return nw.when(~nw.col("due_at").is_null()).then(nw.col("due_before") + 1.0).otherwise(due)


def _promised_days(words: Words) -> nw.Expr:
    plain = [spelling for spelling, factor in words.working.items() if factor == 1.0]
    days: nw.Expr = nw.when(_UNIT.is_in(plain)).then(_PROMISED)
    for spelling, factor in words.working.items():
        if factor != 1.0:
            days = nw.when(nw.col("promised_unit") == spelling).then(_PROMISED * factor).otherwise(days)
    return days


def _past(cutoff_before: int) -> nw.Expr:
    """Say whether the due day lies before the cut-off: a case due on the cut-off day is not overdue yet."""
    return nw.col("due_ordinal") <= float(cutoff_before)


def _in_days(words: Words) -> nw.Expr:
    """Give the promise in working days for tables and pictures; a natural-day promise is only converted there."""
    if not words.natural:
        return _promised_days(words)
    return nw.when(_UNIT.is_in(words.natural)).then(_PROMISED * words.natural_rate).otherwise(_promised_days(words))


def _done() -> nw.Expr:
    both = ~_ACCEPTED.is_null() & ~_FINISHED.is_null()
    return both & (nw.col("finish_day") >= nw.col("accept_day"))


def _open(cutoff: int) -> nw.Expr:
    return ~nw.col("finish_given") & ~_ACCEPTED.is_null() & (nw.col("accept_day") <= cutoff)


def _actual(words: Words) -> nw.Expr:
    taken = (_FINISHED - _ACCEPTED).cast(nw.Float64)
    if not words.has_special:
        return taken
    net = taken - _special(words)
    return nw.when(net < 0).then(nw.lit(0.0)).otherwise(net)
