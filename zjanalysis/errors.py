"""What a user can act on: a Chinese sentence, the next step, an exit code."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


class ZjError(Exception):
    """A sentence for the user; ``hint`` is the next step, ``exit_code`` what the command line returns."""

    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """Return the sentence, then the next step after ``提示：``."""
        return f"{self.message}\n提示：{self.hint}" if self.hint else self.message

    def _render_traceback_(self) -> list[str]:
        """Show the sentence in a notebook, not the way there; IPython asks for it."""
        return str(self).split("\n")

    def __reduce__(self) -> tuple[type[ZjError], tuple[str, str]]:
        """Survive the way back from a worker process with the hint attached."""
        return type(self), (self.message, self.hint)


class InputError(ZjError):
    """A file or folder that cannot be used at all."""


class NoData(InputError):
    """What a report is about is not in the data: it is said, nothing is published, and it is no failure."""


class ConfigError(ZjError):
    """A setting or parameter that is unknown, missing or of the wrong kind."""


class UnknownName(ZjError):
    """A name nobody knows: region, period, indicator, parameter, column."""


class NoSuchName(ZjError, AttributeError):
    """An attribute nobody knows, of zj or of a study; ``hasattr`` stays true to its word."""


class PublishError(ZjError):
    """A report that could not be made or must not be released."""

    exit_code = 1


def unknown_name(kind: str, given: str, known: Iterable[str]) -> UnknownName:
    """Return the error for a name nobody knows, with the nearest known names.

    >>> print(unknown_name("县区", "赤砍区", ["赤坎区", "霞山区"]))
    未找到县区“赤砍区”，是不是“赤坎区”？
    提示：可用的县区：赤坎区、霞山区
    """
    names = list(dict.fromkeys(known))
    near = difflib.get_close_matches(given, names, n=3, cutoff=0.5)
    question = f"，是不是{'或'.join(f'“{name}”' for name in near)}？" if near else "。"
    listed = "、".join(names[:30]) + ("……" if len(names) > 30 else "")
    hint = f"可用的{kind}：{listed}" if names else f"目前没有可用的{kind}。"
    return UnknownName(f"未找到{kind}“{given}”{question}", hint)


def no_such_name(owner: str, asked: str, known: Iterable[str]) -> NoSuchName:
    """Return the error for an attribute nobody knows, with the nearest names.

    >>> print(no_such_name("zj", "stduy", ["study", "show"]).message)
    zj 里没有 stduy，是不是 study？
    """
    near = difflib.get_close_matches(asked, names := list(known), n=2)
    offered = near or [name for name in names if asked.strip("_")[:3] in name][:8]
    question = f"，是不是 {' 或 '.join(near)}？" if near else "。"
    hint = f"输入“{owner}.”后按 Tab 键看全部名称，如 {'、'.join((offered or names)[:8])}。"
    return NoSuchName(f"{owner} 里没有 {asked}{question}", hint)


def answering(owner: str) -> Callable[[type[T]], type[T]]:
    """Have the records of a class, called ``owner``, answer an attribute nobody knows with the nearest.

    What failed while it was computed fails again as it did.

    >>> @answering("block")
    ... class Block:
    ...     rows = ()
    >>> hasattr(Block(), "rowz"), hasattr(Block(), "__len__")
    (False, False)
    """

    def missing(self: object, name: str) -> object:
        if name in dir(type(self)):
            return object.__getattribute__(self, name)
        if name.startswith("_"):  # Python, copy and IPython ask what a record can do
            raise AttributeError(name)
        raise no_such_name(owner, name, [known for known in dir(self) if not known.startswith("_")])

    def answered(record: type[T]) -> type[T]:
        record.__getattr__ = missing  # type: ignore[attr-defined]
        return record

    return answered
