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
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.backends.backend_mixed import MixedModeRenderer
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, get_font
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text
from matplotlib.textpath import text_to_path
from PIL import Image

from zjanalysis.display import templates, theme
from zjanalysis.errors import ConfigError

MM = 1 / 25.4
POINTS = 72  # per inch
EDGE = 6  # blank pixels left above and below
COLOURS = 128
ZLIB = 5
NUMBERED = "图　"
BOLD = "font-weight:700"


def new_figure(height: float, *, width: float = theme.WIDTH) -> Figure:
    """Give an empty figure ``width`` inches wide (the text of an A4 page) and ``height`` millimetres high."""
    figure = Figure(figsize=(width, height * MM), dpi=theme.DPI)
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


def figure_of(axes: Axes) -> Figure:
    """Give the figure an Axes lies in; raises ConfigError for one that lies in none and for what is no Axes."""
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
    """Give the lines of the title that `frame` put over a drawing."""
    return [text for text in figure_of(axes).texts if text.get_verticalalignment() == "top"]


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


def draw_png(axes: Axes, *, width: int = 0) -> bytes:
    """Draw the figure of an Axes as PNG, ``width`` pixels wide (0: as many as on paper)."""
    figure = figure_of(axes)
    own = bool(figure.get_label())
    with theme.style():
        dots = width / figure.get_figwidth() if width else float(theme.DPI)
        figure.set_dpi(dots)
        size = FigureCanvasAgg(figure).get_width_height(physical=True)
        renderer: Any = AggRenderer(*size, dots)  # type: ignore[no-untyped-call]
        figure.draw(renderer)
        shown = crop(np.asarray(renderer.buffer_rgba()))
    opaque = Image.fromarray(shown).convert("RGB")
    image = opaque.quantize(palette=_palette(), dither=Image.Dither.NONE) if own else _any_colours(opaque)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=False, compress_level=ZLIB, dpi=(dots, dots))
    return out.getvalue()


def crop(pixels: np.ndarray) -> np.ndarray:
    """Give the RGBA pixels without the blank rows above and below; the width stays that of the text on paper."""
    inked = np.flatnonzero((pixels.view(np.uint32)[:, :, 0] != 0xFFFFFFFF).any(axis=1))
    if not len(inked):
        return pixels
    first, last = max(0, inked[0] - EDGE), min(len(pixels), inked[-1] + 1 + EDGE)
    return pixels[first:last]


class SvgRenderer(RendererSVG):
    """matplotlib's own, but the extent of a text in our font is that of its characters, asked for once a process."""

    def get_text_width_height_descent(self, s: str, prop: FontProperties, ismath: Any) -> Any:
        """Give width, height and descent of a text in points."""
        ours = not ismath and _ours(prop)
        return _extent(s, prop, 1.0) if ours else super().get_text_width_height_descent(s, prop, ismath)  # type: ignore[no-untyped-call]

    def _get_font_height_metrics(self, prop: FontProperties) -> tuple[float | None, ...]:
        return _line_extent(prop, POINTS)


class AggRenderer(RendererAgg):
    """matplotlib's own, with the extents of `SvgRenderer`; a character in our font is drawn once a process."""

    def draw_text(self, gc: Any, x: float, y: float, *what: Any, **more: Any) -> None:
        """Draw a text (string, font, angle …) from a place on its baseline; ours sign by sign, on whole pixels."""
        text, prop, *turned = what
        if any(turned) or not _ours(prop) or not theme.covered().issuperset(map(ord, text)):
            super().draw_text(gc, x, y, *what, **more)  # type: ignore[no-untyped-call]
            return
        bold, size = tuple(prop.get_family()) == theme.STRONG, prop.get_size_in_points()
        for sign in text:
            ink, left, top = _mask(sign, bold, size, self.dpi)
            self._renderer.draw_text_image(ink, round(x) + left, round(y) - top + len(ink), 0, gc)
            x += _glyph(sign, bold)[0] * size * self.dpi / POINTS

    def get_text_width_height_descent(self, s: str, prop: FontProperties, ismath: Any) -> Any:
        """Give width, height and descent of a text in pixels."""
        ours = not ismath and _ours(prop)
        return _extent(s, prop, self.dpi / POINTS) if ours else super().get_text_width_height_descent(s, prop, ismath)  # type: ignore[no-untyped-call]

    def _get_font_height_metrics(self, prop: FontProperties) -> tuple[float | None, ...]:
        return _line_extent(prop, self.dpi)


def _ours(prop: FontProperties) -> bool:
    """Tell whether a text is in the bundled font and nothing but its size was chosen."""
    return tuple(prop.get_family()) in ((theme.FAMILY,), theme.STRONG) and (
        (prop.get_style(), prop.get_weight(), prop.get_file()) == ("normal", "normal", None)
    )


def _extent(text: str, prop: FontProperties, scale: float) -> tuple[float, ...]:
    """Give width, height and descent of a text in points × ``scale``; raises UserWarning for a missing glyph."""
    if not theme.covered().issuperset(map(ord, text)):
        parts = text_to_path.get_text_width_height_descent(text, prop, False)
        return tuple(part * scale for part in parts)
    bold = tuple(prop.get_family()) == theme.STRONG
    glyphs = [_glyph(sign, bold) for sign in text] or [(0.0, 0.0, 0.0)]
    wide, low, high = sum(one[0] for one in glyphs), min(one[1] for one in glyphs), max(one[2] for one in glyphs)
    size = prop.get_size_in_points() * scale
    return wide * size, (high - low) * size, 0.0 - low * size


def _line_extent(prop: FontProperties, dots: float) -> tuple[float | None, ...]:
    """Give ascent, descent and gap of the lines in pixels; nothing for a font that matplotlib must ask itself."""
    if not _ours(prop):
        return None, None, None
    gap, up, down, units = _heights(tuple(prop.get_family()))
    scale = 1 / units * prop.get_size_in_points() * dots / POINTS
    return up * scale, -down * scale, gap * scale


@cache
def _heights(family: tuple[str, ...]) -> tuple[int, ...]:
    font = get_font([font_manager.findfont(FontProperties(family=list(family)))])
    about: Any = font.get_sfnt_table("OS/2")
    head: Any = font.get_sfnt_table("head")
    return about["sTypoLineGap"], about["sTypoAscender"], about["sTypoDescender"], head["unitsPerEm"]


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
    """Give the SVG element alone: no prolog, no white space, two decimals, words with their width written down."""
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
    """Give the same drawing without groups that say nothing.

    >>> _ungrouped('<g><g fill="red"><g/><path/></g></g>')
    '<g fill="red"><path/></g>'
    """
    kept: list[bool] = []

    def tag(found: re.Match[str]) -> str:
        if found[0] == "</g>":
            return found[0] if kept.pop() else ""
        if found[0].endswith("/>"):
            return ""
        kept.append(found[0] != "<g>")
        return found[0] if kept[-1] else ""

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
    """Give the same drawing with the look of three or more marks in a row written once, at a group of them.

    >>> _alike('<use x="1" style="fill:red"/><use x="2" style="fill:red"/><use x="3" style="fill:red"/>')
    '<g style="fill:red"><use x="1"/><use x="2"/><use x="3"/></g>'
    """

    def look(mark: str) -> str:
        found = "".join(_LOOK.findall(mark[: mark.index(">")]))
        return "" if re.search(r"[\";]opacity:", found) else found  # of a group it is that of the whole

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
    points, bold = float(size[1]) if size else theme.TEXT, "Strong" in style
    wide = ems(unescape(words), bold=bold) * points
    look = [] if points == theme.TEXT else [f'font-size="{points:g}"']
    look += [f'textLength="{wide:.1f}"']
    look += [f'fill="{fill[1]}"'] if fill else []
    look += [f'style="{BOLD}"'] if bold else []
    look += [f'text-anchor="{anchor[1]}"'] if anchor and anchor[1] != "start" else []
    return f"<text {' '.join(look)}{_UNTURNED.sub('', place)}>{words}</text>"


@cache
def _fonts() -> tuple[FT2Font, FT2Font]:
    # From memory: children of one process would share the place in a file that is open, and read each other's glyphs.
    names = (f"ZJSansSC-{weight}.otf" for weight in ("Regular", "Bold"))
    return tuple(FT2Font(io.BytesIO((theme.FONTS / name).read_bytes())) for name in names)  # type: ignore[return-value]


@cache
def _strong() -> frozenset[int]:
    """Give the code points the bold weight can draw; the others are drawn in the regular one."""
    return frozenset(_fonts()[1].get_charmap())


def ems(text: str, *, bold: bool = False) -> float:
    """Give the width a text has in the bundled font, in ems.

    >>> round(ems("位次"), 2), ems("88.44%") < 4
    (2.0, True)
    """
    return sum(_glyph(sign, bold)[0] for sign in text)


@cache
def _glyph(sign: str, bold: bool) -> tuple[float, float, float]:
    """Give how far a character moves on, how low and how high it reaches, in ems of the bundled font."""
    font = _fonts()[bold and ord(sign) in _strong()]
    font.set_size(100, POINTS)
    glyph = font.load_char(ord(sign), flags=mpl.ft2font.LoadFlags.NO_HINTING)
    return glyph.linearHoriAdvance / 65536 / 100, glyph.bbox[1] / 6400, glyph.bbox[3] / 6400


@cache
def _mask(sign: str, bold: bool, size: float, dots: float) -> tuple[np.ndarray, int, int]:
    """Give the ink of a character (0–255, rows from the top), and where it lies: right of the pen, over the baseline.

    ``size`` in points, ``dots`` per inch.
    """
    font = _fonts()[bold and ord(sign) in _strong()]
    font.set_size(size, dots)
    glyph = font.load_char(ord(sign), flags=mpl.ft2font.LoadFlags.NO_HINTING)
    left, low, right, high = glyph.bbox[0] // 64, glyph.bbox[1] // 64, -(-glyph.bbox[2] // 64), -(-glyph.bbox[3] // 64)
    ink = np.zeros((max(high - low, 1), max(right - left, 1)), dtype=np.uint8)
    font.draw_glyph_to_bitmap(ink, -left, 0, glyph)
    return ink, left, high


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
