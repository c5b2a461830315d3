"""The columns: one file, and one meaning of a key whatever is imported first."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from zjanalysis.columns import ALL_COLUMNS, TABLES, TITLES, column_of, label

PACKAGE = Path(__file__).resolve().parent.parent / "zjanalysis"
KINDS = {
    "text",
    "code",
    "days",
    "count",
    "share",
    "number",
    "visits",
    "flag",
    "choice",
    "date",
    "value",
    "delta",
    "points",
}


def test_every_column_has_a_header_and_a_kind_and_stands_once_in_its_table() -> None:
    for table, columns in TABLES.items():
        assert len({column.key for column in columns}) == len(columns), table
        assert all(column.label and column.kind in KINDS for column in columns), table


def test_a_key_means_what_its_table_says_and_else_what_the_first_table_says() -> None:
    two_headers = {
        column.key
        for table, columns in TABLES.items()
        if not table.startswith("page")
        for column in columns
        if column.label != ALL_COLUMNS[column.key].label
    }
    assert two_headers == {
        "item_name", "department", "match_code", "value", "indicator_label", "gain", "trend", "current", "current_text",
        "due",
    }  # fmt: skip  # a new one is a table whose columns have to be named with their table
    assert (label("trend"), label("trend", "board"), label("trend", "items", "board")) == (
        "变化方向",
        "较上期",
        "较上期",
    )
    assert column_of("领导批示").label == "领导批示"


def test_every_table_of_a_page_is_shown_somewhere_and_a_shared_head_is_shared() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    printed = {name.removeprefix("page.") for name in TABLES if name.startswith("page.")}
    shown = ('page_table("{}"', '_listed("{}"')
    uses = ('"page.{}"', 'page_columns("{}"', *shown)
    assert not {name for name in printed if not any(use.format(name) in source for use in uses)}
    titled = {name for name in printed if any(use.format(name) in source for use in shown)}
    assert titled == {name.removeprefix("page.") for name in TITLES}
    shared = set(TABLES["page"])
    users = Counter(column for name in printed for column in TABLES[f"page.{name}"] if column in shared)
    assert not {column.key for column in shared if users[column] < 2}
