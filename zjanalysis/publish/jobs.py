"""Which reports there are: one job is one notebook run for one region and one period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from zjanalysis.errors import unknown_name
from zjanalysis.inputs.dataset import list_periods
from zjanalysis.publish.units import named_units
from zjanalysis.settings import Settings

CITY, DISTRICT = "city", "district/"  # the key of the city's report, and how those of the districts begin
CITY_NOTEBOOK = "notebooks/02_city_benchmark.ipynb"
DISTRICT_NOTEBOOK = "notebooks/03_district_report.ipynb"
TOPICS = {
    "quality": ("数据质量", "notebooks/01_data_quality.ipynb"),
    "plan": ("压减方案", "notebooks/04_reduction_plan.ipynb"),
    "timeliness": ("办件时效", "notebooks/05_case_timeliness.ipynb"),
    "ledger": ("整改台账", "notebooks/06_rectification_ledger.ipynb"),
}
"""The city's further reports, by key: each is one page about the focus city."""


@dataclass(frozen=True)
class Job:
    """One report to make.

    ``key`` names it everywhere (``city``, ``district/440823``) and is its path below the period's folder, without the
    suffix. ``reads`` are the regions whose rows the notebook may compare with; empty means every row of the period.
    """

    key: str
    notebook: Path
    region_code: str
    region: str
    period: str
    data: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    reads: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Give what a list of reports calls it: the region, and the topic where it has one."""
        return f"{self.region}·{TOPICS[self.key][0]}" if self.key in TOPICS else self.region


def list_jobs(
    settings: Settings, data: str = "", period: str = "", *, report_date: str = "", peers: str = ""
) -> tuple[Job, ...]:
    """Give the city page, one page per report unit of the focus city in the official order, then the city's topics.

    An empty ``data`` is the one of the settings, an empty ``period`` the newest, empty ``peers`` the default
    ones (others may be anywhere: such a page reads every region). Raises UnknownName for a period that
    does not exist and InputError for a data set that cannot be used.
    """
    given = data or settings.data
    known = list_periods(given, settings=settings)
    if period and period not in known:
        raise unknown_name("期次", period, known)
    chosen = period or known[-1]
    where = _from_root(settings, given)
    names = named_units(settings)
    units = tuple(code for code in names if code != settings.focus)
    common = {"data": where, "period": chosen, "peers": peers, "report_date": report_date}

    def job(key: str, notebook: str, code: str, reads: tuple[str, ...] = ()) -> Job:
        told = {**common, "region": code}
        return Job(key, settings.path(notebook), code, names[code], chosen, where, told, reads)

    city = job(CITY, CITY_NOTEBOOK, settings.focus)
    districts = (
        job(f"{DISTRICT}{code}", DISTRICT_NOTEBOOK, code, () if peers else (settings.focus, *units)) for code in units
    )
    topics = (job(key, notebook, settings.focus) for key, (_, notebook) in TOPICS.items())
    return city, *districts, *topics


def select(jobs: Sequence[Job], only: Sequence[str] = (), limit: int = 0) -> tuple[Job, ...]:
    """Give the jobs named by code, region name or key (all when ``only`` is empty), at most ``limit`` (0: no limit).

    The order is the jobs', not that of ``only``. Raises UnknownName with the nearest names.
    """
    wanted = {_find(jobs, name.strip()) for name in only if name.strip()}
    chosen = tuple(job for job in jobs if not wanted or job.key in wanted)
    return chosen[:limit] if limit > 0 else chosen


def _find(jobs: Sequence[Job], name: str) -> str:
    for job in jobs:
        if name in (job.key, job.region_code, job.region):
            return job.key
    known = dict.fromkeys(word for job in jobs for word in (job.region, job.region_code, job.key))
    raise unknown_name("报告", name, known)


def _from_root(settings: Settings, data: str) -> str:
    """Give the data folder as it is told to the notebook: relative to the project wherever that is possible."""
    path = settings.path(data)
    return path.relative_to(settings.root).as_posix() if path.is_relative_to(settings.root) else str(path)
