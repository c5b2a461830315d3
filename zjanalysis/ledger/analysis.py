"""Reading the ledger: the board of the plan's tasks, by unit, by region, what moved, is due, can be foreseen."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from functools import partial

import numpy as np
import pandas as pd

from zjanalysis.analysis.chance import interval
from zjanalysis.analysis.registry import SCORE_KEY
from zjanalysis.analysis.reported import comparable
from zjanalysis.analysis.signals import D2
from zjanalysis.inputs.office_table import Day
from zjanalysis.inputs.regions import city_of
from zjanalysis.inputs.workplan import load_tasks
from zjanalysis.ledger.rows import LOWER, MOVES, first_true, last_day, today, unit_names
from zjanalysis.ledger.state import MET, OPEN, Status, deadlines
from zjanalysis.ledger.typed import is_typed
from zjanalysis.units import passes, rising

_COUNTS = {
    "n_met": MET,
    "n_closed": (Status.CLOSED,),
    "n_in_progress": (Status.IN_PROGRESS,),
    "n_long_term": (Status.LONG_TERM,),
    "n_not_started": (Status.NOT_STARTED,),
    "n_overdue": (Status.OVERDUE,),
}
COUNTS = ("n_rows", *_COUNTS, "n_no_value")

OVERDUE, SOON, QUIET, REACHED = REASONS = ("逾期", "临近到期", "久未写进展", "达标未销号")
BACK, MOVED = "达标回落", "其他变动"
_NEWS = {Status.CLOSED: "新销号", Status.REACHED: "新达标", Status.IN_PROGRESS: "新启动"}
AGENDA = (OVERDUE, SOON, BACK, *_NEWS.values(), MOVED, QUIET, REACHED)


def counted(ledger: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return one row per group, in the order of the ledger: how many rows in which state (`COUNTS`)."""
    flags = ledger[by].assign(
        n_rows=1,
        n_no_value=ledger["current"].isna().astype("int64"),
        **{name: ledger["status"].isin(states).astype("int64") for name, states in _COUNTS.items()},
    )
    return flags.groupby(by, sort=False)[list(COUNTS)].sum().reset_index()


def board(ledger: pd.DataFrame, *, city: str = "") -> pd.DataFrame:
    """Return one row per task of the plan, in its order: how many rows in which state, deadline and days left.

    Rows the office added stand under the task it wrote; tasks without a row are shown with zeros. ``n_met`` counts
    closed rows too, so n_met + n_overdue + n_not_started + n_in_progress + n_long_term = n_rows. Days are counted from
    the day the ledger was settled. ``city`` chooses whose plan; a city without a plan on record has no task.
    """
    tasks = load_tasks(city)[["task", "title", "clause", "deadline", "kind"]].query("kind != 'text'")
    counts = tasks.merge(counted(ledger, ["task"]), on="task", how="left")
    whole = counts.assign(**{name: counts[name].fillna(0).astype("int64") for name in COUNTS})
    left = (deadlines(whole["deadline"]) - ledger["settled_on"].max()).dt.days
    return whole.assign(days_left=left.astype("Int64"), task_status=_task_status(whole))


def _task_status(counts: pd.DataFrame) -> pd.Series:
    """The state of a task as a whole: one overdue row makes it overdue, only all rows met make it reached."""
    n = counts["n_rows"]
    states = (
        (n == 0, "无事项"),
        (counts["n_overdue"] > 0, Status.OVERDUE),
        (counts["n_closed"] == n, Status.CLOSED),
        (counts["n_met"] == n, Status.REACHED),
        (counts["n_not_started"] == n, Status.NOT_STARTED),
        (counts["n_in_progress"] == 0, Status.LONG_TERM),
    )
    return first_true(states, Status.IN_PROGRESS)


def split_units(ledger: pd.DataFrame, *, role: str = "lead_unit") -> pd.DataFrame:
    """Return one row per row and unit (unit_name) that leads it, or with ``role`` cooperating_units helps with it.

    A unit has one name (`unit_names`); 各县(市、区)政府(管委会) that help are each of them. A row nobody leads reads
    未落实责任单位.
    """
    pairs = zip(ledger[role].fillna(""), ledger["region_code"].fillna(""), strict=True)
    lists = [unit_names(text, city=city_of(code) if code else "") for text, code in pairs]
    unnamed = ("未落实责任单位",) if role == "lead_unit" else ()
    named = pd.Series([units or unnamed for units in lists], index=ledger.index, dtype="object")
    split = ledger.assign(unit_name=named).explode("unit_name", ignore_index=True)
    return split.dropna(subset=["unit_name"]).astype({"unit_name": "str"}).reset_index(drop=True)


def by_unit(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return one row per unit that leads: how many rows in which state; the most overdue first.

    A row two units answer for counts for both.
    """
    units = counted(split_units(ledger), ["unit_name"])
    return units.sort_values(["n_overdue", "n_rows"], ascending=False, kind="stable", ignore_index=True)


def moved(ledger: pd.DataFrame, earlier: pd.DataFrame) -> pd.DataFrame:
    """Return the rows whose state is not what it was in the earlier ledger, with both states and both values.

    ``status_before`` is missing for a row there was not.
    """
    both = _with_earlier(ledger, earlier)
    return both[both["status"] != both["status_before"]].reset_index(drop=True)


def no_longer_met(both: pd.DataFrame) -> pd.Series:
    """Tell which rows (of `moved`) met their target and do not now: fallen back, or without a figure nobody knows."""
    return both["status_before"].isin(MET) & ~both["status"].isin(MET)


def _with_earlier(ledger: pd.DataFrame, earlier: pd.DataFrame) -> pd.DataFrame:
    """Return the ledger with status_before and current_before, missing for a row there was not."""
    was = earlier[["ledger_id", "status", "current"]].drop_duplicates("ledger_id")
    names = {"status": "status_before", "current": "current_before"}
    return ledger.merge(was.rename(columns=names), on="ledger_id", how="left")


def due(ledger: pd.DataFrame, *, within: int = 30, quiet: int = 60) -> pd.DataFrame:
    """Return the rows for inspection (督查) with why_due: the gravest first, once each.

    逾期; 临近到期: due within ``within`` days; 达标未销号: reached but not closed; 久未写进展: no progress written for
    ``quiet`` days; all as of the day the ledger was settled. A closed row and one only registered are never listed.
    """
    return _by_reason(ledger.assign(why_due=_why_due(ledger, within=within, quiet=quiet)), REASONS, ["days_left"])


def _by_reason(ledger: pd.DataFrame, reasons: tuple[str, ...], then: list[str]) -> pd.DataFrame:
    weight = ledger["why_due"].map({word: n for n, word in enumerate(reasons)})
    listed = ledger.assign(weight=weight).dropna(subset=["weight"])
    return listed.sort_values(["weight", *then], kind="stable", ignore_index=True).drop(columns="weight")


def _why_due(ledger: pd.DataFrame, *, within: int = 30, quiet: int = 60) -> pd.Series:
    is_open = ledger["status"].isin(OPEN) & ledger["comparison"].fillna("").ne("record")
    reasons = (
        (ledger["status"].eq(Status.OVERDUE), OVERDUE),
        (is_open & ledger["days_left"].between(0, within), SOON),
        (ledger["status"].eq(Status.REACHED), REACHED),
        (is_open & ledger["days_quiet"].ge(quiet), QUIET),
    )
    return first_true(reasons)


def agenda(ledger: pd.DataFrame, earlier: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that are `due` or whose state moved since an earlier ledger, once each, in the order of AGENDA.

    ``why_due`` is the first reason of AGENDA that holds, ``current_before`` the value then; among the rows of one
    reason those without a figure come last. With an ``earlier`` ledger without rows nothing has moved.
    """
    both = _with_earlier(ledger, earlier)
    asked = _why_due(both)
    changed = both["status"].ne(both["status_before"]) & bool(len(earlier))
    news = both["status"].replace({Status.LONG_TERM: Status.IN_PROGRESS}).map(_NEWS)
    news = news.mask(both["status_before"].ne(Status.NOT_STARTED) & news.eq(_NEWS[Status.IN_PROGRESS])).fillna(MOVED)
    why = first_true(
        ((asked.isin([OVERDUE, SOON]), asked), (no_longer_met(both) & both["current"].notna(), BACK), (changed, news)),
        asked,
    )
    rows = both.assign(why_due=why, blank=both["current"].isna())
    return _by_reason(rows, AGENDA, ["blank", "days_left"]).drop(columns="blank")


# --- a forecast only where it is honest: a straight line through four periods or more with its interval ---
# The interval is that of points that hang together, however strongly (`analysis.chance`).

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
    deadline: Day,
    indicator: str = "",
    target: float = float("nan"),
    comparison: str = ">=",
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
    rows = history.dropna(subset=["value"]).assign(day=lambda t: t["cutoff"].map(today)).sort_values("day")
    newest = rows["day"].max()
    if indicator:
        rows = rows.loc[[day == newest or comparable(indicator, day, newest) for day in rows["day"]]]
    if "line" in rows:
        rows = rows[rows["line"].isin(rows["line"].tail(1))]
    n, last = int(rows["day"].nunique()), last_day(str(deadline))
    unknown = partial(Forecast, np.nan, np.nan, np.nan, n, UNKNOWN)
    if n < MIN_PERIODS:
        return unknown(f"可比的期数只有 {n} 期，不足 {MIN_PERIODS} 期")
    if last is None:
        return unknown("没有完成时限（长期推进）" if "长期" in str(deadline) else "完成时限没有写或认不出")
    if not newest < last <= newest + (newest - rows["day"].min()):
        return unknown("完成时限已过" if last <= newest else "完成时限比已有的各期更远，不外推")
    middle, low, high = _line(rows, last, share=share)
    if share and (low > 1 or high < 0):
        return unknown("趋势线整个落在0至100%之外，不外推")
    limits, sign = (0.0, 1.0) if share else (-np.inf, np.inf), -1 if comparison in LOWER else 1
    middle, low, high = (float(np.clip(number, *limits)) for number in (middle, low, high))
    meets = passes(np.array([low, high]), np.array(target), sign=sign, strict=comparison in (">", "<"))
    verdict = UNKNOWN if np.isnan(target) or meets.any() != meets.all() else WILL if meets.all() else WILL_NOT
    return Forecast(middle, low, high, n, verdict, "")


def forecasts(ledger: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Return the forecast of every row with a number to reach: ledger_id, forecast, low, high, n_periods, outlook, …

    ``history``: region_code, indicator, cutoff, value, one row per period; ``line`` where lines are cut, denominator
    where it is known. Targets against the base period ask for what the ledger asks for, the base value and the least
    step; milestones, peers and what is only registered are not forecast.
    """
    rows = ledger[
        ledger["comparison"].isin([">=", ">", "<=", *MOVES]) & ledger["indicator"].notna() & ~is_typed(ledger)
    ]
    groups = dict(iter(history.groupby(SCORE_KEY)))
    asked = rows[[*SCORE_KEY, "deadline_read", "comparison", "unit", "target_value", "baseline"]]
    each = [
        forecast(groups.get((region, key), history.iloc[:0]), deadline=str(deadline), indicator=key, comparison=kind,
                 target=rising(unit, -1 if kind in LOWER else 1).risen_from(base) if kind in MOVES else target,
                 share=unit == "share")
        for region, key, deadline, kind, unit, target, base in asked.itertuples(index=False)
    ]  # fmt: skip
    table = pd.DataFrame([asdict(one) for one in each], columns=[f.name for f in fields(Forecast)], index=rows.index)
    named = table.rename(columns={"value": "forecast", "n": "n_periods", "verdict": "outlook"})
    return rows[["ledger_id"]].join(named).reset_index(drop=True)


def _line(rows: pd.DataFrame, last: pd.Timestamp, *, share: bool) -> tuple[float, float, float]:
    """Return the line through the periods at a day and its interval there: value, low, high.

    A share is taken to move by one item at least, where its denominator is known.
    """
    x = (rows["day"] - rows["day"].iloc[0]).dt.days.to_numpy() / DAYS_PER_QUARTER
    at = (last - rows["day"].iloc[0]).days / DAYS_PER_QUARTER
    points, design = (x, rows["value"].to_numpy("float64")), np.column_stack([np.ones(len(x)), x])
    least = 1 / rows["denominator"].iloc[-1] / D2 if share and "denominator" in rows else 0.0
    return interval(points, design, np.array([1.0, at]), level=LEVEL, ahead=at, least=least)
