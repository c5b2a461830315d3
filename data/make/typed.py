"""The figures that offices type (填报): one model, so that shares, counts and volumes fit one another and the items."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from make.books import region_items
from make.draw import normal, uniform
from make.regions import LAST, NAMES, Region, families, load_regions, rows_of

# One bad mark in so many: the province counted 791 in 5.3 million in January 2021 (facts/published.csv).
POOR = 0.00018
FAST_FIRST = 2.0  # typed shares rise fast at first and hardly at the end
APART, UP_AND_DOWN = 0.18, 0.05  # of the room to 0 or 1: counties from the city, quarters from the way
# Of the cases: those of firms, records of supervision, licences issued; of the people: staff with an account.
FIRM_CASES, RECORDS, LICENCES, STAFF = 0.22, 0.4, 0.28, 0.009


@dataclass(frozen=True)
class Line:
    """How one indicator is typed: a share of something, or a flag. ``of``: a number, a size, or =another indicator."""

    indicator: str
    city_of: str
    county_of: str
    first: float
    last: float
    since: int
    done: int | None


@cache
def load_lines() -> dict[str, Line]:
    """Read facts/typed.csv."""
    return {
        row["indicator"]: Line(row["indicator"], row["city_of"], row["county_of"], float(row["first"] or 0),
                               float(row["last"] or 0), NAMES.index(row["since"]) if row["since"] else 0,
                               NAMES.index(row["done"]) if row["done"] else None)
        for row in rows_of("typed")
    }  # fmt: skip


@cache
def sizes(region: str, quarter: str) -> dict[str, int]:
    """Return what the typed figures are shares of: items, permits, cases, people …; a city: those of all."""
    place = region_of(region)
    used = [item for item in region_items(region, quarter) if item.in_use]
    permits = [item for item in used if item.row.code.is_permit]
    public = [item for item in used if item.row.code.item_type == "公共服务"]
    family = families().get(region, (place,))
    cases = sum(item.cases for one in family for item in region_items(one.code, quarter))
    ratings = round(cases * _share("rating_volunteered", place, NAMES.index(quarter)))
    return {
        "items": len(used), "permits": len(permits), "permit_codes": len({item.row.code for item in permits}),
        "applied": len(used) - len(public) // 2, "applied_public": len(used),
        "permits_and_public": len(permits) + len(public), "own_cases": sum(item.cases for item in used),
        "cases": cases, "all_cases": cases, "firm_cases": round(cases * FIRM_CASES), "records": round(cases * RECORDS),
        "licences": round(cases * LICENCES), "ratings": ratings, "poor": max(1, round(ratings * POOR)),
        "people": place.people, "firms": place.firms, "staff": round(place.people * STAFF),
    }  # fmt: skip


def figure(indicator: str, region: str, quarter: str) -> tuple[int, int | None] | None:
    """Return numerator and denominator as an office would type them; None before the indicator was asked for."""
    line, place, number = load_lines()[indicator], region_of(region), NAMES.index(quarter)
    if number < line.since:
        return None
    if line.done is not None:
        late = 0 if place.is_city else int(3 * uniform("done", region, indicator))
        return int(number >= line.done + late), None
    of = line.city_of if place.is_city else line.county_of
    whole = _whole(of, region, quarter)
    if indicator == "good_rating":
        return whole - sizes(region, quarter)["poor"], whole
    return min(round(whole * _share(indicator, place, number)), whole if line.last <= 1 else 99), whole


def _whole(of: str, region: str, quarter: str) -> int:
    if of.startswith("="):
        found = figure(of[1:], region, quarter)
        return found[0] if found else 0
    return int(of) if of.isdigit() else sizes(region, quarter)[of]


def _share(indicator: str, place: Region, quarter: int) -> float:
    """Return the share in a quarter: quick at first, up and down a little, a county somewhat off the city's."""
    line = load_lines()[indicator]
    way = 1 - (1 - (quarter - line.since) / max(1, LAST - line.since)) ** FAST_FIRST
    share = line.first + (line.last - line.first) * way
    room = min(share, 1 - share) if line.last <= 1 else 0.5 * share
    off = 0.0 if place.is_city else APART * normal("typed", place.code, indicator)
    # two lines that share a numerator (per 万人, per 万户) move together
    return max(0.0, share + room * (off + UP_AND_DOWN * normal("wobble", place.code, line.city_of, quarter)))


def region_of(code: str) -> Region:
    """Return the region of a code."""
    return next(region for region in load_regions() if region.code == code)
