"""Figures by what they draw: order, place, words; and that no ink is cut off at an edge."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from PIL import Image

from zjanalysis.analysis.change import change
from zjanalysis.analysis.compare import compare, rank
from zjanalysis.display import arrange, figures, theme
from zjanalysis.display.picture import alt_of, crop, take_picture
from zjanalysis.errors import ConfigError

CITIES = ["440800", "440900", "441700", "445100"]


def scores_of(
    values: list[float | None], *, indicator: str = "instant", codes: list[str] | None = None
) -> pd.DataFrame:
    known = codes or CITIES[: len(values)]
    value = pd.Series(values, dtype="float64")
    return pd.DataFrame({"region_code": known, "indicator": indicator, "value": value, "numerator": value * 50,
                         "denominator": 50.0, "n": 50, "n_left_out": 3})  # fmt: skip


def ranking(scores: pd.DataFrame) -> Axes:
    key = scores["indicator"].iloc[0]
    gaps = compare(scores, region="440800", peers=scores["region_code"])
    return figures.ranked_bars(rank(scores), gaps=gaps, indicator=key)


def words(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def bars(axes: Axes) -> list[Rectangle]:
    return [bar for bar in axes.patches if isinstance(bar, Rectangle)]


def widths(axes: Axes) -> list[float]:
    return [round(bar.get_x() + bar.get_width(), 9) for bar in bars(axes)]


def written(axes: Axes) -> list[Text]:
    ticks = [*axes.get_xticklabels(), *axes.get_yticklabels(), axes.xaxis.label] if axes.axison else []
    return [text for text in [*axes.texts, *ticks] if text.get_text()]


def test_bars_start_at_the_peer_median_and_end_at_the_value_best_first() -> None:
    axes = ranking(scores_of([0.90, 0.80, 0.86, 0.94]))
    assert widths(axes) == [0.94, 0.90, 0.80]  # 0.86 is the median itself: a dot
    assert {round(bar.get_x(), 9) for bar in bars(axes)} == {0.86}


def test_less_is_better_puts_the_smallest_first() -> None:
    axes = ranking(scores_of([0.3, 0.1, 0.2], indicator="visits"))
    assert widths(axes) == [0.1, 0.2, 0.3]
    assert "越向左越优" in "".join(words(axes))


def test_the_region_in_focus_has_its_colour_and_bold_words() -> None:
    axes = ranking(scores_of([0.90, 0.80, 0.86]))
    colours = [to_hex(bar.get_facecolor()) for bar in bars(axes)]
    assert colours == [theme.FOCUS.lower(), theme.PEER.lower(), theme.PEER.lower()]
    bold = [text.get_text() for text in axes.texts if text.get_fontfamily()[0] == theme.STRONG[0]]
    assert bold == ["1", "湛江市", "90.00%"]


def test_target_and_peer_median_are_named_with_their_values() -> None:
    assert {"兄弟地市中位数 83.00%", "目标 85.50%"} <= set(words(ranking(scores_of([0.90, 0.80, 0.86]))))


def test_ties_share_a_rank_and_missing_reads_no_data() -> None:
    said = words(ranking(scores_of([0.90, 0.90, 0.86, None])))
    assert said.count("1") == 2
    assert "3" in said
    assert {"—", "无数据"} <= set(said)


def test_one_region_alone_is_drawn_from_zero_and_says_so() -> None:
    axes = ranking(scores_of([0.9]))
    assert "没有可比的兄弟地市" in words(axes)
    assert bars(axes)[0].get_x() == 0


def departments(values: list[float], n: list[int]) -> pd.DataFrame:
    names = [f"第{i}局" for i in range(len(values))]
    return scores_of(list(values), codes=["440823"] * len(values)).assign(department=names, n=n)


def test_departments_behind_the_total_are_hatched_and_said() -> None:
    axes = figures.department_bars(departments([0.9, 0.5, -0.2], [5, 6, 7]), indicator="instant", overall=0.6)
    assert [bar.get_hatch() for bar in bars(axes)] == [None, "////", "////"]
    assert words(axes).count("落后") == 2
    assert axes.get_xlim()[0] < -0.2


def test_the_departments_with_most_items_are_drawn_and_the_words_say_so() -> None:
    axes = figures.department_bars(departments([0.9, 0.5, 0.7], [5, 60, 7]), indicator="instant", limit=2)
    assert [name for name in words(axes) if name.endswith("局")] == ["第2局", "第1局"]
    assert "图中为事项最多的2个" in alt_of(axes)


def test_a_department_without_a_name_is_named_so() -> None:
    rows = departments([0.9], [5]).assign(department=None)
    assert "（未填部门）" in words(figures.department_bars(rows, indicator="instant"))


ITEMS = pd.DataFrame({"limit_reason": [None, None, None, "缺法定时限"], "statutory_days": [20, 45, 5, 9.0],
                      "promised_days": [0, 10, 2.5, 1]})  # fmt: skip


def test_the_distribution_counts_usable_pairs_once_each() -> None:
    bands = arrange.day_bands(ITEMS)
    assert bands[["n_statutory", "n_promised"]].sum().tolist() == [3, 3]
    axes = figures.distribution(bands, region="440823")
    assert sorted(bar.get_height() for bar in axes.patches)[-6:] == [1] * 6


def visits(zero: list[float | None], once: list[float | None]) -> pd.DataFrame:
    mean = [None if z is None or o is None else (o - z) + 2 * (1 - o) for z, o in zip(zero, once, strict=True)]
    parts = {"zero_visit": zero, "at_most_once": once, "visits": mean}
    return arrange.visit_rows(pd.concat([scores_of(v, indicator=k) for k, v in parts.items()]))


def test_the_parts_of_visits_add_up_to_one() -> None:
    rows = visits([0.9, 0.7, None], [0.98, 0.9, None])
    assert (rows["zero_visit"] + rows["one_visit"] + rows["more_visits"]).tolist()[:2] == pytest.approx([1, 1])
    assert rows["region"].tolist() == ["湛江市", "茂名市", "阳江市"]
    axes = figures.visit_bars(rows, region="440800")
    assert "跑2次及以上" in "".join(words(axes))


def changes(now: list[float | None], before: list[float | None], indicator: str = "instant") -> pd.DataFrame:
    return change(scores_of(now, indicator=indicator), scores_of(before, indicator=indicator))


def test_change_is_told_by_word_place_and_colour() -> None:
    axes = figures.change_dumbbell(changes([0.9, 0.8, 0.7, 0.6], [0.88, 0.85, 0.7, None]), indicator="instant",
                                   region="440800")  # fmt: skip
    assert {"▲ 提高2.00个百分点", "▼ 下降5.00个百分点", "→ 持平", "无数据"} <= set(words(axes))
    colours = [to_hex(colour) for colour in axes.collections[-1].get_facecolor()]
    assert colours[:2] == [theme.AHEAD.lower(), theme.BEHIND.lower()]


def test_fewer_visits_are_an_improvement() -> None:
    axes = figures.change_dumbbell(changes([0.1, 0.3], [0.2, 0.2], "visits"), indicator="visits", region="440800")
    colours = [to_hex(colour) for colour in axes.collections[-1].get_facecolor()]
    assert colours == [theme.AHEAD.lower(), theme.BEHIND.lower()]


LONG = "广东省湛江市徐闻县文化广电旅游体育局（县文物局、县版权局）😀$x$" * 8
DRAWN: dict[str, Callable[[], Axes]] = {
    "ranking": lambda: ranking(scores_of([0.90, 0.80, 0.86, 0.94])),
    "negative": lambda: ranking(scores_of([-0.90, 0.80, -0.86, 0.94])),
    "all missing": lambda: ranking(scores_of([None, None])),
    "all equal": lambda: ranking(scores_of([0.5, 0.5, 0.5])),
    "departments": lambda: figures.department_bars(
        departments([0.9, -1.5], [5, 6]).assign(department=[LONG, "局"]), indicator="instant", overall=0.6
    ),
    "no department": lambda: figures.department_bars(departments([], []), indicator="instant"),
    "distribution": lambda: figures.distribution(arrange.day_bands(ITEMS), region="440823"),
    "no items": lambda: figures.distribution(arrange.day_bands(ITEMS.iloc[:0]), region="440823"),
    "visits": lambda: figures.visit_bars(visits([0.9, None], [0.98, None]), region="440800"),
    "change": lambda: figures.change_dumbbell(changes([0.9, 0.8], [0.88, None]), indicator="instant", region="440800"),
}


@pytest.mark.parametrize("name", list(DRAWN))
def test_nothing_is_cut_and_the_picture_is_small_and_as_wide_as_the_text(name: str) -> None:
    picture = take_picture(DRAWN[name]())
    pixels = np.asarray(Image.open(io.BytesIO(picture.content)).convert("RGB")).astype(int)
    band = np.array([int(theme.BAND[i : i + 2], 16) for i in (1, 3, 5)])
    edges = np.concatenate([pixels[:, 0], pixels[:, -1], pixels[0], pixels[-1]])
    blank = (edges >= 250).all(axis=1) | (np.abs(edges - band) <= 6).all(axis=1)
    assert blank.all()
    assert picture.width == pytest.approx(156 / 25.4 * theme.DPI, abs=1)
    assert len(picture.content) < 45_000
    assert len(picture.alt) > 10


@pytest.mark.parametrize("name", list(DRAWN))
def test_no_words_lie_on_other_words(name: str) -> None:
    axes = DRAWN[name]()
    axes.figure.canvas.draw()
    boxes = [text.get_window_extent().padded(-2) for text in written(axes)]
    hits = [(a, b) for i, a in enumerate(boxes) for b in boxes[i + 1 :] if a.overlaps(b)]
    assert hits == []


def test_printed_text_is_8_points_or_more() -> None:
    for make in DRAWN.values():
        axes = make()
        assert min(text.get_fontsize() for text in written(axes)) >= 8


def test_the_same_table_gives_the_same_bytes() -> None:
    assert take_picture(DRAWN["ranking"]()).content == take_picture(DRAWN["ranking"]()).content


def test_white_is_white() -> None:
    image = Image.open(io.BytesIO(take_picture(DRAWN["ranking"]()).content))
    assert image.mode == "P"
    assert image.convert("RGB").getpixel((2, 2)) == (255, 255, 255)


def test_a_figure_without_words_is_refused() -> None:
    axes = DRAWN["ranking"]()
    axes.figure.set_label("")
    with pytest.raises(ConfigError, match="替代文字"):
        take_picture(axes)


@pytest.mark.parametrize("name", ["ranking", "departments", "visits", "change"])
def test_the_palette_keeps_the_figure_as_it_was_drawn(name: str) -> None:
    axes = DRAWN[name]()
    shown = np.asarray(Image.open(io.BytesIO(take_picture(axes).content)).convert("RGB")).astype(int)
    drawn = crop(np.asarray(axes.figure.canvas.buffer_rgba()))[:, :, :3].astype(int)
    error = np.abs(shown - drawn)
    assert error.mean() < 0.5
    assert error.max() <= 40


def test_an_analysts_own_figure_keeps_its_own_colours() -> None:
    axes = Figure(figsize=(2, 2)).add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.add_artist(Rectangle((0, 0), 1, 1, color="#12e0aa"))
    picture = take_picture(axes, alt="一个方块")
    assert Image.open(io.BytesIO(picture.content)).convert("RGB").getpixel((50, 50)) == (0x12, 0xE0, 0xAA)
