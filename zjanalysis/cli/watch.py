"""``zj watch``: looks at the folder of a data set, and checks and builds when workbooks have come and lie still.

By looking every few seconds, not by the system's events: those are not sent for what another machine writes on a
network drive (docs/decisions/0015-watch.md).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from zjanalysis.errors import ZjError
from zjanalysis.files import all_in, is_visible, write_whole
from zjanalysis.inputs.dataset import list_periods, load_dataset
from zjanalysis.publish.provenance import digest_of
from zjanalysis.settings import load_settings

PLACE = Path(".cache") / "watch"  # under the project folder: the log, and per data set what has been dealt with
LOG_LIMIT = 2_000_000  # bytes; a longer log becomes watch.log.1
FAILED, TRIES = 1, 3
"""A build that failed, or found another at work, is tried so often; what cannot be read waits for a change."""
Looked = dict[str, list[int]]  # file inside the data set → size, time of change
Say = Callable[[str], None]


def watch(arguments: argparse.Namespace) -> int:
    """Watch until stopped, or with ``--once`` wait until nothing moves, deal with what is new, and end."""
    settings = load_settings()
    folder = load_dataset(arguments.folder, settings=settings).folder
    memory = settings.root / PLACE / f"{folder.name}-{digest_of(str(folder))[:8]}.json"
    say = _teller(Path(arguments.log) if arguments.log else settings.root / PLACE / "watch.log")
    try:
        if not arguments.once:
            say(f"开始守候 {folder.name}，静止 {arguments.quiet:g} 秒后处理；按 Ctrl-C 结束。")
        tries, said = 0, ""
        while True:
            now = settled(folder, quiet=arguments.quiet, every=arguments.every)
            code = 0
            if now and now != (before := _remembered(memory)):  # nothing at all: the drive is off
                try:
                    code, said = _deal(folder, now, before, arguments, say), ""
                    tries = (tries + 1) % TRIES if code == FAILED else 0
                    if not tries:
                        write_whole(memory, json.dumps(now, ensure_ascii=False).encode("utf-8"))
                except ZjError as error:  # such as a dataset.toml somebody is writing in: to be dealt with after that
                    code = error.exit_code
                    if said != (said := str(error)):
                        say(said)
            if arguments.once:
                return code
            time.sleep(arguments.every)
    except KeyboardInterrupt:
        return 0


def look(folder: Path) -> Looked:
    """Return every file of a data set as it is now; lock files and hidden ones are none."""
    states = {}
    for path in filter(is_visible, all_in(folder)):
        with suppress(OSError):  # gone between two looks
            about = path.stat()
            states[path.relative_to(folder).as_posix()] = [about.st_size, about.st_mtime_ns]
    return states


def settled(folder: Path, *, quiet: float, every: float) -> Looked:
    """Wait until no file has come, gone, grown or changed for ``quiet`` seconds; return what there is.

    By this machine's clock alone: that of a file server may be another.
    """
    now, since = look(folder), time.monotonic()
    while time.monotonic() - since < quiet:
        time.sleep(min(every, quiet))
        if (again := look(folder)) != now:
            now, since = again, time.monotonic()
    return now


def due(now: Looked, before: Looked | None, periods: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the workbooks to check and the periods to build: those that changed and the newest.

    What was never looked at before is a first time: only the newest period is new then.

    >>> now = {"2021Q1/items/a.xlsx": [1, 1], "2021Q1/items/b.xlsx": [1, 2], "history.csv": [1, 1]}
    >>> due(now, {**now, "2021Q1/items/b.xlsx": [1, 1]}, ["2020Q4", "2021Q1"])
    (['2021Q1/items/b.xlsx'], ['2021Q1'])
    """
    newest = periods[-1:]
    moved = [name for name in {**now, **(before or {})} if now.get(name) != (before or {}).get(name)]
    touched = {name.partition("/")[0] for name in moved} & set(periods) if before is not None else set()
    books = [name for name in moved if name in now and name.split("/")[1:2] == ["items"]]
    wanted = sorted({*touched, *newest})
    return sorted(name for name in books if name.partition("/")[0] in wanted), wanted


def _deal(folder: Path, now: Looked, before: Looked | None, arguments: argparse.Namespace, say: Say) -> int:
    """Check what is new, build the periods it concerns; return the worst exit code of the builds."""
    books, periods = due(now, before, list_periods(str(folder)))
    for name in books:
        say(f"收到 {name}")
    if books:
        returned = ["--annotate", arguments.annotate] if arguments.annotate else []
        _run(["check", *(str(folder / name) for name in books), *returned], say)
    only = ["--only", arguments.only] if arguments.only else []
    out = ["--out", arguments.out] if arguments.out else []
    codes = [_run(["build", "--data", str(folder), "--period", period, *only, *out], say) for period in periods]
    return max(codes, default=0)


def _run(words: list[str], say: Say) -> int:
    """Run a command of ours in a process of its own, which takes its memory with it; its words go into the log."""
    env = {**os.environ, "PYTHONUTF8": "1", "ZJANALYSIS_ROOT": str(load_settings().root)}
    done = subprocess.run([sys.executable, "-m", "zjanalysis", *words], capture_output=True, check=False, env=env,
                          text=True, encoding="utf-8", errors="replace")  # fmt: skip
    for line in (done.stdout + done.stderr).splitlines():
        say(f"　{words[0]}：{line}")
    say(f"{words[0]} 结束，代码 {done.returncode}")
    return done.returncode


def _teller(path: Path) -> Say:
    """Return what says a line with its time, on the screen and in the log."""

    def say(line: str) -> None:
        timed = f"{datetime.now():%Y-%m-%d %H:%M:%S} {line}"
        print(timed, flush=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file() and path.stat().st_size > LOG_LIMIT:
            path.replace(path.with_name(f"{path.name}.1"))
        with path.open("a", encoding="utf-8") as log:
            log.write(timed + "\n")

    return say


def _remembered(memory: Path) -> Looked | None:
    """Return what was dealt with; None when this is the first time, or nobody can read it."""
    try:
        read: Looked = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return read
