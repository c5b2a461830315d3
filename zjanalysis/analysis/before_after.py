"""Before and after a known date: what moved more than its control there, and not at the placebo dates.

Two ways. Difference in differences on the same items (Angrist & Pischke 2009, ch. 5): a region against the others on
the codes both list, or some codes against all the others where a reform reached every region. Every other date is a
placebo: an effect that those show too is none. And the interrupted series of one line of eight points or more, where
there is nothing to compare with (`interrupted`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from math import sqrt

import numpy as np
import pandas as pd

from zjanalysis.analysis.chance import interval, two_sided_t
from zjanalysis.analysis.indicators import measure
from zjanalysis.analysis.matching import followed, lineages
from zjanalysis.analysis.registry import Indicator, Scope
from zjanalysis.analysis.registry import indicator as find
from zjanalysis.analysis.series import stored
from zjanalysis.analysis.signals import D2, least_move
from zjanalysis.inputs.dataset import list_periods, load_dataset
from zjanalysis.inputs.past import load_successions
from zjanalysis.inputs.period import how_read, item_files, load_period
from zjanalysis.settings import Settings, load_settings
from zjanalysis.units import UNITS

LEVEL = 0.95
FEWEST_CODES = 5
COLUMNS = ("period", "effect", "low", "high", "n_codes", "n_control", "is_date", "found")
FEWEST_POINTS, FEWEST_ASIDE = 8, 3


def item_series(
    data: str = "", indicator: str = "time_compression", *, upto: str = "", regions: Sequence[str] = (),
    settings: Settings | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Give one indicator of every item in every region over all periods that have workbooks: `panel` of a data set.

    ``regions``: only these; empty for all. Items are followed through the data set's successions.csv; a period is read
    once (`series.stored`).
    """
    chosen = settings or load_settings()
    dataset = load_dataset(data, settings=chosen)
    names = [name for name in list_periods(data, settings=chosen) if not upto or name <= upto]
    links, _ = load_successions(dataset.folder, upto=upto, guard=chosen.guard)
    one, scope = find(indicator), Scope(dataset.item_types, dataset.use_levels)

    def sums(name: str) -> pd.DataFrame:
        items = load_period(str(dataset.folder), name, settings=chosen).items
        return measure(items, [one], by=("region_code", "match_code"), scope=scope)

    parts = {name: stored(chosen, item_files(dataset.folder / name),
                          repr((how_read(dataset, chosen), scope, one.key, "items")), partial(sums, name))
             for name in names}  # fmt: skip
    wanted = {name: rows[rows["region_code"].isin(regions)] if regions else rows for name, rows in parts.items()}
    return panel(wanted, lineage=lineages(links))


def panel(sums: Mapping[str, pd.DataFrame], *, lineage: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Give the figures of every code in every region over periods: one row per three of them, oldest first.

    ``sums``: period → `measure` of one indicator by region_code and match_code. Codes are followed through ``lineage``
    (`matching.lineages`): a row speaks of all that merged into, or were split from, what it is called by, and
    ``codes`` says which those were then. ``step`` is the change since the period before; it is missing, and ``cut``
    says so, where nothing was listed then: a break that no succession explains is not bridged.
    """
    by, rows = ["period", "region_code", "match_code"], pd.concat([one.assign(period=p) for p, one in sums.items()])
    there = rows[rows["denominator"] > 0].dropna(subset=["match_code"]).assign(codes=lambda t: t["match_code"])
    groups = followed(there, lineage or {}).groupby(by)
    whole = groups[["numerator", "denominator", "n"]].sum().join(groups["codes"].agg("、".join)).reset_index()
    whole = whole.assign(value=whole["numerator"] / whole["denominator"])
    grid = whole.pivot(index=by[1:], columns="period", values="value").reindex(columns=sorted(sums))
    steps = grid.diff(axis=1).reset_index().melt(by[1:], var_name="period", value_name="step")
    found = whole.merge(steps, on=by, how="left")
    broken = found["step"].isna() & found["period"].ne(min(sums))
    return found.assign(cut=np.where(broken, BROKEN, ""))


BROKEN = "上期没有这一事项，承接表没有写明由谁承接"


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
    return _against_placebos(pd.DataFrame(lines, columns=[*COLUMNS[:-2]]), date)


def _against_placebos(table: pd.DataFrame, date: str, *, matters: float = 0.0) -> pd.DataFrame:
    """Mark the date and tell whether it is surely more than what matters, and further off than every other period."""
    at = table["period"] == date
    beside = float(table.loc[~at, "effect"].abs().max())
    sure = (table["low"] > matters) | (table["high"] < -matters)
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


def interrupted(line: pd.DataFrame, one: Indicator, *, date: str) -> pd.DataFrame:
    """Give by how much a line jumped at every period, by segmented regression (level and slope before and after).

    ``line``: period, value, denominator, oldest first, of one region and indicator or of what else is followed, with no
    period missing and no cut inside. One row per period with three points on both sides of its start (columns as of
    `region_effect`, without counts): ``found`` where the interval at the date leaves out 0 and all that is too small
    to matter, however strongly the points hang together (`intervals.interval`), and no placebo is as far off. No row
    with fewer than eight points, or where the date has not three on each side: nothing is claimed then.

    Wagner, Soumerai, Zhang, Ross-Degnan (2002), Journal of Clinical Pharmacy and Therapeutics 27:299-309; Bernal,
    Cummins, Gasparrini (2017), International Journal of Epidemiology 46(1):348-355.
    """
    periods, values = line["period"].tolist(), line["value"].to_numpy("float64")
    times = np.arange(len(values), dtype="float64")
    starts = range(FEWEST_ASIDE, len(values) - FEWEST_ASIDE + 1)
    if len(values) < FEWEST_POINTS or date not in [periods[start] for start in starts]:
        return pd.DataFrame(columns=[name for name in COLUMNS if not name.startswith("n_")])
    least = least_move(float(line["denominator"].iloc[-1]), one) / D2
    rows = []
    for start in starts:
        after = times >= start
        design = np.column_stack([np.ones(len(times)), times, after, after * (times - start)])
        jump = interval((times, values), design, np.array([0.0, 0, 1, 0]), level=LEVEL, least=least)
        rows.append({"period": periods[start], **dict(zip(("effect", "low", "high"), jump, strict=True))})
    return _against_placebos(pd.DataFrame(rows), date, matters=UNITS[one.unit].relevant)
