"""The views of 全市: they say what is added up, who is compared, and nothing that is not known."""

from __future__ import annotations

from dataclasses import replace

import pytest

import zjanalysis as zj
from tests.display.whole import hold_whole
from zjanalysis.errors import ConfigError
from zjanalysis.inputs.regions import report_units
from zjanalysis.studies import Study, study_of


@pytest.fixture(scope="module")
def whole(city: Study) -> Study:
    return study_of(city.period, region="全市")


def test_the_whole_stands_beside_its_two_parts_without_target_or_verdict(whole: Study) -> None:
    block = zj.whole(whole)
    hold_whole(block)
    visits = block.rows.set_index("indicator").loc["visits"]
    assert (visits["text"], visits["place"], visits["city"]) == (f"{217 / 2516:.4f}次", "2/3", "0.0706次")
    assert visits["counties"] == f"{(217 - 25) / (2516 - 354):.4f}次"
    assert "茂名全市、阳江全市" in block.sentence
    for word in ("达标", "优于", "落后", "相当"):
        assert word not in block.html


def test_a_zone_without_items_is_named_and_the_last_period_not_compared() -> None:
    now = zj.load_period("data/sample", "2021Q1")
    without = replace(now, items=now.items[now.items["region_code"] != "4408Z1"], memory={})
    block = zj.whole(study_of(without, region="全市"))
    assert "所辖9个县（市、区）、功能区的合计（湛江经济技术开发区没有事项，未计入）" in block.sentence
    assert "两期合计的范围不同（只有一期有湛江经济技术开发区），不与上期比。" in block.sentence
    assert set(block.rows["moved"]) == {"上期无数据"}
    assert "没有范围相同的湛江全市事项清单" in zj.item_changes(study_of(without, region="全市")).sentence


def test_the_parts_are_told_with_what_each_does(whole: Study) -> None:
    block = zj.parts(whole, "visits")
    hold_whole(block)
    rows = block.rows.set_index("region_code")
    assert set(rows.index) == {"440800", *report_units("440800")}
    assert rows.loc["440883", "pull"] == pytest.approx(217 / 2516 - (217 - 46) / (2516 - 219))
    assert rows.loc["440883", "effect"] == "不利"
    assert block.sentence.startswith("没有吴川市，湛江全市平均跑动次数会减少")


def test_a_part_without_a_value_is_named_and_nothing_is_summed(whole: Study) -> None:
    items = whole.period.items
    short = replace(whole.period, items=items.assign(visits=items["visits"].mask(items["part_code"] == "440882")))
    less = replace(whole, period=replace(short, memory={}))
    block = zj.whole(less)
    assert "跑动次数、跑动率缺雷州市的数据，不合计。" in block.sentence
    visits = block.rows.set_index("indicator").loc["visits"]
    assert [visits[key] for key in ("text", "place", "moved", "counties")] == [
        "无数据",
        "无数据",
        "本期无数据",
        "无数据",
    ]
    assert visits["city"] == "0.0706次"
    assert zj.parts(less, "visits").sentence == "湛江全市平均跑动次数缺雷州市的数据，不合计。"


def test_counties_of_a_city_in_no_group_are_compared_within_it(city: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page of 全市 of a city of another province failed: 未找到兄弟地区分组“各县区”."""
    monkeypatch.setattr("zjanalysis.display.whole.nearest_group", lambda _: "")
    assert zj.counties(city, "visits").sentence == "湛江市不在收录的地市分组里，县（市、区）只在本市内比较。"


def test_counties_are_shown_among_those_of_the_cities_nearby(city: Study) -> None:
    block = zj.counties(city, "visits")
    hold_whole(block)
    near = {code for one in ("440800", "440900", "441700") for code in report_units(one)}
    assert set(block.rows["region_code"]) == near
    assert block.rows["rank"].max() == len(near) == 19
    assert [place for place in block.rows["home"] if place != "—"] == list(range(1, 11))
    assert "粤西各县区19个" in block.sentence


def test_the_parts_of_what_is_no_sum_are_refused(city: Study) -> None:
    with pytest.raises(ConfigError, match='请用 region="全市"'):
        zj.parts(city, "visits")
