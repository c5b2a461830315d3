"""Who gets which report: the office's own table of 地区, 收件人, 抄送; one row is one region or part of its list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from zjanalysis.columns import ADDRESS_COLUMNS
from zjanalysis.errors import InputError, unknown_name
from zjanalysis.inputs.office_table import OfficeTable, read_table
from zjanalysis.inputs.regions import find_code, load_regions

TO, CC = "收件人", "抄送"
LONGEST = 254  # RFC 5321
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@"
                      r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}")  # fmt: skip


@dataclass(frozen=True)
class Addresses:
    """The addresses of one region."""

    to: tuple[str, ...]
    cc: tuple[str, ...] = ()


def load_addresses(path: Path) -> dict[str, Addresses]:
    """Read the table and give region code → addresses; several rows of a region are one list, without repeats.

    A row without 收件人 is passed over. Raises InputError for a file without the columns and for anything that is not
    an address (a line break, which could smuggle a header into a letter, is not one); UnknownName for a region.
    """
    table = read_table(path, ADDRESS_COLUMNS, required=("region", "to"))
    lists: dict[str, Addresses] = {}
    for cells in table.rows.to_dict("records"):
        row = {str(key): str(value) for key, value in cells.items()}
        to, cc = (_addresses(row, key, label, table) for key, label in (("to", TO), ("cc", CC)))
        if not to:
            continue
        code = find_code(row["region"])
        if code is None:
            raise unknown_name(f"地区（{_place(row, 'region', table)}）", row["region"], load_regions()["name"])
        before = lists.get(code, Addresses(()))
        lists[code] = Addresses(_once(*before.to, *to), _once(*before.cc, *cc))
    if not lists:
        raise InputError(f"“{path.name}”里没有一行填了{TO}。", "请在“收件人”栏填邮箱地址。")
    return lists


def _once(*addresses: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(addresses))


def _addresses(row: Mapping[str, str], key: str, label: str, table: OfficeTable) -> tuple[str, ...]:
    """Give the addresses of a cell, or refuse it with its place."""
    text = row.get(key, "")
    parts = [part for part in re.split(r"[;；,，、 　]+", text) if part]
    wrong = next((part for part in parts if len(part) > LONGEST or not _ADDRESS.fullmatch(part)), "")
    if not wrong:
        return tuple(parts)
    quoted = " ".join(wrong.split())[:60]
    why = "含换行，" if re.search(r"[\r\n\v\f\x00-\x1f\x85\u2028\u2029]", wrong) else ""
    place = _place(row, key, table)
    raise InputError(
        f"{table.file} {place} 的{label}“{quoted}”{why}不是邮箱地址。", "请写成 name@example.gov.cn，几个之间用分号。"
    )


def _place(row: Mapping[str, str], key: str, table: OfficeTable) -> str:
    return f"{table.sheet} {table.letters[key]}{row['row_number']}".strip()
