"""Signal or noise: whether a line of figures is getting better or worse, or its newest point stands out.

Run-chart and XmR rules (Wheeler 2000, Understanding Variation; NHS England, Making Data Count), for shares on Laney's
p′ scale (Laney 2002, Quality Engineering 14(4)), and stricter in two ways, because lines of a list are short and its
points hang together: docs/decisions/0013-time.md. Fewer than four points claim nothing.
`alerts` are what has moved enough since an earlier period that somebody must be told; nothing where nothing moved.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from math import sqrt
from typing import Any

import numpy as np
import pandas as pd

from zjanalysis.analysis.chance import is_count, two_sided_t
from zjanalysis.analysis.registry import Indicator
from zjanalysis.analysis.registry import indicator as find
from zjanalysis.analysis.series import known
from zjanalysis.units import UNITS, Met, Verdict


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
TREND_LEVEL, POINT_LEVEL = 0.98, 0.99
D2 = 1.128
"""The mean range of two normal draws is 1.128 of their standard deviation (2.66 = 3 / 1.128)."""
FREEDOM = 0.62
"""Degrees of freedom that each moving range is worth; neighbouring ones share a point."""
LEAST_SIGMAS = 3.0


@dataclass(frozen=True)
class Reading:
    """A line as it reads at its newest point.

    ``centre low high`` are the mean of the points before the newest and where it was to be expected; ``run`` is how
    many points in a row rise or fall up to it; ``dispersion`` is φ: how much more (or less) than chance alone a share
    changes from one period to the next.
    """

    signal: Signal
    n_points: int
    run: int = 0
    centre: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    dispersion: float = float("nan")


def read_line(values: np.ndarray, denominators: np.ndarray, one: Indicator) -> Reading:
    """Judge the newest of the points of one line, oldest first; ``denominators`` are what shares are shares of.

    Missing denominators: no shares, such as distances of two of them.

    >>> from zjanalysis.analysis.registry import indicator
    >>> days = np.array([9.0, 8.1, 7.0, 6.2, 5.1, 4.0])
    >>> str(read_line(days, np.ones(6), indicator("promised_days")).signal)
    '持续改善'
    """
    n, counts = len(values), is_count(one) and not np.isnan(denominators).any()
    if n < FEWEST_POINTS:
        return Reading(Signal.FEW, n)
    steps = np.diff(values)
    scale = _scale(float(values[:-1].mean()), denominators, counts=counts)
    sigma = _sigma(steps[:-1], scale)
    noise = max(sigma * scale[-1], least_move(float(denominators[-1]), one) / D2)
    reach = max(LEAST_SIGMAS, two_sided_t(POINT_LEVEL, max(1.0, FREEDOM * (n - 2)))) * noise
    centre, wide = float(values[:-1].mean()), sqrt(1 + 1 / (n - 1))
    run = _run(steps)
    signal = Signal.STEADY
    if abs(values[-1] - centre) > reach * wide and abs(steps[-1]) > reach * sqrt(2):
        signal = Signal.OUTLIER
    elif _is_trend(steps, run):
        signal = Signal.BETTER if steps[-1] * one.sign > 0 else Signal.WORSE
    phi = sigma**2 if counts else float("nan")
    return Reading(signal, n, run, centre, centre - reach * wide, centre + reach * wide, phi)


def least_move(denominator: float, one: Indicator) -> float:
    """Give what a line moves by at least when it moves: one item of a share, else the smallest change that matters."""
    return 1 / denominator if is_count(one) and denominator > 0 else UNITS[one.unit].relevant


def _scale(mean: float, denominators: np.ndarray, *, counts: bool) -> np.ndarray:
    """Give what chance alone would let each point vary by: binomial for a share of items, else the same for all."""
    if not counts or not 0 < mean < 1:
        return np.ones(len(denominators))
    return np.sqrt(mean * (1 - mean) / denominators)


def _sigma(steps: np.ndarray, scale: np.ndarray) -> float:
    """Give by how many of its scales a point varies, from the mean moving range of the points before the newest."""
    return float(np.mean(np.abs(steps) / np.sqrt((scale[:-2] ** 2 + scale[1:-1] ** 2) / 2))) / D2


def _run(steps: np.ndarray) -> int:
    """Give how many points in a row rise or fall up to the newest; 1 where the newest equals the one before."""
    way = np.sign(np.where(np.abs(steps) > 1e-9, steps, 0.0))
    if not way[-1]:
        return 1
    other = np.flatnonzero(way != way[-1])
    return int(len(way) - (other[-1] + 1 if len(other) else 0) + 1)


def _is_trend(steps: np.ndarray, run: int) -> bool:
    """Tell whether enough points rise or fall in a row, by steps that are no chance walk (Student's t)."""
    if run < min(RUN, len(steps) + 1):
        return False
    last = steps[len(steps) - run + 1 :]
    apart = float(last.std(ddof=1)) / sqrt(len(last))
    return abs(float(last.mean())) > two_sided_t(TREND_LEVEL, len(last) - 1) * apart


def signals(lines: pd.DataFrame, *, period: str = "") -> pd.DataFrame:
    """Give how every line of `series.lines` reads at ``period`` (empty: at the newest period there is).

    One row per region and indicator that has a figure of that period: period, value, previous, signal and the rest of
    `Reading`. What stands before a cut of the line is not looked at.
    """
    newest = period or str(lines["period"].max())
    upto = lines[(lines["period"] <= newest) & lines["value"].notna()]
    groups = upto.groupby("line", sort=True)
    rows = [_row(line) for _, line in groups if line["period"].iloc[-1] == newest]
    return pd.DataFrame(rows, columns=[*_KEYS, *Reading.__dataclass_fields__])


_KEYS = ("region_code", "indicator", "period", "value", "previous")


def _row(line: pd.DataFrame) -> dict[str, Any]:
    values = line["value"].to_numpy("float64")
    last = line.iloc[-1]
    reading = read_line(values, line["denominator"].to_numpy("float64"), known(str(last["indicator"])))
    before = float(values[-2]) if len(values) > 1 else float("nan")
    return {**{name: last[name] for name in _KEYS[:-1]}, "previous": before, **asdict(reading)}


def against_group(lines: pd.DataFrame, *, regions: Iterable[str]) -> pd.DataFrame:
    """Give the lines as distances from the median of the others of the group, so that what moves everybody is gone."""
    group = lines[lines["region_code"].isin(list(regions))].reset_index(drop=True)
    grid = group.pivot_table(index=["indicator", "period"], columns="region_code", values="value")
    others = pd.concat({code: grid.drop(columns=code).median(axis=1) for code in grid}, names=["region_code"])
    places = pd.MultiIndex.from_frame(group[["region_code", "indicator", "period"]])
    return group.assign(value=group["value"] - others.reindex(places).to_numpy(), denominator=np.nan)


LAST_QUARTER = 0.75


def worsening(standings: pd.DataFrame, read: pd.DataFrame) -> pd.DataFrame:
    """Give what stands badly and gets worse: one row per region and indicator, with ``bad`` and ``worse``, why.

    Bad: 判断 is 落后, 未达标, or a place in the last quarter of the group. Worse: the line is 持续变差, by itself or
    against the group. ``standings`` are `compare.standings` of a group, ``read`` `signals` with ``relative``.
    """
    rows = standings.merge(read.drop(columns="value"), on=["region_code", "indicator"])
    last = (rows["rank"].astype("float64") > LAST_QUARTER * rows["n_ranked"]).fillna(False)
    bad = {"落后": rows["verdict"] == Verdict.BEHIND, "未达标": rows["meets_target"] == Met.NOT_MET, "位次靠后": last}
    worse = {"持续变差": rows["signal"] == Signal.WORSE, "相对全组持续变差": rows["relative"] == Signal.WORSE}
    named = rows.assign(bad=_reasons(bad), worse=_reasons(worse))
    return named[named["bad"].ne("") & named["worse"].ne("")].reset_index(drop=True)


def _reasons(flags: dict[str, pd.Series]) -> pd.Series:
    words = [flag.astype("bool").map({True: f"、{word}", False: ""}) for word, flag in flags.items()]
    return pd.concat(words, axis=1).sum(axis=1).str.removeprefix("、")


def told_apart(series: pd.DataFrame, regions: Iterable[str], period: str) -> pd.DataFrame:
    """Give how every line of a group reads by itself (``signal``) and against the group (``relative``)."""
    own = signals(series, period=period)
    apart = against_group(series, regions=tuple(regions))
    read = signals(apart, period=period).rename(columns={"signal": "relative"})
    key = ["region_code", "indicator"]
    return own.merge(read[[*key, "relative"]], on=key, how="left")


class Kind(StrEnum):
    """What an alert is about."""

    TARGET = "达标"
    VERDICT = "判断"
    RANGE = "超出以往范围"
    WORSE = "变差"


_KEY = ["region_code", "indicator"]
_SAID = {Kind.TARGET: (Met.MET, Met.NOT_MET), Kind.VERDICT: (Verdict.AHEAD, Verdict.LEVEL, Verdict.BEHIND)}
COLUMNS = (*_KEY, "kind", "was", "now", "value", "digits", "target", "median", "effect", "low", "high")


def alerts(
    standings: pd.DataFrame, earlier: pd.DataFrame, *, read: pd.DataFrame, read_earlier: pd.DataFrame
) -> pd.DataFrame:
    """Give what a group must be told: one row per region, indicator and ``kind``, from ``was`` to ``now``.

    达标 and 判断 that are another word than in the ``earlier`` standings; no news are words that say nothing (不作判断)
    and that a target that rises is met, which any rise does. Then a newest point outside of what the line was, and a
    line that has become 持续变差, by itself or against the group.
    ``read`` and ``read_earlier`` are the `signals` of both periods, with ``relative``.
    """
    words = [(Kind.TARGET, standings, earlier, "meets_target"), (Kind.VERDICT, standings, earlier, "verdict")]
    words += [(Kind.RANGE, read, read_earlier, "signal"), (Kind.WORSE, read, read_earlier, "signal")]
    words += [(Kind.WORSE, read, read_earlier, "relative")]
    moved = pd.concat([_changed(*each) for each in words]).drop_duplicates([*_KEY, "kind"])
    risen = [find(key).aim == "rising" for key in moved["indicator"]]
    moved = moved[~(np.array(risen, dtype=bool) & moved["kind"].eq(Kind.TARGET) & moved["now"].eq(Met.MET))]
    facts = standings[[*_KEY, "value", "digits", "target", "median", "effect"]]
    whole = moved.merge(facts, on=_KEY).merge(read[[*_KEY, "low", "high"]], on=_KEY, how="left")
    order = whole["kind"].map({kind: place for place, kind in enumerate(Kind)})
    return whole.assign(order=order).sort_values([*_KEY, "order"], ignore_index=True)[list(COLUMNS)]


def _changed(kind: Kind, rows: pd.DataFrame, earlier: pd.DataFrame, side: str) -> pd.DataFrame:
    """Give the region and indicator whose word is news of this kind."""
    both = rows[[*_KEY, side]].merge(earlier[[*_KEY, side]], on=_KEY, how="left", suffixes=("", "_before"))
    was, now = both[f"{side}_before"], both[side]
    if kind in _SAID:
        news = was.isin(_SAID[kind]) & now.isin(_SAID[kind]) & was.ne(now)
    else:
        wanted = Signal.OUTLIER if kind is Kind.RANGE else Signal.WORSE
        news = now.eq(wanted) & was.ne(wanted)
    names = both.loc[news, _KEY].assign(kind=kind, was=was[news].fillna("").astype("str"), now=now[news].astype("str"))
    against = side == "relative"
    return names.assign(now="相对全组" + names["now"]) if against else names
