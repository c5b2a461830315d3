"""Figures of all periods as one tidy table: measured where the workbooks are, from history.csv where they are gone.

A change of the definition cuts the line: what stands on both sides is never compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

import pandas as pd

from zjanalysis.analysis.indicators import measure
from zjanalysis.analysis.registry import ITEM_INDICATORS, PLAN_SCOPE, SCORE_KEY, Indicator, Scope, indicator
from zjanalysis.analysis.reported import BREAKS, REPORTED_INDICATORS, comparable, measure_reported
from zjanalysis.analysis.whole import whole_series
from zjanalysis.errors import unknown_name
from zjanalysis.files import file_digest
from zjanalysis.inputs.dataset import Dataset, list_periods, load_dataset
from zjanalysis.inputs.period import (
    HISTORY,
    KEY,
    Period,
    cached,
    disagreements,
    how_read,
    item_files,
    key_of,
    load_history,
    load_period,
    load_successions,
)
from zjanalysis.inputs.regions import is_whole
from zjanalysis.inputs.reported import FILE_NAME as REPORTED
from zjanalysis.inputs.reported import POPULATION_NAME, load_reported
from zjanalysis.inputs.wall import readers_stay
from zjanalysis.settings import Settings, load_settings

T = TypeVar("T")
SCORES = Path(".cache") / "scores"  # under the project folder
STORED_PERIODS = 400
DEFINITION = "2021"
"""The version of every definition in the registry; raise it when a numerator, a denominator or a scope changes."""
SERIES = (*KEY, "value", "numerator", "denominator", "n", "n_left_out", "definition", "source")
KNOWN = {one.key: one for one in (*ITEM_INDICATORS, *REPORTED_INDICATORS)}
_BY_NAME = {name: one for one in REPORTED_INDICATORS for name in (one.label, one.short)}


def any_indicator(key: str | Indicator) -> Indicator:
    """Return the indicator of a key or a name, of items or reported; raises UnknownName with the nearest.

    >>> any_indicator("instant").short, any_indicator("good_rating").short
    ('即办率', '好评率')
    """
    return (KNOWN.get(key) or _BY_NAME.get(key) if isinstance(key, str) else None) or indicator(key)


def measured(
    items: pd.DataFrame,
    reported: pd.DataFrame | None = None,
    *,
    period: str,
    cutoff: str = "",
    scope: Scope | None = PLAN_SCOPE,
) -> pd.DataFrame:
    """Return the scores of one period as rows of a series, of every region that has any."""
    parts = [_counted(items, ITEM_INDICATORS, period, scope)]
    if reported is not None:
        typed = measure_reported(reported)
        versions = {key: version(str(key), cutoff) for key in typed["indicator"].unique()}
        typed = typed.assign(definition=typed["indicator"].map(versions), source="填报", period=period)
        parts.append(typed[typed["n"] > 0].reindex(columns=list(SERIES)))
    return pd.concat(parts, ignore_index=True)


EIGHT, BOTH = f"{DEFINITION}，网办深度八段", f"{DEFINITION}，网办深度四级与八段并用"


def item_versions(scores: pd.DataFrame, items: pd.DataFrame) -> pd.Series:
    """Return the version of the definition of every row of scores: of 全流程网办率 with the code table of its region.

    Ⅳ级 and the steps 5, 6, 7 of eight (online depths as `inputs.values.depth` gives them) are not the same measure.

    >>> items = pd.DataFrame({"region_code": ["a", "b"], "online_depth": ["Ⅳ级", "1,5"]})
    >>> scores = pd.DataFrame({"region_code": ["a", "b", "b"], "indicator": ["online_end_to_end"] * 2 + ["visits"]})
    >>> item_versions(scores, items).tolist()
    ['2021', '2021，网办深度八段', '2021']
    """
    depths = items.dropna(subset=["online_depth", "region_code"])
    four = depths["online_depth"].str.endswith("级").groupby(depths["region_code"]).mean()
    tables = four.map(lambda share: DEFINITION if share == 1 else BOTH if share else EIGHT)
    own = scores["region_code"].map(tables.to_dict()).astype("str").fillna(DEFINITION)
    return own.where(scores["indicator"] == "online_end_to_end", DEFINITION)


def version(key: str, cutoff: str) -> str:
    """Return the version of the definition of a reported figure on a day: the old one until its break ends.

    >>> version("good_rating", "2020-12-31"), version("good_rating", "2021-03-31")
    ('2020：未评价默认为基本满意', '2021')
    """
    old = key in BREAKS and cutoff <= BREAKS[key]["break_to"]
    return str(BREAKS[key]["definition_before"]) if old else DEFINITION


def joined(periods: Iterable[pd.DataFrame], history: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the series and its findings: measured figures, and those of the history that nothing measured.

    A figure that both have is the measured one; where they do not agree a finding names the row of history.csv.
    """
    own = pd.concat([history.iloc[:0].reindex(columns=list(SERIES)), *periods], ignore_index=True)
    there = pd.MultiIndex.from_frame(history[KEY]).isin(pd.MultiIndex.from_frame(own[KEY]))
    published = history.assign(value=history["numerator"] / history["denominator"])[~there]
    both = pd.concat([published[list(SERIES)], own], ignore_index=True).astype(
        {"value": "float64", "n": "Int64", "n_left_out": "Int64"}
    )
    ordered = both.sort_values([*SCORE_KEY, KEY[0]], kind="stable", ignore_index=True)
    return ordered, disagreements(history[there], own)


def lines(rows: pd.DataFrame, *, cutoffs: Mapping[str, str]) -> pd.DataFrame:
    """Return the series with ``line``, a number that changes where a line is cut, and ``cut``, why it is.

    ``cutoffs``: the last day of every period, for definitions that changed on a day. Rows come ordered by region,
    indicator and period.

    >>> rows = pd.DataFrame({"region_code": "440800", "indicator": "instant", "period": ["a", "b"],
    ...                      "definition": ["2020", "2021"]})
    >>> lines(rows, cutoffs={})[["line", "cut"]].values.tolist()
    [[1, ''], [2, '口径由“2020”改为“2021”']]
    """
    same = rows[SCORE_KEY].eq(rows[SCORE_KEY].shift()).all(axis=1)
    last, was = rows["period"].shift(), rows["definition"].shift()
    renamed = same & rows["definition"].ne(was)
    broken = same & ~renamed & rows["indicator"].isin(list(BREAKS))
    days = [[cutoffs.get(str(name), "") for name in names[broken]] for names in (last, rows["period"])]
    apart = [not comparable(key, *pair) for key, *pair in zip(rows.loc[broken, "indicator"], *days, strict=True)]
    moving = broken.mask(broken, pd.Series(apart, index=rows.index[broken], dtype="bool"))
    cut = pd.Series("", index=rows.index, dtype="str")
    cut = cut.mask(renamed, "口径由“" + was.fillna("") + "”改为“" + rows["definition"] + "”")
    cut = cut.mask(moving.astype("bool"), "口径正在变动，各期不可比")
    return rows.assign(line=(~same | cut.ne("")).cumsum(), cut=cut)


ENOUGH_FOR_SHARES = 10
"""Regions from which on the middle 80 % are a band; fewer are shown from the least to the most."""


def bands(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what the regions of a group span: indicator, period, n, low, middle (the median), high.

    The middle 80 % of ten regions and more, of fewer the least and the most.

    >>> rows = pd.DataFrame({"indicator": "visits", "period": "2021Q1", "value": [0.1, 0.2, 0.6]})
    >>> bands(rows)[["low", "middle", "high"]].values.tolist()
    [[0.1, 0.2, 0.6]]
    """
    groups = rows.dropna(subset=["value"]).groupby(["indicator", "period"])["value"]
    spread = {name: groups.quantile(share) for name, share in (("p10", 0.1), ("middle", 0.5), ("p90", 0.9))}
    every = pd.DataFrame({"n": groups.size(), "least": groups.min(), "most": groups.max(), **spread}).reset_index()
    many = every["n"] >= ENOUGH_FOR_SHARES
    ends = every.assign(low=every["p10"].where(many, every["least"]), high=every["p90"].where(many, every["most"]))
    return ends[["indicator", "period", "n", "low", "middle", "high"]]


def series(data: str = "", *, upto: str = "", settings: Settings | None = None) -> pd.DataFrame:
    """Return every figure of every period of a data set: one row per period, region and indicator.

    Columns: value, numerator, denominator, n, n_left_out, definition (its version), source. Figures are measured where
    the workbooks are, and come from history.csv where they are gone; ``upto`` is the last period (empty: the newest).
    Raises UnknownName for a period nobody knows.
    """
    rows = load_series(data, settings=settings)[0]
    kept: pd.DataFrame = rows[rows["period"] <= last_of(rows["period"], upto)] if upto else rows
    return kept.reset_index(drop=True)


def last_of(periods: Iterable[str], upto: str) -> str:
    """Return the period up to which is asked; raises UnknownName for one that is not among them."""
    if upto not in (names := sorted(set(periods))):
        raise unknown_name("期次", upto, names)
    return upto


@readers_stay()
def load_series(
    data: str = "", *, upto: str = "", settings: Settings | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the table of `series` and its findings: what history.csv says otherwise than the workbooks, what of it
    and of successions.csv cannot be used.

    A period is read and measured once and then taken from the cache until a file, a setting or the program changes.
    """
    chosen = settings or load_settings()
    dataset = load_dataset(data, settings=chosen)
    names = [name for name in list_periods(data, settings=chosen) if not upto or name <= upto]
    history, findings = load_past(dataset.folder, chosen)
    before = history[history["period"] <= upto] if upto else history
    rows, apart = joined([_scores(dataset, name, chosen) for name in names], before)
    _, unlinked = load_successions(dataset.folder, upto=upto)
    return rows, pd.concat([findings, apart, unlinked], ignore_index=True)


def load_past(folder: Path, settings: Settings) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what `load_history` reads of a data set folder, from the cache while the file stays."""
    path, read = folder / HISTORY, partial(load_history, folder, indicators=KNOWN)
    return stored(settings, [path], repr(settings.guard), read) if path.is_file() else read()


def last_figures(
    items: pd.DataFrame, before: Period, keys: tuple[str, ...], *, regions: tuple[str, ...], scope: Scope
) -> pd.DataFrame:
    """Return the scores of regions in the last period as the series has them: measured, else of history.csv.

    ``items``: those of this period; what they would measure by another definition has no last figure.
    """
    history, earlier = load_past(before.dataset.folder, load_settings())[0], before.items
    earlier, whole = earlier[earlier["region_code"].isin(regions)], any(map(is_whole, regions))
    parts = earlier.assign(region_code=earlier["part_code"]) if whole else earlier
    there = history[(history["period"] == before.name) & history["indicator"].isin(keys)]
    rows, _ = joined([_counted(parts, keys, before.name, scope)], there)
    rows = whole_series(rows, regions, items) if whole else rows
    now = pd.MultiIndex.from_product([items["region_code"].dropna().unique(), keys], names=SCORE_KEY).to_frame(
        index=False
    )
    versions = now.assign(now=item_versions(now, items))
    both = rows[rows["region_code"].isin(regions)].merge(versions, on=SCORE_KEY, how="left")
    alike = both["now"].isna() | (both["now"] == both["definition"])
    return both.loc[alike, [*SCORE_KEY, "value", "numerator", "denominator", "n", "n_left_out"]].reset_index(drop=True)


def _counted(items: pd.DataFrame, keys: Iterable[str | Indicator], period: str, scope: Scope | None) -> pd.DataFrame:
    scores = measure(items, keys, scope=scope)
    rows = scores.assign(definition=item_versions(scores, items), source="事项清单", period=period)
    return rows[rows["n"] > 0].reindex(columns=list(SERIES))


def _scores(dataset: Dataset, name: str, settings: Settings) -> pd.DataFrame:
    """Return the scores of one period, of items and reported figures, from the cache where it holds them."""
    folder, cutoff = dataset.folder, dataset.cutoff(name)
    scope = Scope(dataset.item_types, dataset.use_levels)
    beside = [path for path in (folder / name / REPORTED, folder / POPULATION_NAME) if path.is_file()]
    state = repr((how_read(dataset, settings), scope, name, cutoff))

    def build() -> pd.DataFrame:
        items = load_period(str(folder), name, settings=settings).items
        typed = (folder / name / REPORTED).is_file()
        reported = load_reported(folder / name, cutoff=cutoff)[0] if typed else None
        return measured(items, reported, period=name, cutoff=cutoff, scope=scope)

    return stored(settings, [*item_files(folder / name), *beside], state, build)


def stored(
    settings: Settings, paths: list[Path], state: str, build: Callable[[], T], *,
    rooms: tuple[str, ...] = ("inputs", "analysis"),
) -> T:  # fmt: skip
    """Return what is made from these files, from the cache of scores where it is there; ``rooms`` of ours make it."""
    digests = {f"{path.parent.name}/{path.name}": file_digest(path) for path in paths}
    key = key_of(digests, state=state, rooms=rooms)
    return cached(settings.root / SCORES, key, build, states=STORED_PERIODS)
