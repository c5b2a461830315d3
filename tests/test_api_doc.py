"""docs/api.md is made from the docstrings of the public names; this holds it in step."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

import zjanalysis as zj
from zjanalysis import _HOMES, _WINGS

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
    headed = re.findall(r"^#### `zj\.([\w.]+)`\n\n```text\n.*?```\n\n\w", text, flags=re.M | re.S)
    views = [f"{wing}.{name}" for wing in _WINGS for name in getattr(zj, wing).__all__]
    assert sorted(headed) == sorted([*views, *(name for names in _HOMES.values() for name in names)])
    assert " at 0x" not in text
    assert str(ROOT) not in text


def test_a_record_lists_what_it_computes(tool: ModuleType) -> None:
    text = tool.page()
    assert "- `gaps`: Return the region's own rows" in text
    assert "- `changes(key: str)`: Return value, last value and change" in text
    assert "- `_standings" not in text


def test_a_signature_reads_as_it_is_written(tool: ModuleType) -> None:
    def made(rows: list[str], *more: int, by: str = "region", flat: bool = False, scope: object = object()) -> str:
        """Nothing."""
        return by

    wanted = "(rows: list[str], *more: int, by: str = 'region', flat: bool = False, scope: object = …) -> str"
    assert " ".join(tool._signature(made).split()).replace("( ", "(").replace(", )", ")") == wanted
