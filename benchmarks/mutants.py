"""What the tests of analysis would notice: one small change after another in a function, and whether a test fails.

python benchmarks/mutants.py                       300 of all mutants of zjanalysis/analysis, the same every time
python benchmarks/mutants.py --sample 1000 --seed 7 --into mutants.txt
python benchmarks/mutants.py --from mutants.txt    those again: the same mutants have to die

The tests are read and run once; every mutant is then a fork in which the code of one function is exchanged, and the tests
that call it run, the fastest first, until one fails. Posix only. What stands outside of functions is not changed.
"""

from __future__ import annotations

import argparse
import ast
import collections
import gc
import inspect
import os
import random
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType, FunctionType

import pytest
from _pytest.runner import runtestprotocol

from zjanalysis.analysis import series

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "zjanalysis" / "analysis"
TESTS = ["tests/analysis", "tests/ledger/test_analysis.py", "zjanalysis/analysis"]
PATIENCE = 60  # CPU seconds; a mutant that needs more is an endless loop, and noticed
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One change: the ``number``-th place of a function that can be changed."""

    module: str
    function: str  # qualified name
    number: int

    def __str__(self) -> str:
        return f"{self.module}:{self.function}:{self.number}"


def places(function: ast.FunctionDef) -> Iterator[tuple[ast.AST, str, object]]:
    """Return the places of a body that can be changed: node, field, what it becomes; no texts and no annotations."""
    for statement in function.body:
        for node in ast.walk(statement):
            for field, value in ast.iter_fields(node):
                if isinstance(value, ast.operator | ast.boolop) and type(value) in SWAPS:
                    yield node, field, SWAPS[type(value)]()
            if isinstance(node, ast.Compare):
                swapped = [SWAPS[type(operator)]() for operator in node.ops]
                yield from ((node, "ops", [*node.ops[:i], s, *node.ops[i + 1 :]]) for i, s in enumerate(swapped))
            elif isinstance(node, ast.Constant) and type(node.value) in (bool, int, float):
                yield node, "value", not node.value if isinstance(node.value, bool) else node.value + 1
            elif isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.UAdd):
                yield node, "op", ast.UAdd() if isinstance(node.op, ast.USub) else None
            elif isinstance(node, ast.If | ast.IfExp):
                yield node, "test", ast.UnaryOp(ast.Not(), node.test)


def functions(path: Path) -> dict[str, ast.FunctionDef]:
    """Return the functions and methods of a module by qualified name; those inside others belong to them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    for owner in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        found |= {f"{owner.name}.{node.name}": node for node in owner.body if isinstance(node, ast.FunctionDef)}
    return found


def all_mutants() -> list[Mutant]:
    return [
        Mutant(path.stem, name, number)
        for path in sorted(PACKAGE.glob("*.py"))
        for name, function in functions(path).items()
        for number in range(sum(1 for _ in places(function)))
    ]


def changed(mutant: Mutant) -> tuple[ast.Module, str]:
    """Return the module's tree with the change in it, and the change in words."""
    path = PACKAGE / f"{mutant.module}.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    owner, _, name = mutant.function.rpartition(".")
    body = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == owner).body if owner else tree.body
    function = next(node for node in body if isinstance(node, ast.FunctionDef) and node.name == name)
    node, field, value = list(places(function))[mutant.number]
    before = ast.unparse(node)
    if value is None and isinstance(node, ast.UnaryOp):  # not x, ~x: twice is not at all
        node.operand = ast.UnaryOp(node.op, node.operand)
    else:
        setattr(node, field, value)
    words = " → ".join(" ".join(text.split())[:70] for text in (before, ast.unparse(node)))
    return ast.fix_missing_locations(tree), f"line {getattr(node, 'lineno', 0)}: {words}"


def codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if inspect.iscode(constant):
            yield constant
            yield from codes(constant)


def exchange(mutant: Mutant) -> None:
    """Return every living function of that name the changed code."""
    tree, _ = changed(mutant)
    path = str(PACKAGE / f"{mutant.module}.py")
    new = next(c for c in codes(compile(tree, path, "exec")) if c.co_qualname == mutant.function)  # type: ignore[attr-defined]
    for function in (f for f in gc.get_objects() if isinstance(f, FunctionType)):
        if function.__code__.co_filename == path and function.__qualname__ == mutant.function:
            function.__code__ = new


# --- as a plugin of pytest: what each test calls, then the mutants ----------------------------------------------------

CALLED: set[tuple[str, str]] = set()
BY_FIXTURE: dict[object, set[tuple[str, str]]] = collections.defaultdict(set)
MUTANTS: list[Mutant] = []
RESULTS: dict[Mutant, str] = {}


def note(frame: FrameType, event: str, _: object) -> None:
    code = frame.f_code
    if event == "call" and code.co_filename.startswith(str(PACKAGE)):
        CALLED.add((Path(code.co_filename).stem, code.co_qualname.partition(".<locals>")[0]))  # type: ignore[attr-defined]


@pytest.hookimpl(hookwrapper=True)
def pytest_fixture_setup(fixturedef: object) -> Iterator[None]:
    outside = set(CALLED)
    CALLED.clear()
    yield
    BY_FIXTURE[fixturedef] |= CALLED
    CALLED.update(outside)


def pytest_configure() -> None:
    from hypothesis import settings

    settings.register_profile("mutants", derandomize=True, database=None, deadline=None)
    settings.load_profile("mutants")


def pytest_runtestloop(session: pytest.Session) -> bool:
    """Run all tests once, then those that a mutant concerns in a fork of its own."""
    cached = series.cached
    series.cached = lambda folder, key, build, **more: (  # type: ignore[attr-defined]
        build() if ROOT in Path(folder).absolute().parents else cached(folder, key, build, **more)
    )  # what is kept from run to run would not show a change, and would keep it
    callers: dict[tuple[str, str], list[tuple[float, pytest.Item]]] = collections.defaultdict(list)
    for item, after in zip(session.items, [*session.items[1:], None], strict=True):
        CALLED.clear()
        began = time.process_time()
        sys.setprofile(note)
        reports = runtestprotocol(item, nextitem=after, log=False)
        sys.setprofile(None)
        if any(report.failed for report in reports):
            raise pytest.UsageError(f"{item.nodeid} fails as it is: {reports[1].longreprtext[-2000:]}")
        needed = [d for many in item._fixtureinfo.name2fixturedefs.values() for d in many]  # type: ignore[attr-defined]
        for key in CALLED.union(*(BY_FIXTURE[definition] for definition in needed)):
            callers[key].append((time.process_time() - began, item))
    for number, mutant in enumerate(MUTANTS, 1):
        concerned = [item for _, item in sorted(callers[mutant.module, mutant.function], key=lambda pair: pair[0])]
        RESULTS[mutant] = outcome(mutant, concerned)
        print(f"{number}/{len(MUTANTS)} {mutant} {RESULTS[mutant]} ({changed(mutant)[1]})", flush=True)
    return True


def outcome(mutant: Mutant, items: list[pytest.Item]) -> str:
    """Return the name of the test that fails, ``endless``, or ``survived`` with the number of tests that did not."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + PATIENCE,) * 2)
        os.write(write, first_failure(mutant, items).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as told:
        word = told.read()
    os.waitpid(child, 0)
    return word or "endless"


def first_failure(mutant: Mutant, items: list[pytest.Item]) -> str:
    try:
        exchange(mutant)
        for item in items:
            if any(report.failed for report in runtestprotocol(item, nextitem=None, log=False)):
                return f"killed by {item.nodeid}"
    except BaseException as error:  # whatever the change does, the fork ends here
        return f"killed by {type(error).__name__}"
    return f"survived {len(items)} tests"


def chosen(options: argparse.Namespace) -> list[Mutant]:
    if not options.again:
        return random.Random(options.seed).sample(all_mutants(), options.sample)
    lines = options.again.read_text(encoding="utf-8").splitlines()
    found = (line.split()[0].split(":") for line in lines)
    return [Mutant(module, function, int(number)) for module, function, number in found]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--into", type=Path, help="write mutant and outcome, a line each")
    parser.add_argument(
        "--from", dest="again", type=Path, help="the mutants of such a file; those that no longer die fail"
    )
    parser.add_argument("--tests", nargs="+", default=TESTS, help="examples too")
    options = parser.parse_args(arguments)
    MUTANTS.extend(chosen(options))
    words = ["-p", "no:cacheprovider", *(str(ROOT / place) for place in options.tests)]
    code = pytest.main(words, plugins=[sys.modules[__name__]])
    if len(RESULTS) < len(MUTANTS):
        return int(code) or 1
    lines = [f"{mutant} {result}" for mutant, result in RESULTS.items()]
    if options.into:
        options.into.write_text("\n".join(lines) + "\n", encoding="utf-8")
    died = sum("survived" not in line for line in lines)
    print(f"{died} of {len(lines)} mutants died ({died / len(lines):.1%})")
    return compared(options.again, RESULTS) if options.again else 0


def compared(before: Path, now: dict[Mutant, str]) -> int:
    """Name the mutants that died before and live now."""
    dead = {line.split()[0] for line in before.read_text(encoding="utf-8").splitlines() if "survived" not in line}
    lost = [str(mutant) for mutant, result in now.items() if str(mutant) in dead and "survived" in result]
    print("\n".join(["No mutant lives that died before."] if not lost else ["Alive again:", *lost]))
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
