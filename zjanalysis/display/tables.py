"""One table for page, notebook and workbook: caption, heads with units, row heads, every cell escaped at the source."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from html import escape
from typing import Any

import pandas as pd

from zjanalysis.columns import ALL_COLUMNS, Column
from zjanalysis.display import wording
from zjanalysis.display.known import about
from zjanalysis.errors import unknown_name
from zjanalysis.inputs.regions import region_name

__all__ = ["HTML", "MIME", "Head", "Table", "about", "cell_text", "markup", "table", "table_from_payload"]

MIME = "application/vnd.zjanalysis+json"
HTML = "text/html"
VALUES = ("value", "shown", "best", "median", "target", "previous", "reached")
DELTAS = ("change", "gap_to_best", "gap_to_median", "gap_to_target")
NUMERIC = frozenset({"count", "days", "number", "visits", "share", "points", "value", "delta"})
UNIT_TEXT = {"share": "%", "days": "工作日", "visits": "次"}
DELTA_TEXT = {"share": "个百分点", "days": "工作日", "visits": "次"}
NAMED = {"indicator": "indicator", "region": "region", "best_region": "region", "verdict": "verdict"}
WORDY = frozenset(NAMED.values())
ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Head:
    """One column of a table as it is shown. ``kind`` decides how a cell is written, here and in the workbook."""

    key: str
    label: str
    unit: str = ""
    kind: str = "text"


@dataclass(frozen=True)
class Table:
    """A table ready to be shown: raw values in ``rows``; ``row_kinds`` is the unit of each row's value columns.

    ``focus`` are the positions of the rows that the report is about.
    """

    caption: str
    heads: tuple[Head, ...]
    rows: tuple[tuple[Any, ...], ...]
    sheet: str = ""
    note: str = ""
    row_kinds: tuple[str, ...] = ()
    focus: tuple[int, ...] = ()

    def payload(self) -> dict[str, Any]:
        """Give the table as JSON, as publish stores it and the workbook is made from."""
        return {
            "sheet": self.sheet,
            "caption": self.caption,
            "note": self.note,
            "columns": [asdict(head) for head in self.heads],
            "rows": [list(row) for row in self.rows],
            "row_kinds": list(self.row_kinds),
        }

    def html(self) -> str:
        """Give the table as accessible HTML."""
        return table_html(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {
            HTML: self.html(),
            "text/plain": f"表：{self.caption}（{len(self.rows)}行）",
            MIME: {"kind": "table", "table": self.payload()},
        }


def table(
    frame: pd.DataFrame,
    *,
    caption: str,
    columns: Sequence[str | Column] = (),
    note: str = "",
    sheet: str = "",
    focus: str = "",
) -> Table:
    """Give a table of the columns named, in their order; none named means all of the frame.

    A column is a key of columns.csv or a Column of its own (label, unit and kind). ``value``, ``median``, ``change``
    and their like follow the unit of the row's ``indicator``. ``focus`` is the region_code whose rows stand out.
    Missing stays missing and reads 无数据. Raises UnknownName for a column the frame does not hold.

    >>> from zjanalysis.columns import Column
    >>> shown = table(pd.DataFrame({"n": [3]}), caption="例", columns=[Column("n", "事项数", "count", unit="项")])
    >>> shown.heads[0].unit, shown.rows
    ('项', ((3,),))
    """
    named = [column if isinstance(column, Column) else _registered(column) for column in columns or frame.columns]
    units = _row_units(frame)
    heads = tuple(_head(column, units) for column in named)
    cells = [_cells(frame, head) for head in heads]
    codes = frame["region_code"].tolist() if focus and "region_code" in frame else []
    return Table(
        caption=caption,
        heads=tuple(replace(head, kind="text") if head.kind in WORDY else head for head in heads),
        rows=tuple(zip(*cells, strict=True)),
        sheet=sheet or caption,
        note=note,
        row_kinds=units if any(head.kind in {"value", "delta"} for head in heads) else (),
        focus=tuple(position for position, code in enumerate(codes) if code == focus),
    )


def table_from_payload(payload: Mapping[str, Any]) -> Table:
    """Give the table back that ``payload`` was made from (the highlighted rows are not part of it)."""
    return Table(
        caption=payload["caption"],
        heads=tuple(Head(**head) for head in payload["columns"]),
        rows=tuple(tuple(row) for row in payload["rows"]),
        sheet=payload["sheet"],
        note=payload["note"],
        row_kinds=tuple(payload.get("row_kinds", ())),
    )


def _registered(key: str) -> Column:
    return ALL_COLUMNS.get(key, Column(key, key))


def _row_units(frame: pd.DataFrame) -> tuple[str, ...]:
    if "indicator" not in frame:
        return ()
    units = {key: about(key).unit for key in frame["indicator"].unique()}
    return tuple(units[key] for key in frame["indicator"])


def _head(column: Column, units: tuple[str, ...]) -> Head:
    """Give the head of a column; one unit for all rows stands in the head, several stand in the cells."""
    plain = column.kind in {"text", "number"}
    kind = NAMED.get(column.key, column.kind) if plain else column.kind
    if units and plain and column.key in VALUES + DELTAS:
        kind = "value" if column.key in VALUES else "delta"
        texts = UNIT_TEXT if kind == "value" else DELTA_TEXT
        return Head(column.key, column.label, texts[units[0]] if len(set(units)) == 1 else "", kind)
    unit = column.unit or {"share": "%", "points": "个百分点"}.get(kind, "")
    return Head(column.key, "指标" if kind == "indicator" else column.label, unit, kind)


def _cells(frame: pd.DataFrame, head: Head) -> list[Any]:
    """Give the raw cells of a column as plain Python values; regions and indicators by name, missing as None."""
    if head.key == "region" and "region" not in frame and "region_code" in frame:
        return [region_name(code) for code in frame["region_code"]]
    if head.key not in frame:
        raise unknown_name("列", head.key, map(str, frame.columns))
    column = frame[head.key]
    present = column.notna().tolist()
    raw: list[Any] = [cell if there else None for cell, there in zip(column.tolist(), present, strict=True)]
    if head.kind == "indicator":
        return [about(key).label for key in raw]
    if head.kind == "verdict":
        return [wording.verdict_word(word) for word in raw]
    if head.kind == "region" and head.key == "best_region":
        return [code and region_name(code) for code in raw]
    return [_plain(cell, head.kind) for cell in raw]


def _plain(cell: Any, kind: str) -> Any:
    """Give a cell as JSON can hold it: text, number, yes or no, nothing."""
    if isinstance(cell, float) and kind == "count" and cell.is_integer():
        return int(cell)
    return cell if cell is None or isinstance(cell, (str, bool, int, float)) else str(cell)


def markup(text: Any) -> str:
    """Give a text safe inside HTML, attributes included; characters no page may hold are dropped.

    >>> markup('<script>"x"\\x00</script>')
    '&lt;script&gt;&quot;x&quot;&lt;/script&gt;'
    """
    return escape(ILLEGAL.sub("", str(text)))


def cell_text(cell: Any, head: Head, unit: str = "", *, with_unit: bool = False) -> str:
    """Give what a cell reads; ``unit`` is its row's, written only where the head cannot say it.

    >>> cell_text(0.8813, Head("value", "数值", "%", "value"), "share"), cell_text(None, Head("n", "数", "", "count"))
    ('88.13', '无数据')
    """
    if wording.missing(cell):
        return wording.NO_DATA
    if head.kind == "flag":
        return "是" if cell else "否"
    if head.kind not in NUMERIC or isinstance(cell, str):
        return str(cell)
    if head.kind in {"count", "visits"}:
        return wording.plain(cell)
    scaled = float(cell) * 100 if "share" in (head.kind, unit) or head.kind == "points" else float(cell)
    text = wording.plain(cell) if head.kind == "number" else wording.number(scaled)
    sign = "+" if head.kind in {"delta", "points"} and not text.startswith(wording.MINUS) and scaled > 0 else ""
    return sign + text + ((DELTA_TEXT if head.kind == "delta" else UNIT_TEXT)[unit] if with_unit else "")


def table_html(shown: Table) -> str:
    """Give accessible HTML: caption, column heads with units, the first cell of a row as its head."""
    heads = "".join(_head_html(head) for head in shown.heads)
    body = "".join(_row_html(shown, position) for position in range(len(shown.rows)))
    body = body or f'<tr><th scope="row" colspan="{len(shown.heads)}">（没有）</th></tr>'
    note = f'<p class="zj-note">{markup(shown.note)}</p>' if shown.note else ""
    return (
        f'<div class="zj-table" role="region" tabindex="0" aria-label="{markup(shown.caption)}">'
        f"<table><caption>{markup(shown.caption)}</caption><thead><tr>{heads}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>{note}"
    )


def _head_html(head: Head) -> str:
    unit = f'<span class="zj-unit">（{markup(head.unit)}）</span>' if head.unit else ""
    return f'<th scope="col"{_number_class(head)}>{markup(head.label)}{unit}</th>'


def _row_html(shown: Table, position: int) -> str:
    unit = shown.row_kinds[position] if shown.row_kinds else ""
    row = zip(shown.heads, shown.rows[position], strict=True)
    texts = [(head, cell_text(cell, head, unit, with_unit=_spelled(head))) for head, cell in row]
    first = f'<th scope="row">{markup(texts[0][1])}</th>' if texts else ""
    rest = "".join(f"<td{_number_class(head) or _whole_class(text)}>{markup(text)}</td>" for head, text in texts[1:])
    mark = ' class="zj-focus"' if position in shown.focus else ""
    return f"<tr{mark}>{first}{rest}</tr>"


def _spelled(head: Head) -> bool:
    return head.kind in {"value", "delta"} and not head.unit


def _number_class(head: Head) -> str:
    return ' class="zj-num"' if head.kind in NUMERIC else ""


def _whole_class(text: str) -> str:
    """Keep a date or a code on one line; a browser breaks after every hyphen."""
    return ' class="zj-whole"' if re.fullmatch(r"\d{4}-\d{2}(-\d{2})?|\d{9,}", text) else ""
