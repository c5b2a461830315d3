"""Why two values differ, split exactly: of a region and its peers, of a region now and in the last period.

Against peers: 结构 (what weighs), 水平 (how good on the same codes), 覆盖 (unshared). Against the last period: what was
done on the items of both periods, what came and went (`change_split`, `item_changes`). Both work on the sums of the
published values, so the parts add up to the difference of two published values; base codes are the units, and several
办理项 of one code act as one code with their joint weight (DOMAIN §6.3).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import numpy as np
import pandas as pd

from zjanalysis.analysis.frontier import INSTANT, slim
from zjanalysis.analysis.indicators import in_scope, measure
from zjanalysis.analysis.matching import keys_in_both, lineages, paired
from zjanalysis.analysis.registry import ITEM_INDICATORS, PLAN_SCOPE, SCORE_KEY, Indicator, Scope
from zjanalysis.analysis.registry import indicator as find
from zjanalysis.units import UNITS, published

STRUCTURE, STANDARD, COVERAGE = "结构", "水平", "覆盖"
OWN_ONLY, OTHER_ONLY = "只有本方", "只有对方"
PARTS = (STRUCTURE, STANDARD, COVERAGE)
ABOUT = ("item_name", "department", "item_type")
NO_CODE, POOLED = "无基本编码", "兄弟地区合计"


def gap_split(
    items: pd.DataFrame,
    *,
    region: str,
    peers: Iterable[str],
    indicator: str | Indicator,
    by: tuple[str, ...] = (),
    scope: Scope | None = PLAN_SCOPE,
) -> pd.DataFrame:
    """Split the gap of the region to its peers (one, or several pooled) into 结构, 水平 and 覆盖.

    One row per part, and per group of ``by`` (department, item_type, match_code with item_name …): ``contribution``
    adds up to value − peer_value, ``ahead`` is the same turned so that positive means better; ``n_codes`` codes take
    part. With w a code's share of the denominator and r its value: 结构 Σ(w−w′)(r+r′)/2 and 水平 Σ(r−r′)(w+w′)/2 over
    the shared codes (Kitagawa), 覆盖 what the codes of one side alone add. A group is the region's own; codes only the
    peers have keep the peers' department. Where one side has no value, contributions are missing: 无数据.
    """
    one, rows = find(indicator), slim(items)[items["region_code"].isin([region, *peers])]
    about = in_scope(rows, scope, one=one) if by else None
    return split_sums(code_sums(rows, [one], scope=scope), one, region=region, peers=peers, by=by, about=about)


def code_sums(items: pd.DataFrame, indicators: Iterable[str | Indicator], *, scope: Scope | None) -> pd.DataFrame:
    """Return the sums that gaps are split from, by region and code; rows without a code are those of the code ""."""
    coded = slim(items).assign(match_code=items["match_code"].fillna(""))
    return measure(coded, indicators, by=("region_code", "match_code"), scope=scope)


def split_sums(
    sums: pd.DataFrame, one: Indicator, *, region: str, peers: Iterable[str], by: tuple[str, ...] = (),
    about: pd.DataFrame | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Return `gap_split` from the `code_sums` of the indicator; ``about``: the items in scope, for ``by``."""
    others = [p for p in dict.fromkeys(peers) if p != region]
    own, other = (_side(sums, regions, f"{NO_CODE}（{side}）", about)
                  for regions, side in (([region], "本方"), (others, "对方")))  # fmt: skip
    codes = split_codes(own, other, about=() if about is None else ABOUT)
    part = codes["part"].where(~codes["part"].isin([OWN_ONLY, OTHER_ONLY]), COVERAGE)
    table = gathered(codes.assign(part=part), by=by, parts=PARTS)
    return signed(table.assign(peer_code=others[0] if len(others) == 1 else POOLED, **totals(codes)), one, region)


def signed(table: pd.DataFrame, one: Indicator, region: str) -> pd.DataFrame:
    """Return the parts with region, indicator and ``ahead``; without a gap there is nothing to split."""
    split = table["contribution"].where(table["gap"].notna())
    return table.assign(region_code=region, indicator=one.key, contribution=split, ahead=split * one.sign + 0.0)


def totals(codes: pd.DataFrame) -> dict[str, float]:
    """Return both values and their difference; a shared code stands in the table twice and is counted once."""
    once = codes.drop_duplicates("match_code")
    value, other = (_ratio(once[f"numerator{s}"].sum(), once[f"denominator{s}"].sum()) for s in ("", "_other"))
    return {"value": value, "peer_value": other, "gap": value - other}


def gathered(codes: pd.DataFrame, *, by: tuple[str, ...], parts: tuple[str, ...]) -> pd.DataFrame:
    """Sum contributions by group and part, the group that moves most first; without ``by`` every part has its row."""
    summed = codes.groupby([*by, "part"], sort=True, dropna=False).agg(
        contribution=("contribution", "sum"), n_codes=("match_code", "nunique")
    )
    if not by:
        return summed.reindex(pd.Index(parts, name="part"), fill_value=0).reset_index()
    table = summed.reset_index()
    moved = table.groupby(list(by), dropna=False)["contribution"].transform("sum").abs().round(12)
    place = table["part"].map({name: position for position, name in enumerate(parts)})
    order = table.assign(moved=-moved, place=place).sort_values(["moved", *by, "place"], kind="stable").index
    return table.loc[order].reset_index(drop=True)


def split_codes(own: pd.DataFrame, other: pd.DataFrame, *, about: tuple[str, ...]) -> pd.DataFrame:
    """Return one row per code and part (结构, 水平, 只有本方, 只有对方) whose contributions sum to own − other.

    With what ``about`` names of the first item of the code, the region's own where it has one.
    """
    codes = own.merge(other, on="match_code", how="outer", suffixes=("", "_other"))
    codes = codes.assign(**{name: codes[name].fillna(codes[f"{name}_other"]) for name in about})
    shared = codes["denominator"].notna() & codes["denominator_other"].notna()
    sides = {}
    for side in ("", "_other"):
        x, d = codes[f"numerator{side}"], codes[f"denominator{side}"]
        sides[f"weight{side}"] = d / d[shared].sum()
        sides[f"rate{side}"] = x / d
        sides[f"alone{side}"] = (x - d * _ratio(x[shared].sum(), d[shared].sum(), empty=0.0)) / d.sum()
    codes = codes.assign(**sides)
    return pd.concat([_kitagawa(codes[shared]), _alone(codes[~shared])], ignore_index=True)


def _side(sums: pd.DataFrame, regions: list[str], blank: str, about: pd.DataFrame | None) -> pd.DataFrame:
    """Return the sums of each code over the regions; rows without a code form one, ``blank``, that matches nothing."""
    some = sums[sums["region_code"].isin(regions)]
    side = some.groupby(some["match_code"].replace("", blank))[["numerator", "denominator"]].sum().reset_index()
    side = side[side["denominator"] > 0]
    if about is None:
        return side
    rows = about[about["region_code"].isin(regions)]
    names = rows.groupby(rows["match_code"].fillna(blank))[list(ABOUT)].first()
    return side.merge(names, on="match_code", how="left")


def _kitagawa(shared: pd.DataFrame) -> pd.DataFrame:
    """Split the shared codes into 结构 and 水平; 结构 is taken against the mean value; its sum stays."""
    mean_rate = (shared["rate"] + shared["rate_other"]) / 2
    mean_weight = (shared["weight"] + shared["weight_other"]) / 2
    centre = (shared["weight"] * shared["rate"]).sum() + (shared["weight_other"] * shared["rate_other"]).sum()
    structure = (shared["weight"] - shared["weight_other"]) * (mean_rate - centre / 2)
    level = (shared["rate"] - shared["rate_other"]) * mean_weight
    return pd.concat([
        shared.assign(part=STRUCTURE, contribution=structure), shared.assign(part=STANDARD, contribution=level)
    ])  # fmt: skip


def _alone(unshared: pd.DataFrame) -> pd.DataFrame:
    """Return what each unshared code adds: its distance from the value on the shared codes, times its weight."""
    own = unshared["denominator"].notna()
    alone = np.where(own, unshared["alone"], -unshared["alone_other"])
    return unshared.assign(part=np.where(own, OWN_ONLY, OTHER_ONLY), contribution=alone)


def _ratio(above: float, below: float, *, empty: float = float("nan")) -> float:
    return above / below if below else empty


ADDED, REMOVED, CHANGED = "新增", "取消", "变动"
BETTER, SAME, WORSE, NO_PREVIOUS = "改善", "持平", "退步", "无上期"


class Cause(StrEnum):
    """What a change comes from: from what was done on the items of both periods, or from what is listed."""

    ITEMS = "同事项变化"
    LIST = "清单变化"
    BOTH = "同事项与清单都有"
    NONE = "持平"
    NO_DATA = "不能拆分"


def change(
    scores: pd.DataFrame, before: pd.DataFrame, *, indicators: Iterable[Indicator] = ITEM_INDICATORS,
    parts: pd.DataFrame | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Return the scores with ``previous``, ``change`` (value − previous) and ``trend``, row by row of the same group.

    Both tables come from `measure` with the same ``by``. ``change`` is not turned by the direction of the indicator;
    ``trend`` is: 改善 / 退步 where the published values differ by the unit's smallest relevant change or more, else
    持平; 无上期 where either value is missing. ``listed``: the list did more of it than the shared items, by the
    ``parts`` of `change_split`; the trend is 清单变化 then.

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
    from_list = joined[SCORE_KEY][:0] if parts is None else causes(parts).query("listed")[SCORE_KEY]
    places = pd.MultiIndex.from_frame(joined[SCORE_KEY])
    listed = pd.Series(places.isin(pd.MultiIndex.from_frame(from_list)), index=joined.index)
    when = [moved.isna(), moved.abs() < 1, listed, moved > 0]
    trend = np.select(when, [NO_PREVIOUS, SAME, str(Cause.LIST), BETTER], WORSE)
    return joined.assign(change=joined["value"] - joined["previous"], trend=trend, listed=listed)


_MEASURED = {"value", "numerator", "denominator", "n", "n_left_out", "shown", "rank", "tied", "n_ranked"}


def change_split(
    items: pd.DataFrame,
    before: pd.DataFrame,
    *,
    regions: Iterable[str],
    indicators: Iterable[str | Indicator],
    scope: Scope | None = PLAN_SCOPE,
    successions: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Split the change of the regions' values since ``before`` into what added, removed and shared items did.

    Three rows per region and indicator, one per ``part`` (新增, 取消, 变动): ``contribution`` adds up to change =
    value − previous, ``ahead`` is the same turned so that positive means better, ``n_items`` items take part. What is
    the same item `matching.paired` says. Of an item that others have merged into (or that has been split) as much is
    shared as both periods have of it by weight; the rest came or went, so that ten slow items made one are a shorter
    list.
    Without a value in one of the periods contributions are missing.
    """
    wanted = [find(one) for one in indicators]
    links = NO_SUCCESSIONS if successions is None else successions
    listed = Scope((), scope.use_levels) if scope else None
    asked = list(dict.fromkeys(regions))
    own, past = (in_scope(table[table["region_code"].isin(asked)], listed) for table in (items, before))
    now, then = _sums(paired(own, past, links), wanted, scope)
    both = now.index.intersection(then.index)
    weight = np.minimum(now.loc[both, "denominator"], then.loc[both, "denominator"])
    moved = both.get_level_values("pair").isin(lineages(links).values())
    shared = {}
    for name, side in (("now", now.loc[both]), ("then", then.loc[both])):
        part = (weight / side["denominator"]).where(moved, 1.0)
        shared[name] = side.mul(part, axis=0).groupby(SCORE_KEY).sum()
    lines = pd.MultiIndex.from_product([asked, [one.key for one in wanted]], names=SCORE_KEY)
    sums = (now.groupby(SCORE_KEY).sum(), shared["now"], shared["then"], then.groupby(SCORE_KEY).sum())
    whole = [(each["numerator"] / each["denominator"]).reindex(lines) for each in sums]
    return _three_parts(whole, (now.index, then.index, both), [one.sign for one in wanted] * len(asked))


NO_SUCCESSIONS = pd.DataFrame({"code": [], "into": []}, dtype="str")


def _three_parts(values: list[pd.Series], listed: tuple[pd.Index, ...], signs: list[int]) -> pd.DataFrame:
    """Return three rows a region and indicator from its value now, of what is shared (now, then), and then."""
    whole_now, shared_now, shared_then, whole_then = values
    nothing = whole_now.isna() | whole_then.isna()
    shared_now, shared_then = shared_now.fillna(0.0), shared_then.fillna(0.0)  # nothing shared: all came and went
    steps = {ADDED: whole_now - shared_now, REMOVED: shared_then - whole_then, CHANGED: shared_now - shared_then}
    now, then, both = (pd.Series(1, index=index).groupby(SCORE_KEY).sum().reindex(whole_now.index, fill_value=0)
                       for index in listed)  # fmt: skip
    counts = {ADDED: now - both, REMOVED: then - both, CHANGED: both}
    whole = pd.DataFrame({"value": whole_now, "previous": whole_then, "change": whole_now - whole_then})
    parts = [whole.assign(part=part, contribution=steps[part].mask(nothing), n_items=counts[part],
                          ahead=steps[part].mask(nothing) * signs) for part in steps]  # fmt: skip
    place = np.tile(np.arange(len(whole)), len(parts))
    return pd.concat(parts).iloc[np.argsort(place, kind="stable")].reset_index()


def causes(parts: pd.DataFrame) -> pd.DataFrame:
    """Return what the change of each indicator comes from, by the parts of `change_split`.

    One row per region and indicator: change = by_items + by_list, n_shared items of both periods, and ``cause``: the
    part that goes the way of the change, by the unit's smallest relevant change at least. A value that rises because
    slow items were taken off the list, or quick ones put on it, is 清单变化: no item has become better. ``listed``
    tells where the list did more of the change than the items, so that it is called neither 改善 nor 退步.
    """
    shared = parts[parts["part"] == CHANGED].set_index(SCORE_KEY)
    wide = parts.pivot(index=SCORE_KEY, columns="part", values="contribution").reindex(shared.index)
    relevant = np.array([UNITS[find(key).unit].relevant for _, key in wide.index]) - 1e-9
    by_items, by_list, way = wide[CHANGED], wide[ADDED] + wide[REMOVED], np.sign(shared["change"])
    done, listed = by_items * way >= relevant, by_list * way >= relevant
    words = np.select(
        [shared["change"].isna(), done & listed, done, listed],
        [Cause.NO_DATA, Cause.BOTH, Cause.ITEMS, Cause.LIST],
        Cause.NONE,
    )
    columns = {"change": shared["change"], "by_items": by_items, "by_list": by_list, "cause": words,
               "listed": (by_list - by_items) * way > 1e-9}  # fmt: skip
    return pd.DataFrame(columns).assign(n_shared=shared["n_items"]).reset_index()


def _sums(sides: tuple[pd.DataFrame, ...], wanted: list[Indicator], scope: Scope | None) -> list[pd.DataFrame]:
    """Return the two sums of each side by region, indicator and pair, where there is something to divide by."""
    rows = pd.concat([side.assign(side=place) for place, side in enumerate(sides)])
    sums = measure(rows, wanted, by=("side", "region_code", "pair"), scope=scope)  # once: what it prepares costs most
    counted = sums[sums["denominator"] > 0].set_index([*SCORE_KEY, "pair"])
    return [counted.loc[counted["side"] == place, ["numerator", "denominator"]] for place in range(len(sides))]


_FIELDS = ("statutory_days", "promised_days", "visits", "instant", "online", "end_to_end", "one_window", "bookable")
_ITEM, _ABOUT = ["region_code", "item_key"], ["match_code", "item_name", "department"]


def item_changes(
    items: pd.DataFrame, before: pd.DataFrame, *, regions: Iterable[str], scope: Scope | None = PLAN_SCOPE
) -> pd.DataFrame:
    """Return what changed in the regions' items, 办理项 by 办理项: added, removed, or one row per changed column.

    An item is found again by its key (`matching.keys_in_both`: item id, else 办理项, 实施 or 基本编码, else name; of
    several rows the one of its name). Columns: region_code, kind (新增, 取消, 变动), item_key, match_code,
    item_name, department, field (the column; empty for added and removed), previous and current (days and visits as
    numbers, yes and no as 1 and 0).
    No row of a region that has no items in one of the periods: a first period is no news about its items.
    """
    asked = list(regions)
    sides = [in_scope(table[table["region_code"].isin(asked)], scope) for table in (items, before)]
    keyed = (side.assign(item_key=keys) for side, keys in zip(sides, keys_in_both(*sides), strict=True))
    now, then = map(_stated, keyed)
    listed = set(now["region_code"]) & set(then["region_code"])
    now, then = (table[table["region_code"].isin(listed)] for table in (now, then))
    both = now.merge(then, on=_ITEM, how="outer", suffixes=("", "_before"), indicator="side")
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
    table = pd.concat([whole, moved[~same]]).sort_values(
        ["region_code", "kind", "match_code", "item_key", "field"], kind="stable"
    )
    return table[["region_code", "kind", "item_key", *_ABOUT, "field", "previous", "current"]].reset_index(drop=True)


def _stated(keyed: pd.DataFrame) -> pd.DataFrame:
    """Return one row per item: region, key and its columns as numbers; limits where the pair is usable."""
    usable = keyed["limit_reason"].isna()
    flags = {name: keyed[name].astype("Float64").astype("float64") for name in _FIELDS[4:]}
    return keyed.assign(
        statutory_days=keyed["statutory_days"].where(usable),
        promised_days=keyed["promised_days"].where(usable),
        instant=(keyed["handling_type"] == INSTANT).astype("float64").where(keyed["handling_type"].notna()),
        **flags,
    )[[*_ITEM, *_ABOUT, *_FIELDS]]
