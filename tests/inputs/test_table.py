"""Valid items written through a random layout read back as the same items: any dialect, header row, order, sheet."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zjanalysis.columns import ITEM_COLUMNS
from zjanalysis.inputs.check import check
from zjanalysis.inputs.workbook import column_letter, sheets_of
from zjanalysis.settings import Guard, Settings

# One spelling of every header per dialect; None: the dialect has no such column.
KEYS = ("item_name", "region_code", "region", "base_code", "impl_code", "item_type", "statutory_limit", "promised_limit",
        "handling_type", "visits", "visit_reason", "online", "online_depth", "version")  # fmt: skip
DIALECTS = {
    "national": "TASK_NAME DIVISION_CODE AREA_CODE_TEXT CATALOG_CODE TASK_CODE TASK_TYPE_TEXT ANTICIPATE_DAY PROMISE_DAY "
    "PROJECT_TYPE_TEXT LIMIT_SCENE_NUM LIMIT_SCENE_EXPLAIN IS_ONLINE WBSD_LEVEL_TEXT TASK_VERSION",
    "api": "name region_code 所属区划 base_code carry_out_code service_item_type_text legal_period promised_period "
    "办件类型 transport_count scene_reason suit_online declare_service_level 事项版本",
    "hall": "taskname areacode 地区 jbbm ssbm 事项类型 fdbjsx cnbjsx 办件类型 applyermin_count 必须现场办理原因说明 sfwb "
    "网办深度 事项版本",
    "chinese": "事项名称 行政区划代码 县（市、区） 基本编码 实施编码 事项类型 法定时限 承诺时限 办件类型 跑动次数 必须现场办理原因说明 "
    "可网上办理 网上办理深度 发布日期",
}
LIMITS = ("{}个工作日", "{}(工作日)", "{} 工作日", "{}天", "{}日")
DRESSES = ("{}", " {} ", "{}（必填）", "*{}", "{}\n", "１.{}")

items = st.lists(
    st.fixed_dictionaries({
        "item_name": st.text("食品经营许可变更登记注销核发", min_size=2, max_size=8),
        "region_code": st.sampled_from(["440823", "440881"]),
        "base_code": st.from_regex(r"44[0-9]{10}", fullmatch=True),
        "item_type": st.sampled_from(["行政许可", "公共服务"]),
        "statutory_limit": st.integers(1, 240),
        "promised_limit": st.integers(1, 240),
        "visits": st.integers(0, 3),
        "online": st.booleans(),
    }),
    min_size=1, max_size=6, unique_by=(lambda item: item["base_code"],),
)  # fmt: skip
layouts = st.fixed_dictionaries({
    "dialect": st.sampled_from(sorted(DIALECTS)),
    "order": st.permutations(range(len(KEYS))),
    "header_row": st.integers(0, 19),
    "limit": st.sampled_from(LIMITS),
    "dress": st.sampled_from(DRESSES),
    "merge": st.booleans(),
    "sheets_before": st.integers(0, 2),
    "bilingual": st.booleans(),
    "total": st.booleans(),
    "offset": st.integers(0, 3),
})  # fmt: skip


def cells(item: dict[str, Any], limit: str) -> dict[str, Any]:
    names = {"440823": "遂溪县", "440881": "廉江市"}
    visits, days = item["visits"], item["promised_limit"]
    return {
        "item_name": item["item_name"], "region_code": item["region_code"], "region": names[item["region_code"]],
        "base_code": item["base_code"], "impl_code": f"11{item['region_code']}MB2C000001" + "4" + item["base_code"],
        "item_type": item["item_type"], "statutory_limit": limit.format(item["statutory_limit"]),
        "promised_limit": limit.format(min(days, item["statutory_limit"])), "handling_type": "承诺件", "visits": visits,
        "visit_reason": "核验" if visits else None, "online": "是" if item["online"] or not visits else "否",
        "online_depth": "Ⅲ级", "version": "1",
    }  # fmt: skip


def write(path: Path, rows: list[dict[str, Any]], layout: dict[str, Any]) -> None:
    """Write the rows through a layout."""
    book = openpyxl.Workbook()
    sheet = book.active
    headers = dict(zip(KEYS, DIALECTS[layout["dialect"]].split(), strict=True))
    order = [KEYS[i] for i in layout["order"]]
    first, left = layout["header_row"], layout["offset"]
    two = layout["bilingual"] and first > 0
    for column, key in enumerate(order, left + 1):
        sheet.cell(first + 1, column, layout["dress"].format(headers[key]))
        if two:
            sheet.cell(first, column, next(c.label for c in ITEM_COLUMNS if c.key == key))
        for number, row in enumerate(rows, first + 2):
            sheet.cell(number, column, row[key])
    if first - two > 0:
        sheet.cell(1, 1, "政务服务事项清单")
    if layout["merge"]:
        merge(sheet, rows, first, left, order)
    if layout["total"]:
        sheet.cell(first + len(rows) + 2, left + 1, "合计")
    for number in range(layout["sheets_before"]):
        book.create_sheet(f"封面{number}", 0)
    book.save(path)


def merge(sheet: Any, rows: list[dict[str, Any]], first: int, left: int, order: list[str]) -> None:
    """Merge the region cells of neighbouring rows of one region."""
    start = 0
    for number in range(1, len(rows) + 1):
        if number == len(rows) or rows[number]["region"] != rows[start]["region"]:
            if number - start > 1:
                for key in ("region", "region_code"):
                    column = column_letter(left + order.index(key))
                    for row in range(start + 1, number):
                        sheet[f"{column}{first + 2 + row}"] = None
                    sheet.merge_cells(f"{column}{first + 2 + start}:{column}{first + 1 + number}")
            start = number


@given(items, layouts)
def test_any_layout_reads_back_the_same_items(given_items: list[dict[str, Any]], layout: dict[str, Any]) -> None:
    rows = sorted((cells(item, layout["limit"]) for item in given_items), key=lambda row: row["region_code"])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "表.xlsx"
        write(path, rows, layout)
        checked = check(sheets_of(path, Guard()), settings=Settings(root=Path(folder)))
    read = checked.items
    law = [float(row["statutory_limit"][: -len(layout["limit"].format(""))]) for row in rows]
    promise = [float(row["promised_limit"][: -len(layout["limit"].format(""))]) for row in rows]
    expected = {
        key: [row[key] for row in rows] for key in ("item_name", "region_code", "region", "base_code", "item_type")
    }
    assert {key: read[key].tolist() for key in expected} == expected
    assert (read["statutory_days"].tolist(), read["promised_days"].tolist()) == (law, promise)
    assert read["visits"].tolist() == [row["visits"] for row in rows]
    assert read["online"].tolist() == [row["online"] == "是" for row in rows]
    assert read["row_number"].tolist() == [layout["header_row"] + 2 + i for i in range(len(rows))]
    allowed = {"level_from_code", "row_total", "not_online", "offline_zero_visits", "text_cleaned"}
    assert set(checked.findings["rule"]) <= allowed, checked.findings["message"].tolist()
    assert checked.n_read == len(rows) + (checked.findings["rule"] == "row_total").sum()


@given(st.lists(st.lists(st.one_of(st.none(), st.text(max_size=12), st.integers(), st.floats(), st.booleans()), min_size=7, max_size=7), max_size=8))  # fmt: skip
def test_whatever_stands_in_the_cells_no_row_is_lost(body: list[list[Any]]) -> None:
    from zjanalysis.inputs.check import check_files

    head = "事项名称,地区,基本编码,法定时限,承诺时限,跑动次数,网办深度"
    lines = [
        head,
        *(
            ",".join('"' + str("" if c is None else c).replace('"', '""').replace("\0", "") + '"' for c in row)
            for row in body
        ),
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "遂溪县.csv"
        path.write_text("\n".join(lines), encoding="utf-8", errors="replace", newline="")
        found = check_files([path], settings=Settings(root=Path(folder)))
    assert (found.files["rows_read"] == found.files["rows_used"] + found.files["rows_left_out"]).all()
    assert len(found.items) == found.files["rows_used"].sum()


@pytest.mark.parametrize(
    ("number", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16383, "XFD")]
)
def test_letters(number: int, name: str) -> None:
    assert column_letter(number) == name
