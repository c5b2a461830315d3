"""Does the word hang on a definition? 位次, 达标 and 判断 under every switch of DOMAIN §6.8, in one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from zjanalysis.analysis.compare import facts, target_of
from zjanalysis.analysis.frontier import INSTANT
from zjanalysis.analysis.indicators import as_written, in_scope, measure
from zjanalysis.analysis.like_for_like import code_tables, judge
from zjanalysis.analysis.matching import collapse_by_code
from zjanalysis.analysis.registry import Indicator, Scope
from zjanalysis.analysis.registry import indicator as find
from zjanalysis.inputs.values import factors
from zjanalysis.settings import Settings, Units
from zjanalysis.units import Met

CURRENT = "现行口径"
_TIME = ("time_compression", "time_compression_mean", "promised_days")
Change = Callable[[pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True)
class Switch:
    """One other way to count these ``indicators`` (none: any): how the items change, or which is read ``instead``."""

    definition: str
    change: Change = lambda items: items
    indicators: tuple[str, ...] = _TIME
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


def blank_promises(items: pd.DataFrame) -> pd.Series:
    """Tell which items are 即办件 whose promised limit is blank and therefore counted as 0."""
    return (items["handling_type"] == INSTANT) & items["promised_written"].isna() & items["limit_reason"].isna()


def _overlong(items: pd.DataFrame) -> pd.Series:
    return items["promised_days"] > items["statutory_days"]


def _mixed(items: pd.DataFrame) -> pd.Series:
    both = items["statutory_unit"].notna() & items["promised_unit"].notna()
    return both & (items["statutory_unit"] != items["promised_unit"])


def switches(units: Units, scope: Scope) -> tuple[Switch, ...]:
    """Return every way to count; ``units`` are the factors in force, of which each switch of units changes one."""

    def with_units(**other: float) -> Change:
        return lambda items: reconverted(items, replace(units, **other))

    def without(which: Callable[[pd.DataFrame], pd.Series]) -> Change:
        return lambda items: items.assign(limit_reason=items["limit_reason"].mask(which(items), "此口径不计"))

    return (
        Switch(CURRENT, indicators=()),
        Switch("事项均值口径", indicators=("time_compression",), instead="time_compression_mean"),
        Switch("即办件按1个工作日计", _instant_as_a_day),
        Switch("1个自然日按1个工作日折算", with_units(calendar_day=1.0)),
        Switch("1个月按22个工作日折算", with_units(month=22.0)),
        Switch("1个月按30个自然日折算", with_units(month=30 * units.calendar_day)),
        Switch("时限按原文数字，不折算单位", as_written),
        Switch("剔除承诺时限超过法定时限的事项", without(_overlong)),
        Switch("剔除法定、承诺单位不同的事项", without(_mixed)),
        Switch("剔除承诺时限空白的即办件", without(blank_promises)),
        Switch("跑动率口径（需到现场的事项占比）", indicators=("visits",), instead="visit_share"),
        Switch("同一基本编码只计一次（折叠）", lambda items: collapse_by_code(items, scope=scope), indicators=()),
    )


def own_rows(rows: pd.DataFrame, region: str) -> pd.DataFrame:
    """Return the rows of one region out of `readings`, each held against 现行口径, which is the first.

    ``rank_change`` are places won (+) or lost (−), ``met_changed`` and ``verdict_changed`` whether the word is another.
    """
    table = rows[rows["region_code"] == region].reset_index(drop=True)
    current = table.iloc[0]
    return table.assign(
        rank_change=(current["rank"] - table["rank"]).astype("Int64"),
        met_changed=table["meets_target"] != current["meets_target"],
        verdict_changed=table["verdict"] != current["verdict"],
    )


def readings(
    items: pd.DataFrame, *, regions: tuple[str, ...], indicator: Indicator, settings: Settings, scope: Scope
) -> pd.DataFrame:
    """Return where every region of a group stands under every definition that touches the indicator: one row each.

    ``indicator`` is the one read (a switch may read another); value, shown, median, rank, n_ranked, meets_target and
    verdict as in `gaps`, n the items counted. A rising target is not judged: the last period is not counted anew.
    """
    narrow = scope.narrowed(indicator)
    rows = in_scope(items[items["region_code"].isin(regions)], narrow)
    ways = [one for one in switches(settings.units, narrow) if not one.indicators or indicator.key in one.indicators]
    tables = []
    for way in ways:
        one, counted = find(way.instead or indicator), way.change(rows)
        places = facts(measure(counted, [one], scope=scope), settings=settings, indicators=[one])[_COLUMNS]
        rising = [target_of(one, region).kind == "rising" for region in places["region_code"]]
        met = places["meets_target"].mask(np.array(rising, dtype=bool), str(Met.NO_TARGET))
        table = code_tables(counted, [one], regions=regions, scope=scope)[one.key]
        judged = judge(table, one, settings=settings)[["region_code", "verdict", "reason"]]
        read = places.assign(meets_target=met, definition=way.definition).merge(judged, on="region_code", how="left")
        tables.append(read)
    return pd.concat(tables, ignore_index=True)


_COLUMNS = [
    "region_code", "indicator", "value", "shown", "digits", "median", "gap_to_median", "rank", "tied", "n_ranked", "n",
    "meets_target",
]  # fmt: skip
