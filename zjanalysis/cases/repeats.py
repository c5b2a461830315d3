"""Case numbers that come more than once, and the one row of each that is kept (docs/decisions/0010).

Every row's number is read once as a 64-bit hash; only rows whose hash comes again are ordered, by the number itself, so
that two numbers with one hash both stay.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from zjanalysis.inputs.calendar import day_number

# Of the rows with one case number the one that knows most: with dates that can be, of several the one finished last;
# one accepted after the cut-off comes last. Every other column follows, so that every engine takes the same row.
_OTHERS = ("accept_day", "region_code", "base_code", "department", "channel", "due_day", "promised", "promised_unit",
           "statutory", "special_days", "accept_given")  # fmt: skip
_COLUMNS = ", ".join(("case_no", "finish_given", "finish_day", *_OTHERS))
_NUMBERED = "(case_no >= '!' OR trim(case_no) <> '')"  # '!' comes next to a blank: few numbers have to be trimmed
_HASHES = f"SELECT {{hash}} AS hashed FROM {{cases}} AS cases WHERE {_NUMBERED}"
_PLACED = f"""
SELECT cases.*, row_number() OVER (PARTITION BY case_no ORDER BY
  CASE WHEN accept_day > {{cutoff}} THEN 3 WHEN finish_day BETWEEN accept_day AND {{cutoff}} THEN 0
    WHEN finish_given THEN 1 ELSE 2 END,
  finish_day DESC NULLS LAST, {", ".join(f"{key} NULLS LAST" for key in _OTHERS)}) AS place
FROM {{cases}} AS cases SEMI JOIN {{repeated}} AS repeated ON {{hash}} = hashed WHERE {_NUMBERED}"""
_DROPPED = "SELECT region_code, count(*) FROM {placed} AS placed WHERE place > 1 GROUP BY region_code"
_EACH_ONCE = f"""
SELECT {_COLUMNS} FROM {{cases}} AS cases ANTI JOIN {{placed}} AS placed USING (case_no)
UNION ALL SELECT {_COLUMNS} FROM {{placed}} AS placed WHERE place = 1"""

PARTS = 64  # files the hashes are dealt into by their highest bits: one of them is sorted in memory at a time
_BORDERS = np.arange(1, PARTS, dtype=np.uint64) << np.uint64(64 - PARTS.bit_length() + 1)


def each_once(
    cases: Any,
    *,
    cutoff: date,
    query: Callable[..., Any],
    repeated: Callable[[Any], Any],
    keep: Callable[..., Any],
    rows: Callable[..., Any],
) -> tuple[Any, Mapping[str | None, int]]:
    """Return the cases with every number once, and how many rows of each region were dropped for it.

    The engine says how it runs a ``query`` over tables, finds the ``repeated`` ones of a table of hashes, keeps a
    result under a name, and brings its ``rows`` home. Blanks are no number.
    """
    tables = {"cases": cases, "repeated": keep("repeated", repeated(query(_HASHES, cases=cases)))}
    if not rows(query("SELECT count(*) FROM {repeated} AS repeated", **tables))[0][0]:
        return query("SELECT * FROM {cases} AS cases", cases=cases), {}
    tables["placed"] = keep("placed", query(_PLACED, cutoff=day_number(cutoff), **tables))
    dropped = {region: int(n) for region, n in rows(query(_DROPPED, **tables))}
    return query(_EACH_ONCE, **tables), dropped


def repeated_hashes(chunks: Iterable[np.ndarray], *, folder: Path) -> np.ndarray:
    """Return once each the 64-bit hashes that come more than once in all chunks together.

    They wait in files of ``folder`` (8 bytes each), so that memory holds a chunk or a part of them.
    """
    with ExitStack() as opened:
        parts = [opened.enter_context(tempfile.TemporaryFile(dir=folder)) for _ in range(PARTS)]
        for chunk in chunks:
            hashes = np.sort(chunk)
            twice = np.concatenate([hashes[:2], hashes[2:][hashes[2:] != hashes[:-2]]])  # two of a kind say enough
            for part, piece in zip(parts, np.split(twice, np.searchsorted(twice, _BORDERS)), strict=True):
                part.write(piece.data)
        repeated = []
        for part in parts:
            part.seek(0)
            hashes = np.sort(np.frombuffer(part.read(), dtype=np.uint64))
            repeated.append(np.unique(hashes[1:][hashes[1:] == hashes[:-1]]))
        return np.concatenate(repeated)
