"""The sample: made again to the same cells, faults at the stated rates, levels and volumes like the published ones."""

from __future__ import annotations

import csv
import re
import shutil
import sys
import zipfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

import zjanalysis as zj
from zjanalysis.analysis.evaluation import lift, scored
from zjanalysis.analysis.reported import measure_reported
from zjanalysis.cases.analysis import find_cases
from zjanalysis.inputs.reported import load_reported
from zjanalysis.settings import Evaluation

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data" / "sample"
sys.path.insert(0, str(ROOT / "data"))

import make_sample  # noqa: E402
from make.books import write_items  # noqa: E402
from make.forms import FAULTS, TOLD_TWICE, write_typed  # noqa: E402
from make.ledger import write_ledgers  # noqa: E402
from make.realism import comparisons, page  # noqa: E402
from make.regions import EARLIER, NAMES, load_regions, rows_of  # noqa: E402
from make.typed import figure, load_lines, sizes  # noqa: E402

PERIODS = ("2020Q4", "2021Q1")
MIDDLE, CITY = "湛江市", "440800"
DRAGS = {"湛江市农业农村局", "湛江市卫生健康局"}

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
    """Return the permits in use with both limits in days, each once."""
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
        assert counts[city].between(540, 700).all()
        assert counts[~city].between(440, 600).all()


def test_folder_is_small_enough_to_commit() -> None:
    assert sum(path.stat().st_size for path in SAMPLE.rglob("*")) < 6e6


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
    assert 0.005 < 1 - len(both) / len(now) < 0.10
    assert 0.005 < 1 - len(both) / len(before) < 0.10
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
    ours, theirs = folded.loc[MIDDLE], folded.loc["阳江市"]
    shared = ours.index.intersection(theirs.index)

    def compression(table: pd.DataFrame) -> float:
        return float(1 - table["promise"].sum() / table["days"].sum())

    reached = levels(written["2021Q1"])["compression"]
    assert reached[MIDDLE] < reached["阳江市"]
    assert compression(ours.loc[shared]) > compression(theirs.loc[shared]) + 0.005


def test_cities_share_some_codes_but_not_all(written: dict[str, pd.DataFrame]) -> None:
    table = written["2021Q1"]
    permits = usable(table)
    codes = permits.assign(base=permits["handle_item_code"].str[19:31]).groupby("region")["base"].agg(set)
    for one, other in pairwise(cities(table)):
        assert 0.5 < len(codes[one] & codes[other]) / len(codes[one]) < 0.9
    assert usable(table).groupby(["region", permits["handle_item_code"].str[19:31]]).size().mean() > 1.8


def test_limits_lack_as_often_as_in_the_real_list(written: dict[str, pd.DataFrame]) -> None:
    """713 of the 2,262 real rows have no statutory limit: public services mostly, permits never."""
    table = written["2021Q1"]
    days = number(table["statutory"])
    lacks = days.isna() | days.isin([0, -1, 500, 99999])
    assert lacks.mean() == pytest.approx(713 / 2262, abs=0.06)
    assert 0.02 < lacks[table["item_type"] == "行政许可"].mean() < 0.08


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
    write_items(tmp_path, PERIODS, cities=("445300", "440500"))
    made = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.xlsx"))
    assert len(made) == 4
    for path in made:
        with zipfile.ZipFile(tmp_path / path) as new, zipfile.ZipFile(SAMPLE / path) as committed:
            assert {n: new.read(n) for n in new.namelist()} == {n: committed.read(n) for n in committed.namelist()}
            assert {info.date_time for info in new.infolist()} == {(2021, 4, 1, 0, 0, 0)}


def test_spread_is_wide_enough_to_matter(written: dict[str, pd.DataFrame]) -> None:
    table = written["2021Q1"]
    reached = levels(table).loc[cities(table)]
    assert np.ptp(reached["compression"]) > 0.06
    assert np.ptp(reached["instant"]) > 0.12


def test_every_published_figure_is_met_and_the_page_says_so() -> None:
    assert comparisons(SAMPLE).query("not inside")[["place", "what", "sample"]].to_numpy().tolist() == []
    assert (ROOT / "docs" / "sample.md").read_text(encoding="utf-8") == page(SAMPLE)


# --- who may hold what -------------------------------------------------------------------------------------------


def base_codes(table: pd.DataFrame) -> pd.Series:
    return table["handle_item_code"].astype(str).str[19:31]


def test_nobody_below_the_level_of_an_item_holds_it(written: dict[str, pd.DataFrame]) -> None:
    with (ROOT / "data/gd-2021-05/2021-05/items/items.csv").open(encoding="utf-8-sig", newline="") as file:
        real = {(row["CATAID"], row["TASK_CODE"][18]) for row in csv.DictReader(file)}
    of_cities = {code for code, level in real if level == "3"}
    of_province = {code for code, level in real if level == "2"} - of_cities
    named = {row["code"] + "000": row["levels"] for row in rows_of("items") if row["name"]}
    for table in written.values():
        is_city = table["region"].isin(cities(table))
        ours, theirs = set(base_codes(table[is_city])), set(base_codes(table[~is_city]))
        assert ours & of_province == theirs & of_province == theirs & of_cities == set()
        assert len(ours & of_cities) > 60
        assert {code for code in ours if "市" not in named.get(code, "市")} == set()
        assert {code for code in theirs if "县" not in named.get(code, "县")} == set()
        assert not table["name"].str.contains("外籍人员子女|器官移植|出版外国图书|广州").any()


def test_places_without_a_coast_have_no_items_of_the_sea(written: dict[str, pd.DataFrame]) -> None:
    inland = {region.name for region in load_regions() if not region.is_coastal}
    sea = written["2021Q1"]["name"].str.contains("海域|海岛|海洋|填海|港口|渔业船|渔业捕捞|水路运输|船舶营业")
    assert len(inland) == 10
    assert sea.sum() > 100
    assert not (sea & written["2021Q1"]["region"].isin(inland)).any()


def test_departments_are_called_as_they_are(written: dict[str, pd.DataFrame]) -> None:
    names = set(written["2021Q1"]["department"])
    assert {"湛江市生态环境局坡头分局", "湛江市公安局赤坎分局", "国家税务总局湛江市坡头区税务局", "遂溪县科工贸和信息化局",
            "湛江市住房公积金管理中心", "湛江供电局"} <= names  # fmt: skip
    assert not any("广州" in name or "省" in name for name in names)


# --- volumes and typed figures ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reported() -> dict[str, pd.DataFrame]:
    """The typed figures as the package reads them, those that count, by region and indicator."""
    tables = {}
    for period, cutoff in zip(PERIODS, ("2020-12-31", "2021-03-31"), strict=True):
        rows, _ = load_reported(SAMPLE / period, cutoff=cutoff)
        tables[period] = rows[rows["in_force"]].set_index(["region_code", "indicator"])[["numerator", "denominator"]]
    return tables


def test_cases_are_those_of_the_items_and_what_is_gathered_is_the_case_table(reported) -> None:
    now = zj.load_period("data/sample", "2021Q1")
    cases = find_cases(now)
    online = cases.by_item.query("indicator == 'online_cases'")[["numerator", "denominator"]].sum()
    kiosk, gathered = (
        reported["2021Q1"].loc[(CITY, key), "numerator"] for key in ("kiosk_cases", "cases_per_10k_people")
    )
    assert kiosk <= online["numerator"] <= cases.n_cases
    assert gathered == pytest.approx(cases.n_cases, rel=0.05)
    assert cases.n_cases == pytest.approx(
        now.items["case_count"][now.items["region_code"].str.startswith("4408")].sum(), rel=0.02
    )


def test_rare_items_have_few_cases(written: dict[str, pd.DataFrame]) -> None:
    rare = {row["code"] for row in rows_of("items") if row["demand"] == "0"}
    now = zj.load_period("data/sample", "2021Q1").items
    counts = now.loc[now["match_code"].str[:9].isin(rare), "case_count"]
    assert len(counts) > 500
    assert counts.max() <= 30


@pytest.mark.parametrize("period", PERIODS)
def test_typed_figures_fit_one_another(reported, period: str) -> None:
    table = reported[period]
    number, whole = (table[column].unstack() for column in ("numerator", "denominator"))
    good, rated = number["good_rating"], whole["good_rating"]
    assert (whole["rating_checked"].dropna() == rated.reindex(whole["rating_checked"].dropna().index)).mean() > 0.9
    pairs = (
        (rated, number["rating_volunteered"]), (rated - good, whole["poor_rating_fixed"]),
        (whole["licence_issued"], number["licence_opened"]), (whole["licence_used"], number["licence_issued"]),
        (whole["aggregated_checked"], number["cases_per_10k_people"]),
    )  # fmt: skip
    for one, other in pairs:
        both = pd.concat([one, other], axis=1).dropna()
        assert len(both) >= 1
        assert both.iloc[:, 0].tolist() == both.iloc[:, 1].tolist()
    permits = zj.load_period("data/sample", period).items.query("item_type == '行政许可' and state == '在用'")
    listed = permits.drop_duplicates(["region_code", "handle_item_code"]).groupby("region_code").size()
    guides = whole["guide_complete"].dropna()
    assert guides.to_dict() == listed.reindex(guides.index).to_dict()
    assert whole.loc[CITY, "startup_online"] == 5
    shares = (number / whole)[[key for key in number if "per_10k" not in key]]
    counted = {
        key
        for key, line in load_lines().items()
        if line.done is None and line.last <= 1 and line.city_of != "all_cases"
    }
    assert (
        shares[[key for key in shares if key in counted and key not in ("mobile_items", "kiosk_items")]].max() <= 1
    ).all()


def test_wholes_do_not_jump_between_the_two_quarters(reported) -> None:
    before, now = (reported[period]["denominator"] for period in PERIODS)
    both = pd.concat([before, now], axis=1, keys=PERIODS).dropna()
    change = both[PERIODS[1]] / both[PERIODS[0]]
    assert change.drop(index="poor_rating_fixed", level="indicator").between(0.8, 1.35).all()


def test_faults_of_the_typed_form_are_told_and_spare_the_first_target() -> None:
    reported, findings = load_reported(SAMPLE / "2021Q1", cutoff="2021-03-31")
    spoiled = {(region, label) for region, label, *_ in (*FAULTS, TOLD_TWICE)}
    out = reported[~reported["in_force"]]
    assert len(spoiled) == 3
    assert not {"数据挂接率"} & {label for _, label in spoiled}
    assert set(out["indicator"]) == {"documents_exchanged", "guide_consistent", "guide_accurate"}
    assert set(findings["level"]) >= {"错误"}
    first = measure_reported(reported).query("indicator == 'data_linkage'")
    assert first["value"].between(0.9, 1).tolist() == [True]


def test_typed_workbooks_can_be_made_again_and_say_they_are_made_up(tmp_path: Path) -> None:
    write_typed(tmp_path, PERIODS)
    for name in ("population.xlsx", "indicators.xlsx", "2020Q4/reported.xlsx", "2021Q1/reported.xlsx"):
        made, kept = openpyxl.load_workbook(tmp_path / name), openpyxl.load_workbook(SAMPLE / name)
        for one in kept.worksheets:
            values = [[c.value for c in row] for row in one.iter_rows()]
            assert values == [[c.value for c in row] for row in made[one.title].iter_rows()], f"{name} {one.title}"
        assert "示例数据（模拟）" in kept.worksheets[0]["A1"].value


@pytest.mark.e2e
def test_the_ledgers_can_be_made_again(tmp_path: Path) -> None:
    """A ledger is made from the workbooks, indicators and plan: a change of any of them must renew the committed one."""
    shutil.copytree(SAMPLE, tmp_path, dirs_exist_ok=True)
    write_ledgers(tmp_path)
    for name in ("2020Q4/ledger.xlsx", "2021Q1/ledger.xlsx"):
        books = [openpyxl.load_workbook(folder / name) for folder in (tmp_path, SAMPLE)]
        new, old = [{one.title: [[c.value for c in row] for row in one.iter_rows()] for one in book} for book in books]
        assert new.keys() == old.keys()
        for title in old:
            assert new[title] == old[title], f"{name} {title}: python data/make_sample.py"


def test_the_evaluation_has_its_43_indicators_a_total_and_a_way_to_the_first_tier() -> None:
    totals = {}
    for period in PERIODS:
        marks = scored(zj.load_period("data/sample", period), region=CITY)
        totals[period] = marks["points"].sum(skipna=False)
        levels = marks.groupby("level_one")["level_two"].nunique()
        assert (len(levels), levels.sum(), len(marks), marks["weight"].sum()) == (4, 11, 43, 100)
    assert totals["2020Q4"] == pytest.approx(89.60, abs=0.3)
    assert 90 < totals["2021Q1"] < 93
    assert 2 <= lift(marks, rules=Evaluation())["needed"].sum() <= 12


# --- eight quarters ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    """The scores of all eight quarters, measured on the workbooks that ``zj demo`` makes."""
    folder = tmp_path_factory.mktemp("demo") / "八期"
    make_sample.demonstrate(folder)
    scores = {}
    for quarter in NAMES:
        period = zj.load_period(str(folder), quarter)
        scope = zj.Scope(period.dataset.item_types, period.dataset.use_levels)
        reported, _ = load_reported(folder / quarter, cutoff=period.cutoff)
        scores[quarter] = pd.concat([zj.measure(period.items, scope=scope), measure_reported(reported)])
        tagged = period.items[period.items["match_code"].isin(reformed())]
        scores[f"{quarter} 工建"] = zj.measure(tagged, scope=scope)
    return scores


def reformed() -> set[str]:
    return {row["code"] + "000" for row in rows_of("items") if row["reform"] and row["name"]}


def values(scores: pd.DataFrame, indicator: str) -> pd.Series:
    return scores[scores["indicator"] == indicator].set_index("region_code")["value"]


@pytest.mark.e2e
def test_history_is_what_the_earlier_workbooks_give(demo) -> None:
    history = pd.read_csv(SAMPLE / "history.csv", dtype={"region_code": str, "definition": str}, encoding="utf-8")
    assert tuple(history["period"].unique()) == EARLIER
    assert history["source"].str.startswith("示例数据（模拟）").all()
    keys = ["period", "region_code", "indicator"]
    assert not history.duplicated(keys).any()
    again = pd.concat([demo[quarter].assign(period=quarter) for quarter in EARLIER])
    both = history.merge(again[again["n"] > 0], on=keys, how="outer", indicator=True, suffixes=("", "_again"))
    assert set(both["_merge"]) == {"both"}
    for column in ("numerator", "denominator", "n", "n_left_out"):
        np.testing.assert_allclose(both[column], both[f"{column}_again"], atol=1e-4)
    assert set(history.loc[history["indicator"] == "good_rating", "definition"]) == {"2020：未评价默认为基本满意"}


@pytest.mark.e2e
def test_one_reform_is_seen_in_every_city_at_its_date(demo) -> None:
    date = NAMES.index("2020Q3")
    steps = [values(demo[f"{NAMES[n]} 工建"], "time_compression") - values(demo[f"{NAMES[n - 1]} 工建"], "time_compression")
             for n in range(1, len(NAMES))]  # fmt: skip
    of_cities = pd.concat(steps, axis=1, ignore_index=True).loc[
        [region.code for region in load_regions() if region.is_city]
    ]
    assert (of_cities[date - 1] > 0.05).all()
    assert of_cities.drop(columns=date - 1).median().max() < of_cities[date - 1].median() / 2


@pytest.mark.e2e
def test_one_county_slips_steadily_and_no_other(demo) -> None:
    series = pd.concat([values(demo[quarter], "instant") for quarter in NAMES], axis=1).diff(axis=1).iloc[:, 1:]
    falling = (series < 0).sum(axis=1)
    assert falling[falling >= 6].index.tolist() == ["440883"]


@pytest.mark.e2e
def test_items_appear_merge_and_go_on_the_dates_that_are_told(demo) -> None:
    with (SAMPLE / "events.csv").open(encoding="utf-8", newline="") as file:
        events = list(csv.DictReader(file))
    assert {row["kind"] for row in events} == {"reform", "campaign", "slipping", "appears", "merged", "cancelled"}
    merged = [row for row in events if row["kind"] == "merged"]
    assert all(row["into_code"] and row["quarter"] in NAMES for row in merged)
    assert len(merged) >= 3


def test_a_new_indicator_is_not_reported_before_it_exists() -> None:
    assert figure("staff_app_activated", CITY, "2020Q2") is None
    assert figure("staff_app_activated", CITY, "2020Q3") is not None
    assert sizes(CITY, "2021Q1")["cases"] > sizes(CITY, "2020Q1")["cases"]
