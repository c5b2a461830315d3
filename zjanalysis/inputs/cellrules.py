"""One table of cells → typed items, and a part for every cell that does not say what its column holds."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from zjanalysis.columns import ALL_COLUMNS
from zjanalysis.inputs import values
from zjanalysis.inputs.findings import Part
from zjanalysis.inputs.layout import Rows
from zjanalysis.inputs.limitcells import DATE, limit_columns
from zjanalysis.inputs.regions import find_code, load_regions
from zjanalysis.inputs.slips import cleaned_parts, shifted_parts
from zjanalysis.inputs.work import WHOLE, Work, mapped
from zjanalysis.settings import Units

_TEXTS = ("item_id", "item_name", "department", "state", "version", "visit_reason", "serves")
_CODES = {"base_code": (12,), "impl_code": (31, 33), "handle_item_code": ()}  # the usual lengths; () = any
_FLAGS = ("online", "one_window", "bookable", "in_hall", "express", "on_application")
_CODE_RULES = ("code_digits_lost", "date_in_cell", "code_shape", "code_length")
_LOST = re.compile(r"\d(\.\d+)?e\+?\d+", re.IGNORECASE)
# Columns whose absence is said, with the columns that may stand in for them.
_WANTED = {
    "statutory_limit": ("both_limits",),
    "promised_limit": ("both_limits",),
    "visits": (),
    "online": ("handle_form",),
    "item_type": ("item_type_code",),
    "base_code": ("impl_code",),
}


def typed_items(rows: Rows, *, region: str | None, units: Units) -> tuple[pd.DataFrame, list[Part]]:
    """Give one item per row, also for rows that a part then leaves out, and the parts of all cells.

    ``region``: the code that the sheet or file name speaks of, for rows that name none.
    """
    work = Work(rows)
    made: dict[str, Any] = {**_regions(work, region), **_texts(work), **_choices(work), **_numbers(work)}
    made |= _flags(work, kind=made["item_type"], depth=made["online_depth"])
    made |= limit_columns(work, units=units, instant=made["handling_type"] == "即办件")
    made["limit_reason"] = np.where(made["item_type"] == "套餐服务", "套餐服务", made["limit_reason"])
    made["match_code"] = _match_code(made["base_code"], made["impl_code"])
    named = {
        key: pd.Series([word] * len(rows.numbers), dtype="str")
        for key, word in (("file", rows.file), ("sheet", rows.sheet))
    }
    made |= {**named, "row_number": rows.numbers}
    for key, stands_in in _WANTED.items():
        if not {key, *stands_in} & set(rows.cells):
            work.parts.append(Part("column_missing", WHOLE, values=ALL_COLUMNS[key].label))
    parts = [*work.parts, *cleaned_parts(rows), *shifted_parts(work)]
    return pd.DataFrame({key: _typed(value) for key, value in made.items()}), parts


def _typed(value: Any) -> Any:
    """Give a column in its kind: an object column is text, and "" in it is missing."""
    if isinstance(value, np.ndarray) and value.dtype == object:
        return pd.Series(np.where(value == "", np.nan, value), dtype="str")
    return value


def _regions(work: Work, hint: str | None) -> dict[str, np.ndarray]:
    cells, blank = work.rows.cells, work.blank()
    by_code, by_name = (
        cells[key].each(lambda text: find_code(text) or "") if key in cells else blank
        for key in ("region_code", "region")
    )
    regions = load_regions()
    is_zone = np.isin(by_name.astype("str"), list(regions.loc[regions["ours"], "code"]))
    code = np.where((by_code == "") | is_zone, by_name, by_code)
    written = work.texts("region_code", "region")
    key = "region" if "region" in cells else "region_code"
    work.note("region_unknown", key, (code == "") & (written != ""), values=written)
    nowhere = (code == "") & (written == "")
    if hint:
        code = np.where(nowhere, hint, code)
    else:
        work.note("region_missing", key, nowhere, values="")
    differs = (by_code != "") & (by_name != "") & (by_code != by_name) & ~is_zone
    work.note("region_conflict", "region", differs, others=by_code)
    names = dict(zip(regions["code"], regions["name"], strict=True))
    return {"region_code": code, "region": mapped(code, lambda c: names.get(c, ""))}


def _texts(work: Work) -> dict[str, np.ndarray]:
    made = {key: work.texts(key) for key in _TEXTS}
    work.note("name_missing", "item_name", made["item_name"] == "")
    return made | {key: _code(work, key) for key in _CODES}


def _code(work: Work, key: str) -> np.ndarray:
    """Read a code column: lost digits and dates are not codes; odd lengths and characters are kept and said."""
    cells = work.rows.cells.get(key)
    if cells is None:
        return work.blank()
    if _all_fine(cells.texts, _CODES[key]):
        return cells.values()
    wrong = cells.each(lambda text: _wrong_code(text, _CODES[key]))
    lost, dated, shape, length = (wrong == rule for rule in _CODE_RULES)
    for rule in _CODE_RULES:
        work.note(
            rule, key, wrong == rule, others=mapped(cells.values(), lambda text: str(len(text))) if length.any() else ""
        )
    work.bad[key] = shape | dated
    return np.where(lost | dated, "", cells.values()) if (lost | dated).any() else cells.values()


def _all_fine(texts: np.ndarray, lengths: tuple[int, ...]) -> bool:
    """Say at once that no code of a column breaks a rule, as in most columns."""
    joined = "".join(texts)
    usual = not lengths or set(map(len, texts)) <= {0, *lengths}
    return joined.isascii() and joined.isalnum() and usual and not any(map(_LOST.fullmatch, texts))


def _wrong_code(text: str, lengths: tuple[int, ...]) -> str:
    """Give the rule that a code breaks; "" when none."""
    if text.isalnum() and text.isascii() and (not lengths or len(text) in lengths):
        return ""
    if _LOST.fullmatch(text):
        return "code_digits_lost"
    if DATE.search(text):
        return "date_in_cell"
    if text and not (text.isascii() and text.replace("-", "").isalnum()):
        return "code_shape"
    return "code_length" if text and lengths else ""


def _choices(work: Work) -> dict[str, np.ndarray]:
    eight = None
    if "online_depth" in work.rows.cells:
        place, cells = work.rows.places["online_depth"], work.rows.cells["online_depth"]
        eight = values.eight_step(place.header, list(cells.texts))
    type_rule = "choice_unknown" if "item_type" in work.rows.cells else "type_code_ambiguous"
    depth_rule = "depth_scale_unknown" if eight is None else "choice_unknown"
    return {
        "item_type": work.read(("item_type", "item_type_code"), values.item_type, rule=type_rule),
        "use_level": work.read(("use_level", "use_level_code"), values.use_level),
        "handling_type": work.read(("handling_type", "handling_type_code"), values.handling_type),
        "online_depth": work.read(("online_depth",), lambda text: values.depth(text, eight), rule=depth_rule),
    }


def _flags(work: Work, *, kind: np.ndarray, depth: np.ndarray) -> dict[str, Any]:
    made = {key: work.read((key,), values.flag) for key in _FLAGS}
    form = mapped(work.texts("handle_form"), lambda text: bool(values.ONLINE_FORM.search(text)) if text else "")
    made["online"] = np.where(
        made["online"] == "", form, made["online"]
    )  # 办理形式 names 网上 where nothing says 可网办
    applied = mapped(kind, values.applied_for)
    made["on_application"] = np.where(made["on_application"] == "", applied, made["on_application"])
    made["serves_public"] = mapped(work.texts("serves"), values.serves_public)
    made["end_to_end"] = mapped(depth, values.end_to_end)
    return {key: _boolean(value) for key, value in made.items()}


def _boolean(made: np.ndarray) -> pd.arrays.BooleanArray:
    missing = (made == "").astype(bool)
    return pd.arrays.BooleanArray((made == True).astype(bool), missing)  # noqa: E712 - an array is compared


def _numbers(work: Work) -> dict[str, np.ndarray]:
    found = work.read(("visits",), values.visits, rule="visits_unreadable")
    visits = np.where(found == "", np.nan, found).astype(float)
    odd = (visits < 0) | (visits > 20) | (visits % 1 > 0)
    work.note("visits_out_of_range", "visits", odd)
    if "visits" in work.rows.cells:
        work.note("visits_blank", "visits", work.rows.cells["visits"].values() == "")
    count = work.read(("case_count",), values.amount, rule="number_unreadable")
    return {"visits": np.where(odd, np.nan, visits), "case_count": np.where(count == "", np.nan, count).astype(float)}


def _match_code(base: np.ndarray, impl: np.ndarray) -> np.ndarray:
    """基本编码; where there is none, the 12 characters after 信用代码 18 + 行使层级 1 of an 实施编码 of 31 or 33."""
    return np.where(base != "", base, mapped(impl, lambda code: code[19:31] if len(code) in (31, 33) else ""))
