"""Where the table stands in a sheet: header rows, which column is what, total rows, notes, merged cells."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from zjanalysis.inputs.columns import ITEM_COLUMNS, label
from zjanalysis.inputs.findings import Part, Place
from zjanalysis.inputs.limits import plain, unit_of
from zjanalysis.inputs.workbook import Sheet, cell_text

HEADER_ROWS = 20  # the header is on one of the first 20 rows
_TOTAL = re.compile(r"^(合计|总计|小计|共计|汇总|总数)[\d:：（(项个]*")
_NOTE = re.compile(r"^(注|备注|说明|填表|填报|制表|审核|审批人|联系|单位负责人|附注|\*)")
_SUBWORDS = {"时限", "数值", "天数", "数", "单位", "说明", "名称", "代码", "编码", "内容"}


@dataclass(frozen=True)
class Cells:
    """One column, each distinct text once: row i holds ``texts[which[i]]``; ``written`` is before cleaning."""

    which: np.ndarray
    texts: np.ndarray
    written: np.ndarray

    def values(self) -> np.ndarray:
        """Give the cleaned text of every row ("" for an empty cell)."""
        return self.texts[self.which]  # type: ignore[no-any-return]

    def each(self, function: Callable[[str], Any], *, kind: Any = object) -> np.ndarray:
        """Apply a function to every distinct text and spread what it gives over the rows."""
        given = np.empty(len(self.texts), dtype=kind)
        given[:] = [function(text) for text in self.texts]
        return given[self.which]

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


@cache
def _aliases() -> dict[str, tuple[str, ...]]:
    known: dict[str, list[str]] = {}
    for column in ITEM_COLUMNS:
        for spelling in {column.key, column.label, *column.aliases}:
            known.setdefault(plain(spelling), []).append(column.key)
    return {spelling: tuple(keys) for spelling, keys in known.items()}


@cache
def keys_of(header: str) -> tuple[str, ...]:
    """Give the columns a header may mean: one, several (then the values decide), or none.

    >>> keys_of("法定办结时限(handle_time)"), keys_of("*承诺时限\\n（工作日）"), keys_of("中文名/fdbjsx"), keys_of("备注")
    (('statutory_limit',), ('promised_limit',), ('statutory_limit',), ())
    """
    whole = re.sub(r"^[*★]*(?:\(?\d+\)?[.、])?", "", plain(header))
    bracket = re.fullmatch(r"(.+?)\((.*)\)", whole)
    pieces = [whole, *(bracket.groups() if bracket else ()), *whole.split("/")]
    for piece in pieces:
        found = _aliases().get(piece.lstrip("*"))
        if found:
            return found
    return ()


@cache
def unit_in(header: str) -> str:
    """Give the unit that a header states in brackets: ``承诺时限（单位：天）`` → 工作日; empty when none."""
    bracket = re.search(r"\((?:单位:?)?([^()]*)\)", plain(header))
    return (unit_of(bracket.group(1)) or "") if bracket and not bracket.group(1).isascii() else ""


def letter(column: int) -> str:
    """Give the letters of a column counted from 0: 0 → A, 26 → AA."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def header_of(sheet: Sheet, mapping: Mapping[str, str]) -> tuple[int, list[str], list[tuple[str, ...]]] | None:
    """Find the header: (number of rows above the first item row, header texts, columns each may mean); None if none.

    A second header row (keys over Chinese names, 时限 | 单位 under a merged head) is joined to the first.
    """
    best, best_row = 1, -1
    for number, row in enumerate(sheet.grid[:HEADER_ROWS]):
        hits = {keys for keys in map(_finder(mapping), map(cell_text, row)) if keys}
        if len(hits) > best:
            best, best_row = len(hits), number
    if best_row < 0:
        return None
    texts = [cell_text(value) for value in sheet.grid[best_row]]
    keys = [_finder(mapping)(text) for text in texts]
    below = [cell_text(value) for value in sheet.grid[best_row + 1]] if best_row + 1 < len(sheet.grid) else []
    joined = _second_row(texts, keys, below, mapping) if any(below) else None
    return (best_row + 2, *joined) if joined else (best_row + 1, texts, keys)


def _finder(mapping: Mapping[str, str]) -> Callable[[str], tuple[str, ...]]:
    def find(text: str) -> tuple[str, ...]:
        return (mapping[text.strip()],) if text.strip() in mapping else keys_of(text)

    return find


def _second_row(
    texts: list[str], keys: list[tuple[str, ...]], below: list[str], mapping: Mapping[str, str]
) -> tuple[list[str], list[tuple[str, ...]]] | None:
    """Join a second header row, or None when the row below is not one."""
    find = _finder(mapping)
    known = [bool(find(text)) or plain(text) in _SUBWORDS for text in below if text.strip()]
    if sum(known) < max(2, 0.5 * len(known)) or len(set(below) - {""}) < 2:
        return None
    heads, head = [], ""
    for text, under in zip(texts, below, strict=True):
        head = text if text.strip() or not under.strip() else head
        heads.append(head)
    joined = [f"{h}{b}" if b.strip() and h != b else h for h, b in zip(heads, below, strict=True)]
    sub = [plain(b) in _SUBWORDS - {"时限", "数值", "天数", "数"} for b in below]
    found = [find(h + b) or (() if s else find(b) or (k or (find(h) if b.strip() else ())))
             for h, b, s, k in zip(heads, below, sub, keys, strict=True)]  # fmt: skip
    return joined, found


def near(header: str) -> str:
    """Give the standard name that an unknown header comes near to; empty when none does."""
    close = difflib.get_close_matches(plain(header), [plain(c.label) for c in ITEM_COLUMNS], n=1, cutoff=0.75)
    return next((c.label for c in ITEM_COLUMNS if close and plain(c.label) == close[0]), "")


def rows_of(sheet: Sheet, *, mapping: Mapping[str, str], choose: Callable[..., tuple[dict[str, int], list[Part]]]) -> Rows | None:
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


def _columns(body: list[list[Any]], keys: list[tuple[str, ...]], *, first: int, merged: Sequence[Any]) -> dict[int, Cells]:
    values = {c: [row[c] for row in body] for c, key in enumerate(keys) if key}
    for (top, left), (bottom, _) in merged:
        if bottom > top >= first and left in values:
            filled = slice(top - first, bottom - first + 1)
            values[left][filled] = [values[left][top - first]] * len(values[left][filled])
    return {c: cells_of(column) for c, column in values.items()}


def _kept(body: list[list[Any]], cells: Mapping[str, Cells], texts: list[str], *, first: int) -> tuple[np.ndarray, int, list[Part]]:
    """Say which rows are items; the others are blank, totals, notes or the header again."""
    names = cells.get("item_name")
    empty = names.each(lambda text: not text, kind=bool) if names else np.ones(len(body), dtype=bool)
    odd = names.each(lambda text: bool(_TOTAL.match(text) or _NOTE.match(text) or keys_of(text)), kind=bool) if names else empty
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
    if nameless and all(text.isdecimal() for text in written) and written == [str(i) for i in range(1, len(written) + 1)]:
        return "header_repeated"
    return ""
