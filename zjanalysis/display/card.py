"""The card of a report for phones: title, three sentences, the one figure and the check code as one picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from zjanalysis.display import theme
from zjanalysis.display.blocks import SAMPLE
from zjanalysis.display.wording import split_title

WIDTH, MARGIN, GAP = 1080, 48, 18
COLOURS = 96


@cache
def _font(size: int, strong: bool = False) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(theme.FONTS / f"ZJSansSC-{'Bold' if strong else 'Regular'}.otf"), size)


def _lines(text: str, font: ImageFont.FreeTypeFont, width: int, first: float = 0.0) -> list[str]:
    """Break a text into lines of at most ``width`` pixels, the first shorter by ``first``; none starts with ，or 。"""
    lines: list[str] = []
    line = ""
    for sign in text:
        room = width - (first if not lines else 0)
        if font.getlength(line + sign) > room and sign not in theme.CLOSING:
            lines.append(line)
            line = sign
        else:
            line += sign
    return [*lines, line]


def draw_card(*, title: str, terms: Sequence[tuple[str, str]], picture: bytes, code: str, sample: bool) -> bytes:
    """Give the card as PNG, 1,080 pixels wide; ``terms`` are the three sentences with their heads.

    Characters without a glyph read 〓. The same content gives the same bytes.
    """
    figure = Image.open(io.BytesIO(picture)).convert("RGB")
    canvas = Image.new("RGB", (WIDTH, 3000), "white")
    draw, y = ImageDraw.Draw(canvas), MARGIN
    if sample:
        draw.rectangle((MARGIN, y, WIDTH - MARGIN, y + 46), fill="#FFF3D6", outline="#B7791F", width=2)
        draw.text(
            (WIDTH / 2, y + 23), f"{SAMPLE}，不反映任何地区的实际情况", fill=theme.INK, font=_font(26), anchor="mm"
        )
        y += 46 + GAP
    top = y = _title(draw, y, theme.printable(title)) + GAP
    for head, text in terms:
        y = _paragraph(draw, y, head, theme.printable(text))
    draw.rectangle((MARGIN, top + 4, MARGIN + 7, y - 8), fill=theme.FOCUS)
    canvas.paste(figure, (MARGIN, y + GAP))
    y += GAP + figure.height + GAP
    for line in _lines(theme.printable(f"校验码 {code}"), _font(24), WIDTH - 2 * MARGIN):
        draw.text((MARGIN, y), line, fill=theme.SOFT, font=_font(24))
        y += 34
    out = io.BytesIO()
    card = canvas.crop((0, 0, WIDTH, y + MARGIN // 2))
    card.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
        out, "PNG", optimize=False, compress_level=6
    )
    return out.getvalue()


def _title(draw: ImageDraw.ImageDraw, y: int, title: str) -> int:
    """Write the title, its issue on a line of its own where both need two, and give where it ends."""
    font, room = _font(42, True), WIDTH - 2 * MARGIN
    for part in (title,) if font.getlength(title) <= room else filter(None, split_title(title)):
        for line in _lines(part, font, room):
            draw.text((WIDTH / 2, y), line, fill=theme.INK, font=font, anchor="ma")
            y += 58
    return y


def _paragraph(draw: ImageDraw.ImageDraw, y: int, head: str, text: str) -> int:
    """Write one sentence with its head in bold and give where the next one starts."""
    left, font, bold = MARGIN + 26, _font(31), _font(31, True)
    lead = bold.getlength(f"{head}：")
    draw.text((left, y), f"{head}：", fill=theme.INK, font=bold)
    for number, line in enumerate(_lines(text, font, WIDTH - MARGIN - left, lead)):
        draw.text((left + (lead if number == 0 else 0), y), line, fill=theme.INK, font=font)
        y += 46
    return y + 6
