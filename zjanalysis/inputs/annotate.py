"""The annotated copy of a workbook: wrong cells coloured and commented, a first sheet 核对结果 that links to them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, MergedCell
from openpyxl.chart import BarChart
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from zjanalysis.columns import FINDING_COLUMNS
from zjanalysis.inputs.drawings import Redrawn, carried, left_behind
from zjanalysis.inputs.rules import ERROR, LEVELS, NOTE, WARNING
from zjanalysis.inputs.saving import save_book
from zjanalysis.inputs.workbook import OUR_SHEETS, cell_text, read_rows
from zjanalysis.settings import Settings, load_settings

RESULT = OUR_SHEETS[0]
COLOURS = {ERROR: "F8CBAD", WARNING: "FFE699", NOTE: "DDEBF7"}  # the word stands in the comment: colour never alone
COMMENTS = 5_000  # a workbook with more comments opens slowly: errors and warnings come first
_COLUMNS = ("level", "sheet", "cell", "header", "value", "message", "action", "used")
_HEADS = {column.key: column.label for column in FINDING_COLUMNS}
_WIDTHS = (6, 8, 16, 10, 20, 28, 60, 50, 10)


def annotate(path: Path, findings: pd.DataFrame, out: Path, *, settings: Settings | None = None) -> Path:
    """Write the annotated copy of one file to ``out`` (.xlsx) and give its path; the file itself is not touched.

    ``findings``: those of this file. Formats, widths, formulas, merged cells, validations and the other sheets stay;
    charts, shapes and pictures are carried over as they are, and the first sheet says so where some could not be (form
    controls, slicers, pivot tables, chart sheets). A text file becomes a workbook. Raises InputError for a file that
    cannot be opened or an ``out`` that cannot be written.
    """
    sheets = read_rows(path, guard=(settings or load_settings()).guard)  # the guard, before openpyxl sees the file
    is_book, kept = path.suffix.lower() == ".xlsx", {}
    if is_book:
        book, kept = openpyxl.load_workbook(path, rich_text=True), carried(path)
    else:
        book = openpyxl.Workbook()
        book.active.title = "数据"
        for row in sheets[0].grid:
            _append(book.active, [cell_text(value) for value in row])
    own = {} if is_book else {"": book.worksheets[0].title}
    told = findings.assign(sheet=findings["sheet"].replace(own))
    _mark(book, told)
    _result(book, told, file=path.name, lost=is_book and left_behind(path, kept))
    for sheet in kept:
        book[sheet].add_chart(BarChart(), "A1")  # so that the sheet has a drawing, whose content is then exchanged
    return save_book(Redrawn(book, path, kept) if kept else book, out, what="核对副本")


def _append(sheet: Worksheet, texts: Iterable[str]) -> None:
    """Add a row of texts; none of them becomes a formula."""
    row = sheet.max_row + 1 if sheet.max_row > 1 or sheet["A1"].value is not None else 1
    for column, text in enumerate(texts, 1):
        _text(sheet.cell(row, column), text)


def _text(cell: Any, text: str) -> None:
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)[:32_767]
    cell.data_type = "s"


def _mark(book: openpyxl.Workbook, findings: pd.DataFrame) -> None:
    """Colour the cells by their gravest level and put the sentences into a comment."""
    placed = findings[findings["cell"].ne("") & findings["sheet"].isin(book.sheetnames)]
    placed = placed.assign(
        grave=placed["level"].map(LEVELS.index), text=placed["level"] + "：" + placed["message"] + placed["action"]
    )
    cells = placed.sort_values("grave", kind="stable").groupby(["sheet", "cell"], sort=False)
    told = cells.agg(level=("level", "first"), text=("text", "\n".join)).reset_index()
    for number, (sheet, address, level, text) in enumerate(zip(*(told[c] for c in told.columns), strict=True)):
        cell = _top_left(book[sheet], book[sheet][address])
        cell.fill = PatternFill("solid", start_color=COLOURS[level], end_color=COLOURS[level])
        if number < COMMENTS:
            before = f"{cell.comment.text}\n" if cell.comment else ""
            cell.comment = Comment(ILLEGAL_CHARACTERS_RE.sub("", before + text)[:2_000], "核对", height=140, width=320)


def _top_left(sheet: Worksheet, cell: Any) -> Any:
    """Give the cell of a merged range that can be marked."""
    if not isinstance(cell, MergedCell):
        return cell
    ranges = [r for r in sheet.merged_cells.ranges if cell.coordinate in r]
    return sheet.cell(ranges[0].min_row, ranges[0].min_col)


def _result(book: openpyxl.Workbook, findings: pd.DataFrame, *, file: str, lost: bool) -> None:
    """Put the first sheet: what was found, in numbers and in a list, gravest first, with a link to every cell."""
    name = RESULT if RESULT not in book.sheetnames else f"{RESULT}（{len(book.sheetnames)}）"
    for sheet in book.worksheets:
        sheet.sheet_view.tabSelected = False
    sheet = book.create_sheet(name, 0)
    book.active = 0
    counts = "，".join(f"{level} {int(findings['level'].eq(level).sum())} 处" for level in LEVELS)
    notes = [
        f"“{file}”核对结果：{counts if len(findings) else '没有发现问题'}。",
        "橙色为错误，黄色为警告，蓝色为提示；批注写明问题和处理建议。点“单元格”一栏可跳到该格。",
    ]
    if lost:
        notes.append("注意：原工作簿中的部分图表、图形或控件没有带入本副本，请以原工作簿为准。")
    for row, text in enumerate(notes, 1):
        _text(sheet.cell(row, 1), text)
        sheet.cell(row, 1).font = Font(bold=row == 1, size=14 if row == 1 else 11)
    head = len(notes) + 2
    for column, (key, width) in enumerate(zip(("number", *_COLUMNS), _WIDTHS, strict=True), 1):
        cell = sheet.cell(head, column, _HEADS.get(key, "序号"))
        cell.font = Font(bold=True)
        sheet.column_dimensions[cell.column_letter].width = width
    sheet.freeze_panes = sheet.cell(head + 1, 1)
    sheet.auto_filter.ref = f"A{head}:I{head + len(findings)}"
    sheet.print_title_rows = f"{head}:{head}"
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    grave = findings.assign(grave=findings["level"].map(LEVELS.index))
    _list(sheet, grave.sort_values(["grave", "sheet", "row_number"], kind="stable"), head + 1)


def _list(sheet: Worksheet, findings: pd.DataFrame, first: int) -> None:
    known = set(sheet.parent.sheetnames)
    shown = findings.assign(used=findings["used"].map({True: "是", False: "否"}))[list(_COLUMNS)].fillna("")
    for number, texts in enumerate(zip(*(shown[key] for key in _COLUMNS), strict=True)):
        row = first + number
        sheet.cell(row, 1, number + 1)
        for column, text in enumerate(texts, 2):
            _text(sheet.cell(row, column), text)
            sheet.cell(row, column).alignment = Alignment(wrap_text=True, vertical="top")
        lines = [-(-2 * len(text) // width) for text, width in zip(texts, _WIDTHS[1:], strict=True)]
        sheet.row_dimensions[row].height = 15 * min(max(lines), 8)  # a Chinese character is two wide
        level, where, address = texts[:3]
        sheet.cell(row, 2).fill = PatternFill("solid", start_color=COLOURS[level], end_color=COLOURS[level])
        if address and where in known:
            quoted = where.replace("'", "''")
            sheet.cell(row, 4).hyperlink = f"#'{quoted}'!{address}"
            sheet.cell(row, 4).font = Font(color="0563C1", underline="single")
