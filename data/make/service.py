"""The items of one region in one period: which codes it lists, and how far each has been shortened."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

from make.catalogue import Code
from make.departments import department_name, merged
from make.draw import happens, normal, pick, uniform
from make.levels import Region

# The built-in Simpson case: codes that only one side of this pair lists (and how much easier they are there).
PAIR = ("440800", "440900")
ONLY_FIRST, ONLY_SECOND = 0.22, 0.24
LIMIT_DIFFERS, LOCAL_LIMITS = 0.04, (5, 10, 15, 20, 30, 45)
ADDED_SINCE, DROPPED_SINCE, LIMIT_CHANGED = 0.03, 0.025, 0.01
REASONS = ("需现场核验原件", "需现场采集人像、指纹", "需现场勘验", "需当面签署", "需领取实物证件")


@dataclass(frozen=True)
class Item:
    """One row as it is meant, before a workbook writes it. ``before``: the period is 2020Q4 (0) or 2021Q1 (1)."""

    region: Region
    code: Code
    number: int
    name: str
    department: str
    statutory: int | None
    push: float
    promised: int = 0
    instant: bool = False
    visits: int = 0
    online: bool = True
    depth: int = 4
    one_window: bool = True
    bookable: bool = True
    express: bool = True
    in_use: bool = True
    cases: int = 0

    @property
    def key(self) -> tuple[str, str, int]:
        """Give what names this row in every draw."""
        return self.region.code, self.code.base_code, self.number


def items_of(region: Region, catalogue: Sequence[Code], period: int) -> list[Item]:
    """Give the items of a region: 1 for 2021Q1, 0 for 2020Q4, when less had been shortened."""
    rows = [row for code in catalogue if _lists(region, code) for row in _rows(region, code, period)]
    permits = [row for row in rows if row.code.item_type == "行政许可"]
    others = [row for row in rows if row.code.item_type != "行政许可"]
    return [
        *_shortened(permits, region.instant[period], region.compression[period], period),
        *_shortened(others, region.instant[period] - 0.15, region.compression[period] - 0.08, period),
    ]


def _side(code: Code) -> int:
    """Say who of the pair lists a code: 0 the first only, 1 the second only, 2 both."""
    point = uniform("pair", code.base_code)
    return 0 if point < ONLY_FIRST else 1 if point > 1 - ONLY_SECOND else 2


def _lists(region: Region, code: Code) -> bool:
    if not region.is_city and not code.in_counties:
        return False
    if region.code in PAIR and code.item_type == "行政许可" and _side(code) == 1 - PAIR.index(region.code):
        return False
    return happens(region.breadth if region.code not in PAIR else 0.95, "lists", region.code, code.base_code)


def _rows(region: Region, code: Code, period: int) -> Iterator[Item]:
    statutory = code.statutory
    if statutory and happens(LIMIT_DIFFERS, "limit", region.code, code.base_code):
        statutory = pick(LOCAL_LIMITS, "local limit", region.code, code.base_code)
    if statutory and period == 0 and happens(LIMIT_CHANGED, "old limit", region.code, code.base_code):
        statutory += 10
    drag = 1.3 if any(merged(kind, region) == merged(code.kind, region) for kind in region.drags) else 0.0
    push = code.ease - drag - _pair_push(region, code) + 0.8 * normal("push", region.code, code.base_code)
    for number, name in enumerate(code.names, start=1):
        if not happens(0.86 if region.is_city else 0.74, "row", region.code, code.base_code, number):
            continue
        if happens(ADDED_SINCE if period == 0 else DROPPED_SINCE, "since", period, region.code, code.base_code, number):
            continue
        yield Item(region, code, number, name, department_name(code.kind, region), statutory, push)


def _pair_push(region: Region, code: Code) -> float:
    """Give what makes the pair disagree: the codes only the first lists are hard there, only the second easy."""
    if region.code not in PAIR or _side(code) == 2:
        return 0.0
    return 0.9 if region.code == PAIR[0] else -1.2


def _shortened(rows: list[Item], instant_share: float, compression: float, period: int) -> list[Item]:
    """Make the share of 即办件 and the total compression what they are to be."""

    def ease(row: Item) -> float:
        return row.push + 0.35 * normal("row push", *row.key) - 0.25 * math.log((row.statutory or 20) / 20)

    order = sorted(rows, key=ease, reverse=True)
    n_instant = round(instant_share * len(rows))
    instant = [_presented(replace(row, instant=True), period) for row in order[:n_instant]]
    waiting = order[n_instant:]
    goal = (1 - compression) * sum(row.statutory or 0 for row in rows if row.statutory)
    ratio = _ratio(waiting, goal)
    return instant + [_presented(replace(row, promised=_promise(row, ratio)), period) for row in waiting]


def _promise(row: Item, ratio: float) -> int:
    statutory = row.statutory or 10
    wanted = statutory * ratio * math.exp(0.45 * normal("promise", *row.key) - 0.25 * row.push)
    return min(max(round(wanted), 1), statutory)


def _ratio(waiting: list[Item], goal: float) -> float:
    low, high = 0.001, 5.0
    for _ in range(40):
        middle = (low + high) / 2
        if sum(_promise(row, middle) for row in waiting if row.statutory) > goal:
            high = middle
        else:
            low = middle
    return high


def _presented(row: Item, period: int) -> Item:
    """Fill in how the item is offered: visits, online, window, booking, post, cases."""
    region, key = row.region, row.key
    hard = -0.35 * row.push + normal("visits", *key)
    visits = 0
    if hard > _edge(region.zero_visits[period]):
        visits = pick((1, 2, 3), "how often", *key, weights=(0.92, 0.07, 0.01))
    online = not happens(0.004 if visits == 0 else 0.25, "offline", *key)
    end_to_end = (
        online and visits == 0 and uniform("depth", *key) < region.end_to_end[period] / region.zero_visits[period]
    )
    depth = 4 if end_to_end else pick((2, 3), "lower", *key, weights=(0.2, 0.8)) if online else 1
    cases = 0 if happens(0.15, "no cases", *key) else round(math.exp(2.3 + 0.6 * region.is_city + row.code.volume))
    return replace(
        row,
        visits=visits,
        online=online,
        depth=depth,
        one_window=happens(region.one_window, "window", *key),
        bookable=happens(region.bookable, "booking", *key),
        express=happens(0.72, "post", *key),
        in_use=not happens(0.025, "state", period, *key),
        cases=min(round(cases * (0.8 + 0.4 * uniform("cases", period, *key))), 60_000),
    )


def _edge(share: float) -> float:
    """Give the point below which this share of the latent ``hard`` falls (its spread is about 1.17)."""
    return NormalDist(0.05, 1.17).inv_cdf(share)
