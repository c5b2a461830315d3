"""What the office sends out to be filled in: items, reported figures, people and firms, weights, addresses, tasks.

What a county fills in reads back without a finding; the task list of a plan has a sheet per department.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from zjanalysis.analysis.tasks import ANSWERS
from zjanalysis.columns import (
    ADDRESS_COLUMNS,
    POPULATION_COLUMNS,
    REPORTED_COLUMNS,
    TASK_COLUMNS,
    WEIGHT_COLUMNS,
    Column,
    column_of,
    label,
)
from zjanalysis.display.sheets import BOX, TOOL_FILL, for_paper, grow_row, head_cell, put, release
from zjanalysis.display.workbook import sheet_names
from zjanalysis.files import write_paper
from zjanalysis.inputs.findings import NOTE, RULES
from zjanalysis.inputs.reference import read_reference
from zjanalysis.inputs.regions import UNNAMED, load_regions, region_name, report_units, units_of
from zjanalysis.inputs.reported import METHODS, N_THIRD, load_definitions, load_population
from zjanalysis.inputs.workbook import OUR_SHEETS, column_letter, packed
from zjanalysis.inputs.workplan import CITY, COUNTY, load_sentences
from zjanalysis.neutral import put_text

_WIDTH = {"region": 20, "indicator_label": 28, "figure_source": 24, "reporting_unit": 22, "level_three": 34}
_ADDRESS_WIDTH = {"region": 24, "to": 48, "cc": 48}


def write_reported_template(path: Path, *, region: str) -> Path:
    """Write the form for reported figures: one line for each figure the plan asks of the city and its report units.

    Only 分子, 分母, 数据来源, 填报单位, 填报日期 are to be filled in; a line left blank counts as not reported.
    """
    lines = reported_lines(region)
    extra = (Column("numerator_is", "分子是什么"), Column("denominator_is", "分母是什么"))
    columns, note = (*REPORTED_COLUMNS, *extra), "百分率请分别填分子、分母；完成情况填 1 或 0。"
    book, sheet, letters = _form("填报", columns, title="填报数据表", note=note)
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
    for column in extra:
        sheet.column_dimensions[letters[column.key]].width = 36
    return release(book, path)


def reported_lines(region: str) -> pd.DataFrame:
    """Return the figures the plans on record ask for: region, indicator_label, what numerator and denominator are."""
    sentences = load_sentences()
    asked = sentences[sentences["source"].isin(["reported", "milestone"])].drop_duplicates("indicator")
    city = asked[asked["level"].str.contains(CITY)].assign(region=region_name(region))
    units = pd.DataFrame({"region": [region_name(code) for code in report_units(region)]}, dtype="str")
    county = asked[asked["level"].str.contains(COUNTY)].merge(units, how="cross")
    lines = pd.concat([city, county], ignore_index=True)[["indicator", "region"]]
    lines = lines.merge(load_definitions(), on="indicator")
    asks = lines["unit"].eq("share") & lines["per"].eq("")
    instead = lines["per"].map({"people": "（取常住人口，不填）", "firms": "（取企业数，不填）"}).fillna("（不填）")
    return lines.assign(
        indicator_label=lines["label"],
        numerator_is=lines["numerator"],
        denominator_is=lines["denominator"].where(asks, instead),
    )[["region", "indicator_label", "indicator", "numerator_is", "denominator_is"]]


def write_population_template(path: Path, *, region: str) -> Path:
    """Write the form for people and firms of the city and its report units, with the people this project knows."""
    people = load_population().sort_values("as_of").drop_duplicates("region_code", keep="last")
    codes = pd.DataFrame({"region_code": units_of(region)}, dtype="str")
    lines = codes.merge(people, on="region_code", how="left")
    note = "企业数请按市场监管部门口径填；每年更新一次。"
    book, sheet, _ = _form("人口与企业数", POPULATION_COLUMNS, title="人口与企业数表", note=note)
    for position, row in enumerate(lines.to_dict("records"), start=4):
        put(sheet.cell(position, 1), region_name(row["region_code"]))
        if pd.notna(row["as_of"]):
            put(sheet.cell(position, 2), row["as_of"].to_pydatetime(), "yyyy-mm-dd")
            put(sheet.cell(position, 3), int(row["people"]), "#,##0")
            put(sheet.cell(position, 5), str(row["figure_source"]))
    return release(book, path)


def write_indicator_template(path: Path) -> Path:
    """Write the form for the office's 43 third-level indicators: levels, weight, method, limits, effort."""
    from zjanalysis.analysis.evaluation import indicator_labels  # noqa: PLC0415  loads DuckDB

    note = "三级指标清单未公开，请照省评估方案录入；权重合计 100 分。没有录入权重时，本工具不计算总分。"
    book, sheet, letters = _form("三级指标", WEIGHT_COLUMNS, title="评估三级指标与权重", note=note)
    last = 3 + N_THIRD
    for position in range(4, last + 1):
        for letter in letters.values():
            sheet[f"{letter}{position}"].border = BOX
    _choices(book, sheet, letters["method"], METHODS, last=last + 20)
    _choices(book, sheet, letters["indicator_label"], list(indicator_labels()), last=last + 20)
    _numbers_only(sheet, f"{letters['weight']}4:{letters['weight']}{last + 20}")
    return release(book, path)


def write_address_template(path: Path, *, region: str) -> Path:
    """Write the form for who gets which report: a line for the city and for each of its report units."""
    note = "邮箱地址几个之间用分号；一个地区可以写几行。本工具只起草邮件，不发送。"
    book, sheet = _titled("收件人", "报告收件人", note)
    for number, column in enumerate(ADDRESS_COLUMNS, start=1):
        head_cell(sheet.cell(3, number), column.label)
        sheet.column_dimensions[column_letter(number - 1)].width = _ADDRESS_WIDTH[column.key]
    for position, code in enumerate(units_of(region), start=4):
        put_text(sheet.cell(position, 1), region_name(code))
        for number in range(1, len(ADDRESS_COLUMNS) + 1):
            sheet.cell(position, number).border = BOX
            sheet.cell(position, number).number_format = "@"
    sheet.freeze_panes = "B4"
    return release(book, path)


def _titled(name: str, title: str, note: str) -> tuple[Workbook, Worksheet]:
    book = Workbook()
    sheet: Worksheet = book.active
    sheet.title = name
    put_text(sheet.cell(1, 1), title)
    put_text(sheet.cell(2, 1), note)
    sheet.cell(1, 1).font, sheet.cell(2, 1).font = Font(bold=True, size=14), Font(color="8A3A00")
    return book, sheet


def _form(
    name: str, columns: Sequence[Column], *, title: str, note: str
) -> tuple[Workbook, Worksheet, Mapping[str, str]]:
    """Return a workbook with one form and its sheet, whose heads say what they want, and the letters of the columns."""
    book, sheet = _titled(name, title, note)
    letters = {column.key: column_letter(number) for number, column in enumerate(columns)}
    for number, column in enumerate(columns, start=1):
        head_cell(sheet.cell(3, number), column.label)
        sheet.column_dimensions[letters[column.key]].width = _WIDTH.get(column.key, 16)
        if column.note:
            prompt = DataValidation(showInputMessage=True, promptTitle="填写说明", prompt=column.note[:250])
            sheet.add_data_validation(prompt)
            prompt.add(f"{letters[column.key]}3")
    sheet.freeze_panes = "A4"
    for_paper(sheet, head=3, paper=sheet.PAPERSIZE_A4)
    return book, sheet, letters


def _numbers_only(sheet: Worksheet, cells: str) -> None:
    rule = DataValidation("decimal", operator="greaterThanOrEqual", formula1="0")
    _validate(sheet, cells, rule, "请填不小于 0 的数字，不要填文字或百分号。", title="应填数字")


def _choices(book: Workbook, sheet: Worksheet, letter: str, values: Sequence[str] | pd.Series, *, last: int) -> None:
    """Offer a drop-down; its values lie on a hidden sheet (a list in the rule itself holds 255 characters)."""
    if LISTS not in book.sheetnames:
        book.create_sheet(LISTS).sheet_state = "hidden"
    lists = book[LISTS]
    column = lists.max_column + (lists.cell(1, 1).value is not None)
    for position, value in enumerate(values, start=1):
        put_text(lists.cell(position, column), str(value))
    where = column_letter(column - 1)
    rule = DataValidation("list", formula1=f"'{LISTS}'!${where}$1:${where}${len(values)}")
    _validate(sheet, f"{letter}4:{letter}{last}", rule, "请从下拉框选择。", title="不在选项内")


SHEET = "实施清单"
ROWS = 20_000  # rows that the drop-downs and checks reach down to
_, GUIDE, EXAMPLE, LISTS = OUR_SHEETS
_TEMPLATE = read_reference("template")
# Column → what may be filled in: a tuple is a drop-down, "days" and "whole" are numbers, "" is free text.
FIELDS: dict[str, tuple[str, ...] | str] = {
    row["key"]: tuple(row["filled_with"].split("|")) if "|" in row["filled_with"] else row["filled_with"]
    for row in _TEMPLATE
}
_FILLED = {"days": "数字或“无”", "whole": "整数", "": "文字"}
_NOTES = {row["key"]: row["note"] or column_of(row["key"], "items").note for row in _TEMPLATE}


def write_template(path: Path, *, region: str) -> Path:
    """Write the template workbook and give its path; the drop-down offers the region and, of a city, its report units.

    Raises PublishError when the file cannot be written.
    """
    names = [region_name(code) for code in units_of(region)]
    book = Workbook()
    sheet = book.active
    sheet.title = SHEET
    _item_head(sheet)
    fields = FIELDS | {"region": tuple(names)}
    _item_lists(book.create_sheet(LISTS), sheet, fields)
    _item_body(sheet, fields)
    example = book.create_sheet(EXAMPLE, 1)
    _item_head(example)
    for row in example_rows(region):
        example.append(row)
    _guide(book.create_sheet(GUIDE, 2))
    book[LISTS].sheet_state = "hidden"
    return release(book, path)


def example_rows(region: str) -> list[list[Any]]:
    """Return three filled rows for a region: a permit with a visit, one done at once, a public service."""
    regions = load_regions().set_index("code")
    level, digit = ("市级", "3") if regions.loc[region, "level"] == "prefecture" else ("县级", "4")
    national = str(regions.loc[region, "parent"]) if regions.loc[region, "ours"] else region
    words = {"code": region, "region": region_name(region), "national": national, "level": level, "digit": digit}
    examples = [[row[f"example_{n}"].format(**words) for row in _TEMPLATE] for n in (1, 2, 3)]
    return [[int(text) if kind in ("days", "whole") else text or None
             for text, kind in zip(texts, FIELDS.values(), strict=True)] for texts in examples]  # fmt: skip


def _item_head(sheet: Worksheet) -> None:
    for number, key in enumerate(FIELDS, 1):
        cell = sheet.cell(1, number, label(key, "items"))
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", start_color="D9E2F3", end_color="D9E2F3")
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        if _NOTES[key]:
            cell.comment = Comment(_NOTES[key], "填写说明", height=80, width=240)
        sheet.column_dimensions[column_letter(number - 1)].width = 34 if key in ("item_name", "impl_code") else 14
    sheet.row_dimensions[1].height = 32
    sheet.freeze_panes = "D2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _item_lists(lists: Worksheet, sheet: Worksheet, fields: dict[str, tuple[str, ...] | str]) -> None:
    for number, (key, kind) in enumerate(fields.items(), 1):
        if isinstance(kind, tuple):
            letter = column_letter(number - 1)
            for row, text in enumerate((label(key, "items"), *kind), 1):
                lists.cell(row, number, text)
            source = f"'{LISTS}'!${letter}$2:${letter}${len(kind) + 1}"
            cells, rule = f"{letter}2:{letter}{ROWS}", DataValidation("list", formula1=source)
            _validate(sheet, cells, rule, "请从下拉选项中选填。")


def _item_body(sheet: Worksheet, fields: dict[str, tuple[str, ...] | str]) -> None:
    """Text format on text, checks on numbers, and everything below the header open for writing."""
    for number, (key, kind) in enumerate(fields.items(), 1):
        letter = column_letter(number - 1)
        column, cells = sheet.column_dimensions[letter], f"{letter}2:{letter}{ROWS}"
        column.protection = Protection(locked=False)
        if kind == "days":
            formula = f'OR({letter}2="无",AND(ISNUMBER({letter}2),{letter}2>=0,{letter}2<500))'
            rule = DataValidation("custom", formula1=formula)
            _validate(sheet, cells, rule, "请填 0 至 499 的数字；没有规定的填“无”。")
        elif kind == "whole":
            top = "20" if key == "visits" else "100000000"
            rule = DataValidation("whole", formula1="0", formula2=top)
            _validate(sheet, cells, rule, f"请填 0 至 {top} 的整数。")
        else:
            column.number_format = "@"
    sheet.protection.sheet = True
    for allowed in ("insertRows", "deleteRows", "sort", "autoFilter", "formatCells", "formatColumns", "formatRows"):
        setattr(sheet.protection, allowed, False)  # False: not forbidden


def _validate(sheet: Worksheet, cells: str, rule: DataValidation, message: str, *, title: str = "填写有误") -> None:
    rule.error, rule.errorTitle, rule.allow_blank, rule.showErrorMessage = message, title, True, True
    rule.add(cells)
    sheet.add_data_validation(rule)


def _guide(sheet: Worksheet) -> None:
    sheet.append(["列名", "怎么填", "可填内容"])
    for key, kind in FIELDS.items():
        choices = "、".join(kind) if isinstance(kind, tuple) else _FILLED[kind]
        sheet.append([label(key, "items"), _NOTES[key], choices])
    sheet.append([])
    sheet.append(["核对时会指出的问题", "级别", "处理建议"])
    for rule in RULES.values():
        if rule.level != NOTE and rule.scope in ("cell", "row", "table"):
            sheet.append([rule.title, rule.level, rule.action])
    for letter, width in (("A", 30), ("B", 44), ("C", 70)):
        sheet.column_dimensions[letter].width = width
    for row in (1, len(FIELDS) + 3):
        for cell in sheet[row]:
            cell.font = Font(bold=True)


TASK_WIDTHS = {"order": 6, "item_key": 34, "match_code": 16, "item_name": 40, "department": 24, "basis": 36, "due": 14,
          "current_text": 14, "proposed_text": 14, "gain": 12, "responsible": 24, "answer": 12,
          "agreed_value": 10}  # fmt: skip
TASK_HIDDEN = ("match_code", "to_value", "indicator", "region_code")
TASK_HAND = ("responsible", "due", "answer", "agreed_value")
TASK_HEAD = 3


def write_tasks(tasks: pd.DataFrame, path: Path, *, title: str, sample: bool = False) -> Path:
    """Write `task_list` as a workbook: 目录, then one sheet per department, the largest gain first.

    The columns 反馈 (drop-down) and 商定值 are for the department; the hidden ones bring the answer home. No text can
    become a formula; the file appears whole or not at all, and never over one that was filled in (`write_paper`).
    """
    book, mark = Workbook(), "（示例数据，模拟）" if sample else ""
    groups = list(tasks.groupby(tasks["department"].fillna(UNNAMED), sort=False))
    names = sheet_names([str(department) for department, _ in groups])
    contents: Worksheet = book.active
    contents.title = "目录"
    put(contents.cell(1, 1), title + mark)
    contents.cell(1, 1).font = Font(bold=True, size=14)
    put(contents.cell(2, 1), "请各部门在本部门页的“反馈”列选择；与建议值不同的，选“部分同意”并填“商定值”。")
    for row, (name, (department, rows)) in enumerate(zip(names, groups, strict=True), start=4):
        put(contents.cell(row, 1), str(department))
        put(contents.cell(row, 2), f"{len(rows)}项")
        contents.cell(row, 1).hyperlink = Hyperlink(ref=f"A{row}", location=f"'{name}'!A1")
        _task_sheet(book.create_sheet(name), rows, title=f"{title} · {department}{mark}")
    contents.column_dimensions["A"].width, contents.column_dimensions["B"].width = 48, 10
    return write_paper(path, packed(book))


def _task_sheet(sheet: Worksheet, rows: pd.DataFrame, *, title: str) -> None:
    put(sheet.cell(1, 1), title)
    sheet.cell(1, 1).font = Font(bold=True, size=13)
    letters = {column.key: column_letter(n) for n, column in enumerate(TASK_COLUMNS)}
    for number, column in enumerate(TASK_COLUMNS, start=1):
        head_cell(sheet.cell(TASK_HEAD, number), column.label, tool=column.key not in TASK_HAND)
        sheet.column_dimensions[letters[column.key]].width = TASK_WIDTHS.get(column.key, 12)
        sheet.column_dimensions[letters[column.key]].hidden = column.key in TASK_HIDDEN
    cells = rows[[column.key for column in TASK_COLUMNS]].astype(object)
    for position, row in enumerate(cells.where(cells.notna(), None).itertuples(index=False), start=TASK_HEAD + 1):
        for number, value in enumerate(row, start=1):
            cell = sheet.cell(position, number)
            put(cell, value, "0.00%" if TASK_COLUMNS[number - 1].key == "gain" else "General")
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        grow_row(sheet, position, len(TASK_COLUMNS))
    answers = f"{letters['answer']}{TASK_HEAD + 1}:{letters['answer']}{TASK_HEAD + len(rows)}"
    choice = DataValidation("list", formula1=f'"{",".join(ANSWERS)}"')
    _validate(sheet, answers, choice, f"请从列表选择：{'、'.join(ANSWERS)}", title="反馈")
    sheet.freeze_panes = f"A{TASK_HEAD + 1}"
    for_paper(sheet, head=TASK_HEAD, paper=sheet.PAPERSIZE_A4)
