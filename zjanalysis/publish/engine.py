"""Runs a notebook with papermill: in a warm process of ours, or in a real kernel as the reference."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from papermill import PapermillExecutionError, execute_notebook
from papermill.engines import papermill_engines

from zjanalysis.errors import PublishError
from zjanalysis.publish import warm


def execute(notebook: Path, parameters: Mapping[str, object], *, engine: str, timeout: float, folder: Path) -> Any:
    """Give the executed notebook; ``engine`` is ``kernel`` (a real one) or ``warm`` (this process, a worker).

    ``timeout`` is in seconds and per cell for a kernel; a worker is watched by whoever started it. Raises PublishError
    that names the cell and the error when a cell raises, and when a kernel dies or hangs.
    """
    papermill_engines.register("zjanalysis", warm)
    source = os.fspath(notebook).replace("{", "{{").replace("}", "}}")
    shared = {"cwd": os.fspath(folder), "progress_bar": False, "request_save_on_cell_execute": False}
    try:
        with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="zj", ignore_cleanup_errors=True) as place:
            warnings.simplefilter("ignore")
            options = {"engine_name": "zjanalysis"} if engine != "kernel" else _kernel_options(timeout, place)
            return execute_notebook(
                source, None, parameters=dict(parameters), autosave_cell_every=0, **shared, **options
            )
    except PapermillExecutionError as error:
        raise PublishError(_sentence(error), f"请在 JupyterLab 中打开 {notebook.name} 运行到这一格查看。") from error
    except (TimeoutError, RuntimeError) as error:
        raise PublishError(
            f"内核没有完成：{type(error).__name__}。", "请检查内存，或用 --timeout 放宽时间。"
        ) from error


def _kernel_options(timeout: float, place: str) -> dict[str, Any]:
    """Start the kernel without TCP where that is possible (it prints a warning), join streams, bound the time.

    The sockets lie in a folder of their own: by default kernels of one working directory share names and mix up.
    """
    from traitlets.config import Config  # noqa: PLC0415

    transport = {"transport": "ipc", "ip": f"{place}/k"} if os.name == "posix" else {}
    return {"execution_timeout": timeout, "coalesce_streams": True, "config": Config({"KernelManager": transport})}


def _sentence(error: PapermillExecutionError) -> str:
    """Say which cell failed and why; our own errors bring their Chinese sentence with them."""
    ours = error.ename in ("InputError", "ConfigError", "UnknownName", "PublishError")
    reason = (
        str(error.evalue).replace("\n提示：", " 提示：") if ours else f"{error.ename}: {error.evalue}".splitlines()[0]
    )
    return f"笔记本第 {error.exec_count} 格出错：{reason}"


def portable(notebook: Any) -> str:
    """Give the executed notebook as text without times, machine or run: the same run gives the same bytes.

    Raises PublishError when it shows what no notebook can hold.
    """
    import nbformat  # noqa: PLC0415

    def bare(node: Any, *, keep: str, **replaced: Any) -> Any:
        kept = {keep: node.metadata[keep]} if node.metadata.get(keep) else {}
        return nbformat.NotebookNode({**node, "metadata": kept, **replaced})

    cells = [bare(cell, keep="tags", id=f"cell-{number}") for number, cell in enumerate(notebook.cells)]
    kept = bare(notebook, keep="kernelspec", cells=cells)
    try:
        nbformat.validate(kept)
    except nbformat.ValidationError as error:
        raise PublishError(f"笔记本的输出不合格式：{error.message[:80]}", "请检查自己写的显示方法。") from error
    return str(nbformat.v4.writes(kept)) + "\n"
