"""Case tables that cannot be used: one Chinese sentence each, and nothing half-written."""

from __future__ import annotations

import errno
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from tests.cases.conftest import case_scores
from zjanalysis.cases import synthetic
from zjanalysis.cases.analysis import CASE_INDICATORS, case_summary
from zjanalysis.cases.engines import connected
from zjanalysis.cases.inputs import CaseSource
from zjanalysis.errors import InputError, ZjError
from zjanalysis.settings import Cases, Settings

Make = Callable[..., pd.DataFrame]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path)


@pytest.fixture
def items(make_items: Make) -> pd.DataFrame:
    return make_items(
        region_code=["440823"], region=["遂溪县"], match_code=["A"], item_name=["甲证"], department=["民政局"],
        statutory_days=[20.0], promised_days=[5.0], promised_written=[5.0], promised_unit=["工作日"], case_count=[9.0],
    )  # fmt: skip


def files(source: Path, items: pd.DataFrame) -> CaseSource:
    return CaseSource("试/2021Q1", date(2021, 3, 31), items, paths=tuple(sorted(source.iterdir())))


def parquet(path: Path, sql: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet)")
    return path


def one_sentence(error: ZjError) -> None:
    assert "\n" not in error.message
    assert error.hint
    assert error.exit_code == 2
    assert not any(word in str(error) for word in ("Traceback", "duckdb", "SELECT"))


GOOD = (
    "SELECT '440823' AS 行政区划, 'A' AS 基本编码, DATE '2021-03-01' + CAST(range % 20 AS INTEGER) AS 受理时间"
    " FROM range(20000)"
)


def test_a_parquet_file_cut_off_is_named(tmp_path: Path, settings: Settings, items: pd.DataFrame) -> None:
    path = parquet(tmp_path / "cases" / "办件.parquet", GOOD)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"办件\.parquet”打不开") as caught:
        case_scores(files(path.parent, items), settings=settings)
    one_sentence(caught.value)


def test_a_parquet_file_spoiled_inside_is_not_read_half(
    tmp_path: Path, settings: Settings, items: pd.DataFrame
) -> None:
    path = parquet(tmp_path / "cases" / "办件.parquet", GOOD.replace("range % 20", "hash(range) % 20"))
    whole = bytearray(path.read_bytes())
    whole[40:2400] = b"\xff" * 2360
    path.write_bytes(whole)
    with pytest.raises(InputError, match=r"不完整或已损坏|没有完成") as caught:
        case_summary(files(path.parent, items), settings=settings)
    one_sentence(caught.value)


def test_a_file_with_other_columns_is_named_with_what_it_has(
    tmp_path: Path, settings: Settings, items: pd.DataFrame
) -> None:
    parquet(tmp_path / "cases" / "a.parquet", GOOD)
    parquet(tmp_path / "cases" / "b.parquet", "SELECT 1 AS 序号, '张三' AS 姓名")
    with pytest.raises(InputError, match=r"b\.parquet”没有“受理时间”一列，现有：.*序号") as caught:
        case_scores(files(tmp_path / "cases", items), settings=settings)
    one_sentence(caught.value)


def test_real_cases_are_read_without_what_draws_those_of_a_sample(
    tmp_path: Path, settings: Settings, items: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, synthetic.__name__, None)  # importing it would fail
    parquet(tmp_path / "cases" / "a.parquet", GOOD)
    assert len(case_scores(files(tmp_path / "cases", items), settings=settings)) == len(CASE_INDICATORS)
    with pytest.raises(ImportError):
        case_scores(CaseSource("试/2021Q1", date(2021, 3, 31), items), settings=settings)


def test_files_with_different_headers_are_one_table(tmp_path: Path, settings: Settings, items: pd.DataFrame) -> None:
    parquet(tmp_path / "cases" / "a.parquet", f"{GOOD} LIMIT 30")
    (tmp_path / "cases" / "b.csv").write_bytes("区划代码,目录编码,受理日期\n遂溪县,A,2021-03-02\n".encode("gb18030"))
    (tmp_path / "cases" / "c.csv").write_text(
        "AREACODE,CATALOG_CODE,ACCEPT_DATE\n440823,A,20210302", encoding="utf-8-sig"
    )
    scores = case_scores(files(tmp_path / "cases", items), by=("region_code", "base_code"), settings=settings)
    cases = scores.set_index("indicator").loc["online_cases"]
    assert cases["n"] + cases["n_left_out"] == 30 + 1 + 1
    assert scores[["region_code", "base_code"]].drop_duplicates().to_numpy().tolist() == [["440823", "A"]]


def test_a_text_that_is_no_known_encoding_is_refused(tmp_path: Path, settings: Settings, items: pd.DataFrame) -> None:
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "a.csv").write_bytes("受理时间,基本编码,行政区划\n".encode() + b"\xff\xff\xff\n")
    with pytest.raises(InputError, match=r"a\.csv”不是 UTF-8，也不是 GB18030") as caught:
        case_scores(files(tmp_path / "cases", items), settings=settings)
    one_sentence(caught.value)


def test_a_killed_query_says_so_and_leaves_nothing(tmp_path: Path, settings: Settings) -> None:
    def endless() -> None:
        with connected(settings, title="试/2021Q1") as (connection, _):
            threading.Timer(0.5, connection.interrupt).start()
            connection.execute("SELECT sum(hash(a.range * b.range)) FROM range(4000000) a, range(4000000) b").fetchall()

    with pytest.raises(InputError, match="被中断，没有写出任何结果") as caught:
        endless()
    one_sentence(caught.value)
    assert list((tmp_path / ".cache" / "spill").iterdir()) == []


def test_ctrl_c_gives_the_same_sentence_and_a_bug_stays_a_bug(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="被中断"), connected(settings, title="试"):
        raise RuntimeError("Query interrupted")  # what the engine raises on Ctrl-C
    with pytest.raises(RuntimeError, match="something else"), connected(settings, title="试"):
        raise RuntimeError("something else")
    with pytest.raises(InputError, match="写满了"), connected(settings, title="试"):
        raise OSError(errno.ENOSPC, "No space left on device")  # what a file of hashes raises on a full disk
    with pytest.raises(FileNotFoundError), connected(settings, title="试"):
        raise FileNotFoundError("nothing there")
    assert list((tmp_path / ".cache" / "spill").iterdir()) == []


def test_a_full_spill_disk_says_so_and_leaves_nothing(tmp_path: Path, settings: Settings, items: pd.DataFrame) -> None:
    path = parquet(
        tmp_path / "cases" / "a.parquet",
        "SELECT '440823' AS 行政区划, md5(range::VARCHAR) AS 基本编码, DATE '2021-03-01' AS 受理时间"
        " FROM range(900000)",
    )
    tight = replace(settings, cases=Cases(memory_gb=0.08, threads=1, max_spill_gb=0.001))
    with pytest.raises(InputError, match="临时文件夹写满了，没有写出任何结果") as caught:
        case_scores(files(path.parent, items), by=("base_code",), settings=tight)
    one_sentence(caught.value)
    assert list((tmp_path / ".cache" / "spill").iterdir()) == []


@pytest.mark.e2e
def test_more_groups_than_memory_spill_and_are_counted(tmp_path: Path, settings: Settings, items: pd.DataFrame) -> None:
    n = 400_000
    path = parquet(
        tmp_path / "cases" / "a.parquet",
        f"SELECT '440823' AS 行政区划, md5(range::VARCHAR) AS 基本编码, DATE '2021-03-01' AS 受理时间 FROM range({n})",
    )
    small = replace(settings, cases=Cases(memory_gb=0.2, threads=1))
    scores = case_scores(files(path.parent, items), by=("base_code",), settings=small)
    assert scores["base_code"].nunique() == n


def test_made_cases_are_written_whole_or_not_at_all(
    settings: Settings, items: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError("disk")

    monkeypatch.setattr(synthetic.Path, "replace", fail)
    source = CaseSource("试/2021Q1", date(2021, 3, 31), items)
    with pytest.raises(OSError, match="disk"):
        case_scores(source, settings=replace(settings, cases=Cases(made=100)))
    assert list((settings.root / ".cache" / "cases").glob("*.parquet")) == []


def test_a_cutoff_in_a_year_without_a_calendar_is_refused(settings: Settings, items: pd.DataFrame) -> None:
    source = CaseSource("试/2031Q1", date(2031, 3, 31), items)
    cases = pd.DataFrame({"行政区划": ["440823"], "基本编码": ["A"], "受理时间": np.array(["2031-03-01"])})
    with pytest.raises(InputError, match="工作日历只有") as caught:
        case_scores(source, cases=cases, settings=settings)
    one_sentence(caught.value)


def test_a_spark_table_without_a_session_says_what_is_needed(settings: Settings, items: pd.DataFrame) -> None:
    source = CaseSource("试/2021Q1", date(2021, 3, 31), items, spark_table="gov.cases")
    with pytest.raises(InputError, match="Spark 表"):
        case_scores(source, settings=settings)
