"""The commands before and after the work: is the machine fit (``zj doctor``), passing reports on (``zj bundle``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def add(commands: Any, command: Callable[..., Any]) -> None:
    """Add ``doctor`` and ``bundle``; ``command`` is the parser's own, so that all help looks alike."""
    text = "检查这台机器能否生成和打印报告：逐项 ✔ 或 ✘，并说明下一步"
    command(commands, "doctor", "doctor:doctor", text, "  zj doctor")
    examples = (
        "  zj bundle\n  zj bundle --period 2021Q1 --out 下发\n"
        "  zj template 收件人.xlsx --addresses\n  zj bundle --mail 收件人.xlsx"
    )
    text = "把一期报告打成压缩包：全市一个，各县（市、区）各一个；可起草邮件（不发送）"
    bundle = command(commands, "bundle", "bundle:bundle", text, examples)
    bundle.add_argument("--period", default="", metavar="P", help="期次（如 2021Q1），默认最新已发布的一期")
    bundle.add_argument("--out", default="", metavar="DIR", help="压缩包写到哪里，默认报告位置下的 打包/期次")
    bundle.add_argument("--reports", default="", metavar="DIR", help="报告所在位置，默认 reports")
    text = "收件人表（.xlsx 或 .csv，列：地区、收件人、抄送）：为每个地区写出 .eml 草稿"
    bundle.add_argument("--mail", default="", metavar="TABLE", help=text)
