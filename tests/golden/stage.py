"""The stage: a copy of the project in a folder of its own, and commands run there with all that they say and write."""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import io
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from blanks import shortened
from book_text import book_text
from docx import Document
from packed_text import letter_text, manifest_text, zip_text
from page_text import page_text
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("data/sample", "data/gd-2021-05", "notebooks")
CACHE = ".cache/periods"  # by the digest of the workbooks and of the code that reads them
Step = str | Callable[[Path], str | None]


def set_up(root: Path) -> Path:
    """Copy what the commands read into ``root``, and what this checkout has read of the sample before; nothing is ever
    written into the checkout.
    """
    for name in PARTS:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("mine", ".*"))
    if (ROOT / CACHE).is_dir():
        shutil.copytree(ROOT / CACHE, root / CACHE)
    shutil.copy(ROOT / "zjanalysis.toml", root)
    return root


def environment(root: Path) -> dict[str, str]:
    """Return the environment of every command: this checkout's package, the copied project, a terminal of 100 columns."""
    path = os.pathsep.join(map(str, (ROOT, ROOT / "tests" / "started")))
    ours = {"ZJANALYSIS_ROOT": str(root), "PYTHONPATH": path, "PYTHONUTF8": "1", "COLUMNS": "100", "NO_COLOR": "1"}
    return {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"} | ours


def in_process(words: Sequence[str]) -> tuple[int, str, str]:
    """Run a command in this process; give exit code, output and errors."""
    from zjanalysis.cli import main

    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n") for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(list(words))
        except SystemExit as stop:
            code = int(stop.code or 0)
    return code, said(out), said(err)


def said(stream: io.TextIOWrapper) -> str:
    stream.flush()
    raw = stream.buffer
    assert isinstance(raw, io.BytesIO)
    return raw.getvalue().decode("utf-8")


def in_its_own(words: Sequence[str], folder: Path, root: Path) -> tuple[int, str, str]:
    """Run a command in a process of its own: those that start workers."""
    done = subprocess.run([sys.executable, "-m", "zjanalysis", *words], cwd=folder, env=environment(root),
                          capture_output=True, encoding="utf-8", timeout=300, check=False)  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def perform(steps: Sequence[Step], folder: Path, root: Path) -> str:
    """Run the steps of a scene in its folder and give what happened as text: what was said, and each file written.

    A step is a command line (``{data}`` and ``{root}`` stand for the folders; a ``!`` before it has it run in a process
    of its own), or a function of the folder, whose text, if it gives one, is told too. A file that is written again is
    told by what has changed in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.update(environment(root))
    os.chdir(folder)
    told: list[str] = []
    texts: dict[str, str] = {}
    for step in steps:
        before = digests(folder)
        if callable(step):
            told.append(step(folder) or "")
            continue
        line = step.removeprefix("!")
        words = [word.format(data=root / "data", root=root) for word in shlex.split(line)]
        told.append(transcript(line, in_process(words) if line == step else in_its_own(words, folder, root)))
        now = digests(folder)
        for name in sorted(name for name, digest in now.items() if digest != before.get(name)):
            text = file_text(folder / name)
            told.append(f"+++ {name}" + (changed(texts[name], text) if name in texts else "\n" + text) + "\n")
            texts[name] = text
    return "".join(told)


def transcript(line: str, result: tuple[int, str, str]) -> str:
    """Return a command with its exit code and what it said."""
    code, out, err = result
    return "".join([f"$ zj {line}\n[{code}]\n{out}", f"--- stderr\n{err}" if err else "", "\n"])


def changed(before: str, after: str) -> str:
    """Return what has changed in a text that was told before."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return "（与上次相比）\n" + "".join(f"{line}\n" for line in list(lines)[2:])


def digests(folder: Path) -> dict[str, str]:
    """Return the digests of the files of a folder by name; hidden ones and notebooks are left out."""
    files = ((path.relative_to(folder), path) for path in folder.rglob("*.*") if path.suffix != ".ipynb")
    seen = sorted((name.as_posix(), path) for name, path in files if not any(p.startswith(".") for p in name.parts))
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in seen if path.is_file()}


def document_text(path: Path) -> str:
    """Return the words of a document: its paragraphs, then the cells of its tables."""
    document = Document(str(path))
    rows = (" | ".join(cell.text for cell in row.cells) for table in document.tables for row in table.rows)
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *rows]) + "\n"


def picture_text(path: Path) -> str:
    """Return the width of a picture; what is drawn is told of the page it was made from."""
    return f"图，宽 {Image.open(path).width}\n"


def file_text(path: Path) -> str:
    """Return a written file as text, by its kind; a mark stands for a byte order mark."""
    readers = {".xlsx": book_text, ".html": page_text, ".zip": zip_text, ".eml": letter_text, ".docx": document_text,
               ".png": picture_text}  # fmt: skip
    if path.suffix in readers:
        return readers[path.suffix](path)
    text = path.read_bytes().decode("utf-8").replace("\ufeff", "<BOM>")
    if path.suffix == ".csv":
        return "\n".join(shortened(text.splitlines())) + "\n"
    return manifest_text(text) if path.name == "manifest.json" else text
