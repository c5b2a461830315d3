"""What the office sends out reads back, blank and filled in."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from zjanalysis.analysis.evaluation import evaluated_scores, indicator_labels, points, total
from zjanalysis.analysis.reported import measure_reported
from zjanalysis.display.forms import (
    reported_lines,
    write_indicator_template,
    write_population_template,
    write_reported_template,
)
from zjanalysis.inputs.dataset import Dataset
from zjanalysis.inputs.period import Period, load_period
from zjanalysis.inputs.reported import load_population, load_reported, load_weights
from zjanalysis.inputs.workplan import load_targets


def test_the_reported_form_asks_for_every_figure_of_the_plan_and_reads_back_blank(tmp_path: Path) -> None:
    write_reported_template(tmp_path / "reported.xlsx", region="440800")
    reported, findings = load_reported(tmp_path, cutoff="2021-03-31")
    asked = load_targets()
    wanted = set(asked[asked["source"].isin(["reported", "milestone"])]["indicator"])
    assert set(reported["indicator"]) == wanted
    assert set(findings["rule"]) == {"not_filled"}
    assert len(reported) == len(reported_lines("440800")) == len(findings)
    assert measure_reported(reported)["value"].isna().all()


def test_the_form_filled_in_gives_the_values_without_a_finding(tmp_path: Path) -> None:
    path = write_reported_template(tmp_path / "reported.xlsx", region="440800")
    book = openpyxl.load_workbook(path)
    sheet = book["填报"]
    lines = reported_lines("440800")
    shares = lines["denominator_is"].str.startswith("（")
    for position, plain in enumerate(shares, start=4):
        for column, value in zip("CDEFG", (1, None if plain else 4, "系统", "某局", "2021-03-31"), strict=True):
            sheet[f"{column}{position}"].value = value
    book.save(path)
    write_population_template(tmp_path.parent / "population.xlsx", region="440800")
    reported, findings = load_reported(tmp_path, cutoff="2021-03-31")
    assert set(findings["rule"]) == {"no_population"}
    values = measure_reported(reported).set_index(["region_code", "indicator"])["value"]
    assert values[("440800", "data_linkage")] == 1 / 4
    assert values[("440800", "node_connected")] == 1
    assert values[("440800", "cases_per_10k_people")] == pytest.approx(1 / (7_030_900 / 10_000))
    assert pd.isna(values[("440800", "cases_per_10k_firms")])


def test_the_population_form_reads_back_with_the_firms_the_office_types(tmp_path: Path) -> None:
    path = write_population_template(tmp_path / "population.xlsx", region="440800")
    book = openpyxl.load_workbook(path)
    book.worksheets[0]["D4"].value = 160_000
    book.save(path)
    own = load_population(tmp_path)
    city = own[(own["region_code"] == "440800") & (own["order"] == 0)].iloc[0]
    assert city[["people", "firms"]].tolist() == [7_030_900, 160_000]


def test_the_indicator_form_has_43_lines_and_reads_back_blank_and_filled(tmp_path: Path) -> None:
    path = write_indicator_template(tmp_path / "weights.xlsx")
    blank, _ = load_weights(path, labels=indicator_labels())
    assert blank.empty
    assert pd.isna(
        total(points(blank, pd.DataFrame(columns=["region_code", "indicator", "value"]), region="440800")).total
    )
    book = openpyxl.load_workbook(path)
    sheet = book["三级指标"]
    for n in range(43):
        row = (f"一级{n % 4}", f"二级{n % 11}", f"三级{n}", "网上可办率", 100 / 43, "按比例", "80%", 1, None, n + 1)
        for column, value in zip("ABCDEFGHIJ", row, strict=True):
            sheet[f"{column}{4 + n}"].value = value
    book.save(path)
    weights, findings = load_weights(path, labels=indicator_labels())
    assert len(weights) == 43
    assert set(findings["rule"]) <= {"counts"}
    scores = pd.DataFrame({"region_code": ["440800"], "indicator": ["online"], "value": [0.9]})
    assert total(points(weights, scores, region="440800")).total == pytest.approx(50)


def test_with_the_offices_weights_the_scores_hold_the_total_and_without_them_none(tmp_path: Path) -> None:
    empty = pd.DataFrame(columns=["file", "sha256"])
    items = load_period("data/sample", "2021Q1").items
    about = Dataset(tmp_path, "试", "real", "", "")
    period = Period("2021Q1", "", about, "2021-03-31", items, empty, empty)
    assert "evaluation_score" not in set(evaluated_scores(period, region="440800")["indicator"])
    path = write_indicator_template(tmp_path / "indicators.xlsx")
    book = openpyxl.load_workbook(path)
    for column, value in zip("ABCDEF", ("一级", "二级", "三级", None, 100, "直接填分"), strict=True):
        book["三级指标"][f"{column}4"].value = value
    book["三级指标"]["I4"].value = 91.5
    book.save(path)
    scores = evaluated_scores(period, region="440800")
    found = scores[scores["indicator"] == "evaluation_score"]
    assert found[["region_code", "value"]].to_numpy().tolist() == [["440800", 91.5]]
    assert len(scores) == len(evaluated_scores(period, region="440900"))


def test_the_drop_downs_offer_what_the_loader_knows(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write_indicator_template(tmp_path / "weights.xlsx"))
    offered = {c.value for row in book["选项"].iter_rows() for c in row if c.value}
    assert {"按比例", "达标", "直接填分", "网上可办率", "好评率"} <= offered
    assert book["选项"].sheet_state == "hidden"
