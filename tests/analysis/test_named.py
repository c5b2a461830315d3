"""What an analyst calls: names beside codes, the same numbers."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

import zjanalysis as zj
from zjanalysis.analysis.indicators import measure
from zjanalysis.analysis.registry import PLAN_SCOPE, Scope
from zjanalysis.errors import NoData

ITEMS = """
region_code match_code item_name department item_type use_level visits
440823      A          甲        局一       行政许可  4         1
440823      B          乙        局二       行政确认  4         2
440823      C          丙        局二       行政许可  2         4
440825      A          甲        局甲       行政许可  4         0
"""


@pytest.mark.parametrize("scope", [None, Scope(item_types=()), Scope(use_levels=("2", "4"))])
def test_the_scope_of_the_plan_counts_unless_another_is_asked_for(
    items_of: Callable[[str], pd.DataFrame], scope: Scope | None
) -> None:
    items = items_of(ITEMS)
    named, plain = zj.measure(items, "跑动率", scope=scope), measure(items, ["visit_share"], scope=scope or PLAN_SCOPE)
    assert named["地区"].tolist() == ["遂溪县", "徐闻县"]
    assert named["value"].tolist() == plain["value"].tolist()
    assert named["n"].tolist() == plain["n"].tolist()


def test_standings_of_regions_without_items_are_refused(items_of: Callable[[str], pd.DataFrame]) -> None:
    with pytest.raises(NoData, match="茂名市"):
        zj.standings(items_of(ITEMS), regions=["茂名市"])
