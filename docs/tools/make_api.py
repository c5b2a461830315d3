"""Write docs/api.md from the docstrings of the public names: ``python docs/tools/make_api.py``.

Standard library only. A name stands under the module it comes from, with its signature, its docstring and, apart, the
lines of its example; a record is followed by what it gives, a wing lists its views. A test holds the page in step.
"""

from __future__ import annotations

import inspect
from functools import cached_property
from pathlib import Path
from typing import Any

import zjanalysis as zj
from zjanalysis import _HOMES, _WINGS

PAGE = Path(__file__).resolve().parents[1] / "api.md"
HEAD = """# zjanalysis API

Made from the docstrings by `python docs/tools/make_api.py`; do not edit. Every name is used as `zj.NAME` after
`import zjanalysis as zj`. Chinese terms: [GLOSSARY.md](../GLOSSARY.md). Tasks step by step: [guide](guide/README.md).

"""
ROOMS = {
    "studies": "The study: one region in one period among its peers",
    "settings": "Settings",
    "inputs": "Inputs: what came in",
    "analysis": "Analysis: what it means",
    "display": "Display: how it reads",
    "cases": "Cases: the wing of applications handled",
    "ledger": "Ledger: the wing of the register of the plan's tasks",
}


def page() -> str:
    """Return the page: rooms in the order of the house, modules in the order of the public list, names as listed."""
    parts = [HEAD]
    for room, title in ROOMS.items():
        homes = {module: names for module, names in _HOMES.items() if module.split(".")[0] == room}
        parts += [f"## {title}\n\n"] + [_module(module, names) for module, names in homes.items()]
        if room in _WINGS:
            wing = getattr(zj, room)
            parts += [_entry(f"{room}.{name}", getattr(wing, name)) for name in wing.__all__]
    return "".join(parts).rstrip("\n") + "\n"


def _module(module: str, names: tuple[str, ...]) -> str:
    head = f"### {module}\n\n" if "." in module else ""
    return head + "".join(_entry(name, getattr(zj, name)) for name in names)


def _entry(name: str, thing: Any) -> str:
    """Return one name: a function with its signature, a record with its fields and what it computes."""
    record = inspect.isclass(thing)
    shown = _fields(name, thing) if record else f"{name}{_signature(thing)}"
    text, example = _split(inspect.getdoc(thing) or "")
    block = f"```text\n{example}\n```\n\n" if example else ""
    return f"#### `zj.{name}`\n\n```text\n{shown}\n```\n\n{text}\n\n{block}{_members(thing) if record else ''}"


def _signature(thing: Any) -> str:
    """Return the signature, one parameter a line when it is long; annotations are text, so no quotes stand around them."""
    parts = _parameters(thing)
    result = f" -> {inspect.signature(thing).return_annotation}"
    whole = f"({', '.join(parts)}){result}"
    return whole if len(whole) <= 90 else "(\n" + "".join(f"    {part},\n" for part in parts) + f"){result}"


def _parameters(thing: Any) -> list[str]:
    """Return the parameters as they are written, ``*`` before those that are named at the call; without ``self``."""
    given = [one for one in inspect.signature(thing).parameters.values() if one.name != "self"]
    first = next((n for n, one in enumerate(given) if one.kind is one.KEYWORD_ONLY), len(given))
    starred = any(one.kind is one.VAR_POSITIONAL for one in given)
    named = [] if starred or first == len(given) else ["*"]
    return [*map(_word, given[:first]), *named, *map(_word, given[first:])]


def _word(parameter: inspect.Parameter) -> str:
    """Return one parameter as it is written."""
    star = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
    default = "" if parameter.default is parameter.empty else f" = {_shown(parameter.default)}"
    return f"{star}{parameter.name}: {parameter.annotation}{default}"


def _shown(value: Any) -> str:
    """Return a default: plain values as they are, everything else by its kind."""
    plain = isinstance(value, str | int | float | bool | None) or value == ()
    return repr(value) if plain else "…"


def _fields(name: str, thing: type) -> str:
    """Return a record by its fields."""
    kinds = inspect.get_annotations(thing)
    return f"class {name}:\n" + "\n".join(f"    {field}: {kind}" for field, kind in kinds.items())


def _members(thing: Any) -> str:
    """Return what a record computes, one line each: its properties, then its methods as they are called."""
    public = {name: one for name, one in vars(thing).items() if not name.startswith("_")}
    made = {name: one for name, one in public.items() if isinstance(one, property | cached_property)}
    called = {name: one for name, one in public.items() if inspect.isfunction(one)}
    lines = [f"- `{name}`: {inspect.getdoc(one)}" for name, one in made.items()]
    lines += [f"- `{name}({', '.join(_parameters(one))})`: {inspect.getdoc(one)}" for name, one in called.items()]
    return "\n".join(" ".join(line.split()).replace("``", "`") for line in lines) + "\n\n" if lines else ""


def _split(doc: str) -> tuple[str, str]:
    """Return the text and the example of a docstring; underlined names become code."""
    text, mark, example = doc.partition(">>>")
    return text.strip().replace("``", "`"), (mark + example).strip()


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
