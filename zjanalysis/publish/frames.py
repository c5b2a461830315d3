"""The periods a build reads, loaded once and handed to its workers, so that no report reads a workbook again."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from zjanalysis.errors import ZjError
from zjanalysis.settings import Settings, load_settings


@dataclass(frozen=True)
class Frames:
    """The data set's folder, its newest period, and the loaded periods by name."""

    folder: Path
    newest: str
    periods: Mapping[str, Any]


_HELD: dict[str, Frames] = {}


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
        cases = zjanalysis.known_cases(frames.periods[period], settings=settings)
    except ZjError:
        return frames
    return replace(frames, periods={**frames.periods, period: replace(frames.periods[period], cases=cases)})


def write_frames(frames: Frames, folder: Path) -> Path:
    """Write the frames for the workers of this build, named by content, so that no process holds older ones.

    The file is deleted with the build's work folder.
    """
    written = pickle.dumps(frames, protocol=pickle.HIGHEST_PROTOCOL)
    path = folder / f"frames-{hashlib.blake2b(written, digest_size=12).hexdigest()}.pickle"
    path.write_bytes(written)
    return path


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
