"""Forecasts only where they are honest, checked against scipy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from zjanalysis.ledger.analysis import forecast, forecasts
from zjanalysis.ledger.state import meets

QUARTERS = ["2020-03-31", "2020-06-30", "2020-09-30", "2020-12-31", "2021-03-31", "2021-06-30"]


def history(*values: float, days: list[str] = QUARTERS) -> pd.DataFrame:
    return pd.DataFrame({"cutoff": days[: len(values)], "value": values})


def test_the_line_is_that_of_the_textbook_and_its_interval_holds_the_textbooks() -> None:
    table = history(0.80, 0.83, 0.84, 0.86)
    found = forecast(table, deadline="2021-06", target=0.99, share=False)
    days = pd.to_datetime(table["cutoff"])
    x, y = (days - days[0]).dt.days.to_numpy() / 365.25, table["value"].to_numpy()
    at = (pd.Timestamp("2021-06-30") - days[0]).days / 365.25
    line = stats.linregress(x, y)
    error = np.sqrt(((y - line.intercept - line.slope * x) ** 2).sum() / 2)
    half = stats.t.ppf(0.95, 2) * error * np.sqrt(1 + 1 / 4 + (at - x.mean()) ** 2 / ((x - x.mean()) ** 2).sum())
    middle = line.intercept + line.slope * at
    assert found.value == pytest.approx(middle)
    assert found.low <= middle - half + 1e-4
    assert found.high >= middle + half - 1e-4


@pytest.mark.parametrize(
    ("deadline", "reason"),
    [("2020-12", "完成时限已过"), ("2022-12", "完成时限比已有的各期更远，不外推"), ("2021-03", "")],
)
def test_nothing_is_told_of_the_past_or_of_what_is_further_away_than_the_periods_go_back(
    deadline: str, reason: str
) -> None:
    assert forecast(history(0.80, 0.83, 0.84, 0.86), deadline=deadline, target=0.8).reason == reason


def test_only_the_line_after_the_last_cut_is_used() -> None:
    table = history(0.1, 0.2, 0.80, 0.83, 0.84, 0.88).assign(line=[1, 1, 2, 2, 2, 2])
    assert forecast(table, deadline="2021-12", target=0.9).n == 4


@pytest.mark.parametrize(
    ("values", "target", "comparison", "verdict"),
    [
        ((0.80, 0.84, 0.88, 0.92), 0.93, ">=", "预计可达标"),
        ((0.80, 0.801, 0.80, 0.801), 0.95, ">=", "预计不能达标"),
        ((0.80, 0.90, 0.80, 0.90), 0.90, ">=", "无法判断"),
        ((0.40, 0.34, 0.27, 0.21), 0.15, "<=", "预计可达标"),
        ((0.80, 0.80, 0.80, 0.80), 0.80, ">=", "预计可达标"),
        ((0.80, 0.80, 0.80, 0.80), 0.80, ">", "预计不能达标"),
        ((0.80, 0.84, 0.88, 0.92), float("nan"), ">=", "无法判断"),
    ],
)
def test_the_whole_interval_decides(values, target, comparison, verdict) -> None:
    assert forecast(history(*values), deadline="2021-06", target=target, comparison=comparison).verdict == verdict


def test_fewer_than_four_periods_or_no_deadline_is_not_judged() -> None:
    assert forecast(history(0.8, 0.9, 1.0), deadline="2021-06", target=0.5).verdict == "无法判断"
    gap = history(0.8, float("nan"), 0.9, 1.0)
    assert forecast(gap, deadline="2021-06", target=0.5).n == 3
    assert forecast(history(0.8, 0.8, 0.9, 1.0), deadline="长期推进", target=0.5).reason == "没有完成时限（长期推进）"
    assert forecast(history(0.8, 0.8, 0.9, 1.0), deadline="年底前", target=0.5).reason == "完成时限没有写或认不出"


def test_periods_before_a_change_of_the_definition_are_not_used() -> None:
    table = history(0.99, 0.99, 0.99, 0.99, 0.40, 0.42)
    assert forecast(table, deadline="2021-12", indicator="good_rating", target=0.5).n == 2
    assert forecast(table, deadline="2021-12", indicator="rating_checked", target=0.5).n == 6


def test_a_share_stays_within_its_bounds_and_a_count_does_not() -> None:
    table = history(0.91, 0.90, 0.96, 0.97)
    assert forecast(table, deadline="2021-09", target=0.95).high == 1.0
    assert forecast(table, deadline="2021-09", target=0.95, share=False).high > 1.0


def test_a_line_that_leaves_what_a_share_can_be_is_no_certainty() -> None:
    for values in ((0.7, 0.8, 0.9, 1.0), (0.3, 0.2, 0.1, 0.0)):
        found = forecast(history(*values), deadline="2021-09", target=0.5)
        assert (found.verdict, found.reason) == ("无法判断", "趋势线整个落在0至100%之外，不外推")
        assert forecast(history(*values), deadline="2021-09", target=0.5, share=False).verdict != "无法判断"
    flat = forecast(history(1.0, 1.0, 1.0, 1.0), deadline="2021-09", target=1.0)
    assert (flat.verdict, flat.value) == ("预计可达标", 1.0)


@pytest.mark.parametrize(("comparison", "values"), [("rising", (0.8890, 0.8892, 0.8894, 0.8896)),
                                                    ("falling", (0.8890, 0.8888, 0.8886, 0.8884))])  # fmt: skip
def test_a_target_that_rises_is_foreseen_as_it_is_judged_by_the_least_step(comparison: str, values) -> None:
    row = {"ledger_id": "a", "region_code": "440800", "indicator": "time_compression", "comparison": comparison,
           "unit": "share", "target_value": float("nan"), "baseline": 0.889, "deadline_read": "2021-06"}  # fmt: skip
    table = history(*values, days=QUARTERS[1:]).assign(region_code="440800", indicator="time_compression")
    found = forecasts(pd.DataFrame([row]), table.assign(denominator=20000.0)).iloc[0]
    assert not meets(comparison, found["forecast"], target=float("nan"), before=0.889, verdict="", unit="share")
    assert found["outlook"] != "预计可达标"


def test_every_row_with_a_number_to_reach_has_its_forecast_and_the_others_none() -> None:
    ledger = pd.DataFrame({
        "ledger_id": ["a", "b", "c", "d"], "region_code": "440800",
        "indicator": ["online", "online", "node_connected", "visits"],
        "comparison": [">=", "rising", "done", "above_peers"], "target_value": [0.93, float("nan"), 1.0, 0.1],
        "baseline": 0.8, "unit": "share", "deadline": ["六月底", *["2021-06"] * 3], "deadline_read": "2021-06",
    })  # fmt: skip
    table = history(0.80, 0.84, 0.88, 0.92).assign(region_code="440800", indicator="online")
    found = forecasts(ledger, table).set_index("ledger_id")
    assert found.loc[["a", "b"], "outlook"].tolist() == ["预计可达标", "预计可达标"]
    assert list(found.index) == ["a", "b"]
    assert set(forecasts(ledger, table.iloc[:2])["outlook"]) == {"无法判断"}
