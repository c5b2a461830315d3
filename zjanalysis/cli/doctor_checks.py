"""The checks of ``zj doctor``: each looks at one thing that reports need and says what it found and what to do next."""

from __future__ import annotations

import codecs
import locale
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from zjanalysis.inputs.dataset import list_periods, load_dataset
from zjanalysis.settings import FILE_NAME, Settings

OLDEST, NEWEST = (3, 11), (3, 13)  # requires-python of pyproject.toml
LOCK = "requirements.lock"
NEEDED_GB = 2.0  # what set-up asks for; a period of reports takes some megabytes
SAMPLE = "较上期提高0.52个百分点，居并列第3位（共10个地区）：▲ ▼ → − ％ “承诺”《方案》〔2021〕"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge",
            "microsoft-edge-stable", "msedge")  # fmt: skip
_WINDOWS = ("Google/Chrome/Application/chrome.exe", "Microsoft/Edge/Application/msedge.exe",
            "Chromium/Application/chrome.exe")  # fmt: skip
_MACOS = ("Google Chrome", "Microsoft Edge", "Chromium")
SETUP = "运行 python run.py setup 重新准备环境"


@dataclass(frozen=True)
class Finding:
    """One line of the examination: ``next_step`` says what to do when it is not ``ok``."""

    name: str
    ok: bool
    text: str
    next_step: str = ""


def python_version(version: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    """Say whether this Python is one the project is made for.

    >>> python_version((3, 9, 2)).ok, python_version((3, 13, 0)).ok
    (False, True)
    """
    told = ".".join(map(str, version))
    wanted = f"{'.'.join(map(str, OLDEST))}–{'.'.join(map(str, NEWEST))}"
    ok = OLDEST <= tuple(version[:2]) <= NEWEST
    return Finding("Python", ok, f"{told}（{sys.prefix}）", f"需要 Python {wanted}，安装后用它{SETUP}")


def packages(lock: Path) -> Finding:
    """Hold the installed packages against the lock; entries for other systems and Pythons are passed over."""
    from packaging.requirements import Requirement  # noqa: PLC0415  a broken environment may lack it

    if not lock.is_file():
        return Finding(
            "软件包", False, f"没有找到锁定文件 {LOCK}，无法核对版本", f"从项目中取回 {LOCK} 放在 {lock.parent}"
        )
    lines = [line.partition("\\")[0].strip() for line in lock.read_text(encoding="utf-8").splitlines()]
    pinned = [Requirement(line) for line in lines if "==" in line and line[0] not in "#-"]
    ours = [one for one in pinned if one.marker is None or one.marker.evaluate()]
    if not ours:
        return Finding("软件包", False, f"锁定文件 {LOCK} 里没有软件包", f"从项目中取回 {LOCK}")
    found = {one: _installed(one.name) for one in ours}
    wrong = [
        f"{one.name} {version or '未安装'}（锁定 {str(one.specifier).removeprefix('==')}）"
        for one, version in found.items()
        if not one.specifier.contains(version or "0", prereleases=True)
    ]
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
    from jupyter_client.kernelspec import NoSuchKernel  # noqa: PLC0415  a broken environment may lack it
    from jupyter_client.manager import start_new_kernel  # noqa: PLC0415

    hint = f"{SETUP}；若曾安装过别的内核，运行 jupyter kernelspec remove python3"
    try:
        manager, client = start_new_kernel(startup_timeout=60, kernel_name="python3", stderr=subprocess.DEVNULL)
    except (NoSuchKernel, OSError) as error:
        return Finding("笔记本内核", False, f"内核 python3 不能启动（{error}）", hint)
    said: list[str] = []
    try:
        client.execute_interactive(
            "import sys; print(sys.prefix)", timeout=60, store_history=False,
            output_hook=lambda message: said.append(str(message["content"].get("text", ""))),
        )  # fmt: skip
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    found = "".join(said).strip()
    same = bool(found) and os.path.realpath(found) == os.path.realpath(prefix)
    text = "python3 能启动，与 zj 是同一个 Python" if same else f"python3 是另一个 Python（{found or '没有回答'}）"
    return Finding("笔记本内核", same, text, hint)


def fonts(names: Iterable[str] | None = None) -> Finding:
    """Draw with the bundled font: it must have a glyph for every region's name and for the signs of a sentence."""
    from zjanalysis.display import theme  # noqa: PLC0415  matplotlib, which a broken environment may lack
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
    """Give the folder, or the nearest thing above it that exists."""
    return next((place for place in (folder, *folder.parents) if place.exists()), folder)


def browser(roots: Iterable[Path] | None = None) -> Finding:
    """Find Chrome, Edge or Chromium, which print the pages with their running heads: on the path, then where they lie.

    ``roots``: the folders programs are installed in; left out, those of Windows and macOS.
    """
    on_path = next((found for name in BROWSERS if (found := shutil.which(name))), "")
    places = [root / name for root in (_roots() if roots is None else roots) for name in _names(root)]
    found = on_path or next((str(place) for place in places if place.is_file()), "")
    hint = "安装 Chrome 或 Edge（87 版以上）后再打印；只在屏幕上看，任何新近的浏览器都可以"
    return Finding("打印用浏览器", bool(found), found or "没有找到 Chrome、Edge 或 Chromium", hint)


def _roots() -> list[Path]:
    given = [os.environ.get(name) for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")]
    return [*(Path(place) for place in given if place), Path("/Applications"), Path.home() / "Applications"]


def _names(root: Path) -> tuple[str, ...]:
    return tuple(f"{name}.app/Contents/MacOS/{name}" for name in _MACOS) if root.name == "Applications" else _WINDOWS


def disk(folder: Path, needed_gb: float = NEEDED_GB) -> Finding:
    """Say how much is free where the reports go."""
    free = shutil.disk_usage(_standing(folder)).free / 1e9
    return Finding("磁盘空间", free >= needed_gb, f"剩余 {free:.1f} GB", f"清理磁盘，至少留出 {needed_gb:g} GB")


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
        text, hint = f"读不了“{error.filename}”（{error.strerror}）", "改文件权限，或重新拷贝这个文件"
        return Finding("数据", False, text, hint)
    text = f"{settings.data}：{dataset.title}；{len(periods)} 期，最新 {periods[-1]}，{len(files)} 个文件"
    return Finding("数据", bool(files), text, hint)


def utf8(stdout: str = "", filesystem: str = "") -> Finding:
    """Say whether what is printed and what files are called is UTF-8; empty takes what this process has."""
    given = {"输出": stdout or sys.stdout.encoding or "", "文件名": filesystem or sys.getfilesystemencoding()}
    wrong = [f"{what}是 {name or '未知'}" for what, name in given.items() if not _is_utf8(name)]
    text = "、".join(wrong) if wrong else f"输出与文件名均为 UTF-8（系统默认 {locale.getencoding()}）"
    hint = "设置环境变量 PYTHONUTF8=1（Windows：setx PYTHONUTF8 1），去掉 PYTHONIOENCODING，再打开一个新的终端"
    return Finding("UTF-8", not wrong, text, hint)


def _is_utf8(name: str) -> bool:
    try:
        return codecs.lookup(name).name == "utf-8"
    except LookupError:
        return False
