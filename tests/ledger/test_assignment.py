"""The 分工表: every unit of every row, out and back; nothing typed is lost, nothing that was not meant is taken."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zjanalysis.columns import ASSIGNMENT_COLUMNS, HAND
from zjanalysis.errors import InputError
from zjanalysis.inputs.regions import report_units
from zjanalysis.ledger.assignment import (
    CELLS,
    HELPS,
    LEADS,
    NO_MORE,
    as_copy,
    assignments,
    read_assignments,
    refuse_unclear,
    take_assignments,
    write_assignments,
)
from zjanalysis.ledger.book import init_ledger
from zjanalysis.ledger.merge import MOVED_ON, merge
from zjanalysis.ledger.reading import LedgerFile, read_ledger
from zjanalysis.ledger.rows import office_of, unit_names
from zjanalysis.ledger.state import start

CITY = "440800"
COUNTIES = {office_of(code) for code in report_units(CITY)}
KEYS = [column.key for column in ASSIGNMENT_COLUMNS]
MOBILE = "六-10@440800"


@cache
def fresh() -> pd.DataFrame:
    """Return the ledger of the plan without figures."""
    return start(pd.DataFrame({"region_code": [], "indicator": [], "value": []}), on="2021-02-01")


def laid_out(**cells: list[str]) -> pd.DataFrame:
    """Return the first rows of a ledger with these units in their cells."""
    rows = fresh()[fresh()["region_code"] == CITY].head(len(next(iter(cells.values())))).reset_index(drop=True)
    return rows.assign(**cells)


def file_of(ledger: pd.DataFrame) -> LedgerFile:
    return LedgerFile(Path("台账.xlsx"), ledger, ledger, ledger, pd.DataFrame(), {}, "台账", 3, False)


def sent(ledger: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of its 分工表 as read back, and its hidden base."""
    rows = assignments(ledger).reindex(columns=KEYS).astype("object").fillna("").astype("str")
    return rows.assign(row_number=range(4, 4 + len(rows))), ledger[["ledger_id", "region_code", *CELLS]].astype("str")


def returned(ledger: pd.DataFrame, rows: pd.DataFrame, base: pd.DataFrame, *, now: pd.DataFrame | None = None):
    """Merge a 分工表 into the ledger as it stands now."""
    refuse_unclear(rows, base, name="分工表.xlsx")
    file = file_of(ledger if now is None else now)
    return merge(file.ledger, file.memory, copies={"分工表.xlsx": as_copy(rows, base, file)}, on="2021-04-20")


UNITS = ("市政务服务数据管理局", "公共资源交易中心", "湛江市公共资源交易中心", "市财政局", "各县(市、区)政府(管委会)",
         "市有关单位", "赤坎区人民政府", "某局(一、二科)")  # fmt: skip
CELL = st.lists(st.sampled_from(UNITS), max_size=5).flatmap(
    lambda units: st.sampled_from(["、", "，", ", ", ";", " 、 "]).map(lambda mark: mark.join(units))
)
LEDGERS = st.lists(st.tuples(CELL, CELL), min_size=1, max_size=4).map(
    lambda pairs: laid_out(lead_unit=[one for one, _ in pairs], cooperating_units=[other for _, other in pairs])
)


@given(LEDGERS, st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None, derandomize=True)
def test_out_and_back_changes_nothing_however_the_rows_lie_and_whatever_is_not_returned(ledger, random) -> None:
    rows, base = sent(ledger)
    order = random.sample(range(len(rows)), random.randint(0, len(rows)))
    result = returned(ledger, rows.iloc[order].reset_index(drop=True), base)
    assert len(result.changes) == len(result.conflicts) == 0
    for key in HAND:
        assert result.ledger[key].fillna("").tolist() == ledger[key].fillna("").tolist(), key


@given(LEDGERS, st.data())
@settings(max_examples=20, deadline=None, derandomize=True)
def test_what_the_office_decides_is_taken_and_every_other_cell_stays(ledger, data) -> None:
    rows, base = sent(ledger)
    named = rows.index[rows["unit_name"] != ""].tolist()
    roles = data.draw(st.dictionaries(st.sampled_from(named), st.sampled_from([LEADS, HELPS, NO_MORE]), max_size=3)
                      if named else st.just({}))  # fmt: skip
    edited = rows.assign(role=[roles.get(place, role) for place, role in zip(rows.index, rows["role"], strict=True)])
    grown = data.draw(st.sampled_from(ledger["ledger_id"].tolist()))
    new = dict.fromkeys(KEYS, "") | {"ledger_id": grown, "unit_name": "市新设局", "role": HELPS, "row_number": 999}
    result = returned(ledger, pd.concat([edited, pd.DataFrame([new])], ignore_index=True), base)
    assert result.conflicts.loc[result.conflicts["reason"] != "交回件把原有内容删空了"].empty
    again = assignments(result.ledger)
    for ledger_id, own in edited.groupby("ledger_id"):
        now = again[again["ledger_id"] == ledger_id].set_index("unit_name")["role"].to_dict()
        asked = {
            unit: role for unit, role in zip(own["unit_name"], own["role"], strict=True) if role != NO_MORE and unit
        }
        asked |= {"市新设局": HELPS} if ledger_id == grown else {}
        was = dict(zip(rows.loc[own.index, "unit_name"], rows.loc[own.index, "role"], strict=True))
        blanked = set(result.conflicts.loc[result.conflicts["ledger_id"] == ledger_id, "column"])
        if not blanked:
            assert {unit: role for unit, role in now.items() if unit} == asked
        assert set(was) - {""} <= set(now) | {unit for unit, role in roles_of(own).items() if role == NO_MORE}
    unchanged = [key for key in HAND if key not in CELLS]
    assert result.ledger[unchanged].fillna("").equals(ledger[unchanged].fillna(""))
    touched = {*edited.loc[list(roles), "ledger_id"], grown} if roles else {grown}
    rest = ~ledger["ledger_id"].isin(touched)
    assert result.ledger.loc[rest, list(CELLS)].equals(ledger.loc[rest, list(CELLS)])


def roles_of(rows: pd.DataFrame) -> dict[str, str]:
    return dict(zip(rows["unit_name"], rows["role"], strict=True))


def test_every_unit_and_department_has_its_row_and_one_name() -> None:
    rows = assignments(fresh())
    assert not rows.duplicated(["ledger_id", "unit_name"]).any()
    assert set(rows["role"]) == {LEADS, HELPS}
    mobile = roles_of(rows[rows["ledger_id"] == MOBILE])
    assert mobile["市政务服务数据管理局"] == mobile["市行政服务中心"] == LEADS
    assert {"市公安局", "市教育局", "市民政局", "市有关单位", *COUNTIES} <= {u for u, r in mobile.items() if r == HELPS}
    assert "公共资源交易中心" not in set(rows["unit_name"])
    own = roles_of(rows[rows["ledger_id"] == "六-05@440823"])
    assert own == {"遂溪县人民政府": LEADS, "市政务服务数据管理局": HELPS, "市行政服务中心": HELPS}


def test_departments_take_the_place_of_the_open_ones_and_counties_are_written_together_again() -> None:
    ledger = laid_out(lead_unit=["市政务服务数据管理局"], cooperating_units=["各县(市、区)政府(管委会),市有关单位"])
    rows, base = sent(ledger)
    open_row = rows[rows["unit_name"] == "市有关单位"]
    split = [open_row.assign(unit_name=name) for name in ("市公安局", "湛江市财政局")]
    result = returned(ledger, pd.concat([rows.drop(open_row.index), *split], ignore_index=True), base)
    cells = result.ledger.loc[0, list(CELLS)].tolist()
    assert cells == ["市政务服务数据管理局", "各县(市、区)政府(管委会)、市公安局、市财政局"]
    assert result.changes[["column", "changed_by"]].to_numpy().tolist() == [["cooperating_units", "分工表.xlsx"]]


def test_a_ledger_changed_since_is_a_conflict_and_keeps_its_text() -> None:
    ledger = laid_out(lead_unit=["甲局"], cooperating_units=["乙局"])
    rows, base = sent(ledger)
    edited = rows.assign(role=rows["role"].mask(rows["unit_name"] == "乙局", LEADS))
    now = ledger.assign(lead_unit="丙局")
    result = returned(ledger, edited, base, now=now)
    assert set(result.conflicts["reason"]) == {MOVED_ON, "交回件把原有内容删空了"}
    assert result.ledger[list(CELLS)].equals(now[list(CELLS)])


@pytest.mark.parametrize(
    ("change", "message"),
    [({"ledger_id": "九九@440800"}, "编号不是"), ({"role": "协办"}, "分工不是"), ({"ledger_id": ""}, "编号不是")],
)
def test_a_row_nobody_can_place_is_refused_by_its_number(change: dict[str, str], message: str) -> None:
    rows, base = sent(laid_out(lead_unit=["甲局"], cooperating_units=["乙局"]))
    with pytest.raises(InputError, match=f"第5行.*{message}"):
        refuse_unclear(rows.assign(**{k: rows[k].mask(rows.index == 1, v) for k, v in change.items()}), base, name="x")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("分工")
    ledger = fresh()
    small = ledger[ledger["task"].isin(["六", "十一"]) & ledger["region_code"].isin([CITY, "440823"])]
    init_ledger(folder / "台账.xlsx", small.reset_index(drop=True), on="2021-02-01", sample=True)
    write_assignments(read_ledger(folder / "台账.xlsx"), folder / "分工表.xlsx")
    return folder


def fill_in(path: Path) -> None:
    """Type into every row, sort it by unit, filter it, add a column, and drop one unit of one row."""
    book = openpyxl.load_workbook(path)
    sheet = book["分工表"]
    place = {cell.value: cell.column - 1 for cell in sheet[3]}
    body = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4)]
    for number, row in enumerate(body):
        row[place["具体分工"]], row[place["责任人"]] = f"分工{number}", "=1+1" if number == 3 else f"人{number}"
        if row[place["责任单位"]] == "市行政服务中心" and row[place["编号"]] == MOBILE:
            row[place["分工"]] = NO_MORE
    sheet.cell(3, sheet.max_column + 1, "科室电话")
    for position, row in enumerate(sorted(body, key=lambda row: str(row[place["责任单位"]])), start=4):
        for number, value in enumerate([*row, f"0759-{position}"], start=1):
            sheet.cell(position, number).value = value
            sheet.cell(position, number).data_type = "s" if isinstance(value, str) else "n"
    sheet.auto_filter.add_filter_column(place["分工"], [LEADS])
    book.save(path)


def test_a_file_goes_out_is_filled_in_sorted_and_comes_back(kept: Path, tmp_path: Path) -> None:
    ledger, out = (Path(shutil.copy(kept / name, tmp_path / name)) for name in ("台账.xlsx", "分工表.xlsx"))
    assert "示例数据（模拟）" in openpyxl.load_workbook(out)["分工表"]["A2"].value
    fill_in(out)
    before = read_ledger(ledger).written
    result = take_assignments(ledger, out, on="2021-04-20")
    after = read_ledger(ledger).written
    changed = {(i, key) for key in HAND for i in before.index if before.loc[i, key] != after.loc[i, key]}
    row = int(before.index[before["ledger_id"] == MOBILE][0])
    assert changed == {(row, "lead_unit")}
    assert after.loc[row, "lead_unit"] == "市政务服务数据管理局"
    assert result.conflicts.empty
    again = tmp_path / "新分工表.xlsx"
    assert write_assignments(read_ledger(ledger), again, earlier=out) == 3
    old, new = (read_assignments(path)[0].set_index(["ledger_id", "unit_name"]) for path in (out, again))
    assert set(old.index) - set(new.index) == {(MOBILE, "市行政服务中心")}
    for key in ("duty", "person", "note", "科室电话"):
        assert new[key].to_dict() == old.loc[new.index, key].to_dict(), key
    assert "=1+1" in set(new["person"])
    with pytest.raises(InputError, match="已经存在"):
        write_assignments(read_ledger(ledger), again)


def test_a_file_that_is_no_assignment_is_refused(kept: Path, tmp_path: Path) -> None:
    ledger = Path(shutil.copy(kept / "台账.xlsx", tmp_path / "台账.xlsx"))
    with pytest.raises(InputError, match="表头"):
        take_assignments(ledger, kept / "台账.xlsx", on="2021-04-20")
    assert unit_names("市财政局") == ("市财政局",)
