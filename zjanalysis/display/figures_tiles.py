"""The tile map: one tile per report unit at its rough place, with value and word; it draws what `arrange` laid out."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from zjanalysis.display import alt, theme, wording
from zjanalysis.display.canvas import POINT, key, put, write
from zjanalysis.display.known import about
from zjanalysis.display.picture import MM, describe, new_figure

TALL, GAP, WIDEST, STRIPE = 14.0, 2.0, 38.0, 2.6  # millimetres
OVER, UNDER = 8.0, 6.0  # for the key and for the note
INSIDE = 2.6
LOOKS: dict[str, dict[str, Any]] = {
    "优于": {"facecolor": theme.AHEAD, "edgecolor": theme.AHEAD},
    "持平": {"facecolor": theme.RANGE, "edgecolor": theme.RANGE},
    "落后": {"facecolor": "white", "edgecolor": theme.BEHIND},
    wording.NO_DATA: {"facecolor": "white", "edgecolor": theme.RANGE, "linestyle": (0, (3, 2))},
}


def tile_map(rows: pd.DataFrame, *, indicator: str, note: str) -> Axes:
    """Draw the units of a city as tiles. ``rows`` come from arrange.tile_rows.

    Dark with white words is better than the median, white with a striped edge is behind: that reads in grey as well.
    """
    one = about(indicator)
    n_rows, n_columns = (int(rows[name].max()) + 1 if len(rows) else 1 for name in ("row", "column"))
    total, height = theme.WIDTH / MM, OVER + UNDER + n_rows * (TALL + GAP)
    wide = min(WIDEST, (total + GAP) / n_columns - GAP)
    with theme.style():
        figure = new_figure(height)
        axes = figure.add_axes((0, UNDER / height, 1, 1 - (OVER + UNDER) / height))
        axes.set_xlim(0, total)
        axes.set_ylim(n_rows * (TALL + GAP), 0)
        axes.set_axis_off()
        for tile in rows.to_dict("records"):
            corner = (tile["column"] * (wide + GAP) + 0.4, tile["row"] * (TALL + GAP) + 0.4)
            _tile(axes, corner, wide - 0.8, str(tile["standing"]))
            _words(axes, corner, wide, name=str(tile["region"]), standing=str(tile["standing"]),
                   value=wording.amount(tile["value"], one.unit))  # fmt: skip
        marks = [("■", "优于中位数", theme.AHEAD), ("■", "持平", theme.RANGE), ("□", "落后中位数", theme.BEHIND)]
        key(axes, marks, unit=f"中位数 {wording.amount(rows['median'].max(), one.unit)}")
        small: dict[str, Any] = {"fontsize": theme.SMALL, "color": theme.SOFT, "va": "top"}
        write(axes, 0, n_rows * (TALL + GAP) + 0.5, note, **small)
    return describe(axes, alt.tiles(rows, label=one.label, unit=one.unit))


def _tile(axes: Axes, corner: tuple[float, float], wide: float, standing: str) -> None:
    look: dict[str, Any] = {"linewidth": 1.0, **LOOKS[standing]}
    put(axes, Rectangle(corner, wide, TALL, **look))
    if standing == "落后":
        stripe: dict[str, Any] = {"facecolor": theme.BEHIND, "hatch": "////", "edgecolor": "white", "linewidth": 0}
        put(axes, Rectangle(corner, STRIPE, TALL, **stripe))


def _words(axes: Axes, corner: tuple[float, float], wide: float, *, name: str, standing: str, value: str) -> None:
    """Write the name, then value and word; the name on two lines where the tile is narrow."""
    left, ink = corner[0] + STRIPE + INSIDE / 2, "white" if standing == "优于" else theme.INK
    shown = theme.wrap(theme.printable(name), (wide - STRIPE - INSIDE) / (theme.TEXT * POINT))
    style: dict[str, Any] = {"color": ink, "va": "center", "linespacing": 1.0}
    where = corner[1] + TALL * (0.32 if "\n" in shown else 0.3)
    write(axes, left, where, shown, fontfamily=list(theme.STRONG), **style)
    said = value if standing == value else f"{value}　{standing}"
    write(axes, left, corner[1] + TALL * (0.8 if "\n" in shown else 0.7), said, **style)
