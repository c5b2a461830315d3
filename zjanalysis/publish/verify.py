"""Says whether a page, or a fingerprint typed from paper, still holds for the present data, definitions and code."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from zjanalysis.errors import InputError
from zjanalysis.inputs.dataset import list_periods
from zjanalysis.publish.jobs import Job, list_jobs
from zjanalysis.publish.manifest import Entry, read_manifest
from zjanalysis.publish.plan import Step, plan
from zjanalysis.publish.provenance import PARTS, file_digest, read_fingerprint, short
from zjanalysis.publish.sources import read_sources
from zjanalysis.settings import Settings


@dataclass(frozen=True)
class Verdict:
    """What was found, in Chinese sentences; ``good`` when nothing has changed and the file is as it was released."""

    lines: tuple[str, ...]
    good: bool

    @property
    def exit_code(self) -> int:
        """Give 0 when all is as it was, else 1."""
        return 0 if self.good else 1


def verify(word: str, *, out: Path, settings: Settings, data: str = "") -> Verdict:
    """Check a page (its path) or a fingerprint; ``out`` is where reports are published.

    Raises ConfigError for a word that is neither, InputError for a file that is not a page of ours.
    """
    path = Path(word).expanduser()
    if not path.suffix:
        return _fingerprint(read_fingerprint(word), out=out, settings=settings, data=data)
    record = read_record(path)
    found = _fingerprint(read_fingerprint(record["fingerprint"]), out=out, settings=settings, data=data)
    kept = [e for e in _published(out, path) if e.fingerprint == record["fingerprint"]]
    if not kept:
        return Verdict(("发布记录（manifest.json）中没有这一版页面，无法核对文件是否被改动。", *found.lines), False)
    if file_digest(path) not in {e.files.get(".html") for e in kept}:
        return Verdict((f"文件已被改动：{path.name} 与发布时的内容不符（SHA-256 不一致）。", *found.lines), False)
    return Verdict((f"文件完好：{path.name} 与发布时的内容一致。", *found.lines), found.good)


def read_record(path: Path) -> dict[str, Any]:
    """Give the provenance that stands in a page; InputError for a file that is none of ours."""
    try:
        record = record_in(path.read_text(encoding="utf-8"))
        read_fingerprint(record["fingerprint"])
    except FileNotFoundError as error:
        raise InputError(f"找不到文件“{path.name}”。", "请给出页面的路径，或印在页眉的校验码。") from error
    except (OSError, UnicodeDecodeError, ValueError, KeyError) as error:
        raise InputError(f"“{path.name}”不是本工具生成的页面。", "请给出 .html 报告，或印在页眉的校验码。") from error
    return record


def record_in(text: str) -> dict[str, Any]:
    """Give the provenance that stands in the text of a page; ValueError for any other text."""
    told = text.partition('<script type="application/json" id="zj-provenance">')[2].partition("</script>")[0]
    record = json.loads(told)
    if not isinstance(record, dict):
        raise ValueError(told[:40])
    return record


def _fingerprint(groups: tuple[str, ...], *, out: Path, settings: Settings, data: str) -> Verdict:
    """Hold the groups of a fingerprint against what each report would be stamped with now."""
    typed = "-".join(groups)
    best: tuple[Step, list[str]] | None = None
    for step in _present(out, settings, data):
        changed = [
            word
            for (part, word), group in zip(PARTS.items(), groups, strict=True)
            if short(step.stamp.parts[part]) != group
        ]
        if PARTS["parameters"] not in changed and (best is None or len(changed) < len(best[1])):
            best = step, changed
    if best is None:
        return Verdict((f"校验码 {typed} 不属于现有的任何一份报告（地区、期次或报告日期不同）。",), False)
    (step, changed), where = best, f"{best[0].job.label} {best[0].job.period}"
    if changed:
        return Verdict((f"校验码 {typed} 是 {where} 的一份旧报告，此后有变化的是：{'、'.join(changed)}。",), False)
    return Verdict((f"校验码 {typed} 是 {where} 的现行报告：数据、参数、口径与设置、程序与笔记本均一致。",), True)


def _present(out: Path, settings: Settings, data: str) -> Iterator[Step]:
    """Give the step of every report of every period that was published, as it would be made now."""
    for period in reversed(list_periods(data or settings.data, settings=settings)):
        entries = read_manifest(out / period)
        jobs = [_as_published(job, entries) for job in list_jobs(settings, data, period)]
        sources = read_sources(settings, jobs[0].data, period)
        yield from plan(jobs, sources, entries, folder=out / period, settings=settings)


def _as_published(job: Job, entries: Mapping[str, Entry]) -> Job:
    """Give the job with the report date it was published with."""
    entry = entries.get(job.key)
    told = entry.parameters if entry else {}
    kept = {name: told[name] for name in ("report_date", "peers") if name in told}
    return replace(job, parameters={**job.parameters, **kept})


def _published(out: Path, page: Path) -> list[Entry]:
    """Give the entries of every manifest near the page and below ``out``."""
    folders = {page.absolute().parent, page.absolute().parent.parent, *(p.parent for p in out.glob("*/manifest.json"))}
    return [entry for folder in folders for entry in read_manifest(folder).values()]
