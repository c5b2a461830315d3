"""督办单: what a unit must answer for, as one workbook with a printable sheet per unit, and as a document per unit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet

from zjanalysis.columns import Column
from zjanalysis.display.blocks import Block, listing, say
from zjanalysis.display.document import make_document
from zjanalysis.display.sheets import BOX, for_paper, grow_row, head_cell, put, release
from zjanalysis.display.tables import Table, table
from zjanalysis.display.wording import missing
from zjanalysis.display.workbook import put_text, sheet_names
from zjanalysis.files import write_whole
from zjanalysis.ledger.analysis import OVERDUE, QUIET, REACHED, SOON, due, split_units
from zjanalysis.ledger.display import day_text, worded
from zjanalysis.ledger.inputs import SAMPLE, today

_HEADS = {"序号": 7, "任务": 8, "地区": 12, "事项": 34, "目标值": 20, "当前值": 12, "差距": 16, "完成时限": 12,
          "督查事由": 22, "现有进展": 28, "反馈情况（措施、责任人、完成时间）": 36}  # fmt: skip
SHEET_KEYS = ("sequence", "task", "region", "problem", "target_text", "current_text", "gap_text", "deadline",
              "reason_text", "progress")  # fmt: skip
REASONS = (OVERDUE, SOON, QUIET, REACHED)
ANSWER = "请于收到之日起 5 个工作日内书面反馈措施、责任人和完成时间；已完成的请附佐证，由市局核实后销号。"
SAMPLE_NOTE = f"{SAMPLE}：所列事项与数值均为演示而编造。"
BASIS = "根据整改优化提升工作方案和台账，你单位以下事项需要督办，"
TO_DO = ("sequence", "problem", "target_text", "current_text", "gap_text", Column("reason_text", "督查事由（时限）"))
TO_CLOSE = ("sequence", "problem", "current_text", Column("hint", "下一步"))


def notice_rows(ledger: pd.DataFrame, *, within: int = 30, quiet: int = 60) -> pd.DataFrame:
    """Return the rows for inspection in words, one for each unit that answers (unit_name): the gravest first."""
    rows = split_units(worded(due(ledger, within=within, quiet=quiet)))
    why = [_reason(w, left, idle) for w, left, idle in
           zip(rows["why_due"], rows["days_left"], rows["days_quiet"], strict=True)]  # fmt: skip
    return rows.assign(reason_text=pd.Series(why, index=rows.index, dtype="str"))


def _reason(why: str, left: int, idle: int) -> str:
    """Say how long a row is overdue, how soon it is due, how long nothing was written."""
    words = {OVERDUE: f"逾期 {_days(left, -1)}", SOON: f"还有 {_days(left)}到期", QUIET: f"{_days(idle)}无进展"}
    return words.get(why, "已达标，待销号")


def _days(number: int, sign: int = 1) -> str:
    return "" if missing(number) else f"{sign * number} 天"


def summary_table(rows: pd.DataFrame) -> Table:
    """Return how many rows each unit has for each reason."""
    counted = rows.groupby(["unit_name", "why_due"], sort=False).size().rename("n_rows").reset_index()
    return table(counted, caption="督办事项汇总", columns=("unit_name", "why_due", "n_rows"), sheet="汇总")


def write_notices(
    rows: pd.DataFrame, path: str | Path, *, on: str | date, issuer: str = "", sample: bool = False
) -> Path:
    """Write the 督办单 of every unit (from `notice_rows`) as one workbook: the summary, then a sheet per unit."""
    book = Workbook()
    units = list(rows["unit_name"].drop_duplicates())
    _summary(book.active, rows, units, on=on, sample=sample)
    for name, unit in zip(sheet_names(units), units, strict=True):
        _sheet(book.create_sheet(name), rows[rows["unit_name"] == unit], unit, on=on, issuer=issuer, sample=sample)
    release(book, Path(path))
    return Path(path)


def write_documents(
    rows: pd.DataFrame, folder: Path, *, on: str | date, issuer: str, sample: bool = False
) -> list[Path]:
    """Write the 督办单 of every unit (from `notice_rows`) as a document of its own, in the form of GB/T 9704."""
    day = today(on)
    units = list(rows["unit_name"].drop_duplicates())
    names = [name.translate(str.maketrans('<>|"', "＜＞｜＂")) for name in sheet_names(units)]
    written = []
    for name, unit in zip(names, units, strict=True):
        parts = _notice(rows[rows["unit_name"] == unit])
        cover = {"title": f"督办单（{day_text(day)}）", "to": unit, "sample": sample}
        paper = make_document(parts, cover, office=issuer, date=f"{day:%Y-%m-%d}")
        written.append(write_whole(folder / f"{name}_督办单_{day:%Y-%m-%d}.docx", paper))
    return written


def _notice(rows: pd.DataFrame) -> list[str | dict[str, Any]]:
    """Return what a 督办单 says: what must be put right, what only waits for its evidence, how to answer."""
    closing = rows["why_due"].eq(REACHED)
    open_rows, reached = rows[~closing], rows[closing]
    parts: list[str | Block] = [say(BASIS, _counted(rows))]
    if len(open_rows):
        until = open_rows["reason_text"] + "（" + open_rows["deadline"].fillna("") + "）"
        shown = table(open_rows.assign(reason_text=until), caption="需要整改的事项", columns=TO_DO, sheet="督办")
        parts += ["需要整改的事项", listing(shown, _without_figures(open_rows))]
    if len(reached):
        shown = table(reached, caption="已达标、待销号的事项", columns=TO_CLOSE, sheet="督办")
        parts += ["已达标、待销号的事项", listing(shown)]
    return numbered([*parts, "办理要求", say(ANSWER)])


def numbered(parts: Iterable[str | Block]) -> list[str | dict[str, Any]]:
    """Return the parts of a document: its headings 一、二、…, what its blocks hold."""
    numbers = iter("一二三四五六七八九十")
    return [f"{next(numbers)}、{part}" if isinstance(part, str) else part.payload for part in parts]


def _without_figures(rows: pd.DataFrame) -> str:
    """Say how many rows have no figure, so that nobody can tell whether they are behind."""
    n = int((rows["current"].isna() & rows["unit"].ne("typed")).sum())
    return f"其中{n}项本期没有数据，不能判断是否达标，请先补报数据。" if n else ""


def _date(on: str | date) -> str:
    return day_text(today(on))


def _counted(rows: pd.DataFrame) -> str:
    counts = [(word, int((rows["why_due"] == word).sum())) for word in REASONS]
    return f"共 {len(rows)} 项，其中" + "、".join(f"{word} {n} 项" for word, n in counts if n) + "。"


def _summary(sheet: Worksheet, rows: pd.DataFrame, units: list[str], *, on: str | date, sample: bool) -> None:
    sheet.title = "汇总"
    put_text(sheet.cell(1, 1), f"督办事项汇总（{_date(on)}）")
    sheet.cell(1, 1).font = Font(bold=True, size=16)
    put_text(sheet.cell(2, 1), (SAMPLE_NOTE if sample else "") + "一项由几个单位牵头的，每个单位各计一次。")
    for number, word in enumerate(("责任单位", *REASONS, "合计"), start=1):
        head_cell(sheet.cell(3, number), word)
        sheet.column_dimensions[sheet.cell(3, number).column_letter].width = 30 if number == 1 else 14
    for position, unit in enumerate(units, start=4):
        own = rows[rows["unit_name"] == unit]
        counts = [int((own["why_due"] == word).sum()) for word in REASONS]
        for number, value in enumerate((unit, *counts, len(own)), start=1):
            put(sheet.cell(position, number), value, "0")
            sheet.cell(position, number).border = BOX
    for_paper(sheet, head=3, paper=sheet.PAPERSIZE_A4)


def _sheet(sheet: Worksheet, rows: pd.DataFrame, unit: str, *, on: str | date, issuer: str, sample: bool) -> None:
    """Lay out one 督办单: title, whom it is for, what it is about, the table with room for the answer, who sent it."""
    width = len(_HEADS)
    basis = (SAMPLE_NOTE if sample else "") + BASIS
    lines = (("督办单", 20, "center"), (f"{unit}：", 12, "left"), (basis + _counted(rows) + ANSWER, 12, "left"))
    for position, (text, size, where) in enumerate(lines, start=1):
        sheet.merge_cells(start_row=position, start_column=1, end_row=position, end_column=width)
        put_text(sheet.cell(position, 1), text)
        sheet.cell(position, 1).font = Font(bold=position < 3, size=size)
        sheet.cell(position, 1).alignment = Alignment(horizontal=where, vertical="center", wrap_text=True)
    sheet.row_dimensions[1].height, sheet.row_dimensions[3].height = 32, 36
    for number, (head, size) in enumerate(_HEADS.items(), start=1):
        head_cell(sheet.cell(4, number), head)
        sheet.column_dimensions[sheet.cell(4, number).column_letter].width = size
    for position, row in enumerate(rows[list(SHEET_KEYS)].fillna("").astype("str").itertuples(index=False), start=5):
        _line(sheet, position, [*row, ""])
    foot = 5 + len(rows) + 1
    put_text(sheet.cell(foot, width), f"{issuer}\n{_date(on)}" if issuer else _date(on))
    sheet.cell(foot, width).alignment = Alignment(horizontal="right", wrap_text=True)
    sheet.row_dimensions[foot].height = 34
    sheet.freeze_panes = "A5"
    for_paper(sheet, head=4, paper=sheet.PAPERSIZE_A4)


def _line(sheet: Worksheet, position: int, texts: list[str]) -> None:
    """Write one row, high enough for its longest cell."""
    for number, text in enumerate(texts, start=1):
        cell = sheet.cell(position, number)
        put(cell, int(text) if number == 1 and text.isdigit() else text, "0")
        cell.border = BOX
        cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center" if number < 4 else None)
    sheet.row_dimensions[position].height = 22
    grow_row(sheet, position)
