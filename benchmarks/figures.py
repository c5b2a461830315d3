"""What a figure costs: ours against the usual way, in one run, interleaved. Trust the ratios, not the milliseconds.

    python benchmarks/figures.py [ROUNDS]

build     only the Axes of ours, not drawn: what ours and tight have in common
ours      drawn once on the Agg canvas, blank rows cropped, mapped to the palette of the theme
tight     the same Axes saved as matplotlib saves: tight bounding box (a second pass), default hinting, full colour
seaborn   the same numbers as a pyplot figure with a seaborn bar plot, the same words, saved tight
"""

from __future__ import annotations

import io
import statistics
import sys
import time
from collections.abc import Callable

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from zjanalysis.analysis.compare import compare, rank
from zjanalysis.analysis.explain import change
from zjanalysis.display import arrange, figures, theme
from zjanalysis.display.picture import take_picture
from zjanalysis.inputs.regions import peers_of, report_units

CITIES = ["440800", *peers_of("440800")]
UNITS = list(report_units("440800"))


def scores_of(codes: list[str], key: str, first: float, step: float) -> pd.DataFrame:
    values = [first + step * ((7 * i) % len(codes)) for i in range(len(codes))]
    rows = pd.DataFrame({"region_code": codes, "indicator": key, "value": values, "n": 120, "n_left_out": 4})
    return rows.assign(numerator=rows["value"] * 120, denominator=120.0)


def makers() -> list[Callable[[], Axes]]:
    """Give the eight figures of a report."""
    cities = {key: scores_of(CITIES, key, 0.8, 0.012) for key in ("time_compression", "instant", "online")}
    gaps = {key: compare(rows, region="440800", peers=CITIES) for key, rows in cities.items()}
    ranked = {key: rank(rows) for key, rows in cities.items()}
    departments = scores_of(["440823"] * 15, "time_compression", 0.5, 0.03)
    departments = departments.assign(department=[f"湛江市第{i}监督管理局" for i in range(15)])
    items = pd.DataFrame(
        {"limit_reason": None, "statutory_days": [5, 20, 45, 90] * 50, "promised_days": [0, 1, 3, 10] * 50}
    )
    parts = {"zero_visit": 0.8, "at_most_once": 0.9, "visits": 0.1}
    visits = arrange.visit_rows(pd.concat([scores_of(UNITS, key, value, 0.01) for key, value in parts.items()]))
    units = scores_of(UNITS, "instant", 0.7, 0.02)
    moved = change(units, units.assign(value=units["value"] - 0.01))
    rankings = [lambda k=key: figures.ranked_bars(ranked[k], gaps=gaps[k], indicator=k) for key in cities]
    return [
        *rankings,
        lambda: figures.department_bars(departments, indicator="time_compression", overall=0.7),
        lambda: figures.distribution(arrange.day_bands(items), region="440823"),
        lambda: figures.visit_bars(visits, region="440823"),
        lambda: figures.change_dumbbell(moved, indicator="instant", region="440823"),
        lambda: figures.change_dumbbell(moved.assign(indicator="online"), indicator="online", region="440823"),
    ]


def build(makes: list[Callable[[], Axes]]) -> int:
    return sum(0 for make in makes if make() is None)


def ours(makes: list[Callable[[], Axes]]) -> int:
    return sum(len(take_picture(make()).content) for make in makes)


def tight(makes: list[Callable[[], Axes]]) -> int:
    size = 0
    for make in makes:
        axes, out = make(), io.BytesIO()
        with theme.style(), mpl.rc_context({"text.hinting": mpl.rcParamsDefault["text.hinting"]}):
            axes.get_figure(root=True).savefig(out, format="png", bbox_inches="tight")
        size += out.tell()
    return size


def usual(_: list[Callable[[], Axes]]) -> int:
    size, rows = 0, scores_of(CITIES, "time_compression", 0.8, 0.012)
    for number in range(8):
        sns.set_theme(style="whitegrid")
        theme.apply()
        mpl.rcParams["text.hinting"] = mpl.rcParamsDefault["text.hinting"]
        figure, axes = plt.subplots(figsize=(theme.WIDTH, 3.6))
        sns.barplot(
            rows.assign(name=rows["region_code"]), x="value", y="name", ax=axes, color=theme.PEER, errorbar=None
        )
        for row, value in enumerate(rows["value"]):
            axes.text(value, row, f"{value:.2%}", va="center")
            axes.text(1.02, row, "第1位 120项", va="center", transform=axes.get_yaxis_transform())
        axes.set(title=f"图{number}", xlabel="时限压缩率", ylabel="")
        out = io.BytesIO()
        figure.savefig(out, format="png", bbox_inches="tight")
        plt.close(figure)
        size += out.tell()
    return size


def main(rounds: int) -> None:
    makes = makers()
    ways: dict[str, Callable[[list[Callable[[], Axes]]], int]] = {
        "build": build,
        "ours": ours,
        "tight": tight,
        "seaborn": usual,
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    sizes = {name: way(makes) for name, way in ways.items()}
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.process_time()
            way(makes)
            seconds[name].append(time.process_time() - start)
    best = {name: statistics.median(times) for name, times in seconds.items()}
    print("eight figures   CPU ms   ours/it    kB")
    for name in ways:
        print(f"{name:13} {best[name] * 1000:8.0f} {best['ours'] / best[name]:9.2f} {sizes[name] / 1024:5.0f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
