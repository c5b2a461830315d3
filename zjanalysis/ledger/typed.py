"""What an office types as the target and the value of a row of its own: read where it is clear, else asked back."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

TYPED = "typed"
"""How the unit of such a row begins; what it counts follows: typed%, typed天, or nothing."""
_ASKS = {
    ">=": "≥|>=|=>|≧|不低于|不少于|不小于|大于等于|达到|至少",
    "<=": "≤|<=|=<|≦|不高于|不超过|不多于|不大于|小于等于|至多",
    ">": ">|高于|大于|超过|多于",
    "<": "<|低于|小于|少于",
}
_BEFORE, _AFTER = rf"(?P<asks>{'|'.join(_ASKS.values())})?", "(?:及?(?P<up>以上)|及?(?P<down>以下|以内|之内|内))?"
_UNIT = r"(?:个(?=工作日))?(?P<unit>%|[^\W\d十百千万亿年季月底前后左右约至到内外上下完及以]{0,4})"
_NUMBER = rf"(?P<number>[-+]?\d[\d,]*(?:\.\d+)?)(?P<times>[万亿]?){_UNIT}"
_TARGET, _VALUE = re.compile(_BEFORE + _NUMBER + _AFTER), re.compile(_NUMBER)
_TIMES = {"": 1.0, "万": 1e4, "亿": 1e8}


def is_typed(ledger: pd.DataFrame) -> pd.Series:
    """Tell which rows have the target and the value that somebody of the office typed."""
    return ledger["unit"].fillna("").str.startswith(TYPED)


def read_typed(ledger: pd.DataFrame, own: pd.Series) -> pd.DataFrame:
    """Return the ledger with comparison, target_value, unit and current of the ``own`` rows as they are typed.

    A value that cannot be held against its target (50 and ≥95%, 2小时 and ≤3天) is missing; `typed_doubt` says why.
    """
    if not own.any():
        return ledger
    keys = ["comparison", "target_value", "unit", "current"]
    read = pd.DataFrame([_read(row) for row in ledger[own].to_dict("records")], ledger.index[own], columns=keys)
    filled = read.astype(ledger.dtypes[keys].to_dict()).reindex(ledger.index)
    return ledger.assign(**{key: ledger[key].mask(own, filled[key]) for key in keys})


def _read(row: Mapping[Any, Any]) -> tuple[str | None, float, str, float]:
    kind, target, asked = read_target(_text(row["target_text"]))
    written = _text(row["current_written"])
    value, counted = read_value(written) if written else (row["current"], "")
    unit = "%" if "%" in (asked, counted) else asked or counted
    return kind or None, target, TYPED + unit, value if _comparable((target, asked), (value, counted)) else np.nan


def read_target(text: str) -> tuple[str, float, str]:
    """Return what a typed target asks: comparison, number, what it counts; a bare number is to be reached.

    >>> read_target("不超过3个工作日"), read_target("95％以上"), read_target("＜5"), read_target("整改到位")
    (('<=', 3.0, '工作日'), ('>=', 0.95, '%'), ('<', 5.0, ''), ('', nan, ''))
    """
    match = _TARGET.fullmatch(_folded(text))
    if not match:
        return "", np.nan, ""
    before = next((kind for kind, words in _ASKS.items() if match["asks"] in words.split("|")), "")
    after = ">=" if match["up"] else "<=" if match["down"] else ""
    if before and after and before[0] != after[0]:  # 不超过95%以上
        return "", np.nan, ""
    return before or after or ">=", *_measured(match)


def read_value(text: str) -> tuple[float, str]:
    """Return a typed value and what it counts.

    >>> read_value("99.9％"), read_value("1.2万件"), read_value("约三成")
    ((0.999, '%'), (12000.0, '件'), (nan, ''))
    """
    match = _VALUE.fullmatch(_folded(text))
    return _measured(match) if match else (np.nan, "")


def _measured(match: re.Match[str]) -> tuple[float, str]:
    number = float(match["number"].replace(",", "")) * _TIMES[match["times"]]
    return (round(number / 100, 12) if match["unit"] == "%" else number), match["unit"]


def _comparable(target: tuple[float, str], value: tuple[float, str]) -> bool:
    """Tell whether a value can be held against a target: both count the same, or one leaves out what it counts.

    A percent goes with a number without a sign only where that can be a share (0.96).
    """
    (number, asked), (has, counted) = target, value
    if asked == counted or np.isnan(number) or np.isnan(has):
        return True
    if "%" in (asked, counted):
        plain, unit = (number, asked) if counted == "%" else (has, counted)
        return not unit and 0 <= plain <= 1
    return not asked or not counted


def typed_doubt(row: Mapping[str, Any]) -> str:
    """Return what of a typed target and value cannot be read or held together; nothing for other rows.

    >>> row = {"unit": "typed%", "target_text": "≥95%", "target_value": 0.95, "current_written": "50", "current": None}
    >>> typed_doubt(row)
    '当前值“50”与目标值“≥95%”的单位对不上'
    """
    if not _text(row["unit"]).startswith(TYPED):
        return ""
    target, value = _text(row["target_text"]), _text(row["current_written"])
    if pd.isna(row["target_value"]):
        return f"目标值“{target}”认不出" if target else "没有填目标值"
    if not value or pd.notna(row["current"]):
        return ""
    unread = np.isnan(read_value(value)[0])
    return f"当前值“{value}”认不出" if unread else f"当前值“{value}”与目标值“{target}”的单位对不上"


def _folded(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def _text(cell: Any) -> str:
    return "" if pd.isna(cell) else str(cell).strip()
