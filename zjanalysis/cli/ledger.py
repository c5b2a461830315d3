"""``zj ledger``: make, refresh, merge and inspect the register of the plan's tasks."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from zjanalysis.analysis.ledger_scores import evaluated_scores, ledger_gaps
from zjanalysis.cli.output import print_table
from zjanalysis.errors import ConfigError
from zjanalysis.inputs.period import Period, load_period
from zjanalysis.inputs.regions import region_name
from zjanalysis.inputs.workplan import has_plan
from zjanalysis.ledger.book import LedgerResult, init_ledger, merge_ledger, update_ledger
from zjanalysis.ledger.papers import notice_rows, summary_table, write_notices
from zjanalysis.ledger.reading import read_ledger
from zjanalysis.ledger.state import standing, start
from zjanalysis.settings import load_settings


def ledger(arguments: argparse.Namespace) -> int:
    """Run one of the four actions on the ledger workbook."""
    path = Path(arguments.path)
    if arguments.files and arguments.action != "merge":
        raise ConfigError(f"{arguments.action} 只需要一个台账文件。", "返回的副本用 zj ledger merge 汇总。")
    return {"init": _init, "update": _update, "merge": _merge, "due": _due}[arguments.action](arguments, path)


def _init(arguments: argparse.Namespace, path: Path) -> int:
    rules = load_settings()
    if not has_plan(rules.focus):
        hint = "请把该市方案录入 reference/tasks.csv、targets.csv（city 列填地市代码），见 docs/guide/other-cities.md。"
        raise ConfigError(f"没有收录{region_name(rules.focus)}的工作方案，不能由方案建立台账。", hint)
    period = load_period(arguments.data, arguments.period)
    day, gaps = _day(arguments, period), ledger_gaps(period, settings=rules)
    made = start(evaluated_scores(period, region=rules.focus), on=day, gaps=gaps, settings=rules)
    return _told(init_ledger(path, made, on=day, sample=period.dataset.kind == "sample"))


def _update(arguments: argparse.Namespace, path: Path) -> int:
    period = load_period(arguments.data, arguments.period)
    scores = evaluated_scores(period, region=load_settings().focus)
    return _told(update_ledger(path, scores, on=_day(arguments, period), as_of=period.cutoff,
                               gaps=ledger_gaps(period)))  # fmt: skip


def _merge(arguments: argparse.Namespace, path: Path) -> int:
    if not arguments.files:
        raise ConfigError("没有给出要汇总的副本。", "例如 zj ledger merge 台账.xlsx 遂溪县.xlsx --on 2021-04-20。")
    return _told(merge_ledger(path, [Path(name) for name in arguments.files], on=_given(arguments)))


def _due(arguments: argparse.Namespace, path: Path) -> int:
    day = _given(arguments)
    rows = notice_rows(standing(read_ledger(path), on=day), within=arguments.within, quiet=arguments.quiet)
    if rows.empty:
        print(f"截至{day}没有需要督办的事项。")
        return 0
    print_table(summary_table(rows))
    if arguments.out:
        print(f"已写入 {write_notices(rows, Path(arguments.out), on=day)}")
    return 0


def _told(result: LedgerResult) -> int:
    """Say what was written; 1 when contradictions wait for a decision."""
    print(f"已写入 {result.path}：{len(result.ledger)}行，变更{len(result.changes)}处（见“变更记录”）。")
    for note in result.notes:
        print(note)
    if len(result.conflicts):
        print(f"有{len(result.conflicts)}处冲突，原值保留，请在“冲突清单”中决定。")
    return 1 if len(result.conflicts) else 0


def _day(arguments: argparse.Namespace, period: Period) -> str:
    return _given(arguments) if arguments.on else period.cutoff


def _given(arguments: argparse.Namespace) -> str:
    """Give the day of the action; merge and due need one, since no clock is read."""
    if not arguments.on:
        raise ConfigError("没有给出日期。", "请加上 --on，例如 --on 2021-06-01。")
    try:
        return date.fromisoformat(arguments.on).isoformat()
    except ValueError:
        raise ConfigError(f"日期“{arguments.on}”读不懂。", "请写成 2021-06-01 的样子。") from None
