"""Regions: names and codes, report units, peer groups. The facts are in reference/{divisions,zones,groups}.csv."""

from __future__ import annotations

from functools import cache

import pandas as pd

from zjanalysis.errors import ConfigError, unknown_name
from zjanalysis.inputs.reference import read_reference
from zjanalysis.settings import Settings, load_settings

_CITY_CENTRE = ("本级", "市本级", "市直", "市级")
_COUNTIES = "各县区"
_SUFFIXES = ("特别行政区", "自治县", "市", "县", "区", "省")


@cache
def _table() -> pd.DataFrame:
    divisions = read_reference("divisions").assign(ours=False)
    zones = read_reference("zones").assign(ours=True)
    return pd.concat([divisions, zones], ignore_index=True)[["code", "name", "level", "parent", "ours"]]


def load_regions() -> pd.DataFrame:
    """Give every region: code, name, level (province, prefecture, county, zone), parent, ours.

    ``ours`` marks a code this project made up, because the zone has no national one (zones.csv is the user's to edit).
    """
    return _table().copy()


@cache
def _names() -> dict[str, str]:
    return dict(zip(_table()["code"], _table()["name"], strict=True))


def _short(name: str) -> str:
    for suffix in _SUFFIXES:
        if name.endswith(suffix) and len(name) - len(suffix) >= 2:
            return name[: -len(suffix)]
    return name


@cache
def _codes() -> dict[str, str]:
    """Every spelling of a region that is certain → its code: full and short name, with and without what is above it."""
    table = _table()
    claims: dict[str, set[str]] = {}
    zones = read_reference("zones")
    aliases = {code: text.split("|") for code, text in zip(zones["code"], zones["aliases"], strict=True) if text}
    for code, name, level, parent in zip(table["code"], table["name"], table["level"], table["parent"], strict=True):
        spellings = {name, _short(name), *aliases.get(code, [])}
        if level == "prefecture":
            spellings |= {f"{known}{centre}" for known in (name, _short(name)) for centre in _CITY_CENTRE}
        above = {"", _names()[parent], _short(_names()[parent])} if parent else {""}
        top = {"", "广东省", "广东"} if level in ("county", "zone") else {""}
        for spelling in {f"{t}{a}{s}" for t in top for a in above for s in spellings}:
            claims.setdefault(spelling, set()).add(code)
    return {spelling: codes.pop() for spelling, codes in claims.items() if len(codes) == 1} | {
        name: code for code, name in _names().items()
    }


def find_code(text: str) -> str | None:
    """Give the code of a region written as code (6, 9 or 12 digits) or name; None when nobody knows it.

    >>> find_code("440823000000"), find_code("湛江市遂溪县"), find_code("湛江市本级"), find_code("湛江经开区")
    ('440823', '440823', '440800', '4408Z1')
    """
    written = "".join(text.split())
    if written in _names():
        return written
    if written.isdecimal() and len(written) in (9, 12) and written[:6] in _names():
        return written[:6]
    return _codes().get(written)


def code_in(text: str) -> str | None:
    """Give the region that a file or sheet name speaks of: its 6-digit code or the longest name in it; None if none.

    >>> code_in("附件2：湛江市遂溪县实施清单（2021）.xlsx"), code_in("440882_事项"), code_in("实施清单")
    ('440823', '440882', None)
    """
    codes = [code for code in _names() if code in text]
    if codes:
        return codes[0]
    names = [spelling for spelling in _codes() if len(spelling) >= 2 and spelling in text]
    return _codes()[max(names, key=len)] if names else None


def region_name(code: str) -> str:
    """Give the name of a region code.

    >>> region_name("440823")
    '遂溪县'
    """
    if code not in _names():
        raise unknown_name("地区代码", code, _names())
    return _names()[code]


def region_code(name_or_code: str | int) -> str:
    """Give the code of a region written as name or code; raises UnknownName with the nearest names.

    >>> region_code("遂溪县"), region_code(440825)
    ('440823', '440825')
    """
    name_or_code = str(name_or_code)
    code = find_code(name_or_code)
    if code is None:
        near = _children(load_settings().focus)
        raise unknown_name("地区", name_or_code, [_names()[c] for c in (*near, *_names())])
    return code


def _children(parent: str) -> tuple[str, ...]:
    table = _table()
    counties = table[table["parent"].eq(parent) & table["level"].isin(["county", "zone"])]
    return tuple(counties.sort_values(["ours", "code"], kind="stable")["code"])


def is_county(code: str) -> bool:
    """Tell whether a code is a county's or zone's, not a city's: a prefecture's ends in 00 (GB/T 2260).

    >>> is_county("440800"), is_county("440823"), is_county("4408Z1")
    (False, True, True)
    """
    return not code.endswith("00")


def city_of(code: str) -> str:
    """Give the city of a county or zone by its code (GB/T 2260: the first four digits); a city is its own.

    >>> city_of("440823"), city_of("4408Z1"), city_of("440900")
    ('440800', '440800', '440900')
    """
    return f"{code[:4]}00"


def report_units(city: str) -> tuple[str, ...]:
    """Give the counties, then the zones of a city, in official order.

    >>> len(report_units("440800")), report_units("440800")[-1]
    (10, '4408Z1')
    """
    return _children(region_code(city))


@cache
def _groups() -> dict[str, tuple[str, ...]]:
    groups = read_reference("groups")
    return {str(name): tuple(part["code"]) for name, part in groups.groupby("group", sort=False)}


def group_names(code: str = "") -> tuple[str, ...]:
    """Give the names of the city groups of reference/groups.csv; for a county, of the groups of counties round it.

    >>> group_names("440823")[:3]
    ('湛江各县区', '粤东粤西粤北各县区', '粤西各县区')
    """
    if not code or not is_county(code):
        return tuple(_groups())
    city = city_of(code)
    around = (name for name, cities in _groups().items() if city in cities)
    return tuple(f"{name}{_COUNTIES}" for name in (_short(_names()[city]), *around))


@cache
def _members(group: str) -> tuple[str, ...]:
    """Give the regions of a named group: cities, or with 各县区 behind a city or a group all its counties and zones."""
    if group in _groups():
        return _groups()[group]
    above = group.removesuffix(_COUNTIES) if group.endswith(_COUNTIES) else ""
    city = find_code(above) if above else None
    cities = _groups().get(above, (city,) if city and not is_county(city) else ())
    return tuple(county for one in cities for county in _children(one))


def group_of(peers: str) -> str:
    """Give what the regions a user chose are called: the group's name, or 所选地区; empty for the default ones.

    >>> group_of(""), group_of("粤西"), group_of("茂名各县区"), group_of("高州市,阳西县")
    ('', '粤西地市', '茂名各县区', '所选地区')
    """
    if not peers:
        return ""
    return f"{peers}地市" if peers in _groups() else peers if _members(peers) else "所选地区"


def peers_of(code: str | int, group: str | int = "", *, settings: Settings | None = None) -> tuple[str, ...]:
    """Give the regions that a region is compared with, itself excluded.

    A city: the other cities of ``group`` (empty: the group of the settings). A county or zone: its siblings, or those
    of ``group``, such as 茂名各县区 or 粤西各县区. ``group`` may also be regions separated by commas (codes or names).
    Raises UnknownName for a name nobody knows, ConfigError where counties and cities would stand in one group.

    >>> peers_of("440800", "粤西"), len(peers_of("440823", "粤西各县区"))
    (('440900', '441700'), 18)
    """
    own, group = region_code(code), str(group)
    row = _table().set_index("code").loc[own]
    if not group and row["level"] in ("county", "zone"):
        return tuple(c for c in _children(str(row["parent"])) if c != own)
    if not group and row["level"] == "province":
        return ()
    wanted = group or (settings or load_settings()).comparison.group
    parts = [part for part in wanted.replace("，", ",").replace("、", ",").split(",") if part.strip()]
    if not _members(wanted) and len(parts) == 1 and find_code(parts[0]) is None:
        raise unknown_name("兄弟地区分组", wanted, group_names(own))
    chosen = _members(wanted) or tuple(dict.fromkeys(region_code(part) for part in parts))
    other = [_names()[c] for c in chosen if is_county(c) != is_county(own)]
    if other:
        example = group_names(own)[0] if is_county(own) else "、".join(tuple(_groups())[:2])
        raise ConfigError(
            f"{_names()[own]}不能与{'、'.join(other[:3])}{'等' * (len(other) > 3)}放在一组比较："
            "一边是地市本级，一边是县（市、区）。",
            f"请选同一级的地区，或写组名，例如 {example}。",
        )
    return tuple(c for c in chosen if c != own)
