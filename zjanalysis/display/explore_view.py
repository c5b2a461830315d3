"""One view of a period, chosen by hand: what is shown for a choice, and the lines of code that show the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pandas as pd

from zjanalysis.analysis.compare import compare
from zjanalysis.analysis.frontier import Conditions
from zjanalysis.analysis.indicators import as_written, measure
from zjanalysis.analysis.matching import room
from zjanalysis.analysis.plan import plan
from zjanalysis.analysis.registry import Scope
from zjanalysis.display.blocks import Block
from zjanalysis.display.exhibits import department_exhibit, rank_exhibit
from zjanalysis.display.exhibits_compare import plan_exhibit
from zjanalysis.display.sections import drags_table
from zjanalysis.display.tables import Table
from zjanalysis.errors import unknown_name
from zjanalysis.inputs.period import Period
from zjanalysis.inputs.regions import is_county, peers_of

AS_SET, RAW, ALL_TYPES = "数据集口径", "时限按原文数字，不折算", "不限事项类型"
_ITEMS: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], str]] = {
    AS_SET: (lambda items: items, "now.items"),
    RAW: (as_written, "zj.as_written(now.items)"),
    ALL_TYPES: (lambda items: items, "now.items"),
}
DEFINITIONS = tuple(_ITEMS)


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


def view(period: Period, choice: Choice, *, before: View | None = None) -> View:
    """Give the view of a choice on a loaded period; raises UnknownName for a definition nobody knows.

    Without a department: the rank among the peers. With one: the departments of the region, and the items of the one
    chosen whose promise is longer than a peer's. A target adds the fewest items to change for it. Of the view before,
    of the same period, the parts the change does not touch are kept: the same objects.
    """
    if choice.definition not in _ITEMS:
        raise unknown_name("口径", choice.definition, DEFINITIONS)
    items, scope = _ITEMS[choice.definition][0](period.items), _scope(period, choice)
    rivals = peers_of(choice.region, choice.peers)
    if before and replace(before.choice, target=choice.target) == choice:
        main, longer = before.main, before.items
    elif choice.department:
        main, longer = _departments(items, choice, scope), _longer(items, choice, rivals, scope)
    else:
        main, longer = _rank(items, choice, rivals, scope), None
    same = before and replace(before.choice, department=choice.department) == choice
    needed = before.plan if before and same else _plan(items, choice, rivals, scope)
    return View(choice, main, longer, needed, code_of(period, choice))


def _scope(period: Period, choice: Choice) -> Scope:
    types = () if choice.definition == ALL_TYPES else period.dataset.item_types
    return Scope(types, period.dataset.use_levels)


def _rank(items: pd.DataFrame, choice: Choice, rivals: tuple[str, ...], scope: Scope) -> Block:
    scores = measure(items, [choice.indicator], scope=scope)
    gaps = compare(scores, region=choice.region, peers=rivals, county=is_county(choice.region))
    return rank_exhibit(scores, gaps=gaps, indicator=choice.indicator, peers=rivals)


def _departments(items: pd.DataFrame, choice: Choice, scope: Scope) -> Block:
    departments = measure(items, [choice.indicator], by=("region_code", "department"), scope=scope)
    return department_exhibit(departments, region=choice.region, indicator=choice.indicator)


def _longer(items: pd.DataFrame, choice: Choice, rivals: tuple[str, ...], scope: Scope) -> Table:
    rooms = room(items, region=choice.region, peers=rivals, scope=scope)
    return drags_table(rooms[rooms["department"] == choice.department], region=choice.region)


def _plan(items: pd.DataFrame, choice: Choice, rivals: tuple[str, ...], scope: Scope) -> Block | None:
    if choice.target is None:
        return None
    found = plan(items, region=choice.region, peers=rivals, indicator=choice.indicator, target=choice.target,
                 conditions=Conditions(scope=scope))  # fmt: skip
    return plan_exhibit(found.steps, found.summary)


def code_of(period: Period, choice: Choice) -> str:
    """Give the lines that show the same in any notebook after ``import zjanalysis as zj``."""
    items, scope = _ITEMS[choice.definition][1], _scope(period, choice)
    where, read = f"region={choice.region!r}, peers=rivals", f"zj.load_period({choice.data!r}, {choice.period!r})"
    one = repr(choice.indicator)
    lines = [
        f"now, rivals = {read}, zj.peers_of({choice.region!r}, {choice.peers!r})",
        f"items, scope = {items}, zj.Scope({scope.item_types!r}, {scope.use_levels!r})",
    ]
    if choice.department:
        lines += [
            f'departments = zj.measure(items, [{one}], by=("region_code", "department"), scope=scope)',
            f"rooms = zj.room(items, {where}, scope=scope)",
            f"zj.show(zj.department_exhibit(departments, region={choice.region!r}, indicator={choice.indicator!r}),",
            f'        zj.drags_table(rooms[rooms["department"] == {choice.department!r}], region={choice.region!r}))',
        ]
    else:
        lines += [
            f"scores = zj.measure(items, [{one}], scope=scope)",
            f"gaps = zj.compare(scores, {where}, county={is_county(choice.region)!r})",
            f"zj.show(zj.rank_exhibit(scores, gaps=gaps, indicator={choice.indicator!r}, peers=rivals))",
        ]
    if choice.target is not None:
        target = f"indicator={choice.indicator!r}, target={choice.target!r}, conditions=zj.Conditions(scope=scope)"
        lines += [f"found = zj.plan(items, {where}, {target})", "zj.show(zj.plan_exhibit(found.steps, found.summary))"]
    return "\n".join(lines)
