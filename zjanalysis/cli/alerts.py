"""``zj alerts``: what has moved since an earlier period, a line for each unit, and letters not yet sent."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from zjanalysis.analysis.registry import for_region
from zjanalysis.analysis.registry import indicator as find
from zjanalysis.analysis.signals import Kind, alerts
from zjanalysis.cli.output import save
from zjanalysis.display import wording
from zjanalysis.display.dates import issue_text
from zjanalysis.display.tables import page_table
from zjanalysis.errors import ConfigError
from zjanalysis.files import refuse_written_in, write_paper
from zjanalysis.inputs.dataset import previous_period
from zjanalysis.inputs.period import Period, load_period
from zjanalysis.inputs.regions import region_name, units_of
from zjanalysis.ledger.analysis import OVERDUE, moved
from zjanalysis.ledger.state import UNJUDGED, Status, load_ledger
from zjanalysis.publish.bundle import MADE_UP, Addresses, file_stem, load_addresses, unsent
from zjanalysis.publish.jobs import list_jobs
from zjanalysis.settings import Settings, load_settings
from zjanalysis.studies import study_of


def print_alerts(arguments: argparse.Namespace) -> int:
    """Print one line for every unit that something has moved for; nothing where nothing has."""
    rules = load_settings()
    now = load_period(arguments.data, arguments.period)
    since = arguments.since or previous_period(arguments.data, now.name)
    if not since or since >= now.name:
        raise ConfigError(f"没有早于 {now.name} 的期次可比。", "用 --since 写明与哪一期比较，如 --since 2020Q4。")
    before = load_period(arguments.data, since)
    rows = news(now, before, settings=rules)
    files = _files(arguments.data, now.name, settings=rules)
    units = {str(code): texts.tolist() for code, texts in rows.groupby("region_code", sort=False)["text"]}
    for code, texts in units.items():
        print(f"{region_name(code)}：{'；'.join(texts)}。{files.get(code, '')}".rstrip())
    if arguments.out:
        save(rows, page_table("alerts", rows), Path(arguments.out), title=f"{now.title}变动提醒")
    if arguments.eml:
        mail = load_addresses(Path(arguments.mail)) if arguments.mail else {}
        written = dict(_draft(Path(arguments.eml), code, texts, now, mail.get(code, Addresses()))
                       for code, texts in units.items())  # fmt: skip
        refuse_written_in(*written)
        for path, letter in written.items():
            write_paper(path, letter)
        print(f"邮件草稿 {len(written)} 封在 {arguments.eml}（没有发送）。" if written else "没有变动，不起草邮件。")
    return 0


def news(now: Period, before: Period, *, settings: Settings) -> pd.DataFrame:
    """Return what the city and its report units must be told: region_code, region, indicator, kind, text."""
    city = settings.focus
    units = units_of(city)
    county = next((one for one in units[1:] if one in now.regions), "")
    groups = [code for code in (city, county) if code in now.regions]
    parts = [_group(now, before, region, settings) for region in groups]
    rows = pd.concat([*parts, _overdue(now, before, city)], ignore_index=True)
    rows = rows[rows["region_code"].isin(units)]
    rows = rows.sort_values("region_code", key=lambda codes: codes.map(units.index), kind="stable", ignore_index=True)
    listed = rows.assign(region=rows["region_code"].map(region_name))
    return listed[["region_code", "region", "indicator", "kind", "text"]]


def _group(now: Period, before: Period, region: str, settings: Settings) -> pd.DataFrame:
    me = study_of(now, region=region, before=before, settings=settings)
    last = study_of(before, region=region, settings=settings) if region in before.regions else me
    rows = alerts(me.standings, last.standings, read=me.signals, read_earlier=last.signals)
    return rows.assign(text=[_text(row) for row in rows.to_dict("records")])


def _text(row: Mapping[Any, Any]) -> str:
    """Say one alert with its number and what the number is held against."""
    one = for_region(find(row["indicator"]), row["region_code"])
    value = f"{one.short}{wording.amount(row['value'], one.unit, row['digits'])}"
    middle = f"全组中位数{wording.amount(row['median'], one.unit, row['digits'])}"
    if row["kind"] == Kind.TARGET:
        number = wording.amount(row["target"], one.unit) if pd.notna(row["target"]) else ""
        goal = f"目标{number}" if number else middle if one.aim == "above_peers" else f"目标{one.target_text}"
        return f"{value}，{goal}，由{row['was']}变为{row['now']}"
    if row["kind"] == Kind.VERDICT:
        return f"{value}，同事项差距{wording.signed(row['effect'], one.unit)}，判断由{row['was']}变为{row['now']}"
    if row["kind"] == Kind.RANGE:
        return f"{value}，超出以往范围{wording.amount(row['low'], one.unit)}至{wording.amount(row['high'], one.unit)}"
    return f"{value}，{middle}，{row['now']}"


def _overdue(now: Period, before: Period, city: str) -> pd.DataFrame:
    rows = moved(load_ledger(now, city=city), load_ledger(before, city=city))
    late = rows[rows["status"] == Status.OVERDUE]
    texts = [
        f"台账{str(row['ledger_id']).partition('@')[0]}“{row['problem']}”应于{row['deadline']}完成，已逾期"
        + ("（本期无数据，不能判断是否达标）" if pd.isna(row["current"]) else "")
        + (f"，{UNJUDGED}" if row["hint"] == UNJUDGED else "")
        for row in late.to_dict("records")
    ]
    about = late.assign(region_code=late["region_code"].fillna(city), kind=OVERDUE, text=texts)
    return about[["region_code", "indicator", "kind", "text"]]


def _files(data: str, period: str, *, settings: Settings) -> dict[str, str]:
    jobs = [job for job in list_jobs(settings, data, period) if not job.title]
    pages = {job.region_code: settings.reports / job.place / f"{job.key}.html" for job in jobs}
    inside = settings.reports.is_relative_to(settings.root)
    return {code: (page.relative_to(settings.root) if inside else page).as_posix()
            for code, page in pages.items() if page.is_file()}  # fmt: skip


def _draft(folder: Path, code: str, texts: list[str], period: Period, to: Addresses) -> tuple[Path, bytes]:
    sample = period.dataset.kind == "sample"
    title = f"{region_name(code)}政务服务效能变动提醒（{issue_text(period.name)}）"
    numbered = [f"{number}. {text}。" for number, text in enumerate(texts, 1)]
    lines = [f"{region_name(code)}：", f"　　{title}，共{len(texts)}项：", *numbered, *([MADE_UP] if sample else [])]
    letter = unsent(title, lines, to=to, sample=sample)
    return folder / f"{file_stem(code, period.name)}_变动提醒.eml", letter.as_bytes()
