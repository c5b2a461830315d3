"""Templates: whatever somebody typed arrives in every block and table as text, and nothing hidden arrives at all."""

from __future__ import annotations

import html.parser
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from typing import Any

import pytest
from jinja2 import UndefinedError
from jinja2.runtime import Macro

from zjanalysis.columns import Column
from zjanalysis.display import templates
from zjanalysis.display.tables import Table
from zjanalysis.neutral import without_hidden

PLAIN = "长" * 40  # as wide as what hides in it, so that a head breaks alike
HOSTILE = {
    "script": "</p></style><script>alert(1)</script>", "attribute": "\" onmouseover='x' y=\"`", "tag": "<img onerror=x>",
    "entity": "&lt;b&gt;&amp;", "expression": "{{ 7*7 }}${7*7}", "statement": "{% raw %}{% include 'x' %}{# c #}",
    "comment": "<!-- ]]> --><?php", "hidden": "甲\x00\x1b\u202e\u200b\ud800乙", "style": "a;} b{color:red} url(//x)",
}  # fmt: skip
TABLE = Table("", (Column("a", ""), Column("b", "", kind="count"), Column("c", "")), ())


def table(text: str) -> Table:
    heads = tuple(replace(head, label=text, unit=text) for head in TABLE.heads)
    return replace(TABLE, caption=text, heads=heads, rows=((text, text, text),) * 2, sheet=text, note=text, focus=(1,))


MACROS: dict[str, Callable[[str], dict[str, Any]]] = {
    "cover": lambda text: {"heading": text, "band": text},
    "finish": lambda text: {"text": text},
    "say": lambda text: {"text": text},
    "terms": lambda text: {"pairs": [(text, text)] * 2, "look": text, "colon": text},
    "definitions": lambda text: {"printed": table(text), "notes": [(text, text)]},
    "card": lambda text: {"text": text, "printed": table(text)},
    "listing": lambda text: {"sentence": text, "printed": table(text)},
    "exhibit": lambda text: {"title": text, "sentence": text, "drawings": ["<svg></svg>"], "printed": table(text)},
    "svg": lambda text: {"drawing": "<g></g>", "view": text, "words": text, "size": text, "look": text},
    "table": lambda text: {"printed": table(text)},
    "desk": lambda text: {},
    "sent": lambda text: {"name": text, "path": text},
}  # fmt: skip


class Reader(html.parser.HTMLParser):
    """The tags with the names of their attributes, and what is read."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, ...]] = []
        self.read = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, *(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        self.read += data

    def handle_comment(self, data: str) -> None:
        self.tags.append(("comment", data))


def test_every_macro_is_tried() -> None:
    module = templates.environment().get_template("blocks.html.j2").module
    assert set(MACROS) == {name for name, one in vars(module).items() if isinstance(one, Macro)}


@pytest.mark.parametrize("name", MACROS)
@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_text_is_text_in_every_block_and_table(kind: str, name: str) -> None:
    text = HOSTILE[kind] + PLAIN
    written, usual = (templates.html(name, **MACROS[name](one)) for one in (text, PLAIN))
    hostile, plain = Reader(written), Reader(usual)
    assert hostile.tags == plain.tags
    assert without_hidden(written) == written
    assert hostile.read.count(without_hidden(text)) == plain.read.count(PLAIN)


def test_a_table_without_rows_says_so_in_text() -> None:
    empty = replace(table(HOSTILE["script"]), rows=(), note="")
    assert Reader(empty.html()).tags == [("p", "class")]


def test_what_a_template_is_not_given_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="'text' was not provided"):
        templates.html("say")
    with pytest.raises(TypeError, match="no keyword argument 'words'"):
        templates.html("say", text="甲", words="甲")


def test_a_drawing_alone_is_html_already() -> None:
    source = (resources.files("zjanalysis") / "assets" / "blocks.html.j2").read_text(encoding="utf-8")
    assert source.count("safe") == source.count("{{ drawing | safe }}") == 2
