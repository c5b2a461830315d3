"""Figures and exhibits that settle and plan: place, colour, words, sentence; nothing cut, nothing on top of words."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle
from PIL import Image

from zjanalysis.display import exhibits_compare as exhibits
from zjanalysis.display import figures, figures_compare, figures_plan, theme
from zjanalysis.display.blocks import Block
from zjanalysis.display.picture import take_picture

KEY = "time_compression"
PARTS = pd.DataFrame({"part": ["结构", "水平", "覆盖"], "contribution": [0.02, -0.03, 0.0], "n_codes": [9, 9, 4],
                      "region_code": "440800", "peer_code": "兄弟地区合计", "indicator": KEY, "value": 0.89,
                      "peer_value": 0.90})  # fmt: skip
PAIRS = pd.DataFrame({"region_code": "440800", "peer_code": ["440900", "441700", "445100"], "indicator": KEY,
                      "value": 0.9, "peer_value": [0.85, 0.9, 0.97], "difference": [0.05, 0.0, -0.07],
                      "low": [0.01, -0.02, -0.2], "high": [0.09, 0.02, 0.1], "n_shared": [120, 90, 20],
                      "coverage": [0.8, 0.6, 0.1], "verdict": ["高于", "持平", "不作判断"],
                      "reason": ["", "", "同事项只有20个，不足30个"]})  # fmt: skip
FUNNEL = pd.DataFrame({"region_code": ["440802", "440803", "440823"], "indicator": "instant", "value": [0.9, 0.8, 0.6],
                       "n": [40, 100, 25], "overall": 0.8, "low": [0.7, 0.75, 0.65],
                       "high": [0.89, 0.85, 0.92]})  # fmt: skip
DEFINITIONS = pd.DataFrame({"definition": ["通报口径", "事项均值口径", "即办件按1日计", "不折算"],
                            "value": [0.91, 0.88, 0.93, None], "rank": [5, 8, 3, None], "n_ranked": 12,
                            "verdict": ["持平", "低于", "高于", None]})  # fmt: skip
STEPS = pd.DataFrame({"order": [1, 2], "region_code": "440800", "indicator": KEY, "match_code": ["A", "B"],
                      "item_name": ["甲事项", "乙事项"], "department": ["甲局", "乙局"], "from_value": [20.0, 10],
                      "to_value": [5.0, 5], "gain": [0.015, 0.005], "cumulative": [0.915, 0.92], "rank": [4, 2],
                      "follows": ["440900、441700", ""]})  # fmt: skip
SUMMARY = pd.DataFrame({"region_code": ["440800"], "indicator": KEY, "target": 0.918, "past": True, "value": 0.90,
                        "reached": True, "reached_value": 0.92, "best_reachable": 0.95, "n_steps": 2, "rank_before": 6,
                        "rank_after": 2, "n_ranked": 12})  # fmt: skip
MONTHS = pd.DataFrame({"period": ["1月", "2月", "3月", "4月"], "value": [0.97, 0.95, None, 0.99]})
BOARD = pd.DataFrame({"title": ["网上可办", "很长很长的任务名称" * 9], "n_rows": [10, 4], "n_met": [4, 0],
                      "n_in_progress": [3, 1], "n_long_term": [1, 0], "n_not_started": [1, 1], "n_overdue": [1, 2],
                      "n_no_value": [0, 1]})  # fmt: skip
BANDS = pd.DataFrame(
    {"band": ["即办", "1日内"], "n_statutory": [0, 1], "n_promised": [20000, 7], "n_actual": [9, 30000]}
)


def words(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def waterfall(parts: pd.DataFrame = PARTS) -> Axes:
    return figures_compare.waterfall(parts, start=("兄弟地市合计", 0.90), end=("湛江市", 0.89), indicator=KEY)


def curve(steps: pd.DataFrame = STEPS, *, reached: bool = True) -> Axes:
    return figures_plan.plan_curve(steps, value=0.90, target=0.918, indicator=KEY, reached=reached)


DRAWN: dict[str, Callable[[], Axes]] = {
    "waterfall": waterfall,
    "intervals": lambda: figures_compare.interval_plot(PAIRS, indicator=KEY, margin=0.005),
    "funnel": lambda: figures_compare.funnel(FUNNEL, indicator="instant", region="440823"),
    "definitions": lambda: figures_compare.rank_by_definition(DEFINITIONS, indicator=KEY, region="440800"),
    "plan": curve,
    "plan of nothing": lambda: curve(STEPS.iloc[:0]),
    "trend": lambda: figures_plan.trend(MONTHS, indicator="instant", target=1.0),
    "trend of nothing": lambda: figures_plan.trend(MONTHS.iloc[:0], indicator="instant"),
    "board": lambda: figures_plan.board_bars(BOARD),
    "cases": lambda: figures.case_distribution(BANDS, region="440823"),
}


@pytest.mark.parametrize("name", list(DRAWN))
def test_nothing_is_cut_and_no_words_lie_on_others(name: str) -> None:
    axes = DRAWN[name]()
    picture = take_picture(axes)
    pixels = np.asarray(Image.open(io.BytesIO(picture.content)).convert("RGB")).astype(int)
    band = np.array([int(theme.BAND[i : i + 2], 16) for i in (1, 3, 5)])
    edges = np.concatenate([pixels[:, 0], pixels[:, -1], pixels[0], pixels[-1]])
    assert ((edges >= 250).all(axis=1) | (np.abs(edges - band) <= 6).all(axis=1)).all()
    labels = [*axes.get_xticklabels(), *axes.get_yticklabels(), axes.xaxis.label] if axes.axison else []
    seen = [t for t in [*axes.texts, *labels] if t.get_text()]
    boxes = [text.get_window_extent().padded(-2) for text in seen]
    assert [(seen[i].get_text(), seen[k].get_text()) for i in range(len(boxes)) for k in range(i + 1, len(boxes))
            if boxes[i].overlaps(boxes[k])] == []  # fmt: skip
    assert min(text.get_fontsize() for text in seen) >= 8


def test_the_steps_of_a_waterfall_join_end_to_end_and_say_what_helps() -> None:
    axes = waterfall()
    bars = [bar for bar in axes.patches if isinstance(bar, Rectangle)]
    ends = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in bars]
    assert ends[0] == pytest.approx((0.90, 0.92))
    assert ends[1] == pytest.approx((0.92, 0.89))
    assert [bar.get_hatch() for bar in bars] == [None, "////"]  # a part that is nothing is a line
    assert {"有利", "不利", "无影响", "+2.00个百分点", "−3.00个百分点"} <= set(words(axes))


def test_more_visits_hurt_in_a_waterfall_of_visits() -> None:
    axes = figures_compare.waterfall(PARTS, start=("甲", 0.9), end=("乙", 0.89), indicator="visits")
    assert words(axes).index("不利") < words(axes).index("有利")


def test_intervals_are_sorted_and_a_refused_verdict_is_hollow() -> None:
    axes = figures_compare.interval_plot(PAIRS.iloc[::-1], indicator=KEY)
    assert [w for w in words(axes) if w.endswith("市")] == ["茂名市", "阳江市", "潮州市"]
    faces = [to_hex(colour) for colour in axes.collections[-1].get_facecolor()]
    assert faces[2] == "#ffffff"
    assert faces[0] == theme.AHEAD.lower()


def test_the_funnel_widens_downwards_and_names_the_outliers() -> None:
    axes = figures_compare.funnel(FUNNEL, indicator="instant", region="440823")
    assert [w for w in words(axes) if re.fullmatch(r"\d+项", w)] == ["100项", "40项", "25项"]
    assert [w for w in words(axes) if w in {"范围内", "高于范围", "低于范围"}] == ["范围内", "高于范围", "低于范围"]


def test_ranks_move_by_definition_and_missing_stays_missing() -> None:
    axes = figures_compare.rank_by_definition(DEFINITIONS, indicator=KEY, region="440800")
    faces = [to_hex(colour) for colour in axes.collections[-1].get_facecolor()]
    assert faces == [theme.FOCUS.lower(), theme.BEHIND.lower(), theme.AHEAD.lower()]
    assert {"第5", "第8", "第3", "无数据"} <= set(words(axes))


def test_the_curve_starts_where_the_region_is_and_ends_where_the_plan_leads() -> None:
    line = next(line for line in curve().lines if len(line.get_ydata()) == 3)
    assert list(line.get_ydata()) == [0.90, 0.915, 0.92]
    assert "现有做法下达不到" in words(curve(reached=False))


def test_a_month_without_value_leaves_a_gap() -> None:
    line = figures_plan.trend(MONTHS, indicator="instant").lines[0]
    assert np.isnan(np.asarray(line.get_ydata(), dtype=float)).tolist() == [False, False, True, False]


def test_the_states_of_a_task_fill_its_bar() -> None:
    axes = figures_plan.board_bars(BOARD)
    assert sum(bar.get_width() for bar in axes.patches) == 10 + 4


TOLD: dict[str, tuple[Callable[[], Block], str]] = {
    "split": (
        lambda: exhibits.split_exhibit(PARTS, indicator=KEY),
        "湛江市时限压缩率（总量口径）落后兄弟地区合计1.00个百分点，其中结构+2.00个百分点、水平−3.00个百分点、覆盖0.00个百分点。",
    ),
    "change split": (
        lambda: exhibits.change_split_exhibit(PARTS.assign(previous=0.9), region="440800", indicator=KEY),
        "湛江市时限压缩率（总量口径）较上期下降1.00个百分点，其中",
    ),
    "intervals": (lambda: exhibits.interval_exhibit(PAIRS, indicator=KEY), "优于1个、持平1个、落后0个、不作判断1个"),
    "funnel": (
        lambda: exhibits.funnel_exhibit(FUNNEL, indicator="instant"),
        "3个地区中1个在可预期的范围内，1个高于、1个低于",
    ),
    "sensitivity": (
        lambda: exhibits.sensitivity_exhibit(DEFINITIONS, indicator=KEY, region="440800"),
        "换用4种口径计算，湛江市时限压缩率（总量口径）位次在第3至第8之间。",
    ),
    "plan": (
        lambda: exhibits.plan_exhibit(STEPS, SUMMARY),
        "现为90.00%，须优于91.80%；调整2项后为92.00%，位次由第6到第2（共12个地区）。",
    ),
    "plan not reached": (
        lambda: exhibits.plan_exhibit(STEPS, SUMMARY.assign(reached=False)),
        "全部调整2项，最好为95.00%，仍达不到。",
    ),
    "nothing to do": (
        lambda: exhibits.plan_exhibit(STEPS.iloc[:0], SUMMARY.assign(n_steps=0)),
        "已经达到，无需调整。",
    ),
    "trend": (
        lambda: exhibits.trend_exhibit(MONTHS, region="440823", indicator="instant"),
        "遂溪县即办率由1月的97.00%到4月的99.00%。",
    ),
    "cases": (lambda: exhibits.bands_exhibit(BANDS, region="440823"), "法定时限1件，承诺时限20007件，实际用时30009件"),
    "board": (lambda: exhibits.board_exhibit(BOARD), "2项任务共列台账14项，达标4项，逾期3项。"),
}


@pytest.mark.parametrize("name", list(TOLD))
def test_the_sentence_says_what_the_figure_shows(name: str) -> None:
    make, expected = TOLD[name]
    block = make()
    assert expected in block.payload["sentence"]
    for part in ("zj-say", "<img ", 'alt="', "<caption>", "zj-source"):
        assert part in block.html


def test_a_plan_names_whom_each_item_follows() -> None:
    rows = exhibits.plan_exhibit(STEPS, SUMMARY).payload["table"]["rows"]
    assert rows[0][6] == "茂名市、阳江市"
    assert rows[0][:6] == [1, "A", "甲事项", "甲局", 20.0, 5.0]


def test_case_tables_are_taken_as_the_analysis_gives_them() -> None:
    days = pd.DataFrame(
        {"quantity": ["实际办理"] * 2 + ["承诺时限"] * 2, "limit_days": [0, None] * 2, "n": [3, 1, 2, 2]}
    )
    table = exhibits.bands_exhibit(days, region="440823").payload["table"]
    assert table["rows"] == [["即办", 2, 3], ["0日以上", 2, 1]]
    months = pd.DataFrame({"month": ["2021-02", "2021-01", "2021-01"], "value": [0.99, 0.97, 3.0],
                           "indicator": ["on_time", "on_time", "actual_days"]})  # fmt: skip
    block = exhibits.trend_exhibit(months, region="440823", indicator="on_time")
    assert block.payload["sentence"] == "遂溪县按时办结率由2021年1月的97.00%到2021年2月的99.00%。"


def test_the_funnel_uses_the_wider_range_where_there_is_one() -> None:
    wide = FUNNEL.assign(low_998=0.5, high_998=0.95)
    assert "3个在可预期的范围内" in exhibits.funnel_exhibit(wide, indicator="instant").payload["sentence"]
