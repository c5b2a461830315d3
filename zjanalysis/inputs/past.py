"""What a data set keeps of other periods beside its workbooks; a row that cannot be used is left out and named.

history.csv: the published figures of periods whose workbooks are gone. One row per period, region and indicator: the
two sums a value is the ratio of, n, n_left_out, and the version of the definition, so that figures of two definitions
are never taken for one line. successions.csv: which codes took the place of which, from which period, on what ground.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from zjanalysis.columns import TABLES
from zjanalysis.inputs.findings import Violation, columns_of, empty_findings, findings_of
from zjanalysis.inputs.office_table import Broken, OfficeTable, findings_in, numbers, read_table
from zjanalysis.inputs.regions import find_code
from zjanalysis.settings import Guard

HISTORY, SUCCESSIONS = "history.csv", "successions.csv"
KEY = ["period", "region_code", "indicator"]
SUMS = ("numerator", "denominator", "n", "n_left_out")
_FIGURES = (*KEY, *SUMS, "definition", "source", "row_number")
_SUCCESSIONS = [column.key for column in TABLES["successions"]]
Kept = tuple[pd.DataFrame, pd.DataFrame]


def load_history(folder: Path, *, indicators: Collection[str], guard: Guard | None = None) -> Kept:
    """Return `history` and `findings` of a data set folder; two empty tables when it has no history.csv.

    A row of an unknown region or indicator (``indicators``: the keys known), one without numbers and the second of two
    rows on the same figure are left out, and named in a finding. Raises InputError for a file without these columns.
    """
    path = folder / HISTORY
    if not path.is_file():
        kinds = dict.fromkeys(_FIGURES, "str") | dict.fromkeys(SUMS, "float64") | {"row_number": "int64"}
        return pd.DataFrame(columns=list(_FIGURES)).astype(kinds), empty_findings()
    table = read_table(path, TABLES["history"], required=(*KEY, "numerator", "denominator"), guard=guard)
    text = table.rows.reindex(columns=list(_FIGURES), fill_value="")
    typed = text.assign(
        region_code=text["region_code"].map(find_code).astype("str"), **{name: numbers(text[name]) for name in SUMS}
    )
    broken = (
        ("history_unknown", "region_code", typed["region_code"].isna()),
        ("history_unknown", "indicator", ~typed["indicator"].isin(list(indicators))),
        ("history_number", "numerator", typed["numerator"].isna()),
        ("history_number", "denominator", typed["denominator"].isna() | (typed["denominator"] <= 0)),
        ("history_twice", "period", typed.duplicated(KEY)),
    )
    return _used(typed, text, table, broken)


def load_successions(folder: Path, *, upto: str = "", guard: Guard | None = None) -> Kept:
    """Return `successions` and `findings` of a data set folder; two empty tables when it has no successions.csv.

    One row is one old code and one new one: a merger is several rows with one ``into``, a split several with one
    ``code``. A row without its codes, its period or a source is left out and named. ``upto``: no row of a later period.
    Raises InputError for a file without these columns.
    """
    path = folder / SUCCESSIONS
    if not path.is_file():
        return pd.DataFrame(columns=_SUCCESSIONS, dtype="str"), empty_findings()
    table = read_table(path, TABLES["successions"], required=("period", "code", "into", "source"), guard=guard)
    text = table.rows.reindex(columns=[*_SUCCESSIONS, "row_number"], fill_value="")
    blank = (text[["period", "code", "into"]] == "").any(axis=1) | text["code"].eq(text["into"])
    unfounded = ~blank & text["source"].eq("")
    broken = (("succession_code", "code", blank), ("succession_source", "source", unfounded))
    rows, findings = _used(text, text.assign(source=text["code"]), table, broken)  # what the sentence quotes
    return rows.loc[rows["period"].le(upto) | (upto == ""), _SUCCESSIONS].reset_index(drop=True), findings


def _used(rows: pd.DataFrame, text: pd.DataFrame, table: OfficeTable, broken: Sequence[Broken]) -> Kept:
    """Return the rows that break no rule, and the findings on the others."""
    used = ~np.logical_or.reduce([mask for _, _, mask in broken])
    return rows[used].reset_index(drop=True), findings_in(table, text, broken)


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
    regions = dict(zip(rows["row_number"], rows["region_code"], strict=True))
    return findings_of([columns_of([violation], file=HISTORY, regions=regions)])
