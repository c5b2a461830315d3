"""Reports: ``zj build``, ``index``, ``verify``, ``keys``, ``bundle``."""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

from zjanalysis.cli import listed
from zjanalysis.display.dates import iso_day
from zjanalysis.errors import ConfigError, InputError, unknown_name
from zjanalysis.inputs.dataset import load_dataset
from zjanalysis.inputs.regions import units_of
from zjanalysis.publish import provenance, staleness
from zjanalysis.publish.build import Options
from zjanalysis.publish.build import build as build_reports
from zjanalysis.publish.jobs import foci, home, list_jobs, select, unfit
from zjanalysis.publish.pool import cluster
from zjanalysis.publish.release import MANIFEST
from zjanalysis.settings import load_settings

PASSED_ON = "打包"
CHOICE = ("data", "period", "only", "out", "peers")  # what the explorer passes on


def build(arguments: argparse.Namespace) -> int:
    """Make the reports, say what happens line by line, and return 1 when one failed."""
    settings = load_settings()
    peers = _passed_on(arguments) if arguments.with_file else ""
    day = iso_day(arguments.date, example="2021-04-15") if arguments.date else ""
    jobs = list_jobs(settings, arguments.data, arguments.period, report_date=day, peers=peers,
                     every=arguments.every)  # fmt: skip
    refused = unfit(settings)
    for sentence in refused.values():
        _say(sentence)
    selected = select(jobs, listed(arguments.only), arguments.limit)
    options = Options(workers=arguments.jobs, force=arguments.force, dry_run=arguments.dry_run,
                      fail_fast=arguments.fail_fast, engine=arguments.engine, timeout=arguments.timeout,
                      every=frozenset() if refused else frozenset(job.path for job in jobs))  # fmt: skip
    with cluster(arguments.dask) if arguments.dask else nullcontext() as executor:
        summary = build_reports(selected, out=_folder(arguments.out), settings=settings, options=options,
                                executor=executor, progress=_say)  # fmt: skip
    print(*summary.lines, sep="\n")
    if refused and not arguments.only:
        print(f"失败的笔记本 {len(refused)} 本：{'、'.join(refused)}。")
    return max(summary.exit_code, int(bool(refused and not arguments.only)))


def index(arguments: argparse.Namespace) -> int:
    """Write the index of a period again from its manifest."""
    from zjanalysis.publish.index import write_index  # noqa: PLC0415  numpy, which a build with nothing to do does without

    for city, folder in _published(_folder(arguments.out), arguments):
        print(f"已写入 {write_index(folder, units_of(city))}")
    return 0


def verify(arguments: argparse.Namespace) -> int:
    """Say whether a file or fingerprint belongs to the present data, definitions and program, or who issued a page."""
    if arguments.key:
        good, *lines = provenance.issued(Path(arguments.word), Path(arguments.key))
    else:
        out, settings = _folder(arguments.out), load_settings()
        good, lines = staleness.verify(arguments.word, out=out, settings=settings, data=arguments.data)
    print(*lines, sep="\n")
    return 0 if good else 1


def keys(arguments: argparse.Namespace) -> int:
    """Make the keys that reports are signed with."""
    settings = load_settings()
    public = provenance.make_keys(settings).relative_to(settings.root).as_posix()
    secret = f"{provenance.KEYS}/{provenance.SECRET}"
    print(f"已写入钥匙 {secret}（只留在本机，请另存一份）和公钥 {public}（发给收报告的单位）。")
    print("此后 zj build 自动签名；以前的页面用 zj build --force 补签。收到的人：zj verify 页面.html --key 公钥。")
    return 0


def bundle(arguments: argparse.Namespace) -> int:
    """Write the zips and letters, say each as it is written; 1 when a report had to be left out."""
    from zjanalysis.publish.bundle import bundle as write_bundles  # noqa: PLC0415
    from zjanalysis.publish.bundle import load_addresses  # noqa: PLC0415  pandas, which a build does without

    reports, worst = _folder(arguments.reports), 0
    mail = load_addresses(Path(arguments.mail)) if arguments.mail else None
    for _, folder in _published(reports, arguments):
        usual = reports / PASSED_ON / folder.relative_to(reports)
        out = Path(arguments.out).absolute() if arguments.out else usual
        sign = provenance.signer(load_settings())
        written, left_out = write_bundles(folder, out=out, mail=mail, sign=sign, progress=_say)
        zips = sum(path.suffix == ".zip" for path in written)
        letters = f"、邮件草稿 {len(written) - zips} 封（没有发送）" if mail else ""
        print(f"已写入压缩包 {zips} 个{letters}，未收入报告 {len(left_out)} 份。位置：{out}")
        for name, reason in left_out.items():
            print(f"  {name}：{reason}")
        worst = max(worst, int(bool(left_out)))
    return worst


def _published(reports: Path, arguments: argparse.Namespace) -> Iterator[tuple[str, Path]]:
    """Yield the folder of the period asked for, or of the newest, of every city the data set is about."""
    settings = load_settings()
    dataset = load_dataset(arguments.data, settings=settings)
    homes = {city: reports / home(settings, dataset, city) for city in foci(settings, dataset, every=True)}
    by_city = {city: sorted(path.parent for path in place.glob(f"*/{MANIFEST}")) for city, place in homes.items()}
    periods = dict.fromkeys(folder.name for folders in by_city.values() for folder in folders)
    if not periods or (arguments.period and arguments.period not in periods):
        raise unknown_name("已发布的期次", arguments.period or str(reports), periods)
    for city, folders in by_city.items():
        chosen = [folder for folder in folders if arguments.period in ("", folder.name)]
        yield from ((city, folder) for folder in chosen[-1:])


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
    return Path(out).absolute() if out else settings.reports
