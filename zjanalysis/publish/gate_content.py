"""The checks of what a page says: complete, its own region, no trace of a machine, nothing that acts, provenance."""

from __future__ import annotations

import getpass
import json
import re
import socket
import zipfile
from collections.abc import Iterator
from functools import cache

from zjanalysis.publish.evidence import Evidence, outputs

_TAGS = frozenset(re.findall(
    r"\w+",
    "html head meta title style body a header footer nav main section article aside div p span strong em b i small sub "
    "sup br hr h1 h2 h3 h4 h5 h6 ul ol li dl dt dd table caption colgroup col thead tbody tfoot tr th td figure "
    "figcaption img pre code details summary script blockquote mark time abbr del ins "
    "svg g path text tspan use defs rect line circle",
))  # fmt: skip
_MACHINE = re.compile(
    r"[A-Za-z]:\\(?:Users|Windows|Program|Documents)[^\s<>\"']*"
    r"|(?<![\w.])/(?:home|root|usr|opt|tmp|var|mnt|Users|private)/[^\s<>\"']*"
)
_TRACE = re.compile(r"Traceback \(most recent call last\)|<ipython-input|\bFile \"[^\"]+\", line \d+")


def complete(seen: Evidence) -> Iterator[str]:
    """1. No error output, the completion mark at the end."""
    if any(output.output_type == "error" for output in outputs(seen.notebook)):
        yield "笔记本有出错的单元格"
    if not any(end.get("complete") for end in seen.kind("end")):
        yield "没有完成标记，笔记本没有运行到最后"
    if not any("data-zj-complete" in element.attributes for element in seen.page.elements):
        yield "页面没有完成标记"
    yield from (f"标签没有配对：{fault}" for fault in seen.page.faults[:3])


def own_region(seen: Evidence) -> Iterator[str]:
    """4. Its own region and period as its subject, no other; 示例数据（模拟） when it is."""
    covers = seen.kind("cover")
    if len(covers) != 1:
        yield f"报头应有且只有一个，现有 {len(covers)} 个"
        return
    cover, job = covers[0], seen.job
    title, heading = (("".join(e.text for e in seen.page.all(tag))) for tag in ("title", "h1"))
    if cover.get("region_code") != job.region_code or cover.get("period") != job.period:
        yield f"报头是“{cover.get('region')}”{cover.get('period')}，应是“{job.region}”{job.period}"
    if job.region not in title or job.region not in heading:
        yield f"标题没有写明“{job.region}”"
    bands = [element.text for element in seen.page.elements if element.has_class("zj-band")]
    if cover.get("sample") and not any("示例数据（模拟）" in band for band in bands):
        yield "示例数据没有标明“示例数据（模拟）”"


def discreet(seen: Evidence) -> Iterator[str]:
    """5. No absolute path, user name, host name or traceback."""
    bare = seen.bare
    yield from (f"有本机路径：{found.group()[:40]}" for found in _MACHINE.finditer(bare))
    if _TRACE.search(bare):
        yield "有程序出错信息"
    found = (name for name in _names() if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", bare))
    yield from (f"有本机名称：{name}" for name in found)


def escaped(seen: Evidence) -> Iterator[str]:
    """6. Nothing from a workbook acts: only harmless tags and attributes, no formula in the workbook."""
    for element in seen.page.elements:
        if element.tag not in _TAGS:
            yield f"有不允许的标签 <{element.tag}>"
        if element.tag == "script" and element.attributes.get("type") != "application/json":
            yield "有可执行的脚本"
        yield from (f"有事件属性 {name}" for name in element.attributes if name.startswith("on") or name == "srcdoc")
    with zipfile.ZipFile(seen.workbook) as book:
        for name in book.namelist():
            if re.search(r"externalLink|vbaProject|connections\.xml", name):
                yield f"工作簿含有外部内容 {name}"
            elif (
                name.startswith("xl/worksheets/")
                and name.endswith(".xml")
                and b"<f>" in book.read(name).replace(b"<f ", b"<f>")
            ):
                yield "工作簿里有公式"


def marked(seen: Evidence) -> Iterator[str]:
    """10. The fingerprint on the page, the provenance inside it as JSON that says the same."""
    told = [e for e in seen.page.all("script") if e.attributes.get("id") == "zj-provenance"]
    if len(told) != 1:
        yield "页面没有来源记录"
        return
    record = json.loads(told[0].text)
    if not re.fullmatch(r"(?:[0-9A-HJKMNP-TV-Z]{3}-){3}[0-9A-HJKMNP-TV-Z]{3}", record.get("fingerprint", "")):
        yield "校验码格式不对"
    elif seen.text.count(record["fingerprint"]) < 3:
        yield "校验码没有印在页面上"
    yield from (
        f"来源记录缺少 {name}"
        for name in ("parts", "inputs", "parameters", "settings", "versions")
        if name not in record
    )


def repeatable(seen: Evidence) -> Iterator[str]:
    """11. No clock and no random name: times to the second, object addresses and generated ids do not occur."""
    bare = seen.bare
    yield from (
        f"有随时间变化的内容：{found.group()}"
        for found in re.finditer(r"\d{4}-\d\d-\d\dT\d\d:\d\d|\bat 0x[0-9a-f]{6,}", bare)
    )
    if re.search(r'id="T_[0-9a-f]{5}|id="cell-id=', bare):
        yield "有随机编号"


@cache
def _names() -> tuple[str, ...]:
    """Give this machine's and this user's names, as far as they are names and not common words."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = ""
    common = {"root", "user", "admin", "localhost", "runner", "data", "test", "city"}
    return tuple(name for name in (user, socket.gethostname()) if len(name) >= 4 and name.lower() not in common)
