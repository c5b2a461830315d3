"""A workbook as text: what each sheet is set up as, every value by row, and how every cell looks, by ranges."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import groupby
from pathlib import Path
from typing import Any

import openpyxl
from blanks import number, shortened, without_volatile
from openpyxl.cell.cell import MergedCell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

PLAIN = "General Calibri 11"


def book_text(path: Path) -> str:
    """Return a workbook as text."""
    book = openpyxl.load_workbook(path, rich_text=True)
    about = book.properties
    lines = [f"工作簿 标题={about.title or ''} 作者={about.creator or ''} 说明={about.description or ''}"]
    lines += [f"名称 {name} = {defined.attr_text}" for name, defined in book.defined_names.items()]
    looks: dict[int, str] = {}
    for sheet in book.worksheets:
        lines += ["", f"=== {sheet.title}（{sheet.sheet_state}，{sheet.dimensions}）"]
        lines += [*setup(sheet), *shortened(attached(sheet)), *shortened(values(sheet))]
        lines += shortened(looks_by_range(sheet, looks))
    return "\n".join(lines) + "\n"


def setup(sheet: Worksheet) -> Iterator[str]:
    """Return panes, filter, page, widths and heights."""
    page, told = sheet.page_setup, {"冻结": sheet.freeze_panes, "筛选": sheet.auto_filter.ref}
    told |= {"打印标题行": sheet.print_title_rows, "打印区域": sheet.print_area, "方向": page.orientation}
    told |= {"纸张": page.paperSize, "页宽": page.fitToWidth, "页高": page.fitToHeight}
    fit = sheet.sheet_properties.pageSetUpPr
    told |= {"适应页面": fit and fit.fitToPage, "保护": sheet.protection.sheet}
    told |= {"页眉": header_text(sheet.oddHeader), "页脚": header_text(sheet.oddFooter)}
    yield "设置 " + " ".join(f"{name}={value}" for name, value in told.items() if value not in (None, "", False))
    columns = sorted(sheet.column_dimensions.values(), key=lambda column: column.min or 0)
    widths = [f"{letters(c.min, c.max)}={c.width:.6g}{' 隐藏' if c.hidden else ''}" for c in columns if c.min]
    yield "列宽 " + " ".join(widths)
    heights = [(number, row.height, row.hidden) for number, row in sorted(sheet.row_dimensions.items())]
    told_rows = [(n, f"{h or '自动'}{' 隐藏' if hidden else ''}") for n, h, hidden in heights if h or hidden]
    if told_rows:
        yield "行高 " + " ".join(in_runs(told_rows))


def in_runs(told: list[tuple[int, str]]) -> Iterator[str]:
    """Return rows of the same words that follow each other as one."""
    for words, run in groupby(enumerate(told), key=lambda one: (one[1][0] - one[0], one[1][1])):
        rows = [row for _, (row, _) in run]
        yield f"{rows[0]}={words[1]}" if len(rows) == 1 else f"{rows[0]}:{rows[-1]}={words[1]}"


def header_text(part: Any) -> str:
    return " / ".join(side.text for side in (part.left, part.center, part.right) if side.text)


def letters(first: int, last: int | None) -> str:
    """Return a run of columns."""
    one = get_column_letter(first)
    return one if last in (None, first) else f"{one}:{get_column_letter(last)}"


def attached(sheet: Worksheet) -> Iterator[str]:
    """Return what hangs on cells: merges, choices, rules, links, notes, pictures."""
    if sheet.merged_cells.ranges:
        yield "合并 " + " ".join(sorted(str(area) for area in sheet.merged_cells.ranges))
    for check in sorted(sheet.data_validations.dataValidation, key=lambda one: str(one.sqref)):
        told = (check.type, check.operator, check.formula1, check.formula2, check.errorStyle, check.errorTitle,
                check.error, check.promptTitle, check.prompt)  # fmt: skip
        strict = "可空" if check.allow_blank else "不可空"
        yield f"校验 {check.sqref} {strict} " + " ".join(str(part) for part in told if part)
    for area in sheet.conditional_formatting:
        for rule in area.rules:
            fill = colour(rule.dxf.fill.bgColor) if rule.dxf and rule.dxf.fill else ""
            yield f"条件格式 {area.sqref} {rule.type} {rule.operator or ''} {' '.join(rule.formula)} {fill}".rstrip()
    yield from notes(sheet)
    if sheet._charts or sheet._images:
        yield f"图 {len(sheet._charts)} 张图表 {len(sheet._images)} 张图片"


def notes(sheet: Worksheet) -> Iterator[str]:
    """Return links and comments, cell by cell."""
    for row in sheet.iter_rows():
        for cell in row:
            if cell.hyperlink:
                link = cell.hyperlink
                yield f"链接 {cell.coordinate} → {link.target or ''}#{link.location or ''}"
            if cell.comment:
                yield f"批注 {cell.coordinate} {one_line(cell.comment.author or '')}：{one_line(cell.comment.text)}"


def values(sheet: Worksheet) -> Iterator[str]:
    """Return the values, one row in a line."""
    for row in sheet.iter_rows():
        told = [value_text(cell) for cell in row]
        while told and not told[-1]:
            told.pop()
        if told:
            yield f"{row[0].row}: " + " | ".join(told)


def value_text(cell: Any) -> str:
    """Return a value so that 5 and the text "5" differ, and a formula and a text that looks like one."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return number(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    text = without_volatile(one_line(str(value)))  # whether it is quoted must not hang on a fingerprint
    doubtful = not text or text != text.strip() or text[0] in '=+-"0123456789.' or text in ("TRUE", "FALSE")
    return f'"{text}"' if doubtful and cell.data_type != "f" else text


def one_line(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "⏎")


def looks_by_range(sheet: Worksheet, known: dict[int, str]) -> Iterator[str]:
    """Return every look that is not the plain one, with the ranges that have it; ``known``: style number → look."""
    runs: dict[str, list[tuple[int, int, int]]] = {}
    for row in sheet.iter_rows():
        last = ""
        for cell in row:
            if isinstance(cell, MergedCell):
                last = ""
                continue
            if cell.style_id not in known:
                known[cell.style_id] = look(cell)
            words = known[cell.style_id]
            if words == last:
                first = runs[words][-1][1]
                runs[words][-1] = (cell.row, first, cell.column)
            else:
                runs.setdefault(words, []).append((cell.row, cell.column, cell.column))
            last = words
    for words in sorted(runs):
        if words != PLAIN:
            yield f"格式 {' '.join(areas(runs[words]))}：{words}"


def areas(runs: list[tuple[int, int, int]]) -> list[str]:
    """Return runs of cells (row, first column, last column) as ranges: runs that stand under each other are one."""
    newest: dict[tuple[int, int], list[int]] = {}
    found: list[list[int]] = []
    for row, first, last in runs:
        area = newest.get((first, last))
        if area and area[2] == row - 1:
            area[2] = row
        else:
            found.append([first, row, row, last])
            newest[first, last] = found[-1]
    told = []
    for left, top, bottom, right in found:
        start, end = f"{get_column_letter(left)}{top}", f"{get_column_letter(right)}{bottom}"
        told.append(start if start == end else f"{start}:{end}")
    return told


def look(cell: Any) -> str:
    """Return number format, font, fill, border, place and lock of a cell in words."""
    font, fill, place = cell.font, cell.fill, cell.alignment
    told = [cell.number_format, font.name or "", f"{font.sz or 0:g}"]
    told += [word for word, on in (("粗", font.b), ("斜", font.i), ("下划线", font.u), ("删除线", font.strike)) if on]
    told += [f"字色{colour(font.color)}"] if colour(font.color) not in ("", "主题1") else []
    told += [f"底色{colour(fill.fgColor)}"] if fill.fill_type else []
    borders = {name: getattr(cell.border, name) for name in ("left", "right", "top", "bottom")}
    sides = {name: border and border.style for name, border in borders.items()}
    told += [f"边框{','.join(f'{n}={s}' for n, s in sides.items() if s)}"] if any(sides.values()) else []
    told += [str(part) for part in (place.horizontal, place.vertical) if part]
    told += [word for word, on in (("换行", place.wrap_text), (f"缩进{place.indent:g}", place.indent)) if on]
    told += [] if cell.protection.locked else ["可改"]
    return " ".join(told)


def colour(given: Any) -> str:
    """Return a colour: its hexadecimal number, or the number it has in theme or palette."""
    if given is None or given.value in (None, "00000000"):
        return ""
    return given.rgb if given.type == "rgb" else f"{'主题' if given.type == 'theme' else '调色板'}{given.value}"
