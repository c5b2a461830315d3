"""The papers made from a ledger: one 督办单 per unit, the 通报 of a month, everything named, nothing twice."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from docx import Document

from tests.display.conftest import EVIL
from zjanalysis.display import wording
from zjanalysis.inputs.regions import report_units
from zjanalysis.ledger.analysis import REACHED, due, split_units
from zjanalysis.ledger.display import worded
from zjanalysis.ledger.papers import (
    _movement,
    brief,
    month_start,
    notice_rows,
    summary_table,
    write_documents,
    write_notices,
)
from zjanalysis.ledger.reading import LedgerFile, read_ledger
from zjanalysis.ledger.rows import office_of
from zjanalysis.ledger.state import Status, advance_state, standing, start

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"
BUREAU = "湛江市政务服务数据管理局"
DAYS = ("2021-04-15", "2021-06-10", "2021-07-10", "2021-12-31")


def overdue_rows() -> pd.DataFrame:
    scores = pd.DataFrame({"region_code": ["440800"], "indicator": ["instant"], "value": [0.80]})
    first = start(scores, on="2021-02-01", as_of="2020-12-31")
    return notice_rows(advance_state(first, first, on="2021-07-10", as_of="2020-12-31"))


@pytest.fixture(scope="module")
def kept() -> LedgerFile:
    return read_ledger(SAMPLE / "2021Q1" / "ledger.xlsx")


def words_of(paper: Path | bytes) -> str:
    document = Document(io.BytesIO(paper) if isinstance(paper, bytes) else str(paper))
    cells = (cell.text for table in document.tables for row in table.rows for cell in row.cells)
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def test_the_notices_are_one_sheet_per_unit_and_hold_every_row_once(tmp_path: Path) -> None:
    rows = overdue_rows()
    path = write_notices(rows, tmp_path / "督办单.xlsx", on="2021-07-10", issuer="市局", sample=True)
    book = openpyxl.load_workbook(path)
    units = rows["unit_name"].drop_duplicates().tolist()
    assert book.sheetnames == ["汇总", *units]
    sheet = book["市行政服务中心"]
    assert sheet["A1"].value == "督办单"
    assert "示例数据（模拟）" in sheet["A3"].value
    counted = [row[0].value for row in sheet.iter_rows(min_row=5) if isinstance(row[0].value, int)]
    assert counted == list(range(1, 1 + (rows["unit_name"] == "市行政服务中心").sum()))
    assert "之日起5个工作日内" in sheet["A3"].value
    assert "逾期10天" in {row[8].value for row in sheet.iter_rows(min_row=5)}


def test_a_notice_counts_its_rows_names_what_it_counts_and_the_least_rise_that_counts(kept: LedgerFile) -> None:
    rows = notice_rows(standing(kept, on="2021-07-01"))
    for _, own in rows.groupby("unit_name"):
        assert own["sequence"].tolist() == [str(n) for n in range(1, 1 + len(own))]
    assert rows["gap_text"].str.fullmatch(r"|持平|[优差][\d.,]+\D.*").all()
    size, own = r"([\d.]+)", rows[rows["comparison"].isin(["rising", "falling"]) & rows["gap_text"].str.match("优|差")]
    printed = [own[f"{name}_text"].str.extract(size)[0].astype(float) for name in ("current", "baseline", "gap")]
    assert (printed[0] - printed[1]).abs().to_numpy() == pytest.approx(printed[2].to_numpy())
    rising = rows[rows["comparison"].eq("rising") & rows["unit"].eq("share")]
    assert set(rising["target_text"]) == {"比基期提高0.10个百分点以上"}
    slight = rising[rising["gap"].between(0.00005, 0.00095)]
    assert len(slight)
    assert set(slight["why_due"]).isdisjoint({REACHED})


def test_the_summary_counts_every_row_once() -> None:
    rows = overdue_rows()
    assert sum(row[2] for row in summary_table(rows).rows) == len(rows)


@pytest.mark.parametrize("on", DAYS)
def test_the_sample_on_any_day_days_agree_with_states_and_every_row_says_why(kept: LedgerFile, on: str) -> None:
    ledger = worded(standing(kept, on=on))
    late = ledger[ledger["status"] == Status.OVERDUE]
    assert len(late) > 0
    assert (late["days_left"] < 0).all()
    assert not late["comparison"].eq("record").any()
    assert (ledger["days_quiet"] >= 0).all()
    assert ledger["status_reason"].str.len().gt(3).all()
    for state, word in ((Status.OVERDUE, "逾期"), (Status.CLOSED, "销号"), (Status.REACHED, "达标，待销号")):
        assert ledger.loc[ledger["status"] == state, "status_reason"].str.contains(word).all()
    rows = notice_rows(standing(kept, on=on))
    assert not rows.duplicated(["unit_name", "ledger_id"]).any()
    assert rows["reason_text"].str.fullmatch(r"逾期\d+天|还有\d+天到期|\d+天没有写进展|已达标，待销号").all()
    assert not {"公共资源交易中心", "各县(市、区)政府(管委会)"} & set(rows["unit_name"])


def test_every_unit_gets_one_document_with_its_rows_the_mark_and_the_issuer(kept: LedgerFile, tmp_path: Path) -> None:
    rows = notice_rows(standing(kept, on="2021-07-10"))
    told = {"on": "2021-07-10", "issuer": BUREAU, "sample": kept.is_sample}
    papers = write_documents(rows, tmp_path, **told)
    assert [paper.name for paper in papers] == [f"{u}_督办单_2021-07-10.docx" for u in rows["unit_name"].unique()]
    for paper, (unit, own) in zip(papers, rows.groupby("unit_name", sort=False), strict=True):
        words, document = words_of(paper), Document(str(paper))
        listed = [row.cells[0].text for table in document.tables for row in table.rows[1:]]
        assert listed == [*own[own["why_due"] != REACHED]["sequence"], *own[own["why_due"] == REACHED]["sequence"]]
        assert f"{unit}：" in words
        assert "示例数据（模拟）" in words
        assert words.index(BUREAU) < words.index("2021年7月10日", words.index(BUREAU))
        assert "校验码" not in words + "".join(p.text for p in document.sections[0].footer.paragraphs)
    before = [paper.read_bytes() for paper in papers]
    assert [paper.read_bytes() for paper in write_documents(rows, tmp_path, **told)] == before


@pytest.mark.parametrize("name", ["甲/乙:局", '<"?*>|', "../局", EVIL, "", "长" * 300])
def test_a_units_name_is_a_file_name_whatever_it_holds(tmp_path: Path, name: str) -> None:
    rows = overdue_rows().head(2).assign(unit_name=[name, name + " "], problem=EVIL)
    papers = write_documents(rows, tmp_path, on="2021-07-10", issuer="市局")
    assert len(papers) == 2
    assert sorted(tmp_path.iterdir()) == sorted(papers)
    assert not any(set('<>:"/\\|?*') & set(paper.name) for paper in papers)
    assert all(Document(str(paper)).tables for paper in papers)


def test_the_brief_names_who_is_ahead_who_is_late_with_what_and_what_to_do(kept: LedgerFile) -> None:
    parts, paper = brief(kept, on="2021-07-10", city="440800", office=BUREAU)
    words, ledger = words_of(paper), standing(kept, on="2021-07-10")
    late = due(ledger).query("why_due == '逾期'")
    assert f"逾期{len(late)}项" in words
    assert f"共{len(late)}项，涉及{split_units(late)['unit_name'].nunique()}个单位" in words
    for name in late["problem"].str.removesuffix("（基期已达标，防止回落）"):
        assert name in words
    for unit in split_units(late)["unit_name"]:
        assert unit.removesuffix("人民政府").removesuffix("管委会") in words
    assert [part[:1] for part in parts if isinstance(part, str)] == ["各", "逾", "下"]
    assert "示例数据（模拟）" in words
    assert paper == brief(kept, on="2021-07-10", city="440800", office=BUREAU)[1]


def test_places_of_the_brief_are_those_of_the_counts_and_ties_share_one(kept: LedgerFile) -> None:
    paper = brief(kept, on="2021-07-10", city="440800", office=BUREAU)[1]
    heads, *lines = [[cell.text for cell in row.cells] for row in Document(io.BytesIO(paper)).tables[0].rows]
    names = [re.sub("（.*", "", head) for head in heads]
    rows = [dict(zip(names, line, strict=True)) for line in lines]
    ledger = standing(kept, on="2021-07-10")
    plan = ledger[~ledger["ledger_id"].str.startswith("自")]
    (n,) = re.findall(r"事项均为(\d+)", words_of(paper))
    assert len(rows) == len(report_units("440800"))
    for row in rows:
        own = plan[plan["lead_unit"].str.startswith(row["责任单位"])]
        reached = own["status"].isin([Status.REACHED, Status.CLOSED])
        assert [int(n), int(row["已达标"])] == [len(own), reached.sum()]
        assert int(row["已销号"]) == own["status"].eq(Status.CLOSED).sum()
        assert int(row["逾期"]) == own["status"].eq(Status.OVERDUE).sum()
        assert row["达标率"] == wording.number(100 * int(row["已达标"]) / int(n))
        assert int(row["位次"]) == 1 + sum(float(other["达标率"]) > float(row["达标率"]) for other in rows)


def test_a_row_of_a_county_stays_the_countys_whoever_of_its_units_leads_it(kept: LedgerFile) -> None:
    """Given to a bureau of its own, a row left the county's rate for the table of the city's bureaus."""
    row = kept.ledger["region"].eq("遂溪县") & kept.ledger["status"].ne(Status.CLOSED)
    led = kept.ledger["lead_unit"].mask(row & row.cumsum().eq(1), "遂溪县政务服务数据管理局")
    paper = brief(
        replace(kept, ledger=kept.ledger.assign(lead_unit=led)), on="2021-07-10", city="440800", office=BUREAU
    )
    same = brief(kept, on="2021-07-10", city="440800", office=BUREAU)
    here, there = (
        [[[cell.text for cell in line.cells] for line in one.rows] for one in Document(io.BytesIO(each)).tables[:2]]
        for _, each in (paper, same)
    )
    assert (led != kept.ledger["lead_unit"]).sum() == 1
    assert here == there


def test_the_month_begins_with_the_states_before_its_first_change(kept: LedgerFile) -> None:
    april, memory = month_start(kept, pd.Timestamp("2021-04-15")), kept.memory.set_index("ledger_id")["status"]
    was = read_ledger(SAMPLE / "2020Q4" / "ledger.xlsx").memory.set_index("ledger_id")["status"]
    states = april.set_index("ledger_id")["status"]
    assert states.to_dict() == was.loc[states.index].to_dict()
    assert (states != memory.loc[states.index]).sum() > 50
    assert "自001" in set(memory.index) - set(states.index)
    may = month_start(kept, pd.Timestamp("2021-05-31")).set_index("ledger_id")["status"]
    assert may.to_dict() == memory.to_dict()
    assert month_start(kept, pd.Timestamp("2021-02-28")).empty


def test_the_month_counts_what_was_met_and_lacks_its_figure_now_so_that_the_total_adds_up(kept: LedgerFile) -> None:
    """新达标 and 回落 alone did not come to the change of 达标."""
    now = standing(kept, on="2021-07-10")
    met = now.index[now["status"].eq(Status.REACHED)][:3]
    status = now["status"].mask(now.index.isin(met), str(Status.IN_PROGRESS))
    lost = now.assign(status=status, current=now["current"].mask(now.index.isin(met[:2])))
    assert "达标回落、重新整改的1项：" in _movement(lost, now)
    assert _movement(lost, now).endswith("此前达标、本期无数据的2项，不再计入达标。")
    assert "此前达标" not in _movement(now, now)
    new = now[now["status"].eq(Status.REACHED)].head(2).assign(ledger_id=["自901", "自902"])
    assert _movement(pd.concat([now, new], ignore_index=True), now).endswith("新增2项，其中已达标2项。")


def test_a_ledger_where_nothing_is_due_says_so(kept: LedgerFile) -> None:
    from dataclasses import replace

    done = kept.memory.assign(comparison="record", deadline="长期推进")
    quiet = replace(kept, ledger=done, memory=done)
    parts, paper = brief(quiet, on="2021-04-15", city="440800", office=BUREAU)
    assert "目前没有需要督办的事项" in words_of(paper)
    assert [part for part in parts if isinstance(part, str)] == ["各单位进展", "下一步要求"]
    assert office_of("440882") not in words_of(paper)
