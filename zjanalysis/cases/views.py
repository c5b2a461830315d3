"""The tables a page shows about cases, each from a `CaseSummary` (or an open table) in one call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from zjanalysis.analysis.indicators import in_scope, to_pandas
from zjanalysis.analysis.registry import indicator
from zjanalysis.cases.analysis import (
    CASE_INDICATORS,
    CaseSummary,
    canonical,
    case_counts,
    case_coverage,
    find_cases,
    roll_up,
    with_region,
)
from zjanalysis.cases.clock import CaseTable, rows_by
from zjanalysis.inputs.period import Period

BANDS = (0, 1, 3, 5, 10, 20, 30, 60)
_SUMS = ("value", "numerator", "denominator", "n", "n_left_out")
_QUANTITIES = {"actual_days": "实际办理", "promised_days": "承诺时限", "statutory_days": "法定时限"}


def case_overall(summary: CaseSummary) -> pd.DataFrame:
    """Return `scores` of every region, all indicators of cases but 办件覆盖率."""
    return roll_up(summary.by_month, by=("region_code",))


def every_region(period: Period, cases: CaseSummary) -> pd.DataFrame:
    """Return `scores` of every region, all indicators of cases, made once for all reports of the period."""

    def scored() -> pd.DataFrame:
        coverage = case_coverage(case_counts(cases.by_item), period.items)
        return pd.concat([case_overall(cases), coverage], ignore_index=True)

    return period.once(("case scores",), scored)


def share_cases(me: Any) -> None:
    """Compute what the reports of a study's group say alike about cases, once for all of them."""
    cases = find_cases(me.period, settings=me.settings)
    if cases is not None:
        _ = every_region(me.period, cases), me.caseload(case_counts(cases.by_item))


def case_trend(summary: CaseSummary, *, region: str) -> pd.DataFrame:
    """Return `scores` of one region by month in which cases were due; without those not due yet."""
    trend = roll_up(summary.by_month, by=("region_code", "month"))
    return _own(trend[trend["month"] != ""], region)


def case_departments(summary: CaseSummary, *, region: str) -> pd.DataFrame:
    """Return one row per department (`case_table`), most late cases first: finished late or open past the due day."""
    return _worst(roll_up(_own(summary.by_item, region), by=("region_code", "department")), by=["department"])


def case_items(summary: CaseSummary, *, region: str, top: int = 20) -> pd.DataFrame:
    """Return the items with the most late cases: counts, on-time share, mean, median and p90 beside the promise.

    Only items with a late case, finished late or open past its due day, are listed; median and p90 are exact
    (`quantiles`). At most ``top`` of them (0: all).
    """
    keys = ["base_code", "department"]
    worst = _worst(roll_up(_own(summary.by_item, region), by=("region_code", *keys)), by=keys)
    spread = quantiles(summary.days, by=["region_code", "base_code"]).drop(columns="n")
    late = worst[worst["n_late"] + worst["n_overdue"] > 0][: top or None]
    for described in (summary.names, spread):
        late = late.merge(described, on=["region_code", "base_code"], how="left")
    return late


SPREAD = {"median_days": 0.5, "p90_days": 0.9}
"""Quantiles of the days taken that tables show, by what their columns are called."""


def quantiles_of(table: CaseTable, *, by: tuple[str, ...], regions: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return `quantiles` of an open table by any of its groups (department, channel, month as well), as exact.

    Without groups they are those of the ``whole``, an empty text. Finished cases are counted by group and number of
    days in the engine. ``regions`` (codes) keeps only theirs; cases of an unknown region are left out, as in
    `scores_of`.
    """
    groups = with_region(by)
    keys = [*groups, "actual_days"]
    rows = rows_by(table, groups).filter(nw.col("done"))
    counted = to_pandas(rows.select(*keys).group_by(*keys).agg(nw.len().alias("n")))
    counts = canonical(counted.astype({"actual_days": "float64", "n": "int64"}), by=groups)
    own = counts[counts["region_code"].isin(regions)] if regions else counts
    return quantiles(own.assign(whole=""), by=list(by) or ["whole"])


def quantiles(days: pd.DataFrame, *, by: list[str], q: Mapping[str, float] = SPREAD) -> pd.DataFrame:
    """Return quantiles of the working days that finished cases took (``n`` of them), one row per group.

    ``q``: column → share. Exact, on every engine: working days are whole numbers, so their counts say everything. The
    quantile is the smallest number of days within which at least that share of the cases was finished.
    """
    counts = days.groupby([*by, "actual_days"], as_index=False)[["n"]].sum()
    group = counts.groupby(by)["n"]
    share = group.cumsum() / group.transform("sum")
    reached = {name: counts["actual_days"].where(share >= level - 1e-12) for name, level in q.items()}
    return counts.assign(**reached).groupby(by, as_index=False).agg({**dict.fromkeys(q, "min"), "n": "sum"})


def loose_promises(
    summary: CaseSummary, items: pd.DataFrame, *, region: str, at_least: int = 20, share: float = 0.95
) -> pd.DataFrame:
    """Return items whose promise is far looser than practice: what could be promised, and what that gains.

    ``shorter_promise`` is the number of working days within which ``share`` of the cases were finished (at least 1
    where the promise is not 即办); items with fewer than ``at_least`` finished cases or less than 2 days to save are
    not listed. ``gain``: by how much the region's 时限压缩率（总量口径） rises when every 办理项 of the code in scope
    takes that promise. Sorted by gain; the sum over the list is the gain of all.
    """
    practice = quantiles(_own(summary.days, region), by=["base_code"], q={"shorter_promise": share})
    enough = practice[practice["n"] >= at_least]
    scope = in_scope(items[items["region_code"] == region], one=indicator("time_compression"))
    counted = scope[scope["limit_reason"].isna()]
    rows = counted.merge(enough, left_on="match_code", right_on="base_code", suffixes=("_item", ""))
    shorter = rows["shorter_promise"].clip(lower=1)
    saved = rows.assign(shorter_promise=shorter, days_saved=(rows["promised_days"] - shorter).clip(lower=0))
    listed = saved.groupby("base_code", as_index=False).agg(
        item_name=("item_name", "first"), department=("department", "first"), case_count=("n", "first"),
        statutory_days=("statutory_days", "max"), promised_days=("promised_days", "max"),
        shorter_promise=("shorter_promise", "first"), days_saved=("days_saved", "max"), total=("days_saved", "sum"),
    )  # fmt: skip
    gain = listed["total"] / counted["statutory_days"].sum()
    worth = listed.assign(gain=gain).query("days_saved >= 2").drop(columns="total")
    return worth.sort_values(["gain", "base_code"], ascending=[False, True], ignore_index=True)


def days_distribution(summary: CaseSummary, *, region: str) -> pd.DataFrame:
    """Return how cases spread over days, actual beside promised beside statutory: quantity, limit_days, n, share.

    One row is the cases of at most ``limit_days`` working days and more than the row before; the last row has no limit
    (missing). Cases without that limit are left out of its shares.
    """
    days = _own(summary.days, region)
    edges = [-np.inf, *BANDS, np.inf]
    blocks = []
    for key, words in _QUANTITIES.items():
        limited = days.dropna(subset=[key])
        band = pd.cut(limited[key], edges, labels=False)
        counts = limited.groupby(band)["n"].sum().reindex(range(len(edges) - 1), fill_value=0)
        blocks.append(pd.DataFrame({"quantity": words, "limit_days": [*BANDS, np.nan], "n": counts.to_numpy(),
                                    "share": (counts / max(counts.sum(), 1)).to_numpy()}))  # fmt: skip
    return pd.concat(blocks, ignore_index=True)


def overdue_cases(summary: CaseSummary, *, region: str, top: int = 50) -> pd.DataFrame:
    """Return the open cases past their due day, longest overdue first, for 督办: number, item, department, days.

    At most ``top`` of them (0: all).
    """
    return _own(summary.overdue, region)[: top or None]


def _own(table: pd.DataFrame, region: str) -> pd.DataFrame:
    return table[table["region_code"] == region].reset_index(drop=True)


def _worst(scores: pd.DataFrame, *, by: list[str]) -> pd.DataFrame:
    """Return scores laid out as counts of cases, most late ones first."""
    laid = case_table(scores, by=("region_code", *by))
    ordered = laid.assign(late=-laid["n_late"] - laid["n_overdue"])
    return ordered.sort_values(["late", "on_time_share", *by], ignore_index=True).drop(columns="late")


def case_table(scores: pd.DataFrame, *, by: tuple[str, ...]) -> pd.DataFrame:
    """Return the scores of cases laid out in one row per group: counts, shares, days, in the order of the groups.

    case_count (every case), n_finished (both days usable, in order), n_judged (with a due day as well), n_late (of
    them), on_time_share, on_time_finished_share, mean_days, speedup_share, online_share, n_open, n_overdue (open past
    the due day). A share without a denominator is missing.
    """
    columns = pd.MultiIndex.from_product([_SUMS, [one.key for one in CASE_INDICATORS]])  # where there are no rows too
    wide = pd.DataFrame(scores.assign(whole="").set_index(["whole", *by, "indicator"]).unstack(), columns=columns)
    # Scores of every indicator exist for every group, so nothing is missing but values without a denominator.
    late = wide[("denominator", "on_time_finished")] - wide[("numerator", "on_time_finished")]
    laid = pd.DataFrame({
        "case_count": wide[("n", "online_cases")] + wide[("n_left_out", "online_cases")],
        "n_finished": wide[("n", "actual_days")], "n_judged": wide[("n", "on_time_finished")],
        "n_late": late.astype("int64"), "on_time_share": wide[("value", "on_time")],
        "on_time_finished_share": wide[("value", "on_time_finished")], "mean_days": wide[("value", "actual_days")],
        "speedup_share": wide[("value", "actual_speedup")], "online_share": wide[("value", "online_cases")],
        "n_open": wide[("n", "overdue_open")] + wide[("n_left_out", "overdue_open")],
        "n_overdue": wide[("numerator", "overdue_open")].astype("int64"),
    })  # fmt: skip
    return laid.reset_index().drop(columns="whole")
