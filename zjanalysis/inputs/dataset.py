"""Data sets: data/<set>/dataset.toml says what a set is; data/<set>/<period>/items/* are its workbooks."""

from __future__ import annotations

import csv
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

from zjanalysis.columns import ITEM_COLUMNS, TABLES
from zjanalysis.errors import ConfigError, InputError, unknown_name
from zjanalysis.files import write_whole
from zjanalysis.inputs.regions import find_code
from zjanalysis.settings import Settings, load_settings

FILE_NAME = "dataset.toml"
_ENTRIES = ("title", "kind", "source", "licence", "scope", "columns", "periods", "cases", "focus", "peers")


@dataclass(frozen=True)
class Dataset:
    """A data set: where it lies, what it is, where it is from. ``kind`` is real or sample (示例数据).

    ``focus`` and ``peers``: whom its reports are about and compared with, where that is not for the settings to say.
    """

    folder: Path
    title: str
    kind: str
    source: str
    item_types: tuple[str, ...] | None = None
    use_levels: tuple[str, ...] = ("3", "4")
    columns: Mapping[str, str] = field(default_factory=dict)
    periods: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    cases: Mapping[str, str] = field(default_factory=dict)
    focus: tuple[str, ...] = ()
    peers: str = ""

    def cutoff(self, period: str) -> str:
        """Return the day the items of a period were taken, as dataset.toml has it; empty where it tells none."""
        return str(self.periods.get(period, {}).get("cutoff", ""))


def load_dataset(data: str = "", *, settings: Settings | None = None) -> Dataset:
    """Read data/<set>/dataset.toml; empty ``data`` means the set of the settings.

    Raises UnknownName for a folder that does not exist, InputError without dataset.toml, ConfigError for a wrong entry.
    """
    rules = settings or load_settings()
    folder = rules.path(data or rules.data)
    if not folder.is_dir():
        places = (folder.parent, rules.root / "data")
        sets = [path.parent for place in places for path in sorted(place.glob(f"*/{FILE_NAME}"))]
        names = [(p.relative_to(rules.root) if p.is_relative_to(rules.root) else p).as_posix() for p in sets]
        error = unknown_name("数据集", str(data or rules.data), names)
        if find_code(str(data)):
            error.hint = f'“{data}”是地区，写作 region="{data}"，命令行用 --region。{error.hint}'
        raise error
    path = folder / FILE_NAME
    if not path.is_file():
        hint = "请写明 title、kind（real 或 sample）、source、licence，可照 data/gd-2021-05 的样子。"
        raise InputError(f"“{folder}”里没有 {FILE_NAME}。", hint)
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        hint = "请用 UTF-8 保存，并对照 data/gd-2021-05/dataset.toml 检查这一行。"
        raise ConfigError(f"“{path}”读不懂：{error}", hint) from error
    return _dataset(folder, written)


def _dataset(folder: Path, written: Mapping[str, Any]) -> Dataset:
    for name in written:
        if name not in _ENTRIES:
            raise unknown_name(f"{FILE_NAME} 的条目", name, _ENTRIES)
    if written.get("kind") not in ("real", "sample"):
        wrong = f"“{folder / FILE_NAME}”的 kind 是 {written.get('kind')!r}。"
        raise ConfigError(wrong, '请写 kind = "real"（真实）或 "sample"（示例）。')
    scope, columns = written.get("scope", {}), written.get("columns", {})
    keys = {name: column.key for column in ITEM_COLUMNS for name in (*column.aliases, column.key, column.label)}
    for name in columns.values():
        if name not in keys:
            raise unknown_name("列", str(name), [column.label for column in ITEM_COLUMNS])
    texts = {word: str(written.get(word, "")) for word in ("title", "kind", "source", "peers")}
    return Dataset(
        folder,
        **texts,
        item_types=tuple(scope["item_types"]) if "item_types" in scope else None,
        use_levels=use_levels(map(str, scope["use_levels"])) if "use_levels" in scope else Dataset.use_levels,
        columns={header: keys[name] for header, name in columns.items()},
        periods=dict(written.get("periods", {})),
        cases=dict(written.get("cases", {})),
        focus=tuple(map(str, written.get("focus", ()))),
    )


def use_levels(names: Iterable[str]) -> tuple[str, ...]:
    """Return levels of exercise as codes; raises UnknownName for one nobody knows.

    >>> use_levels(["市级", "4"])
    ('3', '4')
    """
    from zjanalysis.inputs.values import BAD, use_level  # noqa: PLC0415  its patterns take a tenth of zj list

    codes = {name: use_level(name) for name in names}
    for name, code in codes.items():
        if code in ("", BAD):
            raise unknown_name("行使层级", name, ("省级", "市级", "县级", "镇级", "村级"))
    return tuple(codes.values())


def dataset_of(path: Path, *, settings: Settings) -> Dataset:
    """Return the data set that a file lies in; for a file from elsewhere that of the settings (`dataset_in`)."""
    above = (folder for folder in path.absolute().parents if (folder / FILE_NAME).is_file())
    return dataset_in(next(above, settings.path(settings.data)), settings=settings)


def dataset_in(folder: Path, *, settings: Settings) -> Dataset:
    """Return the data set of a folder; where there is none yet, one that tells nothing, with the usual scope."""
    there = (folder / FILE_NAME).is_file()
    return load_dataset(str(folder), settings=settings) if there else Dataset(folder, "", "", "")


def cutoff_day(dataset: Dataset, period: str) -> date:
    """Return the cut-off of a period, from which due days are counted; raises ConfigError where none is written."""
    cutoff = dataset.cutoff(period)
    with suppress(ValueError):
        if (day := date.fromisoformat(cutoff)).isoformat() == cutoff:
            return day
    wrong = f"的截止日期“{cutoff}”认不出" if cutoff else "没有写截止日期"
    hint = f'请在 {FILE_NAME} 的 [periods."{period}"] 下写数据截至哪一天，如 cutoff = "2021-03-31"。'
    raise ConfigError(f"{dataset.folder.name} 的 {period} 期{wrong}。", hint)


def learn_columns(path: Path, names: Mapping[str, str]) -> None:
    """Add header → column name to the ``[columns]`` of a dataset.toml; everything else in it stays as it is.

    Raises ConfigError, and writes nothing, where there is none or it would not read as it should afterwards.
    """
    lines = columns_lines(names)
    if not path.is_file():
        raise ConfigError(f"没有“{path}”。", f"请先建立（可照 data/gd-2021-05 的样子），再写入：\n[columns]\n{lines}")
    text = path.read_bytes().decode("utf-8-sig")
    head = re.search(r"^[ \t]*\[[ \t]*columns[ \t]*\][ \t]*(?:#.*)?$", text, re.MULTILINE)
    above, below = (text[: head.end()], text[head.end() :]) if head else (f"{text.rstrip()}\n\n[columns]", "\n")
    added = f"{above}\n{lines}{below.lstrip(chr(13)).removeprefix(chr(10))}"
    before = tomllib.loads(text)
    expected = {**before, "columns": {**before.get("columns", {}), **names}}
    good = False
    with suppress(tomllib.TOMLDecodeError):
        good = tomllib.loads(added) == expected
    if not good:
        raise ConfigError(f"“{path}”里写不进 [columns]。", f"请自己写入：\n{lines}")
    write_whole(path, added.encode("utf-8"))


def columns_lines(names: Mapping[str, str]) -> str:
    """Return header → column name as lines of TOML.

    >>> print(columns_lines({'事项"名"': "事项名称"}), end="")
    "事项\\"名\\"" = "事项名称"
    """
    return "".join(f"{json.dumps(header, ensure_ascii=False)} = {json.dumps(name, ensure_ascii=False)}\n"
                   for header, name in names.items()).replace("\x7f", "\\u007f")  # fmt: skip


GROWING = (FILE_NAME, "history.csv", "successions.csv")
"""Files of a data set that a new period adds to."""


def seen_from(path: Path, period: str) -> bytes:
    """Return what a period can see of one of the `GROWING` files: all but what a later period has added.

    A table without a column of periods, and what cannot be read, is seen whole.
    """
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030", errors="replace")
    if path.name == FILE_NAME:
        try:
            written = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            return content
        early = {name: about for name, about in written.get("periods", {}).items() if name <= period}
        return repr({**written, "periods": early}).encode("utf-8")
    rows = list(csv.reader(text.splitlines()))
    heads = [name for column in TABLES["history"][:1] for name in (column.key, column.label, *column.aliases)]
    place = next((n for n, head in enumerate(rows[0] if rows else ()) if head.strip() in (*heads, "启用期次")), None)
    if place is None:
        return content
    return repr([row for row in rows[1:] if len(row) <= place or row[place] <= period]).encode("utf-8")


def list_periods(data: str = "", *, settings: Settings | None = None) -> tuple[str, ...]:
    """Return the periods of a data set, oldest first: the folders that hold items."""
    folder = load_dataset(data, settings=settings).folder
    return tuple(sorted(path.parent.name for path in folder.glob("*/items") if path.is_dir()))


def previous_period(data: str, period: str, *, settings: Settings | None = None) -> str:
    """Return the period before this one, "" when it is the first."""
    return max((name for name in list_periods(data, settings=settings) if name < period), default="")


def steps_in_time(periods: Iterable[str]) -> dict[str, int]:
    """Return where each period lies, counted in the shortest step between two; a step of more than 1 leaves a gap.

    Quarters (2021Q1) or months (2021-05); names of another form follow one another. Two periods alone are counted as
    their names count.

    >>> steps_in_time(["2020Q1", "2020Q2", "2021Q1"]), steps_in_time(["2020-03", "2020-06", "2020-09"])
    ({'2020Q1': 0, '2020Q2': 1, '2021Q1': 4}, {'2020-03': 0, '2020-06': 1, '2020-09': 2})
    >>> steps_in_time(["2020Q2", "2021Q1"]), steps_in_time(["甲", "乙"])
    ({'2020Q2': 0, '2021Q1': 3}, {'乙': 0, '甲': 1})
    """
    names = sorted(set(periods))
    matches = [re.fullmatch(r"(\d{4})(Q|-)(\d{1,2})", name) for name in names]
    if len({one and one[2] for one in matches}) != 1 or not matches[0]:
        return {name: place for place, name in enumerate(names)}
    places = [int(one[1]) * (4 if one[2] == "Q" else 12) + int(one[3]) for one in matches if one]
    steps = [later - place for place, later in pairwise(places)]
    shortest = min(steps) if len(steps) > 1 else 1
    return {name: (place - places[0]) // shortest for name, place in zip(names, places, strict=True)}
