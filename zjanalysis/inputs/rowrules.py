"""What does not fit within one row: two cells that cannot both be true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from zjanalysis.inputs import limits
from zjanalysis.inputs.findings import Part
from zjanalysis.inputs.layout import Rows
from zjanalysis.inputs.limitcells import SIDES, place_of
from zjanalysis.inputs.work import mapped

_IN_NOTE = re.compile(r"(\d+(?:\.\d+)?)(个?(?:工作日|自然日|日历日|工作天|小时|月)|天|日)")
_FULL = (31, 33)  # 实施编码: 统一社会信用代码 18 + 行使层级 1 + 基本编码 12 (+ 办理项 2)


def row_parts(rows: Rows, items: pd.DataFrame, out: np.ndarray) -> list[Part]:
    """Give the parts of all row rules; rows that are already left out (``out``) are not looked at."""
    parts = []
    for rule, key, mask, others in (*_times(rows, items), *_visits(items), *_codes(rows, items)):
        broken = np.asarray(mask, dtype=bool) & ~out
        if broken.any():
            at = key if key in rows.cells else "item_name"
            held = rows.cells[at].values()[broken]
            given = others if isinstance(others, str) else np.asarray(others, dtype=object)[broken]
            parts.append(Part(rule, rows.numbers[broken], key=at, values=held, others=given))
    return parts


Broken = Iterator[tuple[str, str, Any, Any]]


def _yes(column: pd.Series) -> np.ndarray:
    return column.fillna(False).to_numpy(dtype=bool)


def _no(column: pd.Series) -> np.ndarray:
    return (~column.fillna(True)).to_numpy(dtype=bool)


def _times(rows: Rows, items: pd.DataFrame) -> Broken:
    statutory, promised = place_of(rows, "statutory"), place_of(rows, "promised")
    law = rows.cells[statutory].values() if statutory in rows.cells else ""
    usable = items["limit_reason"].isna().to_numpy()
    instant = items["handling_type"].eq("即办件").to_numpy()
    days = items["promised_days"].to_numpy()
    other_kind = items["handling_type"].notna().to_numpy() & ~instant
    units = (
        items["statutory_unit"].ne(items["promised_unit"])
        & items["statutory_unit"].notna()
        & items["promised_unit"].notna()
    )
    yield "promise_longer", promised, usable & (days > items["statutory_days"].to_numpy() + 1e-9), law
    yield "units_mixed", promised, usable & (days > 0) & units.to_numpy(), law
    yield "instant_with_days", promised, instant & (days > 0), ""
    yield "zero_not_instant", "handling_type", (days == 0) & other_kind, ""
    for side in SIDES:
        note, key = rows.cells.get(f"{side}_note"), place_of(rows, side)
        if note is not None and key in rows.cells:
            said = note.each(_number_in_note, kind=float)
            written = items[f"{side}_written"].to_numpy()
            yield "note_differs", key, ~np.isnan(said) & ~np.isnan(written) & (said != written), note.values()


def _number_in_note(text: str) -> float:
    """Give the one number of days a note states; NaN when it states none or several."""
    found = {float(number) for number, _ in _IN_NOTE.findall(limits.plain(text))}
    return found.pop() if len(found) == 1 else np.nan


def _visits(items: pd.DataFrame) -> Broken:
    visits = items["visits"].to_numpy()
    depth = items["online_depth"].fillna("").to_numpy(dtype=object)
    offline, posted = _no(items["online"]), _yes(items["express"])
    yield "end_to_end_visits", "visits", _yes(items["end_to_end"]) & (visits > 0), depth
    if items["visit_reason"].notna().any():
        yield "visits_unexplained", "visits", (visits > 0) & items["visit_reason"].isna().to_numpy(), ""
    yield "not_online", "online", offline, ""
    yield "offline_zero_visits", "visits", offline & (visits == 0) & ~posted, ""
    yield "offline_by_post", "visits", offline & (visits == 0) & posted, ""


def _codes(rows: Rows, items: pd.DataFrame) -> Broken:
    cells = rows.cells.get("impl_code")
    if cells is None:
        return
    inner = cells.each(lambda code: code[19:31] if len(code) in _FULL else "")
    area = cells.each(lambda code: code[2:8] if len(code) in _FULL and code[2:8].isdecimal() else "")
    if "base_code" in rows.cells:
        base = rows.cells["base_code"].each(lambda code: code if len(code) == 12 else "")
        yield "impl_base_differs", "base_code", (inner != "") & (base != "") & (inner != base), inner
    own = mapped(items["region_code"].fillna("").to_numpy(dtype=object), lambda code: code if code.isdecimal() else "")
    yield "region_code_differs", "impl_code", (area != "") & (own != "") & (area != own), area
