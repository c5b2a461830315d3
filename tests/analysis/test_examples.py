"""The worked examples in tests/examples: what their formulas give equals what the library gives."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook
from openpyxl.utils import range_boundaries
from scipy import stats

from tests.analysis.ways import like_for_like, plan
from zjanalysis.analysis.explain import gap_split
from zjanalysis.analysis.indicators import measure
from zjanalysis.analysis.like_for_like import code_tables, fit, judge
from zjanalysis.analysis.matching import common_limits
from zjanalysis.analysis.registry import indicator
from zjanalysis.columns import ALL_COLUMNS

FOLDER = Path(__file__).resolve().parents[1] / "examples"
KEYS = {column.label: column.key for column in ALL_COLUMNS.values()}
Make = Callable[..., pd.DataFrame]


def count_if(values: np.ndarray, test: str) -> int:
    sign, wanted = re.match(r"([<>=]+)(.*)", test).groups()  # type: ignore[union-attr]
    if sign == "=" and not re.fullmatch(r"[\d.]+", wanted):
        return int((values == wanted).sum())
    compare = {">=": np.greater_equal, "<=": np.less_equal, "=": np.equal}[sign]
    return int(compare(values.astype(float), float(wanted)).sum())


FUNCTIONS = {
    "SUM": np.sum, "SUMPRODUCT": np.sum, "AVERAGE": np.mean, "MIN": lambda *v: np.min(np.hstack(v)), "MAX": lambda *v: np.max(np.hstack(v)),
    "COUNT": np.size, "MEDIAN": lambda *v: np.median(v), "COUNTIF": count_if, "LARGE": lambda v, k: np.sort(v)[-int(k)],
    "ROUND": np.round, "IF": lambda test, yes, no: yes if test else no, "SQRT": np.sqrt,
    "TINV": lambda share, freedom: stats.t.ppf(1 - share / 2, int(freedom)),
}  # fmt: skip
REFERENCE = re.compile(r"(?:([\u4e00-\u9fff]+)!)?([A-Z]+\d+(?::[A-Z]+\d+)?)")


class Workbook:
    """A small reading of Excel, independent of the library: works out formulas from the cells they name."""

    def __init__(self, sheets: dict[str, list[list[object]]]) -> None:
        self.sheets = sheets
        self.known: dict[tuple[str, int, int], object] = {}

    def cell(self, sheet: str, row: int, column: int) -> object:
        """Return the value of a cell, worked out once."""
        if (sheet, row, column) not in self.known:
            value = self.sheets[sheet][row - 1][column - 1]
            formula = isinstance(value, str) and value.startswith("=")
            self.known[sheet, row, column] = self.evaluate(str(value), sheet) if formula else value
        return self.known[sheet, row, column]

    def fetch(self, sheet: str, address: str) -> object:
        """Return the cell of an address, or the array of a range."""
        left, top, right, bottom = range_boundaries(address)
        cells = [self.cell(sheet, r, c) for r in range(top, bottom + 1) for c in range(left, right + 1)]
        return np.array(cells) if ":" in address else cells[0]

    def evaluate(self, formula: str, here: str) -> float:
        """Work out a formula that stands on the sheet ``here``."""
        body = REFERENCE.sub(lambda m: f"fetch('{m[1] or here}','{m[2]}')", formula[1:])
        return float(eval(body, {**FUNCTIONS, "fetch": self.fetch}))


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_examples", FOLDER / "make_examples.py")
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    return module


def sheets_of(name: str) -> dict[str, list[list[object]]]:
    book = load_workbook(FOLDER / name)
    return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}


def example(name: str, make: Make) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return the items of a workbook and what its formulas come to, by key."""
    book = sheets_of(name)
    head, *rows = book["事项"]
    items = make(**{KEYS[str(label)]: [row[i] for row in rows] for i, label in enumerate(head)})
    working = Workbook(book)
    found = {str(row[1]): working.evaluate(str(row[2]), "计算") for row in book["计算"][1:]}
    return items, found


@pytest.mark.parametrize("name", [path.name for path in sorted(FOLDER.glob("*.xlsx"))])
def test_the_workbooks_are_what_the_script_writes_and_show_their_formulas(name: str) -> None:
    book, made = sheets_of(name), script().EXAMPLES[name]()
    for title, rows in made.items():
        width = max(len(row) for row in rows)
        assert book[title] == [[*row, *[None] * (width - len(row))] for row in rows], (
            "python tests/examples/make_examples.py"
        )
    for row in book["计算"][1:]:
        assert str(row[2]).startswith("=")
        assert row[3] == f"公式：{str(row[2])[1:]}"


def test_indicators(make_items: Make) -> None:
    items, formulas = example("indicators.xlsx", make_items)
    scores = measure(items).set_index("indicator")["value"]
    assert len(formulas) == 8
    assert scores[list(formulas)].to_dict() == pytest.approx(formulas, abs=1e-12)


def test_like_for_like(make_items: Make) -> None:
    items, formulas = example("like_for_like.xlsx", make_items)
    peers = ("440900", "441700")
    table = like_for_like(items, region="440800", peers=peers, indicator="time_compression")
    first, second = table.iloc[0], table.iloc[1]
    limits = common_limits(items, regions=("440800", *peers)).groupby("match_code")["statutory_days"].first()
    visits = like_for_like(items, region="440800", peers=peers, indicator="visits").iloc[0]
    assert formulas == pytest.approx({
        "limit_A": limits["A"], "limit_B": limits["B"], "value": first["value"], "peer_value": first["peer_value"],
        "difference": first["difference"], "coverage": first["coverage"], "value_second": second["value"],
        "peer_value_second": second["peer_value"], "visits": visits["value"],
    })  # fmt: skip


@pytest.mark.parametrize("name", ["two_way.xlsx", "two_way_missing.xlsx"])
def test_the_two_way_model_its_interval_and_the_verdict(make_items: Make, name: str) -> None:
    items, formulas = example(name, make_items)
    one, counties = indicator("time_compression"), ("440823", "440825", "440881", "440882")
    table = code_tables(items, [one], regions=counties)[one.key]
    assert table.held.all() == (name == "two_way.xlsx")
    assert [formulas[county] for county in counties] == pytest.approx(list(fit(table).effects), abs=1e-12)
    assert (formulas["check_middle"], formulas["check_difference"]) == pytest.approx((0, 0), abs=1e-12)
    found = judge(table, one).set_index("region_code").loc["440823"]
    assert found["middle"] == "440881"
    assert formulas["difference"] == pytest.approx(found["difference"], abs=1e-12)
    assert formulas["n_effective"] == pytest.approx(found["n_effective"])
    # the interval but for the point of t, which Excel has for whole degrees of freedom only
    assert (formulas["low"], formulas["high"]) == pytest.approx((found["low"], found["high"]), abs=2e-4)
    assert {1: "优于", 0: "相当", -1: "落后", 9: "不作判断"}[int(formulas["verdict"])] == found["verdict"] == "优于"
    if table.held.all():
        assert formulas["standardised"] == pytest.approx(found["difference"], abs=1e-12)


def test_gap_split(make_items: Make) -> None:
    items, formulas = example("gap_split.xlsx", make_items)
    table = gap_split(items, region="440800", peers=("440900",), indicator="time_compression")
    parts = table.set_index("part")["contribution"].to_dict()
    assert parts == pytest.approx({part: formulas[part] for part in parts}, abs=1e-12)
    assert table["gap"].iloc[0] == pytest.approx(formulas["gap"], abs=1e-12)
    assert abs(formulas["check"]) <= 1e-12


def test_plan(make_items: Make) -> None:
    items, formulas = example("plan.xlsx", make_items)
    found = plan(items, region="440800", peers=("440900", "441700"), indicator="time_compression", target=0.78)
    summary = found.summary.iloc[0]
    assert summary["n_steps"] == formulas["n_steps"] == 2
    assert found.steps["cumulative"].tolist() == pytest.approx([formulas["cumulative_1"], formulas["cumulative_2"]])
    assert (summary["value"], summary["best_reachable"]) == pytest.approx(
        (formulas["value"], formulas["best_reachable"])
    )
    rooms = {
        f"room_{code}": days for code, days in zip(found.steps["match_code"], found.steps["change_by"], strict=True)
    }
    assert rooms == {key: formulas[key] for key in rooms}
    assert found.steps["rank"].iloc[-1] == formulas["rank"]
