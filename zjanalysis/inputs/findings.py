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

    ``used``: False when a row that breaks the rule is left out. ``scope``: layout, cell, row, table, or the file it is
    about; the sentences of ``cases`` have words of their own (`cases.findings`).
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
    parts = [_columns(one, at.get(one.key, Place("", ""))) for one in violations if len(one.rows)]
    if not parts:
        return empty_findings()
    columns = {name: [cell for part in parts for cell in part[name]] for name in parts[0]}
    findings = pd.DataFrame(columns).assign(file=file, sheet=sheet)
    if regions is not None:
        findings = findings.assign(region_code=findings["row_number"].map(regions))
    return typed(findings.sort_values("row_number", kind="stable", ignore_index=True))


def _columns(violation: Violation, place: Place) -> dict[str, list[Any]]:
    """Return the findings of a violation as columns: lists, since a table a rule costs more than all its rows."""
    rule, n = RULES[violation.rule], len(violation.rows)
    values, others, rows = _texts(violation.values, n), _texts(violation.others, n), violation.rows.tolist()
    pairs = list(zip(values, others, strict=True))
    said = {pair: tuple(_sentence(template, {"value": pair[0], "other": pair[1], "header": place.header})
                        for template in (rule.message, rule.action)) for pair in set(pairs)}  # fmt: skip
    return {
        "cell": [f"{place.letter}{row}" if row > 0 and place.letter else "" for row in rows], "row_number": rows,
        "header": [place.header] * n, "value": values, "rule": [rule.key] * n, "level": [rule.level] * n,
        "message": [said[pair][0] for pair in pairs], "action": [said[pair][1] for pair in pairs],
        "used": [rule.used] * n,
    }  # fmt: skip


def _texts(values: Any, n: int) -> list[str]:
    """Return a text for every row; what is missing is empty."""
    if isinstance(values, str):
        return [values] * n
    cells = np.asarray(values, dtype=object)
    return ["" if missing else str(cell) for cell, missing in zip(cells, pd.isna(cells), strict=True)]


def _sentence(template: str, words: Mapping[str, str]) -> str:
    """Fill {value}, {other}, {header}; a long cell is cut where a sentence quotes it."""
    alone = re.fullmatch(r"\{(\w+)\}", template)
    return words[alone[1]] if alone else re.sub(r"\{(\w+)\}", lambda name: _quoted(words[name[1]]), template)


def _quoted(word: str) -> str:
    line = word.replace("\n", " ")
    return line if len(line) <= _QUOTED else f"{line[:_QUOTED]}……"


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
