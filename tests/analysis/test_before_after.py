"""Before and after a date: the one true effect is found, its placebo is not."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_1samp

from zjanalysis.analysis.indicators import measure
from zjanalysis.analysis.registry import indicator
from zjanalysis.analysis.signals import interrupted, panel, region_effect

QUARTERS = ("2020Q1", "2020Q2", "2020Q3", "2020Q4", "2021Q1")
REGIONS = ("440802", "440803", "440823", "440825")
CODES = tuple(f"C{n:02d}" for n in range(24))
REFORMED = CODES[:8]


@pytest.fixture(scope="module")
def periods(make_items: Callable[..., pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Promises of 20 days: everybody shortens by 0.4 a quarter; a reform takes 4 off eight codes in 2020Q3, and
    遂溪县 takes 2 more off all of its own in 2020Q4.
    """
    draw = np.random.default_rng(7)
    noise = {place: draw.normal(0, 0.3, len(QUARTERS)) for place in ((r, c) for r in REGIONS for c in CODES)}
    made = {}
    for number, quarter in enumerate(QUARTERS):
        rows = [
            (region, code, 16 - 0.4 * number - 4 * (code in REFORMED and number >= 2)
             - 2 * (region == "440823" and number >= 3) + noise[region, code][number])
            for region in REGIONS for code in CODES
        ]  # fmt: skip
        region, code, days = zip(*rows, strict=True)
        made[quarter] = make_items(region_code=region, match_code=code, promised_days=days, statutory_days=20.0)
    return made


def sums_of(periods: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    return {q: measure(items, ["time_compression"], by=("region_code", "match_code")) for q, items in periods.items()}


@pytest.fixture(scope="module")
def rows(periods: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return panel(sums_of(periods))


def test_the_steps_are_those_of_one_code_in_one_region(periods: dict[str, pd.DataFrame], rows: pd.DataFrame) -> None:
    assert rows["step"].isna().sum() == len(REGIONS) * len(CODES)  # the first quarter has none before it
    own = rows[(rows["region_code"] == "440802") & (rows["match_code"] == "C00")].set_index("period")
    days = [
        periods[q].query("region_code == '440802' and match_code == 'C00'")["promised_days"].item() for q in QUARTERS
    ]
    assert own["step"].tolist()[1:] == pytest.approx([(a - b) / 20 for a, b in pairwise(days)])


def test_what_one_region_did_is_found_for_it_and_for_no_other(rows: pd.DataFrame) -> None:
    found = region_effect(rows, region="440823", date="2020Q4").set_index("period")
    assert found.loc["2020Q4", "found"]
    assert found.loc["2020Q4", "effect"] == pytest.approx(2 / 20, abs=0.02)
    assert (found["low"] < found["effect"]).all()
    assert (found["effect"] < found["high"]).all()
    assert not region_effect(rows, region="440823", date="2020Q3")["found"].any()
    assert not region_effect(rows, region="440825", date="2020Q3")["found"].any()


def test_the_interval_is_students_over_the_codes(rows: pd.DataFrame) -> None:
    at = rows[rows["period"] == "2020Q4"].pivot(index="match_code", columns="region_code", values="step")
    apart = at["440823"] - at.drop(columns="440823").mean(axis=1)
    wanted = ttest_1samp(apart, 0).confidence_interval(0.95)
    found = region_effect(rows, region="440823", date="2020Q4").set_index("period").loc["2020Q4"]
    assert found[["effect", "low", "high"]].tolist() == pytest.approx([apart.mean(), *wanted], rel=1e-4)


def test_too_few_codes_claim_nothing(rows: pd.DataFrame) -> None:
    few = rows[rows["match_code"].isin(CODES[:4])]
    assert region_effect(few, region="440823", date="2020Q4").empty


def test_a_code_that_comes_later_has_no_step_when_it_comes(periods: dict[str, pd.DataFrame]) -> None:
    later = {q: items[(items["match_code"] != "C23") | (q >= "2020Q4")] for q, items in periods.items()}
    rows = panel(sums_of(later))
    steps = rows[rows["match_code"] == "C23"].groupby("period")["step"].count()
    assert steps.to_dict() == {"2020Q4": 0, "2021Q1": len(REGIONS)}


def test_a_code_is_followed_through_a_merger_and_an_unnamed_break_stays_one(
    periods: dict[str, pd.DataFrame],
) -> None:
    renamed = {q: items.assign(match_code=items["match_code"].replace({"C20": "N"} if q >= "2020Q3" else {}))
               for q, items in periods.items()}  # fmt: skip
    broken = panel(sums_of(renamed))
    steps = broken[broken["match_code"].isin(["C20", "N"])].groupby("period")["step"].count()
    assert steps.to_dict() == {"2020Q1": 0, "2020Q2": 4, "2020Q3": 0, "2020Q4": 4, "2021Q1": 4}
    assert broken.loc[broken["cut"].ne(""), ["match_code", "period"]].drop_duplicates().values.tolist() == [
        ["N", "2020Q3"]
    ]
    whole = panel(sums_of(renamed), lineage={"C20": "N", "N": "N"})
    assert whole[whole["match_code"] == "N"].groupby("period")["step"].count().tolist() == [0, 4, 4, 4, 4]
    assert whole.loc[whole["match_code"] == "N", "codes"].unique().tolist() == ["C20", "N"]
    assert not whole["cut"].any()


# --- one line of eight points -----------------------------------------------------------------------------------

EIGHT = ("2019Q2", "2019Q3", "2019Q4", "2020Q1", "2020Q2", "2020Q3", "2020Q4", "2021Q1")
NOISE = np.array([0.002, -0.003, 0.001, 0.0, -0.002, 0.003, -0.001, 0.0])
SHARE = indicator("instant")


def line(values: np.ndarray, periods: tuple[str, ...] = EIGHT) -> pd.DataFrame:
    return pd.DataFrame({"period": periods[: len(values)], "value": values, "denominator": 400.0})


def test_the_jump_of_a_rising_line_is_found_at_its_date_alone() -> None:
    values = 0.6 + 0.01 * np.arange(8) + 0.08 * (np.arange(8) >= 5) + NOISE
    found = interrupted(line(values), SHARE, date="2020Q3").set_index("period")
    assert found.index.tolist() == ["2020Q1", "2020Q2", "2020Q3"]
    assert found.loc["2020Q3", "found"]
    assert found.loc["2020Q3", "effect"] == pytest.approx(0.08, abs=0.01)
    assert found.loc["2020Q3", "low"] < 0.08 < found.loc["2020Q3", "high"]
    for placebo in ("2020Q1", "2020Q2"):
        assert not interrupted(line(values), SHARE, date=placebo)["found"].any()


@pytest.mark.parametrize("values", [0.6 + 0.02 * np.arange(8) + NOISE, 0.6 + NOISE, np.full(8, 0.6)])
def test_a_line_that_only_rises_or_stays_has_no_jump(values: np.ndarray) -> None:
    assert not interrupted(line(values), SHARE, date="2020Q3")["found"].any()


def test_a_jump_of_one_item_is_none() -> None:
    values = 0.6 + (np.arange(8) >= 5) / 400
    assert not interrupted(line(values), SHARE, date="2020Q3")["found"].any()


def test_a_share_moves_by_no_more_than_all_of_it_and_days_by_any_number() -> None:
    values = np.array([0.0, 1, 0, 1, 0, 1, 0, 1])
    shares, days = (interrupted(line(values), one, date="2020Q3") for one in (SHARE, indicator("promised_days")))
    assert shares[["low", "high"]].abs().max().max() == 1.0
    assert (days["high"] > 1).any()


def test_seven_points_and_a_date_at_the_edge_claim_nothing() -> None:
    values = 0.6 + 0.2 * (np.arange(8) >= 5)
    assert interrupted(line(values[1:], EIGHT[1:]), SHARE, date="2020Q3").empty
    assert interrupted(line(values), SHARE, date="2020Q4").empty
