"""The command line: parse, call one function, print, exit code. Every command has its Chinese help, examples and
options in two tables; its code is imported when it is called.

Exit codes: 0 good · 1 some reports failed, or findings of level 错误 · 2 usage or configuration · 130 interrupted.

commands.csv: one row is a command, ``run`` the module and function, ``options`` those of options.csv it has, in order.
options.csv: one row is an option, or an argument without a name; where commands mean different things by one, the
command stands behind a slash. ``kind``: text (also required), list (typed with commas, also several times), int and
float (``choices`` is the least there may be, else 0), choice, out (a file to be written, whose ``choices`` are the
endings it may have), flag, or one of (of these flags a call may have one). argparse speaks Chinese, and its errors name
the next step.
"""

from __future__ import annotations

import argparse
import csv
import difflib
import importlib
import io
import math
import os
import re
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from zjanalysis import __version__
from zjanalysis.errors import ConfigError, UnknownName, ZjError, unknown_name

_WORDS = {"usage: ": "用法：", "positional arguments": "参数", "options": "选项"}
_ERRORS = (
    (r"unrecognized arguments: (.+)", r"不认识的参数：\1"),
    (r"the following arguments are required: (.+)", r"缺少参数：\1"),
    (r"argument (.+?): expected (?:one|at least one) argument", r"参数 \1 后面缺少值"),
    (r"argument (.+?): not allowed with argument (.+)", r"参数 \1 与 \2 不能同时使用"),
    (r"argument (.+?): ignored explicit argument '(.*)'", r"参数 \1 后面不能带值（“\2”）"),
    (r"ambiguous option: (.+?) could match (.+)", r"参数 \1 有歧义：\2"),
    (r"argument (.+?): ((?![a-z]).+)", r"参数 \1 \2"),
)
_EMPTY = "是空的（批处理里的变量可能没有值）"
_NEGATIVE = re.compile(r"^-(\d+|\d*\.\d+)[%％]?$")
EVERYTHING = "全部"


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Help in Chinese, examples kept as they are written."""

    def add_usage(self, usage, actions, groups, prefix=None):  # type: ignore[no-untyped-def]
        """Start the usage line with 用法."""
        super().add_usage(usage, actions, groups, _WORDS["usage: "] if prefix is None else prefix)

    def start_section(self, heading: str | None) -> None:
        """Return argparse's own section titles in Chinese."""
        super().start_section(_WORDS.get(heading or "", heading))


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one Chinese sentence with the next step, exit code 2."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and how to get help."""
        choice = re.match(r"argument (.+?): invalid choice: '(.*?)' \(choose from (.*)\)", message)
        if choice:
            choices = re.sub(r"[' ]", "", choice.group(3)).split(",")
            is_command, word = "命令" in choice.group(1), choice.group(2)
            meant = _actions_like(word) if is_command else []
            question = f"未找到命令“{word}”，是不是{'或'.join(f'“{action}”' for action in meant)}？"
            error = unknown_name("命令" if is_command else f"参数 {choice.group(1)} 的值", word, choices)
            text = str(UnknownName(question, f"它是命令的一个动作，写成 zj {meant[0]} …。") if meant else error)
        else:
            text = next((re.sub(p, r, message) for p, r in _ERRORS if re.search(p, message)), message) + "。"
        print(f"{text}\n查看用法：{self.prog} --help", file=sys.stderr)
        sys.exit(2)


def _actions_like(word: str) -> list[str]:
    """Return the actions of commands that read like a word, each behind its command.

    >>> _actions_like("due"), _actions_like("inti"), _actions_like("buidl")
    (['ledger due'], ['keys init', 'ledger init'], [])
    """
    choices = {row["option"]: row["choices"].split() for row in _rows("options.csv") if row["choices"]}
    actions = [
        (command["name"], action)
        for command in _rows("commands.csv")
        for option in command["options"].split()
        if not option.startswith("-")
        for action in choices.get(option, ())
    ]
    near = difflib.get_close_matches(word, [action for _, action in actions], n=1, cutoff=0.7)
    return [f"{command} {action}" for command, action in actions if action in near]


def _typed(namespace: argparse.Namespace) -> set[str]:
    """Return the names of what was typed with a value so far, as the namespace keeps them."""
    names: set[str] = vars(namespace).setdefault("typed", set())
    return names


def refuse_unused(arguments: argparse.Namespace, names: Sequence[str], *, why: str, hint: str) -> None:
    """Raise ConfigError where options were typed that a call has no use for: what they ask for would not be done."""
    typed = [name for name in names if name in _typed(arguments) or getattr(arguments, name) is True]
    if typed:
        options = "、".join(f"--{name.replace('_', '-')}" for name in typed)
        raise ConfigError(f"{why}，{options} 用不上。", hint)


class _Single(argparse.Action):
    """A value that is not empty and, behind an option, the only one; an argument that may be left out is then empty."""

    def __call__(self, parser, namespace, values, option_string=None):  # type: ignore[no-untyped-def]
        typed = values if isinstance(values, list) else [] if values is None else [values]
        if not all(str(value).strip() for value in typed):
            raise argparse.ArgumentError(self, _EMPTY)
        if option_string and self.dest in _typed(namespace):
            raise argparse.ArgumentError(self, "写了两次，只能写一次")
        _typed(namespace).add(self.dest)
        setattr(namespace, self.dest, "" if values is None else values)


class _Joined(argparse.Action):
    """A list typed with commas; given several times, the lists are put together."""

    def __call__(self, parser, namespace, values, option_string=None):  # type: ignore[no-untyped-def]
        if not listed(values):
            raise argparse.ArgumentError(self, _EMPTY)
        _typed(namespace).add(self.dest)
        setattr(namespace, self.dest, ",".join(filter(None, (getattr(namespace, self.dest), values))))


INPUTS = ("path", "paths", "files", "mail", "apply")  # what names files a command reads


def output_place(text: str, endings: Sequence[str]) -> str:
    """Return the name of a file to be written as typed, before any work is done for it; nothing stays nothing.

    Raises ConfigError for another ending, InputError where a file lies that is not as we wrote it.
    """
    if text:
        from zjanalysis.files import refuse_written_in  # noqa: PLC0415  zj --help writes nothing

        refuse_ending(text, endings)
        refuse_written_in(Path(text))
    return text


def refuse_ending(name: str, endings: Sequence[str]) -> None:
    """Raise ConfigError where the name of a file to be written has none of the endings."""
    if Path(name).suffix.lower() not in endings:
        hint = f"例如 {Path(name).stem or '结果'}{endings[0]}。"
        raise ConfigError(f"要写的文件“{name}”应以 {' 或 '.join(endings)} 结尾。", hint)


def refuse_own_input(arguments: argparse.Namespace) -> None:
    """Raise ConfigError where a call would write over a file it reads, also one in a folder it reads."""
    named = [getattr(arguments, name, None) or () for name in INPUTS]
    read = [Path(name).resolve() for one in named for name in ([one] if isinstance(one, str) else one)]
    out = Path(getattr(arguments, "out", "")).resolve()
    if out.is_file() and any(out.is_relative_to(path) for path in read):
        raise ConfigError(f"输出文件“{arguments.out}”也是要读的文件，不会覆盖。", "请换一个文件名，或换一个文件夹。")


def listed(text: str) -> tuple[str, ...]:
    """Return the words of a list typed with commas, of either width.

    >>> listed("赤坎区， 440823,")
    ('赤坎区', '440823')
    """
    return tuple(word.strip() for word in text.replace("，", ",").split(",") if word.strip())


def listed_or_all(text: str) -> tuple[str, ...]:
    """Return the words of a list, none for 全部; raises ConfigError where 全部 does not stand alone.

    >>> listed_or_all("地区,月份"), listed_or_all("全部")
    (('地区', '月份'), ())
    """
    names = listed(text)
    if EVERYTHING in names and len(names) > 1:
        raise ConfigError(f"“{EVERYTHING}”要单独写，不能写成“{text}”。", f"请只写{EVERYTHING}，或去掉它。")
    return () if EVERYTHING in names else names


def read_number(text: str, *, whole: bool, least: float) -> float:
    """Return a number as typed; argparse tells what it raises for another, one below ``least`` or without an end."""
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"应是{'整数' if whole else '数字'}，现为“{text}”")
    if value < least:
        raise argparse.ArgumentTypeError(f"{f'至少为 {least:g}' if least else '不能是负数'}，现为“{text}”")
    return value


def read_day(text: str) -> str:
    """Return a period or a day as typed, in the narrow form and without blanks around it.

    >>> read_day("２０２１Q１ "), read_day("２０２１-０４-１５")
    ('2021Q1', '2021-04-15')
    """
    return unicodedata.normalize("NFKC", text).strip()


def _rows(name: str) -> list[dict[str, str]]:
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines(keepends=True)))


def make_parser(words: Sequence[str] = ()) -> argparse.ArgumentParser:
    """Return the parser of all commands; given the ``words`` typed, of the one they name, else of names alone."""
    parser = Parser(prog="zj", description="zjanalysis：政务服务效能分析与县区通报", formatter_class=Formatter,
                    add_help=False, epilog="每个命令的用法与示例：zj 命令 --help")  # fmt: skip
    parser.add_argument("-h", "--help", action="help", help="显示这页帮助")
    parser.add_argument("--version", action="store_true", help="显示版本")
    parser.set_defaults(run="")
    commands = parser.add_subparsers(title="命令", metavar="命令", parser_class=Parser)
    options = {row["option"]: row for row in _rows("options.csv")}
    named, every = next((word for word in words if not word.startswith("-")), ""), _rows("commands.csv")
    for command in [row for row in every if row["name"] == named] or every:
        own = commands.add_parser(command["name"], help=command["help"], description=command["help"], add_help=False,
                                  epilog=f"示例：\n{command['examples']}", formatter_class=Formatter)  # fmt: skip
        if words and command["name"] != named:
            continue
        own._negative_number_matcher = _NEGATIVE  # -5% is a value, and told to be a wrong one
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
    settings["action"] = _Joined if kind == "list" else _Single
    if kind in ("int", "float"):
        number = partial(read_number, whole=kind == "int", least=float(option["choices"] or 0))
        return {**settings, "type": number, "default": number(default) if default else None}
    if kind == "choice":
        return {**settings, "choices": tuple(option["choices"].split()), **({"default": default} if default else {})}
    if kind == "out":
        return {**settings, "type": partial(output_place, endings=option["choices"].split()), "default": ""}
    if option["metavar"] in ("P", "PERIOD", "DATE"):
        settings["type"] = read_day
    if kind == "required":
        return {**settings, "required": True}
    return {**settings, "default": default} if name.startswith("-") else settings


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; only errors a user can act on are turned into a sentence."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace", line_buffering=True)
    words = sys.argv[1:] if argv is None else argv
    parser = make_parser(words)
    try:
        arguments = parser.parse_args(words)
        if not arguments.run:
            print(f"zjanalysis {__version__}" if arguments.version else parser.format_help().rstrip("\n"))
            return 0
        refuse_own_input(arguments)
        module, _, function = arguments.run.partition(":")
        run = getattr(importlib.import_module(f"zjanalysis.cli.{module}"), function)
        wall = sys.modules.get("zjanalysis.inputs.wall")  # there when the command opens files, several mostly
        with wall.readers_stay() if wall else nullcontext():
            return int(run(arguments))
    except ZjError as error:
        from zjanalysis.neutral import visible  # noqa: PLC0415  only what is shown has to be harmless

        print(*map(visible, str(error).split("\n")), sep="\n", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("已中断。", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
