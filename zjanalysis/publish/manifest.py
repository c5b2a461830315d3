"""The record of what was published for a period: one entry per report, in ``manifest.json`` beside the index."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

NAME = "manifest.json"
SUFFIXES = (".html", ".xlsx", ".ipynb")
GOOD, STALE, FAILED = "已发布", "未更新", "失败"


@dataclass(frozen=True)
class Entry:
    """One report as it lies in the folder.

    ``status``: 已发布 · 未更新 (the last good page stays, ``reason`` says why) · 失败 (there is no page yet).
    ``files``: suffix → SHA-256 of what lies beside each other under ``key``. ``parts``: SHA-256 of data, parameters,
    definitions and code. ``reads``: region → digest of the rows the report used. ``seconds``: how long it took.
    """

    key: str
    region_code: str
    region: str
    notebook: str
    status: str
    reason: str = ""
    seconds: float = 0.0
    fingerprint: str = ""
    hidden_warnings: int = 0
    parameters: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    reads: Mapping[str, str] = field(default_factory=dict)
    cover: Mapping[str, Any] = field(default_factory=dict)
    cards: tuple[Mapping[str, Any], ...] = ()


def read_manifest(folder: Path) -> dict[str, Entry]:
    """Give the entries by key; empty when there is no manifest or it cannot be read (then everything is made again)."""
    try:
        written = json.loads((folder / NAME).read_text(encoding="utf-8"))
        return {entry["key"]: entry_from(entry) for entry in written["reports"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def entry_from(written: Mapping[str, Any]) -> Entry:
    """Give the entry of its JSON form; what a later version added is left out."""
    known = {f.name for f in fields(Entry)}
    values = {name: value for name, value in written.items() if name in known}
    return Entry(**{**values, "cards": tuple(values.get("cards", ()))})


def write_manifest(folder: Path, entries: Iterable[Entry], *, period: str) -> None:
    """Write the manifest, one line per report, so that a reader sees the old one or the new one, never a part."""
    reports = ",\n".join(entry_text(entry) for entry in sorted(entries, key=lambda e: e.key))
    text = f'{{"format": 1, "period": {json.dumps(period, ensure_ascii=False)}, "reports": [\n{reports}\n]}}\n'
    write_whole(folder / NAME, text.encode("utf-8"))


def entry_text(entry: Entry) -> str:
    """Give the JSON form of an entry."""
    return json.dumps(vars(entry), ensure_ascii=False, sort_keys=True)


def write_whole(path: Path, content: bytes) -> None:
    """Put content in place in one step, and on the disk before its name is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
