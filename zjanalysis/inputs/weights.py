"""The office's third-level indicators with their weights (``zj template --indicators``) → rows and findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from zjanalysis.columns import FINDING_COLUMNS, WEIGHT_COLUMNS
from zjanalysis.inputs.office_table import OfficeTable, numbers, read_table
from zjanalysis.inputs.reported_rules import ERROR, NOTE, WARNING
from zjanalysis.settings import Guard

BY_SHARE, MET_OR_NOT, TYPED = "按比例", "达标", "直接填分"
METHODS = (BY_SHARE, MET_OR_NOT, TYPED)
FULL = 100.0
N_FIRST, N_SECOND, N_THIRD = 4, 11, 43
"""What the plan says of the evaluation of 2020: 4项一级指标、11项二级指标、43个三级指标 (一（二）)."""

_NUMBERS = ("weight", "zero_at", "full_at", "points", "effort")


@dataclass(frozen=True)
class WeightRule:
    """``breaks`` tells the typed rows that break the rule."""

    column: str
    key: str
    level: str
    message: str
    action: str
    breaks: Callable[[pd.DataFrame], pd.Series] = field(default=lambda t: t["weight"].isna())


def _computed(typed: pd.DataFrame) -> pd.Series:
    return typed["method"].isin([BY_SHARE, MET_OR_NOT])


def _share(typed: pd.DataFrame) -> pd.Series:
    return typed["method"].eq(BY_SHARE)


def _bad_points(typed: pd.DataFrame) -> pd.Series:
    return (typed["points"] > typed["weight"]) | (typed["points"] < 0)


RULES: tuple[WeightRule, ...] = (
    WeightRule(
        "weight", "bad_weight", ERROR, "权重没有填或不是正数", "请填该指标的满分。", lambda t: ~(t["weight"] > 0)
    ),
    WeightRule(
        "method", "bad_method", ERROR, "计分方法不认识", "请选 按比例、达标 或 直接填分。", lambda t: t["method"].isna()
    ),
    WeightRule(
        "indicator_label",
        "unknown_indicator",
        ERROR,
        "没有这个指标",
        "请从下拉框选。",
        lambda t: t["indicator_label"].ne("") & t["indicator"].isna(),
    ),
    WeightRule(
        "indicator_label",
        "no_indicator",
        ERROR,
        "按比例、达标要有对应指标",
        "请选对应指标，或改为直接填分。",
        lambda t: _computed(t) & t["indicator_label"].eq(""),
    ),
    WeightRule(
        "full_at", "no_full_at", ERROR, "缺满分线", "请填得满分的指标值。", lambda t: _computed(t) & t["full_at"].isna()
    ),
    WeightRule(
        "zero_at", "no_zero_at", ERROR, "缺零分值", "请填得 0 分的指标值。", lambda t: _share(t) & t["zero_at"].isna()
    ),
    WeightRule(
        "full_at",
        "no_range",
        ERROR,
        "零分值与满分线相同",
        "请核对。",
        lambda t: _share(t) & t["zero_at"].eq(t["full_at"]),
    ),
    WeightRule(
        "points",
        "no_points",
        NOTE,
        "没有填得分",
        "有了得分再填，此前不给总分。",
        lambda t: t["method"].eq(TYPED) & t["points"].isna(),
    ),
    WeightRule("points", "bad_points", ERROR, "得分不在 0 与满分之间", "请核对。", _bad_points),
    WeightRule(
        "level_three",
        "twice",
        WARNING,
        "三级指标名称重复",
        "请核对是否重复录入。",
        lambda t: t["level_three"].duplicated(keep=False),
    ),
)


def empty_weights() -> pd.DataFrame:
    """Give weights without rows: the office has typed none, so there is no total."""
    keys = ["level_one", "level_two", "level_three", "indicator", "method", *_NUMBERS]
    return pd.DataFrame({k: pd.Series(dtype="float64" if k in _NUMBERS else "str") for k in keys})


def load_weights(
    path: Path, *, labels: Mapping[str, str], guard: Guard | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the weights and the findings of the office's workbook; no file is no weights.

    ``labels`` maps indicator labels to keys. A row that cannot be scored stays, with missing weight or method, so
    that the total is withheld rather than wrong.
    """
    if not path.is_file():
        return empty_weights(), pd.DataFrame(columns=[c.key for c in FINDING_COLUMNS])
    table = read_table(path, WEIGHT_COLUMNS, required=("level_three", "weight"), guard=guard)
    return check_weights(table, labels=labels)


def check_weights(table: OfficeTable, *, labels: Mapping[str, str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Type the rows and say what does not fit: levels, weights, methods, limits, the sum of 100, the 4 / 11 / 43."""
    keys = [c.key for c in WEIGHT_COLUMNS]
    text = table.rows.reindex(columns=[*keys, "file", "sheet", "row_number"], fill_value="")
    text = text[text["level_three"].ne("")].reset_index(drop=True)
    above = text[["level_one", "level_two"]].replace("", pd.NA).ffill().fillna("")  # merged or left blank: as above
    typed = text.assign(**above, **{k: numbers(text[k]) for k in _NUMBERS})
    typed = typed.assign(
        indicator=text["indicator_label"].map(labels).astype("str"),
        method=text["method"].where(text["method"].isin(METHODS)),
    )
    parts = [_found(text[rule.breaks(typed).fillna(False).astype(bool)], rule, table) for rule in RULES]
    findings = pd.concat([*parts, _whole(typed, table)], ignore_index=True)
    kept = typed[list(empty_weights().columns)]
    return kept, findings.sort_values("row_number", kind="stable", ignore_index=True)


def _whole(typed: pd.DataFrame, table: OfficeTable) -> pd.DataFrame:
    """What is wrong with the sheet as a whole, at the cell of its head."""
    counts = (typed["level_one"].nunique(), typed.groupby(["level_one", "level_two"]).ngroups, len(typed))
    weight = float(typed["weight"].sum())
    shown = "、".join(map(str, counts))
    parts = []
    if abs(weight - FULL) > 1e-6:
        said = f"权重合计 {weight:g}，不是 {FULL:g}"
        parts.append(
            (f"{weight:g}", WeightRule("weight", "weights_sum", ERROR, said, "请核对；合计不为 100 时不计算总分。"))
        )
    if counts != (N_FIRST, N_SECOND, N_THIRD):
        said = f"一、二、三级指标为 {shown} 个，方案所列为 4、11、43 个"
        parts.append((shown, WeightRule("level_three", "counts", NOTE, said, "年度体系有变动时可忽略。")))
    head = pd.DataFrame({"row_number": [table.header_row]})
    empty = pd.DataFrame(columns=[c.key for c in FINDING_COLUMNS])
    return pd.concat(
        [empty, *(_found(head.assign(**{r.column: value}), r, table) for value, r in parts)], ignore_index=True
    )


def _found(rows: pd.DataFrame, rule: WeightRule, table: OfficeTable) -> pd.DataFrame:
    names = {c.key: c.label for c in WEIGHT_COLUMNS}
    placed = rows.assign(
        file=table.file,
        sheet=table.sheet,
        cell=table.letters.get(rule.column, "") + rows["row_number"].astype("str"),
        header=names[rule.column],
        value=rows[rule.column],
        rule=rule.key,
        level=rule.level,
        message=rule.message,
        action=rule.action,
        used=rule.level != ERROR,
        region_code="",
    )
    return placed[[c.key for c in FINDING_COLUMNS]]
