"""The tile map of the index: same words as the city report, links only to pages, readable without script, never a hole."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from zjanalysis.publish.index import index_html, tile_map
from zjanalysis.publish.release import FAILED, GOOD, Entry, read_manifest

VALUES = {"440802": 0.9, "440823": 0.8, "440825": 0.7, "4408Z1": 0.80004}  # median 0.80002, published as 80.00 %
NAMES = {"440802": "赤坎区", "440823": "遂溪县", "440825": "徐闻县", "4408Z1": "湛江经济技术开发区"}


def card(value: float | None, *, key: str = "instant") -> Mapping[str, Any]:
    text = "无数据" if value is None else f"{value * 100:.2f}%"
    return {"indicator": key, "label": "即办率", "unit": "share", "value": value, "text": text}


def entries() -> list[Entry]:
    city = Entry("city", "440800", "湛江市", "a.ipynb", GOOD, cards=(card(0.80),))
    return [city, *(Entry(f"district/{code}", code, NAMES[code], "b.ipynb", GOOD, cards=(card(value),))
                    for code, value in VALUES.items())]  # fmt: skip


def test_value_word_and_place_of_every_district(tmp_path: Path) -> None:
    (tmp_path / "district").mkdir()
    (tmp_path / "district" / "440802.html").write_bytes(b"")
    found = tile_map(entries(), folder=tmp_path)
    assert found is not None
    ((label, median, tiles),) = found.sheets
    assert (label, median) == ("即办率", "4个地区的中位数 80.00%")
    told = {tile.region: (tile.text, tile.standing, tile.look) for tile in tiles}
    assert told["赤坎区"] == ("90.00%", "优于", "ahead")
    assert told["湛江经济技术开发区"] == ("80.00%", "持平", "level")
    assert told["徐闻县"] == ("70.00%", "落后", "behind")
    at = {tile.region: (tile.row, tile.column) for tile in tiles}
    assert (at["徐闻县"], at["赤坎区"]) == ((4, 2), (2, 3))
    assert {tile.region: tile.page for tile in tiles if tile.page} == {"赤坎区": "district/440802.html"}


def test_a_district_without_a_page_or_a_value_is_a_tile_that_says_so(tmp_path: Path) -> None:
    broken = [replace(one, status=FAILED, cards=()) if one.region == "遂溪县" else one for one in entries()]
    found = tile_map(broken, folder=tmp_path)
    assert found is not None
    (tile,) = [one for one in found.sheets[0][2] if one.region == "遂溪县"]
    assert (tile.text, tile.standing, tile.look) == ("无数据", "无数据", "none")
    html = index_html(broken, folder=tmp_path)
    assert "<b>遂溪县</b><span>无数据</span>" in html


def test_no_district_with_a_value_is_no_map(tmp_path: Path) -> None:
    assert tile_map(entries()[:1], folder=tmp_path) is None
    assert tile_map([replace(one, cards=(card(None),)) for one in entries()], folder=tmp_path) is None
    assert 'class="index-map"' not in index_html(entries()[:1], folder=tmp_path)


def test_a_city_nobody_placed_is_a_plain_grid(tmp_path: Path) -> None:
    maoming = [replace(one, key=one.key.replace(one.region_code, code), region_code=code)
               for one, code in zip(entries(), ("440900", "440902", "440904", "440981", "440982"), strict=True)]  # fmt: skip
    found = tile_map(maoming, folder=tmp_path)
    assert found is not None
    assert [(tile.row, tile.column) for tile in found.sheets[0][2]] == [(1, n) for n in (1, 2, 3, 4)]
    assert "不表示方位" in found.note


def test_a_hostile_name_is_a_name(tmp_path: Path) -> None:
    odd = [replace(one, region=f"<script>{one.region}") for one in entries()]
    html = index_html(odd, folder=tmp_path)
    assert "<script>赤坎区" not in html
    assert "&lt;script&gt;赤坎区" in html


def test_index_and_city_report_say_the_same(published: Path) -> None:
    """The values of the index's map are those of the figure in the city report; its median is that of the pages there."""
    found = tile_map(list(read_manifest(published).values()), folder=published)
    assert found is not None
    report = (published / "city.html").read_text(encoding="utf-8")
    for label, _, tiles in found.sheets:
        alt = re.search(rf'alt="方格图：\d+个地区的[^"]*{label}[^"]*"', report)
        if label in ("时限压缩率", "跑动次数"):
            assert alt, label
            for tile in tiles:
                assert f"{tile.region}{tile.text}（" in alt[0] or tile.text == "无数据"
    assert len(found.sheets) >= 2


@pytest.mark.parametrize("name", ["tiles.css"])
def test_the_style_sheet_loads_nothing(name: str) -> None:
    from importlib.resources import files

    text = (files("zjanalysis") / "assets" / "page" / name).read_text(encoding="utf-8")
    assert not re.search(r"url\(|@import|expression\(", text)
