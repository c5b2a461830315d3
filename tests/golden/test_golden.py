"""No output has changed: what commands and reports put out is, text by text, what ``expected/`` holds.

``python tests/golden/golden.py`` says the same with every difference; ``--renew`` is for a change that is meant.
"""

from __future__ import annotations

import difflib
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

HERE = Path(__file__).resolve().parent
EXPECTED = sorted((HERE / "expected").glob("*.txt"))
PIXELS = bool(os.environ.get("ZJ_GOLDEN_PIXELS"))  # pictures may differ from machine to machine


@pytest.fixture(scope="session")
def texts(tmp_path_factory: pytest.TempPathFactory, published: Path) -> dict[str, str]:
    """All texts, from one run of the harness in a folder with a space in its name.

    It builds the reports once, from what the build that the other tests share (``published``) has read.
    """
    place = tmp_path_factory.mktemp("金 样")
    command = [sys.executable, str(HERE / "golden.py"), "--at", str(place), "--into", str(place / "texts")]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return {path.stem: path.read_text(encoding="utf-8") for path in (place / "texts").glob("*.txt")}


@pytest.mark.parametrize("path", EXPECTED, ids=lambda path: path.stem)
def test_the_output_is_as_expected(path: Path, texts: dict[str, str]) -> None:
    if path.stem == "pictures" and not PIXELS:
        pytest.skip("pictures are compared when ZJ_GOLDEN_PIXELS is set")
    before, now = path.read_text(encoding="utf-8"), texts.get(path.stem, "")
    lines = difflib.unified_diff(
        before.splitlines(), now.splitlines(), f"expected/{path.name}", "now", n=1, lineterm=""
    )
    assert before == now, "\n".join(list(lines)[:80])


def test_every_text_is_expected(texts: dict[str, str]) -> None:
    assert {path.stem for path in EXPECTED} == set(texts)
