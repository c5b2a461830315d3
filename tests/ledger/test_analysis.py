"""The ledger read: as a board, by unit and region, what moved, what is due, where its figures come from."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from zjanalysis.analysis.evaluation import ledger_gaps, ledger_scores
from zjanalysis.cases.analysis import find_cases
from zjanalysis.cases.views import case_overall
from zjanalysis.inputs.period import load_period
from zjanalysis.inputs.reference import read_reference
from zjanalysis.inputs.regions import report_units
from zjanalysis.ledger.analysis import board, by_unit, counted, due, moved, split_units
from zjanalysis.ledger.state import refresh, start
from zjanalysis.studies import study_of

CITY = "440800"


def scores(**values: float) -> pd.DataFrame:
    return pd.DataFrame({"region_code": CITY, "indicator": list(values), "value": list(values.values())})


BASE = scores(instant=0.87, online=0.97, promised_days=3.0, good_rating=0.99, separate_portals=2.0)


def made(table: pd.DataFrame = BASE, *, on: str = "2021-02-01") -> pd.DataFrame:
    return start(table, on=on, as_of="2020-12-31")


def test_the_board_has_every_task_and_its_counts_add_up() -> None:
    ledger = made(on="2021-06-10")
    shown = board(ledger).set_index("task")
    assert shown["n_rows"].sum() == len(ledger)
    parts = shown[["n_met", "n_overdue", "n_not_started", "n_in_progress", "n_long_term"]].sum(axis=1)
    assert (parts == shown["n_rows"]).all()
    assert shown.loc["八", "days_left"] == 20
    assert pd.isna(shown.loc["一", "days_left"])
    empty = board(ledger.iloc[:0])
    assert len(empty) == len(shown)
    assert empty["n_rows"].sum() == 0


def test_two_lead_units_are_counted_each_and_a_bracket_is_one_unit() -> None:
    rows = pd.DataFrame({"lead_unit": ["甲局、乙中心", "各县(市、区)政府", "", "甲局"], "current": 1.0,
                         "status": "未启动", "region_code": CITY})  # fmt: skip
    assert list(split_units(rows)["unit_name"]) == ["甲局", "乙中心", "各县(市、区)政府", "未落实责任单位", "甲局"]
    assert by_unit(rows).set_index("unit_name")["n_rows"].to_dict() == {
        "甲局": 2, "乙中心": 1, "各县(市、区)政府": 1, "未落实责任单位": 1
    }  # fmt: skip


def test_a_unit_has_one_name_and_one_row_however_the_plan_spells_it() -> None:
    ledger = made()
    counts = by_unit(ledger).set_index("unit_name")["n_rows"]
    assert "公共资源交易中心" not in counts
    assert counts["市公共资源交易中心"] == ledger.loc[ledger["lead_unit"].str.contains("公共资源交易中心"), "task"].size
    aliases = pd.DataFrame(read_reference("units"))
    assert aliases["alias"].is_unique
    assert (aliases["source"] != "").all()


def test_units_and_departments_that_help_have_rows_of_their_own() -> None:
    ledger = made()
    helping = split_units(ledger, role="cooperating_units")["unit_name"].value_counts()
    city = ledger[ledger["region_code"] == CITY]
    assert helping["遂溪县人民政府"] == city["cooperating_units"].str.startswith("各县").sum()
    assert helping["湛江经济技术开发区管委会"] == helping["遂溪县人民政府"]
    assert helping[["市财政局", "市民政局", "市税务局", "市公安局"]].tolist() == [2, 2, 1, 3]
    assert helping["市政务服务数据管理局"] == (ledger["region_code"] != CITY).sum()


def test_every_region_is_counted_the_city_first() -> None:
    ledger = made()
    counts = counted(ledger, ["region"]).set_index("region")["n_rows"]
    assert counts.to_dict() == ledger.groupby("region").size().to_dict()
    assert counts.index[0] == "湛江市"


def test_moved_shows_both_states_and_both_values() -> None:
    first = made()
    second = refresh(first, first, scores=scores(instant=0.80), on="2021-04-15", as_of="2021-03-31")
    rows = moved(second, first).set_index("indicator")
    assert rows.loc["instant", ["status_before", "status", "current_before", "current"]].tolist() == [
        "已达标待销号", "推进中", 0.87, 0.80
    ]  # fmt: skip
    assert moved(first, first).empty


@pytest.mark.parametrize(
    ("status", "left", "quiet", "why"),
    [
        ("逾期", -10, 10, "逾期"),
        ("推进中", 25, 4, "临近到期"),
        ("推进中", 30, 0, "临近到期"),
        ("推进中", 31, 0, None),
        ("推进中", 0, 0, "临近到期"),
        ("推进中", 200, 60, "久未写进展"),
        ("推进中", 200, 59, None),
        ("长期推进", None, 119, "久未写进展"),
        ("未启动", 200, 60, "久未写进展"),
        ("已达标待销号", 149, 0, "达标未销号"),
        ("已达标待销号", -10, 90, "达标未销号"),
        ("已销号", -154, 300, None),
    ],
)
def test_what_is_due(status: str, left: int | None, quiet: int, why: str | None) -> None:
    assert list(due(listed((status, left, quiet)))["why_due"]) == ([why] if why else [])
    assert due(listed((status, left, quiet)).assign(comparison="record", status="长期推进")).empty


def listed(*rows: tuple[str, int | None, int]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["status", "days_left", "days_quiet"]).assign(comparison=">=")
    return table.astype({"days_left": "Int64", "days_quiet": "Int64"})


def test_the_gravest_come_first() -> None:
    found = due(listed(("已达标待销号", -10, 20), ("逾期", -10, 20), ("推进中", 21, 20), ("逾期", -40, 20)))
    assert list(found["why_due"]) == ["逾期", "逾期", "临近到期", "达标未销号"]
    assert list(found["days_left"]) == [-40, -10, 21, -10]


def test_a_task_is_overdue_with_one_row_and_reached_only_with_all() -> None:
    ledger = made().assign(current=1.0)
    state = board(ledger.assign(status="已达标待销号")).set_index("task")["task_status"]
    assert set(state) == {"已达标待销号"}
    mixed = ledger.assign(status=["逾期", *["已销号"] * (len(ledger) - 1)])
    assert board(mixed)["task_status"].tolist()[:2] == ["逾期", "已销号"]
    assert set(board(ledger.iloc[:0])["task_status"]) == {"无事项"}


def test_the_scores_of_a_period_are_items_reported_and_cases_together_and_the_verdicts_like_for_like() -> None:
    period = load_period("data/sample", "2021Q1")
    together = ledger_scores(period)
    assert not together.duplicated(["region_code", "indicator"]).any()
    city = together[together["region_code"] == CITY].set_index("indicator")["value"]
    assert 0 < city["instant"] < 1
    assert [city[key] for key in ("on_time", "online_cases")] == [
        case_overall(find_cases(period)).set_index(["region_code", "indicator"])["value"][CITY, key]
        for key in ("on_time", "online_cases")
    ]
    assert 0.9 < city["on_time"] < 1
    assert 0 < city["case_coverage"] < 1
    assert city["guide_complete"] == pytest.approx(1.0, abs=0.1)
    gaps = ledger_gaps(period)
    assert len(gaps) == 3 * (1 + len(report_units(CITY)))
    assert set(gaps["verdict"]) == {"达标", "未达标"}
    for region in (CITY, "440882"):
        page = study_of(period, region=region).gaps.set_index("indicator")
        own = gaps[gaps["region_code"] == region].set_index("indicator")
        assert own["verdict"].to_dict() == page.loc[own.index, "meets_target"].to_dict()
        pd.testing.assert_series_equal(own["median"], page.loc[own.index, "median"])


def test_the_verdicts_of_the_ledger_count_the_items_that_the_pages_count() -> None:
    period = load_period("data/sample", "2021Q1")
    every = replace(period, dataset=replace(period.dataset, item_types=()), memory={})
    own = ledger_gaps(every).query("region_code == @CITY").set_index("indicator")["value"]
    page = study_of(every, region=CITY).gaps.set_index("indicator")["value"]
    assert own.to_dict() == page.loc[own.index].to_dict()
    assert own.to_dict() != ledger_gaps(period).query("region_code == @CITY").set_index("indicator")["value"].to_dict()


def test_a_period_without_the_region_of_the_ledger_has_no_verdict() -> None:
    assert ledger_gaps(load_period("data/gd-2021-05")).empty
