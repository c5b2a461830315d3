"""What no cell tells alone: two cells of a row that cannot both be true, and rows that contradict others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from zjanalysis.columns import label
from zjanalysis.inputs import values
from zjanalysis.inputs.findings import WHOLE, Place, Rows, Violation, findings_of, rows_of
from zjanalysis.inputs.items import FULL_CODE, SIDES, code_inside, limit_place
from zjanalysis.inputs.reference import spellings
from zjanalysis.inputs.regions import load_regions
from zjanalysis.inputs.table import Table, mapped

Places = Mapping[tuple[str, str], Mapping[str, Place]]
Broken = Iterable[tuple[str, str, Any, Any]]  # rule, column, mask over the rows, what the cell disagrees with
_IN_NOTE = re.compile(r"(?<![\d.])(\d++(?:\.\d++)?)(个?(?:工作日|自然日|日历日|工作天|小时|月)|天|日)")
_FEW = 1 / 3  # of the median of the regions of the same level


# --- within a row ---


def row_violations(table: Table, items: pd.DataFrame, out: np.ndarray) -> list[Violation]:
    """Return the violations of all row rules; rows that are already left out (``out``) are not looked at."""
    violations = []
    for rule, key, mask, others in (*_times(table, items), *_visits(items), *_codes(table, items)):
        broken = np.asarray(mask, dtype=bool) & ~out
        if broken.any():
            at = key if key in table.cells else "item_name"
            violations.append(Violation(rule, table.numbers, at, table.values(at), others).where(broken))
    return violations


def _yes(column: pd.Series) -> np.ndarray:
    return column.fillna(False).to_numpy(dtype=bool)


def _times(table: Table, items: pd.DataFrame) -> Broken:
    statutory, promised = limit_place(table, "statutory"), limit_place(table, "promised")
    law, days = table.values(statutory), items["promised_days"].to_numpy()
    usable = items["limit_reason"].isna().to_numpy()
    instant = items["handling_type"].eq("即办件").to_numpy()
    other_kind = items["handling_type"].notna().to_numpy() & ~instant
    both_units = items["statutory_unit"].notna() & items["promised_unit"].notna()
    mixed = both_units & items["statutory_unit"].ne(items["promised_unit"])
    yield "promise_longer", promised, usable & (days > items["statutory_days"].to_numpy() + 1e-9), law
    yield "units_mixed", promised, usable & (days > 0) & mixed.to_numpy(), law
    yield "instant_with_days", promised, instant & (days > 0), ""
    yield "zero_not_instant", "handling_type", (days == 0) & other_kind, ""
    for side in SIDES:
        note, key = table.cells.get(f"{side}_note"), limit_place(table, side)
        if note is not None and key in table.cells:
            noted = note.each(_number_in_note, kind=float)
            written = items[f"{side}_written"].to_numpy()
            yield "note_differs", key, ~np.isnan(noted) & ~np.isnan(written) & (noted != written), note.values()


def _number_in_note(text: str) -> float:
    """Return the one number of days a note states; NaN when it states none or several."""
    numbers = {float(number) for number, _ in _IN_NOTE.findall(values.plain(text))}
    return numbers.pop() if len(numbers) == 1 else np.nan


def _visits(items: pd.DataFrame) -> Broken:
    visits = items["visits"].to_numpy()
    depth = items["online_depth"].fillna("").to_numpy(dtype=object)
    offline, posted = _yes(~items["online"]), _yes(items["express"])
    yield "end_to_end_visits", "visits", _yes(items["end_to_end"]) & (visits > 0), depth
    if items["visit_reason"].notna().any():
        yield "visits_unexplained", "visits", (visits > 0) & items["visit_reason"].isna().to_numpy(), ""
    yield "not_online", "online", offline, ""
    yield "offline_zero_visits", "visits", offline & (visits == 0) & ~posted, ""
    yield "offline_by_post", "visits", offline & (visits == 0) & posted, ""


def _codes(table: Table, items: pd.DataFrame) -> Broken:
    cells = table.cells.get("impl_code")
    if cells is None:
        return
    inner = cells.each(code_inside)
    area = cells.each(lambda code: code[2:8] if len(code) in FULL_CODE and code[2:8].isdecimal() else "")
    if "base_code" in table.cells:
        base = table.cells["base_code"].each(lambda code: code if len(code) == 12 else "")
        yield "impl_base_differs", "base_code", (inner != "") & (base != "") & (inner != base), inner
    own = mapped(items["region_code"].fillna("").to_numpy(dtype=object), lambda code: code if code.isdecimal() else "")
    yield "region_code_differs", "impl_code", (area != "") & (own != "") & (area != own), area


# --- across the whole table: duplicates, versions, limits that differ between regions, regions with few items ---


def deduplicate(items: pd.DataFrame, places: Places) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Drop duplicate items, mark which are in force, and return the findings of the table rules.

    An item is known by its region and item id, else by 业务办理项编码, else by 实施编码 and name. Two rows of the
    same version are duplicates: the first stays. Of several versions only the newest is in force.
    """
    twice, old, first, unlike = _repeats(items)
    state = items["state"].fillna("在用")
    retired = ~state.isin(list(spellings("state"))) & ~twice
    unique = items.assign(in_force=(~old & ~retired).astype(bool))
    unique = unique[~twice].reset_index(drop=True) if twice.any() else unique
    findings = [
        *_findings(items, places, [
            ("duplicate_item", "item_name", twice & unlike.eq(""), first),
            ("duplicate_differs", "item_name", twice & unlike.ne(""), first + " 行的" + unlike + "不同"),
            ("old_version", "version", old & ~retired, ""),
            ("not_in_force", "state", retired, ""),
        ], quoted={"version": items["item_name"], "state": state}),
        *_findings(unique, places, _disagreements(unique), quoted={"statutory_limit": unique["match_code"]}),
        *_few(unique),
    ]  # fmt: skip
    return unique, findings_of(findings)


def _repeats(items: pd.DataFrame) -> tuple[pd.Series, pd.Series, pd.Series, pd.Series]:
    """Return which rows are duplicates, which are older versions, where the first of each duplicate stands, and in what
    a row differs from it (承诺时限、跑动次数).
    """
    identity = _identity(items)
    repeated = items[identity.ge(0) & identity.duplicated(keep=False)]
    where = repeated["file"] + repeated["sheet"].radd("“").add("”").where(repeated["sheet"].ne(""), "")
    rows = pd.DataFrame({"identity": identity[repeated.index], "rank": _version_rank(repeated["version"])})
    rows = rows.assign(row=repeated["row_number"].astype("str"), where=where)
    twice = rows.duplicated(["identity", "rank"], keep="first")
    old = rows["rank"].lt(rows.groupby("identity")["rank"].transform("max")) & ~twice
    first = rows.groupby(["identity", "rank"])[["row", "where"]].transform("first")
    place = first["where"].where(first["where"].ne(rows["where"]), "") + "第 " + first["row"]
    counted = repeated[[key for key in _COUNTED if key in repeated]].astype("str").fillna("")
    other = counted.ne(counted.groupby([rows["identity"], rows["rank"]]).transform("first"))
    names = ["、".join(label(key, "items") for key in other.columns[row]) for row in other.to_numpy()]
    unlike = pd.Series(names, index=rows.index, dtype="str").reindex(items.index, fill_value="")
    twice, old = (mask.reindex(items.index, fill_value=False) for mask in (twice, old))
    return twice, old, place.reindex(items.index), unlike


_COUNTED = ("item_type", "use_level", "statutory_days", "promised_days", "handling_type", "visits", "online",
            "end_to_end", "one_window", "bookable")  # fmt: skip


def _identity(items: pd.DataFrame) -> pd.Series:
    """Return a number for what makes rows the same item; -1 when nothing does."""
    named = items["item_id"].fillna(items["handle_item_code"])
    if named.hasnans:
        named = named.fillna(items["impl_code"] + "|" + items["item_name"])
    code, region = pd.factorize(named)[0], pd.factorize(items["region_code"])[0]
    return pd.Series(np.where(code < 0, -1, code * (region.max(initial=0) + 2) + region + 1), index=items.index)


def _version_rank(version: pd.Series) -> pd.Series:
    """Return a number that sorts as the version does: every number in it padded (2 < 10, 2020/3/1 < 2021-01-01)."""
    which, distinct = pd.factorize(version.fillna(""))
    padded = [re.sub(r"\d+", lambda m: m.group().zfill(14), re.sub(r"[^\d]+", "-", text)) for text in distinct]
    return pd.Series(np.unique(padded, return_inverse=True)[1][which], index=version.index)


def _findings(
    items: pd.DataFrame, places: Places, broken: Broken, *, quoted: Mapping[str, pd.Series]
) -> Iterator[Rows]:
    """Return one finding per row of every mask, sheet by sheet, at the cell it stands in (else at the name).

    ``quoted``: what is quoted in place of a column's own cells.
    """
    for rule, key, mask, others in broken:
        value = quoted.get(key, items.get(key, ""))
        rows = items.assign(value=value, other=others).loc[mask]
        for (file, sheet), own in rows.groupby(["file", "sheet"], sort=False):
            at, numbers = places.get((str(file), str(sheet)), {}), own["row_number"].to_numpy()
            one = Violation(rule, numbers, key if key in at else "item_name", own["value"], own["other"])
            regions = dict(zip(numbers.tolist(), own["region_code"], strict=True))
            yield rows_of([one], file=str(file), sheet=str(sheet), places=at, regions=regions)


def _disagreements(items: pd.DataFrame) -> Broken:
    """One row per region and base code that several 办理项 share; the rows whose statutory limit is not the usual."""
    live = items[items["in_force"] & items["base_code"].notna()]
    size = live.groupby(["region_code", "base_code"])["file"].transform("size").reindex(items.index).fillna(0)
    first = ~live.duplicated(["region_code", "base_code"]).reindex(items.index, fill_value=True)
    yield "several_handle_items", "base_code", size.gt(1) & first, size.astype("int64").astype("str")
    live = items[items["in_force"] & items["match_code"].notna() & items["statutory_days"].gt(0)]
    spread = live.groupby("match_code")[["statutory_days", "region_code"]].nunique()
    rows = live[live["match_code"].isin(spread.index[spread.gt(1).all(axis=1)])]
    if rows.empty:
        return
    counts = rows.groupby(["match_code", "statutory_days"])["region_code"].nunique().reset_index(name="n")
    counts = counts.sort_values(["match_code", "n", "statutory_days"], ascending=[True, False, True])
    usual = counts.drop_duplicates("match_code").set_index("match_code")["statutory_days"]
    words = counts["statutory_days"].map("{:.4g}工作日".format) + "（" + counts["n"].astype("str") + "地）"
    listed = words.groupby(counts["match_code"]).agg("、".join)
    odd = rows["statutory_days"].ne(rows["match_code"].map(usual)).reindex(items.index, fill_value=False)
    yield "statutory_differs", "statutory_limit", odd, items["match_code"].map(listed)


def _few(items: pd.DataFrame) -> Iterator[Rows]:
    """The regions that have less than a third of the median number of items of their level (three or more regions)."""
    levels = load_regions().set_index("code")["level"].replace({"zone": "county"})
    counts = items.groupby("region_code").agg(n=("file", "size"), file=("file", "first")).reset_index()
    level = counts["region_code"].map(levels)
    counts = counts.assign(median=counts["n"].groupby(level).transform("median"))
    few = counts[counts["n"].lt(counts["median"] * _FEW) & level.groupby(level).transform("size").ge(3)]
    for code, n, file, median in few.itertuples(index=False):
        one = Violation("few_items", WHOLE, values=str(n), others=f"{median:g}")
        yield rows_of([one], file=str(file), regions={0: str(code)})
