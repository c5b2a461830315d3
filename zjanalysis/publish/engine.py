"""Runs a notebook with papermill: in a warm process of ours, or in a real kernel as the reference.

``WarmEngine`` is the entry point ``papermill.engine: zjanalysis``. Inside one of our workers the cells run in the
process itself, which is fresh or reset for each report; anywhere else the notebook goes to a child process and comes
back, so that one notebook can never see what another left behind.
"""

from __future__ import annotations

import multiprocessing
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from papermill.engines import Engine, NotebookExecutionManager, papermill_engines
from papermill.exceptions import PapermillExecutionError

from zjanalysis.errors import PublishError

IN_WORKER = "ZJANALYSIS_WORKER"


class WarmEngine(Engine):  # type: ignore[misc]
    """papermill's engine interface over an in-process IPython shell."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: NotebookExecutionManager, kernel_name: str, **_: Any) -> Any:
        """Run the cells in order; the first that raises ends the run, as in papermill's own engine."""
        if os.environ.get(IN_WORKER):
            run_cells(nb_man)
        else:
            _run_in_child(nb_man)
        return nb_man.nb


def run_cells(nb_man: NotebookExecutionManager) -> None:
    """Run every code cell of the managed notebook in this process."""
    from zjanalysis.publish.shell import open_shell, run_cell  # noqa: PLC0415  IPython only where cells are run

    with open_shell() as shell:
        for index, cell in enumerate(nb_man.nb.cells):
            nb_man.cell_start(cell, index)
            good = cell.cell_type != "code" or not cell.source.strip() or run_cell(shell, cell)
            if not good and "raises-exception" not in cell.metadata.get("tags", ()):
                nb_man.cell_exception(cell, cell_index=index)
                nb_man.cell_complete(cell, cell_index=index)
                break
            nb_man.cell_complete(cell, cell_index=index)


def execute(notebook: Path, parameters: Mapping[str, object], *, engine: str, timeout: float, folder: Path) -> Any:
    """Give the executed notebook; ``engine`` is ``kernel`` (a real one) or ``warm`` (this process, a worker).

    ``timeout`` is in seconds and per cell for a kernel; a worker is watched by whoever started it. Raises PublishError
    that names the cell and the error when a cell raises, and when a kernel dies or hangs.
    """
    from papermill import execute_notebook  # noqa: PLC0415

    name, options = ("zjanalysis", {}) if engine != "kernel" else (None, _kernel_options(timeout))
    papermill_engines.register("zjanalysis", WarmEngine)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            source = os.fspath(notebook).replace("{", "{{").replace("}", "}}")
            return execute_notebook(source, None, parameters=dict(parameters), engine_name=name, cwd=os.fspath(folder),
                                    progress_bar=False, request_save_on_cell_execute=False, autosave_cell_every=0,
                                    **options)  # fmt: skip
    except PapermillExecutionError as error:
        raise PublishError(_sentence(error), f"请在 JupyterLab 中打开 {notebook.name} 运行到这一格查看。") from error
    except (TimeoutError, RuntimeError) as error:
        raise PublishError(
            f"内核没有完成：{type(error).__name__}。", "请检查内存，或用 --timeout 放宽时间。"
        ) from error


def _kernel_options(timeout: float) -> dict[str, Any]:
    """Start the kernel without TCP where that is possible (it prints a warning), join streams, bound the time."""
    from traitlets.config import Config  # noqa: PLC0415

    transport = {"transport": "ipc"} if os.name == "posix" else {}
    return {"execution_timeout": timeout, "coalesce_streams": True, "config": Config({"KernelManager": transport})}


def _sentence(error: PapermillExecutionError) -> str:
    """Say which cell failed and why; our own errors bring their Chinese sentence with them."""
    ours = error.ename in ("InputError", "ConfigError", "UnknownName", "PublishError")
    reason = (
        str(error.evalue).replace("\n提示：", " 提示：") if ours else f"{error.ename}: {error.evalue}".splitlines()[0]
    )
    return f"笔记本第 {error.exec_count} 格出错：{reason}"


def _run_in_child(nb_man: NotebookExecutionManager) -> None:
    """Hand the notebook to a child process and take the outputs back; PublishError when the child dies."""
    context: Any = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_child, args=(dict(nb_man.nb), there), daemon=True)
    child.start()
    there.close()
    try:
        ran = here.recv()
    except EOFError as error:
        raise PublishError("运行笔记本的进程意外退出。", "多半是内存不足，请关闭其他程序后重试。") from error
    finally:
        child.join()
    nb_man.nb.cells = ran.cells
    nb_man.nb.metadata = ran.metadata


def _child(notebook: dict[str, Any], connection: Any) -> None:
    from nbformat import from_dict  # noqa: PLC0415

    os.environ[IN_WORKER] = "1"
    manager = NotebookExecutionManager(from_dict(notebook), progress_bar=False, autosave_cell_every=0)
    run_cells(manager)
    connection.send(manager.nb)


def portable(notebook: Any) -> str:
    """Give the executed notebook as text without times, machine or run: the same run gives the same bytes."""
    import copy  # noqa: PLC0415

    import nbformat  # noqa: PLC0415

    kept = copy.deepcopy(notebook)
    kept.metadata = {name: kept.metadata[name] for name in ("kernelspec",) if name in kept.metadata}
    for cell in kept.cells:
        cell.metadata = {name: cell.metadata[name] for name in ("tags",) if cell.metadata.get(name)}
    return str(nbformat.writes(kept, version=4)) + "\n"
