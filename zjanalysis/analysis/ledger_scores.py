"""What the ledger is filled from: every score of a period together, and the comparison that decides 高于兄弟地市."""

from __future__ import annotations

import pandas as pd

from zjanalysis.analysis.compare import facts
from zjanalysis.analysis.evaluation import as_score, points, total
from zjanalysis.analysis.indicators import measure
from zjanalysis.analysis.registry import ITEM_INDICATORS, Scope
from zjanalysis.analysis.registry import indicator as find
from zjanalysis.analysis.reported import measure_reported
from zjanalysis.cases.analysis import ALL_CASE_INDICATORS, find_cases
from zjanalysis.cases.views import case_overall
from zjanalysis.inputs.period import Period
from zjanalysis.inputs.regions import peers_of, report_units
from zjanalysis.inputs.reported import load_definitions, load_reported, load_weights
from zjanalysis.settings import Settings, load_settings

AGAINST_PEERS = ("time_compression", "visits", "visit_share")
WEIGHTS = "indicators.xlsx"
"""The office's 43 third-level indicators (``zj template --indicators``), in the folder of the data set."""


def ledger_scores(period: Period) -> pd.DataFrame:
    """Return the scores of items, reported figures and cases of a period: one row per region and indicator.

    A period without cases has no rows of theirs. Raises InputError for cases that are there but cannot be read.
    """
    return period.once(("ledger scores",), lambda: _scores_of(period))


def _scores_of(period: Period) -> pd.DataFrame:
    reported, _ = load_reported(period.dataset.folder / period.name, cutoff=period.cutoff)
    scope = Scope(item_types=period.dataset.item_types, use_levels=period.dataset.use_levels)
    cases = find_cases(period)
    of_cases = [] if cases is None else [case_overall(cases, items=period.items)]
    return pd.concat([measure(period.items, scope=scope), measure_reported(reported), *of_cases], ignore_index=True)


def ledger_gaps(period: Period, *, settings: Settings | None = None) -> pd.DataFrame:
    """Return, for the city and each report unit, its `compare.facts` among its peers; ``verdict`` is 达标.

    A city's peers are those of the settings, a county's the other counties of its city.
    """
    rules = settings or load_settings()
    scope, wanted = Scope(period.dataset.item_types, period.dataset.use_levels), [find(key) for key in AGAINST_PEERS]
    scores = measure(period.items, wanted, scope=scope)
    parts = []
    for one in (rules.focus, *report_units(rules.focus)):
        group = scores[scores["region_code"].isin([one, *peers_of(one, settings=rules)])]
        placed = facts(group, indicators=wanted, settings=rules)
        parts.append(placed[placed["region_code"] == one])
    gaps = pd.concat(parts, ignore_index=True)
    return gaps.assign(verdict=gaps["meets_target"])


def scored(period: Period, *, region: str) -> pd.DataFrame:
    """Return the third-level indicators with their points; no row without the office's weights."""
    return _points(period, ledger_scores(period), region)


def evaluated_scores(period: Period, *, region: str) -> pd.DataFrame:
    """Return `ledger_scores` and, where the office has typed its weights, the region's evaluation score."""
    scores = ledger_scores(period)
    marks = _points(period, scores, region)
    return scores if marks.empty else pd.concat([scores, as_score(total(marks), region=region)], ignore_index=True)


def _points(period: Period, scores: pd.DataFrame, region: str) -> pd.DataFrame:
    weights, _ = load_weights(period.dataset.folder / WEIGHTS, labels=indicator_labels())
    return points(weights, scores, region=region)


def indicator_labels() -> dict[str, str]:
    """Return every indicator that may carry weight: label → key, for `weights.load_weights`."""
    counted = (*ITEM_INDICATORS, *ALL_CASE_INDICATORS)
    named = {i.label: i.key for i in counted} | {i.short: i.key for i in counted if i.short}
    reported = load_definitions()
    return named | dict(zip(reported["label"], reported["indicator"], strict=True))
