"""``zj cases`` and its help."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def add(commands: Any, command: Callable[..., Any], where: Callable[[Any], None]) -> None:
    """Add ``cases``; ``command`` and ``where`` are the parser's own, so that all help looks alike."""
    examples = (
        "  zj cases\n  zj cases --by 地区,部门 --region 遂溪县 --quantiles\n"
        "  zj cases --by 事项,月份 --period 2021Q1 --out 办件时效.csv\n"
        "  zj cases --engine spark --master spark://主机:7077 --by 地区,渠道\n\n"
        "办件从哪里来：<期次>/cases/ 下的 .parquet、.csv；\n"
        "或 dataset.toml 的 [cases]：postgres 加 table 或 query，或 spark_table。\n"
        "数据库密码只取自环境变量 PGPASSWORD，不写入文件。"
    )
    cases = command(commands, "cases", "cases:cases", "汇总办件时效：按时办结、实际办理、逾期未结", examples)
    where(cases)
    text = "分组：地区、部门、事项、渠道、月份（可用逗号连接），或“全部”；默认 地区"
    cases.add_argument("--by", default="地区", metavar="COLUMN,…", help=text)
    cases.add_argument("--region", default="", metavar="CODE,…", help="只计这些地区（名称或代码）")
    cases.add_argument("--quantiles", action="store_true", help="加上实际办理工作日的中位数与九成分位（精确值）")
    text = "计算引擎：duckdb（默认，可大于内存）、spark、pandas；结果相同"
    cases.add_argument("--engine", default="duckdb", choices=("duckdb", "spark", "pandas"), help=text)
    cases.add_argument(
        "--master", default="", metavar="URL", help="--engine spark 的主节点，如 spark://主机:7077、local[2]"
    )
    cases.add_argument("--out", default="", metavar="FILE", help="结果写入这个 .csv 或 .xlsx")
