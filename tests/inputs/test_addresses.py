"""The office's table of recipients: its own spellings, several addresses, and one sentence for what is no address."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from zjanalysis.errors import InputError, UnknownName, ZjError
from zjanalysis.publish.bundle import Addresses, load_addresses


def book(path: Path, *rows: tuple[str | None, ...], head: tuple[str, ...] = ("地区", "收件人", "抄送")) -> Path:
    made = openpyxl.Workbook()
    for row in (head, *rows):
        made.active.append(row)
    made.save(path)
    return path


def test_the_office_writes_as_it_likes(tmp_path: Path) -> None:
    path = tmp_path / "收件人.csv"
    path.write_text("县区,邮箱,抄送人,备注\n遂溪县,a@x.gov.cn；b@x.gov.cn,c@x.gov.cn,甲\n440800,d@x.cn,,\n徐闻县,,e@x.cn,\n",
                    encoding="gb18030")  # fmt: skip
    assert load_addresses(path) == {
        "440823": Addresses(("a@x.gov.cn", "b@x.gov.cn"), ("c@x.gov.cn",)),
        "440800": Addresses(("d@x.cn",)),
    }


def test_several_rows_of_a_region_are_one_list_without_repeats(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", ("遂溪县", "a@x.cn", "c@x.cn"), ("湛江市遂溪县", "b@x.cn, a@x.cn", None))
    assert load_addresses(path) == {"440823": Addresses(("a@x.cn", "b@x.cn"), ("c@x.cn",))}


@pytest.mark.parametrize(
    ("to", "says"),
    [
        ("a@x.cn\nBcc: spy@evil.cn", "收件人“a@x.cn Bcc:”含换行，不是邮箱地址"),
        ("a@x.cn\r\n\r\n正文", "含换行"),
        ("张三", "B2 的收件人“张三”不是邮箱地址"),
        ("张三<a@x.cn>", "不是邮箱地址"),
        ("a@x", "不是邮箱地址"),
        ("a@@x.cn", "不是邮箱地址"),
        ("a@x..cn", "不是邮箱地址"),
        (".a@x.cn", "不是邮箱地址"),
        ("a@x.cn;b", "“b”不是邮箱地址"),
        ("邮箱@例子.中国", "不是邮箱地址"),
        ("a" * 250 + "@x.cn", "不是邮箱地址"),
    ],
)
def test_what_is_no_address_is_one_sentence_with_its_place(tmp_path: Path, to: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        load_addresses(book(tmp_path / "收件人.xlsx", ("遂溪县", to, None)))
    assert says in caught.value.message
    assert "\n" not in caught.value.message
    assert "分号" in caught.value.hint


def test_the_copy_is_checked_too(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"C2 的抄送“c@x\.cn X-A:”含换行"):
        load_addresses(book(tmp_path / "a.xlsx", ("遂溪县", "a@x.cn", "c@x.cn\nX-A: 1")))


@pytest.mark.parametrize(
    ("rows", "head", "says"),
    [
        ([("赤砍区", "a@x.cn", None)], ("地区", "收件人", "抄送"), "是不是“赤坎区”"),
        ([("遂溪县", None, None)], ("地区", "收件人", "抄送"), "没有一行填了收件人"),
        ([("遂溪县", "a@x.cn", None)], ("地区", "电话", "抄送"), "没有找到含“地区、收件人”的表头"),
    ],
)
def test_a_table_that_cannot_be_used(
    tmp_path: Path, rows: list[tuple[str | None, ...]], head: tuple[str, ...], says: str
) -> None:
    with pytest.raises(ZjError) as caught:
        load_addresses(book(tmp_path / "a.xlsx", *rows, head=head))
    assert says in caught.value.message
    assert isinstance(caught.value, (InputError, UnknownName))
