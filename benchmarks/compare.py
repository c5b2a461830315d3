"""What the comparison and the plan cost: ``python benchmarks/compare.py``.

The standings of 12 cities on 2 indicators and 1,500 base codes must stay under 2 s and 500 MB, a plan for 3,000 items
under 0.2 s, until 判断 is 优于 under 1 s. The items are made with a fixed seed. Each row is the best of three.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from zjanalysis.analysis.compare import standings
from zjanalysis.analysis.explain import gap_split
from zjanalysis.analysis.indicators import measure
from zjanalysis.analysis.plan import LEAD

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.analysis.ways import like_for_like, plan, sensitivity

CITIES = [f"44{i:02d}00" for i in range(8, 20)]
TEXT = ("item_id", "handle_item_code", "impl_code", "statutory_unit", "promised_unit", "limit_reason")


def make_items(n_codes: int, *, seed: int = 1, rows_per_code: int = 1) -> pd.DataFrame:
    """Make items of the twelve cities, every city with every code."""
    random = np.random.default_rng(seed)
    n = n_codes * rows_per_code
    codes = np.tile(np.arange(n_codes).astype(str), rows_per_code)
    limits = np.tile(random.integers(5, 60, n_codes), rows_per_code)
    blocks = [
        pd.DataFrame({
            "region_code": city, "match_code": codes, "item_name": "事项" + pd.Series(codes), "item_type": "行政许可",
            "use_level": "3", "department": "部门" + pd.Series(codes).str[-1:], "statutory_days": limits.astype(float),
            "promised_days": np.floor(limits * random.uniform(0, 0.4, n)), "handling_type": "承诺件", "in_force": True,
            "visits": (random.random(n) < 0.1).astype(float),
        })
        for city in CITIES
    ]  # fmt: skip
    items = pd.concat(blocks, ignore_index=True).assign(**dict.fromkeys(TEXT))
    written = items.assign(statutory_written=items["statutory_days"], promised_written=items["promised_days"])
    flags = ("online", "end_to_end", "one_window", "bookable", "on_application", "serves_public")
    return written.assign(**dict.fromkeys(flags, True)).astype(
        dict.fromkeys(TEXT, "str") | dict.fromkeys(flags, "boolean")
    )


def best_of_three(job: Callable[[], object]) -> float:
    """Return the shortest of three runs in seconds."""
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        job()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def peak_mb() -> float:
    """Return the peak memory of this process in MB; missing where the platform does not say."""
    try:
        import resource
    except ImportError:
        return float("nan")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


def main() -> int:
    """Measure, print a table, and return 1 when a budget is exceeded."""
    items, own = make_items(1500), make_items(1500, rows_per_code=2)
    peers, two = CITIES[1:], ("time_compression", "visits")
    jobs: dict[str, tuple[Callable[[], object], float]] = {
        "standings: 12 cities x 2 indicators x 1,500 codes": (
            lambda: standings(items, regions=CITIES, indicators=two), 2.0),
        "like for like: 11 peers, 1,500 codes": (
            lambda: like_for_like(items, region=CITIES[0], peers=peers, indicator="visits"), 2.0),
        "plan: 3,000 items, 11 peers": (
            lambda: plan(own, region=CITIES[0], peers=peers, indicator="time_compression", target="best"), 0.2),
        "plan to lead: 3,000 items, 11 peers": (
            lambda: plan(own, region=CITIES[0], peers=peers, indicator="time_compression", target=LEAD), 1.0),
        "gap split: 12 cities x 1,500 codes": (
            lambda: gap_split(items, region=CITIES[0], peers=peers, indicator="time_compression"), 1.0),
        "sensitivity: 11 definitions, 12 cities x 1,500": (
            lambda: sensitivity(items, region=CITIES[0], peers=peers), 2.0),
        "measure: 12 indicators, 36,000 items": (lambda: measure(own), 1.0),
    }  # fmt: skip
    failed = False
    for name, (job, budget) in jobs.items():
        seconds = best_of_three(job)
        failed |= seconds > budget
        print(f"{name:<60} {seconds:7.3f} s   budget {budget:.1f} s   {'ok' if seconds <= budget else 'TOO SLOW'}")
    peak = peak_mb()
    failed |= peak > 500
    print(f"{'peak memory of the process':<60} {peak:7.0f} MB  budget 500 MB")
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
