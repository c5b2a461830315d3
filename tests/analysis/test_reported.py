"""Reported figures become scores by the same measure; breaks are never compared across."""

from __future__ import annotations

import pandas as pd
import pytest

from zjanalysis.analysis.reported import REPORTED_INDICATORS, comparable, measure_reported
from zjanalysis.inputs.reported import load_definitions


def reported(rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["region_code", "indicator", "numerator", "denominator", "in_force"])


def test_values_are_ratios_of_the_sums_and_rows_that_do_not_count_are_left_out_and_counted() -> None:
    scores = measure_reported(
        reported([
            ("440802", "data_linkage", 9.0, 10.0, True),
            ("440803", "data_linkage", 97.0, 10.0, False),
            ("440802", "separate_portals", 2.0, 1.0, True),
            ("440802", "cases_per_10k_people", 80_020.0, 40.01, True),
            ("440803", "cases_per_10k_people", 5.0, float("nan"), True),
        ])
    ).set_index(["region_code", "indicator"])  # fmt: skip
    assert scores.loc[("440802", "data_linkage"), ["value", "n", "n_left_out"]].tolist() == [9 / 10, 1, 0]
    assert scores.loc[("440803", "data_linkage"), ["n", "n_left_out"]].tolist() == [0, 1]
    assert pd.isna(scores.loc[("440803", "data_linkage"), "value"])
    assert scores.loc[("440802", "cases_per_10k_people"), "value"] == pytest.approx(80_020 / 40.01)
    assert scores.loc[("440803", "cases_per_10k_people"), "n_left_out"] == 1
    assert len(scores) == 5


def test_nothing_reported_gives_no_scores() -> None:
    assert measure_reported(reported([])).empty


def test_every_reported_indicator_of_the_reference_is_registered_once() -> None:
    assert [i.key for i in REPORTED_INDICATORS] == load_definitions()["indicator"].tolist()
    assert len({i.label for i in REPORTED_INDICATORS}) == len(REPORTED_INDICATORS)
    basis = {i.key: i.basis for i in REPORTED_INDICATORS}
    assert (basis["good_rating"], basis["node_connected"]) == ("方案任务（九）", "方案任务（十一）")
    assert basis["ledger_kept"] == "方案三（三）"  # no task of the plan, but how it is carried out


@pytest.mark.parametrize(
    ("before", "after", "may"),
    [
        ("2019-09-30", "2019-12-31", True),
        ("2019-12-31", "2020-03-31", False),
        ("2020-03-31", "2020-12-31", False),
        ("2020-12-31", "2021-03-31", False),
        ("2019-12-31", "2021-03-31", False),
        ("2021-03-31", "2021-06-30", True),
        ("2021-06-30", "2021-03-31", True),
    ],
)
def test_good_rating_is_compared_only_on_one_side_of_2020(before: str, after: str, may: bool) -> None:
    assert comparable("good_rating", before, after) is may
    assert comparable("rating_checked", before, after) is True
