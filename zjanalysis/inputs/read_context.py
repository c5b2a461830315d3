"""While one table is read: the violations so far, and which cells do not hold what their column says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd

from zjanalysis.inputs.findings import Violation
from zjanalysis.inputs.table import Table
from zjanalysis.inputs.values import BAD


@dataclass(frozen=True)
class ReadContext:
    """One table while it is read. ``violations`` and ``bad`` (column → cells that do not fit) grow on the way."""

    table: Table
    violations: list[Violation] = field(default_factory=list)
    bad: dict[str, np.ndarray] = field(default_factory=dict)

    def note(self, rule: str, key: str, mask: np.ndarray, *, values: Any = None, others: Any = "") -> None:
        """Add the cells of a mask over the rows; ``values`` (of all rows) default to what the cells hold."""
        if mask.any():
            held = self.table.values(key) if values is None else values
            self.violations.append(Violation(rule, self.table.numbers, key, held, others).where(mask))

    def blank(self) -> np.ndarray:
        """Return an empty text for every row."""
        return np.full(len(self.table.numbers), "", dtype=object)

    def texts(self, *keys: str) -> np.ndarray:
        """Return what the first of several columns says in each row."""
        held = [self.table.cells[key].values() for key in keys if key in self.table.cells]
        return reduce(lambda text, other: np.where(text == "", other, text), held) if held else self.blank()

    def read(self, keys: tuple[str, ...], read: Callable[[str], Any], *, rule: str = "choice_unknown") -> np.ndarray:
        """Read the first of several columns that says something; a text nobody knows is noted and reads as empty."""
        result: np.ndarray | None = None
        for key in keys:
            cells = self.table.cells.get(key)
            if cells is None or (result is not None and not (result == "").any()):
                continue
            distinct = cells.distinct(read)
            unknown = np.fromiter((value == BAD for value in distinct), dtype=bool, count=len(distinct))
            distinct[unknown] = ""
            column, bad = distinct[cells.which], unknown[cells.which]
            self.bad[key] = bad if result is None else bad & (result == "")
            self.note(rule, key, self.bad[key])
            result = column if result is None else np.where(result == "", column, result)
        return self.blank() if result is None else result


def mapped(texts: np.ndarray, read: Callable[[str], Any]) -> np.ndarray:
    """Apply a function to each distinct text of a column."""
    which, distinct = pd.factorize(texts)
    results = np.empty(len(distinct), dtype=object)
    results[:] = [read(text) for text in distinct]
    return np.asarray(results[which])
