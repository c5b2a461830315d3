"""``zj bundle``: the reports of a period as zips to pass around, and letters to be sent by hand."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from zjanalysis.errors import unknown_name
from zjanalysis.publish.bundle import bundle as write_bundles
from zjanalysis.publish.manifest import NAME
from zjanalysis.settings import load_settings

FOLDER = "打包"


def bundle(arguments: argparse.Namespace) -> int:
    """Write the zips and letters, say each as it is written; 1 when a report had to be left out."""
    settings = load_settings()
    reports = Path(arguments.reports).absolute() if arguments.reports else settings.path(settings.out)
    folder = reports / _period(reports, arguments.period)
    out = Path(arguments.out).absolute() if arguments.out else reports / FOLDER / folder.name
    mail = None
    if arguments.mail:
        from zjanalysis.inputs.addresses import load_addresses  # noqa: PLC0415  pandas, only when there are letters

        mail = load_addresses(Path(arguments.mail), guard=settings.guard)
    done = write_bundles(folder, out=out, mail=mail, progress=lambda line: print(line, file=sys.stderr, flush=True))
    zips = sum(path.suffix == ".zip" for path in done.written)
    letters = f"、邮件草稿 {len(done.written) - zips} 封（没有发送）" if mail else ""
    print(f"已写入压缩包 {zips} 个{letters}，未收入报告 {len(done.left_out)} 份。位置：{out}")
    for name, reason in done.left_out.items():
        print(f"  {name}：{reason}")
    return 1 if done.left_out else 0


def _period(reports: Path, given: str) -> str:
    """Give the period to pass on: the one named, else the newest that was published."""
    known = sorted(path.parent.name for path in reports.glob(f"*/{NAME}"))
    if not known or (given and given not in known):
        raise unknown_name("已发布的期次", given or str(reports), known)
    return given or known[-1]
