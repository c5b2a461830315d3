"""The notebooks are stories: short cells, no machinery, no outputs, no typed numbers; and they run."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import seaborn as sns
from matplotlib.axes import Axes

import zjanalysis as zj

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = [*sorted((ROOT / "notebooks").glob("*.ipynb")), ROOT / "docs" / "guide" / "tutorial.ipynb"]
MACHINERY = (
    ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.Lambda, ast.Try, ast.If, ast.With,
    ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp,
)  # fmt: skip
IMPORTS = {"import zjanalysis as zj", "import pandas as pd", "import seaborn as sns"}


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


@pytest.mark.parametrize("name", ["02_city_benchmark", "03_district_report"])
def test_a_city_is_titled_as_its_own_departments_whichever_notebook_answers_for_it(name: str) -> None:
    """湛江市 alone could be taken for 全市."""
    source = (ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8").replace('\\"', '"')
    [cover] = re.findall(r"zj\.cover\([^)]*\)", source)
    me = zj.study("data/sample", "2021Q1", region="湛江市")
    title = eval(cover, {"zj": zj, "me": me, "report_date": ""}).payload["title"]
    assert title.startswith("湛江市（市本级）"), title


def test_there_are_notebooks() -> None:
    assert {"02_city_benchmark", "03_district_report"} <= {path.stem for path in NOTEBOOKS}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_few_short_cells_without_machinery(path: Path) -> None:
    code = cells(path, "code")
    assert len(code) <= 14
    for cell in code:
        parameters = "parameters" in cell["metadata"].get("tags", [])
        assert parameters or len(source(cell).splitlines()) <= 6, source(cell)
        for node in ast.walk(ast.parse(source(cell))):
            assert not isinstance(node, MACHINERY), f"{type(node).__name__}: {source(cell)}"
            if isinstance(node, ast.Import | ast.ImportFrom):
                assert ast.unparse(node) in IMPORTS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_one_parameters_cell_of_typed_literals(path: Path) -> None:
    tagged = [cell for cell in cells(path, "code") if "parameters" in cell["metadata"].get("tags", [])]
    assert len(tagged) == 1
    for statement in ast.parse(source(tagged[0])).body:
        assert isinstance(statement, ast.AnnAssign), ast.unparse(statement)
        assert statement.value is not None
        ast.literal_eval(statement.value)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_no_number_in_markdown_and_no_output_committed(path: Path) -> None:
    for cell in cells(path, "markdown"):
        assert not re.search(r"[0-9０-９]", source(cell)), source(cell)
    for cell in cells(path, "code"):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


@pytest.mark.parametrize("days", [[], [None], [20.0], [20.0, 20.0, None]])
def test_the_plain_figure_of_the_report_stands_whatever_a_county_has(days: list[float | None]) -> None:
    path = ROOT / "notebooks" / "03_district_report.ipynb"
    code = next(source(cell) for cell in cells(path, "code") if "sns.histplot" in source(cell)).partition("zj.show")[0]
    own = pd.DataFrame({"statutory_days": pd.Series(days, dtype="float64"), "item_type": "行政许可", "in_force": True})
    names: dict[str, Any] = {
        "me": SimpleNamespace(counted=own.assign(handling_type="承诺件", department="局")),
        "sns": sns,
    }
    exec(code, names)
    assert isinstance(names["axes"], Axes)


SOURCES = re.compile("数据来源|数据问题与口径|任务清单")
"""Sections that only say where the figures are from."""


@pytest.mark.parametrize("path", [p for p in NOTEBOOKS if re.match(r"0[1-9]", p.name)], ids=lambda p: p.stem)
def test_every_section_says_what_to_change_and_shows_what_follows_from_it(path: Path) -> None:
    """A line marked 可改 sets a name that a ``zj.show`` after it uses, so that the change reaches page and workbook."""
    sections = sectioned(path)
    assert len(sections) >= 4
    for title, code in sections.items():
        if SOURCES.search(title):
            continue
        tree = ast.parse(code)
        set_here = {
            target.id
            for node in tree.body
            if isinstance(node, ast.Assign) and "可改" in "".join(code.splitlines()[node.lineno - 1 : node.end_lineno])
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        assert set_here, (path.name, title)
        assert set_here <= reaching(tree, "zj.show"), (path.name, title)


def reaching(tree: ast.Module, end: str) -> set[str]:
    """The names that what is given to a function is made from, through any number of assignments."""
    reached: set[str] = set()
    for node in reversed(tree.body):
        names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
        queried = {
            word
            for one in ast.walk(node)
            if isinstance(one, ast.Constant)
            for word in re.findall(r"@(\w+)", str(one.value))
        }
        targets = {one.id for one in getattr(node, "targets", []) if isinstance(one, ast.Name)}
        if ast.unparse(node).startswith(f"{end}(") or targets & reached:
            reached |= names | queried
    return reached


def sectioned(path: Path) -> dict[str, str]:
    """The code under every heading of the second level."""
    sections: dict[str, str] = {}
    title = ""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "markdown":
            title = source(cell).strip().splitlines()[0]
            sections[title] = ""
        elif title:
            sections[title] += source(cell) + "\n"
    return sections
