"""Before a ledger people wrote in is changed: nobody else is changing it, and nothing in it would be lost."""

from __future__ import annotations

import os
import re
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import pandas as pd

from zjanalysis.errors import InputError
from zjanalysis.files import take_lock
from zjanalysis.ledger.reading import CLASH

PATIENCE = 60.0  # seconds that one command waits for another
# Parts openpyxl would drop or flatten without a word. Comments and pictures are kept.
LOST = {
    r"xl/charts?/": "图表",
    r"xl/threadedComments/": "线程批注（请改用普通批注）",
    r"xl/diagrams/": "SmartArt 图形",
    r"xl/embeddings/": "嵌入的文件",
    r"xl/ctrlProps/|xl/activeX/": "控件",
    r"xl/slicers?/|xl/pivotTables/": "数据透视表或切片器",
    r"vbaProject\.bin": "宏",
}
_SHAPE = re.compile(rb"<(?:xdr:)?(?:sp|cxnSp|grpSp|graphicFrame)[ >]")


@contextmanager
def locked(path: Path, *, patience: float = PATIENCE) -> Iterator[None]:
    """Hold a workbook for one command at a time, so that what another one writes is read and not overwritten.

    The lock is the system's and ends with the process, however that ends. Raises InputError after ``patience`` seconds.
    """
    mark, until = path.with_name(f".{path.name}.lock"), time.monotonic() + patience
    while True:
        file = mark.open("a+b")
        if take_lock(file) and _is(mark, file):
            break
        file.close()
        if time.monotonic() > until:
            raise InputError(f"“{path.name}”正被另一个命令改写。", "请等它结束后再运行一次。")
        time.sleep(0.05)
    try:
        yield
    finally:
        with suppress(OSError):  # Windows keeps a file that is open
            mark.unlink()
        file.close()


def _is(mark: Path, file: IO[bytes]) -> bool:
    """Tell whether the file is still the one that lies there: who held it before may have taken it away."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), mark.stat())
    except OSError:
        return False


def refuse_doubts(written: pd.DataFrame, *, name: str) -> None:
    """Raise InputError when rows of the ledger itself cannot be told apart: sorted in part, numbers written over."""
    rows = written.loc[written["doubt"] == CLASH, "row_number"]
    if len(rows):
        places = "、".join(f"第{number}行" for number in rows[:5]) + ("等" if len(rows) > 5 else "")
        raise InputError(
            f"“{name}”{places}共{len(rows)}行的编号与任务、地区对不上，没有改动。",
            "多半是只排序了一部分列；请撤销后再运行。",
        )


def refuse_losses(path: Path) -> None:
    """Raise InputError when the workbook holds what cannot be kept: charts, shapes, threaded comments, macros."""
    with zipfile.ZipFile(path) as package:
        names = package.namelist()
        found = [word for pattern, word in LOST.items() if any(re.search(pattern, name) for name in names)]
        drawings = [name for name in names if re.match(r"xl/drawings/drawing\d+\.xml$", name)]
        if any(_SHAPE.search(package.read(name)) for name in drawings) and "图表" not in found:
            found.append("文本框或图形")
    if found:
        raise InputError(
            f"“{path.name}”里有{'、'.join(found)}，改写会丢失，因此没有动它。", "请把这些内容移到另一个工作簿后再运行。"
        )


def refuse_when_open(path: Path) -> None:
    """Raise InputError while Excel, WPS or LibreOffice has the workbook open."""
    marks = [path.with_name(f"~${path.name}"), path.with_name(f".~lock.{path.name}#"), path.with_name(f".~{path.name}")]
    if any(mark.exists() for mark in marks):
        raise InputError(
            f"“{path.name}”正被打开。", "请在 Excel/WPS 中保存并关闭后再运行；若已关闭，请删去旁边的锁文件。"
        )
