"""From Axes to a small PNG: drawn once, blank rows cropped, few colours; and the words that stand for it.

Figures are drawn on the Agg canvas without pyplot, so nothing is kept open and nothing is shown twice.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from zjanalysis.display import theme
from zjanalysis.errors import ConfigError

MM = 1 / 25.4
EDGE = 6  # blank pixels left above and below
COLOURS = 128
ZLIB = 5  # level 7: half as much time again for 5 % fewer bytes (docs/decisions/0005-figures.md)


@dataclass(frozen=True)
class Picture:
    """A PNG with the words that stand for it; width and height in pixels."""

    content: bytes
    alt: str
    width: int
    height: int

    def data_uri(self) -> str:
        """Give the picture as text that a page can hold."""
        return f"data:image/png;base64,{base64.b64encode(self.content).decode('ascii')}"


def new_figure(height: float) -> Figure:
    """Give an empty figure as wide as the text of an A4 page and ``height`` millimetres high."""
    figure = Figure(figsize=(theme.WIDTH, height * MM), dpi=theme.DPI)
    FigureCanvasAgg(figure)
    return figure


def describe(axes: Axes, alt: str) -> Axes:
    """Give the Axes the words that stand for the picture."""
    axes.figure.set_label(alt)
    return axes


def alt_of(axes: Axes) -> str:
    """Give the words an Axes was described with; empty when it was not."""
    label = axes.figure.get_label()
    return label if isinstance(label, str) else ""


def take_picture(axes: Axes, *, alt: str = "") -> Picture:
    """Draw the figure of an Axes as PNG. Raises ConfigError without alt text, UserWarning for a missing glyph."""
    words, ours = alt or alt_of(axes), bool(alt_of(axes))
    if not words:
        raise ConfigError("这张图没有替代文字，读屏软件和打印稿无法说明它。", "请用 alt= 写一句由数字组成的说明。")
    figure = axes.get_figure(root=True)
    if figure is None:
        raise ConfigError("这个坐标区不属于任何图。", "请传入作图函数返回的 Axes。")
    with theme.style():
        canvas = figure.canvas if isinstance(figure.canvas, FigureCanvasAgg) else FigureCanvasAgg(figure)
        canvas.draw()  # type: ignore[no-untyped-call]
        shown = crop(np.asarray(canvas.buffer_rgba()))  # type: ignore[no-untyped-call]
    opaque = Image.fromarray(shown).convert("RGB")
    image = opaque.quantize(palette=_palette(), dither=Image.Dither.NONE) if ours else _any_colours(opaque)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=False, compress_level=ZLIB, dpi=(figure.dpi, figure.dpi))
    return Picture(out.getvalue(), words, shown.shape[1], shown.shape[0])


def crop(pixels: np.ndarray) -> np.ndarray:
    """Give the RGBA pixels without the blank rows above and below; the width stays that of the text on paper."""
    inked = np.flatnonzero((pixels.view(np.uint32)[:, :, 0] != 0xFFFFFFFF).any(axis=1))
    if not len(inked):
        return pixels
    first, last = max(0, inked[0] - EDGE), min(len(pixels), inked[-1] + 1 + EDGE)
    return pixels[first:last]


@cache
def _palette() -> Image.Image:
    """Give the colours of the theme: mapping to known colours takes an eighth of the time of finding good ones."""
    holder = Image.new("P", (1, 1))
    holder.putpalette(theme.palette())
    return holder


def _any_colours(opaque: Image.Image) -> Image.Image:
    """Give a figure of an analyst's own in its own colours; what is all but white becomes white, not a grey box."""
    image = opaque.quantize(COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    found = image.getpalette() or []
    triples = [found[i : i + 3] for i in range(0, len(found), 3)]
    image.putpalette([part for triple in triples for part in ([255] * 3 if min(triple) >= 252 else triple)])
    return image
