"""The same item in two periods: by its own key, else by its code, followed through renaming, merging and splitting.

What nobody has named in the table of successions is not followed: an old code that ends, a new one that begins.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from zjanalysis.analysis.frontier import item_keys

LONE = "/"
"""Stands between a code and what tells one row of it from another."""


def lineages(successions: pd.DataFrame) -> dict[str, str]:
    """Give old and new code → the codes in force today, joined by 、: all that are linked stand and fall together.

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
    """Give the items with what their codes have become as ``match_code``."""
    codes = items["match_code"]
    return items.assign(match_code=codes.map(lineage).fillna(codes)) if lineage else items


def paired(now: pd.DataFrame, then: pd.DataFrame, successions: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the items of one region in two periods with ``pair``: equal for what is the same item in both.

    Rows of one code and one item key are the same item. What is left of a code is one item where both periods have as
    many rows of it (new ids); so is a whole code that another has given way to between the two, by the successions.
    Everything else came or went. A row without a code is itself alone.
    """
    both = pd.concat([now.assign(side="now"), then.assign(side="then")], ignore_index=True)
    keys = pd.concat([item_keys(rows) for _, rows in both.groupby("side")]).reindex(both.index)
    alone = "无编码" + LONE + both["side"] + both.index.astype("str")
    code = followed(both, lineages(successions))["match_code"].fillna(alone)
    old = both["match_code"]
    ended = both["side"].eq("then") & old.isin(set(successions["code"])) & ~old.isin(set(now["match_code"]))
    moved = code.isin(set(code[ended])) & code.isin(set(code[both["side"] == "now"]))
    place = code + LONE + keys
    by_key = (place.groupby(place).transform("size") == 2) & ~moved
    rest = code.where(~by_key)
    n_now, n_then = (rest.where(both["side"] == side).groupby(rest).transform("count") for side in ("now", "then"))
    pair = place.where(by_key, code.where((n_now == n_then) | moved, code + LONE + both["side"]))
    marked = both.assign(pair=pair.mask(moved, code))
    return tuple(marked[marked["side"] == side].drop(columns="side") for side in ("now", "then"))  # type: ignore[return-value]
