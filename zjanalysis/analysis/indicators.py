"""Every indicator is a ratio of two sums over rows; one ``measure`` runs on pandas, DuckDB and Spark.

Definitions: DOMAIN §2; basis: 《湛江市2020年数字政府改革建设整改优化提升工作方案》 (the plan), tasks 六 and 八.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import narwhals as nw
import pandas as pd

Better = Literal["higher", "lower"]

ALL = nw.lit(True)
ONE = nw.lit(1.0)


@dataclass(frozen=True)
class Indicator:
    """A ratio of two sums. ``scope`` selects rows on top of the common scope; ``unit`` is share, days or visits.

    ``target`` is a number when the plan names one (``strict``: must be exceeded, not only reached), and
    ``target_text`` is what the plan says; ``county_target`` applies to counties and zones when it differs.
    """

    key: str
    label: str
    numerator: nw.Expr
    denominator: nw.Expr
    scope: nw.Expr
    unit: Literal["share", "days", "visits"]
    better: Better
    definition: str
    basis: str
    target: float | None = None
    county_target: float | None = None
    strict: bool = False
    target_text: str = ""
    short: str = ""


@dataclass(frozen=True)
class Scope:
    """Which items count: types and 行使层级 (2 省, 3 市, 4 县); empty means every one. Only 在用 items ever count."""

    item_types: tuple[str, ...] = ("行政许可",)
    use_levels: tuple[str, ...] = ("3", "4")

    def expression(self) -> nw.Expr:
        """Give the rows that count, as an expression."""
        inside = nw.col("in_force")
        if self.item_types:
            inside = inside & nw.col("item_type").is_in(self.item_types).fill_null(False)
        if self.use_levels:
            inside = inside & nw.col("use_level").is_in(self.use_levels).fill_null(False)
        return inside


def _share(flag: nw.Expr) -> nw.Expr:
    return flag.cast(nw.Float64)


_L, _P, _VISITS = nw.col("statutory_days"), nw.col("promised_days"), nw.col("visits")
_LIMITS = nw.col("limit_reason").is_null()
_PERMIT = (nw.col("item_type") == "行政许可").fill_null(False)

ITEM_INDICATORS: tuple[Indicator, ...] = (
    Indicator("time_compression", "时限压缩率（总量口径）", _L - _P, _L, ALL, "share", "higher",
              "Σ（法定时限−承诺时限）÷ Σ法定时限", "方案任务（八）", target_text="高于兄弟地市", short="时限压缩率"),
    Indicator("time_compression_mean", "时限压缩率（事项均值口径）", 1 - _P / _L, ONE, ALL, "share", "higher",
              "Σ（1−承诺时限÷法定时限）÷ 事项数；不与总量口径混用", "方案任务（八），对照口径", short="压缩率（均值）"),
)
