"""The wall: whatever a file does to its reader is one sentence that names it, and the other files are read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import hostile
from corpus import HEAD, A, B, book, csv_of
from hostile import ATTACKS

from zjanalysis.cli import main
from zjanalysis.errors import InputError
from zjanalysis.inputs import wall
from zjanalysis.inputs.wall import Budget, _called, _pool, behind_wall, budget, readers_stay
from zjanalysis.inputs.workbook import read_rows
from zjanalysis.settings import Guard, Settings

pytestmark = pytest.mark.e2e

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="limits of this kind are POSIX's")
QUICK = Guard(max_seconds=1)
FILES = 12
SECONDS, MEGABYTES = 5, 300  # of processor and memory, above what a reader of two items takes


@pytest.fixture
def files(tmp_path: Path) -> dict[str, tuple[Path]]:
    for name in "甲乙丙":
        (tmp_path / f"{name}.csv").write_text(name * 9, encoding="utf-8")
    return {path.name: (path,) for path in sorted(tmp_path.iterdir())}


def test_results_come_back_by_name(files: dict[str, tuple[Path]]) -> None:
    assert behind_wall(hostile.size, files, guard=Guard()) == dict.fromkeys(files, 27)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (hostile.hang, "超过 1 秒"),
        pytest.param(hostile.spin, "超过 1 秒", marks=POSIX),
        pytest.param(hostile.hog, "内存", marks=POSIX),
        pytest.param(hostile.abort, "内存", marks=POSIX),
    ],
)
def test_what_ends_a_reader_is_a_sentence_and_the_next_call_is_answered(
    function: object, words: str, files: dict[str, tuple[Path]]
) -> None:
    results = behind_wall(function, files, guard=QUICK if words != "内存" else Guard())  # type: ignore[arg-type]
    for name, result in results.items():
        assert isinstance(result, InputError)
        assert words in result.message
        assert name in result.message
        assert result.hint.endswith("。")
    assert behind_wall(hostile.size, files, guard=Guard()) == dict.fromkeys(files, 27)


@POSIX
def test_processor_time_is_held_by_the_system(files: dict[str, tuple[Path]]) -> None:
    with _pool(1) as pool:
        error = _called(pool, "甲.csv", hostile.spin, (Path("甲.csv"),), Budget(1 << 29, processor=1, clock=60))
    assert isinstance(error, InputError)
    assert "超过 1 秒" in error.message


def test_a_fault_of_ours_is_not_hidden(files: dict[str, tuple[Path]]) -> None:
    with pytest.raises(RuntimeError, match="ZeroDivisionError: a fault of ours"):
        behind_wall(hostile.fault, files, guard=Guard())


def test_readers_that_ended_between_two_calls_are_replaced(files: dict[str, tuple[Path]]) -> None:
    with readers_stay():
        with pytest.raises(RuntimeError):
            behind_wall(hostile.fault, files, guard=Guard())
        assert behind_wall(hostile.size, files, guard=Guard()) == dict.fromkeys(files, 27)
        for reader in wall._STAYING[-1].readers:
            reader.process.kill()
            reader.process.wait()
        assert behind_wall(hostile.size, files, guard=Guard()) == dict.fromkeys(files, 27)


def test_only_a_small_text_is_read_without_a_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The small tables of a data set each started a process: longer than all that a notebook makes of them."""
    started: list[str] = []
    monkeypatch.setattr("zjanalysis.inputs.workbook.read_apart", lambda *asked, **_: started.append(asked[1]))
    for name, write in {"小.csv": csv_of(HEAD, A), "大.csv": csv_of(HEAD, *[A] * 20_000), "行.jsonl": "{}"}.items():
        (tmp_path / name).write_text(write, encoding="utf-8")
    book(HEAD, A)(tmp_path / "表.xlsx")
    read = {path.name: read_rows(path) for path in tmp_path.iterdir()}
    assert sorted(started) == sorted({*read} - {"小.csv"})
    assert len(read["小.csv"][0].grid) == 2


def test_small_files_get_small_budgets(tmp_path: Path) -> None:
    path = tmp_path / "小.xlsx"
    book(HEAD, A, B)(path)
    assert budget(path, Guard()).memory < 410e6
    assert budget(path, Guard()).processor < 11
    assert budget(path, Guard(max_seconds=3)).clock == 3


def test_readers_end_with_the_call_unless_they_stay(files: dict[str, tuple[Path]]) -> None:
    line = (
        "import sys; sys.path.insert(0, r'%s'); import hostile; from pathlib import Path;"
        "from zjanalysis.inputs import wall; from zjanalysis.settings import Guard;"
        "wall.behind_wall(hostile.size, {'a': (Path(r'%s'),)}, guard=Guard()); import subprocess;"
        "print(len(subprocess._active), wall._STAYING)" % (Path(__file__).parent, next(iter(files.values()))[0])
    )
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, encoding="utf-8", timeout=60, check=True)
    assert done.stdout.split() == ["0", "[]"]
    with readers_stay():
        behind_wall(hostile.size, files, guard=Guard())
        behind_wall(hostile.size, files, guard=Guard())


@POSIX
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_no_reader_outlives_whoever_asked(how: signal.Signals, tmp_path: Path) -> None:
    path = tmp_path / "甲.csv"
    path.write_text("甲", encoding="utf-8")
    line = (
        "import sys; sys.path.insert(0, r'%s'); import hostile; from pathlib import Path;"
        "from zjanalysis.inputs.wall import behind_wall; from zjanalysis.settings import Guard; print('go', flush=True);"
        "behind_wall(hostile.hang, {'a': (Path(r'%s'),)}, guard=Guard(max_seconds=3))" % (Path(__file__).parent, path)
    )
    asking = subprocess.Popen(
        [sys.executable, "-c", line], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8"
    )
    assert asking.stdout is not None
    assert asking.stdout.readline() == "go\n"
    deadline = time.monotonic() + 60
    while not (children := _children(asking.pid)) and time.monotonic() < deadline:
        time.sleep(0.05)
    asking.send_signal(how)
    asking.communicate(timeout=60)
    deadline = time.monotonic() + 60
    while any(map(_lives, children)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert children
    assert not any(map(_lives, children))


def _children(pid: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, encoding="ascii", check=False
    )
    return [int(word) for word in listed.stdout.split()]


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0]


@pytest.fixture(scope="module")
def tried() -> Iterator[hostile.Tried]:
    with hostile.measuring() as tried:
        yield tried


@pytest.fixture(scope="module")
def usual(tried: hostile.Tried, tmp_path_factory: pytest.TempPathFactory) -> tuple[float, float]:
    return hostile.good(tried, tmp_path_factory.mktemp("good"))


@POSIX
@pytest.mark.parametrize("name", ATTACKS)
def test_no_attack_aborts_hangs_or_takes_much(
    name: str, tried: hostile.Tried, usual: tuple[float, float], tmp_path: Path
) -> None:
    file, write, words = ATTACKS[name]
    path = tmp_path / file
    write(path)
    seconds, peak, said = tried(path)
    assert seconds - usual[0] < SECONDS
    assert peak - usual[1] < MEGABYTES
    assert words in said


def test_the_page_on_reliability_lists_every_attack_within_the_limits() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reliability.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in page.partition("## Hostile files")[2].splitlines()]
    listed = {row[0]: row[1:] for row in rows if len(row) == 5 and row[0] not in ("attack", "---")}
    assert list(listed) == list(ATTACKS)
    for name, (_, said, seconds, megabytes) in listed.items():
        assert float(seconds) < SECONDS
        assert float(megabytes) < MEGABYTES
        assert ATTACKS[name][2] in said


@POSIX
@pytest.mark.parametrize("position", [0, 5, FILES - 1])
def test_one_hostile_and_eleven_good_files(position: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(FILES):
        path = tmp_path / f"{number:02d}.xlsx"
        (hostile.stray_cell if number == position else book(HEAD, A, [*B[:2], f"4401190010{number:02d}", *B[3:]]))(path)
    assert main(["check", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert [line.split("：")[0] for line in said.splitlines() if "没有读取" in line] == [f"{position:02d}.xlsx"]
    read = [line for line in said.splitlines() if line[:8] in {f"{n:02d}.xlsx " for n in range(FILES)}]
    assert len(read) == FILES - 1


def test_a_period_names_the_file_that_stops_it(tmp_path: Path) -> None:
    from zjanalysis.inputs.period import read_period

    good, bad = tmp_path / "好.csv", tmp_path / "坏.xlsx"
    good.write_text(csv_of(HEAD, A, B), encoding="utf-8")
    bad.write_bytes(b"PK\x03\x04")
    with pytest.raises(InputError, match="“坏"):
        read_period([good, bad], settings=Settings(root=tmp_path), mapping={})
