"""The explorer: what a choice shows, its code shows again, and every widget moves what it should."""

from __future__ import annotations

import builtins
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import zjanalysis as zj
from zjanalysis.display import explore as explorer
from zjanalysis.display.explore import ALL_TYPES, AS_SET, RAW, Choice, view
from zjanalysis.errors import ConfigError, UnknownName
from zjanalysis.inputs.period import Period

DATA, PERIOD = "data/sample", "2021Q1"
CHOICES = [
    Choice(DATA, PERIOD, "440823"),
    Choice(DATA, PERIOD, "440800", peers="粤西", indicator="visits", definition=RAW, target=0.05),
    Choice(DATA, PERIOD, "440823", department="遂溪县公安局", definition=ALL_TYPES, target=0.95),
]


@pytest.fixture(scope="module")
def period() -> Period:
    return zj.load_period(DATA, PERIOD)


def shown_by(code: str, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Run the code as a notebook would and give the blocks it shows."""
    blocks: list[Any] = []
    monkeypatch.setattr(zj, "show", lambda *given: blocks.extend(given))
    exec(code, {"zj": zj})
    return blocks


@pytest.mark.parametrize("choice", CHOICES, ids=["rank", "raw", "department"])
def test_the_code_of_a_view_shows_the_same(choice: Choice, period: Period, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = view(period, choice)
    main, rows, *plan = shown_by(seen.code, monkeypatch)
    assert main.payload == seen.main.payload
    assert [one.payload for one in plan[:1]] == ([seen.plan.payload] if seen.plan else [])
    if seen.items:
        assert rows["item_name"].tolist() == [row[0] for row in seen.items.rows]


def test_a_definition_changes_the_value_and_an_unknown_one_is_named(period: Period) -> None:
    said = {name: view(period, Choice(DATA, PERIOD, "440800", definition=name)).main.payload["sentence"]
            for name in (AS_SET, RAW, ALL_TYPES)}  # fmt: skip
    assert len(set(said.values())) == 3
    with pytest.raises(UnknownName, match="口径"):
        view(period, Choice(DATA, PERIOD, "440800", definition="别的"))


def test_what_a_change_does_not_touch_is_kept_and_all_is_as_if_made_anew(period: Period) -> None:
    before = view(period, CHOICES[2])
    target, department = replace(CHOICES[2], target=0.9), replace(CHOICES[2], department="遂溪县司法局")
    kept = view(period, target, before=before), view(period, department, before=before)
    assert kept[0].main is before.main
    assert kept[1].plan is before.plan
    for choice in (target, department, replace(CHOICES[2], indicator="visits"), replace(CHOICES[2], definition=RAW)):
        told, fresh = view(period, choice, before=before), view(period, choice)
        for name in ("main", "items", "plan"):
            assert record_of(getattr(told, name)) == record_of(getattr(fresh, name)), (choice, name)


def record_of(one: Any) -> Any:
    """Return what a block or a table records, to be compared."""
    return one.payload() if callable(one.payload) else one.payload


def test_without_a_target_there_is_no_plan(period: Period) -> None:
    assert view(period, CHOICES[0]).plan is None
    assert "zj.plan" not in view(period, CHOICES[0]).code


@pytest.fixture
def desk() -> dict[str, Any]:
    box = explorer.explore(DATA, PERIOD, region="440823")
    _, choosers, told, pictures, tables, code = box.children
    named = {one.description: one for one in choosers.children}
    return {
        **named,
        "main": pictures.children[0],
        "plan": pictures.children[1],
        "tables": tables,
        "code": code,
        "send": choosers.children[-1],
        "told": told,
    }


def test_every_widget_moves_what_is_shown(desk: dict[str, Any]) -> None:
    def seen() -> tuple[str, str, str]:
        return (str(desk["main"].outputs) + str(desk["tables"].outputs), str(desk["plan"].outputs), desk["code"].value)

    before = seen()
    for name, value in (("指标", "visits"), ("比较对象", "粤西各县区"), ("口径", RAW), ("地区", "440825")):
        desk[name].value = value
        assert seen()[2] != before[2], name
        assert seen()[0] != before[0], name
        before = seen()
    departments = [value for _, value in desk["部门"].options if value]
    assert departments
    assert all("徐闻" in name for name in departments[:3])
    desk["部门"].value = departments[0]
    assert departments[0] in desk["code"].value
    before = seen()
    desk["目标"].value = desk["目标"].value / 2
    assert seen()[1] != before[1]
    desk["地区"].value = "440823"
    assert desk["部门"].value == ""


def test_send_to_report_writes_what_build_reads(tmp_path: Path) -> None:
    path = explorer.write_parameters(CHOICES[1], tmp_path / "存 放" / "mine")
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    assert told == {"data": DATA, "period": PERIOD, "only": "440800", "peers": "粤西",
                    "out": (tmp_path / "存 放" / "mine").as_posix()}  # fmt: skip
    assert [one.name for one in path.parent.iterdir()] == ["440800.toml"]


def test_without_the_extra_the_next_step_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *given: Any, **more: Any) -> Any:
        if name in ("ipywidgets", "itables"):
            raise ImportError(name)
        return real(name, *given, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigError, match="ipywidgets"):
        explorer.explore(DATA, PERIOD)
    table = view(zj.load_period(DATA, PERIOD), CHOICES[2]).items
    assert table is not None
    assert explorer.searchable(table) == table.html()
