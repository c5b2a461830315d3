"""The tile map of the index: every district at its rough place, its value and how it stands to their median."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from zjanalysis.publish.jobs import DISTRICT
from zjanalysis.publish.manifest import Entry

LOOKS = {"优于": "ahead", "持平": "level", "落后": "behind"}


@dataclass(frozen=True)
class Tile:
    """One district: its words, and where its tile stands (row and column from 1, as CSS counts)."""

    region: str
    page: str
    text: str
    standing: str
    row: int
    column: int

    @property
    def look(self) -> str:
        """Give the name of the tile's look."""
        return LOOKS.get(self.standing, "none")


@dataclass(frozen=True)
class Sheet:
    """The map of one indicator, with the median of its tiles and of how many."""

    label: str
    median: str
    tiles: tuple[Tile, ...]


@dataclass(frozen=True)
class TileMap:
    """One sheet per indicator of the districts' cards; ``note`` says what the places mean."""

    sheets: tuple[Sheet, ...]
    note: str


def tile_map(entries: Sequence[Entry], *, folder: Path) -> TileMap | None:
    """Give the map of the districts in the manifest; None without a district that has a value."""
    from zjanalysis.display.wording import amount  # noqa: PLC0415  an unchanged build does without
    from zjanalysis.inputs.regions import tile_layout  # noqa: PLC0415

    districts = {entry.region_code: entry for entry in entries if entry.key.startswith(DISTRICT)}
    known = {key: card for entry in districts.values() for key, card in _cards(entry).items()}
    if not known:
        return None
    layout = tile_layout(_official(districts))
    sheets = []
    for key, card in known.items():
        values = [_cards(one)[key]["value"] for one in districts.values() if key in _cards(one)]
        middle = median(values)
        tiles = (_tile(districts[code], key, middle, place, folder) for code, place in layout.places.items())
        told = f"{len(values)}个地区的中位数 {amount(middle, str(card['unit']))}"
        sheets.append(Sheet(str(card["label"]), told, tuple(tiles)))
    return TileMap(tuple(sheets), layout.note)


def _official(codes: Mapping[str, Entry]) -> list[str]:
    """Give the codes in the official order: counties by code, then zones, whose codes are no numbers."""
    return sorted(codes, key=lambda code: (not code.isdecimal(), code))


def _cards(entry: Entry) -> dict[str, Mapping[str, Any]]:
    return {str(card["indicator"]): card for card in entry.cards if card.get("value") is not None}


def _tile(entry: Entry, key: str, middle: float, place: tuple[int, int], folder: Path) -> Tile:
    from zjanalysis.display.arrange import standing_to  # noqa: PLC0415
    from zjanalysis.display.wording import NO_DATA  # noqa: PLC0415

    card = _cards(entry).get(key)
    page = f"{entry.key}.html" if (folder / f"{entry.key}.html").is_file() else ""
    text = str(card["text"]) if card else NO_DATA
    standing = standing_to(card["value"], middle, indicator=key) if card else NO_DATA
    return Tile(entry.region, page, text, standing, place[0] + 1, place[1] + 1)
