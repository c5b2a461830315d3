"""Regions: names and codes, report units, peer groups. The facts are in reference/{divisions,zones,groups}.csv."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import cache, wraps
from typing import Any, TypeVar

import pandas as pd

from zjanalysis.errors import unknown_name
from zjanalysis.inputs.reference import read_reference
from zjanalysis.settings import Settings, load_settings

T = TypeVar("T")
_CITY_CENTRE = ("本级", "市本级", "市直", "市级")
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
    """Give the code of a region; raises UnknownName with the nearest names.

    >>> region_code("遂溪县"), region_code(440823)
    ('440823', '440823')
    """
    written = str(name_or_code)
    code = find_code(written)
    if code is None:
        near = _children(load_settings().focus)
        raise unknown_name("地区", written, [_names()[c] for c in (*near, *_names())])
    return code


def takes_regions(function: Callable[..., T]) -> Callable[..., T]:
    """Give the function with its ``region``, ``city``, ``peers`` and ``*regions`` as names or codes, texts or numbers.

    papermill makes a number of a code that is typed without quotes. Everything else goes through as it is, the name of
    a group of peers and an empty text too.
    """
    parameters = inspect.signature(function).parameters
    several = "regions" in parameters and parameters["regions"].kind is inspect.Parameter.VAR_POSITIONAL
    if not several and not {"region", "city", "peers"} & set(parameters):
        return function

    @wraps(function)
    def taking(*arguments: Any, **keywords: Any) -> T:
        for name in {"region", "city", "peers"} & set(keywords):
            keywords[name] = _as_codes(keywords[name], alone=name != "peers")
        rows, regions = (arguments[:1], arguments[1:]) if several else (arguments, ())
        return function(*rows, *(_as_codes(region) for region in regions), **keywords)

    return taking


def _as_codes(written: Any, *, alone: bool = True) -> Any:
    if isinstance(written, (str, int)):
        return region_code(written) if alone and written else written
    return written if written is None else tuple(map(region_code, written))


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


def report_units(city: str | int) -> tuple[str, ...]:
    """Give the counties, then the zones of a city, in official order.

    >>> len(report_units("440800")), report_units("440800")[-1]
    (10, '4408Z1')
    """
    return _children(region_code(city))


@cache
def _groups() -> dict[str, tuple[str, ...]]:
    groups = read_reference("groups")
    return {str(name): tuple(part["code"]) for name, part in groups.groupby("group", sort=False)}


def group_names() -> tuple[str, ...]:
    """Give the names of the city groups of reference/groups.csv."""
    return tuple(_groups())


def peers_of(
    code: str | int, group: str | int | Sequence[str | int] = "", *, settings: Settings | None = None
) -> tuple[str, ...]:
    """Give the regions that a region is compared with, itself excluded.

    A city: the other cities of ``group`` (empty: the group of the settings). A county or zone: its siblings.
    ``group`` may also be regions, as a list or separated by commas (codes or names). Raises UnknownName for a name
    nobody knows.

    >>> peers_of("440800", "粤西"), peers_of(440800, [440900, "阳江市"])
    (('440900', '441700'), ('440900', '441700'))
    """
    group = str(group) if isinstance(group, (str, int)) else ",".join(map(str, group))
    own = region_code(code)
    row = _table().set_index("code").loc[own]
    if not group and row["level"] in ("county", "zone"):
        return tuple(c for c in _children(str(row["parent"])) if c != own)
    if not group and row["level"] == "province":
        return ()
    wanted = group or (settings or load_settings()).comparison.group
    if wanted in _groups():
        return tuple(c for c in _groups()[wanted] if c != own)
    parts = [part for part in wanted.replace("，", ",").replace("、", ",").split(",") if part.strip()]
    if len(parts) == 1 and find_code(parts[0]) is None:
        raise unknown_name("兄弟地区分组", wanted, group_names())
    return tuple(c for c in dict.fromkeys(region_code(part) for part in parts) if c != own)
