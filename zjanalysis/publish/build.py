"""Builds the reports of a period: plan, run, check, release, say what happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path

from zjanalysis.errors import InputError, PublishError
from zjanalysis.inputs.regions import is_county, region_name
from zjanalysis.publish import pool, release, signing, snapshot, ways
from zjanalysis.publish.jobs import Job, check_parameters, named_units
from zjanalysis.publish.release import ABSENT, FAILED, GOOD, STALE, Entry, Sign, read_manifest
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
    units: Mapping[str, str]
    settings: Settings
    options: Options
    reader: Reader
    executor: Executor | None
    progress: Progress
    sign: Sign | None


def build(jobs: Sequence[Job], *, out: Path, settings: Settings, options: Options | None = None,
          executor: Executor | None = None, progress: Progress = print) -> BuildSummary:  # fmt: skip
    """Make every report of ``jobs`` that is not up to date, into their place below ``out``, which is one for all.

    A report that fails leaves the others alone and its own last good page in place. ``executor`` runs the reports
    instead of our own workers. Raises ConfigError, UnknownName and InputError before anything is written, PublishError
    when the folder cannot be written or another build holds it.
    """
    for job in jobs:
        check_parameters(job)
    wanted, folder = options or Options(), out.absolute() / (jobs[0].place or jobs[0].period)
    units = named_units(jobs[0].focus) if jobs[0].focus else {}
    reader = snapshot.reader(wanted.timeout)
    try:
        sign = signing.signer(settings)
        return _build(jobs, _Build(folder, units, settings, wanted, reader, executor, progress, sign))
    finally:
        snapshot.close(reader)


def _build(jobs: Sequence[Job], own: _Build) -> BuildSummary:
    folder, options = own.folder, own.options
    entries = {**read_manifest(folder), **release.in_flight(folder)}
    sources = read_sources(own.settings, jobs[0].data, jobs[0].period, own.reader)
    if own.units:
        _refuse_strangers(jobs[0], entries, own)
        _refuse_nothing(jobs[0], sources, own.units)
    steps = plan(jobs, sources, entries, folder=folder, settings=own.settings, force=options.force)
    due = [step for step in steps if step.reason]
    absent = [_entry(step, pool.Outcome(step.job.key, step.absent, absent=True), entries.get(step.job.key))
              for step in steps if step.absent]  # fmt: skip
    for step in steps:
        if step.reason or step.absent:
            own.progress(f"{step.job.label}：{step.reason or step.absent.rstrip('。') + '，不生成报告。'}")
    news = [entry for entry in absent if entry != entries.get(entry.key)]
    if options.dry_run or not (due or news or release.is_cut_off(folder, signed=own.sign is not None)):
        return _summary(steps, {}, folder, dry=options.dry_run)
    with release.locked(folder, own.sign) as making:
        for entry in news:
            _put(folder, making, entry)
        return _summary(steps, _make(due, making, sources, own), folder, dry=False)


def _refuse_strangers(job: Job, entries: Mapping[str, Entry], own: _Build) -> None:
    """Raise PublishError when reports of another city or data set lie in the folder."""
    data = Path(job.data).name
    strangers = [entry for entry in entries.values()
                 if entry.region_code not in own.units or entry.parameters.get("data", data) != data]  # fmt: skip
    if strangers:
        names = "、".join(f"{entry.region}（{entry.parameters.get('data', '')}）" for entry in strangers[:3])
        text = f"{own.folder.name} 里有别的地市或数据集的报告：{names}{'等' if len(strangers) > 3 else ''}。"
        raise PublishError(text, f"请把“{own.folder}”移走，或用 --out 换一个位置。")


def _refuse_nothing(job: Job, sources: Sources, units: Mapping[str, str]) -> None:
    """Raise InputError when the period has no row of the focus city or of any of its districts."""
    if not any(sources.rows.get(code) for code in units):
        names = [region_name(code) for code in sorted(sources.rows) if code and not is_county(code)]
        text = f"{job.data} 的 {job.period} 期没有{units[job.focus]}及所辖县（市、区）的事项。"
        raise InputError(text, f"它有：{'、'.join(names)}。请在 zjanalysis.toml 改 focus，或用 --data 换一个数据集。")


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
            if own.sign is not None and entry.status == GOOD:
                signed = signing.sign_page(making / outcome.key / "report.html", own.sign)
                entry = replace(entry, files={**entry.files, ".html": signed})
            _put(own.folder, making / outcome.key, entry)
            done[outcome.key] = entry
            number = f"{len(done):>{len(str(len(due)))}}/{len(due)}"
            own.progress(f"[{number}] {entry.region} {entry.status} {outcome.seconds:.2f} 秒")
            if entry.reason:
                own.progress(f"　　{entry.reason}{'　提示：' + outcome.hint if outcome.hint else ''}")
            if entry.status in (FAILED, STALE) and own.options.fail_fast:
                break
    finally:
        ways.relink(own.folder, read_manifest(own.folder).values())
        write_index(own.folder, own.units)
    return done


def _outcomes(due: Sequence[Step], making: Path, sources: Sources, own: _Build) -> Iterator[pool.Outcome]:
    """Return the outcome of each step as it is done."""
    engine, timeout = pool.engine_named(own.options.engine), own.options.timeout
    path = _snapshot(due[0].job, making, sources, own) if due and engine != "kernel" else None
    snapshot.close(own.reader)  # its memory is for the workers now
    rows = {s.job.key: sources.rows.get(s.job.region_code, 0) if s.job.has_subject else None for s in due}
    tasks = [pool.Task(s.job, s.stamp, making / s.job.key, own.settings.root, engine, timeout, path, rows[s.job.key])
             for s in due]  # fmt: skip
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
                   order=job.order, parameters=details["parameters"])  # fmt: skip
    if outcome.absent:
        return replace(failed, status=ABSENT, parts=step.stamp.parts, inputs=details["inputs"], reads=step.reads)
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
    failed = tuple(key for key, entry in done.items() if entry.status in (FAILED, STALE))
    unchanged = tuple(step.job.key for step in steps if not (step.reason or step.absent))
    absent = [step.job.label for step in steps
              if step.absent or (step.job.key in done and done[step.job.key].status == ABSENT)]  # fmt: skip
    nothing = f"没有数据 {len(absent)} 份，" if absent else ""
    if dry:
        due = sum(bool(step.reason) for step in steps)
        line = f"将生成 {due} 份，{nothing}其余 {len(unchanged)} 份无需更新（未写任何文件）。"
        return BuildSummary((), unchanged, (), (line,))
    lines = [
        f"已生成 {len(released)} 份，无需更新 {len(unchanged)} 份，{nothing}失败 {len(failed)} 份。位置：{folder}",
        *(f"{done[key].region}：{done[key].status}，{done[key].reason}" for key in failed),
    ]
    hidden = sum(entry.hidden_warnings for entry in done.values())
    if hidden:
        lines.insert(1, f"运行中有 {hidden} 行警告，没有写进页面，可在 .ipynb 中查看。")
    return BuildSummary(released, unchanged, failed, tuple(lines))
