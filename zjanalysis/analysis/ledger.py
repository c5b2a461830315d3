"""The ledger (台账): one row is one target of the plan in one region, or one problem the office added by hand.

Columns: those of `zjanalysis.columns.LEDGER_COLUMNS`, the tool's memory (MEMORY_KEYS), region_code and verdict.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from zjanalysis.analysis.ledger_state import settle, today
from zjanalysis.analysis.registry import ITEM_INDICATORS
from zjanalysis.analysis.reported import REPORTED_INDICATORS, comparable
from zjanalysis.columns import HAND, LEDGER, MEMORY_KEYS
from zjanalysis.inputs.office_table import numbers
from zjanalysis.inputs.regions import load_regions, region_name, report_units
from zjanalysis.inputs.workplan import CITY, COUNTY, load_targets
from zjanalysis.settings import Settings

OWN = "自"
"""How the number (编号) of a row begins that the office added."""

# What the registries of items and reported figures do not hold: the cases and the yearly evaluation.
_OTHERS = {
    "on_time": ("按时办结率", "share"),
    "online_cases": ("网上办件率", "share"),
    "case_coverage": ("办件覆盖率", "share"),
    "evaluation_score": ("综合得分", "score"),
}
_KNOWN = {i.key: (i.short or i.label, str(i.unit)) for i in (*ITEM_INDICATORS, *REPORTED_INDICATORS)} | _OTHERS
DAYS = ("opened_on", "reached_on", "progress_on", "baseline_on", "as_of")
NUMBERS = ("baseline", "current", "gap", "target_value")


def empty_ledger() -> pd.DataFrame:
    """Give a ledger without rows, every column in its kind."""
    keys = dict.fromkeys([*LEDGER, *MEMORY_KEYS, "region_code", "verdict"])
    kinds = {k: "datetime64[ns]" if k in DAYS else "float64" if k in NUMBERS else "str" for k in keys}
    return pd.DataFrame({k: pd.Series(dtype=kind) for k, kind in kinds.items()})


def start(
    scores: pd.DataFrame,
    *,
    on: str | date,
    as_of: str | date | None = None,
    gaps: pd.DataFrame | None = None,
    settings: Settings | None = None,
) -> pd.DataFrame:
    """Give a new ledger from the plan's targets and the scores of the base period.

    A city target makes one row for the city (settings.focus), a county target one for each report unit. ``as_of`` is
    the cut-off of the scores, ``gaps`` (region_code, indicator, median, verdict) the comparison with the peers.
    Hand columns are filled once (责任单位, 配合单位, 完成时限, 问题) and belong to people from then on.
    """
    rules = settings or Settings(root=Path())
    targets = load_targets(rules)
    city = targets[targets["level"].str.contains(CITY)].assign(region_code=rules.focus)
    units = pd.DataFrame({"region_code": report_units(rules.focus)}, dtype="str")
    county = targets[targets["level"].str.contains(COUNTY)].merge(units, how="cross")
    both = pd.concat([city, county], ignore_index=True).reset_index(names="order")
    plan = pd.Series(range(len(targets)), index=targets["target"])
    rows = both.assign(order=both["target"].map(plan)).sort_values("order", kind="stable", ignore_index=True)
    blank = empty_ledger()
    filled = fill(lay_out(rows), scores, as_of=as_of or on, gaps=gaps)
    settled = settle(filled, blank, on=on, as_of=as_of)
    return settled.assign(problem=_problem(settled, rows["text"]))


def lay_out(rows: pd.DataFrame) -> pd.DataFrame:
    """Give targets with their region_code as rows of the ledger, without values."""
    regions = load_regions().set_index("code")["level"]
    level = rows["region_code"].map(regions)
    name = rows["region_code"].map(region_name)
    office = name + level.map({"zone": "管委会"}).fillna("人民政府")
    own = level.isin(["county", "zone"])
    about = rows["indicator"].map(_KNOWN)
    laid = pd.DataFrame(
        {
            "sequence": [str(n) for n in range(1, len(rows) + 1)],
            "task": rows["task"],
            "clause": rows["clause"],
            "region": name,
            "region_code": rows["region_code"],
            "indicator": rows["indicator"],
            "indicator_label": about.str[0],
            "unit": about.str[1],
            "comparison": rows["comparison"],
            "target_value": rows["value"],
            "lead_unit": rows["lead_unit"].mask(own, office),
            "cooperating_units": rows["cooperating_units"].mask(own, rows["lead_unit"]),
            "deadline": rows["deadline"],
            "ledger_id": rows["target"] + "@" + rows["region_code"],
        }
    )
    kinds = empty_ledger().dtypes.to_dict()
    return laid.reindex(columns=list(kinds)).astype(kinds)


def _problem(ledger: pd.DataFrame, text: pd.Series) -> pd.Series:
    """Say in words what has to be done; a row that stands well says so."""
    kept = ledger["status"].eq("已达标待销号")
    return text.where(~kept, text + "（基期已达标，防止回落）")


def fill(
    ledger: pd.DataFrame, scores: pd.DataFrame, *, as_of: str | date, gaps: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Give the ledger with current, baseline, target_value, verdict and gap from the scores; nothing written moves.

    The base value is the first one seen; when a definition has changed since, the present value becomes the new
    base. ``gap`` is signed: positive is better than the target. Rows the office added keep what was typed. A target
    against the peers takes value, median and verdict from ``gaps``, so that all three are on one basis.
    """
    day, own, keys = today(as_of), is_own(ledger), ["region_code", "indicator"]
    values = scores[[*keys, "value"]].drop_duplicates(keys)
    found = ledger[keys].merge(values, on=keys, how="left").set_axis(ledger.index)
    current = found["value"].astype("float64").where(~own, ledger["current"])
    placed = _with_peers(ledger.assign(current=current, as_of=pd.Series(day, index=ledger.index)), gaps)
    since = ledger["baseline_on"].where(ledger["baseline"].notna())
    broken = pd.Series(
        [
            pd.notna(b) and not comparable(k, b, day) and b != day
            for k, b in zip(ledger["indicator"], since, strict=True)
        ],
        index=ledger.index,
        dtype="bool",
    )
    again = (ledger["baseline"].isna() | broken) & placed["current"].notna() & ~own
    return with_gap(
        placed.assign(baseline=ledger["baseline"].mask(again, placed["current"]), baseline_on=since.mask(again, day))
    )


def _with_peers(ledger: pd.DataFrame, gaps: pd.DataFrame | None) -> pd.DataFrame:
    """Put value, median and verdict of the comparison into the rows whose target is the peers."""
    peers, keys = ledger["comparison"].isin(["above_peers", "below_peers"]), ["region_code", "indicator"]
    wanted = [*keys, "value", "median", "verdict"]
    known = pd.DataFrame(columns=wanted) if gaps is None else gaps[wanted].drop_duplicates(keys)
    found = ledger[keys].merge(known.astype(dict.fromkeys(keys, "str")), on=keys, how="left").set_axis(ledger.index)
    return ledger.assign(
        current=ledger["current"].mask(peers & found["value"].notna(), found["value"].astype("float64")),
        target_value=ledger["target_value"].mask(peers, found["median"].astype("float64")),
        verdict=found["verdict"].astype("str").where(peers),
    )


def with_gap(ledger: pd.DataFrame) -> pd.DataFrame:
    """Give the ledger with the signed distance to the target (or to the base value, for rising and falling)."""
    kind = ledger["comparison"].fillna("")
    yardstick = ledger["target_value"].mask(kind.isin(["rising", "falling"]), ledger["baseline"])
    sign = np.where(kind.isin(["<=", "falling", "below_peers"]), -1.0, 1.0)
    first = kind.isin(["rising", "falling"]) & (ledger["baseline_on"] == ledger["as_of"])
    distance = (ledger["current"] - yardstick) * sign
    return ledger.assign(gap=distance.mask(kind.isin(["record", ""]) | first))


def is_own(ledger: pd.DataFrame) -> pd.Series:
    """Tell which rows the office added itself."""
    return ledger["ledger_id"].fillna("").str.startswith(OWN)


def refresh(
    ledger: pd.DataFrame,
    before: pd.DataFrame,
    *,
    scores: pd.DataFrame,
    on: str | date,
    as_of: str | date | None = None,
    gaps: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Give the ledger with every tool column up to date and every hand column as it was.

    ``before`` is what the tool wrote last time (see `settle`); a new row of the office gets its number here.
    """
    numbered = adopt(ledger)
    return settle(fill(numbered, scores, as_of=as_of or on, gaps=gaps), before, on=on, as_of=as_of)


def adopt(ledger: pd.DataFrame) -> pd.DataFrame:
    """Give every row without a number (or with one that stands twice) a number of its own: 自001, 自002, …

    The target and value people typed are read (≥95%, 97%), so that the rules of closing hold for these rows too.
    """
    new = ledger["ledger_id"].fillna("").eq("") | ledger["ledger_id"].duplicated()
    taken = pd.to_numeric(ledger["ledger_id"].fillna("").str.extract(rf"^{OWN}(\d+)$")[0])
    first = 0 if taken.isna().all() else int(taken.max())
    label = OWN + (new.cumsum() + first).astype("str").str.zfill(3)
    numbered = ledger.assign(ledger_id=ledger["ledger_id"].mask(new, label))
    own = is_own(numbered)
    target = (
        numbered["target_text"]
        .fillna("")
        .str.extract(r"^\s*(?P<kind>≥|>=|不低于|>|＞|高于|≤|<=|不高于)?\s*(?P<number>[\d.,]+\s*[%％]?)\s*$")
    )
    signs = {
        "≥": ">=",
        "不低于": ">=",
        ">=": ">=",
        ">": ">",
        "＞": ">",
        "高于": ">",
        "≤": "<=",
        "<=": "<=",
        "不高于": "<=",
    }
    kind = target["kind"].map(signs).fillna(">=").where(target["number"].notna())
    return numbered.assign(
        comparison=numbered["comparison"].mask(own, kind),
        target_value=numbered["target_value"].mask(own, numbers(target["number"].fillna("").astype("str"))),
        unit=numbered["unit"].mask(own, "typed"),
    )


def hand_columns(ledger: pd.DataFrame) -> list[str]:
    """Give the columns that belong to people: the known ones and those the office added."""
    tool: Iterable[str] = {*LEDGER, *MEMORY_KEYS, "region_code", "verdict", "file", "sheet", "row_number"} - set(HAND)
    return [name for name in ledger.columns if name not in tool]
