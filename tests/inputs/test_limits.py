"""Every spelling of a limit that was seen in the wild (limit_strings.csv), and those that must not be guessed."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from zjanalysis.inputs.items import limits_frame
from zjanalysis.inputs.values import (
    NO_LIMIT,
    NO_UNIT,
    SENTINEL,
    TWO_UNITS,
    UNREADABLE,
    Limit,
    parse_limit,
    split_both,
    visits,
)
from zjanalysis.settings import Units

with (Path(__file__).parent / "limit_strings.csv").open(encoding="utf-8", newline="") as stream:
    SEEN = {row["raw"].replace("\\t", "\t"): row for row in csv.DictReader(stream)}
# 日 and 天 of a permit are working days (行政许可法 82)
UNIT = {"工作日": "工作日", "自然日": "自然日", "天": "工作日", "": None}
NUMBERS = {
    raw: row for raw, row in SEEN.items() if row["days"] and row["unit"] in UNIT and "/" not in row["days"] and "=" not in raw
}  # fmt: skip


@pytest.mark.parametrize("raw", NUMBERS)
def test_a_number_and_its_unit(raw: str) -> None:
    limit, row = parse_limit(raw), NUMBERS[raw]
    assert (limit.number, limit.unit, limit.reason) == (float(row["days"]), UNIT[row["unit"]], None)


def test_every_seen_spelling_is_in_one_of_the_tests() -> None:
    none = {"无", "未规定", "-1"}
    both = {raw for raw in SEEN if "法定" in raw and "承诺" in raw}
    others = {"0次", "20 + anticipate_type=1", "W / N / H", "办理时间以分钟为单位"}
    office_hours = {raw for raw in SEEN if raw.startswith("办公时间")}
    assert set(SEEN) == set(NUMBERS) | none | both | others | office_hours


@pytest.mark.parametrize("raw", ["无", "未规定", "-1"])
def test_no_limit(raw: str) -> None:
    assert parse_limit(raw).reason == NO_LIMIT


@pytest.mark.parametrize("raw", [raw for raw in SEEN if raw.startswith("办公时间")])
def test_office_hours_are_not_eight_days(raw: str) -> None:
    assert parse_limit(raw) == parse_limit("说不清")
    assert parse_limit(raw).reason == UNREADABLE


@pytest.mark.parametrize(
    ("raw", "statutory", "promised"),
    [("承诺时限：1天；法定时限：20天", 20, 1), ("法定期限：0个工作日 承诺期限：30个工作日", 0, 30)],
)
def test_both_limits_in_one_cell(raw: str, statutory: float, promised: float) -> None:
    both = split_both(raw)
    assert both is not None
    assert [parse_limit(text).number for text in both] == [statutory, promised]


def test_number_and_unit_in_two_fields() -> None:
    assert parse_limit("20", "1").number == 20  # 20 + anticipate_type=1
    assert parse_limit("20", "2").reason == NO_UNIT  # only code 1 is certain
    assert [parse_limit("2", unit).unit for unit in "WNH"] == ["工作日", "自然日", "小时"]


def test_visits_with_a_unit() -> None:
    assert visits("0次") == 0


@pytest.mark.parametrize(
    ("raw", "number", "unit"),
    [
        ("三十个工作日", 30, "工作日"),
        ("一百二十日", 120, "工作日"),
        ("半天", 0.5, "工作日"),
        ("自受理之日起２０个工作日内办结", 20, "工作日"),
        ("20个工作日（特殊情况可延长10日）", 20, "工作日"),
        ("30日（自然日）", 30, "自然日"),
        ("\u3000 15 日", 15, "工作日"),
        ("6个月", 6, "月"),
        ("2小时", 2, "小时"),
        ("法定时限：20日", 20, "工作日"),
    ],
)
def test_other_ways_to_write_it(raw: str, number: float, unit: str) -> None:
    assert (parse_limit(raw).number, parse_limit(raw).unit) == (number, unit)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("3-5个工作日", UNREADABLE),
        ("2021-01-03", UNREADABLE),
        ("20个工作日，必要时30个工作日", UNREADABLE),
        ("20工作曰", NO_UNIT),
        ("0次", NO_UNIT),
        ("20", NO_UNIT),
        ("500", SENTINEL),
        ("99999个工作日", SENTINEL),
        ("-3", UNREADABLE),
        ("1" * 400, UNREADABLE),
    ],
)
def test_what_is_not_guessed(raw: str, reason: str) -> None:
    assert (parse_limit(raw).number, parse_limit(raw).reason) == (None, reason)


@pytest.mark.parametrize(("text", "unit"), [("20天", "自然日"), ("20个工作日", "自然日"), ("1个月", "工作日")])
def test_two_units_that_differ_are_no_limit(text: str, unit: str) -> None:
    assert parse_limit(text, unit) == Limit(None, None, TWO_UNITS)
    assert parse_limit(text, usual=unit).number is not None  # the head of a column is only what is usual


def test_conversion_to_working_days() -> None:
    units = Units(year=250, quarter=62.5, month=20, week=5, hours_per_day=8, calendar_day=0.7)
    texts = ["1年", "1季度", "1个月", "1周", "10", "4小时", "240分钟", "即办"]
    beside = ["", "", "", "", "自然日", "", "", "自然日"]
    limits = [parse_limit(text, unit) for text, unit in zip(texts, beside, strict=True)]
    read = limits_frame(limits, np.arange(len(limits)), units=units)
    assert read["days"].tolist() == pytest.approx([250, 62.5, 20, 5, 10 * 0.7, 4 / 8, 240 / 60 / 8, 0])
    assert read["written"].tolist() == [1, 1, 1, 1, 10, 4, 240, 0]
