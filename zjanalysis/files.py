"""Files written whole or not at all, never over what somebody wrote in, and the digest of the bytes a file holds."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import IO

from zjanalysis.errors import InputError, PublishError
from zjanalysis.settings import find_root

WRITTEN = Path(".cache") / "written.txt"  # under the project folder: digests of what was written without a seal
PACKAGE = b"PK"  # how .xlsx and .docx begin
_OF_WINDOWS = ("thumbs.db", "desktop.ini")  # put into folders people look at


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
    """Put a file people may write in in place; what is as we wrote it may be written again.

    A workbook or document has a seal, which any other program drops by saving it; of any other file the project notes
    the digest. Raises InputError where somebody may have written in the file there, PublishError where the disk
    refuses.
    """
    refuse_written_in(path)
    is_package = content.startswith(PACKAGE)
    try:
        if not is_package:
            _note(content)
        return write_whole(path, _sealed(content) if is_package else content)
    except OSError as error:
        text = f"“{path.name}”写不进去（{error.strerror}），原文件没有变。"
        raise PublishError(text, "请检查磁盘空间、权限，或是否正被打开。") from error


def refuse_written_in(*paths: Path) -> None:
    """Raise InputError, before any is written over, where one of the files is not byte for byte what we wrote."""
    for path in paths:
        if path.exists() and not is_as_written(path):
            text = f"“{path.name}”已经存在，不会覆盖：里面可能有人填写或修改过。"
            raise InputError(text, "请换一个文件名，或先把它移到别处。")


def is_as_written(path: Path) -> bool:
    """Tell whether a file is what `write_paper` wrote, to the byte."""
    if not path.is_file():
        return False
    content = path.read_bytes()
    if content.startswith(PACKAGE):
        return content == _sealed(content[: -len(_sealed(b""))] + b"\0\0")
    notes = find_root() / WRITTEN
    return notes.is_file() and _sha256(content) in notes.read_text(encoding="ascii").split()


def _note(content: bytes) -> None:
    notes = find_root() / WRITTEN
    with suppress(OSError):  # a project that cannot be written to: then the file is not written over
        notes.parent.mkdir(parents=True, exist_ok=True)
        with notes.open("a", encoding="ascii") as lines:
            lines.write(f"{_sha256(content)}\n")


def _sealed(package: bytes) -> bytes:
    """Return a zip that has no comment with its own digest as the comment: what ends it is the comment's length."""
    comment = _sha256(package).encode("ascii")
    return package[:-2] + len(comment).to_bytes(2, "little") + comment


def is_visible(path: Path) -> bool:
    """Tell whether a path is a file that counts: no folder, not hidden, no lock of Office's, no note of Windows'."""
    return path.is_file() and not path.name.startswith((".", "~$")) and path.name.lower() not in _OF_WINDOWS


def files_in(folder: Path, suffixes: Collection[str], *, kinds: str, hint: str) -> list[Path]:
    """Return the files of a folder that count; none is passed over.

    Raises InputError for one of another kind than the ``suffixes``, called ``kinds``, and for a folder with files.
    """
    files = sorted(filter(is_visible, folder.glob("*")))
    for path in files:
        if path.suffix.lower() not in suffixes:
            raise InputError(f"“{path.name}”不是{kinds}。", hint)
    for path in sorted(one for one in folder.glob("*") if one.is_dir() and not one.name.startswith(".")):
        if inside := sum(map(is_visible, path.rglob("*"))):
            text = f"{folder.name} 文件夹里的文件夹“{path.name}”有{inside}个文件，只读 {folder.name} 下的文件。"
            raise InputError(text, f"请把要用的移到 {folder.name} 下，其余的移到别处。")
    return files


def all_in(folder: Path) -> list[Path]:
    """Return what lies in a folder, three deep as data sets are, also behind links, which `rglob` does not follow."""
    return sorted(path for deep in ("*", "*/*", "*/*/*") for path in folder.glob(deep))


def state_of(path: Path) -> tuple[int, ...]:
    """Return what the system changes when a file is written, the time of change too, which nobody can set back."""
    about = path.stat()
    return about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino


def file_digest(path: Path) -> str:
    """Return the SHA-256 of the bytes of a file."""
    import hashlib  # noqa: PLC0415  OpenSSL, a twelfth of zj list, which reads no file for its bytes

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sha256(content: bytes) -> str:
    import hashlib  # noqa: PLC0415

    return hashlib.sha256(content).hexdigest()


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
