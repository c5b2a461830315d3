"""Where cases come from: files first, then the database of dataset.toml, and made ones for a sample only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from zjanalysis.cases.inputs import case_source, resolve_columns
from zjanalysis.errors import ConfigError, InputError, UnknownName
from zjanalysis.inputs.dataset import Dataset
from zjanalysis.inputs.period import Period
from zjanalysis.settings import Cases, Settings


def period_in(folder: Path, *, kind: str = "real", cutoff: str = "2021-03-31", **cases: str) -> Period:
    dataset = Dataset(folder / "set", "试", kind, "", "", cases=cases, periods={"2021Q1": {"cutoff": cutoff}})
    (folder / "set" / "2021Q1").mkdir(parents=True, exist_ok=True)
    items = pd.DataFrame({"in_force": [True], "promised_days": [5.0], "case_count": [9.0]})
    return Period("2021Q1", "", dataset, cutoff, items, pd.DataFrame(), pd.DataFrame())


def test_files_of_the_period_come_first(tmp_path: Path) -> None:
    period = period_in(tmp_path, postgres="host=db", table="up_pro_accept")
    folder = tmp_path / "set" / "2021Q1" / "cases"
    folder.mkdir()
    for name in ("b.csv", "a.parquet", ".hidden.csv"):
        (folder / name).touch()
    source = case_source(period, settings=Settings(tmp_path))
    assert [path.name for path in source.paths] == ["a.parquet", "b.csv"]
    assert source.query == ""


def test_a_workbook_among_the_cases_is_refused_by_name(tmp_path: Path) -> None:
    period = period_in(tmp_path)
    folder = tmp_path / "set" / "2021Q1" / "cases"
    folder.mkdir()
    (folder / "办件.xlsx").touch()
    with pytest.raises(InputError, match=r"办件\.xlsx”不是 Parquet 或 CSV"):
        case_source(period, settings=Settings(tmp_path))


def test_a_folder_among_the_cases_is_refused_by_name(tmp_path: Path) -> None:
    """Its files were left out without a word."""
    period = period_in(tmp_path)
    folder = tmp_path / "set" / "2021Q1" / "cases"
    (folder / "一月").mkdir(parents=True)
    (folder / "一月" / "办件.csv").touch()
    with pytest.raises(InputError, match="文件夹“一月”有1个文件，只读 cases 下的文件"):
        case_source(period, settings=Settings(tmp_path))


def test_query_takes_the_cutoff_of_the_period(tmp_path: Path) -> None:
    period = period_in(tmp_path, postgres="host=db", query="SELECT * FROM t WHERE d <= '{cutoff}' AND p = '{period}'")
    source = case_source(period, settings=Settings(tmp_path))
    assert source.query == "SELECT * FROM t WHERE d <= '2021-03-31' AND p = '2021Q1'"


@pytest.mark.parametrize(
    "connection", ["host=db password=secret1", "postgresql://user:secret1@db/x", "host=db PASSWORD = 'secret1'"]
)
def test_a_password_in_the_file_is_refused_and_not_repeated(tmp_path: Path, connection: str) -> None:
    period = period_in(tmp_path, postgres=connection, table="t")
    with pytest.raises(ConfigError, match="密码") as caught:
        case_source(period, settings=Settings(tmp_path))
    assert "secret1" not in str(caught.value)


def test_wrong_entries_are_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match=r"tabel.*是不是“table”"):
        case_source(period_in(tmp_path, postgres="host=db", tabel="t"), settings=Settings(tmp_path))
    with pytest.raises(ConfigError, match="没有 table 或 query"):
        case_source(period_in(tmp_path, postgres="host=db"), settings=Settings(tmp_path))
    with pytest.raises(ConfigError, match="截止日"):
        case_source(period_in(tmp_path, cutoff="三月底", spark_table="t"), settings=Settings(tmp_path))


def test_only_a_sample_makes_its_cases(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    assert case_source(period_in(tmp_path, kind="sample"), settings=settings).paths == ()
    with pytest.raises(InputError, match="没有办件数据"):
        case_source(period_in(tmp_path), settings=settings)
    with pytest.raises(InputError, match="没有办件数据"):
        case_source(period_in(tmp_path, kind="sample"), settings=replace(settings, cases=Cases(made=0)))
    uncounted = period_in(tmp_path, kind="sample")
    with pytest.raises(InputError, match="没有办件数据"):
        case_source(replace(uncounted, items=uncounted.items.assign(case_count=float("nan"))), settings=settings)


def test_headers_of_the_national_exchange_and_chinese_ones() -> None:
    national = resolve_columns(["project_no", "CATALOG_CODE", "org_code", "ACCEPT_DATE", "promise_date"], where="t")
    chinese = resolve_columns(["办件编号", "基本编码", "行政区划", "受理时间", "承诺办结时间"], where="t")
    assert national == {
        "case_no": "project_no",
        "org_code": "org_code",
        "base_code": "CATALOG_CODE",
        "accepted": "ACCEPT_DATE",
        "due": "promise_date",
    }
    assert set(chinese) == {"case_no", "region_code", "base_code", "accepted", "due"}


@pytest.mark.parametrize(
    ("headers", "missing"),
    [
        (["基本编码", "行政区划"], "受理时间"),
        (["受理时间", "行政区划"], "基本编码”或“实施编码"),
        (["受理时间", "基本编码"], "行政区划代码”或“受理部门编码”或“实施编码"),
    ],
)
def test_a_table_without_what_is_needed_is_refused(headers: list[str], missing: str) -> None:
    with pytest.raises(InputError, match=missing):
        resolve_columns(headers, where="甲.csv")
