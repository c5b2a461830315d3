"""全市: the sums of a city and its counties, exact for every indicator and all data, only where every county is there."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import zjanalysis as zj
from zjanalysis.analysis.indicators import measure
from zjanalysis.analysis.whole import as_whole, pulls, whole_cities, whole_period, whole_series
from zjanalysis.errors import ConfigError, NoData
from zjanalysis.inputs.regions import report_units
from zjanalysis.studies import Study, study_of
from zjanalysis.units import Met, Verdict

SAMPLE = "data/sample"
CITY, COUNTIES = "441700", report_units("441700")
PARTS = (CITY, *COUNTIES)


@pytest.fixture(scope="module")
def whole() -> Study:
    return zj.study(SAMPLE, "2021Q1", region="全市")


def test_every_indicator_of_the_whole_is_the_sum_of_its_parts(whole: Study) -> None:
    now = zj.load_period(SAMPLE, "2021Q1")
    parts = measure(now.items[now.items["region_code"].isin(("440800", *report_units("440800")))])
    sums = parts.groupby("indicator", sort=False)[["numerator", "denominator", "n", "n_left_out"]].sum()
    own = whole.scores[whole.scores["region_code"] == "440800+"].set_index("indicator")
    pd.testing.assert_frame_equal(own[sums.columns].astype("float64"), sums.astype("float64"), check_names=False)
    assert (own["value"] - sums["numerator"] / sums["denominator"]).abs().max() < 1e-12


def test_the_rows_of_the_whole_are_put_together_once_a_period(monkeypatch: pytest.MonkeyPatch) -> None:
    """A province's 313,000 rows take a second and 600 MB; every city's page of 全市 asks for them twice."""
    now = replace(zj.load_period(SAMPLE, "2021Q1"), memory={})
    first = whole_period(now, "440800+")
    monkeypatch.setattr("zjanalysis.analysis.whole.as_whole", pytest.fail)
    assert whole_period(now, "440900+") is first


def test_a_whole_without_any_figure_has_no_series() -> None:
    """The first period of a city all of whose counties are there could not be built at all."""
    nothing = pd.DataFrame(columns=["region_code", "indicator", "period", "definition", "source", "value", "numerator",
                                    "denominator", "n", "n_left_out"])  # fmt: skip
    assert whole_series(nothing, ("440200",), nothing.assign(part_code="")).empty


@pytest.mark.parametrize("without", ["now", "last"])
def test_a_zone_that_begins_or_ends_to_report_is_no_change_of_the_whole(without: str) -> None:
    """With 经开区 new in a quarter 湛江全市's 时限压缩率 read 提高1.28个百分点 for 0.90."""
    now, last = (replace(zj.load_period(SAMPLE, name), memory={}) for name in ("2021Q1", "2020Q4"))
    kept = {"now": now, "last": last}
    one = kept[without]
    kept[without] = replace(one, items=one.items[one.items["region_code"] != "4408Z1"], memory={})
    nothing = replace(now.dataset, folder=now.dataset.folder.parent / "none")
    period, before = (replace(one, dataset=nothing, memory={}) for one in (kept["now"], kept["last"]))
    whole = study_of(period, region="全市", before=before)
    assert "440800+" not in set(whole.previous["region_code"])
    assert "441700+" in set(whole.previous["region_code"])
    assert set(whole.earlier["region_code"]) == {"440900+", "441700+"}
    assert "440800+" in set(study_of(now, region="全市", before=last).previous["region_code"])


def test_the_city_alone_is_untouched_by_its_whole() -> None:
    now = zj.load_period(SAMPLE, "2021Q1")
    before = study_of(now, region="440800").standings.copy()
    study_of(now, region="全市").standings  # noqa: B018 - computed for what it might change
    pd.testing.assert_frame_equal(study_of(now, region="440800").standings, before)
    assert not {code for code in before["region_code"] if code.endswith("+")}


def test_only_cities_whose_counties_are_all_there_are_ranked(whole: Study) -> None:
    assert whole.peers == ("440900+", "441700+")
    visits = whole.standing("visits").set_index("region_code")
    values = {"440800+": 217 / 2516, "440900+": 82 / 1413, "441700+": 105 / 1180}
    assert visits["value"].to_dict() == pytest.approx(values)
    assert visits["rank"].to_dict() == {"440800+": 2, "440900+": 1, "441700+": 3}
    assert set(whole.standings["verdict"]) == {str(Verdict.NONE)}
    assert set(whole.standings["meets_target"]) == {str(Met.NO_TARGET)}


def test_a_county_that_lacks_leaves_no_whole_and_is_named() -> None:
    now = zj.load_period(SAMPLE, "2021Q1")
    now = replace(now, items=now.items[now.items["region_code"] != "440823"], memory={})
    with pytest.raises(NoData, match="缺遂溪县的事项，合计不出湛江全市"):
        study_of(now, region="全市")
    assert study_of(now, region="茂名全市").peers == ("441700+",)


@pytest.mark.parametrize("lacking", ["440823", "440800"])
def test_a_figure_that_one_part_lacks_has_no_sum(lacking: str) -> None:
    """A county that left a column blank was left out: 湛江全市 0.0862次 read 0.0834次, 减少, 2/3."""
    now = zj.load_period(SAMPLE, "2021Q1")
    visits = now.items["visits"].mask(now.items["region_code"] == lacking)
    whole = study_of(replace(now, items=now.items.assign(visits=visits), memory={}), region="全市")
    gaps = whole.gaps.set_index("indicator")
    assert gaps.loc[["visits", "visit_share"], ["value", "rank", "change"]].isna().all(axis=None)
    assert gaps.loc["visits", "n_ranked"] == 2
    assert gaps.loc["instant", "value"] == pytest.approx(zj.study(SAMPLE, "2021Q1", region="全市").gaps["value"][3])
    assert whole.scores.query("region_code == '440800+' and indicator == 'at_most_once'")["value"].isna().all()
    parts = whole.parts("visits").set_index("region_code")
    assert parts["pull"].isna().all()
    assert parts["value"].isna().sum() == 1


def test_a_figure_that_a_zone_lacks_is_the_sum_of_the_others() -> None:
    now = zj.load_period(SAMPLE, "2021Q1")
    visits = now.items["visits"].mask(now.items["region_code"] == "4408Z1")
    whole = study_of(replace(now, items=now.items.assign(visits=visits), memory={}), region="全市")
    assert whole.gaps["value"][1] == pytest.approx((217 - 6) / (2516 - 195))
    assert whole.parts("visits")["pull"].notna().all()


def test_a_zone_is_not_waited_for() -> None:
    there = frozenset({"440800", *report_units("440800")})
    assert whole_cities(there) == whole_cities(there - {"4408Z1"}) == ("440800",)
    assert whole_cities(there - {"440802"}) == whole_cities(there - {"440800"}) == ()


def test_without_counties_of_others_there_is_a_value_and_no_rank() -> None:
    alone = zj.study(SAMPLE, "2021Q1", region="全市", peers="韶关市")
    assert alone.peers == ()
    block = zj.whole(alone)
    assert "不排位次" in block.sentence
    assert set(block.rows["place"]) == {"—"}
    assert block.rows["text"].iloc[1] == f"{217 / 2516:.4f}次"


@pytest.mark.parametrize("ask", ["plan", "pairs"])
def test_what_is_asked_of_one_list_is_refused(whole: Study, ask: str) -> None:
    with pytest.raises(ConfigError, match="不按全市合计做"):
        getattr(whole, ask)("visits")


def test_the_series_of_the_whole_is_the_sum_of_those_of_its_parts(whole: Study) -> None:
    """Old quarters are in history.csv alone, the last two are measured: both add up, and no quarter is missing."""
    series = whole.series.query("region_code == '440800+' and indicator == 'visits'").set_index("period")
    county = zj.study(SAMPLE, "2021Q1", region="遂溪县").series
    city = zj.study(SAMPLE, "2021Q1", region="湛江市").series
    parts = pd.concat([county, city[city["region_code"] == "440800"]]).query("indicator == 'visits'")
    sums = parts.groupby("period")[["numerator", "denominator"]].sum()
    assert series["value"].to_dict() == pytest.approx((sums["numerator"] / sums["denominator"]).to_dict())
    assert len(series) == 8


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PARTS), st.integers(0, 5)), max_size=60))
def test_whatever_the_rows_the_sums_add_up(rows: list[tuple[str, int]]) -> None:
    items = pd.DataFrame(
        [(code, 1.0) for code in PARTS] + [(c, float(v)) for c, v in rows], columns=["region_code", "visits"]
    )
    items = items.assign(item_type="行政许可", use_level="4", in_force=True)
    (one,) = measure(as_whole(items, (CITY,)), ["visits"]).to_dict("records")
    assert (one["numerator"], one["denominator"]) == (items["visits"].sum(), len(items))
    parts = pulls(measure(items, ["visits"]))
    for code, pull in zip(parts["region_code"], parts["pull"], strict=True):
        others = items[items["region_code"] != code]["visits"]
        assert pull == pytest.approx(items["visits"].mean() - others.mean())
    assert parts["share"].sum() == pytest.approx(1)
