"""Runs the cells of a notebook in this process and gives the outputs a real kernel would give.

The classes are what IPython asks for: it calls the display hook, the publisher and the streams itself.
"""

from __future__ import annotations

import atexit
import io
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ipykernel.jsonutil import encode_images, json_clean
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from nbformat import NotebookNode, from_dict
from traitlets import Type
from traitlets.config import Config

from zjanalysis.errors import ConfigError
from zjanalysis.publish.engine import NOBODY

INLINE_BACKEND = "module://matplotlib_inline.backend_inline"
NOTEBOOK_COLUMNS = 20  # what pandas shows of a wide table in a notebook; in a terminal as many as fit


def _output(kind: str, **content: Any) -> NotebookNode:
    """Return an output; nbformat's new_output checks each against the schema, `engine.portable` checks them all."""
    return NotebookNode(from_dict({"output_type": kind, **content}))


class _Publisher(DisplayPublisher):
    """Takes what ``display`` shows; a later ``update`` changes every output of the same display id."""

    def publish(
        self, data: Any, metadata: Any = None, *_: Any, transient: Any = None, update: bool = False, **__: Any
    ) -> None:
        bundle, about = json_clean(encode_images(data)), json_clean(metadata or {})
        named = (transient or {}).get("display_id")
        for earlier in self.shell.displays.get(named, ()) if update else ():
            earlier.data, earlier.metadata = bundle, about
        if update:
            return
        output = _output("display_data", data=bundle, metadata=about)
        self.shell.outputs.append(output)
        if named:
            self.shell.displays.setdefault(named, []).append(output)

    def clear_output(self, wait: bool = False) -> None:
        self.shell.outputs.clear()


class _Hook(DisplayHook):
    def write_output_prompt(self) -> None:
        """Show no prompt."""

    def write_format_data(self, format_dict: Mapping[str, Any], md_dict: Mapping[str, Any] | None = None) -> None:
        bundle, about = json_clean(encode_images(format_dict)), json_clean(md_dict or {})
        result = _output("execute_result", data=bundle, metadata=about, execution_count=self.prompt_count)
        shell: Any = self.shell
        shell.outputs.append(result)


def _nobody_answers(prompt: object = "") -> str:
    raise ConfigError(f"生成报告时没有人回答 input({str(prompt)!r})。", NOBODY)


class Shell(InteractiveShell):
    """An IPython shell whose outputs are notebook outputs."""

    kernel = None  # pandas imported in a cell asks for the name alone, to show tables as in a notebook
    displayhook_class = Type(_Hook)
    display_pub_class = Type(_Publisher)

    def __init__(self, **options: Any) -> None:
        self.outputs: list[NotebookNode] = []
        self.displays: dict[str, list[NotebookNode]] = {}
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self.builtin_trap.auto_builtins["input"] = _nobody_answers

    def enable_gui(self, gui: Any = None) -> None:
        """Open no window: ``%matplotlib inline`` and ``%gui`` ask for one, or for none."""

    def _showtraceback(self, etype: type[BaseException], evalue: BaseException, stb: list[str]) -> None:
        self.outputs.append(_output("error", ename=etype.__name__, evalue=str(evalue), traceback=stb))


class _Stream(io.TextIOBase):
    """stdout or stderr of a cell; text that follows text of the same name is joined, as a kernel joins it."""

    def __init__(self, name: str, shell: Shell) -> None:
        self._name, self._shell = name, shell

    def write(self, text: str) -> int:
        outputs = self._shell.outputs
        if text and outputs and outputs[-1].output_type == "stream" and outputs[-1].name == self._name:
            outputs[-1].text += text
        elif text:
            outputs.append(_output("stream", name=self._name, text=text))
        return len(text)

    def writable(self) -> bool:
        """Tell print that it may write."""
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Name the encoding, for those who ask before they print."""
        return "UTF-8"


@contextmanager
def open_shell() -> Iterator[Shell]:
    """Return a fresh shell with its own ``__main__``; everything printed meanwhile becomes output of its cells."""
    config = Config({"HistoryManager": {"enabled": False}, "InteractiveShell": {"colors": "nocolor", "autocall": 0}})
    before = sys.stdout, sys.stderr, sys.displayhook, sys.excepthook, sys.modules.get("__main__")
    os.environ.setdefault("MPLBACKEND", INLINE_BACKEND)
    Shell.clear_instance()
    shell = Shell.instance(config=config)
    atexit.unregister(shell.atexit_operations)  # done below, once
    pandas: Any = sys.modules.get("pandas")
    if pandas is not None:  # imported before there was a shell, it took this process for a terminal
        pandas.set_option("display.max_columns", NOTEBOOK_COLUMNS)
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    if getattr(pyplot, "_backend_mod", None) and INLINE_BACKEND.removeprefix("module://") not in sys.modules:
        pyplot.rcParams["backend"] = INLINE_BACKEND  # a process that has made reports before
        pyplot.switch_backend(INLINE_BACKEND)
    sys.stdout, sys.stderr = _Stream("stdout", shell), _Stream("stderr", shell)
    try:
        yield shell
    finally:
        sys.stdout, sys.stderr, sys.displayhook, sys.excepthook, main = before
        sys.modules["__main__"] = main or sys.modules["__main__"]
        shell.displayhook.do_full_cache = False  # or IPython searches all memory for what the shell held
        shell.atexit_operations()  # type: ignore[no-untyped-call]
        Shell.clear_instance()


def run_cell(shell: Shell, cell: NotebookNode) -> bool:
    """Run one code cell, fill in its outputs and count; False when it raised."""
    shell.outputs = []
    with _file_descriptors(shell):
        done = shell.run_cell(cell.source, store_history=True)  # type: ignore[no-untyped-call]
    cell.outputs, cell.execution_count = shell.outputs, shell.execution_count - 1
    return bool(done.success)


@contextmanager
def _file_descriptors(shell: Shell) -> Iterator[None]:
    """Take also what is written straight to descriptors 1 and 2 (``os.system``, C code), after the cell's own text."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        both = [("stdout", 1, os.dup(1), out), ("stderr", 2, os.dup(2), err)]
        for _, number, _, file in both:
            os.dup2(file.fileno(), number)
        try:
            yield
        finally:
            for name, number, saved, file in both:
                os.dup2(saved, number)
                os.close(saved)
                file.seek(0)
                _Stream(name, shell).write(file.read().decode("utf-8", errors="replace"))
