"""One offline page from an executed notebook: nbconvert with our own template, nothing loaded, nothing that runs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape, unescape
from importlib import resources
from typing import Any

from nbconvert.exporters.templateexporter import TemplateExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

from zjanalysis.display.dates import issue_text
from zjanalysis.publish.provenance import Stamp

MIME = "application/vnd.zjanalysis+json"
CSP = ("default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; "
       "base-uri 'none'; form-action 'none'")  # fmt: skip
_HEADING = re.compile(r"<h([1-6])([^>]*)>(.*?)</h\1>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")


def payloads(notebook: NotebookNode) -> list[dict[str, Any]]:
    """Give the JSON of every display block the notebook shows, in order."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", ()))
    return [output.data[MIME] for output in outputs if MIME in output.get("data", {})]


def render(notebook: NotebookNode, stamp: Stamp, *, region: str, workbook: str) -> str:
    """Give the page; ``workbook`` is the name of the file with its tables, which lies beside it.

    Shown are the Markdown and the html of the display blocks; code is folded under 方法与代码; plain text, streams and
    errors are left to the gate. The same notebook and stamp give the same text.
    """
    sections, contents = _sections(notebook)
    cover = next((p for p in payloads(notebook) if p.get("kind") == "cover"), {})
    facts = {
        "title": cover.get("title", region), "issue": issue_text(cover.get("period", "")) if cover else "",
        "region": region, "period": cover.get("period", ""), "sample": bool(cover.get("sample")),
        "date": cover.get("report_date", ""),
        "fingerprint": stamp.fingerprint, "workbook": workbook, "csp": CSP, "style": style(),
        "contents": contents, "sections": sections, "code": _code(notebook), "stamp": dict(stamp.details),
        "provenance": _json({"fingerprint": stamp.fingerprint, "parts": dict(stamp.parts), **stamp.details}),
    }  # fmt: skip
    return str(exporter().template.render(resources={"page": facts}))  # the template asks for nothing else


@cache
def exporter() -> TemplateExporter:
    """Give the exporter with our template, compiled once per process."""
    places = [str(_assets() / "page")]
    made = TemplateExporter(
        template_name="report", file_extension=".html", extra_template_basedirs=places, filters={"css_text": css_text}
    )
    assert made.template is not None
    return made


def style() -> str:
    """Give the style sheet of the page: the blocks' and then the page's own."""
    names = ("blocks.css", "page/page.css")
    return "\n".join((_assets() / name).read_text(encoding="utf-8") for name in names if (_assets() / name).is_file())


def css_text(text: str) -> str:
    r"""Give a text as a CSS string, fit for ``content:`` inside a style element.

    >>> print(css_text('a"</style>'))
    "a\22 \3c /style>"
    """
    return '"' + "".join(f"\\{ord(c):x} " if c in '"\\<\n\r\f' else c for c in text) + '"'


def _assets() -> Any:
    return resources.files("zjanalysis") / "assets"


def _json(value: object) -> str:
    """Give JSON that cannot end the script element it stands in."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1).replace("<", "\\u003c")


def _sections(notebook: NotebookNode) -> tuple[list[str], list[tuple[str, str]]]:
    """Give the html of everything shown, with ids on its headings, and the table of contents (id, text)."""
    contents: list[tuple[str, str]] = []

    def named(match: re.Match[str]) -> str:
        level, attributes, inner = match.groups()
        if level != "2":
            return match.group(0)
        contents.append((f"s{len(contents) + 1}", unescape(_TAG.sub("", inner)).strip()))
        return f'<h2 id="{contents[-1][0]}"{re.sub(r""" id="[^"]*" """.strip(), "", attributes)}>{inner}</h2>'

    sections = [_HEADING.sub(named, html) for cell in notebook.cells for html in _shown(cell)]
    return sections, contents


@cache
def markdown() -> MarkdownWithMath:
    """Give the reader of Markdown, made once per process; HTML in a cell is shown as text."""
    return MarkdownWithMath(
        renderer=IPythonRenderer(escape=True, allow_harmful_protocols=False, exclude_anchor_links=True)
    )


def _shown(cell: NotebookNode) -> Sequence[str]:
    if cell.cell_type == "markdown":
        return [re.sub(r"<h1>.*?</h1>", "", markdown().render(cell.source), flags=re.DOTALL)]
    return [output.data["text/html"] for output in cell.get("outputs", ()) if MIME in output.get("data", {})]


def _code(notebook: NotebookNode) -> list[Mapping[str, object]]:
    """Give the code of every cell but the injected parameters, which the provenance shows."""
    hidden = {"injected-parameters"}
    cells = [c for c in notebook.cells if c.cell_type == "code" and not hidden & set(c.metadata.get("tags", ()))]
    return [
        {"number": number, "source": escape(cell.source, quote=False)} for number, cell in enumerate(cells, start=1)
    ]
