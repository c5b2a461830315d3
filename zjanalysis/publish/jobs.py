"""Which reports there are: one job is one notebook run for one region and one period, with the parameters it declares.

papermill only logs an unknown parameter and takes any type; here a parameter that does not belong stops the build
before anything is written.
"""

from __future__ import annotations

import ast
import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from zjanalysis.errors import ConfigError, InputError, unknown_name
from zjanalysis.inputs.dataset import list_periods
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
NOTEBOOKS = (CITY_NOTEBOOK, DISTRICT_NOTEBOOK, *(notebook for _, notebook in TOPICS.values()))
_KINDS = {str: "文字", int: "整数", float: "数字", bool: "真假值", list: "列表", tuple: "列表", dict: "对照表"}


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
        """Return what a list of reports calls it: the region, and the topic where it has one."""
        return f"{self.region}·{TOPICS[self.key][0]}" if self.key in TOPICS else self.region


def list_jobs(
    settings: Settings, data: str = "", period: str = "", *, report_date: str = "", peers: str = ""
) -> tuple[Job, ...]:
    """Return the city page, one page per report unit of the focus city in the official order, then the city's topics.

    An empty ``data`` is the one of the settings, an empty ``period`` the newest, empty ``peers`` the default
    ones (others may be anywhere: such a page reads every region). Raises UnknownName for a period that
    does not exist and InputError for a data set that cannot be used.
    """
    periods = list_periods(data, settings=settings)
    if period and period not in periods:
        raise unknown_name("期次", period, periods)
    folder = settings.path(data or settings.data)
    inside = folder.is_relative_to(settings.root)
    common = {"data": folder.relative_to(settings.root).as_posix() if inside else str(folder),
              "period": period or periods[-1], "peers": peers, "report_date": report_date}  # fmt: skip
    names = named_units(settings)
    districts = tuple(code for code in names if code != settings.focus)

    def job(key: str, notebook: str, code: str, reads: tuple[str, ...] = ()) -> Job:
        values = {**common, "region": code}
        return Job(key, settings.path(notebook), code, names[code], values["period"], values["data"], values, reads)

    siblings = () if peers else tuple(names)
    return (
        job(CITY, CITY_NOTEBOOK, settings.focus),
        *(job(f"{DISTRICT}{code}", DISTRICT_NOTEBOOK, code, siblings) for code in districts),
        *(job(key, notebook, settings.focus) for key, (_, notebook) in TOPICS.items()),
    )


def select(jobs: Sequence[Job], only: Sequence[str] = (), limit: int = 0) -> tuple[Job, ...]:
    """Return the jobs named by code, region name or key (all when ``only`` is empty), at most ``limit`` (0: no limit).

    The order is the jobs', not that of ``only``. Raises UnknownName with the nearest names.
    """
    keys = {name: job.key for job in reversed(jobs) for name in (job.key, job.region_code, job.region)}
    names = dict.fromkeys(name for job in jobs for name in (job.region, job.region_code, job.key))
    wanted = [name.strip() for name in only if name.strip()]
    for name in wanted:
        if name not in keys:
            raise unknown_name("报告", name, names)
    selected = tuple(job for job in jobs if not wanted or job.key in {keys[name] for name in wanted})
    return selected[:limit] if limit > 0 else selected


def named_units(settings: Settings) -> dict[str, str]:
    """Return code → name: the focus city, then its counties and its zones, each in the order of their codes."""
    divisions, zones = (_reference(name) for name in ("divisions", "zones"))
    names = {row["code"]: row["name"] for row in (*divisions, *zones)}
    if settings.focus not in names:
        raise unknown_name("地区代码", settings.focus, names)
    units = [row["code"] for rows in (divisions, zones) for row in sorted(rows, key=lambda row: row["code"])
             if row["parent"] == settings.focus and row["level"] in ("county", "zone")]  # fmt: skip
    return {code: names[code] for code in (settings.focus, *units)}


def _reference(name: str) -> list[dict[str, str]]:
    text = (resources.files("zjanalysis") / "reference" / f"{name}.csv").read_text(encoding="utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


def check_parameters(job: Job) -> None:
    """Refuse a parameter the notebook does not declare, one that is missing, and one of another type.

    ``peers`` and other text may be empty; an int is taken where a float is declared, a bool never is a number.
    """
    declared = check_values(job.notebook, job.parameters)
    missing = [name for name in declared if name not in job.parameters]
    if missing:
        raise ConfigError(
            f"报告 {job.key} 缺少参数：{'、'.join(missing)}。", f"{job.notebook.name} 要求给出：{'、'.join(declared)}。"
        )


def check_values(notebook: Path, parameters: Mapping[str, object]) -> dict[str, object]:
    """Refuse a parameter the notebook does not declare and one of another type; return what it declares."""
    declared = declared_parameters(notebook)
    for name, value in parameters.items():
        if name not in declared:
            raise unknown_name(f"参数（{notebook.name}）", name, declared)
        kind, default = type(declared[name]), declared[name]
        alike = isinstance(value, (list, tuple) if kind in (list, tuple) else kind)
        if not ((alike and isinstance(value, bool) == (kind is bool)) or (kind is float and type(value) is int)):
            wanted = f"{_KINDS.get(kind, kind.__name__)}（如 {default!r}）"
            raise ConfigError(f"参数“{name}”的值 {value!r} 不对，应是{wanted}。", "行政区划代码、期次都写成文字。")
    return declared


def declared_parameters(notebook: Path) -> dict[str, object]:
    """Return the names and default values of the notebook's ``parameters`` cell, read without running it.

    Raises InputError for a file that is no notebook, ConfigError for a cell that holds more than typed literals.
    """
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        tagged = [cell for cell in cells if "parameters" in cell.get("metadata", {}).get("tags", ())]
    except FileNotFoundError as error:
        hint = f"请检查 {notebook.parent.name} 文件夹是否完整。"
        raise InputError(f"找不到笔记本 {notebook.name}。", hint) from error
    except (UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{notebook.name} 不是笔记本文件。", "请从版本库取回原文件。") from error
    if len(tagged) != 1:
        raise ConfigError(f"笔记本 {notebook.name} 应有且只有一个 parameters 单元格，现有 {len(tagged)} 个。",
                          "请在 JupyterLab 中给参数单元格加上 parameters 标签。")  # fmt: skip
    try:
        return dict(_assignment(statement) for statement in ast.parse("".join(tagged[0]["source"])).body)
    except (SyntaxError, ValueError) as error:
        hint = "请只写“名称 = 字面值”，每行一个。"
        raise ConfigError(f"笔记本 {notebook.name} 的参数单元格读不懂：{error}", hint) from error


def _assignment(statement: ast.stmt) -> tuple[str, object]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    value = getattr(statement, "value", None)
    if len(targets) != 1 or not isinstance(targets[0], ast.Name) or value is None:
        raise ValueError(f"第 {statement.lineno} 行不是“名称 = 字面值”")
    return targets[0].id, ast.literal_eval(value)
