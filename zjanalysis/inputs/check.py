"""Rows as written → items (typed) and findings (cells that do not fit). Wrong data is a result, not an exception."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from zjanalysis.columns import label
from zjanalysis.errors import InputError
from zjanalysis.inputs import cellrules, rowrules
from zjanalysis.inputs.choose import choose_columns
from zjanalysis.inputs.findings import Part, Place, empty_findings, table_of, typed
from zjanalysis.inputs.layout import Rows, rows_of
from zjanalysis.inputs.regions import code_in
from zjanalysis.inputs.rules import LEAVES_OUT
from zjanalysis.inputs.work import WHOLE
from zjanalysis.inputs.workbook import Sheet
from zjanalysis.settings import Settings

_MEASURED = ("statutory_limit", "promised_limit", "both_limits", "visits", "online", "handling_type", "online_depth")


@dataclass(frozen=True)
class Checked:
    """What one file gives. ``n_read`` = items + rows that a finding with ``used`` False names."""

    items: pd.DataFrame
    findings: pd.DataFrame
    n_read: int
    places: Mapping[tuple[str, str], Mapping[str, Place]]


def check(sheets: Sequence[Sheet], *, settings: Settings, mapping: Mapping[str, str] | None = None) -> Checked:
    """Give the items and findings of one file.

    ``mapping``: header → column key, for headers that could be two things (``[columns]`` of dataset.toml). Raises
    InputError when no visible sheet holds the needed columns.
    """
    seen = [(sheet, *_rows(sheet, mapping or {})) for sheet in sheets]
    tables = [(sheet, rows) for sheet, rows, _ in seen if rows is not None and not _lacks(rows)]
    if not tables:
        raise _no_table(sheets, [rows for _, rows, _ in seen if rows is not None])
    made = [check_rows(sheet, rows, settings=settings) for sheet, rows in tables]
    found = [table_of(parts, file=sheet.file, sheet=sheet.name, places={}) for sheet, _, parts in seen]
    return Checked(
        made[0][0] if len(made) == 1 else pd.concat([items for items, _ in made], ignore_index=True),
        together([*found, *(findings for _, findings in made)]),
        sum(rows.n_read for _, rows in tables),
        {(rows.file, rows.sheet): rows.places for _, rows in tables},
    )


def together(findings: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put findings tables under one another."""
    filled = [frame for frame in findings if len(frame)]
    return typed(pd.concat(filled, ignore_index=True)) if filled else empty_findings()


def _rows(sheet: Sheet, mapping: Mapping[str, str]) -> tuple[Rows | None, list[Part]]:
    if not any(any(cell not in ("", None) for cell in row) for row in sheet.grid):
        return None, []
    if sheet.hidden:
        return None, [Part("sheet_hidden", WHOLE, values=sheet.name)]
    rows = rows_of(sheet, mapping=mapping, choose=choose_columns)
    if rows is None or _lacks(rows):
        return rows, [Part("sheet_without_table", WHOLE, values=sheet.name)]
    hidden = [Part("rows_hidden", WHOLE, values=str(sheet.seen.hidden_rows))] if sheet.seen.hidden_rows else []
    return rows, hidden if len(rows.numbers) else [*hidden, Part("table_empty", WHOLE, values=sheet.name)]


def _lacks(rows: Rows) -> list[str]:
    """Give the labels of the needed columns that a table does not have."""
    lacking = [] if "item_name" in rows.cells else [label("item_name")]
    measured = f"{label('statutory_limit')}、{label('promised_limit')}或{label('visits')}"
    return lacking if set(_MEASURED) & set(rows.cells) else [*lacking, measured]


def _no_table(sheets: Sequence[Sheet], seen: list[Rows]) -> InputError:
    name = sheets[0].file if sheets else ""
    if not seen:
        return InputError(f"“{name}”里没有找到表头（每张可见工作表的前 20 行都看过）。",
                          "请使用标准表头（zj template 可生成模板），或检查是否交错了文件。")  # fmt: skip
    rows = seen[0]
    found = "、".join(place.header for place in list(rows.places.values())[:8])
    where = f"“{name}”的工作表“{rows.sheet}”" if rows.sheet else f"“{name}”"
    return InputError(
        f"{where}缺少必需的列：{'；'.join(_lacks(rows))}。",
        f"已认出的列：{found}。请补上缺少的列，或在 dataset.toml 的 [columns] 写明对应关系。",
    )


def check_rows(sheet: Sheet, rows: Rows, *, settings: Settings) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the items and findings of one table."""
    hint = code_in(rows.sheet) or code_in(Path(rows.file).stem)
    items, parts = cellrules.typed_items(rows, region=hint, units=settings.units)
    parts += _uncalculated(sheet, rows)
    leaving = [part.numbers for part in parts if part.rule in LEAVES_OUT]
    out = np.isin(rows.numbers, np.concatenate(leaving)) if leaving else np.zeros(len(items), dtype=bool)
    parts += rowrules.row_parts(rows, items, out)
    findings = table_of([*rows.parts, *parts], file=rows.file, sheet=rows.sheet, places=rows.places)
    regions = pd.Series(items["region_code"].to_numpy(), index=rows.numbers)
    findings = findings.assign(region_code=findings["row_number"].map(regions).astype("str"))
    return items[~out].reset_index(drop=True) if out.any() else items, findings


def _uncalculated(sheet: Sheet, rows: Rows) -> list[Part]:
    """Note the formulas without a stored result and those with an error, in columns that are read."""
    keys = {place.letter: key for key, place in rows.places.items()}
    parts = []
    for rule, cells in (("formula_empty", sheet.seen.empty_formulas), ("cell_error", sheet.seen.error_cells)):
        split = [re.fullmatch(r"([A-Z]+)(\d+)", cell) for cell in cells]
        at = [(found.group(1), int(found.group(2))) for found in split if found]
        for column, key in keys.items():
            numbers = np.array(sorted(n for c, n in at if c == column), dtype="int64")
            parts.append(Part(rule, numbers[np.isin(numbers, rows.numbers)], key=key))
    return parts
