"""Every column once: the English identifier, the Chinese header, what it holds, and how workbooks spell it.

A new spelling seen in a workbook is one more alias here, and nothing else changes.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column. ``aliases`` are headers that mean it; ``unit`` is printed in every table head.

    ``kind``: text · code (digits kept as text) · days · count · share (0–1, printed in percent) · number ·
    visits · flag (true / false / missing) · choice · date.
    """

    key: str
    label: str
    kind: str = "text"
    unit: str = ""
    note: str = ""
    aliases: tuple[str, ...] = ()


# --- items: one row is one service item in one region -------------------------------------------------------------
# Aliases follow fields_alias.csv: national exchange tables, the portal's AUDIT_ITEM detail, its lower-case v2, the
# province's item API, Chinese headers seen in workbooks, pinyin keys of hall systems. Matching ignores case, white
# space, line breaks and the width of brackets; a bracket at the end (``法定办结时限(handle_time)``) is tried without.
ITEM_COLUMNS = (
    Column("region_code", "行政区划代码", "code", note="前 6 位；功能区用本工具自编代码",
           aliases=("行政区划", "AREACODE", "AREA_CODE", "DIVISION_CODE", "region_code", "区划代码")),
    Column("region", "地区",
           aliases=("行政区划名称", "AREA_CODE_TEXT", "所属区划", "区划名称", "县区", "县（市、区）", "地市")),
    Column("item_id", "事项唯一标识", "code",
           aliases=("事项实施清单唯一ID", "ROW_GUID", "TASK_GUID", "MATTERID", "ITEM_ID", "itemGuid", "rowguid", "id")),
    Column("item_name", "事项名称", aliases=("TASK_NAME", "name", "taskname", "办理项名称", "实施清单名称")),
    Column("catalog_name", "主项名称", aliases=("CATANAME", "catalog_name", "parentCatalogName", "目录名称")),
    Column("base_code", "基本编码", "code", note="同事项比较的匹配键",
           aliases=("CATALOG_CODE", "LOCAL_CATALOG_CODE", "NATION_CATALOG_CODE", "base_code", "ctg_code", "jbbm",
                    "CATAID", "目录编码", "国家基本编码")),
    Column("impl_code", "实施编码", "code",
           aliases=("TASK_CODE", "LOCAL_TASK_CODE", "NATION_TASK_CODE", "carry_out_code", "service_code", "itemId",
                    "ssbm", "事项编码")),
    Column("handle_item_code", "业务办理项编码", "code",
           aliases=("TASK_HANDLE_ITEM", "situation_code", "ywcode", "YW_CODE", "ywblxbm")),
    Column("item_type", "事项类型", "choice",
           aliases=("TASK_TYPE_TEXT", "special_item_type_text", "service_item_type_text", "权力类型")),
    Column("item_type_code", "事项类型代码", "choice",
           aliases=("TASK_TYPE", "service_item_type", "special_item_type", "shenpilb")),
    Column("use_level", "行使层级", "choice", note="2 省级 · 3 市级 · 4 县级",
           aliases=("USE_LEVEL_TEXT", "authority_level_text", "matter_level")),
    Column("use_level_code", "行使层级代码", "choice", aliases=("USE_LEVEL", "useLevel")),
    Column("department_code", "实施主体代码", "code",
           aliases=("DEPT_CODE", "TONGYI_CODE", "service_agent_code", "ORGCODE")),
    Column("department", "实施主体",
           aliases=("DEPT_NAME", "service_agent_name", "impl_org_name", "ouname", "实施部门", "部门", "部门名称",
                    "实施机构")),
    Column("statutory_limit", "法定办结时限", unit="工作日",
           aliases=("法定时限", "法定期限", "法定办理时限", "ANTICIPATE_DAY", "legal_period", "legal_time", "fdbjsx",
                    "handle_time")),
    Column("statutory_unit", "法定办结时限单位", "choice",
           aliases=("法定时限单位", "ANTICIPATE_TYPE_TEXT", "legal_time_unit_text", "fdbjsxdw")),
    Column("statutory_unit_code", "法定办结时限单位代码", "choice", aliases=("ANTICIPATE_TYPE", "legal_period_type")),
    Column("statutory_note", "法定办结时限说明",
           aliases=("ANTICIPATE_EXPLAIN", "FDBLSXSM", "legal_time_note", "fdbjsxsm")),
    Column("promised_limit", "承诺办结时限", unit="工作日",
           aliases=("承诺时限", "承诺期限", "承诺办理时限", "PROMISE_DAY", "promised_period", "promise_time", "cnbjsx",
                    "handle_time_limit")),
    Column("promised_unit", "承诺办结时限单位", "choice",
           aliases=("承诺时限单位", "PROMISE_TYPE_TEXT", "promise_time_unit_text", "cnbjsxdw")),
    Column("promised_unit_code", "承诺办结时限单位代码", "choice", aliases=("PROMISE_TYPE", "promised_period_type")),
    Column("promised_note", "承诺办结时限说明",
           aliases=("PROMISE_EXPLAIN", "CRBJSXSM", "accept_time_sp", "promise_time_note", "cnbjsxsm")),
    Column("both_limits", "办理时限", note="法定与承诺写在一格，例如“承诺时限：1天；法定时限：20天”",
           aliases=("办结时限", "办理期限", "时限")),
    Column("handling_type", "办件类型", "choice", note="即办件 / 承诺件 / 其他",
           aliases=("PROJECT_TYPE_TEXT", "handle_type")),
    Column("handling_type_code", "办件类型代码", "choice", aliases=("PROJECT_TYPE", "type")),
    Column("visits", "到办事现场次数", "visits", unit="次",
           aliases=("跑动次数", "LIMIT_SCENE_NUM", "limitSceneNum", "transport_count", "applyermin_count",
                    "visit_number", "到现场次数")),
    Column("visit_reason", "必须现场办理原因说明",
           aliases=("LIMIT_SCENE_EXPLAIN", "UNONLINEREASON", "scene_reason")),
    Column("online", "是否网办", "flag",
           aliases=("可网上办理", "是否可网办", "IS_ONLINE", "ONLINECHECK", "ONLINECHECK_TEXT", "suit_online", "sfwb",
                    "online_book")),
    Column("online_depth", "网上办理深度", "choice", note="Ⅳ级，或八段中的 5、6、7，为全流程网办",
           aliases=("ONLINE_HANDLE_DEPTH", "WBSD_LEVEL_TEXT", "WBSD_LEVEL", "declare_service_level",
                    "online_apply_depth_text", "wangbanshendu", "网办深度")),
    Column("handle_form", "办理形式",
           aliases=("办理形式代码", "HANDLE_TYPE", "HANDLE_TYPE_TEXT", "application_channel_text")),
    Column("serves", "服务对象",
           aliases=("服务对象代码", "SERVER_TYPE", "SERVE_TYPE_TEXT", "SERVE_TYPE", "service_object_text",
                    "service_object_type")),
    Column("on_application", "是否依申请", "flag", aliases=("依申请",)),
    Column("in_hall", "是否进驻大厅", "flag", aliases=("IS_ENTRY_CENTER", "is_seated_executive_halls")),
    Column("one_window", "纳入综合窗口", "flag",
           aliases=("是否综合窗口", "是否一窗受理", "is_importonewindow", "is_importmultiwindow")),
    Column("bookable", "是否可预约", "flag",
           aliases=("是否支持预约办理", "可预约", "IS_BESPEAK", "is_reservation")),
    Column("express", "是否支持物流快递", "flag",
           aliases=("IS_EXPRESS", "ems", "is_express_delivery", "courier_service")),
    Column("cross_area", "通办范围", aliases=("HANDLE_AREA", "SCOPERANGE_TEXT", "handleArea", "tbfw")),
    Column("state", "事项状态", "choice", note="只计“在用”",
           aliases=("TASK_STATE_TEXT", "status_text", "state", "task_state")),
    Column("version", "事项版本", aliases=("TASK_VERSION", "VERSION_DATE", "PUBLISHDATE", "发布日期")),
    Column("case_count", "办件量", "count", unit="件", aliases=("年办件量", "办件数")),
)  # fmt: skip

# What check() adds to an item: typed values that the analysis uses.
DERIVED_COLUMNS = (
    Column("statutory_days", "法定时限", "days", unit="工作日"),
    Column("promised_days", "承诺时限", "days", unit="工作日"),
    Column("statutory_written", "法定时限（原文数字）", "number"),
    Column("promised_written", "承诺时限（原文数字）", "number"),
    Column("limit_reason", "时限未纳入原因"),
    Column("end_to_end", "全流程网办", "flag"),
    Column("serves_public", "面向自然人或法人", "flag"),
    Column("match_code", "匹配键", "code", note="基本编码；没有时取 31 位实施编码的后 12 位"),
    Column("file", "文件"),
    Column("sheet", "工作表"),
    Column("row_number", "行号", "count"),
)

FINDING_COLUMNS = (
    Column("file", "文件"),
    Column("sheet", "工作表"),
    Column("cell", "单元格"),
    Column("row_number", "行号", "count"),
    Column("header", "列名"),
    Column("value", "原值"),
    Column("rule", "规则"),
    Column("level", "级别", note="错误 / 警告 / 提示"),
    Column("message", "问题"),
    Column("action", "处理建议"),
    Column("used", "是否仍计入", "flag"),
    Column("region_code", "行政区划代码", "code"),
)

# What summary() and completeness() count.
QUALITY_COLUMNS = (
    Column("rule_title", "问题类型"),
    Column("n_findings", "问题数", "count", unit="处"),
    Column("n_errors", "错误", "count", unit="处"),
    Column("n_warnings", "警告", "count", unit="处"),
    Column("n_notes", "提示", "count", unit="处"),
    Column("n_rows_out", "未计入行数", "count", unit="行"),
    Column("column_label", "列名"),
    Column("n_items", "事项数", "count", unit="项"),
    Column("n_filled", "已填", "count", unit="项"),
    Column("filled_share", "填报率", "share"),
    Column("sha256", "文件指纹"),
    Column("rows_read", "读入行数", "count", unit="行"),
    Column("rows_used", "计入行数", "count", unit="行"),
    Column("rows_left_out", "未计入行数", "count", unit="行"),
)

SCORE_COLUMNS = (
    Column("indicator", "指标代码"),
    Column("indicator_label", "指标"),
    Column("value", "数值", "number"),
    Column("numerator", "分子", "number"),
    Column("denominator", "分母", "number"),
    Column("n", "纳入事项", "count", unit="项"),
    Column("n_left_out", "剔除事项", "count", unit="项"),
    Column("unit", "单位"),
    Column("target", "目标"),
    Column("period", "期次"),
)

GAP_COLUMNS = (
    Column("rank", "位次", "count"),
    Column("n_ranked", "参排地区", "count", unit="个"),
    Column("tied", "并列", "flag"),
    Column("best", "最优值", "number"),
    Column("best_region", "最优地区"),
    Column("median", "兄弟地区中位数", "number"),
    Column("gap_to_best", "与最优差距", "number"),
    Column("gap_to_median", "与中位数差距", "number"),
    Column("gap_to_target", "与目标差距", "number"),
    Column("meets_target", "是否达标"),
    Column("verdict", "判断"),
    Column("previous", "上期值", "number"),
    Column("change", "较上期", "number"),
    Column("definition", "口径"),
    Column("reason", "原因"),
    Column("room_days", "可压天数", "days", unit="工作日"),
    Column("best_days", "同类最优承诺", "days", unit="工作日"),
    Column("gain", "可提升", "number"),
)

# What analysis.robust, basket, explain, plan, sensitivity and change add: key, label, kind, unit, note.
PLAN_COLUMNS = tuple(Column(*row) for row in (
    ("shown", "公布值", "number"), ("trend", "变化方向"), ("peer_code", "对比地区", "code"),
    ("peer_value", "对比地区值", "number"), ("difference", "领先幅度", "number", "", "正数为优于对方"),
    ("low", "区间下限", "number"), ("high", "区间上限", "number"),
    ("p_ahead", "领先的可能", "share", "", "重抽样中领先的占比，相等计一半"), ("n_codes", "基本编码", "count", "个"),
    ("n_shared", "同事项", "count", "个"), ("coverage", "同事项覆盖率", "share"),
    ("peer_coverage", "对比地区覆盖率", "share"), ("n_peers", "参比地区", "count", "个"),
    ("all_items_difference", "全部事项领先幅度", "number"), ("simpson", "与全部事项方向相反", "flag"),
    ("covered", "篮子覆盖率", "share"), ("n_basket", "篮子编码", "count", "个"), ("rank_low", "位次最好", "count"),
    ("rank_high", "位次最差", "count"), ("rank_change", "位次变化", "count", "", "正数为位次上升"),
    ("verdict_changed", "判断是否改变", "flag"), ("part", "组成"), ("contribution", "贡献", "number"),
    ("ahead", "贡献（正为优）", "number"), ("gap", "差距", "number"), ("overall", "合计值", "number"),
    ("low_998", "99.8%下限", "number"), ("high_998", "99.8%上限", "number"), ("order", "序号", "count"),
    ("item_key", "编码", "code"), ("field", "调整内容"), ("kind", "类别"), ("from_value", "现值", "number"),
    ("to_value", "建议值", "number"), ("change_by", "调整幅度", "number"), ("cumulative", "累计达到", "number"),
    ("follows", "参照地区"), ("n_follows", "参照地区数", "count", "个"), ("past", "须超过", "flag"),
    ("reached", "能否达到", "flag"), ("reached_value", "方案后", "number"), ("best_reachable", "最多可达", "number"),
    ("n_steps", "需调整事项", "count", "项"), ("n_possible", "可调整事项", "count", "项"),
    ("rank_before", "现位次", "count"), ("rank_after", "方案后位次", "count"), ("could_gain", "尚可提升", "number"),
    ("current", "本期值", "number"), ("n_unmatched", "无基本编码事项", "count", "项"), ("answer_state", "反馈结果"),
    ("applied_value", "采纳值", "number"), ("stage", "阶段"), ("n_tasks", "落实事项", "count", "项"),
))  # fmt: skip

_TABLES = (ITEM_COLUMNS, DERIVED_COLUMNS, FINDING_COLUMNS, QUALITY_COLUMNS, SCORE_COLUMNS, GAP_COLUMNS, PLAN_COLUMNS)
ALL_COLUMNS = {column.key: column for table in _TABLES for column in table}


def label(key: str) -> str:
    """Give the Chinese header of a column; a key that is not registered is given back as it is.

    >>> label("promised_days")
    '承诺时限'
    """
    column = ALL_COLUMNS.get(key)
    return column.label if column else key
