"""Where the table stands in a sheet: header rows, which column is what, total rows, notes, merged cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from zjanalysis.inputs.findings import Part, Place
from zjanalysis.inputs.headers import header_of, keys_of, letter, near, unit_in
from zjanalysis.inputs.workbook import Sheet, cell_text

_TOTAL = re.compile(r"^(合计|总计|小计|共计|汇总|总数)[\d:：（(项个]*")
_NOTE = re.compile(r"^(注|备注|说明|填表|填报|制表|审核|审批人|联系|单位负责人|附注|\*)")


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
        given = np.empty(len(self.texts), dtype=kind)
        given[:] = [function(text) for text in self.texts]
        return np.asarray(given[self.which])

    def take(self, rows: np.ndarray) -> Cells:
        """Keep some rows (positions or mask)."""
        return replace(self, which=self.which[rows])


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


def clean(text: str) -> str:
    """Strip, and give full-width letters, digits and spaces their usual width; other characters stay."""
    if text.isascii():
        return text.strip()
    return text.translate(_WIDTH).strip()


_WIDTH = {0x3000: " ", 0xA0: " ", 0x200B: None, 0xFEFF: None} | {
    0xFEE0 + ord(c): c for c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
}


def cells_of(values: Sequence[Any]) -> Cells:
    """Make a column of cells as calamine or csv gives them."""
    texts = [value if type(value) is str else cell_text(value) for value in values]
    holder = np.empty(len(texts), dtype=object)
    holder[:] = texts
    which, distinct = pd.factorize(holder)
    cleaned = np.empty(len(distinct), dtype=object)
    cleaned[:] = [clean(text) for text in distinct]
    return Cells(which, cleaned, np.asarray(distinct, dtype=object))


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
    values = {c: [row[c] for row in body] for c, key in enumerate(keys) if key}
    for (top, left), (bottom, _) in merged:
        if bottom > top >= first and left in values:
            filled = slice(top - first, bottom - first + 1)
            values[left][filled] = [values[left][top - first]] * len(values[left][filled])
    return {c: cells_of(column) for c, column in values.items()}


def _kept(
    body: list[list[Any]], cells: Mapping[str, Cells], texts: list[str], *, first: int
) -> tuple[np.ndarray, int, list[Part]]:
    """Say which rows are items; the others are blank, totals, notes or the header again."""
    names = cells.get("item_name")
    empty = names.each(lambda text: not text, kind=bool) if names else np.ones(len(body), dtype=bool)
    odd = (
        names.each(lambda text: bool(_TOTAL.match(text) or _NOTE.match(text) or keys_of(text)), kind=bool)
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
    if any(_TOTAL.match(text) for text in written[:2]) and (nameless or len(written) <= 4):
        return "row_total"
    if len(written) <= 2 and (nameless or _NOTE.match(written[0])):
        return "row_note"
    if sum(text in texts for text in written) >= max(2, 0.6 * len(written)):
        return "header_repeated"
    if (
        nameless
        and all(text.isdecimal() for text in written)
        and written == [str(i) for i in range(1, len(written) + 1)]
    ):
        return "header_repeated"
    return ""
