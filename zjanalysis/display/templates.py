"""The one jinja2 environment: whatever a template of ours writes is escaped and without hidden characters.

The HTML of blocks and tables stands in assets/blocks.html.j2, the XML of documents in assets/document.xml.j2; no tag
is written in Python.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from zjanalysis.neutral import without_hidden

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def environment() -> Environment:
    """Return the environment of all templates under assets/, made once a process and not before one is needed."""
    import jinja2  # noqa: PLC0415  most commands do without
    from markupsafe import Markup  # noqa: PLC0415

    def readable(value: object) -> str:
        return value if isinstance(value, Markup) else without_hidden(str(value))

    jinja = jinja2.Environment(
        loader=jinja2.FileSystemLoader(str(resources.files("zjanalysis") / "assets")), undefined=jinja2.StrictUndefined,
        autoescape=True, trim_blocks=True, lstrip_blocks=True, finalize=readable,
    )  # fmt: skip
    jinja.filters["css_text"] = css_text
    return jinja


@cache
def macros(template: str) -> Any:
    """Return the macros of a template under assets/, as functions."""
    return environment().get_template(template).module


def html(macro: str, **values: Any) -> str:
    """Return what a macro of blocks.html.j2 makes of the values; each of them is text, whatever it looks like.

    >>> html("say", text='<script>"{{ 7 * 7 }}"\\x00</script>')
    '<p class="zj-say">&lt;script&gt;&#34;{{ 7 * 7 }}&#34;&lt;/script&gt;</p>'
    """
    return str(getattr(macros("blocks.html.j2"), macro)(**values))


def css_text(text: str) -> str:
    r"""Return a text as a CSS string, fit for a style element and for a style attribute.

    >>> print(css_text('a"</style>;'))
    "a\22 \3c /style>\3b "
    """
    return '"' + "".join(f"\\{ord(c):x} " if c in '"\\<;\n\r\f' else c for c in text) + '"'
