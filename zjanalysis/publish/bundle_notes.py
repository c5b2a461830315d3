"""说明.txt of a zip: what is in it, what is not and why, how to open and how to check it; and what files are called.

UTF-8 with a mark, for the Notepad of any Windows.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence

from zjanalysis.display.dates import issue_text
from zjanalysis.publish.manifest import Entry

MADE_UP = "【示例数据（模拟）】数字由程序生成，不反映任何地区的实际情况。"
OPEN = "双击 .html 用新近的浏览器打开，不需要联网；打印请用 Chrome 或 Edge（A4）。"
DATA = "同名的 .xlsx 是页中图表的数据。"
CHECK = "每页页眉印有校验码，与下列一致的即为同一版；文件是否被改动，可核对 SHA-256，或由发出单位运行 zj verify 页面。"


def period_note(entries: Sequence[Entry], *, period: str, title: str, left_out: Mapping[str, str]) -> bytes:
    """Give the note of the period's zip: the reports with their fingerprints, and what was left out and why."""
    head = _head(entries, title=f"{title}　{issue_text(period)}")
    how = "请先解压整个文件夹，再打开 index.html（目录）。"
    lines = [*head, "", how, f"{OPEN}{DATA}", "", f"所含报告（{len(entries)} 份）："]
    lines += [f"  {e.region}　{e.key}.html　校验码 {e.fingerprint}" for e in entries]
    lines += ["", f"未收入的报告（{len(left_out)} 份）："] if left_out else []
    lines += [f"  {name}：{reason}" for name, reason in left_out.items()]
    return _text([*lines, "", CHECK.replace("下列", "上列"), "manifest.json 记有每个文件的 SHA-256。"])


def district_note(entry: Entry, *, period: str, title: str, files: Mapping[str, bytes]) -> bytes:
    """Give the note of one district's zip: its own files alone."""
    head = _head([entry], title=f"{entry.region}{title}　{issue_text(period)}")
    lines = [*head, "", f"先解压，再{OPEN}{DATA}", "", CHECK, "", f"校验码 {entry.fingerprint}"]
    lines += [f"  {name}　SHA-256 {hashlib.sha256(content).hexdigest()}" for name, content in files.items()]
    return _text(lines)


def _head(entries: Sequence[Entry], *, title: str) -> list[str]:
    cutoff = next((str(e.cover["cutoff"]) for e in entries if e.cover.get("cutoff")), "")
    sample = any(e.cover.get("sample") for e in entries)
    return [title, *([f"数据截至 {cutoff}"] if cutoff else []), *([MADE_UP] if sample else [])]


def _text(lines: Iterable[str]) -> bytes:
    """Give lines as Notepad of any Windows reads them."""
    told = (" ".join(line.split("\n")) for line in lines)
    return codecs.BOM_UTF8 + "".join(f"{line}\r\n" for line in told).encode("utf-8")


def file_stem(code: str, region: str, period: str) -> str:
    """Give what a district's zip and letter are called.

    >>> file_stem("440823", "遂溪县", "2021Q1")
    '440823_遂溪县_2021Q1'
    """
    return safe_name(f"{code}_{region}_{period}")


def safe_name(text: str) -> str:
    r"""Give a text as a file can be called on every system.

    >>> safe_name('甲/乙\\丙:"丁".')
    '甲_乙_丙__丁_'
    """
    return re.sub(r'[\\/:*?"<>|\x00-\x1f]', "_", text).strip(" .")
