"""The bare XML of one sheet, streamed block by block: far cells, hidden rows, formulas without a result, errors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from zjanalysis.settings import Guard

# The reader makes a cell for every place between the first and the last that holds something: 30 million are about
# 1 GB. Rows below 100,000 are not looked at one by one (at most ``max_columns`` wide they stay near that).
MAX_CELLS = 30_000_000
_LONG = 8_000_000  # bytes without the begin of a row: look at them anyway
_FILLED = re.compile(rb"[^>/]*>(?!</)")  # after the address: the cell is more than a format
_ADDRESS = re.compile(rb"([A-Za-z]+)(\d+)")
_ANY = re.compile(rb"\sr\s*=\s*[\"']\s*([A-Za-z]+)(\d+)")
_EMPTY_FORMULA = re.compile(rb'<c [^>]*?r="([A-Z]+\d+)"[^>]*><f(?:/>|[^>]*/>|[^>]*>[^<]*</f>)(?:<v></v>|<v ?/>)?</c>')
_ERROR = re.compile(rb'<c r="([A-Z]+\d+)"[^>]* t="e"')
_HIDDEN = re.compile(rb'<row [^>]*hidden="(?:1|true)"')
_QUOTE, _EQUALS, _SPACE, _LESS = b'"= <'


@dataclass(frozen=True)
class Oddities:
    """What one sheet holds; ``far`` holds the address that makes it too large, if any."""

    hidden: list[int] = field(default_factory=list)
    empty_formulas: set[str] = field(default_factory=set)
    error_cells: set[str] = field(default_factory=set)
    far: list[str] = field(default_factory=list)
    reach: dict[str, int] = field(default_factory=lambda: {"columns": 26, "rows": 0})


def scan_sheet(chunks: Iterator[bytes], guard: Guard) -> Oddities:
    """Look at every row once, in blocks that end where a row begins; stop at the first far cell.

    A part that is no sheet is only unpacked (its true size is what the caller watches).
    """
    found, carry, is_sheet = Oddities(), b"", None
    for chunk in chunks:
        is_sheet = b"worksheet" in chunk[:4096] if is_sheet is None else is_sheet
        if not is_sheet:
            continue
        block = carry + chunk
        cut = block.rfind(b"<row ")
        if cut <= 0 and len(block) < _LONG:
            carry = block
            continue
        cut = cut if cut > 0 else len(block)
        carry = block[cut:]
        _look(block[:cut], found, guard)
        if found.far:
            return found
    _look(carry, found, guard)
    return found


def _look(block: bytes, found: Oddities, guard: Guard) -> None:
    """Note what one block of XML holds. Every attribute is ``name="value"`` in files that Excel or WPS wrote; anything
    else is read the slow way."""
    # what follows an attribute is looked at: a block that does not end with a row is padded
    letters = np.frombuffer(block if block.endswith(b"</row>") else block + b" " * 16, dtype=np.uint8)
    before, equals, after = letters[:-14], letters[1:-13] == _EQUALS, letters[2:-12]
    if b"'" in block or (equals & ((before == _SPACE) | (after != _QUOTE))).any():
        addresses = [(m.start(1), m.group(1), m.group(2)) for m in _ANY.finditer(block)]
    else:
        addresses = _far_ones(block, letters, np.flatnonzero(equals & (before == ord("r"))) + 3, guard)
    for start, name, digits in addresses:
        _reach(block, start, (name, digits), found, guard)
        if found.far:
            return
    if ((letters[:-1] == _LESS) & (letters[1:] == ord("f"))).any():
        found.empty_formulas.update(cell.decode("ascii") for cell in _EMPTY_FORMULA.findall(block))
    if (equals & (before == ord("t")) & (letters[3:-11] == ord("e"))).any():
        found.error_cells.update(cell.decode("ascii") for cell in _ERROR.findall(block))
    if (equals[1:] & (before[1:] == ord("n")) & (before[:-1] == ord("e"))).any():
        found.hidden.extend(1 for _ in _HIDDEN.finditer(block))


def _far_ones(block: bytes, letters: np.ndarray, start: np.ndarray, guard: Guard) -> list[tuple[int, bytes, bytes]]:
    """Of the cell addresses give the widest and the deepest, and every one beyond the limits."""
    start = start[letters[start] >= ord("A")]  # a row has an address of digits only
    wide = start[letters[start + 1] >= ord("A")]
    deep = start[_digit(letters[start + 5]) & _digit(letters[start + 6])]
    names = letters[wide[:, None] + np.arange(3)].astype("int64") & 31
    names[letters[wide + 2] < ord("A"), 2] = 0
    columns = np.where(names[:, 2] > 0, names @ [676, 26, 1], names @ [26, 1, 0])
    text = letters[deep[:, None] + np.arange(1, 11)].astype("int64")
    shown = np.cumprod(_digit(text) | ((text >= ord("A")) & (np.arange(10) < 2)), axis=1) * _digit(text)
    power = shown.sum(axis=1)[:, None] - np.cumsum(shown, axis=1)
    rows = ((text - ord("0")) * shown * 10**power).sum(axis=1)
    picked = [*wide[columns > guard.max_columns], *deep[rows > guard.max_rows]]
    picked += [*wide[columns.argmax() :][:1]] if len(wide) else []
    picked += [*deep[rows.argmax() :][:1]] if len(deep) else []
    found = [(int(p), _ADDRESS.match(block, int(p))) for p in picked]
    return [(p, m.group(1), m.group(2)) for p, m in found if m]


def _digit(letters: np.ndarray) -> np.ndarray:
    return (letters >= ord("0")) & (letters <= ord("9"))


def _reach(block: bytes, start: int, address: tuple[bytes, bytes], found: Oddities, guard: Guard) -> None:
    columns, rows = _number(address[0]), int(address[1][:9])
    if columns <= found.reach["columns"] and rows <= found.reach["rows"]:
        return
    if not _FILLED.match(block, start + len(address[0]) + len(address[1]) + 1):
        return
    found.reach["columns"], found.reach["rows"] = max(found.reach["columns"], columns), max(found.reach["rows"], rows)
    area = found.reach["columns"] * found.reach["rows"] if found.reach["rows"] > 100_000 else 0
    if columns > guard.max_columns or rows > guard.max_rows or area > MAX_CELLS:
        found.far.append(b"".join(address).decode("ascii")[:20])


def _number(letters: bytes) -> int:
    """Give the number of a column: A → 1, XFD → 16384."""
    number = 0
    for letter in letters.upper()[:6]:
        number = number * 26 + letter - 64
    return number
