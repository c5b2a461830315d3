"""A difference of two printed numbers is the difference of what is printed, wherever both stand (决定 0012)."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

import zjanalysis as zj
from zjanalysis.analysis.compare import KEY
from zjanalysis.display import wording
from zjanalysis.display.tables import table_from_payload
from zjanalysis.studies import Study

UNIT = "(?:%|个工作日|次)"
APART = re.compile(rf"([\d.]+){UNIT}[^。；%]*?比[^（。；]*（([\d.]+){UNIT}）([高低多少长短])([\d.]+)")
COUNTIES = ("440823", "440882", "440883")
TABLES = {
    "changes": (zj.changes, ("value", "previous", "change"), False),
    "pairs": (zj.pairs, ("value", "peer_value", "difference"), True),
}


@pytest.fixture(scope="module", params=COUNTIES)
def one_of_them(request: pytest.FixtureRequest) -> Study:
    return zj.study("data/sample", "2021Q1", region=request.param)


@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from(["share", "days", "visits"]))
def test_a_difference_in_words_is_that_of_the_prints(value: float, other: float, unit: str) -> None:
    first, second = (Decimal(re.findall(r"[\d.]+", wording.amount(one, unit))[0]) for one in (value, other))
    said = wording.apart(value, other, unit, "中位数")
    if first == second:
        assert said.endswith("相同")
    else:
        assert Decimal(re.findall(r"[\d.]+", said)[-1]) == abs(first - second)
        assert re.search("[高多长]", said.partition("）")[2]) if first > second else re.search("[低少短]", said)


def test_sentences_and_titles_follow_from_their_own_numbers(one_of_them: Study) -> None:
    found = []
    for key in (*KEY, "one_window", "bookable", "promised_days"):
        split = zj.split(one_of_them, key)
        own = re.findall(rf"到{one_of_them.name}([\d.]+{UNIT})", split.payload["alt"])
        found += APART.findall(zj.ranking(one_of_them, key).sentence) + APART.findall("".join(own) + split.sentence)
    assert len(found) >= 15
    for value, other, way, size in found:
        step = Decimal(value) - Decimal(other)
        assert (abs(step), step > 0) == (Decimal(size), way in "高多长"), (value, other, way, size)


@pytest.mark.parametrize("name", list(TABLES))
def test_columns_of_differences_follow_from_the_columns_beside_them(name: str, one_of_them: Study) -> None:
    view, (value, other, step), turned = TABLES[name]
    for key in KEY:
        block = view(one_of_them, key)
        printed = table_from_payload(block.payload["table"])
        at = {head.key: place for place, head in enumerate(printed.heads)}
        for row in printed.texts():
            now, then, moved = (row[at[one]].replace("−", "-") for one in (value, other, step))
            if "无数据" not in (now, then, moved):
                sign = -1 if turned and key in ("visits", "visit_share") else 1
                assert (Decimal(now) - Decimal(then)) * sign == Decimal(moved), (key, row)
