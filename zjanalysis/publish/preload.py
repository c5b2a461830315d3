"""Imported once by the forkserver: everything a report needs, so that its children start with it.

Nothing here may open a DuckDB connection, use OpenMP or start a thread: they do not survive a fork. No figure is drawn
through pyplot, so that a child chooses its backend as a fresh kernel does.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import multiprocessing
import os
import pkgutil
import re
import sys
from contextlib import suppress

from zjanalysis.errors import ZjError

os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
# An optional part of jsonschema checks international addresses, of which a notebook has none, and takes a fifth of the
# start to build its grammar; told that it is not installed, jsonschema does without.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

_LIBRARIES = ("papermill", "papermill.execute", "nbconvert.exporters.templateexporter", "nbformat", "openpyxl",
              "matplotlib.backends.backend_agg", "IPython.core.application", "IPython.core.completer",
              "IPython.core.completerlib", "IPython.core.logger", "IPython.core.magics", "IPython.core.oinspect",
              "bdb", "pandas.core.reshape.reshape")  # fmt: skip
_ROOMS = ("inputs", "analysis", "display", "ledger", "publish")
_OURS = [name for room in _ROOMS for _, name, _ in pkgutil.walk_packages(
    importlib.import_module(f"zjanalysis.{room}").__path__, f"zjanalysis.{room}.")]  # fmt: skip

for _name in (*_LIBRARIES, *_OURS):
    if not re.search(r"\.(?:preload|cache|cases\w*)$", _name):
        importlib.import_module(_name)


def _rehearse() -> None:
    """Use once what builds its tables at first use: without it every child would build them again for its one report.

    Schema of notebooks, rules of Markdown, font and palette, narwhals' pandas side, openpyxl's writers.
    """
    import tempfile  # noqa: PLC0415

    import nbformat  # noqa: PLC0415
    import pandas as pd  # noqa: PLC0415

    from zjanalysis.display import picture, theme, workbook  # noqa: PLC0415
    from zjanalysis.publish import page  # noqa: PLC0415

    page.exporter()
    page.markdown().render("## 湛江市\n\n1. **一** `c`\n2. 二\n\n文字。\n")
    theme.printable("湛江市")
    for relaxed in (False, True):
        nbformat.validate(nbformat.v4.new_notebook(), relax_add_props=relaxed)
    with theme.style():
        axes = picture.new_figure(20.0).subplots()
        axes.set_title("湛江市")
        axes.text(0, 0, "100.00%")
    picture.take_picture(axes, alt="湛江市")
    analysis = importlib.import_module("zjanalysis.analysis.indicators")
    one = pd.DataFrame({"region_code": ["440800"], "visits": [1.0], "in_force": [True]})
    analysis.measure(one, [analysis.indicator("visits")], scope=None)
    with tempfile.TemporaryDirectory(prefix="zj") as place:
        workbook.write_workbook([], f"{place}/none.xlsx", title="")


_rehearse()
if os.environ.get("ZJANALYSIS_FRAMES"):
    _started_by, _path = os.environ["ZJANALYSIS_FRAMES"].split(" ", maxsplit=1)
    _held = importlib.import_module("zjanalysis.publish.frames").await_frames(_path, int(_started_by))
    for _period in _held.periods.values():
        with suppress(ZjError):  # a ledger that cannot be read is told by the report that shows it
            importlib.import_module("zjanalysis.ledger.state").load_ledger(_period)

if multiprocessing.current_process().name == "MainProcess":  # the forkserver; a spawned worker collects as usual
    gc.collect()
    gc.freeze()
    gc.disable()  # its children serve one report each
    atexit.register(gc.unfreeze)  # libraries that count their objects at the end should find them gone
