"""What a cell says: limits, dates, flags, numbers and choices as offices write them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import cast

from zjanalysis.inputs.reference import read_reference, spellings
from zjanalysis.settings import Units

# Why there is no number. check() turns them into the words of ``limit_reason``.
BLANK, NO_LIMIT, SENTINEL, NO_UNIT = "未填", "无期限规定", "无期限（哨兵值）", "时限单位不明"
TWO_UNITS, UNREADABLE = "时限单位前后不一致", "时限无法识别"
_SENTINELS = (500.0, 999.0, 9999.0, 99999.0)
"""500 and 99999 stand for 无期限 in two systems (reference/codes.csv 无期限哨兵); fewer nines are the same habit."""
LONGEST = 300  # characters: no limit is longer, whatever stands in brackets behind it
# Possessive quantifiers throughout: no text makes these patterns go back over it again and again.
_LEAD = re.compile(r"(?>(?:法定|承诺)(?:办结|办理)?(?:时限|期限)[:为是]?|自?受理(?:之日)?[起后]?,?|不超过|不多于)*+")
_NUMBER = re.compile(r"(-?\d++(?:\.\d++)?)([^\d.]*+)\.?", re.ASCII)
_TRAILING = re.compile(r"(?:\(?(?:以内|之内|办结|内)\)?)*+[。;]?$")  # 日(以内)。 is 日
_BOTH = re.compile(r"(法定|承诺)(?:办结|办理)?(?:时限|期限)?[:为是]?([^;,。|]*?)(?=$|[;,。|]|法定|承诺)")
_COUNTED = "个|工作日|自然日|日|天|月|年|周|季|小时|分钟"
_NUMERAL = re.compile(rf"[零〇一二两三四五六七八九十百]++(?={_COUNTED})|半(?=个|天|日|年)")
_TWO_NUMBERS = re.compile(r"\d\s+[\d.]")
DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}


@dataclass(frozen=True)
class Limit:
    """One limit: number as written, canonical unit, and the reason when there is no number."""

    number: float | None
    unit: str | None
    reason: str | None


def plain(text: str) -> str:
    """Return the text with half-width digits and brackets, without white space, in lower case.

    >>> plain("３０　（工作日）\\t")
    '30(工作日)'
    """
    return "".join(unicodedata.normalize("NFKC", text).split()).lower()


def unit_of(text: str) -> str | None:
    """Return the canonical unit of a spelling or of the one certain unit code; None when unknown.

    A plain 日 or 天 is a working day (行政许可法 82). Code 1 is the only code seen to agree with its text.

    >>> unit_of("个工作日"), unit_of("天"), unit_of("1"), unit_of("3")
    ('工作日', '工作日', '工作日', None)
    """
    written = plain(text).strip("()")
    return spellings("unit").get(written) or spellings("unit").get(written.removesuffix(".0"))


def _numeral(match: re.Match[str]) -> str:
    """三十 → 30, 一百二十 → 120, 半 → 0.5, 二〇 → 20."""
    text = match.group()
    if text == "半":
        return "0.5"
    if not set(text) & set("十百"):
        return "".join(str(DIGITS[c]) for c in text)
    total, current = 0, 0
    for c in text:
        if c in "十百":
            total, current = total + (current or 1) * (10 if c == "十" else 100), 0
        else:
            current = DIGITS[c]
    return str(total + current)


@lru_cache(maxsize=10_000)
def parse_limit(text: str, unit: str = "", *, usual: str = "") -> Limit:
    """Read one limit. ``unit`` is what the unit column says, ``usual`` what the header says where nothing else does.

    A number without any unit or with two that differ, a range, two numbers, office hours: no number, with the reason.

    >>> parse_limit("30(工作日)"), parse_limit("即办").number
    (Limit(number=30.0, unit='工作日', reason=None), 0.0)
    >>> parse_limit("办公时间：上午8:30~12:00").reason, parse_limit("20").reason, parse_limit("20", "1").number
    ('时限无法识别', '时限单位不明', 20.0)
    """
    written = plain(text)
    if not written:
        return Limit(None, None, BLANK)
    word = spellings("limit").get(written) or spellings("limit").get(written.strip("()"))
    if word:
        return Limit(0.0, None, None) if word == "0" else Limit(None, None, NO_LIMIT)
    if len(written) > LONGEST or is_doubtful(text):
        return Limit(None, None, UNREADABLE)
    counted = _NUMERAL.sub(_numeral, _without_remarks(written))
    number = _NUMBER.fullmatch(counted, cast("re.Match[str]", _LEAD.match(counted)).end())
    if number is None or len(number.group(1)) > 12:
        return Limit(None, None, UNREADABLE)
    return _with_unit(float(number.group(1)), own=_TRAILING.sub("", number.group(2)), beside=unit, usual=usual)


def is_doubtful(text: str) -> bool:
    """Tell whether a text is no number although its characters could be read as one: ``1 2``, ``③``, ``10²``.

    >>> is_doubtful("1 2"), is_doubtful("③"), is_doubtful(" 12 天"), is_doubtful("１２")
    (True, True, False, False)
    """
    if text.isascii():
        return bool(_TWO_NUMBERS.search(text))
    strange = any((c.isdigit() and not c.isdecimal()) or unicodedata.category(c) == "No" for c in text)
    return strange or bool(_TWO_NUMBERS.search(unicodedata.normalize("NFKC", text)))


def _without_remarks(written: str) -> str:
    """Keep the unit that stands in brackets, drop every other remark in brackets."""
    units = spellings("unit")
    bare = re.sub(r"[(\[【]([^)\]】]*)[)\]】]", lambda m: m.group(1) if m.group(1) in units else "", written)
    return bare or written


def _with_unit(number: float, *, own: str, beside: str, usual: str) -> Limit:
    unit, other = unit_of(own or beside or usual), unit_of(beside)
    if number == -1:
        return Limit(None, None, NO_LIMIT)
    if number in _SENTINELS or number > _SENTINELS[-1]:
        return Limit(None, unit, SENTINEL)
    if number < 0 or (unit is None and (len(own) > 4 or (own and own.isascii()))):  # 30O is no unit
        return Limit(None, None, UNREADABLE)
    if unit and other and unit != other:
        return Limit(None, None, TWO_UNITS)
    if unit is None and (own or number > 0):
        return Limit(None, None, NO_UNIT)
    return Limit(number, unit, None)


def split_both(text: str) -> tuple[str, str] | None:
    """Return (statutory, promised) of a cell that holds both; None when it does not.

    >>> split_both("承诺时限：1天；法定时限：20天")
    ('20天', '1天')
    """
    parts = dict(_BOTH.findall(plain(text)))
    return (parts["法定"], parts["承诺"]) if {"法定", "承诺"} <= set(parts) else None


@cache
def factors(units: Units) -> dict[str, float]:
    """Return how many working days one of each unit is.

    >>> factors(Units())["小时"] * 8
    1.0
    """
    days = {"工作日": 1.0, "自然日": units.calendar_day, "周": units.week, "月": units.month, "季": units.quarter}
    hour = 1 / units.hours_per_day
    return days | {"年": units.year, "小时": hour, "分钟": hour / 60}


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
