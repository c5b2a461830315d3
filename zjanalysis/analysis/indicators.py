"""One ``measure`` for every indicator, on pandas, DuckDB and Spark alike; everything after it is small pandas."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from zjanalysis.analysis.registry import ITEM_INDICATORS, ONE, PERMIT, PLAN_SCOPE, Indicator, Scope, indicator
from zjanalysis.columns import label
from zjanalysis.errors import NoData
from zjanalysis.inputs.reference import spellings


def measure(
    frame: Any,
    indicators: Iterable[str | Indicator] = ITEM_INDICATORS,
    *,
    by: tuple[str, ...] = ("region_code",),
    scope: Scope | None = PLAN_SCOPE,
) -> pd.DataFrame:
    """Return `scores`: for each group of ``by`` and each indicator the value and the two sums it is the ratio of.

    ``frame`` is a pandas table, a DuckDB relation or a Spark table with one row per item (or per case); all give
    equal scores. ``n`` rows are counted, ``n_left_out`` lie in scope but lack a number; ``value`` is missing when
    the denominator is 0. ``indicators`` are given by name or as records; ``scope`` None applies no common scope (for
    tables that are not items).

    >>> items = pd.DataFrame({"region_code": "440800", "item_type": "行政许可", "use_level": "3", "in_force": True,
    ...     "limit_reason": [None, None, "缺法定时限"], "statutory_days": [20.0, 10, None],
    ...     "promised_days": [5.0, 1, 2]})
    >>> measure(items, ["time_compression"])[["numerator", "denominator", "value", "n", "n_left_out"]]
       numerator  denominator  value  n  n_left_out
    0       24.0         30.0    0.8  2           1
    """
    wanted = tuple(map(indicator, indicators))
    flags = _flags(wanted, scope)
    raw = {name: part for i in wanted for name, part in _raw(i).items()}
    rows = nw.from_native(frame).select(*by, **dict(flags.values()), **raw)
    prepared = rows.with_columns(**{name: part for i in wanted for name, part in _parts(i, flags[i.key][0]).items()})
    sums = [sum_ for i in wanted for sum_ in _sums(i)]
    counts = [nw.col(name).count() for name in dict.fromkeys(name for name, _ in flags.values())]
    summed = prepared.group_by(*by).agg(*sums, *counts) if by else prepared.select(*sums, *counts)
    return _scores(to_pandas(summed), wanted, by, flags={key: name for key, (name, _) in flags.items()})


def in_scope(items: pd.DataFrame, scope: Scope | None = PLAN_SCOPE, *, one: Indicator | None = None) -> pd.DataFrame:
    """Return the rows that lie in the scope (of one indicator, where given), numbers or not."""
    if scope is None and one is None:
        return items
    inside = _inside(one, scope) if one else (scope or PLAN_SCOPE).expression()
    kept: pd.DataFrame = nw.from_native(items, eager_only=True).filter(inside).to_native()
    return kept


def emptied_by(items: pd.DataFrame, scope: Scope = PLAN_SCOPE) -> tuple[str, str]:
    """Return which rule of the scope leaves none of the items, and how to widen it: two sentences, "" when some count.

    A scope that leaves the types open is taken with those of the six indicators a report leads with.

    >>> items = pd.DataFrame({"in_force": True, "item_type": ["行政许可"] * 3, "use_level": ["2", None, None]})
    >>> emptied_by(items)[0]
    '3 个事项都不在统计范围内：只计行使层级市级、县级，而它们是没有写 2 个、省级 1 个。'
    """
    left = items[items["in_force"].fillna(False).astype("bool")]
    if len(items) and left.empty:
        return (
            f"{len(items)} 个事项都不在统计范围内：没有一个是在用事项的最新版本。",
            "仍在办理的，请把“事项状态”改为“在用”。",
        )
    types = PERMIT if scope.item_types is None else scope.item_types
    allowed = {"item_type": types, "use_level": scope.use_levels}
    inside = {key: left[key].isin(some) | (not some) for key, some in allowed.items()}
    if left.empty or (inside["item_type"] & inside["use_level"]).any():
        return "", ""
    alone = [key for key, mask in inside.items() if not mask.any()]
    rows = left if alone else left[inside["item_type"]]
    why, how = zip(*(_emptied(rows[key], allowed[key]) for key in alone or ["use_level"]), strict=True)
    return f"{len(items)} 个事项都不在统计范围内：{'；'.join(why)}。", "；".join(how) + "。"


def refuse_empty(items: pd.DataFrame, scope: Scope, name: str) -> None:
    """Raise NoData that names the rule when none of the items, which are those of ``name``, lies in the scope."""
    why, hint = emptied_by(items, scope)
    if why:
        raise NoData(f"{name}的 {why}", hint)


def _emptied(written: pd.Series, allowed: Iterable[str]) -> tuple[str, str]:
    """Return what one rule asks for and what the items say instead, and how to widen it."""
    name, option = label(str(written.name)), {"item_type": "scope"}.get(str(written.name), "level")
    words = {code: text for text, code in reversed(spellings("use_level").items())} if option == "level" else {}
    counts = (
        written.astype("object").where(written.notna(), "没有写").map(lambda one: words.get(one, one)).value_counts()
    )
    said = "、".join(f"{one} {n} 个" for one, n in counts.head(6).items())
    fill = f"请补填“{name}”；" if written.isna().any() else ""
    widen = f"不论{name}都计入的，在 dataset.toml 的 [scope] 写 {written.name}s = []，zj measure 则加 --{option} 全部"
    return f"只计{name}{'、'.join(words.get(one, one) for one in allowed)}，而它们是{said}", fill + widen


def _inside(one: Indicator, scope: Scope | None) -> nw.Expr:
    return one.scope if scope is None else scope.expression(one.item_types) & one.scope


def _flags(wanted: tuple[Indicator, ...], scope: Scope | None) -> dict[str, tuple[str, nw.Expr]]:
    """Return for each indicator the column that marks its rows in scope, one column for all that share a scope."""
    shared: dict[tuple[object, ...], str] = {}
    flags: dict[str, tuple[str, nw.Expr]] = {}
    for one in wanted:
        name = shared.setdefault((id(one.scope), () if scope is None else one.item_types), f"in_{one.key}")
        flags[one.key] = (name, nw.when(_inside(one, scope)).then(nw.lit(1)))
    return flags


def _raw(one: Indicator) -> dict[str, nw.Expr]:
    """Return the two numbers of every row, in scope or not; a denominator of one per row needs no column."""
    above = {f"numerator_{one.key}": one.numerator}
    return above if one.denominator is ONE else {**above, f"denominator_{one.key}": one.denominator}


def _parts(one: Indicator, flag: str) -> dict[str, nw.Expr]:
    """Return the columns whose sums make a score; a row counts when it is in scope and has both numbers."""
    names = list(_raw(one))
    counts = ~nw.any_horizontal(*(nw.col(name).is_null() for name in (flag, *names)), ignore_nulls=False)
    return {name: nw.when(counts).then(nw.col(name)) for name in names}


def _sums(one: Indicator) -> list[nw.Expr]:
    """Return the sums of one indicator; where the denominator is one per row, it is the number of rows."""
    numerator = nw.col(f"numerator_{one.key}")
    sums = [numerator.sum(), numerator.count().alias(f"n_{one.key}")]
    return sums if one.denominator is ONE else [*sums, nw.col(f"denominator_{one.key}").sum()]


def to_pandas(table: Any) -> pd.DataFrame:
    """Bring a small narwhals table home as pandas (DuckDB and Spark run here); pyarrow is not needed."""
    if isinstance(table, nw.LazyFrame) and table.implementation.is_pyspark():
        rows = table.to_native()  # its own way to pandas asks for pyarrow and warns about pandas 3
        return pd.DataFrame([tuple(row) for row in rows.collect()], columns=rows.columns)
    eager = table.collect(backend="pandas") if isinstance(table, nw.LazyFrame) else table
    home: pd.DataFrame = eager.to_native()
    return home


def _scores(
    sums: pd.DataFrame, wanted: tuple[Indicator, ...], by: tuple[str, ...], *, flags: Mapping[str, str]
) -> pd.DataFrame:
    """Turn the wide sums into one row per group and indicator, in the order of the groups and of the registry."""
    ordered = sums.sort_values(list(by), kind="stable") if by else sums
    # A sum over no row is 0 in pandas and missing in SQL: this is the one place where missing becomes 0.
    numbers = ordered.drop(columns=list(by)).astype("float64").fillna(0.0)
    cells, place = numbers.to_numpy(), {name: position for position, name in enumerate(numbers)}

    def wide(name: Callable[[Indicator], str]) -> np.ndarray:
        return cells[:, [place[name(one)] for one in wanted]].ravel()

    n, numerator = wide(lambda one: f"n_{one.key}"), wide(lambda one: f"numerator_{one.key}")
    denominator = wide(lambda one: f"n_{one.key}" if one.denominator is ONE else f"denominator_{one.key}")
    value = np.divide(numerator, denominator, out=np.full(len(n), np.nan), where=denominator != 0)
    groups = ordered[list(by)].loc[ordered.index.repeat(len(wanted))].reset_index(drop=True)
    return groups.assign(
        indicator=pd.Series([one.key for one in wanted] * len(ordered), dtype="str"),
        value=value,
        numerator=numerator,
        denominator=denominator,
        n=n.astype("int64"),
        n_left_out=(wide(lambda one: flags[one.key]) - n).astype("int64"),
    )


def left_out(
    items: Any, indicators: Iterable[Indicator] = ITEM_INDICATORS, *, scope: Scope | None = PLAN_SCOPE
) -> pd.DataFrame:
    """Return how many rows in scope each indicator leaves out, by reason: region_code, indicator, reason, n.

    The n of a region and indicator sum to ``n_left_out`` of `measure`.
    """
    wanted = {one.key: one for one in indicators}
    reasons = {
        key: nw.when(_inside(one, scope) & (one.numerator.is_null() | one.denominator.is_null())).then(one.missing)
        for key, one in wanted.items()
    }
    rows = nw.from_native(items).select("region_code", **reasons)
    alike = to_pandas(rows.group_by("region_code", *wanted).agg(n=nw.len()))  # few: rows lack the same numbers
    each = alike.melt(["region_code", "n"], list(wanted), "indicator", "reason").dropna(subset="reason")
    table = each.groupby(["region_code", "indicator", "reason"], dropna=False)["n"].sum().reset_index()
    place = table["indicator"].map({key: position for position, key in enumerate(wanted)})
    ordered = table.loc[place.sort_values(kind="stable").index].reset_index(drop=True)
    return ordered.astype({"n": "int64", "reason": "str"})


def as_written(items: pd.DataFrame) -> pd.DataFrame:
    """Return the items with both limits as the numbers written, no unit converted (30自然日 counts as 30).

    A pair left out only because its unit is unknown becomes usable, since no unit is needed.
    """
    numbers = items["statutory_written"].notna() & items["promised_written"].notna() & (items["statutory_written"] > 0)
    usable = (items["limit_reason"] == "时限单位不明") & numbers
    return items.assign(
        statutory_days=items["statutory_written"],
        promised_days=items["promised_written"],
        limit_reason=items["limit_reason"].mask(usable),
    )
