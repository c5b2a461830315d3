"""What all tests share: readers of files stay from one test to the next, because starting one takes time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from zjanalysis.inputs.wall import readers_stay


@pytest.fixture(scope="session", autouse=True)
def readers() -> Iterator[None]:
    with readers_stay():
        yield
