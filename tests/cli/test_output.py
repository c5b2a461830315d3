"""What leaves for a terminal or a CSV file can neither steer the one nor be run by the other; pages hide nothing."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from zjanalysis.cli import main
from zjanalysis.cli.output import print_table, save, visible
from zjanalysis.columns import Column
from zjanalysis.display.tables import markup, table
from zjanalysis.display.workbook import safe_text

PAYLOADS = ["=cmd|' /C calc'!A0", '=HYPERLINK("http://x","y")', "+1+1", "-1+1", "@SUM(1)", "\t=1", "＝1", "\x1b[31m红",
            "\x9b31m", "一行\n又一行", "\r回车", "甲\u202e乙", "甲\u2066乙", "甲\u200b乙", "\ud800"]  # fmt: skip
HIDDEN = ["\x1b", "\x9b", "\u202e", "\u2066", "\u200b", "\ud800"]


@pytest.mark.parametrize("text", PAYLOADS)
def test_no_payload_reaches_a_medium_as_it_is(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = pd.DataFrame({"department": [text], "n": [-1]})
    shown = table(rows, caption="例", columns=[Column("department", "部门"), Column("n", "数", "count")])
    print_table(shown)
    printed = capsys.readouterr().out
    save(rows, shown, tmp_path / "例.csv", title="例")
    capsys.readouterr()
    written = pd.read_csv(tmp_path / "例.csv", encoding="utf-8-sig", keep_default_na=False)
    assert len(printed.splitlines()) == 2
    assert not str(written["department"][0]).startswith(("=", "+", "-", "@", "\t", "\r", "＝"))
    assert written["n"].tolist() == [-1]
    for medium in (printed, str(written["department"][0]), markup(text), safe_text(text)):
        assert not any(sign in medium for sign in HIDDEN)


def test_a_negative_number_typed_as_text_stays_a_number(tmp_path: Path) -> None:
    rows = pd.DataFrame({"value": ["-1.5", "+3%", "-", "−2"]})
    save(rows, table(rows, caption="例", columns=[Column("value", "值")]), tmp_path / "例.csv", title="例")
    assert pd.read_csv(tmp_path / "例.csv", dtype="str")["value"].tolist() == ["-1.5", "+3%", "'-", "−2"]


def test_what_steers_a_terminal_is_written_as_its_code() -> None:
    assert visible("a\x1b[1m\n\u202e甲") == r"a\x1b[1m\n\u202e甲"


@pytest.mark.skipif("sys.platform == 'win32'", reason="Windows has no such file names")
def test_a_file_name_cannot_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a\x1b[1m\n没有发现问题。.csv"
    path.write_text("x", encoding="utf-8")
    assert main(["check", str(path)]) == 1
    assert main(["check", str(tmp_path / "\x1b[2J")]) == 2
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err
    assert "没有发现问题。" not in out.splitlines()
