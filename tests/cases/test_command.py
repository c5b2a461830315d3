"""``zj cases``: rows counted by hand, every grouping, wrong calls in a sentence; on real engines in `test_engines`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from zjanalysis.cli import main


def rows(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype={"region_code": "str", "base_code": "str"}, encoding="utf-8-sig")


COUNTS = ["case_count", "n_finished", "n_late", "n_open", "n_overdue"]


def test_rows_by_region_are_the_cases_counted_by_hand(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cases", "--quantiles", "--out", "办件.csv"]) == 0
    said = capsys.readouterr().out
    assert "试/2021Q1 · 截止 2021-03-31 · 办件5件" in said
    assert "另有1件的行政区划不在区划表中" in said
    assert "办件编号重复的1行没有计入，每个编号只计一件。" in said
    found = rows(project / "办件.csv").set_index("region_code")
    assert found.loc["440823", COUNTS].tolist() == [4, 3, 1, 1, 1]
    assert found.loc["440802", COUNTS].tolist() == [1, 1, 0, 0, 0]
    assert found.loc["440823", "on_time_share"] == pytest.approx(2 / (3 + 1))
    assert found.loc["440823", "on_time_finished_share"] == pytest.approx(2 / 3)
    assert found.loc["440823", "mean_days"] == pytest.approx((5 + 6 + 1) / 3)
    assert found.loc["440823", "speedup_share"] == pytest.approx(1 - 12 / 60)
    assert found.loc["440823", ["median_days", "p90_days"]].tolist() == [5, 6]


def test_cases_whose_days_cannot_be_read_are_said(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With a month of dates nobody can read 办结 was 0, and nothing said why."""
    path = next(project.rglob("cases/*.csv"))
    path.write_text(path.read_text(encoding="utf-8").replace("2021-03-09", "三月九日"), encoding="utf-8")
    assert main(["cases"]) == 0
    assert "其中1件的受理或办结日期缺、读不出或前后颠倒，只计入办件量" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("by", "keys", "counts"),
    [
        ("部门", ["department"], {"": 1, "市监局": 3}),
        ("渠道", ["channel"], {"窗口": 2, "网上": 2}),
        ("月份", ["month"], {"2021-02": 1, "2021-03": 3}),
        ("事项", ["base_code"], {"440102019005": 4}),
        ("月份，渠道", ["month", "channel"], {("2021-02", "网上"): 1, ("2021-03", "窗口"): 2, ("2021-03", "网上"): 1}),
        ("全部", [], 4),
    ],
)
def test_every_group_adds_up_within_a_region(project: Path, by: str, keys: list[str], counts: object) -> None:
    assert main(["cases", "--by", by, "--region", "遂溪县", "--quantiles", "--out", "办件.csv"]) == 0
    found = rows(project / "办件.csv")
    assert found["case_count"].sum() == 4
    assert "p90_days" in found
    if keys:
        assert found.fillna({"department": ""}).set_index(keys)["case_count"].to_dict() == counts


def test_a_workbook_names_items_and_regions(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cases", "--by", "地区,事项", "--engine", "pandas", "--out", "办件.xlsx"]) == 0
    said = capsys.readouterr().out
    assert "食品经营许可" in said
    assert "遂溪县" in said
    assert (project / "办件.xlsx").is_file()


def add(project: Path, *rows: str) -> None:
    path = project / "data" / "试" / "2021Q1" / "cases" / "办件.csv"
    path.write_text(path.read_text(encoding="utf-8") + "\n".join(rows), encoding="utf-8")


def test_cases_accepted_after_the_cutoff_are_said_and_not_counted(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add(project, "7,遂溪县,440102019005,市监局,网上,2021-04-01,2021-04-02,5,20")
    assert main(["cases"]) == 0
    said = capsys.readouterr().out
    assert "· 办件5件" in said
    assert "受理时间在截止日之后的1件没有计入。" in said


@pytest.mark.parametrize("by", ["地区", "部门", "渠道", "月份", "事项", "全部", "部门,月份"])
def test_the_whole_is_the_same_by_every_group(project: Path, by: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cases", "--by", by, "--quantiles", "--out", "办件.csv"]) == 0
    said = capsys.readouterr().out
    assert "· 办件5件" in said
    assert "另有1件的行政区划不在区划表中，没有计入任何地区。" in said
    assert rows(project / "办件.csv")["case_count"].sum() == 5


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--by", "颜色"], "未找到分组列“颜色”"),
        (["--engine", "spark"], "没有给出 Spark 主节点"),
        (["--master", "local[1]"], "--master 只用于 --engine spark"),
        (["--engine", "sprak"], "是不是“spark”"),
        (["--region", "徐闻县"], "所选地区没有办件"),
        (["--region", "徐文县"], "是不是“徐闻县”"),
        (["--out", "办件.docx"], "应以 .csv 或 .xlsx 结尾"),
    ],
)
def test_a_wrong_call_is_one_sentence(
    project: Path, arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main(["cases", *arguments])
    except SystemExit as stop:
        code = int(str(stop.code))
    said = capsys.readouterr().err
    assert code == 2
    assert says in said
    assert "Traceback" not in said


def test_without_cases_the_next_step_is_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "data" / "试" / "2021Q1" / "cases" / "办件.csv").unlink()
    assert main(["cases"]) == 2
    assert "没有办件数据" in capsys.readouterr().err
