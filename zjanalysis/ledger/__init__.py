"""The wing of the ledger (台账), ``zj.ledger``: what a report shows of it. Each view takes a `Study`.

>>> import zjanalysis as zj
>>> zj.ledger.due.__name__
'due'
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

from zjanalysis import Wing, asked
from zjanalysis.errors import no_such_name

__all__ = ("agenda", "board", "due", "evaluation", "load", "outlook", "regions", "units")

sys.modules[__name__].__class__ = Wing


def __getattr__(name: str) -> Any:
    if name in __all__:
        return asked(getattr(importlib.import_module("zjanalysis.ledger.views"), name), "zj.ledger")
    raise no_such_name("zj.ledger", name, __all__)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
