"""A city's own data set: four periods, cases in files of two encodings, the office's weights; all made from the sample."""

from __future__ import annotations

import shutil
from itertools import cycle
from pathlib import Path
from typing import Any

import openpyxl
from faulty_books import csv_text
from stage import ROOT, Step

PERIODS = {"2020Q2": "2020-06-30", "2020Q3": "2020-09-30", "2020Q4": "2020-12-31", "2021Q1": "2021-03-31"}
CITY_BOOK = "440800湛江市.xlsx"
SETTINGS = 'title = "湛江市事项（四期，练习用）"\nkind = "real"\nsource = "由示例数据改成"\nlicence = "MIT"\n'
HEAD = [
    "办件编号",
    "行政区划代码",
    "基本编码",
    "受理部门",
    "申请渠道",
    "受理时间",
    "办结时间",
    "承诺办结时间",
    "特别程序天数",
]
CASES: tuple[dict[str, Any], ...] = (
    {}, {"办结时间": "2021-01-04 16:20:00"}, {"办结时间": "2021-02-26"}, {"办结时间": "", "承诺办结时间": "2021-02-10"},
    {"办结时间": "2020-12-30"}, {"办结时间": "9999-12-31"}, {"受理时间": "昨天"}, {"受理时间": "2021-02-10", "办结时间": "2021-02-18"},
    {"承诺办结时间": "2021-01-06"}, {"特别程序天数": 30, "办结时间": "2021-02-26"}, {"申请渠道": "窗口"}, {"申请渠道": ""},
    {"行政区划代码": "440882"}, {"行政区划代码": "遂溪县"}, {"行政区划代码": "999999"}, {"基本编码": "000000000000"},
    {"办件编号": ""}, {"受理部门": ""}, {"受理时间": "2021/03/30 09:00", "办结时间": ""}, {"受理时间": "20210301", "办结时间": "20210302"},
)  # fmt: skip
BASES = ("440125004000", "440106004000", "440113106004", "440119001000")
GOOD = [
    "",
    "440823",
    "440125004000",
    "遂溪县市场监督管理局",
    "网上办事大厅",
    "2021-01-04",
    "2021-01-08",
    "2021-01-15",
    "",
]


def case_rows() -> list[list[Any]]:
    """Return the cases: one in each odd way, some of them twice, for several items."""
    rows: list[list[Any]] = [list(HEAD)]
    places = cycle((region, base) for region in ("440823", "440800", "440881") for base in BASES)
    for n, odd in enumerate(CASES * 6):
        own = dict(zip(("办件编号", "行政区划代码", "基本编码"), (f"B{n % 110:04}", *next(places)), strict=True))
        row = dict(zip(HEAD, GOOD, strict=True)) | own | odd
        rows.append(list(row.values()))
    return rows


def four_periods(folder: Path) -> None:
    """Make the data set: every period has the city's workbook, the newest its ledger, reported figures and cases."""
    data, sample = folder / "data" / "本市", ROOT / "data" / "sample"
    text = SETTINGS
    for name, cutoff in PERIODS.items():
        (data / name / "items").mkdir(parents=True)
        source = "2021Q1" if name in ("2020Q3", "2021Q1") else "2020Q4"
        shutil.copy(sample / source / "items" / CITY_BOOK, data / name / "items")
        text += f'\n[periods."{name}"]\ntitle = "{name}"\ncutoff = "{cutoff}"\n'
    (data / "dataset.toml").write_text(text, encoding="utf-8", newline="\n")
    for name in ("ledger.xlsx", "reported.xlsx"):
        shutil.copy(sample / "2021Q1" / name, data / "2021Q1")
    cases = data / "2021Q1" / "cases"
    cases.mkdir()
    rows = case_rows()
    (cases / "一月.csv").write_bytes(csv_text(rows[:31]).encode())
    (cases / "二月.csv").write_bytes(csv_text([HEAD, *rows[31:]]).encode("gb18030"))
    settings = (ROOT / "zjanalysis.toml").read_text(encoding="utf-8").replace("data/sample", "data/本市")
    (folder / "zjanalysis.toml").write_text(settings, encoding="utf-8", newline="\n")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns("mine", ".*"))


def weighed(*, whole: bool) -> Step:
    """Return the step that fills in the office's weights: all right and 100 in all, or with what offices get wrong."""
    right = [
        ("时限压缩率", "时限压缩率（总量口径）", 30, "按比例", 0.5, 0.95, None, 20),
        ("跑动次数", "平均跑动次数", 20, "按比例", 0.3, 0, None, 5),
        ("即办率", "即办率", 20, "达标", None, 0.8, None, None),
        ("群众评价", None, 30, "直接填分", None, None, 30, None),
    ]
    wrong = [
        ("网上可办率", "网上可办率", "很多", "按比例", 0.5, 1, None, None),
        ("群众评价", None, 10, "直接填分", None, None, None, None),
        ("没有的", "没有的", 5, "凭感觉", None, None, 9, None),
        ("全流程", "全流程网办率", 5, "按比例", None, None, None, None),
    ]

    def step(folder: Path) -> None:
        book = openpyxl.load_workbook(folder / "三级指标.xlsx")
        sheet = book["三级指标"]
        for row, values in enumerate(right if whole else right + wrong, start=4):
            for column, value in enumerate(("一级", "二级", *values), start=1):
                sheet.cell(row, column).value = value
        book.save(folder / "data" / "本市" / "indicators.xlsx")

    return step


OWN_DATA: tuple[Step, ...] = (
    four_periods, "list", "measure --region 遂溪县", "cases", "cases --by 部门,渠道 --quantiles", "cases --by 全部 --engine pandas",
    "cases --by 事项,月份 --region 遂溪县 --out 事项.csv", "compare 遂溪县", "template 三级指标.xlsx --indicators",
    weighed(whole=True), "build --only ledger,timeliness --date 2021-04-15",
    weighed(whole=False), "build --only ledger --date 2021-04-15",
)  # fmt: skip
