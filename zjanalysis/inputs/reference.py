"""The tables of ``zjanalysis/reference``: one row per fact, read as text."""

from __future__ import annotations

import csv
from functools import cache
from io import StringIO
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "reference"  # importlib.resources would load zipfile and more, at every start


@cache
def read_reference(name: str) -> tuple[dict[str, str], ...]:
    """Return the rows of one of the tables, every cell as text; an empty cell is empty text."""
    text = (FOLDER / f"{name}.csv").read_text(encoding="utf-8-sig")
    return tuple(csv.DictReader(StringIO(text, newline="")))


@cache
def spellings(kind: str) -> dict[str, str]:
    """Return how one kind of value is written in workbooks → what it means (spellings.csv; a new one is one more line).

    >>> spellings("unit")["个工作日"], spellings("flag")["支持"]
    ('工作日', '是')
    """
    return {row["written"]: row["value"] for row in read_reference("spellings") if row["kind"] == kind}
