"""Reading the ledger: the board of the plan's tasks, by unit, by region, what moved, what is due for inspection."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zjanalysis.inputs.regions import city_of
from zjanalysis.inputs.workplan import load_tasks
from zjanalysis.ledger.inputs import unit_names
from zjanalysis.ledger.state import OPEN, Status, deadlines

_COUNTS = {
    "n_met": (Status.REACHED, Status.CLOSED),
    "n_closed": (Status.CLOSED,),
    "n_overdue": (Status.OVERDUE,),
    "n_not_started": (Status.NOT_STARTED,),
    "n_in_progress": (Status.IN_PROGRESS,),
    "n_long_term": (Status.LONG_TERM,),
}
COUNTS = ("n_rows", *_COUNTS, "n_no_value")

OVERDUE, SOON, REACHED, QUIET = "逾期", "临近到期", "达标未销号", "久无进展"
BACK, MOVED = "数值回落", "其他变动"
_NEWS = {Status.CLOSED: "新销号", Status.REACHED: "新达标", Status.IN_PROGRESS: "新启动"}
AGENDA = (OVERDUE, SOON, BACK, *_NEWS.values(), MOVED, QUIET, REACHED)


def _counted(ledger: pd.DataFrame, by: list[str]) -> pd.DataFrame:
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
    counts = tasks.merge(_counted(ledger, ["task"]), on="task", how="left")
    whole = counts.assign(**{name: counts[name].fillna(0).astype("int64") for name in COUNTS})
    left = (deadlines(whole["deadline"]) - ledger["settled_on"].max()).dt.days
    return whole.assign(days_left=left.astype("Int64"), task_status=_task_status(whole))


def _task_status(counts: pd.DataFrame) -> pd.Series:
    """The state of a task as a whole: one overdue row makes it overdue, only all rows met make it reached."""
    n = counts["n_rows"]
    chosen = np.select(
        [
            n == 0,
            counts["n_overdue"] > 0,
            counts["n_closed"] == n,
            counts["n_met"] == n,
            counts["n_not_started"] == n,
            counts["n_in_progress"] == 0,
        ],
        ["无事项", Status.OVERDUE, Status.CLOSED, Status.REACHED, Status.NOT_STARTED, Status.LONG_TERM],
        Status.IN_PROGRESS,
    )
    return pd.Series(chosen, index=counts.index, dtype="str")


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


def by_unit(ledger: pd.DataFrame, *, role: str = "lead_unit") -> pd.DataFrame:
    """Return one row per unit that leads (or helps, see `split_units`): how many rows in which state.

    The most overdue first. A row two units answer for counts for both.
    """
    counted = _counted(split_units(ledger, role=role), ["unit_name"])
    return counted.sort_values(["n_overdue", "n_rows"], ascending=False, kind="stable", ignore_index=True)


def by_region(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return one row per region, the city first, in the order of the ledger."""
    return _counted(ledger, ["region"])


def moved(ledger: pd.DataFrame, earlier: pd.DataFrame) -> pd.DataFrame:
    """Return the rows whose state is not what it was in the earlier ledger, with both states and both values."""
    both = _with_earlier(ledger, earlier)
    changed = both[both["status"] != both["status_before"]]
    return changed.assign(status_before=changed["status_before"].fillna("（新增）")).reset_index(drop=True)


def fell_back(both: pd.DataFrame) -> pd.Series:
    """Tell which rows (of `moved`) met their target and no longer do; without a figure nobody knows."""
    well = [Status.REACHED, Status.CLOSED]
    return both["status_before"].isin(well) & ~both["status"].isin(well) & both["current"].notna()


def _with_earlier(ledger: pd.DataFrame, earlier: pd.DataFrame) -> pd.DataFrame:
    """Return the ledger with status_before and current_before, missing for a row there was not."""
    was = earlier[["ledger_id", "status", "current"]].drop_duplicates("ledger_id")
    names = {"status": "status_before", "current": "current_before"}
    return ledger.merge(was.rename(columns=names), on="ledger_id", how="left")


def due(ledger: pd.DataFrame, *, within: int = 30, quiet: int = 60) -> pd.DataFrame:
    """Return the rows for inspection (督查) with why_due: the gravest first, once each.

    逾期; 临近到期: due within ``within`` days; 达标未销号: reached but not closed; 久无进展: no progress written for
    ``quiet`` days; all as of the day the ledger was settled. A closed row and one only registered are never listed.
    """
    listed = ledger.assign(why_due=_why_due(ledger, within=within, quiet=quiet))
    weight = listed["why_due"].map({OVERDUE: 0, SOON: 1, QUIET: 2, REACHED: 3})
    ordered = listed.assign(weight=weight).dropna(subset=["weight"]).sort_values(["weight", "days_left"], kind="stable")
    return ordered.drop(columns="weight").reset_index(drop=True)


def _why_due(ledger: pd.DataFrame, *, within: int = 30, quiet: int = 60) -> np.ndarray:
    is_open = ledger["status"].isin(OPEN) & ledger["comparison"].fillna("").ne("record")
    return np.select(
        [
            ledger["status"].eq(Status.OVERDUE),
            is_open & ledger["days_left"].between(0, within).fillna(False).astype(bool),
            ledger["status"].eq(Status.REACHED),
            is_open & (ledger["days_quiet"] >= quiet).fillna(False).astype(bool),
        ],
        [OVERDUE, SOON, REACHED, QUIET],
        "",
    )


def agenda(ledger: pd.DataFrame, earlier: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that are `due` or whose state moved since an earlier ledger, once each, in the order of AGENDA.

    ``why_due`` is the first reason of AGENDA that holds, ``current_before`` the value then; among the rows of one
    reason those without a figure come last. With an ``earlier`` ledger without rows nothing has moved.
    """
    both = _with_earlier(ledger, earlier)
    asked = pd.Series(_why_due(both), index=both.index)
    changed = both["status"].ne(both["status_before"]) & bool(len(earlier))
    news = both["status"].replace({Status.LONG_TERM: Status.IN_PROGRESS}).map(_NEWS)
    news = news.mask(both["status_before"].ne(Status.NOT_STARTED) & news.eq(_NEWS[Status.IN_PROGRESS])).fillna(MOVED)
    why = pd.Series(
        np.select([asked.isin([OVERDUE, SOON]), fell_back(both), changed], [asked, BACK, news], asked), both.index
    )
    weight = why.map({word: n for n, word in enumerate(AGENDA)})
    rows = both.assign(why_due=why, weight=weight, blank=both["current"].isna()).dropna(subset=["weight"])
    ordered = rows.sort_values(["weight", "blank", "days_left"], kind="stable", ignore_index=True)
    return ordered.drop(columns=["weight", "blank"])
