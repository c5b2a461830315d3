"""The periods a build reads, loaded once: as digests that say what changed, and as tables handed to the workers.

A report reads the rows of its own region in full. Of the regions it is compared with it reads only what a comparison
can use: limits, visits, flags, types, departments, names and matching codes, not reasons or places in a sheet. So a
corrected reason in one county's workbook concerns that county and the city page; a changed promise or name concerns
also those whose rank or best peer it may move, and the build says so. Nothing is guessed: a page that could differ is
made again.

Rows are read in a process of its own, which takes pandas, the rows and the engine for cases with it when it ends.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeVar, cast

from zjanalysis.errors import NoData, PublishError, ZjError
from zjanalysis.files import all_in, file_digest, is_visible, state_of, write_whole
from zjanalysis.inputs.dataset import GROWING, list_periods, seen_from
from zjanalysis.publish import processes
from zjanalysis.publish.provenance import digest_of, package_digest, versions
from zjanalysis.settings import Settings

T = TypeVar("T")
DESCRIPTIVE = ("item_id", "impl_code", "handle_item_code", "version", "state",
               "visit_reason", "file", "sheet", "row_number", "region")  # fmt: skip


@dataclass(frozen=True)
class Sources:
    """What the reports of a period are made from.

    ``files``: name → SHA-256. ``regions``: region code → (digest of its rows in full, of what others compare), the code
    "" for what concerns everyone. ``origins``: region code → the files its rows come from. ``rows``: region code → how
    many it has in the period itself. ``outside``: region code → why none of its rows is in scope and how to widen it.
    """

    files: Mapping[str, str]
    regions: Mapping[str, tuple[str, str]]
    origins: Mapping[str, tuple[str, ...]]
    rows: Mapping[str, int]
    outside: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Reader:
    """Where rows are read: in a process of its own, or in this one where pandas is loaded anyway (a notebook).

    Nothing starts before something is read; ``running`` holds the process and our end of its pipe then. A call that
    takes more than ``timeout`` seconds is stopped.
    """

    timeout: float = 300.0
    apart: bool = field(default_factory=lambda: "pandas" not in sys.modules)
    running: list[tuple[BaseProcess, Connection]] = field(default_factory=list)


Periods = Mapping[str, Any]  # the loaded periods by name: the one reported on, and the one before it


def read_in(where: Reader | None, function: Callable[..., T], *arguments: Any) -> T:
    """Call a function where rows are read, else in this process; what it raises for a user is raised here.

    Raises PublishError when the process died or took too long.
    """
    if where is None or not where.apart:
        return function(*arguments)
    if not where.running:
        where.running.append(processes.start("spawn", _serve, name="reader"))
    pipe = where.running[0][1]
    hint = "请检查有没有特别大的工作簿，或用 --timeout 放宽时间。"
    try:
        pipe.send((function, arguments))
        if not pipe.poll(where.timeout):
            raise PublishError(f"读取数据超过 {where.timeout:g} 秒没有完成，已停止。", hint)
        error, result = pipe.recv()
    except (EOFError, ConnectionError) as lost:
        raise PublishError("读取数据的进程意外退出。", "多半是内存不足，请关闭其他程序后重试。") from lost
    if error is not None:
        raise error
    return cast("T", result)


def close(where: Reader) -> None:
    """End the process that reads rows; its memory is for others then. A later call would start another."""
    while where.running:
        processes.end(*where.running.pop())


def _serve(pipe: Connection) -> None:
    """The life of the process that reads rows: one call after the other until it is ended."""
    processes.lead()
    while True:
        function, arguments = pipe.recv()
        try:
            pipe.send((None, function(*arguments)))
        except (ZjError, OSError, MemoryError) as error:
            pipe.send((error, None))


def read_sources(settings: Settings, data: str, period: str, where: Reader | None = None) -> Sources:
    """Return the sources of a period and the one before it; rows are read only when a file or the code has changed.

    ``where`` they are read; without it in this process.
    """
    files = file_digests(settings, data, period)
    key = files_key(files, settings, period)
    cache = settings.root / ".cache" / "publish" / f"{key}.json"
    try:
        written = json.loads(cache.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        written = read_in(where, _digests, settings, data, period, key)
        with suppress(OSError):  # a read-only project folder: the rows are read again next time
            write_whole(cache, json.dumps(written, ensure_ascii=False).encode("utf-8"))
    regions, origins, outside = (
        {code: tuple(values) for code, values in written[name].items()} for name in ("regions", "origins", "outside")
    )
    return Sources(files, regions, origins, written["rows"], outside)


def files_key(files: Mapping[str, str], settings: Settings, period: str) -> str:
    """Return the digest of all that the rows of a period can depend on."""
    program = package_digest(("inputs", "analysis", "reference"))
    return digest_of([files, program, versions(), repr(settings.units), period])


def file_digests(settings: Settings, data: str, period: str) -> dict[str, str]:
    """Return the SHA-256 of every file the period and those before it are read from, by name inside the data set.

    Of what every new period adds to, only what this one can see counts: an old page stays the page it was.
    """
    folder = settings.path(data)
    periods = [name for name in list_periods(data, settings=settings) if name <= period]
    paths = [*folder.glob("*"), *(path for name in periods for path in all_in(folder / name))]
    read = [path for path in sorted(filter(is_visible, paths)) if path.suffix != ".md"]
    return {path.relative_to(folder).as_posix(): _digest(path, state_of(path), period) for path in read}


def changed(files: Mapping[str, str], settings: Settings, data: str, period: str) -> list[str]:
    """Return which of the files of a data set no longer have the digests they had."""
    paths = {name: settings.path(data) / name for name in sorted(files)}
    return [name for name, path in paths.items()
            if not path.is_file() or _digest(path, state_of(path), period) != files[name]]  # fmt: skip


@lru_cache(maxsize=10_000)
def _digest(path: Path, state: tuple[int, ...], period: str) -> str:
    """Return the SHA-256 of a file as a period sees it, read again in this process only when its state has changed."""
    return hashlib.sha256(seen_from(path, period)).hexdigest() if path.name in GROWING else file_digest(path)


def _digests(settings: Settings, data: str, period: str, key: str) -> dict[str, Any]:
    from zjanalysis.studies import study_of  # noqa: PLC0415  pandas, only when rows must be read

    regions: dict[str, list[str]] = {}
    origins: dict[str, set[str]] = {}
    periods = load_periods(settings, data, period, key)
    for loaded in periods.values():
        for code, own, compared, files in region_digests(loaded):
            before = regions.get(code, ["", ""])
            regions[code] = [digest_of([before[0], own]), digest_of([before[1], compared])]
            origins.setdefault(code, set()).update(files)
    now = periods[period]
    rows = {str(code): int(n) for code, n in now.items["region_code"].value_counts().items()}
    outside = {code: why for code in rows if any(why := study_of(now, region=code, settings=settings).emptied)}
    return {"regions": regions, "origins": {code: sorted(files) for code, files in origins.items()}, "rows": rows,
            "outside": outside}  # fmt: skip


def region_digests(loaded: Any) -> list[tuple[str, str, str, list[str]]]:
    """Return for every region of a period: code, digest of its items and findings, of what is compared, its files.

    The code "" stands for what belongs to no region and concerns everyone: cut-off, title, findings without a region.
    """
    items, findings = loaded.items, loaded.findings
    about = replace(loaded.dataset, folder=Path(loaded.dataset.folder.name), periods={})
    compared = items.drop(columns=[name for name in DESCRIPTIVE if name in items])
    own, peers, faults = _row_digests(items), _row_digests(compared, ordered=False), _row_digests(findings)
    counts = loaded.files.drop(columns=["file", "sha256"]).sum().to_dict()  # every cover prints these
    facts = [loaded.name, loaded.title, str(loaded.cutoff), repr(about), len(loaded.files), counts]
    shared = digest_of([*facts, faults.get("", "")])
    rows = [("", shared, shared, ["dataset.toml"])]
    for code in sorted(own):
        files = items.loc[items["region_code"] == code, "file"].dropna().unique()
        names = [f"{loaded.name}/items/{name}" for name in sorted(files)]
        rows.append((code, digest_of([own[code], faults.get(code, "")]), peers[code], names))
    return rows


def _row_digests(table: Any, *, ordered: bool = True) -> dict[str, str]:
    """Return the digest of the rows of every region ("" for none); names and types of the columns are part of it."""
    import pandas as pd  # noqa: PLC0415

    hashed = pd.util.hash_pandas_object(table, index=False)
    about = ",".join(f"{name}:{kind}" for name, kind in table.dtypes.items()).encode("utf-8")
    groups = hashed.groupby(table["region_code"].fillna(""), sort=False)
    values = {code: rows if ordered else rows.sort_values() for code, rows in groups}
    return {str(code): hashlib.sha256(about + rows.to_numpy().tobytes()).hexdigest() for code, rows in values.items()}


@lru_cache(maxsize=1)
def load_periods(settings: Settings, data: str, period: str, key: str) -> Periods:
    """Read the period and the one before it; ``key`` is the digest of their files, so that a change is read again."""
    from zjanalysis.inputs.period import load_period, load_previous  # noqa: PLC0415  pandas, only when rows must be read
    from zjanalysis.inputs.wall import readers_stay  # noqa: PLC0415

    with readers_stay():
        now = load_period(data, period, settings=settings)
        before = now.once(("before",), lambda: load_previous(now, settings=settings))
    return {one.name: one for one in (now, before) if len(one.files)}


def write_snapshot(settings: Settings, data: str, period: str, key: str, regions: Sequence[str], path: Path) -> None:
    """Read the period with the one before it, add what its reports share, and write all of it for the workers.

    The scores and standings of every group of ``regions`` and the cases are made here once. Cases that cannot be read
    are left to the reports that need them: each says so in its own words. The file is written in one step and goes
    with the build's private folder.
    """
    from zjanalysis.cases.views import share_cases  # noqa: PLC0415  draws nothing, so no matplotlib is loaded
    from zjanalysis.inputs.regions import is_county, whole_of  # noqa: PLC0415
    from zjanalysis.inputs.wall import readers_stay  # noqa: PLC0415
    from zjanalysis.studies import study_of  # noqa: PLC0415

    periods = load_periods(settings, data, period, key)
    now = periods[period]
    with readers_stay():
        for region in filter(now.regions.__contains__, regions):
            me = study_of(now, region=region, settings=settings)
            with suppress(NoData):  # nothing of it in scope: its reports say so
                me.share()
            with suppress(ZjError):
                share_cases(me)
            with suppress(NoData):  # 全市 lacks a county
                if not is_county(region):
                    whole = study_of(now, region=whole_of(region), settings=settings)
                    _ = whole.standings, whole.previous
    write_whole(path, pickle.dumps(periods, protocol=pickle.HIGHEST_PROTOCOL))


def file_name(key: str, settings: Settings) -> str:
    """Return the snapshot's name, by what it is read from: a forkserver that outlives a build holds it by name."""
    return f"snapshot-{digest_of([key, repr(settings)])[:24]}.pickle"


def await_snapshot(path: str, started_by: int) -> Periods:
    """Hold a snapshot that may still be being written; ends this process when its parent ``started_by`` is gone."""
    while not Path(path).exists():
        if os.getppid() != started_by:
            raise SystemExit
        time.sleep(0.02)
    return hold(path)


@lru_cache(maxsize=1)
def hold(path: str) -> Periods:
    """Return the snapshot that this build has written, read once per process."""
    return cast("Periods", pickle.loads(Path(path).read_bytes()))


def install(path: Path) -> None:
    """Make ``load_period`` give the periods of the build in this worker; anything else it reads as always."""
    from zjanalysis.inputs import period as periods  # noqa: PLC0415

    for period in hold(str(path)).values():
        periods.hold(period)
