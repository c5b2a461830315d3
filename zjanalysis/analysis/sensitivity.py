"""Does the rank hang on a definition? Value, rank and verdict under every switch of DOMAIN §6.8, in one table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import pandas as pd

from zjanalysis.analysis.basket import robust
from zjanalysis.analysis.compare import compare
from zjanalysis.analysis.frontier import INSTANT
from zjanalysis.analysis.indicators import as_written, measure
from zjanalysis.analysis.matching import fold
from zjanalysis.analysis.registry import PLAN_SCOPE, Indicator, Scope
from zjanalysis.analysis.registry import indicator as find
from zjanalysis.inputs.limits import factors
from zjanalysis.settings import Settings, Units, load_settings

CURRENT, FOLDED, MATCHED = "现行口径", "同一基本编码只计一次（折叠）", "同事项可比（统一法定时限）"
OVERLONG, MIXED = "承诺时限超过法定时限", "两个时限单位不同"
_TIME = ("time_compression", "time_compression_mean", "promised_days")


@dataclass(frozen=True)
class Switch:
    """One other way to count: how the items change, or which indicator is read instead."""

    definition: str
    change: Callable[[pd.DataFrame], pd.DataFrame]
    indicators: tuple[str, ...]
    instead: str = ""


def reconverted(items: pd.DataFrame, units: Units) -> pd.DataFrame:
    """Give the items with both limits converted to working days by other factors, from the numbers as written.

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


def switches(units: Units) -> tuple[Switch, ...]:
    """Give every switch; ``units`` are the factors in force, of which each unit switch changes one."""

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
    """Give value, rank and verdict of the region under every definition that touches the indicator: one row each.

    The first row is 现行口径, the last the like-for-like one. ``indicator`` is the one read (a switch may read
    another), ``median`` the peers', ``gap_to_median`` positive when better, ``n`` the items counted (codes for like for
    like), ``rank_change`` places won (+) or lost (−) against 现行口径, ``verdict_changed`` whether the verdict is
    another.
    """
    peers = tuple(peers)
    table = by_definition(items, region=region, peers=peers, indicator=indicator, settings=settings, scope=scope)
    settled = robust(items, region=region, peers=peers, indicators=[indicator], settings=settings, scope=scope)
    return with_like_for_like(table, settled)


def by_definition(
    items: pd.DataFrame,
    *,
    region: str,
    peers: Iterable[str],
    indicator: str | Indicator,
    settings: Settings | None = None,
    scope: Scope | None = PLAN_SCOPE,
) -> pd.DataFrame:
    """Give the rows of `sensitivity` that count all items, without the like-for-like one."""
    one, peers = find(indicator), tuple(p for p in dict.fromkeys(peers) if p != region)
    rows = items[items["region_code"].isin([region, *peers])]
    read, scores = {CURRENT: one}, [measure(rows, [one], scope=scope)]
    for switch in switches((settings or load_settings()).units):
        if one.key in switch.indicators:
            read[switch.definition] = find(switch.instead or one)
            scores.append(measure(switch.change(rows), [read[switch.definition]], scope=scope))
    read[FOLDED] = one
    scores.append(measure(fold(rows, scope=scope and scope.narrowed(one)), [one], scope=scope))
    counted = pd.concat([table.assign(indicator=name) for name, table in zip(read, scores, strict=True)])
    named = [replace(what, key=definition) for definition, what in read.items()]
    gaps = compare(counted, region=region, peers=peers, settings=settings, indicators=named)
    gaps = gaps.assign(definition=gaps["indicator"], reason="", indicator=[what.key for what in read.values()])
    return _against_current(gaps[list(_COLUMNS)])


def with_like_for_like(table: pd.DataFrame, settled: pd.DataFrame) -> pd.DataFrame:
    """Add the like-for-like row of the same region and indicator from `robust` to the rows of `by_definition`."""
    same = settled[settled["indicator"] == table["indicator"].iloc[0]]
    alike = same.rename(columns={"n_shared": "n", "difference": "gap_to_median"}).assign(definition=MATCHED)
    return _against_current(pd.concat([rows[list(_COLUMNS)] for rows in (table, alike)], ignore_index=True))


_COLUMNS = (
    "region_code", "definition", "indicator", "value", "median", "gap_to_median", "rank", "tied", "n_ranked", "n",
    "verdict", "reason",
)  # fmt: skip


def _against_current(table: pd.DataFrame) -> pd.DataFrame:
    """Add what moved against the first row."""
    current = table.iloc[0]
    return table.assign(
        rank_change=(current["rank"] - table["rank"]).astype("Int64"),
        verdict_changed=table["verdict"] != current["verdict"],
    )
