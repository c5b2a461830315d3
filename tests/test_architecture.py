"""The rules of the house that a machine can hold: who may import whom, sizes, names; every breach is told at once."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "zjanalysis"
MODULES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}
ROOMS = ["inputs", "analysis", "studies", "display", "publish", "cli"]
BASE = {"errors", "settings", "files", "columns", "units", "neutral"}
# A wing has the same order inside; each of its modules imports what the room named here may.
WINGS = {
    "cases": {"inputs": "inputs", "synthetic": "inputs", "repeats": "inputs", "engines": "inputs",
              "clock": "analysis", "analysis": "analysis", "views": "analysis", "display": "display"},
    "ledger": {"typed": "inputs", "rows": "analysis", "reading": "analysis", "state": "analysis",
               "analysis": "analysis", "merge": "analysis",
               "display": "display", "views": "display", "book": "display", "papers": "display",
               "assignment": "display"},
}  # fmt: skip
# Modules that still fetch what they should be handed, and what; none may be added.
DOORS = {
    "analysis/evaluation.py": {"cases"},
    "display/tables.py": {"cases"},
    "studies.py": {"display", "ledger"},
    "publish/snapshot.py": {"cases", "studies"},
}

# Which modules may use a third-party package; a folder stands for every module in it.
HOMES = {
    "openpyxl": {"inputs/annotate.py", "display"},
    "python_calamine": {"inputs/workbook.py"},
    "duckdb": {"cases/engines.py", "cases/synthetic.py"},
    "matplotlib": {"display", "publish/preload.py"},  # between two reports rcParams go back to their start
    "seaborn": {"display"},
    "papermill": {"publish"},
    "nbconvert": {"publish"},
    "nbformat": {"publish"},
    "jinja2": {"display/templates.py"},
    "argparse": {"cli"},
    "cryptography": {"publish/provenance.py"},
}

# HTML is written in templates, which escape; these two write other markup, and matplotlib's SVG is rewritten tag by tag
TAGS = {"display/picture.py": "SVG", "display/document.py": "WordprocessingML"}

CLASS_BASES = {"Enum", "StrEnum", "Exception", "ZjError", "InputError", "TypedDict", "NamedTuple", "Protocol"}
# papermill, nbconvert, argparse and concurrent.futures ask for a subclass; nothing else may be a plain class
OWED_TO_LIBRARIES = {
    "Engine", "TemplateExporter", "HTMLExporter", "ArgumentParser", "Action", "Executor", "Preprocessor",
    "InteractiveShell", "HelpFormatter", "RawDescriptionHelpFormatter", "HTMLParser", "DisplayPublisher",
    "ContentHandler", "NotebookExecutionManager", "FigureCanvasAgg", "DisplayHook", "TextIOBase", "Thread",
    "RendererBase", "RendererSVG", "RendererAgg", "Axes", "XAxis", "YAxis", "Text", "ExcelWriter", "ModuleType",
}  # fmt: skip
TEXT_FILES = [
    p
    for pattern in ("zjanalysis/**/*.py", "docs/**/*.md", "*.md", "*.toml", "*.yml", "run.py", "Makefile", ".ci/run",
                    "*.lock", "notebooks/*.ipynb", "tests/**/*.py", "benchmarks/*.py", "data/**/*.md")
    for p in ROOT.glob(pattern)
]  # fmt: skip


def imports_of(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(MODULES[path]):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def place_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def room_of(path: Path) -> str:
    """The room a module lies in; a module of a wing counts to the room of the same name."""
    first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return WINGS[first].get(path.stem, first) if first in WINGS else first


def rooms_entered(path: Path) -> str:
    """The rooms a module imports from though they lie to its right, and the doors that stand open for nothing."""
    room, first = room_of(path), path.relative_to(PACKAGE).parts[0]
    allowed = BASE | set(ROOMS[: ROOMS.index(room) + 1] if room in ROOMS else ())
    allowed |= {first} if first in WINGS else set(WINGS) if room == "cli" else set()
    allowed -= {"analysis", "studies"} if room == "publish" else set()
    used = {name.split(".")[1] for name in imports_of(path) if name.startswith("zjanalysis.")} - {"__version__"}
    door = DOORS.get(place_of(path), set())
    wrong = used - allowed != door and path.stem not in {"__init__", "__main__"}
    return f"imports {sorted(used - allowed - door)}, not {sorted(door - used)}" if wrong else ""


def packages_out_of_place(path: Path) -> str:
    used = {name.split(".")[0] for name in imports_of(path)} & set(HOMES)
    astray = {name: HOMES[name] for name in used if not {place_of(path), room_of(path)} & HOMES[name]}
    return f"uses what lives elsewhere: {astray}" if astray else ""


def test_nothing_imports_to_its_right_and_packages_live_in_one_place() -> None:
    told = {(place_of(path), rule(path)) for path in MODULES for rule in (rooms_entered, packages_out_of_place)}
    for wing, order in WINGS.items():
        assert {path.stem for path in (PACKAGE / wing).glob("*.py")} == {"__init__", *order}
        for position, module in enumerate(order):
            names = imports_of(PACKAGE / wing / f"{module}.py")
            used = {name.split(".")[2] for name in names if name.startswith(f"zjanalysis.{wing}.")}
            later = sorted(used - set(list(order)[:position]))
            told.add((f"{wing}/{module}.py", f"imports {later}" if later else ""))
    breaches = [f"{place} {breach}" for place, breach in sorted(told) if breach]
    assert not breaches, "\n".join(breaches)


def test_sizes() -> None:
    assert not {path.stem for path in MODULES} & {"utils", "helpers", "common", "misc"}
    breaches = [breach for path, tree in MODULES.items() for breach in oversize(path, tree)]
    assert not breaches, "\n".join(breaches)


def oversize(path: Path, tree: ast.Module) -> Iterator[str]:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    if lines > 400:
        yield f"{place_of(path)} has {lines} lines"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            start = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            length = (node.end_lineno or 0) - start.lineno + 1
            count = len(node.args.args) + len(node.args.kwonlyargs)
            if length > 30 or count > 6:
                yield f"{place_of(path)}:{node.lineno} {node.name} has {length} lines and {count} parameters"


def test_classes_are_frozen_records_enums_or_errors() -> None:
    for path, tree in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                frozen = any("frozen=True" in ast.unparse(d) for d in node.decorator_list)
                bases = {ast.unparse(b).split(".")[-1] for b in node.bases}
                known = frozen or bases & (CLASS_BASES | OWED_TO_LIBRARIES)
                assert known, f"{place_of(path)}:{node.lineno} class {node.name}"


def test_no_chinese_column_key_no_catch_all_and_every_open_names_its_encoding() -> None:
    scripts = [*ROOT.glob("*.py"), *(ROOT / "data").rglob("*.py")]
    trees = MODULES | {path: ast.parse(path.read_text(encoding="utf-8")) for path in scripts}
    breaches = [
        f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)} {breach}"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if (breach := what_is_forbidden(node, path))
    ]
    assert not breaches, "\n".join(breaches)


def what_is_forbidden(node: ast.AST, path: Path) -> str:
    """What a node does that no module may do, in a few words."""
    ours = path in MODULES
    if (
        isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Constant)
        and ours
        and room_of(path) == "analysis"
    ):
        key = node.slice.value
        return f"column {key}" if isinstance(key, str) and re.search(r"[\u4e00-\u9fff]", key) else ""
    if isinstance(node, ast.ExceptHandler) and ours:
        caught = ast.unparse(node.type) if node.type else "everything"
        return f"catches {caught}" if caught in {"Exception", "everything"} else ""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        opens = node.func.attr in {"read_text", "write_text"}
        named = any(keyword.arg == "encoding" for keyword in node.keywords)
        return f"{node.func.attr} without encoding" if opens and not named else ""
    return ""


def test_no_tag_is_written_outside_a_template() -> None:
    breaches = []
    for path, tree in MODULES.items():
        if room_of(path) in {"display", "studies"} and place_of(path) not in TAGS:
            owners = (ast.Module, ast.ClassDef, ast.FunctionDef)
            docs = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, owners)}
            texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)} - docs
            tags = [text for text in texts if isinstance(text, str) and re.search(r"</?[a-z]", text)]
            breaches += [f"{place_of(path)}: {text[:60]}" for text in tags]
    assert not breaches, "\n".join(breaches)


def test_scripts_beside_the_package_import_what_is_in_it() -> None:
    scripts = [*ROOT.glob("benchmarks/*.py"), *ROOT.glob("data/*.py"), *ROOT.glob("docs/tools/*.py")]
    assert len(scripts) > 10
    lost = [
        f"{path.relative_to(ROOT)}: {node.module}.{name.name}"
        for path in scripts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("zjanalysis")
        for name in node.names
        if not (ROOT / str(node.module).replace(".", "/") / f"{name.name}.py").is_file()
        and not hasattr(import_module(str(node.module)), name.name)
    ]
    assert not lost, "\n".join(lost)


def test_the_project_speaks_of_itself_alone() -> None:
    machine = re.compile(r"(?<![\w.])/(?:root|home|work|tmp)/[A-Za-z0-9_.-]+/")
    for path in TEXT_FILES:
        found = machine.search(path.read_text(encoding="utf-8"))
        assert found is None, f"{path.relative_to(ROOT)}: {found and found.group()}"
