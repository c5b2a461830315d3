"""The tile map by what it draws: every unit once, value and word in its tile, no ink lost; greys that differ."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patches import Rectangle

from zjanalysis.display import arrange, figures_tiles, theme
from zjanalysis.display.exhibits import tile_exhibit
from zjanalysis.display.picture import alt_of, take_picture
from zjanalysis.inputs.regions import report_units, tile_layout

UNITS = report_units("440800")


def scores_of(values: list[float | None], *, of: str = "440800", key: str = "instant") -> pd.DataFrame:
    value = pd.Series(values, dtype="float64")
    codes = list(report_units(of)[: len(values)])
    return pd.DataFrame({"region_code": codes, "indicator": key, "value": value, "numerator": value * 50,
                         "denominator": 50.0, "n": 50, "n_left_out": 3})  # fmt: skip


TEN = scores_of([0.90, 0.80, 0.70, None, 0.80004, 0.80, 0.81, 0.5, 0.6])


def drawn(scores: pd.DataFrame = TEN, *, city: str = "440800", key: str = "instant") -> tuple[pd.DataFrame, Axes]:
    layout = tile_layout(report_units(city))
    rows = arrange.tile_rows(scores, indicator=key, layout=layout)
    return rows, figures_tiles.tile_map(rows, indicator=key, note=layout.note)


def tiles(axes: Axes) -> list[Rectangle]:
    return [one for one in axes.patches if isinstance(one, Rectangle) and one.get_width() > figures_tiles.STRIPE]


def test_every_unit_has_its_value_and_its_word_against_the_median() -> None:
    rows, axes = drawn()
    assert tuple(rows["region_code"]) == tuple(tile_layout(UNITS).places)
    words = dict(zip(rows["region_code"], rows["standing"], strict=True))
    told = ["优于", "持平", "落后", "无数据", "持平", "持平", "优于", "落后", "落后", "无数据"]
    assert [words[code] for code in UNITS] == told
    said = [text.get_text() for text in axes.texts]
    assert {"赤坎区", "90.00%　优于", "80.00%　持平", "70.00%　落后", "无数据", "中位数 80.00%"} <= set(said)
    assert len(tiles(axes)) == len(UNITS)


def test_a_word_agrees_with_the_digits_beside_it() -> None:
    """0.0752 and 0.0748 are printed 0.08 and 0.07: they must not be called level."""
    assert arrange.standing_to(0.0752, 0.0748, indicator="visits") == "落后"
    assert arrange.standing_to(0.0748, 0.0701, indicator="visits") == "持平"
    assert arrange.standing_to(0.91, 0.90, indicator="instant") == "优于"
    assert arrange.standing_to(math.nan, 0.90, indicator="instant") == "无数据"


def test_what_colour_says_the_stripe_and_the_grey_say_too() -> None:
    rows, axes = drawn()
    by_word = dict(zip(rows["standing"], tiles(axes), strict=True))
    assert to_hex(by_word["优于"].get_facecolor()) == theme.AHEAD.lower()
    assert to_hex(by_word["落后"].get_edgecolor()) == theme.BEHIND.lower()
    stripes = [one for one in axes.patches if one.get_hatch()]
    assert len(stripes) == int((rows["standing"] == "落后").sum())
    grey = {word: float(np.dot(to_rgb(one.get_facecolor()), (0.299, 0.587, 0.114))) for word, one in by_word.items()}
    for one, other in combinations(("优于", "持平", "落后"), 2):
        assert abs(grey[one] - grey[other]) > 0.15, (one, other)


@pytest.mark.parametrize("city", ["440800", "440900", "440100", "441900"])
def test_no_word_leaves_its_tile_and_no_tile_the_picture(city: str) -> None:
    """Maoming and Guangzhou have no places written down, Dongguan has no units: nothing fails."""
    _, axes = drawn(scores_of([0.7] * len(report_units(city)), of=city), city=city)
    assert take_picture(axes).width == int(theme.WIDTH * theme.DPI)
    renderer = axes.figure.canvas.get_renderer()  # type: ignore[attr-defined]
    boxes = [one.get_window_extent(renderer) for one in tiles(axes)]
    assert len(boxes) == len(report_units(city))
    for text in [one.get_window_extent(renderer) for one in axes.texts]:
        assert text.x0 >= -1
        assert text.x1 <= axes.figure.bbox.width + 1
        held = [box for box in boxes if box.x0 <= text.x0 < box.x1 and box.y0 < (text.y0 + text.y1) / 2 < box.y1]
        assert all(text.x1 <= box.x1 and text.y0 >= box.y0 - 1 and text.y1 <= box.y1 + 1 for box in held)
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))


def test_the_exhibit_has_sentence_alt_table_and_a_sheet_of_its_own() -> None:
    block = tile_exhibit(TEN, city="440800", indicator="instant")
    assert block.payload["sentence"] == (
        "湛江市所辖10个县（市、区）即办率中位数80.00%：优于2个（赤坎区、廉江市），持平3个（霞山区、遂溪县、徐闻县），"
        "落后3个（坡头区、雷州市、吴川市），无数据2个（麻章区、湛江经济技术开发区）。"
    )
    assert "遂溪县80.00%（持平）" in block.payload["alt"]
    assert "湛江经济技术开发区无数据" in block.payload["alt"]
    assert block.payload["table"]["sheet"] == "即办率县区方格图"
    assert len(block.payload["table"]["rows"]) == len(UNITS)


def test_the_citys_own_departments_are_no_yardstick() -> None:
    own = TEN.iloc[:1].assign(region_code="440800", value=0.1)
    block = tile_exhibit(pd.concat([own, TEN]), city="440800", indicator="instant")
    assert block.payload["sentence"] == tile_exhibit(TEN, city="440800", indicator="instant").payload["sentence"]
    none = tile_exhibit(own, city="440800", indicator="instant")
    assert "优于" not in none.payload["sentence"]
    assert "中位数无数据" in none.payload["sentence"]


def test_the_alt_text_names_what_the_picture_shows() -> None:
    assert alt_of(drawn()[1]).startswith("方格图：10个地区的即办率与中位数（80.00%）比。廉江市81.00%（优于）")
