"""`zj ledger` as a user calls it: the 分工表 out and back."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from docx import Document

from zjanalysis.cli import main
from zjanalysis.ledger import reading
from zjanalysis.ledger.book import init_ledger
from zjanalysis.ledger.reading import read_ledger
from zjanalysis.ledger.state import start

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"
ON = ("--on", "2021-04-20")


def test_units_go_out_as_one_list_and_come_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`zj ledger assign`: written, changed by hand in a spreadsheet, taken back, written anew with what was typed."""
    path, sheet, again = tmp_path / "台账.xlsx", tmp_path / "分工表.xlsx", tmp_path / "新分工表.xlsx"
    whole = start(pd.DataFrame({"region_code": [], "indicator": [], "value": []}), on="2021-02-01")
    some = whole["task"].isin(["六", "十一"]) & whole["region_code"].isin(["440800", "440823"])
    init_ledger(path, whole[some].reset_index(drop=True), on="2021-02-01", sample=True)
    assert main(["ledger", "assign", str(path), "--out", str(sheet)]) == 0
    book = openpyxl.load_workbook(sheet)
    heads = {cell.value: cell.column for cell in book.active[3]}
    number, unit, role, typed = (heads[word] for word in ("编号", "责任单位", "分工", "具体分工"))
    row = next(r for r in range(4, book.active.max_row + 1) if book.active.cell(r, role).value == "牵头")
    name, was = (book.active.cell(row, column).value for column in (number, unit))
    book.active.cell(row, unit).value = "市公安局"
    book.active.cell(row, typed).value = "牵头整改"
    book.save(sheet)
    before = read_ledger(path).ledger.set_index("ledger_id")
    assert main(["ledger", "assign", str(path), str(sheet), "--on", "2021-04-20", "--out", str(again)]) == 0
    after = read_ledger(path).ledger.set_index("ledger_id")
    assert was in before.loc[name, "lead_unit"]
    assert "市公安局" in after.loc[name, "lead_unit"]
    assert was not in after.loc[name, "lead_unit"]
    others = before.index != name
    assert after.loc[others, "lead_unit"].equals(before.loc[others, "lead_unit"])
    assert "牵头整改" in {
        cell.value for cell in openpyxl.load_workbook(again).active[openpyxl.utils.get_column_letter(typed)]
    }
    capsys.readouterr()
    for call, said in (
        ([], "没有给出分工表"), (["--out", str(sheet)], "已经存在，不会覆盖"), ([str(sheet)], "没有给出日期"),
        ([str(sheet), str(again), "--on", "2021-04-21"], "一次收回一份分工表"),
    ):  # fmt: skip
        assert main(["ledger", "assign", str(path), *call]) != 0
        assert said in capsys.readouterr().err


@pytest.mark.parametrize("words", [["init"], ["update"], ["merge", "遂溪县.xlsx", *ON], ["assign", "分工表.xlsx", *ON]],
                         ids=" ".join)  # fmt: skip
@pytest.mark.parametrize("name", ["台账.csv", "台账.xlsm", "台账"])
def test_a_ledger_is_written_as_a_workbook_only(
    words: list[str], name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    action, *more = words
    assert main(["ledger", action, str(tmp_path / name), *more]) == 2
    assert "应以 .xlsx 结尾" in capsys.readouterr().err
    assert not (tmp_path / name).exists()


def test_where_to_write_is_asked_of_actions_that_write_a_paper_and_of_their_kind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for action, name, said in (
        ("merge", "新.xlsx", "--out 用不上"), ("due", "督办单.docx", "应以 .xlsx 结尾"),
        ("assign", "分工表.docx", "应以 .xlsx 结尾"), ("brief", "通报.xlsx", "应以 .docx 结尾"),
    ):  # fmt: skip
        assert main(["ledger", action, "台账.xlsx", *ON, "--out", str(tmp_path / name)]) == 2
        assert said in capsys.readouterr().err
    for action, options in (
        ("due", ["--period", "2020Q4"]),
        ("merge", ["--data", "data/sample"]),
        ("brief", ["--within", "9"]),
    ):
        assert main(["ledger", action, "台账.xlsx", *ON, *options]) == 2
        assert f"{options[0]} 用不上" in capsys.readouterr().err


def test_figures_are_dated_by_their_cut_off_whatever_the_day_of_writing(tmp_path: Path) -> None:
    path = tmp_path / "台账.xlsx"
    call = ["--data", str(SAMPLE), "--period", "2021Q1", "--on", "2021-04-15"]
    assert main(["ledger", "init", str(path), *call]) == 0
    rows = read_ledger(path).ledger
    assert set(rows["opened_on"]) == {pd.Timestamp("2021-04-15")}
    for key in ("reached_on", "baseline_on", "as_of"):
        assert set(rows[key].dropna()) == {pd.Timestamp("2021-03-31")}
    before = rows["status_reason"].tolist()
    assert main(["ledger", "update", str(path), *call]) == 0
    assert read_ledger(path).ledger["status_reason"].tolist() == before


def test_a_period_without_a_figure_of_the_city_does_not_touch_the_ledger(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "台账.xlsx"
    assert main(["ledger", "init", str(path), "--data", str(SAMPLE)]) == 0
    before = path.read_bytes()
    assert main(["ledger", "update", str(path), "--data", str(SAMPLE.parent / "gd-2021-05")]) == 2
    assert "里没有湛江市的事项。" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_an_update_names_the_counties_whose_items_did_not_come(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, data = tmp_path / "台账.xlsx", tmp_path / "试"
    whole = start(pd.DataFrame({"region_code": [], "indicator": [], "value": []}), on="2021-02-01")
    some = whole[whole["region_code"].isin(["440823", "440825"])].reset_index(drop=True)
    init_ledger(path, some, on="2021-02-01", sample=True)
    (data / "2021Q1" / "items").mkdir(parents=True)
    (data / "dataset.toml").write_text('title = "试"\nkind = "sample"\nsource = "试"\nlicence = "MIT"\n'
                                       '[periods."2021Q1"]\ncutoff = "2021-03-31"\n', encoding="utf-8")  # fmt: skip
    rows = [
        f"事项,{place},行政许可,4,承诺件,20个工作日,5个工作日,0" for place in ("遂溪县", "徐闻市")
    ]  # a county renamed
    head = "事项名称,地区,事项类型,行使层级,办件类型,法定时限,承诺时限,跑动次数"
    (data / "2021Q1" / "items" / "甲.csv").write_text("\n".join([head, *rows]), encoding="utf-8")
    assert main(["ledger", "update", str(path), "--data", str(data), "--period", "2021Q1"]) == 0
    assert "2021Q1 期没有徐闻县的事项，" in capsys.readouterr().out


def test_rows_of_a_county_that_was_renamed_are_those_of_the_county(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "台账.xlsx"
    whole = start(pd.DataFrame({"region_code": [], "indicator": [], "value": []}), on="2021-02-01")
    some = whole[whole["region_code"].isin(["440823", "440825"])].reset_index(drop=True)
    init_ledger(path, some, on="2021-02-01", sample=True)
    monkeypatch.setattr(reading, "find_code", lambda text: {"440825": "440884", "徐闻县": "440884"}.get(text, text))
    monkeypatch.setattr(reading, "region_name", {"440884": "徐闻市"}.__getitem__)
    rows = read_ledger(path).ledger
    assert dict(zip(rows["region_code"], rows["region"], strict=True)) == {"440823": "遂溪县", "440884": "徐闻市"}
    assert rows["ledger_id"].tolist() == some["ledger_id"].tolist()


def test_a_list_of_units_is_no_ledger_and_what_nobody_filled_in_is_not_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, sheet, again = tmp_path / "台账.xlsx", tmp_path / "分工表.xlsx", tmp_path / "新分工表.xlsx"
    whole = start(pd.DataFrame({"region_code": [], "indicator": [], "value": []}), on="2021-02-01")
    init_ledger(path, whole[whole["region_code"].eq("440823")].reset_index(drop=True), on="2021-02-01")
    assert main(["ledger", "assign", str(path), "--out", str(sheet)]) == 0
    before, day = path.read_bytes(), ["--on", "2021-04-20"]
    for call in (["merge", str(path), str(sheet), *day], ["update", str(sheet)], ["due", str(sheet), *day]):
        assert main(["ledger", *call]) == 2
        said = capsys.readouterr().err
        assert "“分工表.xlsx”是分工表，不是台账" in said
        assert "zj ledger assign" in said
    assert path.read_bytes() == before
    assert main(["ledger", "assign", str(path), str(sheet), *day, "--out", str(again)]) == 0
    assert "没有带入" not in capsys.readouterr().out


def test_papers_are_made_anew_until_somebody_writes_in_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, notices, told = tmp_path / "台账.xlsx", tmp_path / "督办单.xlsx", tmp_path / "通报.docx"
    whole = start(pd.DataFrame({"region_code": [], "indicator": [], "value": []}), on="2021-02-01")
    some = whole["task"].eq("六") & whole["region_code"].isin(["440800", "440823"])
    init_ledger(path, whole[some].reset_index(drop=True), on="2021-02-01", sample=True)
    due = ["ledger", "due", str(path), "--on", "2021-07-10", "--out", str(notices)]
    brief = ["ledger", "brief", str(path), "--on", "2021-07-10", "--out", str(told)]
    for call in (due, brief, due, brief):
        assert main(call) == 0
    letter = next((tmp_path / "督办单").glob("遂溪县*.docx"))
    book = openpyxl.load_workbook(notices)
    book.active["H9"].value = "六月底前完成"
    for call, paper, edit in (
        (due, letter, lambda: _with_a_line(letter)), (due, notices, lambda: book.save(notices)),
        (brief, told, lambda: _with_a_line(told)), (brief, told, lambda: told.write_bytes(b"")),
    ):  # fmt: skip
        before = paper.read_bytes()
        edit()
        edited = paper.read_bytes()
        assert main(call) == 2
        assert f"“{paper.name}”已经存在，不会覆盖" in capsys.readouterr().err
        assert paper.read_bytes() == edited
        paper.write_bytes(before)
        assert main(call) == 0


def _with_a_line(paper: Path) -> None:
    document = Document(str(paper))
    document.add_paragraph("补充说明")
    document.save(str(paper))
