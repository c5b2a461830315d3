"""What the office reports: reported.xlsx and population.xlsx of a period, the weights of the yearly evaluation.

What cannot be computed from items or cases is reported; every file becomes typed rows and findings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from zjanalysis.columns import POPULATION_COLUMNS, REPORTED_COLUMNS, WEIGHT_COLUMNS
from zjanalysis.errors import ConfigError
from zjanalysis.inputs.findings import findings_of
from zjanalysis.inputs.office_table import (
    PLACE,
    Broken,
    Day,
    OfficeTable,
    day_of,
    days,
    findings_in,
    numbers,
    read_table,
    table_at,
)
from zjanalysis.inputs.reference import read_reference
from zjanalysis.inputs.regions import find_code

NEEDED = ("region", "indicator_label", "numerator")
Labels = Mapping[str, tuple[str, str]]  # of an indicator → its key and unit
WEIGHT_NEEDED = ("level_three", "weight")
FILE_NAME, POPULATION_NAME = "reported.xlsx", "population.xlsx"
BY_SHARE, MET_OR_NOT, TYPED = METHODS = ("按比例", "达标", "直接填分")
FULL = 100.0
N_FIRST, N_SECOND, N_THIRD = 4, 11, 43
"""What the plan says of the evaluation of 2020: 4项一级指标、11项二级指标、43个三级指标 (一（二）)."""

_FIGURE = ["region_code", "indicator", "numerator_number", "denominator_number"]
_REPORTED = ("region_code", "indicator", "numerator", "denominator", "in_force", "figure_source", "reporting_unit",
             "reported_on", *PLACE)  # fmt: skip
_POPULATION = ["region_code", "as_of", "people", "firms", "figure_source"]
_WEIGHT_NUMBERS = ("weight", "zero_at", "full_at", "points", "effort")
_WEIGHTS = ("level_one", "level_two", "level_three", "indicator", "method", *_WEIGHT_NUMBERS)


# --- figures ---


def load_definitions() -> pd.DataFrame:
    """Return what may be reported, one row per indicator: numerator, denominator, unit, direction, breaks, clause.

    ``per`` (people or firms) and ``scale`` say which denominator the population table gives; unit flag is a
    milestone: 1 done, 0 not.
    """
    text = pd.DataFrame(read_reference("reported_indicators"), dtype="str")
    return text.assign(scale=pd.to_numeric(text["scale"]))


def load_reported(folder: Path, *, cutoff: Day) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return `reported` and `findings` of a period folder; two empty tables when it has no reported.xlsx.

    ``reported``: region_code, indicator, numerator, denominator, in_force (False: not counted), figure_source,
    reporting_unit, reported_on, file, sheet, row_number. A count has denominator 1; per 万人 and per 万户企业 take
    the denominator of the population table on the cut-off day.
    """
    table = table_at(folder / FILE_NAME, REPORTED_COLUMNS, required=NEEDED)
    return check_reported(table, cutoff=cutoff, population=load_population(folder.parent))


def check_reported(table: OfficeTable, *, cutoff: Day, population: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Type the rows, give every denominator its source, and say in findings what does not fit."""
    definitions = load_definitions()
    text = table.rows.reindex(columns=[*(c.key for c in REPORTED_COLUMNS), *PLACE], fill_value="")
    keys = dict(zip(definitions["label"], definitions["indicator"], strict=True))
    keys |= {key: key for key in definitions["indicator"]}
    typed = text.assign(
        region_code=text["region"].map(find_code).astype("str"),
        indicator=text["indicator_label"].map(keys).astype("str"),
        numerator_number=numbers(text["numerator"]),
        denominator_number=numbers(text["denominator"]),
        reported_day=days(text["reported_on"]),
    ).merge(definitions[["indicator", "unit", "per", "scale"]], on="indicator", how="left")
    typed = typed.merge(population_on(population, cutoff), on=["region_code", "per"], how="left")
    regions = dict(zip(typed["row_number"], typed["region_code"], strict=True))
    findings = findings_in(table, typed, _reported_rules(typed), regions=regions)
    leaving = findings.loc[~findings["used"], "row_number"]
    findings = findings.assign(used=~findings["row_number"].isin(leaving))
    in_force = ~typed["row_number"].isin(leaving)
    counted = typed["unit"].isin(["count", "flag"]) & typed["per"].eq("")
    shared = typed["per"].isin(["people", "firms"])
    denominator = typed["denominator_number"].mask(counted, 1.0).mask(shared, typed["number"] / typed["scale"])
    reported = typed.assign(numerator=typed["numerator_number"], denominator=denominator, in_force=in_force,
                            reported_on=typed["reported_day"])  # fmt: skip
    return reported[list(_REPORTED)], findings


def _reported_rules(rows: pd.DataFrame) -> Iterator[Broken]:
    """Every rule with its cell and the rows that break it; a line nobody filled in breaks only the first."""
    blank = rows["numerator"].eq("") & rows["denominator"].eq("")
    no_region, no_indicator = rows["region_code"].isna(), rows["indicator"].isna()
    yield "not_filled", "numerator", blank
    yield "unknown_region", "region", no_region
    yield "unknown_indicator", "indicator_label", no_indicator
    yield from ((rule, key, mask & ~blank) for rule, key, mask in _figure_rules(rows))
    named = ~no_region & ~no_indicator & ~blank
    distinct = rows[named].drop_duplicates(_FIGURE).groupby(_FIGURE[:2]).size()
    several = pd.Series(distinct.reindex(pd.MultiIndex.from_frame(rows[_FIGURE[:2]])).gt(1).to_numpy(), rows.index)
    people = named & rows["per"].isin(["people", "firms"]) & rows["number"].isna()
    yield "no_population", "indicator_label", people
    yield "reported_twice", "indicator_label", named & rows.duplicated(_FIGURE) & ~several
    yield "reported_differently", "numerator", named & several
    yield "no_source", "figure_source", ~blank & rows["figure_source"].eq("")
    yield "bad_date", "reported_on", ~blank & rows["reported_day"].isna()


def _figure_rules(rows: pd.DataFrame) -> Iterator[Broken]:
    above, below = rows["numerator_number"], rows["denominator_number"]
    percent = rows["numerator"].str.contains("[%％]")
    needs_denominator = rows["unit"].eq("share") & rows["per"].eq("")
    placeholder = below.eq(1) & rows["per"].eq("")
    yield "percent_as_numerator", "numerator", percent
    yield "no_numerator", "numerator", above.isna() & ~percent
    yield "negative", "numerator", (above < 0) | (below < 0)
    yield "not_zero_or_one", "numerator", rows["unit"].eq("flag") & above.notna() & ~above.isin([0, 1])
    yield "no_denominator", "denominator", needs_denominator & below.isna()
    yield "zero_denominator", "denominator", needs_denominator & below.eq(0) & above.eq(0)
    yield "above_one", "numerator", needs_denominator & (above > below)
    yield "rate_above_people", "numerator", rows["unit"].eq("share") & rows["per"].ne("") & (above > rows["number"])
    ignored = rows["indicator"].notna() & ~needs_denominator & below.notna() & ~placeholder
    yield "denominator_ignored", "denominator", ignored


# --- people and firms ---


def load_population(folder: Path | None = None) -> pd.DataFrame:
    """Return people and firms by region and date: the data set's population.xlsx first, then this project's reference.

    The reference knows the people of the city and its ten units and no firms: the office fills those in.
    """
    shipped = pd.DataFrame(read_reference("population"), dtype="str").rename(columns={"source_people": "figure_source"})
    path, tables = folder / POPULATION_NAME if folder else None, [shipped.assign(order=1)]
    if path and path.is_file():
        rows = read_table(path, POPULATION_COLUMNS, required=("region", "as_of")).rows
        own = rows.reindex(columns=["region", *_POPULATION[1:]], fill_value="")
        tables.insert(0, own.assign(region_code=own["region"].map(find_code), order=0))
    text = pd.concat(tables, ignore_index=True)
    typed = {"as_of": days(text["as_of"]), "people": numbers(text["people"]), "firms": numbers(text["firms"])}
    dated = text.assign(**typed).dropna(subset=["region_code", "as_of"])
    return dated[[*_POPULATION, "order"]].reset_index(drop=True)


def population_on(population: pd.DataFrame, cutoff: Day) -> pd.DataFrame:
    """Return the people and firms that count on a day, by region: the last figure up to it, else the first after it.

    The data set's own figures go before the reference; people and firms may come from different dates.
    """
    day = day_of(cutoff)
    if day is None:
        raise ConfigError(f"截止日期“{cutoff}”认不出。", "请在 dataset.toml 写成 2021-03-31。")
    tidy = population.melt(["region_code", "as_of", "order"], ["people", "firms"], var_name="per", value_name="number")
    off = tidy.dropna(subset=["number"]).assign(days_off=lambda t: (t["as_of"] - day).dt.days)
    off = off.assign(later=off["days_off"] > 0, distance=off["days_off"].abs())
    nearest = off.sort_values(["order", "later", "distance"], kind="stable").drop_duplicates(["region_code", "per"])
    return nearest[["region_code", "per", "number", "as_of"]].reset_index(drop=True)


# --- weights of the evaluation (``zj template --indicators``) ---


def empty_weights() -> pd.DataFrame:
    """Return weights without rows: the office has typed none, so there is no total."""
    return pd.DataFrame({k: pd.Series(dtype="float64" if k in _WEIGHT_NUMBERS else "str") for k in _WEIGHTS})


def load_weights(path: Path, *, labels: Labels) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the weights and the findings of the office's workbook; no file is no weights.

    ``labels`` maps indicator labels to keys and units. A row that a finding leaves out stays, without a method, so
    that the total is withheld rather than wrong.
    """
    if not path.is_file():
        return empty_weights(), findings_of(())
    return check_weights(read_table(path, WEIGHT_COLUMNS, required=WEIGHT_NEEDED), labels=labels)


def check_weights(table: OfficeTable, *, labels: Labels) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Type the rows and say what does not fit: levels, weights, methods, limits, the sum of 100, the 4 / 11 / 43."""
    text = table.rows.reindex(columns=[*(c.key for c in WEIGHT_COLUMNS), *PLACE], fill_value="")
    text = text[text["level_three"].ne("")].reset_index(drop=True)
    one = text["level_one"].replace("", pd.NA).ffill().fillna("")  # merged or left blank: as above
    two = text["level_two"].replace("", pd.NA).groupby(one).ffill().fillna("")
    known = [labels.get(label, ("", "")) for label in text["indicator_label"]]
    typed = text.assign(
        level_one=one,
        level_two=two,
        **{key: numbers(text[key]) for key in _WEIGHT_NUMBERS},
        indicator=pd.Series([key or None for key, _ in known], index=text.index, dtype="str"),
        unit=[unit for _, unit in known],
        method=text["method"].where(text["method"].isin(METHODS)),
    )
    findings = findings_in(table, text, _weight_rules(typed), whole=_whole_sheet(typed))
    wrong = typed["row_number"].isin(findings.loc[~findings["used"], "row_number"])
    return typed.assign(method=typed["method"].mask(wrong))[list(_WEIGHTS)], findings


def _weight_rules(rows: pd.DataFrame) -> Iterator[Broken]:
    by_share, unnamed = rows["method"].eq(BY_SHARE), rows["indicator_label"].eq("")
    computed = rows["method"].isin([BY_SHARE, MET_OR_NOT])
    yield "bad_weight", "weight", ~(rows["weight"] > 0)
    yield "bad_method", "method", rows["method"].isna()
    yield "weight_indicator", "indicator_label", ~unnamed & rows["indicator"].isna()
    yield "no_indicator", "indicator_label", computed & unnamed
    yield "no_full_at", "full_at", computed & rows["full_at"].isna()
    yield "no_zero_at", "zero_at", by_share & rows["zero_at"].isna()
    yield "no_range", "full_at", by_share & rows["zero_at"].eq(rows["full_at"])
    share = computed & rows["unit"].eq("share")
    yield "share_limits", "full_at", share & (rows[["zero_at", "full_at"]].max(axis=1) > 1)
    yield "no_points", "points", rows["method"].eq(TYPED) & rows["points"].isna()
    yield "bad_points", "points", (rows["points"] > rows["weight"]) | (rows["points"] < 0)
    yield "twice", "level_three", rows["level_three"].duplicated(keep=False)


def _whole_sheet(rows: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    """What is wrong with the sheet as a whole, at the cell of its head."""
    counts = (rows["level_one"].nunique(), rows.groupby(["level_one", "level_two"]).ngroups, len(rows))
    weight = float(rows["weight"].sum())
    if abs(weight - FULL) > 1e-6:
        yield "weights_sum", "weight", f"{weight:g}"
    if counts != (N_FIRST, N_SECOND, N_THIRD):
        yield "counts", "level_three", "、".join(map(str, counts))
