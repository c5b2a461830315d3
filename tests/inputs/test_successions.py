"""successions.csv: what is followed, and what is left out and named."""

from __future__ import annotations

from pathlib import Path

from zjanalysis.inputs.successions import load_successions

HEAD = "启用期次,原编码,现编码,依据,说明\n"
ROWS = "2019Q4,440112901000,440112903000,粤审改〔2019〕1号,合并\n2020Q3,440112904000,440112914000,粤审改〔2020〕2号,\n"


def written(folder: Path, text: str) -> Path:
    (folder / "successions.csv").write_text(text, encoding="utf-8")
    return folder


def test_a_row_is_one_old_code_and_one_new(tmp_path: Path) -> None:
    rows, findings = load_successions(written(tmp_path, HEAD + ROWS))
    assert rows[["period", "code", "into"]].values.tolist() == [
        ["2019Q4", "440112901000", "440112903000"], ["2020Q3", "440112904000", "440112914000"],
    ]  # fmt: skip
    assert findings.empty


def test_a_period_knows_nothing_of_what_came_later(tmp_path: Path) -> None:
    assert load_successions(written(tmp_path, HEAD + ROWS), upto="2020Q2")[0]["period"].tolist() == ["2019Q4"]


def test_rows_without_codes_or_source_are_not_followed_and_are_named(tmp_path: Path) -> None:
    broken = "2020Q3,440112905000,,文,\n2020Q3,440112906000,440112906000,文,\n2020Q3,440112907000,440112908000,,\n"
    rows, findings = load_successions(written(tmp_path, HEAD + ROWS + broken))
    assert len(rows) == 2
    assert findings[["rule", "row_number", "cell"]].values.tolist() == [
        ["succession_code", 4, "B4"], ["succession_code", 5, "B5"], ["succession_source", 6, "D6"],
    ]  # fmt: skip
    assert "440112907000" in findings["message"].iloc[2]


def test_without_a_file_nothing_is_followed(tmp_path: Path) -> None:
    rows, findings = load_successions(tmp_path)
    assert rows.empty
    assert findings.empty
