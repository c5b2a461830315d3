"""The table a figure draws and a reader sees beside it: chosen, ordered, counted. No indicator is computed here."""

from __future__ import annotations

import pandas as pd

from zjanalysis.analysis.compare import DECIMALS
from zjanalysis.display import wording
from zjanalysis.display.known import about
from zjanalysis.inputs.regions import Layout, region_name

BANDS = (
    ("即办", 0), ("1日内", 1), ("2–3日", 3), ("4–5日", 5), ("6–10日", 10), ("11–20日", 20), ("21–60日", 60),
    ("60日以上", float("inf")),
)  # fmt: skip


def named(scores: pd.DataFrame) -> pd.DataFrame:
    """Give the rows with ``region``, the name of their region_code."""
    return scores.assign(region=[region_name(code) for code in scores["region_code"]])


def only(scores: pd.DataFrame, indicator: str) -> pd.DataFrame:
    """Give the rows of one indicator."""
    return scores[scores["indicator"] == about(indicator).key]


def best_first(scores: pd.DataFrame, *, by: str = "value") -> pd.DataFrame:
    """Give the rows of one indicator from best to worst; missing last, ties in the order of their codes or names."""
    keys = [name for name in ("region_code", "department") if name in scores]
    ordered = scores.sort_values(keys, kind="stable") if keys else scores
    higher = ordered.empty or about(ordered["indicator"].iloc[0]).better == "higher"
    return ordered.sort_values(by, ascending=not higher, kind="stable", na_position="last", ignore_index=True)


def ranked_rows(ranked: pd.DataFrame, *, indicator: str) -> pd.DataFrame:
    """Give one row per region, best first, with its name. ``ranked`` comes from analysis.compare.rank."""
    return best_first(named(only(ranked, indicator)))


def department_rows(scores: pd.DataFrame, *, indicator: str) -> pd.DataFrame:
    """Give one row per department of one region, best first; departments without any row in scope are left out."""
    rows = only(scores, indicator)
    return best_first(rows[rows["n"] > 0])


def day_bands(items: pd.DataFrame) -> pd.DataFrame:
    """Give how many items have their statutory and their promised limit in each band of working days.

    One row is a band. Items without a usable pair of limits (``limit_reason``) are left out, as in the indicators.

    >>> items = pd.DataFrame({"limit_reason": [None, None, "缺法定时限"], "statutory_days": [20, 3, 5],
    ...                       "promised_days": [3, 0, 1]})
    >>> day_bands(items).query("n_statutory + n_promised > 0").values.tolist()
    [['即办', 0, 1], ['2–3日', 1, 1], ['11–20日', 1, 0]]
    """
    usable = items[items["limit_reason"].isna()]
    names = [name for name, _ in BANDS]
    edges = [-float("inf"), *(last for _, last in BANDS)]

    def count(days: pd.Series) -> list[int]:
        return pd.cut(days, edges, labels=names).value_counts().reindex(names).astype(int).tolist()

    counts = {"n_statutory": count(usable["statutory_days"]), "n_promised": count(usable["promised_days"])}
    return pd.DataFrame({"band": names, **counts})


QUANTITIES = {"法定": "n_statutory", "承诺": "n_promised", "实际": "n_actual"}


def case_bands(days: pd.DataFrame) -> pd.DataFrame:
    """Give the cases of analysis.days_distribution side by side: band, n_statutory, n_promised, n_actual.

    >>> days = pd.DataFrame({"quantity": "实际", "limit_days": [0, 1, 5, None], "n": [4, 3, 2, 1]})
    >>> case_bands(days).values.tolist()
    [['即办', 4], ['1日内', 3], ['2–5日', 2], ['5日以上', 1]]
    """
    keys = days["quantity"].map(lambda words: next((key for part, key in QUANTITIES.items() if part in words), None))
    wide = days.assign(key=keys, limit_days=days["limit_days"].astype("float64").fillna(float("inf")))
    counts = wide.pivot_table(index="limit_days", columns="key", values="n", aggfunc="sum").sort_index()
    edges = [-1, *counts.index[:-1]]
    names = [_band(int(before), last) for before, last in zip(edges, counts.index, strict=True)]
    known = [key for key in QUANTITIES.values() if key in counts]
    return counts[known].astype("int64").reset_index(drop=True).assign(band=names)[["band", *known]]


def _band(before: int, last: float) -> str:
    if last == float("inf"):
        return f"{before}日以上"
    return "即办" if last == 0 else f"{last:g}日内" if before == 0 else f"{before + 1}–{last:g}日"


def visit_rows(scores: pd.DataFrame) -> pd.DataFrame:
    """Give one row per region: the shares of items that need no visit, one, or more, and the mean; fewest visits first.

    Put side by side from the scores zero_visit, at_most_once and visits; regions without any known visit come last.
    """
    wide = scores.pivot(index="region_code", columns="indicator", values="value").reset_index()
    parts = wide.assign(one_visit=wide["at_most_once"] - wide["zero_visit"], more_visits=1 - wide["at_most_once"])
    counts = only(scores, "visits")[["region_code", "n", "n_left_out"]]
    rows = named(parts.merge(counts, on="region_code", how="left"))
    wanted = ["region_code", "region", "n", "n_left_out", "zero_visit", "one_visit", "more_visits", "visits"]
    return rows[wanted].sort_values(["visits", "region_code"], na_position="last", ignore_index=True)


def change_rows(changes: pd.DataFrame, *, indicator: str) -> pd.DataFrame:
    """Give one row per region with ``value``, ``previous`` and ``change`` of one indicator, best first."""
    return best_first(named(only(changes, indicator)))


def tile_rows(scores: pd.DataFrame, *, indicator: str, layout: Layout) -> pd.DataFrame:
    """Give one row per region of the layout, in its order: value, ``standing`` to their median, row, column.

    The city's own rows are those of its departments and no yardstick for a county.

    A region without a row in ``scores`` has no value.
    """
    one = about(indicator)
    own = only(scores, indicator).drop_duplicates("region_code").set_index("region_code")
    rows = own.reindex(list(layout.places)).rename_axis("region_code").reset_index()
    median = rows["value"].median()
    places = list(layout.places.values())
    return named(rows).assign(
        indicator=one.key,
        median=median,
        standing=[standing_to(value, median, indicator=one.key) for value in rows["value"]],
        row=[row for row, _ in places],
        column=[column for _, column in places],
    )


def standing_to(value: float | None, whole: float | None, *, indicator: str) -> str:
    """Give 优于, 持平 or 落后 of a value to another, both as published, so that 0.08 never reads 持平 beside 0.07.

    >>> standing_to(0.0752, 0.0748, indicator="visits"), standing_to(0.9, None, indicator="instant")
    ('落后', '无数据')
    """
    if wording.missing(value) or wording.missing(whole):
        return wording.NO_DATA
    one = about(indicator)
    shown, other = (round(float(number or 0.0), DECIMALS.get(one.unit, 2)) for number in (value, whole))
    return wording.standing((shown - other) * one.sign, one.unit)
