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

os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")

_LIBRARIES = ("papermill", "papermill.execute", "nbconvert.exporters.templateexporter", "nbformat", "openpyxl",
              "matplotlib.backends.backend_agg", "IPython.core.completer")  # fmt: skip
_ROOMS = ("inputs", "analysis", "display", "publish")
_OURS = [name for room in _ROOMS for _, name, _ in pkgutil.walk_packages(
    importlib.import_module(f"zjanalysis.{room}").__path__, f"zjanalysis.{room}.")]  # fmt: skip

for _name in (*_LIBRARIES, *_OURS):
    if not re.search(r"\.(?:preload|cache|cases\w*)$", _name):
        importlib.import_module(_name)

importlib.import_module("zjanalysis.publish.page").exporter()
if os.environ.get("ZJANALYSIS_FRAMES"):
    importlib.import_module("zjanalysis.publish.frames").hold(os.environ["ZJANALYSIS_FRAMES"])

if multiprocessing.current_process().name == "MainProcess":  # the forkserver; a spawned worker collects as usual
    gc.collect()
    gc.freeze()
    gc.disable()  # its children serve one report each
    atexit.register(gc.unfreeze)  # libraries that count their objects at the end should find them gone
