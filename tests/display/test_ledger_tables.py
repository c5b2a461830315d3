"""The ledger on a page: counts that add up, words that fit, one region at a time."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from zjanalysis.analysis.ledger import empty_ledger
from zjanalysis.analysis.ledger_parts import read_ledger
from zjanalysis.display import ledger_tables

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data" / "sample"


@pytest.fixture(scope="module")
def ledgers() -> tuple[pd.DataFrame, pd.DataFrame]:
    first, second = (read_ledger(SAMPLE / period / "ledger.xlsx").ledger for period in ("2020Q4", "2021Q1"))
    return first, second


def test_the_sentence_counts_what_the_ledger_holds(ledgers) -> None:
    _, second = ledgers
    said = ledger_tables.board_sentence(second, on="2021-04-15")
    assert said.startswith(f"台账共 {len(second)} 项：")
    assert f"逾期 {(second['status'] == '逾期').sum()} 项" in said
    assert ledger_tables.board_sentence(empty_ledger(), on="2021-04-15") == "本期没有台账。"


def test_the_board_has_eleven_tasks(ledgers) -> None:
    shown = ledger_tables.board_table(ledgers[1], on="2021-04-15")
    assert [row[0] for row in shown.rows] == [*"一二三四五六七八九十", "十一"]


def test_the_district_table_has_the_columns_of_section_seven_and_one_region(ledgers) -> None:
    shown = ledger_tables.district_table(ledgers[1], region="440823")
    asked = ["序号", "问题", "责任单位", "措施", "完成时限", "当前值", "目标值", "差距", "状态", "销号日期"]
    assert [head.label for head in shown.heads] == asked
    n = int((ledgers[1]["region_code"] == "440823").sum())
    assert len(shown.rows) == 20 < n
    assert f"共{n}项" in shown.note
    assert len(ledger_tables.district_table(ledgers[1], region="440823", limit=n).rows) == n
    assert shown.rows[0][8] == "逾期"


def test_every_table_of_the_page_can_be_drawn(ledgers) -> None:
    first, second = ledgers
    tables = (
        ledger_tables.city_table(second, first, region="440800"),
        ledger_tables.units_table(second),
        ledger_tables.regions_ledger_table(second),
        ledger_tables.moved_table(second, first),
        ledger_tables.due_table(second, on="2021-04-15"),
    )
    for shown in tables:
        html = shown._repr_mimebundle_()["text/html"]
        assert shown.caption in html
        assert "nan" not in html.lower().replace("nan_", "")
    assert tables[0].rows[0][8] == "逾期"
