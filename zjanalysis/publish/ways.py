"""The way out of a page: links to the index, its neighbours and the files beside it, only to what lies there.

Where a page lies decides its links, in the folder of a period as in a bundle, so they are no part of what is certified:
digests and signatures are taken of a page without them (`certified`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from zjanalysis.files import file_digest, write_whole
from zjanalysis.inputs.regions import level_name
from zjanalysis.publish.jobs import in_order, is_district

PLACE = "<!-- page-way -->"
"""What stands in a page without links."""
INDEX = "index.html"
FILES = {".html": "页面", ".xlsx": "工作簿", ".docx": "文档", ".png": "图卡", ".ipynb": "笔记本"}
"""What a report can consist of: suffix → what readers call it."""
ENDS = "|".join(suffix.removeprefix(".") for suffix in FILES)
_HREF = rf"(?:\.\./)?[\w\-]+(?:/[\w\-]+)?\.(?:{ENDS})"
_WAY = re.compile(
    rf'<nav class="page-way" aria-label="相关报告"><ul>(?:<li><a href="{_HREF}">[^<>&]{{1,24}}</a></li>)+</ul></nav>'
)


def certified(content: bytes) -> bytes:
    """Return a page without its links; links of any other shape than ours stay, and the page is another one."""
    return _with_way(content, PLACE)


def _with_way(content: bytes, way: str) -> bytes:
    """Return a page with ``way`` where its links are; what is no UTF-8 (a page somebody damaged) stays as it is."""
    text = _WAY.sub(PLACE, content.decode("utf-8", errors="surrogateescape"), count=1)
    return text.replace(PLACE, way, 1).encode("utf-8", errors="surrogateescape")


def certified_digest(path: Path, content: bytes | None = None) -> str:
    """Return the SHA-256 of a published file (its ``content`` where it was read already), of a page as `certified`."""
    if path.suffix != ".html":
        return file_digest(path) if content is None else hashlib.sha256(content).hexdigest()
    return hashlib.sha256(certified(path.read_bytes() if content is None else content)).hexdigest()


def with_links(content: bytes, links: Sequence[tuple[str, str]]) -> bytes:
    """Return a page with these links (text, address) and no others.

    >>> with_links(b"<p><!-- page-way --></p>", [("←", "../index.html")]).decode().count("<li>")
    1
    """
    listed = "".join(f'<li><a href="{escape(href)}">{escape(text)}</a></li>' for text, href in links)
    way = f'<nav class="page-way" aria-label="相关报告"><ul>{listed}</ul></nav>' if links else PLACE
    return _with_way(content, way)


def beside(stem: str, suffixes: Iterable[str]) -> list[tuple[str, str]]:
    """Return the links to the files of a report that lie beside its page."""
    there = set(suffixes)
    return [(word, f"{stem}{suffix}") for suffix, word in FILES.items() if suffix in there and suffix != ".html"]


def _title(entry: Any) -> str:
    """Return what a link to a report says: its subject, or its region, where a city is 市本级."""
    name = level_name(entry.region_code)
    return name if name.startswith(entry.region) else str(entry.region.rpartition("·")[2])


def relink(folder: Path, entries: Iterable[Any]) -> None:
    """Write the links of every page in a period's folder; a page whose links are right already is not touched.

    ``entries`` are those of the manifest (`release.Entry`).
    """
    pages = [entry for entry in entries if entry.files and (folder / f"{entry.key}.html").is_file()]
    pages.sort(key=in_order)
    districts = [entry for entry in pages if is_district(entry.key)]
    others = [entry for entry in pages if not is_district(entry.key)]
    places = {entry.key: number for number, entry in enumerate(districts)}
    for entry in pages:
        up = "../" * entry.key.count("/")
        links = [("← 总览", f"{up}{INDEX}")]
        if entry.key in places:
            place = places[entry.key]
            links += [(f"‹ {one.region}", f"{up}{one.key}.html") for one in districts[:place][-1:]]
            links += [(f"{one.region} ›", f"{up}{one.key}.html") for one in districts[place + 1 : place + 2]]
        links += [(_title(one), f"{up}{one.key}.html") for one in others if one is not entry]
        path = folder / f"{entry.key}.html"
        links += beside(path.stem, (suffix for suffix in FILES if path.with_suffix(suffix).is_file()))
        before = path.read_bytes()
        after = with_links(before, links)
        if after != before:
            write_whole(path, after)
