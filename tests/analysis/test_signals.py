"""Signal or noise: what a line says, and that quiet lines say nothing."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from zjanalysis.analysis.chance import two_sided_t
from zjanalysis.analysis.registry import indicator
from zjanalysis.analysis.series import lines
from zjanalysis.analysis.signals import Signal, against_group, read_line, signals, told_apart, worsening
from zjanalysis.studies import study

ROOT = Path(__file__).resolve().parents[2]


def word(key: str, values: list[float], n_items: float = 200) -> Signal:
    return read_line(np.array(values), np.full(len(values), n_items), indicator(key)).signal


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.80, 0.81, 0.82], Signal.FEW),
        ([0.80, 0.81, 0.80, 0.81], Signal.STEADY),
        ([0.80, 0.81, 0.82, 0.83, 0.84], Signal.BETTER),  # five points, all of the line, by even steps
        ([0.80, 0.80, 0.81, 0.82, 0.83, 0.84], Signal.STEADY),  # five of six rise: a longer line needs six
        ([0.84, 0.80, 0.81, 0.82, 0.83, 0.84, 0.85], Signal.BETTER),
        ([0.84, 0.83, 0.82, 0.81, 0.80, 0.79], Signal.WORSE),
        ([0.80, 0.801, 0.802, 0.803, 0.804, 0.900], Signal.OUTLIER),
        ([0.80, 0.81, 0.80, 0.81, 0.80, 0.60], Signal.OUTLIER),
        ([0.80] * 6, Signal.STEADY),
        ([0.80] * 6 + [0.805], Signal.STEADY),  # one item of 200 after years of none is no news
        ([0.80] * 6 + [0.85], Signal.OUTLIER),
    ],
)
def test_what_a_line_of_shares_says(values: list[float], expected: Signal) -> None:
    assert word("instant", values) is expected


def test_a_list_that_only_gets_shorter_gets_no_worse() -> None:
    """Four items not online among 280, 278, 276 and 274 were 持续变差, by three hundredths of a point."""
    lists = np.array([280.0, 278.0, 276.0, 274.0])
    assert read_line((lists - 4) / lists, lists, indicator("online")).signal is Signal.STEADY
    assert word("online", [0.80, 0.79, 0.78, 0.77]) is Signal.WORSE


@pytest.mark.parametrize("key", ["visits", "promised_days", "visit_share"])
def test_where_less_is_better_falling_is_improving(key: str) -> None:
    assert word(key, [0.50, 0.46, 0.43, 0.39, 0.36, 0.32]) is Signal.BETTER
    assert word(key, [0.32, 0.36, 0.39, 0.43, 0.46, 0.50]) is Signal.WORSE


def test_a_share_of_few_items_may_move_further() -> None:
    """The newest point stands on 20 items, the others on 2,000: 10 points off is chance for it."""
    values, many = np.array([0.80, 0.81, 0.80, 0.81, 0.80, 0.81, 0.80, 0.90]), np.full(8, 2000.0)
    few = np.r_[many[:-1], 20.0]
    assert read_line(values, many, indicator("instant")).signal is Signal.OUTLIER
    assert read_line(values, few, indicator("instant")).signal is Signal.STEADY


def test_dispersion_is_what_points_move_against_chance() -> None:
    """p = 0.5 of 100 items: chance moves a point by 0.05; steps of ±0.0564 = 1.128 × 0.05 are just that: φ = 1."""
    step = 1.128 * 0.05
    values = np.array([0.5, 0.5 + step, 0.5, 0.5 + step, 0.5, 0.5 + step, 0.5, 0.5]) - step / 2
    reading = read_line(values, np.full(8, 100.0), indicator("instant"))
    assert reading.dispersion == pytest.approx(1.0, rel=0.02)


def table(region: str, values: list[float], definition: list[str] | None = None) -> pd.DataFrame:
    return pd.DataFrame(
        {"region_code": region, "indicator": "instant", "period": [f"2020Q{n}" for n in range(1, len(values) + 1)],
         "value": values, "denominator": 200.0, "definition": definition or "2021"}
    )  # fmt: skip


def test_the_range_of_the_newest_point_by_hand() -> None:
    """Around the mean of those before it, as wide as one more point lies from a mean of four."""
    found = read_line(np.array([10.0, 12, 10, 12, 11]), np.ones(5), indicator("promised_days"))
    noise = (2 + 2 + 2) / 3 / 1.128  # the mean moving range of the four, over d2
    far = two_sided_t(0.99, 0.62 * 3) * noise * np.sqrt(1 + 1 / 4)
    assert (found.low, found.high) == pytest.approx((11 - far, 11 + far))


@pytest.mark.parametrize(("beyond", "expected"), [(-0.01, Signal.STEADY), (0.01, Signal.OUTLIER)])
def test_a_new_point_outside_the_range_is_an_outlier(beyond: float, expected: Signal) -> None:
    line, days = [50.0] * 10 + [60.0], indicator("promised_days")
    low = read_line(np.array([*line, 50.0]), np.ones(12), days).low
    assert read_line(np.array([*line, low - beyond]), np.ones(12), days).signal is expected


RISING = [0.7255, 0.7375, 0.7577, 0.7708, 0.7917, 0.8335, 0.8610]


@pytest.mark.parametrize(
    ("values", "newest", "expected"),
    [
        (RISING, 0.69, Signal.OUTLIER),  # below all that went before, yet near the mean of the line
        (RISING, 0.752, Signal.OUTLIER),
        ([0.60, 0.63, 0.66, 0.68, 0.71, 0.74, 0.77, 0.80], 0.60, Signal.OUTLIER),
        (RISING, 0.98, Signal.OUTLIER),  # far ahead of where it was going
        (RISING, 0.88, Signal.BETTER),
        (RISING, 0.861, Signal.STEADY),  # a line that stops rising has not fallen
        (RISING, 0.855, Signal.STEADY),
        ([0.90, 0.92, 0.94, 0.96, 0.98, 1.00], 1.00, Signal.STEADY),  # nor has one that has arrived
    ],
)
def test_a_point_far_off_where_a_line_was_going_stands_out(
    values: list[float], newest: float, expected: Signal
) -> None:
    assert word("online", [*values, newest]) is expected
    assert word("visits", [1 - value for value in [*values, newest]]) is expected


def test_a_line_that_slows_down_still_improves() -> None:
    assert word("promised_days", [20, 18, 16, 14, 12, 11]) is Signal.BETTER


def test_a_jump_for_the_better_does_not_cost_a_line_its_word() -> None:
    rising = [0.805, 0.8173, 0.8402, 0.8547, 0.8689, 0.9202, 0.932, 0.9342]  # one reform, seven steps one way
    assert word("time_compression", rising) == Signal.BETTER
    assert word("time_compression", [*rising[:-1], 0.931]) == Signal.STEADY


def test_the_range_of_a_rising_line_lies_where_it_was_going() -> None:
    found = read_line(np.array([*RISING, 0.69]), np.full(8, 200.0), indicator("online"))
    assert found.low < RISING[-1] + (RISING[-1] - RISING[0]) / 6 < found.high
    assert found.low > 0.80


def test_a_fall_of_a_county_that_stands_badly_is_named() -> None:
    rows = lines(
        pd.concat([table("a", [*RISING, 0.69]), *(table(code, [0.8, 0.81] * 4) for code in "bcd")]), cutoffs={}
    )
    read = told_apart(rows, "abcd", "2020Q8")
    place = {"region_code": list("abcd"), "indicator": "instant", "value": 1.0, "rank": [4, 1, 2, 3], "n_ranked": 4}
    stands = pd.DataFrame({**place, "verdict": "相当", "meets_target": "达标"})
    assert worsening(stands, read)[["region_code", "bad", "worse"]].to_numpy().tolist() == [
        ["a", "位次靠后", "异常点、相对全组异常点"]
    ]
    better = lines(pd.concat([table("a", [0.6] * 7 + [0.7]), table("b", [0.8] * 8), table("c", [0.8] * 8)]), cutoffs={})
    read = told_apart(better, "abc", "2020Q8")
    assert read.set_index("region_code").loc["a", ["signal", "way", "relative", "relative_way"]].tolist() == [
        "异常点", 1, "异常点", 1,
    ]  # fmt: skip
    assert worsening(stands, read).empty  # far off for the better is no fall


@pytest.mark.parametrize(
    ("last", "relative"),
    [(1.0, "平稳"), (0.998, "持续变差")],  # cannot rise any more: the others only catch up; short of it, it could
)
def test_a_line_at_the_best_possible_value_is_not_worse_because_the_others_catch_up(last: float, relative: str) -> None:
    others = [table(code, [0.90, 0.92, 0.94, 0.96, 0.98, 0.999]) for code in "bcd"]
    rows = lines(pd.concat([table("a", [0.99] * 5 + [last]), *others]), cutoffs={})
    read = told_apart(rows, "abcd", "2020Q6").set_index("region_code")
    assert read.loc["a", "relative"] == relative
    assert set(read.loc[["b", "c", "d"], "signal"]) == {"持续改善"}


def test_a_run_goes_back_to_the_last_turn() -> None:
    assert read_line(np.array([9.0, 8, 7, 6, 7, 8]), np.ones(6), indicator("promised_days")).run == 3


def test_what_stands_badly_and_gets_worse_is_named_with_every_reason() -> None:
    place = {"region_code": list("abcd"), "indicator": "visits"}
    stands = pd.DataFrame({**place, "value": 1.0, "rank": [4, 1, 2, 3], "n_ranked": 4,
                           "verdict": ["落后", "相当", "优于", "相当"],
                           "meets_target": ["未达标", "达标", "未达标", "未达标"]})  # fmt: skip
    read = pd.DataFrame({**place, "value": 1.0, "signal": ["持续变差", "持续变差", "平稳", "平稳"], "way": [-1, -1, 0, 1],
                         "relative": ["持续变差", "平稳", "平稳", "持续变差"], "relative_way": [-1, 0, 0, -1]})  # fmt: skip
    found = worsening(stands.astype({"rank": "Int64"}), read)
    assert found[["region_code", "bad", "worse"]].values.tolist() == [
        ["a", "落后、未达标、位次靠后", "持续变差、相对全组持续变差"], ["d", "未达标", "相对全组持续变差"],
    ]  # fmt: skip


def test_what_stands_before_a_cut_is_not_looked_at() -> None:
    rows = table("440823", [0.6, 0.8, 0.81, 0.82, 0.83], ["2020", "2021", "2021", "2021", "2021"])
    read = signals(lines(rows, cutoffs={}))
    assert read[["n_points", "signal", "previous"]].values.tolist() == [[4, "持续改善", 0.82]]


def test_what_moves_everybody_is_gone_against_the_group() -> None:
    """All rise by 2 points a quarter, one by 1: better by itself, worse against the others."""
    rise = [0.02 * n for n in range(6)]
    peers = pd.concat([table(code, [0.6 + r for r in rise]) for code in ("440802", "440803", "440804")])
    rows = lines(pd.concat([peers, table("440823", [0.6 + r / 2 for r in rise])], ignore_index=True), cutoffs={})
    own = signals(rows).set_index("region_code")["signal"]
    apart = signals(against_group(rows, regions=("440802", "440803", "440804", "440823")))
    assert set(own) == {"持续改善"}
    relative = apart.set_index("region_code")["signal"]
    assert relative["440823"] == "持续变差"
    assert set(relative.drop("440823")) == {"平稳"}


def test_the_county_that_slips_is_the_one_named() -> None:
    read = study("data/sample", "2021Q1", region="遂溪县").signals
    assert set(read.loc[read["signal"] == "持续变差", "region_code"]) == {"440883"}
    key = read["indicator"].isin(
        ["time_compression", "visits", "visit_share", "instant", "online", "online_end_to_end"]
    )
    worse = read[key & (read["relative"] == "持续变差")]
    assert worse["region_code"].tolist() == ["440883"] * 6


def test_quiet_lines_are_quiet(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["trend.py", "--quick"])
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(ROOT / "benchmarks" / "trend.py"), run_name="__main__")
    assert stop.value.code == 0, capsys.readouterr().out
