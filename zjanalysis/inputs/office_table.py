"""A table in one of the office's workbooks → its rows as text, each knowing its sheet, row and cell."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from zjanalysis.columns import TABLES, Column
from zjanalysis.errors import InputError
from zjanalysis.inputs.findings import Place, Violation, findings_of, rows_of
from zjanalysis.inputs.values import plain
from zjanalysis.inputs.workbook import HEADER_ROWS, Sheet, cell_text, column_letter, read_rows

UNCALCULATED = "（公式未计算）"
"""What a cell reads whose formula nobody has calculated."""
PLACE = ("file", "sheet", "row_number")
Broken = tuple[str, str, pd.Series]  # rule, column, mask over the rows
Day = str | date  # a day as people write it (`day_of`), or as it is
TASK_NEEDED = ("item_key", "to_value", "indicator", "region_code", "answer")
TASK_NUMBERS = ("order", "gain", "to_value", "agreed_value")
OWN_BOOKS = (
    ("整改台账", TABLES["ledger"], ("ledger_id", "problem", "status"),
     "更新用 zj ledger update {0}；它是返回的副本的，用 zj ledger merge 台账.xlsx {0} --on 日期 汇总。"),
    ("分工表", TABLES["assignment"], ("ledger_id", "unit_name", "role"),
     "收回用 zj ledger assign 台账.xlsx {0} --on 日期。"),
    ("任务清单", TABLES["tasks"], TASK_NEEDED, "反馈的效果用 zj plan 地区 --indicator 指标 --apply {0} 查看。"),
    ("三级指标与权重的录入表", TABLES["weights"], ("level_three", "weight"),
     "请放入数据集文件夹，名为 indicators.xlsx，zj build 会读取。"),
    ("人口与企业数表", TABLES["population"], ("region", "as_of"),
     "请放入数据集文件夹，名为 population.xlsx，zj build 会读取。"),
    ("收件人表", TABLES["addresses"], ("region", "to"), "起草邮件用 zj bundle --mail {0}。"),
)  # fmt: skip
"""The office's workbooks beside items and reported figures: what each is, its columns, what reads it."""


@dataclass(frozen=True)
class OfficeTable:
    """``rows``: known columns by key, the office's own columns by header, then file, sheet, row_number (all text).

    ``letters`` gives the sheet column of each, ``heads`` the header of the known ones; an empty cell is an empty text.
    """

    rows: pd.DataFrame
    letters: Mapping[str, str]
    heads: Mapping[str, str]
    file: str
    sheet: str
    header_row: int


def read_table(path: Path, columns: Sequence[Column], *, required: tuple[str, ...]) -> OfficeTable:
    """Read the file and give the first visible table whose head holds the required columns (`find_table`)."""
    return find_table(read_rows(path), columns, required=required, name=path.name)


def table_at(path: Path, columns: Sequence[Column], *, required: tuple[str, ...]) -> OfficeTable:
    """Return what `read_table` does; a table without rows where there is no file."""
    if path.is_file():
        return read_table(path, columns, required=required)
    rows = pd.DataFrame(columns=[*(column.key for column in columns), *PLACE], dtype="str")
    return OfficeTable(rows.astype({"row_number": "int64"}), {}, {}, path.name, "", 0)


def find_table(
    sheets: Iterable[Sheet], columns: Sequence[Column], *, required: tuple[str, ...], name: str, sheet: str = ""
) -> OfficeTable:
    """Return the first of `find_tables`; raises InputError, which calls the file ``name``, when there is none."""
    table = next(find_tables(sheets, columns, required=required, sheet=sheet), None)
    if table is None:
        labels = "、".join(column.label for column in columns if column.key in required)
        raise InputError(f"“{name}”里没有找到含“{labels}”的表头。", "请使用模板填写，不要改动表头文字。")
    return table


def find_tables(
    sheets: Iterable[Sheet], columns: Sequence[Column], *, required: tuple[str, ...], sheet: str = ""
) -> Iterator[OfficeTable]:
    """Yield every visible sheet (or the one named) whose head holds the required columns; titles above are passed."""
    heads = {column.key: column.label for column in columns}
    for candidate in sheets:
        if candidate.name != sheet if sheet else candidate.hidden:
            continue
        header = _header(candidate, columns, required)
        if header is not None:
            yield _table(candidate, *header, heads=heads)


def _header(sheet: Sheet, columns: Sequence[Column], required: tuple[str, ...]) -> tuple[int, dict[int, str]] | None:
    """Return the header row (0-based) and what stands in each of its columns; the row that knows most columns wins."""
    names = {plain(name): c.key for c in reversed(columns) for name in (c.key, *c.aliases, c.label)}
    heads: list[tuple[int, dict[int, str]]] = []
    for position, row in enumerate(sheet.grid[:HEADER_ROWS]):
        places: dict[str, int] = {}
        for column, text in enumerate(map(plain, map(cell_text, row))):
            key = names.get(text) or names.get(re.sub(r"\(.*\)$", "", text))
            if key:
                places.setdefault(key, column)
        if {*required} <= {*places}:
            heads.append((position, {column: key for key, column in places.items()}))
    return max(heads, key=lambda head: len(head[1]), default=None)


def _table(sheet: Sheet, header: int, keys: dict[int, str], *, heads: Mapping[str, str]) -> OfficeTable:
    names = dict(keys)
    for column, value in enumerate(sheet.grid[header]):
        label = cell_text(value).strip()
        if column not in names and label:
            names[column] = label if label not in names.values() else f"{label}（{column_letter(column)}列）"
    body = [[_cell(sheet, r, c) for c in names] for r in range(header + 1, len(sheet.grid))]
    rows = pd.DataFrame(body, columns=list(names.values()), dtype="str")
    placed = rows.assign(file=sheet.file, sheet=sheet.name, row_number=range(header + 2, len(sheet.grid) + 1))
    filled = placed[(rows != "").any(axis=1)].reset_index(drop=True)
    letters = {name: column_letter(column) for column, name in names.items()}
    return OfficeTable(filled, letters, heads, sheet.file, sheet.name, header + 1)


def _cell(sheet: Sheet, row: int, column: int) -> str:
    """Return a cell as text; a formula nobody has calculated is not an empty cell."""
    text = cell_text(sheet.grid[row][column]).strip() if column < len(sheet.grid[row]) else ""
    suspects = sheet.inspection.empty_formulas
    uncalculated = not text and suspects and f"{column_letter(column)}{row + 1}" in suspects
    return UNCALCULATED if uncalculated else text


def findings_in(
    table: OfficeTable,
    text: pd.DataFrame,
    broken: Iterable[Broken],
    *,
    regions: Mapping[int, str] | None = None,
    whole: Iterable[tuple[str, str, str]] = (),
) -> pd.DataFrame:
    """Return what does not fit in a table as findings, in the order of its cells.

    ``text``: its rows as written, with their row_number; ``whole``: (rule, column, value) of what is wrong with the
    sheet as a whole, at the cell of its head; ``regions``: region code by row.
    """
    places = {key: Place(letter, table.heads.get(key, key)) for key, letter in table.letters.items()}
    rows, head = text["row_number"].to_numpy(), np.array([table.header_row])
    violations = [Violation(rule, head, key, value) for rule, key, value in whole]
    violations += [Violation(rule, rows, key, text[key]).where(mask.fillna(False).to_numpy(dtype=bool))
                   for rule, key, mask in broken]  # fmt: skip
    findings = findings_of([rows_of(violations, file=table.file, sheet=table.sheet, places=places, regions=regions)])
    return findings.sort_values(["row_number", "cell"], kind="stable", ignore_index=True)


def numbers(text: pd.Series) -> pd.Series:
    """Return texts as numbers, of either width: thousands separators out, 97.05% is 0.9705; no number is missing.

    >>> numbers(pd.Series(["1,024", "97.5%", "１２３", "约三成", ""], dtype="str")).tolist()
    [1024.0, 0.975, 123.0, nan, nan]
    """
    plain = text.fillna("").astype("str").str.normalize("NFKC").str.replace(r"[,\s]", "", regex=True)
    percent = plain.str.endswith("%")
    written = plain.str.removesuffix("%").where(plain.str.fullmatch(r"[-+]?\d[\d.eE+-]*%?"), "")
    parsed = pd.to_numeric(written, errors="coerce")
    return parsed.astype("float64") / percent.map({True: 100.0, False: 1.0})


_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?(?:[ T].*)?$|(\d{4})(\d\d)(\d\d)$")


def day_of(text: Day | None) -> pd.Timestamp | None:
    """Return a date written 2021-06-30, 2021/6/30, 2021.6.30, 20210630 or 2021年6月30日; None for anything else.

    >>> str(day_of("2021年6月3号").date()), day_of("六月底"), day_of("2021-02-30")
    ('2021-06-03', None, None)
    """
    if isinstance(text, (date, datetime)):
        return pd.Timestamp(text).normalize().as_unit("ns")
    match = _DATE.match(unicodedata.normalize("NFKC", text or "").strip())
    if not match:
        return None
    year, month, day = (int(part) for part in match.groups() if part)
    try:
        return pd.Timestamp(year=year, month=month, day=day).as_unit("ns")
    except ValueError:
        return None


def days(text: pd.Series) -> pd.Series:
    """Return texts as dates (NaT where there is none), by `day_of`."""
    return pd.Series([day_of(value) for value in text.fillna("")], index=text.index, dtype="datetime64[ns]")


def own_book(sheets: Sequence[Sheet], name: str) -> InputError | None:
    """Return the error that says what other workbook of the office a file is, what reads it; None when it is none."""
    for kind, columns, required, way in OWN_BOOKS:
        if any(find_tables(sheets, columns, required=required)):
            return InputError(f"“{name}”是{kind}，不是事项清单，没有核对。", way.format(name))
    return None


# --- the returned task list: what departments answered, sheet by sheet ---


def read_answers(path: Path) -> pd.DataFrame:
    """Return the answers of every department's sheet: one row per task, in the columns of the task list.

    ``agreed_value`` that is no number is missing, and its text stays in ``agreed_text``. Raises InputError for a
    workbook without a task sheet, or without one task.
    """
    tables = [table.rows for table in find_tables(read_rows(path), TABLES["tasks"], required=TASK_NEEDED)]
    rows = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    if rows.empty:
        hint = "请使用 zj plan --out 导出的工作簿，不要改动表头和隐藏列。"
        raise InputError(f"“{path.name}”里没有找到任务清单。", hint)
    tasks = rows[rows["item_key"] != ""].reset_index(drop=True)
    bare = {key: tasks[key].str.replace(r"(个?工作日|天|次)$", "", regex=True) for key in TASK_NUMBERS if key in tasks}
    typed = {key: numbers(text) for key, text in bare.items()}
    written = tasks["agreed_value"] if "agreed_value" in tasks else pd.Series("", index=tasks.index)
    return tasks.assign(agreed_text=written, **typed)
