"""argparse speaking Chinese: help, usage, and errors that name the next step."""

from __future__ import annotations

import argparse
import re
import sys
from datetime import date
from typing import NoReturn

from zjanalysis.errors import ConfigError, unknown_name

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
            choices = re.sub(r"[' ]", "", choice.group(3)).split(",")
            what = "命令" if "命令" in choice.group(1) else f"参数 {choice.group(1)} 的值"
            text = str(unknown_name(what, choice.group(2), choices))
        else:
            text = next((re.sub(p, r, message) for p, r in _ERRORS if re.search(p, message)), message) + "。"
        print(f"{text}\n查看用法：{self.prog} --help", file=sys.stderr)
        sys.exit(2)


class Joined(argparse.Action):
    """A list typed with commas; given several times, the lists are put together."""

    def __call__(self, parser, namespace, values, option_string=None):  # type: ignore[no-untyped-def]
        """Add what is typed to what was typed before."""
        setattr(namespace, self.dest, ",".join(filter(None, (getattr(namespace, self.dest), values))))


def iso_day(text: str, *, example: str) -> str:
    """Give a day as typed, which has to be one; raises ConfigError, which shows the ``example``."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ConfigError(f"日期“{text}”读不懂。", f"请写成 {example} 的样子。") from None


def listed(text: str) -> tuple[str, ...]:
    """Give the words of a list typed with commas, of either width.

    >>> listed("赤坎区， 440823,")
    ('赤坎区', '440823')
    """
    return tuple(word.strip() for word in text.replace("，", ",").split(",") if word.strip())
