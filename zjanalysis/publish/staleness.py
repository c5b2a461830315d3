"""Whether a page is what would be made now: what each report depends on, held against what its page was made from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from zjanalysis.errors import InputError
from zjanalysis.inputs.dataset import list_periods
from zjanalysis.inputs.regions import find_code, region_name
from zjanalysis.publish.jobs import Job, list_jobs
from zjanalysis.publish.provenance import PARTS, Basis, Stamp, basis, digest_of, read_fingerprint, read_record, stamp
from zjanalysis.publish.release import ABSENT, FAILED, MANIFEST, STALE, Entry, certified_digest, read_manifest
from zjanalysis.publish.snapshot import Sources, read_sources
from zjanalysis.settings import Settings

OWN, ALL, BESIDE = "本地区", "全部地区", "台账、上报数据、办件与以往各期"


@dataclass(frozen=True)
class Step:
    """One report of the plan; an empty ``reason`` means its page is what would be made.

    ``absent`` says what it would be about and is not in the data, ``hint`` what to do; such a report is not made.
    """

    job: Job
    stamp: Stamp
    reads: Mapping[str, str]
    reason: str = ""
    absent: str = ""
    hint: str = ""


def plan(jobs: Sequence[Job], sources: Sources, entries: Mapping[str, Entry], *, folder: Path, settings: Settings,
         force: bool = False) -> tuple[Step, ...]:  # fmt: skip
    """Return a step per job, with the reason why it must be made."""
    shared = basis(settings)
    return tuple(_step(job, sources, entries.get(job.key), folder, shared, force) for job in jobs)


def _step(job: Job, sources: Sources, entry: Entry | None, folder: Path, shared: Basis, force: bool) -> Step:
    reads = reads_of(job, sources)
    marked = stamp(job, shared, data=digest_of(reads), inputs=inputs_of(job, sources))
    if job.has_subject and not sources.rows.get(job.region_code):
        return Step(job, marked, reads, absent=f"{job.period} 期没有它的事项")
    if job.has_subject and job.of == "scope" and job.region_code in sources.outside:
        absent, hint = sources.outside[job.region_code]
        return Step(job, marked, reads, absent=absent, hint=hint)
    reason = "按要求重新生成" if force else reason_to_make(job, marked, reads, entry, folder)
    if PARTS["definitions"] in reason or PARTS["code"] in reason:
        reason += _which(folder / f"{job.key}.html", shared)
    still_absent = entry.reason if entry is not None and entry.status == ABSENT and not reason else ""
    return Step(job, marked, reads, reason, still_absent)


def reads_of(job: Job, sources: Sources) -> dict[str, str]:
    """Return what the job reads: region → digest; its own rows under 本地区, everything under 全部地区.

    Files no row comes from (the ledger, reported figures, cases, earlier periods) concern every report.
    """
    regions = sources.regions
    shared = {"": regions.get("", ("", ""))[0], BESIDE: digest_of(shared_files(sources))}
    if not job.reads:
        return {ALL: digest_of({code: own for code, (own, _) in regions.items()}), **shared}
    peers = {code: regions[code][1] for code in job.reads if code in regions and code != job.region_code}
    return {OWN: regions.get(job.region_code, ("", ""))[0], **shared, **peers}


def shared_files(sources: Sources) -> dict[str, str]:
    """Return the files that hold no row of the period or the last: ledger, reported figures, cases, history, periods
    before, from which lines over time are drawn.
    """
    rows = {name for names in sources.origins.values() for name in names}
    return {name: digest for name, digest in sources.files.items() if name not in rows and name != "dataset.toml"}


def inputs_of(job: Job, sources: Sources) -> dict[str, str]:
    """Return the files the job's rows come from, with their digests."""
    rows = {name for code in job.reads or sources.origins for name in sources.origins.get(code, ())}
    shared = {"dataset.toml": "", **shared_files(sources)}
    return {name: digest for name, digest in sources.files.items() if name in rows or name in shared}


def reason_to_make(job: Job, marked: Stamp, reads: Mapping[str, str], entry: Entry | None, folder: Path) -> str:
    """Say why a report must be made; empty when its page is up to date."""
    if entry is None:
        return "首次生成"
    if entry.status == FAILED:
        return f"上次失败（{entry.reason}）"
    changed = [word for name, word in PARTS.items() if entry.parts.get(name) != marked.parts[name]]
    if changed:
        return "、".join(changed) + "有变" + _whose(job, reads, entry)
    if entry.status == STALE:
        return f"上次失败（{entry.reason}）"
    paths = {suffix: folder / f"{job.key}{suffix}" for suffix in entry.files}
    lost = [suffix for suffix, path in paths.items()
            if not path.is_file() or certified_digest(path) != entry.files[suffix]]  # fmt: skip
    return f"文件丢失或被改动（{'、'.join(lost)}）" if lost else ""


def _which(page: Path, shared: Basis) -> str:
    """Name the definitions that are others now than when the page was made; "" where none is, or no page is there."""
    try:
        moved = changed_definitions(read_record(page), shared)
    except (InputError, KeyError):
        return ""
    return f"；口径的变化：{'、'.join(moved[:5])}{'等' if len(moved) > 5 else ''}" if moved else ""


def changed_definitions(record: Mapping[str, Any], shared: Basis) -> list[str]:
    """Return the settings (with both values) and tables that are others now than when a page was made.

    >>> then = {"settings": {"comparison": {"margin": 1}}, "tables": {"targets.csv": "a", "units.csv": "b"}}
    >>> now = Basis({"comparison": {"margin": 2}}, {"targets.csv": "c", "units.csv": "b"}, "", "")
    >>> changed_definitions(then, now)
    ['comparison.margin 1→2', 'targets.csv']
    """
    before, now = (dict(_flat(json.loads(json.dumps(values)))) for values in (record["settings"], shared.settings))
    moved = [f"{name} {before.get(name, '无')}→{now.get(name, '无')}" for name in {**before, **now}
             if before.get(name) != now.get(name)]  # fmt: skip
    tables = record.get("tables", shared.tables)
    return moved + [name for name in {**tables, **shared.tables} if tables.get(name) != shared.tables.get(name)]


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def _whose(job: Job, reads: Mapping[str, str], entry: Entry) -> str:
    """Name the regions whose rows have changed; what an earlier version noted under another name keeps it."""
    names = {OWN: job.region, ALL: ALL, BESIDE: BESIDE, "": "期次资料"}
    moved = [code for code in {**entry.reads, **reads} if entry.reads.get(code) != reads.get(code)]
    regions = [names.get(code) or (region_name(code) if find_code(code) else code) for code in moved]
    return f"（{'、'.join(regions[:5])}{'等' if len(regions) > 5 else ''}）" if regions else ""


def verify(word: str, *, out: Path, settings: Settings, data: str = "") -> tuple[bool, list[str]]:
    """Tell whether a file of a report (its path) or a fingerprint is what would be made now, in Chinese sentences.

    ``out`` is where this office publishes.

    Only the office's own manifests are believed: one that came with the file says no more than that they fit together.
    Raises ConfigError for a word that is neither, InputError for a file that is none of ours.
    """
    path, about = Path(word).expanduser(), partial(_verify_fingerprint, out=out, settings=settings, data=data)
    if not path.suffix:
        good, line = about(word)
        return good, [line]
    if path.suffix != ".html" and not path.is_file():
        raise InputError(f"找不到文件“{path.name}”。", "请给出报告文件的路径，或印在页眉的校验码。")
    fingerprint = str(read_record(path)["fingerprint"]) if path.suffix == ".html" else ""
    digest, places = certified_digest(path), _places(out)
    own = next((entry for entry in places.values() if digest in entry.files.values()), None)
    if own is not None:
        line = f"文件完好：{path.name} 与发布时的内容一致。"
    elif path.absolute() in places or fingerprint in {entry.fingerprint for entry in places.values()}:
        line = f"文件已被改动：{path.name} 与发布时的内容不符（SHA-256 不一致）。"
    else:
        line = f"本单位的发布记录中没有 {path.name} 的这一版，{_beside(path, digest)}"
    fingerprint = own.fingerprint if own else fingerprint
    if not fingerprint:
        return False, [line]
    good, standing = about(fingerprint, doubt="")
    which = "" if good or path.suffix != ".html" else _which(path, basis(settings)).removeprefix("；")
    standing = standing if own else f"页上所印的{standing}"  # it says nothing of this file
    return own is not None and good, [line, standing, *([f"{which}。"] if which else [])]


def _places(out: Path) -> dict[Path, Entry]:
    folders = sorted(path.parent for depth in ("*", "*/*/*") for path in out.glob(f"{depth}/{MANIFEST}"))
    return {(folder / f"{entry.key}{suffix}").absolute(): entry
            for folder in folders for entry in read_manifest(folder).values() for suffix in entry.files}  # fmt: skip


def _beside(path: Path, digest: str) -> str:
    """Say what a manifest that came with the file is worth."""
    for folder in (path.absolute().parent, path.absolute().parent.parent):
        if any(digest in entry.files.values() for entry in read_manifest(folder).values()):
            return f"与一同收到的 {MANIFEST} 一致：只能说明文件之间一致，不能证明出处。请用 --key 公钥核对签名。"
    return "无法核对它是否被改动，也不能证明出处。"


def _verify_fingerprint(word: str, *, out: Path, settings: Settings, data: str,
                        doubt: str = "，可能抄错") -> tuple[bool, str]:  # fmt: skip
    """Hold a fingerprint against those on record, and its groups against what each report would be stamped with now.

    Only one on record is called a report of ours. Of any other is said which groups agree with the nearest report, told
    by its data or its parameters, since definitions and program are the same for all; and the ``doubt``.
    """
    groups = read_fingerprint(word)
    code = "-".join(groups)
    issued = {fingerprint: (path.with_suffix(""), entry) for path, entry in _places(out).items()
              for fingerprint in (entry.fingerprint, *entry.earlier)}  # fmt: skip
    path, entry = issued.get(code, (None, None))
    compared = [(step, [word for word, group, now in
                        zip(PARTS.values(), groups, step.stamp.fingerprint.split("-"), strict=True) if group != now])
                for step in _present(out, settings, data, path)]  # fmt: skip
    near = [pair for pair in compared if path or not {PARTS["data"], PARTS["parameters"]} <= set(pair[1])]
    step, changed = min(near, key=lambda pair: len(pair[1]), default=(None, []))
    text = _recorded(entry, step, changed) if entry else f"：没有这份报告的记录{_unrecorded(step, changed, doubt)}"
    return step is not None and not changed, f"校验码 {code}{text}"


def _recorded(entry: Entry, step: Step | None, changed: Sequence[str]) -> str:
    """Say what has become of a report of ours; without a ``step`` nothing makes it now."""
    where = f" 是 {entry.region} {entry.parameters.get('period', '')} 的"
    if step is None:
        return f"{where}一份报告，不在现在的数据集和笔记本里，说不出此后有什么变化。"
    if changed:
        return f"{where}一份旧报告，此后有变化的是：{'、'.join(changed)}。"
    return f"{where}现行报告：数据、参数、口径与设置、程序与笔记本均一致。"


def _unrecorded(step: Step | None, changed: Sequence[str], doubt: str) -> str:
    """Say how a fingerprint of no report of ours agrees with the nearest that would be made now."""
    if step is None:
        return f"{doubt}；与现有的任何一份报告都不同（地区、期次或报告日期不同）。"
    where = f"{step.job.label} {step.job.period}"
    if not changed:
        return f"，但与现在生成的 {where} 完全一致。"
    alike = (word for word in PARTS.values() if word not in changed)
    return f"{doubt}。与现在的 {where} 相比，一致的是：{'、'.join(alike)}；不一致的是：{'、'.join(changed)}。"


def _present(out: Path, settings: Settings, data: str, own: Path | None) -> Iterator[Step]:
    """Yield the step of every report of every period, as it would be made now with the date it was published with.

    Only that of ``own``, the path of one report without its suffix, where it is given.
    """
    for period in reversed(list_periods(data, settings=settings)):
        for place, jobs in groupby(list_jobs(settings, data, period), key=lambda job: job.place):
            entries = read_manifest(out / place)
            present = [_as_published(job, entries.get(job.key)) for job in jobs
                       if own in (None, (out / job.path).absolute())]  # fmt: skip
            if present:
                sources = read_sources(settings, present[0].data, period)
                yield from plan(present, sources, entries, folder=out / place, settings=settings)


def _as_published(job: Job, entry: Entry | None) -> Job:
    published = {name: entry.parameters[name] for name in ("report_date", "peers")
                 if entry is not None and name in entry.parameters}  # fmt: skip
    return replace(job, parameters={**job.parameters, **published})
