"""Links out of a page: only to what lies there, in a folder and in a bundle, and no part of what is certified."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from zjanalysis.publish.release import GOOD, PLACE, Entry, certified, certified_digest, relink, with_links

PAGE = f"<header>{PLACE}</header><p>88.44%</p>".encode()
REPORTS = {"city": "湛江市", "district/440802": "赤坎区", "district/440803": "霞山区", "district/440804": "坡头区",
           "ledger": "整改台账"}  # fmt: skip


def entry(key: str, order: float = 0) -> Entry:
    return Entry(key, "440800", REPORTS[key], "n.ipynb", GOOD, order=order, files={".html": "x"})


def links(path: Path) -> dict[str, str]:
    return {text: href for href, text in re.findall(r'<a href="([^"]+)">([^<]+)</a>', path.read_text("utf-8"))}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for key in REPORTS:
        path = tmp_path / f"{key}.html"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(PAGE)
    (tmp_path / "district" / "440803.xlsx").write_bytes(b"")
    (tmp_path / "index.html").write_bytes(b"")
    relink(tmp_path, [entry(key, order) for order, key in enumerate(REPORTS)])
    return tmp_path


def test_a_district_leads_to_the_index_its_neighbours_the_city_and_its_files(folder: Path) -> None:
    assert links(folder / "district" / "440803.html") == {
        "← 总览": "../index.html", "‹ 赤坎区": "../district/440802.html", "坡头区 ›": "../district/440804.html",
        "湛江市（市本级）": "../city.html", "整改台账": "../ledger.html", "工作簿": "440803.xlsx",
    }  # fmt: skip
    assert "坡头区 ›" not in links(folder / "district" / "440804.html")
    assert links(folder / "city.html") == {"← 总览": "index.html", "整改台账": "ledger.html"}


def test_every_link_leads_somewhere_and_a_page_that_goes_takes_its_links_along(folder: Path) -> None:
    (folder / "district" / "440802.html").unlink()
    relink(folder, [entry(key, order) for order, key in enumerate(REPORTS)])
    for path in folder.rglob("*.html"):
        for href in links(path).values() if path.name != "index.html" else ():
            assert (path.parent / href).is_file(), (path.name, href)
    assert "‹ 赤坎区" not in links(folder / "district" / "440803.html")


def test_links_are_no_part_of_what_is_certified(folder: Path) -> None:
    path = folder / "district" / "440803.html"
    assert certified(path.read_bytes()) == PAGE
    assert certified_digest(path) == certified_digest(path, PAGE) == certified_digest(path, with_links(PAGE, ()))


@pytest.mark.parametrize(
    "way",
    [
        '<nav class="page-way" aria-label="相关报告"><ul><li><a href="https://x.cn/a.html">总览</a></li></ul></nav>',
        '<nav class="page-way" aria-label="相关报告"><ul><li><b>第1位</b></li></ul></nav>',
        '<nav class="page-way" aria-label="相关报告"><ul></ul></nav>',
        '<nav class="page-way" aria-label="相关报告"><ul><li><a href="../../../a.html">总览</a></li></ul></nav>',
    ],
)
def test_nothing_can_be_said_under_cover_of_the_links(way: str) -> None:
    changed = PAGE.replace(PLACE.encode(), way.encode())
    assert certified(changed) == changed


def test_a_page_that_somebody_damaged_keeps_its_bytes(folder: Path) -> None:
    path = folder / "district" / "440803.html"
    damaged = path.read_bytes().replace(b"88.44%", b"88\xff44%")
    path.write_bytes(damaged)
    (folder / "district" / "440802.html").unlink()
    relink(folder, [entry(key, order) for order, key in enumerate(REPORTS)])
    assert b"88\xff44%" in path.read_bytes()
    assert certified(path.read_bytes()) == PAGE.replace(b"88.44%", b"88\xff44%")


def test_a_page_whose_links_are_right_is_not_written_again(folder: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.html")}
    relink(folder, [entry(key, order) for order, key in enumerate(REPORTS)])
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.html")} == before
