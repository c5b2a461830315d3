"""Before a workbook is opened: is it one, and is it safe to open? Every part is streamed, none is kept."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from xml.etree import ElementTree

import numpy as np

from zjanalysis.errors import InputError
from zjanalysis.settings import Guard

RESAVE = "请用 Excel/WPS 打开后另存为 .xlsx。"
_CHUNK = 1 << 20
_OLE = b"\xd0\xcf\x11\xe0"
_XML = (".xml", ".rels")
_DAMAGED = (zipfile.BadZipFile, NotImplementedError, EOFError, struct.error, zlib.error)
_SMALL = 20_000_000  # bytes of a part that is parsed whole (workbook.xml and its relations)
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}sheet"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
# The reader makes a cell for every place between the first and the last that holds something: 30 million are about
# 1 GB. Rows below 100,000 are not looked at one by one (at most ``max_columns`` wide they stay near that).
MAX_CELLS = 30_000_000
_LONG = 8_000_000  # bytes without the begin of a row: look at them anyway
_FILLED = re.compile(rb"[^>/]*>(?!</)")  # after the address: the cell is more than a format
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
    size = path.stat().st_size
    if size > guard.max_file_mb * 1e6:
        raise InputError(f"“{path.name}”有 {size / 1e6:.3g} MB，超过上限 {guard.max_file_mb:g} MB。",
                         "请拆成几个文件，或在 zjanalysis.toml 的 [guard] 调高 max_file_mb。")  # fmt: skip
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
    """Stream every XML part once: its true size, its head, and the cells of the sheets."""
    found: dict[str, Oddities] = {}
    small: dict[str, bytes] = {}
    for part in parts:
        if not part.filename.lower().endswith(_XML):
            continue
        chunks = _checked(path, part, _inflated(path, stream, part))
        if part.filename.lower() in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels"):
            if part.file_size > _SMALL:
                raise InputError(f"“{path.name}”的目录部件异常地大，不予打开。", RESAVE)
            small[part.filename.lower()] = b"".join(chunks)
        else:
            found[part.filename.lower()] = scan_sheet(chunks, guard)
    _refuse_far_cells(path, found)
    sheets = _sheet_parts(path, small)
    seen = {name: found.get(part, Oddities()) for name, part in sheets.items()}
    return {
        name: Inspection(len(odd.hidden), frozenset(odd.empty_formulas), frozenset(odd.error_cells))
        for name, odd in seen.items()
    }


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
    """Refuse a part whose head holds a DOCTYPE, or that is not plain UTF-8 XML."""
    first = next(chunks, b"")
    if b"<!DOCTYPE" in first[:_CHUNK].upper() or b"<!ENTITY" in first.upper():
        raise InputError(f"“{path.name}”的部件 {part.filename} 带有 DOCTYPE，不予打开。", RESAVE)
    if first[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in first[:200] or not re.search(rb"<[A-Za-z_]", first):
        raise InputError(f"“{path.name}”的部件 {part.filename} 不是正常的 XML，不予打开。", RESAVE)
    yield first
    yield from chunks


def _refuse_far_cells(path: Path, found: Mapping[str, Oddities]) -> None:
    far = [cell for oddities in found.values() for cell in oddities.far]
    if far:
        raise InputError(f"“{path.name}”在很远的单元格 {far[0]} 有内容，表格范围过大。",
                         "请删去该单元格（以及其间的空行空列）后保存；确有这么多行列的，请拆成几个文件。")  # fmt: skip


def _sheet_parts(path: Path, small: Mapping[str, bytes]) -> dict[str, str]:
    """Give sheet name → name of its part."""
    try:
        book = ElementTree.fromstring(small["xl/workbook.xml"])
        relations = ElementTree.fromstring(small.get("xl/_rels/workbook.xml.rels", b"<none/>"))
    except ElementTree.ParseError as error:
        raise InputError(f"“{path.name}”的目录部件读不懂，文件可能已损坏。", RESAVE) from error
    targets = {r.get("Id", ""): r.get("Target", "") for r in relations}
    parts = {sheet.get("name", ""): targets.get(sheet.get(_RELATION, ""), "") for sheet in book.iter(_MAIN)}
    full = {name: target.lstrip("/") if target.startswith("/") else f"xl/{target}" for name, target in parts.items()}
    odd = [target for target in full.values() if not target.lower().endswith(_XML)]
    if odd:
        raise InputError(f"“{path.name}”的工作表部件 {odd[0]} 不是 XML，不予打开。", RESAVE)
    return {name: target.lower() for name, target in full.items()}


# --- the bare XML of one sheet, streamed block by block ---


@dataclass(frozen=True)
class Oddities:
    """What one sheet holds; ``far`` holds the address that makes it too large, if any."""

    hidden: list[int] = field(default_factory=list)
    empty_formulas: set[str] = field(default_factory=set)
    error_cells: set[str] = field(default_factory=set)
    far: list[str] = field(default_factory=list)
    reach: dict[str, int] = field(default_factory=lambda: {"columns": 26, "rows": 0})


def scan_sheet(chunks: Iterator[bytes], guard: Guard) -> Oddities:
    """Look at every row once, in blocks that end where a row begins; stop at the first far cell.

    A part that is no sheet is only unpacked (its true size is what the caller watches).
    """
    found, carry, is_sheet = Oddities(), b"", None
    for chunk in chunks:
        is_sheet = b"worksheet" in chunk[:4096] if is_sheet is None else is_sheet
        if not is_sheet:
            continue
        block = carry + chunk
        cut = block.rfind(b"<row ")
        if cut <= 0 and len(block) < _LONG:
            carry = block
            continue
        cut = cut if cut > 0 else len(block)
        carry = block[cut:]
        _look(block[:cut], found, guard)
        if found.far:
            return found
    _look(carry, found, guard)
    return found


def _look(block: bytes, found: Oddities, guard: Guard) -> None:
    """Note what one block of XML holds. Every attribute is ``name="value"`` in files that Excel or WPS wrote; anything
    else is read the slow way."""
    # what follows an attribute is looked at: a block that does not end with a row is padded
    letters = np.frombuffer(block if block.endswith(b"</row>") else block + b" " * 16, dtype=np.uint8)
    before, equals, after = letters[:-14], letters[1:-13] == _EQUALS, letters[2:-12]
    if b"'" in block or (equals & ((before == _SPACE) | (after != _QUOTE))).any():
        addresses = [(m.start(1), m.group(1), m.group(2)) for m in _ANY.finditer(block)]
    else:
        addresses = _far_ones(block, letters, np.flatnonzero(equals & (before == ord("r"))) + 3, guard)
    for start, name, digits in addresses:
        _reach(block, start, (name, digits), found, guard)
        if found.far:
            return
    if ((letters[:-1] == _LESS) & (letters[1:] == ord("f"))).any():
        found.empty_formulas.update(cell.decode("ascii") for cell in _EMPTY_FORMULA.findall(block))
    if (equals & (before == ord("t")) & (letters[3:-11] == ord("e"))).any():
        found.error_cells.update(cell.decode("ascii") for cell in _ERROR.findall(block))
    if (equals[1:] & (before[1:] == ord("n")) & (before[:-1] == ord("e"))).any():
        found.hidden.extend(1 for _ in _HIDDEN.finditer(block))


def _far_ones(block: bytes, letters: np.ndarray, start: np.ndarray, guard: Guard) -> list[tuple[int, bytes, bytes]]:
    """Of the cell addresses give the widest and the deepest, and every one beyond the limits."""
    start = start[letters[start] >= ord("A")]  # a row has an address of digits only
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


def _digit(letters: np.ndarray) -> np.ndarray:
    return (letters >= ord("0")) & (letters <= ord("9"))


def _reach(block: bytes, start: int, address: tuple[bytes, bytes], found: Oddities, guard: Guard) -> None:
    columns, rows = _number(address[0]), int(address[1][:9])
    if columns <= found.reach["columns"] and rows <= found.reach["rows"]:
        return
    if not _FILLED.match(block, start + len(address[0]) + len(address[1]) + 1):
        return
    found.reach["columns"], found.reach["rows"] = max(found.reach["columns"], columns), max(found.reach["rows"], rows)
    area = found.reach["columns"] * found.reach["rows"] if found.reach["rows"] > 100_000 else 0
    if columns > guard.max_columns or rows > guard.max_rows or area > MAX_CELLS:
        found.far.append(b"".join(address).decode("ascii")[:20])


def _number(letters: bytes) -> int:
    """Give the number of a column: A → 1, XFD → 16384."""
    number = 0
    for letter in letters.upper()[:6]:
        number = number * 26 + letter - 64
    return number
