"""What changed since the last period: the scores first (`change`), then why (`change_split`, `item_changes`)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import numpy as np
import pandas as pd

from zjanalysis.analysis.explain import OTHER_ONLY, OWN_ONLY, gathered, signed, split_codes, totals
from zjanalysis.analysis.frontier import INSTANT, item_keys
from zjanalysis.analysis.indicators import in_scope, measure
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


def causes(
    items: pd.DataFrame,
    before: pd.DataFrame,
    *,
    region: str,
    indicators: Iterable[str | Indicator],
    scope: Scope | None = PLAN_SCOPE,
) -> pd.DataFrame:
    """Give what the change of each indicator comes from: the codes of both periods (变动), or which codes are listed.

    One row per indicator: change = by_items + by_list (the sums of `change_split`), n_shared codes in both periods, and
    ``cause``: the part that goes the way of the change, by the unit's smallest relevant change at least. A value that
    rises because slow items were taken off the list, or quick ones put on it, is 清单变化: no item has become better.
    """
    now, then = (by_code(table[table["region_code"] == region], indicators, scope) for table in (items, before))
    return causes_of(now, then, indicators)


def causes_of(now: pd.DataFrame, then: pd.DataFrame, indicators: Iterable[str | Indicator]) -> pd.DataFrame:
    """Give the rows of `causes` where the sums of one region in both periods are there already (`by_code`)."""
    wanted = [find(one) for one in indicators]
    now, then = (sums.set_index(["indicator", "match_code"])[["numerator", "denominator"]] for sums in (now, then))
    both = now.index.intersection(then.index)
    sums = [side.groupby("indicator").sum() for side in (now, then, now.loc[both], then.loc[both])]
    values = pd.DataFrame({n: part["numerator"] / part["denominator"] for n, part in enumerate(sums)})
    parts = values.reindex([one.key for one in wanted]).rename_axis("indicator")
    change = parts[0] - parts[1]
    by_items = (parts[2] - parts[3]).fillna(0.0).where(change.notna())
    relevant = np.array([UNITS[one.unit].relevant for one in wanted]) - 1e-9
    by_list, way = change - by_items, np.sign(change)
    shared, listed = by_items * way >= relevant, by_list * way >= relevant
    words = np.select(
        [change.isna(), shared & listed, shared, listed],
        [Cause.NO_DATA, Cause.BOTH, Cause.ITEMS, Cause.LIST],
        Cause.NONE,
    )
    n_shared = pd.Series(both.get_level_values("indicator"), dtype="str").value_counts()
    table = pd.DataFrame({"change": change, "by_items": by_items, "by_list": by_list, "cause": words})
    return table.assign(n_shared=n_shared.reindex(table.index).fillna(0).astype("int64")).reset_index()


def by_code(rows: pd.DataFrame, wanted: Iterable[str | Indicator], scope: Scope | None) -> pd.DataFrame:
    """Give the two sums by region, indicator and code; a row without a code stands for itself, and matches nothing."""
    alone = pd.Series([f"/{id(rows)}/{place}" for place in range(len(rows))], index=rows.index, dtype="str")
    coded = rows.assign(match_code=rows["match_code"].fillna(alone))
    sums = measure(coded, wanted, by=("region_code", "match_code"), scope=scope)
    return sums[sums["denominator"] > 0]


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
