"""The tables of ``zjanalysis/reference``: one row per fact, read as text."""

from __future__ import annotations

from functools import cache
from importlib import resources
from io import StringIO

import pandas as pd


def read_reference(name: str) -> pd.DataFrame:
    """Give one of the tables in ``zjanalysis/reference`` with every cell as text; empty cells are empty text."""
    text = (resources.files("zjanalysis") / "reference" / f"{name}.csv").read_text(encoding="utf-8-sig")
    return pd.read_csv(StringIO(text), dtype=str, keep_default_na=False)


@cache
def spellings(kind: str) -> dict[str, str]:
    """Give how one kind of value is written in workbooks → what it means (spellings.csv; a new one is one more line).

    >>> spellings("unit")["个工作日"], spellings("flag")["支持"]
    ('工作日', '是')
    """
    table = read_reference("spellings")
    ours = table[table["kind"].eq(kind)]
    return dict(zip(ours["written"], ours["value"], strict=True))
