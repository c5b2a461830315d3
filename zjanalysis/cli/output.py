"""How a table leaves the command line: aligned in the terminal, or a .csv / .xlsx file written whole."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pandas as pd

from zjanalysis.display.tables import NUMERIC, Table
from zjanalysis.display.workbook import write_workbook
from zjanalysis.errors import ConfigError


def print_table(shown: Table, limit: int = 60) -> None:
    """Print the table with Chinese characters counted as two columns; a long one is cut and says so."""
    cells = shown.texts()[:limit]
    heads = [f"{head.label}（{head.unit}）" if head.unit else head.label for head in shown.heads]
    widths = [max(map(_width, column)) for column in zip(heads, *cells, strict=True)]
    right = [head.kind in NUMERIC for head in shown.heads]
    for row in [heads, *cells]:
        print("  ".join(_pad(*cell) for cell in zip(row, widths, right, strict=True)).rstrip())
    if len(shown.rows) > limit:
        print(f"……共 {len(shown.rows)} 行，只显示前 {limit} 行；用 --out 保存全部。")


def _width(text: str) -> int:
    """Give the columns a text takes in a terminal: wide and ambiguous characters of East Asia take two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _pad(text: str, width: int, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space


def save(rows: pd.DataFrame, shown: Table, path: Path, *, title: str) -> None:
    """Write the rows as .csv (identifiers as headers, full precision) or the table as .xlsx, and say where."""
    if path.suffix.lower() not in {".csv", ".xlsx"}:
        raise ConfigError(f"不认识的输出格式“{path.name}”。", "请用 .csv 或 .xlsx 结尾的文件名。")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() == ".xlsx":
            write_workbook([shown], path, title=title)
        else:
            part = path.with_name(f".{path.name}.part")
            rows.to_csv(part, index=False, encoding="utf-8-sig", lineterminator="\r\n")
            part.replace(path)
    except OSError as error:
        raise ConfigError(
            f"写不了文件“{path}”：{error.strerror}。", "请关闭正在打开它的程序，或换一个位置。"
        ) from error
    print(f"已写入 {path}")
