"""docs/plan-coverage.md is made from reference/targets.csv: every sentence of the plan, what measures it and how well."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from zjanalysis.analysis.registry import ITEM_INDICATORS
from zjanalysis.inputs.reported import load_definitions
from zjanalysis.inputs.workplan import load_sentences, load_targets, load_tasks
from zjanalysis.ledger.book import PROBLEMS
from zjanalysis.ledger.display import worded
from zjanalysis.ledger.rows import DEEDS, lay_out
from zjanalysis.ledger.state import problem_of

PAGE = Path(__file__).resolve().parents[1] / "docs" / "plan-coverage.md"
SOURCES = {
    "items": "事项清单",
    "cases": "办件",
    "reported": "填报数",
    "milestone": "填报（完成标志）",
    "evidence": "台账佐证",
    "ledger": "台账汇总",
    "evaluation": "评估权重",
}
COMPUTED, TYPED, REGISTERED = "计算", "填报有据", "只登记"
GRADES = (COMPUTED, TYPED, REGISTERED)
GRADE_OF = {"items": COMPUTED, "cases": COMPUTED} | dict.fromkeys(
    ("reported", "milestone", "evidence", "ledger", "evaluation"), TYPED
)
COLUMNS = "| 原文 | 评级 | 目标 | 指标 | 要求 | 层级 | 来源 | 依据 | 报告 | 说明 |\n" + "|---" * 10 + "|\n"
HEAD = """# 方案逐句对照

由 `zjanalysis/reference/tasks.csv`、`targets.csv` 生成，请勿手工修改：`python tests/test_plan_coverage.py`。

《湛江市2020年数字政府改革建设整改优化提升工作方案》（2021年1月27日）从印发通知、前言到附件的每一句话，一句一行：
由哪个指标衡量、数据从哪里来、在哪个报告里看，或者为什么不能衡量。各部分的原文由“原文”一列按顺序拼合而成，一字不缺。

评级（一句有几个目标的，取其中最弱的）：
**计算**，由事项清单、办件算出；
**填报有据**，由单位填报：填报数有分子、分母、来源和日期；完成标志有名称、文号、日期、链接四项佐证，缺一项不能销号；
评估得分、前言8个方面问题由办公室录入的权重、问题及其所属事项算出；
**只登记**，登记数值，不判定是否达标；
**不衡量**，没有数值也没有完成标志，说明原因。
依据栏：O 为方案原文即口径，I 为本工具的理解。报告栏：03 为县区通报，05 为办件时效，06 为整改台账。

"""


def page() -> str:
    """Return the page: a head with the counts, then one table for each part of the plan."""
    sentences, tasks = load_sentences(), load_tasks()
    targets = load_targets().assign(region_code="440800")
    words = dict(zip(targets["target"], worded(lay_out(targets))["target_text"], strict=True))
    whole = [(task, _by_quote(sentences[sentences["task"] == task["task"]])) for task in tasks.to_dict("records")]
    grades = [grade(rows) for _, groups in whole for rows in groups]
    counts = {name: grades.count(name) for name in (*GRADES, "不衡量")}
    measured = sum(counts[name] for name in GRADES)
    head = f"共 {len(grades)} 句，其中 {measured} 句由 {len(targets)} 个目标衡量："
    head += "，".join(f"{name} {counts[name]} 句" for name in GRADES) + f"；不衡量 {counts['不衡量']} 句。\n"
    parts = [HEAD + head]
    for task, groups in whole:
        title = task["title"] if task["clause"] == task["task"] else f"{task['clause']}{task['title']}"
        parts.append(f"\n## {title}\n\n")
        if task["kind"] != "text":
            parts.append(f"牵头：{task['lead_unit']}；完成时限：{task['deadline']}\n\n")
        parts.append(COLUMNS + "".join(_line(rows, words) for rows in groups))
    return "".join(parts)


def _by_quote(sentences: pd.DataFrame) -> list[list[dict[str, Any]]]:
    """Return the targets of every sentence together, in the order of the plan."""
    number = (sentences["quote"] != sentences["quote"].shift()).cumsum()
    return [rows.to_dict("records") for _, rows in sentences.groupby(number, sort=False)]


def grade(rows: Sequence[dict[str, Any]]) -> str:
    """Return how well a sentence is measured: as its weakest target is."""
    found = [REGISTERED if row["comparison"] == "record" else GRADE_OF.get(row["source"], "不衡量") for row in rows]
    return max(found, key=[*GRADES, "不衡量"].index)


def _line(rows: Sequence[dict[str, Any]], words: dict[str, str]) -> str:
    quote = rows[0]["quote"]
    if rows[0]["source"] == "none":
        return f"| {quote} | 不衡量 | — | — | — | — | — | — | — | {rows[0]['note']} |\n"
    cells = (
        [row["text"] for row in rows],
        [f"`{row['indicator']}`" for row in rows],
        [words[row["target"]] for row in rows],
        *([column[row[key]] if column else row[key] for row in rows]
          for key, column in (("level", {}), ("source", SOURCES), ("mark", {}), ("section", {}), ("note", {}))),
    )  # fmt: skip
    return f"| {quote} | {grade(rows)} | " + " | ".join("<br>".join(_once(cell)) for cell in cells) + " |\n"


def _once(cell: list[str]) -> list[str]:
    """Return what all targets of a sentence share only once."""
    return cell[:1] if len(set(cell)) == 1 else cell


def test_the_page_is_in_step_with_the_reference() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python tests/test_plan_coverage.py"


def test_the_quotes_put_together_are_the_whole_text_of_every_task() -> None:
    sentences = load_sentences()
    for task in load_tasks().to_dict("records"):
        quotes = sentences.loc[sentences["task"] == task["task"], "quote"]
        once = quotes[quotes != quotes.shift()]
        assert "".join(once) == task["text"], task["task"]


def test_every_measurable_sentence_has_one_line_with_a_grade_and_few_are_only_registered() -> None:
    sentences = load_sentences()
    groups = [rows for task in load_tasks()["task"] for rows in _by_quote(sentences[sentences["task"] == task])]
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    shown = [line.split(" | ")[1] for line in lines if not line.startswith("| 原文")]
    assert shown == [grade(rows) for rows in groups]
    assert shown.count(REGISTERED) <= 5
    assert shown.count("不衡量") < len(shown) / 4
    assert [load_tasks()["task"].iloc[n] for n in (0, 1, -1)] == ["通知", "前言", "附件"]


def test_the_eight_problems_of_the_preface_stand_in_it_and_are_not_invented() -> None:
    problems = load_targets().query("task == '前言'")
    assert list(problems["target"]) == list(PROBLEMS)
    assert list(problems["indicator"]) == [problem_of(name) for name in PROBLEMS]
    assert problems["quote"].str.contains("8个方面的问题").all()
    assert problems["text"].str.contains("方案没有列出").all()


def test_there_are_eleven_tasks_with_units_and_deadlines() -> None:
    tasks = load_tasks()
    eleven = tasks[tasks["kind"] == "task"]
    assert list(eleven["task"]) == [*"一二三四五六七八九十", "十一"]
    assert set(eleven["deadline"]) == {"2021-06", "2021-08", "长期推进"}
    assert eleven[["lead_unit", "cooperating_units", "source"]].ne("").all(axis=None)


def test_a_measured_sentence_has_everything_and_an_unmeasured_one_its_reason() -> None:
    sentences = load_sentences()
    measured = sentences["source"].ne("none")
    needed = ["text", "indicator", "level", "comparison", "lead_unit", "cooperating_units", "deadline", "section"]
    assert sentences.loc[measured, needed].ne("").all(axis=None)
    assert sentences.loc[~measured, "note"].ne("").all()
    numbers = sentences["comparison"].isin([">=", ">", "<=", "done"])
    assert sentences.loc[numbers, "value"].notna().all()
    assert sentences["target"].is_unique


def test_units_and_deadlines_of_the_targets_are_those_of_their_task() -> None:
    targets, tasks = load_targets(), load_tasks().set_index("task")
    for column in ("lead_unit", "cooperating_units", "deadline", "clause"):
        assert list(targets[column]) == list(targets["task"].map(tasks[column])), column


def test_every_indicator_named_is_known_where_it_is_said_to_come_from() -> None:
    targets = load_targets()
    items, reported = {i.key for i in ITEM_INDICATORS}, set(load_definitions()["indicator"])
    by_source = targets.groupby("source")["indicator"].agg(set)
    assert by_source["items"] <= items
    assert by_source["reported"] | by_source["milestone"] == reported
    assert by_source["cases"] == {"on_time", "online_cases", "case_coverage"}
    assert by_source["evidence"] == set(DEEDS)


def test_the_numbers_of_the_plan_are_those_printed_in_it() -> None:
    targets = load_targets().set_index("target")
    assert targets.loc["六-04", ["comparison", "value"]].tolist() == [">", 0.855]
    assert targets.loc["六-05", ["comparison", "value"]].tolist() == [">", 0.8111]
    assert "85.50%" in targets.loc["六-04", "quote"]
    assert "81.11%" in targets.loc["六-05", "quote"]
    whole = targets[targets["quote"].str.contains("100%") & targets["comparison"].eq(">=")]
    assert (whole["value"] == 1.0).all()
    assert len(whole) == 7


def test_the_people_of_the_ten_units_are_those_of_the_city() -> None:
    people = pd.read_csv(PAGE.parents[1] / "zjanalysis" / "reference" / "population.csv", dtype={"region_code": str})
    latest = people[people["as_of"] == "2021-12-31"].set_index("region_code")["people"]
    assert latest.drop("440800").sum() == latest["440800"] == 7_030_900


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
