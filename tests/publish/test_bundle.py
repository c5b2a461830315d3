"""Zips to pass around and letters to be sent by hand: what is in them, what never is, the same bytes again."""

from __future__ import annotations

import email
import email.policy
import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest

from zjanalysis.errors import InputError, PublishError
from zjanalysis.files import file_digest, write_paper
from zjanalysis.publish.bundle import NOTE, PASSED, Addresses, bundle, district_members, lay_out, write_zip
from zjanalysis.publish.index import TITLE
from zjanalysis.publish.release import (
    STALE,
    Entry,
    certified,
    certified_digest,
    read_manifest,
    with_links,
    write_manifest,
)

DISTRICTS = {"440823": "遂溪县", "4408Z1": "湛江经济技术开发区"}


@pytest.fixture
def released(published: Path, tmp_path: Path) -> Path:
    """A copy of the released reports (city and two districts) that a test may spoil."""
    folder = tmp_path / "报 告" / published.name
    shutil.copytree(published, folder, ignore=shutil.ignore_patterns(".zj"))
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "下 发"


def names(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as packed:
        return packed.namelist()


def read(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as packed:
        return packed.read(name)


def whole(out: Path) -> Path:
    return out / f"{TITLE}_2021Q1.zip"


def own(out: Path, code: str) -> Path:
    return out / f"{code}_{DISTRICTS[code]}_2021Q1.zip"


def set_entry(folder: Path, key: str, change: Callable[[Entry], Entry]) -> None:
    entries = read_manifest(folder)
    write_manifest(folder, [change(e) if e.key == key else e for e in entries.values()])


def test_the_period_holds_index_pages_workbooks_manifest_and_note(released: Path, out: Path) -> None:
    written, left_out = bundle(released, out=out)
    assert left_out == {}
    assert set(written) == {whole(out), own(out, "440823"), own(out, "4408Z1")} == set(out.iterdir())
    reports = [f"{key}{suffix}" for key in ("city", "district/440823", "district/4408Z1") for suffix in PASSED]
    assert names(whole(out)) == sorted([*reports, "index.html", "manifest.json", NOTE])
    for name in reports:
        packed, there = read(whole(out), name), (released / name).read_bytes()
        assert packed == there or (name.endswith(".html") and certified(packed) == certified(there))


def test_what_was_unpacked_is_whole_and_its_index_links_only_to_what_is_there(
    released: Path, out: Path, tmp_path: Path
) -> None:
    bundle(released, out=out)
    place = tmp_path / "解压"
    with zipfile.ZipFile(whole(out)) as packed:
        packed.extractall(place)
    entries = read_manifest(place)
    assert set(entries) == {"city", "district/440823", "district/4408Z1"}
    for key, entry in entries.items():
        assert set(entry.files) == set(PASSED)
        assert all(certified_digest(place / f"{key}{suffix}") == digest for suffix, digest in entry.files.items())
    index = (place / "index.html").read_text(encoding="utf-8")
    assert 'href="district/440823.html"' in index
    assert ".ipynb" not in index


@pytest.mark.parametrize("code", DISTRICTS)
def test_a_district_gets_its_own_files_and_nothing_else(released: Path, out: Path, code: str) -> None:
    bundle(released, out=out)
    name = DISTRICTS[code]
    assert sorted(names(own(out, code))) == sorted([*(f"{name}{suffix}" for suffix in PASSED), NOTE])
    for suffix in PASSED:
        packed = read(own(out, code), f"{name}{suffix}")
        assert certified_digest(Path(f"a{suffix}"), packed) == certified_digest(
            released / "district" / f"{code}{suffix}"
        )
    assert f'href="{name}.xlsx"' in read(own(out, code), f"{name}.html").decode("utf-8")
    note = read(own(out, code), NOTE).decode("utf-8-sig")
    others = set(DISTRICTS.values()) - {name}
    assert name in note
    assert "示例数据（模拟）" in note
    assert file_digest(released / "district" / f"{code}.xlsx") in note
    assert not any(other in note for other in others)


def test_a_page_of_another_district_under_this_ones_name_is_refused(released: Path, out: Path) -> None:
    """The files and the manifest agree, as after a hand-made repair; what stands in the page does not."""
    for suffix in PASSED:
        shutil.copy(released / "district" / f"4408Z1{suffix}", released / "district" / f"440823{suffix}")
    other = read_manifest(released)["district/4408Z1"]
    set_entry(released, "district/440823", lambda e: replace(e, files=other.files, fingerprint=other.fingerprint))
    _, left_out = bundle(released, out=out)
    assert list(left_out) == ["遂溪县"]
    assert "另一个地区" in left_out["遂溪县"]
    assert not own(out, "440823").exists()
    stage = out.parent / "stage"
    assert lay_out(other, released, stage) == ""
    for suffix in PASSED:
        (stage / "district" / f"4408Z1{suffix}").replace(stage / "district" / f"440823{suffix}")
    with pytest.raises(PublishError, match="另一个地区"):
        district_members(read_manifest(released)["district/440823"], stage)


def test_the_same_reports_give_the_same_bytes(released: Path, out: Path) -> None:
    bundle(released, out=out)
    first = {path.name: path.read_bytes() for path in out.iterdir()}
    for path in released.rglob("*"):
        path.touch()
    bundle(released, out=out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == first


def test_names_are_utf8_and_rights_and_dates_fixed(released: Path, out: Path) -> None:
    bundle(released, out=out)
    with zipfile.ZipFile(own(out, "440823")) as packed:
        for member in packed.infolist():
            assert member.flag_bits & 0x800
            assert member.date_time == (1980, 1, 1, 0, 0, 0)
            assert member.external_attr >> 16 == 0o100644
        assert packed.testzip() is None
    assert read(own(out, "440823"), NOTE).startswith(b"\xef\xbb\xbf")


SPOILT = {
    "altered page": (".html", lambda path: path.write_bytes(path.read_bytes() + b"<!-- -->"), "页面与发布时的内容不符"),
    "altered workbook": (".xlsx", lambda path: path.write_bytes(path.read_bytes()[:-1]), "工作簿与发布时的内容不符"),
    "lost workbook": (".xlsx", Path.unlink, "工作簿读不出来"),
}


@pytest.mark.parametrize("kind", SPOILT)
def test_a_spoilt_report_is_left_out_and_said_and_an_old_zip_of_it_goes(released: Path, out: Path, kind: str) -> None:
    bundle(released, out=out)
    suffix, spoil, reason = SPOILT[kind]
    spoil(released / "district" / f"440823{suffix}")
    said: list[str] = []
    _, left_out = bundle(released, out=out, progress=said.append)
    assert reason in left_out["遂溪县"]
    assert any(line.startswith("遂溪县 未打包") for line in said)
    assert not own(out, "440823").exists()
    assert own(out, "4408Z1").exists()
    assert not any(name.startswith("district/440823") for name in names(whole(out)))
    note = read(whole(out), NOTE).decode("utf-8-sig")
    assert f"未收入的报告（1 份）：\r\n  遂溪县：{reason}" in note
    index = read(whole(out), "index.html").decode("utf-8")
    assert reason in index
    assert "district/440823.html" not in index
    told = {one["key"]: one for one in json.loads(read(whole(out), "manifest.json"))["reports"]}
    assert (told["district/440823"]["status"], told["district/440823"]["files"]) == ("未收入", {})


def test_a_zip_somebody_has_changed_is_not_written_over(released: Path, out: Path) -> None:
    written, _ = bundle(released, out=out)
    before = {path: path.read_bytes() for path in written}
    with zipfile.ZipFile(written[-1], "a") as packed:
        packed.writestr("补充说明.txt", "市局补充")
    changed = written[-1].read_bytes()
    with pytest.raises(InputError, match="已经存在，不会覆盖"):
        bundle(released, out=out)
    assert {path: path.read_bytes() for path in written} == before | {written[-1]: changed}


def test_a_stale_report_is_left_out_with_its_reason(released: Path, out: Path) -> None:
    set_entry(released, "district/4408Z1", lambda e: replace(e, status=STALE, reason="笔记本第 5 格出错"))
    _, left_out = bundle(released, out=out)
    assert left_out == {"湛江经济技术开发区": "未更新（笔记本第 5 格出错）"}
    assert not own(out, "4408Z1").exists()
    assert "未更新（笔记本第 5 格出错）" in read(whole(out), NOTE).decode("utf-8-sig")


def test_a_key_that_leads_outside_is_never_followed(released: Path, out: Path) -> None:
    (released.parent / "secret.html").write_text("x", encoding="utf-8")
    set_entry(released, "district/440823", lambda e: replace(e, key="../secret"))
    assert "不合规则" in bundle(released, out=out)[1]["遂溪县"]
    assert all(not name.startswith((".", "/")) for name in names(whole(out)))


@pytest.mark.parametrize("name", ["../a.html", "/a.html", "a/../../b", "C:\\a.html", "a\\..\\b"])
def test_a_member_that_would_leave_the_folder_is_refused_and_nothing_stays(tmp_path: Path, name: str) -> None:
    with pytest.raises(PublishError, match="不合规则"):
        write_zip(tmp_path / "a.zip", {"0.txt": b"0", name: b"1"})
    assert list(tmp_path.iterdir()) == []


def test_no_manifest_no_report_and_no_place(released: Path, out: Path, tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="没有发布记录"):
        bundle(tmp_path, out=out)
    (tmp_path / "文件").write_text("", encoding="utf-8")
    with pytest.raises(PublishError, match="无法写入输出位置"):
        bundle(released, out=tmp_path / "文件" / "下发")
    for path in released.rglob("*.html"):
        path.write_bytes(b"")
    with pytest.raises(PublishError, match="没有一份可以打包的报告：页面与发布时的内容不符"):
        bundle(released, out=out)
    assert list(out.iterdir()) == []


MAIL = {
    "440823": Addresses(("sx@suixi.example.cn", "bgs@suixi.example.cn"), ("fgw@zhanjiang.example.cn",)),
    "440800": Addresses(("szf@zhanjiang.example.cn",)),
}


def letter(path: Path) -> EmailMessage:
    found = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


@pytest.fixture
def letters(published: Path, tmp_path: Path) -> Path:
    bundle(published, out=tmp_path, mail=MAIL)
    return tmp_path


def test_a_draft_has_recipients_subject_and_the_released_page(letters: Path, published: Path) -> None:
    found = letter(letters / "440823_遂溪县_2021Q1.eml")
    assert found["X-Unsent"] == "1"
    assert [one.addr_spec for one in found["To"].addresses] == list(MAIL["440823"].to)
    assert [one.addr_spec for one in found["Cc"].addresses] == list(MAIL["440823"].cc)
    assert found["Subject"] == "【示例数据（模拟）】遂溪县政务服务效能监测通报（2021年第1期）"
    assert "From" not in found
    assert "Date" not in found
    (page,) = found.iter_attachments()
    assert page.get_filename() == "440823_遂溪县_2021Q1.html"
    assert page.get_content_type() == "text/html"
    assert page.get_payload(decode=True) == with_links((published / "district" / "440823.html").read_bytes(), ())
    body = found.get_body(("plain",))
    assert body is not None
    assert "遂溪县：" in body.get_content()
    assert "示例数据（模拟）" in body.get_content()


def test_the_city_gets_the_city_page_and_no_copy_is_no_header(letters: Path, published: Path) -> None:
    found = letter(letters / "440800_湛江市_2021Q1.eml")
    assert "Cc" not in found
    (page,) = found.iter_attachments()
    assert page.get_payload(decode=True) == with_links((published / "city.html").read_bytes(), ())


def test_the_bytes_are_those_a_mail_program_can_read_and_the_same_again(letters: Path, published: Path) -> None:
    before = {path.name: path.read_bytes() for path in letters.glob("*.eml")}
    for content in before.values():
        content.decode("ascii")
        assert max(map(len, content.split(b"\r\n"))) <= 998
        assert b"\n" not in content.replace(b"\r\n", b"")
    bundle(published, out=letters, mail=MAIL)
    assert {path.name: path.read_bytes() for path in letters.glob("*.eml")} == before
    assert len(before) == len(MAIL)


def test_a_region_without_a_page_gets_no_letter_and_an_old_one_goes(published: Path, tmp_path: Path) -> None:
    old = tmp_path / "440902_茂南区_2021Q1.eml"
    write_paper(old, b"old")
    said: list[str] = []
    bundle(published, out=tmp_path, mail={**MAIL, "440902": Addresses(("m@example.cn",))}, progress=said.append)
    assert not old.exists()
    assert "茂南区 没有可发的页面，不起草邮件。" in said
    assert "没有收件人的地区：湛江经济技术开发区" in said
