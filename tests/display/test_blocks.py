"""Blocks: what a page needs is in them, escaped, with the same content as JSON."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from zjanalysis.analysis.compare import compare
from zjanalysis.display import blocks, exhibits
from zjanalysis.display.tables import MIME, table
from zjanalysis.errors import UnknownName
from zjanalysis.inputs.period import Dataset, Period
from zjanalysis.settings import Settings

SETTINGS = Settings(root=Path())
EVIL = '"><script>alert(1)</script>'


def period(kind: str = "sample", title: str = "例") -> Period:
    files = pd.DataFrame({"file": ["a"], "sha256": [""], "rows_read": [10], "rows_used": [8], "rows_left_out": [2]})
    items = pd.DataFrame({"region_code": ["440823", "440823", "440825"]})
    return Period("2021Q1", "", Dataset(Path(), title, kind, "", ""), "2021-03-31", items, pd.DataFrame(), files)


def scores() -> pd.DataFrame:
    codes = ["440823", "440825", "440883"]
    parts = {"instant": [0.80, 0.90, 0.70], "visits": [0.1, 0.2, 0.3], "zero_visit": [0.92, 0.85, 0.8],
             "at_most_once": [0.98, 0.95, 0.9]}  # fmt: skip
    made = [pd.DataFrame({"region_code": codes, "indicator": key, "value": values}) for key, values in parts.items()]
    rows = pd.concat(made, ignore_index=True)
    return rows.assign(numerator=rows["value"] * 50, denominator=50.0, n=50, n_left_out=3)


def gaps() -> pd.DataFrame:
    return compare(scores(), region="440823", peers=["440825", "440883"], county=True)


def test_the_cover_names_region_and_issue_once_and_says_what_is_made() -> None:
    block = blocks.cover(period(), region="440823", report_date="2021-04-08", settings=SETTINGS)
    assert re.findall(r"<h1>(.*?)</h1>", block.html) == ["遂溪县政务服务效能监测通报（2021年第1期）"]
    assert "示例数据（模拟）" in block.html
    assert {"2021年3月31日", "2021年4月8日"} <= {text for _, text in block.payload["terms"]}
    assert block.payload["sample"] is True


def test_real_data_carry_no_sample_band() -> None:
    assert "示例数据" not in blocks.cover(period("real"), region="440823", settings=SETTINGS).html


def test_the_cover_counts_files_and_own_items() -> None:
    terms = dict(blocks.cover(period(), region="440823", settings=SETTINGS).payload["terms"])
    assert terms["数据"].endswith("本地区2项")
    assert terms["全部文件"] == "1个，读取10行，采用8行，未采用2行"
    assert "编制日期" not in terms


def test_a_card_says_value_target_rank_and_change_in_words() -> None:
    moved = scores().assign(previous=0.9, change=-0.05)
    card = blocks.cards(gaps(), changes=moved, indicators=["instant", "visits"]).payload["cards"]
    assert [c["text"] for c in card] == ["80.00%", "0.10次"]
    assert [c["target_text"] for c in card] == ["高于81.11%", "低于兄弟县区"]
    assert [c["meets_target"] for c in card] == ["未达标", "达标"]
    assert [c["trend"] for c in card] == ["退步", "改善"]
    assert [c["rank_text"] for c in card] == ["第2位（共3个地区）", "第1位（共3个地区）"]
    assert card[0]["change_text"] == "▼ 下降5.00个百分点"


def test_cards_without_a_last_period_say_no_data() -> None:
    assert blocks.cards(gaps()).payload["cards"][0]["change_text"] == "无数据"


def test_an_unknown_card_is_refused() -> None:
    with pytest.raises(UnknownName):
        blocks.cards(gaps(), indicators=["online"])


def test_an_exhibit_is_picture_sentence_table_and_its_place() -> None:
    block = exhibits.rank_exhibit(scores(), gaps=gaps(), indicator="instant")
    found = re.search(
        r'<img src="data:image/png;base64,([^"]+)" alt="([^"]+)" width="(\d+)" height="(\d+)">', block.html
    )
    assert found
    image = Image.open(io.BytesIO(base64.b64decode(found[1])))
    assert image.width / image.height == pytest.approx(int(found[3]) / int(found[4]), rel=0.01)
    assert "遂溪县80.00%，第2位（共3个地区）" in found[2]
    assert "数据见工作簿“即办率排名”页" in block.html
    assert block.payload["table"]["rows"][0][:3] == [1, "徐闻县", 0.9]
    assert block.payload["sentence"].startswith("遂溪县纳入50项，剔除3项，即办率80.00%（40/50），居第2位")


def test_peers_choose_the_regions_of_a_ranking() -> None:
    few = compare(scores(), region="440823", peers=["440825"], county=True)
    block = exhibits.rank_exhibit(scores(), gaps=few, indicator="instant", peers=["440825"])
    assert len(block.payload["table"]["rows"]) == 2


def test_the_total_of_departments_is_what_their_sums_add_up_to() -> None:
    rows = pd.DataFrame({"department": ["甲局", "乙局"], "indicator": "instant", "value": [0.9, 0.5],
                         "numerator": [9.0, 10.0], "denominator": [10.0, 20], "n": [10, 20],
                         "n_left_out": 0})  # fmt: skip
    block = exhibits.department_exhibit(rows, region="440823", indicator="instant")
    assert f"总体（{100 * (9 + 10) / (10 + 20):.2f}%）的有1个部门" in block.payload["sentence"]


def test_every_exhibit_has_what_the_gate_looks_for() -> None:
    items = pd.DataFrame({"region_code": ["440823"], "limit_reason": [None], "statutory_days": [20.0],
                          "promised_days": [2.0]})  # fmt: skip
    moved = scores().assign(previous=0.9, change=-0.05)
    made = [
        exhibits.distribution_exhibit(items, region="440823"),
        exhibits.visits_exhibit(scores(), region="440823"),
        exhibits.change_exhibit(moved, region="440823", indicator="instant"),
    ]
    for block in made:
        for part in ("zj-say", "<img ", 'alt="', "<caption>", "zj-source"):
            assert part in block.html, (block.text, part)
        assert json.dumps(block.payload, allow_nan=False)


def test_definitions_give_n_over_m_and_the_thresholds() -> None:
    block = blocks.definitions(gaps(), settings=SETTINGS)
    assert ["即办率", 0.8, "40/50"] in [row[:3] for row in block.payload["table"]["rows"]]
    assert "0.50个百分点" in block.html
    assert "0.02次" in block.html


def test_the_end_says_the_notebook_ran_through() -> None:
    block = blocks.finish(period())
    assert block.payload == {"kind": "end", "complete": True}
    assert 'data-zj-complete="true"' in block.html


def test_hostile_text_shows_as_text_everywhere() -> None:
    rows = scores().assign(department=EVIL)
    made = [
        blocks.say(EVIL),
        blocks.cover(period(title=EVIL), region="440823", title=EVIL, report_date=EVIL, settings=SETTINGS),
        blocks.finish(period(title=EVIL)),
        exhibits.department_exhibit(rows[rows["indicator"] == "instant"].head(1), region="440823", indicator="instant"),
    ]
    for block in made:
        assert "<script" not in block.html
        assert "&lt;script&gt;" in block.html


def test_a_block_shows_as_html_and_as_json() -> None:
    bundle = blocks.say("甲。", "", "乙。")._repr_mimebundle_()
    assert bundle["text/html"] == '<p class="zj-say">甲。乙。</p>'
    assert bundle[MIME] == {"kind": "say", "text": "甲。乙。"}
    assert table(scores(), caption="例", columns=["region"])._repr_mimebundle_()[MIME]["table"]["caption"] == "例"


def test_blocks_leave_their_tables_alone() -> None:
    before, between = scores(), gaps()
    exhibits.rank_exhibit(before, gaps=between, indicator="instant")
    blocks.cards(between)
    blocks.definitions(between, settings=SETTINGS)
    pd.testing.assert_frame_equal(before, scores())
    pd.testing.assert_frame_equal(between, gaps())
    assert np.isfinite(before["value"]).all()
