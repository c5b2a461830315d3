"""What is known to have happened: reforms and campaigns (facts/events.csv), and items that came, merged or went."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from make.catalogue import Code
from make.departments import merged
from make.regions import NAMES, QUARTERS, Region, rows_of

COLUMNS = ("kind", "event", "date", "quarter", "region_code", "base_code", "into_code", "what")


@dataclass(frozen=True)
class Event:
    """One reform or campaign. ``days``: what promises are multiplied by; ``visits``: share of the visits it spares."""

    name: str
    date: str
    quarter: int
    region_code: str
    kinds: tuple[str, ...]
    days: float
    visits: float
    what: str

    def touches(self, region: Region, code: Code, quarter: int) -> bool:
        """Say whether an item of this code is dealt with differently in this region and quarter."""
        if quarter < self.quarter or self.region_code not in ("*", region.code):
            return False
        if self.kinds == ("reform",):
            return code.reformed
        return self.kinds == ("*",) or merged(code.kind, region) in self.kinds


@cache
def load_events() -> tuple[Event, ...]:
    """Read facts/events.csv."""
    return tuple(
        Event(row["event"], row["date"], NAMES.index(row["quarter"]), row["region_code"], tuple(row["kinds"].split()),
              float(row["days"]), float(row["visits"]), row["what"])
        for row in rows_of("events")
    )  # fmt: skip


def happened() -> Iterator[tuple[str, ...]]:
    """Return the rows of data/sample/events.csv, so that a series can be held against what is true of it."""
    for event in load_events():
        kind = "reform" if event.region_code == "*" else "campaign" if event.days < 1 or event.visits else "slipping"
        yield (kind, event.name, event.date, NAMES[event.quarter], event.region_code, "", "", event.what)
    for row in rows_of("items"):
        base, into = f"{row['code']}000", f"{row['into']}000" if row["into"] else ""
        if row["since"]:
            first = row["since"]
            yield ("appears", row["name"], _first_day(first), first, "*", base, "", f"{row['kind']}新列入")
        if row["until"]:
            gone = NAMES[NAMES.index(row["until"]) + 1]
            what = f"{row['kind']}{'并入另一事项' if into else '取消'}"
            yield ("merged" if into else "cancelled", row["name"], _first_day(gone), gone, "*", base, into, what)


def _first_day(quarter: str) -> str:
    year, month = QUARTERS[quarter].split("-")[:2]
    return f"{year}-{int(month) - 2:02d}-01"
