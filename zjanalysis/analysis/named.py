"""Scores as an analyst asks for them and reads them: names are taken for codes, 地区 and 指标 stand beside the keys."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from zjanalysis.analysis import compare
from zjanalysis.analysis import indicators as plain
from zjanalysis.analysis.registry import ITEM_INDICATORS, PLAN_SCOPE, Indicator, Scope
from zjanalysis.analysis.series import KNOWN
from zjanalysis.columns import ITEM_COLUMNS, label
from zjanalysis.errors import ConfigError, NoData, unknown_name
from zjanalysis.inputs.dataset import use_levels
from zjanalysis.inputs.period import Period
from zjanalysis.inputs.reference import read_reference
from zjanalysis.inputs.regions import names_in, region_codes, region_name


def measure(
    items: pd.DataFrame | Period,
    indicators: str | Indicator | Iterable[str | Indicator] = ITEM_INDICATORS,
    *,
    by: str | Iterable[str] = "region_code",
    scope: Scope | str | Iterable[str] | None = None,
) -> pd.DataFrame:
    """Return the scores of items, or of a period's: a row per group and indicator, as `indicators.measure` computes it.

    ``by`` are columns by key or by Chinese head (地区, 实施主体 …). The scope is that of the period, else of the plan.
    Raises UnknownName for a column or indicator nobody knows, ConfigError for what is no table of items.

    >>> import zjanalysis as zj
    >>> scores = zj.measure(zj.load_period("data/sample", "2021Q1"), "跑动率", by="地区")
    >>> scores[["地区", "指标", "n"]].query("地区 == '遂溪县'").values.tolist()
    [['遂溪县', '跑动率', 221]]
    """
    if isinstance(items, Period):
        scope = scope or Scope(items.dataset.item_types, items.dataset.use_levels)
        items = items.items
    if not isinstance(items, pd.DataFrame) or "in_force" not in items:
        kind = "别的表" if isinstance(items, pd.DataFrame) else type(items).__name__
        raise ConfigError(f"measure 要一张事项表，得到的是{kind}。", "例如 zj.measure(me.items)。")
    wanted = [indicators] if isinstance(indicators, (str, Indicator)) else indicators
    keys = group_columns([by] if isinstance(by, str) else by, items)
    return named(plain.measure(items, wanted, by=keys, scope=scope_of(scope or PLAN_SCOPE, items)))


def standings(
    items: pd.DataFrame,
    *,
    regions: str | int | Iterable[str | int],
    indicators: str | Indicator | Iterable[str | Indicator] = compare.KEY,
    scope: Scope | str | Iterable[str] = PLAN_SCOPE,
) -> pd.DataFrame:
    """Return 位次, 达标 and 判断 of regions, by name or code, taken as one group (`compare.standings`).

    Raises UnknownName for a region nobody knows, NoData where none of them has items.
    """
    codes = region_codes(regions)
    if not items["region_code"].isin(codes).any():
        raise NoData(
            f"事项表里没有{'、'.join(map(region_name, codes[:3]))}的事项。", "请检查 regions，或换一张事项表。"
        )
    wanted = [indicators] if isinstance(indicators, (str, Indicator)) else indicators
    return named(compare.standings(items, regions=codes, indicators=wanted, scope=scope_of(scope, items)))


def scope_of(scope: Scope | str | Iterable[str], items: pd.DataFrame) -> Scope:
    """Return a scope as an analyst writes it: types of items, or a Scope whose types and levels may be one or several.

    Levels are names or codes. Raises UnknownName for a type that is neither official nor of one of the items, and for a
    level nobody knows.
    """
    asked = scope if isinstance(scope, Scope) else Scope(tuple(names_in(scope)))
    types = None if asked.item_types is None else known_types(names_in(asked.item_types), items)
    return Scope(types, use_levels(names_in(asked.use_levels)))


def known_types(names: Iterable[str], items: pd.DataFrame) -> tuple[str, ...]:
    """Return types of items as named; raises UnknownName for one that is neither official nor of one of the items."""
    there = sorted(items["item_type"].dropna().unique()) if "item_type" in items else []
    official = [row["text"] for row in read_reference("codes") if row["table"] == label("item_type")]
    for name in (names := tuple(names)):
        if name not in (*there, *official):
            raise unknown_name(label("item_type"), name, there or official)
    return names


def group_columns(names: Iterable[str], items: pd.DataFrame) -> tuple[str, ...]:
    """Return the keys of columns named by key or by Chinese head; 地区 is the code of the region."""
    keys = {name: column.key for column in ITEM_COLUMNS for name in (column.label, column.key)}
    keys |= {key: key for key in map(str, items.columns)} | {label("region"): "region_code", "region": "region_code"}
    for name in (names := list(names)):
        if keys.get(name) not in items:
            raise unknown_name("分组列", name, ("地区", "实施主体", "事项类型", "行使层级"))
    return tuple(dict.fromkeys(keys[name] for name in names))


def named(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of regions and indicators with both by name, 地区 and 指标, before the keys."""
    short = {one.key: one.short for one in KNOWN.values()}
    heads = {"地区": ("region_code", region_name), "指标": ("indicator", lambda key: short.get(str(key), str(key)))}
    words = {head: rows[key].map(word, na_action="ignore") for head, (key, word) in heads.items() if key in rows}
    return rows.assign(**words)[[*words, *rows.columns]]
