"""The ledger on disk: made once, then refreshed in place; what people wrote, and how it looks, is never touched.

Every function reads the workbook, lets the pure functions of `analysis.ledger*` decide, and puts the new file in the
place of the old in one step: a crash leaves the old file as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook, load_workbook

from zjanalysis.analysis.ledger import hand_columns, is_own, refresh
from zjanalysis.analysis.ledger_merge import LOGGED, changes, hand_changes, merge, tool_changes
from zjanalysis.analysis.ledger_parts import LedgerFile, read_ledger
from zjanalysis.columns import HAND, LEDGER, LEDGER_COLUMNS, TOOL, label
from zjanalysis.display.ledger_safe import refuse_losses, refuse_when_open, release
from zjanalysis.display.ledger_sheet import (
    CONFLICT_WIDTHS,
    HEADER_ROW,
    LOG_WIDTHS,
    append_lines,
    colour_states,
    dress,
    head_cell,
    new_book,
    put,
    remember,
)
from zjanalysis.display.ledger_words import amount, cell_of, with_target_text
from zjanalysis.display.row_heights import grow_row
from zjanalysis.display.wording import missing
from zjanalysis.errors import InputError
from zjanalysis.inputs.ledger_file import CONFLICT_SHEET, LOG_SHEET
from zjanalysis.inputs.workbook import column_letter
from zjanalysis.settings import Guard

# Of a row the office added, the tool writes only these.
OWN_ROW = ("status", "opened_on", "reached_on", "progress_on", "hint", "ledger_id")
SAMPLE_NOTE = "示例数据（模拟）：本台账的数值、进展与佐证均为演示而编造。"
NOTE = "深蓝表头由人填写；灰表头由工具填写，请勿改动。填写规则见“填写说明”。"


@dataclass(frozen=True)
class LedgerResult:
    """What a command did: the ledger, the lines added to the change log, the conflicts people must decide."""

    path: Path
    ledger: pd.DataFrame
    changes: pd.DataFrame
    conflicts: pd.DataFrame


def init_ledger(path: str | Path, ledger: pd.DataFrame, *, on: str | date, sample: bool = False) -> LedgerResult:
    """Write a new ledger (`analysis.ledger.start`) as a workbook; never over an existing file.

    Raises InputError when the file is already there.
    """
    where = Path(path)
    if where.exists():
        raise InputError(f"台账“{where.name}”已经存在，不会覆盖。", "要刷新数值请用更新；要另起一本请换文件名。")
    whole = with_target_text(ledger)
    book = new_book(title="数字政府改革建设整改台账", note=SAMPLE_NOTE + NOTE if sample else NOTE)
    letters = {c.key: column_letter(n) for n, c in enumerate(LEDGER_COLUMNS)}
    sheet = book.worksheets[0]
    for position, row in enumerate(_records(whole), start=HEADER_ROW + 1):
        dress(sheet, position, letters)
        for key in LEDGER:
            put(sheet[f"{letters[key]}{position}"], *cell_of(key, row))
        grow_row(sheet, position)
    last = HEADER_ROW + len(whole)
    sheet.auto_filter.ref = f"A{HEADER_ROW}:{letters['ledger_id']}{last}"
    sheet.print_area = f"A1:{letters['closed_on']}{last}"
    colour_states(sheet, letter=letters["status"], first=HEADER_ROW + 1, last=last + 500)
    made = changes(whole.iloc[:0], whole, columns=list(LOGGED), by="工具", on=on)
    append_lines(book, LOG_SHEET, _logged(made, whole), LOG_WIDTHS)
    remember(book, whole)
    release(book, where)
    return LedgerResult(where, whole, made, pd.DataFrame())


def update_ledger(
    path: str | Path,
    scores: pd.DataFrame,
    *,
    on: str | date,
    as_of: str | date | None = None,
    gaps: pd.DataFrame | None = None,
    guard: Guard | None = None,
) -> LedgerResult:
    """Refresh the tool's columns from the scores and settle the states; every hand-written cell stays as it is.

    What people changed since the last time, and what the tool changes now, goes into 变更记录.
    """
    file = read_ledger(path, guard=guard)
    after = with_target_text(refresh(file.ledger, file.memory, scores=scores, on=on, as_of=as_of, gaps=gaps))
    by_hand = hand_changes(file.memory, after, by="手工修改", on=on)
    by_tool = tool_changes(_logged_before(file, after), after, on=on)
    lines = pd.concat([by_hand, by_tool[by_tool["column"] != "row"]], ignore_index=True)
    _save(file, after, lines, pd.DataFrame())
    return LedgerResult(file.path, after, lines, pd.DataFrame())


def merge_ledger(
    path: str | Path, files: Iterable[str | Path], *, on: str | date, guard: Guard | None = None
) -> LedgerResult:
    """Take over what returned copies filled in; contradictions go to 冲突清单 and change nothing.

    The values stay those of the last update; states are settled anew.
    """
    file = read_ledger(path, guard=guard)
    back = {Path(f).name: read_ledger(f, guard=guard) for f in files}
    copies = {name: (copy.ledger, copy.memory) for name, copy in back.items()}
    day = file.memory["as_of"].max()
    merged = merge(file.ledger, file.memory, copies=copies, on=on, as_of=on if pd.isna(day) else day)
    after = with_target_text(merged.ledger)
    by_hand = hand_changes(file.memory, file.ledger, by="手工修改", on=on)
    by_tool = tool_changes(_logged_before(file, after), after, on=on)
    lines = pd.concat([by_hand, merged.changes, by_tool[by_tool["column"] != "row"]], ignore_index=True)
    _save(file, after, lines, merged.conflicts)
    return LedgerResult(file.path, after, lines, merged.conflicts)


def _logged_before(file: LedgerFile, after: pd.DataFrame) -> pd.DataFrame:
    """The tool's cells before: its memory, and for a new row the row itself, so that only real moves are logged."""
    new = after[~after["ledger_id"].isin(file.memory["ledger_id"])]
    blank = new.assign(status="", reached_on=pd.Series(pd.NaT, index=new.index))
    return pd.concat([file.memory, blank], ignore_index=True)


def _save(file: LedgerFile, ledger: pd.DataFrame, lines: pd.DataFrame, conflicts: pd.DataFrame) -> None:
    refuse_when_open(file.path)
    refuse_losses(file.path)
    book = load_workbook(file.path, rich_text=True)
    written = _write_rows(book, file, ledger, frozenset(lines["ledger_id"]))
    append_lines(book, LOG_SHEET, _logged(lines, ledger), LOG_WIDTHS)
    if len(conflicts):
        append_lines(book, CONFLICT_SHEET, _unlisted(book, _titled(conflicts)), CONFLICT_WIDTHS)
    remember(book, ledger)
    release(book, file.path, original=file.path, written=written, sheet=file.sheet)


def _unlisted(book: Workbook, conflicts: pd.DataFrame) -> pd.DataFrame:
    """Give the conflicts 冲突清单 does not hold yet, so that a merge run twice lists them once."""
    if CONFLICT_SHEET not in book.sheetnames:
        return conflicts
    listed = {tuple(str(v or "") for v in row) for row in book[CONFLICT_SHEET].iter_rows(values_only=True)}
    new = [tuple(map(str, row)) not in listed for row in conflicts.itertuples(index=False)]
    return conflicts[new]


def _write_rows(book: Workbook, file: LedgerFile, ledger: pd.DataFrame, changed: frozenset[str]) -> frozenset[str]:
    """Write the cells that changed and the new rows; give the addresses written.

    A row that changed, or never had a height, grows until its texts fit; no other row's height is touched.
    """
    sheet = book[file.sheet]
    letters = _with_missing_columns(sheet, file, ledger)
    tail = max([sheet.max_row, *ledger["row_number"].dropna().astype(int)], default=file.header_row)
    was = {int(row["row_number"]): row for row in _records(file.ledger)}
    written: set[str] = set()
    new_rows = 0
    for own, row in zip(is_own(ledger), _records(ledger), strict=True):
        fresh = pd.isna(row["row_number"])
        new_rows += int(fresh)
        position = tail + new_rows if fresh else int(row["row_number"])
        if fresh:
            dress(sheet, position, letters)
        keys = letters if fresh else [*(OWN_ROW if own else TOOL), *_moved(row, was[position], letters)]
        for key in keys:
            put(sheet[f"{letters[key]}{position}"], *cell_of(key, row))
            written.add(f"{letters[key]}{position}")
        if row["ledger_id"] in changed or sheet.row_dimensions[position].height is None:
            grow_row(sheet, position)
    _stretch(sheet, tail + new_rows)
    return frozenset(
        written | {f"{letter}{file.header_row}" for key, letter in letters.items() if key not in file.letters}
    )


def _moved(row: Mapping[str, Any], before: Mapping[str, Any], letters: Mapping[str, str]) -> list[str]:
    """Give the hand columns whose text a merge changed."""
    hand = [key for key in letters if key not in TOOL]
    return [key for key in hand if _plain(row.get(key)) != _plain(before.get(key))]


def _plain(value: Any) -> str:
    return "" if missing(value) else str(value)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def _with_missing_columns(sheet: Any, file: LedgerFile, ledger: pd.DataFrame) -> dict[str, str]:
    """Give the sheet column of every column; what the sheet lacks (deleted, or new from a copy) goes to the right."""
    letters = dict(file.letters)
    extras = [key for key in hand_columns(ledger) if key not in HAND]
    for key in (*TOOL, *extras):
        if key not in letters:
            letters[key] = column_letter(sheet.max_column)
            head_cell(sheet[f"{letters[key]}{file.header_row}"], label(key, "ledger", "changes"), tool=key in TOOL)
    return letters


def _stretch(sheet: Any, last: int) -> None:
    """Let the filter and the print area reach the last row."""
    if sheet.auto_filter.ref:
        sheet.auto_filter.ref = re.sub(r"\d+$", str(last), sheet.auto_filter.ref)
    area = str(sheet.print_area or "")
    if re.fullmatch(r".*\$?[A-Z]+\$?\d+:\$?[A-Z]+\$?\d+", area):
        sheet.print_area = re.sub(r"\d+$", str(last), area.rsplit("!", maxsplit=1)[-1].replace("$", ""))


def _logged(lines: pd.DataFrame, ledger: pd.DataFrame) -> pd.DataFrame:
    """Give log lines as people read them: column titles, values with their units."""
    units = ledger.drop_duplicates("ledger_id").set_index("ledger_id")["unit"]
    titled = _titled(lines)
    numeric = lines["column"].isin(["current", "baseline", "target_value"])
    worded_cells = {
        key: [
            amount(float(text), str(units.get(one, ""))) if is_number and text else text
            for one, text, is_number in zip(lines["ledger_id"], lines[key], numeric, strict=True)
        ]
        for key in ("old", "new")
    }
    about = ledger.drop_duplicates("ledger_id").set_index("ledger_id")[["region", "indicator_label", "problem"]]
    named = about.reindex(lines["ledger_id"]).set_axis(lines.index)
    what = named["indicator_label"].fillna(named["problem"])
    whole = titled.assign(**worded_cells, region=named["region"], indicator_label=what)
    return whole[["changed_on", "changed_by", "ledger_id", "region", "indicator_label", "column", "old", "new"]]


def _titled(lines: pd.DataFrame) -> pd.DataFrame:
    words = {"row": "（整行）", "target_value": "目标值"}
    return lines.assign(column=lines["column"].map(lambda key: words.get(key, label(key, "ledger", "changes"))))


__all__ = ["LedgerResult", "init_ledger", "merge_ledger", "read_ledger", "update_ledger"]
