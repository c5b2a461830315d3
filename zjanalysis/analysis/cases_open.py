"""One way to every engine: a case source opened as a clocked table that `measure` runs on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import narwhals as nw
import pandas as pd

from zjanalysis.analysis.cases_clock import Words, clocked, words_of
from zjanalysis.analysis.cases_duckdb import case_relation, connected, pandas_relation
from zjanalysis.analysis.cases_limits import limits_of
from zjanalysis.analysis.cases_made import made_cases
from zjanalysis.analysis.cases_spark import is_session, spark_cases, spark_small, spark_source, spoken
from zjanalysis.analysis.indicators import to_pandas
from zjanalysis.errors import InputError, unknown_name
from zjanalysis.inputs.calendar import calendar_day, calendar_table, day_number
from zjanalysis.inputs.cases import CaseSource
from zjanalysis.settings import Settings

ENGINES = ("duckdb", "pandas")
CALENDAR = ["day", "ordinal", "before", "month"]
_DISTINCT = 2000  # more spellings of a unit or a channel than this are not words but free text


@dataclass(frozen=True)
class Opened:
    """Cases as a clocked narwhals table of one engine, the words found in it, and the keys the source has."""

    rows: nw.LazyFrame[Any]
    words: Words
    keys: frozenset[str]


@dataclass(frozen=True)
class Native:
    """A table in our columns as the engine holds it, the keys it has, and how a small pandas table gets there."""

    table: Any
    keys: set[str]
    bring: Callable[[pd.DataFrame], Any]


@contextmanager
def opened(source: CaseSource, *, engine: Any = "duckdb", cases: Any = None, settings: Settings) -> Iterator[Opened]:
    """Open a source in an engine: ``duckdb``, ``pandas``, or a Spark session; ``cases`` is a table already at hand.

    The table is gone when the block ends. Raises UnknownName for another engine, InputError for cases that cannot
    be read.
    """
    spark = is_session(engine)
    if not spark and engine not in ENGINES:
        raise unknown_name("引擎", str(engine), (*ENGINES, "spark"))
    found = source
    if cases is None and not (source.paths or source.query or source.spark_table):
        found = replace(source, paths=(made_cases(source, settings=settings),))
    if not spark and found.spark_table and cases is None:
        raise InputError(f"{found.title} 的办件是 Spark 表。", "请加 --engine spark --master URL，或传入 Spark 会话。")
    with _in_spark(engine, found, cases) if spark else _in_duckdb(engine, found, cases, settings) as native:
        yield _clocked(native, found, settings=settings)


@contextmanager
def _in_spark(session: Any, source: CaseSource, cases: Any) -> Iterator[Native]:
    with spoken(source.title):
        if cases is None:
            table, keys = spark_source(session, source)
        else:
            table, keys = spark_cases(cases, where=source.title)
        yield Native(table, keys, lambda small: spark_small(session, small))


@contextmanager
def _in_duckdb(engine: str, source: CaseSource, cases: Any, settings: Settings) -> Iterator[Native]:
    with connected(settings, title=source.title) as (connection, folder):
        if cases is None:
            table, keys = case_relation(connection, source, spill=folder)
        else:
            table, keys = pandas_relation(connection, cases)
        if engine == "pandas":
            yield Native(table.df(), keys, lambda small: small)
            return

        def bring(small: pd.DataFrame) -> Any:
            name = f"small_{len(small)}"
            connection.register("given_small", small)
            connection.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM given_small")
            return connection.table(name)

        yield Native(table, keys, bring)


def _clocked(native: Native, source: CaseSource, *, settings: Settings) -> Opened:
    rows = nw.from_native(native.table).lazy()
    keys = native.keys
    units, channels = _words(rows)
    lacking = [key for key in ("promised", "statutory") if key not in keys]
    if "due" in keys and "promised" in lacking:
        lacking.remove("promised")
    if lacking:
        limits = limits_of(source.items)
        rows = _with_limits(rows, native.bring(limits), lacking=lacking)
        units = units if "promised" not in lacking else list(limits["promised_unit"].unique())
    words = words_of(
        units,
        channels,
        has_due="due" in keys,
        has_special="special_days" in keys,
        rates=settings.units,
    )
    calendar = native.bring(calendar_table()[CALENDAR])
    before = int(calendar_day(source.cutoff)["before"])
    clock = clocked(rows, calendar, cutoff=day_number(source.cutoff), cutoff_before=before, words=words)
    return Opened(clock, words, frozenset(keys))


def _words(rows: nw.LazyFrame[Any]) -> tuple[list[str], list[str]]:
    """Give the units and the channels in one pass; channels that are free text give none, so nothing is guessed."""
    names = ("promised_unit", "channel")
    pairs = to_pandas(rows.group_by(*names).agg(nw.len().alias("n")).head(_DISTINCT))
    free_text = len(pairs) == _DISTINCT
    if free_text:
        pairs = to_pandas(rows.group_by("promised_unit").agg(nw.len().alias("n")).head(_DISTINCT))
    units = sorted(pairs["promised_unit"].dropna().astype("str").unique())
    return units, [] if free_text else sorted(pairs["channel"].dropna().astype("str").unique())


def _with_limits(rows: nw.LazyFrame[Any], limits: Any, *, lacking: list[str]) -> nw.LazyFrame[Any]:
    """Take the limits a table does not have from the items, by region and base code."""
    names = [*lacking, *(["promised_unit"] if "promised" in lacking else [])]
    known = nw.from_native(limits).lazy().select("region_code", "base_code", *names)
    return rows.drop(*names).join(known, on=["region_code", "base_code"], how="left")
