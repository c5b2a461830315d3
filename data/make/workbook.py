"""Write a workbook whose bytes depend on nothing but its cells."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill

from make.dialects import Cell, Dialect

BAND = "示例数据（模拟）"
FIXED = (2021, 4, 1, 0, 0, 0)
STAMP = b"2021-04-01T00:00:00Z"
WIDE = {
    "name": 46,
    "impl_code": 34,
    "handle_item_code": 36,
    "base_code": 16,
    "department": 30,
    "reason": 22,
    "serves": 28,
}

Sheet = tuple[str, str, list[dict[str, Cell]]]


def write(path: Path, sheets: Sequence[Sheet], dialect: Dialect) -> None:
    """Write sheets (name, title, rows) in a dialect; the same rows give the same file."""
    book = Workbook(write_only=True)
    book.properties.creator, book.properties.title = "zjanalysis", BAND
    for name, title, rows in sheets:
        _sheet(book, name, title, rows, dialect)
    raw = io.BytesIO()
    book.save(raw)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_without_clock(raw))


def _sheet(book: Workbook, name: str, title: str, rows: list[dict[str, Cell]], dialect: Dialect) -> None:
    sheet = book.create_sheet(name)
    sheet.freeze_panes = "A4" if dialect.title else "A2"
    for number, (_, key) in enumerate(dialect.columns, start=1):
        letter = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[number - 1]
        sheet.column_dimensions[letter].width = WIDE.get(key, 13)
    if dialect.title:
        head = WriteOnlyCell(sheet, value=title)
        head.font = Font(bold=True, size=14)
        sheet.append([head])
        sheet.append([f"{BAND}：本表全部数值均为程序生成，不反映任何地区的真实情况"])
    heads = []
    for header, _ in dialect.columns:
        cell = WriteOnlyCell(sheet, value=header)
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="DDE7F0")
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        heads.append(cell)
    sheet.append(heads)
    for row in rows:
        sheet.append([row[key] for _, key in dialect.columns])


def _without_clock(raw: io.BytesIO) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(raw) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as after:
        for name in sorted(before.namelist(), key=lambda part: (part != "[Content_Types].xml", part)):
            content = before.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", STAMP, content)
            part = zipfile.ZipInfo(name, date_time=FIXED)
            part.compress_type, part.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            after.writestr(part, content)
    return out.getvalue()
