"""The register of the plan's tasks as offices would have kept it over two quarters, filled in by made-up hands."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import zjanalysis as zj
from make.draw import uniform
from make.forms import CITY, filled_in
from make.regions import QUARTERS, WORKBOOKS
from make.workbook import BAND, without_clock
from zjanalysis.analysis.evaluation import evaluated_scores, ledger_gaps
from zjanalysis.columns import LEDGER_COLUMNS
from zjanalysis.inputs.workbook import column_letter
from zjanalysis.ledger.book import init_ledger, update_ledger
from zjanalysis.ledger.state import start

OPENED, RENEWED = "2021-02-01", "2021-04-15"
SEEN, CLOSED = datetime(2021, 3, 15), datetime(2021, 3, 20)
OWN = {
    "task": "十", "region": "廉江市", "problem": f"政务大厅停车难（{BAND}，本县自加）", "lead_unit": "廉江市人民政府",
    "target_text": "≥80%", "current": 0.65, "deadline": "2021-05-31", "progress": f"已选址（{BAND}）",
}  # fmt: skip


def write_ledgers(folder: Path) -> None:
    """Write the ledger as it stood when the plan came out and after the last quarter."""
    before, now = (zj.load_period(str(folder), quarter) for quarter in WORKBOOKS)
    first, second = (folder / quarter / "ledger.xlsx" for quarter in WORKBOOKS)
    first.unlink(missing_ok=True)
    scores = evaluated_scores(before, region=CITY)
    rows = start(scores, on=OPENED, as_of=QUARTERS[before.name], gaps=ledger_gaps(before))
    init_ledger(first, rows, on=OPENED, sample=True)
    second.write_bytes(first.read_bytes())
    _write_by_hand(second)
    scores = evaluated_scores(now, region=CITY)
    update_ledger(second, scores, on=RENEWED, as_of=QUARTERS[now.name], gaps=ledger_gaps(now))
    for path in (first, second):
        without_clock(path)


def _write_by_hand(path: Path) -> None:
    """Fill in the ledger as the offices would in two months: progress, evidence, closings, interim deadlines."""
    at = {column.key: column_letter(number) for number, column in enumerate(LEDGER_COLUMNS)}
    with filled_in(path, lambda _: None) as sheet:
        for row in range(4, sheet.max_row + 1):
            status, name, target = (sheet[f"{at[key]}{row}"].value for key in ("status", "ledger_id", "target_text"))
            luck, reached = uniform("ledger", name), status == "已达标待销号"
            closes, flag = reached and luck < 0.4, reached and luck < 0.4 and target == "完成"
            asked = status == "未启动" and "只登记" not in target
            hand = {
                "person": f"示例人员{1 + int(40 * uniform('person', name)):02d}",
                "progress": f"已完成自查，正在整改（{BAND}）" if luck < 0.62 else None,
                "evidence": f"{BAND}佐证{row:03d}号" if reached and luck < 0.5 else None,
                "evidence_number": f"示例文〔2021〕{row}号（模拟）" if flag else None,
                "evidence_date": SEEN if flag else None,
                "evidence_link": f"示例存放位置/{row:03d}（模拟）" if flag else None,
                "closed_on": CLOSED if closes else None,
                "deadline": "2021-03-31" if asked and 0.84 < luck < 0.91 else None,
            }
            for key, value in hand.items():
                if value is not None:
                    sheet[f"{at[key]}{row}"].value = value
        last = sheet.max_row + 1
        for key, value in OWN.items():
            sheet[f"{at[key]}{last}"].value = value
