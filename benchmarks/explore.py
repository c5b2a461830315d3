"""What one change of the explorer costs the kernel: ``python benchmarks/explore.py``.

Every chooser of notebook 00 is set to several values on the sample period, without a department and with one. A time
runs from setting the widget's value to everything shown being in place: figure, sentence, tables, plan and code. The
browser's drawing comes on top. More than 0.3 s for any of them fails.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any

import ipywidgets

from zjanalysis.display.explore import explore

BUDGET = 0.3  # seconds
TITLES = ("地区", "比较对象", "指标", "部门", "口径", "目标")


def within(widget: Any) -> Iterator[Any]:
    """Return a widget and everything in it."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from within(child)


def values_of(chooser: Any, wanted: int) -> list[Any]:
    """Return values to set in turn, spread over what the chooser offers; each differs from the one before."""
    if isinstance(chooser, ipywidgets.FloatSlider):
        return [chooser.max * (0.2 + 0.79 * n / wanted) for n in range(wanted)]
    offered = [value for _, value in chooser.options]
    others = [value for value in offered if value != chooser.value]
    spread = others[:: max(1, len(others) // wanted)]
    return list(islice(cycle([*spread, chooser.value]), max(wanted, len(spread))))


def timed(chooser: Any, wanted: int) -> list[float]:
    """Return the seconds of each change of one chooser, and put its first value back."""
    first, seconds = chooser.value, []
    for value in values_of(chooser, wanted):
        if value == chooser.value:
            continue
        start = time.perf_counter()
        chooser.value = value
        seconds.append(time.perf_counter() - start)
    chooser.value = first
    return seconds


def main() -> int:
    """Measure, print a table, and return 1 when a change takes longer than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--values", type=int, default=12, help="changes of each kind")
    wanted = parser.parse_args().values
    desk = explore("data/sample", "2021Q1", region="440823")
    choosers = {one.description: one for one in within(desk) if getattr(one, "description", "") in TITLES}
    worst = 0.0
    print("| shown | change | changes | median, s | worst, s |\n|---|---|---|---|---|")
    for shown in ("rank", "department"):
        if shown == "department":
            choosers["部门"].value = choosers["部门"].options[1][1]
        for title in TITLES:
            if shown == "department" and title == "地区":  # a new region goes back to the rank
                continue
            seconds = timed(choosers[title], wanted)
            worst = max(worst, *seconds)
            print(f"| {shown} | {title} | {len(seconds)} | {statistics.median(seconds):.3f} | {max(seconds):.3f} |")
    print(f"\nworst {worst:.3f} s, budget {BUDGET} s: {'ok' if worst <= BUDGET else 'TOO SLOW'}")
    return int(worst > BUDGET)


if __name__ == "__main__":
    raise SystemExit(main())
