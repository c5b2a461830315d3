"""The template: what a county fills in reads back without a finding."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from zjanalysis.display.forms import EXAMPLE, FIELDS, GUIDE, LISTS, ROWS, SHEET, example_rows, write_template
from zjanalysis.errors import PublishError
from zjanalysis.inputs.check import check_files
from zjanalysis.inputs.regions import region_name, report_units
from zjanalysis.settings import Settings

CITY = "440800"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_template(tmp_path / "模板" / "清单模板.xlsx", region=CITY)


@pytest.mark.parametrize("region", [CITY, *report_units(CITY)])
def test_what_is_filled_in_reads_back_without_a_finding(region: str, path: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(path)
    rows = example_rows(region)
    for number, row in enumerate(rows, 2):
        for column, value in enumerate(row, 1):
            book[SHEET].cell(number, column, value)
    book.save(path)
    found = check_files([path], settings=Settings(root=tmp_path))
    assert found.findings.empty, found.findings["message"].tolist()
    assert found.items["region"].tolist() == [region_name(region)] * len(rows)
    keys = list(FIELDS)
    for key in (
        "item_name",
        "base_code",
        "impl_code",
        "handle_item_code",
        "item_type",
        "department",
        "handling_type",
        "serves",
    ):
        assert found.items[key].tolist() == [row[keys.index(key)] for row in rows], key
    assert found.items["statutory_days"].tolist() == [row[keys.index("statutory_limit")] for row in rows]
    assert found.items["promised_days"].tolist() == [row[keys.index("promised_limit")] for row in rows]
    assert found.items["visits"].tolist() == [row[keys.index("visits")] for row in rows]
    assert found.items["in_force"].all()


def test_every_choice_that_is_offered_is_understood(path: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(path)
    keys, row = list(FIELDS), example_rows(CITY)[1]
    longest = max(len(kind) for kind in FIELDS.values() if isinstance(kind, tuple))
    for number in range(longest):
        filled = [
            kind[number % len(kind)] if isinstance(kind, tuple) else value
            for kind, value in zip(FIELDS.values(), row, strict=True)
        ]
        filled[keys.index("item_name")] = f"事项{number}"
        filled[keys.index("handle_item_code")] = f"X{number}"
        for column, value in enumerate(filled, 1):
            book[SHEET].cell(number + 2, column, value)
    book.save(path)
    found = check_files([path], settings=Settings(root=tmp_path))
    assert (
        not found.findings["rule"].isin(["choice_unknown", "limit_unit_unknown", "region_unknown", "row_shifted"]).any()
    )
    assert (
        found.items[["item_type", "use_level", "handling_type", "online_depth", "statutory_unit"]]
        .notna()
        .all(axis=None)
    )


def test_an_empty_template_says_that_it_is_empty(path: Path, tmp_path: Path) -> None:
    assert check_files([path], settings=Settings(root=tmp_path)).findings["rule"].tolist() == ["table_empty"]


def test_what_guides_the_hand(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    sheet = book[SHEET]
    letters = {key: sheet.cell(1, number).column_letter for number, key in enumerate(FIELDS, 1)}
    offered = {str(v.sqref).split("2:")[0]: v for v in sheet.data_validations.dataValidation}
    checked = {key for key, kind in FIELDS.items() if kind} | {"region"}
    assert set(offered) == {letters[key] for key in checked}
    assert all(str(v.sqref).endswith(str(ROWS)) for v in offered.values())
    for key in ("base_code", "impl_code", "handle_item_code", "region_code"):
        assert sheet.column_dimensions[letters[key]].number_format == "@"
    assert sheet.protection.sheet
    assert sheet["A1"].protection.locked
    assert not sheet.column_dimensions["A"].protection.locked
    assert sheet.freeze_panes == "D2"
    assert sheet["A1"].comment.text.startswith("前 6 位")
    assert sheet["D1"].comment.text.startswith("12 位")


def test_the_drop_down_of_regions_is_the_city_and_its_report_units(path: Path) -> None:
    lists = openpyxl.load_workbook(path)[LISTS]
    column = list(FIELDS).index("region") + 1
    names = [lists.cell(row, column).value for row in range(2, 20)]
    assert [name for name in names if name] == [region_name(code) for code in (CITY, *report_units(CITY))]


def test_the_example_and_the_guide(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == [SHEET, EXAMPLE, GUIDE, LISTS]
    assert book[LISTS].sheet_state == "hidden"
    assert book[EXAMPLE].max_row == 1 + len(example_rows(CITY))
    words = [row[0].value for row in book[GUIDE].iter_rows()]
    assert "承诺办结时限" in words
    assert "承诺时限长于法定时限" in words


def test_one_region_only(tmp_path: Path) -> None:
    lists = openpyxl.load_workbook(write_template(tmp_path / "t.xlsx", region="440823"))[LISTS]
    assert lists.cell(2, list(FIELDS).index("region") + 1).value == "遂溪县"


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "文件").write_text("", encoding="utf-8")
    with pytest.raises(PublishError, match="写不进去"):
        write_template(tmp_path / "文件" / "t.xlsx", region=CITY)
