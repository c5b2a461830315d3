"""Blocks: what a page needs is in them, escaped, with the same content as JSON; every view of a study gives such."""

from __future__ import annotations

import inspect
import operator
import re
from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest
from matplotlib.figure import Figure

import zjanalysis as zj
from tests.display.whole import hold_whole, listed
from zjanalysis.display import blocks
from zjanalysis.display.tables import MIME, table
from zjanalysis.errors import ConfigError
from zjanalysis.studies import Study, study_of

EVIL = '"><script>alert(1)</script>'
Made = "blocks.Block | Iterable[blocks.Block]"
VIEWS: dict[str, Callable[[Study], Made]] = {
    "summary": zj.summary, "spine": zj.spine, "first_steps": zj.first_steps, "terms": zj.terms,
    "split": lambda me: zj.split(me, "visits"), "departments": lambda me: zj.departments(me, "time_compression"),
    "laggards": zj.laggards, "plan_overview": zj.plan_overview, "plan": lambda me: zj.plan(me, "instant", "visits"),
    "obstacles": lambda me: zj.obstacles(me, "instant"), "tasks": lambda me: zj.tasks(me, "instant"),
    "ranking": lambda me: zj.ranking(me, "visits"), "pairs": lambda me: zj.pairs(me, "time_compression"),
    "funnel": lambda me: zj.funnel(me, "instant"), "sensitivity": zj.sensitivity,
    "changes": lambda me: zj.changes(me, "visits"), "change_split": lambda me: zj.change_split(me, "instant"),
    "item_changes": zj.item_changes, "counts": zj.counts, "limits": zj.limits, "compression": zj.compression,
    "visits": zj.visits, "findings": zj.findings, "omissions": zj.omissions, "completeness": zj.completeness,
    "doubts": lambda me: zj.doubts(me, "visits"), "quality_by_region": zj.quality_by_region,
    "findings_trend": zj.findings_trend, "regions": lambda me: zj.regions(me, "visits", "instant"),
    "trend": zj.trend, "trend_line": lambda me: zj.trend_line(me, "instant"), "worsening": zj.worsening,
    "before_after": lambda me: zj.before_after(me, "instant", date=me.period.name),
    "counties": lambda me: zj.counties(me, "visits"),
    "definitions": zj.definitions, "file_facts": zj.file_facts, "cover": zj.cover, "finish": zj.finish,
}  # fmt: skip


MADE: dict[tuple[str, int], tuple[Study, list[blocks.Block]]] = {}


def made(name: str, me: Study) -> list[blocks.Block]:
    """Return the blocks of a view, to be looked at: they are made once for all tests."""
    if (name, id(me)) not in MADE:
        MADE[name, id(me)] = me, listed(VIEWS[name](me))
    return MADE[name, id(me)][1]


def test_nothing_is_called_met_where_no_plan_is_on_record() -> None:
    me = zj.study("data/sample", "2021Q1", region="汕头市")
    overview, definitions = zj.plan_overview(me, "time_compression", "visits"), zj.sensitivity(me)
    assert "达标" not in overview.html + definitions.sentence
    assert "未过中位数的" in overview.html
    assert "过中位数需改" in overview.html


def test_the_views_here_are_all_that_are_public() -> None:
    others = {"study", "Study", "load_settings", "load_period", "list_periods", "peers_of", "region_code", "region_name",
              "Scope", "measure", "standings", "theme", "exhibit", "say", "show", "table", "explore", "cases", "ledger",
              "series", "item_series", "whole", "parts", "__version__"}  # fmt: skip
    assert set(VIEWS) == set(zj.__all__) - others


@pytest.mark.parametrize("name", list(VIEWS))
@pytest.mark.parametrize("whose", ["city", "county", "first"])
def test_every_view_of_every_study_is_whole(name: str, whose: str, request: pytest.FixtureRequest) -> None:
    for block in made(name, request.getfixturevalue(whose)):
        hold_whole(block)
        figures = re.findall(r"<figure.*?</figure>", block.html, re.DOTALL)
        for figure in figures:
            alt = re.search(r'<svg [^>]*aria-label="([^"]+)"', figure)
            assert alt
            assert len(alt[1]) >= 12
            assert "来源：" in figure
            assert ("示例数据（模拟）" in figure) == (whose != "first")
            assert block.figure is not None
            assert block.rows is not None


@pytest.mark.parametrize("name", list(VIEWS))
def test_hostile_text_shows_as_text_everywhere(name: str, hostile: Study) -> None:
    for block in made(name, hostile):
        assert "<script" not in block.html
        assert "\x1b" not in block.html
        assert "alert(1)" not in block.html or "&lt;script&gt;" in block.html


@pytest.mark.parametrize("name", list(VIEWS))
def test_a_view_leaves_the_study_alone(name: str, county: Study) -> None:
    before = county.items.copy(), county.scores.copy(), county.standings.copy()
    assert listed(VIEWS[name](county))
    for old, new in zip(before, (county.items, county.scores, county.standings), strict=True):
        pd.testing.assert_frame_equal(old, new)


def test_a_citys_own_row_is_found_among_the_other_cities(city: Study) -> None:
    """Its sentences call it 市本级, the rows of its group do not."""
    assert zj.limits(city).sentence.startswith("湛江市（市本级）许可平均承诺")
    assert zj.visits(city).payload["table"]["columns"][1]["label"] == "湛江市"
    assert "湛江市（市本级）合计跑25次，最多的是公安" in zj.visits(city).sentence


def test_the_cover_names_region_and_issue_once_and_carries_its_facts(county: Study) -> None:
    block = zj.cover(county, report_date="2021-04-08")
    assert re.findall(r"<h1>(.*?)</h1>", block.html) == ["雷州市政务服务效能监测通报（2021年第1期）"]
    assert "示例数据（模拟）" in block.html
    assert {block.payload[key] for key in ("region_code", "period", "report_date", "cutoff")} == {
        "440882", "2021Q1", "2021-04-08", "2021-03-31"}  # fmt: skip


def test_real_data_carry_no_sample_band(first: Study) -> None:
    assert "示例数据" not in zj.cover(first).html
    assert zj.cover(first).payload["sample"] is False


def test_the_file_facts_count_files_and_own_items(county: Study) -> None:
    facts = dict(zj.file_facts(county).payload["terms"])
    assert facts["数据"].endswith(f"本地区{len(county.own)}项")
    files = county.period.files
    assert f"{len(files)}个，读取{files['rows_read'].sum()}行" in facts["全部文件"]
    assert "编制日期" not in facts


def test_definitions_give_n_over_m_and_the_thresholds(county: Study) -> None:
    block = zj.definitions(county)
    own = county.scores.query("region_code == '440882' and indicator == 'instant'").iloc[0]
    assert f"{own['numerator']:.0f}/{own['denominator']:.0f}" in block.html
    rules = county.settings.comparison
    assert f"{rules.margin_time * 100:.2f}个百分点" in block.html


def test_the_end_says_the_notebook_ran_through(county: Study) -> None:
    assert zj.finish(county).payload == {"kind": "end", "complete": True}
    assert 'data-zj-complete="true"' in zj.finish(county).html


def test_an_exhibit_of_an_analysts_own_needs_a_title_and_a_table_alone(county: Study) -> None:
    sns = pytest.importorskip("seaborn")
    rows = county.own.groupby("department", as_index=False).size()
    zj.theme()
    axes = sns.histplot(county.own, x="statutory_days", ax=Figure().subplots())  # not into what another test left open
    block = zj.exhibit(axes, title="法定时限的分布", table=rows, source=county)
    assert "图　法定时限的分布" in block.html
    assert block.payload["table"]["sheet"] == "法定时限的分布"
    assert "数据表共" in block.payload["alt"]


def test_an_exhibit_of_a_table_without_rows_is_a_sentence(county: Study) -> None:
    """The gate refuses a figure without its table: one of nothing would cost a county its whole page."""
    axes = Figure().subplots()
    rows = county.own.head(0).groupby("statutory_days", as_index=False).size()
    block = zj.exhibit(axes, title="法定时限的分布", table=rows, sentence="一半不超过nan个工作日。", source=county)
    assert block.html == '<p class="zj-say">法定时限的分布：无数据。</p>'
    assert blocks.carry(block) is block


def test_a_block_shows_as_html_and_as_json() -> None:
    bundle = blocks.say("甲。", "", "乙。")._repr_mimebundle_()
    assert bundle["text/html"] == '<p class="zj-say">甲。乙。</p>'
    assert bundle[MIME] == {"kind": "say", "text": "甲。乙。"}
    rows = pd.DataFrame({"region_code": ["440823"]})
    assert table(rows, caption="例", columns=["region"])._repr_mimebundle_()[MIME]["table"]["caption"] == "例"


def test_what_knows_nothing_is_one_sentence(first: Study) -> None:
    for block in (zj.changes(first, "visits"), zj.change_split(first, "visits"), zj.item_changes(first)):
        assert block.payload["kind"] == "say"


@pytest.mark.parametrize("whose", ["city", "county"])
def test_the_items_that_hold_back_are_items_with_their_own_promise_as_the_plan_has_them(
    whose: str, request: pytest.FixtureRequest
) -> None:
    me: Study = request.getfixturevalue(whose)
    rows, steps = me.laggards().set_index("item_key"), me.plan("time_compression", target=1.0).steps
    steps = steps.set_index("item_key").loc[rows.index]
    assert rows["promised_days"].tolist() == steps["from_value"].tolist()
    assert rows["best_days"].tolist() == steps["to_value"].tolist()
    written = me.items.groupby(["region_code", "item_name"])["promised_days"].agg(set)
    named = zip(rows["item_name"], rows["promised_days"], rows["best_region"], rows["best_days"], strict=True)
    for name, own, peer, best in named:
        assert own in written[me.region, name]
        assert min(written[peer, name]) <= best  # the peer itself promises this very item so soon
    assert f"{len(rows)}个事项" in zj.laggards(me).sentence
    assert f"{steps['change_by'].sum():.0f}个工作日" in zj.laggards(me).sentence


def test_a_region_without_statutory_limits_is_not_said_to_promise_as_soon_as_others(county: Study) -> None:
    items = county.period.items
    bare = items.assign(limit_reason=items["limit_reason"].mask(items["region_code"] == county.region, "缺法定时限"))
    me = study_of(replace(county.period, items=bare, memory={}), region=county.region)
    assert "时限压缩率无数据，不列拖累事项" in zj.laggards(me).sentence


def limited() -> list[str]:
    """Return every view that takes a ``limit``, of zj and of its wings."""
    views = [*(f"zj.{name}" for name in zj.__all__), "zj.cases.brief", "zj.cases.departments", "zj.cases.items",
             "zj.cases.loose", "zj.cases.overdue", "zj.ledger.due", "zj.ledger.agenda", "zj.ledger.evaluation",
             "zj.ledger.outlook"]  # fmt: skip
    functions = {view: operator.attrgetter(view.removeprefix("zj."))(zj) for view in views}
    return [
        view
        for view, one in functions.items()
        if inspect.isfunction(one) and "limit" in inspect.signature(one).parameters
    ]


@pytest.mark.parametrize("name", limited())
def test_a_limit_of_0_is_all_and_one_below_is_refused_everywhere(name: str, county: Study) -> None:
    view = operator.attrgetter(name.removeprefix("zj."))(zj)
    given = ["visits"] if {"indicator", "indicators"} & set(inspect.signature(view).parameters) else []
    every, few = (view(county, *given, limit=limit) for limit in (0, 1))
    for one, other in zip(*(given if isinstance(given, tuple) else (given,) for given in (every, few)), strict=True):
        assert len(one.html) >= len(other.html)
    with pytest.raises(ConfigError, match="limit=-1 不能是负数"):
        view(county, *given, limit=-1)


def test_a_goal_beyond_the_scale_is_said_as_it_is(county: Study) -> None:
    [block] = zj.plan(county, "at_most_once")
    assert "高于中位数（已是100.00%，不能再高）" in block.sentence
    for peer in ("best", "徐闻县"):  # they are at 100 %; that is not the median
        [block] = zj.plan(county, "at_most_once", target=peer)
        assert "高于对方（已是100.00%，不能再高）" in block.sentence
    assert "高于100" not in block.sentence
