"""How figures look: colours named for what they mean, the bundled font, one set of matplotlib settings.

Nothing here needs a font of the system: Noto Sans SC (a subset, SIL OFL) lies in ``assets/fonts``.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

# Each is at least 3:1 on white, and their greys differ; what a colour says, a word or a place says too.
FOCUS = "#0B4F8A"  # the region the report is about
PEER = "#8794A1"  # everybody else
AHEAD = "#0A6E68"  # better than the yardstick
BEHIND = "#D1600A"  # worse than the yardstick
BEHIND_TEXT = "#A8480A"  # the same in words: text needs 4.5:1
TARGET = "#8E1B4F"  # what the plan asks for
INK = "#1D2733"  # text
SOFT = "#55616D"  # small text, lines that explain
GRID = "#E3E7EB"  # lines that only guide the eye
RANGE = "#C9D2DA"  # a range, a state without hurry
BAND = "#EFF3F7"  # the row of the region the report is about

FONTS = Path(__file__).resolve().parent.parent / "assets" / "fonts"
FAMILY = "ZJ Sans SC"
STRONG = ("ZJ Sans SC Strong", FAMILY)  # bold; what it lacks comes from the regular weight
UNKNOWN = "〓"  # printed where the font has no glyph, as Chinese typesetters do

WIDTH = 156 / 25.4  # inches: the text width of an A4 page with the margins of GB/T 9704
DPI = 160
TEXT = 9.0  # points in print
SMALL = 8.0
TITLE = 10.0
POINT = 25.4 / 72  # millimetres

SETTINGS: Any = {
    "font.family": [FAMILY],
    "font.size": TEXT,
    "text.color": INK,
    "text.hinting": "none",
    "text.parse_math": False,  # an item named “$x$” is a name
    "axes.unicode_minus": True,
    "axes.edgecolor": GRID,
    "axes.labelcolor": SOFT,
    "axes.labelsize": SMALL,
    "axes.titlesize": TEXT,
    "axes.linewidth": 0.8,
    "axes.axisbelow": True,
    "axes.grid": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": SOFT,
    "ytick.color": INK,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": TEXT,
    "xtick.major.size": 0.0,
    "ytick.major.size": 0.0,
    "legend.frameon": False,
    "legend.fontsize": SMALL,
    "figure.dpi": DPI,
    "savefig.dpi": DPI,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "savefig.facecolor": "white",
    "hatch.linewidth": 0.6,
    "svg.fonttype": "none",
    "svg.hashsalt": "zjanalysis",
    "pdf.fonttype": 42,
}


def theme() -> None:
    """Use the bundled font and these settings for everything drawn from here on.

    Call it after ``seaborn.set_theme()``, which resets the font. A character without a glyph raises UserWarning from
    then on, because an empty box in a report is an error.
    """
    register()
    mpl.rcParams.update(SETTINGS)
    warnings.filterwarnings("error", message=r"Glyph \d+ .*missing from", category=UserWarning)


@contextmanager
def style() -> Iterator[None]:
    """Draw with these settings and leave the caller's as they were; a character without a glyph raises UserWarning.

    Dots that seaborn scatters, by numpy's own generator, lie the same every time.
    """
    register()
    chance = np.random.get_state()
    np.random.seed(0)
    ours = all(mpl.rcParams[name] == value for name, value in SETTINGS.items())  # to change and put back costs 3 ms
    try:
        with nullcontext() if ours else mpl.rc_context(SETTINGS), warnings.catch_warnings():
            warnings.filterwarnings("error", message=r"Glyph \d+ .*missing from", category=UserWarning)
            yield
    finally:
        np.random.set_state(chance)


def register() -> None:
    """Make the bundled font known to matplotlib, once."""
    known = {entry.name for entry in font_manager.fontManager.ttflist}
    if FAMILY not in known:
        for path in sorted(FONTS.glob("*.otf")):
            font_manager.fontManager.addfont(path)


@cache
def covered() -> frozenset[int]:
    """Return the code points the regular weight can draw."""
    return frozenset(FT2Font(str(FONTS / "ZJSansSC-Regular.otf")).get_charmap())


def printable(text: str) -> str:
    """Return a text that can be drawn: one line, no invisible signs, and 〓 where the font has no glyph.

    >>> printable("赤坎区\\u202e 😀\\n大厅")
    '赤坎区 〓 大厅'
    """
    spaced = " ".join(text.split())
    seen = (sign for sign in spaced if unicodedata.category(sign) not in {"Cf", "Cc", "Mn"})
    return "".join(sign if ord(sign) in covered() else UNKNOWN for sign in seen)


@lru_cache(20_000)
def ems(text: str) -> float:
    """Return the width of a text in ems: a Chinese character 1, anything narrow 0.58.

    >>> ems("赤坎区12")
    4.16
    """
    return sum(map(_em, text))


@cache
def _em(sign: str) -> float:
    return 1.0 if unicodedata.east_asian_width(sign) in "WFA" else 0.58


def shorten(text: str, limit: float) -> str:
    """Return a text of at most ``limit`` ems, ending in … when something was left out.

    >>> shorten("湛江市市场监督管理局", 6)
    '湛江市市场…'
    """
    if ems(text) <= limit:
        return text
    cut = text
    while cut and ems(cut) + 1 > limit:
        cut = cut[:-1]
    return f"{cut}…"


OPENING, CLOSING = "（“《〔(", "）”》〕、，；。：)"
UNBROKEN = re.compile(rf"[{OPENING}]{{0,2}}(?:[+−]?[0-9.]{{1,12}}[%次点项件个]?|.)[{CLOSING}]{{0,3}}", re.DOTALL)
"""What stays on one line: a number with its unit, and a sign with the brackets and stops at it."""


def lines_of(text: str, limit: float, *, width: Callable[[str], float] = ems, first: float = 0.0) -> list[str]:
    """Return a text in lines of at most ``limit`` as ``width`` measures them, the first shorter by ``first``.

    No number is broken, no line starts with a closing sign or ends with an opening one.

    >>> lines_of("甲乙丙丁。", 4), lines_of("差（+0.0118次）", 8)
    (['甲乙丙', '丁。'], ['差', '（+0.0118次）'])
    """
    if width(text) <= limit - first:
        return [text]
    lines: list[str] = []
    line = ""
    for part in UNBROKEN.findall(text):
        if line and width(line + part) > limit - (0 if lines else first):
            lines.append(line)
            line = ""
        line += part
    return [*lines, line]


def wrap(text: str, limit: float) -> str:
    """Return a name on at most two lines of ``limit`` ems each, of much the same length, the second shortened.

    A bracket goes whole to the second line where it fits; no line starts with a closing one.

    >>> wrap("湛江市住房和城乡建设局", 8), wrap("市监局（知识产权局）", 7)
    ('湛江市住房和\\n城乡建设局', '市监局\\n（知识产权局）')
    """
    if ems(text) <= limit:
        return text
    half = min(limit, ems(text) / 2 + 0.5)
    bracket = text.find("（")
    if bracket > 0 and max(ems(text[:bracket]), ems(text[bracket:])) <= limit:
        return f"{text[:bracket]}\n{text[bracket:]}"
    cut = next(n for n in range(len(text), 0, -1) if ems(text[:n]) <= half or n == 1)
    while cut > 1 and (text[cut - 1] in OPENING or text[cut] in CLOSING):
        cut -= 1
    return f"{text[:cut]}\n{shorten(text[cut:], limit)}"
