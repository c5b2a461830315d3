"""What a worker starts with, and how a persistent one gets back there between two reports.

Imported once by the forkserver, whose children start with everything a report needs, and by every spawned worker.
Nothing here may open a DuckDB connection, use OpenMP or start a thread: they do not survive a fork. No figure is drawn
through pyplot, so that a child chooses its backend as a fresh kernel does.

Put back by `restored`: working directory, environment, import path, modules of the user, names and containers in the
library's modules and in ``builtins``, matplotlib's settings, figures and backend, pandas' and numpy's options, warning
filters, locale, decimal context. Random states are set for every report anyway.
"""

from __future__ import annotations

import atexit
import builtins
import decimal
import gc
import importlib
import locale
import multiprocessing
import os
import pkgutil
import sys
import warnings
from collections.abc import Collection, Iterator
from contextlib import chdir, contextmanager, suppress
from itertools import product
from pathlib import Path
from types import ModuleType

os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
# An optional part of jsonschema checks international addresses, of which a notebook has none, and takes a fifth of the
# start to build its grammar; told that it is not installed, jsonschema does without.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

_INLINE = "matplotlib_inline.backend_inline"
_LIBRARIES = ("papermill", "papermill.execute", "nbconvert.exporters.templateexporter", "nbformat", "openpyxl", "docx",
              "matplotlib.backends.backend_agg", "IPython.core.application", "IPython.core.completer",
              "IPython.core.completerlib", "IPython.core.logger", "IPython.core.magics", "IPython.core.oinspect",
              "bdb", "pandas.core.reshape.reshape")  # fmt: skip
_ROOMS = ("inputs", "analysis", "display", "cases", "ledger", "publish")
_OURS = [name for room in _ROOMS for _, name, _ in pkgutil.walk_packages(
    importlib.import_module(f"zjanalysis.{room}").__path__, f"zjanalysis.{room}.")]  # fmt: skip

for _name in (*_LIBRARIES, *_OURS):
    if not _name.endswith((".preload", ".synthetic")):
        importlib.import_module(_name)

import matplotlib as mpl  # noqa: E402  after the backend is named
import nbformat  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

from zjanalysis.columns import TABLES  # noqa: E402
from zjanalysis.display import canvas, document, picture, theme, workbook  # noqa: E402
from zjanalysis.display.tables import table  # noqa: E402
from zjanalysis.inputs.regions import find_code  # noqa: E402
from zjanalysis.publish import page, snapshot  # noqa: E402


def _rehearse() -> None:
    """Use once what builds its tables at first use: without it every child would build them again for its one report.

    Schema of notebooks, rules of Markdown, templates, names of regions, the font's commonest signs in every size,
    palette, narwhals' pandas side, writers of workbooks, documents and cards.
    """
    page.template()
    page.markdown().render("## 湛江市\n\n1. **一** `c`\n2. 二\n\n文字。\n")
    theme.printable("湛江市")
    find_code("湛江市")
    for relaxed in (False, True):
        nbformat.validate(nbformat.v4.new_notebook(), relax_add_props=relaxed)
    labels = [one.label for some in TABLES.values() for one in some]
    signs = "".join(sorted(set("0123456789.%").union(*labels)))
    with theme.style():
        axes = picture.new_figure(20.0).subplots()
        for size, family in product((theme.SMALL, theme.TEXT), ((theme.FAMILY,), theme.STRONG)):
            canvas.write(axes, 0, 0, signs, fontsize=size, fontfamily=family, in_layout=False)
    picture.draw_svg(picture.frame(axes, title="湛江市", source=""), alt="湛江市")
    drawn = picture.draw_png(axes)
    document.draw_card(title="湛江市", terms=[("一", "文字。")], picture=drawn, code="", sample=True)
    analysis = importlib.import_module("zjanalysis.analysis.indicators")
    one = pd.DataFrame({"region_code": ["440800"], "visits": [1.0], "in_force": [True]})
    analysis.measure(one, ["visits"], scope=None)
    workbook.workbook_bytes([table(one, columns=["region_code", "visits"])], title="", sample=True)
    document.make_document(["一、", {"kind": "text", "text": "文字。"}], {}, office="")


@contextmanager
def restored() -> Iterator[None]:
    """Put back at the end what a report may have changed in this process: all that is named above."""
    environment, path, modules = dict(os.environ), list(sys.path), set(sys.modules)
    names = {name: dict(vars(module)) for name, module in _watched().items()}
    values = [value for own in names.values() for name, value in own.items() if not name.startswith("__")]
    contents = [(value, value.copy()) for value in values if type(value) in (dict, list, set)]
    language = locale.setlocale(locale.LC_ALL)
    with chdir("."), warnings.catch_warnings(), decimal.localcontext(), np.printoptions(), mpl.rc_context():
        yield
        warnings.simplefilter("ignore")  # pandas warns of options that go
        pd.reset_option("all")
        _fresh_backend()
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:] = path
    _forget_modules(set(sys.modules) - modules)
    for name, module in _watched().items():
        now = vars(module)
        for extra in [key for key in now if name in names and key not in names[name]]:
            del now[extra]
        now.update(names.get(name, {}))
    for value, content in contents:
        value.clear()
        value.extend(content) if isinstance(value, list) else value.update(content)
    with suppress(locale.Error):
        locale.setlocale(locale.LC_ALL, language)


def _forget_modules(names: Collection[str]) -> None:
    """Have the user's own modules imported anew; libraries stay."""
    libraries = tuple({str(Path(os.__file__).parent), *(path for path in sys.path if "site-packages" in path)})
    for name in names:
        place = getattr(sys.modules[name], "__file__", None)
        if place and not place.startswith(libraries) and not name.startswith("zjanalysis"):
            del sys.modules[name]


def _watched() -> dict[str, ModuleType]:
    ours = {name: module for name, module in sys.modules.items()
            if name.partition(".")[0] == "zjanalysis" and not name.startswith("zjanalysis.publish")}  # fmt: skip
    return {**ours, "builtins": builtins}


def _fresh_backend() -> None:
    """Close all figures and let the next shell choose its backend as a fresh kernel does."""
    if "matplotlib.pyplot" not in sys.modules:
        return
    pyplot = importlib.import_module("matplotlib.pyplot")
    pyplot.close("all")
    pyplot.switch_backend("agg")
    if _INLINE in sys.modules:
        inline = sys.modules.pop(_INLINE)
        inline.configure_inline_support.current_backend = "unset"
        importlib.import_module("matplotlib_inline.config").InlineBackend.clear_instance()


_rehearse()
if os.environ.get("ZJANALYSIS_SNAPSHOT"):
    _started_by, _path = os.environ["ZJANALYSIS_SNAPSHOT"].split(" ", maxsplit=1)
    snapshot.await_snapshot(_path, int(_started_by))

if multiprocessing.current_process().name == "MainProcess":  # the forkserver; a spawned worker collects as usual
    gc.collect()
    gc.freeze()
    gc.disable()  # its children serve one report each
    atexit.register(gc.unfreeze)  # libraries that count their objects at the end should find them gone
