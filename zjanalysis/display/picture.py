"""From Axes to a small PNG: drawn once, blank rows cropped, at most 128 colours; and the words that stand for it.

Figures are drawn on the Agg canvas without pyplot, so nothing is kept open and nothing is shown twice.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

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
    words = alt or alt_of(axes)
    if not words:
        raise ConfigError("这张图没有替代文字，读屏软件和打印稿无法说明它。", "请用 alt= 写一句由数字组成的说明。")
    figure = axes.get_figure(root=True)
    if figure is None:
        raise ConfigError("这个坐标区不属于任何图。", "请传入作图函数返回的 Axes。")
    with theme.style():
        canvas = figure.canvas if isinstance(figure.canvas, FigureCanvasAgg) else FigureCanvasAgg(figure)
        canvas.draw()  # type: ignore[no-untyped-call]
        pixels = np.asarray(canvas.buffer_rgba())[:, :, :3]  # type: ignore[no-untyped-call]
    shown = crop(pixels)
    image = Image.fromarray(np.ascontiguousarray(shown)).quantize(
        COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
    )
    image.putpalette(_white_stays_white(image.getpalette() or []))
    out = io.BytesIO()
    image.save(out, "PNG", optimize=False, compress_level=9, dpi=(figure.dpi, figure.dpi))
    return Picture(out.getvalue(), words, shown.shape[1], shown.shape[0])


def crop(pixels: np.ndarray) -> np.ndarray:
    """Give the pixels without the blank rows above and below; the width stays that of the text on paper."""
    inked = np.flatnonzero((pixels < 255).any(axis=(1, 2)))
    if not len(inked):
        return pixels
    first, last = max(0, inked[0] - EDGE), min(len(pixels), inked[-1] + 1 + EDGE)
    return pixels[first:last]


def _white_stays_white(palette: list[int]) -> list[int]:
    """Give the palette with entries that are all but white made white: the page must not show a grey box."""
    triples = [palette[i : i + 3] for i in range(0, len(palette), 3)]
    return [part for triple in triples for part in ([255] * 3 if min(triple) >= 252 else triple)]
