"""Items for the analysis tests: small text tables a reader sees, filled up to the columns an item always has."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

TEXTS = (
    "region_code", "region", "item_id", "item_name", "base_code", "impl_code", "handle_item_code", "match_code",
    "item_type", "use_level", "department", "statutory_unit", "promised_unit", "handling_type", "online_depth",
    "serves", "state", "version", "visit_reason", "limit_reason", "file", "sheet",
)  # fmt: skip
NUMBERS = ("statutory_days", "promised_days", "statutory_written", "promised_written", "visits", "case_count")
FLAGS = ("online", "end_to_end", "one_window", "bookable", "on_application", "serves_public", "in_hall", "express")


def complete(table: pd.DataFrame) -> pd.DataFrame:
    """Add the columns an item always has, in their dtypes; a permit of the city level unless the table says other."""
    n = len(table)
    items = table.copy()
    defaults = {"item_type": "行政许可", "use_level": "3", "region_code": "440800", "in_force": True}
    for name, value in defaults.items():
        if name not in items:
            items[name] = value
    for name in TEXTS:
        items[name] = (items[name] if name in items else pd.Series([None] * n, index=items.index)).astype("str")
    for name in NUMBERS:
        items[name] = items[name].astype("float64") if name in items else np.nan
    for name in FLAGS:
        marks = items[name] if name in items else pd.Series([None] * n, index=items.index)
        known = pd.to_numeric(marks.astype("object"), errors="coerce")
        items[name] = (known == 1).astype("boolean").mask(known.isna())
    pair = items["statutory_days"].notna() & items["promised_days"].notna()
    lacking = pd.Series(np.where(pair, None, "缺法定时限"), index=items.index).astype("str")
    items["limit_reason"] = items["limit_reason"].where(items["limit_reason"].notna() | pair, lacking)
    items["in_force"] = items["in_force"].astype(bool)
    items["row_number"] = np.arange(1, n + 1)
    return items


@pytest.fixture(scope="session")
def items_of() -> Callable[[str], pd.DataFrame]:
    """Read a text table (columns by white space, ``-`` is missing) as complete items."""

    def read(text: str) -> pd.DataFrame:
        codes = dict.fromkeys(TEXTS, "str")
        table = pd.read_csv(io.StringIO(text), sep=r"\s+", na_values=["-"], dtype=codes, keep_default_na=False)
        return complete(table)

    return read


@pytest.fixture(scope="session")
def make_items() -> Callable[..., pd.DataFrame]:
    """Make complete items from columns, for simulations and properties."""

    def make(**columns: object) -> pd.DataFrame:
        return complete(pd.DataFrame(columns))

    return make
