"""Every text that somebody typed leaves through here, made harmless for its medium.

Terminal: `visible`. CSV: `csv_field`. Pages, workbooks, documents, mail: `without_hidden`; what makes a text a formula
(`FORMULA`) a workbook marks as text. Held by one table of payloads and media, tests/test_neutral.py.
"""

from __future__ import annotations

import re
from typing import Any

CELL_LIMIT = 32767  # characters, Excel's own
FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # how a text begins that a spreadsheet could run
_HIDDEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff"  # no XML, or a terminal's
    r"\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"  # not to be seen, or turning what follows
)
_STEERING = re.compile(rf"{_HIDDEN.pattern}|[\t\n\r\x85\u2028\u2029]")
_NUMBER = re.compile(r"[-+]?\d[\d.,]*%?")


def without_hidden(text: str) -> str:
    """Return a text without what XML forbids, what steers a terminal, hides letters or turns them around.

    >>> without_hidden("甲\\u202e乙")
    '甲乙'
    """
    return _HIDDEN.sub("", text)


def visible(text: str, *, keep: str = "") -> str:
    """Return a text on one line, with what would steer a terminal or hide letters written as its code, but ``keep``.

    >>> visible("a" + chr(27) + "[31m")
    'a\\\\x1b[31m'
    """
    return _STEERING.sub(lambda sign: sign[0] if sign[0] in keep else ascii(sign[0])[1:-1], text)


def csv_field(value: Any) -> Any:
    """Return a cell for a CSV file: a text that a spreadsheet could run begins with an apostrophe (OWASP).

    >>> csv_field("=1+1"), csv_field("-1.5"), csv_field(-1.5)
    ("'=1+1", '-1.5', -1.5)
    """
    if not isinstance(value, str):
        return value
    text = without_hidden(value)
    return f"'{text}" if text.startswith(FORMULA) and not _NUMBER.fullmatch(text) else text


def safe_text(text: str) -> str:
    """Return a text a workbook may hold: characters XML forbids dropped, cut at Excel's limit of 32,767."""
    clean = without_hidden(text)
    return clean if len(clean) <= CELL_LIMIT else clean[: CELL_LIMIT - 1] + "…"


def put_text(cell: Any, text: str) -> None:
    """Write a text as text, whatever it starts with; what Excel could take for a formula also gets its quote mark."""
    clean = safe_text(text)
    cell.value = clean
    cell.data_type = "s"
    if clean.startswith(FORMULA):
        cell.quotePrefix = True
