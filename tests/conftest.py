"""What all tests share: what is made once for a run, readers of files that stay, and which worker runs what.

``python run.py test`` runs on several workers. Tests of one file stay together, because they share what they have
made; those marked ``e2e`` (real builds, engines, browsers) begin, the slowest of them first.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from zjanalysis.inputs.wall import readers_stay

SLOWEST_FIRST = {"test_golden", "test_guide", "test_papermill", "test_browser", "test_engines", "test_publishing"}
WARN = "PYTHONWARNDEFAULTENCODING"

# Properties: the same few examples every time, or --hypothesis-profile=many for new ones in great number.
for profile, n in {"quick": 30, "many": 2000}.items():
    settings.register_profile(profile, max_examples=n, derandomize=profile == "quick", deadline=None,
                              suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
settings.load_profile("quick")


def pytest_configure(config: pytest.Config) -> None:
    """Start workers with the warning about a forgotten encoding that this process was started with."""
    if sys.flags.warn_default_encoding and config.getoption("numprocesses", None):
        os.environ[WARN] = "1"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest; a test that reads a real build is end to end."""
    for item in items:
        if {"published", "all_published"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("e2e")
    slow = dict.fromkeys(item.path for item in items if item.get_closest_marker("e2e"))
    order = {path: number for number, path in enumerate(sorted(slow, key=lambda path: path.stem not in SLOWEST_FIRST))}
    items.sort(key=lambda item: order.get(item.path, len(order)))


@pytest.fixture(scope="session", autouse=True)
def readers() -> Iterator[None]:
    os.environ.pop(WARN, None)  # what tests start is not to warn
    with readers_stay():
        yield
