"""What a value is printed as, and the three statements made of it: 位次 and 达标 (facts), 判断 (like for like).

One rounding serves print, rank and threshold (docs/decisions/0012-one-verdict.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from math import isnan

import numpy as np

_EXACT = 1e-9
"""Sums of floats are noisy in the last places: what lies this close is the same, a half that close is a half."""


@dataclass(frozen=True)
class Unit:
    """How values of one unit are printed: ``scale`` × value with ``digits`` decimals.

    ``suffix`` follows a value, ``step`` a difference; ``up`` and ``down`` are the verbs of a change; ``relevant`` is
    the smallest change that a rising or falling target counts as one.
    """

    key: str
    scale: int
    digits: int
    suffix: str
    step: str
    up: str
    down: str
    relevant: float


UNITS = {
    one.key: one
    for one in (
        Unit("share", 100, 2, "%", "个百分点", "提高", "下降", 0.001),
        Unit("days", 1, 2, "个工作日", "个工作日", "延长", "缩短", 0.01),
        Unit("visits", 1, 4, "次", "次", "增加", "减少", 0.001),
        Unit("count", 1, 0, "", "", "增加", "减少", 1.0),
        Unit("flag", 1, 0, "", "", "增加", "减少", 1.0),
        Unit("score", 1, 2, "分", "分", "提高", "下降", 0.01),
    )
}


class Verdict(StrEnum):
    """判断: how a region stands to the median of its group on the same items."""

    AHEAD = "优于"
    LEVEL = "相当"
    BEHIND = "落后"
    NONE = "不作判断"
    NO_DATA = "无数据"


class Met(StrEnum):
    """达标: whether the published value does what the plan asks. OPEN: the plan asks, and it cannot be said."""

    MET = "达标"
    NOT_MET = "未达标"
    OPEN = "不能判定"
    NO_DATA = "无数据"
    NO_TARGET = "—"


def rounded(values: np.ndarray, decimals: int) -> np.ndarray:
    """Round to ``decimals`` by hand's rule: halves away from zero, whatever the binary form of the number.

    >>> rounded(np.array([0.025, 1 / 40, 2.675, -0.125]), 2).tolist()
    [0.03, 0.03, 2.68, -0.13]
    """
    values = np.asarray(values, dtype="float64")
    factor = 10.0**decimals
    return np.asarray(np.sign(values) * np.floor(np.abs(values) * factor + 0.5 + _EXACT) / factor + 0.0)


def published(values: np.ndarray, unit: Unit, digits: int | None = None) -> np.ndarray:
    """Return values as they are printed, in their own scale (a share of 85.50 % is 0.855).

    >>> published(np.array([0.855049, 0.85496]), UNITS["share"]).tolist(), UNITS["share"].digits
    ([0.855, 0.855], 2)
    """
    decimals = unit.digits if digits is None else digits
    return rounded(values, decimals + len(str(unit.scale)) - 1)


def apart(values: np.ndarray, others: np.ndarray, unit: Unit, digits: int | None = None) -> np.ndarray:
    """Return the differences of values as they follow from what is printed of both, in their own scale.

    >>> apart(np.array([0.884351]), np.array([0.905749]), UNITS["share"]).round(9).tolist()  # 88.44 and 90.57, not 2.14
    [-0.0213]
    """
    return np.asarray(published(values, unit, digits) - published(others, unit, digits))


def digits_for(values: Iterable[float], thresholds: Iterable[float], unit: Unit) -> int:
    """Return how many digits tell every value from every threshold: one more where a print would equal it and is not.

    >>> digits_for([0.85496], [0.855], UNITS["share"]), digits_for([0.855, 0.9], [0.855], UNITS["share"])
    (3, 2)
    """
    numbers, limits = (
        np.array([one for one in side if not isnan(one)], dtype="float64") for side in (values, thresholds)
    )
    apart = np.abs(numbers[:, None] - limits[None, :]) > _EXACT
    digits = unit.digits
    while (apart & (published(numbers, unit, digits)[:, None] == published(limits, unit, digits)[None, :])).any():
        digits += 1  # what is apart is apart at nine decimals, so this ends
    return digits


def decimals(value: float, unit: Unit) -> int:
    """Return how many digits a value alone has: the usual, more where it would print as none or all and is not.

    >>> decimals(31326 / 31327, UNITS["share"]), decimals(1.0, UNITS["share"]), decimals(1 / 20001, UNITS["visits"])
    (3, 2, 5)
    """
    ends = {"share": (0.0, 1.0), "visits": (0.0,)}.get(unit.key, ())
    near = any(0 < abs(value - end) < 1e-4 for end in ends)
    return digits_for([value], ends, unit) if near else unit.digits


def passes(values: np.ndarray, threshold: np.ndarray, *, sign: int = 1, strict: bool = False) -> np.ndarray:
    """Tell which values pass (or, not ``strict``, reach) a threshold; a missing value or threshold passes nothing.

    As exact as a print is: `digits_for` adds digits until the two can be told apart on paper.

    >>> passes(np.array([0.85496, 0.855, np.nan]), np.array(0.855)).tolist()
    [False, True, False]
    """
    ahead = (values - threshold) * sign
    return np.asarray(ahead > _EXACT if strict else ahead >= -_EXACT)


@dataclass(frozen=True)
class Target:
    """What the plan asks: ``kind`` number, median (of the whole group, oneself included), rising, or none.

    ``sign`` is 1 where more is better; ``strict``: must be passed, not only reached; ``ceiling`` is the best possible
    value, at which a rising target is met by holding it.
    """

    kind: str = ""
    number: float = float("nan")
    sign: int = 1
    strict: bool = False
    relevant: float = 0.0
    ceiling: float = float("nan")

    def met(self, value: float, *, before: float = float("nan")) -> Met:
        """Judge a published value; ``before`` is what a rising target starts from.

        >>> str(Target("number", 0.855, strict=True).met(0.855)), str(Target("rising", ceiling=1).met(1, before=1))
        ('未达标', '达标')
        """
        if not self.kind:
            return Met.NO_TARGET
        if isnan(value):
            return Met.NO_DATA
        goal = self.risen_from(before) if self.kind == "rising" else self.number
        if self.kind == "rising" and abs(value - self.ceiling) <= _EXACT:
            return Met.MET
        if isnan(goal):
            return Met.OPEN
        reached = passes(np.array(value), np.array(goal), sign=self.sign, strict=self.strict)
        return Met.MET if reached else Met.NOT_MET

    def risen_from(self, before: float) -> float:
        """Return the value at which a rising target is met: past ``before`` by what matters, at most the best possible.

        >>> Target("rising", relevant=0.001, ceiling=1).risen_from(0.9995)
        1.0
        """
        goal = before + self.relevant * self.sign
        over = (goal - self.ceiling) * self.sign > 0  # never so without a ceiling
        return float(self.ceiling if over else goal)


def rising(unit: str, sign: int) -> Target:
    """Return the target of getting better: by what matters in the unit, at the best possible value to stay there.

    >>> rising("share", 1).ceiling, rising("visits", -1).ceiling
    (1.0, 0.0)
    """
    best = 0.0 if sign < 0 else 1.0 if unit == "share" else float("nan")
    return Target("rising", sign=sign, relevant=UNITS[unit].relevant if unit in UNITS else 0.0, ceiling=best)
