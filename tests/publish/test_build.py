"""Which reports are made, and made again, and why: only those that could differ, each with its reason."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from zjanalysis.errors import InputError, PublishError
from zjanalysis.files import file_digest, state_of
from zjanalysis.inputs.dataset import Dataset
from zjanalysis.publish import snapshot, staleness
from zjanalysis.publish.build import Options, build
from zjanalysis.publish.bundle import bundle
from zjanalysis.publish.index import write_index
from zjanalysis.publish.jobs import Job
from zjanalysis.publish.release import certified_digest, read_manifest
from zjanalysis.settings import Settings, Units

pytestmark = pytest.mark.e2e

Jobs = Callable[..., tuple[Job, ...]]
Entries = Callable[[], dict[str, dict[str, object]]]


def test_a_build_writes_page_workbook_notebook_index_and_a_true_manifest(
    settings: Settings, jobs_of: Jobs, folder: Path, entries: Entries
) -> None:
    said: list[str] = []
    summary = build(jobs_of(), out=folder.parent, settings=settings, progress=said.append)
    assert summary.exit_code == 0, (said, summary.lines)
    assert sorted(summary.released) == ["district/440802", "district/440803", "district/440804"]
    for code in ("440802", "440803", "440804"):
        entry = entries()[f"district/{code}"]
        for suffix, digest in entry["files"].items():
            assert certified_digest(folder / "district" / f"{code}{suffix}") == digest
        assert set(entry["files"]) == {".html", ".xlsx", ".ipynb"}
        read = settings.root / "data" / "tiny" / folder.name / "items" / f"{code}.csv"
        assert entry["inputs"][f"{folder.name}/items/{code}.csv"] == file_digest(read)
    assert (folder / "index.html").is_file()
    assert sum("秒" in line for line in said) == 3


Edit = Callable[[str, str], None]
PERIOD = "2021Q1"


def plan_of(jobs: tuple[Job, ...], folder: Path, settings: Settings) -> list[str]:
    said: list[str] = []
    build(jobs, out=folder.parent, settings=settings, options=Options(dry_run=True), progress=said.append)
    return said


def test_a_report_is_made_again_when_what_it_reads_changed_and_says_why(
    settings: Settings, jobs_of: Jobs, folder: Path, edit: Edit, notebook: Callable[..., Path]
) -> None:
    jobs = jobs_of()
    assert plan_of(jobs, folder, settings) == ["赤坎区：首次生成", "霞山区：首次生成", "坡头区：首次生成"]
    assert not folder.exists()
    build(jobs, out=folder.parent, settings=settings, progress=lambda line: None)
    assert plan_of(jobs, folder, settings) == []
    first = read_manifest(folder)

    edit("440803", "0.02 乙")  # what only the district itself reads
    assert plan_of(jobs, folder, settings) == ["霞山区：数据有变（霞山区）"]
    build(jobs, out=folder.parent, settings=settings, progress=lambda line: None)
    entry, code = read_manifest(folder)["district/440803"], first["district/440803"].fingerprint
    assert (entry.earlier, entry.fingerprint == code) == ((code,), False)
    edit("440803", "0.03 甲")  # what the others compare with
    assert plan_of(jobs, folder, settings) == [f"{name}：数据有变（霞山区）" for name in ("赤坎区", "霞山区", "坡头区")]
    edit("440803", "0.02 甲")
    build(jobs, out=folder.parent, settings=settings, progress=lambda line: None)
    assert (read_manifest(folder)["district/440803"].earlier, plan_of(jobs, folder, settings)) == (
        (entry.fingerprint,),
        [],
    )

    other = replace(settings, units=Units(year=249.0))
    assert plan_of(jobs, folder, other) == [
        f"{name}：口径与设置有变；口径的变化：units.year 250.0→249.0" for name in ("赤坎区", "霞山区", "坡头区")
    ]
    (folder / "district" / "440804.html").write_text("改动", encoding="utf-8")
    assert plan_of(jobs, folder, settings) == ["坡头区：文件丢失或被改动（.html）"]
    notebook(settings.root / "notebooks" / "tiny.ipynb", extra="more = 1")
    assert len(plan_of(jobs, folder, settings)) == 3
    forced = Options(dry_run=True, force=True)
    assert build(jobs[:1], out=folder.parent, settings=settings, options=forced, progress=lambda line: None).lines == (
        "将生成 1 份，其余 0 份无需更新（未写任何文件）。",
    )


def test_a_date_changes_the_parameters_of_a_report(settings: Settings, jobs_of: Jobs, folder: Path) -> None:
    jobs = jobs_of()[:1]
    build(jobs, out=folder.parent, settings=settings, progress=lambda line: None)
    later = tuple(replace(job, parameters={**job.parameters, "report_date": "2021-05-01"}) for job in jobs)
    assert plan_of(later, folder, settings) == ["赤坎区：参数有变"]


def loaded(**changed: list[object]) -> SimpleNamespace:
    columns = {"region_code": ["440802", "440803"], "item_name": ["甲", "乙"], "promised_days": [3.0, 5.0],
               "visit_reason": ["一", "二"], "file": ["湛江市.xlsx"] * 2, "row_number": [2, 3]}  # fmt: skip
    items = pd.DataFrame({**columns, **changed})
    findings = pd.DataFrame({"region_code": pd.Series([], dtype="str"), "cell": pd.Series([], dtype="str")})
    files = pd.DataFrame({"file": ["湛江市.xlsx"], "sha256": ["0"], "rows_read": [2]})
    dataset = Dataset(Path("data"), "微型", "sample", "", "")
    return SimpleNamespace(
        name="2021Q1", title="", cutoff="", dataset=dataset, items=items, findings=findings, files=files
    )


def digests(period: SimpleNamespace) -> dict[str, tuple[str, str]]:
    return {code: (own, compared) for code, own, compared, _ in snapshot.region_digests(period)}


def test_a_reason_concerns_its_region_alone_a_promise_or_a_name_those_compared_with_it() -> None:
    before = digests(loaded())
    explained = digests(loaded(visit_reason=["一", "三"]))
    assert explained["440803"][0] != before["440803"][0]
    assert explained["440803"][1] == before["440803"][1]
    assert explained["440802"] == before["440802"]
    for seen in (digests(loaded(promised_days=[3.0, 4.0])), digests(loaded(item_name=["甲", "丙"]))):
        assert seen["440803"][0] != before["440803"][0]
        assert seen["440803"][1] != before["440803"][1]
        assert seen["440802"] == before["440802"]
        assert before[""] == seen[""] == explained[""]


def test_the_order_of_rows_matters_to_the_region_and_not_to_others() -> None:
    one = loaded(region_code=["440802", "440802"])
    other = loaded(region_code=["440802", "440802"])
    other.items = other.items.iloc[::-1].reset_index(drop=True)
    assert digests(one)["440802"][0] != digests(other)["440802"][0]
    assert digests(one)["440802"][1] == digests(other)["440802"][1]


def test_reports_of_an_earlier_version_are_made_again_though_it_named_other_things(
    settings: Settings, jobs_of: Jobs, folder: Path
) -> None:
    jobs = jobs_of()[:1]
    build(jobs, out=folder.parent, settings=settings, progress=lambda line: None)
    manifest = folder / "manifest.json"
    kept = json.loads(manifest.read_text(encoding="utf-8"))
    [entry] = [one for one in kept["reports"] if one["key"] == jobs[0].key]
    entry["reads"]["从前的名目"], entry["parts"]["data"] = "0" * 64, "0" * 64
    manifest.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
    assert plan_of(jobs, folder, settings) == ["赤坎区：数据有变（从前的名目）"]


def test_the_ledger_and_cases_concern_every_report(jobs_of: Jobs) -> None:
    before = {"2021Q1/ledger.xlsx": "1", "2021Q1/cases/a.csv": "1", "2021Q1/items/a.csv": "1"}
    district, city = jobs_of()[0], replace(jobs_of()[0], reads=())

    def read(job: Job, **changed: str) -> dict[str, str]:
        files = {**before, **{name.replace("_", "/").replace("-", "."): value for name, value in changed.items()}}
        return staleness.reads_of(job, snapshot.Sources(files, {}, {}, {}))

    assert read(district, **{"2021Q1/ledger.xlsx": "2"}) != read(district)
    assert read(city, **{"2021Q1/ledger.xlsx": "2"}) != read(city)
    assert read(district, **{"2021Q1/cases/a.csv": "2"}) != read(district)
    assert read(city, **{"2021Q1/cases/a.csv": "2"}) != read(city)


def test_a_file_is_hashed_again_when_its_content_changes_though_its_time_is_set_back(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("甲", encoding="utf-8")
    os.utime(path, (0, 0))
    first = snapshot._digest(path, state_of(path), "2021Q1")
    path.write_text("乙", encoding="utf-8")
    os.utime(path, (0, 0))
    assert snapshot._digest(path, state_of(path), "2021Q1") != first


def of_city(jobs: tuple[Job, ...], focus: str) -> tuple[Job, ...]:
    return tuple(replace(job, focus=focus) for job in jobs)


def test_a_region_without_rows_publishes_nothing_says_so_and_is_no_failure(
    settings: Settings, jobs_of: Jobs, folder: Path, edit: Edit, entries: Entries
) -> None:
    rows = settings.root / "data" / "tiny" / PERIOD / "items" / "440804.csv"
    rows.unlink()
    said: list[str] = []
    summary = build(jobs_of(), out=folder.parent, settings=settings, progress=said.append)
    assert summary.exit_code == 0, said
    assert "坡头区：2021Q1 期没有它的事项，不生成报告。" in said
    assert summary.lines[0].startswith("已生成 2 份，无需更新 0 份，没有数据 1 份，失败 0 份。")
    assert not (folder / "district" / "440804.html").exists()
    assert entries()["district/440804"]["status"] == "无数据"
    index = (folder / "index.html").read_text(encoding="utf-8")
    assert "本期没有数据、没有报告的 1 份：坡头区。" in index
    assert index.count("坡头区") == 1
    again = build(jobs_of(), out=folder.parent, settings=settings, progress=said.append)
    assert (again.released, len(again.unchanged)) == ((), 2)
    edit("440804", "0.03 甲")
    assert "district/440804" in build(jobs_of(), out=folder.parent, settings=settings, progress=str).released
    rows.unlink()
    gone = build(jobs_of(), out=folder.parent, settings=settings, progress=str)
    assert gone.exit_code == 0
    assert entries()["district/440804"]["status"] == "未更新"
    assert entries()["district/440804"]["reason"] == "2021Q1 期没有它的事项"


def test_a_notebook_that_finds_nothing_to_tell_is_no_failure_and_is_not_run_again(
    settings: Settings, jobs_of: Jobs, folder: Path, notebook: Callable[..., Path], entries: Entries
) -> None:
    missing = 'from zjanalysis.errors import NoData\nraise NoData("没有办件数据。", "请放入 cases/。")'
    notebook(settings.root / "notebooks" / "none.ipynb", extra=missing)
    jobs = jobs_of(r440803="none.ipynb")
    said: list[str] = []
    summary = build(jobs, out=folder.parent, settings=settings, progress=said.append)
    assert (summary.exit_code, summary.failed) == (0, ())
    assert "　　没有办件数据。　提示：请放入 cases/。" in said
    assert (entries()["district/440803"]["status"], entries()["district/440803"]["reason"]) == (
        "无数据",
        "没有办件数据。",
    )
    assert plan_of(jobs, folder, settings) == ["霞山区：没有办件数据，不生成报告。"]
    notebook(settings.root / "notebooks" / "none.ipynb")
    assert build(jobs, out=folder.parent, settings=settings, progress=str).released == ("district/440803",)


def test_a_folder_of_another_city_or_data_set_is_refused_by_name(
    settings: Settings, jobs_of: Jobs, folder: Path
) -> None:
    build(jobs_of(), out=folder.parent, settings=settings, progress=str)
    stranger = replace(jobs_of()[0], key="district/440902", region_code="440902", region="茂南区")
    with pytest.raises(
        PublishError, match="2021Q1 里有别的地市或数据集的报告：赤坎区（tiny）、霞山区（tiny）、坡头区（tiny）"
    ):
        build(of_city((stranger,), "440900"), out=folder.parent, settings=settings, progress=str)
    shutil.copytree(settings.root / "data" / "tiny", settings.root / "data" / "other")
    other = tuple(replace(job, data="data/other") for job in jobs_of())
    with pytest.raises(PublishError, match="别的地市或数据集"):
        build(other, out=folder.parent, settings=settings, progress=str)


def test_the_index_is_that_of_its_city(settings: Settings, jobs_of: Jobs, folder: Path) -> None:
    build(jobs_of(), out=folder.parent, settings=settings, progress=str)
    text = write_index(folder, ("440802", "440803")).read_text(encoding="utf-8")
    assert "坡头区" not in text
    assert "2个县（市、区）中" in text


def test_a_data_set_without_the_city_says_what_it_has(settings: Settings, jobs_of: Jobs, folder: Path) -> None:
    (settings.root / "data" / "tiny" / PERIOD / "items" / "440900.csv").write_text("0.1 甲", encoding="utf-8")
    with pytest.raises(
        InputError, match="data/tiny 的 2021Q1 期没有惠州市及所辖县（市、区）的事项。\n提示：它有：茂名市。"
    ):
        build(of_city(jobs_of(), "441300"), out=folder.parent, settings=settings, progress=str)
    assert not folder.exists()


def test_several_cities_are_one_build_that_reads_once_and_finishes_each_with_its_last_report(
    settings: Settings, jobs_of: Jobs, folder: Path, notebook: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each city's main report is called ``city``: what names a report is its path."""
    read: list[str] = []
    monkeypatch.setattr(
        "zjanalysis.publish.build._snapshot", lambda jobs, *_: read.append(" ".join(j.path for j in jobs))
    )
    notebook(settings.root / "notebooks" / "bad.ipynb", extra="raise ValueError('坏')")
    cities = tuple(
        replace(job, key="city", place=f"tiny/{job.region_code}/{PERIOD}") for job in jobs_of(r440803="bad.ipynb")
    )
    summary = build(cities, out=folder.parent, settings=settings, progress=str)
    assert read == ["tiny/440802/2021Q1/city tiny/440803/2021Q1/city tiny/440804/2021Q1/city"]
    assert (sorted(summary.released), summary.failed, summary.exit_code) == (["city", "city"], ("city",), 1)
    said = [line.partition("位置")[0] for line in summary.lines if line.startswith("已生成")]
    assert said == [f"已生成 {n} 份，无需更新 0 份，失败 {1 - n} 份。" for n in (1, 0, 1)]
    for job, is_good in zip(cities, (True, False, True), strict=True):
        place = folder.parent / job.place
        assert (place / "city.html").is_file() is is_good
        assert job.region in (place / "index.html").read_text(encoding="utf-8")
        entry = json.loads((place / "manifest.json").read_text(encoding="utf-8"))["reports"][0]
        assert entry["status"] == ("已发布" if is_good else "失败")
        assert not (place / ".zj" / "log").exists()
    again = build(cities, out=folder.parent, settings=settings, progress=str)
    assert (again.unchanged, again.failed) == (("city", "city"), ("city",))


def test_what_a_person_has_changed_is_kept_beside_and_named(
    settings: Settings, jobs_of: Jobs, folder: Path, edit: Edit, entries: Entries
) -> None:
    """A page whose files are as released leaves nothing behind, however often it is made again."""
    jobs = jobs_of()[:1]
    own = folder / "district"

    def again(**options: bool) -> list[str]:
        said: list[str] = []
        build(jobs, out=folder.parent, settings=settings, options=Options(**options), progress=said.append)
        return [line.strip() for line in said if "保留" in line]

    assert again() == again(force=True) == []
    (own / "440802.xlsx").write_text("我的数", encoding="utf-8")
    assert again() == ["440802.xlsx 与发布记录不符，原文件另存为 440802（改动保留）.xlsx。"]
    (own / "440802.xlsx").write_text("又改", encoding="utf-8")
    (own / "440802.ipynb").write_text("我的格", encoding="utf-8")
    assert again(force=True) == [
        "440802.ipynb 与发布记录不符，原文件另存为 440802（改动保留）.ipynb。",
        "440802.xlsx 与发布记录不符，原文件另存为 440802（改动保留2）.xlsx。",
    ]
    (own / "440802.html").write_text("我的页", encoding="utf-8")
    edit("440802", "0.05 丙")
    assert again() == ["440802.html 与发布记录不符，原文件另存为 440802（改动保留）.html。"]
    texts = {path.name: path.read_text(encoding="utf-8") for path in own.glob("*（*")}
    assert sorted(texts.values()) == sorted(("我的数", "又改", "我的格", "我的页"))
    for suffix, digest in entries()["district/440802"]["files"].items():
        assert certified_digest(own / f"440802{suffix}") == digest
    assert "保留" not in (folder / "index.html").read_text(encoding="utf-8")
    assert "保留" not in (own / "440802.html").read_text(encoding="utf-8")
    written, _ = bundle(folder, out=folder.parent / "下发")
    for path in written:
        assert "保留" not in "".join(zipfile.ZipFile(path).namelist())
    assert again(force=True) == []


def test_what_a_person_has_changed_stays_where_a_report_fails_and_is_kept_without_a_record(
    settings: Settings, jobs_of: Jobs, folder: Path, notebook: Callable[..., Path]
) -> None:
    jobs = jobs_of()[:1]
    build(jobs, out=folder.parent, settings=settings, progress=str)
    changed = folder / "district" / "440802.xlsx"
    changed.write_text("我的数", encoding="utf-8")
    notebook(jobs[0].notebook, extra="raise ValueError")
    build(jobs, out=folder.parent, settings=settings, progress=str)
    assert changed.read_text(encoding="utf-8") == "我的数"
    notebook(jobs[0].notebook)
    (folder / "manifest.json").write_text("{", encoding="utf-8")
    build(jobs, out=folder.parent, settings=settings, progress=str)
    assert [path.name for path in changed.parent.glob("*（*")] == ["440802（改动保留）.xlsx"]


@pytest.mark.parametrize("moment", range(1, 6))
def test_a_release_cut_off_anywhere_loses_nothing_a_person_changed(
    settings: Settings, jobs_of: Jobs, folder: Path, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    jobs, own = jobs_of()[:1], folder / "district"
    build(jobs, out=folder.parent, settings=settings, progress=str)
    for suffix in (".html", ".xlsx"):
        (own / f"440802{suffix}").write_text(f"我的{suffix}", encoding="utf-8")
    replaced, left = Path.replace, [moment]

    def until_the_cut(path: Path, target: Path) -> Path:
        if own in Path(target).parents:
            left[0] -= 1
            if not left[0]:
                raise KeyboardInterrupt
        return replaced(path, target)

    said: list[str] = []
    with monkeypatch.context() as cut:
        cut.setattr(Path, "replace", until_the_cut)
        with pytest.raises(KeyboardInterrupt):
            build(jobs, out=folder.parent, settings=settings, options=Options(force=True), progress=said.append)
    build(jobs, out=folder.parent, settings=settings, progress=said.append)
    texts = {path.name: path.read_text(encoding="utf-8") for path in own.glob("*（*")}
    assert texts == {f"440802（改动保留）{suffix}": f"我的{suffix}" for suffix in (".html", ".xlsx")}
    assert sum("保留" in line for line in said) >= 2
    assert plan_of(jobs, folder, settings) == []


def test_a_report_that_nothing_makes_any_more_is_no_trouble_any_more(
    settings: Settings, jobs_of: Jobs, folder: Path, notebook: Callable[..., Path]
) -> None:
    """Without a page it goes from record and index, with one it stays as it was last published."""
    jobs = jobs_of()
    build(jobs[:2], out=folder.parent, settings=settings, progress=str)
    notebook(jobs[0].notebook, extra="raise ValueError")
    build(jobs[1:], out=folder.parent, settings=settings, progress=str)
    there = read_manifest(folder)
    assert [there[job.key].status for job in jobs] == ["已发布", "未更新", "失败"]
    notebook(jobs[0].notebook)
    build(jobs[:1], out=folder.parent, settings=settings, progress=str)
    assert "需要处理（2）" in (folder / "index.html").read_text(encoding="utf-8")
    every = frozenset(f"{PERIOD}/{job.key}" for job in jobs[:1])
    only = jobs[:1]
    build(only, out=folder.parent, settings=settings, options=Options(every=every, dry_run=True), progress=str)
    assert len(read_manifest(folder)) == 3
    build(only, out=folder.parent, settings=settings, options=Options(every=every), progress=str)
    now = read_manifest(folder)
    assert {key: (entry.status, entry.reason) for key, entry in now.items()} == dict.fromkeys(
        (jobs[0].key, jobs[1].key), ("已发布", "")
    )
    index = (folder / "index.html").read_text(encoding="utf-8")
    assert ("需要处理" in index, "坡头区" in index) == (False, False)
    assert (folder / "district" / "440803.html").is_file()
