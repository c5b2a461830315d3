from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.analysis.ways import sensitivity
from zjanalysis.analysis.compare import standings
from zjanalysis.analysis.sensitivity import blank_promises, reconverted
from zjanalysis.settings import Comparison, Settings, Units

Read = Callable[[str], pd.DataFrame]
MONTH, DAY = Units().month, Units().calendar_day

ITEMS = f"""
region_code match_code item_name handling_type statutory_written statutory_unit statutory_days promised_written promised_unit promised_days visits
440800      A          甲        承诺件        1                 月             {MONTH}        10               工作日        10            1
440800      B          乙        即办件        20                工作日         20             0                工作日        0             0
440800      B          乙二      承诺件        30                自然日         {30 * DAY}     3                工作日        3             2
440800      C          丙        承诺件        5                 工作日         5              9                工作日        9             0
440900      A          甲        承诺件        20                工作日         20             8                工作日        8             0
440900      B          乙        承诺件        20                工作日         20             4                工作日        4             0
440900      C          丙        承诺件        5                 工作日         5              1                工作日        1             1
"""


@pytest.fixture(scope="module")
def items(items_of: Read) -> pd.DataFrame:
    return items_of(ITEMS)


def rows(items: pd.DataFrame, key: str = "time_compression") -> pd.DataFrame:
    settings = Settings(root=Path(), comparison=replace(Comparison(), min_peers=1))
    table = sensitivity(items, region="440800", peers=("440900",), indicator=key, settings=settings)
    return table.set_index("definition")


def test_every_switch_by_hand(items: pd.DataFrame) -> None:
    table = rows(items)
    total = MONTH + 20 + 30 * DAY + 5
    expected = {
        "现行口径": 1 - (10 + 0 + 3 + 9) / total,
        "事项均值口径": (1 - 10 / MONTH + 1 + 1 - 3 / (30 * DAY) + 1 - 9 / 5) / 4,
        "即办件按1个工作日计": 1 - (10 + 1 + 3 + 9) / total,
        "1个自然日按1个工作日折算": 1 - 22 / (MONTH + 20 + 30 + 5),
        "1个月按22个工作日折算": 1 - 22 / (22 + 20 + 30 * DAY + 5),
        "1个月按30个自然日折算": 1 - 22 / (30 * DAY + 20 + 30 * DAY + 5),
        "时限按原文数字，不折算单位": 1 - 22 / (1 + 20 + 30 + 5),
        "剔除承诺时限超过法定时限的事项": 1 - 13 / (total - 5),
        "剔除法定、承诺单位不同的事项": 1 - 9 / 25,
        "剔除承诺时限空白的即办件": 1 - (10 + 0 + 3 + 9) / total,
        "同一基本编码只计一次（折叠）": 1 - (10 + 1.5 + 9) / (MONTH + (20 + 30 * DAY) / 2 + 5),
    }
    assert list(table.index) == list(expected)
    assert table["value"].to_dict() == pytest.approx(expected)


def test_a_unit_that_is_not_known_is_no_other_unit(items: pd.DataFrame) -> None:
    unknown = items.assign(promised_unit=items["promised_unit"].mask(items["item_name"] == "乙二"))
    assert (
        rows(unknown)["n"].to_dict()["剔除法定、承诺单位不同的事项"]
        == rows(items)["n"].to_dict()["剔除法定、承诺单位不同的事项"] + 1
    )


def test_a_blank_promise_of_an_instant_item_counts_as_zero_and_is_left_out_to_see(items: pd.DataFrame) -> None:
    blank = items.assign(promised_written=items["promised_written"].mask(items["promised_days"] == 0))
    assert blank_promises(blank).tolist() == [False, True, False, False, False, False, False]
    table = rows(blank)
    total = MONTH + 20 + 30 * DAY + 5
    assert table.loc["现行口径", "value"] == pytest.approx(1 - 22 / total)
    assert table.loc["剔除承诺时限空白的即办件", "value"] == pytest.approx(1 - 22 / (total - 20))
    assert table.loc["剔除承诺时限空白的即办件", "n"] == 3


def test_a_rank_that_hangs_on_the_definition_shows(items: pd.DataFrame) -> None:
    table = rows(items)
    assert table.loc["现行口径", ["rank", "rank_change", "meets_target", "met_changed"]].tolist() == [
        2,
        0,
        "未达标",
        False,
    ]
    level = table.loc["剔除承诺时限超过法定时限的事项"]
    assert level["value"] > level["median"]
    assert (level["rank"], level["rank_change"], level["meets_target"], level["met_changed"]) == (1, 1, "达标", True)
    assert set(table["verdict"]) == {"不作判断"}  # two or three codes are no evidence
    assert not table["verdict_changed"].any()


def test_the_first_row_is_what_the_standings_say(make_items: Callable[..., pd.DataFrame]) -> None:
    random, regions, n = np.random.default_rng(1), ("440800", "440900", "441700", "441200"), 60
    limits = np.tile(random.integers(5, 60, n), 4).astype(float)
    long = np.repeat([2.0, 0.0, 0.0, 0.0], n) * (np.tile(np.arange(n), 4) < 6)  # a promise beyond the limit, six times
    share = np.repeat([0.1, 0.3, 0.3, 0.3], n) * random.uniform(0.8, 1.2, 4 * n)
    promised = np.floor((share + long) * limits)
    items = make_items(
        region_code=np.repeat(regions, n), match_code=np.tile([f"C{i:02d}" for i in range(n)], 4), item_name="甲",
        department="局", handling_type="承诺件", statutory_days=limits, statutory_written=limits, statutory_unit="工作日",
        promised_days=promised, promised_written=promised, promised_unit="工作日",
    )  # fmt: skip
    table = sensitivity(items, region="440800", peers=regions[1:]).set_index("definition")
    said = standings(items, regions=regions, indicators=["time_compression"]).set_index("region_code").loc["440800"]
    first = table.loc["现行口径"]
    for name in ("value", "shown", "digits", "median", "rank", "n_ranked", "meets_target", "verdict", "reason"):
        assert first[name] == said[name]
    dropped = table.loc["剔除承诺时限超过法定时限的事项"]
    assert (first["verdict"], dropped["verdict"], dropped["verdict_changed"]) == ("相当", "优于", True)


def test_a_target_that_rises_is_not_judged_under_other_definitions(items: pd.DataFrame) -> None:
    assert rows(items, "promised_days")["meets_target"].unique().tolist() == ["—"]


def test_other_indicators_have_the_switches_that_touch_them(items: pd.DataFrame) -> None:
    visits = rows(items, "visits")
    assert list(visits.index) == ["现行口径", "跑动率口径（需到现场的事项占比）", "同一基本编码只计一次（折叠）"]
    assert visits["value"].tolist() == [3 / 4, 2 / 4, 2 / 3]
    assert visits["indicator"].tolist() == ["visits", "visit_share", "visits"]
    assert next(iter(rows(items, "instant").index)) == "现行口径"


def test_reconverting_with_the_factors_in_force_gives_the_same_days(items: pd.DataFrame) -> None:
    again = reconverted(items, Units())
    pd.testing.assert_frame_equal(again, items)
    lost = reconverted(items.assign(statutory_unit=None), Units())
    assert lost["statutory_days"].tolist() == items["statutory_days"].tolist()
