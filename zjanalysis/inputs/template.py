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

from zjanalysis.columns import column_of, label
from zjanalysis.inputs.findings import NOTE, RULES
from zjanalysis.inputs.reference import read_reference
from zjanalysis.inputs.regions import load_regions, region_name, report_units
from zjanalysis.inputs.workbook import OUR_SHEETS, save_book
from zjanalysis.settings import Settings, load_settings

SHEET = "实施清单"
ROWS = 20_000  # rows that the drop-downs and checks reach down to
_, GUIDE, EXAMPLE, LISTS = OUR_SHEETS
_TEMPLATE = read_reference("template")
# Column → what may be filled in: a tuple is a drop-down, "days" and "whole" are numbers, "" is free text.
FIELDS: dict[str, tuple[str, ...] | str] = {
    row["key"]: tuple(row["filled_with"].split("|")) if "|" in row["filled_with"] else row["filled_with"]
    for row in _TEMPLATE
}
_NOTES = {row["key"]: row["note"] or column_of(row["key"], "items").note for row in _TEMPLATE}


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
    level, digit = ("市级", "3") if regions.loc[region, "level"] == "prefecture" else ("县级", "4")
    national = str(regions.loc[region, "parent"]) if regions.loc[region, "ours"] else region
    words = {"code": region, "region": region_name(region), "national": national, "level": level, "digit": digit}
    examples = [[row[f"example_{n}"].format(**words) for row in _TEMPLATE] for n in (1, 2, 3)]
    return [[int(text) if kind in ("days", "whole") else text or None
             for text, kind in zip(texts, FIELDS.values(), strict=True)] for texts in examples]  # fmt: skip


def _head(sheet: Worksheet) -> None:
    for number, key in enumerate(FIELDS, 1):
        cell = sheet.cell(1, number, label(key, "items"))
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", start_color="D9E2F3", end_color="D9E2F3")
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        if _NOTES[key]:
            cell.comment = Comment(_NOTES[key], "填写说明", height=80, width=240)
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
            for row, text in enumerate((label(key, "items"), *kind), 1):
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
