"""The regions of the sample and the level each one is made to reach (levels.csv: one row per region)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

PERIODS = {"2020Q4": "2020-12-31", "2021Q1": "2021-03-31"}


@dataclass(frozen=True)
class Region:
    """One region. Shares 0–1; a pair is (2020Q4, 2021Q1). ``drags``: kinds of departments that lag behind."""

    code: str
    name: str
    city: str
    dialect: str
    breadth: float
    compression: tuple[float, float]
    instant: tuple[float, float]
    zero_visits: tuple[float, float]
    end_to_end: tuple[float, float]
    one_window: float
    bookable: float
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
    def full_name(self) -> str:
        """Give the name as departments carry it: a district stands behind its city."""
        return f"{self.city}{self.name}" if self.name.endswith("区") and not self.is_zone else self.name


def _pair(row: dict[str, str], key: str) -> tuple[float, float]:
    before, now = row[key].split("→")
    return float(before) / 100, float(now) / 100


def load_levels() -> tuple[Region, ...]:
    """Read levels.csv, in its order: a city, then its counties and zones."""
    path = Path(__file__).parent / "levels.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(
            Region(
                code=row["code"],
                name=row["name"],
                city=row["city"],
                dialect=row["dialect"],
                breadth=float(row["breadth"]),
                compression=_pair(row, "compression"),
                instant=_pair(row, "instant"),
                zero_visits=_pair(row, "zero_visits"),
                end_to_end=_pair(row, "end_to_end"),
                one_window=float(row["one_window"]) / 100,
                bookable=float(row["bookable"]) / 100,
                drags=tuple(row["drags"].split()),
            )
            for row in csv.DictReader(file)
        )
