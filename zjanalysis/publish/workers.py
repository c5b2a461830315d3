"""Runs tasks in processes that already have everything loaded, each report in a fresh or a fully reset one.

On POSIX a task gets a fresh child of multiprocessing's forkserver, which has imported the library and holds the
period's frames (``preload``). On Windows, and when a forked child died or hung, it gets a spawned process.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from zjanalysis.errors import ConfigError
from zjanalysis.publish import report
from zjanalysis.publish.report import Outcome, Task

ENGINES = ("auto", "warm", "spawn", "kernel")
PRELOAD = "zjanalysis.publish.preload"
RECYCLE = 25
RETRIES = 1


@dataclass(frozen=True)
class _Running:
    """A task under way: the process, our end of its pipe, when it must be done, and how often it was tried."""

    task: Task
    process: BaseProcess
    pipe: Connection
    deadline: float
    tries: int
    started: float


def engine_named(name: str) -> str:
    """Give the engine that ``name`` stands for on this system; ConfigError for one nobody knows."""
    if name not in ENGINES:
        raise ConfigError(f"没有引擎“{name}”。", f"可用的引擎：{'、'.join(ENGINES)}。")
    default = "warm" if os.name == "posix" else "spawn"
    return default if name == "auto" else name


def run(tasks: Sequence[Task], *, workers: int) -> Iterator[Outcome]:
    """Give the outcome of every task as it comes, at most ``workers`` at once; a worker that dies fails its task alone.

    A forked child that dies or exceeds the task's time is tried once more in a spawned process. Leaving the iteration
    early (an error, Ctrl-C) kills what still runs.
    """
    waiting = [(task, 0) for task in reversed(tasks)]
    running: dict[Connection, _Running] = {}
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                begun = _start(*waiting.pop())
                running[begun.pipe] = begun
            for begun in _settled(running):
                del running[begun.pipe]
                outcome = _result(begun)
                if outcome.error.startswith("进程") and begun.task.engine == "warm" and begun.tries < RETRIES:
                    waiting.append((replace(begun.task, engine="spawn"), begun.tries + 1))
                else:
                    yield outcome
    finally:
        for begun in running.values():
            _end(begun)


def run_on(executor: Executor, tasks: Sequence[Task]) -> Iterator[Outcome]:
    """Give the outcomes from any executor of concurrent.futures, a Dask cluster's too (the files must be shared)."""
    futures = {executor.submit(isolated, task): task for task in tasks}
    try:
        for future in as_completed(futures):
            error = future.exception()
            key = futures[future].job.key
            yield (
                future.result()
                if error is None
                else Outcome(key, f"进程意外退出（{type(error).__name__}）", "请检查内存后重试。")
            )
    finally:
        for future in futures:
            future.cancel()


def isolated(task: Task) -> Outcome:
    """Make one report in a child of the process this is called in, so that no executor can leak between reports."""
    return next(run([task], workers=1))


def _start(task: Task, tries: int) -> _Running:
    method = "forkserver" if task.engine == "warm" else "spawn"
    context: Any = multiprocessing.get_context(method)
    if method == "forkserver":
        context.set_forkserver_preload([PRELOAD])
        os.environ["ZJANALYSIS_FRAMES"] = str(task.frames or "")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(task, there), name=task.job.key)
    process.start()
    there.close()
    now = time.monotonic()
    return _Running(task, process, here, now + task.timeout + (30 if task.engine == "kernel" else 0), tries, now)


def _work(task: Task, pipe: Connection) -> None:
    """The whole life of a worker: one report, one outcome."""
    import signal  # noqa: PLC0415

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["ZJANALYSIS_WORKER"] = "1"
    os.chdir(task.root)
    _seed(task.job.key)
    pipe.send(report.make(task))
    pipe.close()


def _seed(key: str) -> None:
    """Give every report its own fixed random state; children of one parent would otherwise share the parent's."""
    import random  # noqa: PLC0415
    import zlib  # noqa: PLC0415

    import numpy as np  # noqa: PLC0415

    random.seed(key)
    np.random.seed(zlib.crc32(key.encode("utf-8")))


def _settled(running: dict[Connection, _Running]) -> list[_Running]:
    """Give the tasks that are done, dead or out of time, after waiting for the first of them."""
    soonest = min(begun.deadline for begun in running.values())
    ready = wait(list(running), timeout=max(0.0, soonest - time.monotonic()))
    late = [begun for begun in running.values() if begun.deadline <= time.monotonic()]
    return [running[pipe] for pipe in ready if isinstance(pipe, Connection)] or late


def _result(begun: _Running) -> Outcome:
    """Take the outcome of a settled task and end its process."""
    late = not begun.pipe.poll()
    seconds = round(time.monotonic() - begun.started, 3)
    try:
        outcome = None if late else begun.pipe.recv()
    except (EOFError, ConnectionError):
        outcome = None
    _end(begun, wait_for=outcome is not None)
    if isinstance(outcome, Outcome):
        return outcome
    if late:
        hint = "请检查笔记本是否有死循环，或用 --timeout 放宽时间。"
        return Outcome(begun.task.job.key, f"进程超过 {begun.task.timeout:.0f} 秒没有完成，已停止", hint, seconds)
    hint = "多半是内存不足，请关闭其他程序，或用 --jobs 1。"
    return Outcome(begun.task.job.key, f"进程意外退出（代码 {begun.process.exitcode}）", hint, seconds)


def _end(begun: _Running, *, wait_for: bool = False) -> None:
    """End a process for good: let a finished one go, kill any other, and take it off the system's list."""
    if wait_for:
        begun.process.join(5)
    if begun.process.is_alive():
        begun.process.kill()
    begun.process.join()
    begun.pipe.close()
