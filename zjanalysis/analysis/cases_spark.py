"""Open case tables on a Spark cluster: the session is the user's, the columns and the calendar are ours."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import reduce
from typing import Any

import pandas as pd

from zjanalysis.analysis.cases_table import SPARK, select_list
from zjanalysis.errors import InputError
from zjanalysis.inputs.case_columns import case_columns
from zjanalysis.inputs.cases import CaseSource


def is_session(engine: object) -> bool:
    """Say whether this is a Spark session (told by its module, so that pyspark need not be there)."""
    return type(engine).__module__.startswith("pyspark.")


def spark_session(master: str, *, options: Mapping[str, str] | None = None) -> Any:
    """Give a Spark session on a master, ``spark://host:7077`` or ``local[2]``.

    Raises InputError without pyspark or Java, and for a master nobody answers at.
    """
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
    builder: Any = SparkSession.builder
    fixed = {"spark.sql.session.timeZone": "Asia/Shanghai", "spark.ui.showConsoleProgress": "false"}
    for name, value in (fixed | dict(options or {})).items():
        builder = builder.config(name, value)
    try:
        return builder.master(master).appName("zjanalysis").getOrCreate()
    except (PySparkException, Py4JError) as error:
        raise InputError(
            f"连不上 Spark 主节点 {master}。", "请检查地址（如 spark://主机:7077）、网络与 Java 17。"
        ) from error


@contextmanager
def spoken(title: str) -> Iterator[None]:
    """Say in one sentence what goes wrong in Spark while the block runs."""
    try:
        from py4j.protocol import Py4JError  # noqa: PLC0415 - extra `cluster`
        from pyspark.errors import PySparkException  # noqa: PLC0415
    except ImportError as error:
        raise InputError(
            "用 Spark 需要附加包。", '请安装：pip install "zjanalysis[cluster]"，并装好 Java 17。'
        ) from error
    try:
        yield
    except (PySparkException, Py4JError, ConnectionError) as error:
        first = (str(error).splitlines() or [""])[0][:120]
        raise InputError(
            f"Spark 上的办件查询（{title}）没有完成：{first}", "请检查集群、表名与文件是否可达。"
        ) from error


def spark_cases(cases: Any, *, where: str) -> tuple[Any, set[str]]:
    """Give a Spark table of cases in our columns, and the keys it has."""
    types = {field.name: field.dataType.simpleString() for field in cases.schema.fields}
    columns = case_columns(types, where=where)
    chosen = select_list(columns, types, SPARK)
    return cases.selectExpr(*(f"{sql} AS {key}" for key, sql in chosen.items())), set(columns)


def spark_source(session: Any, source: CaseSource) -> tuple[Any, set[str]]:
    """Give the cases of a source: its Spark table, or its files (which every worker must reach), in our columns."""
    if source.query:
        raise InputError("PostgreSQL 的办件请用内置引擎读取。", "去掉 --engine spark，或把办件表登记为 Spark 表。")
    if source.spark_table:
        return spark_cases(session.table(source.spark_table), where=source.spark_table)
    tables = []
    for path in source.paths:
        reader = session.read.option("header", True)
        place = (
            f"file:///{path.absolute().as_posix().lstrip('/')}"  # as_uri() would quote Chinese names; Spark does not
        )
        table = reader.parquet(place) if path.suffix.lower() == ".parquet" else reader.csv(place)
        tables.append(spark_cases(table, where=path.name))
    together = reduce(lambda one, other: one.unionByName(other), (table for table, _ in tables))
    return together, set.intersection(*(keys for _, keys in tables))


def spark_small(session: Any, small: pd.DataFrame) -> Any:
    """Give a small pandas table as a Spark table that is sent to every worker."""
    from pyspark.sql import functions  # noqa: PLC0415 - extra `cluster`

    kinds = {"i": "int", "f": "double", "b": "boolean"}
    schema = ", ".join(f"{name} {kinds.get(small[name].dtype.kind, 'string')}" for name in small.columns)
    plain = small.astype("object").where(small.notna(), None)
    return functions.broadcast(session.createDataFrame(plain.to_numpy().tolist(), schema))
