"""What a cell of a coded column says: flags, choices, levels, depth, visits. Unknown stays unknown."""

from __future__ import annotations

import re
from functools import cache

from zjanalysis.inputs.limits import DIGITS, is_doubtful, plain
from zjanalysis.inputs.reference import read_reference, spellings

_TRIPS = re.compile(  # possessive, longest first: no text makes it go back
    r"(?>最多|只需|需|到办事现场|到现场|到|现场|办事|跑动|跑)*+(\d++(?:\.\d++)?|[零一二两三四五六七八九])"
    r"(?:次|趟|回)?(?:跑动|跑腿|到现场|到场)?",
    re.ASCII,
)
_PUBLIC = re.compile(r"自然人|法人|个人|企业")
_STEPS = re.compile(r"[\^,|;、，；]")
ONLINE_FORM = re.compile(r"网上|网络|电脑|移动|线上|互联网|(^|\D)[23](\D|$)")
HANDLE_FORM = re.compile(r"窗口|网上|网络|电脑|移动|快递|邮寄|自助|线上")
BAD = "\0"  # what a reader below gives for a text it does not know; "" is an empty cell


def flag(text: str) -> bool | str:
    """Read 是/否 in its spellings.

    >>> flag("支持"), flag("否"), flag(""), flag("也许") == BAD
    (True, False, '', True)
    """
    written = plain(text).removesuffix(".0")
    meaning = spellings("flag").get(written)
    return meaning == "是" if meaning else BAD if written else ""


@cache
def _types() -> dict[str, str]:
    """Item types by code (GB/T 39046 表A.1 and Guangdong's own; 20 is in both and means two things) and by name."""
    tables = ("事项类型", "事项类型(广东)")
    by_code = {row["code"]: _type_name(row["text"]) for row in read_reference("codes") if row["table"] in tables}
    by_code["20"] = BAD
    names = set(by_code.values()) | set(spellings("item_type").values())
    return by_code | {name: name for name in names}


def _type_name(text: str) -> str:
    written = plain(text).strip("()")
    return spellings("item_type").get(written, written.removesuffix("事项"))


def item_type(text: str) -> str:
    """Read an item type: text is trusted, a two-digit code is looked up, 20 means two things and is unknown.

    >>> item_type("行政许可事项"), item_type("01"), item_type("1"), item_type("20") == BAD
    ('行政许可', '行政许可', '行政许可', True)
    """
    written = plain(text).upper()
    if not written:
        return ""
    return _types().get(written.zfill(2) if written.isdecimal() or written == "TC" else _type_name(text), BAD)


def use_level(text: str) -> str:
    """Read a level of exercise as its code "1" … "7".

    >>> use_level("市级"), use_level("县级/直属"), use_level("3.0")
    ('3', '4', '3')
    """
    written = plain(text).removesuffix(".0")
    if not written or (len(written) == 1 and written in "1234567"):
        return written
    return spellings("use_level").get(written.split("/")[0]) or BAD


def handling_type(text: str) -> str:
    """Read 即办件 / 承诺件 / 其他, text or code (GB/T 39046 表A.6).

    >>> handling_type("1"), handling_type("承诺"), handling_type("")
    ('即办件', '承诺件', '')
    """
    written = plain(text).removesuffix(".0")
    return spellings("handling_type").get(written, BAD) if written else ""


def visits(text: str) -> float | str:
    """Read a number of visits.

    >>> visits("0次"), visits("最多跑一次"), visits("网上办") == BAD
    (0.0, 1.0, True)
    """
    written = plain(text)
    if not written:
        return ""
    if is_doubtful(text):
        return BAD
    match = _TRIPS.fullmatch(written)
    if match:
        return float(DIGITS.get(match.group(1), match.group(1)))
    return float(written) if re.fullmatch(r"-\d{1,9}", written, re.ASCII) else BAD


def eight_step(header: str, texts: list[str]) -> bool | None:
    """Say which scale a depth column uses: True eight steps, False four levels, None not to be told.

    The header tells (ONLINE_HANDLE_DEPTH: eight, WBSD_LEVEL: four), else words or digits above 4 in the column.
    """
    name, written = plain(header), [plain(text) for text in texts if text]
    if any(word in name for word in ("online_handle_depth", "wangbanshendu", "八段")):
        return True
    if any(word in name for word in ("wbsd", "declare_service_level", "四级")):
        return False
    words = spellings("depth_level")
    if any("级" in text or (text in words and not text.isdecimal()) for text in written):
        return False
    return True if any("互联网" in text or re.search(r"[5-9^,|;、]", text) for text in written) else None


def depth(text: str, eight: bool | None) -> str:
    """Read an online depth: four levels as Ⅰ级 … Ⅳ级, eight steps as digits joined by commas.

    >>> depth("全程网办（Ⅳ级）", False), depth("1^2^5", True), depth("4", False), depth("4", None) == BAD
    ('Ⅳ级', '1,2,5', 'Ⅳ级', True)
    """
    written = plain(text).removesuffix(".0")
    levels, steps = spellings("depth_level"), spellings("depth_step")
    named = re.search(r"(iv|iii|ii|i|[一二三四1-4])级", written)
    if named:
        return levels[named.group(1)]
    if written in levels and (eight is False or not written.isdecimal()):
        return levels[written]
    parts = [steps.get(part, part) for part in _STEPS.split(written) if part]
    valid = all(len(step) == 1 and step in "123456789" for step in parts)
    return ",".join(parts) if valid and (eight or len(parts) != 1) else BAD


def end_to_end(depth_text: str) -> bool | str:
    """Say whether a depth (as ``depth`` gives it) is 全流程网办: Ⅳ级, or one of the steps 5, 6, 7."""
    if not depth_text or depth_text == BAD:
        return ""
    return depth_text == "Ⅳ级" if depth_text.endswith("级") else bool(set(depth_text.split(",")) & set("567"))


def serves_public(text: str) -> bool | str:
    """Say whether an item serves 自然人 or 法人 (texts, or codes 1–4 of GB/T 39046 表A.4)."""
    written = plain(text)
    return "" if not written else bool(_PUBLIC.search(written) or set(re.findall(r"\d+", written)) & set("1234"))


def applied_for(type_name: str) -> bool | str:
    """Say whether an item of this type starts with an application (ours, from usage); unknown for other types."""
    answer = spellings("applied").get(type_name)
    return answer == "是" if answer else ""


def amount(text: str) -> float | str:
    """Read a plain number.

    >>> amount("1,234件"), amount("许多") == BAD
    (1234.0, True)
    """
    written = plain(text).replace(",", "").rstrip("件次个项")
    if re.fullmatch(r"\d{1,12}(\.\d+)?", written, re.ASCII) and not is_doubtful(text):
        return float(written)
    return BAD if plain(text) else ""
