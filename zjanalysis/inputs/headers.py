"""The header of a table: on which row it stands, one row or two, and which column each text may mean."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from functools import cache

from zjanalysis.columns import ITEM_COLUMNS
from zjanalysis.inputs.limits import plain, unit_of
from zjanalysis.inputs.workbook import Sheet, cell_text

HEADER_ROWS = 20  # the header is on one of the first 20 rows
_NUMBERS = {"时限", "数值", "天数", "数"}  # second headers under a merged one: the number itself, or something about it
LONGEST = 200  # characters: no header is longer
_BRACKETS = str.maketrans("[]{}【】〔〕", "()()()()")
_COMPOUND = (r"(.+?)\((.*)\)", r"(.*[^\x00-\x7f])[:|-]?([a-z][a-z0-9_]+)", r"([a-z][a-z0-9_]+)[:|-]?([^\x00-\x7f].*)")
"""A header that holds two: label(code) or label(unit), label and code, code and label; brackets may be of any kind."""
_SUBWORDS = _NUMBERS | {"单位", "说明", "名称", "代码", "编码", "内容"}


@cache
def _aliases() -> dict[str, tuple[str, ...]]:
    known: dict[str, list[str]] = {}
    for column in ITEM_COLUMNS:
        for spelling in {column.label, *column.aliases}:
            known.setdefault(plain(spelling), []).append(column.key)
    for column in ITEM_COLUMNS:  # our own names last: USE_LEVEL of the exchange tables is a code
        known.setdefault(column.key, [column.key])
    return {spelling: tuple(dict.fromkeys(keys)) for spelling, keys in known.items()}


@cache
def keys_of(header: str) -> tuple[str, ...]:
    """Give the columns a header may mean: one, several (then the values decide), or none.

    >>> keys_of("法定办结时限(handle_time)"), keys_of("*承诺时限\\n（工作日）"), keys_of("备注")
    (('statutory_limit',), ('promised_limit',), ())
    >>> keys_of("事项类型[TASK_TYPE_TEXT]"), keys_of("基本编码\\nCATALOG_CODE"), keys_of("VISITS 跑动次数")
    (('item_type',), ('base_code',), ('visits',))
    """
    if len(header) > LONGEST:
        return ()
    whole = re.sub(r"^[*★]*(?:\(?\d+\)?[.、])?", "", plain(header).translate(_BRACKETS))
    parts = [re.fullmatch(pattern, whole) for pattern in _COMPOUND]
    pieces = [whole, *(piece for match in parts if match for piece in match.groups()), *whole.split("/")]
    for piece in pieces:
        found = _aliases().get(piece.lstrip("*"))
        if found:
            return found
    return ()


@cache
def unit_in(header: str) -> str:
    """Give the unit that a header states in brackets: ``承诺时限（单位：天）`` → 工作日; empty when none."""
    bracket = re.search(r"\((?:单位:?)?([^()]*)\)", plain(header).translate(_BRACKETS))
    return (unit_of(bracket.group(1)) or "") if bracket and not bracket.group(1).isascii() else ""


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
    told = {" ".join(header.split()): key for header, key in mapping.items()}

    def find(text: str) -> tuple[str, ...]:
        written = " ".join(text.split())
        return (told[written],) if written in told else keys_of(text)

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
    found = [_joined_keys(head, own, under, find) for head, own, under in zip(heads, keys, below, strict=True)]
    return joined, found


def _joined_keys(
    head: str, own: tuple[str, ...], under: str, find: Callable[[str], tuple[str, ...]]
) -> tuple[str, ...]:
    """Give what a column means whose first header is ``head`` (``own`` when read alone) and whose second ``under``."""
    if not under.strip():
        return own
    if plain(under) in _NUMBERS:
        return find(head + under) or own or find(head)
    if plain(under) in _SUBWORDS:
        return find(head + under)
    return find(head + under) or find(under) or own


def near(header: str) -> str:
    """Give the standard name that an unknown header comes near to; empty when none does."""
    words = plain(header[:LONGEST])
    close = difflib.get_close_matches(words, [plain(c.label) for c in ITEM_COLUMNS], n=1, cutoff=0.75)
    return next((c.label for c in ITEM_COLUMNS if close and plain(c.label) == close[0]), "")
