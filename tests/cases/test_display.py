"""What a report shows of cases: its own region's, every count from the cases, a sentence where there are none."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from tests.display.conftest import EVIL
from tests.display.whole import hold_whole, listed
from zjanalysis import cases
from zjanalysis.analysis.compare import facts
from zjanalysis.cases import display
from zjanalysis.cases.analysis import ALL_CASE_INDICATORS, CaseSummary, case_summary, find_cases
from zjanalysis.cases.inputs import case_source
from zjanalysis.cases.views import case_overall, every_region
from zjanalysis.display.blocks import Block
from zjanalysis.inputs.period import load_period
from zjanalysis.inputs.regions import office, report_units
from zjanalysis.settings import Cases, Settings, load_settings
from zjanalysis.studies import Study, study_of

ROOT = Path(__file__).resolve().parents[2]
N = 20_000
VIEWS: dict[str, Callable[[Study], Block | Iterable[Block]]] = {
    "brief": display.brief, "trend": display.trend, "bands": display.bands, "regions": display.regions,
    "departments": display.departments, "items": display.items, "loose": display.loose, "overdue": display.overdue,
    "problems": display.problems, "scores": display.scores, "weighted": display.weighted,
}  # fmt: skip
TEXTS = ("item_name", "department", "case_no", "message", "action", "value")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return replace(load_settings(ROOT), root=tmp_path_factory.mktemp("cases"), cases=Cases(made=N))


@pytest.fixture(scope="module")
def city(settings: Settings) -> Study:
    period = load_period(str(ROOT / "data" / "sample"), "2021Q1", settings=load_settings(ROOT))
    held = replace(period, cases=find_cases(period, settings=settings))
    return study_of(held, region="440800", settings=settings)


@pytest.fixture(scope="module")
def county(city: Study, settings: Settings) -> Study:
    return of(city, "440823")


@pytest.fixture(scope="module")
def elsewhere(settings: Settings) -> Study:
    """A region of a period without cases."""
    return study_of(load_period(str(ROOT / "data" / "gd-2021-05")), region="440100", settings=settings)


def of(me: Study, region: str) -> Study:
    return study_of(me.period, region=region, before=me.before, settings=me.settings)


def summary_of(me: Study) -> CaseSummary:
    summary = display.load(me)
    assert summary is not None
    return summary


def boiled_down(me: Study, cases: pd.DataFrame) -> CaseSummary:
    return case_summary(case_source(me.period, settings=me.settings), cases=cases, settings=me.settings)


def with_cases(me: Study, summary: CaseSummary | None) -> Study:
    return replace(me, period=replace(me.period, cases=summary, memory={}))


def made(name: str, me: Study) -> list[Block]:
    return listed(VIEWS[name](me))


def rows_of(block: Block) -> list[list[Any]]:
    return list(block.payload["table"]["rows"])


def heads_of(block: Block) -> list[str]:
    return [head["label"] for head in block.payload["table"]["columns"]]


def test_the_views_here_are_all_that_are_public() -> None:
    assert set(VIEWS) == set(cases.__all__) - {"load"}


@pytest.mark.parametrize("name", list(VIEWS))
@pytest.mark.parametrize("whose", ["city", "county", "elsewhere"])
def test_every_view_of_every_study_is_whole(name: str, whose: str, request: pytest.FixtureRequest) -> None:
    for block in made(name, request.getfixturevalue(whose)):
        hold_whole(block)
        for figure in re.findall(r"<figure.*?</figure>", block.html, re.DOTALL):
            assert "【示例数据（模拟）】来源：" in figure
            assert re.search(r'<svg [^>]*aria-label="([^"]{12,})"', figure)


@pytest.mark.parametrize("name", list(VIEWS))
def test_hostile_text_shows_as_text(name: str, county: Study) -> None:
    summary = summary_of(county)
    tables = {key: value.assign(**{text: EVIL for text in TEXTS if text in value})
              for key, value in vars(summary).items() if isinstance(value, pd.DataFrame)}  # fmt: skip
    for block in made(name, with_cases(county, replace(summary, **tables))):
        assert "<script" not in block.html
        assert "\x1b" not in block.html


@pytest.mark.parametrize("name", list(VIEWS))
def test_a_view_leaves_the_cases_alone(name: str, county: Study) -> None:
    summary = summary_of(county)
    before = {key: value.copy() for key, value in vars(summary).items() if isinstance(value, pd.DataFrame)}
    made(name, county)
    for key, value in before.items():
        pd.testing.assert_frame_equal(value, getattr(summary, key))


@pytest.mark.parametrize("region", ["440823", "4408Z1"])
def test_a_district_shows_its_own_cases_only(city: Study, region: str) -> None:
    me, overdue = of(city, region), summary_of(city).overdue
    own = set(overdue.loc[overdue["region_code"] == region, "case_no"])
    shown = display.overdue(me, limit=5)
    assert {row[0] for row in rows_of(shown)} <= own
    assert len(rows_of(shown)) == min(5, len(own))
    assert set(re.findall(r"\b\d{17}\b", "".join(block.html for name in VIEWS for block in made(name, me)))) <= own
    assert set(overdue["case_no"]) - own
    departments = {str(name) for name in me.own["department"].dropna()}
    assert {row[0] for row in rows_of(display.departments(me))} <= departments
    assert {row[0] for row in rows_of(display.brief(me)[0])} <= {office(name, me.name) for name in departments}


def test_both_readings_of_the_rate_stand_side_by_side(city: Study) -> None:
    rates = {"按时办结率", "办结件按时率"}
    assert all(rates <= set(heads_of(block)) for block in (display.regions(city), display.departments(city)))
    own = case_overall(summary_of(city)).query("region_code == '440800'").set_index("indicator")["value"]
    assert own["on_time"] < own["on_time_finished"]
    assert (
        f"按时办结率{own['on_time']:.2%}（只看办结件为{own['on_time_finished']:.2%}）"
        in display.brief(city)[0].sentence
    )


def test_the_sentence_counts_the_cases_of_the_table(county: Study, settings: Settings) -> None:
    (path,) = (settings.root / ".cache" / "cases").glob("*.parquet")
    with duckdb.connect() as connection:
        query = f"SELECT count(*) FROM '{path}' WHERE \"行政区划代码\" = '440823'"
        (count,) = connection.execute(query).fetchone() or (0,)
    assert count > 100
    assert display.brief(county)[0].sentence.startswith(f"遂溪县办件{count}件，")


def test_counts_over_the_departments_are_those_of_the_region(county: Study) -> None:
    table = pd.DataFrame(rows_of(display.departments(county)), columns=heads_of(display.departments(county)))
    said = display.brief(county)[0].sentence
    for words, head in (
        ("办件{}件", "办件量"),
        ("办结{}件", "办结件数"),
        ("超时办结{}件", "超时办结"),
        ("逾期{}件", "逾期未结"),
    ):
        assert words.format(table[head].sum()) in said


def test_a_city_lists_all_its_regions_and_a_county_itself(city: Study, county: Study) -> None:
    names = {row[0] for row in rows_of(display.regions(city))}
    assert len(names) == 1 + len(report_units("440800"))
    assert "湛江市（市本级）" in names
    assert [row[0] for row in rows_of(display.regions(county))] == ["遂溪县"]


def test_the_indicators_have_their_facts_among_those_that_have_cases(county: Study) -> None:
    block = display.scores(county)
    assert [row[0] for row in rows_of(block)] == [one.label for one in ALL_CASE_INDICATORS]
    every = every_region(county.period, summary_of(county))
    group = every[every["region_code"].isin(county.group)]
    placed = facts(group, indicators=ALL_CASE_INDICATORS, settings=county.settings).query("region_code == '440823'")
    assert [row[3] for row in rows_of(block)] == placed["meets_target"].tolist()
    coverage = placed.set_index("indicator").loc["case_coverage"]
    claimed = county.own.loc[county.own["in_force"] & county.own["match_code"].notna(), "match_code"].nunique()
    assert coverage["denominator"] == claimed
    assert rows_of(block)[-1][4] == f"{coverage['numerator']:.0f}/{claimed}"


def test_the_caseload_stands_beside_the_plain_value_and_warns_of_few(county: Study) -> None:
    block = display.weighted(county)
    plain = county.standings.query("region_code == '440823'").set_index("indicator")
    assert rows_of(block)[0][1] == f"{plain.loc['time_compression', 'value']:.2%}"
    summary = summary_of(county)
    permits = county.own.loc[county.own["item_type"].eq("行政许可") & county.own["limit_reason"].isna(), "match_code"]
    few = summary.by_item[summary.by_item["base_code"].isin(permits.dropna().head(3))]
    assert "位次可能取决于一两个事项" in display.weighted(with_cases(county, replace(summary, by_item=few))).sentence


def test_loose_promises_add_up_to_what_they_gain(county: Study) -> None:
    permits = county.own.query("item_type == '行政许可' and promised_days >= 5 and in_force").dropna(
        subset="match_code"
    )
    quick = permits.drop_duplicates("match_code").head(30)
    days = pd.DataFrame({"region_code": "440823", "base_code": quick["match_code"], "actual_days": 1.0, "n": 20})
    days = days.assign(promised_days=quick["promised_days"], statutory_days=quick["statutory_days"])
    block = display.loose(with_cases(county, replace(summary_of(county), days=days)), limit=5)
    rows = rows_of(block)
    assert block.html.count("<tr") == 1 + 5
    assert len(rows) > 10
    assert f"共{len(rows)}项" in block.html
    assert f"时限压缩率可提升{sum(row[-1] for row in rows) * 100:.2f}个百分点" in block.html
    assert {(row[5], row[4] - row[6]) for row in rows} == {(1.0, 1.0)}


def test_cases_without_a_department_are_no_department(city: Study, settings: Settings) -> None:
    lines = [f"{n},遂溪县,440102019005,{name},2021-03-01,,5" for n, name in enumerate(["", "", "", "遂溪县市监局"])]
    head = "办件编号,行政区划,基本编码,部门,受理时间,办结时间,承诺时限"
    table = pd.read_csv(io.StringIO("\n".join([head, *lines])), dtype="str")
    for some, n_named, n in ((table, 1, 3), (table.drop(columns="部门"), 0, 4)):
        me = of(with_cases(city, boiled_down(city, some)), "440823")
        said = display.brief(me)[0]
        assert f"{n_named}个部门有办件，{n_named}个有超时或逾期。另有{n}件没有注明部门。" in said.html
        for block in (said, display.departments(me)):
            assert rows_of(block)[0][:2] == ["部门未注明", n]
        assert {row[2] for row in rows_of(display.overdue(me))} <= {"部门未注明", "遂溪县市监局"}


def test_quick_cases_are_told_as_shares_of_those_known(city: Study, settings: Settings) -> None:
    lines = ["1,2021-03-02,5,20", "2,2021-03-02,10,", "3,2021-03-12,10,5", "4,2021-03-02,99999,"]
    rows = [f"{line},440823,440102019005,2021-03-01" for line in lines]
    head = "办件编号,办结时间,承诺时限,法定时限,行政区划,基本编码,受理时间"
    table = pd.read_csv(io.StringIO("\n".join([head, *rows])), dtype="str")
    said = display.bands(of(with_cases(city, boiled_down(city, table)), "440823"))
    assert "法定时限50.00%（1/2），承诺时限33.33%（1/3），实际用时75.00%（3/4）" in said.sentence


def test_without_cases_there_is_one_sentence(elsewhere: Study, city: Study) -> None:
    for name in VIEWS:
        assert [block.sentence for block in made(name, elsewhere)] == [display.NO_CASES.format("2021-05")]
    own = set(VIEWS) - {"regions", "problems"}
    others = study_of(city.period, region="440900", settings=city.settings)
    for name in own:
        said = f"本期办件数据（{summary_of(city).n_cases}件）中没有茂名市（市本级）的办件。"
        assert [block.sentence for block in made(name, others)] == [said]


def test_a_city_without_cases_of_its_own_has_a_sentence_and_its_counties(city: Study, settings: Settings) -> None:
    lines = ["1,遂溪县,440102019005,市监局,2021-03-01,2021-03-09,5", "2,遂溪县,440102019005,市监局,2021-03-01,,5"]
    head = "办件编号,行政区划,基本编码,部门,受理时间,办结时间,承诺时限"
    table = pd.read_csv(io.StringIO("\n".join([head, *lines])), dtype="str")
    me = with_cases(city, boiled_down(city, table))
    none = "本期办件数据（2件）中没有湛江市（市本级）的办件。"
    assert [display.brief(me)[0].sentence, display.trend(me).sentence, display.overdue(me).sentence] == [none] * 3
    assert [row[:2] for row in rows_of(display.regions(me))] == [["遂溪县", 1]]  # one of the two is not finished
    assert display.overdue(of(me, "440823")).payload["table"]["rows"][0][0] == "2"
    good = with_cases(city, boiled_down(city, table.head(1).assign(办结时间="2021-03-02")))
    county = of(good, "440823")
    assert display.overdue(county).sentence == "没有逾期未结的办件。"
    assert display.items(county).sentence == "没有超时办结或逾期未结的事项。"
    assert display.loose(county).sentence == "没有承诺比实际宽两个工作日以上的事项。"
