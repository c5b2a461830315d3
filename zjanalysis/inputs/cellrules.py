"""One table of cells → typed items, and a part for every cell that does not say what its column holds."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from zjanalysis.inputs import values
from zjanalysis.inputs.columns import ALL_COLUMNS
from zjanalysis.inputs.findings import Part
from zjanalysis.inputs.layout import Cells, Rows
from zjanalysis.inputs.limitcells import SIDES, limit_columns
from zjanalysis.inputs.regions import find_code, load_regions
from zjanalysis.inputs.rules import RULES
from zjanalysis.settings import Units

LEAVES_OUT = frozenset(key for key, rule in RULES.items() if not rule.used)
_TEXTS = ("item_id", "item_name", "department", "state", "version", "visit_reason", "serves")
_CODES = ("base_code", "impl_code", "handle_item_code")
_FLAGS = ("online", "one_window", "bookable", "in_hall", "express", "on_application")
_WANTED = ("statutory_limit", "promised_limit", "visits", "online", "item_type", "base_code")
_DATE = re.compile(r"^\d{4}[-/年]\d{1,2}[-/月]\d{1,2}|（时间格式）$|^\d\d:\d\d:\d\d$")
_LOST = re.compile(r"^\d(\.\d+)?e\+?\d+$", re.IGNORECASE)
WHOLE = np.zeros(1, dtype="int64")
SHIFTED = 3  # that many cells of a row that do not fit their columns: the row has slipped sideways


@dataclass
class _Work:
    """Parts found so far, and per row how many cells do not fit their column."""

    rows: Rows
    parts: list[Part] = field(default_factory=list)
    bad: dict[str, np.ndarray] = field(default_factory=dict)

    def note(self, rule: str, key: str, mask: np.ndarray, *, values: Any = None, others: Any = "") -> None:
        """Add the cells of a mask over the rows; ``values`` default to what the cells hold."""
        if mask.any():
            held = self.rows.cells[key].values()[mask] if values is None and key in self.rows.cells else values
            given = others if isinstance(others, str) else np.asarray(others, dtype=object)[mask]
            self.parts.append(Part(rule, self.rows.numbers[mask], key=key, values="" if held is None else held, others=given))


def typed_items(rows: Rows, *, region: str | None, units: Units) -> tuple[pd.DataFrame, list[Part]]:
    """Give one item per row, also for rows that a part then leaves out, and the parts of all cells."""
    work = _Work(rows)
    made: dict[str, Any] = {**_regions(work, region), **_texts(work), **_choices(work), **_numbers(work)}
    made |= _flags(work, kind=made["item_type"], depth=made["online_depth"])
    times, parts, unreadable = limit_columns(rows, units=units, instant=made["handling_type"] == "即办件")
    made |= times | {"file": rows.file, "sheet": rows.sheet, "row_number": rows.numbers}
    work.parts += parts
    work.bad |= unreadable
    package = made["item_type"] == "套餐服务"
    made["limit_reason"] = np.where(package, "套餐服务", made["limit_reason"])
    made["match_code"] = _match_code(made["base_code"], made["impl_code"])
    for key in _WANTED:
        if key not in rows.cells and not (key == "item_type" and "item_type_code" in rows.cells) and not (
            key in SIDES.values() and "both_limits" in rows.cells):
            work.parts.append(Part("column_missing", WHOLE, values=ALL_COLUMNS[key].label))
    _cleaned(work)
    _shifted(work)
    return pd.DataFrame({key: _typed(key, value, len(rows.numbers)) for key, value in made.items()}), work.parts


def _typed(key: str, value: Any, n: int) -> Any:
    """Give a column in its kind: "" is missing."""
    if key in ("row_number",) or isinstance(value, pd.Series | pd.api.extensions.ExtensionArray):
        return value
    if isinstance(value, str):
        return pd.Series([value] * n, dtype="str")
    if value.dtype == object:
        return pd.Series(np.where(value == "", np.nan, value), dtype="str")
    return value


def _blank(n: int) -> np.ndarray:
    blank = np.empty(n, dtype=object)
    blank[:] = ""
    return blank


def _read(work: _Work, keys: tuple[str, ...], read: Callable[[str], Any], *, rule: str = "choice_unknown") -> np.ndarray:
    """Read the first of several columns that says something; a text nobody knows is a part and reads as empty."""
    made = _blank(len(work.rows.numbers))
    for key in keys:
        cells = work.rows.cells.get(key)
        if cells is None:
            continue
        found = cells.each(read)
        unknown = (found == values.BAD) & (made == "")
        work.bad[key] = unknown
        work.note(rule, key, unknown)
        made = np.where((made == "") & (found != values.BAD), found, made)
    return made


def _regions(work: _Work, hint: str | None) -> dict[str, np.ndarray]:
    n = len(work.rows.numbers)
    by_code, by_name = (work.rows.cells[key].each(lambda t: find_code(t) or "") if key in work.rows.cells else _blank(n)
                        for key in ("region_code", "region"))  # fmt: skip
    zones = set(load_regions().query("ours")["code"])
    is_zone = np.isin(by_name.astype("str"), list(zones))
    code = np.where((by_code == "") | is_zone, by_name, by_code)
    written = _written(work, "region_code", "region")
    unknown = (code == "") & (written != "")
    key = "region" if "region" in work.rows.cells else "region_code"
    work.note("region_unknown", key, unknown, values=written[unknown])
    blank = (code == "") & (written == "")
    if hint:
        code = np.where(blank, hint, code)
    else:
        work.note("region_missing", key, blank, values="")
    differs = (by_code != "") & (by_name != "") & (by_code != by_name) & ~is_zone
    work.note("region_conflict", "region", differs, others=by_code)
    names = dict(zip(load_regions()["code"], load_regions()["name"], strict=True))
    which, distinct = pd.factorize(code)
    return {"region_code": code, "region": np.array([names.get(c, "") for c in distinct], dtype=object)[which]}


def _written(work: _Work, *keys: str) -> np.ndarray:
    text = _blank(len(work.rows.numbers))
    for key in keys:
        if key in work.rows.cells:
            text = np.where(text == "", work.rows.cells[key].values(), text)
    return text


def _texts(work: _Work) -> dict[str, np.ndarray]:
    n = len(work.rows.numbers)
    made = {key: work.rows.cells[key].values() if key in work.rows.cells else _blank(n) for key in _TEXTS}
    work.note("name_missing", "item_name", made["item_name"] == "")
    return made | {key: _code(work, key) for key in _CODES}


def _code(work: _Work, key: str) -> np.ndarray:
    """Read a code column: lost digits and dates are not codes; odd lengths and characters are kept and said."""
    cells = work.rows.cells.get(key)
    if cells is None:
        return _blank(len(work.rows.numbers))
    lost, dated = cells.each(lambda t: bool(_LOST.match(t)), kind=bool), cells.each(lambda t: bool(_DATE.search(t)), kind=bool)
    odd = cells.each(lambda t: bool(t) and not t.replace("-", "").isalnum() or not t.isascii(), kind=bool) & ~dated & ~lost
    lengths = {"base_code": (12,), "impl_code": (31, 33)}.get(key, ())
    wrong = cells.each(lambda t: bool(t) and len(t) not in lengths, kind=bool) & ~odd & ~lost & ~dated if lengths else odd & False
    work.note("code_digits_lost", key, lost)
    work.note("date_in_cell", key, dated)
    work.note("code_shape", key, odd)
    work.note("code_length", key, wrong, others=cells.each(lambda t: str(len(t))))
    work.bad[key] = odd | dated
    return np.where(lost | dated, "", cells.values())


def _choices(work: _Work) -> dict[str, np.ndarray]:
    cells = work.rows.cells.get("online_depth")
    eight = None
    if cells is not None:
        eight = values.eight_step(work.rows.places["online_depth"].header, list(cells.texts))
    rule = "type_code_ambiguous" if "item_type" not in work.rows.cells else "choice_unknown"
    depth_rule = "depth_scale_unknown" if eight is None else "choice_unknown"
    return {
        "item_type": _read(work, ("item_type", "item_type_code"), values.item_type, rule=rule),
        "use_level": _read(work, ("use_level", "use_level_code"), values.use_level),
        "handling_type": _read(work, ("handling_type", "handling_type_code"), values.handling_type),
        "online_depth": _read(work, ("online_depth",), lambda t: values.depth(t, eight), rule=depth_rule),
    }


def _flags(work: _Work, *, kind: np.ndarray, depth: np.ndarray) -> dict[str, Any]:
    made = {key: _read(work, (key,), values.flag) for key in _FLAGS}
    if "handle_form" in work.rows.cells:  # 办理形式 names 网上 where no column says 可网办
        form = work.rows.cells["handle_form"].each(lambda t: bool(values.ONLINE_FORM.search(t)) if t else "")
        made["online"] = np.where(made["online"] == "", form, made["online"])
    made["on_application"] = np.where(made["on_application"] == "", _mapped(kind, values.applied_for), made["on_application"])
    made["serves_public"] = _read(work, ("serves",), values.serves_public)
    made["end_to_end"] = _mapped(depth, values.end_to_end)
    return {key: _boolean(value) for key, value in made.items()}


def _mapped(texts: np.ndarray, read: Callable[[str], Any]) -> np.ndarray:
    which, distinct = pd.factorize(texts)
    given = np.empty(len(distinct), dtype=object)
    given[:] = [read(text) for text in distinct]
    return given[which]  # type: ignore[no-any-return]


def _boolean(made: np.ndarray) -> pd.arrays.BooleanArray:
    missing = made == ""
    return pd.arrays.BooleanArray(np.where(missing, False, made).astype(bool), missing.astype(bool))


def _numbers(work: _Work) -> dict[str, np.ndarray]:
    found = _read(work, ("visits",), values.visits, rule="visits_unreadable")
    visits = np.where(found == "", np.nan, found).astype(float)
    odd = (visits < 0) | (visits > 20) | (visits % 1 > 0)
    work.note("visits_out_of_range", "visits", odd)
    if "visits" in work.rows.cells:
        work.note("visits_blank", "visits", work.rows.cells["visits"].values() == "")
    count = _read(work, ("case_count",), values.amount, rule="number_unreadable")
    return {"visits": np.where(odd, np.nan, visits), "case_count": np.where(count == "", np.nan, count).astype(float)}


def _match_code(base: np.ndarray, impl: np.ndarray) -> np.ndarray:
    """基本编码; where there is none, the 12 characters after 信用代码 18 + 行使层级 1 of an 实施编码 of 31 or 33."""
    return np.where(base != "", base, _mapped(impl, lambda t: t[19:31] if len(t) in (31, 33) else ""))


def _cleaned(work: _Work) -> None:
    """Note cells with needless spaces or full-width characters; a column full of them is one finding."""
    for key, cells in work.rows.cells.items():
        changed = np.array(cells.texts != cells.written, dtype=bool)[cells.which]
        if changed.sum() > max(50, 0.2 * len(changed)):
            first = int(np.flatnonzero(changed)[0])
            work.parts.append(Part("text_cleaned", WHOLE, key=key, values=cells.written[cells.which[[first]]],
                                   others=cells.texts[cells.which[[first]]]))  # fmt: skip
        else:
            work.note("text_cleaned", key, changed, values=cells.written[cells.which[changed]], others=cells.values())


def _shifted(work: _Work) -> None:
    """Say which columns are unusable as a whole, and which rows have slipped sideways."""
    n = len(work.rows.numbers)
    count = np.zeros(n, dtype=int)
    for key, bad in work.bad.items():
        filled = work.rows.cells[key].values() != ""
        if bad.sum() >= max(5, 0.8 * filled.sum()):
            first = work.rows.cells[key].values()[bad][:1]
            work.parts.append(Part("column_unusable", WHOLE, key=key, values=first, others=str(int(bad.sum()))))
        else:
            count += bad
    example = _blank(n)
    for key, bad in work.bad.items():
        example = np.where(bad & (example == ""), work.rows.cells[key].values(), example)
    shifted = count >= SHIFTED
    work.note("row_shifted", "item_name", shifted, values=example[shifted], others=count.astype("str").astype(object))

