"""What there is to do: base codes with their real names, types and statutory limits, and the 办理项 under each."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import median_low

from make.departments import kind_of
from make.draw import happens, normal, pick, uniform

REAL_ITEMS = Path(__file__).parents[1] / "gd-2021-05" / "2021-05" / "items" / "items.csv"
SCENARIOS = ("首次申请", "变更", "延续", "补办", "注销")
# Share of the base codes of a type that the sample's catalogue takes up; the real list is mostly 公共服务.
TAKEN_UP = {"公共服务": 0.13, "行政奖励": 0.35}
# Share of the codes without a limit in the real list (公共服务 mostly) that are taken up.
TAKEN_WITHOUT_LIMIT = 0.6
# Permits of the real list all have a limit; lists of cities have some without.
PERMITS_WITHOUT_LIMIT = 0.075
PACKAGES = (
    "开办餐馆",
    "开办药店",
    "开办便利店",
    "新生儿出生",
    "员工录用",
    "企业简易注销",
    "二手房转移登记",
    "公民身后",
)


@dataclass(frozen=True)
class Code:
    """One base code. ``statutory`` in working days, None without a limit; ``ease``: higher is sooner 即办."""

    base_code: str
    item_type: str
    kind: str
    names: tuple[str, ...]
    statutory: int | None
    serves: tuple[str, ...]
    ease: float
    volume: float
    in_counties: bool


def load_catalogue() -> tuple[Code, ...]:
    """Build the catalogue from the real list; the same every time."""
    groups: dict[str, list[dict[str, str]]] = defaultdict(list)
    with REAL_ITEMS.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            groups[row["CATAID"]].append(row)
    codes = [code for base, rows in sorted(groups.items()) if (code := _code(base, rows)) is not None]
    return (*codes, *(_package(number, name) for number, name in enumerate(PACKAGES, start=1)))


def _code(base: str, rows: list[dict[str, str]]) -> Code | None:
    first = rows[0]
    item_type, kind = first["TASK_TYPE_TEXT"], kind_of(first["DEPT_NAME"])
    if kind is None or not happens(TAKEN_UP.get(item_type, 1.0), "taken", base):
        return None
    limits = [int(found[0]) for row in rows if (found := re.findall(r"\d+", row["法定办结时限(handle_time)"]))]
    if not limits and not happens(TAKEN_WITHOUT_LIMIT, "no limit", base):
        return None
    if item_type == "行政许可" and happens(PERMITS_WITHOUT_LIMIT, "permit limit", base):
        limits = []
    return Code(
        base_code=base,
        item_type=item_type,
        kind=kind,
        names=_names(base, rows),
        statutory=median_low(limits) if limits else None,
        serves=tuple(first["服务对象"].split("|")),
        ease=normal("ease", base),
        volume=2.2 * normal("volume", base),
        in_counties=uniform("county", base) < 0.8,
    )


def _names(base: str, rows: list[dict[str, str]]) -> tuple[str, ...]:
    """Give the names of the 办理项: the real ones, and for a code with one name the usual occasions."""
    real = tuple(dict.fromkeys(" ".join(row["TASK_NAME"].split()) for row in rows))
    if len(real) > 1 or rows[0]["TASK_TYPE_TEXT"] == "公共服务":
        return real[:9]
    several = pick((1, 3, 4, 5), "occasions", base, weights=(0.2, 0.25, 0.3, 0.25))
    return real if several == 1 else tuple(f"{real[0]}（{occasion}）" for occasion in SCENARIOS[:several])


def _package(number: int, name: str) -> Code:
    base = f"44TC01{number:03d}000"
    return Code(
        base,
        "套餐服务",
        "市场监督管理局",
        (f"我要{name}",),
        None,
        ("自然人", "企业法人"),
        normal("ease", base),
        0.5,
        True,
    )
