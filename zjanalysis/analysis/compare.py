"""Where every region of a group stands: 位次 and 达标 (facts, on published digits) and 判断 (like for like).

Everything that prints or judges reads it here (docs/decisions/0012-one-verdict.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from zjanalysis.analysis.chance import two_sided_t
from zjanalysis.analysis.indicators import measure
from zjanalysis.analysis.like_for_like import (
    LEVEL,
    CodeTable,
    Difference,
    Fit,
    code_tables,
    differences,
    fit,
    group_fit,
    judge,
    judged,
    margin_of,
    middle_of,
    rules_of,
    verdict_of,
)
from zjanalysis.analysis.registry import ITEM_INDICATORS, PLAN_SCOPE, SCORE_KEY, Indicator, Scope, for_region
from zjanalysis.analysis.registry import indicator as find
from zjanalysis.settings import Comparison, Settings
from zjanalysis.units import UNITS, Met, Target, Verdict, digits_for, published, rising

KEY = ("time_compression", "visits", "visit_share", "instant", "online", "online_end_to_end")
"""The six indicators that a report leads with."""


def along(key: str) -> tuple[str, ...]:
    """Return the indicators that are measured in one go with this one: the six, where it is one of them."""
    return KEY if key in KEY else (key,)


def target_of(one: Indicator, region: str, *, median: float = float("nan")) -> Target:
    """Return what the plan on record asks of a region; without a plan of its city nothing.

    >>> from zjanalysis.analysis.registry import indicator
    >>> target_of(indicator("instant"), "440823").number, target_of(indicator("visits"), "440902").kind
    (0.8111, '')
    """
    asked = for_region(one, region)
    if asked.aim == "number":
        return Target("number", float(asked.target or 0), asked.sign, strict=asked.strict)
    if asked.aim == "above_peers":
        return Target("median", median, asked.sign, strict=True)
    if asked.aim == "rising":
        return rising(asked.unit, asked.sign)
    return Target()


def facts(
    scores: pd.DataFrame,
    *,
    before: pd.DataFrame | None = None,
    settings: Settings | None = None,
    indicators: Iterable[Indicator] = ITEM_INDICATORS,
) -> pd.DataFrame:
    """Return 位次 and 达标 of every region in the scores, which are one group: one row per region and indicator.

    ``shown`` is the value as published, with ``digits`` decimals: one more where a print would equal a threshold that
    the value does not. ``rank`` compares published values (1, 2, 2, 4; a missing value has none). ``median`` is the
    group's, oneself included, and missing with fewer peers than the settings ask. ``meets_target``: 达标, 未达标,
    不能判定 (a target that lacks its yardstick, such as the last period), 无数据, — (no target); a target that rises
    is held against ``before`` (region_code, indicator, value). Gaps are signed: positive is better.

    >>> scores = pd.DataFrame({"region_code": list("abcd"), "indicator": "visits", "value": [0.1, 0.10001, 0.2, 0.3]})
    >>> facts(scores)["rank"].tolist()
    [1, 1, 3, 4]
    """
    about, rules = {one.key: one for one in indicators}, rules_of(settings)
    past = None if before is None else before.set_index(SCORE_KEY)["value"]
    groups = [(about[str(key)], rows) for key, rows in scores.groupby("indicator", sort=False) if key in about]
    parts = [_placed(rows, one, past, rules.min_peers) for one, rows in groups]
    if not parts:
        return scores.assign(**dict.fromkeys(_FACTS)).iloc[:0]
    return pd.concat(parts).loc[scores.index[scores["indicator"].isin(list(about))]]


_FACTS = ("shown", "digits", "rank", "tied", "n_ranked", "best", "best_region", "median", "gap_to_median", "target",
          "gap_to_target", "meets_target")  # fmt: skip


def _placed(rows: pd.DataFrame, one: Indicator, past: pd.Series | None, min_peers: int) -> pd.DataFrame:
    """Return the facts of one indicator in one group."""
    values, regions = rows["value"].to_numpy("float64"), rows["region_code"].tolist()
    place = places(values, one, targets={target_of(one, str(region)) for region in regions}, min_peers=min_peers)
    unit, shown, median = UNITS[one.unit], place.shown, place.median
    middle = float(published(np.array([median]), unit, place.digits)[0])
    last = np.array([np.nan if past is None else past.get((region, one.key), np.nan) for region in regions])
    targets = [target_of(one, str(region), median=middle) for region in regions]
    met = [str(target.met(values[i] if target.kind == "rising" else shown[i], before=last[i]))
           for i, target in enumerate(targets)]  # fmt: skip
    numbers = np.array([target.number if target.kind == "number" else np.nan for target in targets])
    ranks = pd.Series(place.ranks, index=rows.index)
    first = rows.assign(rank=ranks).sort_values(["rank", "region_code"]).iloc[0]
    return rows.assign(
        shown=shown,
        digits=place.digits,
        rank=ranks.astype("Int64"),
        tied=ranks.duplicated(keep=False) & ranks.notna(),
        n_ranked=int(ranks.notna().sum()),
        best=first["value"],
        best_region=first["region_code"] if ranks.notna().any() else "",
        median=median,
        gap_to_median=(values - median) * one.sign,
        target=numbers,
        gap_to_target=(values - numbers) * one.sign,
        meets_target=pd.Series(met, index=rows.index, dtype="str"),
    )


@dataclass(frozen=True)
class Places:
    """Values of a group as they are printed (``shown``, ``digits``), their ``median`` and ``ranks`` (1, 2, 2, 4)."""

    shown: np.ndarray
    digits: int
    median: float
    ranks: np.ndarray


def places(values: np.ndarray, one: Indicator, *, targets: Iterable[Target], min_peers: int) -> Places:
    """Print and rank the values of a group that has these targets; with fewer peers than ``min_peers`` no median."""
    unit, known = UNITS[one.unit], values[~np.isnan(values)]
    median = float(np.median(known)) if len(known) > min_peers else np.nan
    digits = digits_for(known, [median, *(n for t in targets for n in (t.number, t.ceiling))], unit)
    shown = published(values, unit, digits)
    ahead = (shown[None, :] * one.sign > shown[:, None] * one.sign).sum(axis=1)
    return Places(shown, digits, median, np.where(np.isnan(values), np.nan, 1.0 + ahead))


def standings(
    items: pd.DataFrame,
    *,
    regions: Iterable[str],
    indicators: Iterable[str | Indicator] = KEY,
    before: pd.DataFrame | None = None,
    settings: Settings | None = None,
    scope: Scope | None = PLAN_SCOPE,
) -> pd.DataFrame:
    """Return `gaps` for every region of a group: `facts`, the range of the rank, and 判断 (`like_for_like.judge`).

    One row per region and indicator, regions in the order given; a region without items has rows without values.
    ``before`` are the scores of the last period. ``simpson``: the published values stand the other way round than the
    effects on the same items, and one of the two differences reaches the margin.
    """
    group, wanted = tuple(dict.fromkeys(regions)), [find(i) for i in indicators]
    rows = items[items["region_code"].isin(group)]
    scores = measure(rows, wanted, scope=scope)
    grid = pd.MultiIndex.from_product([group, [one.key for one in wanted]], names=SCORE_KEY)
    every = scores.set_index(SCORE_KEY).reindex(grid).reset_index()
    every[["n", "n_left_out"]] = every[["n", "n_left_out"]].fillna(0).astype("int64")
    gaps = facts(every, before=before, settings=settings, indicators=wanted)
    tables = code_tables(rows, wanted, regions=group, scope=scope)
    judged = pd.concat([judge(tables[one.key], one, settings=settings) for one in wanted])
    ranges = rank_ranges(rows, wanted, regions=group, scope=scope)
    joined = gaps.merge(judged, on=SCORE_KEY, how="left").merge(ranges, on=SCORE_KEY, how="left")
    return joined.assign(
        rank_low=joined[["rank", "rank_low"]].min(axis=1),  # values that print alike share a place, however sure
        rank_high=joined[["rank", "rank_high"]].max(axis=1),
        simpson=_simpson(joined, wanted, settings),
    )


def _simpson(gaps: pd.DataFrame, wanted: list[Indicator], settings: Settings | None) -> pd.Series:
    margins = {one.key: margin_of(one, rules_of(settings)) for one in wanted}
    plain, alike = gaps["gap_to_median"].round(9), gaps["effect"].round(9)
    return (plain * alike < 0) & (np.maximum(plain.abs(), alike.abs()) >= gaps["indicator"].map(margins))


def hinge(
    items: pd.DataFrame, tables: Mapping[str, CodeTable], indicators: Iterable[str | Indicator], region: str,
    settings: Settings | None,
) -> list[str]:  # fmt: skip
    """Return, indicator by indicator, the departments without whose items 判断 would be another word; empty: none."""
    rows = items[(items["region_code"] == region) & items["match_code"].notna()]
    departments = rows.drop_duplicates("match_code").set_index("match_code")["department"]
    return ["、".join(hinges(tables[one.key], one, region=region, departments=departments, settings=settings))
            for one in map(find, indicators)]  # fmt: skip


def hinges(
    table: CodeTable, one: Indicator, *, region: str, departments: pd.Series, settings: Settings | None = None
) -> tuple[str, ...]:
    """Return the departments without whose codes the region's 判断 would be another word.

    ``departments``: match_code → the region's department. Departments are clusters: items of one office move together.
    """
    rules, owner = rules_of(settings), departments.reindex(table.codes).fillna("").to_numpy()
    names, whole = sorted(set(owner) - {""}), _word(table, one, rules, region)
    without = np.array([owner == name for name in names], dtype="bool").reshape(len(names), len(owner))
    words = _words_without(table, one, rules, region, without)
    return tuple(str(name) for name, word in zip(names, words, strict=True) if word != whole)


def _word(table: CodeTable, one: Indicator, rules: Comparison, region: str) -> str:
    said = "".join(row.verdict for row in judged(table, one, rules, regions=[region]))
    return said.replace(Verdict.NO_DATA, Verdict.NONE)  # nothing left to compare is nothing judged


def _words_without(table: CodeTable, one: Indicator, rules: Comparison, region: str, left_out: np.ndarray) -> list[str]:
    """Return 判断 of a region without the codes marked in each row of ``left_out``.

    Where the same regions can be compared as with all codes, all models are fitted at once; else each by itself.
    """
    fitted, counted = group_fit(table, rules), ~left_out
    words: dict[int, str] = {}
    if fitted is not None and region in fitted.table.regions:
        places = [table.regions.index(one) for one in fitted.table.regions]
        usual = np.flatnonzero(_compared(table, counted, places, rules))
        inner = table.held[:, places].sum(axis=1) >= 2
        fits = fit(replace(fitted.table, weights=fitted.table.weights * counted[np.ix_(usual, inner)]))
        own = fitted.table.regions.index(region)
        to_median = zip(usual.tolist(), to_middle(fits, own, one, rules), strict=True)
        words = {row: str(verdict_of(each, margin=margin_of(one, rules))) for row, each in to_median}
    return [words[row] if row in words else _word(table.without(codes), one, rules, region)
            for row, codes in enumerate(left_out)]  # fmt: skip


def to_middle(fits: Fit, region: int, one: Indicator, rules: Comparison) -> list[Difference]:
    """Return, for every fit of a stack, how a region stands to the one in the middle, positive when better."""
    middles = [middle_of(effects * one.sign, region) for effects in fits.effects]
    return [apart.turned(one) for apart in differences(fits, region, middles, least=rules.min_differing)]


def _compared(table: CodeTable, kept: np.ndarray, places: list[int], rules: Comparison) -> np.ndarray:
    """Tell for each row of kept codes whether it is the regions at these places that can be compared, all linked."""
    held = table.held.astype("float64")
    n_codes, n_shared = kept @ held, kept @ (held * (held.sum(axis=1) >= 2)[:, None])
    known = (n_shared >= rules.min_coverage * n_codes) & (n_shared >= rules.min_differing)
    together = np.swapaxes(held * kept[..., None], -1, -2) @ held > 0
    same = (known == np.isin(np.arange(len(table.regions)), places)).all(axis=1)
    enough = len(places) > rules.min_peers
    return np.asarray(same & together[:, places][:, :, places].all(axis=(1, 2)) & enough)


def rank_ranges(
    items: pd.DataFrame,
    indicators: Iterable[Indicator],
    *,
    regions: Iterable[str],
    scope: Scope | None = PLAN_SCOPE,
) -> pd.DataFrame:
    """Return between which places a published rank lies: region_code, indicator, rank_low (the best), rank_high.

    One region is surely better than another where the difference of their values leaves out 0, over which base codes
    are listed (jackknife over codes, Student's t), pair by pair: rank_low is one more than the regions surely better,
    rank_high leaves out those surely worse. A list too short to show how its codes vary takes that from the group.
    After Mogstad, Romano, Shaikh & Wilhelm 2024, Inference for Ranks, Review of Economic Studies 91(1); simulated in
    docs/decisions/0012: the true rank lies in it in 95 of 100 lists or more, without the correction for many pairs,
    unless values tie exactly. Regions that every code moves alike share their place for certain.
    """
    group, wanted = tuple(dict.fromkeys(regions)), tuple(indicators)
    alone = pd.Series([f"/{place}" for place in range(len(items))], index=items.index, dtype="str")
    clustered = items.assign(cluster=items["match_code"].fillna(alone))  # a row without a code stands for itself
    sums = measure(clustered, wanted, by=("region_code", "cluster"), scope=scope)
    parts = [_ranges(sums[sums["indicator"] == one.key], one, group) for one in wanted]
    return pd.concat(parts, ignore_index=True).astype({"rank_low": "Int64", "rank_high": "Int64"})


def _ranges(sums: pd.DataFrame, one: Indicator, group: tuple[str, ...]) -> pd.DataFrame:
    sides = pd.MultiIndex.from_product([["numerator", "denominator"], group])
    wide = sums.pivot(index="cluster", columns="region_code", values=["numerator", "denominator"])
    above, below = np.hsplit(wide.reindex(columns=sides).fillna(0.0).to_numpy("float64"), 2)
    low, high = rank_range(above, below, sign=one.sign)
    return pd.DataFrame({"region_code": group, "indicator": one.key, "rank_low": low, "rank_high": high})


def rank_range(above: np.ndarray, below: np.ndarray, *, sign: int) -> tuple[np.ndarray, ...]:
    """Return the best and worst place of every region, from the two sums of each code and region (see `rank_ranges`).

    >>> low, high = rank_range(np.tile([1.0, 0], (30, 1)), np.ones((30, 2)), sign=1)
    >>> low.tolist(), high.tolist()
    ([1.0, 2.0], [1.0, 2.0])
    """
    total = below.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = above.sum(axis=0) / total
        influence = (above - below * value) / total
        n_codes = total**2 / (below**2).sum(axis=0)
        unseen = _unseen(above, below, influence, n_codes)
    known = ~np.isnan(value)
    surely = _surely_better(value * sign, influence, unseen, n_codes)
    tied = _surely_tied(value, influence, unseen)
    best, worst = 1.0 + surely.sum(axis=0), known.sum() - 1.0 * (surely | tied).sum(axis=1)
    return np.where(known, best, np.nan), np.where(known, worst, np.nan)


USUAL_CODES = 10
"""As many codes that vary as the group's do count as listed beside a region's own: one code shows no variance."""


def _unseen(above: np.ndarray, below: np.ndarray, influence: np.ndarray, n_codes: np.ndarray) -> np.ndarray:
    """Return the variance each region's value must have and its own codes do not show; 0 for all but short lists."""
    usual = ((above - below * (above.sum() / below.sum())) ** 2).sum() / (below**2).sum()
    return np.asarray((usual / n_codes * USUAL_CODES / (n_codes + USUAL_CODES) - (influence**2).sum(axis=0)).clip(0))


def _surely_better(value: np.ndarray, influence: np.ndarray, unseen: np.ndarray, n_codes: np.ndarray) -> np.ndarray:
    """Tell of every pair whether the first is better than the second beyond what the listed codes can tell."""
    n, size = influence.shape
    better = np.zeros((size, size), dtype=bool)
    for a, b in zip(*np.nonzero(value[:, None] > value[None, :]), strict=True):
        apart = np.abs(influence[:, a] - influence[:, b])
        square = float((apart**2).sum())
        fewest = min(float(apart.sum() ** 2 / square) if square else 0.0, n_codes[a], n_codes[b])
        variance = n / max(n - 1, 1) * square + unseen[a] + unseen[b]
        better[a, b] = value[a] - value[b] > two_sided_t(LEVEL, max(fewest - 1, 1.0)) * np.sqrt(variance)
    return better


def _surely_tied(value: np.ndarray, influence: np.ndarray, unseen: np.ndarray) -> np.ndarray:
    """Tell of every pair whether no choice of codes could part it: each code moves both alike, and none is unseen."""
    tied: np.ndarray = (value[:, None] == value) & ~np.eye(len(value), dtype=bool) & (unseen[:, None] + unseen == 0)
    for a, b in zip(*np.nonzero(tied), strict=True):
        tied[a, b] = np.array_equal(influence[:, a], influence[:, b])
    return tied


def risen(one: Indicator, region: str, base: pd.DataFrame) -> float | None:
    """Return where a rising target is met; None where the plan asks for something else or nothing is known.

    ``base``: what it starts from, a row per region_code and indicator.
    """
    asked = target_of(one, region)
    if asked.kind != "rising":
        return None
    own = base.loc[(base["indicator"] == one.key) & (base["region_code"] == region), "value"].dropna()
    return asked.risen_from(float(own.iloc[0])) if len(own) else None


def most_urgent(gaps: pd.DataFrame) -> tuple[str, ...]:
    """Return the indicators of one region's gaps, what needs attention first: behind, targets missed, low places."""
    words = [Verdict.BEHIND, Verdict.NONE, Verdict.LEVEL, Verdict.AHEAD, Verdict.NO_DATA]
    met = {Met.NOT_MET: 0, Met.OPEN: 1, Met.MET: 2}
    order = gaps.assign(
        one=gaps["verdict"].map({word: place for place, word in enumerate(words)}),
        two=gaps["meets_target"].map(met).fillna(3),
        three=-(gaps["rank"].astype("float64") / gaps["n_ranked"]),
    ).sort_values(["one", "two", "three"], kind="stable")
    return tuple(order["indicator"])
