"""The index of a period: the finding, a tile map, a table, all from the manifest; it sorts, prints, needs no server."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from zjanalysis.display import wording
from zjanalysis.display.dates import issue_text
from zjanalysis.display.templates import environment
from zjanalysis.files import write_whole
from zjanalysis.inputs.regions import level_name, tile_layout
from zjanalysis.publish.jobs import CITY, is_district
from zjanalysis.publish.release import ABSENT, FILES, GOOD, STALE, Entry, in_order, read_manifest
from zjanalysis.units import Met, Verdict

TITLE = "政务服务效能监测通报"
SHEETS = ("page.css", "index.css")
LINKS = {suffix: FILES[suffix] for suffix in (".html", ".docx", ".xlsx", ".png", ".ipynb")}
LOOKS = {Verdict.AHEAD: "ahead", Verdict.BEHIND: "behind"}
DEPTHS = 3
NAMED = 3  # as many are named in the sentence
Card = Mapping[str, Any]


@dataclass(frozen=True)
class Cell:
    """What table and map show of one indicator of one region; ``look`` shades it, ``sort`` is the number behind.

    ``line``: the points of its way here, in a box of 60 × 16, a text for each piece the line is cut into.
    """

    text: str
    place: str = ""
    met: str = ""
    verdict: str = ""
    look: str = ""
    sort: str = ""
    line: tuple[str, ...] = ()


def write_index(folder: Path, units: Collection[str] = ()) -> Path:
    """Write ``index.html`` of a period from its manifest, which decides every byte, and return its path.

    ``units``: the regions it is about, where others may have strayed into the folder; empty is all.
    """
    entries = [entry for entry in read_manifest(folder).values() if not units or entry.region_code in units]
    entries.sort(key=in_order)
    return write_whole(folder / "index.html", index_html(entries, folder=folder).encode("utf-8"))


def index_html(entries: Sequence[Entry], *, folder: Path) -> str:
    """Return the page; a link is made only to a file that is there."""
    assets = resources.files("zjanalysis") / "assets" / "page"
    absent, entries = ([entry for entry in entries if (entry.status == ABSENT) == wanted] for wanted in (True, False))
    script = (assets / "index.js").read_text(encoding="utf-8").replace("\r\n", "\n")
    cover = next((entry.cover for entry in entries if entry.cover), {})
    regions = [entry for entry in entries if entry.key == CITY or is_district(entry.key)]
    topics = [entry for entry in entries if entry not in regions]
    heads = {str(card["indicator"]): str(card["label"]) for entry in regions for card in entry.cards}
    cells = {entry.key: _cells(entry, regions, heads) for entry in regions}
    facts = {
        "title": TITLE, "period": issue_text(folder.name), "sample": bool(cover.get("sample")),
        "cutoff": cover.get("cutoff", ""), "finding": finding(regions), "heads": heads,
        "rows": [(e, level_name(e.region_code), _links(e, folder), cells[e.key]) for e in regions],
        "topics": [(entry, _links(entry, folder)) for entry in topics],
        "troubles": [entry for entry in entries if entry.status != GOOD], "stale": STALE,
        "map": tile_map(regions, cells, heads, folder), "script": script,
        "style": "\n".join((assets / name).read_text(encoding="utf-8") for name in SHEETS),
        "hash": base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii"),
        "absent": "、".join(entry.region for entry in absent), "n_absent": len(absent),
    }  # fmt: skip
    return environment().get_template("page/index.html.j2").render(facts)


def finding(entries: Iterable[Entry]) -> str:
    """Say in one sentence each where the city stands, and which districts and targets need help most."""
    judged = [entry for entry in entries if entry.cards]
    parts = [_own(entry) for entry in judged if entry.key == CITY]
    districts = [entry for entry in judged if is_district(entry.key)]
    if districts:
        behind = Counter(e.region for e in districts for card in e.cards if card["verdict"] == Verdict.BEHIND)
        unmet = Counter(card["label"] for e in districts for card in e.cards if card["meets_target"] == Met.NOT_MET)
        worst, missed = _most(behind, "项"), _most(unmet, "个地区")
        cards = [card for one in districts for card in one.cards]
        verdicts = _judged(cards, f"落后项数最多的是{worst}" if worst else "", "没有一个落后")
        targets = _missed(cards, f"未达标最多的是{missed}" if missed else "")
        parts.append(f"{len(districts)}个县（市、区）中，{'；'.join(filter(None, (verdicts, targets)))}。")
        worse = Counter(entry.region for entry in districts for card in entry.cards if card.get("worse"))
        named = [f"{region}（{count}项）" for region, count in worse.items()]
        parts.append(f"差且变差的有{'、'.join(named)}。" if named else "")
    return "".join(parts)


def _own(entry: Entry) -> str:
    """Say what the city is behind in, what it misses, and how much could not be judged: silence is no praise."""
    names = [card["label"] for card in entry.cards if card["verdict"] == Verdict.BEHIND]
    unmet = [card["label"] for card in entry.cards if card["meets_target"] == Met.NOT_MET]
    verdicts = _judged(entry.cards, f"{len(names)}项落后（{'、'.join(names)}）" if names else "", "没有一项落后")
    targets = _missed(entry.cards, f"{len(unmet)}项未达标（{'、'.join(unmet)}）" if unmet else "")
    return f"{level_name(entry.region_code)}{len(entry.cards)}项指标中{verdicts}，{targets or '没有目标可比'}。"


def _judged(cards: Iterable[Card], behind: str, none: str) -> str:
    """Say who is ``behind``, that ``none`` is where something was judged, and how much could not be."""
    words = Counter(card["verdict"] for card in cards)
    known = sum(words[word] for word in (Verdict.AHEAD, Verdict.LEVEL, Verdict.BEHIND))
    left = [f"{words[word]}项{word}" for word in (Verdict.NONE, Verdict.NO_DATA) if words[word]]
    return "、".join(filter(None, (behind or none * bool(known), *left)))


def _missed(cards: Iterable[Card], missed: str) -> str:
    """Say what is ``missed``, that nothing is where something is met, and how much cannot be told."""
    words = Counter(card["meets_target"] for card in cards)
    left = f"{words[Met.OPEN]}项{Met.OPEN}" if words[Met.OPEN] else ""
    return "、".join(filter(None, (missed or "没有一项未达标" * bool(words[Met.MET]), left)))


def _most(counts: Counter[str], unit: str) -> str:
    """Name the few with the highest counts, none where every count is 0; ties are named together where they are few.

    >>> _most(Counter({"甲": 3, "乙": 3, "丙": 1}), "项"), _most(Counter({"甲": 0}), "项")
    ('甲、乙（各3项）', '')
    """
    top = max(counts.values(), default=0)
    if not top:
        return ""
    names = [name for name, count in counts.items() if count == top]
    return f"{wording.listed(names, limit=NAMED)}（{'各' if len(names) > 1 else ''}{top}{unit}）"


def _links(entry: Entry, folder: Path) -> dict[str, str]:
    paths = {word: f"{entry.key}{suffix}" for suffix, word in LINKS.items()}
    return {word: path for word, path in paths.items() if (folder / path).is_file()}


def _cells(entry: Entry, entries: Sequence[Entry], heads: Iterable[str]) -> list[Cell]:
    """Return the cells of a region in the order of the heads; shades are deepest at the largest gap of its kind."""
    alike = [one for one in entries if (one.key == CITY) == (entry.key == CITY)]
    cards = {card["indicator"]: card for card in entry.cards}
    return [_cell(cards.get(key), [c for e in alike for c in e.cards if c["indicator"] == key]) for key in heads]


def _cell(card: Card | None, alike: Iterable[Card]) -> Cell:
    if card is None or card.get("value") is None:
        return Cell("—" if card is None else "无数据")
    return Cell(card["text"], wording.nth(card["place"]), card["meets_target"], card["verdict"],
                _look(card, alike), str(card["value"]), _points(card.get("line", ())))  # fmt: skip


def _points(runs: Sequence[Sequence[float]]) -> tuple[str, ...]:
    """Return the runs of a line as points of a drawing 60 wide and 16 high, the highest value at the top.

    >>> _points([[1, 3], [2]])
    ('2.0,14.0 30.0,2.0', '58.0,8.0')
    """
    values = [float(value) for run in runs for value in run]
    if len(values) < 2:
        return ()
    low, step = min(values), 56 / (len(values) - 1)
    spread = (max(values) - low) or 1.0
    across = iter(2 + step * place for place in range(len(values)))
    return tuple(
        " ".join(f"{next(across):.1f},{14 - 12 * (value - low) / spread:.1f}" for value in run) for run in runs
    )


def _look(card: Card, alike: Iterable[Card]) -> str:
    """Return the shade: which way the verdict goes, and in steps how far the gap is from the largest."""
    side = LOOKS.get(card["verdict"], "")
    sizes = [abs(one["effect"]) for one in alike if one.get("effect") is not None and one["verdict"] == card["verdict"]]
    if not side or not sizes or not max(sizes):
        return ""
    return f"{side}-{min(DEPTHS, 1 + int(DEPTHS * abs(card['effect']) / max(sizes)))}"


def tile_map(
    entries: Sequence[Entry], cells: Mapping[str, Sequence[Cell]], heads: Mapping[str, str], folder: Path
) -> tuple[list[tuple[str, list[dict[str, Any]]]], str] | None:
    """Return per indicator every district at its rough place, and what the places mean; None without a district.

    A district has its page, its cell, and where it stands (row and column from 1, as CSS counts). The indicator in
    which most districts differ comes first.
    """
    districts = {entry.region_code: entry for entry in entries if is_district(entry.key)}
    if not any(entry.cards for entry in districts.values()):
        return None
    layout = tile_layout(sorted(districts, key=lambda code: (not code.isdecimal(), code)))  # counties, then zones

    def tile(code: str, number: int) -> dict[str, Any]:
        entry, (row, column) = districts[code], layout.places[code]
        return {"region": entry.region, "page": _links(entry, folder).get("页面", ""),
                "cell": cells[entry.key][number], "row": row + 1, "column": column + 1}  # fmt: skip

    sheets = [(label, [tile(code, number) for code in layout.places]) for number, label in enumerate(heads.values())]
    return sorted(sheets, key=lambda sheet: -sum(bool(one["cell"].look) for one in sheet[1])), layout.note
