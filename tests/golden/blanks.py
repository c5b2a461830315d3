"""What may differ from run to run and from machine to machine is blanked before anything is written or compared."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

BLANKS = (
    (r"(?<![\w-])(?:[0-9A-HJKMNP-TV-Z]{3}-){3}[0-9A-HJKMNP-TV-Z]{3}(?![\w-])", "<校验码>"),
    (r"=_zjanalysis_[\w-]+_=", "=_zjanalysis_<校验码>_="),
    (r"'sha256-[A-Za-z0-9+/=]+'", "'sha256-<sha>'"),
    (r"\b[0-9a-f]{64}\b", "<sha>"),
    (r"\b(?=[0-9]*[a-f])[0-9a-f]{16}\b", "<sha>"),
    (r"\d+\.\d\d 秒", "<秒> 秒"),
    (r"笔记本第 \d+ 格", "笔记本第 <几> 格"),  # how the notebooks are cut into cells is no output
    (r'"seconds": [\d.]+', '"seconds": <秒>'),
    (r"(?m)^zjanalysis \d+\.\d+\.\d+$", "zjanalysis <版本>"),
    (r"(?m)(?<=dd: )(?:[\w-]+ \d[\w.]*(?:，|$)){5,}", "<软件版本>"),
    (r"(?m)^(?:\[正常\]|\[问题\]|✔|✘) ([^：\n]+)：.*$", r"<正常或问题> \1：<本机情况>"),
    (r"(?m)^(?:全部正常。|请按“下一步”处理后再运行一次 zj doctor。)$", "<正常或问题>"),
    (r"(?<=\$ zj doctor\n)\[[01]\]", "[0 或 1]"),
)
LONGEST = 20  # rows of a table that are told; the others are counted, and any change of them changes their digest
LONG_FLOAT = re.compile(r"-?\d+\.\d{10,}(?:e[+-]?\d+)?")
PROGRESS = re.compile(r"^\[ *\d+/(\d+)\]", re.M)


def number(value: float) -> str:
    """Return a float as far as every machine computes it alike: twelve significant digits."""
    return f"{value:.12g}"


def blanked(text: str, root: Path) -> str:
    """Return a text without what is volatile; ``root`` is the project folder, named as the system and as URLs name it."""
    for folder in {str(root), str(root.resolve()), root.as_posix(), root.resolve().as_posix()}:
        text = text.replace(folder, "<项目>")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if os.name == "nt":
        written = r"<项目>[^\s“”\"]*|(?m:^已写入 .*$)"
        text = re.sub(written, lambda path: path.group().replace("\\", "/"), text)
    text = without_volatile(text)
    text = LONG_FLOAT.sub(lambda found: number(float(found.group())), text)
    return in_order(text)


def shortened(rows: Iterable[str]) -> list[str]:
    """Return the first rows of a table, and for the others one line: how many they are, and their digest."""
    first, rest = (told := list(rows))[:LONGEST], told[LONGEST:]
    text = without_volatile("\n".join(LONG_FLOAT.sub(lambda found: number(float(found.group())), row) for row in rest))
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()[:12]
    return [*first, *([f"…… 另有 {len(rest)} 行，摘要 {digest}"] if rest else [])]


def without_volatile(text: str) -> str:
    """Return a text with a word for everything that another run may call differently."""
    for pattern, word in BLANKS:
        text = re.sub(pattern, word, text)
    return text


def in_order(text: str) -> str:
    """Sort the lines of progress that stand together, each with the indented lines under it: workers end in no order."""
    lines: list[str] = []
    run: list[str] = []
    for line in text.split("\n"):
        if PROGRESS.match(line):
            run.append(PROGRESS.sub(r"[·/\1]", line))
        elif run and line.startswith("　　"):
            run[-1] += f"\n{line}"
        else:
            lines += [*sorted(run), line]
            run = []
    return "\n".join([*lines, *sorted(run)])
