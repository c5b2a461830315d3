"""When a case was due and how long it took: one definition in narwhals, for pandas, DuckDB and Spark alike.

Dates become day numbers (integers) where a table is read; here day numbers become working-day ordinals by joining the
calendar. No date is computed with, so every engine gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from zjanalysis.analysis.indicators import to_pandas
from zjanalysis.cases.engines import in_engine
from zjanalysis.cases.inputs import NO_LIMIT_FROM, CaseSource
from zjanalysis.inputs.calendar import NATURAL_UNIT, calendar_day, calendar_table
from zjanalysis.inputs.values import factors, unit_of
from zjanalysis.settings import Settings, Units

ONLINE_WORDS = ("网", "线上", "移动", "app", "小程序", "粤省事", "粤商通")
GRID = 2.0**16
"""Steps a day is counted in, a bit over a second each: sums of so even numbers are exact in whatever order an engine
adds them, up to 10¹¹ days; limits in 自然日 are no whole working days and would differ in the last digit every time."""
_PROMISED, _UNIT, _SPECIAL = nw.col("promised"), nw.col("promised_unit"), nw.col("special_days")
_LACKS_PROMISE = _PROMISED.is_null() & nw.col("due_day").is_null()
_MOST_SPELLINGS = 2000  # more spellings of a unit or a channel than this are not words but free text


@dataclass(frozen=True)
class CaseTable:
    """Cases as a clocked narwhals table of one engine (`clocked`); ``dropped`` as in `EngineTable`.

    ``months``: the month of every working day up to the cut-off, by its ordinal as ``due_number``. ``later``: region
    as written → cases accepted after the cut-off, which are no rows here.
    """

    rows: nw.LazyFrame[Any]
    months: nw.LazyFrame[Any]
    dropped: Mapping[str | None, int]
    later: Mapping[str | None, int]


@contextmanager
def open_cases(
    source: CaseSource, *, engine: Any = "duckdb", cases: Any = None, settings: Settings
) -> Iterator[CaseTable]:
    """Open a source in an engine (`in_engine`) and set the clock on it; the table is gone when the block ends."""
    with in_engine(source, engine=engine, cases=cases, settings=settings) as table:
        days, cutoff = calendar_table(), calendar_day(source.cutoff)
        after = (nw.col("accept_day") > int(cutoff["day"])) & (nw.col("accept_day") <= int(days["day"].iloc[-1]))
        rows = nw.from_native(table.cases).lazy()
        units, channels, some = _first_look(rows, after=after, lacking=_LACKS_PROMISE)
        later = _by_region(rows, after) if some["after"] else {}
        if later:
            rows = rows.filter(nw.col("accept_day").is_null() | ~after)
        if some["lacking"] or "statutory" not in table.keys:
            limits = item_limits(source.items)
            rows = _with_limits(rows, table.bring(limits), keys=table.keys)
            units = [*units, *limits["promised_unit"].unique()]
        calendar = table.bring(days[["day", "ordinal", "before"]])
        vocabulary = vocabulary_of(units, channels, rates=settings.units)
        clock = clocked(rows, calendar, cutoff=cutoff, vocabulary=vocabulary, keys=table.keys)
        due = days[days["working"] & days["day"].le(cutoff["day"])].astype({"ordinal": "float64"})
        months = table.bring(due[["ordinal", "month"]].rename(columns={"ordinal": "due_number"}))
        yield CaseTable(clock, nw.from_native(months).lazy(), table.dropped, later)


def _by_region(cases: nw.LazyFrame[Any], which: nw.Expr) -> Mapping[str | None, int]:
    counts = to_pandas(cases.filter(which).group_by("region_code").agg(nw.len().alias("n")))
    regions = counts["region_code"].astype("object").where(counts["region_code"].notna(), None)
    return dict(zip(regions, counts["n"].astype("int64"), strict=True))


def rows_by(table: CaseTable, by: Iterable[str]) -> nw.LazyFrame[Any]:
    """Return the rows of a table with every column of ``by``; only ``month`` has to be looked up.

    The month is that of the due day; a case without a due day, or not due by the cut-off, has none. By month of
    acceptance the last months would hold only the cases that were quick.
    """
    if "month" not in by:
        return table.rows
    return table.rows.with_columns(due_number=-(-_DUE // 1)).join(table.months, on="due_number", how="left")


def _with_limits(rows: nw.LazyFrame[Any], limits: Any, *, keys: frozenset[str]) -> nw.LazyFrame[Any]:
    """Return the cases with the limits they lack taken from the items; only cases that lack something are looked up.

    A case lacks its promise where neither the promise nor the due date is given, the statutory limit where the table
    has no such column: a blank cell of it says that the law sets none.
    """
    promise = [nw.when(_LACKS_PROMISE).then(nw.col(f"listed_{name}")) for name in ("promised", "promised_unit")]
    statutory = {} if "statutory" in keys else {"statutory": nw.coalesce("statutory", "listed_statutory")}
    region = nw.when(_LACKS_PROMISE).then(nw.col("region_code")) if "statutory" in keys else nw.col("region_code")
    listed = {name: f"listed_{name}" for name in ("promised", "promised_unit", "statutory")}
    of_items = nw.from_native(limits).lazy().rename({"region_code": "lacking", **listed})
    return (
        rows.with_columns(lacking=region)
        .join(of_items, on=["lacking", "base_code"], how="left")
        .with_columns(
            promised=nw.coalesce(promise[0], _PROMISED), promised_unit=nw.coalesce(promise[1], _UNIT), **statutory
        )
    )


def _first_look(rows: nw.LazyFrame[Any], **flags: nw.Expr) -> tuple[list[str], list[str], Mapping[str, bool]]:
    """Return in one pass the units, the channels, and for each flag whether there may be a case that has it.

    Channels that are free text give none, so nothing is guessed.
    """
    names = ("promised_unit", "channel")
    marked = rows.select(*names, **{key: nw.when(flag).then(nw.lit(1)) for key, flag in flags.items()})
    counts = [nw.col(key).count() for key in flags]
    pairs = to_pandas(marked.group_by(*names).agg(*counts).head(_MOST_SPELLINGS))
    free_text = len(pairs) == _MOST_SPELLINGS
    if free_text:
        pairs = to_pandas(marked.group_by("promised_unit").agg(*counts).head(_MOST_SPELLINGS))
    units, channels = (sorted(pairs[name].dropna().astype("str").unique()) if name in pairs else [] for name in names)
    return units, channels, {key: free_text or bool(pairs[key].sum() > 0) for key in flags}


def item_limits(items: pd.DataFrame) -> pd.DataFrame:
    """Return one row per region and base code: promised, promised_unit, statutory; what a case of it is held to.

    A code with several 办理项 takes the longest promise and the longest statutory limit, so that no case is called
    late by the promise of another 办理项. The region stands in every spelling a case table may use: code, 12-digit
    code, name. A natural-day promise stays one, since its end depends on the day of acceptance.
    """
    columns = ["region_code", "region", "match_code", "promised_unit", "promised_written", "promised_days",
               "statutory_days"]  # fmt: skip
    used = items.loc[items["in_force"] & items["match_code"].notna(), columns]
    natural = used["promised_unit"].eq(NATURAL_UNIT)
    written = used.assign(
        base_code=used["match_code"],
        promised=np.where(natural, used["promised_written"], used["promised_days"]),
        promised_unit=np.where(natural, NATURAL_UNIT, "工作日"),
    )
    longest = written.sort_values("promised_days", kind="stable", na_position="first")
    keys = ["region_code", "region", "base_code"]
    limits = longest.groupby(keys, as_index=False)[["promised", "promised_unit"]].last()
    statutory = written[written["statutory_days"] > 0].groupby(keys)["statutory_days"].max().rename("statutory")
    joined = limits.merge(statutory.reset_index(), on=keys, how="left")
    spellings = [joined["region_code"], joined["region_code"] + "000000", joined["region"]]
    every = pd.concat([joined.assign(region_code=spelling) for spelling in spellings], ignore_index=True)
    return every.drop(columns="region")


@dataclass(frozen=True)
class Vocabulary:
    """What the few distinct words of a case table mean: working days of a unit, units of 自然日, online channels."""

    days_per_unit: Mapping[str, float]
    natural: tuple[str, ...]
    online: tuple[str, ...]


def vocabulary_of(units: Iterable[str], channels: Iterable[str], *, rates: Units) -> Vocabulary:
    """Sort the spellings of a table; a unit nobody knows has no days, so its cases are left out."""
    recognised = {spelling: unit for spelling in units if (unit := unit_of(spelling))}
    return Vocabulary(
        days_per_unit={spelling: factors(rates)[unit] for spelling, unit in sorted(recognised.items())},
        natural=tuple(sorted(spelling for spelling, unit in recognised.items() if unit == NATURAL_UNIT)),
        online=tuple(sorted(c for c in channels if any(word in c.lower() for word in ONLINE_WORDS))),
    )


_ACCEPTED, _FINISHED, _DUE = nw.col("accept_ordinal"), nw.col("finish_ordinal"), nw.col("due_ordinal")
_DONE, _IS_OPEN, _CHANNEL = nw.col("done"), nw.col("is_open"), nw.col("channel")


def clocked(
    cases: Any, calendar: Any, *, cutoff: pd.Series, vocabulary: Vocabulary, keys: frozenset[str]
) -> nw.LazyFrame[Any]:
    """Return the cases with done, is_open, finished_after, overdue, on_time, on_time_finished, actual_days,
    due_ordinal, promised_days and online.

    ``cases`` in the columns of `inputs.select_list`, ``calendar`` the calendar table of the same engine, ``cutoff`` the
    cut-off's row of it, ``keys`` of the columns the source has. A case is *done* when both days are in the calendar, in
    order and not after the cut-off, *open* when no finish is given or it came after the cut-off. What cannot be known
    is missing. ``actual_days`` and ``statutory``, which are summed, are multiples of a step of `GRID`.

    The due day is the one given; else acceptance + promise + special days (特别程序), counted from the day after
    acceptance. A limit that ends on a day of rest ends on the next working day. A finish is on time when fewer
    working days lie before it than the due day's ordinal; a case due on the cut-off day is not overdue yet. Late is
    what was finished late and what is open past its due day; ``on_time_finished`` looks at finished cases only.
    """
    days = nw.from_native(calendar).lazy()
    rows = nw.from_native(cases).lazy()
    rows = _look_up(rows, days, day="accept_day", accept_ordinal="ordinal", accept_before="before")
    rows = _look_up(rows, days, day="finish_day", finish_ordinal="ordinal", finish_before="before")
    promised_days = _promised_days(vocabulary)
    due = _at_least(_ACCEPTED + promised_days + _SPECIAL, nw.col("accept_before") + 1.0)  # with a part of a day
    if "due" in keys or vocabulary.natural:
        rows = _look_up(rows.with_columns(due_at=_due_at(vocabulary)), days, day="due_at", due_before="before")
        due = nw.when(~nw.col("due_at").is_null()).then(nw.col("due_before") + 1.0).otherwise(due)
    accept_day, finish_day, end = nw.col("accept_day"), nw.col("finish_day"), int(cutoff["day"])
    after = ~_FINISHED.is_null() & (finish_day > end)
    rows = rows.with_columns(
        due_ordinal=due,
        done=~_ACCEPTED.is_null() & ~_FINISHED.is_null() & (finish_day >= accept_day) & (finish_day <= end),
        finished_after=after,
        is_open=(~nw.col("finish_given") | after) & ~_ACCEPTED.is_null() & (accept_day <= end),
        promised_days=promised_days,
    )
    past = nw.col("due_ordinal") <= float(cutoff["before"])
    in_time = nw.when(_DONE & ~_DUE.is_null()).then((nw.col("finish_before") < _DUE).cast(nw.Float64))
    taken = _at_least((_FINISHED - _ACCEPTED).cast(nw.Float64) - _SPECIAL, nw.lit(0.0))
    return rows.with_columns(
        on_time=nw.when(_IS_OPEN & past).then(nw.lit(0.0)).otherwise(in_time),
        on_time_finished=in_time,
        actual_days=nw.when(_DONE).then(_on_grid(taken)),
        statutory=_on_grid(nw.col("statutory")),
        overdue=nw.when(_IS_OPEN & ~_DUE.is_null()).then(past.cast(nw.Float64)),
        online=nw.when(~_CHANNEL.is_null()).then(_CHANNEL.is_in(vocabulary.online).cast(nw.Float64)),
    )


def _look_up(rows: nw.LazyFrame[Any], days: nw.LazyFrame[Any], *, day: str, **names: str) -> nw.LazyFrame[Any]:
    """Join what the calendar says about one of the days; a day outside the calendar finds nothing."""
    columns = [nw.col("day").alias(day), *(nw.col(source).alias(name) for name, source in names.items())]
    return rows.join(days.select(*columns), on=day, how="left")


def _promised_days(vocabulary: Vocabulary) -> nw.Expr:
    """Return the promise in working days; one in 自然日 is only converted for tables and pictures."""
    days: nw.Expr = nw.when(_PROMISED == 0).then(nw.lit(0.0))  # needs no unit
    for factor in sorted(set(vocabulary.days_per_unit.values())):
        spellings = [spelling for spelling, size in vocabulary.days_per_unit.items() if size == factor]
        days = nw.when(_UNIT.is_in(spellings) & (_PROMISED < NO_LIMIT_FROM)).then(_PROMISED * factor).otherwise(days)
    return days


def _due_at(vocabulary: Vocabulary) -> nw.Expr:
    """Return the day number of a due date that is a day of the calendar: the one given, or acceptance + 自然日."""
    stated = nw.col("due_day")
    if not vocabulary.natural:
        return stated
    natural = _UNIT.is_in(vocabulary.natural) & (_PROMISED < NO_LIMIT_FROM)
    counted = nw.col("accept_day") - (-_PROMISED // 1) - (-_SPECIAL // 1)
    return nw.coalesce(stated.cast(nw.Float64), nw.when(natural).then(counted.cast(nw.Float64)))


def _at_least(number: nw.Expr, lowest: nw.Expr) -> nw.Expr:
    """Return the number, or the lowest where it is below; a missing number stays missing."""
    return nw.when(number < lowest).then(lowest).otherwise(number)


def _on_grid(days: nw.Expr) -> nw.Expr:
    return (days * GRID + 0.5) // 1 / GRID
