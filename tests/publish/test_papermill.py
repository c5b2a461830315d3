"""papermill as people use it: every report's notebook by its own command, from anywhere, with regions as they are typed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from zjanalysis.inputs.regions import region_name
from zjanalysis.publish.build import build
from zjanalysis.publish.jobs import list_jobs, notebooks
from zjanalysis.settings import load_settings

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
MIME = "application/vnd.zjanalysis+json"
REPORTS = notebooks(load_settings(ROOT))
DISTRICT = "440825"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `zj build` makes: the city's reports and those of one district."""
    known, out = load_settings(ROOT), tmp_path_factory.mktemp("reports")
    jobs = [job for job in list_jobs(known, "data/sample", "2021Q1") if job.region_code in (known.focus, DISTRICT)]
    assert build(jobs, out=out, settings=known, progress=str).exit_code == 0
    return out / "2021Q1"


def papermill(notebook: Path, out: Path, *words: str) -> subprocess.Popen[str]:
    """Start the command as somebody types it in a folder of their own."""
    environment = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONWARNINGS", "ZJANALYSIS_ROOT")
    }
    return subprocess.Popen([sys.executable, "-m", "papermill", str(notebook), str(out), *words], cwd=out.parent,
                            env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, encoding="utf-8")  # fmt: skip


def blocks(path: Path) -> list[dict[str, Any]]:
    """Everything an executed notebook shows, as JSON: scores, gaps, tables, sentences."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    data = [output.get("data", {}) for cell in cells for output in cell.get("outputs", ())]
    return [bundle[MIME] for bundle in data if MIME in bundle]


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.output)
def test_a_code_a_name_and_a_file_give_what_the_build_gives(report: Any, built: Path, tmp_path: Path) -> None:
    code = DISTRICT if report.each == "district" else load_settings(ROOT).focus
    values = tmp_path / "参数.yaml"
    values.write_text(f"region: {code}\nperiod: 2021Q1\ndata: data/sample\n", encoding="utf-8")
    ways = {"number": ("-p", "region", code), "name": ("-r", "region", region_name(code)), "file": ("-f", str(values))}
    started = {way: papermill(report.path, tmp_path / f"{way}.ipynb", *words) for way, words in ways.items()}
    for way, process in started.items():
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, (way, said[-2000:])
    page = built / (f"{report.output}/{code}.ipynb" if report.each == "district" else f"{report.output}.ipynb")
    wanted = blocks(page)
    assert len(wanted) > 3
    for way in ways:
        assert blocks(tmp_path / f"{way}.ipynb") == wanted, way


def test_peers_may_be_a_list_of_codes_and_names(tmp_path: Path) -> None:
    report = next(one for one in REPORTS if one.each == "district")
    process = papermill(
        report.path, tmp_path / "o.ipynb", "-y", f"{{region: {DISTRICT}, peers: [440881, 雷州市, '440883']}}"
    )
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said[-2000:]
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
    process = papermill(report.path, tmp_path / "o.ipynb", *words)
    process.communicate(timeout=120)
    assert process.returncode == 1
    cells = json.loads((tmp_path / "o.ipynb").read_text(encoding="utf-8"))["cells"]
    (error,) = [o for cell in cells for o in cell.get("outputs", ()) if o["output_type"] == "error"]
    assert error["traceback"][0].startswith(sentence)
    assert len(error["traceback"]) == 2
    assert error["traceback"][1].startswith("提示：")
