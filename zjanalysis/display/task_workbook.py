"""The task list of a plan as a workbook: one sheet per department, an empty answer with its choices, ready to send."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from zjanalysis.analysis.tasks import ANSWERS
from zjanalysis.columns import TASK_COLUMNS
from zjanalysis.display.sheets import for_paper, grow_row, head_cell, put, release
from zjanalysis.display.workbook import sheet_names

WIDTHS = {"order": 6, "item_key": 34, "match_code": 16, "item_name": 40, "department": 24, "basis": 36, "due": 14,
          "current_text": 14, "proposed_text": 14, "gain": 12, "responsible": 24, "answer": 12,
          "agreed_value": 10}  # fmt: skip
HIDDEN = ("match_code", "to_value", "indicator", "region_code")
HAND = ("responsible", "due", "answer", "agreed_value")
HEAD = 3


def write_tasks(tasks: pd.DataFrame, path: Path, *, title: str, sample: bool = False) -> Path:
    """Write `task_list` as a workbook: 目录, then one sheet per department, the largest gain first.

    The columns 反馈 (drop-down) and 商定值 are for the department; the hidden ones bring the answer home. No text can
    become a formula; the file appears whole or not at all.
    """
    book = Workbook()
    groups = list(tasks.groupby("department", sort=False))
    names = sheet_names([str(department) for department, _ in groups])
    contents: Worksheet = book.active
    contents.title = "目录"
    put(contents.cell(1, 1), title + ("（示例数据，模拟）" if sample else ""))
    contents.cell(1, 1).font = Font(bold=True, size=14)
    put(contents.cell(2, 1), "请各部门在本部门页的“反馈”列选择；与建议值不同的，选“部分同意”并填“商定值”。")
    for row, (name, (department, rows)) in enumerate(zip(names, groups, strict=True), start=4):
        put(contents.cell(row, 1), str(department))
        put(contents.cell(row, 2), f"{len(rows)}项")
        contents.cell(row, 1).hyperlink = Hyperlink(ref=f"A{row}", location=f"'{name}'!A1")
        _sheet(
            book.create_sheet(name), rows, title=f"{title} · {department}" + ("（示例数据，模拟）" if sample else "")
        )
    contents.column_dimensions["A"].width, contents.column_dimensions["B"].width = 48, 10
    release(book, path)
    return path


def _sheet(sheet: Worksheet, rows: pd.DataFrame, *, title: str) -> None:
    put(sheet.cell(1, 1), title)
    sheet.cell(1, 1).font = Font(bold=True, size=13)
    letters = {column.key: get_column_letter(n) for n, column in enumerate(TASK_COLUMNS, start=1)}
    for number, column in enumerate(TASK_COLUMNS, start=1):
        head_cell(sheet.cell(HEAD, number), column.label, tool=column.key not in HAND)
        sheet.column_dimensions[letters[column.key]].width = WIDTHS.get(column.key, 12)
        sheet.column_dimensions[letters[column.key]].hidden = column.key in HIDDEN
    cells = rows[[column.key for column in TASK_COLUMNS]].astype(object)
    for position, row in enumerate(cells.where(cells.notna(), None).itertuples(index=False), start=HEAD + 1):
        for number, value in enumerate(row, start=1):
            cell = sheet.cell(position, number)
            put(cell, value, "0.00%" if TASK_COLUMNS[number - 1].key == "gain" else "General")
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        grow_row(sheet, position, len(TASK_COLUMNS))
    answers = f"{letters['answer']}{HEAD + 1}:{letters['answer']}{HEAD + len(rows)}"
    choice = DataValidation("list", formula1=f'"{",".join(ANSWERS)}"', allow_blank=True, showErrorMessage=True,
                            errorTitle="反馈", error="请从列表选择：" + "、".join(ANSWERS))  # fmt: skip
    sheet.add_data_validation(choice)
    choice.add(answers)
    sheet.freeze_panes = f"A{HEAD + 1}"
    for_paper(sheet, head=HEAD, paper=sheet.PAPERSIZE_A4)
