"""Small odd and broken files, made by a script: each with the findings it must give, or the sentence that refuses it.

``python tests/inputs/corpus.py FOLDER`` writes them all, to be looked at.
"""

from __future__ import annotations

import json
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from itertools import repeat
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

HEAD = ["事项名称", "地区", "基本编码", "事项类型", "法定时限", "承诺时限", "跑动次数", "是否网办", "行使层级"]
A = ["食品经营许可", "遂溪县", "440125004000", "行政许可", "20个工作日", "5个工作日", 0, "是", "县级"]
B = ["取水许可", "遂溪县", "440119001000", "行政许可", "45个工作日", "10个工作日", 1, "是", "县级"]
Rows = list[list[Any]]


@dataclass(frozen=True)
class Case:
    """One file. ``expect``: rule → how many findings (all of them). ``refused``: a part of the sentence instead."""

    name: str
    write: Callable[[Path], object]
    n_items: int = 2
    expect: dict[str, int] = field(default_factory=dict)
    refused: str = ""


def with_(row: list[Any], **cells: Any) -> list[Any]:
    """Return a row with some cells changed: name, region, base, kind, law, promise, visits, online, level."""
    keys = ["name", "region", "base", "kind", "law", "promise", "visits", "online", "level"]
    return [cells.get(key, value) for key, value in zip(keys, row, strict=True)]


def book(
    *rows: list[Any], then: Callable[[openpyxl.Workbook, Worksheet], object] | None = None
) -> Callable[[Path], object]:
    """Return a writer of a workbook with these rows on its first sheet, and something done to it."""

    def write(path: Path) -> None:
        made = openpyxl.Workbook()
        sheet = made.active
        sheet.title = "清单"
        for row in rows:
            sheet.append(row)
        if then:
            then(made, sheet)
        made.save(path)

    return write


def text(content: str, encoding: str = "utf-8") -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content.encode(encoding))


def raw(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


def csv_of(*rows: list[Any], mark: str = ",") -> str:
    return "".join(mark.join(str(cell) for cell in row) + "\r\n" for row in rows)


def parts(change: Callable[[dict[str, bytes]], object], *rows: list[Any]) -> Callable[[Path], object]:
    """Return a writer of a workbook whose zip parts were changed."""

    def write(path: Path) -> None:
        book(*(rows or (HEAD, A, B)))(path)
        with zipfile.ZipFile(path) as archive:
            held = {name: archive.read(name) for name in archive.namelist()}
        change(held)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in held.items():
                archive.writestr(name, content)

    return write


def pressed(
    name: str, head: bytes, piece: bytes, times: int, tail: bytes, *rows: list[Any]
) -> Callable[[Path], object]:
    """Return a writer of a workbook with a part that repeats a piece very often: it is compressed once, not every time."""

    def block(content: bytes, end: int = zlib.Z_FULL_FLUSH) -> bytes:
        press = zlib.compressobj(6, zlib.DEFLATED, -15)
        return press.compress(content) + press.flush(end)

    def write(path: Path) -> None:
        parts(lambda held: held.pop(name, None), *rows)(path)
        at_once = min(times, max(1, 1_000_000 // len(piece)))
        many, n = piece * at_once, times // at_once
        entry = zipfile.ZipInfo(name)
        entry.compress_type, entry.file_size = zipfile.ZIP_DEFLATED, len(head) + n * len(many) + len(tail)
        entry.CRC = reduce(lambda crc, content: zlib.crc32(content, crc), (head, *repeat(many, n), tail), 0)
        body = block(head) + block(many) * n + block(tail, zlib.Z_FINISH)
        entry.compress_size = len(body)
        with zipfile.ZipFile(path, "a") as archive:
            assert archive.fp is not None
            archive.fp.seek(archive.start_dir)
            entry.header_offset = archive.start_dir
            archive.fp.write(entry.FileHeader() + body)
            archive.start_dir, archive._didModify = archive.fp.tell(), True
            archive.filelist.append(entry)

    return write


def lying_bomb(path: Path) -> None:
    """A sheet that unpacks to far more than the table of contents says."""
    parts(lambda held: held.update({SHEET: held[SHEET] + b" " * 30_000_000}))(path)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(SHEET)
    at = content.rindex(b"PK\x01\x02", 0, content.rindex(SHEET.encode()))
    content[at + 24 : at + 28] = struct.pack("<I", 2_000)
    content[info.header_offset + 22 : info.header_offset + 26] = struct.pack("<I", 2_000)
    path.write_bytes(bytes(content))


def cell(address: str, value: Any) -> Callable[[openpyxl.Workbook, Worksheet], object]:
    return lambda _, sheet: sheet.__setitem__(address, value)


def like_ours(made: openpyxl.Workbook, _: Worksheet) -> None:
    for name, row in (("选项2", B), ("核对结果x", with_(B, name="水利工程建设审批", base="440119002000"))):
        sheet = made.create_sheet(name)
        sheet.append(HEAD)
        sheet.append(row)


def ole(word: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + word.encode("utf-16-le") + b"\0" * 600


def put(name: str, content: bytes) -> Callable[[dict[str, bytes]], object]:
    return lambda held: held.update({name: content})


def edit(old: bytes, new: bytes) -> Callable[[dict[str, bytes]], object]:
    def change(held: dict[str, bytes]) -> None:
        assert old in held[SHEET], old
        held[SHEET] = held[SHEET].replace(old, new, 1)

    return change


SHEET = "xl/worksheets/sheet1.xml"
JSON = {"TASK_NAME": A[0], "CATALOG_CODE": A[2], "TASK_TYPE_TEXT": A[3], "AREACODE": "440823", "ANTICIPATE_DAY": 20,
        "ANTICIPATE_TYPE": 1, "PROMISE_DAY": "5", "PROMISE_TYPE": "1", "LIMIT_SCENE_NUM": 0, "ONLINECHECK": 1,
        "USE_LEVEL": "4"}  # fmt: skip
KEYS = ["taskname", "areacode", "jbbm", "shenpilb", "fdbjsx", "cnbjsx", "applyermin_count", "sfwb", "use_level"]
OFFICE = "办公时间：星期一至星期五，上午8:30~12:00，下午14:30~17:30（法定节假日除外）"


def hide(_: openpyxl.Workbook, sheet: Worksheet) -> None:
    sheet.row_dimensions[2].hidden = True


def empty_first(made: openpyxl.Workbook, _: Worksheet) -> None:
    made.create_sheet("封面", 0)


def hidden_sheet(made: openpyxl.Workbook, sheet: Worksheet) -> None:
    other = made.create_sheet("旧")
    for row in sheet.iter_rows(values_only=True):
        other.append(row)
    other.sheet_state = "hidden"


def text_sheet(made: openpyxl.Workbook, _: Worksheet) -> None:
    made.create_sheet("说明").append(["本表由各县填写"])


def merged_regions(_: openpyxl.Workbook, sheet: Worksheet) -> None:
    sheet["B3"] = None
    sheet.merge_cells("B2:B3")


def styled_far(_: openpyxl.Workbook, sheet: Worksheet) -> None:
    sheet["XFD2"].number_format = "0.00"


def titled(made: openpyxl.Workbook, sheet: Worksheet) -> None:
    sheet.insert_rows(1, 3)
    sheet["A1"] = "遂溪县政务服务事项清单"
    sheet.merge_cells("A1:H1")
    sheet["H2"] = "单位：工作日、次"


def two_regions(made: openpyxl.Workbook, _: Worksheet) -> None:
    for name in ("遂溪县", "赤坎区"):
        sheet = made.create_sheet(name)
        sheet.append([h for h in HEAD if h != "地区"])
        sheet.append([A[0], *A[2:]])
    del made["清单"]


SIX = [with_(A, name=f"事项{i}", base=f"44012500{i}000") for i in range(6)]
CASES = [
    # --- good in their own way: everything is read, nothing or only notes are said
    Case("好.xlsx", book(HEAD, A, B)),
    Case("标题与单位在上.xlsx", book(HEAD, A, B, then=titled)),
    Case("表头在第20行.xlsx", book(*([["说明"]] + [[None]] * 18), HEAD, A, B)),
    Case("表头换行与全角括号.xlsx", book(
        ["*事项\n名称", "地 区", "基本编码（12位）", "事项类型", "法定\n办结时限（工作日）", "承诺时限（单位：天）", "跑动次数（次）", "是否网办",
         "行使\n层级"],
        with_(A, law=20, promise=5), with_(B, law="45", promise="10"))),
    Case("两行中英表头.xlsx", book(HEAD, KEYS, A, B)),
    Case("键在上中文在下.xlsx", book(KEYS, HEAD, A, B)),
    Case("两行合并表头.xlsx", book(
        ["事项名称", "地区", "法定办结时限", None, "承诺办结时限", None, "跑动次数"],
        [None, None, "时限", "单位", "时限", "单位", None],
        ["食品经营许可", "遂溪县", 20, "工作日", 5, "工作日", 0]), 1, {"column_missing": 4}),
    Case("合并的地区.xlsx", book(HEAD, A, B, then=merged_regions)),
    Case("首页为空.xlsx", book(HEAD, A, B, then=empty_first)),
    Case("两张表两个地区.xlsx", book(HEAD, then=two_regions)),
    Case("440823_遂溪县.xlsx", book(HEAD, with_(A, region=None), with_(B, region=None))),
    Case("单位在另一列.xlsx", book(
        [*HEAD, "法定办结时限单位", "承诺时限单位"],
        [*with_(A, law=20, promise=5), "工作日", "个工作日"], [*with_(B, law=45, promise=10), "天", "日"])),
    Case("单位是代码.xlsx", book(
        [*HEAD, "ANTICIPATE_TYPE", "PROMISE_TYPE"], [*with_(A, law=20, promise=5), 1, 1],
        [*with_(B, law=45, promise=10), "1", 1.0])),
    Case("一格两个时限.xlsx", book(
        ["事项名称", "地区", "基本编码", "事项类型", "办理时限", "跑动次数", "是否网办", "行使层级"],
        [*A[:4], "承诺时限：1天；法定时限：20天", 0, "是", "县级"],
        [*B[:4], "法定期限：45个工作日 承诺期限：10个工作日", 0, "是", "县级"])),
    Case("名称与代码合写.xlsx", book(
        ["事项名称/TASK_NAME", "地区[AREA_CODE_TEXT]", "基本编码\nCATALOG_CODE", "TASK_TYPE_TEXT 事项类型", "法定时限【工作日】",
         "承诺时限\n（单位：工作日）", "跑动次数:LIMIT_SCENE_NUM", "是否网办 IS_ONLINE", "行使层级<USE_LEVEL_TEXT>"], with_(A, law=20, promise=5), B)),
    Case("层级取自实施编码.xlsx", book([*HEAD[:-1], "实施编码"], [*A[:-1], "11440823MB2C000001" + "4" + A[2]],
                              [*B[:-1], ""]), 2, {"level_from_code": 1}),
    Case("没有行使层级.xlsx", book(HEAD[:-1], A[:-1], B[:-1]), 2, {"column_missing": 1}),
    Case("工作表名像选项.xlsx", book(HEAD, A, then=like_ours), 3),
    Case("格式延伸到末列.xlsx", book(HEAD, A, B, then=styled_far)),
    Case("序号与空列.xlsx", book(["序号", *HEAD, None], [1, *A, None], [2, *B, None])),
    Case("数字存成文本.xlsx", book(HEAD, with_(A, visits="0", base="440125004000"), with_(B, visits="1"))),
    Case("编码存成短数字.xlsx", book(HEAD, with_(A, base=440125004000), B)),
    Case("好.csv", text(csv_of(HEAD, A, B))),
    Case("带标记.csv", text(csv_of(HEAD, A, B), "utf-8-sig")),
    Case("国标编码.csv", text(csv_of(HEAD, A, B), "gb18030")),
    Case("Unicode文本.txt", text(csv_of(HEAD, A, B, mark="\t"), "utf-16")),
    Case("分号.csv", text(csv_of(HEAD, A, B, mark=";"))),
    Case("制表符.tsv", text(csv_of(HEAD, A, B, mark="\t"))),
    Case("格内换行.csv", text(csv_of(HEAD, with_(A, name='"食品\n经营许可"'), B))),
    Case("门户.jsonl", text("\n".join(json.dumps(d, ensure_ascii=False) for d in (JSON, JSON | {"TASK_NAME": B[0], "CATALOG_CODE": B[2]})))),
    Case("门户嵌套.jsonl", text(json.dumps({"AUDIT_ITEM": JSON, "hall": {"is_seated_executive_halls": "1"}})), 1),
    Case("整份.json", text(json.dumps([JSON, JSON | {"TASK_NAME": B[0], "CATALOG_CODE": B[2]}]))),
    # --- notes and rows that are not items
    Case("合计行.xlsx", book(HEAD, A, B, ["合计", None, None, None, 65, 15, 1, None]), 2, {"row_total": 1}),
    Case("小计在第二列.xlsx", book(["序号", *HEAD], [1, *A], [None, "小计", None], [2, *B], ["合计", 2]), 2, {"row_total": 2}),
    Case("合计行各种写法.xlsx", book(HEAD, A, B, *([name, None, None, "行政许可", 65, 15, 1, None, "县级"] for name in (
        "合　计", "总 计", "【合计】", "*合计", "合计数", "平均", "平 均 值", "累计", "以上共10项", "共2项", "自然资源局小计",
        "自然资源局合计（10项）", "其中：即办件", "Total"))), 2, {"row_total": 14}),
    Case("合计数相符.xlsx", book([h for h in HEAD if h != "基本编码"], *([*r[:2], *r[3:]] for r in (
        with_(A, law=20, promise=5, visits=1), with_(B, law=45, promise=10), with_(A, name="林业局小计", law=65, promise=15, visits=2)))),
        2, {"row_total": 1, "unit_not_stated": 2, "column_missing": 1}),
    Case("像合计的事项.xlsx", book(HEAD, A, with_(B, name="缴费年限累计"), with_(B, name="房产面积合计", base=None)), 3,
         {"row_total_asked": 1}),
    Case("以下空白.xlsx", book(HEAD, A, B, *([name, "遂溪县", None, "行政许可", None, None, None, None, "县级"] for name in (
        "以下空白", "（以下无正文）", "填表说明", "备注：报送")))
        , 2, {"row_note": 4}),
    Case("第二段换了列序.xlsx", book(HEAD, A, [*HEAD[:4], HEAD[5], HEAD[4], *HEAD[6:]], [*B[:4], B[5], B[4], *B[6:]], ["合计"], HEAD, SIX[5]), 2,
         {"header_differs": 2, "row_total": 1, "header_repeated": 1}),
    Case("第二段名称换列.xlsx", book(HEAD, A, [HEAD[1], "审批事项名称", *HEAD[2:]], [B[1], B[0], *B[2:]]), 1, {"header_differs": 2}),
    Case("第二段多一列.xlsx", book([*HEAD, None], [*A, None], [None], ["序号", *HEAD], [1, *B]), 1, {"header_differs": 2}),
    Case("第二段别名同序.xlsx", book(HEAD, A, ["事项名称", "所属区划", *HEAD[2:4], "法定办结时限（工作日）", "*承诺\n办结时限", *HEAD[6:]], B), 2,
         {"header_repeated": 1}),
    Case("表下注.xlsx", book(HEAD, A, B, [None], ["注：本表按季度报送"], ["填表人：张三", None, None, "审核人：李四"]), 2, {"row_note": 2}),
    Case("落款.xlsx", book(HEAD, A, B, ["遂溪县政务服务数据管理局（盖章）"], ["2021年3月31日"]), 2, {"row_note": 2}),
    Case("重复表头.xlsx", book(HEAD, A, HEAD, B), 2, {"header_repeated": 1}),
    Case("栏次行.xlsx", book(HEAD, [1, 2, 3, 4, 5, 6, 7, 8, 9], A, B), 2, {"header_repeated": 1}),
    Case("隐藏行.xlsx", book(HEAD, A, B, then=hide), 2, {"rows_hidden": 1}),
    Case("隐藏工作表.xlsx", book(HEAD, A, B, then=hidden_sheet), 2, {"sheet_hidden": 1}),
    Case("说明页.xlsx", book(HEAD, A, B, then=text_sheet), 2, {"sheet_without_table": 1}),
    Case("只有表头.xlsx", book(HEAD), 0, {"table_empty": 1}),
    Case("没写单位.xlsx", book(HEAD, with_(A, law=20, promise=5), B), 2, {"unit_not_stated": 2}),
    Case("表头写错字.xlsx", book(["法定办结时间" if h == "法定时限" else h for h in HEAD], A, B), 2,
         {"column_unknown": 1, "column_missing": 1}),
    Case("两列不一致.xlsx", book([*HEAD, "到办事现场次数"], [*A, 2], [*B, 1]), 2, {"column_twice": 1, "column_missing": 1}),
    Case("代码与名称.xlsx", book([HEAD[0], "行政区划名称", *HEAD[2:], "区划名称"], [A[0], "广东省湛江市遂溪县", *A[2:], "440823"], [*B, "遂溪县"])),
    Case("其实是新格式.xls", book(HEAD, A, B)),
    Case("两列一致.xlsx", book([*HEAD, "ONLINECHECK"], [*A, 1], [*B, "1"])),
    Case("两义列按内容认.xlsx", book([*HEAD, "handle_type"], [*A, "承诺件"], [*B, "承诺件"])),
    Case("两义列问用户.xlsx", book([*HEAD, "handle_type"], [*A, 2], [*B, 2]), 2, {"column_ambiguous": 1}),
    Case("名称两列互换.xlsx", book(["CATANAME", *HEAD], ["许可（新办）", *A], ["许可（变更）", *with_(B, name=A[0])]), 2,
         {"names_swapped": 1}),
    Case("只有目录名称.xlsx", book(["catalog_name", *HEAD[1:]], A, B)),
    # --- cells
    Case("办公时间.xlsx", book(HEAD, with_(A, law=OFFICE, promise=OFFICE), B), 2, {"limit_unreadable": 2}),
    Case("整列办公时间.xlsx", book(HEAD, *(with_(r, law=OFFICE, promise=OFFICE) for r in SIX)), 6,
         {"limit_unreadable": 12, "column_unusable": 2}),
    Case("各种无.xlsx", book(HEAD, with_(A, law="无"), with_(B, promise="未规定"), with_(B, name="甲", law=-1)), 3,
         {"statutory_none": 2, "promised_none": 1, "several_handle_items": 1}),
    Case("空时限.xlsx", book(HEAD, with_(A, law=None), with_(B, promise=" ")), 2,
         {"statutory_blank": 1, "promised_blank": 1}),
    Case("占位数.xlsx", book(HEAD, with_(A, law="500个工作日"), with_(B, law=99999)), 2, {"limit_sentinel": 2, "unit_not_stated": 0}),
    Case("一串九.xlsx", book(HEAD, with_(A, promise="9999工作日"), with_(B, law="999个工作日")), 2, {"limit_sentinel": 2}),
    Case("字母当零.xlsx", book([*HEAD, "承诺时限单位"], [*with_(A, promise="30O"), "工作日"], [*B, "工作日"]), 2,
         {"limit_unreadable": 1}),
    Case("法定为零.xlsx", book(HEAD, with_(A, law="0个工作日", promise="0个工作日"), B), 2, {"statutory_zero": 1}),
    Case("单位不明.xlsx", book([*HEAD, "承诺时限单位"], [*with_(A, promise=5), "3"], [*with_(B, promise=10), "工作日"]), 2,
         {"limit_unit_unknown": 1}),
    Case("单位冲突.xlsx", book([*HEAD, "承诺时限单位"], [*A, "自然日"], [*B, "工作日"]), 2, {"limit_unit_conflict": 1}),
    Case("时限变日期.xlsx", book(HEAD, with_(A, promise=date(2021, 3, 5)), B), 2, {"date_in_cell": 1}),
    Case("全角与空格.xlsx", book(HEAD, with_(A, name="　食品经营许可 ", law="２０个工作日"), B), 2, {"text_cleaned": 2}),
    Case("编码丢位.xlsx", book([*HEAD, "实施编码"], [*A, 1.1440823006939756e30], [*B, "1.14E+30"]), 2, {"code_digits_lost": 2}),
    Case("编码长度.xlsx", book(HEAD, with_(A, base="4401250040"), with_(B, base="44-01")), 2, {"code_length": 2}),
    Case("编码字符.xlsx", book(HEAD, with_(A, base="440125004００○"), B), 2, {"code_shape": 1, "text_cleaned": 1}),
    Case("公式未算.xlsx", book(HEAD, with_(A, visits="=1-1"), B), 2, {"formula_empty": 1, "visits_blank": 1}),
    Case("公式出错.xlsx", parts(edit(b"<v>0</v></c>", b"</c>"), HEAD, A, B), 2, {"visits_blank": 1}),
    Case("错误值.xlsx", parts(edit(b'<c r="G2" t="n"><v>0</v></c>', b'<c r="G2" t="e"><v>#N/A</v></c>')), 2,
         {"cell_error": 1, "visits_blank": 1}),
    Case("选项外.xlsx", book([*HEAD, "办件类型"], [*with_(A, kind="许可", online="大概"), "快办"], [*B, "承诺件"]), 1,
         {"choice_unknown": 3, "row_shifted": 1}),
    Case("类型只有代码.xlsx", book(["TASK_TYPE" if h == "事项类型" else h for h in HEAD], with_(A, kind="20"), with_(B, kind="01")), 2,
         {"type_code_ambiguous": 1}),
    Case("深度刻度不明.xlsx", book([*HEAD, "网办深度"], [*A, 4], [*B, 3]), 2, {"depth_scale_unknown": 2}),
    Case("跑动写字.xlsx", book(HEAD, with_(A, visits="看情况"), with_(B, visits="最多跑一次")), 2, {"visits_unreadable": 1}),
    Case("跑动太多.xlsx", book(HEAD, with_(A, visits=99), with_(B, visits=-2)), 2, {"visits_out_of_range": 2}),
    Case("缺名称.xlsx", book(HEAD, with_(A, name=None), B), 1, {"name_missing": 1}),
    Case("地区不认识.xlsx", book(HEAD, with_(A, region="遂渓县"), B), 1, {"region_unknown": 1}),
    Case("缺地区.xlsx", book(HEAD, with_(A, region=None), B), 1, {"region_missing": 1}),
    Case("代码不认识.xlsx", book([*HEAD, "行政区划代码"], [*A, "440899"], [*B, "440823"]), 2, {"code_unknown": 1}),
    Case("代码与地区不同.xlsx", book([*HEAD, "行政区划代码"], [*A, "440882"], [*B, "440823000000"]), 2, {"region_conflict": 1}),
    # --- rows
    Case("承诺长于法定.xlsx", book(HEAD, with_(A, promise="30个工作日"), B), 2, {"promise_longer": 1}),
    Case("单位混用.xlsx", book(HEAD, with_(A, law="30(自然日)"), B), 2, {"units_mixed": 1}),
    Case("即办件.xlsx", book([*HEAD, "办件类型"], [*with_(A, promise="1个工作日"), "即办件"], [*with_(B, promise="即办"), "承诺件"],
                          [*with_(B, name="乙", promise=None, base="440119001001"), "即办件"]), 3,
         {"instant_with_days": 1, "zero_not_instant": 1, "instant_blank": 1}),
    Case("全流程却跑动.xlsx", book([*HEAD, "网办深度", "必须现场办理原因说明"], [*with_(A, visits=1), "Ⅳ级", "核验"], [*B, "Ⅲ级", None]),
         2, {"end_to_end_visits": 1, "visits_unexplained": 1}),
    Case("不可网办.xlsx", book([*HEAD, "是否支持物流快递"], [*with_(A, online="否"), "否"], [*with_(B, online="否", visits=0), "是"]), 2,
         {"not_online": 2, "offline_zero_visits": 1, "offline_by_post": 1}),
    Case("说明不符.xlsx", book([*HEAD, "承诺办结时限说明"], [*A, "自受理之日起8个工作日内办结"], [*B, "10个工作日"]), 2, {"note_differs": 1}),
    Case("编码互不相符.xlsx", book([*HEAD, "实施编码"], [*A, "11440823MB2C000001" + "4" + "440125004999"],
                              [*B, "11440100MB2C000001" + "4" + B[2]]), 2, {"impl_base_differs": 1, "region_code_differs": 1}),
    Case("整行错位.xlsx", book(HEAD, [None, *A[:-1]], A, B), 2,
         {"name_missing": 1, "region_unknown": 1, "code_shape": 1, "choice_unknown": 2, "visits_unreadable": 1,
          "limit_unreadable": 1, "row_shifted": 1}),
    Case("右移两格.xlsx", book([*HEAD, "办件类型"], ["甲", "遂溪县", "x", "许可事", "行政许可", "20个工作日", "5个工作日", "0次", "是"],
                          [*A, "承诺件"], [*B, "承诺件"]), 2, {"code_length": 1, "choice_unknown": 3, "limit_unreadable": 1,
                                                       "visits_unreadable": 1, "row_shifted": 1}),
    # --- tables
    Case("重复事项.xlsx", book([*HEAD, "业务办理项编码"], [*A, "X1"], [*A, "X1"], [*B, "X2"]), 2, {"duplicate_item": 1}),
    Case("旧版本.xlsx", book([*HEAD, "业务办理项编码", "事项版本"], [*A, "X1", 2], [*A, "X1", 10], [*B, "X2", 1]), 3, {"old_version": 1}),
    Case("已取消.xlsx", book([*HEAD, "事项状态"], [*A, "取消"], [*B, "在用"]), 2, {"not_in_force": 1}),
    Case("几个办理项.xlsx", book(HEAD, A, with_(A, name="食品经营许可（变更）"), B), 3, {"several_handle_items": 1}),
    Case("各地法定不同.xlsx", book(HEAD, A, with_(A, region="廉江市"), with_(A, region="雷州市", law="15个工作日")), 3,
         {"statutory_differs": 1}),
    Case("漏交.xlsx", book(HEAD, *SIX, *(with_(r, region="廉江市") for r in SIX), with_(A, region="雷州市")), 13, {"few_items": 1}),
    # --- refused
    Case("空.xlsx", raw(b""), refused="是空文件"),
    Case("改名的文本.xlsx", text(csv_of(HEAD, A)), refused="不是 .xlsx 工作簿"),
    Case("网页.xlsx", text("<html><table><tr><td>事项名称</td></tr></table></html>"), refused="其实是网页"),
    Case("网页.csv", text("<html><table></table></html>"), refused="其实是网页表格"),
    Case("旧格式.xls", raw(ole("Workbook")), refused="旧格式"),
    Case("加密.xlsx", raw(ole("EncryptedPackage")), refused="设了打开密码"),
    Case("二进制.xlsb", parts(lambda h: h.update({"xl/workbook.bin": h.pop("xl/workbook.xml")})), refused="二进制工作簿"),
    Case("带宏.xlsm", parts(put("xl/vbaProject.bin", b"x")), refused="含有宏"),
    Case("截断.xlsx", lambda p: (book(HEAD, A, B)(p), p.write_bytes(p.read_bytes()[:-900])), refused="不完整或已损坏"),
    Case("别的压缩包.xlsx", lambda p: zipfile.ZipFile(p, "w").writestr("a.txt", "x"), refused="不是 Excel 工作簿"),
    Case("文档类型.xlsx", parts(lambda h: h.update({SHEET: b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]>' + h[SHEET]})),
         refused="DOCTYPE"),
    Case("非UTF8部件.xlsx", parts(lambda h: h.update({SHEET: h[SHEET].decode().encode("utf-16")})), refused="不是正常的 XML"),
    Case("远处单元格.xlsx", book(HEAD, A, B, then=cell("XFD1048576", 1)), refused="很远的单元格 XFD1048576"),
    Case("远处列.xlsx", book(HEAD, A, B, then=cell("ABC3", 1)), refused="很远的单元格 ABC3"),
    Case("远处单元格小写.xlsx", parts(edit(b'r="G2"', b'r="xfd900000"')), refused="很远的单元格"),
    Case("远处单元格单引号.xlsx", parts(edit(b'r="G2"', b"r = 'XFD900000'")), refused="很远的单元格"),
    Case("压缩信息不符.xlsx", lying_bomb, refused="压缩信息与内容不符"),
    Case("部件太多.xlsx", parts(lambda h: h.update({f"x/{i}.txt": b"" for i in range(2_100)})), refused="个部件"),
    Case("目录损坏.xlsx", parts(put("xl/workbook.xml", b"<workbook>")), refused="目录部件读不懂"),
    Case("表体损坏.xlsx", parts(lambda h: h.update({SHEET: h[SHEET][: len(h[SHEET]) // 2]})), refused="可能已损坏"),
    Case("没有表头.xlsx", book(["甲", "乙"], [1, 2]), refused="没有找到表头"),
    Case("表头在第21行.xlsx", book(*([["说明"]] * 20), HEAD, A), refused="没有找到表头"),
    Case("缺名称列.xlsx", book(HEAD[1:], A[1:]), refused="缺少必需的列：事项名称"),
    Case("没有可算的列.xlsx", book(HEAD[:4], A[:4]), refused="缺少必需的列：法定办结时限"),
    Case("全隐藏.xlsx", book(["说明"], then=hidden_sheet), refused="没有找到表头"),
    Case("空字节.csv", raw(csv_of(HEAD, A).encode() + b"\0\0"), refused="空字节"),
    Case("乱码.csv", raw(b"\x81\xff\xfe" * 50), refused="文字编码"),
    Case("引号不成对.csv", text(csv_of(HEAD, with_(A, name='"食品'), B)), refused="引号没有成对"),
    Case("一格十兆.csv", text(csv_of(HEAD, with_(A, name="食" * 5_000_000), B)), refused="有一格超过 100000 个字"),
    Case("太宽.csv", text("a," * 500 + "\n"), refused="501 列"),
    Case("工作簿改名.csv", book(HEAD, A), refused="其实是 Excel 工作簿"),
    Case("半条.jsonl", text('{"TASK_NAME": "甲", '), refused="第 1 行不是完整的 JSON"),
    Case("不是记录.jsonl", text("[1, 2]"), refused="不是一条记录"),
    Case("很深.json", text("[" * 100_000), refused="不是完整的 JSON"),
]  # fmt: skip


def made(case: Case, folder: Path) -> Path:
    """Write the file of a case and give its path."""
    path = folder / case.name
    case.write(path)
    return path


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    for each in CASES:
        made(each, target)
