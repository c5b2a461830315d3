"""Workbooks and other files with what goes wrong in an office, one fault a row, written by a script."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation

HEAD = {"区划": "行政区划代码", "地区": "地区", "名称": "事项名称", "编码": "基本编码", "实施": "实施编码",
        "办理项": "业务办理项编码", "类型": "事项类型", "部门": "实施主体", "法定": "法定办结时限",
        "法定单位": "法定办结时限单位", "承诺": "承诺办结时限", "承诺说明": "承诺办结时限说明", "办件": "办件类型",
        "跑动": "到办事现场次数", "原因": "必须现场办理原因说明", "网办": "是否网办", "深度": "网上办理深度",
        "快递": "是否支持物流快递", "状态": "事项状态", "版本": "事项版本", "件数": "办件量"}  # fmt: skip
GOOD = {"区划": "440823", "地区": "遂溪县", "类型": "行政许可", "部门": "遂溪县市场监督管理局", "法定": "20个工作日",
        "承诺": "5个工作日", "办件": "承诺件", "跑动": 0, "网办": "是", "深度": "Ⅲ级", "快递": "是", "状态": "在用",
        "版本": 1, "件数": 10}  # fmt: skip
OFFICE = "办公时间：星期一至星期五，上午8:30~12:00，下午14:30~17:30（法定节假日除外）"
LIMITS = ("即办", "当场办结", "0.5个工作日", "1 (工作日)", "5天", "两周", "1个月", "半年", "1季度", "30分钟", "２个工作日", "-1", "5-10个工作日",
          "5个工作日内", "法定期限：0个工作日 承诺期限：3个工作日", "十个工作日", "1年零2个月", "无期限", "5个工作日（不含公示）", "3")  # fmt: skip
FAULTS: tuple[dict[str, Any], ...] = (
    {}, {"法定": OFFICE, "承诺": OFFICE}, {"法定": "无", "承诺": "未规定"}, {"法定": None}, {"承诺": None},
    {"法定": 99999}, {"法定": "0个工作日", "承诺": "0个工作日"}, {"法定": "3", "法定单位": "旬"},
    {"法定": "20个工作日", "法定单位": "自然日"}, {"承诺": date(2021, 3, 5)}, {"承诺": "三年"}, {"承诺": "3年"},
    {"承诺": "30个工作日"}, {"法定": "30自然日"}, {"法定": "2个月"}, {"法定": "8小时", "承诺": "1小时"},
    {"承诺": "1个工作日", "办件": "即办件"}, {"承诺": None, "办件": "即办件"}, {"承诺": 0},
    {"办件": "快办", "网办": "大概"}, {"承诺说明": "自受理之日起8个工作日内办结"}, {"跑动": None}, {"跑动": "看情况"},
    {"跑动": 99}, {"跑动": -2}, {"跑动": 1}, {"跑动": 1, "原因": "现场核验"}, {"跑动": "1次", "深度": "Ⅳ级"},
    {"深度": 4}, {"网办": "否", "跑动": 1, "原因": "核验"}, {"网办": "否", "快递": "否"}, {"网办": "否"},
    {"名称": None}, {"区划": None, "地区": "遂渓县"}, {"区划": "440882"}, {"名称": "　食品经营许可 "},
    {"编码": "4401250040"}, {"编码": "440125004○00"}, {"编码": 440125009000}, {"实施": 1.1440823006939756e30},
    {"实施": "11440823MB2C0000014440125004999"}, {"状态": "取消"}, {"办理项": "X1", "版本": 2},
    {"办理项": "X1", "版本": 10}, {"件数": "很多"}, {"跑动": "=1-1"}, {"区划": None, "地区": "廉江市"},
    *({"承诺": text} for text in LIMITS), {"区划": None, "地区": "雷州市", "法定": "15个工作日"},
)  # fmt: skip
SHORT = ["事项名称", "地区", "基本编码", "事项类型", "法定时限", "承诺时限", "跑动次数", "是否网办"]
ONE = ["食品经营许可", "遂溪县", "440125004000", "行政许可", "20个工作日", "5个工作日", 0, "是"]
TWO = ["取水许可", "遂溪县", "440119001000", "行政许可", "45个工作日", "10个工作日", 1, "是"]
MERGED = ["事项名称", "地区", "法定办结时限", None, "承诺办结时限", None, "跑动次数", "handle_type", "CATANAME"]
UNDER = [None, None, "时限", "单位", "时限", "单位", None, None, None]
CODED = ["TASK_NAME", "AREA_CODE", "CATALOG_CODE", "TASK_TYPE", "ANTICIPATE_DAY", "ANTICIPATE_TYPE", "PROMISE_DAY",
         "PROMISE_TYPE", "LIMIT_SCENE_NUM", "WBSD_LEVEL", "PROJECT_TYPE", "handle_type"]  # fmt: skip
CODES = ["食品经营许可", "440823000000", "440125004000", "20", 20, 1, 5, "1", 0, 4, 2]
PORTAL = ({"AUDIT_ITEM": {"TASK_NAME": "食品经营许可", "AREA_CODE": "440823", "CATALOG_CODE": "440125004000",
                          "TASK_TYPE_TEXT": "行政许可", "ANTICIPATE_DAY": 20, "ANTICIPATE_TYPE": 1, "PROMISE_DAY": 5,
                          "PROMISE_TYPE": 1, "LIMIT_SCENE_NUM": "0", "IS_ONLINE": True}, "hall": {"ems": None}},)  # fmt: skip
SHEET = "xl__worksheets__sheet1.xml"
Rows = list[list[Any]]


def faulty_rows() -> Rows:
    """Return the table of faults; the last rows repeat the first, say a total and a note."""
    rows: Rows = [list(HEAD.values())]
    for n, fault in enumerate(FAULTS):
        same = 0 if "雷州" in str(fault) else n
        row = GOOD | {"名称": f"事项{n}", "编码": f"4401250{same:02}000"} | fault
        rows.append([row.get(name) for name in HEAD])
    total = ["合计", *[None] * (len(HEAD) - 2), 480]
    return [*rows, list(rows[1]), total, ["注：本表按季度报送"]]


def book_of(rows: Rows) -> openpyxl.Workbook:
    """Return a workbook with these rows on its one sheet."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "清单"
    for row in rows:
        sheet.append(row)
    return book


def dressed() -> openpyxl.Workbook:
    """Return the faulty table as people hand it in: widths, colours, a note, choices, more sheets, hidden rows."""
    book = book_of(faulty_rows())
    sheet = book["清单"]
    sheet.column_dimensions["C"].width = 41
    sheet.row_dimensions[1].height = 30
    sheet.row_dimensions[5].hidden = True
    sheet["I3"].font = Font(bold=True, color="FF0000")
    sheet["I3"].comment = Comment("原来的批注", "某人")
    sheet["W2"] = "=N2+1"
    sheet.freeze_panes = "D2"
    sheet.auto_filter.ref = "A1:U60"
    check = DataValidation(type="list", formula1='"是,否"')
    check.add("P2:P90")
    sheet.add_data_validation(check)
    sheet.conditional_formatting.add("N2:N90", CellIsRule("greaterThan", ["1"], fill=PatternFill(bgColor="FFC7CE")))
    other = book.create_sheet("汇总")
    other["A1"], other["A2"], other["B2"] = "甲", "=清单!N2*2", 0.5
    other["B2"].number_format = "0.0%"
    other.merge_cells("C1:D2")
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=21, min_row=1, max_row=6), titles_from_data=True)
    other.add_chart(chart, "E2")
    book.create_sheet("暗").sheet_state = "hidden"
    return book


def whole_column_wrong() -> openpyxl.Workbook:
    """Return a table with a column of office hours, a shifted row, a misspelt heading, two columns that contradict."""
    head = [*SHORT, "到办事现场次数", "是否可予约"]
    rows = [[f"事项{n}", *ONE[1:2], f"44012500{n}000", ONE[3], OFFICE, *ONE[5:], n % 2, "是"] for n in range(6)]
    return book_of([["遂溪县政务服务事项清单"], head, *rows, [None, *ONE, 0, "是"], head])


def csv_text(rows: Rows) -> str:
    """Return rows as CSV."""
    return "".join(",".join("" if cell is None else str(cell) for cell in row) + "\r\n" for row in rows)


def packed(book: openpyxl.Workbook, **parts: bytes) -> bytes:
    """Return a workbook whose zip has more parts, or parts with another content (``__`` stands for the slash)."""
    whole, changed = io.BytesIO(), io.BytesIO()
    book.save(whole)
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(changed, "w") as new:
        held = {name: old.read(name) for name in old.namelist()}
        for name, content in (held | {name.replace("__", "/"): content for name, content in parts.items()}).items():
            new.writestr(name, content)
    return changed.getvalue()


def other_zip() -> bytes:
    """Return a zip that is no workbook."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("a.txt", "x")
    return held.getvalue()


def compound(word: str) -> bytes:
    """Return the head of a file of old Office, which is also that of an encrypted new one."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + word.encode("utf-16-le") + b"\0" * 600


def far() -> openpyxl.Workbook:
    """Return a table with a cell in the last corner of its sheet."""
    book = book_of([SHORT, ONE])
    book["清单"]["XFD1048576"] = 1
    return book


def write_faulty(folder: Path) -> None:
    """Write the files whose cells are wrong, and those that cannot be read."""
    books: dict[str, Callable[[], openpyxl.Workbook]] = {
        "遂溪县 清单.xlsx": dressed,
        "整列错.xlsx": whole_column_wrong,
        "好.xlsx": lambda: book_of([SHORT, ONE, TWO]),
        "440882_雷州市.xlsx": lambda: book_of([SHORT, [ONE[0], None, *ONE[2:]], [TWO[0], None, *TWO[2:4], 45, 10, 1, "是"]]),
        "只有表头.xlsx": lambda: book_of([SHORT]),
        "没有表头.xlsx": lambda: book_of([["姓名", "电话"], ["甲", "1"]]),
        "缺列.xlsx": lambda: book_of([SHORT[:4], ONE[:4]]),
        "远处.xlsx": far,
        "两行表头.xlsx": lambda: book_of([MERGED, UNDER, [*ONE[:2], 20, "工作日", 5, "工作日", 0, 2, "许可（新办）"]]),
        "代码.xlsx": lambda: book_of([CODED, [*CODES, 1], [*CODES[:-1], 2, 9]]),
    }  # fmt: skip
    contents = {
        "国标编码.csv": csv_text([SHORT, ONE, [*TWO[:5], OFFICE, 30, "也许"]]).encode("gb18030"),
        "引号不成对.csv": csv_text([SHORT, ['"食品', *ONE[1:]], TWO]).encode(),
        "空.xlsx": b"",
        "网页.xlsx": b"<html><table></table></html>",
        "截断.xlsx": packed(book_of([SHORT, ONE, TWO]))[:-900],
        "压缩包.xlsx": other_zip(),
        "半条.jsonl": '{"TASK_NAME": "甲", '.encode(),
        "门户.jsonl": "\n".join(json.dumps(record, ensure_ascii=False) for record in PORTAL).encode(),
        "不是记录.json": b"[1, 2]",
        "制表符.tsv": csv_text([SHORT, ONE]).replace(",", "\t").encode("utf-16"),
        "乱码.csv": b"\x81\xff\xfe" * 50,
        "空字节.csv": csv_text([SHORT, ONE]).encode() + b"\0\0",
        "网页.csv": b"<html><table></table></html>",
        "太宽.csv": b"a," * 500 + b"\n",
        "旧格式.xls": compound("Workbook"),
        "加密.xlsx": compound("EncryptedPackage"),
        "带宏.xlsm": packed(book_of([SHORT, ONE]), xl__vbaProject=b"x"),
        "文档类型.xlsx": packed(book_of([SHORT, ONE]), **{SHEET: b'<?xml version="1.0"?><!DOCTYPE x><worksheet/>'}),
        "表体损坏.xlsx": packed(book_of([SHORT, ONE]), **{SHEET: b"<worksheet>"}),
        "目录损坏.xlsx": packed(book_of([SHORT, ONE]), xl__workbook=b"", **{"xl__workbook.xml": b"<workbook>"}),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in books.items():
        make().save(folder / name)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
