"""Chinese sentences made from numbers; no sentence of a report is typed by hand.

Plain declarative style of official bulletins: counts before rates, 较上期提高×个百分点, 并列第×, no data is 无数据.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from zjanalysis.inputs.regions import is_county

NO_DATA = "无数据"
MINUS = "−"
UNITS = {"share": "%", "points": "个百分点", "days": "个工作日", "visits": "次"}
VERBS = {"share": ("提高", "下降"), "days": ("延长", "缩短"), "visits": ("增加", "减少")}
VERDICTS = {"高于": "优于", "持平": "持平", "低于": "落后", "不作判断": "不作判断", "无数据": NO_DATA}


def missing(value: Any) -> bool:
    """Tell whether there is no value."""
    return value is None or bool(pd.isna(value))


def number(value: Any, decimals: int = 2) -> str:
    """Give a number with fixed decimals, a real minus sign and no minus zero.

    >>> number(-0.001), number(-1.5), number(None)
    ('0.00', '−1.50', '无数据')
    """
    if missing(value):
        return NO_DATA
    text = f"{float(value):.{decimals}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", MINUS)


def plain(value: Any) -> str:
    """Give a sum as short as it is exact to two decimals.

    >>> plain(38.0), plain(41.5), plain(float("nan"))
    ('38', '41.5', '无数据')
    """
    text = number(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def rough(count: Any) -> str:
    """Give a count short enough to stand over a bar.

    >>> rough(250), rough(123456)
    ('250', '12.3万')
    """
    return str(int(count)) if count < 10_000 else f"{count / 10_000:.1f}万"


def signed(value: Any, unit: str) -> str:
    """Give a difference with its sign.

    >>> signed(0.0052, "share"), signed(-1.2, "days"), signed(0, "visits")
    ('+0.52个百分点', '−1.20个工作日', '0.00次')
    """
    if missing(value):
        return NO_DATA
    mark = "" if is_zero(float(value), unit) else "+" if value > 0 else MINUS
    return mark + difference(value, unit)


def amount(value: Any, unit: str) -> str:
    """Give a value with its unit; ``unit`` is share (0–1), days or visits.

    >>> amount(0.8813, "share"), amount(3.2, "days"), amount(0.04, "visits"), amount(None, "share")
    ('88.13%', '3.20个工作日', '0.04次', '无数据')
    """
    if missing(value):
        return NO_DATA
    return f"{number(float(value) * 100)}%" if unit == "share" else f"{number(value)}{UNITS[unit]}"


def difference(value: Any, unit: str) -> str:
    """Give the size of a difference, without its sign.

    >>> difference(-0.0052, "share"), difference(1.2, "days")
    ('0.52个百分点', '1.20个工作日')
    """
    if missing(value):
        return NO_DATA
    size = abs(float(value))
    return f"{number(size * 100)}{UNITS['points']}" if unit == "share" else amount(size, unit)


def is_zero(value: float, unit: str) -> bool:
    """Tell whether a difference reads 0.00 as published."""
    return float(f"{value * (100 if unit == 'share' else 1):.2f}") == 0


def change_text(change: Any, unit: str) -> str:
    """Give the change since the last period in words.

    >>> change_text(0.0052, "share"), change_text(-0.02, "visits"), change_text(-1.2, "days")
    ('较上期提高0.52个百分点', '较上期减少0.02次', '较上期缩短1.20个工作日')
    >>> change_text(0.00001, "share"), change_text(None, "share")
    ('与上期持平', '上期无数据')
    """
    if missing(change):
        return "上期无数据"
    if is_zero(float(change), unit):
        return "与上期持平"
    up, down = VERBS[unit]
    return f"较上期{up if change > 0 else down}{difference(change, unit)}"


def change_mark(change: Any, unit: str, better: str) -> tuple[str, str]:
    """Give the short change with its arrow, and what it means: 改善, 退步, 持平 or 无数据.

    >>> change_mark(-0.02, "visits", "lower")
    ('▼ 减少0.02次', '改善')
    """
    if missing(change):
        return NO_DATA, NO_DATA
    if is_zero(float(change), unit):
        return "→ 持平", "持平"
    up, down = VERBS[unit]
    text = f"{'▲' if change > 0 else '▼'} {up if change > 0 else down}{difference(change, unit)}"
    return text, "改善" if (change > 0) == (better == "higher") else "退步"


def rank_text(rank: Any, n_ranked: Any, *, tied: bool = False) -> str:
    """Give a rank.

    >>> rank_text(3, 12, tied=True), rank_text(None, 12)
    ('并列第3位（共12个地区）', '无数据')
    """
    return NO_DATA if missing(rank) else f"{'并列' if tied else ''}第{int(rank)}位（共{int(n_ranked)}个地区）"


def verdict_word(verdict: Any) -> str:
    """Give 优于, 持平 or 落后; the direction of better was applied when the verdict was made.

    >>> verdict_word("高于"), verdict_word("低于"), verdict_word(None)
    ('优于', '落后', '无数据')
    """
    return NO_DATA if missing(verdict) else VERDICTS[str(verdict)]


def ratio_text(numerator: Any, denominator: Any) -> str:
    """Give N/M, the two sums a value is made of.

    >>> ratio_text(38.0, 41.5)
    '38/41.5'
    """
    return NO_DATA if missing(numerator) or missing(denominator) else f"{plain(numerator)}/{plain(denominator)}"


def counted(n: Any, n_left_out: Any = 0) -> str:
    """Give how many items count and how many were left out.

    >>> counted(150, 12), counted(150, 0)
    ('纳入150项，剔除12项', '纳入150项')
    """
    out = 0 if missing(n_left_out) else int(n_left_out)
    return f"纳入{int(n)}项" + (f"，剔除{out}项" if out else "")


def peers_word(region_code: str) -> str:
    """Say whom a region is compared with.

    >>> peers_word("440800"), peers_word("440823")
    ('兄弟地市', '兄弟县区')
    """
    return "兄弟县区" if is_county(region_code) else "兄弟地市"


def standing(gap: Any, unit: str) -> str:
    """Give 优于, 持平 or 落后 for a gap that is positive when better, on published digits.

    >>> standing(0.02, "share"), standing(-0.001, "visits"), standing(None, "share")
    ('优于', '持平', '无数据')
    """
    if missing(gap):
        return NO_DATA
    return "持平" if is_zero(float(gap), unit) else "优于" if gap > 0 else "落后"


def against(gap: Any, unit: str, whom: str) -> str:
    """Say how a value stands to another; ``gap`` is positive when better.

    >>> against(0.0193, "share", "兄弟地市中位数（86.20%）"), against(-0.5, "days", "最优")
    ('优于兄弟地市中位数（86.20%）1.93个百分点', '落后最优0.50个工作日')
    """
    if missing(gap):
        return f"与{whom}无法比较"
    if is_zero(float(gap), unit):
        return f"与{whom}持平"
    return f"{'优于' if gap > 0 else '落后'}{whom}{difference(gap, unit)}"


def gap_sentence(gap: Mapping[str, Any], *, region: str, label: str, unit: str, peers: str) -> str:
    """Give the sentence on one row of `gaps`: counts, value with N/M, rank, distance to the peer median.

    >>> row = {"value": 0.88, "numerator": 44, "denominator": 50, "n": 9, "n_left_out": 1, "rank": 2, "n_ranked": 12,
    ...        "tied": False, "median": 0.86, "gap_to_median": 0.02}
    >>> print(gap_sentence(row, region="甲市", label="时限压缩率", unit="share", peers="兄弟地市"))
    甲市纳入9项，剔除1项，时限压缩率88.00%（44/50），居第2位（共12个地区），优于兄弟地市中位数（86.00%）2.00个百分点。
    """
    if missing(gap["value"]):
        return f"{region}{label}{NO_DATA}（{counted(gap['n'], gap['n_left_out'])}）。"
    ratio = ratio_text(gap["numerator"], gap["denominator"])
    said = f"{region}{counted(gap['n'], gap['n_left_out'])}，{label}{amount(gap['value'], unit)}（{ratio}）"
    if missing(gap["median"]):
        return f"{said}，没有可比的{peers}。"
    yardstick = against(gap["gap_to_median"], unit, f"{peers}中位数（{amount(gap['median'], unit)}）")
    return f"{said}，居{rank_text(gap['rank'], gap['n_ranked'], tied=bool(gap['tied']))}，{yardstick}。"
