"""``zj lab`` opens JupyterLab on the notebooks, ``zj open`` the notebook that made a page; ``zj demo`` makes data."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

from ipykernel.kernelspec import get_kernel_dict

from zjanalysis.errors import ConfigError
from zjanalysis.publish.manifest import write_whole
from zjanalysis.publish.mine import own_copy
from zjanalysis.publish.verify import read_record
from zjanalysis.settings import load_settings

CHINESE = "jupyterlab_language_pack_zh_CN"
LANGUAGE, NOTICES = "@jupyterlab/translation-extension:plugin", "@jupyterlab/apputils-extension:notification"
PATHS = ("JUPYTER_PATH", "JUPYTER_CONFIG_PATH")


def lab(arguments: argparse.Namespace) -> int:
    """Run JupyterLab in ``notebooks/`` on this Python until it is stopped; gives its exit code."""
    return _run_lab([], port=arguments.port, browser=not arguments.no_browser, extra=arguments.extra)


def open_page(arguments: argparse.Namespace) -> int:
    """Write a copy of the page's notebook with its parameters, say where, and open it."""
    page, settings = Path(arguments.page), load_settings()
    copy = own_copy(read_record(page), name=page.name, settings=settings)
    print(f"已按页面的参数写好笔记本：{copy.relative_to(settings.root).as_posix()}")
    if arguments.no_lab:
        return 0
    return _run_lab([str(copy)], port=arguments.port, browser=True, extra=[])


def demo(arguments: argparse.Namespace) -> int:
    """Make the sample's eight quarters as workbooks, by the project's own script; gives its exit code."""
    script = load_settings().root / "data" / "make_sample.py"
    if not script.is_file():
        raise ConfigError("找不到 data/make_sample.py。", "请在项目文件夹里运行 zj demo。")
    code = subprocess.run([sys.executable, str(script), "--demo", arguments.folder], check=False).returncode
    if code == 0:
        print(f"已写入 {arguments.folder}：八期示例数据（模拟）。")
    return code


def _run_lab(opened: list[str], *, port: int, browser: bool, extra: list[str]) -> int:
    if importlib.util.find_spec("jupyterlab") is None:
        raise ConfigError("没有安装 JupyterLab。", "请运行 python run.py setup，或 pip install jupyterlab。")
    notebooks = load_settings().path("notebooks")
    if not notebooks.is_dir():
        raise ConfigError("找不到 notebooks 文件夹。", "请在项目文件夹里运行 zj lab。")
    told = [f"--ServerApp.root_dir={notebooks}", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
    quiet = [] if browser else ["--no-browser"]
    command = [sys.executable, "-m", "jupyterlab", *told, *quiet, *extra, *opened]
    print("正在打开 JupyterLab（第一本：00_explore.ipynb）；按 Ctrl-C 结束。", flush=True)
    try:
        return subprocess.run(command, env=_environment(), check=False).returncode
    except KeyboardInterrupt:
        return 0


def _environment() -> dict[str, str]:
    """Give the environment of the Lab: this Python as its kernel, UTF-8, and settings of ours where the user has none.

    The kernel comes before any other called python3. The settings: Chinese where the language pack is there, and no
    question whether news may be fetched, which would need a network.
    """
    root = load_settings().root
    ours = root / ".cache" / "lab"
    told: dict[str, object] = {NOTICES: {"fetchNews": "false", "checkForUpdates": False}}
    if importlib.util.find_spec(CHINESE):
        told[LANGUAGE] = {"locale": "zh_CN"}
    places = {"kernels/python3/kernel.json": get_kernel_dict(), "labconfig/default_setting_overrides.json": told}
    for place, content in places.items():
        write_whole(ours / place, json.dumps(content, ensure_ascii=False).encode("utf-8"))
    before = {name: os.pathsep.join(filter(None, (str(ours), os.environ.get(name, "")))) for name in PATHS}
    return {**os.environ, "PYTHONUTF8": "1", "ZJANALYSIS_ROOT": str(root), **before}
