from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from zjanalysis.analysis.change import change, change_split, item_changes


def test_change_is_the_difference_and_trend_knows_the_direction() -> None:
    now = pd.DataFrame(
        {"region_code": ["a", "a", "b"], "indicator": ["visits", "online", "visits"], "value": [0.3, 0.9, 0.1], "n": 5}
    )
    before = now.assign(value=[0.5, 0.95, 0.1001], n=7).iloc[[1, 0, 2]]
    changed = change(now, before)
    assert changed["previous"].tolist() == [0.5, 0.95, 0.1001]
    assert changed["change"].tolist() == pytest.approx([0.3 - 0.5, 0.9 - 0.95, 0.1 - 0.1001])
    assert changed["trend"].tolist() == ["改善", "退步", "持平"]


def test_a_region_without_a_previous_value_says_so() -> None:
    now = pd.DataFrame({"region_code": ["a"], "indicator": ["online"], "value": [0.9]})
    assert change(now, now.assign(region_code="b"))["trend"].tolist() == ["无上期"]


NOW = """
region_code match_code item_name department statutory_days promised_days visits handling_type
440800      A          甲        局一       20             5             0      即办件
440800      B          乙        局一       30             9             1      承诺件
440800      C          丙        局二       50             5             0      承诺件
"""
BEFORE = """
region_code match_code item_name department statutory_days promised_days visits handling_type
440800      A          甲        局一       20             10            0      承诺件
440800      B          乙        局一       30             9             1      承诺件
440800      D          丁        局二       10             8             0      承诺件
"""


def test_the_change_splits_into_added_removed_and_changed(items_of: Callable[[str], pd.DataFrame]) -> None:
    now, before = items_of(NOW), items_of(BEFORE)
    table = change_split(now, before, region="440800", indicator="time_compression").set_index("part")
    added = 81 / 100 - 36 / 50
    removed = -(33 / 60 - 31 / 50)
    changed = 36 / 50 - 31 / 50
    assert table["contribution"].to_dict() == pytest.approx({"新增": added, "取消": removed, "变动": changed})
    assert table["contribution"].sum() == pytest.approx(81 / 100 - 33 / 60)
    assert table["n_codes"].to_dict() == {"新增": 1, "取消": 1, "变动": 2}
    assert table["previous"].iloc[0] == pytest.approx(33 / 60)


def test_the_drivers_are_named(items_of: Callable[[str], pd.DataFrame]) -> None:
    drivers = change_split(
        items_of(NOW), items_of(BEFORE), region="440800", indicator="time_compression", by=("match_code", "item_name")
    )
    assert drivers["item_name"].tolist()[:2] == ["甲", "丙"]
    assert drivers["contribution"].iloc[0] == pytest.approx((15 - 10) / 50)
    assert drivers["contribution"].sum() == pytest.approx(81 / 100 - 33 / 60)


def test_item_changes_name_what_came_went_and_moved(items_of: Callable[[str], pd.DataFrame]) -> None:
    table = item_changes(items_of(NOW), items_of(BEFORE), region="440800")
    found = table[["kind", "match_code", "field", "previous", "current"]].values.tolist()
    assert [row[:3] for row in found] == [
        ["取消", "D", ""], ["变动", "A", "instant"], ["变动", "A", "promised_days"], ["新增", "C", ""],
    ]  # fmt: skip
    assert found[1][3:] == [0, 1]
    assert found[2][3:] == [10, 5]
