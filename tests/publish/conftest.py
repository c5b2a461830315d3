"""A tiny project: one notebook that shows hand-written blocks, a data set of a few bytes, no sample data needed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from zjanalysis.publish.jobs import Job
from zjanalysis.publish.snapshot import Sources, file_digests
from zjanalysis.settings import Settings

ROOT = Path(__file__).resolve().parent.parent.parent
PERIOD = "2021Q1"
REGIONS = {"440802": "赤坎区", "440803": "霞山区", "440804": "坡头区"}
MIME = "application/vnd.zjanalysis+json"

ABOUT = f'title = "微型"\nkind = "sample"\n[periods."{PERIOD}"]\ncutoff = "2021-03-31"\n'

PARAMETERS = 'data = ""\nperiod = ""\nregion = ""\npeers = ""\nreport_date = ""'
HEAD = """
from pathlib import Path
from IPython.display import display
names = {"440802": "赤坎区", "440803": "霞山区", "440804": "坡头区"}
text = (Path(data) / period / "items" / f"{region}.csv").read_text(encoding="utf-8").split()
def show(html, **block):
    display({"text/html": html, "application/vnd.zjanalysis+json": block}, raw=True)
"""
COVER = """
show(f'<header class="zj-cover"><p class="zj-band">示例数据（模拟）</p><h1>{names[region]}监测通报</h1></header>',
     kind="cover", region_code=region, region=names[region], period=period, title=f"{names[region]}监测通报",
     sample=True, report_date=report_date)
"""
CARDS = """
show(f'<p class="zj-say">平均跑动 {text[0]}次</p>', kind="answer", cards=[
    {"indicator": "visits", "label": "平均跑动次数", "value": float(text[0]), "text": f"{text[0]}次", "place": "1（1–3）/3",
     "rank": 1, "n_ranked": 3, "effect": -0.01, "meets_target": "达标", "verdict": "优于"}])
"""
EXHIBIT = """
show(f'<figure class="zj-figure"><figcaption><p class="zj-say">平均跑动{text[0]}次。</p></figcaption>'
     f'<svg role="img" aria-label="条形图：平均跑动{text[0]}次" viewBox="0 0 60 20"><rect width="60" height="20"/></svg>'
     f'<details class="zj-data"><summary>数据表：跑动次数（工作簿“跑动次数”页）</summary>'
     f'<div class="zj-table"><table><caption>跑动次数</caption><thead><tr><th scope="col">地区</th>'
     f'<th scope="col">次数（次）</th></tr></thead><tbody><tr><th scope="row">{names[region]}</th><td>{text[0]}</td>'
     f'</tr></tbody></table></div></details></figure>', kind="exhibit",
     table={"sheet": "跑动次数", "caption": "跑动次数", "note": "", "row_kinds": [],
            "columns": [{"key": "region", "label": "地区", "unit": "", "kind": "text"},
                        {"key": "visits", "label": "次数", "unit": "次", "kind": "visits"}],
            "rows": [[names[region], float(text[0])]]})
"""
END = """
show('<footer class="zj-end" data-zj-complete="true">（完）</footer>', kind="end", complete=True)
"""


def write_notebook(path: Path, *, extra: str = "", parameters: str = PARAMETERS, end: str = END) -> Path:
    """Write the tiny notebook; ``extra`` is one more code cell before the end."""
    code, text = nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell
    first = code(parameters, metadata={"tags": ["parameters"]})
    start = [first, code(HEAD.strip()), code(COVER.strip()), text("## 一、总体情况"), code(CARDS.strip())]
    rest = [
        text("## 二、跑动次数"),
        code(EXHIBIT.strip()),
        *([code(extra.strip())] if extra else []),
        code(end.strip()),
    ]
    for number, cell in enumerate([*start, *rest]):
        cell["id"] = f"c{number}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    about = {"kernelspec": kernel, "language_info": {"name": "python"}}
    path.parent.mkdir(parents=True, exist_ok=True)
    made = nbformat.v4.new_notebook(cells=[*start, *rest], metadata=about)
    path.write_text(nbformat.writes(made), encoding="utf-8")
    return path


def tiny_sources(settings: Settings, data: str, period: str, *_: object) -> Sources:
    """Read the tiny data set as ``read_sources`` reads a real one: ``<code>.csv`` holds ``<compared> <own>``."""
    files = file_digests(settings, data, period)
    paths = sorted((settings.path(data) / period / "items").glob("*.csv"))
    rows = {path.stem: path.read_text(encoding="utf-8").split() for path in paths}
    origins = {code: (f"{period}/items/{code}.csv",) for code in rows}
    digests = {code: (" ".join(words), words[0]) for code, words in rows.items()}
    return Sources(files, digests, origins, dict.fromkeys(rows, 1))


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A project folder (with a space and Chinese in its name) of three districts."""
    root = tmp_path / "项目 一"
    items = root / "data" / "tiny" / PERIOD / "items"
    items.mkdir(parents=True)
    (root / "zjanalysis.toml").write_text('data = "data/tiny"\n', encoding="utf-8")
    (root / "data" / "tiny" / "dataset.toml").write_text(ABOUT, encoding="utf-8")
    for number, code in enumerate(REGIONS):
        (items / f"{code}.csv").write_text(f"0.0{number + 1} 甲", encoding="utf-8")
    write_notebook(root / "notebooks" / "tiny.ipynb")
    monkeypatch.setattr("zjanalysis.publish.build.read_sources", tiny_sources)
    monkeypatch.setattr("zjanalysis.publish.build._snapshot", lambda *_: None)
    monkeypatch.setattr("zjanalysis.publish.provenance.package_digest", lambda rooms=(): "0" * 64)
    return Settings(root=root, data="data/tiny")


@pytest.fixture
def jobs_of(settings: Settings) -> Callable[..., tuple[Job, ...]]:
    """Return the jobs of the tiny project; a region's notebook can be replaced by name."""

    def make(**notebooks: str) -> tuple[Job, ...]:
        told = {"data": "data/tiny", "period": PERIOD, "peers": "", "report_date": "2021-04-15"}
        return tuple(
            Job(
                key=f"district/{code}",
                notebook=settings.root / "notebooks" / notebooks.get(f"r{code}", "tiny.ipynb"),
                region_code=code,
                region=name,
                period=PERIOD,
                data="data/tiny",
                focus="440800",
                place=PERIOD,
                parameters={**told, "region": code},
                reads=tuple(REGIONS),
            )
            for code, name in REGIONS.items()
        )

    return make


@pytest.fixture
def notebook() -> Callable[..., Path]:
    """Return the function that writes a tiny notebook."""
    return write_notebook


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder the period's reports go to; ``folder.parent`` is ``out``."""
    return tmp_path / "输出" / PERIOD


@pytest.fixture
def entries(folder: Path) -> Callable[[], dict[str, dict[str, object]]]:
    """Return the function that reads the manifest's entries as JSON, by key."""
    return lambda: {e["key"]: e for e in json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["reports"]}


@pytest.fixture
def edit(settings: Settings) -> Callable[[str, str], None]:
    """Return the function that rewrites one district's file: ``<what others compare> <its own text>``."""

    def write(code: str, text: str) -> None:
        (settings.root / "data" / "tiny" / PERIOD / "items" / f"{code}.csv").write_text(text, encoding="utf-8")

    return write


@pytest.fixture
def lives() -> Callable[[int], bool]:
    """Return the function that tells whether a process runs; one that has ended and waits to be buried does not."""

    def check(process: int) -> bool:
        try:
            os.kill(process, 0)
            status = Path(f"/proc/{process}/stat")
            return not status.exists() or status.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
        except (ProcessLookupError, FileNotFoundError):
            return False

    return check
