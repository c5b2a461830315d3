"""The words that stand for a picture, from the same numbers (WCAG 1.1.1): what is drawn, the extremes, the focus."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd

from zjanalysis.display import wording


def ranking(rows: pd.DataFrame, *, label: str, unit: str, focus: str) -> str:
    """Say a ranking: how many regions, best, worst, and the region in focus.

    >>> rows = pd.DataFrame({"region_code": ["a", "b"], "region": ["甲市", "乙市"], "value": [0.9, 0.8], "rank": [1, 2],
    ...                      "n_ranked": 2, "tied": False})
    >>> ranking(rows, label="即办率", unit="share", focus="b")
    '条形图：2个地区的即办率，从优到劣排列。最优甲市90.00%，最末乙市80.00%。乙市80.00%，第2位（共2个地区）。'
    """
    known = rows.dropna(subset=["value"])
    if known.empty:
        return f"条形图：{len(rows)}个地区的{label}，均{wording.NO_DATA}。"
    best, worst = known.iloc[0], known.iloc[-1]
    said = f"条形图：{len(rows)}个地区的{label}，从优到劣排列。"
    said += f"最优{best['region']}{wording.amount(best['value'], unit)}，"
    said += f"最末{worst['region']}{wording.amount(worst['value'], unit)}。"
    return said + "".join(_own(row, unit) for row in rows[rows["region_code"] == focus].to_dict("records"))


def _own(row: dict[Hashable, Any], unit: str) -> str:
    place = wording.rank_text(row["rank"], row["n_ranked"], tied=bool(row["tied"]))
    return f"{row['region']}{wording.amount(row['value'], unit)}，{place}。"


def departments(rows: pd.DataFrame, *, label: str, unit: str, shown: int) -> str:
    """Say a breakdown by department: how many, best and worst of them."""
    known = rows.dropna(subset=["value"])
    if known.empty:
        return f"条形图：各部门{label}，均{wording.NO_DATA}。"
    best, worst = known.iloc[0], known.iloc[-1]
    more = f"（图中为事项最多的{shown}个）" if shown < len(rows) else ""
    return (
        f"条形图：{len(rows)}个部门的{label}{more}，从优到劣排列。"
        f"最优{best['department']}{wording.amount(best['value'], unit)}（{int(best['n'])}项），"
        f"最末{worst['department']}{wording.amount(worst['value'], unit)}（{int(worst['n'])}项）。"
    )


def bands(rows: pd.DataFrame, *, region: str) -> str:
    """Say a distribution of limits: how many items in each band, statutory and promised."""
    names = {"n_statutory": "法定", "n_promised": "承诺", "n_actual": "实际"}
    shown = [(name, rows[column]) for column, name in names.items() if column in rows]
    said = "；".join(
        f"{band}：" + "、".join(f"{name}{int(counts.iloc[i])}" for name, counts in shown)
        for i, band in enumerate(rows["band"])
    )
    return f"柱形图：{region}的时限分布，按工作日分段计数。{said}。"


def visits(rows: pd.DataFrame, *, focus: str) -> str:
    """Say the visits of regions: fewest, most, and the region in focus."""
    known = rows.dropna(subset=["visits"])
    if known.empty:
        return f"条形图：{len(rows)}个地区的到现场次数，均{wording.NO_DATA}。"
    said = f"条形图：{len(rows)}个地区需到现场办理的事项占比，平均跑动次数从少到多排列。"
    ends = [("最少", known.iloc[0]), ("最多", known.iloc[-1])]
    said += "，".join(f"{word}{row['region']}{wording.amount(row['visits'], 'visits')}" for word, row in ends) + "。"
    own = known[known["region_code"] == focus].to_dict("records")
    return said + "".join(
        f"{row['region']}平均{wording.amount(row['visits'], 'visits')}，"
        f"零跑动率{wording.amount(row['zero_visit'], 'share')}。"
        for row in own
    )


def changes(rows: pd.DataFrame, *, label: str, unit: str, focus: str) -> str:
    """Say the changes of regions: how many rose and fell, and the region in focus."""
    moved = rows.dropna(subset=["change"])["change"]
    up = int(sum(value > 0 and not wording.is_zero(value, unit) for value in moved))
    down = int(sum(value < 0 and not wording.is_zero(value, unit) for value in moved))
    rise, fall = wording.VERBS[unit]
    said = f"哑铃图：{len(rows)}个地区{label}的上期值与本期值，{up}个{rise}，{down}个{fall}。"
    own = rows[rows["region_code"] == focus].to_dict("records")
    return said + "".join(
        f"{row['region']}{wording.amount(row['value'], unit)}，{wording.change_text(row['change'], unit)}。"
        for row in own
    )


def tiles(rows: pd.DataFrame, *, label: str, unit: str) -> str:
    """Say a tile map: the median of the regions, then every region's with its word, row by row from north to south."""
    ordered = rows.sort_values(["row", "column"])
    each = "，".join(
        f"{row['region']}{wording.amount(row['value'], unit)}"
        + ("" if row["standing"] == wording.NO_DATA else f"（{row['standing']}）")
        for row in ordered.to_dict("records")
    )
    median = wording.amount(rows["median"].max(), unit)
    return f"方格图：{len(rows)}个地区的{label}与中位数（{median}）比。{each or wording.NO_DATA}。"
