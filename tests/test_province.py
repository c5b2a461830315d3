"""A whole province made up: the same bytes each time, marked, with every city and county, and reports of every city."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from zjanalysis.inputs.period import load_period
from zjanalysis.inputs.regions import report_units
from zjanalysis.publish.jobs import list_jobs
from zjanalysis.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "data"))

from make.province import family, province_cities, write_province  # noqa: E402
from make.regions import families  # noqa: E402

QUARTERS, SMALL = ("2020Q4", "2021Q1"), ("441900", "442000")  # two cities without counties


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two cities of the province, two quarters of it; the way of the other nineteen is the same."""
    folder = tmp_path_factory.mktemp("省") / "province"
    said = list(write_province(folder, quarters=QUARTERS, cities=SMALL))
    assert [line[:7] for line in said] == ["[ 1/2] ", "[ 2/2] "]
    return folder


def test_there_are_21_cities_with_their_counties_and_those_of_the_sample_are_the_samples() -> None:
    everywhere = {city: family(city) for city in province_cities()}
    assert len(everywhere) == 21
    counties = [one for members in everywhere.values() for one in members[1:] if not one.is_zone]
    assert len({one.code for one in counties}) == 122
    for city, members in everywhere.items():
        assert [one.code for one in members] == [city, *report_units(city)]
        assert [one.is_city for one in members] == [True] + [False] * (len(members) - 1)
        assert all(0 < share < 1 for one in members for pair in one.levels.values() for share in pair)
    assert everywhere["440800"] == families()["440800"]
    assert not any(one.is_coastal for one in everywhere["441200"])  # 肇庆 lies inland


def test_it_is_made_again_byte_for_byte(province: Path, tmp_path: Path) -> None:
    list(write_province(tmp_path / "again", quarters=QUARTERS[1:], cities=SMALL[:1]))
    name = "2021Q1/items/441900东莞市.xlsx"
    assert (tmp_path / "again" / name).read_bytes() == (province / name).read_bytes()


def test_it_reads_as_a_sample_of_a_real_lists_length_and_says_that_it_is_made_up(province: Path) -> None:
    period = load_period(str(province), settings=Settings(root=province.parent))
    assert (period.dataset.kind, period.name) == ("sample", "2021Q1")
    assert "示例数据，模拟" in period.dataset.title
    assert set(period.items["region_code"]) == set(SMALL)
    assert period.items.groupby("region_code").size().between(2200, 2800).all()
    assert period.items["item_name"].str.contains("示例子项").mean() > 0.7
    assert period.items["handle_item_code"].duplicated().mean() < 0.02  # the faults of the sample


def test_every_city_of_the_set_has_its_reports_and_an_office_its_own(province: Path) -> None:
    settings = load_settings(ROOT)
    jobs = list_jobs(settings, str(province), every=True)
    assert {job.place for job in jobs} == {f"province/{city}/2021Q1" for city in SMALL}
    assert len({job.path for job in jobs}) == len(jobs)
    own = Settings(root=ROOT, focus="442000")
    assert {job.focus for job in list_jobs(own, str(province))} == {"442000"}
    assert list_jobs(own, str(province), every=True) == jobs
