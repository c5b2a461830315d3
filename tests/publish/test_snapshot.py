"""Where rows are read: a process of its own that takes pandas and the rows with it, so that a build stays small."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from zjanalysis.errors import PublishError, ZjError
from zjanalysis.publish import build as room
from zjanalysis.publish import snapshot
from zjanalysis.publish.jobs import Job, list_jobs, select
from zjanalysis.settings import Settings, load_settings
from zjanalysis.studies import study_of

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """
import pathlib, sys
from zjanalysis.publish import build, jobs
from zjanalysis.settings import load_settings
if __name__ == "__main__":
    known = load_settings()
    chosen = jobs.select(jobs.list_jobs(known, "data/sample", report_date="2021-04-15"), ("440823",))
    options, loaded = build.Options(force=True), {}
    def told(line):
        loaded[line] = [name for name in ("pandas", "duckdb", "papermill", "nbformat", "jsonschema") if name in sys.modules]
    done = build.build(chosen, out=pathlib.Path(sys.argv[1]), settings=known, options=options, progress=told)
    print(done.released, [names for line, names in loaded.items() if "秒" in line])
"""


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> Iterator[snapshot.Reader]:
    """The reader a process gets that has not loaded pandas."""
    with monkeypatch.context() as without:
        without.delitem(sys.modules, "pandas", raising=False)
        where = snapshot.Reader()
    yield where
    snapshot.close(where)


@pytest.fixture
def tiny(tmp_path: Path) -> Job:
    """A job of a data set that nobody reads here."""
    folder = tmp_path / "微型"
    items = folder / "2021Q1" / "items"
    items.mkdir(parents=True)
    (folder / "dataset.toml").write_text('title = "微型"\nkind = "sample"\n', encoding="utf-8")
    (items / "甲.csv").write_text("甲", encoding="utf-8")
    return Job("district/440823", tmp_path / "x.ipynb", "440823", "遂溪县", "2021Q1", str(folder), "440800", "2021Q1")


def test_a_snapshot_of_something_else_has_another_name(tiny: Job) -> None:
    """A forkserver that outlives a build holds its snapshot by name; the next build must not meet it again."""
    known = load_settings(ROOT)

    def named(settings: Settings) -> str:
        files = snapshot.file_digests(settings, tiny.data, tiny.period)
        return snapshot.file_name(snapshot.files_key(files, settings, tiny.period), settings)

    first = named(known)
    assert named(known) == first
    assert named(replace(known, cases=replace(known.cases, made=7))) != first
    (Path(tiny.data) / "2021Q1" / "items" / "甲.csv").write_text("乙", encoding="utf-8")
    assert named(known) != first


def test_a_file_that_is_added_while_rows_are_read_stops_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plan was made without it: pages of it would carry the wrong fingerprint."""
    known = load_settings(ROOT)
    files = snapshot.file_digests(known, "data/sample", "2021Q1")
    monkeypatch.setattr(room, "read_sources", lambda *_: snapshot.Sources({}, {}, {}, {"440823": 1}))
    monkeypatch.setattr(snapshot, "read_in", lambda *_: None)
    jobs = select(list_jobs(known, "data/sample", report_date="2021-04-15"), ("440823",))
    with pytest.raises(PublishError, match=f"输入文件在生成期间有变动：{sorted(files)[0]}"):
        room.build(jobs, out=tmp_path, settings=known, options=room.Options(engine="spawn"), progress=str)
    assert not list(tmp_path.rglob("*.html")) or list(tmp_path.rglob("*.html")) == [tmp_path / "2021Q1" / "index.html"]


@pytest.mark.skipif(os.name != "posix", reason="the forkserver")
def test_who_waits_for_a_snapshot_ends_with_the_one_that_reads_them(
    tmp_path: Path, lives: Callable[[int], bool]
) -> None:
    """The process that would have written them is killed; the one that waits must not stay behind."""
    code = (
        "import os, subprocess, sys, time\n"
        "wait = 'import sys; from zjanalysis.publish import snapshot; snapshot.await_snapshot(sys.argv[1], int(sys.argv[2]))'\n"
        "child = subprocess.Popen([sys.executable, '-c', wait, sys.argv[1], str(os.getpid())])\n"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "frames.pickle")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8") as parent:
        assert parent.stdout is not None
        waiting = int(parent.stdout.readline())
        time.sleep(1.0)
        os.kill(waiting, 0)  # it waits
        parent.kill()
    end = time.monotonic() + 30
    while time.monotonic() < end and lives(waiting):
        time.sleep(0.1)
    assert not lives(waiting)


@pytest.mark.e2e
@pytest.mark.skipif(os.name != "posix", reason="signals of a process group, as a terminal sends them")
@pytest.mark.parametrize("moment", [0.5, 1.5, 3.0])
def test_an_interruption_while_rows_are_read_ends_in_one_sentence(tmp_path: Path, moment: float) -> None:
    command = [sys.executable, "-m", "zjanalysis", "build", "--force", "--out", str(tmp_path)]
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8"}
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True, **quiet) as process:
        time.sleep(moment)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=60)  # until every process that could write has ended
    assert process.returncode == 130
    assert said.endswith("已中断。\n")
    assert "Traceback" not in said


@pytest.mark.e2e
def test_a_build_loads_no_tables_while_its_workers_make_reports(tmp_path: Path) -> None:
    script = tmp_path / "脚本 一.py"
    script.write_text(SCRIPT, encoding="utf-8")
    command = [sys.executable, str(script), str(tmp_path / "报告 一")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.splitlines()[-1] == "('district/440823',) [[]]", done.stdout


def test_where_pandas_is_loaded_rows_are_read_in_the_same_process() -> None:
    import pandas  # noqa: F401

    where = snapshot.Reader()
    assert snapshot.read_in(where, os.getpid) == os.getpid()
    assert not where.running


def test_a_fault_in_the_data_comes_back_in_its_own_words(apart: snapshot.Reader) -> None:
    assert snapshot.read_in(apart, os.getpid) != os.getpid()
    with pytest.raises(ZjError, match="没有"):
        snapshot.read_in(apart, snapshot.load_periods, load_settings(ROOT), "data/没有", "2021Q1", "")


def test_a_reader_that_dies_is_told_in_a_sentence(apart: snapshot.Reader) -> None:
    with pytest.raises(PublishError, match="读取数据的进程意外退出"):
        snapshot.read_in(apart, os._exit, 9)


def test_a_workbook_that_takes_for_ever_is_given_up(apart: snapshot.Reader, lives: Callable[[int], bool]) -> None:
    slow = replace(apart, timeout=0.5)
    with pytest.raises(PublishError, match=r"读取数据超过 0\.5 秒没有完成，已停止"):
        snapshot.read_in(slow, time.sleep, 60)
    process, _ = slow.running[0]
    snapshot.close(slow)
    assert not lives(process.pid or 0)


@pytest.mark.e2e
@pytest.mark.skipif(os.name != "posix", reason="sessions")
@pytest.mark.parametrize("moment", [0.0, 0.4, 1.5])
def test_nothing_outlives_a_builder_that_is_killed_while_rows_are_read(tmp_path: Path, moment: float) -> None:
    """Reader, forkserver and resource tracker end with it, wherever they are."""
    command = [sys.executable, "-m", "zjanalysis", "build", "--force", "--out", str(tmp_path)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True, **quiet) as process:
        while len(session_of(process.pid)) < 2:
            assert process.poll() is None
            time.sleep(0.02)
        time.sleep(moment)
        assert process.poll() is None
        process.kill()
    end = time.monotonic() + 60  # the forkserver looks round when it has imported everything: long on a busy machine
    while time.monotonic() < end and session_of(process.pid):
        time.sleep(0.1)
    assert session_of(process.pid) == []


def session_of(leader: int) -> list[str]:
    """The processes of a session that live, by their command."""
    commands = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, session = status.read_text(encoding="utf-8").rpartition(")")[2].split()[:4]
            if int(session) == leader and state != "Z":
                commands.append(status.with_name("cmdline").read_text(encoding="utf-8", errors="replace"))
        except (OSError, ValueError):
            continue
    return commands


def test_what_the_pages_of_the_whole_share_is_in_the_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known, path = load_settings(ROOT), tmp_path / "rows.pickle"
    snapshot.write_snapshot(known, "data/sample", "2021Q1", "whole", ("440800",), path)
    now = snapshot.hold(str(path))["2021Q1"]
    monkeypatch.setattr("zjanalysis.analysis.indicators.measure", pytest.fail)
    monkeypatch.setattr("zjanalysis.analysis.whole.as_whole", pytest.fail)
    whole = study_of(now, region="440800+", settings=known)
    assert set(whole.standings["region_code"]) == {"440800+", "440900+", "441700+"}
    assert len(whole.previous)


@pytest.mark.e2e
def test_a_disk_that_is_full_while_rows_are_written_for_the_workers_is_one_sentence(tmp_path: Path) -> None:
    pytest.importorskip("resource")
    limit = ("import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
             "from zjanalysis.cli import main\nif __name__ == '__main__': sys.exit(main(sys.argv[1:]))")  # fmt: skip
    script = tmp_path / "限额.py"
    script.write_text(limit, encoding="utf-8")
    command = [sys.executable, str(script), "build", "--only", "遂溪县", "--out", str(tmp_path / "报告")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-2].startswith("磁盘已满，无法写入输出位置 2021Q1")
    assert "Traceback" not in done.stderr


def test_a_workbook_of_an_earlier_period_concerns_every_report(tmp_path: Path) -> None:
    """Lines over time are drawn from it; only files of the rows themselves concern the regions they hold."""
    from zjanalysis.publish.snapshot import Sources, file_digests
    from zjanalysis.publish.staleness import BESIDE, reads_of

    folder = tmp_path / "data" / "试"
    for name in ("2020Q3", "2020Q4", "2021Q1", "2021Q2"):
        (folder / name / "items").mkdir(parents=True)
        (folder / name / "items" / "甲.csv").write_text(name, encoding="utf-8")
    (folder / "dataset.toml").write_text('title = "试"\nkind = "sample"\nsource = ""\nlicence = ""\n', encoding="utf-8")
    files = file_digests(Settings(root=tmp_path), "data/试", "2021Q1")
    assert sorted(files) == ["2020Q3/items/甲.csv", "2020Q4/items/甲.csv", "2021Q1/items/甲.csv", "dataset.toml"]
    origins = {"440823": ("2020Q4/items/甲.csv", "2021Q1/items/甲.csv")}
    job = Job(
        "district/440823",
        Path("03.ipynb"),
        "440823",
        "遂溪县",
        "2021Q1",
        "data/试",
        "440800",
        "2021Q1",
        reads=("440823",),
    )
    before, after = (Sources({**files, "2020Q3/items/甲.csv": digest}, {}, origins, {}) for digest in ("甲", "乙"))
    assert reads_of(job, before)[BESIDE] != reads_of(job, after)[BESIDE]
    own = Sources({**files, "2020Q4/items/甲.csv": "别的"}, {}, origins, {})
    assert reads_of(job, own)[BESIDE] == reads_of(job, Sources(files, {}, origins, {}))[BESIDE]
