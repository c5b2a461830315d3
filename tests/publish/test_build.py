"""Building the reports of a tiny project: what appears, what stays, what is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from zjanalysis.publish.build import build
from zjanalysis.publish.jobs import Job
from zjanalysis.publish.provenance import file_digest
from zjanalysis.settings import Settings

Jobs = Callable[..., tuple[Job, ...]]
Entries = Callable[[], dict[str, dict[str, object]]]


def test_a_build_writes_page_workbook_notebook_index_and_a_true_manifest(
    settings: Settings, jobs_of: Jobs, folder: Path, entries: Entries
) -> None:
    said: list[str] = []
    summary = build(jobs_of(), out=folder.parent, settings=settings, progress=said.append)
    assert summary.exit_code == 0, (said, summary.lines)
    assert sorted(summary.made) == ["district/440802", "district/440803", "district/440804"]
    for code in ("440802", "440803", "440804"):
        entry = entries()[f"district/{code}"]
        for suffix, digest in entry["files"].items():
            assert file_digest(folder / "district" / f"{code}{suffix}") == digest
        assert set(entry["files"]) == {".html", ".xlsx", ".ipynb"}
        read = settings.root / "data" / "tiny" / folder.name / "items" / f"{code}.csv"
        assert entry["inputs"][f"{folder.name}/items/{code}.csv"] == file_digest(read)
    assert (folder / "index.html").is_file()
    assert sum("秒" in line for line in said) == 3
