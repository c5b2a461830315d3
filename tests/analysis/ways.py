"""What a Study computes once for its group, from a table of items alone: plans, pairs, readings of one region."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from zjanalysis.analysis import like_for_like as two_way
from zjanalysis.analysis.frontier import FREE, Constraints, peer_states
from zjanalysis.analysis.indicators import measure
from zjanalysis.analysis.plan import Ground, Plan, headrooms, plan_on, read_target
from zjanalysis.analysis.registry import PLAN_SCOPE, Indicator, Scope
from zjanalysis.analysis.registry import indicator as find
from zjanalysis.analysis.sensitivity import own_rows, readings
from zjanalysis.settings import Settings, load_settings


def survey(
    items: pd.DataFrame, *, region: str, peers: Iterable[str], indicator: str | Indicator,
    constraints: Constraints = FREE,
) -> Ground:  # fmt: skip
    one, group, scope = find(indicator), tuple(dict.fromkeys([region, *peers])), constraints.scope
    rows = items[items["region_code"].isin(group)]
    values = measure(rows, [one], scope=scope).set_index("region_code")["value"].reindex(list(group))
    states = peer_states(rows, one, peers=group, scope=scope)
    table, alike = headrooms(rows, one, regions=[region], group=group, states=states, constraints=constraints)
    codes = two_way.code_tables(rows, [one], regions=group, scope=scope)[one.key]
    return Ground(items, one, group, values, states, table, alike, codes, constraints)


def plan(
    items: pd.DataFrame, *, region: str, peers: Iterable[str], indicator: str | Indicator,
    target: float | str = "plan", constraints: Constraints = FREE,
) -> Plan:  # fmt: skip
    ground = survey(items, region=region, peers=peers, indicator=indicator, constraints=constraints)
    return plan_on(ground, target=read_target(target), constraints=constraints)


def like_for_like(
    items: pd.DataFrame, *, region: str, peers: Iterable[str], indicator: str, scope: Scope | None = PLAN_SCOPE
) -> pd.DataFrame:
    one = find(indicator)
    table = two_way.code_tables(items, [one], regions=[region, *peers], scope=scope)[one.key]
    return two_way.pairs(table, one, region=region, peers=peers)


def sensitivity(
    items: pd.DataFrame, *, region: str, peers: Iterable[str], indicator: str = "time_compression",
    settings: Settings | None = None, scope: Scope = PLAN_SCOPE,
) -> pd.DataFrame:  # fmt: skip
    rows = readings(items, regions=(region, *peers), indicator=find(indicator), settings=settings or load_settings(),
                    scope=scope)  # fmt: skip
    return own_rows(rows, region)
