from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from zjanalysis.analysis.explain import Cause, causes, change, change_split, item_changes
from zjanalysis.analysis.indicators import measure


def test_change_is_the_difference_and_trend_knows_the_direction() -> None:
    now = pd.DataFrame(
        {"region_code": ["a", "a", "b"], "indicator": ["visits", "online", "visits"], "value": [0.3, 0.9, 0.1], "n": 5}
    )
    before = now.assign(value=[0.5, 0.95, 0.10004], n=7).iloc[[1, 0, 2]]
    changed = change(now, before)
    assert changed["previous"].tolist() == [0.5, 0.95, 0.10004]
    assert changed["change"].tolist() == pytest.approx([0.3 - 0.5, 0.9 - 0.95, 0.1 - 0.10004])
    assert changed["trend"].tolist() == ["改善", "退步", "持平"]


@pytest.mark.parametrize(
    ("key", "now", "before", "trend"),
    [
        ("online", 0.901, 0.900, "改善"),  # 0.1 point: the smallest change that counts
        ("online", 0.9009, 0.900, "持平"),
        ("online", 0.90096, 0.90004, "改善"),  # 90.00 % → 90.10 %, as printed
        ("visits", 0.0610, 0.0619, "持平"),
        ("visits", 0.0609, 0.0619, "改善"),
        ("promised_days", 4.01, 4.0, "退步"),
    ],
)
def test_a_change_too_small_to_matter_is_none(key: str, now: float, before: float, trend: str) -> None:
    rows = pd.DataFrame({"region_code": ["a"], "indicator": [key], "value": [now]})
    assert change(rows, rows.assign(value=before))["trend"].tolist() == [trend]


def test_a_region_without_a_previous_value_says_so() -> None:
    now = pd.DataFrame({"region_code": ["a"], "indicator": ["online"], "value": [0.9]})
    assert change(now, now.assign(region_code="b"))["trend"].tolist() == ["无上期"]


def split(now: pd.DataFrame, before: pd.DataFrame, **how: Any) -> pd.DataFrame:
    return change_split(now, before, **{"regions": ["440800"], "indicators": ["time_compression"], **how})


NOW = """
region_code match_code item_name department statutory_days promised_days visits handling_type
440800      A          甲        局一       20             5             0      即办件
440800      B          乙        局一       30             9             1      承诺件
440800      C          丙        局二       50             5             0      承诺件
"""
BEFORE = """
region_code match_code item_name department statutory_days promised_days visits handling_type
440800      A          甲        局一       20             10            0      承诺件
440800      B          乙        局一       30             9             1      承诺件
440800      D          丁        局二       10             8             0      承诺件
"""


def test_the_change_splits_into_added_removed_and_changed(items_of: Callable[[str], pd.DataFrame]) -> None:
    now, before = items_of(NOW), items_of(BEFORE)
    table = split(now, before).set_index("part")
    added = 81 / 100 - 36 / 50
    removed = -(33 / 60 - 31 / 50)
    changed = 36 / 50 - 31 / 50
    assert table["contribution"].to_dict() == pytest.approx({"新增": added, "取消": removed, "变动": changed})
    assert table["contribution"].sum() == pytest.approx(81 / 100 - 33 / 60)
    assert table["n_items"].to_dict() == {"新增": 1, "取消": 1, "变动": 2}
    assert table["previous"].iloc[0] == pytest.approx(33 / 60)


def test_without_items_in_one_period_nothing_is_split(items_of: Callable[[str], pd.DataFrame]) -> None:
    now = items_of(NOW)
    for table in (
        split(now, now.iloc[:0]),
        split(now.iloc[:0], now),
        split(now, now.assign(region_code="440900"), indicators=["visits"]),
    ):
        assert table["contribution"].isna().all()
        assert table["ahead"].isna().all()
        assert table["change"].isna().all()
    whole = split(now, now.iloc[:0])
    assert whole["part"].tolist() == ["新增", "取消", "变动"]
    assert whole["value"].iloc[0] == pytest.approx(81 / 100)


def test_item_changes_name_what_came_went_and_moved(items_of: Callable[[str], pd.DataFrame]) -> None:
    table = item_changes(items_of(NOW), items_of(BEFORE), regions=["440800"])
    assert list(table.columns) == [
        "region_code", "kind", "item_key", "match_code", "item_name", "department", "field", "previous", "current",
    ]  # fmt: skip
    found = table[["kind", "match_code", "field", "previous", "current"]].values.tolist()
    assert [row[:3] for row in found] == [
        ["取消", "D", ""], ["变动", "A", "instant"], ["变动", "A", "promised_days"], ["新增", "C", ""],
    ]  # fmt: skip
    assert found[1][3:] == [0, 1]
    assert found[2][3:] == [10, 5]


FOUR_NOW = """
region_code match_code item_id item_name department statutory_days promised_days visits online handling_type
440800      A          X1      甲一      局一       20             5             0      1      承诺件
440800      A          X2      甲二      局一       20             9             1      0      承诺件
440800      A          X2      甲三      局一       20             7             1      1      -
440800      B          -       乙        局一       20             7             1      1      即办件
440800      -          -       丙        局二       -              7             1      1      即办件
"""
FOUR_BEFORE = """
region_code match_code item_id item_name department statutory_days promised_days visits online handling_type
440800      A          X2      甲二      局一       20             9             1      1      承诺件
440800      A          X2      甲三      局一       20             8             1      1      -
440800      A          X1      甲一      局一       20             5             2      1      承诺件
440800      -          -       丙        局二       -              9             1      0      即办件
440800      B          -       乙        局一       20             7             1      1      即办件
"""


def test_an_item_is_a_row_so_yes_and_no_and_whole_days_appear(items_of: Callable[[str], pd.DataFrame]) -> None:
    # Three 办理项 share code A: folded they would read visits 1.33 → 0.67 and online 1.00 → 0.67.
    table = item_changes(items_of(FOUR_NOW), items_of(FOUR_BEFORE), regions=["440800"])
    found = table[["item_key", "item_name", "field", "previous", "current"]].values.tolist()
    assert found == [
        ["X1", "甲一", "visits", 2, 0],
        ["X2/A/甲三", "甲三", "promised_days", 8, 7],  # two that share an id are told apart by name
        ["X2/A/甲二", "甲二", "online", 1, 0],
        ["丙", "丙", "online", 0, 1],  # no code at all: by its name; its limit pair is not usable
    ]
    assert set(table["kind"]) == {"变动"}


def test_a_value_that_comes_or_goes_is_a_change(items_of: Callable[[str], pd.DataFrame]) -> None:
    now = items_of(FOUR_NOW)
    before = now.assign(visits=now["visits"].mask(now["item_id"] == "X1"), handling_type=None)
    table = item_changes(now, before, regions=["440800"])
    assert table["field"].tolist() == ["instant", "visits", "instant", "instant", "instant"]
    assert table["previous"].isna().all()
    assert table.loc[table["field"] == "instant", "current"].tolist() == [0, 0, 1, 1]


def test_a_first_period_is_no_news_about_items(items_of: Callable[[str], pd.DataFrame]) -> None:
    now = items_of(FOUR_NOW)
    assert item_changes(now, now.iloc[:0], regions=["440800"]).empty
    assert item_changes(now.iloc[:0], now, regions=["440800"]).empty
    assert item_changes(now, now.assign(region_code="440900"), regions=["440800"]).empty
    assert item_changes(now, now, regions=["440800"]).empty
    retyped = now.assign(item_type="公共服务")  # out of scope: gone from the list the indicator is counted on
    assert set(item_changes(retyped.iloc[:1].assign(item_type="行政许可"), now, regions=["440800"])["kind"]) == {"取消"}


@pytest.mark.parametrize(("later", "earlier"), [("NOW", "BEFORE"), ("FOUR_NOW", "FOUR_BEFORE")])
def test_the_order_of_rows_changes_nothing(
    later: str, earlier: str, items_of: Callable[[str], pd.DataFrame]
) -> None:  # two of the second pair share an id
    now, before = items_of(globals()[later]), items_of(globals()[earlier])
    mixed, turned = now.sample(frac=1, random_state=1), before.iloc[::-1]
    pd.testing.assert_frame_equal(
        item_changes(mixed, turned, regions=["440800"]), item_changes(now, before, regions=["440800"])
    )
    pd.testing.assert_frame_equal(split(mixed, turned), split(now, before))


def test_an_old_version_of_an_item_is_not_taken_for_it(items_of: Callable[[str], pd.DataFrame]) -> None:
    before = items_of(NOW)
    old = before.assign(in_force=False, promised_days=99.0)  # same key and name, and first in the file
    assert item_changes(pd.concat([old, before], ignore_index=True), before, regions=["440800"]).empty


def listed(*promises: int, codes: str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ") -> str:
    head = "region_code match_code item_name department statutory_days promised_days visits handling_type\n"
    rows = (f"440800 {code} 事{code} 局一 20 {days} 0 承诺件\n" for code, days in zip(codes, promises, strict=False))
    return head + "".join(rows)


@pytest.mark.parametrize(
    ("now", "codes", "word"),
    [
        ((10,) * 10, "ABCDEFGHIJ", Cause.LIST),  # the ten slowest of twenty are gone: 0.25 → 0.50, nothing better
        ((5,) * 20, "ABCDEFGHIJKLMNOPQRST", Cause.ITEMS),
        ((5,) * 10, "ABCDEFGHIJ", Cause.BOTH),
        ((11,) * 10, "ABCDEFGHIJ", Cause.LIST),  # and what stays has become worse
        ((10,) * 10 + (20,) * 10, "ABCDEFGHIJKLMNOPQRST", Cause.NONE),
    ],
)
def test_a_shorter_list_is_no_improvement(
    items_of: Callable[[str], pd.DataFrame], now: tuple[int, ...], codes: str, word: Cause
) -> None:
    before = items_of(listed(*(10,) * 10, *(20,) * 10))
    table = causes(split(items_of(listed(*now, codes=codes)), before))
    row = table.iloc[0]
    assert row["cause"] == word
    assert row["n_shared"] == len(codes)
    if now == (10,) * 10:
        assert (row["change"], row["by_items"], row["by_list"]) == pytest.approx((0.50 - 0.25, 0, 0.25))


@pytest.mark.parametrize(
    ("now", "codes", "trend"),
    [
        ((10,) * 10, "ABCDEFGHIJ", "清单变化"),  # 0.25 → 0.50, nothing better
        ((9,) * 10, "ABCDEFGHIJ", "清单变化"),  # 0.55, of which the items 0.05: both, and the list most of it
        ((5,) * 20, "ABCDEFGHIJKLMNOPQRST", "改善"),
        ((11,) * 10 + (20,) * 9, "ABCDEFGHIJKLMNOPQRS", "退步"),  # one slow item less does not hide what got worse
        ((10,) * 10 + (20,) * 10, "ABCDEFGHIJKLMNOPQRST", "持平"),
    ],
)
def test_a_change_that_is_more_the_lists_than_the_items_is_called_neither_better_nor_worse(
    items_of: Callable[[str], pd.DataFrame], now: tuple[int, ...], codes: str, trend: str
) -> None:
    later, before = items_of(listed(*now, codes=codes)), items_of(listed(*(10,) * 10, *(20,) * 10))
    scores = [measure(rows, ["time_compression"], by=("region_code",)) for rows in (later, before)]
    (row,) = change(*scores, parts=split(later, before)).to_dict("records")
    assert (row["trend"], row["listed"]) == (trend, trend == "清单变化")
    assert change(*scores)["trend"].isin(["改善", "退步", "持平"]).all()


def test_without_a_last_period_there_is_no_cause(items_of: Callable[[str], pd.DataFrame]) -> None:
    rows = items_of(NOW)
    table = causes(split(rows, rows.iloc[:0], indicators=["time_compression", "visits"]))
    assert table["cause"].tolist() == [Cause.NO_DATA] * 2


def test_causes_are_the_sums_of_the_split(items_of: Callable[[str], pd.DataFrame]) -> None:
    parts = split(items_of(NOW), items_of(BEFORE), indicators=["time_compression", "visits", "instant"])
    table = causes(parts).set_index("indicator")
    for key, own in parts.groupby("indicator"):
        steps = own.set_index("part")["contribution"]
        assert table.at[key, "by_items"] == pytest.approx(steps["变动"], nan_ok=True)
        assert table.at[key, "by_list"] == pytest.approx(steps["新增"] + steps["取消"], nan_ok=True)


# --- the same item in two periods -------------------------------------------------------------------------------

SLOW = "440800 {code} {key} 事{code} 局一 20 20 0 承诺件\n"
QUICK = "440800 {code} {key} 事{code} 局一 20 5 0 承诺件\n"
HEAD = "region_code match_code item_id item_name department statutory_days promised_days visits handling_type\n"
LINKS = pd.DataFrame({"period": "2020Q1", "code": ["A", "B"], "into": ["C", "C"], "source": "文", "note": ""})


def rows_of(*rows: tuple[str, str, str]) -> str:
    return HEAD + "".join(row.format(code=code, key=key) for row, code, key in rows)


def test_one_of_several_items_of_a_code_taken_off_is_a_shorter_list(items_of: Callable[[str], pd.DataFrame]) -> None:
    before = items_of(rows_of((SLOW, "A", "a1"), (SLOW, "A", "a2"), (QUICK, "A", "a3"), (QUICK, "B", "b")))
    (row,) = causes(split(before.iloc[2:], before)).to_dict("records")
    assert (row["cause"], row["by_items"], row["n_shared"]) == (Cause.LIST, 0, 2)


def test_an_item_with_a_new_id_is_still_the_item(items_of: Callable[[str], pd.DataFrame]) -> None:
    before = items_of(rows_of((SLOW, "A", "a1"), (QUICK, "A", "a2"), (QUICK, "B", "b")))
    now = items_of(rows_of((QUICK, "A", "new"), (QUICK, "A", "a2"), (QUICK, "B", "b")))
    (row,) = causes(split(now, before)).to_dict("records")
    assert (row["cause"], row["by_list"]) == (Cause.ITEMS, 0)


def test_merged_items_are_followed_and_weigh_what_both_periods_have(items_of: Callable[[str], pd.DataFrame]) -> None:
    before = items_of(rows_of((SLOW, "A", "-"), (SLOW, "B", "-"), (QUICK, "D", "-")))
    better = items_of(rows_of((QUICK, "C", "-"), (QUICK, "D", "-")))
    found = split(better, before, successions=LINKS).set_index("part")["contribution"]
    # before: 15 of 60; of A and B together half the weight is shared: 15 of 40; now 30 of 40
    assert found.to_dict() == pytest.approx({"新增": 0, "取消": 15 / 40 - 15 / 60, "变动": 30 / 40 - 15 / 40})
    assert split(better, before).set_index("part")["n_items"].to_dict() == {"新增": 1, "取消": 2, "变动": 1}
    merged = causes(split(items_of(rows_of((SLOW, "C", "-"), (QUICK, "D", "-"))), before, successions=LINKS))
    assert merged["cause"].tolist() == [Cause.LIST]  # two slow items made one slow item: nothing is better


def test_a_split_and_a_renamed_item_are_followed(items_of: Callable[[str], pd.DataFrame]) -> None:
    before, links = items_of(rows_of((SLOW, "A", "-"), (QUICK, "D", "-"))), LINKS.assign(code="A", into=["B", "C"])
    now = items_of(rows_of((QUICK, "B", "-"), (QUICK, "C", "-"), (QUICK, "D", "-")))
    assert causes(split(now, before, successions=links))["cause"].tolist() == [Cause.ITEMS]
    assert causes(split(now.iloc[1:], before, successions=links.iloc[1:]))["by_list"].tolist() == [0]


def test_what_ended_long_ago_lends_nothing_to_a_later_deletion(items_of: Callable[[str], pd.DataFrame]) -> None:
    links = LINKS.assign(code="A", into=["B", "C"])
    before = items_of(rows_of((SLOW, "B", "-"), (QUICK, "C", "-"), (QUICK, "D", "-")))
    assert causes(split(before.iloc[1:], before, successions=links))["cause"].tolist() == [Cause.LIST]


def test_a_region_without_items_in_either_period_has_parts_without_a_value(
    items_of: Callable[[str], pd.DataFrame],
) -> None:
    now = items_of(NOW)
    parts = change_split(now, now.iloc[:0], regions=["440800", "440900"], indicators=["time_compression"])
    assert parts["region_code"].tolist() == ["440800"] * 3 + ["440900"] * 3
    assert parts["contribution"].isna().all()
    assert parts["n_items"].tolist()[:3] != [0, 0, 0]
    none = change_split(now.iloc[:0], now.iloc[:0], regions=["440900"], indicators=["time_compression"])
    assert none[["value", "previous", "change"]].isna().all(axis=None)
