"""Puts a persistent worker back to the state it had before a report, so that the next one finds a fresh process.

Restored: working directory, environment, import path, modules of the user, names and containers in the library's
modules and in ``builtins``, matplotlib's settings, figures and backend, pandas' and numpy's options, warning filters,
locale, decimal context. Random states are set for every report anyway; a forked worker serves one report only.
"""

from __future__ import annotations

import builtins
import contextlib
import decimal
import importlib
import locale
import os
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

INLINE = "matplotlib_inline.backend_inline"


@dataclass(frozen=True)
class Before:
    """The state of a process that can be put back."""

    folder: str
    environment: Mapping[str, str]
    path: tuple[str, ...]
    modules: frozenset[str]
    names: Mapping[str, Mapping[str, Any]]
    contents: Mapping[int, tuple[Any, Any]]
    settings: Mapping[str, Any]


def take() -> Before:
    """Note the state of this process, after everything a report needs has been imported."""
    names = {name: dict(vars(module)) for name, module in _watched().items()}
    named = [item for values in names.values() for item in values.items() if not item[0].startswith("__")]
    held = [value for _, value in named if type(value) in (dict, list, set)]
    contents = {id(value): (value, value.copy()) for value in held}
    return Before(
        str(Path.cwd()), dict(os.environ), tuple(sys.path), frozenset(sys.modules), names, contents, _settings()
    )


def restore(before: Before) -> None:
    """Put the state back."""
    os.chdir(before.folder)
    os.environ.clear()
    os.environ.update(before.environment)
    sys.path[:] = before.path
    _forget_modules(before)
    for name, module in _watched().items():
        kept, now = before.names.get(name), vars(module)
        for extra in [key for key in now if kept is not None and key not in kept]:
            del now[extra]
        now.update(kept or {})
    for value, content in before.contents.values():
        value.clear()
        value.extend(content) if isinstance(value, list) else value.update(content)
    _set(before.settings)


def _watched() -> dict[str, ModuleType]:
    ours = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "zjanalysis"}
    kept = {name: module for name, module in ours.items() if not name.startswith("zjanalysis.publish")}
    return {**kept, "builtins": builtins}


def _forget_modules(before: Before) -> None:
    """Take out modules that are the user's own, so that they are imported anew; libraries stay."""
    libraries = tuple({str(Path(os.__file__).parent), *(p for p in before.path if "site-packages" in p)})
    for name in set(sys.modules) - before.modules:
        place = getattr(sys.modules[name], "__file__", None)
        if place and not place.startswith(libraries) and not name.startswith("zjanalysis"):
            del sys.modules[name]


def _settings() -> dict[str, Any]:
    import matplotlib as mpl  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    return {
        "rc": {name: value for name, value in mpl.rcParams.items() if name != "backend"},
        "numpy": np.get_printoptions(),
        "warnings": list(warnings.filters),
        "locale": locale.setlocale(locale.LC_ALL),
        "decimal": decimal.getcontext().copy(),
    }


def _set(settings: Mapping[str, Any]) -> None:
    import matplotlib as mpl  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415
    import pandas as pd  # noqa: PLC0415

    _fresh_backend()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mpl.rcParams.update(settings["rc"])
        pd.reset_option("all")
    np.set_printoptions(**settings["numpy"])
    filters: Any = warnings.filters
    filters[:] = settings["warnings"]
    decimal.setcontext(settings["decimal"].copy())
    with contextlib.suppress(locale.Error):
        locale.setlocale(locale.LC_ALL, settings["locale"])


def _fresh_backend() -> None:
    """Close all figures and let the next shell choose its backend as a fresh kernel does."""
    if "matplotlib.pyplot" not in sys.modules:
        return
    pyplot = importlib.import_module("matplotlib.pyplot")
    pyplot.close("all")
    pyplot.switch_backend("agg")
    if INLINE in sys.modules:
        inline = sys.modules.pop(INLINE)
        inline.configure_inline_support.current_backend = "unset"
        importlib.import_module("matplotlib_inline.config").InlineBackend.clear_instance()
