"""ledger.xlsx → its rows as written, what the tool remembers of them (a hidden sheet), and the change log."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from zjanalysis.columns import CHANGE_COLUMNS, LEDGER, LEDGER_COLUMNS, MEMORY_KEYS
from zjanalysis.errors import InputError
from zjanalysis.inputs.office_table import OfficeTable, find_table
from zjanalysis.inputs.workbook import Sheet

LEDGER_SHEET, MEMORY_SHEET, LOG_SHEET, CONFLICT_SHEET, HELP_SHEET = (
    "台账",
    "工具底稿",
    "变更记录",
    "冲突清单",
    "填写说明",
)
KNOWN = tuple(dict.fromkeys([*LEDGER, *MEMORY_KEYS, "region_code", "verdict"]))


def ledger_rows(sheets: Sequence[Sheet], *, name: str) -> OfficeTable:
    """Give the rows of the ledger sheet: those with a number (编号), and those people added below or between.

    A row with fewer than two known cells filled (a note under the table) is no row of the ledger.
    Raises InputError when the workbook has no ledger.
    """
    table = find_table(sheets, LEDGER_COLUMNS, required=("ledger_id", "problem"), name=name)
    rows = table.rows
    known = [key for key in LEDGER if key in rows.columns and key != "sequence"]
    kept = rows["ledger_id"].ne("") | ((rows[known] != "").sum(axis=1) >= 2)
    return OfficeTable(
        rows[kept].reset_index(drop=True), table.letters, table.extras, table.file, table.sheet, table.header_row
    )


def ledger_memory(sheets: Sequence[Sheet]) -> pd.DataFrame:
    """Give what the tool wrote last, as text, one row per number; without the hidden sheet a table without rows."""
    try:
        table = find_table(sheets, (), required=(), name="", sheet=MEMORY_SHEET)
    except InputError:
        return pd.DataFrame(columns=list(KNOWN), dtype="str")
    rows = table.rows.drop(columns=["file", "sheet", "row_number"])
    return rows[rows["ledger_id"].ne("")].drop_duplicates("ledger_id").reset_index(drop=True)


def ledger_log(sheets: Sequence[Sheet]) -> pd.DataFrame:
    """Give the change log, oldest first, as text; a table without rows when the sheet is gone."""
    try:
        rows = find_table(sheets, CHANGE_COLUMNS, required=("ledger_id", "new"), name="", sheet=LOG_SHEET).rows
    except InputError:
        return pd.DataFrame(columns=[c.key for c in CHANGE_COLUMNS], dtype="str")
    return rows[[c.key for c in CHANGE_COLUMNS]]
