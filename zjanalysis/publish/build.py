"""Builds the reports of a period: plan, run, check, release, say what happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path

from zjanalysis.errors import PublishError
from zjanalysis.publish import pool, release, snapshot
from zjanalysis.publish.jobs import Job, check_parameters
from zjanalysis.publish.release import FAILED, GOOD, STALE, Entry, read_manifest
from zjanalysis.publish.snapshot import Reader, Sources, file_digests, files_key, read_sources
from zjanalysis.publish.staleness import Step, plan
from zjanalysis.settings import Settings

Progress = Callable[[str], None]
MOVED = "输入文件在生成期间有变动："


@dataclass(frozen=True)
class Options:
    """How to build. ``workers`` 0 means as many as there are processors; ``timeout`` is in seconds per report."""

    workers: int = 0
    force: bool = False
    dry_run: bool = False
    fail_fast: bool = False
    engine: str = "auto"
    timeout: float = 300.0


@dataclass(frozen=True)
class BuildSummary:
    """What happened, by key of the report; ``lines`` says it in Chinese."""

    released: tuple[str, ...]
    unchanged: tuple[str, ...]
    failed: tuple[str, ...]
    lines: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """Return 1 when a report failed, else 0."""
        return 1 if self.failed else 0


@dataclass(frozen=True)
class _Build:
    """What one build knows: its options, where rows are read, who makes the reports, where progress is told."""

    folder: Path
    settings: Settings
    options: Options
    reader: Reader
    executor: Executor | None
    progress: Progress


def build(jobs: Sequence[Job], *, out: Path, settings: Settings, options: Options | None = None,
          executor: Executor | None = None, progress: Progress = print) -> BuildSummary:  # fmt: skip
    """Make every report of ``jobs`` that is not up to date, into ``out/<period>``; the jobs are of one period.

    A report that fails leaves the others alone and its own last good page in place. ``executor`` runs the reports
    instead of our own workers. Raises ConfigError, UnknownName and InputError before anything is written, PublishError
    when the folder cannot be written or another build holds it.
    """
    for job in jobs:
        check_parameters(job)
    wanted, folder = options or Options(), out.absolute() / jobs[0].period
    reader = snapshot.reader(wanted.timeout)
    try:
        return _build(jobs, _Build(folder, settings, wanted, reader, executor, progress))
    finally:
        snapshot.close(reader)


def _build(jobs: Sequence[Job], own: _Build) -> BuildSummary:
    folder, options = own.folder, own.options
    sources = read_sources(own.settings, jobs[0].data, jobs[0].period, own.reader)
    entries = {**read_manifest(folder), **release.in_flight(folder)}
    steps = plan(jobs, sources, entries, folder=folder, settings=own.settings, force=options.force)
    due = [step for step in steps if step.reason]
    for step in due:
        own.progress(f"{step.job.label}：{step.reason}")
    if options.dry_run or not (due or release.is_cut_off(folder)):
        return _summary(steps, {}, folder, dry=options.dry_run)
    with release.locked(folder) as making:
        return _summary(steps, _make(due, making, sources, own), folder, dry=False)


def _make(due: Sequence[Step], making: Path, sources: Sources, own: _Build) -> dict[str, Entry]:
    """Run the steps, release each as it is done, write the index at the end, also after an interruption."""
    from zjanalysis.publish.index import write_index  # noqa: PLC0415

    steps, before = {step.job.key: step for step in due}, read_manifest(own.folder)
    done: dict[str, Entry] = {}
    try:
        for outcome in _outcomes(due, making, sources, own):
            step = steps[outcome.key]
            moved = snapshot.changed(step.stamp.details["inputs"], own.settings, step.job.data)
            error = outcome.error or (f"{MOVED}{'、'.join(moved[:3])}" if moved else "")
            entry = _entry(step, replace(outcome, error=error), before.get(outcome.key))
            _put(own.folder, making / outcome.key, entry)
            done[outcome.key] = entry
            number = f"{len(done):>{len(str(len(due)))}}/{len(due)}"
            own.progress(f"[{number}] {entry.region} {entry.status} {outcome.seconds:.2f} 秒")
            if entry.reason:
                own.progress(f"　　{entry.reason}{'　提示：' + outcome.hint if outcome.hint else ''}")
            if entry.status != GOOD and own.options.fail_fast:
                break
    finally:
        write_index(own.folder)
    return done


def _outcomes(due: Sequence[Step], making: Path, sources: Sources, own: _Build) -> Iterator[pool.Outcome]:
    """Return the outcome of each step as it is done."""
    engine, timeout = pool.engine_named(own.options.engine), own.options.timeout
    path = _snapshot(due[0].job, making, sources, own) if due and engine != "kernel" else None
    snapshot.close(own.reader)  # its memory is for the workers now
    tasks = [pool.Task(s.job, s.stamp, making / s.job.key, own.settings.root, engine, timeout, path) for s in due]
    if own.executor is not None:
        return pool.run_on(own.executor, tasks)
    return pool.run(tasks, workers=own.options.workers or pool.processors())


def _snapshot(job: Job, making: Path, sources: Sources, own: _Build) -> Path:
    """Load what the reports read once, for all workers; PublishError when it is no longer what the plan was made of."""
    key = files_key(sources.files, own.settings, job.period)
    path = making / snapshot.file_name(key, own.settings)
    if pool.engine_named(own.options.engine) == "warm" and own.reader.apart:
        pool.prepare(path)  # beside the reading
    with release.writing(own.folder):
        snapshot.read_in(own.reader, snapshot.write_snapshot, own.settings, job.data, job.period, key, path)
    now = file_digests(own.settings, job.data, job.period)
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
                   parameters=details["parameters"])  # fmt: skip
    if outcome.error:
        return failed
    return replace(failed, status=GOOD, fingerprint=step.stamp.fingerprint, hidden_warnings=outcome.hidden_warnings,
                   files=outcome.files, parts=step.stamp.parts, inputs=details["inputs"], reads=step.reads,
                   cover=outcome.cover, cards=outcome.cards)  # fmt: skip


def _put(folder: Path, finished: Path, entry: Entry) -> None:
    """Release the report, or note in the manifest that it was not made."""
    with release.writing(folder):
        if entry.status == GOOD:
            release.commit(folder, finished, entry)
        else:
            release.note(folder, entry)


def _summary(steps: Sequence[Step], done: Mapping[str, Entry], folder: Path, *, dry: bool) -> BuildSummary:
    released = tuple(key for key, entry in done.items() if entry.status == GOOD)
    failed = tuple(key for key, entry in done.items() if entry.status != GOOD)
    unchanged = tuple(step.job.key for step in steps if not step.reason)
    if dry:
        line = f"将生成 {len(steps) - len(unchanged)} 份，其余 {len(unchanged)} 份无需更新（未写任何文件）。"
        return BuildSummary((), unchanged, (), (line,))
    lines = [
        f"已生成 {len(released)} 份，无需更新 {len(unchanged)} 份，失败 {len(failed)} 份。位置：{folder}",
        *(f"{done[key].region}：{done[key].status}，{done[key].reason}" for key in failed),
    ]
    hidden = sum(entry.hidden_warnings for entry in done.values())
    if hidden:
        lines.insert(1, f"运行中有 {hidden} 行警告，没有写进页面，可在 .ipynb 中查看。")
    return BuildSummary(released, unchanged, failed, tuple(lines))
