"""Synthetic cases（示例数据，模拟） that fit the items of a sample period, with the truth known for each of them.

Reached only for a sample that has no case files of its own (`engines.in_engine`).
"""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from zjanalysis.cases.inputs import NO_LIMIT, CaseSource
from zjanalysis.columns import label
from zjanalysis.inputs.calendar import NATURAL_UNIT, calendar_table, day_number
from zjanalysis.inputs.regions import units_of
from zjanalysis.settings import Settings

SEED = 20210331
PERIOD_DAYS = 89
CHANNELS, CHANNEL_SHARES = ("网上", "窗口", "粤省事", "自助终端"), (0.55, 0.31, 0.09, 0.05)
# Shares of all cases: what is wrong in real case tables.
FAULTS = {"no_accept": 0.002, "reversed": 0.001, "sentinel": 0.001, "no_promise": 0.002, "unknown_region": 0.0005}
SHARE_TWICE = 0.001
_KEYS = ("case_no", "region_code", "base_code", "department", "channel", "accepted", "finished", "promised",
         "promised_unit", "statutory", "special_days")  # fmt: skip


def draw_cases(items: pd.DataFrame, n: int, *, cutoff: int, seed: int = SEED) -> pd.DataFrame:
    """Draw n cases of the 89 days up to the cut-off, by the case counts of the items; the same seed, the same cases.

    Columns of a case table as day numbers, and the truth: true_days, true_on_time, true_overdue, fault.
    """
    rng = np.random.default_rng(seed)
    pool = _pool(items)
    chosen = rng.choice(len(pool), size=n, p=(pool["weight"] / pool["weight"].sum()).to_numpy())
    rows = pool.iloc[chosen].reset_index(drop=True).drop(columns=["weight"])
    numbers = np.arange(n)
    rows = rows.assign(
        case_no=np.char.add(f"{seed:08d}", np.char.zfill(numbers.astype("U9"), 9)),
        channel=rng.choice(CHANNELS, size=n, p=CHANNEL_SHARES),
        accept_day=_accepted(rng, n, cutoff),
        special_days=np.where((rows["promised"] > 3) & (rng.random(n) < 0.02), rng.integers(1, 11, n), 0.0),
    )
    return _with_faults(rng, _finished(rng, rows, cutoff), cutoff)


def _pool(items: pd.DataFrame) -> pd.DataFrame:
    used = items[items["in_force"] & items["match_code"].notna() & items["promised_days"].notna()]
    used = used[used["case_count"] > 0].reset_index(drop=True)
    natural = used["promised_unit"].eq(NATURAL_UNIT)
    by_department = pd.factorize(used["region_code"] + used["department"])[0]
    quality = np.random.default_rng(1)
    n_departments = int(by_department.max()) + 1 if len(used) else 0
    late = quality.beta(0.8, 160, n_departments)[by_department]
    # How much of its promise an item takes in practice; some promise far more time than they need.
    pace = quality.choice([0.15, 0.45, 0.75], size=len(used), p=[0.2, 0.4, 0.4])
    return pd.DataFrame({
        "region_code": used["region_code"], "base_code": used["match_code"], "department": used["department"],
        "promised": np.where(natural, used["promised_written"], np.ceil(used["promised_days"])),
        "promised_unit": np.where(natural, NATURAL_UNIT, "工作日"),
        "statutory": used["statutory_days"].where(used["statutory_days"] > 0),
        "late": late, "pace": pace, "weight": used["case_count"].astype(float),
    })  # fmt: skip


def _accepted(rng: np.random.Generator, n: int, cutoff: int) -> np.ndarray:
    """Mostly working days; online cases also arrive on days of rest."""
    days = calendar_table().query("day <= @cutoff and day > @cutoff - @PERIOD_DAYS", engine="python")
    weights = np.where(days["working"], 1.0, 0.04)
    picked: np.ndarray = rng.choice(days["day"].to_numpy(), size=n, p=weights / weights.sum())
    return picked


def _finished(rng: np.random.Generator, rows: pd.DataFrame, cutoff: int) -> pd.DataFrame:
    """Decide first whether a case is late and how long it takes, and only then on which day it is finished."""
    days = calendar_table()
    at = rows["accept_day"].to_numpy() - int(days["day"].iloc[0])
    ordinal, before = days["ordinal"].to_numpy(), days["before"].to_numpy()
    working = np.flatnonzero(days["working"].to_numpy())  # position of the working day with ordinal i + 1
    promised, special = rows["promised"].to_numpy(), rows["special_days"].to_numpy()
    natural = rows["promised_unit"].eq(NATURAL_UNIT).to_numpy()
    late = rng.random(len(rows)) < rows["late"].to_numpy()
    taken = np.floor(promised * np.minimum(rows["pace"].to_numpy() * rng.gamma(8, 1 / 8, len(rows)), 1.0))
    over = rng.geometric(0.35, len(rows))
    due_at = np.where(
        natural,
        working[before[np.minimum(at + promised + special, len(days) - 1).astype(int)]],
        working[np.maximum(ordinal[at] + promised + special, before[at] + 1).astype(int) - 1],
    )
    due_ordinal = ordinal[due_at]
    early = np.where(natural, at + taken, np.where(taken + special == 0, at, 0))
    on_day = np.where(early > 0, early, working[np.maximum(ordinal[at] + taken + special, 1).astype(int) - 1])
    finish_at = np.where(late, working[due_ordinal + over - 1], np.maximum(on_day, at)).astype(int)
    end = cutoff - int(days["day"].iloc[0])
    forgotten = rng.random(len(rows)) < 0.0012
    still_open = (finish_at > end) | forgotten
    return rows.assign(
        finish_day=np.where(still_open, np.nan, finish_at + int(days["day"].iloc[0])),
        true_days=np.where(still_open, np.nan, np.maximum(ordinal[finish_at] - ordinal[at] - special, 0)),
        true_on_time=np.where(still_open, np.nan, ~late),
        true_overdue=np.where(still_open, due_at < end, np.nan),
    ).drop(columns=["late", "pace"])


def _with_faults(rng: np.random.Generator, rows: pd.DataFrame, cutoff: int) -> pd.DataFrame:
    """Spoil some rows; what a spoiled row can no longer tell is missing in the truth as well."""
    point = rng.random(len(rows))
    edges = np.cumsum(list(FAULTS.values()))
    fault = pd.Series(np.array([*FAULTS, ""], dtype=object)[np.searchsorted(edges, point, side="right")], dtype="str")
    done = rows["finish_day"].notna()
    fault = fault.mask(~done & fault.isin(["reversed", "sentinel"]), "")
    lost = fault.isin(["no_accept", "reversed", "sentinel"])
    unpromised = lost | fault.eq("no_promise")
    untold = {"true_days": lost, "true_on_time": unpromised, "true_overdue": unpromised}
    spoiled = rows.assign(
        fault=fault,
        **{name: rows[name].mask(mask) for name, mask in untold.items()},
        finish_day=rows["finish_day"]
        .mask(fault.eq("reversed"), rows["accept_day"] - 3)
        .mask(fault.eq("sentinel"), float(-25567)),  # 1900-01-01
        accept_day=rows["accept_day"].astype("float64").mask(fault.eq("no_accept")),
        promised=rows["promised"].mask(fault.eq("no_promise"), NO_LIMIT),  # a blank one would be that of the items
        region_code=rows["region_code"].mask(fault.eq("unknown_region"), "449999"),
    )
    twice = rng.random(len(rows)) < SHARE_TWICE
    numbers = spoiled["case_no"].mask(pd.Series(twice, index=rows.index), spoiled["case_no"].shift(1))
    return spoiled.assign(case_no=numbers.fillna(spoiled["case_no"]))


def write_cases(cases: pd.DataFrame, path: Path) -> Path:
    """Write drawn cases as Parquet under the Chinese headers, without the truth, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    epoch = "DATE '1970-01-01' + CAST({} AS INTEGER)"
    source = {"accepted": epoch.format("accept_day"), "finished": epoch.format("finish_day")}
    columns = ", ".join(f'{source.get(key, key)} AS "{label(key, "cases")}"' for key in _KEYS)
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.register("drawn", cases)
        target = str(part).replace("'", "''")
        connection.execute(f"COPY (SELECT {columns} FROM drawn) TO '{target}' (FORMAT parquet)")
    part.replace(path)
    return path


def synthetic_cases(source: CaseSource, *, settings: Settings) -> Path:
    """Return the file of a sample period's cases, written on first use into .cache (never committed).

    The cases are those of the focus city and its report units, as an office has them: as many as its items count, at
    most [cases] made. A data set without the focus gets cases for everybody.
    """
    own = source.items["region_code"].isin(units_of(settings.focus))
    items = source.items[own] if own.any() else source.items
    n = min(settings.cases.made, int(items["case_count"].sum()))
    columns = ["region_code", "match_code", "department", "promised_written", "promised_days", "case_count", "in_force"]
    counted = pd.util.hash_pandas_object(items[columns], index=False).to_numpy()
    mark = blake2b(counted.tobytes() + f"{n}|{SEED}|3".encode(), digest_size=6).hexdigest()
    path = settings.root / ".cache" / "cases" / f"{source.title.replace('/', '-')}-{mark}.parquet"
    if not path.is_file():
        write_cases(draw_cases(items, n, cutoff=day_number(source.cutoff)), path)
    return path
