from __future__ import annotations

from collections.abc import Callable

import duckdb
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zjanalysis.analysis.indicators import as_written, left_out, measure
from zjanalysis.analysis.matching import collapse_by_code
from zjanalysis.analysis.registry import ITEM_INDICATORS, PLAN_SCOPE, Scope, by_caseload, for_region, indicator
from zjanalysis.errors import UnknownName

Read = Callable[[str], pd.DataFrame]

ITEMS = """
region_code match_code item_type use_level statutory_days promised_days visits handling_type case_count
440800      A          行政许可  3         20             5             0      承诺件        10
440800      A          行政许可  3         10             10            1      承诺件        30
440800      B          行政许可  3         5              0             2      即办件        -
440800      C          行政许可  3         -              3             -      -             1
440800      D          公共服务  3         8              2             0      即办件        1
440800      E          公共服务  3         4              1             3      即办件        1
440823      A          行政许可  4         20             25            0      承诺件        5
440000      A          行政许可  2         20             1             0      承诺件        5
"""
FLAGS = """
online end_to_end one_window bookable on_application serves_public
1      1          1          1        1              1
1      0          0          1        1              0
0      -          1          0        -              -
-      0          -          -        -              1
1      1          1          1        1              1
1      1          0          0        0              1
1      1          1          1        1              1
1      1          1          1        1              1
"""


@pytest.fixture(scope="module")
def items(items_of: Read) -> pd.DataFrame:
    marks = items_of(FLAGS)[["online", "end_to_end", "one_window", "bookable", "on_application", "serves_public"]]
    return items_of(ITEMS).assign(**marks)


def value(scores: pd.DataFrame, key: str, region: str = "440800") -> tuple[float, int, int]:
    row = scores[(scores["indicator"] == key) & (scores["region_code"] == region)].iloc[0]
    return row["value"], row["n"], row["n_left_out"]


@pytest.mark.parametrize(
    ("key", "expected", "n", "n_left_out"),
    [
        ("time_compression", (15 + 0 + 5) / (20 + 10 + 5), 3, 1),
        ("time_compression_mean", (0.75 + 0 + 1) / 3, 3, 1),
        ("promised_days", (5 + 10 + 0) / 3, 3, 1),
        ("visits", (0 + 1 + 2) / 3, 3, 1),
        ("visit_share", 2 / 3, 3, 1),
        ("at_most_once", 2 / 3, 3, 1),
        ("zero_visit", 1 / 3, 3, 1),
        ("instant", 1 / 2, 2, 1),  # the second row serves no natural or legal person; a missing flag counts
        ("online", 2 / 3, 3, 1),
        ("online_end_to_end", 1 / 3, 3, 1),
        ("one_window", (1 + 0 + 1 + 1) / 4, 4, 1),  # every type, on application; a permit is even when unmarked
        ("bookable", (1 + 1 + 0 + 1 + 0) / 5, 5, 1),
    ],
)
def test_every_indicator_by_hand(items: pd.DataFrame, key: str, expected: float, n: int, n_left_out: int) -> None:
    assert value(measure(items), key) == (pytest.approx(expected, abs=1e-15), n, n_left_out)


def test_a_promise_beyond_the_statutory_limit_is_kept_and_negative(items: pd.DataFrame) -> None:
    assert value(measure(items), "time_compression", "440823")[0] == (20 - 25) / 20


def test_province_items_are_out_of_the_plan_scope_and_in_with_it_open(items: pd.DataFrame) -> None:
    assert value(measure(items), "time_compression", "440000")[1:] == (0, 0)
    opened = measure(items, scope=Scope(use_levels=()))
    assert value(opened, "time_compression", "440000")[0] == 19 / 20


def test_a_scope_takes_the_types_of_an_indicator_only_where_it_leaves_them_open() -> None:
    one, named = indicator("time_compression"), Scope(item_types=("公共服务",))
    assert PLAN_SCOPE.narrowed(one).item_types == one.item_types == ("行政许可",)
    assert named.narrowed(one) is named


def test_item_types_of_the_scope_replace_the_indicators_own(items: pd.DataFrame) -> None:
    services = measure(items, scope=Scope(item_types=("公共服务",)))
    assert value(services, "time_compression")[0] == (6 + 3) / (8 + 4)
    assert value(services, "instant") == (1.0, 2, 0)
    assert value(measure(items, scope=Scope(item_types=())), "time_compression")[1] == 5


def test_items_not_in_force_never_count(items: pd.DataFrame) -> None:
    off = items.assign(in_force=items["match_code"] != "B")
    assert value(measure(off), "time_compression") == ((15 + 0) / 30, 2, 1)


def test_no_row_with_a_number_gives_no_value_and_not_zero(items: pd.DataFrame) -> None:
    scores = measure(items.assign(visits=float("nan")))
    found, n, n_left_out = value(scores, "visits")
    assert pd.isna(found)
    assert (n, n_left_out) == (0, 4)


def test_the_same_scores_on_duckdb(items: pd.DataFrame) -> None:
    with duckdb.connect() as connection:
        relation = connection.from_df(items)
        for by in (("region_code",), ("region_code", "match_code"), ()):
            pd.testing.assert_frame_equal(
                measure(items, by=by), measure(relation, by=by), check_exact=False, rtol=1e-13, check_dtype=False
            )
        pd.testing.assert_frame_equal(left_out(items), left_out(relation), check_dtype=False)


def test_left_out_reasons_sum_to_n_left_out(items: pd.DataFrame) -> None:
    scores = measure(items)
    reasons = left_out(items).groupby(["region_code", "indicator"])["n"].sum()
    expected = scores[scores["n_left_out"] > 0].set_index(["region_code", "indicator"])["n_left_out"]
    pd.testing.assert_series_equal(reasons.sort_index(), expected.sort_index(), check_names=False)
    assert set(left_out(items)["reason"]) >= {"缺法定时限", "缺到办事现场次数", "缺办件类型"}


def test_measure_of_folded_items_counts_each_base_code_once(items: pd.DataFrame) -> None:
    scores = measure(collapse_by_code(items))
    assert value(scores, "time_compression") == ((15 - 7.5 + 5 - 0) / (15 + 5), 2, 1)
    assert value(scores, "visits") == ((0.5 + 2) / 2, 2, 1)
    assert value(scores, "online")[0] == (1 + 0) / 2
    assert value(scores, "visit_share")[0] + value(scores, "zero_visit")[0] == 1


def test_as_written_takes_numbers_without_conversion(items_of: Read) -> None:
    items = items_of(
        """
        match_code statutory_days promised_days statutory_written promised_written limit_reason
        A          20.83          10            1                 10               -
        B          -              -             30                3                时限单位不明
        C          -              -             99999             3                无期限（哨兵值）
        D          -              -             1                 0                时限单位不明
        E          -              -             0                 0                时限单位不明
        """
    )
    written = as_written(items)
    assert value(measure(written), "time_compression") == ((1 - 10 + 30 - 3 + 1) / (1 + 30 + 1), 3, 2)
    assert written.set_index("match_code").loc["E", "limit_reason"] == "时限单位不明"  # 0 is no limit in any unit
    assert items["statutory_days"].iloc[0] == 20.83


def test_caseload_lens_weights_each_item_by_its_cases(items: pd.DataFrame) -> None:
    lens = by_caseload("time_compression")
    scores = measure(items, [lens])
    assert value(scores, lens.key) == (pytest.approx((15 * 10 + 0 * 30) / (20 * 10 + 10 * 30)), 2, 2)
    assert set(left_out(items, [lens])["reason"]) == {"缺办件量", "缺法定时限"}


def test_an_unknown_indicator_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="即办率"):
        indicator("即办")
    assert indicator("时限压缩率").key == "time_compression"


def test_targets_of_the_plan() -> None:
    assert for_region(indicator("instant"), "440800").target == 0.8550
    assert for_region(indicator("instant"), "440823").target == 0.8111
    assert for_region(indicator("online"), "440823").target == 1.0
    assert for_region(indicator("visits"), "440800").target is None
    assert len({i.key for i in ITEM_INDICATORS}) == len(ITEM_INDICATORS) == 12


NUMBER = st.one_of(st.none(), st.integers(0, 60).map(float))
ROW = st.tuples(st.sampled_from(["440800", "440900"]), st.sampled_from("ABC"), NUMBER, NUMBER, st.integers(0, 3))


@given(st.lists(ROW, min_size=1, max_size=12))
def test_order_is_irrelevant_shares_stay_in_bounds_and_groups_add_up(
    make_items: Callable[..., pd.DataFrame], rows: list[tuple[str, str, float, float, int]]
) -> None:
    region, code, promised, statutory, visits = (list(column) for column in zip(*rows, strict=True))
    usable = [None if s in (None, 0) else s for s in statutory]
    items = make_items(
        region_code=region, match_code=code, promised_days=promised, statutory_days=usable, visits=visits
    )
    before = items.copy(deep=True)
    scores = measure(items)
    shuffled = measure(items.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(scores, shuffled, check_exact=False, rtol=1e-12)
    pd.testing.assert_frame_equal(items, before)
    shares = scores[scores["indicator"].isin(["visit_share", "zero_visit", "at_most_once"])]["value"]
    assert shares.between(0, 1).all()
    whole = measure(items, by=()).set_index("indicator")
    parts = scores.groupby("indicator")[["numerator", "denominator", "n", "n_left_out"]].sum()
    pd.testing.assert_frame_equal(parts, whole[parts.columns].loc[parts.index], check_exact=False, rtol=1e-12)
    known = scores[scores["indicator"] == "visits"]["value"]
    assert known.min() - 1e-12 <= whole.loc["visits", "value"] <= known.max() + 1e-12
