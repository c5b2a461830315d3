"""The returned task list: what departments answered, sheet by sheet."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from zjanalysis.columns import TASK_COLUMNS
from zjanalysis.errors import InputError
from zjanalysis.inputs.office_table import find_table
from zjanalysis.inputs.workbook import read_rows
from zjanalysis.settings import Guard

NEEDED = ("item_key", "to_value", "indicator", "region_code", "answer")
NUMBERS = ("order", "gain", "to_value", "agreed_value")


def read_answers(path: Path, *, guard: Guard | None = None) -> pd.DataFrame:
    """Give the answers of every department's sheet: one row per task, in the columns of the task list.

    ``agreed_value`` that is no number is missing, and its text stays in ``agreed_text``. Raises InputError for a
    workbook without a task sheet, or without one task.
    """
    tables = []
    for sheet in read_rows(path, guard=guard or Guard()):
        try:
            tables.append(find_table([sheet], TASK_COLUMNS, required=NEEDED, name=path.name).rows)
        except InputError:
            continue  # the contents sheet, or one the office added
    rows = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    if rows.empty:
        raise InputError(
            f"“{path.name}”里没有找到任务清单。", "请使用 zj plan --out 导出的工作簿，不要改动表头和隐藏列。"
        )
    tasks = rows[rows["item_key"] != ""].reset_index(drop=True)
    numbers = {key: pd.to_numeric(tasks[key], errors="coerce") for key in NUMBERS if key in tasks}
    written = tasks["agreed_value"] if "agreed_value" in tasks else pd.Series("", index=tasks.index)
    return tasks.assign(agreed_text=written, **numbers)
