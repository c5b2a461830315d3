"""What cannot be computed from items or cases is reported: reported.xlsx of a period → rows and findings."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd

from zjanalysis.columns import POPULATION_COLUMNS, REPORTED_COLUMNS
from zjanalysis.errors import ConfigError
from zjanalysis.inputs.office_table import OfficeTable, day_of, days, numbers, read_table
from zjanalysis.inputs.regions import find_code
from zjanalysis.inputs.reported_rules import apply_rules
from zjanalysis.inputs.workplan import REFERENCE
from zjanalysis.settings import Guard

FILE_NAME, POPULATION_NAME = "reported.xlsx", "population.xlsx"


def load_definitions() -> pd.DataFrame:
    """Give what may be reported, one row per indicator: numerator, denominator, unit, direction, breaks, clause.

    ``per`` (people or firms) and ``scale`` say which denominator the population table gives; unit flag is a
    milestone: 1 done, 0 not.
    """
    text = pd.read_csv(REFERENCE / "reported_indicators.csv", dtype=str, encoding="utf-8", keep_default_na=False)
    return text.assign(scale=pd.to_numeric(text["scale"]))


def load_population(folder: Path | None = None, *, guard: Guard | None = None) -> pd.DataFrame:
    """Give people and firms by region and date: the data set's population.xlsx first, then this project's reference.

    The reference knows the people of the city and its ten units and no firms: the office fills those in.
    """
    own = (
        [_read_population(folder / POPULATION_NAME, guard=guard)]
        if folder and (folder / POPULATION_NAME).is_file()
        else []
    )
    reference = pd.read_csv(REFERENCE / "population.csv", dtype=str, encoding="utf-8")
    shipped = reference.assign(
        as_of=pd.to_datetime(reference["as_of"]).astype("datetime64[ns]"),
        people=pd.to_numeric(reference["people"]).astype("float64"),
        firms=pd.to_numeric(reference["firms"]).astype("float64"),
        figure_source=reference["source_people"],
    )[["region_code", "as_of", "people", "firms", "figure_source"]]
    return pd.concat([*own, shipped.assign(order=1)], ignore_index=True).fillna({"order": 0})


def _read_population(path: Path, *, guard: Guard | None) -> pd.DataFrame:
    rows = read_table(path, POPULATION_COLUMNS, required=("region", "as_of"), guard=guard).rows
    full = rows.reindex(columns=["region", "as_of", "people", "firms", "figure_source"], fill_value="")
    return pd.DataFrame(
        {
            "region_code": full["region"].map(find_code),
            "as_of": days(full["as_of"]),
            "people": numbers(full["people"]),
            "firms": numbers(full["firms"]),
            "figure_source": full["figure_source"],
        }
    ).dropna(subset=["region_code", "as_of"])


def population_on(population: pd.DataFrame, cutoff: str | date) -> pd.DataFrame:
    """Give the people and firms that count on a day, by region: the last figure up to it, else the first after it.

    The data set's own figures go before the reference; people and firms may come from different dates.
    """
    day = day_of(cutoff)
    if day is None:
        raise ConfigError(f"截止日期“{cutoff}”认不出。", "请在 dataset.toml 写成 2021-03-31。")
    tidy = population.melt(["region_code", "as_of", "order"], ["people", "firms"], var_name="per", value_name="number")
    known = tidy.dropna(subset=["number"]).assign(days_off=lambda t: (t["as_of"] - day).dt.days)
    known = known.assign(later=known["days_off"] > 0, distance=known["days_off"].abs())
    nearest = known.sort_values(["order", "later", "distance"], kind="stable").drop_duplicates(["region_code", "per"])
    return nearest[["region_code", "per", "number", "as_of"]].reset_index(drop=True)


def load_reported(
    folder: Path, *, cutoff: str | date, population: pd.DataFrame | None = None, guard: Guard | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give `reported` and `findings` of a period folder; two empty tables when it has no reported.xlsx.

    ``reported``: region_code, indicator, numerator, denominator, in_force (False: not counted), figure_source,
    reporting_unit, reported_on, file, sheet, row_number. A count has denominator 1; per 万人 and per 万户企业 take
    the denominator of the population table on the cut-off day.
    """
    path = folder / FILE_NAME
    people = load_population(folder.parent, guard=guard) if population is None else population
    if not path.is_file():
        empty = pd.DataFrame(columns=[c.key for c in REPORTED_COLUMNS] + ["file", "sheet", "row_number"], dtype="str")
        return check_reported(OfficeTable(empty, {}, (), FILE_NAME, "", 0), cutoff=cutoff, population=people)
    table = read_table(path, REPORTED_COLUMNS, required=("region", "indicator_label", "numerator"), guard=guard)
    return check_reported(table, cutoff=cutoff, population=people)


def check_reported(
    table: OfficeTable, *, cutoff: str | date, population: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Type the rows, give every denominator its source, and say in findings what does not fit."""
    definitions = load_definitions()
    text = table.rows.reindex(
        columns=[*(c.key for c in REPORTED_COLUMNS), "file", "sheet", "row_number"], fill_value=""
    )
    keys = dict(zip(definitions["label"], definitions["indicator"], strict=True))
    keys.update({key: key for key in definitions["indicator"]})
    typed = text.assign(
        region_code=text["region"].map(find_code).astype("str"),
        indicator=text["indicator_label"].map(keys).astype("str"),
        numerator_number=numbers(text["numerator"]),
        denominator_number=numbers(text["denominator"]),
        reported_day=days(text["reported_on"]),
    ).merge(definitions[["indicator", "unit", "per", "scale"]], on="indicator", how="left")
    typed = typed.merge(population_on(population, cutoff), on=["region_code", "per"], how="left")
    findings, in_force = apply_rules(typed, letters=table.letters)
    return _reported(typed.assign(in_force=in_force)), findings


def _reported(typed: pd.DataFrame) -> pd.DataFrame:
    counted, shared = (
        typed["unit"].isin(["count", "flag"]) & (typed["per"] == ""),
        typed["per"].isin(["people", "firms"]),
    )
    denominator = typed["denominator_number"].mask(counted, 1.0).mask(shared, typed["number"] / typed["scale"])
    out = typed.assign(numerator=typed["numerator_number"], denominator=denominator, reported_on=typed["reported_day"])
    kept = ("region_code", "indicator", "numerator", "denominator", "in_force", "figure_source", "reporting_unit",
            "reported_on", "file", "sheet", "row_number")  # fmt: skip
    return out[list(kept)]
