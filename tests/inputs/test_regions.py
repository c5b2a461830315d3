"""Regions: spellings, peers, and the tile map: every report unit once; a city nobody placed is a plain grid."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from zjanalysis.errors import ConfigError, UnknownName
from zjanalysis.inputs import regions
from zjanalysis.inputs.reference import read_reference
from zjanalysis.settings import Comparison, load_settings

UNITS = ["赤坎区", "霞山区", "坡头区", "麻章区", "遂溪县", "徐闻县", "廉江市", "雷州市", "吴川市", "湛江经济技术开发区"]


def test_report_units_in_official_order() -> None:
    assert [regions.region_name(code) for code in regions.report_units("湛江市")] == UNITS


def test_the_province_is_whole() -> None:
    levels = regions.load_regions().groupby("level").size()
    assert levels[["province", "prefecture", "county"]].tolist() == [1, 21, 122]


def test_a_zone_without_a_national_code_is_marked_as_ours() -> None:
    table = regions.load_regions()
    assert table.loc[table["ours"], "code"].tolist() == ["4408Z1"]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("440823", "440823"),
        ("440823000000", "440823"),
        ("遂溪", "440823"),
        ("湛江市遂溪县", "440823"),
        ("广东省湛江市赤坎区", "440802"),
        ("广东省湛江市", "440800"),
        ("湛江市本级", "440800"),
        ("湛江经开区", "4408Z1"),
        (" 湛江 开发区", "4408Z1"),
        ("乳源县", "440232"),
        ("清远市连山", "441825"),
    ],
)
def test_spellings(written: str, code: str) -> None:
    assert regions.region_code(written) == code


@pytest.mark.parametrize("written", ["", "经开区", "999999", "某某县", "4408"])
def test_what_is_not_certain_is_not_a_region(written: str) -> None:
    assert regions.find_code(written) is None


def test_a_county_that_was_renamed_is_known_by_what_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    anew = {"code": "440884", "name": "徐闻市", "aliases": "徐闻县|440825"}
    rows = tuple(row | anew if row["code"] == "440825" else row for row in read_reference("divisions"))
    tables = {"divisions": rows, "zones": read_reference("zones")}
    monkeypatch.setattr(regions, "read_reference", tables.__getitem__)
    caches = (regions._regions, regions._codes)
    try:
        for one in caches:
            one.cache_clear()
        written = ("徐闻市", "徐闻县", "湛江市徐闻县", "440825", "440825000000", "440884000")
        assert {regions.find_code(text) for text in written} == {"440884"}
        assert regions.code_in("440825徐闻县.xlsx") == "440884"
    finally:
        for one in caches:
            one.cache_clear()


def test_unknown_region_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="未找到地区“赤砍区”，是不是“赤坎区”") as caught:
        regions.region_code("赤砍区")
    assert "赤坎区、霞山区" in caught.value.hint


def test_peers() -> None:
    assert len(regions.peers_of("440800")) == 12 - 1
    assert regions.peers_of("440800", "粤西") == ("440900", "441700")
    assert len(regions.peers_of("440800", "全省")) == 21 - 1
    assert set(regions.peers_of("440100")) == set(regions.peers_of("440100", "珠三角"))  # not 粤东粤西粤北's twelve
    assert set(regions.peers_of("440100+")) == set(regions.peers_of("440100+", "珠三角"))
    chosen = replace(load_settings(), comparison=Comparison(group="茂名市,阳江市"))
    assert regions.peers_of("440100", settings=chosen) == ("440900", "441700")  # named one by one: for whoever asks
    assert set(regions.peers_of("440823")) == set(regions.report_units("440800")) - {"440823"}
    assert regions.peers_of("440823", "廉江市，440882") == ("440881", "440882")
    assert regions.peers_of("440000") == ()


def test_counties_have_named_groups_beside_their_own_city() -> None:
    maoming = regions.report_units("440900")
    assert regions.peers_of("440823", "茂名各县区") == regions.peers_of("440823", "茂名市各县区") == maoming
    assert set(regions.peers_of("440981", "茂名各县区")) == set(maoming) - {"440981"}
    west = {c for city in ("440800", "440900", "441700") for c in regions.report_units(city)}
    assert set(regions.peers_of("4408Z1", "粤西各县区")) == west - {"4408Z1"}
    assert regions.peers_of("440823", "湛江各县区") == regions.peers_of("440823")
    assert regions.group_names("440823") == (
        "湛江各县区", "茂名各县区", "阳江各县区", "粤东粤西粤北各县区", "粤西各县区", "全省各县区"
    )  # fmt: skip
    assert regions.group_names("440900") == regions.group_names()
    assert all(regions.peers_of("440823", name) for name in regions.group_names("440823"))


def test_a_group_is_called_what_it_is() -> None:
    names = {
        peers: regions.group_of(peers)
        for peers in (
            "",
            "粤西",
            "粤西各县区",
            "茂名各县区,阳江市各县区",
            "440881,440882",
            "高州市",
            "茂名各县区,徐闻县",
        )
    }
    assert list(names.values()) == [
        "", "粤西地市", "粤西各县区", "茂名各县区、阳江市各县区", "所选地区", "所选地区", "所选地区"
    ]  # fmt: skip


def test_groups_and_regions_are_put_together_by_commas() -> None:
    near = (*regions.report_units("440900"), *regions.report_units("441700"))
    assert (
        regions.peers_of("440823", "茂名各县区，阳江各县区")
        == regions.peers_of("440823", ["茂名各县区", "阳江各县区"])
        == near
    )
    assert regions.peers_of("440823", "茂名各县区,徐闻县") == (*regions.report_units("440900"), "440825")
    assert regions.peers_of("440823", "本市各县区") == regions.peers_of("440823")
    assert regions.peers_of("440902", "本市各县区") == regions.peers_of("440902")


def test_the_whole_of_a_city_is_a_region_of_its_own() -> None:
    assert {regions.region_code(name) for name in ("全市", "湛江全市", "湛江市全市", "440800全市", "440800+")} == {
        "440800+"
    }
    assert regions.region_name(regions.region_code("茂名全市")) == "茂名全市"
    assert regions.peers_of("全市", "粤西") == regions.peers_of("全市", "茂名市,阳江全市") == ("440900+", "441700+")
    assert len(regions.peers_of("全市")) == 11
    assert [regions.find_code(text) for text in ("全市", "湛江全市", "440800+")] == [None] * 3, "no file speaks of it"
    assert regions.code_in("湛江市全市事项.xlsx") == "440800"
    with pytest.raises(UnknownName):
        regions.region_code("全市全区")
    with pytest.raises(ConfigError, match="遂溪县不是地市，没有全市的合计"):
        regions.region_code("遂溪全市")


@pytest.mark.parametrize(("region", "peers"), [("440800", "茂名全市"), ("440823", "全市"), ("全市", "茂名各县区")])
def test_the_whole_is_never_mixed_with_a_city_alone_or_a_county(region: str, peers: str) -> None:
    with pytest.raises(ConfigError, match="全市合计"):
        regions.peers_of(region, peers)


@pytest.mark.parametrize(
    ("region", "peers"),
    [
        ("440823", "茂名市"),
        ("440823", "粤西"),
        ("440823", "440881,440900"),
        ("440800", "粤西各县区"),
        ("440800", "遂溪县"),
    ],
)
def test_counties_and_cities_are_not_put_in_one_group(region: str, peers: str) -> None:
    with pytest.raises(ConfigError, match="一边是地市本级，一边是县（市、区）") as caught:
        regions.peers_of(region, peers)
    assert regions.group_names(region)[0] in caught.value.hint


def test_a_county_is_offered_the_groups_of_counties() -> None:
    with pytest.raises(UnknownName, match="湛江各县区、茂名各县区"):
        regions.peers_of("440823", "粤中各县区")


def test_the_default_group_is_a_setting() -> None:
    settings = replace(load_settings(), comparison=Comparison(group="粤西"))
    assert regions.peers_of("440800", settings=settings) == ("440900", "441700")


def test_unknown_group() -> None:
    with pytest.raises(UnknownName, match="粤东粤西粤北"):
        regions.peers_of("440800", "粤东西北")


def test_the_table_handed_out_is_a_copy() -> None:
    table = regions.load_regions()
    table["name"] = "×"
    assert regions.region_name("440823") == "遂溪县"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("遂溪县事项清单", "440823"),
        ("440881-2021年", "440881"),
        ("湛江市霞山区", "440803"),
        ("湛江市清单", "440800"),
        ("清单", None),
    ],
)
def test_region_in_a_file_name(name: str, code: str | None) -> None:
    assert regions.code_in(name) == code


def test_looking_up_a_region_loads_no_pandas() -> None:
    asked = "import sys; from zjanalysis.inputs import regions as r; r.peers_of('440823'); r.tile_layout(['440823'])"
    subprocess.run([sys.executable, "-c", f"{asked}; assert 'pandas' not in sys.modules"], check=True)


# --- tiles ------------------------------------------------------------------------------------------------------

ZHANJIANG = regions.report_units("440800")


def test_every_report_unit_has_a_place_of_its_own_and_a_reason() -> None:
    table = read_reference("tiles")
    assert {row["code"] for row in table} == set(ZHANJIANG)
    assert all(row["where"] and row["source"] for row in table)
    places = regions.tile_layout(ZHANJIANG).places
    assert set(places) == set(ZHANJIANG)
    assert len(set(places.values())) == len(ZHANJIANG)


def test_the_places_agree_with_the_compass() -> None:
    """Rough places, known to everybody: who lies north, south, east and west of whom."""
    names = regions.load_regions().set_index("name")["code"]
    at = {name: regions.tile_layout(ZHANJIANG).places[names[name]] for name in names.index if names[name] in ZHANJIANG}
    south = ("廉江市", "遂溪县", "雷州市", "徐闻县")
    assert [at[name][0] for name in south] == sorted(at[name][0] for name in south)
    assert at["徐闻县"][0] == max(row for row, _ in at.values())
    assert at["遂溪县"][1] < at["麻章区"][1] < at["赤坎区"][1] < at["坡头区"][1]
    assert at["赤坎区"][0] < at["霞山区"][0]
    assert at["吴川市"][0] < at["坡头区"][0]
    assert at["湛江经济技术开发区"][1] > at["霞山区"][1]


def test_a_zone_the_office_added_stands_below_and_the_note_says_so() -> None:
    layout = regions.tile_layout([*ZHANJIANG, "4408Z2", "4408Z3"])
    below = max(row for row, _ in regions.tile_layout(ZHANJIANG).places.values()) + 1
    assert [layout.places[code] for code in ("4408Z2", "4408Z3")] == [(below, 0), (below, 1)]
    assert "末行地区未标方位" in layout.note
    assert "末行" not in regions.tile_layout(ZHANJIANG).note


def test_another_city_is_a_plain_grid_in_official_order() -> None:
    units = regions.report_units("440100")
    layout = regions.tile_layout(units)
    assert [row * regions.TILES_WIDE + column for row, column in layout.places.values()] == list(range(len(units)))
    assert tuple(layout.places) == units
    assert layout.note == "按行政区划代码顺序排列，不表示方位"


def test_no_unit_is_no_tile() -> None:
    assert not regions.tile_layout(()).places
