"""Jobs, their choice by name, and the strict check of their parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from zjanalysis.errors import ConfigError, InputError, UnknownName
from zjanalysis.publish.build import build
from zjanalysis.publish.jobs import Job, check_parameters, declared_parameters, list_jobs, select
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
