"""The district report's section on cases: its own cases, every count from the cases, a sentence where there are none."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from zjanalysis.cases.analysis import case_summary, period_cases
from zjanalysis.cases.display import (
    SECTION_ROWS,
    case_departments_table,
    case_items_table,
    cases_bands,
    cases_cards,
    cases_definitions,
    cases_section,
    cases_sentence,
    cases_trend,
    cases_units,
    loose_table,
    overdue_table,
)
from zjanalysis.cases.views import case_overall
from zjanalysis.display.blocks import Block
from zjanalysis.display.tables import Table
from zjanalysis.inputs.period import Period, load_period
from zjanalysis.inputs.regions import report_units
from zjanalysis.settings import Cases, Settings, load_settings

ROOT = Path(__file__).resolve().parents[2]
N = 20_000


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return replace(load_settings(ROOT), root=tmp_path_factory.mktemp("cases"), cases=Cases(made=N))


@pytest.fixture(scope="module")
def period(settings: Settings) -> Period:
    loaded = load_period(str(ROOT / "data" / "sample"), "2021Q1", settings=load_settings(ROOT))
    return replace(loaded, cases=period_cases(loaded, settings=settings))


def text_of(parts: tuple[Block | Table, ...]) -> str:
    return "".join(part.html() if isinstance(part, Table) else part.html for part in parts)


@pytest.mark.parametrize("region", ["440823", "4408Z1"])
def test_a_district_shows_its_own_cases_only(period: Period, region: str) -> None:
    overdue = period.cases.overdue
    own = set(overdue.loc[overdue["region_code"] == region, "case_no"])
    shown = set(re.findall(r"\b\d{17}\b", text_of(cases_section(period, region=region))))
    assert shown <= own
    assert len(shown) == min(SECTION_ROWS, len(own))
    assert set(overdue["case_no"]) - own
    departments = set(period.items.loc[period.items["region_code"] == region, "department"].dropna())
    listed = [p for p in cases_section(period, region=region) if isinstance(p, Table) and p.sheet == "超时部门"]
    assert {row[0] for row in listed[0].rows} <= departments


def test_both_readings_of_the_rate_stand_side_by_side(period: Period) -> None:
    rates = {"按时办结率", "办结件按时率"}
    shown = [cases_units(period.cases, region="440800"), case_departments_table(period.cases, region="440800")]
    assert all(rates <= {head.label for head in one.heads} for one in shown)
    overall = case_overall(period.cases).query("region_code == '440800'").set_index("indicator")["value"]
    assert overall["on_time"] < overall["on_time_finished"]
    said = f"按时办结率{overall['on_time']:.2%}（只看办结件为{overall['on_time_finished']:.2%}）"
    assert said in cases_sentence(period.cases, region="440800").text


def test_the_sentence_counts_the_cases_of_the_table(period: Period, settings: Settings) -> None:
    (path,) = (settings.root / ".cache" / "cases").glob("*.parquet")
    with duckdb.connect() as connection:
        query = f"SELECT count(*) FROM '{path}' WHERE \"行政区划代码\" = '440823'"
        (count,) = connection.execute(query).fetchone() or (0,)
    assert count > 100
    assert text_of(cases_section(period, region="440823")).count(f"遂溪县办件{count}件，") == 1


def test_every_report_unit_has_a_section_that_ends_with_definitions_and_coverage(period: Period) -> None:
    for region in report_units("440800"):
        last = cases_section(period, region=region)[-1]
        assert isinstance(last, Table)
        assert [row[0] for row in last.rows] == [
            "按时办结率",
            "办结件按时率",
            "平均实际办理时限",
            "实际提速",
            "网上办件率",
            "逾期未结率",
        ]
        assert re.match(r"办件覆盖率[\d.]+%（有办件的基本编码\d+/\d+个）", last.note)


def test_without_cases_there_is_one_sentence(period: Period) -> None:
    without = replace(period, cases=None, dataset=replace(period.dataset, kind="real"))
    (only,) = cases_section(without, region="440823")
    assert isinstance(only, Block)
    assert only.text.startswith("本期没有办件数据，不作办件时效分析")
    (elsewhere,) = cases_section(period, region="440100")
    assert elsewhere.text == f"本期办件数据（{period.cases.n_cases}件）中没有广州市的办件。"


def test_a_city_without_cases_of_its_own_has_a_sentence_and_the_rest_of_the_report(
    period: Period, settings: Settings
) -> None:
    lines = ["1,遂溪县,440102019005,市监局,2021-03-01,2021-03-09,5", "2,遂溪县,440102019005,市监局,2021-03-01,,5"]
    head = "办件编号,行政区划,基本编码,部门,受理时间,办结时间,承诺时限"
    cases = pd.read_csv(io.StringIO("\n".join([head, *lines])), dtype="str")
    summary = case_summary(period, cases=cases, settings=settings)
    said = [show(summary, region="440800").text for show in (cases_sentence, cases_trend, cases_bands)]
    assert said == [
        "本期办件数据（2件）中没有湛江市的办件。",
        "没有湛江市的办件，不画逐月变化。",
        "没有湛江市的办件，不画时限分布。",
    ]
    tables = [show(summary, region="440800") for show in (case_departments_table, case_items_table, overdue_table)]
    assert [shown.rows for shown in tables] == [(), (), ()]
    assert loose_table(summary, period, region="440800").rows == ()
    assert "按时办结率无数据" in cases_cards(summary, region="440800").text
    assert [row[:2] for row in cases_units(summary, region="440800").rows] == [("遂溪县", 1)]
    assert cases_definitions(summary, region="440800").text == "指标口径"
