"""Makes reports in processes that already have everything loaded, each report in a fresh or a fully reset one.

On POSIX a task gets a fresh child of multiprocessing's forkserver, which has imported the library and holds the
period's snapshot (``preload``). On Windows, and when a forked child died or hung, it gets a spawned process. Any
executor of concurrent.futures, a Dask cluster's too, can take the place of our own processes.
"""

from __future__ import annotations

import importlib
import json
import multiprocessing
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, as_completed
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from zjanalysis.errors import ConfigError, NoData, PublishError, ZjError
from zjanalysis.inputs.regions import city_of, region_name
from zjanalysis.publish import engine, processes, snapshot
from zjanalysis.publish.jobs import Job
from zjanalysis.publish.provenance import Stamp
from zjanalysis.publish.release import FILES, FULL, certified_digest

RECYCLE = 25


@dataclass(frozen=True)
class Task:
    """All a worker needs: the job, its stamp, the folder to write in, the project folder, engine, time, snapshot."""

    job: Job
    stamp: Stamp
    folder: Path
    root: Path
    engine: str
    timeout: float
    snapshot: Path | None


@dataclass(frozen=True)
class Outcome:
    """What came of a task; ``error`` is empty when page, workbook and notebook lie in its folder.

    ``key``: the path of its job. ``absent``: the error says what is not in the data.
    """

    key: str
    error: str = ""
    hint: str = ""
    absent: bool = False
    seconds: float = 0.0
    hidden_warnings: int = 0
    files: Mapping[str, str] = field(default_factory=dict)
    cover: Mapping[str, Any] = field(default_factory=dict)
    cards: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class _Worker:
    process: BaseProcess
    pipe: Connection
    engine: str
    served: int = 0


@dataclass(frozen=True)
class _Running:
    task: Task
    worker: _Worker
    deadline: float
    started: float


def engine_named(name: str) -> str:
    """Return the engine that ``name`` stands for on this system."""
    default = "warm" if os.name == "posix" else "spawn"
    return default if name == "auto" else name


def processors() -> int:
    """Return how many processors this process may use; Windows and macOS tell only how many there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(tasks: Sequence[Task], *, workers: int) -> Iterator[Outcome]:
    """Yield the outcome of every task as it comes, ``workers`` at once; a worker that dies fails its task alone.

    A forked child that dies or exceeds the task's time is tried once more in a spawned process. Leaving the iteration
    early (an error, Ctrl-C) kills what still runs. The next task is under way before an outcome is given.
    """
    waiting = list(reversed(tasks))
    running: dict[Connection, _Running] = {}
    idle: list[_Worker] = []
    try:
        while waiting or running:
            outcomes = []
            for begun in _ended(running):
                worker = replace(begun.worker, served=begun.worker.served + 1)
                del running[worker.pipe]
                outcome, good = _result(begun)
                if good and worker.engine != "warm" and worker.served < RECYCLE:
                    idle.append(worker)
                else:
                    processes.end(worker.process, worker.pipe)
                if good or worker.engine != "warm":
                    outcomes.append(outcome)
                else:
                    waiting.append(replace(begun.task, engine="spawn"))
            while waiting and len(running) < workers:
                begun = _start(waiting.pop(), idle)
                running[begun.worker.pipe] = begun
            yield from outcomes
    finally:
        for worker in [*(begun.worker for begun in running.values()), *idle]:
            processes.end(worker.process, worker.pipe)


def _start(task: Task, idle: list[_Worker]) -> _Running:
    """Hand a task to an idle worker of its kind, or to a new one."""
    worker = next((one for one in idle if one.engine == task.engine and not one.pipe.poll()), None)
    if worker is not None:
        idle.remove(worker)
    else:
        method = "forkserver" if task.engine == "warm" else "spawn"
        process = processes.start(method, _serve, name=f"report-{task.engine}", snapshot=task.snapshot)
        worker = _Worker(*process, task.engine)
    worker.pipe.send(task)
    now = time.monotonic()
    return _Running(task, worker, now + task.timeout + (30 if task.engine == "kernel" else 0), now)


def _ended(running: dict[Connection, _Running]) -> list[_Running]:
    """Return the tasks that are done, dead or out of time, after waiting for the first of them."""
    if not running:
        return []
    soonest = min(begun.deadline for begun in running.values())
    ready = wait(list(running), timeout=max(0.0, soonest - time.monotonic()))
    late = [begun for begun in running.values() if begun.deadline <= time.monotonic()]
    return [running[pipe] for pipe in ready if isinstance(pipe, Connection)] or late


def _result(begun: _Running) -> tuple[Outcome, bool]:
    """Return the outcome of a task that has ended, and whether its worker is still good."""
    key, pipe = begun.task.job.path, begun.worker.pipe
    seconds = round(time.monotonic() - begun.started, 3)
    if not pipe.poll():
        hint = "请检查笔记本是否有死循环，或用 --timeout 放宽时间。"
        return Outcome(key, f"超过 {begun.task.timeout:g} 秒没有完成，已停止", hint, seconds=seconds), False
    try:
        return pipe.recv(), True
    except (EOFError, ConnectionError):
        begun.worker.process.join(5)
        code = begun.worker.process.exitcode
        killed = "多半是内存不足，请关闭其他程序，或用 --jobs 1。"  # by a signal
        ended = "请在 JupyterLab 中运行这本笔记本查看；若上面有英文的出错信息，请一并交给维护的人。"
        hint = killed if code is None or code < 0 else ended
        return Outcome(key, f"进程意外退出（代码 {code}）", hint, seconds=seconds), False


def _serve(pipe: Connection) -> None:
    """The whole life of a worker: reports one after the other, each in a process as good as new."""
    processes.lead()
    os.environ[engine.IN_WORKER] = "1"
    while True:
        try:
            task: Task = pipe.recv()
        except (EOFError, ConnectionError):
            return
        reset = importlib.import_module(processes.PRELOAD).restored if task.engine == "spawn" else nullcontext
        with reset():
            os.chdir(task.root)
            _seed(task.job.key)
            pipe.send(make_report(task))
        if task.engine == "warm":
            return


def _seed(key: str) -> None:
    """Set a fixed random state for every report; children of one parent would otherwise share the parent's."""
    import random  # noqa: PLC0415
    import zlib  # noqa: PLC0415

    import numpy as np  # noqa: PLC0415

    random.seed(key)
    np.random.seed(zlib.crc32(key.encode("utf-8")))


def make_report(task: Task) -> Outcome:
    """Make one report; what a user can act on, and a disk that fails, come back as an outcome with an error."""
    started = time.perf_counter()
    os.environ["ZJANALYSIS_ROOT"] = str(task.root)
    try:
        outcome = _report(task)
    except ZjError as error:
        outcome = Outcome(task.job.path, error.message, error.hint, isinstance(error, NoData))
    except OSError as error:
        full = "磁盘已满" if error.errno in FULL else f"文件读写失败：{error.strerror or type(error).__name__}"
        outcome = Outcome(task.job.path, full, "请检查磁盘空间与文件夹权限。")
    except MemoryError:
        outcome = Outcome(task.job.path, "内存不足", "请关闭其他程序，或用 --jobs 1。")
    return replace(outcome, seconds=round(time.perf_counter() - started, 3))


def _report(task: Task) -> Outcome:
    from zjanalysis.publish import gate, page  # noqa: PLC0415  slow to import

    job, folder = task.job, task.folder
    if task.snapshot is not None and task.engine != "kernel":
        snapshot.install(task.snapshot)
    folder.mkdir(parents=True, exist_ok=True)
    notebook = engine.execute(job.notebook, job.parameters, engine=task.engine, timeout=task.timeout, folder=task.root)
    blocks = page.payloads(notebook)
    cover: Mapping[str, Any] = next((block for block in blocks if block.get("kind") == "cover"), {})
    cards = next((block["cards"] for block in blocks if "cards" in block), ())
    text = page.render(notebook, task.stamp, region=job.region, workbook=f"{Path(job.key).name}.xlsx")
    page.write_tables(blocks, folder / "report.xlsx", title=str(cover.get("title") or job.region), stamp=task.stamp)
    office = f"{region_name(city_of(job.region_code))}政务服务数据管理局"
    page.write_papers(notebook, folder, office=office, code=task.stamp.fingerprint)
    faults = gate.faults(notebook, text, job=job, workbook=folder / "report.xlsx")
    if faults:
        first = "；".join(faults[:3]) + (f"；另有 {len(faults) - 3} 处" if len(faults) > 3 else "")
        raise PublishError(f"页面未通过发布检查：{first}", "页面没有发布，上一版保留。")
    (folder / "report.html").write_text(text, encoding="utf-8", newline="\n")
    (folder / "report.ipynb").write_text(engine.portable(notebook), encoding="utf-8", newline="\n")
    facts = {name: value for name, value in cover.items() if isinstance(value, (str, bool, int, float))}
    return Outcome(job.path, hidden_warnings=gate.hidden_warnings(notebook),
                   files={suffix: certified_digest(path) for suffix in FILES
                          if (path := folder / f"report{suffix}").is_file()},
                   cover=facts, cards=tuple(json.loads(json.dumps(list(cards)))))  # fmt: skip


def run_on(executor: Executor, tasks: Sequence[Task]) -> Iterator[Outcome]:
    """Yield the outcomes from any executor of concurrent.futures, a Dask cluster's too (the files must be shared)."""
    futures = {executor.submit(isolated, task): task for task in tasks}
    try:
        for future in as_completed(futures):
            error = future.exception()
            word = f"进程意外退出（{type(error).__name__}）"
            failed = Outcome(futures[future].job.path, word, "请检查内存后重试。")
            yield future.result() if error is None else failed
    finally:
        for future in futures:
            future.cancel()


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """Return an executor on a Dask cluster whose workers have this library and see the same folders.

    Raises ConfigError when dask is not installed or nobody answers at the address.
    """
    try:
        from distributed import Client  # noqa: PLC0415  an extra
        from distributed.comm.addressing import get_address_host_port  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError("没有安装 Dask。", '请运行 pip install "zjanalysis[cluster]"，或去掉 --dask。') from error
    try:
        get_address_host_port(address, strict=False)  # first: a client for what is no address hangs at its end
        client = Client(address, timeout="10s", set_as_default=False)
    except (OSError, ValueError) as error:
        hint = "请检查地址（如 tcp://127.0.0.1:8786）与调度器是否在运行。"
        raise ConfigError(f"连不上 Dask 集群 {address}。", hint) from error
    try:
        yield client.get_executor(pure=False)
    finally:
        client.close()


def isolated(task: Task) -> Outcome:
    """Make one report in a child of the process this is called in, so that no executor can leak between reports."""
    multiprocessing.current_process().daemon = False  # Dask's workers are daemons, which may not have children
    return next(run([task], workers=1))
