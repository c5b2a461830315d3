"""The annotated copy of a workbook: wrong cells coloured and commented, a first sheet 核对结果 that links to them."""

from __future__ import annotations

import io
import posixpath
import re
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pandas as pd
from openpyxl.cell.cell import MergedCell
from openpyxl.chart import BarChart
from openpyxl.comments import Comment
from openpyxl.packaging.relationship import get_rels_path
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from zjanalysis.columns import FINDING_COLUMNS
from zjanalysis.files import write_paper
from zjanalysis.inputs.findings import ERROR, LEVELS, NOTE, WARNING
from zjanalysis.inputs.wall import read_apart
from zjanalysis.inputs.workbook import OUR_SHEETS, cell_text, packed, sheets_of
from zjanalysis.neutral import put_text, without_hidden
from zjanalysis.settings import Guard, Settings, load_settings

RESULT = OUR_SHEETS[0]
COLOURS = {ERROR: "F8CBAD", WARNING: "FFE699", NOTE: "DDEBF7"}  # the word stands in the comment: colour never alone
COMMENTS = 5_000  # a workbook with more comments opens slowly: errors and warnings come first
_COLUMNS = ("level", "sheet", "cell", "header", "value", "message", "action", "used")
_HEADS = {column.key: column.label for column in FINDING_COLUMNS}
_WIDTHS = (6, 8, 16, 10, 20, 28, 60, 50, 10)
_FOLDER = "original/"  # where the carried parts stand in the copy, each under its old path
_BOOK, _TYPES = "xl/workbook.xml", "[Content_Types].xml"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_CONTENT = "http://schemas.openxmlformats.org/package/2006/content-types"
_DRAWN = re.compile(rb"<(?:\w+:)?(?:sp|grpSp|cxnSp|graphicFrame)[ >]")  # what openpyxl alone would not keep
_TIED = re.compile(rb"slicer|compatExt")  # slicers and form controls hang on parts of the workbook that are not carried
_LEFT = re.compile(r"xl/(chartsheets|pivotTables|slicers|ctrlProps)/")
_UNREADABLE = (KeyError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ElementTree.ParseError)


def annotate(path: Path, findings: pd.DataFrame, out: Path, *, settings: Settings | None = None) -> Path:
    """Write the annotated copy of one file to ``out`` (.xlsx) and give its path; the file itself is not touched.

    ``findings``: those of this file. Formats, widths, formulas, merged cells, validations and the other sheets stay;
    charts, shapes and pictures are carried over as they are, and the first sheet says so where some could not be (form
    controls, slicers, pivot tables, chart sheets). A text file becomes a workbook. Raises InputError for a file that
    cannot be opened and for a copy somebody wrote in, PublishError for an ``out`` that cannot be written.
    """
    guard = (settings or load_settings()).guard
    copy = read_apart(_annotated, path.name, path.absolute(), findings, guard, guard=guard, times=4)
    return write_paper(out, copy)


def _annotated(path: Path, findings: pd.DataFrame, guard: Guard) -> bytes:
    sheets = sheets_of(path, guard)  # the guard, before openpyxl sees the file
    is_book, drawings = path.suffix.lower() == ".xlsx", {}
    if is_book:
        book, drawings = openpyxl.load_workbook(path, rich_text=True), carried(path)
    else:
        book = openpyxl.Workbook()
        book.active.title = "数据"
        for number, row in enumerate(sheets[0].grid, 1):
            for column, value in enumerate(row, 1):
                put_text(book.active.cell(number, column), cell_text(value))
        findings = findings.assign(sheet=book.active.title)
    _mark(book, findings)
    _result(book, findings, file=path.name, lost=is_book and left_behind(path, drawings))
    for sheet in drawings:
        book[sheet].add_chart(BarChart(), "A1")  # so that the sheet has a drawing, whose content is then exchanged
    return redrawn(book, path, drawings) if drawings else packed(book)


def _mark(book: openpyxl.Workbook, findings: pd.DataFrame) -> None:
    """Colour the cells by their gravest level and put the sentences into a comment."""
    placed = findings[findings["cell"].ne("") & findings["sheet"].isin(book.sheetnames)]
    said = placed["level"] + "：" + placed["message"] + placed["action"]
    placed = placed.assign(grave=placed["level"].map(LEVELS.index), text=said)
    cells = placed.sort_values("grave", kind="stable").groupby(["sheet", "cell"], sort=False)
    marks = cells.agg(level=("level", "first"), text=("text", "\n".join)).reset_index()
    for number, (sheet, address, level, text) in enumerate(zip(*(marks[c] for c in marks.columns), strict=True)):
        cell = book[sheet][address]
        if isinstance(cell, MergedCell):
            whole = next(one for one in book[sheet].merged_cells.ranges if address in one)
            cell = book[sheet].cell(whole.min_row, whole.min_col)
        cell.fill = PatternFill("solid", start_color=COLOURS[level], end_color=COLOURS[level])
        if number < COMMENTS:
            before = f"{cell.comment.text}\n" if cell.comment else ""
            cell.comment = Comment(without_hidden(before + text)[:2_000], "核对", height=140, width=320)


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
        put_text(sheet.cell(row, 1), text)
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
    sheets = set(sheet.parent.sheetnames)
    columns = findings.assign(used=findings["used"].map({True: "是", False: "否"}))[list(_COLUMNS)].fillna("")
    for number, texts in enumerate(zip(*(columns[key] for key in _COLUMNS), strict=True)):
        row = first + number
        sheet.cell(row, 1, number + 1)
        for column, text in enumerate(texts, 2):
            put_text(sheet.cell(row, column), text)
            sheet.cell(row, column).alignment = Alignment(wrap_text=True, vertical="top")
        lines = [-(-2 * len(text) // width) for text, width in zip(texts, _WIDTHS[1:], strict=True)]
        sheet.row_dimensions[row].height = 15 * min(max(lines), 8)  # a Chinese character is two wide
        level, where, address = texts[:3]
        sheet.cell(row, 2).fill = PatternFill("solid", start_color=COLOURS[level], end_color=COLOURS[level])
        if address and where in sheets:
            quoted = where.replace("'", "''")
            sheet.cell(row, 4).hyperlink = f"#'{quoted}'!{address}"
            sheet.cell(row, 4).font = Font(color="0563C1", underline="single")


# --- charts, shapes and pictures: carried part by part, because openpyxl redraws or drops them ---


def redrawn(book: Any, path: Path, drawings: Mapping[str, str]) -> bytes:
    """Return an openpyxl workbook with the drawings (sheet → part) of the workbook at ``path`` that it was read from.

    Every sheet of ``drawings`` has a drawing of its own, whatever it holds: its content is exchanged.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed(book))) as copy, zipfile.ZipFile(path) as source:
        places = _drawings(copy)
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as out:
            _write(copy, source, out, {places[sheet]: part for sheet, part in drawings.items()})
    return content.getvalue()


def carried(path: Path) -> dict[str, str]:
    """Return sheet → part of every drawing that can be carried over whole."""
    with zipfile.ZipFile(path) as archive:
        return {sheet: part for sheet, part in _drawings(archive).items() if _whole(archive, part)}


def left_behind(path: Path, drawings: Mapping[str, str]) -> bool:
    """Say whether the workbook holds drawings, slicers or form controls that a copy with ``drawings`` will not have."""
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        others = names & (set(_drawings(archive).values()) - set(drawings.values()))
        return any(map(_LEFT.match, names)) or any(_DRAWN.search(archive.read(name)) for name in others)


def _drawings(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return sheet → its drawing part, for the worksheets that have one."""
    relations = {key: target for key, kind, target in _relations(archive, _BOOK) if kind == "worksheet"}
    drawings = {}
    for sheet in ElementTree.fromstring(archive.read(_BOOK)).iter():
        ids = [value for name, value in sheet.attrib.items() if name.endswith("}id")]
        if sheet.tag.endswith("}sheet") and ids and ids[0] in relations:
            parts = [target for _, kind, target in _relations(archive, relations[ids[0]]) if kind == "drawing"]
            drawings.update({sheet.get("name", ""): part for part in parts})
    return drawings


def _relations(archive: zipfile.ZipFile, part: str) -> Iterator[tuple[str, str, str]]:
    """Return (id, kind, part) of everything inside the workbook that a part points to."""
    if get_rels_path(part) in archive.NameToInfo:
        for one in ElementTree.fromstring(archive.read(get_rels_path(part))):
            if one.get("TargetMode") != "External":
                yield one.get("Id", ""), one.get("Type", "").rsplit("/", 1)[-1], _resolved(part, one.get("Target", ""))


def _resolved(part: str, target: str) -> str:
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(part), target)).lstrip("/")


def _below(archive: zipfile.ZipFile, part: str) -> list[str]:
    """Return everything a part points to, directly or not."""
    parts, ahead = [part], [part]
    while ahead:
        for _, _, target in _relations(archive, ahead.pop()):
            if target not in parts:
                parts.append(target)
                ahead.append(target)
    return parts[1:]


def _whole(archive: zipfile.ZipFile, part: str) -> bool:
    """Say whether a drawing and everything below it can be read, and nothing of it is tied to other parts."""
    try:
        below = _below(archive, part)
        for name in (part, *below):
            with archive.open(name) as stream:
                while stream.read(1 << 20):
                    pass
        return not _TIED.search(archive.read(part)) and not any(name.startswith("xl/worksheets/") for name in below)
    except _UNREADABLE:
        return False


def _write(copy: zipfile.ZipFile, source: zipfile.ZipFile, out: zipfile.ZipFile, exchanged: Mapping[str, str]) -> None:
    """Write the copy with its drawings exchanged and, in a folder of their own, the parts they point to."""
    unused = {name for place in exchanged for below in _below(copy, place) for name in (below, get_rels_path(below))}
    replaced = {name for place in exchanged for name in (place, get_rels_path(place))}
    below = sorted({name for part in exchanged.values() for name in _below(source, part)} - set(exchanged.values()))
    for name in copy.namelist():
        if name not in unused | replaced | {_TYPES}:
            _stream(copy, name, out, name)
    for name, place in (*((n, _FOLDER + n) for n in below), *((part, place) for place, part in exchanged.items())):
        _stream(source, name, out, place)
        if get_rels_path(name) in source.NameToInfo:
            out.writestr(get_rels_path(place), _moved(source, name))
    out.writestr(_TYPES, _types(copy, source, unused, below))


def _stream(source: zipfile.ZipFile, name: str, out: zipfile.ZipFile, place: str) -> None:
    with source.open(name) as stream, out.open(place, "w", force_zip64=True) as part:
        shutil.copyfileobj(stream, part, 1 << 20)


def _moved(source: zipfile.ZipFile, part: str) -> bytes:
    """Return the relations of a part, pointing to the folder of the carried parts."""
    relations = ElementTree.fromstring(source.read(get_rels_path(part)))
    for one in relations:
        if one.get("TargetMode") != "External":
            one.set("Target", f"/{_FOLDER}{_resolved(part, one.get('Target', ''))}")
    return _xml(relations, _RELATIONS)


def _types(copy: zipfile.ZipFile, source: zipfile.ZipFile, unused: set[str], carried_: list[str]) -> bytes:
    """Return the list of content types: without the unused parts, with the carried ones."""
    types, before = (ElementTree.fromstring(archive.read(_TYPES)) for archive in (copy, source))
    for one in list(types):
        if one.get("PartName", "").lstrip("/") in unused:
            types.remove(one)
    by_name = {one.get("PartName", "").lstrip("/"): one.get("ContentType", "") for one in before}
    by_end = {one.get("Extension", "").lower(): one.get("ContentType", "") for one in before}
    for name in carried_:
        kind = by_name.get(name) or by_end.get(name.rsplit(".", 1)[-1].lower(), "application/octet-stream")
        ElementTree.SubElement(types, f"{{{_CONTENT}}}Override", PartName=f"/{_FOLDER}{name}", ContentType=kind)
    return _xml(types, _CONTENT)


def _xml(root: ElementTree.Element, namespace: str) -> bytes:
    """Write names without a prefix, as Excel does."""
    for one in root.iter():
        one.tag = one.tag.rsplit("}", 1)[-1]
    root.set("xmlns", namespace)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))
