"""The scenes around the reports: one build of all of them, then what is told about, passed on and held against them."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from book_text import book_text
from own_data import OWN_DATA
from page_text import apart, page_text, pictures
from scenes import REAL, passed_on
from stage import Step, in_process, perform, transcript

BUILD = "build --date 2021-04-15 --only city,440823,quality,plan,timeliness,ledger"
PAGE = "{root}/reports/2021Q1/district/440823.html"
MAIL = "地区,收件人,抄送\n遂溪县,sx@suixi.example.cn;bgs@suixi.example.cn,fgw@zhanjiang.example.cn\n湛江市,szf@zhanjiang.example.cn,\n茂南区,m@example.cn,\n"


def pages_and_books(folder: Path) -> dict[str, str]:
    """Return every page and workbook of a period as a text of its own, the style sheets once, and the pictures."""
    found: dict[str, str] = {}
    styles: dict[str, list[str]] = {}
    drawn = []
    for path in sorted(folder.rglob("*.*"), key=lambda path: path.as_posix()):
        key = path.relative_to(folder).with_suffix("").as_posix()
        name = f"reports-{key.replace('/', '-')}"
        if path.suffix == ".html":
            found[f"{name}-page"] = page_text(path)
            drawn += [f"{key}\n", *(f"{line}\n" for line in pictures(path))]
            for text in dict.fromkeys(apart(path)):
                styles.setdefault(text, []).append(key)
        if path.suffix == ".xlsx":
            found[f"{name}-book"] = book_text(path)
    told = "".join(f"* {' '.join(keys)}\n{text}\n" for text, keys in styles.items())
    return found | {"reports-styles": told, "pictures": "".join(drawn)}


def typed_from_paper(folder: Path) -> str:
    """Verify the fingerprint of a page as it is typed, then with a group that the page never had."""
    page = folder.parents[1] / "reports" / "2021Q1" / "district" / "440823.html"
    found = re.search(r'"fingerprint": "([0-9A-Z-]+)"', page.read_text(encoding="utf-8"))
    assert found is not None
    now = found.group(1)
    typed = {"现行": now.lower().replace("-", " "), "抄错末组": f"{now[:-3]}000", "抄错首末两组": f"000{now[3:-3]}000"}
    return "".join(transcript(f"verify {what}", in_process(["verify", word])) for what, word in typed.items())


def altered(folder: Path) -> None:
    """Make a copy of a page with a number changed, and the table of addresses."""
    page = folder.parents[1] / "reports" / "2021Q1" / "district" / "440823.html"
    (folder / "改过.html").write_bytes(page.read_bytes().replace("未达标".encode(), "已达标".encode(), 1))
    (folder / "收件人.csv").write_text(MAIL, encoding="utf-8", newline="\n")


def own_notebooks(folder: Path) -> str:
    """Tell which parameters stand in the notebooks written for the analyst."""
    told = []
    for path in sorted((folder.parents[1] / "notebooks" / "mine").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        tagged = [cell for cell in cells if cell["metadata"].get("tags")]
        told += [f"+++ {path.name}\n", *("".join(cell["source"]) + "\n" for cell in tagged), "\n"]
    return "".join(told)


def spoil(folder: Path) -> None:
    """Break two notebooks: one raises in its last but one cell, one ends too early."""
    for name in ("03_district_report.ipynb", "01_data_quality.ipynb"):
        path = folder / "notebooks" / name
        book = json.loads(path.read_text(encoding="utf-8"))
        cells = book["cells"]
        if name.startswith("03"):
            cells.insert(-1, cells[-1] | {"id": "spoilt", "source": "1 / 0"})
        else:
            cells.pop()
        path.write_text(json.dumps(book, ensure_ascii=False), encoding="utf-8", newline="\n")


PUBLISHED: tuple[Step, ...] = (
    "list", "list --period 2020Q4", f"list {REAL}", BUILD, "build --dry-run", f"build --dry-run {REAL}",
    f"{BUILD} --dry-run --force --limit 3", "index", altered, f"verify {PAGE}", "verify 改过.html", typed_from_paper,
    f"open {PAGE} --no-lab", f"open {PAGE} --no-lab", "open {root}/reports/2021Q1/ledger.html --no-lab", own_notebooks,
    "bundle --out 下发", "bundle --out 下发 --mail 收件人.csv", "bundle --period 2021Q9",
)  # fmt: skip
OTHER_PEERS: tuple[Step, ...] = (passed_on, "build --with 参数.toml --out 报告 --jobs 1 --date 2021-04-15")
FAILING: tuple[Step, ...] = (
    spoil, "build --date 2021-04-15 --only 440823,quality --jobs 1", "bundle --out 下发", "verify reports/2021Q1/district/440823.html",
    f"{BUILD} --dry-run",
)  # fmt: skip

REAL_CITY: tuple[Step, ...] = (
    "list",
    "build --only quality,plan,ledger,timeliness --date 2021-06-15 --jobs 1",
    "ledger init 台账.xlsx",
    "template 事项.xlsx",
)


def publish(root: Path) -> str:
    """Build all reports of the newest period, the one build that the other scenes share; give what was said."""
    return perform((f"!{BUILD}",), root / "work" / "build", root)


def failing(folder: Path, root: Path) -> str:
    """Run the scene of the failing reports in a copy of the project with its reports."""
    shutil.copytree(root, folder, ignore=shutil.ignore_patterns("work", "mine"))
    return perform(FAILING, folder, folder)


def real_city(folder: Path, root: Path) -> str:
    """Run the scene of another city, whose items are real ones and all there is: no peers, no cases, no earlier period."""
    for name in ("data/gd-2021-05", "notebooks"):
        shutil.copytree(root / name, folder / name)
    settings = (root / "zjanalysis.toml").read_text(encoding="utf-8")
    settings = settings.replace('focus = "440800"', 'focus = "440100"').replace("data/sample", "data/gd-2021-05")
    (folder / "zjanalysis.toml").write_text(settings, encoding="utf-8", newline="\n")
    return perform(REAL_CITY, folder, folder)


AFTER: dict[str, Callable[[Path, Path], dict[str, str]]] = {
    "reports": lambda folder, root: pages_and_books(root / "reports" / "2021Q1"),
    "reports-failing": lambda folder, root: {"reports-failing": failing(folder, root)},
    "reports-real-city": lambda folder, root: {"reports-real-city": real_city(folder, root)},
    "reports-own-data": lambda folder, root: {"reports-own-data": perform(OWN_DATA, folder, folder)},
    "reports-other-peers": lambda folder, root: {"reports-other-peers": perform(OTHER_PEERS, folder, root)},
    "reports-published": lambda folder, root: {"reports-published": perform(PUBLISHED, folder, root)},
}
