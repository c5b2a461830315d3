"""The form for who gets which report: one line per region, to be filled in and kept by the office."""

from __future__ import annotations

from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Font

from zjanalysis.columns import ADDRESS_COLUMNS
from zjanalysis.display.ledger_safe import release
from zjanalysis.display.ledger_sheet import BOX, head_cell
from zjanalysis.display.workbook import put_text
from zjanalysis.inputs.regions import region_name, report_units
from zjanalysis.inputs.workbook import column_letter

NOTE = "邮箱地址几个之间用分号；一个地区可以写几行。本工具只起草邮件，不发送。"
WIDTHS = {"region": 24, "to": 48, "cc": 48}


def write_address_template(path: Path, *, region: str) -> Path:
    """Write the form with a line for the city and for each of its report units."""
    book = Workbook()
    sheet = book.active
    sheet.title = "收件人"
    put_text(sheet.cell(1, 1), "报告收件人")
    put_text(sheet.cell(2, 1), NOTE)
    sheet.cell(1, 1).font, sheet.cell(2, 1).font = Font(bold=True, size=14), Font(color="8A3A00")
    for number, column in enumerate(ADDRESS_COLUMNS, start=1):
        head_cell(sheet.cell(3, number), column.label)
        sheet.column_dimensions[column_letter(number - 1)].width = WIDTHS[column.key]
    for position, code in enumerate((region, *report_units(region)), start=4):
        put_text(sheet.cell(position, 1), region_name(code))
        for number in range(1, len(ADDRESS_COLUMNS) + 1):
            sheet.cell(position, number).border = BOX
            sheet.cell(position, number).number_format = "@"
    sheet.freeze_panes = "B4"
    release(book, path)
    return path
