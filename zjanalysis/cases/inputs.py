"""Where the cases (办件) of a period are, and how the columns of a case table become the columns that are analysed.

Cases are files beside the items, a PostgreSQL query, a Spark table, or synthetic ones of a sample. Header names follow
``up_pro_accept`` and ``up_pro_result`` of the national exchange (C0109) and Chinese tables. Nothing is dropped here:
what cannot be read is missing, and `findings` counts it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pandas as pd

from zjanalysis.columns import CASE_COLUMNS, label
from zjanalysis.errors import ConfigError, InputError, NoData, unknown_name
from zjanalysis.files import files_in
from zjanalysis.inputs.dataset import cutoff_day
from zjanalysis.inputs.period import Period
from zjanalysis.inputs.regions import find_code
from zjanalysis.inputs.values import plain
from zjanalysis.settings import Settings

SUFFIXES = (".parquet", ".csv")
_ENTRIES = ("postgres", "table", "query", "spark_table")
_SECRET = re.compile(r"password\s*=|passwd|://[^/@\s]*:[^/@\s]*@", re.IGNORECASE)


@dataclass(frozen=True)
class CaseSource:
    """Where cases are and what they belong to. At most one of ``paths``, ``query``, ``spark_table`` is given.

    ``postgres`` is the connection without a password (libpq takes it from PGPASSWORD or its password file);
    ``title`` is how messages name the source; ``items`` are the items of the period, for limits and names.
    """

    title: str
    cutoff: date
    items: pd.DataFrame
    paths: tuple[Path, ...] = ()
    postgres: str = ""
    query: str = ""
    spark_table: str = ""

    @property
    def is_synthetic(self) -> bool:
        """Whether the source is a sample's that has no cases of its own: they are drawn from its items."""
        return not (self.paths or self.query or self.spark_table)


def case_source(period: Period, *, settings: Settings) -> CaseSource:
    """Return the source of a period's cases: ``<period>/cases/*`` first, then [cases] of dataset.toml.

    A sample period without either gives a source that `is_synthetic`. Raises NoData when a real period has no
    cases, ConfigError for a wrong entry or a password in the file.
    """
    source = find_case_source(period, settings=settings)
    if source is None:
        raise NoData(
            f"{period.dataset.folder.name}/{period.name} 没有办件数据。",
            f"请把办件表（.parquet 或 .csv）放入 {period.name}/cases/，或在 dataset.toml 的 [cases] 写明数据库。",
        )
    return source


def find_case_source(period: Period, *, settings: Settings) -> CaseSource | None:
    """Return the source of a period's cases as `case_source` does, None when it has none; the same errors otherwise."""
    dataset, items = period.dataset, period.items
    paths, entries = case_files(dataset.folder / period.name / "cases"), _checked(dataset.cases)
    counted = items["in_force"] & items["promised_days"].notna() & items["case_count"].gt(0)  # drawn from these
    synthetic = dataset.kind == "sample" and settings.cases.made > 0 and bool(counted.any())
    if not (period.name and (paths or {"postgres", "spark_table"} & set(entries) or synthetic)):
        return None
    source = CaseSource(f"{dataset.folder.name}/{period.name}", cutoff_day(dataset, period.name), items)
    if paths:
        return replace(source, paths=paths)
    if "postgres" in entries:
        query = entries.get("query") or f"SELECT * FROM {entries['table']}"
        filled = query.replace("{cutoff}", source.cutoff.isoformat()).replace("{period}", period.name)
        return replace(source, postgres=entries["postgres"], query=filled)
    return replace(source, spark_table=entries.get("spark_table", ""))


def case_files(folder: Path) -> tuple[Path, ...]:
    """Return the case files of a folder, by name; files of other kinds are refused, not passed over."""
    hint = "请移出 cases 文件夹，或另存为 .csv（UTF-8 或 GB18030）。"
    return tuple(files_in(folder, SUFFIXES, kinds=" Parquet 或 CSV", hint=hint))


def _checked(entries: Mapping[str, str]) -> Mapping[str, str]:
    for name, value in entries.items():
        if name not in _ENTRIES:
            raise unknown_name("[cases] 的条目", name, _ENTRIES)
        if name == "postgres" and _SECRET.search(str(value)):
            raise ConfigError("dataset.toml 的 [cases] 写了数据库密码。", "请删去密码，改用环境变量 PGPASSWORD。")
    if "postgres" in entries and not {"table", "query"} & set(entries):
        raise ConfigError("[cases] 有 postgres，但没有 table 或 query。", '请加一行，例如 table = "up_pro_accept"。')
    return entries


# At least one of each group must be there.
_NEEDED = (("accepted",), ("base_code", "impl_code"), ("region_code", "org_code", "impl_code"))


def resolve_columns(headers: Iterable[str], *, where: str) -> Mapping[str, str]:
    """Return which header holds which column of a case table; raises InputError where what is needed is missing.

    >>> resolve_columns(["PROJECT_NO", "TASK_CODE", "ACCEPT_DATE"], where="a.csv")["accepted"]
    'ACCEPT_DATE'
    """
    written = {plain(header): header for header in reversed(list(headers))}
    resolved: dict[str, str] = {}
    for column in CASE_COLUMNS:
        spellings = map(plain, (column.key, column.label, *column.aliases))
        header = next((written[spelling] for spelling in spellings if spelling in written), None)
        if header is not None:
            resolved[column.key] = header
    for group in _NEEDED:
        if not set(group) & set(resolved):
            lacking = "”或“".join(label(key, "cases") for key in group)
            present = "、".join(written.values()) or "（没有表头）"
            raise InputError(
                f"办件表“{where}”没有“{lacking}”一列，现有：{present[:200]}。", "请补上这一列，或改用列名的通行写法。"
            )
    return resolved


@dataclass(frozen=True)
class Dialect:
    """What differs between the engines' SQL: quotes, type names, the day number of a date, parsing a text, hashing.

    ``instant`` is the type of a time with its zone; both engines' sessions are in Beijing's.
    """

    quote: str
    text: str
    day: str
    from_text: str
    instant: str
    hash: str


DUCKDB = Dialect(
    quote='"{}"',
    text="VARCHAR",
    day="CAST(CAST({} AS DATE) - DATE '1970-01-01' AS INTEGER)",
    # the narrow text once: what stands twice DuckDB computes for every row, six times the cost of a date
    from_text="coalesce(try_cast(trim({0}) AS DATE), CAST(try_strptime({1}, ['%Y-%m-%d', '%Y-%m-%d %H:%M:%S', "
    "'%Y-%m-%d %H:%M', '%Y%m%d', '%Y%m%d%H%M%S', '%Y/%m/%d %H:%M:%S', '%Y/%m/%d %H:%M', '%Y/%m/%d', '%Y.%m.%d']) "
    "AS DATE))",
    instant="TIMESTAMPTZ",
    hash="hash({0}, 'x' || {0})",  # the engine's hash of a text alone is one for many numbers that differ in two digits
)
_SPARK_FORMATS = ("yyyyMMdd", "yyyyMMddHHmmss", "y/M/d H:m:s", "y/M/d H:m", "y/M/d", "y.M.d")
SPARK = Dialect(
    quote="`{}`",
    text="STRING",
    day="unix_date({})",
    from_text="coalesce(try_cast(trim({0}) AS DATE), try_cast({1} AS DATE), CAST(coalesce("
    + ", ".join(f"try_to_timestamp({{1}}, '{form}')" for form in _SPARK_FORMATS)
    + ") AS DATE))",
    instant="TIMESTAMP",
    hash="xxhash64({})",
)
IMMEDIATE = ("即办", "即办件", "当场", "当场办结", "当场办理")
NO_LIMIT_FROM = 500  # 500 and 99999 stand for 无期限 (DOMAIN §2); −1 for 无
NO_LIMIT = 99999.0
NO_DAY = 2**31 - 1  # a day no calendar has
_NARROW = "trim(translate({0}, '０１２３４５６７８９．／：{1}', '0123456789./:{2}'))"
"""A text with its digits and signs in the narrow form, and what else is to be another sign."""


def select_list(types: Mapping[str, str], dialect: Dialect, *, where: str) -> tuple[list[str], frozenset[str]]:
    """Return the SQL of the columns that are analysed, and the keys of those the table has (`resolve_columns`).

    ``types``: header → type as the engine names it. Dates become day numbers. A region or base code that no column
    holds is taken from inside the code of the department or the item. A promise or due day is missing where its cell is
    blank, `NO_LIMIT` or `NO_DAY` where what is written is none; special days are 0 where blank, else missing.
    """
    columns = resolve_columns(types, where=where)
    sql = {key: dialect.quote.format(header) for key, header in columns.items()}
    texts = {key for key in sql if types[columns[key]].upper().startswith(("VARCHAR", "STRING", "CHAR", "TEXT"))}
    dates = {key for key in sql if types[columns[key]].upper().startswith(("DATE", "TIMESTAMP"))}
    text = {key: f"CAST({sql[key]} AS {dialect.text})" for key in sql}
    null = f"CAST(NULL AS {dialect.text})"

    def day(key: str) -> str:
        column = (sql if key in dates else text).get(key)
        return _day(column, dialect, is_text=key not in dates) if column else "CAST(NULL AS INTEGER)"

    def number(key: str, lowest: str) -> str:
        return _number(sql[key], lowest, is_text=key in texts) if key in sql else "CAST(NULL AS DOUBLE)"

    def given(key: str) -> str:
        return _given(sql[key], is_text=key in texts) if key in sql else "false"

    selected = {
        "case_no": text.get("case_no", null), "department": text.get("department", null),
        "channel": f"nullif(trim({text.get('channel', null)}), '')",
        "region_code": text.get("region_code", f"substr({text.get('org_code') or text.get('impl_code', null)}, 3, 6)"),
        "base_code": text.get("base_code", f"substr({text.get('impl_code', null)}, 20, 12)"),
        "accept_given": given("accepted"), "finish_given": given("finished"),
        "accept_day": day("accepted"), "finish_day": day("finished"),
        "due_day": f"coalesce({day('due')}, CASE WHEN {given('due')} THEN {NO_DAY} END)",
        "promised": f"coalesce({number('promised', '>= 0')}, CASE WHEN {given('promised')} THEN {NO_LIMIT} END)",
        "promised_unit": text.get("promised_unit", "'工作日'"), "statutory": number("statutory", "> 0"),
        "special_days": f"CASE WHEN {given('special_days')} THEN {number('special_days', '>= 0')} ELSE 0.0 END",
    }  # fmt: skip
    return [f"{expression} AS {key}" for key, expression in selected.items()], frozenset(columns)


def _day(sql: str, dialect: Dialect, *, is_text: bool) -> str:
    """Return the day number in Beijing; of texts also a spreadsheet's five digits, days from 1899-12-30."""
    if not is_text:
        return dialect.day.format(f"CAST({sql} AS DATE)")
    narrow = _NARROW.format(sql, "年月日", "--")  # 2021年3月1日 is 2021-3-1
    zoned = " OR ".join(f"{sql} LIKE '%:%{zone}'" for zone in ("Z", "+__%", "-__:__", "-____"))
    instant = dialect.day.format(f"CAST(try_cast(trim({sql}) AS {dialect.instant}) AS DATE)")
    five = f"CASE WHEN {sql} LIKE '_____' OR {sql} LIKE '_____.%' THEN try_cast({sql} AS DOUBLE) END"
    serial = f"CAST(floor({five}) AS INTEGER) - 25569"
    plain_day = dialect.day.format(dialect.from_text.format(sql, narrow))
    return f"CASE WHEN {zoned} THEN {instant} ELSE coalesce({serial}, {plain_day}) END"


def _given(sql: str, *, is_text: bool) -> str:
    return f"(coalesce(trim({sql}), '') <> '')" if is_text else f"({sql} IS NOT NULL)"


def _number(sql: str, lowest: str, *, is_text: bool) -> str:
    """Return a number of days: a word for 即办 is 0; below ``lowest`` or without a limit it is missing."""
    number = f"CAST({sql} AS DOUBLE)"
    if is_text:
        words = ", ".join(f"'{word}'" for word in IMMEDIATE)
        bare = "regexp_replace({}, '(个?工作日|天)$', '')".format(_NARROW.format(sql, "", ""))
        read = f"coalesce(try_cast(trim({sql}) AS DOUBLE), try_cast({bare} AS DOUBLE))"
        number = f"CASE WHEN trim({sql}) IN ({words}) THEN 0.0 ELSE {read} END"
    return f"CASE WHEN {number} {lowest} AND {number} < {NO_LIMIT_FROM} THEN {number} END"


def region_codes(spellings: pd.Series) -> pd.Series:
    """Return the code of each region, whatever its spelling; missing where nobody knows it."""
    codes = {spelling: find_code(str(spelling)) for spelling in spellings.dropna().unique()}
    return spellings.map(codes).astype("str")
