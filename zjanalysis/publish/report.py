"""One report from end to end, in a worker process: run the notebook, make page and workbook, pass the gate."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zjanalysis.errors import PublishError, ZjError
from zjanalysis.publish import frames
from zjanalysis.publish.jobs import Job
from zjanalysis.publish.provenance import Stamp, file_digest


@dataclass(frozen=True)
class Task:
    """All a worker needs: the job, its stamp, the folder to write in, the project folder, engine, time, frames."""

    job: Job
    stamp: Stamp
    folder: Path
    root: Path
    engine: str = "warm"
    timeout: float = 300.0
    frames: Path | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of a task; ``error`` is empty when page, workbook and notebook lie in its folder."""

    key: str
    error: str = ""
    hint: str = ""
    seconds: float = 0.0
    hidden_warnings: int = 0
    files: Mapping[str, str] = field(default_factory=dict)
    cover: Mapping[str, Any] = field(default_factory=dict)
    cards: tuple[Mapping[str, Any], ...] = ()


def make(task: Task) -> Outcome:
    """Make one report; what a user can act on, and a disk that fails, come back as an outcome with an error."""
    started = time.perf_counter()
    os.environ["ZJANALYSIS_ROOT"] = str(task.root)
    try:
        found = _write(task)
    except ZjError as error:
        return Outcome(task.job.key, error.message, error.hint, round(time.perf_counter() - started, 3))
    except OSError as error:
        full = "磁盘已满" if error.errno in (28, 27, 122) else f"文件读写失败：{error.strerror or type(error).__name__}"
        return Outcome(task.job.key, full, "请检查磁盘空间与文件夹权限。", round(time.perf_counter() - started, 3))
    except MemoryError:
        return Outcome(
            task.job.key, "内存不足", "请关闭其他程序，或用 --jobs 1。", round(time.perf_counter() - started, 3)
        )
    return Outcome(task.job.key, seconds=round(time.perf_counter() - started, 3), **found)


def _write(task: Task) -> dict[str, Any]:
    from zjanalysis.publish import engine, gate, page  # noqa: PLC0415  slow to import

    job, folder = task.job, task.folder
    if task.frames is not None and task.engine != "kernel":
        frames.install(task.frames)
    folder.mkdir(parents=True, exist_ok=True)
    notebook = engine.execute(job.notebook, job.parameters, engine=task.engine, timeout=task.timeout, folder=task.root)
    blocks = page.payloads(notebook)
    target = Path(job.key).name
    text = page.render(notebook, task.stamp, region=job.region, workbook=f"{target}.xlsx")
    cover = next((b for b in blocks if b.get("kind") == "cover"), {})
    workbook = folder / "report.xlsx"
    _workbook(blocks, workbook, title=f"{job.region} {cover.get('title', '')}", stamp=task.stamp)
    faults = gate.faults(notebook, text, job=job, workbook=workbook)
    if faults:
        shown = "；".join(faults[:3]) + (f"；另有 {len(faults) - 3} 处" if len(faults) > 3 else "")
        raise PublishError(f"页面未通过发布检查：{shown}", "页面没有发布，上一版保留。")
    (folder / "report.html").write_text(text, encoding="utf-8", newline="\n")
    (folder / "report.ipynb").write_text(engine.portable(notebook), encoding="utf-8", newline="\n")
    cards = next((b["cards"] for b in blocks if "cards" in b), ())
    files = {suffix: file_digest(folder / f"report{suffix}") for suffix in (".html", ".xlsx", ".ipynb")}
    return {
        "files": files,
        "cover": _facts(cover),
        "cards": _plain(cards),
        "hidden_warnings": gate.hidden_warnings(notebook),
    }


def _plain(cards: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """Give the cards without the notebook's own kind of dictionary: whoever reads it would have to load nbformat."""
    return tuple(json.loads(json.dumps(list(cards))))


def _facts(cover: Mapping[str, Any]) -> dict[str, Any]:
    """Give what the index shows of a cover."""
    return {name: value for name, value in cover.items() if isinstance(value, (str, bool, int, float))}


def _workbook(blocks: Sequence[Mapping[str, Any]], path: Path, *, title: str, stamp: Stamp) -> None:
    from zjanalysis.display.workbook import write_workbook  # noqa: PLC0415
    from zjanalysis.publish.evidence import tables_of  # noqa: PLC0415

    notes = [("校验码", stamp.fingerprint), ("笔记本", str(stamp.details["notebook"]))]
    sample = any(block.get("sample") for block in blocks)
    write_workbook(tables_of(blocks), path, title=title.strip(), notes=notes, sample=sample)
