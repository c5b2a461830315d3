"""history.csv of a data set: the published figures of periods whose workbooks are gone, each with its definition.

One row per period, region and indicator: the two sums a value is the ratio of, n, n_left_out, and the version of the
definition, so that figures of two definitions are never taken for one line.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd

from zjanalysis.columns import TABLES
from zjanalysis.inputs.findings import Violation, empty_findings, findings_of
from zjanalysis.inputs.office_table import numbers, places_of, read_table
from zjanalysis.inputs.regions import find_code
from zjanalysis.settings import Guard

FILE_NAME = "history.csv"
KEY = ["period", "region_code", "indicator"]
SUMS = ("numerator", "denominator", "n", "n_left_out")
COLUMNS = (*KEY, *SUMS, "definition", "source", "row_number")
_HEADS = TABLES["history"]


def load_history(
    folder: Path, *, indicators: Collection[str], guard: Guard | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return `history` and `findings` of a data set folder; two empty tables when it has no history.csv.

    A row of an unknown region or indicator (``indicators``: the keys known), one without numbers and the second of two
    rows on the same figure are left out, and named in a finding. Raises InputError for a file without these columns.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        kinds = dict.fromkeys(COLUMNS, "str") | dict.fromkeys(SUMS, "float64") | {"row_number": "int64"}
        return pd.DataFrame(columns=list(COLUMNS)).astype(kinds), empty_findings()
    table = read_table(path, _HEADS, required=(*KEY, "numerator", "denominator"), guard=guard)
    text = table.rows.reindex(columns=list(COLUMNS), fill_value="")
    typed = text.assign(
        region_code=text["region_code"].map(find_code).astype("str"),
        row_number=text["row_number"].astype("int64"),
        **{name: numbers(text[name]) for name in SUMS},
    )
    broken = {
        "region_code": ("history_unknown", typed["region_code"].isna()),
        "indicator": ("history_unknown", ~typed["indicator"].isin(list(indicators))),
        "numerator": ("history_number", typed["numerator"].isna()),
        "denominator": ("history_number", typed["denominator"].isna() | (typed["denominator"] <= 0)),
        "period": ("history_twice", typed.duplicated(KEY)),
    }
    rows = typed["row_number"].to_numpy()
    violations = [Violation(rule, rows[mask], key, text.loc[mask, key]) for key, (rule, mask) in broken.items()]
    used = ~np.logical_or.reduce([mask for _, mask in broken.values()])
    return typed[used].reset_index(drop=True), findings_of(violations, file=FILE_NAME, places=places_of(table, _HEADS))


def disagreements(history: pd.DataFrame, measured: pd.DataFrame) -> pd.DataFrame:
    """Return a finding for every figure of history.csv that the workbooks of its period do not give.

    Both to the four decimals a history is written with; the workbooks count.
    """
    both = history.merge(measured, on=KEY, suffixes=("", "_measured"))
    apart = pd.Series(False, index=both.index)
    for name in ("numerator", "denominator"):
        written, computed = (both[side].to_numpy("float64") for side in (name, f"{name}_measured"))
        apart |= ~np.isclose(written, computed, rtol=1e-6, atol=1e-3)
    rows = both[apart]
    texts = [[f"{above:.10g}/{below:.10g}" for above, below in rows[list(pair)].itertuples(index=False)]
             for pair in (("numerator", "denominator"), ("numerator_measured", "denominator_measured"))]  # fmt: skip
    violation = Violation("history_differs", rows["row_number"].to_numpy(), "numerator", *map(np.array, texts))
    return findings_of([violation], file=FILE_NAME, regions=rows.set_index("row_number")["region_code"])
