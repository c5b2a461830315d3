"""One offline page from an executed notebook: nbconvert with our own template, nothing loaded, nothing that runs.

The workbook beside it has the tables behind everything the page shows.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape, unescape
from importlib import resources
from itertools import count
from pathlib import Path
from typing import Any

from nbconvert.exporters.templateexporter import TemplateExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

from zjanalysis.display.dates import issue_text
from zjanalysis.display.document import draw_card, make_document
from zjanalysis.display.tables import MIME
from zjanalysis.display.templates import css_text
from zjanalysis.display.workbook import workbook_bytes
from zjanalysis.publish.provenance import Stamp, digest_of
from zjanalysis.publish.release import PLACE

ASSETS = resources.files("zjanalysis") / "assets"
CSP = ("default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; "
       "base-uri 'none'; form-action 'none'")  # fmt: skip
_STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)  # what JupyterLab needs; a page has its tested sheets
_HEADING = re.compile(r"<h([1-6])([^>]*)>(.*?)</h\1>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
ANNEX, FIGURE, TABLE, LONGEST = "附件", "图　", "表　", 90
_NUMBERED = re.compile(r"<figure class=\"zj-figure\">.*?</figure>|<caption>[^<]*</caption>", re.DOTALL)


def payloads(notebook: NotebookNode) -> list[dict[str, Any]]:
    """Return the JSON of every display block the notebook shows, in order."""
    return [data[MIME] for cell in notebook.cells for data in _displays(cell)]


def _displays(cell: NotebookNode) -> list[NotebookNode]:
    return [output.data for output in cell.get("outputs", ()) if MIME in output.get("data", {})]


def main_part(notebook: NotebookNode) -> list[str | dict[str, Any]]:
    """Return what stands before the annexes, in order: headings as text, display blocks as their JSON."""
    parts: list[str | dict[str, Any]] = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            heads = [line.lstrip("# ").strip() for line in cell.source.splitlines() if line.startswith("## ")]
            if any(head.startswith(ANNEX) for head in heads):
                return parts
            parts += heads
        parts += [data[MIME] for data in _displays(cell)]
    return parts


def write_papers(notebook: NotebookNode, folder: Path, *, office: str, code: str) -> None:
    """Write report.docx and report.png of a report that answers for a region; of any other report none."""
    parts = main_part(notebook)
    blocks = [part for part in parts if isinstance(part, dict)]
    cover: dict[str, Any] = next((one for one in blocks if one.get("kind") == "cover"), {})
    answer = next((one for one in blocks if one.get("kind") == "answer"), None)
    spine = next((one for one in blocks if one.get("png")), None)
    if answer is None or spine is None:
        return
    date, picture = str(cover.get("report_date", "")), base64.b64decode(spine["png"])
    (folder / "report.docx").write_bytes(make_document(parts, cover, office=office, code=code, date=date))
    card = draw_card(title=cover["title"], terms=answer["terms"], picture=picture, code=code,
                     sample=bool(cover.get("sample")))  # fmt: skip
    (folder / "report.png").write_bytes(card)


def tables_of(blocks: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the tables behind everything the page shows, once each, in the order of the page."""
    tables = [block["table"] if isinstance(block.get("table"), Mapping) else block for block in blocks]
    unique = {digest_of(table): table for table in tables if isinstance(table.get("columns"), list) and "rows" in table}
    return list(unique.values())


def write_tables(blocks: Sequence[Mapping[str, Any]], path: Path, *, title: str, stamp: Stamp) -> None:
    """Write the workbook with the tables of the blocks."""
    notes = [("校验码", stamp.fingerprint), ("笔记本", str(stamp.details["notebook"]))]
    sample = any(block.get("sample") for block in blocks)
    path.write_bytes(workbook_bytes(tables_of(blocks), title=title.strip(), notes=notes, sample=sample))


def render(notebook: NotebookNode, stamp: Stamp, *, region: str, workbook: str) -> str:
    """Return the page; ``workbook`` is the name of the file with its tables, which lies beside it.

    Shown are the Markdown and the html of the display blocks; everything from a heading 附件… to the next is folded;
    code is folded under 方法与代码; plain text, streams and errors are left to the gate. Links out of the page
    come when it has its place (`release.relink`). The same notebook and stamp give the same text.
    """
    body, annexes, contents = _parts(notebook)
    cover = next((p for p in payloads(notebook) if p.get("kind") == "cover"), {})
    record = {"fingerprint": stamp.fingerprint, "parts": dict(stamp.parts), **stamp.details}
    values = {
        "title": cover.get("title", region), "issue": issue_text(cover.get("period", "")) if cover else "",
        "region": region, "period": cover.get("period", ""), "sample": bool(cover.get("sample")),
        "date": cover.get("report_date", ""), "way": PLACE,
        "fingerprint": stamp.fingerprint, "workbook": workbook, "csp": CSP, "style": style(),
        "contents": contents, "body": body, "annexes": annexes, "code": _code(notebook), "stamp": dict(stamp.details),
        "provenance": json.dumps(record, ensure_ascii=False, sort_keys=True, indent=1).replace("<", "\\u003c"),
    }  # fmt: skip
    return str(template().render(resources={"page": values}))  # the template asks for nothing else


@cache
def template() -> Any:
    """Return nbconvert's template for our page, compiled once per process."""
    return TemplateExporter(template_name="report", file_extension=".html", filters={"css_text": css_text},
                            extra_template_basedirs=[str(ASSETS / "page")]).template  # fmt: skip


def style() -> str:
    """Return the style sheet of the page: the blocks' and then the page's own."""
    return "\n".join((ASSETS / name).read_text(encoding="utf-8") for name in ("blocks.css", "page/page.css"))


def _parts(notebook: NotebookNode) -> tuple[str, list[dict[str, str]], list[tuple[str, str]]]:
    """Return body, annexes and table of contents (id, text); headings get ids, figures and tables numbers.

    An annex is folded on the screen and printed only when it is open; its summary says what is inside.
    """
    pieces = [html for cell in notebook.cells for html in _shown(cell)]
    contents: list[tuple[str, str]] = []
    parts: list[tuple[str, list[str]]] = [("", [])]
    for html in numbered(pieces):
        heading = _HEADING.fullmatch(html.strip())
        if not heading or heading[1] != "2":
            parts[-1][1].append(html)
            continue
        title = unescape(_TAG.sub("", heading[3])).strip()
        contents.append((f"s{len(contents) + 1}", title))
        if title.startswith(ANNEX):
            parts.append((title, []))
        else:
            parts[-1][1].append(f'<h2 id="{contents[-1][0]}">{heading[3]}</h2>')
    ids = {title: name for name, title in contents}
    annexes = [{"id": ids[title], "title": title, "summary": _summary(inside), "body": "\n".join(inside)}
               for title, inside in parts[1:]]  # fmt: skip
    return "\n".join(parts[0][1]), annexes, contents


def numbered(pieces: Sequence[str]) -> list[str]:
    """Return the pieces with their figures and tables numbered, 图1, 图2 … and 表1, 表2 …, in the order of the page.

    A table that a figure draws carries the number of the figure.
    """
    figures, tables = count(1), count(1)

    def number(match: re.Match[str]) -> str:
        if match[0].startswith("<figure"):
            place = next(figures)
            figure = re.sub(f'(?<=[>"]){FIGURE}', f"图{place}　", match[0])
            return figure.replace(f"<caption>{TABLE}", f"<caption>图{place}数据　")
        return match[0].replace(f"<caption>{TABLE}", f"<caption>表{next(tables)}　", 1)

    return [_NUMBERED.sub(number, piece) for piece in pieces]


def _summary(pieces: Sequence[str]) -> str:
    """Say what is inside an annex: its first sentence, else the captions of its tables, and how many of what."""
    text = "".join(pieces)
    sentences = [unescape(_TAG.sub("", one)) for one in re.findall(r'<p class="zj-say">(.*?)</p>', text, re.DOTALL)]
    titles = [unescape(_TAG.sub("", one)).split("　")[-1] for one in re.findall(r"<caption>(.*?)</caption>", text)]
    content = sentences[0] if sentences else "、".join(dict.fromkeys(titles))
    figures = text.count('<figure class="zj-figure"')
    counts = [f"{n}张{what}" for n, what in ((len(titles) - figures, "表"), (figures, "图")) if n > 0]
    short = content if len(content) <= LONGEST else content[: LONGEST - 1] + "…"
    return short + (f"（{'、'.join(counts)}）" if counts else "")


@cache
def markdown() -> MarkdownWithMath:
    """Return the reader of Markdown, made once per process; HTML in a cell is shown as text."""
    renderer = IPythonRenderer(escape=True, allow_harmful_protocols=False, exclude_anchor_links=True)
    return MarkdownWithMath(renderer=renderer)


def _shown(cell: NotebookNode) -> Sequence[str]:
    if cell.cell_type == "markdown":
        return [re.sub(r"<h1>.*?</h1>", "", markdown().render(cell.source), flags=re.DOTALL)]
    return [_STYLE.sub("", data["text/html"]) for data in _displays(cell)]


def _code(notebook: NotebookNode) -> list[Mapping[str, object]]:
    """Return the code of every cell but the injected parameters, which the provenance shows."""
    sources = [escape(cell.source, quote=False) for cell in notebook.cells
               if cell.cell_type == "code" and "injected-parameters" not in cell.metadata.get("tags", ())]  # fmt: skip
    return [{"number": n, "source": source} for n, source in enumerate(sources, start=1)]
