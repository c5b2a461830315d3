"""How the ledger reads: targets, values and gaps in the words and number formats of their units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from zjanalysis.display import wording
from zjanalysis.inputs.regions import is_county
from zjanalysis.inputs.reported import load_definitions

DONE, NOT_DONE = "已完成", "未完成"
SIGNS = {">=": "≥", ">": "＞", "<=": "≤"}
_FORMATS = {"share": "0.00%", "days": "0.00", "visits": "0.00", "score": "0.00", "count": "#,##0.##;-#,##0.##;0"}
_POINTS = '"优"0.00"个百分点";"差"0.00"个百分点";"持平"'
_GAPS = {
    "share": _POINTS,
    "days": '"优"0.00"个工作日";"差"0.00"个工作日";"持平"',
    "visits": '"优"0.00"次";"差"0.00"次";"持平"',
    "score": '"优"0.00"分";"差"0.00"分";"持平"',
    "count": '"优"#,##0.##;"差"#,##0.##;"持平"',
}
_UNIT_TEXT = {"days": "个工作日", "visits": "次", "score": "分"}


def unit_text(indicator: str) -> str:
    """Give what a count counts: 项, 件, 次, 件/万人."""
    known = load_definitions().set_index("indicator")["unit_text"]
    return str(known.get(indicator, ""))


def amount(value: Any, unit: str, *, counted: str = "") -> str:
    """Give a value of the ledger with its unit.

    >>> amount(0.8813, "share"), amount(1, "flag"), amount(2, "count", counted="个"), amount(None, "share")
    ('88.13%', '已完成', '2个', '无数据')
    """
    if wording.missing(value):
        return wording.NO_DATA
    if unit == "flag":
        return DONE if value >= 1 else NOT_DONE
    if unit == "share":
        return f"{wording.number(value * 100)}%"
    if unit in ("count", "typed"):
        return f"{wording.plain(value)}{counted}"
    return f"{wording.number(value)}{_UNIT_TEXT.get(unit, '')}"


def target_text(comparison: str, value: Any, unit: str, *, county: bool = False, counted: str = "") -> str:
    """Give a target as the ledger prints it.

    >>> target_text(">", 0.855, "share"), target_text("<=", 0, "count", counted="个"), target_text("done", 1, "flag")
    ('＞85.50%', '≤0个', '完成')
    >>> target_text("above_peers", 0.882, "share", county=True), target_text("rising", None, "share")
    ('高于兄弟县区（同事项中位数88.20%）', '比基期提高')
    """
    words = {"rising": "比基期提高", "falling": "比基期降低", "done": "完成", "record": "只登记，不判定"}
    if comparison in words:
        return words[comparison]
    shown = amount(value, unit, counted=counted)
    if comparison in ("above_peers", "below_peers"):
        whom = ("高于" if comparison == "above_peers" else "低于") + ("兄弟县区" if county else "兄弟地市")
        return whom if wording.missing(value) else f"{whom}（同事项中位数{shown}）"
    return f"{SIGNS[comparison]}{shown}" if comparison in SIGNS else ""


def with_target_text(ledger: pd.DataFrame) -> pd.DataFrame:
    """Give the ledger with its targets in words; rows the office added keep the target they typed."""
    columns = zip(
        ledger["comparison"].fillna(""), ledger["target_value"], ledger["unit"].fillna(""), ledger["region_code"],
        _counted(ledger), ledger["target_text"].fillna(""), strict=True,
    )  # fmt: skip
    targets = [
        typed if unit == "typed" else target_text(kind, value, unit, county=is_county(str(code)), counted=count)
        for kind, value, unit, code, count, typed in columns
    ]
    return ledger.assign(target_text=pd.Series(targets, index=ledger.index, dtype="str"))


def worded(ledger: pd.DataFrame) -> pd.DataFrame:
    """Give the ledger in words for tables and pages: target_text, baseline_text, current_text, gap_text.

    The key of the indicator is dropped: `display.table` would look up each row's unit by it, which the words hold.
    """
    units, counted = ledger["unit"].fillna(""), _counted(ledger)
    return (
        with_target_text(ledger)
        .assign(
            current_text=_amounts(ledger["current"], units, counted),
            baseline_text=_amounts(ledger["baseline"], units, counted),
            gap_text=_gap_texts(ledger["gap"], units),
        )
        .drop(columns="indicator")
    )


def _counted(ledger: pd.DataFrame) -> pd.Series:
    counts = load_definitions().set_index("indicator")["unit_text"]
    return ledger["indicator"].map(counts).fillna("")


def _amounts(values: pd.Series, units: pd.Series, counted: pd.Series) -> pd.Series:
    texts = [amount(v, u, counted=c) for v, u, c in zip(values, units, counted, strict=True)]
    return pd.Series(texts, index=values.index, dtype="str")


def gap_text(gap: Any, unit: str) -> str:
    """Give a signed gap in words; a milestone has none.

    >>> gap_text(-0.032, "share"), gap_text(0.0, "days"), gap_text(0.1, "visits"), gap_text(-1, "flag")
    ('差3.20个百分点', '持平', '优0.10次', '')
    """
    if wording.missing(gap) or unit == "flag":
        return ""
    size = abs(float(gap)) * (100 if unit == "share" else 1)
    text = wording.plain(size) if unit in ("count", "typed") else wording.number(size)
    if not text.strip("0."):
        return "持平"
    return f"{'优' if gap > 0 else '差'}{text}{'个百分点' if unit == 'share' else _UNIT_TEXT.get(unit, '')}"


def _gap_texts(gaps: pd.Series, units: pd.Series) -> pd.Series:
    return pd.Series([gap_text(g, u) for g, u in zip(gaps, units, strict=True)], index=gaps.index, dtype="str")


def cell_of(key: str, row: Mapping[str, Any]) -> tuple[Any, str]:
    """Give the value and the number format of a tool cell: numbers stay numbers, a milestone is a word."""
    value, unit = row.get(key), str(row.get("unit"))
    if key == "sequence" and str(value).isdigit():
        return int(str(value)), "0"
    if value is None or wording.missing(value):
        return (wording.NO_DATA if key == "current" and unit != "typed" else None), "General"
    if key in ("baseline", "current"):
        return (amount(value, unit), "General") if unit == "flag" else (float(value), _FORMATS.get(unit, "General"))
    if key == "gap":
        scaled = round(float(value) * (100 if unit == "share" else 1), 4)
        return (None, "General") if unit == "flag" else (scaled, _GAPS.get(unit, "General"))
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime(), "yyyy-mm-dd"
    return str(value), "General"
