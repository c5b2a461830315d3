"""ledger.xlsx → its rows as written, what the tool remembers of them (a hidden sheet), its log; days as written."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from datetime import date
from functools import cache

import pandas as pd

from zjanalysis.columns import CHANGE_COLUMNS, LEDGER, LEDGER_COLUMNS, MEMORY_KEYS
from zjanalysis.errors import ConfigError, InputError
from zjanalysis.inputs.office_table import OfficeTable, day_of, find_table
from zjanalysis.inputs.reference import read_reference
from zjanalysis.inputs.regions import load_regions, region_name, report_units
from zjanalysis.inputs.workbook import Sheet

LEDGER_SHEET, MEMORY_SHEET, LOG_SHEET, CONFLICT_SHEET = "台账", "工具底稿", "变更记录", "冲突清单"
SAMPLE = "示例数据（模拟）"
"""What stands over the table of a ledger of made-up figures, and on every paper made from it."""
MEMORY = (*MEMORY_KEYS, "settled_on", "reopened_on")
COLUMNS = tuple(dict.fromkeys([*LEDGER, *MEMORY, "region_code", "verdict"]))
"""Every column of a ledger: those of the sheet, what the tool remembers, what it looks up."""
PROBLEMS = tuple(f"前言-0{n}" for n in range(1, 9))
"""The eight problems the plan's preface speaks of, as 所属问题 names them."""
_HALF, _DIGITS = str.maketrans("（）", "()"), str.maketrans("一二三四五六七八", "12345678")
_MONTH = re.compile(r"(\d{4})[-/.年](\d{1,2})月?(?:底|末|月底)?$")


def ledger_table(sheets: Sequence[Sheet], *, name: str) -> OfficeTable:
    """Return the table of the ledger sheet as written; raises InputError when the workbook has no ledger."""
    return find_table(sheets, LEDGER_COLUMNS, required=("ledger_id", "problem"), name=name)


def ledger_memory(sheets: Sequence[Sheet]) -> pd.DataFrame:
    """Return what the tool wrote last, as text, one row per number; without the hidden sheet a table without rows."""
    try:
        table = find_table(sheets, (), required=(), name="", sheet=MEMORY_SHEET)
    except InputError:
        return pd.DataFrame(columns=list(COLUMNS), dtype="str")
    rows = table.rows.drop(columns=["file", "sheet", "row_number"])
    return rows[rows["ledger_id"].ne("")].drop_duplicates("ledger_id").reset_index(drop=True)


def ledger_log(sheets: Sequence[Sheet]) -> pd.DataFrame:
    """Return the change log, oldest first, as text; a table without rows when the sheet is gone."""
    try:
        rows = find_table(sheets, CHANGE_COLUMNS, required=("ledger_id", "new"), name="", sheet=LOG_SHEET).rows
    except InputError:
        return pd.DataFrame(columns=[c.key for c in CHANGE_COLUMNS], dtype="str")
    return rows[[c.key for c in CHANGE_COLUMNS]]


def unit_names(text: str, *, city: str = "") -> tuple[str, ...]:
    """Return the units a cell names, each by the one name it has in reference/units.csv.

    A bracket is not split. With ``city``, 各县(市、区)政府(管委会) is each of its governments.

    >>> unit_names("市政务服务数据管理局、公共资源交易中心"), unit_names("各县(市、区)政府(管委会),市财政局")
    (('市政务服务数据管理局', '市公共资源交易中心'), ('各县(市、区)政府(管委会)', '市财政局'))
    """
    names, kinds = _units()
    written = [part.strip() for part in re.split(r"[、，,；;](?![^(（]*[)）])", text) if part.strip()]
    units = [names.get(part.translate(_HALF), part) for part in written]
    spread = [
        tuple(map(office_of, report_units(city))) if city and kinds.get(unit) == "counties" else (unit,)
        for unit in units
    ]
    return tuple(dict.fromkeys(unit for group in spread for unit in group))


@cache
def _units() -> tuple[dict[str, str], dict[str, str]]:
    rows = read_reference("units")
    return {row["alias"]: row["unit"] for row in rows}, {row["unit"]: row["kind"] for row in rows}


@cache
def office_of(region: str) -> str:
    """Return the government (of a zone: the committee) of a region.

    >>> office_of("440823"), office_of("4408Z1")
    ('遂溪县人民政府', '湛江经济技术开发区管委会')
    """
    zone = load_regions().set_index("code").loc[region, "level"] == "zone"
    return region_name(region) + ("管委会" if zone else "人民政府")


def problem_of(written: str) -> str:
    """Return which of the eight problems a cell names, as the key of its indicator; nothing for anything else.

    >>> problem_of("前言-03"), problem_of("问题三"), problem_of("3"), problem_of("")
    ('problem_3', 'problem_3', 'problem_3', '')
    """
    named = re.fullmatch(r"(?:前言-?|问题)?0?([1-8一二三四五六七八])", written.strip())
    return f"problem_{named[1].translate(_DIGITS)}" if named else ""


def today(on: str | date) -> pd.Timestamp:
    """Return the day a function is told; raises ConfigError for a date that cannot be read."""
    day = day_of(on)
    if day is None:
        raise ConfigError(f"日期“{on}”认不出。", "请写成 2021-06-30。")
    return day


def last_day(text: str) -> pd.Timestamp | None:
    """Return the day a written deadline ends: a month means its last day; 长期推进 and what is unclear have none.

    >>> str(last_day("2021-06").date()), str(last_day("2021年2月底").date()), last_day("长期推进")
    ('2021-06-30', '2021-02-28', None)
    """
    month = _MONTH.match(text.strip())
    if not month:
        return day_of(text)
    year, number = int(month.group(1)), int(month.group(2))
    if not 1 <= number <= 12:
        return None
    return pd.Timestamp(year=year, month=number, day=calendar.monthrange(year, number)[1])
