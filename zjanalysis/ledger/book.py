"""The ledger on disk: made once, then refreshed in place; what people wrote, and how it looks, is never touched.

Every function reads the workbook (`rows`), settles the rows (`state`, `merge`), and puts the new file in the place of
the old in one step: a crash leaves the old file as it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from zjanalysis.columns import HAND, LEDGER, LEDGER_COLUMNS, TOOL, column_of, label
from zjanalysis.display import wording
from zjanalysis.display.sheets import BOX, TOOL_FILL, for_paper, grow_row, head_cell, looks_of, opened, put, release
from zjanalysis.files import refuse_written_in
from zjanalysis.inputs.office_table import PLACE, Day
from zjanalysis.inputs.reference import read_reference
from zjanalysis.inputs.workbook import column_letter
from zjanalysis.ledger import merge, reading
from zjanalysis.ledger.display import amount, cell_of, sheet_texts, with_words
from zjanalysis.ledger.merge import Copy, LedgerResult
from zjanalysis.ledger.reading import LEDGER_SHEET, MEMORY_SHEET, LedgerFile, read_ledger
from zjanalysis.ledger.rows import COUNTED, LOG_SHEET, SAMPLE, hand_columns, is_own, records, today
from zjanalysis.ledger.state import Status, figures_day, refresh, working_day
from zjanalysis.neutral import put_text

# Fill and ink of each state; the word is in the cell, so nothing depends on the colour.
STATE_COLOURS = {
    Status.OVERDUE: ("FBE3D2", "8A3A00"),
    Status.NOT_STARTED: ("F7E3EC", "7A1140"),
    Status.IN_PROGRESS: ("FFF6D6", "5F4B00"),
    Status.LONG_TERM: ("E8EDF3", "1D2733"),
    Status.REACHED: ("DDF1EF", "064F4A"),
    Status.CLOSED: ("CFE8D5", "0E4A20"),
}
LOG_WIDTHS = {"changed_by": 24, "ledger_id": 18, "column": 14, "old": 40, "new": 40}
CONFLICT_WIDTHS = {
    "in_master": 36, "in_copy": 36, "changed_by": 24, "reason": 30, "ledger_id": 18, "indicator_label": 20,
}  # fmt: skip
CENTRED = ("sequence", "task", "clause", "parent", "status", "deadline", "evidence_date", "closed_on", "reached_on",
           "opened_on")  # fmt: skip
AS_TEXT = ("deadline", "target_text")
"""Columns in which a spreadsheet leaves 2021-06 and 95% as they are typed."""
HELP_SHEET, CONFLICT_SHEET, HEADER_ROW = "填写说明", "冲突清单", 3
PROBLEMS = tuple(f"前言-0{n}" for n in range(1, 9))
"""The eight problems the plan's preface speaks of, as 所属问题 names them."""
# Of a row the office added, the tool writes only these.
OWN_ROW = tuple(key for key in TOOL if key not in (*reading.TYPED_BY_OFFICE, "baseline", "gap"))
SAMPLE_NOTE = f"{SAMPLE}：本台账的数值、进展与佐证均为演示而编造。"
NOTE = "深蓝表头由人填写；灰表头由工具填写，请勿改动。填写规则见“填写说明”。"


def init_ledger(path: Path, ledger: pd.DataFrame, *, on: Day, sample: bool = False) -> LedgerResult:
    """Write a new ledger (`state.start`) as a workbook; never over an existing file.

    Raises InputError when the file is already there.
    """
    refuse_written_in(path)
    whole = with_words(ledger)
    letters = {c.key: column_letter(n) for n, c in enumerate(LEDGER_COLUMNS)}
    last = HEADER_ROW + len(whole)
    book = _new_book(letters, last=last, note=SAMPLE_NOTE + NOTE if sample else NOTE)
    sheet = book.worksheets[0]
    _dress(sheet, range(HEADER_ROW + 1, last + 1), letters)
    for position, row in enumerate(records(whole), start=HEADER_ROW + 1):
        for key in LEDGER:
            put(sheet[f"{letters[key]}{position}"], *cell_of(key, row))
        grow_row(sheet, position, len(letters))
    lines = merge.tool_changes(whole.iloc[:0], whole, on=on)
    _append_lines(book, LOG_SHEET, _logged(lines, whole), LOG_WIDTHS)
    _remember(book, whole)
    release(book, path)
    return LedgerResult(whole, lines, pd.DataFrame())


def update_ledger(
    path: Path, scores: pd.DataFrame, *, on: Day, as_of: Day | None = None, gaps: pd.DataFrame | None = None
) -> LedgerResult:
    """Refresh the tool's columns from the scores and settle the states; every hand-written cell stays as it is.

    What people changed since the last time, and what the tool changes now, goes into 变更记录.
    """
    with reading.locked(path):
        file = reading.read_to_change(path)
        day, figures = working_day(file, on), figures_day(file, as_of or on)
        after = with_words(refresh(file.ledger, file.memory, scores=scores, on=day, as_of=figures, gaps=gaps))
        edited, typed = _by_hand(file, after, on=on)
        lines = pd.concat([edited, typed, _by_tool(file, after, on=on)], ignore_index=True)
        return _save(file, LedgerResult(after, lines, pd.DataFrame(), merge.notes_of(file, edited, after)))


def merge_ledger(path: Path, files: Iterable[str | Path], *, on: Day) -> LedgerResult:
    """Take over what returned copies filled in; contradictions go to 冲突清单 and change nothing.

    The values stay those of the last update; states are settled anew.
    """
    returned = {file.name: partial(_copy, read_ledger(file)) for file in map(Path, files)}
    return merge_copies(path, returned, on=on)


def merge_copies(path: Path, copies: Mapping[str, Callable[[LedgerFile], Copy]], *, on: Day) -> LedgerResult:
    """Take over what came back, by file name, each made from the ledger as it stands now (`merge.merge`)."""
    with reading.locked(path):
        file = reading.read_to_change(path)
        day, figures = working_day(file, on), file.memory["as_of"].max()
        as_of, returned = day if pd.isna(figures) else figures, {name: copy(file) for name, copy in copies.items()}
        merged = merge.merge(file.ledger, file.memory, copies=returned, on=day, as_of=as_of)
        after = with_words(merged.ledger)
        edited, typed = _by_hand(file, file.ledger, on=on)
        lines = pd.concat([edited, typed, merged.changes, _by_tool(file, after, on=on)], ignore_index=True)
        notes = (*merge.notes_of(file, edited, after), *merged.notes)
        return _save(file, replace(merged, ledger=after, changes=lines, notes=notes))


def _copy(file: LedgerFile, own: LedgerFile) -> Copy:
    """Return a returned copy with what its cells said when it was sent out; notes under the ledger's table too."""
    strays = own.written[own.written["doubt"] == reading.STRAY]
    stood = pd.concat([sheet_texts(file.memory), strays.reindex(columns=list(LEDGER)).assign(ledger_id="")])
    return Copy(file.ledger, file.memory, file.written, stood.fillna("").reset_index(drop=True))


def _by_hand(file: LedgerFile, after: pd.DataFrame, *, on: Day) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what people did to the ledger since the tool last wrote, what they typed in the tool's cells apart.

    That is put back to what the tool says, and stays in the log.
    """
    typed = merge.typed_over(file.written, sheet_texts(file.memory)).rename(columns={"text": "old", "stood": "new"})
    put_back = typed.assign(changed_on=today(on), changed_by="手工改了工具列，已恢复")[merge.CHANGES]
    deleted = dict.fromkeys((key for key in merge.missing_columns(file.written, file.memory) if key not in HAND), "")
    return merge.hand_changes(file.memory, after.assign(**deleted), on=on), put_back


def _by_tool(file: LedgerFile, after: pd.DataFrame, *, on: Day) -> pd.DataFrame:
    """Return what the tool moved; a new row is held against itself, so that only real moves are logged."""
    new = after[~after["ledger_id"].isin(file.memory["ledger_id"])]
    blank = new.assign(status="", reached_on=pd.Series(pd.NaT, index=new.index))
    lines = merge.tool_changes(pd.concat([file.memory, blank], ignore_index=True), after, on=on)
    return lines[lines["column"] != "row"]


def _save(file: LedgerFile, result: LedgerResult) -> LedgerResult:
    ledger, lines = result.ledger, result.changes
    book = opened(file.path)
    if MEMORY_SHEET in book.sheetnames:  # written anew
        del book[MEMORY_SHEET]
    kept = looks_of(book)
    written = _write_rows(book[file.sheet], file, ledger, frozenset(lines["ledger_id"]))
    about = {"changed_on": ledger["settled_on"].max(), "changed_by": "汇总", "column": "row"}
    notes = pd.DataFrame({"new": result.notes}, columns=merge.CHANGES).assign(**about)
    _append_lines(book, LOG_SHEET, _logged(pd.concat([lines, notes.fillna("")], ignore_index=True), ledger), LOG_WIDTHS)
    if len(result.conflicts):
        _append_lines(book, CONFLICT_SHEET, _unlisted(book, _titled(result.conflicts)), CONFLICT_WIDTHS)
    _remember(book, ledger)
    release(book, file.path, kept={place: look for place, look in kept.items() if place not in written})
    return result


# --- the sheets ---------------------------------------------------------------------------------------------------


def _new_book(letters: Mapping[str, str], *, last: int, note: str) -> Workbook:
    """Return a ledger workbook without rows, laid out for rows down to ``last``: 台账, 填写说明."""
    book = Workbook()
    sheet = book.active
    sheet.title = LEDGER_SHEET
    put_text(sheet.cell(1, 1), "数字政府改革建设整改台账")
    put_text(sheet.cell(2, 1), note)
    sheet.cell(1, 1).font, sheet.cell(2, 1).font = Font(bold=True, size=16), Font(color="8A3A00", bold=True)
    for column in LEDGER_COLUMNS:
        head = sheet[f"{letters[column.key]}{HEADER_ROW}"]
        head_cell(head, column.label, tool=not column.writer, width=column.width)
    for key in AS_TEXT:  # also under the last row
        sheet.column_dimensions[letters[key]].number_format = "@"
    sheet.row_dimensions[1].height, sheet.row_dimensions[HEADER_ROW].height = 26, 30
    sheet.column_dimensions[letters["row_key"]].hidden = True
    sheet.freeze_panes = sheet.cell(HEADER_ROW + 1, 7)
    for_paper(sheet, head=HEADER_ROW, paper=sheet.PAPERSIZE_A3)
    sheet.auto_filter.ref = f"A{HEADER_ROW}:{letters['ledger_id']}{last}"
    sheet.print_area = f"A1:{letters['closed_on']}{last}"
    for state, (fill, ink) in STATE_COLOURS.items():  # by rule, so that colour follows the word whatever is sorted
        rule = CellIsRule("equal", [f'"{state}"'], fill=PatternFill(bgColor=fill), font=Font(color=ink, bold=True))
        sheet.conditional_formatting.add(f"{letters['status']}{HEADER_ROW + 1}:{letters['status']}{last + 500}", rule)
    choice = DataValidation("list", formula1=f'"{",".join(PROBLEMS)}"', allow_blank=True, showErrorMessage=False)
    sheet.add_data_validation(choice)
    choice.add(f"{letters['parent']}{HEADER_ROW + 1}:{letters['parent']}{last + 500}")
    _help(book.create_sheet(HELP_SHEET))
    return book


def _help(sheet: Worksheet) -> None:
    put_text(sheet.cell(1, 1), "填写说明")
    sheet.cell(1, 1).font = Font(bold=True, size=14)
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 16, 100
    for row, line in enumerate(read_reference("ledger_help"), start=3):
        put_text(sheet.cell(row, 1), line["term"])
        put_text(sheet.cell(row, 2), line["text"])
        sheet.cell(row, 1).font = Font(bold=True)
        sheet.cell(row, 1).alignment = sheet.cell(row, 2).alignment = Alignment(wrap_text=True, vertical="top")
        grow_row(sheet, row, 2)


def _dress(sheet: Worksheet, rows: Sequence[int], letters: Mapping[str, str]) -> None:
    """Give new rows the looks of each column, worked out once and copied."""
    for key, letter in letters.items() if rows else ():
        cell = sheet[f"{letter}{rows[0]}"]
        cell.border = BOX
        cell.alignment = Alignment(wrap_text=True, vertical="top", horizontal="center" if key in CENTRED else None)
        if key in TOOL:
            cell.fill = TOOL_FILL
        if column_of(key, "ledger").kind == "date":
            cell.number_format = "yyyy-mm-dd"
        if key in AS_TEXT:
            cell.number_format = "@"
        for row in rows[1:]:
            sheet[f"{letter}{row}"]._style = copy(cell._style)


def _write_rows(sheet: Worksheet, file: LedgerFile, ledger: pd.DataFrame, changed: frozenset[str]) -> set[str]:
    """Write the cells that changed and the new rows; return the addresses written, each behind its sheet's name.

    A row that changed, or never had a height, grows until its texts fit; no other row's height is touched.
    """
    letters, last = _with_missing_columns(sheet, file, ledger), sheet.max_column
    tail = max([sheet.max_row, *ledger["row_number"].dropna().astype(int)], default=file.header_row)
    was = {int(row["row_number"]): row for row in records(file.ledger)}
    written = {f"{letter}{file.header_row}" for key, letter in letters.items() if key not in file.letters}
    for own, row in zip(is_own(ledger), records(ledger), strict=True):
        fresh = pd.isna(row["row_number"])
        tail += int(fresh)
        position = tail if fresh else int(row["row_number"])
        if fresh:
            _dress(sheet, [position], letters)
        back = [key for key in HAND if key not in file.letters]  # a column somebody deleted, with what stood in it
        keys = letters if fresh else [*(OWN_ROW if own else TOOL), *_moved(row, was[position], letters, own=own), *back]
        for key in keys:
            written |= _parted(sheet, f"{letters[key]}{position}")
            put(sheet[f"{letters[key]}{position}"], *cell_of(key, row))
        if row["ledger_id"] in changed or sheet.row_dimensions[position].height is None:
            grow_row(sheet, position, last)
    _stretch(sheet, tail)
    return {f"{sheet.title}!{address}" for address in written}


def _parted(sheet: Worksheet, address: str) -> set[str]:
    """Return a cell to be written, and those merged with it: taken apart, each row holds what it was read as."""
    cells = {address}
    for merged in [one for one in sheet.merged_cells.ranges if address in one]:
        first = merged.start_cell
        sheet.unmerge_cells(merged.coord)
        for place in merged.left:
            sheet.cell(*place).value, sheet.cell(*place)._style = first.value, copy(first._style)
        cells |= {f"{column_letter(column - 1)}{row}" for line in merged.rows for row, column in line}
    return cells


def _moved(row: Mapping[str, Any], before: Mapping[str, Any], letters: Mapping[str, str], *, own: bool) -> list[str]:
    """Return the columns whose text a merge changed: people's, of an ``own`` row all that the office says of it."""
    read = {key: "current_written" if key == "current" else key for key in letters
            if key not in TOOL or (own and key in reading.TYPED_BY_OFFICE)}  # fmt: skip
    sides = {key: (row.get(name), before.get(name)) for key, name in read.items()}
    return [key for key, both in sides.items() if len({"" if wording.missing(one) else str(one) for one in both}) > 1]


def _with_missing_columns(sheet: Worksheet, file: LedgerFile, ledger: pd.DataFrame) -> dict[str, str]:
    """Return the sheet column of every column; what the sheet lacks (deleted, or new from a copy) goes to the right."""
    letters = dict(file.letters)
    for key in (*LEDGER, *hand_columns(ledger)):
        if key not in letters:
            letters[key] = column_letter(sheet.max_column)
            sheet.column_dimensions[letters[key]].hidden = key == "row_key"
            head, column = sheet[f"{letters[key]}{file.header_row}"], column_of(key, "ledger")
            head_cell(head, column.label, tool=key in TOOL, width=column.width)
    return letters


def _stretch(sheet: Worksheet, last: int) -> None:
    """Let the filter and the print area reach the last row."""
    if sheet.auto_filter.ref:
        sheet.auto_filter.ref = re.sub(r"\d+$", str(last), sheet.auto_filter.ref)
    area = str(sheet.print_area or "")
    if re.fullmatch(r".*\$?[A-Z]+\$?\d+:\$?[A-Z]+\$?\d+", area):
        sheet.print_area = re.sub(r"\d+$", str(last), area.rsplit("!", maxsplit=1)[-1].replace("$", ""))


def _append_lines(book: Workbook, name: str, rows: pd.DataFrame, widths: Mapping[str, int]) -> None:
    """Append rows under a sheet's table (变更记录, 冲突清单), making the sheet when it is not there."""
    if name not in book.sheetnames:
        sheet = book.create_sheet(name)
        for number, key in enumerate(rows.columns, start=1):
            head_cell(sheet.cell(1, number), label(key, "ledger"), tool=True, width=widths.get(key, 16))
        sheet.freeze_panes = "A2"
        for_paper(sheet, head=1, paper=sheet.PAPERSIZE_A4)
    sheet, wrapped = book[name], Alignment(wrap_text=True, vertical="top")
    for position, row in enumerate(records(rows), start=sheet.max_row + 1):
        for number, value in enumerate(row.values(), start=1):
            cell = sheet.cell(position, number)
            put(cell, value.to_pydatetime() if isinstance(value, pd.Timestamp) else value, "yyyy-mm-dd")
            cell.alignment = wrapped
        grow_row(sheet, position, len(rows.columns))


def _unlisted(book: Workbook, conflicts: pd.DataFrame) -> pd.DataFrame:
    """Return the conflicts 冲突清单 does not hold yet, so that a merge run twice lists them once."""
    if CONFLICT_SHEET not in book.sheetnames:
        return conflicts
    listed = {tuple(str(v or "") for v in row) for row in book[CONFLICT_SHEET].iter_rows(values_only=True)}
    return conflicts[[tuple(map(str, row)) not in listed for row in conflicts.itertuples(index=False)]]


def _logged(lines: pd.DataFrame, ledger: pd.DataFrame) -> pd.DataFrame:
    """Return log lines as people read them: column titles, values with their units."""
    about = ledger.drop_duplicates("ledger_id").set_index("ledger_id").reindex(lines["ledger_id"]).set_axis(lines.index)
    by_tool = lines["changed_by"].eq("工具")
    numeric = lines["column"].isin(["current", "baseline", "target_value"]) & by_tool
    texts = {key: [amount(float(text), str(unit)) if is_number and text else text
                   for unit, text, is_number in zip(about["unit"], lines[key], numeric, strict=True)]
             for key in ("old", "new")}  # fmt: skip
    what = about["indicator_label"].fillna(about["problem"])
    whole = _titled(lines).assign(**texts, region=about["region"], indicator_label=what)
    return whole[["changed_on", "changed_by", "ledger_id", "region", "indicator_label", "column", "old", "new"]]


def _titled(lines: pd.DataFrame) -> pd.DataFrame:
    words = {"row": "（整行）", "target_value": "目标值", "current_written": "当前值"}
    return lines.assign(column=lines["column"].map(lambda key: words.get(key, label(key, "ledger"))))


def _remember(book: Workbook, ledger: pd.DataFrame) -> None:
    """Write the tool's memory: every cell as it stands now, on a sheet nobody sees."""
    hide(book, ledger.drop(columns=[*COUNTED, *PLACE], errors="ignore").apply(merge.as_text))


def hide(book: Workbook, texts: pd.DataFrame) -> None:
    """Write a table of texts on the sheet of the tool's memory, which nobody sees."""
    sheet = book.create_sheet(MEMORY_SHEET)
    sheet.sheet_state = "veryHidden"
    for position, row in enumerate([list(texts.columns), *texts.itertuples(index=False)], start=1):
        for number, text in enumerate(row, start=1):
            if text:
                put_text(sheet.cell(position, number), str(text))
