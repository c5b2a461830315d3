"""Set up once, then run: ``python run.py build`` makes the reports, ``python run.py test`` runs the tests.

Standard library only; it has to parse on old Pythons (3.6 and later): there somebody needs to be told which to take.
"""

import hashlib
import importlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO


def version_problem(version: tuple) -> str:
    """One sentence if this Python cannot be used, otherwise nothing."""
    wrong = f"需要 Python 3.11–3.13，当前是 {'.'.join(str(part) for part in version[:3])}。"
    hint = "请安装后用它运行，例如：python3.12 run.py build（Windows：py -3.12 run.py build）"
    return "" if (3, 11) <= tuple(version[:2]) <= (3, 13) else wrong + hint


if version_problem(sys.version_info):
    sys.stderr.write(version_problem(sys.version_info) + "\n")
    sys.exit(2)

import tomllib  # noqa: E402  (3.11 and later, so after the check)

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
BASE = getattr(sys, "_base_executable", "") or sys.executable  # .venv may be the one running us, and about to go
STAMP = VENV / "zjanalysis-setup"
WHEELHOUSE = ROOT / "wheelhouse"
LOG = ROOT / ".cache" / "setup.log"
LEAN, RUNTIME, DEV = "requirements-lean.lock", "requirements.lock", "requirements-dev.lock"
LOCKS = (LEAN, RUNTIME, DEV)  # each holds all of the one before
# for all we start: mirrors and proxies stay; compiled modules are kept, without which a start takes three times as long
ENVIRONMENT = {**os.environ, "PYTHONUTF8": "1", "PIP_USER": "0", "PYTHONDONTWRITEBYTECODE": ""}
TESTS = ["-n", "logical", "--maxprocesses", "4", "--dist", "loadfile", "--no-loadscope-reorder"]
FORMAT = "2"  # raise it when this file sets up differently and environments have to be remade
HELP = """用法：python run.py 命令 [参数…]      （Windows：py run.py 命令 [参数…]）

  build [参数…]   生成全部报告（首次运行先准备环境，约需数分钟）
  test  [参数…]   运行测试，参数交给 pytest（-m "not e2e"：不含真实构建、引擎和浏览器；-n 0：单进程）
  zj    [参数…]   运行 zj 的任一命令
  setup [--dev]   只准备环境（--dev：连同测试工具）
  … --lean        首次准备时不装 JupyterLab：只生成报告的机器，占地少三分之一（build、zj、setup 可用）

示例：
  python run.py build --only 440802     只做一个县区（行政区划代码）
  python run.py zj check 表格.xlsx      检查一份工作簿
使用镜像：设置环境变量 PIP_INDEX_URL。装有 uv 时用它，更快。不能联网的机器：把安装包放进 wheelhouse/。"""
FETCH = f"在能联网的同类机器上运行 python -m pip download --only-binary :all: -r {RUNTIME} -d wheelhouse 后复制过来"
NETWORK = "Connection|Timeout|timed out|name resolution|getaddrinfo|SSLError|ProxyError"
REASONS = {  # what pip says, and what the reader should do; the first that fits
    "DO NOT MATCH THE HASHES": "下载到的文件与锁定的校验值不符。请换一个镜像（PIP_INDEX_URL）后重试",
    "No space left|Errno 28": "磁盘空间不足。请腾出约 2 GB 后重试",
    "Long Path": "路径过长。请把本文件夹移到较短的路径（如 D:\\zj）后重试",
    "wheelhouse: No matching": f"wheelhouse/ 里没有 {{package}}。请{FETCH}",
    NETWORK: f"连不上软件源。请检查网络和代理，或把 PIP_INDEX_URL 设为本单位的镜像；也可{FETCH}",
    "No matching": "软件源里找不到 {package}：镜像未同步，或网络不通。请检查网络，或换一个镜像（PIP_INDEX_URL）后重试",
}
NO_PIP = "没有可用的 pip。请安装它（Debian：apt-get install python3-venv），或把 pip-*.whl 放进 wheelhouse/，然后重试"


class SetupError(Exception):
    """What stopped the set-up, as a sentence with the next step."""


def say(text: str) -> None:
    """Tell on the error stream, so that the output of the command stays clean."""
    print(text, file=sys.stderr, flush=True)


def quietly(command: list[str]) -> bool:
    """Run with no output; whether it went well."""
    return subprocess.run(command, capture_output=True, env=ENVIRONMENT, check=False).returncode == 0


def fingerprint(lock: str) -> str:
    """What an environment made now from this lock would be: one is up to date while this stays the same."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    installed = (project["project"], project["build-system"], project.get("tool", {}).get("setuptools"))  # not ruff's
    facts = (FORMAT, sys.implementation.cache_tag, str(ROOT), *installed)
    return hashlib.sha256(ascii(facts).encode() + (ROOT / lock).read_bytes()).hexdigest()


def is_ready(lock: str) -> bool:
    """Whether .venv holds what the lock asks for (the one with the test tools serves for everything)."""
    stamp = STAMP.read_text(encoding="utf-8") if STAMP.is_file() and PYTHON.is_file() else ""
    return any(stamp == fingerprint(one) for one in LOCKS[LOCKS.index(lock) :])


def try_lock(handle: IO[bytes]) -> bool:
    """Take the lock if nobody has it; the system gives it back when this process ends, however it ends."""
    system = importlib.import_module("msvcrt" if os.name == "nt" else "fcntl")
    try:
        if os.name == "nt":
            system.locking(handle.fileno(), system.LK_NBLCK, 1)
        else:
            system.flock(handle, system.LOCK_EX | system.LOCK_NB)
    except OSError as error:  # on a network drive without locks it is better to go on than to wait for ever
        return not isinstance(error, (BlockingIOError, PermissionError))
    return True


def explain() -> str:
    """The sentence for a pip that failed, from what it wrote to the log."""
    log = LOG.read_text(encoding="utf-8", errors="replace")
    package = (re.findall(r"No matching distribution found for ([\w.=-]+)", log) or ["所需的包"])[0]
    text = log.replace("No matching", "wheelhouse: No matching") if WHEELHOUSE.is_dir() else log
    for pattern, advice in REASONS.items():
        if re.search(pattern, text):
            return f"环境准备失败：{advice.format(package=package)}。详情见 {LOG}"
    return f"环境准备失败。请把 {LOG} 发给维护者；最后几行：\n" + "\n".join(log.strip().splitlines()[-5:])


def progress(total: int) -> str:
    """How far an installer has come: packages written, else those it has got, and their size so far."""
    said = LOG.read_text(encoding="utf-8", errors="replace")
    packages = "Lib/site-packages" if os.name == "nt" else "lib/python*/site-packages"
    written = len(list(VENV.glob(f"{packages}/*.dist-info")))
    sizes = re.findall(r"(?:Downloading|Using cached) \S+ \(([\d.]+) ?([kM])i?B\)", said)
    size = sum(float(number) / (1 if unit == "M" else 1000) for number, unit in sizes)
    got = len(re.findall(r"^ ?(?:Collecting|Downloading) ", said, flags=re.MULTILINE))  # as pip, as uv says it
    stage = f"已写入 {min(written, total)}" if written > 1 else f"已取得 {got}"  # one: pip itself
    return f"{stage}/{total} 个包，{size:.0f} MB"


def run_installer(command: list[str], total: int) -> None:
    """Run pip or uv into the log, with a line every few seconds."""
    started, at_once = time.monotonic(), {**ENVIRONMENT, "PYTHONUNBUFFERED": "1"}
    with LOG.open("wb") as log:
        installer = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=at_once)
    try:
        while installer.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                installer.wait(timeout=5)
                break
            say(f"  {time.monotonic() - started:3.0f} 秒，{progress(total)}")
    finally:
        installer.kill()  # does nothing when it has ended
        installer.wait()
    if installer.returncode:
        raise SetupError(explain())


def pip_command() -> list[str]:
    """A pip that installs into .venv: its own, the running Python's, or a wheel from wheelhouse/."""
    choices = [[str(PYTHON), "-m", "pip"], [BASE, "-m", "pip", "--python", str(PYTHON)]]
    choices += [[str(PYTHON), str(wheel / "pip")] for wheel in WHEELHOUSE.glob("pip-*.whl")]
    for choice in choices:
        if quietly([*choice, "--version"]):
            return choice
    raise SetupError(NO_PIP)


def installers() -> Iterator[tuple[str, list[str]]]:
    """What can install into .venv, the fastest first: uv where it is on the PATH, with pip's mirror; then pip."""
    uv = shutil.which("uv")
    if uv:
        config = [BASE, "-m", "pip", "config", "get", "global.index-url"]
        asked = subprocess.run(config, capture_output=True, encoding="utf-8", env=ENVIRONMENT, check=False).stdout
        mirror = os.environ.get("PIP_INDEX_URL") or asked.strip()
        yield "uv", [uv, "pip", "install", "--python", str(PYTHON), *(["--default-index", mirror] if mirror else [])]
    quietly([str(PYTHON), "-m", "ensurepip"])  # Debian's may be missing: then pip_command looks further
    options = ["--no-input", "--disable-pip-version-check", "--progress-bar", "off", "--no-compile"]
    yield "pip", [*pip_command(), "install", *options]


def install(lock: str) -> None:
    """Make .venv if it is not there, and put into it what the lock names and then the project."""
    if not PYTHON.is_file():
        say("准备环境：建立 .venv")
        if not quietly([BASE, "-m", "venv", "--without-pip", str(VENV)]):
            raise SetupError("无法建立 .venv。请确认本文件夹可写，且 Python 带有 venv 模块")
    total = len(re.findall(r"^[\w.-]+==", (ROOT / lock).read_text(encoding="utf-8"), flags=re.MULTILINE))
    local = ["--no-index", "--find-links", str(WHEELHOUSE)] if WHEELHOUSE.is_dir() else []
    for name, command in installers():
        say(f"准备环境：用 {name} 安装 {lock}（{'来自 wheelhouse/' if local else '联网下载'}，约需数分钟）")
        try:
            locked = ["--require-hashes", "--only-binary", ":all:", "-r", str(ROOT / lock)]
            run_installer([*command, *local, *locked], total)
            run_installer([*command, *local, "--no-deps", "--no-build-isolation", "-e", str(ROOT)], 1)
        except SetupError:
            if name == "pip":
                raise
            say("  uv 没有装成，改用 pip")
        else:
            return


def make(lock: str) -> None:
    """Make .venv anew, or add what is missing to a good one; a half-made one is not left, and would have no stamp."""
    started = time.monotonic()
    if VENV.exists() and not is_ready(LEAN):
        shutil.rmtree(VENV)
    try:
        install(lock)
        STAMP.write_text(fingerprint(lock), encoding="utf-8")
    finally:
        if not STAMP.is_file():
            shutil.rmtree(VENV, ignore_errors=True)
    say(f"准备环境：完成（{time.monotonic() - started:.0f} 秒）")


def conda_python(*modules: str) -> str:
    """The Python of the active conda environment, if the project and what the command needs are in it."""
    python = Path(os.environ.get("CONDA_PREFIX", ROOT / "none"), "python.exe" if os.name == "nt" else "bin/python")
    probe = "import importlib.util as u, sys; sys.exit(any(u.find_spec(name) is None for name in sys.argv[1:]))"
    return str(python) if python.is_file() and quietly([str(python), "-I", "-c", probe, *modules]) else ""


def set_up(lock: str) -> str:
    """The Python to run with, made ready first when it is not."""
    conda = conda_python("zjanalysis", *(["pytest", "xdist"] if lock == DEV else []))
    if conda:
        say(f"使用 conda 环境 {os.environ['CONDA_PREFIX']}")
        return conda
    if not is_ready(lock):
        LOG.parent.mkdir(exist_ok=True)
        with LOG.with_name("setup.lock").open("wb") as handle:
            while not try_lock(handle):
                say("另一个 run.py 正在准备环境，等它完成……")
                time.sleep(2)
            if not is_ready(lock):
                make(lock)
    return str(PYTHON)


def hand_over(command: list[str], directory: Path) -> int:
    """Run the command to its end and return its exit code; on Ctrl-C let it clean up first."""
    child = subprocess.Popen(command, env=ENVIRONMENT, cwd=directory)
    try:
        code = child.wait()
    finally:
        with suppress(subprocess.TimeoutExpired):
            child.wait(timeout=10)
        child.kill()  # does nothing when it has ended
    return 128 - code if code < 0 else code


def run(name: str, rest: list[str]) -> int:
    """Set up, then run the command named; an environment without JupyterLab stays so until ``setup`` asks for more."""
    lean = "--lean" in rest or (name in ("build", "zj") and is_ready(LEAN))
    rest = [word for word in rest if word != "--lean"]
    python = set_up(DEV if name == "test" or rest == ["--dev"] else LEAN if lean else RUNTIME)
    if name == "setup":
        return 0
    if name == "test":  # the flag makes a forgotten encoding= an error here, and no noise in the kernels we start
        return hand_over([python, "-X", "warn_default_encoding", "-m", "pytest", *TESTS, *rest], ROOT)
    return hand_over([python, "-m", "zjanalysis", *(["build"] if name == "build" else []), *rest], Path.cwd())


def main(arguments: list[str]) -> int:
    """Parse, run, and say in a sentence what went wrong."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")  # as everything we start
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    name, *rest = arguments or ["help"]
    if name in {"help", "-h", "--help"}:
        print(HELP)
        return 0
    if name not in {"build", "test", "zj", "setup"} or (name == "setup" and rest not in ([], ["--dev"], ["--lean"])):
        say(f"不认识“{' '.join(arguments)}”。命令有 build、test、zj、setup [--dev|--lean]；说明：python run.py help")
        return 2
    try:
        return run(name, rest)
    except SetupError as error:
        say(str(error))
    except PermissionError as error:
        say(f"无法改写 {error.filename}。请关闭正在使用它的程序（终端、JupyterLab），确认本文件夹可写，然后重试")
    except KeyboardInterrupt:
        say("已中断。")
        return 130
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
