"""A case number counts once whatever the numbers are: many repeats, blanks, numbers that share a hash."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zjanalysis.cases import engines
from zjanalysis.cases.engines import in_engine
from zjanalysis.cases.inputs import DUCKDB, CaseSource
from zjanalysis.cases.repeats import PARTS, repeated_hashes
from zjanalysis.settings import Settings

Row = tuple[str | None, str, str, str]
CUTOFF = date(2021, 3, 31)
NUMBERS = ("00000001000246326", "00000008000246396", "1", "1 ", " 1", "\t", " ", "  ", "", None)
DAYS = ("", "不详", "2021-03-01", "2021-03-02", "2021-03-08", "9999-12-31")
ROWS = st.lists(
    st.tuples(*map(st.sampled_from, (NUMBERS, DAYS, DAYS, ("440823", "遂溪县", "440802")))), min_size=1, max_size=60
)
HASHES = (DUCKDB.hash, "hash(length({}))", "CAST(1 AS UBIGINT)")  # two that many numbers share


def day(text: str) -> float:
    return (date.fromisoformat(text) - date(1970, 1, 1)).days if "-" in text else np.inf


def knows(row: Row) -> tuple[int, float, float, str]:
    """Return the order of the rows of one number: the row that is kept comes first."""
    _, accepted, finished, region = row
    cutoff = day(CUTOFF.isoformat())
    can_be, too_late = day(accepted) <= day(finished) <= cutoff, cutoff < day(accepted) < np.inf
    last = np.inf if np.isinf(day(finished)) else -day(finished)
    return 3 if too_late else 0 if can_be else 1 if finished else 2, last, day(accepted), region


def each_once(rows: Sequence[Row]) -> list[Row]:
    numbered = sorted((row for row in rows if (row[0] or "").strip(" ")), key=lambda row: row[0] or "")
    kept = [min(same, key=knows) for _, same in groupby(numbered, key=lambda row: row[0])]
    return [*kept, *(row for row in rows if not (row[0] or "").strip(" "))]


@given(rows=ROWS, hashing=st.sampled_from(HASHES))
def test_of_every_number_the_row_that_knows_most_is_kept(
    rows: list[Row], hashing: str, make_items: Callable[..., pd.DataFrame], tmp_path_factory: pytest.TempPathFactory
) -> None:
    headers = ["办件编号", "受理时间", "办结时间", "行政区划"]
    cases = pd.DataFrame(rows, columns=headers, dtype="str").assign(基本编码="A")
    source = CaseSource("试", CUTOFF, make_items())
    settings = Settings(tmp_path_factory.getbasetemp())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engines, "DUCKDB", replace(DUCKDB, hash=hashing))
        with in_engine(source, cases=cases, settings=settings) as table:
            columns = ["case_no", "accept_day", "finish_day", "region_code", "finish_given"]
            found = table.cases.df()[columns].astype("object").where(lambda cells: cells.notna(), None)
            dropped = sum(table.dropped.values())
    expected = each_once(rows)
    assert dropped == len(rows) - len(expected)
    days = [(number, day(at), day(to), region, bool(to)) for number, at, to, region in expected]
    told = [(number, none_is_inf(at), none_is_inf(to), *rest) for number, at, to, *rest in found.to_numpy().tolist()]
    assert Counter(told) == Counter(days)


def none_is_inf(number: float | None) -> float:
    return np.inf if number is None else number


@given(chunks=st.lists(st.lists(st.integers(0, 30), max_size=40), max_size=6), part=st.integers(0, PARTS - 1))
def test_hashes_that_come_again_are_found_once_in_whatever_chunks_they_come(
    chunks: list[list[int]], part: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    step = 2**64 // 31 + part
    folder = tmp_path_factory.getbasetemp()
    found = repeated_hashes(((np.array(chunk, dtype=np.uint64) * np.uint64(step)) for chunk in chunks), folder=folder)
    counts = Counter(number for chunk in chunks for number in chunk)
    assert sorted(found.tolist()) == sorted(number * step % 2**64 for number, n in counts.items() if n > 1)


def test_numbers_in_order_and_numbers_all_alike(tmp_path: Path) -> None:
    numbers = np.arange(2**63 - 50_000, 2**63 + 50_000, dtype=np.uint64)
    assert repeated_hashes([numbers, np.repeat(numbers[:1], 100_000)], folder=tmp_path).tolist() == [2**63 - 50_000]
    assert repeated_hashes([numbers], folder=tmp_path).tolist() == []
    assert list(tmp_path.iterdir()) == []


def test_numbers_a_few_digits_apart_have_hashes_of_their_own() -> None:
    """The engine's hash of the text alone is the same for 00000001000246326 and 00000008000246396, and many more."""
    numbers = "SELECT format('{:08d}{:09d}', a.range, b.range) AS case_no FROM range(50) a, range(6000) b"
    with duckdb.connect() as connection:
        apart = connection.execute(
            f"SELECT count(DISTINCT {DUCKDB.hash.format('case_no')}) FROM ({numbers})"
        ).fetchone()
        assert apart == (50 * 6000,)
