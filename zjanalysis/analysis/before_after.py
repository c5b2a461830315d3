"""Before and after a known date: what moved more than its control there, and not at the placebo dates.

Difference in differences on the same items (Angrist & Pischke 2009, ch. 5): a region against the others on the codes
both list, or some codes against all the others where a reform reached every region. Every other date is a placebo: an
effect that those show too is none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import sqrt

import numpy as np
import pandas as pd

from zjanalysis.analysis.indicators import measure
from zjanalysis.analysis.registry import PLAN_SCOPE, Indicator, Scope
from zjanalysis.analysis.student import two_sided_t

LEVEL = 0.95
FEWEST_CODES = 5
COLUMNS = ("period", "effect", "low", "high", "n_codes", "n_control", "is_date", "found")


def panel(
    periods: Mapping[str, pd.DataFrame], *, indicator: str | Indicator, scope: Scope | None = PLAN_SCOPE
) -> pd.DataFrame:
    """Give one indicator of every code in every region over periods (name → items): one row per three of them.

    ``step`` is the change since the period before, missing where the code was not listed then.
    """
    by = ("region_code", "match_code")
    parts = [measure(items, [indicator], by=by, scope=scope).assign(period=name) for name, items in periods.items()]
    rows = pd.concat(parts, ignore_index=True).dropna(subset=["value", "match_code"])
    grid = rows.pivot(index=list(by), columns="period", values="value").reindex(columns=sorted(periods))
    steps = grid.diff(axis=1).reset_index().melt(list(by), var_name="period", value_name="step")
    return rows[["period", *by, "value"]].merge(steps, on=["period", *by], how="left")


def region_effect(rows: pd.DataFrame, *, region: str, date: str, codes: Collection[str] = ()) -> pd.DataFrame:
    """Give by how much a region's codes moved more than the same codes of the other regions, at every period.

    ``rows`` come from `panel`; ``date`` is the first period that shows what was done, the others are placebos. One row
    per period: effect, its interval (Student's t over codes), n_codes; ``found``: the interval at the date leaves out 0
    and no placebo is as far off.
    """
    wanted = rows[rows["match_code"].isin(list(codes))] if codes else rows
    moved = wanted.dropna(subset=["step"])
    own = moved[moved["region_code"] == region].set_index(["period", "match_code"])["step"]
    others = moved[moved["region_code"] != region].groupby(["period", "match_code"])["step"].mean()
    apart = (own - others).dropna()
    samples = {str(period): (steps.to_numpy(), np.zeros(0)) for period, steps in apart.groupby("period")}
    return _effects(samples, date)


def items_effect(rows: pd.DataFrame, *, codes: Collection[str], date: str) -> pd.DataFrame:
    """Give by how much some codes moved more than all the others, in the mean of the regions, at every period.

    For a reform that reached every region on one day; otherwise as `region_effect`.
    """
    means = rows.dropna(subset=["step"]).groupby(["period", "match_code"])["step"].mean().reset_index()
    touched = means["match_code"].isin(list(codes))
    samples = {
        str(period): (steps[touched].to_numpy(), steps[~touched].to_numpy())
        for period, steps in means.groupby("period")["step"]
    }
    return _effects(samples, date)


def _effects(samples: Mapping[str, tuple[np.ndarray, np.ndarray]], date: str) -> pd.DataFrame:
    """Give the effect of each period, and whether the one of the date stands apart from the placebos."""
    enough = {period: pair for period, pair in samples.items() if len(pair[0]) >= FEWEST_CODES}
    lines = [{"period": period, **_difference(*pair)} for period, pair in sorted(enough.items())]
    table = pd.DataFrame(lines, columns=[*COLUMNS[:-2]])
    at = table["period"] == date
    beside = float(table.loc[~at, "effect"].abs().max())
    sure = (table["low"] > 0) | (table["high"] < 0)
    return table.assign(is_date=at, found=at & sure & (table["effect"].abs() > beside))


def _difference(touched: np.ndarray, control: np.ndarray) -> dict[str, float]:
    """Give the difference of two means with Welch's interval; without a control, of one mean."""
    sides = [side for side in (touched, control) if len(side) > 1]
    parts = np.array([float(side.var(ddof=1)) / len(side) for side in sides])
    total = float(parts.sum())
    degrees = np.array([len(side) - 1 for side in sides])
    freedom = total**2 / float((parts**2 / degrees).sum()) if total else float(degrees.min())
    effect = float(touched.mean()) - (float(control.mean()) if len(control) else 0.0)
    reach = two_sided_t(LEVEL, max(1.0, freedom)) * sqrt(total)
    return {"effect": effect, "low": effect - reach, "high": effect + reach, "n_codes": len(touched),
            "n_control": len(control)}  # fmt: skip
