"""Rows are as high as their wrapped texts need, in programs that do not work it out themselves."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles import Alignment, Font

from zjanalysis.display.sheets import AIR, LINE, MOST, grow_row


def height_of(text: str, *, width: float, size: float = 11, before: float | None = None, wrap: bool = True) -> float:
    sheet = openpyxl.Workbook().active
    sheet.column_dimensions["B"].width = width
    sheet["B2"] = text
    sheet["B2"].alignment, sheet["B2"].font = Alignment(wrap_text=wrap), Font(sz=size)
    sheet.row_dimensions[2].height = before
    grow_row(sheet, 2, 2)
    return sheet.row_dimensions[2].height


@pytest.mark.parametrize(
    ("text", "lines"),
    [("", 1), ("十个字正好一行放得下", 1), ("十一个字就要放成两行了", 2), ("一\n二\n三", 3), ("事" * 31, 4)],
)
def test_a_row_is_as_high_as_its_lines(text: str, lines: int) -> None:
    assert height_of(text, width=10 * 2.1 + 1) == pytest.approx(lines * LINE + AIR)


def test_only_wrapped_text_counts_and_larger_letters_need_more() -> None:
    assert height_of("事" * 31, width=22, wrap=False) == pytest.approx(LINE + AIR)
    assert height_of("事" * 10, width=22, size=22) == pytest.approx(2 * 2 * LINE + AIR)
    assert height_of("事" * 9000, width=22) == MOST


def test_a_higher_row_keeps_its_height() -> None:
    assert height_of("事", width=22, before=80) == 80


def test_one_width_may_hold_for_several_columns(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.column_dimensions.group("B", "D", hidden=False)
    sheet.column_dimensions["B"].width = 22
    sheet["D2"] = "事" * 20
    sheet["D2"].alignment = Alignment(wrap_text=True)
    book.save(tmp_path / "宽.xlsx")
    again = openpyxl.load_workbook(tmp_path / "宽.xlsx").active
    grow_row(again, 2, 4)
    assert again.row_dimensions[2].height == pytest.approx(2 * LINE + AIR)
