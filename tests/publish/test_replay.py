"""A report of an old period is the same bytes whatever came later, and says which definition changed if it is not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from zjanalysis.inputs.dataset import seen_from
from zjanalysis.publish.build import Options, build
from zjanalysis.publish.jobs import list_jobs, select
from zjanalysis.publish.staleness import verify
from zjanalysis.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.e2e
LATER = """
[periods."2021Q2"]
title = "2021年第二季度"
cutoff = "2021-06-30"
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A project of its own with the sample as it was when 2020Q4 was the newest period."""
    root = tmp_path_factory.mktemp("回放") / "项目"
    shutil.copytree(ROOT / "notebooks", root / "notebooks", ignore=shutil.ignore_patterns(".*", "mine"))
    shutil.copy(ROOT / "zjanalysis.toml", root)
    shutil.copytree(ROOT / "data" / "sample", root / "data" / "sample", ignore=shutil.ignore_patterns("2021Q1"))
    about = root / "data" / "sample" / "dataset.toml"
    about.write_text(about.read_text(encoding="utf-8").split('[periods."2021Q1"]')[0], encoding="utf-8")
    return load_settings(root)


def built(settings: Settings, out: Path) -> dict[str, bytes]:
    jobs = select(list_jobs(settings, str(settings.root / "data" / "sample"), "2020Q4"), ("440883",))
    said: list[str] = []
    summary = build(jobs, out=out, settings=settings, options=Options(force=True, workers=1), progress=said.append)
    assert summary.exit_code == 0, said
    return {path.name: path.read_bytes() for path in sorted((out / jobs[0].place / "district").iterdir())}


def test_an_old_period_gives_the_same_bytes_after_later_ones_have_come(project: Settings, tmp_path: Path) -> None:
    then = built(project, tmp_path / "当时")
    folder = project.root / "data" / "sample"
    shutil.copytree(ROOT / "data" / "sample" / "2021Q1", folder / "2021Q1")
    shutil.copy(ROOT / "data" / "sample" / "dataset.toml", folder)
    for name, row in (("history.csv", "2021Q2,440800,instant,1,2,2,0,2021,公布"),
                      ("successions.csv", "2021Q2,440112903000,440112999000,文,")):  # fmt: skip
        with (folder / name).open("a", encoding="utf-8") as file:
            file.write(row + "\n")
    with (folder / "dataset.toml").open("a", encoding="utf-8") as file:
        file.write(LATER)
    now = built(project, tmp_path / "现在")
    assert {suffix.rpartition(".")[2] for suffix in now} >= {"html", "xlsx", "ipynb"}
    assert now == then
    # the definition of what matters changes: the page says so, and by how much
    settings_file = project.root / "zjanalysis.toml"
    text = settings_file.read_text(encoding="utf-8")
    settings_file.write_text(text.replace("margin_visits = 0.02", "margin_visits = 0.05"), encoding="utf-8")
    changed = load_settings(project.root)
    assert changed.comparison.margin_visits == 0.05
    said: list[str] = []
    jobs = select(list_jobs(changed, str(folder), "2020Q4"), ("440883",))
    build(jobs, out=tmp_path / "现在", settings=changed, options=Options(dry_run=True), progress=said.append)
    assert said == ["吴川市：口径与设置有变；口径的变化：comparison.margin_visits 0.02→0.05"]
    page = tmp_path / "现在" / jobs[0].place / "district" / "440883.html"
    _, lines = verify(str(page), out=tmp_path / "现在", settings=changed, data=str(folder))
    assert lines[-1] == "口径的变化：comparison.margin_visits 0.02→0.05。"


@pytest.mark.parametrize(
    ("name", "text", "more"),
    [
        ("dataset.toml", 'title = "甲"\n[periods."2020Q4"]\ncutoff = "2020-12-31"\n', LATER),
        ("history.csv", "期次,地区,指标代码,分子,分母\n2020Q4,440823,instant,1,2\n", "2021Q1,440823,instant,1,2\n"),
        ("successions.csv", "启用期次,原编码,现编码,依据\n2020Q4,1,2,文\n", "2021Q1,2,3,文\n"),
    ],
)
def test_what_a_later_period_adds_is_not_seen_and_a_changed_past_is(
    tmp_path: Path, name: str, text: str, more: str
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    before = seen_from(path, "2020Q4")
    path.write_text(text + more, encoding="utf-8")
    assert seen_from(path, "2020Q4") == before
    assert seen_from(path, "2021Q2") != before
    path.write_text(text.replace("2020Q4", "2020Q3") + more, encoding="utf-8")
    assert seen_from(path, "2020Q4") != before
