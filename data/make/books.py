"""Which sheets a workbook of items has: one file per city, in its dialect, for any of the eight quarters."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from make.catalogue import Code, load_catalogue
from make.dialects import Cell, Dialect, load_dialects, written
from make.faults import spoiled
from make.regions import NAMES, QUARTERS, Region, families
from make.service import Item, Row, items_of, rows_of_region
from make.workbook import BAND, Sheet, write


def write_items(folder: Path, quarters: Iterable[str], *, cities: Iterable[str] = ()) -> None:
    """Write ``<quarter>/items/<code><city>.xlsx`` of every city, or of these."""
    chosen, dialects = tuple(cities) or tuple(families()), load_dialects()
    for city in chosen:
        members = families()[city]
        for quarter in quarters:
            path = folder / quarter / "items" / f"{city}{members[0].name}.xlsx"
            dialect = dialects[members[0].dialect]
            write(path, _sheets(members, quarter, dialect), dialect)


@cache
def _catalogue() -> tuple[Code, ...]:
    return load_catalogue()


@cache
def _rows(region: str) -> tuple[Row, ...]:
    found = next(one for members in families().values() for one in members if one.code == region)
    return tuple(rows_of_region(found, _catalogue()))


@cache
def region_items(region: str, quarter: str) -> tuple[Item, ...]:
    """Give the items of a region in a quarter, as a workbook lists them."""
    items = items_of(_rows(region), NAMES.index(quarter))
    return tuple(sorted(items, key=lambda item: (item.row.department, item.row.code.base_code, item.row.number)))


def _sheets(members: tuple[Region, ...], quarter: str, dialect: Dialect) -> list[Sheet]:
    tables = [(region, _table(region, quarter, dialect)) for region in members]
    title = f"{{}}政务服务事项清单（{BAND}，截至{QUARTERS[quarter]}）"
    if dialect.one_sheet:
        name = f"事项清单-{BAND}" if dialect.has_title else BAND
        return [(name, title.format(members[0].name), [row for _, table in tables for row in table])]
    if len(tables) == 1 and not dialect.has_title:
        return [(BAND, "", tables[0][1])]
    return [(f"{region.name}-{BAND}", title.format(region.name), table) for region, table in tables]


def _table(region: Region, quarter: str, dialect: Dialect) -> list[dict[str, Cell]]:
    cutoff = QUARTERS[quarter]
    items = region_items(region.code, quarter)
    return [row for item in items for row in spoiled(written(item, dialect, cutoff), item, dialect)]
