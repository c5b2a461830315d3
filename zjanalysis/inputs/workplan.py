"""The work plans on record as reference tables: their tasks, and every sentence of them with what measures it.

The column ``city`` says whose plan a row is; a plan binds its own city and the counties of it, nobody else.
"""

from __future__ import annotations

from functools import cache

import pandas as pd

from zjanalysis.inputs.reference import read_reference
from zjanalysis.inputs.regions import city_of, is_county, is_whole
from zjanalysis.settings import Settings, load_settings

CITY, COUNTY = "市级", "区县级"
LONG_TERM = "长期推进"


def load_tasks(city: str = "") -> pd.DataFrame:
    """Return the tasks of all plans on record, or one city's: the eleven (kind `task`), the goal, the four assurances.

    ``text`` is the paragraph as printed, without the brackets that name the units and the deadline.
    《湛江市2020年数字政府改革建设整改优化提升工作方案》, 2021-01-27.

    >>> tasks = load_tasks()
    >>> (tasks["kind"] == "task").sum(), tasks.set_index("task").loc["十一", "deadline"]
    (np.int64(11), '2021-08')
    """
    tasks = pd.DataFrame(read_reference("tasks"), dtype="str")
    return tasks[tasks["city"] == city].reset_index(drop=True) if city else tasks


def has_plan(region: str) -> bool:
    """Tell whether a work plan on record sets targets for a region.

    >>> has_plan("440823"), has_plan("440900"), has_plan("440800+")
    (True, False, False)
    """
    return not unplanned(region)


def unplanned(region: str) -> str:
    """Return why no target binds a region, empty where a plan does: plans speak of 市本级 and of 区县级, never of 全市.

    >>> unplanned("440823"), unplanned("440900"), unplanned("440800+")
    ('', '未收录方案', '方案未定全市目标')
    """
    recorded = any(row["city"] == city_of(region) for row in read_reference("tasks"))
    return "方案未定全市目标" if is_whole(region) and recorded else "" if recorded else "未收录方案"


@cache
def asked_of(region: str, indicator: str) -> tuple[dict[str, str], ...]:
    """Return the sentences of the plan on record that bind a region on an indicator, at its level (市级, 区县级).

    >>> [row["comparison"] + row["value"] for row in asked_of("440823", "instant")], asked_of("440902", "instant")
    (['>0.8111'], ())
    """
    level, city = COUNTY if is_county(region) else CITY, "" if is_whole(region) else city_of(region)
    rows = (row for row in read_reference("targets") if (row["city"], row["indicator"]) == (city, indicator))
    return tuple(row for row in rows if level in row["level"].split("、"))


def asks_of_cases(city: str, clause: str) -> bool:
    """Tell whether a sentence of a city's plan on record that is measured by cases stands under a clause.

    >>> asks_of_cases("440800", "三（三）"), asks_of_cases("440800", "（八）"), asks_of_cases("440900", "三（三）")
    (True, False, False)
    """
    about = (row for row in read_reference("targets") if (row["city"], row["source"]) == (city, "cases"))
    return any(row["clause"].endswith(clause) for row in about)


def load_sentences() -> pd.DataFrame:
    """Return every sentence of the tasks, those that cannot be measured too (source `none`, the reason in ``note``).

    One row is one target or one unmeasurable sentence; ``quote`` is verbatim, and a quote with several targets is
    repeated. ``measure`` is more of the text where the quote alone names no action, ``departments`` who has to do with
    the fields it names. ``mark`` is O where the plan's own words are the definition, I where this tool reads them so.
    """
    text = pd.DataFrame(read_reference("targets"), dtype="str")
    return text.assign(value=pd.to_numeric(text["value"], errors="coerce"))


def load_targets(settings: Settings | None = None) -> pd.DataFrame:
    """Return the targets of the focus city that can be measured, the two of the evaluation filled in from the settings.

    ``comparison``: >= > <= against ``value``; above_peers, below_peers; rising, falling (against the base period);
    done (a milestone); record (only registered, never judged).
    """
    chosen = settings or load_settings()
    rules, sentences = chosen.evaluation, load_sentences()
    ours = sentences["city"].eq(chosen.focus) & sentences["source"].ne("none")
    targets = sentences[ours].reset_index(drop=True)
    base, tier = targets["comparison"] == "above_base_score", targets["comparison"] == "first_tier"
    return targets.assign(
        value=targets["value"].mask(base, rules.base_score).mask(tier, rules.first_tier),
        comparison=targets["comparison"].mask(base, ">").mask(tier, ">="),
    )
