"""What all tests share: what is made once for a run, readers of files that stay, and which worker runs what.

``python run.py test`` runs on several workers. Tests of one file stay together, because they share what they have
made; those marked ``e2e`` (real builds, engines, browsers) begin, the slowest of them first.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from zjanalysis.cli import main
from zjanalysis.files import take_lock
from zjanalysis.inputs.wall import readers_stay
from zjanalysis.publish.build import build
from zjanalysis.publish.jobs import list_jobs, select
from zjanalysis.settings import load_settings

ROOT = Path(__file__).resolve().parent.parent
REPORT_DATE = "2021-04-15"
SLOWEST_FIRST = ("test_golden", "test_engines", "test_guide", "test_papermill", "test_run", "test_browser", "test_reliability",
                 "test_engine", "test_lab")  # fmt: skip
MadeOnce = Callable[[str, Callable[[Path], object]], Path]
WARN = "PYTHONWARNDEFAULTENCODING"
STARTED = str(ROOT / "tests" / "started")  # on the path of what tests start

# Properties: the same few examples every time, or --hypothesis-profile=many for new ones in great number.
for profile, n in {"quick": 30, "many": 2000}.items():
    settings.register_profile(profile, max_examples=n, derandomize=profile == "quick", deadline=None,
                              suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
settings.load_profile("quick")


def pytest_configure(config: pytest.Config) -> None:
    """Start workers with the warning about a forgotten encoding that this process was started with."""
    if sys.flags.warn_default_encoding and config.getoption("numprocesses", None):
        os.environ[WARN] = "1"


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    returncode: int
    stdout: str
    stderr: str


@contextmanager
def inside(root: Path) -> Iterator[None]:
    """Be in a project folder, as its user is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZJANALYSIS_ROOT", str(root))
        patch.chdir(root)
        yield


def zj(*words: str, root: Path) -> Done:
    """Run a command in a project folder, in this process: a process of its own takes seconds to start."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n") for _ in range(2))
    with inside(root), redirect_stdout(out), redirect_stderr(err):
        try:
            code = main(list(words))
        except SystemExit as stop:
            code = int(stop.code or 0)
    for stream in (out, err):
        stream.seek(0)
    return Done(code, out.read(), err.read())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest; a test that reads a real build is end to end."""
    for item in items:
        if "published" in getattr(item, "fixturenames", ()):
            item.add_marker("e2e")
    slow = dict.fromkeys(item.path for item in items if item.get_closest_marker("e2e"))
    rank = {name: number for number, name in enumerate(SLOWEST_FIRST)}
    order = {path: number for number, path in enumerate(sorted(slow, key=lambda path: rank.get(path.stem, len(rank))))}
    items.sort(key=lambda item: order.get(item.path, len(order)))


@pytest.fixture(scope="session", autouse=True)
def readers() -> Iterator[None]:
    os.environ.pop(WARN, None)  # what tests start is not to warn
    os.environ["PYTHONPATH"] = STARTED
    with readers_stay():
        yield


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """Return the function that has a folder made once for all workers, and gives it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def make(name: str, write: Callable[[Path], object]) -> Path:
        folder, done = shared / name, shared / f"{name}.done"
        with (shared / f"{name}.lock").open("a+b") as file:
            while not take_lock(file):
                time.sleep(0.1)
            if not done.exists():
                write(folder)
                done.touch()
        return folder

    return make


@pytest.fixture(scope="session")
def published(made_once: MadeOnce) -> Path:
    """Return the folder of the period with the reports of the city and two districts; nobody writes into it."""
    known = load_settings(ROOT)
    jobs = select(list_jobs(known, "data/sample", report_date=REPORT_DATE), ("city", "440823", "4408Z1"))

    def write(out: Path) -> None:
        told: list[str] = []
        assert build(jobs, out=out, settings=known, progress=told.append).exit_code == 0, told

    return made_once("published", write) / jobs[0].period


@pytest.fixture(scope="session")
def warm(published: Path) -> Callable[[Path], None]:
    """Return the function that puts what this checkout has read of the sample into the cache of another project."""

    def copied(source: str, target: str) -> None:
        with suppress(FileNotFoundError):  # another worker has cleared it away
            shutil.copy2(source, target)

    def put(root: Path) -> None:
        shutil.copytree(ROOT / ".cache", root / ".cache", copy_function=copied)

    return put
