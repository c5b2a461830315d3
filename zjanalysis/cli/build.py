"""``zj build`` and ``zj list``."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

from zjanalysis.errors import ConfigError
from zjanalysis.publish.build import Options
from zjanalysis.publish.build import build as build_reports
from zjanalysis.publish.jobs import list_jobs, select
from zjanalysis.settings import load_settings


def build(arguments: argparse.Namespace) -> int:
    """Make the reports, say what happens line by line, and give 1 when one failed."""
    if arguments.limit < 0 or arguments.jobs < 0:
        raise ConfigError("--limit 与 --jobs 不能是负数。", "不写即为全部报告、自动并行。")
    settings = load_settings()
    jobs = list_jobs(settings, arguments.data, arguments.period, report_date=_iso(arguments.date))
    chosen = select(jobs, tuple(arguments.only.replace("，", ",").split(",")), arguments.limit)
    options = Options(workers=arguments.jobs, force=arguments.force, dry_run=arguments.dry_run,
                      fail_fast=arguments.fail_fast)  # fmt: skip
    summary = build_reports(chosen, out=_out(arguments.out), settings=settings, options=options, progress=_say)
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
