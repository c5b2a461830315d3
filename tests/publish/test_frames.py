"""Where rows are read: a process of its own that takes pandas and the rows with it, so that a build stays small."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import pytest

from zjanalysis.errors import PublishError, ZjError
from zjanalysis.publish import frames
from zjanalysis.settings import load_settings

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """
import pathlib, sys
from zjanalysis.publish import build, jobs
from zjanalysis.settings import load_settings
if __name__ == "__main__":
    known = load_settings()
    chosen = jobs.select(jobs.list_jobs(known, "data/sample", report_date="2021-04-15"), ("440823",))
    options, loaded = build.Options(force=True), {}
    def told(line):
        loaded[line] = [name for name in ("pandas", "duckdb", "papermill", "matplotlib") if name in sys.modules]
    done = build.build(chosen, out=pathlib.Path(sys.argv[1]), settings=known, options=options, progress=told)
    print(done.made, [names for line, names in loaded.items() if "秒" in line])
"""


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> Iterator[Executor]:
    """The reader a process gets that has not loaded pandas."""
    with monkeypatch.context() as without:
        without.delitem(sys.modules, "pandas", raising=False)
        where = frames.reader()
    with where:
        yield where


def test_a_build_loads_no_tables_while_its_workers_make_reports(tmp_path: Path) -> None:
    script = tmp_path / "脚本 一.py"
    script.write_text(SCRIPT, encoding="utf-8")
    command = [sys.executable, str(script), str(tmp_path / "报告 一")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.splitlines()[-1] == "('district/440823',) [[]]", done.stdout


def test_where_pandas_is_loaded_rows_are_read_in_the_same_process() -> None:
    import pandas  # noqa: F401

    with frames.reader() as where:
        assert isinstance(where, ThreadPoolExecutor)
        assert frames.read_in(where, os.getpid) == os.getpid()


def test_a_fault_in_the_data_comes_back_in_its_own_words(apart: Executor) -> None:
    assert frames.read_in(apart, os.getpid) != os.getpid()
    with pytest.raises(ZjError, match="没有"):
        frames.read_in(apart, frames.load_frames, load_settings(ROOT), "data/没有", "2021Q1", "")


def test_a_reader_that_dies_is_told_in_a_sentence(apart: Executor) -> None:
    with pytest.raises(PublishError, match="读取数据的进程意外退出"):
        frames.read_in(apart, os._exit, 9)
