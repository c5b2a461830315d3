"""Studies of the sample that the tests of views share; one of them has hostile names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from zjanalysis.inputs.period import load_period
from zjanalysis.studies import Study, study_of

ROOT = Path(__file__).resolve().parents[2]
PERIODS = ("2021Q1", "2020Q4")
EVIL = '"><script>alert(1)</script>=1+1\x1b[31m$x$😀' + "很长的名称" * 9


@pytest.fixture(scope="session")
def city() -> Study:
    return study_of(load_period(str(ROOT / "data" / "sample"), "2021Q1"), region="湛江市")


@pytest.fixture(scope="session")
def county() -> Study:
    return study_of(load_period(str(ROOT / "data" / "sample"), "2021Q1"), region="雷州市")


@pytest.fixture(scope="session")
def pair() -> Study:
    """A county with one peer: too few for a median."""
    codes, periods = ["440802", "440803"], [load_period(str(ROOT / "data" / "sample"), one) for one in PERIODS]
    now, before = (replace(one, items=one.items[one.items["region_code"].isin(codes)], memory={}) for one in periods)
    return study_of(now, region="440802", peers="440803", before=before)


@pytest.fixture(scope="session")
def first() -> Study:
    """A first period: nothing before it."""
    return study_of(load_period(str(ROOT / "data" / "gd-2021-05")), region="440100")


@pytest.fixture(scope="session")
def hostile() -> Study:
    """The county with a name in every item and department that must show as text."""
    period = load_period(str(ROOT / "data" / "sample"), "2021Q1")
    own = period.items["region_code"] == "440882"
    items = period.items.assign(
        item_name=period.items["item_name"].mask(own, EVIL), department=period.items["department"].mask(own, EVIL)
    )
    dataset = replace(period.dataset, title=EVIL)
    return study_of(replace(period, items=items, dataset=dataset, memory={}), region="440882")
