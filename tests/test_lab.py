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
