"""What is passed around as text: zips by their members, letters by their heads, manifests by their entries.

A file that is, byte for byte (a page: but for its links), one of the released reports is named and not told again.
"""

from __future__ import annotations

import email
import email.policy
import json
import os
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

from page_text import page_text

from zjanalysis.publish.bundle import PASSED
from zjanalysis.publish.release import certified_digest

COUNTED = ("inputs", "reads")  # what a page was made from, by digest: the names are enough


def released() -> dict[str, str]:
    """Return the released reports of the project: digest → name."""
    reports = Path(os.environ["ZJANALYSIS_ROOT"], "reports")
    found = sorted(path for path in reports.rglob("*.*") if path.suffix in PASSED and path.is_file())
    return {digest(path, path.stat().st_mtime_ns): path.relative_to(reports).as_posix() for path in found}


@cache
def digest(path: Path, _changed: int) -> str:
    """Return the digest of a released report: asked for every file of every zip, taken once for each state."""
    return certified_digest(path)


def same_or_text(content: bytes, suffix: str) -> str:
    """Return which released report a content is, or else its text."""
    same = released().get(certified_digest(Path(f"it{suffix}"), content))
    if same:
        return f"即 {same}\n"
    if suffix == ".html":
        with tempfile.TemporaryDirectory() as place:
            path = Path(place, "page.html")
            path.write_bytes(content)
            return page_text(path)
    text = content.decode("utf-8").replace("\ufeff", "<BOM>")
    return manifest_text(text) if suffix == ".json" else text


def zip_text(path: Path) -> str:
    """Return a zip as text: what every member is called, its date and rights, and what it is."""
    told = []
    with zipfile.ZipFile(path) as packed:
        for member in packed.infolist():
            about = f"{member.date_time} {member.external_attr >> 16:o} {member.flag_bits:x} {member.compress_type}"
            text = same_or_text(packed.read(member), Path(member.filename).suffix)
            told.append(f"* {member.filename} {about}\n{text}")
    return "".join(told)


def letter_text(path: Path) -> str:
    """Return a letter as text: heads, words, and which page is attached."""
    letter = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    told = [f"{name}: {value}\n" for name, value in letter.items()]
    for part in letter.walk():
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            told += [f"-- {part.get_content_type()} {part.get_filename() or ''}\n", same_or_text(content, ".txt")]
    return "".join(told)


def manifest_text(text: str) -> str:
    """Return a manifest as text: one line per fact of an entry, one per card."""
    told = json.loads(text)
    lines = [line_of(name, value) for name, value in told.items() if name != "reports"]
    for entry in told["reports"]:
        lines.append(f"* {entry['key']}\n")
        for name, value in entry.items():
            if name == "cards":
                lines += [line_of("card", card) for card in value]
            else:
                lines.append(line_of(name, list(value) if name in COUNTED else value))
    return "".join(lines)


def line_of(name: str, value: Any) -> str:
    return f'"{name}": {json.dumps(value, ensure_ascii=False, sort_keys=True)}\n'
