"""The commands of the analyst's desk: ``zj lab``, ``zj open`` and ``zj demo``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def add(commands: Any, command: Callable[..., Any]) -> None:
    """Add ``lab``, ``open`` and ``demo``; ``command`` is the parser's own, so that all help looks alike."""
    examples = "  zj lab\n  zj lab --port 8890\n  zj lab --no-browser"
    lab = command(commands, "lab", "desk:lab", "在 notebooks 文件夹打开 JupyterLab", examples)
    lab.add_argument("--no-browser", action="store_true", help="不打开浏览器，只给出网址")
    lab.add_argument("extra", nargs="*", metavar="-- ARG", help="“--”之后的参数原样交给 JupyterLab")
    text = "打开生成某一页的笔记本，参数已按该页写好"
    page = command(commands, "open", "desk:open_page", text, "  zj open reports/2021Q1/district/440823.html")
    page.add_argument("page", metavar="REPORT.html", help="页面文件")
    page.add_argument("--no-lab", action="store_true", help="只写出笔记本，不打开 JupyterLab")
    for one in (lab, page):
        one.add_argument("--port", type=int, default=8888, metavar="N", help="端口，默认 8888；占用时自动换一个")
    text = "把八期示例数据（模拟）全部做成工作簿"
    demo = command(
        commands, "demo", "desk:demo", text, "  zj demo data/demo\n  zj build --data data/demo --period 2020Q3"
    )
    demo.add_argument("folder", metavar="DIR", help="写到哪个文件夹")
