from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from zjanalysis.analysis.basket import basket, robust
from zjanalysis.analysis.matching import common_limits
from zjanalysis.analysis.registry import Scope
from zjanalysis.analysis.robust import draws, like_for_like, resampled, summary
from zjanalysis.settings import Comparison, Settings

Read = Callable[[str], pd.DataFrame]
Make = Callable[..., pd.DataFrame]

PAIR = """
region_code match_code statutory_days promised_days visits
440800      A          20             10            1
440800      B          30             3             0
440800      C          5              5             0
440900      A          22             4             0
440900      B          30             9             0
440900      D          60             1             0
441700      B          30             30            2
"""
PEERS = ("440900", "441700")


def rules(**changed: float) -> Settings:
    return Settings(root=Path(), comparison=replace(Comparison(), **changed))  # type: ignore[arg-type]


def random_items(make: Make, *, n: int, regions: tuple[str, ...], seed: int, shift: float = 0.0) -> pd.DataFrame:
    """Every region lists the same n codes; ``shift`` makes the first region's promises longer."""
    random = np.random.default_rng(seed)
    limits = random.integers(5, 60, n).astype(float)
    share = random.uniform(0.05, 0.3, (len(regions), n))
    share[0] += shift
    return make(
        region_code=np.repeat(regions, n),
        match_code=np.tile([f"C{i:04d}" for i in range(n)], len(regions)),
        statutory_days=np.tile(limits, len(regions)),
        promised_days=(share * limits).ravel(),
        visits=random.integers(0, 2, len(regions) * n),
    )


def test_only_codes_of_both_sides_count_with_one_limit_per_code(items_of: Read) -> None:
    table = like_for_like(items_of(PAIR), region="440800", peers=PEERS, indicator="time_compression")
    first, second = table.iloc[0], table.iloc[1]
    # common limits: A the median of 20 and 22, B 30; shared with 440900: A and B
    assert first["value"] == pytest.approx(1 - (10 + 3) / (21 + 30))
    assert first["peer_value"] == pytest.approx(1 - (4 + 9) / (21 + 30))
    assert first["difference"] == pytest.approx(0)
    assert (first["n_codes"], first["n_shared"], first["coverage"], first["peer_coverage"]) == (3, 2, 2 / 3, 2 / 3)
    assert second["difference"] == pytest.approx((30 - 3) / 30)
    assert (second["n_shared"], second["coverage"], second["peer_coverage"]) == (1, 1 / 3, 1)


def test_fewer_visits_are_ahead(items_of: Read) -> None:
    table = like_for_like(items_of(PAIR), region="440800", peers=PEERS, indicator="visits")
    assert table["value"].tolist() == [1 / 2, 0]
    assert table["difference"].tolist() == [-1 / 2, 2]


def test_below_thirty_codes_or_half_there_is_no_verdict_but_a_reason(items_of: Read) -> None:
    table = like_for_like(items_of(PAIR), region="440800", peers=PEERS, indicator="time_compression")
    assert table["verdict"].tolist() == ["不作判断", "不作判断"]
    assert table["reason"].tolist() == [
        "同事项只有2个，不足30个",
        "同事项只有1个，不足30个；同事项覆盖率33.33%，不足50%",
    ]


def test_one_citys_typo_does_not_move_the_common_limit(items_of: Read) -> None:
    items = items_of(
        """
        region_code match_code statutory_days promised_days
        440800      A          2000           10
        440900      A          20             10
        441700      A          20             10
        """
    )
    assert common_limits(items, regions=("440800", *PEERS))["statutory_days"].tolist() == [20, 20, 20]


def test_a_clear_lead_is_ahead_a_small_one_is_level_whatever_the_interval(make_items: Make) -> None:
    regions = ("440800", "440900")
    behind = random_items(make_items, n=200, regions=regions, seed=1, shift=0.1)
    options = {"region": "440800", "peers": ("440900",), "indicator": "time_compression"}
    row = like_for_like(behind, **options).iloc[0]  # type: ignore[arg-type]
    assert (row["verdict"], row["reason"], row["p_ahead"]) == ("低于", "", 0)
    assert row["low"] < row["difference"] < row["high"] < 0
    swapped = like_for_like(behind, region="440900", peers=("440800",), indicator="time_compression").iloc[0]
    assert (swapped["verdict"], swapped["p_ahead"]) == ("高于", 1)
    assert swapped["low"] == pytest.approx(-row["high"])
    wide = like_for_like(behind, settings=rules(margin_time=0.2), **options).iloc[0]  # type: ignore[arg-type]
    assert wide["verdict"] == "持平"
    equal = random_items(make_items, n=200, regions=regions, seed=1)
    assert like_for_like(equal, **options)["verdict"].tolist() == ["持平"]  # type: ignore[arg-type]


def test_two_equal_cities_have_even_chances_and_an_empty_interval(make_items: Make) -> None:
    one = random_items(make_items, n=40, regions=("440800",), seed=3)
    twins = pd.concat([one, one.assign(region_code="440900")], ignore_index=True)
    row = like_for_like(twins, region="440800", peers=("440900",), indicator="time_compression").iloc[0]
    assert (row["low"], row["difference"], row["high"], row["p_ahead"]) == (0, 0, 0, 0.5)


def test_simpsons_paradox_is_caught(make_items: Make) -> None:
    # On every shared code 440800 promises less, but it lists many codes of its own that leave no room.
    codes = [f"S{i}" for i in range(40)]
    own = make_items(region_code="440800", match_code=codes, statutory_days=20.0, promised_days=4.0)
    peer = make_items(region_code="440900", match_code=codes, statutory_days=20.0, promised_days=6.0)
    more = make_items(
        region_code="440800", match_code=[f"T{i}" for i in range(30)], statutory_days=20.0, promised_days=19.0
    )
    row = like_for_like(
        pd.concat([own, more, peer], ignore_index=True),
        region="440800", peers=("440900",), indicator="time_compression",
    ).iloc[0]  # fmt: skip
    assert row["difference"] == pytest.approx((6 - 4) / 20)
    assert row["all_items_difference"] == pytest.approx((40 * 16 + 30 * 1) / (70 * 20) - 14 / 20)
    assert row["all_items_difference"] < 0
    assert (row["simpson"], row["verdict"]) == (True, "高于")
    head = robust(
        pd.concat([own, more, peer], ignore_index=True),
        region="440800", peers=("440900",), indicators=["time_compression"],
    ).iloc[0]  # fmt: skip
    assert head["simpson"]
    assert not like_for_like(
        pd.concat([own, peer], ignore_index=True), region="440800", peers=("440900",), indicator="time_compression"
    )["simpson"].any()


def test_permuting_rows_or_regions_changes_nothing(make_items: Make) -> None:
    regions = ("440800", "440900", "441700", "441200")
    items = random_items(make_items, n=60, regions=regions, seed=5)
    before = items.copy(deep=True)
    mixed = items.sample(frac=1, random_state=2)
    first = like_for_like(items, region="440800", peers=regions[1:], indicator="time_compression")
    second = like_for_like(mixed, region="440800", peers=regions[:0:-1], indicator="time_compression")
    pd.testing.assert_frame_equal(
        first.sort_values("peer_code", ignore_index=True), second.sort_values("peer_code", ignore_index=True)
    )
    one = robust(items, region="440800", peers=regions[1:])
    pd.testing.assert_frame_equal(one, robust(mixed, region="440800", peers=regions[:0:-1]))
    pd.testing.assert_frame_equal(items, before)


def test_draws_are_the_same_for_the_same_seed_and_each_draws_as_many_codes() -> None:
    first = np.vstack(list(draws(7, resamples=600, seed=1)))
    assert first.shape == (600, 7)
    assert set(first.sum(axis=1)) == {7.0}
    assert np.array_equal(first, np.vstack(list(draws(7, resamples=600, seed=1))))
    assert not np.array_equal(first, np.vstack(list(draws(7, resamples=600, seed=2))))


def test_the_basket_holds_codes_of_half_the_peers_and_standardises(items_of: Read) -> None:
    items = items_of(
        """
        region_code match_code statutory_days promised_days
        440800      A          10             2
        440800      B          30             6
        440800      C          50             50
        440900      A          10             1
        440900      B          30             3
        441700      A          10             5
        441200      A          10             5
        441200      B          30             0
        """
    )
    table = basket(items, region="440800", peers=("440900", "441700", "441200"), indicator="time_compression",
                   settings=rules(min_shared=1)).set_index("region_code")  # fmt: skip
    # C is held by no peer; A by three, B by two of three. 441700 holds 10 of 40 days of the basket.
    assert set(table["n_basket"]) == {2}
    assert table["value"].to_dict() == pytest.approx(
        {"440800": 1 - 8 / 40, "440900": 1 - 4 / 40, "441700": 1 - 5 / 10, "441200": 1 - 5 / 40}
    )
    assert table["covered"].to_dict() == {"440800": 1.0, "440900": 1.0, "441700": 10 / 40, "441200": 1.0}
    assert table["rank"].drop("441700").to_dict() == {"440800": 3, "440900": 1, "441200": 2}
    assert pd.isna(table.loc["441700", "rank"])
    assert "25.00%" in table.loc["441700", "reason"]
    assert set(table["n_ranked"]) == {3}


def test_robust_judges_against_the_median_of_the_peers(make_items: Make) -> None:
    regions = ("440800", "440900", "441700", "441200")
    items = random_items(make_items, n=120, regions=regions, seed=11, shift=0.2)
    table = robust(items, region="440800", peers=regions[1:], indicators=["time_compression", "visits"])
    time, visits = table.iloc[0], table.iloc[1]
    peers = basket(items, region="440800", peers=regions[1:], indicator="time_compression").iloc[1:]["value"]
    assert time["median"] == pytest.approx(peers.median())
    assert (time["verdict"], time["rank"], time["rank_low"], time["rank_high"]) == ("低于", 4, 4, 4)
    assert (time["n_shared"], time["coverage"], time["n_peers"]) == (120, 1, 3)
    assert visits["rank_low"] <= visits["rank"] <= visits["rank_high"]
    assert visits["verdict"] == "持平"


def test_no_peer_holds_a_code_then_nothing_is_judged(items_of: Read) -> None:
    items = items_of(
        """
        region_code match_code statutory_days promised_days visits
        440800      A          10             2             0
        440900      B          10             1             0
        """
    )
    row = robust(items, region="440800", peers=("440900",)).iloc[0]
    assert (row["verdict"], row["n_shared"]) == ("不作判断", 0)
    pair = like_for_like(items, region="440800", peers=("440900",), indicator="visits").iloc[0]
    assert (pair["verdict"], pair["coverage"]) == ("不作判断", 0)
    assert like_for_like(items, region="440800", peers=(), indicator="visits").empty
    alone = robust(items, region="440800", peers=(), indicators=["visits"]).iloc[0]
    assert (alone["verdict"], alone["n_peers"], pd.isna(alone["median"])) == ("不作判断", 0, True)
    nobody = like_for_like(items, region="449999", peers=("440900",), indicator="visits").iloc[0]
    assert nobody["verdict"] == "无数据"


def test_types_outside_the_plan_can_be_compared_with_an_open_scope(items_of: Read) -> None:
    items = items_of(PAIR).assign(item_type="公共服务", use_level="2")
    closed = like_for_like(items, region="440800", peers=PEERS, indicator="visits")
    assert closed["n_codes"].tolist() == [0, 0]
    opened = like_for_like(items, region="440800", peers=PEERS, indicator="visits", scope=Scope((), ()))
    assert opened["n_codes"].tolist() == [3, 3]


@pytest.mark.parametrize("kind", ["time", "visits"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_interval_covers_the_true_difference(kind: str, seed: int) -> None:
    # A catalogue of 20,000 codes in two cities, of which lists of 200 are drawn 3,000 times: one column is one trial.
    random = np.random.default_rng(seed)
    size, n, trials = 20_000, 200, 3_000
    limits = random.integers(5, 61, size).astype(float)
    promised = np.floor(random.beta(1.2, 6, (2, size)) * limits)
    if kind == "visits":
        limits, promised = np.ones(size), (random.random((2, size)) < [[0.12], [0.07]]).astype(float)
    apart = promised[1] - promised[0]
    drawn = random.integers(0, size, (n, trials))
    redrawn = resampled(apart[drawn], limits[drawn], replace(Comparison(), resamples=1000))
    found = summary(redrawn)
    true = apart.sum() / limits.sum()
    covered = (found["low"] <= true) & (true <= found["high"])
    assert 0.93 <= covered.mean() <= 0.97
