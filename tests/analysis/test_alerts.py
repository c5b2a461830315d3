"""Alerts: each kind from a small table, and nothing where nothing moved."""

from __future__ import annotations

import pandas as pd
import pytest

from zjanalysis.analysis.signals import Kind, alerts


def standings(**more: object) -> pd.DataFrame:
    row = {"region_code": "440823", "indicator": "instant", "value": 0.82, "digits": 2, "target": 0.8111,
           "median": 0.84, "effect": -0.01, "meets_target": "达标", "verdict": "相当"}  # fmt: skip
    return pd.DataFrame([{**row, **more}])


def read(**more: object) -> pd.DataFrame:
    row = {
        "region_code": "440823",
        "indicator": "instant",
        "signal": "平稳",
        "relative": "平稳",
        "low": 0.8,
        "high": 0.9,
    }
    return pd.DataFrame([{**row, **more}])


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        ({}, {}, []),
        ({"meets_target": "未达标"}, {}, [[Kind.TARGET, "未达标", "达标"]]),
        ({}, {"meets_target": "未达标"}, [[Kind.TARGET, "达标", "未达标"]]),
        ({"meets_target": "不能判定"}, {}, []),
        ({}, {"verdict": "落后"}, [[Kind.VERDICT, "相当", "落后"]]),
        ({"verdict": "不作判断"}, {"verdict": "落后"}, []),
        ({}, {"signal": "异常点"}, [[Kind.RANGE, "平稳", "异常点"]]),
        ({"signal": "异常点"}, {"signal": "异常点"}, []),
        ({}, {"signal": "持续变差", "relative": "持续变差"}, [[Kind.WORSE, "平稳", "持续变差"]]),
        ({}, {"relative": "持续变差"}, [[Kind.WORSE, "平稳", "相对全组持续变差"]]),
        ({}, {"signal": "持续改善"}, []),
        ({"indicator": "online_end_to_end", "meets_target": "未达标"}, {"indicator": "online_end_to_end"}, []),
        ({"indicator": "online_end_to_end"}, {"indicator": "online_end_to_end", "meets_target": "未达标"},
         [[Kind.TARGET, "达标", "未达标"]]),
    ],
)  # fmt: skip
def test_what_is_news(was: dict[str, str], now: dict[str, str], expected: list[list[str]]) -> None:
    def tables(words: dict[str, str]) -> tuple[pd.DataFrame, pd.DataFrame]:
        line = {key: word for key, word in words.items() if key in ("signal", "relative", "indicator")}
        return standings(**{key: word for key, word in words.items() if key not in ("signal", "relative")}), read(
            **line
        )

    (rows, lines), (earlier, earlier_lines) = tables(now), tables(was)
    found = alerts(rows, earlier, read=lines, read_earlier=earlier_lines)
    assert found[["kind", "was", "now"]].values.tolist() == expected


def test_an_alert_carries_its_number_and_what_it_is_held_against() -> None:
    row = alerts(standings(), standings(meets_target="未达标"), read=read(), read_earlier=read()).iloc[0]
    assert (row["value"], row["target"], row["median"], row["low"], row["high"]) == (0.82, 0.8111, 0.84, 0.8, 0.9)


def test_a_unit_that_is_new_is_no_news() -> None:
    nothing = standings().iloc[:0]
    assert alerts(standings(), nothing, read=read(), read_earlier=read().iloc[:0]).empty
