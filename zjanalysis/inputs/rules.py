"""Every rule once, read from reference/rules.csv: key, level, sentence, what to do, whether the row is still used."""

from __future__ import annotations

from dataclasses import dataclass

from zjanalysis.inputs.reference import read_reference

ERROR, WARNING, NOTE = "错误", "警告", "提示"
LEVELS = (ERROR, WARNING, NOTE)


@dataclass(frozen=True)
class Rule:
    """One rule. ``message`` and ``action`` may hold {value} (the cell), {other} (what it disagrees with), {header}.

    ``used``: False when a row that breaks the rule is left out of ``items``. ``scope``: layout, cell, row or table.
    """

    key: str
    level: str
    scope: str
    used: bool
    title: str
    message: str
    action: str


def _load() -> dict[str, Rule]:
    table = read_reference("rules")
    written = zip(*(table[name] for name in table.columns), strict=True)
    made = [Rule(key, level, scope, used == "yes", *words) for key, level, scope, used, *words in written]
    return {rule.key: rule for rule in made}


RULES = _load()
LEAVES_OUT = frozenset(key for key, rule in RULES.items() if not rule.used)
