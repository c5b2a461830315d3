"""``zj ledger``: make, refresh, merge and inspect the register of the plan's tasks; the papers made from it."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import pandas as pd

from zjanalysis.analysis.evaluation import evaluated_scores, ledger_gaps
from zjanalysis.cli import refuse_ending, refuse_unused
from zjanalysis.cli.output import print_table
from zjanalysis.display.dates import iso_day
from zjanalysis.display.wording import listed
from zjanalysis.errors import ConfigError
from zjanalysis.files import refuse_written_in, write_paper
from zjanalysis.inputs.period import Period, load_period, no_rows
from zjanalysis.inputs.regions import region_name, units_of
from zjanalysis.inputs.workplan import has_plan
from zjanalysis.ledger.assignment import take_assignments, write_assignments
from zjanalysis.ledger.book import init_ledger, merge_ledger, update_ledger
from zjanalysis.ledger.merge import LedgerResult
from zjanalysis.ledger.papers import brief, notice_rows, summary_table, write_documents, write_notices
from zjanalysis.ledger.reading import read_ledger
from zjanalysis.ledger.state import standing, start
from zjanalysis.settings import load_settings

MOST_FILES = {"merge": math.inf, "assign": 1}
ENDINGS = {"assign": (".xlsx",), "due": (".xlsx",), "brief": (".docx",)}
"""What ``--out`` may end in, of the actions that write a paper."""
UNUSED = {"init": "out within quiet", "update": "out within quiet", "merge": "data period out within quiet",
          "assign": "data period within quiet", "due": "data period", "brief": "data period within quiet"}  # fmt: skip
"""Options of other actions."""
HINT = "init、update、merge 就地改写台账；--data、--period 只用于 init、update，--within、--quiet 只用于 due。"


def ledger(arguments: argparse.Namespace) -> int:
    """Run one of the actions on the ledger workbook."""
    path = Path(arguments.path)
    if len(arguments.files) > MOST_FILES.get(arguments.action, 0):
        what = "一次收回一份分工表" if arguments.action == "assign" else "只需要一个台账文件"
        raise ConfigError(f"{arguments.action} {what}。", "返回的副本用 zj ledger merge 汇总。")
    refuse_unused(arguments, UNUSED[arguments.action].split(), why=f"这是 zj ledger {arguments.action}", hint=HINT)
    if arguments.out:
        refuse_ending(arguments.out, ENDINGS[arguments.action])
    if arguments.action in ("init", "update", "merge") or arguments.files:
        refuse_ending(arguments.path, (".xlsx",))
    actions = {"init": _init, "update": _update, "merge": _merge, "due": _due, "brief": _brief, "assign": _assign}
    return actions[arguments.action](arguments, path)


def _init(arguments: argparse.Namespace, path: Path) -> int:
    rules = load_settings()
    if not has_plan(rules.focus):
        hint = "请把该市方案录入 reference/tasks.csv、targets.csv（city 列填地市代码），见 docs/guide/other-cities.md。"
        raise ConfigError(f"没有收录{region_name(rules.focus)}的工作方案，不能由方案建立台账。", hint)
    refuse_written_in(path)  # before a period is read for it
    period = load_period(arguments.data, arguments.period)
    scores, day, gaps = _scores(period), _day(arguments, period.cutoff), ledger_gaps(period, settings=rules)
    first = start(scores, on=day, as_of=period.cutoff, gaps=gaps, settings=rules)
    return _told(path, init_ledger(path, first, on=day, sample=period.dataset.kind == "sample"))


def _update(arguments: argparse.Namespace, path: Path) -> int:
    period = load_period(arguments.data, arguments.period)
    scores, gaps = _scores(period), ledger_gaps(period)
    result = update_ledger(path, scores, on=_day(arguments, period.cutoff), as_of=period.cutoff, gaps=gaps)
    told, held = _told(path, result), set(result.ledger["region_code"])
    absent = [region_name(code) for code in units_of(load_settings().focus) if code in held - period.regions]
    if absent:
        lacking = f"{period.name} 期没有{listed(absent, limit=5)}的事项，"
        print(f"{lacking}由事项计算的各行按无数据处理；请用 zj check 核对，补齐后再更新。")
    return told


def _scores(period: Period) -> pd.DataFrame:
    """Return the figures of a period; raises NoData where it has none of the city: no row of the ledger would have."""
    city = load_settings().focus
    scores = evaluated_scores(period, region=city)
    if not scores["region_code"].isin(units_of(city)).any():
        raise no_rows(period, city)
    return scores


def _merge(arguments: argparse.Namespace, path: Path) -> int:
    if not arguments.files:
        raise ConfigError("没有给出要汇总的副本。", "例如 zj ledger merge 台账.xlsx 遂溪县.xlsx --on 2021-04-20。")
    return _told(path, merge_ledger(path, arguments.files, on=_day(arguments)))


def _assign(arguments: argparse.Namespace, path: Path) -> int:
    """Take a 分工表 back into the ledger where one is given, then write a new one where one is asked for."""
    back, out = (Path(name) if name else None for name in ((*arguments.files, "")[0], arguments.out))
    if back is None and out is None:
        raise ConfigError("没有给出分工表。", "生成用 --out 分工表.xlsx；收回把分工表写在台账之后。")
    code = _told(path, take_assignments(path, back, on=_day(arguments))) if back else 0
    if out:
        left = write_assignments(read_ledger(path), out, earlier=back)
        print(f"已写入 {out}。" + (f"旧表有{left}格没有带入：单位已不承担该事项，请看旧表。" if left else ""))
    return code


def _due(arguments: argparse.Namespace, path: Path) -> int:
    day, file = _day(arguments), read_ledger(path)
    rows = notice_rows(standing(file, on=day), within=arguments.within, quiet=arguments.quiet)
    if rows.empty:
        print(f"截至{day}没有需要督办的事项。")
        return 0
    print_table(summary_table(rows))
    if arguments.out:
        out, office, sample = Path(arguments.out), _office(), file.is_sample
        print(f"已写入 {write_notices(rows, out, on=day, issuer=office, sample=sample)}")
        papers = write_documents(rows, out.with_suffix(""), on=day, issuer=office, sample=sample)
        print(f"已写入 {out.with_suffix('')}：每个单位一份督办单，共{len(papers)}份（.docx）。")
    return 0


def _brief(arguments: argparse.Namespace, path: Path) -> int:
    day = _day(arguments)
    parts, paper = brief(read_ledger(path), on=day, city=load_settings().focus, office=_office())
    for part in parts:
        print(part if isinstance(part, str) else part.sentence)
    if arguments.out:
        print(f"已写入 {write_paper(Path(arguments.out), paper)}")
    return 0


def _office() -> str:
    return f"{region_name(load_settings().focus)}政务服务数据管理局"


def _told(path: Path, result: LedgerResult) -> int:
    """Say what was written; 1 when contradictions wait for a decision."""
    print(f"已写入 {path}：{len(result.ledger)}行，变更{len(result.changes)}处（见“变更记录”）。")
    for note in result.notes:
        print(note)
    if len(result.conflicts):
        print(f"有{len(result.conflicts)}处冲突，原值保留，请在“冲突清单”中决定。")
    return 1 if len(result.conflicts) else 0


def _day(arguments: argparse.Namespace, usual: str = "") -> str:
    """Return the day of the action; all but init and update, which have a ``usual`` one, need it: no clock is read."""
    if not (arguments.on or usual):
        raise ConfigError("没有给出日期。", "请加上 --on，例如 --on 2021-06-01。")
    return iso_day(arguments.on, example="2021-06-01") if arguments.on else usual
