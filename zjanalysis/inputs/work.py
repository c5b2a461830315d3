"""While one table is read: the parts found so far, and which cells do not hold what their column says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd

from zjanalysis.inputs.findings import Part
from zjanalysis.inputs.layout import Rows
from zjanalysis.inputs.values import BAD

WHOLE = np.zeros(1, dtype="int64")  # a finding about the whole sheet has no row


@dataclass(frozen=True)
class Work:
    """The rows being read. ``parts`` and ``bad`` (column → mask of cells that do not fit) grow on the way."""

    rows: Rows
    parts: list[Part] = field(default_factory=list)
    bad: dict[str, np.ndarray] = field(default_factory=dict)

    def note(self, rule: str, key: str, mask: np.ndarray, *, values: Any = None, others: Any = "") -> None:
        """Add the cells of a mask over the rows; ``values`` (of all rows) default to what the cells hold."""
        if not mask.any():
            return
        if values is None:
            values = self.rows.cells[key].values() if key in self.rows.cells else ""
        held, given = (v if isinstance(v, str) else np.asarray(v, dtype=object)[mask] for v in (values, others))
        self.parts.append(Part(rule, self.rows.numbers[mask], key=key, values=held, others=given))

    def blank(self) -> np.ndarray:
        """Give an empty text for every row."""
        return np.full(len(self.rows.numbers), "", dtype=object)

    def texts(self, *keys: str) -> np.ndarray:
        """Give what the first of several columns says in each row."""
        held = [self.rows.cells[key].values() for key in keys if key in self.rows.cells]
        return reduce(lambda text, other: np.where(text == "", other, text), held) if held else self.blank()

    def read(self, keys: tuple[str, ...], read: Callable[[str], Any], *, rule: str = "choice_unknown") -> np.ndarray:
        """Read the first of several columns that says something; a text nobody knows is a part and reads as empty."""
        made: np.ndarray | None = None
        for key in keys:
            cells = self.rows.cells.get(key)
            if cells is None or (made is not None and not (made == "").any()):
                continue
            given = cells.given(read)
            bad = np.fromiter((value == BAD for value in given), dtype=bool, count=len(given))
            given[bad] = ""
            found, unknown = given[cells.which], bad[cells.which]
            self.bad[key] = unknown if made is None else unknown & (made == "")
            self.note(rule, key, self.bad[key])
            made = found if made is None else np.where(made == "", found, made)
        return self.blank() if made is None else made


def mapped(texts: np.ndarray, read: Callable[[str], Any]) -> np.ndarray:
    """Apply a function to each distinct text of a column."""
    which, distinct = pd.factorize(texts)
    given = np.empty(len(distinct), dtype=object)
    given[:] = [read(text) for text in distinct]
    return np.asarray(given[which])
