"""What the gate looks at: an executed notebook, its page as text and as elements, its blocks, its workbook."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from zjanalysis.publish.jobs import Job
from zjanalysis.publish.markup import Element, Page, read_page
from zjanalysis.publish.provenance import digest_of


@dataclass(frozen=True)
class Evidence:
    """All the checks look at: the executed notebook, the page as text and as elements, the job, blocks and workbook."""

    notebook: NotebookNode
    text: str
    page: Page
    job: Job
    blocks: tuple[Mapping[str, Any], ...]
    workbook: Path

    @cached_property
    def bare(self) -> str:
        """Give the page's text without the bytes of its pictures."""
        return re.sub(r"data:image/[^\"']*", "", self.text)

    def kind(self, name: str) -> list[Mapping[str, Any]]:
        """Give the blocks of one kind."""
        return [block for block in self.blocks if block.get("kind") == name]


def outputs(notebook: NotebookNode) -> list[NotebookNode]:
    """Give every output of a notebook."""
    return [output for cell in notebook.cells for output in cell.get("outputs", ())]


def in_tables(page: Page, tag: str) -> list[list[Element]]:
    """Give, for every table, the elements of one tag inside it."""
    return [[e for e in inside(page, table) if e.tag == tag] for table in page.all("table")]


def inside(page: Page, outer: Element) -> list[Element]:
    """Give the elements inside another."""
    return list(takewhile(lambda e: len(e.inside) > len(outer.inside), page.elements[outer.number + 1 :]))


def sheets(workbook: Path) -> set[str]:
    """Give the names of a workbook's sheets."""
    with zipfile.ZipFile(workbook) as book:
        text = book.read("xl/workbook.xml").decode("utf-8")
    page = read_page(text)
    return {element.attributes["name"] for element in page.all("sheet")}


def tables_of(blocks: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Give the tables behind everything the page shows, once each, in the order of the page."""
    tables = [b["table"] if isinstance(b.get("table"), Mapping) else b for b in blocks]
    kept = {digest_of(t): t for t in tables if isinstance(t.get("columns"), list) and "rows" in t}
    return list(kept.values())
