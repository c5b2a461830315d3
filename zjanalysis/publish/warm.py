"""The papermill engine ``zjanalysis`` (entry point ``papermill.engine``): the module itself is the engine.

Inside one of our workers the cells run in the process itself, which is fresh or reset for each report; anywhere else
the notebook goes to a child process and comes back, so that one notebook can never see what another left behind.
papermill is imported only inside the functions: it loads this module while it is being imported itself.
"""

from __future__ import annotations

import multiprocessing
import os
from typing import Any

from zjanalysis.errors import PublishError

IN_WORKER = "ZJANALYSIS_WORKER"


def execute_notebook(
    nb: Any, kernel_name: str, output_path: str | None = None, progress_bar: Any = True, **given: Any
) -> Any:
    """Run a notebook as papermill asks for it: cell by cell with papermill's own record of each."""
    from papermill.engines import NotebookExecutionManager  # noqa: PLC0415

    options = {name: given[name] for name in ("log_output", "autosave_cell_every") if name in given}
    manager = NotebookExecutionManager(nb, output_path=output_path, progress_bar=progress_bar, **options)
    manager.notebook_start()
    try:
        run_cells(manager) if os.environ.get(IN_WORKER) else _run_in_child(manager)
    finally:
        manager.cleanup_pbar()
        manager.notebook_complete()
    return manager.nb


def nb_kernel_name(nb: Any, name: str | None = None) -> str:
    """Give the kernel's name, which parameters are translated for."""
    return str(name or nb.metadata.get("kernelspec", {}).get("name", "python3"))


def nb_language(nb: Any, language: str | None = None) -> str:
    """Give the language of the notebook."""
    return str(language or nb.metadata.get("language_info", {}).get("name", "python"))


def run_cells(nb_man: Any) -> None:
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


def _run_in_child(nb_man: Any) -> None:
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
    from papermill.engines import NotebookExecutionManager  # noqa: PLC0415

    os.environ[IN_WORKER] = "1"
    manager = NotebookExecutionManager(from_dict(notebook), progress_bar=False, autosave_cell_every=0)
    run_cells(manager)
    connection.send(manager.nb)
