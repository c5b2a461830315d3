"""The 督办单 names everything once per unit."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd

from zjanalysis.ledger.papers import notice_rows, summary_table, write_notices
from zjanalysis.ledger.state import settle, start


def overdue_rows() -> pd.DataFrame:
    scores = pd.DataFrame({"region_code": ["440800"], "indicator": ["instant"], "value": [0.80]})
    first = start(scores, on="2021-02-01", as_of="2020-12-31")
    return notice_rows(settle(first, first, on="2021-07-10", as_of="2020-12-31"))


def test_the_notices_are_one_sheet_per_unit_and_hold_every_row_once(tmp_path: Path) -> None:
    rows = overdue_rows()
    path = write_notices(rows, tmp_path / "督办单.xlsx", on="2021-07-10", issuer="市局", sample=True)
    book = openpyxl.load_workbook(path)
    units = rows["unit_name"].drop_duplicates().tolist()
    assert book.sheetnames == ["汇总", *units]
    sheet = book["市行政服务中心"]
    assert sheet["A1"].value == "督办单"
    assert "示例数据（模拟）" in sheet["A3"].value
    listed = [row[3].value for row in sheet.iter_rows(min_row=5) if isinstance(row[0].value, int)]
    assert len(listed) == (rows["unit_name"] == "市行政服务中心").sum()
    assert "逾期 10 天" in {row[8].value for row in sheet.iter_rows(min_row=5)}


def test_the_summary_counts_every_row_once() -> None:
    rows = overdue_rows()
    assert sum(row[2] for row in summary_table(rows).rows) == len(rows)
