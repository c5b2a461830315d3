"""What an office typed for a row of its own: read where it is clear, asked back where it is not."""

from __future__ import annotations

import pandas as pd
import pytest

from zjanalysis.ledger.display import with_words, worded
from zjanalysis.ledger.rows import empty_ledger, number_own_rows, with_gap
from zjanalysis.ledger.state import Status, advance_state
from zjanalysis.ledger.typed import read_target, read_value

CLOSING = {"ledger_id": "自001", "evidence": "纪要", "closed_on": "2021-04-10", "deadline": "2021-06"}


def own(target: str, value: str, before: pd.DataFrame | None = None) -> pd.Series:
    """Return an own row with evidence and a closing date, as it stands on 2021-06-15 in words."""
    blank = empty_ledger()
    cells = CLOSING | {"target_text": target, "current_written": value}
    row = pd.DataFrame([cells]).reindex(columns=list(blank.columns)).astype(blank.dtypes.to_dict())

    settled = advance_state(
        with_gap(number_own_rows(row)), blank if before is None else before, on="2021-06-15", as_of="2021-03-31"
    )
    return worded(with_words(settled)).iloc[0]


@pytest.mark.parametrize(
    ("target", "value", "said"),
    [
        ("≥95%", "96%", "96%，达到≥95%"),
        ("95％以上", "96.5％", "96.5%，达到≥95%"),
        ("≥99.9%", "99.95%", "99.95%，达到≥99.9%"),
        ("达到100%", "1", "100%，达到≥100%"),
        ("≧95%", "0.96", "96%，达到≥95%"),
        ("＜5", "4", "4，达到＜5"),
        ("<5", "4件", "4件，达到＜5件"),
        ("不超过3", "3", "3，达到≤3"),
        ("3个工作日以内", "2工作日", "2工作日，达到≤3工作日"),
        ("≤3天", "2天", "2天，达到≤3天"),
        ("高于89.6", "90.2分", "90.2分，达到＞89.6分"),
        ("≥1.2万件", "12000件", "12000件，达到≥12000件"),
        ("80", "80", "80，达到≥80"),
    ],
)
def test_a_target_and_a_value_as_people_write_them_close_a_row(target: str, value: str, said: str) -> None:
    row = own(target, value)
    assert row["status"] == Status.CLOSED
    assert row["status_reason"] == f"2021年4月10日销号；{said}。"


@pytest.mark.parametrize(
    ("target", "value", "said", "gap"),
    [
        ("100％", "99.9％", "99.9%，未达≥100%", "差0.1个百分点"),
        ("≥99.9%", "99.86%", "99.86%，未达≥99.9%", "差0.04个百分点"),
        ("≥99.999%", "99.995%", "99.995%，未达≥99.999%", "差0.004个百分点"),
        ("＞85.50%", "85.50%", "85.5%，未达＞85.5%", "持平"),
        ("＜5", "5", "5，未达＜5", "持平"),
        ("≤0.05", "0.0501", "0.0501，未达≤0.05", "差0.0001"),
    ],
)
def test_a_value_that_misses_by_little_says_by_how_much(target: str, value: str, said: str, gap: str) -> None:
    row = own(target, value)
    assert row["status"] == Status.IN_PROGRESS
    assert row["status_reason"] == f"距完成时限15天；{said}。"
    assert row[["gap_text", "current_text", "hint"]].tolist() == [gap, said.partition("，")[0], "未达标，不能销号"]


@pytest.mark.parametrize(
    ("target", "value", "doubt"),
    [
        ("≥95%", "50", "当前值“50”与目标值“≥95%”的单位对不上"),
        ("95%", "3", "当前值“3”与目标值“95%”的单位对不上"),
        ("≤5%", "4", "当前值“4”与目标值“≤5%”的单位对不上"),
        ("95", "96%", "当前值“96%”与目标值“95”的单位对不上"),
        ("≤3天", "2小时", "当前值“2小时”与目标值“≤3天”的单位对不上"),
        ("≥95%", "约三成", "当前值“约三成”认不出"),
        ("≥95%", "≥96%", "当前值“≥96%”认不出"),
        ("整改到位", "1", "目标值“整改到位”认不出"),
        ("不超过95%以上", "1", "目标值“不超过95%以上”认不出"),
        ("3月底前完成", "5", "目标值“3月底前完成”认不出"),
        ("90%-95%", "96%", "目标值“90%-95%”认不出"),
        ("≥2千件", "5", "目标值“≥2千件”认不出"),
        ("", "96%", "没有填目标值"),
    ],
)
def test_what_cannot_be_read_or_held_together_is_asked_back_and_closes_nothing(
    target: str, value: str, doubt: str
) -> None:
    row = own(target, value)
    assert row["status"] == Status.IN_PROGRESS
    assert doubt in row["status_reason"]
    assert row["hint"].startswith(f"{doubt}，无法判断；写法如")
    assert row["current_text"] == value
    closed = pd.DataFrame([CLOSING | {"status": Status.CLOSED, "reached_on": pd.Timestamp("2021-03-31")}])
    before = pd.concat([empty_ledger(), closed])  # closed by a version that believed it
    assert own(target, value, before)["status"] != Status.CLOSED


def test_no_value_typed_is_no_data() -> None:
    assert own("≥95%", "")["hint"] == "本期无数据，无法判断"


def test_read_units_are_the_same_whatever_width_the_signs_have() -> None:
    assert read_target("≥９５．５％") == read_target(" >= 95.5 %")
    assert read_value("1，024 件") == read_value("1,024件")
