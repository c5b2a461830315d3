"""What to do: the fewest items to change for each target, what stands in the way, and the task list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from zjanalysis.analysis.frontier import FREE, Constraints
from zjanalysis.analysis.plan import LEAD, Plan
from zjanalysis.analysis.registry import for_region
from zjanalysis.analysis.tasks import task_list
from zjanalysis.display import wording
from zjanalysis.display.answer import digits_of, gain_text, named_steps, over_note, step_counts
from zjanalysis.display.blocks import Block, leading, listing, say
from zjanalysis.display.tables import about, page_table
from zjanalysis.inputs.regions import UNNAMED
from zjanalysis.inputs.workplan import has_plan
from zjanalysis.studies import Study
from zjanalysis.units import Met, Verdict


def plan_overview(me: Study, *indicators: str) -> Block:
    """Return both answers of the plan side by side: the fewest items until 达标, and until 判断 is 优于.

    Where no plan on record binds the region the first is to pass the median, and nothing is called 达标. An indicator
    that has no value, nobody to follow or no yardstick is a word in the note; so is what reviews stand in the way of.
    """
    keys = [str(key) for key in indicators or me.gaps["indicator"]]
    plans = {key: (me.plan(key), me.plan(key, target=LEAD)) for key in keys}
    unknown = [key for key in keys if wording.missing(plans[key][0].outcome["value"])]
    why = {key: str(plans[key][0].outcome["reason"]) for key in keys if key not in unknown}
    alone = [key for key in keys if key not in unknown and _nobody(*plans[key])]
    rows = pd.DataFrame([_overview(me, key, *plans[key]) for key in keys if key not in (*unknown, *alone)])
    left = [
        ([key for key in why if why[key] == one], f"{Met.OPEN}：{one}") for one in dict.fromkeys(why.values()) if one
    ]
    left += [(alone, "没有可参照的做法"), (unknown, wording.NO_DATA)]
    said = "".join(f"{'、'.join(about(key).short for key in some)}{word}。" for some, word in left if some)
    if rows.empty:
        return say(f"没有可列的压减方案：{said}")
    free = "；".join(filter(None, rows.pop("review")))
    reviewed = f"不改须经专业论证的事项（环评、海域、水上水下等）：{free}。" if free else ""
    note = f"只列兄弟地区已经做到的改法；全组中位数随本地区数值变动，已计入。{reviewed}{said}"
    printed = page_table("plan_overview", rows, note=note, goal=_goal(me))
    return listing(printed, _all_steps([plans[key][0] for key in why if not why[key]], _goal(me)))


def _goal(me: Study, key: str = "") -> str:
    """Say what a plan, or all plans, of a region reach: 达标, where a plan on record asks it; else the median."""
    if has_plan(me.region) and me.chosen and not key:
        return "达到目标"
    return "达标" if has_plan(me.region) and (not key or for_region(me.asked(key), me.region).aim) else "过中位数"


def _all_steps(plans: list[Plan], goal: str) -> str:
    steps = [one.steps for one in plans if len(one.steps)]
    if not steps:
        return ""
    n_short = sum(bool(len(one.steps)) or not one.outcome["reached"] for one in plans)
    offices = _offices(pd.concat([one["department"] for one in steps]))
    return f"未{goal}的{n_short}项指标共需{step_counts(steps)}，涉及{offices}。"


def _offices(departments: pd.Series) -> str:
    """Count departments, and what has none: it is not one more of them.

    >>> _offices(pd.Series(["甲局", "甲局", None])), _offices(pd.Series([None], dtype="str"))
    ('1个部门、1项部门未注明', '1项部门未注明')
    """
    n, blank = departments.nunique(), int(departments.isna().sum())
    return "、".join([f"{n}个部门"] * (n > 0) + [f"{blank}项{UNNAMED}"] * (blank > 0))


def _nobody(met: Plan, lead: Plan) -> bool:
    """Tell whether nothing can be changed and nothing is reached: no peer does better what the region does."""
    return all(not row["n_possible"] and not row["reached"] for row in (met.outcome, lead.outcome))


def _overview(me: Study, key: str, met: Plan, lead: Plan) -> dict[str, object]:
    one, row = about(key), met.outcome
    needed, review = _needed(row, one.unit, _goal(me, one.key)), ""
    if (row["n_reviewed"] or not row["reached"]) and not row["reason"]:
        free = _needed(me.plan(key, constraints=replace(FREE, reviewed=False)).outcome, one.unit, _goal(me, one.key))
        review = f"{one.short}{free}" if free != needed else ""
    digits, target = digits_of(row, one.unit), row["target"]
    goal = "—" if wording.missing(target) else wording.goal(target, one.unit, one.sign, past=row["past"], digits=digits)
    return {
        "name": one.short, "now": wording.amount(row["value"], one.unit, digits), "goal_text": goal, "met": needed,
        "cost": _cost(met.steps), "lead": _needed(lead.outcome, one.unit, Verdict.AHEAD), "review": review,
    }  # fmt: skip


def _needed(row: Mapping[str, Any], unit: str, goal: str) -> str:
    digits = None if goal == Verdict.AHEAD else digits_of(row, unit)
    if row["reached"] and not row["n_steps"]:
        return f"已{goal}"
    if row["reached"]:
        return f"{int(row['n_steps'])}项（到{wording.amount(row['reached_value'], unit, digits)}）"
    if row["reason"] and goal != Verdict.AHEAD:
        return str(Met.OPEN)
    if not row["n_possible"]:
        return "没有可参照的做法"
    every = f"全部{int(row['n_possible'])}项改完"
    if goal != Verdict.AHEAD:
        return f"达不到：{every}为{wording.amount(row['best_reachable'], unit, digits)}"
    return f"{every}{row['verdict']}：{row['reason']}" if row["reason"] else f"达不到：{every}仍不算优于"


def _cost(steps: pd.DataFrame) -> str:
    """Say what the steps ask for: days shortened, visits saved, items turned, and of how many departments."""
    if steps.empty:
        return "—"
    kind, total = str(steps["kind"].iloc[0]), float(steps["change_by"].sum())
    cost = {"days": f"压缩{wording.plain(total)}个工作日", "visits": f"少跑{wording.plain(total)}次"}
    return f"{cost.get(kind, f'改{len(steps)}项')}，{_offices(steps['department'])}"


def plan(
    me: Study, *indicators: str, target: float | str = "plan", constraints: Constraints = FREE, limit: int = 30
) -> tuple[Block, ...]:
    """Return the plan of each indicator (none named: the six): the sentence, and the items to change in their order, at
    most ``limit``.
    """
    every = (me.plan(key, target=target, constraints=constraints) for key in indicators or me.keys)
    return tuple(_plan(one, me, limit) for one in every)


def _plan(planned: Plan, me: Study, limit: int) -> Block:
    row = planned.outcome
    one = about(str(row["indicator"]))
    if wording.missing(row["value"]):
        return say(f"{me.name}{one.label}{wording.NO_DATA}，不列方案。")
    digits = None if row["goal"] == LEAD else digits_of(row, one.unit)
    said = f"{me.name}{one.label}现为{wording.amount(row['value'], one.unit, digits)}，"
    if row["goal"] == LEAD:
        said += "目标是同事项判断为优于："
    elif wording.missing(row["target"]):
        why = f"{row['reason']}，{Met.OPEN}" if row["reason"] else f"兄弟地区{wording.NO_DATA}，没有目标可比"
        return say(f"{said}{why}，不列方案。")
    else:
        whose = "中位数" if row["goal"] in ("plan", "median") else "对方"
        asked = wording.goal(row["target"], one.unit, one.sign, past=row["past"], whose=whose, digits=digits)
        said += f"目标{asked}："
    said += _answer(row, one.unit, digits)
    if planned.steps.empty:
        return say(said)
    if row["n_reviewed"]:
        said += f"带*的{int(row['n_reviewed'])}项须经部门论证。"
    rows = named_steps(planned.steps, me)
    said += over_note(leading(rows, limit))
    rows = rows.assign(cumulative_text=[wording.amount(v, one.unit, digits) for v in rows["cumulative"]])
    return listing(page_table("plan", rows, one), said, limit=limit)


def _answer(row: Mapping[str, Any], unit: str, digits: int | None) -> str:
    if row["reached"] and not row["n_steps"]:
        return "已经做到，无需调整。"
    if not row["reached"]:
        if not row["n_possible"]:
            return "没有兄弟地区已经做到的改法可以参照。"
        best = wording.amount(row["best_reachable"], unit, digits)
        then = f"{row['verdict']}（{row['reason']}）" if row["reason"] else "仍做不到"
        return f"按兄弟地区已有做法全部改{int(row['n_possible'])}项，最好到{best}，{then}。"
    before, after = int(row["rank_before"]), int(row["rank_after"])
    moved = f"由第{before}到第{after}" if before != after else f"仍为第{after}"
    reached = wording.amount(row["reached_value"], unit, digits)
    return f"最少改{int(row['n_steps'])}项，到{reached}，位次{moved}（共{int(row['n_ranked'])}个地区）。"


def obstacles(me: Study, *indicators: str, target: float | str = "plan", constraints: Constraints = FREE) -> Block:
    """Return what stands in the way of more than the plans reach, indicator by indicator (none named: the six)."""
    plans = {key: me.plan(key, target=target, constraints=constraints) for key in indicators or me.keys}
    barriers = pd.concat([one.obstacles.assign(indicator=key) for key, one in plans.items()], ignore_index=True)
    if barriers.empty:
        return say("方案之外没有受限的事项。")
    ones = [about(key) for key in barriers["indicator"]]
    rows = barriers.assign(
        name=[one.short for one in ones],
        could=[gain_text(v, one) for one, v in zip(ones, barriers["could_gain"], strict=True)],
    )
    return listing(page_table("obstacles", rows))


def tasks(me: Study, *indicators: str) -> Block:
    """Return the task list of the plans (none named: of the six) for the departments.

    The workbook to send out is written by ``zj plan --out``.
    """
    every = [me.plan(key) for key in indicators or me.keys]
    plans = [one.steps for one in every if len(one.steps)]
    if not plans:
        met = has_plan(me.region) and all(one.outcome["reached"] for one in every)
        return say(f"{'各项目标均已达到，' if met else ''}没有要下发的任务。")
    rows = task_list(*plans)
    return listing(page_table("tasks", rows), f"共{len(rows)}项任务（{step_counts(plans)}）。")
