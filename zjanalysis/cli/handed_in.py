"""What ``zj check`` says of files before what is wrong with them: how headers were told, what reports they are for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import pandas as pd

from zjanalysis.analysis.indicators import ITEM_INDICATORS, Scope, emptied_by, in_scope, left_out, measure
from zjanalysis.cli.output import print_table
from zjanalysis.columns import TABLES, Column
from zjanalysis.display.tables import table
from zjanalysis.errors import ConfigError
from zjanalysis.inputs.check import Submission
from zjanalysis.inputs.dataset import Dataset, columns_lines, load_dataset
from zjanalysis.inputs.headers import NAME
from zjanalysis.inputs.regions import region_name
from zjanalysis.neutral import visible
from zjanalysis.publish.jobs import CITY, DISTRICT, Notebook, foci, named_units, notebooks
from zjanalysis.settings import Settings

HEADERS = TABLES["page.check_headers"]
USES = (
    Column("region", "地区"),
    Column("n_items", "采用", "count", unit="项"),
    Column("n_in_scope", "在统计范围内", "count", unit="项"),
    Column("n_indicators", f"{len(ITEM_INDICATORS)}项指标中算得出", "count", unit="项"),
    Column("reports", "可作的报告"),
)
_NO_REPORT, _COMPARED = "—", "供比较"


def print_headers(checked: Submission, file: TextIO | None = None) -> None:
    """Print how every header was told, once for all tables that have the same, and the lines to be pasted.

    Where each is a standard name one line says so.
    """
    tables: dict[str, list[tuple[str, str]]] = {}
    for (name, sheet), rows in checked.headers.groupby(["file", "sheet"], sort=False):
        alike = rows[[column.key for column in HEADERS]].to_csv(index=False)
        tables.setdefault(alike, []).append((str(name), str(sheet)))
    for (name, sheet), *others in tables.values():
        more = f"等 {1 + len(others)} 张表" if others else ""
        rows = checked.headers[(checked.headers["file"] == name) & (checked.headers["sheet"] == sheet)]
        exact = f"{len(rows)}列都是标准名称，全部认得。" if rows["how"].eq(NAME).all() else ""
        print(f"\n表头（{visible(name)}{f' {visible(sheet)}' if sheet else ''}{more}）：{exact}", file=file)
        if exact:
            continue
        print_table(table(rows, caption="表头", columns=HEADERS), limit=len(rows), file=file)
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
    dataset = _dataset(folder, settings)
    scope = Scope(dataset.item_types, dataset.use_levels)
    scores = measure(items, scope=scope)
    counts = pd.DataFrame({
        "n_items": items["region_code"].value_counts(sort=False),
        "n_in_scope": in_scope(items, scope)["region_code"].value_counts(),
        "n_indicators": scores[scores["n"] > 0]["region_code"].value_counts(),
    }).fillna(0).astype("int64")  # fmt: skip
    rows = counts.rename_axis("region_code").reset_index()
    own: tuple[Notebook, ...] = ()
    with suppress(ConfigError):  # a folder without notebooks makes no reports
        own = notebooks(settings)
    kinds = {code: CITY if code == city else DISTRICT for city in foci(settings, dataset) for code in named_units(city)}
    reports = [
        _reports(own, kinds.get(code, ""), bool(n))
        for code, n in zip(rows["region_code"], rows["n_in_scope"], strict=True)
    ]
    return rows.assign(region=rows["region_code"].map(region_name), reports=reports)


def _dataset(folder: Path, settings: Settings) -> Dataset:
    """Return the data set of a folder; where there is none yet, one with the usual scope."""
    there = (folder / "dataset.toml").is_file()
    return load_dataset(str(folder), settings=settings) if there else Dataset(folder, "", "", "", "")


def _reports(own: tuple[Notebook, ...], kind: str, any_in_scope: bool) -> str:
    """Return the titles of the reports that items of a region are good for; other cities are compared with."""
    if not kind:
        return _COMPARED if any_in_scope else _NO_REPORT
    good = [
        one.title for one in own if one.each == kind and (one.of == "items" or (one.of == "scope" and any_in_scope))
    ]
    return "、".join(good) or _NO_REPORT


def print_uses(items: pd.DataFrame, settings: Settings, folder: Path) -> None:
    """Print what every region's items are good for, which rule empties a scope, why indicators have no value."""
    dataset = _dataset(folder, settings)
    rows = uses(items, settings, folder)
    print("\n可作的报告：")
    print_table(table(rows, caption="可作的报告", columns=USES))
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
    scores = measure(inside, scope=scope).query("n == 0")
    reasons = left_out(inside, scope=scope).drop_duplicates(["region_code", "indicator"])
    lacking = scores.merge(reasons[["region_code", "indicator", "reason"]], on=["region_code", "indicator"], how="left")
    labels = {one.key: one.short for one in ITEM_INDICATORS}
    for reason, group in lacking.fillna({"reason": "没有这类事项"}).groupby("reason", sort=False):
        names = "、".join(dict.fromkeys(group["indicator"].map(labels)))
        regions = list(dict.fromkeys(group["region_code"].map(region_name)))
        whose = "各地" if len(regions) == len(rows) > 1 else "、".join(regions[:5]) + ("等" if len(regions) > 5 else "")
        yield f"算不出{names}（{whose}）：{reason}。"
