from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.analysis.ways import plan
from zjanalysis.analysis.frontier import Constraints
from zjanalysis.analysis.indicators import measure
from zjanalysis.analysis.registry import indicator
from zjanalysis.analysis.tasks import ANSWERS, after_answers, carried_out, each_once, judge_answers, task_list
from zjanalysis.display.forms import write_tasks
from zjanalysis.inputs.office_table import read_answers

Read = Callable[[str], pd.DataFrame]

ITEMS = """
region_code match_code item_id item_name department statutory_days promised_days visits handling_type online promised_unit promised_written
440800      A          i1      甲        局一       20             10            1      承诺件        1      工作日        10
440800      B          i2      乙        局一       30             12            0      承诺件        0      自然日        12
440800      C          i3      丙        局二       50             8             2      承诺件        1      工作日        8
440900      A          j1      甲        局甲       20             2             0      即办件        1      工作日        2
440900      B          j2      乙        局甲       30             3             0      承诺件        1      工作日        3
440900      C          j3      丙        局甲       50             4             0      即办件        1      工作日        4
"""


@pytest.fixture(scope="module")
def items(items_of: Read) -> pd.DataFrame:
    return items_of(ITEMS)


@pytest.fixture(scope="module")
def tasks(items: pd.DataFrame) -> pd.DataFrame:
    steps = plan(items, region="440800", peers=("440900",), indicator="time_compression", target=1.0).steps
    return task_list(steps, due="2021年6月")


def value(items: pd.DataFrame, key: str = "time_compression") -> float:
    scores = measure(items, [indicator(key)]).set_index("region_code")["value"]
    return float(scores["440800"])


def answered(items: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Return the items with the accepted answers carried out."""
    return carried_out(items, judge_answers(items, answers).dropna(subset="applied_value"))


def test_a_task_says_from_what_to_what_and_on_whose_example(tasks: pd.DataFrame) -> None:
    first = tasks.iloc[0]
    assert (first["item_name"], first["current_text"], first["proposed_text"]) == ("乙", "12个工作日", "3个工作日")
    assert first["basis"] == "茂名市同一事项已做到3个工作日"
    assert (first["responsible"], first["due"], first["answer"]) == ("局一", "2021年6月", "")
    assert tasks["order"].tolist() == [1, 2, 3]
    assert tasks["gain"].tolist() == pytest.approx([9 / 100, 8 / 100, 4 / 100])


def test_turning_tasks_are_written_in_words(items: pd.DataFrame) -> None:
    instant = plan(items, region="440800", peers=("440900",), indicator="instant", target=1.0).steps
    assert task_list(instant)[["current_text", "proposed_text", "basis"]].iloc[0].tolist() == [
        "非即办件", "即办件", "茂名市同一事项已为即办件",
    ]  # fmt: skip
    online = plan(items, region="440800", peers=("440900",), indicator="online", target=1.0).steps
    assert task_list(online)[["current_text", "proposed_text", "basis"]].iloc[0].tolist() == [
        "否", "是", "茂名市同一事项已实现",
    ]  # fmt: skip
    alone = plan(items, region="440800", peers=(), indicator="visits", target=0.0, constraints=Constraints(min_peers=0))
    assert task_list(alone.steps)["basis"].tolist() == ["无可参照地区，按目标提出"] * 2
    assert task_list(alone.steps)["current_text"].tolist() == ["2次", "1次"]


def test_every_answer_comes_to_one_state(items: pd.DataFrame, tasks: pd.DataFrame) -> None:
    answers = pd.concat([tasks] * 3, ignore_index=True).assign(
        answer=["同意", "不同意", "", " 已完成 ", "部分同意", "部分同意", "再议", None, "同意"],
        agreed_value=[None, None, None, None, 5, None, None, None, "四"],
    )
    answers.loc[8, "item_key"] = "不存在"
    judged = judge_answers(items, answers)
    assert judged["answer_state"].tolist() == [
        "采纳", "不采纳", "未反馈", "采纳", "采纳", "未识别", "未识别", "未反馈", "查无此项",
    ]  # fmt: skip
    assert judged["applied_value"].iloc[[0, 3, 4]].tolist() == [3, 3, 5]
    assert judged["applied_value"].notna().sum() == 3
    assert "部分同意" in ANSWERS


def test_an_agreed_value_may_carry_the_unit_of_the_list(tasks: pd.DataFrame, tmp_path: Path) -> None:
    answers = tasks.assign(answer="部分同意", agreed_value=["5个工作日", "0次", "五天"])
    read = read_answers(write_tasks(answers, tmp_path / "清单.xlsx", title="任务清单"))
    assert read["agreed_value"].fillna(-1).tolist() == [5, 0, -1]
    assert read["agreed_text"].tolist() == ["5个工作日", "0次", "五天"]


def test_what_betters_nothing_is_no_adoption(items: pd.DataFrame, tasks: pd.DataFrame) -> None:
    """乙 promises 12 days and takes no visit, 丙 takes 2; 乙 is not online."""
    days = tasks.iloc[[0] * 3].assign(answer="部分同意", agreed_value=[12, 13, 11.5])
    visits = plan(items, region="440800", peers=("440900",), indicator="visits", target=0.0).steps
    asked = task_list(visits)[lambda t: t["item_name"] == "丙"]
    online = task_list(plan(items, region="440800", peers=("440900",), indicator="online", target=1.0).steps)
    agreed = pd.concat([asked] * 4).assign(answer="部分同意", agreed_value=[3, 2, 0.5, 1])
    flags = pd.concat([online.head(1)] * 3).assign(answer=["部分同意", "部分同意", "同意"], agreed_value=[0, 2, None])
    judged = judge_answers(items, pd.concat([days, agreed, flags], ignore_index=True))
    assert judged["answer_state"].tolist() == [
        "与现状相同", "比现状差", "采纳", "比现状差", "与现状相同", "未识别", "采纳", "与现状相同", "未识别", "采纳",
    ]  # fmt: skip
    assert judged["applied_value"].dropna().tolist() == [11.5, 1, 1]


def test_answers_carried_out_and_the_indicator_after_them(items: pd.DataFrame, tasks: pd.DataFrame) -> None:
    before = items.copy(deep=True)
    answers = tasks.assign(answer=["同意", "部分同意", "不同意"], agreed_value=[None, 6, None])
    after = answered(items, answers)
    assert value(after) == pytest.approx(1 - (6 + 3 + 8) / 100)
    assert after.loc[1, ["promised_days", "promised_written", "promised_unit"]].tolist() == [3, 3, "工作日"]
    assert after.loc[3:].equals(items.loc[3:])
    pd.testing.assert_frame_equal(items, before)
    table = after_answers(items, answers, peers=("440900",)).set_index("stage")
    assert table["value"].to_dict() == pytest.approx(
        {"现状": 1 - 30 / 100, "按反馈": 1 - 17 / 100, "全部落实": 1 - 9 / 100}
    )
    assert table["n_tasks"].to_dict() == {"现状": 0, "按反馈": 2, "全部落实": 3}
    assert table["rank"].to_dict() == {"现状": 2, "按反馈": 2, "全部落实": 1}


def test_a_task_that_stands_twice_is_one_and_answered_in_two_ways_none(
    items: pd.DataFrame, tasks: pd.DataFrame
) -> None:
    """Two departments that became one copied their rows together: 12 of 9 tasks were done, a 不同意 passed over."""
    answers = pd.concat([tasks, tasks], ignore_index=True).assign(
        answer=["同意。", "同意\n", "", "不同意", "同意", "已完成"]
    )
    judged = each_once(judge_answers(items, answers))
    assert judged["answer_state"].tolist() == ["前后不一", "采纳", "前后不一", "采纳"]
    table = after_answers(items, answers, peers=("440900",)).set_index("stage")
    assert table["n_tasks"].to_dict() == {"现状": 0, "按反馈": 2, "全部落实": 3}


def test_a_list_that_came_back_as_text_is_read_the_same(items: pd.DataFrame, tasks: pd.DataFrame) -> None:
    answers = tasks.assign(answer="同意")
    typed = answers.astype({"to_value": "str", "gain": "str", "order": "str"}).sample(frac=1, random_state=1)
    assert value(answered(items, typed)) == value(answered(items, answers)) == pytest.approx(0.91)


def test_steps_of_every_lever_are_carried_out(items: pd.DataFrame) -> None:
    for key, expected in (("visits", 0), ("instant", 2 / 3), ("online", 1)):
        steps = plan(items, region="440800", peers=("440900",), indicator=key, target=expected).steps
        assert value(carried_out(items, steps.assign(applied_value=steps["to_value"])), key) == pytest.approx(expected)


def test_no_steps_give_an_empty_list(items: pd.DataFrame) -> None:
    none = plan(items, region="440800", peers=("440900",), indicator="time_compression", target=0.1).steps
    assert task_list(none).empty
    assert list(task_list(none).columns)[:3] == ["order", "item_key", "match_code"]
    assert answered(items, task_list(none)).equals(items)


def test_the_tasks_of_several_plans_are_numbered_through(items: pd.DataFrame) -> None:
    time = plan(items, region="440800", peers=("440900",), indicator="time_compression", target=1.0)
    visits = plan(items, region="440800", peers=("440900",), indicator="visits", target=0.0)
    both = task_list(time.steps, visits.steps)
    assert both["order"].tolist() == [1, 2, 3, 4, 5]
    assert both["indicator"].tolist() == ["time_compression"] * 3 + ["visits"] * 2
    assert both["gain"].tolist() == [*time.steps["gain"], *visits.steps["gain"]]
    assert both["basis"].tolist() == [*task_list(time.steps)["basis"], *task_list(visits.steps)["basis"]]


@pytest.mark.parametrize(("n", "more"), [(3, ""), (4, "等4个地区")])
def test_of_more_than_three_examples_the_number_is_told(items: pd.DataFrame, n: int, more: str) -> None:
    steps = plan(items, region="440800", peers=("440900",), indicator="online", target=1.0).steps
    assert task_list(steps.assign(n_follows=n))["basis"].iloc[0] == f"茂名市{more}同一事项已实现"
