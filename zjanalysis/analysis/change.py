"""What changed since the last period: the scores first (`change`), then why (`change_split`, `item_changes`)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from zjanalysis.analysis.compare import published
from zjanalysis.analysis.registry import ITEM_INDICATORS, Indicator

BETTER, SAME, WORSE, NO_PREVIOUS = "改善", "持平", "退步", "无上期"


def change(
    scores: pd.DataFrame, before: pd.DataFrame, *, indicators: Iterable[Indicator] = ITEM_INDICATORS
) -> pd.DataFrame:
    """Give the scores with ``previous``, ``change`` (value − previous) and ``trend``, row by row of the same group.

    Both tables come from `measure` with the same ``by``. ``change`` is not turned by the direction of the indicator;
    ``trend`` is: 改善 / 持平 / 退步 on published digits, 无上期 where either value is missing.

    >>> now = pd.DataFrame({"region_code": ["a"], "indicator": ["visits"], "value": [0.2]})
    >>> change(now, now.assign(value=0.5))["trend"].tolist()
    ['改善']
    """
    about = {i.key: i for i in indicators}
    keys = [c for c in before.columns if c in scores.columns and c not in _MEASURED]
    past = before[[*keys, "value"]].rename(columns={"value": "previous"})
    joined = scores.merge(past, on=keys, how="left", validate="one_to_one")
    units = joined["indicator"].map({k: i.unit for k, i in about.items()})
    sign = joined["indicator"].map({k: i.sign for k, i in about.items()}).astype("float64")
    moved = (published(joined["value"], units) - published(joined["previous"], units)).round(9) * sign
    trend = np.select([moved.isna(), moved > 0, moved < 0], [NO_PREVIOUS, BETTER, WORSE], SAME)
    return joined.assign(change=joined["value"] - joined["previous"], trend=trend)


_MEASURED = {"value", "numerator", "denominator", "n", "n_left_out", "shown", "rank", "tied", "n_ranked"}
