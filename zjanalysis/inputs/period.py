"""Data sets and periods: data/<set>/dataset.toml and data/<set>/<period>/items/*."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from zjanalysis.errors import ConfigError, InputError, unknown_name
from zjanalysis.inputs.check import Checked, check, together
from zjanalysis.inputs.columns import ALL_COLUMNS
from zjanalysis.inputs.tablerules import settle
from zjanalysis.inputs.workbook import SUFFIXES, read_rows
from zjanalysis.settings import Settings, load_settings

FILE_NAME = "dataset.toml"


@dataclass(frozen=True)
class Dataset:
    """A data set: where it lies, what it is, where it is from. ``kind`` is real or sample (示例数据)."""

    folder: Path
    title: str
    kind: str
    source: str
    licence: str
    item_types: tuple[str, ...] = ("行政许可",)
    use_levels: tuple[str, ...] = ("3", "4")
    columns: Mapping[str, str] = field(default_factory=dict)
    periods: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Period:
    """One period: its items, findings, and files (file, sha256, rows_read = rows_used + rows_left_out)."""

    name: str
    title: str
    dataset: Dataset
    cutoff: str
    items: pd.DataFrame
    findings: pd.DataFrame
    files: pd.DataFrame


def load_dataset(data: str = "", *, settings: Settings | None = None) -> Dataset:
    """Read data/<set>/dataset.toml; empty ``data`` means the set of the settings.

    Raises UnknownName for a folder that does not exist, InputError without dataset.toml, ConfigError for a wrong entry.
    """
    known = settings or load_settings()
    folder = known.path(data or known.data)
    if not folder.is_dir():
        beside = folder.parent if folder.parent.is_dir() else known.root / "data"
        raise unknown_name("数据集", str(data or known.data), [str(p.parent.relative_to(known.root) if p.is_relative_to(known.root) else p.parent)
                                                           for p in sorted(beside.glob(f"*/{FILE_NAME}"))])  # fmt: skip
    path = folder / FILE_NAME
    if not path.is_file():
        raise InputError(f"“{folder}”里没有 {FILE_NAME}。", "请写明 title、kind（real 或 sample）、source、licence，可照 data/gd-2021-05 的样子。")
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"“{path}”读不懂：{error}", "请用 UTF-8 保存，并对照 data/gd-2021-05/dataset.toml 检查这一行。") from error
    return _dataset(folder, written)


def _dataset(folder: Path, written: Mapping[str, Any]) -> Dataset:
    words = {"title", "kind", "source", "licence"}
    for name in written:
        if name not in words | {"scope", "columns", "periods"}:
            raise unknown_name(f"{FILE_NAME} 的条目", name, sorted(words | {"scope", "columns", "periods"}))
    if written.get("kind") not in ("real", "sample"):
        raise ConfigError(f"“{folder / FILE_NAME}”的 kind 是 {written.get('kind')!r}。", "请写 kind = \"real\"（真实）或 \"sample\"（示例）。")
    scope, columns = written.get("scope", {}), written.get("columns", {})
    for key in columns.values():
        if key not in ALL_COLUMNS:
            raise unknown_name("列", str(key), ALL_COLUMNS)
    return Dataset(folder, *(str(written.get(word, "")) for word in ("title", "kind", "source", "licence")),
                   item_types=tuple(scope.get("item_types", Dataset.item_types)),
                   use_levels=tuple(map(str, scope.get("use_levels", Dataset.use_levels))),
                   columns=dict(columns), periods=dict(written.get("periods", {})))  # fmt: skip


def list_periods(data: str = "", *, settings: Settings | None = None) -> tuple[str, ...]:
    """Give the periods of a data set, oldest first: the folders that hold items."""
    folder = load_dataset(data, settings=settings).folder
    return tuple(sorted(path.parent.name for path in folder.glob("*/items") if path.is_dir()))


def previous_period(data: str, period: str, *, settings: Settings | None = None) -> str:
    """Give the period before this one, "" when it is the first."""
    earlier = [name for name in list_periods(data, settings=settings) if name < period]
    return earlier[-1] if earlier else ""


def load_period(data: str = "", period: str = "", *, settings: Settings | None = None) -> Period:
    """Give the items of one period; empty names mean the data set of the settings and its newest period.

    Raises UnknownName for a set or period nobody knows, InputError for an empty folder or a file that cannot be used.
    """
    known = settings or load_settings()
    dataset = load_dataset(data, settings=known)
    periods = list_periods(data, settings=known)
    if period and period not in periods:
        raise unknown_name("期次", period, periods)
    if not periods:
        raise InputError(f"“{dataset.folder}”里没有任何期次。", "请建立 <期次>/items/ 文件夹，放入各地的工作簿，例如 2021Q1/items/。")
    name = period or periods[-1]
    items, findings, files = read_period(item_files(dataset.folder / name), settings=known, mapping=dataset.columns)
    about = dataset.periods.get(name, {})
    return Period(name, str(about.get("title", name)), dataset, str(about.get("cutoff", "")), items, findings, files)


def item_files(folder: Path) -> list[Path]:
    """Give the files of data/<set>/<period>/items in the order of their names; lock files of Office are not files."""
    found = sorted(p for p in (folder / "items").glob("*") if p.is_file() and not p.name.startswith((".", "~$")))
    if not found:
        raise InputError(f"文件夹“{folder / 'items'}”是空的。", "请放入各地的事项工作簿（.xlsx、.csv 或 .jsonl）。")
    for path in found:
        if path.suffix.lower() not in (*SUFFIXES, ".xls", ".xlsm", ".xlsb", ".et"):
            raise InputError(f"“{path.name}”不是工作簿，也不是 CSV 或 JSON。", "请移出 items 文件夹，或另存为 .xlsx。")
    return found


def read_period(paths: list[Path], *, settings: Settings, mapping: Mapping[str, str]) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Read and check files as one period: (items, findings, files).

    Every row read is an item or is named by a finding that leaves it out; this is asserted file by file.
    """
    checked = {p.name: check(read_rows(p, guard=settings.guard), settings=settings, mapping=mapping) for p in paths}
    return assembled(checked, {p.name: p for p in paths})


def assembled(checked: Mapping[str, Checked], paths: Mapping[str, Path]) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Put checked files together: the table rules, and the count of every row."""
    places = {key: place for one in checked.values() for key, place in one.places.items()}
    items, across = settle(pd.concat([one.items for one in checked.values()], ignore_index=True), places)
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


