"""How workbooks write an item down: four dialects with their own headers, units and words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from make.draw import happens, pick, uniform
from make.levels import Region
from make.service import REASONS, Item

Cell = str | int | float | None
ROMAN = {1: "Ⅰ级", 2: "Ⅱ级", 3: "Ⅲ级", 4: "Ⅳ级"}
STEPS = {1: "1", 2: "1,2", 3: "1,2,3,4", 4: "1,2,3,4,5,6,7"}
USCC_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


@dataclass(frozen=True)
class Dialect:
    """``columns``: (header, what it holds) in order. ``title``: title rows stand above the header. ``glued``: the
    unit stands in the limit's cell. ``one_sheet``: all regions of the file in one sheet."""

    columns: tuple[tuple[str, str], ...]
    title: bool
    one_sheet: bool
    limit: str
    instant: Cell
    none: str
    visits: str = "{}"
    separator: str = "、"
    region: str = "{}"
    version: str = "number"
    yes_no: tuple[str, str] = ("是", "否")
    depth: str = "levels"


def _columns(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (part.split("=") for part in text.split())
    return tuple((header, key) for header, key in pairs)


DIALECTS = {
    "standard": Dialect(
        _columns(
            "行政区划代码=region_code 地区=region 事项名称=name 基本编码=base_code 实施编码=impl_code"
            " 业务办理项编码=handle_item_code 事项类型=item_type 行使层级=level 实施主体=department"
            " 法定办结时限=statutory 法定办结时限单位=statutory_unit 承诺办结时限=promised"
            " 承诺办结时限单位=promised_unit 办件类型=handling_type 到办事现场次数=visits"
            " 必须现场办理原因说明=reason 是否网办=online 网上办理深度=depth 服务对象=serves"
            " 是否依申请=on_application 纳入综合窗口=one_window 是否可预约=bookable 是否支持物流快递=express"
            " 事项状态=state 事项版本=version 办件量=cases"
        ),
        title=True, one_sheet=False, limit="{}", instant=0, none="无",
    ),
    "portal": Dialect(
        _columns(
            "AREACODE=region_code AREA_CODE_TEXT=region TASK_NAME=name CATALOG_CODE=base_code TASK_CODE=impl_code"
            " TASK_HANDLE_ITEM=handle_item_code TASK_TYPE_TEXT=item_type USE_LEVEL_TEXT=level DEPT_NAME=department"
            " ANTICIPATE_DAY=statutory ANTICIPATE_TYPE_TEXT=statutory_unit PROMISE_DAY=promised"
            " PROMISE_TYPE_TEXT=promised_unit PROJECT_TYPE_TEXT=handling_type LIMIT_SCENE_NUM=visits"
            " LIMIT_SCENE_EXPLAIN=reason IS_ONLINE=online WBSD_LEVEL_TEXT=depth SERVE_TYPE_TEXT=serves"
            " 依申请=on_application 是否一窗受理=one_window IS_BESPEAK=bookable IS_EXPRESS=express"
            " TASK_STATE_TEXT=state VERSION_DATE=version 办件量=cases"
        ),
        title=False, one_sheet=True, limit="{}", instant="0", none="", separator=",", version="2020-01-01",
        yes_no=("1", "0"),
    ),
    "glued": Dialect(
        _columns(
            "行政区划=region_code 行政区划名称=region 业务办理项编码=handle_item_code 事项名称=name"
            " 实施编码=impl_code 事项类型=item_type 行使层级=level 实施部门=department"
            " 法定办结时限(handle_time)=statutory 承诺办结时限(handle_time_limit)=promised 办件类型=handling_type"
            " 到办事现场次数(LIMIT_SCENE_NUM)=visits 必须现场办理原因说明=reason 是否网办(online_book)=online"
            " 网上办理深度=depth 服务对象=serves 是否依申请=on_application 是否综合窗口=one_window"
            " 是否支持预约办理=bookable 是否支持物流快递(courier_service)=express 事项状态=state 发布日期=version"
            " 办件量=cases"
        ),
        title=False, one_sheet=False, limit="{}(工作日)", instant="即办", none="无", separator="|", region="{}000000",
        version="2020/1/1", depth="steps",
    ),
    "short": Dialect(
        _columns(
            "县（市、区）=region 实施主体=department 事项名称=name 基本编码=base_code"
            " 业务办理项编码=handle_item_code 实施编码=impl_code 事项类型=item_type 行使层级=level"
            " 法定时限=statutory 承诺时限=promised 办件类型=handling_type 跑动次数=visits"
            " 必须现场办理原因说明=reason 可网上办理=online 网办深度=depth 服务对象=serves"
            " 是否依申请=on_application 纳入综合窗口=one_window 可预约=bookable 是否支持物流快递=express"
            " 事项状态=state 事项版本=version 年办件量=cases"
        ),
        title=True, one_sheet=True, limit="{}个工作日", instant="当场办结", none="无", visits="{}次",
    ),
}  # fmt: skip


def written(item: Item, dialect: Dialect, cutoff: str) -> dict[str, Cell]:
    """Write an item down as this dialect does, without any fault."""
    region, code = item.region, item.code
    impl_code = f"{_uscc(item)}{3 if region.is_city else 4}{code.base_code}"
    cells: dict[str, Cell] = {
        "region_code": region.code if region.is_zone else dialect.region.format(region.code),
        "region": region.name,
        "name": item.name,
        "base_code": code.base_code,
        "impl_code": impl_code,
        "handle_item_code": f"{impl_code}{item.number:02d}",
        "item_type": code.item_type,
        "level": "市级" if region.is_city else "县级",
        "department": item.department,
        "statutory": _limit(item.statutory, dialect),
        "statutory_unit": "工作日" if item.statutory else None,
        "promised": dialect.instant if item.instant else _limit(item.promised, dialect),
        "promised_unit": "工作日",
        "handling_type": "即办件" if item.instant else "承诺件",
        "visits": item.visits if dialect.visits == "{}" else dialect.visits.format(item.visits),
        "reason": pick(REASONS, "reason", *item.key) if item.visits else None,
        "depth": (ROMAN if dialect.depth == "levels" else STEPS)[item.depth],
        "serves": dialect.separator.join(code.serves),
        "state": "在用" if item.in_use else pick(("暂停", "取消"), "state word", *item.key),
        "version": _version(item, dialect, cutoff),
        "cases": item.cases,
    }
    flags = {"online": item.online, "one_window": item.one_window, "bookable": item.bookable, "express": item.express,
             "on_application": code.item_type != "公共服务" or happens(0.6, "apply", code.base_code)}  # fmt: skip
    cells |= {key: dialect.yes_no[0 if flag else 1] for key, flag in flags.items()}
    if code.item_type == "套餐服务":
        cells |= {"statutory": dialect.none or None, "promised": dialect.none or None, "promised_unit": None}
    return cells


def _limit(days: int | None, dialect: Dialect) -> Cell:
    if days is None:
        return dialect.none or None
    return days if dialect.limit == "{}" and dialect.instant == 0 else dialect.limit.format(days)


def _version(item: Item, dialect: Dialect, cutoff: str) -> Cell:
    if dialect.version == "number":
        return 1 + int(5 * uniform("version", *item.key))
    last = date.fromisoformat(cutoff) - timedelta(days=5 + int(400 * uniform("version", *item.key)))
    return last.isoformat() if "-" in dialect.version else f"{last.year}/{last.month}/{last.day}"


def _uscc(item: Item) -> str:
    """Give a made-up social credit code: 18 characters with a right check digit, and EXAMPLE inside."""
    region: Region = item.region
    area = region.code if not region.is_zone else f"{region.code[:4]}00"
    number = int(uniform("office", region.code, item.department) * 31 * 31)
    body = f"11{area}EXAMPLE{USCC_DIGITS[number // 31]}{USCC_DIGITS[number % 31]}"
    total = sum(USCC_DIGITS.index(sign) * weight for sign, weight in zip(body, USCC_WEIGHTS, strict=True))
    return body + USCC_DIGITS[(31 - total % 31) % 31]
