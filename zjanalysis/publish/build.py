"""Builds the reports of a period: plan, run, check, release, say what happened."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from zjanalysis.errors import InputError, PublishError
from zjanalysis.inputs.dataset import cutoff_day, load_dataset
from zjanalysis.inputs.regions import is_county, region_name, units_of
from zjanalysis.publish import pool, processes, provenance, release, snapshot
from zjanalysis.publish.jobs import Job, check_parameters
from zjanalysis.publish.release import ABSENT, FAILED, GOOD, STALE, Entry, Sign, read_manifest
from zjanalysis.publish.snapshot import Reader, Sources, file_digests, files_key, read_sources
from zjanalysis.publish.staleness import Step, plan
from zjanalysis.settings import Settings

MOVED = "输入文件在生成期间有变动："


@dataclass(frozen=True)
class Options:
    """How to build. ``workers`` 0 means as many as there are processors; ``timeout`` is in seconds per report, and
    per period of the data set where rows are read. ``every``: the paths of all reports there are, where that is known:
    what any other came to grief of is forgotten.
    """

    workers: int = 0
    force: bool = False
    dry_run: bool = False
    fail_fast: bool = False
    engine: str = "auto"
    timeout: float = 300.0
    every: frozenset[str] = frozenset()


@dataclass(frozen=True)
class BuildSummary:
    """What happened, by key of the report; ``lines`` says it in Chinese."""

    released: tuple[str, ...]
    unchanged: tuple[str, ...]
    failed: tuple[str, ...]
    lines: tuple[str, ...]
    nothing: bool = False

    @property
    def exit_code(self) -> int:
        """Return 1 when a report failed or there are data for none of those asked for (``nothing``), else 0."""
        return 1 if self.failed or self.nothing else 0


@dataclass(frozen=True)
class _Build:
    """What one build knows: its options, where rows are read, who makes the reports, where progress is told."""

    settings: Settings
    options: Options
    reader: Reader
    executor: Executor | None
    progress: release.Tell
    sign: Sign | None


@dataclass(frozen=True)
class _Place:
    """A folder of one city and period: whom it is about, the plan for it, the entries to be noted for reports whose
    subject is ``absent`` from the data, and what did not come off before of reports that are ``over``, since no
    notebook makes them now.
    """

    folder: Path
    units: Collection[str]
    steps: tuple[Step, ...]
    absent: tuple[Entry, ...]
    over: tuple[Entry, ...]

    @property
    def due(self) -> list[Step]:
        """Return the steps that have to be made."""
        return [step for step in self.steps if step.reason]


def build(jobs: Sequence[Job], *, out: Path, settings: Settings, options: Options | None = None,
          executor: Executor | None = None, progress: release.Tell = print) -> BuildSummary:  # fmt: skip
    """Make every report of ``jobs`` that is not up to date, into their places below ``out``; the data set and the
    period are one for all, and are read once.

    A report that fails leaves the others alone and its own last good page in place. ``executor`` runs the reports
    instead of our own workers. Raises ConfigError, UnknownName and InputError before anything is written, PublishError
    when a folder cannot be written or another build holds it.
    """
    for job in jobs:
        check_parameters(job)
    cutoff_day(load_dataset(jobs[0].data, settings=settings), jobs[0].period)
    wanted = options or Options()
    periods = list(settings.path(jobs[0].data).glob("*/items"))
    reader = Reader(wanted.timeout * max(1, len(periods)))  # lines over time read every period
    try:
        own = _Build(settings, wanted, reader, executor, progress, provenance.signer(settings))
        sources = read_sources(settings, jobs[0].data, jobs[0].period, reader)
        groups = groupby(jobs, key=lambda job: job.place)
        places = [_place(tuple(group), out.absolute() / name, sources, own) for name, group in groups]
        return _build(places, sources, own)
    finally:
        snapshot.close(reader)


def _place(jobs: Sequence[Job], folder: Path, sources: Sources, own: _Build) -> _Place:
    entries = {**read_manifest(folder), **release.in_flight(folder)}
    first, units, every = jobs[0], units_of(jobs[0].focus), own.options.every
    steps = plan(jobs, sources, entries, folder=folder, settings=own.settings, force=own.options.force)
    _refuse_strangers(first, entries, folder, units)
    _refuse_nothing(first, sources, units)
    noted = [_entry(step, pool.Outcome(step.job.path, step.absent, absent=True), entries.get(step.job.key))
             for step in steps if step.absent]  # fmt: skip
    absent = tuple(entry for entry in noted if entry != entries.get(entry.key))
    over = tuple(entry for entry in entries.values()
                 if every and entry.status != GOOD and f"{first.place}/{entry.key}" not in every)  # fmt: skip
    return _Place(folder, units, steps, absent, over)


def _build(places: Sequence[_Place], sources: Sources, own: _Build) -> BuildSummary:
    for step in (step for place in places for step in place.steps):
        if step.reason or step.absent:
            own.progress(f"{step.job.label}：{step.reason or step.absent.rstrip('。') + '，不生成报告。'}")
        if step.hint:
            own.progress(f"　　提示：{step.hint}")
    open_places = [] if own.options.dry_run else [
        place for place in places if place.due or place.absent or place.over
        or release.is_cut_off(place.folder, signed=own.sign is not None)]  # fmt: skip
    with ExitStack() as held:
        for place in open_places:
            held.enter_context(release.locked(place.folder, own.sign, own.progress))
        for place in open_places:
            release.forget(place.folder, place.over)
            with release.writing(place.folder):
                for entry in place.absent:
                    release.note(place.folder, entry)
        done = _make(open_places, sources, own)
    return _summary(places, done, dry=own.options.dry_run)


def _refuse_strangers(job: Job, entries: Mapping[str, Entry], folder: Path, units: Collection[str]) -> None:
    data = Path(job.data).name
    strangers = [entry for entry in entries.values()
                 if entry.region_code not in units or entry.parameters.get("data", data) != data]  # fmt: skip
    if strangers:
        names = "、".join(f"{entry.region}（{entry.parameters.get('data', '')}）" for entry in strangers[:3])
        text = f"{folder.name} 里有别的地市或数据集的报告：{names}{'等' if len(strangers) > 3 else ''}。"
        raise PublishError(text, f"请把“{folder}”移走，或用 --out 换一个位置。")


def _refuse_nothing(job: Job, sources: Sources, units: Collection[str]) -> None:
    if not any(sources.rows.get(code) for code in units):
        names = [region_name(code) for code in sorted(sources.rows) if code and not is_county(code)]
        text = f"{job.data} 的 {job.period} 期没有{region_name(job.focus)}及所辖县（市、区）的事项。"
        raise InputError(text, f"它有：{'、'.join(names)}。请在 zjanalysis.toml 改 focus，或用 --data 换一个数据集。")


def _make(places: Sequence[_Place], sources: Sources, own: _Build) -> dict[str, Entry]:
    """Run the steps, release each as it is done; a place is finished with its last report, or when the build ends."""
    tasks = {step.job.path: (place, step) for place in places for step in place.due}
    before = {place.folder: read_manifest(place.folder) for place in places}
    left = {place.folder: len(place.due) for place in places}
    done: dict[str, Entry] = {}
    try:
        for outcome in _outcomes(list(tasks.values()), sources, own) if tasks else ():
            place, step = tasks[outcome.key]
            entry = _released(outcome, step, place.folder, before[place.folder].get(step.job.key), own)
            done[outcome.key] = entry
            number = f"{len(done):>{len(str(len(tasks)))}}/{len(tasks)}"
            own.progress(f"[{number}] {entry.region} {entry.status} {outcome.seconds:.2f} 秒")
            if entry.reason:
                own.progress(f"　　{entry.reason}{'　提示：' + outcome.hint if outcome.hint else ''}")
            left[place.folder] -= 1
            if not left[place.folder]:
                _finish(place)
            if entry.status in (FAILED, STALE) and own.options.fail_fast:
                break
    finally:
        for place in places:
            if left[place.folder] or not place.due:
                _finish(place)
    return done


def _released(outcome: pool.Outcome, step: Step, folder: Path, before: Entry | None, own: _Build) -> Entry:
    """Put what came of a step on record, its files in place when they are good; return the entry."""
    finished = folder / release.MAKING / step.job.key
    moved = snapshot.changed(step.stamp.details["inputs"], own.settings, step.job.data, step.job.period)
    error = outcome.error or (f"{MOVED}{'、'.join(moved[:3])}" if moved else "")
    entry = _entry(step, replace(outcome, error=error), before)
    if own.sign is not None and entry.status == GOOD:
        signed = provenance.sign_page(finished / "report.html", own.sign)
        entry = replace(entry, files={**entry.files, ".html": signed})
    with release.writing(folder):
        if entry.status == GOOD:
            release.commit(folder, finished, entry, before, own.progress)
        else:
            release.note(folder, entry)
    return entry


def _finish(place: _Place) -> None:
    from zjanalysis.publish.index import write_index  # noqa: PLC0415

    release.relink(place.folder, read_manifest(place.folder).values())
    write_index(place.folder, place.units)


def _outcomes(due: Sequence[tuple[_Place, Step]], sources: Sources, own: _Build) -> Iterator[pool.Outcome]:
    """Return the outcome of each step as it is done; the snapshot for all lies in the first place."""
    engine, timeout = pool.engine_named(own.options.engine), own.options.timeout
    path = _snapshot([step.job for _, step in due], due[0][0].folder, sources, own) if engine != "kernel" else None
    snapshot.close(own.reader)  # its memory is for the workers now
    tasks = [pool.Task(step.job, step.stamp, place.folder / release.MAKING / step.job.key, own.settings.root, engine,
                       timeout, path) for place, step in due]  # fmt: skip
    if own.executor is not None:
        return pool.run_on(own.executor, tasks)
    return pool.run(tasks, workers=own.options.workers or pool.processors())


def _snapshot(jobs: Sequence[Job], folder: Path, sources: Sources, own: _Build) -> Path:
    """Load what the reports read once, for all workers; PublishError when it is no longer what the plan was made of."""
    data, period = jobs[0].data, jobs[0].period
    key = files_key(sources.files, own.settings, period)
    path = folder / release.MAKING / snapshot.file_name(key, own.settings)
    if pool.engine_named(own.options.engine) == "warm" and own.reader.apart:
        processes.prepare(path)  # beside the reading
    regions = tuple(dict.fromkeys(job.region_code for job in jobs))
    with release.writing(folder):
        snapshot.read_in(own.reader, snapshot.write_snapshot, own.settings, data, period, key, regions, path)
    now = file_digests(own.settings, data, period)
    moved = sorted(name for name in {*now, *sources.files} if now.get(name) != sources.files.get(name))
    if moved:
        raise PublishError(f"{MOVED}{'、'.join(moved[:3])}。", "请在没有人改动文件时重新生成。")
    return path


def _entry(step: Step, outcome: pool.Outcome, before: Entry | None) -> Entry:
    """Return the manifest's entry for an outcome; a failure keeps what was published before and says why it stays."""
    job, details = step.job, step.stamp.details
    if outcome.error and before is not None and before.files:
        return replace(before, status=STALE, reason=outcome.error, seconds=outcome.seconds)
    failed = Entry(job.key, job.region_code, job.label, job.notebook.name, FAILED, outcome.error, outcome.seconds,
                   order=job.order, parameters=details["parameters"])  # fmt: skip
    if outcome.absent:
        return replace(failed, status=ABSENT, parts=step.stamp.parts, inputs=details["inputs"], reads=step.reads)
    if outcome.error:
        return failed
    fingerprint = step.stamp.fingerprint
    codes = dict.fromkeys((*before.earlier, before.fingerprint) if before else ())  # of its old pages on paper
    return replace(failed, status=GOOD, fingerprint=fingerprint, hidden_warnings=outcome.hidden_warnings,
                   files=outcome.files, parts=step.stamp.parts, inputs=details["inputs"], reads=step.reads,
                   cover=outcome.cover, cards=outcome.cards,
                   earlier=tuple(code for code in codes if code not in ("", fingerprint)))  # fmt: skip


def _summary(places: Sequence[_Place], done: Mapping[str, Entry], *, dry: bool) -> BuildSummary:
    released = tuple(entry.key for entry in done.values() if entry.status == GOOD)
    failed = tuple(entry.key for entry in done.values() if entry.status in (FAILED, STALE))
    steps = [step for place in places for step in place.steps]
    unchanged = tuple(step.job.key for step in steps if not (step.reason or step.absent))
    n_absent = sum(bool(step.absent) for step in steps) + sum(entry.status == ABSENT for entry in done.values())
    lines = [line for place in places for line in _place_lines(place, done, dry=dry)]
    return BuildSummary(released, unchanged, failed, tuple(lines), nothing=n_absent == len(steps))


def _place_lines(place: _Place, done: Mapping[str, Entry], *, dry: bool) -> list[str]:
    entries = [done[step.job.path] for step in place.steps if step.job.path in done]
    unchanged = sum(not (step.reason or step.absent) for step in place.steps)
    n_absent = sum(bool(step.absent) for step in place.steps) + sum(entry.status == ABSENT for entry in entries)
    nothing = f"没有数据 {n_absent} 份，" if n_absent else ""
    if dry:
        return [f"将生成 {len(place.due)} 份，{nothing}其余 {unchanged} 份无需更新（未写任何文件）。"]
    failed = [entry for entry in entries if entry.status in (FAILED, STALE)]
    good = sum(entry.status == GOOD for entry in entries)
    hidden = sum(entry.hidden_warnings for entry in entries)
    return [
        f"已生成 {good} 份，无需更新 {unchanged} 份，{nothing}失败 {len(failed)} 份。位置：{place.folder}",
        *([f"运行中有 {hidden} 行警告，没有写进页面，可在 .ipynb 中查看。"] if hidden else []),
        *(f"{entry.region}：{entry.status}，{entry.reason}" for entry in failed),
    ]
