"""The plan as a task list that departments answer, and what the answers come to: steps → list → answers → items."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from zjanalysis.analysis.compare import facts
from zjanalysis.analysis.frontier import INSTANT, item_keys, lever_of
from zjanalysis.analysis.indicators import measure
from zjanalysis.analysis.registry import PLAN_SCOPE, SCORE_KEY, Indicator, Scope
from zjanalysis.analysis.registry import indicator as find
from zjanalysis.inputs.regions import load_regions

ANSWERS = ("同意", "已完成", "部分同意", "不同意")
"""What the 反馈 column offers; 部分同意 needs a number in 商定值."""
ACCEPTED, REFUSED, OPEN, UNREAD, UNKNOWN_ITEM = "采纳", "不采纳", "未反馈", "未识别", "查无此项"
SAME, WORSE, TWICE = "与现状相同", "比现状差", "前后不一"
NOT_TAKEN = (UNREAD, UNKNOWN_ITEM, TWICE, SAME, WORSE)
ONE_TASK = ["region_code", "indicator", "item_key"]
TASKS = (
    "order", "item_key", "match_code", "item_name", "department", "current_text", "proposed_text", "basis", "gain",
    "responsible", "due", "answer", "agreed_value", "to_value", "indicator", "region_code",
)  # fmt: skip
NOW, ANSWERED, ALL_DONE = "现状", "按反馈", "全部落实"


def task_list(*plans: pd.DataFrame, due: str = "") -> pd.DataFrame:
    """Return the steps of one or more plans as tasks: a row is one change a department is asked for, not yet answered.

    ``current_text`` and ``proposed_text`` are written out (10个工作日 → 3个工作日, 非即办件 → 即办件), ``basis`` names
    the peers that already do so, ``gain`` is what the indicator gets better by. ``agreed_value`` is free for another
    number than the proposed ``to_value``. item_key, indicator, region_code and to_value bring the answers home.
    """
    steps = pd.concat(plans, ignore_index=True) if len(plans) > 1 else plans[0]
    names = load_regions().set_index("code")["name"]
    peers = steps["follows"].str.split("、").explode()
    known = peers.map(names).astype("object").fillna(peers).astype("str")
    named = known.groupby(level=0).agg("、".join).reindex(steps.index).astype("str").fillna("")
    more = np.where(steps["n_follows"] > 3, "等" + steps["n_follows"].astype("str") + "个地区", "")
    proposed = _written(steps, "to_value")
    done = np.select([steps["kind"] == "flag", steps["kind"] == "type"], ["实现", f"为{INSTANT}"], "做到" + proposed)
    basis = named + more + "同一事项已" + pd.Series(done, index=steps.index).astype("str")
    return steps.assign(
        order=range(1, len(steps) + 1),
        current_text=_written(steps, "from_value"),
        proposed_text=proposed,
        basis=basis.where(named != "", "无可参照地区，按目标提出"),
        responsible=steps["department"],
        due=due,
        answer="",
        agreed_value=np.nan,
    )[list(TASKS)].reset_index(drop=True)


def _written(steps: pd.DataFrame, column: str) -> pd.Series:
    number = steps[column].map("{:.10g}".format).astype("str")
    return pd.Series(
        np.select(
            [steps["kind"] == "days", steps["kind"] == "visits", steps["kind"] == "type"],
            [number + "个工作日", number + "次", np.where(steps[column] == 1, INSTANT, f"非{INSTANT}")],
            np.where(steps[column] == 1, "是", "否"),
        ),
        index=steps.index,
    )


def judge_answers(items: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Return the answers with ``answer_state`` and ``applied_value``, what each comes to.

    采纳: 同意 or 已完成, with agreed_value where given, else to_value; 部分同意 only with agreed_value; 与现状相同 and
    比现状差 where that betters nothing. 不采纳: 不同意. 未反馈: empty. 未识别: any other word, or no number an item
    can have. 查无此项: the item is not in the items any more.
    """
    word = answers["answer"].astype("str").str.strip(" \t\r\n　。.！!")
    word = word.where(word != "")
    agreed = pd.to_numeric(answers["agreed_value"], errors="coerce")
    proposed = pd.to_numeric(answers["to_value"], errors="coerce")
    value = agreed.where(agreed.notna() | (word == "部分同意"), proposed)
    known = pd.MultiIndex.from_arrays([items["region_code"], item_keys(items)])
    here = pd.MultiIndex.from_arrays([answers["region_code"].astype("str"), answers["item_key"].astype("str")])
    possible, step = value.ge(0), pd.Series(np.nan, index=answers.index)
    for key, part in value.groupby(answers["indicator"].astype("str")):
        lever, at = lever_of(find(str(key))), answers.index.isin(part.index)
        if lever.kind != "days":
            possible &= ~at | (value.mod(1).eq(0) & (value.le(1) | (lever.kind == "visits")))
        now = pd.Series(lever.state(items).to_numpy(), index=known)
        now = now[~known.duplicated(keep="last")].reindex(here[at])
        step[at] = lever.aim(part).to_numpy() - now.to_numpy()
    choices = [
        (pd.Series(~here.isin(known), index=answers.index), UNKNOWN_ITEM),
        (word.isna(), OPEN),
        (word == "不同意", REFUSED),
        (~word.isin(ANSWERS) | ~possible, UNREAD),
        (step.eq(0), SAME),
        (step.gt(0), WORSE),
    ]
    state = pd.Series(np.select([c for c, _ in choices], [s for _, s in choices], ACCEPTED), index=answers.index)
    return answers.assign(answer_state=state, applied_value=value.where(state == ACCEPTED))


def each_once(judged: pd.DataFrame) -> pd.DataFrame:
    """Return judged answers with one row a task: of a task that stands twice, as where two departments became one, the
    row that is answered. Rows that answer it in two ways all stay, 前后不一, and none is taken.
    """
    task, silent = [judged[key].astype("str") for key in ONE_TASK], judged["answer_state"].eq(OPEN)
    judged = judged[~(silent & (~silent).groupby(task).transform("any"))]
    said = judged["answer_state"] + judged["applied_value"].fillna(-1).astype("str")
    apart = said.groupby(task).transform("nunique").gt(1)
    states, values = judged["answer_state"].mask(apart, TWICE), judged["applied_value"].mask(apart)
    kept = apart | states.eq(UNKNOWN_ITEM) | ~judged.duplicated(ONE_TASK)
    return judged.assign(answer_state=states, applied_value=values)[kept].reset_index(drop=True)


def carried_out(items: pd.DataFrame, accepted: pd.DataFrame) -> pd.DataFrame:
    """Return the items with every row of ``accepted`` carried out, each at its ``applied_value``."""
    rows = pd.MultiIndex.from_arrays([items["region_code"], item_keys(items)])
    for key, part in accepted.groupby("indicator"):
        lever = lever_of(find(str(key)))
        names = pd.MultiIndex.from_arrays([part["region_code"].astype("str"), part["item_key"].astype("str")])
        applied = pd.Series(part["applied_value"].to_numpy(dtype="float64"), index=names)
        value = pd.Series(applied[~applied.index.duplicated(keep="last")].reindex(rows).to_numpy(), index=items.index)
        items = lever.settled(items, lever.aim(value))
    return items


def after_answers(
    items: pd.DataFrame, answers: pd.DataFrame, *, peers: Iterable[str], scope: Scope | None = PLAN_SCOPE
) -> pd.DataFrame:
    """Return value and rank now, after the answers, and with every task done: one row per indicator and ``stage``.

    Columns: region_code, indicator, stage, value, rank, n_ranked, n_tasks (how many changes the stage carries out).
    """
    judged = each_once(judge_answers(items, answers))
    every = judged[judged["answer_state"] != UNKNOWN_ITEM].drop_duplicates(ONE_TASK)
    every = every.assign(applied_value=pd.to_numeric(every["to_value"]))
    accepted = judged[judged["answer_state"] == ACCEPTED]
    regions = [*dict.fromkeys([*answers["region_code"].astype("str"), *peers])]
    wanted = [find(str(key)) for key in dict.fromkeys(answers["indicator"])]
    stages = ((NOW, judged.head(0)), (ANSWERED, accepted), (ALL_DONE, every))
    tables = [_stage(items, part, wanted, regions, scope).assign(stage=name) for name, part in stages]
    counted = pd.concat(tables, ignore_index=True)
    asked = counted[counted["region_code"].isin(answers["region_code"].astype("str"))]
    columns = [*SCORE_KEY, "stage", "value", "rank", "n_ranked", "n_tasks"]
    return asked[columns].reset_index(drop=True)


def _stage(
    items: pd.DataFrame, part: pd.DataFrame, wanted: list[Indicator], regions: list[str], scope: Scope | None
) -> pd.DataFrame:
    rows = carried_out(items, part)
    scores = facts(measure(rows[rows["region_code"].isin(regions)], wanted, scope=scope), indicators=wanted)
    done = part.groupby(SCORE_KEY).size().rename("n_tasks").reset_index()
    joined = scores.merge(done, on=SCORE_KEY, how="left")
    return joined.assign(n_tasks=joined["n_tasks"].fillna(0).astype("int64"))
