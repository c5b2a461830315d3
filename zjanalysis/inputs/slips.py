"""Slips of the keyboard and of the sheet: needless spaces, columns that hold something else, rows moved sideways."""

from __future__ import annotations

import numpy as np

from zjanalysis.inputs.findings import Part
from zjanalysis.inputs.layout import Rows
from zjanalysis.inputs.work import WHOLE, Work

SHIFTED = 3  # that many cells of a row that do not fit their columns: the row has slipped sideways


def cleaned_parts(rows: Rows) -> list[Part]:
    """Note cells with needless spaces or full-width characters; a column full of them is one finding."""
    parts = []
    for key, cells in rows.cells.items():
        if cells.texts is cells.written:
            continue
        changed = np.asarray(cells.texts != cells.written, dtype=bool)[cells.which]
        if changed.any():
            many = changed.sum() > max(50, 0.2 * len(changed))
            at = np.flatnonzero(changed)[:1] if many else np.flatnonzero(changed)
            written, others = cells.written[cells.which[at]], cells.texts[cells.which[at]]
            parts.append(Part("text_cleaned", WHOLE if many else rows.numbers[at], key, written, others))
    return parts


def shifted_parts(work: Work) -> list[Part]:
    """Say which columns are unusable as a whole, and which rows have slipped sideways."""
    rows, example = work.rows, work.blank()
    count = np.zeros(len(rows.numbers), dtype=int)
    parts = []
    for key, bad in work.bad.items():
        if not bad.any():
            continue
        held = rows.cells[key].values()
        if bad.sum() >= max(5, 0.8 * (held != "").sum()):
            parts.append(Part("column_unusable", WHOLE, key, held[bad][:1], str(int(bad.sum()))))
        else:
            count += bad
            example = np.where(bad & (example == ""), held, example)
    shifted = count >= SHIFTED
    if shifted.any():
        others = count[shifted].astype("str").astype(object)
        parts.append(Part("row_shifted", rows.numbers[shifted], "item_name", example[shifted], others))
    return parts
