"""What an analyst calls: names beside codes, the same numbers."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

import zjanalysis as zj
from zjanalysis.analysis.indicators import measure
from zjanalysis.analysis.named import known_types
from zjanalysis.analysis.registry import PLAN_SCOPE, Scope
from zjanalysis.errors import NoData, UnknownName

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


@pytest.mark.parametrize(
    ("scope", "same"),
    [
        ("行政确认", Scope(("行政确认",))),
        (["行政确认", "行政许可"], Scope(("行政确认", "行政许可"))),
        (Scope("行政许可", 4), Scope(("行政许可",), ("4",))),  # type: ignore[arg-type]
        (Scope(use_levels=(2, "县级")), Scope(use_levels=("2", "4"))),  # type: ignore[arg-type]
    ],
)
def test_a_scope_is_one_name_or_several_levels_by_name_or_code(
    items_of: Callable[[str], pd.DataFrame], scope: Scope | str | list[str], same: Scope
) -> None:
    items = items_of(ITEMS)
    asked, plain = zj.measure(items, "visits", scope=scope), measure(items, ["visits"], scope=same)
    assert asked["n"].tolist() == plain["n"].tolist()
    assert asked["n"].sum() > 0
    assert zj.standings(items, regions=440823, indicators="visits", scope=scope)["n"].tolist() == [plain["n"][0]]


def test_an_official_type_that_nobody_lists_is_known(items_of: Callable[[str], pd.DataFrame]) -> None:
    items = items_of(ITEMS)
    assert known_types(["行政处罚", "行政确认"], items) == ("行政处罚", "行政确认")
    assert known_types(["自定类型"], items.assign(item_type="自定类型")) == ("自定类型",)


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (
            lambda items: zj.measure(items, "visits", scope=Scope(("行政许",))),
            "未找到事项类型“行政许”，是不是“行政许可”",
        ),
        (lambda items: zj.measure(items, "visits", scope="行政许"), "是不是“行政许可”"),
        (lambda items: zj.measure(items, "visits", scope=Scope(use_levels=("是级",))), "未找到行使层级“是级”"),
        (lambda items: zj.standings(items, regions="遂西县"), "未找到地区“遂西县”"),
        (lambda _: zj.item_series("data/sample", "visits", regions=["遂西县"]), "未找到地区“遂西县”"),
        (lambda _: zj.series("data/sample", upto="2021q1"), "未找到期次“2021q1”，是不是“2021Q1”"),
        (lambda _: zj.item_series("data/sample", "visits", upto="2021q1"), "是不是“2021Q1”"),
    ],
)
def test_a_name_nobody_knows_is_named_with_the_nearest(
    items_of: Callable[[str], pd.DataFrame], ask: Callable[[pd.DataFrame], object], sentence: str
) -> None:
    with pytest.raises(UnknownName, match=sentence):
        ask(items_of(ITEMS))


@pytest.mark.parametrize("regions", ["遂溪县", "440823", 440823, ["遂溪县"], [440823], ("遂溪",)])
def test_regions_are_read_by_name_or_code_one_or_several(regions: str | int | list[str]) -> None:
    assert zj.item_series("data/sample", "visits", regions=regions)["region_code"].unique().tolist() == ["440823"]
