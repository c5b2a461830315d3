"""Tables that a section of a report is made of: counts, regions side by side, dragging items, data quality."""

from __future__ import annotations

import pandas as pd

from zjanalysis.analysis.change import change
from zjanalysis.analysis.compare import among
from zjanalysis.analysis.indicators import ITEM_INDICATORS, PLAN_SCOPE, Scope, in_scope, left_out, measure
from zjanalysis.display import dates, wording
from zjanalysis.display.known import about
from zjanalysis.display.tables import Table, table
from zjanalysis.inputs.columns import Column
from zjanalysis.inputs.findings import summary as summary_of
from zjanalysis.inputs.period import Period
from zjanalysis.inputs.regions import region_name
from zjanalysis.inputs.workplan import has_plan


def summary(gaps: pd.DataFrame, *, indicators: tuple[str, ...]) -> str:
    """Say in one paragraph what the head of the office must know: what meets its target, what does not, the ranks."""
    rows = gaps.set_index("indicator").loc[list(indicators)].reset_index()
    code = str(rows["region_code"].iloc[0])
    decided = rows[rows["meets_target"].isin(("达标", "未达标"))]
    behind = decided[decided["meets_target"] == "未达标"]
    names = "、".join(about(key).short for key in behind["indicator"])
    counts = f"有目标的{len(decided)}项指标中，{len(decided) - len(behind)}项达标" if has_plan(code) else NO_TARGETS
    unmet = f"，{len(behind)}项未达标（{names}）" if len(behind) else ""
    ranks = "；".join(
        f"{about(str(row['indicator'])).short}{wording.amount(row['value'], about(str(row['indicator'])).unit)}，"
        f"位列{wording.rank_text(row['rank'], row['n_ranked'], tied=bool(row['tied']))}"
        for row in rows.to_dict("records")
        if not wording.missing(row["value"])
    )
    return f"{region_name(code)}{counts}{unmet}。{ranks}（与{wording.peers_word(code)}一并排名）。"


NO_TARGETS = "未收录工作方案，不列目标，只与兄弟地区比较"
N_ITEMS = Column("n", "数量", "count", unit="项")


def counts_table(period: Period, *, region: str, scores: pd.DataFrame, scope: Scope = PLAN_SCOPE) -> Table:
    """Give the counts a bulletin starts with: items listed, in force, in scope, counted, left out, and the two sums."""
    own = period.items[period.items["region_code"] == region]
    row = scores[(scores["region_code"] == region) & (scores["indicator"] == "time_compression")].iloc[0]
    permits = in_scope(own, scope, one=about("time_compression"))
    rows = [
        ("在列事项（全部类型）", len(own), "项"),
        ("其中在用的最新版本", int(own["in_force"].sum()), "项"),
        ("其中行政许可", len(permits), "项"),
        ("纳入时限计算", int(row["n"]), "项"),
        ("剔除（时限缺失或无法识别）", int(row["n_left_out"]), "项"),
        ("法定时限合计", round(float(row["denominator"]), 2), "工作日"),
        ("承诺时限合计", round(float(row["denominator"] - row["numerator"]), 2), "工作日"),
    ]
    columns = (Column("name", "项目"), Column("amount", "数量", "number"), Column("unit_text", "单位"))
    listed = pd.DataFrame(rows, columns=[column.key for column in columns])
    return table(listed, caption=f"{region_name(region)}事项数量与时限合计", columns=columns, sheet="事项数量")


def regions_table(scores: pd.DataFrame, *, indicators: tuple[str, ...], focus: str = "") -> Table:
    """Give regions side by side, one column per indicator, in the order the regions have in ``scores``."""
    wide = scores.pivot_table(index="region_code", columns="indicator", values="value", sort=False, dropna=False)
    wide = wide.reindex(index=scores["region_code"].unique(), columns=list(indicators)).reset_index(names="region_code")
    kinds = {"share": "share", "days": "days", "visits": "days"}
    units = {"visits": "次", "days": "工作日", "share": "%"}
    known = [about(key) for key in indicators]
    columns = [Column("region", "地区"), *(Column(i.key, i.short, kinds[i.unit], unit=units[i.unit]) for i in known)]
    counted = scores[scores["indicator"] == indicators[0]].set_index("region_code")["n"]
    wide = wide.assign(n=wide["region_code"].map(counted))
    columns.append(Column("n", "纳入时限计算", "count", unit="项"))
    return table(wide, caption="各地区指标一览", columns=columns, sheet="指标一览", focus=focus)


ROOM_COLUMNS = (
    Column("match_code", "基本编码", "code"),
    Column("item_name", "事项名称"),
    Column("department", "实施主体"),
    Column("statutory_days", "法定", "days", unit="工作日"),
    Column("promised_days", "现承诺", "days", unit="工作日"),
    Column("best_days", "同类最优", "days", unit="工作日"),
    Column("best_region", "最优地区"),
    Column("room_days", "可压", "days", unit="工作日"),
    Column("gain", "预计提升", "points", unit="个百分点"),
)


def drags_table(rooms: pd.DataFrame, *, region: str, limit: int = 20) -> Table:
    """Give at most ``limit`` items that hold a region back most: a peer promises the same code sooner."""
    shown = rooms.head(limit)
    total = wording.plain(round(float(rooms["room_days"].sum()), 2))
    note = (
        f"共{len(rooms)}项的承诺长于同类最优，列出可压天数最多的{len(shown)}项；"
        f"全部压到同类最优，合计可压{total}个工作日。"
    )
    return table(shown, caption=f"{region_name(region)}拖累事项", columns=ROOM_COLUMNS, sheet="拖累事项", note=note)


FINDING_HEADS = (
    Column("level", "级别"),
    Column("rule_title", "规则"),
    Column("n_findings", "问题", "count", unit="处"),
    Column("n_rows_out", "未采用", "count", unit="行"),
    Column("example", "举例"),
    Column("action", "处理建议"),
)
LEVEL_ORDER = {"错误": 0, "警告": 1, "提示": 2}


def findings_table(period: Period, *, region: str = "") -> Table:
    """Give how many cells do not fit, by rule, most serious first; of one region, or of every file."""
    found = period.findings if not region else period.findings[period.findings["region_code"] == region]
    first = found.drop_duplicates("rule").set_index("rule")
    counted = summary_of(found, by=("rule",))
    rows = counted.assign(example=counted["rule"].map(first["message"]), action=counted["rule"].map(first["action"]),
                          order=counted["level"].map(LEVEL_ORDER)).sort_values(["order", "n_findings"],
                                                                               ascending=[True, False])  # fmt: skip
    where = region_name(region) if region else "全部文件"
    return table(rows, caption=f"{where}数据核对问题", columns=FINDING_HEADS, sheet="核对问题")


def left_out_table(period: Period, *, region: str, scope: Scope = PLAN_SCOPE) -> Table:
    """Give how many items each indicator leaves out in a region, and why."""
    own = period.items[period.items["region_code"] == region]
    counted = left_out(own, ITEM_INDICATORS, scope=scope)
    columns = (Column("indicator", "指标"), Column("reason", "剔除原因"), N_ITEMS)
    return table(counted, caption=f"{region_name(region)}各指标剔除事项", columns=columns, sheet="剔除原因")


def quality_sentence(period: Period, *, region: str = "") -> str:
    """Say how many rows the region (or the period) has, how many cells do not fit and how many rows that left out."""
    own = among(period.items, region) if region else period.items
    found = among(period.findings, region) if region else period.findings
    where = region_name(region) if region else "全部地区"
    rows = found[~found["used"].astype(bool) & found["row_number"].gt(0)].drop_duplicates(
        ["file", "sheet", "row_number"]
    )
    if found.empty:
        return f"{where}采用事项{len(own)}行，未发现问题。"
    errors = int((found["level"] == "错误").sum())
    return (f"{where}采用事项{len(own)}行，发现问题{len(found)}处，其中错误{errors}处；"
            f"因此未采用{len(rows)}行。明细用 zj check 核对原工作簿。")  # fmt: skip


TREND_HEADS = (
    Column("level", "级别"),
    Column("rule_title", "规则"),
    Column("n_before", "上期", "count", unit="处"),
    Column("n_findings", "本期", "count", unit="处"),
    Column("n_more", "增减", "count", unit="处"),
)


def quality_trend(period: Period, before: Period) -> Table:
    """Give how often each rule was broken last period and this one; without a last period only this one's count."""
    names = ["rule", "level", "rule_title"]
    now, then = (summary_of(one.findings, by=("rule",))[[*names, "n_findings"]] for one in (period, before))
    both = now.merge(then.rename(columns={"n_findings": "n_before"}), on=names, how="outer")
    missing = float("nan") if not before.name else 0
    filled = both.assign(n_findings=both["n_findings"].fillna(0), n_before=both["n_before"].fillna(missing))
    rows = filled.assign(n_more=filled["n_findings"] - filled["n_before"], order=filled["level"].map(LEVEL_ORDER))
    rows = rows.sort_values(["order", "n_findings"], ascending=[True, False])
    note = f"上期为{dates.issue_text(before.name)}。" if before.name else "没有上期数据。"
    return table(rows, caption="问题数与上期比较", columns=TREND_HEADS, sheet="核对趋势", note=note)


REGION_HEADS = (
    Column("region", "地区"),
    Column("n_items", "采用事项", "count", unit="行"),
    Column("n_findings", "问题", "count", unit="处"),
    Column("n_errors", "错误", "count", unit="处"),
    Column("n_warnings", "警告", "count", unit="处"),
    Column("n_rows_out", "未采用", "count", unit="行"),
)


def quality_by_region(period: Period) -> Table:
    """Give for every region how many items are used, how many cells do not fit and how many rows that left out."""
    counted = summary_of(period.findings, by=("region_code",))
    used = period.items["region_code"].value_counts().rename("n_items").reset_index()
    rows = used.merge(counted, on="region_code", how="left").sort_values("region_code")
    return table(rows, caption="各地区核对情况", columns=REGION_HEADS, sheet="各地区核对")


COMPLETENESS_HEADS = (
    Column("column_label", "栏目"),
    Column("n_items", "事项", "count", unit="行"),
    Column("n_filled", "已填", "count", unit="行"),
    Column("filled_share", "填报率", "share"),
)


def completeness_table(filled: pd.DataFrame, *, region: str = "") -> Table:
    """Give how much of each asked column is filled (`inputs.completeness` by region), the emptiest column first."""
    own = among(filled, region) if region else filled
    rows = own.groupby("column_label", as_index=False, sort=False)[["n_items", "n_filled"]].sum()
    shares = rows.assign(filled_share=rows["n_filled"] / rows["n_items"]).sort_values("filled_share", kind="stable")
    where = region_name(region) if region else "全部地区"
    return table(shares, caption=f"{where}填报完整度", columns=COMPLETENESS_HEADS, sheet=f"{where}完整度")


DOUBT_HEADS = (
    Column("region", "地区"),
    Column("indicator", "指标"),
    Column("value", "现值", "number"),
    Column("previous", "剔除存疑事项后", "number"),
    Column("change", "差", "number"),
    Column("n_doubtful", "存疑事项", "count", unit="项"),
)


def doubtful_rows(period: Period) -> pd.Series:
    """Tell which items carry a finding of level 错误 or 警告 though they are used."""
    found = period.findings[period.findings["level"].isin(("错误", "警告")) & period.findings["used"]]
    places = pd.MultiIndex.from_frame(found[["file", "sheet", "row_number"]])
    return pd.Series(pd.MultiIndex.from_frame(period.items[["file", "sheet", "row_number"]]).isin(places),
                     index=period.items.index)  # fmt: skip


def doubt_table(period: Period, *, indicators: tuple[str, ...], scope: Scope = PLAN_SCOPE) -> Table:
    """Give each region's indicators with and without the doubtful items, the largest difference first."""
    doubtful = doubtful_rows(period)
    known = [about(key) for key in indicators]
    whole = measure(period.items, known, scope=scope)
    firm = measure(period.items[~doubtful], known, scope=scope)
    both = change(whole, firm, indicators=known)
    n = period.items[doubtful]["region_code"].value_counts()
    rows = both.assign(n_doubtful=both["region_code"].map(n).fillna(0), size=both["change"].abs())
    shown = rows.sort_values("size", ascending=False, kind="stable").head(20)
    note = "存疑：有“错误”或“警告”但仍计入的事项。列出影响最大的20行。"
    return table(shown, caption="存疑事项对指标的影响", columns=DOUBT_HEADS, sheet="存疑影响", note=note)
