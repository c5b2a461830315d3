"""The tile map's places: every report unit of the city once, none on another; a city nobody placed is a plain grid."""

from __future__ import annotations

from zjanalysis.inputs.reference import read_reference
from zjanalysis.inputs.regions import load_regions, report_units
from zjanalysis.inputs.tiles import WIDTH, tile_layout

ZHANJIANG = report_units("440800")


def test_every_report_unit_has_a_place_of_its_own_and_a_reason() -> None:
    table = read_reference("tiles")
    assert set(table["code"]) == set(ZHANJIANG)
    assert (table[["where", "source"]] != "").all(axis=None)
    places = tile_layout(ZHANJIANG).places
    assert set(places) == set(ZHANJIANG)
    assert len(set(places.values())) == len(ZHANJIANG)


def test_the_places_agree_with_the_compass() -> None:
    """Rough places, known to everybody: who lies north, south, east and west of whom."""
    names = load_regions().set_index("name")["code"]
    at = {name: tile_layout(ZHANJIANG).places[names[name]] for name in names.index if names[name] in ZHANJIANG}
    south = ("廉江市", "遂溪县", "雷州市", "徐闻县")
    assert [at[name][0] for name in south] == sorted(at[name][0] for name in south)
    assert at["徐闻县"][0] == max(row for row, _ in at.values())
    assert at["遂溪县"][1] < at["麻章区"][1] < at["赤坎区"][1] < at["坡头区"][1]
    assert at["赤坎区"][0] < at["霞山区"][0]
    assert at["吴川市"][0] < at["坡头区"][0]
    assert at["湛江经济技术开发区"][1] > at["霞山区"][1]


def test_a_zone_the_office_added_stands_below_and_the_note_says_so() -> None:
    layout = tile_layout([*ZHANJIANG, "4408Z2", "4408Z3"])
    assert layout.rows == tile_layout(ZHANJIANG).rows + 1
    assert [layout.places[code] for code in ("4408Z2", "4408Z3")] == [(layout.rows - 1, 0), (layout.rows - 1, 1)]
    assert "末行地区未标方位" in layout.note
    assert "末行" not in tile_layout(ZHANJIANG).note


def test_another_city_is_a_plain_grid_in_official_order() -> None:
    units = report_units("440100")
    layout = tile_layout(units)
    assert [row * WIDTH + column for row, column in layout.places.values()] == list(range(len(units)))
    assert tuple(layout.places) == units
    assert layout.note == "按行政区划代码顺序排列，不表示方位"


def test_no_unit_is_no_tile() -> None:
    assert (tile_layout(()).rows, tile_layout(()).columns) == (0, 0)
