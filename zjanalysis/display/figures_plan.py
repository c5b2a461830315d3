"""Figures that look ahead and along time: the plan curve, a share month by month, the board of the plan's tasks."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from zjanalysis.display import theme, wording
from zjanalysis.display.canvas import THICK, TextColumn, key, plane, row_chart, scale, tick_texts
from zjanalysis.display.known import about
from zjanalysis.display.picture import describe

PLATE = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}


def plan_curve(steps: pd.DataFrame, *, value: float, target: float, indicator: str, reached: bool = True) -> Axes:
    """Draw the value after each item changed, the largest gain first, with the line to reach.

    ``steps`` comes from analysis.plan: cumulative, rank. ``value`` is where the region stands before, ``target`` the
    number to reach. Unreachable: the words say so, and the curve ends below the line.
    """
    one = about(indicator)
    reach = [value, *steps["cumulative"].astype("float64")]
    with theme.style():
        axes = plane(height=82, left=16, right=6)
        vertical(axes, [*reach, target], unit=one.unit)
        many = len(reach) - 1
        axes.set_xlim(-0.02 * max(many, 1), max(many, 1) * 1.02)
        axes.step(range(len(reach)), reach, where="post", color=theme.FOCUS, linewidth=2, zorder=4)
        axes.fill_between(range(len(reach)), reach, value, step="post", color=theme.BAND, linewidth=0, zorder=1)
        shown = [
            int(t) for t in MaxNLocator(nbins=8, integer=True).tick_values(0, max(many, 1)) if 0 <= t <= max(many, 1)
        ]
        axes.set_xticks(shown)
        axes.set_xlabel("调整的事项数（项），按提升从大到小", loc="left", labelpad=3)
        if not math.isnan(target):
            axes.axhline(target, color=theme.TARGET, linewidth=1.3, linestyle=(0, (4, 2)), zorder=3)
        axes.scatter([0, many], [reach[0], reach[-1]], s=44, c=[theme.PEER, theme.FOCUS], linewidth=0, zorder=5)
        end = f"调整{many}项后 {wording.amount(reach[-1], one.unit)}"
        entries = [("●", f"现值 {wording.amount(value, one.unit)}", theme.PEER), ("●", end, theme.FOCUS)]
        goal = [] if math.isnan(target) else [("┅", f"目标 {wording.amount(target, one.unit)}", theme.TARGET)]
        key(axes, [*entries, *goal], unit="" if reached else "现有做法下达不到")
    told = "达到" if reached else "未达到"
    words = f"从{wording.amount(value, one.unit)}到{wording.amount(reach[-1], one.unit)}"
    return describe(
        axes, f"阶梯图：依次调整{many}项后{one.label}{words}，{told}目标{wording.amount(target, one.unit)}。"
    )


def vertical(axes: Axes, values: list[float], *, unit: str, air: float = 0.08) -> None:
    """Set the upright scale: some air, a few round ticks in the unit, horizontal guides."""
    known = [value for value in values if not wording.missing(value)] or [0.0, 1.0]
    room = (max(known) - min(known)) * air or max(abs(max(known)) * 0.05, 0.01)
    low, high = min(known) - room, max(known) + room
    shown = [t for t in MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high) if low <= t <= high]
    axes.set_ylim(low, high)
    axes.set_yticks(shown, tick_texts(shown, unit))
    axes.tick_params(axis="y", labelsize=theme.SMALL, labelcolor=theme.SOFT)
    axes.grid(axis="y")
    axes.spines["left"].set_visible(False)


def trend(rows: pd.DataFrame, *, indicator: str, target: float = math.nan) -> Axes:
    """Draw one indicator month by month; first, last and lowest (or highest, where less is better) carry their value.

    ``rows``: period (in order), value; a month without value leaves a gap.
    """
    one = about(indicator)
    values = rows["value"].astype("float64").reset_index(drop=True)
    known = values.dropna()
    with theme.style():
        axes = plane(height=70, left=16, right=10)
        vertical(axes, [*known, target], unit=one.unit, air=0.18)
        axes.set_xlim(-0.3, max(len(values) - 0.7, 0.7))
        step = max(1, -(-len(values) // 12))
        axes.set_xticks(range(0, len(values), step), short_months(rows["period"])[::step])
        axes.plot(values.index, values, color=theme.FOCUS, linewidth=2, marker="o", markersize=4.5, zorder=4)
        if not math.isnan(target):
            axes.axhline(target, color=theme.TARGET, linewidth=1.3, linestyle=(0, (4, 2)), zorder=3)
        if len(known):
            worst = known.idxmin() if one.sign > 0 else known.idxmax()
            for place in dict.fromkeys([known.index[0], worst, known.index[-1]]):
                below = place == worst and one.sign > 0
                axes.annotate(wording.amount(known[place], one.unit), (place, known[place]), ha="center", zorder=6,
                              xytext=(0, -6 if below else 6), va="top" if below else "bottom", fontsize=theme.SMALL,
                              textcoords="offset points", bbox=PLATE)  # fmt: skip
        goal = [] if math.isnan(target) else [("┅", f"目标 {wording.amount(target, one.unit)}", theme.TARGET)]
        key(axes, [("●", one.short, theme.FOCUS), *goal])
    ends = [f"{rows['period'].iloc[i]}{wording.amount(values.iloc[i], one.unit)}" for i in (0, -1)] if len(rows) else []
    return describe(axes, f"折线图：{one.label}逐月变化，共{len(rows)}个月，{'，'.join(ends) or wording.NO_DATA}。")


def short_months(periods: Iterable[str]) -> list[str]:
    """Give months with the year only where it begins.

    >>> short_months(["2020年12月", "2021年1月", "2021年2月"])
    ['2020年12月', '2021年1月', '2月']
    """
    names = [theme.printable(str(period)) for period in periods]
    years = ["", *(name.partition("年")[0] for name in names)]
    return [name.partition("年")[2] or name if year == name.partition("年")[0] else name
            for name, year in zip(names, years, strict=False)]  # fmt: skip


STATES = (
    ("n_met", "达标", theme.AHEAD, "■"),
    ("n_in_progress", "推进中", theme.PEER, "■"),
    ("n_long_term", "长期推进", theme.RANGE, "■"),
    ("n_not_started", "未启动", "white", "□"),
    ("n_overdue", "逾期", theme.BEHIND, "■"),
)


def board_bars(board: pd.DataFrame) -> Axes:
    """Draw the tasks of the plan: how many rows of the ledger stand in which state; ``board`` as analysis.board."""
    with theme.style():
        right = [TextColumn("共", tuple(f"{int(n)}项" for n in board["n_rows"])),
                 TextColumn("达标", tuple(f"{int(n)}项" for n in board["n_met"])),
                 TextColumn("逾期", tuple(f"{int(n)}项" for n in board["n_overdue"]))]  # fmt: skip
        axes = row_chart(board["title"].fillna("（未列入任务）").tolist(), head="任务", right=right)
        scale(axes, [0.0, *board["n_rows"]], unit="count", zero=True, label="台账事项数（项）")
        so_far, places = pd.Series(0.0, index=board.index), np.arange(len(board))
        for column, _, colour, _ in STATES:
            count = board[column].astype("float64")
            hatch = "////" if column == "n_overdue" else ""
            some = count.to_numpy() > 0
            axes.barh(places[some], count[some], left=so_far[some], height=THICK, color=colour, hatch=hatch, zorder=2,
                      edgecolor="white" if hatch else theme.SOFT, linewidth=0 if hatch else 0.6)  # fmt: skip
            so_far = so_far + count
        key(axes, [(mark, name, theme.SOFT if mark == "□" else colour) for _, name, colour, mark in STATES])
    totals = "，".join(f"{name}{int(board[column].sum())}项" for column, name, _, _ in STATES)
    return describe(axes, f"条形图：{len(board)}项任务的台账进展，共{int(board['n_rows'].sum())}项，{totals}。")
