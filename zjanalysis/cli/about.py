"""``zj`` alone and ``zj --version``."""

from __future__ import annotations

import argparse

from zjanalysis import __version__


def overview(arguments: argparse.Namespace) -> int:
    """Print the version, or the help when no command is given."""
    if arguments.version:
        print(f"zjanalysis {__version__}")
        return 0
    arguments.parser.print_help()
    return 0
