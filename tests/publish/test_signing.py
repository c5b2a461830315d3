"""Who issued a page: only the office's own record is believed, and a signature says it to those who have no record."""

from __future__ import annotations

import os
import re
import shutil
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from zjanalysis.cli import main
from zjanalysis.errors import ConfigError, InputError
from zjanalysis.publish import provenance
from zjanalysis.publish.build import build
from zjanalysis.publish.bundle import bundle
from zjanalysis.publish.jobs import Job
from zjanalysis.publish.release import MANIFEST, certified_digest, read_manifest, write_manifest
from zjanalysis.publish.staleness import verify
from zjanalysis.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[2]
Jobs = Callable[..., tuple[Job, ...]]


@pytest.fixture
def office(published: Path, tmp_path: Path) -> Path:
    """A copy of what the office has published; gives the folder of the period."""
    folder = tmp_path / "reports" / published.name
    shutil.copytree(published, folder, ignore=shutil.ignore_patterns(".zj"))
    return folder


def said(path: Path, office: Path) -> str:
    return verify(str(path), out=office.parent, settings=load_settings(ROOT), data="data/sample")[1][0]


def test_a_manifest_that_comes_with_an_altered_page_is_not_believed(office: Path, tmp_path: Path) -> None:
    """The number is changed and a manifest with the new digest put beside it, as an attacker would."""
    mailed = tmp_path / "收到" / "district" / "440823.html"
    mailed.parent.mkdir(parents=True)
    text = (office / "district" / "440823.html").read_text(encoding="utf-8")
    mailed.write_text(text.replace("遂溪县", "徐闻县", 1), encoding="utf-8")
    entry = read_manifest(office)["district/440823"]
    write_manifest(mailed.parent.parent, [replace(entry, files={".html": certified_digest(mailed)})])
    assert said(mailed, office) == "文件已被改动：440823.html 与发布时的内容不符（SHA-256 不一致）。"
    elsewhere = tmp_path / "别处" / "2021Q1"
    elsewhere.mkdir(parents=True)
    assert said(mailed, elsewhere) == ("本单位的发布记录中没有 440823.html 的这一版，与一同收到的 manifest.json 一致："
                                       "只能说明文件之间一致，不能证明出处。请用 --key 公钥核对签名。")  # fmt: skip


@pytest.mark.parametrize("suffix", [".html", ".xlsx", ".ipynb"])
def test_every_file_of_a_report_is_held_against_the_record(office: Path, tmp_path: Path, suffix: str) -> None:
    copy = tmp_path / f"转来的{suffix}"
    shutil.copy(office / "district" / f"440823{suffix}", copy)
    _, lines = verify(str(copy), out=office.parent, settings=load_settings(ROOT), data="data/sample")
    assert lines[0] == f"文件完好：{copy.name} 与发布时的内容一致。"
    assert "遂溪县 2021Q1 的现行报告" in lines[1]
    own = office / "district" / f"440823{suffix}"
    own.write_bytes(own.read_bytes().replace(b"4", b"5", 1) if suffix != ".xlsx" else own.read_bytes() + b"\0")
    assert said(own, office).startswith("文件已被改动")
    (tmp_path / "别的.xlsx").write_bytes(b"x")
    assert "无法核对它是否被改动，也不能证明出处" in said(tmp_path / "别的.xlsx", office)
    with pytest.raises(InputError, match="找不到文件"):
        said(tmp_path / "没有.xlsx", office)


@pytest.fixture
def signed(settings: Settings, jobs_of: Jobs, folder: Path) -> Path:
    """The tiny project's reports, built with a key; gives the public key."""
    pytest.importorskip("cryptography")
    public = provenance.make_keys(settings)
    assert build(jobs_of(), out=folder.parent, settings=settings, progress=str).exit_code == 0
    return public


def test_a_page_that_came_by_mail_says_who_issued_it(signed: Path, folder: Path, tmp_path: Path) -> None:
    mailed = tmp_path / "收到 的.html"
    shutil.copy(folder / "district" / "440802.html", mailed)
    good, line = provenance.issued(mailed, signed)
    assert (good, "签名有效：收到 的.html" in line) == (True, True)
    whole = mailed.read_bytes()
    for altered in (whole.replace(b"0.01", b"0.02", 1), whole + b"<p>x", whole[:-1], whole.replace(b"</html>", b"", 1)):
        mailed.write_bytes(altered)
        assert not provenance.issued(mailed, signed)[0]
    other = provenance.make_keys(Settings(root=tmp_path / "别的单位"))
    mailed.write_bytes(whole)
    assert provenance.issued(mailed, other) == (False, provenance.issued(mailed, other)[1])
    assert "签名无效" in provenance.issued(mailed, other)[1]


def test_the_record_says_who_issued_workbooks_and_notebooks(signed: Path, folder: Path, tmp_path: Path) -> None:
    book = folder / "district" / "440802.xlsx"
    assert provenance.issued(book, signed)[0]
    alone = tmp_path / "440802.xlsx"
    shutil.copy(book, alone)
    assert provenance.issued(alone, signed) == (
        False,
        "440802.xlsx 没有签名，旁边也没有列出它的、带签名的发布记录，不能证明出处。",
    )
    manifest = folder / MANIFEST
    manifest.write_bytes(manifest.read_bytes().replace("赤坎区".encode(), "霞山区".encode(), 1))
    assert "发布记录被改动过" in provenance.issued(book, signed)[1]


def test_the_signed_bytes_are_those_of_the_record_and_the_same_again(
    signed: Path, settings: Settings, jobs_of: Jobs, folder: Path
) -> None:
    page = folder / "district" / "440802.html"
    first = page.read_bytes()
    assert read_manifest(folder)["district/440802"].files[".html"] == certified_digest(page)
    assert len(build(jobs_of(), out=folder.parent, settings=settings, progress=str).unchanged) == 3
    (folder / provenance.SIGNATURE).unlink()
    build(jobs_of(), out=folder.parent, settings=settings, progress=str)
    assert provenance.issued(folder / "district" / "440803.xlsx", signed)[0]
    build(jobs_of(), out=folder.parent / "again", settings=settings, progress=str)
    assert (folder.parent / "again" / folder.name / "district" / "440802.html").read_bytes() == first


def test_a_zip_carries_a_signed_record_of_what_is_in_it(
    signed: Path, settings: Settings, folder: Path, tmp_path: Path
) -> None:
    written, _ = bundle(folder, out=tmp_path / "下发", sign=provenance.signer(settings))
    place = tmp_path / "解压"
    with zipfile.ZipFile(written[0]) as packed:
        packed.extractall(place)
    assert provenance.issued(place / "district" / "440802.xlsx", signed)[0]
    with zipfile.ZipFile(written[1]) as packed:
        packed.extractall(place / "一县")
    assert provenance.issued(place / "一县" / "赤坎区.html", signed)[0]


def test_keys_are_made_once_for_the_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("cryptography")
    monkeypatch.setenv("ZJANALYSIS_ROOT", str(tmp_path))
    assert main(["keys", "init"]) == 0
    secret = tmp_path / "keys" / "zjanalysis.key"
    if os.name == "posix":
        assert secret.stat().st_mode & 0o777 == 0o600
    assert re.fullmatch(
        r"zjanalysis [0-9a-f]{16}\n\S{44}\n", (tmp_path / "keys" / "zjanalysis.pub").read_text(encoding="ascii")
    )
    before = secret.read_bytes()
    capsys.readouterr()
    assert main(["keys", "init"]) == 2
    assert "已经有钥匙" in capsys.readouterr().err
    assert secret.read_bytes() == before
    secret.write_text("x", encoding="utf-8")
    with pytest.raises(ConfigError, match="读不出来"):
        provenance.signer(Settings(root=tmp_path))


def test_a_key_that_is_none_and_a_machine_that_cannot_sign_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "a.html"
    page.write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="找不到公钥"):
        provenance.issued(page, tmp_path / "没有.pub")
    (tmp_path / "坏.pub").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="不是公钥"):
        provenance.issued(page, tmp_path / "坏.pub")
    for name in [name for name in sys.modules if name.startswith("cryptography")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(ConfigError, match="没有安装 cryptography"):
        provenance.make_keys(Settings(root=tmp_path))
