"""``zj alerts`` on the sample: a line a unit with number and threshold, letters, and silence where nothing moved."""

from __future__ import annotations

import email
import shutil
from dataclasses import replace
from email.policy import default
from pathlib import Path

import pandas as pd
import pytest

from zjanalysis.cli import alerts, main
from zjanalysis.ledger.state import UNJUDGED, Status
from zjanalysis.settings import load_settings

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data" / "sample"


def test_a_line_for_each_unit_with_number_and_threshold(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert (
        main(["alerts", "--data", str(SAMPLE), "--eml", str(tmp_path / "草稿"), "--out", str(tmp_path / "变动.csv")])
        == 0
    )
    lines = capsys.readouterr().out.splitlines()
    by_unit = dict(line.partition("：")[::2] for line in lines if "：" in line)
    assert by_unit["吴川市"].startswith(
        "网上可办率91.78%，同事项差距−5.06个百分点，判断由相当变为落后；时限压缩率81.00%，"
    )
    assert "即办率82.89%，目标81.11%，由未达标变为达标" in by_unit["坡头区"]
    assert "时限压缩率90.46%，全组中位数90.57%，由达标变为未达标" in by_unit["麻章区"]
    assert "已逾期" in by_unit["湛江市"]
    letters = sorted((tmp_path / "草稿").glob("*.eml"))
    assert f"邮件草稿 {len(letters)} 封" in lines[-1]
    letter = email.message_from_bytes(next(p for p in letters if "吴川市" in p.name).read_bytes(), policy=default)
    assert (letter["X-Unsent"], letter["To"], letter["Date"], letter["From"]) == ("1", None, None, None)
    assert letter["Subject"] == "【示例数据（模拟）】吴川市政务服务效能变动提醒（2021年第1期）"
    assert "1. 网上可办率91.78%，同事项差距−5.06个百分点，判断由相当变为落后。" in letter.get_content()
    assert "示例数据（模拟）" in letter.get_content()
    assert "网上可办率91.78%" in (tmp_path / "变动.csv").read_text(encoding="utf-8-sig")


def test_pages_that_lie_outside_the_project_are_named_by_their_whole_path(tmp_path: Path) -> None:
    rules = replace(load_settings(), out=str(tmp_path / "通报"))
    page = rules.reports / "2021Q1" / "district" / "440823.html"
    page.parent.mkdir(parents=True)
    page.touch()
    assert alerts._files("", "2021Q1", settings=rules) == {"440823": page.as_posix()}


def test_letters_somebody_wrote_in_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["alerts", "--data", str(SAMPLE), "--eml", str(tmp_path)]
    assert main(asked) == main(asked) == 0
    *others, last = sorted(tmp_path.glob("*.eml"))
    last.write_bytes(last.read_bytes() + b"\r\n")
    times, edited = [path.stat().st_mtime_ns for path in others], last.read_bytes()
    assert main(asked) == 2
    assert f"“{last.name}”已经存在，不会覆盖" in capsys.readouterr().err
    assert ([path.stat().st_mtime_ns for path in others], last.read_bytes()) == (times, edited)


def test_nothing_is_said_where_nothing_moved(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    shutil.copytree(SAMPLE / "2021Q1" / "items", tmp_path / "2020Q4" / "items")
    shutil.copytree(SAMPLE / "2021Q1" / "items", tmp_path / "2021Q1" / "items")
    shutil.copy(SAMPLE / "dataset.toml", tmp_path)
    assert main(["alerts", "--data", str(tmp_path)]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("cells", "end"),
    [
        ({"current": 0.5, "hint": ""}, "已逾期"),
        ({"current": None, "hint": "本期无数据，无法判断"}, "已逾期（本期无数据，不能判断是否达标）"),
        ({"current": 0.5, "hint": UNJUDGED}, "已逾期，暂不能判断是否达标（缺基期值或同业比较，或同业样本不足）"),
    ],
)
def test_what_is_overdue_but_cannot_be_judged_says_so(
    cells: dict[str, object], end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"ledger_id": "6-1", "region_code": "440823", "indicator": "instant", "problem": "即办率", "deadline": "2021-03",
           "status": Status.OVERDUE, **cells}  # fmt: skip
    ledgers = iter([pd.DataFrame([row]), pd.DataFrame([row | {"status": Status.IN_PROGRESS}])])
    monkeypatch.setattr(alerts, "load_ledger", lambda period, city: next(ledgers))
    (text,) = alerts._overdue(None, None, "440800")["text"]  # type: ignore[arg-type]
    assert text == f"台账6-1“即办率”应于2021-03完成，{end}"


def test_without_an_earlier_period_the_way_on_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["alerts", "--data", str(ROOT / "data" / "gd-2021-05")]) == 2
    assert "没有早于 2021-05 的期次可比" in capsys.readouterr().err
