"""The limit columns of one table: statutory and promised, with their units, in one cell or two."""

from __future__ import annotations

import re
from itertools import repeat
from typing import Any

import numpy as np
import pandas as pd

from zjanalysis.inputs import limits
from zjanalysis.inputs.findings import Part
from zjanalysis.inputs.layout import Cells, Rows, cells_of
from zjanalysis.inputs.work import WHOLE, Work
from zjanalysis.settings import Units

SIDES = {"statutory": "statutory_limit", "promised": "promised_limit"}
DATE = re.compile(r"^\d{4}[-/年]\d{1,2}[-/月]\d{1,2}|（时间格式）$|^\d\d:\d\d:\d\d$")
_YEAR = 250  # working days; a longer limit is asked about
_WORDS = {
    "statutory": {limits.BLANK: "缺法定时限", limits.NO_LIMIT: "无法定时限"},
    "promised": {limits.BLANK: "缺承诺时限", limits.NO_LIMIT: "缺承诺时限"},
}
_RULES = {
    limits.SENTINEL: "limit_sentinel",
    limits.NO_UNIT: "limit_unit_unknown",
    limits.UNREADABLE: "limit_unreadable",
}


def place_of(rows: Rows, side: str) -> str:
    """Give the column that one side's limit stands in."""
    return "both_limits" if SIDES[side] not in rows.cells and "both_limits" in rows.cells else SIDES[side]


def limit_columns(work: Work, *, units: Units, instant: np.ndarray) -> dict[str, Any]:
    """Give the limit columns of ``items``; cells without a usable limit become parts of the work.

    ``instant``: the rows that are 即办件; where their promise is blank it is 0 (当场办结).
    """
    columns: dict[str, Any] = {}
    reason = work.blank()
    for number, side in enumerate(SIDES):
        key = place_of(work.rows, side)
        texts = _texts(work.rows, key, number)
        frame = _read(work.rows, side, texts, units=units)
        if side == "promised":
            frame = _instant(work, frame, instant)
        if key in work.rows.cells:
            _note(work, side, texts, frame)
            work.bad[key] = frame["reason"].eq(limits.UNREADABLE).to_numpy()
        columns |= {f"{side}_{name}": frame[name].to_numpy() for name in ("days", "written")}
        columns[f"{side}_unit"] = frame["unit"]
        reason = np.where(reason == "", _reason(side, frame), reason)
    return columns | {"limit_reason": reason}


def _texts(rows: Rows, key: str, number: int) -> Cells:
    """Give the limit texts of one side; a cell that holds both limits is split."""
    cells, n = rows.cells.get(key), len(rows.numbers)
    if cells is None:
        return cells_of(repeat("", n), n)
    if not any("法定" in text and "承诺" in text for text in cells.texts):
        return cells
    return cells_of(cells.each(lambda text: (limits.split_both(text) or (text, text))[number]), n)


def _unit_cells(rows: Rows, side: str) -> Cells | None:
    """Give the unit column of one side that is filled, the text before the code."""
    for name in (f"{side}_unit", f"{side}_unit_code"):
        cells = rows.cells.get(name)
        if cells is not None and any(cells.texts):
            return cells
    return None


def _header_unit(rows: Rows, side: str) -> str:
    key = place_of(rows, side)
    return rows.places[key].unit if key in rows.places else ""


def _read(rows: Rows, side: str, texts: Cells, *, units: Units) -> pd.DataFrame:
    """Read the limits of one side: the unit in the text, else in the unit column, else in the header.

    Where the table states no unit anywhere, a number counts in working days (行政许可法 82) and a finding says so.
    """
    cells, n = _unit_cells(rows, side), len(rows.numbers)
    beside = cells if cells is not None else cells_of(repeat("", n), n)
    fallback = _header_unit(rows, side) or ("" if cells is not None else "工作日")
    n = len(beside.texts)
    pairs, which = np.unique(texts.which * n + beside.which, return_inverse=True)
    read = [limits.parse_limit(texts.texts[pair // n], beside.texts[pair % n] or fallback) for pair in pairs]
    return limits.limits_frame(read, which, units=units)


def _instant(work: Work, frame: pd.DataFrame, instant: np.ndarray) -> pd.DataFrame:
    blank = frame["reason"].eq(limits.BLANK) & instant
    if SIDES["promised"] in work.rows.cells:
        work.note("instant_blank", SIDES["promised"], blank.to_numpy())
    zero = {name: frame[name].mask(blank, 0.0) for name in ("written", "days")}
    return frame.assign(**zero, reason=frame["reason"].mask(blank))


def _note(work: Work, side: str, texts: Cells, frame: pd.DataFrame) -> None:
    rows, key = work.rows, place_of(work.rows, side)
    reason = frame["reason"].fillna("").to_numpy(dtype=object)
    cells = _unit_cells(rows, side)
    beside = cells.values() if cells is not None else work.blank()
    dated = texts.each(lambda text: bool(DATE.search(text)), kind=bool) & (reason == limits.UNREADABLE)
    work.note(f"{side}_blank", key, reason == limits.BLANK)
    work.note(f"{side}_none", key, reason == limits.NO_LIMIT)
    work.note("date_in_cell", key, dated)
    for why, rule in _RULES.items():
        work.note(rule, key, (reason == why) & ~dated, others=beside)
    work.note("limit_odd", key, frame["days"].gt(_YEAR).to_numpy())
    if side == "statutory":
        work.note("statutory_zero", key, frame["written"].eq(0).to_numpy())
    if cells is not None:
        own, stated = texts.each(_own_unit), cells.each(lambda text: limits.unit_of(text) or "")
        work.note("limit_unit_conflict", key, (own != "") & (stated != "") & (own != stated), others=beside)
    elif not _header_unit(rows, side) and texts.each(_lacks_unit, kind=bool).any():
        work.parts.append(Part("unit_not_stated", WHOLE, key))


def _lacks_unit(text: str) -> bool:
    return limits.parse_limit(text).reason == limits.NO_UNIT


def _own_unit(text: str) -> str:
    return limits.parse_limit(text).unit or ""


def _reason(side: str, frame: pd.DataFrame) -> np.ndarray:
    """Say in one phrase why a limit keeps its pair out of the time indicators; "" when it is usable."""
    reason = frame["reason"].replace(_WORDS[side]).fillna("").to_numpy(dtype=object)
    zero = frame["written"].eq(0).to_numpy() & (side == "statutory")
    return np.where((reason == "") & zero, "法定时限为0", reason)
