"""How the ledger reads: targets, values and gaps in words, and its tables and sentences on a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from zjanalysis.analysis.evaluation import levels, lift, tier_note, total
from zjanalysis.analysis.ledger_scores import WEIGHTS, ledger_scores
from zjanalysis.columns import Column
from zjanalysis.display import wording
from zjanalysis.display.blocks import Block, say
from zjanalysis.display.tables import Table, table
from zjanalysis.inputs.dataset import list_periods
from zjanalysis.inputs.office_table import day_of
from zjanalysis.inputs.period import Period, load_period
from zjanalysis.inputs.regions import is_county, region_name
from zjanalysis.inputs.reported import load_definitions
from zjanalysis.inputs.workplan import LONG_TERM, has_plan
from zjanalysis.ledger.analysis import board, by_region, by_unit, due, moved, rows_of, with_trend
from zjanalysis.ledger.forecast import forecasts
from zjanalysis.ledger.rows import MOVES, PEERS
from zjanalysis.ledger.state import Status, meets
from zjanalysis.settings import Settings, load_settings

DONE, NOT_DONE = "已完成", "未完成"
SIGNS = {">=": "≥", ">": "＞", "<=": "≤"}
_FORMATS = {"share": "0.00%", "days": "0.00", "visits": "0.00", "score": "0.00", "count": "#,##0.##;-#,##0.##;0"}
_POINTS = '"优"0.00"个百分点";"差"0.00"个百分点";"持平"'
_GAPS = {
    "share": _POINTS,
    "days": '"优"0.00"个工作日";"差"0.00"个工作日";"持平"',
    "visits": '"优"0.00"次";"差"0.00"次";"持平"',
    "score": '"优"0.00"分";"差"0.00"分";"持平"',
    "count": '"优"#,##0.##;"差"#,##0.##;"持平"',
}
_UNIT_TEXT = {"days": "个工作日", "visits": "次", "score": "分"}


def unit_text(indicator: str) -> str:
    """Return what a count counts: 项, 件, 次, 件/万人."""
    known = load_definitions().set_index("indicator")["unit_text"]
    return str(known.get(indicator, ""))


def amount(value: Any, unit: str, *, counted: str = "") -> str:
    """Return a value of the ledger with its unit.

    >>> amount(0.8813, "share"), amount(1, "flag"), amount(2, "count", counted="个"), amount(None, "share")
    ('88.13%', '已完成', '2个', '无数据')
    """
    if wording.missing(value):
        return wording.NO_DATA
    if unit == "flag":
        return DONE if value >= 1 else NOT_DONE
    if unit == "share":
        return f"{wording.number(value * 100)}%"
    if unit in ("count", "typed"):
        return f"{wording.plain(value)}{counted}"
    return f"{wording.number(value)}{_UNIT_TEXT.get(unit, '')}"


def target_text(comparison: str, value: Any, unit: str, *, county: bool = False, counted: str = "") -> str:
    """Return a target as the ledger prints it.

    >>> target_text(">", 0.855, "share"), target_text("<=", 0, "count", counted="个"), target_text("done", 1, "flag")
    ('＞85.50%', '≤0个', '完成')
    >>> target_text("above_peers", 0.882, "share", county=True), target_text("rising", None, "share")
    ('高于兄弟县区（中位数88.20%）', '比基期提高')
    """
    words = {"rising": "比基期提高", "falling": "比基期降低", "record": "只登记，不判定"}
    if comparison in words:
        return words[comparison]
    shown = amount(value, unit, counted=counted)
    if comparison == "done":
        return "完成" if unit == "flag" else f"不少于{shown}，有佐证"
    if comparison in ("above_peers", "below_peers"):
        whom = ("高于" if comparison == "above_peers" else "低于") + ("兄弟县区" if county else "兄弟地市")
        return whom if wording.missing(value) else f"{whom}（中位数{shown}）"
    return f"{SIGNS[comparison]}{shown}" if comparison in SIGNS else ""


def with_target_text(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return the ledger with its targets in words; rows the office added keep the target they typed."""
    columns = zip(
        ledger["comparison"].fillna(""), ledger["target_value"], ledger["unit"].fillna(""), ledger["region_code"],
        _counted(ledger), ledger["target_text"].fillna(""), strict=True,
    )  # fmt: skip
    targets = [
        typed if unit == "typed" else target_text(kind, value, unit, county=is_county(str(code)), counted=count)
        for kind, value, unit, code, count, typed in columns
    ]
    return ledger.assign(target_text=pd.Series(targets, index=ledger.index, dtype="str"))


def with_words(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return the ledger with the words the tool writes into its sheet: target_text and status_reason."""
    told = with_target_text(ledger)
    records = [{str(key): value for key, value in row.items()} for row in told.to_dict("records")]
    counts = _counted(told)
    reasons = [status_reason(row, counted=count) for row, count in zip(records, counts, strict=True)]
    return told.assign(status_reason=pd.Series(reasons, index=told.index, dtype="str"), row_key=told["ledger_id"])


def status_reason(row: Mapping[str, Any], *, counted: str = "") -> str:
    """Say in one sentence, from its numbers, why a row of the ledger has its state."""
    return "；".join(part for part in (_time_reason(row), _value_reason(row, counted)) if part) + "。"


def _time_reason(row: Mapping[str, Any]) -> str:
    """Say what the calendar has to do with it."""
    status, left = row["status"], row["days_left"]
    if status == Status.CLOSED:
        return f"{day_text(day_of(str(row['closed_on'])))}销号"
    if status == Status.REACHED:
        return f"{day_text(row['reached_on'])}达标，待销号"
    start = "没有进展说明和佐证；" if status == Status.NOT_STARTED else ""
    fell = "" if wording.missing(row["reopened_on"]) else f"{day_text(row['reopened_on'])}回落；"
    if row["comparison"] == "record":
        return "只登记，不判定"
    if wording.missing(left):
        return f"{fell}{start}{LONG_TERM if '长期' in str(row['deadline']) else '完成时限认不出'}"
    return f"{fell}{start}" + (f"逾期 {-left} 天" if left < 0 else f"距完成时限 {left} 天")


def _value_reason(row: Mapping[str, Any], counted: str) -> str:
    """Say how the value stands to its target."""
    kind, unit, value = row["comparison"], str(row["unit"]), row["current"]
    if wording.missing(value):
        return "没有数值目标" if unit == "typed" and wording.missing(row["target_value"]) else "本期无数据"
    stands = amount(value, unit, counted=counted)
    if kind in ("done", "record"):
        return stands
    if kind in PEERS:
        median = amount(row["target_value"], unit, counted=counted)
        return f"{stands}，中位数 {median}，{row['verdict']}"
    if kind in MOVES:
        base = amount(row["baseline"], unit, counted=counted)
        same = wording.missing(row["gap"])
        return f"{stands}，为基期值" if same else f"{stands}，比基期 {base} {gap_text(row['gap'], unit)}"
    if kind not in SIGNS:
        return f"{stands}，没有数值目标"
    met = meets(kind, value, target=row["target_value"], before=row["baseline"], verdict="")
    return f"{stands}，{'达到' if met else '未达'} {row['target_text']}"


def day_text(day: Any) -> str:
    """Return a day in Chinese; nothing for none."""
    return "" if wording.missing(day) else f"{day.year}年{day.month}月{day.day}日"


def worded(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return the ledger in words for tables and pages: also baseline_text, current_text, gap_text.

    The key of the indicator is dropped: `display.table` would look up each row's unit by it, which the words hold.
    """
    units, counted = ledger["unit"].fillna(""), _counted(ledger)
    return (
        with_words(ledger)
        .assign(
            current_text=_amounts(ledger["current"], units, counted),
            baseline_text=_amounts(ledger["baseline"], units, counted),
            gap_text=_gap_texts(ledger["gap"], units),
        )
        .drop(columns="indicator")
    )


def _counted(ledger: pd.DataFrame) -> pd.Series:
    counts = load_definitions().set_index("indicator")["unit_text"]
    return ledger["indicator"].map(counts).fillna("")


def _amounts(values: pd.Series, units: pd.Series, counted: pd.Series) -> pd.Series:
    texts = [amount(v, u, counted=c) for v, u, c in zip(values, units, counted, strict=True)]
    return pd.Series(texts, index=values.index, dtype="str")


def gap_text(gap: Any, unit: str) -> str:
    """Return a signed gap in words; a milestone has none.

    >>> gap_text(-0.032, "share"), gap_text(0.0, "days"), gap_text(0.1, "visits"), gap_text(-1, "flag")
    ('差3.20个百分点', '持平', '优0.10次', '')
    """
    if wording.missing(gap) or unit == "flag":
        return ""
    size = abs(float(gap)) * (100 if unit == "share" else 1)
    text = wording.plain(size) if unit in ("count", "typed") else wording.number(size)
    if not text.strip("0."):
        return "持平"
    return f"{'优' if gap > 0 else '差'}{text}{'个百分点' if unit == 'share' else _UNIT_TEXT.get(unit, '')}"


def _gap_texts(gaps: pd.Series, units: pd.Series) -> pd.Series:
    return pd.Series([gap_text(g, u) for g, u in zip(gaps, units, strict=True)], index=gaps.index, dtype="str")


def cell_of(key: str, row: Mapping[str, Any]) -> tuple[Any, str]:
    """Return the value and the number format of a tool cell: numbers stay numbers, a milestone is a word."""
    value, unit = row.get(key), str(row.get("unit"))
    if key == "sequence" and str(value).isdigit():
        return int(str(value)), "0"
    if value is None or wording.missing(value):
        return (wording.NO_DATA if key == "current" and unit != "typed" else None), "General"
    if key in ("baseline", "current"):
        return (amount(value, unit), "General") if unit == "flag" else (float(value), _FORMATS.get(unit, "General"))
    if key == "gap":
        scaled = round(float(value) * (100 if unit == "share" else 1), 4)
        return (None, "General") if unit == "flag" else (scaled, _GAPS.get(unit, "General"))
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime(), "yyyy-mm-dd"
    return str(value), "General"


# --- on a page --------------------------------------------------------------------------------------------------

_COUNTS = ("n_rows", "n_met", "n_closed", "n_in_progress", "n_long_term", "n_not_started", "n_overdue", "n_no_value")
_LEAD = ("sequence", "problem", "lead_unit", "measures", "deadline", "current_text", "target_text", "gap_text")
DISTRICT = (*_LEAD, "status", "closed_on")
CITY_ROWS = (
    "task",
    "problem",
    "target_text",
    "baseline_text",
    "current_text",
    "gap_text",
    "trend",
    "deadline",
    "status",
)
NOTE = "已达标含已销号；已达标＋推进中＋长期推进＋未启动＋逾期＝事项。"


def board_table(ledger: pd.DataFrame, *, city: str = "") -> Table:
    """Return the board of the plan's eleven tasks: how many rows in which state, deadline, days left."""
    rows = board(ledger, city=city)
    return table(
        rows[rows["kind"] == "task"],
        caption="方案各项任务进展",
        columns=("task", "title", *_COUNTS, "deadline", "days_left", "task_status"),
        note=NOTE,
        sheet="十一项任务",
    )


def board_sentence(ledger: pd.DataFrame, *, city: str = "") -> str:
    """Say how the ledger stands on which day, counts before rates; and that no plan is on record, if so."""
    planned = not city or has_plan(city)
    plan = "" if planned else f"未收录{region_name(city)}的工作方案，没有方案任务和目标；以下只列自行登记的事项。"
    if ledger.empty:
        return f"{plan}本期没有台账。"
    rows = board(ledger, city=city)
    sums = rows if planned else by_region(ledger)
    total = {key: int(sums[key].sum()) for key in _COUNTS}
    tasks = int((rows.loc[rows["kind"] == "task", "n_overdue"] > 0).sum())
    among = f"，涉及十一项任务中的 {tasks} 项任务" if planned else ""
    late = f"逾期 {total['n_overdue']} 项{among}" if total["n_overdue"] else "没有逾期事项"
    return (
        f"{plan}截至{day_text(ledger['settled_on'].max())}，台账共 {total['n_rows']} 项："
        f"已达标 {total['n_met']} 项（其中已销号 {total['n_closed']} 项），"
        f"推进中 {total['n_in_progress']} 项，长期推进 {total['n_long_term']} 项，"
        f"未启动 {total['n_not_started']} 项；{late}。"
    )


def city_table(ledger: pd.DataFrame, earlier: pd.DataFrame, *, region: str) -> Table:
    """Return the rows of the city: value against target, trend since the earlier ledger, state."""
    rows = with_trend(rows_of(ledger, region=region), earlier)
    return table(worded(rows), caption="市级事项：现值、目标与趋势", columns=CITY_ROWS, sheet="市级事项")


def units_table(ledger: pd.DataFrame) -> Table:
    """Return the states by 责任单位; a row two units answer for counts for both."""
    return table(by_unit(ledger), caption="按责任单位", columns=("unit_name", *_COUNTS), note=NOTE, sheet="按责任单位")


def regions_ledger_table(ledger: pd.DataFrame) -> Table:
    """Return the states by region."""
    return table(by_region(ledger), caption="按地区", columns=("region", *_COUNTS), note=NOTE, sheet="按地区")


def moved_table(ledger: pd.DataFrame, earlier: pd.DataFrame) -> Table:
    """Return what changed its state since the earlier ledger, with both states and both values."""
    rows = moved(ledger, earlier)
    before = worded(rows.assign(current=rows["current_before"]))["current_text"]
    told = worded(rows).drop(columns="current_before").assign(value_before=before)
    columns = ("sequence", "region", "problem", "status_before", "status", "value_before", "current_text", "hint")
    return table(told, caption="较上期状态有变动的事项", columns=columns, sheet="状态变动")


def due_table(ledger: pd.DataFrame, *, within: int = 30, quiet: int = 60, limit: int = 60) -> Table:
    """Return the list for inspection, at most ``limit`` rows: overdue, due soon, without progress, not closed."""
    found = due(ledger, within=within, quiet=quiet)
    rows = worded(found.head(limit))
    place, figures = ("why_due", "sequence", "region", "problem", "lead_unit"), ("target_text", "current_text")
    columns = (*place, *figures, "deadline", "days_left", "days_quiet", "status")
    return table(rows, caption="督查清单", columns=columns, sheet="督查清单", note=_cut(len(found), len(rows)))


def district_table(ledger: pd.DataFrame, *, region: str, limit: int = 20) -> Table:
    """Return section 七 of a district report: the rows that need attention first, at most ``limit``."""
    own = rows_of(ledger, region=region)
    rows = worded(own.head(limit))
    return table(rows, caption="整改台账", columns=DISTRICT, sheet="整改台账", note=_cut(len(own), len(rows)))


def _cut(n: int, shown: int) -> str:
    """Say that a list was cut, and where all of it stands."""
    return f"共{n}项，按轻重列出{shown}项；全部见台账工作簿 ledger.xlsx。" if shown < n else f"共{n}项。"


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
    """Return points and cost by second-level indicator."""
    note = f"权重由办公室录入 {WEIGHTS}（zj template --indicators）；没有录入时本表为空。"
    return table(levels(marks), caption="评估得分（按二级指标）", columns=LEVELS, sheet="评估得分", note=note)


def lift_table(marks: pd.DataFrame, *, limit: int = 15) -> Table:
    """Return the few indicators that lift the total most."""
    rows = lift(marks).head(limit).drop(columns="indicator")  # 直接填分 has none, and no column follows its unit
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
    """Return the outlook to the deadline for the region's rows with a number to reach; below four periods 无法判断."""
    folder = str(period.dataset.folder)
    names = [name for name in list_periods(folder) if name <= period.name]
    loaded = [period if name == period.name else load_period(folder, name) for name in names]
    history = pd.concat([ledger_scores(one).assign(cutoff=one.cutoff) for one in loaded], ignore_index=True)
    own = ledger[ledger["region_code"] == region]
    found = forecasts(own, history[["region_code", "indicator", "cutoff", "value"]])
    rows = worded(own).merge(found[["ledger_id", "n_periods", "outlook", "reason"]], on="ledger_id")
    note = "四期以上才按线性趋势外推到完成时限，并给出区间；不足四期一律“无法判断”。"
    return table(rows, caption="到完成时限的趋势", columns=FORECAST, sheet="趋势预测", note=note)
