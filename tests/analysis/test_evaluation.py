"""The evaluation score: from the office's weights, or not at all."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zjanalysis.analysis.evaluation import NO_WEIGHTS, as_score, indicator_labels, levels, lift, points, total
from zjanalysis.inputs.reported import empty_weights
from zjanalysis.settings import Evaluation

COLUMNS = [
    "level_one",
    "level_two",
    "level_three",
    "indicator",
    "weight",
    "method",
    "zero_at",
    "full_at",
    "points",
    "effort",
]
NAN = float("nan")
ROWS = [
    ("甲", "乙", "一", "online", 40.0, "按比例", 0.8, 1.0, NAN, 10.0),
    ("甲", "乙", "二", "visits", 30.0, "按比例", 0.5, 0.1, NAN, 2.0),
    ("甲", "丙", "三", "instant", 20.0, "达标", NAN, 0.855, NAN, NAN),
    ("丁", "戊", "四", "", 10.0, "直接填分", NAN, NAN, 9.0, 1.0),
]
SCORES = pd.DataFrame(
    {"region_code": "440800", "indicator": ["online", "visits", "instant"], "value": [0.9, 0.2, 0.86]}
)


def weights(rows: list[tuple] = ROWS) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS)


def scored(rows: list[tuple] = ROWS, values: pd.DataFrame = SCORES) -> pd.DataFrame:
    return points(weights(rows), values, region="440800")


def test_points_by_each_method_and_what_each_costs() -> None:
    table = scored()
    assert table["points"].tolist() == pytest.approx([40 * 0.1 / 0.2, 30 * 0.3 / 0.4, 20, 9])
    assert table["cost"].tolist() == pytest.approx([20, 7.5, 0, 1])
    low = scored(values=SCORES.assign(value=[0.7, 0.6, 0.855]))
    assert low["points"].tolist() == pytest.approx([0, 0, 20, 9])
    high = scored(values=SCORES.assign(value=[1.0, 0.05, 0.8]))
    assert high["points"].tolist() == pytest.approx([40, 30, 0, 9])


def test_the_total_says_where_the_city_stands() -> None:
    result = total(scored(), rules=Evaluation())
    assert result.total == pytest.approx(20 + 22.5 + 20 + 9)
    assert result.sentence == "总分71.50分，较2020年（89.60分）下降18.10分；差21.50分达到第一梯队参考线93分。"
    score = as_score(result, region="440800").loc[0]
    assert (score["value"], score["numerator"] / score["denominator"], score["n"]) == (result.total, result.total, 1)


def test_a_total_is_printed_apart_from_a_line_that_it_does_not_reach() -> None:
    """92.996 read 总分93.00分, 差0.00分达到第一梯队; the total of last year again 提高0.00分."""
    typed = [("甲", "乙", "一", "", 100.0, "直接填分", NAN, NAN, points, NAN) for points in (92.996, 89.6, 93.0)]
    near, same, there = (total(scored([row]), rules=Evaluation()).sentence for row in typed)
    assert near == "总分92.996分，较2020年（89.60分）提高3.396分；差0.004分达到第一梯队参考线93分。"
    assert same == "总分89.60分，较2020年（89.60分）持平；差3.40分达到第一梯队参考线93分。"
    assert there == "总分93.00分，较2020年（89.60分）提高3.40分；已达到第一梯队参考线93分。"


@pytest.mark.parametrize(("value", "got"), [(0.1 + 0.2, 20.0), (0.3, 20.0), (0.3 + 1e-6, 0.0)])
def test_a_value_at_its_mark_meets_it_whatever_the_noise_of_its_sum(value: float, got: float) -> None:
    rows = [("甲", "丙", "三", "visits", 20.0, "达标", 1.0, 0.3, NAN, NAN)]
    scores = pd.DataFrame({"region_code": ["440800"], "indicator": ["visits"], "value": [value]})
    assert scored(rows, scores)["points"].tolist() == [got]


def test_without_weights_there_is_no_total_and_the_sentence_says_so() -> None:
    none = total(points(empty_weights(), SCORES, region="440800"))
    assert np.isnan(none.total)
    assert none.sentence == NO_WEIGHTS


def test_a_missing_value_or_a_wrong_sum_of_weights_gives_no_total_but_its_bounds() -> None:
    partial = total(scored(values=SCORES.iloc[1:]))
    assert np.isnan(partial.total)
    assert "51.50与91.50之间" in partial.sentence
    assert "总分在51.50与91.50之间" in partial.sentence
    wrong = total(scored(ROWS[:2]))
    assert np.isnan(wrong.total)
    assert "权重合计70分，不是100分" in wrong.sentence


def test_every_indicator_that_may_carry_weight_is_found_by_its_names() -> None:
    labels = indicator_labels()
    assert [labels[name][0] for name in ("时限压缩率（总量口径）", "时限压缩率", "按时办结率", "好评率")] == [
        "time_compression", "time_compression", "on_time", "good_rating",
    ]  # fmt: skip


def test_levels_sum_to_the_total_and_one_without_a_value_has_no_sum() -> None:
    assert levels(scored())["points"].sum() == pytest.approx(total(scored()).total)
    assert levels(scored())["level_two"].tolist() == ["乙", "丙", "戊"]  # as they stand in the sheet
    assert levels(scored())["cost"].tolist() == pytest.approx([20 + 7.5, 0, 1])
    assert levels(scored())["share_of_full"].tolist() == pytest.approx([42.5 / 70, 1, 0.9])
    second = levels(scored(values=SCORES.iloc[1:])).set_index("level_two")
    assert np.isnan(second.loc["乙", "points"])
    assert second.loc["乙", "known"] == pytest.approx(22.5)
    assert second.loc["丙", "points"] == 20


def test_what_lifts_most_is_points_per_effort_first_and_stops_at_the_goal() -> None:
    order = lift(scored(), rules=Evaluation(first_tier=80))
    assert order["level_three"].tolist() == ["二", "一", "四"]
    assert order["per_effort"].tolist() == pytest.approx([3.75, 2.0, 1.0])
    assert order["total_after"].tolist() == pytest.approx([79, 99, 100])
    assert order["needed"].tolist() == [True, True, False]
    assert lift(scored(), rules=Evaluation(first_tier=79))["needed"].tolist() == [
        True,
        False,
        False,
    ]  # reached to the point is reached
    nothing = lift(scored([ROWS[0], (*ROWS[1][:-1], 0.0), *ROWS[2:]]), rules=Evaluation(first_tier=80))
    assert nothing["level_three"].tolist() == ["一", "四", "二"]  # an effort of 0 is none that was typed
    plain = lift(scored([(*row[:-1], NAN) for row in ROWS]), rules=Evaluation(first_tier=90))
    assert plain["level_three"].tolist() == ["一", "二", "四"]
    assert plain["needed"].tolist() == [True, False, False]


def test_a_line_without_a_width_gives_no_points_and_withholds_the_total() -> None:
    flat = scored([(*ROWS[0][:6], 1.0, 1.0, *ROWS[0][8:]), *ROWS[1:]])
    assert np.isnan(flat.loc[0, "points"])
    assert np.isnan(total(flat).total)
    assert total(flat).sentence.startswith("1项三级指标没有得分（权重40分）")


@given(st.lists(st.floats(-1, 2), min_size=3, max_size=3))
def test_points_lie_between_zero_and_the_weight(values: list[float]) -> None:
    table = scored(values=SCORES.assign(value=values))
    assert table["points"].between(0, table["weight"]).all()
    assert (table["points"] + table["cost"]).tolist() == pytest.approx(table["weight"].tolist())
