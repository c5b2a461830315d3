"""How good the data are: what was counted and left out, which cells do not fit, how full the columns are."""

from __future__ import annotations

import pandas as pd

from zjanalysis.analysis.explain import change
from zjanalysis.analysis.indicators import measure
from zjanalysis.analysis.sensitivity import blank_promises
from zjanalysis.columns import Column
from zjanalysis.display import dates, wording
from zjanalysis.display.answer import over_sentence
from zjanalysis.display.blocks import Block, listing, printed_steps, say
from zjanalysis.display.tables import UNIT_TEXT, about, page_table, table
from zjanalysis.inputs.check import completeness as filled_columns
from zjanalysis.inputs.findings import ERROR, LEVELS, WARNING
from zjanalysis.inputs.findings import summary as counted_by
from zjanalysis.inputs.regions import level_name, report_units, units_of
from zjanalysis.studies import Study


def counts(me: Study) -> Block:
    """Return what a bulletin starts with: items listed, in force, in scope, counted, left out, and the two sums."""
    own = me.own
    score = me.scores[(me.scores["region_code"] == me.region) & (me.scores["indicator"] == "time_compression")]
    if score.empty:
        return say(f"{me.name}没有事项。")
    row, types = score.iloc[0], me.scope.narrowed(about("time_compression")).item_types
    lines = [
        ("在列事项（全部类型）", len(own), "项"),
        ("其中在用的最新版本", int(own["in_force"].sum()), "项"),
        (f"其中{'、'.join(types or ()) or '在统计范围内'}", len(me.counted), "项"),
        ("纳入时限计算", int(row["n"]), "项"),
        ("剔除（时限缺失或无法识别）", int(row["n_left_out"]), "项"),
        ("法定时限合计", round(float(row["denominator"]), 2), "工作日"),
        ("承诺时限合计", round(float(row["denominator"] - row["numerator"]), 2), "工作日"),
    ]
    blank = int(blank_promises(me.counted).sum())
    note = f"其中{blank}项即办件的承诺时限空白，按即办（0个工作日）计。" if blank else ""
    return listing(page_table("counts", pd.DataFrame(lines, columns=["name", "amount", "unit_text"]), note=note))


def regions(me: Study, *indicators: str) -> Block:
    """Return the report units of the city side by side, one column per indicator (none named: the six)."""
    units, chosen = report_units(me.region), [about(key) for key in indicators or me.keys]
    scores = measure(me.period.items, chosen, scope=me.scope)
    own = scores[scores["region_code"].isin(units)]
    wide = own.pivot_table("value", "region_code", "indicator", sort=False, dropna=False)
    if wide.empty:
        return say(f"{me.name}没有所辖县（市、区）的数据。")
    wide = wide.reindex([code for code in units if code in wide.index]).reset_index()
    heads = (Column(one.key, one.short, one.unit, unit=UNIT_TEXT[one.unit]) for one in chosen)
    return listing(table(wide, caption="所辖县（市、区）指标一览", columns=["region", *heads], sheet="所辖地区"))


def findings(me: Study, *, everywhere: bool = False) -> Block:
    """Return how many cells do not fit, by rule, most serious first; of the region, or of every file of the period."""
    all_found, items = me.period.findings, me.period.items
    ours = all_found if everywhere else all_found[all_found["region_code"] == me.region]
    where, n_items = ("全部地区", len(items)) if everywhere else (me.name, len(me.own))
    if ours.empty:
        return say(f"{where}采用事项{n_items}行，未发现问题。")
    rows = ours[~ours["used"].astype(bool) & ours["row_number"].gt(0)].drop_duplicates(["file", "sheet", "row_number"])
    errors = int((ours["level"] == ERROR).sum())
    said = f"{where}采用事项{n_items}行，发现问题{len(ours)}处，其中错误{errors}处；未采用{len(rows)}行。"
    said += "" if everywhere else over_sentence(me)
    first = ours.drop_duplicates("rule").set_index("rule")
    by_rule = counted_by(ours, by=("rule",))
    listed = by_rule.assign(example=by_rule["rule"].map(first["message"]), action=by_rule["rule"].map(first["action"]),
                            order=by_rule["level"].map(LEVELS.index))  # fmt: skip
    listed = listed.sort_values(["order", "n_findings"], ascending=[True, False])
    return listing(page_table("findings", listed), said)


def omissions(me: Study) -> Block:
    """Return how many items each indicator leaves out in the region, and why."""
    return listing(page_table("omissions", me.left_out()))


def findings_trend(me: Study) -> Block:
    """Return how often each rule was broken in the last period and in this one; a sentence in a first period."""
    if me.before.files.empty:
        return say("没有上期的事项清单，不与上期比较。")
    names = ["rule", "level", "rule_title"]
    now, then = (counted_by(one.findings, by=("rule",))[[*names, "n_findings"]] for one in (me.period, me.before))
    both = now.merge(then.rename(columns={"n_findings": "n_before"}), on=names, how="outer")
    both = both.fillna({"n_findings": 0, "n_before": 0})
    rows = both.assign(n_more=both["n_findings"] - both["n_before"], order=both["level"].map(LEVELS.index))
    rows = rows.sort_values(["order", "n_findings"], ascending=[True, False])
    return listing(page_table("findings_trend", rows, note=f"上期为{dates.issue_text(me.before.name)}。"))


def quality_by_region(me: Study) -> Block:
    """Return for every region of the period how many items are used, how many cells do not fit, what that cost."""
    counted = counted_by(me.period.findings, by=("region_code",))
    used = me.period.items["region_code"].value_counts().rename("n_items").reset_index()
    rows = used.merge(counted, on="region_code", how="left").sort_values("region_code")
    rows = rows.assign(region=[level_name(code) for code in rows["region_code"]])
    ours = rows[rows["region_code"].isin(units_of(me.region))]  # another city is a row, no headline
    worst = [_most(ours, "n_errors", "错误", "处"), _most(ours, "n_rows_out", "未采用", "行")]
    said = [f"{len(rows)}个地区采用事项{int(rows['n_items'].sum())}行", *(f"本市{one}" for one in worst if one)]
    return listing(page_table("findings_by_region", rows), f"{'；'.join(said)}。")


def _most(rows: pd.DataFrame, key: str, word: str, unit: str) -> str:
    most = rows[key].max()
    names = rows.loc[rows[key] == most, "region"]
    return f"{word}最多的是{wording.listed(names, limit=3)}（{int(most)}{unit}）" if most > 0 else ""


def completeness(me: Study) -> Block:
    """Return how much of each asked column is filled in the region, the emptiest column first."""
    shares = filled_columns(me.own).sort_values("filled_share", kind="stable")
    lacking = shares[shares["n_filled"] < shares["n_items"]]
    said = f"{len(shares)}个栏目中{len(shares) - len(lacking)}个全部填写。"
    if lacking.empty:
        return say(said)
    return listing(page_table("completeness", lacking), said)


def doubts(me: Study, *indicators: str, limit: int = 20) -> Block:
    """Return each region's indicators (none named: the six) with and without the items in doubt (a finding, yet used),
    the most moved first.
    """
    doubted = me.period.findings[me.period.findings["level"].isin((ERROR, WARNING)) & me.period.findings["used"]]
    places = pd.MultiIndex.from_frame(doubted[["file", "sheet", "row_number"]])
    items, chosen = me.period.items, [about(key) for key in indicators or me.keys]
    doubtful = pd.MultiIndex.from_frame(items[["file", "sheet", "row_number"]]).isin(places)
    every, sound = (measure(some, chosen, scope=me.scope) for some in (items, items[~doubtful]))
    both = change(every, sound, indicators=chosen)
    n = both["region_code"].map(items[doubtful]["region_code"].value_counts()).fillna(0)
    rows = both.assign(n_doubtful=n, size=both["change"].abs(), change=printed_steps(both, "previous"))
    said = f"存疑：有“错误”或“警告”但仍计入的事项，共{int(doubtful.sum())}项；影响最大的在前。"
    rows = rows.sort_values("size", ascending=False, kind="stable")
    return listing(page_table("doubts", rows), said, limit=limit)
