"""docs/sample.md: each published figure beside the sample's, with what is allowed and where it was published."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

import zjanalysis as zj
from make.regions import FACTS, NAMES, load_regions, rows_of
from make.typed import figure, sizes
from zjanalysis.analysis.evaluation import ledger_scores, scored

PAGE = Path(__file__).resolve().parents[2] / "docs" / "sample.md"
LAST = NAMES[-1]


def write_page(folder: Path) -> None:
    """Write docs/sample.md from the data set."""
    PAGE.write_text(page(folder), encoding="utf-8", newline="\n")


def page(folder: Path) -> str:
    """Return docs/sample.md as text: facts/sample.md with a line for each published figure."""
    lines = [_line(row) for row in comparisons(folder).to_dict("records")]
    return (FACTS / "sample.md").read_text(encoding="utf-8").replace("{rows}", "\n".join(lines))


def comparisons(folder: Path) -> pd.DataFrame:
    """Return facts/published.csv with the sample's figure and whether it lies between low and high (``inside``)."""
    rows = pd.DataFrame(rows_of("published"))
    measures = zip(rows["region_code"], rows["measure"].str.split(), strict=True)
    shown = pd.Series([MEASURES[words[0]](str(folder), code, *words[1:]) for code, words in measures]).round(4)
    numbers = rows[["value", "low", "high"]].astype(float)
    return rows.assign(**numbers, sample=shown, inside=shown.between(numbers["low"], numbers["high"]))


def _line(row: dict[str, Any]) -> str:
    low, high = _number(row["low"]), _number(row["high"])
    figures = (f"{_number(row[key])}{row['unit']}" for key in ("value", "sample"))
    allowed, answer = low if low == high else f"{low}～{high}", "是" if row["inside"] else "**否**"
    cells = (row["place"], row["date"], row["what"], *figures, allowed, answer, row["reason"], row["source"])
    return f"| {' | '.join(cells)} |"


def _number(number: float) -> str:
    return f"{number:,.0f}" if number >= 1000 else f"{number:.4g}"


@cache
def _scores(folder: str, scope: str) -> pd.Series:
    """Return the values of the last quarter: of permits as the plan counts them, of all types, or with the cases."""
    period = zj.load_period(folder, LAST)
    if scope == "cases":
        scores = ledger_scores(period).drop_duplicates(["region_code", "indicator"])
    else:
        types = None if scope == "permits" else tuple(period.items["item_type"].dropna().unique())
        scores = zj.measure(period.items, scope=zj.Scope(types, period.dataset.use_levels))
    return scores.set_index(["indicator", "region_code"])["value"]


def _score(folder: str, code: str, indicator: str, scope: str) -> float:
    return float(_scores(folder, scope)[indicator][code]) * (1 if indicator == "visits" else 100)


def _rank(folder: str, code: str, indicator: str) -> float:
    cities = [region.code for region in load_regions() if region.is_city]
    return float(_scores(folder, "permits")[indicator][cities].rank(ascending=False)[code])


def _compression_at(folder: str, _: str, indicator: str, level: str) -> float:
    """Return the compression of the three regions that are nearest to this level of another indicator."""
    values = _scores(folder, "permits")
    nearest = (values[indicator] - float(level)).abs().nsmallest(3).index
    return 100 * float(values["time_compression"][nearest].mean())


def _ratio(_: str, code: str, part: str, whole: str, times: str) -> float:
    found = {"one": 1, **sizes(code, LAST)}
    return found[part] / found[whole] * float(times)


def _typed(_: str, code: str, indicator: str, part: str) -> float:
    numerator, denominator = figure(indicator, code, LAST) or (0, 1)
    return denominator or 1 if part == "denominator" else 100 * numerator / (denominator or 1)


def _evaluation(folder: str, code: str, quarter: str) -> float:
    return float(scored(zj.load_period(folder, quarter), region=code)["points"].sum(skipna=False))


MEASURES: dict[str, Callable[..., float]] = {
    "score": _score, "rank": _rank, "compression_at": _compression_at, "ratio": _ratio, "typed": _typed,
    "evaluation": _evaluation,
}  # fmt: skip
