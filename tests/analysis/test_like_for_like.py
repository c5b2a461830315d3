"""判断 by the two-way model: equal promises are equal whatever is not listed, and the interval rests on what differs."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats

from tests.analysis.ways import like_for_like
from zjanalysis.analysis.compare import hinges, standings
from zjanalysis.analysis.like_for_like import (
    CodeTable,
    code_tables,
    difference,
    fit,
    judge,
    linked,
    middle_of,
)
from zjanalysis.analysis.matching import common_limits
from zjanalysis.analysis.registry import Scope, indicator
from zjanalysis.settings import Comparison, Settings

Read = Callable[[str], pd.DataFrame]
Make = Callable[..., pd.DataFrame]
TIME, VISITS, ONLINE = indicator("time_compression"), indicator("visits"), indicator("online")
CITIES = tuple(f"44{i:02d}00" for i in range(8, 20))


def rules(**changed: float) -> Settings:
    return Settings(root=Path(), comparison=replace(Comparison(), **changed))  # type: ignore[arg-type]


def table_of(values: np.ndarray, weights: np.ndarray | None = None) -> CodeTable:
    """A table of codes × regions named 00, 01, …; missing cells are NaN."""
    n, size = values.shape
    codes = np.array([f"C{i:03d}" for i in range(n)], dtype=object)
    return CodeTable(codes, tuple(f"{r:02d}" for r in range(size)), values, np.ones(n) if weights is None else weights)


def by_dummies(table: CodeTable) -> np.ndarray:
    """Fit the same model as a textbook does: weighted least squares on code and region dummies; effects of mean 0."""
    code, region = np.nonzero(table.held)
    design = np.zeros((len(code), len(table.codes) + len(table.regions)))
    design[np.arange(len(code)), code] = 1
    design[np.arange(len(code)), len(table.codes) + region] = 1
    root = np.sqrt(table.weights[code])
    found = np.linalg.lstsq(design * root[:, None], table.values[code, region] * root, rcond=None)[0]
    effects = found[len(table.codes) :]
    return np.asarray(effects - effects.mean())


# -- equal promises are equal ----------------------------------------------------------------------------------------


def equal_promises(make: Make, *, hard: int = 24, codes: int = 120) -> pd.DataFrame:
    """Twelve cities that promise the same on every code; the peers do not list some of the hard ones."""
    limits = np.random.default_rng(1).integers(5, 60, codes).astype(float)
    share = np.where(np.arange(codes) < hard, 0.9, 0.1)  # hard: hardly shortened
    parts = []
    for number, city in enumerate(CITIES):
        listed = np.array([number == 0 or i >= hard or (i + number) % 3 > 0 for i in range(codes)])
        parts.append(
            make(
                region_code=city, match_code=np.array([f"C{i:03d}" for i in range(codes)])[listed], item_name="甲",
                statutory_days=limits[listed], promised_days=(limits * share)[listed], department="局",
                visits=(np.arange(codes) < hard).astype(float)[listed], online=(np.arange(codes) >= hard)[listed],
            )
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def test_who_promises_the_same_is_level_whatever_the_others_do_not_list(make_items: Make) -> None:
    items = equal_promises(make_items)
    gaps = standings(items, regions=CITIES, indicators=["time_compression", "visits", "online"])
    own = gaps[gaps["region_code"] == CITIES[0]]
    assert (own["gap_to_median"] < -0.02).all()  # on all items it is far behind …
    assert (own["rank"] == 12).all()
    assert (gaps["effect"].abs() < 1e-12).all()  # … and nobody differs on the same items
    assert (gaps[["difference", "low", "high"]].abs() < 1e-12).all(axis=None)
    assert set(gaps["verdict"]) == {"相当"}
    for key in ("time_compression", "visits", "online"):
        pairs = like_for_like(items, region=CITIES[0], peers=CITIES[1:], indicator=key)
        assert (pairs["difference"].abs() < 1e-12).all()
        assert set(pairs["verdict"]) == {"相当"}


# -- the model -------------------------------------------------------------------------------------------------------


def test_a_full_table_gives_direct_standardisation() -> None:
    random = np.random.default_rng(2)
    table = table_of(random.random((40, 5)), random.integers(1, 60, 40).astype(float))
    effects = fit(table).effects
    means = table.weights @ table.values / table.weights.sum()
    assert effects == pytest.approx(means - means.mean(), abs=1e-12)
    found = difference(fit(table), 0, 3, least=5)
    assert found.value == pytest.approx(means[0] - means[3], abs=1e-12)


def test_with_missing_cells_it_is_the_textbooks_least_squares() -> None:
    random = np.random.default_rng(3)
    values = random.random((30, 6))
    values[random.random(values.shape) < 0.4] = np.nan
    table = table_of(values, random.integers(1, 60, 30).astype(float)).only()
    assert fit(table).effects == pytest.approx(by_dummies(table), abs=1e-10)


def test_a_missing_cell_by_hand() -> None:
    # Code A is held by all three, B by the first two. Equal weights. Region 2 is tied to the others by A alone, so
    # its effect is (its A − the model's A); the first two differ by the mean of their differences on A and B weighted
    # by what each tells: normal equations for (r0 − r2), (r1 − r2) give 0.1 and 0.2 below.
    values = np.array([[0.4, 0.3, 0.2], [0.8, 1.0, np.nan]])
    effects = fit(table_of(values)).effects
    # r0 − r1: A says 0.1, B says −0.2. Minimise over r: A: ½ weight per pair of three, B: one pair of two.
    normal = np.array([[2 / 3 + 1 / 2, -1 / 3 - 1 / 2], [-1 / 3 - 1 / 2, 2 / 3 + 1 / 2]])
    right = np.array([0.4 - 0.3 + (0.8 - 0.9), 0.3 - 0.3 + (1.0 - 0.9)])
    first, second = np.linalg.solve(normal, right)
    assert effects[0] - effects[2] == pytest.approx(first)
    assert effects[1] - effects[2] == pytest.approx(second)
    assert effects.sum() == pytest.approx(0)


def test_long_limits_weigh_more_for_time_and_not_for_visits(items_of: Read) -> None:
    items = items_of(
        """
        region_code match_code statutory_days promised_days visits
        440800      A          10             5             1
        440800      B          90             9             0
        440900      A          10             1             0
        440900      B          90             9             1
        """
    )
    tables = code_tables(items, [TIME, VISITS], regions=("440800", "440900"))
    assert dict(zip(tables["time_compression"].codes, tables["time_compression"].weights, strict=True)) == {
        "A": 10,
        "B": 90,
    }
    assert tables["visits"].weights.tolist() == [1, 1]
    effects = fit(tables["time_compression"]).effects
    assert effects[0] - effects[1] == pytest.approx(10 / 100 * (0.5 - 0.9))
    assert fit(tables["visits"]).effects == pytest.approx([0, 0])


def test_the_limit_of_a_code_is_the_median_of_the_group_so_one_typo_moves_nothing(items_of: Read) -> None:
    items = items_of(
        """
        region_code match_code statutory_days promised_days
        440800      A          2000           10
        440900      A          20             10
        441700      A          20             10
        """
    )
    regions = ("440800", "440900", "441700")
    assert common_limits(items, regions=regions)["statutory_days"].tolist() == [20, 20, 20]
    assert code_tables(items, [TIME], regions=regions)["time_compression"].values.tolist() == [[0.5, 0.5, 0.5]]


def test_several_items_of_one_code_are_one_value(items_of: Read) -> None:
    items = items_of(
        """
        region_code match_code visits online
        440800      A          0      1
        440800      A          1      0
        440900      A          1      1
        """
    )
    tables = code_tables(items, [VISITS, ONLINE], regions=("440800", "440900"))
    assert tables["visits"].values.tolist() == [[0.5, 1.0]]
    assert tables["online"].values.tolist() == [[0.5, 1.0]]


VALUES = st.integers(0, 4).map(lambda v: v / 4)


@st.composite
def code_table(draw: st.DrawFn) -> CodeTable:
    """Any table whose regions hang together: the first code is held by all."""
    n, size = draw(st.integers(2, 12)), draw(st.integers(2, 6))
    values = np.array(draw(st.lists(VALUES, min_size=n * size, max_size=n * size))).reshape(n, size)
    gone = np.array(draw(st.lists(st.booleans(), min_size=n * size, max_size=n * size))).reshape(n, size)
    gone[0] = False
    weights = np.array(draw(st.lists(st.integers(1, 60), min_size=n, max_size=n)), dtype=float)
    return table_of(np.where(gone, np.nan, values), weights).only()


@given(code_table(), st.randoms(use_true_random=False))
@example(table_of(np.array([[0, 0.25, 0], [0.25, 0, 0]]), np.ones(2)), Random(2))  # as many codes as are asked for
def test_order_scale_and_code_levels_change_nothing(table: CodeTable, random) -> None:
    codes, regions = list(range(len(table.codes))), list(range(len(table.regions)))
    random.shuffle(codes)
    random.shuffle(regions)
    level = np.arange(len(table.codes)) / 7
    other = CodeTable(
        table.codes[codes],
        tuple(table.regions[r] for r in regions),
        (table.values + level[:, None])[np.ix_(codes, regions)],
        table.weights[codes] * 3,
    )
    first, second = fit(table), fit(other)
    assert second.effects == pytest.approx(first.effects[regions], abs=1e-9)
    a, b = regions.index(0), regions.index(1)
    one, two = difference(first, 0, 1, least=2), difference(second, a, b, least=2)
    for name in ("value", "low", "high", "n_effective"):
        assert getattr(two, name) == pytest.approx(getattr(one, name), abs=1e-7, nan_ok=True)


@given(code_table(), st.floats(-1, 1))
def test_a_region_that_gets_better_everywhere_moves_by_just_that(table: CodeTable, step: float) -> None:
    moved = replace(table, values=table.values + step * (np.arange(len(table.regions)) == 0))
    before, after = difference(fit(table), 0, 1, least=0), difference(fit(moved), 0, 1, least=0)
    assert after.value - before.value == pytest.approx(step, abs=1e-9)


@given(code_table())
def test_differences_are_transitive_and_turn_over(table: CodeTable) -> None:
    fitted = fit(table)
    apart = [[difference(fitted, a, b, least=2) for b in range(len(table.regions))] for a in range(len(table.regions))]
    for a, row in enumerate(apart):
        end = 0 if table.held[:, a].sum() >= 2 else np.nan
        assert (row[a].value, row[a].n_effective) == (0, 0)
        assert (row[a].low, row[a].high) == pytest.approx((end, end), nan_ok=True)
        for b, found in enumerate(row):
            back = apart[b][a].turned(VISITS)
            assert found.n_effective <= min(table.held[:, [a, b]].sum(axis=0))
            assert (back.value, back.low) == pytest.approx((found.value, found.low), abs=1e-9, nan_ok=True)
            assert found.value == pytest.approx(row[0].value + apart[0][b].value, abs=1e-9)
            assert np.isnan(found.low) or found.low <= found.value <= found.high


@given(code_table())
def test_codes_of_one_region_alone_say_nothing(table: CodeTable) -> None:
    alone = np.full((1, len(table.regions)), np.nan)
    alone[0, 0] = 0.9
    more = CodeTable(
        np.append(table.codes, "X"), table.regions, np.vstack([table.values, alone]), np.append(table.weights, 30.0)
    )
    assert fit(more.only()).effects == pytest.approx(fit(table).effects, abs=1e-12)


# -- the interval ----------------------------------------------------------------------------------------------------


def test_the_interval_by_hand_on_a_full_table() -> None:
    # Two regions, equal weights, ten codes, eight of which differ by 0.3, 0.1, …: every figure by arithmetic.
    apart = np.array([0.3, 0.1, 0.2, 0.3, -0.1, 0.2, 0.1, 0.1, 0, 0])
    found = difference(fit(table_of(np.column_stack([apart + 0.5, np.full(10, 0.5)]))), 0, 1, least=5)
    assert found.value == pytest.approx(apart.mean())
    assert found.n_effective == pytest.approx(np.abs(apart).sum() ** 2 / (apart**2).sum())
    # leaving one code out of a mean: the jackknife variance of a mean is s²/n
    variance = apart.var(ddof=1) / 10 + (0.3 / 10) ** 2
    half = stats.t.ppf(0.975, found.n_effective - 1) * np.sqrt(variance)
    assert (found.low, found.high) == pytest.approx((apart.mean() - half, apart.mean() + half), rel=1e-4)


def test_a_heavy_code_makes_the_effective_number_smaller() -> None:
    values = np.column_stack([np.linspace(0.5, 0.6, 20), np.full(20, 0.5)])
    equal = difference(fit(table_of(values)), 0, 1, least=0).n_effective
    weights = np.where(np.arange(20) == 0, 100.0, 1.0)
    uneven = difference(fit(table_of(values, weights)), 0, 1, least=0).n_effective
    assert uneven == pytest.approx(equal * weights.sum() ** 2 / (20 * (weights**2).sum()))
    assert (uneven, equal) == (round(uneven, 9), round(equal, 9))  # no digit that hangs on the order of a sum


def test_too_few_differing_codes_give_no_interval() -> None:
    values = np.zeros((200, 2))
    values[:4, 0] = 1.0
    found = difference(fit(table_of(values)), 0, 1, least=5)
    assert (found.value, found.n_effective) == pytest.approx((4 / 200, 4))
    assert np.isnan([found.low, found.high]).all()
    values[4, 0] = 1.0
    assert difference(fit(table_of(values)), 0, 1, least=5).low < 5 / 200


def test_a_region_like_the_other_is_surely_level() -> None:
    same = difference(fit(table_of(np.tile(np.arange(5.0)[:, None], 2))), 0, 1, least=5)
    assert (same.value, same.low, same.high, same.n_effective) == (0, 0, 0, 0)


def listing(own: list[float], others: np.ndarray) -> pd.Series:
    """判断 of a region that lists the first codes only, beside others that list them all."""
    first = np.append(np.array(own), np.full(len(others) - len(own), np.nan))
    return judge(table_of(np.column_stack([first, others])), ONLINE).iloc[0]


def test_a_handful_of_codes_is_no_evidence_whatever_third_regions_promise() -> None:
    others = np.random.default_rng(21).integers(0, 2, (200, 9)).astype(float)
    for n in (1, 3, 4):
        for value in (0.0, 1.0):
            found = listing([value] * n, others)
            assert (found["verdict"], found["reason"]) == (
                "不作判断",
                f"与兄弟地区相同且有数据的事项只有{n}个，不足5个",
            )
    assert (listing([0.0] * 5, np.zeros((200, 9)))["verdict"]) == "相当"
    few = listing([0.0] * 6, np.column_stack([np.r_[np.zeros(6), column] for column in others[6:].T]))
    assert (few["verdict"], few["n_effective"]) == ("不作判断", 0)  # where it is compared, nothing differs
    many = listing([0.0] * 12, others)
    assert many["n_effective"] <= 12
    assert -1 <= many["low"] <= many["high"] <= 1


def test_a_region_that_lists_a_handful_is_not_the_middle_of_the_others() -> None:
    values = (np.random.default_rng(22).random((200, 10)) < np.r_[0.5, np.arange(1, 10) / 10]).astype(float)
    values[4:, 0] = np.nan
    values[:4, 0] = values[:4, 1:].mean(axis=1)  # where the others are, so in their middle
    assert "00" not in set(judge(table_of(values), ONLINE)["middle"])


def test_two_regions_with_a_few_equal_codes_are_not_called_equal(items_of: Read) -> None:
    items = items_of(
        """
        region_code match_code visits
        440800      A          0
        440900      A          0
        """
    )
    assert like_for_like(items, region="440800", peers=("440900",), indicator="visits")[
        ["verdict", "reason"]
    ].to_numpy().tolist() == [["不作判断", "1个同事项没有差别"]]


# -- the verdict -----------------------------------------------------------------------------------------------------


def group(shifts: list[float], *, n: int = 80, seed: int = 5) -> CodeTable:
    """Regions that differ by chance on every code and are better than the rest by their shift."""
    random = np.random.default_rng(seed)
    return table_of(random.normal(0, 0.05, (n, len(shifts))) + np.array(shifts))


def words(table: CodeTable, one=ONLINE, **changed: float) -> list[str]:
    return judge(table, one, settings=rules(**changed))["verdict"].tolist()


def test_ahead_level_behind_and_less_is_better_for_visits() -> None:
    table = group([0.3, 0.0, 0.0, 0.0, 0.0, -0.3])
    assert words(table) == ["优于", "相当", "相当", "相当", "相当", "落后"]
    assert words(table, VISITS) == ["落后", "相当", "相当", "相当", "相当", "优于"]


def test_a_sure_difference_below_the_margin_is_level() -> None:
    values = np.zeros((60, 4))
    values[:, 0] = 0.01  # surely better, on every code alike
    values[::2, 0] += 0.002
    assert words(table_of(values)) == ["优于", "相当", "相当", "相当"]
    assert words(table_of(values), margin_time=0.02) == ["相当"] * 4
    assert words(table_of(-values), VISITS) == ["相当"] * 4  # 0.01 visits


def test_the_middle_of_an_odd_group_is_level_and_measured_against_itself() -> None:
    found = judge(group([0.3, 0.2, 0.0, -0.2, -0.3]), ONLINE).set_index("region_code")
    assert set(found["middle"]) == {"02"}
    assert found.loc["02", ["effect", "difference", "low", "high"]].tolist() == [0, 0, 0, 0]
    assert found["verdict"].tolist() == ["优于", "优于", "相当", "落后", "落后"]


def test_in_an_even_group_a_region_is_measured_against_the_middle_of_the_others() -> None:
    table = group([0.3, 0.2, 0.1, -0.1, -0.2, -0.3])
    found = judge(table, ONLINE).set_index("region_code")
    assert found["middle"].to_dict() == {"00": "03", "01": "03", "02": "03", "03": "02", "04": "02", "05": "02"}
    effects = fit(table).effects
    assert found["effect"].to_numpy() == pytest.approx(effects - np.median(effects))
    assert found["difference"].to_numpy() == pytest.approx(
        [effects[i] - np.median(np.delete(effects, i)) for i in range(6)]
    )
    assert (np.sign(found["effect"]) == np.sign(found["difference"])).all()  # on one side of both medians


def test_ties_in_the_middle_are_no_coin_tossing() -> None:
    assert middle_of(np.array([0.1, 0.0, 0.0, 0.0]), 0) == 2
    assert middle_of(np.array([0.1, 1e-16, 0.0, -1e-16]), 0) == 2  # noise of a sum is a tie
    values = np.random.default_rng(6).random((40, 1))
    twins = table_of(np.hstack([values + 0.2, values, values, values]))
    assert words(twins) == ["优于", "相当", "相当", "相当"]


def test_every_member_of_the_group_reads_the_same_numbers(make_items: Make) -> None:
    items = random_items(make_items, n=60, regions=CITIES[:6], seed=5, missing=0.3)
    every = judge(code_tables(items, [TIME], regions=CITIES[:6])["time_compression"], TIME).set_index("region_code")
    for city in CITIES[:6]:
        group = [city, *[other for other in CITIES[:6] if other != city][::-1]]
        table = code_tables(items, [TIME], regions=group)["time_compression"]
        pd.testing.assert_frame_equal(judge(table, TIME).set_index("region_code"), every)


def random_items(make: Make, *, n: int, regions: tuple[str, ...], seed: int, missing: float = 0.0) -> pd.DataFrame:
    """Every region lists most of n codes; promises differ by chance."""
    random = np.random.default_rng(seed)
    limits = random.integers(5, 60, n).astype(float)
    items = make(
        region_code=np.repeat(regions, n),
        match_code=np.tile([f"C{i:04d}" for i in range(n)], len(regions)),
        item_name="甲",
        department=np.tile([f"局{i % 5}" for i in range(n)], len(regions)),
        statutory_days=np.tile(limits, len(regions)),
        promised_days=np.floor(random.uniform(0.0, 0.4, (len(regions), n)) * limits).ravel(),
        visits=random.integers(0, 2, len(regions) * n),
    )
    return items[random.random(len(items)) >= missing].reset_index(drop=True)


def test_the_order_of_rows_and_regions_changes_nothing_and_the_input_stays(make_items: Make) -> None:
    items = random_items(make_items, n=60, regions=CITIES[:5], seed=7, missing=0.3)
    before, mixed = items.copy(deep=True), items.sample(frac=1, random_state=2)
    keys, key = ["time_compression", "visits"], ["region_code", "indicator"]
    first = standings(items, regions=CITIES[:5], indicators=keys)
    second = standings(mixed, regions=CITIES[4::-1], indicators=keys)
    pd.testing.assert_frame_equal(first.sort_values(key, ignore_index=True), second.sort_values(key, ignore_index=True))
    pairs = like_for_like(items, region=CITIES[0], peers=CITIES[1:5], indicator="visits")
    again = like_for_like(mixed, region=CITIES[0], peers=CITIES[4:0:-1], indicator="visits")
    pd.testing.assert_frame_equal(pairs, again.sort_values("peer_code", ignore_index=True))
    pd.testing.assert_frame_equal(items, before)


def test_a_third_regions_promises_move_a_pair_by_nothing(make_items: Make) -> None:
    items = random_items(make_items, n=60, regions=CITIES[:4], seed=8, missing=0.3)
    third = items["region_code"] == CITIES[3]
    other = items.assign(promised_days=items["promised_days"].mask(third, 0.0), visits=items["visits"].mask(third, 2.0))
    for key in ("time_compression", "visits"):
        pair, moved = (
            like_for_like(rows, region=CITIES[0], peers=CITIES[1:4], indicator=key).set_index("peer_code")
            for rows in (items, other)
        )
        pd.testing.assert_frame_equal(pair.loc[list(CITIES[1:3])], moved.loc[list(CITIES[1:3])], rtol=0, atol=0)
        assert pair.loc[CITIES[3], "difference"] != moved.loc[CITIES[3], "difference"]


# -- what is not judged ----------------------------------------------------------------------------------------------


def test_fewer_than_three_peers_with_data_are_not_judged_and_empty_ones_do_not_count(make_items: Make) -> None:
    items = random_items(make_items, n=60, regions=CITIES[:3], seed=9)
    table = code_tables(items, [VISITS], regions=CITIES[:10])["visits"]  # seven of ten sent nothing
    found = judge(table, VISITS).set_index("region_code")
    assert found.loc[CITIES[0], ["verdict", "reason"]].tolist() == ["不作判断", "有数据的兄弟地区只有2个，不足3个"]
    assert found.loc[list(CITIES[3:10]), "verdict"].tolist() == ["无数据"] * 7
    two = judge(table, VISITS, settings=rules(min_peers=2)).set_index("region_code")
    assert two.loc[CITIES[0], "verdict"] in ("优于", "相当", "落后")


def test_peers_that_sent_nothing_move_nothing(make_items: Make) -> None:
    items = random_items(make_items, n=60, regions=CITIES[:5], seed=10, missing=0.2)
    alone, among = (
        judge(code_tables(items, [TIME], regions=regions)["time_compression"], TIME).set_index("region_code")
        for regions in (CITIES[:5], CITIES[:10])
    )
    pd.testing.assert_frame_equal(alone, among.loc[list(CITIES[:5])])


def test_under_half_coverage_is_not_judged_and_does_not_stand_in_the_model() -> None:
    random = np.random.default_rng(11)
    values = np.full((200, 5), np.nan)
    values[:80, :4] = random.random((80, 4))
    values[60:, 4] = random.random(140)  # 20 of its 140 codes are another's too
    found = judge(table_of(values), ONLINE).set_index("region_code")
    assert found.loc["04", "coverage"] == pytest.approx(20 / 140)
    assert found.loc["04", ["verdict", "reason"]].tolist() == [
        "不作判断",
        "与兄弟地区相同且有数据的事项只占14.29%，不足50%",
    ]
    without = judge(table_of(values[:, :4]).only(), ONLINE).set_index("region_code")
    assert found.loc["00", "difference"] == without.loc["00", "difference"]
    assert found.loc["00", "n_peers"] == 3


def test_regions_that_do_not_hang_together_are_not_compared() -> None:
    values = np.full((60, 6), np.nan)
    values[:40, :4] = np.random.default_rng(12).random((40, 4))
    values[40:, 4:] = 0.5
    assert linked(table_of(values)).tolist() == [True] * 4 + [False] * 2
    found = judge(table_of(values), ONLINE).set_index("region_code")
    assert found.loc["05", ["verdict", "reason"]].tolist() == ["不作判断", "没有可比的兄弟地区"]
    assert found.loc["00", "n_peers"] == 3
    chain = np.full((3, 4), np.nan)
    for place in range(3):
        chain[place, place : place + 2] = 0.5  # each shares a code with the next only
    assert linked(table_of(chain)).all()


def test_the_reason_says_how_many_codes_differ_or_that_few_carry_the_difference() -> None:
    values = np.zeros((100, 4))
    values[:4, 0] = 1.0
    found = judge(table_of(values), ONLINE).iloc[0]
    assert (found["verdict"], found["n_both"], found["n_differ"]) == ("不作判断", 100, 4)
    assert found["reason"] == "与居中地区的100个同事项中只有4个有差别"
    values[:20, 0] = 0.01
    values[0, 0] = 1.0
    assert judge(table_of(values), ONLINE).iloc[0]["reason"] == (
        f"与居中地区的100个同事项中有20个有差别，但分量集中在少数事项，只相当于{1.19**2 / (1 + 19 * 0.01**2):.1f}个"
    )


def test_alone_or_without_items_nothing_is_said(items_of: Read) -> None:
    items = items_of(
        """
        region_code match_code visits
        440800      A          0
        440900      B          1
        """
    )
    found = judge(code_tables(items, [VISITS], regions=("440800", "440900", "441700"))["visits"], VISITS)
    assert found["verdict"].tolist() == ["不作判断", "不作判断", "无数据"]
    assert found["reason"].tolist() == ["与兄弟地区没有相同且有数据的事项", "与兄弟地区没有相同且有数据的事项", ""]
    pairs = like_for_like(items, region="440800", peers=("440900", "441700"), indicator="visits")
    assert (
        pairs[["n_shared", "coverage", "verdict", "reason"]].to_numpy().tolist()
        == [[0, 0.0, "不作判断", "没有相同且有数据的事项"]] * 2
    )
    alone = judge(code_tables(items, [VISITS], regions=("440800",))["visits"], VISITS)
    assert alone[["verdict", "reason"]].to_numpy().tolist() == [["不作判断", "没有可比的地区"]]
    assert like_for_like(items, region="440800", peers=(), indicator="visits").empty
    assert like_for_like(items, region="441700", peers=("440900",), indicator="visits")["verdict"].tolist() == [
        "无数据"
    ]


def test_types_outside_the_plan_can_be_compared_with_an_open_scope(make_items: Make) -> None:
    items = random_items(make_items, n=40, regions=CITIES[:2], seed=13).assign(item_type="公共服务", use_level="2")
    closed = like_for_like(items, region=CITIES[0], peers=CITIES[1:2], indicator="visits")
    assert closed["n_codes"].tolist() == [0]
    opened = like_for_like(items, region=CITIES[0], peers=CITIES[1:2], indicator="visits", scope=Scope((), ()))
    assert opened["n_codes"].tolist() == [40]


# -- pair by pair ----------------------------------------------------------------------------------------------------

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


def test_a_pair_stands_on_its_shared_codes_with_one_limit_each(items_of: Read) -> None:
    table = like_for_like(items_of(PAIR), region="440800", peers=("440900", "441700"), indicator="time_compression")
    first, second = table.iloc[0], table.iloc[1]
    # common limits: A the median of 20 and 22, B 30; shared with 440900: A and B
    assert first["value"] == pytest.approx(1 - (10 + 3) / (21 + 30))
    assert first["peer_value"] == pytest.approx(1 - (4 + 9) / (21 + 30))
    assert first["difference"] == pytest.approx(0, abs=1e-12)
    assert (first["n_codes"], first["n_shared"], first["n_differ"], first["coverage"]) == (3, 2, 2, 2 / 3)
    assert second["difference"] == pytest.approx((30 - 3) / 30)
    assert (second["n_shared"], second["coverage"]) == (1, 1 / 3)
    assert table["reason"].tolist() == ["2个同事项中只有2个有差别", "同事项只占33.33%，不足50%"]
    visits = like_for_like(items_of(PAIR), region="440800", peers=("440900", "441700"), indicator="visits")
    assert visits["value"].tolist() == [1 / 2, 0]
    assert visits["difference"].tolist() == [-1 / 2, 2]  # fewer visits are better


# -- departments -----------------------------------------------------------------------------------------------------


def test_the_department_that_carries_the_verdict_is_named() -> None:
    table = group([0.0] * 6, n=90)
    values = table.values.copy()
    values[:15, 0] += 0.5  # all of the lead stands in one office
    carried = replace(table, values=values)
    departments = pd.Series(
        np.where(np.arange(90) < 15, "水务局", np.where(np.arange(90) < 50, "教育局", "公安局")), index=table.codes
    )
    assert words(carried)[0] == "优于"
    assert hinges(carried, ONLINE, region="00", departments=departments) == ("水务局",)
    spread = replace(table, values=table.values + 0.1 * (np.arange(6) == 0))
    assert words(spread)[0] == "优于"
    assert hinges(spread, ONLINE, region="00", departments=departments) == ()
    assert hinges(spread, ONLINE, region="没有", departments=departments) == ()


def test_no_department_carries_what_is_not_judged_for_its_coverage() -> None:
    values = np.full((100, 5), np.nan)
    values[:40] = np.random.default_rng(14).random((40, 5))
    values[40:, 0] = 0.5  # 60 codes of its own
    table = table_of(values)
    departments = pd.Series(np.where(np.arange(100) % 10 == 0, "水务局", "教育局"), index=table.codes)
    assert words(table)[0] == "不作判断"
    assert hinges(table, ONLINE, region="00", departments=departments) == ()
    assert len(table.without(departments.to_numpy() == "水务局").codes) == 90


# -- coverage --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def simulation() -> ModuleType:
    path = Path(__file__).resolve().parents[2] / "benchmarks" / "coverage.py"
    spec = importlib.util.spec_from_file_location("coverage_of_intervals", path)
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    sys.modules[spec.name] = module  # type: ignore[union-attr] # dataclasses look their module up
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    return module


def test_intervals_cover_and_words_are_not_false(simulation: ModuleType) -> None:
    cells = simulation.quick()
    assert simulation.broken(cells).empty
    assert cells["published"].max() == 1.0  # and it is not that nothing is ever said
    assert cells.loc[cells["truth"] == "one", "behind"].max() > 0.9


def test_the_check_of_the_coverage_can_fail(simulation: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zjanalysis.analysis.like_for_like.two_sided_t", lambda level, freedom: 1.0)
    cells = simulation.grid(simulation.real_limits(), [simulation.Cell("one", 150, 0.50)], lists=100)
    assert len(simulation.broken(cells)) == 1
    assert simulation.markdown(simulation.by_size(cells)).splitlines()[2].startswith("| 150 | 50.0% | 100.0% | ")


def test_a_region_that_shares_no_code_with_the_middle_one_is_not_called_equal_to_it() -> None:
    """赤坎区 read 与居中地区的0个同事项没有差别."""
    values = np.full((12, 4), np.nan)
    values[:6, 0], values[:, 1], values[6:, 2:], values[0, 0], values[6, 2:] = 0.0, 0.0, 0.0, 1.0, 0.5
    assert judge(table_of(values), ONLINE)["reason"].iloc[0] == "与居中地区的同事项一个也没有"
