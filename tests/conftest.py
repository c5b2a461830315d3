"""What all tests share: what is made once for a run, readers of files that stay, and which worker runs what.

``python run.py test`` runs on several workers. Tests of one file stay together, because they share what they have
made; those marked ``e2e`` (real builds, engines, browsers) begin.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from zjanalysis.files import take_lock
from zjanalysis.inputs.wall import readers_stay

WARN = "PYTHONWARNDEFAULTENCODING"


def pytest_configure(config: pytest.Config) -> None:
    """Start workers with the warning about a forgotten encoding that this process was started with."""
    if sys.flags.warn_default_encoding and config.getoption("numprocesses", None):
        os.environ[WARN] = "1"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of a file together, unless they say otherwise, and begin with those that take long."""
    for item in items if config.pluginmanager.hasplugin("xdist") else ():
        if item.get_closest_marker("xdist_group") is None:
            kind = "e2e" if is_e2e(item) else "unit"
            item.add_marker(pytest.mark.xdist_group(f"{kind}:{item.path.name}"))
    items.sort(key=lambda item: not is_e2e(item))


def is_e2e(item: pytest.Item) -> bool:
    return item.get_closest_marker("e2e") is not None


@pytest.fixture(scope="session", autouse=True)
def readers() -> Iterator[None]:
    os.environ.pop(WARN, None)  # what tests start is not to warn
    with readers_stay():
        yield


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], object]], Path]:
    """Give the function that has a folder made once for all workers, and gives it."""
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
