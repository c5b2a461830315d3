"""From a case table as it is to the columns that are analysed, as SQL that DuckDB and Spark both understand.

One row stays one case. Nothing is dropped: what cannot be read is missing, and `cases_findings` counts it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

IMMEDIATE = ("即办", "即办件", "当场", "当场办结", "当场办理")
NO_LIMIT_FROM = 500  # 500 and 99999 stand for 无期限 (DOMAIN §2); −1 for 无


@dataclass(frozen=True)
class Dialect:
    """What differs between the engines: quotes, type names, the day number of a date, parsing a text, a key."""

    quote: str
    text: str
    day: str
    from_text: str
    key: str


DUCKDB = Dialect(
    quote='"{}"',
    text="VARCHAR",
    day="CAST(CAST({} AS DATE) - DATE '1970-01-01' AS INTEGER)",
    from_text="coalesce(try_cast(trim({0}) AS DATE), CAST(try_strptime(trim({0}), ['%Y%m%d', '%Y%m%d%H%M%S', "
    "'%Y年%m月%d日', '%Y/%m/%d %H:%M:%S', '%Y/%m/%d %H:%M', '%Y.%m.%d']) AS DATE))",
    key="hash({})",
)
SPARK = Dialect(
    quote="`{}`",
    text="STRING",
    day="unix_date({})",
    from_text="coalesce(try_cast(trim({0}) AS DATE), CAST(coalesce(try_to_timestamp(trim({0}), 'yyyyMMdd'), "
    "try_to_timestamp(trim({0}), 'yyyyMMddHHmmss'), try_to_timestamp(trim({0}), 'y年M月d日'), "
    "try_to_timestamp(trim({0}), 'y/M/d H:m:s'), try_to_timestamp(trim({0}), 'y/M/d H:m'), "
    "try_to_timestamp(trim({0}), 'y/M/d'), try_to_timestamp(trim({0}), 'y.M.d')) AS DATE))",
    key="xxhash64({})",
)


def select_list(columns: Mapping[str, str], types: Mapping[str, str], dialect: Dialect) -> dict[str, str]:
    """Give name → SQL of the columns that are analysed.

    ``columns``: our key → header (`case_columns`); ``types``: header → type as the engine names it.
    """
    here = {key: dialect.quote.format(header) for key, header in columns.items()}
    kinds = {key: types[header].upper() for key, header in columns.items()}
    days = {key: _day(here.get(key), kinds.get(key, ""), dialect) for key in ("accepted", "finished", "due")}
    given = {key: _given(here.get(key), kinds.get(key, "")) for key in ("accepted", "finished")}
    nothing = f"CAST(NULL AS {dialect.text})"

    def text(key: str) -> str:
        return f"CAST({here[key]} AS {dialect.text})" if key in here else nothing

    def number(key: str, lowest: str) -> str:
        return _number(here.get(key), kinds.get(key, ""), lowest=lowest)

    return {
        "case_no": text("case_no"),
        "case_key": dialect.key.format(here["case_no"]) if "case_no" in here else nothing,
        "region_code": _region(here, dialect),
        "base_code": _base(here, dialect),
        "department": text("department"),
        "channel": text("channel"),
        "accept_given": given["accepted"],
        "finish_given": given["finished"],
        "accept_day": days["accepted"],
        "finish_day": days["finished"],
        "due_day": days["due"],
        "promised": number("promised", ">= 0"),
        "promised_unit": text("promised_unit") if "promised_unit" in here else "'工作日'",
        "statutory": number("statutory", "> 0"),
        "special_days": f"coalesce({number('special_days', '>= 0')}, 0)",
    }


def _is_text(kind: str) -> bool:
    return kind.startswith(("VARCHAR", "STRING", "CHAR", "TEXT"))


def _day(here: str | None, kind: str, dialect: Dialect) -> str:
    if here is None:
        return "CAST(NULL AS INTEGER)"
    parsed = dialect.from_text.format(here) if _is_text(kind) else f"CAST({here} AS DATE)"
    return dialect.day.format(parsed)


def _given(here: str | None, kind: str) -> str:
    if here is None:
        return "false"
    return f"(coalesce(trim({here}), '') <> '')" if _is_text(kind) else f"({here} IS NOT NULL)"


def _number(here: str | None, kind: str, *, lowest: str) -> str:
    if here is None:
        return "CAST(NULL AS DOUBLE)"
    if not _is_text(kind):
        number = f"CAST({here} AS DOUBLE)"
    else:
        words = ", ".join(f"'{word}'" for word in IMMEDIATE)
        number = f"CASE WHEN trim({here}) IN ({words}) THEN 0.0 ELSE try_cast(trim({here}) AS DOUBLE) END"
    return f"CASE WHEN {number} {lowest} AND {number} < {NO_LIMIT_FROM} THEN {number} END"


def _region(here: Mapping[str, str], dialect: Dialect) -> str:
    """Give the region as written; without one, the six digits inside the department's or the item's code."""
    if "region_code" in here:
        return f"CAST({here['region_code']} AS {dialect.text})"
    return f"substr(CAST({here.get('org_code') or here['impl_code']} AS {dialect.text}), 3, 6)"


def _base(here: Mapping[str, str], dialect: Dialect) -> str:
    """Give the base code; without one, the last 12 of the 31 characters of the item's code."""
    if "base_code" in here:
        return f"CAST({here['base_code']} AS {dialect.text})"
    return f"substr(CAST({here['impl_code']} AS {dialect.text}), 20, 12)"
