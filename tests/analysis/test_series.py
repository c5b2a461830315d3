"""Figures over all periods: what comes from where, what must agree, and where a line is cut."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from zjanalysis.analysis import series as over_time
from zjanalysis.analysis import signals
from zjanalysis.analysis.series import load_series, series
from zjanalysis.analysis.signals import item_series
from zjanalysis.inputs import period as periods
from zjanalysis.settings import Settings

ITEMS = "基本编码,事项名称,地区,事项类型,行使层级,办件类型,法定时限,承诺时限,跑动次数\n"
ROW = "440123{n:03d}000,事项{n},遂溪县,行政许可,4,{kind},20个工作日,5个工作日,0\n"
TOML = 'title = "试"\nkind = "sample"\nsource = "试"\nlicence = "MIT"\n'
HISTORY = "period,region_code,indicator,numerator,denominator,n,n_left_out,definition,source\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """2020Q4: one of four is 即办件; 2021Q1: three of four. 2020Q3 lives in history.csv alone."""
    folder = tmp_path / "data" / "试"
    for name, instant in (("2020Q4", 1), ("2021Q1", 3)):
        rows = (ROW.format(n=n, kind="即办件" if n < instant else "承诺件") for n in range(4))
        (folder / name / "items").mkdir(parents=True)
        (folder / name / "items" / "甲.csv").write_text(ITEMS + "".join(rows), encoding="utf-8")
    (folder / "dataset.toml").write_text(TOML, encoding="utf-8")
    history = HISTORY + "2020Q3,440823,instant,0,4,4,0,2021,公布\n2020Q4,440823,instant,2,4,4,0,2021,公布\n"
    (folder / "history.csv").write_text(history, encoding="utf-8")
    return Settings(root=tmp_path, data="data/试")


def instant(rows: pd.DataFrame) -> list[list[object]]:
    return rows.loc[rows["indicator"] == "instant", ["period", "value", "source"]].values.tolist()


def test_workbooks_where_they_are_and_the_history_where_they_are_gone(settings: Settings) -> None:
    rows, findings = load_series(settings=settings)
    assert instant(rows) == [["2020Q3", 0 / 4, "公布"], ["2020Q4", 1 / 4, "事项清单"], ["2021Q1", 3 / 4, "事项清单"]]
    assert findings[["rule", "row_number"]].values.tolist() == [["history_differs", 3]]
    assert not rows.duplicated(["period", "region_code", "indicator"]).any()


def test_up_to_a_period_nothing_later_is_told(settings: Settings) -> None:
    assert [row[0] for row in instant(series(upto="2020Q4", settings=settings))] == ["2020Q3", "2020Q4"]


def test_an_old_period_is_read_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    first = series(settings=settings)
    monkeypatch.setattr(periods, "read_period", pytest.fail)
    monkeypatch.setattr(over_time, "load_period", pytest.fail)
    pd.testing.assert_frame_equal(series(settings=settings), first)


def test_an_item_is_followed_through_its_successor_and_read_once(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = settings.root / "data" / "试"
    path = folder / "2021Q1" / "items" / "甲.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("440123000000", "440999000000"), encoding="utf-8")
    rows = item_series("data/试", "instant", settings=settings)
    assert rows.loc[rows["cut"].ne(""), "match_code"].tolist() == ["440999000000"]
    text = "period,code,into,source,note\n2021Q1,440123000000,440999000000,文,\n2021Q1,440123000001,440999000000,,\n"
    (folder / "successions.csv").write_text(text, encoding="utf-8")
    monkeypatch.setattr(signals, "load_period", pytest.fail)
    followed = item_series("data/试", "instant", settings=settings)
    assert not followed["cut"].any()
    assert followed.loc[followed["match_code"] == "440999000000", "codes"].tolist() == ["440123000000", "440999000000"]
    here, there = (
        item_series("data/试", "instant", regions=[code], settings=settings) for code in ("440823", "440825")
    )
    own = followed[followed["region_code"] == "440823"].reset_index(drop=True)
    pd.testing.assert_frame_equal(here, own)
    assert there.empty
    assert "succession_source" in set(load_series(settings=settings)[1]["rule"])


def test_a_changed_workbook_is_read_again(settings: Settings) -> None:
    series(settings=settings)
    path = settings.root / "data" / "试" / "2020Q4" / "items" / "甲.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("承诺件", "即办件"), encoding="utf-8")
    assert instant(series(settings=settings))[1] == ["2020Q4", 4 / 4, "事项清单"]


def test_the_figures_of_the_history_come_when_the_workbooks_go(settings: Settings) -> None:
    folder = settings.root / "data" / "试" / "2020Q4" / "items"
    (folder / "甲.csv").unlink()
    folder.rmdir()
    rows, findings = load_series(settings=settings)
    assert instant(rows)[1] == ["2020Q4", 2 / 4, "公布"]
    assert findings.empty


def test_the_sample_has_eight_quarters_in_one_table() -> None:
    rows, findings = load_series("data/sample")
    assert findings.empty
    counts = rows.groupby("period")["region_code"].nunique()
    assert len(counts) == 8
    assert set(counts) == {31}
    assert (rows["value"] - rows["numerator"] / rows["denominator"]).abs().max() < 1e-12


# --- where a line is cut ----------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def line() -> Callable[..., pd.DataFrame]:
    def make(indicator: str, periods: list[str], definitions: list[str]) -> pd.DataFrame:
        return pd.DataFrame({"region_code": "440823", "indicator": indicator, "period": periods,
                             "definition": definitions, "value": 0.5})  # fmt: skip

    return make


CUTOFFS = {"2019Q4": "2019-12-31", "2020Q3": "2020-09-30", "2020Q4": "2020-12-31", "2021Q1": "2021-03-31",
           "2021Q2": "2021-06-30"}  # fmt: skip


def test_another_definition_cuts_the_line_and_says_which(line: Callable[..., pd.DataFrame]) -> None:
    rows = over_time.lines(line("instant", ["2020Q4", "2021Q1", "2021Q2"], ["2020", "2021", "2021"]), cutoffs=CUTOFFS)
    assert rows["cut"].tolist() == ["", "口径由“2020”改为“2021”", ""]
    assert rows["line"].tolist() == [1, 2, 2]


def test_another_code_table_cuts_the_line_and_says_which(settings: Settings) -> None:
    folder = settings.root / "data" / "试"
    for name, depth in (("2020Q4", "Ⅳ级"), ("2021Q1", "1,5")):
        path = folder / name / "items" / "甲.csv"
        head, *rows = path.read_text(encoding="utf-8").splitlines()
        more = [f'{row},"{depth}"' for row in rows]
        path.write_text("\n".join([f"{head},网上办理深度", *more]), encoding="utf-8")
    table = over_time.lines(series(settings=settings).query("indicator == 'online_end_to_end'"), cutoffs={})
    assert table[["period", "value", "cut"]].values.tolist() == [
        ["2020Q4", 1.0, ""], ["2021Q1", 1.0, "口径由“2021”改为“2021，网办深度八段”"],
    ]  # fmt: skip


def test_a_definition_that_is_changing_joins_nothing(line: Callable[..., pd.DataFrame]) -> None:
    rows = line("good_rating", list(CUTOFFS), ["2020", "2020", "2020", "2021", "2021"])
    cut = over_time.lines(rows, cutoffs=CUTOFFS)
    assert cut["cut"].str.slice(0, 4).tolist() == ["", "口径正在", "口径正在", "口径由“", ""]
    assert cut["line"].tolist() == [1, 2, 3, 4, 4]


def test_regions_and_indicators_are_lines_of_their_own(line: Callable[..., pd.DataFrame]) -> None:
    rows = pd.concat([line(key, ["2020Q4", "2021Q1"], ["2021", "2021"]) for key in ("instant", "online")])
    more = pd.concat([rows, rows.assign(region_code="440825")], ignore_index=True)
    assert over_time.lines(more, cutoffs=CUTOFFS)["line"].tolist() == [1, 1, 2, 2, 3, 3, 4, 4]
