"""history.csv and successions.csv: what is read, what is left out and named, what the workbooks say otherwise."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from zjanalysis.errors import InputError
from zjanalysis.inputs.period import disagreements, load_history, load_successions

HEAD = "period,region_code,indicator,numerator,denominator,n,n_left_out,definition,source\n"
GOOD = "2020Q1,440823,instant,150,200,200,3,2021,公布\n"
KNOWN = ("instant", "online")


def written(folder: Path, text: str) -> Path:
    (folder / "history.csv").write_text(text, encoding="utf-8")
    return folder


def test_a_row_is_typed_and_keeps_its_place(tmp_path: Path) -> None:
    rows, findings = load_history(written(tmp_path, HEAD + GOOD), indicators=KNOWN)
    assert rows.to_dict("records") == [
        {"period": "2020Q1", "region_code": "440823", "indicator": "instant", "numerator": 150.0, "denominator": 200.0,
         "n": 200.0, "n_left_out": 3.0, "definition": "2021", "source": "公布", "row_number": 2}
    ]  # fmt: skip
    assert findings.empty


def test_without_a_file_there_is_no_history(tmp_path: Path) -> None:
    rows, findings = load_history(tmp_path, indicators=KNOWN)
    assert rows.empty
    assert findings.empty


def test_chinese_heads_and_names_are_read(tmp_path: Path) -> None:
    text = "期次,地区,指标代码,分子,分母\n2020Q1,遂溪县,instant,150,200\n"
    rows, _ = load_history(written(tmp_path, text), indicators=KNOWN)
    assert rows[["region_code", "denominator"]].values.tolist() == [["440823", 200.0]]


@pytest.mark.parametrize(
    ("row", "rule", "cell"),
    [
        ("2020Q2,440823,instant,很多,200,200,0,2021,公布\n", "history_number", "D3"),
        ("2020Q2,440823,instant,150,0,200,0,2021,公布\n", "history_number", "E3"),
        ("2020Q2,449999,instant,150,200,200,0,2021,公布\n", "history_unknown", "B3"),
        ("2020Q2,440823,即办,150,200,200,0,2021,公布\n", "history_unknown", "C3"),
        (GOOD, "history_twice", "A3"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_and_the_others_go_on(
    tmp_path: Path, row: str, rule: str, cell: str
) -> None:
    rows, findings = load_history(written(tmp_path, HEAD + GOOD + row), indicators=KNOWN)
    assert rows["row_number"].tolist() == [2]
    assert findings[["rule", "cell", "used"]].values.tolist() == [[rule, cell, False]]


def test_a_file_without_these_columns_says_which_are_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="期次、行政区划代码、指标代码"):
        load_history(written(tmp_path, "年份,县,数\n2020,遂溪,1\n"), indicators=KNOWN)


def test_figures_that_the_workbooks_do_not_give_are_named(tmp_path: Path) -> None:
    more = "2020Q1,440823,online,190,200,200,0,2021,公布\n"
    history, _ = load_history(written(tmp_path, HEAD + GOOD + more), indicators=KNOWN)
    measured = pd.DataFrame(
        {"period": "2020Q1", "region_code": "440823", "indicator": ["instant", "online"],
         "numerator": [150.00001, 188.0], "denominator": [200.0, 200.0]}
    )  # fmt: skip
    findings = disagreements(history, measured)
    assert findings[["file", "row_number", "region_code"]].values.tolist() == [["history.csv", 3, "440823"]]
    assert findings["message"].tolist() == ["记为190/200，由该期工作簿算得188/200，采用工作簿。"]


# --- successions.csv ---

SUCCESSIONS = "启用期次,原编码,现编码,依据,说明\n"
FOLLOWED = (
    "2019Q4,440112901000,440112903000,粤审改〔2019〕1号,合并\n2020Q3,440112904000,440112914000,粤审改〔2020〕2号,\n"
)


def followed(folder: Path, text: str) -> Path:
    (folder / "successions.csv").write_text(text, encoding="utf-8")
    return folder


def test_a_row_is_one_old_code_and_one_new(tmp_path: Path) -> None:
    rows, findings = load_successions(followed(tmp_path, SUCCESSIONS + FOLLOWED))
    assert rows[["period", "code", "into"]].values.tolist() == [
        ["2019Q4", "440112901000", "440112903000"], ["2020Q3", "440112904000", "440112914000"],
    ]  # fmt: skip
    assert findings.empty


def test_a_period_knows_nothing_of_what_came_later(tmp_path: Path) -> None:
    assert load_successions(followed(tmp_path, SUCCESSIONS + FOLLOWED), upto="2020Q2")[0]["period"].tolist() == [
        "2019Q4"
    ]


def test_rows_without_codes_or_source_are_not_followed_and_are_named(tmp_path: Path) -> None:
    broken = "2020Q3,440112905000,,文,\n2020Q3,440112906000,440112906000,文,\n2020Q3,440112907000,440112908000,,\n"
    rows, findings = load_successions(followed(tmp_path, SUCCESSIONS + FOLLOWED + broken))
    assert len(rows) == 2
    assert findings[["rule", "row_number", "cell"]].values.tolist() == [
        ["succession_code", 4, "B4"], ["succession_code", 5, "B5"], ["succession_source", 6, "D6"],
    ]  # fmt: skip
    assert "440112907000" in findings["message"].iloc[2]


def test_without_a_file_nothing_is_followed(tmp_path: Path) -> None:
    rows, findings = load_successions(tmp_path)
    assert rows.empty
    assert findings.empty
