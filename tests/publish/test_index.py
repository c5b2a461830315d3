"""The index: same words as the reports, links only to pages, readable without script, never a hole."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from zjanalysis.publish.index import finding, index_html
from zjanalysis.publish.release import FAILED, GOOD, Entry, read_manifest

VALUES = {"440802": 0.9, "440823": 0.8, "440825": 0.7, "4408Z1": 0.80004}
VERDICTS = {"440802": ("优于", 0.08), "440823": ("落后", -0.01), "440825": ("落后", -0.1), "4408Z1": ("相当", 0.0)}
NAMES = {"440802": "赤坎区", "440823": "遂溪县", "440825": "徐闻县", "4408Z1": "湛江经济技术开发区"}
Tile = tuple[str, str, str, str]


def card(value: float | None, verdict: str = "相当", effect: float = 0.0) -> Mapping[str, Any]:
    text = "无数据" if value is None else f"{value * 100:.2f}%"
    return {"indicator": "instant", "label": "即办率", "value": value, "text": text, "place": "2（1–3）/4", "rank": 2,
            "effect": effect, "verdict": verdict, "meets_target": "达标" if value and value > 0.85 else "未达标"}  # fmt: skip


def entries() -> list[Entry]:
    city = Entry("city", "440800", "湛江市", "a.ipynb", GOOD, cards=(card(0.80),))
    return [city, *(Entry(f"district/{code}", code, NAMES[code], "b.ipynb", GOOD, cards=(card(value, *VERDICTS[code]),))
                    for code, value in VALUES.items())]  # fmt: skip


def tiles_of(html: str) -> dict[str, Tile]:
    """The tiles of the first map: region → shade, place (row, column), value, word."""
    shown = html.partition("<ul aria-label=")[2].partition("</ul>")[0]
    row = (r'<li class="([^"]*)" style="--tile-row:(\d+);--tile-column:(\d+)"><(?:a href="[^"]*"|b)>([^<]+)</[ab]>'
           r"<span>([^<]*)</span> <span>([^<]*)</span>")  # fmt: skip
    return {name: (look, f"{y},{x}", text, word) for look, y, x, name, text, word in re.findall(row, shown)}


def test_value_word_shade_and_place_of_every_district(tmp_path: Path) -> None:
    (tmp_path / "district").mkdir()
    (tmp_path / "district" / "440802.html").write_bytes(b"")
    html = index_html(entries(), folder=tmp_path)
    tiles = tiles_of(html)
    assert set(tiles) == set(NAMES.values())
    assert tiles["赤坎区"] == ("ahead-3", "2,3", "90.00%", "优于")
    assert tiles["湛江经济技术开发区"][::2] == ("", "80.00%")
    assert tiles["徐闻县"] == ("behind-3", "4,2", "70.00%", "落后")
    assert tiles["遂溪县"][0] == "behind-1"  # a tenth of the largest gap
    assert '<a href="district/440802.html">赤坎区</a>' in html
    assert html.count('href="district/') == 2  # in the map and in the table, and nowhere else


def test_the_finding_counts_who_is_behind_and_what_is_missed() -> None:
    """Two of four behind, one of four with its target; nobody behind is said in words too."""
    assert (
        finding(entries()[1:])
        == "4个县（市、区）中，落后项数最多的是遂溪县、徐闻县（各1项）；未达标最多的是即办率（3个地区）。"
    )
    level = [replace(one, cards=(card(0.9),)) for one in entries()]
    assert finding(level) == (
        "湛江市（市本级）1项指标中没有一项落后，没有一项未达标。4个县（市、区）中，没有一个落后；没有一项未达标。"
    )


def test_what_could_not_be_judged_is_no_praise() -> None:
    city = [replace(entries()[0], cards=(card(0.8, "不作判断"), card(None, "无数据")))]
    assert finding(city) == "湛江市（市本级）2项指标中1项不作判断、1项无数据，2项未达标（即办率、即办率）。"
    asked_nothing = {**card(0.8, "不作判断"), "meets_target": "—"}
    assert finding([replace(city[0], cards=(asked_nothing,))]).endswith("1项不作判断，没有目标可比。")
    unplanned = [replace(one, cards=(asked_nothing,)) for one in entries()]
    assert "达标" not in finding(unplanned)
    unknown = [replace(one, cards=({**card(0.8, "不作判断"), "meets_target": "不能判定"},)) for one in entries()[1:]]
    assert finding(unknown) == "4个县（市、区）中，4项不作判断；4项不能判定。"
    assert (
        finding([*unknown[:1], *entries()[1:2]])
        == "2个县（市、区）中，没有一个落后、1项不作判断；没有一项未达标、1项不能判定。"
    )


def test_a_district_without_a_page_or_a_value_is_a_tile_that_says_so(tmp_path: Path) -> None:
    broken = [replace(one, status=FAILED, cards=()) if one.region == "遂溪县" else one for one in entries()]
    html = index_html(broken, folder=tmp_path)
    assert tiles_of(html)["遂溪县"][0::2] == ("", "—")
    assert "<b>遂溪县</b><span>—</span>" in html
    without = [replace(one, cards=(card(None),)) if one.region == "遂溪县" else one for one in entries()]
    assert tiles_of(index_html(without, folder=tmp_path))["遂溪县"][0::2] == ("", "无数据")


def test_no_district_with_a_value_is_no_map(tmp_path: Path) -> None:
    assert 'class="index-map"' not in index_html(entries()[:1], folder=tmp_path)
    assert 'class="index-map"' not in index_html([replace(one, cards=()) for one in entries()], folder=tmp_path)


def test_a_city_nobody_placed_is_a_plain_grid(tmp_path: Path) -> None:
    maoming = [replace(one, key=one.key.replace(one.region_code, code), region_code=code)
               for one, code in zip(entries(), ("440900", "440902", "440904", "440981", "440982"), strict=True)]  # fmt: skip
    html = index_html(maoming, folder=tmp_path)
    assert [place for _, place, _, _ in tiles_of(html).values()] == [f"1,{n}" for n in (1, 2, 3, 4)]
    assert "不表示方位" in html


def test_a_hostile_name_is_a_name(tmp_path: Path) -> None:
    odd = [replace(one, region=f"<script>{one.region}") for one in entries()]
    html = index_html(odd, folder=tmp_path)
    assert "<script>赤坎区" not in html
    assert "&lt;script&gt;赤坎区" in html


def test_index_and_reports_say_the_same(published: Path) -> None:
    """Value, place, 达标 and 判断 in the index's table are those in the alternative text of each report's figure."""
    html = (published / "index.html").read_text(encoding="utf-8")
    for key, entry in read_manifest(published).items():
        row = html.partition(f'data-value="{key}">')[2].partition("</tr>")[0]
        report = (published / f"{key}.html").read_text(encoding="utf-8")
        alt = re.search(r'aria-label="(点图：\d+项指标[^"]*)"', report)
        assert alt, key
        for one in entry.cards:
            assert (
                f"{one['label']}{one['text']}，第{one['place']}，{one['meets_target']}，判断：{one['verdict']}"
                in alt[1]
            )
            assert f"<b>{one['text']}</b> <span>第{one['place']}</span>" in row
        assert len(entry.cards) == 6


def test_the_style_sheet_loads_nothing() -> None:
    from importlib.resources import files

    text = (files("zjanalysis") / "assets" / "page" / "index.css").read_text(encoding="utf-8")
    assert not re.search(r"url\(|@import|expression\(", text)
