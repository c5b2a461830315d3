"""The words of a view are about what it counts: promises where days are compared, items or changes where those are."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook

import zjanalysis as zj
from zjanalysis.analysis.compare import KEY
from zjanalysis.analysis.tasks import task_list
from zjanalysis.columns import TABLES
from zjanalysis.display import reasons, wording
from zjanalysis.display.actions import _offices
from zjanalysis.display.distributions import office_kind
from zjanalysis.display.forms import write_tasks
from zjanalysis.display.tables import about, table_from_payload
from zjanalysis.publish.page import numbered
from zjanalysis.studies import Study, study_of
from zjanalysis.units import UNITS

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("key", KEY)
def test_only_an_indicator_of_time_speaks_of_promises_and_limits(key: str, county: Study) -> None:
    said = zj.split(county, key).sentence + zj.pairs(county, key).sentence
    said += "".join(reasons.meaning(part, about(key)) for part in ("结构", "水平", "覆盖"))
    assert bool(re.search("法定时限", said)) == (key == "time_compression")
    assert bool(re.search("承诺", said)) == (key == "time_compression")


def test_only_where_permits_alone_count_is_anything_called_one() -> None:
    permits, every = (zj.study(region="雷州市", all_types=wide) for wide in (False, True))
    views = (zj.terms, zj.counts, zj.limits, zj.compression, zj.definitions)
    assert all("许可" in view(permits).html for view in views)
    assert not [view.__name__ for view in views if re.search("许可(?!证)", view(every).html)]
    assert f"{len(every.counted)}项事项中，" in zj.summary(every).sentence
    assert len(every.counted) > len(permits.counted) == zj.counts(permits).rows["amount"].iloc[2]


def test_a_task_list_has_heads_that_fit_visits_and_forms_too() -> None:
    heads = {column.key: column for column in TABLES["tasks"]}
    assert (heads["current_text"].label, heads["proposed_text"].label) == ("现状", "建议")
    assert "现承诺" in heads["current_text"].aliases  # lists sent out before come back
    assert "建议承诺" in heads["proposed_text"].aliases


def test_the_tutorial_speaks_of_columns_that_are_there_and_passes_the_median_on_the_side_that_is_better() -> None:
    cells = json.loads((ROOT / "docs" / "guide" / "tutorial.ipynb").read_text(encoding="utf-8"))["cells"]
    text = "".join("".join(cell["source"]) for cell in cells)
    labels = {column.label for name, columns in TABLES.items() if name.startswith("page.") for column in columns}
    named = re.findall(r"表中“([^”]+)”", text)
    assert named
    assert set(named) <= labels & {column.label for column in TABLES["page.plan"]}
    assert "超过全组中位数" not in text


def test_changes_and_items_are_counted_in_the_same_words_everywhere(county: Study) -> None:
    overview, first, tasks = zj.plan_overview(county), zj.first_steps(county), zj.tasks(county, *county.keys)
    counts = re.findall(r"\d+项改动、\d+个事项", first.sentence + overview.sentence + tasks.sentence)
    assert len(counts) == 3
    assert len(set(counts)) == 1


@pytest.mark.parametrize("region", ["遂溪县", "雷州市", "湛江市"])
def test_a_step_that_serves_two_indicators_is_one_row(region: str) -> None:
    rows = zj.first_steps(zj.study("data/sample", "2021Q1", region=region)).rows
    assert rows is not None
    assert not rows.duplicated(["item_name", "step"]).any()
    assert rows["name"].str.contains("、").any()  # 跑动次数 and 跑动率 ask the same of an item


def test_what_seems_to_contradict_says_what_it_compares(county: Study, city: Study) -> None:
    assert "公布值（各地全部事项）" in zj.funnel(county, "instant").sentence
    assert "另按同事项判断" in zj.funnel(county, "instant").sentence
    funnel = zj.funnel(county, "instant")
    assert ("放宽后的范围" in funnel.payload["title"]) == ("各地差异大于偶然" in funnel.sentence)
    beyond = zj.plan_overview(city).rows
    assert beyond is not None
    assert not beyond["lead"].str.contains("100.00%").any()
    assert beyond["lead"].str.contains("改完仍不算优于").any()


def test_what_no_change_can_have_judged_is_not_called_out_of_reach_and_has_no_middle_to_come_near(pair: Study) -> None:
    few = "有数据的兄弟地区只有1个，不足3个"
    lead = zj.plan_overview(pair, "visits").rows["lead"].iloc[0]
    assert re.fullmatch(rf"全部\d+项改完不作判断：{few}", lead)
    assert f"不作判断（{few}）" in zj.plan(pair, "visits", target="lead")[0].sentence
    real = zj.study("data/gd-2021-05", region="广东省", peers="广州市")
    assert "，表1列出所选地区已有的做法。" in zj.summary(real).sentence
    assert len(zj.first_steps(real).rows)


def test_a_blank_is_no_item_without_a_visit(county: Study) -> None:
    own, first = county.period.items["region_code"].eq("440882"), county.counted.index[:9]
    items = county.period.items.assign(visits=county.period.items["visits"].mask(own).astype("float64"))
    items.loc[first, "visits"] = [1.0] * 3 + [0.0] * 6
    n = len(county.counted)
    for visits, said in ((items["visits"], f"3项仍要到现场（{n - 9}项无数据）"), (items["visits"].where(items["visits"] != 1),
                         f"{n - 6}项到办事现场次数无数据")):  # fmt: skip
        me = study_of(replace(county.period, items=items.assign(visits=visits), memory={}), region="440882")
        assert f"{n}项许可中，{said}" in zj.summary(me).sentence


def test_what_is_better_when_it_falls_is_not_said_to_be_lifted(county: Study) -> None:
    for block in (zj.plan(county, "visit_share")[0], zj.obstacles(county, "visit_share", "visits", "instant")):
        column = next(name for name in ("effect", "could") if name in block.rows)
        verbs = block.rows.groupby(block.rows["indicator"])[column].agg(lambda texts: {text[:2] for text in texts})
        wanted = {"visit_share": {"下降"}, "visits": {"减少"}, "instant": {"提升"}}
        assert all(verbs[key] == wanted[key] for key in verbs.index)


def test_other_definitions_are_counted_without_the_one_in_force(county: Study) -> None:
    block = zj.sensitivity(county)
    assert block.rows is not None
    assert f"换用{len(block.rows) - 1}种口径" in block.sentence
    assert f"{len(block.rows) - 1}种口径" in block.payload["alt"]


def test_a_place_in_another_city_is_not_asked_for_and_what_is_bad_reads_as_a_sentence(county: Study) -> None:
    rows = zj.counties(county, "visits").rows
    assert rows is not None
    assert set(rows.loc[~rows["region_code"].str.startswith("4408"), "home"]) == {"—"}
    assert "差在均为" not in zj.worsening(county).html


def test_how_much_more_a_rising_target_asks_is_said_where_the_rule_is(county: Study) -> None:
    rules = dict(zj.definitions(county).payload["notes"])
    relevant = UNITS["share"].relevant * 100
    assert f"提高至少{relevant:.1f}个百分点" in rules["达标"]


@pytest.mark.parametrize("region", ["遂溪县", "湛江市", "坡头区"])
def test_every_permit_that_promises_more_than_the_law_allows_is_named_in_one_sentence(region: str) -> None:
    me = zj.study("data/sample", "2021Q1", region=region)
    permits = me.own[me.own["item_type"].eq("行政许可") & me.own["in_force"] & me.own["limit_reason"].isna()]
    permits = permits[permits["use_level"].isin(["3", "4"])]
    over = permits[permits["promised_days"] > permits["statutory_days"] + 1e-9]
    assert len(over)
    assert f"{len(over)}项许可的承诺超过法定时限" in zj.summary(me).sentence.split("先做什么")[-1]
    said = zj.findings(me).sentence
    assert f"{len(over)}项许可的承诺超过法定时限" in said
    for name, promised, statutory in zip(over["item_name"], over["promised_days"], over["statutory_days"], strict=True):
        assert f"{name}（{promised:g}＞{round(statutory, 2):g}）" in said


@pytest.mark.parametrize(("key", "word"), [("time_compression", "拉低总体"), ("visits", "拉高总体")])
def test_what_a_department_does_to_the_whole_is_defined_where_it_stands(key: str, word: str, county: Study) -> None:
    block = zj.departments(county, key)
    assert word in block.sentence
    assert block.rows is not None
    rows = block.rows
    whole = rows["numerator"].sum() / rows["denominator"].sum()
    weights = (rows["value"] - whole) * rows["denominator"] / rows["denominator"].sum()
    assert rows["weight"].tolist() == pytest.approx(weights.tolist())
    assert weights.sum() == pytest.approx(0)
    assert block.html.count("对总体的影响＝（部门－总体）×占分母的比重") == 2  # in the figure and under its table
    assert "承诺天数最多" in zj.summary(county).sentence


def test_the_title_of_a_wide_drawing_is_said_outside_it_for_phones_and_numbered_there_too(county: Study) -> None:
    block = zj.split(county, "visits")
    assert f'<figcaption data-title="图　{block.payload["title"]}">' in block.html
    assert block.html.count('class="zj-title"') >= 1
    assert f'data-title="图1　{block.payload["title"]}"' in numbered([block.html])[0]


def test_what_cannot_be_judged_has_no_target_and_no_steps_and_says_why(pair: Study) -> None:
    overview, first = zj.plan_overview(pair), zj.summary(pair).sentence
    assert overview.rows is not None
    rows = overview.rows.set_index("name")
    unjudged = [
        about(key).short for key in pair.gaps["indicator"] if key in ("time_compression", "visits", "visit_share")
    ]
    assert "有目标的3项中" in first  # the plan means all sister counties, not one that is chosen
    assert rows.loc[unjudged, ["goal_text", "met", "cost"]].drop_duplicates().to_numpy().tolist() == [
        ["—", "不能判定", "—"]
    ]
    few = "有数据的兄弟地区只有1个，不足3个，没有可比的中位数"
    assert f"{'、'.join(unjudged)}不能判定：{few}。" in overview.html
    assert "1项未达标" in first
    assert overview.sentence.startswith("未达到目标的1项指标共需")
    each = dict(zip(KEY, zj.plan(pair, *KEY), strict=True))
    assert {key for key, block in each.items() if f"{few}，不能判定，不列方案。" in block.sentence} == {
        key for key in KEY if about(key).short in unjudged
    }


def test_regions_are_counted_that_enter_a_figure_and_one_alone_is_named(county: Study, pair: Study) -> None:
    period, gone = county.period, ["440804", "440825"]
    away = period.items["region_code"].isin(gone)
    limits, kinds = period.items["limit_reason"].mask(away, "无法定时限"), period.items["item_type"]
    lacking = replace(period, items=period.items.assign(limit_reason=limits), memory={})
    me = study_of(lacking, region="440882", before=county.before)
    said = zj.ranking(me, "time_compression").sentence
    assert "（共8个地区）" in said
    assert "8地中位数" in said
    assert "7个兄弟县区合计" in zj.split(me, "time_compression").sentence
    assert "8–10地中位数" in zj.spine(me).html
    only = kinds.where(~away, "公共服务")
    none = study_of(replace(period, items=period.items.assign(item_type=only), memory={}), region="440882",
                    before=county.before)  # fmt: skip
    assert "8地中位数" in zj.spine(none).html
    assert "7个兄弟县区" in zj.spine(none).html
    assert "霞山区（" in zj.split(pair, "visits").sentence
    assert "有数据的只有2地，没有可比的中位数" in zj.ranking(pair, "visits").sentence


def best_possible(me: Study, region: str) -> Study:
    """A study of a region whose permits are all at the best possible value."""
    own = me.period.items["region_code"] == region
    ideal = {"promised_days": 0.0, "visits": 0.0, "handling_type": "即办件", "online": True, "end_to_end": True}
    changed = {name: me.period.items[name].mask(own, value) for name, value in ideal.items()}
    period = replace(me.period, items=me.period.items.assign(**changed), memory={})
    return study_of(period, region=region, before=me.before)


def test_no_table_is_named_that_lists_nothing_and_nothing_unjudged_is_called_met(county: Study, pair: Study) -> None:
    best = best_possible(county, "440882")
    assert zj.summary(best).sentence.endswith("各项目标均已达到，没有可参照的改法。")
    rows = zj.first_steps(best).rows
    assert rows is not None
    assert rows.empty
    assert zj.tasks(best, *KEY).sentence == "各项目标均已达到，没有要下发的任务。"
    two = best_possible(pair, "440802")
    items = two.period.items[two.period.items["region_code"].isin(["440802", "440803"])]
    two = study_of(replace(two.period, items=items, memory={}), region="440802", before=pair.before)
    assert "3项不能判定" in zj.summary(two).sentence
    assert zj.summary(two).sentence.endswith("可判定的目标均已达到，没有可参照的改法。")
    assert zj.tasks(two, *KEY).sentence == "没有要下发的任务。"


def test_a_value_at_its_threshold_prints_apart_from_it_wherever_both_stand(county: Study) -> None:
    own = county.period.items["region_code"].eq("440882") & county.period.items["item_type"].eq("行政许可")
    own &= county.period.items["in_force"] & county.period.items["use_level"].eq("4")
    rest = own & (own.cumsum() > 180)
    kinds = county.period.items["handling_type"].mask(own, "承诺件").mask(own & (own.cumsum() <= 146), "即办件")
    items = county.period.items.assign(handling_type=kinds)[~rest]
    me = study_of(replace(county.period, items=items, memory={}), region="440882", before=county.before)
    assert me.gaps.set_index("indicator").loc["instant", ["numerator", "denominator"]].tolist() == [146, 180]
    shown = zj.spine(me).payload["table"]
    place = [row[0] for row in shown["rows"]].index(about("instant").label)
    assert table_from_payload(shown).texts()[place][1:3] == ["81.111%", "达标"]
    overview = zj.plan_overview(me).rows
    assert overview is not None
    assert overview.set_index("name").loc["即办率", ["now", "goal_text", "met"]].tolist() == [
        "81.111%", "高于81.11%", "已达标"
    ]  # fmt: skip
    assert "现为81.111%，目标高于81.11%" in zj.plan(me, "instant")[0].sentence


def test_what_prints_as_nothing_is_no_cause(county: Study) -> None:
    parts = pd.DataFrame({"part": ["结构", "水平", "覆盖"], "contribution": [3e-17, 0.00004, 0.0]})
    one = about("instant")
    assert (reasons.mainly(parts, one.unit), reasons.main_part(parts, one)) == ("", "")
    assert reasons.mainly(parts.assign(contribution=[0.01, 0.0, 0.0]), one.unit) == "，主要在“结构”"
    own = county.period.items[county.period.items["region_code"] == "440882"]
    alike = pd.concat([own.assign(region_code=code) for code in county.group], ignore_index=True)
    block = zj.split(study_of(replace(county.period, items=alike, memory={}), region="440882"), "time_compression")
    assert "相同" in block.sentence
    assert "影响最大" not in block.sentence
    assert "主要在" not in block.html


def test_a_tie_is_said_wherever_a_place_is_printed() -> None:
    rows = pd.DataFrame({"rank": [9, 9, 1, None], "n_ranked": 10, "tied": [True, True, False, False]}).astype(
        {"rank": "Int64"}
    )
    assert wording.place_texts(rows) == ["并列9/10", "并列9/10", "1/10", "无数据"]
    ranged = wording.place_texts(rows.assign(rank_low=[8, 8, 1, None], rank_high=[10, 10, 1, None]))
    assert ranged == ["并列9（8–10）/10", "并列9（8–10）/10", "1/10", "无数据"]
    assert [wording.nth(place) for place in ranged] == ["并列第9（8–10）/10", "并列第9（8–10）/10", "第1/10", ""]


def with_items(me: Study, **columns: object) -> Study:
    """A study of the same region whose items hold other values."""
    return study_of(replace(me.period, items=me.period.items.assign(**columns), memory={}), region=me.region,
                    before=me.before)  # fmt: skip


@pytest.mark.parametrize("region", ["麻章区", "湛江经济技术开发区", "湛江市"])
def test_the_office_that_asks_for_most_visits_is_named_by_their_number_and_stands_in_the_table(region: str) -> None:
    """A mean of one or two items is no evidence: 1/2 beside 5/20."""
    me = zj.study("data/sample", "2021Q1", region=region)
    block, by_department = zj.visits(me), me.by_department("visits")
    assert block.rows is not None
    kinds = by_department.assign(kind=by_department["department"].map(office_kind)).groupby("kind")["numerator"].sum()
    totals = block.rows.set_index("office")["total"]
    assert (totals == kinds.reindex(totals.index)).all()
    top = kinds[kinds == kinds.max()]
    assert set(top.index) <= set(totals.index)
    for text in (block.sentence, block.payload["title"], block.payload["alt"]):
        assert f"合计跑{kinds.sum():g}次，最多的是" in text
        assert set(re.findall(r"最多的是([^（]+)（", text)[-1].split("、")) == set(top.index)


def test_no_visits_and_a_tie_name_no_office_alone(county: Study) -> None:
    own = county.period.items["region_code"] == county.region
    visits = county.period.items["visits"]
    none = zj.visits(with_items(county, visits=visits.mask(own, 0.0)))
    assert none.sentence.startswith("雷州市各部门都不用跑现场")
    assert "最多的是" not in none.sentence + none.payload["title"]
    first = own & ~county.period.items.duplicated(["region_code", "department"])
    alike = zj.visits(with_items(county, visits=visits.mask(own, 0.0).mask(first, 1.0)))
    assert re.search(r"最多的是[^、]+、[^、]+、[^、]+等\d+个（各\d次）", alike.sentence)


def test_who_ties_is_named_with_whom_and_where_all_are_alike_nobody_is(county: Study) -> None:
    alike = with_items(county, promised_days=0.0, handling_type="即办件", statutory_days=10.0, limit_reason=None)
    compression, limits, ranking = zj.compression(alike), zj.limits(alike), zj.ranking(alike, "instant")
    assert compression.sentence.endswith("个部门的事项压缩幅度中位数：均为100.00%。")
    said = [text for one in (compression, limits, ranking) for text in (one.payload["title"], one.payload["alt"])]
    assert not [text for text in said if re.search("最[短长低好末]", text)]
    assert "均为0.00个工作日" in limits.payload["title"]
    tied = county.period.items["region_code"].isin(["440804", "440811"])
    best = with_items(county, handling_type=county.period.items["handling_type"].mask(tied, "即办件"))
    assert "坡头区、麻章区最好（100.00%）" in zj.ranking(best, "instant").payload["alt"]


@pytest.mark.parametrize("promises", [[0.0, 0.0, 0.0, 3.0], [float(day) for day in range(1, 11)], [5.0]])
def test_nine_tenths_of_the_items_are_promised_within_the_days_that_are_said(
    promises: list[float], county: Study
) -> None:
    own = county.period.items["region_code"] == county.region
    permits = county.own[county.own["item_type"].eq("行政许可") & county.own["in_force"]].head(len(promises))
    rest = county.period.items[~own]
    items = pd.concat([rest, permits.assign(promised_days=promises, statutory_days=20.0, limit_reason=None)])
    block = zj.limits(study_of(replace(county.period, items=items, memory={}), region=county.region))
    days = float(re.findall(r"九成在([\d.]+)个工作日以内", block.sentence)[0])
    within = [promise for promise in promises if promise <= days]
    assert days in promises
    assert len(within) >= 0.9 * len(promises)
    assert len([promise for promise in within if promise < days]) < 0.9 * len(promises)


def test_parts_and_departments_that_weigh_the_same_are_named_together(county: Study) -> None:
    parts = pd.DataFrame({"part": ["结构", "水平", "覆盖"], "contribution": [0.02, -0.02, 0.01]})
    assert reasons.mainly(parts, "share") == "，主要在“结构”、“水平”"
    assert reasons.main_part(parts, about("instant")) == (
        "影响最大的是“结构”（所列事项的构成），有利；“水平”（同一事项是否即办），不利。"
    )
    own = county.period.items["region_code"] == county.region
    items = county.period.items[~own | ~county.period.items.duplicated(["region_code", "department"])]
    visits = items["visits"].mask(items["region_code"] == county.region, 1.0)
    ten = items[items["region_code"] == county.region].index[:10]
    promised = items["promised_days"].mask(items["region_code"] == county.region, 4.0)
    me = with_items(replace(county, period=replace(county.period, items=items, memory={})), promised_days=promised,
                    limit_reason=None, statutory_days=20.0, visits=visits.mask(items.index.isin(ten), 0.0))  # fmt: skip
    assert re.search("最多的是[^、]+、[^、]+、[^、]+等[0-9]+个", zj.departments(me, "visits").sentence)
    assert re.search("等[0-9]+个承诺天数最多，占100%", zj.summary(me).sentence)


def with_own(me: Study, **columns: object) -> Study:
    """The study with columns of the region's own items set."""
    items, own = me.period.items, me.period.items["region_code"].eq(me.region)
    changed = {name: items[name].mask(own, value) for name, value in columns.items()}
    return study_of(replace(me.period, items=items.assign(**changed), memory={}), region=me.region, before=me.before)


def test_items_without_a_department_are_counted_and_sent_out_too(county: Study, tmp_path: Path) -> None:
    items = county.period.items
    blank = items["department"].mask(items["region_code"].eq(county.region) & (items.index % 2 == 0), None)
    me = study_of(
        replace(county.period, items=items.assign(department=blank), memory={}), region=county.region,
        before=county.before,
    )  # fmt: skip
    whole, part = (re.search("承诺时限合计(\\d+)个工作日(?:（其中(\\d+)个部门未注明）)?", zj.summary(one).sentence)
                   for one in (county, me))  # fmt: skip
    assert whole
    assert part
    assert (whole[1], whole[2], part[1]) == (part[1], None, whole[1])
    assert int(part[2]) > 0
    steps = me.plan("instant", target=0.95).steps
    n_blank = int(steps["department"].isna().sum())
    assert f"个部门、{n_blank}项部门未注明" in zj.plan_overview(me, "instant").sentence + _offices(steps["department"])
    book = load_workbook(write_tasks(task_list(steps), tmp_path / "任务.xlsx", title="任务"))
    assert sum(sheet.max_row - 3 for sheet in book if sheet.title != "目录") == len(steps)
    assert book["部门未注明"].max_row - 3 == n_blank > 0
    assert "和部门未注明的" in zj.departments(me, "instant").sentence
    assert "nan" not in "".join(zj.plan(me, "instant")[0].html + zj.laggards(me).html)


def test_where_no_department_is_written_none_is_counted(county: Study) -> None:
    me = with_own(county, department=None)
    assert "涉及0个部门" not in zj.plan_overview(me).sentence
    assert "的事项都没有写明部门" in zj.departments(me, "instant").sentence
    assert re.search("个工作日（其中\\d+个部门未注明）。", zj.summary(me).sentence)


def test_what_has_no_limit_is_not_said_to_be_promised_on_the_spot(county: Study) -> None:
    me = with_own(county, limit_reason="缺法定时限", visits=0.0, online=True)
    assert "承诺时限无数据。" in zj.summary(me).sentence


def test_alone_in_the_data_nothing_is_said_of_the_others(county: Study) -> None:
    periods = (county.period, county.before)
    now, before = (
        replace(one, items=one.items[one.items["region_code"] == county.region], memory={}) for one in periods
    )
    lines = study_of(now, region=county.region, before=before).series
    me = study_of(now, region=county.region, before=before)
    now.memory[("lines", me.group, before.name)] = lines[lines["region_code"] == me.region]
    said = zj.trend(me).sentence + zj.trend_line(me, "instant").sentence
    assert not re.search("nan|扣除全组|相对全组", said)
    assert zj.laggards(me).sentence == "兄弟县区的时限压缩率无数据，不列拖累事项。"
    assert "兄弟地区都没有数据" in zj.plan(me, "visits")[0].sentence
    assert "没有可比的地区" in zj.sensitivity(me, "instant").sentence
    assert "共1个地区" in zj.sensitivity(me, "instant").payload["alt"]
    assert not re.search("第(?:—|无数据|并列)", zj.ranking(me, "instant").payload["alt"])


def test_a_blank_is_no_office_without_a_visit(county: Study) -> None:
    me = with_own(county, visits=None)
    items = me.period.items.assign(
        visits=me.period.items["visits"].where(me.period.items.index != me.counted.index[0], 0)
    )
    one = study_of(replace(me.period, items=items, memory={}), region=me.region, before=me.before)
    assert f"各部门都不用跑现场（{len(me.counted) - 1}项无数据）" in zj.visits(one).sentence


def test_items_of_one_name_and_code_change_one_by_one(county: Study) -> None:
    now, own = county.period, county.counted.iloc[[0]]
    new = pd.concat([own.assign(item_id=f"新{n}", item_name="同名事项") for n in range(2)], ignore_index=True)
    items = pd.concat([now.items, new], ignore_index=True)
    me = study_of(replace(now, items=items, memory={}), region=county.region, before=county.before)
    n = [int(re.search("新增(\\d+)项", zj.item_changes(one).sentence)[1]) for one in (county, me)]  # type: ignore[index]
    assert n[1] - n[0] == 2


def test_a_value_reached_prints_apart_from_its_target_in_the_first_sentence_too(county: Study) -> None:
    rows = county.period.items
    own = rows["region_code"].eq(county.region) & rows["item_type"].eq("行政许可") & rows["in_force"]
    own &= rows["use_level"].eq("4")
    kinds = rows["handling_type"].mask(own, "承诺件").mask(own & (own.cumsum() <= 145), "即办件")
    items = rows.assign(handling_type=kinds, serves_public=True)[~(own & (own.cumsum() > 180))]
    me = study_of(replace(county.period, items=items, memory={}), region=county.region, before=county.before)
    assert "即办率改1项即达标（81.111%）" in zj.summary(me).sentence
