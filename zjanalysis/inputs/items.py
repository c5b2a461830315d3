"""One table of cells → typed items, and a violation for every cell that does not say what its column holds."""

from __future__ import annotations

import re
from itertools import repeat
from typing import Any

import numpy as np
import pandas as pd

from zjanalysis.columns import label
from zjanalysis.inputs import values
from zjanalysis.inputs.findings import WHOLE, Violation
from zjanalysis.inputs.headers import WANTED, unit_in
from zjanalysis.inputs.regions import find_code, is_our_code, region_name
from zjanalysis.inputs.table import Cells, ReadContext, Table, cells_of, mapped
from zjanalysis.settings import Units

DATE = re.compile(r"^\d{4}[-/年]\d{1,2}[-/月]\d{1,2}|（时间格式）$|^\d\d:\d\d:\d\d$")
SIDES = {"statutory": "statutory_limit", "promised": "promised_limit"}
SHIFTED = 3  # that many cells of a row that do not fit their columns: the row has moved sideways
FULL_CODE = (31, 33)  # 实施编码: 统一社会信用代码 18 + 行使层级 1 + 基本编码 12 (+ 办理项 2)
_TEXTS = ("item_id", "item_name", "department", "state", "version", "visit_reason", "serves")
_CODES = {"base_code": (12,), "impl_code": FULL_CODE, "handle_item_code": ()}  # the usual lengths; () = any
_FLAGS = ("online", "one_window", "bookable", "in_hall", "express", "on_application")
_LOST = re.compile(r"\d(\.\d+)?e\+?\d+", re.IGNORECASE)
_YEAR = 250  # working days; a longer limit is asked about
_LIMIT_REASONS = {
    "statutory": {values.BLANK: "缺法定时限", values.NO_LIMIT: "无法定时限"},
    "promised": {values.BLANK: "缺承诺时限", values.NO_LIMIT: "缺承诺时限"},
}
_LIMIT_RULES = {
    values.SENTINEL: "limit_sentinel",
    values.NO_UNIT: "limit_unit_unknown",
    values.TWO_UNITS: "limit_unit_conflict",
    values.UNREADABLE: "limit_unreadable",
}


def typed_items(table: Table, *, region: str | None, units: Units) -> tuple[pd.DataFrame, list[Violation]]:
    """Return one item per row, also for rows that a violation then leaves out, and the violations of all cells.

    ``region``: the code that the sheet or file name speaks of, for rows that name none.
    """
    context = ReadContext(table)
    items: dict[str, Any] = {**_regions(context, region), **_texts(context), **_choices(context), **_numbers(context)}
    items |= _flags(context, kind=items["item_type"], depth=items["online_depth"])
    items |= _limit_columns(context, units=units, instant=items["handling_type"] == "即办件")
    items["limit_reason"] = np.where(items["item_type"] == "套餐服务", "套餐服务", items["limit_reason"])
    base = items["base_code"]
    items["match_code"] = np.where(base != "", base, mapped(items["impl_code"], code_inside))
    n = len(table.numbers)
    items |= {key: pd.Series([name] * n, dtype="str") for key, name in (("file", table.file), ("sheet", table.sheet))}
    items["row_number"] = table.numbers
    missing = [Violation("column_missing", WHOLE, values=label(key, "items"))
               for key, stands_in in WANTED.items() if not {key, *stands_in} & set(table.cells)]  # fmt: skip
    violations = [*context.violations, *missing, *_typos(table), *_shifted(context)]
    return pd.DataFrame({key: _typed(value) for key, value in items.items()}), violations


def _typed(value: Any) -> Any:
    """Return a column in its kind: an object column is text, and "" in it is missing."""
    if isinstance(value, np.ndarray) and value.dtype == object:
        return pd.Series(np.where(value == "", np.nan, value), dtype="str")
    return value


def _regions(context: ReadContext, hint: str | None) -> dict[str, np.ndarray]:
    cells, blank = context.table.cells, context.blank()
    by_code, by_name = (cells[key].each(lambda text: find_code(text) or "") if key in cells else blank
                        for key in ("region_code", "region"))  # fmt: skip
    is_zone = mapped(by_name, is_our_code).astype(bool)
    code = np.where((by_code == "") | is_zone, by_name, by_code)
    written = context.texts("region_code", "region")
    key = "region" if "region" in cells else "region_code"
    context.note("region_unknown", key, (code == "") & (written != ""), values=written)
    nowhere = (code == "") & (written == "")
    if hint:
        code = np.where(nowhere, hint, code)
    else:
        context.note("region_missing", key, nowhere, values="")
    if "region_code" in cells:
        unread = (by_code == "") & (by_name != "") & ~is_zone & (context.texts("region_code") != "")
        context.note("code_unknown", "region_code", unread, others=context.texts("region"))
    differs = (by_code != "") & (context.texts("region") != "") & (by_code != by_name) & ~is_zone
    context.note("region_conflict", "region", differs, others=by_code)
    return {"region_code": code, "region": mapped(code, lambda c: region_name(c) if c else "")}


def _texts(context: ReadContext) -> dict[str, np.ndarray]:
    texts = {key: context.texts(key) for key in _TEXTS}
    context.note("name_missing", "item_name", texts["item_name"] == "")
    return texts | {key: _code(context, key) for key in _CODES}


def _code(context: ReadContext, key: str) -> np.ndarray:
    """Read a code column: lost digits and dates are not codes; odd lengths and characters stay and are noted."""
    cells = context.table.cells.get(key)
    if cells is None:
        return context.blank()
    broken = cells.each(lambda text: _broken_rule(text, _CODES[key]))
    if not broken.any():
        return cells.values()
    length = mapped(cells.values(), lambda text: str(len(text)))
    for rule in ("code_digits_lost", "date_in_cell", "code_shape", "code_length"):
        context.note(rule, key, broken == rule, others=length)
    context.bad[key] = (broken == "code_shape") | (broken == "date_in_cell")
    no_code = (broken == "code_digits_lost") | (broken == "date_in_cell")
    return np.where(no_code, "", cells.values()) if no_code.any() else cells.values()


def _broken_rule(text: str, lengths: tuple[int, ...]) -> str:
    if text.isalnum() and text.isascii() and (not lengths or len(text) in lengths):
        return ""
    if _LOST.fullmatch(text):
        return "code_digits_lost"
    if DATE.search(text):
        return "date_in_cell"
    if text and not (text.isascii() and text.replace("-", "").isalnum()):
        return "code_shape"
    return "code_length" if text and lengths else ""


def _choices(context: ReadContext) -> dict[str, np.ndarray]:
    table, eight = context.table, None
    if "online_depth" in table.cells:
        eight = values.eight_step(table.places["online_depth"].header, list(table.cells["online_depth"].texts))
    type_rule = "choice_unknown" if "item_type" in table.cells else "type_code_ambiguous"
    depth_rule = "depth_scale_unknown" if eight is None else "choice_unknown"
    return {
        "item_type": context.read(("item_type", "item_type_code"), values.item_type, rule=type_rule),
        "use_level": _level(context),
        "handling_type": context.read(("handling_type", "handling_type_code"), values.handling_type),
        "online_depth": context.read(("online_depth",), lambda text: values.depth(text, eight), rule=depth_rule),
    }


def _level(context: ReadContext) -> np.ndarray:
    """Read 行使层级; where the table has no such column, from the 实施编码, whose 19th place it is."""
    cells = context.table.cells.get("impl_code")
    if cells is None or {"use_level", "use_level_code"} & set(context.table.cells):
        return context.read(("use_level", "use_level_code"), values.use_level)
    levels = cells.each(lambda code: code[18] if len(code) in FULL_CODE and code[18] in "1234567" else "")
    context.violations.append(Violation("level_from_code", WHOLE, "impl_code", others=str(int((levels == "").sum()))))
    return levels


def _flags(context: ReadContext, *, kind: np.ndarray, depth: np.ndarray) -> dict[str, Any]:
    flags = {key: context.read((key,), values.flag) for key in _FLAGS}
    form = mapped(context.texts("handle_form"), lambda text: bool(values.ONLINE_FORM.search(text)) if text else "")
    # 办理形式 names 网上 where nothing says 可网办
    flags["online"] = np.where(flags["online"] == "", form, flags["online"])
    applied = mapped(kind, values.applied_for)
    flags["on_application"] = np.where(flags["on_application"] == "", applied, flags["on_application"])
    flags["serves_public"] = mapped(context.texts("serves"), values.serves_public)
    flags["end_to_end"] = mapped(depth, values.end_to_end)
    return {key: pd.arrays.BooleanArray((column == True).astype(bool), (column == "").astype(bool))  # noqa: E712 - an array
            for key, column in flags.items()}  # fmt: skip


def _numbers(context: ReadContext) -> dict[str, np.ndarray]:
    read = context.read(("visits",), values.visits, rule="visits_unreadable")
    visits = np.where(read == "", np.nan, read).astype(float)
    odd = (visits < 0) | (visits > 20) | (visits % 1 > 0)
    context.note("visits_out_of_range", "visits", odd)
    if "visits" in context.table.cells:
        context.note("visits_blank", "visits", context.table.values("visits") == "")
    count = context.read(("case_count",), values.amount, rule="number_unreadable")
    return {"visits": np.where(odd, np.nan, visits), "case_count": np.where(count == "", np.nan, count).astype(float)}


def code_inside(impl_code: str) -> str:
    """Return the 基本编码 inside a full 实施编码, the 12 characters after 信用代码 18 + 行使层级 1; "" of any other."""
    return impl_code[19:31] if len(impl_code) in FULL_CODE else ""


def _typos(table: Table) -> list[Violation]:
    """Note cells with needless spaces or full-width characters; a column full of them is one finding."""
    violations = []
    for key, cells in table.cells.items():
        if cells.texts is cells.written:
            continue
        changed = np.asarray((cells.texts != cells.written) & (cells.texts != ""), dtype=bool)[cells.which]
        if changed.any():
            many = changed.sum() > max(50, 0.2 * len(changed))
            at = np.flatnonzero(changed)[:1] if many else np.flatnonzero(changed)
            written, cleaned = cells.written[cells.which[at]], cells.texts[cells.which[at]]
            violations.append(Violation("text_cleaned", WHOLE if many else table.numbers[at], key, written, cleaned))
    return violations


def _shifted(context: ReadContext) -> list[Violation]:
    """Note which columns are unusable as a whole, and which rows have moved sideways."""
    table, example = context.table, context.blank()
    count = np.zeros(len(table.numbers), dtype=int)
    violations = []
    for key, bad in context.bad.items():
        if not bad.any():
            continue
        held = table.values(key)
        if bad.sum() >= max(5, 0.8 * (held != "").sum()):
            violations.append(Violation("column_unusable", WHOLE, key, held[bad][:1], str(int(bad.sum()))))
        else:
            count += bad
            example = np.where(bad & (example == ""), held, example)
    shifted = Violation("row_shifted", table.numbers, "item_name", example, count.astype("str").astype(object))
    return [*violations, shifted.where(count >= SHIFTED)]


# --- limits: statutory and promised, with their units, in one cell or two ---


def limit_place(table: Table, side: str) -> str:
    """Return the column that one side's limit stands in."""
    own = SIDES[side]
    return "both_limits" if own not in table.cells and "both_limits" in table.cells else own


def _limit_columns(context: ReadContext, *, units: Units, instant: np.ndarray) -> dict[str, Any]:
    """Return the limit columns of the items; cells without a usable limit become violations.

    ``instant``: the rows that are 即办件; where their promise is blank it is 0 (当场办结).
    """
    columns: dict[str, Any] = {}
    reason = context.blank()
    for number, side in enumerate(SIDES):
        key = limit_place(context.table, side)
        texts = _limit_texts(context.table, key, number)
        frame = _read_limits(context.table, side, texts, units=units)
        if side == "promised":
            blank = frame["reason"].eq(values.BLANK) & instant
            if SIDES[side] in context.table.cells:
                context.note("instant_blank", SIDES[side], blank.to_numpy())
            zero = {name: frame[name].mask(blank, 0.0) for name in ("written", "days")}
            frame = frame.assign(**zero, reason=frame["reason"].mask(blank))
        if key in context.table.cells:
            _note_limits(context, side, texts, frame)
            context.bad[key] = frame["reason"].eq(values.UNREADABLE).to_numpy()
        columns |= {f"{side}_{name}": frame[name].to_numpy() for name in ("days", "written")}
        columns[f"{side}_unit"] = frame["unit"]
        reason = np.where(reason == "", _why_left_out(side, frame), reason)
    return columns | {"limit_reason": reason}


def _limit_texts(table: Table, key: str, number: int) -> Cells:
    """Return the limit texts of one side; a cell that holds both limits is split."""
    cells, n = table.cells.get(key), len(table.numbers)
    if cells is None:
        return cells_of(repeat("", n), n)
    if not any("法定" in text and "承诺" in text for text in cells.texts):
        return cells
    return cells_of(cells.each(lambda text: (values.split_both(text) or (text, text))[number]), n)


def _units(table: Table, side: str) -> tuple[Cells | None, str]:
    """Return the unit column of one side that is filled, the text before the code, and the unit in the header."""
    columns = (table.cells.get(key) for key in (f"{side}_unit", f"{side}_unit_code"))
    key = limit_place(table, side)
    in_header = unit_in(table.places[key].header) if key in table.places else ""
    return next((cells for cells in columns if cells is not None and any(cells.texts)), None), in_header


def _read_limits(table: Table, side: str, texts: Cells, *, units: Units) -> pd.DataFrame:
    """Read the limits of one side: the unit in the text or in the unit column, else in the header.

    Where the table states no unit anywhere, a number counts in working days (行政许可法 82) and a finding says so.
    """
    (cells, in_header), n = _units(table, side), len(table.numbers)
    beside = cells if cells is not None else cells_of(repeat("", n), n)
    usual = in_header or ("" if cells is not None else "工作日")
    n = len(beside.texts)
    pairs, which = np.unique(texts.which * n + beside.which, return_inverse=True)
    distinct = [values.parse_limit(texts.texts[pair // n], beside.texts[pair % n], usual=usual) for pair in pairs]
    return limits_frame(distinct, which, units=units)


def _note_limits(context: ReadContext, side: str, texts: Cells, frame: pd.DataFrame) -> None:
    table, key = context.table, limit_place(context.table, side)
    reason = frame["reason"].fillna("").to_numpy(dtype=object)
    cells, in_header = _units(table, side)
    beside = cells.values() if cells is not None else context.blank()
    dated = texts.each(lambda text: bool(DATE.search(text)), kind=bool) & (reason == values.UNREADABLE)
    context.note(f"{side}_blank", key, reason == values.BLANK)
    context.note(f"{side}_none", key, reason == values.NO_LIMIT)
    context.note("date_in_cell", key, dated)
    for why, rule in _LIMIT_RULES.items():
        context.note(rule, key, (reason == why) & ~dated, others=beside)
    context.note("limit_odd", key, frame["days"].gt(_YEAR).to_numpy())
    if side == "statutory":
        context.note("statutory_zero", key, frame["written"].eq(0).to_numpy())
    if cells is None and not in_header:
        lacking = texts.each(lambda text: values.parse_limit(text).reason == values.NO_UNIT, kind=bool)
        if lacking.any():
            context.violations.append(Violation("unit_not_stated", WHOLE, key))


def _why_left_out(side: str, frame: pd.DataFrame) -> np.ndarray:
    """Say in one phrase why a limit keeps its pair out of the time indicators; "" when it is usable."""
    reason = frame["reason"].replace(_LIMIT_REASONS[side]).fillna("").to_numpy(dtype=object)
    zero = frame["written"].eq(0).to_numpy() & (side == "statutory")
    return np.where((reason == "") & zero, "法定时限为0", reason)


def limits_frame(read: list[values.Limit], which: np.ndarray, *, units: Units) -> pd.DataFrame:
    """Spread distinct limits over the rows that hold them (``which`` = position in ``read``)."""
    days_in = values.factors(units)
    written = np.fromiter((np.nan if one.number is None else one.number for one in read), dtype=float)
    factor = np.fromiter((days_in[one.unit] if one.unit else 1.0 for one in read), dtype=float)
    texts = {name: pd.Series(np.fromiter((getattr(one, name) for one in read), dtype=object)[which], dtype="str")
             for name in ("unit", "reason")}  # fmt: skip
    return pd.DataFrame({"written": written[which], "days": (written * factor)[which], **texts})
