"""A period's cases boiled down once and kept beside the project, so that no report reads the cases again."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import pandas as pd

from zjanalysis.analysis.cases_summary import CaseSummary, case_counts, case_summary
from zjanalysis.inputs.cache import cached, key_of
from zjanalysis.inputs.cases import CaseSource, case_source, find_source
from zjanalysis.inputs.period import Period
from zjanalysis.settings import Settings, load_settings

FOLDER = Path(".cache") / "cases"  # under the project folder
TABLES = ("by_month", "by_item", "days", "overdue", "findings", "names")


def period_cases(period: Period, *, settings: Settings | None = None) -> CaseSummary:
    """Give the summary of a period's cases with the embedded engine (`case_summary`).

    Files are read again only when they, the items, the settings or the program have changed; a database is asked
    every time, but once for all reports of a build. Raises InputError for a period without cases or cases that cannot
    be read.
    """
    if isinstance(period.cases, CaseSummary):
        return period.cases
    known = settings or load_settings()
    source = case_source(period, settings=known)
    if source.query or source.spark_table:
        return case_summary(source, settings=known)

    def tables() -> tuple[pd.DataFrame, ...]:
        made = case_summary(source, settings=known)
        return tuple(getattr(made, name) for name in TABLES)

    found = dict(zip(TABLES, cached(known.root / FOLDER, _key(period, source, known), tables), strict=True))
    n_cases = int(case_counts(found["by_item"])["n"].sum())
    return CaseSummary(source.title, source.cutoff, source.sample, n_cases, **found)


def known_cases(period: Period, *, settings: Settings | None = None) -> CaseSummary | None:
    """Give the summary of a period's cases; None for a period without any, or whose cases only Spark can read."""
    if period.cases is None:
        source = find_source(period, settings=settings)
        if source is None or source.spark_table:
            return None
    return period_cases(period, settings=settings)


def _key(period: Period, source: CaseSource, settings: Settings) -> str:
    """Give the key of a summary: case files by what the system changes when they are written, items by content."""
    states = {path.name: path.stat() for path in source.paths}
    files = {name: f"{s.st_size}-{s.st_mtime_ns}-{s.st_ctime_ns}-{s.st_ino}" for name, s in states.items()}
    items = dict(zip("items/" + period.files["file"], period.files["sha256"], strict=True))
    limits = (settings.cases.made, settings.cases.overdue_rows, settings.units, settings.guard)
    state = (source.title, source.cutoff, sorted(period.dataset.columns.items()), limits, _code())
    return key_of({**items, **files}, state=repr(state))


@cache
def _code() -> str:
    """Give the hash of this room's source, which decides how cases are counted."""
    sources = sorted(Path(__file__).resolve().parent.glob("*.py"))
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()
