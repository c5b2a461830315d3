"""Like with like: the same service in other regions (by base code), and the same item in another period.

In another period an item is known by its own key, else by its code, followed through renaming, merging and splitting.
What nobody has named in the table of successions is not followed: an old code that ends, a new one that begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from zjanalysis.analysis.frontier import numbered, row_keys, same_items
from zjanalysis.analysis.indicators import in_scope
from zjanalysis.analysis.registry import PLAN_SCOPE, Scope

_NUMBERS = ("visits", "case_count")
_SHARES = ("online", "end_to_end", "one_window", "bookable", "express")
_SELECTORS = ("on_application", "serves_public", "in_hall")
_TEXTS = ("region", "item_name", "item_type", "use_level", "department")


def collapse_by_code(items: pd.DataFrame, *, scope: Scope | None = PLAN_SCOPE) -> pd.DataFrame:
    """Return one row per (region_code, match_code): the means of its items' numbers, so that `measure` runs on it.

    Limits are means over the usable pairs, visits over the known ones, a flag becomes the share that has it (flags
    that select rows stay flags: true when any row's is); ``n_items`` says how many rows were folded.
    ``handling_type`` is 即办件 only when every known row is. Texts are the first row's (by name). Rows outside the
    scope and rows without a match code are left out: the latter cannot be compared.

    >>> items = pd.DataFrame({"region_code": "440800", "match_code": "A", "item_name": ["甲", "乙"],
    ...     "limit_reason": None, "statutory_days": [20.0, 10], "promised_days": [5.0, 1],
    ...     "handling_type": "承诺件", "in_force": True})
    >>> collapse_by_code(items, scope=None)[["statutory_days", "promised_days", "n_items"]].iloc[0].tolist()
    [15.0, 3.0, 2.0]
    """
    rows = in_scope(items, scope)
    rows = rows[rows["match_code"].notna()].sort_values(["region_code", "match_code", "item_name"], kind="stable")
    usable = rows["limit_reason"].isna()
    typed = rows.assign(
        statutory_days=rows["statutory_days"].where(usable),
        promised_days=rows["promised_days"].where(usable),
        other_handling=rows["handling_type"].where(rows["handling_type"] != "即办件"),
        **{name: rows[name].astype("Float64").astype("float64") for name in _SHARES if name in rows},
    )
    groups = typed.groupby(["region_code", "match_code"], sort=True)
    means = [c for c in ("statutory_days", "promised_days", *_NUMBERS, *_SHARES) if c in typed]
    texts = [c for c in (*_TEXTS, "handling_type", "other_handling", "limit_reason") if c in typed]
    flags = groups[[c for c in _SELECTORS if c in typed]].max()
    folded = groups[means].mean().join(groups[texts].first()).join(flags).assign(n_items=groups.size())
    return (
        folded.assign(
            handling_type=folded["other_handling"].fillna(folded["handling_type"]),
            limit_reason=folded["limit_reason"].where(folded["statutory_days"].isna()),
            in_force=True,
        )
        .drop(columns="other_handling")
        .reset_index()
    )


def headroom(room: pd.DataFrame, states: pd.DataFrame) -> pd.DataFrame:
    """Return a region's items whose promise is longer than the best peer's on the same item, the longest room first.

    ``room`` is the region's `frontier` of 时限压缩率, ``states`` where the group stands on each item (`peer_states`):
    a plan asks of an item what stands here. One row is one item: statutory_days, promised_days (its own), best_days
    (the shortest promise among the peers, rounded up to whole days), best_region (first in code order of several),
    room_days and gain: what the region's 时限压缩率 rises by.
    """
    longer = room[room["gain"] > 0]
    others = states[~states["region_code"].isin(room["region_code"])].drop_duplicates("same_item")
    rows = longer.assign(
        statutory_days=longer["denominator"], promised_days=longer["state"], best_days=longer["goal"],
        best_region=longer["same_item"].map(others.set_index("same_item")["region_code"]),
        room_days=longer["state"] - longer["goal"],
    ).sort_values(["room_days", "match_code", "item_key"], ascending=[False, True, True])  # fmt: skip
    return rows[list(HEADROOM)].reset_index(drop=True)


HEADROOM = (
    "match_code", "item_key", "item_name", "department", "statutory_days", "promised_days", "best_days", "best_region",
    "room_days", "gain",
)  # fmt: skip


def common_limits(items: pd.DataFrame, *, regions: Iterable[str], scope: Scope | None = PLAN_SCOPE) -> pd.DataFrame:
    """Return the matchable items of the regions in scope, with one statutory limit per base code (`common_limit`).

    A row whose own pair is not usable stays left out.
    """
    rows = items[items["region_code"].isin(list(regions)) & items["match_code"].notna()]
    return rows.assign(statutory_days=rows["match_code"].map(common_limit(rows, regions=regions, scope=scope)))


def common_limit(items: pd.DataFrame, *, regions: Iterable[str], scope: Scope | None = PLAN_SCOPE) -> pd.Series:
    """Return one statutory limit per base code: the median over the regions of their folded limits.

    So one city's typo cannot move it (DOMAIN §6.1).
    """
    usable = items["region_code"].isin(list(regions)) & items["match_code"].notna() & items["limit_reason"].isna()
    folded = in_scope(items[usable], scope).groupby(["region_code", "match_code"])["statutory_days"].mean()
    limits: pd.Series = folded.groupby("match_code").median()
    return limits


LONE = "/"
"""Stands between a code and what tells one row of it from another."""


def lineages(successions: pd.DataFrame) -> dict[str, str]:
    """Return old and new code → the codes in force today, joined by 、: all that are linked stand and fall together.

    >>> rows = pd.DataFrame({"code": ["A", "B", "C", "X"], "into": ["C", "C", "D", "Y"]})
    >>> lineages(rows)
    {'A': 'D', 'B': 'D', 'C': 'D', 'D': 'D', 'X': 'Y', 'Y': 'Y'}
    """
    linked: dict[str, set[str]] = {}
    for code, into in zip(successions["code"], successions["into"], strict=True):
        family = linked.get(code, {code}) | linked.get(into, {into})
        linked.update(dict.fromkeys(family, family))
    ended = set(successions["code"])
    names = {code: "、".join(sorted(family - ended) or sorted(family)) for code, family in linked.items()}
    return dict(sorted(names.items()))


def followed(items: pd.DataFrame, lineage: Mapping[str, str]) -> pd.DataFrame:
    """Return the items with what their codes have become as ``match_code``."""
    codes = items["match_code"]
    return items.assign(match_code=codes.map(lineage).fillna(codes)) if lineage else items


def keys_in_both(now: pd.DataFrame, then: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return the keys of the items of two periods (`frontier.item_keys`), in a region equal for the same item.

    Rows that share a key in one of the periods are told apart by name first: no list keeps its order.
    """
    both = pd.concat([now.assign(side="now"), then.assign(side="then")], ignore_index=True)
    region, keys = both["region_code"], row_keys(both)
    place = region + LONE + both["side"]
    several = keys.groupby([place, keys]).transform("size").gt(1).groupby([region, keys]).transform("any")
    unique = numbered(place, keys.where(~several, keys + LONE + same_items(both)))
    return unique[: len(now)].set_axis(now.index), unique[len(now) :].set_axis(then.index)


def paired(now: pd.DataFrame, then: pd.DataFrame, successions: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the items of two periods with ``pair``: equal in a region for what is the same item in both.

    Rows of one code and one item key (`keys_in_both`) are the same item. What is left of a code is one item where both
    periods have as many rows of it (new ids); so is a whole code that another has given way to between the two, by the
    successions. Everything else came or went. A row without a code is itself alone.
    """
    both = pd.concat([now.assign(side="now"), then.assign(side="then")], ignore_index=True)
    side, region = both["side"], both["region_code"] + LONE
    keys = pd.concat(keys_in_both(now, then), ignore_index=True)
    alone = "无编码" + LONE + side + both.index.astype("str")
    code = region + followed(both, lineages(successions))["match_code"].fillna(alone)
    old = region + both["match_code"]
    ended = side.eq("then") & both["match_code"].isin(set(successions["code"])) & ~old.isin(set(old[side == "now"]))
    moved = code.isin(set(code[ended])) & code.isin(set(code[side == "now"]))
    place = code + LONE + keys
    by_key = (place.groupby(place).transform("size") == 2) & ~moved
    rest = code.where(~by_key)
    n_now, n_then = (rest.where(side == one).groupby(rest).transform("count") for one in ("now", "then"))
    pair = place.where(by_key, code.where((n_now == n_then) | moved, code + LONE + side))
    marked = both.assign(pair=pair.mask(moved, code).str.split(LONE, n=1).str[1])  # the region is a column
    return tuple(marked[side == one].drop(columns="side") for one in ("now", "then"))  # type: ignore[return-value]
