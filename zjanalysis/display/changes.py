"""What changed since the last period, and at a known date: every region, the parts of the own change, item by item.

A known date is held three ways: the region's own line, its distance from the group, its items against the others'.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from zjanalysis.analysis.explain import CHANGED
from zjanalysis.analysis.frontier import LEVERS
from zjanalysis.analysis.registry import Indicator
from zjanalysis.analysis.registry import indicator as find
from zjanalysis.analysis.signals import (
    FEWEST_ASIDE,
    FEWEST_IN_ALL,
    against_group,
    interrupted,
    item_series,
    region_effect,
)
from zjanalysis.columns import label
from zjanalysis.display import theme, wording
from zjanalysis.display.blocks import Block, change_words, exhibit, listing, names_of, printed_steps, say, since
from zjanalysis.display.canvas import dots, key, row_chart, scale, spans
from zjanalysis.display.picture import describe
from zjanalysis.display.reasons import helps, main_part, mainly, parts_text, waterfall
from zjanalysis.display.tables import about, page_table
from zjanalysis.inputs.dataset import steps_in_time
from zjanalysis.inputs.regions import is_whole
from zjanalysis.studies import Study

FIRST = "没有上期数据，不列变化。"
TONES = {wording.GOOD: theme.AHEAD, wording.BAD: theme.BEHIND}
KINDS = {lever.field: lever.kind for lever in LEVERS.values()} | {"statutory_days": "days", "instant": "type"}


def changes(me: Study, indicator: str) -> Block:
    """Return the last and the present value of one indicator, region by region, best first."""
    one = about(indicator)
    if me.previous.empty:
        return say(FIRST)
    rows = me.changes(indicator).sort_values(["rank", "region_code"], na_position="last", ignore_index=True)
    words = change_words(rows)
    rows = rows.assign(region=names_of(rows["region_code"]), change=printed_steps(rows, "previous"), word=words)
    printed = page_table("changes", rows, one, focus=me.region)
    own = rows[rows["region_code"] == me.region].iloc[0]
    counts = wording.counts_text(words, "个")
    moved = wording.change_text(own["change"], one.unit, since=since(me), was=own["previous"])
    said = f"{me.name}{one.label}{wording.amount(own['value'], one.unit)}，{moved}；{len(rows)}个地区中{counts}。"
    title = f"{one.short}：{me.name}{moved}，{len(rows)}个地区中{counts}"
    return exhibit(_dumbbell(rows, me, one), title=title, table=printed, sentence=said, source=me)


def _dumbbell(rows: pd.DataFrame, me: Study, one: Indicator) -> Axes:
    """Draw per region the last value (ring) and the present one (dot); the change stands in words."""
    words = rows["word"].tolist()
    mine = rows["region_code"] == me.region
    changes = (wording.in_points(wording.change_text(change, one.unit, since="", was=was))
               for change, was in zip(rows["change"], rows["previous"], strict=True))  # fmt: skip
    right = {"本期": wording.amounts(rows["value"], one.unit), since(me): changes, "变化": words}
    axes = row_chart(rows["region"], head="地区", right=right, strong=mine)
    better = wording.better_side(one.sign)
    scale(axes, [*rows["value"], *rows["previous"]], unit=one.unit, zero=False, label=better)
    tones = [TONES.get(word, theme.PEER) for word in words]
    spans(axes, rows["previous"], rows["value"], colours=tones, linewidths=2.6, zorder=2)
    ring = {"colours": "white", "edgecolors": theme.SOFT, "linewidths": 1.2}
    dots(axes, rows["previous"], rows.index, size=30, zorder=3, **ring)
    dots(axes, rows["value"], rows.index, size=36, colours=tones, zorder=4)
    named = [("○", "上期", theme.SOFT), *(("●", f"本期：{word}", str(tone)) for word, tone in TONES.items())]
    key(axes, [*named, ("●", wording.LISTED, theme.PEER)] if wording.LISTED in words else named)
    own = rows[mine].iloc[0]
    moved = wording.change_text(own["change"], one.unit, since=since(me), was=own["previous"])
    alt = (f"哑铃图：{len(rows)}个地区{one.label}的上期值与本期值，{wording.counts_text(words, '个')}。"
           f"{own['region']}{wording.amount(own['value'], one.unit)}，{moved}。")  # fmt: skip
    return describe(axes, alt)


def change_split(me: Study, indicator: str) -> Block:
    """Return the change since the last period split into items added, removed and changed; a sentence without one."""
    one = about(indicator)
    parts = me.change_splits[me.change_splits["indicator"] == one.key].reset_index(drop=True)
    row = parts.iloc[0]
    if wording.missing(row["change"]):
        return say(_no_list(me) or f"{one.label}：{wording.lacking(row['previous'])}，不拆分变化。")
    signed = parts.assign(effect=[helps(step * one.sign, one.unit) for step in parts["contribution"]])
    printed = page_table("change_split", signed, one)
    step = wording.step(row["value"], row["previous"], one.unit)
    moved = wording.change_text(step, one.unit, since=since(me))
    said = f"{me.name}{one.label}{moved}"
    if all(wording.is_zero(size, one.unit) for size in (step, *parts["contribution"])):
        listed = parts.loc[parts["part"] != CHANGED, "n_items"].any()
        return say(f"{said}，{'增减的事项没有影响' if listed else '事项没有变动'}。")
    axes = waterfall(parts, one, start=("上期", float(row["previous"])), end=("本期", float(row["value"])))
    title = f"{me.name}{one.short}{moved}{mainly(parts, one.unit)}"
    return exhibit(axes, title=title, table=printed, source=me,
                   sentence=f"{said}，其中{parts_text(parts, one.unit)}。{main_part(parts, one)}")  # fmt: skip


def _no_list(me: Study) -> str:
    """Say that there are no items of the region to compare with; empty where there are."""
    if not me.before.name:
        return FIRST
    there = me.earlier["region_code"].eq(me.region).any()
    whose = f"范围相同的{me.name}" if is_whole(me.region) else f"{me.name}的"
    return "" if there else f"上期（{me.before.name}）没有{whose}事项清单，不逐项比较。"


def item_changes(me: Study, *, limit: int = 0) -> Block:
    """Return what changed in the region's items, one row per item, at most ``limit`` (0: all)."""
    fields = me.item_changes()
    if none := _no_list(me):
        return say(none)
    if fields.empty:
        return say(f"{me.name}的事项与上期相同。")
    words = [_moved(row) for row in fields.to_dict("records")]
    keys = ["kind", "item_key", "match_code", "item_name", "department"]
    rows = fields.assign(moved=words).groupby(keys, sort=False, dropna=False)["moved"].agg("；".join).reset_index()
    sizes = rows["kind"].value_counts()
    counts = "、".join(f"{kind}{sizes[kind]}项" for kind in ("新增", "取消", "变动") if kind in sizes)
    return listing(page_table("item_changes", rows), f"{since(me)}{counts}。", limit=limit)


def _moved(row: dict[object, object]) -> str:
    name = str(row["field"])
    if not name:
        return "—"
    kind = KINDS.get(name, "flag")
    before, now = (wording.state_text(row[side], kind) for side in ("previous", "current"))
    return f"{'办件类型' if name == 'instant' else label(name)} {before}→{now}"


OWN, APART, SAME_ITEMS = "自身走势", "扣除全组共同的变化", "同事项与其他地区比"
FOUND, NOT_FOUND, NOTHING = "有变化", "没有可辨认的变化", "不作判断"


def before_after(me: Study, indicator: str, *, date: str) -> Block:
    """Return by how much one indicator jumped at a known period, three ways, each beside the other periods as placebos.

    ``date`` is the first period that shows what was done. The own line and its distance from the group are interrupted
    series of eight points and more; the same items against the other regions' need the workbooks of the periods.
    """
    one, periods = about(indicator), sorted(me.series["period"].unique())
    if not date:
        return say("没有写明改革或行动从哪一期（date）见效，不比较前后。")
    if date not in periods:
        return say(f"“{date}”不是有数据的期次（{periods[0]}至{periods[-1]}），不比较前后。")
    lines = me.series[me.series["indicator"] == one.key]
    if lines["value"].isna().all():
        return say(f"{me.name}{one.label}：{wording.NO_DATA}。")
    apart = against_group(lines, regions=me.group)
    same = item_series(str(me.period.dataset.folder), one.key, upto=me.period.name, regions=me.group)
    ways = {OWN: interrupted(_whole(lines, me.region, periods), find(one.key), date=date),
            APART: interrupted(_whole(apart, me.region, periods), find(one.key), date=date),
            SAME_ITEMS: region_effect(same, region=me.region, date=date)}  # fmt: skip
    rows = pd.concat([found.assign(way=way) for way, found in ways.items() if len(found)] or [pd.DataFrame()])
    said = f"{date}前后，{me.name}{one.label}：" + "；".join(_said(way, found, date, one.unit)
                                                  for way, found in ways.items()) + "。"  # fmt: skip
    if rows.empty:
        return say(said)
    alone = rows.groupby("way")["period"].transform("size") == 1
    words = [_word(row) for row in rows.assign(alone=alone).to_dict("records")]
    return listing(page_table("jumps", rows.assign(word=words), one), said)


def _whole(lines: pd.DataFrame, region: str, periods: Iterable[str]) -> pd.DataFrame:
    """Return the newest piece of a region's line: after the last cut, and after the last period that is missing."""
    own = lines[(lines["region_code"] == region) & lines["value"].notna()]
    own = own[own["line"] == own["line"].max()].sort_values("period")
    place = own["period"].map(steps_in_time(periods))  # a period that nobody has is missing too
    piece = place.diff().ne(1).cumsum()
    newest: pd.DataFrame = own[piece == piece.max()]
    return newest


def _word(row: Mapping[Any, Any]) -> str:
    at_date = FOUND if row["found"] else NOTHING if row["alone"] else NOT_FOUND
    return at_date if row["is_date"] else "对照期次"


def _said(way: str, effects: pd.DataFrame, date: str, unit: str) -> str:
    at = effects[effects["period"] == date]
    if at.empty:
        need = "要有两期的工作簿" if way == SAME_ITEMS else f"要有{FEWEST_IN_ALL}期，前后各{FEWEST_ASIDE}期"
        return f"{way}{NOTHING}（{need}）"
    row = at.iloc[0]
    if len(effects) == 1:
        return f"{way}{NOTHING}（没有别的期次作对照）"
    within = f"（95%区间{wording.signed(row['low'], unit)}至{wording.signed(row['high'], unit)}）"
    return f"{way}{wording.change_text(row['effect'], unit, since='') if row['found'] else NOT_FOUND}{within}"
