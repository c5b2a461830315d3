"""Files written whole or not at all, and the digest that says which bytes a file holds."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import IO

from zjanalysis.errors import InputError, PublishError


def write_whole(path: Path, content: bytes) -> Path:
    """Put content in place in one step, on the disk before its name is, and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def write_paper(path: Path, content: bytes) -> Path:
    """Put a workbook or document people may write in in place, under a seal that any other program drops by saving it.

    Raises InputError where somebody may have written in the file there, PublishError where the disk refuses.
    """
    refuse_written_in(path)
    try:
        return write_whole(path, _sealed(content))
    except OSError as error:
        raise PublishError(
            f"“{path.name}”写不进去（{error.strerror}），原文件没有变。", "请检查磁盘空间、权限，或是否正被打开。"
        ) from error


def refuse_written_in(*paths: Path) -> None:
    """Raise InputError, before any is written over, where one of the files is not byte for byte what we wrote."""
    for path in paths:
        if path.exists() and not is_as_written(path):
            raise InputError(
                f"“{path.name}”已经存在，不会覆盖：里面可能有人填写或修改过。", "请换一个文件名，或先把它移到别处。"
            )


def is_as_written(path: Path) -> bool:
    """Tell whether a file is what `write_paper` wrote, to the byte."""
    content = path.read_bytes() if path.is_file() else b""
    return content == _sealed(content[: -len(_sealed(b""))] + b"\0\0")


def _sealed(package: bytes) -> bytes:
    """Return a zip that has no comment with its own digest as the comment: what ends it is the comment's length."""
    comment = hashlib.sha256(package).hexdigest().encode("ascii")
    return package[:-2] + len(comment).to_bytes(2, "little") + comment


def file_digest(path: Path) -> str:
    """Return the SHA-256 of the bytes of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def take_lock(file: IO[bytes]) -> bool:
    """Take the system's lock on an open file, which ends with the process that holds it; False where another has it."""
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
