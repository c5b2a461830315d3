"""Every command with its Chinese help and examples; no command's code is imported before it is called."""

from __future__ import annotations

import argparse

from zjanalysis.cli import parser_desk, parser_passing
from zjanalysis.cli.chinese import Formatter, Parser


def _command(commands, name: str, run: str, text: str, examples: str = ""):  # type: ignore[no-untyped-def]
    """Add one command: its line in the list, its help page with examples, the function that runs it."""
    epilog = f"示例：\n{examples}" if examples else ""
    parser = commands.add_parser(
        name, help=text, description=text, epilog=epilog, formatter_class=Formatter, add_help=False
    )
    parser.add_argument("-h", "--help", action="help", help="显示这页帮助")
    parser.set_defaults(run=run)
    return parser


def _where(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", default="", metavar="DIR", help="数据集，默认取 zjanalysis.toml 的 data")
    parser.add_argument("--period", default="", metavar="P", help="期次（如 2021Q1），默认最新一期")


def make_parser() -> argparse.ArgumentParser:
    """Give the parser of all commands."""
    parser = Parser(
        prog="zj",
        description="zjanalysis：政务服务效能分析与县区通报",
        formatter_class=Formatter,
        add_help=False,
        epilog="每个命令的用法与示例：zj 命令 --help",
    )
    parser.add_argument("-h", "--help", action="help", help="显示这页帮助")
    parser.add_argument("--version", action="store_true", help="显示版本")
    parser.set_defaults(run="about:overview", parser=parser)
    commands = parser.add_subparsers(title="命令", metavar="命令", parser_class=Parser)
    _publish(commands)
    _published(commands)
    _inputs(commands)
    _analysis(commands)
    _comparison(commands)
    _plan(commands)
    _ledger(commands)
    _cases(commands)
    parser_passing.add(commands, _command)
    parser_desk.add(commands, _command)
    return parser


def _publish(commands) -> None:  # type: ignore[no-untyped-def]
    build = _command(
        commands,
        "build",
        "build:build",
        "生成全市与各县（市、区）通报",
        "  zj build\n  zj build --only 赤坎区,440823 --jobs 2\n  zj build --data data/sample --period 2021Q1 --dry-run",
    )
    _where(build)
    build.add_argument("--out", default="", metavar="DIR", help="输出位置，默认 reports")
    build.add_argument("--only", default="", metavar="CODE,…", help="只生成这些地区（名称或代码；city 为全市）")
    build.add_argument("--limit", type=int, default=0, metavar="N", help="最多生成 N 份")
    build.add_argument("--jobs", type=int, default=0, metavar="N", help="同时生成的份数，默认为处理器数")
    build.add_argument("--force", action="store_true", help="即使没有变化也重新生成")
    build.add_argument("--dry-run", action="store_true", help="只说明会生成什么、为什么")
    build.add_argument("--fail-fast", action="store_true", help="一份失败就停止")
    build.add_argument(
        "--engine", default="auto", choices=("auto", "warm", "spawn", "kernel"), help="执行方式，默认 auto"
    )
    build.add_argument("--timeout", type=float, default=300.0, metavar="N", help="每份报告最多用多少秒，默认 300")
    build.add_argument("--dask", default="", metavar="URL", help="在 Dask 集群上生成，如 tcp://127.0.0.1:8786")
    text = "按这个文件里的参数生成（笔记本 00 的“送到报告”写出）"
    build.add_argument("--with", dest="with_file", default="", metavar="FILE", help=text)
    build.add_argument("--date", default="", metavar="DATE", help="报告日期（如 2021-04-15），默认为数据截止日")
    listing = _command(
        commands, "list", "build:listing", "列出数据集、期次与可生成的报告", "  zj list\n  zj list --data data/sample"
    )
    _where(listing)


def _published(commands) -> None:  # type: ignore[no-untyped-def]
    index = _command(
        commands, "index", "build:index", "重建总览页 index.html", "  zj index\n  zj index --period 2021Q1"
    )
    _where(index)
    index.add_argument("--out", default="", metavar="DIR", help="报告所在位置，默认 reports")
    verify = _command(
        commands,
        "verify",
        "build:verify",
        "核对一页（或纸上的校验码）是否出自现在的数据、口径与程序",
        "  zj verify reports/2021Q1/district/440823.html\n  zj verify 31P-14T-035-2KQ",
    )
    verify.add_argument("word", metavar="PAGE|FINGERPRINT", help="页面文件，或页眉上的校验码")
    verify.add_argument("--out", default="", metavar="DIR", help="报告所在位置，默认 reports")
    verify.add_argument("--data", default="", metavar="DIR", help="数据集，默认取 zjanalysis.toml 的 data")


def _inputs(commands) -> None:  # type: ignore[no-untyped-def]
    check = _command(
        commands,
        "check",
        "inputs:check",
        "核对工作簿，逐格指出问题",
        "  zj check 报送/遂溪县.xlsx\n  zj check data/sample/2021Q1/items --out 核对结果.xlsx",
    )
    check.add_argument("paths", nargs="+", metavar="FILE|DIR", help="工作簿、CSV 或装有它们的文件夹")
    check.add_argument("--out", default="", metavar="FILE", help="把全部问题写入这个 .xlsx 或 .csv")
    text = "写出标注副本（问题单元格着色并加批注）到这个文件夹"
    check.add_argument("--annotate", default="", metavar="DIR", help=text)
    check.add_argument("--json", action="store_true", help="以 JSON 输出，供其他程序使用")
    template = _command(
        commands,
        "template",
        "inputs:template",
        "写出下发填报的空白工作簿",
        "  zj template 事项填报模板.xlsx --region 遂溪县\n  zj template 上报数据.xlsx --reported\n"
        "  zj template 三级指标.xlsx --indicators",
    )
    template.add_argument("out", metavar="FILE", help="写到哪个 .xlsx")
    template.add_argument("--region", default="", metavar="CODE", help="填报地区，默认 zjanalysis.toml 的 focus")
    kinds = template.add_mutually_exclusive_group()
    kinds.add_argument("--reported", action="store_true", help="上报类指标的填报表")
    kinds.add_argument("--indicators", action="store_true", help="43 项三级指标与权重的录入表")
    kinds.add_argument("--population", action="store_true", help="人口与企业数表")
    kinds.add_argument("--addresses", action="store_true", help="报告收件人表（zj bundle --mail 用）")


def _analysis(commands) -> None:  # type: ignore[no-untyped-def]
    measure = _command(
        commands,
        "measure",
        "analysis:measure",
        "计算指标",
        "  zj measure\n  zj measure --data data/gd-2021-05 --scope 全部 --by 全部 --as-written\n"
        "  zj measure --by 实施主体 --region 遂溪县 --out scores.csv",
    )
    _where(measure)
    text = "事项类型（如 行政许可,公共服务），“全部”为不限；默认按各指标的口径"
    measure.add_argument("--scope", default="", metavar="TYPE,…", help=text)
    text = "行使层级（2 省级、3 市级、4 县级），“全部”为不限；默认按数据集"
    measure.add_argument("--level", default="", metavar="LEVEL,…", help=text)
    text = "分组：地区、实施主体、事项类型、行使层级（可用逗号连接），或“全部”"
    measure.add_argument("--by", default="地区", metavar="COLUMN", help=text)
    measure.add_argument("--region", default="", metavar="CODE,…", help="只计这些地区")
    measure.add_argument("--as-written", action="store_true", help="时限数字按原文计，不把自然日、月等折算为工作日")
    measure.add_argument("--out", default="", metavar="FILE", help="结果写入这个 .csv 或 .xlsx")


def _comparison(commands) -> None:  # type: ignore[no-untyped-def]
    examples = (
        "  zj compare 湛江市\n  zj compare 遂溪县 --indicator visits\n  zj compare 440800 --peers 粤西 --out 比较.xlsx"
    )
    compare = _command(commands, "compare", "comparison:compare", "与兄弟地区比较（列表口径与同事项可比）", examples)
    compare.add_argument("place", metavar="REGION", help="地区名称或代码")
    compare.add_argument("--indicator", default="", metavar="KEY", help="只看一个指标，默认全部")
    _against(compare)
    diff = _command(
        commands, "diff", "comparison:diff", "两期之间有哪些变化", "  zj diff 2020Q4 2021Q1 --region 湛江市"
    )
    diff.add_argument("before", metavar="PERIOD", help="前一期")
    diff.add_argument("now", metavar="PERIOD", help="后一期")
    diff.add_argument("--data", default="", metavar="DIR", help="数据集，默认取 zjanalysis.toml 的 data")
    diff.add_argument("--region", default="", metavar="CODE", help="地区，默认 zjanalysis.toml 的 focus")
    diff.add_argument("--out", default="", metavar="FILE", help="指标变化写入这个 .csv 或 .xlsx")


def _against(parser: argparse.ArgumentParser) -> None:
    _where(parser)
    parser.add_argument(
        "--peers", default="", metavar="GROUP|CODE,…", help="比较对象：组名或地区，默认兄弟地市（县区）"
    )
    parser.add_argument("--out", default="", metavar="FILE", help="结果写入这个文件")


def _plan(commands) -> None:  # type: ignore[no-untyped-def]
    examples = (
        "  zj plan 湛江市 --indicator time_compression --target median\n"
        "  zj plan 遂溪县 --indicator instant --target 85% --out 任务清单.xlsx\n"
        "  zj plan 遂溪县 --indicator instant --apply 任务清单（已反馈）.xlsx"
    )
    plan = _command(commands, "plan", "comparison:plan", "最少改哪些事项可以达到目标；导出任务清单、收回反馈", examples)
    plan.add_argument("place", metavar="REGION", help="地区名称或代码")
    plan.add_argument(
        "--indicator", required=True, metavar="KEY", help="指标代码，如 time_compression、visits、instant"
    )
    text = "目标：数值（93%% 或 0.93）、plan（方案目标，默认）、median、best，或某个地区"
    plan.add_argument("--target", default="plan", metavar="T", help=text)
    plan.add_argument("--max-per-department", type=int, default=None, metavar="N", help="每个部门最多改几项")
    plan.add_argument("--min-peers", type=int, default=1, metavar="K", help="至少有 K 个地区已做到，默认 1")
    plan.add_argument("--floor", type=float, default=0.0, metavar="N", help="承诺天数（或次数）不低于此数，默认 0")
    plan.add_argument("--lock", default="", metavar="CODE,…", help="不动的基本编码、事项或部门")
    plan.add_argument("--due", default="", metavar="DATE", help="任务清单上的完成时限")
    plan.add_argument("--apply", default="", metavar="FILE", help="读入各部门反馈后的任务清单，看落实后的数值")
    _against(plan)


def _ledger(commands) -> None:  # type: ignore[no-untyped-def]
    examples = (
        "  zj ledger init 台账.xlsx\n  zj ledger update 台账.xlsx --period 2021Q1 --on 2021-04-15\n"
        "  zj ledger merge 台账.xlsx 遂溪县.xlsx 徐闻县.xlsx --on 2021-04-20\n"
        "  zj ledger due 台账.xlsx --on 2021-06-01 --out 督办单.xlsx"
    )
    ledger = _command(commands, "ledger", "ledger:ledger", "整改台账：建立、更新、汇总各地反馈、督办", examples)
    ledger.add_argument(
        "action", choices=("init", "update", "merge", "due"), help="init 建立、update 更新、merge 汇总、due 督办"
    )
    ledger.add_argument("path", metavar="FILE", help="台账工作簿")
    ledger.add_argument("files", nargs="*", metavar="COPY", help="merge：各单位返回的副本")
    _where(ledger)
    ledger.add_argument("--on", default="", metavar="DATE", help="办理日期，默认数据截止日")
    ledger.add_argument("--within", type=int, default=30, metavar="N", help="due：多少天内到期，默认 30")
    ledger.add_argument("--quiet", type=int, default=60, metavar="N", help="due：多少天没有进展，默认 60")
    ledger.add_argument("--out", default="", metavar="FILE", help="due：督办单写入这个 .xlsx")


def _cases(commands) -> None:  # type: ignore[no-untyped-def]
    examples = (
        "  zj cases\n  zj cases --by 地区,部门 --region 遂溪县 --quantiles\n"
        "  zj cases --by 事项,月份 --period 2021Q1 --out 办件时效.csv\n"
        "  zj cases --engine spark --master spark://主机:7077 --by 地区,渠道\n\n"
        "办件从哪里来：<期次>/cases/ 下的 .parquet、.csv；\n"
        "或 dataset.toml 的 [cases]：postgres 加 table 或 query，或 spark_table。\n"
        "数据库密码只取自环境变量 PGPASSWORD，不写入文件。"
    )
    cases = _command(commands, "cases", "cases:cases", "汇总办件时效：按时办结、实际办理、逾期未结", examples)
    _where(cases)
    text = "分组：地区、部门、事项、渠道、月份（应办结的月份），可用逗号连接，或“全部”；默认 地区"
    cases.add_argument("--by", default="地区", metavar="COLUMN,…", help=text)
    cases.add_argument("--region", default="", metavar="CODE,…", help="只计这些地区（名称或代码）")
    cases.add_argument("--quantiles", action="store_true", help="加上实际办理工作日的中位数与九成分位（精确值）")
    text = "计算引擎：duckdb（默认，可大于内存）、spark、pandas；结果相同"
    cases.add_argument("--engine", default="duckdb", choices=("duckdb", "spark", "pandas"), help=text)
    text = "--engine spark 的主节点，如 spark://主机:7077、local[2]"
    cases.add_argument("--master", default="", metavar="URL", help=text)
    cases.add_argument("--out", default="", metavar="FILE", help="结果写入这个 .csv 或 .xlsx")
