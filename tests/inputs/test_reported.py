"""Reported figures: typed rows, denominators, findings for every rule; the weights of the evaluation."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from zjanalysis.cli import main
from zjanalysis.columns import REPORTED_COLUMNS, WEIGHT_COLUMNS
from zjanalysis.display.forms import write_indicator_template
from zjanalysis.errors import ConfigError, InputError
from zjanalysis.inputs.check import check_files
from zjanalysis.inputs.findings import RULES
from zjanalysis.inputs.office_table import OfficeTable, read_table
from zjanalysis.inputs.reported import (
    METHODS,
    check_reported,
    check_weights,
    load_population,
    load_reported,
    load_weights,
    population_on,
)

KEYS = [c.key for c in REPORTED_COLUMNS]
PEOPLE = pd.DataFrame(
    {"region_code": ["440802"], "as_of": pd.to_datetime(["2020-12-31"]), "people": [400_100.0], "firms": [20_000.0],
     "figure_source": ["表"], "order": [0.0]}
)  # fmt: skip


def sheet(text: str, keys: list[str], first: int = 4) -> OfficeTable:
    """Make a table from lines of cells parted by |; the head stands in row 3, the columns start at A."""
    rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    filled = [row + [""] * (len(keys) - len(row)) for row in rows]
    table = pd.DataFrame(filled, columns=keys, dtype="str")
    placed = table.assign(file="f.xlsx", sheet="填报", row_number=range(first, first + len(rows)))
    return OfficeTable(placed, dict(zip(keys, "ABCDEFGHIJKL", strict=False)), {}, "f.xlsx", "填报", 3)


def checked(text: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    return check_reported(sheet(text, KEYS), cutoff="2021-03-31", population=PEOPLE)


GOOD = " | 系统 | 某局 | 2021-03-31"


@pytest.mark.parametrize(
    ("line", "rule", "cell", "counts"),
    [
        ("赤砍 | 数据挂接率 | 9 | 10" + GOOD, "unknown_region", "A4", False),
        ("赤坎区 | 数据接挂率 | 9 | 10" + GOOD, "unknown_indicator", "B4", False),
        ("赤坎区 | 数据挂接率 | 97.5% | 100" + GOOD, "percent_as_numerator", "C4", False),
        ("赤坎区 | 数据挂接率 | 约九成 | 10" + GOOD, "no_numerator", "C4", False),
        ("赤坎区 | 数据挂接率 | -1 | 10" + GOOD, "negative", "C4", False),
        ("赤坎区 | 地市节点对接 | 0.5 | " + GOOD, "not_zero_or_one", "C4", False),
        ("赤坎区 | 数据挂接率 | 9 | " + GOOD, "no_denominator", "D4", False),
        ("赤坎区 | 数据挂接率 | 0 | 0" + GOOD, "zero_denominator", "D4", True),
        ("赤坎区 | 数据挂接率 | 11 | 10" + GOOD, "above_one", "C4", False),
        ("赤坎区 | 粤省事注册率 | 500000 | " + GOOD, "rate_above_people", "C4", True),
        ("赤坎区 | 独立门户数 | 3 | 12" + GOOD, "denominator_ignored", "D4", True),
        ("霞山区 | 粤省事注册率 | 5 | " + GOOD, "no_population", "B4", True),
        ("赤坎区 | 数据挂接率 | 9 | 10 | | 某局 | 2021-03-31", "no_source", "E4", True),
        ("赤坎区 | 数据挂接率 | 9 | 10 | 系统 | 某局 | 三月底", "bad_date", "G4", True),
        ("赤坎区 | 数据挂接率 | | " + GOOD, "not_filled", "C4", False),
    ],
)
def test_each_rule_names_its_cell_and_whether_the_row_counts(line: str, rule: str, cell: str, counts: bool) -> None:
    reported, findings = checked(line)
    assert list(findings["rule"]) == [rule]
    assert findings.loc[0, "cell"] == cell
    assert bool(findings.loc[0, "used"]) is counts
    assert bool(reported.loc[0, "in_force"]) is counts


def test_every_rule_is_tried_here() -> None:
    tried = {case.values[1] if hasattr(case, "values") else case[1] for case in
             test_each_rule_names_its_cell_and_whether_the_row_counts.pytestmark[0].args[1]}  # fmt: skip
    rules = {rule.key for rule in RULES.values() if rule.scope == "reported"}
    assert rules - tried == {"reported_twice", "reported_differently"}


def test_the_same_figure_twice_counts_once_and_two_different_ones_not_at_all() -> None:
    same, told = checked(f"赤坎区 | 数据挂接率 | 9 | 10{GOOD}\n赤坎区 | 数据挂接率 | 9 | 10{GOOD}")
    assert list(same["in_force"]) == [True, False]
    assert list(told["rule"]) == ["reported_twice"]
    other, told = checked(f"赤坎区 | 数据挂接率 | 9 | 10{GOOD}\n赤坎区 | 数据挂接率 | 8 | 10{GOOD}")
    assert list(other["in_force"]) == [False, False]
    assert list(told["rule"]) == ["reported_differently"] * 2


def test_a_blank_line_of_the_form_contradicts_nothing() -> None:
    reported, findings = checked(f"赤坎区 | 数据挂接率 | 9 | 10{GOOD}\n赤坎区 | 数据挂接率 | | ")
    assert list(reported["in_force"]) == [True, False]
    assert list(findings["rule"]) == ["not_filled"]


def test_denominators_come_from_the_row_from_the_people_or_are_one() -> None:
    reported, findings = checked(
        f"赤坎区 | 数据挂接率 | 9 | 10{GOOD}\n赤坎区 | 每万人办件汇聚量 | 80020 | {GOOD}\n"
        f"赤坎区 | 每万户企业办件汇聚量 | 5000 | {GOOD}\n赤坎区 | 粤商通注册率 | 5000 | {GOOD}\n"
        f"赤坎区 | 独立门户数 | 2 | {GOOD}"
    )
    assert list(reported["denominator"]) == [10, 400_100 / 10_000, 20_000 / 10_000, 20_000, 1]
    assert findings.empty


def test_the_people_that_count_are_the_last_known_on_the_day_else_the_first_after() -> None:
    dates = pd.to_datetime(["2019-12-31", "2020-12-31", "2021-12-31"])
    table = pd.DataFrame({"region_code": "440802", "as_of": dates, "people": [1.0, 2.0, 3.0], "order": 0.0})
    table = table.assign(firms=[float("nan"), float("nan"), 30.0])
    on = population_on(table, "2021-03-31").set_index("per")["number"]
    assert on.to_dict() == {"people": 2.0, "firms": 30.0}
    with pytest.raises(ConfigError, match="截止日期"):
        population_on(table, "三月底")


def test_the_reference_knows_people_and_no_firms() -> None:
    known = load_population()
    assert known.loc[known["region_code"] == "4408Z1", "people"].tolist() == [346_000]
    assert known["firms"].isna().all()


def test_a_period_without_a_reported_file_has_no_rows_and_no_findings(tmp_path: Path) -> None:
    reported, findings = load_reported(tmp_path / "2021Q1", cutoff="2021-03-31")
    assert len(reported) == len(findings) == 0


def test_a_workbook_without_the_head_is_refused_with_the_columns_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "reported.csv").write_text("甲,乙\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="地区、指标、分子"):
        read_table(tmp_path / "reported.csv", REPORTED_COLUMNS, required=("region", "indicator_label", "numerator"))


# --- weights ----------------------------------------------------------------------------------------------------

WEIGHTS = [c.key for c in WEIGHT_COLUMNS]
LABELS = {"网上可办率": ("online", "share"), "跑动次数": ("visits", "visits")}
ROW = "服务 | 供给 | 网上可办 | 网上可办率 | 100 | 按比例 | 80% | 100% | | 5"


def test_weights_are_typed_and_a_sound_row_has_only_the_note_on_the_number_of_indicators() -> None:
    weights, findings = check_weights(sheet(ROW, WEIGHTS), labels=LABELS)
    assert weights.loc[0, ["indicator", "weight", "zero_at", "full_at", "effort"]].tolist() == [
        "online",
        100,
        0.8,
        1,
        5,
    ]
    assert list(findings["rule"]) == ["counts"]


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("服务 | 供给 | 丙 | 网上可办率 | 满分 | 达标 | | 1", "bad_weight"),
        ("服务 | 供给 | 丙 | 网上可办率 | 100 | 看情况 | | 1", "bad_method"),
        ("服务 | 供给 | 丙 | 网上不可办率 | 100 | 直接填分 | | | 90", "weight_indicator"),
        ("服务 | 供给 | 丙 | | 100 | 达标 | | 1", "no_indicator"),
        ("服务 | 供给 | 丙 | 网上可办率 | 100 | 达标 | | ", "no_full_at"),
        ("服务 | 供给 | 丙 | 网上可办率 | 100 | 按比例 | | 1", "no_zero_at"),
        ("服务 | 供给 | 丙 | 网上可办率 | 100 | 按比例 | 1 | 1", "no_range"),
        ("服务 | 供给 | 丙 | 网上可办率 | 100 | 按比例 | 80 | 100", "share_limits"),
        ("服务 | 供给 | 丙 | 网上可办率 | 100 | 达标 | | 100", "share_limits"),
        ("服务 | 供给 | 丙 | | 100 | 直接填分 | | | ", "no_points"),
        ("服务 | 供给 | 丙 | | 100 | 直接填分 | | | 101", "bad_points"),
        ("服务 | 供给 | 丙 | | 50 | 直接填分 | | | 1\n服务 | 供给 | 丙 | | 50 | 直接填分 | | | 1", "twice"),
        ("服务 | 供给 | 丙 | 网上可办率 | 60 | 达标 | | 1", "weights_sum"),
    ],
)
def test_each_rule_of_the_weights(line: str, rule: str) -> None:
    _, findings = check_weights(sheet(line, WEIGHTS), labels=LABELS)
    assert rule in set(findings["rule"])


def test_a_row_that_is_wrong_is_not_scored_and_a_label_that_typed_points_do_not_need_is() -> None:
    lines = ["80 | 100", "0.8 | 1 | 101"]
    rows = "\n".join(
        f"服务 | 供给 | 甲{n} | 网上可办率 | 20 | {METHODS[2 * n]} | {line}" for n, line in enumerate(lines)
    )
    more = "\n服务 | 供给 | 乙 | 跑动次数 | 20 | 按比例 | 2 | 0\n服务 | 供给 | 丙 | 无此名 | 20 | 直接填分 | | | 9"
    weights, _ = check_weights(sheet(rows + more, WEIGHTS), labels=LABELS)
    assert weights["method"].notna().tolist() == [False, False, True, True]


def test_a_level_left_blank_is_not_that_of_another_first_level() -> None:
    weights, _ = check_weights(sheet(ROW + "\n监督 | | 乙 | | 1 | 直接填分 | | | 1", WEIGHTS), labels=LABELS)
    assert weights["level_two"].tolist() == ["供给", ""]


def test_a_workbook_of_weights_is_checked_as_the_build_reads_it(tmp_path: Path) -> None:
    path = write_indicator_template(tmp_path / "indicators.xlsx")
    book = openpyxl.load_workbook(path)
    for column, value in zip("ABCDEFGH", ("一级", "二级", "三级", "网上可办率", 90, "按比例", 80, 100), strict=True):
        book["三级指标"][f"{column}4"].value = value
    book.save(path)
    found = check_files([path], weighable=lambda: LABELS)
    at = dict(zip(found.findings["rule"], found.findings["cell"], strict=True))
    assert at == {"share_limits": "H4", "weights_sum": "E3", "counts": "C3"}
    assert found.files[["rows_read", "rows_used"]].to_numpy().tolist() == [[1, 0]]
    assert main(["check", str(path)]) == 1


def test_levels_left_blank_are_those_above_and_no_file_is_no_weights(tmp_path: Path) -> None:
    weights, _ = check_weights(sheet(ROW + "\n | | 乙 | | 1 | 直接填分 | | | 1", WEIGHTS), labels=LABELS)
    assert weights["level_one"].tolist() == ["服务", "服务"]
    none, findings = load_weights(tmp_path / "weights.xlsx", labels=LABELS)
    assert len(none) == len(findings) == 0
    assert METHODS == ("按比例", "达标", "直接填分")


def test_a_filled_workbook_is_checked_by_its_own_rules_as_the_build_reads_it() -> None:
    path = Path(__file__).parents[2] / "data" / "sample" / "2021Q1" / "reported.xlsx"
    found, (reported, findings) = check_files([path]), load_reported(path.parent, cutoff="2021-03-31")
    assert found.findings[KEEPS].to_numpy().tolist() == findings[KEEPS].to_numpy().tolist()
    assert found.findings["rule"].nunique() > 1
    assert found.files[["rows_read", "rows_used"]].to_numpy().tolist() == [[len(reported), reported["in_force"].sum()]]


KEEPS = ["file", "sheet", "cell", "rule", "used"]
OURS = {
    "--indicators": "indicators.xlsx", "--population": "population.xlsx", "--addresses": "zj bundle --mail 表.xlsx",
}  # fmt: skip


@pytest.mark.parametrize("option", OURS)
def test_another_workbook_of_ours_is_named_with_what_reads_it(option: str, tmp_path: Path) -> None:
    path = tmp_path / "表.xlsx"
    assert main(["template", str(path), option]) == 0
    found = check_files([path])
    assert found.findings["rule"].tolist() == ["file_refused"]
    assert OURS[option] in found.findings["action"].item()


def test_so_is_a_ledger(tmp_path: Path) -> None:
    path = Path(__file__).parents[2] / "data" / "sample" / "2021Q1" / "ledger.xlsx"
    assert "zj ledger merge 台账.xlsx ledger.xlsx" in check_files([path]).findings["action"].item()


def test_digits_of_the_full_width_are_numbers() -> None:
    reported, findings = checked("赤坎区 | 数据挂接率 | ９ | １０" + GOOD)
    assert (reported["numerator"].tolist(), reported["denominator"].tolist(), len(findings)) == ([9], [10], 0)
