"""The pages in a real browser: nothing requested, no error, accessible, narrow and wide, dark, on A4, hostile data."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from matplotlib import get_data_path

from zjanalysis.publish.bundle import bundle
from zjanalysis.publish.index import write_index
from zjanalysis.publish.release import STALE, read_manifest, write_manifest

pytestmark = pytest.mark.e2e

playwright = pytest.importorskip("playwright.sync_api")

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
PAGES = ("city.html", "district/440823.html", "district/4408Z1.html", "index.html")
OVERFLOW = """() => [...document.querySelectorAll('body *')].filter(e => {
    const box = e.getBoundingClientRect(), scroller = e.closest('.zj-figure, .zj-table, .index-scroll, .page-way, pre, .page-skip');
    return box.width && box.right > document.documentElement.clientWidth + 1 && (!scroller || scroller === e);
}).map(e => e.tagName + '.' + e.className)"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM:
        pytest.fail("the tests of the pages need Chromium (Debian: chromium)")
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def open_page(browser: Any, published: Path) -> Iterator[Callable[..., Any]]:
    """Return the function that opens a page; every request and every console message is noted on it."""
    contexts = []

    def show(name: str | Path, *, width: int = 1280, script: bool = True, **options: Any) -> Any:
        size = {"width": width, "height": 900}
        context = browser.new_context(viewport=size, java_script_enabled=script, bypass_csp=False, **options)
        contexts.append(context)
        page = context.new_page()
        page.noted = []
        page.on("request", lambda request: page.noted.append(request.url.partition(",")[0]))
        page.on("console", lambda message: page.noted.append(message.text))
        page.on("pageerror", lambda error: page.noted.append(str(error)))
        page.goto((published / name).as_uri())
        return page

    yield show
    for context in contexts:
        context.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_for_nothing_and_reports_no_error(open_page: Callable[..., Any], name: str) -> None:
    page = open_page(name)
    page.wait_for_load_state("networkidle")
    outside = [note for note in page.noted if not note.startswith(("file:", "data:image/"))]
    assert outside == []
    assert sum(note.startswith("file:") for note in page.noted) == 1


AXE = """([contrast, narrow]) => {
    const alone = [...document.querySelectorAll('.zj-phone'), document.querySelector('.zj-table')].filter(Boolean);
    return axe.run(contrast && narrow && alone.length ? {include: alone} : document, {
        resultTypes: ['violations'], selectors: false, rules: contrast ? {} : {'color-contrast': {enabled: false}},
        ...(contrast ? {runOnly: {type: 'rule', values: ['color-contrast']}} : {})});
}"""


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_by_day_and_by_night(browser: Any, published: Path, name: str, width: int) -> None:
    """Run axe-core (it needs to be put into the page, so the page's policy is set aside for this check alone).

    Contrast takes nine tenths of its time: on a phone it is asked of what only a phone shows.
    """
    context = browser.new_context(viewport={"width": width, "height": 900}, bypass_csp=True)
    page = context.new_page()
    page.goto((published / name).as_uri())
    page.evaluate("() => document.querySelectorAll('details').forEach(d => { d.open = true })")
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    grounds = []
    for scheme, contrast in (("light", False), ("light", True), ("dark", True)):
        page.emulate_media(color_scheme=scheme)
        grounds.append(page.evaluate("() => getComputedStyle(document.body).backgroundColor"))
        found = page.evaluate(AXE, [contrast, width == 320])
        told = [(v["id"], v["nodes"][0]["html"][:150], v["nodes"][0]["failureSummary"]) for v in found["violations"]]
        assert told == [], scheme
        assert len(found["passes"]) > (0 if contrast else 20)
    context.close()
    assert len(set(grounds)) == 2  # it was indeed dark the last time


@pytest.mark.parametrize("name", PAGES)
def test_nothing_sticks_out_at_the_side(open_page: Callable[..., Any], name: str) -> None:
    page = open_page(name, width=1280)
    page.evaluate("() => document.querySelectorAll('details').forEach(d => { d.open = true })")
    for width in (1280, 768, 740, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("() => document.documentElement.clientWidth") == width
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        assert page.evaluate(OVERFLOW) == [], width


def test_figures_are_readable_on_a_phone_and_move_sideways_alone(open_page: Callable[..., Any]) -> None:
    """Words in a drawing are 9 pixels or more, and what explains it stays in sight while it is moved."""
    page = open_page("district/440823.html", width=390)
    sizes = page.evaluate("""() => [...document.querySelectorAll('.zj-figure > svg')].flatMap(svg => {
        const box = svg.getBoundingClientRect();
        const unit = box.width && box.width / svg.viewBox.baseVal.width;
        return [...svg.querySelectorAll('text')].map(e => unit * parseFloat(getComputedStyle(e).fontSize));
    }).filter(Boolean)""")
    assert sizes
    assert min(sizes) >= 9
    page.evaluate("document.querySelector('.zj-figure:not(:has(.zj-phone))').scrollLeft = 80")
    figure = page.locator(".zj-figure:not(:has(.zj-phone))").first
    assert figure.locator("svg").bounding_box()["x"] < 0 <= figure.locator("figcaption").bounding_box()["x"]


def test_words_of_the_first_figure_are_as_large_as_the_text(
    open_page: Callable[..., Any],
) -> None:
    for name in BUDGET:
        page = open_page(name)
        sizes = page.evaluate("""() => [...document.querySelectorAll('.zj-figure > svg:not(.zj-phone)')].slice(0, 4).map(
            svg => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width * Math.max(
                ...[...svg.querySelectorAll('text')].slice(0, -4)
                    .filter(e => !/^图/.test(e.textContent)).map(e => parseFloat(getComputedStyle(e).fontSize))))""")
        assert len(sizes) == 4
        assert max(sizes) <= 17, sizes
        assert min(sizes) >= 14, sizes


PLACES = """() => [...document.querySelectorAll('.zj-figure > svg:not(.zj-phone) text')].map(e => {
    const box = e.getBBox();
    return [e.textContent, box.x, box.x + box.width];
}).filter(([words]) => words.length > 1)"""


def test_words_of_a_figure_keep_their_place_on_a_machine_without_chinese_fonts(
    browser: Any, published: Path, tmp_path: Path
) -> None:
    """DejaVu alone: every word begins and ends where it does in our font, though its signs cannot be read."""
    fonts = tmp_path / "fonts"
    fonts.mkdir()
    shutil.copy(Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf", fonts)
    config = fonts / "fonts.conf"
    config.write_text(f"<fontconfig><dir>{fonts}</dir><cachedir>{fonts}</cachedir></fontconfig>", encoding="utf-8")
    poor = browser.browser_type.launch(
        executable_path=CHROMIUM, args=["--no-sandbox"], env={**os.environ, "FONTCONFIG_FILE": str(config)}
    )
    places, widths = [], []
    for running in (browser, poor):
        page = running.new_page(viewport={"width": 1280, "height": 900})
        page.goto((published / "district/440823.html").as_uri())
        page.evaluate("() => document.querySelectorAll('details.page-annex').forEach(d => { d.open = true })")
        places.append(page.evaluate(PLACES))
        widths.append(page.locator("h1").evaluate("e => { e.style.display = 'inline'; return e.offsetWidth }"))
        page.close()
    poor.close()
    assert widths[0] != widths[1]  # the other machine has other letters
    moved = [(a, b) for a, b in zip(*places, strict=True) if abs(a[1] - b[1]) > 1.5 or abs(a[2] - b[2]) > 1.5]
    assert len(places[0]) > 200
    assert moved == []


@pytest.mark.parametrize("name", PAGES)
def test_the_keyboard_reaches_the_text_first_and_every_control(open_page: Callable[..., Any], name: str) -> None:
    page = open_page(name)
    page.keyboard.press("Tab")
    focused = page.evaluate("() => document.activeElement.textContent")
    assert focused == "跳到正文"
    assert page.evaluate("() => document.activeElement.getBoundingClientRect().left") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "main"
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("() => document.activeElement.tagName"))
    assert reached & {"SUMMARY", "A", "BUTTON"}


def test_code_and_tables_open_without_script(open_page: Callable[..., Any]) -> None:
    page = open_page("district/440823.html", script=False)
    code = page.locator(".page-method pre").first
    assert not code.is_visible()
    page.locator(".page-method summary").first.click()
    assert code.is_visible()


def test_the_index_sorts_by_a_click_and_reads_without_script(open_page: Callable[..., Any]) -> None:
    plain = open_page("index.html", script=False)
    assert plain.locator("tbody tr").count() == 3
    assert plain.locator("thead button").count() == 0
    page = open_page("index.html")
    button = page.get_by_role("button", name="时限压缩率")
    button.click()
    rising = [
        float(v) for v in page.locator("tbody tr td:nth-child(2)").evaluate_all("c => c.map(e => e.dataset.value)")
    ]
    assert rising == sorted(rising)
    assert page.locator("th[aria-sort=ascending]").inner_text().startswith("时限压缩率")
    button.click()
    falling = [
        float(v) for v in page.locator("tbody tr td:nth-child(2)").evaluate_all("c => c.map(e => e.dataset.value)")
    ]
    assert falling == sorted(rising, reverse=True)
    assert "从大到小" in page.locator("[role=status]").inner_text()
    page.locator("tbody a").first.click()
    assert "通报" in page.title()


def printed(page: Any, path: Path) -> list[str]:
    """Print a page to A4 and give the text of each sheet."""
    page.pdf(path=str(path), prefer_css_page_size=True)
    info = subprocess.run(["pdfinfo", str(path)], capture_output=True, encoding="utf-8", check=True).stdout
    assert re.search(r"Page size: +(594|595|841|842)", info), info
    text = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, encoding="utf-8", check=True)
    return text.stdout.split("\f")[:-1]


@pytest.mark.skipif(not shutil.which("soffice"), reason="needs LibreOffice")
def test_libreoffice_opens_every_document_and_workbook(published: Path, tmp_path: Path) -> None:
    papers = sorted([*published.rglob("*.docx"), *published.rglob("*.xlsx")])
    assert len({paper.suffix for paper in papers}) == 2
    home = f"-env:UserInstallation={(tmp_path / 'office').as_uri()}"
    named = [tmp_path / f"{paper.stem}-{paper.suffix[1:]}{paper.suffix}" for paper in papers]
    for paper, copy in zip(papers, named, strict=True):
        shutil.copy(paper, copy)
    command = ["soffice", home, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), *map(str, named)]
    subprocess.run(command, capture_output=True, check=True, timeout=300)
    for copy in named:
        pdf = copy.with_suffix(".pdf")
        text = subprocess.run(["pdftotext", str(pdf), "-"], capture_output=True, encoding="utf-8", check=True).stdout
        assert "示例数据（模拟）" in text, copy.name
        assert len(text) > 1500, copy.name


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs poppler-utils")
@pytest.mark.parametrize("name", ["city.html", "district/440823.html"])
def test_a_page_prints_on_a4_with_its_head_on_every_sheet(
    open_page: Callable[..., Any], published: Path, tmp_path: Path, name: str
) -> None:
    page = open_page(name)
    fingerprint = page.locator(".page-code b").inner_text()
    sheets = printed(page, tmp_path / "page.pdf")
    assert 2 <= len(sheets) <= 25
    for number, sheet in enumerate(sheets, 1):
        flat = sheet.replace(" ", "")
        assert fingerprint in flat, f"sheet {number} has no running head"
        assert f"—{number}/{len(sheets)}—" in flat
        assert "示例数据（模拟）" in flat
    flat = ["".join(sheet.split()) for sheet in sheets]
    said = page.locator(".zj-figure").evaluate_all(
        "all => all.filter(f => !f.closest('details')).map(f => f.querySelector('.zj-say')?.textContent ?? '')"
    )
    assert len(said) >= 3  # those outside the annexes, which are folded on the screen and left out on paper
    for sentence in filter(None, said):
        assert any("".join(sentence.split())[:16] in sheet for sheet in flat), f"a figure is lost: {sentence}"


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs poppler-utils")
def test_no_figure_and_no_row_is_cut_by_the_end_of_a_sheet(open_page: Callable[..., Any], tmp_path: Path) -> None:
    page = open_page("district/440823.html")
    page.emulate_media(media="print")
    rules = "e => [getComputedStyle(e).breakInside, e.getBoundingClientRect().height]"
    for selector in ("figure", "tr"):
        for inside, height in page.locator(selector).evaluate_all(f"all => all.map({rules})"):
            assert inside == "avoid", selector
            assert height < 225 / 25.4 * 96, f"{selector} is higher than the type area"
    assert page.locator("thead").first.evaluate("e => getComputedStyle(e).display") == "table-header-group"


def test_the_map_shows_the_chosen_indicator_without_script_and_by_keyboard(open_page: Callable[..., Any]) -> None:
    page = open_page("index.html", script=False)
    shown = page.locator(".tiles ul:visible")
    assert shown.count() == 1
    assert shown.get_attribute("aria-label") == "各地时限压缩率"
    page.get_by_role("radio", name="时限压缩率").focus()
    page.keyboard.press("ArrowRight")
    second = page.locator(".tiles ul").nth(1).get_attribute("aria-label")
    assert (shown.count(), shown.get_attribute("aria-label")) == (1, second)
    assert re.search(r"遂溪县\s*[\d.]+(%|次)\s+(优于|相当|落后|不作判断)", shown.inner_text())
    assert shown.get_by_role("link", name="遂溪县").get_attribute("href") == "district/440823.html"


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs poppler-utils")
def test_the_index_of_a_city_with_ten_districts_prints_on_one_sheet(
    open_page: Callable[..., Any], published: Path, tmp_path: Path
) -> None:
    entries = read_manifest(published)
    one = entries["district/4408Z1"]
    names = [f"district/{code}" for code in range(440801, 440809)]
    many = [*entries.values(), *(replace(one, key=key, status=STALE, reason="笔记本第 5 格出错") for key in names)]
    folder = tmp_path / published.name
    write_manifest(folder, many)
    for key in [*entries, *names]:
        for suffix in (".html", ".xlsx", ".ipynb"):
            (folder / f"{key}{suffix}").parent.mkdir(exist_ok=True)
            (folder / f"{key}{suffix}").write_bytes(b"")
    page = open_page(write_index(folder))
    assert page.locator("tbody tr").count() == 11
    assert page.locator(".index-troubles li").count() == 8
    sheets = printed(page, tmp_path / "index.pdf")
    assert len(sheets) == 1
    assert "湛江市" in sheets[0]


def test_text_can_be_selected(open_page: Callable[..., Any]) -> None:
    page = open_page("district/440823.html")
    page.keyboard.press("Control+A")
    chosen = page.evaluate("() => getSelection().toString()")
    assert "遂溪县政务服务效能监测通报" in chosen
    assert "工作日" in chosen


# --- the three-minute reader ------------------------------------------------------------------------------------------

BUDGET = {"city.html": 5, "district/440823.html": 4}  # sheets of A4 for the main part


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs poppler-utils")
@pytest.mark.parametrize("name", BUDGET)
def test_the_main_part_keeps_to_its_sheets_and_prints_what_to_do(
    open_page: Callable[..., Any], tmp_path: Path, name: str
) -> None:
    page = open_page(name)
    sheets = printed(page, tmp_path / "page.pdf")
    assert len(sheets) <= BUDGET[name]
    steps = page.locator("main .zj-table", has_text="先办事项").first.locator("tbody tr th + td").all_inner_texts()
    assert steps
    first = "".join(sheets[0].split())
    assert all("".join(step.split())[:6] in first for step in steps), "the first sheet holds every first step"


def test_the_answer_stands_on_the_first_screen(open_page: Callable[..., Any]) -> None:
    for name in BUDGET:
        page = open_page(name)
        last = page.locator("main .zj-table", has_text="先办事项").first.locator("tbody tr").last
        assert last.evaluate("e => e.getBoundingClientRect().bottom") <= 900, name
        phone = open_page(name, width=390)
        assert phone.locator(".zj-answer dd").last.evaluate("e => e.getBoundingClientRect().bottom") <= 844
        first = phone.locator("svg.zj-phone text").nth(4)  # name, value, 达标, 判断, place and change of the first one
        assert first.evaluate("e => e.getBoundingClientRect().bottom") <= 844, name


def test_every_word_of_the_first_figure_has_its_line(open_page: Callable[..., Any]) -> None:
    page = open_page("district/440823.html")
    terms = {term.rstrip("：") for term in page.locator(".zj-gloss dt").all_inner_texts()}
    words = set(page.locator("svg.zj-desk text").all_text_contents())
    assert {"时限压缩率", "跑动率", "即办率", "达标", "判断"} <= terms & words
    assert {"兄弟县区", "位次区间"} <= terms
    assert page.locator(".zj-gloss").evaluate("e => e.getBoundingClientRect().bottom") <= 1000


@pytest.mark.parametrize("name", BUDGET)
def test_the_trends_of_the_six_take_a_quarter_of_a_sheet_in_the_main_part(
    open_page: Callable[..., Any], name: str
) -> None:
    page = open_page(name)
    page.emulate_media(media="print")
    figure = page.locator("main > .zj-figure, main .zj-figure", has_text="走势").first
    assert not figure.evaluate("e => !!e.closest('details')")
    assert (
        len(re.findall("持续改善|持续变差|异常点|平稳", " ".join(figure.locator("svg text").all_text_contents()))) >= 6
    )
    assert figure.locator("svg").evaluate("e => e.getBoundingClientRect().height") <= 297 / 4 / 25.4 * 96


def test_three_tasks_of_a_reader_take_no_scroll_and_two_clicks(open_page: Callable[..., Any], published: Path) -> None:
    page = open_page("index.html")
    page.click("text=遂溪县 >> nth=0")  # the county, from the index
    rows = page.locator("svg.zj-desk text", has_text=re.compile("率$|次数$"))
    worst = read_manifest(published)["district/440823"].cards[0]["label"]
    assert rows.first.text_content() == worst  # the worst indicator leads the figure on the first screen
    assert rows.first.evaluate("e => e.getBoundingClientRect().bottom") <= 900
    step = page.locator("main .zj-table", has_text="先办事项").first.locator("tbody tr").first
    assert step.evaluate("e => e.getBoundingClientRect().bottom") <= 900
    assert step.locator("td").nth(1).inner_text()  # its department
    page.click(".page-way a:has-text('›')")  # the next county: two clicks from the index
    assert page.locator("h1").inner_text().startswith("湛江经济技术开发区")
    assert page.locator("svg.zj-desk").first.evaluate("e => e.getBoundingClientRect().bottom") <= 900


def test_every_link_of_a_copied_folder_and_of_an_unpacked_bundle_leads_somewhere(
    published: Path, tmp_path: Path
) -> None:
    copied = shutil.copytree(published, tmp_path / "U 盘" / "2021Q1")
    bundle(published, out=tmp_path / "zips")
    for archive in (tmp_path / "zips").glob("*.zip"):
        shutil.unpack_archive(archive, tmp_path / "unpacked" / archive.stem)
    pages = [*copied.rglob("*.html"), *(tmp_path / "unpacked").rglob("*.html")]
    assert len(pages) >= 4 + 4 + 2
    for page in pages:
        for href in re.findall(r'href="([^"#]+)"', page.read_text(encoding="utf-8")):
            assert (page.parent / unquote(href)).is_file(), (page.relative_to(tmp_path), href)
    alone = next(page for page in pages if page.name == "遂溪县.html").read_text(encoding="utf-8")
    assert re.findall(r'<nav class="page-way".*?</nav>', alone)
    assert "总览" not in re.search(r'<nav class="page-way".*?</nav>', alone)[0]
