"""Open case tables in the embedded engine: files, PostgreSQL, pandas; larger than memory, with a spill folder."""

from __future__ import annotations

import codecs
import re
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from zjanalysis.analysis.cases_table import DUCKDB, select_list
from zjanalysis.errors import InputError, ZjError
from zjanalysis.inputs.case_columns import case_columns
from zjanalysis.inputs.cases import CaseSource
from zjanalysis.settings import Settings


@contextmanager
def connected(settings: Settings, *, title: str) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """Give a connection and its folder: it keeps to the memory limit and spills into the folder, removed at the end.

    Whatever goes wrong in the engine leaves as one sentence about the cases named ``title``.
    """
    limits = settings.cases
    folder = settings.root / limits.spill / uuid.uuid4().hex
    folder.mkdir(parents=True)
    options: dict[str, Any] = {
        "memory_limit": f"{limits.memory_gb}GB",
        "temp_directory": str(folder),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "preserve_insertion_order": False,
    }
    if limits.threads:
        options["threads"] = limits.threads
    try:
        # On disk, so that what PostgreSQL sends can be larger than memory.
        with duckdb.connect(str(folder / "cases.duckdb"), config=options) as connection:
            if limits.max_spill_gb:  # as an option of connect() it is not heeded
                connection.execute(f"SET max_temp_directory_size = '{limits.max_spill_gb}GB'")
            _without_partial_sums(connection)
            yield connection, folder
    except duckdb.Error as error:
        raise said(error, title=title) from error
    except RuntimeError as error:  # Ctrl-C while a query runs
        if "interrupted" not in str(error).lower():
            raise
        raise said(duckdb.InterruptException(), title=title) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _without_partial_sums(connection: duckdb.DuckDBPyConnection) -> None:
    """Switch off one step of the planner that makes sums over many groups a quarter slower (benchmarks/cases.py)."""
    step = "partial_aggregate_pushdown"
    if connection.execute("SELECT 1 FROM duckdb_optimizers() WHERE name = ?", [step]).fetchall():
        connection.execute(f"SET disabled_optimizers = '{step}'")


def said(error: Exception, *, title: str) -> ZjError:
    """Say in one sentence what an engine's error means for the user; no path, no query, no password."""
    text = str(error)
    if isinstance(error, duckdb.InterruptException):
        return InputError(f"办件查询（{title}）被中断，没有写出任何结果。", "需要时请重新运行。")
    if re.search(r"No space left|max_temp_directory_size|temp_directory", text):
        return InputError(
            f"办件查询（{title}）的临时文件夹写满了，没有写出任何结果。",
            "请腾出磁盘，或在 zjanalysis.toml 的 [cases] 把 spill 指到更大的磁盘，或调大 memory_gb。",
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return InputError(f"办件查询（{title}）超过了内存上限。", "请在 zjanalysis.toml 的 [cases] 调大 memory_gb。")
    if isinstance(error, duckdb.IOException | duckdb.InvalidInputException | duckdb.SerializationException):
        return InputError(f"办件表（{title}）读不下去，文件不完整或已损坏。", "请重新导出或重新拷贝这个文件。")
    if isinstance(error, duckdb.ConversionException):
        return InputError(f"办件表（{title}）有一列的内容与类型不符。", f"请检查：{text.splitlines()[0][:120]}")
    return InputError(f"办件查询（{title}）没有完成：{text.splitlines()[0][:120]}", "请检查办件表是否完整。")


def case_relation(connection: duckdb.DuckDBPyConnection, source: CaseSource, *, spill: Path) -> tuple[Any, set[str]]:
    """Give the cases as a relation in our columns, and the keys every part of the source has.

    Files may have different headers: each group of files with the same headers is read with its own names.
    """
    if source.query:
        _receive(connection, source)
        return _chosen(connection, ["SELECT * FROM received"], [source.title])
    readable = [path if path.suffix.lower() == ".parquet" else _in_utf8(path, spill=spill) for path in source.paths]
    return _chosen(connection, [_scan([path]) for path in readable], [p.name for p in source.paths], paths=readable)


def _chosen(
    connection: duckdb.DuckDBPyConnection, scans: list[str], names: list[str], *, paths: Sequence[Path] = ()
) -> tuple[Any, set[str]]:
    groups: dict[tuple[str, str], list[int]] = {}
    present: list[set[str]] = []
    for number, (scan, name) in enumerate(zip(scans, names, strict=True)):
        types = _types(connection, scan, name=name)
        columns = case_columns(types, where=name)
        chosen = select_list(columns, types, DUCKDB)
        kind = paths[number].suffix.lower() if paths else ""
        groups.setdefault((", ".join(f"{sql} AS {key}" for key, sql in chosen.items()), kind), []).append(number)
        present.append(set(columns))
    # Files alike are one scan: a union of scans would take the engine half as long again.
    parts = [
        f"SELECT {chosen} FROM ({_scan([paths[n] for n in numbers]) if paths else scans[numbers[0]]})"
        for (chosen, _), numbers in groups.items()
    ]
    return connection.sql(" UNION ALL ".join(parts)), set.intersection(*present)


def pandas_relation(connection: duckdb.DuckDBPyConnection, cases: pd.DataFrame) -> tuple[Any, set[str]]:
    """Give a pandas table of cases as a relation in our columns."""
    connection.register("given_cases", cases)
    return _chosen(connection, ["SELECT * FROM given_cases"], ["办件表"])


def _scan(paths: Sequence[Path]) -> str:
    places = "[" + ", ".join(map(_quoted, paths)) + "]"
    if paths[0].suffix.lower() == ".parquet":
        return f"SELECT * FROM read_parquet({places}, union_by_name = true)"
    return f"SELECT * FROM read_csv({places}, header = true, all_varchar = true, union_by_name = true)"


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _types(connection: duckdb.DuckDBPyConnection, scan: str, *, name: str) -> Mapping[str, str]:
    try:
        return {row[0]: str(row[1]) for row in connection.execute(f"DESCRIBE {scan}").fetchall()}
    except duckdb.Error as error:
        raise InputError(f"办件文件“{name}”打不开：不完整、已损坏，或不是这种格式。", "请重新导出这个文件。") from error


def _in_utf8(path: Path, *, spill: Path) -> Path:
    """Give the file itself when it is UTF-8, else a copy in UTF-8 in the spill folder (GB18030)."""
    with path.open("rb") as file:
        head = file.read(1 << 20)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        copy = spill / f"{uuid.uuid4().hex}.csv"
        try:
            with path.open(encoding="gb18030", newline="") as old, copy.open("w", encoding="utf-8", newline="") as new:
                shutil.copyfileobj(old, new, 1 << 20)
        except UnicodeDecodeError as error:
            raise InputError(f"“{path.name}”不是 UTF-8，也不是 GB18030。", "请另存为 UTF-8 的 CSV。") from error
        return copy
    return path


def _receive(connection: duckdb.DuckDBPyConnection, source: CaseSource) -> None:
    """Stream the needed columns of a PostgreSQL query into the engine: Arrow batches, no text in between."""
    try:
        from adbc_driver_manager import Error as AdbcError  # noqa: PLC0415 - extra `postgres`
        from adbc_driver_postgresql import dbapi  # noqa: PLC0415
    except ImportError as error:
        raise InputError("读 PostgreSQL 需要附加包。", '请安装：pip install "zjanalysis[postgres]"。') from error
    try:
        with dbapi.connect(source.postgres) as database, database.cursor() as cursor:
            cursor.execute(f"SELECT * FROM ({source.query}) AS cases LIMIT 0")
            connection.register("shape", cursor.fetch_arrow())
            headers = _types(connection, "SELECT * FROM shape", name=source.title)
            connection.unregister("shape")
            wanted = case_columns(headers, where=source.title).values()
            names = ", ".join(f'"{name}"' for name in dict.fromkeys(wanted))
            cursor.execute(f"SELECT {names} FROM ({source.query}) AS cases")
            connection.register("stream", cursor.fetch_arrow())
            connection.execute("CREATE TABLE received AS SELECT * FROM stream")
            connection.unregister("stream")
    except AdbcError as error:
        raise InputError(
            f"数据库（{source.title}）连不上或查询失败。",
            "请检查 dataset.toml [cases] 的 postgres 与 table 或 query；密码用环境变量 PGPASSWORD。",
        ) from error
