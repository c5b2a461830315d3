"""Cases on a table small enough to check by hand; the other engines are held to the same numbers elsewhere."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from tests.cases.conftest import TABLES, case_scores
from zjanalysis.analysis.caseload import with_caseload
from zjanalysis.analysis.indicators import measure
from zjanalysis.cases import analysis
from zjanalysis.cases.analysis import (
    CASE_INDICATORS,
    FOLDER,
    CaseSummary,
    case_counts,
    case_coverage,
    case_summary,
    find_cases,
    roll_up,
)
from zjanalysis.cases.clock import open_cases
from zjanalysis.cases.inputs import CaseSource, case_source
from zjanalysis.cases.views import (
    case_departments,
    case_items,
    case_overall,
    case_trend,
    days_distribution,
    loose_promises,
    overdue_cases,
    quantiles,
    quantiles_of,
)
from zjanalysis.errors import InputError, UnknownName
from zjanalysis.inputs.period import Period, load_period
from zjanalysis.settings import Cases, Settings

Read = Callable[[str], pd.DataFrame]

# 春节 2021: 2-11 … 2-17 off, Sunday 2-07 and Saturday 2-20 worked. Cut-off Wednesday 2021-03-31.
CASES = """
办件编号 行政区划 基本编码 部门 渠道   受理时间   办结时间   承诺时限 承诺时限单位 法定时限 特别程序天数
01       440823   A        民政 网上   2021-02-10 2021-02-20 3        工作日       20       0
02       440823   A        民政 窗口   2021-02-10 2021-02-22 3        工作日       20       0
03       遂溪县   A        民政 网上   2021-02-10 2021-02-22 3        工作日       20       1
04       440823   B        公安 窗口   2021-02-13 2021-02-18 0        工作日       10       0
05       440823   B        公安 窗口   2021-02-13 2021-02-19 0        工作日       10       0
06       440823   B        公安 粤省事 2021-02-01 2021-02-18 10       自然日       10       0
07       440823   B        公安 -      2021-02-01 2021-02-19 10       自然日       10       0
08       440823   C        公安 窗口   2021-03-01 2021-03-03 8        小时         10       0
09       440823   C        公安 窗口   2021-03-01 2021-03-02 8        小时         -        0
10       440823   A        民政 窗口   2021-03-30 -          1        工作日       20       0
11       440823   A        民政 窗口   2021-03-29 -          1        工作日       20       0
12       440823   A        民政 窗口   2021-03-05 2021-03-01 3        工作日       20       0
13       440823   A        民政 窗口   2021-03-01 2021-03-02 -        工作日       20       0
14       440823   A        民政 窗口   2021-03-01 2021-03-02 5        批次         20       0
15       440823   A        民政 窗口   2021-03-01 9999-12-31 5        工作日       20       0
16       440823   A        民政 窗口   -          2021-03-02 5        工作日       20       0
17       没有县   A        民政 窗口   2021-03-01 2021-03-02 5        工作日       20       0
18       440800   D        公安 窗口   2021-03-01 2021-03-02 99999    工作日       500      0
"""
ITEMS = """
region_code region match_code item_name        department statutory_days promised_days promised_unit use_level
440823      遂溪县 A          甲证（首次申请） 民政       20             3             工作日        4
440823      遂溪县 A          甲证（变更）     民政       20             1             工作日        4
440823      遂溪县 B          乙证             公安       10             0             工作日        4
440823      遂溪县 E          戊证             公安       10             10            工作日        4
440800      湛江市 D          丁证             公安       20             5             工作日        3
"""


def table(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text), sep=r"\s+", dtype="str", na_values=["-"], keep_default_na=False)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(tmp_path_factory.mktemp("root"))


@pytest.fixture(scope="module")
def source(items_of: Read) -> CaseSource:
    return CaseSource("试/2021Q1", date(2021, 3, 31), items_of(ITEMS))


@pytest.fixture(scope="module")
def summary(source: CaseSource, settings: Settings) -> CaseSummary:
    return case_summary(source, cases=table(CASES), settings=settings)


def score(scores: pd.DataFrame, key: str, region: str = "440823") -> tuple[float, float, int, int]:
    row = scores[(scores["indicator"] == key) & (scores["region_code"] == region)].iloc[0]
    return row["numerator"], row["denominator"], int(row["n"]), int(row["n_left_out"])


def test_on_time_against_the_calendar(summary: CaseSummary) -> None:
    # On time: 01 (third working day), 03 (one special day), 04 (即办, in 春节), 06 (ends in 春节), 09 (8 小时), 13 (3 days
    # by the item list). Late: 02, 05, 07, 08. Left out: 14 has no usable promise; 12, 15, 16 no usable finish.
    assert score(case_overall(summary), "on_time_finished") == (6.0, 10.0, 10, 1)


def test_an_open_case_past_its_due_day_is_late(summary: CaseSummary) -> None:
    # 11 was due the day before the cut-off; 10 is due on the cut-off day itself and is neither on time nor late yet.
    assert score(case_overall(summary), "on_time") == (6.0, 10.0 + 1.0, 10 + 1, 1)


def test_who_never_closes_a_late_case_does_not_look_better(source: CaseSource, settings: Settings) -> None:
    closing = table("""
    办件编号 行政区划 基本编码 受理时间   办结时间   承诺时限
    1        440823   A        2021-03-01 2021-03-02 3
    2        440823   A        2021-03-01 2021-03-22 3
    """)
    never = closing.assign(办结时间=["2021-03-02", None])
    closed, left_open = (case_scores(source, cases=cases, settings=settings) for cases in (closing, never))
    assert score(closed, "on_time")[:2] == score(left_open, "on_time")[:2] == (1.0, 2.0)
    assert [score(scores, "on_time_finished")[:2] for scores in (closed, left_open)] == [(1.0, 2.0), (1.0, 1.0)]


def test_actual_days_count_from_the_day_after_acceptance(summary: CaseSummary) -> None:
    taken = [3, 4, 4 - 1, 1, 2, 9, 10, 2, 1, 1, 1]
    numerator, denominator, n, out = score(case_overall(summary), "actual_days")
    assert (numerator, denominator, n, out) == (float(sum(taken)), float(len(taken)), len(taken), 0)


def test_speedup_leaves_out_cases_without_a_statutory_limit(summary: CaseSummary) -> None:
    statutory = 20 * 3 + 10 * 4 + 10 + 20 * 2
    actual = 3 + 4 + 3 + 1 + 2 + 9 + 10 + 2 + 1 + 1
    assert score(case_overall(summary), "actual_speedup") == (float(statutory - actual), float(statutory), 10, 1)
    assert score(case_overall(summary), "actual_speedup", "440800") == (0.0, 0.0, 0, 1)


def test_online_and_open_cases(summary: CaseSummary) -> None:
    # 07 has no channel; 10 is due on the cut-off day itself, 11 the day before.
    assert score(case_overall(summary), "online_cases") == (3.0, 15.0, 15, 1)
    assert score(case_overall(summary), "overdue_open") == (1.0, 2.0, 2, 0)


def test_overdue_cases_are_listed_with_their_days(summary: CaseSummary) -> None:
    listed = overdue_cases(summary, region="440823")
    assert listed[["case_no", "item_name", "due_date", "days_overdue"]].to_numpy().tolist() == [
        ["11", "甲证", "2021-03-30", 1]
    ]


def test_a_given_due_date_comes_before_the_promise(source: CaseSource, settings: Settings) -> None:
    cases = table("""
    办件编号 行政区划 基本编码 受理时间   办结时间   承诺办结时间 承诺时限
    1        440823   A        2021-03-01 2021-03-05 2021-03-05   1
    2        440823   A        2021-03-01 2021-03-08 2021-03-05   9
    3        440823   A        2021-03-01 2021-03-08 2021-03-06   9
    4        440823   A        2021-03-01 2021-03-08 -            9
    """)
    # 3-06 is a Saturday: the due day moves to Monday 3-08
    assert score(case_scores(source, cases=cases, settings=settings), "on_time") == (3.0, 4.0, 4, 0)


def test_limits_come_from_the_items_where_cases_have_none(source: CaseSource, settings: Settings) -> None:
    cases = table("""
    PROJECT_NO CATALOG_CODE AREACODE     ACCEPT_DATE RESULT_DATE
    1          A            440823000000 2021-03-01  2021/3/5
    2          A            440823000000 20210301    -
    """).fillna({"RESULT_DATE": "2021-03-04 16:30:00"})
    scores = case_scores(source, cases=cases, settings=settings)
    # the longest promise of the two 办理项 is 3 days: 3-04 is on time, 3-05 is late
    assert score(scores, "on_time") == (1.0, 2.0, 2, 0)
    assert score(scores, "actual_speedup") == (40.0 - 3 - 4, 40.0, 2, 0)


def test_a_promise_is_that_of_the_items_cell_by_cell(source: CaseSource, settings: Settings) -> None:
    cases = table("""
    办件编号 行政区划 基本编码 受理时间   办结时间   承诺办结时间 承诺时限 承诺时限单位 法定时限
    1        440823   A        2021-03-01 2021-03-04 -            -        -            -
    2        遂溪县   A        2021-03-01 2021-03-05 -            -        工作日       20
    3        440823   A        2021-03-01 2021-03-05 2021-03-05   -        -            20
    4        440823   A        2021-03-01 2021-03-02 -            99999    工作日       20
    5        440823   A        2021-03-01 2021-03-02 -            不定     工作日       20
    6        440823   B        2021-03-01 2021-03-01 -            即办     -            20
    7        440823   B        2021-03-01 2021-03-01 -            5        -            20
    8        440823   没有     2021-03-01 2021-03-01 -            -        -            20
    """)
    # 1 and 2 have the 3 days of the items, 3 its due date, 6 needs no unit; of a 5 without a unit nothing is known, as in
    # item sheets. A blank 法定时限 says that the law sets none.
    summary = case_summary(source, cases=cases, settings=settings)
    scores = case_overall(summary)
    assert score(scores, "on_time") == (3.0, 4.0, 4, 4)
    assert score(scores, "actual_speedup")[2:] == (7, 1)
    assert set(summary.days["promised_days"].dropna()) == {0.0, 3.0}


def test_codes_inside_longer_codes_serve_where_nothing_better_is_there(source: CaseSource, settings: Settings) -> None:
    cases = pd.DataFrame({"TASK_CODE": ["11440823EXAMPLE00X4440101007000"], "ACCEPT_DATE": ["20210301"]})
    scores = case_scores(source, by=("region_code", "base_code"), cases=cases, settings=settings)
    assert scores[["region_code", "base_code"]].drop_duplicates().to_numpy().tolist() == [["440823", "440101007000"]]


def test_findings_say_how_many_and_where(summary: CaseSummary) -> None:
    found = summary.findings.set_index(["rule", "region_code"])["value"]
    assert found.to_dict() == {
        ("case_no_accept", "440823"): "1",
        ("case_finish_uncovered", "440823"): "1",
        ("case_reversed", "440823"): "1",
        ("case_no_promise", "440823"): "1",
        ("case_no_promise", "440800"): "1",
        ("case_unknown_region", ""): "没有县",
        ("case_unknown_item", "440823"): "2",
    }


def test_more_finished_than_accepted_is_a_finding(source: CaseSource, settings: Settings) -> None:
    cases = table("""
    行政区划 基本编码 受理时间   办结时间
    440823   A        2021-03-01 2021-03-02
    440823   A        -          2021-03-02
    440800   D        2021-03-01 -
    """)
    found = case_summary(source, cases=cases, settings=settings).findings.set_index("rule")
    assert found.loc["case_more_finished", ["region_code", "message"]].tolist() == [
        "440823",
        "办结 2 件，多于受理 1 件。",
    ]


def test_every_group_adds_up_to_the_whole(source: CaseSource, settings: Settings, summary: CaseSummary) -> None:
    parts = case_scores(
        source, by=("region_code", "department", "base_code", "channel", "month"), cases=table(CASES), settings=settings
    )
    pd.testing.assert_frame_equal(roll_up(parts, by=("region_code",)), case_overall(summary))
    pd.testing.assert_frame_equal(roll_up(summary.by_item, by=("region_code",)), case_overall(summary))


def test_months_are_those_in_which_cases_were_due_up_to_the_cutoff(source: CaseSource, settings: Settings) -> None:
    cases = table("""
    办件编号 行政区划 基本编码 渠道 受理时间   办结时间   承诺时限 承诺时限单位
    1        440823   A        网上 2021-02-26 2021-03-05 5        工作日
    2        440823   A        网上 2021-03-31 2021-03-31 0        工作日
    3        440823   A        网上 2021-03-30 2021-03-31 2        工作日
    4        440823   A        网上 2021-03-01 2021-03-02 5        批次
    5        440823   A        网上 2021-02-01 -          3        工作日
    6        440823   A        网上 2021-01-30 2021-02-01 1        自然日
    """)  # 1 is due on 03-05, 2 on the cut-off day, 3 on 04-01, 4 nobody knows when, 5 on 02-04, 6 on a Sunday: 02-01
    summary = case_summary(source, cases=cases, settings=settings)
    trend = case_trend(summary, region="440823").set_index(["indicator", "month"])["n"]
    assert trend["on_time"].to_dict() == {"2021-02": 1 + 1, "2021-03": 2}
    assert trend["on_time_finished"].to_dict() == {"2021-02": 1, "2021-03": 2}
    assert trend["online_cases"].to_dict() == {"2021-02": 2, "2021-03": 2}
    assert score(case_overall(summary), "online_cases")[2] == 6
    quantiles = quantiles_in(source, cases, settings)
    assert quantiles.to_dict() == {"": 1, "2021-02": 1, "2021-03": 0}


def quantiles_in(source: CaseSource, cases: pd.DataFrame, settings: Settings) -> pd.Series:
    with open_cases(source, cases=cases, settings=settings) as opened:
        return quantiles_of(opened, by=("month",)).set_index("month")["median_days"]


def test_trend_departments_and_items(summary: CaseSummary) -> None:
    trend = case_trend(summary, region="440823").query("indicator == 'on_time'")
    assert trend.set_index("month")["n"].to_dict() == {"2021-02": 7, "2021-03": 3 + 1}
    departments = case_departments(summary, region="440823").set_index("department")
    assert departments["n_late"].to_dict() == {"公安": 3, "民政": 1}
    assert departments.loc["民政", ["case_count", "n_finished", "n_open", "n_overdue"]].tolist() == [10, 5, 2, 1]
    assert departments.loc["民政", ["on_time_share", "on_time_finished_share"]].tolist() == [3 / 5, 3 / 4]
    worst = case_items(summary, region="440823").set_index("base_code")
    assert worst[["n_late", "n_overdue"]].to_numpy().tolist() == [[2, 0], [1, 1], [1, 0]]
    assert worst.index.tolist() == ["B", "A", "C"]
    assert worst.loc["B", ["median_days", "p90_days", "item_name"]].tolist() == [2.0, 10.0, "乙证"]


def test_quantiles_are_exact(summary: CaseSummary) -> None:
    shares = {"half": 0.5, "most": 0.9, "all": 1.0}
    found = quantiles(summary.days, by=["region_code"], q=shares).set_index("region_code").loc["440823"]
    taken = sorted([3, 4, 3, 1, 2, 9, 10, 2, 1, 1, 1])
    assert found.to_dict() == {"half": taken[5], "most": taken[9], "all": taken[10], "n": 11}


def test_loose_promises_and_their_gain(source: CaseSource, summary: CaseSummary) -> None:
    loose = loose_promises(summary, source.items, region="440823", at_least=1, share=0.5)
    assert loose.empty  # nobody can promise 2 days less than 3 when half the cases take 3
    twenty = pd.DataFrame({"region_code": "440823", "base_code": "E", "promised_days": 10.0, "statutory_days": 10.0,
                           "actual_days": [1.0, 2.0, 9.0], "n": [10, 9, 1]})  # fmt: skip
    slack = CaseSummary(**{**vars(summary), "days": twenty})
    listed = loose_promises(slack, source.items, region="440823")
    assert listed[["base_code", "shorter_promise", "days_saved"]].to_numpy().tolist() == [["E", 2.0, 8.0]]
    assert listed["gain"].iloc[0] == pytest.approx(8 / (20 + 20 + 10 + 10))


def test_distribution_counts_every_finished_case_once(summary: CaseSummary) -> None:
    spread = days_distribution(summary, region="440823").query("quantity == '实际办理'")
    assert spread["n"].tolist() == [0, 4, 4, 1, 2, 0, 0, 0, 0]
    assert spread["share"].sum() == pytest.approx(1)


def test_coverage_and_caseload(source: CaseSource, summary: CaseSummary) -> None:
    counts = case_counts(summary.by_item)
    coverage = case_coverage(counts, source.items).set_index("region_code")
    assert coverage.loc["440823", ["numerator", "denominator"]].tolist() == [2, 3]
    loaded = with_caseload(source.items, counts)
    assert loaded["case_count"].tolist() == [5.0, 5.0, 4.0, 0.0, 1.0]
    assert source.items["case_count"].isna().all()


def test_measure_knows_the_case_indicators_like_any_other(summary: CaseSummary) -> None:
    rows = pd.DataFrame({"region_code": ["1", "1"], "done": [True, False], "on_time_finished": [1.0, None]})
    one = next(one for one in CASE_INDICATORS if one.key == "on_time_finished")
    assert measure(rows, [one], scope=None)["n"].tolist() == [1]


def test_an_item_whose_late_cases_are_all_open_is_listed(source: CaseSource, settings: Settings) -> None:
    cases = table("""
    办件编号 行政区划 基本编码 部门 受理时间   办结时间   承诺时限
    1        440823   A        民政 2021-03-01 -          3
    2        440823   B        公安 2021-03-01 2021-03-02 3
    """)
    summary = case_summary(source, cases=cases, settings=settings)
    listed = case_items(summary, region="440823")
    assert listed[["base_code", "n_finished", "n_late", "n_overdue"]].to_numpy().tolist() == [["A", 0, 0, 1]]


def test_an_unknown_engine_is_named(source: CaseSource, settings: Settings) -> None:
    with pytest.raises(UnknownName, match="引擎“duckbd”，是不是“duckdb”"):
        case_scores(source, engine="duckbd", cases=table(CASES), settings=settings)


def test_nothing_is_left_in_the_spill_folder(settings: Settings, summary: CaseSummary) -> None:
    assert summary.n_cases > 0
    assert list(Path(settings.root, settings.cases.spill).iterdir()) == []


# Checked by hand: accepted, promised, unit, special days, due. Tuesday 2014-08-19 and 11 days: 20 21 22 | 25 … 29 |
# 9-01 02 03. 国庆 2020: 10-01 … 10-08 off, Sunday 9-27 and Saturday 10-10 worked. 春节 2021: 2-11 … 2-17 off, Saturday
# 2-20 worked; 春节 2020 was lengthened to 2-02. Accepted on a day of rest, counting starts on the first working day;
# 自然日 that end on a day of rest end on the next working day; special days lie outside the limit.
BY_HAND = """
受理时间   承诺时限 承诺时限单位 特别程序天数 due
2014-08-19 11       工作日       0            2014-09-03
2014-08-19 11       工作日       5            2014-09-11
2014-08-19 16       工作日       0            2014-09-11
2020-09-25 1        工作日       0            2020-09-27
2020-09-30 1        工作日       0            2020-10-09
2020-09-30 2        工作日       0            2020-10-10
2020-09-30 3        工作日       0            2020-10-12
2020-10-05 3        工作日       0            2020-10-12
2021-02-10 3        工作日       0            2021-02-20
2020-01-23 1        工作日       0            2020-02-03
2021-02-13 1        工作日       0            2021-02-18
2021-02-13 0        工作日       0            2021-02-18
2021-03-03 0        工作日       0            2021-03-03
2021-03-03 0.5      工作日       0            2021-03-04
2021-02-01 10       自然日       0            2021-02-18
2021-03-01 10       自然日       0            2021-03-11
"""


@pytest.mark.parametrize("engine", ["duckdb", "pandas"])
def test_a_finish_on_the_due_day_is_on_time_and_one_day_later_is_late(
    engine: str, source: CaseSource, settings: Settings
) -> None:
    rows = table(BY_HAND).assign(行政区划="440823", 基本编码=lambda t: [f"{n:02d}" for n in range(len(t))])
    later = (pd.to_datetime(rows["due"]) + pd.Timedelta(days=1)).dt.strftime("%Y-%m-%d")
    cases = pd.concat([rows.assign(办结时间=rows["due"]), rows.assign(办结时间=later)], ignore_index=True)
    numbered = cases.drop(columns="due").assign(办件编号=cases.index.astype("str"))
    scores = case_scores(source, by=("base_code",), engine=engine, cases=numbered, settings=settings)
    counted = scores[scores["indicator"] == "on_time"].set_index("base_code")
    assert counted["numerator"].to_dict() == dict.fromkeys(rows["基本编码"], 1.0)
    assert counted["denominator"].to_dict() == dict.fromkeys(rows["基本编码"], 2.0)


@pytest.mark.parametrize("engine", ["duckdb", "pandas"])
def test_the_days_taken_count_from_the_day_after_acceptance_without_days_of_rest(
    engine: str, source: CaseSource, settings: Settings
) -> None:
    cases = table("""
    办件编号 行政区划 基本编码 受理时间   办结时间   承诺时限
    01       440823   A        2014-08-19 2014-09-03 11
    02       440823   B        2020-09-30 2020-10-13 3
    03       440823   C        2020-10-05 2020-10-12 3
    """)
    scores = case_scores(source, by=("base_code",), engine=engine, cases=cases, settings=settings)
    taken = scores[scores["indicator"] == "actual_days"].set_index("base_code")["numerator"]
    assert taken.to_dict() == {"A": 11, "B": 4, "C": 3}


# A summary is read once, kept, and read again when anything it depends on has changed.

WORKBOOK = (
    "事项名称,地区,基本编码,法定时限,承诺时限,跑动次数\n食品经营许可,遂溪县,440102019005,20个工作日,5个工作日,0\n"
)
CASE_HEAD = "办件编号,行政区划,基本编码,受理时间,办结时间,承诺时限\n"
TOML = (
    'title = "试"\nkind = "{kind}"\nsource = "试"\nlicence = "MIT"\n[periods."2021Q1"]\ncutoff = "2021-03-31"\n{more}'
)


def dataset(project: Settings, *, kind: str = "real", more: str = "") -> Period:
    folder = project.root / "data" / "试"
    (folder / "2021Q1" / "items").mkdir(parents=True, exist_ok=True)
    (folder / "2021Q1" / "items" / "甲.csv").write_text(WORKBOOK, encoding="utf-8")
    (folder / "dataset.toml").write_text(TOML.format(kind=kind, more=more), encoding="utf-8")
    return load_period("data/试", settings=project)


def with_cases(project: Settings, *rows: str) -> Period:
    period = dataset(project)
    path = period.dataset.folder / "2021Q1" / "cases" / "办件.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text(CASE_HEAD + "\n".join(rows), encoding="utf-8")
    return period


@pytest.fixture
def project(tmp_path: Path) -> Settings:
    return Settings(root=tmp_path, data="data/试", cases=Cases(made=400))


LATE = "1,遂溪县,440102019005,2021-03-01,2021-03-09,5"
GOOD = "2,遂溪县,440102019005,2021-03-01,2021-03-08,5"


def late(period: Period, project: Settings) -> list[float]:
    scores = find_cases(period, settings=project).by_item.set_index("indicator")
    return scores.loc["on_time", ["numerator", "denominator"]].tolist()


def test_what_is_kept_is_what_was_read(project: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    period = with_cases(project, LATE, GOOD, "3,遂溪县,440102019005,2021-03-01,,5")
    read = case_summary(case_source(period, settings=project), settings=project)
    first = find_cases(period, settings=project)
    monkeypatch.setattr(analysis, "case_summary", None)  # reading again would fail
    again = find_cases(period, settings=project)
    for one in (first, again):
        assert (one.cutoff, one.n_cases) == (read.cutoff, 3)
        for name in TABLES:
            pd.testing.assert_frame_equal(getattr(one, name), getattr(read, name))


def test_changed_cases_are_read_again(project: Settings) -> None:
    assert late(with_cases(project, LATE, GOOD), project) == [1.0, 2.0]
    assert late(with_cases(project, LATE), project) == [0.0, 1.0]
    changed = replace(project, units=replace(project.units, week=6.0))
    assert late(load_period("data/试", settings=changed), changed) == [0.0, 1.0]
    assert len(list((project.root / FOLDER).glob("*.tables"))) == 3


def test_a_damaged_summary_is_made_again(project: Settings) -> None:
    period = with_cases(project, LATE, GOOD)
    assert late(period, project) == [1.0, 2.0]
    (kept,) = (project.root / FOLDER).glob("*.tables")
    kept.write_bytes(kept.read_bytes()[:5000])
    assert late(period, project) == [1.0, 2.0]


def test_a_period_without_cases_is_told_apart_from_cases_that_cannot_be_read(project: Settings) -> None:
    period = dataset(project)
    assert find_cases(period, settings=project) is None
    with pytest.raises(InputError, match="没有办件数据"):
        case_source(period, settings=project)
    spark = dataset(project, more='[cases]\nspark_table = "gov.cases"\n')
    assert find_cases(spark, settings=project) is None
    made = dataset(project, kind="sample")
    assert find_cases(made, settings=project) is None  # no item of it has a case count to draw from


def test_a_file_that_cannot_be_read_is_no_period_without_cases(project: Settings) -> None:
    period = with_cases(project, LATE)
    (period.dataset.folder / "2021Q1" / "cases" / "办件.csv").write_text("序号\n1\n", encoding="utf-8")
    with pytest.raises(InputError, match="没有“受理时间”"):
        find_cases(period, settings=project)
    assert not list(project.root.glob(".cache/cases/*"))  # nothing half-written is kept
    assert not list(project.root.glob(".cache/spill/*"))


def test_what_a_build_hands_over_is_taken_as_it_is(project: Settings) -> None:
    period = with_cases(project, LATE, GOOD)
    held = replace(period, cases=find_cases(period, settings=project))
    (period.dataset.folder / "2021Q1" / "cases" / "办件.csv").unlink()
    assert find_cases(held, settings=project) is held.cases
