"""Another city in focus: the same reports, nothing of Zhanjiang but as one peer among others, and nobody's targets."""

from __future__ import annotations

import ast
import html
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from tests.conftest import zj
from zjanalysis.analysis.registry import for_region, indicator
from zjanalysis.cases.analysis import ALL_CASE_INDICATORS
from zjanalysis.display.forms import reported_lines
from zjanalysis.inputs.period import load_period
from zjanalysis.inputs.regions import report_units
from zjanalysis.inputs.workplan import asked_of, load_targets, load_tasks
from zjanalysis.ledger.reading import read_ledger
from zjanalysis.ledger.state import FILE_NAME, load_ledger
from zjanalysis.settings import load_settings

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parent.parent
HOME, OTHER = "440800", "440900"
NAMES = re.compile("湛江|440800|4408Z1|遂溪|徐闻|雷州|吴川|廉江|赤坎|霞山|坡头|麻章")
TOPICS = ("city", "quality", "plan", "timeliness", "ledger")
# Where a page of another city may name Zhanjiang: a row of a table that lists cities, and the files that were read.
ROWS = re.compile(r"<tr\b.*?</tr>", re.S)
FILES = re.compile(r"<li>[^<]*<code>[0-9a-f]+</code></li>")
PARAMETERS = re.compile(r"<pre[^>]*>.*?</pre>", re.S)  # the notebook as committed, with its default region


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, warm: Callable[[Path], None]) -> Path:
    """The period folder of Maoming: city, one district, every topic, built by the command in a project of its own."""
    root = tmp_path_factory.mktemp("茂名 项目")
    settings = (ROOT / "zjanalysis.toml").read_text(encoding="utf-8")
    (root / "zjanalysis.toml").write_text(settings.replace(f'focus = "{HOME}"', f'focus = "{OTHER}"'), encoding="utf-8")
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    shutil.copytree(ROOT / "data" / "sample", root / "data" / "sample")
    warm(root)
    chosen = "茂南区,city,quality,plan,timeliness,ledger"
    done = zj("build", "--out", str(root / "out"), "--only", chosen, root=root)
    assert done.returncode == 0, done.stdout + done.stderr
    return root / "out" / "sample" / OTHER / "2021Q1"


def text_of(page: Path) -> str:
    """What the page says, without styles and scripts; a picture, whose rows are cities, by its alternative text."""
    written = page.read_text(encoding="utf-8")
    written = re.sub(r'<svg\b[^>]*aria-label="([^"]*)".*?</svg>', r"\1", written, flags=re.S)
    written = re.sub(r' style="[^"]*"', "", written)  # on a phone a row is a card, whose heads stand there again
    return re.sub(r"<(script|style)\b.*?</\1>", "", written, flags=re.S)


def test_the_reports_are_those_of_the_city_and_its_districts(pages: Path) -> None:
    made = {page.relative_to(pages).as_posix() for page in pages.rglob("*.html")}
    assert {f"{topic}.html" for topic in TOPICS} | {"district/440902.html"} <= made
    assert not [name for name in made if "4408" in name]
    assert report_units(OTHER) == ("440902", "440904", "440981", "440982", "440983")
    for page in pages.rglob("*.html"):
        title = re.search(r"<title>(.*?)</title>", page.read_text(encoding="utf-8"))
        assert title
        assert not NAMES.search(title[1]), title[1]


def test_pages_name_zhanjiang_only_as_a_row_among_others_or_as_a_file(pages: Path) -> None:
    for page in pages.rglob("*.html"):
        rest = PARAMETERS.sub("", FILES.sub("", ROWS.sub("", text_of(page))))
        said = [rest[max(0, m.start() - 40) : m.end() + 40] for m in NAMES.finditer(html.unescape(rest))]
        assert not said, (page.name, said[:3])


def test_a_district_says_nothing_of_another_city_at_all(pages: Path) -> None:
    rest = PARAMETERS.sub("", text_of(pages / "district" / "440902.html"))
    assert not NAMES.search(rest)
    book = openpyxl.load_workbook(pages / "district" / "440902.xlsx", read_only=True)
    cells = [str(c.value) for sheet in book for row in sheet.iter_rows() for c in row if c.value is not None]
    assert len(cells) > 500
    assert not [text for text in cells if NAMES.search(text) and not text.startswith("0.")]


def test_the_ledger_of_another_city_is_not_shown(pages: Path) -> None:
    text = text_of(pages / "ledger.html")
    assert "未收录茂名市的工作方案" in text
    assert not [row for row in ROWS.findall(text) if NAMES.search(row)]
    now = load_period(ROOT / "data" / "sample", "2021Q1")
    assert set(load_ledger(now, city=HOME)["region_code"]) == {HOME, *report_units(HOME)}
    assert len(load_ledger(now, city=HOME)) == len(read_ledger(now.dataset.folder / now.name / FILE_NAME).ledger)
    assert load_ledger(now, city=OTHER).empty


def test_a_ledger_of_the_plan_is_refused_with_the_next_step(pages: Path) -> None:
    root = pages.parents[3]
    done = zj("ledger", "init", "台账.xlsx", root=root)
    assert done.returncode == 2
    assert "没有收录茂名市的工作方案" in done.stderr
    assert "city 列" in done.stderr
    assert not (root / "台账.xlsx").exists()


def test_no_target_of_another_citys_plan_binds(pages: Path) -> None:
    for name in ("city.ipynb", "district/440902.ipynb"):
        cards = cards_of(pages / name)
        assert len(cards) == 6
        assert {card["meets_target"] for card in cards} == {"—"}
        assert {card["target_text"] for card in cards} == {"未收录方案"}
    text = text_of(pages / "city.html") + text_of(pages / "plan.html") + text_of(pages / "timeliness.html")
    assert "方案任务（" not in text
    assert "85.50%" not in text
    assert "要求高于兄弟地市" not in text


def cards_of(path: Path) -> list[dict]:
    """The cards an executed notebook shows."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    outputs = [o["data"] for cell in cells for o in cell.get("outputs", []) if "data" in o]
    found = [block for data in outputs for block in blocks_of(data.get("application/vnd.zjanalysis+json", {}))]
    return [card for block in found for card in block.get("cards", ())]


def blocks_of(payload: dict) -> list[dict]:
    """One block, or those that were shown together."""
    return [one for part in payload["blocks"] for one in blocks_of(part)] if "blocks" in payload else [payload]


def test_the_plan_of_another_city_binds_by_its_own_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its pages judged by the numbers of Zhanjiang's plan, and by targets that it does not name; its ledger did not."""
    said = {"city": "440200", "source": "items"}
    every = [
        {"indicator": "instant", "task": "二", "level": "区县级", "comparison": ">", "value": "0.55"},
        {"indicator": "visits", "task": "一", "level": "市级、区县级", "comparison": "falling", "value": ""},
    ]
    tables = {"targets": [said | row for row in every], "tasks": [{"city": "440200", "task": one} for one in "一二"]}
    monkeypatch.setattr("zjanalysis.inputs.workplan.read_reference", tables.__getitem__)
    asked_of.cache_clear()
    instant, visits = (for_region(indicator(key), "440222") for key in ("instant", "visits"))
    assert (instant.target, instant.strict, instant.basis) == (0.55, True, "方案任务（二）")
    assert (visits.aim, visits.target_text, visits.basis) == ("rising", "逐期降低", "方案任务（一）")
    assert not for_region(indicator("instant"), "440200").aim  # its sentence speaks of counties only
    assert not for_region(indicator("visit_share"), "440222").aim
    assert for_region(indicator("visit_share"), "440222").basis == "本工具口径"
    late, slow = (next(one for one in ALL_CASE_INDICATORS if one.key == key) for key in ("overdue_open", "actual_days"))
    assert [(one.aim, one.target, one.basis) for one in (for_region(late, "440222"), for_region(slow, "440222"))] == [
        ("", None, "本工具口径")
    ] * 2  # registered for what Zhanjiang's plan says of cases
    asked_of.cache_clear()


def test_without_a_plan_there_are_no_tasks_and_the_forms_still_ask() -> None:
    settings = replace(load_settings(ROOT), focus=OTHER)
    assert load_targets(settings).empty
    assert load_tasks(OTHER).empty
    assert len(load_tasks(HOME)) == len(load_tasks())
    lines = reported_lines(OTHER)
    assert set(lines["region"]) == {"茂名市", "茂南区", "电白区", "高州市", "化州市", "信宜市"}
    assert lines["indicator"].nunique() == reported_lines(HOME)["indicator"].nunique()


def test_the_code_names_no_city_but_in_defaults_and_examples() -> None:
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "zjanalysis").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docs = {id(n.body[0].value) for n in ast.walk(tree)
                if isinstance(n, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(n, clean=False)}  # fmt: skip
        texts = [n.value for n in ast.walk(tree)
                 if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in docs]  # fmt: skip
        named = [text for text in texts if NAMES.search(text) and "\n" not in text and "  zj " not in text]
        if named:
            found[path.relative_to(ROOT).as_posix()] = named
    assert found.pop("zjanalysis/settings.py") == [HOME, HOME]  # focus and base_city
    found.pop("zjanalysis/publish/preload.py", None)  # words to warm the font up with; nobody sees them
    assert not {where: texts for where, texts in found.items() if set(texts) - EXAMPLES}


EXAMPLES = {"例如 zj ledger merge 台账.xlsx 遂溪县.xlsx --on 2021-04-20。"}
"""Next steps of messages that show a command on the sample."""


def test_notebooks_name_no_city_but_in_their_parameters() -> None:
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if "parameters" not in cell["metadata"].get("tags", []):
                assert not NAMES.search("".join(cell["source"])), path.name
