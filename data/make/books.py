"""Which sheets a workbook of items has: one file per city, in its dialect, for any of the eight quarters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path

from make.catalogue import Code, load_catalogue
from make.dialects import Cell, Dialect, load_dialects, written
from make.faults import spoiled
from make.regions import NAMES, QUARTERS, Region, families
from make.service import Item, Row, items_of, rows_of_region
from make.workbook import BAND, Sheet, write

Items = Callable[[Region, str], Sequence[Item]]  # the items of a region in a quarter


def write_items(folder: Path, quarters: Iterable[str], *, cities: Iterable[str] = (), level: int = 9) -> None:
    """Write ``<quarter>/items/<code><city>.xlsx`` of every city, or of these; ``level``: how hard they are packed."""
    chosen = tuple(cities) or tuple(families())
    for city in chosen:
        for quarter in quarters:
            write_book(folder, families()[city], quarter, lambda region, at: region_items(region.code, at), level=level)


def write_book(folder: Path, members: tuple[Region, ...], quarter: str, items: Items, *, level: int = 9) -> None:
    """Write the workbook of a city (the first of ``members``) and its counties; ``level``: how hard it is packed."""
    city, dialect = members[0], load_dialects()[members[0].dialect]
    tables = [(region, _table(items(region, quarter), dialect, QUARTERS[quarter])) for region in members]
    path = folder / quarter / "items" / f"{city.code}{city.name}.xlsx"
    write(path, _sheets(tables, quarter, dialect), dialect, level=level)


@cache
def _catalogue() -> tuple[Code, ...]:
    return load_catalogue()


@cache
def _rows(region: str) -> tuple[Row, ...]:
    found = next(one for members in families().values() for one in members if one.code == region)
    return tuple(rows_of_region(found, _catalogue()))


@cache
def region_items(region: str, quarter: str) -> tuple[Item, ...]:
    """Return the items of a region of the sample in a quarter, as a workbook lists them."""
    return listed(_rows(region), quarter)


def listed(rows: Sequence[Row], quarter: str) -> tuple[Item, ...]:
    """Return the items of a region's rows in a quarter, in the order of a workbook."""
    items = items_of(rows, NAMES.index(quarter))
    return tuple(sorted(items, key=lambda item: (item.row.department, item.row.code.base_code, item.row.number)))


def _sheets(tables: Sequence[tuple[Region, list[dict[str, Cell]]]], quarter: str, dialect: Dialect) -> list[Sheet]:
    city = tables[0][0]
    title = f"{{}}政务服务事项清单（{BAND}，截至{QUARTERS[quarter]}）"
    if dialect.one_sheet:
        name = f"事项清单-{BAND}" if dialect.has_title else BAND
        return [(name, title.format(city.name), [row for _, table in tables for row in table])]
    if len(tables) == 1 and not dialect.has_title:
        return [(BAND, "", tables[0][1])]
    return [(f"{region.name}-{BAND}", title.format(region.name), table) for region, table in tables]


def _table(items: Sequence[Item], dialect: Dialect, cutoff: str) -> list[dict[str, Cell]]:
    return [row for item in items for row in spoiled(written(item, dialect, cutoff), item, dialect)]
