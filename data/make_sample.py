"""Make the sample workbooks: ``python data/make_sample.py [--out DIR] [--city 440800]``. See data/sample/SOURCE.md."""

from __future__ import annotations

import argparse
from itertools import groupby
from pathlib import Path

from make.catalogue import Code, load_catalogue
from make.dialects import DIALECTS, Cell, Dialect, written
from make.faults import spoiled
from make.levels import PERIODS, Region, load_levels
from make.service import items_of
from make.workbook import BAND, Sheet, write


def main() -> None:
    """Write every workbook, or those of one city."""
    parser = argparse.ArgumentParser(description="生成示例数据（模拟）")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "sample", help="输出文件夹")
    parser.add_argument("--city", default="", help="只生成这一个地市（代码）")
    chosen = parser.parse_args()
    catalogue = load_catalogue()
    for city, regions in groupby(load_levels(), key=lambda region: region.city):
        members = _in_file(city, list(regions))
        if members and chosen.city in ("", members[0].code):
            for number, (period, cutoff) in enumerate(PERIODS.items()):
                path = chosen.out / period / "items" / f"{members[0].code}{city}.xlsx"
                write(path, _sheets(members, catalogue, number, cutoff), DIALECTS[members[0].dialect])


def _in_file(city: str, regions: list[Region]) -> list[Region]:
    """Give the city and all its counties and zones, where the city's row comes up."""
    if not regions[0].is_city:
        return []
    counties = [region for region in load_levels() if region.city == city and not region.is_city]
    return [regions[0], *counties]


def _sheets(regions: list[Region], catalogue: tuple[Code, ...], period: int, cutoff: str) -> list[Sheet]:
    dialect = DIALECTS[regions[0].dialect]
    tables = [(region, _table(region, catalogue, period, dialect, cutoff)) for region in regions]
    title = f"{{}}政务服务事项清单（{BAND}，截至{cutoff}）"
    if dialect.one_sheet:
        name = "事项清单" if dialect.title else BAND
        return [(name, title.format(regions[0].name), [row for _, table in tables for row in table])]
    if len(tables) == 1 and not dialect.title:
        return [(BAND, "", tables[0][1])]
    names = [region.name if dialect.title else f"{region.name}-{BAND}" for region, _ in tables]
    return [(name, title.format(region.name), table) for name, (region, table) in zip(names, tables, strict=True)]


def _table(
    region: Region, catalogue: tuple[Code, ...], period: int, dialect: Dialect, cutoff: str
) -> list[dict[str, Cell]]:
    items = sorted(
        items_of(region, catalogue, period), key=lambda item: (item.department, item.code.base_code, item.number)
    )
    return [row for item in items for row in spoiled(written(item, dialect, cutoff), item, dialect)]


if __name__ == "__main__":
    main()
