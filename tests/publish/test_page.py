"""Page, fingerprint, index and verification on small and on real reports; what a district page declares is all it reads."""

from __future__ import annotations

import json
import pickle
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nbformat
import openpyxl
import pytest

from zjanalysis.errors import ConfigError, InputError
from zjanalysis.publish import page, pool, snapshot, staleness
from zjanalysis.publish.build import Options, build
from zjanalysis.publish.index import write_index
from zjanalysis.publish.jobs import Job, list_jobs, select
from zjanalysis.publish.pool import Task
from zjanalysis.publish.provenance import Stamp, package_digest, read_fingerprint, short, text_digest
from zjanalysis.publish.release import read_manifest, write_manifest
from zjanalysis.publish.staleness import verify
from zjanalysis.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parent.parent.parent
PERIOD = "2021Q1"
Jobs = Callable[..., tuple[Job, ...]]
HOSTILE = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)",
           "\u202e反向\u202c文字", "长" * 500, "😀👩‍👩‍👧事项", "a&amp;b", "'; DROP TABLE", "</style></main>", "{{ 7*7 }}{% raw %}")  # fmt: skip


@pytest.mark.e2e
def test_the_same_input_gives_the_same_bytes(settings: Settings, jobs_of: Jobs, folder: Path) -> None:
    made = []
    for name in ("one", "two"):
        build(jobs_of(), out=folder.parent / name, settings=settings, progress=str)
        made.append({p.name: p.read_bytes() for p in sorted((folder.parent / name).rglob("4408*"))})
    assert len(made[0]) == 9
    assert made[0] == made[1]
    for name in ("one", "two"):
        assert write_index(folder.parent / name / folder.name).read_bytes()


def test_a_fingerprint_can_be_typed_in_any_form_and_names_what_changed() -> None:
    stamp = Stamp({"data": "0" * 64, "parameters": "f" * 64, "definitions": "0842" + "0" * 60, "code": "8" * 64}, {})
    assert stamp.fingerprint == f"000-ZZZ-111-{short('8' * 8)}"
    assert read_fingerprint(stamp.fingerprint.lower().replace("-", " ").replace("0", "o")) == tuple(
        stamp.fingerprint.split("-")
    )
    for wrong in ("", "000-ZZZ-111", "000-ZZZ-111-88U", "报告"):
        with pytest.raises(ConfigError, match="不是校验码"):
            read_fingerprint(wrong)


def test_the_digest_of_the_library_sees_a_change_and_not_the_line_ends_of_windows(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"a\nb\n")
    first = text_digest(path)
    path.write_bytes(b"a\r\nb\r\n")
    assert text_digest(path) == first
    path.write_bytes(b"a\nc\n")
    assert text_digest(path) != first
    assert package_digest(("reference",)) != package_digest()


def test_verify_tells_a_sound_page_from_an_altered_and_an_outdated_one(published: Path, tmp_path: Path) -> None:
    known, out = load_settings(ROOT), tmp_path
    path = Path(shutil.copytree(published, out / published.name)) / "district" / "440823.html"
    _, told = verify(str(path), out=out, settings=known, data="data/sample")
    assert told[0] == "文件完好：440823.html 与发布时的内容一致。"
    entry = {e["key"]: e for e in json.loads((published / "manifest.json").read_text(encoding="utf-8"))["reports"]}[
        "district/440823"
    ]
    assert told[1].startswith(f"校验码 {entry['fingerprint']} 是 遂溪县 2021Q1 的现行报告")
    path.write_text(path.read_text(encoding="utf-8").replace("遂溪县", "徐闻县", 1), encoding="utf-8")
    good, altered = verify(str(path), out=out, settings=known, data="data/sample")
    assert not good
    assert altered[0].startswith("文件已被改动")


MISTYPED = {
    "数据": "参数、口径与设置、程序与笔记本",
    "参数": "数据、口径与设置、程序与笔记本",
    "口径与设置": "数据、参数、程序与笔记本",
    "程序与笔记本": "数据、参数、口径与设置",
}


@pytest.fixture
def office(published: Path, tmp_path: Path) -> Path:
    """Return the period's folder of an office, with the manifest of what was published and no files."""
    folder = tmp_path / "reports" / published.name
    folder.mkdir(parents=True)
    shutil.copy(published / "manifest.json", folder)
    return folder


@pytest.mark.parametrize("part", MISTYPED)
def test_a_code_nobody_issued_is_no_report_of_ours(office: Path, part: str) -> None:
    """One letter wrong in any group: no record, and what it agrees with."""
    code = list(read_manifest(office)["district/440823"].fingerprint)
    last = 4 * list(MISTYPED).index(part) + 2
    code[last] = "X" if code[last] != "X" else "Y"
    good, told = verify("".join(code), out=office.parent, settings=load_settings(ROOT), data="data/sample")
    assert told == [
        f"校验码 {''.join(code)}：没有这份报告的记录，可能抄错。与现在的 遂溪县 2021Q1 相比，"
        f"一致的是：{MISTYPED[part]}；不一致的是：{part}。",
    ]
    assert not good


def test_a_code_is_told_by_what_was_published_before_and_elsewhere(office: Path) -> None:
    entries = read_manifest(office)
    own = entries["district/440823"]
    old = f"000-000{own.fingerprint[7:]}"
    moved = replace(own, key="gone/440823", region="遂溪县·旧题", fingerprint="777-777-777-777")

    def told(code: str) -> str:
        good, lines = verify(code, out=office.parent, settings=load_settings(ROOT), data="data/sample")
        assert good == (code == own.fingerprint)
        return lines[0].removeprefix(f"校验码 {code}")

    assert told(old) == ("：没有这份报告的记录，可能抄错；与现有的任何一份报告都不同（地区、期次或报告日期不同）。")
    write_manifest(office, [replace(own, earlier=(old,)), moved])
    assert told(old) == " 是 遂溪县 2021Q1 的一份旧报告，此后有变化的是：数据、参数。"
    assert told(own.fingerprint).startswith(" 是 遂溪县 2021Q1 的现行报告")
    assert told("777-777-777-777") == (
        " 是 遂溪县·旧题 2021Q1 的一份报告，不在现在的数据集和笔记本里，说不出此后有什么变化。"
    )
    write_manifest(office, [replace(own, fingerprint="777-777-777-777")])  # its date and peers are known
    assert told(own.fingerprint) == "：没有这份报告的记录，但与现在生成的 遂溪县 2021Q1 完全一致。"


def test_verify_names_a_file_that_is_no_page(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "x.html").write_text("<p>别的页面", encoding="utf-8")
    with pytest.raises(InputError, match="不是本工具生成的页面"):
        verify(str(tmp_path / "x.html"), out=tmp_path, settings=settings)
    with pytest.raises(InputError, match="找不到文件"):
        verify(str(tmp_path / "y.html"), out=tmp_path, settings=settings)


def test_every_page_is_small_and_every_workbook_holds_no_formula(published: Path) -> None:
    for path in published.rglob("*.html"):
        assert path.stat().st_size < 350_000
    for path in published.rglob("*.xlsx"):
        for sheet in openpyxl.load_workbook(path).worksheets:
            assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_no_page_speaks_of_our_commands_and_files(published: Path) -> None:
    """What a reader in an office meets, without the part on method and code, which is ours."""
    for path in published.rglob("*.html"):
        body = re.sub(r"<(style|script).*?</\1>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        words = re.sub(r"<[^>]+>", " ", body.partition('<section class="page-method')[0])
        assert not re.findall(r"\bzj [a-z]+|哨兵值|工具提示|manifest|\[[a-z]+\]", words), path.name


def run_on_snapshot(job: Job, known: Settings, held: snapshot.Periods, folder: Path) -> Path:
    """Make one report from a snapshot in a worker; gives its folder."""
    folder.mkdir(parents=True)
    files = snapshot.file_digests(known, job.data, job.period)
    step = staleness.plan([job], snapshot.Sources(files, {}, {}, {}), {}, folder=folder, settings=known)[0]
    path = folder / "snapshot.pickle"
    path.write_bytes(pickle.dumps(held))
    task = Task(job, step.stamp, folder / "made", known.root, pool.engine_named("auto"), 300, path)
    outcome = next(pool.run([task], workers=1))
    assert outcome.error == "", outcome
    return folder / "made"


@pytest.fixture(scope="module")
def held() -> tuple[Settings, Job, snapshot.Periods]:
    known = load_settings(ROOT)
    job = select(list_jobs(known, "data/sample", report_date="2021-04-15"), ("440823",))[0]
    files = snapshot.file_digests(known, job.data, job.period)
    return known, job, snapshot.load_periods(known, job.data, job.period, snapshot.files_key(files, known, job.period))


@pytest.mark.e2e
def test_what_a_district_page_declares_is_all_it_reads(
    held: tuple[Settings, Job, snapshot.Periods], tmp_path: Path
) -> None:
    """Other cities' rows are taken away, and names and reasons of its siblings blanked: the blocks stay the same."""
    known, job, loaded = held
    less = {}
    for name, period in loaded.items():
        items = period.items[period.items["region_code"].isin([*job.reads, job.region_code])].copy()
        others = items["region_code"] != job.region_code
        blank = [
            c for c in snapshot.DESCRIPTIVE if c in items and items[c].dtype == "str" and c not in ("region", "file")
        ]
        items.loc[others, blank] = "别处"
        less[name] = replace(period, items=items.reset_index(drop=True), memory={})
    whole = {name: replace(period, memory={}) for name, period in loaded.items()}
    made = [run_on_snapshot(job, known, frame, tmp_path / name)
            for name, frame in (("all", whole), ("less", less))]  # fmt: skip
    full, declared = (page.payloads(nbformat.read(folder / "report.ipynb", as_version=4)) for folder in made)
    assert len(full) == len(declared)
    for one, other in zip(full, declared, strict=True):
        assert one == other


@pytest.mark.e2e
def test_hostile_values_show_as_text_on_the_page_and_in_the_workbook(
    held: tuple[Settings, Job, snapshot.Periods], tmp_path: Path
) -> None:
    known, job, loaded = held
    period = loaded[job.period]
    items = period.items.copy()
    own = items.index[items["region_code"] == job.region_code]
    values = [HOSTILE[n % len(HOSTILE)] for n in range(len(own))]
    items.loc[own, "item_name"] = values
    items.loc[own, "department"] = [f"{value}局" for value in values]
    changed = {**loaded, job.period: replace(period, items=items, memory={})}
    made = run_on_snapshot(job, known, changed, tmp_path / "hostile")
    text = (made / "report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    book = openpyxl.load_workbook(made / "report.xlsx")
    cells = {
        cell.value: cell.data_type
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.value
    }
    shown = [value for value in cells if isinstance(value, str) and "alert(1)" in value]
    assert shown
    assert "f" not in cells.values()


def test_an_unchanged_build_is_quick_loads_no_tables_and_writes_nothing(published: Path) -> None:
    """No pandas, papermill or nbconvert is loaded to find that nothing is to be done."""
    before = {path: path.stat().st_mtime_ns for path in published.rglob("*")}
    code = (
        "import sys, pathlib; from zjanalysis.settings import load_settings; from zjanalysis.publish import build, jobs\n"
        "s = load_settings(); js = jobs.select(jobs.list_jobs(s, 'data/sample', report_date='2021-04-15'), ('city', '440823', '4408Z1'))\n"
        "r = build.build(js, out=pathlib.Path(sys.argv[1]), settings=s)\n"
        "print(len(r.unchanged), [m for m in ('pandas', 'papermill', 'nbconvert', 'matplotlib') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code, str(published.parent)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.splitlines()[-1] == "3 []", done.stdout
    assert {path: path.stat().st_mtime_ns for path in published.rglob("*")} == before


def test_options_of_a_build_are_frozen() -> None:
    with pytest.raises(AttributeError):
        Options().force = True  # type: ignore[misc]
