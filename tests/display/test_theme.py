"""The font covers every name there is, a missing glyph raises, and the colours hold for every eye."""

from __future__ import annotations

import csv
import itertools
import multiprocessing
import os
import warnings
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
import seaborn as sns
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.textpath import text_to_path

from zjanalysis.display import letters, theme

ROOT = Path(__file__).resolve().parents[2]
INVISIBLE = set("\ufeff\n\r\t\u200b\u00ad")


def characters_of(path: Path) -> set[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {sign for row in csv.reader(file) for cell in row for sign in cell}


@pytest.mark.parametrize("path", sorted((ROOT / "zjanalysis" / "reference").glob("*.csv")), ids=lambda p: p.name)
def test_the_font_covers_every_reference_table(path: Path) -> None:
    missing = {sign for sign in characters_of(path) - INVISIBLE if ord(sign) not in theme.covered()}
    assert not missing


def test_the_font_covers_every_name_of_the_real_items() -> None:
    path = next((ROOT / "data" / "gd-2021-05").rglob("items*.csv"))
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    names = {row[key] for row in rows for key in ("TASK_NAME", "CATANAME", "DEPT_NAME", "AREA_CODE_TEXT")}
    assert len(names) > 1000
    assert {sign for name in names for sign in name if ord(sign) not in theme.covered()} - INVISIBLE == set()


def test_the_font_covers_the_signs_of_our_sentences() -> None:
    signs = "氹埗漖塱堌磡滘溇㎡−≥≤×÷Σ✔✘▲▼→○●〓…—–“”（）：；％ⅠⅡⅢⅣ①②⑳〇"
    assert [sign for sign in signs if ord(sign) not in theme.covered()] == []


def test_all_of_the_basic_han_block_is_there() -> None:
    missing = [point for point in range(0x4E00, 0x9FA6) if point not in theme.covered()]
    assert missing == []


def test_the_licence_lies_beside_the_fonts() -> None:
    text = (theme.FONTS.parent / "OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in text
    assert sorted(path.name for path in theme.FONTS.glob("*.otf")) == ["ZJSansSC-Bold.otf", "ZJSansSC-Regular.otf"]


def draw(text: str) -> int:
    """Draw a text and give how many pixels it inked."""
    figure = Figure(figsize=(2, 1))
    canvas = FigureCanvasAgg(figure)
    figure.text(0, 0.5, text)
    canvas.draw()
    return int((np.asarray(canvas.buffer_rgba())[..., :3] < 128).any(axis=2).sum())


def test_apply_after_seaborn_uses_the_bundled_font_and_refuses_a_missing_glyph() -> None:
    with mpl.rc_context(), warnings.catch_warnings():
        sns.set_theme()
        theme.theme()
        found = font_manager.findfont(font_manager.FontProperties(family=mpl.rcParams["font.family"]))
        assert Path(found).parent == theme.FONTS
        draw("湛江市−1.5%")
        with pytest.raises(UserWarning, match="Glyph"):
            draw("😀")


def test_style_leaves_the_settings_of_the_caller_alone() -> None:
    before = dict(mpl.rcParams)
    with theme.style():
        assert mpl.rcParams["font.family"] == [theme.FAMILY]
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("text", ["😀=cmd|' /C calc'!A0", "a\u202eb", "第\n一", "$x_1$", "\ud840", ""])
def test_whatever_a_name_holds_it_can_be_drawn(text: str) -> None:
    with theme.style():
        assert (draw(theme.printable(text)) > 0) == bool(text)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_children_of_one_process_measure_the_same_widths() -> None:
    words = [chr(sign) for sign in range(0x4E00, 0x4E00 + 1500)] + list("0123456789%abc")
    expected = [letters._glyph(word, False) for word in words]
    letters._glyph.cache_clear()
    pool = multiprocessing.get_context("fork").Pool(4)
    with pool:
        found = pool.map(_widths, [words] * 8)
    assert all(one == expected for one in found)


def _widths(words: list[str]) -> list[tuple[float, ...]]:
    letters._glyph.cache_clear()
    return [letters._glyph(word, False) for word in words]


@pytest.mark.parametrize("family", [(theme.FAMILY,), theme.STRONG])
@pytest.mark.parametrize("text", ["湛江市（市本级）", "88.44%", "Agj，AVATofi", "  ┅ 目标—", ""])
def test_the_extent_of_a_text_is_what_matplotlib_says(text: str, family: tuple[str, ...]) -> None:
    prop = font_manager.FontProperties(family=list(family), size=7.5)
    with theme.style():
        assert letters._extent(text, prop, 1) == pytest.approx(
            text_to_path.get_text_width_height_descent(text, prop, False), abs=3e-3
        )


@pytest.mark.parametrize("family", [(theme.FAMILY,), theme.STRONG])
@pytest.mark.parametrize("text", ["【湛江市】88.44%，第7（3–10）", "Agj ┅ 目标—●▼"])
def test_a_text_is_drawn_where_matplotlib_would_draw_it(text: str, family: tuple[str, ...]) -> None:
    inks = []
    for kind in (letters.AggRenderer, RendererAgg):
        renderer = kind(400, 60, 150)
        with theme.style():
            Text(20, 25, text, fontfamily=list(family), fontsize=8, figure=Figure(dpi=150)).draw(renderer)
        ink = np.asarray(renderer.buffer_rgba())[:, :, 3].astype(float)
        inks.append(
            np.array([*np.flatnonzero(ink.any(axis=1))[[0, -1]], *np.flatnonzero(ink.any(axis=0))[[0, -1]], ink.sum()])
        )
    ours, theirs = inks
    assert abs(ours - theirs)[:4].max() <= 1
    assert ours[4] == pytest.approx(theirs[4], rel=0.03)


def test_long_names_keep_to_their_width() -> None:
    lines = theme.wrap("很长的部门名称" * 80, 12).split("\n")
    assert len(lines) == 2
    assert max(theme.ems(line) for line in lines) <= 12
    assert lines[1].endswith("…")


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("name", ["FOCUS", "PEER", "AHEAD", "BEHIND", "TARGET"])
def test_marks_have_3_to_1_on_white(name: str) -> None:
    assert 1.05 / (luminance(getattr(theme, name)) + 0.05) >= 3


@pytest.mark.parametrize("name", ["INK", "SOFT", "BEHIND_TEXT", "AHEAD", "TARGET"])
def test_text_has_4_5_to_1_on_white(name: str) -> None:
    assert 1.05 / (luminance(getattr(theme, name)) + 0.05) >= 4.5


# Viénot 1999, linear RGB: how a person without red or without green cones sees a colour.
EYES = {
    "protan": [[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]],
    "deutan": [[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]],
}


@pytest.mark.parametrize("eye", list(EYES))
def test_colours_stay_apart_for_colour_blind_readers(eye: str) -> None:
    def seen(colour: str) -> np.ndarray:
        linear = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]) ** 2.2
        return np.clip(np.array(EYES[eye]) @ linear, 0, 1) ** (1 / 2.2)

    pairs = itertools.combinations([theme.FOCUS, theme.PEER, theme.BEHIND], 2)
    pairs = itertools.chain(pairs, [(theme.AHEAD, theme.BEHIND)])
    assert min(float(np.linalg.norm(seen(a) - seen(b))) for a, b in pairs) > 0.2


def test_focus_and_peer_stay_apart_in_grey() -> None:
    assert luminance(theme.PEER) / luminance(theme.FOCUS) > 3


@pytest.mark.parametrize(
    "text", ["同事项可比（统一法定时限）", "时限按原文数字，不折算单位", "1个自然日按1个工作日折算"]
)
def test_a_second_line_never_starts_with_a_closing_sign_or_stands_almost_empty(text: str) -> None:
    first, second = theme.wrap(text, 12).split("\n")
    assert first + second == text
    assert second[0] not in theme.CLOSING
    assert first[-1] not in theme.OPENING
    assert theme.ems(second) >= 3


def test_scattered_dots_lie_the_same_every_time_and_the_caller_s_chance_goes_on() -> None:
    places = []
    for seed in (1, 2):
        np.random.seed(seed)
        expected = np.random.RandomState(seed).random()
        with theme.style():
            axes = Figure().subplots()
            sns.stripplot(x=[1.0, 2.0, 3.0], y=["甲", "甲", "甲"], jitter=0.2, ax=axes)
        places.append(axes.collections[0].get_offsets().tolist())
        assert np.random.random() == expected
    assert places[0] == places[1]
