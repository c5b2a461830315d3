"""Which fewest items to change, to what a peer already does, so that the target is reached (DOMAIN §6.9).

Every change adds its own fixed gain to the value (the denominator stays), so taking the largest gains first is exactly
optimal, and stays so with a limit per department (a partition matroid). The tests hold it against integer programming.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zjanalysis.analysis.compare import DECIMALS
from zjanalysis.analysis.frontier import (
    DEPARTMENT_FULL,
    FREE,
    Conditions,
    Lever,
    frontier,
    lever_of,
    peer_states,
)
from zjanalysis.analysis.indicators import measure
from zjanalysis.analysis.registry import Indicator, bound
from zjanalysis.analysis.registry import indicator as find
from zjanalysis.errors import ConfigError
from zjanalysis.inputs.regions import is_county, region_code

STEPS = (
    "order", "region_code", "indicator", "item_key", "match_code", "item_name", "department", "field", "kind",
    "from_value", "to_value", "change_by", "gain", "cumulative", "rank", "follows", "n_follows",
)  # fmt: skip


@dataclass(frozen=True)
class Goal:
    """What must be reached: a number, or a peer's published value to get past. ``met`` judges values one by one."""

    number: float
    past: bool
    one: Indicator

    def met(self, values: np.ndarray) -> np.ndarray:
        """Tell which values reach the goal: at or beyond a number, strictly beyond a peer's published value."""
        if not self.past:
            return np.asarray((values - self.number) * self.one.sign >= -1e-12)
        if self.number != self.number:
            return np.zeros(len(values), dtype=bool)
        digits = DECIMALS[self.one.unit]
        return np.asarray((np.round(values, digits) - np.round(self.number, digits)) * self.one.sign > 1e-9)


@dataclass(frozen=True)
class Plan:
    """A plan: `steps` (one row = one item to change, the largest gain first), one-row `summary`, `obstacles`."""

    steps: pd.DataFrame
    summary: pd.DataFrame
    obstacles: pd.DataFrame


def plan(
    items: pd.DataFrame,
    *,
    region: str,
    peers: Iterable[str],
    indicator: str | Indicator,
    target: float | str = "plan",
    conditions: Conditions = FREE,
) -> Plan:
    """Give the fewest items to change so that the target is reached, each following what a peer already does.

    ``target``: a number (shares 0–1) to reach; ``plan`` what the work plan names (above the peers, or no plan: past
    their median); ``median`` or ``best`` of the peers, or a region (name or code): their published value to get past.

    ``steps``: order, item_key, match_code, item_name, department, field (the column to change) and kind, from_value →
    to_value (days, visits, or 0 → 1 for turning on), change_by, gain, cumulative (the value after this step), rank (the
    rank then reached among the peers), follows (region codes of up to three peers who are there), n_follows.
    ``summary``: value, target, past (strictly beyond), reached, reached_value, best_reachable, n_steps, n_possible,
    change_by, rank_before, rank_after, n_ranked.
    ``obstacles``: reason, n_items, could_gain: what stands in the way of more.
    Unreachable: ``reached`` is false and the steps are all that can be done.
    """
    one = bound(find(indicator), region)
    others = [p for p in dict.fromkeys(peers) if p != region]
    rows = items[items["region_code"].isin([region, *others])]
    field = measure(rows, [one], scope=conditions.scope)
    values = field.set_index("region_code")["value"].reindex([region, *others])
    goal = goal_of(items, one, target=target, values=values, conditions=conditions)
    states = peer_states(rows, one, peers=others, scope=conditions.scope)
    table = frontier(rows, one, region=region, states=states, conditions=conditions)
    possible = possible_steps(table, conditions)
    start = float(table["numerator"].sum() / table["denominator"].sum()) if len(table) else float("nan")
    reach = reached_values(start, possible, goal)
    n_steps = fewest(reach, goal)
    enough = n_steps >= 0
    n_steps = n_steps if enough else len(possible)
    ranks = _ranks(reach, values.iloc[1:].dropna().to_numpy(), one)
    steps = possible.assign(cumulative=reach[1:], rank=ranks[1:], indicator=one.key).head(n_steps)
    summary = {
        "value": start, "reached": enough, "reached_value": reach[n_steps], "best_reachable": reach[-1],
        "n_steps": n_steps, "n_possible": len(possible),
        "rank_before": ranks[0], "rank_after": ranks[n_steps], "n_ranked": int(values.notna().sum()),
    }  # fmt: skip
    named = _named(steps, lever_of(one), states)
    head = pd.DataFrame({"region_code": [region], "indicator": one.key, "target": goal.number, "past": goal.past})
    return Plan(named, head.assign(**summary, change_by=named["change_by"].sum()), obstacles(table, possible))


def plan_for(
    items: pd.DataFrame, *indicators: str, region: str, peers: Iterable[str], conditions: Conditions = FREE
) -> tuple[Plan, ...]:
    """Give the plan for what the work plan names, one for each indicator (see `plan`)."""
    others = tuple(peers)
    return tuple(plan(items, region=region, peers=others, indicator=i, conditions=conditions) for i in indicators)


def reached_values(start: float, possible: pd.DataFrame, goal: Goal) -> np.ndarray:
    """Give the value at the start and after each possible step, the largest gain first."""
    gained = np.concatenate([[0.0], possible["gain"].to_numpy(dtype="float64").cumsum()])
    return np.asarray((start + goal.one.sign * gained).round(12) + 0.0)  # no minus zero


def fewest(reach: np.ndarray, goal: Goal) -> int:
    """Give the fewest steps that meet the goal, −1 when not even all of them do.

    After k steps the value is the best that any k allowed changes can give, so the first k that meets it is the fewest.
    """
    met = np.flatnonzero(goal.met(reach))
    return int(met[0]) if len(met) else -1


def goal_of(
    items: pd.DataFrame, one: Indicator, *, target: float | str, values: pd.Series, conditions: Conditions = FREE
) -> Goal:
    """Read a target: a number, plan, median, best or a region; raises ConfigError or UnknownName."""
    peers = values.iloc[1:]
    if isinstance(target, str) and _number(target) is None:
        if target == "plan" and one.aim == "number":
            return Goal(
                one.target_for(county=is_county(str(values.index[0]))) + one.sign * (1e-9 if one.strict else 0.0),
                False,
                one,
            )
        if target in {"plan", "median"}:
            return Goal(float(peers.median()), True, one)
        if target == "best":
            return Goal(float(peers.max() if one.sign > 0 else peers.min()), True, one)
        code = region_code(target)
        if code in peers.index:
            return Goal(float(peers[code]), True, one)
        named = measure(items[items["region_code"] == code], [one], scope=conditions.scope)
        return Goal(float(named["value"].sum(min_count=1)), True, one)
    number = float(target)
    if one.unit == "share" and not 0 <= number <= 1:
        raise ConfigError(f"目标 {target} 超出范围。", "比率写成 0–1 之间的小数，如 0.9 表示 90%。")
    return Goal(number, False, one)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def possible_steps(table: pd.DataFrame, conditions: Conditions) -> pd.DataFrame:
    """Give the items that can gain, the largest gain first, at most so many of each department."""
    gaining = table[table["gain"] > 0].sort_values(
        ["gain", "department", "match_code", "item_key"], ascending=[False, True, True, True], kind="stable"
    )
    if conditions.max_per_department is not None:
        taken = gaining.groupby(gaining["department"].fillna("")).cumcount()
        gaining = gaining[taken < conditions.max_per_department]
    return gaining.assign(order=np.arange(1, len(gaining) + 1))


def _ranks(reached: np.ndarray, peers: np.ndarray, one: Indicator) -> np.ndarray:
    digits = DECIMALS[one.unit]
    better = np.round(peers, digits)[None, :] * one.sign > np.round(reached, digits)[:, None] * one.sign + 1e-9
    return np.asarray(better.sum(axis=1) + 1)


def _named(steps: pd.DataFrame, lever: Lever, states: pd.DataFrame) -> pd.DataFrame:
    """Give the steps their final columns, with the peers that already are where the step leads."""
    pairs = steps[["order", "match_code", "goal"]].merge(
        states.rename(columns={"region_code": "peer"}), on="match_code"
    )
    there = pairs[pairs["state"] <= pairs["goal"] + 1e-9].sort_values(["order", "state", "peer"])
    first = there[there.groupby("order").cumcount() < 3].groupby("order")["peer"].agg("、".join)
    count = there.groupby("order").size()
    turning = lever.kind in ("flag", "type")
    return steps.assign(
        field=lever.field, kind=lever.kind,
        from_value=1 - steps["state"] if turning else steps["state"],
        to_value=1 - steps["goal"] if turning else steps["goal"],
        change_by=steps["state"] - steps["goal"],
        follows=steps["order"].map(first).astype("object").fillna("").astype("str"),
        n_follows=steps["order"].map(count).fillna(0).astype("int64"),
    )[list(STEPS)].reset_index(drop=True)  # fmt: skip


def obstacles(table: pd.DataFrame, possible: pd.DataFrame) -> pd.DataFrame:
    """Give what keeps the indicator from its end: reason, n_items, could_gain (what they would add without it)."""
    full = (table["gain"] > 0) & ~table["item_key"].isin(possible["item_key"])
    held = table.assign(reason=table["obstacle"].mask(full, DEPARTMENT_FULL))
    held = held[held["reason"] != ""]
    summed = held.groupby("reason").agg(n_items=("item_key", "size"), could_gain=("could_gain", "sum"))
    return summed.sort_values("could_gain", ascending=False).reset_index()
