"""What changed between two states of a ledger, and returned copies merged cell by cell, never overwriting.

Every cell somebody typed in a copy is taken over, or stands in the list of conflicts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from zjanalysis.columns import BUREAU, CHANGE_COLUMNS, HAND, TOOL, label
from zjanalysis.inputs.office_table import PLACE, UNCALCULATED, Day, day_of
from zjanalysis.inputs.regions import find_code
from zjanalysis.ledger.reading import TALK, TWICE, TYPED_BY_OFFICE, LedgerFile
from zjanalysis.ledger.rows import OWN, first_true, hand_columns, is_own, number_own_rows, records, today
from zjanalysis.ledger.state import Status, advance_state

KEY = ["ledger_id", "column"]
OFFICES = tuple("current_written" if key == "current" else key for key in TYPED_BY_OFFICE)
"""What an office says itself of a row of its own; its value as it wrote it."""
CHANGES = [c.key for c in CHANGE_COLUMNS]
CONFLICTS = ["ledger_id", "region", "indicator_label", "column", "in_master", "in_copy", "changed_by", "reason"]

MOVED_ON = "台账在发出后也改过这一格"
DISAGREE = "几份交回件填得不一样"
BLANKED = "交回件把原有内容删空了"
DECIDED = "这一栏由市局决定，交回件不能改"
UNREAD = "这一格是公式，文件里没有存计算结果"
NO_BASE = "台账已有内容，无法判断谁先谁后"
NO_ROW = "台账中已没有这一行"
TOOL_CELL = "这一格由工具填写，没有采用"
ROW_GONE = "台账中删去了这一行"
BY_HAND = "手工修改"


@dataclass(frozen=True)
class Copy:
    """What came back in one file: its rows typed, what the tool had written when it was sent out (its hidden base).

    ``written`` are the rows as text (`reading.place`), ``shown`` what every cell of the sheet said when sent out,
    ``settles`` the columns of the bureau it was sent out to settle.
    """

    rows: pd.DataFrame
    base: pd.DataFrame
    written: pd.DataFrame
    shown: pd.DataFrame
    settles: tuple[str, ...] = ()


@dataclass(frozen=True)
class LedgerResult:
    """The ledger after a command, the lines for 变更记录, the conflicts people must decide, what else is to be told."""

    ledger: pd.DataFrame
    changes: pd.DataFrame
    conflicts: pd.DataFrame
    notes: tuple[str, ...] = ()


def as_text(values: pd.Series) -> pd.Series:
    """Return cells as the text the log holds: dates ISO, numbers in full, nothing for a missing one."""
    return pd.Series(_texts(values), index=values.index, dtype="str")


def _texts(values: pd.Series) -> list[str]:
    kind = values.dtype.kind
    say = repr if kind == "f" else (lambda day: day.strftime("%Y-%m-%d")) if kind == "M" else str
    missing = values.isna().tolist()
    return ["" if gone else say(value).strip() for gone, value in zip(missing, values.tolist(), strict=True)]


def cells(ledger: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Return a ledger as one row per cell: ledger_id, column, text."""
    present = [name for name in columns if name in ledger.columns]
    texts = [text for name in present for text in _texts(ledger[name])]
    names = [name for name in present for _ in range(len(ledger))]
    ids = ledger["ledger_id"].tolist() * len(present)
    return pd.DataFrame({"ledger_id": ids, "column": names, "text": texts}, dtype="str")


def changes(before: pd.DataFrame, after: pd.DataFrame, *, columns: list[str], by: str, on: Day) -> pd.DataFrame:
    """Return one row per cell that differs, for the change log; a row that is new is one line, not one per cell."""
    now = cells(after, columns)
    both = now.merge(cells(before, columns), on=KEY, how="left", suffixes=("", "_old")).fillna({"text_old": ""})
    fresh = ~both["ledger_id"].isin(before["ledger_id"])
    edited = both[both["text"].ne(both["text_old"]) & ~fresh].rename(columns={"text_old": "old", "text": "new"})
    added = both[fresh].drop_duplicates("ledger_id").assign(column="row", old="", new="新增一行")
    return pd.concat([edited, added], ignore_index=True).assign(changed_on=today(on), changed_by=by)[CHANGES]


def tool_changes(before: pd.DataFrame, after: pd.DataFrame, *, on: Day) -> pd.DataFrame:
    """Return what the tool itself moved: status, value, base value, target, day reached."""
    columns = ["status", "current", "baseline", "target_value", "reached_on"]
    return changes(before, after, columns=columns, by="工具", on=on)


def hand_changes(base: pd.DataFrame, ledger: pd.DataFrame, *, on: Day) -> pd.DataFrame:
    """Return what people changed since the tool last wrote; of a row that is gone, what was written in it."""
    gone = cells(base[~base["ledger_id"].isin(ledger["ledger_id"])], hand_columns(base))
    texts = gone[gone["text"] != ""].groupby("ledger_id", sort=False)["text"].agg("；".join).rename("old").reset_index()
    removed = texts.assign(column="row", new=ROW_GONE, changed_by=BY_HAND, changed_on=today(on))
    edited = changes(base, ledger, columns=hand_columns(ledger), by=BY_HAND, on=on)
    return edited if removed.empty else pd.concat([edited, removed[CHANGES]], ignore_index=True)


def typed_over(written: pd.DataFrame, sent_out: pd.DataFrame) -> pd.DataFrame:
    """Return the tool's cells in which somebody typed: ledger_id (of a new row its place), column, text, what stood.

    Of a row the office added, what only the office knows is not the tool's; copied along with a row is not typed.
    """
    before = {one["ledger_id"]: one for one in records(sent_out.astype("str"))}
    sent, keys = _sent(sent_out), [key for key in TOOL if key in written and key != "row_key"]
    new = written["ledger_id"].eq("") & written["doubt"].isin(["", TWICE])
    rows = written[new | written["ledger_id"].isin([key for key in before if key])]
    typed = []
    for row in records(rows.assign(place=_places(rows))):
        stood = before.get(row["ledger_id"], {}) if row["ledger_id"] else {}
        for key in keys:
            text = row["as_numbered"] if key == "ledger_id" else row[key]
            if text and _is_typed(key, text, row["ledger_id"], stood=stood.get(key, ""), sent=sent):
                typed.append((row["ledger_id"] or row["place"], key, text, stood.get(key, "")))
    return pd.DataFrame(typed, columns=["ledger_id", "column", "text", "stood"], dtype="str")


def _is_typed(key: str, text: str, ledger_id: str, *, stood: str, sent: set[tuple[str, str]]) -> bool:
    """Tell whether a text in a column of the tool is neither the tool's nor what an office says of its own row."""
    if key in TYPED_BY_OFFICE and (not ledger_id or ledger_id.startswith(OWN)):
        return False
    if not ledger_id or key == "ledger_id":
        return (key, comparable_text(text)) not in sent and text != ledger_id
    return comparable_text(text) != comparable_text(stood)


def _sent(texts: pd.DataFrame) -> set[tuple[str, str]]:
    return {(str(key), comparable_text(text)) for key in texts for text in set(texts[key].astype("str"))}


def comparable_text(text: str) -> str:
    """Return a cell's text for comparison: a number to nine digits, a day in one form, no white space around.

    >>> text = comparable_text
    >>> text("0.9772727272727273") == text("0.97727272727"), text("2021/6/3"), text(" 完成 ")
    (True, '2021-06-03', '完成')
    """
    day = day_of(text)
    if day is not None:
        return f"{day:%Y-%m-%d}"
    try:
        return f"{float(text):.9g}"
    except ValueError:
        return " ".join(text.split())


def _places(rows: pd.DataFrame) -> pd.Series:
    return "第" + rows["row_number"].astype("str") + "行"


def merge(
    ledger: pd.DataFrame, before: pd.DataFrame, *, copies: Mapping[str, Copy], on: Day, as_of: Day | None = None
) -> LedgerResult:
    """Return the ledger with what the returned copies filled in; what contradicts is listed, never overwritten.

    A cell is taken when the copy changed it and the ledger did not since (without a hidden base, and in a column the
    bureau decides: when the ledger's is empty). Rows and columns the copy added are added. A row that cannot be placed
    and a tool's cell somebody typed in are conflicts. Then the states are settled anew.
    """
    master = number_own_rows(ledger)
    placed = {name: _matched(copy, master, tag=str(n)) for n, (name, copy) in enumerate(copies.items())}
    proposals = [_proposals(master, placed[name], copy, by=name) for name, copy in copies.items()]
    judged = _judge(pd.concat(proposals, ignore_index=True))
    taken, refused = judged[judged["reason"] == ""], judged[judged["reason"] != ""]
    added = _added(master, placed)
    grown = pd.concat([master, *added.values()], ignore_index=True)
    extra = {c for rows in placed.values() for c in hand_columns(rows)} - set(grown.columns)
    patched = number_own_rows(_patch(grown.assign(**dict.fromkeys(sorted(extra), "")), taken))
    files = [name for name, rows in added.items() for _ in range(len(rows))]
    numbered = patched["ledger_id"].iloc[len(master) :].to_list()
    new = pd.DataFrame({"changed_by": files, "ledger_id": numbered, "column": "row", "old": "", "new": "新增一行"})
    renamed = taken.drop_duplicates(KEY).rename(columns={"text_master": "old", "text": "new", "by": "changed_by"})
    log = pd.concat([renamed, new], ignore_index=True).assign(changed_on=today(on))[CHANGES]
    loose = [_loose(copy, set(placed[name]["row_number"]), by=name) for name, copy in copies.items()]
    conflicts = _named(pd.concat([refused, *loose], ignore_index=True), master)
    notes = tuple(note for name, copy in copies.items() for note in _notes(copy, by=name))
    return LedgerResult(advance_state(patched, before, on=on, as_of=as_of), log, conflicts, notes)


def _matched(copy: Copy, master: pd.DataFrame, *, tag: str) -> pd.DataFrame:
    """Return the copy's rows with the ledger's numbers; rows the copy added get a passing number that starts with ?.

    A row both sides added (all the same, or else the same problem, region, unit) is one row. A row that stands twice
    is only then a new one when it names another problem.
    """
    twice = copy.written.loc[copy.written["doubt"] == TWICE, ["row_number", "problem"]]
    old = set(copy.base["problem"].fillna(""))
    again = set(twice.loc[twice["problem"].isin(old), "row_number"])
    rows = copy.rows[~copy.rows["row_number"].isin(again)].reset_index(drop=True)
    unknown = rows["ledger_id"].fillna("").str.startswith(OWN) & ~rows["ledger_id"].isin(copy.base["ledger_id"])
    new = rows["ledger_id"].fillna("").eq("") | rows["ledger_id"].duplicated() | unknown
    passing = pd.Series([f"?{tag}-{n}" for n in range(len(rows))], index=rows.index, dtype="str")
    own = master[is_own(master)]
    same = pd.Series(pd.NA, index=rows.index, dtype="object")
    for keys in (_own_columns(own), ["problem", "region", "lead_unit"]):
        shared = [key for key in keys if key in rows and key in own]
        names = own.drop_duplicates(shared)[[*shared, "ledger_id"]].astype("str")
        ids = rows[shared].astype("str").merge(names, on=shared, how="left")["ledger_id"].set_axis(rows.index)
        same = same.fillna(ids)
    return rows.assign(ledger_id=rows["ledger_id"].mask(new, same.fillna(passing)).astype("str"))


def _own_columns(rows: pd.DataFrame) -> list[str]:
    return [key for key in (*hand_columns(rows), *OFFICES) if key not in ("sequence", *PLACE)]


def _proposals(master: pd.DataFrame, rows: pd.DataFrame, copy: Copy, *, by: str) -> pd.DataFrame:
    """Return the cells a copy changed: what it says, what it was when sent out, what the ledger says now.

    A new 序号 is only a new order; of a row of the office's own its target, region and value are the office's too.
    """
    listed = rows[~rows["ledger_id"].str.startswith("?")]
    said = cells(listed, [c for c in dict.fromkeys([*hand_columns(rows), *OFFICES]) if c not in PLACE])
    plans = ~said["ledger_id"].str.startswith(OWN)
    said = said[~(plans & said["column"].isin(OFFICES))]
    said = said[~(said["column"].eq("sequence") & said["text"].str.fullmatch(r"\d*"))]
    columns = list(dict.fromkeys(said["column"]))
    said = said.merge(cells(copy.base, columns), on=KEY, how="left", suffixes=("", "_base"))
    said = said.merge(cells(master, columns), on=KEY, how="left", suffixes=("", "_master"))
    gone = ~said["ledger_id"].isin(master["ledger_id"])
    decided = said["column"].isin(set(BUREAU) - set(copy.settles))
    said = said.assign(text_master=said["text_master"].fillna(""), gone=gone, decided=decided, by=by)
    changed = said["text_base"].fillna("") != said["text"]
    return said[changed & (gone | (said["text"] != said["text_master"]))]


def _judge(proposals: pd.DataFrame) -> pd.DataFrame:
    """Return every proposal with its reason to be refused; an empty reason is taken."""
    based, empty = proposals["text_base"].notna(), proposals["text"] == ""
    moved = based & (proposals["text_master"] != proposals["text_base"])
    several = proposals.groupby(KEY)["text"].transform("nunique") > 1
    reasons = (
        (proposals["gone"], NO_ROW),
        (several, DISAGREE),
        (proposals["text"].str.contains(UNCALCULATED, regex=False), UNREAD),
        (empty, BLANKED),
        (moved, MOVED_ON),
        (~based & (proposals["text_master"] != ""), NO_BASE),
        (proposals["decided"].astype(bool) & (proposals["text_master"] != ""), DECIDED),
    )
    return proposals.assign(reason=first_true(reasons))


def _patch(ledger: pd.DataFrame, taken: pd.DataFrame) -> pd.DataFrame:
    once = taken.drop_duplicates(KEY).pivot(index="ledger_id", columns="column", values="text")
    aligned = once.reindex(ledger["ledger_id"]).set_axis(ledger.index)
    texts = {c: as_text(ledger[c]).mask(aligned[c].notna(), aligned[c]) for c in aligned.columns}
    patched = ledger.assign(**texts)
    places = patched["region"].fillna("").map(find_code)
    return patched.assign(region_code=patched["region_code"].mask(is_own(patched), places).astype("str"))


def _added(master: pd.DataFrame, placed: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the rows each copy added and the ledger lacks, without a number yet; the same row from two is one."""
    columns = list(dict.fromkeys(key for rows in placed.values() for key in _own_columns(rows)))
    before = pd.DataFrame(columns=columns, dtype="str")
    out: dict[str, pd.DataFrame] = {}
    for name, rows in placed.items():
        fresh = rows[rows["ledger_id"].str.startswith("?")].drop(columns=list(PLACE), errors="ignore")
        texts = fresh.reindex(columns=columns).apply(as_text)
        again = pd.concat([before, texts]).duplicated().iloc[len(before) :].to_numpy()
        out[name] = fresh[~again].assign(ledger_id="")
        before = pd.concat([before, texts])
    return out


def _loose(copy: Copy, placed: set[int], *, by: str) -> pd.DataFrame:
    """Return the cells typed where nothing can be taken: in the tool's cells, in rows nobody can place."""
    tool = typed_over(copy.written, copy.shown).rename(columns={"stood": "text_master"}).assign(reason=TOOL_CELL, by=by)
    rows = copy.written[copy.written["doubt"].ne("") & ~copy.written["row_number"].isin(placed)]
    if rows.empty:
        return tool
    columns = [name for name in rows.columns if name not in (*PLACE, *TALK, "sequence", "row_key", "ledger_id")]
    texts = rows[[*columns, "maybe"]].assign(ledger_id=_places(rows), reason=rows["doubt"])
    typed = texts.melt(["ledger_id", "reason", "maybe"], columns, var_name="column", value_name="text").astype("str")
    sent, hand = _sent(copy.shown), set(hand_columns(rows))
    stood = cells(copy.base, hand_columns(copy.base)).set_index(KEY)["text"].to_dict()
    was_there = [
        all(stood.get((one, column), "") == text for one in maybe.split("\n")) if maybe and column in hand
        else (column, comparable_text(text)) in sent
        for maybe, column, text in zip(typed["maybe"], typed["column"], typed["text"], strict=True)
    ]  # fmt: skip
    strange = typed[(typed["text"] != "") & ~pd.Series(was_there, index=typed.index, dtype="bool")]
    return pd.concat([tool, strange.assign(text_master="", by=by)], ignore_index=True)


def missing_columns(written: pd.DataFrame, base: pd.DataFrame) -> list[str]:
    """Return people's columns that were there when the tool last wrote and are not in the sheet any more."""
    return [key for key in hand_columns(base) if key not in written and (base.empty or base[key].notna().any())]


def notes_of(file: LedgerFile, by_hand: pd.DataFrame, after: pd.DataFrame) -> tuple[str, ...]:
    """Say what the ledger itself lacks: rows and columns people deleted (of ``by_hand``), deadlines nobody can read."""
    gone, lacking = by_hand.loc[by_hand["new"] == ROW_GONE, "ledger_id"], missing_columns(file.written, file.memory)
    unread = after[after["deadline_read"].ne(after["deadline"].fillna("")) & after["status"].ne(Status.CLOSED)]
    texts = "、".join(unread["ledger_id"].head(3) + "“" + unread["deadline"].fillna("").head(3) + "”")
    counted = f"{len(unread)}项完成时限认不出（{texts}{'等' if len(unread) > 3 else ''}）"
    return (
        *([f"台账中删去了{len(gone)}行（{'、'.join(gone[:3])}），原有内容记在“变更记录”。"] if len(gone) else []),
        *[f"台账缺少列“{label(key, 'ledger')}”，已连同原有内容补回最右。" for key in lacking if key in HAND],
        *[f"台账缺少列“{key}”，原有内容记在“变更记录”。" for key in lacking if key not in HAND],
        *([f"{counted}，仍按上一次认得的时限计；请写成 2021-06 或 长期推进。"] if len(unread) else []),
    )


def _notes(copy: Copy, *, by: str) -> list[str]:
    """Say what of a copy is neither taken nor refused: columns and rows that are missing, numbers that were altered."""
    written = copy.written
    placed = written["ledger_id"].isin(copy.base["ledger_id"])
    altered = int((placed & written["as_numbered"].ne(written["ledger_id"])).sum())
    missing = int((~copy.base["ledger_id"].isin(written["maybe"].str.split("\n").explode())).sum())
    lacking = missing_columns(written, copy.base)
    notes = [f"{by}：缺少列“{label(key, 'ledger')}”，台账保留原样。" for key in lacking]
    if altered:
        notes.append(f"{by}：编号栏有{altered}处改动，已按行键和内容认行。")
    if missing:
        notes.append(f"{by}：没有交回{missing}行，台账保留原样。")
    return notes


def _named(refused: pd.DataFrame, master: pd.DataFrame) -> pd.DataFrame:
    who = master[["ledger_id", "region", "indicator_label"]].drop_duplicates("ledger_id")
    lines = refused.merge(who, on="ledger_id", how="left")
    renamed = lines.rename(columns={"text_master": "in_master", "text": "in_copy", "by": "changed_by"})
    return renamed.fillna({"region": "", "indicator_label": ""})[CONFLICTS].reset_index(drop=True)
