"""The gate: the checks every page passes before it is released. Each gives Chinese sentences, none when it is good.

Contrast and what only a browser can see (axe-core) is held by the tests for the style sheets; here a page is bound to
exactly those style sheets, so that what was tested is what is released.
"""

from __future__ import annotations

import getpass
import json
import re
import socket
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Any, NamedTuple

from nbformat import NotebookNode

from zjanalysis.display.workbook import sheet_names
from zjanalysis.publish import page as pages
from zjanalysis.publish.jobs import Job
from zjanalysis.publish.release import ENDS

_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_UNREAD = {"script", "style"}
_PLAIN = re.compile(r'<(?!(?:script|style|title)\b)([a-z][a-z0-9]*)((?: [A-Za-z][\w:-]*="[^"&<>]*")*) ?(/?)>')
_ATTRIBUTE = re.compile(r' ([^=]+)="([^"]*)"')


class Element(NamedTuple):
    """One element: tag, attributes, the tags around it, its number in the page, the text inside it in pieces."""

    tag: str
    attributes: Mapping[str, str]
    inside: tuple[str, ...]
    number: int
    pieces: list[str]

    @property
    def text(self) -> str:
        """Return the text inside, without mark-up."""
        return "".join(self.pieces)

    def has_class(self, name: str) -> bool:
        """Tell whether the element carries the class."""
        return name in self.attributes.get("class", "").split()


class PageReader(HTMLParser):
    """Collects elements; the standard library hands them over one tag at a time."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[Element] = []
        self.elements: list[Element] = []
        self.unpaired: list[str] = []

    def parse_starttag(self, i: int) -> int:
        """Read a tag as our templates write nearly all of them in one step, any other as the standard library does."""
        plain = _PLAIN.match(self.rawdata, i) if self.cdata_elem is None else None
        if plain is None:
            return super().parse_starttag(i)
        tag, written, ends = plain.groups()
        handle = self.handle_startendtag if ends else self.handle_starttag
        handle(tag, [(name.lower(), value) for name, value in _ATTRIBUTE.findall(written)])
        return plain.end()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element; void ones end at once."""
        around = (*self.open[-1].inside, self.open[-1].tag) if self.open else ()
        element = Element(tag, {name: value or "" for name, value in attrs}, around, len(self.elements), [])
        self.elements.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        """Close the element, which must be the innermost."""
        if self.open and self.open[-1].tag == tag:
            self.open.pop()
        elif tag not in _VOID:
            self.unpaired.append(f"</{tag}>")

    def handle_data(self, text: str) -> None:
        """Give the text to every element it stands in."""
        unread = self.open and self.open[-1].tag in _UNREAD
        for element in self.open[-1:] if unread else self.open:
            element.pieces.append(text)


@dataclass(frozen=True)
class PageFacts:
    """All the checks look at; ``elements`` in their order, ``unpaired`` tags as the parser met them."""

    notebook: NotebookNode
    text: str
    job: Job
    workbook: Path
    elements: tuple[Element, ...]
    unpaired: tuple[str, ...]

    @cached_property
    def bare(self) -> str:
        """Return the page's text without the bytes of its pictures."""
        return re.sub(r"data:image/[^\"']*", "", self.text)

    @cached_property
    def blocks(self) -> list[dict[str, Any]]:
        """Return the display blocks of the notebook."""
        return pages.payloads(self.notebook)

    def kind(self, name: str) -> list[dict[str, Any]]:
        """Return the blocks of one kind."""
        return [block for block in self.blocks if block.get("kind") == name]

    def all(self, *tags: str) -> list[Element]:
        """Return the elements with one of the tags, in order."""
        return [element for element in self.elements if element.tag in tags]

    def inside(self, outer: Element) -> list[Element]:
        """Return the elements inside another."""
        return list(takewhile(lambda e: len(e.inside) > len(outer.inside), self.elements[outer.number + 1 :]))

    def in_tables(self, tag: str) -> list[list[Element]]:
        """Return, for every table, the elements of one tag inside it."""
        return [[e for e in self.inside(table) if e.tag == tag] for table in self.all("table")]


MAX_BYTES = 350_000
MAX_SIGNS = 3_000  # of the main part; ours keep to 2,500, three minutes, but long names cost no office its page
_TAGS = frozenset(re.findall(
    r"\w+",
    "html head meta title style body a header footer nav main section article aside div p span strong em b i small sub "
    "sup br hr h1 h2 h3 h4 h5 h6 ul ol li dl dt dd table caption colgroup col thead tbody tfoot tr th td figure "
    "figcaption img pre code details summary script blockquote mark time abbr del ins "
    "svg g path text tspan use defs rect line circle",
))  # fmt: skip
_LOADS = ("src", "href", "srcset", "poster", "data", "action", "formaction", "background", "xlink:href", "ping", "cite")
_BESIDE = re.compile(r"(?:\.\./)*[\w.-]+(?:/[\w.-]+)*\.(?:" + ENDS + r")")  # a file of ours beside the page
_SIZES = re.compile(r"(?:width|height|left|--[a-z0-9-]+|grid-[a-z-]+):[^;]*;?\s*", re.IGNORECASE)
_MACHINE = re.compile(
    r"[A-Za-z]:\\(?:Users|Windows|Program|Documents)[^\s<>\"']*"
    r"|(?<![\w.])/(?:home|root|usr|opt|tmp|var|mnt|Users|private)/[^\s<>\"']*"
)
_MAYBE_MACHINE = re.compile(r":\\|/(?:home|root|usr|opt|tmp|var|mnt|Users|private)/")
_TRACE = re.compile(r"Traceback \(most recent call last\)|<ipython-input|File \"[^\"]+\", line \d+")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d|\bat 0x[0-9a-f]{6,}")
_MAYBE_MOMENT = re.compile(r"T\d\d:\d\d|at 0x")
_FINGERPRINT = re.compile(r"(?:[0-9A-HJKMNP-TV-Z]{3}-){3}[0-9A-HJKMNP-TV-Z]{3}")
_PRINT_RULES = {"A4": "size: A4", "页边距": "37mm 26mm 35mm 28mm", "重复表头": "table-header-group",
                "图表不断页": "break-inside: avoid", "页眉": "@top-left", "校验码页眉": "校验码"}  # fmt: skip
_NOT_READ = re.compile(r'<svg.*?</svg>|<details class="zj-data".*?</details>|<style.*?</style>|<[^>]+>', re.DOTALL)
_FIGURE_PARTS = {"图": "svg", "表": "table", "数据表位置": "summary"}


def faults(notebook: NotebookNode, text: str, *, job: Job, workbook: Path) -> list[str]:
    """Return every fault of a page, in the order of the checks; an empty list lets it pass."""
    reader = PageReader()
    reader.feed(text)
    reader.close()
    still_open = [f"<{element.tag}>" for element in reader.open if element.tag not in ("html", "body")]
    unpaired = (*reader.unpaired, *still_open)
    page = PageFacts(notebook, text, job, workbook, tuple(reader.elements), unpaired)
    return [fault for check in CHECKS for fault in check(page)]


def hidden_warnings(notebook: NotebookNode) -> int:
    """Return how many lines the notebook wrote to stderr; they are not in the page, the summary counts them."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", ()))
    return sum(len(o.text.strip().splitlines()) for o in outputs if o.output_type == "stream" and o.name == "stderr")


def complete(page: PageFacts) -> Iterator[str]:
    """1. No error output, the completion mark at the end."""
    if any(output.output_type == "error" for cell in page.notebook.cells for output in cell.get("outputs", ())):
        yield "笔记本有出错的单元格"
    cells = [cell for cell in page.notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    if not all(cell.execution_count for cell in cells):
        yield "没有完成标记，笔记本没有运行到最后"
    elif not any(end.get("complete") for end in page.kind("end")):
        yield "没有完成标记，请在笔记本最后写 zj.finish(me)"
    elif not any("data-zj-complete" in element.attributes for element in page.elements):
        yield "页面没有完成标记"
    yield from (f"标签没有配对：{tag}" for tag in page.unpaired[:3])


def offline(page: PageFacts) -> Iterator[str]:
    """2. Nothing that loads, the content security policy as it must be."""
    metas = [(m.attributes.get("http-equiv", ""), m.attributes.get("content")) for m in page.all("meta")]
    if [content for name, content in metas if name == "Content-Security-Policy"] != [pages.CSP]:
        yield "内容安全策略（CSP）缺失或被改动"
    for element in page.elements:
        for name, value in element.attributes.items():
            beside = element.tag == "a" and name == "href" and _BESIDE.fullmatch(value)
            picture = element.tag == "img" and value.startswith("data:image/")
            harmless = value.startswith("#") or picture or beside
            if name in _LOADS and not harmless:
                yield f"有指向外部的地址：<{element.tag} {name}=“{value[:40]}”>"
    if any(name.lower() == "refresh" for name, _ in metas):
        yield "有自动跳转"
    if re.search(r"url\(|@import|expression\(", _sheets(page) + _inline_styles(page)):
        yield "样式里有要加载的地址"


def accessible(page: PageFacts) -> Iterator[str]:
    """3. Language, headings, landmarks, contents, skip link, captions, scopes, alt text, tested style sheets only."""
    if [e.attributes.get("lang") for e in page.all("html")] != ["zh-CN"]:
        yield "页面语言不是 zh-CN"
    levels = [int(e.tag[1]) for e in page.all("h1", "h2", "h3", "h4", "h5", "h6")]
    if page.kind("cover") and (levels.count(1) != 1 or levels[:1] != [1]):  # without one `own_region` says so
        yield f"一级标题应有且只有一个并在最前，现有 {levels.count(1)} 个"
    yield from (f"标题跳级：h{a} 之后是 h{b}" for a, b in pairwise(levels) if b > a + 1)
    yield from (f"缺少 <{tag}> 区域" for tag in ("main", "nav", "header", "footer") if not page.all(tag))
    ids = [e.attributes["id"] for e in page.elements if "id" in e.attributes]
    if len(ids) != len(set(ids)):
        yield "有重复的 id"
    labels = [e.attributes["aria-label"] for e in page.elements if e.attributes.get("role") == "region"]
    yield from (f"两个区域同名：{name}" for name in sorted({name for name in labels if labels.count(name) > 1}))
    links = [e.attributes["href"][1:] for e in page.all("a") if e.attributes.get("href", "").startswith("#")]
    yield from (f"目录指向不存在的位置：#{link}" for link in links if link not in ids)
    if "main" not in links:
        yield "没有“跳到正文”链接"
    alts = [(e.attributes.get("alt") or e.attributes.get("aria-label") or "").strip() for e in page.all("img", "svg")]
    yield from (f"图片没有说明文字（第 {n} 幅）" for n, alt in enumerate(alts, 1) if len(alt) < 8)
    captions = [any(e.text.strip() for e in captions) for captions in page.in_tables("caption")]
    yield from (f"第 {n} 个表没有标题" for n, named in enumerate(captions, 1) if not named)
    scopes = [heads and all("scope" in e.attributes for e in heads) for heads in page.in_tables("th")]
    yield from (f"第 {n} 个表的表头没有 scope" for n, scoped in enumerate(scopes, 1) if not scoped)


def tested_styles(page: PageFacts) -> Iterator[str]:
    """3. Colours come from the tested sheets alone: inline styles set sizes only, those of a drawing aside."""
    first, *others = [sheet.text.strip() for sheet in page.all("style")] or [""]
    if pages.style().strip() not in first:
        yield "样式表被改动"
    yield from ("有未经检验的样式" for _ in others)
    if re.sub(r"[;\s]", "", _SIZES.sub("", _inline_styles(page))):
        yield f"有未经检验的行内样式：{_inline_styles(page)[:40]}"


def own_region(page: PageFacts) -> Iterator[str]:
    """4. Its own region and period as its subject, no other; 示例数据（模拟） when it is."""
    covers, job = page.kind("cover"), page.job
    if len(covers) != 1:
        yield f"报头应有且只有一个，现有 {len(covers)} 个，由 zj.cover(me) 写出"
        return
    cover = covers[0]
    if cover.get("region_code") != job.region_code or cover.get("period") != job.period:
        yield f"报头是“{cover.get('region')}”{cover.get('period')}，应是“{job.region}”{job.period}"
    if not all(job.region in "".join(e.text for e in page.all(tag)) for tag in ("title", "h1")):
        yield f"标题没有写明“{job.region}”"
    bands = [element.text for element in page.elements if element.has_class("zj-band")]
    if cover.get("sample") and not any("示例数据（模拟）" in band for band in bands):
        yield "示例数据没有标明“示例数据（模拟）”"


def discreet(page: PageFacts) -> Iterator[str]:
    """5. No absolute path, user name, host name or traceback."""
    yield from (f"有本机路径：{path[:40]}" for path in _found(_MACHINE, _MAYBE_MACHINE, page.bare))
    if _TRACE.search(page.bare):
        yield "有程序出错信息"
    named = (name for name in _names() if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", page.bare))
    yield from (f"有本机名称：{name}" for name in named)


def escaped(page: PageFacts) -> Iterator[str]:
    """6. Nothing from a workbook acts: only harmless tags and attributes, no formula in the workbook."""
    for element in page.elements:
        if element.tag not in _TAGS:
            yield f"有不允许的标签 <{element.tag}>"
        if element.tag == "script" and element.attributes.get("type") != "application/json":
            yield "有可执行的脚本"
        yield from (f"有事件属性 {name}" for name in element.attributes if name.startswith("on") or name == "srcdoc")
    with zipfile.ZipFile(page.workbook) as book:
        names = book.namelist()
        foreign = [name for name in names if re.search(r"externalLink|vbaProject|connections\.xml", name)]
        yield from (f"工作簿含有外部内容 {name}" for name in foreign)
        cells = [name for name in names if re.fullmatch(r"xl/worksheets/.*\.xml", name) and name not in foreign]
        yield from ("工作簿里有公式" for name in cells if re.search(rb"<f[ >]", book.read(name)))


def light(page: PageFacts) -> Iterator[str]:
    """7. Under 350 kB; pictures are SVG with real words."""
    size = len(page.text.encode("utf-8"))
    if size >= MAX_BYTES:
        yield f"页面 {size / 1e3:.0f} kB，超过 350 kB"
    kinds = {e.attributes.get("src", "")[:20].split(";")[0] for e in page.all("img")}
    yield from (f"图片格式不对：{kind}" for kind in kinds - {"data:image/png", "data:image/svg+xml"})


def brief(page: PageFacts) -> Iterator[str]:
    """8. The main part of a page that answers for a region is read in three minutes; words in figures do not count."""
    signs = signs_to_read(page.text)
    if signs > MAX_SIGNS:
        yield f"正文 {signs} 字，超过 {MAX_SIGNS} 字"


def signs_to_read(text: str) -> int:
    """Return how many signs the main part of a page has; 0 where it does not answer for a region."""
    main = re.search(r'<main.*?(?=<section class="page-annexes"|<section class="page-method")', text, re.DOTALL)
    if not main or 'class="zj-answer"' not in main[0]:
        return 0
    return len(re.sub(r"\s", "", unescape(_NOT_READ.sub("", main[0]))))


def prints(page: PageFacts) -> Iterator[str]:
    """9. A4 with the margins of GB/T 9704, repeated heads, unbroken figures and rows, running head, no font inside."""
    css = _sheets(page)
    yield from (f"打印样式缺少：{name}" for name, rule in _PRINT_RULES.items() if rule not in css)
    if "@font-face" in css:
        yield "页面嵌入了字体"
    yield from ("表格没有表头" for heads in page.in_tables("thead") if not heads)


def folded(page: PageFacts) -> Iterator[str]:
    """10. Code only inside 方法与代码, folded."""
    if not any(e.text.strip() == "方法与代码" for e in page.all("h2")):
        yield "没有“方法与代码”一节"
    loose = [e for e in page.all("pre") if "details" not in e.inside]
    if loose or any("open" in e.attributes for e in page.all("details") if "main" in e.inside):
        yield "代码没有折叠"


def marked(page: PageFacts) -> Iterator[str]:
    """11. The fingerprint on the page, the provenance inside it as JSON that says the same."""
    scripts = [e for e in page.all("script") if e.attributes.get("id") == "zj-provenance"]
    if len(scripts) != 1:
        yield "页面没有来源记录"
        return
    record = json.loads(scripts[0].text)
    if not _FINGERPRINT.fullmatch(record.get("fingerprint", "")):
        yield "校验码格式不对"
    elif page.text.count(record["fingerprint"]) < 3:
        yield "校验码没有印在页面上"
    names = ("parts", "inputs", "parameters", "settings", "versions")
    yield from (f"来源记录缺少 {name}" for name in names if name not in record)


def repeatable(page: PageFacts) -> Iterator[str]:
    """12. No clock and no random name: times to the second, object addresses and generated ids do not occur."""
    yield from (f"有随时间变化的内容：{moment}" for moment in _found(_MOMENT, _MAYBE_MOMENT, page.bare))
    if re.search(r'id="T_[0-9a-f]{5}|id="cell-id=', page.bare):
        yield "有随机编号"


def whole_figures(page: PageFacts) -> Iterator[str]:
    """13. Each figure: picture, the table it draws, and its place in the workbook beside the page."""
    figures = [e for e in page.all("figure") if e.has_class("zj-figure")]
    if len(figures) != len(page.kind("exhibit")):
        yield f"图 {len(figures)} 幅，记录 {len(page.kind('exhibit'))} 幅"
    for number, figure in enumerate(figures, 1):
        there = {e.tag for e in page.inside(figure)}
        yield from (f"第 {number} 图缺少{word}" for word, name in _FIGURE_PARTS.items() if name not in there)
    wanted = sheet_names([str(table["sheet"] or table["caption"]) for table in pages.tables_of(page.blocks)])
    reader = PageReader()
    with zipfile.ZipFile(page.workbook) as book:
        reader.feed(book.read("xl/workbook.xml").decode("utf-8"))
    sheets = {element.attributes["name"] for element in reader.elements if element.tag == "sheet"}
    yield from (f"工作簿缺少“{name}”页" for name in wanted if name not in sheets)


CHECKS: tuple[Callable[[PageFacts], Iterable[str]], ...] = (
    complete, offline, accessible, tested_styles, own_region, discreet, escaped, light, brief, prints, folded, marked,
    repeatable, whole_figures,
)  # fmt: skip


def _found(pattern: re.Pattern[str], maybe: re.Pattern[str], text: str) -> list[str]:
    """Return what fits a pattern; ``maybe`` fits wherever it does, and begins with a sign, which is searched faster."""
    return [match.group() for match in pattern.finditer(text)] if maybe.search(text) else []


def _sheets(page: PageFacts) -> str:
    return "".join(sheet.text for sheet in page.all("style"))


def _inline_styles(page: PageFacts) -> str:
    return ";".join(e.attributes["style"] for e in page.elements if "style" in e.attributes and "svg" not in e.inside)


@cache
def _names() -> tuple[str, ...]:
    """Return this machine's and this user's names, as far as they are names and not common words."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = ""
    common = {"root", "user", "admin", "localhost", "runner", "data", "test", "city"}
    return tuple(name for name in (user, socket.gethostname()) if len(name) >= 4 and name.lower() not in common)
