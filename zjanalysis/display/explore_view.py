"""One view of a study, chosen by hand: what is shown for a choice, and the lines of code that show the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from zjanalysis.analysis.indicators import as_written
from zjanalysis.display.actions import plan
from zjanalysis.display.blocks import Block
from zjanalysis.display.peers import ranking
from zjanalysis.display.reasons import departments
from zjanalysis.display.tables import Table, page_columns, table
from zjanalysis.errors import unknown_name
from zjanalysis.inputs.period import Period
from zjanalysis.studies import Study, study_of

AS_SET, RAW, ALL_TYPES = "数据集口径", "时限按原文数字，不折算", "不限事项类型"
_CHANGES: dict[str, Callable[[Period], Period]] = {
    AS_SET: lambda now: now,
    RAW: lambda now: replace(now, items=as_written(now.items), memory={}),
    ALL_TYPES: lambda now: replace(now, dataset=replace(now.dataset, item_types=()), memory={}),
}
_CODE = {AS_SET: "", RAW: ", as_written=True", ALL_TYPES: ", all_types=True"}
DEFINITIONS = tuple(_CHANGES)


@dataclass(frozen=True)
class Choice:
    """What an analyst has chosen. ``department`` empty compares regions; ``target`` is a value of the indicator."""

    data: str
    period: str
    region: str
    peers: str = ""
    indicator: str = "time_compression"
    department: str = ""
    definition: str = AS_SET
    target: float | None = None


@dataclass(frozen=True)
class View:
    """What a choice shows: figure with sentence and table, the items of a department, the plan, and the code of it."""

    choice: Choice
    main: Block
    items: Table | None
    plan: Block | None
    code: str


def chosen_study(period: Period, choice: Choice) -> Study:
    """Give the study of a choice on a loaded period; raises UnknownName for a definition nobody knows."""
    if choice.definition not in _CHANGES:
        raise unknown_name("口径", choice.definition, DEFINITIONS)
    changed = period.once(("definition", choice.definition), lambda: _CHANGES[choice.definition](period))
    return study_of(changed, region=choice.region, peers=choice.peers)


def view(period: Period, choice: Choice, *, before: View | None = None) -> View:
    """Give the view of a choice on a loaded period.

    Without a department: the place in the group. With one: the departments of the region, and the items of the one
    chosen whose promise is longer than a peer's. A target adds the fewest items to change for it. Of the view before,
    of the same period, the parts the change does not touch are kept: the same objects.
    """
    me = chosen_study(period, choice)
    if before and replace(before.choice, target=choice.target) == choice:
        main, longer = before.main, before.items
    elif choice.department:
        main, longer = departments(me, choice.indicator), _longer(me, choice.department)
    else:
        main, longer = ranking(me, choice.indicator), None
    same = before and replace(before.choice, department=choice.department) == choice
    needed = before.plan if before and same else _plan(me, choice)
    return View(choice, main, longer, needed, code_of(choice))


def _longer(me: Study, department: str) -> Table:
    rows = me.laggards()
    own = rows[rows["department"] == department]
    return table(
        own, caption=f"{department}：承诺长于{me.whom}的事项", columns=page_columns("laggards"), sheet="拖累事项"
    )


def _plan(me: Study, choice: Choice) -> Block | None:
    return None if choice.target is None else plan(me, choice.indicator, target=choice.target)[0]


def code_of(choice: Choice) -> str:
    """Give the lines that show the same in any notebook after ``import zjanalysis as zj``."""
    where = f"{choice.data!r}, {choice.period!r}, region={choice.region!r}"
    peers = f", peers={choice.peers!r}" if choice.peers else ""
    lines = [f"me = zj.study({where}{peers}{_CODE[choice.definition]})"]
    if choice.department:
        lines += [
            f"zj.show(zj.departments(me, {choice.indicator!r}))",
            f'zj.show(me.laggards().query("department == {choice.department!r}"))',
        ]
    else:
        lines += [
            f"zj.show(zj.ranking(me, {choice.indicator!r}))",
            f'zj.show(me.scores.query("indicator == {choice.indicator!r}").sort_values("value"))',
        ]
    if choice.target is not None:
        lines.append(f"zj.show(*zj.plan(me, {choice.indicator!r}, target={choice.target!r}))")
    return "\n".join(lines)
