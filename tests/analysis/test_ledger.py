"""The ledger as tables: made from the plan, refreshed, read as a board, inspected."""

from __future__ import annotations

import pandas as pd
import pytest

from zjanalysis.analysis.ledger import adopt, empty_ledger, fill, hand_columns, refresh, start
from zjanalysis.analysis.ledger_board import board, by_region, by_unit, due, moved, rows_of, split_units, with_trend
from zjanalysis.analysis.ledger_scores import ledger_gaps, ledger_scores
from zjanalysis.cases.analysis import case_scores
from zjanalysis.inputs.period import load_period
from zjanalysis.inputs.regions import report_units
from zjanalysis.inputs.workplan import load_targets

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


def test_the_base_value_is_the_first_seen_and_the_gap_is_signed_better_is_positive() -> None:
    ledger = made()
    later = fill(ledger, scores(instant=0.80, promised_days=2.5, separate_portals=3.0), as_of="2021-03-31")
    assert city_row(later, "instant")[["baseline", "current"]].tolist() == [0.87, 0.80]
    assert city_row(later, "instant")["gap"] == pytest.approx(0.80 - 0.855)
    assert city_row(later, "promised_days")["gap"] == pytest.approx(3.0 - 2.5)
    assert city_row(later, "separate_portals")["gap"] == 0 - 3.0
    assert pd.isna(city_row(ledger, "promised_days")["gap"])
    assert pd.isna(city_row(later, "online")["current"])


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
                         "median": [0.06, 0.10], "verdict": ["高于", "低于"]})  # fmt: skip
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
    assert list(adopt(after)["ledger_id"]) == list(after["ledger_id"])
    more = pd.concat([after, after.tail(1)], ignore_index=True)
    assert adopt(more)["ledger_id"].iloc[-1] == "自003"


# --- reading it ---------------------------------------------------------------------------------------------------


def test_the_board_has_every_task_and_its_counts_add_up() -> None:
    ledger = made()
    shown = board(ledger, on="2021-06-10").set_index("task")
    assert shown["n_rows"].sum() == len(ledger)
    parts = shown[["n_met", "n_overdue", "n_not_started", "n_in_progress", "n_long_term"]].sum(axis=1)
    assert (parts == shown["n_rows"]).all()
    assert shown.loc["八", "days_left"] == 20
    assert pd.isna(shown.loc["一", "days_left"])
    empty = board(ledger.iloc[:0], on="2021-06-10")
    assert len(empty) == len(shown)
    assert empty["n_rows"].sum() == 0


def test_two_lead_units_are_counted_each_and_a_bracket_is_one_unit() -> None:
    rows = pd.DataFrame(
        {"lead_unit": ["甲局、乙中心", "各县(市、区)政府", "", "甲局"], "current": 1.0, "status": "未启动"}
    )
    assert list(split_units(rows)["unit_name"]) == ["甲局", "乙中心", "各县(市、区)政府", "未落实责任单位", "甲局"]
    assert by_unit(rows).set_index("unit_name")["n_rows"].to_dict() == {
        "甲局": 2, "乙中心": 1, "各县(市、区)政府": 1, "未落实责任单位": 1
    }  # fmt: skip


def test_by_region_and_rows_of_one_region() -> None:
    ledger = made()
    counts = by_region(ledger).set_index("region")["n_rows"]
    assert counts["赤坎区"] == len(rows_of(ledger, region="440802")) == len(rows_of(ledger, region="赤坎区"))
    assert set(rows_of(ledger, region=CITY, task="六")["task"]) == {"六"}


def test_moved_shows_both_states_and_both_values() -> None:
    first = made()
    second = refresh(first, first, scores=scores(instant=0.80), on="2021-04-15", as_of="2021-03-31")
    rows = moved(second, first).set_index("indicator")
    assert rows.loc["instant", ["status_before", "status", "current_before", "current"]].tolist() == [
        "已达标待销号", "未启动", 0.87, 0.80
    ]  # fmt: skip
    assert moved(first, first).empty


@pytest.mark.parametrize(
    ("status", "deadline", "progress_on", "on", "why"),
    [
        ("逾期", "2021-06", "2021-06-30", "2021-07-10", "逾期"),
        ("推进中", "2021-06", "2021-06-01", "2021-06-05", "临近到期"),
        ("推进中", "2021-06", "2021-05-31", "2021-05-31", "临近到期"),
        ("推进中", "2021-06", "2021-05-30", "2021-05-30", None),
        ("推进中", "2021-12", "2021-04-01", "2021-05-31", "久无进展"),
        ("推进中", "2021-12", "2021-04-01", "2021-05-30", None),
        ("长期推进", "长期推进", "2021-01-01", "2021-05-30", "久无进展"),
        ("未启动", "2021-12", None, "2021-04-02", "久无进展"),
        ("已达标待销号", "2021-06", None, "2021-02-01", "达标未销号"),
        ("已销号", "2021-06", None, "2021-12-01", None),
    ],
)
def test_what_is_due(status: str, deadline: str, progress_on: str | None, on: str, why: str | None) -> None:
    rows = pd.DataFrame({"status": [status], "deadline": deadline, "opened_on": pd.to_datetime(["2021-02-01"]),
                         "progress_on": pd.to_datetime([progress_on])})  # fmt: skip
    found = due(rows, on=on)
    assert list(found["why_due"]) == ([why] if why else [])


def test_the_gravest_come_first() -> None:
    status, deadline = ["已达标待销号", "逾期", "推进中", "推进中"], ["2021-06", "2021-06", "2021-07", "2021-05"]
    rows = pd.DataFrame(
        {"status": status, "deadline": deadline, "opened_on": pd.Timestamp("2021-06-20"), "progress_on": pd.NaT}
    )
    found = due(rows.astype({"progress_on": "datetime64[ns]"}), on="2021-07-10")
    assert list(found["why_due"]) == ["逾期", "逾期", "临近到期", "达标未销号"]
    assert list(found["days_left"]) == [-40, -10, 21, -10]


def test_the_trend_has_the_direction_of_the_target_and_none_across_a_break() -> None:
    first = made()
    values = scores(instant=0.80, online=0.97, promised_days=2.5, good_rating=0.99, separate_portals=1.0)
    second = refresh(first, first, scores=values, on="2021-04-15", as_of="2021-03-31")
    shown = with_trend(second, first).drop_duplicates("indicator").set_index("indicator")["trend"]
    assert shown[["instant", "online", "promised_days"]].tolist() == ["退步", "持平", "改善"]
    assert shown[["good_rating", "separate_portals", "guide_published"]].tolist() == ["无上期", "改善", "无上期"]


def test_a_task_is_overdue_with_one_row_and_reached_only_with_all() -> None:
    ledger = made().assign(current=1.0)
    state = board(ledger.assign(status="已达标待销号"), on="2021-06-10").set_index("task")["task_status"]
    assert set(state) == {"已达标待销号"}
    mixed = ledger.assign(status=["逾期", *["已销号"] * (len(ledger) - 1)])
    assert board(mixed, on="2021-06-10")["task_status"].tolist()[:2] == ["逾期", "已销号"]
    assert set(board(ledger.iloc[:0], on="2021-06-10")["task_status"]) == {"无事项"}


def test_the_scores_of_a_period_are_items_reported_and_cases_together_and_the_verdicts_like_for_like() -> None:
    period = load_period("data/sample", "2021Q1")
    together = ledger_scores(period)
    assert not together.duplicated(["region_code", "indicator"]).any()
    city = together[together["region_code"] == CITY].set_index("indicator")["value"]
    assert 0 < city["instant"] < 1
    assert [city[key] for key in ("on_time", "online_cases")] == [
        case_scores(period).set_index(["region_code", "indicator"])["value"][CITY, key]
        for key in ("on_time", "online_cases")
    ]
    assert 0.9 < city["on_time"] < 1
    assert 0 < city["case_coverage"] < 1
    assert city["guide_complete"] == pytest.approx(1.0, abs=0.1)
    gaps = ledger_gaps(period)
    assert len(gaps) == 3 * (1 + len(report_units(CITY)))
    assert set(gaps["verdict"]) <= {"高于", "持平", "低于", "不作判断", "无数据"}
