"""Jobs, their choice by name, and the strict check of their parameters."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import zj
from zjanalysis.errors import ConfigError, InputError, UnknownName
from zjanalysis.publish.build import BuildSummary, build
from zjanalysis.publish.jobs import Job, check_parameters, declared_parameters, list_jobs, select, unfit
from zjanalysis.settings import Settings, load_settings

Jobs = Callable[..., tuple[Job, ...]]
ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_city_comes_first_and_then_the_ten_report_units() -> None:
    jobs = list_jobs(load_settings(ROOT), "data/sample")
    assert [job.region for job in jobs[:3]] == ["湛江市", "赤坎区", "霞山区"]
    districts = [job for job in jobs if job.key.startswith("district/")]
    assert len(districts) == 10
    assert districts[-1].region_code == "4408Z1"
    assert {job.region for job in jobs if job not in districts} == {"湛江市"}
    assert jobs[0].data == "data/sample"
    for job in jobs:
        check_parameters(job)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A project with this checkout's notebooks and a data set of one period that nobody reads here."""
    (tmp_path / "data" / "sample" / "2021Q1" / "items").mkdir(parents=True)
    (tmp_path / "data" / "sample" / "dataset.toml").write_text('title = "微型"\nkind = "sample"\n', encoding="utf-8")
    (tmp_path / "notebooks").mkdir()
    for path in (ROOT / "notebooks").glob("0*.ipynb"):
        shutil.copy(path, tmp_path / "notebooks")
    monkeypatch.chdir(tmp_path)
    return Settings(root=tmp_path)


def drop_in(office: Settings, name: str, block: object, *, parameters: str = "") -> None:
    """Put a copy of the district report into ``notebooks``, with another block and other parameters."""
    book = json.loads((ROOT / "notebooks" / "03_district_report.ipynb").read_text(encoding="utf-8"))
    if block is not None:
        book["metadata"]["zjanalysis"] = block
    if parameters:
        book["cells"][0]["source"] = parameters
    path = office.root / "notebooks" / name
    path.write_text(json.dumps(book, ensure_ascii=False), encoding="utf-8")


def test_a_copy_dropped_into_the_folder_is_a_report_called_by_its_file(office: Settings) -> None:
    before = list_jobs(office)
    drop_in(office, "10_my.ipynb", None)
    more = [job for job in list_jobs(office) if job.key not in {one.key for one in before}]
    assert [job.key for job in more[:2]] == ["my/440802", "my/440803"]
    assert len(more) == 10
    assert more[4].label == "遂溪县·县区通报（my）"
    assert [job.key for job in list_jobs(office) if job not in more] == [job.key for job in before]
    assert [job.key for job in select(list_jobs(office), ("遂溪县", "my/440823"))] == ["district/440823", "my/440823"]
    for job in more:
        check_parameters(job)


def test_a_report_of_ones_own_says_for_whom_it_is_and_keeps_what_it_declares(office: Settings) -> None:
    drop_in(office, "11_跑动.ipynb", {"title": "跑动专题", "for": "city", "output": "跑动", "order": 2.5},
            parameters='data: str = ""\nperiod: str = ""\nregion: str = ""\npeers: str = "粤西"\nlimit: int = 7')  # fmt: skip
    drop_in(office, "12_all.ipynb", {"title": "全省一览", "for": "once", "output": "all"},
            parameters='data: str = ""\nperiod: str = ""')  # fmt: skip
    jobs = {job.key: job for job in list_jobs(office, report_date="2021-04-15")}
    assert list(jobs)[11:13] == ["跑动", "quality"]
    assert jobs["跑动"].label == "湛江市·跑动专题"
    told = {"data": "data/sample", "period": "2021Q1", "region": "440800", "peers": "粤西", "limit": 7}
    assert jobs["跑动"].parameters == told
    assert jobs["all"].parameters == {"data": "data/sample", "period": "2021Q1"}
    other = {job.key: job for job in list_jobs(office, peers="441700")}
    assert other["跑动"].parameters["peers"] == "441700"


def test_a_district_report_with_peers_of_its_own_reads_every_region(office: Settings) -> None:
    block = {"title": "对标", "for": "district", "output": "my", "reads": "siblings"}
    drop_in(
        office,
        "10_my.ipynb",
        block,
        parameters='data: str = ""\nperiod: str = ""\nregion: str = ""\npeers: str = "高州市"',
    )
    reads = {job.key: job.reads for job in list_jobs(office)}
    assert reads["my/440823"] == ()
    assert len(reads["district/440823"]) == 11


WRONG = {
    "another key": ({"titel": "x"}, "未找到元数据（10_my.ipynb）“titel”，是不是“title”"),
    "for nobody": ({"title": "x", "for": "county", "output": "x"}, "未找到元数据 for 的值（10_my.ipynb）“county”"),
    "a path": ({"title": "x", "for": "city", "output": "../x"}, "输出名“../x”不能用"),
    "the index": ({"title": "x", "for": "city", "output": "index"}, "输出名“index”不能用"),
    "for nearly a district": ({"title": "x", "for": "distrct", "output": "x"}, "“distrct”，是不是“district”"),
    "no block": ("district", "笔记本 10_my.ipynb 的元数据 zjanalysis 读不懂"),
    "a list": (["district"], "笔记本 10_my.ipynb 的元数据 zjanalysis 读不懂"),
    "an order in words": ({"title": "x", "for": "city", "output": "x", "order": "七"}, "元数据 zjanalysis 读不懂"),
    "no words": ({}, "未找到元数据 for 的值（10_my.ipynb）“”"),
    "a code that is a number": ({"title": "x", "for": "city", "output": "x"}, "参数“region”的值 '' 不对，应是整数"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_notebook_that_is_no_good_as_a_report_is_named(office: Settings, case: str) -> None:
    """It is left out, and the others are reports as before."""
    before, (block, message) = list_jobs(office), WRONG[case]
    number = 'data = ""\nperiod = ""\nregion = 440823' if case == "a code that is a number" else ""
    drop_in(office, "10_my.ipynb", block, parameters=number)
    assert list_jobs(office) == before
    [(name, why)] = unfit(office).items()
    assert (name, message in why) == ("10_my.ipynb", True), why
    for path in (office.root / "notebooks").glob("0*.ipynb"):
        path.unlink()
    with pytest.raises((UnknownName, ConfigError), match=re.escape(message)):
        list_jobs(office)


def test_list_and_build_name_a_notebook_that_is_no_good_and_go_on(
    office: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fails a build of everything, and none that was asked for something else."""
    drop_in(office, "13_bad.ipynb", {"title": "x", "for": "distrct", "output": "x"})
    good = BuildSummary(("city",), (), (), ("已生成 1 份。",))
    monkeypatch.setattr("zjanalysis.cli.publishing.build_reports", lambda *_, **__: good)
    why = "笔记本 13_bad.ipynb 不能作报告，略过。未找到元数据 for 的值（13_bad.ipynb）“distrct”，是不是“district”？"
    told = {words: zj(*words.split(), root=office.root) for words in ("list", "build", "build --only 遂溪县")}
    assert [done.returncode for done in told.values()] == [0, 1, 0]
    assert all(why in done.stderr for done in told.values())
    assert "17 份报告" in told["list"].stdout
    assert "失败的笔记本 1 本：13_bad.ipynb。" in told["build"].stdout
    assert "失败" not in told["build --only 遂溪县"].stdout


def test_a_copy_does_not_take_the_place_of_a_report_that_is_no_good(office: Settings) -> None:
    drop_in(office, "03_district_report.ipynb", {"title": "县区通报", "for": "distrct", "output": "district"})
    (office.root / "notebooks" / "00_x.ipynb").write_text("{", encoding="utf-8")
    drop_in(office, "10_my.ipynb", {"title": "县区通报", "for": "district", "output": "district"})
    assert {job.key.partition("/")[0] for job in list_jobs(office)} & {"district", "my"} == {"my"}
    assert list(unfit(office)) == ["00_x.ipynb", "03_district_report.ipynb"]


def test_every_data_set_and_city_has_a_folder_of_its_own(office: Settings) -> None:
    """Short for what the project comes with, so that the path of the README stays."""
    assert {job.place for job in list_jobs(office)} == {"2021Q1"}
    assert {job.place for job in list_jobs(replace(office, focus="440900"))} == {"sample/440900/2021Q1"}
    (office.root / "data" / "sample").rename(office.root / "data" / "own")
    assert {job.place for job in list_jobs(office, "data/own")} == {"own/440800/2021Q1"}


def test_a_data_set_may_say_whom_its_reports_are_about(office: Settings) -> None:
    about = office.root / "data" / "sample" / "dataset.toml"
    text = 'title = "微型"\nkind = "sample"\nfocus = ["440000", "440100"]\npeers = "440000,440100"\n'
    about.write_text(text, encoding="utf-8")
    drop_in(office, "12_all.ipynb", {"title": "一览", "for": "once", "output": "all"})
    jobs = list_jobs(office)
    assert {job.place for job in jobs} == {"sample/440000/2021Q1", "sample/440100/2021Q1"}
    assert {job.parameters["peers"] for job in jobs} == {"440000,440100"}
    assert [(job.focus, job.has_subject) for job in jobs if job.key == "all"] == [("440000", False)]
    assert {job.focus for job in select(jobs, ("city",))} == {"440000", "440100"}
    assert [job.key for job in select(jobs, ("广州市", "荔湾区"))] == ["city", "district/440103"]
    assert {job.focus for job in list_jobs(replace(office, focus="440100"))} == {"440100"}


def test_a_set_without_periods_is_one_sentence(office: Settings) -> None:
    shutil.rmtree(office.root / "data" / "sample" / "2021Q1")
    with pytest.raises(InputError, match="没有任何期次"):
        list_jobs(office)


def test_without_reports_the_next_step_is_said(office: Settings) -> None:
    for path in (office.root / "notebooks").glob("*.ipynb"):
        path.unlink()
    with pytest.raises(ConfigError, match="没有报告笔记本"):
        list_jobs(office)


def test_no_notebook_is_named_in_the_code() -> None:
    named = [path.name for path in (ROOT / "zjanalysis" / "publish").rglob("*.py")
             if re.search(r"\d\d_\w+\.ipynb", path.read_text(encoding="utf-8"))]  # fmt: skip
    assert named == []


def test_an_unknown_period_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownName, match="2021Q1"):
        list_jobs(load_settings(ROOT), "data/sample", "2021Q9")


def test_reports_are_chosen_by_code_name_or_key_in_the_order_of_the_jobs(jobs_of: Jobs) -> None:
    jobs = jobs_of()
    assert [job.region for job in select(jobs, ("坡头区", "440802", "district/440803"))] == [
        "赤坎区",
        "霞山区",
        "坡头区",
    ]
    assert [job.region for job in select(jobs, ("坡头区",))] == ["坡头区"]
    assert len(select(jobs)) == 3
    assert [job.region for job in select(jobs, limit=1)] == ["赤坎区"]
    with pytest.raises(UnknownName, match="是不是“赤坎区”"):
        select(jobs, ("赤砍区",))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"regoin": "440802"}, "未找到参数（tiny.ipynb）“regoin”，是不是“region”"),
        ({"region": 440802}, "参数“region”的值 440802 不对，应是文字"),
        ({"peers": None}, "参数“peers”的值 None 不对"),
    ],
)
def test_a_parameter_that_does_not_belong_is_refused(jobs_of: Jobs, changed: dict[str, object], message: str) -> None:
    job = jobs_of()[0]
    with pytest.raises((UnknownName, ConfigError)) as caught:
        check_parameters(replace(job, parameters={**job.parameters, **changed}))
    assert message in str(caught.value)


def test_a_missing_parameter_stops_the_build_before_anything_is_written(
    settings: Settings, jobs_of: Jobs, folder: Path
) -> None:
    job = jobs_of()[0]
    less = {name: value for name, value in job.parameters.items() if name != "peers"}
    with pytest.raises(ConfigError, match="缺少参数：peers"):
        build([replace(job, parameters=less)], out=folder.parent, settings=settings, progress=lambda line: None)
    assert not folder.parent.exists()


def test_parameters_are_typed_literals(settings: Settings, notebook: Callable[..., Path]) -> None:
    path = settings.root / "notebooks" / "other.ipynb"
    notebook(path, parameters='n: int = 3\nshare = 0.5\nnames = ["甲"]\nflag = True')
    assert declared_parameters(path) == {"n": 3, "share": 0.5, "names": ["甲"], "flag": True}
    notebook(path, parameters="today = date.today()")
    with pytest.raises(ConfigError, match="参数单元格读不懂"):
        declared_parameters(path)


def test_a_bool_is_no_number_and_an_int_is_a_float(
    settings: Settings, jobs_of: Jobs, notebook: Callable[..., Path]
) -> None:
    path = notebook(settings.root / "notebooks" / "other.ipynb", parameters="share = 0.5")
    job = replace(jobs_of()[0], notebook=path)
    check_parameters(replace(job, parameters={"share": 1}))
    with pytest.raises(ConfigError, match="True 不对，应是数字"):
        check_parameters(replace(job, parameters={"share": True}))


@pytest.mark.parametrize(
    ("content", "message"), [(None, "找不到笔记本"), ("{", "不是笔记本文件"), ("[]", "不是笔记本文件")]
)
def test_a_file_that_is_no_notebook_is_named(settings: Settings, content: str | None, message: str) -> None:
    path = settings.root / "notebooks" / "broken.ipynb"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        declared_parameters(path)
