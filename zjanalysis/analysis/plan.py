"""Which fewest items to change, to what a peer already does: until 达标, or until 判断 is 优于 (DOMAIN §6.9).

Every change adds its own fixed gain to the value (the denominator stays), so taking the largest gains first is exactly
optimal, and stays so with a limit per department (a partition matroid). The tests hold it against integer programming.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import isnan
from typing import Any

import numpy as np
import pandas as pd
from pandas.arrays import IntegerArray

from zjanalysis.analysis import like_for_like as two_way
from zjanalysis.analysis.compare import places, target_of, to_middle
from zjanalysis.analysis.frontier import (
    Constraints,
    Lever,
    frontier,
    lever_of,
    obstacles,
    possible_steps,
    unreviewed,
)
from zjanalysis.analysis.indicators import measure
from zjanalysis.analysis.like_for_like import CodeTable, Difference, Fit, Judged, rules_of
from zjanalysis.analysis.matching import common_limit
from zjanalysis.analysis.registry import Indicator
from zjanalysis.errors import ConfigError, UnknownName, answering
from zjanalysis.inputs.period import lending
from zjanalysis.inputs.regions import region_code
from zjanalysis.settings import Comparison
from zjanalysis.units import Met, Verdict, passes

STEPS = (
    "order", "region_code", "indicator", "item_key", "match_code", "item_name", "department", "field", "kind",
    "from_value", "to_value", "change_by", "gain", "cumulative", "rank", "follows", "n_follows", "review",
)  # fmt: skip
LEAD = "lead"
"""The target 判断 = 优于, like for like."""
WORDS = {"达标": "plan", "优于": LEAD, "领先": LEAD, "中位数": "median", "最好": "best"}


@dataclass(frozen=True)
class Goal:
    """What must be reached: a number; or, with ``others``, the median of the group in which the own value moves.

    ``strict``: it must be passed, not only reached. ``met`` judges own values one by one. ``reason``: why none.
    """

    number: float
    one: Indicator
    strict: bool = False
    others: np.ndarray = field(default_factory=lambda: np.empty(0))
    reason: str = ""

    def met(self, values: np.ndarray) -> np.ndarray:
        """Tell which values reach the goal, judged as 达标 is; a goal without a number is never reached."""
        yardstick = np.full(len(values), self.number)
        if len(self.others) and not isnan(self.number):
            yardstick = np.median(np.column_stack([values, np.tile(self.others, (len(values), 1))]), axis=1)
        return passes(values, yardstick, sign=self.one.sign, strict=self.strict)


@dataclass(frozen=True)
class Ground:
    """What every plan of one indicator and region starts from.

    ``group``: the region, then its peers; ``items`` all items, ``values`` what the group reaches, ``states`` where it
    stands item by item (`frontier.peer_states`), ``table`` what the region could gain under ``constraints``, ``alike``
    the same where one statutory limit holds for every region (`headrooms`), ``codes`` what 判断 is made from
    (`like_for_like.code_tables`).
    """

    items: pd.DataFrame
    one: Indicator
    group: tuple[str, ...]
    values: pd.Series
    states: pd.DataFrame
    table: pd.DataFrame
    alike: pd.DataFrame
    codes: CodeTable
    constraints: Constraints

    @cached_property
    def possible(self) -> pd.DataFrame:
        """Return the items that can gain under the constraints, the largest gain first (`possible_steps`)."""
        return possible_steps(self.table, self.constraints)


@answering("plan")
@lending
@dataclass(frozen=True, repr=False)
class Plan:
    """A plan: `steps` (one row = one item to change, the largest gain first), one-row `summary`, `obstacles`.

    ``outcome`` is the row of the summary, ``possible`` what can be changed in the order of the plan, ``reach`` the
    value at the start and after each. A table is made when it is first asked for.
    """

    outcome: Mapping[str, Any]
    ground: Ground
    possible: pd.DataFrame
    reach: np.ndarray

    @cached_property
    def steps(self) -> pd.DataFrame:
        """Return the items to change (`plan_on`)."""
        n, ground = self.outcome["n_steps"], self.ground
        ranks = _ranks(self.reach[: n + 1], ground)
        effects = {"cumulative": self.reach[1 : n + 1], "rank": ranks[1:], "indicator": ground.one.key}
        return _named(self.possible.head(n), lever_of(ground.one), ground.states, effects)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """Return what the plan comes to, in one row (`plan_on`)."""
        return pd.DataFrame([self.outcome])

    @cached_property
    def obstacles(self) -> pd.DataFrame:
        """Return what stands in the way of more (`frontier.obstacles`)."""
        return obstacles(self.ground.table, self.ground.possible, self.possible)

    def __repr__(self) -> str:
        """Return a line: how many items to change, and the names of the three tables."""
        return f"方案：改{self.outcome['n_steps']}项；逐项 .steps（DataFrame），结果 .summary，限制 .obstacles"


def headrooms(
    items: pd.DataFrame, one: Indicator, *, regions: Iterable[str], group: Iterable[str], states: pd.DataFrame,
    constraints: Constraints,
) -> tuple[pd.DataFrame, pd.DataFrame]:  # fmt: skip
    """Return what the regions could gain (`frontier`): as they stand, and with one statutory limit for the whole group.

    The two are the same where days play no part.
    """
    table = frontier(items, one, regions=regions, states=states, constraints=constraints)
    if lever_of(one).kind != "days":
        return table, table
    scope = constraints.scope
    limits = common_limit(items, regions=group, scope=scope and scope.narrowed(one))
    alike = items.assign(statutory_days=items["match_code"].map(limits))
    return table, frontier(alike, one, regions=regions, states=states, constraints=constraints)


def read_target(written: float | str) -> float | str:
    """Return a target as `plan_on` takes it: 93% is a number, 达标, 优于, 中位数 and 最好 are words, the rest stays.

    >>> read_target("93%"), read_target("0.5"), read_target("达标"), read_target("茂名市")
    (0.93, 0.5, 'plan', '茂名市')
    """
    text = str(written).strip().replace("％", "%")
    try:
        return float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        return WORDS.get(text, text)


def plan_on(ground: Ground, *, target: float | str, constraints: Constraints) -> Plan:
    """Return the fewest items to change so that the target is reached, each following what a peer already does.

    ``target``: ``plan`` until 达标 (no plan on record: past the group's median, which moves with the own value; a
    target that rises is handed over as a number, `compare.risen`); ``lead`` until 判断 is 优于 (`lead`); a number
    (shares 0–1) to reach; ``median`` or ``best`` of the group, or a region (name or code): its published value to get
    past.

    ``steps``: order, item_key, match_code, item_name, department, field (the column to change) and kind, from_value →
    to_value (days, visits, or 0 → 1 for turning on), change_by, gain, cumulative (the value after this step), rank (the
    rank then reached in the group), follows (region codes of up to three peers who are there), n_follows, review (why
    the item needs a professional review first, or empty).
    ``summary``: value, target, past (strictly beyond), reached, reached_value, best_reachable, n_steps, n_possible,
    n_reviewed (steps that need a review), change_by, rank_before, rank_after, n_ranked, goal (plan, lead, …), reason
    (why the goal cannot be judged); for ``lead`` verdict, difference, low and high after the steps (`judge`).
    ``obstacles``: reason, n_items, could_gain: what stands in the way of more.
    Unreachable: ``reached`` is false and the steps are all that can be done; where the goal cannot be judged, none.
    """
    one, region, values = ground.one, ground.group[0], ground.values
    goal = goal_of(ground.items, one, target=target, values=values, constraints=constraints)
    if constraints != ground.constraints:
        ground = under(ground, constraints)
    possible = ground.possible
    after = {"reason": goal.reason, "verdict": "", "difference": np.nan, "low": np.nan, "high": np.nan}
    if target == LEAD:
        ahead = lead(ground.codes, on_shared(ground), one, region=region, rules=rules_of(constraints.settings))
        possible, after = ahead.steps, {name: getattr(ahead.judged, name) for name in after}
    reach = reached_values(float(values.iloc[0]), possible, one)
    n_steps = fewest(reach, goal) if target != LEAD else ahead.needed if ahead.reached else -1
    enough, n_steps = n_steps >= 0, n_steps if n_steps >= 0 else 0 if goal.reason else len(possible)
    first, last = _ranks(reach[[0, n_steps]], ground)
    steps = possible.head(n_steps)
    outcome = {
        "region_code": region, "indicator": one.key, "goal": str(target), "target": goal.number, "past": goal.strict,
        "value": reach[0], "reached": enough, "reached_value": reach[n_steps], "best_reachable": reach[-1],
        "n_steps": n_steps, "n_possible": len(possible), "n_reviewed": int(steps["review"].ne("").sum()),
        "rank_before": first, "rank_after": last, "n_ranked": int(values.notna().sum()),
        "change_by": (steps["state"] - steps["goal"]).sum(), **after,
    }  # fmt: skip
    return Plan(outcome, ground, possible, reach)


def under(ground: Ground, constraints: Constraints) -> Ground:
    """Return the same ground under other constraints."""
    if constraints == replace(ground.constraints, reviewed=False):
        table, alike = map(unreviewed, (ground.table, ground.alike))
    else:
        table, alike = headrooms(ground.items, ground.one, regions=ground.group[:1], group=ground.group,
                             states=ground.states, constraints=constraints)  # fmt: skip
    return replace(ground, constraints=constraints, table=table, alike=alike)


def reached_values(start: float, possible: pd.DataFrame, one: Indicator) -> np.ndarray:
    """Return the value at the start and after each possible step, in their order."""
    gained = np.concatenate([[0.0], possible["gain"].to_numpy(dtype="float64").cumsum()])
    return np.asarray((start + one.sign * gained).round(12) + 0.0)  # no minus zero


def fewest(reach: np.ndarray, goal: Goal) -> int:
    """Return the fewest steps that meet the goal, −1 when not even all of them do.

    After k steps the value is the best that any k allowed changes can give, so the first k that meets it is the fewest.
    """
    met = np.flatnonzero(goal.met(reach))
    return int(met[0]) if len(met) else -1


def goal_of(
    items: pd.DataFrame, one: Indicator, *, target: float | str, values: pd.Series, constraints: Constraints
) -> Goal:
    """Read a target: a number, plan, lead, median, best or a region; raises ConfigError or UnknownName."""
    if not isinstance(target, str):
        if not 0 <= target <= (1 if one.unit == "share" else np.finfo("float64").max):
            raise ConfigError(f"目标 {target:g} 超出范围。", "比率写成 0–1 之间的小数，如 0.9 或 90%；其他不小于 0。")
        return Goal(target, one)
    if target in {"plan", "median", LEAD}:
        return _plan_goal(one, target, values, rules_of(constraints.settings))
    if target == "best":
        known = values.dropna()
        return Goal(float(known.max() if one.sign > 0 else known.min()), one, True)
    try:
        code = region_code(target)
    except UnknownName as error:
        ways = "目标可以写数值（93% 或 0.93）、达标、优于、中位数、最好，或某个地区。"
        raise UnknownName(f"看不懂目标：{error.message}", f"{ways}{error.hint}") from error
    if code in values.index:
        return Goal(float(values[code]), one, True)
    named = measure(items[items["region_code"] == code], [one], scope=constraints.scope)
    return Goal(float(named["value"].sum(min_count=1)), one, True)


def _plan_goal(one: Indicator, target: str, values: pd.Series, rules: Comparison) -> Goal:
    """Return what the plan on record asks, else the median that is to be passed; without a yardstick the reason why."""
    asked, numbers = target_of(one, str(values.index[0])), values.to_numpy("float64")
    others = numbers[1:][~np.isnan(numbers[1:])]
    if target == "plan" and asked.kind == "number":
        return Goal(asked.number, one, asked.strict)
    if target == "plan" and asked.kind == "rising":  # from an unknown start only the best possible value is enough
        held = asked.met(float(values.iloc[0])) == Met.MET
        return Goal(asked.ceiling, one) if held else Goal(float("nan"), one, reason="没有可比的上期数值")
    if target == "plan" and len(others) < rules.min_peers:
        few = f"{rules.few_peers(len(others))}，没有可比的中位数"
        return Goal(float("nan"), one, True, reason=few)
    return Goal(float(values.median()), one, True, others)


def on_shared(ground: Ground) -> pd.DataFrame:
    """Return the possible steps on codes another region has, with one statutory limit per code.

    ``jump`` is what a step adds to its code's value; the step that moves the region's effect most comes first.
    """
    table, alike, possible = ground.codes, ground.alike.set_index("item_key"), ground.possible
    above = possible["item_key"].map(alike["gain"] * alike["denominator"].sum())
    jump = above / possible["match_code"].map(alike.groupby("match_code")["denominator"].sum())
    weights = pd.Series(table.weights, index=table.codes)[table.held.sum(axis=1) >= 2]
    steps = possible.assign(jump=jump, size=jump * possible["match_code"].map(weights))
    return steps[steps["size"] > 0].sort_index().sort_values("size", ascending=False, kind="stable")


def lead(table: CodeTable, steps: pd.DataFrame, one: Indicator, *, region: str, rules: Comparison) -> Lead:
    """Find few ``steps`` after which 判断 is 优于: one by one that which lifts the lower end of the interval most.

    Every trial is put into the two-way model and the region judged anew, so the region in the middle moves too. That no
    other choice is smaller is not proved (an interval is not a sum); the tests hold it against all choices.
    """
    row, jumps = two_way.counted(table, one, table.regions.index(region)), steps["jump"].to_numpy("float64") * one.sign
    fitted, order = two_way.group_fit(table, rules), np.arange(1, len(jumps) + 1)
    if fitted is None or region not in fitted.table.regions:  # whatever it does it cannot be compared
        return Lead(steps.assign(order=order), len(jumps), False, two_way.judged_by(fitted, row, one, rules))
    own, where = fitted.table.regions.index(region), pd.Index(fitted.table.codes).get_indexer(steps["match_code"])

    taken: list[int] = []
    left, values, now = list(range(len(jumps))), fitted.table.values, two_way.judged_by(fitted, row, one, rules)
    ahead, margin = now.verdict == Verdict.AHEAD, two_way.margin_of(one, rules)
    while not ahead and left:
        tried = left[:_TRIED]  # those that move the effect most
        trials = _moved(values, where[tried], own, jumps[tried])
        best, apart = _surest(two_way.refit(fitted, trials), own, one, rules)
        values, taken, left = trials[best], [*taken, tried[best]], [step for step in left if step != tried[best]]
        ahead = now.n_peers >= rules.min_peers and two_way.verdict_of(apart, margin=margin) == Verdict.AHEAD
    now = two_way.judged_by(two_way.refit(fitted, values), row, one, rules)
    return Lead(steps.iloc[[*taken, *left]].assign(order=order), len(taken), ahead, now)


_TRIED = 8
"""How many steps are tried at a time; on the sample more find nothing better."""


def _moved(values: np.ndarray, codes: np.ndarray, region: int, jumps: np.ndarray) -> np.ndarray:
    """Return the values after each step alone, as a stack; one on a code that nobody compared holds changes none."""
    inside = np.flatnonzero(codes >= 0)
    moved = np.repeat(values[None], len(codes), axis=0)
    moved[inside, codes[inside], region] += jumps[inside]
    return moved


def _surest(fits: Fit, own: int, one: Indicator, rules: Comparison) -> tuple[int, Difference]:
    """Return which of a stack of fits puts the region surest before the one in the middle, the first of equal ones."""
    return max(enumerate(to_middle(fits, own, one, rules)), key=lambda trial: _sure(trial[1]))


def _sure(apart: Difference) -> tuple[float, float]:
    """Order trials: by the lower end of the interval; without one, behind, by how near they come to having one."""
    return (0.0, apart.n_effective) if isnan(apart.low) else (1.0, apart.low)


@dataclass(frozen=True)
class Lead:
    """The steps in their order, how many of them are ``needed``, whether 判断 is 优于 then, and what it rests on."""

    steps: pd.DataFrame
    needed: int
    reached: bool
    judged: Judged


def _ranks(reach: np.ndarray, ground: Ground) -> IntegerArray:
    """Return the rank of the first region at every value it reaches, on the digits then printed."""
    one, values = ground.one, ground.values
    others, min_peers = values.iloc[1:].to_numpy("float64"), rules_of(ground.constraints.settings).min_peers
    targets = {target_of(one, str(region)) for region in values.index}
    ranked = [places(np.append(value, others), one, targets=targets, min_peers=min_peers).ranks[0] for value in reach]
    return pd.array(ranked, dtype="Int64")


def _named(steps: pd.DataFrame, lever: Lever, states: pd.DataFrame, effects: dict[str, Any]) -> pd.DataFrame:
    """Return the steps their final columns, with the peers that already are where the step leads."""
    near, there = states[states["same_item"].isin(steps["same_item"])], defaultdict(list)
    for item, peer, state in zip(near["same_item"], near["region_code"], near["state"], strict=True):
        there[item].append((peer, state))
    wanted = zip(steps["region_code"], steps["same_item"], steps["goal"], strict=True)
    follows = [[peer for peer, state in there[item] if state <= goal + 1e-9 and peer != region]
               for region, item, goal in wanted]  # fmt: skip
    turning = lever.kind in ("flag", "type")
    columns = {
        "field": lever.field, "kind": lever.kind,
        "from_value": 1 - steps["state"] if turning else steps["state"],
        "to_value": 1 - steps["goal"] if turning else steps["goal"],
        "change_by": steps["state"] - steps["goal"],
        "follows": pd.Series(["、".join(peers[:3]) for peers in follows], index=steps.index, dtype="str"),
        "n_follows": pd.Series([len(peers) for peers in follows], index=steps.index, dtype="int64"),
        **effects,
    }  # fmt: skip
    return steps.assign(**columns)[list(STEPS)].reset_index(drop=True)
