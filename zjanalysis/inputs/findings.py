"""Findings: every rule once (reference/rules.csv), and the table whose row is one cell that breaks one.

A check anywhere yields `Violation`s, which name rows by a mask; `rows_of` gives them sentence, cell and level, and
`findings_of` makes the table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd

from zjanalysis.columns import FINDING_COLUMNS, label
from zjanalysis.inputs.reference import read_reference

ERROR, WARNING, NOTE = "错误", "警告", "提示"
LEVELS = (ERROR, WARNING, NOTE)
KEYS = tuple(column.key for column in FINDING_COLUMNS)
Rows = list[tuple[Any, ...]]  # findings, each in the order of the KEYS
WHOLE = np.zeros(1, dtype="int64")  # a finding about the whole sheet has no row
_QUOTED = 60  # characters of a cell that a sentence quotes
_COUNTS = {"n_errors": ERROR, "n_warnings": WARNING, "n_notes": NOTE}


@dataclass(frozen=True)
class Rule:
    """One rule. ``message`` and ``action`` may hold {value} (the cell), {other} (what it disagrees with), {header}.

    ``used``: False when a row that breaks the rule is left out. ``scope``: layout, cell, row, table, or the file it is
    about.
    """

    key: str
    level: str
    scope: str
    used: bool
    title: str
    message: str
    action: str


RULES = {
    row["key"]: Rule(**{**row, "used": row["used"] == "yes"})  # type: ignore[arg-type]
    for row in read_reference("rules")
}


@dataclass(frozen=True)
class Place:
    """Where a column stands in its sheet: letter, header as written."""

    letter: str
    header: str


@dataclass(frozen=True)
class Violation:
    """Cells of one column that break one rule; ``rows`` are rows of the sheet, 0 = the whole sheet.

    ``values`` are what the cells hold, ``others`` what they disagree with: one text, or one for every row.
    """

    rule: str
    rows: np.ndarray
    key: str = ""
    values: Any = ""
    others: Any = ""

    def where(self, mask: np.ndarray) -> Violation:
        """Return the violation of the rows of a mask only."""
        values, others = (v if isinstance(v, str) else np.asarray(v, dtype=object)[mask]
                          for v in (self.values, self.others))  # fmt: skip
        return Violation(self.rule, self.rows[mask], self.key, values, others)


def findings_of(sheets: Iterable[Rows]) -> pd.DataFrame:
    """Return the findings of sheets (`rows_of`) under one another, in one table for all: a table costs more than the
    rows of a sheet.
    """
    kinds = dict.fromkeys(KEYS, "str") | {"row_number": "int64", "used": "bool"}
    return pd.DataFrame(list(chain.from_iterable(sheets)), columns=list(KEYS)).astype(kinds)


def rows_of(
    violations: Iterable[Violation],
    *,
    file: str,
    sheet: str = "",
    places: Mapping[str, Place] | None = None,
    regions: Mapping[int, str] | None = None,
) -> Rows:
    """Return the violations of one sheet as findings, in the order of the sheet.

    ``places``: column → where it stands; ``regions``: row of the sheet → region code.
    """
    rows = []
    for one in violations:
        rule, n, place = RULES[one.rule], len(one.rows), (places or {}).get(one.key, Place("", ""))
        values, others = _texts(one.values, n), _texts(one.others, n)
        words = {"value": values, "other": others, "header": [_called(place.header, one.key)] * n}
        messages, actions = _sentences(rule.message, words, n), _sentences(rule.action, words, n)
        for row, value, message, action in zip(one.rows.tolist(), values, messages, actions, strict=True):
            cell = f"{place.letter}{row}" if row > 0 and place.letter else ""
            rows.append((file, sheet, cell, row, place.header, value, rule.key, rule.level, message, action, rule.used,
                         (regions or {}).get(row)))  # fmt: skip
    return sorted(rows, key=itemgetter(KEYS.index("row_number")))


def _called(header: str, key: str) -> str:
    """Return a header as a sentence quotes it: with the Chinese name of its column where it has no Chinese itself.

    >>> _called("ANTICIPATE_DAY", "statutory_days"), _called("法定时限", "statutory_days"), _called("X", "")
    ('ANTICIPATE_DAY（法定时限）', '法定时限', 'X')
    """
    foreign = key and header.isascii()
    return f"{header}（{label(key, 'items')}）" if foreign and label(key, "items") != key else header


def _texts(values: Any, n: int) -> list[str]:
    if isinstance(values, str):
        return [values] * n
    cells = np.asarray(values, dtype=object)
    return ["" if missing else str(cell) for cell, missing in zip(cells, pd.isna(cells), strict=True)]


def _sentences(template: str, words: Mapping[str, list[str]], n: int) -> list[str]:
    """Fill {value}, {other}, {header} for every row; a long cell is cut where a sentence quotes it."""
    if template in ("{value}", "{other}"):
        return words[template[1:-1]]
    if "{" not in template:
        return [template] * n
    rows = zip(*([*map(_quoted, texts)] for texts in words.values()), strict=True)
    return [template.format(**dict(zip(words, row, strict=True))) for row in rows]


@lru_cache(maxsize=10_000)
def _quoted(word: str) -> str:
    line = word.replace("\n", " ")
    return line if len(line) <= _QUOTED else f"{line[:_QUOTED]}……"


def summary(findings: pd.DataFrame, *, by: Sequence[str] = ("file", "region_code", "rule")) -> pd.DataFrame:
    """Return counts: the ``by`` columns, then how many findings in all, per level, and how many rows are left out.

    A finding that belongs to no region (a whole file or sheet) counts under an empty region code. With ``rule`` among
    the columns, its title and level stand beside it.
    """
    levels = {key: findings["level"].eq(level).astype("int64") for key, level in _COUNTS.items()}
    left_out = (~findings["used"] & findings["row_number"].gt(0)).astype("int64")
    counted = findings.assign(
        region_code=findings["region_code"].fillna(""), n_findings=1, **levels, n_rows_out=left_out
    )
    counts = counted.groupby(list(by), sort=False, as_index=False)[["n_findings", *_COUNTS, "n_rows_out"]].sum()
    if "rule" not in by:
        return counts
    rules = [RULES[rule] for rule in counts["rule"]]
    titles = {"rule_title": [rule.title for rule in rules], "level": [rule.level for rule in rules]}
    return counts.assign(**{key: pd.Series(texts, dtype="str") for key, texts in titles.items()})
