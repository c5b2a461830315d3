"""The registry: every indicator is a ratio of two sums over rows, written once as narwhals expressions.

Definitions: DOMAIN §2; basis: 《湛江市2020年数字政府改革建设整改优化提升工作方案》 (the plan), tasks 六 and 八.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Literal

import narwhals as nw

from zjanalysis.errors import ConfigError, unknown_name
from zjanalysis.inputs.regions import city_of
from zjanalysis.inputs.workplan import asked_of, asks_of_cases, has_plan, load_tasks

Aim = Literal["number", "above_peers", "rising", ""]

ALL = nw.lit(True)
ONE = nw.lit(1.0)
PERMIT = ("行政许可",)
SCORE_KEY = ["region_code", "indicator"]
"""What a row of scores is known by."""


@dataclass(frozen=True)
class Indicator:
    """A ratio of two sums. ``scope`` selects rows on top of the common scope; ``unit`` is share, days or visits.

    ``item_types`` are the types the plan speaks of (empty: every type). ``aim`` says what reaching a target means and
    ``target_text`` what the plan says; its own sentence decides for its city (`for_region`), its number is ``target``
    (``strict``: must be exceeded, not only reached). ``missing`` names the reason for which a row in scope is left out.
    """

    key: str
    label: str
    numerator: nw.Expr
    denominator: nw.Expr
    scope: nw.Expr
    unit: Literal["share", "days", "visits", "count", "flag"]
    better: Literal["higher", "lower"]
    definition: str
    basis: str
    target: float | None = None
    strict: bool = False
    aim: Aim = ""
    target_text: str = ""
    short: str = ""
    item_types: tuple[str, ...] = PERMIT
    missing: nw.Expr = field(default_factory=lambda: nw.lit("缺数值"))

    @property
    def sign(self) -> int:
        """Return 1 where more is better, −1 where less is: a difference times this is positive when ahead."""
        return 1 if self.better == "higher" else -1


@dataclass(frozen=True)
class Scope:
    """Which items count: types and 行使层级 (2 省, 3 市, 4 县); only 在用 items ever do.

    ``item_types`` None takes each indicator's own types (what the plan speaks of), empty takes every type, a list
    replaces them for every indicator. ``use_levels`` empty takes every level.
    """

    item_types: tuple[str, ...] | None = None
    use_levels: tuple[str, ...] = ("3", "4")

    def expression(self, own: tuple[str, ...] = PERMIT) -> nw.Expr:
        """Return the rows that count, as an expression; ``own`` are the types where the scope leaves them open."""
        types = own if self.item_types is None else self.item_types
        inside = nw.col("in_force")
        if types:
            inside = inside & nw.col("item_type").is_in(types).fill_null(False)
        if self.use_levels:
            inside = inside & nw.col("use_level").is_in(self.use_levels).fill_null(False)
        return inside

    @property
    def kind(self) -> str:
        """Return what sort of items count as texts say it: 许可, or nothing where items of other types do too."""
        return "许可" if self.item_types in (None, PERMIT) else ""

    @property
    def noun(self) -> str:
        """Return what the items that count are called: 许可, or 事项 where items of other types do too."""
        return self.kind or "事项"

    def narrowed(self, one: Indicator) -> Scope:
        """Return the scope with the types of one indicator where it leaves them open."""
        return Scope(one.item_types, self.use_levels) if self.item_types is None else self


PLAN_SCOPE = Scope()
"""What the plan speaks of: 市、县 (levels 3 and 4), each indicator on its own item types."""


def _when_known(column: str, flag: nw.Expr) -> nw.Expr:
    """Return 1 or 0 for a yes-or-no, missing where the column is (pandas compares a missing number as False)."""
    return nw.when(~nw.col(column).is_null()).then(flag.cast(nw.Float64))


_PAIR = nw.col("limit_reason").is_null()
_L, _P, _VISITS = nw.col("statutory_days"), nw.col("promised_days"), nw.col("visits")
_PUBLIC = nw.col("serves_public").fill_null(True)  # 行政许可法 2: permits are for citizens and legal persons
_PERMIT = nw.col("item_type").is_in(PERMIT).fill_null(False)  # 行政许可法 2: every permit is given on application
_APPLIED = nw.col("on_application").fill_null(False) | (nw.col("on_application").is_null() & _PERMIT)
_NO_LIMIT, _NO_VISITS = nw.col("limit_reason"), nw.lit("缺到办事现场次数")

ITEM_INDICATORS: tuple[Indicator, ...] = (
    Indicator("time_compression", "时限压缩率（总量口径）", nw.when(_PAIR).then(_L - _P), nw.when(_PAIR).then(_L), ALL,
              "share", "higher", "Σ（法定时限−承诺时限）÷ Σ法定时限", "方案任务（八）", aim="above_peers",
              target_text="高于兄弟地市", short="时限压缩率", missing=_NO_LIMIT),
    Indicator("time_compression_mean", "时限压缩率（事项均值口径）", nw.when(_PAIR).then(1 - _P / _L), ONE, ALL,
              "share", "higher", "Σ（1−承诺时限÷法定时限）÷ 事项数；不与总量口径混用", "方案任务（八），对照口径",
              short="压缩率（均值）", missing=_NO_LIMIT),
    Indicator("promised_days", "平均承诺办理时限", nw.when(_PAIR).then(_P), ONE, ALL,
              "days", "lower", "Σ承诺时限 ÷ 事项数（与时限压缩率同一批事项）", "方案任务（八）", aim="rising",
              target_text="逐期缩短", short="平均承诺时限", missing=_NO_LIMIT),
    Indicator("visits", "平均跑动次数", _VISITS, ONE, ALL,
              "visits", "lower", "Σ到办事现场次数 ÷ 事项数", "方案任务（八）", aim="above_peers",
              target_text="低于兄弟地市", short="跑动次数", missing=_NO_VISITS),
    Indicator("visit_share", "跑动率", _when_known("visits", _VISITS > 0), ONE, ALL,
              "share", "lower", "需到现场（次数≥1）的事项数 ÷ 事项数", "方案任务（八）；口径为本工具约定",
              aim="above_peers", target_text="低于兄弟地市", short="跑动率", missing=_NO_VISITS),
    Indicator("at_most_once", "最多跑一次率", _when_known("visits", _VISITS <= 1), ONE, ALL,
              "share", "higher", "到现场次数≤1 的事项数 ÷ 事项数", "通行口径", short="最多跑一次率",
              missing=_NO_VISITS),
    Indicator("zero_visit", "零跑动率", _when_known("visits", _VISITS == 0), ONE, ALL,
              "share", "higher", "到现场次数为 0 的事项数 ÷ 事项数", "通行口径", short="零跑动率", missing=_NO_VISITS),
    Indicator("instant", "即办率", _when_known("handling_type", nw.col("handling_type") == "即办件"), ONE, _PUBLIC,
              "share", "higher", "即办件数 ÷ 面向自然人或法人的行政许可事项数", "方案任务（六）",
              aim="number", target_text="市本级高于85.50%，区县级高于81.11%",
              short="即办率", missing=nw.lit("缺办件类型")),
    Indicator("online", "网上可办率", nw.col("online").cast(nw.Float64), ONE, ALL,
              "share", "higher", "可网上办理的行政许可事项数 ÷ 行政许可事项数", "方案任务（六）",
              aim="number", target_text="达100%", short="网上可办率", missing=nw.lit("缺是否网办")),
    Indicator("online_end_to_end", "全流程网办率", nw.col("end_to_end").cast(nw.Float64), ONE, ALL,
              "share", "higher", "网办深度达全流程（Ⅳ级，或八段中的5、6、7）的行政许可事项数 ÷ 行政许可事项数",
              "方案任务（六）", aim="rising", target_text="逐期提高", short="全流程网办率",
              missing=nw.lit("缺网上办理深度")),
    Indicator("one_window", "一窗受理率", nw.col("one_window").cast(nw.Float64), ONE, _APPLIED,
              "share", "higher", "纳入综合窗口的依申请事项数 ÷ 依申请事项数", "方案任务（六）", aim="rising",
              target_text="逐期提高", short="一窗受理率", item_types=(), missing=nw.lit("缺是否综合窗口")),
    Indicator("bookable", "预约办理率", nw.col("bookable").cast(nw.Float64), ONE, ALL,
              "share", "higher", "可预约的事项数 ÷ 事项数", "方案任务（六）", aim="number",
              target_text="达100%", short="预约办理率", item_types=(), missing=nw.lit("缺是否可预约")),
)  # fmt: skip

_BY_NAME = {name: i for i in ITEM_INDICATORS for name in (i.label, i.short, i.key)}


def indicator(key: str | Indicator) -> Indicator:
    """Return the indicator of a key, label or short label; raises UnknownName with the nearest, ConfigError for
    what is no name.

    >>> indicator("即办率").key
    'instant'
    """
    if isinstance(key, Indicator):
        return key
    if not isinstance(key, str):
        hint = '例如 "即办率"；几个指标逐个写，例如 zj.plan(me, "即办率", "跑动率")。'
        raise ConfigError(f"指标要写一个名称，得到的是 {type(key).__name__}。", hint)
    if key not in _BY_NAME:
        raise unknown_name("指标", key, [i.key for i in ITEM_INDICATORS] + [i.label for i in ITEM_INDICATORS])
    return _BY_NAME[key]


def for_region(one: Indicator, region: str) -> Indicator:
    """Return the indicator with what the plan on record of its city asks of a region (reference/targets.csv).

    A number comes before the others' median, that before rising. Without a sentence an indicator of items has no
    target, one of cases what is registered for it where the plan speaks of cases under its clause; without a plan none
    has.

    >>> for_region(indicator("instant"), "440823").target, for_region(indicator("instant"), "440902").target
    (0.8111, None)
    """
    rows = sorted(asked_of(region, one.key) if one.aim else (), key=lambda row: _ASKED.index(row["comparison"]))
    if not rows:
        named = _TASK.match(one.basis)
        on_record = has_plan(region) and (named is None or named[1] in set(load_tasks(city_of(region))["task"]))
        if one.key not in _BY_NAME:
            on_record = on_record and (not one.aim or asks_of_cases(city_of(region), _CLAUSE.sub(r"\1", one.basis)))
            if on_record:
                return one
        basis = one.basis if on_record else "本工具口径"
        return replace(one, target=None, strict=False, aim="", target_text="", basis=basis)
    kind, number = rows[0]["comparison"], rows[0]["value"]
    basis = _TASK.sub(f"方案任务（{rows[0]['task']}）", one.basis)
    if number:
        return replace(one, target=float(number), strict=kind in (">", "<"), aim="number", basis=basis)
    aim: Aim = "above_peers" if kind.endswith("peers") else "rising"
    words = ("高于兄弟地市", "低于兄弟地市") if aim == "above_peers" else ("逐期提高", "逐期降低")
    text = one.target_text if one.aim == aim else words[one.better == "lower"]
    return replace(one, target=None, aim=aim, target_text=text, basis=basis)


_TASK = re.compile("^方案任务（(.+?)）")
_CLAUSE = re.compile("^方案任务([^，]+).*")
_ASKED = (">", ">=", "<", "<=", "above_peers", "below_peers", "rising", "falling")


def by_caseload(one: str | Indicator) -> Indicator:
    """Return the second lens of an indicator: every item counts as often as it had cases (办件口径).

    Items without a case count are left out. Never mixed with the 事项口径: key and label differ.
    """
    plain, cases = indicator(one), nw.col("case_count")
    return Indicator(
        f"{plain.key}_by_cases", f"{plain.label}（办件口径）", plain.numerator * cases, plain.denominator * cases,
        plain.scope, plain.unit, plain.better, f"{plain.definition}；每个事项按办件量加权", f"{plain.basis}；办件口径",
        short=f"{plain.short}（办件口径）", item_types=plain.item_types,
        missing=nw.when(cases.is_null()).then(nw.lit("缺办件量")).otherwise(plain.missing),
    )  # fmt: skip
