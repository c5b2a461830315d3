"""The office's own workbooks filled in: typed figures of a quarter, people and firms, the 43 indicators."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from make.draw import happens
from make.regions import NAMES, QUARTERS, rows_of
from make.typed import figure, region_of
from make.workbook import BAND, without_clock
from zjanalysis.analysis.evaluation import indicator_labels
from zjanalysis.display import forms
from zjanalysis.display.sheets import release
from zjanalysis.inputs.regions import region_code, report_units

CITY = "440800"
LEFT_EMPTY = 0.02  # share of the counties' lines
# What is wrong in the form of the last quarter: region, indicator, (numerator, denominator) as typed. None on the
# plan's first target: a figure told twice has no value at all.
FAULTS = (
    ("雷州市", "公文交换覆盖率", ("95.7%", 1)),
    ("吴川市", "线上线下一致率", (41, 40)),
)
TOLD_TWICE = ("遂溪县", "办事指南准确性", 27, 30)


@contextmanager
def filled_in(path: Path, make: Callable[[Path], object]) -> Iterator[Worksheet]:
    """Make a form, give its first sheet to be filled in, and keep it without a clock."""
    path.parent.mkdir(parents=True, exist_ok=True)
    make(path)
    book = load_workbook(path, rich_text=True)
    yield book.worksheets[0]
    release(book, path)
    without_clock(path)


def put(sheet: Worksheet, row: int, cells: Iterable[Any], *, first: int = 1) -> None:
    """Write cells side by side, from a column on."""
    for column, value in enumerate(cells, start=first):
        sheet.cell(row, column).value = value


def write_typed(folder: Path, quarters: Iterable[str]) -> None:
    """Write ``<quarter>/reported.xlsx``, population.xlsx and indicators.xlsx of the focus city into a data set."""
    for quarter in quarters:
        _write_reported(folder / quarter / "reported.xlsx", quarter)
    with filled_in(
        folder / "population.xlsx", lambda path: forms.write_population_template(path, region=CITY)
    ) as sheet:
        sheet["A1"] = f"人口与企业数表  企业数为{BAND}"
        for row, code in enumerate((CITY, *report_units(CITY)), start=4):
            put(sheet, row, (region_of(code).firms, f"{sheet.cell(row, 5).value}；企业数为{BAND}"), first=4)
    labels = {key: label for label, (key, _) in reversed(indicator_labels().items())}
    with filled_in(folder / "indicators.xlsx", forms.write_indicator_template) as sheet:
        sheet["A1"] = f"评估三级指标与权重  {BAND}：指标划分、权重、计分线和得分均为示例，不是省评估方案"
        for row, line in enumerate(rows_of("evaluation"), start=4):
            numbers = [float(line[key]) if line[key] else None for key in ("zero_at", "full_at", "points", "effort")]
            names = [line[key] for key in ("level_one", "level_two", "level_three")]
            put(sheet, row, (*names, labels.get(line["indicator"]), float(line["weight"]), line["method"], *numbers))


def _write_reported(path: Path, quarter: str) -> None:
    """Fill the form as the bureau and its counties would, in the last quarter with a few faults of such forms."""
    last = quarter == NAMES[-1]
    spoiled = {(region, label): cells for region, label, cells in FAULTS} if last else {}
    day = datetime.fromisoformat(QUARTERS[quarter])
    with filled_in(path, partial(forms.write_reported_template, region=CITY)) as sheet:
        sheet["A1"] = f"填报数据表  {BAND}：所有数目均为编造"
        for position, line in enumerate(forms.reported_lines(CITY).to_dict("records"), start=4):
            region, key = region_code(line["region"]), str(line["indicator"])
            typed = figure(key, region, quarter)
            if typed is None or (region != CITY and happens(LEFT_EMPTY, "left empty", region, key, quarter)):
                continue
            numerator, whole = spoiled.get((line["region"], line["indicator_label"]), typed)
            asked = "不填" not in line["denominator_is"]
            put(sheet, position, (numerator, whole if asked else None, BAND, f"{line['region']}{BAND}", day), first=3)
        if last:
            put(sheet, sheet.max_row + 1, (*TOLD_TWICE, BAND, f"重复填报{BAND}", "2021-03-30"))
