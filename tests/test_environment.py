"""pyproject.toml, the two locks and environment.yml say the same."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXPLORE = PROJECT["project"]["optional-dependencies"]["explore"]
LEAN, RUNTIME, DEV = "requirements-lean.lock", "requirements.lock", "requirements-dev.lock"
CONDA_NAMES = {"matplotlib-base": "matplotlib", "seaborn-base": "seaborn", "python-duckdb": "duckdb"}
PYTHONS = ["3.11", "3.12", "3.13"]
SYSTEMS = {"linux": "posix", "darwin": "posix", "win32": "nt"}


def asked_for(*groups: str) -> list[Requirement]:
    """What pyproject.toml asks for: the project itself, the analyst's extra, and these dependency groups."""
    lines = [line for group in groups for line in PROJECT["dependency-groups"][group] if isinstance(line, str)]
    return [Requirement(line) for line in [*PROJECT["project"]["dependencies"], *EXPLORE, *lines]]


def lock_lines(name: str) -> list[str]:
    """The entries of a lock, each on one line, without comments."""
    text = re.sub(r"^ *#.*\n", "", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
    return text.replace("\\\n", " ").strip().splitlines()


def locked(name: str, python: str = "3.11", system: str = "linux") -> dict[str, Version]:
    """The versions pip takes from a lock on such a machine."""
    machine = {"python_version": python, "python_full_version": f"{python}.9"}
    machine |= {"sys_platform": system, "os_name": SYSTEMS[system]}
    found: dict[str, Version] = {}
    for line in lock_lines(name):
        entry = Requirement(line.split("--hash")[0])
        if entry.marker is None or entry.marker.evaluate(machine):
            package = canonicalize_name(entry.name)
            assert package not in found, f"{name}: {package} twice for Python {python}"
            found[package] = Version(str(entry.specifier).removeprefix("=="))
    return found


@pytest.mark.parametrize("name", [LEAN, RUNTIME, DEV])
def test_a_lock_has_a_hash_for_every_entry_and_names_no_place(name: str) -> None:
    lines = lock_lines(name)
    assert len(lines) > 80
    for line in lines:
        assert re.fullmatch(r"[\w.-]+==[\w.]+( ; [^-]+)?( +--hash=sha256:[0-9a-f]{64})+", line.strip()), line
    text = (ROOT / name).read_text(encoding="utf-8")
    places = r"://|--(extra-)?index-url|--find-links|--trusted-host|file:|@ |(^|\s)[/~]\w|[A-Z]:\\"
    assert re.search(places, text, flags=re.MULTILINE) is None


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("system", SYSTEMS)
def test_the_locked_versions_are_in_the_ranges(python: str, system: str) -> None:
    for name, requirements in ((RUNTIME, asked_for("build")), (DEV, asked_for("build", "dev"))):
        versions = locked(name, python, system)
        for requirement in requirements:
            assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)]), str(requirement)


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("system", SYSTEMS)
def test_each_lock_is_the_one_before_and_more(python: str, system: str) -> None:
    lean, runtime, dev = (locked(name, python, system) for name in (LEAN, RUNTIME, DEV))
    assert lean.items() < runtime.items() < dev.items()
    assert {"jupyterlab", "ipywidgets", "itables"} <= runtime.keys() - lean.keys()
    assert {"pytest", "hypothesis", "mypy", "ruff"} <= dev.keys() - runtime.keys()


def test_what_builds_the_project_is_locked_too() -> None:
    assert PROJECT["build-system"]["requires"] == PROJECT["dependency-groups"]["build"]


def test_environment_yml_has_the_same_ranges() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *conda, last = environment["dependencies"]
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    assert last["pip"][-1] == "-e ."
    ranges = {}
    for line in [*conda, *last["pip"][:-1]]:
        requirement = Requirement(line)
        ranges[CONDA_NAMES.get(requirement.name, requirement.name)] = requirement.specifier
    python, pip = ranges.pop("python"), ranges.pop("pip")
    assert str(pip) == ""
    assert python == Requirement(f"python{PROJECT['project']['requires-python']}").specifier
    assert ranges == {requirement.name: requirement.specifier for requirement in asked_for()}


def test_the_top_level_is_the_one_the_user_named() -> None:
    """Every folder of the user's card is in the repository, reports/ too, whose pages are not."""
    for name in ("notebooks", "zjanalysis", "data", "reports/README.md", "tests", "environment.yml"):
        ignored = subprocess.run(["git", "check-ignore", "-q", name], cwd=ROOT).returncode
        assert (ROOT / name).exists(), name
        assert ignored != 0, name  # 128 where there is no git
