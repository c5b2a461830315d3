"""From Axes to a picture: SVG with real words for the page, PNG for documents and cards; and its words.

Figures are drawn without pyplot, so nothing is kept open and nothing is shown twice (docs/decisions/0005-figures.md).
"""

from __future__ import annotations

import io
import re
from functools import cache
from hashlib import sha256
from html import unescape
from itertools import groupby
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis, XAxis, YAxis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_mixed import MixedModeRenderer
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image, ImageColor

from zjanalysis.display import templates, theme
from zjanalysis.display.letters import POINTS, AggRenderer, SvgRenderer, text_look
from zjanalysis.errors import ConfigError

MM = 1 / 25.4
EDGE = 6  # blank pixels left above and below
CARRIED = 984  # pixels a picture is wide that a document or a card carries
COLOURS = 128
ZLIB = 5
NUMBERED = "图　"
DRAWN = re.compile("<svg.*</svg>", re.DOTALL)  # the drawings of a block, from the first to the last


def new_figure(height: float, *, width: float = theme.WIDTH) -> Figure:
    """Return an empty figure ``width`` inches wide (the text of an A4 page) and ``height`` millimetres high."""
    figure = Figure(figsize=(width, height * MM), dpi=theme.DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _begin_bare(axis: XAxis | YAxis) -> None:
    axis.majorTicks, axis.minorTicks = [], []


def _side(axis: XAxis | YAxis) -> int | str:
    """Say on which side the ticks are; drawing a title asks."""
    return Axis._get_ticks_position(axis) if axis.majorTicks and axis.minorTicks else "default"  # type: ignore[attr-defined]


class _X(XAxis):
    """An axis that makes its ticks when somebody asks for them: matplotlib makes four for every Axes, shown or not."""

    reset_ticks = _begin_bare
    _get_ticks_position = _side


class _Y(YAxis):
    """The same for the upright axis."""

    reset_ticks = _begin_bare
    _get_ticks_position = _side


class _BareAxes(Axes):
    """Axes for a drawing that writes its own scales: made in half the time."""

    def _init_axis(self) -> None:
        self.xaxis, self.yaxis = _X(self, clear=False), _Y(self, clear=False)
        for axis, sides in ((self.xaxis, ("bottom", "top")), (self.yaxis, ("left", "right"))):
            for side in sides:
                self.spines[side].register_axis(axis)

    def savefig(self, *given: Any, **named: Any) -> None:
        """Save the figure: a block's ``figure`` is what an analyst saves."""
        if figure := self.get_figure(root=True):
            figure.savefig(*given, **named)


@theme.style()
def bare_axes(figure: Figure, box: tuple[float, float, float, float]) -> Axes:
    """Add Axes for a drawing that writes its own scales; ``box``: left, bottom, width, height, in shares of all."""
    return figure.add_axes(box, axes_class=_BareAxes)


def describe(axes: Axes, alt: str) -> Axes:
    """Return the Axes the words that stand for the picture."""
    axes.figure.set_label(alt)
    return axes


def alt_of(axes: Axes) -> str:
    """Return the words an Axes was described with; empty when it was not."""
    label = axes.figure.get_label()
    return label if isinstance(label, str) else ""


def figure_of(axes: Axes) -> Figure:
    """Return the figure an Axes lies in; raises ConfigError for one that lies in none and for what is no Axes."""
    if not isinstance(axes, Axes):
        hint = "例如 axes = sns.barplot(…)；sns.catplot 一类给的是多幅小图，写 grid.axes.flat[0]。"
        raise ConfigError(f"这里要作图函数返回的 Axes，得到的是 {type(axes).__name__}。", hint)
    figure = axes.get_figure(root=True)
    if figure is None:
        raise ConfigError("这个坐标区不属于任何图。", "请传入作图函数返回的 Axes。")
    return figure


def frame(axes: Axes, *, title: str, source: str) -> Axes:
    """Put the title over the drawing and its source under it, so that a copied picture tells what it is.

    The title begins with 图, to which a page adds the number. The drawing keeps its size, the figure grows.
    """
    figure = figure_of(axes)
    if axes.get_subplotspec() is not None:  # an analyst's own, whose names may be longer than the usual margin
        figure.tight_layout()
    width, height = figure.get_size_inches()
    room = theme.WIDTH / MM / (theme.TITLE * theme.POINT) - 2  # for the number, and bold letters
    lines = theme.lines_of(f"{NUMBERED}{theme.printable(title)}", room)
    feet = theme.lines_of(theme.printable(source), theme.WIDTH / MM / (theme.SMALL * theme.POINT))
    over, under = (4.6 * len(lines) + 1.0) * MM, 3.8 * len(feet) * MM
    boxes = [(each, each.get_position()) for each in figure.axes]
    total = height + over + under
    figure.set_size_inches(width, total)
    for each, box in boxes:
        each.set_position((box.x0, (box.y0 * height + under) / total, box.width, box.height * height / total))
    head: dict[str, Any] = {"ha": "left", "va": "top", "fontsize": theme.TITLE, "fontfamily": list(theme.STRONG)}
    with theme.style():
        for number, line in enumerate(lines):
            figure.text(0, 1 - number * 4.6 * MM / total, line, gid=f"zj-title-{number}", **head)
        for number, line in enumerate(reversed(feet)):
            low = (0.3 + 3.8 * number) * MM / total
            figure.text(0, low, line, ha="left", va="bottom", fontsize=theme.SMALL, color=theme.SOFT)
    return axes


def titles(axes: Axes) -> list[Text]:
    """Return the lines of the title that `frame` put over a drawing."""
    return [text for text in figure_of(axes).texts if text.get_verticalalignment() == "top"]


def retitle(axes: Axes, title: str) -> None:
    """Put what an analyst made the title of the Axes in the place of the one that `frame` put over the drawing."""
    first, *more = titles(axes)
    first.set_text(f"{NUMBERED}{title}")
    for line in more:
        line.set_text("")
    axes.title.set_visible(False)


def draw_svg(axes: Axes, *, alt: str, look: str = "") -> str:
    """Draw the figure of an Axes as an SVG element: searchable words that keep their width on any font.

    ``alt`` stands for the picture, ``look`` is its class. The same Axes give the same text. Raises UserWarning
    for a missing glyph.
    """
    out, figure = io.StringIO(), figure_of(axes)
    salt = sha256(alt.encode("utf-8")).hexdigest()[:8]
    dots, (width, height) = figure.get_dpi(), figure.get_size_inches()
    with theme.style(), mpl.rc_context({"svg.hashsalt": salt}):
        figure.set_dpi(POINTS)
        quiet = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        plain = SvgRenderer(width * POINTS, height * POINTS, out, image_dpi=dots, metadata=quiet)  # type: ignore[no-untyped-call]
        renderer: Any = MixedModeRenderer(figure, width, height, dots, plain)  # type: ignore[no-untyped-call]
        figure.draw(renderer)
        renderer.finalize()
    FigureCanvasAgg(figure)
    return _compact(out.getvalue(), alt, look)


def draw_png(axes: Axes) -> bytes:
    """Draw the figure of an Axes as PNG, as wide as a card has room for."""
    figure = figure_of(axes)
    own = bool(figure.get_label())
    with theme.style():
        dots = CARRIED / figure.get_figwidth()
        figure.set_dpi(dots)
        size = FigureCanvasAgg(figure).get_width_height(physical=True)
        renderer: Any = AggRenderer(*size, dots)  # type: ignore[no-untyped-call]
        figure.draw(renderer)
        pixels = crop(np.asarray(renderer.buffer_rgba()))
    opaque = Image.fromarray(pixels).convert("RGB")
    image = opaque.quantize(palette=palette(), dither=Image.Dither.NONE) if own else _any_colours(opaque)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=False, compress_level=ZLIB, dpi=(dots, dots))
    return out.getvalue()


def crop(pixels: np.ndarray) -> np.ndarray:
    """Return the RGBA pixels without the blank rows above and below; the width stays that of the text on paper."""
    inked = np.flatnonzero((pixels.view(np.uint32)[:, :, 0] != 0xFFFFFFFF).any(axis=1))
    if not len(inked):
        return pixels
    first, last = max(0, inked[0] - EDGE), min(len(pixels), inked[-1] + 1 + EDGE)
    return pixels[first:last]


_TEXT = re.compile(r'<text style="([^"]*)"([^>]*)>([^<]*)</text>')
_TAG = re.compile(r"<[^>]*>")
_NUMBER = re.compile(r"-?\d+\.\d+")
_SIZE, _FILL = re.compile(r"font-size: ([\d.]+)px"), re.compile(r"fill: (#\w+)")
_UNTURNED = re.compile(r' transform="rotate\(-?0 [^"]*"')
_ANCHOR = re.compile(r"text-anchor: (\w+)")
_PATH, _STEP = re.compile(r' d="([^"]*)"'), re.compile(r"([A-Za-z])([^A-Za-z]*)")
_MARK = re.compile(r"<(?:path|use)[^>]*/>|<text[^>]*>[^<]*</text>")
_MARKS = re.compile(f"(?:{_MARK.pattern}){{3,}}")
_LOOK = re.compile(r' (?:style|fill|font-size|text-anchor)="[^"]*"')


def _compact(svg: str, words: str, look: str) -> str:
    """Return the SVG element alone: no prolog, no white space, two decimals, words with their width written down."""
    body = svg[svg.index("<svg") :]
    box = re.search(r'viewBox="([^"]*)"', body)
    inner = body[body.index(">") + 1 : body.rindex("</svg>")]
    inner = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->|<style.*?</style>", "", inner, flags=re.DOTALL)
    inner = _TEXT.sub(_text, inner)
    inner = re.sub(r' (?:id="(?:figure|axes|patch|text|line2d|PathCollection|LineCollection|PolyCollection|FillBetween'
                   r'PolyCollection|matplotlib\.axis|[xy]tick)_\d+"|clip-path="[^"]*")', "", inner)  # fmt: skip
    inner = re.sub(r'id="(zj-title)-\d+"', r'class="\1"', inner)
    inner = re.sub(r"<defs>\s*</defs>|<clipPath.*?</clipPath>", "", inner, flags=re.DOTALL)
    inner = _TAG.sub(
        lambda tag: _NUMBER.sub(lambda found: f"{float(found[0]):.2f}".rstrip("0").rstrip("."), tag[0]), inner
    )
    inner = re.sub(r"\s*\n\s*", " ", inner.replace("xlink:href", "href"))
    inner = re.sub(
        r"> <", "><", re.sub(r'(style="[^"]*")', lambda found: found[0].replace("; ", ";").replace(": ", ":"), inner)
    )
    inner = _alike(_PATH.sub(_path, _ungrouped(inner)))
    view = _NUMBER.sub(lambda found: f"{float(found[0]):.1f}", box[1] if box else "")
    return templates.html("svg", drawing=inner.strip(), view=view, words=words, size=f"{theme.TEXT:g}", look=look)


def _ungrouped(svg: str) -> str:
    """Return the same drawing without groups that say nothing.

    >>> _ungrouped('<g><g fill="red"><g/><path/></g></g>')
    '<g fill="red"><path/></g>'
    """
    opened: list[bool] = []

    def tag(found: re.Match[str]) -> str:
        if found[0] == "</g>":
            return found[0] if opened.pop() else ""
        if found[0].endswith("/>"):
            return ""
        opened.append(found[0] != "<g>")
        return found[0] if opened[-1] else ""

    return re.sub(r"<g(?: [^>]*)?>|<g/>|</g>", tag, svg)


def _path(found: re.Match[str]) -> str:
    """Write the steps of a path without needless spaces, those along an axis with one number.

    >>> _PATH.sub(_path, '<path d="M 0 8 L 4 8 L 4 2 L 0 0 z "/>')
    '<path d="M0 8H4V2L0 0z"/>'
    """
    steps, at = "", ["", ""]
    for letter, written in _STEP.findall(found[1]):
        numbers = written.split()
        level, upright = (letter == "L" and numbers[i] == at[i] for i in (1, 0))
        steps += f"H{numbers[0]}" if level else f"V{numbers[1]}" if upright else letter + " ".join(numbers)
        at = numbers[-2:] or ["", ""]
    return f' d="{steps}"'


def _alike(svg: str) -> str:
    """Return the same drawing with the look of three or more marks in a row written once, at a group of them.

    >>> _alike('<use x="1" style="fill:red"/><use x="2" style="fill:red"/><use x="3" style="fill:red"/>')
    '<g style="fill:red"><use x="1"/><use x="2"/><use x="3"/></g>'
    """

    def look(mark: str) -> str:
        written = "".join(_LOOK.findall(mark[: mark.index(">")]))
        return "" if re.search(r"[\";]opacity:", written) else written  # of a group it is that of the whole

    def row(found: re.Match[str]) -> str:
        runs = [(shared, list(marks)) for shared, marks in groupby(_MARK.findall(found[0]), key=look)]
        return "".join(f"<g{shared}>{''.join(map(_bare, marks))}</g>" if shared and len(marks) > 2 else "".join(marks)
                       for shared, marks in runs)  # fmt: skip

    return _MARKS.sub(row, svg)


def _bare(mark: str) -> str:
    tag, _, rest = mark.partition(">")
    return f"{_LOOK.sub('', tag)}>{rest}"


def _text(found: re.Match[str]) -> str:
    """Write one text with its place, size and the width it has in the bundled font."""
    style, place, words = found[1], found[2], found[3]
    size, fill, anchor = (pattern.search(style) for pattern in (_SIZE, _FILL, _ANCHOR))
    look = text_look(
        unescape(words), size=float(size[1]) if size else theme.TEXT, bold="Strong" in style,
        fill=fill[1] if fill else "", anchor=anchor[1] if anchor else "start",
    )  # fmt: skip
    attributes = " ".join(f'{name}="{value}"' for name, value in look.items())
    return f"<text {attributes}{_UNTURNED.sub('', place)}>{words}</text>"


@cache
def palette(*more: str) -> Image.Image:
    """Return the 64 colours of a figure, white first, each ink in 8 steps towards white, and ``more``.

    Mapping to them takes an eighth of finding good ones; what lies between two of them takes the nearest.

    >>> len(palette().getpalette()) // 3, palette().getpalette()[:3]
    (64, [255, 255, 255])
    """
    inks = (theme.INK, theme.SOFT, theme.FOCUS, theme.PEER, theme.AHEAD, theme.BEHIND, theme.TARGET)
    steps = [round(part + (255 - part) * step / 8.5)
             for ink in inks for step in range(8) for part in ImageColor.getrgb(ink)]  # fmt: skip
    first, last = ("white", theme.RANGE, theme.BAND, theme.GRID), ["white"] * 4
    light, others = ([part for ink in some for part in ImageColor.getrgb(ink)] for some in (first, [*last, *more]))
    holder = Image.new("P", (1, 1))
    holder.putpalette([*light, *steps, *others])
    return holder


def _any_colours(opaque: Image.Image) -> Image.Image:
    """Return a figure of an analyst's own in its own colours; what is all but white becomes white, not a grey box."""
    image = opaque.quantize(COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    colours = image.getpalette() or []
    triples = [colours[i : i + 3] for i in range(0, len(colours), 3)]
    image.putpalette([part for triple in triples for part in ([255] * 3 if min(triple) >= 252 else triple)])
    return image
