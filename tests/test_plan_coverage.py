"""docs/plan-coverage.md is made from reference/targets.csv: every sentence of the plan, what measures it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from zjanalysis.analysis.registry import ITEM_INDICATORS
from zjanalysis.inputs.reported import load_definitions
from zjanalysis.inputs.workplan import load_sentences, load_targets, load_tasks
from zjanalysis.ledger.display import worded
from zjanalysis.ledger.rows import lay_out

PAGE = Path(__file__).resolve().parents[1] / "docs" / "plan-coverage.md"
SOURCES = {
    "items": "事项清单",
    "cases": "办件",
    "reported": "填报数",
    "milestone": "填报（完成标志）",
    "evaluation": "评估权重",
}
COLUMNS = "| 原文 | 目标 | 指标 | 要求 | 层级 | 来源 | 依据 | 报告 | 说明 |\n" + "|---" * 9 + "|\n"
HEAD = """# 方案逐句对照

由 `zjanalysis/reference/tasks.csv`、`targets.csv` 生成，请勿手工修改：`python tests/test_plan_coverage.py`。

《湛江市2020年数字政府改革建设整改优化提升工作方案》（2021年1月27日）十一项任务、工作目标、组织保障的每一句话：
由哪个指标衡量、数据从哪里来、在哪个报告里看，或者为什么不能衡量。各任务的原文由下表“原文”一列按顺序拼合而成，一字不缺。
依据栏：O 为方案原文即口径，I 为本工具的理解。报告栏：03 为县区通报，05 为办件时效，06 为整改台账。

"""


def page() -> str:
    """Give the page: a head with the counts, then one table per task."""
    sentences, tasks = load_sentences(), load_tasks()
    targets = load_targets().assign(region_code="440800")
    words = dict(zip(targets["target"], worded(lay_out(targets))["target_text"], strict=True))
    quotes = sentences.drop_duplicates(["task", "quote"])
    measured = set(zip(*sentences[sentences["source"] != "none"][["task", "quote"]].to_numpy().T, strict=True))
    rest = len(quotes) - len(measured)
    head = f"共 {len(quotes)} 句，其中 {len(measured)} 句由 {len(targets)} 个目标衡量，{rest} 句不能衡量并说明原因。\n"
    parts = [HEAD + head]
    for task in tasks.to_dict("records"):
        rows = sentences[sentences["task"] == task["task"]]
        parts.append(f"\n## {task['clause']}{task['title']}\n\n牵头：{task['lead_unit']}；")
        parts.append(f"完成时限：{task['deadline']}\n\n{COLUMNS}")
        shown = rows["quote"].where(rows["quote"] != rows["quote"].shift(), "（同上）")
        parts += [_line(row, quote, words) for row, quote in zip(rows.to_dict("records"), shown, strict=True)]
    return "".join(parts)


def _line(row: dict, quote: str, words: dict[str, str]) -> str:
    if row["source"] == "none":
        return f"| {quote} | — | — | — | — | 不能衡量 | — | — | {row['note']} |\n"
    return (f"| {quote} | {row['text']} | `{row['indicator']}` | {words[row['target']]} | {row['level']} "
            f"| {SOURCES[row['source']]} | {row['mark']} | {row['section']} | {row['note']} |\n")  # fmt: skip


def test_the_page_is_in_step_with_the_reference() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python tests/test_plan_coverage.py"


def test_the_quotes_put_together_are_the_whole_text_of_every_task() -> None:
    sentences = load_sentences()
    for task in load_tasks().to_dict("records"):
        quotes = sentences.loc[sentences["task"] == task["task"], "quote"]
        once = quotes[quotes != quotes.shift()]
        assert "".join(once) == task["text"], task["task"]


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
