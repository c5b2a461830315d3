"""Lines over the periods: drawn where there are points enough, cut where the definition is, said as they read."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import zjanalysis as zj
from zjanalysis.analysis.compare import KEY
from zjanalysis.analysis.series import last_figures
from zjanalysis.display import theme, trend
from zjanalysis.display.picture import figure_of
from zjanalysis.display.spine import spine_rows
from zjanalysis.studies import Study, study_of


@pytest.fixture(scope="module")
def slipping(county: Study) -> Study:
    return study_of(county.period, region="吴川市")


def with_series(me: Study, rows: pd.DataFrame) -> Study:
    """A study whose series are these rows."""
    other = study_of(replace(me.period, memory=dict(me.period.memory)), region=me.region, before=me.before)
    other.period.memory.pop(("lines", me.group, me.before.name), None)
    other.period.memory.pop(("signals", me.group, me.before.name), None)
    other.__dict__["series"] = rows
    return other


def test_the_last_period_is_that_of_the_line_where_its_workbooks_are_gone(slipping: Study) -> None:
    me = zj.study("data/sample", "2020Q4", region="吴川市")
    assert (me.before.name, len(me.earlier)) == ("2020Q3", 0)
    shown, rows = spine_rows(me).set_index("indicator"), me.signals.query("region_code == '440883'")
    line = rows.set_index("indicator").loc[list(shown.index)]
    assert shown["previous"].tolist() == line["previous"].tolist()
    assert shown.at["online_end_to_end", "moved"] == "退步0.45个百分点"
    assert shown["meets_target"].tolist() == ["未达标"] * 6
    assert "较上期6项均退步。" in zj.summary(me).sentence
    assert zj.change_split(me, "visits").sentence == "上期（2020Q3）没有吴川市的事项清单，不逐项比较。"
    assert zj.item_changes(me).sentence == "上期（2020Q3）没有吴川市的事项清单，不逐项比较。"
    whole = zj.study("data/sample", "2020Q4", region="湛江市全市")
    assert (whole.previous["region_code"] == whole.region).sum() == 6
    shifted = slipping.before.items.assign(online_depth="7")  # another code table: another definition, as in the line
    other = replace(slipping.before, items=shifted, memory={})
    now = last_figures(slipping.items, other, KEY, regions=slipping.group, scope=slipping.scope)
    assert set(slipping.previous["indicator"]) - set(now["indicator"]) == {"online_end_to_end"}


def test_the_periods_counted_are_those_of_the_region(slipping: Study) -> None:
    """A county that handed nothing in for a quarter read 8期走势 over a line of seven points."""
    rows = slipping.series
    short = with_series(slipping, rows[(rows["region_code"] != "440883") | (rows["period"] != "2020Q2")])
    assert zj.trend(short).payload["title"].startswith("吴川市7期走势：")
    assert zj.trend_line(short, "visits").payload["title"].startswith("跑动次数：7期")


def test_it_is_said_which_of_the_two_periods_has_no_value(slipping: Study) -> None:
    own = slipping.period.items["region_code"] == "440883"
    limits = slipping.period.items["limit_reason"].mask(own, "无法定时限")
    me = study_of(replace(slipping.period, items=slipping.period.items.assign(limit_reason=limits), memory={}),
                  region="440883", before=slipping.before)  # fmt: skip
    assert spine_rows(me).set_index("indicator").at["time_compression", "moved"] == "本期无数据"
    assert "本期无数据" in zj.changes(me, "time_compression").sentence
    assert "本期无数据，不拆分变化" in zj.change_split(me, "time_compression").sentence


def test_a_last_period_that_is_not_the_one_before_is_named_and_a_gap_ends_a_row(slipping: Study) -> None:
    rows = slipping.series[~slipping.series["period"].isin(["2020Q3", "2020Q4"])]
    far = replace(slipping.before, name="2020Q2", memory={})
    me = with_series(study_of(slipping.period, region="440883", before=far), rows)
    assert "较2020年第2期6项均退步。" in zj.summary(me).sentence
    assert (
        "较上期" not in zj.summary(me).sentence + zj.change_split(me, "visits").sentence + zj.item_changes(me).sentence
    )
    assert "较2020年第2期" in zj.spine(me).html
    assert "持续变差" in zj.trend(slipping).sentence
    assert "持续变差" not in zj.trend(me).sentence


def own_lines(axes: object) -> list[np.ndarray]:
    """The points of every piece of the own line, without its last dot and the median."""
    lines = [line for line in axes.lines if line.get_color() == theme.FOCUS]  # type: ignore[attr-defined]
    return [np.asarray(line.get_ydata(), dtype="float64") for line in lines if len(line.get_ydata()) > 1]


def test_small_multiples_are_one_panel_an_indicator_with_its_word(slipping: Study) -> None:
    block = zj.trend(slipping)
    assert block.rows is not None
    assert block.rows["indicator"].tolist() == ["time_compression", "visits", "visit_share", "instant", "online",
                                                "online_end_to_end"]  # fmt: skip
    panels = figure_of(block.figure).axes
    assert len(panels) == 6
    said = [[text.get_text() for text in panel.texts if text.get_position()[1] > 1][:3] for panel in panels]
    assert said[3] == ["即办率", "持续变差", "69.41%"]
    assert block.sentence == ("吴川市6项指标的走势：持续变差1项（即办率），平稳5项；扣除全组共同的变化，持续变差6项。")


def test_a_panel_says_what_only_the_group_shows() -> None:
    drawn = zj.trend(zj.study("data/sample", "2021Q1", region="吴川市")).figure
    assert drawn is not None
    words = [text.get_text() for axes in figure_of(drawn).axes for text in axes.texts]
    assert (words.count("相对变差"), words.count("持续变差"), words.count("平稳")) == (5, 1, 0)


def test_the_line_is_the_series_and_the_target_the_plans(slipping: Study) -> None:
    axes = zj.trend_line(slipping, "instant").figure
    rows = slipping.series.query("region_code == '440883' and indicator == 'instant'")
    (line,) = own_lines(axes)
    assert line.tolist() == rows["value"].tolist()
    targets = [line.get_ydata()[0] for line in axes.lines if line.get_color() == theme.TARGET]
    assert targets == [0.8111]


def test_a_region_alone_is_held_against_no_group(slipping: Study) -> None:
    """The page said 相对全组nan, and 扣除全组共同的变化，没有持续变化 of changes that nothing was taken off."""
    alone = replace(slipping, peers=())
    assert "全组" not in zj.trend_line(alone, "instant").sentence
    assert "全组" not in trend.trend_sentence(alone, "instant")


def test_a_cut_breaks_the_line_and_stands_in_the_table(slipping: Study) -> None:
    rows = slipping.series.copy()
    later = rows["period"] >= "2020Q1"
    rows["line"] = rows["line"] * 2 + later
    rows["cut"] = np.where(later & (rows["period"] == "2020Q1"), "口径由“甲”改为“乙”", "")
    block = zj.trend_line(with_series(slipping, rows), "instant")
    first, second = own_lines(block.figure)
    assert np.isnan(first[3:]).all()
    assert np.isnan(second[:3]).all()
    assert "口径由“甲”改为“乙”" in block.html


def test_fewer_than_four_periods_are_a_sentence(slipping: Study, first: Study) -> None:
    rows = slipping.series[slipping.series["period"] > "2020Q2"]
    three = with_series(slipping, rows)
    assert zj.trend(three).sentence == "只有3期数据，不画走势（至少4期）。"
    assert re.search("：2020Q3为[0-9.]+%，.*；只有3期，不画走势", zj.trend_line(three, "instant").sentence)
    assert trend.runs_of(three, "instant") == []
    assert zj.trend(first).figure is None


def test_what_is_bad_and_gets_worse_is_named_with_both_reasons(slipping: Study, county: Study, city: Study) -> None:
    block = zj.worsening(slipping)
    assert block.sentence == "差且变差的有吴川市（6项）。"
    assert "持续变差、相对全组持续变差" in block.html
    assert zj.worsening(county).sentence == "雷州市没有差且变差的指标。"
    assert zj.worsening(city).sentence == "差且变差的有吴川市（6项）。"


def test_a_small_drawing_has_the_values_of_the_line(slipping: Study) -> None:
    values = slipping.series.query("region_code == '440883' and indicator == 'visits'")["value"].tolist()
    assert [value for run in trend.runs_of(slipping, "visits") for value in run] == values
