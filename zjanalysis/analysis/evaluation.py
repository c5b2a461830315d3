"""What the ledger is filled from: every score of a period together, and the province's evaluation score.

The evaluation follows the office's own weights; without weights there is no total. 43 third-level, 11 second-level and
4 first-level indicators (work plan 一（二）); the list is not public, so the office types it (`zj template`).
Thresholds of the tiers: settings [evaluation], with their source.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from zjanalysis.analysis.compare import facts
from zjanalysis.analysis.indicators import measure
from zjanalysis.analysis.registry import ITEM_INDICATORS, Scope
from zjanalysis.analysis.registry import indicator as find
from zjanalysis.analysis.reported import measure_reported
from zjanalysis.cases.analysis import ALL_CASE_INDICATORS, find_cases
from zjanalysis.cases.views import every_region
from zjanalysis.inputs.period import Period
from zjanalysis.inputs.regions import peers_of, units_of
from zjanalysis.inputs.reported import BY_SHARE, MET_OR_NOT, TYPED, load_definitions, load_reported, load_weights
from zjanalysis.settings import Evaluation, Settings, load_settings
from zjanalysis.units import UNITS, apart, digits_for, passes, published

NO_WEIGHTS = "未录入三级指标及权重，不计算总分；请用“三级指标模板”录入后再算。"
FULL = 100.0


@dataclass(frozen=True)
class Total:
    """``total`` is NaN unless every weight has its points; ``known`` are the points that are certain."""

    total: float
    known: float
    sentence: str


def points(weights: pd.DataFrame, scores: pd.DataFrame, *, region: str) -> pd.DataFrame:
    """Return one row per third-level indicator: value, points, cost (weight − points), share_of_full.

    按比例: weight × (value − zero_at) ÷ (full_at − zero_at), kept within 0 and the weight; 达标: the weight when the
    value reaches full_at, else 0; 直接填分: the points typed. Without a value, or with zero_at equal to full_at, there
    are no points (missing, not 0).

    >>> weights = pd.DataFrame({"level_one": "甲", "level_two": "乙", "level_three": "丙", "indicator": ["online"],
    ...     "weight": 4.0, "method": "按比例", "zero_at": 0.8, "full_at": 1.0, "points": np.nan, "effort": 2.0})
    >>> scores = pd.DataFrame({"region_code": ["440800"], "indicator": ["online"], "value": [0.95]})
    >>> points(weights, scores, region="440800")[["points", "cost"]].round(6).values.tolist()
    [[3.0, 1.0]]
    """
    own = scores[scores["region_code"] == region].drop_duplicates("indicator")[["indicator", "value"]]
    rows = weights.rename(columns={"points": "typed_points"}).merge(own, on="indicator", how="left")
    width = (rows["full_at"] - rows["zero_at"]).astype("float64")
    reach = ((rows["value"] - rows["zero_at"]) / width.where(width != 0)).clip(0, 1)
    falling = rows["full_at"] < rows["zero_at"]
    sign = 1.0 - 2 * falling
    asked = [(rows[name] * sign).to_numpy("float64") for name in ("value", "full_at")]
    met = pd.Series(passes(*asked), index=rows.index)  # sums of floats are noisy
    step = met.astype("float64").where(rows["value"].notna())
    by_method = {BY_SHARE: rows["weight"] * reach, MET_OR_NOT: rows["weight"] * step, TYPED: rows["typed_points"]}
    chosen = np.select([rows["method"] == method for method in by_method], list(by_method.values()), np.nan)
    scored = rows.assign(points=chosen)
    return scored.assign(cost=rows["weight"] - scored["points"], share_of_full=scored["points"] / rows["weight"])


def levels(scored: pd.DataFrame) -> pd.DataFrame:
    """Return points, weight and cost summed to the second level; a level that lacks a value has no sum."""
    groups = scored.groupby(["level_one", "level_two"], sort=False)
    sums = groups.agg(
        n=("weight", "size"),
        n_no_value=("points", lambda p: int(p.isna().sum())),
        weight=("weight", "sum"),
        points=("points", lambda p: p.sum(skipna=False)),
        known=("points", "sum"),
    ).reset_index()
    return sums.assign(cost=sums["weight"] - sums["points"], share_of_full=sums["points"] / sums["weight"])


def total(scored: pd.DataFrame, *, rules: Evaluation | None = None) -> Total:
    """Return the total with the sentence that says what it means; nothing is invented where weights or values lack."""
    known, weight = float(scored["points"].sum()), float(scored["weight"].sum())
    open_weights = scored.loc[scored["points"].isna(), "weight"]
    if scored.empty:
        return Total(np.nan, known, NO_WEIGHTS)
    if abs(weight - FULL) > 1e-6:
        words = f"权重合计{weight:g}分，不是{FULL:g}分，不计算总分；请核对三级指标权重。"
        return Total(np.nan, known, words)
    if len(open_weights):
        lost = float(open_weights.sum())
        words = (f"{len(open_weights)}项三级指标没有得分（权重{lost:g}分），不给总分：已知{known:.2f}分，"
                 f"总分在{known:.2f}与{known + lost:.2f}之间。")  # fmt: skip
        return Total(np.nan, known, words)
    tiers, unit = rules or Evaluation(), UNITS["score"]
    lines = np.array([tiers.first_tier, tiers.base_score])
    digits = digits_for([known], lines, unit)  # a total is printed apart from a line that it does not reach
    short, less = apart(lines, np.array([known, known]), unit, digits)
    tier = "已达到" if short <= 0 else f"差{short:.{digits}f}分达到"
    moved = f"{unit.down if less > 0 else unit.up}{abs(less):.{digits}f}分" if less else "持平"
    base = f"较2020年（{tiers.base_score:.2f}分）{moved}" if tiers.base_score else "2020年得分未收录"
    now = published(np.array([known]), unit, digits)[0]
    return Total(known, known, f"总分{now:.{digits}f}分，{base}；{tier}第一梯队参考线{tiers.first_tier:g}分。")


def lift(scored: pd.DataFrame, *, rules: Evaluation) -> pd.DataFrame:
    """Return the indicators that lift the total most, first things first, until the first tier.

    With the effort the office typed: points per unit of effort, highest first; rows without an effort come after
    them. Without any effort: the largest loss first, which needs the fewest indicators. ``total_after`` adds up from
    the known points, each indicator brought to full marks; ``needed`` tells the rows up to the first tier.
    """
    lost = scored[scored["cost"] > 0]
    ranked = lost.assign(per_effort=lost["cost"] / lost["effort"].where(lost["effort"] > 0))
    ordered = ranked.sort_values(["per_effort", "cost"], ascending=False, kind="stable", ignore_index=True)
    after = float(scored["points"].sum()) + ordered["cost"].cumsum()
    return ordered.assign(total_after=after, needed=after - ordered["cost"] < rules.first_tier - 1e-9)


def tier_note(rules: Evaluation | None = None) -> str:
    """Return the reference lines with their source: the province publishes results, not lines.

    >>> tier_note()[:15]
    '参考线：第一梯队93分，粤东粤'
    """
    tiers = rules or Evaluation()
    return (
        f"参考线：第一梯队{tiers.first_tier:g}分，粤东粤西粤北12市中10市在{tiers.most_cities:g}分以上；"
        f"省里未公布分数线，由公布结果得来（{tiers.source}）。"
    )


def as_score(result: Total, *, region: str) -> pd.DataFrame:
    """Return the total as one row of `scores` (indicator evaluation_score), so that the ledger can follow it."""
    row = {"region_code": region, "indicator": "evaluation_score", "value": result.total, "numerator": result.known}
    return pd.DataFrame([{**row, "denominator": 1.0, "n": int(not np.isnan(result.total)), "n_left_out": 0}])


AGAINST_PEERS = ("time_compression", "visits", "visit_share")
WEIGHTS = "indicators.xlsx"
"""The office's 43 third-level indicators (``zj template --indicators``), in the folder of the data set."""


def ledger_scores(period: Period) -> pd.DataFrame:
    """Return the scores of items, reported figures and cases of a period: one row per region and indicator.

    A period without cases has no rows of theirs. Raises InputError for cases that are there but cannot be read.
    """
    return period.once(("ledger scores",), lambda: _scores_of(period))


def _scores_of(period: Period) -> pd.DataFrame:
    reported, _ = load_reported(period.dataset.folder / period.name, cutoff=period.cutoff)
    scope = Scope(item_types=period.dataset.item_types, use_levels=period.dataset.use_levels)
    cases = find_cases(period)
    of_cases = [] if cases is None else [every_region(period, cases)]
    return pd.concat([measure(period.items, scope=scope), measure_reported(reported), *of_cases], ignore_index=True)


def ledger_gaps(period: Period, *, settings: Settings | None = None) -> pd.DataFrame:
    """Return, for the city and each report unit, its `compare.facts` among its peers; ``verdict`` is 达标.

    A city's peers are those of the settings, a county's the other counties of its city.
    """
    rules = settings or load_settings()
    scope, wanted = Scope(period.dataset.item_types, period.dataset.use_levels), [find(key) for key in AGAINST_PEERS]
    scores = measure(period.items, wanted, scope=scope)
    parts = []
    for one in units_of(rules.focus):
        group = scores[scores["region_code"].isin([one, *peers_of(one, settings=rules)])]
        placed = facts(group, indicators=wanted, settings=rules)
        parts.append(placed[placed["region_code"] == one])
    gaps = pd.concat(parts, ignore_index=True)
    return gaps.assign(verdict=gaps["meets_target"])


def scored(period: Period, *, region: str) -> pd.DataFrame:
    """Return the third-level indicators with their points; no row without the office's weights."""
    return _points(period, ledger_scores(period), region)


def evaluated_scores(period: Period, *, region: str) -> pd.DataFrame:
    """Return `ledger_scores` and, where the office has typed its weights, the region's evaluation score."""
    scores = ledger_scores(period)
    marks = _points(period, scores, region)
    return scores if marks.empty else pd.concat([scores, as_score(total(marks), region=region)], ignore_index=True)


def _points(period: Period, scores: pd.DataFrame, region: str) -> pd.DataFrame:
    weights, _ = load_weights(period.dataset.folder / WEIGHTS, labels=indicator_labels())
    return points(weights, scores, region=region)


def indicator_labels() -> dict[str, tuple[str, str]]:
    """Return every indicator that may carry weight: label → key and unit, for `reported.load_weights`."""
    counted = (*ITEM_INDICATORS, *ALL_CASE_INDICATORS)
    named = {i.label: i for i in counted} | {i.short: i for i in counted if i.short}
    reported = load_definitions()
    return {name: (i.key, str(i.unit)) for name, i in named.items()} | dict(
        zip(reported["label"], zip(reported["indicator"], reported["unit"], strict=True), strict=True)
    )
