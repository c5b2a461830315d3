"""The grid of a sheet is what the reader itself gives, cell by cell; every text is kept once, TRUE is not 1."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import python_calamine

sys.path.insert(0, str(Path(__file__).parent))
from corpus import CASES, HEAD, A, B, book, made

from zjanalysis.inputs.check import check
from zjanalysis.inputs.workbook import cell_text, sheets_of
from zjanalysis.settings import Guard, Settings

BOOKS = [case for case in CASES if case.name.endswith(".xlsx") and not case.refused]


def shown(value: Any) -> Any:
    return cell_text(value) if isinstance(value, bool) else value


def assert_same(path: Path) -> None:
    with python_calamine.load_workbook(path) as opened:
        for sheet in sheets_of(path, Guard()):
            alone = opened.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False)
            assert sheet.grid == [[shown(value) for value in row] for row in alone]
            assert [list(map(type, row)) for row in sheet.grid] == [[type(shown(v)) for v in row] for row in alone]


@pytest.mark.parametrize("case", BOOKS, ids=lambda case: case.name)
def test_the_grid_is_what_the_reader_gives(case: Any, tmp_path: Path) -> None:
    assert_same(made(case, tmp_path))


def test_a_table_away_from_the_corner(tmp_path: Path) -> None:
    path = tmp_path / "角上空着.xlsx"
    written = openpyxl.Workbook()
    for address, value in (("C3", True), ("D4", 1), ("F4", "甲"), ("E6", "甲")):
        written.active[address] = value
    written.save(path)
    assert_same(path)
    grid = sheets_of(path, Guard())[0].grid
    assert grid[3][5] is grid[5][4]  # one text, kept once


def test_true_is_not_one(tmp_path: Path) -> None:
    path = tmp_path / "真假.xlsx"
    book(HEAD, [*A[:6], 1, "是"], [*B[:6], True, True])(path)
    checked = check(sheets_of(path, Guard()), settings=Settings(root=tmp_path))
    found = checked.findings[checked.findings["rule"] == "visits_unreadable"]
    assert list(zip(found["cell"], found["value"], strict=True)) == [("G3", "是")]
    assert checked.items["visits"].isna().tolist() == [False, True]
    assert checked.items["online"].tolist() == [True, True]
