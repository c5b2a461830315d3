"""How workbooks write an item down: four dialects with their own headers, units and words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from make.draw import happens, pick, uniform
from make.regions import rows_of
from make.service import REASONS, Item

Cell = str | int | float | None
ROMAN = {1: "Ⅰ级", 2: "Ⅱ级", 3: "Ⅲ级", 4: "Ⅳ级"}
STEPS = {1: "1", 2: "1,2", 3: "1,2,3,4", 4: "1,2,3,4,5,6,7"}
USCC_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


@dataclass(frozen=True)
class Dialect:
    """``columns``: (header, what it holds) in order. ``has_title``: title rows stand above the header. ``one_sheet``:
    all regions of the file in one sheet. ``has_numbers``: limits are numbers, not text."""

    columns: tuple[tuple[str, str], ...]
    has_title: bool
    one_sheet: bool
    has_numbers: bool
    limit: str
    instant: str
    none: str
    visits: str
    separator: str
    region: str
    version: str
    yes_no: tuple[str, ...]
    depth: str


def load_dialects() -> dict[str, Dialect]:
    """Read facts/dialects.csv; a column is written header=what it holds."""
    return {row["dialect"]: _dialect(row) for row in rows_of("dialects")}


def _dialect(row: dict[str, str]) -> Dialect:
    header_of = [part.split("=") for part in row["columns"].split()]
    flags = (bool(row[key]) for key in ("title", "one_sheet", "numbers"))
    words = (row[key] for key in ("limit", "instant", "none", "visits", "separator", "region", "version"))
    columns = tuple((header, key) for header, key in header_of)
    return Dialect(columns, *flags, *words, tuple(row["yes_no"].split("|")), row["depth"])


def written(item: Item, dialect: Dialect, cutoff: str) -> dict[str, Cell]:
    """Write an item down as this dialect does, without any fault."""
    row, region, code = item.row, item.row.region, item.row.code
    impl_code = (
        f"{_uscc(region.code, row.department, is_zone=region.is_zone)}{3 if region.is_city else 4}{code.base_code}"
    )
    cells: dict[str, Cell] = {
        "region_code": region.code if region.is_zone else dialect.region.format(region.code),
        "region": region.name,
        "name": row.name,
        "base_code": code.base_code,
        "impl_code": impl_code,
        "handle_item_code": f"{impl_code}{row.number:02d}",
        "item_type": code.item_type,
        "level": "市级" if region.is_city else "县级",
        "department": row.department,
        "statutory": _limit(item.statutory, dialect),
        "statutory_unit": "工作日" if item.statutory else None,
        "promised": _instant(dialect) if item.instant else _limit(item.promised, dialect),
        "promised_unit": "工作日",
        "handling_type": "即办件" if item.instant else "承诺件",
        "visits": item.visits if dialect.visits == "{}" else dialect.visits.format(item.visits),
        "reason": pick(REASONS, "reason", *item.key) if item.visits else None,
        "depth": (ROMAN if dialect.depth == "levels" else STEPS)[item.depth],
        "serves": dialect.separator.join(code.serves),
        "state": "在用" if item.in_use else pick(("暂停", "取消"), "state word", *item.key),
        "version": _version(item, dialect, cutoff),
        "cases": item.cases,
    }
    flags = {"online": item.online, "one_window": item.one_window, "bookable": item.bookable, "express": item.express,
             "on_application": code.item_type != "公共服务" or happens(0.6, "apply", code.base_code)}  # fmt: skip
    cells |= {key: dialect.yes_no[0 if flag else 1] for key, flag in flags.items()}
    if code.item_type == "套餐服务":
        cells |= {"statutory": dialect.none or None, "promised": dialect.none or None, "promised_unit": None}
    return cells


def _limit(days: int | None, dialect: Dialect) -> Cell:
    if days is None:
        return dialect.none or None
    return days if dialect.has_numbers else dialect.limit.format(days)


def _instant(dialect: Dialect) -> Cell:
    return int(dialect.instant) if dialect.has_numbers else dialect.instant


def _version(item: Item, dialect: Dialect, cutoff: str) -> Cell:
    if dialect.version == "number":
        return 1 + int(5 * uniform("version", *item.key))
    last = date.fromisoformat(cutoff) - timedelta(days=5 + int(400 * uniform("version", *item.key)))
    return last.isoformat() if "-" in dialect.version else f"{last.year}/{last.month}/{last.day}"


@cache
def _uscc(code: str, department: str, *, is_zone: bool) -> str:
    """Return a made-up social credit code: 18 characters with a right check digit, and EXAMPLE inside."""
    area = f"{code[:4]}00" if is_zone else code
    number = int(uniform("office", code, department) * 31 * 31)
    body = f"11{area}EXAMPLE{USCC_DIGITS[number // 31]}{USCC_DIGITS[number % 31]}"
    total = sum(USCC_DIGITS.index(sign) * weight for sign, weight in zip(body, USCC_WEIGHTS, strict=True))
    return body + USCC_DIGITS[(31 - total % 31) % 31]
