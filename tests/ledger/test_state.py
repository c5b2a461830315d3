"""The states of the ledger: table tests for each rule, a property test over whole histories."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import zjanalysis as zj
from zjanalysis.errors import ConfigError
from zjanalysis.inputs.workplan import load_targets
from zjanalysis.ledger.display import status_reason, with_target_text
from zjanalysis.ledger.rows import PEERS, empty_ledger, last_day, today
from zjanalysis.ledger.state import Status, advance_state, is_met, refresh, start

NAN = float("nan")


def row(**given_cells: object) -> pd.DataFrame:
    return rows(given_cells)


def rows(*given_cells: dict[str, object]) -> pd.DataFrame:
    """Return a ledger of rows: 即办率高于85.50% by June, unless said otherwise."""
    cells = {
        "ledger_id": "六-04@440800",
        "comparison": ">",
        "target_value": 0.855,
        "current": 0.80,
        "deadline": "2021-06",
    }
    blank = empty_ledger()
    return (
        pd.DataFrame([cells | given for given in given_cells])
        .reindex(columns=list(blank.columns))
        .astype(blank.dtypes.to_dict())
    )


def after(
    ledger: pd.DataFrame, before: pd.DataFrame | None = None, *, on: str = "2021-04-15", as_of: str = "2021-03-31"
):
    return advance_state(ledger, empty_ledger() if before is None else before, on=on, as_of=as_of).iloc[0]


@pytest.mark.parametrize(
    ("cells", "on", "status"),
    [
        ({}, "2021-04-15", "未启动"),
        ({"progress": "已部署"}, "2021-04-15", "推进中"),
        ({"evidence": "文号1"}, "2021-04-15", "推进中"),
        ({"measures": "拟部署"}, "2021-04-15", "未启动"),
        ({"deadline": "长期推进"}, "2021-04-15", "未启动"),
        ({"deadline": "长期推进", "progress": "x"}, "2031-04-15", "长期推进"),
        ({"progress": "x"}, "2021-06-30", "推进中"),
        ({"progress": "x"}, "2021-07-01", "逾期"),
        ({}, "2021-07-01", "逾期"),
        ({"current": NAN}, "2021-07-01", "逾期"),
        ({"current": 0.855}, "2021-04-15", "未启动"),
        ({"current": 0.856}, "2021-04-15", "已达标待销号"),
        ({"current": 0.856}, "2021-07-01", "已达标待销号"),
        ({"current": 0.9, "evidence": "文号1"}, "2021-04-15", "已达标待销号"),
        ({"current": 0.9, "closed_on": "2021-04-10"}, "2021-04-15", "已达标待销号"),
        ({"current": 0.9, "evidence": " ", "closed_on": "2021-04-10"}, "2021-04-15", "已达标待销号"),
        ({"current": 0.9, "evidence": "文号1", "closed_on": "2021-04-10"}, "2021-04-15", "已销号"),
        ({"current": 0.9, "evidence": "文号1", "closed_on": "2021年4月10日"}, "2021-04-15", "已销号"),
        ({"current": 0.9, "evidence": "文号1", "closed_on": "2021 年 4 月 10 日"}, "2021-04-15", "已销号"),
        ({"current": 0.9, "evidence": "文号1", "closed_on": "2021．4．10"}, "2021-04-15", "已销号"),
        ({"current": 0.9, "evidence": "文号1", "closed_on": "20210410"}, "2021-04-15", "已销号"),
        ({"current": 0.9, "evidence": "文号1", "closed_on": "四月十日"}, "2021-04-15", "已达标待销号"),
        ({"current": 0.9, "evidence": "文号1", "closed_on": "2021-03-30"}, "2021-04-15", "已达标待销号"),
        ({"current": 0.9, "evidence": "文号1", "closed_on": "2021-04-16"}, "2021-04-15", "已达标待销号"),
        ({"current": 0.8, "evidence": "文号1", "closed_on": "2021-04-10"}, "2021-04-15", "推进中"),
        ({"current": 0.8, "status": "已销号", "evidence": "文号1", "closed_on": "2021-04-10"}, "2021-04-15", "推进中"),
        ({"current": NAN, "status": "已销号", "evidence": "文号1", "closed_on": "2021-04-10"}, "2021-04-15", "推进中"),
        (
            {"comparison": "record", "current": 5.0, "evidence": "e", "closed_on": "2021-04-10"},
            "2021-04-15",
            "长期推进",
        ),
    ],
)
def test_the_state_of_a_new_row(cells: dict, on: str, status: str) -> None:
    assert after(row(**cells), on=on)["status"] == status


@pytest.mark.parametrize(
    ("comparison", "target", "base", "value", "verdict", "met"),
    [
        (">=", 1.0, NAN, 1.0, "", True),
        (">=", 1.0, NAN, 0.9999, "", False),
        (">", 0.855, NAN, 0.855, "", False),
        (">", 0.855, NAN, 0.8551, "", True),
        ("<=", 0.0, NAN, 0.0, "", True),
        ("<=", 0.0, NAN, 1.0, "", False),
        ("done", 1.0, NAN, 0.0, "", False),
        ("rising", NAN, 0.8, 0.8, "", False),
        ("rising", NAN, 0.8, 0.8009, "", False),
        ("rising", NAN, 0.8, 0.801, "", True),
        ("rising", NAN, 1.0, 1.0, "", True),
        ("rising", NAN, NAN, 0.81, "", None),
        ("falling", NAN, 3.0, 2.9, "", True),
        ("falling", NAN, 3.0, 3.0, "", False),
        ("falling", NAN, 0.0, 0.0, "", True),
        ("above_peers", 0.9, NAN, 0.95, "达标", True),
        ("below_peers", 0.1, NAN, 0.2, "未达标", False),
        ("above_peers", 0.9, NAN, 0.95, "不能判定", None),
        ("above_peers", 0.9, NAN, 0.95, "", None),
        (">=", 1.0, NAN, NAN, "", None),
        ("record", NAN, NAN, 3.0, "", None),
    ],
)
def test_whether_a_target_is_met(comparison, target, base, value, verdict, met) -> None:
    one = row(comparison=comparison, target_value=target, baseline=base, current=value, verdict=verdict, unit="share")
    found = is_met(one).iloc[0]
    assert (None if pd.isna(found) else bool(found)) is met


FLAG = {"comparison": "done", "target_value": 1.0, "current": 1.0, "closed_on": "2021-04-10"}
HELD = {
    "evidence": "实施方案",
    "evidence_number": "湛政数〔2021〕3号",
    "evidence_date": "2021-03-01",
    "evidence_link": "OA",
}


@pytest.mark.parametrize(
    ("held", "status", "hint"),
    [
        (HELD, "已销号", ""),
        ({"evidence": "实施方案"}, "已达标待销号", "缺佐证（文号、日期、链接），未予销号"),
        ({}, "已达标待销号", "缺佐证（名称、文号、日期、链接），未予销号"),
        (HELD | {"evidence_date": "三月"}, "已达标待销号", "缺佐证（日期），未予销号"),
        (HELD | {"evidence_number": " "}, "已达标待销号", "缺佐证（文号），未予销号"),
        (HELD | {"evidence_number": "无"}, "已销号", ""),
        (HELD | {"closed_on": ""}, "已达标待销号", "已达标：填销号日期即可销号"),
    ],
)
def test_a_flag_is_closed_only_with_name_number_date_and_link_of_its_evidence(held, status, hint) -> None:
    assert after(row(**FLAG | held))[["status", "hint"]].tolist() == [status, hint]


def test_a_row_that_falls_back_opens_again_and_its_old_closing_date_is_void() -> None:
    closed = row(current=0.9, evidence="文号1", closed_on="2021-04-10", progress="x")
    first = advance_state(closed, empty_ledger(), on="2021-04-15", as_of="2021-03-31")
    assert first.iloc[0]["status"] == Status.CLOSED
    fell = advance_state(first.assign(current=0.8), first, on="2021-07-15", as_of="2021-06-30")
    assert fell.iloc[0]["status"] == Status.OVERDUE
    assert "回落" in fell.iloc[0]["hint"]
    assert fell.iloc[0]["closed_on"] == "2021-04-10"
    again = advance_state(fell.assign(current=0.9), fell, on="2021-10-15", as_of="2021-09-30")
    assert again.iloc[0]["status"] == Status.REACHED
    renewed = advance_state(again.assign(closed_on="2021-10-20"), again, on="2021-10-25", as_of="2021-09-30")
    assert renewed.iloc[0]["status"] == Status.CLOSED


def test_a_closed_row_without_a_value_this_time_stays_closed_and_says_so_but_not_without_evidence() -> None:
    first = advance_state(
        row(current=0.9, evidence="e", closed_on="2021-04-10"), empty_ledger(), on="2021-04-15", as_of="2021-03-31"
    )
    silent = first.assign(current=NAN)
    stays = advance_state(silent, first, on="2021-05-15", as_of="2021-04-30").iloc[0]
    assert (stays["status"], stays["hint"]) == ("已销号", "本期无数据，维持销号，请补数核实")
    assert advance_state(silent.assign(evidence=""), first, on="2021-05-15").iloc[0]["status"] != "已销号"


def test_what_once_met_its_target_has_been_started_even_without_a_word_of_progress() -> None:
    reached = advance_state(row(current=0.9), empty_ledger(), on="2021-04-15", as_of="2021-03-31")
    silent = after(row(current=NAN), reached, on="2021-05-15")
    assert (silent["status"], silent["hint"]) == ("推进中", "曾经达标，本期无数据，请补数核实")
    fallen = after(row(current=0.8), reached, on="2021-05-15")
    assert (fallen["status"], fallen["hint"]) == ("推进中", "达标回落，已重新启动；原销号日期不再有效")


def test_what_was_met_in_time_is_not_overdue_for_want_of_a_figure_what_was_met_late_or_never_is() -> None:
    reached = advance_state(row(current=0.9, deadline="2021-04"), empty_ledger(), on="2021-04-15", as_of="2021-03-31")
    silent = advance_state(row(current=NAN, deadline="2021-04", unit="share"), reached, on="2021-05-15").iloc[0]
    assert (silent["status"], silent["hint"]) == ("推进中", "曾经达标，本期无数据，请补数核实")
    assert status_reason(silent.to_dict()) == "2021年3月31日曾按期达标；本期无数据。"
    assert after(row(current=0.8, deadline="2021-04"), reached, on="2021-05-15")["status"] == "逾期"
    assert after(row(current=NAN, deadline="2021-03-30"), reached, on="2021-05-15")["status"] == "逾期"
    assert after(row(current=NAN, deadline="2021-04"), on="2021-05-15")["status"] == "逾期"


def test_progress_is_dated_when_its_text_changes_and_only_then() -> None:
    first = advance_state(row(progress="一"), empty_ledger(), on="2021-02-01")
    same = advance_state(first, first, on="2021-03-01")
    moved = advance_state(same.assign(progress="二"), same, on="2021-04-01")
    assert [str(t.iloc[0]["progress_on"].date()) for t in (first, same, moved)] == [
        "2021-02-01",
        "2021-02-01",
        "2021-04-01",
    ]
    assert moved.iloc[0]["opened_on"] == pd.Timestamp("2021-02-01")


@pytest.mark.parametrize(
    ("text", "day"),
    [("2021-06", "2021-06-30"), ("2021年6月", "2021-06-30"), ("2021年6月底", "2021-06-30"), ("2020-02", "2020-02-29"),
     ("2021-06-15", "2021-06-15"), ("2021/6/5", "2021-06-05"), ("2021年12月", "2021-12-31"), ("2021-13", None),
     ("2021 年 6 月", "2021-06-30"), ("2021年6月底前", "2021-06-30"), ("2021-06-30前", "2021-06-30"),
     ("2021年6月30日之前", "2021-06-30"), ("２０２１．６．５", "2021-06-05"), ("20210605", "2021-06-05"),
     ("2021年6月前", None), ("2021-02-30", None), ("长期推进", None), ("尽快", None), ("", None)],
)  # fmt: skip
def test_deadlines_as_people_write_them(text: str, day: str | None) -> None:
    found = last_day(text)
    assert (None if found is None else str(found.date())) == day


def test_a_deadline_nobody_can_read_is_said_and_never_overdue() -> None:
    found = after(row(deadline="尽快", progress="x"), on="2031-01-01")
    assert (found["status"], found["hint"]) == ("推进中", "完成时限认不出，请写成 2021-06 或 长期推进")


@pytest.mark.parametrize("unread", ["2021-06-31", "六月底", "2021-13", ""])
def test_a_deadline_nobody_can_read_leaves_the_last_one_that_could_be_in_force(unread: str) -> None:
    first = advance_state(row(deadline="2021-03-31", progress="x", unit="share"), empty_ledger(), on="2021-02-01")
    once = advance_state(first.assign(deadline=unread), first, on="2021-04-10")
    again = advance_state(once.drop(columns="days_left"), once, on="2021-04-11")
    for found, days in ((once.iloc[0], -10), (again.iloc[0], -11)):
        assert (found["status"], found["days_left"], found["deadline_read"]) == ("逾期", days, "2021-03-31")
        assert found["deadline"] == unread
        assert found["hint"] == "完成时限认不出，请写成 2021-06 或 长期推进"
        assert status_reason(found.to_dict()).startswith(f"完成时限2021-03-31（现写“{unread}”，认不出）；逾期{-days}天")
    mended = advance_state(again.assign(deadline="2021-05"), again, on="2021-04-12").iloc[0]
    assert (mended["status"], mended["days_left"]) == ("推进中", 49)


def test_a_day_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="认不出"):
        today("明天")


@pytest.mark.parametrize("as_of", ["2021-03-31", "2020-12-31"])
def test_one_day_settles_state_days_left_and_quiet_time(as_of: str) -> None:
    first = advance_state(
        row(deadline="2021-03-31", progress="一"), empty_ledger(), on="2021-02-01", as_of="2020-12-31"
    )
    later = advance_state(first, first, on="2021-04-15", as_of=as_of).iloc[0]
    assert (later["status"], later["days_left"], later["days_quiet"]) == ("逾期", -15, 73)
    assert later["settled_on"] == pd.Timestamp("2021-04-15")
    last = advance_state(first, first, on="2021-03-31", as_of=as_of).iloc[0]
    assert (last["status"], last["days_left"]) == ("推进中", 0)


@pytest.mark.parametrize("deadline", ["2021-03-31", "2021-06", "长期推进"])
@pytest.mark.parametrize("current", [NAN, 14.0])
def test_what_is_only_registered_is_never_overdue(deadline: str, current: float) -> None:
    one = row(comparison="record", target_value=NAN, current=current, deadline=deadline, progress="x")
    assert after(one, on="2031-01-01")["status"] == "长期推进"


def test_a_fallen_row_says_so_until_its_target_is_met_again_however_often_it_is_settled() -> None:
    first = advance_state(row(current=0.9), empty_ledger(), on="2021-04-15", as_of="2021-03-31")
    fell = advance_state(first.assign(current=0.8), first, on="2021-07-15", as_of="2021-06-30")
    again = advance_state(fell, fell, on="2021-07-15", as_of="2021-06-30")
    pd.testing.assert_frame_equal(again, fell)
    assert "回落" in again.iloc[0]["hint"]
    assert again.iloc[0]["reopened_on"] == pd.Timestamp("2021-06-30")
    risen = advance_state(again.assign(current=0.9), again, on="2021-10-15", as_of="2021-09-30").iloc[0]
    assert pd.isna(risen["reopened_on"])


# --- property: no path closes a row without evidence and a met target ---------------------------------------------

step = st.fixed_dictionaries({
    "current": st.sampled_from([NAN, 0.5, 0.855, 0.9]),
    "evidence": st.sampled_from(["", " ", "文号1"]),
    "closed_on": st.sampled_from(["", "2021-01-15", "2021-03-15", "2021-06-15", "2021-09-15", "2099-01-01", "乱写"]),
    "progress": st.sampled_from(["", "甲", "乙"]),
    "status": st.sampled_from([s.value for s in Status]),
    "reached_on": st.sampled_from([None, "2020-01-01"]),
    "deadline": st.sampled_from(["2021-06", "长期推进", "尽快"]),
})  # fmt: skip
ROWS = 4  # settled at once, each as it would be alone


@given(st.lists(st.tuples(st.integers(1, 90), *[step] * ROWS), min_size=1, max_size=6))
@settings(max_examples=settings().max_examples // 2)
def test_no_path_closes_a_row_without_evidence_and_a_met_target(steps: list[tuple]) -> None:
    memory, now, since = empty_ledger(), pd.Timestamp("2021-01-01"), dict.fromkeys(range(ROWS))
    for days, *ones in steps:
        now = now + pd.Timedelta(days=days)
        figures = now - pd.Timedelta(days=1)
        # status and reached_on typed by hand must not matter
        table = rows(*({"ledger_id": f"六-04@{n}", **one} for n, one in enumerate(ones)))
        memory = advance_state(table, memory, on=now, as_of=figures)
        hold_apart(ones, memory, since, now=now, figures=figures)


def hold_apart(
    ones: list[dict], settled: pd.DataFrame, since: dict, *, now: pd.Timestamp, figures: pd.Timestamp
) -> None:
    """Hold every row against what was written into it; ``since``: the day each one reached its target."""
    for n, one in enumerate(ones):
        met = None if pd.isna(one["current"]) else one["current"] > 0.855
        reached = since[n] = None if met is False else (since[n] or figures) if met else since[n]
        result = settled.iloc[n]
        if result["status"] == Status.CLOSED:
            assert one["evidence"].strip()
            assert met is not False
            assert reached is not None
            assert reached <= pd.Timestamp(one["closed_on"]) <= now
        if met is False:
            assert result["status"] not in (Status.CLOSED, Status.REACHED)
        assert (result["status"] == Status.OVERDUE) <= (pd.notna(result["days_left"]) and result["days_left"] < 0)
        assert result["days_quiet"] >= 0
        assert result["status"] in list(Status)


@pytest.mark.parametrize(("period", "met"), [("2020Q4", "未达标"), ("2021Q1", "未达标")])
def test_a_rising_target_starts_from_the_last_period_on_record(period: str, met: str) -> None:
    gaps = zj.study("data/sample", period, region="吴川市").gaps.set_index("indicator")
    assert gaps.at["online_end_to_end", "meets_target"] == met  # in 2020Q4 the last one is in history.csv alone


def test_whom_a_county_is_held_against_reads_the_same_in_problem_and_target() -> None:
    """The plan says 兄弟地市 of city and counties alike; a county is held against the counties of its city."""
    rows = with_target_text(start(pd.DataFrame({"region_code": [], "indicator": [], "value": []}), on="2021-02-01"))
    peers = rows[rows["comparison"].isin(PEERS)]
    for word, of_city in (("兄弟地市", True), ("兄弟县区", False)):
        own = peers[peers["region_code"].eq("440800") == of_city]
        assert len(own)
        assert own["problem"].str.contains(word).all()
        assert own["target_text"].str.contains(word).all()


def test_a_target_changed_in_the_plan_on_record_is_the_ledgers_from_then_on(monkeypatch: pytest.MonkeyPatch) -> None:
    figures = pd.DataFrame({"region_code": ["440800"], "indicator": ["instant"], "value": [0.87]})
    first = start(figures, on="2021-02-01", as_of="2020-12-31")
    plan = load_targets()
    raised = plan.assign(value=plan["value"].mask(plan["target"].eq("六-04"), 0.90))
    monkeypatch.setattr("zjanalysis.ledger.state.load_targets", lambda: raised)
    later = refresh(first, first, scores=figures, on="2021-04-15", as_of="2021-03-31").set_index("ledger_id")
    was = first.set_index("ledger_id")
    assert was.loc["六-04@440800", ["target_value", "status"]].tolist() == [0.855, "已达标待销号"]
    assert later.loc["六-04@440800", ["target_value", "status"]].tolist() == [0.90, "推进中"]
    others = was.index.drop("六-04@440800")
    assert later.loc[others, ["comparison", "target_value"]].equals(was.loc[others, ["comparison", "target_value"]])
