"""Reported figures become scores by the same ``measure``; definitions that changed are never compared across."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import narwhals as nw
import pandas as pd

from zjanalysis.analysis.indicators import measure
from zjanalysis.analysis.registry import SCORE_KEY, Indicator
from zjanalysis.inputs.office_table import day_of
from zjanalysis.inputs.reported import load_definitions

_VALID = nw.col("in_force")
AT_ONCE = 10


def _indicator(row: Mapping[Any, Any]) -> Indicator:
    """Make the record of one reported indicator; a row that does not count is left out, and counted as such."""
    plain = row["unit"] in ("count", "flag") and not row["per"]
    what = row["numerator"] if plain else f"{row['numerator']} ÷ {row['denominator']}"
    return Indicator(
        key=row["indicator"],
        label=row["label"],
        numerator=nw.when(_VALID).then(nw.col("numerator")),
        denominator=nw.when(_VALID).then(nw.col("denominator")),
        scope=nw.col("indicator") == row["indicator"],
        unit=row["unit"],
        better=row["better"],
        definition=f"{what}（填报）",
        basis=f"方案任务（{row['task']}）" if len(row["task"]) <= 2 else f"方案{row['basis']}",
        short=row["label"],
        item_types=(),
        missing=nw.lit("填报数不可用"),
    )


_DEFINITIONS = load_definitions().to_dict("records")
REPORTED_INDICATORS: tuple[Indicator, ...] = tuple(map(_indicator, _DEFINITIONS))
"""Everything that is reported and not computed, in the order of the plan (reference/reported_indicators.csv)."""


BREAKS = {str(row["indicator"]): row for row in _DEFINITIONS if row["break_from"]}
"""The definitions that changed on a day."""


def measure_reported(reported: pd.DataFrame) -> pd.DataFrame:
    """Return `scores` of the reported figures: one row per region and indicator that somebody reported.

    A figure that breaks a rule is left out and counted in ``n_left_out``; a region that reported nothing has no row.

    >>> reported = pd.DataFrame({"region_code": ["440802"], "indicator": ["guide_complete"], "numerator": [9.0],
    ...                          "denominator": [10.0], "in_force": [True]})
    >>> measure_reported(reported)[["indicator", "value", "n"]]
            indicator  value  n
    0  guide_complete    0.9  1
    """
    keys = set(reported["indicator"].dropna())
    wanted = [i for i in REPORTED_INDICATORS if i.key in keys]
    if not wanted:
        return pd.DataFrame(columns=[*SCORE_KEY, "value", "numerator", "denominator", "n", "n_left_out"])
    rows = reported.dropna(subset=SCORE_KEY)
    # A few at a time: four columns for each of fifty indicators make a wide, slow table.
    parts = [measure(rows, wanted[i : i + AT_ONCE], scope=None) for i in range(0, len(wanted), AT_ONCE)]
    scores = pd.concat(parts, ignore_index=True).sort_values("region_code", kind="stable")
    return scores[scores["n"] + scores["n_left_out"] > 0].reset_index(drop=True)


def comparable(indicator: str, before: str | date, after: str | date) -> bool:
    """Tell whether values of two days may be compared: no change of the definition lies at or between them.

    好评率: until 2020 an unrated case counted as 基本满意 by default, so a figure from within or across 2020 is
    compared with nothing (DOMAIN §2).

    >>> comparable("good_rating", "2020-12-31", "2021-03-31"), comparable("good_rating", "2021-03-31", "2021-06-30")
    (False, True)
    >>> comparable("data_linkage", "2019-12-31", "2021-03-31")
    True
    """
    if indicator not in BREAKS:
        return True
    first, last = (day_of(BREAKS[indicator][name]) for name in ("break_from", "break_to"))
    days = sorted(day for day in (day_of(before), day_of(after)) if day is not None)
    return bool(len(days) == 2 and first is not None and last is not None and (days[1] < first or days[0] > last))
