"""The wing of cases (办件), ``zj.cases``: what a report shows about them. Each view takes a `Study`.

>>> import zjanalysis as zj
>>> zj.cases.overdue.__name__
'overdue'
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

from zjanalysis import Wing, asked
from zjanalysis.errors import no_such_name

__all__ = ("bands", "brief", "departments", "items", "load", "loose", "overdue", "problems", "regions", "scores",
           "trend", "weighted")  # fmt: skip

sys.modules[__name__].__class__ = Wing


def __getattr__(name: str) -> Any:
    """Load a view from the display of the wing; DuckDB is loaded only by who asks for cases."""
    if name in __all__:
        return asked(getattr(importlib.import_module("zjanalysis.cases.display"), name), "zj.cases")
    raise no_such_name("zj.cases", name, __all__)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
