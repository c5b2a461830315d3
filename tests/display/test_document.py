"""The document and the card of a report: what the page says, in their form, the same bytes every time, marked as sample."""

from __future__ import annotations

import io
from typing import Any

import pytest
from docx import Document
from docx.shared import Mm
from PIL import Image

import zjanalysis as zj
from zjanalysis.display import picture
from zjanalysis.display.document import SIZES, WIDTH, WIDTH_MM, _widths, draw_card, make_document
from zjanalysis.display.theme import ems
from zjanalysis.studies import Study

CODE = "ABCD-1234-EF56-7890"


def written(me: Study) -> tuple[dict[str, Any], list[Any], bytes]:
    cover = zj.cover(me).payload
    blocks = [zj.summary(me), zj.spine(me), zj.first_steps(me), zj.laggards(me, limit=3)]
    parts = [cover, *(block.payload for block in blocks[:3]), "一、为什么", blocks[3].payload]
    return cover, parts, make_document(parts, cover, office="湛江市政务服务数据管理局", code=CODE)


def words_of(content: bytes) -> str:
    document = Document(io.BytesIO(content))
    cells = (cell.text for table in document.tables for row in table.rows for cell in row.cells)
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


@pytest.mark.parametrize("whose", ["county", "city", "hostile"])
def test_the_document_says_what_the_page_says(whose: str, request: pytest.FixtureRequest) -> None:
    me = request.getfixturevalue(whose)
    cover, parts, content = written(me)
    document, words = Document(io.BytesIO(content)), words_of(content)
    section = document.sections[0]
    sizes = (section.page_width, section.top_margin, section.left_margin)
    assert [round(size / Mm(1)) for size in sizes] == [210, 37, 28]
    if whose != "hostile":
        for _, text in parts[1]["terms"]:
            assert text in words
        assert [row.cells[0].text for row in document.tables[-1].rows][1:] == [
            row[0] for row in parts[-1]["table"]["rows"][:3]
        ]
    foot = "".join(paragraph.text for paragraph in section.footer.paragraphs)
    assert CODE in foot
    assert ("示例数据（模拟）" in foot) == cover["sample"]
    assert len(document.inline_shapes) == 1
    assert document.inline_shapes[0]._inline.docPr.get("descr")


def test_no_number_is_broken_however_many_columns() -> None:
    """Every column has the room of its longest number, in ems of the table's letters."""
    head, row = (
        ["指标", "现值", "目标", "说明", "其他", "更多"],
        ["时限压缩率", "0.1131次", "高于100.00%", "很长的话" * 9, "甲" * 30, "乙" * 30],
    )
    widths = _widths([head, row])
    ems_of = [width / (SIZES["table"] * 20) for width in widths]
    assert sum(ems_of) == pytest.approx(WIDTH_MM * 56.7 / (SIZES["table"] * 20), abs=0.1)
    assert ems_of[1] > ems("0.1131") + 0.5
    assert ems_of[2] > ems("100.00%") + 0.5


def test_the_name_of_an_indicator_is_not_broken_beside_long_cells() -> None:
    row = [
        "全流程网办率",
        "88.44%",
        "高于90.57%",
        "3项（到90.88%）",
        "压缩101个工作日，涉及2个部门",
        "13项（到95.36%）",
    ]
    widths = _widths([["指标", "现值", "目标", "达标需改", "达标要付出的", "判断优于需改"], row])
    assert widths[0] / (SIZES["table"] * 20) >= 6 + 0.4  # ems: six signs and the edges of a cell


def test_the_same_report_gives_the_same_bytes(county: Study) -> None:
    assert written(county)[2] == written(county)[2]


def test_the_levels_have_their_fonts(county: Study) -> None:
    document = Document(io.BytesIO(written(county)[2]))
    fonts = {p.text: p.runs[0].font.name for p in document.paragraphs if p.runs}
    assert fonts["一、为什么"] == "黑体"
    assert next(name for text, name in fonts.items() if text.endswith("通报")) == "方正小标宋简体"


def test_the_card_is_as_wide_as_a_phone_shows_and_light(county: Study) -> None:
    import base64

    answer, spine = zj.summary(county).payload, zj.spine(county).payload
    drawn = [draw_card(title=zj.cover(county).payload["title"], terms=answer["terms"],
                       picture=base64.b64decode(spine["png"]), code=CODE, sample=sample) for sample in (True, False)]  # fmt: skip
    sizes = [Image.open(io.BytesIO(one)).size for one in drawn]
    assert [size[0] for size in sizes] == [WIDTH, WIDTH] == [1080, 1080]
    assert sizes[0][1] > sizes[1][1]
    assert all(len(one) < 300_000 for one in drawn)


def test_the_title_of_a_city_stays_whole_and_its_issue_stands_below(city: Study) -> None:
    title = zj.cover(city, title="对标通报", alone=True).payload
    document = Document(io.BytesIO(make_document([], title, office="局")))
    assert [p.text for p in document.paragraphs[1:3]] == ["湛江市（市本级）对标通报", "（2021年第1期）"]


def test_a_carried_picture_leaves_its_title_to_the_document(county: Study) -> None:
    """The page's figure keeps its title; the document writes it once, as its caption."""
    block = zj.spine(county)
    assert picture.titles(block.figure)[0].get_visible()
    assert f"图　{block.payload['title']}" in block.html
    words = [p.text for p in Document(io.BytesIO(written(county)[2])).paragraphs]
    assert words.count(f"图1　{block.payload['title']}") == 1
