"""Returned copies: what is taken, what is a conflict, what is logged; nothing is ever overwritten."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zjanalysis.columns import BUREAU, LEDGER
from zjanalysis.ledger.merge import (
    BLANKED,
    DECIDED,
    DISAGREE,
    MOVED_ON,
    NO_BASE,
    NO_ROW,
    TOOL_CELL,
    Copy,
    as_text,
    changes,
    hand_changes,
    merge,
    tool_changes,
)
from zjanalysis.ledger.reading import assemble, place
from zjanalysis.ledger.rows import empty_ledger


def ledger(*rows: dict) -> pd.DataFrame:
    blank = empty_ledger()
    extras = [c for c in dict.fromkeys(k for r in rows for k in r) if c not in blank.columns]
    table = pd.DataFrame(rows).reindex(columns=[*blank.columns, *extras])
    return table.astype(blank.dtypes.to_dict()).astype(dict.fromkeys(extras, "str"))


BASE = ledger(
    {"ledger_id": "一-01@440800", "region": "湛江市", "progress": "起", "measures": "", "lead_unit": "甲局"},
    {"ledger_id": "一-02@440800", "region": "湛江市", "progress": "", "measures": "旧", "lead_unit": "乙局"},
)
SHOWN = BASE.reindex(columns=list(LEDGER)).apply(as_text)
FIRST = "一-01@440800"


def edited(table: pd.DataFrame, ledger_id: str = FIRST, **cells: str) -> pd.DataFrame:
    return table.assign(**{k: table[k].mask(table["ledger_id"] == ledger_id, v) for k, v in cells.items()})


def returned(rows: pd.DataFrame, base: pd.DataFrame = BASE) -> Copy:
    """Return the copy with these rows, as if it had been read from a workbook that was sent out with ``base``."""
    texts = rows.drop(columns=["days_left", "days_quiet"]).apply(as_text)
    written = place(texts.assign(file="", sheet="台账", row_number=range(4, 4 + len(rows))), base)
    shown = SHOWN if base is BASE else base.reindex(columns=list(LEDGER)).apply(as_text)
    return Copy(assemble(written, base), base, written, shown)


def merged(master: pd.DataFrame, *copies: pd.DataFrame, base: pd.DataFrame = BASE):
    named = {f"{n}.xlsx": returned(copy, base) for n, copy in enumerate(copies, start=1)}
    return merge(master, BASE, copies=named, on="2021-04-15")


def cell(table: pd.DataFrame, column: str, ledger_id: str = FIRST) -> str:
    return str(table.set_index("ledger_id").loc[ledger_id, column])


def test_a_cell_only_the_copy_changed_is_taken_and_logged_with_file_and_both_texts() -> None:
    result = merged(BASE, edited(BASE, progress="已办", measures="新"))
    assert cell(result.ledger, "progress") == "已办"
    assert result.conflicts.empty
    line = result.changes.set_index("column").loc["progress"]
    assert line[["changed_by", "old", "new"]].tolist() == ["1.xlsx", "起", "已办"]
    assert str(line["changed_on"].date()) == "2021-04-15"


def test_a_cell_only_the_ledger_changed_stays_though_the_copy_is_older() -> None:
    result = merged(edited(BASE, progress="台账新写"), BASE)
    assert cell(result.ledger, "progress") == "台账新写"
    assert len(result.changes) == len(result.conflicts) == 0


@pytest.mark.parametrize(
    ("master", "copies", "base", "reason"),
    [
        ({"progress": "台账"}, [{"progress": "交回"}], BASE, MOVED_ON),
        ({}, [{"progress": "甲"}, {"progress": "乙"}], BASE, DISAGREE),
        ({}, [{"progress": ""}], BASE, BLANKED),
        ({}, [{"progress": "交回"}], BASE.iloc[:0], NO_BASE),
    ],
)
def test_a_conflict_is_listed_and_the_ledger_keeps_its_text(master, copies, base, reason) -> None:
    kept = edited(BASE, **master)
    result = merged(kept, *(edited(kept if reason == NO_BASE else BASE, **c) for c in copies), base=base)
    assert cell(result.ledger, "progress") == cell(kept, "progress")
    assert set(result.conflicts["reason"]) == {reason}
    assert len(result.conflicts) == len(copies)
    assert result.conflicts["in_master"].tolist() == [cell(kept, "progress")] * len(copies)
    assert "progress" not in set(result.changes["column"])


@pytest.mark.parametrize("column", BUREAU)
def test_what_the_bureau_decides_is_not_moved_by_a_copy_but_listed(column: str) -> None:
    sent = BASE.assign(deadline="2021-06", problem="排队久", parent="前言-01", cooperating_units="丙局")
    for text in ("2021-06-31", "六月底", "长期推进", "2029-12-31"):
        result = merged(sent, edited(sent, **{column: text, "progress": "已办"}), base=sent)
        assert cell(result.ledger, column) == cell(sent, column)
        assert result.conflicts[["column", "in_master", "in_copy", "reason"]].to_numpy().tolist() == [
            [column, cell(sent, column), text, DECIDED]
        ]
        assert cell(result.ledger, "progress") == "已办"


def test_what_the_bureau_decides_is_taken_where_it_has_said_nothing_yet_or_was_asked_for() -> None:
    assert cell(merged(BASE, edited(BASE, deadline="2021-06")).ledger, "deadline") == "2021-06"
    asked = replace(returned(edited(BASE, lead_unit="丁局")), settles=("lead_unit",))
    result = merge(BASE, BASE, copies={"分工表.xlsx": asked}, on="2021-04-15")
    assert (cell(result.ledger, "lead_unit"), len(result.conflicts)) == ("丁局", 0)


def test_the_same_answer_from_both_sides_is_no_conflict() -> None:
    result = merged(edited(BASE, progress="同"), edited(BASE, progress="同"), edited(BASE, progress="同"))
    assert len(result.conflicts) == len(result.changes) == 0


def test_without_the_hidden_base_only_empty_cells_are_filled() -> None:
    result = merged(BASE, edited(BASE, measures="补写"), base=BASE.iloc[:0])
    assert cell(result.ledger, "measures") == "补写"
    assert result.conflicts.empty


def test_a_row_deleted_from_the_ledger_is_a_conflict_not_a_resurrection() -> None:
    result = merged(BASE.iloc[1:].reset_index(drop=True), edited(BASE, progress="已办"))
    assert list(result.ledger["ledger_id"]) == ["一-02@440800"]
    assert list(result.conflicts["reason"]) == [NO_ROW]


def test_rows_and_columns_a_copy_added_are_added_once() -> None:
    new = {"ledger_id": "", "region": "廉江市", "problem": "停车难", "lead_unit": "廉江市人民政府", "备注列": "急"}
    copy = pd.concat([BASE.assign(备注列=["甲", ""]), ledger(new)], ignore_index=True)
    result = merged(BASE, copy, copy)
    assert list(result.ledger["ledger_id"]) == [FIRST, "一-02@440800", "自001"]
    assert cell(result.ledger, "备注列") == "甲"
    assert cell(result.ledger, "备注列", "自001") == "急"
    again = merge(result.ledger, result.ledger, copies={"1.xlsx": returned(copy)}, on="2021-04-16")
    assert len(again.ledger) == 3
    assert again.changes.empty


def test_a_numbered_row_of_the_copys_own_is_not_mistaken_for_another_one() -> None:
    mine = ledger({"ledger_id": "自001", "region": "廉江市", "problem": "停车难", "lead_unit": "甲"})
    theirs = ledger({"ledger_id": "自001", "region": "雷州市", "problem": "排队久", "lead_unit": "乙"})
    result = merged(pd.concat([BASE, mine], ignore_index=True), pd.concat([BASE, theirs], ignore_index=True))
    assert list(result.ledger["problem"].tail(2)) == ["停车难", "排队久"]
    assert list(result.ledger["ledger_id"].tail(2)) == ["自001", "自002"]


def test_tool_columns_of_a_copy_are_never_taken_but_listed() -> None:
    result = merged(BASE, BASE.assign(status="已销号", current=1.0, target_text="随便"))
    assert len(result.changes) == 0
    assert result.ledger["current"].isna().all()
    assert set(result.conflicts["reason"]) == {TOOL_CELL}
    assert sorted(result.conflicts["column"].unique()) == ["current", "status", "target_text"]


def test_the_inputs_are_not_touched() -> None:
    master, copy = BASE.copy(deep=True), edited(BASE, progress="已办")
    kept = copy.copy(deep=True)
    merged(master, copy)
    pd.testing.assert_frame_equal(master, BASE)
    pd.testing.assert_frame_equal(copy, kept)


def test_the_log_names_cells_and_a_new_row_in_one_line() -> None:
    grown = pd.concat([edited(BASE, progress="改"), ledger({"ledger_id": "自001", "problem": "新"})], ignore_index=True)
    lines = hand_changes(BASE, grown, on="2021-04-15")
    assert lines[["column", "old", "new"]].to_numpy().tolist() == [["progress", "起", "改"], ["row", "", "新增一行"]]
    values = tool_changes(BASE.assign(current=0.5), BASE.assign(current=0.75), on="2021-04-15")
    assert values[["column", "old", "new"]].to_numpy().tolist() == [["current", "0.5", "0.75"]] * 2
    assert changes(BASE, BASE, columns=["progress"], by="x", on="2021-04-15").empty


TYPED = ("progress", "measures", "lead_unit", "evidence")
WORDS = st.text(alphabet="甲乙丙=+，、 1%\n", max_size=4)
EDITS = st.dictionaries(st.tuples(st.sampled_from([0, 1]), st.sampled_from(TYPED)), WORDS, max_size=6)
PAIRS = 4
SHEET = pd.concat(
    [BASE.assign(ledger_id=[f"一-{n}{k}@440800" for k in (1, 2)]) for n in range(PAIRS)], ignore_index=True
)


@given(st.lists(st.tuples(EDITS, EDITS, EDITS, st.booleans()), min_size=PAIRS, max_size=PAIRS))
@settings(max_examples=-(-settings().max_examples // PAIRS))
def test_two_offices_and_the_ledger_write_at_once_and_no_cell_is_lost(pairs) -> None:
    """Every text an office typed stands in the ledger afterwards or among the conflicts, and nothing of ours goes.

    Several pairs of rows are written in at once, each as it would be alone: what is slow is to merge, not to compare.
    """
    master, *copies = (
        written(
            SHEET,
            {(2 * n + row, column): text for n, pair in enumerate(pairs) for (row, column), text in pair[who].items()},
        )
        for who in (2, 0, 1)
    )
    deleted = [2 * n for n, (*_, deletes_a_row) in enumerate(pairs) if deletes_a_row]
    copies[1] = copies[1].drop(index=deleted).reset_index(drop=True)
    result = merged(master, *copies, base=SHEET)
    listed = set(result.conflicts[["ledger_id", "column", "in_copy"]].itertuples(index=False, name=None))
    before, mine, after = (texts_of(table) for table in (SHEET, master, result.ledger))
    for copy in copies:
        returned_texts = texts_of(copy)
        for ledger_id in copy["ledger_id"]:
            for column in TYPED:
                was, says, ours, now = (texts[column][ledger_id] for texts in (before, returned_texts, mine, after))
                if says not in (was, now):
                    assert (ledger_id, column, says) in listed
                if ours != was:
                    assert now == ours


def written(table: pd.DataFrame, edits: dict[tuple[int, str], str]) -> pd.DataFrame:
    """Return a table with some texts (row, column) typed into it."""
    cells = {column: table[column].tolist() for column in TYPED}
    for (row, column), text in edits.items():
        cells[column][row] = text
    return table.assign(**cells).astype(dict.fromkeys(TYPED, "str"))


def texts_of(table: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return what was typed: column → number of the row → text."""
    return table.set_index("ledger_id")[list(TYPED)].apply(as_text).to_dict()
