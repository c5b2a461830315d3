"""What does not fit in a case table, by aggregate: one finding per region and rule, with how many cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import narwhals as nw
import pandas as pd

from zjanalysis.analysis.indicators import to_pandas
from zjanalysis.cases.clock import CaseTable
from zjanalysis.cases.inputs import region_codes
from zjanalysis.inputs.calendar import covered_years
from zjanalysis.inputs.findings import typed


@dataclass(frozen=True)
class CaseRule:
    """One rule over cases: what the finding says, with {n} and other words of its row. ``used``: the cases still count.

    ``broken`` are the cases that break it; a rule without is looked at over whole groups.
    """

    key: str
    level: str
    header: str
    message: str
    action: str
    used: bool = False
    broken: nw.Expr | None = None


_AT, _TO = nw.col("accept_day"), nw.col("finish_day")
_AT_COVERED, _TO_COVERED = ~nw.col("accept_ordinal").is_null(), ~nw.col("finish_ordinal").is_null()

CASE_RULES = {rule.key: rule for rule in (
    CaseRule("case_no_accept", "错误", "受理时间", "{n} 件没有受理时间，不计入时限类指标。", "请补上受理时间。",
             broken=~nw.col("accept_given")),
    CaseRule("case_accept_unreadable", "错误", "受理时间", "{n} 件的受理时间读不懂。", "请写成 2021-03-31 的样子。",
             broken=nw.col("accept_given") & _AT.is_null()),
    CaseRule("case_accept_uncovered", "错误", "受理时间",
             "{n} 件的受理时间不在工作日历（{years} 年）之内：占位日期，或放假安排尚未公布的年份。",
             "占位日期请改为空；年份写错的请更正。", broken=~_AT.is_null() & ~_AT_COVERED),
    CaseRule("case_finish_unreadable", "错误", "办结时间", "{n} 件的办结时间读不懂，既不算办结，也不算未办结。",
             "请写成 2021-03-31 的样子；未办结的留空。", broken=nw.col("finish_given") & _TO.is_null()),
    CaseRule("case_finish_uncovered", "错误", "办结时间",
             "{n} 件的办结时间不在工作日历（{years} 年）之内：占位日期，或放假安排尚未公布的年份。",
             "未办结的请留空，不要填占位日期；年份写错的请更正。", broken=~_TO.is_null() & ~_TO_COVERED),
    CaseRule("case_reversed", "错误", "办结时间", "{n} 件的办结早于受理，不计入时限类指标。",
             "请核对两个时间，是否填反或漏填。", broken=_TO < _AT),
    CaseRule("case_no_promise", "警告", "承诺办结时限", "{n} 件没有可用的承诺时限，算不出是否按时。",
             "请补上承诺时限及单位，或核对事项清单。", used=True, broken=nw.col("due_ordinal").is_null() & _AT_COVERED),
    CaseRule("case_unknown_region", "错误", "行政区划代码", "{n} 件的行政区划“{value}”不在区划表中，没有计入任何地区。",
             "请更正区划；功能区请在 zones.csv 登记。"),
    CaseRule("case_more_finished", "警告", "办结时间", "办结 {value} 件，多于受理 {accept_given} 件。",
             "请核对受理记录是否漏报。", used=True),
    CaseRule("case_twice", "警告", "办件编号", "{n} 行的办件编号与另一行相同，没有计入：每个编号只计一件。",
             "请在导出时按办件编号去重；不同办件编号相同的请更正。"),
    CaseRule("case_unknown_item", "警告", "基本编码", "{n} 件的基本编码（{n_codes} 个）不在本地区的事项清单中。",
             "请核对编码，或补报事项。", used=True),
)}  # fmt: skip


def case_findings(table: CaseTable, *, title: str, counts: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """Return `findings` of cases: dates, order, promises, duplicates, unknown regions and items, finished > accepted.

    ``counts`` has region_code, base_code and n (cases). One row is one rule in one region; ``value`` is how many.
    """
    by_spelling = _counted(table)
    by_region = by_spelling.fillna({"region_code": ""}).groupby("region_code", as_index=False).sum(numeric_only=True)
    unknown = by_spelling[by_spelling["region_code"].isna()]
    in_regions = by_region[by_region["region_code"] != ""]
    more = in_regions[in_regions["finish_given"] > in_regions["accept_given"]]
    dropped = pd.DataFrame({"region_code": list(table.dropped), "n": list(table.dropped.values())}, dtype="object")
    codes = region_codes(dropped["region_code"]).fillna("")
    repeated = dropped.assign(region_code=codes).groupby("region_code", as_index=False)[["n"]].sum()
    broken = [key for key, rule in CASE_RULES.items() if rule.broken is not None]
    parts = [
        *(_findings(key, by_region.assign(n=by_region[key]).query("n > 0"), value="n") for key in broken),
        _findings("case_unknown_region", unknown.fillna({"region_code": "", "written": "（空）"}), value="written"),
        _findings("case_more_finished", more, value="finish_given"),
        _findings("case_twice", repeated, value="n"),
        _findings("case_unknown_item", _unknown_items(counts, items), value="n"),
    ]
    return typed(pd.concat(parts, ignore_index=True).assign(file=title, sheet="", cell="", row_number=0))


def _findings(key: str, rows: pd.DataFrame, *, value: str) -> pd.DataFrame:
    """Return one finding per row; ``value`` is the column that says how many, or what was written."""
    rule, years = CASE_RULES[key], "{}–{}".format(*covered_years())
    words: list[dict[Any, Any]] = rows.assign(value=rows[value]).to_dict("records")
    messages = [rule.message.format(**row, years=years) for row in words]
    same = {"rule": rule.key, "level": rule.level, "header": rule.header, "action": rule.action, "used": rule.used}
    return pd.DataFrame({"region_code": rows["region_code"], "value": rows[value].astype("str"), "message": messages,
                         **same})  # fmt: skip


def _counted(table: CaseTable) -> pd.DataFrame:
    """Return for every spelling of a region: its code, its cases n, how many have dates, how many break each rule."""
    flags = {key: rule.broken for key, rule in CASE_RULES.items() if rule.broken is not None}
    flags |= {name: nw.col(name) for name in ("accept_given", "finish_given")}
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
