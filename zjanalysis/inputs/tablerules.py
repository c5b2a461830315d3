"""What only the whole table tells: duplicates, versions, codes that disagree across regions, regions with few items."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from zjanalysis.inputs.findings import Part, Place, empty_findings, table_of, typed
from zjanalysis.inputs.reference import spellings
from zjanalysis.inputs.regions import load_regions

Places = Mapping[tuple[str, str], Mapping[str, Place]]
_FEW = 1 / 3  # of the median of the regions of the same level


class Spot(NamedTuple):
    """A rule and the column whose cell it is shown at."""

    rule: str
    key: str


def settle(items: pd.DataFrame, places: Places) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Drop duplicate items, mark which are in force, and give the findings of the table rules.

    An item is known by its region and item id, else by 业务办理项编码, else by 实施编码 and name. Two rows of the
    same version are duplicates: the first stays. Of several versions only the newest is in force.
    """
    twice, old, first = _repeats(items)
    state = items["state"].fillna("在用")
    retired = ~state.isin(list(spellings("state"))) & ~twice
    found = [
        _findings(items, places, Spot("duplicate_item", "item_name"), twice, others=first),
        _findings(items, places, Spot("old_version", "version"), old & ~retired, values=items["item_name"]),
        _findings(items, places, Spot("not_in_force", "state"), retired, values=state),
    ]
    kept = items.assign(in_force=(~old & ~retired).astype(bool))
    kept = kept[~twice].reset_index(drop=True) if twice.any() else kept
    found += [_granularity(kept, places), _statutory(kept, places), _few(kept)]
    whole = [frame for frame in found if len(frame)]
    return kept, typed(pd.concat(whole, ignore_index=True)) if whole else empty_findings()


def _repeats(items: pd.DataFrame) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Give which rows are duplicates, which are older versions, and where the first of each duplicate stands."""
    identity = _identity(items)
    repeated = items[identity.ge(0) & identity.duplicated(keep=False)]
    where = repeated["file"] + repeated["sheet"].radd("“").add("”").where(repeated["sheet"].ne(""), "")
    part = pd.DataFrame({"identity": identity[repeated.index], "rank": _version_rank(repeated["version"])})
    part = part.assign(row=repeated["row_number"].astype("str"), where=where)
    twice = part.duplicated(["identity", "rank"], keep="first")
    old = part["rank"].lt(part.groupby("identity")["rank"].transform("max")) & ~twice
    first = part.groupby(["identity", "rank"])[["row", "where"]].transform("first")
    told = first["where"].where(first["where"].ne(part["where"]), "") + "第 " + first["row"]
    twice, old = (mask.reindex(items.index, fill_value=False) for mask in (twice, old))
    return twice, old, told.reindex(items.index)


def _identity(items: pd.DataFrame) -> pd.Series:
    """Give a number to what makes rows the same item; -1 when nothing does."""
    named = items["item_id"].fillna(items["handle_item_code"])
    lacking = named.isna()
    if lacking.any():
        impl = (items["impl_code"] + "|" + items["item_name"])[lacking]
        named = named.where(~lacking, impl.reindex(items.index))
    code, region = pd.factorize(named)[0], pd.factorize(items["region_code"])[0]
    return pd.Series(np.where(code < 0, -1, code * (region.max(initial=0) + 2) + region + 1), index=items.index)


def _version_rank(version: pd.Series) -> pd.Series:
    """Give a number that sorts as the version does: every number in it padded (2 < 10, 2020/3/1 < 2021-01-01)."""
    which, distinct = pd.factorize(version.fillna(""))
    padded = [re.sub(r"\d+", lambda m: m.group().zfill(14), re.sub(r"[^\d]+", "-", text)) for text in distinct]
    return pd.Series(np.unique(padded, return_inverse=True)[1][which], index=version.index)


def _findings(
    items: pd.DataFrame,
    places: Places,
    spot: Spot,
    mask: pd.Series,
    *,
    values: pd.Series | None = None,
    others: pd.Series | None = None,
) -> pd.DataFrame:
    """Give one finding per row of the mask, sheet by sheet, with the cell it stands in."""
    broken = items[mask]
    made = []
    for (file, sheet), part in broken.groupby(["file", "sheet"], sort=False):
        known = places.get((str(file), str(sheet)), {})
        at = spot.key if spot.key in known else "item_name"
        held = (values if values is not None else items[spot.key]).loc[part.index].fillna("").to_numpy(dtype=object)
        given = "" if others is None else others.loc[part.index].fillna("").to_numpy(dtype=object)
        numbers = part["row_number"].to_numpy()
        parts = [Part(spot.rule, numbers, key=at, values=held, others=given)]
        frame = table_of(parts, file=str(file), sheet=str(sheet), places=known)
        regions = pd.Series(part["region_code"].to_numpy(), index=numbers)
        made.append(frame.assign(region_code=frame["row_number"].map(regions).astype("str")))
    return pd.concat(made, ignore_index=True) if made else empty_findings()


def _granularity(items: pd.DataFrame, places: Places) -> pd.DataFrame:
    """One finding per region and base code that several 办理项 share, at the first of them."""
    live = items[items["in_force"] & items["base_code"].notna()]
    size = live.groupby(["region_code", "base_code"])["file"].transform("size").reindex(items.index).fillna(0)
    first = ~live.duplicated(["region_code", "base_code"]).reindex(items.index, fill_value=True)
    others = size.astype("int64").astype("str")
    return _findings(items, places, Spot("several_handle_items", "base_code"), size.gt(1) & first, others=others)


def _statutory(items: pd.DataFrame, places: Places) -> pd.DataFrame:
    """The rows whose statutory limit is not the one that most regions give for the same base code."""
    live = items[items["in_force"] & items["match_code"].notna() & items["statutory_days"].gt(0)]
    spread = live.groupby("match_code")[["statutory_days", "region_code"]].nunique()
    doubtful = spread.index[spread.gt(1).all(axis=1)]
    part = live[live["match_code"].isin(doubtful)]
    if part.empty:
        return empty_findings()
    counts = part.groupby(["match_code", "statutory_days"])["region_code"].nunique().reset_index(name="n")
    counts = counts.sort_values(["match_code", "n", "statutory_days"], ascending=[True, False, True])
    usual = counts.drop_duplicates("match_code").set_index("match_code")["statutory_days"]
    words = counts["statutory_days"].map("{:.4g}工作日".format) + "（" + counts["n"].astype("str") + "地）"
    told = words.groupby(counts["match_code"]).agg("、".join)
    odd = part["statutory_days"].ne(part["match_code"].map(usual))
    spot, mask = Spot("statutory_differs", "statutory_limit"), odd.reindex(items.index, fill_value=False)
    code = items["match_code"]
    return _findings(items, places, spot, mask, values=code, others=code.map(told))


def _few(items: pd.DataFrame) -> pd.DataFrame:
    """The regions that have less than a third of the median number of items of their level (three or more regions)."""
    levels = load_regions().set_index("code")["level"].replace({"zone": "county"})
    counts = items.groupby("region_code").agg(n=("file", "size"), file=("file", "first")).reset_index()
    level = counts["region_code"].map(levels)
    median = counts["n"].groupby(level).transform("median")
    few = counts[counts["n"].lt(median * _FEW) & level.groupby(level).transform("size").ge(3)]
    made = [
        table_of(
            [Part("few_items", np.zeros(1), values=str(n), others=f"{m:g}")], file=str(file), sheet="", places={}
        ).assign(region_code=str(code))
        for n, m, file, code in zip(few["n"], median.loc[few.index], few["file"], few["region_code"], strict=True)
    ]
    return pd.concat(made, ignore_index=True) if made else empty_findings()
