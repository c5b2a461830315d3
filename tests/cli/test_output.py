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
