"""Columns of case tables (办件): what a case holds, and how the national exchange and Chinese tables spell it.

The national names are those of ``up_pro_accept`` and ``up_pro_result`` (C0109 exchange tables).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from zjanalysis.columns import CASE_COLUMNS, label
from zjanalysis.errors import InputError
from zjanalysis.inputs.office_table import fold_header

# At least one of each group must be there.
_NEEDED = (("accepted",), ("base_code", "impl_code"), ("region_code", "org_code", "impl_code"))


def case_columns(headers: Iterable[str], *, where: str) -> Mapping[str, str]:
    """Give which header holds which column of a case table; raises InputError where what is needed is missing.

    >>> case_columns(["PROJECT_NO", "TASK_CODE", "ACCEPT_DATE"], where="a.csv")["accepted"]
    'ACCEPT_DATE'
    """
    found: dict[str, str] = {}
    by_name = {fold_header(header): header for header in reversed(list(headers))}
    for column in CASE_COLUMNS:
        spellings = [column.key, column.label, *column.aliases]
        header = next((by_name[name] for s in spellings if (name := fold_header(s)) in by_name), None)
        if header is not None:
            found[column.key] = header
    for group in _NEEDED:
        if not set(group) & set(found):
            wanted = "”或“".join(label(key) for key in group)
            seen = "、".join(by_name.values()) or "（没有表头）"
            raise InputError(
                f"办件表“{where}”没有“{wanted}”一列，现有：{seen[:200]}。", "请补上这一列，或改用列名的通行写法。"
            )
    return found
