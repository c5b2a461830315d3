"""``zj doctor``: is this machine fit to make and print the reports? One line per check, ✔ or ✘ with the next step.

Packages that a broken environment may lack are imported in the check that needs them, and what breaks there is said.
"""

from __future__ import annotations

import argparse
import codecs
import locale
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

from zjanalysis.errors import ZjError
from zjanalysis.inputs.dataset import list_periods, load_dataset
from zjanalysis.settings import FILE_NAME, Settings, find_root, load_settings

BROKEN = (ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, OSError, RuntimeError,
          SyntaxError, TypeError, ValueError, Warning)  # fmt: skip
"""What a damaged installation may raise anywhere; ``zj doctor`` is asked exactly then, so it says it and goes on."""
OLDEST, NEWEST = (3, 11), (3, 13)  # requires-python of pyproject.toml
LOCK = "requirements.lock"
NEEDED_GB = 2.0  # what set-up asks for; a period of reports takes some megabytes
SAMPLE = "较上期提高0.52个百分点，居并列第3位（共10个地区）：▲ ▼ → − ％ “承诺”《方案》〔2021〕"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge",
            "microsoft-edge-stable", "msedge")  # fmt: skip
_WINDOWS = ("Google/Chrome/Application/chrome.exe", "Microsoft/Edge/Application/msedge.exe",
            "Chromium/Application/chrome.exe")  # fmt: skip
_MACOS = tuple(f"{name}.app/Contents/MacOS/{name}" for name in ("Google Chrome", "Microsoft Edge", "Chromium"))
SETUP = "运行 python run.py setup 重新准备环境"


@dataclass(frozen=True)
class Finding:
    """One line of the examination: ``next_step`` says what to do when it is not ``ok``."""

    name: str
    ok: bool
    text: str
    next_step: str = ""


def doctor(arguments: argparse.Namespace) -> int:
    """Examine the machine; 0 when all is well, else 1."""
    good = True
    for finding in examine():
        print(line(finding, sys.stdout.encoding or "ascii"))
        good = good and finding.ok
    print("全部正常。" if good else "请按“下一步”处理后再运行一次 zj doctor。")
    return 0 if good else 1


def line(finding: Finding, encoding: str) -> str:
    """Return the line of a finding; where the terminal has no ✔ the words 正常 and 问题 stand.

    >>> line(Finding("字体", False, "缺 1 个字", "补字"), "utf-8")
    '✘ 字体：缺 1 个字。下一步：补字。'
    >>> line(Finding("字体", True, "齐全"), "gbk")
    '[正常] 字体：齐全。'
    """
    try:
        mark = "✔✘"[not finding.ok].encode(encoding).decode(encoding)
    except (UnicodeError, LookupError):
        mark = "[正常]" if finding.ok else "[问题]"
    step = "" if finding.ok or not finding.next_step else f"下一步：{finding.next_step}。"
    return f"{mark} {finding.name}：{' '.join(finding.text.split())}。{step}"


def examine() -> Iterator[Finding]:
    """Yield the findings one by one, each when it is known."""
    root = find_root()
    yield attempt("设置", partial(settings_file, root))
    try:
        settings = load_settings(root)
    except ZjError:
        settings = Settings(root=root)
    out = settings.reports
    folders = {"reports": out, ".cache": settings.root / ".cache", "data": settings.path(settings.data)}
    checks: dict[str, Callable[[], Finding]] = {
        "Python": python_version,
        "软件包": partial(packages, settings.root / LOCK),
        "笔记本内核": kernel,
        "字体": fonts,
        "数据": partial(data_folder, settings),
        "写入权限": partial(writable, folders),
        "磁盘空间": partial(disk, out),
        "打印用浏览器": browser,
        "UTF-8": utf8,
    }
    for name, check in checks.items():
        yield attempt(name, check)


def attempt(name: str, check: Callable[[], Finding]) -> Finding:
    """Return the finding of a check; a check that breaks is a finding too."""
    try:
        return check()
    except ZjError as error:
        return Finding(name, False, error.message.rstrip("。"), error.hint.rstrip("。"))
    except BROKEN as error:
        return Finding(name, False, f"检查时出错（{type(error).__name__}：{error}）", SETUP)


def settings_file(root: Path) -> Finding:
    """Read the settings and name the city in focus."""
    from zjanalysis.inputs.regions import region_name, report_units  # noqa: PLC0415

    focus = load_settings(root).focus
    units = len(report_units(focus))
    return Finding("设置", True, f"{root / FILE_NAME}，{region_name(focus)}及所辖 {units} 个县（市、区）")


def python_version(version: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    """Say whether this Python is one the project is made for.

    >>> python_version((3, 9, 2)).ok, python_version((3, 13, 0)).ok
    (False, True)
    """
    wanted = f"{'.'.join(map(str, OLDEST))}–{'.'.join(map(str, NEWEST))}"
    ok = OLDEST <= tuple(version[:2]) <= NEWEST
    text = f"{'.'.join(map(str, version))}（{sys.prefix}）"
    return Finding("Python", ok, text, f"需要 Python {wanted}，安装后用它{SETUP}")


def packages(lock: Path) -> Finding:
    """Hold the installed packages against the lock; entries for other systems and Pythons are passed over."""
    from packaging.requirements import Requirement  # noqa: PLC0415

    if not lock.is_file():
        hint = f"从项目中取回 {LOCK} 放在 {lock.parent}"
        return Finding("软件包", False, f"没有找到锁定文件 {LOCK}，无法核对版本", hint)
    lines = [text.partition("\\")[0].strip() for text in lock.read_text(encoding="utf-8").splitlines()]
    pinned = [Requirement(text) for text in lines if "==" in text and text[0] not in "#-"]
    ours = [one for one in pinned if one.marker is None or one.marker.evaluate()]
    if not ours:
        return Finding("软件包", False, f"锁定文件 {LOCK} 里没有软件包", f"从项目中取回 {LOCK}")
    versions = {one: _installed(one.name) for one in ours}
    wrong = [f"{one.name} {version or '未安装'}（锁定 {str(one.specifier).removeprefix('==')}）"
             for one, version in versions.items()
             if not one.specifier.contains(version or "0", prereleases=True)]  # fmt: skip
    more = f"等 {len(wrong)} 个" if len(wrong) > 3 else ""
    text = f"与锁定不符：{'、'.join(wrong[:3])}{more}" if wrong else f"{len(ours)} 个，与 {LOCK} 一致"
    return Finding("软件包", not wrong, text, SETUP)


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def kernel(prefix: str = sys.prefix) -> Finding:
    """Start a notebook kernel and see that it is the Python that runs ``zj``."""
    from jupyter_client.kernelspec import NoSuchKernel  # noqa: PLC0415
    from jupyter_client.manager import start_new_kernel  # noqa: PLC0415

    hint = f"{SETUP}；若曾安装过别的内核，运行 jupyter kernelspec remove python3"
    try:
        manager, client = start_new_kernel(startup_timeout=60, kernel_name="python3", stderr=subprocess.DEVNULL)
    except (NoSuchKernel, OSError) as error:
        return Finding("笔记本内核", False, f"内核 python3 不能启动（{error}）", hint)
    heard: list[dict[str, Any]] = []
    ask = "import sys; print(sys.prefix)"
    try:
        client.execute_interactive(ask, timeout=60, store_history=False, output_hook=heard.append)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    answer = "".join(message["content"].get("text", "") for message in heard).strip()
    same = bool(answer) and os.path.realpath(answer) == os.path.realpath(prefix)
    text = "python3 能启动，与 zj 是同一个 Python" if same else f"python3 是另一个 Python（{answer or '没有回答'}）"
    return Finding("笔记本内核", same, text, hint)


def fonts(names: Iterable[str] | None = None) -> Finding:
    """Draw with the bundled font: it must have a glyph for every region's name and for the signs of a sentence."""
    from zjanalysis.display import theme  # noqa: PLC0415
    from zjanalysis.display.picture import new_figure  # noqa: PLC0415
    from zjanalysis.inputs.regions import load_regions  # noqa: PLC0415

    wanted = sorted(set("".join([*(load_regions()["name"] if names is None else names), SAMPLE])) - {" "})
    lacking = [sign for sign in wanted if ord(sign) not in theme.covered()]
    if lacking:
        hint = "项目自带的字体缺这些字，图中会印成〓；请告知维护人员补字"
        return Finding("字体", False, f"缺 {len(lacking)} 个字：{''.join(lacking[:10])}", hint)
    with theme.style():
        figure = new_figure(10)
        figure.text(0, 0, SAMPLE)
        figure.canvas.draw()
    return Finding("字体", True, f"自带字体 {theme.FAMILY} 有全部地区名和示例句的 {len(wanted)} 个字")


def data_folder(settings: Settings) -> Finding:
    """Open every file of the newest period of the data set, and name the periods."""
    dataset, periods = load_dataset(settings=settings), list_periods(settings=settings)
    hint = f"把数据放进 {settings.data}/期次/items/，或在 {FILE_NAME} 里改 data"
    if not periods:
        return Finding("数据", False, f"数据集“{settings.data}”里没有期次", hint)
    files = [path for path in sorted((dataset.folder / periods[-1] / "items").rglob("*")) if path.is_file()]
    try:
        for path in files:
            with path.open("rb") as file:
                file.read(1)
    except OSError as error:
        text = f"读不了“{error.filename}”（{error.strerror}）"
        return Finding("数据", False, text, "改文件权限，或重新拷贝这个文件")
    text = f"{settings.data}：{dataset.title}；{len(periods)} 期，最新 {periods[-1]}，{len(files)} 个文件"
    return Finding("数据", bool(files), text, hint)


def writable(folders: Mapping[str, Path]) -> Finding:
    """Put a file into each folder (or the nearest one above that exists) and take it away again."""
    refused = []
    for name, folder in folders.items():
        try:
            with tempfile.NamedTemporaryFile(dir=_standing(folder), prefix=".zj-doctor-"):
                pass
        except OSError as error:
            refused.append(f"{name}（{folder}：{error.strerror or error}）")
    text = f"写不进 {'、'.join(refused)}" if refused else f"{'、'.join(folders)} 均可写入"
    return Finding("写入权限", not refused, text, f"改文件夹权限，或在 {FILE_NAME} 换位置（输出可用 --out）")


def _standing(folder: Path) -> Path:
    return next((place for place in (folder, *folder.parents) if place.exists()), folder)


def disk(folder: Path, needed_gb: float = NEEDED_GB) -> Finding:
    """Say how much is free where the reports go."""
    free = shutil.disk_usage(_standing(folder)).free / 1e9
    return Finding("磁盘空间", free >= needed_gb, f"剩余 {free:.1f} GB", f"清理磁盘，至少留出 {needed_gb:g} GB")


def browser(roots: Iterable[Path] | None = None) -> Finding:
    """Find Chrome, Edge or Chromium, which print the pages with their running heads: on the path, then where they lie.

    ``roots``: the folders programs are installed in; left out, those of Windows and macOS.
    """
    variables = (os.environ.get(name) for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"))
    usual = [*map(Path, filter(None, variables)), Path("/Applications"), Path.home() / "Applications"]
    places = (root / name for root in (usual if roots is None else roots)
              for name in (_MACOS if root.name == "Applications" else _WINDOWS))  # fmt: skip
    on_path = next((path for name in BROWSERS if (path := shutil.which(name))), "")
    path = on_path or next((str(place) for place in places if place.is_file()), "")
    hint = "安装 Chrome 或 Edge（87 版以上）后再打印；只在屏幕上看，任何新近的浏览器都可以"
    return Finding("打印用浏览器", bool(path), path or "没有找到 Chrome、Edge 或 Chromium", hint)


def utf8(stdout: str = "", filesystem: str = "") -> Finding:
    """Say whether what is printed and what files are called is UTF-8; empty takes what this process has."""
    names = {"输出": stdout or sys.stdout.encoding or "", "文件名": filesystem or sys.getfilesystemencoding()}
    wrong = [f"{what}是 {name or '未知'}" for what, name in names.items() if not _is_utf8(name)]
    text = "、".join(wrong) if wrong else f"输出与文件名均为 UTF-8（系统默认 {locale.getencoding()}）"
    hint = "设置环境变量 PYTHONUTF8=1（Windows：setx PYTHONUTF8 1），去掉 PYTHONIOENCODING，再打开一个新的终端"
    return Finding("UTF-8", not wrong, text, hint)


def _is_utf8(name: str) -> bool:
    try:
        return codecs.lookup(name).name == "utf-8"
    except LookupError:
        return False
