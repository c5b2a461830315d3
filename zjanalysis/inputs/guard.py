"""Before a workbook is opened: is it one, and is it safe to open? Every part is streamed, none is kept."""

from __future__ import annotations

import mmap
import re
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping
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
_KEPT_WHOLE = BOOK, RELATIONS, STYLES = ("xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml")
_STRINGS = "xl/sharedstrings.xml"
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships id"
_RATIO, _LARGE = 150, 50_000_000  # a part that unpacks to more than both is no table that anybody filled in
_SHEETS, _MERGES = 500, 100_000
_MARKUP = re.compile(rb"<!(?!--|\[CDATA\[).{7}", re.DOTALL)  # DOCTYPE, ENTITY: neither element nor comment
# The reader makes a cell for every place between the first and the last that holds something: 30 million are about
# 1 GB. Up to 100,000 rows, at most ``max_columns`` wide, stay near that.
MAX_CELLS = 30_000_000
_SPARSE, _DENSE = 1_000_000, 30  # cells that a sheet may span: that many, and so many times the cells it holds
_COUNTED = ("rows", "cells", "merges", "hidden")
_LONG = 8_000_000  # bytes without the begin of a row: look at them anyway
_ANY = re.compile(rb"\sr\s*=\s*[\"']\s*([A-Za-z]+\d+)")
_EMPTY_FORMULA = re.compile(rb'<c [^>]*?r="([A-Z]+\d+)"[^>]*><f(?:/>|[^>]*/>|[^>]*>[^<]*</f>)(?:<v></v>|<v ?/>)?</c>')
_ERROR = re.compile(rb'<c r="([A-Z]+\d+)"[^>]* t="e"')
_HIDDEN = re.compile(rb'<row [^>]*hidden="(?:1|true)"')
_QUOTE, _EQUALS, _SPACE, _LESS = b'"= <'


@dataclass(frozen=True)
class Inspection:
    """What the bare XML of a sheet tells and the reader does not.

    ``far``: the address that makes the sheet too large, if any; ``last``: the one that widened it.
    """

    empty_formulas: set[str] = field(default_factory=set)
    error_cells: set[str] = field(default_factory=set)
    far: list[str] = field(default_factory=list)
    last: list[str] = field(default_factory=lambda: [""])
    reach: dict[str, int] = field(default_factory=lambda: {"columns": 26, **dict.fromkeys(_COUNTED, 0)})


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
            hint = "请重新下载或重新导出，并先用 Excel/WPS 打开确认。"
            raise InputError(f"“{path.name}”不完整或已损坏，打不开。", hint) from error


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
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as whole:
            if whole.find("EncryptedPackage".encode("utf-16-le")) >= 0:
                raise InputError(f"“{path.name}”设了打开密码。", "请在 Excel/WPS 中取消密码后另存，再放回原处。")
        raise InputError(f"“{path.name}”是旧格式的工作簿（.xls 或 .et）。", RESAVE)
    if head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"<":
        raise InputError(f"“{path.name}”其实是网页或 XML 表格，只是扩展名写成了 {path.suffix}。", RESAVE)
    if not head.startswith(b"PK"):
        raise InputError(f"“{path.name}”不是 .xlsx 工作簿（可能是文本文件改了扩展名，或没有下载完）。", RESAVE)


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
    sheets = sheet_parts(path, whole)
    scans: dict[str, Inspection] = {}
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
    inspections = {name: scans.get(part, Inspection()) for name, part in sheets.items()}
    _refuse_far_cells(path, inspections.values())
    return inspections


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


def _refuse_far_cells(path: Path, scans: Collection[Inspection]) -> None:
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


def sheet_parts(path: Path, whole: Mapping[str, bytes]) -> dict[str, str]:
    """Return sheet name → name of its part."""
    try:
        relations = elements(whole.get(RELATIONS, b"<x/>"), "Relationship")
        targets = {one.get("Id", ""): one.get("Target", "") for one in relations}
        sheets = elements(whole[BOOK], "sheet")
    except expat.ExpatError as error:
        raise InputError(f"“{path.name}”的目录部件读不懂，文件可能已损坏。", RESAVE) from error
    parts = {sheet.get("name", ""): targets.get(sheet.get(_RELATION, ""), "") for sheet in sheets}
    full = {name: target.lstrip("/") if target.startswith("/") else f"xl/{target}" for name, target in parts.items()}
    odd = [target for target in full.values() if not target.lower().endswith(_XML)]
    if odd:
        raise InputError(f"“{path.name}”的工作表部件 {odd[0]} 不是 XML，不予打开。", RESAVE)
    return {name: target.lower() for name, target in full.items()}


def elements(xml: bytes, name: str) -> list[dict[str, str]]:
    """Return the attributes of every element of a name, without building a tree."""
    attributes: list[dict[str, str]] = []
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = lambda tag, facts: attributes.append(facts) if tag.split(" ")[-1] == name else None
    parser.Parse(xml, True)
    return attributes


# --- the bare XML of one sheet, streamed block by block ---


def scan_sheet(chunks: Iterator[bytes], guard: Guard) -> Inspection:
    """Look at every row once, in blocks that end where a row begins; stop at the first far cell."""
    scan, carry = Inspection(), b""
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


def _look(block: bytes, scan: Inspection, guard: Guard) -> None:
    """Note what one block of XML holds. Every attribute is ``name="value"`` in files that Excel or WPS wrote; anything
    else is read the slow way."""
    # what follows an attribute is looked at: a block that does not end with a row is padded
    letters = np.frombuffer(block if block.endswith(b"</row>") else block + b" " * 16, dtype=np.uint8)
    before, equals, after = letters[:-14], letters[1:-13] == _EQUALS, letters[2:-12]
    if b"'" in block or (equals & ((before == _SPACE) | (after != _QUOTE))).any():
        starts = np.array([match.start(1) for match in _ANY.finditer(block)], dtype="int64")
    else:
        starts = np.flatnonzero(equals & (before == ord("r"))) + 3
        starts = starts[letters[starts] >= ord("A")]  # a row has an address of digits only
    scan.reach["cells"] += len(starts)
    scan.reach["merges"] += block.count(b"mergeCell ref")
    _reach(letters, starts, scan, guard)
    if scan.far:
        return
    if ((letters[:-1] == _LESS) & (letters[1:] == ord("f"))).any():
        scan.empty_formulas.update(cell.decode("ascii") for cell in _EMPTY_FORMULA.findall(block))
    if (equals & (before == ord("t")) & (letters[3:-11] == ord("e"))).any():
        scan.error_cells.update(cell.decode("ascii") for cell in _ERROR.findall(block))
    if (equals[1:] & (before[1:] == ord("n")) & (before[:-1] == ord("e"))).any():
        scan.reach["hidden"] += len(_HIDDEN.findall(block))


def _reach(letters: np.ndarray, starts: np.ndarray, scan: Inspection, guard: Guard) -> None:
    """Note how far the cells of a block reach that are more than a format: neither closed at once nor empty."""
    columns, rows, ends = _addresses(letters, starts)
    closing = np.append(np.flatnonzero(letters == ord(">")), len(letters) - 3)
    close = closing[np.searchsorted(closing[:-1], ends)]
    empty = (letters[close - 1] == ord("/")) | ((letters[close + 1] == _LESS) & (letters[close + 2] == ord("/")))
    is_filled = (rows > 0) & ~empty
    columns, rows, starts, ends = columns[is_filled], rows[is_filled], starts[is_filled], ends[is_filled]
    reach = scan.reach
    wider, deeper = columns.max(initial=0) > reach["columns"], rows.max(initial=0) > reach["rows"]
    if not wider and not deeper:
        return
    far = (columns > guard.max_columns) | (rows > guard.max_rows)
    place = (far if far.any() else rows if deeper else columns).argmax()
    scan.last[0] = letters[starts[place] : ends[place]].tobytes().decode("ascii", "replace")[:20]
    reach["columns"], reach["rows"] = max(reach["columns"], int(columns.max())), max(reach["rows"], int(rows.max()))
    area = reach["columns"] * reach["rows"] if reach["rows"] > 100_000 else 0
    if far.any() or area > MAX_CELLS:
        scan.far.append(scan.last[0])


def _addresses(letters: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return column, row and end of the cell addresses at some places (XFD7: 16384, 7); of one too long a huge row."""
    columns, rows, ends = np.zeros(len(starts), dtype="int64"), np.zeros(len(starts), dtype="int64"), starts
    going = np.ones(len(starts), dtype=bool)
    for place in range(12):
        signs = letters[np.minimum(starts + place, len(letters) - 1)]
        letter, digit = going & (signs >= ord("A")), going & (signs >= ord("0")) & (signs <= ord("9"))
        columns = np.where(letter, columns * 26 + (signs & 31), columns)
        rows = np.where(digit, rows * 10 + (signs & 15), rows)
        going = letter | digit
        if not going.any():
            break
        ends = ends + going
    return columns, np.where(going, 1 << 40, rows), ends
