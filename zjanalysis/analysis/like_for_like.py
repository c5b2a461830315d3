"""判断: every region on the same items, by a two-way model, with an interval over which items are listed.

value of code k in region r = effect of the code + effect of the region, fitted by least squares with the common weight
of the code, on all codes that at least two regions of the group hold: the Country-Product-Dummy method (Summers 1973,
Review of Income and Wealth 19(1); World Bank 2013, Measuring the Real Size of the World Economy, ch. 4). Equal promises
give equal effects whatever a region does not list. Interval and refusal are chosen by simulation (docs/decisions/0012).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
import pandas as pd

from zjanalysis.analysis.chance import two_sided_t
from zjanalysis.analysis.indicators import measure
from zjanalysis.analysis.matching import common_limits
from zjanalysis.analysis.registry import PLAN_SCOPE, Indicator, Scope
from zjanalysis.settings import Comparison, Settings, load_settings
from zjanalysis.units import UNITS, Verdict, digits_for

LEVEL = 0.95
_NOTHING = 1e-12


@dataclass(frozen=True)
class CodeTable:
    """Base codes × regions: ``values`` (missing where a region lacks the code) and one ``weights`` per code.

    A value is a mean over the region's rows of the code; the weight is the common limit for time, 1 for the rest.
    """

    codes: np.ndarray
    regions: tuple[str, ...]
    values: np.ndarray
    weights: np.ndarray

    @cached_property
    def held(self) -> np.ndarray:
        """Return which region has which code (codes × regions)."""
        return np.asarray(~np.isnan(self.values))

    def only(self, places: Iterable[int] | None = None) -> CodeTable:
        """Return the table of some regions, without the codes that fewer than two of them hold: these say nothing."""
        columns = list(range(len(self.regions)) if places is None else places)
        values, regions = self.values[:, columns], tuple(self.regions[place] for place in columns)
        shared = (~np.isnan(values)).sum(axis=1) >= 2
        return CodeTable(self.codes[shared], regions, values[shared], self.weights[shared])

    def without(self, codes: np.ndarray) -> CodeTable:
        """Return the table without the codes marked; what no other region holds stays, since it counts for coverage."""
        return CodeTable(self.codes[~codes], self.regions, self.values[~codes], self.weights[~codes])


def code_tables(
    items: pd.DataFrame, indicators: Iterable[Indicator], *, regions: Iterable[str], scope: Scope | None = PLAN_SCOPE
) -> dict[str, CodeTable]:
    """Put the base codes of the regions side by side, one statutory limit per code: a table per indicator key."""
    places, wanted = tuple(sorted(set(regions))), tuple(indicators)
    tables: dict[str, CodeTable] = {}
    for narrow in dict.fromkeys(scope and scope.narrowed(one) for one in wanted):
        same = [one for one in wanted if (scope and scope.narrowed(one)) == narrow]
        alike = common_limits(items, regions=places, scope=narrow)
        sums = measure(alike, same, by=("region_code", "match_code"), scope=scope)
        tables |= {str(key): _table(part, places) for key, part in sums.groupby("indicator", sort=False)}
    empty = CodeTable(np.array([], dtype=object), places, np.empty((0, len(places))), np.empty(0))
    return {one.key: tables.get(one.key, empty) for one in wanted}


def _table(sums: pd.DataFrame, regions: tuple[str, ...]) -> CodeTable:
    cells = sums[sums["denominator"] > 0]
    rates = cells.assign(rate=cells["numerator"] / cells["denominator"], weight=cells["denominator"] / cells["n"])
    wide = rates.pivot(index="match_code", columns="region_code", values="rate").reindex(columns=list(regions))
    weights = rates.groupby("match_code")["weight"].median().reindex(wide.index)
    return CodeTable(wide.index.to_numpy(dtype=object), regions, wide.to_numpy("float64"), weights.to_numpy("float64"))


@dataclass(frozen=True)
class Fit:
    """The two-way model of a table: ``effects`` of the regions (mean 0), and what any contrast of them needs.

    ``held`` is that of the table as numbers. Where values or weights of the table are a stack (first axis), all but
    ``held`` may be one: many models of the same codes and regions, fitted at once. A code of weight 0 is left out.
    """

    table: CodeTable
    held: np.ndarray
    effects: np.ndarray
    inverse: np.ndarray
    moments: np.ndarray
    residuals: np.ndarray


def fit(table: CodeTable) -> Fit:
    """Fit value = code + region by weighted least squares; regions must hang together (see `linked`)."""
    held, n = table.held.astype("float64"), len(table.regions)
    per_holder = table.weights / held.sum(axis=1)
    shared = np.swapaxes(held * per_holder[..., None], -1, -2) @ held
    normal = (table.weights @ held)[..., None] * np.eye(n) - shared
    scale = np.maximum(np.trace(normal, axis1=-2, axis2=-1) / n, _NOTHING)[..., None, None]
    mean = np.full((n, n), 1 / n)
    return _solved(table, held, np.linalg.inv(normal + scale * mean) - mean / scale)  # the effects sum to 0


def refit(fitted: Fit, values: np.ndarray) -> Fit:
    """Fit the same codes and regions with other ``values``: what the model inverts does not depend on them."""
    return _solved(replace(fitted.table, values=values), fitted.held, fitted.inverse)


def _solved(table: CodeTable, held: np.ndarray, inverse: np.ndarray) -> Fit:
    holders, weights = held.sum(axis=1), table.weights[..., None]
    values = np.where(held > 0, table.values, 0.0)
    moments = weights * held * (values - (values.sum(axis=-1) / holders)[..., None])
    effects = _times(inverse, moments.sum(axis=-2))
    explained = held * (effects[..., None, :] - (_times(held, effects) / holders)[..., None])
    return Fit(table, held, effects, inverse, moments, moments - weights * explained)


def _times(matrix: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Multiply matrix and vector, or each of a stack."""
    return np.asarray((matrix @ vector[..., None])[..., 0])


@dataclass(frozen=True)
class Difference:
    """A difference of two effects, with its interval; ``n_effective`` says of how many differing codes it is made.

    ``low`` and ``high`` are missing where too few codes differ, or are there at all, for an interval that covers.
    """

    value: float
    low: float
    high: float
    n_effective: float

    def turned(self, one: Indicator) -> Difference:
        """Return the difference so that positive means better; two shares are at most 1 apart."""
        most = 1.0 if one.unit == "share" else np.inf
        low, high = (min(max(end, -most), most) + 0.0 for end in sorted((self.low * one.sign, self.high * one.sign)))
        return replace(self, value=self.value * one.sign + 0.0, low=low, high=high)


def difference(fitted: Fit, first: int, second: int, *, least: float) -> Difference:
    """Return effect of ``first`` − effect of ``second`` with the interval that the simulation chose.

    Variance: the jackknife over codes (linear, with leverage), plus the square of the largest contribution, which
    stands for one unseen code as large; Student's t with n_effective − 1 degrees of freedom. ``n_effective``:
    participation ratio of the differences (Σ|d|)²/Σd², times the evenness of the weights (Σw)²/nΣw², at most the codes
    of its own that either region has and that differ: third regions' promises are no evidence of one that lists little.
    Below ``least`` there is no interval, nor where nothing differs and one of the two has fewer codes.
    """
    return differences(fitted, first, [second], least=least)[0]


def differences(fitted: Fit, first: int, second: Sequence[int], *, least: float) -> list[Difference]:
    """Return `difference` for every fit of a stack, each against a region of its own."""
    weights, places = fitted.table.weights, np.arange(len(fitted.table.regions))
    direction = _times(fitted.inverse, 1.0 * (places == first) - (places == np.array(second)[:, None]))
    parts = _times(fitted.moments, direction)  # they sum to the difference
    weighed, most = weights > 0, np.abs(parts).max(axis=-1, initial=0.0)
    n, listed = weighed.sum(axis=-1), (fitted.held.T[[first]], fitted.held.T[list(second)])
    n_own, n_differ = (np.minimum(*((held * some).sum(axis=-1) for held in listed))
                       for some in (weighed, weighed & (np.abs(parts) > _NOTHING)))  # fmt: skip
    with np.errstate(divide="ignore", invalid="ignore"):  # of codes left out, and where nothing differs
        apart = np.abs(np.where(weighed, parts / weights, 0.0))
        evenness = weights.sum(axis=-1) ** 2 / (n * (weights**2).sum(axis=-1))
        effective = apart.sum(axis=-1) ** 2 / (apart**2).sum(axis=-1) * evenness
        half = _spread(fitted, direction, n)
    ends = np.where(most >= _NOTHING, np.inf, np.where(n_own >= least, 0.0, np.nan))
    rows = zip(parts.sum(axis=-1), ends, np.sqrt(half + most**2), np.minimum(effective, n_differ), strict=True)
    return [_difference(*map(float, one), least=least) for one in rows]


def _spread(fitted: Fit, direction: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Return the variance of a contrast by the jackknife over codes."""
    weights, held = fitted.table.weights, fitted.held
    shares = weights * (_times(held, direction**2) - _times(held, direction) ** 2 / held.sum(axis=1))
    free = np.maximum(1 - shares / shares.sum(axis=-1)[..., None], 1e-3)
    influence = _times(fitted.residuals, direction) / free
    apart = np.where(weights > 0, influence - (influence.sum(axis=-1) / n)[..., None], 0.0)
    return np.asarray((n - 1) / n * (apart**2).sum(axis=-1))


def _difference(value: float, ends: float, error: float, effective: float, *, least: float) -> Difference:
    """Return one `difference`; ``ends``: both of them where nothing differs, infinite where something does."""
    if ends != np.inf:
        return Difference(0.0, ends, ends, 0.0)
    n_effective = round(effective, 9)  # whatever the order of the sum
    if n_effective < least:
        return Difference(value, np.nan, np.nan, n_effective)
    half = two_sided_t(LEVEL, max(n_effective - 1, 1.0)) * error
    return Difference(value, value - half, value + half, n_effective)


def linked(table: CodeTable) -> np.ndarray:
    """Tell which regions hang together through shared codes: the largest such set (the first of equal ones)."""
    together = (held := table.held.astype("float64")).T @ held > 0  # integers have no fast library
    reach = np.linalg.matrix_power(together.astype("float64") + np.eye(len(together)), max(len(together), 1)) > 0
    sizes = reach.sum(axis=1) * np.diag(together)
    return np.asarray(reach[int(np.argmax(sizes))] & np.diag(together)) if len(sizes) else np.zeros(0, dtype=bool)


def margin_of(one: Indicator, rules: Comparison) -> float:
    """Return the smallest difference that counts: a share's, a visit's; for days one published digit."""
    return {"share": rules.margin_time, "visits": rules.margin_visits}.get(one.unit, 0.01)


def rules_of(settings: Settings | None) -> Comparison:
    """Return the rules of comparison: of the settings handed in, else of the project's zjanalysis.toml."""
    return (settings or load_settings()).comparison


def judge(table: CodeTable, one: Indicator, *, settings: Settings | None = None) -> pd.DataFrame:
    """Return 判断 for the regions of a group on one indicator: one row per region.

    ``effect`` is the region's effect minus the median effect of the group, oneself included, positive when better.
    ``verdict`` rests on ``difference``, the effect minus that of ``middle``, the region in the middle (of the others
    where the group is even, of all where it is odd; the middle of its own group is 相当): 优于 / 落后 where its
    interval (``low``, ``high``) leaves out 0 and it reaches the margin of the settings, else 相当; 不作判断 with a
    ``reason`` where under half its codes or too few are shared, fewer than three peers have data, or too few differ.
    ``n_codes`` are the region's codes, ``n_shared`` those another region holds too, ``coverage`` their share.
    """
    rows = pd.DataFrame(judged(table, one, rules_of(settings)), columns=[f.name for f in fields(Judged)])
    return rows.astype(dict.fromkeys(_TEXTS, "str"))


@dataclass(frozen=True)
class Judged:
    """One row of `judge`."""

    region_code: str
    indicator: str
    n_codes: int
    n_shared: int
    coverage: float
    effect: float = np.nan
    difference: float = np.nan
    low: float = np.nan
    high: float = np.nan
    middle: str = ""
    n_effective: float = np.nan
    n_both: int = 0
    n_differ: int = 0
    n_peers: int = 0
    verdict: str = str(Verdict.NO_DATA)
    reason: str = ""


_TEXTS = ("region_code", "indicator", "middle", "verdict", "reason")


def judged(table: CodeTable, one: Indicator, rules: Comparison, *, regions: Iterable[str] = ()) -> list[Judged]:
    """Return the rows of `judge` as records: of all regions, or of those named."""
    fitted, wanted = group_fit(table, rules), set(regions)
    places = [place for place, region in enumerate(table.regions) if not wanted or region in wanted]
    return [judged_by(fitted, counted(table, one, place), one, rules) for place in places]


def counted(table: CodeTable, one: Indicator, place: int) -> Judged:
    """Return a region's row of `judge` as far as counting goes; `judged_by` adds the rest."""
    has, shares = (int(each[place]) for each in counts(table))
    alone = "" if len(table.regions) > 1 or not has else "没有可比的地区"
    return Judged(table.regions[place], one.key, has, shares, float(shares / max(has, 1)), reason=alone)


def counts(table: CodeTable) -> tuple[np.ndarray, np.ndarray]:
    """Return per region how many codes it has, and how many of them another region of the group has too."""
    shared = table.held & (table.held.sum(axis=1) >= 2)[:, None]
    return np.asarray(table.held.sum(axis=0)), np.asarray(shared.sum(axis=0))


def group_fit(table: CodeTable, rules: Comparison) -> Fit | None:
    """Fit the regions that can be compared: enough of their codes shared, and linked; None with fewer than two."""
    n_codes, n_shared = counts(table)
    known = np.flatnonzero((n_shared >= rules.min_coverage * n_codes) & (n_shared >= rules.min_differing))
    inner = table.only(known)
    together = linked(inner)
    inner = inner if together.all() else table.only(known[together])
    return fit(inner) if len(inner.regions) >= 2 else None


def judged_by(fitted: Fit | None, row: Judged, one: Indicator, rules: Comparison) -> Judged:
    """Add effect, difference, verdict and reason of a fit to the counts of one region."""
    if not row.n_codes:
        return row
    if fitted is None or row.region_code not in fitted.table.regions:
        return replace(row, verdict=str(Verdict.NONE), reason=row.reason or _not_shared(row, rules))
    place, effects = fitted.table.regions.index(row.region_code), fitted.effects * one.sign
    middle = middle_of(effects, place)
    apart = difference(fitted, place, middle, least=rules.min_differing).turned(one)
    pair = fitted.table.values[:, [place, middle]]
    both = ~np.isnan(pair).any(axis=1)
    differ = np.abs(pair[both, 0] - pair[both, 1]) > _NOTHING
    row = replace(
        row, effect=float(effects[place] - np.median(effects)) + 0.0, difference=apart.value, low=apart.low,
        high=apart.high, middle=fitted.table.regions[middle], n_effective=apart.n_effective, n_both=int(both.sum()),
        n_differ=int(differ.sum()), n_peers=len(effects) - 1,
    )  # fmt: skip
    if row.n_peers < rules.min_peers:
        return replace(row, verdict=str(Verdict.NONE), reason=rules.few_peers(row.n_peers))
    verdict = verdict_of(apart, margin=margin_of(one, rules))
    few = f"与居中地区的{_too_few(row.n_both, row.n_differ, apart, rules)}" if verdict == Verdict.NONE else ""
    return replace(row, verdict=str(verdict), reason=few)


def _too_few(n_both: int, n_differ: int, apart: Difference, rules: Comparison) -> str:
    """Say why there is no interval: few codes differ, or few of those that differ carry the difference."""
    if not n_both:
        return "同事项一个也没有"
    if n_differ < rules.min_differing:
        return f"{n_both}个同事项" + (f"中只有{n_differ}个有差别" if n_differ else "没有差别")
    return f"{n_both}个同事项中有{n_differ}个有差别，但分量集中在少数事项，只相当于{apart.n_effective:.1f}个"


def verdict_of(apart: Difference, *, margin: float) -> Verdict:
    """Return the word of a difference that is positive when better."""
    if np.isnan(apart.low):
        return Verdict.NONE
    if round(apart.low, 9) <= 0 <= round(apart.high, 9) or abs(round(apart.value, 9)) < margin:
        return Verdict.LEVEL
    return Verdict.AHEAD if apart.value > 0 else Verdict.BEHIND


def middle_of(effects: np.ndarray, place: int) -> int:
    """Return the region in the middle: of the others where the group is even, of all where it is odd (maybe oneself).

    >>> middle_of(np.array([4.0, 1, 2, 3]), 0), middle_of(np.array([3.0, 1, 2]), 2)
    (2, 2)
    """
    order = np.argsort(effects.round(12), kind="stable")
    among = order if len(effects) % 2 else order[order != place]
    return int(among[len(among) // 2])


def _not_shared(row: Judged, rules: Comparison) -> str:
    if row.n_shared < rules.min_differing:
        few = f"与兄弟地区相同且有数据的事项只有{row.n_shared}个，不足{rules.min_differing:g}个"
        return few if row.n_shared else "与兄弟地区没有相同且有数据的事项"
    part = f"与兄弟地区相同且有数据的事项只占{_under(row.coverage, rules)}"
    return part if row.coverage < rules.min_coverage else "没有可比的兄弟地区"


def _under(coverage: float, rules: Comparison) -> str:
    """Say which share is under the least one, printed apart from it.

    >>> _under(10000 / 20001, Comparison()), _under(0.25, Comparison())
    ('49.998%，不足50%', '25.00%，不足50%')
    """
    least, unit = rules.min_coverage, UNITS["share"]
    return f"{coverage:.{digits_for([coverage], [least], unit)}%}，不足{least:.0%}"


def pairs(
    table: CodeTable, one: Indicator, *, region: str, peers: Iterable[str], settings: Settings | None = None
) -> pd.DataFrame:
    """Compare the region with each peer on the base codes both have: evidence beside 判断, one row per peer.

    ``table``: that of the group (`code_tables`). ``value`` and ``peer_value`` on the shared codes with one statutory
    limit per code (of the whole group); ``difference`` is positive when the region is better, ``low`` and ``high`` its
    interval; ``coverage`` is n_shared / n_codes. What a third region promises does not move a row. ``verdict`` is
    不作判断 with a ``reason`` under half coverage or where too few codes differ.
    """
    own, names, rules = table.regions.index(region), table.regions, rules_of(settings)
    others = [peer for peer in dict.fromkeys(peers) if peer != region]
    return pd.DataFrame([_pair(table, own, names.index(peer), one, rules) for peer in others], columns=list(PAIRS))


PAIRS = ("region_code", "peer_code", "indicator", "value", "peer_value", "difference", "low", "high", "n_codes",
         "n_shared", "n_differ", "coverage", "verdict", "reason")  # fmt: skip


def _pair(table: CodeTable, own: int, other: int, one: Indicator, rules: Comparison) -> tuple[object, ...]:
    n_codes = int(table.held[:, own].sum())
    pair = table.only([own, other])
    n_shared = len(pair.codes)
    names = (table.regions[own], table.regions[other], one.key)
    if not n_shared:
        word, why = (Verdict.NONE, "没有相同且有数据的事项") if n_codes else (Verdict.NO_DATA, "")
        return (*names, *[np.nan] * 5, n_codes, 0, 0, 0.0, str(word), why)
    values = pair.weights @ pair.values / pair.weights.sum()
    apart = difference(fit(pair), 0, 1, least=rules.min_differing).turned(one)
    n_differ = int((np.abs(pair.values[:, 0] - pair.values[:, 1]) > _NOTHING).sum())
    coverage = n_shared / n_codes
    word = verdict_of(apart, margin=margin_of(one, rules))
    why = _too_few(n_shared, n_differ, apart, rules) if word == Verdict.NONE else ""
    if coverage < rules.min_coverage:
        word, why = Verdict.NONE, f"同事项只占{_under(coverage, rules)}"
    return (*names, *values, apart.value, apart.low, apart.high, n_codes, n_shared, n_differ, coverage, str(word), why)
