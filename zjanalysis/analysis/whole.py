"""全市: a city's own departments together with all its counties and zones, as one region of its own.

Every indicator is a ratio of two sums, so that of the whole is exact: the sums of its parts, added. An item listed by
ten counties counts ten times, since ten offices handle it; nothing is folded across regions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from zjanalysis.analysis.indicators import measure
from zjanalysis.analysis.registry import Indicator, Scope
from zjanalysis.errors import ConfigError, NoData
from zjanalysis.inputs.period import Period
from zjanalysis.inputs.regions import (
    city_of,
    is_county,
    is_our_code,
    is_whole,
    level_name,
    region_name,
    report_units,
    whole_of,
)
from zjanalysis.units import Verdict


def whole_cities(regions: frozenset[str]) -> tuple[str, ...]:
    """Return the cities that are whole among the regions with data: the city itself and every county of it.

    A zone without a national code counts where it has data and is not waited for; a city without counties has no 全市.

    >>> whole_cities(frozenset({"441700", "441702", "441704", "441721", "441781", "440900", "440902"}))
    ('441700',)
    """
    cities = sorted({city_of(code) for code in regions if is_county(code)})
    return tuple(city for city in cities if regions >= {city, *_counties(city)})


def lacking_for_whole(city: str, regions: frozenset[str]) -> str:
    """Return in words what a city lacks to be whole (`whole_cities`); "" when nothing.

    >>> lacking_for_whole("440800", frozenset({"440800", "440802"}))
    '缺霞山区、坡头区、麻章区、遂溪县、徐闻县等的事项'
    >>> lacking_for_whole("442000", frozenset({"442000"}))
    '没有县（市、区）'
    """
    if city in whole_cities(regions):
        return ""
    names = [region_name(code) for code in (city, *_counties(city)) if code not in regions]
    return f"缺{'、'.join(names[:5])}{'等' * (len(names) > 5)}的事项" if names else "没有县（市、区）"


def _counties(city: str) -> list[str]:
    return [code for code in report_units(city) if not is_our_code(code)]


def as_whole(rows: pd.DataFrame, cities: tuple[str, ...]) -> pd.DataFrame:
    """Return the rows of whole cities under the code of 全市; ``part_code`` and ``region`` keep whose each row is.

    >>> rows = pd.DataFrame({"region_code": ["441700", "441702", "440900"], "n": [1, 2, 3]})
    >>> as_whole(rows, ("441700",))[["region_code", "part_code", "n"]].values.tolist()
    [['441700+', '441700', 1], ['441700+', '441702', 2]]
    """
    codes = [code for code in rows["region_code"].dropna().unique() if city_of(code) in cities]
    inside = rows[rows["region_code"].isin(codes)]
    own = inside["region_code"]
    named = {"region": own.map({code: level_name(code) for code in codes})} if "region" in inside else {}
    return inside.assign(**named, part_code=own, region_code=own.map({code: whole_of(code) for code in codes})).astype(
        {"region_code": "str"}
    )


def whole_period(period: Period, wanted: str = "") -> Period:
    """Return a period whose rows are those of whole cities; NoData where the one ``wanted`` is not whole."""
    cities, city = whole_cities(period.regions), city_of(wanted)
    if without := wanted and lacking_for_whole(city, period.regions):
        raise NoData(
            f"{period.dataset.title}（{period.name}）里{without}，合计不出{region_name(wanted)}。",
            f"全市＝市本级与所辖县（市、区）相加，一个都不能少。请补齐工作簿，或看{region_name(city)}本级。",
        )

    def make() -> Period:
        items, findings = (as_whole(rows, cities) for rows in (period.items, period.findings))
        return replace(period, items=items, findings=findings, memory={})

    return period.once("whole", make)


def refuse_whole(region: str, what: str) -> None:
    """Raise ConfigError for what is asked of one list of items, where the region is 全市, many lists in one."""
    if is_whole(region):
        raise ConfigError(f"{what}按地区做，不按全市合计做。", "请把 region 换成地市本级或某个县（市、区）。")


def unjudged(standings: pd.DataFrame) -> pd.DataFrame:
    """Return standings without 判断: what it rests on was simulated for one list a region, not for a dozen in one."""
    judged = standings["verdict"] != str(Verdict.NO_DATA)
    return standings.assign(
        verdict=standings["verdict"].mask(judged, str(Verdict.NONE)),
        reason=standings["reason"].mask(judged, "全市是合计，不作判断"),
    )


def lacking(parts: pd.DataFrame, part: str = "region_code") -> pd.DataFrame:
    """Return the scores of parts that have no value where all must have one: of every part but a zone of ours."""
    return parts[(parts["n"] == 0) & ~parts[part].map(is_our_code).astype(bool)]


def not_summed(items: pd.DataFrame, indicators: Iterable[Indicator], scope: Scope) -> pd.DataFrame:
    """Return the parts of 全市 that are `lacking`, by region_code, part_code and indicator."""
    if "part_code" not in items:
        return pd.DataFrame(columns=["region_code", "part_code", "indicator"])
    parts = items[items["part_code"].notna()]
    return lacking(measure(parts, indicators, by=("region_code", "part_code"), scope=scope), "part_code")


def summable(
    items: pd.DataFrame, indicators: Iterable[Indicator], scope: Scope
) -> list[tuple[pd.DataFrame, list[Indicator]]]:
    """Return the indicators with the items they are measured on: none in force of 全市 that a part has no value for."""
    wanted, groups = list(indicators), dict[tuple[str, ...], list[Indicator]]()
    short = not_summed(items, wanted, scope)
    for one in wanted:
        groups.setdefault(tuple(short.loc[short["indicator"] == one.key, "region_code"].unique()), []).append(one)
    return [(items.assign(in_force=items["in_force"] & ~items["region_code"].isin(some)) if some else items, ones)
            for some, ones in groups.items()]  # fmt: skip


def measured(
    items: pd.DataFrame, indicators: Iterable[Indicator], *, by: tuple[str, ...] = ("region_code",), scope: Scope
) -> pd.DataFrame:
    """Return the scores of items as `measure` does, but none of 全市 that is not `summable`."""
    parts = summable(items, indicators, scope)
    return pd.concat([measure(some, ones, by=by, scope=scope) for some, ones in parts], ignore_index=True)


def parts_of(items: pd.DataFrame, one: Indicator, *, region: str, scope: Scope) -> pd.DataFrame:
    """Return the parts of 全市 on an indicator: scores by region with ``share`` and ``pull`` (see `pulls`).

    Where a part has no value (`lacking`) there is no whole to pull.
    """
    if not is_whole(region):
        raise ConfigError(f"{region_name(region)}不是合计，没有组成部分。", '请用 region="全市"。')
    parts = measure(items, [one], by=("part_code",), scope=scope).rename(columns={"part_code": "region_code"})
    pulled = pulls(parts)
    return pulled if lacking(parts).empty else pulled.assign(share=float("nan"), pull=float("nan"))


def pulls(parts: pd.DataFrame) -> pd.DataFrame:
    """Return how far each part pulls the whole from what the others alone would come to.

    ``parts``: scores of the parts on one indicator. ``share`` is a part's share of the denominator; ``pull`` is the
    value of the whole minus that of the whole without this part.

    >>> pulls(pd.DataFrame({"numerator": [1.0, 3.0], "denominator": [4.0, 4.0]}))["pull"].tolist()
    [-0.25, 0.25]
    """
    above, below = parts["numerator"].sum(), parts["denominator"].sum()
    without = (above - parts["numerator"]) / (below - parts["denominator"])
    return parts.assign(share=parts["denominator"] / below, pull=above / below - without)


def zones_of(parts: pd.DataFrame, *by: str) -> pd.Series:
    """Return by region the zones among the parts of 全市: with others in it a sum is another sum."""
    return parts.groupby(["region_code", *by])["part_code"].agg(lambda codes: frozenset(filter(is_our_code, codes)))


def whole_pair(now: Period, last: Period, wanted: str) -> tuple[Period, Period]:
    """Return two periods of 全市 (`whole_period`), of the last one no city that had other zones then."""
    now, last = whole_period(now, wanted), whole_period(last)
    zones, then = zones_of(now.items), zones_of(last.items)
    other = [code for code in then.index if code in zones and then[code] != zones[code]]
    kept = last.items[~last.items["region_code"].isin(other)]
    return now, replace(last, items=kept, memory={}) if other else last


def whole_series(rows: pd.DataFrame, regions: tuple[str, ...], now: pd.DataFrame) -> pd.DataFrame:
    """Return the series of 全市 from that of its parts: the sums added, where every county has the figure.

    A period with other zones than the items of ``now`` is left out.
    """
    cities = tuple(map(city_of, regions))
    parts = as_whole(rows, cities)
    key = ["region_code", "indicator", "period", "definition", "source"]
    sums = ["numerator", "denominator", "n", "n_left_out"]
    there = parts[~parts["part_code"].map(is_our_code).astype(bool)].groupby(key)["part_code"].nunique()
    summed = parts.groupby(key, as_index=False)[sums].sum()
    expected = summed["region_code"].map({whole_of(city): 1 + len(_counties(city)) for city in cities})
    complete = summed.merge(there.rename("there").reset_index(), on=key, how="left")["there"] == expected
    zones, then = zones_of(now), zones_of(parts, "period")
    asked = zip(summed["region_code"], summed["period"], strict=True)
    alike = [code not in zones or then[code, period] == zones[code] for code, period in asked]
    ordered = summed[complete & np.array(alike, dtype=bool)].sort_values(
        ["region_code", "indicator", "period"], kind="stable", ignore_index=True
    )
    return ordered.assign(value=ordered["numerator"] / ordered["denominator"])[rows.columns]
