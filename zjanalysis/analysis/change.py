"""What changed since the last period: the scores first (`change`), then why (`change_split`, `item_changes`)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import numpy as np
import pandas as pd

from zjanalysis.analysis.explain import OTHER_ONLY, OWN_ONLY, gathered, signed, split_codes, totals
from zjanalysis.analysis.frontier import INSTANT, item_keys
from zjanalysis.analysis.indicators import in_scope
from zjanalysis.analysis.registry import ITEM_INDICATORS, PLAN_SCOPE, Indicator, Scope
from zjanalysis.analysis.registry import indicator as find
from zjanalysis.units import UNITS, published

ADDED, REMOVED, CHANGED = "新增", "取消", "变动"
BETTER, SAME, WORSE, NO_PREVIOUS = "改善", "持平", "退步", "无上期"


class Cause(StrEnum):
    """What a change comes from: from what was done on the items of both periods, or from what is listed."""

    ITEMS = "同事项变化"
    LIST = "清单变化"
    BOTH = "同事项与清单都有"
    NONE = "持平"
    NO_DATA = "无上期"


def change(
    scores: pd.DataFrame, before: pd.DataFrame, *, indicators: Iterable[Indicator] = ITEM_INDICATORS
) -> pd.DataFrame:
    """Give the scores with ``previous``, ``change`` (value − previous) and ``trend``, row by row of the same group.

    Both tables come from `measure` with the same ``by``. ``change`` is not turned by the direction of the indicator;
    ``trend`` is: 改善 / 退步 where the published values differ by the unit's smallest relevant change or more, else
    持平; 无上期 where either value is missing.

    >>> now = pd.DataFrame({"region_code": ["a"], "indicator": ["visits"], "value": [0.2]})
    >>> change(now, now.assign(value=0.5))["trend"].tolist()
    ['改善']
    """
    about = {i.key: i for i in indicators}
    keys = [c for c in before.columns if c in scores.columns and c not in _MEASURED]
    past = before[[*keys, "value"]].rename(columns={"value": "previous"})
    joined = scores.merge(past, on=keys, how="left", validate="one_to_one")
    moved = pd.Series(np.nan, index=joined.index)  # in smallest relevant changes, positive when better
    for key, rows in joined.groupby("indicator", sort=False):
        one = about[str(key)]
        unit = UNITS[one.unit]
        now, then = (published(rows[name].to_numpy("float64"), unit) for name in ("value", "previous"))
        moved[rows.index] = ((now - then) * one.sign / unit.relevant).round(6)
    trend = np.select([moved.isna(), moved >= 1, moved <= -1], [NO_PREVIOUS, BETTER, WORSE], SAME)
    return joined.assign(change=joined["value"] - joined["previous"], trend=trend)


_MEASURED = {"value", "numerator", "denominator", "n", "n_left_out", "shown", "rank", "tied", "n_ranked"}


def change_split(
    items: pd.DataFrame,
    before: pd.DataFrame,
    *,
    region: str,
    indicator: str | Indicator,
    by: tuple[str, ...] = (),
    scope: Scope | None = PLAN_SCOPE,
) -> pd.DataFrame:
    """Split the change of a region's value since ``before`` into what added, removed and changed codes did.

    One row per ``part`` (新增, 取消, 变动) and per group of ``by`` (department; match_code and item_name for the
    drivers, the one that moves most first): ``contribution`` adds up to value − previous, ``ahead`` is the same turned
    so that positive means better, ``n_codes`` codes take part (without ``by``: all codes in both periods for 变动).
    Without a value in one of the periods contributions are missing.
    """
    one = find(indicator)
    now, then = (table[table["region_code"] == region] for table in (items, before))
    codes = split_codes(now, then, one, scope=scope)
    part = codes["part"].map({OWN_ONLY: ADDED, OTHER_ONLY: REMOVED}).fillna(CHANGED)
    table = gathered(codes.assign(part=part), by=by, parts=(ADDED, REMOVED, CHANGED))
    split = signed(table.assign(**totals(codes)), one, region)
    return split.rename(columns={"peer_value": "previous", "gap": "change"})


def cause(split: pd.DataFrame, *, indicator: str | Indicator) -> Cause:
    """Tell what a change comes from, by the rows of `change_split`: the items of both periods, or the list.

    A part counts from the unit's smallest relevant change on. A value that rises because slow items were taken off the
    list (取消) or quick ones put on it (新增) is 清单变化: no item has become better.

    >>> split = pd.DataFrame({"part": ["新增", "取消", "变动"], "contribution": [0.0, 0.012, 0.0004], "change": 0.0124})
    >>> str(cause(split, indicator="time_compression"))
    '清单变化'
    """
    unit = UNITS[find(indicator).unit]
    if split["change"].isna().all():
        return Cause.NO_DATA
    shared = split["part"] == CHANGED
    items, listed = (abs(float(split.loc[side, "contribution"].sum())) for side in (shared, ~shared))
    by_items, by_list = items >= unit.relevant - 1e-9, listed >= unit.relevant - 1e-9
    if by_items:
        return Cause.BOTH if by_list else Cause.ITEMS
    return Cause.LIST if by_list else Cause.NONE


_FIELDS = ("statutory_days", "promised_days", "visits", "instant", "online", "end_to_end", "one_window", "bookable")
_ABOUT = ["match_code", "item_name", "department"]


def item_changes(
    items: pd.DataFrame, before: pd.DataFrame, *, region: str, scope: Scope | None = PLAN_SCOPE
) -> pd.DataFrame:
    """Give what changed in a region's items, 办理项 by 办理项: added, removed, or one row per changed column.

    An item is found again by its key (`frontier.item_keys`: item id, else 办理项, 实施 or 基本编码, else name; repeats
    are numbered in the order of the file). Columns: kind (新增, 取消, 变动), item_key, match_code, item_name,
    department, field (the column; empty for added and removed), previous and current (days and visits as numbers, yes
    and no as 1 and 0).
    Empty where the region has no items in one of the periods: a first period is no news about its items.
    """
    now, then = (_stated(table[table["region_code"] == region], scope) for table in (items, before))
    if now.empty or then.empty:
        now, then = now.iloc[:0], then.iloc[:0]
    both = now.merge(then, on="item_key", how="outer", suffixes=("", "_before"), indicator="side")
    both = both.assign(
        kind=both["side"].astype("str").map({"left_only": ADDED, "right_only": REMOVED}).fillna(CHANGED),
        **{name: both[name].fillna(both[f"{name}_before"]) for name in _ABOUT},
    )
    shared = both[both["kind"] == CHANGED]
    moved = pd.concat(
        [shared.assign(field=name, previous=shared[f"{name}_before"], current=shared[name]) for name in _FIELDS]
    )
    same = (moved["previous"] - moved["current"]).abs().lt(1e-9) | (moved["previous"].isna() & moved["current"].isna())
    whole = both[both["kind"] != CHANGED].assign(field="", previous=np.nan, current=np.nan)
    table = pd.concat([whole, moved[~same]]).sort_values(["kind", "match_code", "item_key", "field"], kind="stable")
    return table[["kind", "item_key", *_ABOUT, "field", "previous", "current"]].reset_index(drop=True)


def _stated(rows: pd.DataFrame, scope: Scope | None) -> pd.DataFrame:
    """Give one row per item in scope: its key and its columns as numbers; limits only where the pair is usable."""
    keyed = in_scope(rows.assign(item_key=item_keys(rows)), scope)
    usable = keyed["limit_reason"].isna()
    flags = {name: keyed[name].astype("Float64").astype("float64") for name in _FIELDS[4:]}
    return keyed.assign(
        statutory_days=keyed["statutory_days"].where(usable),
        promised_days=keyed["promised_days"].where(usable),
        instant=(keyed["handling_type"] == INSTANT).astype("float64").where(keyed["handling_type"].notna()),
        **flags,
    )[["item_key", *_ABOUT, *_FIELDS]]
