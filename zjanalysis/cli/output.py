"""How tables leave the command line: for the terminal, or as a .csv / .xlsx file written whole."""

from __future__ import annotations

import argparse
import unicodedata
from pathlib import Path
from typing import TextIO

import pandas as pd

from zjanalysis.display.tables import NUMERIC, Table
from zjanalysis.files import write_paper
from zjanalysis.neutral import csv_field, visible


def print_table(rows: Table, limit: int = 60, *, file: TextIO | None = None) -> None:
    """Print the table with Chinese characters counted as two columns; a long one is cut and says so."""
    cells = [[visible(text) for text in row] for row in rows.texts()[:limit]]
    heads = [head.text for head in rows.heads]
    widths = [max(map(_width, column)) for column in zip(heads, *cells, strict=True)]
    right = [head.kind in NUMERIC for head in rows.heads]
    for row in [heads, *cells]:
        print("  ".join(_pad(*cell) for cell in zip(row, widths, right, strict=True)).rstrip(), file=file)
    if len(rows.rows) > limit:
        print(f"……共 {len(rows.rows)} 行，只显示前 {limit} 行；用 --out 保存全部。", file=file)


def typed(arguments: argparse.Namespace, *names: str) -> str:
    """Return the options that were typed as they stand in a command that follows, a blank before each.

    >>> typed(argparse.Namespace(data="我的 数据", period="2021Q2", peers=""), "data", "period", "peers")
    ' --data "我的 数据" --period 2021Q2'
    """
    typed_in = ((name, str(getattr(arguments, name))) for name in names if getattr(arguments, name))
    return "".join(f' --{name} "{value}"' if " " in value else f" --{name} {value}" for name, value in typed_in)


def _width(text: str) -> int:
    """Return the columns a text takes in a terminal: wide and full-width characters take two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _pad(text: str, width: int, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space


def save(rows: pd.DataFrame, printed: Table, path: Path, *, title: str) -> None:
    """Write the rows as .csv (identifiers as headers, full precision) or the table as .xlsx, and say where."""
    if path.suffix.lower() == ".xlsx":
        from zjanalysis.display.workbook import workbook_bytes  # noqa: PLC0415  openpyxl

        content = workbook_bytes([printed], title=title)
    else:
        content = rows.map(csv_field).to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")
    print(f"已写入 {write_paper(path, content)}")
