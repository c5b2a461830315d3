"""Tables kept in one file per state of what they are made from; anything wrong with it → made anew.

The key is the hash of every input file, of the settings and the data set, of the package and of the source of this
room; a new state is a new file. Files are moved into place whole, so that two builds at once cannot spoil one another.
Without a writable folder there is no cache, and everything still works. A file begins with the digest of the rest: one
that is damaged is never unpickled. Whoever may write into ``.cache`` may also edit the notebooks beside it.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

import zjanalysis
from zjanalysis.files import write_whole

T = TypeVar("T")
STATES = 12  # files of older states that stay in the folder
_DIGEST = hashlib.sha256().digest_size


@cache
def _code(rooms: tuple[str, ...]) -> str:
    """Return the hash of what decides a table: the source of the rooms it is made in and the reference tables."""
    package = Path(__file__).resolve().parent.parent
    own = [path for room in rooms for path in package.glob(f"{room}/*.py")]
    sources = sorted([*package.glob("*.py"), *own, *package.glob("reference/*.csv")])
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()


def key_of(hashes: Mapping[str, str], *, state: str, rooms: tuple[str, ...] = ("inputs",)) -> str:
    """Return the key of a period: ``hashes`` = file → sha256, ``state`` = settings and data set as text."""
    parts = [
        zjanalysis.__version__,
        pd.__version__,
        _code(rooms),
        state,
        *(f"{name}={h}" for name, h in hashes.items()),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def cached(folder: Path, key: str, build: Callable[[], T], *, states: int = STATES) -> T:
    """Return what ``build`` gives for a key: from the folder, else built and put there, the last ``states`` staying."""
    path = folder / f"{key}.tables"
    stored = _read(path)
    if stored is not None:
        return stored  # type: ignore[no-any-return]
    built = build()
    _write(path, pickle.dumps(built, protocol=5), states)
    return built


def _read(path: Path) -> Any:
    try:
        content = memoryview(path.read_bytes())
    except OSError:
        return None
    whole = hashlib.sha256(content[_DIGEST:]).digest() == bytes(content[:_DIGEST])
    return pickle.loads(content[_DIGEST:]) if whole else None


def _write(path: Path, content: bytes, states: int) -> None:
    try:
        write_whole(path, hashlib.sha256(content).digest() + content)
        for old in sorted(path.parent.glob("*.tables"), key=lambda p: p.stat().st_mtime)[:-states]:
            old.unlink(missing_ok=True)
    except OSError:
        return  # no cache this time: the tables are there all the same
