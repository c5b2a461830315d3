"""What has moved enough since an earlier period that somebody must be told; nothing where nothing moved."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import pandas as pd

from zjanalysis.analysis.registry import indicator as find
from zjanalysis.analysis.signals import Signal
from zjanalysis.units import Met, Verdict


class Kind(StrEnum):
    """What an alert is about."""

    TARGET = "达标"
    VERDICT = "判断"
    RANGE = "超出以往范围"
    WORSE = "变差"


_KEY = ["region_code", "indicator"]
_SAID = {Kind.TARGET: (Met.MET, Met.NOT_MET), Kind.VERDICT: (Verdict.AHEAD, Verdict.LEVEL, Verdict.BEHIND)}
COLUMNS = (*_KEY, "kind", "was", "now", "value", "digits", "target", "median", "effect", "low", "high")


def alerts(
    standings: pd.DataFrame, earlier: pd.DataFrame, *, read: pd.DataFrame, read_earlier: pd.DataFrame
) -> pd.DataFrame:
    """Give what a group must be told: one row per region, indicator and ``kind``, from ``was`` to ``now``.

    达标 and 判断 that are another word than in the ``earlier`` standings; no news are words that say nothing (不作判断)
    and that a target that rises is met, which any rise does. Then a newest point outside of what the line was, and a
    line that has become 持续变差, by itself or against the group.
    ``read`` and ``read_earlier`` are the `signals` of both periods, with ``relative``.
    """
    words = [(Kind.TARGET, standings, earlier, "meets_target"), (Kind.VERDICT, standings, earlier, "verdict")]
    words += [(Kind.RANGE, read, read_earlier, "signal"), (Kind.WORSE, read, read_earlier, "signal")]
    words += [(Kind.WORSE, read, read_earlier, "relative")]
    moved = pd.concat([_changed(*each) for each in words]).drop_duplicates([*_KEY, "kind"])
    risen = [find(key).aim == "rising" for key in moved["indicator"]]
    moved = moved[~(np.array(risen, dtype=bool) & moved["kind"].eq(Kind.TARGET) & moved["now"].eq(Met.MET))]
    facts = standings[[*_KEY, "value", "digits", "target", "median", "effect"]]
    whole = moved.merge(facts, on=_KEY).merge(read[[*_KEY, "low", "high"]], on=_KEY, how="left")
    order = whole["kind"].map({kind: place for place, kind in enumerate(Kind)})
    return whole.assign(order=order).sort_values([*_KEY, "order"], ignore_index=True)[list(COLUMNS)]


def _changed(kind: Kind, rows: pd.DataFrame, earlier: pd.DataFrame, side: str) -> pd.DataFrame:
    """Give the region and indicator whose word is news of this kind."""
    both = rows[[*_KEY, side]].merge(earlier[[*_KEY, side]], on=_KEY, how="left", suffixes=("", "_before"))
    was, now = both[f"{side}_before"], both[side]
    if kind in _SAID:
        news = was.isin(_SAID[kind]) & now.isin(_SAID[kind]) & was.ne(now)
    else:
        wanted = Signal.OUTLIER if kind is Kind.RANGE else Signal.WORSE
        news = now.eq(wanted) & was.ne(wanted)
    names = both.loc[news, _KEY].assign(kind=kind, was=was[news].fillna("").astype("str"), now=now[news].astype("str"))
    against = side == "relative"
    return names.assign(now="相对全组" + names["now"]) if against else names
