"""The checks of how a page is made: offline, accessible, light, fit for paper, code folded, figures whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from zjanalysis.display.workbook import sheet_names
from zjanalysis.publish import page as pages
from zjanalysis.publish.evidence import Evidence, in_tables, inside, sheets, tables_of
from zjanalysis.publish.markup import Page

MAX_BYTES = 350_000
_LOADS = ("src", "href", "srcset", "poster", "data", "action", "formaction", "background", "xlink:href", "ping", "cite")
_BESIDE = re.compile(r"(?:\.\./)*[\w.-]+(?:/[\w.-]+)*\.(?:html|xlsx|ipynb|docx|png)")
"""An address of a file of ours that lies beside the page: no scheme, no host."""
_FIXED_STYLE = re.compile(r"(?:width|height|left|--[a-z-]+|grid-[a-z-]+):[^;]*;?\s*", re.IGNORECASE)


def offline(seen: Evidence) -> Iterator[str]:
    """2. Nothing that loads, the content security policy as it must be."""
    policies = [
        m.attributes.get("content")
        for m in seen.page.all("meta")
        if m.attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    if policies != [pages.CSP]:
        yield "内容安全策略（CSP）缺失或被改动"
    for element in seen.page.elements:
        for name, value in element.attributes.items():
            harmless = (
                value.startswith("#")
                or (element.tag == "img" and value.startswith("data:image/"))
                or (element.tag == "a" and name == "href" and _BESIDE.fullmatch(value) is not None)
            )
            if name in _LOADS and not harmless:
                yield f"有指向外部的地址：<{element.tag} {name}=“{value[:40]}”>"
        if element.tag == "meta" and element.attributes.get("http-equiv", "").lower() == "refresh":
            yield "有自动跳转"
    if re.search(r"url\(|@import|expression\(", "".join(s.text for s in seen.page.all("style")) + _styles(seen.page)):
        yield "样式里有要加载的地址"


def accessible(seen: Evidence) -> Iterator[str]:
    """3. Language, headings, landmarks, contents, skip link, captions, scopes, alt text, tested style sheets only."""
    page = seen.page
    if [e.attributes.get("lang") for e in page.all("html")] != ["zh-CN"]:
        yield "页面语言不是 zh-CN"
    levels = [int(e.tag[1]) for e in page.all("h1", "h2", "h3", "h4", "h5", "h6")]
    if levels.count(1) != 1 or levels[:1] != [1]:
        yield f"一级标题应有且只有一个并在最前，现有 {levels.count(1)} 个"
    yield from (f"标题跳级：h{a} 之后是 h{b}" for a, b in pairwise(levels) if b > a + 1)
    yield from (f"缺少 <{tag}> 区域" for tag in ("main", "nav", "header", "footer") if not page.all(tag))
    names = {e.attributes["id"] for e in page.elements if "id" in e.attributes}
    if len(names) != sum("id" in e.attributes for e in page.elements):
        yield "有重复的 id"
    labels = [e.attributes["aria-label"] for e in page.elements if e.attributes.get("role") == "region"]
    yield from (f"两个区域同名：{name}" for name in sorted({name for name in labels if labels.count(name) > 1}))
    links = [e.attributes["href"][1:] for e in page.all("a") if e.attributes.get("href", "").startswith("#")]
    yield from (f"目录指向不存在的位置：#{link}" for link in links if link not in names)
    if "main" not in links:
        yield "没有“跳到正文”链接"
    yield from (
        f"图片没有说明文字（第 {n} 幅）"
        for n, e in enumerate(page.all("img", "svg"), 1)
        if len((e.attributes.get("alt") or e.attributes.get("aria-label") or "").strip()) < 8
    )
    yield from _tables(page)
    yield from _only_tested_styles(seen)


def light(seen: Evidence) -> Iterator[str]:
    """7. Under 350 kB; pictures are SVG with real words."""
    size = len(seen.text.encode("utf-8"))
    if size >= MAX_BYTES:
        yield f"页面 {size / 1e3:.0f} kB，超过 350 kB"
    kinds = {e.attributes.get("src", "")[:20].split(";")[0] for e in seen.page.all("img")}
    yield from (f"图片格式不对：{kind}" for kind in kinds - {"data:image/png", "data:image/svg+xml"})


def prints(seen: Evidence) -> Iterator[str]:
    """8. A4 with the margins of GB/T 9704, repeated heads, unbroken figures and rows, running head, no font inside."""
    css = "".join(style.text for style in seen.page.all("style"))
    wanted = {"A4": "size: A4", "页边距": "37mm 26mm 35mm 28mm", "重复表头": "table-header-group",
              "图表不断页": "break-inside: avoid", "页眉": "@top-left", "校验码页眉": "校验码"}  # fmt: skip
    yield from (f"打印样式缺少：{name}" for name, rule in wanted.items() if rule not in css)
    if "@font-face" in css:
        yield "页面嵌入了字体"
    yield from ("表格没有表头" for table in in_tables(seen.page, "thead") if not table)


def folded(seen: Evidence) -> Iterator[str]:
    """9. Code only inside 方法与代码, folded."""
    if not any(e.text.strip() == "方法与代码" for e in seen.page.all("h2")):
        yield "没有“方法与代码”一节"
    loose = [e for e in seen.page.all("pre") if "details" not in e.inside]
    if loose or any("open" in e.attributes for e in seen.page.all("details") if "main" in e.inside):
        yield "代码没有折叠"


def whole_figures(seen: Evidence) -> Iterator[str]:
    """12. Each figure: picture, sentence, the table it draws, and its place in the workbook beside the page."""
    figures = [e for e in seen.page.all("figure") if e.has_class("zj-figure")]
    exhibits = seen.kind("exhibit")
    if len(figures) != len(exhibits):
        yield f"图 {len(figures)} 幅，记录 {len(exhibits)} 幅"
    for number, figure in enumerate(figures, 1):
        parts = inside(seen.page, figure)
        there = {e.tag for e in parts}
        wanted = {"图": "svg", "表": "table", "数据表位置": "summary"}
        yield from (f"第 {number} 图缺少{word}" for word, name in wanted.items() if name not in there)
    names, held = sheet_names([str(t["sheet"] or t["caption"]) for t in tables_of(seen.blocks)]), sheets(seen.workbook)
    yield from (f"工作簿缺少“{name}”页" for name in names if name not in held)


def _tables(page: Page) -> Iterator[str]:
    captions, scoped = in_tables(page, "caption"), in_tables(page, "th")
    yield from (f"第 {n} 个表没有标题" for n, found in enumerate(captions, 1) if not any(e.text.strip() for e in found))
    yield from (
        f"第 {n} 个表的表头没有 scope"
        for n, found in enumerate(scoped, 1)
        if not found or any("scope" not in e.attributes for e in found)
    )


def _styles(page: Page) -> str:
    return ";".join(e.attributes["style"] for e in page.elements if "style" in e.attributes and "svg" not in e.inside)


def _only_tested_styles(seen: Evidence) -> Iterator[str]:
    """Colours come from the tested sheets alone: inline styles set sizes only, those of a drawing aside."""
    written = [e.text.strip() for e in seen.page.all("style")]
    if not written or pages.style().strip() not in written[0]:
        yield "样式表被改动"
    yield from ("有未经检验的样式" for _ in written[1:])
    if re.sub(r"[;\s]", "", _FIXED_STYLE.sub("", _styles(seen.page))):
        yield f"有未经检验的行内样式：{_styles(seen.page)[:40]}"
