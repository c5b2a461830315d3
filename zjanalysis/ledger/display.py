"""How the ledger reads: targets, values and gaps in words, in its workbook and on a page (`ledger.views`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from zjanalysis.columns import LEDGER
from zjanalysis.display import wording
from zjanalysis.inputs.office_table import day_of
from zjanalysis.inputs.regions import is_county
from zjanalysis.inputs.reported import load_definitions
from zjanalysis.inputs.workbook import cell_text
from zjanalysis.inputs.workplan import LONG_TERM
from zjanalysis.ledger.rows import MOVES, PEERS, records
from zjanalysis.ledger.state import Status, meets
from zjanalysis.ledger.typed import TYPED, is_typed, typed_doubt
from zjanalysis.units import UNITS, rounded

DONE, NOT_DONE = "已完成", "未完成"
SIGNS = {">=": "≥", ">": "＞", "<=": "≤", "<": "＜"}
_COUNT = "#,##0.##"
_FORMATS = {key: f"0.{'0' * one.digits}{'%' * (key == 'share')}" for key, one in UNITS.items() if one.digits} | {
    "count": f"{_COUNT};-{_COUNT};0"
}


def _gap_cell(gap: float, row: Mapping[str, Any]) -> tuple[float | str, str]:
    """Return a gap as far as it is printed, so that a cell that reads 0.00 is 0 and says 持平, and its format."""
    unit = str(row.get("unit"))
    kind = UNITS.get(unit)
    if kind is None:
        return gap_text(gap, unit), "General"
    counted = _counts().get(str(row.get("indicator")), "")
    size, step = (f"0.{'0' * kind.digits}", kind.step) if kind.digits else (_COUNT, counted)
    number = float(rounded(np.array(gap * kind.scale), kind.digits or 2))
    return number, f'"优"{size}"{step}";"差"{size}"{step}";"持平"'


def amount(value: Any, unit: str, *, counted: str = "") -> str:
    """Return a value of the ledger with its unit.

    >>> amount(0.8813, "share"), amount(1, "flag"), amount(2, "count", counted="个"), amount(None, "share")
    ('88.13%', '已完成', '2个', '无数据')
    """
    if wording.missing(value):
        return wording.NO_DATA
    if unit == "flag":
        return DONE if value >= 1 else NOT_DONE
    if unit.startswith(TYPED):
        return f"{_exact(value, unit)}{unit.removeprefix(TYPED)}"
    return f"{wording.plain(value)}{counted}" if unit == "count" else wording.amount(value, unit)


def _exact(value: float, unit: str) -> str:
    """Return a number the office typed as it typed it: 0.999 of typed% is 99.9."""
    return f"{float(rounded(np.array(value * (100 if unit == f'{TYPED}%' else 1)), 7)):.12g}"


def target_text(comparison: str, value: Any, unit: str, *, county: bool = False, counted: str = "") -> str:
    """Return a target as the ledger prints it.

    >>> target_text(">", 0.855, "share"), target_text("<=", 0, "count", counted="个"), target_text("done", 1, "flag")
    ('＞85.50%', '≤0个', '完成')
    >>> target_text("above_peers", 0.882, "share", county=True), target_text("rising", None, "share")
    ('高于兄弟县区（中位数88.20%）', '比基期提高0.10个百分点以上')
    >>> target_text("falling", None, "count", counted="件"), target_text("record", None, "count")
    ('比基期降低1件以上', '只登记，不判定')
    """
    if comparison in MOVES:
        least = f"{_size(UNITS[unit].relevant, unit, counted)}以上" if unit in UNITS else ""
        return f"比基期{'提高' if comparison == 'rising' else '降低'}{least}"
    if comparison == "record":
        return "只登记，不判定"
    number = amount(value, unit, counted=counted)
    if comparison == "done":
        return "完成" if unit == "flag" else f"不少于{number}，有佐证"
    if comparison in ("above_peers", "below_peers"):
        whom = ("高于" if comparison == "above_peers" else "低于") + ("兄弟县区" if county else "兄弟地市")
        return whom if wording.missing(value) else f"{whom}（中位数{number}）"
    return f"{SIGNS[comparison]}{number}" if comparison in SIGNS else ""


def with_target_text(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return the ledger with its targets in words; rows the office added keep the target they typed."""
    texts = ledger[["comparison", "unit", "target_text"]].fillna("").itertuples(index=False)
    about = zip(texts, ledger["target_value"], ledger["region_code"].map(str), _counted(ledger), strict=True)
    targets = [
        typed if unit.startswith(TYPED) else target_text(kind, value, unit, county=is_county(code), counted=count)
        for (kind, unit, typed), value, code, count in about
    ]
    return ledger.assign(target_text=pd.Series(targets, index=ledger.index, dtype="str"))


def with_words(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return the ledger with the words the tool writes into its sheet: target_text and status_reason."""
    rows = with_target_text(ledger)
    reasons = [status_reason(row, counted=count) for row, count in zip(records(rows), _counted(rows), strict=True)]
    return rows.assign(status_reason=pd.Series(reasons, index=rows.index, dtype="str"), row_key=rows["ledger_id"])


def status_reason(row: Mapping[str, Any], *, counted: str = "") -> str:
    """Say in one sentence, from its numbers, why a row of the ledger has its state."""
    return "；".join(part for part in (_time_reason(row), _value_reason(row, counted)) if part) + "。"


def _time_reason(row: Mapping[str, Any]) -> str:
    status, left = row["status"], row["days_left"]
    if status == Status.CLOSED:
        return f"{day_text(day_of(str(row['closed_on'])))}销号"
    if status == Status.REACHED:
        return f"{day_text(row['reached_on'])}达标，待销号"
    silent = all(wording.missing(row[name]) or not str(row[name]).strip() for name in ("progress", "evidence"))
    start = "没有进展说明和佐证；" if silent and status in (Status.NOT_STARTED, Status.IN_PROGRESS) else ""
    fell = "" if wording.missing(row["reopened_on"]) else f"{day_text(row['reopened_on'])}达标回落；"
    if row["comparison"] == "record":
        return "只登记，不判定"
    if wording.missing(left):
        return f"{fell}{start}{LONG_TERM if '长期' in deadline_text(row) else '完成时限认不出'}"
    unread = f"完成时限{deadline_text(row)}；" if deadline_text(row) != str(row["deadline"]) else ""
    if left < 0 and status != Status.OVERDUE:  # no figure this time
        return f"{unread}{day_text(row['reached_on'])}曾按期达标"
    return f"{fell}{start}{unread}" + (f"逾期{-left}天" if left < 0 else f"距完成时限{left}天")


def deadline_text(row: Mapping[str, Any]) -> str:
    """Return the deadline of a row; where nobody can read what is written, the one in force before what is written.

    >>> deadline_text({"deadline": "六月底", "deadline_read": "2021-06"}), deadline_text({"deadline": "2021-06"})
    ('2021-06（现写“六月底”，认不出）', '2021-06')
    """
    written, read = ("" if wording.missing(row.get(key)) else str(row[key]) for key in ("deadline", "deadline_read"))
    return f"{read}（现写“{written}”，认不出）" if read and read != written else written


def _value_reason(row: Mapping[str, Any], counted: str) -> str:
    kind, unit, value = row["comparison"], str(row["unit"]), row["current"]
    if wording.missing(value):
        return typed_doubt(row) or "本期无数据"
    stands = amount(value, unit, counted=counted)
    if kind in ("done", "record"):
        return stands
    if kind in PEERS:
        median = amount(row["target_value"], unit, counted=counted)
        return f"{stands}，中位数{median}，{row['verdict']}"
    if kind in MOVES:
        base = amount(row["baseline"], unit, counted=counted)
        same = wording.missing(row["gap"])
        return f"{stands}，为基期值" if same else f"{stands}，比基期{base}{gap_text(row['gap'], unit, counted=counted)}"
    if kind not in SIGNS:
        return f"{stands}，{typed_doubt(row)}"
    met = meets(kind, value, target=row["target_value"], before=row["baseline"], verdict="")
    goal = target_text(kind, row["target_value"], unit, counted=counted)
    return f"{stands}，{'达到' if met else '未达'}{goal}"


def day_text(day: Any) -> str:
    """Return a day in Chinese; nothing for none."""
    return "" if wording.missing(day) else f"{day.year}年{day.month}月{day.day}日"


def worded(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return the ledger in words for tables and pages: also baseline_text, current_text, gap_text.

    The key of the indicator is dropped: `display.table` would look up each row's unit by it, which the words hold.
    """
    says = {"current": amount, "baseline": amount, "gap": gap_text}
    texts = {f"{name}_text": _said(ledger, name, say) for name, say in says.items()}
    deadlines = pd.Series([deadline_text(row) for row in records(ledger)], index=ledger.index, dtype="str")
    typed = ledger["current_written"].fillna("").where(is_typed(ledger) & ledger["current"].isna(), "")  # asked back
    texts["current_text"] = texts["current_text"].mask(typed.ne(""), typed)
    return with_words(ledger).assign(**texts, deadline=deadlines).drop(columns="indicator")


def foretold(rows: pd.DataFrame) -> pd.Series:
    """Return what rows of the ledger with `forecast.forecasts` are expected to reach, with the interval, in words."""
    value, low, high = (_said(rows, name, amount) for name in ("forecast", "low", "high"))
    return value + "（" + low + "至" + high + "）"


@cache
def _counts() -> dict[str, str]:
    return dict(load_definitions().set_index("indicator")["unit_text"])


def _counted(ledger: pd.DataFrame) -> pd.Series:
    return ledger["indicator"].map(_counts()).fillna("")


def _said(rows: pd.DataFrame, name: str, say: Callable[..., str]) -> pd.Series:
    """Return the numbers of a column in words, each in the unit of its row."""
    numbers = zip(rows[name], rows["unit"].fillna(""), _counted(rows), strict=True)
    return pd.Series([say(v, unit, counted=counted) for v, unit, counted in numbers], index=rows.index, dtype="str")


def gap_text(gap: Any, unit: str, *, counted: str = "") -> str:
    """Return a signed gap in words; a milestone has none.

    >>> gap_text(-0.032, "share"), gap_text(0.0, "days"), gap_text(-2, "count", counted="项"), gap_text(-1, "flag")
    ('差3.20个百分点', '持平', '差2项', '')
    """
    if wording.missing(gap) or unit == "flag":
        return ""
    size = _size(gap, unit, counted)
    return f"{'优' if gap > 0 else '差'}{size}" if re.search("[1-9]", size) else wording.SAME


def _size(difference: float, unit: str, counted: str) -> str:
    if unit.startswith(TYPED):
        counts = unit.removeprefix(TYPED)
        return _exact(abs(difference), unit) + ("个百分点" if counts == "%" else counts)
    return wording.plain(abs(difference)) + counted if unit == "count" else wording.difference(difference, unit)


def cell_of(key: str, row: Mapping[str, Any]) -> tuple[Any, str]:
    """Return the value and the number format of a tool cell: numbers stay numbers, a milestone is a word.

    What an office typed as the value of its own row stays as it wrote it.
    """
    value, unit = row.get(key), str(row.get("unit"))
    if key == "sequence" and str(value).isdigit():
        return int(str(value)), "0"
    if key == "current" and unit.startswith(TYPED):
        text = str(row.get("current_written") or "")
        return (float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else text or None), "General"
    if wording.missing(value):
        return (wording.NO_DATA if key == "current" else None), "General"
    if key == "gap":
        return (None, "General") if unit == "flag" else _gap_cell(float(row[key]), row)
    if key in ("baseline", "current"):
        return (amount(value, unit), "General") if unit == "flag" else (float(row[key]), _FORMATS.get(unit, "General"))
    return (value.to_pydatetime(), "yyyy-mm-dd") if isinstance(value, pd.Timestamp) else (str(value), "General")


def sheet_texts(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return what the sheet says of a ledger, every cell as the text it is read back as."""
    rows = [{key: cell_text(cell_of(key, row)[0]) for key in LEDGER} for row in records(ledger)]
    return pd.DataFrame(rows, columns=list(LEDGER), dtype="str")
