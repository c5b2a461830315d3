"""Does the word hang on a definition? 位次, 达标 and 判断 under every switch of DOMAIN §6.8, in one table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import pandas as pd

from zjanalysis.analysis.compare import facts, target_of
from zjanalysis.analysis.frontier import INSTANT
from zjanalysis.analysis.indicators import as_written, in_scope, measure
from zjanalysis.analysis.like_for_like import code_tables, judge
from zjanalysis.analysis.matching import collapse_by_code
from zjanalysis.analysis.registry import PLAN_SCOPE, Indicator, Scope
from zjanalysis.analysis.registry import indicator as find
from zjanalysis.inputs.values import factors
from zjanalysis.settings import Settings, Units, load_settings
from zjanalysis.units import Met

CURRENT, FOLDED = "现行口径", "同一基本编码只计一次（折叠）"
OVERLONG, MIXED, PROMISED_BLANK = "承诺时限超过法定时限", "两个时限单位不同", "承诺时限空白"
_TIME = ("time_compression", "time_compression_mean", "promised_days")


@dataclass(frozen=True)
class Switch:
    """One other way to count: how the items change, or which indicator is read instead."""

    definition: str
    change: Callable[[pd.DataFrame], pd.DataFrame]
    indicators: tuple[str, ...]
    instead: str = ""


def reconverted(items: pd.DataFrame, units: Units) -> pd.DataFrame:
    """Return the items with both limits converted to working days by other factors, from the numbers as written.

    A limit whose unit is not known keeps its days.
    """
    factor = factors(units)
    days = {}
    for side in ("statutory", "promised"):
        converted = items[f"{side}_written"] * items[f"{side}_unit"].map(factor).astype("float64")
        days[f"{side}_days"] = converted.fillna(items[f"{side}_days"])
    return items.assign(**days)


def _instant_as_a_day(items: pd.DataFrame) -> pd.DataFrame:
    at_once = (items["handling_type"] == INSTANT) & (items["promised_days"] < 1)
    return items.assign(promised_days=items["promised_days"].mask(at_once, 1.0))


def _left_out(items: pd.DataFrame, which: pd.Series, reason: str) -> pd.DataFrame:
    return items.assign(limit_reason=items["limit_reason"].mask(which & items["limit_reason"].isna(), reason))


def _without_overlong(items: pd.DataFrame) -> pd.DataFrame:
    return _left_out(items, items["promised_days"] > items["statutory_days"], OVERLONG)


def _without_mixed(items: pd.DataFrame) -> pd.DataFrame:
    both = items["statutory_unit"].notna() & items["promised_unit"].notna()
    return _left_out(items, both & (items["statutory_unit"] != items["promised_unit"]), MIXED)


def blank_promises(items: pd.DataFrame) -> pd.Series:
    """Tell which items are 即办件 whose promised limit is blank and therefore counted as 0."""
    return (items["handling_type"] == INSTANT) & items["promised_written"].isna() & items["limit_reason"].isna()


def _without_blank_promises(items: pd.DataFrame) -> pd.DataFrame:
    return _left_out(items, blank_promises(items), PROMISED_BLANK)


def switches(units: Units) -> tuple[Switch, ...]:
    """Return every switch; ``units`` are the factors in force, of which each unit switch changes one."""

    def same(items: pd.DataFrame) -> pd.DataFrame:
        return items

    def with_units(**other: float) -> Callable[[pd.DataFrame], pd.DataFrame]:
        return lambda items: reconverted(items, replace(units, **other))

    total, any_time = ("time_compression",), _TIME
    return (
        Switch("事项均值口径", same, total, instead="time_compression_mean"),
        Switch("即办件按1个工作日计", _instant_as_a_day, any_time),
        Switch("1个自然日按1个工作日折算", with_units(calendar_day=1.0), any_time),
        Switch("1个月按22个工作日折算", with_units(month=22.0), any_time),
        Switch("1个月按30个自然日折算", with_units(month=30 * units.calendar_day), any_time),
        Switch("时限按原文数字，不折算单位", as_written, any_time),
        Switch("剔除承诺时限超过法定时限的事项", _without_overlong, any_time),
        Switch("剔除法定、承诺单位不同的事项", _without_mixed, any_time),
        Switch("剔除承诺时限空白的即办件", _without_blank_promises, any_time),
        Switch("跑动率口径（需到现场的事项占比）", same, ("visits",), instead="visit_share"),
    )


def sensitivity(
    items: pd.DataFrame,
    *,
    region: str,
    peers: Iterable[str],
    indicator: str | Indicator = "time_compression",
    settings: Settings | None = None,
    scope: Scope | None = PLAN_SCOPE,
) -> pd.DataFrame:
    """Return where the region stands under every definition that touches the indicator: one row each.

    The first row is 现行口径. ``indicator`` is the one read (a switch may read another); value, shown, median, rank,
    n_ranked, meets_target and verdict as in `gaps`, n the items counted; ``rank_change`` places won (+) or lost (−)
    against 现行口径, ``met_changed`` and ``verdict_changed`` whether the word is another.
    """
    group = dict.fromkeys([region, *peers])
    return own_rows(readings(items, regions=group, indicator=indicator, settings=settings, scope=scope), region)


def own_rows(rows: pd.DataFrame, region: str) -> pd.DataFrame:
    """Return the rows of one region out of `readings`, each held against 现行口径."""
    table = rows[rows["region_code"] == region].reset_index(drop=True)
    current = table.iloc[0]
    return table.assign(
        rank_change=(current["rank"] - table["rank"]).astype("Int64"),
        met_changed=table["meets_target"] != current["meets_target"],
        verdict_changed=table["verdict"] != current["verdict"],
    )


def readings(
    items: pd.DataFrame,
    *,
    regions: Iterable[str],
    indicator: str | Indicator = "time_compression",
    settings: Settings | None = None,
    scope: Scope | None = PLAN_SCOPE,
) -> pd.DataFrame:
    """Return every region of a group under every definition, one row each: what `sensitivity` says of all of them."""
    one, group = find(indicator), tuple(regions)
    chosen, narrow = settings or load_settings(), scope and scope.narrowed(one)
    rows = in_scope(items[items["region_code"].isin(group)], narrow)
    ways = (Switch(CURRENT, lambda items: items, (one.key,)), *switches(chosen.units),
            Switch(FOLDED, lambda items: collapse_by_code(items, scope=narrow), (one.key,)))  # fmt: skip
    tables = [_read(way.change(rows), find(way.instead or one), group, chosen, scope).assign(definition=way.definition)
              for way in ways if one.key in way.indicators]  # fmt: skip
    return pd.concat(tables, ignore_index=True)


_COLUMNS = [
    "region_code", "indicator", "value", "shown", "digits", "median", "gap_to_median", "rank", "tied", "n_ranked", "n",
    "meets_target",
]  # fmt: skip


def _read(
    items: pd.DataFrame, one: Indicator, group: tuple[str, ...], settings: Settings, scope: Scope | None
) -> pd.DataFrame:
    """Return the rows of one definition; a rising target is not judged, since the last period is not counted anew."""
    rows = facts(measure(items, [one], scope=scope), settings=settings, indicators=[one])[_COLUMNS]
    rising = rows["region_code"].map(lambda region: target_of(one, region).kind == "rising")
    rows = rows.assign(meets_target=rows["meets_target"].mask(rising, str(Met.NO_TARGET)))
    table = code_tables(items, [one], regions=group, scope=scope)[one.key]
    judged = judge(table, one, settings=settings)[["region_code", "verdict", "reason"]]
    return rows.merge(judged, on="region_code", how="left")
