"""Processes that end whole: with whoever started them, with all that they started, and on Ctrl-C without a word."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

PRELOAD = "zjanalysis.publish.preload"


@contextmanager
def undisturbed() -> Iterator[None]:
    """Start processes in here: Ctrl-C, which reaches every process of a terminal, does not reach them (POSIX)."""
    if sys.platform == "win32":
        yield
    else:
        resource_tracker.ensure_running()  # whoever starts it lets Ctrl-C through again
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def start(
    method: str, target: Callable[[Connection], None], *, name: str, snapshot: Path | None = None
) -> tuple[BaseProcess, Connection]:
    """Start a process that calls ``target`` with its end of a pipe; returns it with our end.

    ``target`` calls `lead` first. It may have children of its own, as a notebook's kernel may. A forkserver is
    prepared first (`prepare`), for the ``snapshot`` of a build.
    """
    if method == "forkserver":
        prepare(snapshot)
    context: Any = multiprocessing.get_context(method)
    here, there = context.Pipe()
    process = context.Process(target=target, args=(there,), name=name, daemon=False)
    with undisturbed():
        process.start()
    there.close()
    return process, here


def prepare(snapshot: Path | None) -> None:
    """Start the forkserver where it does not run: it imports what reports need and waits for the snapshot (POSIX)."""
    from multiprocessing import forkserver  # noqa: PLC0415  POSIX only

    multiprocessing.set_forkserver_preload([PRELOAD])
    os.environ["ZJANALYSIS_SNAPSHOT"] = f"{os.getpid()} {snapshot}" if snapshot else ""
    try:
        with undisturbed():
            forkserver.ensure_running()
    finally:
        os.environ.pop("ZJANALYSIS_SNAPSHOT", None)  # threads of one build may come here together


def lead() -> None:
    """Make this process the head of a group of its own, which ends when whoever started it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        os.setpgid(0, 0)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent,), name="follow", daemon=True).start()


def _follow(parent: BaseProcess) -> None:
    parent.join()
    if sys.platform == "win32":
        os._exit(1)
    os.killpg(0, signal.SIGKILL)


def end(process: BaseProcess, pipe: Connection) -> None:
    """End a process and all that it started, and take it off the system's list."""
    if sys.platform != "win32" and process.pid is not None:
        with suppress(ProcessLookupError, PermissionError):  # all gone; not yet at the head of a group
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.join()
    pipe.close()
