"""The commands before and after the work: is the machine fit (``zj doctor``), passing reports on (``zj bundle``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def add(commands: Any, command: Callable[..., Any], where: Callable[..., None]) -> None:
    """Add ``doctor`` and ``bundle``; ``command`` and ``where`` are the parser's own, so that all help looks alike."""
    text = "检查这台机器能否生成和打印报告：逐项 ✔ 或 ✘，并说明下一步"
    command(commands, "doctor", "doctor:doctor", text, "  zj doctor")
