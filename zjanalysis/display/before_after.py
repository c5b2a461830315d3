"""What a known date changed: the region's own line, its distance from the group, its items against the others'."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from zjanalysis.analysis.before_after import FEWEST_ASIDE, FEWEST_POINTS, interrupted, item_series, region_effect
from zjanalysis.analysis.registry import indicator as find
from zjanalysis.analysis.signals import against_group
from zjanalysis.display import wording
from zjanalysis.display.blocks import Block, listing, say
from zjanalysis.display.tables import about, page_columns, table
from zjanalysis.studies import Study

OWN, APART, SAME_ITEMS = "自身走势", "扣除全组共同的变化", "同事项与其他地区比"
FOUND, NOT_FOUND, NOTHING = "有变化", "没有可辨认的变化", "不作判断"


def before_after(me: Study, indicator: str, *, date: str) -> Block:
    """Give by how much one indicator jumped at a known period, three ways, each beside the other periods as placebos.

    ``date`` is the first period that shows what was done. The own line and its distance from the group are interrupted
    series of eight points and more; the same items against the other regions' need the workbooks of the periods.
    """
    one, periods = about(indicator), sorted(me.series["period"].unique())
    if date not in periods:
        return say(f"“{date}”不是有数据的期次（{periods[0]}至{periods[-1]}），不比较前后。")
    lines = me.series[me.series["indicator"] == one.key]
    if lines["value"].isna().all():
        return say(f"{me.name}{one.label}：{wording.NO_DATA}。")
    apart = against_group(lines, regions=me.group)
    items = item_series(str(me.period.dataset.folder), one.key, upto=me.period.name)
    same = items[items["region_code"].isin(me.group)]
    ways = {OWN: interrupted(_whole(lines, me.region, periods), find(one.key), date=date),
            APART: interrupted(_whole(apart, me.region, periods), find(one.key), date=date),
            SAME_ITEMS: region_effect(same, region=me.region, date=date)}  # fmt: skip
    rows = pd.concat([found.assign(way=way) for way, found in ways.items() if len(found)] or [pd.DataFrame()])
    said = f"{date}前后，{me.name}{one.label}：" + "；".join(_said(way, found, date, one.unit)
                                                  for way, found in ways.items()) + "。"  # fmt: skip
    if rows.empty:
        return say(said)
    alone = rows.groupby("way")["period"].transform("size") == 1
    words = [_word(row) for row in rows.assign(alone=alone).to_dict("records")]
    shown = table(
        rows.assign(word=words),
        caption=f"{one.label}在各期的跳变",
        sheet=f"{one.short}前后",
        columns=page_columns("jumps", one),
    )
    return listing(shown, said)


def _whole(lines: pd.DataFrame, region: str, periods: Iterable[str]) -> pd.DataFrame:
    """Give the newest piece of a region's line: after the last cut, and after the last period that is missing."""
    own = lines[(lines["region_code"] == region) & lines["value"].notna()]
    own = own[own["line"] == own["line"].max()].sort_values("period")
    place = own["period"].map({period: number for number, period in enumerate(periods)})
    piece = place.diff().ne(1).cumsum()
    newest: pd.DataFrame = own[piece == piece.max()]
    return newest


def _word(row: Mapping[Any, Any]) -> str:
    """Say what one row is: the date's finding, or a placebo."""
    at_date = FOUND if row["found"] else NOTHING if row["alone"] else NOT_FOUND
    return at_date if row["is_date"] else "对照期次"


def _said(way: str, found: pd.DataFrame, date: str, unit: str) -> str:
    """Say what one way finds at the date."""
    at = found[found["period"] == date]
    if at.empty:
        need = "要有两期的工作簿" if way == SAME_ITEMS else f"要有{FEWEST_POINTS}期，前后各{FEWEST_ASIDE}期"
        return f"{way}{NOTHING}（{need}）"
    row = at.iloc[0]
    if len(found) == 1:
        return f"{way}{NOTHING}（没有别的期次作对照）"
    within = f"（95%区间{wording.signed(row['low'], unit)}至{wording.signed(row['high'], unit)}）"
    return f"{way}{wording.change_text(row['effect'], unit, since='') if row['found'] else NOT_FOUND}{within}"
