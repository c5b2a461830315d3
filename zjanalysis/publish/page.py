"""One offline page from an executed notebook: nbconvert with our own template, nothing loaded, nothing that runs.

The workbook beside it has the tables behind everything the page shows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape, unescape
from importlib import resources
from pathlib import Path
from typing import Any

from nbconvert.exporters.templateexporter import TemplateExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

from zjanalysis.display.dates import issue_text
from zjanalysis.display.workbook import write_workbook
from zjanalysis.publish.provenance import Stamp, digest_of

MIME = "application/vnd.zjanalysis+json"
CSP = ("default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; "
       "base-uri 'none'; form-action 'none'")  # fmt: skip
_H2 = re.compile(r"<h2([^>]*)>(.*?)</h2>", re.DOTALL)
_ID, _TAG = re.compile(r' id="[^"]*"'), re.compile(r"<[^>]+>")


def payloads(notebook: NotebookNode) -> list[dict[str, Any]]:
    """Return the JSON of every display block the notebook shows, in order."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", ()))
    return [output.data[MIME] for output in outputs if MIME in output.get("data", {})]


def facts(cover: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the index shows of a cover; the cut-off stands among the terms of its box."""
    plain = {name: value for name, value in cover.items() if isinstance(value, (str, bool, int, float))}
    return {**plain, "cutoff": dict(cover.get("terms", ())).get("数据截止", "")}


def tables_of(blocks: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the tables behind everything the page shows, once each, in the order of the page."""
    tables = [block["table"] if isinstance(block.get("table"), Mapping) else block for block in blocks]
    unique = {digest_of(table): table for table in tables if isinstance(table.get("columns"), list) and "rows" in table}
    return list(unique.values())


def write_tables(blocks: Sequence[Mapping[str, Any]], path: Path, *, title: str, stamp: Stamp) -> None:
    """Write the workbook with the tables of the blocks."""
    notes = [("校验码", stamp.fingerprint), ("笔记本", str(stamp.details["notebook"]))]
    write_workbook(tables_of(blocks), path, title=title.strip(), notes=notes)


def render(notebook: NotebookNode, stamp: Stamp, *, region: str, workbook: str) -> str:
    """Return the page; ``workbook`` is the name of the file with its tables, which lies beside it.

    Shown are the Markdown and the html of the display blocks; code is folded under 方法与代码; plain text, streams and
    errors are left to the gate. The same notebook and stamp give the same text.
    """
    sections, contents = _sections(notebook)
    cover = next((block for block in payloads(notebook) if block.get("kind") == "cover"), {})
    record = {"fingerprint": stamp.fingerprint, "parts": dict(stamp.parts), **stamp.details}
    values = {
        "title": cover.get("title", region), "issue": issue_text(cover.get("period", "")) if cover else "",
        "region": region, "period": cover.get("period", ""), "sample": bool(cover.get("sample")),
        "date": cover.get("report_date", ""),
        "fingerprint": stamp.fingerprint, "workbook": workbook, "csp": CSP, "style": style(),
        "contents": contents, "sections": sections, "code": _code(notebook), "stamp": dict(stamp.details),
        "provenance": json.dumps(record, ensure_ascii=False, sort_keys=True, indent=1).replace("<", "\\u003c"),
    }  # fmt: skip
    return str(exporter().template.render(resources={"page": values}))  # the template asks for nothing else


@cache
def exporter() -> TemplateExporter:
    """Return the exporter with our template, compiled once per process."""
    places = [str(_assets() / "page")]
    ours = TemplateExporter(
        template_name="report", file_extension=".html", extra_template_basedirs=places, filters={"css_text": css_text}
    )
    assert ours.template is not None
    return ours


def style() -> str:
    """Return the style sheet of the page: the blocks' and then the page's own."""
    return "\n".join((_assets() / name).read_text(encoding="utf-8") for name in ("blocks.css", "page/page.css"))


def css_text(text: str) -> str:
    r"""Return a text as a CSS string, fit for ``content:`` inside a style element.

    >>> print(css_text('a"</style>'))
    "a\22 \3c /style>"
    """
    return '"' + "".join(f"\\{ord(c):x} " if c in '"\\<\n\r\f' else c for c in text) + '"'


def _assets() -> Any:
    return resources.files("zjanalysis") / "assets"


def _sections(notebook: NotebookNode) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the html of everything shown, with ids on its headings, and the table of contents (id, text)."""
    contents: list[tuple[str, str]] = []

    def named(match: re.Match[str]) -> str:
        attributes, inner = match.groups()
        contents.append((f"s{len(contents) + 1}", unescape(_TAG.sub("", inner)).strip()))
        return f'<h2 id="{contents[-1][0]}"{_ID.sub("", attributes)}>{inner}</h2>'

    return [_H2.sub(named, html) for cell in notebook.cells for html in _shown(cell)], contents


@cache
def markdown() -> MarkdownWithMath:
    """Return the reader of Markdown, made once per process; HTML in a cell is shown as text."""
    return MarkdownWithMath(
        renderer=IPythonRenderer(escape=True, allow_harmful_protocols=False, exclude_anchor_links=True)
    )


def _shown(cell: NotebookNode) -> Sequence[str]:
    if cell.cell_type == "markdown":
        return [re.sub(r"<h1>.*?</h1>", "", markdown().render(cell.source), flags=re.DOTALL)]
    return [output.data["text/html"] for output in cell.get("outputs", ()) if MIME in output.get("data", {})]


def _code(notebook: NotebookNode) -> list[Mapping[str, object]]:
    """Return the code of every cell but the injected parameters, which the provenance shows."""
    cells = [cell for cell in notebook.cells
             if cell.cell_type == "code" and "injected-parameters" not in cell.metadata.get("tags", ())]  # fmt: skip
    return [
        {"number": number, "source": escape(cell.source, quote=False)} for number, cell in enumerate(cells, start=1)
    ]
