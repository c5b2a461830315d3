"""Every command with its Chinese help, examples and options, as a table; its code is imported when it is called."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zjanalysis.cli.chinese import Formatter, Joined, Parser


@dataclass(frozen=True)
class Option:
    """One argument as argparse takes it; of those that are ``exclusive`` a call may have one."""

    name: str
    help: str
    settings: Mapping[str, Any]
    exclusive: bool = False


@dataclass(frozen=True)
class Command:
    """One command: the function that runs it, its line in the list of commands, examples, options."""

    name: str
    run: str
    help: str
    examples: str
    options: tuple[Option, ...] = ()


def _text(name: str, metavar: str, text: str, **settings: Any) -> Option:
    """Return an option with a value, text unless ``type`` says otherwise; or a positional argument."""
    default = {"default": ""} if name.startswith("-") else {}
    return Option(name, text, {**default, "metavar": metavar, **settings})


def _list(name: str, metavar: str, text: str) -> Option:
    return _text(name, f"{metavar},…", text, action=Joined)


def _number(name: str, metavar: str, text: str, default: float | None, kind: type = int) -> Option:
    return Option(name, text, {"type": kind, "default": default, "metavar": metavar})


def _flag(name: str, text: str, *, exclusive: bool = False) -> Option:
    return Option(name, text, {"action": "store_true"}, exclusive)


def _choice(name: str, choices: tuple[str, ...], text: str, **settings: Any) -> Option:
    return Option(name, text, {"choices": choices, **settings})


DATA = _text("--data", "DIR", "数据集，默认取 zjanalysis.toml 的 data")
PERIOD = _text("--period", "P", "期次（如 2021Q1），默认最新一期")
REPORTS = _text("--out", "DIR", "报告所在位置，默认 reports")
RESULT = _text("--out", "FILE", "结果写入这个 .csv 或 .xlsx")
REGION = _text("place", "REGION", "地区名称或代码")
AGAINST = (DATA, PERIOD, _list("--peers", "GROUP|CODE", "比较对象：组名或地区，默认兄弟地市（县区）"),
           _text("--out", "FILE", "结果写入这个文件"))  # fmt: skip
EVERY = _flag("--every", "数据集写明的全部地市，默认只有 zjanalysis.toml 的 focus")
PORT = _number("--port", "N", "端口，默认 8888；占用时自动换一个", 8888)

COMMANDS = (
    Command(
        "build", "publishing:build", "生成全市与各县（市、区）通报",
        "  zj build\n  zj build --only 赤坎区,440823 --jobs 2\n"
        "  zj build --data data/sample --period 2021Q1 --dry-run\n\n"
        "只跑一本笔记本、不要页面时，直接用 papermill，地区写名称或代码都可以：\n"
        "  papermill notebooks/03_district_report.ipynb 徐闻县.ipynb -p region 徐闻县\n"
        "  papermill notebooks/03_district_report.ipynb 徐闻县.ipynb -f 参数.yaml",
        (
            DATA, PERIOD,
            _text("--out", "DIR", "输出位置，默认 reports"),
            EVERY,
            _list("--only", "CODE", "只生成这些地区（名称或代码；city 为全市）"),
            _number("--limit", "N", "最多生成 N 份", 0),
            _number("--jobs", "N", "同时生成的份数，默认为处理器数", 0),
            _flag("--force", "即使没有变化也重新生成"),
            _flag("--dry-run", "只说明会生成什么、为什么"),
            _flag("--fail-fast", "一份失败就停止"),
            _choice("--engine", ("auto", "warm", "spawn", "kernel"), "执行方式，默认 auto", default="auto"),
            _number("--timeout", "N", "每份报告最多用多少秒，默认 300", 300.0, float),
            _text("--dask", "URL", "在 Dask 集群上生成，如 tcp://127.0.0.1:8786"),
            _text("--with", "FILE", "按这个文件里的参数生成（笔记本 00 的“送到报告”写出）", dest="with_file"),
            _text("--date", "DATE", "报告日期（如 2021-04-15），默认为数据截止日"),
        ),
    ),
    Command(
        "list", "desk:listing", "列出数据集、期次与可生成的报告", "  zj list\n  zj list --data data/sample",
        (DATA, PERIOD, EVERY),
    ),
    Command(
        "index", "publishing:index", "重建总览页 index.html", "  zj index\n  zj index --period 2021Q1",
        (DATA, PERIOD, REPORTS),
    ),
    Command(
        "verify", "publishing:verify", "核对一页（或纸上的校验码）是否出自现在的数据、口径与程序",
        "  zj verify reports/2021Q1/district/440823.html\n  zj verify 31P-14T-035-2KQ\n"
        "  zj verify 收到的页面.html --key zjanalysis.pub",
        (
            _text("word", "FILE|FINGERPRINT", "页面、工作簿或笔记本，或页眉上的校验码"),
            REPORTS, DATA,
            _text("--key", "PUB", "只用发出单位的公钥核对签名，不需要数据"),
        ),
    ),
    Command(
        "keys", "publishing:keys", "为报告签名：建立本单位的钥匙", "  zj keys init",
        (_choice("action", ("init",), "init 建立钥匙"),),
    ),
    Command(
        "check", "items:check", "核对工作簿，逐格指出问题",
        "  zj check 报送/遂溪县.xlsx\n  zj check data/sample/2021Q1/items --out 核对结果.xlsx",
        (
            _text("paths", "FILE|DIR", "工作簿、CSV 或装有它们的文件夹", nargs="+"),
            _text("--out", "FILE", "把全部问题写入这个 .xlsx 或 .csv"),
            _text("--annotate", "DIR", "写出标注副本（问题单元格着色并加批注）到这个文件夹"),
            _flag("--learn", "没认出的表头，逐条询问后写进 dataset.toml 的 [columns]"),
            _flag("--json", "以 JSON 输出，供其他程序使用"),
        ),
    ),
    Command(
        "template", "items:template", "写出下发填报的空白工作簿",
        "  zj template 事项填报模板.xlsx --region 遂溪县\n  zj template 上报数据.xlsx --reported\n"
        "  zj template 三级指标.xlsx --indicators",
        (
            _text("out", "FILE", "写到哪个 .xlsx"),
            _text("--region", "CODE", "填报地区，默认 zjanalysis.toml 的 focus"),
            _flag("--reported", "上报类指标的填报表", exclusive=True),
            _flag("--indicators", "43 项三级指标与权重的录入表", exclusive=True),
            _flag("--population", "人口与企业数表", exclusive=True),
            _flag("--addresses", "报告收件人表（zj bundle --mail 用）", exclusive=True),
        ),
    ),
    Command(
        "measure", "items:measure", "计算指标",
        "  zj measure\n  zj measure --data data/gd-2021-05 --scope 全部 --by 全部 --as-written\n"
        "  zj measure --by 实施主体 --region 遂溪县 --out scores.csv",
        (
            DATA, PERIOD,
            _list("--scope", "TYPE", "事项类型（如 行政许可,公共服务），“全部”为不限；默认按各指标的口径"),
            _list("--level", "LEVEL", "行使层级（2 省级、3 市级、4 县级），“全部”为不限；默认按数据集"),
            _text("--by", "COLUMN", "分组：地区、实施主体、事项类型、行使层级（可用逗号连接），或“全部”",
                  default="地区"),
            _list("--region", "CODE", "只计这些地区"),
            _flag("--as-written", "时限数字按原文计，不把自然日、月等折算为工作日"),
            RESULT,
        ),
    ),
    Command(
        "compare", "comparison:compare", "与兄弟地区比较（列表口径与同事项可比）",
        "  zj compare 湛江市\n  zj compare 遂溪县 --indicator visits\n  zj compare 440800 --peers 粤西 --out 比较.xlsx",
        (REGION, _text("--indicator", "KEY", "只看一个指标，默认全部"), *AGAINST),
    ),
    Command(
        "diff", "comparison:diff", "两期之间有哪些变化", "  zj diff 2020Q4 2021Q1 --region 湛江市",
        (
            _text("before", "PERIOD", "前一期"),
            _text("now", "PERIOD", "后一期"),
            DATA,
            _text("--region", "CODE", "地区，默认 zjanalysis.toml 的 focus"),
            _text("--out", "FILE", "指标变化写入这个 .csv 或 .xlsx"),
        ),
    ),
    Command(
        "alerts", "alerts:told", "与以往一期相比有哪些变动要提醒：达标、判断、超出以往范围、变差、逾期；没有变动不出声",
        "  zj alerts\n  zj alerts --since 2020Q4 --out 变动.xlsx\n  zj alerts --eml 草稿 --mail 收件人.xlsx",
        (
            DATA, PERIOD,
            _text("--since", "PERIOD", "与哪一期相比，默认上一期"),
            _text("--eml", "DIR", "为每个单位写一封邮件草稿（.eml，没有发送）到这个文件夹"),
            _text("--mail", "TABLE", "收件人表（.xlsx 或 .csv，列：地区、收件人、抄送），写入草稿"),
            RESULT,
        ),
    ),
    Command(
        "watch", "watch:watch", "守候数据文件夹：有新工作簿到达并静止后，自动核对并生成报告，写日志",
        "  zj watch\n  zj watch data/sample --quiet 120 --annotate 退回\n  zj watch --once",
        (
            _text("folder", "DIR", "数据集，默认取 zjanalysis.toml 的 data", nargs="?", default=""),
            _number("--quiet", "N", "文件静止多少秒后才处理，默认 60", 60.0, float),
            _number("--every", "N", "每隔多少秒看一次，默认 10", 10.0, float),
            _flag("--once", "处理完这一次就结束，供计划任务使用"),
            _text("--only", "CODE,…", "只生成这些地区"),
            _text("--annotate", "DIR", "把标注副本（要改的单元格）写到这个文件夹"),
            _text("--log", "FILE", "日志，默认 .cache/watch/watch.log"),
            REPORTS,
        ),
    ),
    Command(
        "plan", "comparison:plan", "最少改哪些事项可以达到目标；导出任务清单、收回反馈",
        "  zj plan 湛江市 --indicator time_compression --target median\n"
        "  zj plan 遂溪县 --indicator instant --target 85% --out 任务清单.xlsx\n"
        "  zj plan 遂溪县 --indicator instant --apply 任务清单（已反馈）.xlsx",
        (
            REGION,
            _text("--indicator", "KEY", "指标代码，如 time_compression、visits、instant", required=True, default=None),
            _text("--target", "T", "目标：数值（93%% 或 0.93）、plan（达标，默认）、lead（判断为优于）、"
                  "median、best，或某个地区", default="plan"),
            _number("--max-per-department", "N", "每个部门最多改几项", None),
            _number("--min-peers", "K", "至少有 K 个地区已做到，默认 1", 1),
            _number("--floor", "N", "承诺天数（或次数）不低于此数，默认 0", 0.0, float),
            _list("--lock", "CODE", "不动的基本编码、事项或部门"),
            _flag("--without-reviews", "不改须经专业论证的事项（环评、海域等）"),
            _text("--due", "DATE", "任务清单上的完成时限"),
            _text("--apply", "FILE", "读入各部门反馈后的任务清单，看落实后的数值"),
            *AGAINST,
        ),
    ),
    Command(
        "ledger", "ledger:ledger", "整改台账：建立、更新、汇总各地反馈、分工、督办、通报",
        "  zj ledger init 台账.xlsx\n  zj ledger update 台账.xlsx --period 2021Q1 --on 2021-04-15\n"
        "  zj ledger merge 台账.xlsx 遂溪县.xlsx 徐闻县.xlsx --on 2021-04-20\n"
        "  zj ledger assign 台账.xlsx --out 分工表.xlsx\n"
        "  zj ledger assign 台账.xlsx 分工表.xlsx --on 2021-04-20\n"
        "  zj ledger due 台账.xlsx --on 2021-06-01 --out 督办单.xlsx\n"
        "  zj ledger brief 台账.xlsx --on 2021-06-30 --out 通报.docx",
        (
            _choice("action", ("init", "update", "merge", "assign", "due", "brief"),
                    "init 建立、update 更新、merge 汇总、assign 分工、due 督办、brief 本月通报"),
            _text("path", "FILE", "台账工作簿"),
            _text("files", "COPY", "merge：各单位返回的副本；assign：要收回的分工表", nargs="*"),
            DATA, PERIOD,
            _text("--on", "DATE", "办理日期，默认数据截止日"),
            _number("--within", "N", "due：多少天内到期，默认 30", 30),
            _number("--quiet", "N", "due：多少天没有进展，默认 60", 60),
            _text("--out", "FILE", "assign：分工表写入这个 .xlsx；due：督办单写入这个 .xlsx，另在同名文件夹里"
                                   "每个单位一份 .docx；brief：通报写入这个 .docx"),
        ),
    ),
    Command(
        "cases", "cases:cases", "汇总办件时效：按时办结、实际办理、逾期未结",
        "  zj cases\n  zj cases --by 地区,部门 --region 遂溪县 --quantiles\n"
        "  zj cases --by 事项,月份 --period 2021Q1 --out 办件时效.csv\n"
        "  zj cases --engine spark --master spark://主机:7077 --by 地区,渠道\n\n"
        "办件从哪里来：<期次>/cases/ 下的 .parquet、.csv；\n"
        "或 dataset.toml 的 [cases]：postgres 加 table 或 query，或 spark_table。\n"
        "数据库密码只取自环境变量 PGPASSWORD，不写入文件。",
        (
            DATA, PERIOD,
            _text("--by", "COLUMN,…", "分组：地区、部门、事项、渠道、月份（应办结月），逗号连接，或“全部”；默认 地区",
                  default="地区"),
            _list("--region", "CODE", "只计这些地区（名称或代码）"),
            _flag("--quantiles", "加上实际办理工作日的中位数与九成分位（精确值）"),
            _choice("--engine", ("duckdb", "spark", "pandas"),
                    "计算引擎：duckdb（默认，可大于内存）、spark、pandas；结果相同", default="duckdb"),
            _text("--master", "URL", "--engine spark 的主节点，如 spark://主机:7077、local[2]"),
            RESULT,
        ),
    ),
    Command("doctor", "doctor:doctor", "检查这台机器能否生成和打印报告：逐项 ✔ 或 ✘，并说明下一步", "  zj doctor"),
    Command(
        "bundle", "publishing:bundle", "把一期报告打成压缩包：全市一个，各县（市、区）各一个；可起草邮件（不发送）",
        "  zj bundle\n  zj bundle --period 2021Q1 --out 下发\n"
        "  zj template 收件人.xlsx --addresses\n  zj bundle --mail 收件人.xlsx",
        (
            DATA,
            _text("--period", "P", "期次（如 2021Q1），默认最新已发布的一期"),
            _text("--out", "DIR", "压缩包写到哪里，默认报告位置下的 打包/期次"),
            _text("--reports", "DIR", "报告所在位置，默认 reports"),
            _text("--mail", "TABLE", "收件人表（.xlsx 或 .csv，列：地区、收件人、抄送）：为每个地区写出 .eml 草稿"),
        ),
    ),
    Command(
        "lab", "desk:lab", "在 notebooks 文件夹打开 JupyterLab",
        "  zj lab\n  zj lab --port 8890\n  zj lab --no-browser",
        (
            _flag("--no-browser", "不打开浏览器，只给出网址"),
            _text("extra", "-- ARG", "“--”之后的参数原样交给 JupyterLab", nargs="*"),
            PORT,
        ),
    ),
    Command(
        "open", "desk:open_page", "打开生成某一页的笔记本，参数已按该页写好",
        "  zj open reports/2021Q1/district/440823.html",
        (_text("page", "REPORT.html", "页面文件"), _flag("--no-lab", "只写出笔记本，不打开 JupyterLab"), PORT),
    ),
    Command(
        "demo", "desk:demo", "把八期示例数据（模拟）全部做成工作簿；或编造一个全省，试这台机器的规模",
        "  zj demo data/demo\n  zj build --data data/demo --period 2020Q3\n"
        "  zj demo province\n  zj build --data data/province --every",
        (_text("folder", "DIR", "写到哪个文件夹；province 为全省二十一市、三十万项、八期，写到 data/province"),),
    ),
)  # fmt: skip


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = Parser(prog="zj", description="zjanalysis：政务服务效能分析与县区通报", formatter_class=Formatter,
                    add_help=False, epilog="每个命令的用法与示例：zj 命令 --help")  # fmt: skip
    parser.add_argument("-h", "--help", action="help", help="显示这页帮助")
    parser.add_argument("--version", action="store_true", help="显示版本")
    parser.set_defaults(run="")
    commands = parser.add_subparsers(title="命令", metavar="命令", parser_class=Parser)
    for command in COMMANDS:
        own = commands.add_parser(command.name, help=command.help, description=command.help, add_help=False,
                                  epilog=f"示例：\n{command.examples}", formatter_class=Formatter)  # fmt: skip
        own.add_argument("-h", "--help", action="help", help="显示这页帮助")
        own.set_defaults(run=command.run)
        exclusive = own.add_mutually_exclusive_group() if any(one.exclusive for one in command.options) else own
        for option in command.options:
            (exclusive if option.exclusive else own).add_argument(option.name, help=option.help, **option.settings)
    return parser
