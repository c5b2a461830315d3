"""The scenes: which commands are run on the sample data and the real items, in which order, each in its own folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
from faulty_books import write_faulty
from openpyxl.worksheet.worksheet import Worksheet
from stage import Step

COMMANDS = ("build", "list", "index", "verify", "check", "template", "measure", "compare", "diff", "plan", "ledger",
            "cases", "doctor", "bundle", "lab", "open", "demo")  # fmt: skip
REAL = "--data {data}/gd-2021-05"


def faulty(folder: Path) -> None:
    """Write the faulty files."""
    write_faulty(folder / "报送")


def column_of(sheet: Worksheet, head: str, *, row: int = 3) -> int:
    """Return the number of the column with this heading."""
    return next(cell.column for cell in sheet[row] if cell.value == head)


def answer(name: str, *answers: tuple[str, Any]) -> Step:
    """Return the step that answers the tasks of a list, in turn, as the departments do."""

    def step(folder: Path) -> None:
        book = openpyxl.load_workbook(folder / name)
        turn = 0
        for sheet in book.worksheets[1:]:
            said, agreed = column_of(sheet, "反馈"), column_of(sheet, "商定值")
            for row in range(4, sheet.max_row + 1):
                sheet.cell(row, said).value, sheet.cell(row, agreed).value = answers[turn % len(answers)]
                turn += 1
        book.save(folder / f"已反馈-{name}")

    return step


def edited(source: str, name: str, *cells: tuple[str, str, Any]) -> Step:
    """Return the step that makes a copy of a ledger with some cells changed: (编号, column, value)."""

    def step(folder: Path) -> None:
        book = openpyxl.load_workbook(folder / source, rich_text=True)
        sheet = book["台账"]
        rows = {cell.value: cell.row for cell in sheet[openpyxl.utils.get_column_letter(column_of(sheet, "编号"))]}
        for ledger_id, head, value in cells:
            sheet.cell(rows[ledger_id], column_of(sheet, head)).value = value
        book.save(folder / name)

    return step


def passed_on(folder: Path) -> None:
    """Write the parameters that notebook 00 passes to the reports, right and wrong."""
    told = {"data": "data/sample", "period": "2021Q1", "only": "440823", "peers": "440881,440882,440883"}
    lines = {"参数.toml": told, "错名.toml": {"peer": "粤西"}}
    for name, values in lines.items():
        text = "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


SCENES: dict[str, tuple[Step, ...]] = {
    "help": ("", "--version", "--help", *(f"{name} --help" for name in COMMANDS)),
    "wrong-calls": (
        "buidl", "measure --hlep", "build --limit x", "build --limit -1", "build --only 赤砍区", "build --period 2022Q9",
        "build --date 四月", "build --jobs -2", "build --engine fast", "measure --data data/none", "measure --by 颜色",
        "measure --scope 行政许克", "measure --region 赤砍区", f"measure {REAL} --level 6", "measure --level 9",
        "measure --by 全部 --out 指标.docx", "check 没有这个文件.xlsx", "check .", "compare 北京市", "compare 遂溪县 --peers 粤中",
        "compare 遂溪县 --indicator vists", f"compare 遂溪县 {REAL}", "compare", "plan 遂溪县 --indicator instand",
        "plan 遂溪县", "plan 遂溪县 --indicator instant --max-per-department 0", "plan 遂溪县 --indicator instant --lock",
        "plan 遂溪县 --indicator instant --out 任务.csv", "plan 遂溪县 --indicator instant --target 很高",
        "plan 遂溪县 --indicator instant --apply 没有.xlsx", "ledger due 台账.xlsx", "ledger due 台账.xlsx --on 明天",
        "ledger due 台账.xlsx --on 2021-06-01", "ledger merge 台账.xlsx --on 2021-06-01", "ledger init a.xlsx b.xlsx",
        "ledger remove a.xlsx", "ledger brief 台账.xlsx --on 2021-06-01 --out 通报.xlsx", "template 模板.docx", "template a.xlsx --reported --population", "diff 2020Q4 2021Q9",
        "diff 2020Q4", "cases --by 颜色", "cases --engine spark", "cases --master local[2]", "cases --region 440000",
        f"cases {REAL}", "index --period 2021Q9 --out 报告", "verify 不是校验码", "verify 没有.html",
        "verify 000-000-000-000 --data 无", "open 没有.html --no-lab", "bundle --reports 没有", passed_on,
        "build --with 没有.toml", "build --with 错名.toml", "build --with 参数.toml --period 2020Q9",
    ),
    "doctor": ("doctor",),
    "measure": (
        "measure", "measure --period 2020Q4 --region 440800,遂溪县", "measure --by 实施主体 --region 遂溪县 --out 部门.csv",
        "measure --by 事项类型 --scope 全部 --level 全部", "measure --by 行使层级,事项类型 --region 湛江市 --scope 全部",
        "measure --scope 行政许可,公共服务 --level 4", "measure --out 全部.xlsx", "measure --by 全部 --as-written",
        f"measure {REAL}", f"measure {REAL} --scope 全部 --level 全部 --by 全部 --as-written",
        f"measure {REAL} --scope 行政许可 --as-written --out 原文.csv", f"measure {REAL} --by 实施主体 --region 440100",
    ),
    "compare": (
        "compare 湛江市", "compare 遂溪县 --indicator visits", "compare 440800 --peers 粤西 --out 比较.xlsx",
        "compare 徐闻县 --peers 440881,440882,440883 --out 比较.csv", "compare 4408Z1 --period 2020Q4",
        f"compare 440100 {REAL}", f"compare 440000 {REAL} --peers 440100 --indicator time_compression",
    ),
    "diff": (
        "diff 2020Q4 2021Q1", "diff 2020Q4 2021Q1 --region 遂溪县 --out 变化.csv",
        "diff 2021Q1 2020Q4",
        "diff 2020Q4 2021Q1 --region 440802 --out 变化.xlsx", f"diff 2021-05 2021-05 --region 440100 {REAL}",
    ),
    "cases": (
        "cases", "cases --by 部门 --region 遂溪县 --quantiles", "cases --by 地区,渠道 --out 渠道.csv",
        "cases --by 月份 --engine pandas --quantiles --out 月份.csv", "cases --by 全部 --quantiles --period 2020Q4",
        "cases --by 事项 --region 赤坎区,霞山区 --out 事项.xlsx",
    ),
    "check-sample": ("check {data}/sample/2021Q1/items/440800湛江市.xlsx {data}/sample/2021Q1/items/440900茂名市.xlsx",
                     "check {data}/sample/2020Q4/items/440200韶关市.xlsx --out 核对结果.xlsx"),
    "check-real": ("check {data}/gd-2021-05/2021-05/items",),
    "check-faulty": (faulty, "check 报送 --annotate 副本 --out 核对结果.xlsx", "check 报送 --json --out 核对结果.csv",
                     "check 报送/好.xlsx"),
    "template": (
        "template 事项.xlsx", "template 遂溪县.xlsx --region 遂溪县", "template 上报.xlsx --reported",
        "template 上报县.xlsx --reported --region 440823", "template 三级指标.xlsx --indicators",
        "template 人口.xlsx --population", "template 收件人.xlsx --addresses", "template 事项.xlsx", "check 遂溪县.xlsx",
    ),
    "plan": (
        "plan 湛江市 --indicator time_compression --target median --out 湛江时限.xlsx --due 2021-06-30",
        "plan 遂溪县 --indicator instant --target 85% --out 即办.xlsx",
        answer("即办.xlsx", ("同意", None), ("不同意", None), ("部分同意", 1), (None, None), ("也许", "不知")),
        "plan 遂溪县 --indicator instant --apply 已反馈-即办.xlsx",
        "plan 440881 --indicator visits --target best --out 跑动.xlsx --min-peers 2 --max-per-department 2",
        answer("跑动.xlsx", ("同意", None)), "plan 440881 --indicator visits --apply 已反馈-跑动.xlsx",
        "plan 徐闻县 --indicator online --target 100%", "plan 雷州市 --indicator time_compression --target 0.999 --floor 1",
        "plan 吴川市 --indicator time_compression --target 遂溪县 --lock 440125904000,市公安局 --peers 440823,440825",
        "plan 霞山区 --indicator online_end_to_end --target plan --period 2020Q4", "plan 湛江市 --indicator visit_share",
        f"plan 440100 --indicator visits {REAL}",
    ),
}  # fmt: skip

CITY, SUIXI, XUWEN = "六-04@440800", "七-06@440823", "六-05@440825"
LEDGER: tuple[Step, ...] = (
    "ledger init 台账.xlsx --period 2020Q4", "ledger init 台账.xlsx --period 2020Q4",
    edited("台账.xlsx", "台账.xlsx", (SUIXI, "责任人", "张三"), (SUIXI, "措施", "增设窗口"), (CITY, "状态", "进行中")),
    "ledger update 台账.xlsx --period 2021Q1 --on 2021-04-15",
    "ledger update 台账.xlsx --period 2021Q1 --on 2021-04-15",
    edited("台账.xlsx", "遂溪县.xlsx", (SUIXI, "责任人", "李四"), (SUIXI, "进展说明", "已完成八成"), (CITY, "状态", "已完成")),
    edited("台账.xlsx", "徐闻县.xlsx", (XUWEN, "进展说明", "正在清理"), (SUIXI, "责任人", "王五"), (XUWEN, "佐证", "附件1")),
    "ledger merge 台账.xlsx 遂溪县.xlsx 徐闻县.xlsx --on 2021-04-20",
    "ledger due 台账.xlsx --on 2021-06-01 --out 督办单.xlsx",
    "ledger due 台账.xlsx --on 2021-04-21 --within 5 --quiet 400",
    "ledger brief 台账.xlsx --on 2021-06-30 --out 通报.docx",
)  # fmt: skip
SCENES["ledger"] = LEDGER
