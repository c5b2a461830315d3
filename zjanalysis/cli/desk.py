"""What there is and where it is opened: ``zj list``, the Lab (``zj lab``, ``zj open``) and the data of ``zj demo``."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import sys
from itertools import groupby
from pathlib import Path

from zjanalysis.errors import ConfigError
from zjanalysis.publish.jobs import list_jobs, unfit
from zjanalysis.settings import load_settings

CHINESE = "jupyterlab_language_pack_zh_CN"
LANGUAGE, NOTICES = "@jupyterlab/translation-extension:plugin", "@jupyterlab/apputils-extension:notification"


def listing(arguments: argparse.Namespace) -> int:
    """Print every report that can be made."""
    settings = load_settings()
    every = list_jobs(settings, arguments.data, arguments.period, every=arguments.every)
    for place, jobs in groupby(every, key=lambda job: job.place):
        first, *others = jobs
        where = "" if place == first.period else f" · 位置 {place}"
        print(f"数据集 {first.data} · 期次 {first.period} · {1 + len(others)} 份报告{where}")
        for job in (first, *others):
            print(f"  {job.region_code}  {job.region}  {job.key}.html  （{job.notebook.name}）")
    for sentence in unfit(settings).values():
        print(sentence, file=sys.stderr)
    return 0


def lab(arguments: argparse.Namespace) -> int:
    """Run JupyterLab in ``notebooks/`` on this Python until it is stopped; returns its exit code."""
    return _run_lab([], port=arguments.port, browser=not arguments.no_browser, extra=arguments.extra)


def open_page(arguments: argparse.Namespace) -> int:
    """Write a copy of the page's notebook with its parameters, say where, and open it."""
    from zjanalysis.publish.engine import notebook_copy  # noqa: PLC0415  zj list needs neither
    from zjanalysis.publish.provenance import read_record  # noqa: PLC0415

    page, settings = Path(arguments.page), load_settings()
    copy = notebook_copy(read_record(page), name=page.name, settings=settings)
    print(f"已按页面的参数写好笔记本：{copy.relative_to(settings.root).as_posix()}")
    return 0 if arguments.no_lab else _run_lab([str(copy)], port=arguments.port, browser=True, extra=[])


def demo(arguments: argparse.Namespace) -> int:
    """Make the sample's eight quarters as workbooks, or a whole province, by the project's own script; gives its exit
    code.

    Raises ConfigError, before anything is made, for a folder that holds something or cannot be one.
    """
    root = load_settings().root
    script = root / "data" / "make_sample.py"
    if not script.is_file():
        raise ConfigError("找不到 data/make_sample.py。", "请在项目文件夹里运行 zj demo。")
    whole = arguments.folder == "province"
    folder, option = (root / "data" / "province", "--province") if whole else (Path(arguments.folder), "--demo")
    _make_empty(folder, sample=root / "data" / "sample")
    import subprocess  # noqa: PLC0415  zj list starts nothing

    code = subprocess.run([sys.executable, str(script), option, str(folder)], check=False).returncode
    if code == 0:
        print(f"已写入 {folder}：{'全省二十一市' if whole else ''}八期示例数据（模拟）。")
    return code


def _make_empty(folder: Path, *, sample: Path) -> None:
    hint = "请换一个还没有的文件夹，例如 zj demo data/demo；旧的不用了，请先移走或删去。"
    if folder.resolve().is_relative_to(sample.resolve()):
        raise ConfigError(f"“{folder}”在示例数据 data/sample 之内，不写进去。", hint)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_used = any(folder.iterdir())
    except OSError as error:
        raise ConfigError(f"“{folder}”不能用作文件夹（{error.strerror}）。", hint) from error
    if is_used:
        raise ConfigError(f"文件夹“{folder}”里已有文件，不会覆盖。", hint)


def _run_lab(opened: list[str], *, port: int, browser: bool, extra: list[str]) -> int:
    import subprocess  # noqa: PLC0415

    if importlib.util.find_spec("jupyterlab") is None:
        raise ConfigError("没有安装 JupyterLab。", "请运行 python run.py setup，或 pip install jupyterlab。")
    notebooks = load_settings().path("notebooks")
    if not notebooks.is_dir():
        raise ConfigError("找不到 notebooks 文件夹。", "请在项目文件夹里运行 zj lab。")
    server = [f"--ServerApp.root_dir={notebooks}", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
    quiet = [] if browser else ["--no-browser"]
    print("正在打开 JupyterLab（第一本：00_explore.ipynb）；按 Ctrl-C 结束。", flush=True)
    try:
        command = [sys.executable, "-m", "jupyterlab", *server, *quiet, *extra, *opened]
        return subprocess.run(command, env=lab_environment(), check=False).returncode
    except KeyboardInterrupt:
        return 0


def lab_environment() -> dict[str, str]:
    """Return the environment of the Lab: this Python as kernel, UTF-8, and settings of ours where the user has none.

    The kernel comes before any other called python3. The settings: Chinese where the language pack is there, and no
    question whether news may be fetched, which would need a network.
    """
    from ipykernel.kernelspec import get_kernel_dict  # noqa: PLC0415  slow, and only the Lab needs it

    from zjanalysis.files import write_whole  # noqa: PLC0415

    root = load_settings().root
    ours = root / ".cache" / "lab"
    overrides: dict[str, object] = {NOTICES: {"fetchNews": "false", "checkForUpdates": False}}
    if importlib.util.find_spec(CHINESE):
        overrides[LANGUAGE] = {"locale": "zh_CN"}
    files = {"kernels/python3/kernel.json": get_kernel_dict(), "labconfig/default_setting_overrides.json": overrides}
    for name, content in files.items():
        write_whole(ours / name, json.dumps(content, ensure_ascii=False).encode("utf-8"))
    paths = {name: os.pathsep.join(filter(None, (str(ours), os.environ.get(name, ""))))
             for name in ("JUPYTER_PATH", "JUPYTER_CONFIG_PATH")}  # fmt: skip
    return {**os.environ, "PYTHONUTF8": "1", "ZJANALYSIS_ROOT": str(root), **paths}
