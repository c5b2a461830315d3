"""The golden harness: what all commands and reports put out, as text, held against ``expected/``.

``python tests/golden/golden.py`` compares and prints what differs; ``--renew`` rewrites ``expected/`` once the
difference has been looked at; ``--only PATTERN`` runs a part; ``--pixels`` compares the pictures too.
"""

from __future__ import annotations

import argparse
import difflib
import fnmatch
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # this checkout's package, whatever is installed

from blanks import blanked
from published import AFTER, publish
from scenes import SCENES
from stage import perform, set_up

from zjanalysis.inputs.wall import readers_stay

EXPECTED = Path(__file__).parent / "expected"
PICTURES = "pictures"
SHOWN = 200  # lines of one difference
SLOW_FIRST = ("ledger", "reports-own-data", "reports-published", "reports-failing", "reports")


def capture(place: Path, pattern: str) -> dict[str, str]:
    """Set the stage in ``place``, run every scene the pattern asks for, and give name → text."""
    root = set_up(place / "project")
    names = [name for name in (*AFTER, *SCENES) if is_wanted(name, pattern)]
    names.sort(key=lambda name: SLOW_FIRST.index(name) if name in SLOW_FIRST else len(SLOW_FIRST))
    found = {"reports-build": publish(root)} if set(names) & set(AFTER) else {}
    workers = min(len(names), os.cpu_count() or 1, 4)
    with ProcessPoolExecutor(max(workers, 1), mp_context=multiprocessing.get_context("spawn")) as pool:
        for texts in pool.map(run, names, [root] * len(names)):
            found |= texts
    return {name: blanked(text, root) for name, text in found.items() if fnmatch.fnmatch(name, pattern)}


def run(name: str, root: Path) -> dict[str, str]:
    """Run one scene in a process of the pool and give its texts."""
    folder, began = root / "work" / name, sum(os.times()[:4])
    with readers_stay():
        texts = AFTER[name](folder, root) if name in AFTER else {name: perform(SCENES[name], folder, root)}
    print(f"{name} {sum(os.times()[:4]) - began:.1f} CPU s", file=sys.stderr, flush=True)
    return texts


def is_wanted(name: str, pattern: str) -> bool:
    """Say whether a scene gives a text that the pattern asks for; the reports give one for every page and workbook."""
    if fnmatch.fnmatch(name, pattern):
        return True
    own = [path.stem for path in EXPECTED.glob("*.txt") if path.stem not in {*AFTER, *SCENES}]
    return name == "reports" and bool(fnmatch.filter(own, pattern))


def expected(pattern: str = "*") -> dict[str, str]:
    """Return the texts that are expected, name → text."""
    found = {path.stem: path.read_text(encoding="utf-8") for path in sorted(EXPECTED.glob("*.txt"))}
    return {name: text for name, text in found.items() if fnmatch.fnmatch(name, pattern)}


def differences(before: Mapping[str, str], now: Mapping[str, str], *, pixels: bool) -> Iterator[str]:
    """Return one text for every name whose texts are not the same."""
    for name in sorted({*before, *now}):
        if before.get(name) == now.get(name) or (name == PICTURES and not pixels):
            continue
        old, new = (texts.get(name, "").splitlines() for texts in (before, now))
        lines = list(difflib.unified_diff(old, new, f"expected/{name}.txt", "now", n=1, lineterm=""))
        more = [f"… {len(lines) - SHOWN} more lines"] if len(lines) > SHOWN else []
        yield "\n".join([*lines[:SHOWN], *more])


def write(texts: Mapping[str, str], folder: Path) -> None:
    """Write the texts, each into its file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8", newline="\n")


def renew(texts: Mapping[str, str], pattern: str) -> None:
    """Make the texts the expected ones; what no scene gives any more is taken away."""
    for name in {*expected(pattern)} - {*texts}:
        (EXPECTED / f"{name}.txt").unlink()
    write(texts, EXPECTED)


def main(arguments: list[str]) -> int:
    """Compare, or renew, or write what is found into a folder; 1 when something differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--renew", action="store_true", help="rewrite expected/")
    parser.add_argument(
        "--only", default="*", metavar="PATTERN", help="names of texts, such as plan or 'reports-4408*'"
    )
    parser.add_argument("--pixels", action="store_true", help="compare pictures.txt too")
    parser.add_argument("--into", type=Path, metavar="DIR", help="write the texts there and compare nothing")
    parser.add_argument("--at", type=Path, metavar="DIR", help="work in this folder instead of a temporary one")
    told = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    with tempfile.TemporaryDirectory(prefix="zj-golden-", dir=told.at, ignore_cleanup_errors=True) as place:
        found = capture(Path(place), told.only)
    if not found:
        parser.error(f"no text is called {told.only}")
    if told.into:
        write(found, told.into.absolute())
        return 0
    unlike = list(differences(expected(told.only), found, pixels=told.pixels))
    if told.renew:
        renew(found, told.only)
    print("\n".join(unlike) or f"{len(found)} texts, all as expected.")
    return 1 if unlike and not told.renew else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
