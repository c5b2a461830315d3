"""The ledger on a page: the board, by unit, by region, what moved, what is due, and section 七 of a district report."""

from __future__ import annotations

from datetime import date

import pandas as pd

from zjanalysis.analysis.ledger_board import board, by_region, by_unit, due, moved, rows_of, with_trend
from zjanalysis.columns import column_of
from zjanalysis.display.ledger_words import worded
from zjanalysis.display.tables import Table, table
from zjanalysis.inputs.regions import region_name
from zjanalysis.inputs.workplan import has_plan

_COUNTS = ("n_rows", "n_met", "n_closed", "n_in_progress", "n_long_term", "n_not_started", "n_overdue", "n_no_value")
_LEAD = ("sequence", "problem", "lead_unit", "measures", "deadline", "current_text", "target_text", "gap_text")
DISTRICT = (*_LEAD, "status", "closed_on")
CITY_ROWS = (
    "task",
    "problem",
    "target_text",
    "baseline_text",
    "current_text",
    "gap_text",
    column_of("trend", "board"),
    "deadline",
    "status",
)
NOTE = "已达标含已销号；已达标＋推进中＋长期推进＋未启动＋逾期＝事项。"


def board_table(ledger: pd.DataFrame, *, on: str | date, city: str = "") -> Table:
    """Give the board of the plan's eleven tasks: how many rows in which state, deadline, days left."""
    rows = board(ledger, on=on, city=city)
    return table(
        rows[rows["kind"] == "task"],
        caption="方案各项任务进展",
        columns=("task", "title", *_COUNTS, "deadline", "days_left", "task_status"),
        note=NOTE,
        sheet="十一项任务",
    )


def board_sentence(ledger: pd.DataFrame, *, on: str | date, city: str = "") -> str:
    """Say how the ledger stands in one sentence, counts before rates; and that no plan is on record, if so."""
    planned = not city or has_plan(city)
    plan = "" if planned else f"未收录{region_name(city)}的工作方案，没有方案任务和目标；以下只列自行登记的事项。"
    if ledger.empty:
        return f"{plan}本期没有台账。"
    rows = board(ledger, on=on, city=city)
    sums = rows if planned else by_region(ledger)
    total = {key: int(sums[key].sum()) for key in _COUNTS}
    tasks = int((rows.loc[rows["kind"] == "task", "n_overdue"] > 0).sum())
    among = f"，涉及十一项任务中的 {tasks} 项任务" if planned else ""
    late = f"逾期 {total['n_overdue']} 项{among}" if total["n_overdue"] else "没有逾期事项"
    return (
        f"{plan}台账共 {total['n_rows']} 项：已达标 {total['n_met']} 项（其中已销号 {total['n_closed']} 项），"
        f"推进中 {total['n_in_progress']} 项，长期推进 {total['n_long_term']} 项，"
        f"未启动 {total['n_not_started']} 项；{late}。"
    )


def city_table(ledger: pd.DataFrame, earlier: pd.DataFrame, *, region: str) -> Table:
    """Give the rows of the city: value against target, trend since the earlier ledger, state."""
    rows = with_trend(rows_of(ledger, region=region), earlier)
    return table(worded(rows), caption="市级事项：现值、目标与趋势", columns=CITY_ROWS, sheet="市级事项")


def units_table(ledger: pd.DataFrame) -> Table:
    """Give the states by 责任单位; a row two units answer for counts for both."""
    return table(by_unit(ledger), caption="按责任单位", columns=("unit_name", *_COUNTS), note=NOTE, sheet="按责任单位")


def regions_ledger_table(ledger: pd.DataFrame) -> Table:
    """Give the states by region."""
    return table(by_region(ledger), caption="按地区", columns=("region", *_COUNTS), note=NOTE, sheet="按地区")


def moved_table(ledger: pd.DataFrame, earlier: pd.DataFrame) -> Table:
    """Give what changed its state since the earlier ledger, with both states and both values."""
    rows = moved(ledger, earlier)
    before = worded(rows.assign(current=rows["current_before"]))["current_text"]
    told = worded(rows).drop(columns="current_before").assign(value_before=before)
    columns = ("sequence", "region", "problem", "status_before", "status", "value_before", "current_text", "hint")
    return table(told, caption="较上期状态有变动的事项", columns=columns, sheet="状态变动")


def due_table(ledger: pd.DataFrame, *, on: str | date, within: int = 30, quiet: int = 60, limit: int = 60) -> Table:
    """Give the list for inspection, at most ``limit`` rows: overdue, due soon, without progress, not closed."""
    found = due(ledger, on=on, within=within, quiet=quiet)
    rows = worded(found.head(limit))
    place, figures = ("why_due", "sequence", "region", "problem", "lead_unit"), ("target_text", "current_text")
    columns = (*place, *figures, "deadline", "days_left", "days_quiet", "status")
    return table(rows, caption="督查清单", columns=columns, sheet="督查清单", note=_cut(len(found), len(rows)))


def district_table(ledger: pd.DataFrame, *, region: str, limit: int = 20) -> Table:
    """Give section 七 of a district report: the rows that need attention first, at most ``limit``."""
    own = rows_of(ledger, region=region)
    rows = worded(own.head(limit))
    return table(rows, caption="整改台账", columns=DISTRICT, sheet="整改台账", note=_cut(len(own), len(rows)))


def _cut(n: int, shown: int) -> str:
    """Say that a list was cut, and where all of it stands."""
    return f"共{n}项，按轻重列出{shown}项；全部见台账工作簿 ledger.xlsx。" if shown < n else f"共{n}项。"
