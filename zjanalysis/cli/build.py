"""``zj build`` and ``zj list``."""

from __future__ import annotations

import argparse
import sys
import tomllib
from contextlib import nullcontext
from datetime import date
from pathlib import Path

from zjanalysis.cli.chinese import listed
from zjanalysis.errors import ConfigError, InputError, unknown_name
from zjanalysis.inputs.dataset import list_periods
from zjanalysis.publish.build import Options
from zjanalysis.publish.build import build as build_reports
from zjanalysis.publish.executors import cluster
from zjanalysis.publish.index import write_index
from zjanalysis.publish.jobs import list_jobs, select
from zjanalysis.publish.verify import verify as verify_page
from zjanalysis.settings import load_settings


def build(arguments: argparse.Namespace) -> int:
    """Make the reports, say what happens line by line, and give 1 when one failed."""
    if arguments.limit < 0 or arguments.jobs < 0:
        raise ConfigError("--limit 与 --jobs 不能是负数。", "不写即为全部报告、自动并行。")
    settings = load_settings()
    peers = _with_file(arguments) if arguments.with_file else ""
    jobs = list_jobs(settings, arguments.data, arguments.period, report_date=_iso(arguments.date), peers=peers)
    chosen = select(jobs, listed(arguments.only), arguments.limit)
    options = Options(workers=arguments.jobs, force=arguments.force, dry_run=arguments.dry_run,
                      fail_fast=arguments.fail_fast, engine=arguments.engine, timeout=arguments.timeout)  # fmt: skip
    with cluster(arguments.dask) if arguments.dask else nullcontext() as executor:
        summary = build_reports(chosen, out=_out(arguments.out), settings=settings, options=options,
                                executor=executor, progress=_say)  # fmt: skip
    for line in summary.lines:
        print(line)
    return int(summary.exit_code)


def listing(arguments: argparse.Namespace) -> int:
    """Print every report that can be made."""
    settings = load_settings()
    jobs = list_jobs(settings, arguments.data, arguments.period)
    print(f"数据集 {jobs[0].data} · 期次 {jobs[0].period} · {len(jobs)} 份报告")
    for job in jobs:
        print(f"  {job.region_code}  {job.region}  {job.key}.html  （{job.notebook.name}）")
    return 0


def index(arguments: argparse.Namespace) -> int:
    """Write the index of a period again from its manifest."""
    settings = load_settings()
    period = arguments.period or list_periods(arguments.data, settings=settings)[-1]
    print(f"已写入 {write_index(_out(arguments.out) / period)}")
    return 0


def verify(arguments: argparse.Namespace) -> int:
    """Say whether a page or fingerprint belongs to the present data, definitions and program."""
    verdict = verify_page(arguments.word, out=_out(arguments.out), settings=load_settings(), data=arguments.data)
    for line in verdict.lines:
        print(line)
    return int(verdict.exit_code)


def _with_file(arguments: argparse.Namespace) -> str:
    """Take data, period, only and out from the file where the command line leaves them open; give its peers."""
    path = Path(arguments.with_file)
    known = ("data", "period", "only", "out", "peers")
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise InputError(f"找不到参数文件“{path.name}”。", "请用笔记本 00 的“送到报告”写出它。") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"参数文件“{path.name}”读不懂。", "请用笔记本 00 的“送到报告”重新写出。") from error
    for name, value in told.items():
        if name not in known:
            raise unknown_name("参数", name, known)
        if not isinstance(value, str):
            raise ConfigError(f"参数“{name}”的值 {value!r} 不对，应是文字。", "代码、期次都要加引号。")
    for name in ("data", "period", "only", "out"):
        setattr(arguments, name, getattr(arguments, name) or told.get(name, ""))
    return str(told.get("peers", ""))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _out(given: str) -> Path:
    settings = load_settings()
    return Path(given).absolute() if given else settings.path(settings.out)


def _iso(given: str) -> str:
    try:
        return date.fromisoformat(given).isoformat() if given else ""
    except ValueError:
        raise ConfigError(f"日期“{given}”读不懂。", "请写成 2021-04-15 的样子。") from None
