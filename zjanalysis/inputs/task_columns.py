"""The task list that departments answer, as its workbook heads it; reading it back goes by these labels."""

from __future__ import annotations

from zjanalysis.inputs.columns import Column

TASK_COLUMNS = (
    Column("order", "序号", "count"),
    Column("item_key", "编码", "code"),
    Column("match_code", "基本编码", "code"),
    Column("item_name", "名称"),
    Column("department", "部门"),
    Column("current_text", "现承诺"),
    Column("proposed_text", "建议承诺"),
    Column("basis", "依据"),
    Column("gain", "预计提升", "number"),
    Column("responsible", "责任单位"),
    Column("due", "完成时限"),
    Column("answer", "反馈", "choice", note="同意 / 已完成 / 部分同意（须填商定值）/ 不同意"),
    Column("agreed_value", "商定值", "number", note="与建议值不同时填写"),
    Column("to_value", "建议值", "number"),
    Column("indicator", "指标代码"),
    Column("region_code", "行政区划代码", "code"),
)
