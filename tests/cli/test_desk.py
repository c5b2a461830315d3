"""``zj open`` writes the notebook of a page with its parameters; ``zj build --with`` makes what the explorer chose."""

from __future__ import annotations

import json
import os
from pathlib import Path

import nbformat
import pytest

from zjanalysis.cli import desk, main
from zjanalysis.publish.jobs import list_jobs
from zjanalysis.settings import load_settings

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
    given = desk._environment()
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
    script = "import pathlib, sys; pathlib.Path(sys.argv[2]).mkdir(); assert sys.argv[1] == '--demo'"
    (root / "data" / "make_sample.py").write_text(script, encoding="utf-8")
    assert main(["demo", str(tmp_path / "八期")]) == 0
    assert "八期示例数据（模拟）" in capsys.readouterr().out
    assert (tmp_path / "八期").is_dir()
    assert main(["demo", str(tmp_path / "没有" / "八期")]) == 1
