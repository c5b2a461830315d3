"""Cases by the million: `scores_of` against hand-written SQL. ``python benchmarks/cases.py 2 20 100`` (millions).

Every measurement is a process of its own (seconds, CPU seconds, peak memory), the ways taking turns; the best of the
rounds counts. Cases are drawn once into .cache/benchmark (some 20 bytes each) and kept. The way of polars is left out
where polars is not installed; it is nothing the project needs.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import duckdb

from zjanalysis.cases.analysis import CASE_INDICATORS, case_summary, scores_of
from zjanalysis.cases.clock import open_cases
from zjanalysis.cases.engines import in_engine
from zjanalysis.cases.inputs import CaseSource, case_source
from zjanalysis.cases.synthetic import draw_cases, write_cases
from zjanalysis.inputs.calendar import calendar_day, calendar_table, day_number
from zjanalysis.inputs.period import load_period
from zjanalysis.settings import Settings, load_settings

CHUNK = 2_000_000
BY = ("region_code", "base_code")
PANDAS_UP_TO = 2  # 20 million took 71 s and 18.6 GB

# What a colleague would write for the same five indicators: the same joins, the same sums, no layer in between.
SAME_PLAN = """
WITH cases AS (
  SELECT 行政区划代码 region, 基本编码 base, 申请渠道 channel, (受理时间 - DATE '1970-01-01')::INTEGER a,
    (办结时间 - DATE '1970-01-01')::INTEGER f, 承诺办结时限 p, 承诺办结时限单位 u, 特别程序天数 s,
    CASE WHEN 法定办结时限 > 0 AND 法定办结时限 < 500 THEN 法定办结时限 END l, 办结时间 IS NULL AS unfinished
  FROM read_parquet({files})),
timed AS (
  SELECT cases.*, x.ordinal ao, x.before ab, y.ordinal fo, y.before fb,
    CASE WHEN u = '自然日' THEN a + ceil(p) + ceil(s) END AS d
  FROM cases LEFT JOIN calendar x ON x.day = a LEFT JOIN calendar y ON y.day = f),
due AS (
  SELECT timed.*, CASE WHEN d IS NOT NULL THEN z.before + 1 WHEN u = '工作日' THEN greatest(ao + p + s, ab + 1) END AS due,
    ao IS NOT NULL AND fo IS NOT NULL AND f >= a AND f <= {cutoff} AS done, (unfinished OR f > {cutoff}) AND ao IS NOT NULL AND a <= {cutoff} AS open,
    greatest(fo - ao - s, 0) AS taken
  FROM timed LEFT JOIN calendar z ON z.day = d)
SELECT region, base, count(*),
  sum(CASE WHEN done AND due IS NOT NULL THEN (fb < due)::INTEGER END), count(CASE WHEN done AND due > 0 THEN 1 END),
  sum(CASE WHEN done THEN taken END), count(CASE WHEN done THEN 1 END),
  sum(CASE WHEN done AND l > 0 THEN l - taken END), sum(CASE WHEN done AND l > 0 THEN l END),
  count(CASE WHEN done AND l > 0 THEN 1 END),
  sum(CASE WHEN channel IS NOT NULL THEN (channel IN ('网上', '粤省事'))::INTEGER END), count(channel),
  sum(CASE WHEN open AND due IS NOT NULL THEN (due <= {before})::INTEGER END),
  count(CASE WHEN open AND due IS NOT NULL THEN 1 END), count(CASE WHEN open THEN 1 END)
FROM due GROUP BY ALL
"""

# The fastest form known (SPEED.md): ordinals as a list indexed by day; only count, on-time share and mean, and
# working-day promises only.
LIST_INDEX = """
WITH cases AS (
  SELECT 行政区划代码 region, 基本编码 base, 承诺办结时限 p, ({ordinals})[受理时间 - DATE '{first}'] ao,
    ({ordinals})[办结时间 - DATE '{first}'] fo, ({ordinals})[办结时间 - DATE '{first}' - 1] fb
  FROM read_parquet({files}))
SELECT region, base, count(*), sum((fb < ao + p)::INTEGER), count(fo), sum(fo - ao) FROM cases GROUP BY ALL
"""


def prepared(millions: float, folder: Path) -> tuple[Path, ...]:
    items = load_period("data/sample", "2021Q1").items
    paths = []
    for number in range(max(1, round(millions * 1e6 / CHUNK))):
        path = folder / f"cases-{number:03d}.parquet"
        if not path.is_file():
            write_cases(draw_cases(items, CHUNK, cutoff=day_number(cutoff()), seed=number + 1), path)
        paths.append(path)
    return tuple(paths)


def cutoff():  # type: ignore[no-untyped-def]
    return case_source(load_period("data/sample", "2021Q1"), settings=load_settings()).cutoff


def known() -> Settings:
    settings = load_settings()
    return replace(settings, cases=replace(settings.cases, memory_gb=3.0, threads=2))


def by_hand(sql: str, paths: tuple[Path, ...], *, full: bool = True) -> int:
    settings = known().cases
    files = "[" + ", ".join(f"'{path}'" for path in paths) + "]"
    days = calendar_table()
    end = cutoff()
    part = days if full else days[days["day"].between(day_number(end) - 100, day_number(end) + 200)]
    ordinals = "[" + ", ".join(map(str, part["ordinal"])) + "]::SMALLINT[]"
    with duckdb.connect(config={"memory_limit": f"{settings.memory_gb}GB", "threads": settings.threads}) as connection:
        connection.register("days", days[["day", "ordinal", "before"]])
        connection.execute("CREATE TEMP TABLE calendar AS SELECT * FROM days")
        text = sql.format(files=files, cutoff=day_number(end), before=int(calendar_day(end)["before"]),
                          ordinals=ordinals, first=str(part["date"].iloc[0].date()))  # fmt: skip
        return len(connection.execute(text).df())


def by_polars(paths: tuple[Path, ...]) -> int:
    """Count, share in time and mean as LIST_INDEX gives them, by polars' streaming engine and a join of the calendar."""
    import polars as pl

    days = calendar_table()[["date", "ordinal", "before"]]
    columns = {name: days[name].to_numpy() for name in ("ordinal", "before")}
    calendar = pl.DataFrame({"day": days["date"].dt.date.tolist(), **columns}).lazy()
    cases = pl.scan_parquet(paths)
    for day, names in (("受理时间", {"ordinal": "ao"}), ("办结时间", {"ordinal": "fo", "before": "fb"})):
        told = calendar.select(pl.col("day").alias(day), *(pl.col(name).alias(new) for name, new in names.items()))
        cases = cases.join(told, on=day, how="left")
    in_time, taken = pl.col("fb") < pl.col("ao") + pl.col("承诺办结时限"), pl.col("fo") - pl.col("ao")
    sums = (pl.len(), in_time.sum().alias("in_time"), pl.col("fo").count().alias("done"), taken.sum().alias("taken"))
    return len(cases.group_by("行政区划代码", "基本编码").agg(*sums).collect(engine="streaming"))


def scored(source: CaseSource, *, engine: str = "duckdb", n: int = len(CASE_INDICATORS)) -> int:
    """Open the cases and score the first n indicators."""
    with open_cases(source, engine=engine, settings=known()) as table:
        return len(scores_of(table, by=BY, indicators=CASE_INDICATORS[:n]))


def repeats(source: CaseSource) -> int:
    """Open the cases with every number once and count them: what the look for repeated numbers costs."""
    with in_engine(source, settings=known()) as table:
        return sum(table.dropped.values())


def run(way: str, paths: tuple[Path, ...]) -> int:
    period = load_period("data/sample", "2021Q1")
    source = CaseSource("benchmark", cutoff(), period.items, paths=paths)
    if way == "polars":
        import_module("polars")  # DuckDB is imported above, and neither import is what is compared
    start, cpu = time.perf_counter(), time.process_time()
    ways = {
        "ours": lambda: scored(source),
        "same_plan": lambda: by_hand(SAME_PLAN, paths),
        "ours_two": lambda: scored(source, n=2),
        "list_index": lambda: by_hand(LIST_INDEX, paths),
        "list_short": lambda: by_hand(LIST_INDEX, paths, full=False),
        "polars": lambda: by_polars(paths),
        "repeats": lambda: repeats(source),
        "summary": lambda: case_summary(source, settings=known()),
        "pandas": lambda: scored(source, engine="pandas"),
    }
    ways[way]()
    seconds, used = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "cpu": used, "mb": peak}))
    return 0


WORDS = {
    "ours": "scores_of, five indicators",
    "same_plan": "hand-written SQL, same plan",
    "ours_two": "scores_of, on_time and actual_days",
    "list_index": "hand-written SQL, list index (whole calendar)",
    "list_short": "hand-written SQL, list index (the period only)",
    "polars": "polars streaming, calendar join (the same three figures)",
    "repeats": "looking for repeated case numbers alone",
    "summary": "case_summary (everything the report needs)",
    "pandas": "scores_of, pandas engine",
}


def compare(millions: float, *, rounds: int, folder: Path) -> None:
    paths = prepared(millions, folder)
    best: dict[str, dict[str, float]] = {}
    for _ in range(rounds):
        for way in WORDS:
            if (way == "pandas" and millions > PANDAS_UP_TO) or (way == "polars" and not find_spec("polars")):
                continue
            command = [sys.executable, __file__, "--way", way, "--folder", str(folder), str(millions)]
            done = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8")
            found = json.loads(done.stdout)
            if way not in best or found["seconds"] < best[way]["seconds"]:
                best[way] = found
    print(f"\n{len(paths) * CHUNK / 1e6:g} million cases, best of {rounds}\n")
    print("| way | seconds | CPU seconds | peak MB | ratio (CPU) |\n|---|---|---|---|---|")
    against = {"ours": "same_plan", "ours_two": "list_short"}
    for way, found in best.items():
        ratio = f"{found['cpu'] / best[against[way]]['cpu']:.2f} to {WORDS[against[way]]}" if way in against else ""
        print(
            f"| {WORDS[way]} | {found['seconds']:.2f} | {found['cpu']:.2f} | {found['mb']:.0f} | {ratio} |", flush=True
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("millions", type=float, nargs="+")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=load_settings().root / ".cache" / "benchmark")
    parser.add_argument("--way", default="")
    chosen = parser.parse_args()
    if chosen.way:
        return run(chosen.way, prepared(chosen.millions[0], chosen.folder))
    for millions in chosen.millions:
        compare(millions, rounds=chosen.rounds, folder=chosen.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
