"""How a workbook leaves the inputs room: whole or not at all, and a sentence when the place refuses it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from zjanalysis.errors import InputError


def save_book(book: Any, path: Path, *, what: str) -> Path:
    """Save an openpyxl workbook and give its path; ``what`` names it in the message. Raises InputError."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        book.save(part)
        part.replace(path)
    except OSError as error:
        with suppress(OSError):  # the folder itself may not be there
            part.unlink()
        hint = "请关闭正在打开它的程序，或换一个输出位置。"
        raise InputError(f"写不出{what}“{path}”（{error.strerror}）。", hint) from error
    return path
