"""The annotated copy: wrong cells coloured, commented and linked; everything else of the workbook as it was."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Border, Font, PatternFill, Side
from openpyxl.worksheet.datavalidation import DataValidation

sys.path.insert(0, str(Path(__file__).parent))
from corpus import HEAD, OFFICE, A, B, book, csv_of, merged_regions, with_

from zjanalysis.errors import PublishError
from zjanalysis.inputs.annotate import COLOURS, annotate
from zjanalysis.inputs.check import check_files
from zjanalysis.inputs.findings import ERROR, NOTE, WARNING
from zjanalysis.settings import Settings

BAD = (HEAD, with_(A, law=OFFICE), with_(B, promise="60个工作日"), with_(A, name=" 甲 ", base="440125004001"))


def dressed(made: openpyxl.Workbook, sheet: Any) -> None:
    """Return the workbook what people put into it."""
    sheet.column_dimensions["A"].width = 41
    sheet.row_dimensions[1].height = 30
    sheet["H3"].font = Font(bold=True, color="FF0000")
    sheet["C3"].number_format = "@"
    sheet["E3"].border = Border(left=Side("thick"))
    sheet["J2"] = "=G2+1"
    sheet["E2"].comment = Comment("原来的批注", "某人")
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = "A1:H4"
    check = DataValidation(type="list", formula1='"是,否"')
    check.add("H2:H9")
    sheet.add_data_validation(check)
    sheet.conditional_formatting.add("G2:G9", CellIsRule("greaterThan", ["1"], fill=PatternFill(bgColor="FFC7CE")))
    other = made.create_sheet("汇总")
    other["A1"], other["A2"], other["B2"] = "甲", "=清单!G2*2", 0.5
    other["B2"].number_format = "0.0%"
    other.merge_cells("C1:D2")
    other.column_dimensions["B"].hidden = True
    made.create_sheet("暗").sheet_state = "hidden"


@pytest.fixture
def original(tmp_path: Path) -> Path:
    path = tmp_path / "遂溪县 清单.xlsx"
    book(*BAD, then=dressed)(path)
    return path


@pytest.fixture
def copy(original: Path, tmp_path: Path) -> openpyxl.Workbook:
    found = check_files([original], settings=Settings(root=tmp_path)).findings
    before = hashlib.sha256(original.read_bytes()).hexdigest()
    out = annotate(original, found, tmp_path / "核对" / "遂溪县（核对）.xlsx", settings=Settings(root=tmp_path))
    assert hashlib.sha256(original.read_bytes()).hexdigest() == before
    return openpyxl.load_workbook(out)


def looks(cell: Any) -> list[str]:
    return [cell.number_format, repr(cell.font), repr(cell.border), repr(cell.fill)]


def colour(cell: Any) -> str:
    return str(cell.fill.start_color.rgb)[-6:]


def test_wrong_cells_are_coloured_by_level_and_commented(copy: openpyxl.Workbook) -> None:
    sheet = copy["清单"]
    assert [colour(sheet[cell]) for cell in ("E2", "F3", "A4")] == [COLOURS[ERROR], COLOURS[WARNING], COLOURS[NOTE]]
    assert "不是一个时限" in sheet["E2"].comment.text
    assert sheet["E2"].comment.text.startswith("原来的批注\n错误：")
    assert "承诺时限“60个工作日”长于法定时限“45个工作日”" in sheet["F3"].comment.text
    assert sheet["F3"].comment.text.startswith("警告：")


def test_cells_without_a_finding_are_as_they_were(copy: openpyxl.Workbook, original: Path) -> None:
    before, after = openpyxl.load_workbook(original)["清单"], copy["清单"]
    marked = {"E2", "F3", "A4"}
    for row in before.iter_rows():
        for cell in row:
            twin = after[cell.coordinate]
            assert twin.value == cell.value
            assert looks(twin)[:3] == looks(cell)[:3]
            assert cell.coordinate in marked or (looks(twin) == looks(cell) and twin.comment is None)
    assert after.column_dimensions["A"].width == 41
    assert after.row_dimensions[1].height == 30
    assert (after.freeze_panes, after.auto_filter.ref) == ("B2", "A1:H4")
    assert after["J2"].value == "=G2+1"
    assert [str(v.sqref) for v in after.data_validations.dataValidation] == ["H2:H9"]
    assert [str(r.sqref) for r in after.conditional_formatting] == ["G2:G9"]


def test_the_other_sheets_are_equal(copy: openpyxl.Workbook, original: Path) -> None:
    assert copy.sheetnames == ["核对结果", "清单", "汇总", "暗"]
    before, after = openpyxl.load_workbook(original)["汇总"], copy["汇总"]
    for row in before.iter_rows():
        for cell in row:
            twin = after[cell.coordinate]
            assert (twin.value, looks(twin)) == (cell.value, looks(cell))
    assert str(after.merged_cells) == str(before.merged_cells)
    assert after.column_dimensions["B"].hidden
    assert copy["暗"].sheet_state == "hidden"


def test_the_first_sheet_lists_and_links(copy: openpyxl.Workbook) -> None:
    sheet = copy["核对结果"]
    assert copy.active.title == "核对结果"
    assert "遂溪县 清单.xlsx" in sheet["A1"].value
    head = next(row for row in sheet.iter_rows() if row[0].value == "序号")
    assert [cell.value for cell in head] == [
        "序号", "级别", "工作表", "单元格", "列名", "原值", "问题", "处理建议", "是否仍计入",
    ]  # fmt: skip
    body = list(sheet.iter_rows(min_row=head[0].row + 1))
    assert {row[3].value: row[3].hyperlink.location or row[3].hyperlink.target for row in body if row[3].value} == {
        cell: f"#'清单'!{cell}" for cell in ("E2", "F3", "A4")
    }


def test_a_text_file_becomes_a_workbook_and_nothing_in_it_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "遂溪县.csv"
    path.write_text(csv_of(HEAD, with_(A, name="=cmd|' /C calc'!A0", law="二十几天"), B), encoding="utf-8")
    found = check_files([path], settings=Settings(root=tmp_path)).findings
    made = openpyxl.load_workbook(annotate(path, found, tmp_path / "出.xlsx", settings=Settings(root=tmp_path)))
    assert made.sheetnames == ["核对结果", "数据"]
    assert colour(made["数据"]["E2"]) == COLOURS[ERROR]
    for sheet in made:
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" for cell in row)


def test_a_merged_cell_is_marked_at_its_corner(tmp_path: Path) -> None:
    path = tmp_path / "表.xlsx"
    book(HEAD, with_(A, region="遂渓县"), B, then=merged_regions)(path)
    found = check_files([path], settings=Settings(root=tmp_path)).findings
    made = openpyxl.load_workbook(annotate(path, found, tmp_path / "出.xlsx", settings=Settings(root=tmp_path)))
    assert "遂渓县" in made["清单"]["B2"].comment.text


def test_a_clean_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "好.xlsx"
    book(HEAD, A, B)(path)
    found = check_files([path], settings=Settings(root=tmp_path))
    assert found.findings.empty
    made = openpyxl.load_workbook(
        annotate(path, found.findings, tmp_path / "出.xlsx", settings=Settings(root=tmp_path))
    )
    assert made["核对结果"]["A1"].value == "“好.xlsx”核对结果：没有发现问题。"


def test_a_copy_handed_in_again_is_read_as_the_original(copy: openpyxl.Workbook, tmp_path: Path) -> None:
    path = tmp_path / "再交.xlsx"
    copy.save(path)
    again = check_files([path], settings=Settings(root=tmp_path))
    first = check_files([tmp_path / "遂溪县 清单.xlsx"], settings=Settings(root=tmp_path))
    assert again.findings["rule"].tolist() == first.findings["rule"].tolist()
    twice = annotate(path, again.findings, tmp_path / "两次.xlsx", settings=Settings(root=tmp_path))
    assert openpyxl.load_workbook(twice).sheetnames[0].startswith("核对结果（")


def test_an_output_that_cannot_be_written(original: Path, tmp_path: Path) -> None:
    found = check_files([original], settings=Settings(root=tmp_path)).findings
    with pytest.raises(PublishError, match="写不进去"):
        annotate(original, found, original / "出.xlsx", settings=Settings(root=tmp_path))
