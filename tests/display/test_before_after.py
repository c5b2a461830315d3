"""Before and after a known date, as a reader meets it: the sample's reform is found, its placebo is not."""

from __future__ import annotations

import pandas as pd

import zjanalysis as zj
from zjanalysis.display.changes import _whole
from zjanalysis.studies import Study


def test_the_reform_moved_the_own_line_and_not_its_distance_from_the_group(city: Study) -> None:
    said = zj.before_after(city, "time_compression", date="2020Q3").sentence
    assert "自身走势提高2.08个百分点（95%区间+1.25个百分点至+3.14个百分点）" in said
    assert "扣除全组共同的变化没有可辨认的变化" in said
    assert "同事项与其他地区比不作判断（要有两期的工作簿）" in said


def test_the_placebo_is_not_found(city: Study) -> None:
    block = zj.before_after(city, "time_compression", date="2020Q2")
    assert "自身走势没有可辨认的变化" in block.sentence
    assert block.rows is not None
    assert set(block.rows["word"]) == {"没有可辨认的变化", "对照期次"}


def test_a_date_at_the_edge_or_without_placebo_is_not_judged(city: Study) -> None:
    block = zj.before_after(city, "time_compression", date="2021Q1")
    assert "自身走势不作判断（要有8期，前后各3期）" in block.sentence
    assert "同事项与其他地区比不作判断（没有别的期次作对照）" in block.sentence
    assert block.rows is not None
    assert set(block.rows["word"]) == {"不作判断"}


def test_no_date_is_no_comparison(city: Study) -> None:
    assert zj.before_after(city, "instant", date="").sentence == "没有写明改革或行动从哪一期（date）见效，不比较前后。"


def test_a_date_without_data_says_which_there_are(city: Study) -> None:
    assert zj.before_after(city, "instant", date="2018Q1").sentence == (
        "“2018Q1”不是有数据的期次（2019Q2至2021Q1），不比较前后。"
    )


def test_a_period_that_nobody_has_is_missing_too() -> None:
    periods = ["2018Q1", "2018Q2", "2018Q4", "2019Q1", "2019Q2"]
    lines = pd.DataFrame({"region_code": "440823", "line": 0, "period": periods, "value": 0.5})
    assert _whole(lines, "440823", periods)["period"].tolist() == periods[2:]
