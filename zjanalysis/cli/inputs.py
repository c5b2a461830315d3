"""``zj check`` and ``zj template``: what comes in, and the workbook that is sent out for it."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import pandas as pd

from zjanalysis.cli.output import print_table, save
from zjanalysis.columns import FINDING_COLUMNS, Column
from zjanalysis.display.address_form import write_address_template
from zjanalysis.display.ledger_forms import write_indicator_template, write_population_template, write_reported_template
from zjanalysis.display.tables import table
from zjanalysis.errors import ConfigError
from zjanalysis.inputs.annotate import annotate
from zjanalysis.inputs.check import Submission, check_files
from zjanalysis.inputs.findings import summary
from zjanalysis.inputs.regions import region_code
from zjanalysis.inputs.template import write_template
from zjanalysis.settings import load_settings

ERROR = "错误"
FILES = (
    Column("file", "文件"),
    Column("rows_read", "读取", "count", unit="行"),
    Column("rows_used", "采用", "count", unit="行"),
    Column("rows_left_out", "未采用", "count", unit="行"),
)
N_FOUND = Column("n_findings", "问题", "count", unit="处")
LEVELS = (
    N_FOUND,
    Column("n_errors", ERROR, "count"),
    Column("n_warnings", "警告", "count"),
    Column("n_notes", "提示", "count"),
)
RULES = (Column("level", "级别"), N_FOUND, Column("rule_title", "规则"), Column("place", "例如"))


def check(arguments: argparse.Namespace) -> int:
    """Check files and folders; 1 when something of level 错误 was found."""
    found = check_files(arguments.paths)
    errors = int((found.findings["level"] == ERROR).sum())
    if arguments.json:
        text = {"files": _records(found.files), "findings": _records(found.findings), "errors": errors}
        print(json.dumps(text, ensure_ascii=False, indent=1))
    else:
        _say(found)
    if arguments.out:
        shown = table(found.findings, caption="核对问题", columns=FINDING_COLUMNS, sheet="核对问题")
        save(found.findings, shown, Path(arguments.out), title="核对结果")
    if arguments.annotate:
        _annotate(found, Path(arguments.annotate))
    return 1 if errors else 0


def _say(found: Submission) -> None:
    """Print the summary by file, by region and by rule."""
    if len(found.files):
        print_table(table(found.files, caption="文件", columns=FILES))
    for name, said, then in found.findings.query("rule == 'file_refused'")[["file", "message", "action"]].to_numpy():
        print(f"{name}：{said}\n提示：{then}")
    if found.clean:
        print("没有发现问题。")
        return
    print("\n按地区：")
    by_region = summary(found.findings, by=("region_code",))
    named = by_region.assign(region=by_region["region_code"].map(_name))
    print_table(table(named, caption="按地区", columns=(Column("region", "地区"), *LEVELS)))
    print("\n按规则：")
    first = found.findings.drop_duplicates("rule").set_index("rule")
    rules = summary(found.findings, by=("rule",))
    place = first["sheet"] + " " + first["cell"]
    print_table(table(rules.assign(place=rules["rule"].map(place)), caption="按规则", columns=RULES))
    print("\n用 --out 核对结果.xlsx 保存全部，用 --annotate 文件夹 得到逐格标注的副本。")


def _name(code: str) -> str:
    from zjanalysis.inputs.regions import load_regions  # noqa: PLC0415

    names = load_regions().set_index("code")["name"]
    return str(names.get(code, code)) if code else "（未指明地区）"


def _annotate(found: Submission, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"建不了文件夹“{folder}”：{error.strerror}。", "请换一个位置。") from error
    for name, path in found.paths.items():
        own = found.findings[found.findings["file"] == name]
        if (own["rule"] == "file_refused").any():
            print(f"{name}：打不开，没有标注副本。", file=sys.stderr)
            continue
        print(f"已写入 {annotate(path, own, folder / f'{Path(name).stem}（核对）.xlsx')}", file=sys.stderr)


def _records(rows: pd.DataFrame) -> list[dict[str, object]]:
    """Give rows as JSON can hold them; missing is null."""
    text: list[dict[str, object]] = json.loads(rows.to_json(orient="records", force_ascii=False))
    return text


def template(arguments: argparse.Namespace) -> int:
    """Write an empty workbook to be filled in; never over an existing file."""
    path, settings = Path(arguments.out), load_settings()
    if path.suffix.lower() != ".xlsx":
        raise ConfigError(f"模板是工作簿，“{path.name}”应以 .xlsx 结尾。", "例如 zj template 事项填报模板.xlsx。")
    if path.exists():
        raise ConfigError(f"“{path}”已经存在。", "请换一个文件名，以免覆盖已填写的内容。")
    code = region_code(arguments.region) if arguments.region else settings.focus
    if arguments.indicators:
        write_indicator_template(path)
    elif arguments.reported:
        write_reported_template(path, region=code)
    elif arguments.population:
        write_population_template(path, region=code)
    elif arguments.addresses:
        write_address_template(path, region=code)
    else:
        write_template(path, region=code)
    print(f"已写入 {path}")
    return 0
