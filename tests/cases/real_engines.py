"""Real engines for the tests of cases: a Spark master with one worker, a PostgreSQL server; both on loopback."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HOME = "127.0.0.1"
CLUSTER = f"""
spark.driver.host {HOME}
spark.ui.enabled false
spark.cores.max 1
spark.executor.memory 640m
spark.sql.shuffle.partitions 2
spark.sql.adaptive.enabled false
"""  # the cluster's own settings, as an administrator gives them; what is small is not planned anew at every stage
LIGHT = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # minutes of a second compiler pay in hours, not in a test


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOME, 0))
        return int(probe.getsockname()[1])


def has_spark() -> bool:
    return importlib.util.find_spec("pyspark") is not None and shutil.which("java") is not None


def postgres_programs() -> Path | None:
    """Return the folder of initdb and pg_ctl; Debian keeps them outside the path."""
    on_path = shutil.which("initdb")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return Path(on_path).parent if on_path else found[-1].parent if found else None


def has_postgres() -> bool:
    return postgres_programs() is not None and importlib.util.find_spec("adbc_driver_postgresql") is not None


@contextmanager
def spark_master(folder: Path) -> Iterator[str]:
    """Start a standalone master and one worker with two cores, and give the master's address."""
    import pyspark

    home = Path(pyspark.__file__).parent
    environment = os.environ | {"SPARK_LOCAL_IP": HOME, "SPARK_LOCAL_DIRS": str(folder), "SPARK_HOME": str(home)}
    port, log = free_port(), folder / "spark.log"
    script, url = str(home / "bin" / "spark-class"), f"spark://{HOME}:{port}"
    deploy = "org.apache.spark.deploy"
    master = [script, f"{deploy}.master.Master", "--host", HOME, "--port", str(port), "--webui-port", "0"]
    worker = [script, f"{deploy}.worker.Worker", url, "--host", HOME, "--cores", "2", "--memory", "2g",
              "--webui-port", "0", "--work-dir", str(folder / "work")]  # fmt: skip
    with log.open("wb") as sink:
        running = [subprocess.Popen(command, env=environment, stdout=sink, stderr=sink) for command in (master, worker)]
        try:
            wait_for(log, "Registering worker", seconds=90)
            yield url
        finally:
            for process in reversed(running):
                process.terminate()
                process.wait(timeout=30)


@contextmanager
def spark_session_on(url: str) -> Iterator[Any]:
    """Open a session; the cluster's settings leave the worker a core and memory for another one."""
    from zjanalysis.cases.engines import spark_session

    session = spark_session(url, options={"spark.driver.bindAddress": HOME})
    yield session
    session.stop()


def wait_for(log: Path, words: str, *, seconds: float) -> None:
    end = time.monotonic() + seconds
    while words not in log.read_text(encoding="utf-8", errors="replace"):
        if time.monotonic() > end:
            raise TimeoutError(log.read_text(encoding="utf-8", errors="replace")[-2000:])
        time.sleep(0.2)


@contextmanager
def postgres_server() -> Iterator[str]:
    """Start a server with a password on loopback and give its connection, without the password.

    Its folder is its own: pytest closes those of the tests to every other user whenever another run begins.
    """
    with tempfile.TemporaryDirectory(prefix="zj-postgres-") as folder:
        yield from _served(Path(folder))


def _served(base: Path) -> Iterator[str]:
    programs, port = postgres_programs(), free_port()
    assert programs is not None
    as_root = os.name == "posix" and os.geteuid() == 0
    before = ["runuser", "-u", "postgres", "--"] if as_root else []
    secret = base / "secret"
    secret.write_text("只在内存里", encoding="utf-8")
    if as_root:
        for path in (base, secret):
            shutil.chown(path, "postgres", "postgres")

    def run(*command: str) -> None:
        done = subprocess.run(
            [*before, *command], capture_output=True, text=True, encoding="utf-8", cwd=base, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    pg_data, log = str(base / "pg"), str(base / "log")
    run(str(programs / "initdb"), "-D", pg_data, "-U", "reader", "-A", "scram-sha-256", "--pwfile", str(secret),
        "-E", "UTF8", "--locale=C", "--no-sync")  # fmt: skip
    options = f"-p {port} -c listen_addresses={HOME} -c unix_socket_directories= -c fsync=off"
    run(str(programs / "pg_ctl"), "-D", pg_data, "-l", log, "-o", options, "-w", "-t", "60", "start")
    try:
        yield f"host={HOME} port={port} user=reader dbname=postgres"
    finally:
        run(str(programs / "pg_ctl"), "-D", pg_data, "-m", "immediate", "-w", "stop")
