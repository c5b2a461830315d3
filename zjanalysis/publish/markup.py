"""Reads a page once, as a browser would, into the few facts the gate asks about."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

Attributes = dict[str, str]
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_UNREAD = {"script", "style"}


@dataclass(frozen=True)
class Element:
    """One element: tag, attributes, the text inside it, the tags around it, and its number in the page."""

    tag: str
    attributes: Attributes
    inside: tuple[str, ...]
    number: int
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Give the text inside, without mark-up."""
        return "".join(self.pieces)

    def has_class(self, name: str) -> bool:
        """Say whether the element carries the class."""
        return name in self.attributes.get("class", "").split()


@dataclass(frozen=True)
class Page:
    """All elements in order, and what the parser had to put up with (an end tag without its start)."""

    elements: tuple[Element, ...]
    faults: tuple[str, ...]

    def all(self, *tags: str) -> list[Element]:
        """Give the elements with one of the tags, in order."""
        return [element for element in self.elements if element.tag in tags]


class _Reader(HTMLParser):
    """Collects elements; the standard library hands them over one tag at a time."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[Element] = []
        self.elements: list[Element] = []
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element; void ones end at once."""
        attributes = {name: value or "" for name, value in attrs}
        around = (*self.open[-1].inside, self.open[-1].tag) if self.open else ()
        element = Element(tag, attributes, around, len(self.elements))
        self.elements.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        """Close the element, which must be the innermost."""
        if self.open and self.open[-1].tag == tag:
            self.open.pop()
        elif tag not in _VOID:
            self.faults.append(f"</{tag}>")

    def handle_data(self, text: str) -> None:
        """Give the text to every element it stands in."""
        for element in self.open:
            if element.tag in _UNREAD or self.open[-1].tag not in _UNREAD:
                element.pieces.append(text)


def read_page(text: str) -> Page:
    """Give the facts of a page."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    left = [f"<{element.tag}>" for element in reader.open if element.tag not in ("html", "body")]
    return Page(tuple(reader.elements), tuple(reader.faults + left))
