"""zjanalysis.toml → one frozen, validated Settings; nothing else reads configuration."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from zjanalysis.errors import ConfigError, unknown_name

FILE_NAME = "zjanalysis.toml"
T = TypeVar("T")


@dataclass(frozen=True)
class Units:
    """How many working days one unit is (劳社部发〔2008〕3号; ``calendar_day`` is ours: 250/365)."""

    year: float = 250.0
    quarter: float = 62.5
    month: float = 20.83
    week: float = 5.0
    hours_per_day: float = 8.0
    calendar_day: float = 250 / 365


@dataclass(frozen=True)
class Comparison:
    """When two regions may be compared, and which difference counts (DOMAIN §6)."""

    group: str = "粤东粤西粤北"
    min_peers: int = 3
    min_coverage: float = 0.5
    min_differing: float = 5.0
    margin_time: float = 0.005
    margin_visits: float = 0.02

    def few_peers(self, n: int) -> str:
        """Return that only so many peers have data, and how many it takes."""
        return f"有数据的兄弟地区只有{n}个，不足{self.min_peers}个" if n else "兄弟地区都没有数据"


@dataclass(frozen=True)
class Guard:
    """What a file may be at most, and what reading it may take at most (small files are given less)."""

    max_file_mb: float = 200.0
    max_unpacked_mb: float = 1500.0
    max_parts: int = 2000
    max_rows: int = 400_000
    max_columns: int = 400
    max_cell_chars: int = 100_000
    max_memory_mb: float = 4000.0
    max_seconds: float = 600.0


@dataclass(frozen=True)
class Evaluation:
    """The province's yearly evaluation: where the city stood, and what the published results say about the tiers.

    ``base_score``: 2020, of the city ``base_city`` (0: not known), the work plan of 2021-01-27. ``first_tier``: the
    province publishes no line; in the evaluation of 2021 汕尾、韶关、茂名 were above 93, ten of the twelve
    cities of 粤东粤西粤北 above 90.
    """

    base_city: str = "440800"
    base_score: float = 89.60
    first_tier: float = 93.0
    most_cities: float = 90.0
    source: str = "2020年：工作方案；2021年：省政数局第三方评估报告公布结果（2022年5月）"


@dataclass(frozen=True)
class Cases:
    """How case tables are read: memory limit and spill folder of the embedded engine, and the made cases of a sample.

    ``threads`` 0 takes every core; ``max_spill_gb`` 0 sets no limit of its own on the spill folder.
    """

    memory_gb: float = 4.0
    threads: int = 0
    spill: str = ".cache/spill"
    max_spill_gb: float = 0.0
    made: int = 1_000_000
    overdue_rows: int = 10_000


@dataclass(frozen=True)
class Settings:
    """Everything that can be set, and ``root``, the project folder that paths start from."""

    root: Path
    focus: str = "440800"
    data: str = "data/sample"
    out: str = "reports"
    units: Units = field(default_factory=Units)
    comparison: Comparison = field(default_factory=Comparison)
    guard: Guard = field(default_factory=Guard)
    cases: Cases = field(default_factory=Cases)
    evaluation: Evaluation = field(default_factory=Evaluation)

    def path(self, name: str | Path) -> Path:
        """Return the absolute path: as it stands when it exists from here or is absolute, else from ``root``."""
        here = Path(name).expanduser()
        return here.absolute() if here.is_absolute() or here.exists() else (self.root / here).absolute()

    @property
    def reports(self) -> Path:
        """Return the folder that reports go to unless a command names another: the project's, wherever one stands."""
        return (self.root / Path(self.out).expanduser()).absolute()


def find_root() -> Path:
    """Return the nearest folder upwards that holds zjanalysis.toml, else the checkout this package lies in.

    ``ZJANALYSIS_ROOT`` in the environment comes first.
    """
    named = os.environ.get("ZJANALYSIS_ROOT")
    if named:
        return Path(named).absolute()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / FILE_NAME).is_file():
            return folder
    checkout = Path(__file__).resolve().parent.parent
    return checkout if (checkout / FILE_NAME).is_file() else here


def load_settings(root: Path | None = None) -> Settings:
    """Read the settings of the project folder; what the file does not say keeps its default.

    Raises ConfigError for a file that is not TOML or a value of the wrong kind, UnknownName for an unknown key.
    """
    folder = root or find_root()
    path = folder / FILE_NAME
    if not path.is_file():
        return Settings(root=folder)
    try:
        return _understood(folder, path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        hint = "请用 UTF-8 保存，并对照项目自带的 zjanalysis.toml 检查这一行。"
        raise ConfigError(f"设置文件 {FILE_NAME} 读不懂：{error}", hint) from error


@lru_cache(maxsize=1)
def _understood(folder: Path, text: str) -> Settings:
    return _record(Settings, {"root": folder, **tomllib.loads(text)}, where="")


def _record(kind: type[T], written: Mapping[str, Any], *, where: str) -> T:
    """Build a frozen record from a table of the file, refusing names and kinds that do not belong."""
    hints = get_type_hints(kind)
    names = [f.name for f in fields(kind) if f.name != "root"]  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    for name, value in written.items():
        if name not in hints:
            raise unknown_name("设置项", f"{where}{name}", [f"{where}{k}" for k in names])
        values[name] = _value(hints[name], value, where=f"{where}{name}")
    return kind(**values)


def _value(wanted: Any, value: Any, *, where: str) -> Any:
    if is_dataclass(wanted):
        if not isinstance(value, Mapping):
            raise ConfigError(f"设置项“{where}”应是一节 [{where}]。", f"请写成 [{where}] 开头的一节。")
        return _record(wanted, value, where=f"{where}.")  # type: ignore[arg-type]
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, wanted) or isinstance(value, bool):
        names = {str: "文字（加引号）", int: "整数", float: "数字"}
        hint = f"请修改 {FILE_NAME}。"
        raise ConfigError(f"设置项“{where}”的值 {value!r} 不对，应是{names.get(wanted, wanted)}。", hint)
    if isinstance(value, (int, float)) and value < 0:
        raise ConfigError(f"设置项“{where}”不能是负数（现为 {value}）。", f"请修改 {FILE_NAME}。")
    return value
