"""A whole province made up（示例数据，模拟）: 21 cities, 122 counties, some 300,000 items a quarter, for tests of size.

The regions of the sample are as they are there; every other one is drawn from one of the same level. A list four times
as long is had by giving each code three sub-items (示例子项) that are drawn for themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from functools import cache
from pathlib import Path

from make.books import listed, write_book
from make.catalogue import Code, load_catalogue
from make.draw import normal, pick, uniform
from make.regions import NAMES, QUARTERS, Region, load_regions
from make.service import Item, rows_of_region
from zjanalysis.inputs.reference import read_reference
from zjanalysis.inputs.regions import region_name, report_units

SUB_ITEMS, FIRST_SUB_ITEM = 3, 801  # the last three digits of a base code; real sub-items are far below
# Cities outside the sample that lie at the sea.
COASTAL = ("440100", "440300", "440400", "440700", "441300", "441900", "442000")
APART, HIGHEST = 0.04, 0.995  # how far a drawn share is from that of the region it is drawn from
ABOUT = """title = "广东省二十一市政务服务事项（示例数据，模拟）"
kind = "sample"
source = "程序生成（zj demo province）；全部数值均为模拟，用来试全省规模"
licence = "MIT"
focus = [{cities}]
"""


def write_province(folder: Path, *, quarters: Sequence[str] = NAMES, cities: Sequence[str] = ()) -> Iterator[str]:
    """Write the data set of every city (or of these), a city a process; yields a line as each city is done."""
    chosen = tuple(cities) or province_cities()
    folder.mkdir(parents=True, exist_ok=True)
    periods = "".join(f'\n[periods."{name}"]\ncutoff = "{QUARTERS[name]}"\n' for name in quarters)
    about = ABOUT.format(cities=", ".join(f'"{code}"' for code in chosen))
    with ProcessPoolExecutor() as executor:
        written = {executor.submit(_write_city, folder, city, tuple(quarters)): city for city in chosen}
        for number, done in enumerate(as_completed(written), start=1):
            yield f"[{number:>2}/{len(chosen)}] {region_name(written[done])}：{done.result():,} 项（最新一期）"
    (folder / "dataset.toml").write_text(about + periods, encoding="utf-8", newline="\n")  # last: no half data set


def province_cities() -> tuple[str, ...]:
    """Return the codes of the cities, in official order."""
    return tuple(row["code"] for row in read_reference("divisions") if row["level"] == "prefecture")


def _write_city(folder: Path, city: str, quarters: tuple[str, ...]) -> int:
    """Write the workbooks of a city; gives how many items the last of them lists."""
    members = family(city)
    rows = {region.code: rows_of_region(region, _catalogue()) for region in members}
    counts = [0]

    def items(region: Region, quarter: str) -> tuple[Item, ...]:
        listing = listed(rows[region.code], quarter)
        counts[-1] += len(listing)
        return listing

    for quarter in quarters:
        counts.append(0)
        write_book(folder, members, quarter, items, level=5)
    return counts[-1]


@cache
def _catalogue() -> tuple[Code, ...]:
    return tuple(one for code in load_catalogue() for one in (code, *_sub_items(code)))


def _sub_items(code: Code) -> Iterator[Code]:
    for number in range(FIRST_SUB_ITEM, FIRST_SUB_ITEM + SUB_ITEMS):
        base = f"{code.base_code[:-3]}{number}"
        names = tuple(f"{name}（示例子项{number % 100}）" for name in code.names)
        yield replace(code, base_code=base, names=names, ease=code.ease + 0.5 * normal("sub-item", base))


def family(city: str) -> tuple[Region, ...]:
    """Return a city, then its counties and zones: those of the sample, the others drawn."""
    known = {region.code: region for region in load_regions()}
    first = known.get(city) or _drawn(city, city, at_sea=city in COASTAL)
    return first, *(known.get(code) or _drawn(code, city, at_sea=first.is_coastal) for code in report_units(city))


def _drawn(code: str, city: str, *, at_sea: bool) -> Region:
    """Return a region like one of the same level in the sample, each of its shares a little apart; an inland city's
    counties have no coast, whatever the region they are like has.
    """
    like = pick([one for one in load_regions() if one.is_city == (code == city)], "like", code)
    levels = {
        key: (_moved(first, code, key, 0), _moved(last, code, key, 1)) for key, (first, last) in like.levels.items()
    }
    dialect = like.dialect if code == city else ""
    return replace(like, code=code, name=region_name(code), city=region_name(city), dialect=dialect,
                   is_coastal=at_sea, levels=levels)  # fmt: skip


def _moved(share: float, *words: object) -> float:
    return min(HIGHEST, share + APART * (2 * uniform("apart", *words) - 1))
