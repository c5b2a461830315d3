"""A case source opened in an engine: DuckDB (larger than memory, with a spill folder), pandas, or the user's Spark.

Every engine gives the same columns (`inputs.select_list`), every case number once, and takes a small table to be joined
with them. Whatever goes wrong in an engine leaves as one sentence about the cases; no path, no query, no password.
"""

from __future__ import annotations

import codecs
import errno
import re
import shutil
import uuid
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from zjanalysis.cases.inputs import DUCKDB, SPARK, CaseSource, resolve_columns, select_list
from zjanalysis.cases.repeats import each_once, repeated_hashes
from zjanalysis.errors import InputError, ZjError, unknown_name
from zjanalysis.settings import Settings

ENGINES = ("duckdb", "pandas")


@dataclass(frozen=True)
class EngineTable:
    """Cases in our columns as the engine holds them, the keys the source has, how a small pandas table gets there.

    ``dropped``: region as written → rows left out because another row has their case number.
    """

    cases: Any
    keys: frozenset[str]
    dropped: Mapping[str | None, int]
    bring: Callable[[pd.DataFrame], Any]


@contextmanager
def in_engine(
    source: CaseSource, *, engine: Any = "duckdb", cases: Any = None, settings: Settings
) -> Iterator[EngineTable]:
    """Open a source in ``duckdb``, ``pandas`` or a Spark session; ``cases`` is a table already at hand.

    The table is gone when the block ends. Raises UnknownName for another engine, InputError for cases that cannot be
    read.
    """
    spark = type(engine).__module__.startswith("pyspark.")  # which need not be there
    if not spark and engine not in ENGINES:
        raise unknown_name("引擎", str(engine), (*ENGINES, "spark"))
    if cases is None and source.is_synthetic:
        from zjanalysis.cases.synthetic import synthetic_cases  # noqa: PLC0415 - only a sample without cases needs it

        source = replace(source, paths=(synthetic_cases(source, settings=settings),))
    if not spark and source.spark_table and cases is None:
        raise InputError(f"{source.title} 的办件是 Spark 表。", "请加 --engine spark --master URL，或传入 Spark 会话。")
    with _in_spark(engine, source, cases) if spark else _in_duckdb(engine, source, cases, settings) as table:
        yield table


# --- DuckDB and pandas ------------------------------------------------------------------------------------------------


@contextmanager
def _in_duckdb(engine: str, source: CaseSource, cases: Any, settings: Settings) -> Iterator[EngineTable]:
    with connected(settings, title=source.title) as (connection, folder):
        sql, keys = _selection(connection, source, cases, spill=folder)

        def query(template: str, **tables: str | int) -> duckdb.DuckDBPyRelation:
            return connection.sql(template.format(**tables, hash=DUCKDB.hash.format("case_no")))

        def keep(name: str, relation: duckdb.DuckDBPyRelation) -> str:
            relation.create(name)
            return name

        def repeated(hashes: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
            chunks = _chunks(connection.execute(hashes.sql_query()))
            return connection.from_df(pd.DataFrame({"hashed": repeated_hashes(chunks, folder=folder)}))

        once, dropped = each_once(
            f"({sql})", cutoff=source.cutoff, query=query, repeated=repeated, keep=keep, rows=lambda t: t.fetchall()
        )

        def bring(small: pd.DataFrame) -> Any:
            name = f"small_{uuid.uuid4().hex}"
            connection.register("given_small", small)
            connection.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM given_small")
            return connection.table(name)

        if engine == "pandas":
            yield EngineTable(once.df(), keys, dropped, lambda small: small)
        else:
            yield EngineTable(once, keys, dropped, bring)


def _chunks(column: duckdb.DuckDBPyConnection) -> Iterator[np.ndarray]:
    """Return the values of a query's one column about a million at a time, while the engine reads on."""
    while len(chunk := column.fetch_df_chunk(512)):
        yield chunk.iloc[:, 0].to_numpy()


@contextmanager
def connected(settings: Settings, *, title: str) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """Open a connection and its folder: it keeps to the memory limit and spills into the folder, removed at the end."""
    limits = settings.cases
    folder = settings.root / limits.spill / uuid.uuid4().hex
    folder.mkdir(parents=True)
    options: dict[str, Any] = {
        "memory_limit": f"{limits.memory_gb}GB",
        "temp_directory": str(folder),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "preserve_insertion_order": False,
        **({"threads": limits.threads} if limits.threads else {}),
    }
    try:
        # On disk, so that what PostgreSQL sends can be larger than memory.
        with duckdb.connect(str(folder / "cases.duckdb"), config=options) as connection:
            connection.execute("SET enable_progress_bar = false")  # on where a process has no main file; no option
            connection.execute("SET TimeZone = 'Asia/Shanghai'")  # whatever that of the machine: days are Beijing's
            if limits.max_spill_gb:  # as an option of connect() it is not heeded
                connection.execute(f"SET max_temp_directory_size = '{limits.max_spill_gb}GB'")
            _without_partial_sums(connection)
            yield connection, folder
    except (duckdb.Error, OSError) as error:
        if isinstance(error, OSError) and error.errno != errno.ENOSPC:
            raise
        raise _explained(error, title=title) from error
    except RuntimeError as error:  # Ctrl-C while a query runs
        if "interrupted" not in str(error).lower():
            raise
        raise _explained(duckdb.InterruptException(), title=title) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _without_partial_sums(connection: duckdb.DuckDBPyConnection) -> None:
    """Switch off one step of the planner that makes sums over many groups a quarter slower (benchmarks/cases.py)."""
    step = "partial_aggregate_pushdown"
    if connection.execute("SELECT 1 FROM duckdb_optimizers() WHERE name = ?", [step]).fetchall():
        connection.execute(f"SET disabled_optimizers = '{step}'")


def _explained(error: Exception, *, title: str) -> ZjError:
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


def _selection(
    connection: duckdb.DuckDBPyConnection, source: CaseSource, cases: Any, *, spill: Path
) -> tuple[str, frozenset[str]]:
    if cases is not None:
        scan, name = "handed_in", "办件表"
        connection.register(scan, cases)
    elif source.query:
        scan, name = "received", source.title
        _receive(connection, source)
    else:
        return _files(connection, source.paths, spill=spill)
    selected, keys = _selected(connection, scan, name=name)
    return f"{selected} FROM {scan}", keys


def _files(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path], *, spill: Path) -> tuple[str, frozenset[str]]:
    """Return all files as the SQL of one table; files may have different headers.

    Files alike are one scan: a union of scans would take the engine half as long again. Texts are parsed once: what
    follows reads the cases several times.
    """
    alike: dict[tuple[str, str], list[Path]] = {}
    keys = []
    for path in paths:
        readable = path if path.suffix.lower() == ".parquet" else _in_utf8(path, spill=spill)
        selected, present = _selected(connection, _scan([readable]), name=path.name)
        alike.setdefault((selected, readable.suffix.lower()), []).append(readable)
        keys.append(present)
    parts = []
    for (selected, suffix), group in alike.items():
        parts.append(f"{selected} FROM {_scan(group)}")
        if suffix != ".parquet":
            connection.execute(f"CREATE TEMP TABLE parsed_{len(parts)} AS {parts[-1]}")
            parts[-1] = f"SELECT * FROM parsed_{len(parts)}"
    return " UNION ALL ".join(parts), frozenset.intersection(*keys)


def _selected(connection: duckdb.DuckDBPyConnection, scan: str, *, name: str) -> tuple[str, frozenset[str]]:
    selected, keys = select_list(_types(connection, scan, name=name), DUCKDB, where=name)
    return f"SELECT {', '.join(selected)}", keys


def _scan(paths: Sequence[Path]) -> str:
    places = "[" + ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths) + "]"
    if paths[0].suffix.lower() == ".parquet":
        return f"read_parquet({places}, union_by_name = true)"
    return f"read_csv({places}, header = true, all_varchar = true, union_by_name = true)"


def _types(connection: duckdb.DuckDBPyConnection, scan: str, *, name: str) -> Mapping[str, str]:
    try:
        described = connection.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall()
    except duckdb.Error as error:
        raise InputError(f"办件文件“{name}”打不开：不完整、已损坏，或不是这种格式。", "请重新导出这个文件。") from error
    return {row[0]: str(row[1]) for row in described}


def _in_utf8(path: Path, *, spill: Path) -> Path:
    """Return the file itself when it is UTF-8, else a copy in UTF-8 in the spill folder (GB18030)."""
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
            headers = _types(connection, "shape", name=source.title)
            connection.unregister("shape")
            columns = resolve_columns(headers, where=source.title)
            names = ", ".join(f'"{name}"' for name in dict.fromkeys(columns.values()))
            cursor.execute(f"SELECT {names} FROM ({source.query}) AS cases")
            connection.register("stream", cursor.fetch_arrow())
            connection.execute("CREATE TABLE received AS SELECT * FROM stream")
            connection.unregister("stream")
    except AdbcError as error:
        raise InputError(
            f"数据库（{source.title}）连不上或查询失败。",
            "请检查 dataset.toml [cases] 的 postgres 与 table 或 query；密码用环境变量 PGPASSWORD。",
        ) from error


# --- Spark: the session is the user's, the columns and the calendar are ours ------------------------------------------


def spark_session(master: str, *, options: Mapping[str, str] | None = None) -> Any:
    """Return a Spark session on a master, ``spark://host:7077`` or ``local[2]``.

    Raises InputError without pyspark or Java, and for a master nobody answers at.
    """
    sessions, errors = _pyspark()
    builder = sessions.builder
    fixed = {"spark.sql.session.timeZone": "Asia/Shanghai", "spark.ui.showConsoleProgress": "false"}
    for name, value in (fixed | dict(options or {})).items():
        builder = builder.config(name, value)
    try:
        return builder.master(master).appName("zjanalysis").getOrCreate()
    except errors as error:
        raise InputError(
            f"连不上 Spark 主节点 {master}。", "请检查地址（如 spark://主机:7077）、网络与 Java 17。"
        ) from error


def _pyspark() -> tuple[Any, tuple[type[Exception], ...]]:
    """Return pyspark's session class and what it raises."""
    try:
        with warnings.catch_warnings():
            # pyspark warns that its own pandas layer is not ready for pandas 3; that layer is not used here.
            warnings.simplefilter("ignore", FutureWarning)
            from py4j.protocol import Py4JError  # noqa: PLC0415 - extra `cluster`
            from pyspark.errors import PySparkException  # noqa: PLC0415
            from pyspark.sql import SparkSession  # noqa: PLC0415
    except ImportError as error:
        raise InputError(
            "用 Spark 需要附加包。", '请安装：pip install "zjanalysis[cluster]"，并装好 Java 17。'
        ) from error
    return SparkSession, (PySparkException, Py4JError, ConnectionError)


@contextmanager
def _in_spark(session: Any, source: CaseSource, cases: Any) -> Iterator[EngineTable]:
    _, errors = _pyspark()
    try:
        parts = [(cases, source.title)] if cases is not None else _spark_tables(session, source)
        selected, keys = zip(*(_selected_in_spark(part, where=where) for part, where in parts), strict=True)
        together = reduce(lambda one, other: one.unionByName(other), selected)
        with ExitStack() as at_end:

            def keep(_: str, table: Any) -> Any:
                at_end.callback(table.persist().unpersist)
                return table

            def query(template: str, **tables: Any) -> Any:
                return session.sql(template.replace("{hash}", SPARK.hash.format("case_no")), **tables)

            def repeated(hashes: Any) -> Any:
                return query("SELECT hashed FROM {hashes} GROUP BY hashed HAVING count(*) > 1", hashes=hashes)

            once, dropped = each_once(
                together, cutoff=source.cutoff, query=query, repeated=repeated, keep=keep, rows=lambda t: t.collect()
            )
            yield EngineTable(once, frozenset.intersection(*keys), dropped, lambda small: _broadcast(session, small))
    except errors as error:
        first = (str(error).splitlines() or [""])[0][:120]
        raise InputError(
            f"Spark 上的办件查询（{source.title}）没有完成：{first}", "请检查集群、表名与文件是否可达。"
        ) from error


def _spark_tables(session: Any, source: CaseSource) -> list[tuple[Any, str]]:
    """Return a source's Spark table, or its files (which every worker must reach), with their names."""
    if source.query:
        raise InputError("PostgreSQL 的办件请用内置引擎读取。", "去掉 --engine spark，或把办件表登记为 Spark 表。")
    if source.spark_table:
        return [(session.table(source.spark_table), source.spark_table)]
    reader = session.read.option("header", True)
    read = {".parquet": reader.parquet, ".csv": reader.csv}
    # not as_uri(), which quotes Chinese names: Spark does not unquote them
    places = {path: f"file:///{path.absolute().as_posix().lstrip('/')}" for path in source.paths}
    return [(read[path.suffix.lower()](place), path.name) for path, place in places.items()]


def _selected_in_spark(cases: Any, *, where: str) -> tuple[Any, frozenset[str]]:
    types = {field.name: field.dataType.simpleString() for field in cases.schema.fields}
    selected, keys = select_list(types, SPARK, where=where)
    return cases.selectExpr(*selected), keys


def _broadcast(session: Any, small: pd.DataFrame) -> Any:
    """Return a small pandas table as a Spark table that is sent to every worker."""
    from pyspark.sql import functions  # noqa: PLC0415 - extra `cluster`

    kinds = {"i": "int", "f": "double", "b": "boolean"}
    schema = ", ".join(f"{name} {kinds.get(small[name].dtype.kind, 'string')}" for name in small.columns)
    plain = small.astype("object").where(small.notna(), None)
    return functions.broadcast(session.createDataFrame(plain.to_numpy().tolist(), schema))
