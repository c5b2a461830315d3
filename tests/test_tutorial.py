"""The tutorial: ten short cells, run by a real kernel, whose answer is recomputed here from the items alone."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

import zjanalysis as zj
from zjanalysis.inputs.regions import report_units

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parent.parent
TUTORIAL = ROOT / "docs" / "guide" / "tutorial.ipynb"


@pytest.fixture(scope="module")
def done() -> NotebookNode:
    notebook = nbformat.read(TUTORIAL, as_version=4)
    return NotebookClient(notebook, timeout=120, kernel_name="python3",
                          resources={"metadata": {"path": str(TUTORIAL.parent)}}).execute()  # fmt: skip


def shown(notebook: NotebookNode) -> list[str]:
    """What each code cell shows, as plain text."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return ["".join(str(o["data"].get("text/plain", "")) for o in cell.outputs if "data" in o) for cell in cells]


def test_ten_code_cells_and_every_one_that_should_show_something_does(done: NotebookNode) -> None:
    texts = shown(done)
    assert len(texts) == 10
    assert all(texts[2:])
    assert not [o for cell in done.cells if cell.cell_type == "code" for o in cell.outputs if o.output_type == "stream"]


def test_the_answer_comes_first_and_is_what_the_items_say(done: NotebookNode) -> None:
    answer = shown(done)[2]
    items = zj.load_period("data/sample", "2021Q1").items
    counted = items[items["item_type"].eq("行政许可") & items["in_force"] & items["use_level"].isin(["3", "4"])]
    units = counted[counted["region_code"].isin(report_units("440800"))]
    own = units[units["region_code"] == "440823"]
    visits = own.groupby("department")["visits"].sum().sort_values()
    assert f"差距最大的部门是{visits.index[-1]}" in answer  # the department with most visits, by hand
    found = re.search(r"最少改(\d+)项，其中(\d+)项", answer)
    assert found
    assert passed(own, units, steps=int(found[1]))
    assert not passed(own, units, steps=int(found[1]) - 1)
    assert 0 < int(found[2]) <= int(found[1])


def passed(own: pd.DataFrame, units: pd.DataFrame, *, steps: int) -> bool:
    """Whether that many of the largest allowed cuts bring the county below the median of its group, as published.

    A cut is allowed down to the least visits any peer asks on the same code. The county is one of the group, whose
    median its own cuts move.
    """
    means = units.groupby("region_code")["visits"].mean()
    peers = units[units["region_code"] != "440823"]
    least = peers.groupby(["region_code", "match_code"])["visits"].mean().groupby("match_code").min()
    cuts = (own["visits"] - own["match_code"].map(least)).clip(lower=0).fillna(0).sort_values(ascending=False)
    means["440823"] = (own["visits"].sum() - cuts.head(steps).sum()) / len(own)
    return bool(round(means["440823"], 4) < round(means.median(), 4))
