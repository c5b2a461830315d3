"""The index of a period: one table from the manifest; opens from a USB stick, sorts, prints on one page."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from zjanalysis.display.dates import issue_text
from zjanalysis.publish.index_map import tile_map
from zjanalysis.publish.jobs import CITY, TOPICS
from zjanalysis.publish.manifest import GOOD, STALE, Entry, read_manifest, write_whole

TITLE = "政务服务效能监测通报"
SHEETS = ("page.css", "index.css", "tiles.css")


def write_index(folder: Path) -> Path:
    """Write ``index.html`` into the folder of a period from its manifest and give its path; the same manifest gives
    the same bytes.
    """
    entries = read_manifest(folder)
    text = index_html(sorted(entries.values(), key=lambda e: (e.key != CITY, e.key)), folder=folder)
    write_whole(folder / "index.html", text.encode("utf-8"))
    return folder / "index.html"


def index_html(entries: Sequence[Entry], *, folder: Path) -> str:
    """Give the page; a link is made only to a file that is there."""
    import jinja2  # noqa: PLC0415  an unchanged build does without

    assets = resources.files("zjanalysis") / "assets" / "page"
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    script = (assets / "index.js").read_text(encoding="utf-8").replace("\r\n", "\n")
    style = "\n".join((assets / name).read_text(encoding="utf-8") for name in SHEETS)
    cover = next((e.cover for e in entries if e.cover), {})
    heads = _indicators([entry for entry in entries if entry.key not in TOPICS])
    facts = {
        "period": issue_text(folder.name), "cutoff": cover.get("cutoff", ""), "sample": bool(cover.get("sample")),
        "title": TITLE, "heads": heads, "script": script, "style": style,
        "hash": base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii"),
        "rows": [_row(entry, heads, folder) for entry in entries if entry.key not in TOPICS],
        "topics": [_row(entry, heads, folder) for entry in entries if entry.key in TOPICS],
        "troubles": [entry for entry in entries if entry.status != GOOD], "stale": STALE,
        "map": tile_map(entries, folder=folder),
    }  # fmt: skip
    template = environment.from_string((assets / "index.html.j2").read_text(encoding="utf-8"))
    return template.render(facts)


def _indicators(entries: Sequence[Entry]) -> dict[str, str]:
    """Give the indicators of all cards, key → label, in the order of the pages."""
    return {str(card["indicator"]): str(card["label"]) for entry in entries for card in entry.cards}


def _row(entry: Entry, heads: Mapping[str, str], folder: Path) -> dict[str, Any]:
    cards = {card["indicator"]: card for card in entry.cards}
    names = {".html": "页面", ".xlsx": "工作簿", ".ipynb": "笔记本"}
    there = {
        word: f"{entry.key}{suffix}" for suffix, word in names.items() if (folder / f"{entry.key}{suffix}").is_file()
    }
    return {"entry": entry, "good": entry.status == GOOD, "links": there, "page": there.get("页面", ""),
            "cutoff": entry.cover.get("cutoff", ""), "cells": [_cell(cards.get(key)) for key in heads]}  # fmt: skip


def _cell(card: Mapping[str, Any] | None) -> dict[str, Any]:
    """Give what a cell shows of a card: value, rank, change with arrow and word, and the number it sorts by."""
    if card is None or card.get("value") is None:
        return {"text": "—" if card is None else "无数据", "rank": "", "change": "", "sort": ""}
    ranked = card.get("rank") is not None and card.get("n_ranked")
    words = str(card.get("rank_text") or f"第{card.get('rank')}位").partition("（")[0]
    moved = card.get("change") is not None
    return {
        "text": card.get("text", ""),
        "rank": f"{words}/{card['n_ranked']}" if ranked else "",
        "change": card.get("change_text", "") if moved else "",
        "sort": card["value"],
    }
