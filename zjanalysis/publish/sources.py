"""What the reports of a period read: files by digest, rows by region; a change concerns those who read it.

A report reads the rows of its own region in full. Of the regions it is compared with it reads only what a comparison
can use: limits, visits, flags, types and matching codes, not names, reasons, departments or places in a sheet. So a
corrected name in one county's workbook concerns that county and the city page; a changed promise concerns also those
whose rank or best peer it may move, and the build says so. Nothing is guessed: a page that could differ is made again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from zjanalysis.inputs.dataset import previous_period
from zjanalysis.publish.frames import load_frames, read_in
from zjanalysis.publish.jobs import Job
from zjanalysis.publish.manifest import write_whole
from zjanalysis.publish.provenance import digest_of, file_digest, package_digest, versions
from zjanalysis.settings import Settings

OWN = "本地区"
ALL = "全部地区"
BESIDE = "台账、上报数据与办件"
DESCRIPTIVE = ("item_id", "item_name", "impl_code", "handle_item_code", "department", "version", "state",
               "visit_reason", "file", "sheet", "row_number", "region")  # fmt: skip


@dataclass(frozen=True)
class Sources:
    """``files``: name → SHA-256. ``regions``: region code → (digest of its rows in full, of what others compare).

    ``origins``: region code → the files its rows come from.
    """

    files: Mapping[str, str]
    regions: Mapping[str, tuple[str, str]]
    origins: Mapping[str, tuple[str, ...]]


def read_sources(settings: Settings, data: str, period: str, where: Executor | None = None) -> Sources:
    """Give the sources of a period and the one before it; rows are read only when a file or the code has changed.

    ``where`` is the process that reads them (`frames.reader`); without it this one does.
    """
    files = file_digests(settings, data, period)
    key = files_key(files, settings, period)
    kept = settings.root / ".cache" / "publish" / f"{key}.json"
    try:
        written = json.loads(kept.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        asked = (settings, data, period, key)
        written = _read(*asked) if where is None else read_in(where, _read, *asked)
        _keep(kept, written)
    return Sources(
        files,
        {c: tuple(d) for c, d in written["regions"].items()},
        {c: tuple(f) for c, f in written["origins"].items()},
    )


def files_key(files: Mapping[str, str], settings: Settings, period: str) -> str:
    """Give the digest of all that the rows of a period can depend on."""
    return digest_of([files, package_digest(("inputs", "reference")), versions(), repr(settings.units), period])


def file_digests(settings: Settings, data: str, period: str) -> dict[str, str]:
    """Give the SHA-256 of every file the period and the one before it are read from, by name inside the data set."""
    folder = settings.path(data)
    periods = [name for name in (period, previous_period(data, period, settings=settings)) if name]
    paths = [*folder.glob("*"), *(p for name in periods for p in (folder / name).rglob("*"))]
    kept = [p for p in sorted(paths) if p.is_file() and not p.name.startswith((".", "~$")) and p.suffix != ".md"]
    return {p.relative_to(folder).as_posix(): _digest(p, _state(p)) for p in kept}


def _state(path: Path) -> tuple[int, ...]:
    """Give what the system changes when a file is written, the time of change too, which nobody can set back."""
    about = path.stat()
    return about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino


@lru_cache(maxsize=10_000)
def _digest(path: Path, state: tuple[int, ...]) -> str:
    """Give the SHA-256 of a file, read again in this process only when its state has changed."""
    return file_digest(path)


def reads_of(job: Job, sources: Sources) -> dict[str, str]:
    """Give what the job reads: region → digest; its own rows under 本地区, everything under 全部地区.

    Files beside the items (the ledger, reported figures, cases) concern every report.
    """
    regions, files = sources.regions, sources.files
    beside = {name: files[name] for name in files if is_beside(name)}
    shared = {"": regions.get("", ("", ""))[0], BESIDE: digest_of(beside)}
    if not job.reads:
        return {ALL: digest_of({code: own for code, (own, _) in regions.items()}), **shared}
    peers = {code: regions[code][1] for code in job.reads if code in regions and code != job.region_code}
    return {OWN: regions.get(job.region_code, ("", ""))[0], **shared, **peers}


def is_beside(name: str) -> bool:
    """Tell whether a file is no list of items: the ledger, reported figures, cases."""
    return "/items/" not in name and name != "dataset.toml"


def inputs_of(job: Job, sources: Sources) -> dict[str, str]:
    """Give the files the job's rows come from, with their digests."""
    codes = job.reads or tuple(sources.origins)
    named = (
        {"dataset.toml"}
        | set(filter(is_beside, sources.files))
        | {name for code in codes for name in sources.origins.get(code, ())}
    )
    return {name: digest for name, digest in sources.files.items() if name in named}


def _read(settings: Settings, data: str, period: str, key: str) -> dict[str, Any]:
    regions: dict[str, list[str]] = {}
    origins: dict[str, set[str]] = {}
    for loaded in load_frames(settings, data, period, key).periods.values():
        for code, own, compared, files in _regions(loaded):
            before = regions.get(code, ["", ""])
            regions[code] = [digest_of([before[0], own]), digest_of([before[1], compared])]
            origins.setdefault(code, set()).update(files)
    return {"regions": regions, "origins": {code: sorted(files) for code, files in origins.items()}}


def _regions(loaded: Any) -> list[tuple[str, str, str, list[str]]]:
    """Give for every region of a period: code, digest of its items and findings, of what is compared, its files.

    The code "" stands for what belongs to no region and concerns everyone: cut-off, title, findings without a region.
    """
    items, findings = loaded.items, loaded.findings
    about = replace(loaded.dataset, folder=Path(loaded.dataset.folder.name), periods={})
    compared = items.drop(columns=[name for name in DESCRIPTIVE if name in items])
    full, peers, faults = _rows(items), _rows(compared, ordered=False), _rows(findings)
    counts = loaded.files.drop(columns=["file", "sha256"]).sum().to_dict()  # every cover prints these
    facts = [loaded.name, loaded.title, str(loaded.cutoff), repr(about), len(loaded.files), counts]
    shared = digest_of([*facts, faults.get("", "")])
    found = [("", shared, shared, ["dataset.toml"])]
    for code in sorted(full):
        files = items.loc[items["region_code"] == code, "file"].dropna().unique()
        names = [f"{loaded.name}/items/{name}" for name in sorted(files)]
        found.append((code, digest_of([full[code], faults.get(code, "")]), peers[code], names))
    return found


def _rows(frame: Any, *, ordered: bool = True) -> dict[str, str]:
    """Give the digest of the rows of every region ("" for none); names and types of the columns are part of it."""
    import pandas as pd  # noqa: PLC0415

    hashed = pd.util.hash_pandas_object(frame, index=False)
    about = ",".join(f"{name}:{kind}" for name, kind in frame.dtypes.items()).encode("utf-8")
    groups = hashed.groupby(frame["region_code"].fillna(""), sort=False)
    values = {code: rows if ordered else rows.sort_values() for code, rows in groups}
    return {str(code): hashlib.sha256(about + rows.to_numpy().tobytes()).hexdigest() for code, rows in values.items()}


def _keep(path: Path, written: Mapping[str, Any]) -> None:
    try:
        write_whole(path, json.dumps(written, ensure_ascii=False).encode("utf-8"))
    except OSError:
        return  # a read-only project folder: the rows are read again next time
