"""What can go wrong: no page lost, no wrong page, the next build goes on. The table is docs/reliability.md."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from zjanalysis.errors import PublishError
from zjanalysis.files import file_digest
from zjanalysis.publish import pool, release
from zjanalysis.publish.build import BuildSummary, Options, build
from zjanalysis.publish.jobs import Job
from zjanalysis.publish.pool import Outcome, Task
from zjanalysis.publish.release import FAILED, GOOD, STALE, Entry, certified_digest, read_manifest
from zjanalysis.settings import Settings

pytestmark = pytest.mark.e2e

Jobs = Callable[..., tuple[Job, ...]]
Notebook = Callable[..., Path]
Edit = Callable[[str, str], None]
POSIX = os.name == "posix"


def made(
    jobs: Sequence[Job], folder: Path, settings: Settings, told: release.Tell = str, **options: Any
) -> BuildSummary:
    given = Options(**{"timeout": 60, **options})
    return build(jobs, out=folder.parent, settings=settings, options=given, progress=told)


def consistent(folder: Path) -> bool:
    """Say whether every file named by the manifest, or by a release under way, is there as it is named."""
    flying = release.in_flight(folder)
    for key, entry in {**read_manifest(folder), **flying}.items():
        for suffix, digest in entry.files.items():
            path = folder / f"{key}{suffix}"
            kept = folder / release.HIDDEN / "ready" / key.replace("/", "+") / f"report{suffix}"
            found = {certified_digest(p) for p in (path, kept) if p.is_file()}
            if digest not in found:
                return False
    return True


FAULTS = {
    "raising": ("1 / 0", "ZeroDivisionError"),
    "endless": ("while True: pass", "没有完成"),
    "killed": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "进程意外退出（代码 -9）", "多半是内存不足"),
    "memory": ("raise MemoryError", "MemoryError"),
    "exit": ("import os; os._exit(3)", "进程意外退出（代码 3）", "请在 JupyterLab 中运行这本笔记本查看"),
    "incomplete": ("", "没有完成标记"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_report_that_fails_leaves_the_others_and_its_last_good_page_alone(
    settings: Settings, jobs_of: Jobs, folder: Path, notebook: Notebook, fault: str
) -> None:
    made(jobs_of(), folder, settings)
    good = {path: path.read_bytes() for path in (folder / "district").iterdir()}
    code, reason, *hint = FAULTS[fault]
    said: list[str] = []
    end = {"end": "1"} if fault == "incomplete" else {}
    notebook(settings.root / "notebooks" / "bad.ipynb", extra=code, **end)
    options = {"timeout": 3} if fault == "endless" else {}
    summary = made(jobs_of(r440803="bad.ipynb"), folder, settings, said.append, force=True, **options)
    assert not hint or f"{reason}　提示：{hint[0]}" in "".join(said)
    assert summary.exit_code == 1
    assert summary.failed == ("district/440803",)
    assert "霞山区：未更新" in summary.lines[-1]
    assert reason in summary.lines[-1]
    assert {path: path.read_bytes() for path in (folder / "district").iterdir()} == good
    entry = read_manifest(folder)["district/440803"]
    assert entry.status == STALE
    index = (folder / "index.html").read_text(encoding="utf-8")
    assert "未更新" in index
    assert reason in index
    assert made(jobs_of(), folder, settings).released == ("district/440803",)
    assert read_manifest(folder)["district/440803"].status == GOOD


def test_a_report_that_never_worked_is_in_the_index_without_a_link(
    settings: Settings, jobs_of: Jobs, folder: Path, notebook: Notebook
) -> None:
    notebook(settings.root / "notebooks" / "bad.ipynb", extra="1 / 0")
    made(jobs_of(r440803="bad.ipynb"), folder, settings)
    assert read_manifest(folder)["district/440803"].status == FAILED
    index = (folder / "index.html").read_text(encoding="utf-8")
    assert "尚无页面" in index
    assert "440803.html" not in index


def test_fail_fast_stops_at_the_first_failure(
    settings: Settings, jobs_of: Jobs, folder: Path, notebook: Notebook
) -> None:
    notebook(settings.root / "notebooks" / "bad.ipynb", extra="1 / 0")
    summary = made(jobs_of(r440802="bad.ipynb"), folder, settings, fail_fast=True, workers=1)
    assert (summary.released, summary.failed) == ((), ("district/440802",))


def test_a_killed_fork_is_tried_once_more_in_a_spawned_process(
    settings: Settings, jobs_of: Jobs, folder: Path, notebook: Notebook
) -> None:
    once = "import os, pathlib\nmark = pathlib.Path('once')\nfirst = not mark.exists(); mark.touch()"
    once += "\nos._exit(9) if first else None"
    notebook(settings.root / "notebooks" / "bad.ipynb", extra=once)
    summary = made(jobs_of(r440802="bad.ipynb")[:1], folder, settings, engine="warm")
    assert summary.released == ("district/440802",)


ORPHAN = """
import os, subprocess, sys, time
child = os.fork()
if child == 0:
    time.sleep(120)
    os._exit(0)
started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
open("started", "w", encoding="utf-8").write(f"{child} {started.pid}")
"""


@pytest.mark.skipif(not POSIX, reason="forks")
@pytest.mark.parametrize("after", ["", "while True: time.sleep(1)"])
def test_what_a_cell_starts_ends_with_its_report(
    settings: Settings, jobs_of: Jobs, folder: Path, notebook: Notebook, lives: Callable[[int], bool], after: str
) -> None:
    notebook(settings.root / "notebooks" / "bad.ipynb", extra=ORPHAN + after)
    made(jobs_of(r440802="bad.ipynb")[:1], folder, settings, engine="warm", timeout=3 if after else 60)
    for number in (settings.root / "started").read_text(encoding="utf-8").split():
        end = time.monotonic() + 5
        while time.monotonic() < end and lives(int(number)):
            time.sleep(0.05)
        assert not lives(int(number))


def test_memory_that_runs_out_ends_one_report(
    settings: Settings, jobs_of: Jobs, folder: Path, notebook: Notebook
) -> None:
    pytest.importorskip("resource")
    greedy = ("import resource\nresource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))\n"
              "held = [bytearray(1 << 28) for _ in range(64)]")  # fmt: skip
    notebook(settings.root / "notebooks" / "bad.ipynb", extra=greedy)
    summary = made(jobs_of(r440803="bad.ipynb"), folder, settings)
    assert summary.failed == ("district/440803",)
    assert "MemoryError" in summary.lines[-1]
    assert consistent(folder)


def test_a_full_disk_publishes_nothing_by_halves(
    settings: Settings, jobs_of: Jobs, folder: Path, notebook: Notebook
) -> None:
    pytest.importorskip("resource")
    made(jobs_of(), folder, settings)
    good = {path: path.read_bytes() for path in (folder / "district").iterdir()}
    full = "import resource, signal\nresource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))"
    notebook(settings.root / "notebooks" / "tiny.ipynb", extra=full)
    summary = made(jobs_of(), folder, settings)
    assert len(summary.failed) == 3
    assert "磁盘已满" in summary.lines[-1]
    assert {path: path.read_bytes() for path in (folder / "district").iterdir()} == good
    assert consistent(folder)


def test_a_disk_that_fills_while_the_manifest_is_written_is_told_and_resumed(
    settings: Settings, jobs_of: Jobs, folder: Path, edit: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(jobs_of(), folder, settings)
    edit("440803", "0.02 乙")

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    for name in ("note", "write_manifest"):
        with monkeypatch.context() as patch:
            patch.setattr(release, name, full)
            with pytest.raises(PublishError, match="磁盘已满"):
                made(jobs_of(), folder, settings, force=True)
        assert consistent(folder)
    assert made(jobs_of(), folder, settings).failed == ()
    assert "乙" not in (folder / "district" / "440803.html").read_text(encoding="utf-8")
    assert release.in_flight(folder) == {}
    assert consistent(folder)


def entry_of(number: int, **changed: Any) -> Entry:
    return replace(Entry(f"district/{number:04}", f"{number:06}", "县" * 9, "a.ipynb", GOOD), **changed)


def test_the_record_of_a_report_costs_the_same_however_many_there_are(tmp_path: Path) -> None:
    """Each release adds one line; the manifest is folded once, at the end."""
    sizes = []
    with release.locked(tmp_path):
        for number in range(200):
            before = log_size(tmp_path)
            release.note(tmp_path, entry_of(number))
            sizes.append(log_size(tmp_path) - before)
        assert len(set(sizes)) == 1
        assert not (tmp_path / release.MANIFEST).exists()
        assert len(read_manifest(tmp_path)) == 200
    assert not (tmp_path / release.HIDDEN / release.LOG).exists()
    assert len(json.loads((tmp_path / release.MANIFEST).read_text(encoding="utf-8"))["reports"]) == 200


def log_size(folder: Path) -> int:
    path = folder / release.HIDDEN / release.LOG
    return path.stat().st_size if path.is_file() else 0


def test_a_line_that_was_cut_off_is_passed_over_and_the_next_one_stands(tmp_path: Path) -> None:
    (tmp_path / release.HIDDEN).mkdir()
    release.note(tmp_path, entry_of(1))
    log = tmp_path / release.HIDDEN / release.LOG
    whole = log.read_bytes()
    log.write_bytes(whole + whole[:40])
    assert list(read_manifest(tmp_path)) == ["district/0001"]
    release.note(tmp_path, entry_of(2))
    release.note(tmp_path, entry_of(1, status=FAILED, reason="又失败"))
    entries = read_manifest(tmp_path)
    assert set(entries) == {"district/0001", "district/0002"}
    assert entries["district/0001"].reason == "又失败"


def test_a_folder_that_cannot_be_written_is_named(settings: Settings, jobs_of: Jobs, folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("这里是一个文件，不是文件夹", encoding="utf-8")
    with pytest.raises(PublishError, match="无法写入输出位置 2021Q1"):
        made(jobs_of(), folder, settings)


@pytest.mark.skipif(not POSIX or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_named(settings: Settings, jobs_of: Jobs, folder: Path) -> None:
    made(jobs_of(), folder, settings)
    folder.chmod(0o555)
    try:
        with pytest.raises(PublishError, match="无法写入输出位置"):
            made(jobs_of(), folder, settings, force=True)
    finally:
        folder.chmod(0o755)
    assert consistent(folder)


def test_a_folder_that_vanishes_during_the_build_is_filled_by_the_next(
    settings: Settings, jobs_of: Jobs, folder: Path, notebook: Notebook
) -> None:
    vanish = f"import shutil; shutil.rmtree({str(folder)!r}, ignore_errors=True)"
    notebook(settings.root / "notebooks" / "bad.ipynb", extra=vanish)
    try:
        made(jobs_of(r440803="bad.ipynb"), folder, settings, workers=1)
    except PublishError:
        assert not list(folder.rglob("*.part"))
    assert made(jobs_of(), folder, settings).failed == ()  # whatever vanished between a page and its record
    assert len(list((folder / "district").glob("*.html"))) == 3
    assert consistent(folder)


def test_an_input_that_changes_during_the_build_is_not_released(
    settings: Settings, jobs_of: Jobs, folder: Path, notebook: Notebook
) -> None:
    change = "open('data/tiny/2021Q1/items/440804.csv', 'w', encoding='utf-8').write('0.09 乙')"
    notebook(settings.root / "notebooks" / "bad.ipynb", extra=change)
    summary = made(jobs_of(r440802="bad.ipynb")[:1], folder, settings)
    assert summary.failed == ("district/440802",)
    assert "输入文件在生成期间有变动：2021Q1/items/440804.csv" in summary.lines[-1]
    assert not (folder / "district" / "440802.html").exists()
    assert len(made(jobs_of(), folder, settings).released) == 3


def test_two_builds_at_once_name_the_owner_and_the_age(settings: Settings, jobs_of: Jobs, folder: Path) -> None:
    with release.locked(folder):
        with pytest.raises(
            PublishError, match=rf"另一个生成任务正在写 2021Q1：计算机 .+，进程 {os.getpid()}，已运行 0 分钟"
        ):
            made(jobs_of(), folder, settings)
        (folder / release.HIDDEN / "owner.json").write_text("{", encoding="utf-8")
        with pytest.raises(PublishError, match="进程未知"):
            made(jobs_of(), folder, settings)
    assert len(made(jobs_of(), folder, settings).released) == 3


def test_a_clock_set_back_changes_nothing(
    settings: Settings, jobs_of: Jobs, folder: Path, edit: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(jobs_of(), folder, settings)
    page = (folder / "district" / "440802.html").read_bytes()
    monkeypatch.setattr(time, "time", lambda: 86400.0)
    for path in (settings.root / "data").rglob("*.csv"):
        os.utime(path, (0, 0))
    assert len(made(jobs_of(), folder, settings).unchanged) == 3
    edit("440802", "0.01 丙")
    os.utime(settings.root / "data" / "tiny" / "2021Q1" / "items" / "440802.csv", (0, 0))
    assert made(jobs_of(), folder, settings).released == ("district/440802",)
    assert (folder / "district" / "440802.html").read_bytes() != page
    with release.locked(folder):
        monkeypatch.setattr(time, "time", lambda: 0.0)
        with pytest.raises(PublishError, match="已运行 0 分钟"):
            made(jobs_of(), folder, settings, force=True)


class Copier(Executor):
    """Makes no report but puts prepared files in place at once, so that a build is nearly all release."""

    def __init__(self, prepared: Path) -> None:
        self.prepared = prepared

    def submit(self, function: Any, task: Task, /) -> Future[Outcome]:  # type: ignore[override]
        task.folder.mkdir(parents=True, exist_ok=True)
        for suffix in (".html", ".xlsx", ".ipynb"):
            source = self.prepared / f"{task.job.region_code}{suffix}"
            (task.folder / f"report{suffix}").write_bytes(source.read_bytes() + os.urandom(8).hex().encode())
        files = {s: file_digest(task.folder / f"report{s}") for s in (".html", ".xlsx", ".ipynb")}
        done: Future[Outcome] = Future()
        done.set_result(Outcome(task.job.key, files=files))
        return done


@pytest.mark.skipif(not POSIX, reason="kills a whole process group")
def test_a_power_cut_at_fifty_random_moments_loses_no_page_and_leaves_no_half(
    settings: Settings, jobs_of: Jobs, folder: Path, tmp_path: Path
) -> None:
    made(jobs_of(), folder, settings)
    prepared = tmp_path / "prepared"
    shutil.copytree(folder / "district", prepared)
    chance = random.Random(50)
    cut, whole = 0, 0.0
    for number in range(51):
        began, child = time.monotonic(), os.fork()
        if child == 0:
            os.setsid()
            try:
                build(jobs_of(), out=folder.parent, settings=settings, options=Options(force=True),
                      executor=Copier(prepared), progress=str)  # fmt: skip
            finally:
                os._exit(0)
        if number == 0:  # the first is left alone: how long a build takes here bounds the moments of the others
            os.waitpid(child, 0)
            whole = time.monotonic() - began
            continue
        time.sleep(moment := chance.uniform(0.0, whole))
        with_children = os.getpgid(child) != os.getpgid(0)
        os.killpg(child, signal.SIGKILL) if with_children else os.kill(child, signal.SIGKILL)
        killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
        cut, whole = cut + killed, whole if killed else moment  # it was done before: the first took longer
        assert json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        assert consistent(folder)
        assert len(list((folder / "district").glob("*.html"))) == 3
    assert cut >= 10
    assert len(made(jobs_of(), folder, settings, force=True).released) == 3
    assert release.in_flight(folder) == {}
    assert consistent(folder)
    assert not list(folder.rglob("*.part"))


SCRIPT = """
import sys; from pathlib import Path
sys.path.insert(0, sys.argv[1]); import conftest
from zjanalysis.publish import build as room
from zjanalysis.publish.jobs import Job
from zjanalysis.settings import Settings
if __name__ == "__main__":
    root, out = Path(sys.argv[2]), Path(sys.argv[3])
    room.read_sources, room._snapshot = conftest.tiny_sources, lambda *_: None
    told = {"data": "data/tiny", "period": "2021Q1", "peers": "", "report_date": "2021-04-15"}
    book = root / "notebooks" / "tiny.ipynb"
    jobs = [Job(f"district/{code}", book, code, name, "2021Q1", "data/tiny", "440800", "2021Q1", {**told, "region": code})
            for code, name in conftest.REGIONS.items()]
    room.build(jobs, out=out, settings=Settings(root=root), options=room.Options(force=True, workers=2))
"""


@pytest.mark.skipif(not POSIX, reason="kills a whole process group")
@pytest.mark.parametrize("signal_sent", ["SIGKILL", "SIGINT"])
def test_a_real_build_that_is_killed_or_interrupted_is_resumed(
    settings: Settings, jobs_of: Jobs, folder: Path, tmp_path: Path, notebook: Notebook, signal_sent: str
) -> None:
    late = 'import time; time.sleep(0 if region == "440802" else 600)'  # so that waiting for them would be seen
    notebook(settings.root / "notebooks" / "tiny.ipynb", extra=late)
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    arguments = [sys.executable, str(script), str(Path(__file__).parent), str(settings.root), str(folder.parent)]
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "encoding": "utf-8"}
    process = subprocess.Popen(arguments, start_new_session=True, **quiet)
    assert process.stdout is not None
    for line in process.stdout:
        if "秒" in line:
            break
    os.killpg(process.pid, signal.SIGKILL) if signal_sent == "SIGKILL" else process.send_signal(signal.SIGINT)
    process.wait(timeout=120)
    process.stdout.close()
    assert consistent(folder)
    assert len(list((folder / "district").glob("*.html"))) == 1
    notebook(settings.root / "notebooks" / "tiny.ipynb")
    assert made(jobs_of(), folder, settings).failed == ()
    assert len(list((folder / "district").glob("*.html"))) == 3


def test_memory_stays_bounded_because_workers_are_replaced(
    settings: Settings, jobs_of: Jobs, folder: Path, notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spawned worker is replaced after RECYCLE reports, a forked one after each; the parent holds no page."""
    monkeypatch.setattr(pool, "RECYCLE", 2)
    notebook(settings.root / "notebooks" / "tiny.ipynb", extra="import os; print('pid', os.getpid())")
    for engine, processes in (("spawn", 2), ("warm", 4)):
        jobs = [replace(jobs_of()[0], key=f"district/{engine}{number}") for number in range(4)]
        made(jobs, folder, settings, engine=engine, workers=1)
        texts = [(folder / f"{job.key}.ipynb").read_text(encoding="utf-8") for job in jobs]
        assert len({text.partition("pid ")[2].split("\\n")[0] for text in texts}) == processes
