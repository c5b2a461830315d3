"""Every command with its Chinese help, examples and options, from two tables; its code is imported when it is called.

commands.csv: one row is a command, ``run`` the module and function, ``options`` those of options.csv it has, in order.
options.csv: one row is an option, or an argument without a name; where commands mean different things by one, the
command stands behind a slash. ``kind``: text (also required), list (typed with commas), int, float, choice, flag, or
one of (of these flags a call may have one).
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zjanalysis.cli.chinese import Formatter, Joined, Parser


def _rows(name: str) -> list[dict[str, str]]:
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines(keepends=True)))


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = Parser(prog="zj", description="zjanalysis：政务服务效能分析与县区通报", formatter_class=Formatter,
                    add_help=False, epilog="每个命令的用法与示例：zj 命令 --help")  # fmt: skip
    parser.add_argument("-h", "--help", action="help", help="显示这页帮助")
    parser.add_argument("--version", action="store_true", help="显示版本")
    parser.set_defaults(run="")
    commands = parser.add_subparsers(title="命令", metavar="命令", parser_class=Parser)
    options = {row["option"]: row for row in _rows("options.csv")}
    for command in _rows("commands.csv"):
        own = commands.add_parser(command["name"], help=command["help"], description=command["help"], add_help=False,
                                  epilog=f"示例：\n{command['examples']}", formatter_class=Formatter)  # fmt: skip
        own.add_argument("-h", "--help", action="help", help="显示这页帮助")
        own.set_defaults(run=command["run"])
        wanted = [options[name] for name in command["options"].split()]
        exclusive = own.add_mutually_exclusive_group() if any(one["kind"] == "one of" for one in wanted) else own
        for one in wanted:
            name = one["option"].partition("/")[0]
            (exclusive if one["kind"] == "one of" else own).add_argument(name, help=one["help"], **_settings(name, one))
    return parser


def _settings(name: str, option: Mapping[str, str]) -> dict[str, Any]:
    """Return what argparse is told of an option; what is not in the call is its default, else empty."""
    kind, default = option["kind"], option["default"]
    settings: dict[str, Any] = {key: option[key] for key in ("metavar", "nargs", "dest") if option[key]}
    if kind in ("flag", "one of"):
        return {**settings, "action": "store_true"}
    if kind in ("int", "float"):
        number = int if kind == "int" else float
        return {**settings, "type": number, "default": number(default) if default else None}
    if kind == "choice":
        return {**settings, "choices": tuple(option["choices"].split()), **({"default": default} if default else {})}
    if kind == "required":
        return {**settings, "required": True}
    if kind == "list":
        settings["action"] = Joined
    is_named = name.startswith("-") or option["nargs"] == "?"
    return {**settings, "default": default} if is_named else settings
