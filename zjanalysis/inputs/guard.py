"""Before a workbook is opened: is it one, and is it safe to open?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from zjanalysis.errors import InputError
from zjanalysis.settings import Guard


@dataclass(frozen=True)
class Inspection:
    """What the bare XML of a sheet tells and the reader does not."""

    hidden_rows: int = 0
    empty_formulas: frozenset[str] = field(default_factory=frozenset)
    error_cells: frozenset[str] = field(default_factory=frozenset)


def inspect(path: Path, guard: Guard) -> Mapping[str, Inspection]:
    """Refuse what must not be opened; give what was seen in each sheet."""
    with path.open("rb") as stream:
        head = stream.read(8)
    if not head.startswith(b"PK"):
        raise InputError(f"“{path.name}”不是 .xlsx 工作簿。", "请用 Excel/WPS 打开后另存为 .xlsx。")
    return {}
