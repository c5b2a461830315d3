"""Columns of the office's own workbooks: reported figures, indicator weights, the ledger (台账) and its change log.

They join the columns of `inputs.columns` under the same look-up, so that tables find their Chinese headers.
"""

from __future__ import annotations

from zjanalysis.inputs.columns import ALL_COLUMNS, Column, label

# --- reported.xlsx: one row is one figure of one region for one indicator in one period --------------------------
REPORTED_COLUMNS = (
    Column(
        "region",
        "地区",
        note="地级市填市级数；县（市、区）、功能区填本地数",
        aliases=("县区", "县（市、区）", "填报地区"),
    ),
    Column("indicator_label", "指标", "choice", aliases=("指标名称",)),
    Column("numerator", "分子", "number", aliases=("数值", "分子（数值）")),
    Column(
        "denominator",
        "分母",
        "number",
        note="计数类指标不填；每万人、每万户的分母取人口与企业数表",
        aliases=("分母（总数）",),
    ),
    Column("figure_source", "数据来源", note="系统名称或文件", aliases=("来源",)),
    Column("reporting_unit", "填报单位", aliases=("单位", "上报单位")),
    Column("reported_on", "填报日期", "date", aliases=("日期", "上报日期")),
)

# --- population.xlsx: one row is one region at one date; the office maintains it ---------------------------------
POPULATION_COLUMNS = (
    Column("region", "地区"),
    Column("as_of", "统计时点", "date", aliases=("时点", "截至日期")),
    Column("people", "常住人口", "count", unit="人", aliases=("人口", "常住人口数")),
    Column("firms", "企业数", "count", unit="户", aliases=("企业户数", "实有企业数")),
    Column("figure_source", "数据来源", aliases=("来源",)),
)

# --- weights: one row is one third-level indicator of the province's evaluation, typed in by the office ----------
WEIGHT_COLUMNS = (
    Column("level_one", "一级指标"),
    Column("level_two", "二级指标"),
    Column("level_three", "三级指标"),
    Column("indicator_label", "对应指标", "choice", note="本工具的指标名称；没有对应的留空，在“得分”栏填省里给的得分"),
    Column(
        "weight",
        "权重（满分值）",
        "number",
        note="该三级指标的满分，全部相加为 100",
        aliases=("权重", "满分", "满分值", "分值"),
    ),
    Column("method", "计分方法", "choice", note="按比例 / 达标 / 直接填分", aliases=("方法",)),
    Column("zero_at", "零分值", "number", note="按比例：指标为此值时得 0 分；百分率写小数或带 %", aliases=("起评值",)),
    Column("full_at", "满分线", "number", note="按比例、达标：指标达到此值得满分", aliases=("目标值", "满分条件")),
    Column("points", "得分", "number", note="直接填分：省里给的得分", aliases=("实际得分",)),
    Column(
        "effort",
        "投入",
        "number",
        note="把这项补到满分要的投入（人日、万元均可，全表同一单位）；可不填",
        aliases=("工作量",),
    ),
)

# --- ledger.xlsx: one row is one target of the plan in one region, or one problem the office added ---------------
HAND_COLUMNS = (
    Column("sequence", "序号"),
    Column("problem", "问题"),
    Column("parent", "所属问题", note="省评估报告指出的8个方面问题中的哪一个：前言-01 至 前言-08"),
    Column("lead_unit", "责任单位", aliases=("牵头单位",)),
    Column("cooperating_units", "配合单位"),
    Column("person", "责任人"),
    Column("measures", "措施", aliases=("整改措施",)),
    Column("deadline", "完成时限", note="2021-06、2021年6月、2021-06-30 或 长期推进", aliases=("时限",)),
    Column("progress", "进展说明", aliases=("进展", "进展情况")),
    Column("evidence", "佐证", note="文件、截图或记录的名称；没有佐证不能销号", aliases=("佐证材料", "佐证名称")),
    Column("evidence_number", "佐证文号", note="完成标志类事项必填；没有文号的填“无”"),
    Column("evidence_date", "佐证日期", "date", note="完成标志类事项必填"),
    Column("evidence_link", "佐证链接", note="完成标志类事项必填：网址，或存放的位置"),
    Column("closed_on", "销号日期", "date", note="确认销号的日期；须不早于达标日期", aliases=("销号时间",)),
)
TOOL_COLUMNS = (
    Column("task", "任务"),
    Column("clause", "条款"),
    Column("region", "地区"),
    Column("indicator_label", "指标"),
    Column("baseline", "基期值", "value"),
    Column("target_text", "目标值"),
    Column("current", "当前值", "value"),
    Column("gap", "差距", "delta", note="正数为优于目标"),
    Column("status", "状态", "choice"),
    Column("status_reason", "状态说明", note="为什么是这个状态"),
    Column("opened_on", "立项日期", "date"),
    Column("reached_on", "达标日期", "date", note="使当前值达标的那期数据的截止日期；回落后清空"),
    Column("progress_on", "最近进展", "date", note="工具看到进展说明变动的日期"),
    Column("hint", "工具提示"),
    Column("ledger_id", "编号", "code", note="目标编号@地区代码；请勿改动"),
    Column("row_key", "行键", "code", note="隐藏列，工具认行用"),
)
_ORDER = (
    "sequence",
    "task",
    "clause",
    "region",
    "row_key",
    "problem",
    "parent",
    "indicator_label",
    "baseline",
    "target_text",
    "current",
    "gap",
    "lead_unit",
    "cooperating_units",
    "person",
    "measures",
    "deadline",
    "status",
    "status_reason",
    "progress",
    "evidence",
    "evidence_number",
    "evidence_date",
    "evidence_link",
    "closed_on",
    "opened_on",
    "reached_on",
    "progress_on",
    "hint",
    "ledger_id",
)
LEDGER_COLUMNS = tuple({c.key: c for c in (*HAND_COLUMNS, *TOOL_COLUMNS)}[key] for key in _ORDER)

# What the tool must remember of a row between two runs and people need not see.
MEMORY_KEYS = ("indicator", "comparison", "target_value", "unit", "baseline_on", "as_of")

CHANGE_COLUMNS = (
    Column("changed_on", "日期", "date"),
    Column("changed_by", "来源", note="工具，或交回的文件名，或“手工修改”"),
    Column("ledger_id", "编号", "code"),
    Column("column", "列"),
    Column("old", "原值"),
    Column("new", "新值"),
)

OTHER_COLUMNS = (
    Column("title", "任务名称"),
    Column("task_status", "总体状态"),
    Column("trend", "较上期"),
    Column("n_periods", "可比期数", "count", unit="期"),
    Column("outlook", "预计"),
    Column("text", "要求"),
    Column("quote", "原文"),
    Column("n_rows", "事项", "count", unit="项"),
    Column("n_met", "已达标", "count", unit="项"),
    Column("n_closed", "已销号", "count", unit="项"),
    Column("n_overdue", "逾期", "count", unit="项"),
    Column("n_not_started", "未启动", "count", unit="项"),
    Column("n_in_progress", "推进中", "count", unit="项"),
    Column("n_long_term", "长期推进", "count", unit="项"),
    Column("n_no_value", "无数据", "count", unit="项"),
    Column("days_left", "剩余天数", "count", unit="天", note="负数为已逾期天数"),
    Column("days_quiet", "无进展天数", "count", unit="天"),
    Column("why_due", "督查事由"),
    Column("unit_name", "责任单位"),
    Column("cost", "失分", "number", unit="分"),
    Column("share_of_full", "得分率", "share"),
    Column("per_effort", "每单位投入得分", "number"),
    Column("total_after", "累计总分", "number", unit="分"),
    Column("baseline_text", "基期值"),
    Column("current_text", "当前值"),
    Column("gap_text", "差距"),
    Column("status_before", "上期状态"),
    Column("value_before", "上期值"),
    Column("in_master", "台账现值"),
    Column("in_copy", "交回值"),
    Column("forecast", "预计值", "value"),
    Column("low", "区间下限", "value"),
    Column("high", "区间上限", "value"),
)

for _column in (
    *REPORTED_COLUMNS,
    *POPULATION_COLUMNS,
    *WEIGHT_COLUMNS,
    *LEDGER_COLUMNS,
    *CHANGE_COLUMNS,
    *OTHER_COLUMNS,
):
    ALL_COLUMNS.setdefault(_column.key, _column)

_OWN = {c.key: c.label for c in (*CHANGE_COLUMNS, *LEDGER_COLUMNS)}


def office_label(key: str) -> str:
    """Give the header of a ledger column; elsewhere the same key may read otherwise (current: 当前值, 本期值).

    >>> office_label("current"), office_label("ledger_id"), office_label("领导批示")
    ('当前值', '编号', '领导批示')
    """
    return _OWN.get(key, label(key))


HAND = tuple(c.key for c in HAND_COLUMNS)
TOOL = tuple(c.key for c in TOOL_COLUMNS)
LEDGER = tuple(c.key for c in LEDGER_COLUMNS)
