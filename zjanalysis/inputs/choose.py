"""Which column is taken where a header has two meanings, or two columns have one: the values decide, or the user."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from zjanalysis.columns import ALL_COLUMNS, label
from zjanalysis.inputs import values
from zjanalysis.inputs.findings import Part
from zjanalysis.inputs.layout import Cells
from zjanalysis.inputs.limits import plain

_HERE = np.zeros(1, dtype="int64")  # a finding about the whole sheet


def choose_columns(
    texts: list[str], keys: list[tuple[str, ...]], columns: Mapping[int, Cells]
) -> tuple[dict[str, int], list[Part]]:
    """Give which sheet column each key is read from, and the findings about columns that cannot be told."""
    parts: list[Part] = []
    claims: dict[str, list[int]] = {}
    certain = {key[0] for key in keys if len(key) == 1}
    for c, meant in enumerate(keys):
        if not meant or (len(meant) > 1 and not any(columns[c].texts)):
            continue
        fits = (
            [key for key in meant if key not in certain and _fits(key, columns[c])] if len(meant) > 1 else list(meant)
        )
        if len(fits) == 1:
            claims.setdefault(fits[0], []).append(c)
        elif not set(meant) <= certain:
            parts.append(
                Part("column_ambiguous", _HERE, values=texts[c], others="或".join(f"“{label(k)}”" for k in meant))
            )
    chosen = {key: _one(key, claimed, texts, columns, parts) for key, claimed in claims.items()}
    found = {key: c for key, c in chosen.items() if c is not None}
    return _names(found, texts, columns, parts), parts


def _names(found: dict[str, int], texts: list[str], columns: Mapping[int, Cells], parts: list[Part]) -> dict[str, int]:
    """In one dialect CATANAME is the item and TASK_NAME the main item: take the only one there is, and ask when the
    other of two tells more items apart."""
    catalogue, name = found.get("catalog_name"), found.get("item_name")
    if catalogue is None:
        return found
    if name is None:
        return {**found, "item_name": catalogue}
    if len(columns[catalogue].texts) > len(columns[name].texts):
        parts.append(Part("names_swapped", _HERE, values=texts[name], others=texts[catalogue]))
    return found


def _fits(key: str, cells: Cells) -> bool:
    """Say whether nine in ten of the distinct texts are what the column holds."""
    written = [text for text in cells.texts if text]
    if key == "handling_type":
        known = [values.handling_type(text) != values.BAD for text in written]
    elif key == "handle_form":
        known = [bool(values.HANDLE_FORM.search(text)) or text in "12349" for text in written]
    else:
        return True
    return sum(known) >= 0.9 * len(written)


def _one(key: str, claimed: list[int], texts: list[str], columns: Mapping[int, Cells], parts: list[Part]) -> int | None:
    """Of several columns with one meaning take the first if all that are filled agree; else none, and say so."""
    filled = [c for c in claimed if any(columns[c].texts)]
    if len(filled) < 2:
        return (filled or claimed)[0]
    first = filled[0]
    for other in filled[1:]:
        a, b = (pd.Series(columns[c].each(lambda text: _same(key, text))) for c in (first, other))
        if not (a.eq(b) | a.eq("") | b.eq("")).all():
            parts.append(Part("column_twice", _HERE, values=texts[first], others=texts[other]))
            return None
    return first


def _same(key: str, text: str) -> str:
    """Give what two spellings of one value have in common."""
    if ALL_COLUMNS[key].kind == "flag":
        return str(values.flag(text))
    if ALL_COLUMNS[key].kind == "visits":
        return str(values.visits(text))
    return plain(text)
