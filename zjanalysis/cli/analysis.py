"""``zj measure``: the commands that compute."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import pandas as pd

from zjanalysis.analysis.indicators import ITEM_INDICATORS, Scope, as_written
from zjanalysis.analysis.indicators import measure as measure_items
from zjanalysis.cli.chinese import listed
from zjanalysis.cli.output import print_table, save
from zjanalysis.columns import ITEM_COLUMNS, label
from zjanalysis.display.tables import table
from zjanalysis.errors import ConfigError, unknown_name
from zjanalysis.inputs.period import Period, load_period
from zjanalysis.inputs.regions import region_code

EVERYTHING = "全部"
RESULT = ("value", "numerator", "denominator", "n", "n_left_out")


def measure(arguments: argparse.Namespace) -> int:
    """Print, and with ``--out`` save, the scores of a period."""
    period = load_period(arguments.data, arguments.period)
    items = as_written(period.items) if arguments.as_written else period.items
    if arguments.region:
        items = items[items["region_code"].isin([region_code(r) for r in listed(arguments.region)])]
    scope = _scope(period, arguments)
    by = _columns(arguments.by, period.items)
    scores = measure_items(items, ITEM_INDICATORS, by=by, scope=scope)
    scores = scores[(scores["n"] > 0) | (scores["n_left_out"] > 0)]
    if scores.empty:
        raise ConfigError("所选范围内没有事项。", "请用 --level 全部 或 --scope 全部 放宽范围，或检查 --region。")
    units = "按原文数字，未折算" if arguments.as_written else "自然日、月、年等已折算为工作日"
    print(f"{period.dataset.title} · {period.name} · 截止 {period.cutoff} · 时限{units}")
    print(f"统计范围：事项类型 {_said(scope.item_types)}；行使层级 {_said(scope.use_levels)}；只计在用的最新版本")
    keys = tuple(key for column in by for key in ((column, "region") if column == "region_code" else (column,)))
    shown = table(scores, caption="指标", columns=(*keys, "indicator", *RESULT))
    print_table(shown)
    if arguments.out:
        save(scores, shown, Path(arguments.out), title=f"{period.dataset.title} {period.name} 指标")
    return 0


def _scope(period: Period, arguments: argparse.Namespace) -> Scope:
    """Give the scope of the data set, changed by ``--scope`` and ``--level``."""
    scope = Scope(item_types=period.dataset.item_types, use_levels=period.dataset.use_levels)
    if arguments.scope:
        scope = replace(scope, item_types=() if arguments.scope == EVERYTHING else listed(arguments.scope))
    if arguments.level:
        scope = replace(scope, use_levels=() if arguments.level == EVERYTHING else listed(arguments.level))
    known = {
        "item_types": set(period.items["item_type"].dropna()),
        "use_levels": set(period.items["use_level"].dropna()),
    }
    for kind, given, names in (
        ("事项类型", scope.item_types, known["item_types"]),
        ("行使层级", scope.use_levels, set("1234567")),
    ):
        for name in given or ():
            if name not in names and (kind == "行使层级" or arguments.scope):
                raise unknown_name(kind, name, sorted(names))
    return scope


def _columns(given: str, items: pd.DataFrame) -> tuple[str, ...]:
    """Turn ``--by`` (Chinese headers or keys) into column keys."""
    if given == EVERYTHING:
        return ()
    by_name = (
        {c.label: c.key for c in ITEM_COLUMNS} | {c.key: c.key for c in ITEM_COLUMNS} | {label("region"): "region_code"}
    )
    keys = []
    for name in listed(given):
        if name not in by_name or by_name[name] not in items:
            raise unknown_name("分组列", name, ("地区", "实施主体", "事项类型", "行使层级", EVERYTHING))
        keys.append(by_name[name])
    return tuple(dict.fromkeys(keys))


def _said(names: tuple[str, ...] | None) -> str:
    if names is None:
        return "按各指标口径"
    return "、".join(names) if names else EVERYTHING
