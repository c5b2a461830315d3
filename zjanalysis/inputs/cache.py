"""The cleaned tables of a period, kept in one DuckDB file per state of its inputs; anything wrong with it → rebuilt.

The key is the hash of every input file, of the settings and the data set, of the package and of the source of this
room; a new state is a new file. Files are written under another name and moved into place whole, so that two builds at
once cannot spoil one another. Without a writable folder there is no cache, and everything still works.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar, cast

import duckdb
import numpy as np
import pandas as pd

import zjanalysis

Tables = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]
T = TypeVar("T", bound=tuple[pd.DataFrame, ...])
NAMES = ("items", "findings", "files")
KEPT = 12  # files of older states that stay in the folder
_LONE: dict[str, str | bool | int | float | list[str]] = {
    "threads": "1"
}  # no thread outlives the connection, so that a process may fork afterwards


@cache
def _code() -> str:
    """Give the hash of what decides how a file is read: this room's source and the reference tables."""
    package = Path(__file__).resolve().parent.parent
    sources = sorted([*package.glob("*.py"), *package.glob("inputs/*.py"), *package.glob("reference/*.csv")])
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()


def key_of(hashes: Mapping[str, str], *, state: str) -> str:
    """Give the key of a period: ``hashes`` = file → sha256, ``state`` = settings and data set as text."""
    parts = [zjanalysis.__version__, pd.__version__, _code(), state, *(f"{name}={h}" for name, h in hashes.items())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def kept(folder: Path, key: str, build: Callable[[], T], *, names: Sequence[str] = NAMES) -> T:
    """Give the tables of a key (called ``names``) from the folder, else build them and keep them."""
    path = folder / f"{key}.duckdb"
    found = _read(path, names) if path.is_file() else None
    if found is not None:
        return cast("T", found)
    made = build()
    _write(path, made, names)
    return made


def _read(path: Path, names: Sequence[str] = NAMES) -> tuple[pd.DataFrame, ...] | None:
    try:
        with duckdb.connect(str(path), read_only=True, config=_LONE) as connection:
            return tuple(_decoded(connection, name) for name in names)
    except (duckdb.Error, KeyError, IndexError, ValueError, OSError):
        return None  # damaged, of another version of DuckDB, or being replaced: it is built anew


def _write(path: Path, tables: tuple[pd.DataFrame, ...], names: Sequence[str] = NAMES) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=path.parent) as folder:
            made = Path(folder) / path.name
            with duckdb.connect(str(made), config=_LONE) as connection:
                for name, table in zip(names, tables, strict=True):
                    _encode(connection, name, table)
            made.replace(path)
        for old in sorted(path.parent.glob("*.duckdb"), key=lambda p: p.stat().st_mtime)[:-KEPT]:
            old.unlink(missing_ok=True)
    except (duckdb.Error, OSError):
        return  # no cache this time: the tables are there all the same


def _encode(connection: duckdb.DuckDBPyConnection, name: str, table: pd.DataFrame) -> None:
    """Store text as numbers of words, and the words once: reading back makes each word once."""
    numbers, words = {}, []
    for column, kind in table.dtypes.items():
        if kind == "str":
            which, distinct = pd.factorize(table[column])
            numbers[column] = which.astype("int32")
            words.append(pd.DataFrame({"name": str(column), "word": np.asarray(distinct, dtype=object)}))
        elif kind == "boolean":
            numbers[column] = table[column].astype("Int8").fillna(-1).to_numpy(dtype="int8")
        else:
            numbers[column] = table[column].to_numpy()
    stored = pd.DataFrame(numbers)
    texts = pd.concat([pd.DataFrame({"name": [""], "word": [""]}), *words], ignore_index=True).astype("str")
    kinds = pd.DataFrame({"name": list(map(str, table.columns)), "kind": [str(k) for k in table.dtypes]})
    for part, frame in (("numbers", stored), ("words", texts), ("kinds", kinds)):
        connection.register("given", frame)
        connection.execute(f"create table {name}_{part} as select * from given")
        connection.unregister("given")


def _decoded(connection: duckdb.DuckDBPyConnection, name: str) -> pd.DataFrame:
    numbers, words, kinds = (
        connection.execute(f"select * from {name}_{part}").fetchnumpy() for part in ("numbers", "words", "kinds")
    )
    columns: dict[str, object] = {}
    for column, kind in zip(kinds["name"], kinds["kind"], strict=True):
        stored = numbers[column]
        if kind == "str":
            distinct = pd.array(words["word"][words["name"] == column], dtype="str")
            columns[column] = distinct.take(stored, allow_fill=True)
        elif kind == "boolean":
            columns[column] = pd.arrays.BooleanArray(stored == 1, stored < 0)
        else:
            filled = stored.filled(np.nan) if isinstance(stored, np.ma.MaskedArray) and kind == "float64" else stored
            columns[column] = np.asarray(filled).astype(kind)
    return pd.DataFrame(columns)
