"""分工表: who leads and who helps with every row of the ledger, one row per unit, out to the offices and back.

What comes back is merged like a returned copy of the ledger in which only 责任单位 and 配合单位 can have changed: a row
that is missing changes nothing, a unit is dropped only where its 分工 reads 不承担 or its row names another unit.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.datavalidation import DataValidation

from zjanalysis.columns import ASSIGNMENT_COLUMNS, LEDGER, Column
from zjanalysis.display.sheets import BOX, TOOL_FILL, for_paper, grow_row, head_cell, put, release
from zjanalysis.errors import InputError
from zjanalysis.files import refuse_written_in
from zjanalysis.inputs.office_table import PLACE, Day, find_table
from zjanalysis.inputs.regions import city_of, report_units
from zjanalysis.inputs.workbook import column_letter, read_rows
from zjanalysis.ledger.analysis import split_units
from zjanalysis.ledger.book import hide, merge_copies
from zjanalysis.ledger.display import with_target_text
from zjanalysis.ledger.merge import Copy, LedgerResult
from zjanalysis.ledger.reading import MEMORY_SHEET, LedgerFile
from zjanalysis.ledger.rows import SAMPLE, office_of, unit_names
from zjanalysis.neutral import put_text

LEADS, HELPS, NO_MORE = "牵头", "配合", "不承担"
CELLS = {"lead_unit": LEADS, "cooperating_units": HELPS}
"""Which cell of the ledger holds the units of which 分工."""
COUNTIES = "各县(市、区)政府(管委会)"
NOTE = "深蓝表头由人填写：增加单位请复制一行再改单位；不再承担的，分工填“不承担”，不要删行。"
TITLE = "数字政府改革建设整改优化提升工作分工表"


def assignments(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return one row per row of the ledger and unit: unit_name, role (牵头 or 配合), row_key; leads first.

    各县(市、区)政府(管委会) is a row each. A row nobody leads has one without a unit, to be filled in.
    """
    about = with_target_text(ledger).assign(order=range(len(ledger)))
    parts = [split_units(about, role=cell).assign(role=role, rank=rank)
             for rank, (cell, role) in enumerate(CELLS.items())]  # fmt: skip
    rows = pd.concat(parts, ignore_index=True).sort_values(["order", "rank"], kind="stable")
    rows = rows.drop_duplicates(["ledger_id", "unit_name"])
    named = rows["unit_name"].where(rows["unit_name"].ne("未落实责任单位"), "")
    keyed = rows.assign(unit_name=named, row_key=rows["ledger_id"] + "|" + named)
    return keyed.drop(columns=["order", "rank"]).reset_index(drop=True)


def write_assignments(file: LedgerFile, path: Path, *, earlier: Path | None = None) -> int:
    """Write the 分工表 of a ledger, never over a file; what was typed in an ``earlier`` one is carried along.

    Returns how many typed cells had no place: their unit no longer has part in that row, and they stay in the earlier.
    Raises InputError when the file is there.
    """
    refuse_written_in(path)
    rows, extras, left = _carried(assignments(file.ledger), earlier)
    *usual, row_key = ASSIGNMENT_COLUMNS
    columns = [*usual, *(Column(name, name, writer="offices") for name in extras), row_key]
    book = Workbook()
    sheet = book.active
    sheet.title = "分工表"
    put_text(sheet.cell(1, 1), TITLE)
    put_text(sheet.cell(2, 1), (f"{SAMPLE}。" if file.is_sample else "") + NOTE)
    sheet.cell(1, 1).font, sheet.cell(2, 1).font = Font(bold=True, size=16), Font(bold=True, color="8A3A00")
    for number, column in enumerate(columns, start=1):
        head_cell(sheet.cell(3, number), column.label, tool=not column.writer, width=column.width)
    texts = rows[[column.key for column in columns]].astype("object").fillna("").astype("str")
    for position, values in enumerate(texts.itertuples(index=False), start=4):
        for number, (column, text) in enumerate(zip(columns, values, strict=True), start=1):
            cell = sheet.cell(position, number)
            put(cell, int(text) if column.key == "sequence" and text.isdigit() else text or None, "0")
            cell.border, cell.alignment = BOX, Alignment(wrap_text=True, vertical="top")
            if not column.writer:
                cell.fill = TOOL_FILL
        grow_row(sheet, position, len(columns))
    _rules(sheet, columns, last=3 + len(rows))
    hide(book, file.ledger[["ledger_id", "region_code", *CELLS]].fillna("").astype("str"))
    release(book, path)
    return left


def _rules(sheet: Any, columns: Iterable[Column], *, last: int) -> None:
    letters = {column.key: column_letter(number) for number, column in enumerate(columns)}
    sheet.column_dimensions[letters["row_key"]].hidden = True
    choice = DataValidation("list", formula1=f'"{LEADS},{HELPS},{NO_MORE}"', allow_blank=True)
    sheet.add_data_validation(choice)
    choice.add(f"{letters['role']}4:{letters['role']}{last + 500}")
    sheet.auto_filter.ref = f"A3:{letters['ledger_id']}{last}"
    sheet.freeze_panes = "A4"
    for_paper(sheet, head=3, paper=sheet.PAPERSIZE_A3)


def _carried(rows: pd.DataFrame, earlier: Path | None) -> tuple[pd.DataFrame, list[str], int]:
    """Return the rows with what an earlier 分工表 has typed for the same row and unit, its own columns, cells left."""
    typed, keys = ["duty", "person", "note"], ["ledger_id", "unit_name"]
    if earlier is None:
        return rows.assign(**dict.fromkeys(typed, "")), [], 0
    table, _ = read_assignments(earlier)
    extras = [str(name) for name in table if name not in (*(c.key for c in ASSIGNMENT_COLUMNS), *PLACE)]
    cells = [*(name for name in typed if name in table), *extras]
    units = pd.Series([unit_names(text) or ("",) for text in table["unit_name"]], index=table.index, dtype="object")
    filled = table.assign(unit_name=units)[(table[cells] != "").any(axis=1)].explode("unit_name")
    texts = filled[[*keys, *cells]].drop_duplicates(keys).astype("str")
    about = rows.drop(columns=[*typed, *extras], errors="ignore")
    whole = about.merge(texts, on=keys, how="left").reindex(columns=[*about.columns, *typed, *extras])
    placed = filled[keys].merge(rows[keys], on=keys, how="left", indicator=True)["_merge"].eq("both").to_numpy()
    left = filled[~placed | filled.duplicated(keys).to_numpy()]
    return whole, extras, int((left[cells] != "").to_numpy().sum())


# --- back into the ledger -----------------------------------------------------------------------------------------


def read_assignments(path: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of a 分工表 as written, and what the ledger said when it was made (none: the sheet is lost)."""
    sheets = read_rows(path)
    table = find_table(sheets, ASSIGNMENT_COLUMNS, required=("ledger_id", "unit_name", "role"), name=path.name)
    base = find_table(sheets, (), required=(), name=path.name, sheet=MEMORY_SHEET).rows
    return table.rows, base.drop(columns=list(PLACE))


def take_assignments(path: Path, returned: Path, *, on: Day) -> LedgerResult:
    """Take over into the ledger which units a returned 分工表 names; what contradicts goes to 冲突清单.

    Raises InputError, and changes nothing, when a row's 编号 or 分工 cannot be read.
    """
    rows, base = read_assignments(returned)
    refuse_unclear(rows, base, name=returned.name)
    return merge_copies(path, {returned.name: lambda file: as_copy(rows, base, file)}, on=on)


def refuse_unclear(rows: pd.DataFrame, base: pd.DataFrame, *, name: str) -> None:
    """Raise InputError for rows of a 分工表 nobody can place: a 编号 that was not sent out, another 分工 than three."""
    used = rows[rows["unit_name"].ne("") | rows["role"].ne("")]
    strange = ~used["ledger_id"].isin(base["ledger_id"])
    unread = used["unit_name"].ne("") & ~used["role"].isin([LEADS, HELPS, NO_MORE])
    for wrong, what, hint in (
        (strange, "编号不是发出时的编号", "请照同一事项的其他行填写编号；增加单位请复制一行再改单位。"),
        (unread, f"分工不是{LEADS}、{HELPS}或{NO_MORE}", "请改好后再收回。"),
    ):
        if wrong.any():
            places = "、".join(f"第{number}行" for number in used.loc[wrong, "row_number"].head(5))
            raise InputError(f"“{name}”{places}等共{int(wrong.sum())}行，{what}，没有改动台账。", hint)


def as_copy(rows: pd.DataFrame, base: pd.DataFrame, file: LedgerFile) -> Copy:
    """Return a 分工表 as a copy of the ledger that came back, whose units are those the 分工表 names."""
    by_id = {str(key): part for key, part in rows.groupby("ledger_id", sort=False)}
    lines = base[base["ledger_id"].isin(list(by_id))].reset_index(drop=True)
    cells = [_cells(row, by_id[row["ledger_id"]]) for _, row in lines.iterrows()]
    problems = file.memory.drop_duplicates("ledger_id").set_index("ledger_id")["problem"]
    sent = lines[["ledger_id", *CELLS]].assign(problem=lines["ledger_id"].map(problems).fillna("").astype("str"))
    changed = sent.assign(**pd.DataFrame(cells, columns=list(CELLS), index=sent.index).astype("str"), row_number=0)
    written = changed.assign(as_numbered=sent["ledger_id"], doubt="", maybe=sent["ledger_id"])
    return Copy(changed, sent, written, pd.DataFrame(columns=list(LEDGER), dtype="str"), tuple(CELLS))


def _cells(sent: pd.Series, rows: pd.DataFrame) -> dict[str, str]:
    """Return 责任单位 and 配合单位 of one row of the ledger; a cell whose units did not change keeps its very text."""
    city = city_of(sent["region_code"]) if sent["region_code"] else ""
    before = {cell: unit_names(sent[cell], city=city) for cell in CELLS}
    was = {unit: role for cell, role in reversed(CELLS.items()) for unit in before[cell]}
    says = _said(rows, city)
    written = rows["row_key"].str.partition("|")[2] if "row_key" in rows else ()
    named_anew = {key for key in written if key not in says}
    staying = {unit: says.get(unit, role) for unit, role in was.items() if unit not in named_anew}
    now = staying | {unit: role for unit, role in says.items() if unit not in was}
    moved = {unit for unit in (*was, *now) if was.get(unit) != now.get(unit)}
    units = {cell: [unit for unit, part in now.items() if part == role] for cell, role in CELLS.items()}
    return {cell: _joined(units[cell], city) if moved & {*before[cell], *units[cell]} else sent[cell] for cell in CELLS}


def _said(rows: pd.DataFrame, city: str) -> dict[str, str]:
    """Return which 分工 the rows give each unit; a unit that both leads and helps leads."""
    roles: dict[str, str] = {}
    for text, role in zip(rows["unit_name"], rows["role"], strict=True):
        for unit in unit_names(text, city=city):
            roles[unit] = max(roles.get(unit, role), role, key=(NO_MORE, HELPS, LEADS).index)
    return roles


def _joined(units: list[str], city: str) -> str:
    """Return units as one cell; all counties of the city read 各县(市、区)政府(管委会) again."""
    counties = {office_of(code) for code in report_units(city)} if city else set()
    together = counties if counties <= set(units) else ()
    return "、".join(dict.fromkeys(COUNTIES if unit in together else unit for unit in units))
