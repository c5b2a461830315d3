"""The items of one region in one quarter: which codes it lists, and how far each has been shortened."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from make.catalogue import DEMAND, Code
from make.departments import department_name, merged
from make.draw import happens, normal, pick, uniform
from make.events import Event, load_events
from make.regions import BUSY, LAST, Region

# The built-in Simpson case: permits that only one side of this pair lists, and how much easier they are there.
PAIR = ("440800", "441700")
ONLY_FIRST, ONLY_SECOND = 0.20, 0.22
HARDER_THERE, EASIER_HERE = 1.9, 2.1
ALWAYS_LISTED = 3  # demand from which every region of the level lists a code
ROW_LISTED = {("市", True): 0.95, ("市", False): 0.95, ("县", True): 0.53, ("县", False): 0.9}  # by level, permits
LIMIT_DIFFERS, LOCAL_LIMITS = 0.04, (5, 10, 15, 20, 30, 45)
ADDED, DROPPED, LIMIT_CUT, PAUSED = 0.12, 0.08, 0.06, 0.03  # share of the rows, over all quarters
DRAG, COMING = 1.2, 1.4
OTHERS_LATER, OTHERS_LONGER = 0.02, 0.03  # how far other types are behind permits: 即办, compression
OFFLINE = 0.43  # share of the items with visits that cannot be handled online at all
REASONS = ("需现场核验原件", "需现场采集人像、指纹", "需现场勘验", "需当面签署", "需领取实物证件")


@dataclass(frozen=True)
class Row:
    """One 办理项 of a region with all that chance has to say about it, whatever the quarter."""

    region: Region
    code: Code
    number: int
    name: str
    department: str
    statutory: int | None
    cut_in: int
    quarters: range
    paused_from: int
    ease: float
    pace: float
    hardness: float
    weight: float

    @property
    def key(self) -> tuple[str, str, int]:
        """Return what names this row in every draw."""
        return self.region.code, self.code.base_code, self.number


@dataclass
class Item:
    """One row as it is meant in one quarter, before a workbook writes it."""

    row: Row
    statutory: int | None
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
        """Return what names this item in every draw."""
        return self.row.key


def rows_of_region(region: Region, catalogue: Sequence[Code]) -> list[Row]:
    """Return every row that the region lists in any of the quarters."""
    return [row for code in catalogue if _lists(region, code) for row in _rows(region, code)]


def items_of(rows: Sequence[Row], quarter: int) -> list[Item]:
    """Return the items of a region in a quarter, from its rows."""
    items = [Item(row, _limit(row, quarter)) for row in rows if quarter in row.quarters]
    region = rows[0].region
    for permits in (True, False):
        some = [item for item in items if item.row.code.is_permit is permits]
        instant, compression = region.level("instant", quarter), region.level("compression", quarter)
        _shorten(some, instant - OTHERS_LATER * (not permits), compression - OTHERS_LONGER * (not permits))
        _offer(some, region, quarter)
    for event in load_events():
        _take_part(items, event, quarter)
    _count_cases(items, region, quarter)
    return items


def _side(code: Code) -> int:
    """Say who of the pair lists a permit: 0 the first only, 1 the second only, 2 both."""
    point = uniform("pair", code.base_code)
    if not code.is_permit or code.demand >= ALWAYS_LISTED:
        return 2
    return 0 if point < ONLY_FIRST else 1 if point > 1 - ONLY_SECOND else 2


def _lists(region: Region, code: Code) -> bool:
    if not code.is_held_by(region):
        return False
    if region.code in PAIR and _side(code) == 1 - PAIR.index(region.code):
        return False
    breadth = 1.0 if code.demand >= ALWAYS_LISTED else 0.95 if region.code in PAIR else region.breadth
    return happens(breadth, "lists", region.code, code.base_code)


def _rows(region: Region, code: Code) -> Iterator[Row]:
    place = region.code, code.base_code
    statutory = code.statutory
    if statutory and happens(LIMIT_DIFFERS, "limit", *place):
        statutory = pick(LOCAL_LIMITS, "local limit", *place)
    slow = any(merged(kind, region) == merged(code.kind, region) for kind in region.drags)
    ease = code.ease - DRAG * slow + _pair_ease(region, code) + 0.7 * normal("ease here", *place)
    ease -= 0.25 * math.log((statutory or 20) / 20)
    share = ROW_LISTED[region.use_level, code.is_permit]
    demand = DEMAND[code.demand] * math.exp(0.4 * normal("demand", code.base_code))
    for number, name in enumerate(code.names, start=1):
        key = *place, number
        if number > 1 and not happens(share, "row", *key):
            continue
        row_ease = ease + 0.35 * normal("row ease", *key)
        yield Row(
            region, code, number, name, department_name(code.kind, region), statutory,
            cut_in=_sometime(LIMIT_CUT, "limit cut", key) if statutory else 0,
            quarters=_quarters(code, key),
            paused_from=_sometime(PAUSED, "paused", key) or LAST + 1,
            ease=row_ease,
            pace=math.exp(0.45 * normal("pace", *key) - 0.25 * row_ease),
            hardness=COMING * code.must_come - 0.3 * row_ease + normal("hard", *key),
            weight=demand * math.exp(0.4 * normal("weight", *key)),
        )  # fmt: skip


def _sometime(share: float, what: str, key: tuple[object, ...]) -> int:
    """Return the quarter from which this holds for that share of the rows, 0 for the others."""
    return 1 + int(LAST * uniform(f"when {what}", *key)) if happens(share, what, *key) else 0


def _quarters(code: Code, key: tuple[object, ...]) -> range:
    first = max(code.since, _sometime(ADDED, "added", key))
    gone = _sometime(DROPPED, "dropped", key)
    return range(first, min(code.until + 1, gone if gone > first else LAST + 1, LAST + 1))


def _pair_ease(region: Region, code: Code) -> float:
    """Return what makes the pair disagree: the codes only the first lists are hard there, only the second easy."""
    if region.code not in PAIR or _side(code) == 2:
        return 0.0
    return -HARDER_THERE if region.code == PAIR[0] else EASIER_HERE


def _limit(row: Row, quarter: int) -> int | None:
    return row.statutory + 10 if row.statutory and quarter < row.cut_in else row.statutory


def _shorten(items: list[Item], instant: float, compression: float) -> None:
    """Make the share of 即办件 and the total compression what they are to be."""
    ordered = sorted(items, key=lambda item: item.row.ease, reverse=True)
    n_instant = round(instant * len(ordered))
    for item in ordered[:n_instant]:
        item.instant = True
    waiting = ordered[n_instant:]
    goal = (1 - compression) * sum(item.statutory or 0 for item in items)
    ratio = _ratio([(item.statutory, item.row.pace) for item in waiting if item.statutory], goal)
    for item in waiting:
        item.promised = _promise(item.statutory or 10, item.row.pace, ratio)


def _promise(statutory: int, pace: float, ratio: float) -> int:
    return min(max(round(statutory * ratio * pace), 1), statutory)


def _ratio(waiting: Iterable[tuple[int, float]], goal: float) -> float:
    low, high = 0.001, 5.0
    for _ in range(24):
        middle = (low + high) / 2
        if sum(_promise(statutory, pace, middle) for statutory, pace in waiting) > goal:
            high = middle
        else:
            low = middle
    return high


def _offer(items: list[Item], region: Region, quarter: int) -> None:
    """Fill in how the items are offered: visits, online, depth, window, booking, post."""
    ordered = sorted(items, key=lambda item: item.row.hardness, reverse=True)
    with_visits = round((1 - region.level("zero_visits", quarter)) * len(ordered))
    deep = round(region.level("end_to_end", quarter) * len(ordered))
    for place, item in enumerate(ordered):
        key = item.key
        item.visits = pick((1, 2, 3), "how often", *key, weights=(0.97, 0.027, 0.003)) if place < with_visits else 0
        item.online = place >= OFFLINE * with_visits
        item.depth = 4 if place >= len(ordered) - deep else pick((2, 3), "lower", *key, weights=(0.2, 0.8))
        item.depth = item.depth if item.online else 1
        item.one_window = happens(region.level("one_window", quarter), "window", *key)
        item.bookable = happens(region.level("bookable", quarter), "booking", *key)
        item.express = happens(0.72, "post", *key)
        item.in_use = quarter < item.row.paused_from


def _take_part(items: list[Item], event: Event, quarter: int) -> None:
    for item in items:
        if not event.touches(item.row.region, item.row.code, quarter):
            continue
        if item.statutory and not item.instant:
            item.promised = max(1, round(item.promised * event.days))
        if item.visits and happens(event.visits, event.name, *item.key):
            item.visits, item.online, item.depth = 0, True, 4


def _count_cases(items: list[Item], region: Region, quarter: int) -> None:
    """Share the cases of the quarter out to the items in use."""
    weights = {item.key: item.row.weight * (0.85 + 0.3 * uniform("cases", quarter, *item.key)) for item in items}
    per_weight = region.volume * BUSY[quarter] / sum(weights[item.key] for item in items if item.in_use)
    for item in items:
        item.cases = round(per_weight * weights[item.key]) if item.in_use else 0
