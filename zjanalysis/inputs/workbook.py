"""A file → its sheets as grids of cells. The guard looks first; nothing here knows what a column means."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import python_calamine

from zjanalysis.errors import InputError
from zjanalysis.files import write_whole
from zjanalysis.inputs.guard import Inspection, inspect
from zjanalysis.settings import Guard

SUFFIXES = (".xlsx", ".csv", ".tsv", ".txt", ".jsonl", ".json")
_TEXT_ENCODINGS = ("utf-8-sig", "gb18030")
# Sheets this project writes itself: the result of a check, and the helping sheets of the template.
OUR_SHEETS = ("核对结果", "填写说明", "填写示例", "选项")
Grid = list[list[Any]]
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

    @property
    def empty_formulas(self) -> frozenset[str]:
        """Give the cells that hold a formula without a stored result."""
        return self.inspection.empty_formulas


def read_rows(path: Path, *, guard: Guard, name: str = "") -> tuple[Sheet, ...]:
    """Read every sheet of a workbook, or the one table of a text file; ``name`` is what findings call the file.

    Raises InputError for a file that is missing, hostile, protected, damaged, too large, or of another kind.
    """
    if not path.is_file():
        raise InputError(f"找不到文件“{path}”。", "请检查文件名和所在文件夹。")
    if path.suffix.lower() in (".jsonl", ".json"):
        sheets: tuple[Sheet, ...] = (_json_sheet(path, guard=guard),)
    elif path.suffix.lower() in (".csv", ".tsv", ".txt"):
        sheets = (_text_sheet(path, guard=guard),)
    else:
        sheets = _workbook_sheets(path, inspect(path, guard), guard=guard)
    return tuple(replace(sheet, file=name) for sheet in sheets) if name else sheets


def _workbook_sheets(path: Path, seen: Mapping[str, Inspection], *, guard: Guard) -> tuple[Sheet, ...]:
    try:
        with python_calamine.load_workbook(path) as book:
            metas = [meta for meta in book.sheets_metadata if meta.typ == python_calamine.SheetTypeEnum.WorkSheet]
            wanted = [meta for meta in metas if not meta.name.startswith(OUR_SHEETS)]
            return tuple(_sheet(book, meta, path=path, seen=seen, guard=guard) for meta in wanted)
    except python_calamine.PasswordError as error:
        raise InputError(f"“{path.name}”设了打开密码。", "请在 Excel/WPS 中取消密码后另存，再放回原处。") from error
    except python_calamine.CalamineError as error:
        raise InputError(
            f"“{path.name}”打不开，文件可能已损坏（{error}）。", "请用 Excel/WPS 打开后另存为 .xlsx 再试。"
        ) from error


def _sheet(book: Any, meta: Any, *, path: Path, seen: Mapping[str, Inspection], guard: Guard) -> Sheet:
    hidden = meta.visible != python_calamine.SheetVisibleEnum.Visible
    found = book.get_sheet_by_name(meta.name)
    rows, columns = (last + 1 for last in found.end or (-1, -1))
    if columns > guard.max_columns or rows > guard.max_rows:
        raise InputError(
            f"“{path.name}”的工作表“{meta.name}”有 {rows} 行 {columns} 列，超过上限 "
            f"{guard.max_rows} 行 {guard.max_columns} 列。",
            "请删去表格右侧或下方的多余内容，或在 zjanalysis.toml 的 [guard] 调高上限。",
        )
    merged = tuple(found.merged_cell_ranges or ())
    return Sheet(
        path.name, meta.name, _grid(found), merged=merged, hidden=hidden, inspection=seen.get(meta.name, Inspection())
    )


def _grid(found: Any) -> Grid:
    """Take the rows one by one and keep every distinct text once: less memory, and columns are compared quickly.

    TRUE and FALSE become text here: later on True would be the same as 1.
    """
    once = dict[str, str]().setdefault
    left = [""] * (found.start or (0, 0))[1]
    rows = (
        [once(v, v) if type(v) is str else cell_text(v) if type(v) is bool else v for v in row]
        for row in found.iter_rows()
    )
    return [left + row for row in rows] if left else list(rows)


def _decode(path: Path, *, guard: Guard) -> str:
    """Decode a text file: UTF-16 with its mark, UTF-8 with or without, else GB18030; refuse the rest."""
    if path.stat().st_size > guard.max_file_mb * 1e6:
        raise InputError(f"“{path.name}”有 {path.stat().st_size / 1e6:.3g} MB，超过上限 {guard.max_file_mb:g} MB。",
                         "请拆成几个文件，或在 zjanalysis.toml 的 [guard] 调高 max_file_mb。")  # fmt: skip
    raw = path.read_bytes()
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise InputError(f"“{path.name}”其实是 Excel 工作簿，只是改了扩展名。", "请用 Excel/WPS 打开后另存为 .xlsx。")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    elif b"\0" in raw:
        raise InputError(f"“{path.name}”里有空字节，不是文本文件或已损坏。", "请重新导出，保存为“CSV UTF-8”。")
    else:
        encodings = _TEXT_ENCODINGS
    for encoding in encodings:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError(
        f"“{path.name}”的文字编码既不是 UTF-8 也不是 GB18030。", "请用 Excel/WPS 打开后另存为“CSV UTF-8”。"
    )


def _text_sheet(path: Path, *, guard: Guard) -> Sheet:
    text = _decode(path, guard=guard)
    if text.lstrip()[:200].lower().startswith(("<html", "<!doctype html", "<table", "<?xml")):
        raise InputError(f"“{path.name}”其实是网页表格。", "请用 Excel/WPS 打开后另存为 .xlsx。")
    first = text[:20_000].split("\n", 5)[:5]
    comma, tab, semicolon = (sum(line.count(mark) for line in first) for mark in ",\t;")
    mark = "\t" if tab > max(comma, semicolon) else ";" if semicolon > comma else ","
    csv.field_size_limit(guard.max_cell_chars)
    try:
        grid = list(csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True))
    except csv.Error as error:
        raise _csv_error(path, text, error, guard=guard) from error
    return Sheet(path.name, "", _within(grid, path=path, guard=guard))


def _csv_error(path: Path, text: str, error: csv.Error, *, guard: Guard) -> InputError:
    if "field larger" in str(error):
        return InputError(f"“{path.name}”里有一格超过 {guard.max_cell_chars} 个字，多半是引号没有成对。",
                          "请用 Excel/WPS 打开检查后另存为 .xlsx。")  # fmt: skip
    return InputError(f"“{path.name}”的引号没有成对（全文共 {text.count(chr(34))} 个英文双引号），分不清格子。",
                      "请用 Excel/WPS 打开检查后另存为 .xlsx。")  # fmt: skip


def _within(grid: Grid, *, path: Path, guard: Guard) -> Grid:
    if len(grid) > guard.max_rows or max(map(len, grid), default=0) > guard.max_columns:
        raise InputError(
            f"“{path.name}”有 {len(grid)} 行，最宽 {max(map(len, grid))} 列，超过上限 {guard.max_rows} 行 "
            f"{guard.max_columns} 列。",
            "请拆成几个文件，或在 zjanalysis.toml 的 [guard] 调高上限。",
        )
    width = max(map(len, grid), default=0)
    return [row if len(row) == width else row + [""] * (width - len(row)) for row in grid]


def _json_sheet(path: Path, *, guard: Guard) -> Sheet:
    """JSON lines (or one JSON list): every record flattened to its innermost names; row 1 is the header."""
    text = _decode(path, guard=guard)
    records: list[dict[str, Any]] = []
    lines = [(1, text)] if text.lstrip().startswith("[") else enumerate(text.splitlines(), 1)
    for number, line in lines:
        if not line.strip():
            continue
        try:
            loaded = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            raise InputError(
                f"“{path.name}”第 {number} 行不是完整的 JSON。", "请检查该行，或重新导出（每行一条记录）。"
            ) from error
        for record in loaded if isinstance(loaded, list) else [loaded]:
            if not isinstance(record, dict):
                raise InputError(
                    f"“{path.name}”第 {number} 行不是一条记录（应以 {{ 开头）。", "请重新导出（每行一条记录）。"
                )
            records.append(dict(_leaves(record)))
    header = list(dict.fromkeys(name for record in records for name in record))
    grid: Grid = [list(header), *([record.get(name, "") for name in header] for record in records)]
    return Sheet(path.name, "", _within(grid, path=path, guard=guard))


def _leaves(record: Mapping[str, Any], depth: int = 0) -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        if isinstance(value, Mapping) and depth < 20:
            yield from _leaves(value, depth + 1)
        elif not isinstance(value, (list, Mapping)):
            yield name, "" if value is None else cell_text(value) if isinstance(value, bool) else value


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
