"""What changed between two states of a ledger, and returned copies merged cell by cell, never overwriting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from zjanalysis.columns import CHANGE_COLUMNS
from zjanalysis.ledger.inputs import today
from zjanalysis.ledger.rows import OWN, adopt, hand_columns
from zjanalysis.ledger.state import settle

KEY = ["ledger_id", "column"]
LOGGED = ("status", "current", "baseline", "target_value", "reached_on")
WHO = ("problem", "region", "lead_unit")
CHANGES = [c.key for c in CHANGE_COLUMNS]
CONFLICTS = ["ledger_id", "region", "indicator_label", "column", "in_master", "in_copy", "changed_by", "reason"]

MOVED_ON = "台账在发出后也改过这一格"
DISAGREE = "几份交回件填得不一样"
BLANKED = "交回件把原有内容删空了"
NO_BASE = "台账已有内容，无法判断谁先谁后"
NO_ROW = "台账中已没有这一行"


@dataclass(frozen=True)
class Merged:
    """The merged ledger, what was taken over (for 变更记录), and what people must decide."""

    ledger: pd.DataFrame
    changes: pd.DataFrame
    conflicts: pd.DataFrame


def as_text(values: pd.Series) -> pd.Series:
    """Return cells as the text the log holds: dates ISO, numbers in full, nothing for a missing one."""
    if pd.api.types.is_datetime64_any_dtype(values):
        days: pd.Series = values.dt.strftime("%Y-%m-%d").fillna("").astype("str")
        return days
    if pd.api.types.is_float_dtype(values):
        return values.map(lambda v: "" if pd.isna(v) else repr(float(v))).astype("str")
    return values.fillna("").astype("str").str.strip()


def cells(ledger: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Return a ledger as one row per cell: ledger_id, column, text."""
    present = [name for name in columns if name in ledger.columns]
    texts = ledger[present].apply(as_text).assign(ledger_id=ledger["ledger_id"])
    return texts.melt("ledger_id", present, var_name="column", value_name="text").astype("str")


def changes(before: pd.DataFrame, after: pd.DataFrame, *, columns: list[str], by: str, on: str | date) -> pd.DataFrame:
    """Return one row per cell that differs, for the change log; a row that is new is one line, not one per cell."""
    old, new = cells(before, columns), cells(after, columns)
    both = new.merge(old, on=KEY, how="left", suffixes=("", "_old"))
    fresh = ~both["ledger_id"].isin(before["ledger_id"])
    differs = (both["text"] != both["text_old"].fillna("")) & ~fresh
    edited = both[differs].rename(columns={"text_old": "old", "text": "new"})
    added = new[~new["ledger_id"].isin(before["ledger_id"])].drop_duplicates("ledger_id")
    lines = pd.concat(
        [edited, added.assign(column="row", old="", new="新增一行")[[*KEY, "old", "new"]]], ignore_index=True
    )
    return lines.assign(changed_on=today(on), changed_by=by, old=lines["old"].fillna(""))[CHANGES]


def tool_changes(before: pd.DataFrame, after: pd.DataFrame, *, on: str | date) -> pd.DataFrame:
    """Return what the tool itself moved: status, value, base value, target, day reached."""
    return changes(before, after, columns=list(LOGGED), by="工具", on=on)


def hand_changes(base: pd.DataFrame, ledger: pd.DataFrame, *, by: str, on: str | date) -> pd.DataFrame:
    """Return what people changed since the tool last wrote."""
    return changes(base, ledger, columns=hand_columns(ledger), by=by, on=on)


def merge(
    ledger: pd.DataFrame,
    before: pd.DataFrame,
    *,
    copies: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]],
    on: str | date,
    as_of: str | date | None = None,
) -> Merged:
    """Return the ledger with what the returned copies filled in; what contradicts is listed, never overwritten.

    ``copies``: file name → (its rows, what the tool had written when it was sent out: its hidden base; without one an
    empty table, and then only empty cells are filled). A cell is taken when the copy changed it and the ledger did not
    since. Rows and columns the copy added are added. Then the states are settled anew.
    """
    master = adopt(ledger)
    named = {
        name: (_matched(rows, base, master, tag=str(n)), base) for n, (name, (rows, base)) in enumerate(copies.items())
    }
    proposals = pd.concat([_proposals(master, *pair, by=name) for name, pair in named.items()], ignore_index=True)
    judged = _judge(proposals)
    taken, refused = judged[judged["reason"] == ""], judged[judged["reason"] != ""]
    added = _added(master, named)
    grown = _with_new_columns(pd.concat([master, *added.values()], ignore_index=True), named)
    patched = adopt(_patch(grown, taken))
    settled = settle(patched, before, on=on, as_of=as_of)
    log = _log(taken, on=on)
    numbered = patched["ledger_id"].iloc[len(master) :]
    files = [name for name, rows in added.items() for _ in range(len(rows))]
    lines = pd.DataFrame(
        {"changed_by": files, "ledger_id": numbered.to_list(), "column": "row", "old": "", "new": "新增一行"}
    )
    log = pd.concat([log, lines.assign(changed_on=today(on))[CHANGES]], ignore_index=True)
    return Merged(settled, log, _named(refused, master))


def _matched(rows: pd.DataFrame, base: pd.DataFrame, master: pd.DataFrame, *, tag: str) -> pd.DataFrame:
    """Return the copy's rows with the ledger's numbers; rows the copy added get a passing number that starts with ?.

    A row both sides added (same problem, region, unit) is one row.
    """
    new = rows["ledger_id"].fillna("").eq("") | rows["ledger_id"].duplicated()
    new = new | (rows["ledger_id"].fillna("").str.startswith(OWN) & ~rows["ledger_id"].isin(base["ledger_id"]))
    passing = pd.Series([f"?{tag}-{n}" for n in range(len(rows))], index=rows.index, dtype="str")
    mine = master[master["ledger_id"].str.startswith(OWN)].drop_duplicates(list(WHO))
    same = rows[list(WHO)].merge(mine[[*WHO, "ledger_id"]], on=list(WHO), how="left")["ledger_id"].set_axis(rows.index)
    return rows.assign(ledger_id=rows["ledger_id"].mask(new, same.fillna(passing)))


def _proposals(master: pd.DataFrame, rows: pd.DataFrame, base: pd.DataFrame, *, by: str) -> pd.DataFrame:
    """Return the cells a copy changed: what it says, what it was when sent out, what the ledger says now."""
    columns = [c for c in hand_columns(rows) if c != "sequence"]
    known = rows[~rows["ledger_id"].str.startswith("?")]
    said = cells(known, columns).merge(cells(base, columns), on=KEY, how="left", suffixes=("", "_base"))
    said = said.merge(cells(master, columns), on=KEY, how="left", suffixes=("", "_master"))
    gone = ~said["ledger_id"].isin(master["ledger_id"])
    said = said.assign(text_master=said["text_master"].fillna(""), gone=gone, by=by)
    changed = said["text_base"].fillna("") != said["text"]
    return said[changed & (gone | (said["text"] != said["text_master"]))]


def _judge(proposals: pd.DataFrame) -> pd.DataFrame:
    """Return every proposal its reason to be refused; an empty reason is taken."""
    based, empty = proposals["text_base"].notna(), proposals["text"] == ""
    moved = based & (proposals["text_master"] != proposals["text_base"])
    several = proposals.groupby(KEY)["text"].transform("nunique") > 1
    reason = pd.Series("", index=proposals.index, dtype="str")
    for applies, why in (
        (~based & (proposals["text_master"] != ""), NO_BASE),
        (moved, MOVED_ON),
        (empty, BLANKED),
        (several, DISAGREE),
        (proposals["gone"].astype(bool), NO_ROW),
    ):
        reason = reason.mask(applies.astype(bool), why)
    return proposals.assign(reason=reason)


def _patch(ledger: pd.DataFrame, taken: pd.DataFrame) -> pd.DataFrame:
    """Return the ledger with the taken cells written in."""
    once = taken.drop_duplicates(KEY).pivot(index="ledger_id", columns="column", values="text")
    aligned = once.reindex(ledger["ledger_id"]).set_axis(ledger.index)
    return ledger.assign(**{c: ledger[c].astype("str").mask(aligned[c].notna(), aligned[c]) for c in aligned.columns})


def _added(master: pd.DataFrame, named: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]]) -> dict[str, pd.DataFrame]:
    """Return the rows each copy added and the ledger lacks, without a number yet; the same row from two is one."""
    seen = master[list(WHO)].assign(known=True)
    out: dict[str, pd.DataFrame] = {}
    for name, (rows, _) in named.items():
        fresh = rows[rows["ledger_id"].str.startswith("?")].drop(
            columns=["file", "sheet", "row_number"], errors="ignore"
        )
        twice = fresh[list(WHO)].merge(seen.drop_duplicates(), on=list(WHO), how="left")["known"].eq(True).to_numpy()
        out[name] = fresh[~twice].assign(ledger_id="")
        seen = pd.concat([seen, out[name][list(WHO)].assign(known=True)])
    return out


def _with_new_columns(ledger: pd.DataFrame, named: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]]) -> pd.DataFrame:
    extra = {c for rows, _ in named.values() for c in hand_columns(rows)} - set(ledger.columns)
    return ledger.assign(**dict.fromkeys(sorted(extra), ""))


def _log(taken: pd.DataFrame, *, on: str | date) -> pd.DataFrame:
    lines = taken.drop_duplicates(KEY).rename(columns={"text_master": "old", "text": "new", "by": "changed_by"})
    return lines.assign(changed_on=today(on))[CHANGES].reset_index(drop=True)


def _named(refused: pd.DataFrame, master: pd.DataFrame) -> pd.DataFrame:
    who = master[["ledger_id", "region", "indicator_label"]].drop_duplicates("ledger_id")
    lines = refused.merge(who, on="ledger_id", how="left")
    renamed = lines.rename(columns={"text_master": "in_master", "text": "in_copy", "by": "changed_by"})
    return renamed.fillna({"region": "", "indicator_label": ""})[CONFLICTS].reset_index(drop=True)
