"""What the gate looks at: an executed notebook, its page as text and as elements, its blocks, its workbook."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from itertools import takewhile
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from zjanalysis.publish.jobs import Job
from zjanalysis.publish.page import payloads

_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_UNREAD = {"script", "style"}


@dataclass(frozen=True)
class Element:
    """One element: tag, attributes, the tags around it, its number in the page, the text inside it in pieces."""

    tag: str
    attributes: Mapping[str, str]
    inside: tuple[str, ...]
    number: int
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Return the text inside, without mark-up."""
        return "".join(self.pieces)

    def has_class(self, name: str) -> bool:
        """Tell whether the element carries the class."""
        return name in self.attributes.get("class", "").split()


@dataclass(frozen=True)
class PageFacts:
    """All the checks look at; ``elements`` in their order, ``unpaired`` tags as the parser met them.

    ``rows``: how many items the job's region has; None where nobody counted.
    """

    notebook: NotebookNode
    text: str
    job: Job
    workbook: Path
    rows: int | None
    elements: tuple[Element, ...]
    unpaired: tuple[str, ...]

    @cached_property
    def bare(self) -> str:
        """Return the page's text without the bytes of its pictures."""
        return re.sub(r"data:image/[^\"']*", "", self.text)

    @cached_property
    def blocks(self) -> list[dict[str, Any]]:
        """Return the display blocks of the notebook."""
        return payloads(self.notebook)

    @cached_property
    def outputs(self) -> list[NotebookNode]:
        """Return every output of the notebook."""
        return [output for cell in self.notebook.cells for output in cell.get("outputs", ())]

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


class _Reader(HTMLParser):
    """Collects elements; the standard library hands them over one tag at a time."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[Element] = []
        self.elements: list[Element] = []
        self.unpaired: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element; void ones end at once."""
        around = (*self.open[-1].inside, self.open[-1].tag) if self.open else ()
        element = Element(tag, {name: value or "" for name, value in attrs}, around, len(self.elements))
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
        for element in self.open:
            if element.tag in _UNREAD or self.open[-1].tag not in _UNREAD:
                element.pieces.append(text)


def facts_of(notebook: NotebookNode, text: str, *, job: Job, workbook: Path, rows: int | None) -> PageFacts:
    """Read a page once, as a browser would."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    still_open = [f"<{element.tag}>" for element in reader.open if element.tag not in ("html", "body")]
    return PageFacts(notebook, text, job, workbook, rows, tuple(reader.elements), (*reader.unpaired, *still_open))


def sheets(workbook: Path) -> set[str]:
    """Return the names of a workbook's sheets."""
    reader = _Reader()
    with zipfile.ZipFile(workbook) as book:
        reader.feed(book.read("xl/workbook.xml").decode("utf-8"))
    return {element.attributes["name"] for element in reader.elements if element.tag == "sheet"}
