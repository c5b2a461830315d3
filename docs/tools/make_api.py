"""Write docs/api.md from the docstrings of the public names: ``python docs/tools/make_api.py``.

Standard library only. A name stands under the module it comes from, with its signature, its docstring and, apart, the
lines of its example; a test holds the page in step.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import zjanalysis as zj
from zjanalysis import _HOMES

PAGE = Path(__file__).resolve().parents[1] / "api.md"
HEAD = """# zjanalysis API

Made from the docstrings by `python docs/tools/make_api.py`; do not edit. Every name is used as `zj.NAME` after
`import zjanalysis as zj`. Chinese terms: [GLOSSARY.md](../GLOSSARY.md). Tasks step by step: [guide](guide/README.md).

"""
ROOMS = {
    "settings": "Settings",
    "inputs": "Inputs: what came in",
    "analysis": "Analysis: what it means",
    "display": "Display: how it reads",
    "cases": "Cases: the wing of applications handled",
    "ledger": "Ledger: the register of the plan's tasks",
    "publish": "Publish: how it leaves",
}


def page() -> str:
    """Give the page: rooms in the order of the house, modules in the order of the public list, names as listed."""
    parts = [HEAD]
    for room, title in ROOMS.items():
        homes = {module: names for module, names in _HOMES.items() if module.split(".")[0] == room}
        parts += [f"## {title}\n\n"] if homes else []
        parts += [_module(module, names) for module, names in homes.items()]
    return "".join(parts).rstrip("\n") + "\n"


def _module(module: str, names: tuple[str, ...]) -> str:
    return f"### {module}\n\n" + "".join(_entry(name, getattr(zj, name)) for name in names)


def _entry(name: str, thing: Any) -> str:
    """Give one name: a function or record with its signature, a constant with its kind."""
    if not (inspect.isfunction(thing) or inspect.isclass(thing)):
        return f"#### `zj.{name}`\n\nA constant: {len(thing)} entries of {type(thing[0]).__name__}.\n\n"
    shown = f"{name}{_signature(thing)}" if inspect.isfunction(thing) else _fields(name, thing)
    text, example = _split(inspect.getdoc(thing) or "")
    block = f"```text\n{example}\n```\n\n" if example else ""
    return f"#### `zj.{name}`\n\n```text\n{shown}\n```\n\n{text}\n\n{block}"


def _signature(thing: Any) -> str:
    """Give the signature, one parameter a line when it is long; annotations are text, so no quotes stand around them."""
    signature = inspect.signature(thing)
    given = list(signature.parameters.values())
    first = next((n for n, one in enumerate(given) if one.kind is one.KEYWORD_ONLY), len(given))
    starred = any(one.kind is one.VAR_POSITIONAL for one in given)
    named = [] if starred or first == len(given) else ["*"]
    parts = [*map(_word, given[:first]), *named, *map(_word, given[first:])]
    result = f" -> {signature.return_annotation}"
    whole = f"({', '.join(parts)}){result}"
    return whole if len(whole) <= 90 else "(\n" + "".join(f"    {part},\n" for part in parts) + f"){result}"


def _word(parameter: inspect.Parameter) -> str:
    """Give one parameter as it is written."""
    star = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
    default = "" if parameter.default is parameter.empty else f" = {_shown(parameter.default)}"
    return f"{star}{parameter.name}: {parameter.annotation}{default}"


def _shown(value: Any) -> str:
    """Give a default: plain values as they are, everything else by its kind."""
    plain = isinstance(value, str | int | float | bool | None) or value == ()
    return repr(value) if plain else "…"


def _fields(name: str, thing: type) -> str:
    """Give a record by its fields."""
    kinds = inspect.get_annotations(thing)
    return f"class {name}:\n" + "\n".join(f"    {field}: {kind}" for field, kind in kinds.items())


def _split(doc: str) -> tuple[str, str]:
    """Give the text and the example of a docstring; underlined names become code."""
    text, mark, example = doc.partition(">>>")
    return text.strip().replace("``", "`"), (mark + example).strip()


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
