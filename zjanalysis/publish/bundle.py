"""Reports to pass around: a zip for the period and one per district, letters to be sent by hand and who gets them.

Only released and unaltered files go in. Every file is read once, held against the manifest, and laid out in a folder
of its own, and packed from there. The same reports give the same bytes: no clock, fixed order, fixed rights. Who gets
which report is the office's own table of 地区, 收件人, 抄送; one row is one region or part of its list.
"""

from __future__ import annotations

import codecs
import email.policy
import hashlib
import io
import re
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from email.message import EmailMessage
from pathlib import Path, PurePosixPath
from typing import Any

from zjanalysis.columns import ADDRESS_COLUMNS
from zjanalysis.display.dates import issue_text
from zjanalysis.errors import InputError, PublishError, unknown_name
from zjanalysis.files import refuse_written_in, write_paper
from zjanalysis.inputs.office_table import OfficeTable, read_table
from zjanalysis.inputs.regions import find_code, load_regions, region_name
from zjanalysis.neutral import without_hidden
from zjanalysis.publish import release
from zjanalysis.publish.index import TITLE, write_index
from zjanalysis.publish.jobs import CITY, is_district
from zjanalysis.publish.provenance import record_in
from zjanalysis.publish.release import ABSENT, FILES, GOOD, MANIFEST, Entry, Sign, read_manifest, with_links

LONGEST = 254  # RFC 5321
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@"
                      r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}")  # fmt: skip


@dataclass(frozen=True)
class Addresses:
    """The addresses of one region."""

    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()


def load_addresses(path: Path) -> dict[str, Addresses]:
    """Read the table and give region code → addresses; several rows of a region are one list, without repeats.

    A row without 收件人 is passed over. Raises InputError for a file without the columns and for anything that is not
    an address (a line break, which could smuggle a header into a letter, is not one); UnknownName for a region.
    """
    table = read_table(path, ADDRESS_COLUMNS, required=("region", "to"))
    lists: dict[str, Addresses] = {}
    for row in table.rows.to_dict("records"):
        to, cc = (_addresses(row, key, table) for key in ("to", "cc"))
        if not to:
            continue
        code = find_code(row["region"])
        if code is None:
            raise unknown_name(f"地区（{_place(row, 'region', table)}）", row["region"], load_regions()["name"])
        before = lists.get(code, Addresses())
        lists[code] = Addresses(tuple(dict.fromkeys(before.to + to)), tuple(dict.fromkeys(before.cc + cc)))
    if not lists:
        raise InputError(f"“{path.name}”里没有一行填了收件人。", "请在“收件人”栏填邮箱地址。")
    return lists


def _addresses(row: Mapping[Any, str], key: str, table: OfficeTable) -> tuple[str, ...]:
    """Return the addresses of a cell, or refuse it with its place."""
    parts = [part for part in re.split(r"[;；,，、 　]+", row.get(key, "")) if part]
    wrong = next((part for part in parts if len(part) > LONGEST or not _ADDRESS.fullmatch(part)), "")
    if not wrong:
        return tuple(parts)
    quoted = " ".join(wrong.split())[:60]
    why = "含换行，" if re.search(r"[\r\n\v\f\x00-\x1f\x85\u2028\u2029]", wrong) else ""
    text = f"{table.file} {_place(row, key, table)} 的{table.heads[key]}“{quoted}”{why}不是邮箱地址。"
    raise InputError(text, "请写成 name@example.gov.cn，几个之间用分号。")


def _place(row: Mapping[Any, str], key: str, table: OfficeTable) -> str:
    return f"{table.sheet} {table.letters[key]}{row['row_number']}".strip()


# A notebook is for those who have the project.
PASSED = {suffix: word for suffix, word in FILES.items() if suffix != ".ipynb"}
LEFT_OUT = "未收入"
NOTE = "说明.txt"
MADE_UP = "【示例数据（模拟）】数字由程序生成，不反映任何地区的实际情况。"
OPEN = "双击 .html 用新近的浏览器打开，不需要联网；打印请用 Chrome 或 Edge（A4）。"
TABLES = "同名的 .xlsx 是页中图表的数据。"
CHECK = "每页页眉印有校验码，与{}一致的即为同一版；文件是否被改动，可核对 SHA-256，或由发出单位运行 zj verify 页面。"
CHECK_LETTER = "每页页眉印有校验码，为 {} 的即为同一版；文件是否被改动，可由发出单位运行 zj verify 页面。"
_KEY = re.compile(r"(?:[\w-]+/)?[\w-]+")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first day a zip can name
_MEMBER = 0o100644 << 16
_BOUNDARY = "=_zjanalysis_{}_="


def bundle(folder: Path, *, out: Path, mail: Mapping[str, Addresses] | None = None, sign: Sign | None = None,
           progress: release.Tell = lambda line: None) -> tuple[tuple[Path, ...], dict[str, str]]:  # fmt: skip
    """Write the zips of a period's folder into ``out``: the period's and one per district; with ``mail`` the letters.

    Return what was written, and what was left out: report → reason. ``sign`` signs the manifest in the period's zip.

    Raises PublishError without a manifest, without a single report to pass on, and when ``out`` cannot be written;
    InputError, before any is written, where somebody has changed a zip or written in a letter. A district that is left
    out has no zip; one of an earlier run is taken away.
    """
    entries = {key: entry for key, entry in read_manifest(folder).items() if entry.status != ABSENT}
    if not entries:
        raise PublishError(f"“{folder}”里没有发布记录（{MANIFEST}）。", "请先运行 zj build。")
    districts = (entry.region_code for entry in entries.values() if is_district(entry.key))
    refuse_written_in(*(out / f"{file_stem(code, folder.name)}.zip" for code in districts),
                      *(out / f"{file_stem(code, folder.name)}.eml" for code in mail or ()),
                      out / f"{TITLE}_{folder.name}.zip")  # fmt: skip
    with release.writing(out):
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out, prefix=".zj-") as place:
            stage = Path(place) / folder.name
            stage.mkdir()
            left_out = {key: reason for key, entry in entries.items() if (reason := lay_out(entry, folder, stage))}
            passed = [entry for key, entry in entries.items() if key not in left_out]
            if not passed:
                reason = next(iter(left_out.values()))
                raise PublishError(f"{folder.name} 没有一份可以打包的报告：{reason}。", "请先运行 zj build。")
            whole = _period_members(entries, left_out, stage, sign)
            zips = _zips(entries, left_out, stage, out, whole, progress)
            letters = drafts(passed, mail, stage=stage, out=out, progress=progress) if mail else ()
    return (*zips, *letters), {entries[key].region: reason for key, reason in left_out.items()}


def lay_out(entry: Entry, folder: Path, stage: Path) -> str:
    """Copy the files of a report that may be passed on, or say why none is."""
    if not _KEY.fullmatch(entry.key):
        return f"发布记录中的名称“{entry.key}”不合规则"
    if entry.status != GOOD:
        return f"{entry.status}（{entry.reason}）"
    contents: dict[str, bytes] = {}
    for suffix, word in PASSED.items():
        if suffix not in entry.files:
            continue
        try:
            contents[suffix] = (folder / f"{entry.key}{suffix}").read_bytes()
        except OSError as error:
            return f"{word}读不出来（{error.strerror}）"
        if release.certified_digest(Path(f"report{suffix}"), contents[suffix]) != entry.files.get(suffix):
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
        inside = record["parameters"].get("region", entry.region_code), record["fingerprint"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
    placed = "/" not in entry.key or entry.key.endswith(f"/{entry.region_code}")
    return placed and inside == (entry.region_code, entry.fingerprint)


def _zips(entries: Mapping[str, Entry], left_out: Mapping[str, str], stage: Path, out: Path,
          period_members: Mapping[str, bytes], progress: release.Tell) -> list[Path]:  # fmt: skip
    written = []
    for entry in (one for one in entries.values() if is_district(one.key)):
        target = out / f"{file_stem(entry.region_code, stage.name)}.zip"
        if entry.key in left_out:
            target.unlink(missing_ok=True)
            progress(f"{entry.region} 未打包：{left_out[entry.key]}")
        else:
            written.append(write_zip(target, district_members(entry, stage)))
            progress(f"已写入 {target.name}")
    whole = write_zip(out / f"{TITLE}_{stage.name}.zip", period_members)
    progress(f"已写入 {whole.name}")
    return [whole, *written]


def district_members(entry: Entry, stage: Path) -> dict[str, bytes]:
    """Return what one district gets: its page, its workbook and a note; PublishError if the page were another's."""
    files = {suffix: (stage / f"{entry.key}{suffix}").read_bytes() for suffix in PASSED if suffix in entry.files}
    if not is_own(entry, files[".html"]):
        raise PublishError(f"{entry.region}的包里会有另一个地区的页面。", "请运行 zj build --force 重新生成。")
    stem = safe_name(entry.region)
    files[".html"] = with_links(files[".html"], release.beside(stem, files))
    named = {f"{stem}{suffix}": content for suffix, content in files.items()}
    digests = (f"  {name}　SHA-256 {hashlib.sha256(content).hexdigest()}" for name, content in named.items())
    lines = [*_head([entry], title=f"{entry.region}{TITLE}　{issue_text(stage.name)}"), "", f"先解压，再{OPEN}{TABLES}",
             "", CHECK.format("下列"), "", f"校验码 {entry.fingerprint}", *digests]  # fmt: skip
    return {**named, NOTE: _note(lines)}


def _period_members(entries: Mapping[str, Entry], left_out: Mapping[str, str], stage: Path,
                    sign: Sign | None) -> dict[str, bytes]:  # fmt: skip
    """Return the files of the period's zip: pages, workbooks, a note, and an index and manifest of exactly these.

    A report that is not in the zip is named with the reason, without numbers and files.
    """
    passed = [entry for key, entry in entries.items() if key not in left_out]
    listed = [replace(e, files={suffix: digest for suffix, digest in e.files.items() if suffix in PASSED}, earlier=())
              if e.key not in left_out else
              replace(e, status=LEFT_OUT, reason=left_out[e.key], files={}, cards=(), cover={}, earlier=())
              for e in entries.values()]  # fmt: skip
    release.write_manifest(stage, listed, sign)
    release.relink(stage, passed)
    write_index(stage)
    lines = [*_head(passed, title=f"{TITLE}　{issue_text(stage.name)}"),
             "", "请先解压整个文件夹，再打开 index.html（目录）。", f"{OPEN}{TABLES}",
             "", f"所含报告（{len(passed)} 份）：",
             *(f"  {e.region}　{e.key}.html　校验码 {e.fingerprint}" for e in passed),
             *(["", f"未收入的报告（{len(left_out)} 份）："] if left_out else []),
             *(f"  {entries[key].region}：{reason}" for key, reason in left_out.items()),
             "", CHECK.format("上列"), "manifest.json 记有每个文件的 SHA-256。"]  # fmt: skip
    (stage / NOTE).write_bytes(_note(lines))
    files = sorted(path for path in stage.rglob("*") if path.is_file())
    return {path.relative_to(stage).as_posix(): path.read_bytes() for path in files}


def write_zip(path: Path, members: Mapping[str, bytes]) -> Path:
    """Write the members in the order of their names, whole or not at all; names are UTF-8 and stay inside."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
        for name in sorted(members):
            if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or re.search(r"[\\:]", name):
                raise PublishError(f"包内文件名“{name}”不合规则。", "请检查 manifest.json。")
            about = zipfile.ZipInfo(name, _EPOCH)
            about.create_system, about.external_attr, about.flag_bits = 3, _MEMBER, 0x800
            packed.writestr(about, members[name], zipfile.ZIP_DEFLATED, 6)
    return write_paper(path, content.getvalue())


def _head(entries: Sequence[Entry], *, title: str) -> list[str]:
    cutoff = next((str(e.cover["cutoff"]) for e in entries if e.cover.get("cutoff")), "")
    sample = any(e.cover.get("sample") for e in entries)
    return [title, *([f"数据截至 {cutoff}"] if cutoff else []), *([MADE_UP] if sample else [])]


def _note(lines: Iterable[str]) -> bytes:
    """Return lines as the Notepad of any Windows reads them: UTF-8 with a mark."""
    text = "".join(f"{' '.join(line.splitlines())}\r\n" for line in lines)
    return codecs.BOM_UTF8 + text.encode("utf-8")


def drafts(entries: Iterable[Entry], mail: Mapping[str, Addresses], *, stage: Path, out: Path,
           progress: release.Tell) -> tuple[Path, ...]:  # fmt: skip
    """Write a letter for every region of ``mail`` whose page may be passed on (``entries``, laid out in ``stage``).

    Nothing here sends anything. A region without such a page is told and gets none; one of an earlier run goes.
    """
    pages = {e.region_code: e for e in entries if e.key == CITY or is_district(e.key)}
    written = []
    for code, addresses in mail.items():
        name, entry = region_name(code), pages.get(code)
        target = out / f"{file_stem(code, stage.name)}.eml"
        if entry is None:
            target.unlink(missing_ok=True)
            progress(f"{name} 没有可发的页面，不起草邮件。")
            continue
        page = release.certified((stage / f"{entry.key}.html").read_bytes())
        written.append(write_paper(target, _letter(entry, addresses, page, period=stage.name)))
        progress(f"已起草 {target.name}")
    nobody = [entry.region for code, entry in pages.items() if code not in mail]
    if nobody:
        progress(f"没有收件人的地区：{'、'.join(nobody)}")
    return tuple(written)


def unsent(title: str, lines: Iterable[str], *, to: Addresses, sample: bool) -> EmailMessage:
    """Return a letter not yet sent: ``X-Unsent: 1`` has Outlook and others open it so.

    There is no date and no sender: both come when somebody sends it.
    """
    letter = EmailMessage(policy=email.policy.SMTP)
    letter["X-Unsent"] = "1"
    for head, people in (("To", to.to), ("Cc", to.cc)):
        if people:
            letter[head] = ", ".join(people)
    letter["Subject"] = without_hidden(("【示例数据（模拟）】" if sample else "") + " ".join(title.split()))
    letter.set_content("".join(f"{without_hidden(line)}\r\n" for line in lines), charset="utf-8", cte="base64")
    return letter


def _letter(entry: Entry, addresses: Addresses, page: bytes, *, period: str) -> bytes:
    """Return the letter of one region with its page attached; the same page gives the same bytes."""
    title, sample = f"{entry.region}{TITLE}（{issue_text(period)}）", bool(entry.cover.get("sample"))
    cutoff = f"，数据截至{entry.cover['cutoff']}" if entry.cover.get("cutoff") else ""
    lines = [f"{entry.region}：", f"　　现将《{title}》发给你们{cutoff}，请查收附件。", *([MADE_UP] if sample else []),
             "", f"附件请先另存，再{OPEN}", CHECK_LETTER.format(entry.fingerprint)]  # fmt: skip
    letter = unsent(title, lines, to=addresses, sample=sample)
    name = f"{file_stem(entry.region_code, period)}.html"
    letter.add_attachment(page, maintype="text", subtype="html", filename=name, params={"charset": "utf-8"})
    letter.set_boundary(_BOUNDARY.format(entry.fingerprint))
    return letter.as_bytes()


def file_stem(code: str, period: str) -> str:
    """Return what the zip, letter and page of a region are called.

    >>> file_stem("440823", "2021Q1")
    '440823_遂溪县_2021Q1'
    """
    return safe_name(f"{code}_{region_name(code)}_{period}")


def safe_name(text: str) -> str:
    r"""Return a text as a file can be called on every system.

    >>> safe_name('甲/乙\\丙:"丁".')
    '甲_乙_丙__丁_'
    """
    return re.sub(r'[\\/:*?"<>|\x00-\x1f]', "_", text).strip(" .")
