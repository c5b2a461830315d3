"""``zj cases``: how a period's cases keep their time, by any group, on the embedded engine or on a cluster."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from zjanalysis.analysis.cases import CASE_INDICATORS, roll_up, settled
from zjanalysis.analysis.cases_limits import item_names
from zjanalysis.analysis.cases_open import Opened, opened
from zjanalysis.analysis.cases_spark import spark_session
from zjanalysis.analysis.cases_views import case_table, quantiles_of
from zjanalysis.analysis.indicators import measure
from zjanalysis.cli.chinese import listed
from zjanalysis.cli.output import print_table, save
from zjanalysis.columns import Column
from zjanalysis.display.tables import Table, table
from zjanalysis.errors import ConfigError, InputError, unknown_name
from zjanalysis.inputs.cases import case_source
from zjanalysis.inputs.period import load_period
from zjanalysis.inputs.regions import region_code
from zjanalysis.settings import load_settings

EVERYTHING, BLANK = "全部", "（未填）"
GROUPS = {"地区": "region_code", "部门": "department", "实施主体": "department", "事项": "base_code",
          "基本编码": "base_code", "渠道": "channel", "申请渠道": "channel", "月份": "month"}  # fmt: skip
RESULT = (
    Column("case_count", "办件量", "count", unit="件"),
    Column("n_finished", "办结", "count", unit="件"),
    Column("n_late", "超时办结", "count", unit="件"),
    Column("on_time_share", "按时办结率", "share"),
    Column("mean_days", "平均实际办理", "days", unit="工作日"),
    Column("speedup_share", "实际提速", "share"),
    Column("online_share", "网上办件率", "share"),
    Column("n_open", "未办结", "count", unit="件"),
    Column("n_overdue", "逾期未结", "count", unit="件"),
)
SPREAD = {0.5: "median_days", 0.9: "p90_days"}


def cases(arguments: argparse.Namespace) -> int:
    """Print, and with ``--out`` save, one row per group of a period's cases."""
    by, wanted = _groups(arguments.by), tuple(region_code(name) for name in listed(arguments.region))
    settings, period = load_settings(), load_period(arguments.data, arguments.period)
    source = case_source(period, settings=settings)
    with _engine(arguments) as engine, opened(source, engine=engine, settings=settings) as found:
        rows, unplaced = _counted(found, by=by, regions=wanted)
        if arguments.quantiles:
            rows = rows.merge(_spread(found, by=by, regions=wanted), how="left", on=list(by) or "whole")
    if rows.empty:
        raise InputError("所选地区没有办件。", "请检查 --region，或不写 --region 看有哪些地区。")
    shown = _shown(rows, by=by, items=source.items, quantiles=arguments.quantiles)
    sample = "（示例数据，模拟）" if source.sample else ""
    print(f"{source.title}{sample} · 截止 {source.cutoff} · 办件{int(rows['case_count'].sum())}件")
    print_table(shown)
    if unplaced:
        print(f"另有{unplaced}件的行政区划不在区划表中，没有计入任何地区。")
    if arguments.out:
        save(rows.drop(columns="whole", errors="ignore"), shown, Path(arguments.out), title=f"{source.title} 办件时效")
    return 0


def _groups(given: str) -> tuple[str, ...]:
    """Turn ``--by`` into column keys."""
    if given == EVERYTHING:
        return ()
    for name in listed(given):
        if name not in GROUPS:
            raise unknown_name("分组列", name, ("地区", "部门", "事项", "渠道", "月份", EVERYTHING))
    return tuple(dict.fromkeys(GROUPS[name] for name in listed(given)))


@contextmanager
def _engine(arguments: argparse.Namespace) -> Iterator[Any]:
    """Give the engine: a name, or a Spark session on the master, which is stopped at the end."""
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


def _counted(found: Opened, *, by: tuple[str, ...], regions: tuple[str, ...]) -> tuple[pd.DataFrame, int]:
    """Give one row per group, and how many cases have a region nobody knows (0 where regions do not matter)."""
    keys = _keys(by, regions)
    raw = measure(found.rows, CASE_INDICATORS, by=keys, scope=None)
    scores = settled(raw, by=keys)
    unplaced = _n_cases(raw) - _n_cases(scores)
    if regions:
        scores = roll_up(scores[scores["region_code"].isin(regions)], by=by)
    rows = case_table(scores, by=by) if len(scores) else pd.DataFrame()
    return rows.assign(whole=""), 0 if regions else unplaced


def _n_cases(scores: pd.DataFrame) -> int:
    one = scores[scores["indicator"] == "online_cases"]
    return int((one["n"] + one["n_left_out"]).sum())


def _spread(found: Opened, *, by: tuple[str, ...], regions: tuple[str, ...]) -> pd.DataFrame:
    """Give median and ninth decile of the working days taken, one row per group."""
    wide = quantiles_of(found, by=by, q=tuple(SPREAD), regions=regions).assign(whole="")
    wide = wide.assign(name=wide["q"].map(SPREAD))
    return wide.pivot(index=list(by) or "whole", columns="name", values="actual_days").reset_index()


def _keys(by: tuple[str, ...], regions: tuple[str, ...]) -> tuple[str, ...]:
    return by if not regions or "region_code" in by else ("region_code", *by)


def _shown(rows: pd.DataFrame, *, by: tuple[str, ...], items: pd.DataFrame, quantiles: bool) -> Table:
    """Give the table people read: names beside codes."""
    keys: list[str | Column] = []
    for key in by:
        keys += {"region_code": ["region"], "base_code": ["base_code", "item_name"]}.get(key, [key])
    if "base_code" in by:
        on = [key for key in ("region_code", "base_code") if key in by]
        rows = rows.merge(item_names(items)[[*on, "item_name"]].drop_duplicates(on), on=on, how="left")
    rows = rows.assign(**{key: rows[key].replace("", BLANK) for key in ("department", "channel", "month") if key in by})
    return table(rows, caption="办件时效", columns=[*keys, *RESULT, *(SPREAD.values() if quantiles else ())])
