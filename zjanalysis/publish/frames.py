"""The periods a build reads, loaded once and handed to its workers, so that no report reads a workbook again.

They are read in a process of its own, which takes pandas, the rows and the engine for cases with it when it ends.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from zjanalysis.errors import PublishError, ZjError
from zjanalysis.publish.interrupt import end_at_once, undisturbed
from zjanalysis.publish.manifest import write_whole
from zjanalysis.settings import Settings, load_settings

T = TypeVar("T")


@dataclass(frozen=True)
class Frames:
    """The data set's folder, its newest period, and the loaded periods by name."""

    folder: Path
    newest: str
    periods: Mapping[str, Any]


_HELD: dict[str, Frames] = {}


def reader() -> Executor:
    """Give where rows are read: a process of its own, or this one where pandas is loaded anyway (a notebook).

    Nothing starts before something is read.
    """
    if "pandas" in sys.modules:
        return ThreadPoolExecutor(max_workers=1)
    spawn = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(max_workers=1, mp_context=spawn, initializer=end_at_once)


def read_in(where: Executor, function: Callable[..., T], *given: Any) -> T:
    """Call a function where rows are read; what it raises is raised here, PublishError when the process died."""
    try:
        with undisturbed():
            asked = where.submit(function, *given)
        return asked.result()
    except BrokenProcessPool as error:
        raise PublishError("读取数据的进程意外退出。", "多半是内存不足，请关闭其他程序后重试。") from error


def keep_frames(settings: Settings, data: str, period: str, key: str, path: Path) -> None:
    """Read the period (as in `load_frames`) with its cases and write both for the workers."""
    write_frames(with_cases(load_frames(settings, data, period, key), period, settings), path)


@lru_cache(maxsize=1)
def load_frames(settings: Settings, data: str, period: str, key: str) -> Frames:
    """Read the period and the one before it; ``key`` is the digest of their files, so that a change is read again."""
    from zjanalysis.inputs import period as periods  # noqa: PLC0415  pandas, only when rows must be read

    names = [period, periods.previous_period(data, period, settings=settings)]
    loaded = {name: periods.load_period(data, name, settings=settings) for name in names if name}
    return Frames(settings.path(data), periods.list_periods(data, settings=settings)[-1], loaded)


def with_cases(frames: Frames, period: str, settings: Settings) -> Frames:
    """Give the frames with the period's cases boiled down once for every report.

    Cases that cannot be read are left to the reports that need them: each says so in its own words.
    """
    import zjanalysis  # noqa: PLC0415

    try:
        cases = zjanalysis.find_cases(frames.periods[period], settings=settings)
    except ZjError:
        return frames
    return replace(frames, periods={**frames.periods, period: replace(frames.periods[period], cases=cases)})


def write_frames(frames: Frames, path: Path) -> Path:
    """Write the frames for the workers of this build, in one step; the file goes with the build's work folder."""
    write_whole(path, pickle.dumps(frames, protocol=pickle.HIGHEST_PROTOCOL))
    return path


def await_frames(path: str, started_by: int) -> Frames:
    """Hold frames that may still be being written; ends this process when its parent ``started_by`` is gone."""
    while not Path(path).exists():
        if os.getppid() != started_by:
            raise SystemExit
        time.sleep(0.02)
    return hold(path)


def hold(path: str) -> Frames:
    """Read frames that ``write_frames`` of this build wrote, once per process."""
    if path not in _HELD:
        _HELD.clear()
        _HELD[path] = pickle.loads(Path(path).read_bytes())
    return _HELD[path]


def install(path: Path) -> None:
    """Make ``load_period`` give the frames of the build in this worker; anything else it reads as always."""
    import zjanalysis  # noqa: PLC0415
    from zjanalysis.inputs import period as periods  # noqa: PLC0415

    frames, read = hold(str(path)), periods.load_period

    def load_period(data: str = "", period: str = "", *, settings: Settings | None = None) -> Any:
        known = settings or load_settings()
        name = period or frames.newest
        if settings is not None or known.path(data or known.data) != frames.folder or name not in frames.periods:
            return read(data, period, settings=settings)
        kept = frames.periods[name]
        copies = {table: getattr(kept, table).copy(deep=False) for table in ("items", "findings", "files")}
        return replace(kept, **copies)

    load_period.__doc__, load_period.__module__ = read.__doc__, read.__module__
    for place in (periods, zjanalysis):
        setattr(place, "load_period", load_period)  # noqa: B010  the package's names come from its __getattr__
