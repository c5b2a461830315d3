"""Every command and code block of the README files and docs/guide is run as a reader would run it.

In a ``console`` block a line ``$ zj …`` is a command and the lines under it are output that must appear, ``…`` standing
for anything. ``python`` blocks run, their ``# → `` lines are output. ``toml`` and ``yaml`` blocks are written to the file their
first line names, ``diff`` blocks are applied to the package. What cannot be run here is fenced otherwise and counted.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import partial, reduce
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from papermill.cli import papermill

from tests.conftest import STARTED, inside, zj
from zjanalysis.cli import make_parser
from zjanalysis.inputs.regions import find_code

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "README.zh-CN.md", *sorted((ROOT / "docs" / "guide").glob("*.md"))]
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.S | re.M)
RUN = {"console", "python", "toml", "yaml", "diff"}
PRESET = {"data": "data/sample", "period": "2021Q1", "region": "", "peers": ""}  # of the notebooks
EXECUTED: set[str] = set()
ALLOWED = (0, 1)  # 1 is what check and ledger say when they found something; a wrong call is 2 and more
# Blocks that cannot be run here, by page: what they would need is said beside them.
LEFT = {
    "README.md": {"text": 2},  # set-up and tests themselves, the layout of folders
    "README.zh-CN.md": {"text": 2},
    "docs/guide/closed-network.md": {"text": 2, "powershell": 1},  # needs two machines
    "docs/guide/own-data.md": {"text": 1},  # the layout of folders
    "docs/guide/new-indicator.md": {"text": 1},  # the commands of a developer's checkout
    "docs/guide/papermill.md": {"text": 1},  # a second converter beside our own
    "docs/guide/new-report.md": {"json": 1},  # what is pasted into the Lab
    "docs/guide/schedule.md": {"text": 3, "powershell": 3},  # crontab and 任务计划
    "docs/guide/scale.md": {"text": 5},  # needs a Dask, PostgreSQL or Spark cluster, or a province
}


def blocks(page: Path) -> list[tuple[str, str]]:
    return [(language.strip(), text) for language, text in FENCE.findall(page.read_text(encoding="utf-8"))]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, warm: Callable[[Path], None]) -> Path:
    """A project folder with the package in it, its sample read before, so that every page starts warm."""
    root = tmp_path_factory.mktemp("项目 一") / "zj"
    for name in ("zjanalysis", "notebooks", "data/sample", "data/gd-2021-05"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("mine"))
    shutil.copy(ROOT / "zjanalysis.toml", root)
    warm(root)
    return root


def run(root: Path, arguments: list[str], *, code: str | None = None, allowed: tuple[int, ...] = (0,)) -> str:
    """Run Python in a process of its own, in the project folder, whose package comes first, and give what it says."""
    env = os.environ | {"PYTHONUTF8": "1", "ZJANALYSIS_ROOT": str(root), "PYTHONPATH": f"{root}{os.pathsep}{STARTED}"}
    done = subprocess.run([sys.executable, *arguments], cwd=root, env=env, input=code, capture_output=True,
                          encoding="utf-8", timeout=180, check=False)  # fmt: skip
    assert done.returncode in allowed, f"{arguments} {code or ''}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_block_of_the_page_runs_and_says_what_it_says_here(page: Path, project: Path, tmp_path: Path) -> None:
    todo = [(language, text) for language, text in blocks(page) if language in RUN]
    if not todo:
        return
    root = tmp_path / "zj"
    shutil.copytree(project, root)
    actions = {"console": partial(console, kernel=page.name == "README.md"), "python": python, "toml": write,
               "yaml": write, "diff": apply}  # fmt: skip
    for language, text in todo:
        actions[language](root, text)
        if language == "diff" and "+++ b/zjanalysis/" in text:  # from here on the package is the project's own
            actions |= {"console": partial(console, apart=True), "python": partial(python, apart=True)}


INSTEAD = (
    ("440900", "441700"),
    ("440902", "441702"),
    ("茂名", "阳江"),
    ("茂南区", "江城区"),
    ("12 份报告", "… 份报告"),
)


def test_yangjiang_builds_from_the_page_about_maoming_alone(project: Path, tmp_path: Path) -> None:
    root, page = tmp_path / "zj", ROOT / "docs" / "guide" / "other-cities.md"
    shutil.copytree(project, root)
    actions = {"console": console, "python": python, "toml": write}
    for language, text in blocks(page):
        if language in RUN and "gd-2021-05" not in text:
            actions[language](root, reduce(lambda told, pair: told.replace(*pair), INSTEAD, text))
    made = root / "reports" / "sample" / "441700" / "2021Q1"
    assert (made / "district" / "441702.html").is_file()
    text = re.sub(r"<[^>]+>", "", (made / "whole.html").read_text(encoding="utf-8"))
    assert "阳江全市为市本级与所辖4个县（市、区）" in text
    assert "湛江全市、茂名全市" in text


def console(root: Path, text: str, *, apart: bool = False, kernel: bool = False) -> None:
    """Run the commands of a block in this process, those that are ``apart`` in their own.

    papermill: with a ``kernel`` as it stands there, in a process of its own; without one `executed`.
    """
    commands = re.split(r"^\$ ", text, flags=re.M)
    assert not commands[0].strip(), f"没有 $ 的命令：{text}"
    for command in commands[1:]:
        line, _, wanted = command.partition("\n")
        words = shlex.split(line, comments=True)
        words = words[2:] if words[:2] == ["python", "run.py"] else words
        words = words[1:] if words[0] == "zj" else words
        if words[0] == "papermill":
            output = run(root, ["-m", *words]) if kernel else executed(root, words[1:])
        elif apart:
            output = run(root, ["-m", "zjanalysis", *words], allowed=ALLOWED)
        else:
            done = zj(*words, root=root)
            output = done.stdout + done.stderr
            assert done.returncode in ALLOWED, f"{words}\n{output}"
        said(output, wanted.splitlines(), line)


def executed(root: Path, words: list[str]) -> str:
    """Run papermill's command in this process and give what it says.

    Cells are run by our engine (each report meets a kernel once, in test_papermill), once for the same region, period
    and peers however they are typed: what differs is in the notebook that papermill prepares.
    """
    command, said = [*words, "--engine", "zjanalysis", "--no-progress-bar"], ""
    for more in (["--prepare-only"], []):
        with inside(root), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            done = CliRunner().invoke(papermill, [*command, *more])
        assert done.exit_code == 0, f"{words}\n{done.output}{done.exception}"
        said += done.output
        given = nbformat.read(root / words[1], as_version=4).metadata.papermill.parameters
        asked = (words[0], *{**PRESET, **given, "region": find_code(str(given["region"]))}.items())
        if str(asked) in EXECUTED:
            break
    EXECUTED.add(str(asked))
    return said


def python(root: Path, text: str, *, apart: bool = False) -> None:
    """Run a block as a script: in this process, or where the package is the project's own in one that has read it."""
    wanted = [line.removeprefix("# → ") for line in text.splitlines() if line.startswith("# → ")]
    if apart:
        output = run(root, ["-"], code=text)
    else:
        with inside(root), redirect_stdout(io.StringIO()) as out:
            exec(compile(text, "<stdin>", "exec"), {"__name__": "__main__"})
        output = out.getvalue()
    said(output, wanted, text)


def said(output: str, wanted: list[str], what: str) -> None:
    """Check that every wanted line is in the output; blanks of any width are one, … is anything."""
    got = [" ".join(line.split()) for line in output.splitlines()]
    for line in filter(str.strip, wanted):
        pattern = ".*".join(re.escape(part) for part in re.split(r"\s*…\s*", " ".join(line.split())))
        assert any(re.fullmatch(pattern, one) for one in got), f"{what}\n没有这一行：{line}\n{output}"


def write(root: Path, text: str) -> None:
    first, _, rest = text.partition("\n")
    assert first.startswith("# "), f"第一行应写明文件：{text}"
    path = root / first.removeprefix("# ").split()[0]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(rest, encoding="utf-8", newline="\n")


def apply(root: Path, text: str) -> None:
    """Apply a patch by its own lines: what stands before must be found once."""
    for part in re.split(r"^--- a/", text, flags=re.M)[1:]:
        lines = part.splitlines()
        path, hunks = root / lines[1].removeprefix("+++ b/"), "\n".join(lines[2:])
        content = path.read_text(encoding="utf-8")
        for hunk in filter(str.strip, re.split(r"^@@.*\n?", hunks, flags=re.M)):
            rows = hunk.strip("\n").split("\n")
            before = "\n".join(row[1:] for row in rows if row[:1] != "+")
            after = "\n".join(row[1:] for row in rows if row[:1] != "-")
            assert content.count(before) == 1, f"{path.name} 里没有（或不止一处）：\n{before}"
            content = content.replace(before, after)
        path.write_text(content, encoding="utf-8", newline="\n")


def test_nothing_escapes() -> None:
    """Every fence names its language, and those that are not run are counted."""
    for page in PAGES:
        kinds = Counter(language for language, _ in blocks(page))
        assert page.read_text(encoding="utf-8").count("```") == 2 * sum(kinds.values()), page.name
        left = {language: n for language, n in kinds.items() if language not in RUN}
        assert left == LEFT.get(page.relative_to(ROOT).as_posix(), {}), page.name


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_commands_named_in_the_text_exist_with_their_options(page: Path) -> None:
    """``zj …`` in running text, in tables and in blocks that cannot be run."""
    text = page.read_text(encoding="utf-8")
    known = {name: set(sub.format_help().split()) for name, sub in commands().items()}
    for written in re.findall(r"(?:`|\$ |zj\.exe |run\.py )zj ([^`\n#]+)", text):
        name, *words = written.replace("|", " ").split()
        if name in ("命令", "COMMAND", "…"):
            continue
        assert name in known, f"{page.name}：zj {written}"
        options = {word.strip('"') for word in words if word.startswith("--")} - {"--help"}
        heard = {word.strip("[],|") for word in known[name]}
        assert options <= heard, f"{page.name}：zj {written}：{options - heard}"


def commands() -> dict:
    """The subcommands of zj by name."""
    parser = make_parser()
    return next(a.choices for a in parser._actions if isinstance(a.choices, dict))


def test_every_file_of_data_and_reference_is_in_the_data_log() -> None:
    log = (ROOT / "docs" / "data-log.md").read_text(encoding="utf-8")
    for table in (ROOT / "zjanalysis" / "reference").glob("*.csv"):
        assert f"`{table.name}`" in log, table.name
    written = [re.escape(name).replace(r"\*", "[^/]*") for name in re.findall(r"`(data/[^`]+)`", log)]
    tracked = subprocess.run(["git", "-c", "core.quotepath=off", "ls-files", "data/sample", "data/gd-2021-05"], cwd=ROOT, capture_output=True,
                             encoding="utf-8", check=False).stdout  # fmt: skip
    for path in re.findall(r"^.*\.(?:xlsx|csv)$", tracked, flags=re.M):
        assert any(re.fullmatch(pattern, path) for pattern in written), path


@pytest.mark.parametrize("page", [*PAGES, *(ROOT / "docs").glob("*.md")], ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name}：{target}"
