"""What a district report costs: the plain loop of papermill's documentation, its API, ours, and the floor.

    python benchmarks/build.py --reports 40 --rounds 2
    git worktree add ../before v0.1 && python benchmarks/build.py --before ../before
    python benchmarks/build.py --sizes 15 60 150
    python benchmarks/build.py --dask
    python benchmarks/build.py --periods
    python benchmarks/build.py --cold

Every way makes the same reports of the sample data. The ways take turns within a round; trust the ratios. Reported are
seconds per report with everything (start, reading the workbooks), seconds per further report (from the first finished
to the last), the same in CPU seconds (what to read on a busy machine), the time to the first finished report, and the
peak memory of the whole process tree (PSS: shared pages are counted once). With ``--before`` only `zj build --jobs 2`
is run, in turn with that of another checkout: is a report dearer? With ``--dask`` in turn with a Dask cluster of two
processes on this machine (`distributed` has to be installed). With ``--sizes`` it is run for builds of so many
reports: CPU seconds of the reports after the first, the exponent by which they grow, peak memory, which should not grow.
With ``--periods`` the eight quarters of the sample are built one after the other as they come: what does the eighth cost
beside the first? (Of those between only the city's report is made; all their workbooks are read.) With ``--cold`` all
reports of the README are made in a new project, beside its ten districts by the plain loop.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from math import log
from pathlib import Path
from statistics import median

from zjanalysis.inputs.regions import region_name, report_units
from zjanalysis.publish.jobs import Job, list_jobs
from zjanalysis.settings import load_settings

ROOT = Path(__file__).resolve().parent.parent
WAYS = ("plain", "api", "floor", "ours-1", "ours-2")
TITLES = {"plain": "plain loop: `papermill` then `jupyter nbconvert`, per district", "api": "papermill API + HTMLExporter, one process",
          "floor": "floor: the same cells by direct calls in one warm process", "ours-1": "`zj build --jobs 1`",
          "ours-2": "`zj build --jobs 2`"}  # fmt: skip


def jobs_for(count: int) -> list[Job]:
    """Return district jobs: every report unit of the sample, again with another report date when there are not enough."""
    settings = load_settings(ROOT)
    first = list_jobs(settings, "data/sample")[1]
    pairs = [(code, region_name(code), f"2021-04-{day:02}")
             for day in range(1, 31) for code in report_units(settings.focus)]  # fmt: skip
    return [replace(first, key=f"district/{code}-{day[-2:]}", region_code=code, region=name, reads=(),
                    parameters={**first.parameters, "region": code, "report_date": day}) for code, name, day in pairs[:count]]  # fmt: skip


def plain(jobs: list[Job], out: Path, mark) -> None:
    scripts = Path(sys.executable).parent
    for job in jobs:
        made = out / f"{job.region_code}-{time.monotonic_ns()}.ipynb"
        told = [word for name, value in job.parameters.items() for word in ("-r", name, str(value))]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": True, "cwd": ROOT}
        subprocess.run([scripts / "papermill", job.notebook, made, *told], **quiet)
        subprocess.run([scripts / "jupyter", "nbconvert", "--to", "html", made], **quiet)
        mark()


def api(jobs: list[Job], out: Path, mark) -> None:
    import papermill
    from nbconvert import HTMLExporter

    for job in jobs:
        made = out / f"{job.region_code}-{time.monotonic_ns()}.ipynb"
        nb = papermill.execute_notebook(
            str(job.notebook), str(made), dict(job.parameters), progress_bar=False, cwd=str(ROOT)
        )
        made.with_suffix(".html").write_text(HTMLExporter().from_notebook_node(nb)[0], encoding="utf-8")
        mark()


def floor(jobs: list[Job], out: Path, mark) -> None:
    """Run the code of the cells as plain Python and ask each shown block for its HTML; no papermill, page or gate."""
    import IPython.display  # noqa: F401

    import zjanalysis as zj
    from zjanalysis.inputs.dataset import list_periods

    first = jobs[0].parameters
    held = {name: zj.load_period(str(first["data"]), name) for name in list_periods(str(first["data"]))}
    zj.load_period = lambda data="", period="", **_: held[period or max(held)]
    sys.modules["zjanalysis.inputs.period"].load_period = zj.load_period
    sys.modules["IPython.display"].display = lambda block: block._repr_mimebundle_()
    from zjanalysis.display.blocks import Block
    from zjanalysis.display.tables import Table

    for job in jobs:
        notebook = json.loads(job.notebook.read_text(encoding="utf-8"))
        names: dict[str, object] = {}
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                tagged = "parameters" in cell["metadata"].get("tags", ())
                run_cell("".join(cell["source"]), names, (Block, Table))
                names.update(job.parameters if tagged else {})
        mark()


def run_cell(source: str, names: dict[str, object], shown: tuple[type, ...]) -> None:
    import ast

    body = ast.parse(source)
    last = body.body.pop() if body.body and isinstance(body.body[-1], ast.Expr) else None
    exec(compile(body, "cell", "exec"), names)
    value = eval(compile(ast.Expression(last.value), "cell", "eval"), names) if last else None
    if isinstance(value, shown):
        value._repr_mimebundle_()


def ours(jobs: list[Job], out: Path, mark, workers: int, executor=None) -> None:
    from zjanalysis.publish.build import Options, build

    def told(line: str) -> None:
        if "秒" in line:
            mark()

    options = Options(workers=workers, force=True)
    summary = build(jobs, out=out, settings=load_settings(ROOT), options=options, executor=executor, progress=told)
    assert not summary.failed, summary.lines


def dask(jobs: list[Job], out: Path, mark) -> None:
    from distributed import LocalCluster

    from zjanalysis.publish.pool import cluster

    place = LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None)
    with place, cluster(place.scheduler_address) as executor:
        ours(jobs, out, mark, 2, executor)


def one_way(way: str, count: int) -> None:
    """Run one way in this process and print when it began and when each report was done."""
    marks: list[float] = []
    with tempfile.TemporaryDirectory() as place:
        jobs, out = jobs_for(count), Path(place)

        def mark() -> None:
            marks.append(time.time())

        ours(jobs, out, mark, int(way[-1])) if way.startswith("ours") else globals()[way](jobs, out, mark)
    print(json.dumps(marks))


def tree(pid: int) -> tuple[float, float]:
    """Return memory in MB and CPU seconds so far of a process and all below it, ended children of theirs included."""
    children: dict[int, list[int]] = {}
    used: dict[int, float] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = status.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(words[1]), []).append(int(status.parent.name))
        used[int(status.parent.name)] = sum(map(int, words[11:15])) / os.sysconf("SC_CLK_TCK")
    todo, memory, seconds = [pid], 0.0, 0.0
    while todo:
        current = todo.pop()
        todo += children.get(current, [])
        seconds += used.get(current, 0.0)
        try:
            rollup = Path(f"/proc/{current}/smaps_rollup").read_text(encoding="utf-8")
            memory += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1024
        except (OSError, StopIteration):
            continue
    return memory, seconds


def watched(command: list[str], root: Path, folder: Path) -> tuple[str, list[tuple[float, float, float]]]:
    """Run a command with a checkout's library; give what it prints, and time, memory and CPU seconds of its tree."""
    apart = {"cwd": folder, "env": {**os.environ, "PYTHONPATH": str(root)}}
    seen = [(time.time(), 0.0, 0.0)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8", **apart)

    def watch() -> None:
        while process.poll() is None:
            seen.append((time.time(), *tree(process.pid)))
            time.sleep(0.2)

    watcher = threading.Thread(target=watch)
    watcher.start()
    printed, _ = process.communicate()
    watcher.join()
    assert process.returncode == 0, command
    return printed, seen


def measured(way: str, count: int, root: Path = ROOT) -> dict[str, float]:
    """Run one way in a process of its own, with the library and the benchmark of the checkout ``root``; give its figures."""
    command = [sys.executable, str(root / "benchmarks/build.py"), "--way", way, "--reports", str(count)]
    printed, seen = watched(command, root, root)
    began, marks = seen[0][0], json.loads(printed.splitlines()[-1])
    further = (marks[-1] - marks[0]) / max(1, len(marks) - 1)
    _, memory, seconds = (max(values) for values in zip(*seen, strict=True))
    used = [max(spent for moment, _, spent in seen if moment <= mark) for mark in (marks[0], marks[-1])]
    return {"all": (marks[-1] - began) / count, "further": further, "first": marks[0] - began, "peak": memory,
            "cpu": seconds / count, "further_cpu": (used[1] - used[0]) / max(1, len(marks) - 1)}  # fmt: skip


def compare(one: tuple[str, Path], other: tuple[str, Path], count: int, rounds: int) -> None:
    """Print, round by round, what a report costs by one way in one checkout as a multiple of what it does by another."""
    for number in range(rounds):
        figures = {
            which: measured(which[0], count, which[1]) for which in ((one, other) if number % 2 else (other, one))
        }
        words = [f"{name} {figures[one][name]:.2f} / {figures[other][name]:.2f} = {figures[one][name] / figures[other][name]:.2f}"
                 for name in ("all", "further", "cpu", "further_cpu", "peak")]  # fmt: skip
        print(f"round {number + 1}, {count} reports: {'; '.join(words)}", flush=True)


def project(place: str, data: Path) -> list[str]:
    """Make a project in which nothing has been read or built yet; give the command that builds its data set."""
    root = Path(place)
    shutil.copytree(ROOT / "notebooks", root / "notebooks", ignore=shutil.ignore_patterns("mine"))
    shutil.copytree(data, root / "data/demo", ignore=shutil.ignore_patterns(".*"))
    shutil.copy(ROOT / "zjanalysis.toml", root)
    os.environ["ZJANALYSIS_ROOT"] = place
    return [sys.executable, "-m", "zjanalysis", "build", "--data", "data/demo"]


def cold() -> None:
    """Print what the README's reports take from nothing, as a multiple of ten districts by the plain loop."""
    with tempfile.TemporaryDirectory() as place:
        printed, seen = watched(project(place, ROOT / "data/sample"), ROOT, Path(place))
    os.environ.pop("ZJANALYSIS_ROOT")
    ours = seen[-1][0] - seen[0][0]
    plain = measured("plain", 10)["all"] * 10
    print(
        f"{printed.splitlines()[-1]}: {ours:.1f} s; ten districts by the plain loop {plain:.1f} s: {plain / ours:.1f} x"
    )


def periods() -> None:
    """Print the CPU seconds of a build of each quarter of the sample as it comes, and the eighth's beside the first's."""
    with tempfile.TemporaryDirectory() as place, tempfile.TemporaryDirectory() as other:
        whole, shown = Path(other) / "all", Path(place) / "data/demo"
        demo = [sys.executable, "-m", "zjanalysis", "demo", str(whole)]
        subprocess.run(demo, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
        names = sorted(folder.name for folder in whole.iterdir() if (folder / "items").is_dir())
        command = project(place, whole)
        for name in names:
            shutil.rmtree(shown / name)
        spent: list[float] = []
        for name in names:
            shutil.copytree(whole / name, shown / name)
            asked = ["--period", name, *([] if name in (names[0], names[-1]) else ["--only", "city"])]
            printed, seen = watched([*command, *asked], ROOT, Path(place))
            spent.append(max(seconds for _, _, seconds in seen))
            part = " (city)" if "--only" in asked else ""
            print(f"{name}{part}: {spent[-1]:.1f} CPU s, {printed.splitlines()[-1][:40]}", flush=True)
    print(f"the eighth / the first: {spent[-1] / spent[0]:.2f}")


def grow(sizes: list[int]) -> None:
    """Print how CPU seconds after the first report and peak memory grow with the number of reports of one build."""
    before: tuple[int, float] | None = None
    for count in sizes:
        figures = measured("ours-2", count)
        later = figures["further_cpu"] * (count - 1)
        words = f"{count} reports: {later:.1f} CPU s after the first, peak {figures['peak']:.0f} MB"
        if before:
            times = (count - 1) / (before[0] - 1)
            words += f", exponent {log(later / before[1]) / log(times):.3f}"
        print(words, flush=True)
        before = count, later


def print_table(found: list[dict[str, object]], rounds: int, share: int) -> None:
    """Print the median of the rounds for every way, as a table in Markdown."""
    import pandas as pd  # not above: a way's own process should be as small as it is

    table = pd.DataFrame(found).groupby("way").agg(median).loc[list(WAYS)]
    base, low = table.loc["plain"], table.loc["floor", "further"]
    print(f"{rounds} rounds of {share} reports, {os.cpu_count()} cores\n")
    heads = (
        "way",
        "s per report, all in",
        "× plain",
        "s per further report",
        "× floor",
        "CPU s per report",
        "CPU s per further report",
        "first, s",
        "peak MB",
    )
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for way, row in table.iterrows():
        figures = (f"{row['all']:.2f}", f"{base['all'] / row['all']:.1f}", f"{row['further']:.2f}", f"{row['further'] / low:.2f}",
                   f"{row['cpu']:.2f}", f"{row['further_cpu']:.2f}", f"{row['first']:.1f}", f"{row['peak']:.0f}")  # fmt: skip
        print(f"| {' | '.join((TITLES[str(way)], *figures))} |")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--reports", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--way", choices=(*WAYS, "dask"))
    parser.add_argument("--dask", action="store_true", help="a Dask cluster against our own workers")
    parser.add_argument("--before", type=Path, help="another checkout")
    parser.add_argument("--sizes", type=int, nargs="+", help="builds of so many reports each")
    parser.add_argument("--periods", action="store_true", help="eight quarters, as they come")
    parser.add_argument("--cold", action="store_true", help="the README's reports from nothing")
    given = parser.parse_args()
    if given.periods or given.cold:
        periods() if given.periods else cold()
        return
    if given.way:
        one_way(given.way, given.reports)
        return
    share = max(2, given.reports // given.rounds)
    jobs_for(1)  # the names of the units are kept from here on, as after any build
    if given.sizes:
        grow(given.sizes)
        return
    if given.before or given.dask:
        own = ("ours-2", ROOT)
        pair = (("dask", ROOT), own) if given.dask else (own, ("ours-2", given.before.resolve()))
        compare(*pair, share, given.rounds)
        return
    found: list[dict[str, object]] = []
    for number in range(given.rounds):
        for way in WAYS[number % len(WAYS) :] + WAYS[: number % len(WAYS)]:
            found.append({"way": way, **measured(way, share)})
            print(found[-1], file=sys.stderr, flush=True)
    print_table(found, given.rounds, share)


if __name__ == "__main__":
    main()
