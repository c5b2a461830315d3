"""The limit columns of one table: statutory and promised, with their units, in one cell or two."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from zjanalysis.inputs import limits
from zjanalysis.inputs.findings import Part
from zjanalysis.inputs.layout import Cells, Rows, cells_of
from zjanalysis.settings import Units

SIDES = {"statutory": "statutory_limit", "promised": "promised_limit"}
_WORDS = {
    "statutory": {limits.BLANK: "缺法定时限", limits.NO_LIMIT: "无法定时限"},
    "promised": {limits.BLANK: "缺承诺时限", limits.NO_LIMIT: "缺承诺时限"},
}
_RULES = {limits.SENTINEL: "limit_sentinel", limits.NO_UNIT: "limit_unit_unknown", limits.UNREADABLE: "limit_unreadable"}
_DATE = re.compile(r"^\d{4}[-/年]\d{1,2}[-/月]\d{1,2}|（时间格式）$|^\d\d:\d\d:\d\d$")
_WHOLE = np.zeros(1, dtype="int64")


def limit_columns(rows: Rows, *, units: Units, instant: np.ndarray) -> tuple[dict[str, Any], list[Part], dict[str, np.ndarray]]:
    """Give the limit columns of ``items``, the parts, and which cells hold no limit at all.

    ``instant``: the rows that are 即办件; where their promise is blank it is 0 (当场办结).
    """
    parts: list[Part] = []
    bad: dict[str, np.ndarray] = {}
    read = {}
    for number, side in enumerate(SIDES):
        texts, key = _texts(rows, side, number)
        read[side] = _read(rows, side, texts, key, units=units)
        if side == "promised":
            blank = read[side]["reason"].eq(limits.BLANK).to_numpy() & instant
            read[side] = read[side].assign(**{k: read[side][k].mask(blank, 0.0) for k in ("written", "days")},
                                           reason=read[side]["reason"].mask(blank))  # fmt: skip
            parts += _part(rows, "instant_blank", key, blank)
        if key in rows.cells:
            parts += _side_parts(rows, side, key, texts, read[side])
            bad[key] = read[side]["reason"].eq(limits.UNREADABLE).to_numpy()
    columns: dict[str, Any] = {}
    for side, frame in read.items():
        columns |= {f"{side}_days": frame["days"].to_numpy(), f"{side}_written": frame["written"].to_numpy(),
                    f"{side}_unit": frame["unit"]}  # fmt: skip
    return columns | {"limit_reason": _reason(read)}, parts, bad


def _texts(rows: Rows, side: str, number: int) -> tuple[Cells, str]:
    """Give the limit texts of one side, and the column they stand in; a cell that holds both limits is split."""

    def one(text: str) -> str:
        both = limits.split_both(text)
        return both[number] if both else text

    own, shared = rows.cells.get(SIDES[side]), rows.cells.get("both_limits")
    if own is not None:
        spread = cells_of(own.each(one).tolist())
        return spread, SIDES[side]
    if shared is not None:
        return cells_of(shared.each(lambda text: one(text) if limits.split_both(text) or not text else text).tolist()), "both_limits"
    return cells_of([""] * len(rows.numbers)), SIDES[side]


def _unit_cells(rows: Rows, side: str, key: str) -> tuple[Cells | None, str]:
    """Give the unit column of one side (text before code) and the unit its header states."""
    header = rows.places[key].unit if key in rows.places else ""
    for name in (f"{side}_unit", f"{side}_unit_code"):
        cells = rows.cells.get(name)
        if cells is not None and any(cells.texts):
            return cells, header
    return None, header


def _read(rows: Rows, side: str, texts: Cells, key: str, *, units: Units) -> pd.DataFrame:
    cells, header = _unit_cells(rows, side, key)
    beside = cells if cells is not None else cells_of([""] * len(rows.numbers))
    fallback = header or ("" if cells is not None else "工作日")
    pairs, which = np.unique(texts.which * len(beside.texts) + beside.which, return_inverse=True)
    read = [limits.parse_limit(texts.texts[pair // len(beside.texts)], beside.texts[pair % len(beside.texts)] or fallback)
            for pair in pairs]  # fmt: skip
    return limits.limits_frame(read, which, units=units)


def _part(rows: Rows, rule: str, key: str, mask: np.ndarray, *, others: Any = "") -> list[Part]:
    if not mask.any() or key not in rows.cells:
        return []
    given = others if isinstance(others, str) else others[mask]
    return [Part(rule, rows.numbers[mask], key=key, values=rows.cells[key].values()[mask], others=given)]


def _side_parts(rows: Rows, side: str, key: str, texts: Cells, frame: pd.DataFrame) -> list[Part]:
    reason = frame["reason"].fillna("").to_numpy(dtype=object)
    dated = texts.each(lambda t: bool(_DATE.search(t)), kind=bool) & (reason == limits.UNREADABLE)
    cells, header = _unit_cells(rows, side, key)
    beside = cells.values() if cells is not None else np.full(len(reason), "", dtype=object)
    bare = texts.each(lambda t: limits.parse_limit(t).reason == limits.NO_UNIT, kind=bool)
    own = texts.each(lambda t: limits.parse_limit(t).unit or "")
    stated = cells.each(lambda t: limits.unit_of(t) or "") if cells is not None else beside
    made = _part(rows, f"{side}_blank", key, reason == limits.BLANK) + _part(rows, f"{side}_none", key, reason == limits.NO_LIMIT)
    made += _part(rows, "date_in_cell", key, dated)
    for why, rule in _RULES.items():
        quoted = np.where(beside == "", "", "“" + beside.astype("str").astype(object) + "”")
        made += _part(rows, rule, key, (reason == why) & ~dated, others=quoted)
    made += _part(rows, "limit_unit_conflict", key, (own != "") & (stated != "") & (own != stated), others=beside)
    made += _part(rows, "limit_odd", key, frame["days"].gt(250).to_numpy())
    if side == "statutory":
        made += _part(rows, "statutory_zero", key, frame["written"].eq(0).to_numpy())
    if cells is None and not header and (bare & frame["written"].gt(0).to_numpy()).any():
        made.append(Part("unit_not_stated", _WHOLE, key=key))
    return made


def _reason(read: dict[str, pd.DataFrame]) -> np.ndarray:
    """Say in one phrase why a pair is left out of the time indicators; "" when both limits are usable."""
    reason = np.full(len(read["statutory"]), "", dtype=object)
    for side, frame in read.items():
        own = frame["reason"].replace(_WORDS[side]).fillna("").to_numpy(dtype=object)
        if side == "statutory":
            own = np.where((own == "") & frame["written"].eq(0).to_numpy(), "法定时限为0", own)
        reason = np.where(reason == "", own, reason)
    return reason
