"""How often does a quiet line speak, and how soon does one that slips? ``python benchmarks/trend.py`` (two minutes).

Lines are drawn whose truth is known and read by the package's own `signals.read_line`, printed as Markdown: words on
quiet lines (any word but 平稳 is false) by kind and number of points, beside the usual rules with nothing added;
quarters until a line that slips, or jumps once, is named. Then the same lines before and after a date (`interrupted`): how
often a quiet line is found to have jumped, and how often one that did is; and how often the interval of a forecast
(`ledger.analysis`) holds what comes. ``--quick`` draws a tenth, and only what has a bound. The exit code is 1 where more than 5 % of the
quiet lines of a kind speak or jump, or an interval holds less than 90 %.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from unittest import mock

import numpy as np
import pandas as pd

from zjanalysis.analysis import chance
from zjanalysis.analysis.chance import interval
from zjanalysis.analysis.registry import indicator
from zjanalysis.analysis.signals import D2, LEAST_SIGMAS, RUN, Signal, interrupted, read_line
from zjanalysis.ledger.analysis import LEVEL

POINTS = (4, 6, 8, 12, 20)
MOST_FALSE, LEAST_HELD = 0.05, 0.90
ITEMS, SHARE = 220, 0.80
CALM = 4
"""Quiet points before a line begins to slip or jumps."""
LONGEST = 12
ONE = indicator("instant")
Lines = Callable[[np.random.Generator, int, int], np.ndarray]


def drawn_anew(draw: np.random.Generator, n: int, points: int) -> np.ndarray:
    """Return shares of items that are drawn anew every quarter, twice as far apart as chance has it."""
    spread = np.sqrt(2 * SHARE * (1 - SHARE) / ITEMS)
    return np.clip(np.round((SHARE + spread * draw.standard_normal((n, points))) * ITEMS) / ITEMS, 0, 1)


def same_list(draw: np.random.Generator, n: int, points: int) -> np.ndarray:
    """Return shares of a list that stays, of which two items in a hundred change each quarter, either way."""
    state = draw.random((n, ITEMS)) < SHARE
    columns = []
    for _ in range(points):
        changed = draw.random((n, ITEMS)) < 0.02
        state = np.where(changed, draw.random((n, ITEMS)) < SHARE, state)
        columns.append(state.mean(axis=1))
    return np.column_stack(columns)


def random_walk(draw: np.random.Generator, n: int, points: int) -> np.ndarray:
    """Return levels that wander without any direction: what a list does whose changes all stay."""
    return SHARE + 0.004 * draw.standard_normal((n, points)).cumsum(axis=1)


def hardly_moving(draw: np.random.Generator, n: int, points: int) -> np.ndarray:
    """Return shares that stay for most quarters and then move by an item."""
    steps = draw.choice([-1, 0, 1], p=[0.1, 0.8, 0.1], size=(n, points))
    return SHARE + steps.cumsum(axis=1) / ITEMS


QUIET: dict[str, Lines] = {
    "drawn anew, φ = 2": drawn_anew, "a list that stays": same_list, "random walk": random_walk,
    "hardly moving": hardly_moving,
}  # fmt: skip
PACE = 0.01
"""What a line that rises steadily gains a quarter: of such a line 持续改善 is true, any other word but 平稳 false."""


def word(values: np.ndarray) -> Signal:
    """Return the word of a line of shares."""
    return read_line(values, np.full(len(values), float(ITEMS)), ONE).signal


def plain_rules(values: np.ndarray) -> bool:
    """Tell whether the usual rules speak: a point outside 2.66 mean ranges, six points in a row, seven on one side."""
    centre, steps = values.mean(), np.diff(values)
    outside = abs(values[-1] - centre) > LEAST_SIGMAS / D2 * np.abs(steps).mean()
    ways, sides = np.sign(steps[-(RUN - 1) :]), np.sign(values[-7:] - centre)
    in_a_row = len(ways) == RUN - 1 and abs(ways.sum()) == RUN - 1
    return bool(outside or in_a_row or (len(sides) == 7 and abs(sides.sum()) == 7))


def false_words(draw: np.random.Generator, n: int) -> bool:
    """Print how many quiet lines speak, by kind and number of points; tell whether all keep the bound."""
    print(f"\nQuiet lines that speak, {n} of each (bound {MOST_FALSE:.0%}); in brackets the usual rules\n")
    print("| quiet line | " + " | ".join(f"{points} points" for points in POINTS) + " |")
    print("|---|" + "---|" * len(POINTS))
    kept = True
    for name, make in QUIET.items():
        for rising in (False, True):
            true, cells = {Signal.STEADY, *([Signal.BETTER] if rising else [])}, []
            for points in POINTS:
                lines = make(draw, n, points) + rising * PACE * (np.arange(points) - points + 1)
                share = float(np.mean([word(line) not in true for line in lines]))
                plain = "" if rising else f" ({np.mean([plain_rules(line) for line in lines]):.0%})"
                cells.append(f"{share:.1%}{plain}")
                kept &= share <= MOST_FALSE
            print(f"| {name}{', rising' if rising else ''} | " + " | ".join(cells) + " |")
    return kept


def falls(draw: np.random.Generator, n: int) -> None:
    """Print how often a line that rose steadily and falls at once, by so much, is 异常点."""

    def lines(points: int, size: float) -> np.ndarray:
        still = same_list(draw, n, points)
        rising = PACE * (np.arange(points) - points + 1)
        return still + rising - size * _noise(still) * (np.arange(points) == points - 1)

    _at_once(f"A rising line ({PACE:.0%} a quarter) that falls: 异常点 at once, {n} lines each", "fall", lines,
             (5.0, 10.0, 15.0))  # fmt: skip


def delays(draw: np.random.Generator, n: int) -> None:
    """Print how soon a line that begins to slip after four quiet points is named, by kind of noise and by pace."""
    print(
        f"\nQuarters until 持续变差 (or a point that stands out), {n} lines each, slipping after {CALM} quiet points\n"
    )
    print(f"| noise | slip a quarter, × noise | named after: median | within {LONGEST} |")
    print("|---|---|---|---|")
    for name in ("drawn anew, φ = 2", "a list that stays"):
        lines = QUIET[name](draw, n, CALM + LONGEST)
        noise = _noise(lines)
        for pace in (0.5, 1.0, 2.0, 3.0):
            slip = np.r_[np.zeros(CALM), np.arange(1, LONGEST + 1)] * pace * noise
            first = [_named(line - slip) for line in lines]
            found = [delay for delay in first if delay]
            median = f"{np.median([delay or LONGEST + 1 for delay in first]):.0f}" if len(found) * 2 > n else "–"
            print(f"| {name} | {pace:g} | {median} | {len(found) / n:.0%} |")


def jumps(draw: np.random.Generator, n: int) -> None:
    """Print how often one jump of a line is 异常点 at once, by its size and the points before it."""

    def lines(points: int, size: float) -> np.ndarray:
        quiet = drawn_anew(draw, n, points)
        return quiet - size * _noise(quiet) * (np.arange(points) == points - 1)

    _at_once(f"A single jump that is 异常点 at once, {n} lines each", "jump", lines, (3.0, 5.0, 8.0))


def _noise(lines: np.ndarray) -> float:
    """Return the standard deviation of a point, from the mean range of neighbours."""
    return float(np.abs(np.diff(lines, axis=1)).mean() / D2)


def _at_once(title: str, what: str, lines: Callable[[int, float], np.ndarray], sizes: tuple[float, ...]) -> None:
    """Print in how many of the lines of so many points the newest, off by so many times the noise, is 异常点."""
    print(f"\n{title}\n")
    print(f"| {what}, × noise | 8 points | 12 points | 20 points |")
    print("|---|---|---|---|")
    for size in sizes:
        shares = [np.mean([word(line) is Signal.OUTLIER for line in lines(points, size)]) for points in (8, 12, 20)]
        print(f"| {size:g} | " + " | ".join(f"{share:.0%}" for share in shares) + " |")


def jumped(line: np.ndarray, at: int) -> bool:
    """Tell whether a line is found to have jumped at a point."""
    names = [f"{n:02}" for n in range(len(line))]
    table = pd.DataFrame({"period": names, "value": line, "denominator": float(ITEMS)})
    return bool(interrupted(table, ONE, date=names[at])["found"].any())


def before_and_after(draw: np.random.Generator, n: int, sizes: tuple[float, ...]) -> bool:
    """Print how often quiet lines, and such as jump, are found to have jumped; tell whether the bound is kept."""
    print(
        f"\nInterrupted series, {n} lines each, the date three points before the end (bound {MOST_FALSE:.0%} of quiet)\n"
    )
    heads = [f"jump of {size:g} × noise: 8 points | 12 | 20" if size else "quiet: 8 points | 12 | 20" for size in sizes]
    print(f"| line | {' | '.join(heads)} |")
    print("|---|" + "---|" * 3 * len(sizes))
    kept = True
    for name, make in QUIET.items():
        cells = []
        for size in sizes:
            for points in (8, 12, 20):
                lines = make(draw, n, points)
                noise = _noise(lines)
                lines[:, points - 3 :] += size * noise
                share = float(np.mean([jumped(line, points - 3) for line in lines]))
                kept &= size > 0 or share <= MOST_FALSE
                cells.append(f"{share:.1%}" if size == 0 else f"{share:.0%}")
        print(f"| {name} | " + " | ".join(cells) + " |")
    return kept


def foretold(draw: np.random.Generator, n: int) -> bool:
    """Print how often the 90 % interval of a forecast holds what comes; tell whether the bound is kept."""
    print(f"\nForecasts whose interval holds what comes, {n} lines each (bound {LEAST_HELD:.0%}); in brackets the")
    print("interval of points taken for independent\n")
    print("| line, half of them rising | 4 points, 1 ahead | 8, 1 ahead | 8, 4 ahead | 12, 4 ahead |")
    print("|---|" + "---|" * 4)
    kept = True
    for name, make in QUIET.items():
        cells = []
        for points, ahead in ((4, 1), (8, 1), (8, 4), (12, 4)):
            lines = make(draw, n, points + ahead)
            lines[::2] += 0.01 * np.arange(points + ahead)
            ours = float(np.mean([_holds(line, points) for line in lines]))
            with mock.patch.object(chance, "STRENGTHS", (0.0,)):
                plain = float(np.mean([_holds(line, points) for line in lines]))
            kept &= ours >= LEAST_HELD
            cells.append(f"{ours:.0%} ({plain:.0%})")
        print(f"| {name} | " + " | ".join(cells) + " |")
    return kept


def _holds(line: np.ndarray, points: int) -> bool:
    """Tell whether the last point lies in the interval foretold from the first ones."""
    times, at = np.arange(points, dtype="float64"), float(len(line) - 1)
    design = np.column_stack([np.ones(points), times])
    first, wanted = (times, line[:points]), np.array([1.0, at])
    _, low, high = interval(first, design, wanted, level=LEVEL, ahead=at, least=1 / ITEMS / D2)
    return low - 1e-9 <= line[-1] <= high + 1e-9


def _named(line: np.ndarray) -> int:
    """Return after how many quarters of slipping the line is named; 0: never."""
    for quarter in range(1, LONGEST + 1):
        upto = line[: CALM + quarter]
        said = word(upto)
        if said is Signal.WORSE or (said is Signal.OUTLIER and upto[-1] < upto[:-1].mean()):
            return quarter
    return 0


def main() -> int:
    """Print the tables; 1 where a bound is broken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the lines, and only quiet ones")
    quick = parser.parse_args().quick
    n = 400 if quick else 4000
    draw = np.random.default_rng(20210331)
    kept = false_words(draw, n)
    if not quick:
        delays(draw, n // 4)
        jumps(draw, n // 4)
        falls(draw, n // 4)
    kept &= before_and_after(draw, n // 4, sizes=(0.0,) if quick else (0.0, 5.0, 10.0))
    kept &= foretold(draw, n // 2)
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
