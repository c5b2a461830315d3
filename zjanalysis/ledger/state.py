"""The states of a ledger row, as one pure step: what is known of the row and what it was → what it is.

台账报告制度, 全程督查, 长效督查, 节点督查: the work plan of 2021-01-27, 三（三）.
Why so: docs/decisions/0009-ledger.md.
"""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

import numpy as np
import pandas as pd

from zjanalysis.analysis.registry import SCORE_KEY
from zjanalysis.analysis.series import stored
from zjanalysis.errors import ConfigError
from zjanalysis.inputs.office_table import Day, days
from zjanalysis.inputs.period import Period
from zjanalysis.inputs.regions import report_units, units_of
from zjanalysis.inputs.workplan import CITY, COUNTY, LONG_TERM, load_targets
from zjanalysis.ledger.reading import LedgerFile, read_ledger
from zjanalysis.ledger.rows import (
    LOWER,
    MOVES,
    PEERS,
    empty_ledger,
    evidence_lacks,
    fill,
    first_true,
    is_own,
    last_day,
    lay_out,
    number_own_rows,
    records,
    today,
    with_gap,
)
from zjanalysis.ledger.typed import read_typed, typed_doubt
from zjanalysis.settings import Settings, load_settings
from zjanalysis.units import Met, Target, rising


class Status(StrEnum):
    """What a row of the ledger can be."""

    NOT_STARTED = "未启动"
    IN_PROGRESS = "推进中"
    REACHED = "已达标待销号"
    CLOSED = "已销号"
    OVERDUE = "逾期"
    LONG_TERM = LONG_TERM


FILE_NAME = "ledger.xlsx"
UNJUDGED = "暂不能判断是否达标（缺基期值或同业比较，或同业样本不足）"
PROBLEM_HINT = "请照省评估报告填写问题，并在各事项的“所属问题”栏填本行编号（如 前言-01）"
HELD = "（基期已达标，防止回落）"
_DIGITS = str.maketrans("一二三四五六七八", "12345678")
MET = (Status.REACHED, Status.CLOSED)
OPEN = (Status.NOT_STARTED, Status.IN_PROGRESS, Status.OVERDUE, Status.LONG_TERM)


def start(
    scores: pd.DataFrame,
    *,
    on: Day,
    as_of: Day | None = None,
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
    settled = refresh(lay_out(rows), empty_ledger(), scores=scores, on=on, as_of=as_of, gaps=gaps)
    of_county = rows["text"].str.replace("兄弟地市", "兄弟县区")  # whom its figures are held against
    text = rows["text"].mask(rows["region_code"].ne(rules.focus), of_county)
    return settled.assign(problem=text.mask(settled["status"].eq(Status.REACHED), text + HELD))


def refresh(
    ledger: pd.DataFrame,
    before: pd.DataFrame,
    *,
    scores: pd.DataFrame,
    on: Day,
    as_of: Day | None = None,
    gaps: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the ledger with every tool column up to date and every hand column as it was.

    ``before`` is what the tool wrote last time (see `advance_state`); a row the office added gets its number here. Rows
    are filled and settled twice: the eight problems are measured by the rows that belong to them.
    """
    rows, figures = as_planned(number_own_rows(ledger)), scores[[*SCORE_KEY, "value"]]
    settled = advance_state(fill(rows, figures, as_of=as_of or on, gaps=gaps), before, on=on, as_of=as_of)
    figures = pd.concat([figures, problem_scores(settled)], ignore_index=True)
    return advance_state(fill(rows, figures, as_of=as_of or on, gaps=gaps), before, on=on, as_of=as_of)


def as_planned(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return the ledger with what the city's plan on record asks now, as pages judge too: comparison and number."""
    asked, city = load_targets().set_index("target"), load_settings().focus
    target = ledger["ledger_id"].str.partition("@")[0].where(ledger["region_code"].isin(units_of(city)))
    kinds, numbers = (target.map(asked[name]) for name in ("comparison", "value"))
    number = ledger["target_value"].mask(kinds.notna() & ~kinds.isin(PEERS), numbers)
    return ledger.assign(comparison=kinds.fillna(ledger["comparison"]), target_value=number)


def problem_scores(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return, for each of the preface's problems, the share of the rows under it (所属问题) that meet their target."""
    met = ledger["status"].isin(MET).astype("float64")
    under = ledger["parent"].fillna("").map(problem_of)
    shares = met[under.ne("")].groupby(under[under.ne("")]).mean().rename("value")
    problems = ledger.loc[ledger["indicator"].isin(shares.index), SCORE_KEY]
    return problems.merge(shares, left_on="indicator", right_index=True)


def problem_of(written: str) -> str:
    """Return which of the eight problems a cell names, as the key of its indicator; nothing for anything else.

    >>> problem_of("前言-03"), problem_of("问题三"), problem_of("3"), problem_of("")
    ('problem_3', 'problem_3', 'problem_3', '')
    """
    named = re.fullmatch(r"(?:前言-?|问题)?0?([1-8一二三四五六七八])", written.strip())
    return f"problem_{named[1].translate(_DIGITS)}" if named else ""


def deadlines(text: pd.Series) -> pd.Series:
    """Return written deadlines as days, NaT where there is none."""
    return pd.Series([last_day(value) for value in text.fillna("")], index=text.index, dtype="datetime64[ns]")


def is_long_term(text: pd.Series) -> pd.Series:
    """Tell which deadlines read 长期推进 (or 长期)."""
    return text.fillna("").str.contains("长期")


def _deadline_read(ledger: pd.DataFrame, was: pd.DataFrame) -> pd.Series:
    """Return every deadline as it stands, one nobody can read as it was when it last could be; else nothing."""
    said = ledger["deadline"].fillna("")
    for earlier in (was["deadline"].fillna(""), was["deadline_read"].fillna(""), ""):
        said = said.where(is_long_term(said) | deadlines(said).notna(), earlier)
    return said.astype("str")


def meets(kind: str, value: float, *, target: float, before: float, verdict: str, unit: str = "") -> bool | None:
    """Tell whether a value meets its target: True, False, or None where nobody can tell; as the pages judge (`Target`).

    ``kind`` as in `load_targets`, or <; > and < are strict. rising and falling are held against ``before``, the base
    value; above_peers and below_peers follow 达标 of the comparison with the median of the peers.

    >>> meets(">", 0.855, target=0.855, before=0.8, verdict=""), meets("falling", 2, target=0, before=3, verdict="")
    (False, True)
    """
    answers: dict[str, bool] = {Met.MET: True, Met.NOT_MET: False}
    if kind in PEERS:
        return None if np.isnan(value) else answers.get(verdict)
    if kind not in (">=", ">", "<=", "<", "done", *MOVES):
        return None
    sign = -1 if kind in LOWER else 1
    asked = rising(unit, sign) if kind in MOVES else Target("number", target, sign, strict=kind in (">", "<"))
    return answers.get(asked.met(value, before=before))


def is_met(ledger: pd.DataFrame) -> pd.Series:
    """Tell of every row whether its value meets the target; missing where nobody can tell (`meets`)."""
    kinds, verdicts = ledger["comparison"].fillna(""), ledger["verdict"].fillna("")
    units = ledger["unit"].fillna("")
    columns = zip(kinds, ledger["current"], ledger["target_value"], ledger["baseline"], verdicts, units, strict=True)
    answers = [meets(k, v, target=t, before=b, verdict=word, unit=u) for k, v, t, b, word, u in columns]
    return pd.Series(answers, index=ledger.index, dtype="boolean")


def advance_state(ledger: pd.DataFrame, before: pd.DataFrame, *, on: Day, as_of: Day | None = None) -> pd.DataFrame:
    """Return the ledger as of one day: ``on`` (办理日期) settles states, days left and quiet time alike.

    ``before`` is what the tool itself wrote last (ledger_id, status, reached_on, progress, progress_on, opened_on,
    reopened_on): a status somebody typed is not believed. ``as_of`` is the cut-off of the figures, default ``on``.
    A row is closed only with evidence, a value that meets the target, and a closing date neither before the day the
    value was reached nor after ``on``; a row whose value falls back opens again and its old closing date is void.
    A deadline nobody can read leaves the last one that could be (deadline_read) in force.
    """
    now, figures = today(on), today(as_of or on)
    was = before.set_index("ledger_id").reindex(ledger["ledger_id"]).set_axis(ledger.index)
    was = was.astype(dict.fromkeys(("opened_on", "progress_on", "reached_on", "reopened_on"), "datetime64[ns]"))
    met = is_met(ledger)
    holds, fails = (met.eq(answer).fillna(False).astype(bool) for answer in (True, False))
    fell = was["status"].isin(MET) & fails
    deadline, opened_on = _deadline_read(ledger, was), was["opened_on"].fillna(now)
    progress, written = ledger["progress"].fillna(""), was["progress"].fillna("")
    progress_on = was["progress_on"].mask(progress.ne(written) & progress.ne(""), now)
    reached_on = was["reached_on"].mask(fails)  # it stays while the value meets the target or nobody knows
    dated = ledger.assign(
        deadline_read=deadline,
        settled_on=pd.Series(now, index=ledger.index).astype("datetime64[ns]"),
        opened_on=opened_on,
        progress_on=progress_on,
        reached_on=reached_on.mask(holds & reached_on.isna(), figures),
        reopened_on=was["reopened_on"].mask(fell, figures).mask(holds),
        days_left=(deadlines(deadline) - now).dt.days.astype("Int64"),
        days_quiet=(now - progress_on.fillna(opened_on)).dt.days.clip(lower=0).astype("Int64"),
    )
    closing = days(ledger["closed_on"])
    valid = closing.notna() & (closing <= now) & (closing >= dated["reached_on"])
    unnamed = ledger["evidence"].fillna("").str.strip().eq("").map({True: "名称", False: ""}).astype("str")
    lacks = evidence_lacks(ledger).where(ledger["comparison"].eq("done"), unnamed)  # an ordinary row needs any at all
    doubt = pd.Series([typed_doubt(row) for row in records(ledger)], index=ledger.index, dtype="str")
    stays = was["status"].eq(Status.CLOSED) & met.isna() & doubt.eq("")
    closed = (met.fillna(False) | stays) & lacks.eq("") & valid
    settled = dated.assign(status=_status(dated, met=met, closed=closed, doubt=doubt))
    return settled.assign(hint=_hint(settled, met, valid=valid, lacks=lacks, doubt=doubt))


def _status(ledger: pd.DataFrame, *, met: pd.Series, closed: pd.Series, doubt: pd.Series) -> pd.Series:
    """Return the state of every row; what is only registered is long-term and never overdue.

    What once met its target has been started, also when it has fallen back or its figure is missing this time; met
    within its deadline it is not overdue for want of a figure.
    """
    written = ledger[["progress", "evidence"]].fillna("").apply(lambda texts: texts.str.strip()).ne("").any(axis=1)
    started = written | ledger["reached_on"].notna() | ledger["reopened_on"].notna()
    long_term, registered = is_long_term(ledger["deadline_read"]), ledger["comparison"].eq("record")
    in_time = met.isna() & (ledger["reached_on"] <= deadlines(ledger["deadline_read"])) & doubt.eq("")
    overdue = (ledger["days_left"] < 0) & ~long_term & ~in_time
    states = (
        (closed, Status.CLOSED), (met, Status.REACHED), (registered, Status.LONG_TERM), (overdue, Status.OVERDUE),
        (~started, Status.NOT_STARTED), (long_term, Status.LONG_TERM),
    )  # fmt: skip
    return first_true(states, Status.IN_PROGRESS)


def _hint(ledger: pd.DataFrame, met: pd.Series, *, valid: pd.Series, lacks: pd.Series, doubt: pd.Series) -> pd.Series:
    """Say to the person who keeps the row why it is not closed, why it opened again, what is missing."""
    reached, dated = ledger["status"].eq(Status.REACHED), ledger["closed_on"].fillna("").ne("")
    unread = ledger["deadline_read"].eq("") | ledger["deadline_read"].ne(ledger["deadline"].fillna(""))
    unmet = met.eq(False)
    open_question = met.isna() & ledger["comparison"].fillna("").ne("record")
    sentences = (
        (ledger["reopened_on"].notna() & unmet, "达标回落，已重新启动；原销号日期不再有效"),
        (reached & dated & days(ledger["closed_on"]).isna(), "销号日期认不出，请写成 2021-06-30"),
        (reached & dated & ~valid, "销号日期早于达标日期或晚于办理日期，未予销号"),
        (reached & dated & lacks.ne(""), "缺佐证（" + lacks + "），未予销号"),
        (reached & lacks.ne(""), "已达标：补齐佐证（" + lacks + "）并填销号日期即可销号"),
        (reached, "已达标：填销号日期即可销号"),
        (unmet & dated, "未达标，不能销号"),
        (doubt.ne(""), doubt + "，无法判断；写法如 ≥95% 与 96%，≤3天 与 2天"),
        (ledger["status"].eq(Status.CLOSED) & met.isna(), "本期无数据，维持销号，请补数核实"),
        (ledger["indicator"].fillna("").str.startswith("problem_") & met.isna(), PROBLEM_HINT),
        (open_question & ledger["reached_on"].notna(), "曾经达标，本期无数据，请补数核实"),
        (open_question & ledger["current"].isna(), "本期无数据，无法判断"),
        (open_question, UNJUDGED),
        (unread, "完成时限认不出，请写成 2021-06 或 长期推进"),
    )
    return first_true(sentences)


# --- as a file stands on a day ------------------------------------------------------------------------------------


def settled_on(file: LedgerFile) -> pd.Timestamp | None:
    """Return the day the tool last settled a ledger; of a file from before it kept that day, the last day it wrote."""
    day = file.memory["settled_on"].max()
    day = file.memory[["opened_on", "progress_on", "reached_on"]].max().max() if pd.isna(day) else day
    return None if pd.isna(day) else day


def working_day(file: LedgerFile, on: Day) -> pd.Timestamp:
    """Return the day something is done to a ledger (办理日期).

    Raises ConfigError for a day before the last one: what was written since cannot be taken back.
    """
    day, last = today(on), settled_on(file)
    if last is not None and day < last:
        raise ConfigError(f"台账已办理到{last:%Y-%m-%d}，不能按更早的{day:%Y-%m-%d}办理。", "请用当日或以后的日期。")
    return day


def figures_day(file: LedgerFile, as_of: Day) -> pd.Timestamp:
    """Return the cut-off of the figures a ledger is updated with.

    Raises ConfigError for one before that of the figures it has: what was reached since would open again.
    """
    day, last = today(as_of), file.memory["as_of"].max()
    if pd.notna(last) and day < last:
        what = f"台账的数据已到{last:%Y-%m-%d}，不能用更早的数据（截至{day:%Y-%m-%d}）更新。"
        raise ConfigError(what, "请用当期或以后的期次（--period）；要看过去一期，请另建一份台账。")
    return day


def standing(file: LedgerFile, *, on: Day = "") -> pd.DataFrame:
    """Return the ledger of a file as it stands on a `working_day`, by default the day the tool last settled it."""
    day = working_day(file, on) if on else settled_on(file)
    if day is None:
        return file.ledger
    figures = file.memory["as_of"].max()
    # what an earlier version wrote may not follow from what is printed
    rows = with_gap(read_typed(file.ledger, is_own(file.ledger)))
    return advance_state(rows, file.memory, on=day, as_of=day if pd.isna(figures) else figures)


def load_ledger(period: Period, *, city: str) -> pd.DataFrame:
    """Return the ledger of a city in a period's folder (ledger.xlsx) as it stands, kept while nothing changes.

    A row that names no region belongs to the city that has other rows. Without a file there are no rows.
    """

    def load() -> pd.DataFrame:
        path = period.dataset.folder / period.name / FILE_NAME
        if not path.is_file():
            return empty_ledger()
        settings, rooms = load_settings(), ("inputs", "analysis", "ledger")
        ledger = stored(settings, [path], repr(settings), lambda: standing(read_ledger(path)), rooms=rooms)
        own = ledger["region_code"].isin(units_of(city))
        return ledger[own | (ledger["region_code"].isna() & bool(own.any()))].reset_index(drop=True)

    return period.once(("ledger", city), load)


def base_values(period: Period, *, city: str) -> pd.DataFrame:
    """Return region_code, indicator and value: what the rising targets of the period's ledger are held against.

    In the period of the base itself there is nothing to rise from yet, and no row.
    """
    ledger = load_ledger(period, city=city)
    rows = ledger[ledger["comparison"].isin(MOVES)].dropna(subset=[*SCORE_KEY, "baseline"])
    rows = rows[~(rows["baseline_on"] >= rows["as_of"])]
    return rows[SCORE_KEY].assign(value=rows["baseline"])
