"""docs/api.md is made from the docstrings of the public names; this holds it in step."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from zjanalysis import _HOMES

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_api", ROOT / "docs" / "tools" / "make_api.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_in_step_with_the_docstrings(tool: ModuleType) -> None:
    assert tool.PAGE.read_text(encoding="utf-8") == tool.page(), "run: python docs/tools/make_api.py"


def test_every_public_name_is_told_of_and_no_place_of_this_machine(tool: ModuleType) -> None:
    text = tool.page()
    told = re.findall(r"^#### `zj\.(\w+)`\n\n(?:```text\n.*?```\n\n)?(\S)", text, flags=re.M | re.S)
    assert sorted(name for name, _ in told) == sorted(name for names in _HOMES.values() for name in names)
    assert " at 0x" not in text
    assert str(ROOT) not in text


def test_a_signature_reads_as_it_is_written(tool: ModuleType) -> None:
    def made(rows: list[str], *more: int, by: str = "region", flat: bool = False, scope: object = object()) -> str:
        """Nothing."""
        return by

    wanted = "(rows: list[str], *more: int, by: str = 'region', flat: bool = False, scope: object = …) -> str"
    assert " ".join(tool._signature(made).split()).replace("( ", "(").replace(", )", ")") == wanted
