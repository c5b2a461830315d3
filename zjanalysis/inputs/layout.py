"""Where the table stands in a sheet: header rows, which column is what, total rows, notes, merged cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd

from zjanalysis.inputs.findings import Part, Place
from zjanalysis.inputs.headers import header_of, letter, near, unit_in
from zjanalysis.inputs.workbook import Sheet, cell_text

_TOTAL = re.compile(r"(本页|本表|全[市县区])?(合计|总计|小计|共计|汇总|总数)[\s\d:：,，.。个项条件（）()]*")
_NOTE = re.compile(r"(注|备注|说明|填表|填报|制表|审核|审批人|联系|单位负责人|附注|\*)")
_FIRST = set("本全合总小共汇注备说填制审联单附*0123456789")  # how totals and notes begin
_ODD = re.compile(rf"{_TOTAL.pattern}$|{_NOTE.pattern}|\d+$")  # an item name that may be none


@dataclass(frozen=True)
class Cells:
    """One column, each distinct text once: row i holds ``texts[which[i]]``; ``written`` is before cleaning."""

    which: np.ndarray
    texts: np.ndarray
    written: np.ndarray

    def values(self) -> np.ndarray:
        """Give the cleaned text of every row ("" for an empty cell)."""
        return np.asarray(self.texts[self.which])

    def each(self, function: Callable[[str], Any], *, kind: Any = object) -> np.ndarray:
        """Apply a function to every distinct text and spread what it gives over the rows."""
        return np.asarray(self.given(function, kind=kind)[self.which])

    def given(self, function: Callable[[str], Any], *, kind: Any = object) -> np.ndarray:
        """Apply a function to every distinct text."""
        given = np.empty(len(self.texts), dtype=kind)
        given[:] = [function(text) for text in self.texts]
        return given

    def take(self, rows: np.ndarray) -> Cells:
        """Keep some rows (positions or mask)."""
        return self if rows.dtype == bool and rows.all() else replace(self, which=self.which[rows])


@dataclass(frozen=True)
class Rows:
    """The rows of one table as written. ``numbers`` are the row numbers of the sheet; ``n_read`` counts every row
    below the header that holds anything, also those that ``parts`` leave out."""

    file: str
    sheet: str
    numbers: np.ndarray
    cells: Mapping[str, Cells]
    places: Mapping[str, Place]
    n_read: int
    parts: tuple[Part, ...]


_WIDTH = {0x3000: " ", 0xA0: " ", 0x200B: None, 0xFEFF: None} | {
    0xFEE0 + ord(c): c for c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
}
_SPACES = " \t\n\r\x0b\x0c"
_SAMPLE = 1000  # rows that tell whether a column repeats itself


def clean(text: str) -> str:
    """Strip, and give full-width letters, digits and spaces their usual width; other characters stay."""
    return text.translate(_WIDTH).strip()


def cells_of(values: Iterable[Any], n: int) -> Cells:
    """Make a column of n cells as calamine or csv gives them; a column of identifiers is not searched for repeats."""
    given = np.fromiter(values, dtype=object, count=n)
    unique = n > _SAMPLE and len(set(given[:_SAMPLE])) == _SAMPLE
    which, distinct = (np.arange(n), given) if unique else pd.factorize(given)
    written = np.empty(len(distinct) + 1, dtype=object)
    written[:] = [*(value if type(value) is str else cell_text(value) for value in distinct), ""]
    return Cells(np.where(which < 0, len(distinct), which), _cleaned(written), written)


def _cleaned(written: np.ndarray) -> np.ndarray:
    """Clean the texts that need it; the same array when none does."""
    joined = "\0" + "\0".join(written) + "\0"
    ends = [token for space in _SPACES if space in joined for token in (f"\0{space}", f"{space}\0")]
    tokens = ends + [chr(code) for code in _WIDTH if chr(code) in joined]
    at = [place for token in tokens for place in _places(joined, token)]
    if not at:
        return written
    borders = np.cumsum(np.fromiter(map(len, written), dtype="int64", count=len(written)) + 1)
    unclean = np.unique(np.searchsorted(borders, at))
    cleaned = written.copy()
    cleaned[unclean] = [clean(text) for text in written[unclean]]
    return cleaned


def _places(joined: str, token: str) -> Iterator[int]:
    """Give the place of the text itself for every hit: behind a separator, or before one."""
    place = joined.find(token)
    while place >= 0:
        yield place + 1 if token[0] == "\0" else place
        place = joined.find(token, place + 1)


def rows_of(
    sheet: Sheet, *, mapping: Mapping[str, str], choose: Callable[..., tuple[dict[str, int], list[Part]]]
) -> Rows | None:
    """Give the rows of a sheet's table, or None when the sheet has no header.

    ``choose`` decides which column is taken where a header has two meanings or two columns have one.
    """
    header = header_of(sheet, mapping)
    if header is None:
        return None
    first, texts, keys = header
    body = sheet.grid[first:]
    columns = _columns(body, keys, first=first, merged=sheet.merged)
    chosen, parts = choose(texts, keys, columns)
    places = {key: Place(letter(c), " ".join(texts[c].split()), unit_in(texts[c])) for key, c in chosen.items()}
    cells = {key: columns[c] for key, c in chosen.items()}
    parts += [Part("column_unknown", np.zeros(1), values=text, others=near(text))
              for text, key in zip(texts, keys, strict=True) if not key and near(text)]  # fmt: skip
    kept, n_read, left_out = _kept(body, cells, texts, first=first)
    return Rows(sheet.file, sheet.name, np.flatnonzero(kept) + first + 1, {k: c.take(kept) for k, c in cells.items()},
                places, n_read, (*parts, *left_out))  # fmt: skip


def _columns(
    body: list[list[Any]], keys: list[tuple[str, ...]], *, first: int, merged: Sequence[Any]
) -> dict[int, Cells]:
    made = {c: cells_of(map(itemgetter(c), body), len(body)) for c, key in enumerate(keys) if key}
    for (top, left), (bottom, _) in merged:
        if bottom > top >= first and left in made:
            which = made[left].which.copy()
            which[top - first : bottom - first + 1] = which[top - first]
            made[left] = replace(made[left], which=which)
    return made


def _kept(
    body: list[list[Any]], cells: Mapping[str, Cells], texts: list[str], *, first: int
) -> tuple[np.ndarray, int, list[Part]]:
    """Say which rows are items; the others are blank, totals, notes or the header again."""
    names = cells.get("item_name")
    heads = {" ".join(text.split()) for text in texts}
    empty = (names.texts == "")[names.which] if names else np.ones(len(body), dtype=bool)
    odd = (
        names.each(lambda text: (text[:1] in _FIRST and bool(_ODD.match(text))) or text in heads, kind=bool)
        if names
        else empty
    )
    doubtful = np.flatnonzero(empty | odd)
    filled = {i: [text for text in (cell_text(v).strip() for v in body[i]) if text] for i in doubtful}
    reasons = {i: _why_not(written, bool(empty[i]), texts) for i, written in filled.items()}
    kept = np.ones(len(body), dtype=bool)
    kept[[i for i, reason in reasons.items() if reason]] = False
    n_blank = sum(reason == "blank" for reason in reasons.values())
    parts = [Part(rule, np.array(found) + first + 1, key="item_name",
                  values=[str(i + first + 1) if rule == "header_repeated" else filled[i][0] for i in found])
             for rule in ("row_total", "row_note", "header_repeated")
             if (found := [i for i, reason in reasons.items() if reason == rule])]  # fmt: skip
    return kept, len(body) - n_blank, parts


def _why_not(written: list[str], nameless: bool, texts: list[str]) -> str:
    if not written:
        return "blank"
    if any(_TOTAL.fullmatch(text) for text in written[:3]):
        return "row_total"
    if len(written) <= 2 and (nameless or _NOTE.match(written[0])):
        return "row_note"
    if sum(text in texts for text in written) >= max(2, 0.6 * len(written)):
        return "header_repeated"
    if len(written) >= 3 and all(text.isdecimal() and len(text) < 4 for text in written):
        return "header_repeated" if len(set(np.diff([int(text) for text in written]))) == 1 else ""
    return ""
