"""One table for page, notebook and workbook: caption, heads with units, row heads, every cell escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import pandas as pd

from zjanalysis.analysis.registry import ITEM_INDICATORS, Indicator, by_caseload, indicator
from zjanalysis.columns import ALL_COLUMNS, TABLES, TITLES, Column
from zjanalysis.display import templates, theme, wording
from zjanalysis.errors import ConfigError, answering, unknown_name
from zjanalysis.inputs.regions import region_name
from zjanalysis.units import UNITS, Met, Unit, Verdict, decimals

MIME = "application/vnd.zjanalysis+json"
HTML = "text/html"
SHOWN = ("key", "label", "unit", "kind")  # what a table keeps of a column
VALUES = ("value", "shown", "best", "median", "target", "previous", "reached")
DELTAS = ("change", "by_items", "by_list", "gap_to_best", "gap_to_median", "gap_to_target")
NUMERIC = frozenset({"count", "days", "number", "visits", "share", "points", "value", "delta"})
UNIT_TEXT = {key: one.suffix.removeprefix("个") for key, one in UNITS.items()}
DELTA_TEXT = {**UNIT_TEXT, "share": "个百分点"}
STATES = {
    str(Verdict.AHEAD): "zj-good", str(Met.MET): "zj-good", wording.GOOD: "zj-good",
    str(Verdict.BEHIND): "zj-bad", str(Met.NOT_MET): "zj-bad", wording.BAD: "zj-bad",
}  # fmt: skip
"""Words that carry a colour; the word says what the colour says."""
SHORT = 9.0  # ems: a column of texts up to this wide never breaks
OFFICE, LEAST, SCREEN = 13.0, 11.0, 54.0  # ems: names up to this wide do not on a screen that has room for the others
WIDE, PAPER = 9, 52.0  # a table of so many columns that are wider together than a page (in ems) prints across it
VALUE, ROW = "数值", "项目"  # the heads of a column and of an index that nobody has named
SHORT_HEAD = 5.0  # ems: a head up to this wide never breaks


@cache
def _others() -> dict[str, Indicator]:
    """Return the indicators that are not of items; their modules load when one of them is first shown."""
    from zjanalysis.analysis.reported import REPORTED_INDICATORS  # noqa: PLC0415
    from zjanalysis.cases.analysis import ALL_CASE_INDICATORS  # noqa: PLC0415

    return {one.key: one for one in (*ALL_CASE_INDICATORS, *REPORTED_INDICATORS)}


ITEM_KEYS = frozenset(one.key for one in ITEM_INDICATORS)


def about(key: str) -> Indicator:
    """Return the indicator of a key: of items, caseload-weighted, of cases, or reported; raises UnknownName."""
    plain, lens, _ = key.partition("_by_cases") if isinstance(key, str) else (key, "", "")
    if lens:
        return by_caseload(plain)
    return (_others().get(plain) if isinstance(plain, str) and plain not in ITEM_KEYS else None) or indicator(plain)


@answering("table")
@dataclass(frozen=True)
class Table:
    """A table ready to be shown: raw values in ``rows``, under ``heads`` whose ``kind`` decides how a cell is written,
    here and in the workbook; ``row_kinds`` is the unit of each row's value columns,
    ``row_digits`` its decimals where the usual would print a value as a threshold it is not (else None).

    ``focus`` are the positions of the rows that the report is about; ``limit`` rows are shown (0: all), the workbook
    holds every one; ``frame`` is what the table was made from.
    """

    caption: str
    heads: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    sheet: str = ""
    note: str = ""
    row_kinds: tuple[str, ...] = ()
    row_digits: tuple[int | None, ...] = ()
    focus: tuple[int, ...] = ()
    limit: int = 0
    frame: pd.DataFrame | None = field(default=None, repr=False, compare=False)

    def payload(self) -> dict[str, Any]:
        """Return the table as JSON, as publish stores it and the workbook is made from."""
        return {
            "sheet": self.sheet,
            "caption": self.caption,
            "note": self.note,
            "columns": [{name: getattr(head, name) for name in SHOWN} for head in self.heads],
            "rows": [list(row) for row in self.rows],
            "row_kinds": list(self.row_kinds),
            **({"row_digits": list(self.row_digits)} if self.row_digits else {}),
        }

    def texts(self) -> list[list[str]]:
        """Return every cell as it reads."""
        units, digits = self.row_kinds or ("",) * len(self.rows), self.row_digits or (None,) * len(self.rows)
        return [
            [cell_text(cell, head, unit, many) for head, cell in zip(self.heads, row, strict=True)]
            for unit, many, row in zip(units, digits, self.rows, strict=True)
        ]

    def html(self) -> str:
        """Return the table as accessible HTML: caption, column heads with units, the first cell of a row as its head.

        Under 40 rem every row becomes a card, whose heads CSS takes from the table.
        """
        return templates.html("table", printed=self)

    def layout(self) -> tuple[list[tuple[Column, bool, bool]], list[tuple[bool, list[tuple[str, str]]]], bool, str]:
        """Return heads (is it of numbers, does it never break), rows (in focus, cells with classes), wide, note.

        A column whose cells are all alike becomes a note; short cells never break; a table of many columns is wide, so
        that it prints across the page.
        """
        texts = self.texts()[: self.limit or None]
        places, said = varying(self, texts)
        columns = {place: [row[place] for row in texts] for place in places}
        look = _unbroken({place: [self.heads[place].unit, *column] for place, column in columns.items()})
        said = self.rest(len(texts)) + said
        width = sum(
            min(SHORT, max(map(theme.ems, [self.heads[place].label, *column]))) for place, column in columns.items()
        )
        heads = [self.heads[place] for place in places]
        return (
            [(head, head.kind in NUMERIC, theme.ems(head.label) <= SHORT_HEAD) for head in heads],
            [(n in self.focus, _marked(self, row, places, look)) for n, row in enumerate(texts)],
            len(places) >= WIDE and width > PAPER,
            said + self.note,
        )

    def rest(self, n_shown: int) -> str:
        """Say where all rows are when only so many are shown; empty when they are here."""
        return f"全部{len(self.rows)}行见工作簿“{self.sheet}”页。" if n_shown < len(self.rows) else ""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {
            HTML: self.html(),
            "text/plain": f"表：{self.caption}（{len(self.rows)}行）",
            MIME: {"kind": "table", "table": self.payload()},
        }


def table(
    frame: pd.DataFrame | pd.Series,
    *,
    caption: str = "数据",
    columns: Sequence[str | Column] = (),
    note: str = "",
    sheet: str = "",
    focus: str = "",
) -> Table:
    """Return a table of the columns named, in their order; none named means all of the frame, a Series is one column.

    What a grouping made the index comes first, as columns; row numbers do not come.
    A column is a key of columns.csv or a Column of its own (label, unit and kind). ``value``, ``median``, ``change``
    and their like follow the unit of the row's ``indicator``. ``focus`` is the region_code whose rows stand out.
    Missing stays missing and reads 无数据. Raises UnknownName for a column the frame does not hold, ConfigError
    for what is no table.

    >>> from zjanalysis.columns import Column
    >>> shown = table(pd.DataFrame({"n": [3]}), caption="例", columns=[Column("n", "事项数", "count", unit="项")])
    >>> shown.heads[0].unit, shown.rows
    ('项', ((3,),))
    """
    source = frame.to_frame(VALUE if frame.name is None else frame.name) if isinstance(frame, pd.Series) else frame
    if not isinstance(source, pd.DataFrame):
        raise ConfigError(f"这里要一张表，得到的是 {type(frame).__name__}。", '例如 zj.table(me.gaps, caption="…")。')
    frame = _flat(source)
    named = [
        column if isinstance(column, Column) else _registered(column, frame) for column in columns or frame.columns
    ]
    units = _row_units(frame)
    many = zip(frame["digits"], units, strict=True) if "digits" in frame and units else ()
    finer = [int(n) if pd.notna(n) and n > UNITS[unit].digits else None for n, unit in many]
    heads = tuple(_head(column, units) for column in named)
    cells = [_cells(frame, head) for head in heads]
    codes = frame["region_code"].tolist() if focus and "region_code" in frame else []
    return Table(
        caption=caption,
        heads=heads,
        rows=tuple(zip(*cells, strict=True)),
        sheet=sheet or caption,
        note=note,
        row_kinds=units if any(head.kind in {"value", "delta"} for head in heads) else (),
        row_digits=tuple(finer) if any(finer) else (),
        focus=tuple(position for position, code in enumerate(codes) if code == focus),
        frame=source,
    )


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with its index as columns where it says something, and every column named by one text.

    >>> _flat(pd.DataFrame({("visits", "mean"): [0.5]}, index=pd.Index(["甲局"], name="department"))).columns
    Index(['department', '到办事现场次数·平均'], dtype='str')
    """
    index = frame.index
    if not all(isinstance(name, str) for name in frame.columns):
        texts = ["·".join(word(str(part)) for part in name if part != "") if isinstance(name, tuple) else str(name)
                 for name in frame.columns]  # fmt: skip
        frame = frame.set_axis(texts, axis=1)
    if index.nlevels == 1 and index.name is None:
        if pd.api.types.is_integer_dtype(index):
            return frame
        index = index.map(lambda name: word(str(name))).rename(ROW)
    levels = [
        index.get_level_values(place).rename(name or f"{ROW}{place + 1}") for place, name in enumerate(index.names)
    ]
    left = [level for level in levels if level.name not in frame]
    return frame.assign(**{str(level.name): level for level in left})[[*(str(level.name) for level in left), *frame]]


def page_table(name: str, rows: pd.DataFrame, one: Indicator | None = None, /, *, note: str = "", focus: str = "",
               **words: str) -> Table:  # fmt: skip
    """Return the table ``page.<name>`` of columns.csv: its columns (`page_columns`), its caption and its sheet.

    ``words``, and {label} and {short} of an indicator, fill what is in braces there.
    """
    title, words = TITLES[f"page.{name}"], {**words, **({"label": one.label, "short": one.short} if one else {})}
    caption, sheet = (text.format(**words) for text in (title.label, title.note))
    return table(rows, caption=caption, columns=page_columns(name, one, **words), note=note, sheet=sheet, focus=focus)


def page_columns(name: str, one: Indicator | None = None, /, **words: object) -> tuple[Column, ...]:
    """Return what the table ``page.<name>`` of columns.csv shows; ``words`` fill its heads, as does {short}.

    With an indicator, value and delta are in its unit.

    >>> [(head.label, head.kind, head.unit) for head in page_columns("changes", about("promised_days"))[1:4]]
    [('上期', 'days', '工作日'), ('本期', 'days', '工作日'), ('较上期', 'days', '工作日')]
    """
    columns = TABLES[f"page.{name}"]
    if one is not None:
        words, unit = {"short": one.short, **words}, one.unit
        step = "points" if unit == "share" else unit
        measured = {"value": (unit, UNIT_TEXT[unit]), "delta": (step, DELTA_TEXT[unit])}
        columns = tuple(replace(column, kind=kind, unit=text) for column in columns
                        for kind, text in [measured.get(column.kind, (column.kind, column.unit))])  # fmt: skip
    return tuple(replace(column, label=column.label.format(**words)) for column in columns)


def table_from_payload(payload: Mapping[str, Any]) -> Table:
    """Return the table back that ``payload`` was made from (the highlighted rows are not part of it)."""
    return Table(
        caption=payload["caption"],
        heads=tuple(Column(**head) for head in payload["columns"]),
        rows=tuple(tuple(row) for row in payload["rows"]),
        sheet=payload["sheet"],
        note=payload["note"],
        row_kinds=tuple(payload.get("row_kinds", ())),
        row_digits=tuple(payload.get("row_digits", ())),
    )


PANDAS = {"size": "项数", "count": "项数", "sum": "合计", "mean": "平均", "Count": "数量", "std": "标准差",
          "min": "最小", "max": "最大", "median": "中位数", "50%": "中位数", "nunique": "种数", "unique": "种数",
          "top": "最多的", "freq": "最多的项数", "first": "第一个", "last": "最后一个",
          "All": "合计", "proportion": "占比"}  # fmt: skip
"""The names that pandas gives to a result, as a table heads them."""


def _registered(key: str, frame: pd.DataFrame) -> Column:
    """Return the column of a key; one that nobody registered is what an analyst made: its values say what it is."""
    counts = key in frame and pd.api.types.is_numeric_dtype(frame[key]) and not pd.api.types.is_bool_dtype(frame[key])
    return ALL_COLUMNS.get(key, Column(key, PANDAS.get(key, key), "number" if counts else "text"))


def word(key: str) -> str:
    """Return what a column is called by those who fill it in; a word of one's own stays.

    >>> word("statutory_days"), word("Count"), word("窗口数")
    ('法定时限', '数量', '窗口数')
    """
    return ALL_COLUMNS[key].label if key in ALL_COLUMNS else PANDAS.get(key, key)


def _row_units(frame: pd.DataFrame) -> tuple[str, ...]:
    if "indicator" not in frame:
        return ()
    units = {key: about(key).unit for key in frame["indicator"].unique()}
    return tuple(units[key] for key in frame["indicator"])


def _head(column: Column, units: tuple[str, ...]) -> Column:
    """Return the head of a column; one unit for all rows stands in the head, several stand in the cells."""
    if units and column.kind in {"text", "number"} and column.key in VALUES + DELTAS:
        kind, texts = ("value", UNIT_TEXT) if column.key in VALUES else ("delta", DELTA_TEXT)
        return Column(column.key, column.label, kind, texts[units[0]] if len(set(units)) == 1 else "")
    unit = column.unit or {"share": "%", "points": "个百分点"}.get(column.kind, "")
    return Column(column.key, "指标" if column.key == "indicator" else column.label, column.kind, unit)


def _cells(frame: pd.DataFrame, head: Column) -> list[Any]:
    """Return the raw cells of a column as plain Python values; regions and indicators by name, missing as None."""
    if head.key == "region" and "region" not in frame and "region_code" in frame:
        return [region_name(code) for code in frame["region_code"]]
    if head.key not in frame:
        raise unknown_name("列", head.key, map(str, frame.columns))
    column = frame[head.key]
    raw: list[Any] = [cell if there else None for cell, there in zip(column.tolist(), column.notna(), strict=True)]
    if head.key == "indicator":
        return [about(key).label for key in raw]
    if head.key == "best_region":
        return [code and region_name(code) for code in raw]
    return [_plain(cell, head.kind) for cell in raw]


def _plain(cell: Any, kind: str) -> Any:
    """Return a cell as JSON can hold it: text, number, yes or no, nothing."""
    if isinstance(cell, float) and kind == "count" and cell.is_integer():
        return int(cell)
    if isinstance(cell, (Verdict, Met)):
        return str(cell)
    return cell if cell is None or isinstance(cell, (str, bool, int, float)) else str(cell)


def cell_text(cell: Any, head: Column, unit: str = "", digits: int | None = None) -> str:
    """Return what a cell reads; ``unit`` and ``digits`` are its row's, the unit written where the head cannot say it.

    >>> cell_text(0.8813, Column("value", "数值", "value", "%"), "share"), cell_text(None, Column("n", "数", "count"))
    ('88.13', '无数据')
    >>> cell_text(0.07, Column("value", "数值", "value"), "visits"), cell_text(0.99999, Column("s", "率", "share", "%"))
    ('0.0700次', '99.999')
    """
    if wording.missing(cell):
        return wording.NO_DATA
    if head.kind == "flag":
        return "是" if cell else "否"
    if head.kind not in NUMERIC or isinstance(cell, str):
        return str(cell)
    if head.kind in {"count", "number"}:
        return wording.plain(cell)
    kind = UNITS[unit if unit and head.kind in {"value", "delta"} else {"points": "share"}.get(head.kind, head.kind)]
    text = wording.number(float(cell) * kind.scale, decimals_of(cell, head, kind, digits))
    signed = head.kind in {"delta", "points"} and cell > 0 and text.strip("0.")
    texts = {"value": UNIT_TEXT, "delta": DELTA_TEXT}.get(head.kind)
    return ("+" if signed else "") + text + (texts[kind.key] if texts and not head.unit else "")


def decimals_of(cell: float, head: Column, kind: Unit, digits: int | None) -> int:
    """Return how many decimals a number of a table has: a value those of its row, a difference the usual ones."""
    if head.kind in {"delta", "points"}:
        return kind.digits
    return digits if digits and head.kind == "value" else decimals(cell, kind)


def _unbroken(columns: dict[int, list[str]]) -> dict[int, str]:
    """Return the columns whose cells do not break: short ones never, names of offices not where the screen has room.

    >>> _unbroken({0: ["很长的事项名称" * 4], 1: ["县文化广电旅游体育局"], 2: ["雷州市"]})
    {2: 'zj-short', 1: 'zj-office'}
    """
    widths = {place: max(map(theme.ems, texts), default=0.0) for place, texts in columns.items()}
    unbroken = {place: "zj-short" for place, width in widths.items() if width <= SHORT}
    for place in sorted(widths, key=widths.__getitem__):
        whole = {*unbroken, place}
        room = sum(width if p in whole else min(width, LEAST) for p, width in widths.items())
        if SHORT < widths[place] <= OFFICE and room + len(widths) <= SCREEN:
            unbroken[place] = "zj-office"
    return unbroken


def varying(printed: Table, texts: list[list[str]]) -> tuple[list[int], str]:
    """Return the columns worth their room, and what the others say: the same in all of at least three rows.

    The first column, which names the rows, always stays; so does one that another shares its name with.
    """
    labels = [head.label for head in printed.heads]
    alike = {
        position
        for position in range(1, len(printed.heads))
        if len(texts) >= 3 and len({row[position] for row in texts}) == 1 and labels.count(labels[position]) == 1
    }
    same = [(printed.heads[position], texts[0][position]) for position in sorted(alike)]
    words = [
        f"{head.label}均{text if text == wording.NO_DATA else f'为{text}{head.unit}'}。" for head, text in same if text
    ]
    return [position for position in range(len(labels)) if position not in alike], "".join(words)


def _marked(printed: Table, row: list[str], places: list[int], look: Mapping[int, str]) -> list[tuple[str, str]]:
    cells = []
    for position in places:
        text = row[position]
        names = ["zj-num"] if printed.heads[position].kind in NUMERIC else [look[position]] if position in look else []
        names += [STATES[word] for word in text.split() if word in STATES]
        cells.append((text, " ".join(names)))
    return cells
