"""Service-efficiency indicators, comparison and district reports: the public face, ``import zjanalysis as zj``.

Each name is loaded from its room when it is first used, so that starting costs nothing. Here every region may be
written as a name or a code, as text or as a number.
"""

from __future__ import annotations

import importlib
import inspect
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "settings": ("Settings", "load_settings"),
    "inputs.regions": ("group_names", "load_regions", "peers_of", "region_code", "region_name", "report_units"),
    "inputs.period": ("Period", "load_period", "load_previous"),
    "inputs.dataset": ("list_periods",),
    "inputs.submission": ("check_files", "completeness"),
    "inputs.annotate": ("annotate",),
    "inputs.template": ("write_template",),
    "analysis.indicators": (
        "ITEM_INDICATORS",
        "Indicator",
        "Scope",
        "as_written",
        "by_caseload",
        "in_scope",
        "indicator",
        "left_out",
        "measure",
    ),
    "analysis.compare": ("among", "compare", "rank"),
    "analysis.change": ("change", "change_split", "item_changes"),
    "analysis.matching": ("fold", "room"),
    "analysis.robust": ("like_for_like",),
    "analysis.basket": ("basket", "decide", "robust"),
    "analysis.explain": ("gap_split",),
    "analysis.shares": ("funnel", "wilson"),
    "analysis.sensitivity": ("by_definition", "sensitivity", "with_like_for_like"),
    "analysis.frontier": ("Conditions",),
    "analysis.plan": ("plan", "plan_for"),
    "analysis.tasks": ("after_answers", "apply_answers", "task_list"),
    "analysis.ledger_parts": ("load_ledger",),
    "analysis.ledger_board": ("board",),
    "display.tables": ("table",),
    "display.blocks": ("cards", "cover", "definitions", "exhibit", "finish", "say", "show"),
    "display.explore": ("explore",),
    "display.exhibits": (
        "change_exhibit",
        "department_exhibit",
        "distribution_exhibit",
        "rank_exhibit",
        "tile_exhibit",
        "visits_exhibit",
    ),
    "display.exhibits_compare": (
        "board_exhibit",
        "change_split_exhibit",
        "funnel_exhibit",
        "interval_exhibit",
        "plan_exhibit",
        "sensitivity_exhibit",
        "split_exhibit",
    ),
    "display.sections": (
        "completeness_table",
        "counts_table",
        "doubt_table",
        "drags_table",
        "findings_table",
        "left_out_table",
        "quality_by_region",
        "quality_sentence",
        "quality_trend",
        "regions_table",
        "summary",
    ),
    "display.sections_compare": (
        "caseload_table",
        "item_changes_table",
        "obstacles_table",
        "tasks_table",
        "verdict_sentence",
        "verdict_table",
    ),
    "analysis.caseload": ("caseload",),
    "analysis.cases": ("CASE_INDICATORS", "case_scores", "with_caseload"),
    "analysis.cases_kept": ("known_cases", "period_cases"),
    "analysis.cases_summary": ("case_counts", "case_summary"),
    "analysis.cases_views": (
        "case_departments",
        "case_items",
        "case_overall",
        "case_quantiles",
        "case_trend",
        "loose_promises",
        "overdue_cases",
    ),
    "display.sections_cases": (
        "case_departments_table",
        "case_findings_table",
        "case_items_table",
        "cases_bands",
        "cases_cards",
        "cases_definitions",
        "cases_sentence",
        "cases_trend",
        "cases_units",
        "loose_table",
        "overdue_table",
    ),
    "display.sections_cases_district": ("cases_section",),
    "analysis.evaluation": ("lift", "points", "total"),
    "analysis.forecast": ("forecast", "forecasts"),
    "analysis.ledger_scores": ("ledger_gaps", "ledger_scores"),
    "analysis.reported": ("measure_reported",),
    "display.sections_ledger": ("evaluation_sentence", "forecast_table", "levels_table", "lift_table", "scored"),
    "display.ledger_tables": (
        "board_sentence",
        "board_table",
        "city_table",
        "district_table",
        "due_table",
        "moved_table",
        "regions_ledger_table",
        "units_table",
    ),
}
_ROOM_OF = {name: room for room, names in _HOMES.items() for name in names}

__all__ = ["__version__", *sorted(_ROOM_OF)]  # noqa: PLE0604 - the names come from the table above


def __getattr__(name: str) -> Any:
    """Load a public name from its room."""
    room = _ROOM_OF.get(name)
    if room is None:
        raise AttributeError(f"module 'zjanalysis' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"zjanalysis.{room}"), name)
    if inspect.isfunction(value):
        value = importlib.import_module("zjanalysis.inputs.regions").takes_regions(value)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Show every public name, loaded or not."""
    return sorted(__all__)
