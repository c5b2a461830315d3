"""The province's evaluation score, from the office's own weights; without weights there is no total.

43 third-level, 11 second-level, 4 first-level indicators (work plan 一（二）); the list is not public, so the office
types it (`zj template --indicators`). Thresholds of the tiers: settings [evaluation], with their source.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from zjanalysis.inputs.reported import BY_SHARE, MET_OR_NOT, TYPED
from zjanalysis.settings import Evaluation

NO_WEIGHTS = "未录入三级指标及权重，不计算总分；请用“三级指标模板”录入后再算。"
FULL = 100.0


@dataclass(frozen=True)
class Total:
    """``total`` is NaN unless every weight has its points; ``known`` of ``covered`` points are certain."""

    total: float
    known: float
    covered: float
    weight: float
    sentence: str


def points(weights: pd.DataFrame, scores: pd.DataFrame, *, region: str) -> pd.DataFrame:
    """Give one row per third-level indicator: value, points, cost (weight − points), share_of_full.

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
    met = (rows["value"] >= rows["full_at"]).where(~falling, rows["value"] <= rows["full_at"])
    step = met.astype("float64").where(rows["value"].notna())
    got = pd.Series(
        np.select(
            [rows["method"] == BY_SHARE, rows["method"] == MET_OR_NOT, rows["method"] == TYPED],
            [rows["weight"] * reach, rows["weight"] * step, rows["typed_points"]],
            np.nan,
        ),
        index=rows.index,
    )
    return rows.assign(points=got, cost=rows["weight"] - got, share_of_full=got / rows["weight"])


def levels(scored: pd.DataFrame, *, by: tuple[str, ...] = ("level_one", "level_two")) -> pd.DataFrame:
    """Give points, weight and cost summed to the second (or first) level; a level that lacks a value has no sum."""
    groups = scored.groupby(list(by), sort=False)
    sums = groups.agg(
        n=("weight", "size"),
        n_no_value=("points", lambda p: int(p.isna().sum())),
        weight=("weight", "sum"),
        points=("points", lambda p: p.sum(skipna=False)),
        known=("points", "sum"),
    ).reset_index()
    return sums.assign(cost=sums["weight"] - sums["points"], share_of_full=sums["points"] / sums["weight"])


def total(scored: pd.DataFrame, *, rules: Evaluation | None = None) -> Total:
    """Give the total with the sentence that says what it means; nothing is invented where weights or values lack."""
    tiers = rules or Evaluation()
    if scored.empty:
        return Total(np.nan, np.nan, 0.0, 0.0, NO_WEIGHTS)
    known, weight = float(scored["points"].sum()), float(scored["weight"].sum())
    covered = float(scored.loc[scored["points"].notna(), "weight"].sum())
    if abs(weight - FULL) > 1e-6:
        return Total(
            np.nan,
            known,
            covered,
            weight,
            f"权重合计{weight:g}分，不是{FULL:g}分，不计算总分；请核对三级指标权重。",
        )
    missing = int(scored["points"].isna().sum())
    if missing:
        words = (f"{missing}项三级指标没有得分（权重{weight - covered:g}分），不给总分：已知{known:.2f}分，"
                 f"总分在{known:.2f}与{known + weight - covered:.2f}之间。")  # fmt: skip
        return Total(np.nan, known, covered, weight, words)
    short = tiers.first_tier - known
    tier = "已达到" if short <= 0 else f"差{short:.2f}分达到"
    more = known - tiers.base_score
    base = f"较2020年（{tiers.base_score:.2f}分）{'提高' if more >= 0 else '下降'}{abs(more):.2f}分"
    base = base if tiers.base_score else "2020年得分未收录"
    words = f"总分{known:.2f}分，{base}；{tier}第一梯队参考线{tiers.first_tier:g}分。"
    return Total(known, known, covered, weight, words)


def lift(scored: pd.DataFrame, *, goal: float | None = None, rules: Evaluation | None = None) -> pd.DataFrame:
    """Give the indicators that lift the total most, first things first, until the goal (default: the first tier).

    With the effort the office typed: points per unit of effort, highest first; rows without an effort come after
    them. Without any effort: the largest loss first, which needs the fewest indicators. ``total_after`` adds up from
    the known points, each indicator brought to full marks; ``needed`` tells the rows up to the goal.
    """
    aim = (rules or Evaluation()).first_tier if goal is None else goal
    lost = scored[scored["cost"] > 0]
    ranked = lost.assign(per_effort=lost["cost"] / lost["effort"].where(lost["effort"] > 0))
    ordered = ranked.sort_values(["per_effort", "cost"], ascending=False, kind="stable", ignore_index=True)
    after = float(scored["points"].sum()) + ordered["cost"].cumsum()
    before = after - ordered["cost"]
    return ordered.assign(total_after=after, needed=before < aim - 1e-9)


def tier_note(rules: Evaluation | None = None) -> str:
    """Give the reference lines with their source: the province publishes results, not lines.

    >>> tier_note()[:15]
    '参考线：第一梯队93分，粤东粤'
    """
    tiers = rules or Evaluation()
    return (
        f"参考线：第一梯队{tiers.first_tier:g}分，粤东粤西粤北12市中10市在{tiers.most_cities:g}分以上；"
        f"省里未公布分数线，由公布结果得来（{tiers.source}）。"
    )


def as_score(result: Total, *, region: str) -> pd.DataFrame:
    """Give the total as one row of `scores` (indicator evaluation_score), so that the ledger can follow it."""
    row = {"region_code": region, "indicator": "evaluation_score", "value": result.total, "numerator": result.known}
    return pd.DataFrame([{**row, "denominator": 1.0, "n": int(not np.isnan(result.total)), "n_left_out": 0}])
