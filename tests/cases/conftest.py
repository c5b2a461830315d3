"""The tables of items are those of the analysis tests; of every real engine there is one for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.analysis.conftest import items_of, make_items
from tests.cases.real_engines import CLUSTER, HOME, LIGHT, postgres_server, spark_master
from zjanalysis.cases.analysis import scores_of
from zjanalysis.cases.clock import open_cases
from zjanalysis.cases.inputs import CaseSource

__all__ = ["items_of", "make_items"]

TABLES = ("by_month", "by_item", "days", "overdue", "findings", "names")


def case_scores(source: CaseSource, *, by: tuple[str, ...] = ("region_code",), **opened: Any) -> pd.DataFrame:
    with open_cases(source, **opened) as table:
        return scores_of(table, by=by)


@pytest.fixture(scope="session")
def spark_local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a Spark inside this process; whatever Java starts from here is light on its feet."""
    conf = tmp_path_factory.mktemp("conf")
    (conf / "spark-defaults.conf").write_text(CLUSTER, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"JDK_JAVA_OPTIONS": LIGHT, "SPARK_CONF_DIR": str(conf), "SPARK_LOCAL_IP": HOME}.items():
            patch.setenv(name, value)
        yield "local[2]"


@pytest.fixture(scope="session")
def spark_url(spark_local: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a Spark master with one worker."""
    with spark_master(tmp_path_factory.mktemp("spark")) as url:
        yield url


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Return the connection of a PostgreSQL server, without its password; every test has tables of its own."""
    with postgres_server() as connection:
        yield connection


ITEMS = "事项名称,地区,基本编码,法定时限,承诺时限,跑动次数\n食品经营许可,遂溪县,440102019005,20个工作日,5个工作日,0\n"
# 2021-03-01 is a Monday: five working days end on 03-08. Cut-off Wednesday 2021-03-31.
CASES = """办件编号,行政区划,基本编码,部门,渠道,受理时间,办结时间,承诺时限,法定时限
1,遂溪县,440102019005,市监局,网上,2021-03-01,2021-03-08,5,20
2,440823,440102019005,市监局,窗口,2021-03-01,2021-03-09,5,20
3,440823,440102019005,,网上,2021-02-01,2021-02-02,5,20
4,440823,440102019005,市监局,窗口,2021-03-01,,5,20
5,赤坎区,440102019005,民政局,网上,2021-03-01,2021-03-01,0,20
6,没有县,440102019005,民政局,网上,2021-03-01,2021-03-01,0,20
1,遂溪县,440102019005,市监局,网上,2021-03-01,,5,20
"""
TOML = 'title = "试"\nkind = "real"\nsource = "试"\nlicence = "MIT"\n[periods."2021Q1"]\ncutoff = "2021-03-31"\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "项目 一" / "data" / "试"
    (folder / "2021Q1" / "items").mkdir(parents=True)
    (folder / "2021Q1" / "cases").mkdir()
    (folder / "2021Q1" / "items" / "甲.csv").write_text(ITEMS, encoding="utf-8")
    (folder / "2021Q1" / "cases" / "办件.csv").write_text(CASES, encoding="utf-8")
    (folder / "dataset.toml").write_text(TOML, encoding="utf-8")
    root = folder.parent.parent
    (root / "zjanalysis.toml").write_text('data = "data/试"\n', encoding="utf-8")
    monkeypatch.setenv("ZJANALYSIS_ROOT", str(root))
    monkeypatch.chdir(root)
    return root
