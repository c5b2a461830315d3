"""How high a row must be for its wrapped texts: Excel may work it out on opening, LibreOffice and WPS do not."""

from __future__ import annotations

import math

from openpyxl.cell import Cell
from openpyxl.utils import column_index_from_string
from openpyxl.worksheet.worksheet import Worksheet

from zjanalysis.display.theme import ems

LINE, AIR, MOST = 16.5, 3.0, 409.0  # points: a line of 11-point Chinese, above and below, the limit of Excel
PER_EM, MARGIN, USUAL = 2.1, 1.0, 8.43  # in the unit of column widths, the width of a 0


def grow_row(sheet: Worksheet, row: int) -> None:
    """Make a row high enough for its wrapped texts; a row that is high enough, or higher, keeps its height."""
    widths = _widths(sheet)
    cells = [cell for cell in sheet[row] if isinstance(cell.value, (str, list)) and cell.alignment.wrap_text]
    lines = max((_lines(cell, widths.get(cell.column, USUAL)) for cell in cells), default=1.0)
    height = min(MOST, lines * LINE + AIR)
    if height > (sheet.row_dimensions[row].height or 0.0):
        sheet.row_dimensions[row].height = height


def _widths(sheet: Worksheet) -> dict[int, float]:
    """Give the width of every visible column that has one of its own; one width may hold for several columns."""
    spans = {column_index_from_string(letter): about for letter, about in sheet.column_dimensions.items()}
    return {
        number: math.inf if about.hidden else about.width
        for start, about in spans.items()
        for number in range(start, (about.max or start) + 1)
    }


def _lines(cell: Cell, width: float) -> float:
    """Give how many 11-point lines the text takes in a column of that width."""
    size = float(cell.font.sz or 11) / 11
    room = max(width - MARGIN, PER_EM)
    return size * sum(max(1, math.ceil(ems(part) * PER_EM * size / room)) for part in str(cell.value).split("\n"))
