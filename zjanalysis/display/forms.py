"""What the office sends out: the forms for reported figures, people and firms, weights, and who gets which report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from zjanalysis.analysis.ledger_scores import indicator_labels
from zjanalysis.columns import ADDRESS_COLUMNS, POPULATION_COLUMNS, REPORTED_COLUMNS, WEIGHT_COLUMNS, Column
from zjanalysis.display.sheets import BOX, TOOL_FILL, for_paper, head_cell, put, release
from zjanalysis.display.workbook import put_text
from zjanalysis.inputs.regions import region_name, report_units
from zjanalysis.inputs.reported import METHODS, N_THIRD, load_definitions, load_population
from zjanalysis.inputs.workbook import column_letter
from zjanalysis.inputs.workplan import CITY, COUNTY, load_sentences

CHOICES_SHEET = "选项"
_WIDTH = {"region": 20, "indicator_label": 28, "figure_source": 24, "reporting_unit": 22, "level_three": 34}
_ADDRESS_WIDTH = {"region": 24, "to": 48, "cc": 48}


def write_reported_template(path: str | Path, *, region: str) -> Path:
    """Write the form for reported figures: one line for each figure the plan asks of the city and its report units.

    Only 分子, 分母, 数据来源, 填报单位, 填报日期 are to be filled in; a line left blank counts as not reported.
    """
    lines = reported_lines(region)
    book = Workbook()
    extra = (Column("numerator_is", "分子是什么"), Column("denominator_is", "分母是什么"))
    sheet = _form(
        book,
        "填报",
        (*REPORTED_COLUMNS, *extra),
        title="填报数据表",
        note="百分率请分别填分子、分母；完成情况填 1 或 0。",
    )
    letters = {c.key: column_letter(n) for n, c in enumerate((*REPORTED_COLUMNS, *extra))}
    for position, row in enumerate(lines.to_dict("records"), start=4):
        for key in ("region", "indicator_label", "numerator_is", "denominator_is"):
            cell = sheet[f"{letters[key]}{position}"]
            put(cell, str(row[key]))
            cell.fill, cell.alignment = TOOL_FILL, Alignment(wrap_text=True, vertical="top")
    last = 3 + len(lines)
    for key in ("numerator", "denominator"):
        _numbers_only(sheet, f"{letters[key]}4:{letters[key]}{last + 200}")
    _choices(book, sheet, letters["region"], lines["region"].drop_duplicates(), last=last + 200)
    _choices(book, sheet, letters["indicator_label"], load_definitions()["label"], last=last + 200)
    sheet.column_dimensions[letters["numerator_is"]].width = sheet.column_dimensions[
        letters["denominator_is"]
    ].width = 36
    release(book, Path(path))
    return Path(path)


def reported_lines(region: str) -> pd.DataFrame:
    """Give the figures the plans on record ask for: region, indicator_label, what numerator and denominator are."""
    sentences = load_sentences()
    asked = sentences[sentences["source"].isin(["reported", "milestone"])].drop_duplicates("indicator")
    city = asked[asked["level"].str.contains(CITY)].assign(region=region_name(region))
    units = pd.DataFrame({"region": [region_name(code) for code in report_units(region)]}, dtype="str")
    county = asked[asked["level"].str.contains(COUNTY)].merge(units, how="cross")
    lines = pd.concat([city, county], ignore_index=True)[["indicator", "region"]].merge(
        load_definitions(), on="indicator"
    )
    asks = lines["unit"].eq("share") & lines["per"].eq("")
    given = lines["per"].map({"people": "（取常住人口，不填）", "firms": "（取企业数，不填）"}).fillna("（不填）")
    return lines.assign(
        indicator_label=lines["label"],
        numerator_is=lines["numerator"],
        denominator_is=lines["denominator"].where(asks, given),
    )[["region", "indicator_label", "indicator", "numerator_is", "denominator_is"]]


def write_population_template(path: str | Path, *, region: str) -> Path:
    """Write the form for people and firms of the city and its report units, with the people this project knows."""
    known = load_population().sort_values("as_of").drop_duplicates("region_code", keep="last")
    codes = pd.DataFrame({"region_code": [region, *report_units(region)]}, dtype="str")
    lines = codes.merge(known, on="region_code", how="left")
    book = Workbook()
    note = "企业数请按市场监管部门口径填；每年更新一次。"
    sheet = _form(book, "人口与企业数", POPULATION_COLUMNS, title="人口与企业数表", note=note)
    for position, row in enumerate(lines.to_dict("records"), start=4):
        put(sheet.cell(position, 1), region_name(row["region_code"]))
        if pd.notna(row["as_of"]):
            put(sheet.cell(position, 2), row["as_of"].to_pydatetime(), "yyyy-mm-dd")
            put(sheet.cell(position, 3), int(row["people"]), "#,##0")
            put(sheet.cell(position, 5), str(row["figure_source"]))
    release(book, Path(path))
    return Path(path)


def write_indicator_template(path: str | Path) -> Path:
    """Write the form for the office's 43 third-level indicators: levels, weight, method, limits, effort."""
    book = Workbook()
    note = "三级指标清单未公开，请照省评估方案录入；权重合计 100 分。没有录入权重时，本工具不计算总分。"
    sheet = _form(book, "三级指标", WEIGHT_COLUMNS, title="评估三级指标与权重", note=note)
    letters = {c.key: column_letter(n) for n, c in enumerate(WEIGHT_COLUMNS)}
    last = 3 + N_THIRD
    for position in range(4, last + 1):
        for letter in letters.values():
            sheet[f"{letter}{position}"].border = BOX
    _choices(book, sheet, letters["method"], METHODS, last=last + 20)
    _choices(book, sheet, letters["indicator_label"], list(indicator_labels()), last=last + 20)
    _numbers_only(sheet, f"{letters['weight']}4:{letters['weight']}{last + 20}")
    release(book, Path(path))
    return Path(path)


def write_address_template(path: Path, *, region: str) -> Path:
    """Write the form for who gets which report: a line for the city and for each of its report units."""
    book = Workbook()
    sheet = _titled(
        book, "收件人", "报告收件人", "邮箱地址几个之间用分号；一个地区可以写几行。本工具只起草邮件，不发送。"
    )
    for number, column in enumerate(ADDRESS_COLUMNS, start=1):
        head_cell(sheet.cell(3, number), column.label)
        sheet.column_dimensions[column_letter(number - 1)].width = _ADDRESS_WIDTH[column.key]
    for position, code in enumerate((region, *report_units(region)), start=4):
        put_text(sheet.cell(position, 1), region_name(code))
        for number in range(1, len(ADDRESS_COLUMNS) + 1):
            sheet.cell(position, number).border = BOX
            sheet.cell(position, number).number_format = "@"
    sheet.freeze_panes = "B4"
    release(book, path)
    return path


def _titled(book: Workbook, name: str, title: str, note: str) -> Worksheet:
    sheet: Worksheet = book.active
    sheet.title = name
    put_text(sheet.cell(1, 1), title)
    put_text(sheet.cell(2, 1), note)
    sheet.cell(1, 1).font, sheet.cell(2, 1).font = Font(bold=True, size=14), Font(color="8A3A00")
    return sheet


def _form(book: Workbook, name: str, columns: Sequence[Column], *, title: str, note: str) -> Worksheet:
    sheet = _titled(book, name, title, note)
    for number, column in enumerate(columns, start=1):
        head_cell(sheet.cell(3, number), column.label)
        letter = column_letter(number - 1)
        sheet.column_dimensions[letter].width = _WIDTH.get(column.key, 16)
        if column.note:
            _ask(sheet, f"{letter}3", column.note)
    sheet.freeze_panes = "A4"
    for_paper(sheet, head=3, paper=sheet.PAPERSIZE_A4)
    return sheet


def _ask(sheet: Worksheet, cells: str, text: str) -> None:
    """Show what a column wants when its head is chosen."""
    prompt = DataValidation(showInputMessage=True, promptTitle="填写说明", prompt=text[:250])
    sheet.add_data_validation(prompt)
    prompt.add(cells)


def _numbers_only(sheet: Worksheet, cells: str) -> None:
    rule = DataValidation(
        "decimal", operator="greaterThanOrEqual", formula1="0", allow_blank=True, showErrorMessage=True
    )
    rule.errorTitle, rule.error = "应填数字", "请填不小于 0 的数字，不要填文字或百分号。"
    sheet.add_data_validation(rule)
    rule.add(cells)


def _choices(book: Workbook, sheet: Worksheet, letter: str, values: Sequence[str] | pd.Series, *, last: int) -> None:
    """Offer a drop-down; its values lie on a hidden sheet (a list in the rule itself holds 255 characters)."""
    if CHOICES_SHEET not in book.sheetnames:
        book.create_sheet(CHOICES_SHEET).sheet_state = "hidden"
    lists = book[CHOICES_SHEET]
    column = lists.max_column + (lists.cell(1, 1).value is not None)
    for position, value in enumerate(values, start=1):
        put_text(lists.cell(position, column), str(value))
    where = column_letter(column - 1)
    rule = DataValidation("list", formula1=f"'{CHOICES_SHEET}'!${where}$1:${where}${len(values)}", allow_blank=True)
    rule.errorTitle, rule.error, rule.showErrorMessage = "不在选项内", "请从下拉框选择。", True
    sheet.add_data_validation(rule)
    rule.add(f"{letter}4:{letter}{last}")
