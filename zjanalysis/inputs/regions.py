"""Regions: names and codes, report units, peer groups, places on the tile map.

The facts are in reference/{divisions,zones,groups,tiles}.csv. Reading them needs no pandas.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from numbers import Integral
from typing import TYPE_CHECKING

from zjanalysis.errors import ConfigError, unknown_name
from zjanalysis.inputs.reference import read_reference
from zjanalysis.settings import Settings, load_settings

if TYPE_CHECKING:
    import pandas as pd

_CITY_CENTRE = ("本级", "市本级", "市直", "市级")
_COUNTIES = "各县区"
_NARROW = {0xFEE0 + ord(sign): sign for sign in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"}  # of the full width
WHOLE = "全市"
TILES_WIDE = 4  # tiles in a row of regions whose place is not on record


@dataclass(frozen=True)
class Region:
    """One region; ``level`` is province, prefecture, county or zone.

    ``ours`` marks a code this project made up, because the zone has no national one (zones.csv is the user's to edit).
    """

    code: str
    name: str
    level: str
    parent: str
    ours: bool


@cache
def _regions() -> dict[str, Region]:
    """Return every region by code: the divisions in official order, then the zones."""
    return {
        row["code"]: Region(row["code"], row["name"], row["level"], row["parent"], ours=table == "zones")
        for table in ("divisions", "zones")
        for row in read_reference(table)
    }


def load_regions() -> pd.DataFrame:
    """Return every region, a row a `Region`: code, name, level, parent, ours."""
    import pandas as pd  # noqa: PLC0415  the only function here that needs it

    return pd.DataFrame([asdict(region) for region in _regions().values()])


def is_our_code(code: str) -> bool:
    """Tell whether a code was made up by this project, for a zone without a national one."""
    return code in _regions() and _regions()[code].ours


def _short(name: str) -> str:
    return re.sub("(?<=..)(特别行政区|(.{1,2}族)+自治县|[市县区省])$", "", name)


@cache
def _codes() -> dict[str, str]:
    """Every spelling of a region that is certain → its code: full and short name, with and without what is above it."""
    claims: dict[str, set[str]] = {}
    tables = (row for table in ("divisions", "zones") for row in read_reference(table))
    aliases = {row["code"]: row["aliases"].split("|") for row in tables if row["aliases"]}
    for region in _regions().values():
        names = {region.name, short := _short(region.name), short + ("县" if region.name.endswith("自治县") else "")}
        spellings = names | {level_name(region.code)} | set(aliases.get(region.code, []))
        if region.level == "prefecture":
            spellings |= {f"{name}{centre}" for name in names for centre in _CITY_CENTRE}
        parent = _regions().get(region.parent)
        above = {"", parent.name, _short(parent.name)} if parent else {""}
        top = {"", "广东省", "广东"} if region.level in ("county", "zone") else {""}
        for spelling in {f"{t}{a}{s}" for t in top for a in above for s in spellings}:
            claims.setdefault(spelling, set()).add(region.code)
    certain = {spelling: codes.pop() for spelling, codes in claims.items() if len(codes) == 1}
    return certain | {region.name: code for code, region in _regions().items()}


def find_code(text: str) -> str | None:
    """Return the code of a region written as code (6, 9 or 12 digits of either width) or name; None: nobody knows it.

    >>> find_code("440823000000"), find_code("湛江市遂溪县"), find_code("湛江市（市本级）"), find_code("４４０８Ｚ１")
    ('440823', '440823', '440800', '4408Z1')
    """
    written = "".join(text.split()).translate(_NARROW)
    short = written[:6] if written.isdecimal() and len(written) in (9, 12) else written
    return short if short in _regions() else _codes().get(short)


def level_name(code: str) -> str:
    """Return the name of a region as it reads beside its counties: a city's own rows are those of its departments.

    >>> level_name("440800"), level_name("440823"), level_name("440000")
    ('湛江市（市本级）', '遂溪县', '广东省（省本级）')
    """
    level = _regions()[code].level if code in _regions() else ""
    return region_name(code) + {"prefecture": "（市本级）", "province": "（省本级）"}.get(level, "")


def code_in(text: str) -> str | None:
    """Return the region that a file or sheet name speaks of: its 6-digit code or the longest name in it; None if none.

    >>> code_in("附件2：湛江市遂溪县实施清单（2021）.xlsx"), code_in("440882_事项"), code_in("实施清单")
    ('440823', '440882', None)
    """
    code = next((code for code in _regions() if code in text), None)
    names = (spelling for spelling in _codes() if len(spelling) >= 2 and spelling in text)
    return code or _codes().get(max(names, key=len, default=""))


def region_name(code: str | int) -> str:
    """Return the name of a region, by its code or as it is written elsewhere; raises UnknownName.

    >>> region_name("440823"), region_name("440800+"), region_name(440823), region_name("遂溪")
    ('遂溪县', '湛江全市', '遂溪县', '遂溪县')
    """
    if code not in _regions() and not (isinstance(code, str) and is_whole(code)):
        code = region_code(code)
    if is_whole(code):
        return f"{_short(region_name(city_of(code)))}{WHOLE}"
    return _regions()[code].name


def region_code(name_or_code: str | int) -> str:
    """Return the code of a region written as name or code; 全市 alone is the whole of the city of the settings.

    Raises UnknownName with the nearest names, ConfigError for the whole of a county.

    >>> region_code("遂溪县"), region_code(440825), region_code("茂名全市")
    ('440823', '440825', '440900+')
    """
    if not isinstance(name_or_code, (str, Integral)):
        kind = type(name_or_code).__name__
        raise ConfigError(f"地区要写一个名称或代码，得到的是 {kind}。", '例如 region="茂名市" 或 region=440900。')
    text = str(name_or_code).strip().replace("+", WHOLE)
    above = text.replace(WHOLE, "") or load_settings().focus
    code = find_code(above if WHOLE in text else text)
    if code is None:
        near = (*_children(load_settings().focus), *_regions())
        raise unknown_name("地区", str(name_or_code), [*(region_name(code) for code in near), WHOLE])
    if WHOLE not in text:
        return code
    if is_county(code):
        hint = f"要全市的合计，写“{region_name(whole_of(city_of(code)))}”。"
        raise ConfigError(f"{region_name(code)}不是地市，没有全市的合计。", hint)
    return whole_of(code)


def _children(parent: str) -> tuple[str, ...]:
    counties = [r for r in _regions().values() if r.parent == parent and r.level in ("county", "zone")]
    return tuple(region.code for region in sorted(counties, key=lambda region: (region.ours, region.code)))


def is_county(code: str) -> bool:
    """Tell whether a code is a county's or zone's, not a city's: a prefecture's ends in 00 (GB/T 2260).

    >>> is_county("440800"), is_county("440823"), is_county("4408Z1"), is_county("440800+")
    (False, True, True, False)
    """
    return code[4:6] != "00"


def whole_of(city: str) -> str:
    """Return our code for 全市: a city together with its counties and zones, never read from a file.

    >>> whole_of("440800"), whole_of("440800+")
    ('440800+', '440800+')
    """
    return f"{city_of(city)}+"


def is_whole(code: str) -> bool:
    """Tell whether a code stands for 全市, a city together with its counties and zones."""
    return code.endswith("+")


def city_of(code: str) -> str:
    """Return the city of a county or zone by its code (GB/T 2260: the first four digits); a city is its own.

    >>> city_of("440823"), city_of("4408Z1"), city_of("440900")
    ('440800', '440800', '440900')
    """
    return f"{code[:4]}00"


def report_units(city: str | int) -> tuple[str, ...]:
    """Return the counties, then the zones of a city, in official order.

    >>> len(report_units("440800")), report_units("440800")[-1]
    (10, '4408Z1')
    """
    return _children(region_code(city))


def units_of(city: str) -> tuple[str, ...]:
    """Return whom the reports of a city are about: itself, then its `report_units`."""
    return (city, *report_units(city))


@cache
def _groups() -> dict[str, tuple[str, ...]]:
    groups: dict[str, tuple[str, ...]] = {}
    for row in read_reference("groups"):
        groups[row["group"]] = (*groups.get(row["group"], ()), row["code"])
    return groups


def group_names(code: str = "") -> tuple[str, ...]:
    """Return the names of the city groups of reference/groups.csv; for a county, of the groups of counties round it.

    >>> group_names("440823")[:4]
    ('湛江各县区', '茂名各县区', '阳江各县区', '粤东粤西粤北各县区')
    """
    if not code or not is_county(code):
        return tuple(_groups())
    city = city_of(code)
    near = sorted(_groups().get(nearest_group(city), (city,)), key=lambda one: one != city)
    around = (name for name, cities in _groups().items() if city in cities)
    return tuple(f"{name}{_COUNTIES}" for name in (*(_short(_regions()[one].name) for one in near), *around))


def nearest_group(city: str) -> str:
    """Return the smallest group of cities that a city is in; empty for one in none.

    >>> nearest_group("440800")
    '粤西'
    """
    names = (name for name, cities in _groups().items() if city in cities)
    return min(names, key=lambda name: len(_groups()[name]), default="")


@cache
def _members(group: str) -> tuple[str, ...]:
    """Return the regions of a named group: cities, or (各县区 behind a city or group) all its counties."""
    if group in _groups():
        return _groups()[group]
    above = group.removesuffix(_COUNTIES) if group.endswith(_COUNTIES) else ""
    city = find_code(above) if above else None
    cities = _groups().get(above, (city,) if city and not is_county(city) else ())
    return tuple(county for one in cities for county in _children(one))


def names_in(written: object) -> list[str]:
    """Return names as they are written: one, several separated by commas, or a list of such.

    >>> names_in("高州市，440983"), names_in(440823), names_in(["遂溪县", 440825]), names_in(None)
    (['高州市', '440983'], ['440823'], ['遂溪县', '440825'], [])
    """
    if isinstance(written, str):
        return [part.strip() for part in re.split("[,，、]", written) if part.strip()]
    if isinstance(written, Iterable):
        return [name for one in written for name in names_in(one)]
    return [] if written is None else [str(written)]


def region_codes(regions: object) -> tuple[str, ...]:
    """Return the codes of regions, one or several (`names_in`), by name or code; raises UnknownName."""
    return tuple(map(region_code, names_in(regions)))


def group_of(peers: object) -> str:
    """Return what the regions a user chose are called: the groups' names, or 所选地区; empty for the default ones.

    >>> group_of(""), group_of("粤西"), group_of("茂名各县区,阳江各县区"), group_of("高州市,阳西县")
    ('', '粤西地市', '茂名各县区、阳江各县区', '所选地区')
    """
    parts = names_in(peers)
    if not all(_members(part) or part == f"本市{_COUNTIES}" for part in parts):
        return "所选地区"
    return "、".join(part if part[-1] in "市县区" else f"{part}地市" for part in parts)


def counted_peers(whom: str, n: int, *, county: bool) -> str:
    """Return peers as they are counted in a sentence; ``whom`` is what they are called (`group_of`, 兄弟县区 …).

    >>> counted_peers("兄弟县区", 9, county=True), counted_peers("茂名各县区", 5, county=True)
    ('9个兄弟县区', '茂名的5个县区')
    >>> counted_peers("粤西地市", 2, county=False), counted_peers("所选地区", 2, county=True)
    ('粤西的2个地市', '所选的2个地区')
    """
    if whom.startswith("兄弟"):
        return f"{n}个{whom}"
    group = whom.replace(_COUNTIES, "").removesuffix("地市").removesuffix("地区")
    return f"{group}的{n}个{'地区' if whom == '所选地区' else '县区' if county else '地市'}"


def peers_of(
    code: str | int, group: str | int | Sequence[str | int] = "", *, settings: Settings | None = None
) -> tuple[str, ...]:
    """Return the regions that a region is compared with, itself excluded.

    A city: the other cities of ``group`` (empty: `usual_group`), 全市: 全市 of these. A county or zone: its siblings.
    ``group`` are names of groups, such as 粤西, 本市各县区, 茂名各县区 or 粤西各县区, and regions, as a list
    or separated by commas. Raises UnknownName for a name nobody knows, ConfigError where counties, cities and 全市
    would stand in one group.

    >>> peers_of(440800, [440900, "阳江市"]), len(peers_of("440823", "粤西各县区")), peers_of("全市", "粤西")
    (('440900', '441700'), 18, ('440900+', '441700+'))
    """
    own, parts = region_code(code), names_in(group)
    if not parts and is_county(own):
        return tuple(c for c in _children(city_of(own)) if c != own)
    if not parts and not is_whole(own) and _regions()[own].level == "province":
        return ()
    parts = parts or names_in(usual_group(own, settings or load_settings()))
    ours = f"{_short(_regions()[city_of(own)].name)}{_COUNTIES}"
    members = {part: _members(ours if part == f"本市{_COUNTIES}" else part) for part in parts}
    unknown = len(parts) == 1 and not members[parts[0]] and find_code(parts[0]) is None
    if unknown and WHOLE not in parts[0]:
        raise unknown_name("兄弟地区分组", parts[0], group_names(own))
    chosen = tuple(dict.fromkeys(one for part in parts for one in members[part] or (region_code(part),)))
    _refuse_mixed(own, chosen)
    return tuple(c for c in (map(whole_of, chosen) if is_whole(own) else chosen) if c != own)


def usual_group(code: str, settings: Settings) -> str:
    """Return the group of the settings; of a city that is in none of the groups named there, and is not the focus, the
    nearest it is in.

    >>> usual_group("440900", load_settings()), usual_group("440100", load_settings())
    ('粤东粤西粤北', '珠三角')
    """
    usual, city = settings.comparison.group, city_of(code)
    groups = [_groups().get(part, ()) for part in names_in(usual)]
    outside = all(groups) and not any(city in members for members in groups) and city != settings.focus
    return nearest_group(city) if outside and nearest_group(city) else usual


def _refuse_mixed(own: str, chosen: Sequence[str]) -> None:
    """Raise ConfigError where counties, cities alone, and cities with their counties would stand in one group."""
    other = [c for c in chosen if is_county(c) != is_county(own) or (is_whole(c) and not is_whole(own))]
    if not other:
        return
    pair = sorted((own, other[0]), key=is_county)
    kinds = ["县（市、区）" if is_county(c) else "全市合计" if is_whole(c) else "地市本级" for c in pair]
    example = group_names(own)[0] if is_county(own) else "、".join(tuple(_groups())[:2])
    names = "、".join(map(region_name, other[:3])) + "等" * (len(other) > 3)
    wrong = f"{region_name(own)}不能与{names}放在一组比较：一边是{kinds[0]}，一边是{kinds[1]}。"
    raise ConfigError(wrong, f"请选同一级的地区，或写组名，例如 {example}。")


@dataclass(frozen=True)
class Layout:
    """``places``: code → row and column from 0, north and west first; ``note`` says what the places mean."""

    places: Mapping[str, tuple[int, int]]
    note: str


def tile_layout(codes: Sequence[str]) -> Layout:
    """Return a tile for every region: its place in tiles.csv, or the next free one in the rows below, in their order.

    A rough relative place, never a boundary: boundary data may not be redistributed, and maps with boundaries need
    review. The table is the user's to edit.

    >>> tile_layout(["440881", "440825"]).places["440825"], tile_layout(["440902", "440904"]).places["440904"]
    ((3, 1), (0, 1))
    """
    placed = {code: _tiles()[code] for code in codes if code in _tiles()}
    first = max((row for row, _ in placed.values()), default=-1) + 1
    others = [code for code in dict.fromkeys(codes) if code not in placed]
    below = {code: (first + number // TILES_WIDE, number % TILES_WIDE) for number, code in enumerate(others)}
    if not placed:
        return Layout(below, "按行政区划代码顺序排列，不表示方位")
    more = "，末行地区未标方位" if below else ""
    return Layout({**placed, **below}, f"按大致方位排列（上北下南），不表示行政区域界线和面积{more}")


@cache
def _tiles() -> dict[str, tuple[int, int]]:
    return {row["code"]: (int(row["row"]) - 1, int(row["column"]) - 1) for row in read_reference("tiles")}


UNNAMED = "部门未注明"


def office(department: object, region: str) -> str:
    """Return a department's name without the region it belongs to, as its own people say it; `UNNAMED` for a blank.

    >>> office("遂溪县公安局", "遂溪县"), office("湛江市遂溪分局", "遂溪县"), office("湛江市赤坎区卫健局", "赤坎区")
    ('县公安局', '市遂溪分局', '区卫健局')
    """
    if not department or not isinstance(department, str):
        return UNNAMED
    city = region_name(city_of(region_code(region)))
    for name in (city + region, region, city):
        if department.startswith(name) and len(department) > len(name):
            return name[-1] + department[len(name) :]
    return department
