"""What does not fit in a case table, by aggregate: one finding per region and rule, with how many cases."""

from __future__ import annotations

from dataclasses import dataclass

import narwhals as nw
import pandas as pd

from zjanalysis.analysis.cases_open import Opened
from zjanalysis.analysis.indicators import to_pandas
from zjanalysis.inputs.calendar import EPOCH, covered_years
from zjanalysis.inputs.findings import typed
from zjanalysis.inputs.regions import find_code


@dataclass(frozen=True)
class CaseRule:
    """One rule over cases: the rows that break it, and the sentence with {n}. ``used``: the cases still count."""

    key: str
    level: str
    header: str
    broken: nw.Expr
    message: str
    action: str
    used: bool = False


_AT, _TO = nw.col("accept_day"), nw.col("finish_day")
_AT_KNOWN, _TO_KNOWN = ~nw.col("accept_ordinal").is_null(), ~nw.col("finish_ordinal").is_null()

CASE_RULES: tuple[CaseRule, ...] = (
    CaseRule("case_no_accept", "错误", "受理时间", ~nw.col("accept_given"),
             "{n} 件没有受理时间，不计入时限类指标。", "请补上受理时间。"),
    CaseRule("case_accept_unreadable", "错误", "受理时间", nw.col("accept_given") & _AT.is_null(),
             "{n} 件的受理时间读不懂。", "请写成 2021-03-31 的样子。"),
    CaseRule("case_accept_uncovered", "错误", "受理时间", ~_AT.is_null() & ~_AT_KNOWN,
             "{n} 件的受理时间不在工作日历（{years} 年）之内：占位日期，或放假安排尚未公布的年份。",
             "占位日期请改为空；年份写错的请更正。"),
    CaseRule("case_finish_unreadable", "错误", "办结时间", nw.col("finish_given") & _TO.is_null(),
             "{n} 件的办结时间读不懂，既不算办结，也不算未办结。", "请写成 2021-03-31 的样子；未办结的留空。"),
    CaseRule("case_finish_uncovered", "错误", "办结时间", ~_TO.is_null() & ~_TO_KNOWN,
             "{n} 件的办结时间不在工作日历（{years} 年）之内：占位日期，或放假安排尚未公布的年份。",
             "未办结的请留空，不要填占位日期；年份写错的请更正。"),
    CaseRule("case_reversed", "错误", "办结时间", _TO < _AT,
             "{n} 件的办结早于受理，不计入时限类指标。", "请核对两个时间，是否填反或漏填。"),
    CaseRule("case_no_promise", "警告", "承诺办结时限", nw.col("due_ordinal").is_null() & _AT_KNOWN,
             "{n} 件没有可用的承诺时限，算不出是否按时。", "请补上承诺时限及单位，或核对事项清单。", used=True),
)  # fmt: skip


def case_findings(table: Opened, *, title: str, counts: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """Give `findings` of cases: dates, order, promises, duplicates, unknown regions and items, finished > accepted.

    ``counts`` has region_code, base_code and n (cases). One row is one rule in one region; ``value`` is how many.
    """
    by_region = _counted(table)
    parts = [_broken(by_region, rule) for rule in CASE_RULES]
    parts += [_unknown_regions(by_region), _more_finished(by_region), _twice(table), _unknown_items(counts, items)]
    found = pd.concat(parts, ignore_index=True).assign(file=title, sheet="", cell="", row_number=0)
    return typed(found)


def _counted(table: Opened) -> pd.DataFrame:
    broken = {rule.key: nw.when(rule.broken).then(nw.lit(1)) for rule in CASE_RULES}
    given = {name: nw.when(nw.col(name)).then(nw.lit(1)) for name in ("accept_given", "finish_given")}
    prepared = table.rows.select("region_code", **broken, **given)
    columns = [nw.col(name).count() for name in (*broken, *given)]
    sums = to_pandas(prepared.group_by("region_code").agg(nw.len().alias("n"), *columns))
    spelled = sums.assign(written=sums["region_code"].astype("str"))
    codes = {spelling: find_code(str(spelling)) for spelling in spelled["written"].dropna().unique()}
    return spelled.assign(region_code=spelled["written"].map(codes).astype("str"))


def _row(rule: str, level: str, *, header: str, used: bool, **texts: pd.Series | str) -> pd.DataFrame:
    return pd.DataFrame({"rule": rule, "level": level, "header": header, "used": used, **texts})


def _broken(by_region: pd.DataFrame, rule: CaseRule) -> pd.DataFrame:
    sums = by_region.fillna({"region_code": ""}).groupby("region_code", as_index=False)[rule.key].sum()
    some = sums[sums[rule.key] > 0]
    years = "{}–{}".format(*covered_years())
    number = some[rule.key].astype("int64").astype("str")
    before, after = rule.message.replace("{years}", years).split("{n}")
    return _row(rule.key, rule.level, header=rule.header, used=rule.used, region_code=some["region_code"],
                value=number, message=before + number + after, action=rule.action)  # fmt: skip


def _unknown_regions(by_region: pd.DataFrame) -> pd.DataFrame:
    unknown = by_region[by_region["region_code"].isna()]
    name = unknown["written"].fillna("（空）")
    message = unknown["n"].astype("int64").astype("str") + " 件的行政区划“" + name + "”不在区划表中，没有计入任何地区。"
    return _row("case_unknown_region", "错误", header="行政区划代码", used=False, region_code="", value=name,
                message=message, action="请更正区划；功能区请在 zones.csv 登记。")  # fmt: skip


def _more_finished(by_region: pd.DataFrame) -> pd.DataFrame:
    sums = (
        by_region.dropna(subset=["region_code"])
        .groupby("region_code", as_index=False)[["accept_given", "finish_given"]]
        .sum()
    )
    more = sums[sums["finish_given"] > sums["accept_given"]]
    accepted, finished = (more[name].astype("int64").astype("str") for name in ("accept_given", "finish_given"))
    return _row("case_more_finished", "警告", header="办结时间", used=True, region_code=more["region_code"],
                value=finished, message="办结 " + finished + " 件，多于受理 " + accepted + " 件。",
                action="请核对受理记录是否漏报。")  # fmt: skip


def _twice(table: Opened) -> pd.DataFrame:
    """Count case numbers that stand more than once; keys are 64-bit hashes where the engine has them."""
    if "case_no" not in table.keys:
        return pd.DataFrame()
    known = table.rows.select("case_key").filter(~nw.col("case_key").is_null())
    repeated = known.group_by("case_key").agg(nw.len().alias("n")).filter(nw.col("n") > 1)
    total = to_pandas(repeated.select(nw.col("n").sum().alias("rows"), nw.len().alias("numbers"))).iloc[0]
    if not total["numbers"]:
        return pd.DataFrame()
    n_more = int(total["rows"] - total["numbers"])
    message = f"{int(total['numbers'])} 个办件编号重复出现，多出 {n_more} 行，仍按行计入。"
    return _row("case_twice", "警告", header="办件编号", used=True, region_code=pd.Series([""]), value=str(n_more),
               message=message, action="请在导出时按办件编号去重。")  # fmt: skip


def _unknown_items(counts: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    known = items[["region_code", "match_code"]].drop_duplicates().rename(columns={"match_code": "base_code"})
    joined = counts.merge(known, on=["region_code", "base_code"], how="left", indicator="where")
    unknown = joined[joined["where"].eq("left_only")]
    sums = unknown.groupby("region_code", as_index=False).agg(n=("n", "sum"), codes=("base_code", "nunique"))
    number = sums["n"].astype("int64").astype("str")
    message = number + " 件的基本编码（" + sums["codes"].astype("str") + " 个）不在本地区的事项清单中。"
    return _row("case_unknown_item", "警告", header="基本编码", used=True, region_code=sums["region_code"],
                value=number, message=message, action="请核对编码，或补报事项。")  # fmt: skip


def day_text(day: pd.Series) -> pd.Series:
    """Give day numbers as dates (2021-03-31); missing stays missing."""
    stamps = pd.Timestamp(EPOCH) + pd.to_timedelta(day, unit="D")
    return stamps.dt.strftime("%Y-%m-%d")
