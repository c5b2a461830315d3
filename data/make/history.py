"""The six earlier quarters as an office keeps them: a table of published figures, computed as the package does."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pandas as pd

import zjanalysis as zj
from make.books import write_items
from make.events import COLUMNS, happened
from make.forms import write_typed
from make.regions import EARLIER, QUARTERS
from make.workbook import BAND
from zjanalysis.analysis.reported import measure_reported
from zjanalysis.analysis.series import DEFINITION, item_versions
from zjanalysis.inputs.reported import load_reported

FIELDS = ("period", "region_code", "indicator", "numerator", "denominator", "n", "n_left_out", "definition", "source")
# 好评率 counted an unrated case as 基本满意 until the end of 2020: another definition, and another name for it.
CHANGED = {"good_rating": "2020：未评价默认为基本满意"}


def write_history(path: Path, *, place: Path) -> None:
    """Write history.csv: every score of items and typed figures of the earlier quarters, measured at ``place``."""
    shutil.copy(path.parent / "dataset.toml", place)
    write_items(place, EARLIER, level=5)
    write_typed(place, EARLIER)
    table = pd.concat([_measured(place, quarter) for quarter in EARLIER], ignore_index=True)
    table[list(FIELDS)].to_csv(path, index=False, encoding="utf-8", lineterminator="\n", float_format="%.10g")


def _measured(place: Path, quarter: str) -> pd.DataFrame:
    period = zj.load_period(str(place), quarter)
    scope = zj.Scope(period.dataset.item_types, period.dataset.use_levels)
    reported, _ = load_reported(place / quarter, cutoff=QUARTERS[quarter])
    counted = zj.measure(period.items, scope=scope)
    items = counted.assign(source=f"{BAND}：事项清单", definition=item_versions(counted, period.items))
    reported_scores = measure_reported(reported)
    definitions = reported_scores["indicator"].map(CHANGED).fillna(DEFINITION)
    typed = reported_scores.assign(source=f"{BAND}：填报", definition=definitions)
    scores = pd.concat([items, typed], ignore_index=True)
    scores = scores[scores["n"] > 0].sort_values(["region_code", "source", "indicator"], kind="stable")
    whole = scores[["numerator", "denominator"]].round(4)
    return scores.assign(**whole, period=quarter)


def write_events(path: Path) -> None:
    """Write events.csv: what is known to have happened in the eight quarters, all of it made up."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((*COLUMNS, "source"))
        writer.writerows((*row, BAND) for row in happened())


def write_successions(path: Path) -> None:
    """Write successions.csv: which codes took the place of which, so that items are followed; all of it made up."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("period", "code", "into", "source", "note"))
        rows = (dict(zip(COLUMNS, row, strict=True)) for row in happened())
        writer.writerows((row["quarter"], row["base_code"], row["into_code"], BAND, f"{row['event']}：{row['what']}")
                         for row in rows if row["into_code"])  # fmt: skip
