"""papermill as people use it: every report's notebook by its own command, from anywhere, with regions as they are typed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from papermill.cli import papermill as command

from zjanalysis.inputs.regions import region_name
from zjanalysis.publish.build import build
from zjanalysis.publish.jobs import list_jobs, notebooks
from zjanalysis.settings import load_settings

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
MIME = "application/vnd.zjanalysis+json"
REPORTS = notebooks(load_settings(ROOT))
DISTRICT = "440825"
UNTOLD = ("PYTHONWARNINGS", "ZJANALYSIS_ROOT")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `zj build` makes: the city's reports and those of one district."""
    known, out = load_settings(ROOT), tmp_path_factory.mktemp("reports")
    jobs = [job for job in list_jobs(known, "data/sample", "2021Q1") if job.region_code in (known.focus, DISTRICT)]
    assert build(jobs, out=out, settings=known, progress=str).exit_code == 0
    return out / "2021Q1"


def papermill(notebook: Path, out: Path, *words: str, kernel: bool) -> tuple[int, str]:
    """Run the command in a folder of its own, in this process; gives exit code and what it said.

    The cells are run by a real kernel, or by our engine.
    """
    call = [str(notebook), str(out), *words, "--no-progress-bar", *([] if kernel else ["--engine", "zjanalysis"])]
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        for name in UNTOLD:
            patch.delenv(name, raising=False)
        patch.chdir(out.parent)
        warnings.simplefilter("ignore")
        result = CliRunner().invoke(command, call)
    return result.exit_code, f"{result.output}{result.exception}"[-2000:]


def typed(notebook: Path, out: Path, *words: str) -> tuple[int, str]:
    """Run the command in a process of its own, as somebody types it; gives exit code and what it said."""
    environment = {name: value for name, value in os.environ.items() if name not in UNTOLD}
    done = subprocess.run([sys.executable, "-m", "papermill", str(notebook), str(out), *words], cwd=out.parent,
                          env=environment, capture_output=True, encoding="utf-8", timeout=300, check=False)  # fmt: skip
    return done.returncode, done.stderr[-2000:]


def blocks(path: Path) -> list[dict[str, Any]]:
    """Everything an executed notebook shows, as JSON: scores, gaps, tables, sentences."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    data = [output.get("data", {}) for cell in cells for output in cell.get("outputs", ())]
    return [bundle[MIME] for bundle in data if MIME in bundle]


def shown(path: Path) -> list[tuple[int | None, Any]]:
    """Number and outputs of every cell of an executed notebook."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [(cell.get("execution_count"), cell.get("outputs")) for cell in cells]


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.output)
def test_a_code_a_name_and_a_file_give_what_the_build_gives(report: Any, built: Path, tmp_path: Path) -> None:
    """Each report in one of the ways by a real kernel, and one in each way by our engine: every output of every cell."""
    code = DISTRICT if report.each == "district" else load_settings(ROOT).focus
    values = tmp_path / "参数.yaml"
    values.write_text(f"region: {code}\nperiod: 2021Q1\ndata: data/sample\n", encoding="utf-8")
    ways = (("-p", "region", code), ("-r", "region", region_name(code)), ("-f", str(values)))
    page = built / (f"{report.output}/{code}.ipynb" if report.each == "district" else f"{report.output}.ipynb")
    wanted = shown(page)
    assert len(blocks(page)) > 3
    place = REPORTS.index(report)
    for kernel in (True, False)[: 2 if place < len(ways) else 1]:
        out, way = tmp_path / f"{kernel}.ipynb", ways[(place + kernel) % len(ways)]
        returncode, said = papermill(report.path, out, *way, kernel=kernel)
        assert returncode == 0, (way, said)
        assert shown(out) == wanted, way


def test_peers_may_be_a_list_of_codes_and_names(tmp_path: Path) -> None:
    report = next(one for one in REPORTS if one.each == "district")
    words = ("-y", f"{{region: {DISTRICT}, peers: [440881, 雷州市, '440883']}}")
    returncode, said = papermill(report.path, tmp_path / "o.ipynb", *words, kernel=False)
    assert returncode == 0, said
    text = json.dumps(blocks(tmp_path / "o.ipynb"), ensure_ascii=False)
    assert "雷州市" in text
    assert "坡头区" not in text


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("-p", "region", "徐文县"), "未找到地区“徐文县”，是不是“徐闻县”"),
        (("-p", "region", "999999"), "未找到地区“999999”"),
        (("-p", "period", "2021Q7"), "未找到期次“2021Q7”，是不是“2021Q1”"),
        (
            ("-y", "data: data/gd-2021-05\nperiod: 2021-05"),
            "广东政务服务网实施清单（省级与广州市级，2021年5月）（2021-05）里没有遂溪县的事项。",
        ),
    ],
    ids=["a name", "a number", "a period", "a region without rows"],
)
def test_a_wrong_value_is_one_sentence_in_the_notebook(words: tuple[str, ...], sentence: str, tmp_path: Path) -> None:
    report = next(one for one in REPORTS if one.each == "district")
    run = typed if words[0] == "-y" else partial(papermill, kernel=False)
    returncode, _ = run(report.path, tmp_path / "o.ipynb", *words)
    assert returncode == 1
    cells = json.loads((tmp_path / "o.ipynb").read_text(encoding="utf-8"))["cells"]
    (error,) = [o for cell in cells for o in cell.get("outputs", ()) if o["output_type"] == "error"]
    assert error["traceback"][0].startswith(sentence)
    assert len(error["traceback"]) == 2
    assert error["traceback"][1].startswith("提示：")
