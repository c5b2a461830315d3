"""What could be changed: each item of the region, where its peers already are on the same item, what that gains."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Literal

import narwhals as nw
import numpy as np
import pandas as pd

from zjanalysis.analysis.indicators import in_scope
from zjanalysis.analysis.registry import PLAN_SCOPE, Indicator, Scope
from zjanalysis.errors import ConfigError, unknown_name
from zjanalysis.inputs.reference import read_reference
from zjanalysis.inputs.regions import office, region_name
from zjanalysis.settings import Settings

INSTANT = "即办件"
LOCKED, REVIEWED, NO_CODE, NO_PEER, AT_BEST, AT_FLOOR, DEPARTMENT_FULL, NOT_SHARED = (
    "已锁定，不调整", "须经部门论证，未列入", "缺基本编码，无从对照", "办理同名事项的兄弟地区不够",
    "已达到可参照的最优", "受下限限制", "超出每部门上限", "不在同事项之内，不影响判断",
)  # fmt: skip


@dataclass(frozen=True)
class Lever:
    """The column an indicator is moved by. Its state is a number where less is better: days, visits, or 1 = lacking."""

    field: str
    kind: Literal["days", "visits", "flag", "type"]

    def state(self, rows: pd.DataFrame) -> pd.Series:
        """Return where each row stands; missing stays missing."""
        column = rows[self.field]
        if self.kind == "type":
            return (column != INSTANT).astype("float64").where(column.notna())
        if self.kind == "flag":
            return 1 - column.astype("Float64").astype("float64")
        return column.astype("float64")

    def aim(self, values: pd.Series) -> pd.Series:
        """Return the states that values of a task ask for: 1 of a flag or type is done, and lacks nothing."""
        return 1 - values if self.kind in ("flag", "type") else values

    def settled(self, rows: pd.DataFrame, states: pd.Series) -> pd.DataFrame:
        """Return the rows with the column set to these states; a missing state leaves the row as it is."""
        column, known = rows[self.field], states.notna()
        if self.kind == "type":
            return rows.assign(**{self.field: column.mask(known & (states == 0), INSTANT)})
        if self.kind == "flag":
            return rows.assign(**{self.field: column.mask(known, (states == 0).astype("boolean"))})
        changed = rows.assign(**{self.field: column.mask(known, states)})
        if self.kind == "days" and {"promised_written", "promised_unit"} <= set(rows.columns):
            written = rows["promised_written"].mask(known, states)
            return changed.assign(promised_written=written, promised_unit=rows["promised_unit"].mask(known, "工作日"))
        return changed


_DAYS, _VISITS = Lever("promised_days", "days"), Lever("visits", "visits")
LEVERS = {
    "time_compression": _DAYS, "time_compression_mean": _DAYS, "promised_days": _DAYS,
    "visits": _VISITS, "visit_share": _VISITS, "at_most_once": _VISITS, "zero_visit": _VISITS,
    "instant": Lever("handling_type", "type"), "online": Lever("online", "flag"),
    "online_end_to_end": Lever("end_to_end", "flag"), "one_window": Lever("one_window", "flag"),
    "bookable": Lever("bookable", "flag"),
}  # fmt: skip


@dataclass(frozen=True)
class Constraints:
    """What a plan must respect.

    ``min_peers`` peers must already be where an item is sent (0: no example needed); ``floor`` is the fewest days or
    visits an item is sent to; ``max_per_department`` items of one department at most; ``locked`` are base codes, item
    keys, item names or departments that stay; ``whole_days`` rounds a proposed promise up to whole working days, so
    that no item is asked for more than its example gives; ``reviewed`` False leaves alone what needs a professional
    review (reference/reviews.csv). ``settings`` judge what is reached (None: those of the project).
    """

    min_peers: int = 1
    floor: float = 0.0
    max_per_department: int | None = None
    locked: tuple[str, ...] = ()
    whole_days: bool = True
    reviewed: bool = True
    scope: Scope | None = PLAN_SCOPE
    settings: Settings | None = None


FREE = Constraints()


def lever_of(one: Indicator) -> Lever:
    """Return the column an indicator is moved by; raises ConfigError for one that no item column moves."""
    if one.key not in LEVERS:
        raise ConfigError(f"指标“{one.label}”不能做压减方案。", "可用的指标：" + "、".join(LEVERS))
    return LEVERS[one.key]


def item_keys(items: pd.DataFrame) -> pd.Series:
    """Name every row, uniquely in its region: item id, else 办理项, 实施 or 基本编码, else name; repeats are numbered.

    >>> rows = pd.DataFrame({"region_code": "440800", "item_id": [None, "X", "X"], "match_code": ["A", "B", "B"]})
    >>> item_keys(rows).tolist()
    ['A', 'X', 'X#2']
    """
    return numbered(items["region_code"], row_keys(items))


def row_keys(items: pd.DataFrame) -> pd.Series:
    """Return `item_keys` before repeats are numbered."""
    columns = [c for c in ("item_id", "handle_item_code", "impl_code", "match_code", "item_name") if c in items]
    first = reduce(lambda known, name: known.fillna(items[name]), columns[1:], items[columns[0]])
    return first.astype("str").fillna("无编码")


def numbered(places: pd.Series, keys: pd.Series) -> pd.Series:
    """Return keys of which each place has every one once: repeats get their number in the order of the rows."""
    repeat = keys.groupby([places, keys]).cumcount()
    return keys.where(repeat == 0, keys + "#" + (repeat + 1).astype("str"))


def same_items(items: pd.DataFrame) -> pd.Series:
    """Name what is one item in every region: 基本编码 and the item's own name, without spaces, marks and width.

    A code holds several items (申请, 变更, 延续 …) with limits of their own: what a region does with one of them is no
    example for another. Missing without a code.

    >>> rows = pd.DataFrame({"match_code": "A", "item_name": ["许可（变更）", "许可 (变更)", "许可（延续）"]})
    >>> same_items(rows).tolist()
    ['A/许可变更', 'A/许可变更', 'A/许可延续']
    """
    if "item_name" not in items:
        return items["match_code"].astype("str") + "/"
    names = items["item_name"].fillna("").astype("str")
    plain = {name: re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name)) for name in names.unique()}
    return items["match_code"].astype("str") + "/" + names.map(plain).astype("str")


def review_of(names: pd.Series) -> pd.Series:
    """Return why an item needs a professional review before its limit or form may change, by its name; empty: none.

    >>> review_of(pd.Series(["海洋工程环境影响报告书核准", "食品经营许可"])).tolist()
    ['海洋工程环境影响报告书须经评审', '']
    """
    texts, rules = names.fillna("").astype("str"), list(reversed(read_reference("reviews")))
    known = {text: next((rule["reason"] for rule in rules if rule["keyword"] in text), "") for text in texts.unique()}
    return texts.map(known).astype("str")


def peer_states(
    items: pd.DataFrame, one: Indicator, *, peers: Iterable[str], scope: Scope | None = PLAN_SCOPE
) -> pd.DataFrame:
    """Return where each peer stands on each item, the best first: same_item, region_code, state (mean of its rows)."""
    lever = lever_of(one)
    rows = in_scope(slim(items)[items["region_code"].isin(list(peers))], scope, one=one)
    if lever.kind == "days":
        rows = rows[rows["limit_reason"].isna()]
    stated = rows.assign(state=lever.state(rows)).dropna(subset=["state", "match_code"])
    groups = stated.groupby([same_items(stated).rename("same_item"), stated["region_code"]])
    means = groups.agg(state=("state", "mean")).reset_index()
    return means.sort_values(["same_item", "state", "region_code"], ignore_index=True)


def slim(items: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that scopes, indicators, levers and keys read; to carry the others along costs the most."""
    return items[[name for name in _READ if name in items]]


_READ = (
    "region_code", "item_id", "item_name", "department", "impl_code", "handle_item_code", "item_type", "use_level",
    "handling_type", "visits", "online", "one_window", "bookable", "on_application", "serves_public", "end_to_end",
    "statutory_days", "promised_days", "promised_written", "promised_unit", "limit_reason", "match_code", "in_force",
)  # fmt: skip


def frontier(
    items: pd.DataFrame, one: Indicator, *, regions: Iterable[str], states: pd.DataFrame,
    constraints: Constraints = FREE,
) -> pd.DataFrame:  # fmt: skip
    """Return every counted item of the regions: where it stands, where it could go, what that gains.

    ``states`` is where the regions and their peers stand (`peer_states`); no region is an example to itself. ``state``
    and ``goal`` are days, visits, or 1 = lacking and 0 = having; ``gain`` is what the region's indicator gets better
    by (exact: the denominator does not change), ``could_gain`` the same without any condition, ``obstacle`` why an
    item with something to gain cannot move, ``review`` why it needs one first (`review_of`). One row is one item, in
    the order of departments, codes and keys. Raises UnknownName where what is locked is nothing of the regions.
    """
    lever = lever_of(one)
    keyed = slim(items)[items["region_code"].isin(list(regions))]
    keyed = keyed.assign(item_key=item_keys(keyed))
    inside = in_scope(keyed.assign(locked=_locked(keyed, constraints.locked)), constraints.scope, one=one)
    parts = numerators(inside, one)
    rows = inside[parts["counted"]].reset_index(drop=True)
    sums = parts.loc[parts["counted"], ["numerator", "denominator"]].reset_index(drop=True)
    stated = rows.assign(same_item=same_items(rows), state=lever.state(rows), **sums)
    table = _with_goals(stated, states, lever, constraints)
    whole = table.groupby("region_code")["denominator"].transform(lambda own: own.to_numpy().sum())
    for name, goal in (("gain", table["goal"]), ("could_gain", table["state"] * 0.0)):
        after = numerators(lever.settled(rows, goal), one)["numerator"]
        table[name] = (after - sums["numerator"]) * one.sign / whole
    stuck = (table["could_gain"] > 0) & ~(table["gain"] > 0)
    table = table.assign(obstacle=table["obstacle"].where(stuck, ""), review=review_of(table["item_name"]))[list(_ROOM)]
    table = table.sort_values(["department", "match_code", "item_key"], kind="stable", ignore_index=True)
    return table if constraints.reviewed else unreviewed(table)


def unreviewed(table: pd.DataFrame) -> pd.DataFrame:
    """Return a `frontier` as it is when what needs a professional review stays; what is locked stays locked."""
    held = table["review"].ne("")
    named = held & (table["could_gain"] > 0) & (table["obstacle"] != LOCKED)
    return table.assign(
        goal=table["goal"].mask(held, table["state"]), gain=table["gain"].mask(held, 0.0),
        obstacle=table["obstacle"].mask(named, REVIEWED),
    )  # fmt: skip


_ROOM = ("region_code", "item_key", "match_code", "same_item", "item_name", "department", "numerator", "denominator",
         "state", "example", "goal", "gain", "could_gain", "obstacle", "review")  # fmt: skip


def _locked(items: pd.DataFrame, names: tuple[str, ...]) -> pd.Series:
    """Tell which items stay: named by code, key, name, or their department in full or as its own people say it."""
    if not names:
        return pd.Series(False, index=items.index)
    places = zip(items["department"].fillna("").astype("str"), items["region_code"], strict=True)
    offices = pd.Series([office(name, region_name(code)) for name, code in places], index=items.index)
    said = items.reindex(columns=["department", "match_code", "item_key", "item_name"]).assign(office=offices)
    for name in names:
        if not said.isin([name]).any(axis=None):
            known = (*offices.unique(), *said.melt()["value"].dropna().unique())
            raise unknown_name("事项或部门", name, filter(None, map(str, known)))
    return said.isin(names).any(axis=1)


def _with_goals(table: pd.DataFrame, states: pd.DataFrame, lever: Lever, constraints: Constraints) -> pd.DataFrame:
    """Add the example of the peers, the goal that respects the constraints, and what would stand in the way."""
    state = table["state"]
    example = _examples(table, states, constraints.min_peers) if constraints.min_peers else state * 0.0
    whole = constraints.whole_days or lever.kind != "days"
    rounded = np.ceil(example - 1e-9) + 0.0 if whole else example
    floored = rounded.clip(lower=constraints.floor if lever.kind in ("days", "visits") else 0.0)
    reasons = [
        (table["locked"], LOCKED),
        (table["match_code"].isna() & (constraints.min_peers > 0), NO_CODE),
        (rounded.isna(), NO_PEER),
        ((rounded < state) & (floored >= state), AT_FLOOR),
    ]
    why = pd.Series(np.select([c for c, _ in reasons], [r for _, r in reasons], AT_BEST), index=table.index)
    goal = floored.where((floored < state) & ~table["locked"], state)
    return table.assign(example=example, goal=goal, obstacle=why.astype("str"))


def _examples(table: pd.DataFrame, states: pd.DataFrame, min_peers: int) -> pd.Series:
    """Return per row the state that at least ``min_peers`` other regions have reached on the same item (k-th best)."""
    place = states.groupby("same_item").cumcount()
    ranked = states.assign(place=place).set_index(["same_item", "place"])["state"]
    own = place.set_axis(pd.MultiIndex.from_frame(states[["same_item", "region_code"]]))
    before = own.reindex(pd.MultiIndex.from_frame(table[["same_item", "region_code"]])).to_numpy() < min_peers
    wanted = pd.MultiIndex.from_arrays([table["same_item"], min_peers - 1 + before])
    return pd.Series(ranked.reindex(wanted).to_numpy("float64"), index=table.index)


def possible_steps(table: pd.DataFrame, constraints: Constraints) -> pd.DataFrame:
    """Return the items of a `frontier` that can gain, the largest gain first, at most so many of each department."""
    gaining = table[table["gain"] > 0].sort_values("gain", ascending=False, kind="stable")
    if constraints.max_per_department is not None:
        taken = gaining.groupby(gaining["department"].fillna("")).cumcount()
        gaining = gaining[taken < constraints.max_per_department]
    return gaining.assign(order=np.arange(1, len(gaining) + 1))


def numerators(rows: pd.DataFrame, one: Indicator) -> pd.DataFrame:
    """Return each row's numerator and denominator by the indicator's own definition, and whether it counts."""
    parts = nw.from_native(rows, eager_only=True).select(
        nw.col("in_force"), numerator=one.numerator.cast(nw.Float64), denominator=one.denominator.cast(nw.Float64)
    )
    native: pd.DataFrame = parts.to_native()
    table = native[["numerator", "denominator"]].astype("float64")
    return table.assign(counted=table.notna().all(axis=1))


def obstacles(table: pd.DataFrame, possible: pd.DataFrame, counting: pd.DataFrame) -> pd.DataFrame:
    """Return what keeps the indicator from its end: reason, n_items, could_gain (what they would add without it).

    ``possible`` are rows of the table; ``counting`` those of them that count: on items another region lists too.
    """
    can, counts = (table.index.isin(some.index) for some in (possible, counting))
    left = [(table["gain"] > 0).to_numpy() & ~can, can & ~counts]
    reason = np.select(left, [DEPARTMENT_FULL, NOT_SHARED], table["obstacle"].to_numpy("object"))
    held = table["could_gain"][reason != ""].groupby(reason[reason != ""])
    summed = pd.DataFrame({"n_items": held.size(), "could_gain": held.sum()}).rename_axis("reason")
    return summed.sort_values("could_gain", ascending=False).reset_index()
