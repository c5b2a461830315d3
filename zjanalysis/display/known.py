"""Which indicator a key means, wherever it comes from: items, cases, reported figures."""

from __future__ import annotations

from functools import cache

from zjanalysis.analysis.registry import ITEM_INDICATORS, Indicator, by_caseload, indicator

ITEM_KEYS = frozenset(one.key for one in ITEM_INDICATORS)


def about(key: str) -> Indicator:
    """Give the indicator of a key: of items, caseload-weighted, of cases, or reported; raises UnknownName."""
    plain, lens, _ = key.partition("_by_cases")
    if lens:
        return by_caseload(plain)
    return indicator(key) if key in ITEM_KEYS else _others().get(key) or indicator(key)


@cache
def _others() -> dict[str, Indicator]:
    """Give the indicators that are not of items; their modules load when one of them is first shown."""
    from zjanalysis.analysis.reported import REPORTED_INDICATORS  # noqa: PLC0415
    from zjanalysis.cases.analysis import ALL_CASE_INDICATORS  # noqa: PLC0415

    return {one.key: one for one in (*ALL_CASE_INDICATORS, *REPORTED_INDICATORS)}
