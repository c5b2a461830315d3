"""The ledger report's sections on the yearly evaluation and on what the trend promises."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from zjanalysis.analysis.evaluation import as_score, levels, lift, points, tier_note, total
from zjanalysis.analysis.forecast import forecasts
from zjanalysis.analysis.ledger_scores import ledger_scores
from zjanalysis.display.blocks import Block, say
from zjanalysis.display.ledger_forms import indicator_labels
from zjanalysis.display.ledger_words import worded
from zjanalysis.display.tables import Table, table
from zjanalysis.inputs.columns import Column
from zjanalysis.inputs.dataset import list_periods
from zjanalysis.inputs.period import Period, load_period
from zjanalysis.inputs.weights import load_weights
from zjanalysis.settings import Settings, load_settings

WEIGHTS = "indicators.xlsx"
"""The office's 43 third-level indicators (``zj template --indicators``), in the folder of the data set."""


def scored(period: Period, *, region: str) -> pd.DataFrame:
    """Give the third-level indicators with their points; no row without the office's weights."""
    return _points(period, ledger_scores(period), region)


def evaluated_scores(period: Period, *, region: str) -> pd.DataFrame:
    """Give `ledger_scores` and, where the office has typed its weights, the region's evaluation score."""
    scores = ledger_scores(period)
    marks = _points(period, scores, region)
    return scores if marks.empty else pd.concat([scores, as_score(total(marks), region=region)], ignore_index=True)


def _points(period: Period, scores: pd.DataFrame, region: str) -> pd.DataFrame:
    weights, _ = load_weights(period.dataset.folder / WEIGHTS, labels=indicator_labels())
    return points(weights, scores, region=region)


def evaluation_sentence(marks: pd.DataFrame, *, region: str, settings: Settings | None = None) -> Block:
    """Say the total and how far the first tier is, or why there is no total; the base is that of ``base_city`` only."""
    rules = (settings or load_settings()).evaluation
    own = rules if rules.base_city == region else replace(rules, base_score=0.0)
    return say(total(marks, rules=own).sentence, tier_note(own))


LEVELS = (
    Column("level_one", "一级指标"),
    Column("level_two", "二级指标"),
    Column("n", "三级指标", "count", unit="个"),
    Column("weight", "满分", "number", unit="分"),
    Column("points", "得分", "number", unit="分"),
    Column("cost", "失分", "number", unit="分"),
    Column("share_of_full", "得分率", "share"),
)
LIFT = (
    Column("level_three", "三级指标"),
    Column("cost", "可提升", "number", unit="分"),
    Column("effort", "投入", "number"),
    Column("per_effort", "每单位投入提升", "number", unit="分"),
    Column("total_after", "累计总分", "number", unit="分"),
    Column("needed", "达第一梯队所需", "flag"),
)


def levels_table(marks: pd.DataFrame) -> Table:
    """Give points and cost by second-level indicator."""
    note = f"权重由办公室录入 {WEIGHTS}（zj template --indicators）；没有录入时本表为空。"
    return table(levels(marks), caption="评估得分（按二级指标）", columns=LEVELS, sheet="评估得分", note=note)


def lift_table(marks: pd.DataFrame, *, limit: int = 15) -> Table:
    """Give the few indicators that lift the total most."""
    rows = (
        lift(marks).drop(columns="indicator").head(limit)
    )  # the figures of a row are points, whatever its indicator counts
    return table(rows, caption="最值得提升的指标", columns=LIFT, sheet="提升次序")


FORECAST = (
    Column("problem", "问题"),
    Column("current_text", "当前值"),
    Column("target_text", "目标值"),
    Column("deadline", "完成时限"),
    Column("n_periods", "期数", "count", unit="期"),
    Column("outlook", "趋势判断"),
    Column("reason", "说明"),
)


def forecast_table(ledger: pd.DataFrame, period: Period, *, region: str) -> Table:
    """Give the outlook to the deadline for the region's rows with a number to reach; below four periods 无法判断."""
    folder = str(period.dataset.folder)
    names = [name for name in list_periods(folder) if name <= period.name]
    loaded = [period if name == period.name else load_period(folder, name) for name in names]
    history = pd.concat([ledger_scores(one).assign(cutoff=one.cutoff) for one in loaded], ignore_index=True)
    own = ledger[ledger["region_code"] == region]
    found = forecasts(own, history[["region_code", "indicator", "cutoff", "value"]])
    rows = worded(own).merge(found[["ledger_id", "n_periods", "outlook", "reason"]], on="ledger_id")
    note = "四期以上才按线性趋势外推到完成时限，并给出区间；不足四期一律“无法判断”。"
    return table(rows, caption="到完成时限的趋势", columns=FORECAST, sheet="趋势预测", note=note)
