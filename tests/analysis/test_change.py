from __future__ import annotations

import pandas as pd
import pytest

from zjanalysis.analysis.change import change


def test_change_is_the_difference_and_trend_knows_the_direction() -> None:
    now = pd.DataFrame(
        {"region_code": ["a", "a", "b"], "indicator": ["visits", "online", "visits"], "value": [0.3, 0.9, 0.1], "n": 5}
    )
    before = now.assign(value=[0.5, 0.95, 0.1001], n=7).iloc[[1, 0, 2]]
    changed = change(now, before)
    assert changed["previous"].tolist() == [0.5, 0.95, 0.1001]
    assert changed["change"].tolist() == pytest.approx([0.3 - 0.5, 0.9 - 0.95, 0.1 - 0.1001])
    assert changed["trend"].tolist() == ["改善", "退步", "持平"]


def test_a_region_without_a_previous_value_says_so() -> None:
    now = pd.DataFrame({"region_code": ["a"], "indicator": ["online"], "value": [0.9]})
    assert change(now, now.assign(region_code="b"))["trend"].tolist() == ["无上期"]
