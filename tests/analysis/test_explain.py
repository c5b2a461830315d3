from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from zjanalysis.analysis.explain import gap_split
from zjanalysis.analysis.indicators import measure
from zjanalysis.analysis.registry import indicator

Read = Callable[[str], pd.DataFrame]

ITEMS = """
region_code match_code item_name department statutory_days promised_days visits
440800      A          甲        局一       20             10            1
440800      B          乙        局二       30             3             0
440800      C          丙        局二       50             5             2
440900      A          甲        局甲       20             4             0
440900      B          乙        局甲       60             9             0
440900      D          丁        局甲       20             2             1
"""


def split(items: pd.DataFrame, key: str, **options: object) -> pd.DataFrame:
    return gap_split(items, region="440800", peers=("440900",), indicator=key, **options)  # type: ignore[arg-type]


def test_the_three_parts_by_hand(items_of: Read) -> None:
    table = split(items_of(ITEMS), "time_compression").set_index("part")
    # shared: A and B. weights 20/50, 30/50 against 20/80, 60/80; values 0.5, 0.9 against 0.8, 0.85
    structure = (0.4 - 0.25) * (0.5 + 0.8) / 2 + (0.6 - 0.75) * (0.9 + 0.85) / 2
    level = (0.5 - 0.8) * (0.4 + 0.25) / 2 + (0.9 - 0.85) * (0.6 + 0.75) / 2
    coverage = ((10 + 27 + 45) / 100 - 37 / 50) - ((16 + 51 + 18) / 100 - 67 / 80)
    assert table["contribution"].tolist() == pytest.approx([structure, level, coverage])
    assert table.index.tolist() == ["结构", "水平", "覆盖"]
    assert table["n_codes"].tolist() == [2, 2, 2]
    assert table["gap"].iloc[0] == pytest.approx(82 / 100 - 85 / 100)


def test_ahead_is_turned_for_visits_and_sums_to_the_gap_of_the_published_values(items_of: Read) -> None:
    items = items_of(ITEMS)
    table = split(items, "visits")
    assert table["contribution"].sum() == pytest.approx((1 + 0 + 2) / 3 - (0 + 0 + 1) / 3)
    assert table["ahead"].tolist() == (-table["contribution"]).tolist()
    assert (table["value"].iloc[0], table["peer_value"].iloc[0]) == (1, pytest.approx(1 / 3))


def test_by_department_the_parts_add_up_and_the_largest_mover_leads(items_of: Read) -> None:
    items = items_of(ITEMS)
    whole, parts = split(items, "time_compression"), split(items, "time_compression", by=("department",))
    pd.testing.assert_series_equal(
        parts.groupby("part")["contribution"].sum().reindex(whole["part"]),
        whole.set_index("part")["contribution"],
    )
    moved = parts.groupby("department", sort=False)["contribution"].sum().abs()
    assert moved.is_monotonic_decreasing
    assert set(parts["department"]) == {"局一", "局二", "局甲"}  # D is the peer's alone and keeps its department


def test_an_item_weighs_for_the_structure_by_how_far_it_lies_from_the_mean_of_both(items_of: Read) -> None:
    """A weighs more here and compresses less than the mean of 0.74 and 0.8375, B the other way round: both cost."""
    parts = split(items_of(ITEMS), "time_compression", by=("department",)).set_index(["department", "part"])
    mean = (0.74 + 0.8375) / 2
    by_hand = {"局一": (0.4 - 0.25) * ((0.5 + 0.8) / 2 - mean), "局二": (0.6 - 0.75) * ((0.9 + 0.85) / 2 - mean)}
    for office, value in by_hand.items():
        assert parts.loc[(office, "结构"), "contribution"] == pytest.approx(value)
    assert {value < 0 for value in by_hand.values()} == {True}


def test_the_item_type_can_be_the_group(items_of: Read) -> None:
    parts = split(items_of(ITEMS), "time_compression", by=("item_type",))
    assert set(parts["item_type"]) == {"行政许可"}
    assert parts["contribution"].sum() == pytest.approx(82 / 100 - 85 / 100)


def test_several_peers_are_pooled(items_of: Read) -> None:
    items = items_of(ITEMS)
    more = pd.concat([items, items.iloc[[3, 5]].assign(region_code="441700")], ignore_index=True)
    table = gap_split(more, region="440800", peers=("440900", "441700"), indicator="time_compression")
    assert set(table["peer_code"]) == {"兄弟地区合计"}
    assert table["contribution"].sum() == pytest.approx(82 / 100 - (16 + 51 + 18 + 16 + 18) / (100 + 40))


def test_without_a_shared_code_everything_is_coverage(items_of: Read) -> None:
    items = items_of(ITEMS)
    apart = items[items["match_code"].isin(["C", "D"])]
    table = split(apart, "time_compression").set_index("part")["contribution"]
    assert table.to_dict() == {"结构": 0, "水平": 0, "覆盖": pytest.approx(0.9 - 0.9)}


@pytest.mark.parametrize("by", [(), ("department",), ("match_code", "item_name")])
def test_with_one_side_empty_there_is_nothing_to_split(items_of: Read, by: tuple[str, ...]) -> None:
    items = items_of(ITEMS)
    for rows in (items[items["region_code"] == "440800"], items[items["region_code"] == "440900"]):
        table = split(rows, "time_compression", by=by)
        assert table[["contribution", "ahead", "gap"]].isna().all(axis=None)
    unusable = items.assign(statutory_days=float("nan"), limit_reason="缺法定时限")
    assert split(unusable, "time_compression", by=by)["contribution"].isna().all()
    alone = split(items[items["region_code"] == "440800"], "time_compression")
    assert alone["part"].tolist() == ["结构", "水平", "覆盖"]
    assert alone["value"].iloc[0] == pytest.approx(82 / 100)
    assert alone["peer_value"].isna().all()


CELL = st.tuples(
    st.sampled_from(["440800", "440900"]),
    st.one_of(st.none(), st.sampled_from("ABCD")),
    st.integers(1, 60),
    st.one_of(st.none(), st.integers(0, 70)),
    st.integers(0, 3),
)


@given(
    st.lists(CELL, min_size=2, max_size=14), st.sampled_from(["time_compression", "time_compression_mean", "visits"])
)
def test_the_parts_sum_to_the_gap_on_any_data(
    make_items: Callable[..., pd.DataFrame], cells: list[tuple[str, str, int, float, int]], key: str
) -> None:
    region, code, limits, promised, visits = (list(column) for column in zip(*cells, strict=True))
    items = make_items(
        region_code=region, match_code=code, statutory_days=limits, promised_days=promised, visits=visits,
        item_name="甲", department="局",
    )  # fmt: skip
    values = measure(items, [indicator(key)]).set_index("region_code")["value"].reindex(["440800", "440900"])
    assume(values.notna().all())
    before = items.copy(deep=True)
    for by in ((), ("match_code", "item_name")):
        table = split(items, key, by=by)
        assert abs(table["contribution"].sum() - (values.iloc[0] - values.iloc[1])) <= 1e-12
        assert table["gap"].iloc[0] == pytest.approx(values.iloc[0] - values.iloc[1], abs=1e-12)
    pd.testing.assert_frame_equal(items, before)
