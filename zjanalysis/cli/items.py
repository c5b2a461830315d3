"""``zj check``, ``zj template``, ``zj measure``: what comes in, the workbook that is sent out for it, what it gives."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd

from zjanalysis.analysis.indicators import ITEM_INDICATORS, Scope, as_written, emptied_by
from zjanalysis.analysis.indicators import measure as measure_items
from zjanalysis.analysis.named import group_columns
from zjanalysis.analysis.whole import whole_period
from zjanalysis.cli.chinese import listed
from zjanalysis.cli.handed_in import print_headers, print_uses, suggestions, uses, where
from zjanalysis.cli.output import print_table, save
from zjanalysis.columns import FINDING_COLUMNS, TABLES
from zjanalysis.display.tables import table
from zjanalysis.errors import ConfigError, unknown_name
from zjanalysis.inputs.check import Submission, check_files
from zjanalysis.inputs.dataset import learn_columns, use_levels
from zjanalysis.inputs.findings import ERROR, summary
from zjanalysis.inputs.period import Period, load_period
from zjanalysis.inputs.regions import is_whole, load_regions, region_code
from zjanalysis.neutral import visible
from zjanalysis.settings import load_settings

EVERYTHING = "全部"
RESULT = ("indicator", "value", "numerator", "denominator", "n", "n_left_out")


def check(arguments: argparse.Namespace) -> int:
    """Check files and folders; 1 when something of level 错误 was found."""
    checked = check_files(arguments.paths)
    if arguments.learn and _learn(checked):
        checked = check_files(arguments.paths)
    errors = int((checked.findings["level"] == ERROR).sum())
    if arguments.json:
        reports = uses(checked.items, load_settings(), checked.dataset.parent) if len(checked.items) else checked.items
        text = {"files": _records(checked.files), "headers": _records(checked.headers),
                "reports": _records(reports), "findings": _records(checked.findings), "errors": errors}  # fmt: skip
        print(json.dumps(text, ensure_ascii=False, indent=1))
    else:
        _print_summary(checked)
    if arguments.out:
        findings = table(checked.findings, caption="核对问题", columns=FINDING_COLUMNS, sheet="核对问题")
        save(checked.findings, findings, Path(arguments.out), title="核对结果")
    if arguments.annotate:
        _annotate(checked, Path(arguments.annotate))
    return 1 if errors else 0


def _print_summary(checked: Submission) -> None:
    """Print what was read by file, how its headers were told, what it is good for, and what was found."""
    if len(checked.files):
        print_table(table(checked.files, caption="文件", columns=TABLES["page.check_files"]))
    refused = checked.findings.query("rule == 'file_refused'")
    for name, message, action in refused[["file", "message", "action"]].to_numpy():
        print(f"{visible(name)}：{visible(message)}\n提示：{visible(action)}")
    print_headers(checked)
    if len(checked.items):
        print_uses(checked.items, load_settings(), checked.dataset.parent)
    if checked.clean:
        print("\n没有发现问题。")
    else:
        _print_findings(checked.findings)


def _print_findings(findings: pd.DataFrame) -> None:
    """Print how much was found by region and by rule."""
    names = load_regions().set_index("code")["name"]
    regions = summary(findings, by=("region_code",))
    codes = regions["region_code"]
    regions = regions.assign(region=codes.map(names).fillna(codes).where(codes.ne(""), "（未指明地区）"))
    print("\n按地区：")
    print_table(table(regions, caption="按地区", columns=TABLES["page.check_regions"]))
    first = findings.drop_duplicates("rule").set_index("rule")
    rules = summary(findings, by=("rule",))
    told = (first.index == "file_refused") | first["value"].eq(first["sheet"])  # its name stands before it already
    named = first["value"].str.replace("\n", " ").mask(told, "")
    at = first["cell"].where(first["row_number"].gt(0), named)
    rules = rules.assign(place=rules["rule"].map((first["sheet"] + " " + at.str.slice(0, 40)).str.strip()))
    print("\n按规则：")
    print_table(table(rules, caption="按规则", columns=TABLES["page.check_rules"]))
    print("\n用 --out 核对结果.xlsx 保存全部，用 --annotate 文件夹 得到逐格标注的副本。")


def _learn(checked: Submission) -> bool:
    """Ask for every unknown header that is near a name whether it is meant, write those that are, tell whether any is.

    Without an answer (no terminal, the end of what is piped in) nothing more is asked.
    """
    print_headers(checked, file=sys.stderr)
    names = {}
    for header, name in suggestions(checked.headers).items():
        print(
            f"把“{visible(header)}”当作“{name}”，写进 {where(checked.dataset)}？（是/否）",
            end="",
            file=sys.stderr,
            flush=True,
        )
        answer = sys.stdin.readline()
        if not answer:
            print("\n没有得到回答，余下的不写。", file=sys.stderr)
            break
        if answer.strip().lower() in ("是", "y", "yes"):
            names[header] = name
    if names:
        learn_columns(checked.dataset, names)
        print(f"已在 {where(checked.dataset)} 的 [columns] 写入 {len(names)} 行。", file=sys.stderr)
    else:
        print("没有写入。", file=sys.stderr)
    return bool(names)


def _annotate(checked: Submission, folder: Path) -> None:
    from zjanalysis.inputs.annotate import annotate  # noqa: PLC0415  openpyxl, for what writes workbooks

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"建不了文件夹“{folder}”：{error.strerror}。", "请换一个位置。") from error
    for name, path in checked.paths.items():
        own = checked.findings[checked.findings["file"] == name]
        if (own["rule"] == "file_refused").any():
            print(f"{visible(name)}：没有读取，也就没有标注副本。", file=sys.stderr)
            continue
        print(f"已写入 {annotate(path, own, folder / f'{Path(name).stem}（核对）.xlsx')}", file=sys.stderr)


def _records(rows: pd.DataFrame) -> list[dict[str, object]]:
    """Return rows as JSON can hold them; missing is null."""
    records: list[dict[str, object]] = json.loads(rows.to_json(orient="records", force_ascii=False))
    return records


def template(arguments: argparse.Namespace) -> int:
    """Write an empty workbook to be filled in; never over an existing file."""
    from zjanalysis.display import forms  # noqa: PLC0415
    from zjanalysis.inputs.template import write_template  # noqa: PLC0415

    path, settings = Path(arguments.out), load_settings()
    if path.suffix.lower() != ".xlsx":
        raise ConfigError(f"模板是工作簿，“{path.name}”应以 .xlsx 结尾。", "例如 zj template 事项填报模板.xlsx。")
    if path.exists():
        raise ConfigError(f"“{path}”已经存在。", "请换一个文件名，以免覆盖已填写的内容。")
    code = region_code(arguments.region) if arguments.region else settings.focus
    if arguments.indicators:
        forms.write_indicator_template(path)
    elif arguments.reported:
        forms.write_reported_template(path, region=code)
    elif arguments.population:
        forms.write_population_template(path, region=code)
    elif arguments.addresses:
        forms.write_address_template(path, region=code)
    else:
        write_template(path, region=code)
    print(f"已写入 {path}")
    return 0


def measure(arguments: argparse.Namespace) -> int:
    """Print, and with ``--out`` save, the scores of a period."""
    period = load_period(arguments.data, arguments.period)
    items = as_written(period.items) if arguments.as_written else period.items
    if arguments.region:
        items = _of_regions(replace(period, items=items), [region_code(name) for name in listed(arguments.region)])
    scope = _scope(period, arguments)
    by = () if arguments.by == EVERYTHING else group_columns(listed(arguments.by), period.items)
    scores = measure_items(items, ITEM_INDICATORS, by=by, scope=scope)
    scores = scores[(scores["n"] > 0) | (scores["n_left_out"] > 0)]
    if scores.empty:
        why, hint = emptied_by(items, scope)
        raise ConfigError(why or "所选地区没有事项。", hint or "请检查 --region，或去掉它。")
    units = "按原文数字，未折算" if arguments.as_written else "自然日、月、年等已折算为工作日"
    types, levels = (_scope_text(names) for names in (scope.item_types, scope.use_levels))
    print(f"{period.dataset.title} · {period.name} · 截止 {period.cutoff} · 时限{units}")
    print(f"统计范围：事项类型 {types}；行使层级 {levels}；只计在用的最新版本")
    keys = tuple(key for column in by for key in ((column, "region") if column == "region_code" else (column,)))
    indicators = table(scores, caption="指标", columns=(*keys, *RESULT))
    print_table(indicators)
    if arguments.out:
        save(scores, indicators, Path(arguments.out), title=f"{period.dataset.title} {period.name} 指标")
    return 0


def _of_regions(period: Period, codes: list[str]) -> pd.DataFrame:
    """Return the items of regions; those of 全市 once more under its own code, since it is a row of its own."""
    parts = [period.items[period.items["region_code"].isin(codes)]]
    for code in filter(is_whole, codes):
        everything = whole_period(period, code).items
        parts.append(everything[everything["region_code"] == code])
    return pd.concat(parts, ignore_index=True)


def _scope(period: Period, arguments: argparse.Namespace) -> Scope:
    """Return the scope of the data set, changed by ``--scope`` and ``--level``."""
    scope = Scope(item_types=period.dataset.item_types, use_levels=period.dataset.use_levels)
    if arguments.scope:
        types = () if arguments.scope == EVERYTHING else listed(arguments.scope)
        there = sorted(set(period.items["item_type"].dropna()))
        for name in types:
            if name not in there:
                raise unknown_name("事项类型", name, there)
        scope = replace(scope, item_types=types)
    if arguments.level:
        levels = () if arguments.level == EVERYTHING else use_levels(listed(arguments.level))
        scope = replace(scope, use_levels=levels)
    return scope


def _scope_text(names: tuple[str, ...] | None) -> str:
    if names is None:
        return "按各指标口径"
    return "、".join(names) if names else EVERYTHING
