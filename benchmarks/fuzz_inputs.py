"""Mutated workbooks and text files: every one is read, or refused with InputError, within a second and 200 MB.

The seeds are the odd files of tests/inputs/corpus.py, a workbook of the sample and real items; nothing else may happen.

python benchmarks/fuzz_inputs.py              10,000 files
python benchmarks/fuzz_inputs.py 500 7        500 files from seed 7
python benchmarks/fuzz_inputs.py --table      the hostile files of tests/inputs/hostile.py, each alone: docs/reliability.md
"""

from __future__ import annotations

import collections
import random
import re
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from zjanalysis.errors import InputError
from zjanalysis.inputs.check import check
from zjanalysis.inputs.workbook import sheets_of
from zjanalysis.settings import Guard, Settings

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "inputs"))

from corpus import CASES, made  # noqa: E402
from hostile import ATTACKS, Tried, good, measuring  # noqa: E402

TOKENS = [
    b"<", b">", b'"', b"&#0;", b"&a;", b"<!DOCTYPE x>", b'r="XFD1048576"', b'r="A1"', b'r="A99999999999"', b'r="ZZZZZZ9"',
    b't="s"', b't="e"', b't="b"', b't="d"', b't="str"', b'<v>1e999</v>', b"<v>-1</v>", b"<v>99999999999999999999</v>",
    b"<v>NaN</v>", b"</row>", b"</c>", b"<row>", b"<c>", b"<f>", b"\0", b"\xff\xfe", b"\xe4\xb8", "合计".encode(), b"<is><t>x</t></is>",
    b'ref="A1:XFD1048576"', b'hidden="1"', b"<mergeCell ref='B2:A1'/>", b'count="4294967295"', b'uniqueCount="99999999999"', b's="99999"',
]  # fmt: skip


def mutated(content: bytes, luck: random.Random) -> bytes:
    """Change some bytes: flip, cut, repeat, insert a token, swap two stretches."""
    made_ = bytearray(content)
    for _ in range(luck.choice((1, 1, 2, 4, 16))):
        at, kind = luck.randrange(len(made_) + 1), luck.randrange(6)
        size = luck.choice((1, 2, 8, 64, 512))
        if kind == 0 and at < len(made_):
            made_[at] ^= 1 << luck.randrange(8)
        elif kind == 1:
            del made_[at : at + size]
        elif kind == 2:
            made_[at:at] = made_[at : at + size] * luck.choice((1, 3))
        elif kind == 3:
            made_[at:at] = luck.choice(TOKENS)
        elif kind == 4:
            made_[at : at + size] = luck.randbytes(size)
        else:
            other = luck.randrange(len(made_) + 1)
            made_[at:at] = made_[other : other + size]
    return bytes(made_)


def _workbook(seed: Path, out: Path, luck: random.Random) -> None:
    """Mutate one or two parts, or the zip itself."""
    if luck.random() < 0.25:
        out.write_bytes(mutated(seed.read_bytes(), luck))
        return
    with zipfile.ZipFile(seed) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name in luck.sample(sorted(parts), luck.choice((1, 1, 2))):
        parts[name] = mutated(parts[name], luck) if luck.random() < 0.9 else parts[luck.choice(sorted(parts))]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def _text(seed: Path, out: Path, luck: random.Random) -> None:
    out.write_bytes(mutated(seed.read_bytes(), luck))


SECONDS, MEGABYTES = 1, 200  # of processor for one file; the peak of all on top of what was used before


def seeds(folder: Path) -> list[Path]:
    """Write the files that are mutated: the corpus, a real list cut to 100 items, a workbook of a city."""
    real = folder / "items.csv"
    source = ROOT / "data" / "gd-2021-05" / "2021-05" / "items" / "items.csv"
    real.write_text("".join(source.read_text(encoding="utf-8-sig").splitlines(keepends=True)[:101]), encoding="utf-8")
    city = min((ROOT / "data" / "sample" / "2021Q1" / "items").glob("*.xlsx"), key=lambda path: path.stat().st_size)
    return [*(made(case, folder) for case in CASES if not case.refused), real, city]


def peak() -> float:
    """Return the most memory this process has had, in MB; 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def fuzz(n: int, seed: int, *, keep: Path | None = None) -> Mapping[str, int]:
    """Read n mutated files; give how many were read and refused. Anything else than InputError is raised.

    ``keep``: a folder for the file that raised it.
    """
    luck = random.Random(seed)
    outcomes: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        origins, before = seeds(folder), peak()
        writers: dict[str, Callable[[Path, Path, random.Random], None]] = {".xlsx": _workbook}
        for number in range(n):
            origin = luck.choice(origins)
            path = folder / f"mutant{number % 2}{origin.suffix}"
            writers.get(origin.suffix, _text)(origin, path, luck)
            start = time.process_time()
            try:
                check(sheets_of(path, Guard()), settings=Settings(root=folder))
                outcomes["read"] += 1
            except InputError as error:
                assert error.message.endswith("。"), error
                assert error.hint, error
                outcomes["refused"] += 1
            except BaseException:
                if keep:
                    (keep / f"seed{seed}-{number}{origin.suffix}").write_bytes(path.read_bytes())
                raise
            assert time.process_time() - start < SECONDS, (seed, number, origin.name)
        assert peak() - before < MEGABYTES, (seed, before, peak())
    return outcomes


def main(n: int, seed: int) -> None:
    start = time.perf_counter()
    outcomes = fuzz(n, seed, keep=Path.cwd())
    print(f"{n:,} files from seed {seed}: {dict(outcomes)}, no other outcome, {time.perf_counter() - start:.0f} s")
    print(f"peak memory {peak():,.0f} MB")


def table(tried: Tried, folder: Path) -> None:
    """Print attack, size, result, processor seconds and memory of its reader, both above those of a good file."""
    seconds, peak = good(tried, folder)
    print(f"a good file: {seconds:.2f} s of processor, the reader's start with it, {peak:.0f} MB\n")
    print("| attack | kB | what is said | seconds | MB |\n|---|---|---|---|---|")
    for name, (file, write, _) in ATTACKS.items():
        path = folder / file
        write(path)
        used, most, said = tried(path)
        words = re.sub("“([^”]{20})[^”]+”", r"“\1……”", said)[:60] or "read; nothing to find"
        kilobytes = path.stat().st_size / 1000
        print(f"| {name} | {kilobytes:,.0f} | {words} | {max(used - seconds, 0):.1f} | {max(most - peak, 0):.0f} |",
              flush=True)  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:] == ["--table"]:
        with tempfile.TemporaryDirectory() as temporary, measuring() as tried:
            table(tried, Path(temporary))
        sys.exit()
    given = [int(argument) for argument in sys.argv[1:]]
    main(*(given + [10_000, 1][len(given) :]))
