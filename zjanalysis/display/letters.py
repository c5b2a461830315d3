"""Letters of the bundled font: how wide they are, and how texts in them are drawn, as SVG and in pictures.

matplotlib shapes every text to know its extent and again to draw it; Chinese, digits and our Latin need no shaping
(docs/decisions/0005-figures.md).
"""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import font_manager
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.colors import to_hex
from matplotlib.font_manager import FontProperties, get_font
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text
from matplotlib.textpath import text_to_path

from zjanalysis.display import theme

POINTS = 72  # per inch
_ANCHORS = {"left": "start", "center": "middle", "right": "end"}
_BEFORE = {"left": 0.0, "center": 0.5, "right": 1.0}  # of the width, left of the anchor
_hex = cache(to_hex)


class Words(Text):
    """A text of one line in our font: written where it stands, without the layout that turned or broken ones need."""

    def draw(self, renderer: Any) -> None:
        """Draw the text by a renderer of ours, by any other and what is not plain as matplotlib does."""
        write = getattr(renderer, "draw_words", None)
        if write is None or not self._is_plain():
            super().draw(renderer)
        elif self.get_text() and self.get_visible():
            write(self, *self.get_transform().transform(self.get_unitless_position()))
            self.stale = False

    def _is_plain(self) -> bool:
        more = self.get_rotation(), self.get_bbox_patch(), self.get_path_effects(), self.get_alpha()
        text = self.get_text()
        return not any(more) and "\n" not in text and _ours(self.get_fontproperties()) and _can_draw(text)


def text_look(text: str, *, size: float, bold: bool, fill: str, anchor: str) -> dict[str, str]:
    """Return the attributes of an SVG text but its place: size in points and width in the bundled font."""
    wide = ems(text, bold=bold) * size
    look = {} if size == theme.TEXT else {"font-size": f"{size:g}"}
    look |= {"textLength": f"{wide:.1f}"}
    look |= {"fill": fill} if fill else {}
    look |= {"style": "font-weight:700"} if bold else {}
    return look | ({"text-anchor": anchor} if anchor != "start" else {})


def _drop(words: Words, scale: float) -> float:
    """Return how far a baseline lies under the anchor of a line, in points × ``scale``, as matplotlib's layout does."""
    prop = words.get_fontproperties()
    _, high, low = _extent(words.get_text(), prop, scale)
    up, down, _ = _line_extent(prop, POINTS * scale)
    spacing = words.get_linespacing()
    if isinstance(spacing, str):
        up, down = max(high - low, up), max(low, down)
    else:
        lead = spacing * (up + down) - high
        up, down = high - low + lead / 2, low + lead / 2
    drops = {"top": up, "bottom": -down, "center": (up - down) / 2, "center_baseline": up / 2}
    return drops.get(words.get_verticalalignment(), 0.0)


class _Extents(RendererBase):
    """The extent of a text in our font is that of its characters, asked for once a process; in dots of the renderer."""

    dpi: float = POINTS

    def get_text_width_height_descent(self, s: str, prop: FontProperties, ismath: Any) -> Any:
        """Return width, height and descent of a text."""
        if ismath or not _ours(prop):
            return super().get_text_width_height_descent(s, prop, ismath)
        return _extent(s, prop, self.dpi / POINTS)

    def _get_font_height_metrics(self, prop: FontProperties) -> tuple[float | None, ...]:
        return _line_extent(prop, self.dpi) if _ours(prop) else (None, None, None)  # matplotlib asks the font itself


class SvgRenderer(_Extents, RendererSVG):
    """matplotlib's own, but for the extents of texts."""

    def draw_words(self, words: Words, x: float, y: float) -> None:
        """Write a text whose anchor lies at a place, as `picture.draw_svg` wants it."""
        text, prop, anchor = words.get_text(), words.get_fontproperties(), _ANCHORS[words.get_horizontalalignment()]
        size, bold, fill = prop.get_size_in_points(), _is_bold(prop), _hex(words.get_color())
        place = {"x": f"{x:.2f}", "y": f"{self.height - y + _drop(words, 1.0):.2f}"}
        look = text_look(text, size=size, bold=bold, fill=fill, anchor=anchor)
        self.writer.element("text", text, look | place)  # type: ignore[no-untyped-call]


class AggRenderer(_Extents, RendererAgg):
    """matplotlib's own, but for the extents of texts; a character in our font is drawn once a process."""

    def draw_text(self, gc: Any, x: float, y: float, *what: Any, **more: Any) -> None:
        """Draw a text (string, font, angle …) from a place on its baseline; ours sign by sign, on whole pixels."""
        text, prop, *turned = what
        if any(turned) or not _ours(prop) or not _can_draw(text):
            super().draw_text(gc, x, y, *what, **more)  # type: ignore[no-untyped-call]
            return
        bold, size = _is_bold(prop), prop.get_size_in_points()
        for sign in text:
            ink, left, top = _mask(sign, bold, size, self.dpi)
            self._renderer.draw_text_image(ink, round(x) + left, round(y) - top + len(ink), 0, gc)
            x += _glyph(sign, bold)[0] * size * self.dpi / POINTS

    def draw_words(self, words: Words, x: float, y: float) -> None:
        """Draw a text whose anchor lies at a place."""
        text, prop = words.get_text(), words.get_fontproperties()
        wide = _extent(text, prop, self.dpi / POINTS)[0]
        gc = self.new_gc()
        gc.set_foreground(words.get_color())
        drop = _drop(words, self.dpi / POINTS)
        self.draw_text(gc, x - wide * _BEFORE[words.get_horizontalalignment()], self.height - y + drop, text, prop, 0)


def _ours(prop: FontProperties) -> bool:
    """Tell whether a text is in the bundled font and nothing but its size was chosen."""
    look = prop.get_style(), prop.get_weight(), prop.get_file()
    return tuple(prop.get_family()) in ((theme.FAMILY,), theme.STRONG) and look == ("normal", "normal", None)


def _can_draw(text: str) -> bool:
    return theme.covered().issuperset(map(ord, text))


def _is_bold(prop: FontProperties) -> bool:
    return tuple(prop.get_family()) == theme.STRONG


def _extent(text: str, prop: FontProperties, scale: float) -> tuple[float, ...]:
    """Return width, height and descent of a text in points × ``scale``; raises UserWarning for a missing glyph."""
    if not _can_draw(text):
        parts = text_to_path.get_text_width_height_descent(text, prop, False)
        return tuple(part * scale for part in parts)
    bold = _is_bold(prop)
    glyphs = [_glyph(sign, bold) for sign in text] or [(0.0, 0.0, 0.0)]
    wide, low, high = sum(one[0] for one in glyphs), min(one[1] for one in glyphs), max(one[2] for one in glyphs)
    size = prop.get_size_in_points() * scale
    return wide * size, (high - low) * size, 0.0 - low * size


def _line_extent(prop: FontProperties, dots: float) -> tuple[float, float, float]:
    """Return ascent, descent and gap of the lines in our font, in pixels."""
    gap, up, down, units = _heights(tuple(prop.get_family()))
    scale = 1 / units * prop.get_size_in_points() * dots / POINTS
    return up * scale, -down * scale, gap * scale


@cache
def _heights(family: tuple[str, ...]) -> tuple[int, ...]:
    font = get_font([font_manager.findfont(FontProperties(family=list(family)))])
    about: Any = font.get_sfnt_table("OS/2")
    head: Any = font.get_sfnt_table("head")
    return about["sTypoLineGap"], about["sTypoAscender"], about["sTypoDescender"], head["unitsPerEm"]


@cache
def _fonts() -> tuple[FT2Font, FT2Font]:
    # From memory: children of one process would share the place in a file that is open, and read each other's glyphs.
    names = (f"ZJSansSC-{weight}.otf" for weight in ("Regular", "Bold"))
    return tuple(FT2Font(io.BytesIO((theme.FONTS / name).read_bytes())) for name in names)  # type: ignore[return-value]


@cache
def _strong() -> frozenset[int]:
    """Return the code points the bold weight can draw; the others are drawn in the regular one."""
    return frozenset(_fonts()[1].get_charmap())


def ems(text: str, *, bold: bool = False) -> float:
    """Return the width a text has in the bundled font, in ems.

    >>> round(ems("位次"), 2), ems("88.44%") < 4
    (2.0, True)
    """
    return sum(_glyph(sign, bold)[0] for sign in text)


@cache
def _glyph(sign: str, bold: bool) -> tuple[float, float, float]:
    """Return how far a character moves on, how low and how high it reaches, in ems of the bundled font."""
    font = _fonts()[bold and ord(sign) in _strong()]
    font.set_size(100, POINTS)
    glyph = font.load_char(ord(sign), flags=mpl.ft2font.LoadFlags.NO_HINTING)
    return glyph.linearHoriAdvance / 65536 / 100, glyph.bbox[1] / 6400, glyph.bbox[3] / 6400


@cache
def _mask(sign: str, bold: bool, size: float, dots: float) -> tuple[np.ndarray, int, int]:
    """Return the ink of a character (0–255, rows from the top), and where it lies: right of the pen, over the baseline.

    ``size`` in points, ``dots`` per inch.
    """
    font = _fonts()[bold and ord(sign) in _strong()]
    font.set_size(size, dots)
    glyph = font.load_char(ord(sign), flags=mpl.ft2font.LoadFlags.NO_HINTING)
    left, low, right, high = glyph.bbox[0] // 64, glyph.bbox[1] // 64, -(-glyph.bbox[2] // 64), -(-glyph.bbox[3] // 64)
    ink = np.zeros((max(high - low, 1), max(right - left, 1)), dtype=np.uint8)
    font.draw_glyph_to_bitmap(ink, -left, 0, glyph)
    return ink, left, high
