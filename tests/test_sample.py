"""The sample workbooks: made again to the same cells, faults at the stated rates, levels like the published ones."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data" / "sample"
PERIODS = ("2020Q4", "2021Q1")
MIDDLE = "湛江市"
DRAGS = {"湛江市自然资源局", "湛江市住房和城乡建设局"}

# What each thing is called in the four dialects.
HEADERS = {
    "region": ("地区", "AREA_CODE_TEXT", "行政区划名称", "县（市、区）"),
    "name": ("事项名称", "TASK_NAME"),
    "impl_code": ("实施编码", "TASK_CODE"),
    "handle_item_code": ("业务办理项编码", "TASK_HANDLE_ITEM"),
    "item_type": ("事项类型", "TASK_TYPE_TEXT"),
    "department": ("实施主体", "DEPT_NAME", "实施部门"),
    "statutory": ("法定办结时限", "ANTICIPATE_DAY", "法定办结时限(handle_time)", "法定时限"),
    "statutory_unit": ("法定办结时限单位", "ANTICIPATE_TYPE_TEXT"),
    "promised": ("承诺办结时限", "PROMISE_DAY", "承诺办结时限(handle_time_limit)", "承诺时限"),
    "handling_type": ("办件类型", "PROJECT_TYPE_TEXT"),
    "visits": ("到办事现场次数", "LIMIT_SCENE_NUM", "到办事现场次数(LIMIT_SCENE_NUM)", "跑动次数"),
    "depth": ("网上办理深度", "WBSD_LEVEL_TEXT", "网办深度"),
    "state": ("事项状态", "TASK_STATE_TEXT"),
    "version": ("事项版本", "VERSION_DATE", "发布日期"),
}
MEANING = {header: key for key, headers in HEADERS.items() for header in headers}


def sheet_rows(path: Path) -> list[pd.DataFrame]:
    book = CalamineWorkbook.from_path(path)
    tables = []
    for name in book.sheet_names:
        rows = book.get_sheet_by_name(name).to_python()
        head = next(i for i, row in enumerate(rows) if sum(cell != "" for cell in row) > 5)
        table = pd.DataFrame(rows[head + 1 :], columns=[MEANING.get(h, h) for h in rows[head]])
        tables.append(table.assign(file=path.name, band=any("示例数据（模拟）" in str(c) for c in [name, *rows[0]])))
    return tables


def read_all(period: str) -> pd.DataFrame:
    paths = sorted((SAMPLE / period / "items").glob("*.xlsx"))
    return pd.concat([table for path in paths for table in sheet_rows(path)], ignore_index=True)


@pytest.fixture(scope="module")
def written() -> dict[str, pd.DataFrame]:
    return {period: read_all(period) for period in PERIODS}


def number(cells: pd.Series) -> pd.Series:
    text = cells.astype(str).str.normalize("NFKC")
    ready = text.isin(["即办", "当场办结"])
    found = text.where(~text.str.contains("办公")).str.extract(r"^(-?\d+)")[0].astype(float)
    return found.mask(ready, 0.0)


def usable(table: pd.DataFrame) -> pd.DataFrame:
    """Give the permits in use with both limits in days, each once."""
    typed = table.assign(
        days=number(table["statutory"]), promise=number(table["promised"]), n_visits=number(table["visits"])
    )
    other_unit = typed["statutory_unit"].isin(["自然日", "月"]) | typed["statutory"].astype(str).str.contains(
        "自然日|月"
    )
    twice = typed.duplicated(["region", "handle_item_code"], keep="last")
    permits = typed[(typed["item_type"] == "行政许可") & (typed["state"] == "在用") & ~twice & ~other_unit]
    return permits.assign(days=permits["days"].where(~permits["days"].isin([0, -1, 500, 99999])))


def levels(table: pd.DataFrame) -> pd.DataFrame:
    permits = usable(table)
    limited = permits.dropna(subset=["days", "promise"])
    sums = limited.groupby("region")[["days", "promise"]].sum()
    return pd.DataFrame(
        {
            "compression": 1 - sums["promise"] / sums["days"],
            "instant": (permits["handling_type"] == "即办件").groupby(permits["region"]).mean(),
            "zero_visits": (permits["n_visits"] == 0).groupby(permits["region"]).mean(),
        }
    )


def cities(table: pd.DataFrame) -> list[str]:
    return sorted({re.sub(r"^\d+|\.xlsx$", "", file) for file in table["file"].unique()})


def test_every_sheet_says_that_it_is_made(written: dict[str, pd.DataFrame]) -> None:
    assert all(table["band"].all() for table in written.values())


def test_regions_and_row_counts(written: dict[str, pd.DataFrame]) -> None:
    for table in written.values():
        counts = table["region"].value_counts()
        city = counts.index.isin(cities(table))
        assert (city.sum(), (~city).sum()) == (12, 10 + 5 + 4)
        assert counts[city].between(800, 1100).all()
        assert counts[~city].between(400, 660).all()


def test_folder_is_small_enough_to_commit() -> None:
    assert sum(path.stat().st_size for path in SAMPLE.rglob("*.xlsx")) < 12e6


@pytest.mark.parametrize("period", PERIODS)
def test_levels_are_like_the_published_ones(written: dict[str, pd.DataFrame], period: str) -> None:
    reached = levels(written[period])
    assert reached["compression"].between(0.84, 0.965).all()
    assert reached["instant"].between(0.745, 0.945).all()
    assert reached["zero_visits"].between(0.84, 0.985).all()


@pytest.mark.parametrize("period", PERIODS)
def test_focus_stands_in_the_middle_of_the_twelve(written: dict[str, pd.DataFrame], period: str) -> None:
    table = written[period]
    ranks = levels(table).loc[cities(table)].rank(ascending=False).loc[MIDDLE]
    assert ranks.between(5, 9).all()


def test_some_units_meet_the_instant_target_and_others_do_not(written: dict[str, pd.DataFrame]) -> None:
    table = written["2021Q1"]
    own = table.loc[(table["file"] == f"440800{MIDDLE}.xlsx") & (table["region"] != MIDDLE), "region"].unique()
    met = levels(table).loc[own, "instant"] > 0.8111
    assert len(own) == 10
    assert 3 <= met.sum() <= 7


def test_second_period_is_better_on_the_whole(written: dict[str, pd.DataFrame]) -> None:
    before, now = (levels(written[period]) for period in PERIODS)
    gains = now - before
    assert (gains.mean() > 0).all()
    assert (gains < 0).any(axis=None)


def test_items_come_go_and_change_between_the_periods(written: dict[str, pd.DataFrame]) -> None:
    keys = ["region", "handle_item_code"]
    before, now = (usable(written[period]).set_index(keys) for period in PERIODS)
    both = before.index.intersection(now.index)
    assert 0.01 < 1 - len(both) / len(now) < 0.10
    assert 0.01 < 1 - len(both) / len(before) < 0.10
    assert 0.02 < (before.loc[both, "promise"] > now.loc[both, "promise"]).mean() < 0.25


def test_lagging_departments_can_be_seen(written: dict[str, pd.DataFrame]) -> None:
    permits = usable(written["2021Q1"]).query("region == @MIDDLE").dropna(subset=["days", "promise"])
    by_department = permits.groupby("department")[["days", "promise"]].agg(["sum", "size"])
    large = by_department[by_department[("days", "size")] >= 20]
    compression = 1 - large[("promise", "sum")] / large[("days", "sum")]
    assert set(compression.nsmallest(2).index) == DRAGS


def test_simpson_case_between_the_focus_and_one_peer(written: dict[str, pd.DataFrame]) -> None:
    permits = usable(written["2021Q1"]).dropna(subset=["days", "promise"])
    permits = permits.assign(base=permits["handle_item_code"].str[19:31])
    folded = permits.groupby(["region", "base"])[["days", "promise"]].mean()
    ours, theirs = folded.loc[MIDDLE], folded.loc["茂名市"]
    shared = ours.index.intersection(theirs.index)

    def compression(table: pd.DataFrame) -> float:
        return float(1 - table["promise"].sum() / table["days"].sum())

    reached = levels(written["2021Q1"])["compression"]
    assert reached[MIDDLE] < reached["茂名市"]
    assert compression(ours.loc[shared]) > compression(theirs.loc[shared]) + 0.005


def test_cities_share_some_codes_but_not_all(written: dict[str, pd.DataFrame]) -> None:
    table = written["2021Q1"]
    permits = usable(table)
    codes = permits.assign(base=permits["handle_item_code"].str[19:31]).groupby("region")["base"].agg(set)
    for one, other in pairwise(cities(table)):
        assert 0.5 < len(codes[one] & codes[other]) / len(codes[one]) < 0.9
    assert usable(table).groupby(["region", permits["handle_item_code"].str[19:31]]).size().mean() > 1.8


def test_about_a_tenth_has_no_statutory_limit(written: dict[str, pd.DataFrame]) -> None:
    days = number(written["2021Q1"]["statutory"])
    assert (days.isna() | days.isin([0, -1, 500, 99999])).mean() == pytest.approx(0.10, abs=0.02)


def stated_rates() -> dict[str, float]:
    text = (SAMPLE / "SOURCE.md").read_text(encoding="utf-8")
    return {name: float(rate) / 100 for name, rate in re.findall(r"^\| (\w+) \| ([\d.]+) % \|", text, flags=re.M)}


def faults(table: pd.DataFrame) -> dict[str, pd.Series]:
    text = {key: table[key].astype(str) for key in HEADERS}
    days, promise, visits = (number(table[key]) for key in ("statutory", "promised", "visits"))
    other_unit = table["statutory_unit"].fillna("").astype(str) + text["statutory"]
    in_days = ~other_unit.str.contains("自然日|月") & (days > 0)
    unique = ["file", "region", "handle_item_code"]
    return {
        "sentinel": days.isin([500, 99999]),
        "zero_or_minus": days.isin([0, -1]),
        "not_fixed": text["statutory"] == "未规定",
        "natural_days": other_unit.str.contains("自然日"),
        "months": other_unit.str.contains("月"),
        "promise_longer": in_days & (promise > days),
        "promise_missing": (text["promised"] == "") & (table["item_type"] != "套餐服务"),
        "office_hours": text["statutory"].str.contains("办公时间"),
        "full_width": text["statutory"].str.contains("[０-９]"),
        "instant_with_days": (text["handling_type"] == "即办件") & (promise > 0),
        "depth_with_visits": text["depth"].isin(["Ⅳ级", "1,2,3,4,5,6,7"]) & (visits > 0),
        "lost_digits": text["impl_code"].str.contains("E+30", regex=False),
        "trailing_space": text["name"].str.endswith(" "),
        "ideographic_space": text["name"].str.startswith("\u3000"),
        "duplicate": table.duplicated([*unique, "version"]),
        "old_version": table.duplicated(unique) & ~table.duplicated([*unique, "version"]),
    }


def test_faults_stand_at_the_stated_rates(written: dict[str, pd.DataFrame]) -> None:
    both = pd.concat(written.values(), keys=written.keys(), names=["period"]).reset_index("period")
    both = both.assign(file=both["period"] + both["file"]).reset_index(drop=True)
    found = {name: rows.mean() for name, rows in faults(both).items()}
    stated = stated_rates()
    assert found.keys() == stated.keys()
    assert {n: (found[n], stated[n]) for n in stated if not 0.6 < found[n] / stated[n] < 1.5} == {}


def test_workbooks_can_be_made_again(tmp_path: Path) -> None:
    script = [sys.executable, "-X", "utf8", str(ROOT / "data" / "make_sample.py"), "--out", str(tmp_path)]
    subprocess.run([*script, "--city", "445300"], check=True, timeout=120)
    made = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.xlsx"))
    assert [path.as_posix() for path in made] == [f"{period}/items/445300云浮市.xlsx" for period in PERIODS]
    for path in made:
        with zipfile.ZipFile(tmp_path / path) as new, zipfile.ZipFile(SAMPLE / path) as committed:
            assert {n: new.read(n) for n in new.namelist() if "sheet" in n} == {
                n: committed.read(n) for n in committed.namelist() if "sheet" in n
            }
            assert {info.date_time for info in new.infolist()} == {(2021, 4, 1, 0, 0, 0)}


def test_spread_is_wide_enough_to_matter(written: dict[str, pd.DataFrame]) -> None:
    table = written["2021Q1"]
    reached = levels(table).loc[cities(table)]
    assert np.ptp(reached["compression"]) > 0.06
    assert np.ptp(reached["instant"]) > 0.12
