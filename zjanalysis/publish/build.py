"""Builds the reports of a period: plan, run, check, release, say what happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from zjanalysis.publish import frames, release
from zjanalysis.publish.jobs import Job
from zjanalysis.publish.manifest import FAILED, GOOD, STALE, Entry, read_manifest
from zjanalysis.publish.parameters import check_parameters
from zjanalysis.publish.plan import Step, plan
from zjanalysis.publish.provenance import digest_of
from zjanalysis.publish.report import Outcome, Task
from zjanalysis.publish.sources import Sources, file_digests, files_key, read_sources
from zjanalysis.settings import Settings

Say = Callable[[str], None]


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

    made: tuple[str, ...]
    kept: tuple[str, ...]
    failed: tuple[str, ...]
    lines: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """Give 1 when a report failed, else 0."""
        return 1 if self.failed else 0


def build(jobs: Sequence[Job], *, out: Path, settings: Settings, options: Options | None = None,
          executor: Executor | None = None, progress: Say = print) -> BuildSummary:  # fmt: skip
    """Make every report of ``jobs`` that is not up to date, into ``out/<period>``; the jobs are of one period.

    A report that fails leaves the others alone and its own last good page in place. ``executor`` runs the reports
    instead of our own workers. Raises ConfigError, UnknownName and InputError before anything is written, PublishError
    when the folder cannot be written or another build holds it.
    """
    wanted = options or Options()
    for job in jobs:
        check_parameters(job)
    with frames.reader() as where:
        return _build(jobs, where, out.absolute() / jobs[0].period, settings, wanted, (executor, progress))


def _build(jobs: Sequence[Job], where: Executor, folder: Path, settings: Settings, wanted: Options,
           given: tuple[Executor | None, Say]) -> BuildSummary:  # fmt: skip
    """Plan and make what is due; ``where`` reads rows, and only until the workers have them."""
    progress = given[1]
    sources = read_sources(settings, jobs[0].data, jobs[0].period, where)
    entries = {**read_manifest(folder), **release.in_flight(folder)}
    steps = plan(jobs, sources, entries, folder=folder, settings=settings, force=wanted.force)
    due = [step for step in steps if step.reason]
    for step in due:
        progress(f"{step.job.label}：{step.reason}")
    if wanted.dry_run or not (due or (folder / release.WORK / "ready").is_dir() or _unindexed(folder)):
        return _summary(steps, {}, folder, dry=wanted.dry_run)
    with release.locked(folder) as making:
        outcomes = _make(due, making, folder, settings, wanted, (sources, where, *given))
    return _summary(steps, outcomes, folder, dry=False)


def _unindexed(folder: Path) -> bool:
    return not (folder / "index.html").is_file()


def _make(due: Sequence[Step], making: Path, folder: Path, settings: Settings, options: Options,
          given: tuple[Sources, Executor, Executor | None, Say]) -> dict[str, Entry]:  # fmt: skip
    """Run the steps, release each as it is done, write the index at the end, also after an interruption."""
    from zjanalysis.publish.index import write_index  # noqa: PLC0415

    sources, where, executor, progress = given
    steps, before = {step.job.key: step for step in due}, read_manifest(folder)
    done: dict[str, Entry] = {}
    try:
        for outcome in _outcomes(due, making, settings, options, where, executor):
            step = steps[outcome.key]
            faulty = _changed_meanwhile(step, sources, settings) if not outcome.error else outcome.error
            entry = _entry(step, replace(outcome, error=faulty), before.get(outcome.key))
            _put(folder, making / outcome.key, entry)
            done[outcome.key] = entry
            progress(
                f"[{len(done):>{len(str(len(due)))}}/{len(due)}] {entry.region} {entry.status} {outcome.seconds:.2f} 秒"
            )
            if entry.reason:
                progress(f"　　{entry.reason}{'　提示：' + outcome.hint if outcome.hint else ''}")
            if entry.status != GOOD and options.fail_fast:
                break
    finally:
        write_index(folder)
    return done


def _outcomes(due: Sequence[Step], making: Path, settings: Settings, options: Options, where: Executor,
              executor: Executor | None) -> Iterator[Outcome]:  # fmt: skip
    """Give the outcome of each step as it is done."""
    from zjanalysis.publish import executors, workers  # noqa: PLC0415

    engine = workers.engine_named(options.engine)
    held = _frames(due[0].job, making, settings, where, engine) if due and engine != "kernel" else None
    where.shutdown()  # its memory is for the workers now
    tasks = [Task(s.job, s.stamp, making / s.job.key, settings.root, engine, options.timeout, held) for s in due]
    if executor is not None:
        return executors.run_on(executor, tasks)
    return workers.run(tasks, workers=options.workers or workers.processors())


def _frames(job: Job, making: Path, settings: Settings, where: Executor, engine: str) -> Path:
    """Load what the reports read once, for all workers.

    The file is named by what it is read from: a forkserver that outlives this build holds its frames by name.
    """
    from zjanalysis.publish import workers  # noqa: PLC0415

    key = files_key(file_digests(settings, job.data, job.period), settings, job.period)
    path = making / f"frames-{digest_of([key, repr(settings)])[:24]}.pickle"
    if engine == "warm" and isinstance(where, ProcessPoolExecutor):
        workers.prepare(path)  # beside the reading
    frames.read_in(where, frames.keep_frames, settings, job.data, job.period, key, path)
    return path


def _entry(step: Step, outcome: Outcome, before: Entry | None) -> Entry:
    """Give the manifest's entry for an outcome; a failure keeps what was published before and says why it stays."""
    job = step.job
    if outcome.error and before is not None and before.files:
        return replace(before, status=STALE, reason=outcome.error, seconds=outcome.seconds)
    shared = Entry(job.key, job.region_code, job.label, job.notebook.name, FAILED, outcome.error, outcome.seconds)
    if outcome.error:
        return replace(shared, parameters=step.stamp.details["parameters"])
    return replace(
        shared,
        status=GOOD,
        fingerprint=step.stamp.fingerprint,
        hidden_warnings=outcome.hidden_warnings,
        parameters=step.stamp.details["parameters"],
        files=outcome.files,
        parts=step.stamp.parts,
        inputs=step.stamp.details["inputs"],
        reads=step.reads,
        cover=outcome.cover,
        cards=outcome.cards,
    )


def _put(folder: Path, made: Path, entry: Entry) -> None:
    """Release the report, or note in the manifest that it was not made."""
    try:
        if entry.status == GOOD:
            release.commit(folder, made, entry)
        else:
            release.note(folder, entry)
    except OSError as error:
        raise release.unwritable(folder, error) from error


def _changed_meanwhile(step: Step, sources: Sources, settings: Settings) -> str:
    """Say which input is no longer what it was when the build began; such a page is not released."""
    now = file_digests(settings, step.job.data, step.job.period)
    moved = sorted(name for name in {*now, *sources.files} if now.get(name) != sources.files.get(name))
    return f"输入文件在生成期间有变动：{'、'.join(moved[:3])}" if moved else ""


def _summary(steps: Sequence[Step], done: Mapping[str, Entry], folder: Path, *, dry: bool) -> BuildSummary:
    made = tuple(key for key, entry in done.items() if entry.status == GOOD)
    failed = tuple(key for key, entry in done.items() if entry.status != GOOD)
    kept = tuple(step.job.key for step in steps if not step.reason)
    if dry:
        due = [step for step in steps if step.reason]
        return BuildSummary((), kept, (), (f"将生成 {len(due)} 份，其余 {len(kept)} 份无需更新（未写任何文件）。",))
    lines = [f"已生成 {len(made)} 份，无需更新 {len(kept)} 份，失败 {len(failed)} 份。位置：{folder}"]
    hidden = sum(entry.hidden_warnings for entry in done.values())
    if hidden:
        lines.append(f"运行中有 {hidden} 行警告，没有写进页面，可在 .ipynb 中查看。")
    lines += [f"{done[key].region}：{done[key].status}，{done[key].reason}" for key in failed]
    return BuildSummary(made, kept, failed, tuple(lines))
