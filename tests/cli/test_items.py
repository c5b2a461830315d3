"""``zj check``: says beforehand how headers were told and which reports a file is good for, and learns new headers."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from zjanalysis.cli import main
from zjanalysis.inputs.dataset import load_dataset
from zjanalysis.inputs.period import load_period
from zjanalysis.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
ABOUT = 'title = "示例"  # 自己的\nkind = "sample"\nsource = "示例"\nlicence = "MIT"\n[periods."2021-05"]\ncutoff = "2021-05-31"\n'
HEAD = [
    "事项名称",
    "行政区划代码",
    "事项类型",
    "行使层级",
    "法定办结时限",
    "承诺办结时限",
    "到办事现场次数",
    "能否网办",
    "主管单位",
]
NAMES = ("取水许可", "采矿许可", "渔业捕捞许可", "种子生产许可")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the real notebooks and a data set of one county."""
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    (tmp_path / "zjanalysis.toml").write_text('data = "data/本县"\n', encoding="utf-8")
    (tmp_path / "data" / "本县" / "2021-05" / "items").mkdir(parents=True)
    (tmp_path / "data" / "本县" / "dataset.toml").write_text(ABOUT, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def county(project: Path, *, without: tuple[str, ...] = (), **cells: str) -> Path:
    """Write the county's workbook; ``cells`` replace what every row says."""
    book = openpyxl.Workbook()
    keep = [c for c, name in enumerate(HEAD) if name not in without]
    book.active.append([HEAD[c] for c in keep])
    for name in NAMES:
        row = [name, "440823", "行政许可", "县级", "20个工作日", "5个工作日", 0, "是", "县水务局"]
        row = [cells.get(head, cell) for head, cell in zip(HEAD, row, strict=True)]
        book.active.append([row[c] for c in keep])
    path = project / "data" / "本县" / "2021-05" / "items" / "遂溪县.xlsx"
    book.save(path)
    return path


def said(arguments: list[str], capsys: pytest.CaptureFixture[str], code: int) -> str:
    assert main(arguments) == code
    return capsys.readouterr().out


@pytest.mark.e2e
def test_a_scope_that_is_empty_is_said_beforehand_in_measure_and_in_build(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    county(project, without=("行使层级",))
    why = "4 个事项都不在统计范围内：只计行使层级市级、县级，而它们是没有写 4 个。"
    how = "请补填“行使层级”；不论行使层级都计入的，在 dataset.toml 的 [scope] 写 use_levels = []，zj measure 则加 --level 全部。"
    beforehand = said(["check", "data/本县"], capsys, 0)
    assert f"遂溪县：{why}提示：{how}" in beforehand
    assert any(line.split() == ["遂溪县", "4", "0", "0", "—"] for line in beforehand.splitlines())
    assert main(["measure"]) == 2
    assert capsys.readouterr().err == f"{why}\n提示：{how}\n"
    dry, done = (
        subprocess.run(  # in a process of its own, which is how a build reads apart
            [sys.executable, "-m", "zjanalysis", "build", "--jobs", "1", *more],
            cwd=project, capture_output=True, encoding="utf-8", timeout=300, check=False,
        ) for more in (["--dry-run"], [])
    )  # fmt: skip
    assert (dry.returncode, done.returncode) == (1, 1)  # nothing that was asked for is there
    assert dry.stderr == done.stderr
    assert f"遂溪县：{why.rstrip('。')}，不生成报告。\n　　提示：{how}\n" in done.stderr


@pytest.mark.parametrize(
    ("written", "said"), [("", "没有写截止日期"), ('cutoff = "2021.5.31"', "的截止日期“2021.5.31”认不出")]
)
def test_a_period_without_the_day_it_ends_is_refused_before_anything_is_made(
    project: Path, capsys: pytest.CaptureFixture[str], written: str, said: str
) -> None:
    county(project)
    about = project / "data" / "本县" / "dataset.toml"
    about.write_text(ABOUT.replace('cutoff = "2021-05-31"', written), encoding="utf-8")
    for arguments in (["build"], ["build", "--dry-run"]):
        assert main(arguments) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.splitlines()[0] == f"本县 的 2021-05 期{said}。"
        assert '[periods."2021-05"] 下写数据截至哪一天，如 cutoff = "2021-03-31"。' in told.err
    assert main(["measure"]) == 0


def test_what_the_scope_lets_in_is_measured_and_said(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    county(project)
    beforehand = said(["check", "data/本县"], capsys, 0)
    assert any(line.split() == ["遂溪县", "4", "4", "7", "县区通报"] for line in beforehand.splitlines())
    assert "算不出即办率（遂溪县）：缺办件类型。" in beforehand
    assert "都不在统计范围内" not in beforehand
    assert "时限压缩率（总量口径）" in said(["measure"], capsys, 0)


def test_rows_that_are_not_used_are_counted_by_measure_too(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only zj check said so: a region spelt in an unknown way was left out of the scores without a word."""
    path = county(project)
    assert "没有采用" not in said(["measure"], capsys, 0)
    (path.parent / "省.csv").write_text("事项名称,地区,法定时限,承诺时限\n甲,广东省本级,20日,5日\n", encoding="utf-8")
    items = path.parent.relative_to(project).as_posix()
    assert f"本期有1行没有采用，原因见 zj check {items}。" in said(["measure"], capsys, 0)


@pytest.mark.e2e
def test_a_county_alone_whose_limits_are_all_the_same_has_its_report(project: Path) -> None:
    county(project)
    done = subprocess.run(
        [sys.executable, "-m", "zjanalysis", "build", "--jobs", "1"],
        cwd=project, capture_output=True, encoding="utf-8", timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    pages = list((project / "reports").rglob("440823.html"))
    assert len(pages) == 1


def test_rules_that_empty_a_scope_only_together(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = county(project)
    book = openpyxl.load_workbook(path)
    for row, (kind, level) in enumerate([("行政许可", "省级"), ("公共服务", "县级")] * 2, 2):
        book.active.cell(row, 3, kind)
        book.active.cell(row, 4, level)
    book.save(path)
    assert "只计行使层级市级、县级，而它们是省级 2 个。" in said(["check", "data/本县"], capsys, 0)


def test_levels_go_by_their_names(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    county(project, 行使层级="镇级")
    assert "行使层级 5；" in said(["measure", "--level", "镇级"], capsys, 0)
    toml = project / "data" / "本县" / "dataset.toml"
    toml.write_text(f'{ABOUT}[scope]\nuse_levels = ["镇级"]\n', encoding="utf-8")
    assert "行使层级 5；" in said(["measure"], capsys, 0)
    assert main(["measure", "--level", "村镇"]) == 2
    assert "未找到行使层级“村镇”" in capsys.readouterr().err


def test_headers_are_told_with_the_lines_to_paste(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = county(project)
    lines = [line.split() for line in said(["check", str(path)], capsys, 0).splitlines()]
    assert ["A", "事项名称", "事项名称", "标准名称"] in lines
    assert ["H", "能否网办", "是否网办"] in lines  # not used; the nearest name
    assert ["I", "主管单位"] in lines
    assert ['"能否网办"', "=", '"是否网办"'] in lines
    found = json.loads(said(["check", str(path), "--json"], capsys, 0))
    assert [row["nearest"] for row in found["headers"]] == [""] * 7 + ["是否网办", ""]
    assert found["reports"][0]["reports"] == "县区通报"


@pytest.mark.parametrize(("answer", "n"), [("是\n", 1), ("y\n", 1), ("否\n", 0), ("\n", 0), ("", 0)])
def test_a_header_is_learned_after_a_yes(
    answer: str, n: int, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = county(project)
    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
    assert main(["check", str(path), "--learn"]) == 0
    out = capsys.readouterr()
    toml = project / "data" / "本县" / "dataset.toml"
    assert tomllib.loads(toml.read_text(encoding="utf-8")).get("columns", {}) == ({"能否网办": "是否网办"} if n else {})
    assert toml.read_text(encoding="utf-8").startswith(ABOUT.strip())
    assert ("没有写入" in out.err) == (n == 0)
    assert ("没有得到回答" in out.err) == (answer == "")
    assert any(
        line.split()[:4] == ["H", "能否网办", "是否网办", "dataset.toml"] for line in out.out.splitlines()
    ) == bool(n)
    columns = load_dataset("data/本县", settings=Settings(root=project)).columns
    assert columns == ({"能否网办": "online"} if n else {})


def test_a_file_that_lacks_a_column_is_learned_too(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = county(project)
    book = openpyxl.load_workbook(path)
    book.active["A1"] = "事项的名称"
    book.save(path)
    assert '"事项的名称" = "事项名称"' in said(["check", str(path)], capsys, 1)
    monkeypatch.setattr(sys, "stdin", io.StringIO("是\n是\n"))
    assert main(["check", str(path), "--learn"]) == 0
    assert [line.split()[:3] for line in capsys.readouterr().out.splitlines()][1] == ["遂溪县.xlsx", "4", "4"]


def test_an_annotated_copy_somebody_wrote_in_stays_and_each_file_has_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    heads = "行政区划,事项名称,基本编码,事项类型,行使层级,法定办结时限,承诺办结时限,到办事现场次数\n"
    names = ("甲.csv", "乙/丙.csv", "丙.csv", "丙.txt")
    for name in names:
        (tmp_path / "报送" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "报送" / name).write_text(
            heads + "440823,事项,440111000001,行政许可,县级,5,9,0\n", encoding="utf-8"
        )
    asked = ["check", str(tmp_path / "报送"), "--annotate", str(tmp_path / "退回")]
    assert main(asked) == main(asked) == 0
    copies = sorted((tmp_path / "退回").rglob("*.xlsx"))
    assert len(copies) == len(names)
    copies[0].write_bytes(copies[0].read_bytes() + b"typed")
    before = {path: path.read_bytes() for path in copies}
    assert main(asked) == 2
    assert f"“{copies[0].name}”已经存在，不会覆盖" in capsys.readouterr().err
    assert before == {path: path.read_bytes() for path in copies}


def test_the_whole_city_is_promised_only_where_a_build_makes_it(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    county(project, 行政区划代码="440800", 行使层级="市级")
    beforehand = said(["check", "data/本县"], capsys, 0)
    assert "湛江全市：缺赤坎区、霞山区、坡头区、麻章区、遂溪县等的事项，合计不出。" in beforehand
    (reports,) = (line.split()[4].split("、") for line in beforehand.splitlines() if line.startswith("湛江市 "))
    assert "全市对标" in reports
    assert "全市" not in reports


def test_measure_sums_no_whole_that_a_county_has_no_figure_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = load_period("data/sample", "2021Q1")
    short = now.items.assign(visits=now.items["visits"].mask(now.items["region_code"] == "440882"))
    monkeypatch.setattr("zjanalysis.cli.items.load_period", lambda *_: replace(now, items=short, memory={}))
    assert main(["measure", "--region", "全市,雷州市"]) == 0
    said = capsys.readouterr().out
    assert "湛江全市：跑动次数、跑动率、最多跑一次率、零跑动率缺雷州市的数据，合计不出。" in said
    assert not re.search("440800\\+ .*平均跑动次数", said)
    assert re.search("440882 .*平均跑动次数 .*无数据", said)
