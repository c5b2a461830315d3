"""``zj cases``: how a period's cases keep their time, by any group, on the embedded engine or on a cluster."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from zjanalysis.analysis.indicators import measure
from zjanalysis.cases.analysis import CASE_INDICATORS, all_cases, canonical, item_names, roll_up, with_region
from zjanalysis.cases.clock import CaseTable, open_cases, rows_by
from zjanalysis.cases.engines import spark_session
from zjanalysis.cases.inputs import case_source
from zjanalysis.cases.views import SPREAD, case_table, quantiles_of
from zjanalysis.cli import EVERYTHING, listed, listed_or_all
from zjanalysis.cli.output import print_table, save
from zjanalysis.columns import column_of
from zjanalysis.display.tables import Table, page_columns, table
from zjanalysis.errors import ConfigError, InputError, unknown_name
from zjanalysis.inputs.period import load_period
from zjanalysis.inputs.regions import region_code
from zjanalysis.settings import load_settings

BLANKS = {"department": "（未填）", "channel": "（未填）", "month": "（截止时未到期或期限不明）"}
GROUPS = {"地区": "region_code", "部门": "department", "实施主体": "department", "事项": "base_code",
          "基本编码": "base_code", "渠道": "channel", "申请渠道": "channel", "月份": "month"}  # fmt: skip


def cases(arguments: argparse.Namespace) -> int:
    """Print, and with ``--out`` save, one row per group of a period's cases."""
    by, wanted = _groups(arguments.by), tuple(region_code(name) for name in listed(arguments.region))
    settings, period = load_settings(), load_period(arguments.data, arguments.period)
    source = case_source(period, settings=settings)
    with _engine(arguments) as engine, open_cases(source, engine=engine, settings=settings) as opened:
        rows, unplaced = _counted(opened, by=by, regions=wanted)
        if arguments.quantiles:
            spread = quantiles_of(opened, by=by, regions=wanted).drop(columns="n")
            rows = rows.merge(spread, how="left", on=list(by) or "whole")
    if rows.empty:
        raise InputError("所选地区没有办件。", "请检查 --region，或不写 --region 看有哪些地区。")
    named = _named(rows, by=by, items=source.items, quantiles=arguments.quantiles)
    sample = "（示例数据，模拟）" if period.dataset.kind == "sample" else ""
    print(f"{source.title}{sample} · 截止 {source.cutoff} · 办件{int(rows['case_count'].sum())}件")
    print_table(named)
    unknown = int((rows["case_count"] - rows["n_finished"] - rows["n_open"]).sum())
    if unknown:
        print(f"其中{unknown}件的受理或办结日期缺、读不出或前后颠倒，只计入办件量；逐项见办件时效通报的数据问题。")
    if unplaced:
        print(f"另有{unplaced}件的行政区划不在区划表中，没有计入任何地区。")
    if opened.dropped:
        print(f"办件编号重复的{sum(opened.dropped.values())}行没有计入，每个编号只计一件。")
    if opened.later:
        print(f"受理时间在截止日之后的{sum(opened.later.values())}件没有计入。")
    if arguments.out:
        save(rows.drop(columns="whole"), named, Path(arguments.out), title=f"{source.title} 办件时效")
    return 0


def _groups(written: str) -> tuple[str, ...]:
    names = listed_or_all(written)
    for name in names:
        if name not in GROUPS:
            raise unknown_name("分组列", name, ("地区", "部门", "事项", "渠道", "月份", EVERYTHING))
    return tuple(dict.fromkeys(GROUPS[name] for name in names))


@contextmanager
def _engine(arguments: argparse.Namespace) -> Iterator[Any]:
    """Return the engine: a name, or a Spark session on the master, which is stopped at the end."""
    if arguments.engine != "spark":
        if arguments.master:
            raise ConfigError("--master 只用于 --engine spark。", "请加上 --engine spark，或去掉 --master。")
        yield arguments.engine
        return
    if not arguments.master:
        raise ConfigError("没有给出 Spark 主节点。", "请加上 --master，例如 --master spark://主机:7077 或 local[2]。")
    session = spark_session(arguments.master)
    try:
        yield session
    finally:
        session.stop()


def _counted(opened: CaseTable, *, by: tuple[str, ...], regions: tuple[str, ...]) -> tuple[pd.DataFrame, int]:
    """Return one row per group, and how many cases have a region nobody knows (0 where only some are asked for)."""
    keys = with_region(by)
    raw = measure(rows_by(opened, keys), CASE_INDICATORS, by=keys, scope=None)
    scores = canonical(raw, by=keys)
    unplaced = int(all_cases(raw)["n"].sum() - all_cases(scores)["n"].sum())
    own = roll_up(scores[scores["region_code"].isin(regions)] if regions else scores, by=by)
    return case_table(own, by=by).assign(whole=""), 0 if regions else unplaced


def _named(rows: pd.DataFrame, *, by: tuple[str, ...], items: pd.DataFrame, quantiles: bool) -> Table:
    shown = {"region_code": ["region"], "base_code": ["base_code", "item_name"]}
    keys = [name for key in by for name in shown.get(key, [key])]
    if "base_code" in by:
        on = [key for key in ("region_code", "base_code") if key in by]
        rows = rows.merge(item_names(items)[[*on, "item_name"]].drop_duplicates(on), on=on, how="left")
    rows = rows.assign(**{key: rows[key].replace("", blank) for key, blank in BLANKS.items() if key in by})
    groups, spread = ([column_of(key, "page.cases") for key in names] for names in (keys, SPREAD if quantiles else ()))
    return table(rows, caption="办件时效", columns=[*groups, *page_columns("cases.measured"), *spread])
