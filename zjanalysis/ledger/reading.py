"""A ledger workbook as people return it → its rows: which row of the ledger each one is, people's cells, the tool's.

A row is known by its hidden key (行键) together with the words the tool wrote beside it; its number (编号) counts where
the key is gone. Where they contradict each other the row is in doubt, and nothing of it is taken without a word.
What keeps a workbook from being changed stands at the end: another command, an open program, what would be lost.
"""

from __future__ import annotations

import os
import re
import time
import zipfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from zjanalysis.columns import CHANGE_COLUMNS, HAND, LEDGER, LEDGER_COLUMNS, label
from zjanalysis.errors import InputError
from zjanalysis.files import take_lock
from zjanalysis.inputs.guard import BOOK, RELATIONS, STYLES, elements, sheet_parts
from zjanalysis.inputs.office_table import PLACE, OfficeTable, days, find_table, find_tables, numbers
from zjanalysis.inputs.regions import find_code, region_name
from zjanalysis.inputs.workbook import Sheet, cell_text, read_rows
from zjanalysis.inputs.workplan import load_targets
from zjanalysis.ledger.rows import COLUMNS, DAYS, LOG_SHEET, NUMBERS, OWN, SAMPLE, empty_ledger, is_own, lay_out

TALK = ("as_numbered", "doubt", "maybe")
WITNESSES = ("task", "clause", "region", "indicator_label", "target_text")
TYPED_BY_OFFICE = (*WITNESSES, "current")
"""What is read from the sheet only for the rows the office added; of a plan's row the tool's memory counts."""
CLASH = "编号、行键与任务、地区、指标、目标值对不上，认不出是哪一行"
TWICE = "同一行在表里出现了两次"
STRAY = "不足两格，没有当作台账的一行"
LEDGER_SHEET, MEMORY_SHEET = "台账", "工具底稿"
MOST_EDITED = 2  # of the witnesses, when a row is still taken for the one its key or number names
PATIENCE = 60.0  # seconds that one command waits for another
# Parts openpyxl would drop or flatten without a word. Comments and pictures are kept.
LOST = {
    r"xl/charts?/": "图表",
    r"xl/threadedComments/": "线程批注（请改用普通批注）",
    r"xl/diagrams/": "SmartArt 图形",
    r"xl/embeddings/": "嵌入的文件",
    r"xl/ctrlProps/|xl/activeX/": "控件",
    r"xl/slicers?/|xl/pivotTables/": "数据透视表或切片器",
    r"vbaProject\.bin": "宏",
}
# What the built-in formats of a spreadsheet show as a month without a day (in Chinese too), and as a percent.
MONTHS, PERCENTS = {17, 27, 36, 50, 52, 57}, {9, 10}
_CELL, _FACT = re.compile(rb"<(?:\w+:)?c ([^>]*)>"), re.compile(rb"\b([rst])=[\"']([^\"']*)")
_SHAPE = re.compile(rb"<(?:xdr:)?(?:sp|cxnSp|grpSp|graphicFrame)[ >]")


@dataclass(frozen=True)
class LedgerFile:
    """``ledger`` as it stands (row_number: its row in the sheet), ``memory`` as the tool left it, and the log.

    ``written`` holds every row as text (see `place`), ``letters`` the sheet column of every column, ``sheet`` and
    ``header_row`` where the table is; ``is_sample``: a line over it says that its figures are made up.
    """

    path: Path
    ledger: pd.DataFrame
    written: pd.DataFrame
    memory: pd.DataFrame
    log: pd.DataFrame
    letters: dict[str, str]
    sheet: str
    header_row: int
    is_sample: bool


def read_ledger(path: Path) -> LedgerFile:
    """Read a ledger workbook, the office's own or one that came back; raises InputError when it is none."""
    sheets = read_rows(path)
    table, memory = ledger_table(sheets, name=path.name), typed(ledger_memory(sheets))
    written = place(_as_shown(path, table), memory)
    above = next(sheet.grid for sheet in sheets if sheet.name == table.sheet)[: table.header_row - 1]
    is_sample = any(SAMPLE in cell_text(cell) for row in above for cell in row)
    return LedgerFile(path, assemble(written, memory), written, memory, ledger_log(sheets), dict(table.letters),
                      table.sheet, table.header_row, is_sample)  # fmt: skip


def ledger_table(sheets: Sequence[Sheet], *, name: str) -> OfficeTable:
    """Return the table of the ledger sheet as written; raises InputError when the workbook has no ledger, or several.

    Of several sheets with one (a copy lies in front of what it was made from) it is that called 台账. A 分工表 has the
    number and words of every row as well, and is none.
    """
    ordered = sorted(map(_unmerged, sheets), key=lambda sheet: sheet.name != LEDGER_SHEET)
    required = ("ledger_id", "problem")
    table = find_table(ordered, LEDGER_COLUMNS, required=required, name=name)
    several = [] if table.sheet == LEDGER_SHEET else [*find_tables(ordered, LEDGER_COLUMNS, required=required)]
    if len(several) > 1:
        what = f"“{name}”里“{table.sheet}”和“{several[1].sheet}”都是台账，不知道以哪一张为准，没有改动。"
        raise InputError(what, f"请把要办理的那张工作表改名为“{LEDGER_SHEET}”，或把别的移出这个文件。")
    if label("role", "assignment") in table.rows and "status" not in table.rows:
        hint = "收回分工表用 zj ledger assign 台账.xlsx 分工表.xlsx --on 日期。"
        raise InputError(f"“{name}”是分工表，不是台账，没有改动。", hint)
    return table


def _unmerged(sheet: Sheet) -> Sheet:
    """Return a sheet in which every row of cells merged downwards holds what they show."""
    grid = [list(row) for row in sheet.grid] if sheet.merged else sheet.grid
    for (top, left), (bottom, _) in sheet.merged:
        for row in grid[top + 1 : bottom + 1]:
            row[left] = grid[top][left]
    return replace(sheet, grid=grid)


def ledger_memory(sheets: Sequence[Sheet]) -> pd.DataFrame:
    """Return what the tool wrote last, as text, one row per number; without the hidden sheet a table without rows."""
    try:
        table = find_table(sheets, (), required=(), name="", sheet=MEMORY_SHEET)
    except InputError:
        return pd.DataFrame(columns=list(COLUMNS), dtype="str")
    rows = table.rows.drop(columns=list(PLACE))
    rows = rows[rows["ledger_id"].ne("")].drop_duplicates("ledger_id").reset_index(drop=True)
    known = _texts(rows, "region_code").map(find_code)
    moved = known.notna() & known.ne(_texts(rows, "region_code"))  # of a region whose code is another now
    if moved.any():
        rows.loc[moved, "region_code"], rows.loc[moved, "region"] = known[moved], known[moved].map(region_name)
    return rows


def ledger_log(sheets: Sequence[Sheet]) -> pd.DataFrame:
    """Return the change log, oldest first, as text; a table without rows when the sheet is gone."""
    try:
        rows = find_table(sheets, CHANGE_COLUMNS, required=("ledger_id", "new"), name="", sheet=LOG_SHEET).rows
    except InputError:
        return pd.DataFrame(columns=[c.key for c in CHANGE_COLUMNS], dtype="str")
    return rows[[c.key for c in CHANGE_COLUMNS]]


def _as_shown(path: Path, table: OfficeTable) -> pd.DataFrame:
    """Return the rows of a ledger, what a spreadsheet made of 2021-06 and 95% (1 June, 0.95) as its cells show it."""
    rows, own = table.rows, ~table.rows["ledger_id"].str.contains("@")
    pairs = [(key, rows.index[found]) for key, found in (
        ("deadline", _texts(rows, "deadline").str.endswith("-01")),
        *((key, own & _texts(rows, key).str.fullmatch(r"\d+(\.\d+)?")) for key in ("target_text", "current")),
    )]  # fmt: skip
    suspects = {f"{table.letters[key]}{rows['row_number'][i]}": (key, i) for key, found in pairs for i in found}
    if not suspects or not zipfile.is_zipfile(path):
        return rows
    shown = rows.copy()
    for cell, kind in _formats(path, table.sheet, suspects).items():
        key, i = suspects[cell]
        text = str(rows.at[i, key])
        if kind == "month" and key == "deadline":
            shown.at[i, key] = text[:7]
        elif kind == "percent" and key != "deadline":
            shown.at[i, key] = f"{round(float(text) * 100, 9):.12g}%"
    return shown


def _texts(rows: pd.DataFrame, key: str) -> pd.Series:
    return rows[key] if key in rows else pd.Series("", index=rows.index, dtype="str")


def _formats(path: Path, sheet: str, cells: Collection[str]) -> dict[str, str]:
    """Return which of the cells hold a number that is shown as a month (without a day) or as a percent."""
    with zipfile.ZipFile(path) as package:
        names = {name.lower(): name for name in package.namelist()}
        whole = {part: package.read(names[part]) for part in (BOOK, RELATIONS, STYLES) if part in names}
        xml = package.read(names[sheet_parts(path, whole)[sheet]])
    kinds = _kinds(whole.get(STYLES, b"<x/>"))
    formats = {}
    for tag in _CELL.findall(xml):
        facts = {name.decode(): value.decode() for name, value in _FACT.findall(tag)}
        kind = kinds.get(int(facts.get("s", "0")))
        if kind and facts.get("r", "") in cells and facts.get("t", "n") == "n":
            formats[facts["r"]] = kind
    return formats


def _kinds(styles: bytes) -> dict[int, str]:
    """Return which styles of a workbook show a number as a month or a percent."""
    codes = {int(one["numFmtId"]): one["formatCode"] for one in elements(styles, "numFmt")}
    plain = {key: re.sub(r'"[^"]*"|\\.|\[[^]]*\]', "", code).lower() for key, code in codes.items()}
    months = MONTHS | {key for key, code in plain.items() if {"y", "m"} <= set(code) and not set(code) & set("dhs")}
    percents = PERCENTS | {key for key, code in plain.items() if "%" in code}
    numbers = [int(n) for n in re.findall(rb'<(?:\w+:)?xf [^>]*?numFmtId="(\d+)"', styles.partition(b"cellXfs")[2])]
    kinds = {**dict.fromkeys(months, "month"), **dict.fromkeys(percents, "percent")}
    return {style: kinds[number] for style, number in enumerate(numbers) if number in kinds}


def typed(memory: pd.DataFrame) -> pd.DataFrame:
    """Return the memory with its numbers and days; columns it lacks are empty."""
    text = memory.reindex(columns=list(dict.fromkeys([*COLUMNS, *memory.columns]))).astype("str")
    values = {key: numbers(text[key].fillna("")) for key in NUMBERS} | {key: days(text[key]) for key in DAYS}
    return text.assign(**values)


def place(rows: pd.DataFrame, memory: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a sheet with the number each one has, and under ``doubt`` why one has none.

    ``as_numbered`` is the number it shows, ``maybe`` the numbers it might have, a line each. A number that stands twice
    belongs to the row that shows it in every way, else to the first. A row with fewer than two known cells filled (a
    note under the table) is no row of the ledger.
    """
    key = _texts(rows, "row_key")
    base = memory.drop_duplicates("ledger_id").set_index("ledger_id")[list(WITNESSES)].fillna("").astype("str")
    by_key, by_number = (ids.where(ids.isin(base.index) | base.empty, "") for ids in (key, rows["ledger_id"]))
    fields = [name for name in WITNESSES if name in rows.columns]
    by_text = _by_text(rows[fields], base.loc[~base.index.str.startswith(OWN), fields])
    guess = by_key.where(by_key.ne(""), by_number)
    remembered = base[fields].reindex(guess).fillna("").set_axis(rows.index)
    apart = ((rows[fields] != "") & (rows[fields] != remembered)).sum(axis=1)
    unlike = guess.ne("") & ~guess.str.startswith(OWN) & apart.gt(MOST_EDITED) & ~base.empty
    doubtful = ((by_text.ne("") & by_key.ne("") & by_text.ne(by_key)) | (by_text.eq("") & unlike)).astype(bool)
    ids = by_text.where(by_text.ne(""), guess.where(guess.ne(""), rows["ledger_id"])).mask(doubtful, "")
    named = [name for name in LEDGER if name in rows and name not in ("sequence", "row_key")]
    stray = ids.eq("") & ((rows[named] != "").sum(axis=1) < 2)
    doubt = pd.Series("", index=rows.index, dtype="str").mask(stray.astype(bool), STRAY).mask(doubtful, CLASH)
    ranked = ids[(by_key.ne(ids) | by_number.ne(ids)).sort_values(kind="stable").index]
    twice = (ranked.duplicated() & ranked.ne("")).reindex(rows.index).astype(bool)
    maybe = ids.where(~doubtful, by_text + "\n" + by_key.where(by_key.ne(""), by_number)).str.strip()
    return rows.assign(
        as_numbered=rows["ledger_id"], ledger_id=ids.mask(twice, ""), doubt=doubt.mask(twice, TWICE), maybe=maybe
    )


def _by_text(rows: pd.DataFrame, base: pd.DataFrame) -> pd.Series:
    """Return which row of the memory has the same words beside it; nothing where none or several have."""
    texts = pd.Series(["\n".join(words) for words in base.to_numpy()], index=base.index, dtype="str")
    alone = texts[~texts.duplicated(keep=False) & texts.str.strip().ne("")]
    number_of = dict(zip(alone, alone.index, strict=True))
    numbered = [number_of.get("\n".join(words), "") for words in rows.to_numpy()]
    return pd.Series(numbered, index=rows.index, dtype="str")


def assemble(written: pd.DataFrame, memory: pd.DataFrame) -> pd.DataFrame:
    """Return the typed ledger in the order of the sheet: people's cells from the sheet, the tool's from its memory.

    A row that stands twice is a new one the second time. A plan's row the memory does not know is laid out anew from
    its number. Tool cells somebody typed over are not believed; a hand column deleted from the sheet keeps its text.
    """
    sure = written[written["doubt"].isin(["", TWICE])]
    rows = sure.drop(columns=[*TALK]).reset_index(drop=True)
    ids = rows["ledger_id"]
    whole = pd.concat([memory, _forgotten(ids, memory, rows)], ignore_index=True)
    kinds = empty_ledger().dtypes.to_dict()
    remembered = whole.drop_duplicates("ledger_id").set_index("ledger_id").reindex(ids).reset_index(drop=True)
    base = remembered.reindex(columns=[k for k in kinds if k != "ledger_id"]).assign(ledger_id=ids)
    extras = [c for c in rows.columns if c not in kinds]
    own = is_own(base) | ids.eq("")
    from_sheet = {key: rows[key] for key in (*HAND, *extras) if key in rows.columns}
    from_sheet |= {key: base[key].mask(own, _texts(rows, key)) for key in WITNESSES}
    value = _texts(rows, "current").where(own, "")
    placed = base.assign(**from_sheet, current=base["current"].mask(own), current_written=value)
    named = placed.assign(region_code=placed["region_code"].mask(own, placed["region"].fillna("").map(find_code)))
    return named.astype({k: kind for k, kind in kinds.items() if k in named.columns})


def _forgotten(ids: pd.Series, memory: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Lay out the plan's rows the memory does not know (its sheet was lost), with the values the sheet shows."""
    lost = ids[ids.str.contains("@") & ~ids.isin(memory["ledger_id"])]
    if lost.empty:
        return empty_ledger()
    parts = lost.str.split("@", n=1, expand=True).reindex(columns=[0, 1]).set_axis(["target", "region_code"], axis=1)
    targets = parts[parts["region_code"].map(find_code).notna()].merge(load_targets(), on="target", how="inner")
    if targets.empty:
        return empty_ledger()
    laid = lay_out(targets)
    in_sheet = rows.assign(ledger_id=ids).set_index("ledger_id").reindex(laid["ledger_id"]).reset_index(drop=True)
    values = {k: numbers(in_sheet[k]) if k in in_sheet.columns else float("nan") for k in ("baseline", "current")}
    return laid.assign(**values)


# --- before it is changed: nobody else is changing it, nothing in it would be lost ------------------------------------


def read_to_change(path: Path) -> LedgerFile:
    """Read the ledger itself; raises InputError where it must not be changed."""
    file = read_ledger(path)
    marks = (f"~${path.name}", f".~lock.{path.name}#", f".~{path.name}")
    if any(path.with_name(mark).exists() for mark in marks):
        hint = "请在 Excel/WPS 中保存并关闭后再运行；若已关闭，请删去旁边的锁文件。"
        raise InputError(f"“{path.name}”正被打开。", hint)
    _refuse_losses(path)
    rows = file.written.loc[file.written["doubt"] == CLASH, "row_number"]
    if len(rows):  # they cannot be told apart
        places = "、".join(f"第{number}行" for number in rows[:5]) + ("等" if len(rows) > 5 else "")
        what = f"“{path.name}”{places}共{len(rows)}行的编号与任务、地区对不上，没有改动。"
        raise InputError(what, "多半是只排序了一部分列；请撤销后再运行。")
    return file


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a workbook for one command at a time, so that what another one writes is read and not overwritten.

    The lock is the system's and ends with the process, however that ends. Raises InputError after `PATIENCE` seconds.
    """
    mark, until = path.with_name(f".{path.name}.lock"), time.monotonic() + PATIENCE
    while True:
        file = mark.open("a+b")
        with suppress(OSError):  # of no use where who held it before has taken the file away
            if take_lock(file) and os.path.samestat(os.fstat(file.fileno()), mark.stat()):
                break
        file.close()
        if time.monotonic() > until:
            raise InputError(f"“{path.name}”正被另一个命令改写。", "请等它结束后再运行一次。")
        time.sleep(0.05)
    try:
        yield
    finally:
        with suppress(OSError):  # Windows keeps a file that is open
            mark.unlink()
        file.close()


def _refuse_losses(path: Path) -> None:
    with zipfile.ZipFile(path) as package:
        names = package.namelist()
        lost = [word for pattern, word in LOST.items() if any(re.search(pattern, name) for name in names)]
        drawings = [name for name in names if re.match(r"xl/drawings/drawing\d+\.xml$", name)]
        if any(_SHAPE.search(package.read(name)) for name in drawings) and "图表" not in lost:
            lost.append("文本框或图形")
    if lost:
        what = f"“{path.name}”里有{'、'.join(lost)}，改写会丢失，因此没有动它。"
        raise InputError(what, "请把这些内容移到另一个工作簿后再运行。")
