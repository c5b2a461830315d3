"""Which reports must be made, and why: what each depends on, held against what its published page was made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zjanalysis.publish.jobs import Job
from zjanalysis.publish.manifest import GOOD, Entry
from zjanalysis.publish.provenance import PARTS, Basis, Stamp, basis, digest_of, file_digest, stamp
from zjanalysis.publish.sources import ALL, BESIDE, OWN, Sources, inputs_of, reads_of
from zjanalysis.settings import Settings


@dataclass(frozen=True)
class Step:
    """One report of the plan; an empty ``reason`` means its page is what would be made."""

    job: Job
    stamp: Stamp
    reads: Mapping[str, str]
    reason: str = ""


def plan(jobs: Sequence[Job], sources: Sources, entries: Mapping[str, Entry], *, folder: Path, settings: Settings,
         force: bool = False) -> tuple[Step, ...]:  # fmt: skip
    """Give a step per job, with the reason why it must be made."""
    shared = basis(settings)
    return tuple(_step(job, sources, entries.get(job.key), folder, shared, force) for job in jobs)


def _step(job: Job, sources: Sources, entry: Entry | None, folder: Path, shared: Basis, force: bool) -> Step:
    reads = reads_of(job, sources)
    marked = stamp(job, shared, data=digest_of(reads), inputs=inputs_of(job, sources))
    return Step(job, marked, reads, "按要求重新生成" if force else why(job, marked, reads, entry, folder))


def why(job: Job, marked: Stamp, reads: Mapping[str, str], entry: Entry | None, folder: Path) -> str:
    """Say why a report must be made; empty when its page is up to date."""
    if entry is None or not entry.files:
        return "首次生成" if entry is None else f"上次失败（{entry.reason}）"
    changed = [word for name, word in PARTS.items() if entry.parts.get(name) != marked.parts[name]]
    if changed:
        return "、".join(changed) + "有变" + _whose(job, reads, entry)
    if entry.status != GOOD:
        return f"上次失败（{entry.reason}）"
    lost = [suffix for suffix, digest in entry.files.items() if not _intact(folder / f"{job.key}{suffix}", digest)]
    return f"文件丢失或被改动（{'、'.join(lost)}）" if lost else ""


def _whose(job: Job, reads: Mapping[str, str], entry: Entry) -> str:
    """Name the regions whose rows have changed; what an earlier version noted under another name keeps it."""
    from zjanalysis.inputs.regions import find_code, region_name  # noqa: PLC0415  pandas, only when something changed

    names = {OWN: job.region, ALL: ALL, BESIDE: BESIDE, "": "期次资料"}
    moved = [code for code in {**entry.reads, **reads} if entry.reads.get(code) != reads.get(code)]
    told = [names.get(code) or (region_name(code) if find_code(code) else code) for code in moved]
    return f"（{'、'.join(told[:5])}{'等' if len(told) > 5 else ''}）" if told else ""


def _intact(path: Path, digest: str) -> bool:
    return path.is_file() and file_digest(path) == digest
