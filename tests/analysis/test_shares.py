from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from zjanalysis.analysis.chance import dispersion, funnel
from zjanalysis.errors import ConfigError


def scores_of(hits: list[float], n: list[float], key: str = "instant") -> pd.DataFrame:
    table = pd.DataFrame({"region_code": [f"4408{i:02d}" for i in range(len(n))], "indicator": key})
    value = [h / d if d else float("nan") for h, d in zip(hits, n, strict=True)]
    return table.assign(value=value, numerator=hits, denominator=n, n=[int(d) for d in n], n_left_out=0)


def test_sums_of_days_have_no_such_limits() -> None:
    with pytest.raises(ConfigError, match="漏斗图"):
        funnel(scores_of([80], [100], key="time_compression"), indicator="time_compression")


def places(table: pd.DataFrame, side: str = "_998") -> list[str]:
    outside = [table["value"] > table[f"high{side}"], table["value"] < table[f"low{side}"]]
    return list(np.select(outside, ["above", "below"], "inside"))


def test_where_regions_vary_as_chance_does_the_limits_are_those_of_chance() -> None:
    # 100 of 200 against 2 × 1,030 of 2,000: z-scores of 0.4 and less
    table = funnel(scores_of([100, 1030, 1030], [200, 2000, 2000]), indicator="instant").set_index("n")
    overall = 2160 / 4200
    assert table["dispersion"].tolist() == [1.0] * 3
    assert table["overall"].iloc[0] == overall
    spread = (overall * (1 - overall) / 200) ** 0.5
    assert table.loc[200, ["low", "high"]].tolist() == pytest.approx(
        [overall - 1.959964 * spread, overall + 1.959964 * spread]
    )
    assert table.loc[200, "high_998"] == pytest.approx(overall + 3.090232 * spread)


# 即办率 of the ten counties of the sample: 即办件 and permits, 赤坎 to 经开区
INSTANT = [308, 293, 254, 224, 257, 295, 329, 258, 284, 244]
PERMITS = [347, 346, 307, 277, 320, 340, 392, 328, 354, 268]


def test_a_region_outside_by_chance_alone_lies_inside_once_the_counties_own_spread_is_known() -> None:
    hits, n = np.array(INSTANT), np.array(PERMITS)
    overall = hits.sum() / n.sum()
    z = (hits / n - overall) / np.sqrt(overall * (1 - overall) / n)
    assert (z**2).sum() / 9 == pytest.approx(3.73, abs=0.005)  # chance alone would give about 1
    assert z.max() == z[9] > 3.09  # 经开区 is outside the 99.8 % of chance
    low, high = np.quantile(z, [0.1, 0.9])  # the outer tenth is drawn in
    spread = (np.clip(z, low, high) ** 2).mean()
    scores = scores_of(INSTANT, PERMITS)
    assert dispersion(scores) == pytest.approx(spread)
    assert spread == pytest.approx(2.71, abs=0.005)
    table = funnel(scores, indicator="instant").set_index("n").loc[268]
    half = 3.090232 * np.sqrt(spread * overall * (1 - overall) / 268)
    assert (table["low_998"], table["high_998"]) == pytest.approx((overall - half, min(overall + half, 1)))
    assert table["value"] < table["high_998"]
    assert places(funnel(scores, indicator="instant")) == ["inside"] * 10


def test_a_region_far_out_is_outside_even_of_the_wide_limits() -> None:
    hits = [400.0] * 9 + [100.0]
    table = funnel(scores_of(hits, [500.0] * 10, key="visit_share"), indicator="visit_share")
    assert sorted(places(table)) == ["below", *["inside"] * 9]


def test_the_spread_is_one_where_there_is_nothing_to_estimate_it_from() -> None:
    assert dispersion(scores_of([50, 90], [100, 100])) == 1.0  # two regions
    assert dispersion(scores_of([50, 90, 0], [100, 100, 0])) == 1.0  # one without items is none
    assert dispersion(scores_of([50, 70, 90], [100, 100, 100])) > 1.0  # three are enough
    assert dispersion(scores_of([100, 100, 100], [100, 100, 100])) == 1.0
    assert dispersion(scores_of([0, 0, 0, 0], [100, 100, 100, 0])) == 1.0
