"""Columns of case tables (办件): what a case holds, and how the national exchange and Chinese tables spell it.

The national names are those of ``up_pro_accept`` and ``up_pro_result`` (C0109 exchange tables). They join the columns
of `inputs.columns` under the same look-up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from zjanalysis.errors import InputError
from zjanalysis.inputs.columns import ALL_COLUMNS, Column
from zjanalysis.inputs.office_table import fold_header

CASE_COLUMNS = (
    Column("case_no", "办件编号", "code", aliases=("PROJECT_NO", "业务流水号", "申办流水号", "办件流水号")),
    Column("region_code", "行政区划代码", "code", note="没有时取受理部门编码或实施编码的第 3–8 位",
           aliases=("行政区划", "AREACODE", "AREA_CODE", "DIVISION_CODE", "region_code", "区划代码", "地区")),
    Column("org_code", "受理部门编码", "code", aliases=("ORG_CODE", "DEPT_CODE", "实施主体代码")),
    Column("base_code", "基本编码", "code", aliases=("CATALOG_CODE", "base_code", "LOCAL_CATALOG_CODE", "目录编码")),
    Column("impl_code", "实施编码", "code", aliases=("TASK_CODE", "LOCAL_TASK_CODE", "事项编码")),
    Column("department", "实施主体", aliases=("ORG_NAME", "受理部门", "DEPT_NAME", "实施部门", "部门")),
    Column("channel", "申请渠道", "choice", note="含“网”“线上”“移动”“APP”“小程序”等字样的为网上",
           aliases=("申办渠道", "受理渠道", "渠道", "APPLY_CHANNEL", "办件来源", "申请方式")),
    Column("accepted", "受理时间", "date", aliases=("ACCEPT_DATE", "受理日期")),
    Column("finished", "办结时间", "date", note="空为未办结",
           aliases=("RESULT_DATE", "FINISH_DATE", "办结日期", "banjiedate")),
    Column("due", "承诺办结时间", "date", note="没有时由承诺时限推算",
           aliases=("PROMISE_DATE", "承诺办结日期", "promiseenddate")),
    Column("promised", "承诺办结时限", "days", note="没有时取事项清单",
           aliases=("承诺时限", "承诺期限", "PROMISE_DAY")),
    Column("promised_unit", "承诺办结时限单位", "choice", note="没有这一列时为工作日",
           aliases=("承诺时限单位", "PROMISE_TYPE_TEXT")),
    Column("statutory", "法定办结时限", "days", note="工作日；没有时取事项清单",
           aliases=("法定时限", "法定期限", "ANTICIPATE_DAY")),
    Column("special_days", "特别程序天数", "days", unit="工作日", note="不计入时限",
           aliases=("特别程序时间", "SPECIAL_DAY")),
)  # fmt: skip

# What the tables made from cases hold.
CASE_RESULT_COLUMNS = (
    Column("month", "月份"),
    Column("case_count", "办件量", "count", unit="件"),
    Column("n_finished", "办结件数", "count", unit="件"),
    Column("on_time_share", "按时办结率", "share"),
    Column("n_late", "超时办结", "count", unit="件"),
    Column("mean_days", "平均实际办理", "days", unit="工作日"),
    Column("median_days", "实际办理中位数", "days", unit="工作日"),
    Column("p90_days", "实际办理九成分位", "days", unit="工作日"),
    Column("shorter_promise", "可改承诺", "days", unit="工作日"),
    Column("days_saved", "可压缩", "days", unit="工作日"),
    Column("due_date", "应办结日", "date"),
    Column("days_overdue", "已逾期", "days", unit="工作日"),
    Column("accepted_date", "受理日期", "date"),
    Column("quantity", "时限", "choice"),
    Column("q", "分位", "share"),
    Column("limit_days", "天数不超过", "days", unit="工作日"),
    Column("share", "占比", "share"),
)

for _column in (*CASE_COLUMNS, *CASE_RESULT_COLUMNS):
    ALL_COLUMNS.setdefault(_column.key, _column)

# At least one of each group must be there.
_NEEDED = (("accepted",), ("base_code", "impl_code"), ("region_code", "org_code", "impl_code"))


def case_columns(headers: Iterable[str], *, where: str) -> Mapping[str, str]:
    """Give which header holds which column of a case table; raises InputError where what is needed is missing.

    >>> case_columns(["PROJECT_NO", "TASK_CODE", "ACCEPT_DATE"], where="a.csv")["accepted"]
    'ACCEPT_DATE'
    """
    found: dict[str, str] = {}
    by_name = {fold_header(header): header for header in reversed(list(headers))}
    for column in CASE_COLUMNS:
        spellings = [column.key, column.label, *column.aliases]
        header = next((by_name[name] for s in spellings if (name := fold_header(s)) in by_name), None)
        if header is not None:
            found[column.key] = header
    for group in _NEEDED:
        if not set(group) & set(found):
            wanted = "”或“".join(ALL_COLUMNS[key].label for key in group)
            seen = "、".join(by_name.values()) or "（没有表头）"
            raise InputError(
                f"办件表“{where}”没有“{wanted}”一列，现有：{seen[:200]}。", "请补上这一列，或改用列名的通行写法。"
            )
    return found
