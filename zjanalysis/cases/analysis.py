"""Indicators of cases (办件) on every engine, and a period's cases boiled down to small tables, once for all reports.

方案任务三（三）: 确保每一事项的实际办理时限在承诺时限内完成. A case counts from the working day after its acceptance.
The indicators have the registry form of the items' and are summed by the same `measure`; what does not fit is counted
by region and rule. What comes after `case_summary` is small, plain pandas, and no engine is open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from zjanalysis.analysis.indicators import measure, to_pandas
from zjanalysis.analysis.registry import ALL, ONE, Indicator
from zjanalysis.cases.clock import CaseTable, open_cases, rows_by
from zjanalysis.cases.inputs import CaseSource, find_case_source, region_codes
from zjanalysis.columns import label
from zjanalysis.inputs.calendar import EPOCH, calendar_day, calendar_table, covered_years
from zjanalysis.inputs.findings import WHOLE, Place, Rows, Violation, findings_of, rows_of
from zjanalysis.inputs.period import Period, cached, key_of
from zjanalysis.settings import Settings, load_settings

_AT, _TO = nw.col("accept_day"), nw.col("finish_day")
_AT_COVERED, _TO_COVERED = ~nw.col("accept_ordinal").is_null(), ~nw.col("finish_ordinal").is_null()

# Rule of reference/rules.csv → the column it speaks of, the cases that break it (None: looked at over whole groups).
CASE_RULES: dict[str, tuple[str, nw.Expr | None]] = {
    "case_no_accept": ("accepted", ~nw.col("accept_given")),
    "case_accept_unreadable": ("accepted", nw.col("accept_given") & _AT.is_null()),
    "case_accept_uncovered": ("accepted", ~_AT.is_null() & ~_AT_COVERED),
    "case_finish_unreadable": ("finished", nw.col("finish_given") & _TO.is_null()),
    "case_finish_uncovered": ("finished", ~_TO.is_null() & ~_TO_COVERED),
    "case_finish_after": ("finished", nw.col("finished_after")),
    "case_reversed": ("finished", _TO < _AT),
    "case_no_promise": ("promised", nw.col("due_ordinal").is_null() & _AT_COVERED),
    "case_accept_after": ("accepted", None),
    "case_unknown_region": ("region_code", None),
    "case_more_finished": ("finished", None),
    "case_twice": ("case_no", None),
    "case_unknown_item": ("base_code", None),
}
_BROKEN = {key: broken for key, (_, broken) in CASE_RULES.items() if broken is not None}


def case_findings(table: CaseTable, *, title: str, counts: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """Return `findings` of cases: dates, order, promises, numbers, regions and items nobody knows, finished > accepted.

    ``counts`` has region_code, base_code and n (cases). One row is one rule in one region; ``value`` is how many.
    """
    by_spelling = _counted(table)
    by_region = by_spelling.fillna({"region_code": ""}).groupby("region_code", as_index=False).sum(numeric_only=True)
    unknown = by_spelling[by_spelling["region_code"].isna()]
    in_regions = by_region[by_region["region_code"] != ""]
    more = in_regions[in_regions["finish_given"] > in_regions["accept_given"]]
    covered = "{}–{}".format(*covered_years())
    broken = (by_region.assign(n=by_region[key], covered=covered).query("n > 0") for key in _BROKEN)
    parts = [
        *(_findings(key, rows, other="covered") for key, rows in zip(_BROKEN, broken, strict=True)),
        _findings("case_accept_after", _in_codes(table.later)),
        _findings("case_unknown_region", unknown.fillna({"region_code": "", "written": "（空）"}), value="written"),
        _findings("case_more_finished", more, value="finish_given", other="accept_given"),
        _findings("case_twice", _in_codes(table.dropped)),
        _findings("case_unknown_item", _unknown_items(counts, items), other="n_codes"),
    ]
    return findings_of(parts).assign(file=title)


def _in_codes(counts: Mapping[str | None, int]) -> pd.DataFrame:
    """Return counts of rows by region as written added up by its code, "" where nobody knows it."""
    written = pd.DataFrame({"region_code": list(counts), "n": list(counts.values())}, dtype="object")
    codes = region_codes(written["region_code"]).fillna("")
    return written.assign(region_code=codes).groupby("region_code", as_index=False)[["n"]].sum()


def _findings(rule: str, rows: pd.DataFrame, *, value: str = "n", other: str = "n") -> Rows:
    """Return one finding per row; ``value`` is the column that says how many, or what was written."""
    column = CASE_RULES[rule][0]
    places, words = {column: Place("", label(column, "cases"))}, rows[[value, other]].astype("str").to_numpy()
    return [finding for code, said in zip(rows["region_code"], words, strict=True) for finding in
            rows_of([Violation(rule, WHOLE, column, *said)], file="", places=places, regions={0: code})]  # fmt: skip


def _counted(table: CaseTable) -> pd.DataFrame:
    """Return for every spelling of a region: its code, its cases n, how many have dates, how many break each rule."""
    flags = _BROKEN | {name: nw.col(name) for name in ("accept_given", "finish_given")}
    marked = table.rows.select("region_code", **{key: nw.when(flag).then(nw.lit(1)) for key, flag in flags.items()})
    sums = marked.group_by("region_code").agg(nw.len().alias("n"), *(nw.col(name).count() for name in flags))
    spelled = to_pandas(sums).astype(dict.fromkeys(("n", *flags), "int64")).sort_values("region_code")
    return spelled.assign(
        written=spelled["region_code"].astype("str"), region_code=region_codes(spelled["region_code"])
    )


def _unknown_items(counts: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    listed = items[["region_code", "match_code"]].drop_duplicates().rename(columns={"match_code": "base_code"})
    joined = counts.merge(listed, on=["region_code", "base_code"], how="left", indicator="where")
    unknown = joined[joined["where"].eq("left_only")]
    return unknown.groupby("region_code", as_index=False).agg(n=("n", "sum"), n_codes=("base_code", "nunique"))


_DONE, _OPEN, _ACTUAL, _STATUTORY = nw.col("done"), nw.col("is_open"), nw.col("actual_days"), nw.col("statutory")
_NO_DATES, _NO_LIMIT = nw.lit("缺日期或承诺时限"), nw.lit("缺法定时限")

CASE_INDICATORS: tuple[Indicator, ...] = (
    Indicator("on_time", "按时办结率", nw.col("on_time"), ONE, _DONE | (nw.col("overdue") == 1.0),
              "share", "higher", "办结日不晚于应办结日的件数 ÷（有两个日期和承诺时限的办结件数＋截止日逾期未结件数）",
              "方案任务三（三）", target=1.0, aim="number", target_text="每一事项在承诺时限内办结", short="按时办结率",
              item_types=(), missing=_NO_DATES),
    Indicator("on_time_finished", "办结件按时率", nw.col("on_time_finished"), ONE, _DONE,
              "share", "higher", "办结日不晚于应办结日的件数 ÷ 有两个日期和承诺时限的办结件数；不计逾期未结，只作对照",
              "方案任务三（三），对照口径", short="办结件按时率", item_types=(), missing=_NO_DATES),
    Indicator("actual_days", "平均实际办理时限", _ACTUAL, ONE, _DONE,
              "days", "lower", "Σ实际办理工作日 ÷ 办结件数；受理次日起算，含调休，特别程序时间不计", "方案任务三（三）",
              aim="rising", target_text="逐期缩短", short="平均实际办理", item_types=()),
    Indicator("actual_speedup", "实际提速", nw.when(_STATUTORY > 0).then(_STATUTORY - _ACTUAL),
              nw.when(_STATUTORY > 0).then(_STATUTORY), _DONE,
              "share", "higher", "Σ（法定时限−实际办理）÷ Σ法定时限", "方案任务（八），办件口径", short="实际提速",
              item_types=(), missing=_NO_LIMIT),
    Indicator("online_cases", "网上办件率", nw.col("online"), ONE, ALL,
              "share", "higher", "网上申请的办件数 ÷ 办件数", "方案任务（七）", aim="rising", target_text="逐期提高",
              short="网上办件率", item_types=(), missing=nw.lit("缺申请渠道")),
    Indicator("overdue_open", "逾期未结率", nw.col("overdue"), ONE, _OPEN,
              "share", "lower", "截止日已过应办结日仍未办结的办件数 ÷ 未办结件数", "方案任务三（三）", target=0.0,
              aim="number", target_text="没有逾期未结", short="逾期未结率", item_types=(), missing=_NO_DATES),
)  # fmt: skip

CASE_COVERAGE = Indicator(
    "case_coverage", "办件覆盖率", nw.col("has_cases"), ONE, ALL,
    "share", "higher", "有办件的基本编码数 ÷ 已认领（在用）的基本编码数", "方案任务（四）", aim="rising",
    target_text="每个国家基础编码事项都产生办件", short="办件覆盖率", item_types=(),
)  # fmt: skip

ALL_CASE_INDICATORS = (*CASE_INDICATORS, CASE_COVERAGE)


def scores_of(
    table: CaseTable, *, by: tuple[str, ...], indicators: Iterable[Indicator] = CASE_INDICATORS
) -> pd.DataFrame:
    """Return `scores` of an open table by region, department, base_code, channel, month (`rows_by`) or several of them.

    Groups that are one under their canonical names are added up. Cases of a region nobody knows are left out whatever
    the groups (and are a finding), so that every grouping adds up to the same.
    """
    keys = with_region(by)
    return roll_up(canonical(measure(rows_by(table, keys), indicators, by=keys, scope=None), by=keys), by=by)


def with_region(by: tuple[str, ...]) -> tuple[str, ...]:
    """Return the groups with the region among them.

    >>> with_region(("month",)), with_region(("month", "region_code"))
    (('region_code', 'month'), ('month', 'region_code'))
    """
    return by if "region_code" in by else ("region_code", *by)


def canonical(groups: pd.DataFrame, *, by: tuple[str, ...]) -> pd.DataFrame:
    """Return groups, one of them the region, under their canonical names: unknown regions left out, texts trimmed.

    This is done after the sums, where there are few rows.
    """
    named = groups.assign(region_code=region_codes(groups["region_code"])).dropna(subset=["region_code"])
    texts = [key for key in ("base_code", "department", "channel", "month") if key in by]
    return named.assign(**{key: named[key].astype("str").str.strip().fillna("") for key in texts})


def roll_up(scores: pd.DataFrame, *, by: tuple[str, ...]) -> pd.DataFrame:
    """Return scores added up to fewer groups: exact, since every indicator is a ratio of two sums.

    >>> parts = pd.DataFrame({"month": ["1", "2"], "indicator": "on_time", "value": [0.5, 1.0],
    ...     "numerator": [1.0, 6.0], "denominator": [2.0, 6.0], "n": [2, 6], "n_left_out": [0, 1]})
    >>> roll_up(parts, by=())[["value", "n"]].to_dict("records")
    [{'value': 0.875, 'n': 8}]
    """
    keys, sums = [*by, "indicator"], ["numerator", "denominator", "n", "n_left_out"]
    positions = {key: position for position, key in enumerate(dict.fromkeys(scores["indicator"]))}
    added = scores.groupby(keys, as_index=False, sort=True)[sums].sum()
    added = added.assign(position=added["indicator"].map(positions))
    added = added.sort_values([*by, "position"], kind="stable", ignore_index=True)
    share = added["numerator"] / added["denominator"].where(added["denominator"] != 0)
    return added.assign(value=share.astype("float64"))[[*keys, "value", *sums]]


def all_cases(scores: pd.DataFrame) -> pd.DataFrame:
    """Return one row per group with ``n``: every case, finished or not, dates usable or not."""
    rows = scores[scores["indicator"] == "online_cases"]  # the indicator whose scope is every case
    return rows.assign(n=rows["n"] + rows["n_left_out"])


def case_counts(by_item: pd.DataFrame) -> pd.DataFrame:
    """Return region_code, base_code and n: every case, finished or not, dates usable or not."""
    return all_cases(by_item).groupby(["region_code", "base_code"], as_index=False)[["n"]].sum()


def case_coverage(counts: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """Return the `scores` of 办件覆盖率 by region: claimed base codes that have cases.

    ``counts`` has region_code, base_code and n (cases); claimed are the codes of items in force.
    """
    claimed = items.loc[items["in_force"] & items["match_code"].notna(), ["region_code", "match_code"]]
    codes = claimed.drop_duplicates().rename(columns={"match_code": "base_code"})
    with_cases = codes.merge(counts[["region_code", "base_code", "n"]], on=["region_code", "base_code"], how="left")
    table = with_cases.assign(has_cases=np.where(with_cases["n"] > 0, 1.0, 0.0))
    return measure(table, [CASE_COVERAGE], scope=None)


# --- a period's cases, boiled down ------------------------------------------------------------------------------------

BY_MONTH = ("region_code", "month", "channel")
BY_ITEM = ("region_code", "department", "base_code")
FOLDER = Path(".cache") / "cases"  # of kept summaries, under the project folder


@dataclass(frozen=True)
class CaseSummary:
    """What a period's cases say, without the cases.

    ``by_month`` and ``by_item``: scores by region, month (`rows_by`), channel and by region, department, base code.
    ``days``: how many finished cases took how long (region, base code, promised, statutory and actual working days, n).
    ``overdue``: open cases past their due day, longest overdue first. ``names``: the items. All are mergeable sums or
    lists.
    """

    cutoff: date
    n_cases: int
    by_month: pd.DataFrame
    by_item: pd.DataFrame
    days: pd.DataFrame
    overdue: pd.DataFrame
    findings: pd.DataFrame
    names: pd.DataFrame


def find_cases(period: Period, *, settings: Settings | None = None) -> CaseSummary | None:
    """Return a period's cases boiled down, remembered by it; None without any, or where only Spark can read them.

    Files are read again only when they, the items, the settings or the program have changed; a database is asked
    every time, but once for all reports of a build. Raises InputError for cases that cannot be read.
    """
    if isinstance(period.cases, CaseSummary):
        return period.cases

    def summarised() -> CaseSummary | None:
        rules = settings or load_settings()
        source = find_case_source(period, settings=rules)
        if source is None or source.spark_table:
            return None
        summarise = partial(case_summary, source, settings=rules)
        return summarise() if source.query else cached(rules.root / FOLDER, _key(period, source, rules), summarise)

    return period.once(("cases",), summarised)


def _key(period: Period, source: CaseSource, settings: Settings) -> str:
    """Return the key of a summary: case files by what the system changes when they are written, items by content."""
    states = {path.name: path.stat() for path in source.paths}
    files = {name: f"{s.st_size}-{s.st_mtime_ns}-{s.st_ctime_ns}-{s.st_ino}" for name, s in states.items()}
    items = dict(zip("items/" + period.files["file"], period.files["sha256"], strict=True))
    limits = (settings.cases.made, settings.cases.overdue_rows, settings.units, settings.guard)
    state = (source.title, source.cutoff, sorted(period.dataset.columns.items()), limits)
    return key_of({**items, **files}, state=repr(state), rooms=("inputs", "analysis", "cases"))


def case_summary(source: CaseSource, *, engine: Any = "duckdb", cases: Any = None, settings: Settings) -> CaseSummary:
    """Read the cases of a source, or those at hand (`open_cases`), and boil them down.

    ``engine``: "duckdb" (larger than memory), "pandas" or a Spark session, with the same result. Raises InputError for
    cases that cannot be read; a case that does not fit is a finding.
    """
    names = item_names(source.items)
    with open_cases(source, engine=engine, cases=cases, settings=settings) as table:
        by_month, by_item = scores_of(table, by=BY_MONTH), scores_of(table, by=BY_ITEM)
        days = _days(table)
        overdue = _overdue(table, cutoff=source.cutoff, limit=settings.cases.overdue_rows)
        counts = case_counts(by_item)
        findings = case_findings(table, title=source.title, counts=counts, items=source.items)
    listed = overdue.merge(
        names[["region_code", "base_code", "item_name"]], on=["region_code", "base_code"], how="left"
    )
    return CaseSummary(source.cutoff, int(counts["n"].sum()), by_month, by_item, days, listed, findings, names)


def _days(table: CaseTable) -> pd.DataFrame:
    keys = ["region_code", "base_code", "promised_days", "statutory", "actual_days"]
    done = table.rows.filter(_DONE).select(*keys)
    counted = to_pandas(done.group_by(*keys).agg(nw.len().alias("n"))).astype(dict.fromkeys(keys[2:], "float64"))
    days = canonical(counted, by=("region_code", "base_code"))
    summed = days.groupby(keys, as_index=False, dropna=False)[["n"]].sum()
    return summed.rename(columns={"statutory": "statutory_days"})


def _overdue(table: CaseTable, *, cutoff: date, limit: int) -> pd.DataFrame:
    columns = ["case_no", "region_code", "department", "base_code", "accept_day", "promised_days", "due_ordinal"]
    late = table.rows.filter(nw.col("overdue") == 1).select(*columns)
    first = to_pandas(late.sort("due_ordinal", "case_no", nulls_last=True).head(limit))
    listed = first.assign(region_code=region_codes(first["region_code"])).dropna(subset=["region_code"])
    due = -(-listed["due_ordinal"].astype("float64") // 1).astype("int64")
    working = calendar_table().query("working").set_index("ordinal")["day"]
    dated = listed.assign(
        **{name: listed[name].astype("str").str.strip() for name in ("case_no", "department", "base_code")},
        accepted_date=_day_text(listed["accept_day"]),
        due_date=_day_text(due.map(working)),
        days_overdue=int(calendar_day(cutoff)["ordinal"]) - due,
        promised_days=listed["promised_days"].astype("float64"),
    )
    ordered = dated.sort_values(["days_overdue", "case_no"], ascending=[False, True], ignore_index=True)
    return ordered[["region_code", "case_no", "base_code", "department", "accepted_date", "promised_days", "due_date",
                    "days_overdue"]]  # fmt: skip


def _day_text(day: pd.Series) -> pd.Series:
    stamps = pd.Timestamp(EPOCH) + pd.to_timedelta(day.astype("float64"), unit="D")
    return stamps.dt.strftime("%Y-%m-%d").astype("str")


def item_names(items: pd.DataFrame) -> pd.DataFrame:
    """Return one row per region and base code: item_name, promised_days, statutory_days (the longest), n_items.

    Where a code has several 办理项 the name is without the 办理项 in brackets at its end.
    """
    used = items[items["in_force"] & items["match_code"].notna()]
    ordered = used.assign(length=used["item_name"].str.len()).sort_values("length", kind="stable")
    named = (
        ordered.groupby(["region_code", "match_code"], as_index=False)
        .agg(item_name=("item_name", "first"), promised_days=("promised_days", "max"),
             statutory_days=("statutory_days", "max"), n_items=("item_name", "size"))
        .rename(columns={"match_code": "base_code"})
    )  # fmt: skip
    short = named["item_name"].str.replace(r"[（(][^（()）]*[)）]$", "", regex=True)
    return named.assign(item_name=named["item_name"].where(named["n_items"] == 1, short))
