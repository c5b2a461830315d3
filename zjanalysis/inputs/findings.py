"""The findings table: one row is one cell that does not fit, with the sentence and what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from zjanalysis.columns import FINDING_COLUMNS
from zjanalysis.inputs.rules import ERROR, NOTE, RULES, WARNING

KEYS = tuple(column.key for column in FINDING_COLUMNS)
_QUOTED = 60  # characters of a cell that a sentence quotes


@dataclass(frozen=True)
class Place:
    """Where a column stands in its sheet: letter, header as written, unit in the header."""

    letter: str
    header: str
    unit: str = ""


@dataclass(frozen=True)
class Part:
    """Cells of one column that break one rule; ``numbers`` are sheet rows, 0 = the whole sheet."""

    rule: str
    numbers: np.ndarray
    key: str = ""
    values: Any = ""
    others: Any = ""


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


def table_of(parts: Sequence[Part], *, file: str, sheet: str, places: Mapping[str, Place]) -> pd.DataFrame:
    """Put the parts of one sheet together as findings, in the order of the sheet."""
    frames = [_frame(part, places.get(part.key, Place("", ""))) for part in parts if len(part.numbers)]
    if not frames:
        return empty_findings()
    together = pd.concat(frames, ignore_index=True).assign(file=file, sheet=sheet)
    together = together.sort_values("row_number", kind="stable", ignore_index=True)
    return typed(together)


def _frame(part: Part, place: Place) -> pd.DataFrame:
    rule, n = RULES[part.rule], len(part.numbers)
    words = {"value": _texts(part.values, n), "other": _texts(part.others, n), "header": _texts(place.header, n)}
    numbers = pd.Series(np.asarray(part.numbers, dtype="int64"))
    cell = (place.letter + numbers.astype("str")).where(numbers.gt(0) & bool(place.letter), "")
    return pd.DataFrame({
        "cell": cell, "row_number": numbers, "header": words["header"], "value": words["value"], "rule": rule.key,
        "level": rule.level, "message": _sentence(rule.message, words, n), "action": _sentence(rule.action, words, n),
        "used": rule.used,
    })  # fmt: skip


def typed(findings: pd.DataFrame) -> pd.DataFrame:
    """Give the findings in their columns and kinds (text, row number, used)."""
    kinds = dict.fromkeys(KEYS, "str") | {"row_number": "int64", "used": "bool"}
    return findings.reindex(columns=list(KEYS)).astype(kinds)


def empty_findings() -> pd.DataFrame:
    """Give a findings table without rows."""
    return typed(pd.DataFrame(columns=list(KEYS)))


def summary(findings: pd.DataFrame, *, by: Sequence[str] = ("file", "region_code", "rule")) -> pd.DataFrame:
    """Count findings: the ``by`` columns, then how many in all, per level, and how many rows are left out for it.

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


_COUNTS = {"n_errors": ERROR, "n_warnings": WARNING, "n_notes": NOTE}
