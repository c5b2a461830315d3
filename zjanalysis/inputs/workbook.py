"""A file → its sheets as grids of cells. The guard looks first; nothing here knows what a column means."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import python_calamine

from zjanalysis.errors import InputError
from zjanalysis.files import write_whole
from zjanalysis.inputs.guard import Inspection, inspect
from zjanalysis.inputs.textfile import Grid, json_grid, text_grid
from zjanalysis.inputs.wall import read_apart
from zjanalysis.settings import Guard, load_settings

SUFFIXES = (".xlsx", ".csv", ".tsv", ".txt", ".jsonl", ".json")
# Sheets this project writes itself: the result of a check, and the helping sheets of the template.
OUR_SHEETS = ("核对结果", "填写说明", "填写示例", "选项")
_OURS = re.compile(rf"(?:{'|'.join(OUR_SHEETS)})(?:（\d+）)?")
_MERGED_ROWS = 20_000_000  # in all merged ranges of a sheet
Range = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class Sheet:
    """One sheet as written: ``grid[r][c]``, row 1 of the sheet first; merged ranges are 0-based (start, end)."""

    file: str
    name: str
    grid: Grid
    merged: tuple[Range, ...] = ()
    hidden: bool = False
    inspection: Inspection = field(default_factory=Inspection)


def read_rows(path: Path, *, guard: Guard | None = None) -> tuple[Sheet, ...]:
    """Read every sheet of a workbook, or the one table of a text file, behind the wall (`inputs.wall`).

    Raises InputError for a file that is missing, hostile, protected, damaged, larger than the settings (or ``guard``)
    allow, or of another kind.
    """
    limits = guard or load_settings().guard
    return read_apart(sheets_of, path.name, path.absolute(), limits, guard=limits)


def sheets_of(path: Path, guard: Guard, name: str = "") -> tuple[Sheet, ...]:
    """Read a file in this process, as `read_rows` does behind the wall; ``name`` is what findings call it."""
    if not path.is_file():
        raise InputError(f"找不到文件“{path}”。", "请检查文件名和所在文件夹。")
    if path.suffix.lower() in (".jsonl", ".json"):
        sheets: tuple[Sheet, ...] = (Sheet(path.name, "", json_grid(path, guard)),)
    elif path.suffix.lower() in (".csv", ".tsv", ".txt"):
        sheets = (Sheet(path.name, "", text_grid(path, guard)),)
    else:
        sheets = _workbook_sheets(path, inspect(path, guard), guard=guard)
    return tuple(replace(sheet, file=name) for sheet in sheets) if name else sheets


def _workbook_sheets(path: Path, scans: Mapping[str, Inspection], *, guard: Guard) -> tuple[Sheet, ...]:
    try:
        with python_calamine.load_workbook(path) as book:
            metas = [meta for meta in book.sheets_metadata if meta.typ == python_calamine.SheetTypeEnum.WorkSheet]
            wanted = [meta for meta in metas if not _OURS.fullmatch(meta.name)]
            return tuple(_sheet(book, meta, path=path, scans=scans, guard=guard) for meta in wanted)
    except python_calamine.PasswordError as error:
        raise InputError(f"“{path.name}”设了打开密码。", "请在 Excel/WPS 中取消密码后另存，再放回原处。") from error
    except python_calamine.CalamineError as error:
        raise InputError(
            f"“{path.name}”打不开，文件可能已损坏（{error}）。", "请用 Excel/WPS 打开后另存为 .xlsx 再试。"
        ) from error


def _sheet(book: Any, meta: Any, *, path: Path, scans: Mapping[str, Inspection], guard: Guard) -> Sheet:
    hidden = meta.visible != python_calamine.SheetVisibleEnum.Visible
    cells = book.get_sheet_by_name(meta.name)
    rows, columns = (last + 1 for last in cells.end or (-1, -1))
    if columns > guard.max_columns or rows > guard.max_rows:
        raise InputError(
            f"“{path.name}”的工作表“{meta.name}”有 {rows} 行 {columns} 列，超过上限 "
            f"{guard.max_rows} 行 {guard.max_columns} 列。",
            "请删去表格右侧或下方的多余内容，或在 zjanalysis.toml 的 [guard] 调高上限。",
        )
    merged = tuple(cells.merged_cell_ranges or ())
    if sum(bottom - top for (top, _), (bottom, _) in merged) > _MERGED_ROWS:
        raise InputError(
            f"“{path.name}”的工作表“{meta.name}”有合并单元格互相重叠，不予读取。", "请取消合并后逐行填写，再交。"
        )
    return Sheet(
        path.name, meta.name, _grid(cells), merged=merged, hidden=hidden, inspection=scans.get(meta.name, Inspection())
    )


def _grid(cells: Any) -> Grid:
    """Take the rows one by one and keep every distinct text once: less memory, and columns are compared quickly.

    TRUE and FALSE become text here: later on True would be the same as 1.
    """
    once = dict[str, str]().setdefault
    left = [""] * (cells.start or (0, 0))[1]
    rows = (
        [once(v, v) if type(v) is str else cell_text(v) if type(v) is bool else v for v in row]
        for row in cells.iter_rows()
    )
    return [left + row for row in rows] if left else list(rows)


def cell_text(value: Any) -> str:
    """Give a cell as text the way Excel shows it; a number beyond 15 digits stays in E notation (its digits are lost).

    >>> cell_text(20.0), cell_text(440101007000.0), cell_text(1.144e30), cell_text(datetime(2021, 1, 3))
    ('20', '440101007000', '1.144e+30', '2021-01-03')
    """
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, timedelta):
        return f"{value.total_seconds() / 86400:g}天（时间格式）"
    text = "" if value is None else str(value)
    return "" if text == "nan" else text.removesuffix(" 00:00:00") if isinstance(value, datetime) else text


def column_letter(position: int) -> str:
    """Return the letters of a column counted from 0.

    >>> column_letter(0), column_letter(25), column_letter(26)
    ('A', 'Z', 'AA')
    """
    text, rest = "", position + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        text = chr(65 + digit) + text
    return text


def save_book(book: Any, path: Path, *, what: str) -> Path:
    """Save an openpyxl workbook, whole or not at all, and return its path; ``what`` names it in the InputError."""
    content = io.BytesIO()
    book.save(content)
    try:
        return write_whole(path, content.getvalue())
    except OSError as error:
        hint = "请关闭正在打开它的程序，或换一个输出位置。"
        raise InputError(f"写不出{what}“{path}”（{error.strerror}）。", hint) from error
