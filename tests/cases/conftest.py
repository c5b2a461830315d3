"""The tables of items are those of the analysis tests; of every real engine there is one for all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.analysis.conftest import items_of, make_items
from tests.cases.real_engines import LIGHT, postgres_server, spark_master

__all__ = ["items_of", "make_items"]


@pytest.fixture(scope="session")
def spark_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of a Spark master with one worker; whatever Java starts in this process is light on its feet."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JDK_JAVA_OPTIONS", LIGHT)
        with spark_master(tmp_path_factory.mktemp("spark")) as url:
            yield url


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Give the connection of a PostgreSQL server, without its password; every test has tables of its own."""
    with postgres_server() as connection:
        yield connection
