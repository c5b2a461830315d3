"""Why two values differ, split exactly: 结构 (what weighs), 水平 (how good on the same codes), 覆盖 (unshared).

The split works on the sums of the published values, so its parts add up to the difference of two published values;
base codes are the units, and several 办理项 of one code act as one code with their joint weight (DOMAIN §6.3).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from zjanalysis.analysis.frontier import slim
from zjanalysis.analysis.indicators import in_scope, measure
from zjanalysis.analysis.registry import PLAN_SCOPE, Indicator, Scope
from zjanalysis.analysis.registry import indicator as find

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
    one = find(indicator)
    others = [p for p in dict.fromkeys(peers) if p != region]
    own, other = (slim(items)[items["region_code"].isin(codes)] for codes in ([region], others))
    codes = split_codes(own, other, one, scope=scope)
    part = codes["part"].where(~codes["part"].isin([OWN_ONLY, OTHER_ONLY]), COVERAGE)
    table = gathered(codes.assign(part=part), by=by, parts=PARTS)
    return signed(table.assign(peer_code=others[0] if len(others) == 1 else POOLED, **totals(codes)), one, region)


def signed(table: pd.DataFrame, one: Indicator, region: str) -> pd.DataFrame:
    """Give the parts with region, indicator and ``ahead``; without a gap there is nothing to split."""
    split = table["contribution"].where(table["gap"].notna())
    return table.assign(region_code=region, indicator=one.key, contribution=split, ahead=split * one.sign + 0.0)


def totals(codes: pd.DataFrame) -> dict[str, float]:
    """Give both values and their difference; a shared code stands in the table twice and is counted once."""
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


def split_codes(
    own: pd.DataFrame, other: pd.DataFrame, one: Indicator, *, scope: Scope | None = PLAN_SCOPE
) -> pd.DataFrame:
    """Give one row per code and part (结构, 水平, 只有本方, 只有对方) whose contributions sum to own − other."""
    codes = _side(own, one, scope, blank=f"{NO_CODE}（本方）").merge(
        _side(other, one, scope, blank=f"{NO_CODE}（对方）"), on="match_code", how="outer", suffixes=("", "_other")
    )
    codes = codes.assign(**{name: codes[name].fillna(codes[f"{name}_other"]) for name in ABOUT})
    shared = codes["denominator"].notna() & codes["denominator_other"].notna()
    sides = {}
    for side in ("", "_other"):
        x, d = codes[f"numerator{side}"], codes[f"denominator{side}"]
        sides[f"weight{side}"] = d / d[shared].sum()
        sides[f"rate{side}"] = x / d
        sides[f"alone{side}"] = (x - d * _ratio(x[shared].sum(), d[shared].sum(), empty=0.0)) / d.sum()
    codes = codes.assign(**sides)
    return pd.concat([_kitagawa(codes[shared]), _alone(codes[~shared])], ignore_index=True)


def _side(rows: pd.DataFrame, one: Indicator, scope: Scope | None, *, blank: str) -> pd.DataFrame:
    """Give the sums of each code; rows without a code form one that matches nothing."""
    coded = slim(rows).assign(match_code=rows["match_code"].fillna(blank))
    sums = measure(coded, [one], by=("match_code",), scope=scope)
    names = in_scope(coded, scope, one=one).groupby("match_code")[list(ABOUT)].first()
    return sums[sums["denominator"] > 0][["match_code", "numerator", "denominator"]].merge(
        names, on="match_code", how="left"
    )


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
    """Give what each unshared code adds: its distance from the value on the shared codes, times its weight."""
    own = unshared["denominator"].notna()
    alone = np.where(own, unshared["alone"], -unshared["alone_other"])
    return unshared.assign(part=np.where(own, OWN_ONLY, OTHER_ONLY), contribution=alone)


def _ratio(above: float, below: float, *, empty: float = float("nan")) -> float:
    return above / below if below else empty
