"""Periods: the workbooks of data/<set>/<period>/items as tables, kept once made; what is left of periods long past.

Kept are tables, in one file per state of what they are made from; anything wrong with it → made anew. The key is the
hash of every input file, of the settings and the data set, of the package and of the source of this room; a new state
is a new file. Files are moved into place whole, so that two builds at once cannot spoil one another. Without a writable
folder there is no cache, and everything still works. A file begins with the digest of the rest: one that is damaged is
never unpickled. Whoever may write into ``.cache`` may also edit the notebooks beside it.

history.csv: the published figures of periods whose workbooks are gone. One row per period, region and indicator: the
two sums a value is the ratio of, n, n_left_out, and the version of the definition, so that figures of two definitions
are never taken for one line. successions.csv: which codes took the place of which, from which period, on what ground.
A row of theirs that cannot be used is left out and named.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

import zjanalysis
from zjanalysis.columns import TABLES
from zjanalysis.errors import InputError, NoData, answering, unknown_name
from zjanalysis.files import all_in, file_digest, files_in, state_of, write_whole
from zjanalysis.inputs.check import OTHER_SUFFIXES, Checked, Tables, assembled, check_apart, handed_in_again, name_order
from zjanalysis.inputs.dataset import Dataset, list_periods, load_dataset, previous_period
from zjanalysis.inputs.findings import Violation, findings_of, rows_of
from zjanalysis.inputs.office_table import Broken, OfficeTable, findings_in, numbers, table_at
from zjanalysis.inputs.regions import find_code, region_name
from zjanalysis.inputs.reported import load_definitions
from zjanalysis.inputs.workbook import SUFFIXES
from zjanalysis.settings import Settings, load_settings

T = TypeVar("T")
CACHE = Path(".cache") / "periods"  # under the project folder
STATES = 12  # files of older states that stay in the folder
STAYING = 2  # periods that stay in memory: this one and the last
_DIGEST = hashlib.sha256().digest_size


@cache
def _code(rooms: tuple[str, ...]) -> str:
    """Return the hash of what decides a table: the source of the rooms it is made in and the reference tables."""
    package = Path(__file__).resolve().parent.parent
    own = [path for room in rooms for path in package.glob(f"{room}/*.py")]
    sources = sorted([*package.glob("*.py"), *own, *package.glob("reference/*.csv")])
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()


def key_of(hashes: Mapping[str, str], *, state: str, rooms: tuple[str, ...] = ("inputs",)) -> str:
    """Return the key of a period: ``hashes`` = file → sha256, ``state`` = settings and data set as text."""
    files = (f"{name}={digest}" for name, digest in hashes.items())
    parts = (zjanalysis.__version__, pd.__version__, _code(rooms), state, *files)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def cached(folder: Path, key: str, build: Callable[[], T], *, states: int = STATES) -> T:
    """Return what ``build`` gives for a key: from the folder, else built and put there, the last ``states`` staying."""
    path = folder / f"{key}.tables"
    with suppress(OSError):
        stored = memoryview(path.read_bytes())
        if hashlib.sha256(stored[_DIGEST:]).digest() == bytes(stored[:_DIGEST]):
            return pickle.loads(stored[_DIGEST:])  # type: ignore[no-any-return]
    built = build()
    content = pickle.dumps(built, protocol=5)
    with suppress(OSError):  # no cache then: the tables are there all the same
        write_whole(path, hashlib.sha256(content).digest() + content)
        for old in sorted(folder.glob("*.tables"), key=lambda p: p.stat().st_mtime)[:-states]:
            old.unlink(missing_ok=True)
    return built


def own_copy(value: Any) -> Any:
    """Return tables and arrays, alone or in a tuple, as the asker's own: tables copy on write and cost no data."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, (pd.DataFrame, pd.Series)):
        return value.copy(deep=False)
    return tuple(map(own_copy, value)) if type(value) is tuple else value


def lending(record: type[T]) -> type[T]:
    """Have a record that keeps tables for many lend them: who asks for one may change it, and nobody else sees that."""
    plain = record.__getattribute__

    def lent(self: T, name: str) -> Any:
        return own_copy(plain(self, name))

    record.__getattribute__ = lent  # type: ignore[assignment, method-assign]
    return record


@answering("period")
@lending
@dataclass(frozen=True, repr=False)
class Period:
    """One period: its items, findings, and files (file, sha256, rows_read = rows_used + rows_left_out).

    ``cases``: what a build has boiled down already for its reports (`cases.find_cases` gives it), else None.
    ``memory`` holds what `once` has made.
    """

    name: str
    title: str
    dataset: Dataset
    cutoff: str
    items: pd.DataFrame
    findings: pd.DataFrame
    files: pd.DataFrame
    cases: Any = None
    memory: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def regions(self) -> frozenset[str]:
        """Return the codes of the regions that have items."""
        return frozenset(self.items["region_code"].dropna().unique())

    def __repr__(self) -> str:
        """Return a line: what the period is, how many items of how many regions, what was found wrong with them."""
        held = f"{len(self.regions)}个地区{len(self.items)}项 · 问题{len(self.findings)}处"
        tables = "事项表 .items，问题 .findings，文件 .files"
        return f"{self.dataset.title} · {self.name} · 截止 {self.cutoff or '未注明'} · {held}；{tables}"

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what was made under this key before, or make it now and remember it: reports share what is equal."""
        if key not in self.memory:
            self.memory[key] = make()
        made = self.memory[key]
        value: T = own_copy(dict(made) if type(made) is dict else made)
        return value


_HELD: dict[tuple[Path, str], Period] = {}
_READ: dict[tuple[Path, str], tuple[Hashable, Period]] = {}  # the periods read last, and what they were read from


def hold(period: Period) -> None:
    """Have `load_period` give this period from now on in this process, instead of reading it; a build does so."""
    _HELD[(period.dataset.folder, period.name)] = period


def load_period(data: str = "", period: str | int = "", *, settings: Settings | None = None) -> Period:
    """Return the items of one period; empty names mean the data set of the settings and its newest period.

    While nothing in the folder of the data set and in the settings changes a process reads a period once: whoever asks
    again gets the same, with all that was made of it.
    Raises UnknownName for a set or period nobody knows, InputError for an empty folder or a file that cannot be used.
    """
    chosen, period = settings or load_settings(), str(period)
    folder = chosen.path(data or chosen.data)
    held = _HELD.get((folder, period)) if settings is None else None
    if held:  # with a memory of its own, so that no report can change what another reads
        return replace(held, memory=dict(held.memory))
    dataset = load_dataset(data, settings=chosen)
    periods = list_periods(data, settings=chosen)
    if period and period not in periods:
        raise unknown_name("期次", period, periods)
    if not periods:
        hint = "请建立 <期次>/items/ 文件夹，放入各地的工作簿，例如 2021Q1/items/。"
        raise InputError(f"“{dataset.folder}”里没有任何期次。", hint)
    name = period or periods[-1]
    read_from, (before, read) = _read_from(dataset, chosen), _READ.get((dataset.folder, name), (None, None))
    if read and read_from and read_from == before:
        return read
    paths = item_files(dataset.folder / name)
    key = key_of({path.name: file_digest(path) for path in paths}, state=how_read(dataset, chosen))
    build = partial(read_period, paths, settings=chosen, mapping=dataset.columns)
    items, findings, files = cached(chosen.root / CACHE, key, build)
    if again := handed_in_again({path.name: path for path in paths}):
        findings = pd.concat([findings_of(again), findings], ignore_index=True)
    about = dataset.periods.get(name, {})
    read = Period(name, str(about.get("title", name)), dataset, dataset.cutoff(name), items, findings, files)
    _READ[dataset.folder, name] = read_from, read
    for oldest in list(_READ)[:-STAYING]:
        _READ.pop(oldest, None)
    return read


def _read_from(dataset: Dataset, settings: Settings) -> Hashable:
    """Return the state of all a period depends on; None where it cannot be told: a database, files that come and go."""
    with suppress(OSError):
        files = ((path, state_of(path)) for path in all_in(dataset.folder))
        return None if dataset.cases else (repr(settings), *files)
    return None


def how_read(dataset: Dataset, settings: Settings) -> str:
    """Return the settings and entries of a data set that decide what its workbooks read as, as a text for a key."""
    return repr((settings.units, settings.guard, sorted(dataset.columns.items())))


def no_rows(period: Period, code: str) -> NoData:
    """Return the error for a region without items in a period; it names those that have some."""
    there = [region_name(one) for one in period.items["region_code"].drop_duplicates() if one]
    own, read = load_settings().data, period.dataset.folder.name
    other = f"这里读的是 {read}，不是设置里的 {own}（参数 data、period）。" if Path(own).name != read else ""
    hint = f"{other}有数据的地区：{'、'.join(there[:20])}。请换一个地区，或检查 items 文件夹里的工作簿。"
    return NoData(f"{period.dataset.title}（{period.name}）里没有{region_name(code)}的事项。", hint)


def load_previous(period: Period, *, settings: Settings | None = None) -> Period:
    """Return the period before this one: the newest that has workbooks or figures of items in history.csv.

    One that history.csv alone has comes with its name and without rows; the first period has none before it.
    """
    folder = period.dataset.folder
    name = previous_period(str(folder), period.name, settings=settings)
    rows = _history_table(folder).rows
    of_items = rows.loc[~rows["indicator"].isin(load_definitions()["indicator"]), "period"]
    newest = max((one for one in of_items if one < period.name), default="")
    if name and name >= newest:
        return load_period(str(folder), name, settings=settings)
    about = period.dataset.periods.get(newest, {})
    nothing = {key: getattr(period, key).iloc[:0] for key in ("items", "findings", "files")}
    title, cutoff = str(about.get("title", newest)), period.dataset.cutoff(newest)
    return replace(period, name=newest, title=title, cutoff=cutoff, cases=None, memory={}, **nothing)


def item_files(folder: Path) -> list[Path]:
    """Return the files of data/<set>/<period>/items by name (`files_in`)."""
    kinds, hint = "工作簿，也不是 CSV 或 JSON", "请移出 items 文件夹，或另存为 .xlsx。"
    files = files_in(folder / "items", (*SUFFIXES, *OTHER_SUFFIXES), kinds=kinds, hint=hint)
    if not files:
        raise InputError(f"文件夹“{folder / 'items'}”是空的。", "请放入各地的事项工作簿（.xlsx、.csv 或 .jsonl）。")
    return sorted(files, key=name_order)


def read_period(paths: list[Path], *, settings: Settings, mapping: Mapping[str, str]) -> Tables:
    """Read and check files as one period: (items, findings, files); one that cannot be used is an InputError."""
    files = {path.name: path for path in paths}
    results = check_apart(files, settings=settings, mapping=mapping)
    refused = [result for result in results.values() if isinstance(result, InputError)]
    if refused:
        others = "".join(f"\n{error.message}" for error in refused[1:])
        raise InputError(f"{refused[0].message}{others}", refused[0].hint)
    return assembled({name: result for name, result in results.items() if isinstance(result, Checked)}, files)


HISTORY, SUCCESSIONS = "history.csv", "successions.csv"
KEY = ["period", "region_code", "indicator"]
SUMS = ("numerator", "denominator", "n", "n_left_out")
_FIGURES = (*KEY, *SUMS, "definition", "source", "row_number")
_SUCCESSIONS = [column.key for column in TABLES["successions"]]
RowsAndFindings = tuple[pd.DataFrame, pd.DataFrame]


def load_history(folder: Path, *, indicators: Collection[str]) -> RowsAndFindings:
    """Return `history` and `findings` of a data set folder; two empty tables when it has no history.csv.

    A row of an unknown region or indicator (``indicators``: the keys known), one without numbers and the second of two
    rows on the same figure are left out, and named in a finding. Raises InputError for a file without these columns.
    """
    table = _history_table(folder)
    text = table.rows.reindex(columns=list(_FIGURES), fill_value="")
    codes = text["region_code"].map(find_code).astype("str")
    typed = text.assign(region_code=codes, **{name: numbers(text[name]) for name in SUMS})
    broken = (
        ("history_unknown", "region_code", typed["region_code"].isna()),
        ("history_unknown", "indicator", ~typed["indicator"].isin(list(indicators))),
        ("history_number", "numerator", typed["numerator"].isna()),
        ("history_number", "denominator", typed["denominator"].isna() | (typed["denominator"] <= 0)),
        ("history_twice", "period", typed.duplicated(KEY)),
    )
    return _used(typed, text, table, broken)


def _history_table(folder: Path) -> OfficeTable:
    return table_at(folder / HISTORY, TABLES["history"], required=(*KEY, *SUMS[:2]))


def load_successions(folder: Path, *, upto: str = "") -> RowsAndFindings:
    """Return `successions` and `findings` of a data set folder; two empty tables when it has no successions.csv.

    One row is one old code and one new one: a merger is several rows with one ``into``, a split several with one
    ``code``. A row without its codes, its period or a source is left out and named. ``upto``: no row of a later period.
    Raises InputError for a file without these columns.
    """
    table = table_at(folder / SUCCESSIONS, TABLES["successions"], required=("period", "code", "into", "source"))
    text = table.rows.reindex(columns=[*_SUCCESSIONS, "row_number"], fill_value="")
    blank = (text[["period", "code", "into"]] == "").any(axis=1) | text["code"].eq(text["into"])
    unfounded = ~blank & text["source"].eq("")
    broken = (("succession_code", "code", blank), ("succession_source", "source", unfounded))
    rows, findings = _used(text, text.assign(source=text["code"]), table, broken)  # what the sentence quotes
    return rows.loc[rows["period"].le(upto) | (upto == ""), _SUCCESSIONS].reset_index(drop=True), findings


def _used(rows: pd.DataFrame, text: pd.DataFrame, table: OfficeTable, broken: Sequence[Broken]) -> RowsAndFindings:
    """Return the rows that break no rule, and the findings on the others."""
    used = ~np.logical_or.reduce([mask for _, _, mask in broken])
    return rows[used].reset_index(drop=True), findings_in(table, text, broken)


def disagreements(history: pd.DataFrame, measured: pd.DataFrame) -> pd.DataFrame:
    """Return a finding for every figure of history.csv that the workbooks of its period do not give.

    Both to the four decimals a history is written with; the workbooks count.
    """
    both = history.merge(measured, on=KEY, suffixes=("", "_measured"))
    written, computed = (both[[f"{name}{side}" for name in SUMS[:2]]].to_numpy("float64") for side in ("", "_measured"))
    apart = ~np.isclose(written, computed, rtol=1e-6, atol=1e-3).all(axis=1)
    rows = both[apart]
    texts = [[f"{above:.10g}/{below:.10g}" for above, below in side[apart]] for side in (written, computed)]
    violation = Violation("history_differs", rows["row_number"].to_numpy(), "numerator", *map(np.array, texts))
    regions = dict(zip(rows["row_number"], rows["region_code"], strict=True))
    return findings_of([rows_of([violation], file=HISTORY, regions=regions)])
