"""How a finished report gets into its folder: whole or not at all, also when the power goes.

A report is written in ``.zj/making``. Moving its folder to ``.zj/ready`` in one step is the moment it counts; what
follows (three files and the manifest) can be cut off anywhere and is finished by whoever holds the lock next.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from zjanalysis.errors import PublishError
from zjanalysis.publish.manifest import Entry, entry_from, entry_text, read_manifest, write_manifest
from zjanalysis.publish.provenance import file_digest

WORK = ".zj"
_ENTRY = "entry.json"


@contextmanager
def locked(folder: Path) -> Iterator[Path]:
    """Hold the folder of a period alone; gives an empty folder to make reports in. Finishes what was cut off before.

    Raises PublishError when another build holds it (with its owner and age) and when the folder cannot be written.
    """
    try:
        (folder / WORK).mkdir(parents=True, exist_ok=True)
        file = (folder / WORK / "lock").open("a+b")
    except OSError as error:
        raise unwritable(folder, error) from error
    with file:
        if not _take(file):
            raise PublishError(
                f"另一个生成任务正在写 {folder.name}：{_owner(folder)}。",
                "请等它结束；若它已无响应，先结束那个进程再重试。",
            )
        started = json.dumps({"host": socket.gethostname(), "pid": os.getpid(), "at": time.time()})
        making = folder / WORK / "making"
        try:
            (folder / WORK / "owner.json").write_text(started, encoding="utf-8")
            recover(folder)
            for part in folder.glob(".*.part"):
                part.unlink(missing_ok=True)
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(folder, error) from error
        try:
            yield making
        finally:
            shutil.rmtree(making, ignore_errors=True)
            (folder / WORK / "owner.json").unlink(missing_ok=True)


def commit(folder: Path, made: Path, entry: Entry) -> None:
    """Release a report that lies complete in ``made``; every file is checked against the entry's digests first."""
    damaged = [suffix for suffix, digest in entry.files.items() if file_digest(made / f"report{suffix}") != digest]
    if damaged:
        raise PublishError(f"{entry.key} 写出的文件与内容不符（{'、'.join(damaged)}）。", "请检查磁盘后重试。")
    (made / _ENTRY).write_text(entry_text(entry), encoding="utf-8")
    for path in (*made.iterdir(), made):
        _to_disk(path)
    ready = folder / WORK / "ready" / entry.key.replace("/", "+")
    ready.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(ready, ignore_errors=True)
    made.replace(ready)
    _finish(folder, ready)


def note(folder: Path, entry: Entry) -> None:
    """Put an entry into the manifest without touching the report's files."""
    write_manifest(folder, {**read_manifest(folder), entry.key: entry}.values(), period=folder.name)


def recover(folder: Path) -> tuple[str, ...]:
    """Finish every report whose release was cut off; gives their keys. The caller holds the lock."""
    done = []
    for ready in sorted((folder / WORK / "ready").glob("*")):
        if (ready / _ENTRY).is_file():
            _finish(folder, ready)
            done.append(ready.name.replace("+", "/"))
        shutil.rmtree(ready, ignore_errors=True)
    return tuple(done)


def in_flight(folder: Path) -> dict[str, Entry]:
    """Give the entries that count already although their files may still be on the way."""
    found = (folder / WORK / "ready").glob(f"*/{_ENTRY}")
    entries = [entry_from(json.loads(path.read_text(encoding="utf-8"))) for path in found]
    return {entry.key: entry for entry in entries}


def unwritable(folder: Path, error: OSError) -> PublishError:
    """Say in one sentence why a folder cannot be written."""
    full = error.errno in (28, 122)
    return PublishError(f"{'磁盘已满，' if full else ''}无法写入输出位置 {folder.name}（{error.strerror or error}）。",
                        "请清理磁盘空间后重试。" if full else "请检查文件夹权限，或用 --out 换一个位置。")  # fmt: skip


def _finish(folder: Path, ready: Path) -> None:
    """Move the files of a ready report into place and note it in the manifest; may be repeated at any point."""
    entry = entry_from(json.loads((ready / _ENTRY).read_text(encoding="utf-8")))
    for suffix in entry.files:
        source, target = ready / f"report{suffix}", folder / f"{entry.key}{suffix}"
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            source.replace(target)
    note(folder, entry)
    shutil.rmtree(ready, ignore_errors=True)


def _to_disk(path: Path) -> None:
    """Have the system write a file or folder to the disk; folders cannot be told so on Windows."""
    if path.is_dir() and os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _take(file: IO[bytes]) -> bool:
    """Take the system's lock on the file, which ends with the process that holds it, however that ends."""
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _owner(folder: Path) -> str:
    try:
        told = json.loads((folder / WORK / "owner.json").read_text(encoding="utf-8"))
        minutes = max(0.0, time.time() - told["at"]) / 60
        return f"计算机 {told['host']}，进程 {told['pid']}，已运行 {minutes:.0f} 分钟"
    except (OSError, ValueError, KeyError):
        return "进程未知"
