"""A forecast only where it is honest: a straight line through four periods or more with its interval; else 无法判断.

The interval is that of points that hang together, however strongly (`analysis.correlated`); its coverage is shown by
benchmarks/trend.py.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import date

import numpy as np
import pandas as pd

from zjanalysis.analysis.correlated import interval
from zjanalysis.analysis.reported import comparable
from zjanalysis.analysis.signals import D2
from zjanalysis.ledger.inputs import last_day, today

MIN_PERIODS, LEVEL = 4, 0.95
"""Taken at 95 %, the interval holds nine of ten of what comes, also on lists that hardly move (benchmarks/trend.py)."""
WILL, WILL_NOT, UNKNOWN = "预计可达标", "预计不能达标", "无法判断"
DAYS_PER_QUARTER = 365.25 / 4


@dataclass(frozen=True)
class Forecast:
    """``value`` at the deadline with its prediction interval (low, high), ``n`` periods used, and the verdict."""

    value: float
    low: float
    high: float
    n: int
    verdict: str
    reason: str


def forecast(
    history: pd.DataFrame,
    *,
    deadline: str | date,
    indicator: str = "",
    target: float = float("nan"),
    better: str = "higher",
    share: bool = True,
) -> Forecast:
    """Return the linear trend of ``history`` (cutoff, value: one row per period) at the deadline, with its interval.

    Periods before the last change of the definition (``line``, where given, is another) are not used. 预计可达标 only
    when the whole interval meets the target, 预计不能达标 only when none of it does, otherwise 无法判断; the same with
    fewer than four periods, without a deadline, or with one further ahead than the periods go back. Shares are kept
    within 0 and 1.

    >>> rows = pd.DataFrame({"cutoff": ["2020-03-31", "2020-06-30", "2020-09-30"], "value": [0.8, 0.82, 0.84]})
    >>> forecast(rows, deadline="2021-06").verdict, forecast(rows, deadline="2021-06").reason
    ('无法判断', '可比的期数只有 3 期，不足 4 期')
    """
    last = last_day(str(deadline))
    rows = history.dropna(subset=["value"]).assign(day=lambda t: t["cutoff"].map(today)).sort_values("day")
    if len(rows) and indicator:
        newest = rows["day"].iloc[-1]
        rows = rows[[day == newest or comparable(indicator, day, newest) for day in rows["day"]]]
    if "line" in rows:
        rows = rows[rows["line"] == rows["line"].iloc[-1]] if len(rows) else rows
    n = int(rows["day"].nunique())
    if n < MIN_PERIODS:
        return Forecast(np.nan, np.nan, np.nan, n, UNKNOWN, f"可比的期数只有 {n} 期，不足 {MIN_PERIODS} 期")
    if last is None:
        return Forecast(np.nan, np.nan, np.nan, n, UNKNOWN, "没有完成时限（长期推进）")
    first, newest = rows["day"].iloc[0], rows["day"].iloc[-1]
    if not newest < last <= newest + (newest - first):
        reason = "完成时限已过" if last <= newest else "完成时限比已有的各期更远，不外推"
        return Forecast(np.nan, np.nan, np.nan, n, UNKNOWN, reason)
    limits = (0.0, 1.0) if share else (-np.inf, np.inf)
    middle, low, high = (float(np.clip(number, *limits)) for number in _line(rows, last, share=share))
    return Forecast(middle, low, high, n, _verdict(low, high, target, better), "")


def forecasts(ledger: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Return the forecast of every row with a number to reach: ledger_id, forecast, low, high, n_periods, outlook, …

    ``history``: region_code, indicator, cutoff, value, one row per period; ``line`` where lines are cut, denominator
    where it is known. Targets against the base period are held against the base value; milestones, peers and what is
    only registered are not forecast.
    """
    kinds = {">=": "higher", ">": "higher", "<=": "lower", "rising": "higher", "falling": "lower"}
    rows = ledger[ledger["comparison"].isin(list(kinds)) & ledger["indicator"].notna() & ledger["unit"].ne("typed")]
    groups = dict(iter(history.groupby(["region_code", "indicator"])))
    goal = rows["target_value"].mask(rows["comparison"].isin(["rising", "falling"]), rows["baseline"])
    found = [
        forecast(groups.get((region, key), history.iloc[:0]), deadline=str(deadline), indicator=key, target=target,
                 better=kinds[kind], share=unit == "share")
        for region, key, deadline, target, kind, unit in zip(rows["region_code"], rows["indicator"], rows["deadline"],
                                                              goal, rows["comparison"], rows["unit"], strict=True)
    ]  # fmt: skip
    table = pd.DataFrame([asdict(one) for one in found], columns=[f.name for f in fields(Forecast)], index=rows.index)
    named = table.rename(columns={"value": "forecast", "n": "n_periods", "verdict": "outlook"})
    return rows[["ledger_id"]].join(named).reset_index(drop=True)


def _line(rows: pd.DataFrame, last: pd.Timestamp, *, share: bool) -> tuple[float, float, float]:
    """Return the line through the periods at a day and its interval there: value, low, high.

    A share is taken to move by one item at least, where its denominator is known.
    """
    days = [*rows["day"], last]
    times = np.array([(day - days[0]).days / DAYS_PER_QUARTER for day in days])
    x, at = times[:-1], float(times[-1])
    design = np.column_stack([np.ones(len(x)), x])
    points = (x, rows["value"].to_numpy("float64"))
    least = 1 / rows["denominator"].iloc[-1] / D2 if share and "denominator" in rows else 0.0
    return interval(points, design, np.array([1.0, at]), level=LEVEL, ahead=at, least=least)


def _verdict(low: float, high: float, target: float, better: str) -> str:
    if np.isnan(target):
        return UNKNOWN
    worst, best = (low, high) if better == "higher" else (-high, -low)
    goal = target if better == "higher" else -target
    return WILL if worst >= goal else WILL_NOT if best < goal else UNKNOWN
