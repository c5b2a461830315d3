"""Runs tasks on any executor of concurrent.futures: a Dask cluster's, a pool of threads."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, as_completed
from contextlib import contextmanager

from zjanalysis.errors import ConfigError
from zjanalysis.publish import workers
from zjanalysis.publish.report import Outcome, Task


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


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """Give an executor on a Dask cluster whose workers have this library and see the same folders.

    Raises ConfigError when dask is not installed or nobody answers at the address.
    """
    try:
        from distributed import Client  # noqa: PLC0415  an extra
    except ImportError as error:
        raise ConfigError("没有安装 Dask。", '请运行 pip install "zjanalysis[cluster]"，或去掉 --dask。') from error
    try:
        client = Client(address, timeout="10s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"连不上 Dask 集群 {address}。", "请检查地址（如 tcp://127.0.0.1:8786）与调度器是否在运行。"
        ) from error
    try:
        yield client.get_executor(pure=False)
    finally:
        client.close()


def isolated(task: Task) -> Outcome:
    """Make one report in a child of the process this is called in, so that no executor can leak between reports."""
    multiprocessing.current_process().daemon = False  # Dask's workers are daemons, which may not have children
    return next(workers.run([task], workers=1))
