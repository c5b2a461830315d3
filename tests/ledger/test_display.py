"""The ledger in words: every value, target and gap as the pages print it, and why a row has its state."""

from __future__ import annotations

import pandas as pd
import pytest

from zjanalysis.display import wording
from zjanalysis.ledger.display import amount, cell_of, gap_text, with_words, worded
from zjanalysis.ledger.rows import empty_ledger
from zjanalysis.ledger.state import advance_state, start
from zjanalysis.units import UNITS


@pytest.mark.parametrize("unit", ["share", "days", "visits", "score"])
def test_a_number_reads_the_same_in_the_ledger_and_on_every_page(unit: str) -> None:
    for value in (0.06125, 0.855, 0.0, 1.0):
        assert amount(value, unit) == wording.amount(value, unit)
        assert gap_text(-value, unit) == ("差" + wording.difference(value, unit) if value else "持平")
    for cell, kind in (
        (cell_of("current", {"current": 0.06125, "unit": unit})[1], ""),
        (cell_of("gap", {"gap": 0.1, "unit": unit})[1], "优"),
    ):
        assert f"0.{'0' * UNITS[unit].digits}" in cell
        assert kind in cell


def test_a_gap_that_prints_as_nothing_is_nothing_in_its_cell_too() -> None:
    for unit, gap in (("share", 0.00004), ("visits", -0.00004), ("days", 0.004), ("count", 0.001)):
        assert gap_text(gap, unit) == "持平"
        assert cell_of("gap", {"gap": gap, "unit": unit})[0] == 0
        assert gap_text(gap * 20, unit)[0] == ("优" if gap > 0 else "差")
        assert cell_of("gap", {"gap": gap * 20, "unit": unit})[0] != 0


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"current": 0.8}, "没有进展说明和佐证；距完成时限76天；80.00%，未达＞85.50%。"),
        ({"current": 0.8, "progress": "x", "deadline": "2021-03-31"}, "逾期15天；80.00%，未达＞85.50%。"),
        ({"current": 0.9}, "2021年3月31日达标，待销号；90.00%，达到＞85.50%。"),
        ({"current": 0.9, "evidence": "e", "closed_on": "2021-04-10"}, "2021年4月10日销号；90.00%，达到＞85.50%。"),
        ({"progress": "x", "deadline": "长期推进"}, "长期推进；本期无数据。"),
        ({"progress": "x", "deadline": "尽快", "current": 0.8}, "完成时限认不出；80.00%，未达＞85.50%。"),
        ({"comparison": "record", "indicator": "province_rank", "unit": "count", "current": 14.0}, "只登记，不判定；14位。"),
        ({"comparison": "rising", "baseline": 0.7, "current": 0.8, "gap": 0.1, "progress": "x"},
         "2021年3月31日达标，待销号；80.00%，比基期70.00%优10.00个百分点。"),
        ({"comparison": "below_peers", "indicator": "visits", "unit": "visits", "target_value": 0.06, "current": 0.09,
          "verdict": "未达标", "progress": "x", "deadline": "2021-03"},
         "逾期15天；0.0900次，中位数0.0600次，未达标。"),
        ({"comparison": "done", "indicator": "node_connected", "unit": "flag", "target_value": 1.0, "current": 0.0,
          "progress": "x"}, "距完成时限76天；未完成。"),
    ],
)  # fmt: skip
def test_every_row_says_from_its_numbers_why_it_has_its_state(cells: dict, said: str) -> None:
    blank = empty_ledger()
    row = {"ledger_id": "六-04@440800", "comparison": ">", "target_value": 0.855, "unit": "share", "deadline": "2021-06",
           "indicator": "instant", "region_code": "440800"}  # fmt: skip
    one = pd.DataFrame([row | cells]).reindex(columns=list(blank.columns)).astype(blank.dtypes.to_dict())
    assert with_words(advance_state(one, blank, on="2021-04-15", as_of="2021-03-31"))["status_reason"].tolist() == [
        said
    ]


def test_a_row_that_fell_back_says_when() -> None:
    first = start(pd.DataFrame({"region_code": ["440800"], "indicator": ["instant"], "value": [0.9]}), on="2021-02-01")
    fell = with_words(advance_state(first.assign(current=0.8), first, on="2021-04-15", as_of="2021-03-31"))
    said = fell.set_index("ledger_id").loc["六-04@440800", "status_reason"]
    assert said == "2021年3月31日达标回落；没有进展说明和佐证；距完成时限76天；80.00%，未达＞85.50%。"


def test_values_read_in_their_units() -> None:
    values = {"instant": 0.8, "promised_days": 3.25, "separate_portals": 2.0, "node_connected": 0.0}
    scores = pd.DataFrame({"region_code": "440800", "indicator": list(values), "value": list(values.values())})
    shown = worded(start(scores, on="2021-02-01")).set_index("ledger_id")
    assert shown.loc["六-04@440800", ["target_text", "current_text", "gap_text"]].tolist() == [
        "＞85.50%",
        "80.00%",
        "差5.50个百分点",
    ]
    assert shown.loc["三-02@440800", ["target_text", "current_text", "gap_text"]].tolist() == ["≤0个", "2个", "差2个"]
    assert shown.loc["十一-01@440800", ["target_text", "current_text", "gap_text"]].tolist() == ["完成", "未完成", ""]
    assert shown.loc["八-01@440800", "current_text"] == "3.25个工作日"
    assert shown.loc["目标-04@440800", ["target_text", "current_text"]].tolist() == ["≥93.00分", "无数据"]
