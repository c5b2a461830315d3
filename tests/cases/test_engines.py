"""The same cases on every engine give the same scores, and those are the truth the cases were made with."""

from __future__ import annotations

import io
import math
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from chinese_calendar import is_workday

from tests.cases.conftest import TABLES, TOML, case_scores
from tests.cases.real_engines import has_postgres, has_spark, spark_session_on
from zjanalysis.cases.analysis import CaseSummary, case_summary
from zjanalysis.cases.inputs import CaseSource
from zjanalysis.cases.synthetic import FAULTS, draw_cases, synthetic_cases, write_cases
from zjanalysis.cli import main
from zjanalysis.inputs.calendar import day_number
from zjanalysis.settings import Cases, Settings

pytestmark = pytest.mark.e2e

CUTOFF = date(2021, 3, 31)
ENGINES = ["duckdb", "pandas", *(["spark"] if has_spark() else [])]
BY = ("region_code", "department", "base_code", "channel", "month")
N = 6_000


@pytest.fixture(scope="module")
def items(make_items: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """Return items of two cities, a county of each and a zone."""
    n = 60
    numbers = np.arange(n)
    promised = np.array([0.0, 0, 3, 5, 10, 20])[numbers % 6]
    return make_items(
        region_code=np.array(["440800", "440823", "4408Z1", "440100", "440106"])[numbers % 5],
        region=np.array(["湛江市", "遂溪县", "湛江经济技术开发区", "广州市", "天河区"])[numbers % 5],
        match_code=[f"44010100{number:04d}" for number in numbers],
        item_name=[f"事项{number}" for number in numbers],
        department=np.array(["司法局", "水务局"])[numbers % 2],
        statutory_days=np.array([20.0, 30, np.nan, 60])[numbers % 4],
        promised_days=promised,
        promised_written=promised,
        promised_unit=np.where(numbers % 10 == 4, "自然日", "工作日"),
        case_count=numbers + 1.0,
    )


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(tmp_path_factory.mktemp("engines"), cases=Cases(made=N))


@pytest.fixture(scope="module")
def drawn(items: pd.DataFrame) -> pd.DataFrame:
    return draw_cases(items, N, cutoff=day_number(CUTOFF))


@pytest.fixture(scope="module")
def source(items: pd.DataFrame, settings: Settings, drawn: pd.DataFrame) -> CaseSource:
    path = write_cases(drawn, settings.root / "cases" / "办件.parquet")
    return CaseSource("试/2021Q1", CUTOFF, items, paths=(path,))


@pytest.fixture(scope="module")
def engine_of(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Any]]:
    with ExitStack() as opened:
        session = cache(lambda: opened.enter_context(spark_session_on(request.getfixturevalue("spark_local"))))
        yield lambda name: session() if name == "spark" else name


@pytest.fixture(scope="module")
def expected(source: CaseSource, settings: Settings) -> tuple[pd.DataFrame, CaseSummary]:
    return case_scores(source, by=BY, settings=settings), case_summary(source, settings=settings)


def test_ci_has_every_engine() -> None:
    assert (has_spark() and has_postgres()) or not os.environ.get("CI")


@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_gives_the_same_scores(
    name: str,
    source: CaseSource,
    settings: Settings,
    expected: tuple[pd.DataFrame, CaseSummary],
    engine_of: Callable[[str], Any],
) -> None:
    engine = engine_of(name)
    scores, summary = expected
    pd.testing.assert_frame_equal(case_scores(source, by=BY, engine=engine, settings=settings), scores)
    found = case_summary(source, engine=engine, settings=settings)
    for table in TABLES:
        pd.testing.assert_frame_equal(getattr(found, table), getattr(summary, table))


@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_reads_texts_alike(
    name: str, source: CaseSource, settings: Settings, engine_of: Callable[[str], Any], tmp_path: Path
) -> None:
    lines = [
        "办件编号,行政区划,基本编码,受理时间,办结时间,承诺办结时间,承诺时限,申请方式",
        "1,440823000000,440101000001,2021-03-01 09:00:00,2021/3/3,,即办,掌上APP",
        "2,遂溪县,440101000001,20210301,2021-03-02,2021-03-02 18:00:00,99999,窗口",
        "3,440823,440101000001,2021年3月1日,不详,,5,窗口",
        "4,440823,440101000001,2021.3.1,,,1.5,网上办理",
        "5,440823,440101000001,2021-03-01,2021-03-02,,,窗口",
    ]
    path = tmp_path / "cases.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    texts = CaseSource("试", CUTOFF, source.items, paths=(path,))
    scores = case_scores(texts, engine=engine_of(name), settings=settings).set_index("indicator")
    counts = scores[["numerator", "denominator", "n_left_out"]].to_numpy().tolist()
    # on time: 1 is late, 2 is on time; 3 has no finish that can be read; 4 is open since its due day 3-03, and so late; 5 is
    # late by the item list, where its promise is 0
    assert counts[0] == [1.0, 3.0 + 1.0, 0.0]
    assert counts[1] == [1.0, 3.0, 0.0]
    assert counts[2] == [2 + 1 + 1, 3.0, 0.0]
    assert counts[4] == [2.0, 5.0, 0.0]
    assert counts[5] == [1.0, 1.0, 0.0]


@pytest.mark.parametrize("name", ENGINES)
def test_what_is_written_and_cannot_be_read_is_unknown_and_not_absent(
    name: str, source: CaseSource, settings: Settings, engine_of: Callable[[str], Any], tmp_path: Path
) -> None:
    """Read as 0 special days, or as no due date, a case was late; a blank channel of a Parquet file was 窗口."""
    rows = {"1": ("2021-03-01", "", "5", "4天", "网上"), "2": ("2021-03-01", "", "5", "４个工作日", " "),
            "3": ("2021-03-01", "", "5", "若干", ""), "4": ("2021-03-01", "2021年3月12日 17:00", "3", "", "网上"),
            "5": ("2021-03-01", "三月中旬", "3", "", "网上"), "6": ("２０２１年３月１日", "", "９", "", "窗口")}  # fmt: skip
    heads = ["办件编号", "受理时间", "承诺办结时间", "承诺时限", "特别程序天数", "申请方式"]
    table = pd.DataFrame([(key, *row) for key, row in rows.items()], columns=heads)
    table = table.assign(行政区划="440823", 基本编码="440101000001", 办结时间="2021-03-12")
    with duckdb.connect() as connection:
        connection.register("written", table)
        connection.execute(f"COPY (SELECT * FROM written) TO '{tmp_path / 'cases.parquet'}' (FORMAT parquet)")
    cases = CaseSource("试", CUTOFF, source.items, paths=(tmp_path / "cases.parquet",))
    summary = case_summary(cases, engine=engine_of(name), settings=settings)
    sums = ["numerator", "denominator", "n_left_out"]
    scores = summary.by_item.groupby("indicator")[sums].sum()
    assert scores.loc["on_time"].tolist() == [4, 4, 2]
    assert scores.loc["actual_days"].tolist() == [5 + 5 + 9 * 3, 5, 1]
    assert scores.loc["online_cases"].tolist() == [3, 4, 2]
    assert summary.findings.set_index("rule").loc["case_no_promise", "value"] == "2"


@pytest.mark.parametrize("name", ENGINES)
def test_a_time_with_its_zone_and_the_days_of_a_spreadsheet_are_days_in_beijing(
    name: str, source: CaseSource, settings: Settings, engine_of: Callable[[str], Any], tmp_path: Path
) -> None:
    """23:00Z is the next morning; it was the day before. 44256 is 2021-03-01; it was no day."""
    days = [("2021-02-28T23:00:00Z", "2021-03-02T16:00:00.000Z"), ("2021-03-01 07:00:00+08:00", "2021-03-03T07:59:59+08:00"),
            ("2021-02-28T19:00:00-05:00", "2021-03-03"), ("44256", "44258.375"), ("2021-3-1 8:30", "2021/3/3")]  # fmt: skip
    lines = [f"{number},{accepted},{finished}" for number, (accepted, finished) in enumerate(days)]
    text = "办件编号,受理时间,办结时间\n" + "\n".join(lines)
    table = pd.read_csv(io.StringIO(text), dtype="str").assign(行政区划="440823", 基本编码="440101000001")
    path = tmp_path / "cases.csv"
    table.assign(承诺时限="2").to_csv(path, index=False)
    texts = CaseSource("试", CUTOFF, source.items, paths=(path,))
    scores = case_scores(texts, engine=engine_of(name), settings=settings).set_index("indicator")
    assert scores.loc["actual_days", ["numerator", "n"]].tolist() == [2 * len(days), len(days)]
    assert scores.loc["on_time", "value"] == 1


def test_an_instant_of_a_parquet_file_is_a_day_in_beijing(
    source: CaseSource, settings: Settings, tmp_path: Path
) -> None:
    """On a machine set to UTC its day was the one before."""
    with duckdb.connect() as connection:
        connection.execute(f"""COPY (SELECT '1' AS 办件编号, '440823' AS 行政区划, '440101000001' AS 基本编码, '2' AS 承诺时限,
            TIMESTAMPTZ '2021-02-28 23:00:00Z' AS 受理时间, 44258 AS 办结时间) TO '{tmp_path / "c.parquet"}'""")
    cases = CaseSource("试", CUTOFF, source.items, paths=(tmp_path / "c.parquet",))
    scores = case_scores(cases, settings=settings).set_index("indicator")
    assert scores.loc["actual_days", ["numerator", "n"]].tolist() == [2, 1]


@pytest.mark.parametrize("name", ENGINES)
def test_a_case_number_counts_once_and_cases_stand_as_they_stood_at_the_cutoff(
    name: str, source: CaseSource, settings: Settings, engine_of: Callable[[str], Any], tmp_path: Path
) -> None:
    """One county hands in cases twice, the city cases of after the cutoff.

    11 was open and late, 12 open; 13 and 14 did not exist, 15 did; 16 was finished that day; 17 is finished nobody
    knows when.
    """
    months = {
        "一月": ["1,2021-03-01,,3", "2,2021-03-01,2021-03-02,3", "3,2021-03-01,2021-03-02,3", "4,2021-03-01,9999-12-31,3",
               "5,2021-03-03,2021-03-04,3", "  ,2021-03-01,2021-03-02,3", "6,2021-03-01,,3", "7,2021-03-01,2021-03-02,3"],
        "二月": ["1,2021-03-01,2021-03-08,3", "2,2021-03-01,2021-03-02,3", "3,2021-03-01,2021-03-09,3",
               "4,2021-03-01,2021-03-03,3", "5,2021-03-01,2021-03-04,3", ",2021-03-01,2021-03-02,3",
               "  ,2021-03-01,2021-03-02,3", ",2021-03-01,2021-03-02,3", "6,2021-03-01,不详,3"],
        "市": ["11,2021-03-01,2021-04-06,3", "12,2021-03-30,2021-04-06,3", "13,2021-04-01,2021-04-06,1", "14,2021-04-02,,1",
              "15,2021-03-29,,9", "15,2021-04-02,2021-04-06,1", "16,2021-03-31,2021-03-31,0", "17,2021-03-01,9999-12-31,3"],
    }  # fmt: skip
    for month, rows in months.items():
        where = "440800,440101000000" if month == "市" else "440823,440101000001"
        lines = ["办件编号,受理时间,办结时间,承诺时限,行政区划,基本编码", *(f"{row},{where}" for row in rows)]
        (tmp_path / f"{month}.csv").write_text("\n".join(lines), encoding="utf-8")
    cases = CaseSource("试", CUTOFF, source.items, paths=tuple(sorted(tmp_path.iterdir())))
    summary = case_summary(cases, engine=engine_of(name), settings=settings)
    assert summary.n_cases == 7 + 4 + 5
    sums = summary.by_item.set_index(["region_code", "indicator"])[["numerator", "denominator"]]
    found = summary.findings.set_index(["region_code", "rule"])
    # 1: open when it was exported first, finished late; 2: the same row twice; 3: finished again, late; 4: the finish
    # that can be is taken; 5: accepted first on 03-01; 6: finished, nobody knows when; 7 once; four without a number
    taken = [5, 1, 6, 2, 3, 1, 1, 1, 1, 1]
    scores = sums.loc["440823"]
    assert scores.loc["actual_days"].tolist() == [sum(taken), len(taken)]
    assert scores.loc["on_time"].tolist() == [sum(days <= 3 for days in taken), len(taken)]
    assert scores.loc["overdue_open"].tolist() == [0, 0]
    row = found.loc["440823", "case_twice"]
    assert (row["value"], row["used"]) == ("6", False)
    assert row["message"] == "6 行的办件编号与另一行相同，没有计入：每个编号只计一件。"
    scores = sums.loc["440800"]
    assert scores.loc["on_time"].tolist() == [1, 2]
    assert scores.loc["on_time_finished"].tolist() == [1, 1]
    assert scores.loc["overdue_open"].tolist() == [1, 3]
    assert summary.overdue["case_no"].tolist() == ["11"]
    months_of = summary.by_month.query("indicator == 'on_time' and region_code == '440800'")
    assert months_of.set_index("month")["n"].to_dict() == {"": 0, "2021-03": 2}
    assert found.loc["440800", "value"].to_dict() == {
        "case_accept_after": "2",
        "case_finish_after": "2",
        "case_finish_uncovered": "1",
        "case_twice": "1",
    }


def each_number_once(drawn: pd.DataFrame) -> pd.DataFrame:
    """Keep of every case number the row with usable dates, of several the one that was finished last."""
    usable = drawn["finish_day"].between(drawn["accept_day"], day_number(CUTOFF))
    known = np.where(usable, 0, np.where(drawn["finish_day"].notna(), 1, 2))
    ordered = drawn.assign(known=known, earlier=-drawn["finish_day"]).sort_values(
        ["known", "earlier", "accept_day", "region_code", "base_code"]
    )
    return ordered.drop_duplicates("case_no")


def test_scores_are_the_truth_the_cases_were_made_with(
    drawn: pd.DataFrame, expected: tuple[pd.DataFrame, CaseSummary]
) -> None:
    assert drawn["case_no"].duplicated().any()
    counted = each_number_once(drawn).query("fault != 'unknown_region'").groupby("region_code")
    scores = expected[0].groupby(["region_code", "indicator"])[["numerator", "denominator"]].sum().unstack()
    truths = {"on_time_finished": "true_on_time", "actual_days": "true_days", "overdue_open": "true_overdue"}
    for key, truth in truths.items():
        assert scores[("numerator", key)].tolist() == counted[truth].sum().tolist()
        assert scores[("denominator", key)].tolist() == counted[truth].count().tolist()
    late_too = counted["true_on_time"].count() + counted["true_overdue"].sum()
    assert scores[("numerator", "on_time")].tolist() == counted["true_on_time"].sum().tolist()
    assert scores[("denominator", "on_time")].tolist() == late_too.tolist()
    assert drawn["true_on_time"].eq(0).sum() > 5
    assert drawn["true_overdue"].eq(1).sum() > 5


def last_day(accepted: date, limit: float, *, unit: str, special: float) -> date:
    """Count day by day with the announced days off: the last day on which a case is on time."""
    day, left = accepted, math.ceil(limit) + math.ceil(special)
    while left > 0:
        day += timedelta(1)
        left -= unit == "自然日" or is_workday(day)
    while not is_workday(day):
        day += timedelta(1)
    return day


def test_the_truth_agrees_with_a_calendar_read_day_by_day(drawn: pd.DataFrame) -> None:
    sound = drawn[drawn["fault"].eq("") & drawn["finish_day"].notna()].head(300)
    columns = ["accept_day", "finish_day", "promised", "promised_unit", "special_days", "true_days", "true_on_time"]
    for at, to, promised, unit, special, days, on_time in sound[columns].itertuples(index=False):
        accepted, finished = (date.fromordinal(date(1970, 1, 1).toordinal() + int(n)) for n in (at, to))
        passed = (accepted + timedelta(n + 1) for n in range((finished - accepted).days))
        assert days == max(sum(map(is_workday, passed)) - special, 0)
        assert bool(on_time) == (finished <= last_day(accepted, promised, unit=unit, special=special))


def test_made_cases_are_the_same_every_time_and_spoiled_at_the_stated_rates(items: pd.DataFrame) -> None:
    many = draw_cases(items, 60_000, cutoff=day_number(CUTOFF))
    pd.testing.assert_frame_equal(many, draw_cases(items, 60_000, cutoff=day_number(CUTOFF)))
    rates = many["fault"].value_counts(normalize=True)
    assert {name: rates[name] for name in FAULTS} == pytest.approx(FAULTS, rel=0.35)


def test_a_sample_makes_its_cases_once(source: CaseSource, settings: Settings) -> None:
    empty = CaseSource(source.title, CUTOFF, source.items)
    first = case_scores(empty, settings=settings)
    path = synthetic_cases(empty, settings=settings)
    written = path.stat().st_mtime_ns
    pd.testing.assert_frame_equal(case_scores(empty, settings=settings), first)
    assert path.stat().st_mtime_ns == written
    assert path.is_relative_to(settings.root / ".cache")
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def load(connection: Any, cases: pd.DataFrame) -> None:
    """Put cases into a table shaped like the national exchange's: upper-case names quoted, timestamps, numerics."""
    with connection.cursor() as cursor:
        cursor.execute(
            'CREATE TABLE up_pro_accept ("PROJECT_NO" varchar(50), "AREACODE" varchar(12), "CATALOG_CODE" varchar(12),'
            ' "ORG_NAME" text, "APPLY_CHANNEL" text, "ACCEPT_DATE" timestamp, "RESULT_DATE" timestamp,'
            ' "PROMISE_DAY" numeric(8,2), "PROMISE_TYPE_TEXT" text, "ANTICIPATE_DAY" int, "SPECIAL_DAY" int,'
            " applyer_name text)"
        )
        first = pd.Timestamp("1970-01-01 09:30:00")
        dated = cases.assign(
            accepted=first + pd.to_timedelta(cases["accept_day"], unit="D"),
            finished=first + pd.to_timedelta(cases["finish_day"], unit="D"),
        )
        columns = ["case_no", "region_code", "base_code", "department", "channel", "accepted", "finished", "promised",
                   "promised_unit", "statutory", "special_days"]  # fmt: skip
        rows = dated[columns].astype("object").where(dated[columns].notna(), None).to_numpy().tolist()
        for start in range(0, len(rows), 500):
            part = rows[start : start + 500]
            values = ", ".join("(" + ", ".join(map(literal, row)) + ", '某某')" for row in part)
            cursor.execute(f"INSERT INTO up_pro_accept VALUES {values}")
    connection.commit()


def literal(value: object) -> str:
    return "NULL" if value is None else str(value) if isinstance(value, float) else f"'{value}'"


if has_postgres():

    def test_postgresql_gives_the_same_scores(
        source: CaseSource,
        settings: Settings,
        drawn: pd.DataFrame,
        expected: tuple[pd.DataFrame, CaseSummary],
        postgres: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        from adbc_driver_postgresql import dbapi

        from zjanalysis.errors import InputError

        there = CaseSource("试/2021Q1", CUTOFF, source.items, postgres=postgres,
                           query="SELECT * FROM up_pro_accept")  # fmt: skip
        monkeypatch.setenv("PGPASSWORD", "错的")
        with pytest.raises(InputError, match="连不上或查询失败") as caught:
            case_scores(there, settings=settings)
        assert "错的" not in str(caught.value)
        monkeypatch.setenv("PGPASSWORD", "只在内存里")
        with dbapi.connect(postgres) as database:
            load(database, drawn)
        pd.testing.assert_frame_equal(case_scores(there, by=BY, settings=settings), expected[0])
        pd.testing.assert_frame_equal(case_summary(there, settings=settings).overdue, expected[1].overdue)
        nowhere = CaseSource("试", CUTOFF, source.items, postgres=postgres, query="SELECT * FROM no")
        with pytest.raises(InputError, match="连不上或查询失败"):
            case_scores(nowhere, settings=settings)


def test_the_sums_do_not_depend_on_the_order_they_are_taken_in(
    items: pd.DataFrame, settings: Settings, tmp_path: Path
) -> None:
    """Limits in 自然日 are no whole working days: their sums have to be the same to the last digit, on many threads."""
    uneven = items.assign(statutory_days=items["statutory_days"] * 250 / 365)
    cases = draw_cases(uneven, 300_000, cutoff=day_number(CUTOFF)).reset_index(drop=True)
    mixed = cases.sample(frac=1, random_state=np.random.default_rng(3))
    paths = [write_cases(rows, tmp_path / f"{n}.parquet") for n, rows in enumerate((cases, mixed))]
    sources = [CaseSource("试/2021Q1", CUTOFF, uneven, paths=(path,)) for path in paths]
    many = replace(settings, cases=replace(settings.cases, threads=4))
    asked = [(sources[0], "duckdb"), (sources[0], "duckdb"), (sources[1], "duckdb"), (sources[1], "pandas")]
    first, *others = [case_scores(source, engine=engine, settings=many) for source, engine in asked]
    assert (first.loc[first["indicator"] == "actual_speedup", "numerator"] % 1 > 0).any()
    for other in others:
        pd.testing.assert_frame_equal(other, first, check_exact=True)


CONNECTIONS = """
import duckdb; real = duckdb.connect
from contextlib import contextmanager
@contextmanager
def watched(*arguments, **options):
    with real(*arguments, **options) as connection:
        yield connection
        asked = "SELECT value FROM duckdb_settings() WHERE name = 'enable_progress_bar'"
        print(connection.execute(asked).fetchone()[0])
duckdb.connect = watched
import pandas as pd
from pathlib import Path
from zjanalysis.cases import synthetic
from zjanalysis.cases.engines import connected
from zjanalysis.settings import load_settings
columns = (*synthetic._KEYS, "accept_day", "finish_day")
synthetic.write_cases(pd.DataFrame({name: [1] for name in columns}), Path("cases.parquet"))
with connected(load_settings(), title="x"):
    pass
"""


def test_no_progress_bar_is_drawn_into_what_a_command_prints(tmp_path: Path) -> None:
    """A process without a main file, as our readers are, counts as interactive for DuckDB, which then draws one."""
    command = [sys.executable, "-c", CONNECTIONS]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True, cwd=tmp_path)
    assert done.stdout.split() == ["false", "false"]


# -- the command on real engines --------------------------------------------------------------------------------------


if has_spark():

    @pytest.fixture
    def session_ended(spark_url: str) -> str:
        """Return the address of the master; no session is open in this process, so that the command opens its own."""
        from pyspark.sql import SparkSession

        if session := SparkSession.getActiveSession():
            session.stop()
        return spark_url

    def test_a_spark_master_gives_the_rows_duckdb_gives(project: Path, session_ended: str) -> None:
        wanted = ["cases", "--by", "地区,部门,月份", "--quantiles", "--out"]
        assert main([*wanted, "一.csv"]) == 0
        assert main([*wanted, "二.csv", "--engine", "spark", "--master", session_ended]) == 0
        assert (project / "二.csv").read_bytes() == (project / "一.csv").read_bytes()

    def test_a_master_that_is_none_is_one_sentence(
        project: Path, session_ended: str, capfd: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["cases", "--engine", "spark", "--master", "没有://x"]) == 2
        said = capfd.readouterr().err
        assert "连不上 Spark 主节点 没有://x。" in said
        assert "Traceback" not in said


if has_postgres():

    def test_postgresql_named_in_the_data_set_gives_the_rows_files_give(
        project: Path, postgres: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        from adbc_driver_postgresql import dbapi

        assert main(["cases", "--by", "地区,渠道", "--out", "一.csv"]) == 0
        path = project / "data" / "试" / "2021Q1" / "cases" / "办件.csv"
        heads, *lines = path.read_text(encoding="utf-8").strip().split("\n")
        path.unlink()
        monkeypatch.setenv("PGPASSWORD", "只在内存里")
        with dbapi.connect(postgres) as database, database.cursor() as cursor:
            columns = ", ".join(f'"{head}" text' for head in heads.split(","))
            cursor.execute(f"CREATE TABLE banjian ({columns})")
            for line in lines:
                values = ", ".join(f"'{value}'" if value else "NULL" for value in line.split(","))
                cursor.execute(f"INSERT INTO banjian VALUES ({values})")
            database.commit()
        toml = project / "data" / "试" / "dataset.toml"
        toml.write_text(f'{TOML}[cases]\npostgres = "{postgres}"\ntable = "banjian"\n', encoding="utf-8")
        assert main(["cases", "--by", "地区,渠道", "--out", "二.csv"]) == 0
        assert (project / "二.csv").read_bytes() == (project / "一.csv").read_bytes()
        monkeypatch.setenv("PGPASSWORD", "错的")
        capsys.readouterr()
        assert main(["cases"]) == 2
        said = capsys.readouterr()
        assert "连不上或查询失败" in said.err
        assert not re.search("错的|Traceback", said.err + said.out)
