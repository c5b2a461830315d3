"""The rules for reported figures: each is a mask over the typed rows, a level, a sentence and what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from zjanalysis.columns import FINDING_COLUMNS, label

ERROR, WARNING, NOTE = "错误", "警告", "提示"


@dataclass(frozen=True)
class ReportedRule:
    """``breaks`` tells the rows that break the rule; ``used`` whether they still count."""

    key: str
    level: str
    column: str
    message: str
    action: str
    used: bool
    breaks: Callable[[pd.DataFrame], pd.Series]


def _blank(rows: pd.DataFrame) -> pd.Series:
    """A line of the form nobody filled in."""
    return rows["numerator"].eq("") & rows["denominator"].eq("")


def _known(rows: pd.DataFrame) -> pd.Series:
    return rows["indicator"].notna() & rows["region_code"].notna() & ~_blank(rows)


def _needs_denominator(rows: pd.DataFrame) -> pd.Series:
    return rows["unit"].eq("share") & rows["per"].eq("")


def _same(rows: pd.DataFrame) -> pd.Series:
    """Rows that report the same figure again with the same numbers: all but the first."""
    figures = ["region_code", "indicator", "numerator_number", "denominator_number"]
    return _known(rows) & rows.duplicated(figures)


def _conflicting(rows: pd.DataFrame) -> pd.Series:
    """Every row of a region and indicator that is reported with different numbers."""
    distinct = rows[_known(rows)].drop_duplicates(
        ["region_code", "indicator", "numerator_number", "denominator_number"]
    )
    counts = distinct.groupby(["region_code", "indicator"]).size()
    keys = pd.MultiIndex.from_frame(rows[["region_code", "indicator"]])
    return _known(rows) & pd.Series(counts.reindex(keys).to_numpy() > 1, index=rows.index)


RULES: tuple[ReportedRule, ...] = (
    ReportedRule(
        "not_filled", NOTE, "numerator", "没有填报，按无数据处理", "有了数再填；确无此项的可删去。", False, _blank
    ),
    ReportedRule(
        "unknown_region",
        ERROR,
        "region",
        "没有这个地区",
        "请从下拉框选地区。",
        False,
        lambda t: t["region_code"].isna(),
    ),
    ReportedRule(
        "unknown_indicator",
        ERROR,
        "indicator_label",
        "没有这个指标",
        "请从下拉框选指标，不要改写。",
        False,
        lambda t: t["indicator"].isna(),
    ),
    ReportedRule(
        "percent_as_numerator",
        ERROR,
        "numerator",
        "填的是百分率，不是分子",
        "请分别填分子和分母的数目。",
        False,
        lambda t: t["numerator"].str.contains("[%％]"),
    ),
    ReportedRule(
        "no_numerator",
        ERROR,
        "numerator",
        "分子不是数字或没有填",
        "请填数字；确实没有数据的，删去这一行。",
        False,
        lambda t: t["numerator_number"].isna() & ~t["numerator"].str.contains("[%％]"),
    ),
    ReportedRule(
        "negative",
        ERROR,
        "numerator",
        "数目不能是负数",
        "请核对后重填。",
        False,
        lambda t: (t["numerator_number"] < 0) | (t["denominator_number"] < 0),
    ),
    ReportedRule(
        "not_zero_or_one",
        ERROR,
        "numerator",
        "完成情况只能填 1 或 0",
        "已完成填 1，未完成填 0。",
        False,
        lambda t: t["unit"].eq("flag") & t["numerator_number"].notna() & ~t["numerator_number"].isin([0, 1]),
    ),
    ReportedRule(
        "no_denominator",
        ERROR,
        "denominator",
        "比率缺分母",
        "请填分母（总数）。",
        False,
        lambda t: _needs_denominator(t) & t["denominator_number"].isna(),
    ),
    ReportedRule(
        "zero_denominator",
        WARNING,
        "denominator",
        "分母为 0，没有比率可算",
        "按无数据处理；请核对。",
        True,
        lambda t: _needs_denominator(t) & t["denominator_number"].eq(0) & t["numerator_number"].eq(0),
    ),
    ReportedRule(
        "above_one",
        ERROR,
        "numerator",
        "分子大于分母",
        "请核对是否填反，或分子分母口径不同。",
        False,
        lambda t: _needs_denominator(t) & (t["numerator_number"] > t["denominator_number"]),
    ),
    ReportedRule(
        "rate_above_people",
        WARNING,
        "numerator",
        "数目大于人口（企业）数",
        "请核对数目和人口与企业数表。",
        True,
        lambda t: t["unit"].eq("share") & t["per"].ne("") & (t["numerator_number"] > t["number"]),
    ),
    ReportedRule(
        "denominator_ignored",
        NOTE,
        "denominator",
        "这个指标不填分母，所填分母未使用",
        "计数只填分子；每万人、每万户的分母取人口与企业数表。",
        True,
        lambda t: (
            t["indicator"].notna()
            & ~_needs_denominator(t)
            & t["denominator_number"].notna()
            & ~(t["denominator_number"].eq(1) & t["per"].eq(""))
        ),
    ),
    ReportedRule(
        "no_population",
        WARNING,
        "indicator_label",
        "人口与企业数表里没有这个地区的数，无法计算",
        "请在 population.xlsx 补上该地区的常住人口（企业数）。",
        True,
        lambda t: _known(t) & t["per"].isin(["people", "firms"]) & t["number"].isna(),
    ),
    ReportedRule(
        "reported_twice",
        NOTE,
        "indicator_label",
        "同一地区同一指标重复填报，数目相同，只计一次",
        "请删去多余的行。",
        False,
        lambda t: _same(t) & ~_conflicting(t),
    ),
    ReportedRule(
        "reported_differently",
        ERROR,
        "numerator",
        "同一地区同一指标填报了不同的数，都不计入",
        "请与填报单位核实后只留一行。",
        False,
        _conflicting,
    ),
    ReportedRule(
        "no_source",
        NOTE,
        "figure_source",
        "没有写数据来源",
        "请写系统名称或文件。",
        True,
        lambda t: t["figure_source"].eq(""),
    ),
    ReportedRule(
        "bad_date",
        NOTE,
        "reported_on",
        "填报日期没有填或认不出",
        "请写成 2021-03-31。",
        True,
        lambda t: t["reported_day"].isna(),
    ),
)


def apply_rules(typed: pd.DataFrame, *, letters: Mapping[str, str]) -> tuple[pd.DataFrame, pd.Series]:
    """Give the findings, in sheet order, and for every row whether it counts."""
    in_force = pd.Series(True, index=typed.index)
    parts = []
    for rule in RULES:
        broken = rule.breaks(typed).fillna(False).astype(bool)
        if rule.key not in ("not_filled", "unknown_region", "unknown_indicator"):
            broken = broken & ~_blank(typed)
        parts.append(_findings(typed[broken], rule, letters=letters))
        if not rule.used:
            in_force = in_force & ~broken
    findings = pd.concat(parts)
    findings = findings.assign(used=in_force.reindex(findings.index))
    return findings.sort_values(["row_number", "cell"], kind="stable", ignore_index=True), in_force


def _findings(rows: pd.DataFrame, rule: ReportedRule, *, letters: Mapping[str, str]) -> pd.DataFrame:
    table = rows.assign(
        cell=letters.get(rule.column, "") + rows["row_number"].astype("str"),
        header=label(rule.column),
        value=rows[rule.column],
        rule=rule.key,
        level=rule.level,
        message=rule.message,
        action=rule.action,
        used=True,
    )
    return table[[c.key for c in FINDING_COLUMNS]]
