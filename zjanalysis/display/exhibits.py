"""Whole exhibits, as the notebooks use them: figure, sentence and the table it draws, from one analysis table."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from zjanalysis.analysis.compare import rank
from zjanalysis.analysis.registry import Indicator
from zjanalysis.columns import Column
from zjanalysis.display import arrange, figures, figures_tiles, sentences, wording
from zjanalysis.display.blocks import Block, exhibit
from zjanalysis.display.known import about
from zjanalysis.display.tables import table
from zjanalysis.inputs.regions import region_name, report_units, tile_layout

COUNTS = (Column("n", "纳入", "count", unit="项"), Column("n_left_out", "剔除", "count", unit="项"))
MEAN_VISITS = Column("visits", "平均跑动次数", "days", unit="次")
SUMS = (Column("numerator", "分子（N）", "number"), Column("denominator", "分母（M）", "number"))


def rank_exhibit(scores: pd.DataFrame, *, gaps: pd.DataFrame, indicator: str, peers: Sequence[str] = ()) -> Block:
    """Give the ranking of a region among its peers on one indicator.

    ``gaps`` comes from compare; ``scores`` hold the region and its peers, or more regions when ``peers`` names them.
    """
    one, focus = about(indicator), str(gaps["region_code"].iloc[0])
    inside = scores["region_code"].isin([focus, *peers]) if peers else scores["region_code"].notna()
    ranked = rank(scores[inside & (scores["indicator"] == one.key)], indicators=[one])
    value = Column("value", one.short, "number")
    columns = [Column("rank", "位次", "count"), Column("region", "地区"), value, *SUMS, *COUNTS]
    shown = table(arrange.ranked_rows(ranked, indicator=one.key), caption=f"{one.label}排名", columns=columns,
                  sheet=f"{one.short}排名", focus=focus)  # fmt: skip
    axes = figures.ranked_bars(ranked, gaps=gaps, indicator=one.key)
    return exhibit(axes, table=shown, sentence=sentences.ranking(gaps, one, region=region_name(focus)))


def department_exhibit(
    scores: pd.DataFrame, *, region: str, indicator: str, overall: float = math.nan, limit: int = 15
) -> Block:
    """Give one indicator by department of one region; ``scores`` are measured by department, with or without region.

    ``overall`` is the region's own value; left out, it is what the departments' sums add up to, which is the same.
    """
    one = about(indicator)
    own = scores[scores["region_code"] == region] if "region_code" in scores else scores
    rows = arrange.department_rows(own, indicator=one.key)
    if math.isnan(overall) and rows["denominator"].sum():
        overall = float(rows["numerator"].sum() / rows["denominator"].sum())
    columns = [Column("department", "部门"), Column("value", one.short, "number"), *SUMS, *COUNTS]
    shown = table(rows, caption=f"{one.label}（分部门）", columns=columns, sheet=f"{one.short}分部门")
    axes = figures.department_bars(own, indicator=one.key, overall=overall, limit=limit)
    said = sentences.departments(rows, one, region=region_name(region), overall=overall)
    return exhibit(axes, table=shown, sentence=said)


def distribution_exhibit(items: pd.DataFrame, *, region: str) -> Block:
    """Give where the limits of a region's items lie, statutory and promised; ``items`` are in scope (see in_scope)."""
    bands = arrange.day_bands(items[items["region_code"] == region])
    counts = [
        Column("n_statutory", "法定时限", "count", unit="项"),
        Column("n_promised", "承诺时限", "count", unit="项"),
    ]
    shown = table(
        bands, caption="时限分布（按工作日分段）", columns=[Column("band", "时限"), *counts], sheet="时限分布"
    )
    axes = figures.distribution(bands, region=region)
    return exhibit(axes, table=shown, sentence=sentences.limits(bands, region=region_name(region)))


def visits_exhibit(scores: pd.DataFrame, *, region: str) -> Block:
    """Give how often one has to come, region by region; ``scores`` hold zero_visit, at_most_once and visits."""
    rows = arrange.visit_rows(scores)
    shares = [Column("zero_visit", "零跑动率", "share"), Column("one_visit", "跑1次", "share"),
              Column("more_visits", "跑2次及以上", "share"), MEAN_VISITS]  # fmt: skip
    columns = [Column("region", "地区"), *shares, *COUNTS]
    shown = table(rows, caption="到办事现场次数", columns=columns, sheet="跑动次数", focus=region)
    axes = figures.visit_bars(rows, region=region)
    return exhibit(axes, table=shown, sentence=sentences.visits(rows, region_code=region))


def change_exhibit(changes: pd.DataFrame, *, region: str, indicator: str) -> Block:
    """Give the last and the present value of one indicator, region by region; ``changes`` comes from change."""
    one, rows = about(indicator), arrange.change_rows(changes, indicator=indicator)
    values = [
        Column("previous", "上期", "number"),
        Column("value", "本期", "number"),
        Column("change", "较上期", "number"),
    ]
    shown = table(rows, caption=f"{one.label}与上期比较", columns=[Column("region", "地区"), *values],
                  sheet=f"{one.short}环比", focus=region)  # fmt: skip
    axes = figures.change_dumbbell(changes, indicator=one.key, region=region)
    return exhibit(axes, table=shown, sentence=sentences.changes(rows, one, region_code=region))


def tile_exhibit(scores: pd.DataFrame, *, city: str, indicator: str) -> Block:
    """Give the report units of a city at their rough places, each with its value and how it stands to their median.

    ``scores`` hold the units. A city whose places nobody wrote down gets a plain grid in official order.
    """
    one, layout = about(indicator), tile_layout(report_units(city))
    rows = arrange.tile_rows(scores, indicator=one.key, layout=layout)
    columns = [Column("region", "地区"), Column("value", one.short, "number"), Column("standing", "与中位数比"), *SUMS,
               *COUNTS]  # fmt: skip
    shown = table(rows, caption=f"各县（市、区）{one.label}与中位数比", columns=columns, sheet=f"{one.short}县区方格图")
    axes = figures_tiles.tile_map(rows, indicator=one.key, note=layout.note)
    return exhibit(axes, table=shown, sentence=against_median(rows, one, city=region_name(city)))


def against_median(rows: pd.DataFrame, one: Indicator, *, city: str) -> str:
    """Give the sentence on the units of a city against their median.

    >>> from zjanalysis.analysis.registry import indicator
    >>> rows = pd.DataFrame({"region": ["甲县", "乙区", "丙市"], "standing": ["优于", "持平", "落后"], "median": 0.66})
    >>> against_median(rows, indicator("instant"), city="丁市")
    '丁市所辖3个县（市、区）即办率中位数66.00%：优于1个（甲县），持平1个（乙区），落后1个（丙市）。'
    """
    groups = {word: rows.loc[rows["standing"] == word, "region"].tolist() for word in ("优于", "持平", "落后")}
    groups[wording.NO_DATA] = rows.loc[rows["standing"] == wording.NO_DATA, "region"].tolist()
    told = "，".join(f"{word}{len(names)}个（{'、'.join(names)}）" for word, names in groups.items() if names)
    median = wording.amount(rows["median"].max(), one.unit)
    return (
        f"{city}所辖{len(rows)}个县（市、区）{one.label}中位数{median}：{told}。"
        if told
        else f"{city}没有所辖县（市、区）。"
    )
