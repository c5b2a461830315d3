"""Before a workbook is opened: is it one, and is it safe to open? Every part is streamed, none is kept."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat

import numpy as np

from zjanalysis.errors import InputError
from zjanalysis.settings import Guard

RESAVE = "请用 Excel/WPS 打开后另存为 .xlsx。"
_CHUNK = 1 << 20
_OLE = b"\xd0\xcf\x11\xe0"
_XML = (".xml", ".rels")
_DAMAGED = (zipfile.BadZipFile, NotImplementedError, EOFError, struct.error, zlib.error)
_SMALL = 20_000_000  # bytes of a part that is kept whole (workbook.xml, its relations, styles)
_KEPT_WHOLE = _BOOK, _RELATIONS, _STYLES = ("xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml")
_STRINGS = "xl/sharedstrings.xml"
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships id"
_RATIO, _LARGE = 150, 50_000_000  # a part that unpacks to more than both is no table that anybody filled in
_SHEETS, _MERGES = 500, 100_000
_MARKUP = re.compile(rb"<!(?!--|\[CDATA\[).{7}", re.DOTALL)  # DOCTYPE, ENTITY: neither element nor comment
# The reader makes a cell for every place between the first and the last that holds something: 30 million are about
# 1 GB. Rows below 100,000 are not looked at one by one (at most ``max_columns`` wide they stay near that).
MAX_CELLS = 30_000_000
_TRIED = 20  # rows that are only formatted before all cells of a block are looked at
_SPARSE, _DENSE = 1_000_000, 30  # cells that a sheet may span: that many, and so many times the cells it holds
_LONG = 8_000_000  # bytes without the begin of a row: look at them anyway
_FILLED = re.compile(rb"[^>/]*>(?!</)")  # after the address: the cell is more than a format
_FILLED_CELL = re.compile(rb'\sr="([A-Z]{1,3})(\d{1,9})"[^>/]*>(?!</)')
_ADDRESS = re.compile(rb"([A-Za-z]+)(\d+)")
_ANY = re.compile(rb"\sr\s*=\s*[\"']\s*([A-Za-z]+)(\d+)")
_EMPTY_FORMULA = re.compile(rb'<c [^>]*?r="([A-Z]+\d+)"[^>]*><f(?:/>|[^>]*/>|[^>]*>[^<]*</f>)(?:<v></v>|<v ?/>)?</c>')
_ERROR = re.compile(rb'<c r="([A-Z]+\d+)"[^>]* t="e"')
_HIDDEN = re.compile(rb'<row [^>]*hidden="(?:1|true)"')
_QUOTE, _EQUALS, _SPACE, _LESS = b'"= <'


@dataclass(frozen=True)
class Inspection:
    """What the bare XML of a sheet tells and the reader does not."""

    hidden_rows: int = 0
    empty_formulas: frozenset[str] = field(default_factory=frozenset)
    error_cells: frozenset[str] = field(default_factory=frozenset)


def inspect(path: Path, guard: Guard) -> Mapping[str, Inspection]:
    """Refuse what must not be opened (InputError: one sentence and the next step); give what was seen in each sheet."""
    refuse_size(path, guard)
    with path.open("rb") as stream:
        _refuse_other_kinds(path, stream)
        try:
            parts = _contents(stream)
            _refuse_parts(path, parts, guard)
            return _sheets(path, stream, parts, guard)
        except _DAMAGED as error:
            raise InputError(
                f"“{path.name}”不完整或已损坏，打不开。", "请重新下载或重新导出，并先用 Excel/WPS 打开确认。"
            ) from error


def refuse_size(path: Path, guard: Guard) -> None:
    """Raise InputError for a file of more than ``max_file_mb``."""
    size = path.stat().st_size
    if size > guard.max_file_mb * 1e6:
        raise InputError(f"“{path.name}”有 {size / 1e6:.3g} MB，超过上限 {guard.max_file_mb:g} MB。",
                         "请拆成几个文件，或在 zjanalysis.toml 的 [guard] 调高 max_file_mb。")  # fmt: skip


def _contents(stream: BinaryIO) -> list[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(stream) as archive:
            return archive.infolist()
    except (ValueError, OSError) as error:  # what zipfile says to offsets that lie
        raise zipfile.BadZipFile(str(error)) from error


def _refuse_other_kinds(path: Path, stream: BinaryIO) -> None:
    head = stream.read(4096)
    if not head:
        raise InputError(f"“{path.name}”是空文件。", "请重新导出或重新下载。")
    if head.startswith(_OLE):
        if _contains(stream, "EncryptedPackage".encode("utf-16-le")):
            raise InputError(f"“{path.name}”设了打开密码。", "请在 Excel/WPS 中取消密码后另存，再放回原处。")
        raise InputError(f"“{path.name}”是旧格式的工作簿（.xls 或 .et）。", RESAVE)
    if head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"<":
        raise InputError(f"“{path.name}”其实是网页或 XML 表格，只是扩展名写成了 {path.suffix}。", RESAVE)
    if not head.startswith(b"PK"):
        raise InputError(f"“{path.name}”不是 .xlsx 工作簿（可能是文本文件改了扩展名，或没有下载完）。", RESAVE)


def _contains(stream: BinaryIO, word: bytes) -> bool:
    stream.seek(0)
    tail = b""
    while block := stream.read(_CHUNK):
        if word in tail + block:
            return True
        tail = block[-len(word) :]
    return False


def _refuse_parts(path: Path, parts: list[zipfile.ZipInfo], guard: Guard) -> None:
    """Refuse by the table of contents alone: nothing is unpacked yet."""
    names = {part.filename.lower() for part in parts}
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > guard.max_parts:
        raise InputError(f"“{path.name}”里有 {len(parts)} 个部件，超过上限 {guard.max_parts} 个。", RESAVE)
    if unpacked > guard.max_unpacked_mb * 1e6:
        raise InputError(f"“{path.name}”解压后有 {unpacked / 1e6:.3g} MB，超过上限 {guard.max_unpacked_mb:g} MB。",
                         "请拆成几个文件，或在 zjanalysis.toml 的 [guard] 调高 max_unpacked_mb。")  # fmt: skip
    if any(part.flag_bits & 1 for part in parts):
        raise InputError(f"“{path.name}”的压缩包加了密码。", "请解压或取消密码后再放回原处。")
    if any("vbaproject" in name or "macrosheets/" in name for name in names):
        raise InputError(f"“{path.name}”含有宏，不予打开。", "请在 Excel/WPS 中另存为不含宏的 .xlsx。")
    if "xl/workbook.bin" in names:
        raise InputError(f"“{path.name}”是二进制工作簿（.xlsb）。", RESAVE)
    if "xl/workbook.xml" not in names:
        raise InputError(f"“{path.name}”是压缩包，但不是 Excel 工作簿。", RESAVE)
    if len(names) < len(parts) or any(part.compress_type not in (0, 8) for part in parts):
        raise InputError(f"“{path.name}”的压缩方式异常（部件重名或算法不常见），不予打开。", RESAVE)


def _sheets(path: Path, stream: BinaryIO, parts: list[zipfile.ZipInfo], guard: Guard) -> dict[str, Inspection]:
    """Stream every XML part once: its true size, its markup, the cells of the sheets, the shared strings.

    What is a sheet the workbook says, as it does to the reader, not the look of a part.
    """
    by_name = {part.filename.lower(): part for part in parts if part.filename.lower().endswith(_XML)}
    whole = {name: _kept_whole(path, stream, by_name[name]) for name in _KEPT_WHOLE if name in by_name}
    sheets = _sheet_parts(path, whole)
    scans: dict[str, SheetScan] = {}
    for name, part in by_name.items():
        if name in whole:
            continue
        chunks = _checked(path, part, _inflated(path, stream, part))
        if name in sheets.values():
            scans[name] = scan_sheet(chunks, guard)
        elif name == _STRINGS:
            _count_strings(path, part, chunks, guard)
        else:
            for _ in chunks:
                pass
    seen = {name: scans.get(part, SheetScan()) for name, part in sheets.items()}
    _refuse_far_cells(path, list(seen.values()))
    return {
        name: Inspection(len(scan.hidden), frozenset(scan.empty_formulas), frozenset(scan.error_cells))
        for name, scan in seen.items()
    }


def _kept_whole(path: Path, stream: BinaryIO, part: zipfile.ZipInfo) -> bytes:
    if part.file_size > _SMALL:
        raise InputError(f"“{path.name}”的部件 {part.filename} 异常地大，不予打开。", RESAVE)
    return b"".join(_checked(path, part, _inflated(path, stream, part)))


def _count_strings(path: Path, part: zipfile.ZipInfo, chunks: Iterator[bytes], guard: Guard) -> None:
    """Refuse more shared strings than a file of this size can hold in earnest, and one longer than a cell may be."""
    n, run, most = 0, 0, 100_000 + part.compress_size
    for chunk in chunks:
        n += max(chunk.count(b"<si"), chunk.count(b":si"))
        signs = np.flatnonzero(np.frombuffer(chunk, dtype=np.uint8) == _LESS)
        longest = int(np.diff(signs).max(initial=0)) if len(signs) else 0
        first, last = (int(signs[0]), len(chunk) - int(signs[-1])) if len(signs) else (len(chunk), 0)
        if n > most:
            raise InputError(f"“{path.name}”的文字表有 {n} 条以上，与文件大小不符，不予打开。", RESAVE)
        if max(run + first, longest) > 4 * guard.max_cell_chars:
            raise InputError(f"“{path.name}”里有一格超过 {guard.max_cell_chars} 个字。", "请删去该格的多余内容后再交。")
        run = last if len(signs) else run + first


def _inflated(path: Path, stream: BinaryIO, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """Unpack one part chunk by chunk; stop as soon as it is larger than the table of contents says."""
    stream.seek(max(part.header_offset, 0))
    header = stream.read(30)
    if header[:4] != b"PK\x03\x04" or len(header) < 30:
        raise zipfile.BadZipFile(part.filename)
    stream.seek(sum(struct.unpack("<HH", header[26:30])), 1)
    left, out = part.compress_size, 0
    engine = zlib.decompressobj(-15) if part.compress_type == 8 else None
    while left > 0:
        packed = stream.read(min(_CHUNK // 4, left))
        left -= len(packed) or left
        while packed:
            chunk = engine.decompress(packed, _CHUNK) if engine else packed
            packed = engine.unconsumed_tail if engine else b""
            out += len(chunk)
            if out > part.file_size:
                raise InputError(f"“{path.name}”的压缩信息与内容不符，可能是恶意文件，不予打开。", RESAVE)
            yield chunk
    if out != part.file_size:
        raise zipfile.BadZipFile(part.filename)


def _checked(path: Path, part: zipfile.ZipInfo, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Refuse a part that declares anything (DOCTYPE, ENTITY), that is not plain UTF-8 XML, or that is a bomb."""
    if part.file_size > _LARGE and part.file_size > _RATIO * part.compress_size:
        times = part.file_size // max(part.compress_size, 1)
        raise InputError(f"“{path.name}”的部件 {part.filename} 解压后是原来的 {times} 倍，不予打开。", RESAVE)
    first = next(chunks, b"")
    if first[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in first[:200] or not re.search(rb"<[A-Za-z_!?]", first):
        raise InputError(f"“{path.name}”的部件 {part.filename} 不是正常的 XML，不予打开。", RESAVE)
    tail = b""
    for chunk in chain([first], chunks):
        window = tail + chunk if tail.endswith(b"<") or b"!" in tail else chunk
        if b"!" in window and _MARKUP.search(window):  # one rare letter is found faster than two
            raise InputError(f"“{path.name}”的部件 {part.filename} 带有 DOCTYPE，不予打开。", RESAVE)
        tail = window[-8:]
        yield chunk


def _refuse_far_cells(path: Path, scans: list[SheetScan]) -> None:
    far = [cell for scan in scans for cell in scan.far]
    area = sum(scan.reach["columns"] * scan.reach["rows"] for scan in scans)
    if far:
        raise InputError(f"“{path.name}”在很远的单元格 {far[0]} 有内容，表格范围过大。",
                         "请删去该单元格（以及其间的空行空列）后保存；确有这么多行列的，请拆成几个文件。")  # fmt: skip
    merges = sum(scan.reach["merges"] for scan in scans)
    if merges > _MERGES:
        raise InputError(f"“{path.name}”有 {merges} 处合并单元格，不予打开。", "请取消合并后逐行填写，再交。")
    if len(scans) > _SHEETS or area > 2 * MAX_CELLS:
        raise InputError(f"“{path.name}”的 {len(scans)} 张工作表共有 {area} 格，表格范围过大。", "请拆成几个文件。")


def _sheet_parts(path: Path, whole: Mapping[str, bytes]) -> dict[str, str]:
    """Return sheet name → name of its part."""
    try:
        targets = {
            r.get("Id", ""): r.get("Target", "") for r in _elements(whole.get(_RELATIONS, b"<x/>"), "Relationship")
        }
        sheets = _elements(whole[_BOOK], "sheet")
    except expat.ExpatError as error:
        raise InputError(f"“{path.name}”的目录部件读不懂，文件可能已损坏。", RESAVE) from error
    parts = {sheet.get("name", ""): targets.get(sheet.get(_RELATION, ""), "") for sheet in sheets}
    full = {name: target.lstrip("/") if target.startswith("/") else f"xl/{target}" for name, target in parts.items()}
    odd = [target for target in full.values() if not target.lower().endswith(_XML)]
    if odd:
        raise InputError(f"“{path.name}”的工作表部件 {odd[0]} 不是 XML，不予打开。", RESAVE)
    return {name: target.lower() for name, target in full.items()}


def _elements(xml: bytes, name: str) -> list[dict[str, str]]:
    """Return the attributes of every element of a name, without building a tree."""
    found: list[dict[str, str]] = []
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = lambda tag, facts: found.append(facts) if tag.split(" ")[-1] == name else None
    parser.Parse(xml, True)
    return found


# --- the bare XML of one sheet, streamed block by block ---


@dataclass(frozen=True)
class SheetScan:
    """What one sheet holds; ``far``: the address that makes it too large, if any; ``last``: the one that widened it."""

    hidden: list[int] = field(default_factory=list)
    empty_formulas: set[str] = field(default_factory=set)
    error_cells: set[str] = field(default_factory=set)
    far: list[str] = field(default_factory=list)
    last: list[str] = field(default_factory=lambda: [""])
    reach: dict[str, int] = field(default_factory=lambda: {"columns": 26, "rows": 0, "cells": 0, "merges": 0})


def scan_sheet(chunks: Iterator[bytes], guard: Guard) -> SheetScan:
    """Look at every row once, in blocks that end where a row begins; stop at the first far cell."""
    scan, carry = SheetScan(), b""
    for chunk in chunks:
        block = carry + chunk
        cut = block.rfind(b"<row ")
        if cut <= 0 and len(block) < _LONG:
            carry = block
            continue
        cut = cut if cut > 0 else len(block)
        carry = block[cut:]
        _look(block[:cut], scan, guard)
        if scan.far:
            return scan
    _look(carry, scan, guard)
    if not scan.far and scan.reach["columns"] * scan.reach["rows"] > _SPARSE + _DENSE * scan.reach["cells"]:
        scan.far.append(scan.last[0])
    return scan


def _look(block: bytes, scan: SheetScan, guard: Guard) -> None:
    """Note what one block of XML holds. Every attribute is ``name="value"`` in files that Excel or WPS wrote; anything
    else is read the slow way."""
    # what follows an attribute is looked at: a block that does not end with a row is padded
    letters = np.frombuffer(block if block.endswith(b"</row>") else block + b" " * 16, dtype=np.uint8)
    before, equals, after = letters[:-14], letters[1:-13] == _EQUALS, letters[2:-12]
    if b"'" in block or (equals & ((before == _SPACE) | (after != _QUOTE))).any():
        addresses = [(m.start(1), m.group(1), m.group(2)) for m in _ANY.finditer(block)]
        scan.reach["cells"] += len(addresses)
    else:
        starts = np.flatnonzero(equals & (before == ord("r"))) + 3
        is_cell = letters[starts] >= ord("A")  # a row has an address of digits only
        addresses = _far_ones(block, letters, starts[is_cell], guard) + _deepest(block, letters, starts, is_cell)
        scan.reach["cells"] += int(is_cell.sum())
    scan.reach["merges"] += block.count(b"mergeCell ref")
    for start, name, digits in addresses:
        _reach(block, start, (name, digits), scan, guard)
        if scan.far:
            return
    if ((letters[:-1] == _LESS) & (letters[1:] == ord("f"))).any():
        scan.empty_formulas.update(cell.decode("ascii") for cell in _EMPTY_FORMULA.findall(block))
    if (equals & (before == ord("t")) & (letters[3:-11] == ord("e"))).any():
        scan.error_cells.update(cell.decode("ascii") for cell in _ERROR.findall(block))
    if (equals[1:] & (before[1:] == ord("n")) & (before[:-1] == ord("e"))).any():
        scan.hidden.extend(1 for _ in _HIDDEN.finditer(block))


def _far_ones(block: bytes, letters: np.ndarray, start: np.ndarray, guard: Guard) -> list[tuple[int, bytes, bytes]]:
    """Of the cell addresses give the widest and the deepest, and every one beyond the limits."""
    wide = start[letters[start + 1] >= ord("A")]
    deep = start[_digit(letters[start + 5]) & _digit(letters[start + 6])]
    names = letters[wide[:, None] + np.arange(3)].astype("int64") & 31
    names[letters[wide + 2] < ord("A"), 2] = 0
    columns = np.where(names[:, 2] > 0, names @ [676, 26, 1], names @ [26, 1, 0])
    text = letters[deep[:, None] + np.arange(1, 11)].astype("int64")
    shown = np.cumprod(_digit(text) | ((text >= ord("A")) & (np.arange(10) < 2)), axis=1) * _digit(text)
    power = shown.sum(axis=1)[:, None] - np.cumsum(shown, axis=1)
    rows = ((text - ord("0")) * shown * 10**power).sum(axis=1)
    picked = [*wide[columns > guard.max_columns], *deep[rows > guard.max_rows]]
    picked += [*wide[columns.argmax() :][:1]] if len(wide) else []
    picked += [*deep[rows.argmax() :][:1]] if len(deep) else []
    found = [(int(p), _ADDRESS.match(block, int(p))) for p in picked]
    return [(p, m.group(1), m.group(2)) for p, m in found if m]


def _deepest(
    block: bytes, letters: np.ndarray, starts: np.ndarray, is_cell: np.ndarray
) -> list[tuple[int, bytes, bytes]]:
    """Return a filled cell of the deepest row that has one; rows that are only formatted are common at the end."""
    rows = starts[~is_cell]
    text = letters[np.minimum(rows[:, None] + np.arange(7), len(letters) - 1)].astype("int64") - ord("0")
    shown = np.cumprod((text >= 0) & (text <= 9), axis=1)
    numbers = (text * shown * 10 ** (shown.sum(axis=1)[:, None] - np.cumsum(shown, axis=1))).sum(axis=1)
    ends = np.append(rows[1:], len(block))
    order = np.argsort(-numbers)
    for number in order[:_TRIED]:
        cell = _FILLED_CELL.search(block, int(rows[number]), int(ends[number]))
        if cell:
            return [(cell.start(1), cell.group(1), cell.group(2))]
    filled = list(_FILLED_CELL.finditer(block)) if len(order) > _TRIED else []
    deepest = max(filled, key=lambda match: int(match.group(2)), default=None)
    return [(deepest.start(1), deepest.group(1), deepest.group(2))] if deepest else []


def _digit(letters: np.ndarray) -> np.ndarray:
    return (letters >= ord("0")) & (letters <= ord("9"))


def _reach(block: bytes, start: int, address: tuple[bytes, bytes], scan: SheetScan, guard: Guard) -> None:
    columns, rows = _number(address[0]), int(address[1][:9])
    if columns <= scan.reach["columns"] and rows <= scan.reach["rows"]:
        return
    if not _FILLED.match(block, start + len(address[0]) + len(address[1]) + 1):
        return
    scan.reach["columns"], scan.reach["rows"] = max(scan.reach["columns"], columns), max(scan.reach["rows"], rows)
    scan.last[0] = b"".join(address).decode("ascii")[:20]
    area = scan.reach["columns"] * scan.reach["rows"] if scan.reach["rows"] > 100_000 else 0
    if columns > guard.max_columns or rows > guard.max_rows or area > MAX_CELLS:
        scan.far.append(scan.last[0])


def _number(letters: bytes) -> int:
    """Give the number of a column: A → 1, XFD → 16384."""
    number = 0
    for letter in letters.upper()[:6]:
        number = number * 26 + letter - 64
    return number
