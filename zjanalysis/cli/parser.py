"""Every command with its Chinese help and examples; no command's code is imported before it is called."""

from __future__ import annotations

import argparse
import re
import sys
from typing import NoReturn

from zjanalysis.errors import unknown_name

_WORDS = {"usage: ": "用法：", "positional arguments": "参数", "options": "选项"}
_ERRORS = (
    (r"unrecognized arguments: (.+)", r"不认识的参数：\1"),
    (r"the following arguments are required: (.+)", r"缺少参数：\1"),
    (r"argument (.+?): invalid int value: '(.*)'", r"参数 \1 应是整数，现为“\2”"),
    (r"argument (.+?): invalid float value: '(.*)'", r"参数 \1 应是数字，现为“\2”"),
    (r"argument (.+?): expected (?:one|at least one) argument", r"参数 \1 后面缺少值"),
    (r"argument (.+?): not allowed with argument (.+)", r"参数 \1 与 \2 不能同时使用"),
    (r"argument (.+?): ignored explicit argument '(.*)'", r"参数 \1 后面不能带值（“\2”）"),
    (r"ambiguous option: (.+?) could match (.+)", r"参数 \1 有歧义：\2"),
)


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Help in Chinese, examples kept as they are written."""

    def add_usage(self, usage, actions, groups, prefix=None):  # type: ignore[no-untyped-def]
        """Start the usage line with 用法."""
        super().add_usage(usage, actions, groups, _WORDS["usage: "] if prefix is None else prefix)

    def start_section(self, heading: str | None) -> None:
        """Give argparse's own section titles in Chinese."""
        super().start_section(_WORDS.get(heading or "", heading))


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one Chinese sentence with the next step, exit code 2."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and how to get help."""
        choice = re.match(r"argument (.+?): invalid choice: '(.*?)' \(choose from (.*)\)", message)
        if choice:
            known = re.sub(r"[' ]", "", choice.group(3)).split(",")
            what = "命令" if "命令" in choice.group(1) else f"参数 {choice.group(1)} 的值"
            text = str(unknown_name(what, choice.group(2), known))
        else:
            text = next((re.sub(p, r, message) for p, r in _ERRORS if re.search(p, message)), message) + "。"
        print(f"{text}\n查看用法：{self.prog} --help", file=sys.stderr)
        sys.exit(2)


_COMMANDS: list[tuple[str, str, str, str]] = []


def _command(commands, name: str, run: str, text: str, examples: str = ""):  # type: ignore[no-untyped-def]
    """Add one command: its line in the list, its help page with examples, the function that runs it."""
    epilog = f"示例：\n{examples}" if examples else ""
    parser = commands.add_parser(
        name, help=text, description=text, epilog=epilog, formatter_class=Formatter, add_help=False
    )
    parser.add_argument("-h", "--help", action="help", help="显示这页帮助")
    parser.set_defaults(run=run)
    return parser


def _where(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", default="", metavar="DIR", help="数据集，默认取 zjanalysis.toml 的 data")
    parser.add_argument("--period", default="", metavar="P", help="期次（如 2021Q1），默认最新一期")


def make_parser() -> argparse.ArgumentParser:
    """Give the parser of all commands."""
    parser = Parser(
        prog="zj",
        description="zjanalysis：政务服务效能分析与县区通报",
        formatter_class=Formatter,
        add_help=False,
        epilog="每个命令的用法与示例：zj 命令 --help",
    )
    parser.add_argument("-h", "--help", action="help", help="显示这页帮助")
    parser.add_argument("--version", action="store_true", help="显示版本")
    parser.set_defaults(run="about:overview", parser=parser)
    commands = parser.add_subparsers(title="命令", metavar="命令", parser_class=Parser)
    _publish(commands)
    _inputs(commands)
    _analysis(commands)
    return parser


def _publish(commands) -> None:  # type: ignore[no-untyped-def]
    build = _command(
        commands,
        "build",
        "build:build",
        "生成全市与各县（市、区）通报",
        "  zj build\n  zj build --only 赤坎区,440823 --jobs 2\n  zj build --data data/sample --period 2021Q1 --dry-run",
    )
    _where(build)
    build.add_argument("--out", default="", metavar="DIR", help="输出位置，默认 reports")
    build.add_argument("--only", default="", metavar="CODE,…", help="只生成这些地区（名称或代码；city 为全市）")
    build.add_argument("--limit", type=int, default=0, metavar="N", help="最多生成 N 份")
    build.add_argument("--jobs", type=int, default=0, metavar="N", help="同时生成的份数，默认为处理器数")
    build.add_argument("--force", action="store_true", help="即使没有变化也重新生成")
    build.add_argument("--dry-run", action="store_true", help="只说明会生成什么、为什么")
    build.add_argument("--fail-fast", action="store_true", help="一份失败就停止")
    build.add_argument("--date", default="", metavar="DATE", help="报告日期（如 2021-04-15），默认为数据截止日")
    listing = _command(
        commands, "list", "build:listing", "列出数据集、期次与可生成的报告", "  zj list\n  zj list --data data/sample"
    )
    _where(listing)


def _inputs(commands) -> None:  # type: ignore[no-untyped-def]
    check = _command(
        commands,
        "check",
        "inputs:check",
        "核对工作簿，逐格指出问题",
        "  zj check 报送/遂溪县.xlsx\n  zj check data/sample/2021Q1/items --out 核对结果.xlsx",
    )
    check.add_argument("paths", nargs="+", metavar="FILE|DIR", help="工作簿、CSV 或装有它们的文件夹")
    check.add_argument("--out", default="", metavar="FILE", help="把全部问题写入这个 .xlsx 或 .csv")


def _analysis(commands) -> None:  # type: ignore[no-untyped-def]
    measure = _command(
        commands,
        "measure",
        "analysis:measure",
        "计算指标",
        "  zj measure\n  zj measure --data data/gd-2021-05 --scope 全部 --by 全部 --as-written\n"
        "  zj measure --by 实施主体 --region 遂溪县 --out scores.csv",
    )
    _where(measure)
    text = "事项类型（如 行政许可,公共服务），“全部”为不限；默认按各指标的口径"
    measure.add_argument("--scope", default="", metavar="TYPE,…", help=text)
    text = "行使层级（2 省级、3 市级、4 县级），“全部”为不限；默认按数据集"
    measure.add_argument("--level", default="", metavar="LEVEL,…", help=text)
    text = "分组：地区、实施主体、事项类型、行使层级（可用逗号连接），或“全部”"
    measure.add_argument("--by", default="地区", metavar="COLUMN", help=text)
    measure.add_argument("--region", default="", metavar="CODE,…", help="只计这些地区")
    measure.add_argument("--as-written", action="store_true", help="时限数字按原文计，不把自然日、月等折算为工作日")
    measure.add_argument("--out", default="", metavar="FILE", help="结果写入这个 .csv 或 .xlsx")
