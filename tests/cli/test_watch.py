"""``zj watch``: a real file arrives in pieces, and is checked and built once it lies still; nothing else sets it off."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from zjanalysis.cli import main, watch
from zjanalysis.cli.watch import due, settled

ROOT = Path(__file__).resolve().parents[2]
SAMPLE, BOOK = ROOT / "data" / "sample", "440800湛江市.xlsx"
HEAD = "基本编码,事项名称,地区,事项类型,行使层级,办件类型,法定时限,承诺时限,跑动次数\n"
ROW = "440123001000,事项,遂溪县,行政许可,4,承诺件,20个工作日,5个工作日,0\n"
TOML = 'title = "试"\nkind = "sample"\nsource = "试"\nlicence = "MIT"\n'
WAIT = 240  # seconds: a loaded machine


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one period of one county."""
    monkeypatch.setenv("ZJANALYSIS_ROOT", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "zjanalysis.toml", tmp_path)
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks", ignore=shutil.ignore_patterns(".*", "mine"))
    data = tmp_path / "data" / "试"
    (data / "2020Q4" / "items").mkdir(parents=True)
    (data / "dataset.toml").write_text(TOML, encoding="utf-8")
    (data / "2020Q4" / "items" / "甲.csv").write_text(HEAD + ROW, encoding="utf-8")
    return data


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that would be run, each ending well."""
    asked: list[list[str]] = []
    monkeypatch.setattr(watch, "_run", lambda words, told: asked.append(words) or 0)
    return asked


def once(folder: Path) -> int:
    return main(["watch", str(folder), "--once", "--quiet", "0.2", "--every", "0.1"])


@pytest.mark.e2e
def test_a_workbook_that_arrives_in_pieces_is_built_once_it_lies_still(folder: Path) -> None:
    project, data = folder.parents[1], folder.parent / "sample"
    log = project / ".cache" / "watch" / "watch.log"
    (data / "2020Q4" / "items").mkdir(parents=True)
    shutil.copy(SAMPLE / "dataset.toml", data)
    shutil.copy(SAMPLE / "2020Q4" / "items" / BOOK, data / "2020Q4" / "items")
    words = ["watch", str(data), "--quiet", "3", "--every", "0.3", "--only", "吴川市"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    with subprocess.Popen([sys.executable, "-m", "zjanalysis", *words], env=env, stdout=subprocess.DEVNULL) as process:
        try:
            await_line(log, lambda text: text.count("build 结束") == 1)  # what lay there when it began
            path, content = data / "2021Q1" / "items" / BOOK, (SAMPLE / "2021Q1" / "items" / BOOK).read_bytes()
            path.parent.mkdir(parents=True)
            for start in range(0, len(content), len(content) // 9):
                with path.open("ab") as file:
                    file.write(content[start : start + len(content) // 9])
                time.sleep(0.5)
            assert f"收到 2021Q1/items/{BOOK}" not in log.read_text(encoding="utf-8")  # 5 seconds, never 3 quiet
            text = await_line(log, lambda text: text.count("build 结束") == 2)
        finally:
            process.terminate()
    lines = [line[20:] for line in text.splitlines()]
    assert lines.count(f"收到 2021Q1/items/{BOOK}") == 1
    assert any(line.startswith(f"　check：{BOOK}") for line in lines)
    assert lines[-1] == "build 结束，代码 0", text
    (page,) = (project / "reports").rglob("2021Q1/district/440883.html")
    assert "示例数据" in page.read_text(encoding="utf-8")


def await_line(log: Path, wanted: Callable[[str], bool]) -> str:
    until = time.monotonic() + WAIT
    while time.monotonic() < until:
        text = log.read_text(encoding="utf-8") if log.is_file() else ""
        if wanted(text):
            return text
        time.sleep(0.3)
    raise AssertionError(log.read_text(encoding="utf-8") if log.is_file() else "no log")


def test_once_deals_with_what_is_new_and_a_second_time_with_nothing(folder: Path, runs: list[list[str]]) -> None:
    assert once(folder) == 0
    assert [words[0] for words in runs] == ["check", "build"]
    assert once(folder) == 0
    assert len(runs) == 2
    (folder / "2020Q4" / "items" / "~$甲.csv").write_text("", encoding="utf-8")  # somebody has it open
    assert once(folder) == 0
    assert len(runs) == 2
    (folder / "2020Q4" / "items" / "乙.csv").write_text(HEAD, encoding="utf-8")
    assert once(folder) == 0
    assert runs[2] == ["check", str(folder / "2020Q4" / "items" / "乙.csv")]
    assert runs[3] == ["build", "--data", str(folder), "--period", "2020Q4"]


def test_a_build_that_failed_is_tried_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = iter([0, 1, 0, 0])
    monkeypatch.setattr(watch, "_run", lambda words, told: next(codes))
    assert [once(folder), once(folder), once(folder)] == [1, 0, 0]
    assert next(codes, "all used") == "all used"


def test_a_watch_goes_on_when_nobody_can_read_the_data_set_just_now(
    folder: Path, runs: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    toml, away = folder / "dataset.toml", folder.with_name("离线")
    steps = iter((
        lambda: toml.write_text(f'{TOML}[periods."2020Q4"', encoding="utf-8"),  # half of it, and a workbook beside it
        lambda: (folder / "2020Q4" / "items" / "乙.csv").write_text(HEAD, encoding="utf-8"),
        lambda: folder.rename(away),  # the drive is off
        lambda: away.rename(folder),
        lambda: toml.write_text(TOML, encoding="utf-8"),
    ))  # fmt: skip

    def lies_still(where: Path, **_: float) -> watch.Looked:
        try:
            next(steps)()
        except StopIteration:
            raise KeyboardInterrupt from None
        return watch.look(where)

    once(folder)
    monkeypatch.setattr(watch, "settled", lies_still)
    assert main(["watch", str(folder), "--every", "0.1"]) == 0
    assert capsys.readouterr().out.count("读不懂") == 1
    assert runs[2:] == [["check", str(folder / "2020Q4" / "items" / "乙.csv")],
                        ["build", "--data", str(folder), "--period", "2020Q4"]]  # fmt: skip


def test_what_still_grows_is_waited_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([{"a": [1, 1]}, {"a": [2, 2]}, {"a": [3, 3]}] + [{"a": [3, 3]}] * 50)
    monkeypatch.setattr(watch, "look", lambda folder: next(looks))
    assert settled(folder, quiet=0.05, every=0.01) == {"a": [3, 3]}


def test_a_change_of_an_old_period_builds_it_and_the_newest() -> None:
    before = {"2020Q3/items/a.xlsx": [1, 1], "2020Q4/items/a.xlsx": [1, 1], "2021Q1/items/a.xlsx": [1, 1]}
    periods = ["2020Q3", "2020Q4", "2021Q1"]
    assert due({**before, "2020Q3/items/a.xlsx": [2, 1]}, before, periods) == (
        ["2020Q3/items/a.xlsx"], ["2020Q3", "2021Q1"],
    )  # fmt: skip
    assert due({**before, "history.csv": [1, 1]}, before, periods) == ([], ["2021Q1"])
    assert due(before, None, periods) == (["2021Q1/items/a.xlsx"], ["2021Q1"])


def test_times_that_make_no_sense_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["watch", str(folder), "--every", "0"])
    assert "参数 --every 至少为 0.1" in capsys.readouterr().err


def test_a_long_log_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOG_LIMIT", 10)
    told = watch._teller(tmp_path / "log")
    told("一")
    told("二")
    assert (tmp_path / "log.1").read_text(encoding="utf-8").endswith("一\n")
    assert (tmp_path / "log").read_text(encoding="utf-8").endswith("二\n")
