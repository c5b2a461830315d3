"""The rows of the ledger: made from the plan, filled, refreshed; rows people add."""

from __future__ import annotations

import pandas as pd
import pytest

from zjanalysis.inputs.regions import report_units
from zjanalysis.inputs.workplan import load_targets, load_tasks
from zjanalysis.ledger.rows import empty_ledger, fill, hand_columns, number_own_rows
from zjanalysis.ledger.state import refresh, start

CITY, COUNTY = "440800", "440802"


def scores(**values: float) -> pd.DataFrame:
    return pd.DataFrame({"region_code": CITY, "indicator": list(values), "value": list(values.values())})


BASE = scores(instant=0.87, online=0.97, promised_days=3.0, good_rating=0.99, separate_portals=2.0)


def made(table: pd.DataFrame = BASE, **options: object) -> pd.DataFrame:
    return start(table, on="2021-02-01", as_of="2020-12-31", **options)  # type: ignore[arg-type]


def city_row(ledger: pd.DataFrame, indicator: str, comparison: str = "") -> pd.Series:
    rows = ledger[(ledger["region_code"] == CITY) & (ledger["indicator"] == indicator)]
    return rows[rows["comparison"] == comparison].iloc[0] if comparison else rows.iloc[0]


def test_every_target_has_its_row_for_the_city_or_for_each_report_unit() -> None:
    ledger, targets = made(), load_targets()
    units = len(report_units(CITY))
    city, county = targets["level"].str.contains("市级").sum(), targets["level"].str.contains("区县级").sum()
    assert len(ledger) == city + county * units
    assert ledger["ledger_id"].is_unique
    assert set(ledger["task"]) == set(targets["task"])
    assert list(ledger["sequence"]) == [str(n) for n in range(1, len(ledger) + 1)]


def test_a_county_row_is_the_countys_to_answer_and_the_lead_unit_helps() -> None:
    ledger = made().set_index("ledger_id")
    row = ledger.loc["六-05@440802"]
    assert row["lead_unit"] == "赤坎区人民政府"
    assert row["cooperating_units"] == "市政务服务数据管理局、市行政服务中心"
    assert ledger.loc["六-05@4408Z1", "lead_unit"] == "湛江经济技术开发区管委会"
    assert "六-05@440800" not in ledger.index
    assert "六-04@440802" not in ledger.index


def test_measures_are_the_plans_own_words_for_each_target() -> None:
    ledger, targets = made(), load_targets().set_index("target")
    tasks = load_tasks().set_index("task")["text"]
    rows = ledger[ledger["measures"] != ""].set_index("ledger_id")
    assert rows.loc["二-06@440800", "measures"] == "加盖电子印章或电子签名的证照占比需达 100%"
    assert rows.loc["六-05@440823", "measures"] == (
        "市本级面向自然人（法人）提供的行政许可事项即办率高于85.50%，区县级高于81.11%"
    )
    assert rows["measures"].nunique() > 50
    plain = str.maketrans("，；：（）", ",;:()")
    for ledger_id, measure in rows["measures"].str.translate(plain).items():
        target = targets.loc[str(ledger_id).split("@")[0]]
        assert target["quote"].strip(",;。").lstrip("并要") in measure
        assert not measure.startswith(("并", "要加大"))
        assert measure in tasks[target["task"]]
    assert set(ledger.loc[ledger["measures"] == "", "task"]) == {"前言"}


def test_departments_the_plan_names_by_their_field_help_in_the_city_alone() -> None:
    ledger = made().set_index("ledger_id")
    assert ledger.loc["六-10@440800", "cooperating_units"].startswith("各县(市、区)政府(管委会),市有关单位、市公安局、")
    assert not ledger.loc[~ledger.index.str.endswith("@440800"), "cooperating_units"].str.contains("市公安局").any()


def test_the_eight_problems_are_rows_to_be_typed_and_measured_by_what_belongs_to_them() -> None:
    first = made()
    problems = first[first["task"] == "前言"]
    assert list(problems["ledger_id"]) == [f"前言-0{n}@440800" for n in range(1, 9)]
    assert problems["problem"].str.contains("方案没有列出").all()
    assert problems["current"].isna().all()
    assert problems["hint"].str.startswith("请照省评估报告填写问题").all()
    under = {"六-04@440800": "前言-03", "六-06@440800": "问题三", "三-02@440800": "3", "四-01@440800": "前言-08"}
    linked = first.assign(parent=first["ledger_id"].map(under))
    after = refresh(linked, first, scores=BASE, on="2021-03-01", as_of="2020-12-31").set_index("ledger_id")
    assert after.loc["前言-03@440800", ["current", "status"]].tolist() == [pytest.approx(1 / 3), "未启动"]
    assert after.loc["前言-08@440800", "current"] == 0
    assert after.loc["前言-01@440800", "current"] != after.loc["前言-01@440800", "current"]
    better = scores(instant=0.87, online=1.0, separate_portals=0.0)
    done = refresh(after.reset_index(), after.reset_index(), scores=better, on="2021-07-10", as_of="2021-06-30")
    assert city_row(done, "problem_3")[["current", "status"]].tolist() == [1.0, "已达标待销号"]


def test_a_deed_nobody_reports_is_done_when_the_ledger_holds_its_evidence() -> None:
    first = made()
    deed = first["indicator"] == "publicity_done"
    assert len(first[deed]) == 1 + len(report_units(CITY))
    assert first.loc[deed, "current"].eq(0).all()
    held = {
        "evidence": "政务服务月宣传",
        "evidence_number": "无",
        "evidence_date": "2021-02-10",
        "evidence_link": "官网",
    }
    whole = refresh(first.assign(**held), first, scores=BASE, on="2021-03-01", as_of="2020-12-31")
    assert whole.loc[deed, "status"].eq("已达标待销号").all()
    part = refresh(first.assign(**held | {"evidence_date": "二月"}), first, scores=BASE, on="2021-03-01")
    assert part.loc[deed, "status"].eq("推进中").sum() + part.loc[deed, "status"].eq("长期推进").sum() == deed.sum()


def test_the_base_value_is_the_first_seen_and_the_gap_is_signed_better_is_positive() -> None:
    ledger = made()
    later = fill(ledger, scores(instant=0.80, promised_days=2.5, separate_portals=3.0), as_of="2021-03-31")
    assert city_row(later, "instant")[["baseline", "current"]].tolist() == [0.87, 0.80]
    corrected = made(scores(instant=0.86))
    corrected = fill(corrected, scores(instant=0.87), as_of="2020-12-31")  # the base period's own, sent in anew
    assert city_row(corrected, "instant")[["baseline", "current"]].tolist() == [0.87, 0.87]
    assert city_row(later, "instant")["gap"] == pytest.approx(0.80 - 0.855)
    assert city_row(later, "promised_days")["gap"] == pytest.approx(3.0 - 2.5)
    assert city_row(later, "separate_portals")["gap"] == 0 - 3.0
    assert pd.isna(city_row(ledger, "promised_days")["gap"])
    assert pd.isna(city_row(later, "online")["current"])


def test_a_gap_is_the_difference_of_the_two_numbers_that_are_printed() -> None:
    ledger = made(scores(promised_days=2.504, cases_per_10k_people=842.867911647))
    figures = scores(promised_days=2.267, cases_per_10k_people=889.193417628, instant=0.93384)
    later = fill(ledger, figures, as_of="2021-03-31")
    assert city_row(later, "promised_days")["gap"] == pytest.approx(2.50 - 2.27)
    assert city_row(later, "cases_per_10k_people")["gap"] == pytest.approx(889.19 - 842.87)
    assert city_row(later, "instant")["gap"] == pytest.approx(0.9338 - 0.855)


def test_a_changed_definition_gives_a_new_base_and_no_judgement_until_the_next_figure() -> None:
    first = made()
    second = refresh(first, first, scores=scores(good_rating=0.40), on="2021-04-15", as_of="2021-03-31")
    third = refresh(second, second, scores=scores(good_rating=0.45), on="2021-07-15", as_of="2021-06-30")
    rows = [city_row(t, "good_rating") for t in (first, second, third)]
    assert [r["baseline"] for r in rows] == [0.99, 0.40, 0.40]
    assert [str(r["baseline_on"].date()) for r in rows] == ["2020-12-31", "2021-03-31", "2021-03-31"]
    assert [r["status"] for r in rows] == ["未启动", "未启动", "已达标待销号"]


def test_against_the_peers_value_median_and_verdict_come_from_one_comparison() -> None:
    gaps = pd.DataFrame({"region_code": [CITY, COUNTY], "indicator": "visits", "value": [0.04, 0.20],
                         "median": [0.06, 0.10], "verdict": ["达标", "未达标"]})  # fmt: skip
    ledger = made(scores(visits=0.99), gaps=gaps)
    row = city_row(ledger, "visits", "below_peers")
    assert row[["current", "target_value", "status"]].tolist() == [0.04, 0.06, "已达标待销号"]
    assert row["gap"] == pytest.approx(0.02)
    assert city_row(ledger, "visits", "falling")["current"] == 0.99
    county = ledger[(ledger["region_code"] == COUNTY) & (ledger["comparison"] == "below_peers")].set_index("indicator")
    assert county.loc["visits", "status"] == "未启动"
    silent = made(scores(visits=0.99))
    assert "同业" in city_row(silent, "visits", "below_peers")["hint"]


def test_refresh_changes_no_hand_column_and_no_input() -> None:
    ledger = made().assign(person="张三", measures="=cmd|' /C calc'!A0", 自加列="备注")
    before = ledger.copy(deep=True)
    after = refresh(ledger, before, scores=scores(instant=0.9), on="2021-04-15", as_of="2021-03-31")
    pd.testing.assert_frame_equal(ledger, before)
    hand = hand_columns(ledger)
    assert "自加列" in hand
    assert "current" not in hand
    pd.testing.assert_frame_equal(after[hand], before[hand])


def test_rows_people_add_get_a_number_once_and_obey_the_same_rules() -> None:
    own = pd.DataFrame([
        {"problem": "停车难", "region": "廉江市", "target_text": "≥80%", "current": 0.85, "deadline": "2021-05-31"},
        {"problem": "标识不清", "region": "廉江市", "target_text": "整改到位", "current": float("nan")},
    ])  # fmt: skip
    blank = empty_ledger()
    typed = pd.concat(
        [made(), own.reindex(columns=list(blank.columns)).astype(blank.dtypes.to_dict())], ignore_index=True
    )
    after = refresh(typed, made(), scores=BASE, on="2021-04-15", as_of="2020-12-31")
    assert list(after["ledger_id"].tail(2)) == ["自001", "自002"]
    assert list(after["status"].tail(2)) == ["已达标待销号", "未启动"]
    assert list(number_own_rows(after)["ledger_id"]) == list(after["ledger_id"])
    more = pd.concat([after, after.tail(1)], ignore_index=True)
    assert number_own_rows(more)["ledger_id"].iloc[-1] == "自003"
