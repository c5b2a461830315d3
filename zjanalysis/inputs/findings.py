"""Findings: every rule once (reference/rules.csv), and the table whose row is one cell that breaks one.

A check anywhere yields `Violation`s, which name rows by a mask; `findings_of` gives them sentence, cell and level.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from zjanalysis.columns import FINDING_COLUMNS
from zjanalysis.inputs.reference import read_reference

ERROR, WARNING, NOTE = "错误", "警告", "提示"
LEVELS = (ERROR, WARNING, NOTE)
KEYS = tuple(column.key for column in FINDING_COLUMNS)
WHOLE = np.zeros(1, dtype="int64")  # a finding about the whole sheet has no row
_QUOTED = 60  # characters of a cell that a sentence quotes
_COUNTS = {"n_errors": ERROR, "n_warnings": WARNING, "n_notes": NOTE}


@dataclass(frozen=True)
class Rule:
    """One rule. ``message`` and ``action`` may hold {value} (the cell), {other} (what it disagrees with), {header}.

    ``used``: False when a row that breaks the rule is left out. ``scope``: layout, cell, row, table, reported, weights.
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
LEAVES_OUT = frozenset(key for key, rule in RULES.items() if not rule.used)


@dataclass(frozen=True)
class Place:
    """Where a column stands in its sheet: letter, header as written, unit in the header."""

    letter: str
    header: str
    unit: str = ""


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


def findings_of(
    violations: Sequence[Violation],
    *,
    file: str,
    sheet: str = "",
    places: Mapping[str, Place] | None = None,
    regions: pd.Series | None = None,
) -> pd.DataFrame:
    """Return the violations of one sheet as findings, in the order of the sheet.

    ``places``: column → where it stands; ``regions``: region code by row of the sheet.
    """
    at = places or {}
    frames = [_frame(one, at.get(one.key, Place("", ""))) for one in violations if len(one.rows)]
    if not frames:
        return empty_findings()
    found = pd.concat(frames, ignore_index=True).assign(file=file, sheet=sheet)
    if regions is not None:
        found = found.assign(region_code=found["row_number"].map(regions))
    return typed(found.sort_values("row_number", kind="stable", ignore_index=True))


def _frame(violation: Violation, place: Place) -> pd.DataFrame:
    rule, n = RULES[violation.rule], len(violation.rows)
    written = {"value": violation.values, "other": violation.others, "header": place.header}
    words = {name: _texts(texts, n) for name, texts in written.items()}
    numbers = pd.Series(np.asarray(violation.rows, dtype="int64"))
    cell = (place.letter + numbers.astype("str")).where(numbers.gt(0) & bool(place.letter), "")
    return pd.DataFrame({
        "cell": cell, "row_number": numbers, "header": words["header"], "value": words["value"], "rule": rule.key,
        "level": rule.level, "message": _sentence(rule.message, words, n), "action": _sentence(rule.action, words, n),
        "used": rule.used,
    })  # fmt: skip


def _texts(values: Any, n: int) -> pd.Series:
    if isinstance(values, str):
        return pd.Series([values] * n, dtype="str")
    return pd.Series(np.asarray(values, dtype=object), dtype="str").fillna("")


def _sentence(template: str, words: Mapping[str, pd.Series], n: int) -> pd.Series:
    """Fill {value}, {other}, {header} for all rows at once; a long cell is cut where a sentence quotes it."""
    text = pd.Series([""] * n, dtype="str")
    for literal, name in re.findall(r"([^{}]*)(?:\{(\w+)\})?", template):
        text = text + literal
        if name:
            text = text + (words[name] if template == f"{{{name}}}" else _quoted(words[name]))
    return text


def _quoted(word: pd.Series) -> pd.Series:
    line = word.str.replace("\n", " ")
    return line.where(line.str.len() <= _QUOTED, line.str.slice(0, _QUOTED) + "……")


def typed(findings: pd.DataFrame) -> pd.DataFrame:
    """Return the findings in their columns and kinds (text, row number, used)."""
    kinds = dict.fromkeys(KEYS, "str") | {"row_number": "int64", "used": "bool"}
    return findings.reindex(columns=list(KEYS)).astype(kinds)


def empty_findings() -> pd.DataFrame:
    """Return a findings table without rows."""
    return typed(pd.DataFrame(columns=list(KEYS)))


def together(findings: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return findings tables under one another."""
    filled = [frame for frame in findings if len(frame)]
    return typed(pd.concat(filled, ignore_index=True)) if filled else empty_findings()


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
