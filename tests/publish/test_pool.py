"""Any executor of concurrent.futures makes the same pages; Dask too, on a real scheduler with two worker processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from zjanalysis.cli import main
from zjanalysis.errors import ConfigError
from zjanalysis.publish.build import Options, build
from zjanalysis.publish.jobs import Job
from zjanalysis.publish.pool import cluster, engine_named, processors
from zjanalysis.settings import Settings

pytestmark = pytest.mark.e2e

Jobs = Callable[..., tuple[Job, ...]]


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a scheduler and two worker processes on the loopback address; gives the scheduler's address.

    One cluster for all tests: a worker that a test kills is replaced by its nanny, as on any cluster.
    """
    pytest.importorskip("distributed")
    place = tmp_path_factory.mktemp("dask")
    told = place / "scheduler.json"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHONWARN")}
    common = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment, "cwd": place}
    first = [
        sys.executable,
        "-m",
        "distributed.cli.dask_scheduler",
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--no-dashboard",
    ]
    second = [
        sys.executable,
        "-m",
        "distributed.cli.dask_worker",
        "--nworkers",
        "2",
        "--nthreads",
        "1",
        "--no-dashboard",
    ]
    file = ["--scheduler-file", str(told)]
    processes = [subprocess.Popen([*first, *file], **common)]
    deadline = time.monotonic() + 60
    while not told.is_file() and time.monotonic() < deadline:
        time.sleep(0.1)
    processes.append(subprocess.Popen([*second, *file, "--host", "127.0.0.1"], **common))
    yield json.loads(told.read_text(encoding="utf-8"))["address"]
    for process in reversed(processes):
        process.terminate()
        process.wait(20)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "district").iterdir())}


def test_a_thread_pool_and_our_own_workers_make_the_same_bytes(settings: Settings, jobs_of: Jobs, folder: Path) -> None:
    build(jobs_of(), out=folder.parent / "own", settings=settings, progress=str)
    with ThreadPoolExecutor(2) as executor:
        summary = build(jobs_of(), out=folder.parent / "pool", settings=settings, executor=executor, progress=str)
    assert summary.failed == ()
    own, pool = (bytes_of(folder.parent / name / folder.name) for name in ("own", "pool"))
    assert own == pool
    assert len(own) == 9


@pytest.mark.filterwarnings("default")
def test_a_dask_cluster_makes_the_same_bytes_and_names_a_report_that_fails(
    settings: Settings, jobs_of: Jobs, folder: Path, scheduler: str, notebook: Callable[..., Path]
) -> None:
    build(jobs_of(), out=folder.parent / "own", settings=settings, progress=str)
    with cluster(scheduler) as executor:
        summary = build(jobs_of(), out=folder.parent / "dask", settings=settings, executor=executor, progress=str)
        assert summary.failed == (), summary.lines
        own, dask = (bytes_of(folder.parent / name / folder.name) for name in ("own", "dask"))
        assert own == dask
        notebook(settings.root / "notebooks" / "bad.ipynb", extra="import os; os._exit(3)")
        jobs = jobs_of(r440803="bad.ipynb")
        options = Options(force=True, timeout=60)
        again = build(
            jobs, out=folder.parent / "dask", settings=settings, options=options, executor=executor, progress=str
        )
    assert again.failed == ("district/440803",)
    assert bytes_of(folder.parent / "dask" / folder.name) == dask


@pytest.mark.filterwarnings("default")
def test_a_worker_of_the_cluster_that_is_killed_midway_loses_nothing(
    settings: Settings, jobs_of: Jobs, folder: Path, scheduler: str, lives: Callable[[int], bool]
) -> None:
    """Killed when the first report is done: the other worker, or the one that takes its place, makes the rest."""
    said: list[str] = []
    with cluster(scheduler) as executor:
        victim = executor.submit(os.getpid).result(60)

        def tell(line: str) -> None:
            said.append(line)
            if line.startswith("[1/3]"):
                os.kill(victim, signal.SIGKILL)

        summary = build(jobs_of(), out=folder.parent, settings=settings, executor=executor, progress=tell)
    assert not lives(victim)
    assert (len(summary.released), summary.failed) == (3, ()), said
    assert sum("秒" in line for line in said) == 3


@pytest.mark.filterwarnings("default")
def test_an_address_where_nobody_answers_is_named() -> None:
    pytest.importorskip("distributed")
    with pytest.raises(ConfigError, match="连不上 Dask 集群"), cluster("tcp://127.0.0.1:9"):
        pass


@pytest.mark.parametrize("address", ["foo", "http://foo:80", "tcp://foo:x"])
def test_no_client_is_made_for_what_is_no_address(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would tell of a time-out at its end, after our sentence."""
    monkeypatch.setattr(pytest.importorskip("distributed"), "Client", None)
    with pytest.raises(ConfigError, match="连不上 Dask 集群"), cluster(address):
        pass


def test_an_unknown_engine_is_named_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["build", "--engine", "fast"])
    said = capsys.readouterr().err
    assert "“fast”" in said
    assert "auto、warm、spawn、kernel" in said
    assert engine_named("kernel") == "kernel"


def test_the_processors_are_counted_where_the_system_does_not_say_which_ones_are_ours(monkeypatch) -> None:
    assert processors() >= 1
    monkeypatch.delattr("os.sched_getaffinity", raising=False)  # as on Windows and macOS
    assert processors() == os.cpu_count()
