"""Runs tasks in processes that already have everything loaded, each report in a fresh or a fully reset one.

On POSIX a task gets a fresh child of multiprocessing's forkserver, which has imported the library and holds the
period's frames (``preload``). On Windows, and when a forked child died or hung, it gets a spawned process.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from zjanalysis.errors import ConfigError
from zjanalysis.publish import report, reset, warm
from zjanalysis.publish.interrupt import undisturbed
from zjanalysis.publish.report import Outcome, Task

ENGINES = ("auto", "warm", "spawn", "kernel")
PRELOAD = "zjanalysis.publish.preload"
RECYCLE = 25
RETRIES = 1


@dataclass(frozen=True)
class _Worker:
    """A process that makes reports, our end of its pipe, and how many it has made before."""

    process: BaseProcess
    pipe: Connection
    engine: str
    served: int = 0


@dataclass(frozen=True)
class _Running:
    """A task under way: its worker, when it must be done, how often it was tried, when it began."""

    task: Task
    worker: _Worker
    deadline: float
    tries: int
    started: float


def engine_named(name: str) -> str:
    """Give the engine that ``name`` stands for on this system; ConfigError for one nobody knows."""
    if name not in ENGINES:
        raise ConfigError(f"没有引擎“{name}”。", f"可用的引擎：{'、'.join(ENGINES)}。")
    default = "warm" if os.name == "posix" else "spawn"
    return default if name == "auto" else name


def processors() -> int:
    """Give how many processors this process may use; Windows and macOS tell only how many there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(tasks: Sequence[Task], *, workers: int) -> Iterator[Outcome]:
    """Give the outcome of every task as it comes, at most ``workers`` at once; a worker that dies fails its task alone.

    A forked child that dies or exceeds the task's time is tried once more in a spawned process. Leaving the iteration
    early (an error, Ctrl-C) kills what still runs. The next task is under way before an outcome is given.
    """
    waiting: list[tuple[Task, int]] = [(task, 0) for task in reversed(tasks)]
    running: dict[Connection, _Running] = {}
    idle: list[_Worker] = []
    leaving: list[_Worker] = []
    try:
        while waiting or running:
            settled = [_take_back(begun, running, waiting) for begun in _settled(running)]
            for worker in (worker for worker, _ in settled if worker):
                (leaving if worker.engine == "warm" or worker.served >= RECYCLE else idle).append(worker)
            while waiting and len(running) < workers:
                begun = _start(*waiting.pop(), idle)
                running[begun.worker.pipe] = begun
            while leaving:  # its end takes a while, in which the next already works
                _end(leaving.pop(), True)
            yield from (outcome for _, outcome in settled if outcome)
    finally:
        for worker in [*(begun.worker for begun in running.values()), *idle, *leaving]:
            _end(worker, False)


def _take_back(
    begun: _Running, running: dict[Connection, _Running], waiting: list[tuple[Task, int]]
) -> tuple[_Worker | None, Outcome | None]:
    """Settle a task: gives its worker where that is still good, and the outcome, or none when it is tried once more."""
    del running[begun.worker.pipe]
    outcome, good = _result(begun)
    if good:
        return replace(begun.worker, served=begun.worker.served + 1), outcome
    _end(begun.worker, False)
    if begun.task.engine != "warm" or begun.tries >= RETRIES:
        return None, outcome
    waiting.append((replace(begun.task, engine="spawn"), begun.tries + 1))
    return None, None


def _start(task: Task, tries: int, idle: list[_Worker]) -> _Running:
    """Hand a task to an idle worker of its kind, or to a new one."""
    fitting = [worker for worker in idle if worker.engine == task.engine and not worker.pipe.poll()]
    if fitting:
        idle.remove(fitting[0])
    worker = fitting[0] if fitting else _worker(task)
    worker.pipe.send(task)
    now = time.monotonic()
    return _Running(task, worker, now + task.timeout + (30 if task.engine == "kernel" else 0), tries, now)


def _worker(task: Task) -> _Worker:
    context: Any = multiprocessing.get_context("forkserver" if task.engine == "warm" else "spawn")
    if task.engine == "warm":
        prepare(task.frames)
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there,), name=f"report-{task.engine}", daemon=True)
    process.start()
    there.close()
    return _Worker(process, here, task.engine)


def prepare(frames: Path | None) -> None:
    """Start the forkserver where it does not run: it imports what reports need and waits for the frames."""
    from multiprocessing import forkserver  # noqa: PLC0415  POSIX only

    multiprocessing.set_forkserver_preload([PRELOAD])
    os.environ["ZJANALYSIS_FRAMES"] = f"{os.getpid()} {frames}" if frames else ""
    try:
        with undisturbed():
            forkserver.ensure_running()
    finally:
        os.environ.pop("ZJANALYSIS_FRAMES", None)  # threads of one build may come here together


def _serve(pipe: Connection) -> None:
    """The whole life of a worker: reports one after the other, each in a process as good as new."""
    import signal  # noqa: PLC0415

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ[warm.IN_WORKER] = "1"
    before = None
    while True:
        try:
            task: Task = pipe.recv()
        except (EOFError, ConnectionError):
            return
        if task.engine == "spawn" and before is None:
            importlib.import_module(PRELOAD)
            before = reset.take()
        os.chdir(task.root)
        _seed(task.job.key)
        pipe.send(report.make(task))
        if task.engine == "warm":
            return
        if before is not None:
            reset.restore(before)


def _seed(key: str) -> None:
    """Give every report its own fixed random state; children of one parent would otherwise share the parent's."""
    import random  # noqa: PLC0415
    import zlib  # noqa: PLC0415

    import numpy as np  # noqa: PLC0415

    random.seed(key)
    np.random.seed(zlib.crc32(key.encode("utf-8")))


def _settled(running: dict[Connection, _Running]) -> list[_Running]:
    """Give the tasks that are done, dead or out of time, after waiting for the first of them."""
    if not running:
        return []
    soonest = min(begun.deadline for begun in running.values())
    ready = wait(list(running), timeout=max(0.0, soonest - time.monotonic()))
    late = [begun for begun in running.values() if begun.deadline <= time.monotonic()]
    return [running[pipe] for pipe in ready if isinstance(pipe, Connection)] or late


def _result(begun: _Running) -> tuple[Outcome, bool]:
    """Give the outcome of a settled task, and whether its worker is still good."""
    key, pipe = begun.task.job.key, begun.worker.pipe
    seconds = round(time.monotonic() - begun.started, 3)
    if not pipe.poll():
        hint = "请检查笔记本是否有死循环，或用 --timeout 放宽时间。"
        return Outcome(key, f"超过 {begun.task.timeout:g} 秒没有完成，已停止", hint, seconds), False
    try:
        outcome = pipe.recv()
    except (EOFError, ConnectionError):
        begun.worker.process.join(5)
        hint = "多半是内存不足，请关闭其他程序，或用 --jobs 1。"
        return Outcome(key, f"进程意外退出（代码 {begun.worker.process.exitcode}）", hint, seconds), False
    return outcome, True


def _end(worker: _Worker, good: bool) -> None:
    """End a process for good: let a finished one go, kill any other, and take it off the system's list."""
    if good:
        worker.pipe.close()
        worker.process.join(5)
    if worker.process.is_alive():
        worker.process.kill()
    worker.process.join()
    worker.pipe.close()
