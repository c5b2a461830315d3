from __future__ import annotations

import pandas as pd
import pytest

from zjanalysis.analysis.shares import funnel, funnel_limits, wilson
from zjanalysis.errors import ConfigError


def scores_of(hits: list[float], n: list[float], key: str = "instant") -> pd.DataFrame:
    table = pd.DataFrame({"region_code": [f"4408{i:02d}" for i in range(len(n))], "indicator": key})
    value = [h / d if d else float("nan") for h, d in zip(hits, n, strict=True)]
    return table.assign(value=value, numerator=hits, denominator=n, n=[int(d) for d in n], n_left_out=0)


def test_wilson_equals_the_published_example() -> None:
    # Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662; 0 of 20 gives 0 to 0.1611.
    table = wilson(scores_of([81, 0, 0], [263, 20, 0]))
    assert table["low"].tolist()[:2] == [pytest.approx(0.2553, abs=5e-5), 0]
    assert table["high"].tolist()[:2] == pytest.approx([0.3662, 0.1611], abs=5e-5)
    assert table["low"].isna().tolist() == [False, False, True]


def test_sums_of_days_have_no_such_interval() -> None:
    assert wilson(scores_of([80], [100], key="time_compression"))["low"].isna().all()
    with pytest.raises(ConfigError, match="漏斗图"):
        funnel(scores_of([80], [100], key="time_compression"), indicator="time_compression")


def test_a_region_outside_the_funnel_is_named_and_a_small_one_is_not() -> None:
    table = funnel(scores_of([50, 800, 700, 700], [100, 1000, 1000, 1000]), indicator="instant").set_index("n")
    assert table["overall"].iloc[0] == 2250 / 3100
    spread = (2250 / 3100 * 850 / 3100 / 100) ** 0.5
    assert table.loc[100, "low"] == pytest.approx(2250 / 3100 - 1.959964 * spread)
    assert table.loc[100, "verdict"] == "低于"  # 0.5 against at least 0.588
    assert table.loc[1000, "verdict"].tolist() == ["高于", "持平", "持平"]
    lower = funnel(scores_of([50, 800, 700, 700], [100, 1000, 1000, 1000], key="visit_share"), indicator="visit_share")
    assert lower["verdict"].tolist() == ["高于", "低于", "持平", "持平"]  # fewer visits are better


def test_the_curves_narrow_with_the_number_of_items() -> None:
    curves = funnel_limits(scores_of([50, 800], [100, 1000]), indicator="instant", points=10)
    assert (curves["high_998"] - curves["low_998"]).is_monotonic_decreasing
    assert (curves["n"].iloc[0], curves["n"].iloc[-1]) == (80, pytest.approx(1100))
    assert funnel_limits(scores_of([], []), indicator="instant").empty
