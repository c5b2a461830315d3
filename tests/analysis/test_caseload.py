"""The caseload lens beside the plain one: hand-counted values, ranks and coverage, a sentence where nothing is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from zjanalysis.analysis.caseload import caseload
from zjanalysis.cases.analysis import period_cases
from zjanalysis.display.blocks import Block
from zjanalysis.display.sections_compare import NO_CASELOAD, caseload_table
from zjanalysis.display.tables import Table
from zjanalysis.inputs.period import load_period
from zjanalysis.inputs.regions import peers_of

ROOT = Path(__file__).resolve().parents[2]
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


def test_both_lenses_by_hand(items_of: Callable[[str], pd.DataFrame]) -> None:
    found = caseload(items_of(ITEMS), COUNTS, region="440823", peers=["440825", "440881"]).set_index("indicator")
    time, visits = found.loc["time_compression"], found.loc["visits"]
    assert time["plain_value"] == pytest.approx(25 / 30)
    assert time["value"] == pytest.approx((30 * 15 + 10 * 10) / (30 * 20 + 10 * 10))
    assert [time["plain_rank"], time["plain_n_ranked"]] == [2, 3]
    assert [time["rank"], time["n_ranked"]] == [1, 2]  # the third has no cases
    assert time["plain_median"] == pytest.approx((0.5 + 0.9) / 2)
    assert time["median"] == pytest.approx(5 / 10)
    assert time["gap_to_median"] == pytest.approx(55 / 70 - 5 / 10)
    assert [time["n_cases"], time["coverage"]] == [40, 40 / 100]  # C is out of scope, D has no statutory limit
    assert visits["plain_value"] == pytest.approx(1 / 3)
    assert visits["value"] == pytest.approx(30 / 45)
    assert [visits["n_cases"], visits["coverage"]] == [45, 45 / 100]


def test_a_region_without_cases_has_no_weighted_value(items_of: Callable[[str], pd.DataFrame]) -> None:
    found = caseload(items_of(ITEMS), COUNTS, region="440881", peers=["440823"]).set_index("indicator")
    row = found.loc["time_compression"]
    assert row["plain_value"] == pytest.approx(18 / 20)
    assert pd.isna(row["value"])
    assert pd.isna(row["rank"])
    assert pd.isna(row["coverage"])


def test_the_table_shows_both_and_a_period_without_cases_a_sentence() -> None:
    period = load_period(str(ROOT / "data" / "sample"), "2021Q1")
    place = {"region": "440823", "peers": peers_of("440823")}
    shown = caseload_table(replace(period, cases=period_cases(period)), **place)
    assert isinstance(shown, Table)
    assert shown.caption == "按办件量加权"
    assert [head.label for head in shown.heads][1:4:2] == ["事项口径", "办件口径"]
    assert all(0 < row[1] < 1 or row[0] == "跑动次数" for row in shown.rows)
    assert all(row[1] != row[3] for row in shown.rows)
    real = replace(period, cases=None, dataset=replace(period.dataset, kind="real"))
    nothing = caseload_table(real, **place)
    assert isinstance(nothing, Block)
    assert nothing.text == NO_CASELOAD
