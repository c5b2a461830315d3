"""The states of a ledger row, as one pure step: what is known of the row and what it was → what it is.

台账报告制度, 全程督查, 长效督查, 节点督查: the work plan of 2021-01-27, 三（三）.
Why so: docs/decisions/0009-ledger.md.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path

import numpy as np
import pandas as pd

from zjanalysis.inputs.office_table import days
from zjanalysis.inputs.regions import report_units
from zjanalysis.inputs.workplan import CITY, COUNTY, LONG_TERM, load_targets
from zjanalysis.ledger.inputs import last_day, today
from zjanalysis.ledger.rows import PEERS, adopt, empty_ledger, fill, lay_out
from zjanalysis.settings import Settings


class Status(StrEnum):
    """What a row of the ledger can be."""

    NOT_STARTED = "未启动"
    IN_PROGRESS = "推进中"
    REACHED = "已达标待销号"
    CLOSED = "已销号"
    OVERDUE = "逾期"
    LONG_TERM = LONG_TERM


OPEN = (Status.NOT_STARTED, Status.IN_PROGRESS, Status.OVERDUE, Status.LONG_TERM)
TOLERANCE = 1e-9


def start(
    scores: pd.DataFrame,
    *,
    on: str | date,
    as_of: str | date | None = None,
    gaps: pd.DataFrame | None = None,
    settings: Settings | None = None,
) -> pd.DataFrame:
    """Return a new ledger from the plan's targets and the scores of the base period.

    A city target makes one row for the city (settings.focus), a county target one for each report unit. ``as_of`` is
    the cut-off of the scores, ``gaps`` (region_code, indicator, median, verdict) the comparison with the peers.
    Hand columns are filled once (责任单位, 配合单位, 完成时限, 问题) and belong to people from then on.
    """
    rules = settings or Settings(root=Path())
    targets = load_targets(rules).reset_index(names="order")
    city = targets[targets["level"].str.contains(CITY)].assign(region_code=rules.focus)
    units = pd.DataFrame({"region_code": report_units(rules.focus)}, dtype="str")
    county = targets[targets["level"].str.contains(COUNTY)].merge(units, how="cross")
    rows = pd.concat([city, county], ignore_index=True).sort_values("order", kind="stable", ignore_index=True)
    filled = fill(lay_out(rows), scores, as_of=as_of or on, gaps=gaps)
    settled = settle(filled, empty_ledger(), on=on, as_of=as_of)
    stands_well = settled["status"].eq(Status.REACHED)
    return settled.assign(problem=rows["text"].mask(stands_well, rows["text"] + "（基期已达标，防止回落）"))


def refresh(
    ledger: pd.DataFrame,
    before: pd.DataFrame,
    *,
    scores: pd.DataFrame,
    on: str | date,
    as_of: str | date | None = None,
    gaps: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the ledger with every tool column up to date and every hand column as it was.

    ``before`` is what the tool wrote last time (see `settle`); a new row of the office gets its number here.
    """
    return settle(fill(adopt(ledger), scores, as_of=as_of or on, gaps=gaps), before, on=on, as_of=as_of)


def deadlines(text: pd.Series) -> pd.Series:
    """Return written deadlines as days, NaT where there is none."""
    return pd.Series([last_day(value) for value in text.fillna("")], index=text.index, dtype="datetime64[ns]")


def is_long_term(text: pd.Series) -> pd.Series:
    """Tell which deadlines read 长期推进 (or 长期)."""
    return text.fillna("").str.contains("长期")


def is_met(ledger: pd.DataFrame) -> pd.Series:
    """Tell whether the value meets the target: True, False, or missing where nobody can tell.

    Needs current, baseline, comparison, target_value, verdict. ``>`` is strict. rising and falling are against the
    base period; above_peers and below_peers follow the verdict on the peers (高于 is better in either direction).
    record is never judged.
    """
    value, target, base = ledger["current"], ledger["target_value"], ledger["baseline"]
    kind, verdict = ledger["comparison"].fillna(""), ledger["verdict"].fillna("")
    judged = [
        (kind.isin([">=", "done"]), value >= target - TOLERANCE, target),
        (kind == ">", value > target + TOLERANCE, target),
        (kind == "<=", value <= target + TOLERANCE, target),
        (kind == "rising", value > base + TOLERANCE, base),
        (kind == "falling", value < base - TOLERANCE, base),
        (kind.isin(PEERS), verdict == "高于", value.where(verdict.isin(["高于", "持平", "低于"]))),
    ]
    met = pd.Series(pd.NA, index=ledger.index, dtype="boolean")
    for applies, holds, needed in judged:
        met = met.mask(applies & value.notna() & needed.notna(), holds)
    return met


def settle(
    ledger: pd.DataFrame, before: pd.DataFrame, *, on: str | date, as_of: str | date | None = None
) -> pd.DataFrame:
    """Return the ledger with status, reached_on, progress_on, opened_on and hint as of the day ``on``.

    ``before`` is what the tool itself wrote last (ledger_id, status, reached_on, progress, progress_on, opened_on):
    a status somebody typed is not believed. ``as_of`` is the cut-off of the figures, default ``on``.
    A row is closed only with evidence, a value that meets the target, and a closing date neither before the day the
    value was reached nor after ``on``; a row whose value falls back opens again and its old closing date is void.
    """
    now, figures = today(on), today(as_of or on)
    was = before.set_index("ledger_id").reindex(ledger["ledger_id"]).set_axis(ledger.index)
    met = is_met(ledger)
    reached_on = _reached_on(met, was, figures)
    closing = days(ledger["closed_on"])
    valid = closing.notna() & (closing <= now) & (closing >= reached_on)
    evidence = ledger["evidence"].fillna("").str.strip().ne("")
    stays = was["status"].eq(Status.CLOSED) & met.isna()
    closed = (met.fillna(False) | stays) & evidence & valid
    status = _status(ledger, met=met.fillna(False).astype(bool), closed=closed.astype(bool), now=now)
    moved = ledger["progress"].fillna("").ne(was["progress"].fillna("")) & ledger["progress"].fillna("").ne("")
    settled = ledger.assign(
        status=status,
        reached_on=reached_on,
        progress_on=was["progress_on"].astype("datetime64[ns]").mask(moved, now),
        opened_on=was["opened_on"].astype("datetime64[ns]").fillna(now),
    )
    return settled.assign(hint=_hint(settled, met, was["status"], valid=valid, evidence=evidence))


def _reached_on(met: pd.Series, was: pd.DataFrame, figures: pd.Timestamp) -> pd.Series:
    """Return the day the value was first seen to meet the target: it stays while that holds or is unknown."""
    before = was["reached_on"].astype("datetime64[ns]").mask(met.eq(False).fillna(False).astype(bool))
    return before.mask(met.fillna(False).astype(bool) & before.isna(), figures)


def _status(ledger: pd.DataFrame, *, met: pd.Series, closed: pd.Series, now: pd.Timestamp) -> pd.Series:
    started = ledger["progress"].fillna("").str.strip().ne("") | ledger["evidence"].fillna("").str.strip().ne("")
    long_term = is_long_term(ledger["deadline"])
    overdue = (deadlines(ledger["deadline"]) < now) & ~long_term
    chosen = np.select(
        [closed, met, overdue, ~started, long_term],
        [Status.CLOSED, Status.REACHED, Status.OVERDUE, Status.NOT_STARTED, Status.LONG_TERM],
        Status.IN_PROGRESS,
    )
    return pd.Series(chosen, index=ledger.index, dtype="str")


def _hint(ledger: pd.DataFrame, met: pd.Series, was: pd.Series, *, valid: pd.Series, evidence: pd.Series) -> pd.Series:
    """Say to the person who keeps the row why it is not closed, why it opened again, what is missing."""
    reached, dated = ledger["status"].eq(Status.REACHED), ledger["closed_on"].fillna("").ne("")
    unread = deadlines(ledger["deadline"]).isna() & ~is_long_term(ledger["deadline"])
    unmet = met.eq(False).fillna(False).astype(bool)
    open_question = met.isna() & ledger["comparison"].fillna("").ne("record")
    sentences = (
        (was.isin([Status.CLOSED, Status.REACHED]) & unmet, "数值回落，已重新启动；原销号日期不再有效"),
        (reached & dated & days(ledger["closed_on"]).isna(), "销号日期认不出，请写成 2021-06-30"),
        (reached & dated & ~valid, "销号日期早于达标日期或晚于今日，未予销号"),
        (reached & dated & ~evidence, "缺佐证，未予销号"),
        (reached, "已达标：补齐佐证并填销号日期即可销号"),
        (unmet & dated, "未达标，不能销号"),
        (ledger["status"].eq(Status.CLOSED) & met.isna(), "本期无数据，维持销号，请补数核实"),
        (open_question & ledger["current"].isna(), "本期无数据，无法判断"),
        (open_question, "暂不能判断是否达标（缺基期值或同业比较，或同业样本不足）"),
        (unread, "完成时限认不出，请写成 2021-06 或 长期推进"),
    )
    chosen = np.select([mask for mask, _ in sentences], [sentence for _, sentence in sentences], "")
    return pd.Series(chosen, index=ledger.index, dtype="str")
