"""The caseload lens beside the plain one: hand-counted values, ranks, coverage, and what carries the weighted value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import zjanalysis as zj
from zjanalysis.analysis import caseload as lens

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"

ITEMS = """
region_code match_code item_type statutory_days promised_days visits
440823      A          行政许可  20             5             1
440823      B          行政许可  10             0             0
440823      C          公共服务  10             10            1
440823      D          行政许可  -              3             0
440825      A          行政许可  20             10            0
440825      B          行政许可  10             5             1
440881      A          行政许可  20             2             0
"""
COUNTS = pd.DataFrame(
    [("440823", "A", 30), ("440823", "B", 10), ("440823", "C", 50), ("440823", "D", 5), ("440823", "不在清单", 5),
     ("440825", "B", 7), ("440825", "A", 0)],
    columns=["region_code", "base_code", "n"],
)  # fmt: skip


def caseload(items: pd.DataFrame, counts: pd.DataFrame, *, region: str, peers: list[str]) -> pd.DataFrame:
    rows = lens.caseload(items, counts, regions=[region, *peers])
    return rows[rows["region_code"] == region]


def test_both_lenses_by_hand(items_of: Callable[[str], pd.DataFrame]) -> None:
    found = caseload(items_of(ITEMS), COUNTS, region="440823", peers=["440825", "440881"]).set_index("indicator")
    time, visits = found.loc["time_compression"], found.loc["visits"]
    assert time["plain_value"] == pytest.approx(25 / 30)
    assert time["value"] == pytest.approx((30 * 15 + 10 * 10) / (30 * 20 + 10 * 10))
    assert [time["plain_rank"], time["plain_n_ranked"]] == [2, 3]
    assert [time["rank"], time["n_ranked"]] == [1, 2]  # the third has no cases
    assert pd.isna(time["plain_median"])  # two peers give no median
    assert pd.isna(time["gap_to_median"])
    assert [time["n_cases"], time["coverage"]] == [40, 40 / 100]  # C is out of scope, D has no statutory limit
    assert visits["plain_value"] == pytest.approx(1 / 3)
    assert visits["value"] == pytest.approx(30 / 45)
    assert [visits["n_cases"], visits["coverage"]] == [45, 45 / 100]


def test_three_peers_give_a_median_of_the_whole_group(items_of: Callable[[str], pd.DataFrame]) -> None:
    more = items_of(ITEMS + "440882 A 行政许可 20 4 0\n440883 A 行政许可 20 8 0\n")
    cases = pd.concat([COUNTS, pd.DataFrame({"region_code": ["440882", "440883"], "base_code": "A", "n": 3})])
    peers = ["440825", "440881", "440882", "440883"]
    time = caseload(more, cases, region="440823", peers=peers).set_index("indicator").loc["time_compression"]
    assert time["plain_median"] == pytest.approx(16 / 20)  # of 25/30, 0.5, 0.9, 0.8 and 0.6
    assert time["median"] == pytest.approx(
        (12 / 20 + 55 / 70) / 2
    )  # of 55/70, 0.5, 0.8 and 0.6: the third has no cases
    assert time["gap_to_median"] == pytest.approx(55 / 70 - (12 / 20 + 55 / 70) / 2)


def test_a_region_without_cases_has_no_weighted_value(items_of: Callable[[str], pd.DataFrame]) -> None:
    found = caseload(items_of(ITEMS), COUNTS, region="440881", peers=["440823"]).set_index("indicator")
    row = found.loc["time_compression"]
    assert row["plain_value"] == pytest.approx(18 / 20)
    assert pd.isna(row["value"])
    assert pd.isna(row["rank"])
    assert pd.isna(row["coverage"])


def test_the_lens_says_of_how_many_items_it_is_made_and_which_weighs_most(
    items_of: Callable[[str], pd.DataFrame],
) -> None:
    items = items_of(ITEMS).assign(item_name=list("甲乙丙丁戊己庚"))
    found = caseload(items, COUNTS, region="440823", peers=["440825", "440881"]).set_index("indicator")
    visits, time = found.loc["visits"], found.loc["time_compression"]
    # visits: 30, 10 and 5 cases; time: cases × limit, 600 and 100, and 丁 has no limit and does not count
    assert visits["n_effective"] == pytest.approx(45**2 / (30**2 + 10**2 + 5**2))
    assert (visits["top_item"], visits["top_share"]) == ("甲", pytest.approx(30 / 45))
    assert time["n_effective"] == pytest.approx(700**2 / (600**2 + 100**2))
    assert (time["top_item"], time["top_share"]) == ("甲", pytest.approx(600 / 700))


def test_an_item_without_the_number_carries_nothing_however_busy(items_of: Callable[[str], pd.DataFrame]) -> None:
    items = items_of(ITEMS).assign(item_name=list("甲乙丙丁戊己庚"))
    counts = COUNTS.assign(n=COUNTS["n"].mask(COUNTS["base_code"] == "D", 9_999))
    time = caseload(items, counts, region="440823", peers=["440825"]).set_index("indicator").loc["time_compression"]
    assert time["top_item"] == "甲"


def test_without_cases_nothing_carries_it(items_of: Callable[[str], pd.DataFrame]) -> None:
    row = caseload(items_of(ITEMS), COUNTS, region="440881", peers=["440823"]).iloc[0]
    assert (row["top_item"], pd.isna(row["n_effective"]), pd.isna(row["top_share"])) == ("", True, True)


def test_other_counts_of_cases_are_weighed_anew() -> None:
    me = zj.study(str(SAMPLE), "2021Q1", region="遂溪县")
    counts = me.items[["region_code", "match_code"]].set_axis(["region_code", "base_code"], axis=1).assign(n=1)
    assert (2 * me.caseload(counts)["n_cases"]).tolist() == me.caseload(counts.assign(n=2))["n_cases"].tolist()
