"""The one figure of the first screen: six indicators, every region of the group a dot, better to the right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from zjanalysis.analysis.compare import target_of
from zjanalysis.analysis.registry import for_region
from zjanalysis.display import templates, theme, wording
from zjanalysis.display.blocks import Block, carry, exhibit, n_places, peers_text, printed_steps, since
from zjanalysis.display.canvas import Cell, Columns, Mark, dots, key_line, put, row_chart, rows_per_mm, text_of, write
from zjanalysis.display.picture import bare_axes, describe, new_figure
from zjanalysis.display.tables import about, page_table
from zjanalysis.inputs.workplan import unplanned
from zjanalysis.studies import Study
from zjanalysis.units import Met, Verdict

INK: dict[str, str] = {
    **dict.fromkeys((Verdict.AHEAD, Met.MET), theme.AHEAD),
    **dict.fromkeys((Verdict.BEHIND, Met.NOT_MET), theme.BEHIND_TEXT),
}
PHONE = 92 / 25.4  # inches
Spots = tuple[list[float], float, float, float]
EMPTY = {str(Met.NO_TARGET), wording.lacking(), wording.NO_PLACE}  # a column of nothing else is not drawn


def spine_rows(me: Study) -> pd.DataFrame:
    """Return the region's `gaps` as they read, those behind first."""
    gaps = me.gaps.set_index("indicator").loc[list(me.keys)].reset_index()
    indicators = [about(key) for key in gaps["indicator"]]
    units, signs = [one.unit for one in indicators], [one.sign for one in indicators]
    changes = printed_steps(gaps, "previous")
    texts: dict[str, list[Any]] = {
        "text": wording.amounts(gaps["value"], units, gaps["digits"]),
        "place": wording.place_texts(gaps),
        "median_text": wording.amounts(gaps["median"], units, gaps["digits"]),
        "target_text": [target_text(one.key, me) for one in indicators],
        "change": changes,
        "moved": list(map(wording.progress_text, changes, units, signs, gaps["previous"], gaps["listed"])),
        "effect_text": list(map(wording.signed, gaps["effect"], units)),
        "reason": [_reason(row) for row in gaps.to_dict("records")],
    }
    return gaps.assign(**texts)


def _reason(row: dict[Any, Any]) -> str:
    parts = [str(row["reason"])] if row["reason"] else []
    if row["hinge"]:
        parts.append(f"判断取决于{row['hinge']}")
    if row["simpson"] is True:
        parts.append("全部事项相比的方向与此相反")
    return "；".join(parts)


def target_text(key: str, me: Study) -> str:
    """Return what the plan asks of a region: a number, or what it says in words; else why it asks nothing."""
    one, asked = for_region(me.asked(key), me.region), target_of(about(key), me.region)
    if none := unplanned(me.region):
        return none
    if asked.kind == "number":
        return wording.goal(asked.number, one.unit, asked.sign, past=asked.strict).replace(".00%", "%")
    return one.target_text.replace("兄弟地市", me.whom) or "—"


def card(me: Study) -> str:
    """Return the HTML by which JupyterLab shows a study: who, when, against whom, and the table of the six."""
    return templates.html("card", text=repr(me), printed=page_table("spine", spine_rows(me), name=me.name))


def spine(me: Study) -> Block:
    """Return the figure: six indicators, every region of the group a dot, better to the right, the own one strong."""
    rows = spine_rows(me)
    spots = [_spots(me, row) for row in rows.to_dict("records")]
    title, both = f"{me.name}{len(rows)}项指标{standing_text(rows)}", (_wide(me, rows, spots), _narrow(me, rows, spots))
    return carry(exhibit(both, title=title, table=page_table("spine", rows, name=me.name), source=me))


def standing_text(rows: pd.DataFrame) -> str:
    """Return how many rows of `spine_rows` carry each word of 判断, and how many of 达标, as the title says it."""
    words = rows["verdict"]
    judged = [f"{n}项{word}" for word in Verdict if (n := int((words == word).sum()))]
    judged = [f"均{words.iloc[0]}"] if len(judged) == 1 else judged
    asked = [f"{n}项{word}" for word in (Met.MET, Met.NOT_MET) if (n := int((rows["meets_target"] == word).sum()))]
    return "，".join("、".join(words) for words in (judged, asked) if words)


def _spots(me: Study, row: dict[Any, Any]) -> Spots:
    """Return the places (0 worst, 1 best) of the others, of the own region, of the median and of the target."""
    one = about(row["indicator"])
    values = me.standing(one.key).set_index("region_code")["value"]
    ends = values.dropna() * one.sign
    low, high = (float(ends.min()), float(ends.max())) if len(ends) else (0.0, 1.0)
    if not wording.missing(row["target"]):
        low, high = min(low, row["target"] * one.sign), max(high, row["target"] * one.sign)
    spread = (high - low) or 1.0

    def at(value: Any) -> float:
        return float("nan") if wording.missing(value) else (float(value) * one.sign - low) / spread

    others = values.drop(me.region).dropna()
    return list(map(at, others)), at(row["value"]), at(row["median"]), at(row["target"])


def judged(words: Iterable[str]) -> list[Cell]:
    """Return a column of 判断 or 达标 beside a figure: the words with their marks, in their colours."""
    return [(wording.verdict_text(word), INK.get(word, theme.SOFT)) for word in words]


def _wide(me: Study, rows: pd.DataFrame, spots: Sequence[Spots]) -> Axes:
    right: Columns = {
        "本期": rows["text"], "达标": judged(rows["meets_target"]), "位次（区间）": rows["place"],
        since(me): [*map(wording.in_points, rows["moved"])], "判断": judged(rows["verdict"]),
    }  # fmt: skip
    right = {head: cells for head, cells in right.items() if not EMPTY.issuperset(map(text_of, cells))}
    names = [about(key).short for key in rows["indicator"]]
    axes = row_chart(names, head="指标", right=right, size=theme.SMALL)  # drawn wider than others on the screen
    axes.set_xlim(-0.04, 1.04)
    _strips(axes, range(len(spots)), spots)
    over = {"fontsize": theme.SMALL, "color": theme.SOFT, "va": "bottom"}
    write(axes, 0, -0.5 - rows_per_mm(axes), "← 较差", ha="left", **over)
    write(axes, 1, -0.5 - rows_per_mm(axes), "较好 →", ha="right", **over)
    _key(axes, me, rows, len(rows) - 0.5 + rows_per_mm(axes) * 2.2)
    each = "；".join(f"{about(row['indicator']).short}{row['text']}{wording.nth(row['place'], '，')}，"
                    f"{row['meets_target']}，判断：{row['verdict']}" for row in rows.to_dict("records"))  # fmt: skip
    tick = "，短竖线为全组中位数" if rows["median"].notna().any() else ""
    return describe(axes, f"点图：{len(rows)}项指标，每点一个地区，越靠右越好，大点为{me.name}{tick}。{each}。")


def _strips(
    axes: Axes, ys: Sequence[float], spots: Sequence[Spots], *, half: float = 0.3, small: float = 17, large: float = 62
) -> None:
    """Draw the indicators: a line, a dot per region, the median as a tick, the target as a wedge, the own dot last.

    ``half`` the height of the tick, in the units of the axes; ``small`` and ``large`` dots in square points.
    """
    others, own, medians, targets = zip(*spots, strict=True)
    every = [(place, y) for places, y in zip(others, ys, strict=True) for place in places]
    strips = [((0, y), (1, y)) for y in ys]
    ticks = [((x, y - half), (x, y + half)) for x, y in zip(medians, ys, strict=True) if not wording.missing(x)]
    for lines, ink, wide, level in ((strips, theme.RANGE, 1.0, 1), (ticks, theme.INK, 1.5, 4)):
        put(axes, LineCollection(lines, colors=ink, linewidths=wide, zorder=level, capstyle="projecting"))
    dots(axes, [x for x, _ in every], [y for _, y in every], size=small, colours=theme.PEER, zorder=3)
    dots(axes, targets, [y - 1.2 * half for y in ys], size=small + 3, marker="v", colours=theme.TARGET, zorder=4)
    dots(axes, own, ys, size=large, colours=theme.FOCUS, zorder=5)


def _key(axes: Axes, me: Study, rows: pd.DataFrame, y: float) -> None:
    middle = rows.loc[rows["median"].notna(), "n_ranked"]
    names = (me.name, peers_text(me, *me.keys) if me.peers else "", f"{n_places(middle)}中位数" if len(middle) else "")
    box = axes.get_position()
    key_line(axes, _marks(me, rows, *names, "方案目标"), -box.x0 / box.width, y, transform=axes.get_yaxis_transform(),
             va="top")  # fmt: skip


def _marks(me: Study, rows: pd.DataFrame, *names: str) -> list[Mark]:
    """Return the key: the own dot, the others', the median and the target by these names, those that are drawn."""
    drawn = (True, bool(me.peers), rows["median"].notna().any(), rows["target"].notna().any())
    marks = zip("●●｜▼", names, (theme.FOCUS, theme.PEER, theme.INK, theme.TARGET), strict=True)
    return [mark for mark, is_drawn in zip(marks, drawn, strict=True) if is_drawn]


def _narrow(me: Study, rows: pd.DataFrame, spots: Sequence[Spots]) -> Axes:
    """Draw the same for a phone: words over the strip of each indicator."""
    step, total = 13.0, 13.0 * len(rows) + 6
    figure = new_figure(total, width=PHONE)
    axes = bare_axes(figure, (0.02, 0, 0.96, 1))
    axes.set_xlim(-0.03, 1.03)
    axes.set_ylim(total, 0)
    axes.set_axis_off()
    for number, row in enumerate(rows.to_dict("records")):
        top, verdict, met = number * step + 2, Verdict(row["verdict"]), Met(row["meets_target"])
        write(axes, 0, top, about(row["indicator"]).short, va="top", fontfamily=list(theme.STRONG))
        write(axes, 0.36, top, row["text"], va="top")
        if met != Met.NO_TARGET:
            write(axes, 0.62, top, str(met), va="top", color=INK.get(met, theme.SOFT))
        write(axes, 1, top, wording.verdict_text(verdict), va="top", ha="right", color=INK.get(verdict, theme.SOFT))
        below = wording.in_points(f"{wording.nth(row['place'])}　{row['moved']}".strip("　"))
        write(axes, 0, top + 4.2, below, va="top", fontsize=theme.SMALL, color=theme.SOFT)
    _strips(axes, [number * step + 11.2 for number in range(len(rows))], spots, half=1.8, small=15, large=52)
    marks = [*_marks(me, rows, "本地区", "其他", "中位数", "目标"), ("→", "较好", theme.SOFT)]
    key_line(axes, marks, 0.03, total - 1, transform=axes.get_yaxis_transform(), va="bottom")
    return describe(axes, "窄屏")
