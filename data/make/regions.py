"""The regions and quarters of the sample, and the level each region is made to reach (facts/regions.csv)."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

from make.draw import uniform

FACTS = Path(__file__).parent / "facts"
# Quarter → cut-off. The last two are kept as workbooks, the six before as a table of published figures.
QUARTERS = {
    "2019Q2": "2019-06-30", "2019Q3": "2019-09-30", "2019Q4": "2019-12-31", "2020Q1": "2020-03-31",
    "2020Q2": "2020-06-30", "2020Q3": "2020-09-30", "2020Q4": "2020-12-31", "2021Q1": "2021-03-31",
}  # fmt: skip
NAMES, LAST = tuple(QUARTERS), len(QUARTERS) - 1
WORKBOOKS, EARLIER = NAMES[-2:], NAMES[:-2]
# How busy a quarter was, beside an ordinary one of 2021; the first quarter of 2020 is that of the epidemic.
BUSY = (0.82, 0.87, 0.91, 0.60, 0.83, 0.91, 0.95, 1.00)
LEVELS = ("compression", "instant", "zero_visits", "end_to_end", "one_window", "bookable")
FAST_FIRST, WOBBLE = 1.15, 0.003


@dataclass(frozen=True)
class Region:
    """One region. ``levels``: share in the first and the last quarter; ``volume``: cases in an ordinary quarter;
    ``drags``: kinds of departments that lag behind."""

    code: str
    name: str
    city: str
    dialect: str
    is_coastal: bool
    people: int
    firms: int
    volume: int
    breadth: float
    levels: dict[str, tuple[float, float]]
    drags: tuple[str, ...]

    @property
    def is_city(self) -> bool:
        """Say whether this is the city itself (市本级)."""
        return self.name == self.city

    @property
    def is_zone(self) -> bool:
        """Say whether this is a functional zone without a national code."""
        return not self.code.isdigit()

    @property
    def use_level(self) -> str:
        """Return the level at which the region exercises its items: 市 or 县."""
        return "市" if self.is_city else "县"

    @property
    def full_name(self) -> str:
        """Return the name as departments carry it: a district stands behind its city."""
        return f"{self.city}{self.name}" if self.name.endswith("区") and not self.is_zone else self.name

    def level(self, key: str, quarter: int) -> float:
        """Return the share a region reaches in a quarter: quick at first where it rises, steady where it falls."""
        first, last = self.levels[key]
        passed = quarter / LAST
        way = 1 - (1 - passed) ** FAST_FIRST if last > first else passed
        wobble = WOBBLE * (2 * uniform("wobble", self.code, key, quarter) - 1) if 0 < quarter < LAST else 0.0
        return first + (last - first) * way + wobble


def rows_of(name: str) -> Iterator[dict[str, str]]:
    """Read a table of facts."""
    with (FACTS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@cache
def load_regions() -> tuple[Region, ...]:
    """Read regions.csv, in its order: the cities, then the counties and zones of three of them."""
    return tuple(
        Region(
            code=row["code"],
            name=row["name"],
            city=row["city"],
            dialect=row["dialect"],
            is_coastal=bool(row["coast"]),
            people=int(row["people"] or 0),
            firms=int(row["firms"] or 0),
            volume=int(row["volume"]),
            breadth=float(row["breadth"]),
            levels={key: _pair(row[key]) for key in LEVELS},
            drags=tuple(row["drags"].split()),
        )
        for row in rows_of("regions")
    )


def families() -> dict[str, tuple[Region, ...]]:
    """Return the regions of each workbook: city code → the city, then its counties and zones."""
    ordered = sorted(load_regions(), key=lambda region: region.city)
    groups = (tuple(members) for _, members in groupby(ordered, key=lambda region: region.city))
    return {members[0].code: members for members in groups}


def _pair(text: str) -> tuple[float, float]:
    first, last = text.split("→")
    return float(first) / 100, float(last) / 100
