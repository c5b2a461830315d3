"""A page as text: one line per block in reading order, with tag, classes and attributes, so that structure shows.

Left out are the folded code of the notebook (it may change), scripts and style sheets (given apart) and what is inside
a drawing (given apart as pictures).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from blanks import shortened

INLINE = {"a", "b", "strong", "span", "code", "em", "i", "small", "sub", "sup", "br"}
VOID = {"meta", "img", "input", "br", "hr", "link", "col"}
APART = {"script", "style"}
UNNAMED = {"class", "src", "width", "height", "alt", "viewbox", "xmlns", "xmlns:xlink", "version"}
MARGIN = re.compile(r'(@(?:top|bottom)-\w+ \{ content: )"[^"]*"')


@dataclass
class Node:
    """An element: tag, attributes, and its children, which are elements and texts."""

    tag: str
    attributes: dict[str, str | None] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)


class Tree(HTMLParser):
    """Builds the tree of a page that closes what it opens."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, dict(attrs))
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open[-1].tag == tag, f"<{self.open[-1].tag}> is closed by </{tag}>"
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read_page(path: Path) -> Node:
    """Return the tree of a page."""
    tree = Tree()
    tree.feed(path.read_text(encoding="utf-8"))
    tree.close()
    assert tree.open == [tree.root], f"{path.name}: <{tree.open[-1].tag}> is not closed"
    return tree.root


def page_text(path: Path) -> str:
    """Return a page as text."""
    return "\n".join(line for child in read_page(path).children for line in block(child, 0)) + "\n"


def label(node: Node) -> str:
    """Return what an element is: tag, classes, attributes; an alternative text comes after it as its words."""
    classes = "".join(f".{name}" for name in (node.attributes.get("class") or "").split())
    told = [f"{k}={v}" if v is not None else k for k, v in sorted(node.attributes.items()) if k not in UNNAMED]
    return node.tag + classes + (f"[{'; '.join(told)}]" if told else "")


def block(node: Node | str, depth: int) -> list[str]:
    """Return the lines of an element."""
    indent = "  " * depth
    if isinstance(node, str):
        return [f"{indent}“{words(node)}”"] if node.strip() else []
    if node.tag in APART or is_code(node):
        return []
    if node.tag == "tbody":
        return [indent + label(node), *shortened(line for child in node.children for line in block(child, depth + 1))]
    if node.tag == "tr" and all(isinstance(c, Node) and is_simple(c) for c in solid(node)):
        return [indent + label(node) + ": " + " | ".join(cell(c) for c in solid(node) if isinstance(c, Node))]
    if is_simple(node):
        told = "" if node.tag == "svg" else inline(node.children) or (node.attributes.get("alt") or "")
        return [f"{indent}{label(node)}: {told}" if told else indent + label(node)]
    lines = [indent + label(node)]
    run: list[Node | str] = []
    for child in [*node.children, Node("")]:
        if isinstance(child, str) or child.tag in INLINE:
            run.append(child)
            continue
        lines += [f"{indent}  “{inline(run)}”"] if inline(run) else []
        run = []
        lines += block(child, depth + 1) if child.tag else []
    return lines


def solid(node: Node) -> list[Node | str]:
    """Return the children without the blanks between them."""
    return [child for child in node.children if not isinstance(child, str) or child.strip()]


def is_simple(node: Node) -> bool:
    """Say whether an element holds words and inline elements only, and so is one line."""
    parts = [child for child in node.children if isinstance(child, Node) and child.tag not in APART]
    return node.tag == "svg" or all(part.tag in INLINE and is_simple(part) for part in parts)


def is_code(node: Node) -> bool:
    return node.tag == "pre" and (node.attributes.get("aria-label") or "").startswith("代码第")


def cell(node: Node) -> str:
    return f"{label(node)} {inline(node.children)}".rstrip()


def inline(children: list[Node | str]) -> str:
    """Return the words of inline content; an inline element stands in angle brackets with its name before its words."""
    told = []
    for child in children:
        if isinstance(child, str):
            told.append(child)
        elif child.tag not in APART:
            told.append(f"<{label(child)} {inline(child.children)}>".replace(" >", ">"))
    return words("".join(told))


def words(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def apart(path: Path) -> list[str]:
    """Return the style sheets and programs that stand in a page; the words printed in its margins are not repeated."""
    found: list[str] = []
    waiting = [read_page(path)]
    while waiting:
        node = waiting.pop(0)
        if node.tag == "svg":
            continue
        if node.tag in APART and node.attributes.get("type") != "application/json":
            text = "".join(child for child in node.children if isinstance(child, str))
            text = MARGIN.sub(r'\1"…"', text).strip()
            found.append(f"<{node.tag}>\n{text}\n")
        waiting = [child for child in node.children if isinstance(child, Node)] + waiting
    return found


def pictures(path: Path) -> list[str]:
    """Return the pictures of a page: digest of the drawing, and the first words of what stands for it."""
    lines = []
    for drawn in re.findall(r"<svg\b.*?</svg>", path.read_text(encoding="utf-8"), flags=re.DOTALL):
        digest = hashlib.sha256(drawn.encode("utf-8")).hexdigest()[:20]
        said = re.search(r'aria-label="([^"]*)"', drawn)
        lines.append(f"  {digest} {said[1][:40] if said else ''}")
    return lines
