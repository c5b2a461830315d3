"""Tables and names as they leave the command line; every payload and medium: tests/test_neutral.py."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from zjanalysis.cli import main
from zjanalysis.cli.output import save
from zjanalysis.columns import Column
from zjanalysis.display.tables import table


def test_a_negative_number_typed_as_text_stays_a_number(tmp_path: Path) -> None:
    rows = pd.DataFrame({"value": ["-1.5", "+3%", "-", "−2"]})
    save(rows, table(rows, caption="例", columns=[Column("value", "值")]), tmp_path / "例.csv", title="例")
    assert pd.read_csv(tmp_path / "例.csv", dtype="str")["value"].tolist() == ["-1.5", "+3%", "'-", "−2"]


@pytest.mark.skipif("sys.platform == 'win32'", reason="Windows has no such file names")
def test_a_file_name_cannot_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a\x1b[1m\n没有发现问题。.csv"
    path.write_text("x", encoding="utf-8")
    assert main(["check", str(path)]) == 1
    assert main(["check", str(tmp_path / "\x1b[2J")]) == 2
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err
    assert "没有发现问题。" not in out.splitlines()


WRITE = [
    ["check", "{there}"], ["measure"], ["compare", "遂溪县"], ["diff", "2020Q4", "2021Q1"], ["alerts"], ["cases"],
    ["plan", "遂溪县", "--indicator", "instant"], ["ledger", "due", "台账.xlsx", "--on", "2021-06-01"],
    ["ledger", "assign", "台账.xlsx"], ["template"],
]  # fmt: skip


@pytest.mark.parametrize("words", WRITE, ids=" ".join)
def test_no_command_writes_over_what_is_not_its_own(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor works before it says so: a file somebody wrote in, the submitted workbook itself, an ending nobody knows."""
    own = [] if words == ["template"] else ["--out"]
    there = tmp_path / "遂溪县.xlsx"
    there.write_bytes(b"PK submitted")
    words = [word.format(there=there) for word in words]
    assert main([*words, *own, str(there)]) == 2
    assert there.read_bytes() == b"PK submitted"
    assert main([*words, *own, "."]) == main([*words, *own, str(tmp_path / "结果.pdf")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "已经存在，不会覆盖" in err
    assert err.count(" 结尾。") == 2


def test_a_text_of_ours_is_written_again_until_somebody_wrote_in_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "地区.csv"
    asked = ["measure", "--region", "遂溪县", "--out", str(path)]
    assert main(asked) == main([*asked, "--as-written"]) == 0
    ours = path.read_bytes()
    path.write_bytes(ours + "自己的笔记\r\n".encode())
    assert main(asked) == 2
    assert path.read_bytes() == ours + "自己的笔记\r\n".encode()
    path.write_bytes(ours)
    for read in (path, tmp_path):
        assert main(["check", str(read), "--out", str(path)]) == 2
        assert "也是要读的文件" in capsys.readouterr().err
    assert path.read_bytes() == ours
