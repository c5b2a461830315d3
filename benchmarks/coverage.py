"""Does the interval of 判断 cover, and how often is its word false? ``python benchmarks/coverage.py`` (15 minutes).

Lists of base codes are drawn at random for a group whose true effects are known, and judged by the package's own functions.
Printed as Markdown: the grid (codes × share of codes on which two regions differ), the same by kind of truth, lists
drawn from the tables of the sample, departments that act as one, and the range of a rank. A cell of the grid that comes
close to a bound is drawn again with ten times the lists, and that counts. ``--quick`` runs a small part in seconds.
The exit code is 1 where a bound is broken.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import product

import numpy as np
import pandas as pd

from zjanalysis.analysis.compare import KEY, rank_range
from zjanalysis.analysis.like_for_like import (
    CodeTable,
    Fit,
    code_tables,
    difference,
    group_fit,
    margin_of,
    middle_of,
    verdict_of,
)  # fmt: skip
from zjanalysis.analysis.registry import Indicator, Scope, indicator
from zjanalysis.inputs.period import load_period
from zjanalysis.inputs.regions import peers_of, report_units
from zjanalysis.settings import Comparison
from zjanalysis.units import Verdict

SIZES, SHARES = (10, 20, 30, 60, 150, 500), (0.02, 0.05, 0.15, 0.50)
LEAST_COVERAGE, MOST_FALSE = 0.93, 0.05
SEEN = 0.05
"""Coverage is counted where at least 5 % of the lists get an interval at all."""
CLOSE = (0.945, 0.035)
"""A cell that covers less, or is false more often, in the first pass is drawn again with ten times the lists."""
RULES = Comparison()
TRUTHS = {
    "alike": "all regions truly alike", "spread": "regions a point apart, own in the middle",
    "one": "only the own region deviates, one way", "ahead": "own truly 3 points better",
    "visits": "visits, all truly alike", "visits one": "visits, only the own region has more",
}  # fmt: skip
NULL = ("alike", "spread", "visits")


@dataclass(frozen=True)
class Cell:
    """One kind of list: ``n`` codes, ``share`` of them different between two regions."""

    truth: str
    n: int
    share: float
    real_limits: bool = False
    missing: float = 0.0
    regions: int = 10
    listed: int = 0
    """How many of the codes the own region lists; 0: as many as the others."""


def cells() -> Iterable[Cell]:
    """Return the whole grid; visits have no limits to be weighted by."""
    for n, share, missing, regions, truth in product(SIZES, SHARES, (0.0, 0.3), (10, 12), TRUTHS):
        for real in (False,) if truth.startswith("visits") else (False, True):
            yield Cell(truth, n, share, real, missing, regions)


SHORT = (2, 3, 4, 5, 6, 8, 12, 20, 40)


def short_cells() -> Iterable[Cell]:
    """Return the cells in which the own region lists a handful of the codes of the others."""
    for listed, share, real, truth in product(SHORT, SHARES[1:], (False, True), ("alike", "spread", "one")):
        yield Cell(truth, 150, share, real, 0.3, listed=listed)


def real_limits() -> np.ndarray:
    """Return the statutory limits of the real permits, in working days."""
    items = load_period("data/gd-2021-05").items
    usable = items["limit_reason"].isna() & items["item_type"].eq("行政许可")
    return items.loc[usable, "statutory_days"].to_numpy("float64")


def drawn(cell: Cell, limits: np.ndarray, random: np.random.Generator) -> tuple[CodeTable, float]:
    """Draw a list and give it with the true difference of region 0 to the middle (see `middle_of`)."""
    shape = (cell.n, cell.regions)
    weights = random.choice(limits, cell.n) if cell.real_limits else np.ones(cell.n)
    values, effects = _visits(cell, shape, random) if cell.truth.startswith("visits") else _times(cell, shape, random)
    values[random.random(shape) < cell.missing] = np.nan
    if cell.listed:
        values[np.argsort(np.isnan(values[:, 0]), kind="stable")[cell.listed :], 0] = np.nan
    table = CodeTable(np.arange(cell.n).astype(object), tuple(f"{r:02d}" for r in range(cell.regions)), values, weights)
    among = effects if cell.regions % 2 else effects[1:]
    return table.only(), float(effects[0] - np.median(among))


def _times(cell: Cell, shape: tuple[int, int], random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Half of the codes promise nothing (1), the rest something; each region deviates on some, to anything."""
    base = np.where(random.random(shape[0]) < 0.5, random.uniform(0.3, 1, shape[0]), 1.0)
    effects = np.zeros(shape[1])
    if cell.truth == "one":
        values = np.repeat(base[:, None], shape[1], axis=1)
        values[:, 0] -= (random.random(shape[0]) < cell.share) * random.uniform(0.1, 1, shape[0])
        effects[0] = -cell.share * 0.55
        return values, effects
    values = np.where(random.random(shape) < _each(cell.share), random.uniform(0, 1, shape), base[:, None])
    if cell.truth == "spread":
        effects[1:] = random.permutation(np.arange(shape[1] - 1) - (shape[1] - 2) / 2) * 0.01
        effects[0] = np.median(effects[1:])
    if cell.truth == "ahead":
        effects[0] = 0.03
    touched = max(cell.share, 0.02)  # an effect is a larger one on some of the codes, a whole day's worth at most
    effects = np.clip(effects, -touched, touched)
    return values + (random.random(shape) < touched) * random.uniform(0.5, 1.5, shape) * effects / touched, effects


def _visits(cell: Cell, shape: tuple[int, int], random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    values = -1.0 * (random.random(shape) < _each(cell.share)) * random.choice([1.0, 1, 1, 2], shape)
    effects = np.zeros(shape[1])
    if cell.truth == "visits one":
        values[:, 0] -= random.random(shape[0]) < cell.share
        effects[0] = -cell.share
    return values, effects


def _each(share: float) -> float:
    """Return how often a region deviates so that two of them differ on this share of the codes."""
    return float(1 - np.sqrt(1 - share))


RESULT = ("published", "covered", "ahead", "behind")


def judged(fitted: Fit | None, own: str, truth: float, one: Indicator) -> tuple[bool, ...]:
    """Say whether a region gets an interval, whether it covers the truth (better is more here), and its word."""
    if fitted is None or own not in fitted.table.regions:
        return (False,) * len(RESULT)
    place, effects = fitted.table.regions.index(own), fitted.effects
    found = difference(fitted, place, middle_of(effects, place), least=RULES.min_differing)
    word = verdict_of(found, margin=margin_of(one, RULES))
    published = found.n_effective > 0 and not np.isnan(found.low)
    covered = published and found.low - 1e-12 <= truth <= found.high + 1e-12
    return published, covered, word == Verdict.AHEAD, word == Verdict.BEHIND


def run(cell: Cell, limits: np.ndarray, *, lists: int, seed: int = 1) -> pd.Series:
    """Return the shares of the lists: published, covered (of the published), ahead, behind, false."""
    key = [seed, cell.n, round(cell.share * 100), cell.real_limits, round(cell.missing * 10), cell.regions]
    random = np.random.default_rng([*key, list(TRUTHS).index(cell.truth), *([cell.listed] if cell.listed else [])])
    one = indicator("visits" if cell.truth.startswith("visits") else "time_compression")
    drawings = (drawn(cell, limits, random) for _ in range(lists))
    trials = [judged(group_fit(table, RULES), "00", truth, one) for table, truth in drawings]
    return summed(np.array(trials), wrong=(cell.truth in NULL, cell.truth in (*NULL, "ahead")))


def summed(trials: np.ndarray, *, wrong: tuple[bool, bool]) -> pd.Series:
    """Sum trials up; ``wrong`` tells whether 优于 and 落后 would be false."""
    published, covered, ahead, behind = trials.mean(axis=0)
    false = ahead * wrong[0] + behind * wrong[1]
    share = covered / published if published >= SEEN else np.nan
    return pd.Series({"published": published, "covered": share, "ahead": ahead, "behind": behind, "false": false})


def grid(limits: np.ndarray, wanted: Iterable[Cell], *, lists: int) -> pd.DataFrame:
    """Run cells; those that come close to a bound once more with ten times the lists (``again``), which count."""
    rows = []
    for cell in wanted:
        found, again = run(cell, limits, lists=lists), False
        if found["covered"] < CLOSE[0] or found["false"] > CLOSE[1]:
            found, again = run(cell, limits, lists=10 * lists, seed=2), True
        rows.append({**asdict(cell), **found, "again": again})
    return pd.DataFrame(rows)


def by_size(cells: pd.DataFrame) -> pd.DataFrame:
    """Return a row per number of codes and share of differing ones: the worst of its cells, and how often 3 points show."""
    groups = cells.groupby(["n", "share"])
    power = cells[cells["truth"] == "ahead"].pivot_table(index=["n", "share"], columns="real_limits", values="ahead")
    table = groups.agg(published=("published", "mean"), lowest=("covered", "min"), false=("false", "max"))
    return table.join(power.set_axis(["power, equal", "power, real limits"][: power.shape[1]], axis=1)).reset_index()


def by_truth(cells: pd.DataFrame) -> pd.DataFrame:
    """Return a row per kind of truth: its worst and its mean cell."""
    seen = cells.assign(kind=cells["truth"].map(TRUTHS)).groupby("kind", sort=False)
    return seen.agg(published=("published", "mean"), lowest=("covered", "min"), mean=("covered", "mean"),
                    false=("false", "max"), false_mean=("false", "mean")).reset_index()  # fmt: skip


def tables_of_sample() -> Iterator[tuple[str, Indicator, CodeTable]]:
    """Return the code tables of the counties and of the cities of the sample, better being more."""
    period = load_period("data/sample", "2021Q1")
    scope = Scope(period.dataset.item_types, period.dataset.use_levels)
    keys = [indicator(key) for key in KEY]
    for name, group in (
        ("counties", report_units("440800")),
        ("cities", ("440800", *peers_of("440800", "粤东粤西粤北"))),
    ):
        rows = period.items[period.items["region_code"].isin(group)]
        for key, table in code_tables(rows, keys, regions=group, scope=scope).items():
            one = indicator(key)
            yield name, one, CodeTable(table.codes, table.regions, table.values * one.sign, table.weights)


def resampled(*, lists: int) -> pd.DataFrame:
    """Take the sample's tables for the truth and draw lists of as many codes from them, every region judged."""
    random, rows = np.random.default_rng(3), []
    for name, one, whole in tables_of_sample():
        truth = group_fit(whole, RULES)
        assert truth is not None
        table, trials = truth.table, []
        for _ in range(lists):
            take = random.integers(0, len(table.codes), len(table.codes))
            again = group_fit(
                CodeTable(table.codes[take], table.regions, table.values[take], table.weights[take]), RULES
            )
            for place, own in enumerate(table.regions):
                true = float(truth.effects[place] - np.median(np.delete(truth.effects, place)))
                trials.append((*judged(again, own, true, one), true))
        found = np.array(trials, dtype="float64")
        wrong = (found[:, 2] > 0) & (found[:, 4] <= 0) | (found[:, 3] > 0) & (found[:, 4] >= 0)
        rows.append({"group": name, "indicator": one.key, "codes": len(table.codes), "published": found[:, 0].mean(),
                     "covered": found[:, 1].sum() / found[:, 0].sum(), "false": wrong.mean()})  # fmt: skip
    return pd.DataFrame(rows)


def departments(*, lists: int) -> pd.DataFrame:
    """Draw lists on which the codes of an office deviate together, which the interval does not know of.

    ``alike`` is how far: the correlation within an office (0.2 is what the real items show, 1: as one code).
    ``unhinged`` are the false words that no single office carries: with any one office left out they stay.
    """
    one, rows = indicator("online"), []
    for n, size, alike in product((150, 500), (5, 10), (0.0, 0.2, 1.0)):
        random, trials = np.random.default_rng([4, n, size, round(10 * alike)]), []
        office, shape = np.arange(n) // size, (n, 10)
        for _ in range(lists):
            joint, single = (np.where(random.random(shape) < _each(0.15), random.random(shape), 0) for _ in range(2))
            apart = np.where(random.random(shape) < np.sqrt(alike), joint[office], single)
            table = CodeTable(np.arange(n).astype(object), tuple(f"{r:02d}" for r in range(10)), apart, np.ones(n))
            found = judged(group_fit(table, RULES), "00", 0.0, one)
            kept = any(found[2:]) and all(
                judged(group_fit(table.without(office == out), RULES), "00", 0.0, one)[2:] == found[2:]
                for out in range(office[-1] + 1)
            )
            trials.append((*found, kept))
        shares = np.array(trials).mean(axis=0)
        rows.append({"codes": n, "codes of an office": size, "alike": alike, "published": shares[0],
                     "covered": shares[1] / shares[0], "false": shares[2] + shares[3], "unhinged": shares[4]})  # fmt: skip
    return pd.DataFrame(rows)


def ranks(*, lists: int, sizes: Iterable[int] = (60, 150, 300)) -> pd.DataFrame:
    """Draw lists of ten regions whose true values lie so far apart; say how often the range holds the true rank.

    Every region leaves out some of the codes, as real lists do, so the value of its whole list moves with them.
    """
    rows = []
    for n, missing, step in product(sizes, (0.3, 0.5), (0.0, 0.002, 0.005, 0.01, 0.03)):
        random = np.random.default_rng([5, n, round(10 * missing), round(1000 * step)])
        held, width = zip(*(ranked(random, n, missing, step) for _ in range(lists)), strict=True)
        rows.append({"codes": n, "not listed": missing, "apart, points": 100 * step, "covered": np.mean(held),
                     "width": np.mean(width)})  # fmt: skip
    return pd.DataFrame(rows)


def ranked(
    random: np.random.Generator, n: int, missing: float, step: float, *, listed: int = 0, flags: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Draw a list; tell of every region whether the range holds its true rank, and how wide the range is.

    ``listed``: how many codes the first region lists; 0: as the others. ``flags``: a code is yes or no, yes for 85 %.
    """
    true, shape = random.permutation(10) * step, (n, 10)
    if flags:
        level = np.where(random.random(shape) < 0.3, random.random(shape), random.random((n, 1)))
        values = 1.0 * (level < 0.85 - 4.5 * step + true)
    else:
        base = np.where(random.random(n) < 0.5, random.uniform(0.3, 1, n), 1.0)[:, None]
        values = np.where(random.random(shape) < 0.2, random.random(shape), base)
        values = values + (random.random(shape) < 0.15) * true / 0.15
    below = (random.random(shape) >= missing).astype("float64")
    if listed:
        below[:, 0] = np.arange(n) < listed
    low, high = rank_range(values * below, below, sign=1)
    best = 1 + (true[None, :] > true[:, None] + 1e-12).sum(axis=1)
    worst = 10 - (true[None, :] < true[:, None] - 1e-12).sum(axis=1)
    return (low <= best) & (worst <= high), high - low


def short(cells: pd.DataFrame, *, lists: int) -> pd.DataFrame:
    """Return a row per number of codes that the own region lists: 判断 (worst cell), and the range of its rank.

    Held is the least of both kinds of values and of true values 0.5, 1 and 3 points apart; of ``others`` the same.
    """
    rows = []
    for listed, own in cells.groupby("listed"):
        found = []
        for flags, step in product((False, True), (0.005, 0.01, 0.03)):
            random = np.random.default_rng([6, listed, flags, round(1000 * step)])
            trials = [ranked(random, 150, 0.3, step, listed=listed, flags=flags) for _ in range(lists)]
            held, width = (np.array(side).mean(axis=0) for side in zip(*trials, strict=True))
            found.append((held[0], held[1:].mean(), width[0]))
        held_own, held_others, widths = np.array(found).T
        rows.append({"codes listed": listed, "published": own["published"].mean(), "lowest": own["covered"].min(),
                     "false": own["false"].max(), "rank covered": held_own.min(), "others": held_others.min(),
                     "width": widths.mean()})  # fmt: skip
    return pd.DataFrame(rows)


def markdown(table: pd.DataFrame) -> str:
    """Write a table as Markdown: shares in percent, what was not seen as –."""
    whole = {"n", "codes", "codes of an office", "codes listed", "group", "indicator", "kind"}

    def text(name: str, value: object) -> str:
        if name in whole:
            return str(value)
        number = float(value)  # type: ignore[arg-type]
        return (
            "–"
            if np.isnan(number)
            else f"{number:.1f}"
            if name in ("width", "apart, points", "alike")
            else f"{number:.1%}"
        )

    rows = [
        [text(name, value) for name, value in zip(table.columns, row, strict=True)] for row in table.to_numpy(object)
    ]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [[*table.columns], ["---"] * table.shape[1], *rows])


def broken(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the cells that break a bound."""
    return cells[(cells["covered"] < LEAST_COVERAGE) | (cells["false"] > MOST_FALSE)]


def quick() -> pd.DataFrame:
    """Run a few cells of every kind, in seconds; the same lists every time."""
    limits = real_limits()
    some = [Cell(truth, n, share, real, 0.3) for truth, n, share, real in product(
        ("alike", "spread", "one", "visits"), (30, 150), (0.05, 0.50), (False, True)) if not (real and truth == "visits")]  # fmt: skip
    return grid(limits, [*some, *(cell for cell in short_cells() if cell.listed in (3, 6, 20))], lists=100)


def main() -> int:
    """Print the tables; return 1 where a cell breaks a bound."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a small part, in seconds")
    parser.add_argument("--lists", type=int, default=1000, help="lists per cell (1000)")
    asked = parser.parse_args()
    found = quick() if asked.quick else grid(real_limits(), [*cells(), *short_cells()], lists=asked.lists)
    print(f"{len(found)} cells, {int(found['again'].sum())} of them drawn again\n")
    whole, few = (part for _, part in found.groupby(found["listed"] > 0))
    some = 20 if asked.quick else max(asked.lists // 3, 10)
    print(markdown(by_size(whole)), markdown(by_truth(whole)), markdown(short(few, lists=some)), sep="\n\n", flush=True)
    if not asked.quick:
        for table in (resampled(lists=some), departments(lists=asked.lists), ranks(lists=some)):
            print("", markdown(table), sep="\n", flush=True)
    wrong = broken(found)
    print("\n" + (f"broken:\n{wrong.to_string()}" if len(wrong) else "no cell breaks a bound"))
    return int(len(wrong) > 0)


if __name__ == "__main__":
    raise SystemExit(main())
