"""Files → items (typed) and findings (cells that do not fit). Wrong data is a result, not an exception."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zjanalysis.columns import REPORTED_COLUMNS, WEIGHT_COLUMNS, label
from zjanalysis.errors import InputError
from zjanalysis.files import file_digest, is_visible
from zjanalysis.inputs.dataset import FILE_NAME, Dataset, dataset_of
from zjanalysis.inputs.findings import RULES, WHOLE, Place, Rows, Violation, findings_of, rows_of
from zjanalysis.inputs.headers import nearest
from zjanalysis.inputs.items import typed_items
from zjanalysis.inputs.office_table import OfficeTable, find_tables, own_book
from zjanalysis.inputs.regions import code_in
from zjanalysis.inputs.reported import NEEDED, WEIGHT_NEEDED, Labels, check_reported, check_weights, load_population
from zjanalysis.inputs.rules import deduplicate, row_violations
from zjanalysis.inputs.table import Table, table_of
from zjanalysis.inputs.wall import behind_wall
from zjanalysis.inputs.workbook import SUFFIXES, Sheet, column_letter, read_rows, sheets_of
from zjanalysis.settings import Settings, load_settings

Tables = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]
OTHER_SUFFIXES = (".xls", ".xlsm", ".xlsb", ".et", ".ods")  # named, and refused in one sentence
_MEASURED = ("statutory_limit", "promised_limit", "both_limits", "visits", "online", "handling_type", "online_depth")
# What a submission should fill: how much of each is filled is what ``completeness`` gives.
ASKED = (
    "item_name", "base_code", "impl_code", "item_type", "use_level", "department", "statutory_written",
    "promised_written", "handling_type", "visits", "online", "online_depth", "serves", "on_application", "one_window",
    "bookable", "express", "state", "case_count",
)  # fmt: skip
CASES_HINT = "办件由 zj cases、zj build 读取和核对，问题列在办件时效通报里。"
HEADER_KEYS = ("file", "sheet", "letter", "header", "column_label", "how", "nearest")
_COLUMN_OF = {"statutory_written": "statutory_limit", "promised_written": "promised_limit"}


@dataclass(frozen=True)
class Checked:
    """What one file gives. ``n_read`` = items + rows that a finding with ``used`` False names.

    ``headers``: a row a header (`header_rows`).
    """

    items: pd.DataFrame
    findings: pd.DataFrame
    n_read: int
    places: Mapping[tuple[str, str], Mapping[str, Place]]
    headers: pd.DataFrame


class ColumnsMissing(InputError):
    """No sheet of a file holds the needed columns; ``headers`` are those that stand there (`header_rows`)."""

    def __init__(self, message: str, hint: str, headers: pd.DataFrame) -> None:
        super().__init__(message, hint)
        self.headers = headers

    def __reduce__(self) -> tuple[Any, ...]:
        """Bring the headers back from the process that read them."""
        return type(self), (self.message, self.hint, self.headers)


@dataclass(frozen=True)
class Submission:
    """What was handed in: items, findings, files (as in a period), where each file lies, headers (`header_rows`).

    ``dataset``: the dataset.toml whose ``[columns]`` counted, and where more can be written.
    """

    items: pd.DataFrame
    findings: pd.DataFrame
    files: pd.DataFrame
    paths: Mapping[str, Path]
    headers: pd.DataFrame
    dataset: Path


# --- one file ---


def check_apart(
    paths: Mapping[str, Path], *, settings: Settings, mapping: Mapping[str, str] | None = None
) -> dict[str, Checked | InputError]:
    """Read and check files behind the wall: name → what it gives, or why it cannot be used."""
    calls = {name: (path.absolute(), name, settings, mapping) for name, path in paths.items()}
    return behind_wall(_check_file, calls, guard=settings.guard)


def _check_file(path: Path, name: str, settings: Settings, mapping: Mapping[str, str] | None) -> Checked:
    return check(sheets_of(path, settings.guard, name), settings=settings, mapping=mapping)


def check(sheets: Sequence[Sheet], *, settings: Settings, mapping: Mapping[str, str] | None = None) -> Checked:
    """Return the items and findings of one file.

    ``mapping``: header → column key, for headers that could be two things (``[columns]`` of dataset.toml). Raises
    InputError when no visible sheet holds the needed columns.
    """
    looked_at = [(sheet, *_table(sheet, mapping or {})) for sheet in sheets]
    tables = [(sheet, table) for sheet, table, _ in looked_at if table is not None and not _lacks(table)]
    if not tables:
        raise _no_table(sheets, [table for _, table, _ in looked_at if table is not None])
    checked = [check_table(sheet, table, settings=settings) for sheet, table in tables]
    layout = [rows_of(violations, file=sheet.file, sheet=sheet.name) for sheet, _, violations in looked_at]
    return Checked(
        pd.concat([items for items, _ in checked], ignore_index=True),
        findings_of([*layout, *(findings for _, findings in checked)]),
        sum(table.n_read for _, table in tables),
        {(table.file, table.sheet): table.places for _, table in tables},
        header_rows([table for _, table in tables]),
    )


def header_rows(tables: Sequence[Table]) -> pd.DataFrame:
    """Return a row per header of the tables: file, sheet, letter, header, column_label ("" when not used), how and
    nearest.

    ``how``: how the column was told, or that a known one was not used; ``nearest``: the standard name that an unknown
    header comes near to.
    """
    rows = []
    for table in tables:
        close = nearest(table.headers)
        for number, one in enumerate(table.headers):
            letter, text = column_letter(number), " ".join(one.text.split())
            labels = "、".join(label(key) for key, place in table.places.items() if place.letter == letter)
            how = one.how if labels or not one.keys else "没有使用，见核对问题"
            rows.append((table.file, table.sheet, letter, text, labels, how, close.get(text, "")))
    kinds = dict.fromkeys(HEADER_KEYS, "str")
    return pd.DataFrame([row for row in rows if row[3]], columns=list(HEADER_KEYS)).astype(kinds)


def _table(sheet: Sheet, mapping: Mapping[str, str]) -> tuple[Table | None, list[Violation]]:
    if not any(any(cell not in ("", None) for cell in row) for row in sheet.grid):
        return None, []
    if sheet.hidden:
        return None, [Violation("sheet_hidden", WHOLE, values=sheet.name)]
    table = table_of(sheet, mapping=mapping)
    if table is None or _lacks(table):
        return table, [Violation("sheet_without_table", WHOLE, values=sheet.name)]
    n_hidden = sheet.inspection.reach["hidden"]
    hidden = [Violation("rows_hidden", WHOLE, values=str(n_hidden))] if n_hidden else []
    return table, hidden if len(table.numbers) else [*hidden, Violation("table_empty", WHOLE, values=sheet.name)]


def _lacks(table: Table) -> list[str]:
    lacking = [] if "item_name" in table.cells else [label("item_name")]
    measured = f"{label('statutory_limit')}、{label('promised_limit')}或{label('visits')}"
    return lacking if set(_MEASURED) & set(table.cells) else [*lacking, measured]


def _no_table(sheets: Sequence[Sheet], tables: list[Table]) -> InputError:
    name = sheets[0].file if sheets else ""
    if not tables:
        hint = "请使用标准表头（zj template 可生成模板），或检查是否交错了文件。"
        return ColumnsMissing(f"“{name}”里没有找到表头（每张可见工作表的前 20 行都看过）。", hint, header_rows([]))
    table = tables[0]
    where = f"“{name}”的工作表“{table.sheet}”" if table.sheet else f"“{name}”"
    read = "、".join(place.header for place in list(table.places.values())[:8])
    close = nearest(table.headers)
    asked = [f"{text[:40]}（您是不是指“{one}”？）" if one else text[:40] for text, one in list(close.items())[:20]]
    unknown = f"没认出的表头：{'、'.join(asked)}。" if asked else ""
    lines = "、".join(f'"{text}" = "{one}"' for text, one in close.items() if one)
    ways = f"请补上缺少的列，或在 dataset.toml 的 [columns] 写明对应关系{f'，例如 {lines}' if lines else ''}。"
    return ColumnsMissing(f"{where}缺少必需的列：{'；'.join(_lacks(table))}。", f"已认出的列：{read}。{unknown}{ways}",
                          header_rows([table]))  # fmt: skip


def check_table(sheet: Sheet, table: Table, *, settings: Settings) -> tuple[pd.DataFrame, Rows]:
    """Return the items and findings of one table."""
    hint = code_in(table.sheet) or code_in(Path(table.file).stem)
    items, violations = typed_items(table, region=hint, units=settings.units)
    violations += _uncalculated(sheet, table)
    leaving = [one.rows for one in violations if not RULES[one.rule].used]
    out = np.isin(table.numbers, np.concatenate(leaving)) if leaving else np.zeros(len(items), dtype=bool)
    violations += row_violations(table, items, out)
    regions = dict(zip(table.numbers.tolist(), items["region_code"], strict=True))
    findings = rows_of([*table.violations, *violations], file=table.file, sheet=table.sheet, places=table.places,
                          regions=regions)  # fmt: skip
    return items[~out].reset_index(drop=True) if out.any() else items, findings


def _uncalculated(sheet: Sheet, table: Table) -> list[Violation]:
    """Note the formulas without a stored result and those with an error, in columns that are read."""
    keys = {place.letter: key for key, place in table.places.items()}
    cells_of = {"formula_empty": sheet.inspection.empty_formulas, "cell_error": sheet.inspection.error_cells}
    violations = []
    for rule, cells in cells_of.items():
        split = [(match[1], int(match[2])) for cell in cells if (match := re.fullmatch(r"([A-Z]+)(\d+)", cell))]
        for letter, key in keys.items():
            rows = np.array(sorted(row for column, row in split if column == letter), dtype="int64")
            violations.append(Violation(rule, rows[np.isin(rows, table.numbers)], key))
    return violations


# --- several files together ---


def assembled(checked: Mapping[str, Checked], paths: Mapping[str, Path]) -> Tables:
    """Put checked files together as (items, findings, files): the table rules, and the count of every row.

    Every row read is an item or is named by a finding that leaves it out; this is asserted file by file. Of files that
    are the same to the byte the first counts.
    """
    digests = {name: file_digest(paths[name]) for name in checked}
    first = {digest: name for name, digest in reversed(digests.items())}
    repeated = [rows_of([Violation("file_repeated", WHOLE, values=name, others=first[digest])], file=name)
                for name, digest in digests.items() if first[digest] != name]  # fmt: skip
    checked = {name: one for name, one in checked.items() if name in first.values()}
    places = {key: place for one in checked.values() for key, place in one.places.items()}
    items, across = deduplicate(pd.concat([one.items for one in checked.values()], ignore_index=True), places)
    findings = pd.concat(
        [findings_of(repeated), *(one.findings for one in checked.values()), across], ignore_index=True
    )
    left = findings[~findings["used"] & findings["row_number"].gt(0)].drop_duplicates(["file", "sheet", "row_number"])
    files = pd.DataFrame({
        "file": pd.Series(list(checked), dtype="str"),
        "sha256": pd.Series([digests[name] for name in checked], dtype="str"),
        "rows_read": [one.n_read for one in checked.values()],
    })  # fmt: skip
    files["rows_used"] = files["file"].map(items["file"].value_counts()).fillna(0).astype("int64")
    files["rows_left_out"] = files["file"].map(left["file"].value_counts()).fillna(0).astype("int64")
    if not files["rows_read"].eq(files["rows_used"] + files["rows_left_out"]).all():
        raise AssertionError(f"rows read must be used or left out with a reason:\n{files}")
    return items, findings, files


def submitted_files(paths: Sequence[str | Path]) -> dict[str, Path]:
    """Return the files of a list of files and folders, but Office's locks, as findings call them.

    A name that occurs twice is led by its folder. Raises InputError for what does not exist and for an empty list.
    """
    files: list[Path] = []
    for path in map(Path, paths):
        if not path.exists():
            raise InputError(f"找不到“{path}”。", "请检查路径；有空格的路径请加引号。")
        inside = (file for file in path.rglob("*") if file.suffix.lower() in (*SUFFIXES, *OTHER_SUFFIXES))
        files += sorted(filter(is_visible, inside), key=name_order) if path.is_dir() else [path]
    if not files:
        wrong = f"“{'、'.join(map(str, paths))}”里没有工作簿、CSV 或 JSON 文件。"
        raise InputError(wrong, "请指明文件，或装有它们的文件夹。")
    files = list(dict.fromkeys(files))
    names = [path.name for path in files]
    twice = {name for name in names if names.count(name) > 1}
    top = Path(os.path.commonpath([path.absolute().parent for path in files]))
    return {p.absolute().relative_to(top).as_posix() if p.name in twice else p.name: p for p in files}


def name_order(path: Path) -> tuple[Path, str, str]:
    """Order files by name so that 甲.xlsx stands before its copies, 甲 - 副本.xlsx and 甲(1).xlsx."""
    return path.parent, path.stem, path.suffix


def check_files(
    paths: Sequence[str | Path], *, settings: Settings | None = None, weighable: Callable[[], Labels] | None = None
) -> Submission:
    """Check files and folders as one submission; a file that cannot be read is a finding, the others go on.

    ``weighable`` gives what may carry weight in the evaluation (`evaluation.indicator_labels`): with it a workbook of
    weights is checked, without it named. Headers count as the data set tells them (``[columns]``). Raises InputError
    when there is no file.
    """
    chosen = settings or load_settings()
    files = submitted_files(paths)
    dataset = dataset_of(next(iter(files.values())), settings=chosen)
    cases = [name for name, path in files.items() if path.absolute().parent.name == "cases"]
    lists = {name: path for name, path in files.items() if name not in cases}
    read = check_apart(lists, settings=chosen, mapping=dataset.columns)
    read |= {name: InputError(f"“{name}”是办件表，不是事项清单。", CASES_HINT) for name in cases}
    results = {name: (isinstance(one, ColumnsMissing) and _office_book(files[name], name, dataset, weighable)) or one
               for name, one in read.items()}  # fmt: skip
    checked = {name: result for name, result in results.items() if isinstance(result, Checked)}
    refused = [rows_of([Violation("file_refused", WHOLE, values=error.message, others=error.hint)], file=name)
               for name, error in results.items() if isinstance(error, InputError)]  # fmt: skip
    refused += handed_in_again({name: files[name] for name in checked})
    header_tables = [result.headers for result in results.values() if isinstance(result, (Checked, ColumnsMissing))]
    headers = pd.concat([header_rows([]), *header_tables], ignore_index=True)
    items, findings, counts = (
        assembled(checked, files) if checked else (pd.DataFrame(), findings_of(()), pd.DataFrame())
    )
    reported = [result for result in results.values() if isinstance(result, tuple)]
    findings = pd.concat([findings_of(refused), findings, *(findings for findings, _ in reported)], ignore_index=True)
    counts = pd.concat([counts, *(count for _, count in reported)], ignore_index=True)
    return Submission(items, findings, counts, files, headers, dataset.folder / FILE_NAME)


def handed_in_again(paths: Mapping[str, Path]) -> list[Rows]:
    """Return what names the files of a period that are the same to the byte as one of the period before."""
    before = {folder: _files_before(folder) for folder in {path.absolute().parent for path in paths.values()}}
    return [rows_of([Violation("file_of_last", WHOLE, values=name, others=other)], file=name)
            for name, path in paths.items() if (other := _same_of(before[path.absolute().parent], path))]  # fmt: skip


def _files_before(folder: Path) -> list[tuple[Path, int]]:
    """Return the files of the period before that of a folder <period>/items, with their sizes."""
    others = [one for one in folder.parent.parent.glob("*/items") if one.parent.name < folder.parent.name]
    last = max(others, default=None) if folder.name == "items" else None
    return [(one, one.stat().st_size) for one in (last.iterdir() if last else ()) if one.is_file()]


def _same_of(files: Sequence[tuple[Path, int]], path: Path) -> str:
    """Return what a file was called among ``files``, where one of them is that file to the byte."""
    size = path.stat().st_size
    same = next((one for one, n in files if n == size and file_digest(one) == file_digest(path)), None)
    return f"{same.parent.parent.name}的“{same.name}”" if same else ""


def _office_book(
    path: Path, name: str, dataset: Dataset, weighable: Callable[[], Labels] | None
) -> tuple[pd.DataFrame, pd.DataFrame] | InputError | None:
    """Return the findings and the count of a workbook of reported figures or of weights, as a build reads it.

    Of another of the office's workbooks the error that names it; None of any other.
    """
    sheets = read_rows(path)
    figures = next(find_tables(sheets, REPORTED_COLUMNS, required=NEEDED), None)
    weights = next(find_tables(sheets, WEIGHT_COLUMNS, required=WEIGHT_NEEDED), None)
    if figures is not None:
        rows, findings = _reported(figures, path, dataset)
        used = rows["in_force"]
    elif weights is not None and weighable:
        rows, findings = check_weights(weights, labels=weighable())
        used = rows["method"].notna()
    else:
        return own_book(sheets, name)
    count = {"file": name, "sha256": file_digest(path), "rows_read": len(used), "rows_used": int(used.sum()),
             "rows_left_out": int((~used).sum())}  # fmt: skip
    return findings.assign(file=name), pd.DataFrame([count])


def _reported(table: OfficeTable, path: Path, dataset: Dataset) -> tuple[pd.DataFrame, pd.DataFrame]:
    period, people = path.absolute().parent.name, load_population(dataset.folder)
    named = period if dataset.periods.get(period) else max(dataset.periods, default="")
    cutoff = dataset.cutoff(named) or people["as_of"].max()
    return check_reported(table, cutoff=cutoff, population=people)


def completeness(items: pd.DataFrame) -> pd.DataFrame:
    """Return how much of each asked column is filled: column_label, n_items, n_filled, filled_share.

    A limit counts as filled when it reads as a number; 无 and office hours do not. Rows that are left out do not count.
    """
    filled = {label(_COLUMN_OF.get(key, key)): items[key].notna().sum() for key in ASKED}
    counts = pd.Series(filled, name="n_filled").rename_axis("column_label").reset_index().assign(n_items=len(items))
    return counts.assign(filled_share=counts["n_filled"] / counts["n_items"])
