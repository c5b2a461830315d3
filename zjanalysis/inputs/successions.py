"""successions.csv of a data set: which codes took the place of which, from which period on, and on what ground."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from zjanalysis.columns import TABLES
from zjanalysis.inputs.findings import Violation, empty_findings, findings_of
from zjanalysis.inputs.office_table import places_of, read_table
from zjanalysis.settings import Guard

FILE_NAME = "successions.csv"
_HEADS = TABLES["successions"]
COLUMNS = tuple(column.key for column in _HEADS)


def load_successions(folder: Path, *, upto: str = "", guard: Guard | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return `successions` and `findings` of a data set folder; two empty tables when it has no successions.csv.

    One row is one old code and one new one: a merger is several rows with one ``into``, a split several with one
    ``code``. A row without its codes, its period or a source is left out and named. ``upto``: no row of a later period.
    Raises InputError for a file without these columns.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        return pd.DataFrame(columns=list(COLUMNS), dtype="str"), empty_findings()
    table = read_table(path, _HEADS, required=("period", "code", "into", "source"), guard=guard)
    rows = table.rows.reindex(columns=[*COLUMNS, "row_number"], fill_value="")
    blank = (rows[["period", "code", "into"]] == "").any(axis=1) | rows["code"].eq(rows["into"])
    unfounded = ~blank & rows["source"].eq("")
    numbers = rows["row_number"].astype("int64").to_numpy()
    broken = (("succession_code", "code", blank), ("succession_source", "source", unfounded))
    violations = [Violation(rule, numbers[mask], key, rows.loc[mask, "code"]) for rule, key, mask in broken]
    used = ~(blank | unfounded) & (rows["period"].le(upto) if upto else True)
    findings = findings_of(violations, file=FILE_NAME, places=places_of(table, _HEADS))
    return rows.loc[used, list(COLUMNS)].reset_index(drop=True), findings
