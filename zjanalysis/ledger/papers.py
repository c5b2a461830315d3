"""Duty papers in the form of GB/T 9704: 督办单, what a unit must answer for, and the 通报 of a month.

督办单 are one workbook with a printable sheet per unit, and a document per unit. The 通报 says how the ledger stands,
what moved, who is ahead, what is overdue and whose: every unit and item by name. It counts and lists; blame is for
people to lay.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet

from zjanalysis.columns import TABLES, label
from zjanalysis.display import wording
from zjanalysis.display.blocks import Block, listing, say
from zjanalysis.display.document import make_document
from zjanalysis.display.sheets import BOX, for_paper, grow_row, head_cell, put
from zjanalysis.display.tables import Table, page_columns, page_table, table
from zjanalysis.display.workbook import sheet_names
from zjanalysis.files import refuse_written_in, write_paper
from zjanalysis.inputs.office_table import Day, days
from zjanalysis.inputs.regions import region_name, report_units
from zjanalysis.inputs.workbook import packed
from zjanalysis.ledger import analysis
from zjanalysis.ledger.analysis import OVERDUE, QUIET, REACHED, REASONS, SOON
from zjanalysis.ledger.display import day_text, worded
from zjanalysis.ledger.reading import LedgerFile
from zjanalysis.ledger.rows import SAMPLE, is_own, office_of, today
from zjanalysis.ledger.state import HELD, MET, Status, standing
from zjanalysis.ledger.typed import is_typed
from zjanalysis.ledger.views import counts_sentence
from zjanalysis.neutral import put_text

ANSWER = "请于收到之日起5个工作日内书面反馈措施、责任人和完成时间；已完成的请附佐证，由市局核实后销号。"
SAMPLE_NOTE = f"{SAMPLE}：所列事项与数值均为演示而编造。"
BASIS = "根据整改优化提升工作方案和台账，你单位以下事项需要督办，"


def notice_rows(ledger: pd.DataFrame, *, within: int = 30, quiet: int = 60) -> pd.DataFrame:
    """Return the rows for inspection in words, one for each unit that answers (unit_name), counted, gravest first."""
    rows = analysis.split_units(worded(analysis.due(ledger, within=within, quiet=quiet)))
    why = [_reason(*row) for row in rows[["why_due", "days_left", "days_quiet"]].itertuples(index=False)]
    counted = (rows.groupby("unit_name").cumcount() + 1).astype("str")
    return rows.assign(reason_text=pd.Series(why, index=rows.index, dtype="str"), sequence=counted)


def _reason(why: str, left: int, idle: int) -> str:
    texts = {OVERDUE: f"逾期{-left}天", SOON: f"还有{left}天到期", QUIET: f"{idle}天没有写进展"}
    return texts.get(why, "已达标，待销号")


def summary_table(rows: pd.DataFrame) -> Table:
    """Return how many rows each unit has for each reason."""
    counted = rows.groupby(["unit_name", "why_due"], sort=False).size().rename("n_rows").reset_index()
    return table(counted, caption="督办事项汇总", columns=("unit_name", "why_due", "n_rows"), sheet="汇总")


def write_notices(rows: pd.DataFrame, path: Path, *, on: Day, issuer: str, sample: bool) -> Path:
    """Write the 督办单 of every unit (from `notice_rows`) as one workbook: the summary, then a sheet per unit."""
    book = Workbook()
    units = list(rows["unit_name"].drop_duplicates())
    _summary(book.active, rows, units, on=on, sample=sample)
    for name, unit in zip(sheet_names(units), units, strict=True):
        _sheet(book.create_sheet(name), rows[rows["unit_name"] == unit], unit, on=on, issuer=issuer, sample=sample)
    return write_paper(path, packed(book))


def write_documents(rows: pd.DataFrame, folder: Path, *, on: Day, issuer: str, sample: bool = False) -> list[Path]:
    """Write the 督办单 of every unit (from `notice_rows`) as a document of its own, in the form of GB/T 9704."""
    day, units = today(on), list(rows["unit_name"].drop_duplicates())
    names = [name.translate(str.maketrans('<>|"', "＜＞｜＂")) for name in sheet_names(units)]
    paths = [folder / f"{name}_督办单_{day:%Y-%m-%d}.docx" for name in names]
    refuse_written_in(*paths)
    for path, unit in zip(paths, units, strict=True):
        cover = {"title": f"督办单（{day_text(day)}）", "to": unit, "sample": sample}
        parts = _notice(rows[rows["unit_name"] == unit])
        write_paper(path, make_document(parts, cover, office=issuer, date=f"{day:%Y-%m-%d}"))
    return paths


def _notice(rows: pd.DataFrame) -> list[str | dict[str, Any]]:
    """Return what a 督办单 says: what must be put right, what only waits for its evidence, how to answer."""
    closing = rows["why_due"].eq(REACHED)
    open_rows, reached = rows[~closing], rows[closing]
    parts: list[str | Block] = [say(BASIS, _counted(rows))]
    if len(open_rows):
        until = open_rows["reason_text"] + "（" + open_rows["deadline"].fillna("") + "）"
        rows = open_rows.assign(reason_text=until)
        block = listing(page_table("ledger_open", rows), _without_figures(rows, "，请先补报数据"))
        parts += ["需要整改的事项", block]
    if len(reached):
        parts += ["已达标、待销号的事项", listing(page_table("ledger_closable", reached))]
    return numbered([*parts, "办理要求", say(ANSWER)])


def numbered(parts: Iterable[str | Block]) -> list[str | dict[str, Any]]:
    """Return the parts of a document: its headings 一、二、…, what its blocks hold."""
    numbers = iter("一二三四五六七八九十")
    return [f"{next(numbers)}、{part}" if isinstance(part, str) else part.payload for part in parts]


def _without_figures(rows: pd.DataFrame, more: str = "") -> str:
    n = int((rows["current"].isna() & ~is_typed(rows)).sum())
    return f"其中{n}项本期没有数据，不能判断是否达标{more}。" if n else ""


def _counted(rows: pd.DataFrame) -> str:
    counts = [(word, int((rows["why_due"] == word).sum())) for word in REASONS]
    return f"共{len(rows)}项，其中" + "、".join(f"{word}{n}项" for word, n in counts if n) + "。"


def _summary(sheet: Worksheet, rows: pd.DataFrame, units: list[str], *, on: Day, sample: bool) -> None:
    sheet.title = "汇总"
    put_text(sheet.cell(1, 1), f"督办事项汇总（{day_text(today(on))}）")
    sheet.cell(1, 1).font = Font(bold=True, size=16)
    put_text(sheet.cell(2, 1), (SAMPLE_NOTE if sample else "") + "一项由几个单位牵头的，每个单位各计一次。")
    for number, word in enumerate(("责任单位", *REASONS, "合计"), start=1):
        head_cell(sheet.cell(3, number), word, width=30 if number == 1 else 14)
    for position, unit in enumerate(units, start=4):
        own = rows[rows["unit_name"] == unit]
        counts = [int((own["why_due"] == word).sum()) for word in REASONS]
        for number, value in enumerate((unit, *counts, len(own)), start=1):
            put(sheet.cell(position, number), value, "0")
            sheet.cell(position, number).border = BOX
    for_paper(sheet, head=3, paper=sheet.PAPERSIZE_A4)


def _sheet(sheet: Worksheet, rows: pd.DataFrame, unit: str, *, on: Day, issuer: str, sample: bool) -> None:
    """Lay out one 督办单: title, whom it is for, what it is about, the table with room for the answer, who sent it."""
    columns, day = TABLES["page.notice"], day_text(today(on))
    width = len(columns)
    basis = (SAMPLE_NOTE if sample else "") + BASIS
    lines = (("督办单", 20, "center"), (f"{unit}：", 12, "left"), (basis + _counted(rows) + ANSWER, 12, "left"))
    for position, (text, size, where) in enumerate(lines, start=1):
        sheet.merge_cells(start_row=position, start_column=1, end_row=position, end_column=width)
        put_text(sheet.cell(position, 1), text)
        sheet.cell(position, 1).font = Font(bold=position < 3, size=size)
        sheet.cell(position, 1).alignment = Alignment(horizontal=where, vertical="center", wrap_text=True)
    sheet.row_dimensions[1].height, sheet.row_dimensions[3].height = 32, 36
    for number, column in enumerate(columns, start=1):
        head_cell(sheet.cell(4, number), column.label, width=column.width)
    texts = rows.assign(reply="")[[column.key for column in columns]].fillna("").astype("str")
    for position, row in enumerate(texts.itertuples(index=False), start=5):
        for number, text in enumerate(row, start=1):
            cell = sheet.cell(position, number)
            put(cell, int(text) if number == 1 else text, "0")
            cell.border = BOX
            cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center" if number < 4 else None)
        sheet.row_dimensions[position].height = 22
        grow_row(sheet, position, width)
    foot = 5 + len(rows) + 1
    put_text(sheet.cell(foot, width), f"{issuer}\n{day}")
    sheet.cell(foot, width).alignment = Alignment(horizontal="right", wrap_text=True)
    sheet.row_dimensions[foot].height = 34
    sheet.freeze_panes = "A5"
    for_paper(sheet, head=4, paper=sheet.PAPERSIZE_A4)


# --- 通报 of a month --------------------------------------------------------------------------------------------------

TITLE = "数字政府改革建设整改台账情况通报"
PLACES = 3  # how many places the sentence on who is ahead names


def brief(file: LedgerFile, *, on: Day, city: str, office: str) -> tuple[list[Block | str], bytes]:
    """Return the 通报 of the month of ``on`` up to that day: its parts, and the document they make.

    ``office`` issues it; ``city`` says whose counties are compared.
    """
    now, day = standing(file, on=on), today(on)
    short = {office_of(code): region_name(code) for code in report_units(city)}
    due = analysis.split_units(worded(analysis.due(now))).replace({"unit_name": short})
    parts: list[Block | str] = [say(counts_sentence(now), _movement(now, month_start(file, day)))]
    parts += ["各单位进展", *_units(now, short)]
    for why, title in ((OVERDUE, "逾期事项"), (SOON, "30天内到期的事项")):
        rows = due[due["why_due"] == why]
        if len(rows):
            parts += [title, listing(_by_item(rows, title, [*short.values()]), _who(rows))]
    parts += ["下一步要求", *(say(text) for text in _orders(due) if text)]
    cover = {"title": f"{TITLE}（{day.year}年{day.month}月）", "sample": file.is_sample,
             "source": f"数据来源：整改台账，截至{day_text(day)}"}  # fmt: skip
    return parts, make_document(numbered(parts), cover, office=office, date=f"{day:%Y-%m-%d}")


def month_start(file: LedgerFile, day: pd.Timestamp) -> pd.DataFrame:
    """Return the rows there were before the month of a day with their states then, by the change log."""
    dated = file.log.assign(day=days(file.log["changed_on"]))
    month = dated[dated["day"] >= day.replace(day=1)]
    added = month.loc[month["new"] == "新增一行", "ledger_id"]
    first = month[month["column"] == label("status", "ledger")].drop_duplicates("ledger_id")
    states = dict(zip(first["ledger_id"], first["old"], strict=True))
    before = file.memory[~file.memory["ledger_id"].isin(added)]
    was = [states.get(key, state) for key, state in zip(before["ledger_id"], before["status"], strict=True)]
    return before.assign(status=pd.Series(was, index=before.index, dtype="str"))


def _movement(now: pd.DataFrame, before: pd.DataFrame) -> str:
    """Say how many rows came to a state this month, and where values fell back, by name."""
    if before.empty:
        return "台账本月建立，没有上月可比。"
    both = analysis.moved(now, before)
    rows, added = both.dropna(subset=["status_before"]), both[both["status_before"].isna()]
    words = {Status.REACHED: "新达标", Status.CLOSED: "新销号", Status.OVERDUE: "新逾期"}
    said = [f"{word}{n}项" for state, word in words.items() if (n := int((rows["status"] == state).sum()))]
    lost = rows[analysis.no_longer_met(rows)]
    fell, n_blank = lost.dropna(subset=["current"]), int(lost["current"].isna().sum())
    names = wording.listed(fell["region"].fillna("") + "“" + fell["problem"].fillna("") + "”", limit=5, of="项")
    counted = f"本月{'，'.join(said)}。" if said else "本月没有新达标、新销号或新逾期的事项。"
    counted += f"达标回落、重新整改的{len(fell)}项：{names}。" if len(fell) else ""
    counted += f"此前达标、本期无数据的{n_blank}项，不再计入达标。" if n_blank else ""
    met, late = (int(added["status"].isin(ones).sum()) for ones in (MET, (Status.OVERDUE,)))
    states = "、".join(f"{word}{n}项" for word, n in (("已达标", met), ("逾期", late)) if n)
    return counted + (f"新增{len(added)}项{f'，其中{states}' if states else ''}。" if len(added) else "")


def _units(now: pd.DataFrame, short: dict[str, str]) -> list[Block]:
    """Compare the counties, whose rows are the same rows of the plan; list other units without a place.

    What a county added itself and what is only registered do not count; a row of a county is the county's, whoever of
    its units leads it. ``short`` names the counties' governments.
    """
    judged, order = now[~is_own(now) & now["comparison"].fillna("").ne("record")], [*short.values()]
    inside = judged["region"].isin(order)
    counties = analysis.counted(judged[inside].assign(unit_name=judged["region"]), ["unit_name"])
    ranked, units = (
        each.assign(met_share=each["n_met"] / each["n_rows"]) for each in (counties, analysis.by_unit(judged[~inside]))
    )
    ranked = ranked.sort_values("unit_name", key=lambda names: names.map(order.index))
    ranked = ranked.sort_values("met_share", ascending=False, kind="stable")
    ranked = ranked.assign(place=ranked["met_share"].rank(ascending=False, method="min").astype("int64"))
    note = "达标率＝已达标（含已销号）÷事项；只计方案事项，各县（市、区）相同；比率相同的位次并列。"
    printed = page_table("ledger_counties", ranked, note=note)
    blocks = [listing(printed, _ahead(ranked))] if len(ranked) else []
    heads, note = page_columns("ledger_counties")[1:], "各单位牵头的事项不同，不排位次；几个单位牵头的，各计一次。"
    others = table(units, caption="市直单位台账进展", columns=heads, sheet="市直", note=note)
    return [*blocks, listing(others)]


def _ahead(ranked: pd.DataFrame) -> str:
    """Say which counties have met the most, and which have nothing overdue."""
    first = ranked[ranked["place"] <= PLACES]
    if ranked["place"].nunique() == 1:
        said = f"各县（市、区）达标率都是{wording.number(100 * ranked['met_share'].iloc[0])}%。"
    else:
        names = [f"{name}（{met}/{n}，{wording.number(100 * met / n)}%）"
                 for name, met, n in zip(first["unit_name"], first["n_met"], first["n_rows"], strict=True)]  # fmt: skip
        said = f"达标率居前的是{wording.listed(names)}。"
    clean = ranked.loc[ranked["n_overdue"] == 0, "unit_name"]
    return said + (f"没有逾期事项的是{wording.listed(clean)}。" if len(clean) else "各县（市、区）都有逾期事项。")


def _by_item(rows: pd.DataFrame, title: str, counties: list[str]) -> Table:
    """Return one row per item of the plan and deadline, the earliest first: the units it is still open with."""

    def units(names: pd.Series) -> str:
        every = list(dict.fromkeys(names))
        whole = set(counties) <= set(every)
        others = [name for name in every if name not in counties] if whole else every
        return wording.listed([*others, "各县（市、区）"] if whole else others)

    plain = rows["problem"].fillna("").str.removesuffix(HELD)
    grouped = rows.assign(problem=plain).groupby(["problem", "deadline"], sort=False)
    items = grouped.agg(units=("unit_name", units), n_rows=("ledger_id", "nunique"),
                        days_left=("days_left", "min")).reset_index()  # fmt: skip
    items = items.sort_values(["days_left", "n_rows"], ascending=[True, False], kind="stable")
    return page_table("ledger_grouped", items, title=title)


def _who(rows: pd.DataFrame) -> str:
    """Say how many rows each unit has, the most first, and how many of them have no figure."""
    each, ids = rows["unit_name"].value_counts(), rows.drop_duplicates("ledger_id")
    names = wording.listed(f"{unit}{n}项" for unit, n in each.items())
    return f"共{len(ids)}项，涉及{len(each)}个单位：{names}。{_without_figures(ids)}"


def _orders(due: pd.DataFrame) -> list[str]:
    def units(why: str) -> str:
        each = due.loc[due["why_due"] == why, "unit_name"].value_counts()
        return wording.listed(f"{unit}（{n}项）" for unit, n in each.items())

    late, soon, quiet, reached = map(units, REASONS)
    return [
        f"有逾期事项的单位，{ANSWER}" if late else "",
        f"30天内到期的，请{soon}倒排工期，按时完成。" if soon else "",
        f"60天以上没有写进展的，请{quiet}尽快开展，并把进展写入台账。" if quiet else "",
        f"已达标、尚未销号的，请{reached}补齐佐证、填写销号日期。" if reached else "",
        "各单位的事项、目标值和当前值见本单位督办单。" if len(due) else "目前没有需要督办的事项。",
    ]
