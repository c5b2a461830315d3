"""What a cell of a coded column says: flags, choices, levels, depth, visits. Unknown stays unknown."""

from __future__ import annotations

import re
from functools import cache

from zjanalysis.inputs.limits import plain
from zjanalysis.inputs.regions import read_reference

_YES = {"是", "1", "true", "t", "y", "yes", "支持", "有", "可", "可以", "能", "已", "√", "✓", "✔", "对", "可网办", "已进驻", "进驻", "纳入", "已纳入"}
_NO = {"否", "0", "false", "f", "n", "no", "不支持", "无", "不可", "不可以", "不能", "未", "×", "✗", "x", "错", "不", "没有", "不可网办",
       "未进驻", "不进驻", "未纳入", "不纳入"}  # fmt: skip
_HANDLING = {"即办": "即办件", "即办件": "即办件", "承诺": "承诺件", "承诺件": "承诺件", "限时件": "承诺件", "其他": "其他", "其它": "其他",
             "上报件": "其他", "联办件": "其他", "1": "即办件", "2": "承诺件", "9": "其他"}  # fmt: skip
_LEVELS = {"国家级": "1", "省级": "2", "市级": "3", "设区市级": "3", "地市级": "3", "县级": "4", "区级": "4", "区县级": "4", "县区级": "4",
           "县(市、区)级": "4", "镇级": "5", "乡镇级": "5", "镇街级": "5", "街道级": "5", "镇(乡、街道)级": "5", "村级": "6", "社区级": "6",
           "村居级": "6", "村(社区)级": "6", "分级管理": "7"}  # fmt: skip
_ROMAN = {"i": "Ⅰ级", "ii": "Ⅱ级", "iii": "Ⅲ级", "iv": "Ⅳ级", "一": "Ⅰ级", "二": "Ⅱ级", "三": "Ⅲ级", "四": "Ⅳ级"}
_EIGHT = {"互联网咨询": "1", "互联网收件": "2", "互联网预审": "3", "互联网受理": "4", "互联网办理": "5", "互联网办理结果信息反馈": "6",
          "互联网电子证照反馈": "7", "其他": "8"}  # fmt: skip
_CHINESE = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2}
_TRIPS = re.compile(r"^(?:最多|只需|需|到|现场|办事|跑动?|到现场|到办事现场)*(\d+(?:\.0+)?|[零一二两三四五六七八九])(?:次|趟|回)?(?:跑动|跑腿|到现场|到场)?$")
_PUBLIC = re.compile(r"自然人|法人|个人|企业")
# 依申请: the six kinds of administrative power that start with an application, and 行政征收 never does (ours, from usage).
_APPLIED = {"行政许可", "行政给付", "行政确认", "行政奖励", "行政裁决", "其他行政权力"}
_NOT_APPLIED = {"行政处罚", "行政强制", "行政征收", "行政检查"}
ONLINE_FORM = re.compile(r"网上|网络|电脑|移动|线上|互联网|(^|\D)[23](\D|$)")
HANDLE_FORM = re.compile(r"窗口|网上|网络|电脑|移动|快递|邮寄|自助|线上")
BAD = "\0"  # what a reader below gives for a text it does not know; "" is an empty cell


def flag(text: str) -> bool | str:
    """Read 是/否 in its spellings.

    >>> flag("支持"), flag("否"), flag(""), flag("也许") == BAD
    (True, False, '', True)
    """
    written = plain(text).removesuffix(".0")
    return True if written in _YES else False if written in _NO else "" if not written else BAD


@cache
def _type_codes() -> dict[str, str]:
    codes = read_reference("codes")
    ours = codes[codes["table"].isin(["事项类型", "事项类型(广东)"])]
    return dict(zip(ours["code"], ours["text"].map(_type_name), strict=True))


def _type_name(text: str) -> str:
    written = plain(text).strip("()")
    known = {"公共服务事项": "公共服务", "其他类别事项": "其他", "行政权力事项": "行政权力", "其他权力": "其他行政权力", "套餐": "套餐服务"}
    return known.get(written, written.removesuffix("事项"))


def item_type(text: str) -> str:
    """Read an item type: text is trusted, a two-digit code is looked up, 20 means two things and is unknown.

    >>> item_type("行政许可事项"), item_type("01"), item_type("1"), item_type("20") == BAD
    ('行政许可', '行政许可', '行政许可', True)
    """
    written = plain(text).upper()
    if written.isdecimal() or written == "TC":
        code = written.zfill(2)
        return BAD if code == "20" else _type_codes().get(code, BAD)
    name = _type_name(text)
    return name if not name or name in set(_type_codes().values()) | {"行政征用"} else BAD


def use_level(text: str) -> str:
    """Read a level of exercise as its code "1" … "7".

    >>> use_level("市级"), use_level("县级/直属"), use_level("3.0")
    ('3', '4', '3')
    """
    written = plain(text).removesuffix(".0")
    if not written or (len(written) == 1 and written in "1234567"):
        return written
    return _LEVELS.get(written.split("/")[0]) or _LEVELS.get(written.removesuffix("行使")) or BAD


def handling_type(text: str) -> str:
    """Read 即办件 / 承诺件 / 其他, text or code (GB/T 39046 表A.6).

    >>> handling_type("1"), handling_type("承诺"), handling_type("")
    ('即办件', '承诺件', '')
    """
    written = plain(text).removesuffix(".0")
    return _HANDLING.get(written, BAD) if written else ""


def visits(text: str) -> float | str:
    """Read a number of visits.

    >>> visits("0次"), visits("最多跑一次"), visits("网上办") == BAD
    (0.0, 1.0, True)
    """
    written = plain(text)
    if written in ("", "无"):
        return ""
    found = _TRIPS.match(written)
    if found is None:
        try:
            return float(written)
        except ValueError:
            return BAD
    return float(_CHINESE.get(found.group(1), found.group(1)))


def eight_step(header: str, texts: list[str]) -> bool | None:
    """Say which scale a depth column uses: True eight steps, False four levels, None not to be told.

    The header tells (ONLINE_HANDLE_DEPTH: eight, WBSD_LEVEL: four), else words or digits above 4 in the column.
    """
    name, written = plain(header), [plain(text) for text in texts if text]
    if any(word in name for word in ("online_handle_depth", "wangbanshendu", "八段")):
        return True
    if any(word in name for word in ("wbsd", "declare_service_level", "四级")):
        return False
    if any("级" in text or text in _ROMAN or text in ("全程网办", "全流程网办") for text in written):
        return False
    if any("互联网" in text or re.search(r"[5-9^,|;]", text) for text in written):
        return True
    return None


def depth(text: str, eight: bool | None) -> str:
    """Read an online depth: four levels as Ⅰ级 … Ⅳ级, eight steps as digits joined by commas.

    >>> depth("全程网办（Ⅳ级）", False), depth("1^2^5", True), depth("4", False), depth("4", None) == BAD
    ('Ⅳ级', '1,2,5', 'Ⅳ级', True)
    """
    written = plain(text).removesuffix(".0")
    if not written:
        return ""
    level = re.search(r"(iv|iii|ii|i|[一二三四1-4])级", written)
    name = level.group(1) if level else written
    if level or written in _ROMAN:
        return _ROMAN.get(name) or "ⅠⅡⅢⅣ"[int(name) - 1] + "级"
    if written in ("全程网办", "全流程网办"):
        return "Ⅳ级"
    if eight is False and name in "1234":
        return "ⅠⅡⅢⅣ"[int(name) - 1] + "级"
    steps = [_EIGHT.get(part, part) for part in re.split(r"[\^,|;、]", written) if part]
    known = all(len(step) == 1 and step in "123456789" for step in steps)
    return ",".join(steps) if known and (eight or len(steps) > 1) else BAD


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
    """Say whether an item of this type starts with an application; unknown for types outside the two lists."""
    return True if type_name in _APPLIED else False if type_name in _NOT_APPLIED | {"公共服务", "套餐服务"} else ""


def amount(text: str) -> float | str:
    """Read a plain number: 1,234件 → 1234."""
    written = plain(text).replace(",", "").rstrip("件次个项")
    try:
        number = float(written) if written else ""
    except ValueError:
        return BAD
    return BAD if isinstance(number, float) and not 0 <= number < 1e12 else number
