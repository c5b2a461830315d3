"""What the ledger is filled from: every score of a period together, and the comparison that decides 高于兄弟地市."""

from __future__ import annotations

import pandas as pd

from zjanalysis.analysis.compare import compare
from zjanalysis.analysis.indicators import measure
from zjanalysis.analysis.registry import Scope
from zjanalysis.analysis.reported import measure_reported
from zjanalysis.cases.analysis import find_cases
from zjanalysis.cases.views import case_overall
from zjanalysis.inputs.period import Period
from zjanalysis.inputs.regions import peers_of, report_units
from zjanalysis.inputs.reported import load_reported
from zjanalysis.settings import Settings, load_settings

AGAINST_PEERS = ("time_compression", "visits", "visit_share")


def ledger_scores(period: Period, *, settings: Settings | None = None) -> pd.DataFrame:
    """Give the scores of items, reported figures and cases of a period together: one row per region and indicator.

    A period without cases has no rows of theirs. Raises InputError for cases that are there but cannot be read.
    """
    reported, _ = load_reported(period.dataset.folder / period.name, cutoff=period.cutoff)
    scope = Scope(item_types=period.dataset.item_types, use_levels=period.dataset.use_levels)
    cases = find_cases(period, settings=settings)
    of_cases = [] if cases is None else [case_overall(cases, items=period.items)]
    return pd.concat([measure(period.items, scope=scope), measure_reported(reported), *of_cases], ignore_index=True)


def ledger_gaps(period: Period, *, settings: Settings | None = None) -> pd.DataFrame:
    """Give, for the city and each report unit, where it stands against its peers: `gaps`, ``verdict`` being 达标.

    A city's peers are those of the settings, a county's the other counties of its city.
    """
    rules = settings or load_settings()
    regions = (rules.focus, *report_units(rules.focus))
    present = set(period.items["region_code"])
    parts = [
        compare(period.items, region=one, peers=peers_of(one, settings=rules), indicators=AGAINST_PEERS, settings=rules)
        for one in regions
        if one in present
    ]
    gaps = pd.concat(parts, ignore_index=True)
    return gaps.assign(verdict=gaps["meets_target"])
