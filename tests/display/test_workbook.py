"""Workbooks: nothing becomes a formula, the same tables give the same bytes, all or nothing on the disk."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zjanalysis.columns import Column
from zjanalysis.display.tables import table
from zjanalysis.display.workbook import CONTENTS, sheet_names, workbook_bytes

HOSTILE = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "a\x00\x0bb", "长" * 40_000, "\u202e反", "😀"]
COLUMNS = [Column("item_name", "事项名称"), Column("share", "占比", "share"), Column("n", "数", "count", unit="项")]


def sample() -> pd.DataFrame:
    return pd.DataFrame({"item_name": HOSTILE, "share": [0.5] * 9 + [None], "n": range(10)})


def written(tmp_path: Path) -> openpyxl.Workbook:
    one = table(sample(), caption="=危险", columns=COLUMNS, sheet="事项/表", note="=注")
    path = tmp_path / "表 一.xlsx"
    path.write_bytes(workbook_bytes([one, one], title="=标题", notes=["=说明", ("=术语", "@解释")]))
    return openpyxl.load_workbook(path)


def test_no_cell_is_a_formula_and_dangerous_text_is_quoted(tmp_path: Path) -> None:
    book = written(tmp_path)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n"}
    texts = [cell for cell in cells if cell.data_type == "s" and cell.value[0] in "=+-@\t\r\n"]
    assert (
        len(texts) == 6 + 2 * 8
    )  # contents: title, two captions, two notes of three cells; sheets: caption, note, six
    assert all(cell.quotePrefix for cell in texts)


def test_text_survives_but_for_what_no_workbook_can_hold(tmp_path: Path) -> None:
    sheet = written(tmp_path)["事项／表"]
    read = [sheet.cell(row + 3, 1).value for row in range(10)]
    assert read[:4] == HOSTILE[:4]
    assert read[6] == "ab"
    assert len(read[7]) == 32767
    assert read[8:] == [text.replace("\u202e", "") for text in HOSTILE[8:]]


def test_a_workbook_prints_the_decimals_of_the_page(tmp_path: Path) -> None:
    rows = pd.DataFrame({"indicator": ["visits", "instant", "online"], "value": [0.083331, 0.85496, 9999.6 / 10000],
                         "digits": [5, 3, 2], "share": [1 / 31327, 1.0, 0.5], "gap": [1e-5, -1e-5, 0.0]})  # fmt: skip
    heads = [Column("value", "数值", "value"), Column("share", "占比", "share", "%"), Column("gap", "差", "points")]
    one = table(rows, caption="表", columns=[Column("indicator", "指标", "code"), *heads], sheet="表")
    (tmp_path / "表.xlsx").write_bytes(workbook_bytes([one], title="表"))
    sheet = openpyxl.load_workbook(tmp_path / "表.xlsx")["表"]
    printed = [[cell.number_format.split(";")[0] for cell in row] for row in sheet["B3:C5"]]
    assert printed == [['0.00000"次"', "0.000%"], ["0.000%", "0.00%"], ["0.000%", "0.00%"]]
    assert [row[1:] for row in one.texts()] == [["0.08333次", "0.003", "0.00"], ["85.496%", "100.00", "0.00"],
                                                ["99.996%", "50.00", "0.00"]]  # fmt: skip


def test_shares_are_numbers_in_percent_and_missing_is_empty(tmp_path: Path) -> None:
    sheet = written(tmp_path)["事项／表"]
    assert (sheet["B3"].value, sheet["B3"].number_format) == (0.5, "0.00%")
    assert sheet["B12"].value is None
    assert sheet["C2"].value == "数（项）"
    assert sheet.freeze_panes == "B3"


def test_the_first_sheet_explains_and_links(tmp_path: Path) -> None:
    book = written(tmp_path)
    assert book.sheetnames == [CONTENTS, "事项／表", "事项／表（2）"]
    first = book[CONTENTS]
    assert [first.cell(row, 1).hyperlink.location for row in (4, 5)] == ["'事项／表'!A1", "'事项／表（2）'!A1"]


def test_every_sheet_the_contents_too_prints_as_wide_as_a_page(tmp_path: Path) -> None:
    book = written(tmp_path)
    assert len(book.worksheets) == 3
    for sheet in book.worksheets:
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)


def test_no_part_of_the_file_points_outside(tmp_path: Path) -> None:
    written(tmp_path)
    with zipfile.ZipFile(tmp_path / "表 一.xlsx") as parts:
        assert not any(b'TargetMode="External"' in parts.read(name) for name in parts.namelist())


def test_the_same_tables_give_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    one = table(sample(), caption="例", columns=COLUMNS)
    first = workbook_bytes([one], title="题")
    import datetime as clock

    from openpyxl.packaging import core

    class Later(clock.datetime):
        @classmethod
        def now(cls, tz: clock.tzinfo | None = None) -> Later:
            return cls(2030, 1, 1, tzinfo=tz)

    monkeypatch.setattr(core.datetime, "datetime", Later)
    assert workbook_bytes([one.payload()], title="题") == first


@given(st.lists(st.text(max_size=60), max_size=12))
def test_sheet_names_are_legal_and_unique(wanted: list[str]) -> None:
    names = sheet_names(wanted)
    assert len({name.casefold() for name in names} | {CONTENTS}) == len(wanted) + 1
    assert all(0 < len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in names)
    assert not any(name.startswith("'") or name.endswith("'") for name in names)
