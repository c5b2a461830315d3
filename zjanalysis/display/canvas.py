"""The bones of figures that list things in rows: names left, bars in the middle, figures in columns right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import pairwise, product
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.markers import MarkerStyle
from matplotlib.patches import Rectangle
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import IdentityTransform, TransformedPath

from zjanalysis.display import theme, wording
from zjanalysis.display.letters import Words, ems
from zjanalysis.display.picture import MM, bare_axes, new_figure

NO_CLIP = TransformedPath(Path.unit_rectangle(), IdentityTransform())
THICK = 0.62  # of a row
DASHED = (0, (4, 2))
NAME_EMS = 12.0
TOP, BOTTOM = 6.5, 8.6  # millimetres for column heads and yardsticks, for the axis
PAD = 3.0  # points between a drawing and the texts of its scales
Mark = tuple[str, str, str]  # in a key: the mark, its name, its colour


Cell = str | tuple[str, str]
"""A text, or a text and its colour."""
Columns = Mapping[str, Iterable[Cell]]
"""By their heads."""


def text_of(cell: Cell) -> str:
    """Return the text of a cell."""
    return cell if isinstance(cell, str) else cell[0]


def row_chart(names: Iterable[str], *, head: str, right: Columns, strong: Iterable[bool] = (),
              size: float = theme.TEXT) -> Axes:  # fmt: skip
    """Return Axes with one row per name from the top down, row i at y = i; those that are ``strong`` stand out.

    ``right``: the columns of words or figures beside the bars, by their heads. ``size`` are the points of names and
    columns; rows are as high as they ask.
    The width is that of the text on paper; margins follow from the longest text, so nothing is cut.
    """
    labels = [theme.wrap(theme.printable(name), NAME_EMS) for name in names]
    columns = {over: list(cells) for over, cells in right.items()}
    step = (8.2 if any("\n" in label for label in labels) else 5.6) * size / theme.TEXT
    first = 1.0 + width_of([head, *(line for label in labels for line in label.split("\n"))], size) + 3
    widths = [max(width_of(map(text_of, cells), size), width_of([over], theme.SMALL)) + 3
              for over, cells in columns.items()]  # fmt: skip
    height, total = TOP + BOTTOM + step * max(1, len(labels)), theme.WIDTH / MM
    box = (first / total, BOTTOM / height, (total - first - sum(widths) - 2) / total, (height - TOP - BOTTOM) / height)
    axes, plot = bare_axes(new_figure(height), box), box[2] * total
    axes.set_ylim(max(1, len(labels)) - 0.5, -0.5)
    axes.set_axis_off()
    marked = [row for row, is_strong in enumerate(strong) if is_strong]
    for row in marked:
        axes.fill_between([-first / plot, 1 + (sum(widths) + 2) / plot], row - 0.5, row + 0.5, color=theme.BAND,
                          linewidth=0, transform=axes.get_yaxis_transform(), clip_on=False, zorder=0)  # fmt: skip
    style: dict[str, Any] = {"strong": marked, "fontsize": size}
    _column(axes, head, labels, x=(1.0 - first) / plot, ha="left", **style)
    edge = 1 + 1 / plot
    for (over, cells), width in zip(columns.items(), widths, strict=True):
        edge += width / plot
        _column(axes, over, cells, x=edge, ha="right", **style)
    return axes


def plane(*, height: float, left: float = 16, right: float = 4) -> Axes:
    """Return Axes for two scales, ``height`` millimetres high, with margins in millimetres for the labels."""
    figure, total = new_figure(height), theme.WIDTH / MM
    box = (left / total, BOTTOM / height, (total - left - right) / total, (height - TOP - BOTTOM) / height)
    return bare_axes(figure, box)


def key(axes: Axes, entries: Iterable[Mark]) -> None:
    """Write the key above the drawing; no legend box."""
    high = _points(axes)[1]
    key_line(axes, entries, 0, 1 + 4 / high, apart=1.5, transform=axes.transAxes, va="bottom")


def key_line(axes: Axes, entries: Iterable[Mark], x: float, y: float, *, apart: float = 1.4, **style: Any) -> None:
    """Write the marks in their colours, each with its name, from ``x`` (a share of the drawing's width).

    ``y`` is as ``transform`` says; entries lie ``apart`` ems.
    """
    wide = _points(axes)[0]
    for mark, name, colour in entries:
        for text, ink, gap in ((mark, colour, 0.3), (name, theme.SOFT, apart)):
            write(axes, x, y, text, fontsize=theme.SMALL, color=ink, **style)
            x += (theme.ems(text) + gap) * theme.SMALL / wide


def put(axes: Axes, artist: Artist) -> None:
    """Add an artist that needs no clipping: a clip path of its own for each is a fifth of the time of building."""
    artist.set_clip_path(NO_CLIP)
    artist.set_clip_on(False)
    axes.add_artist(artist)


def write(axes: Axes, x: float, y: float, text: str, **style: Any) -> None:
    """Write a text as it stands; in the units of the axes unless ``transform`` says otherwise."""
    font = _font(style.pop("fontsize", theme.TEXT), tuple(style.pop("fontfamily", (theme.FAMILY,))))
    sides = {"horizontalalignment": style.pop("ha", "left"), "verticalalignment": style.pop("va", "baseline")}
    look = {"transform": axes.transData, "color": theme.INK, **style}
    put(axes, Words(x, y, text, fontproperties=font, parse_math=False, **sides, **look))


@cache
def _font(size: float, family: tuple[str, ...]) -> FontProperties:
    return FontProperties(family=list(family), size=size)


def line(axes: Axes, xs: Iterable[float], ys: Iterable[float], **look: Any) -> None:
    """Draw a line through points; the scales are the caller's, nothing is searched for them."""
    put(axes, Line2D(list(xs), list(ys), transform=axes.transData, **look))


def dots(axes: Axes, xs: Iterable[float], ys: Iterable[float], *, size: float, colours: Any, **look: Any) -> None:
    """Draw a dot (or ``marker``) of ``size`` square points per place; a missing one is not drawn."""
    sign = MarkerStyle(look.pop("marker", "o"))
    path = sign.get_path().transformed(sign.get_transform())
    places = np.array([*zip(xs, ys, strict=True)], dtype="float64").reshape(-1, 2)
    style = {"facecolors": colours, "edgecolors": "face", "linewidths": 0, **look}
    marks = PathCollection([path], [size], offsets=places, offset_transform=axes.transData, **style)
    marks.set_transform(IdentityTransform())
    put(axes, marks)


def spans(axes: Axes, starts: Iterable[float], ends: Iterable[float], *, colours: str | Sequence[str],
          at: Iterable[float] = (), **look: Any) -> None:  # fmt: skip
    """Draw a line per row (or at the heights ``at``) from start to end; a missing one is not drawn."""
    pairs = list(zip(starts, ends, strict=True))
    heights = list(at) or list(range(len(pairs)))
    drawn = [row for row, pair in enumerate(pairs) if not any(map(wording.missing, pair))]
    inks = colours if isinstance(colours, str) else [colours[row] for row in drawn]
    put(axes, LineCollection([[(end, heights[row]) for end in pairs[row]] for row in drawn], colors=inks, **look))


def width_of(texts: Iterable[str], size: float) -> float:
    """Return the millimetres the longest text needs at a size in points."""
    return max((ems(text) for text in texts), default=0.0) * size * theme.POINT


def _column(axes: Axes, head: str, cells: Iterable[Cell], *, x: float, strong: Sequence[int], **style: Any) -> None:
    style["transform"] = axes.get_yaxis_transform()
    for row, cell in enumerate(cells):
        family: dict[str, Any] = {"fontfamily": list(theme.STRONG)} if row in strong else {}
        ink: dict[str, Any] = {} if isinstance(cell, str) else {"color": cell[1]}
        write(axes, x, row, text_of(cell), linespacing=1.05, va="center", **style, **family, **ink)
    over = {**style, "fontsize": theme.SMALL, "color": theme.SOFT, "va": "bottom"}
    write(axes, x, -0.5 - rows_per_mm(axes), head, **over)


def scale(axes: Axes, values: Sequence[float], *, unit: str, zero: bool, label: str) -> None:
    """Set the range of the values with some air, a few round ticks in the unit, and the words under the axis."""
    numbers = [float(value) for value in values if not wording.missing(value)] or [0.0, 1.0]
    low, high = min(numbers), max(numbers)
    air = (high - low) * 0.05 or max(abs(high) * 0.05, 0.01)
    bounds = (low if zero and low == 0 else low - air, high if zero and high == 0 else high + air)
    ticks = round_ticks(*bounds)
    axes.set_xlim(*bounds)
    guides(axes, ticks, tick_texts(ticks, unit), label=label)


def upright(axes: Axes, values: Iterable[Any], *, unit: str, air: float, ticks: int = 6) -> None:
    """Set the upright scale of a line: some air, a few round ticks in the unit, horizontal guides.

    matplotlib's own ticks cost more than the lines they stand beside.
    """
    numbers = [float(value) for value in values if not wording.missing(value)] or [0.0, 1.0]
    room = (max(numbers) - min(numbers)) * air or max(abs(max(numbers)) * 0.05, 0.01)
    low, high = min(numbers) - room, max(numbers) + room
    places = round_ticks(low, high, ticks)
    axes.set_ylim(low, high)
    axes.set_axis_off()
    across = axes.get_yaxis_transform()
    lines = [((0, place), (1, place)) for place in (low, *places)]
    put(axes, LineCollection(lines, colors=theme.GRID, linewidths=0.8, zorder=0.5, transform=across))
    beside(axes, places, tick_texts(places, unit))


def beside(axes: Axes, places: Sequence[float], texts: Sequence[str], **look: Any) -> None:
    """Write the texts of the upright scale left of the drawing."""
    style = {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "center_baseline", **look}
    for place, text in zip(places, texts, strict=True):
        write(axes, -PAD / _points(axes)[0], place, text, **{"fontsize": theme.SMALL, "color": theme.SOFT, **style})


def along(axes: Axes, places: Sequence[float], texts: Sequence[str]) -> None:
    """Write the texts of the level scale under the drawing."""
    under: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "ha": "center", "va": "top"}
    for place, text in zip(places, texts, strict=True):
        write(axes, place, -PAD / _points(axes)[1], text, fontsize=theme.SMALL, color=theme.SOFT, **under)


def _points(axes: Axes) -> tuple[float, float]:
    box, (width, height) = axes.get_position(), axes.figure.get_size_inches()  # type: ignore[union-attr]
    return box.width * width * 72, box.height * height * 72


def round_ticks(low: float, high: float, n: int = 6) -> list[float]:
    """Return about ``n`` round numbers between two values."""
    places = MaxNLocator(nbins=n, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    return [float(place) for place in places if low <= place <= high]


def guides(axes: Axes, places: Sequence[float], texts: Sequence[str], *, label: str) -> None:
    """Draw thin lines through all rows, their texts and the words under the rows; matplotlib's own ticks cost more."""
    bottom, (low, high) = axes.get_ylim()[0], axes.get_xlim()
    lines = [*([(place, -0.5), (place, bottom)] for place in places), [(low, bottom), (high, bottom)]]
    put(axes, LineCollection(lines, colors=theme.GRID, linewidths=0.8, zorder=1))
    under: dict[str, Any] = {"fontsize": theme.SMALL, "color": theme.SOFT, "va": "top"}
    for place, text in zip(places, texts, strict=True):
        write(axes, place, bottom + rows_per_mm(axes) * 1.2, text, ha="center", **under)
    write(axes, low, bottom + rows_per_mm(axes) * 5.2, label, ha="left", **under)


def rows_per_mm(axes: Axes) -> float:
    """Return how many rows one millimetre is."""
    low, high = axes.get_ylim()
    return float(abs(high - low) / (axes.get_position().height * axes.figure.bbox.height / axes.figure.dpi / MM))


def bars(axes: Axes, ends: Iterable[float], *, starts: Iterable[float], colours: Iterable[str], shift: float = 0.0,
         **look: Any) -> None:  # fmt: skip
    """Draw one bar per row from start to end, ``height`` and ``shift`` in rows; a missing or empty one is not drawn.

    Rectangles are added as they are: `scale` sets the range of the axis, so nothing has to be searched for it.
    """
    look = {"height": THICK, "linewidth": 0, "zorder": 2, **look}
    for row, (end, start, colour) in enumerate(zip(ends, starts, colours, strict=True)):
        if not wording.missing(end) and end != start:
            put(axes, Rectangle((start, row + shift - look["height"] / 2), end - start, facecolor=colour, **look))


def tick_texts(ticks: Sequence[float], unit: str) -> list[str]:
    """Return tick labels as short as their step allows.

    >>> tick_texts([0.8, 0.85, 0.9], "share"), tick_texts([0, 2.5], "days")
    (['80%', '85%', '90%'], ['0.0', '2.5'])
    """
    scaled = [float(tick) * (100 if unit in {"share", "points"} else 1) for tick in ticks]
    decimals = next((d for d in (0, 1, 2) if np.allclose(scaled, np.round(scaled, d), atol=1e-9)), 3)
    return [wording.number(value, decimals) + ("%" if unit == "share" else "") for value in scaled]


def yardsticks(axes: Axes, *lines: tuple[float, str, str]) -> None:
    """Draw what values are held against (value, name, colour) as lines through all rows, a target's dashed.

    The names stand above, side by side, or one higher where they would overlap.
    """
    drawn = [one for one in lines if not wording.missing(one[0])]
    for (value, text, colour), (align, level) in zip(drawn, _places(axes, drawn), strict=True):
        ends = ([value] * 2, [axes.get_ylim()[0], -0.5])
        line(axes, *ends, color="white", linewidth=2.6, zorder=4)
        line(axes, *ends, color=colour, linewidth=1.3, linestyle=DASHED if colour == theme.TARGET else "-", zorder=4)
        name: dict[str, Any] = {"ha": align, "va": "bottom", "fontsize": theme.SMALL, "color": colour}
        write(axes, value, -0.5 - rows_per_mm(axes) * (1 + level * 4), text, **name)


def _places(axes: Axes, lines: Sequence[tuple[float, str, str]]) -> list[tuple[str, int]]:
    """Return alignment and level of each name: the first choice where all stay over the rows and none overlap."""
    plot = axes.get_position().width * theme.WIDTH / MM
    low, high = axes.get_xlim()
    points = [(value - low) / (high - low) * plot for value, *_ in lines]
    widths = [theme.ems(text) * theme.SMALL * theme.POINT for _, text, _ in lines]
    shift = {"center": 0.5, "left": 0.0, "right": 1.0}
    for choice in product(shift, repeat=len(lines)):
        starts = [point - shift[align] * width for point, align, width in zip(points, choice, widths, strict=True)]
        spans = sorted((start, start + width) for start, width in zip(starts, widths, strict=True))
        apart = all(left[1] + 2 < right[0] for left, right in pairwise(spans))
        if apart and all(start >= -1 and end <= plot + 1 for start, end in spans):
            return [(align, 0) for align in choice]
    return [("left" if point < plot / 2 else "right", level) for level, point in enumerate(points)]
