"""A workbook people wrote in is replaced only by one that holds everything they wrote: checked, then in one step."""

from __future__ import annotations

import os
import re
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook

from zjanalysis.errors import InputError, PublishError

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


def release(
    book: Workbook, path: Path, *, original: Path | None = None, written: frozenset[str] = frozenset(), sheet: str = ""
) -> None:
    """Save beside the target, check that nothing else moved, then take the old file's place in one step.

    Raises PublishError (the old file stays) when a cell that was not to be written differs, or the disk refuses.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}.", suffix=".xlsx")
    os.close(handle)
    temporary = Path(name)
    try:
        book.save(temporary)
        if original is not None:
            _compare(original, temporary, written=written, sheet=sheet)
        temporary.chmod(0o644)
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        raise PublishError(
            f"“{path.name}”写不进去（{error.strerror}），原文件没有变。", "请检查磁盘空间、权限，或是否正被打开。"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def _compare(old_path: Path, new_path: Path, *, written: frozenset[str], sheet: str) -> None:
    """Hold every cell of the old workbook against the new one: value, note, format, font, fill."""
    old, new = load_workbook(old_path, rich_text=True), load_workbook(new_path, rich_text=True)
    lost = [one.title for one in old.worksheets if one.title not in new.sheetnames]
    for one in old.worksheets:
        if one.title in lost or one.sheet_state == "veryHidden":
            continue
        there, skip = new[one.title], written if one.title == sheet else frozenset()
        lost += [f"{one.title}!{c.coordinate}" for row in one.iter_rows() for c in row
                 if c.coordinate not in skip and _looks(c) != _looks(there[c.coordinate])]  # fmt: skip
    if lost:
        raise PublishError(
            f"改写后有 {len(lost)} 处与原件不同（如 {lost[0]}），因此没有替换原文件。", "请把这份文件交给维护者。"
        )


def _looks(cell: Any) -> tuple[Any, ...]:
    note = cell.comment.text if cell.comment else None
    return (str(cell.value), note, cell.number_format, cell.font.b, cell.font.color and cell.font.color.rgb,
            cell.fill.fgColor.rgb, cell.alignment.wrap_text)  # fmt: skip
