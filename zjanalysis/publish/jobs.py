"""Which reports there are: one job is one notebook run for one region and one period, with the parameters it declares.

A notebook in ``notebooks/`` with a ``parameters`` cell and a ``zjanalysis`` block in its metadata is a report; none is
named here.

papermill only logs an unknown parameter and takes any type; here a parameter that does not belong stops the build
before anything is written.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from zjanalysis.errors import ConfigError, InputError, ZjError, unknown_name
from zjanalysis.inputs.dataset import Dataset, list_periods, load_dataset
from zjanalysis.inputs.regions import region_name, units_of
from zjanalysis.settings import Settings

CITY, DISTRICT, WHOLE = "city", "district", "whole"  # the outputs of the two main reports and of 全市; topics else
EACH = ("city", "district", "once")
FOLDER = "notebooks"
OF = ("scope", "items", "cases", "ledger")
_WORDS = {"title": "", "for": "", "output": "", "of": OF[0]}  # of the block, with what stands where there is none
_BLOCK = (*_WORDS, "order", "reads")
_GIVEN = ("data", "period", "region")  # parameters every report is given, as text
_RESERVED = {"index", "manifest"}
_KINDS = {str: "文字", int: "整数", float: "数字", bool: "真假值", list: "列表", tuple: "列表", dict: "对照表"}


@dataclass(frozen=True)
class Notebook:
    """A notebook that is a report, by the ``zjanalysis`` block of its metadata.

    ``each``: one report per ``city``, per ``district`` of it, or ``once`` per period. ``output`` is what its page is
    called. ``siblings``: it compares with the districts beside it alone, and so reads no other rows. ``parameters``:
    what its ``parameters`` cell declares. ``of``: what there must be for it: items in the scope, any items, cases, a
    ledger.
    """

    path: Path
    title: str
    each: str
    output: str
    order: float
    siblings: bool
    parameters: Mapping[str, object]
    of: str = "scope"


@dataclass(frozen=True)
class Job:
    """One report to make.

    ``key`` names it everywhere (``city``, ``district/440823``) and is its path below the period's folder, without the
    suffix. ``title`` says what it is about, where that is not its region alone. ``reads`` are the regions whose rows
    the notebook may compare with; empty means every row of the period. ``focus`` is the city whose folder ``place``,
    below where reports go, it is in. Without rows of its region there is no report that ``has_subject``; ``of``: what
    else there must be for it (`Notebook`).
    """

    key: str
    notebook: Path
    region_code: str
    region: str
    period: str
    data: str
    focus: str
    place: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    reads: tuple[str, ...] = ()
    title: str = ""
    order: float = 0.0
    has_subject: bool = True
    of: str = "scope"

    @property
    def label(self) -> str:
        """Return what a list of reports calls it: the region, and the topic where it has one."""
        return f"{self.region}·{self.title}" if self.title else self.region

    @property
    def path(self) -> str:
        """Return where its files lie below the reports, without the suffix: what names it among those of all cities."""
        return f"{self.place}/{self.key}"


def list_jobs(
    settings: Settings, data: str = "", period: str = "", *, report_date: str = "", peers: str = "", every: bool = False
) -> tuple[Job, ...]:
    """Return the reports of a period in the order of their notebooks, those of districts in the official order.

    ``every``: those of every city the data set is about, where it names several (`foci`).

    An empty ``data`` is the one of the settings, an empty ``period`` the newest. Empty ``peers`` are those of the data
    set or those the notebook declares (others may be anywhere: such a page reads every region). Raises UnknownName for
    a period that does not exist, InputError for a data set that cannot be used, ConfigError without a notebook that is
    good as a report.
    """
    periods = list_periods(data, settings=settings)
    if period and period not in periods:
        raise unknown_name("期次", period, periods)
    if not periods:
        raise InputError(f"数据集“{data or settings.data}”里没有任何期次。", "请建立 <期次>/items/ 并放入工作簿。")
    dataset = load_dataset(data, settings=settings)
    inside = dataset.folder.is_relative_to(settings.root)
    common = {"data": dataset.folder.relative_to(settings.root).as_posix() if inside else str(dataset.folder),
              "period": period or periods[-1], "report_date": report_date, "peers": peers or dataset.peers}  # fmt: skip
    own, cities = notebooks(settings), foci(settings, dataset, every=every)
    return tuple(job for city in cities for notebook in own if notebook.each != "once" or city == cities[0]
                 for job in _jobs_of(notebook, units_of(city), common, home(settings, dataset, city)))  # fmt: skip


def foci(settings: Settings, dataset: Dataset, *, every: bool = False) -> tuple[str, ...]:
    """Return the cities the reports of a data set are about: the one of the settings, unless the set names others.

    With ``every`` all that the set names.
    """
    own = (settings.focus,)
    return own if settings.focus in dataset.focus and not every else dataset.focus or own


def home(settings: Settings, dataset: Dataset, city: str) -> str:
    """Return where the periods of a data set and city lie below the reports: short for what the project comes with.

    >>> home(Settings(Path("/p")), Dataset(Path("/p/data/own"), "", "", "", ""), "440800")
    'own/440800/'
    """
    usual = dataset.folder.resolve() == (settings.root / Settings.data).resolve() and city == Settings.focus
    return "" if usual else f"{dataset.folder.name}/{city}/"


def _jobs_of(notebook: Notebook, units: Sequence[str], common: Mapping[str, str], where: str) -> Iterator[Job]:
    """Yield the reports of one notebook; ``units``: the focus city, then its districts."""
    focus, *districts = units
    parameters = {**notebook.parameters, **{name: value for name, value in common.items() if value}}
    siblings = tuple(units) if notebook.siblings and not parameters.get("peers") else ()
    for code in districts if notebook.each == DISTRICT else (focus,):
        key = f"{notebook.output}/{code}" if notebook.each == DISTRICT else notebook.output
        values = {name: code if name == "region" else parameters[name] for name in notebook.parameters}
        title = "" if notebook.output in (CITY, DISTRICT) else notebook.title
        yield Job(key, notebook.path, code, region_name(code), common["period"], common["data"], focus,
                  f"{where}{common['period']}", values, siblings, title, notebook.order,
                  has_subject=notebook.each != "once", of=notebook.of)  # fmt: skip


def is_district(key: str) -> bool:
    """Tell whether a key is that of a district's main report.

    >>> is_district("district/440823"), is_district("city"), is_district("my/440823")
    (True, False, False)
    """
    return key.startswith(f"{DISTRICT}/")


def select(jobs: Sequence[Job], only: Sequence[str] = (), limit: int = 0) -> tuple[Job, ...]:
    """Return the jobs named by code, region name, topic or key (empty ``only``: all), at most ``limit`` (0: all).

    A region stands for its main report, a topic such as 全市 for its reports. The order is the jobs', not that of
    ``only``. Raises UnknownName with the nearest names.
    """
    mains_last = sorted(jobs, key=lambda job: not job.title)
    named = {name: [job] for job in mains_last for name in (job.region_code, job.region)}
    named |= {job.title: [one for one in jobs if one.title == job.title] for job in jobs if job.title}
    named |= {job.key: [one for one in jobs if one.key == job.key] for job in jobs}
    names = [name for job in jobs for name in (job.region, job.region_code, job.title, job.key) if name]
    for name in only:
        if name not in named:
            raise unknown_name("报告", name, names)
    paths = {job.path for name in only for job in named[name]}
    selected = tuple(job for job in jobs if not only or job.path in paths)
    return selected[: limit or None]


def notebooks(settings: Settings) -> tuple[Notebook, ...]:
    """Return the notebooks that are reports, in their order; what is no good (`unfit`) is left out.

    A copy with the output of another is called by its own file's name. Raises ConfigError when there is none.
    """
    reports, refused = _sorted_out(settings)
    if not reports:
        nothing = ConfigError(f"{FOLDER} 文件夹里没有报告笔记本。", "请从版本库取回，或看 docs/guide/new-report.md。")
        raise next(iter(refused.values()), nothing)
    return tuple(sorted(reports, key=lambda one: (one.order, one.path.name)))


def unfit(settings: Settings) -> dict[str, str]:
    """Return the notebooks that are no good as reports though they should be one: file name → a sentence why."""
    return {name: f"笔记本 {name} 不能作报告，略过。{error.message}　提示：{error.hint}"
            for name, error in _sorted_out(settings)[1].items()}  # fmt: skip


def _sorted_out(settings: Settings) -> tuple[list[Notebook], dict[str, ZjError]]:
    """Return the reports and what was refused; the output a refused one asks for stays its own."""
    reports: list[Notebook] = []
    refused: dict[str, ZjError] = {}
    taken: set[str] = set()
    for path in sorted((settings.root / FOLDER).glob("*.ipynb")):
        block: Any = None
        try:
            block = _read(path)["metadata"].get("zjanalysis")
            if block is not None:
                reports.append(_notebook(path, block, taken))
        except ZjError as error:
            refused[path.name] = error
        taken |= {one.output for one in reports[-1:]} | {block.get("output", "") if isinstance(block, dict) else ""}
    return reports, refused


def _notebook(path: Path, block: Mapping[str, Any], taken: Collection[str]) -> Notebook:
    """Return the report that the block of a notebook makes it, called by its file where its output is ``taken``."""
    try:
        title, each, output, of = (str(block.get(name, usual)) for name, usual in _WORDS.items())
        order = float(block.get("order", 100))
    except (AttributeError, TypeError, ValueError) as error:
        hint = '请照 docs/guide/new-report.md 写成 {"title": …, "for": …, "output": …}，order 是数字。'
        raise ConfigError(f"笔记本 {path.name} 的元数据 zjanalysis 读不懂。", hint) from error
    for kind, word, choice in (*(("", name, _BLOCK) for name in block), ("for", each, EACH), ("of", of, OF)):
        if word not in choice:
            raise unknown_name(f"元数据{kind and f' {kind} 的值'}（{path.name}）", word, choice)
    if output in taken:
        output = path.stem.lstrip("0123456789-_ ") or path.stem
        title = f"{title}（{output}）"
    if output in taken or output in _RESERVED or not re.fullmatch(r"[\w-]+", output):
        hint = "请在它的元数据里把 output 改成没有用过的名称，只含文字、数字、下划线和连字符。"
        raise ConfigError(f"笔记本 {path.name} 的输出名“{output}”不能用。", hint)
    parameters = check_values(path, {name: "" for name in declared_parameters(path) if name in _GIVEN})
    if "region" not in parameters and each != "once":
        raise ConfigError(f"笔记本 {path.name} 没有声明参数 region。", "请在 parameters 单元格里加一行 region。")
    return Notebook(path, title, each, output, order, block.get("reads") == "siblings", parameters, of)


def check_parameters(job: Job) -> None:
    """Refuse a parameter the notebook does not declare, one that is missing, and one of another type.

    ``peers`` and other text may be empty; an int is taken where a float is declared, a bool never is a number.
    """
    declared = check_values(job.notebook, job.parameters)
    missing = "、".join(name for name in declared if name not in job.parameters)
    if missing:
        hint = f"{job.notebook.name} 要求给出：{'、'.join(declared)}。"
        raise ConfigError(f"报告 {job.key} 缺少参数：{missing}。", hint)


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
    cells = _read(notebook)["cells"]
    tagged = [cell for cell in cells if "parameters" in cell.get("metadata", {}).get("tags", ())]
    if len(tagged) != 1:
        raise ConfigError(f"笔记本 {notebook.name} 应有且只有一个 parameters 单元格，现有 {len(tagged)} 个。",
                          "请在 JupyterLab 中给参数单元格加上 parameters 标签。")  # fmt: skip
    try:
        return dict(_assignment(statement) for statement in ast.parse("".join(tagged[0]["source"])).body)
    except (SyntaxError, ValueError) as error:
        hint = "请只写“名称 = 字面值”，每行一个。"
        raise ConfigError(f"笔记本 {notebook.name} 的参数单元格读不懂：{error}", hint) from error


def _read(notebook: Path) -> dict[str, Any]:
    try:
        return _parsed(notebook.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        hint = f"请检查 {notebook.parent.name} 文件夹是否完整。"
        raise InputError(f"找不到笔记本 {notebook.name}。", hint) from error
    except (UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{notebook.name} 不是笔记本文件。", "请从版本库取回原文件。") from error


@lru_cache(maxsize=64)
def _parsed(text: str) -> dict[str, Any]:
    written = json.loads(text)
    return {**written, "metadata": dict(written.get("metadata", {})), "cells": list(map(dict, written["cells"]))}


def _assignment(statement: ast.stmt) -> tuple[str, object]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    value = getattr(statement, "value", None)
    if len(targets) != 1 or not isinstance(targets[0], ast.Name) or value is None:
        raise ValueError(f"第 {statement.lineno} 行不是“名称 = 字面值”")
    return targets[0].id, ast.literal_eval(value)
