"""The ledger on disk: made, edited by hand, refreshed, merged; nothing is lost, a crash changes nothing."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import column_index_from_string, get_column_letter

from zjanalysis.columns import LEDGER_COLUMNS
from zjanalysis.display.sheets import opened
from zjanalysis.errors import ConfigError, InputError, PublishError
from zjanalysis.ledger.book import CONFLICT_SHEET, init_ledger, merge_ledger, update_ledger
from zjanalysis.ledger.reading import MEMORY_SHEET, read_ledger
from zjanalysis.ledger.rows import LOG_SHEET
from zjanalysis.ledger.state import standing, start

KEYS = [c.key for c in LEDGER_COLUMNS]
INSTANT, ONLINE, COUNTY = "六-04@440800", "六-06@440800", "六-05@440802"


def scores(**values: float) -> pd.DataFrame:
    return pd.DataFrame({"region_code": "440800", "indicator": list(values), "value": list(values.values())})


FIRST = scores(instant=0.87, online=0.97, promised_days=3.0)
SECOND = scores(instant=0.80, online=1.0, promised_days=2.5)


def small() -> pd.DataFrame:
    """Return the rows of two tasks for the city and two counties: enough to try everything, quick to write."""
    ledger = start(FIRST, on="2021-02-01", as_of="2020-12-31")
    rows = ledger["task"].isin(["三", "六"]) & ledger["region"].isin(["湛江市", "赤坎区", "霞山区"])
    return ledger[rows].reset_index(drop=True)


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("ledger") / "台账.xlsx"
    init_ledger(path, small(), on="2021-02-01")
    return path


@pytest.fixture
def path(tmp_path: Path, fresh: Path) -> Path:
    return Path(shutil.copy(fresh, tmp_path / "台账.xlsx"))


def find(sheet, ledger_id: str) -> int:
    return next(c.row for c in sheet[_letter(sheet, "编号")] if c.value == ledger_id)


def _letter(sheet, head: str) -> str:
    return next(c.column_letter for c in sheet[3] if c.value == head)


@lru_cache(maxsize=1)
def _opened(book_path: Path, _: str) -> Workbook:
    return openpyxl.load_workbook(book_path, rich_text=True)


def cell(book_path: Path, ledger_id: str, head: str):
    """Return a cell to look at; a file is read anew when its bytes have changed."""
    sheet = _opened(book_path, digest(book_path))["台账"]
    return sheet[f"{_letter(sheet, head)}{find(sheet, ledger_id)}"]


def edit(book_path: Path, *cells: tuple[str, str, object]) -> Path:
    book = openpyxl.load_workbook(book_path, rich_text=True)
    for ledger_id, head, value in cells:
        sheet = book["台账"]
        sheet[f"{_letter(sheet, head)}{find(sheet, ledger_id)}"].value = value
    book.save(book_path)
    return book_path


def looks(one) -> tuple:
    return str(one.value), one.font.color and one.font.color.rgb, one.font.b, one.fill.fgColor.rgb, one.number_format


def digest(book_path: Path) -> str:
    return hashlib.sha256(book_path.read_bytes()).hexdigest()


def edit_as_people_do(book_path: Path) -> None:
    """Reverse the rows; add a column, a note, colours, rich text, a formula, a row, a line under the table."""
    book = openpyxl.load_workbook(book_path)
    sheet = book["台账"]
    body = [[c.value for c in row] for row in sheet.iter_rows(min_row=4)]
    for row, values in zip(sheet.iter_rows(min_row=4), reversed(body), strict=True):
        for one, value in zip(row, values, strict=True):
            one.value = value
    extra = sheet.cell(3, sheet.max_column + 1, "领导批示")
    row = find(sheet, INSTANT)
    sheet.cell(row, extra.column).value = "请抓紧"
    sheet.cell(row, extra.column + 1).value = f"=LEN({extra.column_letter}{row})"
    person = sheet[f"{_letter(sheet, '责任人')}{row}"]
    person.value, person.font, person.fill = (
        "张三",
        Font(color="FF0000", bold=True),
        PatternFill("solid", fgColor="FFFF00"),
    )
    person.comment = Comment("电话 0759-0000000", "李四")
    rich = CellRichText("进展", TextBlock(InlineFont(b=True), "加粗"), "完")
    sheet[f"{_letter(sheet, '进展说明')}{row}"].value = rich
    sheet.row_dimensions[row].height = 55
    own = sheet.max_row + 1
    for head, value in (
        ("问题", "大厅排队久"),
        ("地区", "赤坎区"),
        ("目标值", "≤10"),
        ("完成时限", "2021-05"),
        ("责任单位", "甲局"),
    ):
        sheet[f"{_letter(sheet, head)}{own}"].value = value
    sheet.cell(own + 2, 1).value = "注：本表由市局统一印发。"
    book.save(book_path)


def test_a_new_ledger_has_the_columns_of_the_office_and_is_never_written_over(path: Path) -> None:
    sheet = openpyxl.load_workbook(path)["台账"]
    assert [c.value for c in sheet[3]] == [c.label for c in LEDGER_COLUMNS]
    asked = ["序号", "任务", "条款", "问题", "指标", "基期值", "目标值", "当前值", "差距"]
    asked += ["责任单位", "配合单位", "责任人", "措施", "完成时限", "状态", "进展说明", "佐证", "销号日期"]
    assert [h for h in (c.value for c in sheet[3]) if h in asked] == asked
    before = digest(path)
    with pytest.raises(InputError, match="已经存在"):
        init_ledger(path, read_ledger(path).ledger, on="2021-02-01")
    assert digest(path) == before


def test_what_is_read_back_is_what_was_written(path: Path) -> None:
    ledger = small()
    back = read_ledger(path).ledger
    for key in KEYS:
        if key not in ("target_text", "status_reason", "row_key"):
            assert back[key].astype("str").fillna("").tolist() == ledger[key].astype("str").fillna("").tolist(), key
    assert cell(path, INSTANT, "目标值").value == "＞85.50%"
    assert cell(path, INSTANT, "当前值").number_format == "0.00%"


def test_update_keeps_everything_people_wrote_and_how_it_looks(path: Path) -> None:
    edit_as_people_do(path)
    old = openpyxl.load_workbook(path, rich_text=True)["台账"]
    result = update_ledger(path, SECOND, on="2021-04-15", as_of="2021-03-31")
    new = openpyxl.load_workbook(path, rich_text=True)["台账"]
    heads = "序号 问题 责任单位 配合单位 责任人 措施 完成时限 进展说明 佐证 销号日期 领导批示"
    hand = [_letter(old, head) for head in heads.split()]
    after = get_column_letter(column_index_from_string(hand[-1]) + 1)
    assert new.max_row == old.max_row
    for one in [c for letter in [*hand, after] for c in old[letter]]:
        assert looks(new[one.coordinate]) == looks(one), one.coordinate
    row = find(new, INSTANT)
    assert new[f"{_letter(new, '责任人')}{row}"].comment.text == "电话 0759-0000000"
    assert isinstance(new[f"{_letter(new, '进展说明')}{row}"].value, CellRichText)
    assert new.row_dimensions[row].height == 55
    assert new[f"{after}{row}"].value.startswith("=LEN(")
    assert new[f"{_letter(new, '当前值')}{row}"].value == 0.80
    assert new[f"{_letter(new, '状态')}{row}"].value == "推进中"
    own = result.ledger[result.ledger["problem"] == "大厅排队久"].iloc[0]
    assert own["ledger_id"] == "自001"
    assert "注：本表由市局统一印发。" in [c.value for c in new["A"]]


def test_a_workbook_is_opened_to_the_same_cells_as_the_library_opens_it_to(path: Path) -> None:
    edit_as_people_do(path)
    texts = ("_x000D_", "_x005F_x000D_", " 前后 ", "甲\n乙", "=1+1", "\t", "x005F_", "<b>&amp;</b>")
    book = openpyxl.load_workbook(path, rich_text=True)
    for number, text in enumerate(texts, start=1):
        book["填写说明"].cell(number, 5).value = text
    book.save(path)
    ours, theirs = ([[(one.value, one.data_type) for row in sheet for one in row] for sheet in book]
                    for book in (opened(path), openpyxl.load_workbook(path, rich_text=True)))  # fmt: skip
    assert ours == theirs
    assert [one for sheet in ours for one, _ in sheet if isinstance(one, CellRichText)]


def test_rows_grow_with_what_is_written_into_them_and_others_stay(path: Path) -> None:
    sheet = openpyxl.load_workbook(path)["台账"]
    row, other = find(sheet, INSTANT), next(r for r in range(4, sheet.max_row) if r != find(sheet, INSTANT))
    before = sheet.row_dimensions[row].height
    assert before > 15
    edit(path, (INSTANT, "措施", "逐项对账，限期补齐。" * 12))
    book = openpyxl.load_workbook(path)
    book["台账"].row_dimensions[other].height = 11  # made low by hand
    book.save(path)
    update_ledger(path, FIRST, on="2021-04-15", as_of="2021-03-31")
    new = openpyxl.load_workbook(path)["台账"]
    assert new.row_dimensions[row].height > 5 * 15
    assert new.row_dimensions[other].height == 11


def test_every_change_is_logged_with_who_when_from_and_to(path: Path) -> None:
    edit(path, (INSTANT, "责任人", "张三"), (INSTANT, "进展说明", "已部署"))
    update_ledger(path, SECOND, on="2021-04-15", as_of="2021-03-31")
    lines = [[c.value for c in row] for row in openpyxl.load_workbook(path)[LOG_SHEET].iter_rows(min_row=2)]
    today = [[line[1], *line[3:]] for line in lines if line[0] == datetime(2021, 4, 15) and line[2] == INSTANT]
    assert ["手工修改", "湛江市", "即办率", "责任人", None, "张三"] in today
    assert ["工具", "湛江市", "即办率", "当前值", "87.00%", "80.00%"] in today
    assert ["工具", "湛江市", "即办率", "状态", "已达标待销号", "推进中"] in today
    again = update_ledger(path, SECOND, on="2021-04-16", as_of="2021-03-31")
    assert again.changes.empty


def test_the_clock_of_a_ledger_does_not_run_backwards(path: Path) -> None:
    update_ledger(path, SECOND, on="2021-04-15", as_of="2021-03-31")
    before = digest(path)
    with pytest.raises(ConfigError, match="已办理到2021-04-15"):
        update_ledger(path, SECOND, on="2021-04-14", as_of="2021-03-31")
    with pytest.raises(ConfigError, match="不能按更早的2021-03-31办理"):
        merge_ledger(path, [path], on="2021-03-31")
    with pytest.raises(ConfigError, match="请用当日或以后的日期"):
        standing(read_ledger(path), on="2021-04-14")
    with pytest.raises(ConfigError, match="台账的数据已到2021-03-31，不能用更早的数据（截至2020-12-31）"):
        update_ledger(path, FIRST, on="2021-04-22", as_of="2020-12-31")
    assert digest(path) == before
    assert set(standing(read_ledger(path))["settled_on"]) == {pd.Timestamp("2021-04-15")}
    assert set(standing(read_ledger(path), on="2021-05-01")["settled_on"]) == {pd.Timestamp("2021-05-01")}


def test_a_second_update_on_the_same_day_changes_nothing_and_keeps_every_word(path: Path) -> None:
    update_ledger(path, SECOND, on="2021-04-15", as_of="2021-03-31")
    told = [[c.value for c in row] for row in openpyxl.load_workbook(path)["台账"].iter_rows()]
    assert "达标回落，已重新启动；原销号日期不再有效" in {cell for row in told for cell in row}
    assert update_ledger(path, SECOND, on="2021-04-15", as_of="2021-03-31").changes.empty
    assert [[c.value for c in row] for row in openpyxl.load_workbook(path)["台账"].iter_rows()] == told


def test_a_typed_status_is_put_back_and_closing_needs_evidence_and_a_date(path: Path) -> None:
    edit(path, (INSTANT, "状态", "已销号"), (ONLINE, "状态", "已销号"))
    update_ledger(path, FIRST, on="2021-02-02", as_of="2020-12-31")
    assert [cell(path, i, "状态").value for i in (INSTANT, ONLINE)] == ["已达标待销号", "未启动"]
    edit(path, (INSTANT, "佐证", "湛政数〔2021〕1号"), (INSTANT, "销号日期", datetime(2021, 2, 3)))
    update_ledger(path, FIRST, on="2021-02-04", as_of="2020-12-31")
    assert cell(path, INSTANT, "状态").value == "已销号"
    update_ledger(path, SECOND, on="2021-04-15", as_of="2021-03-31")
    assert cell(path, INSTANT, "状态").value == "推进中"
    assert cell(path, INSTANT, "销号日期").value == datetime(2021, 2, 3)
    assert "回落" in cell(path, INSTANT, "工具提示").value


def test_three_copies_come_back_two_conflicts_are_listed_nothing_is_lost(path: Path, tmp_path: Path) -> None:
    edit(path, (COUNTY, "责任人", "原"))
    update_ledger(path, FIRST, on="2021-02-02", as_of="2020-12-31")
    copies = [Path(shutil.copy(path, tmp_path / f"{name}.xlsx")) for name in ("赤坎", "霞山", "市局")]
    edit(copies[0], (COUNTY, "进展说明", "甲说"), (COUNTY, "措施", "逐项压减"))
    edit(copies[1], (COUNTY, "进展说明", "乙说"), ("六-05@440803", "佐证", '=HYPERLINK("http://x")&"点我"'))
    edit(copies[2], (ONLINE, "进展说明", "交回件写"), (ONLINE, "责任人", "+王五"))
    edit(path, (ONLINE, "进展说明", "台账后来写"), (COUNTY, "销号日期", "待定"))
    result = merge_ledger(path, copies, on="2021-03-01")
    told = result.conflicts.groupby("ledger_id")["reason"].agg(["first", "size"])
    assert told.to_dict("index") == {
        "六-05@440803": {"first": "这一格是公式，文件里没有存计算结果", "size": 1},
        COUNTY: {"first": "几份交回件填得不一样", "size": 2}, ONLINE: {"first": "台账在发出后也改过这一格", "size": 1}
    }  # fmt: skip
    assert cell(path, COUNTY, "进展说明").value is None
    assert cell(path, ONLINE, "进展说明").value == "台账后来写"
    assert cell(path, COUNTY, "措施").value == "逐项压减"
    assert cell(path, COUNTY, "责任人").value == "原"
    assert cell(path, ONLINE, "责任人").value == "+王五"
    assert cell(path, ONLINE, "责任人").data_type == "s"
    listed = [[c.value for c in row] for row in openpyxl.load_workbook(path)[CONFLICT_SHEET].iter_rows(min_row=2)]
    assert len(listed) == 4
    assert {line[5] for line in listed} == {"甲说", "乙说", "交回件写", "（公式未计算）"}
    assert cell(path, "六-05@440803", "佐证").value is None
    again = merge_ledger(path, copies, on="2021-03-02")
    assert again.changes.empty
    assert openpyxl.load_workbook(path)[CONFLICT_SHEET].max_row == 5


def test_what_a_copy_types_in_the_offices_own_rows_is_taken_as_it_is_typed(path: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(path)
    sheet = book["台账"]
    typed = {"问题": "排队久", "地区": "赤坎区", "目标值": "≥95%", "当前值": "90%", "责任单位": "甲局"}
    for head, value in typed.items():
        sheet[f"{_letter(sheet, head)}{sheet.max_row + (head == '问题')}"].value = value
    book.save(path)
    update_ledger(path, FIRST, on="2021-04-15", as_of="2021-03-31")
    copy = Path(shutil.copy(path, tmp_path / "赤坎区.xlsx"))
    edit(copy, ("自001", "当前值", "96％"), ("自001", "目标值", "95%以上"), ("自001", "佐证", "纪要"))
    book = openpyxl.load_workbook(copy)
    for head, value in (typed | {"问题": "等太久", "目标值": "≤3天", "当前值": "约2天"}).items():
        book["台账"][f"{_letter(sheet, head)}{sheet.max_row + 1}"].value = value
    book.save(copy)
    result = merge_ledger(path, [copy], on="2021-04-20")
    assert result.conflicts.empty
    heads = ("目标值", "当前值", "状态")
    assert [cell(path, "自001", head).value for head in heads] == ["95%以上", "96％", "已达标待销号"]
    assert [cell(path, "自002", head).value for head in heads] == ["≤3天", "约2天", "未启动"]
    assert ["自001", "当前值", "90%", "96％"] in result.changes.assign(
        column=result.changes["column"].replace("current_written", "当前值")
    )[["ledger_id", "column", "old", "new"]].to_numpy().tolist()
    again = update_ledger(path, FIRST, on="2021-04-21", as_of="2021-03-31")
    assert again.changes.empty


def test_a_copy_does_not_move_its_own_deadline_and_the_ledger_says_what_it_cannot_read(path: Path) -> None:
    copy = Path(shutil.copy(path, path.with_name("霞山.xlsx")))
    edit(copy, (COUNTY, "完成时限", "六月底"), (COUNTY, "进展说明", "在办"))
    result = merge_ledger(path, [copy], on="2021-03-01")
    assert (cell(path, COUNTY, "完成时限").value, cell(path, COUNTY, "进展说明").value) == ("2021-06", "在办")
    assert list(result.conflicts["column"]) == ["deadline"]
    edit(path, (COUNTY, "完成时限", "2021-06-31"))
    for day, status in (("2021-06-30", "推进中"), ("2021-07-01", "逾期")):
        told = update_ledger(path, FIRST, on=day, as_of="2020-12-31").notes
        assert [note for note in told if f"1项完成时限认不出（{COUNTY}“2021-06-31”），仍按上一次认得的时限计" in note]
        assert cell(path, COUNTY, "状态").value == status
    edit(path, (COUNTY, "完成时限", "2021-08"))
    assert update_ledger(path, FIRST, on="2021-07-02", as_of="2020-12-31").notes == ()
    assert cell(path, COUNTY, "状态").value == "推进中"


def test_what_a_spreadsheet_makes_of_a_month_and_of_a_percent_is_read_as_it_is_shown(path: Path) -> None:
    assert [cell(path, INSTANT, head).number_format for head in ("完成时限", "目标值")] == ["@", "@"]
    book = openpyxl.load_workbook(path)
    sheet = book["台账"]
    assert sheet.column_dimensions[_letter(sheet, "完成时限")].number_format == "@"
    june, row = datetime(2021, 6, 1), sheet.max_row + 1
    cells = [(find(sheet, INSTANT), "完成时限", june, 'yyyy"年"m"月"'), (find(sheet, ONLINE), "完成时限", june, "yyyy-mm-dd"),
             (row, "完成时限", june, "mmm-yy"), (row, "目标值", 0.95, "0%"), (row, "当前值", 50, "General"),
             (row + 1, "完成时限", "2021-06-01", "mmm-yy"), (row + 1, "目标值", 0.95, "0.00%"), (row + 1, "当前值", 0.966, "0.0%"),
             *((one, head, text, "General") for one in (row, row + 1)
               for head, text in (("问题", f"自拟{one}"), ("地区", "赤坎区"), ("责任单位", "甲局")))]  # fmt: skip
    for number, head, value, number_format in cells:
        one = sheet[f"{_letter(sheet, head)}{number}"]
        one.value, one.number_format = value, number_format
    book.save(path)
    after = update_ledger(path, SECOND, on="2021-06-15", as_of="2021-03-31").ledger.set_index("ledger_id")
    assert after.loc[[INSTANT, ONLINE, "自001", "自002"], "deadline"].tolist() == ["2021-06", "2021-06-01"] * 2
    assert after.loc["自001", "hint"].startswith("当前值“50”与目标值“95%”的单位对不上")
    assert after.loc["自002", "status_reason"].endswith("96.6%，达到≥95%。")


def test_what_stands_in_merged_cells_of_a_copy_stands_in_each_of_their_rows(path: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(path, tmp_path / "交回.xlsx"))
    book = openpyxl.load_workbook(copy)
    sheet = book["台账"]
    letter, row = _letter(sheet, "进展说明"), find(sheet, INSTANT)
    sheet[f"{letter}{row}"].value = "一并推进"
    sheet.merge_cells(f"{letter}{row}:{letter}{row + 2}")
    numbers = [sheet[f"{_letter(sheet, '编号')}{row + n}"].value for n in range(3)]
    book.save(copy)
    result = merge_ledger(path, [copy], on="2021-04-20")
    assert result.conflicts.empty
    assert [cell(path, number, "进展说明").value for number in numbers] == ["一并推进"] * 3


def test_merged_cells_of_the_ledger_are_taken_apart_where_one_is_written(path: Path, tmp_path: Path) -> None:
    def cells(sheet, head: str) -> list:
        return [sheet[f"{_letter(sheet, head)}{find(sheet, INSTANT) + n}"] for n in range(3)]

    book = openpyxl.load_workbook(path)
    sheet = book.active
    for head, text in {"责任人": "张三", "任务": "六", "进展说明": "已启动", "状态": "未启动"}.items():
        first, _, last = cells(sheet, head)
        first.value = text
        sheet.merge_cells(f"{first.coordinate}:{last.coordinate}")
    book.save(path)
    update_ledger(path, SECOND, on="2021-04-15", as_of="2021-03-31")
    copy = Path(shutil.copy(path, tmp_path / "交回.xlsx"))
    sheet = openpyxl.load_workbook(path).active
    assert sorted(one.coord[0] for one in sheet.merged_cells.ranges) == sorted(
        _letter(sheet, head) for head in ("责任人", "进展说明")
    )
    statuses = standing(read_ledger(path)).set_index("row_number")["status"]
    assert [one.value for one in cells(sheet, "状态")] == [statuses[one.row] for one in cells(sheet, "状态")]

    book = openpyxl.load_workbook(copy)
    first, second, third = cells(book.active, "责任人")
    book.active.unmerge_cells(f"{first.coordinate}:{third.coordinate}")
    first, second, third = cells(book.active, "责任人")
    first.value, second.value, third.value = "甲", "乙", "张三"
    book.save(copy)
    assert merge_ledger(path, [copy], on="2021-04-20").conflicts.empty
    sheet = openpyxl.load_workbook(path).active
    assert [one.value for one in cells(sheet, "责任人")] == ["甲", "乙", "张三"]
    assert [one.coord[0] for one in sheet.merged_cells.ranges] == [_letter(sheet, "进展说明")]


def test_of_a_sheet_and_its_copy_it_is_the_one_called_ledger_or_none(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    book.move_sheet(book.copy_worksheet(book["台账"]), 1 - len(book.sheetnames))  # where Excel puts it
    book.worksheets[0].title = "台账 (2)"
    book.save(path)
    edit(path, (INSTANT, "进展说明", "已启动"))
    update_ledger(path, SECOND, on="2021-04-15", as_of="2021-03-31")
    assert cell(path, INSTANT, "最近进展").value == datetime(2021, 4, 15)
    book = openpyxl.load_workbook(path)
    book["台账"].title = "4月"
    book.save(path)
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"“台账 \(2\)”和“4月”都是台账"):
        update_ledger(path, SECOND, on="2021-04-16", as_of="2021-03-31")
    assert path.read_bytes() == before


def test_a_formula_nobody_calculated_does_not_replace_a_text(path: Path) -> None:
    edit(path, (COUNTY, "进展说明", "已清理八成"))
    update_ledger(path, FIRST, on="2021-02-02", as_of="2020-12-31")
    copy = edit(Path(shutil.copy(path, path.with_name("赤坎.xlsx"))), (COUNTY, "进展说明", '="已清理"&"九成"'))
    result = merge_ledger(path, [copy], on="2021-03-01")
    assert cell(path, COUNTY, "进展说明").value == "已清理八成"
    assert result.conflicts[["column", "in_master"]].to_numpy().tolist() == [["progress", "已清理八成"]]


def without_column(book_path: Path, head: str) -> Path:
    book = openpyxl.load_workbook(book_path)
    sheet = book["台账"]
    sheet.delete_cols(column_index_from_string(_letter(sheet, head)))
    book.save(book_path)
    return book_path


@pytest.mark.parametrize("head", ["进展说明", "完成时限", "责任单位", "佐证"])
def test_a_column_deleted_from_the_ledger_is_said_and_put_back_with_what_stood_in_it(path: Path, head: str) -> None:
    edit(path, (COUNTY, head, "甲、乙"))
    update_ledger(path, FIRST, on="2021-02-02", as_of="2020-12-31")
    result = update_ledger(without_column(path, head), FIRST, on="2021-02-03", as_of="2020-12-31")
    assert f"台账缺少列“{head}”，已连同原有内容补回最右。" in result.notes
    assert cell(path, COUNTY, head).value == "甲、乙"
    sent = Path(shutil.copy(path, path.with_name("交回.xlsx")))
    edit(sent, (COUNTY, "进展说明", "交回件写"))
    merge_ledger(without_column(path, head), [sent], on="2021-02-04")
    assert cell(path, COUNTY, "进展说明").value == "交回件写"
    again = update_ledger(path, FIRST, on="2021-02-05", as_of="2020-12-31")
    assert not [note for note in again.notes if "缺少列" in note]


def test_a_column_deleted_from_a_copy_is_said_and_nothing_moves(path: Path) -> None:
    edit(path, (COUNTY, "进展说明", "已清理八成"))
    update_ledger(path, FIRST, on="2021-02-02", as_of="2020-12-31")
    copy = without_column(Path(shutil.copy(path, path.with_name("赤坎.xlsx"))), "进展说明")
    result = merge_ledger(path, [copy], on="2021-03-01")
    assert result.notes == ("赤坎.xlsx：缺少列“进展说明”，台账保留原样。",)
    assert cell(path, COUNTY, "进展说明").value == "已清理八成"


def test_a_column_of_the_offices_own_that_is_deleted_stays_in_the_log(path: Path) -> None:
    edit_as_people_do(path)
    update_ledger(path, FIRST, on="2021-02-02", as_of="2020-12-31")
    result = update_ledger(without_column(path, "领导批示"), FIRST, on="2021-02-03", as_of="2020-12-31")
    assert "台账缺少列“领导批示”，原有内容记在“变更记录”。" in result.notes
    lines = result.changes[result.changes["column"] == "领导批示"]
    assert lines[["old", "new"]].to_numpy().tolist() == [["请抓紧", ""]]
    assert update_ledger(path, FIRST, on="2021-02-04", as_of="2020-12-31").notes == ()


FORMULAS = ("=1+1", "+86 759", "-1", "@someone", "=cmd|' /C calc'!A0")


def test_a_text_that_looks_like_a_formula_stays_text(path: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(path, tmp_path / "交回.xlsx"))
    book = openpyxl.load_workbook(copy)
    sheet = book["台账"]
    texts = dict(zip(small()["ledger_id"], FORMULAS, strict=False))
    for ledger_id, text in texts.items():
        typed = sheet[f"{_letter(sheet, '措施')}{find(sheet, ledger_id)}"]
        typed.value, typed.data_type = text, "s"
    book.save(copy)
    merge_ledger(path, [copy], on="2021-03-01")
    there = {ledger_id: cell(path, ledger_id, "措施") for ledger_id in texts}
    assert {ledger_id: one.value for ledger_id, one in there.items()} == texts
    assert {one.data_type for one in there.values()} == {"s"}
    log = [c for row in openpyxl.load_workbook(path)[LOG_SHEET].iter_rows() for c in row]
    assert set(FORMULAS) <= {c.value for c in log}
    assert not any(c.data_type == "f" for c in log)


@pytest.mark.parametrize("where", ["save", "compare", "replace"])
def test_a_crash_at_any_step_leaves_the_old_file_and_nothing_else(path: Path, monkeypatch, where: str) -> None:
    before, names = digest(path), sorted(p.name for p in path.parent.iterdir())

    def crash(*_args: object, **_named: object) -> None:
        raise OSError(28, "No space left on device")

    target = {"save": "openpyxl.workbook.workbook.Workbook.save", "compare": "zjanalysis.display.sheets._compare",
              "replace": "pathlib.Path.replace"}[where]  # fmt: skip
    monkeypatch.setattr(target, crash)
    with pytest.raises(PublishError, match="原文件没有变"):
        update_ledger(path, SECOND, on="2021-04-15", as_of="2021-03-31")
    assert digest(path) == before
    assert sorted(p.name for p in path.parent.iterdir()) == names


def test_a_change_that_was_not_meant_is_caught_before_the_old_file_goes(path: Path, monkeypatch) -> None:
    from zjanalysis.ledger import book as ledger_book

    def spoil(book, *_args: object) -> None:
        book["台账"]["F5"].value = "覆盖了"

    monkeypatch.setattr(ledger_book, "_remember", spoil)
    before = digest(path)
    with pytest.raises(PublishError, match="没有替换原文件"):
        update_ledger(path, FIRST, on="2021-04-15", as_of="2020-12-31")
    assert digest(path) == before


def test_what_would_be_lost_is_refused_by_name(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    chart = BarChart()
    chart.add_data(Reference(book["台账"], min_col=7, min_row=4, max_row=9))
    book["台账"].add_chart(chart, "AB4")
    book.save(path)
    before = digest(path)
    with pytest.raises(InputError, match="图表"):
        update_ledger(path, SECOND, on="2021-04-15")
    assert digest(path) == before


def test_an_open_workbook_is_not_written(path: Path) -> None:
    path.with_name(f"~${path.name}").write_bytes(b"")
    with pytest.raises(InputError, match="正被打开"):
        update_ledger(path, SECOND, on="2021-04-15")


def test_a_ledger_that_lost_its_memory_or_a_column_is_rebuilt_not_believed(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    del book[MEMORY_SHEET]
    sheet = book["台账"]
    sheet[f"{_letter(sheet, '状态')}{find(sheet, ONLINE)}"].value = "已销号"
    sheet.delete_cols(openpyxl.utils.column_index_from_string(_letter(sheet, "工具提示")))
    book.save(path)
    result = update_ledger(path, FIRST, on="2021-03-01", as_of="2020-12-31")
    row = result.ledger.set_index("ledger_id").loc[ONLINE]
    assert row[["status", "baseline", "current", "target_value"]].tolist() == ["未启动", 0.97, 0.97, 1.0]
    assert cell(path, INSTANT, "工具提示").value.startswith("已达标")


def test_a_workbook_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "x.xlsx")
    with pytest.raises(InputError, match="表头"):
        update_ledger(tmp_path / "x.xlsx", FIRST, on="2021-03-01")


def test_the_limits_of_the_settings_hold_for_ledgers_too(path: Path, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "zjanalysis.toml").write_text("[guard]\nmax_file_mb = 0.001\n", encoding="utf-8")
    monkeypatch.setenv("ZJANALYSIS_ROOT", str(tmp_path))
    with pytest.raises(InputError, match=r"超过上限 0\.001 MB"):
        read_ledger(path)


def test_the_sample_ledger_has_every_state_and_two_periods() -> None:
    folder = Path(__file__).resolve().parents[2] / "data" / "sample"
    first, second = (read_ledger(folder / p / "ledger.xlsx").ledger for p in ("2020Q4", "2021Q1"))
    assert set(second["status"]) == {"未启动", "推进中", "已达标待销号", "已销号", "逾期", "长期推进"}
    assert set(first["ledger_id"]) < set(second["ledger_id"])
    assert "示例数据（模拟）" in openpyxl.load_workbook(folder / "2021Q1" / "ledger.xlsx")["台账"]["A2"].value


def as_excel_leaves_it(book_path: Path, to: Path) -> None:
    """Sort by region, move 责任人 to the front, delete one row, filter the states: as people do in Excel."""
    book = openpyxl.load_workbook(book_path)
    sheet = book["台账"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=3)]
    front, region, name = (rows[0].index(head) for head in ("责任人", "地区", "编号"))
    body = sorted((row for row in rows[1:] if row[name] != ONLINE), key=lambda row: str(row[region]))
    for position, row in enumerate([rows[0], *body], start=3):
        for number, value in enumerate([row[front], *row[:front], *row[front + 1 :]], start=1):
            sheet.cell(position, number).value = value
    sheet.delete_rows(3 + len(body) + 1)
    sheet.auto_filter.add_filter_column(rows[0].index("状态"), ["推进中"])
    for position in range(4, 20):
        sheet.row_dimensions[position].hidden = True
    book.save(to)


def test_a_copy_sorted_moved_filtered_and_short_of_a_row_gives_back_every_word(path: Path, tmp_path: Path) -> None:
    words = {INSTANT: "市里写的", COUNTY: "赤坎写的", "六-05@440803": "霞山写的"}
    copy = edit(
        Path(shutil.copy(path, tmp_path / "交回.xlsx")), *((key, "进展说明", text) for key, text in words.items())
    )
    as_excel_leaves_it(copy, copy)
    before = read_ledger(path).written.set_index("ledger_id")
    result = merge_ledger(path, [copy], on="2021-03-01")
    after = read_ledger(path).written.set_index("ledger_id")
    assert result.conflicts.empty
    assert result.notes == ("交回.xlsx：没有交回1行，台账保留原样。",)
    assert after["progress"].to_dict() == before["progress"].to_dict() | words
    for key in ("problem", "measures", "lead_unit", "cooperating_units", "deadline", "person", "evidence"):
        assert after[key].to_dict() == before[key].to_dict(), key


def test_the_ledger_itself_sorted_moved_filtered_and_short_of_a_row_is_updated_as_it_lies(path: Path) -> None:
    edit(path, (INSTANT, "进展说明", "市里写的"))
    as_excel_leaves_it(path, path)
    before = read_ledger(path).written.set_index("ledger_id")
    result = update_ledger(path, SECOND, on="2021-04-15", as_of="2021-03-31")
    after = read_ledger(path).written.set_index("ledger_id")
    assert list(after.index) == list(before.index)
    assert ONLINE not in after.index
    assert "行政许可事项网上可办率达100%" in result.changes.set_index("ledger_id").loc[ONLINE, "old"]
    for key in ("problem", "measures", "lead_unit", "cooperating_units", "deadline", "person", "progress"):
        assert after[key].to_dict() == before[key].to_dict(), key
    assert after.loc[INSTANT, "status"] == "推进中"


def test_a_ledger_saved_by_libreoffice_is_updated(path: Path) -> None:
    """LibreOffice writes what is off too (wrapText="false"), and makes a very hidden sheet a hidden one."""
    book = openpyxl.load_workbook(path, rich_text=True)
    book[MEMORY_SHEET].sheet_state = "hidden"
    book.save(path)
    parts = {name: zipfile.ZipFile(path).read(name) for name in zipfile.ZipFile(path).namelist()}
    styles = parts["xl/styles.xml"]
    parts["xl/styles.xml"] = styles.replace(b'wrapText="1"', b'wrapText="false"').replace(
        b'<b val="1" />', b'<b val="0"/>'
    )
    assert parts["xl/styles.xml"] != styles
    with zipfile.ZipFile(path, "w") as package:
        for name, content in parts.items():
            package.writestr(name, content)
    result = update_ledger(path, SECOND, on="2021-04-15", as_of="2021-03-31")
    assert len(result.changes) > 0
    assert cell(path, INSTANT, "当前值").value == 0.80
