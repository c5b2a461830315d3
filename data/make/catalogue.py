"""What there is to do: base codes with their names, types and statutory limits, and the level that exercises each."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from re import findall
from statistics import median_low
from typing import Any

from make.draw import happens, normal, pick
from make.regions import NAMES, Region, rows_of

REAL_ITEMS = Path(__file__).parents[1] / "gd-2021-05" / "2021-05" / "items" / "items.csv"
CITY_LEVEL = "3"  # 行使层级, the 19th character of the 实施编码
MOST_NAMES, MOST_CODES = 6, 30
# A whole list is two or three times as long: the share of the 办理项 of a permit that the sample takes up.
TAKEN_UP = 0.75
# The example permits all have a limit; lists of cities have some without.
PERMITS_WITHOUT_LIMIT = 0.05
PROJECTS_HARDER = 1.3  # what the reform of project approvals deals with takes longer than other items
# Cases in relation to one another, by demand 0–5 of facts/items.csv.
DEMAND = (0.01, 0.6, 6.0, 45.0, 300.0, 1500.0)
WHO = ("自然人", "企业法人|事业法人|社会组织法人|非法人企业", "自然人|企业法人|事业法人|社会组织法人|其他组织")


@dataclass(frozen=True)
class Code:
    """One base code. ``levels``: who exercises it (市, 县); ``statutory`` in working days, None without a limit;
    ``ease``: higher is sooner 即办; ``since``, ``until``: first and last quarter, by number."""

    base_code: str
    item_type: str
    kind: str
    names: tuple[str, ...]
    levels: str
    statutory: int | None
    serves: tuple[str, ...]
    ease: float
    demand: int
    must_come: bool = False
    coastal_only: bool = False
    reformed: bool = False
    since: int = 0
    until: int = len(NAMES)

    def is_held_by(self, region: Region) -> bool:
        """Say whether the region is of the level, and of the coast, that exercises this."""
        return region.use_level in self.levels and (region.is_coastal or not self.coastal_only)

    @property
    def is_permit(self) -> bool:
        """Say whether this is an administrative permit (行政许可)."""
        return self.item_type == "行政许可"


def load_catalogue() -> tuple[Code, ...]:
    """Build the catalogue from facts/items.csv and, for codes without a name there, the real list."""
    real = _real_codes()
    codes = []
    for row in rows_of("items"):
        if row["name"]:
            codes.append(_example(row))
        else:
            bases = [base for base in sorted(real) if base.startswith(row["code"])]
            codes += [_real(row, base, real[base]) for base in bases[: int(row["cap"] or MOST_CODES)]]
    return tuple(codes)


def _real_codes() -> dict[str, list[dict[str, str]]]:
    """Return the rows of the real list that a city exercises, by base code."""
    groups: dict[str, list[dict[str, str]]] = defaultdict(list)
    with REAL_ITEMS.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            if row["TASK_CODE"][18] == CITY_LEVEL:
                groups[row["CATAID"]].append(row)
    return groups


def _real(row: dict[str, str], base: str, real: list[dict[str, str]]) -> Code:
    limits = [int(found[0]) for one in real if (found := findall(r"\d+", one["法定办结时限(handle_time)"]))]
    names = dict.fromkeys(" ".join(one["TASK_NAME"].split()) for one in real if "广州" not in one["TASK_NAME"])
    return Code(
        base_code=base,
        item_type=real[0]["TASK_TYPE_TEXT"],
        kind=row["kind"],
        names=tuple(names)[:MOST_NAMES] or (real[0]["CATANAME"],),
        statutory=median_low(limits) if limits else None,
        serves=tuple(real[0]["服务对象"].split("|")),
        **_how(row, base),
    )


def _example(row: dict[str, str]) -> Code:
    base, item_type = f"{row['code']}000", row["type"]
    occasions = [f"{row['name']}（{occasion}）" for occasion in row["occasions"].split("、")]
    share = TAKEN_UP if item_type == "行政许可" else 1.0
    names = [name for name in occasions if happens(share, "occasion", base, name)] or occasions[:1]
    without = item_type == "行政许可" and happens(PERMITS_WITHOUT_LIMIT, "permit limit", base)
    return Code(
        base_code=base,
        item_type=item_type,
        kind=row["kind"],
        names=tuple(names) if row["occasions"] else (row["name"],),
        statutory=int(row["limit"]) if row["limit"] and not without else None,
        serves=tuple(pick(WHO, "serves", base).split("|")),
        **_how(row, base),
    )


def _how(row: dict[str, str], base: str) -> dict[str, Any]:
    """Return what facts/items.csv says of real and example codes alike."""
    return {
        "levels": row["levels"],
        "ease": 0.8 * normal("ease", base) + 0.9 * int(row["ease"]) - (PROJECTS_HARDER if row["reform"] else 0.0),
        "demand": int(row["demand"]),
        "must_come": bool(row["visit"]),
        "coastal_only": bool(row["coast"]),
        "reformed": bool(row["reform"]),
        "since": NAMES.index(row["since"]) if row["since"] else 0,
        "until": NAMES.index(row["until"]) if row["until"] else len(NAMES),
    }
