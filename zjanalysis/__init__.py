"""Service-efficiency indicators, comparison and district reports: the public face, ``import zjanalysis as zj``.

Start with ``me = zj.study("data/sample", "2021Q1", region="遂溪县")``; ``me.scores`` and the like are plain
tables, and a view such as ``zj.spine(me)`` gives a block to be shown. Each name is loaded from its room at first use.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Iterable, Iterator, Mapping
from numbers import Integral
from types import ModuleType
from typing import Any

__version__ = "0.2.0"

_HOMES = {
    "studies": ("Study", "study"),
    "inputs.period": ("load_period",),
    "inputs.regions": ("peers_of",),
    "analysis.registry": ("Scope",),
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
_NO_TEXTS = frozenset({"Study", "Period", "DataFrame", "Series"})
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
    globals()[name] = value = asked(value) if inspect.isfunction(value) else value
    return value


def asked(function: Any, face: str = "zj") -> Any:
    """Have a public function answer in Chinese how it is called, and a view of a study refuse anything else.

    None where there is a default is what is not given; names may come as a list where several are taken.
    """
    signature, name = inspect.signature(function), f"{face}.{function.__name__}"
    asks = signature.parameters
    is_view = next(iter(asks), "") == "me"

    @functools.wraps(function)
    def answered(*given: Any, **named: Any) -> Any:
        from zjanalysis.errors import ConfigError  # noqa: PLC0415

        try:
            bound = signature.bind(*given, **named)
        except TypeError:
            raise ConfigError(f"{name} 的参数写得不全，或写了它没有的。", f"写法：{name}({_usage(asks)})。") from None
        for key, value in list(bound.arguments.items()):
            if value is None and asks[key].default is not None and asks[key].default is not inspect.Parameter.empty:
                del bound.arguments[key]
            elif is_view and asks[key].kind is inspect.Parameter.VAR_POSITIONAL:
                bound.arguments[key] = tuple(_one_by_one(value))
            elif {"str"} <= {*str(asks[key].annotation).split(" | ")} <= {"str", "int", "float"}:
                _refuse_no_text(key, value, f"写法：{name}({_usage(asks)})。")
            elif asks[key].annotation == "int" and (isinstance(value, bool) or not isinstance(value, Integral)):
                raise ConfigError(f"{key}={value!r} 不是整数。", f"例如 {key}={asks[key].default}。")
        if is_view:
            _refuse_others(bound.arguments["me"], name)
        return function(*bound.args, **bound.kwargs)

    return answered


def _refuse_no_text(key: str, value: Any, hint: str) -> None:
    """Raise ConfigError for a study, a period or a table where a text is asked for, and for a number as the data."""
    from zjanalysis.errors import ConfigError  # noqa: PLC0415

    for one in value if isinstance(value, tuple) else [value]:
        if type(one).__name__ in _NO_TEXTS or (key == "data" and isinstance(one, Integral)):
            raise ConfigError(f"{key} 是文字，得到的是 {type(one).__name__}。", hint)


class Wing(ModuleType):
    """A wing, which is no function: who calls it is told how its views are."""

    def __call__(self, *_: Any, **__: Any) -> None:
        from zjanalysis.errors import ConfigError  # noqa: PLC0415

        wing = f"zj.{self.__name__.rpartition('.')[2]}"
        raise ConfigError(
            f"{wing} 不是函数，它下面有几个。", f"写 {'、'.join(f'{wing}.{name}(me)' for name in self.__all__)}。"
        )


def _usage(asks: Mapping[str, inspect.Parameter]) -> str:
    """Write how a function is called: what it needs, and what it takes with what is taken otherwise."""
    names = []
    for key, one in asks.items():
        plain = one.default if isinstance(one.default, (str, int, float)) else "…"
        named = one.kind is one.KEYWORD_ONLY or one.default is not one.empty
        star = "*" if one.kind is one.VAR_POSITIONAL else ""
        names.append(f"{key}={plain!r}" if named and plain != "…" else f"{key}=…" if named else star + key)
    return ", ".join(names)


def _refuse_others(me: Any, name: str) -> None:
    """Raise ConfigError for what is no study."""
    from zjanalysis.errors import ConfigError  # noqa: PLC0415
    from zjanalysis.studies import Study  # noqa: PLC0415

    if not isinstance(me, Study):
        hint = f'先写 me = zj.study(region="地区名")，再写 {name}(me)。'
        raise ConfigError(f"{name} 的第一项应是 zj.study(…) 的结果，得到的是 {type(me).__name__}。", hint)


def _one_by_one(names: Any) -> Iterator[Any]:
    """Return names one by one, those of lists and columns too."""
    for name in names:
        yield from _one_by_one(name) if isinstance(name, Iterable) and not isinstance(name, str) else [name]


def __dir__() -> list[str]:
    """Show every public name, loaded or not."""
    return sorted(__all__)
