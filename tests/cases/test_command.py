"""``zj cases``: the same rows on every engine, from files, PostgreSQL and a Spark master; wrong calls in a sentence."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.cases.real_engines import HOME, has_postgres, has_spark
from zjanalysis.cli import main

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


def rows(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype={"region_code": "str", "base_code": "str"}, encoding="utf-8-sig")


COUNTS = ["case_count", "n_finished", "n_late", "n_open", "n_overdue"]


def test_rows_by_region_are_the_cases_counted_by_hand(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cases", "--quantiles", "--out", "办件.csv"]) == 0
    said = capsys.readouterr().out
    assert "试/2021Q1 · 截止 2021-03-31 · 办件5件" in said
    assert "另有1件的行政区划不在区划表中" in said
    assert "办件编号重复的1行没有计入，每个编号只计一件。" in said
    found = rows(project / "办件.csv").set_index("region_code")
    assert found.loc["440823", COUNTS].tolist() == [4, 3, 1, 1, 1]
    assert found.loc["440802", COUNTS].tolist() == [1, 1, 0, 0, 0]
    assert found.loc["440823", "on_time_share"] == pytest.approx(2 / (3 + 1))
    assert found.loc["440823", "on_time_finished_share"] == pytest.approx(2 / 3)
    assert found.loc["440823", "mean_days"] == pytest.approx((5 + 6 + 1) / 3)
    assert found.loc["440823", "speedup_share"] == pytest.approx(1 - 12 / 60)
    assert found.loc["440823", ["median_days", "p90_days"]].tolist() == [5, 6]


@pytest.mark.parametrize(
    ("by", "keys", "counts"),
    [
        ("部门", ["department"], {"": 1, "市监局": 3}),
        ("渠道", ["channel"], {"窗口": 2, "网上": 2}),
        ("月份", ["month"], {"2021-02": 1, "2021-03": 3}),
        ("事项", ["base_code"], {"440102019005": 4}),
        ("月份，渠道", ["month", "channel"], {("2021-02", "网上"): 1, ("2021-03", "窗口"): 2, ("2021-03", "网上"): 1}),
        ("全部", [], 4),
    ],
)
def test_every_group_adds_up_within_a_region(project: Path, by: str, keys: list[str], counts: object) -> None:
    assert main(["cases", "--by", by, "--region", "遂溪县", "--quantiles", "--out", "办件.csv"]) == 0
    found = rows(project / "办件.csv")
    assert found["case_count"].sum() == 4
    assert "p90_days" in found
    if keys:
        assert found.fillna({"department": ""}).set_index(keys)["case_count"].to_dict() == counts


def test_a_workbook_names_items_and_regions(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cases", "--by", "地区,事项", "--engine", "pandas", "--out", "办件.xlsx"]) == 0
    said = capsys.readouterr().out
    assert "食品经营许可" in said
    assert "遂溪县" in said
    assert (project / "办件.xlsx").is_file()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--by", "颜色"], "未找到分组列“颜色”"),
        (["--engine", "spark"], "没有给出 Spark 主节点"),
        (["--master", "local[1]"], "--master 只用于 --engine spark"),
        (["--engine", "sprak"], "是不是“spark”"),
        (["--region", "徐闻县"], "所选地区没有办件"),
        (["--region", "徐文县"], "是不是“徐闻县”"),
        (["--out", "办件.docx"], "不认识的输出格式"),
    ],
)
def test_a_wrong_call_is_one_sentence(
    project: Path, arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main(["cases", *arguments])
    except SystemExit as stop:
        code = int(str(stop.code))
    said = capsys.readouterr().err
    assert code == 2
    assert says in said
    assert "Traceback" not in said


def test_without_cases_the_next_step_is_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "data" / "试" / "2021Q1" / "cases" / "办件.csv").unlink()
    assert main(["cases"]) == 2
    assert "没有办件数据" in capsys.readouterr().err


if has_spark():

    @pytest.mark.e2e
    def test_a_spark_master_gives_the_rows_duckdb_gives(project: Path, tmp_path: Path, spark_url: str) -> None:
        wanted = ["cases", "--by", "地区,部门,月份", "--quantiles", "--out"]
        assert main([*wanted, "一.csv"]) == 0
        conf = tmp_path / "conf"  # the cluster's own settings, as an administrator gives them
        conf.mkdir()
        lines = (
            "spark.ui.enabled false\nspark.sql.shuffle.partitions 2\nspark.executor.memory 640m\nspark.cores.max 1\n"
        )
        (conf / "spark-defaults.conf").write_text(lines, encoding="utf-8")
        environment = os.environ | {"SPARK_LOCAL_IP": HOME, "SPARK_CONF_DIR": str(conf)}
        command = [sys.executable, "-m", "zjanalysis", *wanted, "二.csv", "--engine", "spark", "--master", spark_url]
        done = subprocess.run(
            command, env=environment, cwd=project, capture_output=True, text=True, encoding="utf-8", check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        assert (project / "二.csv").read_bytes() == (project / "一.csv").read_bytes()

    @pytest.mark.e2e
    def test_a_master_that_is_none_is_one_sentence(project: Path) -> None:
        command = [sys.executable, "-m", "zjanalysis", "cases", "--engine", "spark", "--master", "没有://x"]
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, encoding="utf-8", check=False)
        assert done.returncode == 2
        assert "连不上 Spark 主节点 没有://x。" in done.stderr
        assert "Traceback" not in done.stderr


if has_postgres():

    @pytest.mark.e2e
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
