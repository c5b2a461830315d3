"""Chinese sentences made from numbers; no sentence of a report is typed by hand.

Plain declarative style of official bulletins: counts before rates, 较上期提高×个百分点, 并列第×, no data is 无数据.
优于, 相当, 落后 are said of 判断 alone; a difference of two published values is 高 or 低, 多 or 少.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import repeat
from typing import Any

import numpy as np
import pandas as pd

from zjanalysis.units import UNITS, Verdict, decimals, digits_for, rounded
from zjanalysis.units import apart as printed_apart

SAMPLE = "示例数据（模拟）"
NO_DATA = "无数据"
NO_PLACE = "—"
MINUS = "−"
GOOD, BAD, SAME, LISTED = "改善", "退步", "持平", "清单变化"
MARKS = {Verdict.AHEAD: "▲", Verdict.LEVEL: "＝", Verdict.BEHIND: "▼"}


def missing(value: Any) -> bool:
    """Tell whether there is no value."""
    return value is None or bool(pd.isna(value))


def number(value: Any, decimals: int = 2) -> str:
    """Return a number with fixed decimals, halves up, a real minus sign and no minus zero.

    >>> number(-0.001), number(-1.5), number(None), number(0.125)
    ('0.00', '−1.50', '无数据', '0.13')
    """
    if missing(value):
        return NO_DATA
    text = f"{float(rounded(np.array(float(value)), decimals)):.{decimals}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", MINUS)


def plain(value: Any) -> str:
    """Return a sum as short as it is exact to two decimals.

    >>> plain(38.0), plain(41.5), plain(float("nan"))
    ('38', '41.5', '无数据')
    """
    text = number(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def rough(count: Any) -> str:
    """Return a count short enough to stand over a bar.

    >>> rough(250), rough(123456)
    ('250', '12.3万')
    """
    return str(int(count)) if count < 10_000 else f"{count / 10_000:.1f}万"


def amount(value: Any, unit: str, digits: Any = None) -> str:
    """Return a value with its unit; ``digits`` where a threshold asks for more than usual (`units.digits_for`).

    >>> amount(0.8813, "share"), amount(3.2, "days"), amount(0.04, "visits"), amount(None, "share")
    ('88.13%', '3.20个工作日', '0.0400次', '无数据')
    >>> amount(0.85496, "share", 3), amount(0.99996, "share")
    ('85.496%', '99.996%')
    """
    if missing(value):
        return NO_DATA
    kind = UNITS[unit]
    many = decimals(float(value), kind) if missing(digits) else int(digits)
    return number(float(value) * kind.scale, many) + kind.suffix


def amounts(values: Iterable[Any], units: str | Iterable[str], digits: Iterable[Any] = repeat(None)) -> list[str]:
    """Return `amount` of every value, in one unit or in that of each.

    >>> amounts([0.5, None], "share"), amounts([0.5, 2], ["share", "visits"])
    (['50.00%', '无数据'], ['50.00%', '2.0000次'])
    """
    return list(map(amount, values, repeat(units) if isinstance(units, str) else units, digits))


def part(share: Any) -> str:
    """Return a share in whole percent; with decimals where that would read as none or all and is not.

    >>> part(0.39), part(1.0), part(0.996), part(0.00001)
    ('39%', '100%', '99.60%', '0.001%')
    """
    text = f"{float(share):.0%}"
    return amount(share, "share") if text in ("0%", "100%") and abs(share - round(share)) > 1e-9 else text


def goal(value: Any, unit: str, sign: int, *, past: bool, whose: str = "中位数", digits: Any = None) -> str:
    """Say what a target asks of a value: to be reached or, ``past``, passed, on the side that is better.

    ``whose`` value it is, where it is at the end of the scale and nobody gets past it.

    >>> goal(0.855, "share", 1, past=True), goal(0.08, "visits", -1, past=True), goal(0.08, "visits", -1, past=False)
    ('高于85.50%', '低于0.0800次', '不超过0.0800次')
    >>> goal(1.0, "share", 1, past=True)  # nothing is beyond the end of the scale
    '高于中位数（已是100.00%，不能再高）'
    >>> goal(0.895304, "share", 1, past=True, digits=3), goal(0.8111, "share", 1, past=True, digits=3)
    ('高于89.530%', '高于81.11%')
    """
    side = ("高于" if past else "达到") if sign > 0 else ("低于" if past else "不超过")
    if past and ((sign > 0 and unit == "share" and value >= 1) or (sign < 0 and value <= 0)):
        return f"{side}{whose}（已是{amount(value, unit)}，不能再{side[0]}）"
    kind = UNITS[unit]  # no zeros at the end beyond the usual: 81.11%, held against 81.111%
    usual = digits is None or abs(rounded(np.array(value * kind.scale), kind.digits) - value * kind.scale) < 1e-9
    return side + amount(value, unit, None if usual else digits)


def digits_apart(values: Iterable[Any], target: Any, unit: str) -> int:
    """Return how many digits values need that stand beside their target (`units.digits_for`).

    >>> digits_apart([146 / 180], 0.8111, "share"), digits_apart([0.9], None, "share")
    (3, 2)
    """
    numbers = [float("nan") if missing(one) else float(one) for one in (*values, target)]
    return digits_for(numbers[:-1], numbers[-1:], UNITS[unit])


def step(value: Any, other: Any, unit: str, digits: Any = None) -> float:
    """Return value − other as it follows from what is printed of both; NaN where one is missing.

    Every difference that stands beside its two numbers is this one, so that a reader who subtracts finds the same.

    >>> difference(step(0.884351, 0.905749, "share"), "share"), step(0.5, None, "share")
    ('2.13个百分点', nan)
    """
    first, second = (np.array(np.nan if missing(one) else float(one)) for one in (value, other))
    return float(printed_apart(first, second, UNITS[unit], None if missing(digits) else int(digits)))


def difference(value: Any, unit: str, digits: Any = None) -> str:
    """Return the size of a difference, without its sign.

    >>> difference(-0.0052, "share"), difference(1.2, "days")
    ('0.52个百分点', '1.20个工作日')
    """
    if missing(value):
        return NO_DATA
    kind = UNITS[unit]
    return number(abs(float(value)) * kind.scale, kind.digits if missing(digits) else int(digits)) + kind.step


def is_zero(value: float, unit: str, digits: Any = None) -> bool:
    """Tell whether a difference reads as nothing in print."""
    return not re.search("[1-9]", difference(value, unit, digits))


def signed(value: Any, unit: str) -> str:
    """Return a difference with its sign.

    >>> signed(0.0052, "share"), signed(-1.2, "days"), signed(0, "visits")
    ('+0.52个百分点', '−1.20个工作日', '0.0000次')
    """
    if missing(value):
        return NO_DATA
    mark = "" if is_zero(float(value), unit) else "+" if value > 0 else MINUS
    return mark + difference(value, unit)


def lacking(was: Any = None) -> str:
    """Say which period has no value, where there is no change to speak of; ``was`` is that of the last one."""
    return f"{'上期' if missing(was) else '本期'}{NO_DATA}"


def change_text(change: Any, unit: str, *, since: str = "较上期", was: Any = None) -> str:
    """Return a change in words; ``was`` is the last value, so that without a change it is known which one is missing.

    >>> change_text(0.0052, "share"), change_text(-0.02, "visits"), change_text(-1.2, "days", since="")
    ('较上期提高0.52个百分点', '较上期减少0.0200次', '缩短1.20个工作日')
    >>> change_text(0.00001, "share"), change_text(None, "share"), change_text(None, "share", was=0.5)
    ('与上期持平', '上期无数据', '本期无数据')
    """
    if missing(change):
        return lacking(was)
    if is_zero(float(change), unit):
        return since.replace("较", "与", 1) + SAME
    kind = UNITS[unit]
    return f"{since}{kind.up if change > 0 else kind.down}{difference(change, unit)}"


def change_word(change: Any, unit: str, sign: int, *, listed: bool = False) -> str:
    """Return what a change means: 改善, 退步, 持平 or 无数据; ``sign`` is 1 where more is better.

    ``listed``: it comes from what is on the list (`explain.causes`), and nothing has become better or worse.

    >>> change_word(-0.02, "visits", -1), change_word(-0.02, "share", 1), change_word(-0.02, "share", 1, listed=True)
    ('改善', '退步', '清单变化')
    """
    if missing(change):
        return NO_DATA
    return SAME if is_zero(float(change), unit) else LISTED if listed else GOOD if change * sign > 0 else BAD


def counts_text(words: Iterable[str], of: str) -> str:
    """Count what changes mean, those too of which nothing is known, so that the counts come to the whole.

    >>> counts_text(["改善", "无数据", "改善", "持平"], "个")
    '2个改善、1个持平、1个无法比较'
    """
    every = list(words)
    counts = {word: every.count(word) for word in (GOOD, BAD, LISTED, SAME, NO_DATA)}
    return "、".join(f"{n}{of}{'无法比较' if word == NO_DATA else word}" for word, n in counts.items() if n)


def progress_text(change: Any, unit: str, sign: int, was: Any = None, listed: bool = False) -> str:
    """Return a change as what it means and how much: a falling share may be good, and 提高 alone would mislead.

    >>> progress_text(-0.0153, "visits", -1), progress_text(-0.0153, "share", 1), progress_text(0, "share", 1)
    ('改善0.0153次', '退步1.53个百分点', '持平')
    >>> progress_text(None, "share", 1), progress_text(None, "share", 1, was=0.5)
    ('上期无数据', '本期无数据')
    >>> progress_text(-0.0153, "share", 1, listed=True)
    '清单变化−1.53个百分点'
    """
    word = change_word(change, unit, sign, listed=listed)
    size = {SAME: "", LISTED: signed(change, unit)}
    return lacking(was) if word == NO_DATA else word + size.get(word, difference(change, unit))


def over_time(periods: Iterable[str], values: Iterable[Any], unit: str) -> str:
    """Return a value for every period.

    >>> over_time(["2021Q1", "2021Q2"], [0.5, None], "share")
    '2021Q1为50.00%，2021Q2为无数据'
    """
    return "，".join(f"{period}为{amount(value, unit)}" for period, value in zip(periods, values, strict=True))


def rank_text(rank: Any, n_ranked: Any, *, tied: bool = False) -> str:
    """Return a rank.

    >>> rank_text(3, 12, tied=True), rank_text(None, 12)
    ('并列第3位（共12个地区）', '无数据')
    >>> rank_text(1, 1)
    '没有可比的地区'
    """
    if missing(rank):
        return NO_DATA
    return f"{'并列' if tied else ''}第{int(rank)}位（共{int(n_ranked)}个地区）" if n_ranked > 1 else "没有可比的地区"


def place_text(rank: Any, n_ranked: Any, tied: Any = False, low: Any = None, high: Any = None) -> str:
    """Return a rank with the places between which it may lie, short enough for a column; alone there is no place.

    >>> place_text(8, 10, True, 5, 10), place_text(1, 10, False, 1, 1), place_text(None, 10), place_text(1, 1)
    ('并列8（5–10）/10', '1/10', '无数据', '—')
    """
    if missing(rank):
        return NO_DATA
    if n_ranked < 2:
        return NO_PLACE
    span = "" if missing(low) or (low == high == rank) else f"（{int(low)}–{int(high)}）"
    return f"{'并列' if tied else ''}{int(rank)}{span}/{int(n_ranked)}"


def place_texts(rows: pd.DataFrame) -> list[str]:
    """Return `place_text` of every row that has a rank; without a range of it where there is none."""
    ranges = rows.reindex(columns=["rank_low", "rank_high"])
    return list(map(place_text, rows["rank"], rows["n_ranked"], rows["tied"], ranges["rank_low"], ranges["rank_high"]))


def nth(place: str, lead: str = "") -> str:
    """Return a place as a sentence or a line says it, after ``lead``; nothing where there is none.

    >>> nth("并列8（5–10）/10", "，"), nth("1/10"), nth(NO_PLACE)
    ('，并列第8（5–10）/10', '第1/10', '')
    """
    number = place.removeprefix("并列")
    return f"{lead}{place[: -len(number)]}第{number}" if number[0].isdigit() else ""


def verdict_text(verdict: Any) -> str:
    """Return 判断 with its mark, so that it reads in grey too.

    >>> verdict_text("落后"), verdict_text("不作判断")
    ('▼ 落后', '不作判断')
    """
    word = NO_DATA if missing(verdict) else str(verdict)
    return f"{MARKS[Verdict(word)]} {word}" if word in MARKS else word


def in_points(text: str) -> str:
    """Return a text with 点 for 个百分点, as short as a column of a figure needs it.

    >>> in_points("退步1.50个百分点"), in_points(signed(0.0193, "share"))
    ('退步1.50点', '+1.93点')
    """
    return text.replace(UNITS["share"].step, "点")


def better_side(sign: int) -> str:
    """Return what an axis of values says of its sides, where more (1) or less (-1) is better."""
    return f"越向{'右' if sign > 0 else '左'}越好；横轴不从零起"


def ratio_text(numerator: Any, denominator: Any) -> str:
    """Return N/M, the two sums a value is made of.

    >>> ratio_text(38.0, 41.5)
    '38/41.5'
    """
    return NO_DATA if missing(numerator) or missing(denominator) else f"{plain(numerator)}/{plain(denominator)}"


def counted(n: Any, n_left_out: Any = 0) -> str:
    """Return how many items count and how many were left out.

    >>> counted(150, 12), counted(150, 0)
    ('纳入150项，剔除12项', '纳入150项')
    """
    out = 0 if missing(n_left_out) else int(n_left_out)
    return f"纳入{int(n)}项" + (f"，剔除{out}项" if out else "")


def apart(value: Any, other: Any, unit: str, whom: str, digits: Any = None) -> str:
    """Say how far a published value lies from another, in the direction of the number, by what is printed of both.

    >>> apart(0.8813, 0.862, "share", "10地中位数"), apart(0.5, 0.5, "share", "总体")
    ('比10地中位数（86.20%）高1.93个百分点', '与总体（50.00%）相同')
    """
    if missing(value) or missing(other):
        return f"与{whom}无法比较"
    gap, yardstick = step(value, other, unit, digits), amount(other, unit, digits)
    if is_zero(gap, unit, digits):
        return f"与{whom}（{yardstick}）相同"
    more, less = {"share": ("高", "低"), "days": ("长", "短")}.get(unit, ("多", "少"))
    return f"比{whom}（{yardstick}）{more if gap > 0 else less}{difference(gap, unit, digits)}"


def split_title(title: str) -> tuple[str, str]:
    """Return a title and the issue in brackets at its end, which stands on a line of its own.

    >>> split_title("湛江市（市本级）对标通报（2021年第1期）"), split_title("督办单")
    (('湛江市（市本级）对标通报', '（2021年第1期）'), ('督办单', ''))
    """
    at = title.rfind("（")
    return (title[:at], title[at:]) if at > 0 and title.endswith("）") else (title, "")


def listed(names: Iterable[str], *, limit: int = 0, of: str = "个") -> str:
    """Return names in a row, cut at a limit with their number.

    >>> listed(["甲", "乙", "丙"]), listed(["甲", "乙", "丙"], limit=2)
    ('甲、乙、丙', '甲、乙等3个')
    """
    every = list(names)
    more = f"等{len(every)}{of}" if limit and len(every) > limit else ""
    return "、".join(every[: limit or None]) + more


def ends(names: Iterable[Any], texts: Iterable[str], first: str, last: str = "") -> str:
    """Name who is first and, with a word for it, last of an order by value: everybody whose value prints the same.

    >>> ends("甲乙丙", ["50.00%", "50.00%", "90.00%"], "最低", "最高")
    '甲、乙最低（50.00%），丙最高（90.00%）'
    >>> ends("甲乙", ["90.00%", "90.00%"], "最低"), ends("甲", ["90.00%"], "最低"), ends("", [], "最低")
    ('均为90.00%', '甲为90.00%', '无数据')
    """
    known = [(str(name), text) for name, text in zip(names, texts, strict=True) if text != NO_DATA]
    if len({text for _, text in known}) < 2:
        return f"{known[0][0] if len(known) == 1 else '均'}为{known[0][1]}" if known else NO_DATA
    said = [(word, known[place][1]) for word, place in ((first, 0), (last, -1)) if word]
    each = [(listed((name for name, own in known if own == text), limit=3), word, text) for word, text in said]
    return "，".join(f"{who}{word}（{text}）" for who, word, text in each)


def tied_with(texts: Iterable[str], limit: int) -> int:
    """Return how many rows of an order are named where ``limit`` are wanted: those that print as the last of them too.

    >>> tied_with(["9", "5", "5", "5", "1"], 2), tied_with(["9", "5"], 3)
    (4, 2)
    """
    every = list(texts)
    return max((place + 1 for place, text in enumerate(every) if text in every[:limit][-1:]), default=0)


def state_text(value: Any, kind: str) -> str:
    """Return one value of an item as people say it: days, visits, yes or no, 即办件.

    >>> state_text(0, "days"), state_text(52, "days"), state_text(1, "flag"), state_text(0.5, "flag")
    ('即办', '52个工作日', '是', '部分（50%）')
    """
    if missing(value):
        return NO_DATA
    if kind == "days":
        return "即办" if value == 0 else f"{plain(value)}个工作日"
    if kind == "visits":
        return f"{plain(value)}次"
    if value not in (0, 1):
        return f"部分（{part(value)}）"
    return ("是" if value else "否") if kind == "flag" else ("即办件" if value else "非即办件")
