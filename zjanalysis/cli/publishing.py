"""Reports: ``zj build``, ``list``, ``index``, ``verify``, ``bundle``; and back to notebooks: ``lab``, ``open``."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import date
from itertools import groupby
from pathlib import Path

from zjanalysis.cli.chinese import listed
from zjanalysis.errors import ConfigError, InputError, unknown_name
from zjanalysis.files import write_whole
from zjanalysis.publish import signing, staleness
from zjanalysis.publish.build import Options
from zjanalysis.publish.build import build as build_reports
from zjanalysis.publish.engine import notebook_copy
from zjanalysis.publish.index import write_index
from zjanalysis.publish.jobs import list_jobs, named_units, select
from zjanalysis.publish.pool import cluster
from zjanalysis.publish.provenance import read_record
from zjanalysis.publish.release import published
from zjanalysis.settings import load_settings

PASSED_ON = "打包"
CHOICE = ("data", "period", "only", "out", "peers")  # what the explorer passes on
CHINESE = "jupyterlab_language_pack_zh_CN"
LANGUAGE, NOTICES = "@jupyterlab/translation-extension:plugin", "@jupyterlab/apputils-extension:notification"


def build(arguments: argparse.Namespace) -> int:
    """Make the reports, say what happens line by line, and return 1 when one failed."""
    if arguments.limit < 0 or arguments.jobs < 0:
        raise ConfigError("--limit 与 --jobs 不能是负数。", "不写即为全部报告、自动并行。")
    settings = load_settings()
    peers = _passed_on(arguments) if arguments.with_file else ""
    jobs = list_jobs(settings, arguments.data, arguments.period, report_date=_iso(arguments.date), peers=peers,
                     every=arguments.every)  # fmt: skip
    selected = select(jobs, listed(arguments.only), arguments.limit)
    options = Options(workers=arguments.jobs, force=arguments.force, dry_run=arguments.dry_run,
                      fail_fast=arguments.fail_fast, engine=arguments.engine, timeout=arguments.timeout)  # fmt: skip
    with cluster(arguments.dask) if arguments.dask else nullcontext() as executor:
        summary = build_reports(selected, out=_folder(arguments.out), settings=settings, options=options,
                                executor=executor, progress=_say)  # fmt: skip
    print(*summary.lines, sep="\n")
    return summary.exit_code


def listing(arguments: argparse.Namespace) -> int:
    """Print every report that can be made."""
    every = list_jobs(load_settings(), arguments.data, arguments.period, every=arguments.every)
    for place, jobs in groupby(every, key=lambda job: job.place):
        first, *others = jobs
        where = "" if place == first.period else f" · 位置 {place}"
        print(f"数据集 {first.data} · 期次 {first.period} · {1 + len(others)} 份报告{where}")
        for job in (first, *others):
            print(f"  {job.region_code}  {job.region}  {job.key}.html  （{job.notebook.name}）")
    return 0


def index(arguments: argparse.Namespace) -> int:
    """Write the index of a period again from its manifest."""
    for city, folder in _published(_folder(arguments.out), arguments):
        print(f"已写入 {write_index(folder, named_units(city))}")
    return 0


def verify(arguments: argparse.Namespace) -> int:
    """Say whether a file or fingerprint belongs to the present data, definitions and program, or who issued a page."""
    if arguments.key:
        good, line = signing.issued(Path(arguments.word), Path(arguments.key))
        print(line)
        return 0 if good else 1
    out, settings = _folder(arguments.out), load_settings()
    verdict = staleness.verify(arguments.word, out=out, settings=settings, data=arguments.data)
    for line in verdict.lines:
        print(line)
    return verdict.exit_code


def keys(arguments: argparse.Namespace) -> int:
    """Make the keys that reports are signed with."""
    settings = load_settings()
    path = signing.make_keys(settings).relative_to(settings.root).as_posix()
    print(f"已写入钥匙 {signing.FOLDER}/{signing.SECRET}（只留在本机，请另存一份）和公钥 {path}（发给收报告的单位）。")
    print("此后 zj build 自动签名；以前的页面用 zj build --force 补签。收到的人：zj verify 页面.html --key 公钥。")
    return 0


def bundle(arguments: argparse.Namespace) -> int:
    """Write the zips and letters, say each as it is written; 1 when a report had to be left out."""
    from zjanalysis.inputs.addresses import load_addresses  # noqa: PLC0415  pandas, which a build does without
    from zjanalysis.publish.bundle import bundle as write_bundles  # noqa: PLC0415

    reports, worst = _folder(arguments.reports), 0
    mail = load_addresses(Path(arguments.mail), guard=load_settings().guard) if arguments.mail else None
    for _, folder in _published(reports, arguments):
        usual = reports / PASSED_ON / folder.relative_to(reports)
        out = Path(arguments.out).absolute() if arguments.out else usual
        done = write_bundles(folder, out=out, mail=mail, sign=signing.signer(load_settings()), progress=_say)
        zips = sum(path.suffix == ".zip" for path in done.written)
        letters = f"、邮件草稿 {len(done.written) - zips} 封（没有发送）" if mail else ""
        print(f"已写入压缩包 {zips} 个{letters}，未收入报告 {len(done.left_out)} 份。位置：{out}")
        for name, reason in done.left_out.items():
            print(f"  {name}：{reason}")
        worst = max(worst, int(bool(done.left_out)))
    return worst


def _published(reports: Path, arguments: argparse.Namespace) -> Iterator[tuple[str, Path]]:
    """Yield the folder of the period asked for, or of the newest, of every city the data set is about."""
    by_city = published(reports, load_settings(), arguments.data)
    periods = dict.fromkeys(folder.name for folders in by_city.values() for folder in folders)
    if not periods or (arguments.period and arguments.period not in periods):
        raise unknown_name("已发布的期次", arguments.period or str(reports), periods)
    for city, folders in by_city.items():
        chosen = [folder for folder in folders if arguments.period in ("", folder.name)]
        yield from ((city, folder) for folder in chosen[-1:])


def lab(arguments: argparse.Namespace) -> int:
    """Run JupyterLab in ``notebooks/`` on this Python until it is stopped; returns its exit code."""
    return _run_lab([], port=arguments.port, browser=not arguments.no_browser, extra=arguments.extra)


def open_page(arguments: argparse.Namespace) -> int:
    """Write a copy of the page's notebook with its parameters, say where, and open it."""
    page, settings = Path(arguments.page), load_settings()
    copy = notebook_copy(read_record(page), name=page.name, settings=settings)
    print(f"已按页面的参数写好笔记本：{copy.relative_to(settings.root).as_posix()}")
    return 0 if arguments.no_lab else _run_lab([str(copy)], port=arguments.port, browser=True, extra=[])


def demo(arguments: argparse.Namespace) -> int:
    """Make the sample's eight quarters as workbooks, or a whole province, by the project's own script; gives its exit
    code.
    """
    root = load_settings().root
    script = root / "data" / "make_sample.py"
    if not script.is_file():
        raise ConfigError("找不到 data/make_sample.py。", "请在项目文件夹里运行 zj demo。")
    whole = arguments.folder == "province"
    folder, option = (root / "data" / "province", "--province") if whole else (Path(arguments.folder), "--demo")
    code = subprocess.run([sys.executable, str(script), option, str(folder)], check=False).returncode
    if code == 0:
        print(f"已写入 {folder}：{'全省二十一市' if whole else ''}八期示例数据（模拟）。")
    return code


def _run_lab(opened: list[str], *, port: int, browser: bool, extra: list[str]) -> int:
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


def _passed_on(arguments: argparse.Namespace) -> str:
    """Take data, period, only and out from the file where the command line leaves them open; return its peers."""
    path = Path(arguments.with_file)
    try:
        choice = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise InputError(f"找不到参数文件“{path.name}”。", "请用笔记本 00 的“送到报告”写出它。") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"参数文件“{path.name}”读不懂。", "请用笔记本 00 的“送到报告”重新写出。") from error
    for name, value in choice.items():
        if name not in CHOICE:
            raise unknown_name("参数", name, CHOICE)
        if not isinstance(value, str):
            raise ConfigError(f"参数“{name}”的值 {value!r} 不对，应是文字。", "代码、期次都要加引号。")
    for name in ("data", "period", "only", "out"):
        setattr(arguments, name, getattr(arguments, name) or choice.get(name, ""))
    return str(choice.get("peers", ""))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _folder(out: str) -> Path:
    settings = load_settings()
    return Path(out).absolute() if out else settings.path(settings.out)


def _iso(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError:
        raise ConfigError(f"日期“{text}”读不懂。", "请写成 2021-04-15 的样子。") from None
