"""What a report says about cases (办件) of its region: how many, how many on time, where not, what could be promised.

Every function takes a `Study` and shows the region's own cases; a period, or a region, without cases is one sentence.
"""

from __future__ import annotations

import pandas as pd

from zjanalysis.analysis.compare import facts
from zjanalysis.analysis.registry import for_region
from zjanalysis.cases import views
from zjanalysis.cases.analysis import ALL_CASE_INDICATORS, CaseSummary, case_counts, case_summary, find_cases
from zjanalysis.cases.inputs import case_source
from zjanalysis.display import series, wording
from zjanalysis.display.blocks import Block, checked, listing, say, source_of
from zjanalysis.display.tables import about, page_table
from zjanalysis.inputs.regions import UNNAMED, level_name, office, report_units, units_of
from zjanalysis.inputs.workplan import asked_of
from zjanalysis.studies import Study

NO_CASES = "本期没有办件数据，不作办件时效分析。"
NONE_OF_ITS_OWN = "本期办件数据（{}件）中没有{}的办件。"


def load(me: Study) -> CaseSummary:
    """Return the period's cases boiled down, every region's; raises NoData for a period without any.

    Raises InputError for cases that are there but cannot be read: no page is better than one that hides them.
    """
    return cases_of(me) or case_summary(case_source(me.period, settings=me.settings), settings=me.settings)


def cases_of(me: Study) -> CaseSummary | None:
    """Return what `load` gives; None for a period without any cases."""
    return find_cases(me.period, settings=me.settings)


def own_cases(me: Study) -> CaseSummary | Block:
    """Return the cases (`load`) where the region has some, else the sentence that says there are none."""
    if (cases := cases_of(me)) is None:
        return say(NO_CASES)
    if not (cases.by_item["region_code"] == me.region).any():
        return say(NONE_OF_ITS_OWN.format(cases.n_cases, me.name))
    return cases


def brief(me: Study, *, limit: int = 5) -> tuple[Block, ...]:
    """Say how many cases there are and how many on time, and list the departments with late ones."""
    if isinstance(cases := own_cases(me), Block):
        return (cases,)
    rows = views.case_departments(cases, region=me.region)
    late = rows[(rows["n_late"] > 0) | (rows["n_overdue"] > 0)]
    total, done, n_late, overdue = (int(rows[key].sum()) for key in ("case_count", "n_finished", "n_late", "n_overdue"))
    every = views.every_region(me.period, cases)
    values = every[every["region_code"] == me.region].set_index("indicator")["value"]
    every_one = any(row["value"] == "1" for row in asked_of(me.region, "on_time"))
    rate, finished = (wording.amount(values.get(key), "share") for key in ("on_time", "on_time_finished"))
    said = (
        f"{me.name}办件{total}件，办结{done}件，超时办结{n_late}件；截至{cases.cutoff:%Y-%m-%d}仍未办结且已逾期{overdue}件。"
        f"超时办结与逾期未结都不算按时，按时办结率{rate}（只看办结件为{finished}）。"
        + ("要求：每一事项的实际办理时限在承诺时限内完成。" if every_one else "")
    )
    if late.empty:
        return (say(said),)
    named, unnamed = (int(part["department"].ne("").sum()) for part in (rows, late)), rows[rows["department"].eq("")]
    note = "{}个部门有办件，{}个有超时或逾期。".format(*named)
    note += f"另有{int(unnamed['case_count'].sum())}件没有注明部门。" if len(unnamed) else ""
    late = late.assign(department=[office(name, me.name) for name in late["department"]])
    return (listing(page_table("cases.brief", late, note=note), said, limit=limit),)


def trend(me: Study) -> Block:
    """Show the share finished on time by month in which cases were due."""
    if isinstance(cases := own_cases(me), Block):
        return cases
    months = views.case_trend(cases, region=me.region)
    target = for_region(about("on_time"), me.region).target
    return series.trend(months, name=me.name, indicator="on_time", source=source_of(me), target=target)


def bands(me: Study) -> Block:
    """Show how long cases took, beside what was promised and what the law allows."""
    if isinstance(cases := own_cases(me), Block):
        return cases
    return series.bands(views.days_distribution(cases, region=me.region), name=me.name, source=source_of(me))


def regions(me: Study) -> Block:
    """List the city and its report units side by side; a county has only itself."""
    if (cases := cases_of(me)) is None:
        return say(NO_CASES)
    scores = views.case_overall(cases)
    own = scores[scores["region_code"].isin(units_of(me.region))]
    rows = views.case_table(own, by=("region_code",))
    rows = rows.assign(region=rows["region_code"].map(level_name))
    return _listed("cases.regions", rows, focus=me.region, none="各地区办件时效：没有。")


def departments(me: Study, *, limit: int = 20) -> Block:
    """List the departments, most late cases first."""
    if isinstance(cases := own_cases(me), Block):
        return cases
    rows = views.case_departments(cases, region=me.region)
    return _listed("cases.departments", rows, limit=limit, none="各部门都没有办件。")


def items(me: Study, *, limit: int = 20) -> Block:
    """List the items with the most late cases, with the days that half and nine tenths of theirs took."""
    if isinstance(cases := own_cases(me), Block):
        return cases
    rows = views.case_items(cases, region=me.region, top=max(limit, 100) if limit else 0)
    return _listed("cases.items", rows, limit=limit, none="没有超时办结或逾期未结的事项。")


def loose(me: Study, *, limit: int = 20) -> Block:
    """List the items whose promise is far looser than practice, with the gain of a shorter one."""
    if isinstance(cases := own_cases(me), Block):
        return cases
    rows = views.loose_promises(cases, me.period.items, region=me.region)
    note = (f"共{len(rows)}项；可改承诺＝九成五办件实际办结所需的工作日（至少20件）；"
            f"全部改完，时限压缩率可提升{wording.difference(rows['gain'].sum(), 'share')}。")  # fmt: skip
    return _listed("cases.loose", rows, note=note, limit=limit, none="没有承诺比实际宽两个工作日以上的事项。")


def overdue(me: Study, *, limit: int = 50) -> Block:
    """List the open cases past their due day, longest overdue first, for 督办."""
    if isinstance(cases := own_cases(me), Block):
        return cases
    rows = views.overdue_cases(cases, region=me.region, top=checked(limit))
    total = int(views.case_departments(cases, region=me.region)["n_overdue"].sum())
    note = f"共{total}件逾期未结，列出逾期最久的{len(rows)}件。" if len(rows) < total else ""
    return _listed("cases.overdue", rows, note=note, none="没有逾期未结的办件。")


def problems(me: Study) -> Block:
    """List what does not fit in the region's cases, rule by rule; of a city those of all its regions."""
    if (cases := cases_of(me)) is None:
        return say(NO_CASES)
    units = report_units(me.region)
    rows = cases.findings[cases.findings["region_code"].isin({me.region, *units, *[""] * bool(units)})]
    return _listed("cases.problems", rows, none="办件数据没有发现问题。")


def scores(me: Study) -> Block:
    """List the case indicators with 位次 among those that have cases, 达标, N/M, and how each is counted."""
    if isinstance(cases := own_cases(me), Block):
        return cases
    every = views.every_region(me.period, cases)
    group = every[every["region_code"].isin(me.group)]
    judged = facts(group, settings=me.settings, indicators=ALL_CASE_INDICATORS)
    own = judged[judged["region_code"] == me.region]
    indicators = [about(key) for key in own["indicator"]]
    records = own.to_dict("records")
    rows = own.drop(columns="indicator").assign(
        name=[one.label for one in indicators],
        text=[wording.amount(r["value"], one.unit, r["digits"]) for one, r in zip(indicators, records, strict=True)],
        place=wording.place_texts(own),
        ratio=[wording.ratio_text(r["numerator"], r["denominator"]) for r in records],
        definition=[one.definition for one in indicators],
    )
    note = f"截止{cases.cutoff:%Y-%m-%d}；缺日期或承诺时限的办件剔除，不作推断。"
    return listing(page_table("case_scores", rows, note=note))


FEW = 20


def weighted(me: Study) -> Block:
    """List the deciding indicators with every item weighted by its cases, beside the plain values."""
    if isinstance(cases := own_cases(me), Block):
        return cases
    weighed = me.caseload(case_counts(cases.by_item))
    indicators = [about(key) for key in weighed["indicator"]]
    records = weighed.to_dict("records")
    rows = weighed.drop(columns="indicator").assign(
        name=[one.short for one in indicators],
        plain_text=[wording.amount(r["plain_value"], one.unit) for one, r in zip(indicators, records, strict=True)],
        text=[wording.amount(r["value"], one.unit) for one, r in zip(indicators, records, strict=True)],
        plain_place=[wording.place_text(r["plain_rank"], r["plain_n_ranked"], r["plain_tied"]) for r in records],
        place=wording.place_texts(weighed),
        effective=[wording.number(r["n_effective"], 1) for r in records],
        top=[
            f"{r['top_item']}（{wording.part(r['top_share'])}）" if r["top_item"] else wording.NO_DATA for r in records
        ],
        covered=[f"{r['n_cases']:.0f}件（{wording.part(r['coverage'])}）" for r in records],
    )
    few = rows.loc[rows["n_effective"] < FEW, "effective"].tolist()
    warn = f"注意：办件集中，数值只相当于{few[0]}个事项，位次可能取决于一两个事项。" if few else ""
    return listing(
        page_table("case_weights", rows),
        f"办件口径：每个事项按本期办件量加权，不与事项口径混排；没有办件的地区不排位。{warn}",
    )


def _listed(name: str, rows: pd.DataFrame, *, none: str, limit: int = 0, note: str = "", focus: str = "") -> Block:
    """Return the table ``page.<name>``, or the sentence ``none`` where it has no rows."""
    if rows.empty:
        return say(none)
    if "department" in rows:
        rows = rows.assign(department=rows["department"].fillna("").replace("", UNNAMED))
    return listing(page_table(name, rows, note=note, focus=focus), limit=limit)
