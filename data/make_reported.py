"""Make the sample's reported figures, people and firms, and a ledger of two periods: all made up, seeded, marked so.

示例数据（模拟）: no figure in these files was reported by anybody. Only the people of the regions are published ones.
Run after data/make_sample.py: ``python data/make_reported.py``. The ledger needs the sample's items.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from zjanalysis.analysis.ledger_scores import ledger_gaps, ledger_scores
from zjanalysis.columns import LEDGER_COLUMNS
from zjanalysis.display.forms import reported_lines, write_population_template, write_reported_template
from zjanalysis.display.sheets import release
from zjanalysis.inputs.period import load_period
from zjanalysis.inputs.regions import region_code, report_units
from zjanalysis.inputs.reported import load_definitions
from zjanalysis.inputs.workbook import column_letter
from zjanalysis.ledger.book import init_ledger, update_ledger
from zjanalysis.ledger.inputs import LEDGER_SHEET
from zjanalysis.ledger.state import start

CITY, SEED = "440800", 20210331
HERE = Path(__file__).resolve().parent / "sample"
PERIODS = {"2020Q4": "2020-12-31", "2021Q1": "2021-03-31"}
MARK = "示例数据（模拟）"
# Where a share stands at the base period and how far it moves in a quarter; the rest of the shares use the default.
SHARES = {
    "data_linkage": (0.93, 0.05), "sharing_satisfied": (0.97, 0.03), "licence_sealed": (0.88, 0.08),
    "guide_complete": (0.985, 0.015), "guide_accurate": (0.97, 0.02), "guide_published": (1.0, 0.0),
    "single_sign_on": (0.95, 0.05), "startup_online": (0.8, 0.2), "funds_paid": (0.35, 0.25),
    "good_rating": (0.995, 0.002),
    "citizen_app_registered": (0.42, 0.05), "business_app_registered": (0.38, 0.06), "rating_volunteered": (0.24, 0.06),
}  # fmt: skip
COUNTS = {
    "cases_per_10k_people": 4_200_000, "cases_per_10k_firms": 1_150_000, "supervision_per_10k_people": 620_000,
    "supervision_per_10k_firms": 620_000, "licence_uses": 38_000, "separate_portals": 3, "mobile_items": 640,
    "kiosk_items": 105, "kiosk_cases": 52_000, "cancelled_proofs_kept": 4, "innovations": 2, "good_practices": 1,
    "province_rank": 14,
}  # fmt: skip
FALLING = {"separate_portals", "cancelled_proofs_kept"}
DONE_FIRST = {"node_connected", "leader_responsible", "person_named", "ledger_kept", "health_code", "rating_mechanism"}


def fill_reported(path: Path, *, day: str, step: int, random: np.random.Generator) -> None:
    """Fill the form as the bureau and its counties would, with a few of the faults such forms have."""
    write_reported_template(path, region=CITY)
    book = load_workbook(path)
    sheet = book["填报"]
    sheet["A1"] = f"填报数据表  {MARK}：所有数目均为编造"
    about = load_definitions().set_index("indicator")
    for position, line in enumerate(reported_lines(CITY).to_dict("records"), start=4):
        county = region_code(line["region"]) != CITY
        numerator, denominator = _figure(about.loc[line["indicator"]], line["indicator"], step, county, random)
        values = (numerator, denominator, MARK, f"{line['region']}{MARK}", datetime.fromisoformat(day))
        if random.random() < 0.02:  # 2 % of the lines come back empty
            continue
        for number, value in enumerate(values, start=3):
            sheet.cell(position, number).value = value
    if step:
        _faults(sheet)
    release(book, path)


def _figure(
    about: pd.Series, key: str, step: int, county: bool, random: np.random.Generator
) -> tuple[float, float | None]:
    if about["unit"] == "flag":
        return float(key in DONE_FIRST or (step > 0 and random.random() < 0.7)), None
    if about["unit"] == "count":
        size = COUNTS[key] * (0.08 if county else 1)
        move = -0.4 if key in FALLING else 0.09 * random.normal(1, 0.6)
        return float(max(0, round(size * (1 + move * step) + (0 if not county else random.integers(0, 2))))), None
    base, move = SHARES.get(key, (0.86, 0.04))
    share = float(np.clip(base + move * step * random.normal(1, 0.5) + random.normal(0, 0.01), 0, 1))
    if about["per"]:
        people = 6_981_236 if about["per"] == "people" else 160_000
        return float(round(share * people * (0.09 if county else 1))), None
    whole = int(random.integers(40, 400))
    return float(round(share * whole)), float(whole)


def _faults(sheet: Worksheet) -> None:
    """The faults of a real form: a percentage as numerator, numerator above denominator, a figure told twice."""
    sheet["C60"], sheet["D61"] = "97.5%", 1
    last = sheet.max_row + 1
    for number, value in enumerate(("湛江市", "数据挂接率", 120, 150, MARK, f"重复填报{MARK}", "2021-03-30"), start=1):
        sheet.cell(last, number).value = value


def fill_population(path: Path, *, random: np.random.Generator) -> None:
    """Add made-up numbers of firms to the published numbers of people."""
    write_population_template(path, region=CITY)
    book = load_workbook(path)
    sheet = book.worksheets[0]
    sheet["A1"] = f"人口与企业数表  企业数为{MARK}"
    for row in range(4, 4 + 1 + len(report_units(CITY))):
        sheet.cell(row, 4).value = 160_000 if row == 4 else int(random.integers(8_000, 24_000))
        sheet.cell(row, 5).value = f"{sheet.cell(row, 5).value}；企业数为{MARK}"
    release(book, path)


def scores_of(period: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the scores of items and reported figures together, and the comparison with the peers."""
    loaded = load_period("data/sample", period)
    return ledger_scores(loaded), ledger_gaps(loaded)


def write_by_hand(path: Path, *, random: np.random.Generator) -> None:
    """Fill in the ledger as the offices would in two months: progress, evidence, closings, interim deadlines."""
    book = load_workbook(path, rich_text=True)
    sheet = book[LEDGER_SHEET]
    at = {c.key: column_letter(n) for n, c in enumerate(LEDGER_COLUMNS)}
    for row in range(4, sheet.max_row + 1):
        status, luck = sheet[f"{at['status']}{row}"].value, random.random()
        closes = status == "已达标待销号" and luck < 0.4
        flag = sheet[f"{at['target_text']}{row}"].value == "完成"
        written = {
            "person": f"示例人员{random.integers(1, 40):02d}",
            "progress": f"已完成自查，正在整改（{MARK}）" if luck < 0.62 else None,
            "evidence": f"{MARK}佐证{row:03d}号" if status == "已达标待销号" and luck < 0.5 else None,
            "evidence_number": f"示例文〔2021〕{row}号（模拟）" if closes and flag else None,
            "evidence_date": datetime(2021, 3, 15) if closes and flag else None,
            "evidence_link": f"示例存放位置/{row:03d}（模拟）" if closes and flag else None,
            "closed_on": datetime(2021, 3, 20) if closes else None,
            "deadline": "2021-03-31" if status == "未启动" and luck > 0.93 else None,
        }
        for key, value in written.items():
            if value is not None:
                sheet[f"{at[key]}{row}"].value = value
    last = sheet.max_row + 1
    own = {"task": "十", "region": "廉江市", "problem": f"政务大厅停车难（{MARK}，本县自加）",
           "lead_unit": "廉江市人民政府",
           "target_text": "≥80%", "current": 0.65, "deadline": "2021-05-31",
           "progress": f"已选址（{MARK}）"}  # fmt: skip
    for key, value in own.items():
        sheet[f"{at[key]}{last}"].value = value
    release(book, path)


def write_reported(folder: Path, *, random: np.random.Generator) -> None:
    """Write population.xlsx and the reported.xlsx of both periods."""
    fill_population(folder / "population.xlsx", random=random)
    for step, (period, day) in enumerate(PERIODS.items()):
        fill_reported(folder / period / "reported.xlsx", day=day, step=step, random=random)


def write_ledgers(*, random: np.random.Generator) -> pd.DataFrame:
    """Write the ledger as it stood at the start and after the second period; give the second."""
    first, second = HERE / "2020Q4" / "ledger.xlsx", HERE / "2021Q1" / "ledger.xlsx"
    first.unlink(missing_ok=True)
    scores, gaps = scores_of("2020Q4")
    init_ledger(first, start(scores, on="2021-02-01", as_of="2020-12-31", gaps=gaps), on="2021-02-01", sample=True)
    second.write_bytes(first.read_bytes())
    write_by_hand(second, random=random)
    scores, gaps = scores_of("2021Q1")
    return update_ledger(second, scores, on="2021-04-15", as_of="2021-03-31", gaps=gaps).ledger


def main() -> int:
    """Write everything and say how the states are spread."""
    random = np.random.default_rng(SEED)
    write_reported(HERE, random=random)
    print(write_ledgers(random=random)["status"].value_counts().to_string())
    return 0


if __name__ == "__main__":
    sys.exit(main())
