"""全市 as offices speak of it: a city with its counties as one, what each part does to it, and who is nearby."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from zjanalysis.analysis import compare
from zjanalysis.analysis.registry import Indicator
from zjanalysis.analysis.whole import lacking, whole_cities
from zjanalysis.display import theme, wording
from zjanalysis.display.blocks import Block, city_note, exhibit, listing, n_places, names_of, say
from zjanalysis.display.canvas import bars, dots, row_chart, scale, yardsticks
from zjanalysis.display.peers import best_first
from zjanalysis.display.picture import describe
from zjanalysis.display.reasons import helps
from zjanalysis.display.tables import about, page_table
from zjanalysis.inputs.period import load_previous
from zjanalysis.inputs.regions import city_of, is_county, nearest_group, region_name, report_units
from zjanalysis.studies import Study, study_of


def whole(me: Study, *indicators: str) -> Block:
    """Return the indicators of 全市 with 位次 among the cities whose counties are in the data, beside its two parts.

    ``me`` is a study of 全市 (``region="全市"``). Places are facts; there is no target for the whole and no 判断.
    """
    keys = [about(key).key for key in indicators or compare.KEY]
    rows = [_line(me, key) for key in keys]
    own = set(me.own["part_code"])
    said = f"{city_note(me.region, own)}，不与市本级混用。{_ranked_with(me)}{_other_parts(me, own)}"
    short = {about(key).short: _lacks(me.parts(key)) for key in keys}
    for why in dict.fromkeys(filter(None, short.values())):
        said += f"{wording.listed(name for name, one in short.items() if one == why)}{why}。"
    return listing(page_table("whole", pd.DataFrame(rows), name=me.name), said)


def _other_parts(me: Study, own: Collection[str]) -> str:
    """Say which zones only one of the two periods has, so that their sums are not compared; empty when none."""
    last = load_previous(me.period).regions
    apart = [code for code in report_units(city_of(me.region)) if (code in own) != (code in last)]
    other = apart and city_of(me.region) in whole_cities(last)
    return f"两期合计的范围不同（只有一期有{wording.listed(names_of(apart))}），不与上期比。" if other else ""


def _lacks(parts: pd.DataFrame) -> str:
    """Say which parts have no value, so that there is no sum; empty when none."""
    names = names_of(lacking(parts)["region_code"])
    return f"缺{wording.listed(names, limit=5)}的数据，不合计" if names else ""


def _ranked_with(me: Study) -> str:
    if not me.peers:
        return "数据里没有别的地市的全部县（市、区），不排位次。"
    there = wording.listed(names_of(me.peers))
    return f"数据里县（市、区）齐全的还有{there}，位次在这{len(me.group)}个地市中排；其余地市不比。"


def _line(me: Study, key: str) -> dict[str, object]:
    """Return the row of one indicator: the whole, its place, its change, the city alone, the counties together."""
    one, parts = about(key), me.parts(key)
    own = me.standing(key).set_index("region_code").loc[me.region]
    inner = parts["region_code"].map(is_county)
    sums = parts[inner][["numerator", "denominator"]].sum()
    every = sums["denominator"] and lacking(parts[inner]).empty
    counties = sums["numerator"] / sums["denominator"] if every else None
    last = me.previous.set_index(["region_code", "indicator"])["value"].get((me.region, key))
    alone = parts.loc[~inner, "value"]
    return {
        "indicator": key, "name": one.short, "text": wording.amount(own["value"], one.unit, own["digits"]),
        "place": wording.place_text(own["rank"], own["n_ranked"], own["tied"]),
        "moved": wording.change_text(wording.step(own["value"], last, one.unit), one.unit, since="", was=last),
        "city": wording.amount(alone.iloc[0] if len(alone) else None, one.unit),
        "counties": wording.amount(counties, one.unit),
    }  # fmt: skip


def parts(me: Study, indicator: str) -> Block:
    """Return what each part does to 全市: by how much the whole would differ without it, those that help first."""
    one, pulls = about(indicator), me.parts(indicator)
    rows = pulls.sort_values("pull", ascending=one.sign < 0, kind="stable", ignore_index=True)
    rows = rows.assign(region=names_of(rows["region_code"]),
                       effect=[helps(pull * one.sign, one.unit) for pull in rows["pull"].fillna(0.0)])  # fmt: skip
    known = rows.dropna(subset=["pull"])
    if known.empty:
        return say(f"{me.name}{one.label}{_lacks(pulls) or wording.NO_DATA}。")
    best, worst = known.iloc[0], known.iloc[-1]
    without = [wording.change_text(-part["pull"], one.unit, since="") for part in (worst, best)]
    said = f"没有{worst['region']}，{me.name}{one.label}会{without[0]}；没有{best['region']}，会{without[1]}。"
    ends = wording.ends(rows["region"], [wording.signed(pull, one.unit) for pull in rows["pull"]], "最有利", "最不利")
    axes = describe(_pulls(rows, one), f"条形图：{len(rows)}个组成部分对全市{one.label}的拉动：{ends}。")
    printed = page_table("parts", rows, one, name=me.name)
    return exhibit(axes, title=f"对全市{one.short}的拉动：{ends}", table=printed, sentence=said, source=me)


def _pulls(rows: pd.DataFrame, one: Indicator) -> Axes:
    right = {one.short: wording.amounts(rows["value"], one.unit), "占比": wording.amounts(rows["share"], "share"),
             "拉动": [wording.in_points(wording.signed(pull, one.unit)) for pull in rows["pull"]]}  # fmt: skip
    axes = row_chart(rows["region"], head="地区", right=right)
    unit = "points" if one.unit == "share" else one.unit
    scale(axes, [0.0, *rows["pull"]], unit=unit, zero=True, label="全市与去掉该地之后的全市之差")
    inks = np.where(rows["pull"] * one.sign > 0, theme.AHEAD, theme.BEHIND)
    bars(axes, rows["pull"], starts=[0.0] * len(rows), colours=inks)
    return axes


def counties(me: Study, indicator: str, *, peers: str = "") -> Block:
    """Return the counties of the city among those of a named group (empty: of the cities nearest by), best first.

    Facts only: value and place. 达标 and 判断 of a county stand on its own page, among its own siblings.
    """
    one, own = about(indicator), [code for code in report_units(city_of(me.region)) if code in me.period.regions]
    if not own:
        return say(f"{region_name(city_of(me.region))}没有所辖县（市、区）的数据。")
    near_by = nearest_group(city_of(me.region))
    if not (peers or near_by):
        return say(f"{region_name(city_of(me.region))}不在收录的地市分组里，县（市、区）只在本市内比较。")
    group = peers or f"{near_by}各县区"
    near = study_of(me.period, region=own[0], peers=group, before=me.before, settings=me.settings)
    near = replace(near, peers=tuple(code for code in near.peers if code in me.period.regions))
    if set(near.group) <= set(own):
        return say(f"数据里没有{group}中别的地市的县（市、区），只在本市内比较。")
    rows = best_first(near, one.key)
    inside = rows["region_code"].isin(own)
    ranks = rows["value"].where(inside).rank(method="min", ascending=one.sign < 0)
    home: list[Any] = [(None if mine else wording.NO_PLACE) if wording.missing(rank) else int(rank)
            for rank, mine in zip(ranks, inside, strict=True)]  # fmt: skip
    rows = rows.assign(city=names_of(rows["region_code"].map(city_of)), home=home)
    printed = page_table("counties", rows, one, group=group)
    half = int((rows.loc[inside, "rank"] > len(rows) / 2).sum())
    said = f"{region_name(city_of(me.region))}{len(own)}个县（市、区）在{group}{len(rows)}个中，{half}个排在后一半。"
    return exhibit(_dots(rows, one, own), title=f"{one.short}：{said}"[:-1], table=printed, sentence=said, source=me)


def _dots(rows: pd.DataFrame, one: Indicator, own: list[str]) -> Axes:
    right = {"地市": rows["city"], one.short: rows["text"], "位次（区间）": rows["place"]}
    inside = rows["region_code"].isin(own)
    axes = row_chart(rows["region"], head="地区", right=right, strong=inside)
    values, median = rows["value"].astype("float64"), rows["median"].iloc[0]
    better = f"{wording.better_side(one.sign)}；浅底为本市"
    scale(axes, [*values, median], unit=one.unit, zero=False, label=better)
    dots(axes, values, rows.index, size=44, colours=np.where(inside, theme.FOCUS, theme.PEER), zorder=5)
    middle = f"{n_places(rows['n_ranked'])}中位数 {wording.amount(median, one.unit)}"
    yardsticks(axes, (median, middle, theme.INK))
    ends = wording.ends(rows["region"], rows["text"], "最好", "最末")
    alt = f"点图：{len(rows)}个县（市、区）的{one.label}，从好到差排列，{ends}；本市{len(own)}个。"
    return describe(axes, alt)
