"""Workbooks people write in: cells, heads, paper, row heights, and how such a workbook is put in place of the old one.

Excel may work out the height of a row when it opens a file; LibreOffice and WPS do not, so it is set here.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import column_index_from_string
from openpyxl.worksheet import _reader
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.xml.constants import SHEET_MAIN_NS

from zjanalysis.display.theme import ems
from zjanalysis.errors import PublishError
from zjanalysis.neutral import put_text

HEAD, TOOL_HEAD = PatternFill("solid", fgColor="0B4F8A"), PatternFill("solid", fgColor="55616D")
TOOL_FILL = PatternFill("solid", fgColor="F1F3F5")
WHITE, _EDGE = Font(bold=True, color="FFFFFF"), Side(style="thin", color="C9D1D9")
BOX = Border(left=_EDGE, right=_EDGE, top=_EDGE, bottom=_EDGE)
LINE, AIR, MOST = 16.5, 3.0, 409.0  # points: a line of 11-point Chinese, above and below, the limit of Excel
_TEXT = f"{{{SHEET_MAIN_NS}}}t"
Looks = tuple[Any, ...]
PER_EM, MARGIN, USUAL = 2.1, 1.0, 8.43  # in the unit of column widths, the width of a 0


def opened(path: Path) -> Workbook:
    """Open a workbook with its rich text; a cell without any is taken as it is, which halves the time."""
    slow = _reader.parse_richtext_string

    def text_of(element: Any) -> Any:
        plain = element.findtext(_TEXT)
        return plain.replace("x005F_", "") if plain else slow(element)

    _reader.parse_richtext_string = text_of
    try:
        return load_workbook(path, rich_text=True)
    finally:
        _reader.parse_richtext_string = slow


def put(cell: Cell, value: Any, number_format: str = "General") -> None:
    """Write one value without touching the style: text never becomes a formula, nothing stays nothing."""
    if isinstance(value, str):
        put_text(cell, value)
    elif isinstance(value, (int, float, datetime)):
        cell.value = value
        cell.number_format = number_format
    else:
        cell.value = None


def head_cell(cell: Cell, text: str, *, tool: bool = False, width: float = 0.0) -> None:
    """Write a head, blue for what people fill in, grey for what the tool does, and set its column's ``width``."""
    put_text(cell, text)
    if width:
        cell.parent.column_dimensions[cell.column_letter].width = width
    cell.fill, cell.font, cell.border = (TOOL_HEAD if tool else HEAD), WHITE, BOX
    cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)


def for_paper(sheet: Worksheet, *, head: int, paper: str) -> None:
    """Print landscape on one page's width, the head on every page, page numbers at the foot."""
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", paper
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = f"1:{head}"
    sheet.oddFooter.center.text = "第 &P 页，共 &N 页"
    sheet.page_margins.left = sheet.page_margins.right = 0.4


def grow_row(sheet: Worksheet, row: int, last: int) -> None:
    """Make a row high enough for the wrapped texts up to its ``last`` column; one that is high enough stays."""
    widths = _widths(sheet)
    (own,) = sheet.iter_rows(min_row=row, max_row=row, min_col=1, max_col=last)
    cells = [cell for cell in own if isinstance(cell.value, (str, list)) and cell.alignment.wrap_text]
    lines = max((_lines(cell, widths.get(cell.column, USUAL)) for cell in cells), default=1.0)
    height = min(MOST, lines * LINE + AIR)
    if height > (sheet.row_dimensions[row].height or 0.0):
        sheet.row_dimensions[row].height = height


def _widths(sheet: Worksheet) -> dict[int, float]:
    """Return the width of every visible column that has one of its own; one width may hold for several columns."""
    spans = {column_index_from_string(letter): about for letter, about in sheet.column_dimensions.items()}
    return {
        number: math.inf if about.hidden else about.width
        for start, about in spans.items()
        for number in range(start, (about.max or start) + 1)
    }


def _lines(cell: Cell, width: float) -> float:
    """Return how many 11-point lines the text takes in a column of that width."""
    size = float(cell.font.sz or 11) / 11
    room = max(width - MARGIN, PER_EM)
    return size * sum(max(1, math.ceil(ems(part) * PER_EM * size / room)) for part in str(cell.value).split("\n"))


def release(book: Workbook, path: Path, *, kept: Mapping[str, Looks] | None = None) -> Path:
    """Save beside the target, check that nothing else moved, then take the old file's place in one step; give the path.

    ``kept``: the cells (`looks_of`) that have to be as they were. Raises PublishError (the old file stays) when one is
    not, or the disk refuses.
    """
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.xlsx")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        book.save(temporary)
        if kept:
            _compare(kept, temporary)
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        return temporary.replace(path)
    except OSError as error:
        raise PublishError(
            f"“{path.name}”写不进去（{error.strerror}），原文件没有变。", "请检查磁盘空间、权限，或是否正被打开。"
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def _compare(kept: Mapping[str, Looks], path: Path) -> None:
    book = opened(path)
    now, bare = looks_of(book), _looks(Cell(book.worksheets[0], 1, 1), {})
    lost = [place for place, look in kept.items() if now.get(place, bare) != look]
    if lost:
        raise PublishError(
            f"改写后有 {len(lost)} 处与原件不同（如 {lost[0]}），因此没有替换原文件。", "请把这份文件交给维护者。"
        )


def looks_of(book: Workbook) -> dict[str, Looks]:
    """Return value, note, format, font and fill of every cell people can see, by sheet and address (台账!A1)."""
    seen = [sheet for sheet in book.worksheets if sheet.sheet_state != "veryHidden"]
    styles: dict[bytes, Looks] = {}
    return {
        f"{sheet.title}!{c.coordinate}": _looks(c, styles) for sheet in seen for row in sheet.iter_rows() for c in row
    }


def _looks(cell: Any, styles: dict[bytes, Looks]) -> Looks:
    """Return how a cell looks; what each of its workbook's ``styles`` looks like is made out once."""
    style = bytes(cell._style or b"")
    if style not in styles:
        color, fill = cell.font.color and cell.font.color.rgb, cell.fill.fgColor.rgb
        styles[style] = cell.number_format, bool(cell.font.b), color, fill, bool(cell.alignment.wrap_text)
    return str(cell.value), cell.comment.text if cell.comment else None, *styles[style]
