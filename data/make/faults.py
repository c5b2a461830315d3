"""What is wrong in real workbooks, put in at the rates that SOURCE.md states."""

from __future__ import annotations

from make.dialects import Cell, Dialect
from make.draw import happens, pick, uniform
from make.service import Item

Cells = dict[str, Cell]
OFFICE_HOURS = "办公时间：星期一至星期五，上午8:30~12:00，下午14:30~17:30（法定节假日除外）"

# Faults of the two limits: at most one per row. Share of all rows.
LIMIT_FAULTS = {
    "sentinel": 0.004,
    "zero_or_minus": 0.005,
    "not_fixed": 0.008,
    "natural_days": 0.008,
    "months": 0.003,
    "promise_longer": 0.005,
    "promise_missing": 0.003,
    "office_hours": 0.001,
    "full_width": 0.004,
    "instant_with_days": 0.015,
}
# Faults of other cells, drawn one by one. Share of all rows.
CELL_FAULTS = {
    "depth_with_visits": 0.010,
    "lost_digits": 0.004,
    "trailing_space": 0.010,
    "ideographic_space": 0.004,
}
# Whole rows more than there should be. Share of all rows.
ROW_FAULTS = {"duplicate": 0.005, "old_version": 0.010}
RATES = LIMIT_FAULTS | CELL_FAULTS | ROW_FAULTS
# promise_longer and instant_with_days find rows they fit (承诺件 with a limit, 即办件); the draw is raised by this.
FITS = {"promise_longer": 6.5, "instant_with_days": 1.4, "depth_with_visits": 1.0}


def spoiled(cells: Cells, item: Item, dialect: Dialect) -> list[Cells]:
    """Return the row as the workbook holds it: with its faults, its twin, or its older version."""
    kind = _limit_fault(item)
    row = cells | (_limit_cells(kind, item, dialect) if kind else {}) | _cell_faults(cells, item)
    if happens(ROW_FAULTS["duplicate"], "duplicate", *item.key):
        return [row, row]
    if happens(ROW_FAULTS["old_version"], "old version", *item.key):
        return [row | _older(dialect, item), row]
    return [row]


def _limit_fault(item: Item) -> str | None:
    if item.row.code.item_type == "套餐服务":
        return None
    fits = {name: _fits(name, item) for name in LIMIT_FAULTS}
    point, total = uniform("limit fault", *item.key), 0.0
    for name, rate in LIMIT_FAULTS.items():
        total += rate * FITS.get(name, 1.15)
        if point < total:
            return name if fits[name] else None
    return None


def _fits(name: str, item: Item) -> bool:
    if name == "instant_with_days":
        return item.instant
    if name == "promise_longer":
        return not item.instant and item.statutory is not None
    return item.statutory is not None


def _limit_cells(kind: str, item: Item, dialect: Dialect) -> Cells:
    glued, key = dialect.limit != "{}", item.key
    statutory = item.statutory or 20

    def days(number: int | str, unit: str = "工作日") -> Cell:
        return dialect.limit.replace("工作日", unit).format(number) if glued else number

    def pair(name: str, number: int, unit: str) -> Cells:
        return {name: days(number, unit)} | ({} if glued else {f"{name}_unit": unit})

    if kind == "natural_days":
        return pair("statutory", round(statutory * 1.4), "自然日")
    if kind == "months":
        return pair("statutory", max(1, round(statutory / 20.83)), "月")
    return {
        "sentinel": {"statutory": days(pick((500, 99999), "sentinel", *key))},
        "zero_or_minus": {"statutory": pick((0, -1), "zero", *key)},
        "not_fixed": {"statutory": "未规定"},
        "promise_longer": {"promised": days(statutory + pick((1, 5, 10), "longer", *key))},
        "promise_missing": {"promised": None, "promised_unit": None},
        "office_hours": {"statutory": OFFICE_HOURS, "promised": OFFICE_HOURS},
        "full_width": {
            "statutory": days(str(statutory).translate(str.maketrans("0123456789", "０１２３４５６７８９")))
        },
        "instant_with_days": {"promised": days(1)},
    }[kind]


def _cell_faults(cells: Cells, item: Item) -> Cells:
    key, faults = item.key, Cells()
    if item.depth == 4 and happens(CELL_FAULTS["depth_with_visits"] * 1.25, "depth with visits", *key):
        faults["visits"] = 1 if isinstance(cells["visits"], int) else "1次"
    if happens(CELL_FAULTS["lost_digits"], "lost digits", *key):
        faults["impl_code"] = f"1.1{item.row.region.code[:4]}0000000E+30"
    if happens(CELL_FAULTS["trailing_space"], "trailing space", *key):
        faults["name"] = f"{cells['name']} "
    elif happens(CELL_FAULTS["ideographic_space"], "ideographic space", *key):
        faults["name"] = f"\u3000{cells['name']}"
    return faults


def _older(dialect: Dialect, item: Item) -> Cells:
    if dialect.version == "number":
        return {"version": 0}
    return {"version": "2019-03-01" if "-" in dialect.version else "2019/3/1"}
