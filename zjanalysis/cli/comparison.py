"""``zj compare``, ``zj plan`` and ``zj diff``: where a region stands, what it would take, what has changed."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from zjanalysis.analysis.frontier import Constraints
from zjanalysis.analysis.registry import Indicator, indicator
from zjanalysis.analysis.tasks import (
    ANSWERS,
    NOT_TAKEN,
    ONE_TASK,
    UNREAD,
    after_answers,
    each_once,
    judge_answers,
    task_list,
)
from zjanalysis.cli import listed, refuse_unused
from zjanalysis.cli.output import print_table, save, typed
from zjanalysis.display import actions, answer, changes, peers, spine, whole
from zjanalysis.display.blocks import Block
from zjanalysis.display.dates import iso_day
from zjanalysis.display.forms import write_tasks
from zjanalysis.display.tables import page_table, table, table_from_payload
from zjanalysis.errors import ConfigError
from zjanalysis.inputs.office_table import read_answers
from zjanalysis.inputs.period import load_period
from zjanalysis.inputs.regions import is_whole, region_name
from zjanalysis.studies import Study, study, study_of

FOR_A_PLAN = ("out", "due", "lock", "max_per_department", "without_reviews", "target", "min_peers", "floor")
"""Options that answers have no use for."""
ANSWERED = ("indicator", "stage", "value", "rank", "n_ranked", "n_tasks")


def compare(arguments: argparse.Namespace) -> int:
    """Print where a region stands in its group: 位次, 达标 and 判断, and the evidence for one indicator."""
    me = study(arguments.data, arguments.period, region=arguments.place, peers=arguments.peers)
    _head(me)
    if arguments.indicator:
        key = indicator(arguments.indicator).key
        main = peers.ranking(me, key)
        _say(main)
        _say(whole.parts(me, key) if is_whole(me.region) else peers.pairs(me, key))
    elif is_whole(me.region):
        main = whole.whole(me)
        _say(main)
    else:
        main = spine.spine(me)
        print(answer.position_sentence(me))
        _table(main)
    if arguments.out:
        printed = table_from_payload(main.payload["table"])
        assert main.rows is not None
        save(main.rows, printed, Path(arguments.out), title=f"{me.name}比较")
    return 0


def plan(arguments: argparse.Namespace) -> int:
    """Print the fewest items to change for a target; write the task list, or read the answers back."""
    me = study(arguments.data, arguments.period, region=arguments.place, peers=arguments.peers)
    one = indicator(arguments.indicator)
    if arguments.apply:
        return _apply(me, one, arguments)
    due = iso_day(arguments.due, example="2021-06-30") if arguments.due else ""
    most = arguments.max_per_department
    constraints = Constraints(min_peers=arguments.min_peers, floor=arguments.floor, max_per_department=most,
                            locked=listed(arguments.lock), reviewed=not arguments.without_reviews)  # fmt: skip
    target = arguments.target
    proposal = me.plan(one.key, target=target, constraints=constraints)
    _head(me)
    _say(actions.plan(me, one.key, target=target, constraints=constraints)[0])
    if not proposal.outcome["reached"] and len(proposal.obstacles):
        _table(actions.obstacles(me, one.key, target=target, constraints=constraints))
    if arguments.out:
        path = Path(arguments.out)
        write_tasks(task_list(proposal.steps, due=due), path, title=f"{me.name}{one.short}提升任务清单",
                    sample=me.period.dataset.kind == "sample")  # fmt: skip
        options = typed(arguments, "data", "period", "peers")
        print(f"已写入 {path}；收回后用 zj plan {me.region} --indicator {one.key}{options} --apply 文件 查看效果。")
    return 0


def diff(arguments: argparse.Namespace) -> int:
    """Print what moved between two periods of a region, split into items added, removed and changed."""
    before, now = load_period(arguments.data, arguments.before), load_period(arguments.data, arguments.now)
    if before.name > now.name:
        way = f"较早的一期写在前面：zj diff {now.name} {before.name}。"
        raise ConfigError(f"{before.name} 晚于 {now.name}，不能当作它的上期。", way)
    me = study_of(now, region=arguments.region, before=before)
    print(f"{me.name}：{me.before.name} → {me.period.name}")
    rows = spine.spine_rows(me)
    printed = page_table("compared", rows)
    print_table(printed)
    print(changes.change_split(me, "time_compression").sentence)
    _say(changes.item_changes(me))
    if arguments.out:
        save(rows, printed, Path(arguments.out), title=f"{me.name}指标变化")
    return 0


def _apply(me: Study, one: Indicator, arguments: argparse.Namespace) -> int:
    """Say what the returned answers come to; raises ConfigError where they are not about the region and indicator."""
    refuse_unused(arguments, FOR_A_PLAN, why="--apply 只看反馈的效果", hint="请去掉它们，或去掉 --apply 另作方案。")
    judged = each_once(judge_answers(me.period.items, read_answers(Path(arguments.apply))))
    about = judged[["region_code", "indicator"]].drop_duplicates()
    if about.to_numpy().tolist() != [[me.region, one.key]]:
        lists = "、".join(f"{region_name(region)}{indicator(key).short}" for region, key in about.to_numpy())
        asked = f"{region_name(me.region)}{one.short}"
        raise ConfigError(f"这是{lists}的清单，不是{asked}的。", "请换成清单所写的地区和指标。")
    counted = judged.drop_duplicates([*ONE_TASK, "answer_state"])["answer_state"].value_counts()
    print("反馈：" + "，".join(f"{state}{n}项" for state, n in counted.items()))
    unread = judged[judged["answer_state"].isin(NOT_TAKEN)]
    for state, rows in unread.groupby("answer_state", sort=False):
        print(f"{state}：{_places(rows)}。")
    if unread["answer_state"].eq(UNREAD).any():
        print(f"反馈只认{'、'.join(ANSWERS)}；部分同意要填商定值（数字，跑动次数为整数）。")
    after = after_answers(me.period.items, judged, peers=me.peers, scope=me.scope)
    print_table(table(after, caption="落实后", columns=ANSWERED))
    return 0


def _places(rows: pd.DataFrame) -> str:
    """Name the rows of a returned list by sheet and row, with what was answered; after twenty only how many more."""
    cells = rows[["sheet", "row_number", "answer", "agreed_text"]].head(20).to_numpy()
    named = [f"{sheet}第{row}行“{answer}{f'，{agreed}' if agreed else ''}”" for sheet, row, answer, agreed in cells]
    return "、".join(named) + (f"等共{len(rows)}项" if len(rows) > len(named) else "")


def _say(block: Block) -> None:
    print(block.sentence)
    _table(block)


def _table(block: Block) -> None:
    if "table" in block.payload:
        printed = table_from_payload(block.payload["table"])
        print_table(printed, limit=30)
        if printed.note:
            print(printed.note)


def _head(me: Study) -> None:
    sample = "（示例数据，模拟）" if me.period.dataset.kind == "sample" else ""
    compared = f"与{me.others}比较" if me.peers else "没有可比的地区"
    print(f"{me.name} · {me.period.name}{sample} · 截止 {me.period.cutoff} · {compared}")
