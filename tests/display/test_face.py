"""What an analyst new to pandas asks of ``zj`` and of a study: his tables are his own, every answer is Chinese."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Callable
from html import escape
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure

import zjanalysis as zj
from zjanalysis.display.tables import MIME
from zjanalysis.errors import ConfigError, NoSuchName, UnknownName
from zjanalysis.inputs.regions import report_units
from zjanalysis.studies import Study, study_of

TABLES: dict[str, Callable[[Study], pd.DataFrame]] = {
    **{name: lambda me, name=name: getattr(me, name)
       for name in ("items", "earlier", "own", "scores", "standings", "gaps", "previous", "series", "signals",
                    "worsening", "change_splits", "causes")},
    "period.items": lambda me: me.period.items, "before.items": lambda me: me.before.items,
    "standing": lambda me: me.standing("bookable"), "bands": lambda me: me.bands("visits"),
    "by_department": lambda me: me.by_department("visits"), "left_out": lambda me: me.left_out(),
    "item_changes": lambda me: me.item_changes(), "sensitivity": lambda me: me.sensitivity("visits"),
    "headroom": lambda me: me.headroom("visits")[1], "history": lambda me: me.history[0],
    "steps": lambda me: me.plan("visits").steps, "summary": lambda me: me.plan("visits").summary,
    "kept by who asked": lambda me: me.base("visits"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(TABLES))
def test_an_analyst_changes_a_table_of_his_own(name: str, county: Study) -> None:
    me, ask = study_of(county.period, region=county.region), TABLES[name]
    before, mine = ask(me).copy(), ask(me)
    first, *_, last = mine.columns
    mine.loc[mine.index[0], :] = mine.iloc[-1].copy()
    mine[first] = "改过"
    mine.insert(0, "新列", 1)
    del mine[last]
    mine.index = mine.index[::-1]
    mine.columns = mine.columns.str.upper()
    pd.testing.assert_frame_equal(ask(me), before)


def test_an_analyst_changes_an_array_of_his_own(county: Study) -> None:
    before = county.plan("visits").reach.copy()
    county.plan("visits").reach[:] = 0
    assert before.any()
    assert county.plan("visits").reach.tolist() == before.tolist()


def test_what_is_done_to_a_table_changes_no_block(county: Study) -> None:
    me = study_of(county.period, region=county.region)
    before = zj.summary(me).html, zj.spine(me).html
    for rows in (me.gaps, me.standings, me.items, me.period.items):
        number = "visits" if "visits" in rows else "value"
        rows[number] = (rows[number] * 100).round(1)
    me = study_of(me.period, region=county.region)
    assert (zj.summary(me).html, zj.spine(me).html) == before


def test_all_that_is_shown_is_on_the_page(county: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[object] = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    counted = county.own["department"].value_counts()
    zj.show(zj.plan(county, "visits"), [counted, counted.to_frame()], zj.say("话"))
    assert len(shown) > 3
    assert all(MIME in one._repr_mimebundle_() for one in shown)  # type: ignore[attr-defined]


@pytest.mark.parametrize("wrong", [Figure(), Figure().subplots(), None, 3, "话", {}], ids=str)
def test_what_no_page_can_show_is_refused(wrong: object, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[object] = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    with pytest.raises(ConfigError, match="页面上只有视图和表"):
        zj.show(zj.say("话"), wrong)  # type: ignore[arg-type]
    assert shown == []


@pytest.mark.parametrize(
    ("name", "key"), [("跑动次数", "visits"), ("平均跑动次数", "visits"), ("即办率", "instant"), ("一窗受理率", "one_window"),
                      ("预约办理率", "bookable"), ("零跑动率", "zero_visit"),
                      ("全流程网办率", "online_end_to_end")],
)  # fmt: skip
def test_an_indicator_is_read_by_name_or_key(name: str, key: str, county: Study) -> None:
    assert zj.changes(county, name).html == zj.changes(county, key).html
    assert zj.trend_line(county, name).html == zj.trend_line(county, key).html
    pd.testing.assert_frame_equal(county.bands(name), county.bands(key))
    pd.testing.assert_frame_equal(county.plan(name).steps, county.plan(key).steps)
    with pytest.raises(UnknownName, match="未找到指标“跑动次”"):
        county.bands("跑动次")


@pytest.mark.parametrize("name", ["ranking", "spine", "trend", "departments"])
def test_a_changed_figure_is_what_is_shown(name: str, county: Study) -> None:
    block = getattr(zj, name)(*((county, "visits") if name in ("ranking", "departments") else (county,)))
    assert block._repr_mimebundle_() == {"text/html": block.html, "text/plain": block.sentence, MIME: block.payload}
    assert block.figure is not None
    block.figure.set_title("改过的标题XYZ")
    block.figure.plot([0, 1], [0, 1], transform=block.figure.transAxes)
    for _ in range(2):
        shown = block._repr_mimebundle_()
        assert shown["text/html"].count("<svg") == 1
        assert shown["text/html"].count("图　改过的标题XYZ") == shown["text/html"].count("改过的标题XYZ") == 2
        assert shown[MIME]["title"] == "改过的标题XYZ"
        assert f'aria-label="{escape(block.payload["alt"])}"' in shown["text/html"]
        assert (shown[MIME].get("png") != block.payload.get("png")) == ("png" in block.payload)
    rest = [re.sub('<svg.*</svg>|data-title="[^"]*"', "", html, flags=re.DOTALL)
            for html in (shown["text/html"], block.html)]  # fmt: skip
    assert rest[0] == rest[1]


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda me: zj.ranking(me, "visits").rowz, "block 里没有 rowz，是不是 rows？"),
        (lambda me: me.plan("visits").step, "plan 里没有 step，是不是 steps？"),
        (lambda me: zj.table(me.gaps).captoin, "table 里没有 captoin，是不是 caption？"),
        (lambda me: me.period.itmes, "period 里没有 itmes，是不是 items"),
        (lambda _: zj.cases.region, "zj.cases 里没有 region，是不是 regions"),
        (lambda _: zj.ledger.dues, "zj.ledger 里没有 dues，是不是 due？"),
    ],
)
def test_an_attribute_nobody_knows_is_answered_with_the_nearest(
    ask: Callable[[Study], object], sentence: str, county: Study
) -> None:
    with pytest.raises(NoSuchName, match=sentence):
        ask(county)
    assert not hasattr(zj.say("话"), "_repr_latex_")
    assert copy.deepcopy(pickle.loads(pickle.dumps(zj.say("话")))) == zj.say("话")


CHINESE: dict[str, Callable[[Study], object]] = {
    "an indicator in a list": lambda me: zj.ranking(me, ["visits"]),  # type: ignore[arg-type]
    "an indicator in a column": lambda me: zj.split(me, me.gaps["indicator"]),  # type: ignore[arg-type]
    "no indicator": zj.ranking,  # type: ignore[dict-item]
    "None for an indicator": lambda me: zj.plan(me, None),  # type: ignore[arg-type]
    "None for a task": lambda me: zj.tasks(me, None),  # type: ignore[arg-type]
    "None for an obstacle": lambda me: zj.obstacles(me, None),  # type: ignore[arg-type]
    "None for a trend": lambda me: zj.trend(me, None),  # type: ignore[arg-type]
    "an indicator of the study": lambda me: me.by_department(["visits"]),  # type: ignore[arg-type]
    "a limit in quotes": lambda me: zj.laggards(me, limit="5"),  # type: ignore[arg-type]
    "an argument it lacks": lambda me: zj.laggards(me, top=5),  # type: ignore[call-arg]
    "columns in quotes": lambda me: zj.laggards(me, columns="3"),  # type: ignore[arg-type]
    "no study": lambda me: zj.ledger.due("遂溪县"),  # type: ignore[arg-type]
    "a region in a column": lambda me: zj.study("data/sample", region=me.gaps["地区"]),  # type: ignore[arg-type]
    "a date of another form": lambda me: zj.cover(me, report_date="2021/4/1"),
    "a date of facts": lambda me: zj.file_facts(me, report_date="2021/4/1"),
    "a study for a data set": zj.series,  # type: ignore[dict-item]
    "a study for the items of all periods": zj.item_series,  # type: ignore[dict-item]
    "a study to be explored": zj.explore,  # type: ignore[dict-item]
    "a wing": zj.cases,  # type: ignore[dict-item]
    "the other wing": zj.ledger,  # type: ignore[dict-item]
    "a number for a data set": lambda _: zj.load_period(1),  # type: ignore[arg-type]
    "a table for a data set": lambda me: zj.study(me.gaps),  # type: ignore[arg-type]
    "a period for a data set": lambda me: zj.series(me.period),  # type: ignore[arg-type]
    "a table for a sentence": lambda me: zj.say(me.gaps),  # type: ignore[arg-type]
    "a table that holds no items": lambda me: zj.measure(me.gaps),
    "a column to group by": lambda me: me.gap_split("visits", by="departments"),
}


@pytest.mark.parametrize("name", list(CHINESE))
def test_what_cannot_be_read_is_said_in_chinese(name: str, county: Study) -> None:
    with pytest.raises((ConfigError, UnknownName)) as told:
        CHINESE[name](county)
    assert re.match(r"[\w.=‘’'“]* ?[一-龥]", told.value.message), told.value.message
    assert told.value.hint


def test_several_names_may_be_a_column(county: Study) -> None:
    names = county.gaps["indicator"].iloc[:1]
    assert set(zj.measure(county.items, names)["indicator"]) == {*names}


def test_what_a_block_draws_is_saved(county: Study, tmp_path: Path) -> None:
    zj.ranking(county, "visits").figure.savefig(tmp_path / "图.png")
    assert (tmp_path / "图.png").stat().st_size > 1000


def test_no_indicator_named_means_the_six(county: Study) -> None:
    assert zj.tasks(county) == zj.tasks(county, *county.keys)
    assert "项任务" in zj.tasks(county).sentence  # 各项目标均已达到 was said of none
    assert zj.plan(county) == zj.plan(county, *county.keys)
    assert zj.obstacles(county) == zj.obstacles(county, *county.keys)
    assert zj.doubts(county) == zj.doubts(county, *county.keys)
    city = zj.study("data/sample", "2021Q1", region="湛江市")
    assert zj.regions(city) == zj.regions(city, *city.keys)
    listed = zj.regions(city, "visits", "instant").rows
    assert listed is not None
    assert listed["region_code"].tolist() == [code for code in report_units("440800") if code in city.period.regions]
    assert listed.columns[-2:].tolist() == ["visits", "instant"]  # as they are named
    assert county in (city, county)  # a study is equal to itself alone; tables are not compared


def test_what_is_not_given_and_what_is_one_of_several(county: Study) -> None:
    assert zj.cover(county, title=None) == zj.cover(county)  # type: ignore[arg-type]
    assert zj.laggards(county, limit=None) == zj.laggards(county)  # type: ignore[arg-type]
    assert zj.plan_overview(county, ["visits", "instant"]) == zj.plan_overview(county, "visits", "instant")  # type: ignore[arg-type]
    assert zj.plan_overview(county, county.keys) == zj.plan_overview(county, *county.keys)  # type: ignore[arg-type]
    for peers in (None, [], ()):
        me = zj.study("data/sample", region=440882, peers=peers)  # type: ignore[arg-type]
        assert repr(me) == repr(zj.study("data/sample", region=440882))
    some = zj.study("data/sample", region="雷州市", peers=["遂溪县", 440825])
    assert repr(some) == repr(zj.study("data/sample", region="雷州市", peers="遂溪县,440825"))
    split = county.gap_split("visits", by=("department",))
    for by in ("department", "实施主体", ["实施主体"]):
        pd.testing.assert_frame_equal(county.gap_split("visits", by=by), split)


def test_a_wrong_call_says_how_the_view_is_called(county: Study) -> None:
    with pytest.raises(ConfigError, match=re.escape("写法：zj.findings(me, everywhere=False)。")):
        zj.findings(county, True)  # type: ignore[misc]
    with pytest.raises(ConfigError, match=re.escape("写法：zj.before_after(me, indicator, date=…)。")):
        zj.before_after(county, "visits")  # type: ignore[call-arg]
