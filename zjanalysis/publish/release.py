"""How a finished report gets into its folder, whole or not at all, its links there, and the record of it all.

A report is written in ``.zj/making``. Moving its folder to ``.zj/ready`` in one step is the moment it counts; what
follows (three files and the manifest) can be cut off anywhere and is finished by whoever holds the lock next.
``manifest.json`` beside the index has one entry per report. While a build runs each release adds a line to ``.zj/log``,
so that a report costs the same however many there are; whoever lets go of the lock folds the lines into the manifest.

A page has links to the index, its neighbours and the files beside it, only to what lies there. Where it lies decides
them, in the folder of a period as in a bundle, so they are no part of what is certified: digests and signatures are
taken of a page without them (`certified`).
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import socket
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields, replace
from html import escape
from itertools import count, pairwise
from pathlib import Path
from typing import Any

from zjanalysis.errors import PublishError
from zjanalysis.files import take_lock, write_whole
from zjanalysis.inputs.regions import level_name
from zjanalysis.publish.jobs import CITY, is_district

PLACE = "<!-- page-way -->"
"""What stands in a page without links."""
FILES = {".html": "页面", ".xlsx": "工作簿", ".docx": "文档", ".png": "图卡", ".ipynb": "笔记本"}
"""What a report can consist of: suffix → what readers call it."""
ENDS = "|".join(suffix.removeprefix(".") for suffix in FILES)
_HREF = rf"(?:\.\./)?[\w\-]+(?:/[\w\-]+)?\.(?:{ENDS})"
_WAY = re.compile(
    rf'<nav class="page-way" aria-label="相关报告"><ul>(?:<li><a href="{_HREF}">[^<>&]{{1,24}}</a></li>)+</ul></nav>'
)


def certified(content: bytes) -> bytes:
    """Return a page without its links; links of any other shape than ours stay, and the page is another one."""
    return with_links(content, ())


def certified_digest(path: Path, content: bytes | None = None) -> str:
    """Return the SHA-256 of a published file (its ``content`` where it was read already), of a page as `certified`."""
    published = path.read_bytes() if content is None else content
    return hashlib.sha256(certified(published) if path.suffix == ".html" else published).hexdigest()


def with_links(content: bytes, links: Sequence[tuple[str, str]]) -> bytes:
    """Return a page with these links (text, address) and no others; what is no UTF-8 (a damaged page) stays as it is.

    >>> with_links(b"<p><!-- page-way --></p>", [("←", "../index.html")]).decode().count("<li>")
    1
    """
    listed = "".join(f'<li><a href="{escape(href)}">{escape(text)}</a></li>' for text, href in links)
    way = f'<nav class="page-way" aria-label="相关报告"><ul>{listed}</ul></nav>' if links else PLACE
    text = _WAY.sub(PLACE, content.decode("utf-8", errors="surrogateescape"), count=1)
    return text.replace(PLACE, way, 1).encode("utf-8", errors="surrogateescape")


def beside(stem: str, suffixes: Collection[str]) -> list[tuple[str, str]]:
    """Return the links to the files of a report that lie beside its page."""
    return [(word, f"{stem}{suffix}") for suffix, word in FILES.items() if suffix in suffixes and suffix != ".html"]


def _title(entry: Entry) -> str:
    """Return what a link to a report says: its subject, or its region, where a city is 市本级."""
    name = level_name(entry.region_code)
    return name if name.startswith(entry.region) else entry.region.rpartition("·")[2]


def relink(folder: Path, entries: Iterable[Entry]) -> None:
    """Write the links of every page in a period's folder; a page whose links are right already is not touched."""
    pages = [entry for entry in entries if entry.files and (folder / f"{entry.key}.html").is_file()]
    pages.sort(key=in_order)
    districts = [entry for entry in pages if is_district(entry.key)]
    others = [entry for entry in pages if not is_district(entry.key)]
    pairs = list(pairwise(districts))
    for entry in pages:
        up = "../" * entry.key.count("/")
        links = [("← 总览", f"{up}index.html")]
        links += [(f"‹ {before.region}", f"{up}{before.key}.html") for before, one in pairs if one is entry]
        links += [(f"{after.region} ›", f"{up}{after.key}.html") for one, after in pairs if one is entry]
        links += [(_title(one), f"{up}{one.key}.html") for one in others if one is not entry]
        path = folder / f"{entry.key}.html"
        links += beside(path.stem, [suffix for suffix in FILES if path.with_suffix(suffix).is_file()])
        before = path.read_bytes()
        after = with_links(before, links)
        if after != before:
            write_whole(path, after)


MANIFEST, HIDDEN, LOG, _ENTRY = "manifest.json", ".zj", "log", "entry.json"
SIGNATURE = f"{MANIFEST}.sig"  # of the manifest, beside it
MAKING = f"{HIDDEN}/making"  # in the folder of a period: where its reports are made
Sign = Callable[[bytes], str]
"""Gives the text of a signature: the name of the key, then the signature."""
Tell = Callable[[str], object]  # takes a sentence for the user
GOOD, STALE, FAILED, ABSENT = "已发布", "未更新", "失败", "无数据"
FULL = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))


@dataclass(frozen=True)
class Entry:
    """One report as it lies in the folder.

    ``status``: 已发布 · 未更新 (the last good page stays, ``reason`` says why) · 失败 (there is no page yet) · 无数据
    (what it would be about is not in the data).
    ``files``: suffix → SHA-256 of what lies beside each other under ``key``. ``parts``: SHA-256 of data, parameters,
    definitions and code. ``order``: its place in the index.
    ``reads``: region → digest of the rows the report used. ``seconds``: how long it took. ``earlier``: the fingerprints
    of what was published under the key before, oldest first.
    """

    key: str
    region_code: str
    region: str
    notebook: str
    status: str
    reason: str = ""
    seconds: float = 0.0
    fingerprint: str = ""
    hidden_warnings: int = 0
    order: float = 0.0
    parameters: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    reads: Mapping[str, str] = field(default_factory=dict)
    cover: Mapping[str, Any] = field(default_factory=dict)
    cards: tuple[Mapping[str, Any], ...] = ()
    earlier: tuple[str, ...] = ()


def in_order(entry: Entry) -> tuple[bool, float, str]:
    """Return the key by which reports are listed: the city first, then by their order."""
    return entry.key != CITY, entry.order, entry.key


def read_manifest(folder: Path) -> dict[str, Entry]:
    """Return the entries by key, those of a build under way or cut off too.

    Empty when there is no manifest or it cannot be read: then everything is made again.
    """
    try:
        written = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        entries = {entry["key"]: _entry_from(entry) for entry in written["reports"]}
    except (OSError, ValueError, KeyError, TypeError):
        entries = {}
    return entries | _logged(folder)


def _logged(folder: Path) -> dict[str, Entry]:
    """Return what the log says; a line that was cut off says nothing, its report is still on the way."""
    entries = {}
    with suppress(FileNotFoundError, NotADirectoryError):
        for line in (folder / HIDDEN / LOG).read_text(encoding="utf-8", errors="replace").split("\n"):
            with suppress(ValueError, TypeError):
                entry = _entry_from(json.loads(line))
                entries[entry.key] = entry
    return entries


def write_manifest(folder: Path, entries: Iterable[Entry], sign: Sign | None = None) -> None:
    """Write the manifest, one line per report, so that a reader sees the old one or the new one, never a part.

    With ``sign`` its signature lies beside it, without there is none. What the log says is among the ``entries``, so it
    goes.
    """
    reports = ",\n".join(_entry_text(entry) for entry in sorted(entries, key=lambda entry: entry.key))
    text = f'{{"format": 1, "period": {json.dumps(folder.name, ensure_ascii=False)}, "reports": [\n{reports}\n]}}\n'
    write_whole(folder / MANIFEST, text.encode("utf-8"))
    if sign is not None:
        write_whole(folder / SIGNATURE, f"{sign(text.encode())}\n".encode("ascii"))
    else:
        (folder / SIGNATURE).unlink(missing_ok=True)
    (folder / HIDDEN / LOG).unlink(missing_ok=True)


def _entry_from(written: Mapping[str, Any]) -> Entry:
    """Return the entry of its JSON form; what a later version added is left out."""
    values = {f.name: written[f.name] for f in fields(Entry) if f.name in written}
    return Entry(**{**values, **{name: tuple(values.get(name, ())) for name in ("cards", "earlier")}})


def _entry_text(entry: Entry) -> str:
    return json.dumps(vars(entry), ensure_ascii=False, sort_keys=True)


@contextmanager
def locked(folder: Path, sign: Sign | None = None, tell: Tell = print) -> Iterator[None]:
    """Hold the folder of a period alone, with an empty folder to make reports in. Finishes what was cut off before.

    ``sign`` signs the manifest at the end; ``tell`` hears of files a person has changed (`commit`).

    Raises PublishError when another build holds it (with its owner and age) and when the folder cannot be written.
    """
    making, owner = folder / MAKING, folder / HIDDEN / "owner.json"
    with writing(folder):
        owner.parent.mkdir(parents=True, exist_ok=True)
        file = owner.with_name("lock").open("a+b")
    with file:
        if not take_lock(file):
            hint = "请等它结束；若它已无响应，先结束那个进程再重试。"
            raise PublishError(f"另一个生成任务正在写 {folder.name}：{_owner(owner)}。", hint)
        with writing(folder):
            started = {"host": socket.gethostname(), "pid": os.getpid(), "at": time.time()}
            owner.write_text(json.dumps(started), encoding="utf-8")
            recover(folder, sign, tell)
            for part in folder.glob(".*.part"):
                part.unlink(missing_ok=True)
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir(parents=True, exist_ok=True)
        try:
            yield
        finally:
            shutil.rmtree(making, ignore_errors=True)
            with writing(folder):
                fold_log(folder, sign)
            owner.unlink(missing_ok=True)


def commit(folder: Path, finished: Path, entry: Entry, before: Entry | None = None, tell: Tell = print) -> None:
    """Release a report that lies complete in ``finished``; every file is held against the entry's digests first.

    A file in its place that is not as ``before`` has it on record was changed by a person: it is kept beside under
    another name, which ``tell`` hears.
    """
    damaged = [suffix for suffix in entry.files
               if certified_digest(finished / f"report{suffix}") != entry.files[suffix]]  # fmt: skip
    if damaged:
        raise PublishError(f"{entry.key} 写出的文件与内容不符（{'、'.join(damaged)}）。", "请检查磁盘后重试。")
    (finished / _ENTRY).write_text(_entry_text(entry), encoding="utf-8")
    for path in (*finished.iterdir(), finished):
        _to_disk(path)
    ready = folder / HIDDEN / "ready" / entry.key.replace("/", "+")
    ready.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(ready, ignore_errors=True)
    finished.replace(ready)
    _finish(folder, ready, before, tell)


def note(folder: Path, entry: Entry) -> None:
    """Put an entry on record without touching the report's files; the line is on the disk before this returns."""
    with (folder / HIDDEN / LOG).open("ab") as log:
        log.write(f"\n{_entry_text(entry)}\n".encode())  # a line that was cut off ends here
        log.flush()
        os.fsync(log.fileno())


def forget(folder: Path, over: Collection[Entry]) -> None:
    """Take reports that nothing makes any more off the record; one that has a page stays as it was last published.

    The caller holds the lock.
    """
    if not over:
        return
    entries = read_manifest(folder)
    for entry in over:
        if entry.files:
            entries[entry.key] = replace(entry, status=GOOD, reason="")
        else:
            entries.pop(entry.key, None)
    with writing(folder):
        write_manifest(folder, entries.values())


def fold_log(folder: Path, sign: Sign | None) -> None:
    """Put what the log says into the manifest, and sign it where it is not. The caller holds the lock."""
    if _is_unfolded(folder, signed=sign is not None):
        write_manifest(folder, read_manifest(folder).values(), sign)


def _is_unfolded(folder: Path, *, signed: bool) -> bool:
    unsigned = signed and (folder / MANIFEST).is_file() and not (folder / SIGNATURE).is_file()
    return unsigned or (folder / HIDDEN / LOG).is_file()


def recover(folder: Path, sign: Sign | None, tell: Tell) -> None:
    """Finish every report whose release was cut off, and the manifest. The caller holds the lock."""
    before = read_manifest(folder)
    for ready in sorted((folder / HIDDEN / "ready").glob("*")):
        if (ready / _ENTRY).is_file():
            _finish(folder, ready, before.get(ready.name.replace("+", "/")), tell)
        shutil.rmtree(ready, ignore_errors=True)
    fold_log(folder, sign)


def in_flight(folder: Path) -> dict[str, Entry]:
    """Return the entries that count already although their files may still be on the way."""
    paths = (folder / HIDDEN / "ready").glob(f"*/{_ENTRY}")
    entries = [_entry_from(json.loads(path.read_text(encoding="utf-8"))) for path in paths]
    return {entry.key: entry for entry in entries}


def is_cut_off(folder: Path, *, signed: bool) -> bool:
    """Tell whether releases, manifest (and its signature, where it must be ``signed``) or index are not complete."""
    return _is_unfolded(folder, signed=signed) or bool(in_flight(folder)) or not (folder / "index.html").is_file()


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Say in one sentence why a folder cannot be written, whatever in here could not."""
    try:
        yield
    except OSError as error:
        full = error.errno in FULL
        text = f"{'磁盘已满，' if full else ''}无法写入输出位置 {folder.name}（{error.strerror or error}）。"
        hint = "请清理磁盘空间后重试。" if full else "请检查文件夹权限，或用 --out 换一个位置。"
        raise PublishError(text, hint) from error


def _finish(folder: Path, ready: Path, before: Entry | None, tell: Tell) -> None:
    """Move the files of a ready report into place and note it in the manifest; may be repeated at any point."""
    entry = _entry_from(json.loads((ready / _ENTRY).read_text(encoding="utf-8")))
    for suffix in entry.files:
        source, target = ready / f"report{suffix}", folder / f"{entry.key}{suffix}"
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            _keep(target, {entry.files[suffix], before.files.get(suffix, "") if before else ""}, tell)
            source.replace(target)
    note(folder, entry)
    shutil.rmtree(ready, ignore_errors=True)


def _keep(path: Path, released: Collection[str], tell: Tell) -> None:
    """Move a file out of the way whose digest is none of those released; told first, so that no cut hides it."""
    if not path.is_file() or certified_digest(path) in released:
        return
    names = (path.with_stem(f"{path.stem}（改动保留{number if number > 1 else ''}）") for number in count(1))
    beside = next(name for name in names if not name.exists())
    tell(f"　　{path.name} 与发布记录不符，原文件另存为 {beside.name}。")
    path.replace(beside)


def _to_disk(path: Path) -> None:
    """Have the system write a file or folder to the disk; folders cannot be told so on Windows."""
    if path.is_dir() and os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _owner(path: Path) -> str:
    try:
        owner = json.loads(path.read_text(encoding="utf-8"))
        minutes = max(0.0, time.time() - owner["at"]) / 60
        return f"计算机 {owner['host']}，进程 {owner['pid']}，已运行 {minutes:.0f} 分钟"
    except (OSError, ValueError, KeyError):
        return "进程未知"
