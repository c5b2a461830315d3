"""One number, one word: page, index, workbook, document, notebook face and command agree about every region."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from docx import Document

import zjanalysis as zj
from zjanalysis.cli import main
from zjanalysis.display import wording
from zjanalysis.display.tables import about
from zjanalysis.publish.release import Entry, read_manifest

pytestmark = pytest.mark.e2e

SHOWN = ("text", "place", "meets_target", "verdict")
PERIOD = ["--data", "data/sample", "--period", "2021Q1"]


def regions(folder: Path) -> Iterator[Entry]:
    """Return the reports that answer for a region; their cards in the manifest decide the index."""
    found = [entry for entry in read_manifest(folder).values() if entry.cards]
    assert len(found) == 3
    yield from found


def told(entry: Entry) -> dict[str, tuple[str, ...]]:
    """Return indicator → value, place, 达标, 判断, as a reader reads them."""
    return {card["indicator"]: tuple(str(card[name]) for name in SHOWN) for card in entry.cards}


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_the_index_and_the_first_figure_of_the_page(published: Path) -> None:
    index = (published / "index.html").read_text(encoding="utf-8")
    rows = {unescape(found): text_of(row) for row in re.findall(r"<tr.*?</tr>", index, re.DOTALL)
            for found in re.findall(r'href="([^"]+)\.html"', row)}  # fmt: skip
    for entry in regions(published):
        page = (published / f"{entry.key}.html").read_text(encoding="utf-8")
        figure = text_of(re.search(r"<figure.*?</figure>", page, re.DOTALL)[0])
        for key, (value, place, met, verdict) in told(entry).items():
            assert f"{value} 第{place} {verdict} · {met}" in rows[entry.key], entry.key
            phone = rf"{about(key).short} {re.escape(value)} {met} \S ?{verdict} 第{re.escape(place)}"
            assert re.search(phone, figure), (entry.key, key)
            assert f"{about(key).label} {value}" in figure, (entry.key, key)  # a word all rows share is the note


def test_the_workbook(published: Path) -> None:
    for entry in regions(published):
        sheet = openpyxl.load_workbook(published / f"{entry.key}.xlsx")["指标位置"]
        rows: dict[Any, tuple[Any, ...]] = {row[0]: row for row in sheet.iter_rows(values_only=True)}
        for key, (value, *words) in told(entry).items():
            row = rows[about(key).label]
            assert wording.amount(row[1], about(key).unit) == value
            assert set(words) <= set(row), (entry.key, key)


def test_the_document(published: Path) -> None:
    for entry in regions(published):
        paper = Document(io.BytesIO((published / f"{entry.key}.docx").read_bytes()))
        page = text_of((published / f"{entry.key}.html").read_text(encoding="utf-8"))
        words = [paragraph.text for paragraph in paper.paragraphs]
        for term in ("处在什么位置", "为什么", "先做什么"):
            (sentence,) = (line.removeprefix(f"{term}。") for line in words if line.startswith(f"{term}。"))
            assert f"{term}： {sentence}" in page, (entry.key, term)


def test_the_face_and_the_command(published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for entry in regions(published):
        me = zj.study("data/sample", "2021Q1", region=entry.region_code)
        face = {row["indicator"]: (row["meets_target"], row["verdict"]) for row in me.gaps.to_dict("records")}
        assert {key: (str(met), str(word)) for key, (met, word) in face.items()} == {
            key: one[2:] for key, one in told(entry).items()
        }
        path = tmp_path / f"{entry.region_code}.xlsx"
        assert main(["compare", entry.region_code, *PERIOD, "--out", str(path)]) == 0
        rows = {row[0]: row for row in openpyxl.load_workbook(path)["指标位置"].iter_rows(values_only=True)}
        for key, (value, *words) in told(entry).items():
            assert wording.amount(rows[about(key).label][1], about(key).unit) == value
            assert set(words) <= set(rows[about(key).label]), (entry.key, key)
    capsys.readouterr()


def test_the_ledger_judges_as_the_page_does(published: Path) -> None:
    for entry in regions(published):
        me = zj.study("data/sample", "2021Q1", region=entry.region_code)
        rows = zj.ledger.load(me)
        own = rows[rows["region_code"].eq(entry.region_code) & rows["indicator"].isin(told(entry))]
        plain = own[own["comparison"].isin([">", ">=", "<", "<="])]
        reached = plain["status"].isin(["已达标待销号", "已销号"]).map({True: "达标", False: "未达标"})
        judged = pd.concat([own[own["verdict"].isin(["达标", "未达标"])], plain.assign(verdict=reached)])
        assert len(judged) >= 4
        for row in judged.to_dict("records"):
            assert row["verdict"] == told(entry)[row["indicator"]][2], (entry.key, row["indicator"])
