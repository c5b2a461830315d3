"""The workbook that the bureau sends out: what a county fills in reads back without a finding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from zjanalysis.columns import ALL_COLUMNS, Column
from zjanalysis.inputs.findings import NOTE, RULES
from zjanalysis.inputs.regions import load_regions, region_name, report_units
from zjanalysis.inputs.workbook import OUR_SHEETS, save_book
from zjanalysis.settings import Settings, load_settings

SHEET = "实施清单"
ROWS = 20_000  # rows that the drop-downs and checks reach down to
_, GUIDE, EXAMPLE, LISTS = OUR_SHEETS
_YES_NO = ("是", "否")
_UNITS = ("工作日", "自然日", "小时", "月", "年")
_TYPES = ("行政许可", "公共服务", "行政确认", "行政给付", "行政奖励", "行政裁决", "其他行政权力", "行政征收",
          "行政检查", "行政强制", "行政处罚", "套餐服务")  # fmt: skip
_LEVELS = ("省级", "市级", "县级", "镇(乡、街道)级", "村(社区)级")
# Column → what may be filled in: a tuple is a drop-down, "days" and "whole" are numbers, "" is free text.
FIELDS: dict[str, tuple[str, ...] | str] = {
    "region_code": "", "region": "", "item_name": "", "base_code": "", "impl_code": "", "handle_item_code": "",
    "item_type": _TYPES, "use_level": _LEVELS, "department": "", "statutory_limit": "days", "statutory_unit": _UNITS,
    "promised_limit": "days", "promised_unit": _UNITS, "handling_type": ("即办件", "承诺件", "其他"), "visits": "whole",
    "visit_reason": "", "online": _YES_NO, "online_depth": ("Ⅰ级", "Ⅱ级", "Ⅲ级", "Ⅳ级"), "serves": "",
    "on_application": _YES_NO, "in_hall": _YES_NO, "one_window": _YES_NO, "bookable": _YES_NO, "express": _YES_NO,
    "state": ("在用", "暂停", "取消"), "version": "", "case_count": "whole",
}  # fmt: skip
_NOTES = {
    "region": "只填本地区；功能区填全称",
    "base_code": "12 位；比较同一事项用它匹配",
    "impl_code": "31 位",
    "handle_item_code": "实施编码加 2 位序号；同一事项有几个办理项的，每个一行",
    "statutory_limit": "只填数字；法律法规没有规定的，填“无”",
    "promised_limit": "只填数字；即办件填 0",
    "visits": "0、1、2……；必须到现场的写明原因",
    "visit_reason": "跑动次数大于 0 时必填",
    "serves": "自然人、企业法人等，几项之间用顿号",
    "version": "数字，越大越新",
    "case_count": "上一年度办件量，没有可不填",
}


def write_template(path: Path, *, region: str = "", settings: Settings | None = None) -> Path:
    """Write the template workbook and give its path.

    ``region``: a region code or empty; the region drop-down offers that one, else the report units of the city in the
    settings and the city itself. Raises InputError when the file cannot be written.
    """
    focus = (settings or load_settings()).focus
    names = [region_name(code) for code in ([region] if region else [focus, *report_units(focus)])]
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = SHEET
    _head(sheet)
    fields = FIELDS | {"region": tuple(names)}
    _lists(book.create_sheet(LISTS), sheet, fields)
    _body(sheet, fields)
    example = book.create_sheet(EXAMPLE, 1)
    _head(example)
    for row in example_rows(region or report_units(focus)[0]):
        example.append(row)
    _guide(book.create_sheet(GUIDE, 2))
    book[LISTS].sheet_state = "hidden"
    return save_book(book, path, what="模板")


def example_rows(region: str) -> list[list[Any]]:
    """Give three filled rows for a region: a permit with a visit, one done at once, a public service."""
    regions = load_regions().set_index("code")
    national = str(regions.loc[region, "parent"]) if regions.loc[region, "ours"] else region
    level, digit = ("市级", "3") if regions.loc[region, "level"] == "prefecture" else ("县级", "4")
    rows = []
    for base, name, kind, limits, visits, reason in (
        ("440125004000", "小餐饮登记", "行政许可", (20, 5, "承诺件"), 1, "需现场核查经营场所"),
        ("440131002003", "个体工商户注销登记", "行政许可", (15, 0, "即办件"), 0, None),
        ("442014005000", "社会保险参保证明查询打印", "公共服务", (5, 1, "承诺件"), 0, None),
    ):
        impl = f"11{national}MB2C00000A{digit}{base}"
        filled = {
            "region_code": region, "region": region_name(region), "item_name": name, "base_code": base,
            "impl_code": impl, "handle_item_code": f"{impl}01", "item_type": kind, "use_level": level,
            "department": "示例部门", "statutory_limit": limits[0], "statutory_unit": "工作日",
            "promised_limit": limits[1], "promised_unit": "工作日", "handling_type": limits[2], "visits": visits,
            "visit_reason": reason, "online": "是", "online_depth": "Ⅲ级" if visits else "Ⅳ级",
            "serves": "自然人、企业法人", "on_application": "是", "in_hall": "是", "one_window": "是", "bookable": "是",
            "express": "是", "state": "在用", "version": "1", "case_count": 12,
        }  # fmt: skip
        rows.append([filled[key] for key in FIELDS])
    return rows


def _head(sheet: Worksheet) -> None:
    for number, key in enumerate(FIELDS, 1):
        column: Column = ALL_COLUMNS[key]
        cell = sheet.cell(1, number, column.label)
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", start_color="D9E2F3", end_color="D9E2F3")
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        note = "；".join(text for text in (_NOTES.get(key, column.note),) if text)
        if note:
            cell.comment = Comment(note, "填写说明", height=80, width=240)
        sheet.column_dimensions[get_column_letter(number)].width = 34 if key in ("item_name", "impl_code") else 14
    sheet.row_dimensions[1].height = 32
    sheet.freeze_panes = "D2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _lists(lists: Worksheet, sheet: Worksheet, fields: dict[str, tuple[str, ...] | str]) -> None:
    """Put every drop-down's choices into the hidden sheet and tie them to their columns."""
    for number, (key, kind) in enumerate(fields.items(), 1):
        if isinstance(kind, tuple):
            letter = get_column_letter(number)
            for row, text in enumerate((ALL_COLUMNS[key].label, *kind), 1):
                lists.cell(row, number, text)
            source = f"'{LISTS}'!${letter}$2:${letter}${len(kind) + 1}"
            _validate(sheet, letter, DataValidation(type="list", formula1=source), "请从下拉选项中选填。")


def _body(sheet: Worksheet, fields: dict[str, tuple[str, ...] | str]) -> None:
    """Text format on text, checks on numbers, and everything below the header open for writing."""
    for number, (key, kind) in enumerate(fields.items(), 1):
        letter = get_column_letter(number)
        column = sheet.column_dimensions[letter]
        column.protection = Protection(locked=False)
        if kind == "days":
            rule = DataValidation(
                type="custom", formula1=f'OR({letter}2="无",AND(ISNUMBER({letter}2),{letter}2>=0,{letter}2<500))'
            )
            _validate(sheet, letter, rule, "请填 0 至 499 的数字；没有规定的填“无”。")
        elif kind == "whole":
            top = "20" if key == "visits" else "100000000"
            _validate(sheet, letter, DataValidation("whole", formula1="0", formula2=top), f"请填 0 至 {top} 的整数。")
        else:
            column.number_format = "@"
    sheet.protection.sheet = True
    for allowed in ("insertRows", "deleteRows", "sort", "autoFilter", "formatCells", "formatColumns", "formatRows"):
        setattr(sheet.protection, allowed, False)  # False: not forbidden


def _validate(sheet: Worksheet, letter: str, rule: DataValidation, message: str) -> None:
    rule.error, rule.errorTitle, rule.allow_blank, rule.showErrorMessage = message, "填写有误", True, True
    rule.add(f"{letter}2:{letter}{ROWS}")
    sheet.add_data_validation(rule)


def _guide(sheet: Worksheet) -> None:
    sheet.append(["列名", "怎么填", "可填内容"])
    for key, kind in FIELDS.items():
        choices = (
            "、".join(kind) if isinstance(kind, tuple) else {"days": "数字或“无”", "whole": "整数"}.get(kind, "文字")
        )
        sheet.append([ALL_COLUMNS[key].label, _NOTES.get(key, ALL_COLUMNS[key].note), choices])
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
