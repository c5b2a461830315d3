"""The index of a period: a table and a tile map from the manifest; opens from a USB stick, sorts, prints on a page."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from statistics import median
from typing import Any

from zjanalysis.display.dates import issue_text
from zjanalysis.files import write_whole
from zjanalysis.publish.jobs import CITY, is_district
from zjanalysis.publish.release import ABSENT, GOOD, STALE, Entry, read_manifest

TITLE = "政务服务效能监测通报"
SHEETS = ("page.css", "index.css", "tiles.css")
LINKS = {".html": "页面", ".xlsx": "工作簿", ".ipynb": "笔记本"}
LOOKS = {"优于": "ahead", "持平": "level", "落后": "behind"}


@dataclass(frozen=True)
class Tile:
    """One district: its words, its look, and where its tile stands (row and column from 1, as CSS counts)."""

    region: str
    page: str
    text: str
    standing: str
    look: str
    row: int
    column: int


@dataclass(frozen=True)
class TileMap:
    """``sheets``: per indicator of the districts' cards its label, the words of the median, the tiles.

    ``note`` says what the places mean.
    """

    sheets: tuple[tuple[str, str, tuple[Tile, ...]], ...]
    note: str


def write_index(folder: Path, units: Collection[str] = ()) -> Path:
    """Write ``index.html`` of a period from its manifest, which decides every byte, and return its path.

    ``units``: the regions it is about, where others may have strayed into the folder; empty is all.
    """
    entries = [entry for entry in read_manifest(folder).values() if not units or entry.region_code in units]
    entries.sort(key=lambda entry: (entry.key != CITY, entry.order, entry.key))
    return write_whole(folder / "index.html", index_html(entries, folder=folder).encode("utf-8"))


def index_html(entries: Sequence[Entry], *, folder: Path) -> str:
    """Return the page; a link is made only to a file that is there."""
    import jinja2  # noqa: PLC0415  an unchanged build does without

    assets = resources.files("zjanalysis") / "assets" / "page"
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    absent, entries = ([entry for entry in entries if (entry.status == ABSENT) == wanted] for wanted in (True, False))
    script = (assets / "index.js").read_text(encoding="utf-8").replace("\r\n", "\n")
    cover = next((entry.cover for entry in entries if entry.cover), {})
    regions = [entry for entry in entries if entry.key == CITY or is_district(entry.key)]
    topics = [entry for entry in entries if entry not in regions]
    heads = {str(card["indicator"]): str(card["label"]) for entry in regions for card in entry.cards}
    facts = {
        "period": issue_text(folder.name), "cutoff": cover.get("cutoff", ""), "sample": bool(cover.get("sample")),
        "title": TITLE, "heads": heads, "script": script,
        "style": "\n".join((assets / name).read_text(encoding="utf-8") for name in SHEETS),
        "hash": base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii"),
        "rows": [_row(entry, heads, folder) for entry in regions],
        "topics": [_row(entry, heads, folder) for entry in topics],
        "absent": "、".join(entry.region for entry in absent), "n_absent": len(absent),
        "troubles": [entry for entry in entries if entry.status != GOOD], "stale": STALE,
        "map": tile_map(entries, folder=folder),
    }  # fmt: skip
    return environment.from_string((assets / "index.html.j2").read_text(encoding="utf-8")).render(facts)


def _row(entry: Entry, heads: Mapping[str, str], folder: Path) -> dict[str, Any]:
    cards = {card["indicator"]: card for card in entry.cards}
    paths = {word: f"{entry.key}{suffix}" for suffix, word in LINKS.items()}
    links = {word: path for word, path in paths.items() if (folder / path).is_file()}
    return {"entry": entry, "good": entry.status == GOOD, "links": links, "page": links.get("页面", ""),
            "cutoff": entry.cover.get("cutoff", ""), "cells": [_cell(cards.get(key)) for key in heads]}  # fmt: skip


def _cell(card: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what a cell shows of a card: value, rank, change with arrow and word, and the number it sorts by."""
    if card is None or card.get("value") is None:
        return {"text": "—" if card is None else "无数据", "rank": "", "change": "", "sort": ""}
    ranked = card.get("rank") is not None and card.get("n_ranked")
    words = str(card.get("rank_text") or f"第{card.get('rank')}位").partition("（")[0]
    return {
        "text": card.get("text", ""),
        "rank": f"{words}/{card['n_ranked']}" if ranked else "",
        "change": card.get("change_text", "") if card.get("change") is not None else "",
        "sort": card["value"],
    }


def tile_map(entries: Sequence[Entry], *, folder: Path) -> TileMap | None:
    """Return every district at its rough place, its value and how it stands to the districts' median.

    None without a district that has a value.
    """
    from zjanalysis.display.wording import amount  # noqa: PLC0415  an unchanged build does without
    from zjanalysis.inputs.tiles import tile_layout  # noqa: PLC0415

    districts = {entry.region_code: entry for entry in entries if is_district(entry.key)}
    cards = {code: {str(card["indicator"]): card for card in entry.cards if card.get("value") is not None}
             for code, entry in districts.items()}  # fmt: skip
    layout = tile_layout(sorted(districts, key=lambda code: (not code.isdecimal(), code)))  # counties, then zones
    sheets = []
    for key, card in {key: card for own in cards.values() for key, card in own.items()}.items():
        values = [own[key]["value"] for own in cards.values() if key in own]
        middle = median(values)
        words = f"{len(values)}个地区的中位数 {amount(middle, str(card['unit']))}"
        tiles = (_tile(districts[code], cards[code].get(key), middle, place, folder)
                 for code, place in layout.places.items())  # fmt: skip
        sheets.append((str(card["label"]), words, tuple(tiles)))
    return TileMap(tuple(sheets), layout.note) if sheets else None


def _tile(entry: Entry, card: Mapping[str, Any] | None, middle: float, place: tuple[int, int], folder: Path) -> Tile:
    from zjanalysis.display.arrange import standing_to  # noqa: PLC0415
    from zjanalysis.display.wording import NO_DATA  # noqa: PLC0415

    page = f"{entry.key}.html" if (folder / f"{entry.key}.html").is_file() else ""
    text = str(card["text"]) if card else NO_DATA
    standing = standing_to(card["value"], middle, indicator=str(card["indicator"])) if card else NO_DATA
    look = LOOKS.get(standing, "none")
    return Tile(entry.region, page, text, standing, look, place[0] + 1, place[1] + 1)
