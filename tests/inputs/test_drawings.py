"""Charts, shapes and pictures of a workbook stand in its annotated copy byte for byte; what could not come is said."""

from __future__ import annotations

import io
import posixpath
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.drawing.image import Image
from PIL import Image as Picture

sys.path.insert(0, str(Path(__file__).parent))
from corpus import HEAD, A, B, book, with_

from zjanalysis.inputs.annotate import annotate, carried, left_behind
from zjanalysis.inputs.check import check_files
from zjanalysis.settings import Settings

DRAWING, STYLE = "xl/drawings/drawing1.xml", "xl/charts/style1.xml"
SHAPE = """<xdr:twoCellAnchor xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
 xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><xdr:from><xdr:col>1</xdr:col><xdr:colOff>0</xdr:colOff>
<xdr:row>5</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:from><xdr:to><xdr:col>3</xdr:col><xdr:colOff>0</xdr:colOff>
<xdr:row>9</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:to><xdr:sp macro="" textlink=""><xdr:nvSpPr><xdr:cNvPr id="9" name="框"/>
<xdr:cNvSpPr/></xdr:nvSpPr><xdr:spPr><a:prstGeom prst="ellipse"><a:avLst/></a:prstGeom><a:solidFill><a:srgbClr val="70AD47"/>
</a:solidFill></xdr:spPr><xdr:txBody><a:bodyPr/><a:p><a:r><a:t>请看这里</a:t></a:r></a:p></xdr:txBody></xdr:sp>
<xdr:clientData/></xdr:twoCellAnchor>"""


def drawn(made: openpyxl.Workbook, sheet: Any) -> None:
    """Two sheets with a chart each, one of them with a picture."""
    stream = io.BytesIO()
    Picture.new("RGB", (40, 20), "red").save(stream, "PNG")
    sheet.add_image(Image(stream), "J1")
    other = made.create_sheet("统计")
    for row in (("县", "项"), ("遂溪县", 3), ("廉江市", 5)):
        other.append(row)
    for place in (sheet, other):
        chart = BarChart()
        chart.add_data(Reference(other, min_col=2, min_row=1, max_row=3), titles_from_data=True)
        place.add_chart(chart, "J5")


def workbook(path: Path, change: Callable[[dict[str, bytes]], None] = lambda held: None) -> Path:
    """Write the workbook with a shape and a chart style added, as Excel has them and openpyxl does not."""
    book(HEAD, with_(A, law="二十几天"), B, then=drawn)(path)
    with zipfile.ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    held[DRAWING] = held[DRAWING].replace(b"</wsDr>", SHAPE.encode() + b"</wsDr>")
    held[STYLE] = b'<cs:chartStyle xmlns:cs="http://schemas.microsoft.com/office/drawing/2012/chartStyle" id="201"/>'
    held["xl/charts/_rels/chart1.xml.rels"] = (
        b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        b'Type="http://schemas.microsoft.com/office/2011/relationships/chartStyle" Target="style1.xml"/></Relationships>'
    )
    held["[Content_Types].xml"] = held["[Content_Types].xml"].replace(
        b"</Types>",
        b'<Override PartName="/xl/charts/style1.xml" ContentType="application/vnd.ms-office.chartstyle+xml"/></Types>',
    )
    change(held)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in held.items():
            archive.writestr(name, content)
    return path


def annotated(path: Path, folder: Path) -> Path:
    settings = Settings(root=folder)
    return annotate(path, check_files([path], settings=settings).findings, folder / "核对.xlsx", settings=settings)


def told(path: Path) -> bool:
    sheet = openpyxl.load_workbook(path)["核对结果"]
    return any("没有带入本副本" in str(cell.value) for cell in sheet["A"])


def assert_sound(path: Path) -> None:
    """Every relation leads to a part, every part has a content type, none is there twice or pointed to by nothing."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert len(set(names)) == len(names)
        types = ElementTree.fromstring(archive.read("[Content_Types].xml"))
        overrides = [one.get("PartName", "")[1:] for one in types if one.tag.endswith("Override")]
        assert len(set(overrides)) == len(overrides)
        assert set(overrides) <= set(names)
        pointed = set()
        for name in (name for name in names if name.endswith(".rels")):
            folder = posixpath.dirname(posixpath.dirname(name))
            for one in ElementTree.fromstring(archive.read(name)):
                if one.get("TargetMode") != "External":
                    target = posixpath.join("/", folder, one.get("Target", ""))
                    pointed.add(posixpath.normpath(target).lstrip("/"))
        assert pointed == {n for n in names if not n.endswith(".rels")} - {"[Content_Types].xml"}


def test_drawings_are_carried_byte_for_byte(tmp_path: Path) -> None:
    path = workbook(tmp_path / "有图.xlsx")
    assert carried(path) == {"清单": DRAWING, "统计": "xl/drawings/drawing2.xml"}
    out = annotated(path, tmp_path)
    assert_sound(out)
    assert not told(out)
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(out) as after:
        contents = {after.read(name) for name in after.namelist()}
        for name in (DRAWING, "xl/drawings/drawing2.xml"):
            assert before.read(name) in contents
        for name in ("xl/charts/chart1.xml", "xl/charts/chart2.xml", STYLE, "xl/media/image1.png"):
            assert before.read(name) == after.read(f"original/{name}")
            assert name not in after.namelist()
    assert "不是一个时限" in openpyxl.load_workbook(out)["清单"]["E2"].comment.text


def test_a_copy_of_a_copy(tmp_path: Path) -> None:
    out = annotated(workbook(tmp_path / "有图.xlsx"), tmp_path)
    again = tmp_path / "再交.xlsx"
    out.rename(again)
    assert_sound(annotated(again, tmp_path))


@pytest.mark.parametrize("word", [b'<xdr:x spid="_x0000_s1025" compatExt="1"/>', b"<sle:slicer/>"])
def test_what_hangs_on_other_parts_is_not_carried_and_said(word: bytes, tmp_path: Path) -> None:
    def tie(held: dict[str, bytes]) -> None:
        held[DRAWING] = held[DRAWING].replace(b"</wsDr>", b"<!--" + word + b"--></wsDr>")

    path = workbook(tmp_path / "控件.xlsx", tie)
    kept = carried(path)
    assert kept == {"统计": "xl/drawings/drawing2.xml"}
    assert left_behind(path, kept)
    out = annotated(path, tmp_path)
    assert_sound(out)
    assert told(out)


def test_a_damaged_part_is_left_behind(tmp_path: Path) -> None:
    def lose(held: dict[str, bytes]) -> None:
        del held[STYLE]

    out = annotated(workbook(tmp_path / "缺件.xlsx", lose), tmp_path)
    assert_sound(out)
    assert told(out)
