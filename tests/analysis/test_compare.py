"""Where every region of a group stands: 位次 and 达标 on published digits, the same for every member, 判断 beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import zjanalysis as zj
from zjanalysis.analysis.compare import KEY, facts, hinge, most_urgent, rank_range, rank_ranges, risen, standings
from zjanalysis.analysis.like_for_like import code_tables
from zjanalysis.analysis.registry import by_caseload, indicator
from zjanalysis.settings import Comparison, Settings

Make = Callable[..., pd.DataFrame]
COUNTIES = ("440802", "440803", "440804", "440811", "440823", "440825", "440881", "440882", "440883", "4408Z1")
CITIES = ("440800", "440900", "441700", "441200")


def scores_of(regions: tuple[str, ...] = CITIES, **values: list[float]) -> pd.DataFrame:
    """One row per region and indicator, in the order of the regions."""
    blocks = [
        pd.DataFrame({"region_code": regions[: len(v)], "indicator": key, "value": v, "n": 100})
        for key, v in values.items()
    ]
    return pd.concat(blocks, ignore_index=True)


def rules(**changed: float) -> Settings:
    return Settings(root=Path(), comparison=replace(Comparison(), **changed))  # type: ignore[arg-type]


def by_region(gaps: pd.DataFrame, key: str) -> pd.DataFrame:
    return gaps[gaps["indicator"] == key].set_index("region_code")


# -- 位次 ------------------------------------------------------------------------------------------------------------


def test_values_that_print_alike_share_a_place_and_the_next_is_skipped() -> None:
    found = facts(scores_of(time_compression=[0.900001, 0.900004, 0.95, 0.85]), settings=rules(min_peers=9))
    assert found["rank"].tolist() == [2, 2, 1, 4]
    assert found["tied"].tolist() == [True, True, False, False]
    assert found["n_ranked"].tolist() == [4] * 4
    assert found["shown"].tolist() == [0.9, 0.9, 0.95, 0.85]


def test_fewer_visits_rank_first_and_a_missing_value_has_no_place() -> None:
    found = facts(scores_of(visits=[0.5, 0.1, float("nan"), 0.2]))
    assert found["rank"].tolist()[:2] == [3, 1]
    assert found["rank"].isna().tolist() == [False, False, True, False]
    assert found["tied"].tolist() == [False] * 4
    assert set(found["n_ranked"]) == {3}
    assert set(found["best_region"]) == {"440900"}


def test_visits_are_told_apart_by_four_decimals() -> None:
    # 19 and 20 visits in 320 items print 0.06 both with two decimals, and tied for no reason.
    found = facts(scores_of(visits=[19 / 320, 20 / 320, 0.1, 0.2]))
    assert found["rank"].tolist() == [1, 2, 3, 4]
    assert found["shown"].tolist() == [0.0594, 0.0625, 0.1, 0.2]


def test_one_more_digit_where_a_print_would_equal_the_threshold() -> None:
    near = facts(scores_of(instant=[0.85496, 0.90, 0.80, 0.70]))
    assert (near["digits"] == 3).all()  # the whole group, so that one column has one number of digits
    assert near["shown"].iloc[0] == 0.85496
    assert near["meets_target"].iloc[0] == "未达标"
    plain = facts(scores_of(instant=[0.855, 0.90, 0.80, 0.70]))
    assert (plain["digits"] == 2).all()
    assert plain["meets_target"].iloc[0] == "未达标"  # 高于 is not 等于
    # the median is a threshold too: 0.9 and 0.90002 print alike, and the median lies between them
    middle = facts(scores_of(COUNTIES, time_compression=[0.90002, 0.9, 0.95, 0.85]))
    assert (middle["digits"] == 3).all()
    assert middle["shown"].tolist()[:2] == [0.90002, 0.9]
    assert middle["rank"].tolist() == [2, 3, 1, 4]
    assert middle["meets_target"].tolist() == ["达标", "未达标", "达标", "未达标"]


def test_all_but_one_in_ten_thousand_is_not_printed_as_all() -> None:
    found = facts(scores_of(COUNTIES, online=[1 - 1 / 30_000, 1.0, 0.9, 0.8]))
    assert found["shown"].iloc[0] == 0.99997
    assert found["meets_target"].tolist() == ["未达标", "达标", "未达标", "未达标"]


# -- 达标 ------------------------------------------------------------------------------------------------------------


def test_the_yardstick_is_the_median_of_the_whole_group_and_the_same_for_every_member() -> None:
    values = [0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.10, 0.11]
    found = by_region(facts(scores_of(COUNTIES, visits=values)), "visits")
    assert set(found["median"].round(12)) == {0.065}
    assert found["meets_target"].tolist() == ["达标"] * 5 + ["未达标"] * 5
    assert found["meets_target"].iloc[0] == "达标"  # the first of ten
    # in an even group the sign is that of the gap to the median of the others
    others = [np.median(np.delete(values, i)) for i in range(10)]
    assert (np.sign(found["gap_to_median"]) == np.sign(np.array(others) - values)).all()


@given(st.lists(st.integers(0, 1000), min_size=4, max_size=12).filter(lambda v: len(v) % 2 == 0))
def test_in_an_even_group_both_medians_give_the_same_sign(values: list[int]) -> None:
    shares = np.array(values) / 1000
    gap = facts(scores_of(tuple(str(i) for i in range(len(values))), visits=list(shares)))["gap_to_median"].to_numpy()
    others = np.array([np.median(np.delete(shares, i)) for i in range(len(shares))]) - shares
    assert (np.sign(gap.round(12)) == np.sign(others.round(12))).all()


def test_who_stands_at_the_median_is_not_above_it() -> None:
    found = facts(scores_of((*CITIES, "445100"), time_compression=[0.9, 0.8, 0.95, 0.7, 0.99]))
    assert found["meets_target"].tolist()[0] == "未达标"
    same = facts(scores_of(visits=[0.1, 0.1, 0.1, 0.1]))
    assert same["rank"].tolist() == [1] * 4
    assert same["meets_target"].tolist()[0] == "未达标"


def test_only_the_city_of_the_plan_has_targets() -> None:
    found = by_region(facts(scores_of(visits=[0.1, 0.2, 0.3, 0.4], instant=[0.9, 0.9, 0.9, 0.9])), "instant")
    assert found["meets_target"].tolist() == ["达标", "—", "—", "—"]
    assert found["target"].isna().tolist() == [False, True, True, True]
    assert found.loc["440800", "gap_to_target"] == pytest.approx(0.9 - 0.855)


@pytest.mark.parametrize(
    ("region", "own", "met"),
    [
        ("440800", 0.8550, "未达标"),
        ("440800", 0.85501, "达标"),
        ("440823", 0.8550, "达标"),
        ("440823", 0.8111, "未达标"),
    ],
)
def test_a_county_has_its_own_number(region: str, own: float, met: str) -> None:
    found = facts(scores_of((region, "a", "b", "c"), instant=[own, 0.8, 0.9, 0.95])).iloc[0]
    assert found["meets_target"] == met
    assert found["target"] == (0.8111 if region == "440823" else 0.8550)


def test_fewer_than_three_peers_with_data_give_no_median_and_no_word() -> None:
    found = facts(scores_of(visits=[0.1, 0.2, 0.3, float("nan")], online=[1.0, 0.9, 0.9, float("nan")]))
    visits, online = by_region(found, "visits"), by_region(found, "online")
    assert visits["median"].isna().all()
    assert visits["meets_target"].tolist()[0] == "不能判定"
    assert visits["rank"].tolist()[:3] == [1, 2, 3]
    assert online["meets_target"].tolist()[0] == "达标"  # a number needs no peers
    assert facts(scores_of(visits=[0.1, 0.2, 0.3]), settings=rules(min_peers=2))["meets_target"].iloc[0] == "达标"


def test_no_value_is_no_data() -> None:
    found = facts(scores_of(visits=[float("nan"), 0.2, 0.3, 0.4]))
    assert found["meets_target"].iloc[0] == "无数据"
    nobody = facts(scores_of(visits=[float("nan")] * 4))
    assert nobody["best_region"].tolist() == [""] * 4
    assert set(nobody["n_ranked"]) == {0}
    assert facts(scores_of(visits=[0.1]).iloc[:0]).empty


def test_a_target_that_rises_is_held_against_the_last_period() -> None:
    now = scores_of(online_end_to_end=[0.901, 0.8, 0.9, 0.95])
    last = {0.9: "达标", 0.9002: "未达标", 0.95: "未达标"}  # the smallest change that counts is 0.1 point
    for value, met in last.items():
        before = now.assign(value=value)
        assert facts(now, before=before)["meets_target"].iloc[0] == met
    assert facts(now)["meets_target"].iloc[0] == "不能判定"  # a first period
    assert facts(now, before=now.iloc[1:])["meets_target"].iloc[0] == "不能判定"
    full = scores_of(online_end_to_end=[1.0, 0.8, 0.9, 0.95])
    assert facts(full, before=full)["meets_target"].iloc[0] == "达标"  # at the ceiling
    close = scores_of(online_end_to_end=[0.99997, 0.8, 0.9, 0.95])
    assert facts(close, before=close)["meets_target"].iloc[0] == "未达标"  # 99.997 %, not 100.00 %


def test_what_a_rising_target_comes_to_starts_from_the_regions_own_base() -> None:
    base = scores_of(online_end_to_end=[0.7, 0.8, 0.9, 0.95])
    one = indicator("online_end_to_end")
    assert risen(one, "440800", base) == pytest.approx(0.701)
    assert risen(one, "440800", base.iloc[1:]) is None  # nothing to start from
    assert risen(indicator("visits"), "440800", scores_of(visits=[0.1])) is None  # the plan asks for something else


def test_behind_comes_first_then_what_misses_its_target_then_low_places() -> None:
    rows = [("a", "优于", "未达标", 4), ("b", "相当", "无目标", 4), ("c", "相当", "达标", 4), ("d", "相当", "不能判定", 1),
            ("e", "相当", "未达标", 1), ("f", "落后", "达标", 1), ("g", "不作判断", "达标", 1), ("h", "相当", "达标", 2)]  # fmt: skip
    gaps = pd.DataFrame(rows, columns=["indicator", "verdict", "meets_target", "rank"]).assign(n_ranked=4)
    assert "".join(most_urgent(gaps)) == "fgedchba"


@pytest.mark.parametrize(("now", "before", "met"), [(0.90096, 0.90004, "未达标"), (0.90105, 0.90004, "达标")])
def test_a_rise_is_the_change_between_the_values_not_between_their_prints(now: float, before: float, met: str) -> None:
    found = facts(scores_of(online_end_to_end=[now, 0.8, 0.9, 0.95]), before=scores_of(online_end_to_end=[before]))
    assert found["meets_target"].iloc[0] == met  # 90.00 % → 90.10 %, which is 0.09 and 0.10 points more


@pytest.mark.parametrize(("key", "values"), [("promised_days", [4.0, 5.0, 6.0, 7.0])])
def test_a_target_that_falls(key: str, values: list[float]) -> None:
    now = scores_of(**{key: values})
    assert facts(now, before=now.assign(value=4.01))["meets_target"].iloc[0] == "达标"
    assert facts(now, before=now.assign(value=4.0))["meets_target"].iloc[0] == "未达标"


def test_an_indicator_handed_in_is_compared_like_any() -> None:
    lens = by_caseload("time_compression")
    found = facts(scores_of(**{lens.key: [0.91, 0.8, 0.9, 0.95]}), indicators=[lens])
    assert found["rank"].tolist() == [2, 4, 3, 1]
    assert found["meets_target"].tolist() == ["—"] * 4
    assert facts(scores_of(unknown=[0.1, 0.2])).empty


def test_the_order_of_rows_changes_nothing() -> None:
    scores = scores_of(visits=[0.1, 0.2, 0.3, 0.4], online=[1.0, 1.0, 0.9, 0.2])
    mixed = facts(scores.sample(frac=1, random_state=3)).sort_index()
    pd.testing.assert_frame_equal(facts(scores), mixed)


def test_the_rules_of_the_projects_settings_decide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZJANALYSIS_ROOT", str(tmp_path))
    scores = scores_of(visits=[0.1, 0.2, 0.3])
    assert facts(scores)["meets_target"].iloc[0] == "不能判定"
    (tmp_path / "zjanalysis.toml").write_text("[comparison]\nmin_peers = 2\n", encoding="utf-8")
    assert facts(scores)["meets_target"].iloc[0] == "达标"


# -- the whole table -------------------------------------------------------------------------------------------------


def some_items(make: Make, *, n: int = 60, regions: tuple[str, ...] = COUNTIES, seed: int = 1) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    limits = random.integers(5, 60, n).astype(float)
    size = n * len(regions)
    items = make(
        region_code=np.repeat(regions, n), match_code=np.tile([f"C{i:03d}" for i in range(n)], len(regions)),
        item_name="甲", department=np.tile([f"局{i % 6}" for i in range(n)], len(regions)), use_level="4",
        statutory_days=np.tile(limits, len(regions)), visits=(random.random(size) < 0.2).astype(float),
        promised_days=np.floor(random.uniform(0, 0.4, size) * np.tile(limits, len(regions))),
        handling_type=np.where(random.random(size) < 0.8, "即办件", "承诺件"), online=random.random(size) < 0.95,
        end_to_end=random.random(size) < 0.8,
    )  # fmt: skip
    return items[random.random(size) < 0.8].reset_index(drop=True)


def test_standings_hold_one_row_for_every_region_and_indicator(make_items: Make) -> None:
    items = some_items(make_items)
    found = standings(items, regions=[*COUNTIES, "440900"])
    assert len(found) == 11 * 6
    assert found["region_code"].unique().tolist() == [*COUNTIES, "440900"]
    absent = found[found["region_code"] == "440900"]
    assert absent["value"].isna().all()
    assert set(absent["verdict"]) == {"无数据"}
    assert absent["rank_low"].isna().all()
    assert (absent[["n", "n_left_out"]] == 0).all(axis=None)
    ranked = found[found["rank"].notna()]
    assert ((ranked["rank_low"] <= ranked["rank"]) & (ranked["rank"] <= ranked["rank_high"])).all()
    assert set(found["verdict"]) <= {"优于", "相当", "落后", "不作判断", "无数据"}


def test_a_member_reads_which_office_decides_each_indicator(make_items: Make) -> None:
    items = some_items(make_items)
    own = hinge(items, code_tables(items, map(indicator, KEY), regions=COUNTIES), KEY, "440823", None)
    assert [type(names) for names in own] == [str] * 6


@pytest.mark.parametrize("office", [None, "教育局"])
def test_regions_without_a_common_item_have_no_office_that_decides(make_items: Make, office: str | None) -> None:
    """Without its only office a list of one office is 无数据: 不作判断 read 判断取决于教育局."""
    each = [make_items(match_code=[code], region_code=code, department=office, visits=1.0) for code in COUNTIES[:2]]
    items = pd.concat(each, ignore_index=True)
    tables = code_tables(items, map(indicator, KEY), regions=COUNTIES[:2])
    assert hinge(items, tables, KEY, COUNTIES[0], None) == [""] * 6


def test_simpson_is_marked_where_the_same_items_say_the_opposite(make_items: Make) -> None:
    # On every shared code 440800 promises less, but it lists many codes of its own that leave no room.
    codes = [f"S{i}" for i in range(60)]
    parts = [
        make_items(
            region_code=city, match_code=codes, statutory_days=20.0, promised_days=days, item_name="甲", department="局"
        )
        for city, days in zip(CITIES, (3.0, 5.0, 5.0, 5.0), strict=True)
    ]
    more = make_items(region_code="440800", match_code=[f"T{i}" for i in range(40)], statutory_days=20.0, promised_days=19.0,
                      item_name="乙", department="局")  # fmt: skip
    plain = standings(pd.concat(parts, ignore_index=True), regions=CITIES, indicators=["time_compression"])
    assert not plain["simpson"].any()
    mixed = by_region(
        standings(pd.concat([*parts, more], ignore_index=True), regions=CITIES, indicators=["time_compression"]),
        "time_compression",
    )
    own = mixed.loc["440800"]
    assert own["gap_to_median"] < 0 < own["effect"]
    assert (own["simpson"], own["meets_target"], own["verdict"]) == (True, "未达标", "优于")


# -- the range of a rank ---------------------------------------------------------------------------------------------


def test_ranks_are_sure_where_every_code_says_so_and_open_where_none_does() -> None:
    ones = np.ones((30, 3))
    low, high = rank_range(np.tile([0.9, 0.5, 0.1], (30, 1)), ones, sign=1)
    assert low.tolist() == high.tolist() == [1, 2, 3]
    low, high = rank_range(np.tile([0.9, 0.5, 0.1], (30, 1)), ones, sign=-1)
    assert low.tolist() == [3, 2, 1]
    values = np.zeros((30, 3))
    values[0, 0] = 1.0  # one code in thirty
    low, high = rank_range(values, ones, sign=1)
    assert (low.tolist(), high.tolist()) == ([1, 1, 1], [3, 3, 3])


def test_equal_lists_share_their_place_for_certain_and_equal_values_of_other_lists_do_not() -> None:
    half, below = np.tile([1.0, 0.0], 20), np.ones((40, 3))
    low, high = rank_range(np.column_stack([half, half, half]), below, sign=1)
    assert (low.tolist(), high.tolist()) == ([1, 1, 1], [1, 1, 1])
    low, high = rank_range(np.ones((40, 3)), below, sign=-1)
    assert (low.tolist(), high.tolist()) == ([1, 1, 1], [1, 1, 1])
    low, high = rank_range(np.column_stack([half, half, half[::-1]]), below, sign=1)
    assert (low.tolist(), high.tolist()) == ([1, 1, 1], [2, 2, 3])


@pytest.mark.parametrize(("lead", "sure"), [(5.2, False), (5.3, True)])
def test_four_codes_alike_leave_three_degrees_of_freedom(lead: float, sure: bool) -> None:
    """Sure from t(3) · √(4/3 · Σ(d/4)² + what the lists do not show) on.

    A code varies by 0.5 + lead²/4 about the group's mean; of four that must show 10/14 of a quarter, and the lists show
    0.25 and 0. So lead² = 10.128 · (1/3 + 2 · 10/56 · (0.5 + lead²/4) − 0.25), which 5.265 solves.
    """
    values = np.column_stack([lead + np.array([1, -1, 1, -1]), np.zeros(4)])
    low, high = rank_range(values, np.ones((4, 2)), sign=1)
    assert (low.tolist(), high.tolist()) == (([1, 2], [1, 2]) if sure else ([1, 1], [2, 2]))


@pytest.mark.parametrize("n_codes", [1, 2, 3])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_handful_of_codes_has_no_certain_place(n_codes: int, value: float) -> None:
    random = np.random.default_rng(23)
    above, below = (random.random((150, 10)) < 0.8).astype(float), np.ones((150, 10))
    below[n_codes:, 0] = 0
    above[:, 0] = value * below[:, 0]
    low, high = rank_range(above, below, sign=1)
    assert high[0] - low[0] >= (9 if n_codes < 3 else 4)


def test_a_region_without_items_has_no_range() -> None:
    below = np.column_stack([np.ones(30), np.zeros(30)])
    low, high = rank_range(below * 0.5, below, sign=1)
    assert (low[0], high[0]) == (1, 1)
    assert np.isnan([low[1], high[1]]).all()


def test_ranges_come_from_the_items_and_do_not_hang_on_their_order(make_items: Make) -> None:
    items = some_items(make_items)
    wanted = [indicator("visits"), indicator("time_compression")]
    found = rank_ranges(items, wanted, regions=COUNTIES)
    mixed = rank_ranges(items.sample(frac=1, random_state=1), wanted, regions=COUNTIES)
    pd.testing.assert_frame_equal(found, mixed)
    uncoded = items.assign(match_code=None)  # every row stands for itself
    assert rank_ranges(uncoded, wanted, regions=COUNTIES)["rank_low"].between(1, 10).all()


def test_values_that_print_alike_keep_their_place_within_the_range(make_items: Make) -> None:
    # 0.00001 more visits on every code is sure, and prints the same.
    parts = [
        make_items(
            region_code=city, match_code=[f"C{i}" for i in range(40)], visits=visits, item_name="甲", department="局"
        )
        for city, visits in zip(CITIES, (0.5, 0.50001, 0.8, 0.9), strict=True)
    ]
    found = standings(pd.concat(parts, ignore_index=True), regions=CITIES, indicators=["visits"])
    assert found["rank"].tolist() == [1, 1, 3, 4]
    assert (found["rank_low"] <= found["rank"]).all()


def test_chosen_peers_decide_no_target_that_is_relative_to_the_plans_own() -> None:
    usual, chosen = (
        zj.study("data/sample", "2021Q1", region="遂溪县", peers=peers) for peers in ("", "吴川市,雷州市,麻章区")
    )
    met = [me.gaps.set_index("indicator")["meets_target"] for me in (usual, chosen)]
    relative = ["time_compression", "visits", "visit_share"]
    assert set(met[0][relative]) == {"未达标"}
    assert set(met[1][relative]) == {"—"}
    assert met[1].drop(relative).sort_index().equals(met[0].drop(relative).sort_index())
    named = ",".join(map(str, usual.peers))
    assert not zj.study("data/sample", "2021Q1", region="遂溪县", peers=named).chosen  # named, and the same
