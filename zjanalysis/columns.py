"""Every column once, read from reference/columns.csv: identifier, Chinese header, content, spellings in workbooks.

A new spelling seen in a workbook is one more alias there (``|`` between them), and nothing else changes. One key may
have another header in another table: ``label("current")`` is 本期值, and 当前值 in the ledger. A table ``page.…`` is
what one printed table shows; a row of it without a header is the column of the table above its own (``page.cases`` for
``page.cases.items``), of ``page``, which many share, or else of the first table that has the key; the row without a key
is its caption, and under ``note`` the name of its sheet.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Column:
    """One column. ``aliases`` are headers that mean it; ``unit`` is printed in every table head.

    ``kind``: text · code (digits kept as text) · days · count · share (0–1, printed in percent) · number ·
    visits · flag (true / false / missing) · choice · date · value, delta (in the unit of the row's indicator).
    In the workbooks of the ledger ``writer`` is who writes it: offices, of these only the bureau, or nobody but the
    tool; ``width`` is that of the column.
    """

    key: str
    label: str
    kind: str = "text"
    unit: str = ""
    note: str = ""
    aliases: tuple[str, ...] = ()
    writer: str = ""
    width: float = 16.0

    @property
    def text(self) -> str:
        """Return the label with the unit in brackets, as a head reads where both stand in one cell."""
        return self.label + (f"（{self.unit}）" if self.unit else "")


def _read() -> dict[str, tuple[Column, ...]]:
    """Return the columns of every table, in the order of the file."""
    text = (Path(__file__).parent / "reference" / "columns.csv").read_text(encoding="utf-8")
    tables: dict[str, dict[str, Column]] = {}
    for table, key, header, kind, unit, note, aliases, *sheet in list(csv.reader(text.splitlines()))[1:]:
        own, (writer, width) = tables.setdefault(table, {}), sheet or ("", 16)
        if header:
            also = tuple(filter(None, aliases.split("|")))
            own[key] = Column(key, header, kind, unit, note, also, writer, float(width))
        else:
            others = (table.rpartition(".")[0], "page", *tables)
            own[key] = next(tables[name][key] for name in others if key in tables[name])
    return {name: tuple(columns.values()) for name, columns in tables.items()}


_ROWS = _read()
TABLES = {name: tuple(column for column in table if column.key) for name, table in _ROWS.items()}
TITLES = {name: table[0] for name, table in _ROWS.items() if not table[0].key}
ALL_COLUMNS = {column.key: column for name, table in reversed(TABLES.items()) if not name.startswith("page")
               for column in reversed(table)}  # fmt: skip

# Items: one row is one service item in one region. Aliases follow the national exchange tables, the portal's
# AUDIT_ITEM detail, its lower-case v2, the province's item API, Chinese headers seen, pinyin keys of hall systems.
ITEM_COLUMNS = TABLES["items"]
FINDING_COLUMNS = TABLES["findings"]
REPORTED_COLUMNS, POPULATION_COLUMNS, WEIGHT_COLUMNS = TABLES["reported"], TABLES["population"], TABLES["weights"]
ADDRESS_COLUMNS, TASK_COLUMNS, CASE_COLUMNS = TABLES["addresses"], TABLES["tasks"], TABLES["cases"]

# The 分工表: one row is one row of the ledger and one unit that leads it or helps.
ASSIGNMENT_COLUMNS = TABLES["assignment"]
# The ledger (台账): one row is one target of the plan in one region, or one problem the office added.
LEDGER_COLUMNS, CHANGE_COLUMNS = TABLES["ledger"], TABLES["changes"]
LEDGER = tuple(column.key for column in LEDGER_COLUMNS)
HAND = tuple(column.key for column in LEDGER_COLUMNS if column.writer)
TOOL = tuple(column.key for column in LEDGER_COLUMNS if not column.writer)
# Of people's columns those the bureau decides: what a returned copy writes over them is a conflict.
BUREAU = tuple(column.key for column in LEDGER_COLUMNS if column.writer == "bureau")
# What the tool must remember of a row between two runs and people need not see.
MEMORY_KEYS = ("indicator", "comparison", "target_value", "unit", "baseline_on", "as_of")


def column_of(key: str, *tables: str) -> Column:
    """Return a column: of the first of the tables that has it, else of any; a key nobody knows heads itself.

    >>> column_of("trend").label, column_of("trend", "board").label
    ('变化方向', '较上期')
    """
    named = (column for table in tables for column in TABLES[table] if column.key == key)
    return next(named, None) or ALL_COLUMNS.get(key) or Column(key, key)


def label(key: str, *tables: str) -> str:
    """Return the Chinese header of a column (`column_of`).

    >>> label("promised_days"), label("current"), label("current", "ledger"), label("领导批示")
    ('承诺时限', '本期值', '当前值', '领导批示')
    """
    return column_of(key, *tables).label
