"""The gate: twelve checks every page passes before it is released. Each gives Chinese sentences, none when it is good.

Contrast and what only a browser can see (axe-core) is held by the tests for the style sheets; here a page is bound to
exactly those style sheets, so that what was tested is what is released.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from nbformat import NotebookNode

from zjanalysis.publish import gate_content, gate_form
from zjanalysis.publish import page as pages
from zjanalysis.publish.evidence import Evidence, outputs
from zjanalysis.publish.jobs import Job
from zjanalysis.publish.markup import read_page

CHECKS: tuple[Callable[[Evidence], Iterable[str]], ...] = (
    gate_content.complete,
    gate_form.offline,
    gate_form.accessible,
    gate_content.own_region,
    gate_content.discreet,
    gate_content.escaped,
    gate_form.light,
    gate_form.prints,
    gate_form.folded,
    gate_content.marked,
    gate_content.repeatable,
    gate_form.whole_figures,
)


def faults(notebook: NotebookNode, text: str, *, job: Job, workbook: Path) -> list[str]:
    """Give every fault of a page, in the order of the checks; an empty list lets it pass."""
    seen = Evidence(notebook, text, read_page(text), job, tuple(pages.payloads(notebook)), workbook)
    return [fault for check in CHECKS for fault in check(seen)]


def hidden_warnings(notebook: NotebookNode) -> int:
    """Give how many lines the notebook wrote to stderr; they are not in the page, the summary counts them."""
    return sum(
        len(o.text.strip().splitlines()) for o in outputs(notebook) if o.output_type == "stream" and o.name == "stderr"
    )
