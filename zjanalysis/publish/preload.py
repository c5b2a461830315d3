"""Imported once by the forkserver: everything a report needs, so that its children start with it.

Nothing here may open a DuckDB connection, use OpenMP or start a thread: they do not survive a fork. No figure is drawn
through pyplot, so that a child chooses its backend as a fresh kernel does.
"""

from __future__ import annotations

import importlib
import os

os.environ["ZJANALYSIS_WORKER"] = "1"
os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")

for _name in ("papermill", "papermill.execute", "nbconvert.exporters.templateexporter", "nbformat", "zjanalysis",
              "zjanalysis.publish.shell", "zjanalysis.publish.engine", "zjanalysis.publish.gate",
              "zjanalysis.display.workbook", "zjanalysis.display.theme", "matplotlib.backends.backend_agg",
              "IPython.core.completer", "openpyxl"):  # fmt: skip
    importlib.import_module(_name)

if os.environ.get("ZJANALYSIS_FRAMES"):
    from zjanalysis.publish import frames

    frames.hold(os.environ["ZJANALYSIS_FRAMES"])
