"""The rules of the house that a machine can hold: who may import whom, sizes, names, notebooks as stories."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "zjanalysis"
MODULES = sorted(PACKAGE.rglob("*.py"))
ROOMS = ["inputs", "analysis", "studies", "display", "publish", "cli"]
BASE = {"errors", "settings", "files", "columns", "units"}
# A wing has the same order inside; each of its modules imports what the room named here may.
WINGS = {
    "cases": {"inputs": "inputs", "synthetic": "inputs", "engines": "inputs", "clock": "analysis",
              "findings": "analysis", "analysis": "analysis", "views": "analysis", "display": "display"},
    "ledger": {"inputs": "inputs", "rows": "analysis", "reading": "analysis", "state": "analysis",
               "analysis": "analysis", "forecast": "analysis", "merge": "analysis", "safety": "analysis",
               "display": "display", "views": "display", "book": "display", "papers": "display"},
}  # fmt: skip
# Modules that still fetch what they should be handed, and what; none may be added.
DOORS = {
    "analysis/ledger_scores.py": {"cases"},
    "display/tables.py": {"cases"},
    "studies.py": {"display", "ledger"},
    "publish/snapshot.py": {"cases", "studies"},
}

# Which modules may use a third-party package; a folder stands for every module in it.
HOMES = {
    "openpyxl": {"inputs/annotate.py", "inputs/template.py", "display"},
    "python_calamine": {"inputs/workbook.py"},
    "duckdb": {"cases/engines.py", "cases/synthetic.py"},
    "matplotlib": {"display", "publish/preload.py"},  # between two reports rcParams go back to their start
    "seaborn": {"display"},
    "papermill": {"publish"},
    "nbconvert": {"publish"},
    "nbformat": {"publish"},
    "argparse": {"cli"},
    "cryptography": {"publish/signing.py"},
}


def imports_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def room_of(path: Path) -> str:
    """The room a module lies in; a module of a wing counts to the room of the same name."""
    first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return WINGS[first].get(path.stem, first) if first in WINGS else first


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_a_room_imports_only_from_rooms_to_its_left(path: Path) -> None:
    room, first = room_of(path), path.relative_to(PACKAGE).parts[0]
    if path.stem in {"__init__", "__main__"}:
        return
    allowed = BASE | set(ROOMS[: ROOMS.index(room) + 1] if room in ROOMS else ())
    allowed |= {first} if first in WINGS else set(WINGS) if room == "cli" else set()
    allowed -= {"analysis", "studies"} if room == "publish" else set()
    used = {name.split(".")[1] for name in imports_of(path) if name.startswith("zjanalysis.")} - {"__version__"}
    door = DOORS.get(path.relative_to(PACKAGE).as_posix(), set())
    assert used - allowed == door, (
        f"{path.relative_to(ROOT)} imports {sorted(used - allowed - door)}, not {door - used}"
    )


@pytest.mark.parametrize(("wing", "modules"), WINGS.items())
def test_a_wing_imports_only_from_its_own_left(wing: str, modules: dict[str, str]) -> None:
    order = list(modules)
    assert {path.stem for path in (PACKAGE / wing).glob("*.py")} == {"__init__", *order}
    for position, module in enumerate(order):
        used = {name.split(".")[2] for name in imports_of(PACKAGE / wing / f"{module}.py")
                if name.startswith(f"zjanalysis.{wing}.")}  # fmt: skip
        assert used <= set(order[:position]), f"{wing}.{module} imports {sorted(used - set(order[:position]))}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_third_party_packages_live_in_one_place(path: Path) -> None:
    where = path.relative_to(PACKAGE).as_posix()
    for name in {n.split(".")[0] for n in imports_of(path)} & set(HOMES):
        homes = HOMES[name]
        assert where in homes or room_of(path) in homes, f"{where} uses {name}, which lives in {sorted(homes)}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_sizes(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400, f"{path.name} has more than 400 lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            start = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            length = (node.end_lineno or 0) - start.lineno + 1
            assert length <= 30, f"{path.name}:{node.lineno} {node.name} has {length} lines"
            count = len(node.args.args) + len(node.args.kwonlyargs)
            assert count <= 6, f"{path.name}:{node.lineno} {node.name} has {count} parameters"


def test_no_catch_all_modules() -> None:
    assert not {p.stem for p in MODULES} & {"utils", "helpers", "common", "misc"}


CLASS_BASES = {"Enum", "StrEnum", "Exception", "ZjError", "InputError", "TypedDict", "NamedTuple", "Protocol"}
OWED_TO_LIBRARIES = {
    # papermill, nbconvert, argparse and concurrent.futures ask for a subclass; nothing else may be a plain class
    "Engine",
    "TemplateExporter",
    "HTMLExporter",
    "ArgumentParser",
    "Action",
    "Executor",
    "Preprocessor",
    "InteractiveShell",
    "HelpFormatter",
    "RawDescriptionHelpFormatter",
    "HTMLParser",
    "DisplayPublisher",
    "ContentHandler",
    "NotebookExecutionManager",
    "FigureCanvasAgg",
    "DisplayHook",
    "TextIOBase",
    "Thread",
}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_classes_are_frozen_records_enums_or_errors(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            frozen = any("frozen=True" in ast.unparse(d) for d in node.decorator_list)
            bases = {ast.unparse(b).split(".")[-1] for b in node.bases}
            assert frozen or bases & (CLASS_BASES | OWED_TO_LIBRARIES), f"{path.name}:{node.lineno} class {node.name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_no_chinese_column_keys_and_no_catch_all(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and room_of(path) == "analysis":
            key = node.slice.value
            assert not (isinstance(key, str) and re.search(r"[\u4e00-\u9fff]", key)), f"{path.name}:{node.lineno} {key}"
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else "everything"
            assert caught not in {"Exception", "everything"}, f"{path.name}:{node.lineno} catches {caught}"


TEXT_FILES = [
    p
    for pattern in ("zjanalysis/**/*.py", "docs/**/*.md", "*.md", "*.toml", "*.yml", "run.py", "Makefile", ".ci/run",
                    "*.lock", "notebooks/*.ipynb", "tests/**/*.py", "benchmarks/*.py", "data/**/*.md")
    for p in ROOT.glob(pattern)
]  # fmt: skip


def test_the_project_speaks_of_itself_alone() -> None:
    machine = re.compile(r"(?<![\w.])/(?:root|home|work|tmp)/[A-Za-z0-9_.-]+/")
    for path in TEXT_FILES:
        found = machine.search(path.read_text(encoding="utf-8"))
        assert found is None, f"{path.relative_to(ROOT)}: {found and found.group()}"


def test_every_open_names_its_encoding() -> None:
    for path in [*MODULES, *ROOT.glob("*.py"), *(ROOT / "data").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
            if isinstance(node, ast.Call) and called in {"read_text", "write_text"}:
                named = any(k.arg == "encoding" for k in node.keywords)
                assert named, f"{path.relative_to(ROOT)}:{node.lineno} {called} without encoding"
