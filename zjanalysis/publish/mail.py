"""Letters to be sent by hand: one .eml draft per region with its page attached. Nothing here sends anything.

``X-Unsent: 1`` has Outlook and others open the file as a letter not yet sent. There is no date and no sender: both
come when somebody sends it.
"""

from __future__ import annotations

import email.policy
from collections.abc import Callable, Iterable, Mapping
from email.message import EmailMessage
from pathlib import Path

from zjanalysis.display.dates import issue_text
from zjanalysis.inputs.addresses import Addresses
from zjanalysis.inputs.regions import region_name
from zjanalysis.publish.bundle_notes import CHECK, MADE_UP, OPEN, file_stem
from zjanalysis.publish.index import TITLE
from zjanalysis.publish.jobs import CITY, DISTRICT
from zjanalysis.publish.manifest import Entry, write_whole

BOUNDARY = "=_zjanalysis_{}_="


def drafts(entries: Iterable[Entry], mail: Mapping[str, Addresses], *, stage: Path, out: Path,
           progress: Callable[[str], None]) -> tuple[Path, ...]:  # fmt: skip
    """Write a letter for every region of ``mail`` whose page may be passed on (``entries``, laid out in ``stage``).

    A region without such a page is told and gets none; one of an earlier run is taken away.
    """
    pages = {e.region_code: e for e in entries if e.key == CITY or e.key.startswith(DISTRICT)}
    written = []
    for code, addresses in mail.items():
        name, entry = region_name(code), pages.get(code)
        target = out / f"{file_stem(code, name, stage.name)}.eml"
        if entry is None:
            target.unlink(missing_ok=True)
            progress(f"{name} 没有可发的页面，不起草邮件。")
            continue
        page = (stage / f"{entry.key}.html").read_bytes()
        attached = f"{file_stem(code, name, stage.name)}.html", page
        write_whole(target, draft(entry, addresses, attached=attached, period=stage.name, title=TITLE))
        written.append(target)
        progress(f"已起草 {target.name}")
    nobody = [entry.region for code, entry in pages.items() if code not in mail]
    if nobody:
        progress(f"没有收件人的地区：{'、'.join(nobody)}")
    return tuple(written)


def draft(entry: Entry, addresses: Addresses, *, attached: tuple[str, bytes], period: str, title: str) -> bytes:
    """Give the letter of one region with its page attached under the name given; the same page gives the same bytes."""
    letter = EmailMessage(policy=email.policy.SMTP)
    made_up = "【示例数据（模拟）】" if entry.cover.get("sample") else ""
    letter["X-Unsent"] = "1"
    letter["To"] = ", ".join(addresses.to)
    if addresses.cc:
        letter["Cc"] = ", ".join(addresses.cc)
    letter["Subject"] = f"{made_up}{entry.region}{title}（{issue_text(period)}）"
    letter.set_content(_body(entry, period=period, title=title), charset="utf-8", cte="base64")
    name, page = attached
    letter.add_attachment(page, maintype="text", subtype="html", filename=name, params={"charset": "utf-8"})
    letter.set_boundary(BOUNDARY.format(entry.fingerprint))
    return letter.as_bytes()


def _body(entry: Entry, *, period: str, title: str) -> str:
    cutoff = f"，数据截至{entry.cover['cutoff']}" if entry.cover.get("cutoff") else ""
    named = f"《{entry.region}{title}（{issue_text(period)}）》"
    lines = [f"{entry.region}：", f"　　现将{named}发给你们{cutoff}，请查收附件。",
             *([MADE_UP] if entry.cover.get("sample") else []), "", f"附件请先另存，再{OPEN}",
             CHECK.replace("与下列一致的", f"为 {entry.fingerprint} 的")]  # fmt: skip
    return "\r\n".join(lines) + "\r\n"
