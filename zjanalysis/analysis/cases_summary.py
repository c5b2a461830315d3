"""A period's cases boiled down once, in the engine; what comes after is small, plain pandas, and no engine is open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import narwhals as nw
import pandas as pd

from zjanalysis.analysis.cases import scores_of, source_of
from zjanalysis.analysis.cases_findings import case_findings, day_text
from zjanalysis.analysis.cases_limits import item_names
from zjanalysis.analysis.cases_open import Opened, opened
from zjanalysis.analysis.indicators import to_pandas
from zjanalysis.inputs.calendar import calendar_day, calendar_table
from zjanalysis.inputs.cases import CaseSource
from zjanalysis.inputs.period import Period
from zjanalysis.inputs.regions import find_code
from zjanalysis.settings import Settings, load_settings

BY_MONTH = ("region_code", "month", "channel")
BY_ITEM = ("region_code", "department", "base_code")


@dataclass(frozen=True)
class CaseSummary:
    """What a period's cases say, without the cases.

    ``by_month`` and ``by_item``: scores by region, month, channel and by region, department, base code. ``days``: how
    many finished cases took how long (region, base code, promised, statutory and actual working days, n). ``overdue``:
    open cases past their due day, longest overdue first. ``names``: the items. All are mergeable sums or lists.
    """

    title: str
    cutoff: date
    sample: bool
    n_cases: int
    by_month: pd.DataFrame
    by_item: pd.DataFrame
    days: pd.DataFrame
    overdue: pd.DataFrame
    findings: pd.DataFrame
    names: pd.DataFrame


def case_summary(
    source: CaseSource | Period, *, engine: Any = "duckdb", cases: Any = None, settings: Settings | None = None
) -> CaseSummary:
    """Read the cases of a period and boil them down: the one call that notebook and report need.

    ``engine``: "duckdb", "pandas" or a Spark session, with the same result. Raises InputError for cases that cannot
    be read; a case that does not fit is a finding.
    """
    known = settings or load_settings()
    found = source_of(source, known)
    with opened(found, engine=engine, cases=cases, settings=known) as table:
        by_month = scores_of(table, by=BY_MONTH)
        by_item = scores_of(table, by=BY_ITEM)
        days = _days(table)
        overdue = _overdue(table, cutoff=found.cutoff, limit=known.cases.overdue_rows)
        counts = case_counts(by_item)
        findings = case_findings(table, title=found.title, counts=counts, items=found.items)
    names = item_names(found.items)
    listed = overdue.merge(
        names[["region_code", "base_code", "item_name"]], on=["region_code", "base_code"], how="left"
    )
    n_cases = int(counts["n"].sum())
    return CaseSummary(
        found.title, found.cutoff, found.sample, n_cases, by_month, by_item, days, listed, findings, names
    )


def case_counts(by_item: pd.DataFrame) -> pd.DataFrame:
    """Give region_code, base_code and n: every case, finished or not, dates usable or not."""
    all_rows = by_item[by_item["indicator"] == "online_cases"]
    counted = all_rows.assign(n=all_rows["n"] + all_rows["n_left_out"])
    return counted.groupby(["region_code", "base_code"], as_index=False)[["n"]].sum()


def _days(table: Opened) -> pd.DataFrame:
    keys = ["region_code", "base_code", "promised_days", "statutory", "actual_days"]
    done = table.rows.filter(nw.col("done")).select(*keys)
    counted = to_pandas(done.group_by(*keys).agg(nw.len().alias("n")))
    numbers = {name: counted[name].astype("float64") for name in keys[2:]}
    named = counted.assign(**numbers, base_code=counted["base_code"].astype("str").str.strip())
    known = _coded(named).dropna(subset=["region_code"]).rename(columns={"statutory": "statutory_days"})
    keys[3] = "statutory_days"
    return known.groupby(keys, as_index=False, dropna=False)[["n"]].sum()


def _overdue(table: Opened, *, cutoff: date, limit: int) -> pd.DataFrame:
    columns = ["case_no", "region_code", "department", "base_code", "accept_day", "promised_days", "due_ordinal"]
    late = table.rows.filter(nw.col("overdue") == 1).select(*columns)
    first = late.sort("due_ordinal", "case_no", nulls_last=True).head(limit)
    listed = _coded(to_pandas(first)).dropna(subset=["region_code"])
    due = listed["due_ordinal"].astype("float64").apply(lambda ordinal: -(-ordinal // 1)).astype("int64")
    working = calendar_table().query("working").set_index("ordinal")["day"]
    texts = {name: listed[name].astype("str").str.strip() for name in ("case_no", "department", "base_code")}
    dated = listed.assign(
        **texts,
        accepted_date=day_text(listed["accept_day"].astype("float64")).astype("str"),
        due_date=day_text(due.map(working).astype("float64")).astype("str"),
        days_overdue=int(calendar_day(cutoff)["ordinal"]) - due,
        promised_days=listed["promised_days"].astype("float64"),
    )
    ordered = dated.sort_values(["days_overdue", "case_no"], ascending=[False, True], ignore_index=True)
    return ordered[["region_code", "case_no", "base_code", "department", "accepted_date", "promised_days", "due_date",
                    "days_overdue"]]  # fmt: skip


def _coded(table: pd.DataFrame) -> pd.DataFrame:
    codes = {spelling: find_code(str(spelling)) for spelling in table["region_code"].dropna().unique()}
    return table.assign(region_code=table["region_code"].map(codes).astype("str"))
