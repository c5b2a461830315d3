"""CSV and JSON lines → one grid of cells. Every limit holds while reading: nothing larger than it is ever in memory."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from zjanalysis.errors import InputError
from zjanalysis.inputs.guard import MAX_CELLS, refuse_size
from zjanalysis.settings import Guard

Grid = list[list[Any]]
_ENCODINGS = ("utf-8-sig", "gb18030")
_CHUNK = 1 << 20
_LONGEST = 8 << 20  # characters of one line
_MARKS = 100_000  # delimiters in one line: no table is that wide, and no cell holds that many
_EXACT = 15  # digits that a number keeps; a longer one is a code and stays text
_BLANKS = re.compile(r"[ \t\n\r]*")
_SPLIT = "请拆成几个文件，或在 zjanalysis.toml 的 [guard] 调高上限。"
_CSV_AGAIN = "请用 Excel/WPS 打开检查后另存为 .xlsx。"


def text_grid(path: Path, guard: Guard) -> Grid:
    """Return the cells of a CSV file: comma, tab or semicolon, UTF-8, GB18030 or UTF-16."""
    with _opened(path, guard) as stream:
        first = stream.read(20_000)
        if first.lstrip()[:200].lower().startswith(("<html", "<!doctype html", "<table", "<?xml")):
            raise InputError(f"“{path.name}”其实是网页表格。", "请用 Excel/WPS 打开后另存为 .xlsx。")
        lines = first.split("\n", 5)[:5]
        comma, tab, semicolon = (sum(line.count(mark) for line in lines) for mark in ",\t;")
        mark = "\t" if tab > max(comma, semicolon) else ";" if semicolon > comma else ","
        stream.seek(0)
        csv.field_size_limit(guard.max_cell_chars)
        rows = csv.reader(_lines(path, stream, mark), delimiter=mark, strict=True)
        try:
            return _within(rows, path=path, guard=guard)
        except csv.Error as error:
            long = "field larger" in str(error)
            what = (
                f"里有一格超过 {guard.max_cell_chars} 个字，多半是引号没有成对"
                if long
                else (f"的引号没有成对（全文共 {_quotes(path)} 个英文双引号），分不清格子")
            )
            raise InputError(f"“{path.name}”{what}。", _CSV_AGAIN) from error


def _quotes(path: Path) -> int:
    with path.open("rb") as raw:
        return sum(block.count(b'"') for block in iter(lambda: raw.read(_CHUNK), b""))


def json_grid(path: Path, guard: Guard) -> Grid:
    """Return JSON lines (or one list) as cells: every record flattened to its innermost names, row 1 the header."""
    header: dict[str, int] = {}
    rows: Grid = []
    with _opened(path, guard) as stream:
        for number, record in _records(path, stream):
            row = [""] * len(header)
            for name, value in _leaves(record):
                if header.setdefault(name, len(header)) >= len(row):
                    row.append(value)
                else:
                    row[header[name]] = value
            rows.append(row)
            _refuse_large(path, number, (len(rows) + 1, len(header)), guard)
    width = len(header)
    return [list(header), *(row if len(row) == width else row + [""] * (width - len(row)) for row in rows)]


def _opened(path: Path, guard: Guard) -> io.TextIOWrapper:
    """Open a text file in its encoding: UTF-16 with its mark, UTF-8 with or without, else GB18030; refuse the rest."""
    refuse_size(path, guard)
    with path.open("rb") as raw:
        head = raw.read(4)
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise InputError(f"“{path.name}”其实是 Excel 工作簿，只是改了扩展名。", "请用 Excel/WPS 打开后另存为 .xlsx。")
    encodings = ("utf-16",) if head.startswith((b"\xff\xfe", b"\xfe\xff")) else _ENCODINGS
    for encoding in encodings:
        if _decodes(path, encoding):
            return path.open(encoding=encoding, newline="")
    raise InputError(
        f"“{path.name}”的文字编码既不是 UTF-8 也不是 GB18030。", "请用 Excel/WPS 打开后另存为“CSV UTF-8”。"
    )


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


def _within(rows: Iterable[list[str]], *, path: Path, guard: Guard) -> Grid:
    """Take rows up to the limits, and give all of them the width of the widest."""
    grid: Grid = []
    width = 0
    for row in rows:
        grid.append(row)
        width = max(width, len(row))
        _refuse_large(path, len(grid), (len(grid), width), guard)
    return [row if len(row) == width else row + [""] * (width - len(row)) for row in grid]


def _refuse_large(path: Path, number: int, size: tuple[int, int], guard: Guard) -> None:
    """Refuse a table of more rows, columns or cells than the limits; every row will be as wide as the widest."""
    rows, columns = size
    if rows > guard.max_rows or columns > guard.max_columns or rows * columns > MAX_CELLS:
        raise InputError(
            f"“{path.name}”到第 {number} 行已有 {rows} 行、{columns} 列、{rows * columns} 格，超过上限 "
            f"{guard.max_rows} 行、{guard.max_columns} 列、{MAX_CELLS} 格。",
            _SPLIT,
        )


def _records(path: Path, stream: io.TextIOWrapper) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Return every record with the line it stands in, one after the other; a file that begins with [ is one list."""
    decoder = json.JSONDecoder(parse_int=_whole_number, object_pairs_hook=_once)
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


def _whole_number(text: str) -> int | str:
    return int(text) if len(text) <= _EXACT else text


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
            yield _readable(name), _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return "是" if value else "否"
    return "" if value is None else _readable(value) if isinstance(value, str) else value


def _readable(text: str) -> str:
    """Return a text without half of a character (``\\ud800`` alone), which no file could hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
