"""The summary of a period's cases is read once, kept, and read again when anything it depends on has changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from zjanalysis.analysis import cases_kept
from zjanalysis.analysis.cases_kept import FOLDER, TABLES, known_cases, period_cases
from zjanalysis.analysis.cases_summary import case_summary
from zjanalysis.errors import InputError
from zjanalysis.inputs.period import Period, load_period
from zjanalysis.settings import Cases, Settings

ITEMS = "事项名称,地区,基本编码,法定时限,承诺时限,跑动次数\n食品经营许可,遂溪县,440102019005,20个工作日,5个工作日,0\n"
HEAD = "办件编号,行政区划,基本编码,受理时间,办结时间,承诺时限\n"
TOML = (
    'title = "试"\nkind = "{kind}"\nsource = "试"\nlicence = "MIT"\n[periods."2021Q1"]\ncutoff = "2021-03-31"\n{more}'
)


def dataset(settings: Settings, *, kind: str = "real", more: str = "") -> Period:
    folder = settings.root / "data" / "试"
    (folder / "2021Q1" / "items").mkdir(parents=True, exist_ok=True)
    (folder / "2021Q1" / "items" / "甲.csv").write_text(ITEMS, encoding="utf-8")
    (folder / "dataset.toml").write_text(TOML.format(kind=kind, more=more), encoding="utf-8")
    return load_period("data/试", settings=settings)


def with_cases(settings: Settings, *rows: str) -> Period:
    period = dataset(settings)
    path = period.dataset.folder / "2021Q1" / "cases" / "办件.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text(HEAD + "\n".join(rows), encoding="utf-8")
    return period


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(root=tmp_path, data="data/试", cases=Cases(made=400))


LATE = "1,遂溪县,440102019005,2021-03-01,2021-03-09,5"
GOOD = "2,遂溪县,440102019005,2021-03-01,2021-03-08,5"


def late(period: Period, settings: Settings) -> list[float]:
    scores = period_cases(period, settings=settings).by_item.set_index("indicator")
    return scores.loc["on_time", ["numerator", "denominator"]].tolist()


def test_what_is_kept_is_what_was_read(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    period = with_cases(settings, LATE, GOOD, "3,遂溪县,440102019005,2021-03-01,,5")
    read = case_summary(period, settings=settings)
    first = period_cases(period, settings=settings)
    monkeypatch.setattr(cases_kept, "case_summary", None)  # reading again would fail
    again = period_cases(period, settings=settings)
    for one in (first, again):
        assert (one.title, one.cutoff, one.sample, one.n_cases) == (read.title, read.cutoff, read.sample, 3)
        for name in TABLES:
            pd.testing.assert_frame_equal(getattr(one, name), getattr(read, name))


def test_changed_cases_are_read_again(settings: Settings) -> None:
    assert late(with_cases(settings, LATE, GOOD), settings) == [1.0, 2.0]
    assert late(with_cases(settings, LATE), settings) == [0.0, 1.0]
    changed = replace(settings, units=replace(settings.units, week=6.0))
    assert late(load_period("data/试", settings=changed), changed) == [0.0, 1.0]
    assert len(list((settings.root / FOLDER).glob("*.tables"))) == 3


def test_a_damaged_summary_is_made_again(settings: Settings) -> None:
    period = with_cases(settings, LATE, GOOD)
    assert late(period, settings) == [1.0, 2.0]
    (kept,) = (settings.root / FOLDER).glob("*.tables")
    kept.write_bytes(kept.read_bytes()[:5000])
    assert late(period, settings) == [1.0, 2.0]


def test_a_period_without_cases_is_told_apart_from_cases_that_cannot_be_read(settings: Settings) -> None:
    period = dataset(settings)
    assert known_cases(period, settings=settings) is None
    with pytest.raises(InputError, match="没有办件数据"):
        period_cases(period, settings=settings)
    spark = dataset(settings, more='[cases]\nspark_table = "gov.cases"\n')
    assert known_cases(spark, settings=settings) is None
    made = dataset(settings, kind="sample")
    assert known_cases(made, settings=settings) is None  # no item of it has a case count to draw from


def test_a_file_that_cannot_be_read_is_no_period_without_cases(settings: Settings) -> None:
    period = with_cases(settings, LATE)
    (period.dataset.folder / "2021Q1" / "cases" / "办件.csv").write_text("序号\n1\n", encoding="utf-8")
    with pytest.raises(InputError, match="没有“受理时间”"):
        known_cases(period, settings=settings)
    assert not list(settings.root.glob(".cache/cases/*"))  # nothing half-written is kept
    assert not list(settings.root.glob(".cache/spill/*"))


def test_what_a_build_hands_over_is_taken_as_it_is(settings: Settings) -> None:
    period = with_cases(settings, LATE, GOOD)
    held = replace(period, cases=period_cases(period, settings=settings))
    (period.dataset.folder / "2021Q1" / "cases" / "办件.csv").unlink()
    assert known_cases(held, settings=settings) is held.cases
