"""A ledger as people return it → the typed ledger: their cells from the sheet, the tool's from its memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd

from zjanalysis.analysis.ledger import DAYS, NUMBERS, empty_ledger, is_own, lay_out
from zjanalysis.columns import HAND
from zjanalysis.inputs.ledger_file import KNOWN, ledger_log, ledger_memory, ledger_rows
from zjanalysis.inputs.office_table import days, numbers
from zjanalysis.inputs.period import Period
from zjanalysis.inputs.regions import find_code, report_units
from zjanalysis.inputs.workbook import read_rows
from zjanalysis.inputs.workplan import load_targets
from zjanalysis.settings import Guard, Settings

FILE_NAME = "ledger.xlsx"
# What is read from the sheet only for the rows the office added; of a plan's row the tool's memory counts.
_TYPED_BY_OFFICE = ("task", "clause", "region", "indicator_label", "target_text", "current")


@dataclass(frozen=True)
class LedgerFile:
    """``ledger`` as it stands (row_number: its row in the sheet), ``memory`` as the tool left it, and the log.

    ``letters`` gives the sheet column of every column, ``sheet`` and ``header_row`` where the table is.
    """

    path: Path
    ledger: pd.DataFrame
    memory: pd.DataFrame
    log: pd.DataFrame
    letters: dict[str, str]
    sheet: str
    header_row: int


def read_ledger(path: str | Path, *, guard: Guard | None = None, settings: Settings | None = None) -> LedgerFile:
    """Read a ledger workbook, the office's own or one that came back; raises InputError when it is none."""
    where = Path(path)
    sheets = read_rows(where, guard=guard or Guard())
    table, memory = ledger_rows(sheets, name=where.name), typed(ledger_memory(sheets))
    ledger = assemble(table.rows, memory, settings=settings)
    return LedgerFile(where, ledger, memory, ledger_log(sheets), dict(table.letters), table.sheet, table.header_row)


def load_ledger(period: Period, *, city: str = "") -> pd.DataFrame:
    """Give the ledger that lies in a period's folder (ledger.xlsx); a ledger without rows when there is none.

    ``city`` leaves out the rows of other cities; a row that names no region belongs to the city that has other rows.
    """
    path = period.dataset.folder / period.name / FILE_NAME
    here = path.is_file()
    ledger = _kept(path, hashlib.sha256(path.read_bytes()).digest()).copy() if here else empty_ledger()
    if not city:
        return ledger
    own = ledger["region_code"].isin([city, *report_units(city)])
    return ledger[own | (ledger["region_code"].isna() & bool(own.any()))].reset_index(drop=True)


@lru_cache(maxsize=4)
def _kept(path: Path, digest: bytes) -> pd.DataFrame:
    """Read a ledger once for all who ask while its content stays the same."""
    return read_ledger(path).ledger


def typed(memory: pd.DataFrame) -> pd.DataFrame:
    """Give the memory with its numbers and days; columns it lacks are empty."""
    text = memory.reindex(columns=list(dict.fromkeys([*KNOWN, *memory.columns])))
    made = {key: numbers(text[key].fillna("")) for key in NUMBERS} | {key: days(text[key]) for key in DAYS}
    return text.astype("str").assign(**made)


def assemble(rows: pd.DataFrame, memory: pd.DataFrame, *, settings: Settings | None = None) -> pd.DataFrame:
    """Give the typed ledger in the order of the sheet.

    A number that stands twice belongs to its first row. A plan's row the memory does not know is laid out anew from
    its number. Tool cells somebody typed over are not believed; a hand column deleted from the sheet keeps its text.
    """
    ids = rows["ledger_id"].mask(rows["ledger_id"].duplicated() & rows["ledger_id"].ne(""), "")
    known = pd.concat([memory, _forgotten(ids, memory, rows, settings)], ignore_index=True)
    kinds = empty_ledger().dtypes.to_dict()
    mine = known.set_index("ledger_id").reindex(ids).reset_index(drop=True)
    base = mine.reindex(columns=[k for k in kinds if k != "ledger_id"]).assign(ledger_id=ids)
    extras = [c for c in rows.columns if c not in kinds]
    own = is_own(base) | ids.eq("")
    from_sheet = {key: rows[key] for key in (*HAND, *extras) if key in rows.columns}
    for key in _TYPED_BY_OFFICE:
        text = rows[key] if key in rows.columns else pd.Series("", index=rows.index)
        from_sheet[key] = base[key].mask(own, numbers(text) if key in NUMBERS else text)
    placed = base.assign(**from_sheet)
    named = placed.assign(region_code=placed["region_code"].mask(own, placed["region"].fillna("").map(find_code)))
    return named.astype({k: kind for k, kind in kinds.items() if k in named.columns})


def _forgotten(ids: pd.Series, memory: pd.DataFrame, rows: pd.DataFrame, settings: Settings | None) -> pd.DataFrame:
    """Lay out the plan's rows the memory does not know (its sheet was lost), with the values the sheet shows."""
    lost = ids[ids.str.contains("@") & ~ids.isin(memory["ledger_id"])]
    parts = lost.str.split("@", n=1, expand=True).reindex(columns=[0, 1]).set_axis(["target", "region_code"], axis=1)
    parts = parts.astype("str")  # without rows the columns would be numbers
    targets = parts[parts["region_code"].map(find_code).notna()].merge(load_targets(settings), on="target", how="inner")
    if targets.empty:
        return empty_ledger()
    laid = lay_out(targets)
    shown = rows.assign(ledger_id=ids).set_index("ledger_id").reindex(laid["ledger_id"]).reset_index(drop=True)
    values = {k: numbers(shown[k]) if k in shown.columns else float("nan") for k in ("baseline", "current")}
    return laid.assign(**values)
