"""The ledger on a page: counts that add up, one region at a time, a sentence where there is nothing to list."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pandas as pd
import pytest

from tests.display.conftest import EVIL
from tests.display.whole import hold_whole, listed
from zjanalysis.analysis.evaluation import scored
from zjanalysis.columns import TABLES
from zjanalysis.display.blocks import Block
from zjanalysis.inputs.period import load_period
from zjanalysis.inputs.regions import report_units
from zjanalysis.ledger import analysis, views
from zjanalysis.ledger.rows import empty_ledger
from zjanalysis.studies import Study, study_of

ROOT = Path(__file__).resolve().parents[2]
VIEWS: dict[str, Callable[[Study], Block | Iterable[Block]]] = {
    "board": views.board, "due": views.due, "agenda": views.agenda, "units": views.units, "regions": views.regions, "evaluation": views.evaluation,
    "outlook": views.outlook,
}  # fmt: skip


@pytest.fixture(scope="module")
def city() -> Study:
    return study_of(load_period(str(ROOT / "data" / "sample"), "2021Q1"), region="湛江市")


@pytest.fixture(scope="module")
def county(city: Study) -> Study:
    return study_of(city.period, region="440882", before=city.before)


@pytest.fixture(scope="module")
def elsewhere() -> Study:
    """A city without a ledger and without a plan on record."""
    return study_of(load_period(str(ROOT / "data" / "gd-2021-05")), region="440100")


def with_ledger(me: Study, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Study:
    """Return the study with another ledger; what it shares with others stays as it is."""
    period = replace(me.period, memory={})
    period.once(("ledger", "440800"), lambda: change(views.load(me)))
    return replace(me, period=period)


def test_a_ledger_older_than_the_data_says_so(county: Study) -> None:
    assert "zj ledger update" not in views.due(county).sentence
    online = county.period.items.assign(online=True)
    me = with_ledger(county, lambda ledger: ledger)
    changed = replace(me, period=replace(me.period, items=online))
    assert (
        "网上可办率不是本期数据现在的数，请对 2021Q1 文件夹里的 ledger.xlsx 运行 zj ledger update，加 --period 2021Q1。"
        in views.due(changed).sentence
    )


def test_a_median_that_moved_makes_a_ledger_old_too(county: Study, city: Study) -> None:
    assert "zj ledger update" not in views.agenda(city).sentence
    items = county.period.items
    fewer = items.assign(visits=items["visits"].where(items["region_code"] == county.region, items["visits"] + 1))
    for me, view in ((county, views.due), (city, views.agenda)):
        held = with_ledger(me, lambda ledger: ledger)
        changed = replace(held, period=replace(held.period, items=fewer))
        assert "跑动次数" in view(changed).sentence.partition("台账里的")[2]


def made(name: str, me: Study) -> list[Block]:
    return listed(VIEWS[name](me))


def test_the_views_here_are_all_that_are_public() -> None:
    from zjanalysis import ledger

    assert set(VIEWS) == set(ledger.__all__) - {"load"}


@pytest.mark.parametrize("name", list(VIEWS))
@pytest.mark.parametrize("whose", ["city", "county", "elsewhere"])
def test_every_view_of_every_study_is_whole(name: str, whose: str, request: pytest.FixtureRequest) -> None:
    for block in made(name, request.getfixturevalue(whose)):
        hold_whole(block)


@pytest.mark.parametrize("name", list(VIEWS))
def test_hostile_text_shows_as_text(name: str, county: Study) -> None:
    texts = ("problem", "lead_unit", "measures", "progress", "evidence", "region")
    for block in made(name, with_ledger(county, lambda ledger: ledger.assign(**dict.fromkeys(texts, EVIL)))):
        assert "<script" not in block.html
        assert "\x1b" not in block.html


def test_the_sentence_and_the_board_count_what_the_ledger_holds(city: Study) -> None:
    ledger, (said, figure) = views.load(city), views.board(city)
    assert said.sentence.startswith(f"截至2021年4月15日，台账共{len(ledger)}项：")
    assert f"未启动{ledger['status'].eq('未启动').sum()}项" in said.sentence
    assert figure.rows is not None
    assert len(figure.rows) == 11


def test_what_is_due_is_the_regions_own_and_says_a_state_once(city: Study, county: Study) -> None:
    everything = analysis.due(views.load(city))
    own = everything[everything["region_code"] == "440882"]
    shown = views.due(county)
    assert f"要办的{len(own)}项" in shown.sentence
    assert [row[0] for row in shown.payload["table"]["rows"]] == own["why_due"].tolist()
    heads = [head["label"] for head in shown.payload["table"]["columns"]]
    assert "督查事由" in heads
    assert "状态" not in heads


def test_the_agenda_lists_twenty_rows_of_all_and_the_workbook_the_rest(city: Study) -> None:
    """Overdue, due within 30 days, fallen back, then what moved otherwise: every row once, without a figure last."""
    ledger, block = views.load(city), views.agenda(city, limit=20)
    assert block.html.count("<tr") == 1 + 20
    assert "全部" in block.html
    rows = block.payload["table"]["rows"]
    whys = [row[1] for row in rows]
    assert [why for why, _ in groupby(whys)] == [why for why in analysis.AGENDA if why in whys]
    assert whys.count("逾期") == ledger["status"].eq("逾期").sum() > 0
    said, more = block.sentence.split("。", 1)
    assert sum(int(n) for n in re.findall(r"(\d+)项", said)[1:]) == len(rows)
    due = analysis.due(ledger)["why_due"].value_counts()
    for why in ("久未写进展", "达标未销号"):  # on the pages of the regions these count what has moved too
        assert f"{why}共{due[why]}项" in more
        assert due[why] > whys.count(why)
    for _, group in groupby(rows, key=lambda row: row[1]):
        blank = [row[6] == "无数据" for row in group]
        assert blank == sorted(blank)
    before = views.earlier(city).set_index("ledger_id")["status"].reindex(ledger["ledger_id"]).to_numpy()
    asks = ledger["ledger_id"].isin(analysis.due(ledger)["ledger_id"])
    assert len(rows) == (asks | (ledger["status"] != before)).sum()


def test_a_row_that_fell_back_stands_before_the_good_news(city: Study) -> None:
    ledger, was = views.load(city), views.earlier(city)
    under_way = ledger["status"].eq("推进中") & ledger["current"].notna() & ledger["ledger_id"].isin(was["ledger_id"])
    name = ledger.loc[under_way, "ledger_id"].iloc[0]
    rows = analysis.agenda(ledger, was.assign(status=was["status"].mask(was["ledger_id"].eq(name), "已销号")))
    place = rows.index[rows["ledger_id"].eq(name)][0]
    assert rows.loc[place, "why_due"] == "达标回落"
    assert set(rows.loc[: place - 1, "why_due"]) <= {"逾期", "临近到期", "达标回落"}
    assert set(rows.loc[place + 1 :, "why_due"]).isdisjoint({"逾期", "临近到期"})
    assert rows.loc[rows["why_due"].eq("达标回落"), "current"].notna().all()  # without a figure nothing fell


def test_without_an_earlier_ledger_the_agenda_is_what_is_due(city: Study) -> None:
    first = views.agenda(replace(city, before=replace(city.before, name="")))
    assert first.rows is not None
    assert len(first.rows) == len(analysis.due(views.load(city)))
    assert "上期值" not in [head["label"] for head in first.payload["table"]["columns"]]
    calm = with_ledger(city, lambda ledger: ledger.assign(status="已销号"))
    assert views.agenda(replace(calm, before=calm.period)).sentence.endswith("没有要办的事项，也没有变动。")


def test_the_rows_of_the_ledger_are_those_of_the_tasks_and_the_named_others(city: Study) -> None:
    """The figure counts the eleven tasks alone; the sentence over it says where the other rows belong."""
    stray = views.load(city).head(1).assign(task="方案之外", ledger_id="自加-99")
    more = with_ledger(city, lambda ledger: pd.concat([ledger, stray], ignore_index=True))
    said, figure = views.board(more)
    total, parts = len(views.load(more)), re.search("项中，(.*?)。", said.sentence)
    assert f"台账共{total}项" in said.sentence
    assert parts is not None
    numbers = [int(n) for n in re.findall(r"(\d+)项(?:、|$)", parts[1])]
    assert sum(numbers) == total
    assert f"11项任务{numbers[0]}项" in parts[1]
    assert f"共列台账{numbers[0]}项" in figure.sentence
    assert "其他1项" in parts[1]


def test_units_and_regions_add_up(city: Study) -> None:
    rows = views.regions(city).payload["table"]["rows"]
    assert rows[0][0] == "湛江市（市本级）"
    assert len(rows) == 1 + len(report_units("440800"))
    assert sum(row[1] for row in rows) == len(views.load(city))


def test_without_a_ledger_or_rows_there_is_a_sentence(city: Study, elsewhere: Study) -> None:
    empty = with_ledger(city, lambda ledger: empty_ledger())
    for name in ("due", "agenda", "units", "regions", "outlook"):
        assert made(name, empty)[0].sentence == views.NO_LEDGER
    assert views.NO_LEDGER in made("board", empty)[0].sentence
    (said,) = made("board", elsewhere)
    assert said.sentence.startswith("未收录广州市的工作方案")
    of_others = with_ledger(city, lambda ledger: ledger[ledger["region_code"] != "440800"])
    assert views.outlook(of_others).sentence == "台账没有湛江市（市本级）的事项。"


def test_rows_an_office_without_a_plan_wrote_itself_are_counted(city: Study, elsewhere: Study) -> None:
    own = views.load(city).head(2).assign(region="广州市", region_code="440100", task="本市任务", status="逾期")
    period = replace(elsewhere.period, memory={})
    period.once(("ledger", "440100"), lambda: own)
    (said,) = views.board(replace(elsewhere, period=period))
    assert "台账共2项" in said.sentence
    assert said.sentence.endswith("逾期2项。")


def test_the_score_is_told_by_level_and_by_what_lifts_most(city: Study, elsewhere: Study) -> None:
    _, levels, lift = views.evaluation(city)
    marks = scored(city.period, region="440800")
    assert sum(row[2] for row in levels.payload["table"]["rows"]) == len(marks)
    rate = marks["cost"] / marks["effort"]
    assert lift.payload["table"]["rows"][0][0] == marks.loc[rate.idxmax(), "level_three"]
    assert lift.payload["table"]["rows"][0][3] == pytest.approx(rate.max())
    assert [head["label"] for head in lift.payload["table"]["columns"]] == [
        column.label for column in TABLES["page.ledger_lift"]
    ]
    (none,) = views.evaluation(elsewhere)
    assert none.sentence.startswith("未录入三级指标及权重，不计算总分")


def test_the_outlook_says_how_many_cannot_be_told_and_why(city: Study) -> None:
    said = views.outlook(city).sentence
    told, unknown, *parts = [int(n) for n in re.findall(r"(\d+)项", said)]
    assert sum(parts) == unknown
    assert told + unknown <= views.load(city)["region_code"].eq("440800").sum()
    assert "不足 4 期" in said  # cases: the sample has two periods of them


def test_the_outlook_reads_the_whole_series_with_its_interval(city: Study) -> None:
    """Eight quarters of history.csv and workbooks, of which the sample has two: 即办率 of the city rises steadily."""
    block = views.outlook(city)
    listed = {row[0]: row for row in block.payload["table"]["rows"]}
    assert f"{len(listed)}项可按趋势外推" in block.sentence
    row = listed["市本级即办率高于85.50%"]
    assert (row[4], row[6]) == (8, "预计可达标")
    value, low, high = (float(text) for text in re.findall(r"(\d+\.\d+)%", row[5]))
    assert 85.50 < low < value < high
    assert {row[6] for row in listed.values()} == {"预计可达标", "预计不能达标"}


def test_a_line_that_was_cut_foretells_nothing(city: Study) -> None:
    cut = replace(city, period=replace(city.period, memory=dict(city.period.memory)))
    rows = city.series
    cut.__dict__["series"] = rows.assign(line=rows["line"] * 2 + (rows["period"] >= "2020Q3"))
    assert "市本级即办率高于85.50%" not in str(views.outlook(cut).payload)
