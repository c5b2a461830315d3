"""run.py for real: a tiny project in a folder 湛江 分析, with its own wheels, set up again and again."""

import ast
import base64
import hashlib
import importlib.util
import inspect
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.e2e
RUN = Path(__file__).parents[1] / "run.py"
BASE = getattr(sys, "_base_executable", sys.executable)
BIN = "Scripts/python.exe" if os.name == "nt" else "bin/python"
ECHO = """
import json, os, sys
facts = {"python": sys.executable, "arguments": sys.argv[1:], "cwd": os.getcwd(), "utf8": sys.flags.utf8_mode,
         "warn": sys.flags.warn_default_encoding, "compiled": not sys.flags.dont_write_bytecode}
print(json.dumps(facts))
if sys.argv[-1:] == ["die"]:
    os.kill(os.getpid(), 15)
sys.exit(7 if sys.argv[-1:] == ["fail"] else 0)
"""
PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "zjanalysis"
version = "1.0"
"""
BACKEND = """
def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    path = Path(wheel_directory, "zjanalysis-1.0-py3-none-any.whl")
    write_wheel(path, {"zjanalysis_here.pth": str(Path(__file__).parent)})
    return path.name
"""
HIDE = """
import sys
if sys.prefix == sys.base_prefix:
    sys.modules.update({name: None for name in %r})
else:
    sys.modules["ensurepip"] = None
"""


@cache
def has_pip() -> bool:
    """Whether the running Python has a pip of its own."""
    return not subprocess.run([BASE, "-c", "import pip"], capture_output=True, check=False).returncode


def write_wheel(path: Path, files: dict[str, str]) -> None:
    """The smallest wheel pip accepts, the same bytes each time."""
    name, version = path.name.split("-")[:2]
    info = f"{name}-{version}.dist-info"
    content = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = f"{info}/RECORD,,\n"
    with zipfile.ZipFile(path, "w") as wheel:
        for member, text in content.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            record += f"{member},sha256={digest},{len(text.encode())}\n"
            wheel.writestr(zipfile.ZipInfo(member), text)
        wheel.writestr(zipfile.ZipInfo(f"{info}/RECORD"), record)


class Project:
    """A copy of run.py with a project it can set up in a second or two, and no network."""

    def __init__(self, root: Path, **environment: str) -> None:
        self.root, self.venv, self.wheelhouse = root, root / ".venv", root / "wheelhouse"
        self.environment = environment
        self.wheelhouse.mkdir(parents=True)
        shutil.copy(RUN, root)
        package = root / "zjanalysis"
        package.mkdir()
        (package / "__init__.py").write_text("", encoding="utf-8")
        (package / "__main__.py").write_text(ECHO, encoding="utf-8")
        (root / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
        imports = "import base64, hashlib, zipfile\nfrom pathlib import Path\n"
        (root / "backend.py").write_text(imports + inspect.getsource(write_wheel) + BACKEND, encoding="utf-8")
        tiny = self.locked("tiny", {"tiny.py": "here = True\n"})
        lab = self.locked("lab", {"lab.py": "here = True\n"})
        stand_in = self.locked("pytest", {"pytest.py": ECHO})
        for name, lines in (("-lean", tiny), ("", tiny + lab), ("-dev", tiny + lab + stand_in)):
            (root / f"requirements{name}.lock").write_text(lines, encoding="utf-8")

    def locked(self, name: str, files: dict[str, str]) -> str:
        """Put a wheel into wheelhouse/ and give its line for a lock."""
        wheel = self.wheelhouse / f"{name}-1.0-py3-none-any.whl"
        write_wheel(wheel, files)
        return f"{name}==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"

    def start(
        self, *arguments: str, python: str = BASE, cwd: Path | None = None, **extra: str
    ) -> subprocess.Popen[str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "CONDA", "PYTHON"))}
        clean["PATH"] = os.pathsep.join(
            p for p in os.environ["PATH"].split(os.pathsep) if not shutil.which("uv", path=p)
        )
        return subprocess.Popen(
            [python, str(self.root / "run.py"), *arguments],
            env={**clean, "PIP_CONFIG_FILE": os.devnull, "LANG": "C.UTF-8", **self.environment, **extra},
            cwd=cwd or self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def run(self, *arguments: str, **extra: str) -> tuple[int, str, str]:
        """Exit code, output, errors."""
        process = self.start(*arguments, **extra)
        out, err = process.communicate(timeout=300)
        return process.returncode, out, err

    def module(self) -> ModuleType:
        """This copy of run.py, imported."""
        spec = importlib.util.spec_from_file_location("tiny_run", self.root / "run.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module


@pytest.fixture
def hide(tmp_path: Path) -> Callable[..., dict[str, str]]:
    """The environment of a Python that lacks modules, as Debian's lacks ensurepip, and maybe pip."""

    def environment(*modules: str) -> dict[str, str]:
        folder = tmp_path / " ".join(("without", *modules))
        folder.mkdir(exist_ok=True)
        (folder / "sitecustomize.py").write_text(HIDE % (modules,), encoding="utf-8")
        return {"PYTHONPATH": str(folder)}

    return environment


@pytest.fixture
def project(tmp_path: Path, hide: Callable[..., dict[str, str]]) -> Project:
    """One that takes the pip of the running Python where it has one: ensurepip, which `ready` goes through, takes longer."""
    return Project(tmp_path / "湛江 分析", **(hide("ensurepip") if has_pip() else {}))


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One that is set up; tests that use it leave it so."""
    made = Project(tmp_path_factory.mktemp("ready") / "湛江 分析")
    code, _, errors = made.run("setup")
    assert code == 0, errors
    assert "准备环境：完成" in errors
    return made


# -- commands ---------------------------------------------------------------------------------------------------------


def test_no_argument_shows_the_help_with_examples(project: Project) -> None:
    code, out, _ = project.run()
    assert code == 0
    assert "用法" in out
    assert "python run.py build" in out
    assert not project.venv.exists()


@pytest.mark.parametrize("arguments", [["bulid"], ["setup", "--all"]])
def test_an_unknown_command_is_one_sentence_and_exit_code_2(project: Project, arguments: list[str]) -> None:
    code, out, errors = project.run(*arguments)
    assert (code, out, len(errors.splitlines())) == (2, "", 1)
    assert " ".join(arguments) in errors
    assert not project.venv.exists()


def test_a_ready_environment_starts_at_once_and_passes_everything_on(ready: Project, tmp_path: Path) -> None:
    process = ready.start("build", "--only", "440802", "报告 甲", cwd=tmp_path, PYTHONDONTWRITEBYTECODE="1")
    out, errors = process.communicate(timeout=60)
    facts = json.loads(out)
    assert process.returncode == 0
    assert errors == ""
    assert facts["arguments"] == ["build", "--only", "440802", "报告 甲"]
    assert Path(facts["cwd"]) == tmp_path.resolve()
    assert Path(facts["python"]) == ready.venv.resolve() / BIN
    assert facts["utf8"] == 1
    assert facts["compiled"]  # modules compiled at the first start are there at the next, whatever was set


@pytest.mark.parametrize(("last", "code"), [("fail", 7), ("die", 128 + 15)])
def test_the_exit_code_of_the_command_is_ours(ready: Project, last: str, code: int) -> None:
    assert ready.run("zj", last)[0] == code


def test_test_adds_the_tools_and_turns_encoding_warnings_on(ready: Project) -> None:
    kept = ready.venv / "kept"
    kept.touch()
    code, out, errors = ready.run("test", "-k", "run")
    facts = json.loads(out)
    assert (code, facts["arguments"][-2:], facts["warn"]) == (0, ["-k", "run"], 1), errors
    assert facts["arguments"][:2] == ["-n", "logical"]  # on all cores, and what the user says comes last
    assert Path(facts["cwd"]) == ready.root.resolve()
    assert kept.exists()  # the good environment was added to, not made anew
    assert ready.run("setup") == (0, "", "")


def has_lab(project: Project) -> bool:
    """Whether what only the Lab needs is installed."""
    return bool(list(project.venv.rglob("lab.py")))


def test_a_lean_environment_stays_without_the_lab_until_setup_asks_for_it(project: Project) -> None:
    code, out, errors = project.run("build", "--lean", "--only", "440802")
    assert (code, json.loads(out)["arguments"]) == (0, ["build", "--only", "440802"]), errors
    assert "requirements-lean.lock" in errors
    assert not has_lab(project)
    assert not has_pip() or not list(project.venv.rglob("pip"))  # without ensurepip: the running Python's it was
    assert project.run("zj", "list")[2] == ""  # at once, nothing added
    assert not has_lab(project)
    kept = project.venv / "kept"
    kept.touch()
    assert project.run("setup")[0] == 0
    assert has_lab(project)
    assert kept.exists()
    assert project.run("build", "--lean")[2] == ""  # the whole one serves too


UV = """#!{python}
import subprocess, sys, zipfile
from pathlib import Path
assert sys.argv[1:3] == ["pip", "install"], sys.argv
open({log!r}, "a", encoding="utf-8").write(" ".join(sys.argv[1:]) + "\\n")
told = dict(zip(sys.argv[3:], sys.argv[4:]))
where = [told["--python"], "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
place = Path({broken} and sys.exit(1) or subprocess.check_output(where, encoding="utf-8").strip())
if "-e" in told:
    Path(place, "here.pth").write_text(told["-e"], encoding="utf-8")
for line in Path(told["-r"]).read_text(encoding="utf-8").splitlines() if "-r" in told else []:
    [wheel] = Path(told["--find-links"]).glob(line.partition("==")[0] + "-*.whl")
    zipfile.ZipFile(wheel).extractall(place)
"""


@pytest.mark.skipif(os.name == "nt", reason="a script stands in for uv")
@pytest.mark.parametrize("broken", [False, True])
def test_uv_is_used_where_it_is_and_pip_where_uv_fails(project: Project, tmp_path: Path, *, broken: bool) -> None:
    """The same lock with its hashes; a real uv was tried by hand (docs/benchmarks.md)."""
    log, uv = tmp_path / "uv.log", tmp_path / "bin" / "uv"
    uv.parent.mkdir()
    uv.write_text(UV.format(python=BASE, log=str(log), broken=broken), encoding="utf-8")
    uv.chmod(0o755)
    code, _, errors = project.run("setup", PATH=f"{uv.parent}{os.pathsep}/usr/bin{os.pathsep}/bin")
    assert code == 0, errors
    first = log.read_text(encoding="utf-8").splitlines()[0]
    assert f"--no-index --find-links {project.wheelhouse} --require-hashes --only-binary :all: -r" in first
    assert ("用 uv 安装" in errors, "改用 pip" in errors, "用 pip 安装" in errors) == (True, broken, broken)
    assert has_lab(project)


def test_progress_counts_packages_and_their_size(project: Project) -> None:
    module = project.module()
    module.LOG.parent.mkdir()
    module.LOG.write_text(
        "Collecting a==1\n  Downloading a-1-py3-none-any.whl (1.5 MB)\nCollecting b==2\n"
        "  Using cached b-2-py3-none-any.whl (500 kB)\n", encoding="utf-8")  # fmt: skip
    assert module.progress(131) == "已取得 2/131 个包，2 MB"
    for name in ("pip-24.dist-info", "a-1.dist-info", "b-2.dist-info"):
        (project.venv / "lib" / "python3.12" / "site-packages" / name).mkdir(parents=True)
    assert module.progress(131) == "已写入 3/131 个包，2 MB"


# -- the stamp --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "up_to_date"),
    [
        ("requirements.lock", "# another\n", False),
        ("pyproject.toml", 'dependencies = ["other"]\n', False),
        ("pyproject.toml", "[tool.ruff]\nline-length = 99\n", True),
        ("zjanalysis/__init__.py", "# other code\n", True),
    ],
)
def test_the_stamp_holds_for_what_is_installed(project: Project, name: str, text: str, *, up_to_date: bool) -> None:
    module = project.module()
    before = module.fingerprint("requirements.lock")
    with (project.root / name).open("a", encoding="utf-8") as file:
        file.write(text)
    assert (module.fingerprint("requirements.lock") == before) is up_to_date


def test_the_stamp_holds_for_this_place_and_this_format(project: Project, tmp_path: Path) -> None:
    module, moved = project.module(), Project(tmp_path / "moved").module()
    before = module.fingerprint("requirements.lock")
    assert moved.fingerprint("requirements.lock") != before  # an environment cannot be moved
    module.FORMAT += "x"
    assert module.fingerprint("requirements.lock") != before


# -- what goes wrong --------------------------------------------------------------------------------------------------


def test_a_failed_install_leaves_nothing(project: Project) -> None:
    lock = project.root / "requirements.lock"
    good = lock.read_text(encoding="utf-8")
    lock.write_text(good.split("sha256:")[0] + f"sha256:{'0' * 64}\n", encoding="utf-8")
    code, out, errors = project.run("build")
    assert (code, out) == (2, "")
    assert "校验值不符" in errors
    assert "PIP_INDEX_URL" in errors
    assert not project.venv.exists()


def test_failing_to_add_the_tools_leaves_the_good_environment(ready: Project) -> None:
    lock = ready.root / "requirements-dev.lock"
    good = lock.read_text(encoding="utf-8")
    lock.write_text(good + f"absent==2.0 --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    try:
        ready.module().STAMP.write_text(ready.module().fingerprint("requirements.lock"), encoding="utf-8")
        code, _, errors = ready.run("test")
        assert code == 2
        assert "wheelhouse/ 里没有 absent==2.0" in errors
        assert "pip download" in errors
        assert ready.run("zj")[0] == 0
    finally:
        lock.write_text(good, encoding="utf-8")


def test_an_unreachable_mirror_is_named_and_comes_from_the_environment(project: Project) -> None:
    shutil.rmtree(project.wheelhouse)
    mirror = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "1"}
    code, _, errors = project.run("setup", **mirror)
    assert code == 2
    assert "连不上软件源" in errors
    assert "127.0.0.1" in (project.root / ".cache" / "setup.log").read_text(encoding="utf-8")
    assert not project.venv.exists()


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_install_leaves_nothing(project: Project, number: int) -> None:
    process = project.start("setup")
    assert process.stderr is not None
    seen = [process.stderr.readline(), process.stderr.readline()]
    assert "安装 requirements.lock" in seen[1]
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "已中断" in errors
    assert not project.venv.exists()


def test_two_at_once_make_one_environment_and_believe_no_half_made_one(project: Project) -> None:
    leftover = project.venv / "leftover"  # a .venv without a stamp: an install was cut short
    leftover.parent.mkdir()
    leftover.touch()
    both = [project.start("setup"), project.start("setup")]
    errors = [process.communicate(timeout=60)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], errors
    assert sorted("建立 .venv" in text for text in errors) == [False, True]
    assert sorted("另一个 run.py" in text for text in errors) == [False, True]
    assert not leftover.exists()


# -- other Pythons ----------------------------------------------------------------------------------------------------


def test_without_ensurepip_and_pip_one_sentence_and_a_wheel_helps(project: Project, hide: Callable[..., dict]) -> None:
    bundled = list(Path(subprocess.__file__).parent.glob("ensurepip/_bundled/pip-*.whl"))
    environment = hide("ensurepip", "pip")
    code, _, errors = project.run("zj", **environment)
    assert code == 2
    assert "python3-venv" in errors
    assert not project.venv.exists()
    if not bundled:
        pytest.skip("this Python brings no wheel of pip")
    shutil.copy(bundled[0], project.wheelhouse)
    assert project.run("zj", **environment)[0] == 0


def test_an_active_conda_environment_is_used_when_the_project_is_in_it(ready: Project, tmp_path: Path) -> None:
    conda = tmp_path / "conda"
    subprocess.run([BASE, "-m", "venv", "--without-pip", str(conda)], check=True)
    assert Path(json.loads(ready.run("zj", CONDA_PREFIX=str(conda))[1])["python"]) == ready.venv.resolve() / BIN
    where = subprocess.check_output(
        [str(conda / BIN), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], encoding="utf-8"
    )
    other = tmp_path / "installed"
    shutil.copytree(ready.root / "zjanalysis", other / "zjanalysis")
    Path(where.strip(), "here.pth").write_text(str(other), encoding="utf-8")
    code, out, errors = ready.run("build", CONDA_PREFIX=str(conda))
    assert code == 0
    assert str(conda) in errors
    assert Path(json.loads(out)["python"]) == conda / BIN


def older_pythons() -> list[str]:
    found = [shutil.which(f"python3.{minor}") or "" for minor in range(6, 11)]
    found += [str(path) for path in Path.home().glob(".pyenv/versions/3.[6-9].*/bin/python")]
    found += [str(path) for path in Path.home().glob(".pyenv/versions/3.10.*/bin/python")]
    probe = "import sys; sys.exit(not (3, 6) <= sys.version_info[:2] <= (3, 10))"
    return [path for path in found if path and not subprocess.run([path, "-c", probe], check=False).returncode]


def test_an_old_python_gets_one_sentence(project: Project) -> None:
    ast.parse(RUN.read_text(encoding="utf-8"), feature_version=(3, 6))
    version_problem = project.module().version_problem
    assert "3.10.13" in version_problem((3, 10, 13, "final", 0))
    assert "3.14.0" in version_problem((3, 14, 0, "final", 0))
    assert [version_problem((3, minor, 1)) for minor in (11, 12, 13)] == ["", "", ""]
    for python in older_pythons():
        code, out, errors = project.run("build", python=python)
        assert (code, out, len(errors.splitlines())) == (2, "", 1), python
        assert "需要 Python 3.11–3.13" in errors
    assert not project.venv.exists()
