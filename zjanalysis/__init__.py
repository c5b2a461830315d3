"""Service-efficiency indicators, comparison and district reports: the public face, ``import zjanalysis as zj``.

Start with ``me = zj.study("data/sample", "2021Q1", region="遂溪县")``; ``me.scores`` and the like are plain
tables, and a view such as ``zj.spine(me)`` gives a block to be shown. Each name is loaded from its room at first use.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from typing import Any

__version__ = "0.2.0"

_HOMES = {
    "studies": ("Study", "study"),
    "settings": ("load_settings",),
    "inputs.period": ("load_period",),
    "inputs.dataset": ("list_periods",),
    "inputs.regions": ("peers_of", "region_code", "region_name"),
    "analysis.indicators": ("Scope",),
    "analysis.named": ("measure", "standings"),
    "analysis.series": ("series",),
    "analysis.signals": ("item_series",),
    "display.theme": ("theme",),
    "display.blocks": ("cover", "definitions", "exhibit", "file_facts", "finish", "say", "show"),
    "display.tables": ("table",),
    "display.answer": ("first_steps", "summary", "terms"),
    "display.spine": ("spine",),
    "display.reasons": ("departments", "laggards", "split"),
    "display.peers": ("funnel", "pairs", "ranking", "sensitivity"),
    "display.whole": ("counties", "parts", "whole"),
    "display.changes": ("before_after", "change_split", "changes", "item_changes"),
    "display.trend": ("trend", "trend_line", "worsening"),
    "display.actions": ("obstacles", "plan", "plan_overview", "tasks"),
    "display.distributions": ("compression", "limits", "visits"),
    "display.quality": (
        "completeness",
        "counts",
        "doubts",
        "findings",
        "findings_trend",
        "omissions",
        "quality_by_region",
        "regions",
    ),
    "display.explore": ("explore",),
}
_WINGS = ("cases", "ledger")
_ROOM_OF = {name: room for room, names in _HOMES.items() for name in names}

__all__ = ["__version__", *_WINGS, *sorted(_ROOM_OF)]  # noqa: PLE0604 - the names come from the table above


def __getattr__(name: str) -> Any:
    """Load a public name from its room; an unknown one is answered with the nearest."""
    if name in _WINGS:
        return importlib.import_module(f"zjanalysis.{name}")
    room = _ROOM_OF.get(name)
    if room is None:
        from zjanalysis.errors import no_such_name  # noqa: PLC0415

        raise no_such_name("zj", name, [*_ROOM_OF, *_WINGS])
    value = getattr(importlib.import_module(f"zjanalysis.{room}"), name)
    globals()[name] = value = _of_a_study(value) if room.startswith("display.") else value
    return value


def _of_a_study(view: Any) -> Any:
    """Have a view that shows a study refuse anything else in one sentence."""
    if next(iter(inspect.signature(view).parameters), "") != "me":
        return view

    @functools.wraps(view)
    def asked(me: Any, *rest: Any, **named: Any) -> Any:
        from zjanalysis.errors import ConfigError  # noqa: PLC0415
        from zjanalysis.studies import Study  # noqa: PLC0415

        if not isinstance(me, Study):
            hint = f'先写 me = zj.study(region="地区名")，再写 zj.{view.__name__}(me)。'
            raise ConfigError(
                f"zj.{view.__name__} 的第一项应是 zj.study(…) 的结果，得到的是 {type(me).__name__}。", hint
            )
        return view(me, *rest, **named)

    return asked


def __dir__() -> list[str]:
    """Show every public name, loaded or not."""
    return sorted(__all__)
