"""Where the table stands in a sheet: which column is what, which rows are items; totals, notes, merged cells.

`Table` holds it by column; `ReadContext` gathers, while it is read, which cells do not hold what their column says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import repeat
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd

from zjanalysis.columns import column_of, label
from zjanalysis.inputs import values
from zjanalysis.inputs.findings import WHOLE, Place, Violation
from zjanalysis.inputs.headers import SPELLINGS, Header, Reader, headers_of, nearest, reader
from zjanalysis.inputs.regions import find_code
from zjanalysis.inputs.values import plain
from zjanalysis.inputs.workbook import Sheet, cell_text, column_letter

_WORD = r"(?:[合总小共累]计[数额值]?|汇总数?|总数|平均[值数]?|均值|total|sum)[\d个项条件共]*"
_TOTAL = re.compile(rf"(?:本[页表]|全[省市县区]|以上|其中)?{_WORD}", re.IGNORECASE)  # of a text made `_bare`
_COUNT = re.compile(r"(?:以上)?共?\d+个?[项条件]")
_SUBTOTAL = re.compile(rf".{{1,20}}{_WORD}|其中.+", re.IGNORECASE)  # may be a total: the rest of the row decides
_EMPTY = re.compile(r"(?:以下|以上|此页|本页)(?:空白|无正文)")
_ODD = re.compile("|".join(one.pattern for one in (_TOTAL, _COUNT, _SUBTOTAL, _EMPTY)) + r"|\d+", re.IGNORECASE)
_NOTE = re.compile(r"(注|备注|说明|填表|填报|制表|审核|审批人|联系|单位负责人|附注|\*|\d{4}年\d{1,2}月(\d{1,2}日)?$)")
_REMARK = re.compile(
    r"(附?注|备注|[填编制]?[表报写制]?说明|[填制][表报]人?|审核人|联系(人|电话))[:：]|[填编][表报写制]说明$"
)
_SIGNED = ("盖章", "签章", "签字", "签名")
_FIRST = set("本全合总小共汇累平均以其此注备说填编制审联单附*【[（(TtSs0123456789")  # how totals and notes begin
_LAST = set("章字名计数额值均总项条件个lLmM")  # and how they end
_TAIL = "（）():：】]*"
_CODES = ("base_code", "impl_code", "handle_item_code", "item_id")
_OWN = (*_CODES, "department", "handling_type", "online", "online_depth", "serves", "state", "visit_reason")
_SUMMED = ("statutory_limit", "promised_limit", "visits", "case_count")
_ASKED, _AGAIN = "row_total_asked", "header_repeated"
_ROW_RULES = ("row_total", _ASKED, "row_note", _AGAIN, "header_differs")
_WIDTH = {0x3000: " ", 0xA0: " ", 0x200B: None, 0xFEFF: None} | {
    0xFEE0 + ord(c): c for c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
}
_WIDE = re.compile(f"[{''.join(map(chr, _WIDTH))}]")
_SPACES = " \t\n\r\x0b\x0c"
_SAMPLE = 1000  # rows that tell whether a column repeats itself


@dataclass(frozen=True)
class Cells:
    """One column, each distinct text once: row i holds ``texts[which[i]]``; ``written`` is before cleaning."""

    which: np.ndarray
    texts: np.ndarray
    written: np.ndarray

    def values(self) -> np.ndarray:
        """Return the cleaned text of every row ("" for an empty cell)."""
        return np.asarray(self.texts[self.which])

    def each(self, function: Callable[[str], Any], *, kind: Any = object) -> np.ndarray:
        """Apply a function to every distinct text and spread what it returns over the rows."""
        return np.asarray(self.distinct(function, kind=kind)[self.which])

    def distinct(self, function: Callable[[str], Any], *, kind: Any = object) -> np.ndarray:
        """Apply a function to every distinct text."""
        return np.fromiter(map(function, self.texts), dtype=kind)


@dataclass(frozen=True)
class Table:
    """The rows of one table as written, by column. ``numbers`` are the row numbers of the sheet; ``n_read`` counts
    every row below the header that holds anything, also those that ``violations`` leave out; ``headers`` are those of
    every column of the sheet."""

    file: str
    sheet: str
    numbers: np.ndarray
    cells: Mapping[str, Cells]
    places: Mapping[str, Place]
    n_read: int
    violations: tuple[Violation, ...]
    headers: tuple[Header, ...] = ()

    def values(self, key: str) -> Any:
        """Return what every row says in a column; an empty text when the table does not have it."""
        return self.cells[key].values() if key in self.cells else ""


@dataclass(frozen=True)
class ReadContext:
    """One table while it is read. ``violations`` and ``bad`` (column → cells that do not fit) grow on the way."""

    table: Table
    violations: list[Violation] = field(default_factory=list)
    bad: dict[str, np.ndarray] = field(default_factory=dict)

    def note(self, rule: str, key: str, mask: np.ndarray, *, values: Any = None, others: Any = "") -> None:
        """Add the cells of a mask over the rows; ``values`` (of all rows) default to what the cells hold."""
        if mask.any():
            quoted = self.table.values(key) if values is None else values
            self.violations.append(Violation(rule, self.table.numbers, key, quoted, others).where(mask))

    def blank(self) -> np.ndarray:
        """Return an empty text for every row."""
        return np.full(len(self.table.numbers), "", dtype=object)

    def texts(self, *keys: str) -> np.ndarray:
        """Return what the first of several columns says in each row."""
        columns = [self.table.cells[key].values() for key in keys if key in self.table.cells]
        return reduce(lambda text, other: np.where(text == "", other, text), columns or [self.blank()])

    def read(self, keys: tuple[str, ...], read: Callable[[str], Any], *, rule: str = "choice_unknown") -> np.ndarray:
        """Read the first of several columns that says something; a text nobody knows is noted and reads as empty."""
        result: np.ndarray | None = None
        for key in keys:
            cells = self.table.cells.get(key)
            if cells is None or (result is not None and not (result == "").any()):
                continue
            distinct = cells.distinct(read)
            unknown = np.fromiter((value == values.BAD for value in distinct), dtype=bool)
            distinct[unknown] = ""
            column, bad = distinct[cells.which], unknown[cells.which]
            self.bad[key] = bad if result is None else bad & (result == "")
            self.note(rule, key, self.bad[key])
            result = column if result is None else np.where(result == "", column, result)
        return self.blank() if result is None else result


def mapped(texts: np.ndarray, read: Callable[[str], Any]) -> np.ndarray:
    """Apply a function to each distinct text of a column."""
    which, distinct = pd.factorize(texts)
    return np.asarray(np.fromiter(map(read, distinct), dtype=object)[which])


def cells_of(written: Iterable[Any], n: int) -> Cells:
    """Return a column of n cells as calamine or csv gives them; one of identifiers is not searched for repeats."""
    column = np.fromiter(written, dtype=object, count=n)
    unique = n > _SAMPLE and len(set(column[:_SAMPLE])) == _SAMPLE
    which, distinct = (np.arange(n), column) if unique else pd.factorize(column)
    texts = np.array([*(value if type(value) is str else cell_text(value) for value in distinct), ""], dtype=object)
    return Cells(np.where(which < 0, len(distinct), which), _cleaned(texts), texts)


def _cleaned(written: np.ndarray) -> np.ndarray:
    """Return the texts stripped, letters, digits and spaces of the usual width; the same array when none needs it."""
    at = [i for i, text in enumerate(written)
          if text and (text[0] in _SPACES or text[-1] in _SPACES or _WIDE.search(text))]  # fmt: skip
    if not at:
        return written
    cleaned = written.copy()
    cleaned[at] = [text.translate(_WIDTH).strip() for text in written[at]]
    return cleaned


def table_of(sheet: Sheet, *, mapping: Mapping[str, str]) -> Table | None:
    """Return the table of a sheet, or None when the sheet has no header; ``mapping``: header → column key."""
    header = headers_of(sheet, mapping)
    if header is None:
        return None
    first, headers = header
    texts, keys = [one.text for one in headers], [one.keys for one in headers]
    body = sheet.grid[first:]
    columns = _columns(body, keys, first=first, merged=sheet.merged)
    chosen, violations = resolve_columns(texts, keys, columns)
    places = {key: Place(column_letter(c), " ".join(texts[c].split())) for key, c in chosen.items()}
    cells = {key: columns[c] for key, c in chosen.items()}
    violations += [Violation("column_unknown", WHOLE, values=text, others=name)
                   for text, name in nearest(headers).items() if name]  # fmt: skip
    is_item, n_read, left_out = _item_rows(body, cells, headers, first=first, read=reader(mapping))
    if not is_item.all():
        cells = {key: replace(column, which=column.which[is_item]) for key, column in cells.items()}
    numbers = np.flatnonzero(is_item) + first + 1
    return Table(sheet.file, sheet.name, numbers, cells, places, n_read, (*violations, *left_out), tuple(headers))


def _columns(
    body: list[list[Any]], keys: list[tuple[str, ...]], *, first: int, merged: Sequence[Any]
) -> dict[int, Cells]:
    columns = {c: cells_of(map(itemgetter(c), body), len(body)) for c, key in enumerate(keys) if key}
    for (top, left), (bottom, _) in merged:
        if bottom > top >= first and left in columns:
            which = columns[left].which.copy()
            which[top - first : bottom - first + 1] = which[top - first]
            columns[left] = replace(columns[left], which=which)
    return columns


def resolve_columns(
    texts: list[str], keys: list[tuple[str, ...]], columns: Mapping[int, Cells]
) -> tuple[dict[str, int], list[Violation]]:
    """Return which sheet column each key is read from, and the violations of columns that cannot be told.

    Where a header has two meanings the values decide; where two columns have one meaning they have to agree.
    """
    violations: list[Violation] = []
    claims: dict[str, list[int]] = {}
    certain = {meanings[0] for meanings in keys if len(meanings) == 1}
    for c, meanings in enumerate(keys):
        if not meanings or (len(meanings) > 1 and not any(columns[c].texts)):
            continue
        open_ones = [key for key in meanings if key not in certain and _fits(key, columns[c])]
        fits = list(meanings) if len(meanings) == 1 else open_ones
        if len(fits) == 1:
            claims.setdefault(fits[0], []).append(c)
        elif not set(meanings) <= certain:
            others = "或".join(f"“{label(key)}”" for key in meanings)
            violations.append(Violation("column_ambiguous", WHOLE, values=texts[c], others=others))
    single = {key: _one_of(key, claimed, texts, columns, violations) for key, claimed in claims.items()}
    chosen = {key: c for key, c in single.items() if c is not None}
    return _item_name(chosen, texts, columns, violations), violations


def _item_name(
    chosen: dict[str, int], texts: list[str], columns: Mapping[int, Cells], violations: list[Violation]
) -> dict[str, int]:
    """In one dialect CATANAME is the item and TASK_NAME the main item: take the only one there is, and ask when the
    other of two tells more items apart."""
    catalogue, name = chosen.get("catalog_name"), chosen.get("item_name")
    if catalogue is None:
        return chosen
    if name is None:
        return {**chosen, "item_name": catalogue}
    if len(columns[catalogue].texts) > len(columns[name].texts):
        violations.append(Violation("names_swapped", WHOLE, values=texts[name], others=texts[catalogue]))
    return chosen


def _fits(key: str, cells: Cells) -> bool:
    """Tell whether nine in ten of the distinct texts are what the column holds."""
    written = [text for text in cells.texts if text]
    if key == "handling_type":
        fitting = [values.handling_type(text) != values.BAD for text in written]
    elif key == "handle_form":
        fitting = [bool(values.HANDLE_FORM.search(text)) or text in "12349" for text in written]
    else:
        return True
    return sum(fitting) >= 0.9 * len(written)


def _region(text: str) -> str:
    return find_code(text) or plain(text)


def _one_of(
    key: str, claimed: list[int], texts: list[str], columns: Mapping[int, Cells], violations: list[Violation]
) -> int | None:
    """Of several columns with one meaning take the first if all that are filled agree; else none, and say so."""
    filled = [c for c in claimed if any(columns[c].texts)]
    if len(filled) < 2:
        return (filled or claimed)[0]
    first = filled[0]
    read = {"flag": values.flag, "visits": values.visits}.get(column_of(key, "items").kind, plain)
    if key in ("region_code", "region"):
        read = _region
    for other in filled[1:]:
        a, b = (pd.Series(columns[c].each(lambda text: str(read(text)))) for c in (first, other))
        if not (a.eq(b) | a.eq("") | b.eq("")).all():
            violations.append(Violation("column_twice", WHOLE, values=texts[first], others=texts[other]))
            return None
    return first


def _item_rows(
    body: list[list[Any]], cells: Mapping[str, Cells], headers: Sequence[Header], *, first: int, read: Reader
) -> tuple[np.ndarray, int, list[Violation]]:
    """Return which rows are items, how many hold anything, and the others: totals, notes or the header again."""
    names = cells["item_name"].values() if "item_name" in cells else np.full(len(body), "", dtype=object)
    heads = {" ".join(one.text.split()) for one in headers}
    headlike = _headlike(cells, heads, len(body), read)
    odd = (names == "") | headlike | (cells["item_name"].each(_is_odd, kind=bool) if "item_name" in cells else False)
    filled = {
        i: [text for text in (cell_text(v).strip() for v in body[i]) if text] for i in np.flatnonzero(odd).tolist()
    }
    n_heads = {i: sum(text in heads or (bool(headlike[i]) and bool(read(text).keys)) for text in row)
               for i, row in filled.items()}  # fmt: skip
    reasons = {i: _why_no_item(row, names[i], n_heads[i]) for i, row in filled.items()}
    is_item = np.ones(len(body), dtype=bool)
    is_item[[i for i, reason in reasons.items() if reason not in ("", _ASKED)]] = False
    reasons |= _totals(cells, [i for i, reason in reasons.items() if reason == _ASKED], is_item)
    quoted = {i: str(i + first + 1) if reasons[i] == _AGAIN else row[0] for i, row in filled.items() if row}
    for i, head in _misread([i for i in reasons if reasons[i] == _AGAIN], body, headers, read):
        if is_item[i] or i == head:
            is_item[i], reasons[i], quoted[i] = False, "header_differs", str(head + first + 1)
    violations = []
    for rule in _ROW_RULES:
        at = sorted(i for i, reason in reasons.items() if reason == rule)
        numbers = np.array(at, dtype="int64") + first + 1
        violations.append(Violation(rule, numbers, "item_name", [quoted[i] for i in at]))
    return is_item, len(body) - sum(reason == "blank" for reason in reasons.values()), violations


def _headlike(cells: Mapping[str, Cells], heads: set[str], n: int, read: Reader) -> np.ndarray:
    """Return which rows hold a header where an item has its name, or where it has a limit or number."""
    headlike = np.zeros(n, dtype=bool)
    if "item_name" in cells:
        headlike |= cells["item_name"].each(lambda text: text in heads or text in SPELLINGS, kind=bool)
    for key in {*_SUMMED} & {*cells}:
        headlike |= cells[key].each(lambda t: t != "" and not t[0].isdecimal() and bool(read(t).keys), kind=bool)
    return headlike


def _bare(text: str) -> str:
    """Return a text without blanks, brackets and marks: 【合　计】 is 合计."""
    return re.sub(r"[\W_]+", "", text)


def _is_odd(text: str) -> bool:
    """Tell whether an item name may be none; most are told by their first and last character."""
    tail = text.rstrip(_TAIL)
    if text[:1] not in _FIRST and tail[-1:] not in _LAST:
        return False
    return bool(_ODD.fullmatch(_bare(text)) or _NOTE.match(text) or _REMARK.match(text)) or tail.endswith(_SIGNED)


def _why_no_item(written: list[str], name: str, n_heads: int) -> str:
    """Return why a row is no item: blank, or the rule that leaves it out; "" when it is one, `_ASKED` when in doubt."""
    if not written:
        return "blank"
    bare = [_bare(text) for text in written[:3]]
    total = any(map(_TOTAL.fullmatch, bare)) or (not name and any(map(_SUBTOTAL.fullmatch, bare)))
    if total or _COUNT.fullmatch(_bare(name)):
        return "row_total"
    short = len(written) <= 2 and (not name or _NOTE.match(written[0]) or written[0].rstrip(_TAIL).endswith(_SIGNED))
    if short or _REMARK.match(name) or _EMPTY.fullmatch(_bare(name)):
        return "row_note"
    if n_heads >= max(2, 0.6 * len(written)):
        return _AGAIN
    if len(written) >= 3 and all(text.isdecimal() and len(text) < 4 for text in written):
        return _AGAIN if len(set(np.diff([int(text) for text in written]))) == 1 else ""
    return _ASKED if _SUBTOTAL.fullmatch(_bare(name)) else ""


def _totals(cells: Mapping[str, Cells], asked: list[int], is_item: np.ndarray) -> dict[int, str]:
    """Decide on rows whose name may be a total's, and take those that are out of ``is_item``.

    One with a code is an item; one that says nothing of what most others say, or holds the sum or mean of a column
    above it, is a total; of the rest it is asked.
    """
    reasons: dict[int, str] = {}
    says = {key: cells[key].each(bool, kind=bool) for key in _OWN if asked and key in cells}
    usual = [key for key, there in says.items() if there[is_item].mean() > 0.5]
    columns = [cells[key].each(_number, kind=float) for key in _SUMMED if asked and key in cells]
    for i in asked:
        start = max(np.flatnonzero(~is_item[:i]), default=-1) + 1
        silent = len(usual) > 1 and not any(says[key][i] for key in usual)
        if any(says[key][i] for key in _CODES if key in says):
            reasons[i] = ""
        elif silent or any(_sums(column[n:i][is_item[n:i]], column[i]) for column in columns for n in {start, 0}):
            reasons[i], is_item[i] = "row_total", False
        else:
            reasons[i] = _ASKED
    return reasons


def _number(text: str) -> float:
    match = re.match(r"\d+(\.\d+)?", text)
    return float(match[0]) if match else np.nan


def _sums(above: np.ndarray, number: float) -> bool:
    """Tell whether a number is the sum of those above it, and more than each of them."""
    there = above[~np.isnan(above)]
    return len(there) > 1 and bool(number > there.max() and np.isclose(number, there.sum()))


def _misread(
    again: list[int], body: list[list[Any]], headers: Sequence[Header], read: Reader
) -> Iterator[tuple[int, int]]:
    """Yield every row under a repeated header whose columns are others than the first's, and that header's row."""
    starts = [i for i in again if not all(cell_text(value).strip().isdecimal() for value in body[i] if value)]
    for start, end in zip(starts, [*starts, len(body)][1:], strict=True):
        if not all(map(_same_column, body[start], headers, repeat(read))):
            yield from ((i, start) for i in range(start, end))


def _same_column(value: Any, head: Header, read: Reader) -> bool:
    """Tell whether a cell of a repeated header says what the header of its column says, or nothing."""
    text = cell_text(value)
    keys = read(text).keys
    return bool({*keys} & {*head.keys}) or not (keys or head.keys) or plain(text) in plain(head.text)
