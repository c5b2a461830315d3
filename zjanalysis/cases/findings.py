"""What does not fit in a case table, by aggregate: one finding per region and rule, with how many cases."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import pandas as pd

from zjanalysis.analysis.indicators import to_pandas
from zjanalysis.cases.clock import CaseTable
from zjanalysis.cases.inputs import LABELS, region_codes
from zjanalysis.inputs.calendar import covered_years
from zjanalysis.inputs.findings import RULES, typed

_AT, _TO = nw.col("accept_day"), nw.col("finish_day")
_AT_COVERED, _TO_COVERED = ~nw.col("accept_ordinal").is_null(), ~nw.col("finish_ordinal").is_null()

# Rule of reference/rules.csv → the column it speaks of, the cases that break it (None: looked at over whole groups).
CASE_RULES: dict[str, tuple[str, nw.Expr | None]] = {
    "case_no_accept": ("accepted", ~nw.col("accept_given")),
    "case_accept_unreadable": ("accepted", nw.col("accept_given") & _AT.is_null()),
    "case_accept_uncovered": ("accepted", ~_AT.is_null() & ~_AT_COVERED),
    "case_finish_unreadable": ("finished", nw.col("finish_given") & _TO.is_null()),
    "case_finish_uncovered": ("finished", ~_TO.is_null() & ~_TO_COVERED),
    "case_reversed": ("finished", _TO < _AT),
    "case_no_promise": ("promised", nw.col("due_ordinal").is_null() & _AT_COVERED),
    "case_unknown_region": ("region_code", None),
    "case_more_finished": ("finished", None),
    "case_twice": ("case_no", None),
    "case_unknown_item": ("base_code", None),
}
_BROKEN = {key: broken for key, (_, broken) in CASE_RULES.items() if broken is not None}


def case_findings(table: CaseTable, *, title: str, counts: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """Return `findings` of cases: dates, order, promises, duplicates, unknown regions and items, finished > accepted.

    ``counts`` has region_code, base_code and n (cases). One row is one rule in one region; ``value`` is how many.
    """
    by_spelling = _counted(table)
    by_region = by_spelling.fillna({"region_code": ""}).groupby("region_code", as_index=False).sum(numeric_only=True)
    unknown = by_spelling[by_spelling["region_code"].isna()]
    in_regions = by_region[by_region["region_code"] != ""]
    more = in_regions[in_regions["finish_given"] > in_regions["accept_given"]]
    dropped = pd.DataFrame({"region_code": list(table.dropped), "n": list(table.dropped.values())}, dtype="object")
    codes = region_codes(dropped["region_code"]).fillna("")
    repeated = dropped.assign(region_code=codes).groupby("region_code", as_index=False)[["n"]].sum()
    parts = [
        *(_findings(key, by_region.assign(n=by_region[key]).query("n > 0"), value="n") for key in _BROKEN),
        _findings("case_unknown_region", unknown.fillna({"region_code": "", "written": "（空）"}), value="written"),
        _findings("case_more_finished", more, value="finish_given"),
        _findings("case_twice", repeated, value="n"),
        _findings("case_unknown_item", _unknown_items(counts, items), value="n"),
    ]
    return typed(pd.concat(parts, ignore_index=True).assign(file=title, sheet="", cell="", row_number=0))


def _findings(key: str, rows: pd.DataFrame, *, value: str) -> pd.DataFrame:
    """Return one finding per row; ``value`` is the column that says how many, or what was written."""
    rule, header, years = RULES[key], LABELS[CASE_RULES[key][0]], "{}–{}".format(*covered_years())
    words: list[dict[Any, Any]] = rows.assign(value=rows[value]).to_dict("records")
    messages = [rule.message.format(**row, years=years) for row in words]
    same = {"rule": rule.key, "level": rule.level, "header": header, "action": rule.action, "used": rule.used}
    return pd.DataFrame({"region_code": rows["region_code"], "value": rows[value].astype("str"), "message": messages,
                         **same})  # fmt: skip


def _counted(table: CaseTable) -> pd.DataFrame:
    """Return for every spelling of a region: its code, its cases n, how many have dates, how many break each rule."""
    flags = _BROKEN | {name: nw.col(name) for name in ("accept_given", "finish_given")}
    marked = table.rows.select("region_code", **{key: nw.when(flag).then(nw.lit(1)) for key, flag in flags.items()})
    sums = marked.group_by("region_code").agg(nw.len().alias("n"), *(nw.col(name).count() for name in flags))
    spelled = to_pandas(sums).astype(dict.fromkeys(("n", *flags), "int64")).sort_values("region_code")
    return spelled.assign(
        written=spelled["region_code"].astype("str"), region_code=region_codes(spelled["region_code"])
    )


def _unknown_items(counts: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    listed = items[["region_code", "match_code"]].drop_duplicates().rename(columns={"match_code": "base_code"})
    joined = counts.merge(listed, on=["region_code", "base_code"], how="left", indicator="where")
    unknown = joined[joined["where"].eq("left_only")]
    return unknown.groupby("region_code", as_index=False).agg(n=("n", "sum"), n_codes=("base_code", "nunique"))
