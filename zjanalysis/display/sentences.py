"""The sentence over each figure, made from the table the figure draws."""

from __future__ import annotations

from typing import Any

import pandas as pd

from zjanalysis.analysis.registry import Indicator
from zjanalysis.display import wording
from zjanalysis.inputs.workplan import has_plan
from zjanalysis.settings import Comparison

NO_PLAN = "未收录方案"
"""What stands for the target of a region whose city has no work plan on record."""


def ranking(gaps: pd.DataFrame, one: Indicator, *, region: str) -> str:
    """Give the sentence on a region's place among its peers; ``gaps`` holds the row of this indicator."""
    row: dict[str, Any] = {str(k): v for k, v in gaps[gaps["indicator"] == one.key].iloc[0].items()}
    peers = wording.peers_word(str(row["region_code"]))
    return wording.gap_sentence(row, region=region, label=one.label, unit=one.unit, peers=peers)


def departments(rows: pd.DataFrame, one: Indicator, *, region: str, overall: float) -> str:
    """Give the sentence on the departments of a region; ``rows`` are best first.

    >>> from zjanalysis.analysis.registry import indicator
    >>> rows = pd.DataFrame({"department": ["甲局", "乙局"], "value": [0.9, 0.5], "n": [4, 6]})
    >>> departments(rows, indicator("instant"), region="丙县", overall=0.66)
    '丙县有2个部门纳入。即办率最优的是甲局（90.00%，4项），最末的是乙局（50.00%，6项）；低于总体（66.00%）的有1个部门。'
    """
    known = rows.dropna(subset=["value"])
    if known.empty:
        return f"{region}各部门{one.short}{wording.NO_DATA}。"
    first, last = known.iloc[0], known.iloc[-1]
    said = f"{region}有{len(known)}个部门纳入。"
    if len(known) == 1:
        return (
            f"{said}{first['department']}{one.short}{wording.amount(first['value'], one.unit)}（{int(first['n'])}项）。"
        )
    best = f"最优的是{first['department']}（{wording.amount(first['value'], one.unit)}，{int(first['n'])}项）"
    worst = f"最末的是{last['department']}（{wording.amount(last['value'], one.unit)}，{int(last['n'])}项）"
    said += f"{one.short}{best}，{worst}"
    if wording.missing(overall):
        return f"{said}。"
    words = [wording.standing((value - overall) * one.sign, one.unit) for value in known["value"]]
    side = "低于" if one.sign > 0 else "高于"
    return f"{said}；{side}总体（{wording.amount(overall, one.unit)}）的有{words.count('落后')}个部门。"


def limits(bands: pd.DataFrame, *, region: str) -> str:
    """Give the sentence on where limits lie, from the counts in bands.

    >>> bands = pd.DataFrame({"band": ["即办", "1日内", "2–3日", "4–5日", "6–10日", "11–20日", "21–60日", "60日以上"],
    ...                       "n_statutory": [0, 0, 1, 0, 0, 2, 1, 0], "n_promised": [2, 0, 1, 0, 1, 0, 0, 0]})
    >>> limits(bands, region="丙县")
    '丙县纳入4项。承诺即办2项；5个工作日以内的，法定1项、承诺3项；超过20个工作日的，法定1项、承诺0项。'
    """
    counts = bands.set_index("band")[["n_statutory", "n_promised"]]
    total = int(counts["n_promised"].sum())
    if total == 0:
        return f"{region}没有两项时限齐全的事项，{wording.NO_DATA}。"
    soon, late = counts.iloc[:4].sum(), counts.iloc[6:].sum()
    return (
        f"{region}纳入{total}项。承诺即办{int(counts['n_promised'].iloc[0])}项；"
        f"5个工作日以内的，法定{int(soon['n_statutory'])}项、承诺{int(soon['n_promised'])}项；"
        f"超过20个工作日的，法定{int(late['n_statutory'])}项、承诺{int(late['n_promised'])}项。"
    )


def visits(rows: pd.DataFrame, *, region_code: str) -> str:
    """Give the sentence on the visits of one region; ``rows`` come from arrange.visit_rows."""
    own = rows[rows["region_code"] == region_code]
    if own.empty or wording.missing(own["visits"].iloc[0]):
        return f"到现场次数{wording.NO_DATA}。"
    row = own.iloc[0]
    return (
        f"{row['region']}{wording.counted(row['n'], row['n_left_out'])}，"
        f"平均跑动{wording.amount(row['visits'], 'visits')}，零跑动率{wording.amount(row['zero_visit'], 'share')}；"
        f"需跑1次的占{wording.amount(row['one_visit'], 'share')}，"
        f"需跑2次及以上的占{wording.amount(row['more_visits'], 'share')}。"
    )


def changes(rows: pd.DataFrame, one: Indicator, *, region_code: str) -> str:
    """Give the sentence on the change of one region, and how many of the regions improved and fell back."""
    marks = [wording.change_mark(change, one.unit, one.better)[1] for change in rows["change"]]
    field = (
        f"{len(rows)}个地区中，{marks.count('改善')}个改善、{marks.count('退步')}个退步、{marks.count('持平')}个持平。"
    )
    own = rows[rows["region_code"] == region_code]
    if own.empty:
        return field
    row = own.iloc[0]
    value = wording.amount(row["value"], one.unit)
    return f"{row['region']}{one.label}{value}，{wording.change_text(row['change'], one.unit)}。{field}"


def target_text(one: Indicator, target: Any, region_code: str) -> str:
    """Give what the plan asks of a region: a number, or what it says in words; without a plan on record, that.

    >>> from zjanalysis.analysis.registry import indicator
    >>> target_text(indicator("instant"), 0.8111, "440823"), target_text(indicator("visits"), None, "440823")
    ('高于81.11%', '低于兄弟县区')
    >>> target_text(indicator("visits"), None, "440902")
    '未收录方案'
    """
    if not has_plan(region_code):
        return NO_PLAN
    if not wording.missing(target):
        side = ("高于" if one.strict else "达到") if one.sign > 0 else ("低于" if one.strict else "不超过")
        return f"{side}{wording.amount(target, one.unit).replace('.00', '')}"
    return one.target_text.replace("兄弟地市", wording.peers_word(region_code)) or "—"


def reading_rules(rules: Comparison, *, planned: bool = True) -> list[tuple[str, str]]:
    """Give how ranks, verdicts and missing values of a report are to be read, with the thresholds in force.

    ``planned``: the work plan of the city is on record.
    """
    met = "按未四舍五入的数值判定；方案没有数值目标的，以兄弟地区中位数为准或不作判定。"
    none = "未收录本市的工作方案，不列目标，不判定达标；压减方案以优于兄弟地区中位数为目标。"
    return [
        ("位次", "按公布的两位小数比较，数值相同则并列，其后位次顺延（1、2、2、4）。"),
        ("是否达标", met if planned else none),
        ("优于、持平、落后", f"与兄弟地区中位数相比；率相差不足{wording.difference(rules.margin_time, 'share')}、"
         f"跑动次数相差不足{wording.difference(rules.margin_visits, 'visits')}为持平。"),
        ("剔除", "在统计范围内但缺少所需数值的事项，不计入分子分母，逐项列出原因；无数据不等于0。"),
        ("差值", "个百分点是两个百分数之差，较上期为本期减上期；按未四舍五入的数值计算，与两位小数相减可能相差0.01。"),
    ]  # fmt: skip
