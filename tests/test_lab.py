"""A real JupyterLab in a real browser: the desk of notebook 00, and a report changed and built as a new analyst would."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.conftest import zj

pytestmark = pytest.mark.e2e

playwright = pytest.importorskip("playwright.sync_api")
pytest.importorskip("ipywidgets")

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = next((found for name in ("chromium", "google-chrome") if (found := shutil.which(name))), "")
PATIENCE = 90_000  # milliseconds; a loaded machine starts a kernel slowly
IDLE = """() => {
  const kernel = window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel;
  return kernel?.connectionStatus === "connected" && kernel.status === "idle";
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the project, of the server's settings and of its log."""
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="module")
def project(folder: Path, warm: Callable[[Path], None]) -> Path:
    """Return a project folder of its own, with the notebook, the sample and the settings; every test opens its own notebook."""
    root = folder / "项目 一"
    shutil.copytree(ROOT / "data" / "sample", root / "data" / "sample")
    warm(root)
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    shutil.copy(ROOT / "zjanalysis.toml", root)
    return root


@pytest.fixture(scope="module")
def lab(folder: Path, project: Path) -> Iterator[str]:
    """Start ``zj lab`` with settings of its own, once; gives the address of its notebooks folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHONWARN")}
    environment |= {"JUPYTER_CONFIG_DIR": str(folder / "config"), "JUPYTER_DATA_DIR": str(folder / "data")}
    environment["ZJANALYSIS_ROOT"] = str(project)
    extra = [
        "--IdentityProvider.token=",
        "--ServerApp.allow_root=True",
        "--LabApp.expose_app_in_browser=True",
        f"--LabApp.workspaces_dir={folder / 'spaces'}",
    ]
    command = [sys.executable, "-m", "zjanalysis", "lab", "--no-browser", "--port", str(port), "--", *extra]
    with (folder / "lab.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=project, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    address = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + PATIENCE / 1000
        while time.monotonic() < end and process.poll() is None:
            with suppress(OSError), urllib.request.urlopen(f"{address}/api", timeout=2):
                break
            time.sleep(0.2)
        else:
            pytest.fail((folder / "lab.log").read_text(encoding="utf-8", errors="replace")[-2000:])
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(15)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def window(lab: str) -> Iterator[Any]:
    """Start a browser once the Lab is up; what it has fetched stays with it."""
    if not CHROMIUM:
        pytest.fail("the test of the Lab needs Chromium (Debian: chromium)")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium.new_context(viewport={"width": 1600, "height": 1200})
        chromium.close()


@pytest.fixture
def browser(window: Any) -> Iterator[Any]:
    """Return a page of the browser."""
    page = window.new_page()
    page.set_default_timeout(PATIENCE)
    yield page
    page.close()


def opened(page: Any, lab: str, notebook: str) -> Any:
    """Open a notebook in a workspace of the Lab that is its own, and wait for its kernel."""
    page.goto(f"{lab}/lab/workspaces/{Path(notebook).stem}/tree/{notebook}")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for()
    page.wait_for_function(IDLE)
    return page


@pytest.fixture
def desk(lab: str, browser: Any, project: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Open a copy of notebook 00, with a kernel that nobody has used, and run all its cells."""
    copy = project / "notebooks" / f"{request.node.name}.ipynb"
    shutil.copy(project / "notebooks" / "00_explore.ipynb", copy)
    page = opened(browser, lab, copy.name)
    page.locator(".jp-RenderedMarkdown h1", has_text="随手分析").wait_for()
    for _ in range(3):  # a command lost never ends: it is not waited for, but given again
        page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
        with suppress(playwright.TimeoutError):
            page.locator(".widget-dropdown select").first.wait_for(timeout=PATIENCE / 3)
            break
    yield page
    copy.unlink()


@pytest.mark.skipif(os.name != "posix", reason="the server is ended by its process group")
def test_what_is_shown_follows_the_choice(desk: Any, tmp_path: Path) -> None:
    code = desk.locator(".widget-textarea textarea")
    figure = desk.locator(".zj-figure svg").first
    figure.wait_for()
    desk.locator("table.dataTable").first.wait_for()
    sentence = desk.locator(".zj-figure .zj-say").first
    first = (sentence.inner_text(), figure.inner_html(), desk.locator("table.dataTable").first.inner_text())
    assert "湛江市" in first[0]
    chooser = desk.get_by_label("指标", exact=True)
    desk.locator(".jp-Notebook .jp-CodeCell").last.locator(
        ".jp-OutputArea-output table"
    ).wait_for()  # all cells have run
    chooser.select_option(index=5)
    desk.wait_for_function(
        "old => (document.querySelector('.zj-figure .zj-say')?.innerText ?? old) !== old", arg=first[0]
    )
    assert figure.inner_html() != first[1]
    desk.wait_for_function("old => (document.querySelector('table.dataTable')?.innerText ?? old) !== old", arg=first[2])
    assert "target=" in code.input_value()
    desk.get_by_label("地区", exact=True).select_option(label="遂溪县")
    desk.wait_for_function("() => document.querySelector('.zj-figure .zj-say')?.innerText.includes('遂溪县')")
    playwright.expect(code).to_have_value(re.compile("region='440823'"), timeout=PATIENCE)
    assert re.search("运行|文件", desk.locator("#jp-top-panel, .lm-MenuBar").first.inner_text()), (
        "the Lab speaks Chinese"
    )
    assert desk.locator("table.dataTable").first.evaluate("e => getComputedStyle(e).display") == "table"
    picture = Path(os.environ.get("ZJANALYSIS_PICTURES", tmp_path)) / "lab.png"
    desk.screenshot(path=str(picture))
    assert picture.stat().st_size > 50_000


def focused(page: Any) -> str:
    """Say which of the desk's widgets has the focus, by its title; empty where none has it."""
    title: str = page.evaluate(
        "() => document.activeElement.closest('.zj-desk .widget-inline-hbox, .zj-desk .jupyter-button')"
        "?.innerText.trim().split('\\n')[0] ?? ''"
    )
    return title


def tab_to(page: Any, title: str, *, within: int) -> None:
    """Press Tab until a widget has the focus."""
    for _ in range(within):
        page.keyboard.press("Tab")
        if focused(page) == title:
            return
    pytest.fail(f"Tab does not reach {title}")


def moves(page: Any, key: str, place: str) -> None:
    """Press a key and wait until what stands in a place is another; the focus stays on the widget changed."""
    where, old = focused(page), page.locator(place).first.evaluate("e => e.value ?? e.outerHTML")
    page.keyboard.press(key)
    changed = "([place, old]) => (e => e && (e.value ?? e.outerHTML) !== old)(document.querySelector(place))"
    try:
        page.wait_for_function(changed, arg=[place, old])
    except playwright.TimeoutError:
        pytest.fail(f"{key} on {where} moves nothing at {place}; the focus is on {focused(page)!r}")
    assert focused(page) == where, "the focus is taken away"


def appears(page: Any, path: Path) -> str:
    """Wait until a file is there; gives its text."""
    end = time.monotonic() + PATIENCE / 1000
    while not path.exists() and time.monotonic() < end:
        page.wait_for_timeout(50)
    return path.read_text(encoding="utf-8")


SENTENCE = ".zj-desk .zj-figure .zj-say"
PLAN = ".zj-desk .widget-hbox > .widget-output:nth-child(2) .zj-say"
CHOOSERS = {
    "地区": ("ArrowDown", "ArrowUp", "ArrowDown", "ArrowDown"),
    "比较对象": ("ArrowDown", "ArrowUp"),
    "指标": ("ArrowDown", "End", "Home"),
    "部门": ("ArrowDown", "ArrowUp"),
    "口径": ("ArrowDown", "End"),
}  # every one of these keys changes the sentence under the figure


@pytest.mark.skipif(os.name != "posix", reason="the server is ended by its process group")
def test_the_desk_works_from_the_keyboard(desk: Any, project: Path) -> None:
    """Nothing but keys: from the last cell up to the desk, through every chooser, the target, the button, the code."""
    desk.locator(".jp-CodeCell").last.locator(".jp-OutputArea-output table").wait_for()  # all cells have run
    desk.locator(PLAN).wait_for()
    assert [table.is_visible() for table in desk.locator(".zj-main .zj-data").all()] == [False]  # it stands below
    for key in ("Escape", "ArrowUp", "ArrowUp"):  # from the last cell to the cell of the desk
        desk.keyboard.press(key)
    for title, keys in CHOOSERS.items():
        tab_to(desk, title, within=4)
        for key in keys:
            moves(desk, key, SENTENCE)
    tab_to(desk, "目标", within=1)
    for key in ("Home", "ArrowRight", "PageUp"):
        moves(desk, key, PLAN)
    desk.keyboard.press("Tab")  # the number beside the slider can be typed
    desk.keyboard.press("Control+a")
    desk.keyboard.type("0.25")
    moves(desk, "Enter", PLAN)
    tab_to(desk, "送到报告", within=1)
    desk.keyboard.press("Enter")
    desk.get_by_text("已写入").wait_for()
    (written,) = (project / "reports" / "mine").iterdir()
    written.unlink()
    desk.keyboard.press("Space")
    assert f'only = "{written.stem}"' in appears(desk, written)
    assert focused(desk) == "送到报告"
    tab_to(desk, "代码", within=40)  # past the tables, whose columns and pages are stops as well
    desk.wait_for_function("() => getSelection().toString().startsWith('me = zj.study(')")


FIGURE = """counts = me.own.groupby("department", as_index=False)["visits"].mean().nlargest(8, "visits")
axes = sns.barplot(counts, x="visits", y="department")
zj.show(zj.exhibit(axes, title="各部门平均跑动次数", table=counts, source=me))"""
RUN_ALL = "运行所有单元格"
ENDED = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter(cell => cell.model.type === "code").every(cell => cell.model.executionCount)"""


def typed(page: Any, *, parameter: str, after: str, cell: str) -> None:
    """Change a line of the parameters and add a cell below the one that holds some words, as a person would."""
    page.locator(".jp-CodeCell .cm-line", has_text=parameter.split("=", 1)[0].strip()).first.click()
    for key in ("End", "Shift+Home"):
        page.keyboard.press(key)
    page.keyboard.insert_text(parameter)
    page.locator(".jp-CodeCell", has_text=after).first.locator(".jp-InputPrompt").click()
    for key in ("Escape", "b", "Enter"):
        page.keyboard.press(key)
    page.keyboard.insert_text(cell)


def run_all(page: Any) -> None:
    """Run all cells by the menu and wait until the notebook has come to its end."""
    page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^运行$")).click()
    page.locator(".lm-Menu-itemLabel", has_text=RUN_ALL).first.click()
    page.wait_for_function(ENDED, timeout=4 * PATIENCE)
    page.wait_for_function(IDLE)


@pytest.mark.skipif(os.name != "posix", reason="the server is ended by its process group")
def test_a_new_analyst_changes_the_peers_adds_a_figure_and_builds_that_report(
    lab: str, browser: Any, project: Path
) -> None:
    """From README: open the Lab, change a parameter, add a seaborn figure by department, run all, build that report."""
    started = time.monotonic()
    page = opened(browser, lab, "03_district_report.ipynb")
    seconds = {"notebook open": time.monotonic() - started}
    typed(page, parameter='peers: str = "茂名各县区"', after="sns.histplot", cell=FIGURE)
    run_all(page)
    seconds["all cells run"] = time.monotonic() - started
    page.keyboard.press("Control+s")
    page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    shown = json.loads((project / "notebooks" / "03_district_report.ipynb").read_text(encoding="utf-8"))["cells"]
    outputs = {"".join(cell["source"]): cell.get("outputs", []) for cell in shown}
    (added,) = (some for code, some in outputs.items() if "sns.barplot" in code)
    assert ["".join(out["data"]["text/html"]).count("<svg") for out in added] == [1]
    assert not [out for some in outputs.values() for out in some if out["output_type"] in ("error", "stream")]
    done = zj("build", "--only", "遂溪县", root=project)
    seconds["report built"] = time.monotonic() - started
    print("；".join(f"{step} {passed:.1f} s" for step, passed in seconds.items()))
    assert done.returncode == 0, done.stdout + done.stderr
    made = project / "reports" / "2021Q1" / "district" / "440823"
    html = made.with_suffix(".html").read_text(encoding="utf-8")
    assert 'aria-label="图：各部门平均跑动次数' in html
    assert "茂名的5个县区" in html
    sheet = openpyxl.load_workbook(made.with_suffix(".xlsx"), read_only=True)["各部门平均跑动次数"]
    assert sum(isinstance(row[-1], (int, float)) for row in sheet.iter_rows(values_only=True)) == 8


def test_the_words_of_the_texts_are_those_of_the_menu() -> None:
    """The menu is clicked by these words above; the notebook and the tutorial must say no others."""
    texts = [ROOT / "notebooks" / "00_explore.ipynb", ROOT / "README.zh-CN.md", *(ROOT / "docs" / "guide").glob("*")]
    told = "".join(path.read_text(encoding="utf-8") for path in texts)
    assert RUN_ALL in told
    assert "运行全部单元格" not in told
