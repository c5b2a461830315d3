"""The header of a table: on which row it stands, which column each of its texts may mean, and how that was told."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from zjanalysis.columns import ITEM_COLUMNS
from zjanalysis.inputs.values import plain, unit_of
from zjanalysis.inputs.workbook import HEADER_ROWS, Sheet, cell_text

LONGEST = 200  # characters: no header is longer
NAME, ALIAS, PART, TOLD, TWO_ROWS = "标准名称", "别名", "合写中的“{}”", "dataset.toml 的 [columns]", "两行表头合读"
_NEAR = 0.75  # of the letters of a header and a name: so much alike that one is asked whether it is meant
_FAR = 0.5  # the same for a column that nothing else in the table can be
WANTED = {
    "statutory_limit": ("both_limits",),
    "promised_limit": ("both_limits",),
    "visits": (),
    "online": ("handle_form",),
    "item_type": ("item_type_code",),
    "base_code": ("impl_code",),
    "use_level": ("use_level_code", "impl_code"),
}
"""Columns whose absence is said, with the columns that may stand in for them."""
_NUMBERS = {"时限", "数值", "天数", "数"}  # second headers under a merged one: the number itself, or something about it
_BRACKETS = str.maketrans("[]{}<>【】〔〕《》〈〉「」", "()()()()()()()()")
_COMPOUND = (
    r"(.+?)\((.*)\)",
    r"(.+)\((.*)\)",
    r"(.*[^\x00-\x7f])[:|-]?([a-z][a-z0-9_]+)",
    r"([a-z][a-z0-9_]+)[:|-]?([^\x00-\x7f].*)",
)
"""A header that holds two: label(code) or label(unit), label and code, code and label; brackets may be of any kind."""
_SUBWORDS = _NUMBERS | {"单位", "说明", "名称", "代码", "编码", "内容"}


@dataclass(frozen=True)
class Header:
    """One header: as written (two rows joined), the columns it may mean (none: unknown), and how that was told."""

    text: str
    keys: tuple[str, ...] = ()
    how: str = ""


Reader = Callable[[str], Header]
SPELLINGS = frozenset(spelling for column in ITEM_COLUMNS for spelling in (column.label, *column.aliases))


@cache
def _aliases() -> dict[str, tuple[str, ...]]:
    """Return spelling → columns; promise_day also as promiseDay, unless that is the spelling of another column."""
    keys_of: dict[str, list[str]] = {}
    for column in ITEM_COLUMNS:
        for spelling in {column.label, *column.aliases}:
            keys_of.setdefault(plain(spelling), []).append(column.key)
    for column in ITEM_COLUMNS:  # our own names last: USE_LEVEL of the exchange tables is a code
        keys_of.setdefault(column.key, [column.key])
    joined = {spelling.replace("_", ""): keys for spelling, keys in keys_of.items()}
    return {spelling: tuple(dict.fromkeys(keys)) for spelling, keys in {**joined, **keys_of}.items()}


@cache
def read_header(text: str) -> Header:
    """Return what one header may mean: a column, several (then the values decide), or none.

    >>> read_header("承诺办结时限").how, read_header("*承诺时限\\n（工作日）"), read_header("备注").keys
    ('标准名称', Header(text='*承诺时限\\n（工作日）', keys=('promised_limit',), how='合写中的“承诺时限”'), ())
    >>> [read_header(text).keys for text in ("事项类型[TASK_TYPE_TEXT]", "基本编码\\nCATALOG_CODE", "promiseDay 承诺")]
    [('item_type',), ('base_code',), ('promised_limit',)]
    """
    if len(text) > LONGEST:
        return Header(text)
    whole = re.sub(r"^[*★]*(?:\(?\d+\)?[.、])?", "", plain(text).translate(_BRACKETS))
    parts = [re.fullmatch(pattern, whole) for pattern in _COMPOUND]
    pieces = [whole, *(piece for match in parts if match for piece in match.groups()), *whole.split("/")]
    for piece in (piece.lstrip("*") for piece in pieces):
        keys = _aliases().get(piece)
        if keys:
            names = {plain(column.label) for column in ITEM_COLUMNS if column.key in keys}
            return Header(text, keys, PART.format(piece) if piece != whole else NAME if piece in names else ALIAS)
    return Header(text)


@cache
def unit_in(header: str) -> str:
    """Return the unit that a header states in brackets: ``承诺时限（单位：天）`` → 工作日; empty when none."""
    bracket = re.search(r"\((?:单位:?)?([^()]*)\)", plain(header).translate(_BRACKETS))
    return (unit_of(bracket.group(1)) or "") if bracket and not bracket.group(1).isascii() else ""


def reader(mapping: Mapping[str, str]) -> Reader:
    """Return what reads a header in a data set that tells some before all else: ``mapping``, header → column key."""
    keys = {" ".join(header.split()): key for header, key in mapping.items()}

    def read(text: str) -> Header:
        key = keys.get(" ".join(text.split()))
        return Header(text, (key,), TOLD) if key else read_header(text)

    return read


def headers_of(sheet: Sheet, mapping: Mapping[str, str]) -> tuple[int, list[Header]] | None:
    """Find the header: (number of rows above the first item row, a header for every column); None if there is none.

    A second header row (keys over Chinese names, 时限 | 单位 under a merged head) is joined to the first.
    """
    read = reader(mapping)
    n_known = [len({read(cell_text(value)).keys for value in row} - {()}) for row in sheet.grid[:HEADER_ROWS]]
    if max(n_known, default=0) < 2:
        return None
    best_row = n_known.index(max(n_known))
    texts = [cell_text(value) for value in sheet.grid[best_row]]
    below = [cell_text(value) for value in sheet.grid[best_row + 1]] if best_row + 1 < len(sheet.grid) else []
    joined = _with_second_row(texts, below, read) if any(below) else None
    return (best_row + 2, joined) if joined else (best_row + 1, [read(text) for text in texts])


def _with_second_row(texts: list[str], below: list[str], read: Reader) -> list[Header] | None:
    """Join a second header row, or None when the row below is not one."""
    recognised = [bool(read(text).keys) or plain(text) in _SUBWORDS for text in below if text.strip()]
    if sum(recognised) < max(2, 0.5 * len(recognised)) or len(set(below) - {""}) < 2:
        return None
    joined, head = [], ""
    for text, under in zip(texts, below, strict=True):
        head = text if text.strip() or not under.strip() else head
        both = f"{head}{under}" if under.strip() and head != under else head
        joined.append(replace(_joined(read(head), read(text), under, read), text=both))
    return joined


def _joined(head: Header, own: Header, under: str, read: Reader) -> Header:
    """Return what a column means whose first header (``own`` when read alone) stands under ``head``, over ``under``."""
    if not under.strip():
        return own
    both = read(head.text + under)
    both = replace(both, how=TWO_ROWS) if both.keys else both
    if plain(under) in _NUMBERS:
        return both if both.keys else own if own.keys else head
    if plain(under) in _SUBWORDS:
        return both
    alone = read(under)
    return both if both.keys else alone if alone.keys else own


@cache
def near(header: str, only: tuple[str, ...] = (), *, cutoff: float = _NEAR) -> str:
    """Return the standard name that an unknown header comes near to; empty when none does.

    ``only``: the columns asked for (none: all).

    >>> near("能否网办"), near("事项名"), near("备注")
    ('是否网办', '事项名称', '')
    """
    names = {plain(spelling): column.label for column in reversed(ITEM_COLUMNS) if not only or column.key in only
             for spelling in (*column.aliases, column.label) if not spelling.isascii()}  # fmt: skip
    close = difflib.get_close_matches(plain(header[:LONGEST]), names, n=1, cutoff=cutoff)
    return names[close[0]] if close else ""


def nearest(headers: Sequence[Header]) -> dict[str, str]:
    """Return unknown header → the standard name it may be, "" where none is near or another header is that column.

    A column that the table lacks is asked about sooner.
    """
    there = {key for header in headers for key in header.keys}
    lacking = tuple(key for key, stands_in in WANTED.items() if not {key, *stands_in} & there)
    taken = {column.label for column in ITEM_COLUMNS for header in headers if header.keys == (column.key,)}
    close: dict[str, str] = {}
    for one in (header for header in headers if header.text.strip() and not header.keys):
        name = near(one.text)
        late = near(one.text, lacking, cutoff=_FAR) if lacking and name in {"", *taken} else ""
        close[" ".join(one.text.split())] = late or ("" if name in taken else name)
    return close
