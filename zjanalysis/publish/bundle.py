"""Reports to pass around: one zip for the period and one per district, from released and unaltered files only.

Every file is read once, held against the manifest, and laid out in a folder of its own; zips are made from there. The
same reports give the same bytes: no clock, fixed order, fixed rights.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from zjanalysis.errors import PublishError
from zjanalysis.inputs.addresses import Addresses
from zjanalysis.publish.bundle_notes import district_note, file_stem, period_note, safe_name
from zjanalysis.publish.index import TITLE, write_index
from zjanalysis.publish.jobs import DISTRICT
from zjanalysis.publish.mail import drafts
from zjanalysis.publish.manifest import GOOD, NAME, Entry, read_manifest, write_manifest
from zjanalysis.publish.release import unwritable
from zjanalysis.publish.verify import record_in

PASSED = {".html": "页面", ".xlsx": "工作簿"}  # a notebook is for those who have the project
LEFT_OUT = "未收入"
NOTE = "说明.txt"
_KEY = re.compile(r"(?:district/)?[A-Za-z0-9_-]+")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first day a zip can name
_MEMBER = 0o100644 << 16


@dataclass(frozen=True)
class Bundles:
    """What was written, and what was left out: report → reason."""

    written: tuple[Path, ...]
    left_out: Mapping[str, str]


def bundle(folder: Path, *, out: Path, mail: Mapping[str, Addresses] | None = None,
           progress: Callable[[str], None] = lambda line: None) -> Bundles:  # fmt: skip
    """Write the zips of a period's folder into ``out``: the period's and one per district; with ``mail`` the letters.

    Raises PublishError without a manifest, without a single report to pass on, and when ``out`` cannot be written.
    A district that is left out has no zip; one of an earlier run is taken away.
    """
    entries = read_manifest(folder)
    if not entries:
        raise PublishError(f"“{folder}”里没有发布记录（{NAME}）。", "请先运行 zj build。")
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out, prefix=".zj-") as place:
            stage = Path(place) / folder.name
            stage.mkdir()
            left_out = {key: reason for key, entry in entries.items() if (reason := lay_out(entry, folder, stage))}
            done = _bundle(entries, left_out, stage, out, progress)
            told = [entry for entry in entries.values() if entry.key not in left_out]
            letters = drafts(told, mail, stage=stage, out=out, progress=progress) if mail else ()
    except OSError as error:
        raise unwritable(out, error) from error
    return replace(done, written=(*done.written, *letters))


def _bundle(entries: Mapping[str, Entry], left_out: Mapping[str, str], stage: Path, out: Path,
            progress: Callable[[str], None]) -> Bundles:  # fmt: skip
    kept = [entry for key, entry in entries.items() if key not in left_out]
    if not kept:
        raise PublishError(
            f"{stage.name} 没有一份可以打包的报告：{next(iter(left_out.values()))}。", "请先运行 zj build。"
        )
    told = {entries[key].region: reason for key, reason in left_out.items()}
    written = []
    for entry in (one for one in entries.values() if one.key.startswith(DISTRICT)):
        target = out / f"{file_stem(entry.region_code, entry.region, stage.name)}.zip"
        if entry.key in left_out:
            target.unlink(missing_ok=True)
            progress(f"{entry.region} 未打包：{left_out[entry.key]}")
        else:
            written.append(write_zip(target, district_members(entry, stage, period=stage.name)))
            progress(f"已写入 {target.name}")
    whole = out / f"{TITLE}_{stage.name}.zip"
    members = _period_members(kept, [_without(entries[key], left_out[key]) for key in left_out], stage, told)
    write_zip(whole, members)
    progress(f"已写入 {whole.name}")
    return Bundles((whole, *written), told)


def lay_out(entry: Entry, folder: Path, stage: Path) -> str:
    """Copy the files of a report that may be passed on, or say why none is."""
    if not _KEY.fullmatch(entry.key):
        return f"发布记录中的名称“{entry.key}”不合规则"
    if entry.status != GOOD:
        return f"{entry.status}（{entry.reason}）"
    contents: dict[str, bytes] = {}
    for suffix, word in PASSED.items():
        try:
            contents[suffix] = (folder / f"{entry.key}{suffix}").read_bytes()
        except OSError as error:
            return f"{word}读不出来（{error.strerror}）"
        if hashlib.sha256(contents[suffix]).hexdigest() != entry.files.get(suffix):
            return f"{word}与发布时的内容不符（被改动，或正在重新生成）"
    if not is_own(entry, contents[".html"]):
        return "页面、地区代码与发布记录不一致，可能是另一个地区的页面"
    for suffix, content in contents.items():
        path = stage / f"{entry.key}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return ""


def is_own(entry: Entry, page: bytes) -> bool:
    """Tell whether a page is the one of its entry: region and fingerprint stand in it, a district under its code."""
    try:
        record = record_in(page.decode("utf-8"))
        inside = record["parameters"]["region"], record["fingerprint"]
    except (ValueError, KeyError, TypeError):
        return False
    placed = not entry.key.startswith(DISTRICT) or entry.key == f"{DISTRICT}{entry.region_code}"
    return placed and inside == (entry.region_code, entry.fingerprint)


def district_members(entry: Entry, stage: Path, *, period: str) -> dict[str, bytes]:
    """Give what one district gets: its page, its workbook and a note; PublishError if the page were another's."""
    files = {suffix: (stage / f"{entry.key}{suffix}").read_bytes() for suffix in PASSED}
    if not is_own(entry, files[".html"]):
        raise PublishError(f"{entry.region}的包里会有另一个地区的页面。", "请运行 zj build --force 重新生成。")
    named = {f"{safe_name(entry.region)}{suffix}": content for suffix, content in files.items()}
    return {**named, NOTE: district_note(entry, period=period, title=TITLE, files=named)}


def _period_members(kept: Sequence[Entry], others: Iterable[Entry], stage: Path,
                    left_out: Mapping[str, str]) -> dict[str, bytes]:  # fmt: skip
    """Give the files of the period's zip: pages, workbooks, and an index and manifest of exactly these."""
    passed = [replace(e, files={s: d for s, d in e.files.items() if s in PASSED}) for e in kept]
    write_manifest(stage, [*passed, *others], period=stage.name)
    write_index(stage)
    (stage / NOTE).write_bytes(period_note(kept, period=stage.name, title=TITLE, left_out=left_out))
    found = sorted(path for path in stage.rglob("*") if path.is_file())
    return {path.relative_to(stage).as_posix(): path.read_bytes() for path in found}


def _without(entry: Entry, reason: str) -> Entry:
    """Give the entry of a report that is not in the zip: named with the reason, without numbers and files."""
    return replace(entry, status=LEFT_OUT, reason=reason, files={}, cards=(), cover={})


def write_zip(path: Path, members: Mapping[str, bytes]) -> Path:
    """Write the members in the order of their names, whole or not at all; names are UTF-8 and stay inside."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
            for name in sorted(members):
                if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or re.search(r"[\\:]", name):
                    raise PublishError(f"包内文件名“{name}”不合规则。", "请检查 manifest.json。")
                about = zipfile.ZipInfo(name, _EPOCH)
                about.create_system, about.external_attr, about.flag_bits = 3, _MEMBER, 0x800
                packed.writestr(about, members[name], zipfile.ZIP_DEFLATED, 6)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path
