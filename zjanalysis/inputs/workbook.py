"""A file → its sheets as grids of cells: workbooks, CSV, JSON lines; nothing here knows what a column means.

The guard looks first, and every limit holds while reading: nothing larger than it is ever in memory.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import python_calamine

from zjanalysis.errors import InputError
from zjanalysis.inputs.guard import MAX_CELLS, RESAVE, Inspection, inspect, refuse_size
from zjanalysis.inputs.wall import read_apart
from zjanalysis.settings import Guard, load_settings

Grid = list[list[Any]]
_ENCODINGS = ("utf-8-sig", "gb18030")
_CHUNK = 1 << 20
_LONGEST = 8 << 20  # characters of one line
_MARKS = 100_000  # delimiters in one line: no table is that wide, and no cell holds that many
_EXACT = 15  # digits that a number keeps; a longer one is a code and stays text
_BLANKS = re.compile(r"[ \t\n\r]*")
HEADER_ROWS = 20  # the header of a table is on one of the first 20 rows of its sheet
_SPLIT = "请拆成几个文件，或在 zjanalysis.toml 的 [guard] 调高上限。"


def text_grid(path: Path, guard: Guard) -> Grid:
    """Return the cells of a CSV file: comma, tab or semicolon, UTF-8, GB18030 or UTF-16."""
    with _opened(path, guard) as stream:
        first = stream.read(20_000)
        if first.lstrip()[:200].lower().startswith(("<html", "<!doctype html", "<table", "<?xml")):
            raise InputError(f"“{path.name}”其实是网页表格。", RESAVE)
        lines = first.split("\n", 5)[:5]
        comma, tab, semicolon = (sum(line.count(mark) for line in lines) for mark in ",\t;")
        mark = "\t" if tab > max(comma, semicolon) else ";" if semicolon > comma else ","
        stream.seek(0)
        csv.field_size_limit(guard.max_cell_chars)
        rows = csv.reader(_lines(path, stream, mark), delimiter=mark, strict=True)
        try:
            return _within(enumerate(rows, 1), path=path, guard=guard)
        except csv.Error as error:
            what = f"里有一格超过 {guard.max_cell_chars} 个字，多半是引号没有成对"
            if "field larger" not in str(error):
                with path.open("rb") as raw:
                    n = sum(block.count(b'"') for block in iter(partial(raw.read, _CHUNK), b""))
                what = f"的引号没有成对（全文共 {n} 个英文双引号），分不清格子"
            raise InputError(f"“{path.name}”{what}。", "请用 Excel/WPS 打开检查后另存为 .xlsx。") from error


def json_grid(path: Path, guard: Guard) -> Grid:
    """Return JSON lines (or one list) as cells: every record flattened to its innermost names, row 1 the header."""
    with _opened(path, guard) as stream:
        return _within(_record_rows(path, stream), path=path, guard=guard)


def _record_rows(path: Path, stream: io.TextIOWrapper) -> Iterator[tuple[int, list[Any]]]:
    """Yield the header, which grows with the records, then every record with its line."""
    places: dict[str, int] = {}
    header: list[str] = []
    yield 1, header
    for number, record in _records(path, stream):
        row = [""] * len(header)
        for name, value in _leaves(record):
            if places.setdefault(name, len(header)) == len(header):
                header.append(name)
                row.append(value)
            else:
                row[places[name]] = value
        yield number, row


def _opened(path: Path, guard: Guard) -> io.TextIOWrapper:
    """Open a text file in its encoding: UTF-16 with its mark, UTF-8 with or without, else GB18030; refuse the rest."""
    refuse_size(path, guard)
    with path.open("rb") as raw:
        head = raw.read(4)
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise InputError(f"“{path.name}”其实是 Excel 工作簿，只是改了扩展名。", RESAVE)
    encodings = ("utf-16",) if head.startswith((b"\xff\xfe", b"\xfe\xff")) else _ENCODINGS
    for encoding in encodings:
        if _decodes(path, encoding):
            return path.open(encoding=encoding, newline="")
    hint = "请用 Excel/WPS 打开后另存为“CSV UTF-8”。"
    raise InputError(f"“{path.name}”的文字编码既不是 UTF-8 也不是 GB18030。", hint)


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as raw:
        try:
            while block := raw.read(_CHUNK):
                if encoding != "utf-16" and b"\0" in block:
                    raise InputError(
                        f"“{path.name}”里有空字节，不是文本文件或已损坏。", "请重新导出，保存为“CSV UTF-8”。"
                    )
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _lines(path: Path, stream: io.TextIOWrapper, mark: str = "") -> Iterator[str]:
    """Return the lines one by one, none of them longer than a line of a table can be."""
    number = 0
    while line := stream.readline(_LONGEST):
        number += 1
        if len(line) == _LONGEST or (mark and line.count(mark) > _MARKS):
            raise InputError(f"“{path.name}”第 {number} 行太长（超过 {_MARKS} 格或 {_LONGEST >> 20} 百万字）。", _SPLIT)
        yield line


def _within(rows: Iterable[tuple[int, list[Any]]], *, path: Path, guard: Guard) -> Grid:
    """Take rows, each with its line, up to the limits of rows, columns and cells; give all the width of the widest."""
    grid: Grid = []
    width = 0
    for line, row in rows:
        grid.append(row)
        n, width = len(grid), max(width, len(row))
        if n > guard.max_rows or width > guard.max_columns or n * width > MAX_CELLS:
            size_is = f"“{path.name}”到第 {line} 行已有 {n} 行、{width} 列、{n * width} 格"
            limit = f"{guard.max_rows} 行、{guard.max_columns} 列、{MAX_CELLS} 格"
            raise InputError(f"{size_is}，超过上限 {limit}。", _SPLIT)
    return [row if len(row) == width else row + [""] * (width - len(row)) for row in grid]


def _records(path: Path, stream: io.TextIOWrapper) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Return every record with the line it stands in, one after the other; a file that begins with [ is one list."""
    decoder = json.JSONDecoder(parse_int=lambda n: int(n) if len(n) <= _EXACT else n, object_pairs_hook=_once)
    whole = stream.read(1000).lstrip().startswith("[")
    stream.seek(0)
    for number, text in enumerate([stream.read()] if whole else _lines(path, stream), 1):
        if not text.strip():
            continue
        try:
            for record in _elements(text.strip(), decoder):
                if not isinstance(record, dict):
                    raise InputError(
                        f"“{path.name}”第 {number} 行不是一条记录（应以 {{ 开头）。", "请重新导出（每行一条记录）。"
                    )
                yield number, record
        except KeyError as error:
            hint = "请只保留正确的一个，或重新导出（每行一条记录）。"
            raise InputError(f"“{path.name}”第 {number} 行的“{error.args[0]}”写了两次，内容不同。", hint) from error
        except (ValueError, RecursionError) as error:
            hint = "请检查该行，或重新导出（每行一条记录）。"
            raise InputError(f"“{path.name}”第 {number} 行不是完整的 JSON。", hint) from error


def _elements(text: str, decoder: json.JSONDecoder) -> Iterator[Any]:
    """Return the elements of a list one by one, never all of them at once; of anything else the one that is there."""
    if not text.startswith("["):
        yield decoder.decode(text)
        return
    end = _after_blanks(text, 1)
    more = text[end : end + 1] != "]"
    while more:
        record, end = decoder.raw_decode(text, _after_blanks(text, end))
        yield record
        end = _after_blanks(text, end)
        more = text[end : end + 1] == ","
        end += more
    if text[end:] != "]":
        raise ValueError(text[end : end + 20])


def _after_blanks(text: str, place: int) -> int:
    match = _BLANKS.match(text, place)
    return match.end() if match else place


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object whose names are written once, or twice with the same value."""
    record = dict(pairs)
    if len(record) < len(pairs):
        twice = [name for name, value in pairs if record[name] != value]
        if twice:
            raise KeyError(twice[0])
    return record


def _leaves(record: Mapping[str, Any], depth: int = 0) -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        if isinstance(value, Mapping) and depth < 20:
            yield from _leaves(value, depth + 1)
        elif not isinstance(value, (list, Mapping)):
            plain = cell_text(value) if value is None or isinstance(value, bool) else value
            yield _readable(name), _readable(plain) if isinstance(plain, str) else plain


def _readable(text: str) -> str:
    """Return a text without half of a character (``\\ud800`` alone), which no file could hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


SUFFIXES = (".xlsx", ".csv", ".tsv", ".txt", ".jsonl", ".json")
# Sheets this project writes itself: the result of a check, and the helping sheets of the template.
OUR_SHEETS = ("核对结果", "填写说明", "填写示例", "选项")
_OURS = re.compile(rf"(?:{'|'.join(OUR_SHEETS)})(?:（\d+）)?")
TEXTS, SMALL = (".csv", ".tsv", ".txt"), 1_000_000  # bytes
_MERGED_ROWS = 20_000_000  # in all merged ranges of a sheet
Range = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class Sheet:
    """One sheet as written: ``grid[r][c]``, row 1 of the sheet first; merged ranges are 0-based (start, end)."""

    file: str
    name: str
    grid: Grid
    merged: tuple[Range, ...] = ()
    hidden: bool = False
    inspection: Inspection = field(default_factory=Inspection)


def read_rows(path: Path) -> tuple[Sheet, ...]:
    """Read every sheet of a workbook, or the one table of a text file, behind the wall (`inputs.wall`).

    A small text is read in front of it: whatever stands in it takes less than the start of a reader (0.4 s, 40 MB).
    Raises InputError for a file that is missing, hostile, protected, damaged, larger than the settings allow, or of
    another kind.
    """
    limits = load_settings().guard
    if path.suffix.lower() in TEXTS and path.is_file() and path.stat().st_size <= SMALL:
        return sheets_of(path.absolute(), limits)
    return read_apart(sheets_of, path.name, path.absolute(), limits, guard=limits)


def sheets_of(path: Path, guard: Guard, name: str = "") -> tuple[Sheet, ...]:
    """Read a file in this process, as `read_rows` does behind the wall; ``name`` is what findings call it."""
    if not path.is_file():
        raise InputError(f"找不到文件“{path}”。", "请检查文件名和所在文件夹。")
    if path.suffix.lower() in (".jsonl", ".json"):
        sheets: tuple[Sheet, ...] = (Sheet(path.name, "", json_grid(path, guard)),)
    elif path.suffix.lower() in TEXTS:
        sheets = (Sheet(path.name, "", text_grid(path, guard)),)
    else:
        sheets = _workbook_sheets(path, inspect(path, guard), guard=guard)
    return tuple(replace(sheet, file=name) for sheet in sheets) if name else sheets


def _workbook_sheets(path: Path, scans: Mapping[str, Inspection], *, guard: Guard) -> tuple[Sheet, ...]:
    try:
        # by its name a workbook called .xls would be read as one of 1997; inspected, it is none
        known = path.suffix.lower() in SUFFIXES
        with python_calamine.load_workbook(path if known else io.BytesIO(path.read_bytes())) as book:
            metas = [meta for meta in book.sheets_metadata if meta.typ == python_calamine.SheetTypeEnum.WorkSheet]
            return tuple(_sheet(book, meta, path=path, scans=scans, guard=guard)
                         for meta in metas if not _OURS.fullmatch(meta.name))  # fmt: skip
    except python_calamine.PasswordError as error:
        raise InputError(f"“{path.name}”设了打开密码。", "请在 Excel/WPS 中取消密码后另存，再放回原处。") from error
    except python_calamine.CalamineError as error:
        wrong = f"“{path.name}”打不开，文件可能已损坏。"
        raise InputError(wrong, "请用 Excel/WPS 打开后另存为 .xlsx 再试。") from error


def _sheet(book: Any, meta: Any, *, path: Path, scans: Mapping[str, Inspection], guard: Guard) -> Sheet:
    hidden = meta.visible != python_calamine.SheetVisibleEnum.Visible
    cells, where = book.get_sheet_by_name(meta.name), f"“{path.name}”的工作表“{meta.name}”"
    rows, columns = (last + 1 for last in cells.end or (-1, -1))
    if columns > guard.max_columns or rows > guard.max_rows:
        wrong = f"{where}有 {rows} 行 {columns} 列，超过上限 {guard.max_rows} 行 {guard.max_columns} 列。"
        raise InputError(wrong, "请删去表格右侧或下方的多余内容，或在 zjanalysis.toml 的 [guard] 调高上限。")
    merged = tuple(cells.merged_cell_ranges or ())
    if sum(bottom - top for (top, _), (bottom, _) in merged) > _MERGED_ROWS:
        raise InputError(f"{where}有合并单元格互相重叠，不予读取。", "请取消合并后逐行填写，再交。")
    return Sheet(path.name, meta.name, _grid(cells), merged, hidden, scans.get(meta.name, Inspection()))


def _grid(cells: Any) -> Grid:
    """Take the rows one by one and keep every distinct text once: less memory, and columns are compared quickly.

    TRUE and FALSE become text here: later on True would be the same as 1.
    """
    once = dict[str, str]().setdefault
    left = [""] * (cells.start or (0, 0))[1]
    rows = (
        [once(v, v) if type(v) is str else cell_text(v) if type(v) is bool else v for v in row]
        for row in cells.iter_rows()
    )
    return [left + row for row in rows] if left else list(rows)


def cell_text(value: Any) -> str:
    """Return a cell as text as Excel shows it; a number beyond 15 digits stays in E notation (its digits are lost).

    >>> cell_text(20.0), cell_text(440101007000.0), cell_text(1.144e30), cell_text(datetime(2021, 1, 3))
    ('20', '440101007000', '1.144e+30', '2021-01-03')
    """
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, timedelta):
        return f"{value.total_seconds() / 86400:g}天（时间格式）"
    text = "" if value is None else str(value)
    return "" if text == "nan" else text.removesuffix(" 00:00:00") if isinstance(value, datetime) else text


def column_letter(position: int) -> str:
    """Return the letters of a column counted from 0.

    >>> column_letter(0), column_letter(25), column_letter(26)
    ('A', 'Z', 'AA')
    """
    text, rest = "", position + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        text = chr(65 + digit) + text
    return text


def packed(book: Any) -> bytes:
    """Return the bytes of an openpyxl workbook's file."""
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()
