"""The warm engine: outputs as from a real kernel, and nothing left behind for the next report."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest

from zjanalysis.errors import PublishError
from zjanalysis.publish.build import Options, build
from zjanalysis.publish.engine import portable
from zjanalysis.publish.jobs import Job
from zjanalysis.publish.release import certified_digest
from zjanalysis.settings import Settings

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parent.parent.parent
Jobs = Callable[..., tuple[Job, ...]]
Notebook = Callable[..., Path]

TORTURE = """
import asyncio, os, sys, warnings
from IPython.display import HTML, Markdown, clear_output, display, update_display
print("先删去"); clear_output()
print("一"); print("二", end=""); print(1, 2, sep="、", file=sys.stderr)
display(HTML("<b>甲</b>"), Markdown("*乙*"), {"丙": 1})
display("旧", display_id="x"); update_display("新", display_id="x")
warnings.warn("注意")
os.system("echo 来自子进程")
await asyncio.sleep(0)
import pandas as pd
pd.DataFrame({"数": [1, None]})
"""
FIGURE = """
import matplotlib.pyplot as plt
figure, axes = plt.subplots(figsize=(2, 1)); axes.plot([1, 2]); axes.set_title("title")
"""


def outputs(folder: Path, code: str) -> list[Any]:
    """Return count and outputs of every cell; the line of a warning that names a file of the run is left out."""
    executed = json.loads((folder / "district" / f"{code}.ipynb").read_text(encoding="utf-8"))
    found = [(cell.get("execution_count"), cell.get("outputs", [])) for cell in executed["cells"]]
    for _, shown in found:
        for output in shown:
            lines = "".join(output.get("text", "")).splitlines()
            output["text"] = "\n".join(line for line in lines if "ipykernel_" not in line and "<ipython" not in line)
    return found


def test_outputs_equal_those_of_a_real_kernel(
    settings: Settings, jobs_of: Jobs, folder: Path, notebook: Notebook
) -> None:
    """The second is a notebook that names no kernel."""
    notebook(settings.root / "notebooks" / "tiny.ipynb", extra=FIGURE + 'print("甲")\n1 + 1')
    book = json.loads((settings.root / "notebooks" / "tiny.ipynb").read_text(encoding="utf-8"))
    bare = json.dumps({**book, "metadata": {}}, ensure_ascii=False)
    (settings.root / "notebooks" / "bare.ipynb").write_text(bare, encoding="utf-8")
    jobs, shown = jobs_of(r440803="bare.ipynb")[:2], []
    for name in ("kernel", "warm", "spawn"):
        options = Options(engine=name, force=True, workers=1)
        summary = build(jobs, out=folder.parent, settings=settings, options=options, progress=lambda line: None)
        assert summary.failed == (), summary.lines
        shown.append(outputs(folder, "440802") + outputs(folder, "440803"))
    assert any("image/png" in json.dumps(cell) for cell in shown[0])
    assert shown[0] == shown[1]
    assert shown[0] == shown[2]


def test_streams_displays_updates_and_top_level_await_equal_a_real_kernel(
    settings: Settings, jobs_of: Jobs, folder: Path, notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # a kernel that sees it does not listen to its file descriptors
    notebook(settings.root / "notebooks" / "tiny.ipynb", extra=TORTURE)
    shown = []
    for name in ("kernel", "warm"):
        options = Options(engine=name, force=True)
        build(jobs_of()[:1], out=folder.parent, settings=settings, options=options, progress=lambda line: None)
        kinds: dict[str, str] = {}
        for _, cell in outputs(folder, "440802"):
            for output in cell:
                name_of = output.get("name") or output["output_type"]
                body = output.get("text") or json.dumps(output.get("data"), ensure_ascii=False, sort_keys=True)
                kinds[name_of] = kinds.get(name_of, "") + body
        shown.append(kinds)
    kernel, warm = shown
    assert sorted(kernel["stdout"].split()) == sorted(warm["stdout"].split())  # the child's line has no fixed place
    assert "来自子进程" in warm["stdout"]
    assert "先删去" not in warm["stdout"]
    assert kernel["display_data"] == warm["display_data"]
    assert '"新"' in json.dumps(warm["display_data"], ensure_ascii=False) or "新" in warm["display_data"]
    assert kernel["execute_result"] == warm["execute_result"]
    assert "1、2" in kernel["stderr"]
    assert "1、2" in warm["stderr"]


@pytest.mark.parametrize("name", ["kernel", "warm"])
def test_magics_of_windows_run_and_what_asks_is_told_where_the_value_goes(
    name: str, settings: Settings, jobs_of: Jobs, folder: Path, notebook: Notebook
) -> None:
    told: list[str] = []
    notebook(settings.root / "notebooks" / "tiny.ipynb", extra="%matplotlib inline\n%gui\n" + FIGURE)
    notebook(settings.root / "notebooks" / "asks.ipynb", extra='n = input("几项？")')
    options, jobs = Options(engine=name, workers=1), jobs_of(r440803="asks.ipynb")[:2]
    summary = build(jobs, out=folder.parent, settings=settings, options=options, progress=told.append)
    assert summary.released == ("district/440802",), told
    assert summary.failed == ("district/440803",), told
    assert "生成报告时没有人回答 input(" in "".join(told)
    assert "提示：把要问的值写进 parameters 单元" in "".join(told)
    assert "JupyterLab" not in "".join(told)


def test_an_output_no_notebook_can_hold_is_told() -> None:
    shown = nbformat.from_dict({"output_type": "display_data", "data": {"text/html": 5}, "metadata": {}})
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("show()")])
    notebook.cells[0].outputs.append(shown)
    with pytest.raises(PublishError, match="笔记本的输出不合格式"):
        portable(notebook)


CANARY = """
import builtins, decimal, locale, os, random, sys, warnings
import matplotlib as mpl, numpy as np, pandas as pd
import zjanalysis.display.theme as theme, zjanalysis.display.wording as wording
state = [os.getcwd() == os.environ["ZJANALYSIS_ROOT"], os.environ.get("CANARY"), "/canary" in sys.path,
         mpl.rcParams["axes.titlesize"], mpl.rcParams["font.family"], pd.get_option("display.max_rows"),
         np.get_printoptions()["precision"], len(warnings.filters), decimal.getcontext().prec, hasattr(theme, "canary"),
         wording.MARKS.get("高于"), hasattr(builtins, "canary"), random.random(), float(np.random.random()),
         globals().get("left"), len(mpl._pylab_helpers.Gcf.figs), "canary_module" in sys.modules]
show('<p class="zj-say">' + repr(state).replace("<", "") + '</p>', kind="say", text="state")
import matplotlib.pyplot as plt
figure = plt.figure(); left = 1
os.makedirs("canary", exist_ok=True); open("canary/canary_module.py", "w").close()
sys.path.insert(0, os.path.abspath("canary"))
import canary_module
os.environ["CANARY"] = "1"; sys.path.append("/canary"); os.chdir("canary")
mpl.rcParams["axes.titlesize"] = 99; mpl.rcParams["font.family"] = ["cursive"]
pd.set_option("display.max_rows", 7); np.set_printoptions(precision=2); warnings.simplefilter("ignore")
decimal.getcontext().prec = 3; theme.canary = 1; wording.MARKS["高于"] = "canary"; builtins.canary = 1
random.seed(1); np.random.seed(1)
"""


@pytest.mark.parametrize(("engine", "workers"), [("warm", 2), ("spawn", 1)])
def test_twenty_reports_in_any_order_give_the_bytes_of_a_fresh_process(
    settings: Settings, jobs_of: Jobs, folder: Path, notebook: Notebook, engine: str, workers: int
) -> None:
    """The last of the twenty, which one spawned process has made, one after the other, is the one made alone."""
    notebook(settings.root / "notebooks" / "tiny.ipynb", extra=CANARY)
    first = jobs_of()[0]
    jobs = [replace(first, key=f"district/{number:02}") for number in range(20)]
    options = Options(engine=engine, workers=workers, timeout=60)
    random.Random(7).shuffle(jobs)
    for place, some in ((folder.parent / "fresh", jobs[-1:]), (folder.parent, jobs)):
        summary = build(some, out=place, settings=settings, options=options, progress=lambda line: None)
        assert summary.failed == (), summary.lines[:3]
    states = set()
    for job in jobs:
        text = (folder / f"{job.key}.html").read_text(encoding="utf-8")
        state = text.partition('<p class="zj-say">[')[2].partition("]</p>")[0]
        assert state.startswith("True, None, False, 'large'"), state
        assert state.endswith("None, 0, False"), state
        seeded = state.split(", ")
        states.add(", ".join(seeded[:-5] + seeded[-3:]))
    assert len(states) == 1, states
    for suffix in (".html", ".xlsx", ".ipynb"):
        alone = folder.parent / "fresh" / folder.name / f"{jobs[-1].key}{suffix}"
        assert certified_digest(folder / f"{jobs[-1].key}{suffix}") == certified_digest(alone)


def test_the_papermill_command_finds_the_engine_and_isolates_notebooks(
    settings: Settings, notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    forkserver._forkserver._stop()  # type: ignore[attr-defined]  as in a process that has built nothing
    path = notebook(settings.root / "notebooks" / "leaky.ipynb", parameters="name = 1", end="1", extra="")
    made = nbformat.read(path, as_version=4)
    made.cells = [
        made.cells[0],
        nbformat.v4.new_code_cell(
            "import os, sys; seen = [os.environ.get(one) for one in ('LEAK', 'NOW')]; os.environ['LEAK'] = '1'\n"
            "*seen, name, 'zjanalysis.display.blocks' in sys.modules"
        ),
    ]
    nbformat.write(made, path)
    shown = []
    for now in ("早", "晚"):  # a process that serves several notebooks has started none of them with what holds now
        monkeypatch.setenv("NOW", now)
        nb = papermill.execute_notebook(str(path), None, {"name": 7}, engine_name="zjanalysis", progress_bar=False)
        shown.append(nb.cells[-1].outputs[0].data["text/plain"])
    assert shown == ["(None, '早', 7, True)", "(None, '晚', 7, True)"]  # True: what reports need is loaded once
