"""Letters to be sent by hand: as Outlook opens them, to whom the office wrote, with the page that was released."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from zjanalysis.inputs.addresses import Addresses
from zjanalysis.publish.bundle import bundle

MAIL = {
    "440823": Addresses(("sx@suixi.example.cn", "bgs@suixi.example.cn"), ("fgw@zhanjiang.example.cn",)),
    "440800": Addresses(("szf@zhanjiang.example.cn",)),
}


def letter(path: Path) -> EmailMessage:
    found = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


@pytest.fixture
def out(published: Path, tmp_path: Path) -> Path:
    bundle(published, out=tmp_path, mail=MAIL)
    return tmp_path


def test_a_draft_has_recipients_subject_and_the_released_page(out: Path, published: Path) -> None:
    found = letter(out / "440823_遂溪县_2021Q1.eml")
    assert found["X-Unsent"] == "1"
    assert [one.addr_spec for one in found["To"].addresses] == list(MAIL["440823"].to)
    assert [one.addr_spec for one in found["Cc"].addresses] == list(MAIL["440823"].cc)
    assert found["Subject"] == "【示例数据（模拟）】遂溪县政务服务效能监测通报（2021年第1期）"
    assert "From" not in found
    assert "Date" not in found
    (page,) = found.iter_attachments()
    assert page.get_filename() == "440823_遂溪县_2021Q1.html"
    assert page.get_content_type() == "text/html"
    assert page.get_payload(decode=True) == (published / "district" / "440823.html").read_bytes()
    body = found.get_body(("plain",))
    assert body is not None
    assert "遂溪县：" in body.get_content()
    assert "示例数据（模拟）" in body.get_content()


def test_the_city_gets_the_city_page_and_no_copy_is_no_header(out: Path, published: Path) -> None:
    found = letter(out / "440800_湛江市_2021Q1.eml")
    assert "Cc" not in found
    (page,) = found.iter_attachments()
    assert page.get_payload(decode=True) == (published / "city.html").read_bytes()


def test_the_bytes_are_those_a_mail_program_can_read_and_the_same_again(out: Path, published: Path) -> None:
    before = {path.name: path.read_bytes() for path in out.glob("*.eml")}
    for content in before.values():
        content.decode("ascii")
        assert max(map(len, content.split(b"\r\n"))) <= 998
        assert b"\n" not in content.replace(b"\r\n", b"")
    bundle(published, out=out, mail=MAIL)
    assert {path.name: path.read_bytes() for path in out.glob("*.eml")} == before
    assert len(before) == len(MAIL)


def test_a_region_without_a_page_gets_no_letter_and_an_old_one_goes(published: Path, tmp_path: Path) -> None:
    old = tmp_path / "440902_茂南区_2021Q1.eml"
    old.write_bytes(b"old")
    said: list[str] = []
    bundle(published, out=tmp_path, mail={**MAIL, "440902": Addresses(("m@example.cn",))}, progress=said.append)
    assert not old.exists()
    assert "茂南区 没有可发的页面，不起草邮件。" in said
    assert "没有收件人的地区：湛江经济技术开发区" in said
