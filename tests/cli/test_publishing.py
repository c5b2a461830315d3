"""``zj bundle``, ``zj open``, ``zj lab``, ``zj demo``, ``zj build --with`` as their users meet them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import openpyxl
import pytest

from tests.conftest import zj
from zjanalysis.cli import desk, main
from zjanalysis.inputs.regions import report_units
from zjanalysis.publish.bundle import load_addresses
from zjanalysis.publish.jobs import list_jobs
from zjanalysis.settings import load_settings

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_real_set_makes_what_can_be_made_and_says_what_cannot(tmp_path: Path) -> None:
    for name in ("data/gd-2021-05", "notebooks"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "zjanalysis.toml", tmp_path)
    done = zj("build", "--data", "data/gd-2021-05", root=tmp_path)
    assert done.returncode == 0, done.stderr
    folders = [tmp_path / "reports" / "gd-2021-05" / code / "2021-05" for code in ("440000", "440100")]
    for folder in folders:
        pages = {path.relative_to(folder).as_posix() for path in folder.rglob("*.html")}
        assert pages == {"city.html", "quality.html", "plan.html", "ledger.html", "trend.html", "index.html"}
    assert "越秀区：2021-05 期没有它的事项，不生成报告。" in done.stderr
    assert "没有办件数据" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.splitlines()[-1].startswith("已生成 5 份，无需更新 0 份，没有数据 13 份，失败 0 份。")
    dry = zj("build", "--dry-run", "--data", "data/gd-2021-05", root=tmp_path)
    assert dry.stdout.splitlines()[0] == "将生成 0 份，没有数据 2 份，其余 5 份无需更新（未写任何文件）。"
    assert "已写入" in zj("index", "--data", "data/gd-2021-05", root=tmp_path).stdout
    assert len(list((tmp_path / "reports").rglob("*.zip"))) == 0
    assert zj("bundle", "--data", "data/gd-2021-05", root=tmp_path).returncode == 0
    place = tmp_path / "reports" / "打包" / "gd-2021-05"
    assert len(list(place.rglob("*.zip"))) == 2


def test_an_index_of_what_nobody_published_is_an_error(
    reports: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["index", "--out", str(reports), "--period", "2020Q4"]) == 2
    assert "未找到已发布的期次“2020Q4”" in capsys.readouterr().err
    assert not (reports / "2020Q4").exists()
    assert main(["index", "--out", str(tmp_path / "没有")]) == 2
    assert main(["index", "--out", str(reports)]) == 0


@pytest.fixture
def reports(published: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(published.parent, tmp_path / "报告"))


def test_zips_lie_beside_the_reports_and_the_last_line_says_where(
    reports: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bundle", "--reports", str(reports)]) == 0
    said = capsys.readouterr()
    place = reports / "打包" / "2021Q1"
    assert f"已写入压缩包 3 个，未收入报告 0 份。位置：{place}" in said.out
    assert "已写入 440823_遂溪县_2021Q1.zip" in said.err
    assert len(list(place.glob("*.zip"))) == 3
    assert main(["bundle", "--reports", str(reports)]) == 0


def test_the_form_reads_back_and_gives_letters(
    reports: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    form = tmp_path / "收件人.xlsx"
    assert main(["template", str(form), "--addresses", "--region", "440800"]) == 0
    book = openpyxl.load_workbook(form)
    column = [cell.value for cell in book.active["A"]]
    assert len(column) == 3 + 1 + len(report_units("440800"))
    row = column.index("遂溪县") + 1
    book.active.cell(row, 2, "a@x.example.cn")
    book.save(form)
    assert load_addresses(form)["440823"].to == ("a@x.example.cn",)
    out = tmp_path / "下发"
    assert main(["bundle", "--reports", str(reports), "--out", str(out), "--mail", str(form)]) == 0
    assert "邮件草稿 1 封（没有发送）" in capsys.readouterr().out
    letter = out / "440823_遂溪县_2021Q1.eml"
    letter.write_bytes(edited := letter.read_bytes() + b"\r\n")
    zips = {path: path.stat().st_mtime_ns for path in out.glob("*.zip")}
    assert main(["bundle", "--reports", str(reports), "--out", str(out), "--mail", str(form)]) == 2
    assert f"“{letter.name}”已经存在，不会覆盖" in capsys.readouterr().err
    assert letter.read_bytes() == edited
    assert zips == {path: path.stat().st_mtime_ns for path in out.glob("*.zip")}


def test_a_report_left_out_is_exit_code_1(reports: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (reports / "2021Q1" / "district" / "440823.html").write_bytes(b"")
    assert main(["bundle", "--reports", str(reports)]) == 1
    assert "页面与发布时的内容不符" in capsys.readouterr().err


def test_wrong_calls_are_one_sentence(reports: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bundle", "--reports", str(reports), "--period", "2021Q9"]) == 2
    assert "未找到已发布的期次“2021Q9”，是不是“2021Q1”" in capsys.readouterr().err
    assert main(["bundle", "--reports", str(tmp_path / "没有")]) == 2
    assert "未找到已发布的期次" in capsys.readouterr().err
    bad = tmp_path / "收件人.csv"
    bad.write_text("地区,收件人\n遂溪县,张三\n", encoding="utf-8")
    assert main(["bundle", "--reports", str(reports), "--mail", str(bad)]) == 2
    assert "收件人“张三”不是邮箱地址" in capsys.readouterr().err
    assert not (reports / "打包").exists()


RECORD = {"fingerprint": "7K3-F9Q-2M8-TX1", "notebook": "03_district_report.ipynb",
          "parameters": {"data": "sample", "peers": "粤西", "period": "2021Q1", "region": "440823", "report_date": ""}}  # fmt: skip


def page(folder: Path, record: object) -> Path:
    path = folder / "遂溪县 报告.html"
    told = json.dumps(record, ensure_ascii=False).replace("<", "\\u003c")
    path.write_text(
        f'<html><script type="application/json" id="zj-provenance">\n{told}\n</script></html>', encoding="utf-8"
    )
    return path


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder of its own, with this checkout's notebooks and an empty data set of the sample's name."""
    root, ours = tmp_path / "项目 一", load_settings().root
    (root / "data" / "sample").mkdir(parents=True)
    (root / "notebooks").mkdir()
    for name in ("02_city_benchmark.ipynb", "03_district_report.ipynb"):
        (root / "notebooks" / name).write_bytes((ours / "notebooks" / name).read_bytes())
    (root / "zjanalysis.toml").write_bytes((ours / "zjanalysis.toml").read_bytes())
    monkeypatch.setenv("ZJANALYSIS_ROOT", str(root))
    return root


def test_the_copy_has_the_parameters_of_the_page_and_an_edited_one_is_kept(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = page(project, RECORD)
    assert main(["open", str(told), "--no-lab"]) == 0
    assert "notebooks/mine/03_district_report-440823.ipynb" in capsys.readouterr().out
    first = project / "notebooks" / "mine" / "03_district_report-440823.ipynb"
    written = nbformat.read(first, as_version=4)
    nbformat.validate(written)
    injected = next(c.source for c in written.cells if "injected-parameters" in c.metadata.get("tags", ()))
    values: dict[str, object] = {}
    exec(injected, values)
    assert {name: values[name] for name in ("data", "peers", "period", "region")} == {
        "data": "data/sample", "peers": "粤西", "period": "2021Q1", "region": "440823"}  # fmt: skip
    first.write_text("mine", encoding="utf-8")
    assert main(["open", str(told), "--no-lab"]) == 0
    assert first.read_text(encoding="utf-8") == "mine"
    assert (first.parent / "03_district_report-440823-2.ipynb").is_file()


HOSTILE = {
    "another notebook": ({**RECORD, "notebook": "../../evil.ipynb"}, "不是本工具生成的页面"),
    "code as a parameter": ({**RECORD, "parameters": {"x; import os": "1"}}, "未找到参数"),
    "a number for text": ({**RECORD, "parameters": {**RECORD["parameters"], "region": 1}}, "应是文字"),
    "another data set": ({**RECORD, "parameters": {**RECORD["parameters"], "data": "../secret"}}, "没有页面所用的数据集"),
    "no record": ([], "不是本工具生成的页面"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_a_page_that_is_none_writes_nothing(case: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record, sentence = HOSTILE[case]
    assert main(["open", str(page(project, record)), "--no-lab"]) != 0
    assert sentence in capsys.readouterr().err
    assert not (project / "notebooks" / "mine").exists()


def test_a_path_that_is_no_page_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["open", str(tmp_path / "无.html"), "--no-lab"]) != 0
    assert "找不到文件“无.html”" in capsys.readouterr().err


def test_quotes_in_a_value_stay_a_value(project: Path) -> None:
    odd = {**RECORD, "parameters": {**RECORD["parameters"], "peers": '"; raise SystemExit #'}}
    assert main(["open", str(page(project, odd)), "--no-lab"]) == 0
    (copy,) = (project / "notebooks" / "mine").glob("*.ipynb")
    injected = next(
        c.source for c in nbformat.read(copy, as_version=4).cells if "injected-parameters" in c.metadata.get("tags", ())
    )
    values: dict[str, object] = {}
    exec(injected, values)
    assert values["peers"] == '"; raise SystemExit #'


def test_the_lab_gets_this_python_and_what_the_user_has_set_stays(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_PATH", "elsewhere")
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "own")
    given = desk.lab_environment()
    first, *others = given["JUPYTER_PATH"].split(os.pathsep)
    spec = json.loads((Path(first) / "kernels" / "python3" / "kernel.json").read_text(encoding="utf-8"))
    assert Path(spec["argv"][0]).resolve() == Path(os.sys.executable).resolve()  # type: ignore[attr-defined]
    assert others == ["elsewhere"]
    ours, *others = given["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert others == ["own"]
    told = json.loads((Path(ours) / "labconfig" / "default_setting_overrides.json").read_text(encoding="utf-8"))
    assert told[desk.NOTICES] == {"fetchNews": "false", "checkForUpdates": False}
    assert told[desk.LANGUAGE] == {"locale": "zh_CN"}


def test_build_reads_the_choice_and_refuses_what_it_does_not_know(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = tmp_path / "440823.toml"
    chosen.write_text(
        f'data = "data/sample"\nperiod = "2021Q1"\nonly = "440823"\npeers = "440881"\nout = "{tmp_path.as_posix()}"\n',
        encoding="utf-8",
    )
    assert main(["build", "--with", str(chosen), "--dry-run"]) == 0
    assert "将生成 1 份" in capsys.readouterr().out
    for text, sentence in (('region = "1"', "未找到参数"), ("only = 1", "应是文字"), ("only = ", "读不懂")):
        chosen.write_text(text, encoding="utf-8")
        assert main(["build", "--with", str(chosen), "--dry-run"]) != 0
        assert sentence in capsys.readouterr().err
    jobs = list_jobs(load_settings(), "data/sample", "2021Q1", peers="440881")
    assert {job.parameters["peers"] for job in jobs} == {"440881"}
    assert {job.reads for job in jobs} == {()}


def test_demo_runs_the_script_of_the_project_and_says_what_it_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "项目"
    (root / "data").mkdir(parents=True)
    monkeypatch.setenv("ZJANALYSIS_ROOT", str(root))
    assert main(["demo", str(tmp_path / "八期")]) == 2
    assert "找不到 data/make_sample.py" in capsys.readouterr().err
    script = "import pathlib, sys; pathlib.Path(sys.argv[2], 'a').touch(); sys.exit(sys.argv[1] != '--demo')"
    (root / "data" / "make_sample.py").write_text(script, encoding="utf-8")
    assert main(["demo", str(tmp_path / "八期")]) == 0
    assert "八期示例数据（模拟）" in capsys.readouterr().out
    assert (tmp_path / "八期" / "a").is_file()
    assert main(["demo", "province"]) == 1
    sample = root / "data" / "sample"
    (note := tmp_path / "说明.txt").touch()
    for place in (tmp_path / "八期", root / "data", sample, sample / "2022Q1", note, note / "八期"):
        assert main(["demo", str(place)]) == 2
        said = capsys.readouterr().err
        assert re.search("不会覆盖|不写进去|不能用作文件夹", said)
        assert "zj demo data/demo" in said
    assert not sample.exists()


def test_a_build_with_nothing_to_do_loads_no_tables_and_a_name_given_twice_is_two_reports(reports: Path) -> None:
    words = ["build", "--data", "data/sample", "--date", "2021-04-15", "--out", str(reports), "--only", "440823"]
    code = "import sys\nfrom zjanalysis.cli import main\nassert not main(sys.argv[1:])\nprint(*sys.modules)"
    command = [sys.executable, "-c", code, *words]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=True).stdout.splitlines()
    assert said[-2].startswith("已生成 0 份，无需更新 1 份")
    assert not {"pandas", "numpy", "duckdb", "matplotlib", "jinja2", "papermill"} & set(said[-1].split())
    two = zj(*words, "--only", "赤坎区", "--dry-run", root=ROOT)
    assert two.stdout.startswith("将生成 1 份，其余 1 份无需更新")
