from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from zjanalysis.analysis.frontier import frontier, peer_states
from zjanalysis.analysis.matching import collapse_by_code, common_limit, common_limits, headroom
from zjanalysis.analysis.registry import indicator

Read = Callable[[str], pd.DataFrame]

ITEMS = """
region_code match_code item_name department statutory_days promised_days visits handling_type
440800      A          甲一      局一       20             10            0      承诺件
440800      A          甲二      局二       10             4             1      即办件
440800      B          乙        局一       30             20            0      即办件
440800      C          丙        局一       5              1             0      即办件
440800      -          丁        局一       5              5             0      即办件
440900      A          甲        局甲       20             3             0      承诺件
440900      B          乙        局甲       30             20            0      承诺件
441700      A          甲        局乙       20             2             0      承诺件
441700      B          乙        局乙       -              1             0      承诺件
441700      C          丙        局乙       5              3             0      承诺件
"""


def test_handling_items_of_one_code_fold_to_means(items_of: Read) -> None:
    folded = collapse_by_code(items_of(ITEMS)).set_index(["region_code", "match_code"])
    first = folded.loc[("440800", "A")]
    assert (first["statutory_days"], first["promised_days"], first["visits"], first["n_items"]) == (15, 7, 0.5, 2)
    assert first["handling_type"] == "承诺件"
    assert folded.loc[("440800", "B"), "handling_type"] == "即办件"
    assert folded.loc[("441700", "B"), "limit_reason"] == "缺法定时限"
    assert len(folded) == 3 + 2 + 3


def test_the_common_limit_is_the_median_of_the_regions_asked_for_on_usable_pairs(items_of: Read) -> None:
    more = ITEMS + "441700      E          戊        局乙       9              -             0      承诺件\n"
    group = common_limit(items_of(more), regions=["440800", "440900"])
    assert group.to_dict() == {"A": 17.5, "B": 30, "C": 5}  # a limit whose promise is missing is no usable pair
    assert common_limit(items_of(more), regions=["440900"]).to_dict() == {"A": 20, "B": 30}
    rows = common_limits(items_of(more), regions=["440800", "440900"])
    assert rows["match_code"].tolist() == ["A", "A", "B", "C", "A", "B"]  # none without a code, none of others
    assert rows["statutory_days"].tolist() == [17.5, 17.5, 30, 5, 17.5, 30]


def test_headroom_is_each_items_own_promise_beyond_the_best_peer(items_of: Read) -> None:
    items, one = items_of(ITEMS).replace({"item_name": {"甲一": "甲", "甲二": "甲"}}), indicator("time_compression")
    states = peer_states(items, one, peers=("440800", "440900", "441700"))
    found = headroom(frontier(items, one, regions=["440800"], states=states), states)
    assert found["item_name"].tolist() == ["甲", "甲"]  # B: no peer with a usable pair is shorter; C: it leads
    assert found["promised_days"].tolist() == [10, 4]  # what the workbook says of each, not their mean
    assert found["best_days"].tolist() == [2, 2]
    assert found["best_region"].tolist() == ["441700", "441700"]
    assert found["room_days"].tolist() == [10 - 2, 4 - 2]
    assert found["department"].tolist() == ["局一", "局二"]
    assert found["gain"].tolist() == [pytest.approx(8 / (20 + 10 + 30 + 5 + 5)), pytest.approx(2 / 70)]


def test_folding_does_not_depend_on_the_order_of_rows(items_of: Read) -> None:
    items = items_of(ITEMS)
    pd.testing.assert_frame_equal(collapse_by_code(items), collapse_by_code(items.sample(frac=1, random_state=7)))
