"""Runs a notebook with papermill; this module is itself its engine ``zjanalysis`` (entry point ``papermill.engine``).

Inside one of our workers the cells run in the process itself, which is fresh or reset for each report; anywhere else
the notebook goes to a child process and comes back, so that one notebook can never see what another left behind.
papermill is imported only inside the functions: it loads this module while it is being imported itself.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import warnings
from collections.abc import Mapping
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from zjanalysis.errors import ConfigError, InputError, NoData, PublishError
from zjanalysis.publish import processes
from zjanalysis.publish.jobs import check_values, notebooks
from zjanalysis.settings import Settings

IN_WORKER = "ZJANALYSIS_WORKER"
COPIES = "notebooks/mine"
PYTHON = {"kernel_name": "python3", "language": "python"}  # whatever a notebook says, or does not say, of its own
NOBODY = "把要问的值写进 parameters 单元，例如 limit = 5；用 papermill 运行时可用 -p limit 5 另给。"


def execute(notebook: Path, parameters: Mapping[str, object], *, engine: str, timeout: float, folder: Path) -> Any:
    """Return the executed notebook; ``engine`` is ``kernel`` (a real one), anything else runs in this worker.

    ``timeout`` is in seconds and per cell for a kernel; a worker is watched by whoever started it. Raises PublishError
    that names the cell and the error when a cell raises, and when a kernel dies or hangs.
    """
    from papermill import PapermillExecutionError, execute_notebook  # noqa: PLC0415
    from papermill.engines import papermill_engines  # noqa: PLC0415

    papermill_engines.register("zjanalysis", sys.modules[__name__])
    source = os.fspath(notebook).replace("{", "{{").replace("}", "}}")
    options = {"cwd": os.fspath(folder), "progress_bar": False, "request_save_on_cell_execute": False, **PYTHON}
    try:
        with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="zj", ignore_cleanup_errors=True) as place:
            warnings.simplefilter("ignore")
            where = _kernel(timeout, place) if engine == "kernel" else {"engine_name": "zjanalysis"}
            return execute_notebook(source, None, dict(parameters), autosave_cell_every=0, **options, **where)
    except PapermillExecutionError as error:
        if error.ename == NoData.__name__:
            raise NoData(*error.evalue.split("\n提示：")) from error
        reason, _, own = _reason(error.ename, error.evalue).partition("\n提示：")
        hint = own or f"请在 JupyterLab 中打开 {notebook.name} 运行到这一格查看。"
        raise PublishError(f"笔记本第 {error.exec_count} 格出错：{reason}", hint) from error
    except (TimeoutError, RuntimeError) as error:
        hint = "请检查内存，或用 --timeout 放宽时间。"
        raise PublishError(f"内核没有完成：{type(error).__name__}。", hint) from error


def _kernel(timeout: float, place: str) -> dict[str, Any]:
    """Start the kernel without TCP where that is possible (it prints a warning), join streams, bound the time.

    The sockets lie in a folder of their own: by default kernels of one working directory share names and mix up.
    """
    from traitlets.config import Config  # noqa: PLC0415

    transport = {"transport": "ipc", "ip": f"{place}/k"} if os.name == "posix" else {}
    return {"execution_timeout": timeout, "coalesce_streams": True, "config": Config({"KernelManager": transport})}


def _reason(name: str, text: str) -> str:
    """Return why a cell failed; our own errors bring their Chinese sentence and the next step with them."""
    if name in ("InputError", "ConfigError", "UnknownName", "NoSuchName", "PublishError"):
        return text
    if name == "StdinNotImplementedError":  # what a real kernel makes of input()
        return f"生成报告时没有人回答 input()。\n提示：{NOBODY}"
    return f"{name}: {text}".splitlines()[0]


def execute_notebook(
    nb: Any, kernel_name: str, output_path: str | None = None, progress_bar: Any = True, **settings: Any
) -> Any:
    """Run a notebook as papermill asks its engines to: cell by cell with papermill's own record of each."""
    from papermill.engines import NotebookExecutionManager  # noqa: PLC0415

    options = {name: settings[name] for name in ("log_output", "autosave_cell_every") if name in settings}
    manager = NotebookExecutionManager(nb, output_path=output_path, progress_bar=progress_bar, **options)
    manager.notebook_start()
    try:
        _run_cells(manager) if os.environ.get(IN_WORKER) else _run_in_child(manager)
    finally:
        manager.cleanup_pbar()
        manager.notebook_complete()
    return manager.nb


def nb_kernel_name(nb: Any, name: str | None = None) -> str:
    """Return the kernel's name, which parameters are translated for; papermill asks."""
    return str(name or nb.metadata.get("kernelspec", {}).get("name", "python3"))


def nb_language(nb: Any, language: str | None = None) -> str:
    """Return the language of the notebook; papermill asks."""
    return str(language or nb.metadata.get("language_info", {}).get("name", "python"))


def _run_cells(manager: Any) -> None:
    from zjanalysis.publish.shell import open_shell, run_cell  # noqa: PLC0415  IPython only where cells are run

    with open_shell() as shell:
        for index, cell in enumerate(manager.nb.cells):
            manager.cell_start(cell, index)
            good = cell.cell_type != "code" or not cell.source.strip() or run_cell(shell, cell)
            stop = not good and "raises-exception" not in cell.metadata.get("tags", ())
            if stop:
                manager.cell_exception(cell, cell_index=index)
            manager.cell_complete(cell, cell_index=index)
            if stop:
                break


def _run_in_child(manager: Any) -> None:
    child, pipe = processes.start("forkserver" if os.name == "posix" else "spawn", _child, name="notebook")
    try:
        pipe.send((dict(manager.nb), dict(os.environ)))  # the forkserver has the environment it was started with
        executed = pipe.recv()
    except (EOFError, ConnectionError) as error:
        raise PublishError("运行笔记本的进程意外退出。", "多半是内存不足，请关闭其他程序后重试。") from error
    finally:
        processes.end(child, pipe)
    manager.nb.cells, manager.nb.metadata = executed.cells, executed.metadata


def _child(pipe: Connection) -> None:
    from nbformat import from_dict  # noqa: PLC0415
    from papermill.engines import NotebookExecutionManager  # noqa: PLC0415

    from zjanalysis.inputs.wall import readers_stay  # noqa: PLC0415

    processes.lead()
    notebook, environment = pipe.recv()
    os.environ.clear()
    os.environ.update({**environment, IN_WORKER: "1"})
    manager = NotebookExecutionManager(from_dict(notebook), progress_bar=False, autosave_cell_every=0)
    with readers_stay():
        _run_cells(manager)
    pipe.send(manager.nb)


def portable(notebook: Any) -> str:
    """Return the executed notebook as text without times, machine or run: the same run gives the same bytes.

    Raises PublishError when it shows what no notebook can hold.
    """
    import nbformat  # noqa: PLC0415

    def bare(node: Any, *, keep: str, **replaced: Any) -> Any:
        about = {keep: node.metadata[keep]} if node.metadata.get(keep) else {}
        return nbformat.NotebookNode({**node, "metadata": about, **replaced})

    cells = [bare(cell, keep="tags", id=f"cell-{number}") for number, cell in enumerate(notebook.cells)]
    whole = bare(notebook, keep="kernelspec", cells=cells)
    try:
        nbformat.validate(whole)
    except nbformat.ValidationError as error:
        raise PublishError(f"笔记本的输出不合格式：{error.message[:80]}", "请检查自己写的显示方法。") from error
    return str(nbformat.v4.writes(whole)) + "\n"


def notebook_copy(record: Mapping[str, Any], *, name: str, settings: Settings) -> Path:
    """Write a copy of the notebook that made a page, with the page's parameters, for an analyst to go on from.

    ``record`` is the provenance of the page called ``name``; a copy already there is never written over. Raises
    InputError for a record that names no notebook of ours, ConfigError for parameters that do not fit the
    notebook: a page may come from anybody.
    """
    import nbformat  # noqa: PLC0415  slow to import
    from papermill.iorw import load_notebook_node  # noqa: PLC0415
    from papermill.parameterize import parameterize_notebook  # noqa: PLC0415

    try:
        source = {one.path.name: one.path for one in notebooks(settings)}[Path(str(record["notebook"])).name]
        parameters = dict(record["parameters"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"“{name}”不是本工具生成的页面，读不到笔记本和参数。", "请给出 .html 报告的路径。") from error
    check_values(source, parameters)
    parameters["data"] = _dataset_called(str(parameters.get("data", "")), settings)
    copy = parameterize_notebook(load_notebook_node(str(source)), parameters, **PYTHON)
    copy.metadata.pop("papermill", None)
    folder, stem = settings.root / COPIES, re.sub(r"[^\w-]", "", f"{source.stem}-{parameters.get('region', '')}")
    folder.mkdir(parents=True, exist_ok=True)
    paths = (folder / f"{stem}{f'-{number}' if number > 1 else ''}.ipynb" for number in count(1))
    path = next(path for path in paths if not path.exists())
    with path.open("x", encoding="utf-8", newline="\n") as file:
        nbformat.write(copy, file)
    return path


def _dataset_called(name: str, settings: Settings) -> str:
    """Return the data set that a page calls by its folder's name only; ConfigError when there is none of that name."""
    for data in (settings.data, f"data/{name}"):
        if name and Path(data).name == name and settings.path(data).is_dir():
            return data
    hint = "请把它放到 data 文件夹，或在 zjanalysis.toml 的 data 里写明。"
    raise ConfigError(f"这里没有页面所用的数据集“{name}”。", hint)
