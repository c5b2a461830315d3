from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from tests.analysis.ways import plan, survey
from zjanalysis.analysis.compare import facts, standings
from zjanalysis.analysis.frontier import (
    FREE,
    LOCKED,
    Constraints,
    frontier,
    peer_states,
    possible_steps,
    review_of,
    unreviewed,
)
from zjanalysis.analysis.indicators import measure
from zjanalysis.analysis.like_for_like import CodeTable, judged
from zjanalysis.analysis.plan import (
    LEAD,
    Goal,
    Plan,
    fewest,
    lead,
    plan_on,
    reached_values,
)
from zjanalysis.analysis.registry import Scope, indicator
from zjanalysis.analysis.tasks import carried_out
from zjanalysis.errors import ConfigError, UnknownName
from zjanalysis.inputs.period import load_period
from zjanalysis.inputs.reference import read_reference
from zjanalysis.settings import Comparison, Settings

Read = Callable[[str], pd.DataFrame]
SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"

ITEMS = """
region_code match_code item_id item_name department statutory_days promised_days visits handling_type online
440800      A          i1      甲        局一       20             10            1      承诺件        1
440800      B          i2      乙        局一       30             12            0      承诺件        0
440800      C          i3      丙        局二       40             8             2      即办件        1
440800      D          i4      丁        局二       10             9             0      承诺件        0
440900      A          j1      甲        局甲       20             2             0      即办件        1
440900      B          j2      乙        局甲       30             10            0      承诺件        1
440900      C          j3      丙        局甲       40             8             1      承诺件        1
441700      A          k1      甲        局乙       20             4             0      承诺件        1
441700      B          k2      乙        局乙       30             3             1      承诺件        1
441700      C          k3      丙        局乙       40             2             0      即办件        0
"""
PEERS = ("440900", "441700")


@pytest.fixture(scope="module")
def items(items_of: Read) -> pd.DataFrame:
    return items_of(ITEMS)


TWO = Constraints(settings=Settings(root=Path(), comparison=Comparison(min_peers=2)))
"""Two peers are enough for a median."""


def done(items: pd.DataFrame, steps: pd.DataFrame) -> pd.DataFrame:
    return carried_out(items, steps.assign(applied_value=steps["to_value"]))


def made(items: pd.DataFrame, key: str, target: float | str, constraints: Constraints = FREE) -> Plan:
    return plan(items, region="440800", peers=PEERS, indicator=key, target=target, constraints=constraints)


def test_the_largest_rooms_are_taken_first_until_the_number_is_reached(items: pd.DataFrame) -> None:
    # ΣL = 100, ΣP = 39: 0.61. Rooms to the best peer: B 12−3 = 9, A 10−2 = 8, C 8−2 = 6.
    found = made(items, "time_compression", 0.78)
    assert found.steps["match_code"].tolist() == ["B", "A"]
    assert found.steps["change_by"].tolist() == [9, 8]
    assert found.steps["gain"].tolist() == pytest.approx([9 / 100, 8 / 100])
    assert found.steps["cumulative"].tolist() == pytest.approx([0.70, 0.78])
    assert found.steps["follows"].tolist() == ["441700", "440900"]
    assert found.steps[["from_value", "to_value"]].to_numpy().tolist() == [[12, 3], [10, 2]]
    summary = found.summary.iloc[0]
    assert (summary["reached"], summary["n_steps"], summary["n_possible"]) == (True, 2, 3)
    assert (summary["value"], summary["best_reachable"]) == (pytest.approx(0.61), pytest.approx(0.84))


def test_doing_the_steps_gives_the_value_and_rank_that_were_promised(items: pd.DataFrame) -> None:
    for key, target in (("time_compression", 0.8), ("visits", 0.3), ("instant", 0.5), ("online", 0.7)):
        found = made(items, key, target)
        after = measure(done(items, found.steps), [indicator(key)]).set_index("region_code")["value"]
        assert after["440800"] == pytest.approx(found.steps["cumulative"].iloc[-1], abs=1e-12)
        assert found.steps["rank"].iloc[-1] == 1 + sum(
            (after[p] - after["440800"]) * indicator(key).sign > 1e-9 for p in PEERS
        )


def test_only_who_is_where_a_step_leads_is_an_example(items: pd.DataFrame) -> None:
    near = items.assign(promised_days=items["promised_days"].mask(items["item_id"] == "k1", 3))
    first = made(near, "time_compression", 0.78).steps.set_index("match_code").loc["A"]
    assert (first["to_value"], first["follows"], first["n_follows"]) == (2, "440900", 1)  # 3 days are not 2


def test_an_unreachable_target_says_so_and_what_stands_in_the_way(items: pd.DataFrame) -> None:
    found = made(items, "time_compression", 0.99)
    summary = found.summary.iloc[0]
    assert not summary["reached"]
    assert (summary["n_steps"], summary["reached_value"]) == (3, summary["best_reachable"])
    assert found.obstacles["reason"].tolist() == ["办理同名事项的兄弟地区不够"]  # D: no peer lists it
    assert found.obstacles["could_gain"].tolist() == [pytest.approx(9 / 100)]
    locked = made(items, "time_compression", 0.99, Constraints(locked=("B",))).obstacles
    assert locked["reason"].tolist() == [LOCKED, "办理同名事项的兄弟地区不够"]  # 12 and 9 of 100: the most first


def test_a_target_already_reached_needs_no_step(items: pd.DataFrame) -> None:
    found = made(items, "time_compression", 0.61)
    assert found.steps.empty
    assert (found.summary["reached"].iloc[0], found.summary["n_steps"].iloc[0]) == (True, 0)


def test_past_a_peer_means_strictly_better(items: pd.DataFrame) -> None:
    # 440900: 1 − 20/90 = 0.777…; 441700: 0.9. Past the first needs 0.7779.
    past = made(items, "time_compression", "茂名市")
    assert past.steps["cumulative"].tolist() == pytest.approx([0.70, 0.78])
    assert past.summary["target"].iloc[0] == pytest.approx(1 - 20 / 90)
    best = made(items, "time_compression", "best").summary.iloc[0]
    assert (best["target"], best["past"], best["reached"]) == (0.9, True, False)
    stranger = plan(items, region="440800", peers=("440900",), indicator="online", target="阳江市").summary.iloc[0]
    assert (stranger["past"], stranger["target"]) == (True, pytest.approx(2 / 3))
    twins = items.assign(region_code=items["region_code"].replace("441700", "449999"))
    level = plan(twins, region="440800", peers=("440900",), indicator="online", target="best")
    assert not level.summary["reached"].iloc[0]  # the best peer is at 100 %: nobody gets past it


def test_the_target_is_the_median_of_the_whole_group(items: pd.DataFrame) -> None:
    median = made(items, "time_compression", "median")
    assert median.summary["target"].iloc[0] == pytest.approx(1 - 20 / 90)  # the middle of 0.61, 0.777… and 0.9
    assert not median.summary["reached"].iloc[0]  # past it the own value is the middle itself, and 0.9 is out of reach
    pd.testing.assert_frame_equal(median.steps, made(items, "time_compression", "plan", TWO).steps)


def test_with_too_few_peers_the_plans_target_is_not_decided(items: pd.DataFrame) -> None:
    summary = made(items, "time_compression", "plan").summary.iloc[0]
    assert (summary["reached"], summary["reason"]) == (False, "有数据的兄弟地区只有2个，不足3个，没有可比的中位数")
    assert np.isnan(summary["target"])
    assert made(items, "time_compression", "plan", TWO).summary["reason"].iloc[0] == ""
    assert (made(items, "time_compression", "plan").steps.empty, summary["n_steps"]) == (True, 0)  # none is counted


def test_a_target_that_rises_from_nothing_known_is_no_median(items: pd.DataFrame) -> None:
    deep = items.assign(end_to_end=items["online"])
    open_ = made(deep, "online_end_to_end", "plan", TWO)
    summary = open_.summary.iloc[0]
    assert (summary["reached"], summary["reason"], open_.steps.empty) == (False, "没有可比的上期数值", True)
    assert np.isnan(summary["target"])
    best = made(deep.assign(end_to_end=True), "online_end_to_end", "plan", TWO).summary.iloc[0]
    assert (best["reached"], best["target"]) == (True, 1.0)  # the best possible value is held


def test_the_plans_own_target_for_instant_is_strict_and_knows_counties(items: pd.DataFrame) -> None:
    assert made(items, "instant", "plan").summary["target"].iloc[0] == pytest.approx(0.8550, abs=1e-8)
    county = items.assign(region_code=items["region_code"].replace("440800", "440823"))
    found = plan(county, region="440823", peers=PEERS, indicator="instant", target="plan")
    assert found.summary["target"].iloc[0] == pytest.approx(0.8111, abs=1e-8)
    assert found.steps["match_code"].tolist() == ["A"]  # only A has a peer that is instant
    assert found.steps[["field", "from_value", "to_value"]].iloc[0].tolist() == ["handling_type", 0, 1]


def test_turning_items_online_follows_peers_that_are_online_on_every_row(items: pd.DataFrame) -> None:
    found = made(items, "online", 1.0)
    assert found.steps["match_code"].tolist() == ["B"]
    assert found.steps["n_follows"].tolist() == [2]
    free = made(items, "online", 1.0, Constraints(min_peers=0))
    assert free.steps["match_code"].tolist() == ["B", "D"]
    assert free.steps["follows"].tolist() == ["440900、441700", ""]
    assert free.summary["reached"].iloc[0]


def test_conditions_lock_floor_examples_and_departments(items: pd.DataFrame) -> None:
    locked = made(items, "time_compression", 1.0, Constraints(locked=("B", "局二")))
    assert locked.steps["match_code"].tolist() == ["A"]
    assert "已锁定，不调整" in set(locked.obstacles["reason"])
    named = items.assign(department=items["department"].replace("局二", "湛江市局二"))
    for name in ("市局二", "湛江市局二", "丙"):
        assert "C" not in made(named, "time_compression", 1.0, Constraints(locked=(name,))).steps["match_code"].tolist()
    with pytest.raises(UnknownName, match="未找到事项或部门“市局三”，是不是“市局二”"):
        made(named, "time_compression", 1.0, Constraints(locked=("市局三",)))
    floor = made(items, "time_compression", 1.0, Constraints(floor=5))
    assert dict(zip(floor.steps["match_code"], floor.steps["to_value"], strict=True)) == {"A": 5, "B": 5, "C": 5}
    two = made(items, "time_compression", 1.0, Constraints(min_peers=2))
    assert dict(zip(two.steps["match_code"], two.steps["to_value"], strict=True)) == {
        "A": 4,
        "B": 10,
    }  # C: 8 is no room
    capped = made(items, "time_compression", 1.0, Constraints(max_per_department=1))
    assert capped.steps["match_code"].tolist() == ["B", "C"]
    assert "超出每部门上限" in set(capped.obstacles["reason"])
    visits = made(items, "visits", 0.0, Constraints(floor=1))
    assert dict(zip(visits.steps["match_code"], visits.steps["to_value"], strict=True)) == {"C": 1}
    assert visits.obstacles["reason"].tolist() == ["受下限限制"]


def test_a_mean_of_peers_is_rounded_up_to_whole_days(items_of: Read) -> None:
    items = items_of(
        """
        region_code match_code statutory_days promised_days
        440800      A          20             10
        440900      A          20             2
        440900      A          20             3
        """
    )
    options = {"region": "440800", "peers": ("440900",), "indicator": "time_compression", "target": 1.0}
    assert plan(items, **options).steps["to_value"].tolist() == [3]  # type: ignore[arg-type]
    exact = plan(items, constraints=Constraints(whole_days=False), **options)  # type: ignore[arg-type]
    assert exact.steps["to_value"].tolist() == [2.5]


def test_visit_share_gains_only_where_no_visit_is_left(items: pd.DataFrame) -> None:
    found = made(items, "visit_share", 0.0)
    assert found.steps["match_code"].tolist() == ["A", "C"]
    assert found.steps["to_value"].tolist() == [0, 0]
    one = items[items["region_code"] != "441700"]
    assert plan(one, region="440800", peers=PEERS, indicator="visit_share", target=0.0).steps[
        "match_code"
    ].tolist() == ["A"]


def test_another_item_of_the_same_code_is_no_example(items: pd.DataFrame) -> None:
    names = items["item_id"].map({"j1": "甲（注销）", "i1": "甲（新立）", "k1": " 甲(新立)"}).fillna(items["item_name"])
    first = made(items.assign(item_name=names), "time_compression", 0.78).steps.set_index("match_code").loc["A"]
    assert (first["to_value"], first["follows"], first["n_follows"]) == (4, "441700", 1)


def test_wrong_targets_are_refused(items: pd.DataFrame) -> None:
    with pytest.raises(UnknownName, match="是不是“茂名市”") as refused:
        made(items, "time_compression", "茂茗市")
    assert "中位数" in refused.value.hint
    for wrong in (90, "120%", "-1", "nan", "inf"):
        with pytest.raises(ConfigError, match="0–1"):
            made(items, "time_compression", wrong)
    assert made(items, "time_compression", "61%").summary.equals(made(items, "time_compression", 0.61).summary)


def test_the_order_of_rows_changes_nothing_and_the_input_stays(items: pd.DataFrame) -> None:
    before = items.copy(deep=True)
    mixed = items.sample(frac=1, random_state=4)
    pd.testing.assert_frame_equal(
        made(items, "time_compression", 0.8).steps, made(mixed, "time_compression", 0.8).steps
    )
    pd.testing.assert_frame_equal(items, before)


def test_steps_of_province_items_with_an_open_scope(items: pd.DataFrame) -> None:
    province = items.assign(use_level="2")
    assert made(province, "visits", 0.0).summary["n_possible"].iloc[0] == 0
    assert made(province, "visits", 0.0, Constraints(scope=Scope(use_levels=()))).summary["n_possible"].iloc[0] == 2


def fewest_by_integer_programming(gains: np.ndarray, departments: np.ndarray, *, need: float, most: int | None) -> int:
    """Return the fewest items whose gains reach ``need``, by scipy's solver; −1 when it cannot be reached."""
    rows, bounds = [gains], [need - 1e-9]
    constraints = [LinearConstraint(np.array(rows), lb=bounds, ub=np.inf)]
    if most is not None:
        member = (departments[None, :] == np.unique(departments)[:, None]).astype(float)
        constraints.append(LinearConstraint(member, ub=most))
    solved = milp(np.ones(len(gains)), constraints=constraints, integrality=np.ones(len(gains)), bounds=Bounds(0, 1))
    return round(solved.fun) if solved.success else -1


def random_case(
    make: Callable[..., pd.DataFrame], random: np.random.Generator
) -> tuple[pd.DataFrame, Constraints, float]:
    n = int(random.integers(1, 9))
    codes, limits = random.integers(0, 6, 3 * n), random.integers(5, 40, 3 * n)
    items = make(
        region_code=np.repeat(["440800", "440900", "441700"], n), match_code=codes.astype(str),
        department=random.choice(["局一", "局二", "局三"], 3 * n), item_name="甲",
        statutory_days=limits, promised_days=random.integers(0, 30, 3 * n).astype(float),
    )  # fmt: skip
    constraints = Constraints(
        max_per_department=random.choice([None, 1, 2]), floor=float(random.integers(0, 3)),
        min_peers=int(random.integers(0, 3)), whole_days=bool(random.integers(0, 2)),
    )  # fmt: skip
    return items, constraints, float(np.round(random.uniform(-0.2, 1.0), 3))


def test_the_choice_equals_integer_programming_on_500_random_cases() -> None:
    random, one = np.random.default_rng(2021), indicator("time_compression")
    reached = 0
    for case in range(500):
        n = int(random.integers(1, 15))
        gains = random.integers(0, 40, n) / 300  # with ties and items that gain nothing
        table = pd.DataFrame({
            "gain": gains, "department": random.choice(["局一", "局二", "局三", "局四"], n),
            "match_code": random.integers(0, 9, n).astype(str), "item_key": np.arange(n).astype(str),
        })  # fmt: skip
        constraints = Constraints(max_per_department=random.choice([None, 1, 2, 3]))
        target = float(random.integers(1, 500) / 300)
        optimum = fewest_by_integer_programming(
            gains, table["department"].to_numpy(), need=target - 0.1, most=constraints.max_per_department
        )
        reach = reached_values(0.1, possible_steps(table, constraints), one)
        assert fewest(reach, Goal(target, one)) == optimum, case
        reached += optimum >= 0
    assert 150 < reached < 450  # both outcomes are exercised


def test_the_whole_plan_equals_integer_programming(make_items: Callable[..., pd.DataFrame]) -> None:
    random, one = np.random.default_rng(2022), indicator("time_compression")
    reached = 0
    for case in range(60):
        items, constraints, target = random_case(make_items, random)
        target = abs(target)
        states = peer_states(items, one, peers=PEERS, scope=constraints.scope)
        table = frontier(items, one, regions=["440800"], states=states, constraints=constraints)
        start = table["numerator"].sum() / table["denominator"].sum()
        gains = table["gain"].clip(lower=0).to_numpy()
        optimum = fewest_by_integer_programming(
            gains, table["department"].to_numpy(), need=target - start, most=constraints.max_per_department
        )
        found = plan(items, region="440800", peers=PEERS, indicator=one, target=target, constraints=constraints)
        summary = found.summary.iloc[0]
        assert summary["reached"] == (optimum >= 0), case
        if optimum >= 0:
            reached += 1
            assert summary["n_steps"] == optimum, case
    assert 15 < reached < 55


def test_frontier_gains_are_room_over_the_sum_of_limits(items: pd.DataFrame) -> None:
    one, mean = indicator("time_compression"), indicator("time_compression_mean")
    states = peer_states(items, one, peers=PEERS)  # both are moved by the promised days
    table = frontier(items, one, regions=["440800"], states=states).set_index("match_code")
    assert table["gain"].to_dict() == pytest.approx({"A": 8 / 100, "B": 9 / 100, "C": 6 / 100, "D": 0})
    weighted = frontier(items, mean, regions=["440800"], states=states).set_index("match_code")
    assert weighted["gain"].to_dict() == pytest.approx({"A": 8 / 20 / 4, "B": 9 / 30 / 4, "C": 6 / 40 / 4, "D": 0})


# -- 达标, with the median moving ------------------------------------------------------------------------------------

COUNTIES = ("440823", "440825", "440881", "440882", "440883")


def test_the_goal_is_met_where_facts_say_so() -> None:
    random, one = np.random.default_rng(5), indicator("visits")
    for case in range(60):
        others = random.integers(0, 12, int(random.integers(3, 9))) / 40
        reach = np.sort(random.integers(0, 40, 6))[::-1] / 120
        goal = Goal(float(np.median([reach[0], *others])), one, True, others)
        codes = ["440823", *(f"4408{i}" for i in range(len(others)))]
        words = [
            facts(pd.DataFrame({"region_code": codes, "indicator": "visits", "value": [value, *others]}))[
                "meets_target"
            ]
            for value in reach
        ]
        assert goal.met(reach).tolist() == [word.iloc[0] == "达标" for word in words], case


def few_items(make: Callable[..., pd.DataFrame], random: np.random.Generator) -> pd.DataFrame:
    n = 5
    regions = COUNTIES[: int(random.integers(4, 6))]
    size = n * len(regions)
    items = make(
        region_code=np.repeat(regions, n), match_code=np.tile([f"C{i}" for i in range(n)], len(regions)), use_level="4",
        item_name="甲", department="局", visits=random.choice([0, 0, 1, 1, 2], size).astype(float),
        statutory_days=np.tile(random.integers(5, 40, n), len(regions)).astype(float),
        promised_days=random.integers(0, 30, size).astype(float),
    )  # fmt: skip
    return items[random.random(size) < 0.9].reset_index(drop=True)


@pytest.mark.parametrize("key", ["visits", "time_compression"])
def test_no_smaller_choice_of_steps_would_be_enough(make_items: Callable[..., pd.DataFrame], key: str) -> None:
    random, reached = np.random.default_rng(6), 0
    for case in range(10):
        items = few_items(make_items, random)
        group = items["region_code"].unique()
        every = plan(
            items, region="440823", peers=group[1:], indicator=key, target=0.0 if key == "visits" else 1.0
        ).steps
        found = plan(items, region="440823", peers=group[1:], indicator=key).summary.iloc[0]

        def met(steps: pd.DataFrame, items: pd.DataFrame = items) -> bool:
            scores = measure(done(items, steps), [key])
            return bool(facts(scores).set_index("region_code").loc["440823", "meets_target"] == "达标")

        sizes = [
            k
            for k in range(len(every) + 1)
            if any(met(every.iloc[list(c)]) for c in combinations(range(len(every)), k))
        ]
        assert found["reached"] == bool(sizes), case
        if sizes:
            reached += 1
            assert found["n_steps"] == sizes[0], case
    assert reached > 3


def test_the_ranks_are_those_of_the_facts(make_items: Callable[..., pd.DataFrame]) -> None:
    random = np.random.default_rng(7)
    for _ in range(5):
        items = few_items(make_items, random)
        group = items["region_code"].unique()
        found = plan(items, region="440823", peers=group[1:], indicator="visits", target=0.0)
        for count in range(len(found.steps) + 1):
            place = facts(measure(done(items, found.steps.head(count)), ["visits"])).set_index("region_code")["rank"]
            said = found.summary["rank_before"].iloc[0] if count == 0 else found.steps["rank"].iloc[count - 1]
            assert said == place["440823"]


# -- 判断 = 优于 -----------------------------------------------------------------------------------------------------


def many_items(make: Callable[..., pd.DataFrame], *, n: int = 60, seed: int = 8) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    regions = COUNTIES[:4]
    size = n * len(regions)
    limits = np.tile(random.integers(5, 60, n), len(regions)).astype(float)
    return make(
        region_code=np.repeat(regions, n), match_code=np.tile([f"C{i:02d}" for i in range(n)], len(regions)),
        use_level="4", item_name="甲", department="局", statutory_days=limits,
        promised_days=np.floor(limits * random.uniform(0, 0.4, size)),
        visits=(random.random(size) < 0.3).astype(float),
    )  # fmt: skip


@pytest.mark.parametrize("key", ["visits", "time_compression"])
def test_after_the_steps_the_region_leads_and_without_any_of_them_it_does_not(
    make_items: Callable[..., pd.DataFrame], key: str
) -> None:
    items, one = many_items(make_items), indicator(key)
    found = plan(items, region="440823", peers=COUNTIES[1:4], indicator=key, target=LEAD)

    def own(steps: pd.DataFrame) -> pd.Series:
        gaps = standings(done(items, steps), regions=COUNTIES[:4], indicators=[key])
        return gaps.set_index("region_code").loc["440823"]

    after, summary = own(found.steps), found.summary.iloc[0]
    assert own(found.steps.head(0))["verdict"] != "优于"
    assert (summary["reached"], summary["goal"], summary["verdict"], after["verdict"]) == (True, "lead", "优于", "优于")
    for name in ("difference", "low", "high"):
        assert summary[name] == pytest.approx(after[name])
    assert found.steps["cumulative"].iloc[-1] == pytest.approx(after["value"])
    assert found.steps["rank"].iloc[-1] == after["rank"]
    for step in found.steps.index:
        assert own(found.steps.drop(index=step))["verdict"] != "优于"
    assert one.sign * (summary["reached_value"] - summary["value"]) > 0


def test_a_region_that_leads_needs_no_step_and_one_that_cannot_says_what_it_comes_to(
    make_items: Callable[..., pd.DataFrame],
) -> None:
    items = many_items(make_items)
    ahead = items.assign(visits=items["visits"].mask(items["region_code"] == "440823", 0.0))
    found = plan(ahead, region="440823", peers=COUNTIES[1:4], indicator="visits", target=LEAD).summary.iloc[0]
    assert (found["reached"], found["n_steps"], found["verdict"]) == (True, 0, "优于")
    level = items.assign(visits=(items["match_code"] < "C04").astype("float64"))
    stuck = plan(level, region="440823", peers=COUNTIES[1:4], indicator="visits", target=LEAD).summary.iloc[0]
    assert (stuck["reached"], stuck["n_possible"], stuck["verdict"]) == (False, 0, "相当")
    free = Constraints(min_peers=0)
    few = plan(level, region="440823", peers=COUNTIES[1:4], indicator="visits", target=LEAD, constraints=free)
    assert few.summary["verdict"].iloc[0] == "不作判断"
    assert few.summary["reason"].iloc[0] == "与居中地区的60个同事项中只有4个有差别"
    assert len(few.steps) == 4


def test_items_nobody_else_lists_do_not_help_to_lead(make_items: Callable[..., pd.DataFrame]) -> None:
    items = many_items(make_items)
    own = make_items(
        region_code="440823", match_code=["X1", None], use_level="4", item_name="乙", department="局", visits=2.0
    )
    both = pd.concat([own, items], ignore_index=True)
    free = Constraints(min_peers=0)
    found = plan(both, region="440823", peers=COUNTIES[1:4], indicator="visits", target=LEAD, constraints=free)
    assert not found.steps["match_code"].isin(["X1"]).any()
    assert found.obstacles.set_index("reason").loc["不在同事项之内，不影响判断", "n_items"] == 2


def test_who_lists_little_that_others_list_cannot_lead(make_items: Callable[..., pd.DataFrame]) -> None:
    items = many_items(make_items)
    own = make_items(region_code="440823", match_code=[f"X{i}" for i in range(70)], use_level="4", item_name="乙",
                     department="局", visits=0.0)  # fmt: skip
    both = pd.concat([own, items], ignore_index=True)
    found = plan(both, region="440823", peers=COUNTIES[1:4], indicator="visits", target=LEAD).summary.iloc[0]
    assert (found["reached"], found["verdict"]) == (False, "不作判断")
    assert found["reason"] == "与兄弟地区相同且有数据的事项只占46.15%，不足50%"


def test_the_search_comes_close_to_the_best_of_all_choices() -> None:
    random, one, rules = np.random.default_rng(9), indicator("visits"), Comparison()
    extra = []
    for chance in (0.6, 0.6, 0.7, 0.7, 0.7, 0.8, 0.8, 0.8):
        n, movable = 14, 8
        values = (random.random((n, 4)) < chance).astype(float)
        values[:, 0] = np.arange(n) < movable
        table = CodeTable(np.array([f"C{i:02d}" for i in range(n)], dtype=object), tuple("abcd"), values, np.ones(n))
        steps = pd.DataFrame({"match_code": table.codes[:movable], "jump": 1.0})
        found = lead(table, steps, one, region="a", rules=rules)

        def leads(taken: tuple[int, ...], table: CodeTable = table) -> bool:
            moved = table.values.copy()
            moved[list(taken), 0] = 0.0
            return judged(replace(table, values=moved), one, rules, regions=["a"])[0].verdict == "优于"

        sizes = (k for k in range(movable + 1) if any(leads(c) for c in combinations(range(movable), k)))
        fewest_of_all = next(sizes, None)
        assert found.reached == (fewest_of_all is not None)
        extra += [found.needed - fewest_of_all] if fewest_of_all is not None else []
    assert len(extra) >= 5
    assert min(extra) == 0
    assert sum(extra) <= 1


# -- what needs a professional review -------------------------------------------------------------------------------


def test_items_that_need_a_review_are_marked_and_can_be_left_alone(items: pd.DataFrame) -> None:
    named = items.assign(item_name=items["item_name"].replace("乙", "海域使用权审核"))
    found = made(named, "time_compression", 0.78)
    assert found.steps["review"].tolist() == ["海域使用须经论证", ""]
    assert found.summary["n_reviewed"].iloc[0] == 1
    without = made(named, "time_compression", 0.78, replace(FREE, reviewed=False))
    assert without.steps["match_code"].tolist() == ["A", "C"]  # 0.61 + 0.08 + 0.06 is all that is left
    assert not without.summary["reached"].iloc[0]
    assert without.obstacles.set_index("reason").loc["须经部门论证，未列入", "could_gain"] == pytest.approx(12 / 100)


@pytest.mark.parametrize("key", ["time_compression", "visits", "instant", "online"])
def test_leaving_alone_what_needs_a_review_is_the_frontier_under_that_condition(
    key: str,
) -> None:
    one, items, group = indicator(key), load_period(str(SAMPLE), "2021Q1").items, ["440823", "440825", "440882"]
    states = peer_states(items, one, peers=group)
    free, kept = (frontier(items, one, regions=group, states=states, constraints=constraints)
                  for constraints in (FREE, replace(FREE, reviewed=False)))  # fmt: skip
    assert review_of(free["item_name"]).ne("").sum() > 5
    pd.testing.assert_frame_equal(unreviewed(free), kept, atol=1e-15)
    held = review_of(free["item_name"]).ne("")
    pd.testing.assert_frame_equal(kept[~held], free[~held])
    assert kept.loc[held, "goal"].equals(kept.loc[held, "state"].rename("goal"))
    assert (kept.loc[held, "gain"] == 0).all()
    stuck = held & (kept["could_gain"] > 0)
    assert set(kept.loc[stuck, "obstacle"]) <= {"须经部门论证，未列入"}
    locked = tuple(free.loc[held, "item_key"].head(2))
    both = frontier(items, one, regions=group, states=states, constraints=replace(FREE, reviewed=False, locked=locked))
    chosen = both["item_key"].isin(locked) & (both["could_gain"] > 0)
    assert set(both.loc[chosen, "obstacle"]) <= {LOCKED}
    pd.testing.assert_frame_equal(both[~both["item_key"].isin(locked)], kept[~kept["item_key"].isin(locked)])


@pytest.mark.parametrize(
    "constraints", [replace(FREE, reviewed=False), Constraints(floor=3), Constraints(locked=("A",))]
)
@pytest.mark.parametrize("target", ["best", LEAD])
def test_a_plan_on_prepared_ground_is_the_plan(items: pd.DataFrame, constraints: Constraints, target: str) -> None:
    named = items.assign(item_name=items["item_name"].replace("乙", "海域使用权审核"))
    ground = survey(named, region="440800", peers=PEERS, indicator="time_compression")
    found, anew = (
        plan_on(ground, target=target, constraints=constraints),
        made(named, "time_compression", target, constraints),
    )
    for table in ("steps", "summary", "obstacles"):
        pd.testing.assert_frame_equal(getattr(found, table), getattr(anew, table))


def test_to_lead_counts_days_by_one_limit_for_all_and_nothing_else_changes(items: pd.DataFrame) -> None:
    typed = items.assign(statutory_days=items["statutory_days"].mask(items["item_id"] == "i1", 200))
    days = survey(typed, region="440800", peers=PEERS, indicator="time_compression")
    assert days.table.set_index("match_code")["denominator"].to_dict() == {"A": 200, "B": 30, "C": 40, "D": 10}
    assert days.alike.set_index("match_code")["denominator"].to_dict() == {"A": 20, "B": 30, "C": 40, "D": 10}
    visits = survey(typed, region="440800", peers=PEERS, indicator="visits")
    assert visits.alike is visits.table


def test_every_reason_for_a_review_names_its_document() -> None:
    reviews = pd.DataFrame(read_reference("reviews"))
    assert reviews[["keyword", "reason", "document", "source"]].ne("").all(axis=None)
    assert not reviews["keyword"].duplicated().any()
    named = pd.Series(["水上水下活动许可", "海洋工程建设项目环境影响报告书核准", None, "食品经营许可"])
    assert review_of(named).tolist() == ["水上水下活动须经通航安全评估", "海洋工程环境影响报告书须经评审", "", ""]
