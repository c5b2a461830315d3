"""Every odd or broken file gives its findings, or is refused in one sentence; no row is lost on the way."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from corpus import CASES, Case, made

from zjanalysis.errors import InputError
from zjanalysis.inputs.check import check_files
from zjanalysis.inputs.findings import RULES
from zjanalysis.inputs.workbook import sheets_of
from zjanalysis.settings import Guard, Settings


def test_the_corpus_is_large_enough() -> None:
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", [c for c in CASES if not c.refused], ids=lambda c: c.name)
def test_findings(case: Case, tmp_path: Path) -> None:
    found = check_files([made(case, tmp_path)], settings=Settings(root=tmp_path))
    counts = found.findings["rule"].value_counts().to_dict()
    assert counts == {rule: n for rule, n in case.expect.items() if n}, found.findings["message"].tolist()
    assert len(found.items) == case.n_items
    assert found.findings.empty == (not counts)
    assert (found.files["rows_read"] == found.files["rows_used"] + found.files["rows_left_out"]).all()
    for message in found.findings["message"]:
        assert "{" not in message


@pytest.mark.parametrize("case", [c for c in CASES if c.refused], ids=lambda c: c.name)
def test_refusals(case: Case, tmp_path: Path) -> None:
    path = made(case, tmp_path)
    start = time.process_time()
    found = check_files([path], settings=Settings(root=tmp_path))
    assert time.process_time() - start < 1
    assert found.findings["rule"].tolist() == ["file_refused"]
    assert case.refused in found.findings["message"].item()
    assert case.name in found.findings["message"].item()
    assert found.findings["message"].item().endswith("。")
    assert found.findings["action"].item().endswith("。")


def test_every_rule_is_shown_by_a_file() -> None:
    shown = {rule for case in CASES for rule in case.expect} | {"file_refused", "file_repeated"}
    elsewhere = ("reported", "weights", "history", "successions", "cases")
    rules = {key for key, rule in RULES.items() if rule.scope not in elsewhere}
    in_test_check = {"number_unreadable", "limit_odd", "duplicate_differs", "file_of_last"}
    assert rules - shown == in_test_check


def test_a_file_that_is_refused_does_not_stop_the_others(tmp_path: Path) -> None:
    for case in CASES:
        if case.name in ("好.xlsx", "空.xlsx", "好.csv"):
            made(case, tmp_path)
    found = check_files([tmp_path], settings=Settings(root=tmp_path))
    assert found.files["file"].tolist() == ["好.csv", "好.xlsx"]
    assert found.findings.loc[found.findings["rule"].eq("file_refused"), "file"].tolist() == ["空.xlsx"]


def test_limits_of_the_guard_are_settings(tmp_path: Path) -> None:
    path = made(CASES[0], tmp_path)
    for guard in (Guard(max_file_mb=0.001), Guard(max_unpacked_mb=0.001), Guard(max_parts=2), Guard(max_rows=2)):
        with pytest.raises(InputError, match=r"超过上限|很远的单元格") as caught:
            sheets_of(path, guard)
        assert caught.value.hint.endswith("。")


def test_columns_beyond_the_limit(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"超过上限|很远的单元格"):
        sheets_of(made(CASES[0], tmp_path), Guard(max_columns=5))
