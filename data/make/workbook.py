"""Write a workbook whose bytes depend on nothing but its cells: plain sheet XML, one table of strings, no clock."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from make.dialects import Cell, Dialect

BAND = "示例数据（模拟）"
NOTE = f"{BAND}：本表全部数值均为程序生成，不反映任何地区的真实情况"
FIXED = (2021, 4, 1, 0, 0, 0)
STAMPS, STAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), b"2021-04-01T00:00:00Z"
WIDE = {
    "name": 46,
    "impl_code": 34,
    "handle_item_code": 36,
    "base_code": 16,
    "department": 30,
    "reason": 22,
    "serves": 28,
}
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
PLAIN, HEAD, TITLE = 0, 1, 2
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><fonts count="3"><font><sz val="11"/><name val="宋体"/></font>'
    '<font><b/><sz val="11"/><name val="宋体"/></font><font><b/><sz val="14"/><name val="宋体"/></font></fonts>'
    '<fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '<fill><patternFill patternType="solid"><fgColor rgb="FFDDE7F0"/></patternFill></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf/>'
    '<xf fontId="1" fillId="2" applyFont="1" applyFill="1" applyAlignment="1">'
    '<alignment horizontal="center" vertical="center" wrapText="1"/></xf><xf fontId="2" applyFont="1"/></cellXfs>'
    "</styleSheet>"
)

Sheet = tuple[str, str, list[dict[str, Cell]]]


def write(path: Path, sheets: Sequence[Sheet], dialect: Dialect, *, level: int = 9) -> None:
    """Write sheets (name, title, rows) in a dialect; the same rows give the same file at the same packing ``level``."""
    strings: dict[str, int] = {}
    pages = ["".join(_sheet(title, rows, dialect, strings)) for _, title, rows in sheets]
    parts = _around([name for name, _, _ in sheets])
    parts |= {f"xl/worksheets/sheet{number}.xml": page for number, page in enumerate(pages, start=1)}
    texts = "".join(f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in strings)
    parts["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}" uniqueCount="{len(strings)}">{texts}</sst>'
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(_part(name), (XML + content).encode("utf-8"), compresslevel=level)


def _sheet(title: str, rows: list[dict[str, Cell]], dialect: Dialect, strings: dict[str, int]) -> Iterator[str]:
    """Return the XML of one sheet; new texts go into the table of strings."""
    above = [[title], [NOTE]] if dialect.has_title else []
    top = len(above) + 1
    yield f'<worksheet xmlns="{MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="{top}" '
    yield f'topLeftCell="A{top + 1}" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>'
    for number, (_, key) in enumerate(dialect.columns, start=1):
        yield f'<col min="{number}" max="{number}" width="{WIDE.get(key, 13)}" customWidth="1"/>'
    yield "</cols><sheetData>"
    heads = [header for header, _ in dialect.columns]
    styles = [TITLE, PLAIN, HEAD] if dialect.has_title else [HEAD]
    for number, (cells, style) in enumerate(zip([*above, heads], styles, strict=True), start=1):
        yield _row(number, cells, style, strings)
    keys = [key for _, key in dialect.columns]
    for number, row in enumerate(rows, start=top + 1):
        yield _row(number, [row[key] for key in keys], PLAIN, strings)
    yield "</sheetData></worksheet>"


def _row(number: int, cells: Sequence[Cell], style: int, strings: dict[str, int]) -> str:
    parts = [f'<row r="{number}">']
    look = f' s="{style}"' if style else ""
    for letter, value in zip(LETTERS, cells, strict=False):
        if value is None or value == "":
            continue
        if isinstance(value, str):
            at = strings.setdefault(value, len(strings))
            parts.append(f'<c r="{letter}{number}"{look} t="s"><v>{at}</v></c>')
        else:
            parts.append(f'<c r="{letter}{number}"{look}><v>{value}</v></c>')
    return "".join([*parts, "</row>"])


def _around(names: Sequence[str]) -> dict[str, str]:
    """Return the parts of the package that hold the sheets together."""
    numbers = range(1, len(names) + 1)
    listed = "".join(
        f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}"/>' for n, name in zip(numbers, names, strict=True)
    )
    links = [(f"rId{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in numbers]
    links += [("rIdS", "styles", "styles.xml"), ("rIdT", "sharedStrings", "sharedStrings.xml")]
    types = [(f"xl/worksheets/sheet{n}.xml", "worksheet") for n in numbers]
    types += [("xl/workbook.xml", "sheet.main"), ("xl/styles.xml", "styles"), ("xl/sharedStrings.xml", "sharedStrings")]
    overrides = "".join(f'<Override PartName="/{name}" ContentType="{KIND}.{kind}+xml"/>' for name, kind in types)
    return {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>{overrides}</Types>',
        "_rels/.rels": _links([("rId1", "officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _links(links),
        "xl/styles.xml": STYLES,
    }


def _links(links: Sequence[tuple[str, str, str]]) -> str:
    inside = "".join(f'<Relationship Id="{n}" Type="{OFFICE}/{kind}" Target="{to}"/>' for n, kind, to in links)
    return f'<Relationships xmlns="{PACKAGE}/relationships">{inside}</Relationships>'


def without_clock(path: Path) -> None:
    """Take the clock out of a workbook that another library saved: times of the parts, created and modified."""
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as package:
        for name, content in parts.items():
            package.writestr(_part(name), STAMPS.sub(STAMP, content) if name == "docProps/core.xml" else content)


def _part(name: str) -> zipfile.ZipInfo:
    part = zipfile.ZipInfo(name, date_time=FIXED)
    part.compress_type, part.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
    return part
