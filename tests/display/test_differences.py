"""A difference of two printed numbers is the difference of what is printed, wherever both stand (决定 0012)."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import zjanalysis as zj
from zjanalysis.analysis.compare import KEY
from zjanalysis.display import wording
from zjanalysis.display.tables import table_from_payload
from zjanalysis.studies import Study, study_of

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


@pytest.fixture(scope="module")
def shortened() -> Study:
    """A county whose list lost all but four items, none of which has changed."""
    me = zj.study("data/sample", "2021Q1", region="440802")
    rows, codes = me.before.items, ["440802", "440803", "440804", "440811", "440823"]
    own, sisters = rows[rows["region_code"] == "440802"], rows[rows["region_code"].isin(codes[1:])]
    permits = own[own["item_type"].eq("行政许可") & own["limit_reason"].isna()]
    best = permits[permits["promised_days"].lt(5) & permits["visits"].eq(0) & permits["online"].eq(True)].head(4)
    now = replace(me.period, items=pd.concat([best, sisters]), memory={})
    before = replace(me.before, items=pd.concat([own, sisters]), memory={})
    return study_of(now, region="440802", peers=codes[1:], before=before)


def test_a_change_of_the_list_is_called_neither_better_nor_worse_anywhere(shortened: Study) -> None:
    rows = zj.spine(shortened).rows
    assert rows is not None
    moved = rows[rows["change"].abs() > 1e-9]
    assert len(moved) >= 4
    assert moved["moved"].str.startswith("清单变化").all()
    cards = zj.summary(shortened).payload["cards"]
    told = [zj.changes(shortened, key) for key in KEY]
    said = [zj.summary(shortened).sentence, zj.spine(shortened).html, str([card["moved"] for card in cards])]
    said += [text for one in told for text in (one.sentence, one.payload["title"], one.payload["alt"])]
    assert not [text for text in said if re.search(r"\d项(改善|退步)|(改善|退步)\d|\d个(改善|退步)", text)]
    assert {card["trend"] for card in cards} == {"清单变化"} | ({"持平"} if len(moved) < 6 else set())
    assert re.search(r"6项均为清单变化|\d项清单变化", zj.summary(shortened).sentence)
    for block in told:
        assert block.rows is not None
        own = block.rows.set_index("region_code").loc["440802"]
        assert own["word"] == ("清单变化" if abs(own["change"]) > 1e-9 else "持平")


def test_the_regions_counted_by_their_change_come_to_all(shortened: Study) -> None:
    before = shortened.before
    gone = replace(before, items=before.items[~before.items["region_code"].isin(["440804", "440811"])], memory={})
    now = replace(shortened.period, memory={})
    block = zj.changes(study_of(now, region="440802", peers=shortened.peers, before=gone), "visits")
    counts = [int(n) for n in re.findall(r"(\d)个(?:改善|退步|清单变化|持平|无法比较)", block.sentence)]
    assert "2个无法比较" in block.sentence
    assert sum(counts) == 5
