"""A region against its peers: rank with ties, best, median, target, signed gaps, verdict (docs/decisions/0003)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from zjanalysis.analysis.registry import ITEM_INDICATORS, Indicator, bound
from zjanalysis.settings import Comparison, Settings, load_settings

AHEAD, LEVEL, BEHIND = "高于", "持平", "低于"
NO_VERDICT, NO_SCORE = "不作判断", "无数据"
MET, NOT_MET, NO_TARGET = "达标", "未达标", "—"
DECIMALS = {"share": 4, "days": 2, "visits": 2}
"""Published digits: a share has two decimals in percent."""


def rules_of(settings: Settings | None) -> Comparison:
    """Give the rules of comparison: of the settings handed in, else of the project's zjanalysis.toml."""
    return (settings or load_settings()).comparison


def margin_of(one: Indicator, settings: Settings | None = None) -> float:
    """Give the smallest difference that counts: a share's, a visit's; for days one published digit."""
    rules = rules_of(settings)
    return {"share": rules.margin_time, "visits": rules.margin_visits, "days": 0.01}[one.unit]


def published(values: pd.Series, units: pd.Series) -> pd.Series:
    """Give values rounded as they are published: shares to 0.01 percent, days and visits to 0.01.

    >>> published(pd.Series([0.855049, 1.004]), pd.Series(["share", "visits"])).tolist()
    [0.855, 1.0]
    """
    exact = values.astype("float64")
    return pd.Series(np.where(units == "share", exact.round(4), exact.round(2)), index=values.index)


def rank(
    scores: pd.DataFrame,
    *,
    within: tuple[str, ...] = ("indicator",),
    indicators: Iterable[Indicator] = ITEM_INDICATORS,
) -> pd.DataFrame:
    """Give the scores with ``shown`` (as published), ``rank``, ``tied`` and ``n_ranked`` within each indicator.

    Ranks compare published values: ties share a rank and the next is skipped (1, 2, 2, 4); a missing value has no
    rank and is not counted in ``n_ranked``.

    >>> scores = pd.DataFrame({"region_code": list("abcd"), "indicator": "visits", "value": [0.1, 0.201, 0.2, 0.3]})
    >>> rank(scores)["rank"].tolist()
    [1, 2, 2, 4]
    """
    about = {i.key: i for i in indicators}
    shown = published(scores["value"], scores["indicator"].map({k: i.unit for k, i in about.items()}))
    better = shown * scores["indicator"].map({k: i.sign for k, i in about.items()}).astype("float64")
    groups = better.groupby([scores[name] for name in within], sort=False)
    keys = scores[list(within)].assign(shown=shown)
    return scores.assign(
        shown=shown,
        rank=groups.rank(method="min", ascending=False).astype("Int64"),
        tied=keys.duplicated(keep=False) & shown.notna(),
        n_ranked=groups.transform("count").astype("int64"),
    )


def compare(
    scores: pd.DataFrame,
    *,
    region: str,
    peers: Iterable[str],
    county: bool = False,
    settings: Settings | None = None,
    indicators: Iterable[Indicator] = ITEM_INDICATORS,
) -> pd.DataFrame:
    """Give `gaps`: one row per indicator for one region against its peers, in the order of the scores' indicators.

    ``scores`` hold one row per region and indicator. ``median`` is the peers' alone; ``best`` may be the region's own
    (``best_region`` is the code, the first in code order of several). Every gap is signed so that positive means
    better. ``meets_target`` is decided on the exact value: against the plan's number, or, where the plan says 高于 /
    低于兄弟地市, against the median of the peers; — where no plan of the city is on record (`bound`).
    ``verdict`` is 高于 when better than the peer median by the margin, whatever the direction of the indicator; it
    is the all-item verdict, `robust` gives the like-for-like one.
    """
    others = [code for code in dict.fromkeys(peers) if code != region]
    wanted = [bound(i, region) for i in indicators if i.key in set(scores["indicator"])]
    ranked = rank(scores[scores["region_code"].isin([region, *others])], indicators=wanted)
    about = _about(wanted, county=county, settings=settings)
    own = ranked[ranked["region_code"] == region].set_index("indicator").reindex(about.index)
    joined = own.assign(region_code=region).join(_field(ranked, about, others)).join(about)
    return _gaps(joined)


GAPS = (
    "region_code", "indicator", "value", "numerator", "denominator", "n", "n_left_out", "shown", "rank", "n_ranked",
    "tied", "best", "best_region", "median", "target", "gap_to_best", "gap_to_median", "gap_to_target",
    "meets_target", "verdict",
)  # fmt: skip


def _about(wanted: list[Indicator], *, county: bool, settings: Settings | None) -> pd.DataFrame:
    """Give what the comparison needs to know of each indicator, one row each."""
    return pd.DataFrame(
        {
            "sign": [float(i.sign) for i in wanted],
            "aim": [i.aim for i in wanted],
            "strict": [i.strict for i in wanted],
            "margin": [margin_of(i, settings) for i in wanted],
            "unit": [i.unit for i in wanted],
            "target": [i.target_for(county=county) for i in wanted],
        },
        index=pd.Index([i.key for i in wanted], name="indicator"),
    )


def _field(ranked: pd.DataFrame, about: pd.DataFrame, others: list[str]) -> pd.DataFrame:
    """Give per indicator the median of the peers, and the best value and its region (the region's own included)."""
    known = ranked.dropna(subset=["value"])
    first = known.sort_values(["rank", "region_code"]).drop_duplicates("indicator").set_index("indicator")
    peers = known[known["region_code"].isin(others)].groupby("indicator")["value"]
    return pd.DataFrame(
        {"best": first["value"], "best_region": first["region_code"], "median": peers.median()}, index=about.index
    )


def _gaps(joined: pd.DataFrame) -> pd.DataFrame:
    """Add the signed gaps, whether the target is met, and the verdict."""
    sign, value = joined["sign"], joined["value"]
    median = joined["median"]
    gaps = joined.assign(
        gap_to_best=(value - joined["best"]) * sign,
        gap_to_median=(value - median) * sign,
        gap_to_target=(value - joined["target"]) * sign,
        tied=joined["tied"].eq(True),
        **{name: joined[name].fillna(0).astype("int64") for name in ("n", "n_left_out", "n_ranked")},
    )
    return gaps.assign(meets_target=_meets(gaps), verdict=_verdict(gaps)).reset_index()[list(GAPS)]


def _meets(gaps: pd.DataFrame) -> np.ndarray:
    """Decide 达标 on the exact value (DOMAIN §6.7): the number of the plan, or the median of the peers."""
    number, above = gaps["aim"] == "number", gaps["aim"] == "above_peers"
    reached = np.where(gaps["strict"], gaps["gap_to_target"] > 0, gaps["gap_to_target"] >= 0)
    met = np.where(number, reached, gaps["gap_to_median"] > 0)
    known = gaps["value"].notna() & (number | (above & gaps["median"].notna()))
    decided = np.where(met, MET, NOT_MET)
    return np.select([~(number | above), gaps["value"].isna(), ~known], [NO_TARGET, NO_SCORE, NO_TARGET], decided)


def _verdict(gaps: pd.DataFrame) -> np.ndarray:
    """Decide ahead or behind the median of the peers when the difference reaches the margin."""
    ahead = gaps["gap_to_median"].round(9)
    return np.select(
        [gaps["value"].isna(), ahead.isna(), ahead >= gaps["margin"], ahead <= -gaps["margin"]],
        [NO_SCORE, NO_VERDICT, AHEAD, BEHIND],
        LEVEL,
    )


def among(rows: pd.DataFrame, *regions: str | Sequence[str]) -> pd.DataFrame:
    """Give the rows of the regions named, one by one or as a list, in the order they are named.

    >>> scores = pd.DataFrame({"region_code": ["440800", "440900", "441700"], "value": [0.9, 0.8, 0.7]})
    >>> among(scores, "440900", ("440800",))["value"].tolist()
    [0.8, 0.9]
    """
    wanted = [code for one in regions for code in ([one] if isinstance(one, str) else one)]
    order = rows["region_code"].map({code: position for position, code in enumerate(wanted)})
    return rows[order.notna()].loc[order.dropna().sort_values(kind="stable").index].reset_index(drop=True)
