"""What is made from a page beside it: its main part as a document to be edited and forwarded, and its card.

The document has the form of 党政机关公文 (GB/T 9704—2012); the card, for phones, is title, three sentences, the one
figure and the check code as one picture. Both are what the page shows, so that they cannot differ from it.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from zjanalysis.display import templates, theme
from zjanalysis.display.dates import date_text
from zjanalysis.display.picture import ZLIB, palette
from zjanalysis.display.tables import NUMERIC, table_from_payload, varying
from zjanalysis.display.theme import ems
from zjanalysis.display.wording import SAMPLE, split_title
from zjanalysis.display.workbook import repack
from zjanalysis.neutral import safe_text

# GB/T 9704—2012, 5.2 (page and its margins), 7.3 (title, text, levels), 7.3.5 (signature and date), 7.5 (page number).
MARGINS = {"top_margin": 37, "bottom_margin": 35, "left_margin": 28, "right_margin": 26}
WIDTH_MM = 156
SIZES = {"title": 22, "text": 16, "table": 10.5, "note": 10.5, "foot": 14}
SHORT = 6.0  # ems: 全流程网办率
_RUN = re.compile(r"[!-~−≤≥＞＜]+")  # what must not be broken
Part = str | Mapping[str, Any]
"""A heading of the page, or the payload of a block."""


def make_document(
    parts: Iterable[Part], cover: Mapping[str, Any], *, office: str, code: str = "", date: str = ""
) -> bytes:
    """Return the document as bytes; the same content gives the same bytes.

    ``cover`` is the payload of the cover (``to``: the 主送机关, where it is sent to somebody), ``office`` who issues
    it, ``code`` the 校验码 of the page it is made from, ``date`` the 成文日期 (ISO).
    """
    from docx import Document  # noqa: PLC0415 - only a build writes documents

    document, sample = Document(), bool(cover.get("sample"))
    _lay_out(document, cover, code=code)
    if sample:
        _paragraph(document, f"{SAMPLE}，不反映任何地区的实际情况", "one", 14, align="center")
    name, issue = split_title(str(cover.get("title", "")))
    _paragraph(document, name, "title", SIZES["title"], align="center", line=32)
    _paragraph(document, issue, "two", SIZES["text"], align="center", after=14)
    if cover.get("to"):
        _paragraph(document, f"{cover['to']}：", "text", SIZES["text"])
    numbers = {"图": 0, "表": 0}
    for part in parts:
        _write(document, part, numbers)
    source = "".join(f"{text}。" for text in (cover.get("source", ""), code and f"校验码 {code}") if text)
    if source:
        _paragraph(document, source, "table", SIZES["note"], before=10, after=10, line=0)
    if document.paragraphs and document.element.body[-2] is document.paragraphs[-1]._p:
        document.paragraphs[-1].paragraph_format.keep_with_next = True  # a signature has no page of its own
    for line in (office, date_text(date) if date else "（成文日期由签发时填写）"):
        _paragraph(document, line, "text", SIZES["text"], align="right", right=64, keep=line == office)
    out = io.BytesIO()
    document.save(out)
    return repack(out.getvalue())


def _lay_out(document: Any, cover: Mapping[str, Any], *, code: str) -> None:
    """Set paper, margins, the properties of the file and the foot of every page."""
    from docx.shared import Mm  # noqa: PLC0415

    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    for name, size in MARGINS.items():
        setattr(section, name, Mm(size))
    about = document.core_properties
    about.title, about.author, about.comments = safe_text(str(cover.get("title", ""))), "zjanalysis", code
    marks = (SAMPLE if cover.get("sample") else "", code and f"校验码 {code}")
    foot = section.footer._element
    for old in list(foot):
        foot.remove(old)
    foot.append(_element("page_number", SIZES["foot"]))
    foot.append(_element("paragraph", "　".join(filter(None, marks)), "table", 9, align="center", line=0))


def _write(document: Any, part: Part, numbers: dict[str, int]) -> None:
    if isinstance(part, str):
        _paragraph(document, part, "one", SIZES["text"], indent=True, keep=True)
        return
    for term, text in part.get("terms", ()) if part["kind"] == "answer" else ():
        _paragraph(document, text, "text", SIZES["text"], indent=True, lead=f"{term}。")
    if part["kind"] == "glossary":
        terms = "；".join(f"{term}：{text}" for term, text in part["terms"])
        _paragraph(document, f"{terms}。", "table", 9, after=8, line=0)
    said = part.get("sentence") or part.get("text") or ""
    if said:
        _paragraph(document, said, "text", SIZES["text"], indent=True)
    if part.get("png"):
        numbers["图"] += 1
        _picture(document, part, numbers["图"])
    elif isinstance(part.get("table"), Mapping) and part["table"]["rows"]:
        numbers["表"] += 1
        _table(document, part, numbers["表"])


def _picture(document: Any, part: Mapping[str, Any], number: int) -> None:
    from docx.shared import Mm, Pt  # noqa: PLC0415

    paragraph = document.add_paragraph()
    paragraph.alignment = 1
    paragraph.paragraph_format.keep_with_next = True
    paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = Pt(6), Pt(0)
    drawn = paragraph.add_run().add_picture(io.BytesIO(base64.b64decode(part["png"])), width=Mm(WIDTH_MM))
    drawn._inline.docPr.set("descr", safe_text(part["alt"]))
    _paragraph(document, f"图{number}　{part['title']}", "table", SIZES["note"], align="center", after=6)


def _table(document: Any, part: Mapping[str, Any], number: int) -> None:
    """Write the rows the page shows; what the page leaves to the workbook, the note names."""
    printed = table_from_payload(part["table"])
    limit = int(part.get("limit") or 0) or len(printed.rows)
    every = printed.texts()[:limit]
    places, said = varying(printed, every)
    texts = [[row[place] for place in places] for row in every]
    right = [printed.heads[place].kind in NUMERIC for place in places]
    heads = [printed.heads[place].text for place in places]
    widths = _widths([heads, *texts])
    _paragraph(document, f"表{number}　{printed.caption}", "one", SIZES["table"], align="center", before=6, keep=True)
    _add(document, "table", heads, texts, widths, right, SIZES["table"])
    _paragraph(document, printed.rest(limit) + said + printed.note, "table", 9, after=8)


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """Share the width of the text among the columns (twentieths of a point): numbers stay whole, long words wrap.

    Every column has the room of its longest number, one of short words (an indicator's name) that of its longest word;
    what is left goes to those that want more.
    """
    needed, easy = [], []
    for column in zip(*rows, strict=True):
        cells = column[1:] or column
        run, longest = max(ems(found) for text in cells for found in _RUN.findall(text) or [""]), max(map(ems, cells))
        needed.append(max(3.0, 1.2 * run, longest if longest <= SHORT else 0.0) + 0.9)
        easy.append(max(needed[-1], 4.4, min(longest, 13.0) + 1.4))
    whole = WIDTH_MM * 56.7 / (SIZES["table"] * 20)  # ems
    more = max(whole - sum(needed), 0) / ((sum(easy) - sum(needed)) or 1)
    sizes = [low + (high - low) * more for low, high in zip(needed, easy, strict=True)]
    return [round(WIDTH_MM * 56.7 * size / sum(sizes)) for size in sizes]


def _element(macro: str, *values: Any, **more: Any) -> Any:
    """Return what a macro of document.xml.j2 writes, as an element of a document."""
    from docx.oxml import parse_xml  # noqa: PLC0415

    return parse_xml(getattr(templates.macros("document.xml.j2"), macro)(*values, **more))


def _add(document: Any, macro: str, *values: Any, **more: Any) -> None:
    body = document.element.body
    body.insert(len(body) - 1, _element(macro, *values, **more))  # the last element is the section


def _paragraph(document: Any, text: str, font: str, size: float, **look: Any) -> None:
    _add(document, "paragraph", text, font, size, **look)


WIDTH, MARGIN, GAP = 1080, 48, 18
NOTICE, NOTICE_EDGE = "#FFF3D6", "#B7791F"


@cache
def _font(size: int, strong: bool = False) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(theme.FONTS / f"ZJSansSC-{'Bold' if strong else 'Regular'}.otf"), size)


def draw_card(*, title: str, terms: Sequence[tuple[str, str]], picture: bytes, code: str, sample: bool) -> bytes:
    """Return the card as PNG, 1,080 pixels wide; ``terms`` are the three sentences with their heads.

    Characters without a glyph read 〓. The same content gives the same bytes.
    """
    figure = Image.open(io.BytesIO(picture)).convert("RGB")
    canvas = Image.new("RGB", (WIDTH, 3000), "white")
    draw, y = ImageDraw.Draw(canvas), MARGIN
    if sample:
        draw.rectangle((MARGIN, y, WIDTH - MARGIN, y + 46), fill=NOTICE, outline=NOTICE_EDGE, width=2)
        notice = f"{SAMPLE}，不反映任何地区的实际情况"
        draw.text((WIDTH / 2, y + 23), notice, fill=theme.INK, font=_font(26), anchor="mm")
        y += 46 + GAP
    top = y = _title(draw, y, theme.printable(title)) + GAP
    for head, text in terms:
        y = _draw_paragraph(draw, y, head, theme.printable(text))
    draw.rectangle((MARGIN, top + 4, MARGIN + 7, y - 8), fill=theme.FOCUS)
    canvas.paste(figure, (MARGIN, y + GAP))
    y += GAP + figure.height + GAP
    for line in theme.lines_of(theme.printable(f"校验码 {code}"), WIDTH - 2 * MARGIN, width=_font(24).getlength):
        draw.text((MARGIN, y), line, fill=theme.SOFT, font=_font(24))
        y += 34
    out = io.BytesIO()
    card = canvas.crop((0, 0, WIDTH, y + MARGIN // 2))
    card = card.quantize(palette=palette(NOTICE, NOTICE_EDGE), dither=Image.Dither.NONE)
    card.save(out, "PNG", optimize=False, compress_level=ZLIB)
    return out.getvalue()


def _title(draw: ImageDraw.ImageDraw, y: int, title: str) -> int:
    """Write the title, its issue on a line of its own where both need two, and give where it ends."""
    font, room = _font(42, True), WIDTH - 2 * MARGIN
    for part in (title,) if font.getlength(title) <= room else filter(None, split_title(title)):
        for line in theme.lines_of(part, room, width=font.getlength):
            draw.text((WIDTH / 2, y), line, fill=theme.INK, font=font, anchor="ma")
            y += 58
    return y


def _draw_paragraph(draw: ImageDraw.ImageDraw, y: int, head: str, text: str) -> int:
    """Write one sentence with its head in bold and give where the next one starts."""
    left, font, bold = MARGIN + 26, _font(31), _font(31, True)
    lead = bold.getlength(f"{head}：")
    draw.text((left, y), f"{head}：", fill=theme.INK, font=bold)
    for line in theme.lines_of(text, WIDTH - MARGIN - left, width=font.getlength, first=lead):
        draw.text((left + lead, y), line, fill=theme.INK, font=font)
        lead, y = 0.0, y + 46
    return y + 6
