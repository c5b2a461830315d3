"""``zj doctor``: is this machine fit to make and print the reports? One line per check, ✔ or ✘ with the next step."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from functools import partial

from zjanalysis.cli import doctor_checks as checks
from zjanalysis.cli.doctor_checks import Finding
from zjanalysis.errors import ZjError
from zjanalysis.settings import FILE_NAME, Settings, find_root, load_settings

BROKEN = (ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, OSError, RuntimeError,
          SyntaxError, TypeError, ValueError, Warning)  # fmt: skip
"""What a damaged installation may raise anywhere; ``zj doctor`` is asked exactly then, so it says it and goes on."""


def doctor(arguments: argparse.Namespace) -> int:
    """Examine the machine; 0 when all is well, else 1."""
    good = True
    for finding in examine():
        print(line(finding, sys.stdout.encoding or "ascii"))
        good = good and finding.ok
    print("全部正常。" if good else "请按“下一步”处理后再运行一次 zj doctor。")
    return 0 if good else 1


def examine() -> Iterator[Finding]:
    """Give the findings one by one, each when it is known."""
    settings, first = _settings()
    yield first
    out = settings.path(settings.out)
    folders = {"reports": out, ".cache": settings.root / ".cache", "data": settings.path(settings.data)}
    steps: dict[str, Callable[[], Finding]] = {
        "Python": checks.python_version,
        "软件包": partial(checks.packages, settings.root / checks.LOCK),
        "笔记本内核": checks.kernel,
        "字体": checks.fonts,
        "数据": partial(checks.data_folder, settings),
        "写入权限": partial(checks.writable, folders),
        "磁盘空间": partial(checks.disk, out),
        "打印用浏览器": checks.browser,
        "UTF-8": checks.utf8,
    }
    for name, step in steps.items():
        yield attempt(name, step)


def attempt(name: str, step: Callable[[], Finding]) -> Finding:
    """Give the finding of a check; a check that breaks is a finding too."""
    try:
        return step()
    except ZjError as error:
        return Finding(name, False, error.message.rstrip("。"), error.hint.rstrip("。"))
    except BROKEN as error:
        return Finding(name, False, f"检查时出错（{type(error).__name__}：{error}）", checks.SETUP)


def _settings() -> tuple[Settings, Finding]:
    """Give the settings, or the defaults where the file cannot be read, and what was found."""
    root = find_root()

    def read() -> Finding:
        from zjanalysis.inputs.regions import region_name, report_units  # noqa: PLC0415  pandas may be what is broken

        settings = load_settings(root)
        units = len(report_units(settings.focus))
        return Finding("设置", True, f"{root / FILE_NAME}，{region_name(settings.focus)}及所辖 {units} 个县（市、区）")

    found = attempt("设置", read)
    try:
        return load_settings(root), found
    except ZjError:
        return Settings(root=root), found


def line(finding: Finding, encoding: str) -> str:
    """Give the line of a finding; where the terminal has no ✔ the words 正常 and 问题 stand.

    >>> line(Finding("字体", False, "缺 1 个字", "补字"), "utf-8")
    '✘ 字体：缺 1 个字。下一步：补字。'
    >>> line(Finding("字体", True, "齐全"), "gbk")
    '[正常] 字体：齐全。'
    """
    try:
        mark = "✔✘"[not finding.ok].encode(encoding).decode(encoding)
    except (UnicodeError, LookupError):
        mark = "[正常]" if finding.ok else "[问题]"
    step = "" if finding.ok or not finding.next_step else f"下一步：{finding.next_step}。"
    return f"{mark} {finding.name}：{' '.join(finding.text.split())}。{step}"
