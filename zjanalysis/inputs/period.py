"""Periods: the workbooks of data/<set>/<period>/items as one table of items and one of findings."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from zjanalysis.errors import InputError, unknown_name
from zjanalysis.inputs.cache import Tables, kept, key_of
from zjanalysis.inputs.check import Checked, check, together
from zjanalysis.inputs.dataset import Dataset, list_periods, load_dataset, previous_period
from zjanalysis.inputs.tablerules import settle
from zjanalysis.inputs.workbook import SUFFIXES, read_rows
from zjanalysis.settings import Settings, load_settings

OTHER_SUFFIXES = (".xls", ".xlsm", ".xlsb", ".et", ".ods")  # named, and refused in one sentence
CACHE = Path(".cache") / "periods"  # under the project folder
__all__ = ["Dataset", "Period", "list_periods", "load_dataset", "load_period", "load_previous", "previous_period"]


@dataclass(frozen=True)
class Period:
    """One period: its items, findings, and files (file, sha256, rows_read = rows_used + rows_left_out).

    ``cases``: what a build has boiled down already for its reports (`analysis.period_cases` gives it), else None.
    """

    name: str
    title: str
    dataset: Dataset
    cutoff: str
    items: pd.DataFrame
    findings: pd.DataFrame
    files: pd.DataFrame
    cases: Any = None


def load_period(data: str = "", period: str | int = "", *, settings: Settings | None = None) -> Period:
    """Give the items of one period; empty names mean the data set of the settings and its newest period.

    Raises UnknownName for a set or period nobody knows, InputError for an empty folder or a file that cannot be used.
    """
    known, period = settings or load_settings(), str(period)
    dataset = load_dataset(data, settings=known)
    periods = list_periods(data, settings=known)
    if period and period not in periods:
        raise unknown_name("期次", period, periods)
    if not periods:
        raise InputError(
            f"“{dataset.folder}”里没有任何期次。", "请建立 <期次>/items/ 文件夹，放入各地的工作簿，例如 2021Q1/items/。"
        )
    name = period or periods[-1]
    paths = item_files(dataset.folder / name)
    hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    key = key_of(hashes, state=repr((known.units, known.guard, sorted(dataset.columns.items()))))
    build = partial(read_period, paths, settings=known, mapping=dataset.columns)
    items, findings, files = kept(known.root / CACHE, key, build)
    about = dataset.periods.get(name, {})
    return Period(name, str(about.get("title", name)), dataset, str(about.get("cutoff", "")), items, findings, files)


def load_previous(period: Period, *, settings: Settings | None = None) -> Period:
    """Give the period before this one of the same data set; without a name and without rows when this is the first."""
    folder = str(period.dataset.folder)
    name = previous_period(folder, period.name, settings=settings)
    if name:
        return load_period(folder, name, settings=settings)
    nothing = {key: getattr(period, key).iloc[:0] for key in ("items", "findings", "files")}
    return replace(period, name="", title="", cutoff="", cases=None, **nothing)


def item_files(folder: Path) -> list[Path]:
    """Give the files of data/<set>/<period>/items in the order of their names; lock files of Office are not files."""
    found = sorted(p for p in (folder / "items").glob("*") if p.is_file() and not p.name.startswith((".", "~$")))
    if not found:
        raise InputError(f"文件夹“{folder / 'items'}”是空的。", "请放入各地的事项工作簿（.xlsx、.csv 或 .jsonl）。")
    for path in found:
        if path.suffix.lower() not in (*SUFFIXES, *OTHER_SUFFIXES):
            raise InputError(f"“{path.name}”不是工作簿，也不是 CSV 或 JSON。", "请移出 items 文件夹，或另存为 .xlsx。")
    return found


def read_period(paths: list[Path], *, settings: Settings, mapping: Mapping[str, str]) -> Tables:
    """Read and check files as one period: (items, findings, files).

    Every row read is an item or is named by a finding that leaves it out; this is asserted file by file.
    """
    checked = {p.name: check(read_rows(p, guard=settings.guard), settings=settings, mapping=mapping) for p in paths}
    return assembled(checked, {p.name: p for p in paths})


def assembled(checked: Mapping[str, Checked], paths: Mapping[str, Path]) -> Tables:
    """Put checked files together: the table rules, and the count of every row."""
    places = {key: place for one in checked.values() for key, place in one.places.items()}
    items, across = settle(_under([one.items for one in checked.values()]), places)
    findings = together([*(one.findings for one in checked.values()), across])
    left = findings[~findings["used"] & findings["row_number"].gt(0)].drop_duplicates(["file", "sheet", "row_number"])
    files = pd.DataFrame({
        "file": pd.Series(list(checked), dtype="str"),
        "sha256": pd.Series([hashlib.sha256(paths[name].read_bytes()).hexdigest() for name in checked], dtype="str"),
        "rows_read": [one.n_read for one in checked.values()],
    })  # fmt: skip
    files["rows_used"] = files["file"].map(items["file"].value_counts()).fillna(0).astype("int64")
    files["rows_left_out"] = files["file"].map(left["file"].value_counts()).fillna(0).astype("int64")
    if not files["rows_read"].eq(files["rows_used"] + files["rows_left_out"]).all():
        raise AssertionError(f"rows read must be used or left out with a reason:\n{files}")
    return items, findings, files


def _under(tables: list[pd.DataFrame]) -> pd.DataFrame:
    return tables[0] if len(tables) == 1 else pd.concat(tables, ignore_index=True)
