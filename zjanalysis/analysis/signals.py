"""Signal or noise: whether a line gets better or worse or its newest point stands out, and what a known date changed.

The newest point: run-chart and XmR rules (Wheeler 2000, Understanding Variation; NHS England, Making Data Count), for
shares on Laney's p′ scale (Laney 2002, Quality Engineering 14(4)), and stricter in two ways, because lines of a list
are short and its points hang together: docs/decisions/0013-time.md. Fewer than four points claim nothing.
`alerts` are what has moved enough since an earlier period that somebody must be told; nothing where nothing moved.

A known date: differences in differences on the same items (Angrist & Pischke 2009, ch. 5), a region against the others
on the codes both list, and the interrupted series of one line of eight points or more (`interrupted`). Every other date
is a placebo: an effect that those show too is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import partial
from math import sqrt
from typing import Any

import numpy as np
import pandas as pd

from zjanalysis.analysis.chance import interval, is_count, two_sided_t
from zjanalysis.analysis.indicators import measure
from zjanalysis.analysis.matching import followed, lineages
from zjanalysis.analysis.registry import SCORE_KEY, Indicator, Scope, for_region
from zjanalysis.analysis.registry import indicator as find
from zjanalysis.analysis.series import any_indicator, last_of, stored
from zjanalysis.inputs.dataset import list_periods, load_dataset, steps_in_time
from zjanalysis.inputs.period import how_read, item_files, load_period, load_successions
from zjanalysis.inputs.regions import region_codes
from zjanalysis.settings import Settings, load_settings
from zjanalysis.units import UNITS, Met, Verdict, rising


class Signal(StrEnum):
    """What a line says at its newest point; FEW: too few points to say anything."""

    BETTER = "持续改善"
    WORSE = "持续变差"
    OUTLIER = "异常点"
    STEADY = "平稳"
    FEW = "期数不足"


FEWEST_POINTS = 4
RUN = 6
"""Points that rise or fall in a row are a trend (Making Data Count); a shorter line must do so from end to end."""
ALL_ONE_WAY = 8
"""So many in a row need no test of their steps: a walk without direction takes seven one way in 1 of 64 lines."""
TREND_LEVEL, POINT_LEVEL = 0.98, 0.99
D2 = 1.128
"""The mean range of two normal draws is 1.128 of their standard deviation (2.66 = 3 / 1.128)."""
FREEDOM = 0.62
"""Degrees of freedom that each moving range is worth; neighbouring ones share a point."""
LEAST_SIGMAS, TINY = 3.0, 1e-12


@dataclass(frozen=True)
class Reading:
    """A line as it reads at its newest point.

    ``low high`` are where the newest point was to be expected; ``run`` is how many points in a row rise or fall up to
    it; ``dispersion`` is φ: how much more (or less) than chance alone a share changes from one period to the next.
    ``way`` is 1 where the newest point is better than the one before, -1 where it is worse.
    """

    signal: Signal
    n_points: int
    run: int = 0
    low: float = float("nan")
    high: float = float("nan")
    dispersion: float = float("nan")
    way: int = 0


def read_line(values: np.ndarray, denominators: np.ndarray, one: Indicator, *, unbroken: int = 0) -> Reading:
    """Judge the newest of the points of one line, oldest first; ``denominators`` are what shares are shares of.

    Missing denominators: no shares, such as distances of two of them. ``unbroken``: how many of the newest points
    follow one another without a missing period (0: all); no row of points that rise or fall is longer.

    >>> from zjanalysis.analysis.registry import indicator
    >>> days = np.array([9.0, 8.1, 7.0, 6.2, 5.1, 4.0])
    >>> str(read_line(days, np.ones(6), indicator("promised_days")).signal)
    '持续改善'
    """
    n, counts = len(values), is_count(one) and not np.isnan(denominators).any()
    if n < FEWEST_POINTS:
        return Reading(Signal.FEW, n)
    steps = np.diff(values)
    run, slope, first = min(_run(steps), unbroken or n), *_going(steps[:-1], (unbroken or n) - 1)
    level = values[first:] + slope * np.arange(n - 1 - first, -1, -1)  # where each point would stand by now
    scale = _scale(float(values[first:-1].mean()), denominators[first:], counts=counts)
    sigma = _sigma(np.diff(level[:-1]), scale)
    least = least_move(float(denominators[-1]), one)
    noise = max(sigma * scale[-1], least / D2)
    reach = max(LEAST_SIGMAS, two_sided_t(POINT_LEVEL, max(1.0, FREEDOM * (len(level) - 2)))) * noise
    centre, wide = float(level[:-1].mean()), sqrt(1 + 1 / (len(level) - 1))
    signal = Signal.STEADY
    if abs(level[-1] - centre) > reach * wide and _jumps(level, float(steps[-1]), reach * sqrt(2)):
        signal = Signal.OUTLIER
    elif _is_trend(steps, run) and abs(float(values[-1] - values[-run])) >= least - TINY:
        signal = Signal.BETTER if steps[-1] * one.sign > 0 else Signal.WORSE
    phi, way = sigma**2 if counts else float("nan"), int(np.sign(steps[-1])) * one.sign
    return Reading(signal, n, run, centre - reach * wide, centre + reach * wide, phi, way)


def _going(steps: np.ndarray, most: int) -> tuple[float, int]:
    """Return by how much a line rises a period, and from which point on; 0 and the first one where it is no trend."""
    run = min(_run(steps), most) if len(steps) >= FEWEST_POINTS else 0
    first = len(steps) + 1 - run
    return (float(steps[first:].mean()), first) if run and _is_trend(steps, run) else (0.0, 0)


def _jumps(level: np.ndarray, step: float, usual: float) -> bool:
    """Tell whether the newest step is unusual as it stands and from where the line was going; slowing down is not."""
    apart = float(level[-1] - level[-2])
    return abs(apart) > usual and step * np.sign(apart) > usual


def least_move(denominator: float, one: Indicator) -> float:
    """Return what a line moves by at least if it moves: one item of a share, else the smallest change that matters."""
    return 1 / denominator if is_count(one) and denominator > 0 else UNITS[one.unit].relevant


def _scale(mean: float, denominators: np.ndarray, *, counts: bool) -> np.ndarray:
    """Return what chance alone would let each point vary by: binomial for a share of items, else the same for all."""
    if not counts or not 0 < mean < 1:
        return np.ones(len(denominators))
    return np.sqrt(mean * (1 - mean) / denominators)


def _sigma(steps: np.ndarray, scale: np.ndarray) -> float:
    """Return by how many of its scales a point varies, from the mean moving range of the points before the newest."""
    return float(np.mean(np.abs(steps) / np.sqrt((scale[:-2] ** 2 + scale[1:-1] ** 2) / 2))) / D2


def _run(steps: np.ndarray) -> int:
    """Return how many points in a row rise or fall up to the newest; 1 where the newest equals the one before."""
    way = np.sign(np.where(np.abs(steps) > 1e-9, steps, 0.0))
    if not way[-1]:
        return 1
    other = np.flatnonzero(way != way[-1])
    return int(len(way) - (other[-1] + 1 if len(other) else 0) + 1)


def _is_trend(steps: np.ndarray, run: int) -> bool:
    """Tell whether enough points rise or fall in a row, by steps that are no chance walk (Student's t)."""
    if run < min(RUN, len(steps) + 1):
        return False
    if run >= ALL_ONE_WAY:  # whatever their sizes: a jump for the better is no reason to say less
        return True
    last = steps[len(steps) - run + 1 :]
    apart = float(last.std(ddof=1)) / sqrt(len(last))
    return abs(float(last.mean())) > two_sided_t(TREND_LEVEL, len(last) - 1) * apart


def signals(lines: pd.DataFrame, *, period: str = "", last: str = "") -> pd.DataFrame:
    """Return how every line of `series.lines` reads at ``period`` (empty: at the newest period there is).

    One row per region and indicator that has a figure of that period: period, value, previous (of the period ``last``;
    empty: of the point before), signal and the rest of `Reading`. What stands before a cut of the line is not looked
    at.
    """
    newest = period or str(lines["period"].max())
    upto = lines[(lines["period"] <= newest) & lines["value"].notna()]
    columns = {name: upto[name].to_numpy() for name in (*_KEYS[:-1], "denominator")}
    groups, places = upto.groupby("line").indices, steps_in_time(upto["period"])
    rows = [_row({name: column[at] for name, column in columns.items()}, last, places)
            for _, at in sorted(groups.items()) if columns["period"][at[-1]] == newest]  # fmt: skip
    return pd.DataFrame(rows, columns=[*_KEYS, *Reading.__dataclass_fields__])


_KEYS = (*SCORE_KEY, "period", "value", "previous")


def _row(line: Mapping[str, np.ndarray], last: str, places: Mapping[str, int]) -> dict[str, Any]:
    values, periods = line["value"], line["period"]
    gaps = np.flatnonzero(np.diff([places[name] for name in periods]) > 1)
    unbroken = len(values) - 1 - int(gaps[-1]) if len(gaps) else len(values)
    newest = {name: line[name][-1] for name in _KEYS[:-1]}
    reading = read_line(values, line["denominator"], any_indicator(newest["indicator"]), unbroken=unbroken)
    before = values[:-1][periods[:-1] == last] if last else values[:-1]
    previous = float(before[-1]) if len(before) else float("nan")
    return {**newest, "previous": previous, **asdict(reading)}


def against_group(lines: pd.DataFrame, *, regions: Iterable[str]) -> pd.DataFrame:
    """Return the lines as distances from the median of the others of the group, so what moves everybody is gone."""
    group = lines[lines["region_code"].isin(list(regions))].reset_index(drop=True)
    grid = group.pivot_table(index=["indicator", "period"], columns="region_code", values="value")
    others = pd.concat({code: grid.drop(columns=code).median(axis=1) for code in grid}, names=["region_code"])
    places = pd.MultiIndex.from_frame(group[[*SCORE_KEY, "period"]])
    return group.assign(value=group["value"] - others.reindex(places).to_numpy(), denominator=np.nan)


LAST_QUARTER = 0.75


def worsening(standings: pd.DataFrame, read: pd.DataFrame) -> pd.DataFrame:
    """Return what stands badly and gets worse: one row per region and indicator, with ``bad`` and ``worse``, why.

    Bad: 判断 is 落后, 未达标, or a place in the last quarter of the group. Worse: the line is 持续变差, or its newest
    point an 异常点 for the worse, by itself or against the group. ``standings`` are `compare.standings` of a group,
    ``read`` comes from `told_apart`.
    """
    rows = standings.merge(read.drop(columns="value"), on=SCORE_KEY)
    last = (rows["rank"].astype("float64") > LAST_QUARTER * rows["n_ranked"]).fillna(False)
    bad = {"落后": rows["verdict"] == Verdict.BEHIND, "未达标": rows["meets_target"] == Met.NOT_MET, "位次靠后": last}
    sides = {"": ("signal", "way"), "相对全组": ("relative", "relative_way")}
    worse = {f"{whose}{word}": rows[side].eq(word) & rows[way].lt(0)
             for word in (Signal.WORSE, Signal.OUTLIER) for whose, (side, way) in sides.items()}  # fmt: skip
    named = rows.assign(bad=_reasons(bad), worse=_reasons(worse))
    return named[named["bad"].ne("") & named["worse"].ne("")].reset_index(drop=True)


def _reasons(flags: dict[str, pd.Series]) -> pd.Series:
    words = [flag.astype("bool").map({True: f"、{word}", False: ""}) for word, flag in flags.items()]
    return pd.concat(words, axis=1).sum(axis=1).str.removeprefix("、")


def told_apart(series: pd.DataFrame, regions: Iterable[str], period: str, *, last: str = "") -> pd.DataFrame:
    """Return how every line of a group reads by itself (``signal``, ``way``) and against the group (``relative…``).

    A line at the best possible value holds it: the others can only catch up, and against them it is never worse.
    """
    own = signals(series, period=period, last=last)
    apart = against_group(series, regions=tuple(regions))
    read = signals(apart, period=period).rename(columns={"signal": "relative", "way": "relative_way"})
    both = own.merge(read[[*SCORE_KEY, "relative", "relative_way"]], on=SCORE_KEY, how="left")
    best = [rising(one.unit, one.sign).ceiling for one in map(any_indicator, both["indicator"])]
    held = (both["value"] - best).abs().lt(1e-9) & both["relative_way"].lt(0)
    return both.assign(relative=both["relative"].mask(held & both["relative"].ne(Signal.FEW), str(Signal.STEADY)))


class Kind(StrEnum):
    """What an alert is about."""

    TARGET = "达标"
    VERDICT = "判断"
    RANGE = "超出以往范围"
    WORSE = "变差"


_NEWS = {Kind.TARGET: (Met.MET, Met.NOT_MET), Kind.VERDICT: (Verdict.AHEAD, Verdict.LEVEL, Verdict.BEHIND),
         Kind.RANGE: (Signal.OUTLIER,), Kind.WORSE: (Signal.WORSE,)}  # fmt: skip
"""What is news where it was not so before; of 达标 and 判断 what was before must be one of these words too."""
COLUMNS = (*SCORE_KEY, "kind", "was", "now", "value", "digits", "target", "median", "effect", "low", "high")


def alerts(
    standings: pd.DataFrame, earlier: pd.DataFrame, *, read: pd.DataFrame, read_earlier: pd.DataFrame
) -> pd.DataFrame:
    """Return what a group must be told: one row per region, indicator and ``kind``, from ``was`` to ``now``.

    达标 and 判断 that are another word than in the ``earlier`` standings; no news are words that say nothing (不作判断)
    and that a target that rises is met, which any rise does. Then a newest point outside of what the line was, and a
    line that has become 持续变差, by itself or against the group.
    ``read`` and ``read_earlier`` are the `signals` of both periods, with ``relative``.
    """
    words = [(Kind.TARGET, standings, earlier, "meets_target"), (Kind.VERDICT, standings, earlier, "verdict")]
    words += [(Kind.RANGE, read, read_earlier, "signal"), (Kind.WORSE, read, read_earlier, "signal")]
    words += [(Kind.WORSE, read, read_earlier, "relative")]
    moved = pd.concat([_changed(*each) for each in words]).drop_duplicates([*SCORE_KEY, "kind"])
    risen = [for_region(find(key), code).aim == "rising" for code, key in moved[SCORE_KEY].itertuples(index=False)]
    moved = moved[~(np.array(risen, dtype=bool) & moved["kind"].eq(Kind.TARGET) & moved["now"].eq(Met.MET))]
    facts = standings[[*SCORE_KEY, "value", "digits", "target", "median", "effect"]]
    whole = moved.merge(facts, on=SCORE_KEY).merge(read[[*SCORE_KEY, "low", "high"]], on=SCORE_KEY, how="left")
    order = whole["kind"].map({kind: place for place, kind in enumerate(Kind)})
    return whole.assign(order=order).sort_values([*SCORE_KEY, "order"], ignore_index=True)[list(COLUMNS)]


def _changed(kind: Kind, rows: pd.DataFrame, earlier: pd.DataFrame, side: str) -> pd.DataFrame:
    """Return the regions and indicators whose word of a ``side`` is news of this kind: ``was``, ``now``."""
    before = earlier[[*SCORE_KEY, side]].rename(columns={side: "was"})
    both = rows[[*SCORE_KEY, side]].rename(columns={side: "now"}).merge(before, on=SCORE_KEY, how="left")
    news = both["now"].isin(_NEWS[kind]) & both["now"].ne(both["was"])
    if kind in (Kind.TARGET, Kind.VERDICT):
        news &= both["was"].isin(_NEWS[kind])
    words = both[news].fillna({"was": ""}).astype({"was": "str", "now": "str"})
    return words.assign(kind=kind, now=("相对全组" if side == "relative" else "") + words["now"])


LEVEL = 0.95
FEWEST_CODES = 5
EFFECT = ("period", "effect", "low", "high", "n_codes", "is_date", "found")
FEWEST_IN_ALL, FEWEST_ASIDE = 8, 3


def item_series(
    data: str = "", indicator: str = "time_compression", *, upto: str = "",
    regions: str | int | Iterable[str | int] = (), settings: Settings | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Return one indicator of every item in every region over all periods that have workbooks: `panel` of a data set.

    ``regions``: only these, by name or code; empty for all. Items are followed through the data set's successions.csv;
    a period is read once (`series.stored`). Raises UnknownName for a region or period nobody knows.
    """
    chosen = settings or load_settings()
    dataset = load_dataset(data, settings=chosen)
    periods, codes = list_periods(data, settings=chosen), region_codes(regions)
    names = [name for name in periods if not upto or name <= last_of(periods, upto)]
    links, _ = load_successions(dataset.folder, upto=upto)
    one, scope = find(indicator), Scope(dataset.item_types, dataset.use_levels)

    def sums(name: str) -> pd.DataFrame:
        items = load_period(str(dataset.folder), name, settings=chosen).items
        return measure(items, [one], by=("region_code", "match_code"), scope=scope)

    parts = {name: stored(chosen, item_files(dataset.folder / name),
                          repr((how_read(dataset, chosen), scope, one.key, "items")), partial(sums, name))
             for name in names}  # fmt: skip
    wanted = {name: rows[rows["region_code"].isin(codes)] if codes else rows for name, rows in parts.items()}
    return panel(wanted, lineage=lineages(links))


def panel(sums: Mapping[str, pd.DataFrame], *, lineage: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Return the figures of every code in every region over periods: one row per three of them, oldest first.

    ``sums``: period → `measure` of one indicator by region_code and match_code. Codes are followed through ``lineage``
    (`matching.lineages`): a row speaks of all that merged into, or were split from, what it is called by, and
    ``codes`` says which those were then. ``step`` is the change since the period before; it is missing, and ``cut``
    says so, where nothing was listed then: a break that no succession explains is not bridged.
    """
    by, rows = ["period", "region_code", "match_code"], pd.concat([one.assign(period=p) for p, one in sums.items()])
    there = rows[rows["denominator"] > 0].dropna(subset=["match_code"]).assign(codes=lambda t: t["match_code"])
    groups = followed(there, lineage or {}).groupby(by)
    whole = groups[["numerator", "denominator", "n"]].sum().join(groups["codes"].agg("、".join)).reset_index()
    whole = whole.assign(value=whole["numerator"] / whole["denominator"])
    grid = whole.pivot(index=by[1:], columns="period", values="value").reindex(columns=sorted(sums))
    steps = grid.diff(axis=1).reset_index().melt(by[1:], var_name="period", value_name="step")
    moves = whole.merge(steps, on=by, how="left")
    broken = moves["step"].isna() & moves["period"].ne(min(sums))
    return moves.assign(cut=np.where(broken, BROKEN, ""))


BROKEN = "上期没有这一事项，承接表没有写明由谁承接"


def region_effect(rows: pd.DataFrame, *, region: str, date: str) -> pd.DataFrame:
    """Return by how much a region's codes moved more than the same codes of the other regions, at every period.

    ``rows`` come from `panel`; ``date`` is the first period that shows what was done, the others are placebos. One row
    per period: effect, its interval (Student's t over codes), n_codes; ``found``: the interval at the date leaves out 0
    and no placebo is as far off.
    """
    moved = rows.dropna(subset=["step"])
    own = moved[moved["region_code"] == region].set_index(["period", "match_code"])["step"]
    others = moved[moved["region_code"] != region].groupby(["period", "match_code"])["step"].mean()
    apart = (own - others).dropna()
    enough = [(str(period), steps) for period, steps in apart.groupby("period") if len(steps) >= FEWEST_CODES]
    lines = [{"period": period, **_mean(steps.to_numpy())} for period, steps in enough]
    return _against_placebos(pd.DataFrame(lines, columns=[*EFFECT[:-2]]), date)


def _against_placebos(table: pd.DataFrame, date: str, *, matters: float = 0.0) -> pd.DataFrame:
    """Mark the date and tell whether it is surely more than what matters, and further off than every other period."""
    at = table["period"] == date
    beside = float(table.loc[~at, "effect"].abs().max())
    sure = (table["low"] > matters) | (table["high"] < -matters)
    return table.assign(is_date=at, found=at & sure & (table["effect"].abs() > beside))


def _mean(steps: np.ndarray) -> dict[str, float]:
    """Return the mean step with its interval (Student's t)."""
    effect, spread = float(steps.mean()), sqrt(float(steps.var(ddof=1)) / len(steps))
    reach = two_sided_t(LEVEL, len(steps) - 1) * spread
    return {"effect": effect, "low": effect - reach, "high": effect + reach, "n_codes": len(steps)}


def interrupted(line: pd.DataFrame, one: Indicator, *, date: str) -> pd.DataFrame:
    """Return by how much a line jumped at every period, by segmented regression (level and slope before and after).

    ``line``: period, value, denominator, oldest first, of one region and indicator or of what else is followed, with no
    period missing and no cut inside. One row per period with three points on both sides of its start (columns as of
    `region_effect`, without counts): ``found`` where the interval at the date leaves out 0 and all that is too small
    to matter, however strongly the points hang together (`chance.interval`), and no placebo is as far off. No row
    with fewer than eight points, or where the date has not three on each side: nothing is claimed then.

    Wagner, Soumerai, Zhang, Ross-Degnan (2002), Journal of Clinical Pharmacy and Therapeutics 27:299-309; Bernal,
    Cummins, Gasparrini (2017), International Journal of Epidemiology 46(1):348-355.
    """
    periods, values = line["period"].tolist(), line["value"].to_numpy("float64")
    times = np.arange(len(values), dtype="float64")
    starts = range(FEWEST_ASIDE, len(values) - FEWEST_ASIDE + 1)
    if len(values) < FEWEST_IN_ALL or date not in [periods[start] for start in starts]:
        return pd.DataFrame(columns=[name for name in EFFECT if not name.startswith("n_")])
    least = least_move(float(line["denominator"].iloc[-1]), one) / D2
    rows, most = [], 1.0 if one.unit == "share" else np.inf  # no share moves by more than all of it
    for start in starts:
        after = times >= start
        design = np.column_stack([np.ones(len(times)), times, after, after * (times - start)])
        jump = interval((times, values), design, np.array([0.0, 0, 1, 0]), level=LEVEL, least=least)
        ends = np.clip(jump, -most, most)
        rows.append({"period": periods[start], **dict(zip(("effect", "low", "high"), ends, strict=True))})
    return _against_placebos(pd.DataFrame(rows), date, matters=UNITS[one.unit].relevant)
