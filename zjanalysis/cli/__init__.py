"""The command line: parse, call one function, print, exit code.

Exit codes: 0 good · 1 some reports failed, or findings of level 错误 · 2 usage or configuration · 130 interrupted.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Sequence

from zjanalysis import __version__
from zjanalysis.cli.commands import make_parser, refuse_own_input
from zjanalysis.errors import ZjError
from zjanalysis.neutral import visible


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; only errors a user can act on are turned into a sentence."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace", line_buffering=True)
    parser = make_parser()
    try:
        arguments = parser.parse_args(argv)
        if not arguments.run:
            print(f"zjanalysis {__version__}" if arguments.version else parser.format_help().rstrip("\n"))
            return 0
        refuse_own_input(arguments)
        module, _, function = arguments.run.partition(":")
        return int(getattr(importlib.import_module(f"zjanalysis.cli.{module}"), function)(arguments))
    except ZjError as error:
        print(*map(visible, str(error).split("\n")), sep="\n", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("已中断。", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
