"""What a report says about the ledger: the board, what is due and what moved, by unit and region, score and outlook.

Every function takes a `Study`; a period without a ledger, and whatever has nothing to list, is one sentence.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from zjanalysis.analysis import evaluation as scoring
from zjanalysis.analysis.evaluation import ledger_gaps, ledger_scores, scored
from zjanalysis.analysis.registry import SCORE_KEY
from zjanalysis.columns import TABLES
from zjanalysis.display import series, wording
from zjanalysis.display.blocks import Block, listing, say, source_of
from zjanalysis.display.tables import about, page_table, table
from zjanalysis.inputs.dataset import list_periods
from zjanalysis.inputs.period import load_period
from zjanalysis.inputs.regions import city_of, find_code, level_name, region_name
from zjanalysis.inputs.workplan import has_plan
from zjanalysis.ledger import analysis
from zjanalysis.ledger.analysis import COUNTS, MIN_PERIODS, UNKNOWN, forecasts
from zjanalysis.ledger.display import day_text, foretold, worded
from zjanalysis.ledger.rows import PEERS, is_own
from zjanalysis.ledger.state import load_ledger
from zjanalysis.studies import Study

NOTE = "已达标含已销号；已达标＋推进中＋长期推进＋未启动＋逾期＝事项。"
KINDS = {"task": "", "preface": "前言所列问题", "goal": "工作目标", "assurance": "保障措施"}
NO_LEDGER = "本期没有台账，不列到期事项。"


def load(me: Study) -> pd.DataFrame:
    """Return the ledger of the region's city as it stands; a ledger without rows where there is none."""
    return load_ledger(me.period, city=city_of(me.region))


def earlier(me: Study) -> pd.DataFrame:
    """Return the ledger of the last period."""
    return load_ledger(me.before, city=city_of(me.region)) if me.before.name else load(me).iloc[:0]


def board(me: Study) -> tuple[Block, ...]:
    """Say how the ledger of the city stands and show the plan's eleven tasks; without a plan only the counts."""
    ledger, city = load(me), city_of(me.region)
    plan = "" if has_plan(city) else f"未收录{region_name(city)}的工作方案，没有方案任务和目标；只列自行登记的事项。"
    if ledger.empty:
        return (say(plan, NO_LEDGER),)
    if not has_plan(city):
        return (say(plan, counts_sentence(ledger)),)
    tasks = analysis.board(ledger, city=city)
    said = say(counts_sentence(ledger), _parts(tasks, len(ledger)))
    return said, series.board(tasks[tasks["kind"] == "task"], source=source_of(me))


def _parts(tasks: pd.DataFrame, n_rows: int) -> str:
    """Say how many rows belong to the plan's tasks and how many to its other parts, so that the counts below add up."""
    counts = tasks.groupby("kind")["n_rows"].sum().reindex(list(KINDS), fill_value=0)
    names = {**KINDS, "task": f"{int(tasks['kind'].eq('task').sum())}项任务", "other": "其他"}
    each = {**counts, "other": n_rows - int(counts.sum())}
    return f"{n_rows}项中，{'、'.join(f'{names[kind]}{n}项' for kind, n in each.items() if n)}。"


def counts_sentence(ledger: pd.DataFrame) -> str:
    """Say how many rows stand in which state on the day the ledger was settled."""
    total = analysis.counted(ledger, ["region"])[list(COUNTS)].sum()
    late = f"逾期{total['n_overdue']}项" if total["n_overdue"] else "没有逾期事项"
    return (
        f"截至{day_text(ledger['settled_on'].max())}，台账共{total['n_rows']}项：已达标{total['n_met']}项"
        f"（其中已销号{total['n_closed']}项），推进中{total['n_in_progress']}项，长期推进{total['n_long_term']}项，"
        f"未启动{total['n_not_started']}项；{late}。"
    )


DUE = ("why_due", "problem", "lead_unit", "target_text", "current_text", "deadline")


def due(me: Study, *, limit: int = 0) -> Block:
    """List what the region is to do: overdue, due within 30 days, quiet for 60, reached but not closed."""
    ledger = load(me)
    if ledger.empty:
        return say(NO_LEDGER)
    own = ledger[ledger["region_code"] == me.region]
    rows = analysis.due(own)
    whose = f"截至{day_text(ledger['settled_on'].max())}，{me.name}台账{len(own)}项"
    old = _outdated(own, me.scores, me.gaps.iloc[: 0 if me.chosen else None], me.period.name)
    if rows.empty:
        return say(f"{whose}，没有逾期、30天内到期、久未写进展或待销号的事项。{old}")
    printed = table(worded(rows), caption="台账到期事项", columns=DUE, sheet="台账到期事项")
    return listing(printed, f"{whose}，要办的{len(rows)}项：{_reasons(rows['why_due'])}。{old}", limit=limit)


def _outdated(rows: pd.DataFrame, scores: pd.DataFrame, medians: pd.DataFrame, period: str) -> str:
    """Say which figures of a ledger, values and medians, print as others now: the data changed after its update."""
    now = scores[[*SCORE_KEY, "value"]].merge(medians[[*SCORE_KEY, "median"]], on=SCORE_KEY, how="left")
    both = rows[~is_own(rows)].merge(now.drop_duplicates(SCORE_KEY).dropna(subset=["value"]), on=SCORE_KEY)
    held = both["comparison"].isin(PEERS) & both["median"].notna()
    pairs = zip(both["indicator"], both[["current", "value"]].to_numpy("float64"),
                both[["target_value", "median"]].where(held, 0.0).to_numpy("float64"), strict=True)  # fmt: skip
    moved = {about(key).short: None for key, *sides in pairs
             if any(len({wording.amount(value, about(key).unit) for value in side}) > 1 for side in sides)}  # fmt: skip
    step = f"请对 {period} 文件夹里的 ledger.xlsx 运行 zj ledger update，加 --period {period}"
    return f"台账里的{'、'.join(moved)}不是本期数据现在的数，{step}。" if moved else ""


def agenda(me: Study, *, limit: int = 0) -> Block:
    """List what the whole city is to do and what moved since the last period, each row once, the gravest first."""
    ledger, before = load(me), earlier(me)
    if ledger.empty:
        return say(NO_LEDGER)
    rows = analysis.agenda(ledger, before)
    since = "" if len(before) else "（上期没有台账，不列变动）"
    if rows.empty:
        return say(f"全市没有要办的事项，也没有变动{since}。")
    was = worded(rows.assign(current=rows["current_before"], current_written=""))["current_text"]
    phrased = worded(rows).assign(value_before=was)
    columns = [column for column in TABLES["page.ledger_agenda"] if len(before) or column.key != "value_before"]
    printed = table(phrased, caption="要办的和有变动的事项", columns=columns, sheet="要办和变动")
    said = f"全市要办的和较上期有变动的{len(rows)}项：{_reasons(rows['why_due'])}{since}。"
    here, whole = (whys.value_counts(sort=False) for whys in (rows["why_due"], analysis.due(ledger)["why_due"]))
    others = [f"{why}共{n}项" for why, n in whole.items() if n > here.get(why, 0)]  # more, on the regions' pages
    more = f"每项只列一次，归入最先的事由；连同已归入变动的，{'、'.join(others)}。" if others else ""
    old = _outdated(ledger, ledger_scores(me.period), ledger_gaps(me.period, settings=me.settings),
                    me.period.name)  # fmt: skip
    return listing(printed, said + more + old, limit=limit)


def _reasons(whys: pd.Series) -> str:
    return "、".join(f"{why}{n}项" for why, n in whys.value_counts(sort=False).items())


def units(me: Study) -> Block:
    """List the states by 责任单位; a row two units answer for counts for both."""
    ledger = load(me)
    again = int(analysis.split_units(ledger)["ledger_id"].duplicated().sum())
    note = f"几个单位共同承担的各计一次，合计多出{again}项。" if again else ""
    return _counts(analysis.by_unit(ledger), "unit_name", "按责任单位", note)


def regions(me: Study) -> Block:
    """List the states by region."""
    rows = analysis.counted(load(me), ["region"])
    names = [level_name(code) if (code := find_code(name)) else name for name in rows["region"]]
    return _counts(rows.assign(region=names), "region", "按地区")


def _counts(rows: pd.DataFrame, head: str, caption: str, note: str = "") -> Block:
    if rows.empty:
        return say(NO_LEDGER)
    return listing(table(rows, caption=caption, columns=(head, *COUNTS), note=NOTE + note, sheet=caption))


def evaluation(me: Study, *, limit: int = 0) -> tuple[Block, ...]:
    """Say the evaluation score and how far the first tier is, by level and what lifts most; else why there is none."""
    marks, rules = scored(me.period, region=me.region), me.settings.evaluation
    own = rules if rules.base_city == me.region else replace(rules, base_score=0.0)
    said = say(scoring.total(marks, rules=own).sentence, scoring.tier_note(own))
    if marks.empty:
        return (said,)
    levels = page_table("ledger_levels", scoring.levels(marks), note="权重由办公室录入。")
    first = page_table("ledger_lift", scoring.lift(marks, rules=own).drop(columns="indicator"))
    return said, listing(levels), listing(first, limit=limit)


def outlook(me: Study, *, limit: int = 0) -> Block:
    """List the region's targets whose trend over four periods or more tells whether the deadline will be met."""
    ledger = load(me)
    own = ledger[ledger["region_code"] == me.region]
    if own.empty:
        return say(NO_LEDGER if ledger.empty else f"台账没有{me.name}的事项。")
    foreseen = forecasts(own, _history(me, own))
    certain = foreseen[foreseen["outlook"] != UNKNOWN]
    unsure = foreseen.loc[foreseen["outlook"] == UNKNOWN, "reason"].replace("", "区间跨过目标").value_counts(sort=False)
    why = "；".join(f"{n}项{reason}" for reason, n in unsure.items())
    unknown = f"另有{len(foreseen) - len(certain)}项无法判断（{why}）。" if why else ""
    if certain.empty:
        return say(f"{len(foreseen)}项有数值目标的事项都无法按趋势判断能否按期达标（{why}）。")
    rows = own.merge(certain.drop(columns="reason"), on="ledger_id")
    printed = page_table("ledger_forecast", worded(rows).assign(foretold=foretold(rows)))
    return listing(printed, f"{len(rows)}项可按趋势外推到完成时限；{unknown}", limit=limit)


def _history(me: Study, own: pd.DataFrame) -> pd.DataFrame:
    """Return the figures of all periods: of items and what is reported the lines, of cases what the workbooks give."""
    cutoffs = {name: about.get("cutoff") for name, about in me.period.dataset.periods.items()}
    lines = me.series.assign(cutoff=me.series["period"].map(cutoffs)).dropna(subset=["cutoff"])
    columns = [*SCORE_KEY, "cutoff", "value", "denominator", "line"]
    folder = str(me.period.dataset.folder)
    names = [name for name in list_periods(folder) if name <= me.period.name]
    if len(names) < MIN_PERIODS or own["indicator"].dropna().isin(lines["indicator"]).all():
        return lines[columns]
    loaded = [me.period if name == me.period.name else load_period(folder, name) for name in names]
    scores = pd.concat([ledger_scores(one).assign(cutoff=one.cutoff, line=0) for one in loaded])
    return pd.concat([lines, scores[~scores["indicator"].isin(lines["indicator"])]], ignore_index=True)[columns]
