"""The workbook beside a page: a sheet that explains, then one sheet per table; the same tables give the same bytes."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from datetime import date, datetime
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.styles.cell_style import StyleArray
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from zjanalysis.columns import Column
from zjanalysis.display import wording
from zjanalysis.display.tables import DELTA_TEXT, NUMERIC, UNIT_TEXT, Table, decimals_of, table_from_payload
from zjanalysis.display.theme import ems
from zjanalysis.neutral import put_text, safe_text, without_hidden
from zjanalysis.units import UNITS

CONTENTS = "目录与说明"
FIXED = datetime(2021, 1, 1)  # neither docProps nor the zip entries carry a clock
FONT = "微软雅黑"  # named, so that no office program takes a Latin one; where it is not there, the program's own
DATE = "yyyy-mm-dd"
FORMATS = {"share": "0.00%", "days": "0.00", "visits": "0.0000", "count": "0", "number": "General", "score": "0.00"}
SIGNED = {"points": "+0.00;-0.00;0.00", "share": "+0.00;-0.00;0.00", "days": "+0.00;-0.00;0.00",
          "visits": "+0.0000;-0.0000;0.0000", "count": "+0;-0;0", "score": "+0.00;-0.00;0.00"}  # fmt: skip
LOOKS = {
    "title": {"font": Font(name=FONT, bold=True, size=14)},
    "caption": {"font": Font(name=FONT, bold=True, size=12)},
    "mark": {"font": Font(name=FONT, bold=True, size=12, color="A61B1B")},
    "head": {"fill": PatternFill("solid", fgColor="0B4F8A"), "font": Font(name=FONT, bold=True, color="FFFFFF"),
             "alignment": Alignment(wrap_text=True, vertical="center")},
    "link": {"font": Font(name=FONT, color="0B4F8A", underline="single")},
    "text": {"alignment": Alignment(wrap_text=True, vertical="top")},
    "body": {"font": Font(name=FONT), "border": Border(bottom=Side(style="thin", color="D5DBE1"))},
    "focus": {"fill": PatternFill("solid", fgColor="EFF3F7")},
    "note": {"font": Font(name=FONT, color="55616D")},
}  # fmt: skip
Notes = Sequence[str | tuple[str, str]]
Tables = Iterable[Table | Mapping[str, Any]]
Dressed = dict[tuple[object, ...], StyleArray]  # of one workbook: style before and name of the look → style after


def workbook_bytes(tables: Tables, *, title: str, notes: Notes = (), sample: bool = False) -> bytes:
    """Return the tables (or their JSON payloads) as one .xlsx.

    The first sheet holds the title, the notes (a sentence, or a term and its text) and the contents. Shares are
    numbers shown as 0.00%, differences of shares are numbers of points with their sign, dates are dates, missing cells
    stay empty, and no text can become a formula. ``sample`` marks every sheet, its header and footer included. The same
    tables give the same bytes.
    """
    printed = [one if isinstance(one, Table) else table_from_payload(one) for one in tables]
    names = sheet_names([one.sheet or one.caption for one in printed])
    book, dressed = Workbook(), Dressed()
    _contents(book.active, dressed, title=title, notes=notes, entries=list(zip(names, printed, strict=True)))
    for name, one in zip(names, printed, strict=True):
        _sheet(book.create_sheet(name), one, dressed)
    for sheet in book.worksheets if sample else ():
        _mark(sheet, dressed)
    book.properties.creator = book.properties.lastModifiedBy = "zjanalysis"
    book.properties.title = safe_text(f"{title}【{wording.SAMPLE}】" if sample else title)
    raw = io.BytesIO()
    _Writer(book, zipfile.ZipFile(raw, "w")).save()  # `repack` compresses
    return repack(raw.getvalue())


class _Writer(ExcelWriter):  # type: ignore[misc]  # it has no types
    """openpyxl's own, but a sheet is written in memory: it would make and remove a file for each."""

    def write_worksheet(self, ws: Worksheet) -> None:
        """Put a sheet without drawings into the archive."""
        out = io.BytesIO()
        writer = WorksheetWriter(ws, out)
        writer.write()
        ws._rels = writer._rels
        self._archive.writestr(ws.path[1:], out.getvalue())
        self.manifest.append(ws)


def _mark(sheet: Worksheet, dressed: Dressed) -> None:
    column = max(2, min(sheet.max_column, 3))
    _text(sheet.cell(1, column), wording.SAMPLE, "mark", dressed)
    sheet.oddHeader.center.text = sheet.oddFooter.center.text = wording.SAMPLE


def sheet_names(wanted: Iterable[str]) -> list[str]:
    """Return legal names: at most 31 characters, none of []:*?/\\\\, none twice, none like the contents.

    >>> sheet_names(["时限/压缩", "时限:压缩", ""])
    ['时限／压缩', '时限：压缩', '表3']
    """
    swap = str.maketrans("[]:*?/\\", "〔〕：＊？／＼")
    given: list[str] = []
    taken = {CONTENTS.casefold(), "history"}
    for number, name in enumerate(wanted, start=1):
        base = without_hidden(" ".join(name.split())).translate(swap).strip("' ")[:31] or f"表{number}"
        final, copy = base, 1
        while final.casefold() in taken:
            copy += 1
            final = f"{base[: 31 - len(str(copy)) - 2]}（{copy}）"[:31]
        taken.add(final.casefold())
        given.append(final)
    return given


def _dress(cell: Cell, look: str, dressed: Dressed) -> None:
    """Add a look to a cell: once by openpyxl, which compares whole style objects, then by copying its numbers."""
    key = (look, *(cell._style or ()))
    if key not in dressed:
        for name, value in LOOKS[look].items():
            setattr(cell, name, value)
        dressed[key] = cell._style
    cell._style = copy(dressed[key])


def _contents(sheet: Worksheet, dressed: Dressed, *, title: str, notes: Notes, entries: Any) -> None:
    sheet.title = CONTENTS
    _text(sheet.cell(1, 1), title, "title", dressed)
    row = 3
    for column, head in enumerate(("工作表", "内容", "行数"), start=1):
        _text(sheet.cell(row, column), head, "head", dressed)
    for name, one in entries:
        row += 1
        put_text(sheet.cell(row, 1), name)
        sheet.cell(row, 1).hyperlink = Hyperlink(ref="", location="'" + name.replace("'", "''") + "'!A1")
        _dress(sheet.cell(row, 1), "link", dressed)
        put_text(sheet.cell(row, 2), one.caption)
        sheet.cell(row, 3).value = len(one.rows)
    row += 2
    for note in notes:
        term, text = ("", note) if isinstance(note, str) else note
        for column, said in enumerate((term, text), start=1):
            _text(sheet.cell(row, column), said, "text", dressed)
        row += 1
    for letter, width in (("A", 34), ("B", 84), ("C", 8)):
        sheet.column_dimensions[letter].width = width
    _for_paper(sheet, head=3)


def _text(cell: Cell, text: str, look: str, dressed: Dressed) -> None:
    put_text(cell, text)
    _dress(cell, look, dressed)


def _sheet(sheet: Worksheet, one: Table, dressed: Dressed) -> None:
    """Fill one sheet: caption, heads with units, rows, note; heads and first column stay in view."""
    _text(sheet.cell(1, 1), one.caption, "caption", dressed)
    for number, head in enumerate(one.heads, start=1):
        _text(sheet.cell(2, number), _head_text(head), "head", dressed)
    for position, row in enumerate(one.rows):
        unit = one.row_kinds[position] if one.row_kinds else ""
        digits = one.row_digits[position] if one.row_digits else None
        for number, (head, value) in enumerate(zip(one.heads, row, strict=True), start=1):
            cell = sheet.cell(position + 3, number)
            _body_cell(cell, value, head, (unit, digits), dressed)
            _dress(cell, "body", dressed)
            if position in one.focus:
                _dress(cell, "focus", dressed)
    if one.note:
        _text(sheet.cell(len(one.rows) + 4, 1), one.note, "note", dressed)
    sheet.freeze_panes = "B3"
    if one.heads:
        sheet.auto_filter.ref = f"A2:{get_column_letter(len(one.heads))}{len(one.rows) + 2}"
    for number, width in enumerate(_widths(one), start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    _for_paper(sheet)


def _head_text(head: Column) -> str:
    """Return a head with its unit; percent is in the number format, so that cells can be computed with."""
    return head.label if head.kind == "share" or head.unit == "%" else head.text


def _body_cell(cell: Cell, value: Any, head: Column, printed: tuple[str, int | None], dressed: Dressed) -> None:
    """Write one value: a number with its format, yes or no in words, text as text, missing as nothing.

    ``printed``: the unit of the row and its decimals, where it has its own.
    """
    unit, digits = printed
    if wording.missing(value):
        return
    if isinstance(value, bool):
        put_text(cell, "是" if value else "否")
    elif isinstance(value, (int, float)) and head.kind in NUMERIC:
        kind, signed = unit if head.kind in {"value", "delta"} else head.kind, head.kind in {"delta", "points"}
        cell.value = value * 100 if signed and kind in {"share", "points"} else value
        form = (SIGNED if signed else FORMATS).get(kind, "General")
        many = decimals_of(value, head, UNITS[kind], digits) if "." in form and not signed else 0
        cell.number_format = re.sub(r"0\.0+", f"0.{'0' * many}", form) if many else form
        if head.kind in {"value", "delta"} and not head.unit and (signed or unit != "share"):
            text = (DELTA_TEXT if signed else UNIT_TEXT)[unit]
            cell.number_format = ";".join(f'{part}"{text}"' for part in cell.number_format.split(";"))
    elif isinstance(value, str) and (day := _day(value)):
        cell.value = day
        cell.number_format = DATE
    else:
        _text(cell, str(value), "text", dressed)


def _day(text: str) -> date | None:
    """Return the day a cell names as 2021-03-31, so that it sorts as a date."""
    try:
        return date.fromisoformat(text) if len(text) == 10 and text[4] == text[7] == "-" else None
    except ValueError:
        return None


def _widths(one: Table) -> list[float]:
    """Return a width per column from its longest text, between 8 and 48 characters."""
    sample = one.rows[:500]
    texts = [[_head_text(head), *(_seen(row[i]) for row in sample)] for i, head in enumerate(one.heads)]
    return [min(48.0, max(8.0, max(ems(text) for text in column) * 2 + 3)) for column in texts]


def _seen(value: Any) -> str:
    return f"{value:.4f}"[:10] if isinstance(value, float) else "" if value is None else str(value)[:60]


def _for_paper(sheet: Worksheet, *, head: int = 2) -> None:
    """Make a sheet print as wide as a page, with the row of its heads on every one."""
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = f"{head}:{head}"


def repack(raw: bytes) -> bytes:
    """Return the same workbook or document without the clock: fixed times in the zip and in docProps/core.xml."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            part = old.read(name)
            if name == "docProps/core.xml":
                part = re.sub(rb">\d{4}-\d\d-\d\dT[\d:]+Z<", f">{FIXED:%Y-%m-%dT%H:%M:%SZ}<".encode(), part)
            entry = zipfile.ZipInfo(name, date_time=FIXED.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system, entry.external_attr = 3, 0o600 << 16
            new.writestr(entry, part)
    return out.getvalue()
