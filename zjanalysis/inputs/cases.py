"""Where the cases (办件) of a period are: files beside the items, a PostgreSQL query, a Spark table, or made ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pandas as pd

from zjanalysis.errors import ConfigError, InputError, NoData, unknown_name
from zjanalysis.inputs.period import Period
from zjanalysis.settings import Settings, load_settings

SUFFIXES = (".parquet", ".csv")
_ENTRIES = ("postgres", "table", "query", "spark_table")
_SECRET = re.compile(r"password\s*=|passwd|://[^/@\s]*:[^/@\s]*@", re.IGNORECASE)


@dataclass(frozen=True)
class CaseSource:
    """Where cases are and what they belong to. Exactly one of ``paths``, ``query``, ``spark_table`` is given.

    ``postgres`` is the connection without a password (libpq takes it from PGPASSWORD or its password file);
    ``title`` is how messages name the source; ``items`` are the items of the period, for limits and names.
    """

    title: str
    cutoff: date
    items: pd.DataFrame
    sample: bool
    paths: tuple[Path, ...] = ()
    postgres: str = ""
    query: str = ""
    spark_table: str = ""


def case_source(period: Period, *, settings: Settings | None = None) -> CaseSource:
    """Give the source of a period's cases: ``<period>/cases/*`` first, then [cases] of dataset.toml.

    A sample period without any has no files yet: ``paths`` is empty and `made_cases` makes them. Raises NoData
    when a real period has no cases, ConfigError for a wrong entry or a password in the file.
    """
    found = find_source(period, settings=settings)
    if found is None:
        raise NoData(
            f"{period.dataset.folder.name}/{period.name} 没有办件数据。",
            f"请把办件表（.parquet 或 .csv）放入 {period.name}/cases/，或在 dataset.toml 的 [cases] 写明数据库。",
        )
    return found


def find_source(period: Period, *, settings: Settings | None = None) -> CaseSource | None:
    """Give the source of a period's cases as `case_source` does, None when it has none; the same errors otherwise."""
    dataset, sample = period.dataset, period.dataset.kind == "sample"
    paths, entries = case_files(dataset.folder / period.name / "cases"), _checked(dataset.cases)
    made = sample and (settings or load_settings()).cases.made > 0 and _countable(period.items)
    if not (period.name and (paths or {"postgres", "spark_table"} & set(entries) or made)):
        return None
    bare = CaseSource(f"{dataset.folder.name}/{period.name}", cutoff_of(period), period.items, sample)
    if paths:
        return replace(bare, paths=paths)
    if "postgres" in entries:
        query = entries.get("query") or f"SELECT * FROM {entries['table']}"
        return replace(bare, postgres=entries["postgres"], query=_filled(query, period))
    return replace(bare, spark_table=entries.get("spark_table", ""))


def _countable(items: pd.DataFrame) -> bool:
    """Say whether cases can be drawn from the items: one in force at least has a promise and a count of cases."""
    return bool((items["in_force"] & items["promised_days"].notna() & items["case_count"].gt(0)).any())


def case_files(folder: Path) -> tuple[Path, ...]:
    """Give the case files of a folder, by name; files of other kinds are refused, not passed over."""
    found = sorted(p for p in folder.glob("*") if p.is_file() and not p.name.startswith((".", "~$")))
    for path in found:
        if path.suffix.lower() not in SUFFIXES:
            raise InputError(
                f"“{path.name}”不是 Parquet 或 CSV。", "请移出 cases 文件夹，或另存为 .csv（UTF-8 或 GB18030）。"
            )
    return tuple(found)


def cutoff_of(period: Period) -> date:
    """Give the cut-off of a period as a day; raises ConfigError where dataset.toml has none."""
    try:
        return date.fromisoformat(period.cutoff)
    except ValueError as error:
        raise ConfigError(
            f"{period.name} 的截止日“{period.cutoff}”读不懂，逾期未结无从算起。",
            f'请在 dataset.toml 写：[periods."{period.name}"] cutoff = "2021-03-31"。',
        ) from error


def _checked(entries: Mapping[str, str]) -> Mapping[str, str]:
    for name, value in entries.items():
        if name not in _ENTRIES:
            raise unknown_name("[cases] 的条目", name, _ENTRIES)
        if name == "postgres" and _SECRET.search(str(value)):
            raise ConfigError("dataset.toml 的 [cases] 写了数据库密码。", "请删去密码，改用环境变量 PGPASSWORD。")
    if "postgres" in entries and not {"table", "query"} & set(entries):
        raise ConfigError("[cases] 有 postgres，但没有 table 或 query。", '请加一行，例如 table = "up_pro_accept"。')
    return entries


def _filled(query: str, period: Period) -> str:
    """Put the period and its cut-off into a query that asks for them: ``WHERE ACCEPT_DATE <= '{cutoff}'``."""
    return query.replace("{cutoff}", cutoff_of(period).isoformat()).replace("{period}", period.name)
