"""The real items of 2021-05: the reference values of the domain document, and a comparison that must be refused."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.analysis.ways import like_for_like, sensitivity
from zjanalysis.analysis.compare import standings
from zjanalysis.analysis.explain import gap_split
from zjanalysis.analysis.indicators import as_written, measure
from zjanalysis.analysis.registry import Scope, indicator
from zjanalysis.analysis.sensitivity import reconverted
from zjanalysis.inputs.period import load_period
from zjanalysis.settings import Units

PROVINCE = Scope(use_levels=())
TIME = [indicator("time_compression"), indicator("time_compression_mean")]


@pytest.fixture(scope="module")
def items() -> pd.DataFrame:
    return load_period("data/gd-2021-05").items


@pytest.mark.parametrize(
    ("types", "region", "n", "total", "mean"),
    [
        ((), "", 1522, 0.659885, 0.547972),
        (("行政许可",), "440000", 272, 0.797794, 0.788805),
        (("行政许可",), "440100", 238, 0.895232, 0.867274),
        (("公共服务",), "440000", 846, 0.819920, 0.422171),
    ],
)
def test_reference_values_with_units_as_written(
    items: pd.DataFrame, types: tuple[str, ...], region: str, n: int, total: float, mean: float
) -> None:
    rows = items[items["region_code"] == region] if region else items
    scores = measure(as_written(rows), TIME, by=(), scope=Scope(types, ())).set_index("indicator")
    assert scores["value"].tolist() == pytest.approx([total, mean], abs=5e-7)
    assert scores["n"].tolist() == [n, n]


def test_reference_values_of_visits(items: pd.DataFrame) -> None:
    keys = [indicator("visits"), indicator("zero_visit")]
    scores = measure(items, keys, by=(), scope=Scope((), ()))
    assert scores["value"].tolist() == pytest.approx([0.042882, 0.959770], abs=5e-7)


def test_the_conversion_in_force_is_the_one_of_the_settings(items: pd.DataFrame) -> None:
    again = reconverted(items, Units())
    pd.testing.assert_series_equal(again["statutory_days"], items["statutory_days"])
    pd.testing.assert_series_equal(again["promised_days"], items["promised_days"])


def test_like_for_like_of_the_two_areas_is_refused_for_its_coverage(items: pd.DataFrame) -> None:
    row = like_for_like(items, region="440000", peers=["440100"], indicator="time_compression", scope=PROVINCE).iloc[0]
    assert (row["n_codes"], row["n_shared"], row["n_differ"]) == (189, 41, 30)
    assert row["coverage"] == pytest.approx(41 / 189)
    assert (row["value"], row["peer_value"]) == pytest.approx((0.725328, 0.880948), abs=5e-7)
    assert row["difference"] == pytest.approx(row["value"] - row["peer_value"])
    # 2,000 resamples of the codes had given −0.2279 … −0.0950
    assert (row["low"], row["high"]) == pytest.approx((-0.236592, -0.074648), abs=5e-7)
    assert (row["verdict"], row["reason"]) == ("不作判断", "同事项只占21.69%，不足50%")


def test_two_areas_are_ranked_and_not_judged(items: pd.DataFrame) -> None:
    gaps = standings(items, regions=["440000", "440100"], scope=PROVINCE).set_index(["indicator", "region_code"])
    time = gaps.loc["time_compression"]
    assert time["rank"].tolist() == [2, 1]
    assert time["median"].isna().all()  # one peer has no median
    assert time["verdict"].tolist() == ["不作判断"] * 2
    assert time["reason"].tolist() == [
        "与兄弟地区相同且有数据的事项只占21.69%，不足50%",
        "与兄弟地区相同且有数据的事项只占31.54%，不足50%",
    ]
    assert gaps.loc["instant", "verdict"].tolist() == ["无数据"] * 2
    assert gaps.loc["visits", "shown"].tolist() == [0.0037, 0.0168]  # 1/272 and 4/238: two decimals would say 0.00
    assert set(gaps["meets_target"]) == {"—"}  # no plan of theirs is on record


def test_the_split_of_the_published_gap_adds_up(items: pd.DataFrame) -> None:
    table = gap_split(items, region="440000", peers=["440100"], indicator="time_compression", scope=PROVINCE)
    assert abs(table["contribution"].sum() - table["gap"].iloc[0]) <= 1e-12
    assert table["n_codes"].tolist() == [41, 41, 189 + 130 - 2 * 41]


def test_mixed_units_dropped_as_in_the_reference(items: pd.DataFrame) -> None:
    table = sensitivity(items, region="440000", peers=["440100"], scope=PROVINCE).set_index("definition")
    assert table.loc["剔除法定、承诺单位不同的事项", "value"] == pytest.approx(0.784287, abs=5e-7)
    assert table.loc["剔除法定、承诺单位不同的事项", "n"] == 272 - 9
    assert table.loc["时限按原文数字，不折算单位", "value"] == pytest.approx(0.797794, abs=5e-7)
