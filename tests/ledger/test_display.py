"""The ledger on a page: counts that add up, words that fit, one region at a time; the sample can be made again."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from zjanalysis.ledger import display as ledger_tables
from zjanalysis.ledger.display import with_words, worded
from zjanalysis.ledger.reading import read_ledger
from zjanalysis.ledger.rows import empty_ledger
from zjanalysis.ledger.state import settle, standing, start

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data" / "sample"


@pytest.fixture(scope="module")
def ledgers() -> tuple[pd.DataFrame, pd.DataFrame]:
    first, second = (standing(read_ledger(SAMPLE / period / "ledger.xlsx")) for period in ("2020Q4", "2021Q1"))
    return first, second


def test_the_sentence_counts_what_the_ledger_holds(ledgers) -> None:
    _, second = ledgers
    said = ledger_tables.board_sentence(second)
    assert said.startswith(f"截至2021年4月15日，台账共 {len(second)} 项：")
    assert f"逾期 {(second['status'] == '逾期').sum()} 项" in said
    assert ledger_tables.board_sentence(empty_ledger()) == "本期没有台账。"


def test_the_board_has_eleven_tasks(ledgers) -> None:
    shown = ledger_tables.board_table(ledgers[1])
    assert [row[0] for row in shown.rows] == [*"一二三四五六七八九十", "十一"]


def test_the_district_table_has_the_columns_of_section_seven_and_one_region(ledgers) -> None:
    late = ledgers[1]["status"].eq("逾期") & ledgers[1]["region_code"].ne("440800")
    region = ledgers[1].loc[late, "region_code"].iloc[-1]
    shown = ledger_tables.district_table(ledgers[1], region=region)
    asked = ["序号", "问题", "责任单位", "措施", "完成时限", "当前值", "目标值", "差距", "状态", "销号日期"]
    assert [head.label for head in shown.heads] == asked
    n = int((ledgers[1]["region_code"] == region).sum())
    assert len(shown.rows) == 20 < n
    assert f"共{n}项" in shown.note
    assert len(ledger_tables.district_table(ledgers[1], region=region, limit=n).rows) == n
    assert shown.rows[0][8] == "逾期"


def test_every_table_of_the_page_can_be_drawn(ledgers) -> None:
    first, second = ledgers
    tables = (
        ledger_tables.city_table(second, first, region="440800"),
        ledger_tables.units_table(second),
        ledger_tables.regions_ledger_table(second),
        ledger_tables.moved_table(second, first),
        ledger_tables.due_table(second),
    )
    for shown in tables:
        html = shown._repr_mimebundle_()["text/html"]
        assert shown.caption in html
        assert "nan" not in html.lower().replace("nan_", "")
    assert tables[0].rows[0][8] == "逾期"


def test_the_reported_figures_of_the_sample_are_what_its_script_makes_and_say_they_are_made_up(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("make_reported", ROOT / "data" / "make_reported.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.write_reported(tmp_path, random=np.random.default_rng(script.SEED))
    for name in ("population.xlsx", "2020Q4/reported.xlsx", "2021Q1/reported.xlsx"):
        made, kept = openpyxl.load_workbook(tmp_path / name), openpyxl.load_workbook(SAMPLE / name)
        for one in kept.worksheets:
            values = [[c.value for c in row] for row in one.iter_rows()]
            assert values == [[c.value for c in row] for row in made[one.title].iter_rows()], f"{name} {one.title}"
        assert "示例数据（模拟）" in kept.worksheets[0]["A1"].value


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"current": 0.8}, "没有进展说明和佐证；距完成时限 76 天；80.00%，未达 ＞85.50%。"),
        ({"current": 0.8, "progress": "x", "deadline": "2021-03-31"}, "逾期 15 天；80.00%，未达 ＞85.50%。"),
        ({"current": 0.9}, "2021年3月31日达标，待销号；90.00%，达到 ＞85.50%。"),
        ({"current": 0.9, "evidence": "e", "closed_on": "2021-04-10"}, "2021年4月10日销号；90.00%，达到 ＞85.50%。"),
        ({"progress": "x", "deadline": "长期推进"}, "长期推进；本期无数据。"),
        ({"progress": "x", "deadline": "尽快", "current": 0.8}, "完成时限认不出；80.00%，未达 ＞85.50%。"),
        ({"comparison": "record", "indicator": "province_rank", "unit": "count", "current": 14.0}, "只登记，不判定；14位。"),
        ({"comparison": "rising", "baseline": 0.7, "current": 0.8, "gap": 0.1, "progress": "x"},
         "2021年3月31日达标，待销号；80.00%，比基期 70.00% 优10.00个百分点。"),
        ({"comparison": "below_peers", "indicator": "visits", "unit": "visits", "target_value": 0.09, "current": 0.06,
          "verdict": "持平", "progress": "x", "deadline": "2021-03"},
         "逾期 15 天；0.06次，同事项中位数 0.09次，判断为持平。"),
        ({"comparison": "done", "indicator": "node_connected", "unit": "flag", "target_value": 1.0, "current": 0.0,
          "progress": "x"}, "距完成时限 76 天；未完成。"),
    ],
)  # fmt: skip
def test_every_row_says_from_its_numbers_why_it_has_its_state(cells: dict, said: str) -> None:
    blank = empty_ledger()
    row = {"ledger_id": "六-04@440800", "comparison": ">", "target_value": 0.855, "unit": "share", "deadline": "2021-06",
           "indicator": "instant", "region_code": "440800"}  # fmt: skip
    one = pd.DataFrame([row | cells]).reindex(columns=list(blank.columns)).astype(blank.dtypes.to_dict())
    assert with_words(settle(one, blank, on="2021-04-15", as_of="2021-03-31"))["status_reason"].tolist() == [said]


def test_a_row_that_fell_back_says_when() -> None:
    first = start(pd.DataFrame({"region_code": ["440800"], "indicator": ["instant"], "value": [0.9]}), on="2021-02-01")
    fell = with_words(settle(first.assign(current=0.8), first, on="2021-04-15", as_of="2021-03-31"))
    said = fell.set_index("ledger_id").loc["六-04@440800", "status_reason"]
    assert said == "2021年3月31日回落；没有进展说明和佐证；距完成时限 76 天；80.00%，未达 ＞85.50%。"


def test_what_lifts_most_may_hold_an_indicator_of_the_province_alone() -> None:
    typed = {"level_one": "一", "level_two": "二", "level_three": "省里打分", "indicator": float("nan"), "weight": 100.0,
             "points": 60.0, "cost": 40.0, "effort": 1.0}  # fmt: skip
    assert ledger_tables.lift_table(pd.DataFrame([typed])).rows[0][:2] == ("省里打分", 40.0)


def test_values_read_in_their_units() -> None:
    values = {"instant": 0.8, "promised_days": 3.25, "separate_portals": 2.0, "node_connected": 0.0}
    scores = pd.DataFrame({"region_code": "440800", "indicator": list(values), "value": list(values.values())})
    shown = worded(start(scores, on="2021-02-01")).set_index("ledger_id")
    assert shown.loc["六-04@440800", ["target_text", "current_text", "gap_text"]].tolist() == [
        "＞85.50%",
        "80.00%",
        "差5.50个百分点",
    ]
    assert shown.loc["三-02@440800", ["target_text", "current_text", "gap_text"]].tolist() == ["≤0个", "2个", "差2"]
    assert shown.loc["十一-01@440800", ["target_text", "current_text", "gap_text"]].tolist() == ["完成", "未完成", ""]
    assert shown.loc["八-01@440800", "current_text"] == "3.25个工作日"
    assert shown.loc["目标-04@440800", ["target_text", "current_text"]].tolist() == ["≥93.00分", "无数据"]
