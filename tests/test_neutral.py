"""One table of payloads and media: what somebody typed runs nowhere, steers no terminal, hides and turns nothing."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from contextlib import redirect_stdout
from email import message_from_bytes, policy
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pandas as pd
import pytest

from zjanalysis.cli.output import print_table, save
from zjanalysis.columns import Column
from zjanalysis.display.document import make_document
from zjanalysis.display.tables import Table, table
from zjanalysis.inputs.annotate import annotate
from zjanalysis.inputs.check import check_files
from zjanalysis.neutral import FORMULA, visible
from zjanalysis.publish.bundle import Addresses, unsent
from zjanalysis.settings import Settings

PAYLOADS = {
    "DDE": "=cmd|' /C calc'!A0",
    "link": '=HYPERLINK("http://x","y")',
    "plus": "+1+1",
    "minus": "-1+1",
    "at": "@SUM(1)",
    "tab": "\t=1",
    "return": "\r=1",
    "full width": "＝1",
    "escape": "\x1b[31m红",
    "C1": "\x9b31m红",
    "NUL": "甲\x00乙",
    "lines": "一行\n又一行",
    "line separator": "甲\u2028乙",
    "right to left": "甲\u202e乙",
    "isolate": "甲\u2066乙",
    "zero width": "甲\u200b乙",
    "half a character": "甲\ud800乙",
    "script": "<script>alert(1)</script>",
    "attribute": "\" onmouseover='x' y=\"",
    "entity": "&lt;b&gt;",
    "CDATA": "]]><w:p/>",
    "header": "甲\r\nBcc: x@y.cn\r\n\r\n乙",
}
PARAGRAPHS = {"document", "body", "p", "pPr", "r", "rPr", "t", "spacing", "jc", "ind", "rFonts", "sz", "szCs", "keepNext",
              "sectPr", "pgSz", "pgMar", "cols", "docGrid", "footerReference", "b", "color"}  # fmt: skip
HIDDEN = ["\x1b", "\x9b", "\x00", "\u202e", "\u2066", "\u200b", "\ud800"]


def shown(text: str) -> tuple[pd.DataFrame, Table]:
    rows = pd.DataFrame({"department": [text], "n": [-1]})
    return rows, table(rows, caption="例", columns=[Column("department", "部门"), Column("n", "数", "count")])


def terminal(text: str, folder: Path) -> str:
    with redirect_stdout(io.StringIO()) as out:
        print_table(shown(text)[1])
    assert len(out.getvalue().splitlines()) == 2  # the header and one row
    return out.getvalue()


def csv_file(text: str, folder: Path) -> str:
    rows, view = shown(text)
    with redirect_stdout(io.StringIO()):
        save(rows, view, folder / "例.csv", title="例")
    with (folder / "例.csv").open(encoding="utf-8-sig", newline="") as stream:
        cell, number = list(csv.reader(stream))[1]
    assert number == "-1"
    assert not cell.startswith(FORMULA)
    return cell


class _Tags(HTMLParser):
    """Every tag with its attributes, and all text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[str]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, [name for name, _ in attrs]))

    def handle_data(self, data: str) -> None:
        self.text += data


def page(text: str, folder: Path) -> str:
    html, usual = _Tags(shown(text)[1].html()), _Tags(shown("甲")[1].html())
    assert [tag for tag, _ in html.tags] == [tag for tag, _ in usual.tags]
    assert {name for _, names in html.tags for name in names} <= {"class", "scope", "style", "colspan"}
    return html.text


def workbook(text: str, folder: Path) -> str:
    rows, view = shown(text)
    with redirect_stdout(io.StringIO()):
        save(rows, view, folder / "例.xlsx", title="例")
    return _cells(folder / "例.xlsx")


def annotated(text: str, folder: Path) -> str:
    """The office's own file comes back with what it says quoted in a sheet and in comments."""
    path = folder / "甲.jsonl"
    item = {"事项名称": text, "地区": "遂溪县", "承诺时限": "5天", "跑动次数": text}
    path.write_text(json.dumps(item), encoding="utf-8")
    findings = check_files([path], settings=Settings(root=folder)).findings
    found = annotate(path, findings, folder / "甲（核对）.xlsx", settings=Settings(root=folder))
    return _cells(found)


def _cells(path: Path) -> str:
    """All texts of a workbook; none is a formula, and one that begins like one carries Excel's mark of a text."""
    book = openpyxl.load_workbook(path)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert not [cell.value for cell in cells if cell.data_type == "f"]
    assert all(cell.quotePrefix for cell in cells if isinstance(cell.value, str) and cell.value.startswith(FORMULA))
    return "".join(str(cell.value) + (cell.comment.text if cell.comment else "") for cell in cells)


def document(text: str, folder: Path) -> str:
    parts = [text, {"kind": "say", "text": text}]
    made = make_document(parts, {"title": text, "region": "遂溪县", "period": "2021Q1"}, office=text, code="A")
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        root = ElementTree.fromstring(archive.read("word/document.xml"))
        usual = {one.tag for one in root.iter()}
    assert {tag.rpartition("}")[2] for tag in usual} <= PARAGRAPHS
    return "".join(root.itertext())


def mail(text: str, folder: Path) -> str:
    letter = message_from_bytes(unsent(text, [text], to=Addresses(), sample=False).as_bytes(), policy=policy.default)
    assert letter.keys() == ["X-Unsent", "Subject", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"]
    return str(letter["Subject"]) + letter.get_content()


MEDIA: dict[str, Callable[[str, Path], str]] = {
    "terminal": terminal, "CSV": csv_file, "HTML": page, "XLSX": workbook, "annotated XLSX": annotated, "DOCX": document,
    "mail": mail,
}  # fmt: skip


@pytest.mark.parametrize("medium", MEDIA)
@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_reaches_a_medium_as_it_is(payload: str, medium: str, tmp_path: Path) -> None:
    text = PAYLOADS[payload]
    arrived = MEDIA[medium](text, tmp_path)
    assert not [sign for sign in HIDDEN if sign in arrived]
    letters = [letter for letter in text if letter.isalpha()]
    assert all(letter in arrived for letter in letters)  # nothing that can be read is lost


def test_what_steers_a_terminal_is_written_as_its_code() -> None:
    assert visible("a\x1b[1m\n\u202e甲") == r"a\x1b[1m\n\u202e甲"
