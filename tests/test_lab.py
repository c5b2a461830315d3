"""Notebook 00 in a real JupyterLab in a real browser: choose, and figure, table, plan and code follow."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")
pytest.importorskip("ipywidgets")

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = next((found for name in ("chromium", "google-chrome") if (found := shutil.which(name))), "")
PATIENCE = 90_000  # milliseconds; a loaded machine starts a kernel slowly


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[str]:
    """Start ``zj lab`` with settings of its own; gives the address of its notebooks folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHONWARN")}
    environment |= {"JUPYTER_CONFIG_DIR": str(tmp_path / "config"), "JUPYTER_DATA_DIR": str(tmp_path / "data")}
    extra = [
        "--IdentityProvider.token=",
        "--ServerApp.allow_root=True",
        "--LabApp.expose_app_in_browser=True",
        f"--LabApp.workspaces_dir={tmp_path / 'spaces'}",
    ]
    command = [sys.executable, "-m", "zjanalysis", "lab", "--no-browser", "--port", str(port), "--", *extra]
    with (tmp_path / "lab.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True)
    address = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + PATIENCE / 1000
        while time.monotonic() < end and process.poll() is None:
            with suppress(OSError), urllib.request.urlopen(f"{address}/api", timeout=2):
                break
            time.sleep(0.2)
        else:
            pytest.fail((tmp_path / "lab.log").read_text(encoding="utf-8", errors="replace")[-2000:])
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(15)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture
def desk(lab: str) -> Iterator[Any]:
    """Open notebook 00 and run all its cells."""
    if not CHROMIUM:
        pytest.fail("the test of the Lab needs Chromium (Debian: chromium)")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1600, "height": 1200})
        page.set_default_timeout(PATIENCE)
        page.goto(f"{lab}/lab/tree/00_explore.ipynb")
        page.locator(".jp-Notebook .jp-Cell").first.wait_for()
        page.locator(".jp-RenderedMarkdown h1", has_text="随手分析").wait_for()
        for _ in range(8):  # a command given before the notebook's kernel is there is lost
            page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
            with suppress(playwright.TimeoutError):
                page.locator(".widget-dropdown select").first.wait_for(timeout=PATIENCE / 8)
                break
        yield page
        browser.close()


@pytest.mark.skipif(os.name != "posix", reason="the server is ended by its process group")
def test_what_is_shown_follows_the_choice(desk: Any, tmp_path: Path) -> None:
    code = desk.locator(".widget-textarea textarea")
    figure = desk.locator(".zj-exhibit img").first
    figure.wait_for()
    desk.locator("table.dataTable").first.wait_for()
    sentence = desk.locator(".zj-exhibit .zj-say").first
    first = (sentence.inner_text(), figure.get_attribute("src"), desk.locator("table.dataTable").first.inner_text())
    assert "湛江市" in first[0]
    chooser = desk.get_by_label("指标", exact=True)
    desk.locator(".jp-Notebook .jp-CodeCell").last.locator(
        ".jp-OutputArea-output table"
    ).wait_for()  # all cells have run
    chooser.select_option(index=5)
    desk.wait_for_function("old => document.querySelector('.zj-exhibit .zj-say').innerText !== old", arg=first[0])
    assert figure.get_attribute("src") != first[1]
    desk.wait_for_function("old => document.querySelector('table.dataTable').innerText !== old", arg=first[2])
    assert "target=" in code.input_value()
    desk.get_by_label("地区", exact=True).select_option(label="遂溪县")
    desk.wait_for_function("() => document.querySelector('.zj-exhibit .zj-say').innerText.includes('遂溪县')")
    assert "region='440823'" in code.input_value()
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


def moves(page: Any, key: str, place: str) -> None:
    """Press a key and wait until what stands in a place is another; the focus stays on the widget changed."""
    where, old = focused(page), page.locator(place).first.evaluate("e => e.value ?? e.outerHTML")
    page.keyboard.press(key)
    page.wait_for_function(
        "([place, old]) => { const e = document.querySelector(place); return e && (e.value ?? e.outerHTML) !== old }",
        arg=[place, old],
    )
    assert focused(page) == where, "the focus is taken away"


@pytest.mark.skipif(os.name != "posix", reason="the server is ended by its process group")
def test_the_desk_works_from_the_keyboard(desk: Any) -> None:
    """Nothing but keys: from the last cell up to the desk, through every chooser, the target and the button."""
    code, say, plan = ".widget-textarea textarea", ".zj-exhibit .zj-say", ".zj-desk .zj-exhibit:last-of-type"
    desk.locator(".jp-CodeCell").last.locator(".jp-OutputArea-output table").wait_for()  # all cells have run
    desk.locator(say).first.wait_for()
    for key in ("Escape", "ArrowUp", "ArrowUp", "Tab", "Tab"):
        desk.keyboard.press(key)
    assert focused(desk) == "地区"
    for title, place in (("地区", say), ("比较对象", say), ("指标", say), ("部门", say), ("口径", code)):
        assert focused(desk) == title
        for key in ("ArrowDown", "ArrowUp", "ArrowDown"):
            moves(desk, key, place)
        assert desk.locator(f"{code}").input_value()
        desk.keyboard.press("Tab")
    assert focused(desk) == "目标"
    for key in ("ArrowRight", "PageUp", "Home"):
        moves(desk, key, code)
    desk.keyboard.press("Tab")  # the number beside the slider can be typed
    desk.keyboard.press("Tab")
    assert focused(desk) == "送到报告"
