"""``zj check``, ``zj template``, ``zj measure``: what comes in, the workbook that is sent out for it, what it gives."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TextIO

import pandas as pd

from zjanalysis.analysis.indicators import as_written, emptied_by, in_scope, left_out
from zjanalysis.analysis.indicators import measure as measure_items
from zjanalysis.analysis.named import group_columns, known_types
from zjanalysis.analysis.registry import ITEM_INDICATORS, Scope, indicator
from zjanalysis.analysis.whole import lacking_for_whole, measured, not_summed, whole_cities, whole_period
from zjanalysis.cli import EVERYTHING, listed, listed_or_all
from zjanalysis.cli.output import print_table, save
from zjanalysis.columns import FINDING_COLUMNS, TABLES
from zjanalysis.display.tables import page_table, table
from zjanalysis.errors import ConfigError
from zjanalysis.files import refuse_written_in
from zjanalysis.inputs.check import Submission, check_files
from zjanalysis.inputs.dataset import columns_lines, dataset_in, learn_columns, use_levels
from zjanalysis.inputs.findings import ERROR, summary
from zjanalysis.inputs.headers import NAME
from zjanalysis.inputs.period import Period, load_period
from zjanalysis.inputs.regions import (
    is_county,
    is_whole,
    level_name,
    load_regions,
    region_code,
    region_name,
    units_of,
    whole_of,
)
from zjanalysis.inputs.reported import Labels
from zjanalysis.neutral import visible
from zjanalysis.publish.jobs import CITY, DISTRICT, WHOLE, Notebook, foci, notebooks
from zjanalysis.settings import Settings, load_settings

_NO_REPORT, _COMPARED = "—", "供比较"
RESULT = ("indicator", "value", "numerator", "denominator", "n", "n_left_out")


def check(arguments: argparse.Namespace) -> int:
    """Check files and folders; 1 when something of level 错误 was found."""
    checked = check_files(arguments.paths, weighable=_weighable)
    if arguments.learn and _learn(checked):
        checked = check_files(arguments.paths, weighable=_weighable)
    errors = int((checked.findings["level"] == ERROR).sum())
    if arguments.json:
        reports = uses(checked.items, load_settings(), checked.dataset.parent) if len(checked.items) else checked.items
        tables = {"files": checked.files, "headers": checked.headers, "reports": reports, "findings": checked.findings}
        records = {name: json.loads(rows.to_json(orient="records")) for name, rows in tables.items()}
        print(json.dumps({**records, "errors": errors}, ensure_ascii=False, indent=1))
    else:
        _print_summary(checked)
    if arguments.out:
        findings = table(checked.findings, caption="核对问题", columns=FINDING_COLUMNS, sheet="核对问题")
        save(checked.findings, findings, Path(arguments.out), title="核对结果")
    if arguments.annotate:
        _annotate(checked, Path(arguments.annotate))
    return 1 if errors else 0


def _weighable() -> Labels:
    from zjanalysis.analysis.evaluation import indicator_labels  # noqa: PLC0415  loads DuckDB

    return indicator_labels()


def _print_summary(checked: Submission) -> None:
    if len(checked.files):
        print_table(page_table("check_files", checked.files))
    refused = checked.findings.query("rule == 'file_refused'")
    for name, message, action in refused[["file", "message", "action"]].to_numpy():
        print(f"{visible(name)}：{visible(message)}\n提示：{visible(action)}")
    print_headers(checked)
    if len(checked.items):
        print_uses(checked.items, load_settings(), checked.dataset.parent)
    if checked.findings.empty:
        print("\n没有发现问题。")
    else:
        _print_findings(checked.findings)


def _print_findings(findings: pd.DataFrame) -> None:
    names = load_regions().set_index("code")["name"]
    regions = summary(findings, by=("region_code",))
    codes = regions["region_code"]
    regions = regions.assign(region=codes.map(names).fillna(codes).where(codes.ne(""), "（未指明地区）"))
    print("\n按地区：")
    print_table(page_table("check_regions", regions))
    first = findings.drop_duplicates("rule").set_index("rule")
    rules = summary(findings, by=("rule",))
    repeats = (first.index == "file_refused") | first["value"].eq(first["sheet"])  # a name that stands before it
    named = first["value"].str.replace("\n", " ").mask(repeats, "")
    at = first["cell"].where(first["row_number"].gt(0), named)
    rules = rules.assign(place=rules["rule"].map((first["sheet"] + " " + at.str.slice(0, 40)).str.strip()))
    print("\n按规则：")
    print_table(page_table("check_rules", rules))
    print("\n用 --out 核对结果.xlsx 保存全部，用 --annotate 文件夹 得到逐格标注的副本。")


def _learn(checked: Submission) -> bool:
    """Ask for every unknown header that is near a name whether it is meant, write those that are, tell whether any is.

    Without an answer (no terminal, the end of what is piped in) nothing more is asked.
    """
    print_headers(checked, file=sys.stderr)
    names = {}
    for header, name in suggestions(checked.headers).items():
        question = f"把“{visible(header)}”当作“{name}”，写进 {where(checked.dataset)}？（是/否）"
        print(question, end="", file=sys.stderr, flush=True)
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
    copies = _copies(checked.paths, folder)
    refuse_written_in(*copies.values())
    for name, path in checked.paths.items():
        own = checked.findings[checked.findings["file"] == name]
        if (own["rule"] == "file_refused").any():
            print(f"{visible(name)}：没有读取，也就没有标注副本。", file=sys.stderr)
            continue
        print(f"已写入 {annotate(path, own, copies[name])}", file=sys.stderr)


def _copies(names: Iterable[str], folder: Path) -> dict[str, Path]:
    """Return where the annotated copy of each file goes, no two to one place.

    >>> [str(path) for path in _copies(["甲.xlsx", "乙/丙.xlsx", "丙.xlsx", "丙.csv"], Path()).values()]
    ['甲（核对）.xlsx', '乙/丙（核对）.xlsx', '丙.xlsx（核对）.xlsx', '丙.csv（核对）.xlsx']
    """
    stems = {name: Path(name).with_suffix("") for name in names}
    times = Counter(stems.values())
    return {name: folder / f"{stem if times[stem] == 1 else name}（核对）.xlsx" for name, stem in stems.items()}


# --- what files are good for, before what is wrong with them


def print_headers(checked: Submission, file: TextIO | None = None) -> None:
    """Print how every header was told, once for all tables that have the same, and the lines to be pasted.

    Where each is a standard name one line says so.
    """
    tables: dict[str, list[tuple[str, str, pd.DataFrame]]] = {}
    for (name, sheet), rows in checked.headers.groupby(["file", "sheet"], sort=False):
        alike = rows[[column.key for column in TABLES["page.check_headers"]]].to_csv(index=False)
        tables.setdefault(alike, []).append((str(name), str(sheet), rows))
    for (name, sheet, rows), *others in tables.values():
        more = f"等 {1 + len(others)} 张表" if others else ""
        exact = f"{len(rows)}列都是标准名称，全部认得。" if rows["how"].eq(NAME).all() else ""
        print(f"\n表头（{visible(name)}{f' {visible(sheet)}' if sheet else ''}{more}）：{exact}", file=file)
        if not exact:
            print_table(page_table("check_headers", rows), limit=len(rows), file=file)
    asked = suggestions(checked.headers)
    if asked:
        print(f"\n是同一列的，写进 {where(checked.dataset)} 的 [columns]（或加 --learn 逐条确认）：", file=file)
        print(visible(columns_lines(asked).rstrip("\n"), keep="\n"), file=file)


def where(path: Path) -> str:
    """Return how a file is called from where the command runs."""
    here = Path.cwd()
    return visible(path.relative_to(here).as_posix() if path.is_relative_to(here) else str(path))


def suggestions(headers: pd.DataFrame) -> dict[str, str]:
    """Return unknown header → the standard name it comes near to, every header once."""
    near = headers[headers["nearest"].ne("")].drop_duplicates("header")
    return dict(zip(near["header"], near["nearest"], strict=True))


def uses(items: pd.DataFrame, settings: Settings, folder: Path) -> pd.DataFrame:
    """Return a row per region: how many items it has and in scope, how many indicators, and the reports it is good for.

    ``folder``: the data set whose scope and cities count.
    """
    dataset = dataset_in(folder, settings=settings)
    scope = Scope(dataset.item_types, dataset.use_levels)
    scores = measure_items(items, scope=scope)
    counts = pd.DataFrame({
        "n_items": items["region_code"].value_counts(sort=False),
        "n_in_scope": in_scope(items, scope)["region_code"].value_counts(),
        "n_indicators": scores[scores["n"] > 0]["region_code"].value_counts(),
    }).fillna(0).astype("int64")  # fmt: skip
    rows = counts.rename_axis("region_code").reset_index()
    own: tuple[Notebook, ...] = ()
    with suppress(ConfigError):  # a folder without notebooks makes no reports
        own = notebooks(settings)
    kinds = {code: CITY if code == city else DISTRICT for city in foci(settings, dataset) for code in units_of(city)}
    summed = whole_cities(frozenset(rows["region_code"]))
    reports = [_reports([one for one in own if one.output != WHOLE or code in summed], kinds.get(code, ""), n > 0)
               for code, n in zip(rows["region_code"], rows["n_in_scope"], strict=True)]  # fmt: skip
    return rows.assign(region=rows["region_code"].map(region_name), reports=reports)


def _reports(own: Sequence[Notebook], kind: str, any_in_scope: bool) -> str:
    """Return the titles of the reports that items of a region are good for; other cities are compared with."""
    if not kind:
        return _COMPARED if any_in_scope else _NO_REPORT
    of = ("items", "scope") if any_in_scope else ("items",)
    good = [one.title for one in own if one.each == kind and one.of in of]
    return "、".join(good) or _NO_REPORT


def print_uses(items: pd.DataFrame, settings: Settings, folder: Path) -> None:
    """Print what every region's items are good for, which rule empties a scope, why indicators have no value."""
    dataset = dataset_in(folder, settings=settings)
    rows = uses(items, settings, folder)
    print("\n可作的报告：")
    print_table(page_table("uses", rows, n=str(len(ITEM_INDICATORS))))
    for city in rows.loc[~rows["reports"].isin((_NO_REPORT, _COMPARED)), "region_code"]:
        without = "" if is_county(city) else lacking_for_whole(city, frozenset(rows["region_code"]))
        if without:
            print(f"{region_name(whole_of(city))}：{without}，合计不出。")
    for line in _lacking(items, rows, Scope(dataset.item_types, dataset.use_levels)):
        print(line)


def _lacking(items: pd.DataFrame, rows: pd.DataFrame, scope: Scope) -> Iterator[str]:
    """Yield a line for every reason why regions have nothing in scope or lack an indicator, with the regions."""
    empty, some = (rows[rows["n_in_scope"].eq(0) == one]["region_code"] for one in (True, False))
    for code in empty.head(5):
        why, hint = emptied_by(items[items["region_code"] == code], scope)
        yield f"{region_name(code)}：{why}提示：{hint}"
    inside = items[items["region_code"].isin(some)]
    if inside.empty:
        return
    scores = measure_items(inside, scope=scope).query("n == 0")
    each = left_out(inside, scope=scope).groupby(["region_code", "indicator"])["reason"]
    lacking = scores.merge(each.agg("、".join).reset_index(), on=["region_code", "indicator"], how="left")
    labels = {one.key: one.short for one in ITEM_INDICATORS}
    for reason, group in lacking.fillna({"reason": "没有这类事项"}).groupby("reason", sort=False):
        names = "、".join(dict.fromkeys(group["indicator"].map(labels)))
        regions = list(dict.fromkeys(group["region_code"].map(region_name)))
        whose = "各地" if len(regions) == len(rows) > 1 else "、".join(regions[:5]) + ("等" if len(regions) > 5 else "")
        yield f"算不出{names}（{whose}）：{reason}。"


# --- zj template, zj measure


def template(arguments: argparse.Namespace) -> int:
    """Write an empty workbook to be filled in."""
    from zjanalysis.display import forms  # noqa: PLC0415

    path, code = Path(arguments.out), region_code(arguments.region or load_settings().focus)
    others = {"reported": forms.write_reported_template, "population": forms.write_population_template,
              "addresses": forms.write_address_template}  # fmt: skip
    asked = next((write for name, write in others.items() if getattr(arguments, name)), forms.write_template)
    if arguments.indicators:
        forms.write_indicator_template(path)
    else:
        asked(path, region=code)
    print(f"已写入 {path}")
    return 0


def measure(arguments: argparse.Namespace) -> int:
    """Print, and with ``--out`` save, the scores of a period."""
    period = load_period(arguments.data, arguments.period)
    items = as_written(period.items) if arguments.as_written else period.items
    if arguments.region:
        items = _of_regions(replace(period, items=items), [region_code(name) for name in listed(arguments.region)])
    scope = _scope(period, arguments)
    by = group_columns(listed_or_all(arguments.by), period.items)
    scores = measured(items, ITEM_INDICATORS, by=by, scope=scope)
    scores = scores[(scores["n"] > 0) | (scores["n_left_out"] > 0)]
    if scores.empty:
        why, hint = emptied_by(items, scope)
        none = ("所选地区没有事项。", "请检查 --region，或去掉它。")
        none = none if arguments.region else ("没有一项事项可以采用。", "请用 zj check 核对 items 文件夹。")
        raise ConfigError(why or none[0], hint or none[1])
    units = "按原文数字，未折算" if arguments.as_written else "自然日、月、年等已折算为工作日"
    types, levels = ("按各指标口径" if names is None else "、".join(names) or EVERYTHING
                     for names in (scope.item_types, scope.use_levels))  # fmt: skip
    print(f"{period.dataset.title} · {period.name} · 截止 {period.cutoff} · 时限{units}")
    print(f"统计范围：事项类型 {types}；行使层级 {levels}；只计在用的最新版本")
    if unused := period.files["rows_left_out"].sum():
        print(f"本期有{unused}行没有采用，原因见 zj check {where(period.dataset.folder / period.name / 'items')}。")
    keys = tuple(key for column in by for key in ((column, "region") if column == "region_code" else (column,)))
    indicators = table(scores, caption="指标", columns=(*keys, *RESULT))
    print_table(indicators)
    without = not_summed(items, ITEM_INDICATORS, scope)
    for (code, part), rows in without.groupby(["region_code", "part_code"]):
        short = "、".join(indicator(key).short for key in rows["indicator"])
        print(f"{region_name(str(code))}：{short}缺{level_name(str(part))}的数据，合计不出。")
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
    types, levels = period.dataset.item_types, period.dataset.use_levels
    types = known_types(listed_or_all(arguments.scope), period.items) if arguments.scope else types
    return Scope(types, use_levels(listed_or_all(arguments.level)) if arguments.level else levels)
