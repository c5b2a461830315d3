"""The rows of a ledger (台账): one is one target of the plan in one region, or one problem the office added by hand.

Columns: `COLUMNS`, the columns the office added, and where the row stands (file, sheet, row_number).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

import numpy as np
import pandas as pd

from zjanalysis.analysis.registry import ITEM_INDICATORS, SCORE_KEY
from zjanalysis.analysis.reported import REPORTED_INDICATORS, comparable
from zjanalysis.columns import HAND, LEDGER, LEDGER_COLUMNS, MEMORY_KEYS
from zjanalysis.errors import ConfigError
from zjanalysis.inputs.office_table import PLACE, Day, day_of, days
from zjanalysis.inputs.reference import read_reference
from zjanalysis.inputs.regions import is_county, load_regions, region_name, report_units
from zjanalysis.ledger.typed import is_typed, read_typed
from zjanalysis.units import UNITS, apart, rounded

LOG_SHEET, SAMPLE = "变更记录", "示例数据（模拟）"
"""The sheet of the change log; what stands over the table of a ledger of made-up figures, and on every paper of it."""
COLUMNS = tuple(dict.fromkeys([*LEDGER, *MEMORY_KEYS, "settled_on", "reopened_on", "deadline_read", "current_written",
                               "region_code", "verdict"]))  # fmt: skip
"""Every column of a ledger: those of the sheet, what the tool remembers, what it looks up."""
_HALF = str.maketrans("（）", "()")
_BY = "(?:之前|以前|前)"
_MONTH = re.compile(rf"(\d{{4}})\s*[-/.年]\s*(\d{{1,2}})\s*月?\s*(?:(?:月底|底|末){_BY}?)?$")


def unit_names(text: str, *, city: str = "") -> tuple[str, ...]:
    """Return the units a cell names, each by the one name it has in reference/units.csv.

    A bracket is not split. With ``city``, 各县(市、区)政府(管委会) is each of its governments.

    >>> unit_names("市政务服务数据管理局、公共资源交易中心"), unit_names("各县(市、区)政府(管委会),市财政局")
    (('市政务服务数据管理局', '市公共资源交易中心'), ('各县(市、区)政府(管委会)', '市财政局'))
    """
    names, kinds = _units()
    written = [part.strip() for part in re.split(r"[、，,；;](?![^(（]*[)）])", text) if part.strip()]
    units = [names.get(part.translate(_HALF), part) for part in written]
    spread = [
        tuple(map(office_of, report_units(city))) if city and kinds.get(unit) == "counties" else (unit,)
        for unit in units
    ]
    return tuple(dict.fromkeys(unit for group in spread for unit in group))


@cache
def _units() -> tuple[dict[str, str], dict[str, str]]:
    rows = read_reference("units")
    return {row["alias"]: row["unit"] for row in rows}, {row["unit"]: row["kind"] for row in rows}


@cache
def office_of(region: str) -> str:
    """Return the government (of a zone: the committee) of a region.

    >>> office_of("440823"), office_of("4408Z1")
    ('遂溪县人民政府', '湛江经济技术开发区管委会')
    """
    zone = load_regions().set_index("code").loc[region, "level"] == "zone"
    return region_name(region) + ("管委会" if zone else "人民政府")


def today(on: Day) -> pd.Timestamp:
    """Return the day a function is told; raises ConfigError for a date that cannot be read."""
    day = day_of(on)
    if day is None:
        raise ConfigError(f"日期“{on}”认不出。", "请写成 2021-06-30。")
    return day


@lru_cache(maxsize=4096)
def last_day(text: str) -> pd.Timestamp | None:
    """Return the day a written deadline ends: a month means its last day; 长期推进 and what is unclear have none.

    >>> str(last_day("2021-06").date()), str(last_day("2021年底前").date()), last_day("2021年6月前")
    ('2021-06-30', '2021-12-31', None)
    """
    month = _MONTH.match(re.sub(r"年\s*([底末])", r"年12月\1", unicodedata.normalize("NFKC", text).strip()))
    if not month:
        return day_of(re.sub(rf"\s*{_BY}$", "", text.strip()))
    first = day_of(f"{month[1]}-{month[2]}-1")
    return None if first is None else first + pd.offsets.MonthEnd(0)


OWN = "自"
"""How the number (编号) of a row begins that the office added."""
DAYS = (*(c.key for c in LEDGER_COLUMNS if c.kind == "date" and not c.writer), "reopened_on", "baseline_on", "as_of",
        "settled_on")  # fmt: skip
NUMBERS = (*(c.key for c in LEDGER_COLUMNS if c.kind in ("value", "delta")), "target_value")
COUNTED = ("days_left", "days_quiet")
"""What `state.advance_state` counts anew each time; nobody remembers it."""
PEERS = ("above_peers", "below_peers")
MOVES = ("rising", "falling")
"""Comparisons with the base value."""
LOWER = ("<=", "<", "falling", "below_peers")
"""Comparisons for which less is better."""

DEEDS = ("inspection_practised", "publicity_done")
"""Done when the ledger holds their evidence; nobody reports them."""
EVIDENCE = {"evidence": "名称", "evidence_number": "文号", "evidence_date": "日期", "evidence_link": "链接"}
_ABOUT = {i.key: (i.short or i.label, str(i.unit)) for i in (*ITEM_INDICATORS, *REPORTED_INDICATORS)} | {
    row["indicator"]: (row["label"], row["unit"]) for row in read_reference("ledger_indicators")
}
"""Name and unit by indicator; the table has those of cases, of the yearly evaluation and the ledger's own."""


def empty_ledger() -> pd.DataFrame:
    """Return a ledger without rows, every column in its kind."""
    return _blank().copy()


@cache
def _blank() -> pd.DataFrame:
    kinds = {k: "datetime64[ns]" if k in DAYS else "float64" if k in NUMBERS else "str" for k in COLUMNS}
    return pd.DataFrame({k: pd.Series(dtype=kind) for k, kind in {**kinds, **dict.fromkeys(COUNTED, "Int64")}.items()})


def records(ledger: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a ledger one by one, each by column."""
    columns = {str(key): values.tolist() for key, values in ledger.items()}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def first_true(cases: Iterable[tuple[pd.Series, Any]], otherwise: Any = "") -> pd.Series:
    """Return for every row the text of the first case that is true of it; a missing answer is not true."""
    answers, texts = zip(*cases, strict=True)
    chosen = np.select([answer.to_numpy(bool, na_value=False) for answer in answers], list(texts), otherwise)
    return pd.Series(chosen, index=answers[0].index, dtype="str")


def is_own(ledger: pd.DataFrame) -> pd.Series:
    """Tell which rows the office added itself."""
    return ledger["ledger_id"].fillna("").str.startswith(OWN)


def hand_columns(ledger: pd.DataFrame) -> list[str]:
    """Return the columns that belong to people: the known ones and those the office added."""
    tool: Iterable[str] = {*COLUMNS, *COUNTED, *PLACE} - set(HAND)
    return [name for name in ledger.columns if name not in tool]


# --- from the plan ------------------------------------------------------------------------------------------------


def lay_out(rows: pd.DataFrame) -> pd.DataFrame:
    """Return targets with their region_code as rows of the ledger, without values; 措施 are the plan's own words."""
    own = rows["region_code"].map(is_county).astype(bool)
    helping = rows["cooperating_units"] + ("、" + rows["departments"]).where(rows["departments"].ne(""), "")
    about = rows["indicator"].map(_ABOUT)
    measures = rows["quote"].mask(rows["measure"].ne(""), rows["measure"]).map(_measure)
    laid = rows[["task", "clause", "region_code", "indicator", "comparison", "deadline"]].assign(
        sequence=[str(n) for n in range(1, len(rows) + 1)],
        region=rows["region_code"].map(region_name),
        indicator_label=about.str[0],
        unit=about.str[1],
        target_value=rows["value"],
        lead_unit=rows["lead_unit"].mask(own, rows["region_code"].map(office_of)),
        cooperating_units=helping.mask(own, rows["lead_unit"]),
        measures=measures.mask(rows["source"].eq("ledger"), ""),
        ledger_id=rows["target"] + "@" + rows["region_code"],
    )
    kinds = empty_ledger().dtypes.to_dict()
    return laid.reindex(columns=list(kinds)).astype(kinds)


def _measure(sentence: str) -> str:
    """Return a sentence of the plan as a measure: its commas full-width, without the one it ends in or a first 并, 要.

    >>> _measure("并依托省平台,制发印章。")
    '依托省平台，制发印章'
    """
    full = sentence.translate(str.maketrans(",;:()", "，；：（）"))
    return re.sub(r"^[并要](?=依托|加大)", "", full).strip("，；。 ")


def number_own_rows(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return the ledger with a number for every row without one (or with one that stands twice): 自001, 自002, …

    The target and value people typed are read (`read_typed`), so that the rules of closing hold for these rows too.
    """
    new = ledger["ledger_id"].fillna("").eq("") | ledger["ledger_id"].duplicated()
    if not new.any():
        return read_typed(ledger, is_own(ledger))
    taken = pd.to_numeric(ledger["ledger_id"].fillna("").str.extract(rf"^{OWN}(\d+)$")[0])
    first = 0 if taken.isna().all() else int(taken.max())
    label = OWN + (new.cumsum() + first).astype("str").str.zfill(3)
    numbered = ledger.assign(ledger_id=ledger["ledger_id"].mask(new, label))
    return read_typed(numbered, is_own(numbered))


# --- filled with figures ------------------------------------------------------------------------------------------


def fill(ledger: pd.DataFrame, scores: pd.DataFrame, *, as_of: Day, gaps: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the ledger with current, baseline, target_value, verdict and gap from the scores; nothing written moves.

    The base value is that of the first cut-off with one, as corrected until the next; when a definition has changed
    since, the present value becomes the new base. ``gap`` is signed: positive is better than the target. Rows the
    office added keep what was typed. A target against the peers takes value, median and verdict from ``gaps``, so that
    all three are on one basis.
    """
    day, own = today(as_of), is_own(ledger)
    values = scores[[*SCORE_KEY, "value"]].drop_duplicates(SCORE_KEY)
    scored = ledger[SCORE_KEY].merge(values, on=SCORE_KEY, how="left")["value"].set_axis(ledger.index)
    proved = evidence_lacks(ledger).eq("").astype("float64")
    current = scored.astype("float64").mask(ledger["indicator"].isin(DEEDS), proved)
    dated = ledger.assign(current=current.where(~own, ledger["current"]), as_of=pd.Series(day, index=ledger.index))
    placed = _with_peers(dated, gaps)
    since = ledger["baseline_on"].where(ledger["baseline"].notna())
    broken = [
        pd.notna(b) and not comparable(k, b, day) and b != day for k, b in zip(ledger["indicator"], since, strict=True)
    ]
    corrected = since.eq(day) & ~ledger["indicator"].isin(DEEDS)
    anew = (ledger["baseline"].isna() | np.array(broken, dtype=bool) | corrected) & placed["current"].notna() & ~own
    based = placed.assign(baseline=ledger["baseline"].mask(anew, placed["current"]), baseline_on=since.mask(anew, day))
    return with_gap(based)


def _with_peers(ledger: pd.DataFrame, gaps: pd.DataFrame | None) -> pd.DataFrame:
    """Put value, median and verdict of the comparison into the rows whose target is the peers."""
    peers, wanted = ledger["comparison"].isin(PEERS), [*SCORE_KEY, "value", "median", "verdict"]
    table = pd.DataFrame(columns=wanted) if gaps is None else gaps[wanted].drop_duplicates(SCORE_KEY)
    typed = table.astype(dict.fromkeys(SCORE_KEY, "str"))
    theirs = ledger[SCORE_KEY].merge(typed, on=SCORE_KEY, how="left").set_axis(ledger.index)
    return ledger.assign(
        current=ledger["current"].mask(peers & theirs["value"].notna(), theirs["value"].astype("float64")),
        target_value=ledger["target_value"].mask(peers, theirs["median"].astype("float64")),
        verdict=theirs["verdict"].astype("str").where(peers),
    )


def evidence_lacks(ledger: pd.DataFrame) -> pd.Series:
    """Return which of name, document number, date and link the evidence of a row lacks, in words; nothing when none."""
    read = ledger.reindex(columns=list(EVIDENCE)).fillna("").astype("str").apply(lambda column: column.str.strip())
    read = read.assign(evidence_date=read["evidence_date"].where(days(read["evidence_date"]).notna(), ""))
    words = np.array(list(EVIDENCE.values()))
    lists = ["、".join(words[blank]) for blank in read.eq("").to_numpy()]
    return pd.Series(lists, index=ledger.index, dtype="str")


def with_gap(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return the ledger with the signed distance to the target (or to the base value, for rising and falling).

    It is the difference of what is printed of the two.
    """
    kind = ledger["comparison"].fillna("")
    yardstick = ledger["target_value"].mask(kind.isin(MOVES), ledger["baseline"])
    first = kind.isin(MOVES) & (ledger["baseline_on"] == ledger["as_of"])
    distance = ledger["current"] - yardstick
    for key, rows in distance.groupby(ledger["unit"].where(ledger["unit"].isin([*UNITS]), "count")):
        now, then = (side[rows.index].to_numpy("float64") for side in (ledger["current"], yardstick))
        distance[rows.index] = apart(now, then, UNITS[str(key)], UNITS[str(key)].digits or 2)  # counts: `wording.plain`
    distance = distance.mask(
        is_typed(ledger), pd.Series(rounded((ledger["current"] - yardstick).to_numpy(), 9), ledger.index)
    )
    distance = distance * np.where(kind.isin(LOWER), -1.0, 1.0)
    return ledger.assign(gap=distance.mask(kind.isin(["record", ""]) | first))
