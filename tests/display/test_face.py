"""What an analyst new to pandas asks of ``zj`` and of a study: his tables are his own, every answer is Chinese."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from matplotlib.figure import Figure

import zjanalysis as zj
from zjanalysis.display.tables import MIME
from zjanalysis.errors import ConfigError, UnknownName
from zjanalysis.studies import Study, study_of

TABLES: dict[str, Callable[[Study], pd.DataFrame]] = {
    **{name: lambda me, name=name: getattr(me, name)
       for name in ("items", "earlier", "own", "scores", "standings", "gaps", "previous", "series", "signals",
                    "worsening", "change_splits", "causes")},
    "period.items": lambda me: me.period.items, "before.items": lambda me: me.before.items,
    "standing": lambda me: me.standing("bookable"), "bands": lambda me: me.bands("visits"),
    "by_department": lambda me: me.by_department("visits"), "left_out": lambda me: me.left_out(),
    "item_changes": lambda me: me.item_changes(), "sensitivity": lambda me: me.sensitivity("visits"),
    "room": lambda me: me.room("visits")[1], "history": lambda me: me.history[0],
    "steps": lambda me: me.plan("visits").steps, "summary": lambda me: me.plan("visits").summary,
    "kept by who asked": lambda me: me.base("visits"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(TABLES))
def test_an_analyst_changes_a_table_of_his_own(name: str, county: Study) -> None:
    me, ask = study_of(county.period, region=county.region), TABLES[name]
    before, mine = ask(me).copy(), ask(me)
    first, *_, last = mine.columns
    mine.loc[mine.index[0], :] = mine.iloc[-1].copy()
    mine[first] = "改过"
    mine.insert(0, "新列", 1)
    del mine[last]
    mine.index = mine.index[::-1]
    mine.columns = mine.columns.str.upper()
    pd.testing.assert_frame_equal(ask(me), before)


def test_what_is_done_to_a_table_changes_no_block(county: Study) -> None:
    me = study_of(county.period, region=county.region)
    before = zj.summary(me).html, zj.spine(me).html
    for rows in (me.gaps, me.standings, me.items, me.period.items):
        number = "visits" if "visits" in rows else "value"
        rows[number] = (rows[number] * 100).round(1)
    me = study_of(me.period, region=county.region)
    assert (zj.summary(me).html, zj.spine(me).html) == before


def test_all_that_is_shown_is_on_the_page(county: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[object] = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    counted = county.own["department"].value_counts()
    zj.show(zj.plan(county, "visits"), [counted, counted.to_frame()], zj.say("话"))
    assert len(shown) > 3
    assert all(MIME in one._repr_mimebundle_() for one in shown)  # type: ignore[attr-defined]


@pytest.mark.parametrize("wrong", [Figure(), Figure().subplots(), None, 3, "话", {}], ids=str)
def test_what_no_page_can_show_is_refused(wrong: object, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[object] = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    with pytest.raises(ConfigError, match="页面上只有视图和表"):
        zj.show(zj.say("话"), wrong)  # type: ignore[arg-type]
    assert shown == []


@pytest.mark.parametrize(
    ("name", "key"), [("跑动次数", "visits"), ("平均跑动次数", "visits"), ("即办率", "instant"), ("一窗受理率", "one_window"),
                      ("预约办理率", "bookable"), ("零跑动率", "zero_visit"),
                      ("全流程网办率", "online_end_to_end")],
)  # fmt: skip
def test_an_indicator_is_read_by_name_or_key(name: str, key: str, county: Study) -> None:
    assert zj.changes(county, name).html == zj.changes(county, key).html
    assert zj.trend_line(county, name).html == zj.trend_line(county, key).html
    pd.testing.assert_frame_equal(county.bands(name), county.bands(key))
    pd.testing.assert_frame_equal(county.plan(name).steps, county.plan(key).steps)
    with pytest.raises(UnknownName, match="未找到指标“跑动次”"):
        county.bands("跑动次")
