"""Before and after a date: the one true effect is found, its placebo is not."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from zjanalysis.analysis.before_after import items_effect, panel, region_effect

QUARTERS = ("2020Q1", "2020Q2", "2020Q3", "2020Q4", "2021Q1")
REGIONS = ("440802", "440803", "440823", "440825")
CODES = tuple(f"C{n:02d}" for n in range(24))
REFORMED = CODES[:8]


@pytest.fixture(scope="module")
def periods(make_items: Callable[..., pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Promises of 20 days: everybody shortens by 0.4 a quarter; a reform takes 4 off eight codes in 2020Q3, and
    遂溪县 takes 2 more off all of its own in 2020Q4.
    """
    draw = np.random.default_rng(7)
    noise = {place: draw.normal(0, 0.3, len(QUARTERS)) for place in ((r, c) for r in REGIONS for c in CODES)}
    made = {}
    for number, quarter in enumerate(QUARTERS):
        rows = [
            (region, code, 16 - 0.4 * number - 4 * (code in REFORMED and number >= 2)
             - 2 * (region == "440823" and number >= 3) + noise[region, code][number])
            for region in REGIONS for code in CODES
        ]  # fmt: skip
        region, code, days = zip(*rows, strict=True)
        made[quarter] = make_items(region_code=region, match_code=code, promised_days=days, statutory_days=20.0)
    return made


@pytest.fixture(scope="module")
def rows(periods: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return panel(periods, indicator="time_compression")


def test_the_steps_are_those_of_one_code_in_one_region(periods: dict[str, pd.DataFrame], rows: pd.DataFrame) -> None:
    assert rows["step"].isna().sum() == len(REGIONS) * len(CODES)  # the first quarter has none before it
    own = rows[(rows["region_code"] == "440802") & (rows["match_code"] == "C00")].set_index("period")
    days = [
        periods[q].query("region_code == '440802' and match_code == 'C00'")["promised_days"].item() for q in QUARTERS
    ]
    assert own["step"].tolist()[1:] == pytest.approx([(a - b) / 20 for a, b in pairwise(days)])


def test_a_reform_of_all_regions_is_found_at_its_date_and_not_elsewhere(rows: pd.DataFrame) -> None:
    found = items_effect(rows, codes=REFORMED, date="2020Q3").set_index("period")
    assert found.loc["2020Q3", "found"]
    assert found.loc["2020Q3", "effect"] == pytest.approx(4 / 20, abs=0.02)
    assert found.loc["2020Q3", "low"] < 4 / 20 < found.loc["2020Q3", "high"]
    for placebo in ("2020Q2", "2020Q4", "2021Q1"):
        assert not items_effect(rows, codes=REFORMED, date=placebo)["found"].any()


def test_what_one_region_did_is_found_for_it_and_for_no_other(rows: pd.DataFrame) -> None:
    found = region_effect(rows, region="440823", date="2020Q4").set_index("period")
    assert found.loc["2020Q4", "found"]
    assert found.loc["2020Q4", "effect"] == pytest.approx(2 / 20, abs=0.02)
    assert not region_effect(rows, region="440823", date="2020Q3")["found"].any()
    assert not region_effect(rows, region="440825", date="2020Q3")["found"].any()


def test_too_few_codes_claim_nothing(rows: pd.DataFrame) -> None:
    assert region_effect(rows, region="440823", date="2020Q4", codes=CODES[:4]).empty


def test_a_code_that_comes_later_has_no_step_when_it_comes(periods: dict[str, pd.DataFrame]) -> None:
    later = {q: items[(items["match_code"] != "C23") | (q >= "2020Q4")] for q, items in periods.items()}
    rows = panel(later, indicator="time_compression")
    steps = rows[rows["match_code"] == "C23"].groupby("period")["step"].count()
    assert steps.to_dict() == {"2020Q4": 0, "2021Q1": len(REGIONS)}
