"""The sheets of a ledger workbook: head, rows, colours, change log, conflicts, the tool's memory."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from zjanalysis.analysis.ledger_merge import as_text
from zjanalysis.analysis.ledger_state import Status
from zjanalysis.columns import HAND, LEDGER_COLUMNS, label
from zjanalysis.display.row_heights import grow_row
from zjanalysis.display.workbook import put_text
from zjanalysis.inputs.ledger_file import HELP_SHEET, LEDGER_SHEET, MEMORY_SHEET

HEAD, TOOL_HEAD = PatternFill("solid", fgColor="0B4F8A"), PatternFill("solid", fgColor="55616D")
TOOL_FILL = PatternFill("solid", fgColor="F1F3F5")
WHITE, LINE = Font(bold=True, color="FFFFFF"), Side(style="thin", color="C9D1D9")
BOX = Border(left=LINE, right=LINE, top=LINE, bottom=LINE)
# Fill and ink of each state; the word is in the cell, so nothing depends on the colour.
STATE_COLOURS = {
    Status.OVERDUE: ("FBE3D2", "8A3A00"),
    Status.NOT_STARTED: ("F7E3EC", "7A1140"),
    Status.IN_PROGRESS: ("FFF6D6", "5F4B00"),
    Status.LONG_TERM: ("E8EDF3", "1D2733"),
    Status.REACHED: ("DDF1EF", "064F4A"),
    Status.CLOSED: ("CFE8D5", "0E4A20"),
}
WIDTHS = {
    "sequence": 6, "task": 7, "clause": 10, "region": 14, "problem": 36, "indicator_label": 22, "baseline": 11,
    "target_text": 19, "current": 11, "gap": 17, "lead_unit": 24, "cooperating_units": 36, "person": 10, "measures": 26,
    "deadline": 11, "status": 14, "progress": 28, "evidence": 20, "closed_on": 12, "opened_on": 12, "reached_on": 12,
    "progress_on": 12, "hint": 30, "ledger_id": 18,
}  # fmt: skip
HEADER_ROW = 3
HELP = (
    ("谁填哪些列", "深蓝表头的列由人填写，工具只读不改；灰表头、灰底的列由工具填写，手工改动会在下次更新时恢复。"),
    ("编号", "每行的身份，请勿改动。行可以任意排序、筛选、插入。新增的问题编号留空，更新时自动编为“自001”。"),
    ("自加列", "可以在右侧增加自己的列，工具原样保留，格式、批注也保留。请不要插入图表、图形或线程批注。"),
    ("未启动", "没有进展说明，也没有佐证。"),
    ("推进中", "有进展说明或佐证，尚未达标，未过完成时限。"),
    ("长期推进", "完成时限为“长期推进”，有进展，尚未达标。"),
    ("逾期", "过了完成时限仍未达标。"),
    ("已达标待销号", "当前值达到目标，尚缺佐证或销号日期。"),
    ("已销号", "当前值达到目标，有佐证，销号日期不早于达标日期、不晚于更新当日。三条缺一不可，手工改“状态”无效。"),
    ("回落", "已达标或已销号的事项，数值回落后自动重新启动；原销号日期保留在表中，但须重新填写才能再次销号。"),
    ("差距", "“优”为好于目标，“差”为不及目标；提高、降低类与基期值比。"),
    ("口径改变", "好评率口径在 2020 年改变，跨 2020 年不作比较，自动以改变后的第一期为新基期。"),
    ("合并", "交回的副本逐格合并：只取对方改过、而台账没有再改的格；冲突列在“冲突清单”，由人决定。"),
)  # fmt: skip


def put(cell: Cell, value: Any, number_format: str = "General") -> None:
    """Write one value without touching the style: text never becomes a formula, nothing stays nothing."""
    if isinstance(value, str):
        put_text(cell, value)
    elif isinstance(value, (int, float, datetime)):
        cell.value = value
        cell.number_format = number_format
    else:
        cell.value = None


def head_cell(cell: Cell, text: str, *, tool: bool = False) -> None:
    """Write a head: blue for what people fill in, grey for what the tool does."""
    put_text(cell, text)
    cell.fill, cell.font, cell.border = (TOOL_HEAD if tool else HEAD), WHITE, BOX
    cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)


def new_book(*, title: str, note: str) -> Workbook:
    """Give a ledger workbook without rows: 台账, 填写说明, 变更记录."""
    book = Workbook()
    sheet = book.active
    sheet.title = LEDGER_SHEET
    put_text(sheet.cell(1, 1), title)
    sheet.cell(1, 1).font = Font(bold=True, size=16)
    put_text(sheet.cell(2, 1), note)
    sheet.cell(2, 1).font = Font(color="8A3A00", bold=True)
    for number, column in enumerate(LEDGER_COLUMNS, start=1):
        head_cell(sheet.cell(HEADER_ROW, number), column.label, tool=column.key not in HAND)
        sheet.column_dimensions[get_column_letter(number)].width = WIDTHS[column.key]
    sheet.row_dimensions[1].height, sheet.row_dimensions[HEADER_ROW].height = 26, 30
    sheet.freeze_panes = sheet.cell(HEADER_ROW + 1, 6)
    for_paper(sheet, head=HEADER_ROW, paper=sheet.PAPERSIZE_A3)
    last = [c.key for c in LEDGER_COLUMNS].index("closed_on") + 1
    sheet.print_area = f"A1:{get_column_letter(last)}{HEADER_ROW + 1}"
    _help(book.create_sheet(HELP_SHEET))
    return book


def for_paper(sheet: Worksheet, *, head: int, paper: str) -> None:
    """Print landscape on one page's width, the head on every page, page numbers at the foot."""
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", paper
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = f"1:{head}"
    sheet.oddFooter.center.text = "第 &P 页，共 &N 页"
    sheet.page_margins.left = sheet.page_margins.right = 0.4


def _help(sheet: Worksheet) -> None:
    put_text(sheet.cell(1, 1), "填写说明")
    sheet.cell(1, 1).font = Font(bold=True, size=14)
    for row, (term, text) in enumerate(HELP, start=3):
        put_text(sheet.cell(row, 1), term)
        put_text(sheet.cell(row, 2), text)
        sheet.cell(row, 1).font = Font(bold=True)
        sheet.cell(row, 1).alignment = sheet.cell(row, 2).alignment = Alignment(wrap_text=True, vertical="top")
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 16, 100
    for row in range(3, 3 + len(HELP)):
        grow_row(sheet, row)


def dress(sheet: Worksheet, row: int, letters: dict[str, str]) -> None:
    """Give a new row of the ledger its borders, wrapping and the grey of the tool's cells."""
    for key, letter in letters.items():
        cell = sheet[f"{letter}{row}"]
        cell.border = BOX
        centred = key in ("sequence", "task", "clause", "status", "deadline", "closed_on", "reached_on", "opened_on")
        cell.alignment = Alignment(wrap_text=True, vertical="top", horizontal="center" if centred else None)
        if key in {c.key for c in LEDGER_COLUMNS} - set(HAND):
            cell.fill = TOOL_FILL
        if key in ("closed_on", "reached_on", "opened_on", "progress_on"):
            cell.number_format = "yyyy-mm-dd"


def colour_states(sheet: Worksheet, *, letter: str, first: int, last: int) -> None:
    """Colour the states by rule, so that colour follows the word whatever is sorted or typed."""
    for state, (fill, ink) in STATE_COLOURS.items():
        rule = CellIsRule("equal", [f'"{state}"'], fill=PatternFill(bgColor=fill), font=Font(color=ink, bold=True))
        sheet.conditional_formatting.add(f"{letter}{first}:{letter}{last}", rule)


def append_lines(book: Workbook, name: str, rows: pd.DataFrame, widths: dict[str, int]) -> None:
    """Append rows under a sheet's table (变更记录, 冲突清单), making the sheet when it is not there."""
    if name not in book.sheetnames:
        sheet = book.create_sheet(name)
        for number, key in enumerate(rows.columns, start=1):
            head_cell(sheet.cell(1, number), label(key, "ledger", "changes"), tool=True)
            sheet.column_dimensions[get_column_letter(number)].width = widths.get(key, 16)
        sheet.freeze_panes = "A2"
        for_paper(sheet, head=1, paper=sheet.PAPERSIZE_A4)
    sheet = book[name]
    for position, row in enumerate(rows.to_dict("records"), start=sheet.max_row + 1):
        for number, value in enumerate(row.values(), start=1):
            cell = sheet.cell(position, number)
            put(cell, value.to_pydatetime() if isinstance(value, pd.Timestamp) else value, "yyyy-mm-dd")
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        grow_row(sheet, position)


def remember(book: Workbook, ledger: pd.DataFrame) -> None:
    """Write the tool's memory: every cell as it stands now, on a sheet nobody sees."""
    if MEMORY_SHEET in book.sheetnames:
        del book[MEMORY_SHEET]
    sheet = book.create_sheet(MEMORY_SHEET)
    sheet.sheet_state = "veryHidden"
    kept = ledger.drop(columns=["file", "sheet", "row_number"], errors="ignore")
    texts = kept.apply(as_text)
    for number, key in enumerate(texts.columns, start=1):
        put_text(sheet.cell(1, number), str(key))
    for position, row in enumerate(texts.itertuples(index=False), start=2):
        for number, text in enumerate(row, start=1):
            if text:
                put_text(sheet.cell(position, number), text)


LOG_WIDTHS = {"changed_by": 24, "ledger_id": 18, "column": 14, "old": 40, "new": 40}
CONFLICT_WIDTHS = {
    "in_master": 36,
    "in_copy": 36,
    "changed_by": 24,
    "reason": 30,
    "ledger_id": 18,
    "indicator_label": 20,
}
